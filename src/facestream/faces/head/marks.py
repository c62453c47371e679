"""Fine marks on the skin, painted into its texture: freckles, stubble, lines of age, creases of the lips.

The texture multiplies the skin's colours, so it is white where nothing is marked. Its map is Lambert's equal-area
projection of the directions from a point inside the head: the face lies in the middle, the nape on the outer circle,
and there is no seam. A mark is a soft dot; a line is a row of dots.

Shapes: N points of the skin, D dots, S = SIZE texels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facestream.faces.head.forms import Array, both, bump, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.skin import MOUTH_HALF, front, half_width, lip_heights, seam
from facestream.faces.head.warp import old_age
from facestream.faces.mesh import Floats, Picture

SIZE = 1024
_FIRST, _SIDE = 200, 624  # the window of texels that the face fills
_TEXELS, _REACH = 285.0, 4  # texels a unit of length on the face; texels from a dot's middle to its end
_CENTER = np.array((0.0, -0.20, -0.10))
# What a full mark multiplies the skin by, in sRGB.
_FRECKLE, _HAIR, _LINE = (0.76, 0.60, 0.50), (0.42, 0.40, 0.42), (0.74, 0.58, 0.55)
_DARK = (0.44, 0.28, 0.24)


def skin_map(points: Array) -> Floats:
    """Places in the texture, [N, 2], of points [N, 3] of the skin."""
    way = points - _CENTER
    way = way / np.linalg.norm(way, axis=-1, keepdims=True)
    scale = 0.5 * np.sqrt(0.5 * (1 - way[..., 2]))  # Lambert: the sine of half the angle
    flat = np.linalg.norm(way[..., :2], axis=-1) + 1e-9
    return np.stack([0.5 + scale * way[..., 0] / flat, 0.5 - scale * way[..., 1] / flat], -1).astype(np.float32)


def skin_texture(identity: Identity) -> Picture:
    """The identity's marks, [S, S, 3] uint8."""
    rng = np.random.default_rng(11)
    layers = [(_lines(identity), _LINE), (_nostrils(), _DARK)]
    if identity.freckles > 0:
        layers.append((_freckles(identity.freckles, rng), _FRECKLE))
    if identity.stubble > 0:
        layers.append((_stubble(identity.stubble, rng), _HAIR))
    light = np.full((_SIDE, _SIDE, 3), 255.5, np.float32)
    for dots, color in layers:
        light *= 1 - _drawn(dots)[..., None] * (1 - np.array(color, np.float32))
    texture = np.full((SIZE, SIZE, 3), 255, np.uint8)
    texture[_FIRST : _FIRST + _SIDE, _FIRST : _FIRST + _SIDE] = light.astype(np.uint8)
    return texture


def _drawn(dots: Array) -> Floats:
    """How strongly each texel of the face's window [_SIDE, _SIDE] is marked by soft dots [4, D]: x and y on the face,
    radius in the head's units, strength.
    """
    x, y, radius, strength = dots
    at = skin_map(np.stack([x, y, front(x, y)], -1)) * SIZE - 0.5 - _FIRST
    way = np.arange(-_REACH, _REACH + 1)
    near = np.round(at).astype(np.int64)
    column, row = (np.clip(near[:, axis, None] + way, 0, _SIDE - 1) for axis in (0, 1))
    soft = 2.0 / (radius * _TEXELS) ** 2
    fall_x = np.exp(-soft[:, None] * (column - at[:, 0, None]) ** 2)
    fall_y = np.exp(-soft[:, None] * (row - at[:, 1, None]) ** 2)
    value = strength[:, None, None] * fall_y[:, :, None] * fall_x[:, None, :]
    place = row[:, :, None] * _SIDE + column[:, None, :]
    total = np.bincount(place.ravel(), value.ravel(), _SIDE * _SIDE).reshape(_SIDE, _SIDE)
    return np.minimum(total, 1.0).astype(np.float32)


def _nostrils() -> Array:
    """Both nostrils, as rows of dots."""
    across = np.linspace(-0.015, 0.015, 7)
    x = np.concatenate([0.056 + across, -0.056 - across])
    y = np.tile(-0.300 + 0.30 * across - 14 * across**2, 2)
    return np.stack([x, y, np.full(14, 0.013), np.full(14, 0.42)])


