"""Every engine that is installed: its times must lie on its sound."""

from collections.abc import Iterator

import numpy as np
import pytest

from facestream.corpora.phones import SILENCE
from facestream.corpora.synthetic.engine_phones import RADIO, translator
from facestream.corpora.synthetic.espeak import Espeak
from facestream.corpora.synthetic.festival import Festival
from facestream.corpora.synthetic.flite import Flite
from facestream.corpora.synthetic.speech import Engine, Speech, speech
from facestream.errors import CorpusError

TEXT = "Bob, maybe we move five boats."
LABELS = "B AA B SIL M EY B IY W IY M UW V F AY V B OW T S".split()  # noqa: SIM905


@pytest.fixture(scope="module", params=[Flite, Festival, Espeak], ids=lambda engine: engine.__name__.lower())
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine: Engine = request.param()
    if not any(voice.language == "en" for voice in engine.voices()):
        pytest.skip(f"{request.param.__name__.lower()} is not installed, or has no English voice")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def said(engine: Engine) -> list[Speech]:
    voice = next(voice for voice in engine.voices() if voice.language == "en")
    return [engine.speak(voice, TEXT, stretch, 1.0) for stretch in (1.0, 1.3)]


def spoken(sound: Speech) -> list[str]:
    labels = [label for label, _, _ in sound.phones]
    return labels[labels[0] == SILENCE : len(labels) - (labels[-1] == SILENCE)]


def test_the_phones_are_those_of_the_text(said: list[Speech]) -> None:
    assert spoken(said[0]) == LABELS
    assert spoken(said[1]) == LABELS


def test_phones_cover_the_sound(said: list[Speech]) -> None:
    for sound in said:
        assert sound.phones[0].start == 0
        assert sound.phones[-1].end == len(sound.samples) / 16_000
        assert sound.samples.dtype == np.float32
        assert 0.02 < np.abs(sound.samples).max() <= 1.05


def test_vowels_are_louder_than_pauses(said: list[Speech]) -> None:
    def level(labels: set[str]) -> float:
        parts = [
            said[0].samples[int(s * 16_000) : int(e * 16_000)] for label, s, e in said[0].phones if label in labels
        ]
        return float(np.sqrt(np.mean(np.concatenate(parts) ** 2)))

    assert level({"AA", "EY", "OW", "AY", "IY"}) > 5 * level({SILENCE})


def test_stretching_lengthens(said: list[Speech]) -> None:
    assert len(said[1].samples) > 1.15 * len(said[0].samples)


def test_voices_have_distinct_speakers_and_a_licence(engine: Engine) -> None:
    voices = engine.voices()
    assert len({voice.speaker for voice in voices}) == len(voices)
    assert all(voice.licence and voice.package for voice in voices)


def test_an_engine_that_is_missing_has_no_voices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert Flite().voices() == () and Festival().voices() == ()


def test_labels_are_translated_and_resampled() -> None:
    pcm = np.zeros(8_000, np.float32)
    got = speech(pcm, 8_000, [("pau", 0.0, 0.2), ("m", 0.2, 0.5), ("ax", 0.5, 0.8)], translator(RADIO))
    assert len(got.samples) == 16_000
    assert got.phones == (("SIL", 0, 0.2), ("M", 0.2, 0.5), ("AH", 0.5, 0.8), ("SIL", 0.8, 1.0))


def test_what_an_engine_does_wrong_is_said() -> None:
    with pytest.raises(CorpusError, match="qq, zz"):
        speech(np.ones(10, np.float32), 16_000, [("zz", 0, 1), ("qq", 1, 2)], translator(RADIO))
    with pytest.raises(CorpusError, match="no sound"):
        speech(np.ones(0, np.float32), 16_000, [], translator(RADIO))
