"""The skin: one grid from the neck's base to above the hairline, with slits for the mouth and the eyes.

Columns run round the head (angle 0 is the face's middle, growing to the character's left), rows run up. The rows
follow the features: the mouth's seam is one row, the lids' rims are another, lip borders and lid creases have rows of
their own. Along a slit the row exists twice, as a lower and an upper rim, which share their end vertices. Heights of
the face are z over (x, y).

Lengths are in units of about 10 cm: the head is 2.3 high, the origin lies inside it at the height of the eyes.
Shapes: R rows, C columns, N skin vertices = R C + the slits' upper rims.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from facestream.faces.head.forms import Array, both, bump, higher, profile, step
from facestream.faces.head.identity import Identity
from facestream.faces.mesh import Indices

# Columns: lateral steps of equal width across the face, then growing angles to the back of the head.
STEP, FRONT, BACK = 0.024, 33, 20
HALF = FRONT + BACK
MOUTH_COLUMN = 17
EYE_COLUMNS = (7, 27)

MOUTH_Y = -0.58
EYE = np.array((0.378, 0.05, 0.556))
EYE_RADIUS = 0.27
LID_RADIUS = 0.286
_LEAST_LID = 0.2815  # of the folded lid

_WIDTH = (
    (-2.1, 0.80), (-1.88, 0.72), (-1.72, 0.55), (-1.58, 0.41), (-1.42, 0.345), (-1.25, 0.325), (-1.10, 0.36),
    (-1.01, 0.435), (-0.90, 0.57), (-0.76, 0.70), (-0.55, 0.815), (-0.2, 0.90), (0.2, 0.935), (0.6, 0.895),
    (0.85, 0.795), (1.03, 0.655), (1.16, 0.495), (1.25, 0.325), (1.29, 0.16), (1.3, 0.02),
)  # fmt: skip
_DEPTH = (
    (-2.1, 0.36), (-1.88, 0.36), (-1.72, 0.355), (-1.58, 0.325), (-1.42, 0.295), (-1.25, 0.31), (-1.12, 0.44),
    (-1.04, 0.62), (-0.95, 0.755), (-0.75, 0.795), (-0.5, 0.81), (-0.2, 0.83), (0.1, 0.83), (0.32, 0.86),
    (0.55, 0.87), (0.78, 0.815), (1.0, 0.66), (1.16, 0.475), (1.25, 0.29), (1.29, 0.15), (1.3, 0.02),
)  # fmt: skip
_NAPE = (
    (-2.1, 0.42), (-1.88, 0.43), (-1.72, 0.44), (-1.58, 0.42), (-1.4, 0.38), (-1.1, 0.38), (-0.7, 0.50), (-0.4, 0.72),
    (0.0, 0.86), (0.4, 0.90), (0.8, 0.78), (1.03, 0.61), (1.17, 0.43), (1.26, 0.25), (1.29, 0.14), (1.3, 0.02),
)  # fmt: skip
# The nose along its ridge: height above the face, half width.
_RIDGE = (
    (-0.42, 0.0), (-0.355, 0.006), (-0.318, 0.040), (-0.285, 0.115), (-0.245, 0.178), (-0.205, 0.192), (-0.160, 0.170),
    (-0.08, 0.112), (0.02, 0.068), (0.12, 0.042), (0.24, 0.020), (0.36, 0.006), (0.5, 0.0),
)  # fmt: skip
_RIDGE_WIDTH = (
    (-0.42, 0.080),
    (-0.30, 0.082),
    (-0.22, 0.092),
    (-0.12, 0.076),
    (0.05, 0.078),
    (0.25, 0.12),
    (0.5, 0.16),
)


def half_width(y: npt.ArrayLike) -> Array:
    """Half the head's (or neck's) width at height y."""
    return profile(y, _WIDTH)


MOUTH_HALF = float(half_width(MOUTH_Y)) * STEP * MOUTH_COLUMN
_EYE_SPAN = tuple(float(half_width(EYE[1])) * STEP * column for column in EYE_COLUMNS)


def seam(x: Array) -> Array:
    """Height of the line where the lips meet: a hint of a smile, a small dip in the middle."""
    u = np.abs(x) / MOUTH_HALF
    return MOUTH_Y + 0.056 * np.minimum(u, 1.2) ** 2.4 - 0.010 * np.exp(-((u / 0.22) ** 2))


def lip_heights(x: Array) -> tuple[Array, Array]:
    """Height of the red of the upper and of the lower lip at x; thin, not zero, beyond the corners."""
    u = np.abs(x) / MOUTH_HALF
    open_part = np.sqrt(np.clip(1 - u**2, 0, 1))
    beyond = 0.010 + 0.07 * step(0.9, 2.2, u)
    bow = 1 - 0.17 * np.exp(-((u / 0.15) ** 2)) + 0.10 * np.exp(-(((u - 0.26) / 0.16) ** 2))
    return beyond + 0.076 * open_part**1.3 * bow, beyond + 0.098 * open_part**1.2


def _lids(x: Array, opening: float = 0.0) -> tuple[Array, Array]:
    """Heights of the lower and the upper lid's rim at rest; equal beyond the eye's corners. opening: -1..1."""
    inner, outer = _EYE_SPAN
    e = np.clip((np.abs(x) - inner) / (outer - inner), 0, 1)
    middle = EYE[1] - 0.030 + 0.034 * e
    lower = 0.098 * (4 * e * (1 - e) * (0.84 + 0.32 * e)) ** 0.72
    wider = (0.012 if opening > 0 else 0.022) * opening  # an open lid must not slide into its fold
    upper = (0.129 + wider) * (4 * e * (1 - e) * (1.10 - 0.20 * e)) ** 0.60
    return middle - lower, middle + upper


def _nose(x: Array, y: Array) -> Array:
    """Height of the nose above the face."""
    wide = profile(y, _RIDGE_WIDTH)
    ridge = profile(y, _RIDGE) * np.exp(-(np.abs(x / wide) ** 2.0))
    wings = 0.082 * both(x, y, (0.114, -0.255), (0.043, 0.044)) + 0.040 * both(x, y, (0.08, -0.19), (0.07, 0.07))
    flow = 0.045 * bump(x, y, (0, -0.19), (0.19, 0.18))  # it grows out of the cheeks
    nostrils = 0.035 * both(x, y, (0.052, -0.300), (0.028, 0.020))
    return np.asarray(ridge + wings + flow - nostrils)


def crease(x: Array, y: Array) -> Array:
    """The fold above the upper lid: a groove that follows its arc, and the skin above that hangs over it."""
    _, lid = _lids(x)
    inner, outer = _EYE_SPAN
    e = (np.abs(x) - inner) / (outer - inner)
    along = step(0.0, 0.40, e) * (1 - step(0.70, 1.10, e))
    above = y - lid - 0.060
    hood = np.exp(-(((above - 0.055) / 0.050) ** 2))
    return along * (0.022 * hood - 0.026 * np.exp(-((above / 0.017) ** 2)))


def front(x: Array, y: Array) -> Array:
    """Height z of the face over (x, y), lids included, lips not. Beyond the head's outline it stays at the
    outline's.
    """
    s = np.clip(np.abs(x) / half_width(y), 0, 1)
    facing = 1 - step(0.72, 1.0, s)
    z = profile(y, _DEPTH) * (1 - s**2.5) ** 0.4
    relief = (
        _nose(x, y)
        + 0.060 * both(x, y, (0.42, -0.28), (0.25, 0.19))  # cheeks
        + 0.072 * bump(x, y, (0, -0.90), (0.21, 0.12))  # chin
        - 0.026 * bump(x, y, (0, -0.755), (0.22, 0.055))  # the groove above it
        + 0.048 * bump(x, y, (0, MOUTH_Y + 0.03), (0.38, 0.20))  # lips stand forward
        + 0.020 * bump(x, y, (0, MOUTH_Y + 0.105), (0.22, 0.055))  # and roll out towards their borders
        + 0.012 * bump(x, y, (0, MOUTH_Y - 0.115), (0.20, 0.045))
        - 0.013 * bump(x, y, (0, -0.44), (0.030, 0.06))  # philtrum
        + 0.004 * both(x, y, (0.050, -0.45), (0.024, 0.07))  # and its ridges
        - 0.026 * both(x, y, (MOUTH_HALF + 0.03, MOUTH_Y + 0.045), (0.055, 0.07))  # corners of the mouth
        - 0.014 * both(x, y, (0.27, -0.40), (0.06, 0.12))  # fold from the nose to the mouth's corner
        - 0.070 * both(x, y, (0.190, 0.06), (0.10, 0.15))  # inner hollows of the eyes
        - 0.045 * both(x, y, (0.38, 0.05), (0.26, 0.22))
        + 0.030 * both(x, y, (0.34, 0.40), (0.28, 0.10))  # brow ridge
    )
    z = z + relief * facing
    away = np.hypot(np.abs(x) - EYE[0], y - EYE[1])
    shell = EYE[2] + np.where(
        away < LID_RADIUS, np.sqrt(np.clip(LID_RADIUS**2 - away**2, 0, None)), 2.5 * (LID_RADIUS - away)
    )
    folded = higher(z, shell, 0.03) + crease(x, y)
    # the fold does not cut into the lid where the globe is below it
    least = EYE[2] + np.sqrt(np.clip(_LEAST_LID**2 - away**2, 0, None)) - 9.0 * (away > _LEAST_LID)
    return np.asarray(np.maximum(folded, least))


# Columns of the slits' rims, without their corners.
_MOUTH = np.arange(HALF - MOUTH_COLUMN + 1, HALF + MOUTH_COLUMN, dtype=np.int32)
_LEFT_EYE = HALF + np.arange(EYE_COLUMNS[0] + 1, EYE_COLUMNS[1], dtype=np.int32)
_RIGHT_EYE = np.asarray(2 * HALF - _LEFT_EYE[::-1])


@dataclass(frozen=True)
class Skin:
    """The neutral skin and where its features lie.

    points: [N, 3]; triangles: [F, 3]; grid: [R, C] vertex of each place, of the lower rim on slits; mouth_upper,
    lids_upper: [C] vertices of the mouth's and the eyes' row once more, of the upper rim on slits; rows: numbers of the
    key rows by name; side: [N] 1 above the mouth's seam and on its upper rim, -1 below and on its lower rim, else 0.
    """

    points: Array
    triangles: Indices
    grid: Indices
    mouth_upper: Indices
    lids_upper: Indices
    rows: dict[str, int]
    side: Array

    @property
    def mouth_columns(self) -> Indices:
        """Columns of the mouth's slit without its corners."""
        return _MOUTH

    def eye_columns(self, left: bool) -> Indices:
        """Columns of an eye's slit without its corners."""
        return _LEFT_EYE if left else _RIGHT_EYE

    @property
    def corners(self) -> tuple[int, int]:
        """Vertices of the mouth's right and left corner."""
        row = self.grid[self.rows["seam"]]
        return int(row[HALF - MOUTH_COLUMN]), int(row[HALF + MOUTH_COLUMN])


