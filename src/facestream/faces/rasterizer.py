"""Triangles to pixels on one core, with soft light and smooth edges.

The picture is made in three passes: light every vertex; find the nearest triangle of every sample (a z-buffer of 2 x 2
samples a pixel); average the samples' colours, with the highlight of glossy triangles worked out per sample. Samples are
filled row by row between a triangle's edges, each edge walked from its upper end, so that neighbours share no sample and
leave no crack. The kernels release the interpreter lock.

Shapes: V vertices, F triangles, S = size picture rows and columns, 2S sample rows and columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from facestream.faces.mesh import Floats, Mesh

Picture = npt.NDArray[np.uint8]

_EMPTY = -1
_jit = njit(cache=True, nogil=True, fastmath=True)


@dataclass(frozen=True)
class Camera:
    """Looks along -z at `target`. view: degrees from the picture's lower to its upper edge; distance: from the target."""

    target: tuple[float, float, float] = (0.0, -0.16, 0.0)
    distance: float = 9.0
    view: float = 23.6


@dataclass(frozen=True)
class Light:
    """Where the light comes from and its colour (linear). A sky above, bounce below, a key, a fill, and a rim from behind."""

    key: tuple[float, float, float] = (-0.50, 0.62, 0.80)
    key_color: tuple[float, float, float] = (0.92, 0.84, 0.74)
    fill: tuple[float, float, float] = (0.80, 0.05, 0.60)
    fill_color: tuple[float, float, float] = (0.13, 0.16, 0.21)
    rim: tuple[float, float, float] = (0.65, 0.45, -0.62)
    rim_color: tuple[float, float, float] = (0.75, 0.80, 0.85)
    sky: tuple[float, float, float] = (0.34, 0.36, 0.40)
    bounce: tuple[float, float, float] = (0.26, 0.20, 0.17)

    def table(self) -> Floats:
        """[8, 3]: directions of unit length at rows 0, 2, 4."""
        rows = np.array(
            [self.key, self.key_color, self.fill, self.fill_color, self.rim, self.rim_color, self.sky, self.bounce]
        )
        rows[[0, 2, 4]] /= np.linalg.norm(rows[[0, 2, 4]], axis=1, keepdims=True)
        return rows.astype(np.float32)


class Renderer:
    """Draws posed vertices of one mesh. It keeps its buffers: use one a thread."""

    def __init__(
        self,
        mesh: Mesh,
        size: int = 512,
        camera: Camera | None = None,
        light: Light | None = None,
        background: Picture | None = None,
    ) -> None:
        """background: [S, S, 3] uint8, a soft gradient if None."""
        self.mesh, self.size, self.camera = mesh, size, camera or Camera()
        self.background = soft_gradient(size) if background is None else background
        if self.background.shape != (size, size, 3):
            raise ValueError(f"the background has shape {self.background.shape}; expected ({size}, {size}, 3)")
        self._light = (light or Light()).table()
        count = len(mesh.vertices)
        self._normals = np.empty((count, 3), np.float32)
        self._screen = np.empty((count, 3), np.float32)
        self._lit = np.empty((count, 3), np.float32)
        self._planes = np.empty((len(mesh.triangles), 18), np.float32)
        self._depth = np.empty((2 * size, 2 * size), np.float32)
        self._owner = np.empty((2 * size, 2 * size), np.int32)
        self._glossy = (mesh.gloss[mesh.triangles] > 0).any(axis=1)
        self._triangle_gloss = mesh.gloss[mesh.triangles].mean(axis=1)

    def draw(self, vertices: Floats, out: Picture | None = None) -> Picture:
        """One picture, [S, S, 3] uint8, of vertices [V, 3]; into `out` if given."""
        mesh, camera = self.mesh, self.camera
        if vertices.shape != mesh.vertices.shape:
            raise ValueError(f"vertices have shape {vertices.shape}; this renderer's mesh has {mesh.vertices.shape}")
        out = np.empty((self.size, self.size, 3), np.uint8) if out is None else out
        points = np.ascontiguousarray(vertices, np.float32)
        _normals(points, mesh.triangles, mesh.weld, self._normals)
        eye = np.array(camera.target, np.float32) + np.array((0, 0, camera.distance), np.float32)
        _project(points, eye, self.size / math.tan(math.radians(camera.view / 2)), float(self.size), self._screen)
        _light_vertices(points, self._normals, mesh.colors, mesh.shade, mesh.weld, eye, self._light, self._lit)
        self._depth.fill(0.0)
        self._owner.fill(_EMPTY)
        _fill(self._screen, mesh.triangles, self._lit, self._normals, mesh.weld, self._glossy, self._planes, self._depth, self._owner)
        half = self._light[0] + np.array((0, 0, 1), np.float32)
        half /= np.linalg.norm(half)
        _resolve(self._owner, self._planes, self._glossy, self._triangle_gloss, half, self.background, out)
        return out


