"""The head: weights in, vertices out.

A pose is the neutral mesh plus the weighted displacements of the shapes in use; then, in this order: crossed lips and lids are
pushed apart, lids are kept outside the eyeballs, eyeballs turn, the head turns on its neck. Shapes at weight 0 cost nothing.

The mesh is sculpted when it is loaded; no file belongs to it.

Shapes: C channels, V vertices, M moved vertices of all shapes one after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit

from facestream.errors import MotionError
from facestream.faces.head.dress import brow, ears, hair, shirt
from facestream.faces.head.expressions import Face, skin_shapes
from facestream.faces.head.eyes import eyeball, lash_line
from facestream.faces.head.forms import step, turn
from facestream.faces.head.lids import Lids, eye_center
from facestream.faces.head.mouth import cavity, seam_loop, teeth, tongue
from facestream.faces.head.paint import paint_skin
from facestream.faces.head.part import Part, neck_share, painted
from facestream.faces.head.skin import EYE_RADIUS, HALF, Skin, sculpt_skin
from facestream.faces.mesh import Floats, Indices, Mesh
from facestream.signals import ARKIT, FACE, TONGUE

NECK_PIVOT = np.array((0.0, -0.90, -0.12), np.float32)
_LEAST = 2e-5  # displacements below this (2 micrometres) are left out


@dataclass(frozen=True)
class Slit:
    """Two rims that may touch but not cross. lower, upper: [k, n], the rims first, then what gives way behind them by `give` [k]."""

    lower: Indices
    upper: Indices
    give: Floats

    def part(self, vertices: Floats) -> None:
        """Push crossed rims apart, half each, in place."""
        cross = vertices[self.lower[0], 1] - vertices[self.upper[0], 1]
        if cross.max() <= 0:
            return
        half = 0.5 * np.maximum(cross, 0) * self.give[:, None]
        vertices[self.lower, 1] -= half
        vertices[self.upper, 1] += half


@dataclass(frozen=True)
class Globe:
    """One eyeball: its vertices turn about its centre; the lids' vertices stay `reach` [n] or more from it."""

    center: Floats
    ball: slice
    lids: Indices
    reach: Floats

    def cover(self, vertices: Floats) -> None:
        """Keep the lids outside the globe, in place."""
        away = vertices[self.lids] - self.center
        distance = np.sqrt(np.einsum("ni,ni->n", away, away))
        vertices[self.lids] += away * np.maximum(self.reach / distance - 1, 0)[:, None]


@njit(cache=True, nogil=True)
def _add_shapes(values, starts, ends, indices, moves, out):  # type: ignore[no-untyped-def]
    """Add each used shape's displacements, out [V, 3] in place. starts, ends: [C], ranges of indices [M] and moves [M, 3]."""
    for c in range(values.shape[0]):
        weight = values[c]
        if weight != 0.0:
            for m in range(starts[c], ends[c]):
                v = indices[m]
                out[v, 0] += weight * moves[m, 0]
                out[v, 1] += weight * moves[m, 1]
                out[v, 2] += weight * moves[m, 2]


@dataclass(frozen=True)
class Head:
    """Our character. mesh: neutral; vertex_sets: named vertices for measuring; the rest is what `bind` needs."""

    mesh: Mesh
    vertex_sets: dict[str, Indices]
    _ranges: dict[str, tuple[int, int]]
    _indices: Indices
    _moves: Floats
    _turns: Floats
    _slits: tuple[Slit, ...]
    _globes: tuple[Globe, Globe]

    @classmethod
    def load(cls) -> Head:
        """Sculpt the head (once a process; it is never changed)."""
        return _sculpt()

    @property
    def shapes(self) -> tuple[str, ...]:
        """Names of the shapes: ARKit's 52 and the 16 of the tongue."""
        return ARKIT + TONGUE

    def shape(self, name: str) -> Floats:
        """Displacement of all vertices at weight 1 of one shape, [V, 3], before lips, lids and joints have their say."""
        moved = np.zeros_like(self.mesh.vertices)
        start, end = self._ranges[name]
        moved[self._indices[start:end]] = self._moves[start:end]
        return moved

    def bind(self, channels: Sequence[str]) -> Poser:
        """A function from values of these channels, in this order, to vertices. Raises MotionError for unknown channels."""
        return Poser(self, tuple(channels))

    def pose(self, values: npt.ArrayLike, channels: Sequence[str]) -> Floats:
        """Vertices [V, 3] for values [C] of named channels; channels that are missing are 0."""
        return self.bind(channels)(np.asarray(values, np.float32))


