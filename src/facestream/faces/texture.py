"""A mesh's texture as drawing wants it.

Shapes: V vertices, F triangles, H x W texels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facestream.faces.mesh import Floats, Indices, Mesh

_INSIDE = 1e-3  # of a texel: rounding on the way to a sample must not leave the texture


def texels(mesh: Mesh) -> tuple[Indices, int, Floats]:
    """The texture's texels as words of 8 bits for red, green and blue, [H W], its width, and the vertices' column and
    row in it, [V, 2]; places outside are moved to the border. Without a texture it is one white texel.
    """
    picture = np.full((1, 1, 3), 255, np.uint8) if mesh.texture is None else mesh.texture
    height, width = picture.shape[:2]
    red, green, blue = picture.reshape(-1, 3).astype(np.int32).T
    most = np.array((width, height)) - _INSIDE
    return red | green << 8 | blue << 16, width, np.clip(mesh.uv * (width, height), _INSIDE, most).astype(np.float32)


def textured(mesh: Mesh, uv: Floats) -> npt.NDArray[np.bool_]:
    """Triangles on which the texture is not all white, [F]. uv: [V, 2] column and row of texels."""
    if mesh.texture is None:
        return np.zeros(len(mesh.triangles), np.bool_)
    # texels that are not white, summed from the upper left corner on: four sums tell how many are in a rectangle
    sums = np.zeros(np.add(mesh.texture.shape[:2], 1), np.int32)
    sums[1:, 1:] = (mesh.texture < 255).any(axis=2).cumsum(axis=0).cumsum(axis=1)
    corners = uv[mesh.triangles]
    left, top = corners.min(axis=1).astype(np.int32).T
    right, bottom = corners.max(axis=1).astype(np.int32).T + 1
    return np.asarray(sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left] > 0)
