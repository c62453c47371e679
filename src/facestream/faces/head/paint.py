"""The palette (linear albedo) and how the skin is painted.

Shapes: N skin vertices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from facestream.faces.head.forms import Array, both, bump, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.marks import skin_map, skin_texture
from facestream.faces.head.part import painted
from facestream.faces.head.skin import EYE, MOUTH_HALF, MOUTH_Y, Skin
from facestream.faces.head.warp import old_age
from facestream.faces.mesh import Mesh

SCLERA = np.array((0.83, 0.82, 0.80))
PUPIL = np.array((0.006, 0.005, 0.005))
TOOTH = np.array((0.84, 0.88, 0.86))  # what is before them reddens the light
GUM = np.array((0.50, 0.13, 0.12))
TONGUE = np.array((0.62, 0.20, 0.19))
CAVITY = np.array((0.36, 0.07, 0.06))
WET = np.array((0.62, 0.25, 0.21))  # the lip of the mouth's inside, the corner of the eye
GOLD = np.array((0.80, 0.52, 0.16))
FRAME = np.array((0.030, 0.020, 0.018))

_SKIN_TONES = np.array(
    ((0.90, 0.60, 0.485), (0.80, 0.455, 0.325), (0.585, 0.295, 0.175), (0.315, 0.138, 0.074), (0.130, 0.052, 0.030))
)
_HAIR = {
    "black": (0.024, 0.019, 0.019), "dark brown": (0.050, 0.024, 0.014), "brown": (0.120, 0.052, 0.026),
    "auburn": (0.200, 0.055, 0.022), "red": (0.420, 0.120, 0.030), "blond": (0.560, 0.340, 0.120),
    "grey": (0.270, 0.260, 0.255), "white": (0.700, 0.680, 0.650),
}  # fmt: skip
# The iris in shadow and where light gathers in it.
_IRIS = {
    "dark brown": ((0.030, 0.012, 0.006), (0.150, 0.055, 0.020)), "brown": ((0.075, 0.028, 0.010), (0.36, 0.15, 0.045)),
    "hazel": ((0.110, 0.075, 0.025), (0.42, 0.27, 0.08)), "green": ((0.050, 0.115, 0.055), (0.30, 0.36, 0.12)),
    "blue": ((0.030, 0.100, 0.220), (0.24, 0.46, 0.62)), "grey": ((0.120, 0.150, 0.165), (0.42, 0.48, 0.50)),
}  # fmt: skip
_CLOTHES = {
    "teal": (0.055, 0.235, 0.270), "coral": (0.68, 0.160, 0.110), "mustard": (0.62, 0.34, 0.045),
    "plum": (0.190, 0.045, 0.150), "navy": (0.030, 0.060, 0.160), "forest": (0.045, 0.150, 0.075),
    "cream": (0.78, 0.70, 0.56), "rose": (0.66, 0.30, 0.32), "charcoal": (0.055, 0.060, 0.070),
    "sky": (0.22, 0.45, 0.66),
}  # fmt: skip


@dataclass(frozen=True)
class Palette:
    """A person's colours, [3] each."""

    skin: Array
    blush: Array
    lip: Array
    lid: Array
    hair: Array
    brow: Array
    lash: Array
    iris: Array
    iris_light: Array
    clothes: Array
    trim: Array

    @classmethod
    @cache
    def of(cls, who: Identity) -> Palette:
        """The identity's colours."""
        skin = np.array([np.interp(who.skin_tone, np.linspace(0, 1, 5), tone) for tone in _SKIN_TONES.T])
        hair, clothes = np.array(_HAIR[who.hair_color]), np.array(_CLOTHES[who.clothes_color])
        soft = 0.30 * who.strength  # a man's lips are nearer to his skin
        lip = skin * (np.array((0.84, 0.50, 0.55)) * (1 - soft) + soft * np.array((0.86, 0.70, 0.68)))
        iris, light = (np.array(color) for color in _IRIS[who.eye_color])
        brow = hair + (np.array((0.075, 0.033, 0.018)) - hair) * (0.45 if hair.mean() > 0.1 else 0.0)
        return cls(
            skin,
            skin * (1.02, 0.62, 0.64),
            lip + (np.array((0.46, 0.045, 0.060)) - lip) * 0.75 * who.lipstick,
            skin * (0.88, 0.76, 0.76),
            hair,
            np.array((0.30, 0.285, 0.27)) if who.hair_color == "white" else brow,
            np.array((0.030, 0.016, 0.012)) * (1.8 - 0.8 * who.lashes),
            iris,
            light,
            clothes,
            np.minimum(1.0, 0.55 * clothes + 0.42) if clothes.max() < 0.6 else clothes * 0.55,
        )


def _over(under: Array, color: Array, amount: Array) -> Array:
    return np.asarray(under + (color - under) * np.clip(amount, 0, 1)[:, None])


