"""Regions of the skin by name: every vertex of the skin belongs to one."""

from __future__ import annotations

import numpy as np

from facestream.faces.head.skin import EYE, MOUTH_HALF, Skin, half_width
from facestream.faces.mesh import Indices

REGIONS = (
    "lip_upper", "lip_lower", "eyelids_left", "eyelids_right", "nose", "mouth_area", "cheek_left", "cheek_right",
    "jaw", "forehead", "temples", "scalp", "neck", "chest",
)  # fmt: skip


def regions(skin: Skin) -> dict[str, Indices]:
    """Vertices of each region, in the order of REGIONS: a vertex belongs to the first one that claims it."""
    x, y, z = skin.points.T
    away, ahead = np.abs(x), z > 0.15
    near_eye = ahead & (np.hypot((away - EYE[0]) / 0.29, (y - EYE[1]) / 0.24) < 1)
    red = {name: np.zeros(len(x), bool) for name in ("lip_upper", "lip_lower")}
    rows = skin.rows
    red["lip_upper"][skin.grid[rows["seam"] + 1 : rows["upper_lip"] + 1]] = True
    red["lip_upper"][skin.mouth_upper] = True
    red["lip_lower"][skin.grid[rows["lower_lip"] : rows["seam"] + 1, :]] = True
    lips = ahead & (away < MOUTH_HALF * 1.02)
    claims = (
        red["lip_upper"] & lips & (skin.side >= 0),
        red["lip_lower"] & lips & (skin.side <= 0),
        near_eye & (x > 0),
        near_eye & (x < 0),
        ahead & (away < 0.17) & (y > -0.38) & (y < 0.25),
        ahead & (away < 0.45) & (y > -0.75) & (y < -0.36),
        ahead & (x > 0) & (y > -0.62) & (y < 0.05),
        ahead & (x < 0) & (y > -0.62) & (y < 0.05),
        (y > -1.08) & (y <= -0.36) & (z > -0.25),
        ahead & (y >= 0.05) & (y < 0.95) & (away < 0.72 * half_width(y)),
        (z > -0.15) & (y > -0.36) & (y < 0.75),
        y > -0.45,
        y > -1.62,
        np.ones(len(x), bool),
    )
    owner = np.argmax(claims, axis=0)
    return {name: np.flatnonzero(owner == number).astype(np.int32) for number, name in enumerate(REGIONS)}