def soft_gradient(size: int) -> Picture:
    """A plain backdrop, [S, S, 3] uint8: light in the middle, a little darker towards the edges."""
    y, x = np.mgrid[0:size, 0:size] / (size - 1) - 0.5
    fade = np.clip(np.hypot(x, y + 0.08) / 0.72, 0, 1)[..., None] ** 1.6
    inner, outer = np.array((226, 233, 232)), np.array((158, 184, 192))
    return np.round(inner + (outer - inner) * fade).astype(np.uint8)


@_jit
def _normals(points, triangles, weld, out):  # type: ignore[no-untyped-def]
    """Area-weighted vertex normals of unit length, [V, 3]; a welded vertex's is at its weld."""
    out[:] = 0.0
    for f in range(triangles.shape[0]):
        i, j, k = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        ax, ay, az = points[j, 0] - points[i, 0], points[j, 1] - points[i, 1], points[j, 2] - points[i, 2]
        bx, by, bz = points[k, 0] - points[i, 0], points[k, 1] - points[i, 1], points[k, 2] - points[i, 2]
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        for v in (weld[i], weld[j], weld[k]):
            out[v, 0] += nx
            out[v, 1] += ny
            out[v, 2] += nz
    for v in range(out.shape[0]):
        scale = 1.0 / math.sqrt(out[v, 0] ** 2 + out[v, 1] ** 2 + out[v, 2] ** 2 + 1e-20)
        out[v, 0] *= scale
        out[v, 1] *= scale
        out[v, 2] *= scale


@_jit
def _project(points, eye, focal, middle, out):  # type: ignore[no-untyped-def]
    """Sample column, sample row and 1 / distance, [V, 3]."""
    for v in range(points.shape[0]):
        near = np.float32(1.0) / (eye[2] - points[v, 2])
        out[v, 0] = middle + focal * (points[v, 0] - eye[0]) * near
        out[v, 1] = middle - focal * (points[v, 1] - eye[1]) * near
        out[v, 2] = near


@_jit
def _light_vertices(points, normals, colors, shade, weld, eye, light, out):  # type: ignore[no-untyped-def]
    """Light that each vertex sends to the eye, display-encoded 0..255, [V, 3], without highlights.

    Diffuse light wraps around the terminator, red furthest, as light that has travelled under skin does.
    """
    wrap = (0.42, 0.24, 0.18)
    for v in range(points.shape[0]):
        n = normals[weld[v]]
        vx, vy, vz = eye[0] - points[v, 0], eye[1] - points[v, 1], eye[2] - points[v, 2]
        facing = (n[0] * vx + n[1] * vy + n[2] * vz) / math.sqrt(vx * vx + vy * vy + vz * vz)
        key = n[0] * light[0, 0] + n[1] * light[0, 1] + n[2] * light[0, 2]
        fill = max(0.0, 0.5 + 0.5 * (n[0] * light[2, 0] + n[1] * light[2, 1] + n[2] * light[2, 2]))
        behind = max(0.0, n[0] * light[4, 0] + n[1] * light[4, 1] + n[2] * light[4, 2])
        edge = 1.0 - max(0.0, facing)
        rim = behind * edge * edge + 0.10 * edge * edge * edge * max(0.0, 0.4 + n[1])
        up = 0.5 + 0.5 * n[1]
        for c in range(3):
            direct = max(0.0, (key + wrap[c]) / (1.0 + wrap[c]))
            ambient = light[7, c] + (light[6, c] - light[7, c]) * up
            arriving = (
                light[1, c] * direct * (0.35 + 0.65 * shade[v])
                + (light[3, c] * fill + ambient) * shade[v]
                + light[5, c] * rim * shade[v]
            )
            out[v, c] = 255.0 * min(1.0, colors[v, c] * arriving) ** 0.4545