def _columns() -> tuple[Array, Array]:
    """Lateral position (sine of the angle) and cosine of every column, from the back over the right side."""
    ahead = np.arcsin(STEP * np.arange(FRONT + 1))
    behind = ahead[-1] + (np.pi - ahead[-1]) * np.linspace(0, 1, BACK + 1)[1:] ** 1.35
    half = np.concatenate([ahead, behind])
    angle = np.concatenate([-half[:0:-1], half[:-1]])
    return np.sin(angle), np.cos(angle)


def _key_rows(s: Array, opening: float) -> tuple[list[tuple[str, Array]], Array]:
    """Named key rows as heights per column, bottom to top, and the lids' upper rims."""
    x_mouth, x_eye = float(half_width(MOUTH_Y)) * s, float(half_width(EYE[1])) * s
    line = seam(x_mouth)
    lip_up, lip_down = lip_heights(x_mouth)
    lid_down, lid_up = _lids(x_eye, opening)
    flat = np.zeros_like(s)
    keys = [
        ("base", flat - 2.05), ("throat", flat - 1.20), ("chin", flat - 1.03),
        ("lower_lip", line - lip_down), ("seam", line), ("upper_lip", line + lip_up),
        ("nose", flat - 0.36), ("fold", flat - 0.17), ("lids", lid_down), ("crease", np.maximum(lid_up + 0.060, 0.15)),
        ("brow", flat + 0.42), ("forehead", flat + 0.80), ("under_hair", flat + 1.05),
        ("crown", flat + 1.294),
    ]  # fmt: skip
    return keys, lid_up


