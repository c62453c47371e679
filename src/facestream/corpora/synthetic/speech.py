"""Text-to-speech with exact phoneme times: which voices there are, and one way to let any of them speak.

Three engines, each in its own file, each used where it is installed: flite, festival, espeak-ng. Voices that a person
recorded carry most of the corpus; espeak-ng is computed from formants and adds languages. N samples at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import soxr

from facestream.corpora.phones import Phone, fill_gaps
from facestream.corpora.synthetic.engine_phones import Translate
from facestream.errors import CorpusError
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE


@dataclass(frozen=True)
class Voice:
    """A voice of an engine. recorded: whether it is cut or trained from a person's recordings."""

    engine: str
    name: str
    language: str
    licence: str
    package: str
    recorded: bool = True

    @property
    def speaker(self) -> str:
        """Its name in a corpus."""
        return f"{self.engine}-{self.name}"


@dataclass(frozen=True)
class Speech:
    """What an engine said. samples: [N] float32 at 16 kHz, -1..1; phones: gap-free over the whole sound."""

    samples: Floats
    phones: tuple[Phone, ...]


class Engine(Protocol):
    """What each engine can do. Raises CorpusError if a voice does not speak."""

    def voices(self) -> tuple[Voice, ...]:
        """The voices installed here; empty if the engine is missing."""
        ...

    def speak(self, voice: Voice, text: str, stretch: float, pitch: float) -> Speech:
        """Say a text. stretch: factor on durations; pitch: factor on the voice's own, where the engine can."""
        ...

    def close(self) -> None:
        """Give back what the engine keeps open."""
        ...


def speech(pcm: Floats, rate: int, labels: Iterable[tuple[str, float, float]], translate: Translate) -> Speech:
    """An engine's sound [N] at its rate, with its labels (seconds), as Speech at 16 kHz in ARPABET.

    Raises CorpusError naming the labels that `translate` does not know, or that there is no sound.
    """
    if not len(pcm):
        raise CorpusError("the engine gave no sound")
    samples = soxr.resample(pcm, rate, SAMPLE_RATE).astype(np.float32) if rate != SAMPLE_RATE else pcm
    rows = [(label, translate(label), start, end) for label, start, end in labels]
    if unknown := sorted({label for label, phone, _, _ in rows if phone is None}):
        raise CorpusError(f"phones without an ARPABET counterpart: {', '.join(unknown)}; add them to engine_phones.py")
    phones = (Phone(phone, start, end) for _, phone, start, end in rows if phone is not None)
    return Speech(samples, fill_gaps(phones, len(samples) / SAMPLE_RATE))
