"""What a talker hears: a step's sound to what its network is given.

Shapes: L lanes, N samples, R rows a step, A columns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facestream.audio.frontend import BANDS, TAIL, log_mel_of
from facestream.audio.speech_windows import SpeechWindow
from facestream.runtime.network import open_network
from facestream.signals import Floats
from facestream.talkers.bundle import SPEECH, BundleConfig
from facestream.timing import Timing


class Ears(Protocol):
    """reach: samples heard before a step's own; rows, columns: R and A."""

    reach: int
    rows: int
    columns: int

    def hear(self, sound: Floats, step: npt.NDArray[np.int64]) -> Floats:
        """Sound of a step [L, reach + step + ahead], and the clock of its first frame [L] → [L, R, A]."""
        ...


class MelEars:
    """Log-mel frames of 10 ms; every lane at a step of its own."""

    reach, columns = TAIL, BANDS

    def __init__(self, timing: Timing) -> None:
        self.rows = timing.frame_hops

    def hear(self, sound: Floats, step: npt.NDArray[np.int64]) -> Floats:
        """A row a hop."""
        return log_mel_of(sound)


class SpeechEars:
    """A speech model's features of a block, a row a frame; all lanes at one step."""

    def __init__(self, folder: Path, window: SpeechWindow, fps: int, threads: int) -> None:
        self._network = open_network(folder / SPEECH, threads)
        self._window, self.rows = window, window.frames(fps)
        self.reach = window.left_samples
        self.columns = int(self._network.get_outputs()[0].shape[-1])

    def hear(self, sound: Floats, step: npt.NDArray[np.int64]) -> Floats:
        """The window of a block that begins with frame `step`; it never begins before the sound does."""
        before = self._window.block_samples * int(step[0]) // self.rows
        (features,) = self._network.run(None, {"sound": sound[:, max(0, self.reach - before) :]})
        return features  # type: ignore[no-any-return]


def ears_of(folder: Path, config: BundleConfig, threads: int) -> Ears:
    """What the talker of a bundle hears through."""
    if config.speech is None:
        return MelEars(config.timing)
    return SpeechEars(folder, config.speech, config.fps, threads)
