import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.corpora.phones import BILABIAL, LABIODENTAL, PHONES, SILENCE
from facestream.corpora.pronunciation import (
    letter_phones,
    number_words,
    pinyin_phones,
    pronounce,
    spanish_phones,
    words,
)

DICTIONARY = {"snow": "S N OW", "boy": "B OY", "push": "P UH SH", "want": "W AA N T", "love": "L AH V", "cat": "K AE T"}


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("In 1906, Mr. O'Neil's 'boys' — café!", "in nineteen oh six mister o'neil's boys cafe"),
        ("3,000 & 50%", "three thousand and fifty percent"),
        (
            "1985 1900 2007 0800",
            "nineteen eighty five one thousand nine hundred two thousand seven zero eight zero zero",
        ),
        ("It’s well-known...", "it's well known"),
        ("", ""),
    ],
)
def test_english_text_becomes_spoken_words(text: str, spoken: str) -> None:
    assert " ".join(words(text)) == spoken


def test_other_languages_keep_their_letters() -> None:
    assert words("Zhong1 xin1, nü3", "zh") == ["zhong1", "xin1", "nü3"]
    assert words("¡Sube el Año!", "es") == ["sube", "el", "año"]
    with pytest.raises(ValueError, match="language is 'sv'"):
        words("hej", "sv")


@given(st.integers(0, 10**12 - 1))
def test_numbers_are_words(number: int) -> None:
    assert all(word.isalpha() for word in number_words(number))


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("boy", "B OY"),
        ("boys", "B OY Z"),
        ("cat's", "K AE T S"),
        ("pushes", "P UH SH IH Z"),
        ("pushed", "P UH SH T"),
        ("wanted", "W AA N T IH D"),
        ("loving", "L AH V IH NG"),
        ("snowboy", "S N OW B OY"),
        ("phabe", "F EY B"),
        ("mbp", "EH M B IY P IY"),
    ],
)
def test_words_by_dictionary_ending_compound_and_letters(word: str, phones: str) -> None:
    assert pronounce(word, "en", DICTIONARY.get) == phones.split()


@given(st.from_regex(r"[a-z]{1,14}", fullmatch=True))
def test_any_letters_are_pronounced_in_arpabet(word: str) -> None:
    phones = letter_phones(word)
    assert set(phones) <= set(PHONES) - {SILENCE}
    if set(word) & set("aeiou") and set(word) & set("fv") and "ff" not in word:
        assert set(phones) & LABIODENTAL


@pytest.mark.parametrize(
    ("syllable", "phones"),
    [
        ("zhong1", "JH UH NG"),
        ("wo3", "W AO"),
        ("yuan2", "W EH N"),
        ("ju4", "JH UW"),
        ("xiong2", "SH Y UH NG"),
        ("you3", "Y OW"),
        ("shi4", "SH IH"),
        ("lü4", "L UW"),
        ("dianr3", "D Y EH N R"),
        ("er4", "ER"),
        ("wu3", "UW"),
        ("hello", ""),
    ],
)
def test_pinyin(syllable: str, phones: str) -> None:
    assert pinyin_phones(syllable) == phones.split()


@pytest.mark.parametrize("initial", ["b", "p", "m"])
def test_pinyin_lips_stay_lips(initial: str) -> None:
    for final in ("a", "o", "i", "ian", "ing", "u"):
        assert pinyin_phones(f"{initial}{final}1")[0] in BILABIAL


def test_spanish() -> None:
    assert spanish_phones("hueso") == ["W", "EH", "S", "OW"]
    assert spanish_phones("guerra") == ["G", "EH", "R", "AA"]
    assert spanish_phones("vivir") == ["B", "IY", "B", "IY", "R"]
    assert spanish_phones("y") == ["IY"]