class Poser:
    """Values of fixed channels to vertices."""

    def __init__(self, head: Head, channels: tuple[str, ...]) -> None:
        unknown = [name for name in channels if name not in FACE]
        if unknown or len(set(channels)) != len(channels):
            raise MotionError(
                f"the head has no channel {', '.join(unknown)}; it knows ARKit's 52 shapes, the 16 tongue shapes, and the rotations of signals.FACE"
                if unknown
                else "a channel is named twice; give each once"
            )
        self.head, self.channels = head, channels
        ranges = np.array([head._ranges.get(name, (0, 0)) for name in channels], np.int64).reshape(-1, 2)
        self._starts, self._ends = np.ascontiguousarray(ranges[:, 0]), np.ascontiguousarray(ranges[:, 1])
        self._turning = {
            joint: [
                channels.index(joint + axis) if joint + axis in channels else -1 for axis in ("Yaw", "Pitch", "Roll")
            ]
            for joint in ("head", "leftEye", "rightEye")
        }

    def __call__(self, values: Floats) -> Floats:
        """Vertices [V, 3] of values [C]. Raises MotionError if there are not C finite numbers."""
        if values.shape != (len(self.channels),) or not np.isfinite(values).all():
            raise MotionError(
                f"a pose has shape {values.shape}; expected {len(self.channels)} finite numbers, one a channel"
            )
        head = self.head
        out = head.mesh.vertices.copy()
        _add_shapes(np.ascontiguousarray(values, np.float32), self._starts, self._ends, head._indices, head._moves, out)
        for slit in head._slits:
            slit.part(out)
        for joint, globe in zip(("leftEye", "rightEye"), head._globes, strict=True):
            globe.cover(out)
            rotation = self._rotation(joint, values)
            if rotation is not None:
                out[globe.ball] = (out[globe.ball] - globe.center) @ rotation.T + globe.center
        rotation = self._rotation("head", values)
        if rotation is not None:
            away = out - NECK_PIVOT
            out += head._turns[:, None] * (away @ (rotation.T - np.eye(3, dtype=np.float32)))
        return out

    def _rotation(self, joint: str, values: Floats) -> Floats | None:
        angles = [float(values[column]) if column >= 0 else 0.0 for column in self._turning[joint]]
        return turn(*angles) if any(angles) else None


def lip_gap(vertices: Floats) -> float:
    """Distance between the lips' middles, in widths of the mouth at rest; 0 is closed. vertices: [V, 3] of a pose."""
    head = Head.load()
    sets, rest = head.vertex_sets, head.mesh.vertices
    upper, lower = (vertices[sets[name]].mean(axis=0) for name in ("lips_upper_mid", "lips_lower_mid"))
    left, right = (rest[sets[name]].mean(axis=0) for name in ("mouth_corner_left", "mouth_corner_right"))
    return float(np.linalg.norm(upper - lower) / np.linalg.norm(left - right))


@cache
def _sculpt() -> Head:
    skin = sculpt_skin()
    lids = Lids(skin)
    moves = skin_shapes(Face.at(skin.points, skin.side)) | lids.shapes()
    mouth_moves = {name: moved for name, moved in moves.items() if not name.startswith(("eye", "brow"))}
    color, gloss, shade = paint_skin(skin)
    parts = [
        Part(painted(skin.points, skin.triangles, color, gloss, shade), moves, neck_share(skin.points[:, 1])),
        cavity(skin, mouth_moves),
        teeth(skin, True), teeth(skin, False), tongue(skin),
        eyeball(True), eyeball(False), lash_line(lids, True, moves), lash_line(lids, False, moves),
        brow(True), brow(False), ears(), hair(), shirt(),
    ]  # fmt: skip
    starts = np.cumsum([0, *(len(part.mesh.vertices) for part in parts)])
    ranges, indices, displacements = _gather(parts, starts)
    turns = np.concatenate(
        [np.broadcast_to(np.asarray(part.turns, np.float32), len(part.mesh.vertices)) for part in parts]
    )
    cavity_start, ball_left, ball_right, lash_left, lash_right = starts[[1, 5, 6, 7, 8]]
    globes = tuple(
        _globe(lids, left, slice(int(ball), int(ball) + len(parts[5].mesh.vertices)), int(lash))
        for left, ball, lash in ((True, ball_left, lash_left), (False, ball_right, lash_right))
    )
    return Head(
        Mesh.joined([part.mesh for part in parts]),
        _vertex_sets(skin) | _whole_parts(parts, starts),
        ranges,
        indices,
        displacements,
        turns,
        (
            _lips(skin, int(cavity_start)),
            _lid_slit(skin, lids, True, int(lash_left)),
            _lid_slit(skin, lids, False, int(lash_right)),
        ),
        globes,  # type: ignore[arg-type]
    )


