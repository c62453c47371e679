"""Backgrounds: what is behind the face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from facestream.faces.mesh import Picture

Background = Picture | Sequence[int] | Literal["gradient", "transparent"]


def backdrop(background: Background, size: int) -> Picture | None:
    """The background as a picture, [S, S, 3] uint8; None if it is transparent.

    background: "gradient", "transparent", one colour (red, green, blue, 0..255), or a photograph [H, W, 3] uint8 of
    any size, whose middle is used. Raises ValueError for anything else.
    """
    if isinstance(background, str):
        if background not in ("gradient", "transparent"):
            raise ValueError(f"background '{background}'; expected 'gradient', 'transparent', a colour or a picture")
        return soft_gradient(size) if background == "gradient" else None
    pixels = np.asarray(background)
    if pixels.shape == (3,) and ((pixels >= 0) & (pixels <= 255)).all():
        return np.full((size, size, 3), pixels, np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8 and pixels.size:
        return fitted(pixels, size)
    raise ValueError(
        f"a background of shape {pixels.shape} and type {pixels.dtype}; expected 3 numbers in 0..255 or a picture "
        "[height, width, 3] uint8"
    )


def soft_gradient(size: int) -> Picture:
    """A plain backdrop, [S, S, 3] uint8: light in the middle, a little darker towards the edges."""
    y, x = np.mgrid[0:size, 0:size] / max(size - 1, 1) - 0.5
    fade = np.clip(np.hypot(x, y + 0.08) / 0.72, 0, 1)[..., None] ** 1.6
    inner, outer = np.array((226, 233, 232)), np.array((158, 184, 192))
    return np.asarray(np.round(inner + (outer - inner) * fade), np.uint8)


def fitted(photograph: Picture, size: int) -> Picture:
    """The largest square in a picture's middle, [S, S, 3]: pixels averaged when it shrinks, blended when it grows."""
    from PIL import Image  # drawing itself needs no picture files

    height, width = photograph.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    square = np.ascontiguousarray(photograph[top : top + edge, left : left + edge])
    if edge == size:
        return square
    return np.asarray(Image.fromarray(square).resize((size, size), Image.Resampling.LANCZOS))