def skin_mesh(skin: Skin, identity: Identity) -> Mesh:
    """The skin, painted: broad colours at its vertices, fine marks in its texture."""
    x, y, z = skin.points.T
    ahead = step(0.0, 0.3, z)
    red = _lip_mask(skin)
    gloss = red * (0.30 + 0.35 * identity.lipstick)
    shade = _occlusion(skin, x, y, ahead)
    mesh = painted(
        skin.points, skin.triangles, _colors(skin, red, ahead, identity), gloss, shade, translucency=0.5 - 0.2 * red
    )
    return replace(mesh, uv=skin_map(skin.points), texture=skin_texture(identity))


def _colors(skin: Skin, red: Array, ahead: Array, identity: Identity) -> Array:
    """Colours [N, 3]; red: [N] 1 on the lips; ahead: [N] 1 on the face."""
    colors = Palette.of(identity)
    x, y, _ = skin.points.T
    blush = 0.35 + 0.75 * identity.blush
    color = np.broadcast_to(colors.skin, skin.points.shape)
    color = _over(color, colors.blush, 0.80 * blush * both(x, y, (0.47, -0.28), (0.23, 0.16)) * ahead)
    color = _over(color, colors.blush, 0.55 * blush * bump(x, y, (0, -0.22), (0.13, 0.08)) * ahead)
    color = _over(color, colors.blush, 0.25 * blush * bump(x, y, (0, -0.90), (0.16, 0.08)) * ahead)
    color = _over(color, colors.blush * 0.9, 0.5 * both(x, y, (0.98, -0.06), (0.16, 0.25)))
    color = _over(color, colors.lid, 0.65 * both(x, y, (float(EYE[0]), 0.13), (0.28, 0.17)) * ahead)
    color = _over(
        color, colors.lid * 0.92, 0.35 * both(x, y, (0.34, -0.10), (0.20, 0.06)) * ahead * (0.4 + old_age(identity))
    )
    color = _over(color, colors.blush * 0.75, 0.6 * both(x, y, (0.054, -0.300), (0.030, 0.018)) * ahead)
    color = _over(color, colors.lip, red)
    color = _over(color, colors.lip * 0.82, 0.6 * red * (skin.side > 0))
    shadow = 0.38 * max(identity.stubble, 0.0) * _beard_shadow(x, y) * ahead
    return _over(color, 0.45 * colors.skin + 0.25 * colors.hair, shadow * (1 - red))


def _beard_shadow(x: Array, y: Array) -> Array:
    """1 where a shaven beard shows, [N]."""
    border = -0.395 - 0.10 * step(0.10, 0.35, np.abs(x)) + 0.55 * step(0.48, 0.85, np.abs(x))
    return step(0.0, 0.12, border - y) * step(-1.25, -1.05, y)


def _occlusion(skin: Skin, x: Array, y: Array, ahead: Array) -> Array:
    """How much of the ambient light arrives, [N]."""
    shade = np.ones(len(x))
    shade *= 1 - 0.45 * step(-0.98, -1.16, y) * step(-1.75, -1.2, y)  # under the chin
    shade *= 1 - 0.22 * both(x, y, (0.17, 0.08), (0.07, 0.12)) * ahead  # inner hollows of the eyes
    shade *= 1 - 0.22 * bump(x, y, (0, -0.330), (0.11, 0.035)) * ahead  # under the nose
    shade *= 1 - 0.20 * both(x, y, (0.145, -0.26), (0.022, 0.05)) * ahead  # beside its wings
    shade *= 1 - 0.26 * bump(x, y, (0, MOUTH_Y - 0.140), (0.20, 0.04)) * ahead  # under the lower lip
    shade *= 1 - 0.30 * both(x, y, (MOUTH_HALF, MOUTH_Y + 0.045), (0.03, 0.03)) * ahead
    shade *= 1 - 0.30 * step(0.66, 0.98, y + 0.12 * x**2) * ahead  # under the hairline
    for left in (True, False):
        shade[skin.grid[skin.rows["crease"], skin.eye_columns(left)]] *= 0.72
    seam_rows = np.concatenate([skin.grid[skin.rows["seam"], skin.mouth_columns], skin.mouth_upper[skin.mouth_columns]])
    shade[seam_rows] *= 0.40
    return shade


def _lip_mask(skin: Skin) -> Array:
    """1 on the red of the lips, with a soft border one row wide, [N]."""
    red = np.zeros(len(skin.points))
    rows = skin.rows
    u = np.abs(skin.points[:, 0]) / MOUTH_HALF
    for row in range(rows["lower_lip"], rows["upper_lip"] + 1):
        edge = row in (rows["lower_lip"], rows["upper_lip"])
        red[skin.grid[row]] = 0.40 if edge else 1.0
    red[skin.mouth_upper] = 1.0
    return red * (1 - step(0.84, 1.04, u)) * (skin.points[:, 2] > 0)
