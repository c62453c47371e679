"""Implicit keypoints: the motion of a portrait, 25 vectors a frame.

Shapes: T frames, K = 21 keypoints, rows are points (x right, y down in the picture, z into it).

LivePortrait (Guo et al. 2024) moves a portrait by 21 keypoints that its networks found by themselves:
x = scale · (canonical @ R + expression) + translation, of whose translation only x and y count. Canonical points and
scale belong to the portrait; expression, R and translation are the motion, Teller's 75 numbers (section "motion").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facestream.errors import MotionError
from facestream.signals import Floats

KEYPOINTS = 21
LIPS: tuple[int, ...] = (6, 12, 14, 17, 19, 20)  # what the points do, as LivePortrait's retargeting uses them
EYES: tuple[int, ...] = (11, 13, 15, 16, 18)
BROWS: tuple[int, ...] = (1, 2)
EXPRESSION = 3 * KEYPOINTS  # numbers of an expression
NUMBERS = EXPRESSION + 9 + 3  # with the rotation's three rows, and translation
TURN = np.diag(np.array([1.0, -1.0, -1.0], np.float32))  # the face's own axes (signals.py) ↔ the picture's


@dataclass(frozen=True)
class Keypoints:
    """Motion of a portrait's keypoints.

    expression: [T, 21, 3]; rotation: [T, 3, 3], for points as rows; translation: [T, 3]; fps: frames a second.
    """

    expression: Floats
    rotation: Floats
    translation: Floats
    fps: float = 25.0

    def __post_init__(self) -> None:
        frames = len(self.expression)
        for name, tail in (("expression", (KEYPOINTS, 3)), ("rotation", (3, 3)), ("translation", (3,))):
            shape = getattr(self, name).shape
            if shape != (frames, *tail):
                raise MotionError(f"the keypoints' {name} has shape {list(shape)}; expected {[frames, *tail]}")

    def __len__(self) -> int:
        return len(self.expression)

    def __getitem__(self, frames: slice) -> Keypoints:
        """Some of the frames."""
        return Keypoints(self.expression[frames], self.rotation[frames], self.translation[frames], self.fps)

    def pack(self) -> Floats:
        """All numbers of a frame as one row, [T, 75]: expression, rotation row by row, translation."""
        frames = len(self)
        parts = (self.expression, self.rotation, self.translation)
        return np.concatenate([part.reshape(frames, -1) for part in parts], 1).astype(np.float32)

    @classmethod
    def unpack(cls, rows: Floats, fps: float = 25.0) -> Keypoints:
        """The inverse of `pack`. What stands for a rotation is made one: the nearest, by its singular vectors."""
        if rows.ndim != 2 or rows.shape[1] != NUMBERS:
            raise MotionError(f"rows of keypoints have shape {list(rows.shape)}; expected [frames, {NUMBERS}]")
        expression, rotation, translation = np.split(rows, (EXPRESSION, EXPRESSION + 9), 1)
        return cls(expression.reshape(-1, KEYPOINTS, 3), nearest_rotation(rotation.reshape(-1, 3, 3)), translation, fps)

    def place(self, canonical: Floats, scale: float) -> Floats:
        """Where the points of a portrait lie, [T, 21, 3]: its canonical points [21, 3], moved.

        As LivePortrait does it: the translation's z is left out.
        """
        placed = scale * (canonical @ self.rotation + self.expression)
        placed[:, :, :2] += self.translation[:, None, :2]
        return np.asarray(placed, np.float32)

    def since(self, first: Keypoints) -> Keypoints:
        """The motion since a reference frame (`first`, one frame): what is left is free of who it is."""
        return Keypoints(
            self.expression - first.expression,
            self.rotation @ first.rotation.transpose(0, 2, 1),
            self.translation - first.translation,
            self.fps,
        )

    def upon(self, source: Keypoints) -> Keypoints:
        """A motion `since` its reference, upon a portrait's own (one frame): LivePortrait's relative driving."""
        return Keypoints(
            self.expression + source.expression,
            self.rotation @ source.rotation,
            self.translation + source.translation,
            self.fps,
        )

    def at(self, times: Floats) -> Keypoints:
        """The motion at other instants, in frames from the first ([N], 0 … T - 1).

        Lines between frames; rotations turn evenly (slerp).
        """
        if len(times) and not (times.min() >= 0 and times.max() <= len(self) - 1 + 1e-6):
            raise MotionError(
                f"instants {times.min():.3f} … {times.max():.3f} lie outside the motion; expected 0 … {len(self) - 1}"
            )
        before = np.minimum(times.astype(int), max(len(self) - 2, 0))
        after = np.minimum(before + 1, len(self) - 1)
        share = (times - before).astype(np.float32)[:, None, None]
        turn = log_rotation(self.rotation[after] @ self.rotation[before].transpose(0, 2, 1))
        return Keypoints(
            self.expression[before] * (1 - share) + self.expression[after] * share,
            (exp_rotation(turn * share[:, 0]) @ self.rotation[before]).astype(np.float32),
            self.translation[before] * (1 - share[:, 0]) + self.translation[after] * share[:, 0],
            self.fps,
        )

    def resampled(self, fps: float) -> Keypoints:
        """The same motion at another frame rate, for as long as both have frames."""
        frames = int((len(self) - 1) * fps / self.fps + 1e-6) + 1 if len(self) else 0
        moved = self.at(np.arange(frames) * (self.fps / fps))
        return Keypoints(moved.expression, moved.rotation, moved.translation, fps)


def degrees(bins: Floats) -> Floats:
    """Angles [...] in degrees from scores of 66 bins of 3 degrees [..., 66], as LivePortrait's motion extractor
    gives them: the mean under their softmax, from -97.5.
    """
    weights = np.exp(bins - bins.max(-1, keepdims=True))
    share = weights / weights.sum(-1, keepdims=True)
    return np.asarray(share @ np.arange(bins.shape[-1]) * 3.0 - 97.5, np.float32)


def rotation(pitch: Floats, yaw: Floats, roll: Floats) -> Floats:
    """Rotations [T, 3, 3] for points as rows, from angles [T] in radians: (Rz(roll) Ry(yaw) Rx(pitch)) transposed."""
    turned = _about(2, roll) @ _about(1, yaw) @ _about(0, pitch)
    return np.asarray(turned.transpose(0, 2, 1), np.float32)


def head_rotation(yaw: Floats, pitch: Floats, roll: Floats) -> Floats:
    """Rotations [T, 3, 3] for points as rows, from a head's turn [T] in the face's own axes (signals.py)."""
    turned = TURN @ _about(1, yaw) @ _about(0, pitch) @ _about(2, roll) @ TURN
    return np.asarray(turned.transpose(0, 2, 1), np.float32)


def head_angles(rows: Floats) -> Floats:
    """Yaw, pitch, roll [T, 3] of the head in its own axes: the inverse of `head_rotation`."""
    turned = TURN @ rows.transpose(0, 2, 1) @ TURN  # Ry(yaw) Rx(pitch) Rz(roll)
    pitch = np.arcsin(np.clip(-turned[:, 1, 2], -1, 1))
    yaw = np.arctan2(turned[:, 0, 2], turned[:, 2, 2])
    roll = np.arctan2(turned[:, 1, 0], turned[:, 1, 1])
    return np.stack((yaw, pitch, roll), 1).astype(np.float32)


def nearest_rotation(matrices: Floats) -> Floats:
    """The rotations [T, 3, 3] nearest to matrices [T, 3, 3] (orthogonal Procrustes; never a mirror)."""
    left, _, right = np.linalg.svd(matrices.astype(np.float64))
    left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
    return np.asarray(left @ right, np.float32)


def log_rotation(turns: Floats) -> Floats:
    """Axis times angle [T, 3] of rotations [T, 3, 3] of less than half a turn."""
    skew = np.stack(
        (turns[:, 2, 1] - turns[:, 1, 2], turns[:, 0, 2] - turns[:, 2, 0], turns[:, 1, 0] - turns[:, 0, 1]), 1
    )
    sine = np.linalg.norm(skew, axis=1, keepdims=True) / 2
    cosine = (np.trace(turns, axis1=1, axis2=2)[:, None] - 1) / 2
    angle = np.arctan2(sine, cosine)
    return np.asarray(skew / 2 * np.where(sine > 1e-6, angle / np.maximum(sine, 1e-6), 1.0), np.float32)


def exp_rotation(turns: Floats) -> Floats:
    """Rotations [T, 3, 3] about axes times angles [T, 3] (Rodrigues' formula)."""
    angle = np.linalg.norm(turns, axis=1)[:, None, None].astype(np.float64)
    x, y, z = turns.T.astype(np.float64)
    none = np.zeros_like(x)
    cross = np.stack((none, -z, y, z, none, -x, -y, x, none), 1).reshape(-1, 3, 3)
    first = np.sinc(angle / np.pi)  # sin(a) / a
    second = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2  # (1 - cos(a)) / a²
    return np.asarray(np.eye(3) + first * cross + second * cross @ cross, np.float32)


def _about(axis: int, angles: Floats) -> Floats:
    turn = np.zeros((len(angles), 3), np.float32)
    turn[:, axis] = angles
    return exp_rotation(turn)
