import json
from pathlib import Path

import pytest

from facestream.corpora.readers import open_recordings
from facestream.errors import CorpusError


def put(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_manifest(tmp_path: Path) -> None:
    row = {
        "file": "a.opus",
        "text": "Hi",
        "speaker": "s1",
        "corpus": "c",
        "language": "en",
        "licence": "CC0",
        "source": "x",
    }
    put(tmp_path / "manifest.jsonl", json.dumps(row | {"seconds": 1.0}) + "\n")
    (recording,) = open_recordings(tmp_path)
    assert recording.path == tmp_path / "a.opus"
    assert (recording.id, recording.text, recording.speaker, recording.licence) == ("a", "Hi", "s1", "CC0")


@pytest.mark.parametrize("row", ["{}", "not json", "[]"])
def test_a_broken_manifest_row_is_named(tmp_path: Path, row: str) -> None:
    put(tmp_path / "manifest.jsonl", row + "\n")
    with pytest.raises(CorpusError, match="row 1"):
        list(open_recordings(tmp_path))


def test_librispeech(tmp_path: Path) -> None:
    put(tmp_path / "dev" / "84" / "121" / "84-121.trans.txt", "84-121-0000 GO DO YOU HEAR\n84-121-0001 BUT\n")
    first, second = open_recordings(tmp_path)
    assert first.path == tmp_path / "dev" / "84" / "121" / "84-121-0000.flac"
    assert first.text == "GO DO YOU HEAR" and first.speaker == second.speaker == "librispeech-84"


def test_ljspeech(tmp_path: Path) -> None:
    put(tmp_path / "metadata.csv", "LJ001-0001|In 1455,|In fourteen fifty-five,\n")
    put(tmp_path / "wavs" / "LJ001-0001.wav")
    (recording,) = open_recordings(tmp_path)
    assert recording.text == "In fourteen fifty-five," and recording.path.is_file()


def test_vctk_takes_the_first_microphone(tmp_path: Path) -> None:
    put(tmp_path / "txt" / "p225" / "p225_001.txt", "Please call Stella.\n")
    for microphone in ("mic1", "mic2"):
        put(tmp_path / "wav48_silence_trimmed" / "p225" / f"p225_001_{microphone}.flac")
    (recording,) = open_recordings(tmp_path)
    assert recording.path.name == "p225_001_mic1.flac"
    assert (recording.speaker, recording.text) == ("vctk-p225", "Please call Stella.")


def test_sound_files_with_their_text(tmp_path: Path) -> None:
    for name in ("b.wav", "a.flac", "alone.wav", "b.txt", "a.txt"):
        put(tmp_path / name, f"{name} said\n")
    assert [(r.id, r.text) for r in open_recordings(tmp_path)] == [("a", "a.txt said"), ("b", "b.txt said")]


def test_an_unknown_layout_says_what_was_seen_and_what_is_known(tmp_path: Path) -> None:
    put(tmp_path / "songs.zip")
    with pytest.raises(CorpusError, match=r"songs\.zip.*manifest\.jsonl.*LibriSpeech.*LJSpeech.*VCTK"):
        open_recordings(tmp_path)
    with pytest.raises(CorpusError, match="not a folder"):
        open_recordings(tmp_path / "nowhere")
