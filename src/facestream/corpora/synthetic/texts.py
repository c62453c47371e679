"""What the synthetic voices say: English sentences, and made-up words in the spelling of other languages.

Words are weighted to what lips must get right: p b m, f v, and rounded vowels. English also draws on the aligner's
dictionary, where pocketsphinx is installed, so that all sounds meet in all orders.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np

_WORDS: dict[str, str] = {
    "name": "Bob Emma Pam Phoebe Maeve Ben Vivian Bo Mona Philip Abby Tom Olive Rufus Bruce Wanda Hugo June Amber "
    "Boris",
    "people": "people mothers farmers movers babies brothers women boys painters drivers vets poets judges nurses "
    "workers",
    "thing": "boat map bottle van phone apple piano mirror button lamp bridge window camera book pump shovel movie "
    "wave bubble ribbon pebble moon spoon balloon wolf bowl cheese chair watch shoe measure river feather box "
    "puzzle cave",
    "many": "maps bottles vans phones apples lamps moons spoons balloons wolves shoes chairs pebbles waves bubbles "
    "cups",
    "place": "village museum bay farm theatre pub mall office valley room school beach bathroom forest harbour library",
    "like": "big simple perfect blue famous warm simple brave bumpy above-average smooth yellow fluffy heavy proper "
    "wavy beautiful cool humble broken new purple favourite very-old thick huge noisy loose",
    "did": "bought moved built found pushed wrapped removed painted saved followed mixed improved helped watched "
    "borrowed dropped grabbed lifted chose drove loved believed",
    "do": "move buy build find push wrap remove paint save follow mix improve help watch borrow drop lift choose "
    "drive love",
    "how": "slowly maybe probably by-mistake in-February very-often for-fun before-breakfast five-times above-all "
    "too-soon at-home from-memory once-more without-shoes",
    "number": "two five seven eleven twelve fifty four thousand one-million nine forty-four",
}
_TEMPLATES = (
    "{name} {did} the {like} {thing} {how}.",
    "Would you {do} my {thing}, {name}, or {do} the {like} one?",
    "The {people} in the {place} {did} {number} {like} {many}.",
    "{How}, {name} and {name} {did} a {thing}, but nobody {did} the {many}.",
    "Please {do} {number} {many} for me before you {do} the {place}.",
    "Why do {like} {people} {do} {many} {how}?",
    "{Number} {many}! {Number} {many}, and a {like} {thing}.",
    "I have never {did} so many {like} {many}; we {did} them {how}.",
    "Above the {place}, {people} {do} the {like} {thing} {how}.",
    "Oh, {name}, who {did} the {thing} from the {place}?",
    "Hmm, maybe. {name} will {do} it {how}.",
    "They {did} {word} and {word}, {word}, or {word}.",
    "{Word} means {word} {word} in the {place}.",
    "My {like} {word}, your {word}, {how}.",
    "{Word}. {Word}. {Word} {word}.",
)

_CONSONANTS: dict[str, str] = {
    "it": "p b m f v p b m c d g l n r s t sp pr br gn gli ch sc tr st vv ll",
    "cs": "p b m f v p b m d h j k l n r s š t z ž č ř ch pr br tř vl ml",
    "fi": "p m v p m v h j k l n r s t pp mm kk tt ll nn",
    "ca": "p b m f v p b m c d g l n r s t x ll ny pr br tr",
    "ru": "п б м ф в п б м д г ж з к л н р с т х ц ч ш щ пр бр вл",
    "de": "p b m f w p b m d g h k l n r s t sch z pf br fr",
    "fr": "p b m f v p b m ch d g j l n r s t br fr",
    "es": "p b m f v p b m d g l n r s t ll ch pr br",
    "pt": "p b m f v p b m d g l n r s t nh lh pr br",
    "sv": "p b m f v p b m d g h j k l n r s t sj br fr",
    "nl": "p b m f v w p b m d g h k l n r s t z sch br",
    "pl": "p b m f w p b m d g k l ł n r s t z cz sz rz ż pr br",
}
_VOWELS: dict[str, str] = {
    "it": "a e i o u o u ia uo",
    "cs": "a e i o u á é í ů ou y",
    "fi": "a e i o u y ä ö aa uu oo yy öö ie uo",
    "ca": "a e i o u o u",
    "ru": "а е и о у ы э ю я о у",
    "de": "a e i o u ü ö au ei eu ie",
    "fr": "a e i o u ou u eu oi an on in eau é",
    "es": "a e i o u o u ie ue",
    "pt": "a e i o u o u ão ei",
    "sv": "a e i o u y å ä ö u",
    "nl": "a e i o u oe oo uu eu ui ij aa",
    "pl": "a e i o u y ó ą ę",
}
_PINYIN_INITIALS = "b p m f b p m f d t n l g k h zh ch sh r z c s"
_PINYIN_FINALS = "a o e ai ei ao ou an en ang eng u uo"
_PINYIN_WHOLE = (
    "wo ni ta wu wei wan wang yi you yao ye yu yue yuan yun ju qu xu lü nü jiu qiu xiao jiao bu pu fu mo bo po fo feng "
    "mei bei fei ping ming bing bian mian shuo guo duo huo zhong dong gong song xiong zhuang chuang shi si zi qi xi"
)


def sentence(language: str, rng: np.random.Generator) -> str:
    """One thing to say. Raises KeyError for a language without words here."""
    if language == "en":
        return _english(rng)
    if language == "zh":
        groups = [" ".join(_pinyin(rng) for _ in range(rng.integers(3, 8))) for _ in range(rng.integers(1, 4))]
        return ", ".join(groups)
    consonants, vowels = _CONSONANTS[language].split(), _VOWELS[language].split()
    words = [
        "".join(str(rng.choice(consonants)) + str(rng.choice(vowels)) for _ in range(rng.integers(1, 4)))
        for _ in range(rng.integers(4, 12))
    ]
    comma = int(rng.integers(2, len(words)))
    return " ".join(words[:comma]).capitalize() + ", " + " ".join(words[comma:]) + "."


def languages() -> frozenset[str]:
    """Languages that `sentence` knows."""
    return frozenset({"en", "zh", *_CONSONANTS})


def _english(rng: np.random.Generator) -> str:
    text = str(rng.choice(_TEMPLATES))
    while "{" in text:
        start, end = text.index("{"), text.index("}")
        slot = text[start + 1 : end]
        words = list(_dictionary()) if slot.lower() == "word" else _WORDS[slot.lower()].split()
        word = str(words[rng.integers(len(words))]).replace("-", " ")
        text = text[:start] + (word.capitalize() if slot[0].isupper() else word) + text[end + 1 :]
    return text


def _pinyin(rng: np.random.Generator) -> str:
    if rng.random() < 0.5:
        syllable = str(rng.choice(_PINYIN_WHOLE.split()))
    else:
        syllable = str(rng.choice(_PINYIN_INITIALS.split())) + str(rng.choice(_PINYIN_FINALS.split()))
    return f"{syllable}{rng.integers(1, 5)}"


@cache
def _dictionary() -> tuple[str, ...]:
    """Plain words of pocketsphinx's dictionary, those with lip sounds twice; without it, our own."""
    found = importlib.util.find_spec("pocketsphinx")
    if found is None or found.origin is None:
        return tuple(word for words in _WORDS.values() for word in words.split())
    path = Path(found.origin).parent / "model" / "en-us" / "cmudict-en-us.dict"
    rows = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    plain = [(word, {*phones}) for word, *phones in rows if word.isalpha() and 3 < len(word) < 11]
    lips = {"P", "B", "M", "F", "V", "W", "UW", "OY", "AW", "UH"}
    return tuple(word for word, phones in plain for _ in range(2 if phones & lips else 1))