def _scattered(density: Array, x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    kept = rng.random(len(x)) < density
    return x[kept], y[kept]


def _freckles(amount: float, rng: np.random.Generator) -> Array:
    x, y = rng.uniform(-0.80, 0.80, 1500), rng.uniform(-0.55, 0.45, 1500)
    on_cheeks = both(x, y, (0.34, -0.20), (0.26, 0.12)) + bump(x, y, (0, -0.12), (0.12, 0.12))
    x, y = _scattered(amount * np.clip(0.55 * on_cheeks + 0.02, 0, 1), x, y, rng)
    return np.stack([x, y, rng.uniform(0.004, 0.0105, len(x)), rng.uniform(0.3, 0.85, len(x))])


def _stubble(amount: float, rng: np.random.Generator) -> Array:
    x, y = rng.uniform(-0.85, 0.85, 22000), rng.uniform(-1.08, -0.10, 22000)
    up, down = lip_heights(x)
    t = y - seam(x)
    border = -0.395 - 0.10 * step(0.10, 0.35, np.abs(x)) + 0.55 * step(0.48, 0.85, np.abs(x))
    density = (
        step(0.0, 0.10, border - y)
        * (np.abs(x) < 0.93 * half_width(y))
        * ((t > up + 0.02) | (t < -down - 0.02) | (np.abs(x) > 1.15 * MOUTH_HALF))
    )
    x, y = _scattered(density * amount, x, y, rng)
    return np.stack([x, y, np.full(len(x), 0.0050), np.full(len(x), 0.40)])


def _lines(identity: Identity) -> Array:
    """Lines of age, and the creases of the lips."""
    old = old_age(identity) + 0.25 * float(step(28, 45, identity.age))
    lines: list[tuple[Sequence[float], Sequence[float], float, float]] = []  # x, y along it, radius, strength
    for sign in (-1.0, 1.0):
        lines += [
            ((0.15 * sign, 0.24 * sign, 0.34 * sign, 0.385 * sign), (-0.29, -0.36, -0.46, -0.58), 0.016, 0.55 * old),
            ((0.20 * sign, 0.34 * sign, 0.48 * sign, 0.56 * sign), (-0.115, -0.185, -0.16, -0.10), 0.013, 0.45 * old),
            *(
                ((0.66 * sign, 0.72 * sign, 0.78 * sign), (0.03 + k, 0.035 + 1.9 * k, 0.02 + 3.0 * k), 0.009, 0.6 * old)
                for k in (-0.045, 0.0, 0.05)
            ),
            ((0.045 * sign, 0.055 * sign, 0.05 * sign), (0.28, 0.36, 0.44), 0.011, 0.40 * old),
        ]
    for y, wide in ((0.60, 0.42), (0.68, 0.48), (0.76, 0.40)):
        lines.append(
            ((-wide, -0.2, 0.0, 0.2, wide), (y - 0.03, y + 0.01, y - 0.005, y + 0.01, y - 0.03), 0.011, 0.5 * old)
        )
    parts = [_along(*line) for line in lines if line[3] > 0.02]
    return np.concatenate([_lip_creases(), *parts], axis=1)


def _lip_creases() -> Array:
    """Fine upright creases of the lips."""
    t = np.linspace(0.1, 0.8, 14)
    x = np.repeat(np.linspace(-0.8, 0.8, 29) * MOUTH_HALF, len(t)).reshape(29, -1)
    up, down = lip_heights(x)
    fade = np.broadcast_to(np.sin(np.pi * (t - 0.05) / 0.80), x.shape)
    sides = [(seam(x) + up * t, 0.032 * fade), (seam(x) - down * t, 0.040 * fade)]
    return np.concatenate(
        [np.stack([x * (1 + 0.04 * t), y, 0.0055 + 0 * x, f]).reshape(4, -1) for y, f in sides], axis=1
    )


def _along(xs: Sequence[float], ys: Sequence[float], radius: float, strength: float) -> Array:
    """Dots [4, D] (x, y, radius, strength) along a line that fades at both ends."""
    length = float(np.hypot(np.diff(xs), np.diff(ys)).sum())
    count = max(4, int(length / (0.6 * radius)))
    t = np.linspace(0, 1, count)
    knots = np.linspace(0, 1, len(xs))
    degree = len(xs) - 1
    x, y = (np.polynomial.Polynomial.fit(knots, values, degree)(t) for values in (xs, ys))
    fade = 0.34 * strength * np.sin(np.pi * np.clip(0.08 + 0.84 * t, 0, 1)) ** 0.8
    return np.stack([x, y, np.full(count, radius), fade])