_LIP_ROWS = np.array((0.0, 0.20, 0.40, 0.58, 0.74, 0.88, 1.0))
_STEPS = {
    "throat": 9, "chin": 6, "lower_lip": 7, "upper_lip": 6, "nose": 8, "fold": 8, "lids": 6, "crease": 5, "brow": 6,
    "forehead": 5, "under_hair": 3, "crown": 5,
}  # fmt: skip


def _fractions(name: str) -> Array:
    """Where the rows between a key row and the one below it lie, 0 excluded, 1 included."""
    if name == "crown":
        return np.asarray(np.sin(np.linspace(0, np.pi / 2, _STEPS[name] + 1)[1:]))
    if name == "seam":
        return _LIP_ROWS[1:]
    if name == "upper_lip":
        return (1 - _LIP_ROWS[::-1])[1:]
    return np.linspace(0, 1, _STEPS[name] + 1)[1:]


def _lip_relief(t: float, height: float) -> float:
    """Forward swell of a lip from its border (t = 0) to the seam (1): a round roll that ends vertical."""
    roll = np.sqrt(max(0.0, 1 - (max(0.0, t - 0.45) / 0.55) ** 2))
    return float(height * step(0, 0.45, t) * roll)


def head_place(s: Array, c: Array, y: Array) -> Array:
    """Points [..., 3] on the head at lateral position s, cosine c and height y."""
    x = half_width(y) * s
    behind = -profile(y, _NAPE) * np.sqrt(np.clip(1 - s**2, 0, 1))
    return np.stack([x, y, np.where(c > 0, front(x, y), behind)], -1)


