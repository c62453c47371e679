"""The phones that every corpus speaks: 39 ARPABET phones without stress, and SIL.

Each engine and aligner has its own phone set; the maps here bring them to ARPABET, by the nearest mouth where a
language has a sound that English lacks (rounded front vowels stay rounded, palatals stay spread).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

SILENCE = "SIL"
VOWELS = tuple("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
PHONES: tuple[str, ...] = (
    SILENCE,
    *"AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split(),
)

BILABIAL = frozenset({"P", "B", "M"})
LABIODENTAL = frozenset({"F", "V"})
DENTAL = frozenset({"TH", "DH"})
ALVEOLAR = frozenset({"T", "D", "N", "L", "S", "Z"})
POSTALVEOLAR = frozenset({"SH", "ZH", "CH", "JH"})
VELAR = frozenset({"K", "G", "NG"})
ROUNDED = frozenset({"W", "UW", "UH", "OW", "AO", "OY", "AW"})

VISEMES: tuple[str, ...] = tuple("sil PP FF TH DD kk CH SS nn RR aa E ih oh ou".split())
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


# ---- what the engines say ------------------------------------------------------------------------------------------

RADIO: dict[str, str] = {
    **{phone.lower(): phone for phone in PHONES},
    **{"pau": SILENCE, "h#": SILENCE, "brth": SILENCE, "sil": SILENCE, "ssil": SILENCE, "#": SILENCE},
    **{
        "ax": "AH",
        "axr": "ER",
        "ix": "IH",
        "ux": "UW",
        "dx": "D",
        "el": "L",
        "em": "M",
        "en": "N",
        "nx": "N",
        "hv": "HH",
    },
}
"""The radio/CMU phones of flite and of festival's English voices."""

CZECH: dict[str, str] = {
    **dict(zip("abdefgijklmnoprstuvz", "AA B D EH F G IY Y K L M N AO P R S T UH V Z".split(), strict=True)),
    **{"a:": "AA", "e:": "EH", "i:": "IY", "o:": "AO", "u:": "UW", "i": "IH", "h": "HH", "x": "HH"},
    **{
        "c": "S",
        "c~": "CH",
        "s~": "SH",
        "z~": "ZH",
        "r~": "ZH",
        "r~*": "SH",
        "d~": "D",
        "t~": "T",
        "n~": "N",
        "N*": "NG",
    },
    **{"dz": "Z", "dz~": "JH", "ch": "HH", "n*": "NG", "m*": "M", "g*": "G", "_": "AH", "@": "AH", "?": SILENCE},
    **{"#": SILENCE, "pau": SILENCE},
}
ITALIAN: dict[str, str] = {
    **dict(zip("abdefgijklmnoprstuvwz", "AA B D EY F G IY Y K L M N OW P R S T UW V W Z".split(), strict=True)),
    **{"a1": "AA", "e1": "EY", "E1": "EH", "E": "EH", "i1": "IY", "o1": "OW", "O1": "AO", "O": "AO", "u1": "UW"},
    **{"tS": "CH", "ts": "T", "dz": "D", "dZ": "JH", "S": "SH", "J": "N", "L": "L", "ng": "NG", "nf": "M"},
    **{"#": SILENCE, "pau": SILENCE},
}
FINNISH: dict[str, str] = {
    **dict(zip("abdefghijklmnoprstuvyz", "AA B D EH F G HH IY Y K L M N AO P R S T UW V UW Z".split(), strict=True)),
    **{"{": "AE", "@": "ER", "ae": "AE", "oe": "ER", "N": "NG", "S": "SH", "q": "K", "w": "V", "x": "K"},
    **{"#": SILENCE, "pau": SILENCE, "_": SILENCE},
}
CATALAN: dict[str, str] = {
    **dict(zip("abdefgijklmnoprstuvwz", "AA B D EY F G IY Y K L M N OW P R S T UW V W Z".split(), strict=True)),
    **{"ax": "AH", "ax1": "AH", "a1": "AA", "e1": "EY", "E1": "EH", "EE": "EH", "EE1": "EH", "ee": "EH", "ee1": "EH"},
    **{
        "E": "EH",
        "i1": "IY",
        "o1": "OW",
        "O": "AO",
        "O1": "AO",
        "OO": "AO",
        "OO1": "AO",
        "oo": "AO",
        "oo1": "AO",
        "u1": "UW",
    },
    **{"rr": "R", "S": "SH", "sh": "SH", "Z": "ZH", "zh": "ZH", "L": "L", "ll": "L", "J": "N", "ny": "N", "ng": "NG"},
    **{"tS": "CH", "ch": "CH", "dZ": "JH", "jh": "JH", "ts": "T", "dz": "D", "D": "DH", "G": "G", "y": "Y", "uw": "W"},
    **{"#": SILENCE, "pau": SILENCE},
}

_IPA = {
    **dict(zip("abdefhijklmnoprstuvwxzɡg", "AA B D EY F HH IY Y K L M N OW P R S T UW V W HH Z G G".split(), strict=True)),
    **dict(zip("ɑɒæʌəɐɜɝɚɛɔɪʊɨʉyøœɯɤɘɞɵʏ", "AA AO AE AH AH AH ER ER ER EH AO IH UH IH UW UW UW UH IH AH AH ER UH UH".split(), strict=True)),
    **dict(zip("ʃʒθðŋɲɳɴɹɾɻʀʁɽɫʎɭɬɮβɸʋɱ", "SH ZH TH DH NG N N NG R D R R R R L L L L L B F V M".split(), strict=True)),
    **dict(zip("çɣɕʑʂʐχħʔqcɟʈɖɰɥʍʕʝɺɢ", "HH G SH ZH SH ZH HH HH SIL K K G T D G W W HH Y R G".split(), strict=True)),
    **{"ᵻ": "IH", "ɓ": "B", "ɗ": "D", "ɦ": "HH", "ʦ": "T", "ʧ": "CH", "ʤ": "JH", "tʃ": "CH", "dʒ": "JH", "tɕ": "CH"},
    **{"dʑ": "JH", "tʂ": "CH", "dʐ": "JH", "ʈʂ": "CH", "pf": "P", "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW"},
    **{"əʊ": "OW", "ɔɪ": "OY", "ɔø": "OY", "aɪə": "AY", "aʊə": "AW", "ɑɪ": "AY", "ʌɪ": "AY", "ɛɪ": "EY", "ai": "AY"},
    **{"au": "AW", "ei": "EY", "ou": "OW", "oi": "OY", "aj": "AY", "aw": "AW", "ɔʏ": "OY", "əl": "L", "ər": "ER", "ɔ̃": "AO"},
}  # fmt: skip
_IPA_MARKS = re.compile(r"[ˈˌːˑ̩̯̥̬̪̺̻̟̠̤̰̃ʰʲʷˠˤ̚ʼ̝̞͡‿'’.0-9˥˦˧˨˩↗↘|_\-^\"~*;!]")


def from_ipa(symbol: str) -> str | None:
    """An IPA phoneme as espeak-ng names it → the nearest ARPABET phone; None if no letter of it is known.

    Stress, length, tone and other marks are dropped; of an unknown cluster the first known part counts.
    """
    letters = _IPA_MARKS.sub("", symbol)
    for length in range(len(letters), 0, -1):
        for start in range(len(letters) - length + 1):
            if (phone := _IPA.get(letters[start : start + length])) is not None:
                return phone
    return None


def unknown_labels(labels: Iterable[str], table: Mapping[str, str]) -> list[str]:
    """Labels of an engine that a table does not map, sorted."""
    return sorted(set(labels) - table.keys())
