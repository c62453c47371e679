"""A part of the head: its mesh, how the face's shapes move it, and how far it turns with the head."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from facestream.faces.head.forms import Array, step
from facestream.faces.mesh import Indices, Mesh, grid_triangles

# The neck takes the head's turn over between these heights: none at the collar, all of it at the jaw.
NECK = (-1.62, -1.04)


@dataclass(frozen=True)
class Part:
    """n vertices. shapes: displacement [n, 3] at weight 1 by shape name; turns: [n] share of the head's rotation."""

    mesh: Mesh
    shapes: dict[str, Array] = field(default_factory=dict)
    turns: Array | float = 1.0


def neck_share(y: Array) -> Array:
    """Share of the head's rotation at height y."""
    return step(*NECK, y)


def painted(
    points: Array,
    triangles: Indices,
    color: npt.ArrayLike,
    gloss: npt.ArrayLike = 0.0,
    shade: npt.ArrayLike = 1.0,
    weld: Indices | None = None,
    sheen: float = 0.15,
    translucency: npt.ArrayLike = 0.0,
) -> Mesh:
    """A mesh of points [n, 3]; colour, gloss, shade and translucency one for all, or one a vertex."""
    points = points.reshape(-1, 3)
    count = len(points)
    return Mesh(
        points.astype(np.float32),
        triangles.astype(np.int32),
        np.array(np.broadcast_to(np.asarray(color, np.float32), (count, 3))),
        np.array(np.broadcast_to(np.asarray(gloss, np.float32), (count,))),
        np.full(count, sheen, np.float32),
        np.array(np.broadcast_to(np.asarray(shade, np.float32), (count,))),
        np.arange(count, dtype=np.int32) if weld is None else weld.astype(np.int32),
        translucency=np.array(np.broadcast_to(np.asarray(translucency, np.float32), (count,))),
    )


def mirrored(mesh: Mesh) -> Mesh:
    """The same on the other side of the face."""
    flip = np.array((-1, 1, 1), np.float32)
    return replace(mesh, vertices=mesh.vertices * flip, triangles=mesh.triangles[:, ::-1].copy())


def tubes(spine: Array, out: Array, width: Array, thick: Array, sides: int) -> tuple[Array, Indices]:
    """Flattened tubes along n lines of k points: points [n k sides, 3] and triangles seen from outside.

    spine: [n, k, 3]; out: [n, k, 3] unit directions across which a tube is `thick` [n, k]; `width` [n, k] lies across
    both. A tube is open at its ends; where its width is 0 it runs out into a point.
    """
    count, steps, _ = spine.shape
    along = np.gradient(spine, axis=1)
    across = np.cross(out, along)
    across /= np.linalg.norm(across, axis=-1, keepdims=True) + 1e-12
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    ring = np.sin(turn) * (width[..., None] * across)[:, :, None] + np.cos(turn) * (thick[..., None] * out)[:, :, None]
    points = spine[:, :, None] + ring
    one = grid_triangles(steps, sides, wrap=True)[:, ::-1]
    starts = np.arange(count, dtype=np.int32)[:, None, None] * np.int32(steps * sides)
    return points.reshape(-1, 3), (one + starts).reshape(-1, 3)
