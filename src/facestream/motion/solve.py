"""Vertices to the weights of named shapes, and back: ARKit's 52 curves out of any mesh that has those shapes.

A face is its neutral vertices plus weighted displacements, weights in 0..1. The weights of a frame minimise

    |neutral + w @ moves - vertices|^2 + sum_k s_k (ridge w_k^2 + temporal (w_k - last_k)^2)
                                       + sum_pairs symmetry s_pair (w_left - w_right)^2,

where s_k is |moves_k|^2, so that the three factors mean the same for every shape of every mesh. The normal matrix does
not depend on the frame; what is left of one is a product with an orthonormal basis of the shapes and a box-constrained
quadratic programme of K unknowns. That is solved exactly: sweeps over the coordinates let go of bounds, Cholesky steps
on what is free take them (an active-set method; J. Nocedal, S. Wright, Numerical Optimization, 2006, section 16.5).

Shapes: T frames, V vertices, K shapes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from numba import njit

from facestream.errors import MotionError
from facestream.signals import ARKIT, Floats, Motion

Reals = npt.NDArray[np.float64]
Indices = npt.NDArray[np.integer[Any]]
HEAD: tuple[str, ...] = ("headYaw", "headPitch", "headRoll")
_RANK = 1e-10  # directions of the shapes weaker than this part of the strongest, squared, are none
_CLOSE = 1e-7  # weights that no coordinate would move further than this are the minimum
_ROUNDS = 100  # never needed so far; a bound that keeps a frame from taking forever


class Shaped(Protocol):
    """A head with named shapes, such as ours or a user's model."""

    @property
    def mesh(self) -> Any:
        """What has the neutral vertices [V, 3]."""

    @property
    def shapes(self) -> tuple[str, ...]:
        """Names of its shapes."""

    def shape(self, name: str) -> Floats:
        """Displacement [V, 3] of one shape at weight 1."""


@dataclass(frozen=True)
class Blendshapes:
    """A neutral face and its shapes. neutral: [V, 3]; names: K; moves: [K, V, 3], displacements at weight 1."""

    neutral: Floats
    names: tuple[str, ...]
    moves: Floats

    def __post_init__(self) -> None:
        if self.neutral.ndim != 2 or self.neutral.shape[1] != 3:
            raise MotionError(f"a neutral face has shape {self.neutral.shape}; expected [vertices, 3]")
        if self.moves.shape != (len(self.names), *self.neutral.shape):
            raise MotionError(
                f"displacements have shape {self.moves.shape}; expected {(len(self.names), *self.neutral.shape)}, "
                "one for each name and each vertex of the neutral face"
            )
        if not (np.isfinite(self.neutral).all() and np.isfinite(self.moves).all()):
            raise MotionError("a face or one of its shapes has numbers that are not finite; export it anew")

    @classmethod
    def named(cls, neutral: Floats, shapes: Mapping[str, Floats]) -> Self:
        """From displacements [V, 3] by name."""
        moves = np.zeros((len(shapes), *neutral.shape), np.float32)
        for row, moved in zip(moves, shapes.values(), strict=True):
            if moved.shape != neutral.shape:
                raise MotionError(f"a shape has shape {moved.shape}; expected {neutral.shape}, as the neutral face")
            row[:] = moved
        return cls(np.asarray(neutral, np.float32), tuple(shapes), moves)

    @classmethod
    def of(cls, face: Shaped, names: Sequence[str] = ARKIT) -> Self:
        """Those of a face that it has among these names."""
        return cls.named(face.mesh.vertices, {name: face.shape(name) for name in names if name in face.shapes})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an .npz with `neutral` [V, 3] and, by its name, the whole face [V, 3] that each shape makes at weight 1.

        Raises MotionError if it is not that.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                faces = {name: file[name].astype(np.float32) for name in file.files}
            neutral = faces.pop("neutral")
        except FileNotFoundError:
            raise MotionError(f"there is no file of shapes '{path}'") from None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise MotionError(
                f"'{path}' holds no shapes ({error}); expected an .npz with 'neutral' and a face for each shape"
            ) from error
        return cls.named(neutral, {name: face - neutral for name, face in faces.items()})

    def pose(self, weights: Floats) -> Floats:
        """Vertices [..., V, 3] of weights [..., K]."""
        flat = np.asarray(weights, np.float32) @ self.moves.reshape(len(self.names), -1)
        return self.neutral + flat.reshape(*weights.shape[:-1], *self.neutral.shape)

    def pose_motion(self, motion: Motion) -> Floats:
        """Vertices [T, V, 3] of curves by name; shapes that the motion lacks stay still."""
        return self.pose(motion.select(self.names).values)


