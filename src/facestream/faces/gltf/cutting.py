"""What is left of a model's pieces: without the transparent, without what no camera of ours shows, with backs.

Shapes: n vertices and F triangles of one piece, m edges.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from facestream.faces.gltf.pieces import Piece
from facestream.faces.gltf.reader import Texture
from facestream.faces.gltf.surfaces import Pictures, there, unwrapped
from facestream.faces.mesh import Floats, Indices

_SPLITS = 3  # of a triangle that is partly transparent


def cut(piece: Piece, pictures: Pictures) -> Piece:
    """A piece without what is transparent, its texture's places within the picture, and its back if that is seen."""
    look, triangles = piece.look, piece.triangles
    picture = None if look.image is None else pictures[look.image]
    if picture is None:
        piece = replace(piece, look=replace(look, image=None, uv=np.zeros_like(look.uv)))
    else:
        origin, triangles, uv = unwrapped(triangles, look.uv)
        piece = _taken(piece, origin, triangles)
        piece = replace(piece, look=replace(piece.look, uv=uv))
        if look.least is not None:
            piece = _cut_out(piece, picture, look.least)
    if look.two_sided:
        front, count = np.arange(len(piece.points)), len(piece.points)
        both = np.concatenate([piece.triangles, piece.triangles[:, ::-1] + count])
        normals = piece.normals
        piece = _taken(piece, np.concatenate([front, front]), both)
        if normals is not None:
            piece = replace(piece, normals=np.concatenate([normals, -normals]))
    return piece


def _cut_out(piece: Piece, picture: Texture, least: float) -> Piece:
    """A piece without what is transparent: triangles across its border are split, the smallest are in or out."""
    inside, border = [], piece.triangles
    for _ in range(_SPLITS):
        share = there(picture, border, piece.look.uv, least)
        inside.append(border[share == 1])
        border, edges = _split(border[(share > 0) & (share < 1)], len(piece.points))
        piece = _with_middles(piece, edges)
    inside.append(border[there(picture, border, piece.look.uv, least) >= 0.5])
    return replace(piece, triangles=np.concatenate(inside))


def above(piece: Piece, height: float) -> Piece:
    """A piece without triangles that lie below a height, and without vertices that no triangle has."""
    triangles = piece.triangles[(piece.points[piece.triangles, 1] > height).any(axis=1)]
    used, corners = np.unique(triangles, return_inverse=True)
    return _taken(piece, used, corners.reshape(-1, 3).astype(np.int32))


def _split(triangles: Indices, count: int) -> tuple[Indices, Indices]:
    """Four triangles of each one: [4 F, 3], their new corners numbered from `count`; and [m, 2], the edges whose
    middles those are.
    """
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    ends, number = np.unique(edges, axis=0, return_inverse=True)
    ab, bc, ca = (number.reshape(-1, 3) + count).astype(np.int32).T
    a, b, c = triangles.T
    corners = ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))
    return np.concatenate([np.stack(corner, axis=1) for corner in corners]), ends


def _with_middles(piece: Piece, edges: Indices) -> Piece:
    """A piece with a vertex more in the middle of each edge [m, 2]."""

    def more(values: Floats) -> Floats:
        return np.concatenate([values, values[edges].mean(axis=1)])

    return replace(
        piece,
        points=more(piece.points),
        normals=None if piece.normals is None else more(piece.normals),
        moves={name: more(moved) for name, moved in piece.moves.items()},
        shares={name: more(share) for name, share in piece.shares.items()},
        look=replace(piece.look, colors=more(piece.look.colors), uv=more(piece.look.uv)),
    )


def _taken(piece: Piece, vertices: npt.NDArray[np.intp] | Indices, triangles: Indices) -> Piece:
    """A piece of copies of these vertices, joined by these triangles."""
    look = piece.look
    return Piece(
        piece.points[vertices],
        None if piece.normals is None else piece.normals[vertices],
        triangles,
        {name: moved[vertices] for name, moved in piece.moves.items()},
        {name: share[vertices] for name, share in piece.shares.items()},
        replace(look, colors=look.colors[vertices], uv=look.uv[vertices]),
    )
