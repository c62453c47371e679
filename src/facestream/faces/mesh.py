"""Mesh: triangles with a painted surface.

Shapes: V vertices, F triangles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Mesh:
    """Triangles, counter-clockwise when seen from outside.

    vertices: [V, 3]; triangles: [F, 3]; colors: [V, 3] linear albedo, 0..1; gloss: [V] strength of the sharp
    highlight and sheen: [V] of the broad one, 0..1; shade: [V] share of the ambient light that arrives (baked
    occlusion), 0..1; weld: [V] the vertex whose normal this one shares, so that a border between two colours can be
    sharp on a smooth surface.
    """

    vertices: Floats
    triangles: Indices
    colors: Floats
    gloss: Floats
    sheen: Floats
    shade: Floats
    weld: Indices

    @classmethod
    def plain(
        cls, vertices: npt.ArrayLike, triangles: npt.ArrayLike, colors: npt.ArrayLike, gloss: npt.ArrayLike = 0.0
    ) -> Mesh:
        """A mesh without sheen, shade or welds. colors: [V, 3] or one colour; gloss: [V] or one number."""
        points = np.asarray(vertices, np.float32).reshape(-1, 3)
        count = len(points)
        return cls(
            points,
            np.asarray(triangles, np.int32).reshape(-1, 3),
            np.array(np.broadcast_to(np.asarray(colors, np.float32), (count, 3))),
            np.array(np.broadcast_to(np.asarray(gloss, np.float32), (count,))),
            np.zeros(count, np.float32),
            np.ones(count, np.float32),
            np.arange(count, dtype=np.int32),
        )

    @classmethod
    def joined(cls, parts: Sequence[Mesh]) -> Mesh:
        """All parts as one mesh; vertices keep their order."""
        starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
        return cls(
            np.concatenate([part.vertices for part in parts]),
            np.concatenate([part.triangles + np.int32(start) for part, start in zip(parts, starts, strict=False)]),
            np.concatenate([part.colors for part in parts]),
            np.concatenate([part.gloss for part in parts]),
            np.concatenate([part.sheen for part in parts]),
            np.concatenate([part.shade for part in parts]),
            np.concatenate([part.weld + np.int32(start) for part, start in zip(parts, starts, strict=False)]),
        )


def grid_triangles(rows: int, columns: int, wrap: bool = False) -> Indices:
    """Triangles of a grid of vertices in row-major order; wrap joins the last column to the first.

    Seen from outside, rows go up and columns go to the right (counter-clockwise about the y axis seen from above).
    """
    count = columns if wrap else columns - 1
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(count), indexing="ij")
    a = row * columns + column
    b = row * columns + (column + 1) % columns
    quads = np.stack([a, b, b + columns, a + columns], -1).reshape(-1, 4)
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
