import numpy as np
import pytest

from facestream.corpora.pronunciation import pinyin_phones, words
from facestream.corpora.synthetic import texts
from facestream.corpora.synthetic.texts import languages, sentence


@pytest.mark.parametrize("language", sorted(languages()))
def test_sentences_are_varied_and_repeatable(language: str) -> None:
    said = [sentence(language, np.random.default_rng(seed)) for seed in range(30)]
    assert len(set(said)) > 25
    assert said[:3] == [sentence(language, np.random.default_rng(seed)) for seed in range(3)]
    assert not any(set(text) & set('{}"\\') for text in said)


def test_every_template_can_be_filled() -> None:
    rng = np.random.default_rng(0)
    seen = " ".join(sentence("en", rng) for _ in range(400))
    assert "Hmm, maybe." in seen and "{" not in seen


def test_english_is_rich_in_lips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_dictionary", lambda: ("bamboo", "favour"))
    rng = np.random.default_rng(1)
    letters = "".join(sentence("en", rng) for _ in range(100)).lower()
    assert sum(letters.count(letter) for letter in "pbmfvw") > 0.14 * sum(map(str.isalpha, letters))


def test_mandarin_is_pinyin() -> None:
    rng = np.random.default_rng(2)
    syllables = [syllable for _ in range(50) for syllable in words(sentence("zh", rng), "zh")]
    assert all(pinyin_phones(syllable) for syllable in syllables)


def test_a_language_without_words_is_an_error() -> None:
    with pytest.raises(KeyError):
        sentence("xx", np.random.default_rng(0))
