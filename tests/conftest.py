"""A talker that needs no weights: the jaw follows loudness, without delay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from facestream.errors import BundleError
from facestream.runtime import talker
from facestream.runtime.ears import MelEars
from facestream.signals import FACE, Floats
from facestream.timing import Timing


class LoudnessTalker:
    """What Stream needs of a Talker."""

    timing = Timing(delay=0)
    ears = MelEars(timing)
    config = SimpleNamespace(name="loudness", channels=FACE, styles=("neutral",), fps=25, vertices=0)

    def __init__(self, folder: Path, threads: int = 1) -> None:
        if folder.name != "talker":
            raise BundleError(f"there is no bundle '{folder}'")

    def newcomers(self, lanes: int) -> dict[str, Floats]:
        return {}

    def style(self, name: str | None = None) -> Floats:
        return np.ones(1, np.float32)

    def noise(self, seed: int, step: int) -> Floats:
        return np.zeros(1, np.float32)

    def step(self, sound: Floats, *others: Mapping[str, Floats]) -> Floats:
        faces = np.zeros((len(sound), len(FACE)), np.float32)
        faces[:, FACE.index("jawOpen")] = np.clip(sound.max(axis=(1, 2)) / 3, 0, 1)
        return faces


@pytest.fixture
def loudness_talker(monkeypatch: pytest.MonkeyPatch) -> LoudnessTalker:
    """What `load` gives in tests that ask for this fixture."""
    monkeypatch.setattr(talker, "Talker", LoudnessTalker)
    return LoudnessTalker(Path("talker"))