def _jaw_and_neck(points: Array) -> Array:
    """Points [..., 3] with the jaw's line rising towards the ears, and the neck's muscles and larynx."""
    x, y, z = np.moveaxis(points, -1, 0)
    rise = step(-1.45, -0.98, y) * (1 - step(-0.80, -0.12, y)) * (1 - step(-0.15, 0.70, z))
    out = np.stack([x, y + 0.26 * rise, z], -1)
    down = np.clip((y + 0.95) / -0.70, 0, 1)  # 0 behind the ear, 1 at the breastbone
    near = np.exp(-(((np.abs(x) - (0.34 - 0.25 * down)) / 0.055) ** 2)) * (z > 0)
    muscle = 0.030 * near * step(-1.85, -1.55, y) * (1 - step(-1.25, -1.02, y))
    larynx = 0.030 * bump(x, y, (0, -1.33), (0.07, 0.09)) * (z > 0)
    bones = 0.045 * np.exp(-(((y + 1.72 - 0.10 * np.abs(x)) / 0.035) ** 2)) * step(0.06, 0.14, np.abs(x)) * (z > 0)
    bones -= 0.05 * bump(x, y, (0, -1.66), (0.07, 0.07)) * (z > 0)  # the notch between the collar bones
    out[..., 2] += muscle + larynx + bones * (1 - step(0.5, 0.8, np.abs(x)))
    out[..., 0] *= 1 + 0.5 * muscle
    return out


