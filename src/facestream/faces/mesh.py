"""Mesh: triangles with a painted surface.

Shapes: V vertices, F triangles, H x W texels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int32]
Picture = npt.NDArray[np.uint8]

_SHORTEST = np.float32(1e-6)  # squared length: a corner between shorter sides counts no more than one of this


@dataclass(frozen=True)
class Mesh:
    """Triangles, counter-clockwise when seen from outside.

    vertices: [V, 3]; triangles: [F, 3]; colors: [V, 3] linear albedo, 0..1; gloss: [V] strength of the sharp
    highlight and sheen: [V] of the broad one, 0..1; shade: [V] share of the ambient light that arrives (baked
    occlusion), 0..1; weld: [V] the vertex whose normal this one shares, so that a border between two colours can be
    sharp on a smooth surface.

    uv: [V, 2] place in the texture, 0..1 to the right and down (as in glTF), all 0 if left out; texture: [H, W, 3]
    sRGB, multiplies the colours; its first texel is white, because vertices without a place of their own point there;
    translucency: [V] how much light goes on under the surface: 0 cloth, 0.5 skin, 0.6 an ear, 1 teeth,
    which no shadow darkens; all 0 if left out.
    """

    vertices: Floats
    triangles: Indices
    colors: Floats
    gloss: Floats
    sheen: Floats
    shade: Floats
    weld: Indices
    uv: Floats = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    texture: Picture | None = None
    translucency: Floats = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        count = len(self.vertices)
        if len(self.uv) == 0:
            object.__setattr__(self, "uv", np.zeros((count, 2), np.float32))
        if len(self.translucency) == 0:
            object.__setattr__(self, "translucency", np.zeros(count, np.float32))

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
        """All parts as one mesh; vertices keep their order.

        The texture of the one part that has it serves all: the others stay at uv (0, 0), its first texel. Raises
        ValueError if a second part has a texture, or if that texel is not white.
        """
        textures = [part.texture for part in parts if part.texture is not None]
        if len(textures) > 1:
            raise ValueError(f"{len(textures)} parts have a texture; a mesh carries one: paint them side by side in it")
        if textures and len(parts) > 1 and textures[0][0, 0].min() < 255:
            raise ValueError(
                f"the texture's first texel is {textures[0][0, 0].tolist()}; expected white, since the parts without "
                "texture point there: leave its upper left corner unpainted"
            )
        starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
        return cls(
            np.concatenate([part.vertices for part in parts]),
            np.concatenate([part.triangles + np.int32(start) for part, start in zip(parts, starts, strict=False)]),
            np.concatenate([part.colors for part in parts]),
            np.concatenate([part.gloss for part in parts]),
            np.concatenate([part.sheen for part in parts]),
            np.concatenate([part.shade for part in parts]),
            np.concatenate([part.weld + np.int32(start) for part, start in zip(parts, starts, strict=False)]),
            np.concatenate([part.uv for part in parts]),
            textures[0] if textures else None,
            np.concatenate([part.translucency for part in parts]),
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


@njit(cache=True, nogil=True, fastmath=True)
def vertex_normals(points, triangles, weld, out):  # type: ignore[no-untyped-def]
    """Vertex normals of unit length, [V, 3]; a welded vertex's is at its weld.

    Each corner counts by the inverse squares of its sides (N. Max 1999, Weights for computing vertex normals from facet
    normals): where narrow rows meet wide ones the narrow ones know the slope better.
    """
    out[:] = 0.0
    for f in range(triangles.shape[0]):
        i, j, k = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        ax, ay, az = points[j, 0] - points[i, 0], points[j, 1] - points[i, 1], points[j, 2] - points[i, 2]
        bx, by, bz = points[k, 0] - points[i, 0], points[k, 1] - points[i, 1], points[k, 2] - points[i, 2]
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        cx, cy, cz = bx - ax, by - ay, bz - az
        a = ax * ax + ay * ay + az * az + _SHORTEST
        b = bx * bx + by * by + bz * bz + _SHORTEST
        c = cx * cx + cy * cy + cz * cz + _SHORTEST
        for v, weight in ((weld[i], 1 / (a * b)), (weld[j], 1 / (a * c)), (weld[k], 1 / (b * c))):
            out[v, 0] += nx * weight
            out[v, 1] += ny * weight
            out[v, 2] += nz * weight
    for v in range(out.shape[0]):
        scale = 1.0 / math.sqrt(out[v, 0] ** 2 + out[v, 1] ** 2 + out[v, 2] ** 2 + 1e-20)
        out[v, 0] *= scale
        out[v, 1] *= scale
        out[v, 2] *= scale
