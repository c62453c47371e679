"""The head's parts put together: one mesh, all shapes' displacements in one table, and what joints and contacts act on.

Shapes: V vertices, M moved vertices of all shapes one after another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from facestream.faces.head.contacts import Globe, Slit, globe, lid_slit, lips_slit
from facestream.faces.head.dress import brow, ears, extras, shirt
from facestream.faces.head.expressions import Face, skin_shapes
from facestream.faces.head.eyes import eyeball, lash_line
from facestream.faces.head.forms import Array
from facestream.faces.head.hair import hair
from facestream.faces.head.identity import Identity
from facestream.faces.head.lids import Lids
from facestream.faces.head.mouth import cavity, teeth, tongue
from facestream.faces.head.paint import paint_skin
from facestream.faces.head.part import Part, neck_share, painted
from facestream.faces.head.skin import HALF, Skin, sculpt_skin
from facestream.faces.head.warp import eye_scale, stretch, warp
from facestream.faces.mesh import Floats, Indices, Mesh
from facestream.signals import ARKIT, TONGUE

NECK_PIVOT = np.array((0.0, -0.90, -0.12))  # of the sculpted head
_LEAST = 2e-5  # displacements below this (2 micrometres) are left out


@dataclass(frozen=True)
class Displacements:
    """All shapes, one after another. ranges: first and last + 1 row by name; vertices: [M]; moves: [M, 3] at weight
    1.
    """

    ranges: Mapping[str, tuple[int, int]]
    vertices: Indices
    moves: Floats


@dataclass(frozen=True)
class Rig:
    """Everything a pose needs.

    vertex_sets: vertices by name; turns: [V] share of the head's rotation, about `neck` [3].
    """

    mesh: Mesh
    vertex_sets: Mapping[str, Indices]
    displacements: Displacements
    turns: Floats
    lips: Slit
    lids: tuple[Slit, Slit]
    left_eye: Globe
    right_eye: Globe
    neck: Floats


def sculpt(identity: Identity) -> Rig:
    """Build the head: the sculpture first, then everything is carried over to the identity's forms."""
    skin = sculpt_skin(identity)
    lids = Lids(skin)
    parts = _parts(skin, lids, identity)
    ends = np.cumsum([len(part.mesh.vertices) for part in parts.values()])
    starts = {name: int(end) - len(part.mesh.vertices) for (name, part), end in zip(parts.items(), ends, strict=True)}
    sets = {name: starts[name] + np.arange(len(part.mesh.vertices), dtype=np.int32) for name, part in parts.items()}
    turns = [np.broadcast_to(np.float32(part.turns), len(part.mesh.vertices)) for part in parts.values()]
    mesh = Mesh.joined([part.mesh for part in parts.values()])
    return Rig(
        replace(mesh, vertices=warp(identity, mesh.vertices).astype(np.float32)),
        sets | _places(skin),
        _carried(_displacements(parts, starts), stretch(identity, mesh.vertices)),
        np.concatenate(turns),
        lips_slit(skin, starts["cavity"]),
        (lid_slit(lids, True, starts["lashes_left"]), lid_slit(lids, False, starts["lashes_right"])),
        _warped(identity, globe(lids, True, sets["eye_left"], starts["lashes_left"])),
        _warped(identity, globe(lids, False, sets["eye_right"], starts["lashes_right"])),
        warp(identity, NECK_PIVOT[None])[0].astype(np.float32),
    )


def _warped(identity: Identity, eye: Globe) -> Globe:
    scale = np.float32(eye_scale(identity))
    return replace(eye, center=warp(identity, eye.center[None])[0].astype(np.float32), reach=scale * eye.reach)


def _carried(table: Displacements, stretched: Array) -> Displacements:
    """The displacements on the identity's head, whose space is stretched by [V, 3, 3]."""
    moves = np.einsum("mij,mj->mi", stretched.astype(np.float32)[table.vertices], table.moves)
    return replace(table, moves=moves)


def _parts(skin: Skin, lids: Lids, identity: Identity) -> dict[str, Part]:
    """The head's parts by name. The skin is the first, so that its vertices keep their numbers."""
    moves = skin_shapes(Face.at(skin.points, skin.side)) | lids.shapes()
    color, gloss, shade = paint_skin(skin, identity)
    return {
        "skin": Part(painted(skin.points, skin.triangles, color, gloss, shade), moves, neck_share(skin.points[:, 1])),
        "cavity": cavity(skin, moves),
        "teeth_upper": teeth(skin, True),
        "teeth_lower": teeth(skin, False),
        "tongue": tongue(skin),
        "eye_left": eyeball(True, identity),
        "eye_right": eyeball(False, identity),
        "lashes_left": lash_line(lids, True, moves, identity),
        "lashes_right": lash_line(lids, False, moves, identity),
        "brow_left": brow(True, identity),
        "brow_right": brow(False, identity),
        "ears": ears(identity),
        "hair": hair(identity),
        "shirt": shirt(identity),
        **extras(skin, moves, identity),
    }


def _displacements(parts: Mapping[str, Part], starts: Mapping[str, int]) -> Displacements:
    """Gather all parts' displacements, shape after shape."""
    ranges, vertices, moves, count = {}, [], [], 0
    for shape in ARKIT + TONGUE:
        first = count
        for name, part in parts.items():
            moved = part.shapes.get(shape)
            if moved is not None:
                used = np.flatnonzero(np.abs(moved).max(axis=1) > _LEAST)
                vertices.append(starts[name] + used)
                moves.append(moved[used])
                count += len(used)
        ranges[shape] = (first, count)
    return Displacements(ranges, np.concatenate(vertices).astype(np.int32), np.concatenate(moves).astype(np.float32))


def _places(skin: Skin) -> dict[str, Indices]:
    """Places on the skin by name, for measuring."""
    row, columns = skin.grid[skin.rows["seam"]], skin.mouth_columns
    right, left = skin.corners
    return {
        "lips_upper": skin.mouth_upper[columns],
        "lips_lower": row[columns],
        "lips_upper_mid": skin.mouth_upper[HALF - 1 : HALF + 2],
        "lips_lower_mid": row[HALF - 1 : HALF + 2],
        "mouth_corner_left": np.array([left], np.int32),
        "mouth_corner_right": np.array([right], np.int32),
        "chin": skin.grid[skin.rows["chin"], HALF : HALF + 1],
        **{
            f"lid_{place}_{name}": rim[skin.eye_columns(left_side)]
            for left_side, name in ((True, "left"), (False, "right"))
            for place, rim in (("upper", skin.lids_upper), ("lower", skin.grid[skin.rows["lids"]]))
        },
    }
