"""Shadows: a small picture of depths as a light sees them, and what share of a soft light reaches a vertex.

Shapes: V vertices, F triangles, M edge of a square depth map. A depth grows towards the light.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from facestream.faces.mesh import Floats, Indices
from facestream.faces.pixels import downwards

FAR = np.float32(-1e9)  # the depth where nothing is
_HALF = np.float32(0.5)
_jit = njit(cache=True, nogil=True, fastmath=True)


def light_axes(direction: Floats) -> Floats:
    """Unit vectors to the right, up and towards a light in this direction, [3, 3]."""
    towards = np.asarray(direction, np.float64) / np.linalg.norm(direction)
    right = np.cross((0.0, 1.0, 0.0) if abs(towards[1]) < 0.9 else (1.0, 0.0, 0.0), towards)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(towards, right), towards]).astype(np.float32)


class ShadowMap:
    """What a distant light sees of points [V, 3] in a fixed window around where they rest."""

    def __init__(self, direction: Floats, rest: Floats, edge: int, under_skin: float = 0.16) -> None:
        """rest: points [N, 3] that shall fit into the window, with room to move; under_skin: how far what turns away
        from the light is lifted towards it.
        """
        self.axes = light_axes(direction)
        across = rest @ self.axes[:2].T
        low, high = across.min(axis=0), across.max(axis=0)
        width = 1.15 * float((high - low).max()) + 1e-6
        self.scale = edge / width
        self.middle = ((low + high) / 2).astype(np.float32)
        self._lift = np.float32(under_skin)
        self.depths = np.empty((edge, edge), np.float32)
        self._seen = np.empty((0, 3), np.float32)

    def look(self, points: Floats, triangles: Indices) -> None:
        """Draw the triangles as they are now."""
        if len(self._seen) != len(points):
            self._seen = np.empty_like(points)
        place_in_map(points, self.axes, self.middle, self.scale, self.depths.shape[0], self._seen)
        self.depths[:] = FAR
        fill_depths(self._seen, triangles, self.depths)

    def share(self, normals: Floats, weld: Indices, used: npt.NDArray[np.bool_], out: Floats) -> None:
        """Share [V] of the light that reaches each used vertex of those last looked at."""
        soft_share(self._seen, normals, weld, used, self.axes, np.float32(self.scale), self._lift, self.depths, out)


@_jit
def place_in_map(points, axes, middle, scale, edge, out):  # type: ignore[no-untyped-def]
    """Column, row and depth, [V, 3]."""
    for v in range(points.shape[0]):
        x, y, z = points[v, 0], points[v, 1], points[v, 2]
        across = x * axes[0, 0] + y * axes[0, 1] + z * axes[0, 2]
        up = x * axes[1, 0] + y * axes[1, 1] + z * axes[1, 2]
        out[v, 0] = edge * _HALF + (across - middle[0]) * scale
        out[v, 1] = edge * _HALF - (up - middle[1]) * scale
        out[v, 2] = x * axes[2, 0] + y * axes[2, 1] + z * axes[2, 2]


@_jit
def fill_depths(seen, triangles, depths):  # type: ignore[no-untyped-def]
    """Fill triangles that face the light into a depth map [M, M], nearest wins. seen: column, row, depth [V, 3]."""
    rows, columns = depths.shape
    for f in range(triangles.shape[0]):
        i, j, k = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        ax, ay = seen[j, 0] - seen[i, 0], seen[j, 1] - seen[i, 1]
        bx, by = seen[k, 0] - seen[i, 0], seen[k, 1] - seen[i, 1]
        area = ax * by - ay * bx
        if area >= np.float32(-1e-6):
            continue
        p, q, r = downwards(i, j, k, seen[i, 1], seen[j, 1], seen[k, 1])
        top, mid, bottom = seen[p, 1], seen[q, 1], seen[r, 1]
        first, last = max(0, np.int32(top + _HALF)), min(rows, np.int32(bottom + _HALF))
        if first >= last:
            continue
        za, zb = seen[j, 2] - seen[i, 2], seen[k, 2] - seen[i, 2]
        dz_x, dz_y = (za * by - zb * ay) / area, (zb * ax - za * bx) / area
        long_slope = (seen[r, 0] - seen[p, 0]) / (bottom - top)
        upper = (seen[q, 0] - seen[p, 0]) / (mid - top) if mid > top else np.float32(0)
        lower = (seen[r, 0] - seen[q, 0]) / (bottom - mid) if bottom > mid else np.float32(0)
        for y in range(first, last):
            at = np.float32(y) + _HALF
            one = seen[p, 0] + (at - top) * long_slope
            two = seen[p, 0] + (at - top) * upper if at < mid else seen[q, 0] + (at - mid) * lower
            left, right = max(0, np.int32(min(one, two) + _HALF)), min(columns, np.int32(max(one, two) + _HALF))
            z = seen[i, 2] + dz_x * (np.float32(left) + _HALF - seen[i, 0]) + dz_y * (at - seen[i, 1])
            for x in range(left, right):
                if z > depths[y, x]:
                    depths[y, x] = z
                z += dz_x


@_jit
def soft_share(seen, normals, weld, used, axes, scale, lift, depths, out):  # type: ignore[no-untyped-def]
    """Share of the light that passes what is before each used vertex, [V]: a tent of 4 x 4 texels about its place.

    lift: how far what turns away from the light is lifted towards it, so that its way under the skin is not cut off.
    """
    edge = depths.shape[0]
    texel = np.float32(1.0) / scale
    soft = np.float32(1.0) / (np.float32(2.0) * texel)
    for v in range(seen.shape[0]):
        if not used[v]:
            continue
        n = normals[weld[v]]
        across = n[0] * axes[0, 0] + n[1] * axes[0, 1] + n[2] * axes[0, 2]
        up = n[0] * axes[1, 0] + n[1] * axes[1, 1] + n[2] * axes[1, 2]
        facing = n[0] * axes[2, 0] + n[1] * axes[2, 1] + n[2] * axes[2, 2]
        column, row = seen[v, 0] + across * np.float32(1.5), seen[v, 1] - up * np.float32(1.5)
        depth = seen[v, 2] + np.float32(0.8) * texel + lift * max(np.float32(0.0), np.float32(0.45) - facing)
        x0, y0 = math.floor(column - _HALF), math.floor(row - _HALF)
        if x0 < 1 or y0 < 1 or x0 + 2 >= edge or y0 + 2 >= edge:
            out[v] = np.float32(1.0)
            continue
        fx, fy = column - _HALF - x0, row - _HALF - y0
        total, weights = np.float32(0.0), np.float32(0.0)
        for dy in range(-1, 3):
            wy = np.float32(2.0) - abs(dy - fy)
            for dx in range(-1, 3):
                weight = wy * (np.float32(2.0) - abs(dx - fx))
                hidden = (depths[y0 + dy, x0 + dx] - depth) * soft
                total += weight * min(max(hidden, np.float32(0.0)), np.float32(1.0))
                weights += weight
        out[v] = np.float32(1.0) - total / weights
