"""Beards: a second layer over the skin, which moves exactly as the skin below it does.

A style is a field over the skin, positive inside the beard and falling through 0 at its border; the layer dips under
the skin there, so that the border is a smooth line. Shapes: N skin vertices, n vertices of the beard.
"""

from __future__ import annotations

import numpy as np

from facestream.faces.head.forms import Array, bump, profile, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.paint import Palette
from facestream.faces.head.part import Part, neck_share, painted
from facestream.faces.head.skin import MOUTH_HALF, MOUTH_Y, Skin, lip_heights, seam

_FREE = -0.002  # skin left bare round the lips
# Upper border of a full beard: height by distance from the middle, over the moustache, down the cheeks, to the ears.
_BORDER = (
    (0.0, -0.385), (0.05, -0.378), (0.18, -0.400), (0.30, -0.450), (0.40, -0.510), (0.48, -0.505), (0.60, -0.420),
    (0.72, -0.25), (0.82, -0.05), (0.90, 0.12), (1.2, 0.3),
)  # fmt: skip


def beard(skin: Skin, moves: dict[str, Array], identity: Identity) -> Part:
    """The identity's beard."""
    inside, height = _style(identity.beard, skin)
    triangles = skin.triangles[(inside[skin.triangles] > 0).any(axis=1)]
    used = np.zeros(len(inside), bool)
    used[triangles] = True
    fur = _fur(skin)
    lift = np.where(inside > 0, height * step(0.0, 0.10, inside) ** 0.6 * (0.80 + 0.35 * fur), 0)
    lift += np.clip(inside * 0.5, -0.03, 0.012)
    points = (skin.points + _normals(skin) * lift[:, None])[used]
    colors = Palette.of(identity)
    color = colors.hair * (0.62 + 0.55 * fur[used])[:, None]
    thin = 0.35 * (1 - step(0.0, 0.022, inside[used]))[:, None]  # skin shows through at the border
    shapes = {name: moved[used] for name, moved in moves.items() if not name.startswith(("eye", "brow"))}
    number = np.cumsum(used) - 1
    mesh = painted(points, number[triangles], color + thin * (0.6 * colors.skin - color), sheen=0.2)
    return Part(mesh, shapes, neck_share(skin.points[used, 1]))


def _style(style: str, skin: Skin) -> tuple[Array, Array]:
    """The field [N], in lengths, and how far the beard stands off the skin [N]."""
    x, y, z = skin.points.T
    away, t = np.abs(x), y - seam(x)
    up, down = lip_heights(x)
    round_lips = np.maximum.reduce([t - up, -down - t, away - 1.02 * MOUTH_HALF])  # distance from the red
    border = profile(away, _BORDER) - y
    chin = bump(x, y, (0, -0.90), (0.28, 0.24))
    if style == "full":
        jaw = y + 1.10 - 0.34 * step(0.55, -0.10, z)  # the beard ends under the jaw's line
        inside = np.minimum.reduce([border, round_lips - _FREE, jaw, z + 0.10])
        return np.where(z > -0.25, inside, -1.0), (0.045 + 0.085 * chin) * (0.35 + 0.65 * step(-0.05, 0.45, z))
    moustache = np.minimum.reduce([border, round_lips - _FREE, 1.12 * MOUTH_HALF - away, t + 0.05])
    if style == "goatee":
        ring = np.minimum.reduce([round_lips - _FREE, 0.070 - round_lips, border])
        patch = 0.20 * (1 - np.hypot(x / 0.19, (y + 0.86) / 0.22))
        moustache = np.maximum(ring, patch)
    return np.where(z > 0.3, moustache, -1.0), 0.034 + 0.020 * chin


def _fur(skin: Skin) -> Array:
    """0..1, strands that run down."""
    x, y, z = skin.points.T
    angle = np.arctan2(x, z + 0.1)
    down = 0.32 * np.sin(56 * angle + 3 * np.sin(7 * y)) + 0.18 * np.sin(93 * angle - 9 * y)
    aside = 0.5 * np.sin(72 * x + 26 * np.abs(x) * (y - MOUTH_Y))  # on the upper lip they part to both sides
    return np.asarray(0.5 + down + (aside - down) * (y > MOUTH_Y))


def _normals(skin: Skin) -> Array:
    """Directions out of the skin, [N, 3]."""
    a, b, c = (skin.points[skin.triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    out = np.zeros_like(skin.points)
    for k in range(3):
        for axis in range(3):
            out[:, axis] += np.bincount(skin.triangles[:, k], face[:, axis], len(out))
    return np.asarray(out / (np.linalg.norm(out, axis=1, keepdims=True) + 1e-12))