@_jit
def _fill(screen, triangles, lit, normals, weld, glossy, planes, depth, owner):  # type: ignore[no-untyped-def]
    """Nearest triangle of every sample (owner, 1 / distance in depth) and its colour as planes over the picture.

    planes: [F, 18]: for r, g, b (and the normal's x, y, z where the triangle is glossy) value at the origin, slope a
    column, slope a row.
    """
    rows, columns = depth.shape
    for f in range(triangles.shape[0]):
        i, j, k = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        ax, ay = screen[j, 0] - screen[i, 0], screen[j, 1] - screen[i, 1]
        bx, by = screen[k, 0] - screen[i, 0], screen[k, 1] - screen[i, 1]
        area = ax * by - ay * bx
        if area >= -1e-6:  # seen from behind, or edge-on
            continue
        # p, q, r: the corners from the picture's top downwards
        p, q, r = i, j, k
        if screen[q, 1] < screen[p, 1]:
            p, q = q, p
        if screen[r, 1] < screen[q, 1]:
            q, r = r, q
            if screen[q, 1] < screen[p, 1]:
                p, q = q, p
        top, middle, bottom = screen[p, 1], screen[q, 1], screen[r, 1]
        first, last = max(0, math.ceil(top - 0.5)), min(rows, math.ceil(bottom - 0.5))
        if first >= last:
            continue
        inverse = 1.0 / area
        na, nb = screen[j, 2] - screen[i, 2], screen[k, 2] - screen[i, 2]
        near_x, near_y = (na * by - nb * ay) * inverse, (nb * ax - na * bx) * inverse
        near_0 = screen[i, 2] - near_x * screen[i, 0] - near_y * screen[i, 1]
        for c in range(3):
            ca, cb = lit[j, c] - lit[i, c], lit[k, c] - lit[i, c]
            gx, gy = (ca * by - cb * ay) * inverse, (cb * ax - ca * bx) * inverse
            planes[f, 3 * c] = lit[i, c] - gx * screen[i, 0] - gy * screen[i, 1]
            planes[f, 3 * c + 1] = gx
            planes[f, 3 * c + 2] = gy
        if glossy[f]:
            wi, wj, wk = weld[i], weld[j], weld[k]
            for c in range(3):
                ca, cb = normals[wj, c] - normals[wi, c], normals[wk, c] - normals[wi, c]
                gx, gy = (ca * by - cb * ay) * inverse, (cb * ax - ca * bx) * inverse
                planes[f, 9 + 3 * c] = normals[wi, c] - gx * screen[i, 0] - gy * screen[i, 1]
                planes[f, 10 + 3 * c] = gx
                planes[f, 11 + 3 * c] = gy
        long_slope = (screen[r, 0] - screen[p, 0]) / (bottom - top)
        upper_slope = (screen[q, 0] - screen[p, 0]) / (middle - top) if middle > top else 0.0
        lower_slope = (screen[r, 0] - screen[q, 0]) / (bottom - middle) if bottom > middle else 0.0
        for y in range(first, last):
            at = y + 0.5
            one = screen[p, 0] + (at - top) * long_slope
            two = screen[p, 0] + (at - top) * upper_slope if at < middle else screen[q, 0] + (at - middle) * lower_slope
            left, right = max(0, math.ceil(min(one, two) - 0.5)), min(columns, math.ceil(max(one, two) - 0.5))
            near = near_0 + near_y * at + near_x * (left + 0.5)
            for x in range(left, right):
                if near > depth[y, x]:
                    depth[y, x] = near
                    owner[y, x] = f
                near += near_x


@_jit
def _sample(planes, f, x, y, glossy, gloss, half):  # type: ignore[no-untyped-def]
    """Colour of triangle f at sample position x, y: three numbers, 0..255 and beyond."""
    p = planes[f]
    r, g, b = p[0] + p[1] * x + p[2] * y, p[3] + p[4] * x + p[5] * y, p[6] + p[7] * x + p[8] * y
    if glossy[f]:
        nx, ny, nz = p[9] + p[10] * x + p[11] * y, p[12] + p[13] * x + p[14] * y, p[15] + p[16] * x + p[17] * y
        cosine = (nx * half[0] + ny * half[1] + nz * half[2]) / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
        if cosine > 0.0:
            power = cosine * cosine
            power *= power
            power *= power
            power *= power  # 16
            sharp = power * power
            sharp *= sharp  # 64
            shine = gloss[f] * (60.0 * power + 190.0 * sharp * sharp)
            r += shine
            g += shine
            b += shine
    return r, g, b


@_jit
def _resolve(owner, planes, glossy, gloss, half, background, out):  # type: ignore[no-untyped-def]
    """Average of each pixel's four samples, [S, S, 3] uint8."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            a, b = owner[2 * y, 2 * x], owner[2 * y, 2 * x + 1]
            c, d = owner[2 * y + 1, 2 * x], owner[2 * y + 1, 2 * x + 1]
            if a == b and a == c and a == d:
                if a < 0:
                    out[y, x, 0], out[y, x, 1], out[y, x, 2] = background[y, x, 0], background[y, x, 1], background[y, x, 2]
                    continue
                red, green, blue = _sample(planes, a, 2 * x + 1.0, 2 * y + 1.0, glossy, gloss, half)
            else:
                red, green, blue = 0.0, 0.0, 0.0
                for row in range(2):
                    for column in range(2):
                        f = owner[2 * y + row, 2 * x + column]
                        if f < 0:
                            red += 0.25 * background[y, x, 0]
                            green += 0.25 * background[y, x, 1]
                            blue += 0.25 * background[y, x, 2]
                        else:
                            r, g, bl = _sample(planes, f, 2 * x + column + 0.5, 2 * y + row + 0.5, glossy, gloss, half)
                            red += 0.25 * min(255.0, max(0.0, r))
                            green += 0.25 * min(255.0, max(0.0, g))
                            blue += 0.25 * min(255.0, max(0.0, bl))
            out[y, x, 0] = np.uint8(min(255.0, max(0.0, red)) + 0.5) if red < 254.5 else 255
            out[y, x, 1] = np.uint8(min(255.0, max(0.0, green)) + 0.5) if green < 254.5 else 255
            out[y, x, 2] = np.uint8(min(255.0, max(0.0, blue)) + 0.5) if blue < 254.5 else 255
