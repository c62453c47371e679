"""What a talker hears: a step's sound to what its network is given.

Shapes: L lanes, N samples, R rows a step, A columns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facestream.audio.frontend import BANDS, TAIL, log_mel_of
from facestream.runtime.network import open_network
from facestream.signals import Floats
from facestream.talkers.bundle import SPEECH, BundleConfig
from facestream.timing import HOP, Timing


class Ears(Protocol):
    """reach: samples heard before a step's own; rows, columns: R and A."""

    reach: int
    rows: int
    columns: int

    def hear(self, sound: Floats, step: npt.NDArray[np.int64]) -> Floats:
        """Sound of a step [L, reach + step + ahead], and the clock of its first frame [L] → [L, R, A]."""
        ...


class MelEars:
    """Log-mel: a row a hop, every lane at a step of its own."""

    reach, columns = TAIL, BANDS

    def __init__(self, timing: Timing) -> None:
        self.rows = (timing.step_samples + timing.ahead) // HOP

    def hear(self, sound: Floats, step: npt.NDArray[np.int64]) -> Floats:
        """[L, N] → [L, R, A]."""
        return log_mel_of(sound)


class SpeechEars:
    """A speech model on windows: as many rows a step as it gives, all lanes at one step."""

    def __init__(self, path: Path, reach: int, timing: Timing, threads: int) -> None:
        self._network, self._timing = open_network(path, threads), timing
        self.reach = reach
        _, self.rows, self.columns = self._network.get_outputs()[0].shape

    def hear(self, sound: Floats, step: npt.NDArray[np.int64]) -> Floats:
        """[L, N] → [L, R, A]. A window never begins before the sound does."""
        heard = int(step[0]) // self._timing.block * self._timing.step_samples  # before this step
        (features,) = self._network.run(None, {"sound": sound[:, max(0, self.reach - heard) :]})
        return features  # type: ignore[no-any-return]


def ears_of(folder: Path, config: BundleConfig, threads: int) -> Ears:
    """What the talker of a bundle hears through."""
    if config.reach is None:
        return MelEars(config.timing)
    return SpeechEars(folder / SPEECH, config.reach, config.timing, threads)
