"""Triangles to pixels on one core, with soft light and smooth edges.

The picture is made in three passes: light every vertex; fill the triangles into 2 x 2 samples a pixel, nearest wins,
with the highlight of glossy triangles worked out per sample; average the samples. It is done in bands of rows, so that
the samples at work stay in the processor's near memory. Triangles are filled row by row between their edges, each edge
walked from its upper end, so that neighbours share no sample and leave no crack. The kernels release the interpreter
lock.

Shapes: V vertices, F triangles, S = size picture rows and columns, 2S sample rows and columns, B rows of a band.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from facestream.faces.mesh import Floats, Mesh

Picture = npt.NDArray[np.uint8]

# A sample's colour is one word: three lanes of 21 bits, each 8 bits before and 11 behind the point and 2 to sum four
# samples.
_LANE, _POINT = 21, 11
_ONE = 1 << _POINT
_BAND = 64  # sample rows drawn at a time
_HALF, _ZERO = np.float32(0.5), np.float32(0.0)
# Twice the area of a triangle that faces the eye is below this: rows grow downwards. Thinner ones hold no sample.
_LEAST_AREA = np.float32(-0.02)
_jit = njit(cache=True, nogil=True, fastmath=True)


@dataclass(frozen=True)
class Camera:
    """Looks along -z at `target`. view: degrees from the picture's lower to its upper edge; distance: from the
    target. Unless told, it leaves a head room to nod, turn and tilt by 0.3 radians in the picture.
    """

    target: tuple[float, float, float] = (0.0, -0.11, 0.0)
    distance: float = 9.45
    view: float = 21.8


@dataclass(frozen=True)
class Light:
    """Where the light comes from and its colour (linear): a key, a fill, a rim from behind, sky above, bounce below."""

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
        directions = (self.key, self.key_color, self.fill, self.fill_color, self.rim, self.rim_color)
        rows = np.array((*directions, self.sky, self.bounce))
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
        half = self._light[0] + np.array((0, 0, 1), np.float32)
        self._half = half / np.linalg.norm(half)  # a normal in this direction mirrors the key light to the eye
        count = len(mesh.vertices)
        self._normals = np.empty((count, 3), np.float32)
        self._screen = np.empty((count, 3), np.float32)
        self._lit = np.empty((count, 3), np.float32)
        self._gloss = np.where((mesh.gloss[mesh.triangles] > 0).all(axis=1), mesh.gloss[mesh.triangles].mean(axis=1), 0)
        self._depth = np.empty((_BAND, 2 * size), np.float32)
        self._color = np.empty((_BAND, 2 * size), np.int64)

    def draw(self, vertices: Floats, out: Picture | None = None) -> Picture:
        """One picture, [S, S, 3] uint8, of vertices [V, 3], all before the camera; into `out` if given."""
        mesh, camera = self.mesh, self.camera
        if vertices.shape != mesh.vertices.shape:
            raise ValueError(f"vertices have shape {vertices.shape}; this renderer's mesh has {mesh.vertices.shape}")
        out = np.empty((self.size, self.size, 3), np.uint8) if out is None else out
        points = np.ascontiguousarray(vertices, np.float32)
        lit, normals, screen, half = self._lit, self._normals, self._screen, self._half
        _normals(points, mesh.triangles, mesh.weld, normals)
        eye = np.array(camera.target, np.float32) + np.array((0, 0, camera.distance), np.float32)
        _project(points, eye, self.size / math.tan(math.radians(camera.view / 2)), float(self.size), screen)
        surface = (mesh.colors, mesh.sheen, mesh.shade, mesh.weld)
        _light_vertices(points, normals, *surface, eye, self._light, half, lit)
        shaded = (screen, mesh.triangles, lit, normals, mesh.weld, self._gloss, half)
        _draw_bands(*shaded, self.background, self._depth, self._color, out)
        return out


def soft_gradient(size: int) -> Picture:
    """A plain backdrop, [S, S, 3] uint8: light in the middle, a little darker towards the edges."""
    y, x = np.mgrid[0:size, 0:size] / (size - 1) - 0.5
    fade = np.clip(np.hypot(x, y + 0.08) / 0.72, 0, 1)[..., None] ** 1.6
    inner, outer = np.array((226, 233, 232)), np.array((158, 184, 192))
    return np.asarray(np.round(inner + (outer - inner) * fade), np.uint8)


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
def _light_vertices(points, normals, colors, sheen, shade, weld, eye, light, half, out):  # type: ignore[no-untyped-def]
    """Light that each vertex sends to the eye, encoded for the display (square root), [V, 3].

    Kept within 1..254, so that what is interpolated between vertices stays in its lane without clipping.

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
        mirror = max(_ZERO, n[0] * half[0] + n[1] * half[1] + n[2] * half[2])
        mirror *= mirror
        mirror *= mirror
        shine = sheen[v] * mirror * mirror * mirror * shade[v]  # to the 12th power
        for c in range(3):
            direct = max(0.0, (key + wrap[c]) / (1.0 + wrap[c]))
            ambient = light[7, c] + (light[6, c] - light[7, c]) * up
            arriving = (
                light[1, c] * direct * (0.35 + 0.65 * shade[v])
                + (light[3, c] * fill + ambient) * shade[v]
                + light[5, c] * rim * shade[v]
            )
            out[v, c] = 1.5 + 253.0 * math.sqrt(min(1.0, colors[v, c] * (arriving + shine) + 0.05 * shine))


