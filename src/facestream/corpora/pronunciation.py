"""From a transcript to ARPABET: normalised words, and a pronunciation for every word, known or not.

English words come from the aligner's dictionary; for the rest there are endings, compounds and letter rules of our
own. Mandarin is read from pinyin syllables ("zhong1 xin1"), Spanish from its spelling; both go to the nearest ARPABET.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

Lookup = Callable[[str], str | None]
"""A dictionary: word → phones separated by blanks, or None."""

LANGUAGES = ("en", "zh", "es")

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen""".split()  # noqa: SIM905
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_SHORT = {
    "mr": "mister",
    "mrs": "missus",
    "dr": "doctor",
    "&": "and",
    "%": "percent",
    "etc": "et cetera",
    "$": "dollars",
}


def number_words(number: int) -> list[str]:
    """A whole number in English words: 1906 → one thousand nine hundred six."""
    for size, name in _SCALES:
        if number >= size:
            rest = number_words(number % size) if number % size else []
            return [*number_words(number // size), name, *rest]
    if number < 20:
        return [_ONES[number]]
    return [_TENS[number // 10], *([_ONES[number % 10]] if number % 10 else [])]


def _digits(match: re.Match[str]) -> str:
    digits = match.group().replace(",", "")
    if re.fullmatch(r"1[1-9]\d\d", digits) and digits[2:] != "00":  # read as a year, which it nearly always is
        low = number_words(int(digits[2:])) if digits[2] != "0" else ["oh", _ONES[int(digits[3])]]
        return " " + " ".join([*number_words(int(digits[:2])), *low]) + " "
    if len(digits) > 9 or (digits[0] == "0" and len(digits) > 1):
        return " " + " ".join(_ONES[int(digit)] for digit in digits) + " "
    return " " + " ".join(number_words(int(digits))) + " "


def words(text: str, language: str = "en") -> list[str]:
    """The spoken words of a transcript: lower case, no punctuation, English numbers spelled out.

    Apostrophes inside a word stay. Raises ValueError for a language that is not in LANGUAGES.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language is '{language}'; expected one of {', '.join(LANGUAGES)}")
    text = text.lower().replace("’", "'")
    if language == "zh":
        return re.findall(r"[a-zü:]+[1-5]?", text)
    if language == "es":
        return re.findall(r"[a-záéíóúüñ]+", text)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = re.sub(r"\d{1,3}(,\d{3})+|\d+", _digits, text)
    tokens = [token.strip("'") for token in re.findall(r"[a-z']+|[&%$]", text)]
    return " ".join(_SHORT.get(token, token) for token in tokens if token).split()


def pronounce(word: str, language: str, lookup: Lookup) -> list[str]:
    """ARPABET phones of a word as `words` gives it; empty if it has no sound (a letter string without letters)."""
    if language == "zh":
        return pinyin_phones(word)
    if language == "es":
        return spanish_phones(word)
    known = lookup(word)
    if known is not None:
        return known.split()
    return _ending(word, lookup) or _compound(word, lookup) or letter_phones(word.replace("'", ""))


_VOICELESS, _SIBILANT = frozenset({"P", "T", "K", "F", "TH"}), frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})


def _ending(word: str, lookup: Lookup) -> list[str]:
    """A known word with an English ending: plural or 's, -ed, -ing, -er, -ly, -ness, -less."""
    for ending in ("'s", "s", "es", "ed", "d", "ing", "er", "ly", "ness", "less"):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 3:
            continue
        known = lookup(stem) or (lookup(stem + "e") if ending in ("ing", "er", "ed") else None)
        if known is None:
            continue
        phones = known.split()
        return phones + _ending_phones(ending, phones[-1])
    return []


def _ending_phones(ending: str, last: str) -> list[str]:
    if ending in ("'s", "s", "es"):
        return ["IH", "Z"] if last in _SIBILANT else ["S" if last in _VOICELESS else "Z"]
    if ending in ("ed", "d"):
        voiceless = last in _VOICELESS | _SIBILANT - {"Z", "ZH", "JH"}
        return ["IH", "D"] if last in ("T", "D") else ["T" if voiceless else "D"]
    return {"ing": ["IH", "NG"], "er": ["ER"], "ly": ["L", "IY"], "ness": ["N", "AH", "S"], "less": ["L", "AH", "S"]}[
        ending
    ]


def _compound(word: str, lookup: Lookup) -> list[str]:
    """Two known words written as one, as near to equal length as can be."""
    cuts = sorted(range(3, len(word) - 2), key=lambda cut: abs(2 * cut - len(word)))
    for cut in cuts:
        first, second = lookup(word[:cut]), lookup(word[cut:])
        if first and second:
            return first.split() + second.split()
    return []


def _rules(text: str) -> dict[str, list[str]]:
    """`spelling=PHONE+PHONE` pairs; `-` for no sound."""
    pairs = (pair.split("=") for pair in text.split())
    return {spelling: [] if phones == "-" else phones.split("+") for spelling, phones in pairs}


_LETTERS = _rules(
    "tch=CH sch=S+K sh=SH ch=CH th=TH ph=F gh=- wh=W wr=R kn=N gn=N ck=K qu=K+W ng=NG dge=JH ge=JH gi=JH+IH gy=JH+IY "
    "ce=S ci=S+IH cy=S+IY tion=SH+AH+N sion=ZH+AH+N cian=SH+AH+N tious=SH+AH+S cious=SH+AH+S ture=CH+ER ous=AH+S "
    "igh=AY eigh=EY augh=AO ough=AO ee=IY ea=IY ie=IY ei=EY ey=IY ai=EY ay=EY au=AO aw=AO oa=OW oe=OW oi=OY oy=OY "
    "oo=UW ou=AW ow=OW ew=UW ue=UW ui=UW eau=OW ar=AA+R er=ER ir=ER or=AO+R ur=ER air=EH+R ear=IH+R ure=Y+UH+R "
    "all=AO+L ing=IH+NG bb=B cc=K dd=D ff=F gg=G ll=L mm=M nn=N pp=P rr=R ss=S tt=T vv=V zz=Z "
    "a=AE b=B c=K d=D e=EH f=F g=G h=HH i=IH j=JH k=K l=L m=M n=N o=AA p=P q=K r=R s=S t=T u=AH v=V w=W x=K+S y=IY z=Z"
)
_AT_START = _rules("y=Y x=Z ps=S pn=N rh=R mc=M+AH+K h=HH gh=G ge=G+EH gi=G+IH")
_AT_END = _rules("e=- es=Z ed=D y=IY le=AH+L re=ER mb=M mn=M o=OW a=AH i=IY ia=IY+AH us=AH+S gh=- que=K gue=G ie=IY")
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW", "y": "AY"}


def letter_phones(word: str) -> list[str]:
    """English spelling → phones by longest-match letter rules and the silent final e: rough, but the lips come out."""
    if not re.search("[aeiouy]", word):  # an abbreviation: each letter by its name
        return [phone for letter in word for phone in _NAMES.get(letter, [])]
    phones: list[str] = []
    at = 0
    while at < len(word):
        if re.match(r"[aeiouy][bcdfgklmnpstvz]e$", word[at:]):
            phones.append(_LONG[word[at]])
            at += 1
            continue
        spelling, sounds = _rule_at(word, at)
        phones += sounds
        at += len(spelling)
    return phones


def _rule_at(word: str, at: int) -> tuple[str, list[str]]:
    for length in range(5, 0, -1):
        spelling = word[at : at + length]
        if at == 0 and spelling in _AT_START:
            return spelling, _AT_START[spelling]
        if at and word[at:] == spelling and spelling in _AT_END:
            return spelling, _AT_END[spelling]
        if spelling in _LETTERS:
            return spelling, _LETTERS[spelling]
    return word[at], []


_NAMES = _rules(
    "b=B+IY c=S+IY d=D+IY f=EH+F g=JH+IY h=EY+CH j=JH+EY k=K+EY l=EH+L m=EH+M n=EH+N p=P+IY q=K+Y+UW r=AA+R s=EH+S "
    "t=T+IY v=V+IY w=D+AH+B+AH+L+Y+UW x=EH+K+S z=Z+IY"
)

_INITIALS = _rules("zh=JH ch=CH sh=SH b=B p=P m=M f=F d=D t=T n=N l=L g=G k=K h=HH j=JH q=CH x=SH r=R z=D+Z c=T+S s=S")
_FINALS = _rules(
    "a=AA o=AO e=AH i=IY u=UW v=UW ai=AY ei=EY ao=AW ou=OW an=AA+N en=AH+N ang=AA+NG eng=AH+NG ong=UH+NG er=ER "
    "ia=Y+AA ie=Y+EH iao=Y+AW iu=Y+OW iou=Y+OW ian=Y+EH+N in=IY+N iang=Y+AA+NG ing=IY+NG iong=Y+UH+NG io=Y+AO "
    "ua=W+AA uo=W+AO uai=W+AY ui=W+EY uei=W+EY uan=W+AA+N un=W+AH+N uen=W+AH+N uang=W+AA+NG ueng=W+AH+NG "
    "ve=W+EH van=W+EH+N vn=UW+N m=M n=N ng=NG"
)
_SPELLED = {"yi": "i", "yu": "v", "wu": "u", "y": "i", "w": "u"}


def pinyin_phones(syllable: str) -> list[str]:
    """A pinyin syllable with or without tone digit → nearest ARPABET; empty if it is not pinyin."""
    plain = syllable.rstrip("12345").replace("u:", "v").replace("ü", "v")
    rhotic = ["R"] if plain.endswith("r") and plain != "er" else []
    plain = plain[:-1] if rhotic else plain
    initial = next((name for name in _INITIALS if plain.startswith(name) and plain != name), "")
    final = plain.removeprefix(initial)
    if not initial:
        final = next(
            (bare + final.removeprefix(full) for full, bare in _SPELLED.items() if final.startswith(full)), final
        )
        final = {"iong": "iong", "iou": "iu"}.get(final, final)
    elif initial in ("j", "q", "x") and final.startswith("u"):
        final = "v" + final[1:]
    if final not in _FINALS:
        return []
    buzzing = final == "i" and initial in ("z", "c", "s", "zh", "ch", "sh", "r")
    return [*_INITIALS.get(initial, []), *(["IH"] if buzzing else _FINALS[final]), *rhotic]


_SPANISH = _rules(
    "ch=CH ll=Y rr=R qu=K gue=G+EH gui=G+IY ge=HH+EH gi=HH+IY ce=S+EH ci=S+IY ia=Y+AA ie=Y+EH io=Y+OW ua=W+AA ue=W+EH "
    "uo=W+OW ai=AY ei=EY oi=OY au=AW ay=AY ey=EY oy=OY a=AA b=B c=K d=D e=EH f=F g=G h=- i=IY j=HH k=K l=L m=M n=N "
    "ñ=N+Y o=OW p=P q=K r=R s=S t=T u=UW v=B w=W x=K+S y=Y z=S á=AA é=EH í=IY ó=OW ú=UW ü=W"
)


def spanish_phones(word: str) -> list[str]:
    """Spanish spelling → nearest ARPABET."""
    if word == "y":
        return ["IY"]
    phones: list[str] = []
    at = 0
    while at < len(word):
        spelling = next((word[at : at + n] for n in (3, 2, 1) if word[at : at + n] in _SPANISH), word[at])
        phones += _SPANISH.get(spelling, [])
        at += len(spelling)
    return phones
