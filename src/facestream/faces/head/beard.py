"""Beards: a second layer over the skin, which moves exactly as the skin below it does.

Shapes: N skin vertices, n vertices of the beard.
"""

from __future__ import annotations

import numpy as np

from facestream.faces.head.forms import Array, bump, profile, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.paint import Palette
from facestream.faces.head.part import Part, neck_share, painted
from facestream.faces.head.skin import HALF, MOUTH_HALF, MOUTH_Y, Skin, seam

_EDGE = 0.03  # how much of a beard's height lies below the skin, so that its border is soft


def beard(skin: Skin, moves: dict[str, Array], identity: Identity) -> Part:
    """The identity's beard."""
    x, y, z = skin.points.T
    height = _heights(identity.beard, skin)
    fur = _fur(skin)
    used = np.zeros(len(x), bool)
    inside = (height[skin.triangles] > 0).any(axis=1)
    triangles = skin.triangles[inside]
    used[triangles] = True
    number = np.cumsum(used) - 1
    lift = np.where(height > 0, height * (0.75 + 0.35 * fur), 0) + 0.004 * (height > 0) - _EDGE * (height <= 0)
    points = (skin.points + _normals(skin) * lift[:, None])[used]
    tint = (0.62 + 0.55 * fur[used])[:, None]
    colors = Palette.of(identity)
    thin = (1 - step(0.0, 0.02, height[used]))[:, None]
    color = colors.hair * tint * (1 - 0.4 * thin) + 0.4 * thin * colors.skin * 0.6
    shapes = {name: moved[used] for name, moved in moves.items() if not name.startswith(("eye", "brow"))}
    mesh = painted(points, number[triangles], color, sheen=0.45)
    return Part(mesh, shapes, neck_share(y[used]))


def _heights(style: str, skin: Skin) -> Array:
    """How far the beard stands off the skin, [N]; 0 where there is none."""
    x, y, z = skin.points.T
    t, u = y - seam(x), np.abs(x) / MOUTH_HALF
    rows = np.zeros(len(x), bool)
    # the red of the lips stays free
    grid = skin.grid
    rows[grid[skin.rows["lower_lip"] - 1 : skin.rows["upper_lip"] + 1, HALF - 21 : HALF + 22]] = True
    rows[skin.mouth_upper[skin.mouth_columns]] = True
    free, ahead = ~rows, step(-0.30, -0.10, z)
    upper = step(MOUTH_Y + 0.06, MOUTH_Y + 0.075, y - 0.05 * u**2) * (1 - step(-0.40, -0.37, y + 0.16 * u**2))
    moustache = 0.050 * upper * (1 - step(1.0, 1.22, u)) * step(0.0, 0.10, u + 0.05)
    down = bump(x, y, (0, -0.88), (0.26, 0.26)) * (y < MOUTH_Y - 0.05)
    if style == "moustache":
        height = 1.25 * moustache
    elif style == "goatee":
        ring = step(0.35, 0.75, down) * 0.060
        corner = 0.030 * np.exp(-(((u - 1.16) / 0.13) ** 2)) * (np.abs(t + 0.06) < 0.16)
        height = np.maximum.reduce([0.8 * moustache, ring, np.where(corner > 0.012, corner, 0)])
    else:
        # from the ears down the cheeks; the upper border falls from the ear to the mouth's corner
        border = profile(
            np.abs(x), ((0.0, -0.70), (0.36, -0.52), (0.55, -0.40), (0.76, -0.16), (0.90, 0.06), (1.2, 0.2))
        )
        cheeks = step(0.0, 0.10, border - y) * step(-1.32, -1.15, y) * ahead
        height = np.maximum(cheeks * (0.045 + 0.10 * down), moustache)
        height[(u < 1.0) & (t > 0) & (moustache <= 0)] = 0
    return np.asarray(np.where(free & (height > 0.006), height, 0.0))


def _fur(skin: Skin) -> Array:
    """0..1, strands that run down."""
    x, y, z = skin.points.T
    angle = np.arctan2(x, z + 0.1)
    return np.asarray(0.5 + 0.30 * np.sin(46 * angle + 3 * np.sin(9 * y)) + 0.20 * np.sin(83 * angle - 11 * y))


def _normals(skin: Skin) -> Array:
    a, b, c = (skin.points[skin.triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    out = np.zeros_like(skin.points)
    for k in range(3):
        for axis in range(3):
            out[:, axis] += np.bincount(skin.triangles[:, k], face[:, axis], len(out))
    return out / (np.linalg.norm(out, axis=1, keepdims=True) + 1e-12)