def on_skin(s: Array, c: Array, y: Array) -> Array:
    """Points [..., 3] of the skin, without lips and slits, at lateral position s, cosine c and height y."""
    return _jaw_and_neck(head_place(s, c, y))


def sculpt_skin(identity: Identity) -> Skin:
    """Build the neutral skin; of the identity it has only the opening of the lids."""
    s, c = _columns()
    heights, swell, rows, lid_up = _rows(s, c, identity.eye_opening)
    surface = head_place(s, c, heights)
    surface[..., 2] += swell
    surface = _jaw_and_neck(surface)
    grid = np.arange(heights.size, dtype=np.int32).reshape(heights.shape)
    mouth_upper, lids_upper = grid[rows["seam"]].copy(), grid[rows["lids"]].copy()
    eyes = np.concatenate([_RIGHT_EYE, _LEFT_EYE])
    mouth_upper[_MOUTH] = grid.size + np.arange(len(_MOUTH))
    lids_upper[eyes] = grid.size + len(_MOUTH) + np.arange(len(eyes))
    side = np.sign(np.arange(len(grid)) - rows["seam"])[:, None] * np.ones(len(s))
    side[rows["seam"], _MOUTH] = -1
    # the lips' rims lie on each other, the lids' rims apart; one vertex closes the crown
    top = surface[-1].mean(axis=0, keepdims=True) + np.array((0, 0.004, 0))
    rims = surface[rows["seam"], _MOUTH], head_place(s, c, lid_up)[eyes]
    points = np.concatenate([surface.reshape(-1, 3), *rims, top])
    fan = np.stack([grid[-1], np.roll(grid[-1], -1), np.full(len(s), len(points) - 1)], -1).astype(np.int32)
    return Skin(
        points,
        np.concatenate([_triangles(grid, {rows["seam"]: mouth_upper, rows["lids"]: lids_upper}), fan]),
        grid,
        mouth_upper,
        lids_upper,
        rows,
        np.concatenate([side.reshape(-1), np.ones(len(_MOUTH) + len(eyes) + 1)]),
    )


def _rows(s: Array, c: Array, opening: float) -> tuple[Array, Array, dict[str, int], Array]:
    """Heights of all rows and the lips' swell there [R, C], key rows by name, heights of the lids' upper rims [C]."""
    keys, lid_up = _key_rows(s, opening)
    u = np.abs(half_width(MOUTH_Y) * s) / MOUTH_HALF
    full = np.where(c > 0, np.clip(1 - u**2, 0, 1) ** 0.6, 0)
    heights, swell, rows = [keys[0][1]], [np.zeros(len(s))], {keys[0][0]: 0}
    for (_, below), (name, above) in pairwise(keys):
        # above an eye the rows start from its upper rim
        start = lid_up if name == "crease" else below
        for t in _fractions(name):
            heights.append(start + (above - start) * t)
            lip = {"seam": _lip_relief(t, 0.056), "upper_lip": _lip_relief(1 - t, 0.046)}.get(name, 0.0)
            swell.append(lip * full)
        rows[name] = len(heights) - 1
    return np.array(heights), np.array(swell), rows, lid_up


def _triangles(grid: Indices, upper_rims: dict[int, Indices]) -> Indices:
    """Quads between neighbouring rows, split; above a slit they hang on its upper rim."""
    strips = []
    for row in range(len(grid) - 1):
        low, high = upper_rims.get(row, grid[row]), grid[row + 1]
        a, b, d, e = low, np.roll(low, -1), high, np.roll(high, -1)
        strips += [np.stack([a, b, e], -1), np.stack([a, e, d], -1)]
    return np.concatenate(strips).astype(np.int32)
