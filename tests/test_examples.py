"""The examples run, and do what they say."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import facestream

ROOT = Path(__file__).parent.parent
SAMPLE = Path(facestream.__file__).parent / "assets" / "sample.flac"


def run(name: str, monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", [name, *words])
    runpy.run_path(str(ROOT / "examples" / name), run_name="__main__")


def test_a_contact_sheet_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("contact_sheet.py", monkeypatch, str(SAMPLE), str(tmp_path / "sheet.png"), "0.5", "1.5")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width >= 8 * 256


def test_two_faces_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("same_words_two_faces.py", monkeypatch, str(SAMPLE), str(tmp_path / "sheet.png"), "mira", "seed:3")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width == 6 * 256 and sheet.height > 2 * 256


def test_live_packets_are_shown_after_the_look_ahead(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("live_packets.py", monkeypatch, str(SAMPLE))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("120 ms of sound after")
    assert lines[-1].startswith("2 frames") or lines[-1].startswith("3 frames")


def test_everybody_has_a_portrait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("portraits.py", monkeypatch, str(tmp_path), "32")
    drawn = {path.name for path in tmp_path.iterdir()}
    assert len(drawn) >= 8
    assert drawn == {path.name for path in (ROOT / "src/facestream/server/page/portraits").iterdir()}


def test_everybody_is_in_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("everybody.py", monkeypatch, str(tmp_path / "all.png"), "320")
    with Image.open(tmp_path / "all.png") as picture:
        assert picture.width == 320
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    for row in range(2):
        for column in range(5):
            card = pixels[64 * row : 64 * row + 64, 64 * column : 64 * column + 64]
            assert np.abs(card[24:40, 24:40] - card[2, 2]).max() > 60  # somebody stands before it
