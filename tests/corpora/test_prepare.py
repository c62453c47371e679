import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from facestream.corpora import prepare
from facestream.corpora.phones import Phone
from facestream.corpora.prepare import prepare_speech
from facestream.corpora.shards import ShardReader
from facestream.errors import CorpusError
from facestream.signals import Floats

SECONDS = 0.5


class OneSound:
    """Stands for the aligner: one long M, or no alignment for the text "wrong"."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def measure(self, samples: Floats, text: str, language: str) -> prepare.Alignment:
        self.asked.append(text)
        if text == "stop":
            raise KeyboardInterrupt
        if text == "wrong":
            raise CorpusError("the words cannot be aligned with the sound")
        return prepare.Alignment((Phone("M", 0.0, len(samples) / 16_000),), -90.0 if text == "unclear" else -10.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = []
    for name, text in (("a", "hello"), ("b", "wrong"), ("c", "unclear"), ("d", "mama"), ("gone", "hello")):
        row = {"file": f"{name}.wav", "text": text, "speaker": f"s-{name}", "corpus": "tiny", "language": "en"}
        rows.append(row | {"licence": "CC0", "source": "made"})
        if name != "gone":
            soundfile.write(tmp_path / f"{name}.wav", 0.1 * np.ones(int(SECONDS * 8_000)), 8_000)
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path


@pytest.fixture
def aligner(monkeypatch: pytest.MonkeyPatch) -> OneSound:
    fake = OneSound()
    monkeypatch.setattr(prepare, "Aligner", lambda: fake)
    return fake


def test_what_fits_is_kept_and_what_does_not_is_counted(folder: Path, tmp_path: Path, aligner: OneSound) -> None:
    summary = prepare_speech(folder, tmp_path / "out")
    reader = ShardReader(tmp_path / "out")
    assert reader.ids == ("a", "d")
    assert [u.seconds for u in reader] == [SECONDS, SECONDS]
    assert summary.kept == 2 and summary.speakers == {"tiny": {"s-a", "s-d"}}
    assert summary.minutes["tiny"] == pytest.approx(2 * SECONDS / 60)
    assert sorted(summary.dropped.items()) == [
        ("low score", 1),
        ("the sound cannot be read", 1),
        ("the words cannot be aligned with the sound", 1),
    ]
    assert any("kept 2, dropped 3" in line for line in summary.lines())


def test_an_interrupted_job_goes_on_and_decides_nothing_twice(folder: Path, tmp_path: Path, aligner: OneSound) -> None:
    manifest = folder / "manifest.jsonl"
    whole = manifest.read_text(encoding="utf-8")
    manifest.write_text(whole.replace('"mama"', '"stop"'), encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        prepare_speech(folder, tmp_path / "out")
    with (tmp_path / "out" / "dropped.jsonl").open("a", encoding="utf-8") as dropped:
        dropped.write('{"id": "d", "rea')  # torn by the interruption
    manifest.write_text(whole, encoding="utf-8")
    aligner.asked.clear()
    summary = prepare_speech(folder, tmp_path / "out")
    assert aligner.asked == ["mama"]
    assert (summary.kept, summary.dropped.total()) == (2, 3)
    assert prepare_speech(folder, tmp_path / "out") == summary
    assert aligner.asked == ["mama"]
