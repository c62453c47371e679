"""A talker that needs no weights: the jaw follows loudness."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import facestream
from facestream.errors import BundleError
from facestream.signals import FACE, Floats, Frame
from facestream.timing import Timing


@dataclass
class LoudnessStream:
    timing: Timing
    waiting: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    made: int = 0

    def push(self, samples: Floats) -> list[Frame]:
        self.waiting = np.concatenate((self.waiting, samples))
        frames, size = [], self.timing.frame_samples
        while len(self.waiting) >= size:
            values = np.zeros(len(FACE), np.float32)
            values[FACE.index("jawOpen")] = min(1.0, float(np.abs(self.waiting[:size]).mean()) * 3)
            frames.append(Frame(self.made, self.made * size, values))
            self.waiting, self.made = self.waiting[size:], self.made + 1
        return frames

    def flush(self) -> list[Frame]:
        missing = -len(self.waiting) % self.timing.frame_samples
        return self.push(np.zeros(missing, np.float32))


class LoudnessTalker:
    timing = Timing()
    channels = FACE
    styles = ("neutral",)

    def stream(self, style: str = "neutral", seed: int = 0) -> LoudnessStream:
        return LoudnessStream(self.timing)


@pytest.fixture(autouse=True)
def loudness_talker(monkeypatch: pytest.MonkeyPatch) -> LoudnessTalker:
    """What `facestream.load` gives in these tests."""
    talker = LoudnessTalker()

    def load(bundle: Path | None = None) -> LoudnessTalker:
        if bundle is not None:
            raise BundleError(f"there is no bundle '{bundle}'")
        return talker

    monkeypatch.setattr(facestream, "load", load, raising=False)
    return talker