@_jit
def _slopes(triangle, values, column, ax, ay, bx, by, inverse):  # type: ignore[no-untyped-def]
    """Change of one value a sample to the right and a sample down, over a triangle with edges a and b."""
    base = values[triangle[0], column]
    va, vb = values[triangle[1], column] - base, values[triangle[2], column] - base
    return (va * by - vb * ay) * inverse, (vb * ax - va * bx) * inverse


@_jit
def _packed(r, g, b):  # type: ignore[no-untyped-def]
    """Three numbers as lanes of one word. Sums of words are words of the sums, of slopes with either sign too."""
    return np.int64(r * _ONE) + (np.int64(g * _ONE) << _LANE) + (np.int64(b * _ONE) << (2 * _LANE))


@_jit
def _brightened(word, light):  # type: ignore[no-untyped-def]
    """The packed colour with white light added, clipped."""
    more, full, mask = np.int64(light * _ONE), np.int64(255 * _ONE), (1 << _LANE) - 1
    r, g, b = word & mask, (word >> _LANE) & mask, (word >> (2 * _LANE)) & mask
    return min(r + more, full) + (min(g + more, full) << _LANE) + (min(b + more, full) << (2 * _LANE))


@_jit
def _highlight(nx, ny, nz, half):  # type: ignore[no-untyped-def]
    """Brightness of the key light's reflection for a normal of about unit length: a broad sheen and a sharp spot."""
    cosine = (nx * half[0] + ny * half[1] + nz * half[2]) / math.sqrt(nx * nx + ny * ny + nz * nz + np.float32(1e-9))
    if cosine <= _HALF:
        return _ZERO
    power = cosine * cosine
    power *= power
    power *= power
    power *= power  # to the 16th
    spot = power * power
    spot *= spot
    return np.float32(50.0) * power + np.float32(205.0) * spot * spot  # to the 128th


