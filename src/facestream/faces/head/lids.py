"""How the lids move: they slide over the eyeball within the face's height field.

Every place between the fold below an eye and the crease above it has a share of its rim's travel. A moved place takes
the height of the face there; the rims' inner edges stay on the eyeball.

Shapes: N skin vertices, E rim vertices of one eye.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facestream.faces.head.forms import Array, step
from facestream.faces.head.skin import EYE, Skin, crease, front
from facestream.faces.mesh import Indices

# Travel of (upper, lower) rim at weight 1, as shares of the eye's opening; negative is down. Then the sideways slide.
_TRAVEL = {
    "eyeBlink": (-0.78, 0.22, 0.0),
    "eyeLookDown": (-0.26, -0.06, 0.0),
    "eyeLookUp": (0.12, 0.06, 0.0),
    "eyeLookIn": (0.0, 0.0, -0.012),
    "eyeLookOut": (0.0, 0.0, 0.012),
    "eyeSquint": (-0.14, 0.26, 0.0),
    "eyeWide": (0.20, -0.07, 0.0),
    # the cheek below lifts the lower lid
    "cheekSquint": (-0.03, 0.17, 0.0),
    "mouthSmile": (-0.03, 0.11, 0.0),
    "noseSneer": (0.0, 0.05, 0.0),
    "browDown": (-0.06, 0.0, 0.0),
}

_BEYOND = 4  # columns beside the eye that give way with it
_SPREAD = np.array((1, 2, 3, 2, 1)) / 9
# How much of the fold above the lid a lid's travel draws flat.
_UNFOLDED = {"eyeBlink": 0.85, "eyeLookDown": 0.40, "eyeWide": -0.25}


@dataclass(frozen=True)
class Lids:
    """Both eyes' lids on a skin."""

    skin: Skin

    def _shares(self, left: bool) -> tuple[Array, Array, Array, Array]:
        """Share of the upper and of the lower rim's travel, the travel's height, and how far aside both rims' vertices
        meet, all [N].
        """
        skin = self.skin
        upper, lower, opening, aside = (np.zeros(len(skin.points)) for _ in range(4))
        slit, rows = skin.eye_columns(left), skin.rows
        columns = np.arange(slit[0] - _BEYOND, slit[-1] + _BEYOND + 1)
        top, bottom = skin.lids_upper[columns], skin.grid[rows["lids"], columns]
        across, height, _ = (skin.points[top] - skin.points[bottom]).T
        even = np.convolve(np.convolve(height, _SPREAD, "same"), _SPREAD, "same")
        for row in range(rows["fold"] - 2, rows["crease"] + 3):
            vertices, above = skin.grid[row, columns], row > rows["lids"]
            away = skin.points[vertices, 1] - skin.points[top if above else bottom, 1]
            share = 1 - step(0.0, 0.16 if above else 0.14, np.abs(away))
            (upper if above else lower)[vertices] = share
            # away from the rim the corners' columns follow their neighbours
            opening[vertices] = even + (height - even) * share**2
            aside[vertices] = share * (-0.5 if above else 0.5) * across
        rim = slice(_BEYOND, -_BEYOND)
        upper[top[rim]], opening[top[rim]], aside[top[rim]] = 1.0, height[rim], -0.5 * across[rim]
        return upper, lower, opening, aside

    def shapes(self) -> dict[str, Array]:
        """Displacements [N, 3] by shape name."""
        found = {}
        points = self.skin.points
        fold = crease(points[:, 0], points[:, 1]) * (points[:, 2] > 0)
        for left, name in ((True, "Left"), (False, "Right")):
            upper, lower, opening, aside = self._shares(left)
            own_fold = fold * (points[:, 0] * (1 if left else -1) > 0)
            for shape, (up, down, out) in _TRAVEL.items():
                moved = points.copy()
                moved[:, 1] += (upper * up + lower * down) * opening
                moved[:, 0] += (out if left else -out) * np.maximum(upper, lower)
                if shape == "eyeBlink":
                    moved[:, 0] += aside
                touched = np.maximum(upper, lower) > 0
                (x, y, _), (x_0, y_0, _) = moved[touched].T, points[touched].T
                moved[touched, 2] += _smooth(x, y) - _smooth(x_0, y_0)
                moved[:, 2] -= _UNFOLDED.get(shape, 0.0) * own_fold
                found[shape + name] = moved - points
        return found

    def rim(self, left: bool) -> Indices:
        """The vertices round one eye's opening, [E]: the lower rim from right to left corner, then the upper back."""
        skin = self.skin
        columns = skin.eye_columns(left)
        first, last = columns[0] - 1, columns[-1] + 1
        row = skin.grid[skin.rows["lids"]]
        return np.concatenate([row[first : last + 1], skin.lids_upper[columns][::-1]])


def eye_center(left: bool) -> Array:
    """Centre of an eyeball, [3]."""
    return np.array((EYE[0] if left else -EYE[0], EYE[1], EYE[2]))


def _smooth(x: Array, y: Array) -> Array:
    """Height of the face without the lids' folds, which travel with the skin."""
    return front(x, y) - crease(x, y)
