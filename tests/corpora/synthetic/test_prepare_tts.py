from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from facestream.corpora.phones import SILENCE, Phone
from facestream.corpora.shards import ShardReader
from facestream.corpora.synthetic import prepare
from facestream.corpora.synthetic.prepare import HELD_OUT, prepare_tts
from facestream.corpora.synthetic.speech import Speech, Voice
from facestream.errors import CorpusError


class Hum:
    """An engine that hums an M for a tenth of a second a word."""

    def __init__(self, *voices: Voice, fails: bool = False) -> None:
        self._voices, self._fails, self.closed = voices, fails, False

    def voices(self) -> tuple[Voice, ...]:
        return self._voices

    def speak(self, voice: Voice, text: str, stretch: float, pitch: float) -> Speech:
        if self._fails:
            raise CorpusError("hoarse")
        seconds = 0.1 * len(text.split())
        sound = np.sin(np.arange(int(seconds * 16_000))).astype(np.float32)
        return Speech(sound, (Phone("M", 0.0, len(sound) / 16_000),))

    def close(self) -> None:
        self.closed = True


AWB, KED = Voice("flite", "awb", "en", "BSD", "flite"), Voice("festival", "ked", "en", "BSD", "festvox-kdlpc16k")
ROBOT = Voice("espeak", "en+m1", "en", "GPL", "espeak-ng", recorded=False)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> dict[str, Hum]:
    engines = {"flite": Hum(AWB), "festival": Hum(KED), "espeak": Hum(ROBOT)}
    monkeypatch.setattr(prepare, "open_engines", lambda: engines)
    return engines


def test_the_shard_is_as_long_as_asked_without_the_held_out_voice(tmp_path: Path, engines: dict[str, Hum]) -> None:
    summary = prepare_tts(tmp_path, 4.0)
    reader = ShardReader(tmp_path)
    assert sum(reader.lengths) >= 4 * 60 * 16_000 > sum(reader.lengths[:-1])
    speakers = Counter(reader.speakers)
    assert not set(HELD_OUT) & set(speakers)
    assert 0.02 < speakers["espeak-en+m1"] / speakers.total() < 0.3
    assert summary.kept == len(reader) and summary.dropped.total() == 0
    assert all(engine.closed for engine in engines.values())


def test_speech_lies_between_silences_at_its_times(tmp_path: Path, engines: dict[str, Hum]) -> None:
    prepare_tts(tmp_path, 0.5)
    for utterance in ShardReader(tmp_path):
        assert utterance.phones[0].label == utterance.phones[-1].label == SILENCE
        for label, start, end in utterance.phones:
            part = utterance.samples[round(start * 16_000) : round(end * 16_000)]
            assert (np.abs(part).max() > 0.1) == (label == "M")


def test_an_utterance_depends_on_seed_and_number_alone(tmp_path: Path, engines: dict[str, Hum]) -> None:
    for name, minutes, seed in (("one", 0.5, 0), ("two", 0.2, 0), ("other", 0.5, 1)):
        prepare_tts(tmp_path / name, minutes, seed)
    prepare_tts(tmp_path / "two", 0.5)
    one, two, other = (list(ShardReader(tmp_path / name)) for name in ("one", "two", "other"))
    assert [u.id for u in one] == [u.id for u in two]
    assert all(np.array_equal(a.samples, b.samples) and a.phones == b.phones for a, b in zip(one, two, strict=True))
    assert {u.text for u in one}.isdisjoint(u.text for u in other)


def test_only_the_speakers_asked_for(tmp_path: Path, engines: dict[str, Hum]) -> None:
    prepare_tts(tmp_path, 0.1, speakers=HELD_OUT)
    assert set(ShardReader(tmp_path).speakers) == set(HELD_OUT)
    with pytest.raises(CorpusError, match="none of festival-nobody is installed"):
        prepare_tts(tmp_path, 0.1, speakers=("festival-nobody",))


def test_a_failing_voice_is_counted_and_the_others_go_on(tmp_path: Path, engines: dict[str, Hum]) -> None:
    engines["flite"] = Hum(AWB)
    engines["espeak"] = Hum(ROBOT, fails=True)
    summary = prepare_tts(tmp_path, 3.0)
    assert summary.dropped["espeak-en+m1: hoarse"] > 0
    assert set(ShardReader(tmp_path).speakers) == {"flite-awb"}
    engines["flite"] = Hum(AWB, fails=True)
    with pytest.raises(CorpusError, match="most sentences fail, the last with: hoarse"):
        prepare_tts(tmp_path / "again", 3.0)


def test_missing_engines_are_named(tmp_path: Path, engines: dict[str, Hum], capsys: pytest.CaptureFixture[str]) -> None:
    engines["festival"] = Hum()
    prepare_tts(tmp_path, 0.05)
    assert "not installed, so left out: festival" in capsys.readouterr().out
    engines.clear()
    with pytest.raises(CorpusError, match="no voice is installed; expected flite, festival or espeak-ng"):
        prepare_tts(tmp_path, 0.05)