@_jit
def _sort_into_bands(screen, triangles, rows):  # type: ignore[no-untyped-def]
    """Triangles that face the eye, by the bands of sample rows that they touch: starts [bands + 1] and members."""
    bands = -(-rows // _BAND)
    first, last = np.empty(triangles.shape[0], np.int32), np.empty(triangles.shape[0], np.int32)
    starts = np.zeros(bands + 1, np.int32)
    for f in range(triangles.shape[0]):
        i, j, k = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        ax, ay = screen[j, 0] - screen[i, 0], screen[j, 1] - screen[i, 1]
        bx, by = screen[k, 0] - screen[i, 0], screen[k, 1] - screen[i, 1]
        first[f], last[f] = 0, -1
        if ax * by - ay * bx < _LEAST_AREA:
            top, bottom = min(screen[i, 1], screen[j, 1], screen[k, 1]), max(screen[i, 1], screen[j, 1], screen[k, 1])
            from_row, to_row = max(0, np.int32(top + _HALF)), min(rows, np.int32(bottom + _HALF))
            if from_row < to_row:
                first[f], last[f] = from_row // _BAND, (to_row - 1) // _BAND  # type: ignore[operator]
                for band in range(first[f], last[f] + 1):
                    starts[band + 1] += 1
    for band in range(bands):
        starts[band + 1] += starts[band]
    members, ends = np.empty(starts[bands], np.int32), starts.copy()
    for f in range(triangles.shape[0]):
        for band in range(first[f], last[f] + 1):
            members[ends[band]] = f
            ends[band] += 1
    return starts, members


@_jit
def _backdrop(background, color):  # type: ignore[no-untyped-def]
    """Fill a band's samples with its part of the background."""
    for y in range(background.shape[0]):
        for x in range(background.shape[1]):
            word = _packed(background[y, x, 0], background[y, x, 1], background[y, x, 2])
            color[2 * y, 2 * x] = word
            color[2 * y, 2 * x + 1] = word
            color[2 * y + 1, 2 * x] = word
            color[2 * y + 1, 2 * x + 1] = word


@_jit
def _fill(members, origin, screen, triangles, lit, normals, weld, gloss, half, depth, color):  # type: ignore[no-untyped-def]
    """Fill triangles into a band of samples whose first row is `origin`.

    depth: 1 / distance of each sample; color: its packed colour; both in place.
    """
    rows, columns = depth.shape
    depth, color = depth.ravel(), color.ravel()
    welded = np.empty(3, np.int32)
    for f in members:
        i, j, k = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        ax, ay = screen[j, 0] - screen[i, 0], screen[j, 1] - screen[i, 1]
        bx, by = screen[k, 0] - screen[i, 0], screen[k, 1] - screen[i, 1]
        area = ax * by - ay * bx
        p, q, r = i, j, k  # from the picture's top downwards
        if screen[q, 1] < screen[p, 1]:
            p, q = q, p
        if screen[r, 1] < screen[q, 1]:
            q, r = r, q
            if screen[q, 1] < screen[p, 1]:
                p, q = q, p
        top, middle, bottom = screen[p, 1], screen[q, 1], screen[r, 1]
        first, last = max(origin, np.int32(top + _HALF)), min(origin + rows, np.int32(bottom + _HALF))
        inverse = np.float32(1.0) / area
        near_x, near_y = _slopes(triangles[f], screen, 2, ax, ay, bx, by, inverse)
        red_x, red_y = _slopes(triangles[f], lit, 0, ax, ay, bx, by, inverse)
        green_x, green_y = _slopes(triangles[f], lit, 1, ax, ay, bx, by, inverse)
        blue_x, blue_y = _slopes(triangles[f], lit, 2, ax, ay, bx, by, inverse)
        word_x = _packed(red_x, green_x, blue_x)
        glossy = gloss[f] > 0
        nx_x, nx_y, ny_x, ny_y, nz_x, nz_y = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO
        if glossy:
            welded[0], welded[1], welded[2] = weld[i], weld[j], weld[k]
            nx_x, nx_y = _slopes(welded, normals, 0, ax, ay, bx, by, inverse)
            ny_x, ny_y = _slopes(welded, normals, 1, ax, ay, bx, by, inverse)
            nz_x, nz_y = _slopes(welded, normals, 2, ax, ay, bx, by, inverse)
        long_slope = (screen[r, 0] - screen[p, 0]) / (bottom - top)
        upper_slope = (screen[q, 0] - screen[p, 0]) / (middle - top) if middle > top else _ZERO
        lower_slope = (screen[r, 0] - screen[q, 0]) / (bottom - middle) if bottom > middle else _ZERO
        for y in range(first, last):
            at = np.float32(y) + _HALF
            one = screen[p, 0] + (at - top) * long_slope
            two = screen[p, 0] + (at - top) * upper_slope if at < middle else screen[q, 0] + (at - middle) * lower_slope
            left, right = max(0, np.int32(min(one, two) + _HALF)), min(columns, np.int32(max(one, two) + _HALF))
            if left >= right:
                continue
            dx, dy = np.float32(left) + _HALF - screen[i, 0], at - screen[i, 1]  # type: ignore[arg-type]
            near = screen[i, 2] + near_x * dx + near_y * dy
            word = _packed(
                lit[i, 0] + red_x * dx + red_y * dy,
                lit[i, 1] + green_x * dx + green_y * dy,
                lit[i, 2] + blue_x * dx + blue_y * dy,
            )
            start = (y - origin) * columns
            for sample in range(np.uint64(start + left), np.uint64(start + right)):
                if near > depth[sample]:
                    depth[sample] = near
                    if glossy:
                        dx = np.float32(np.int64(sample) - start) + _HALF - screen[i, 0]
                        nx = normals[welded[0], 0] + nx_x * dx + nx_y * dy
                        ny = normals[welded[0], 1] + ny_x * dx + ny_y * dy
                        nz = normals[welded[0], 2] + nz_x * dx + nz_y * dy
                        color[sample] = _brightened(word, gloss[f] * _highlight(nx, ny, nz, half))
                    else:
                        color[sample] = word
                near += near_x
                word += word_x


@_jit
def _average(color, out):  # type: ignore[no-untyped-def]
    """Mean of each pixel's four samples, [S, S, 3] uint8."""
    for y in range(out.shape[0]):
        upper, lower = color[2 * y], color[2 * y + 1]
        for x in range(out.shape[1]):
            four = upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]
            out[y, x, 0] = np.uint8((four >> (_POINT + 2)) & 0xFF)
            out[y, x, 1] = np.uint8((four >> (_POINT + 2 + _LANE)) & 0xFF)
            out[y, x, 2] = np.uint8((four >> (_POINT + 2 + 2 * _LANE)) & 0xFF)


@_jit
def _draw_bands(screen, triangles, lit, normals, weld, gloss, half, background, depth, color, out):  # type: ignore[no-untyped-def]
    """The whole picture, band by band."""
    size = out.shape[0]
    starts, members = _sort_into_bands(screen, triangles, 2 * size)
    for band in range(len(starts) - 1):
        above, below = band * _BAND // 2, min((band + 1) * _BAND // 2, size)
        depth[:] = _ZERO
        _backdrop(background[above:below], color)
        here = members[starts[band] : starts[band + 1]]
        _fill(here, band * _BAND, screen, triangles, lit, normals, weld, gloss, half, depth, color)
        _average(color, out[above:below])
