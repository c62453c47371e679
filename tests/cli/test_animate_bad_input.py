"""Whatever comes in, `facestream animate` gives a right result or one clear sentence, and never half a file."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from facestream.cli import app
from facestream.signals import Floats, Motion
from facestream.timing import SAMPLE_RATE

SECOND = (0.3 * np.sin(np.arange(SAMPLE_RATE) * 0.1)).astype(np.float32)


def animate(speech: Path, output: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["animate", str(speech), "-o", str(output), *more])


def wav(sound: Floats, rate: int = SAMPLE_RATE, subtype: str = "PCM_16") -> Callable[[Path], None]:
    return lambda path: soundfile.write(path, sound, rate, format="WAV", subtype=subtype)


def truncated(path: Path) -> None:
    wav(SECOND)(path)
    content = path.read_bytes()
    path.write_bytes(content[: 44 + SAMPLE_RATE])  # half of its two bytes a sample


def not_finite(path: Path) -> None:
    sound = SECOND.copy()
    sound[100] = np.nan
    wav(sound, subtype="FLOAT")(path)


GOOD = {
    "shorter than a frame": (wav(SECOND[:100]), 1),
    "one sample": (wav(SECOND[:1]), 1),
    "silent": (wav(np.zeros(SAMPLE_RATE, np.float32)), 25),
    "clipped": (wav(np.sign(SECOND)), 25),
    "8 kHz": (wav(SECOND[:8000], rate=8000), 25),
    "96 kHz": (wav(np.repeat(SECOND, 6), rate=96000), 25),
    "six channels": (wav(np.tile(SECOND[:, None], 6)), 25),
    "8 bit": (wav(SECOND, subtype="PCM_U8"), 25),
    "truncated": (truncated, 13),
}
BAD = {
    "empty": (lambda path: path.touch(), "is empty"),
    "no samples": (wav(SECOND[:0]), "no samples"),
    "NaN": (not_finite, "NaN"),
    "text": (lambda path: path.write_text("Peter Piper picked a peck.\n" * 9), "is not sound"),
    "missing": (lambda path: None, "there is no file"),
    "a folder": (lambda path: path.mkdir(), "is a folder"),
}


@pytest.mark.parametrize("kind", GOOD)
def test_usable_sound_gives_a_frame_for_every_40_ms(tmp_path: Path, kind: str) -> None:
    make, frames = GOOD[kind]
    make(tmp_path / "speech.wav")
    result = animate(tmp_path / "speech.wav", tmp_path / "curves.csv")
    assert result.exit_code == 0, result.output
    motion = Motion.load(tmp_path / "curves.csv")
    assert len(motion) == frames
    assert np.isfinite(motion.values).all()


def test_truncated_sound_is_said_to_be(tmp_path: Path) -> None:
    truncated(tmp_path / "speech.wav")
    words = " ".join(animate(tmp_path / "speech.wav", tmp_path / "curves.csv").stderr.split())
    assert "it announces 1.00 s and holds 0.50 s" in words


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("ending", [".csv", ".npz", ".mp4"])
def test_unusable_sound_is_one_sentence_and_no_file(tmp_path: Path, kind: str, ending: str) -> None:
    make, message = BAD[kind]
    make(tmp_path / "speech.wav")
    before = sorted(tmp_path.iterdir())
    result = animate(tmp_path / "speech.wav", tmp_path / f"out{ending}")
    assert_one_sentence(result, message)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("missing/out.mp4", "there is no folder"),
        ("out.avi", "expected a name in .mp4, .mov, .mkv, .csv, .npz"),
        ("out", "expected a name in .mp4"),
        ("folder.mp4", "is a folder"),
        ("speech.mp4", "is the speech itself"),
    ],
)
def test_an_output_that_cannot_be_is_refused_first(tmp_path: Path, output: str, message: str) -> None:
    wav(SECOND)(tmp_path / "speech.mp4")
    (tmp_path / "folder.mp4").mkdir()
    before = {path: path.stat().st_size for path in tmp_path.rglob("*")}
    assert_one_sentence(animate(tmp_path / "speech.mp4", tmp_path / output), message)
    assert {path: path.stat().st_size for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("output", ["out.csv", "out.mp4"])
def test_a_folder_that_may_not_be_written_into_is_refused_first(
    tmp_path: Path, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wav(SECOND)(tmp_path / "speech.wav")
    monkeypatch.setattr(os, "access", lambda place, how: not how & os.W_OK)  # the superuser may write anywhere
    assert_one_sentence(animate(tmp_path / "speech.wav", tmp_path / output), "nothing may be written")


def test_an_ending_in_capitals_is_an_ending(tmp_path: Path) -> None:
    wav(SECOND)(tmp_path / "speech.wav")
    assert animate(tmp_path / "speech.wav", tmp_path / "OUT.CSV").exit_code == 0
    assert len(Motion.load(tmp_path / "OUT.CSV")) == 25


def test_curves_on_a_full_disk_are_one_sentence_and_no_file(tmp_path: Path) -> None:
    """The system refuses to write more than 500 bytes."""
    wav(SECOND)(tmp_path / "speech.wav")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        result = animate(tmp_path / "speech.wav", tmp_path / "out.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_one_sentence(result, "cannot be written")
    assert [path.name for path in tmp_path.iterdir()] == ["speech.wav"]


def test_a_bundle_that_is_not_there_is_named(tmp_path: Path) -> None:
    wav(SECOND)(tmp_path / "speech.wav")
    result = animate(tmp_path / "speech.wav", tmp_path / "out.csv", "--bundle", "nowhere")
    assert_one_sentence(result, "nowhere")


def assert_one_sentence(result: Result, message: str) -> None:
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.output
    assert not result.stdout
