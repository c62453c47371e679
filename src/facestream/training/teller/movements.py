"""What the tokenizer learns from: portrait motion of every kind that it may meet.

Shapes: W windows, T frames at 20 a second, N = 75 numbers, E = 63 of them of expression.

Speech from a corpus moves as rules and a map of 52 shapes say; real faces move in more ways, and tokens must carry
those too. So windows of the corpus are mixed with motion of real clips, and both with smooth noise that is shaped as
those clips' expressions are, faces at rest elsewhere, heads turned and shifted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from facestream.motion.keypoint_map import load_map
from facestream.motion.keypoints import EXPRESSION, NUMBERS, Keypoints, exp_rotation
from facestream.motion.spaces import seal_lips
from facestream.signals import FACE, Floats, Motion
from facestream.training.features import Features

FPS = 20.0
BANK = 2000  # courses of smooth noise to draw from


@dataclass(frozen=True)
class MovementConfig:
    """windows, frames: of a batch; real: share of windows from real clips; noisy: share of the others that are noise
    alone; items: how many utterances of the corpus are kept at hand; wild: most of the noise, in deviations of the real
    clips; rest: most of a face at rest elsewhere, likewise; turn, shift: deviation of the head's turns (radians) and of
    its place."""

    windows: int = 64
    frames: int = 32
    real: float = 0.15
    noisy: float = 0.35
    items: int = 1500
    wild: float = 0.9
    rest: float = 0.7
    turn: float = 0.06
    shift: float = 0.02


class Movements:
    """An endless, seeded source of windows of motion."""

    def __init__(self, features: Sequence[Path], clips: Sequence[Keypoints], config: MovementConfig) -> None:
        self.config = config
        rng = np.random.default_rng(0)
        spoken = [motion for folder in features for motion in _spoken(folder, config.items // len(features), rng)]
        real = [clip.resampled(FPS) for clip in clips]
        real = [clip.since(clip[:1]) for clip in real]
        self.spoken = _Reel([motion.pack() for motion in spoken], config.frames)
        self.real = _Reel([clip.pack() for clip in real], config.frames)
        centred = [row.reshape(-1, EXPRESSION) for row in (clip.expression for clip in real or spoken)]
        moves = np.concatenate([rows - rows.mean(0) for rows in centred])
        size, axes = np.linalg.eigh(moves.T @ moves / len(moves))
        self.shape = (axes * np.sqrt(np.maximum(size, 0))).astype(np.float32)
        self.each = moves.std(0).astype(np.float32)
        self.bank = _smooth(BANK, 12 * config.frames, rng)

    def make(self, number: int) -> Mapping[str, Tensor]:
        """numbers [W, T, N]: the same for the same number."""
        config, rng = self.config, np.random.default_rng((number, 5))
        count = config.windows
        real = round(config.real * count) if len(self.real) else 0
        rows = np.concatenate((self.real.draw(real, rng), self.spoken.draw(count - real, rng)))
        expression, rotation, place = np.split(rows, (EXPRESSION, EXPRESSION + 9), 2)
        gain = rng.uniform(0.7, 1.3, (count, 1, 1))
        gain[real:][rng.random(count - real) < config.noisy] = 0.0
        wild = config.wild * rng.uniform(0.1, 1, (count, 1, 1))
        wild[: real // 2] = 0.0  # some real motion stays as it is
        rest = config.rest * rng.uniform(0, 1, (count, 1, 1))
        still = rng.standard_normal((count, 1, EXPRESSION))
        expression = (
            gain * expression
            + wild
            * (
                self._noise(count, EXPRESSION, rng) @ self.shape.T
                + 0.2 * self._noise(count, EXPRESSION, rng) * self.each
            )
            + rest * (still @ self.shape.T + 0.3 * rng.standard_normal(still.shape) * self.each)
        )
        turns = config.turn * (
            rng.uniform(0, 1, (count, 1, 1)) * self._noise(count, 3, rng) + rng.standard_normal((count, 1, 3))
        )
        turned = rotation.reshape(-1, 3, 3) @ exp_rotation(turns.reshape(-1, 3).astype(np.float32))
        moved = rng.uniform(0, 1, (count, 1, 1)) * self._noise(count, 3, rng) + rng.standard_normal((count, 1, 3))
        place = place + config.shift * moved * np.array([1.0, 1.0, 0.0])
        numbers = np.concatenate((expression, turned.reshape(rotation.shape), place), 2)
        return {"numbers": torch.from_numpy(numbers.astype(np.float32))}

    def _noise(self, windows: int, columns: int, rng: np.random.Generator) -> Floats:
        """Smooth courses of unit deviation, [W, T, columns]."""
        frames = self.config.frames
        which = rng.integers(len(self.bank), size=(windows, columns, 1))
        first = rng.integers(self.bank.shape[1] - frames, size=(windows, 1, 1))
        return np.asarray(self.bank[which, first + np.arange(frames)].transpose(0, 2, 1))


class _Reel:
    """Motions end to end, and where a window may begin."""

    def __init__(self, motions: Sequence[Floats], frames: int) -> None:
        # Short ones run to and fro until a window fits.
        long = [np.concatenate([rows, rows[::-1]] * (frames // len(rows) + 1)) for rows in motions]
        ends = np.cumsum([0, *map(len, long)])
        self.frames = frames
        self.rows = np.concatenate(long) if long else np.zeros((0, NUMBERS), np.float32)
        self.starts = [np.arange(first, last - frames + 1) for first, last in pairwise(ends)]

    def __len__(self) -> int:
        return len(self.starts)

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """Windows [count, T, N], every motion as likely as any."""
        if not count:
            return np.zeros((0, self.frames, NUMBERS), np.float32)
        first = [rng.choice(self.starts[which]) for which in rng.integers(len(self.starts), size=count)]
        return self.rows[np.array(first)[:, None] + np.arange(self.frames)]


def _spoken(folder: Path, items: int, rng: np.random.Generator) -> list[Keypoints]:
    """Motion of a corpus' utterances at 20 frames a second."""
    features, known, out = Features(folder), load_map(), []
    for i in rng.permutation(len(features.items))[:items]:
        item = features.items[i]
        read = features.read(item, 0, item.frames)
        curves = seal_lips(read["face"], np.nan_to_num(read["events"][:, 0]))
        out.append(known.keypoints(Motion(curves, FACE)).resampled(FPS))
    return out


def _smooth(courses: int, frames: int, rng: np.random.Generator) -> Floats:
    """Noise of many paces, [courses, frames]: each remembers itself for 75 ms to 1 s; unit deviation."""
    kept = np.exp(-1 / np.exp(rng.uniform(np.log(1.5), np.log(20), courses)))
    value, out = rng.standard_normal(courses), np.empty((frames + 2, courses))
    for row in out:
        value = kept * value + np.sqrt(1 - kept**2) * rng.standard_normal(courses)
        row[:] = value
    softened = 0.25 * out[:-2] + 0.5 * out[1:-1] + 0.25 * out[2:]
    return np.asarray(softened.T / softened.std(0)[:, None], np.float32)