def _gather(parts: Sequence[Part], starts: npt.NDArray[np.int64]) -> tuple[dict[str, tuple[int, int]], Indices, Floats]:
    """All parts' displacements, shape after shape: ranges by name, vertex indices [M], moves [M, 3]."""
    ranges, indices, moves, count = {}, [], [], 0
    for name in ARKIT + TONGUE:
        first = count
        for part, start in zip(parts, starts, strict=False):
            moved = part.shapes.get(name)
            if moved is not None:
                used = np.flatnonzero(np.abs(moved).max(axis=1) > _LEAST)
                indices.append(used + start)
                moves.append(moved[used])
                count += len(used)
        ranges[name] = (first, count)
    return ranges, np.concatenate(indices).astype(np.int32), np.concatenate(moves).astype(np.float32)


def _vertex_sets(skin: Skin) -> dict[str, Indices]:
    """Vertices by name, for measuring."""
    row, columns = skin.grid[skin.rows["seam"]], skin.mouth_columns
    right, left = skin.corners
    return {
        "lips_upper": skin.mouth_upper[columns],
        "lips_lower": row[columns],
        "lips_upper_mid": skin.mouth_upper[HALF - 1 : HALF + 2],
        "lips_lower_mid": row[HALF - 1 : HALF + 2],
        "mouth_corner_left": np.array([left], np.int32),
        "mouth_corner_right": np.array([right], np.int32),
        "chin": skin.grid[skin.rows["chin"], HALF : HALF + 1],
        **{
            f"lid_{place}_{name}": rim[skin.eye_columns(left)]
            for left, name in ((True, "left"), (False, "right"))
            for place, rim in (("upper", skin.lids_upper), ("lower", skin.grid[skin.rows["lids"]]))
        },
    }


def _whole_parts(parts: Sequence[Part], starts: npt.NDArray[np.int64]) -> dict[str, Indices]:
    """Vertices of the parts that have names."""
    names = {2: "teeth_upper", 3: "teeth_lower", 4: "tongue", 5: "eye_left", 6: "eye_right"}
    return {name: np.arange(starts[k], starts[k + 1], dtype=np.int32) for k, name in names.items()}


def _lips(skin: Skin, cavity_start: int) -> Slit:
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


def _lid_slit(skin: Skin, lids: Lids, left: bool, lash_start: int) -> Slit:
    """One eye's slit: rims, lids, and the lash line."""
    columns, row = skin.eye_columns(left), skin.rows["lids"]
    count, ring = len(columns), len(lids.rim(left))
    lower_at, upper_at = 1 + np.arange(count), ring - 1 - np.arange(count)
    upper = [
        skin.lids_upper[columns],
        *(skin.grid[row + k, columns] for k in (1, 2, 3)),
        *(lash_start + k * ring + upper_at for k in range(3)),
    ]
    lower = [*(skin.grid[row - k, columns] for k in range(4)), *(lash_start + k * ring + lower_at for k in range(3))]
    return Slit(
        np.array(lower, np.int32), np.array(upper, np.int32), np.array((1, 0.7, 0.4, 0.15, 1, 1, 1), np.float32)
    )


def _globe(lids: Lids, left: bool, ball: slice, lash_start: int) -> Globe:
    """One eyeball with the lid vertices that slide over it; each keeps at least its distance at rest, up to the lids' own."""
    skin, columns = lids.skin, lids.skin.eye_columns(left)
    rows = range(skin.rows["fold"], skin.rows["crease"] + 2)
    ring = len(lids.rim(left))
    own = np.concatenate([*(skin.grid[row, columns] for row in rows), skin.lids_upper[columns]])
    reach = np.full(len(own), 1.035 * EYE_RADIUS)
    lash = lash_start + np.arange(3 * ring)
    reaches = np.concatenate(
        [reach, np.full(ring, 1.06 * EYE_RADIUS), np.full(ring, 1.08 * EYE_RADIUS), np.full(ring, 0.985 * EYE_RADIUS)]
    )
    return Globe(
        eye_center(left).astype(np.float32),
        ball,
        np.concatenate([own, lash]).astype(np.int32),
        reaches.astype(np.float32),
    )
