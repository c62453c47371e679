"""A made sentence: its phones, a sound that is loud where somebody speaks, and what the rules do with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facestream.corpora.phones import SILENCE, VOWELS, Phone, fill_gaps
from facestream.evaluation.score import reference_lips
from facestream.signals import FACE, Floats, Motion
from facestream.timing import SAMPLE_RATE

SENTENCE = """SIL HH AE P IY SIL M AA F IH N Z SIL AY B OW T V UW T AH B AE D SIL
W IY S EY M AO L K AH P""".split()  # noqa: SIM905
LENGTHS = {SILENCE: 0.6, **dict.fromkeys(VOWELS, 0.14)}


@pytest.fixture(scope="session")
def phones() -> tuple[Phone, ...]:
    """Two pauses inside, silence before, none after; 6 P B M, 2 F V."""
    spoken, clock = [], 0.0
    for label in SENTENCE:
        end = clock + LENGTHS.get(label, 0.08)
        spoken.append(Phone(label, clock, end))
        clock = end
    return fill_gaps(spoken, clock)


@pytest.fixture(scope="session")
def samples(phones: tuple[Phone, ...]) -> Floats:
    times = np.arange(int(phones[-1].end * SAMPLE_RATE)) / SAMPLE_RATE
    loud = np.zeros(len(times))
    for phone in phones:
        level = 0.0 if phone.label == SILENCE else 0.5 if phone.label in VOWELS else 0.1
        loud[(times >= phone.start) & (times < phone.end)] = level
    return (loud * np.random.default_rng(0).normal(0, 0.3, len(times))).astype(np.float32)


@pytest.fixture(scope="session")
def reference(samples: Floats, phones: tuple[Phone, ...]) -> Motion:
    return reference_lips(samples, phones, -(-len(samples) // 640))


Change = Callable[..., Motion]


@pytest.fixture(scope="session")
def changed() -> Change:
    """The same motion with some channels replaced: changed(motion, jawOpen=curve or number, ...)."""

    def change(motion: Motion, **curves: Floats | float) -> Motion:
        values = motion.values.copy()
        for name, curve in curves.items():
            values[:, FACE.index(name)] = curve
        return Motion(values, FACE, motion.fps)

    return change