@dataclass(frozen=True)
class SolveConfig:
    """How weights are chosen where vertices leave a choice, as parts of each shape's own square.

    ridge: of faces that look the same, the one with the smaller weights; more than 0. temporal: the one near the last
    frame's; it steadies noise and delays. symmetry: the one whose left is as its right. From vertices with half a
    millimetre of noise on, 0.01 of both halves the error in speech (benchmarks/solve.py).
    """

    ridge: float = 1e-7
    temporal: float = 0.0
    symmetry: float = 0.0

    def __post_init__(self) -> None:
        if not (self.ridge > 0.0 and self.temporal >= 0.0 and self.symmetry >= 0.0):
            raise MotionError(f"{self} has a factor out of range; expected a ridge above 0 and none below 0")


@dataclass(frozen=True)
class Solved:
    """weights: [T, K] in 0..1; turn: [T, 3, 3] and shift: [T, 3], the rigid motion that was taken out:
    vertices = (neutral + weights @ moves) @ turn.T + shift.
    """

    weights: Floats
    turn: Floats
    shift: Floats

    def angles(self) -> Floats:
        """Yaw, pitch and roll of the rigid motion, [T, 3], as signals.py defines them."""
        r = self.turn
        yaw, pitch = np.arctan2(r[:, 0, 2], r[:, 2, 2]), np.arcsin(np.clip(-r[:, 1, 2], -1, 1))
        return np.stack([yaw, pitch, np.arctan2(r[:, 1, 0], r[:, 1, 1])], axis=1).astype(np.float32)


class Solver:
    """Vertices of one mesh to weights of its shapes, a frame or many at a time."""

    def __init__(self, shapes: Blendshapes, config: SolveConfig = SolveConfig(), steady: Indices | None = None) -> None:
        """steady: vertices that no shape moves (a scalp). By them the head's rigid motion is found and taken out;
        without them the head is taken to be still.
        """
        self.shapes, self.steady = shapes, steady
        if steady is not None and len(steady) < 3:
            raise MotionError(f"{len(steady)} vertices do not tell how a head turns; give three or more, or none")
        self._used = np.flatnonzero(shapes.moves.any(axis=(0, 2)))
        if not len(self._used):
            raise MotionError("no shape moves any vertex; expected displacements from the neutral face")
        self._rest = shapes.neutral[self._used]
        flat = shapes.moves[:, self._used].reshape(len(shapes.names), -1).astype(np.float64)
        gram = flat @ flat.T
        # By way of the basis, what rounds off cannot tell apart shapes that are the same: it has no such direction.
        values, axes = np.linalg.eigh(gram)
        kept = values > _RANK * values[-1]
        self._mix = axes[:, kept] * np.sqrt(values[kept])
        self._basis = (self._mix.T / values[kept, None] @ flat).astype(np.float32)
        self._normal, self._pull = _regularised(gram, shapes.names, config)
        self._scale = 1.0 / np.diag(self._normal)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the weights."""
        return self.shapes.names

    def __call__(self, vertices: Floats, last: Floats | None = None) -> Solved:
        """Weights of vertices [T, V, 3]. last: the weights [K] of the frame before, 0 if there was none: frames that
        come one by one, each with the weights of the one before, give what all of them give at once.
        """
        count = len(self.names)
        if vertices.ndim != 3 or vertices.shape[1:] != self.shapes.neutral.shape:
            raise MotionError(
                f"vertices have shape {vertices.shape}; expected [frames, {len(self.shapes.neutral)}, 3], "
                "the vertices of the neutral face"
            )
        if not np.isfinite(vertices).all():
            raise MotionError("vertices are not finite; leave out the frames in which the face was lost")
        weights = np.zeros(count) if last is None else np.array(last, np.float64)
        turn, shift = self._rigid(vertices)
        out = np.empty((len(vertices), count), np.float32)
        for t in range(len(vertices)):
            seen = vertices[t, self._used]
            offset = (seen if self.steady is None else (seen - shift[t]) @ turn[t]) - self._rest
            target = self._mix @ (self._basis @ offset.ravel()) + self._pull * weights
            _solve_box(self._normal, self._scale, target, weights)
            out[t] = weights
            weights[:] = out[t]  # what a caller would hand back
        return Solved(out, turn, shift)

    def motion(self, vertices: Floats, fps: float) -> Motion:
        """The same as curves by name, with the head's turning if `steady` tells it."""
        solved = self(vertices)
        if self.steady is None:
            return Motion(solved.weights, self.names, fps)
        return Motion(np.concatenate([solved.weights, solved.angles()], axis=1), (*self.names, *HEAD), fps)

    def _rigid(self, vertices: Floats) -> tuple[Floats, Floats]:
        """Rotation [T, 3, 3] and translation [T, 3] of the steady vertices (W. Kabsch, Acta Cryst. A32, 1976)."""
        if self.steady is None:
            return np.tile(np.eye(3, dtype=np.float32), (len(vertices), 1, 1)), np.zeros((len(vertices), 3), np.float32)
        seen, rest = vertices[:, self.steady].astype(np.float64), self.shapes.neutral[self.steady].astype(np.float64)
        middle, center = seen.mean(axis=1), rest.mean(axis=0)
        u, _, v = np.linalg.svd(np.swapaxes(seen - middle[:, None], 1, 2) @ (rest - center))
        u[:, :, 2] *= np.sign(np.linalg.det(u @ v))[:, None]  # a turn, not a mirror
        turn = u @ v
        return turn.astype(np.float32), (middle - center @ np.swapaxes(turn, 1, 2)).astype(np.float32)


