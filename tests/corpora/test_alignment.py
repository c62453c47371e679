import itertools
from difflib import SequenceMatcher

import numpy as np
import pytest

from facestream.corpora.alignment import Aligner, Alignment, Quality
from facestream.corpora.phones import SILENCE, Phone
from facestream.corpora.synthetic.flite import Flite
from facestream.corpora.synthetic.speech import Speech, Voice
from facestream.errors import CorpusError

pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed: no forced alignment")
TEXTS = ("Maybe five brave people bought the blue van.", "We move our mouths above the warm river.")


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner()


@pytest.fixture(scope="module")
def said() -> tuple[Speech, ...]:
    voices = {voice.name: voice for voice in Flite().voices()}
    if not voices:
        pytest.skip("flite is not installed: no speech with known times")
    return tuple(Flite().speak(voices["awb"], text, 1.0, 1.0) for text in TEXTS)


def starts(reference: tuple[Phone, ...], found: tuple[Phone, ...]) -> np.ndarray:
    """Start errors, in seconds, of the phones that both name in the same order."""
    left, right = ([p for p in phones if p.label != SILENCE] for phones in (reference, found))
    matcher = SequenceMatcher(None, [p.label for p in left], [p.label for p in right], autojunk=False)
    pairs = [(b.a + i, b.b + i) for b in matcher.get_matching_blocks() for i in range(b.size)]
    assert len(pairs) > 0.9 * len(left)
    return np.array([right[j].start - left[i].start for i, j in pairs])


def test_boundaries_lie_where_the_voice_put_them(aligner: Aligner, said: tuple[Speech, ...]) -> None:
    errors = np.concatenate(
        [starts(speech.phones, aligner.align(speech.samples, text)) for speech, text in zip(said, TEXTS, strict=True)]
    )
    assert np.median(np.abs(errors)) < 0.012
    assert abs(np.median(errors)) < 0.006
    assert np.percentile(np.abs(errors), 90) < 0.035


def test_phones_cover_the_sound_without_gap(aligner: Aligner, said: tuple[Speech, ...]) -> None:
    samples = said[0].samples[:-123]
    phones = aligner.align(samples, TEXTS[0])
    assert phones[0].start == 0 and phones[-1].end == len(samples) / 16_000
    assert all(left.end == right.start for left, right in itertools.pairwise(phones))


def test_an_alignment_does_not_depend_on_those_before(aligner: Aligner, said: tuple[Speech, ...]) -> None:
    first = aligner.measure(said[0].samples, TEXTS[0])
    aligner.measure(0.05 * said[1].samples, TEXTS[1])
    with pytest.raises(CorpusError):
        aligner.measure(said[1].samples[:4000], TEXTS[0])
    aligner.measure(said[1].samples, "zorbly " + TEXTS[1])
    assert aligner.measure(said[0].samples, TEXTS[0]) == first
    assert Aligner().measure(said[0].samples, TEXTS[0]) == first


def test_wrong_words_score_lower(aligner: Aligner, said: tuple[Speech, ...]) -> None:
    right, wrong = (aligner.measure(said[0].samples, text) for text in TEXTS)
    assert right.score > wrong.score + 5
    assert Quality().objection(right) is None
    assert Quality().objection(wrong) is not None


def test_words_outside_the_dictionary_are_aligned(aligner: Aligner) -> None:
    voice = next((voice for voice in Flite().voices() if voice.name == "slt"), None)
    if voice is None:
        pytest.skip("flite is not installed: no speech with known times")
    speech = Flite().speak(voice, "Blimbo vafed the zopmobe.", 1.0, 1.0)
    labels = {label for label, _, _ in aligner.align(speech.samples, "Blimbo vafed the zopmobe.")}
    assert {"B", "L", "M", "V", "F", "Z", "P"} <= labels


def test_what_cannot_be_aligned_is_said(aligner: Aligner) -> None:
    noise = np.zeros(16_000, np.float32)
    with pytest.raises(CorpusError, match="language 'sv'"):
        aligner.align(noise, "hej", "sv")
    with pytest.raises(CorpusError, match="no word"):
        aligner.align(noise, "…")
    with pytest.raises(CorpusError, match="cannot be aligned"):
        aligner.align(noise[:800], "a very long sentence for a very short sound")


@pytest.mark.parametrize(
    ("lengths", "score", "reason"),
    [
        ((0.1, 0.1), -20.0, None),
        ((0.1, 0.6), -20.0, "a phone is too long"),
        ((0.03, 0.1), -20.0, "too many phones are minimal"),
        ((0.1, 0.1), -40.0, "low score"),
        ((), -20.0, "no speech"),
    ],
)
def test_quality(lengths: tuple[float, ...], score: float, reason: str | None) -> None:
    edges = np.cumsum([1.0, *lengths])
    phones = (Phone(SILENCE, 0.0, 1.0), *(Phone("M", *edge) for edge in itertools.pairwise(edges)))
    assert Quality().objection(Alignment(phones, score)) == reason


def test_a_voice_is_named_like_its_speaker() -> None:
    assert Voice("flite", "awb", "en", "BSD", "flite").speaker == "flite-awb"
