"""Forced alignment: sound and its words → phones with times, by pocketsphinx.

The decoder runs twice over the sound: once to place the words (and the pauses between them), once to place the
phones of those words. Its grid is 10 ms; a phone lasts at least 3 frames. N samples at 16 kHz.

pocketsphinx (https://github.com/cmusphinx/pocketsphinx) carries its English acoustic model and dictionary in the wheel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from facestream.corpora.phones import PHONES, SILENCE, Phone, fill_gaps
from facestream.corpora.pronunciation import LANGUAGES, pronounce, words
from facestream.errors import CorpusError, MissingExtra
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

_FRAME = 0.01
_SHORTEST = 3  # frames: the acoustic model's three states
_BEAM = 1e-60  # the default beams lose synthetic and accented speech
_CENTRE = 0.0065  # seconds: a frame stands for the middle of its 25.6 ms window; measured against synthetic speech
_MARGIN = 0.15  # seconds of near-silence around the sound, so that a pause always has room at both ends


@dataclass(frozen=True)
class Alignment:
    """What the aligner found. phones: gap-free from 0 to the sound's end; score: log likelihood a frame of speech."""

    phones: tuple[Phone, ...]
    score: float


@dataclass(frozen=True)
class Quality:
    """When an alignment is believed.

    lowest_score: of an utterance, log likelihood a frame; longest_phone: seconds a sound may last;
    most_minimal: share of the sounds that may sit at the shortest length, as they do where words are missing.
    """

    lowest_score: float = -32.0
    longest_phone: float = 0.6
    most_minimal: float = 0.5

    def objection(self, alignment: Alignment) -> str | None:
        """Why an alignment is not to be believed, or None if it is."""
        lengths = [end - start for label, start, end in alignment.phones if label != SILENCE]
        if not lengths:
            return "no speech"
        if max(lengths) >= self.longest_phone:
            return "a phone is too long"
        if sum(length < (_SHORTEST + 0.5) * _FRAME for length in lengths) >= self.most_minimal * len(lengths):
            return "too many phones are minimal"
        return "low score" if alignment.score < self.lowest_score else None


class Aligner:
    """Aligns one utterance after another; each is independent of those before it.

    Raises MissingExtra where pocketsphinx is not installed.
    """

    def __init__(self) -> None:
        try:
            import pocketsphinx
        except ImportError:
            raise MissingExtra("pocketsphinx", "align", "Forced alignment") from None
        # "batch": the cepstral mean is that of the utterance itself, not of those before. "bestpath" is off because
        # the search for a best path through the lattice makes words too short to be split into phones.
        settings = {"lm": None, "cmn": "batch", "bestpath": False, "beam": _BEAM, "pbeam": _BEAM, "wbeam": _BEAM}
        self._decoder: Any = pocketsphinx.Decoder(pocketsphinx.Config(loglevel="FATAL", **settings))
        self._margin = np.random.default_rng(0).normal(0, 2e-5, int(_MARGIN * SAMPLE_RATE)).astype(np.float32)

    def align(self, samples: Floats, text: str, language: str = "en") -> tuple[Phone, ...]:
        """Phones of samples [N] (float32, 16 kHz, -1..1), gap-free from 0 to the end; SIL where nobody speaks.

        Raises CorpusError if the words do not fit the sound or the language is not known.
        """
        return self.measure(samples, text, language).phones

    def measure(self, samples: Floats, text: str, language: str = "en") -> Alignment:
        """As `align`, with the score that says how well the words fit the sound."""
        names = self._names(text, language)
        pcm = np.concatenate([self._margin, samples, self._margin])
        pcm_bytes = np.round(np.clip(pcm, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        try:
            self._decoder.set_align_text(" ".join(names))
            self._decode(pcm_bytes)
            if self._decoder.hyp() is None:
                raise RuntimeError("no path")
            self._decoder.set_alignment()
            self._decode(pcm_bytes)
            entries = list(self._entries(self._decoder.get_alignment()))
        except RuntimeError as error:
            raise CorpusError(f"the words cannot be aligned with the sound ({error}): {text[:60]!r}") from None
        spoken = [(score, phone.end - phone.start) for phone, score in entries if phone.label != SILENCE]
        if not spoken:
            raise CorpusError(f"the alignment found no speech for {text[:60]!r}")
        score = sum(score for score, _ in spoken) / sum(length for _, length in spoken) * _FRAME
        shift = _CENTRE - _MARGIN
        shifted = (Phone(label, start + shift, end + shift) for (label, start, end), _ in entries)
        duration = len(samples) / SAMPLE_RATE
        return Alignment(fill_gaps((phone for phone in shifted if phone.label != SILENCE), duration), score)

    def _names(self, text: str, language: str) -> list[str]:
        """Dictionary entries that spell the text; words the dictionary lacks are added to it."""
        if language not in LANGUAGES:
            raise CorpusError(f"language '{language}' cannot be aligned; known are {', '.join(LANGUAGES)}")
        names = []
        for word in words(text, language):
            if language == "en" and self._decoder.lookup_word(word) is not None:
                names.append(word)
                continue
            phones = pronounce(word, language, self._decoder.lookup_word)
            name = f"{language}:{word}"  # apart from the dictionary's own words, so that these are never changed
            if phones and self._decoder.lookup_word(name) is None:
                self._decoder.add_word(name, " ".join(phones), True)
            names += [name] if phones else []
        if not names:
            raise CorpusError(f"no word of the text can be pronounced: {text[:60]!r}")
        return names

    def _decode(self, pcm: bytes) -> None:
        self._decoder.reinit_feat()  # else the front end carries something of the last sound into this one
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()

    @staticmethod
    def _entries(alignment: Any) -> Iterator[tuple[Phone, float]]:
        """Phones with their log likelihoods, in the padded sound's time; noises count as silence."""
        for word in alignment:
            for phone in word:
                label = phone.name if phone.name in PHONES else SILENCE
                yield Phone(label, phone.start * _FRAME, (phone.start + phone.duration) * _FRAME), float(phone.score)
