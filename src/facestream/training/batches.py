"""Feature folders → batches of windows.

Shapes: W windows, T motion frames, M = 4 T hops, B bands, C channels, S styles.

A window is filled with items one after another, as turns of a talk. What the network hears at step n belongs to frame
n - delay, so targets are shifted by the delay; the first frames of a window, before anything was heard, do not count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from facestream.audio.frontend import log_mel
from facestream.errors import CorpusError
from facestream.signals import FACE, Floats
from facestream.timing import HOP
from facestream.training.features import HEARD, Features, Item

TO_POWER = 2 * math.log(10)  # one unit of the spectrum is 20 dB: natural logarithm of power
TREMBLE = 0.15  # deviation of a band of steady noise from hop to hop
QUIET = float(log_mel(np.zeros(HOP, np.float32))[0, 0])  # digital silence


@dataclass(frozen=True)
class BatchConfig:
    """windows and frames: size of a batch; shares: how much of it comes from each feature folder, by folder name;
    weights: how readily speakers are drawn whose names begin so (1 where not named); colour: how far the spectrum's
    level (in units of 20 dB), tilt and vocal tract are varied, 0 leaves them; murmur: share of windows with steady
    noise behind them; stride: items are cut at multiples of so many frames; heard: whether the folders' features of a
    speech model are wanted."""

    windows: int
    frames: int
    shares: Mapping[str, float]
    weights: Mapping[str, float] = field(default_factory=dict)
    colour: float = 1.0
    murmur: float = 0.3
    stride: int = 1
    heard: bool = False


@dataclass(frozen=True)
class Batch:
    """mel [W, M, B]; style [W, T, S]; face, lips [W, T, C]; known [W, T, C] 1 where the curve is given;
    events [W, T, 2], NaN where unknown; phones [W, T, 2], UNKNOWN where not transcribed; counts [W, T] 1 where the
    frame counts; begins [W, T] 1 on the first frame of an item, which does not go on from the last one."""

    mel: Tensor
    style: Tensor
    face: Tensor
    lips: Tensor
    known: Tensor
    events: Tensor
    phones: Tensor
    counts: Tensor
    begins: Tensor


class Batches:
    """An endless, seeded source of batches."""

    def __init__(self, root: Path, config: BatchConfig, delay: int, styles: int, clean: bool) -> None:
        self.config, self.delay, self.styles = config, delay, styles
        self.sources = {name: Features(root / name) for name in config.shares}
        for name in (name for name, source in self.sources.items() if config.heard and HEARD not in source.arrays):
            raise CorpusError(
                f"{root / name} has no features of a speech model; delete it, and make it again with "
                "`facestream prepare features ... --speech-model FOLDER`"
            )
        self.pools = {
            name: _Pool([item for item in source.items if item.clean or not clean], config.weights)
            for name, source in self.sources.items()
        }

    def make(self, number: int) -> Mapping[str, Tensor]:
        """The fields of a Batch: the same for the same number."""
        rng = np.random.default_rng((number, 7919))
        windows = [self._window(rng) for _ in range(self.config.windows)]
        joined = {name: torch.from_numpy(np.stack([window[name] for window in windows])) for name in windows[0]}
        return {**joined, "mel": _murmur(_colour(joined["mel"], self.config.colour, rng), self.config.murmur, rng)}

    def _window(self, rng: np.random.Generator) -> dict[str, Floats]:
        names = list(self.pools)
        shares = np.array([self.config.shares[name] for name in names])
        parts: list[dict[str, Floats]] = []
        missing = self.config.frames
        while missing > 0:
            name = names[rng.choice(len(names), p=shares / shares.sum())]
            item = self.pools[name].draw(rng)
            strides = item.frames // self.config.stride
            start = int(rng.integers(max(1, strides - missing // self.config.stride + 1))) * self.config.stride
            part = self.sources[name].read(item, start, min(missing, strides * self.config.stride - start))
            if not self.config.heard:
                part.pop(HEARD, None)
            frames = len(part["face"])
            known = np.array([not item.measured or channel in item.measured for channel in FACE], np.float32)
            part["known"] = np.broadcast_to(known, (frames, len(FACE)))
            part["style"] = np.broadcast_to(np.eye(self.styles, dtype=np.float32)[item.style], (frames, self.styles))
            part["phones"] = part["phones"].reshape(-1, 2)
            part["begins"] = np.eye(1, frames, dtype=np.float32)[0]
            parts.append(part)
            missing -= frames
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        counts = np.ones(self.config.frames, np.float32)
        counts[: self.delay] = 0.0
        for name in ("face", "lips", "events", "phones", "known", "begins"):
            joined[name] = np.concatenate((joined[name][: self.delay], joined[name][: len(counts) - self.delay]))
        return {**joined, "counts": counts}


class _Pool:
    """Items to draw from: every speaker in proportion to the 0.6th power of what there is of them, and to the weight of
    the name's beginning."""

    def __init__(self, items: list[Item], favour: Mapping[str, float]) -> None:
        frames: dict[str, int] = {}
        for item in items:
            frames[item.speaker] = frames.get(item.speaker, 0) + item.frames
        weights = np.array(
            [
                item.frames
                * frames[item.speaker] ** -0.4
                * math.prod(weight for start, weight in favour.items() if item.speaker.startswith(start))
                for item in items
            ]
        )
        self.items, self.edges = items, np.cumsum(weights / weights.sum())

    def draw(self, rng: np.random.Generator) -> Item:
        return self.items[min(int(np.searchsorted(self.edges, rng.random())), len(self.items) - 1)]


