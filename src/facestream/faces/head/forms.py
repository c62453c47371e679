"""The sculptor's vocabulary: steps, bumps, profiles and rotations. All functions work on arrays of any one shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def step(low: float, high: float, x: npt.ArrayLike) -> Array:
    """0 below `low`, 1 above `high`, smooth between (3 t^2 - 2 t^3)."""
    t = np.clip((np.asarray(x, np.float64) - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def bump(x: Array, y: Array, at: tuple[float, float], reach: tuple[float, float]) -> Array:
    """Gaussian hill of height 1 at `at`; `reach` is where it has fallen to 1/e."""
    return np.asarray(np.exp(-(((x - at[0]) / reach[0]) ** 2) - ((y - at[1]) / reach[1]) ** 2))


def both(x: Array, y: Array, at: tuple[float, float], reach: tuple[float, float]) -> Array:
    """The same hill on both sides of the face."""
    return bump(np.abs(x), y, at, reach)


def higher(a: Array, b: Array, blend: float) -> Array:
    """The greater of two heights, rounded where they cross."""
    return np.asarray(0.5 * (a + b + np.sqrt((a - b) ** 2 + blend**2)))


def profile(x: npt.ArrayLike, knots: Sequence[tuple[float, float]]) -> Array:
    """Smooth curve through knots (x ascending), without overshoot: cubic Hermite with the slopes of Fritsch and Butland
    (harmonic means of the neighbouring secants, 0 at extrema)."""
    at, height = np.array(knots, np.float64).T
    width = np.diff(at)
    secant = np.diff(height) / width
    before, after = secant[:-1], secant[1:]
    slope = np.concatenate([secant[:1], np.zeros(len(before)), secant[-1:]])
    same = before * after > 0
    w1, w2 = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    slope[1:-1][same] = (w1 + w2)[same] / (w1[same] / before[same] + w2[same] / after[same])
    x = np.clip(np.asarray(x, np.float64), at[0], at[-1])
    i = np.clip(np.searchsorted(at, x, side="right") - 1, 0, len(width) - 1)
    t = (x - at[i]) / width[i]
    rising = t * t * (3 - 2 * t)
    return np.asarray(
        height[i] * (1 - rising)
        + height[i + 1] * rising
        + width[i] * (slope[i] * t * (1 - t) ** 2 - slope[i + 1] * t * t * (1 - t))
    )


def pitched(points: Array, hinge: tuple[float, float], angle: npt.ArrayLike) -> Array:
    """Points [..., 3] turned about the x axis through (y, z) = hinge; positive angles (radians) turn z towards -y."""
    y, z = points[..., 1] - hinge[0], points[..., 2] - hinge[1]
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([points[..., 0], hinge[0] + cosine * y - sine * z, hinge[1] + sine * y + cosine * z], -1)


def turn(yaw: float, pitch: float, roll: float) -> npt.NDArray[np.float32]:
    """Rotation matrix [3, 3], Ry(yaw) Rx(pitch) Rz(roll), as signals.py defines it: pitch turns the nose down."""
    (cy, cx, cz), (sy, sx, sz) = np.cos((yaw, pitch, roll)), np.sin((yaw, pitch, roll))
    about_y = np.array(((cy, 0, sy), (0, 1, 0), (-sy, 0, cy)))
    about_x = np.array(((1, 0, 0), (0, cx, -sx), (0, sx, cx)))
    about_z = np.array(((cz, -sz, 0), (sz, cz, 0), (0, 0, 1)))
    return np.asarray(about_y @ about_x @ about_z, np.float32)
