"""espeak-ng: formant speech in many languages, through its library; phoneme events come to the sample, in IPA.

One timbre is one source of sound in different filters, so it is used for languages, not for the number of voices.
Layout of events and constants: espeak-ng's speak_lib.h.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from itertools import pairwise
from typing import Any

import numpy as np

from facestream.corpora.phones import PHONES, SILENCE
from facestream.corpora.synthetic.engine_phones import ipa_phones, translator
from facestream.corpora.synthetic.speech import Speech, Voice, speech
from facestream.errors import CorpusError

_LICENCE = "GPL-3.0-or-later (engine)"
_LANGUAGES = (
    "en-us", "en", "en-gb-scotland", "en-gb-x-rp", "cmn-latn-pinyin", "de", "fr", "es", "it", "pt-br", "sv", "nl", "pl",
)  # fmt: skip
_TIMBRES = (
    "m1",
    "m2",
    "m3",
    "m4",
    "m6",
    "m7",
    "f1",
    "f2",
    "f3",
    "f4",
    "f5",
    "Andy",
    "Annie",
    "Michael",
    "steph",
    "linda",
)
_SYNCHRONOUS, _PHONEME_EVENTS_IN_IPA = 2, 3
_END_OF_EVENTS, _PHONEME = 0, 7
_RATE, _PITCH, _RANGE = 1, 3, 4
_UTF8 = 1
_WORDS_A_MINUTE, _USUAL_PITCH = 165, 50
_SHORTEST_PAUSE = 0.06  # seconds


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """libespeak-ng in this process."""

    def __init__(self) -> None:
        self._library: Any = None
        self._rate = 0
        self._blocks: list[np.ndarray[Any, np.dtype[np.int16]]] = []
        self._starts: list[tuple[str, int]] = []
        self._callback = _Callback(self._hear)

    def voices(self) -> tuple[Voice, ...]:
        """Every language in every timbre, if the library is there."""
        if not self._load():
            return ()
        return tuple(
            Voice(
                "espeak",
                f"{language}+{timbre}",
                language.split("-")[0].replace("cmn", "zh"),
                _LICENCE,
                "espeak-ng",
                False,
            )
            for language in _LANGUAGES
            for timbre in _TIMBRES
        )

    def close(self) -> None:
        """Nothing is kept open."""

    def speak(self, voice: Voice, text: str, stretch: float, pitch: float) -> Speech:
        """Say a text."""
        if not self._load():
            raise CorpusError("espeak-ng is not installed (Debian: apt-get install libespeak-ng1)")
        self._blocks, self._starts = [], []
        if self._library.espeak_SetVoiceByName(voice.name.encode()):
            raise CorpusError(f"espeak-ng has no voice '{voice.name}'")
        self._library.espeak_SetParameter(_RATE, round(_WORDS_A_MINUTE / stretch), 0)
        self._library.espeak_SetParameter(_PITCH, min(round(_USUAL_PITCH * pitch), 99), 0)
        self._library.espeak_SetParameter(_RANGE, _USUAL_PITCH, 0)
        said = text.encode() + b"\0"
        self._library.espeak_Synth(said, len(said), 0, 0, 0, _UTF8, None, None)
        if not self._blocks:
            raise CorpusError(f"espeak-ng said nothing for {text[:60]!r}")
        pcm = np.concatenate(self._blocks).astype(np.float32) / np.float32(32768)
        return speech(pcm, self._rate, self._labels(len(pcm)), translator(dict(zip(PHONES, PHONES, strict=True))))

    def _load(self) -> bool:
        if self._library is None:
            path = ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1"
            try:
                self._library = ctypes.CDLL(path)
            except OSError:
                return False
            self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS_IN_IPA)
            self._library.espeak_SetSynthCallback(self._callback)
        return True

    def _hear(self, wave: Any, count: int, events: Any) -> int:
        """The library's callback: keeps the sound and the phonemes' starts; 0 asks for more."""
        if wave and count > 0:
            self._blocks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        at = 0
        while events[at].type != _END_OF_EVENTS:
            if events[at].type == _PHONEME:
                self._starts.append((events[at].id.string.decode("utf-8", "ignore"), events[at].sample))
            at += 1
        return 0

    def _labels(self, samples: int) -> list[tuple[str, float, float]]:
        """ARPABET labels, seconds. A silent event is a pause or, if short, part of the label before it."""
        starts = sorted(self._starts, key=lambda start: start[1])
        ends = [start for _, start in starts[1:]] + [samples]
        labels: list[tuple[str, float, float]] = []
        for (symbol, first), last in zip(starts, ends, strict=True):
            start, end = first / self._rate, last / self._rate
            phones = _phones(symbol)
            if not phones and labels and end - start < _SHORTEST_PAUSE:
                phones, start = (labels[-1][0],), labels.pop()[1]
            edges = np.linspace(start, end, max(len(phones), 1) + 1).tolist()
            labels += [(phone, *edge) for phone, edge in zip(phones or (SILENCE,), pairwise(edges), strict=True)]
        return labels


def _phones(symbol: str) -> tuple[str, ...]:
    try:
        return ipa_phones(symbol)
    except KeyError as letter:
        raise CorpusError(f"espeak-ng says {symbol!r}, and {letter} is not in engine_phones.py") from None