def _regularised(gram: Reals, names: Sequence[str], config: SolveConfig) -> tuple[Reals, Reals]:
    """The normal matrix [K, K] of shapes with these products, and what pulls each weight to its last value, [K]."""
    normal, sizes = gram.copy(), np.diag(gram)
    sizes = np.where(sizes > 0.0, sizes, sizes.mean())  # a shape that moves nothing is held at 0, too
    pull = config.temporal * sizes
    normal += np.diag(config.ridge * sizes + pull)
    for left, right in _pairs(names):
        opposed = np.zeros(len(normal))
        opposed[left], opposed[right] = 1.0, -1.0
        normal += config.symmetry * 0.5 * (sizes[left] + sizes[right]) * np.outer(opposed, opposed)
    return normal, pull


def _pairs(names: Sequence[str]) -> list[tuple[int, int]]:
    """Positions of each left shape and its right one; those that point to a side (jawLeft, mouthLeft) are no pair."""
    rows = {name: row for row, name in enumerate(names)}
    sided = [name for name in names if name.endswith("Left") and name not in ("jawLeft", "mouthLeft")]
    mirrored = [(name, name.removesuffix("Left") + "Right") for name in sided]
    return [(rows[left], rows[right]) for left, right in mirrored if right in rows]


@njit(cache=True, nogil=True)
def _solve_box(normal, scale, target, w):  # type: ignore[no-untyped-def]
    """Minimise w' normal w / 2 - target' w over 0 <= w <= 1, from w, in place. scale: [K] one over the diagonal."""
    count = len(w)
    slope = normal @ w - target
    for _ in range(_ROUNDS):
        furthest = 0.0
        for k in range(count):
            step = min(max(w[k] - slope[k] * scale[k], 0.0), 1.0) - w[k]
            if step != 0.0:
                w[k] += step
                slope += step * normal[k]
                furthest = max(furthest, abs(step))
        if furthest < _CLOSE:
            return
        _settle(normal, target, w)
        slope = normal @ w - target


@njit(cache=True, nogil=True)
def _settle(normal, target, w):  # type: ignore[no-untyped-def]
    """Go to the minimum over the weights that are between the bounds, holding what reaches one, in place."""
    count = len(w)
    free = np.empty(count, np.int64)
    low = np.empty((count, count))
    step = np.empty(count)
    while True:
        slope = normal @ w - target
        n = 0
        for k in range(count):
            if 0.0 < w[k] < 1.0:
                free[n] = k
                n += 1
        for i in range(n):  # Cholesky, then both triangles
            for j in range(i + 1):
                total = normal[free[i], free[j]]
                for k in range(j):
                    total -= low[i, k] * low[j, k]
                low[i, j] = np.sqrt(total) if i == j else total / low[j, j]
            total = -slope[free[i]]
            for k in range(i):
                total -= low[i, k] * step[k]
            step[i] = total / low[i, i]
        share = 1.0
        for i in range(n - 1, -1, -1):
            for k in range(i + 1, n):
                step[i] -= low[k, i] * step[k]
            step[i] /= low[i, i]
            room = (1.0 if step[i] > 0.0 else 0.0) - w[free[i]]
            if abs(step[i]) > abs(room):
                share = min(share, room / step[i])
        held = False
        for i in range(n):
            k = free[i]
            w[k] += share * step[i]
            if w[k] < 1e-12:
                w[k], held = 0.0, True
            elif w[k] > 1.0 - 1e-12:
                w[k], held = 1.0, True
        if share == 1.0 or not held:
            return
