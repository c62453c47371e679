"""Posed vertices to a picture, on one core.

A picture is made in this order: vertices into the camera's frame; their normals; which triangles face the eye; the key
lamp's shadow map; light on every vertex that is seen; triangles into four samples a pixel, nearest wins; samples to
pixels over the background.

Shapes: V vertices, F triangles, S = size picture rows and columns.
"""

from __future__ import annotations

import copy

import numpy as np
from numba import njit

from facestream.faces import pixels
from facestream.faces.background import Background, backdrop
from facestream.faces.camera import Camera
from facestream.faces.light import ENCODED, Light, light_vertices
from facestream.faces.mesh import Floats, Mesh, Picture, vertex_normals
from facestream.faces.shadow import ShadowMap
from facestream.faces.texture import texels, textured

__all__ = ["Camera", "Light", "Renderer"]

_SHADOW_EDGE = 160
_jit = njit(cache=True, nogil=True, fastmath=True)


class Renderer:
    """Draws posed vertices of one mesh. It keeps its buffers: use a `twin` for each further thread."""

    def __init__(
        self,
        mesh: Mesh,
        size: int = 512,
        camera: Camera | None = None,
        light: Light | None = None,
        background: Background = "gradient",
    ) -> None:
        """background: "gradient", "transparent", one colour of 0..255, or a photograph [H, W, 3] uint8 of any size."""
        self.mesh, self.size, self.camera = mesh, size, camera or Camera()
        self.background = backdrop(background, size)
        self._axes = self.camera.axes()
        self._place = np.array(self.camera.position, np.float32)
        self._light = (light or Light()).table()
        half = self._light[[0, 2]] + np.array((0, 0, 1), np.float32)
        self._half = half / np.linalg.norm(half, axis=1, keepdims=True)  # normals that mirror key and fill to the eye
        gloss = mesh.gloss[mesh.triangles]
        gloss = np.where((gloss > 0).all(axis=1), gloss.mean(axis=1), 0).astype(np.float32)
        self._texels, self._width, self._uv = texels(mesh)
        mapped = textured(mesh, self._uv)
        order = np.argsort(mapped | (gloss > 0), kind="stable")  # costly samples last: many are then hidden already
        self._triangles, self._gloss, self._textured = mesh.triangles[order], gloss[order], mapped[order]
        self._take_room()

    def twin(self) -> Renderer:
        """Another one that draws the same, for another thread: it shares what never changes."""
        other = copy.copy(self)
        other._take_room()
        return other

    def _take_room(self) -> None:
        """Buffers of its own."""
        count = len(self.mesh.vertices)
        self._points, self._normals, self._screen, self._lit = (np.empty((count, 3), np.float32) for _ in range(4))
        self._used = np.empty(count, np.bool_)
        self._key_share = np.ones(count, np.float32)
        self._to_camera(self.mesh.vertices)
        self._shadow = ShadowMap(self._light[0], self._points, _SHADOW_EDGE)
        self._depth = np.empty((pixels.BAND, 2 * self.size), np.float32)
        self._color = np.empty((pixels.BAND, 2 * self.size), np.int64)

    def draw(self, vertices: Floats, out: Picture | None = None) -> Picture:
        """One picture, [S, S, 3] uint8, of vertices [V, 3], all before the camera; into `out` if given.

        Over a transparent background it is [S, S, 4] with alpha, not premultiplied.
        """
        mesh = self.mesh
        if vertices.shape != mesh.vertices.shape:
            raise ValueError(f"vertices have shape {vertices.shape}; this renderer's mesh has {mesh.vertices.shape}")
        if out is None:
            out = np.empty((self.size, self.size, 4 if self.background is None else 3), np.uint8)
        self._to_camera(vertices)
        starts, members = pixels.sort_into_bands(self._screen, self._triangles, 2 * self.size, self._used)
        vertex_normals(self._points, self._triangles, mesh.weld, self._normals)
        self._shadow.look(self._points, self._triangles)
        self._shadow.share(self._normals, mesh.weld, self._used, self._key_share)
        light_vertices(
            self._points,
            self._normals,
            mesh.weld,
            self._used,
            (mesh.colors, mesh.sheen, mesh.shade, mesh.translucency),
            self._key_share,
            self._light,
            ENCODED,
            self._lit,
        )
        pixels.draw_bands(
            starts,
            members,
            (self._screen, self._triangles, self._lit, self._normals, mesh.weld),
            (self._gloss, self._half, self._uv, self._textured, self._texels, self._width),
            self._depth,
            self._color,
            self.background,
            out,
        )
        return out

    def _to_camera(self, vertices: Floats) -> None:
        """Vertices [V, 3] into the camera's frame, and onto the screen."""
        points = np.ascontiguousarray(vertices, np.float32)
        focal, middle = np.float32(self.camera.focal(self.size)), np.float32(self.size / 2)
        _project(points, self._place, self._axes, focal, middle, self._points, self._screen)


@_jit
def _project(points, place, axes, focal, middle, out, screen):  # type: ignore[no-untyped-def]
    """Points in the camera's frame, and their sample column, sample row and 1 / distance, [V, 3] each."""
    for v in range(points.shape[0]):
        dx, dy, dz = points[v, 0] - place[0], points[v, 1] - place[1], points[v, 2] - place[2]
        x = dx * axes[0, 0] + dy * axes[0, 1] + dz * axes[0, 2]
        y = dx * axes[1, 0] + dy * axes[1, 1] + dz * axes[1, 2]
        z = dx * axes[2, 0] + dy * axes[2, 1] + dz * axes[2, 2]
        near = np.float32(-1.0) / z
        out[v, 0], out[v, 1], out[v, 2] = x, y, z
        # the samples of a row lie an eighth of a column left of the columns' middles, on average
        screen[v, 0] = np.float32(2.0) * (middle + focal * x * near) - np.float32(0.125)
        screen[v, 1] = np.float32(2.0) * (middle - focal * y * near)
        screen[v, 2] = near
