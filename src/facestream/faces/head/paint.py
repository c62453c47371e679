"""The palette (linear albedo) and how the skin is painted."""

from __future__ import annotations

import numpy as np

from facestream.faces.head.forms import Array, both, bump, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.skin import EYE, MOUTH_HALF, MOUTH_Y, Skin

SKIN = np.array((0.80, 0.46, 0.33))
BLUSH = np.array((0.82, 0.30, 0.23))
LIP = np.array((0.62, 0.20, 0.18))
NOSTRIL = np.array((0.30, 0.10, 0.07))
LID = np.array((0.70, 0.36, 0.27))
LASH = np.array((0.030, 0.016, 0.012))
HAIR = np.array((0.115, 0.050, 0.026))
BROW = np.array((0.085, 0.036, 0.020))
SHIRT = np.array((0.055, 0.235, 0.270))
COLLAR = np.array((0.80, 0.76, 0.66))
SCLERA = np.array((0.86, 0.85, 0.83))
IRIS = np.array((0.115, 0.200, 0.130))
IRIS_LIGHT = np.array((0.36, 0.34, 0.14))
PUPIL = np.array((0.006, 0.005, 0.005))
TOOTH = np.array((0.88, 0.85, 0.78))
GUM = np.array((0.50, 0.13, 0.12))
TONGUE = np.array((0.62, 0.20, 0.19))
CAVITY = np.array((0.30, 0.05, 0.045))


def _over(under: Array, color: Array, amount: Array) -> Array:
    return np.asarray(under + (color - under) * np.clip(amount, 0, 1)[:, None])


def paint_skin(skin: Skin, identity: Identity) -> tuple[Array, Array, Array]:
    """Colours [N, 3], gloss [N] and shade [N] of the skin."""
    x, y, z = skin.points.T
    ahead = step(0.0, 0.3, z)
    color = np.broadcast_to(SKIN, skin.points.shape)
    color = _over(color, BLUSH, 0.42 * both(x, y, (0.50, -0.30), (0.24, 0.17)) * ahead)
    color = _over(color, BLUSH, 0.30 * bump(x, y, (0, -0.22), (0.13, 0.09)) * ahead)
    color = _over(color, LID, 0.55 * both(x, y, (float(EYE[0]), 0.12), (0.30, 0.22)) * ahead)
    color = _over(color, NOSTRIL, 0.75 * both(x, y, (0.045, -0.288), (0.026, 0.014)) * ahead)
    red = _lip_mask(skin)
    color = _over(color, LIP, red)
    shade = np.ones(len(x))
    shade *= 1 - 0.45 * step(-0.98, -1.16, y) * step(-1.75, -1.2, y)  # under the chin
    shade *= 1 - 0.25 * both(x, y, (0.16, 0.08), (0.07, 0.12)) * ahead  # inner hollows of the eyes
    shade *= 1 - 0.16 * bump(x, y, (0, -0.32), (0.12, 0.045)) * ahead  # under the nose
    shade *= 1 - 0.22 * bump(x, y, (0, MOUTH_Y - 0.135), (0.20, 0.04)) * ahead  # under the lower lip
    shade *= 1 - 0.20 * both(x, y, (MOUTH_HALF, MOUTH_Y + 0.03), (0.03, 0.03)) * ahead
    shade *= 1 - 0.35 * step(0.60, 0.92, y + 0.12 * x**2) * ahead  # under the fringe
    for left in (True, False):
        shade[skin.grid[skin.rows["crease"], skin.eye_columns(left)]] *= 0.80
    seam_rows = np.concatenate([skin.grid[skin.rows["seam"], skin.mouth_columns], skin.mouth_upper[skin.mouth_columns]])
    shade[seam_rows] *= 0.45
    return color, 0.30 * red, shade


def _lip_mask(skin: Skin) -> Array:
    """1 on the red of the lips, with a soft border one row wide, [N]."""
    red = np.zeros(len(skin.points))
    rows = skin.rows
    u = np.abs(skin.points[:, 0]) / MOUTH_HALF
    for row in range(rows["lower_lip"], rows["upper_lip"] + 1):
        edge = row in (rows["lower_lip"], rows["upper_lip"])
        red[skin.grid[row]] = 0.35 if edge else 1.0
    red[skin.mouth_upper] = 1.0
    return red * (1 - step(0.97, 1.10, u)) * (skin.points[:, 2] > 0)