def _colour(mel: Tensor, amount: float, rng: np.random.Generator) -> Tensor:
    """Another level, microphone and vocal tract for each window, and a few masked bands and moments. mel: [W, M, B]."""
    windows, hops, bands = mel.shape
    knots = torch.from_numpy(rng.normal(0, 0.15 * amount, (windows, 1, 6)).astype(np.float32))
    curve = F.interpolate(knots, bands, mode="linear", align_corners=True)
    level = torch.from_numpy(rng.uniform(-0.6 * amount, 0.5 * amount, (windows, 1, 1)).astype(np.float32))
    out = torch.empty_like(mel)
    for window in range(windows):
        warp = 1 + amount * rng.uniform(-0.12, 0.12)
        place = torch.arange(bands) * warp
        low = place.floor().clamp(0, bands - 1).long()
        high = (low + 1).clamp(max=bands - 1)
        share = (place - low).clamp(0, 1)
        out[window] = mel[window][:, low] * (1 - share) + mel[window][:, high] * share
    out = out + curve + level
    if amount > 0:
        for window in range(windows):
            for _ in range(2):
                band, width = int(rng.integers(bands)), int(rng.integers(0, 14))
                out[window, :, band : band + width] = out[window, :, band : band + width].mean()
                hop, length = int(rng.integers(hops)), int(rng.integers(0, 7))
                out[window, hop : hop + length] = QUIET
    return out.clamp(min=QUIET)


def _murmur(mel: Tensor, share: float, rng: np.random.Generator) -> Tensor:
    """Some windows with steady noise behind them that has another window's spectrum; power adds up. mel: [W, M, B]."""
    windows = len(mel)
    level = torch.from_numpy(rng.uniform(-1.2, 0.2, (windows, 1, 1)).astype(np.float32))
    spectrum = mel.mean(1, keepdim=True).roll(int(rng.integers(1, windows)), 0) + level
    tremble = torch.from_numpy(rng.standard_normal(mel.shape, np.float32))
    noise = (spectrum + TREMBLE * tremble) * TO_POWER
    chosen = torch.from_numpy(rng.random((windows, 1, 1)) < share)
    return torch.where(chosen, torch.logaddexp(mel * TO_POWER, noise) / TO_POWER, mel)
