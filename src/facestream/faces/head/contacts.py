"""What keeps skin from passing through skin or eyes: lips and lids push each other apart, lids slide on the eyeballs.

These act on posed vertices, after the shapes are summed and before eyes and head turn.
Shapes: V vertices of the head, n vertices along a rim, k rows that give way with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from facestream.faces.head.eyes import LASH_RINGS
from facestream.faces.head.forms import step
from facestream.faces.head.lids import Lids, eye_center
from facestream.faces.head.mouth import seam_loop
from facestream.faces.head.skin import EYE_RADIUS, Skin
from facestream.faces.mesh import Floats, Indices

HELD_GAP = np.float32(0.055)  # firmly shut lips close gaps up to this height
TOUCH = np.float32(0.02)  # lips nearer than this begin to take each other along


@dataclass(frozen=True)
class Slit:
    """Two rims that may touch but not cross.

    lower, upper: [k, n] vertices, the rims in the first row, then what gives way behind them; give: [k] by how much.
    """

    lower: Indices
    upper: Indices
    give: Floats

    def push_apart(self, vertices: Floats) -> None:
        """Push crossed rims apart, half each, in place."""
        cross = vertices[self.lower[0], 1] - vertices[self.upper[0], 1]
        if cross.max() > 0:
            self._share(np.maximum(cross, 0), 1, vertices)

    def hold_together(self, firmness: float, vertices: Floats) -> None:
        """Rims that touch meet in depth too, in place. Firmness, 0..1: so much of a small gap is closed before."""
        apart = vertices[self.upper[0]] - vertices[self.lower[0]]
        held = np.float32(firmness) * np.minimum(apart[:, 1], HELD_GAP)
        if firmness > 0:
            self._share(-held, 1, vertices)
        touch = np.maximum(1 - (apart[:, 1] - held) / TOUCH, 0)
        self._share(-touch * apart[:, 2], 2, vertices)

    def _share(self, way: Floats, axis: int, vertices: Floats) -> None:
        """The upper rim goes half of `way` [n] up an axis, the lower rim half of it down."""
        _move_rows(self.upper, self.give, 0.5 * way, axis, vertices)
        _move_rows(self.lower, self.give, -0.5 * way, axis, vertices)


@njit(cache=True, nogil=True)
def _move_rows(rows, give, way, axis, vertices):  # type: ignore[no-untyped-def]
    """Move the vertices of rows [k, n] along an axis by way [n], each row by its share give [k], in place."""
    for k in range(rows.shape[0]):
        for n in range(rows.shape[1]):
            vertices[rows[k, n], axis] += give[k] * way[n]


@dataclass(frozen=True)
class Globe:
    """One eyeball: its vertices `ball` turn about its centre; the lids' vertices [n] stay `reach` [n] from it or
    more.
    """

    center: Floats
    ball: Indices
    lids: Indices
    reach: Floats

    def cover(self, vertices: Floats) -> None:
        """Keep the lids outside the globe, in place."""
        away = vertices[self.lids] - self.center
        distance = np.sqrt(np.einsum("ni,ni->n", away, away))
        vertices[self.lids] += away * np.maximum(self.reach / distance - 1, 0)[:, None]

    def turn(self, vertices: Floats, rotation: Floats) -> None:
        """Turn the eyeball by a rotation matrix, in place."""
        vertices[self.ball] = (vertices[self.ball] - self.center) @ rotation.T + self.center


def lips_slit(skin: Skin, cavity_start: int) -> Slit:
    """The mouth's slit: seam, red, skin beside it, and the cavity's first rings."""
    columns, seam = skin.mouth_columns, skin.rows["seam"]
    loop = seam_loop(skin)
    count, ring = len(columns), len(loop)
    upper_at, lower_at = 1 + np.arange(count), ring - 1 - np.arange(count)
    upper = [skin.mouth_upper[columns], *(skin.grid[seam + k, columns] for k in range(1, 9))]
    lower = [skin.grid[seam - k, columns] for k in range(9)]
    for k in range(3):
        upper.append(cavity_start + k * ring + upper_at)
        lower.append(cavity_start + k * ring + lower_at)
    give = np.concatenate([1 - step(5, 9, np.arange(9)), (1, 1, 0.7)])
    return Slit(np.array(lower, np.int32), np.array(upper, np.int32), give.astype(np.float32))


def lid_slit(lids: Lids, left: bool, lash_start: int) -> Slit:
    """One eye's slit: rims, lids, and the lash line."""
    skin = lids.skin
    columns, row = skin.eye_columns(left), skin.rows["lids"]
    count, ring = len(columns), len(lids.rim(left))
    lower_at, upper_at = 1 + np.arange(count), ring - 1 - np.arange(count)
    upper = [
        skin.lids_upper[columns],
        *(skin.grid[row + k, columns] for k in (1, 2, 3)),
        *(lash_start + k * ring + upper_at for k in range(LASH_RINGS)),
    ]
    lower = [
        *(skin.grid[row - k, columns] for k in range(4)),
        *(lash_start + k * ring + lower_at for k in range(LASH_RINGS)),
    ]
    give = np.array((1, 0.7, 0.4, 0.15, *(1,) * LASH_RINGS), np.float32)
    return Slit(np.array(lower, np.int32), np.array(upper, np.int32), give)


def globe(lids: Lids, left: bool, ball: Indices, lash_start: int) -> Globe:
    """One eyeball with the vertices of lids and lashes that slide over it."""
    skin, columns = lids.skin, lids.skin.eye_columns(left)
    rows = range(skin.rows["fold"], skin.rows["crease"] + 2)
    ring = len(lids.rim(left))
    own = np.concatenate([*(skin.grid[row, columns] for row in rows), skin.lids_upper[columns]])
    lash = lash_start + np.arange(LASH_RINGS * ring)
    # lids, then the lash line's outer, front and inner ring, in radii of the eyeball
    reach = np.repeat((1.038, 1.06, 1.08, 0.985), (len(own), ring, ring, ring)) * EYE_RADIUS
    return Globe(
        eye_center(left).astype(np.float32),
        ball,
        np.concatenate([own, lash]).astype(np.int32),
        reach.astype(np.float32),
    )
