"""Between a face's curves and a portrait's keypoints, both ways.

Shapes: T frames, C channels, E = 63 numbers of expression.

Forth, an expression is a sum of what each shape does to the points. Back, it is the likeliest face under the
expression: with the mean m and covariance S of a speaking face's curves and shapes D, curves are
m + S D (Dᵀ S D + noise)⁻¹ (expression - m D), which is linear. What the points cannot tell apart comes back as it
usually is; the tongue and the gaze's finer shapes are lost. recipes/fit_keypoints.py fits both and says how well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from facestream.errors import MotionError
from facestream.motion.keypoints import EXPRESSION, KEYPOINTS, Keypoints, head_angles, head_rotation
from facestream.signals import FACE, ROTATIONS, Floats, Motion

HEAD = ("headYaw", "headPitch", "headRoll")
SHAPES: tuple[str, ...] = tuple(name for name in FACE if name not in ROTATIONS)  # what an expression is made of


@dataclass(frozen=True)
class KeypointMap:
    """shapes: [S, 63], what each of SHAPES at 1 does to the points, beside a face at rest; mean: [S], the usual
    curves; back: [63, S], curves beside the mean for an expression beside the mean's."""

    shapes: Floats
    mean: Floats
    back: Floats

    def keypoints(self, motion: Motion) -> Keypoints:
        """The motion of a portrait that is at rest when the face is. Channels are taken by name; the head turns, but
        does not leave its place."""
        curves = motion.select(SHAPES).values
        return Keypoints(
            (curves @ self.shapes).reshape(-1, KEYPOINTS, 3),
            head_rotation(*motion.select(HEAD).values.T),
            np.zeros((len(motion), 3), np.float32),
            motion.fps,
        )

    def curves(self, keypoints: Keypoints) -> Motion:
        """The likeliest face under a motion since its portrait's rest, in FACE's channels."""
        offset = keypoints.expression.reshape(-1, EXPRESSION) - self.mean @ self.shapes
        values = np.zeros((len(keypoints), len(FACE)), np.float32)
        values[:, [FACE.index(name) for name in SHAPES]] = np.clip(self.mean + offset @ self.back, 0.0, 1.0)
        values[:, [FACE.index(name) for name in HEAD]] = head_angles(keypoints.rotation)
        return Motion(values, FACE, keypoints.fps)

    def save(self, path: Path) -> None:
        """Write to a .npz."""
        np.savez(path, names=np.array(SHAPES), shapes=self.shapes, mean=self.mean, back=self.back)

    @classmethod
    def read(cls, path: Path) -> KeypointMap:
        """Read what `save` wrote, by the names of its shapes. Raises MotionError if one is missing."""
        with np.load(path, allow_pickle=False) as file:
            names = [str(name) for name in file["names"]]
            missing = [name for name in SHAPES if name not in names]
            if missing:
                raise MotionError(f"{path} lacks {', '.join(missing)}; fit it again with recipes/fit_keypoints.py")
            rows = [names.index(name) for name in SHAPES]
            return cls(file["shapes"][rows], file["mean"][rows], file["back"][:, rows])


def likeliest(shapes: Floats, curves: Floats, noise: float) -> tuple[Floats, Floats]:
    """Mean [S] and way back [63, S] for shapes [S, 63], from curves [N, S] of a speaking face; noise: deviation of what
    the shapes leave unexplained, in an expression's units."""
    mean = curves.mean(0)
    spread = np.cov(curves.T).astype(np.float64)
    seen = shapes.T @ spread @ shapes + noise**2 * np.eye(EXPRESSION)
    return mean, np.linalg.solve(seen, shapes.T @ spread).astype(np.float32)


@cache
def load_map() -> KeypointMap:
    """The map that comes with the package."""
    with as_file(files("facestream") / "assets" / "keypoints.npz") as path:
        return KeypointMap.read(path)
