"""The phones that every corpus speaks: 39 ARPABET phones without stress, and SIL.

The engines' own phone sets are brought to these in corpora/synthetic/engine_phones.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

SILENCE = "SIL"
PHONES: tuple[str, ...] = (
    SILENCE,
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
VOWELS = frozenset({"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"})

BILABIAL = frozenset({"P", "B", "M"})
LABIODENTAL = frozenset({"F", "V"})
DENTAL = frozenset({"TH", "DH"})
ALVEOLAR = frozenset({"T", "D", "N", "L", "S", "Z"})
POSTALVEOLAR = frozenset({"SH", "ZH", "CH", "JH"})
VELAR = frozenset({"K", "G", "NG"})
ROUNDED = frozenset({"W", "UW", "UH", "OW", "AO", "OY", "AW"})

VISEMES: tuple[str, ...] = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou",
)  # fmt: skip
"""The 15 visemes of the Oculus (OVR) LipSync documentation."""

PHONE_TO_VISEME: dict[str, str] = {
    "SIL": "sil",
    **dict.fromkeys(("P", "B", "M"), "PP"),
    **dict.fromkeys(("F", "V"), "FF"),
    **dict.fromkeys(("TH", "DH"), "TH"),
    **dict.fromkeys(("T", "D"), "DD"),
    **dict.fromkeys(("K", "G", "NG", "HH"), "kk"),
    **dict.fromkeys(("CH", "JH", "SH", "ZH"), "CH"),
    **dict.fromkeys(("S", "Z"), "SS"),
    **dict.fromkeys(("N", "L"), "nn"),
    **dict.fromkeys(("R", "ER"), "RR"),
    **dict.fromkeys(("AA", "AH", "AY", "AW"), "aa"),
    **dict.fromkeys(("AE", "EH", "EY"), "E"),
    **dict.fromkeys(("IH", "IY", "Y"), "ih"),
    **dict.fromkeys(("AO", "OW", "OY"), "oh"),
    **dict.fromkeys(("UH", "UW", "W"), "ou"),
}


class Phone(NamedTuple):
    """One phone of an utterance. label: one of PHONES; start, end: seconds from the utterance's first sample."""

    label: str
    start: float
    end: float


def fill_gaps(phones: Iterable[Phone], duration: float) -> tuple[Phone, ...]:
    """Phones in order → the same without gaps, from 0 to duration (seconds): SIL where nothing was, silences joined.

    Phones beyond the duration are cut, phones without length dropped.
    """
    filled: list[Phone] = []
    clock = 0.0
    for label, start, end in phones:
        start, end = max(start, clock), min(end, duration)
        if end <= start:
            continue
        if start > clock:
            _append(filled, Phone(SILENCE, clock, start))
        _append(filled, Phone(label, start, end))
        clock = end
    if clock < duration:
        _append(filled, Phone(SILENCE, clock, duration))
    return tuple(filled)


def _append(phones: list[Phone], phone: Phone) -> None:
    if phones and phones[-1].label == phone.label == SILENCE:
        phone = Phone(SILENCE, phones.pop().start, phone.end)
    phones.append(phone)
