"""`facestream animate`: the curves and the film of a recording, whole or not at all."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from facestream.cli import animate, app
from facestream.signals import FACE, Motion
from facestream.timing import SAMPLE_RATE

WORDS = (0.3 * np.sin(np.arange(SAMPLE_RATE) * 0.1) * np.hanning(SAMPLE_RATE)).astype(np.float32)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "speech.wav", WORDS, SAMPLE_RATE)
    return tmp_path / "speech.wav"


@pytest.mark.parametrize("ending", [".csv", ".npz"])
def test_curves_follow_the_sound(speech: Path, ending: str) -> None:
    output = speech.with_suffix(ending)
    result = CliRunner().invoke(app, ["animate", str(speech), "-o", str(output)])
    assert result.exit_code == 0
    assert result.stdout == f"{output}: 25 frames\n"
    motion = Motion.load(output)
    assert motion.channels == FACE
    assert int(motion["jawOpen"].argmax()) == pytest.approx(12, abs=1)


def test_every_frame_is_told(speech: Path, loudness_talker: object) -> None:
    told: list[tuple[int, int]] = []
    animate.animate_file(speech, speech.with_suffix(".csv"), loudness_talker, tick=lambda *at: told.append(at))  # type: ignore[arg-type]
    assert told == [(done, 25) for done in range(1, 26)]


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_picture_and_sound_of_a_film_are_equally_long(speech: Path, ending: str) -> None:
    output = speech.with_suffix(ending)
    result = CliRunner().invoke(app, ["animate", str(speech), "-o", str(output), "--size", "64"])
    assert result.exit_code == 0, result.output
    with av.open(str(output)) as film:
        pictures = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    with av.open(str(output)) as film:
        sound = sum(frame.samples / frame.sample_rate for frame in film.decode(audio=0))
    assert len(pictures) == 25
    assert pictures[0].shape == (64, 64, 3)
    assert sound == pytest.approx(1.0, abs=0.04)
    assert np.abs(pictures[12].astype(int) - pictures[0]).max() > 20  # the mouth opened


def test_ctrl_c_leaves_no_file_and_says_so(speech: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for ending in (".mp4", ".csv"):
        monkeypatch.setattr(animate, "counted", interrupted)
        result = CliRunner().invoke(
            app, ["animate", str(speech), "-o", str(speech.with_suffix(ending)), "--size", "64"]
        )
        assert result.exit_code == 130
        assert "was not written" in result.stderr
        assert list(speech.parent.iterdir()) == [speech]


def interrupted(frames, total, tick):  # type: ignore[no-untyped-def]
    """Ctrl-C after the tenth frame."""
    for done, frame in enumerate(frames):
        if done == 10:
            raise KeyboardInterrupt
        yield frame


def test_an_older_film_stays_when_the_new_one_fails(speech: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = speech.with_suffix(".mp4")
    older.write_bytes(b"an older film")
    monkeypatch.setattr(animate, "counted", interrupted)
    CliRunner().invoke(app, ["animate", str(speech), "-o", str(older), "--size", "64"])
    assert older.read_bytes() == b"an older film"
    assert sorted(speech.parent.iterdir()) == sorted([speech, older])


def test_a_polite_end_cleans_up_as_ctrl_c_does(speech: Path) -> None:
    """SIGTERM, sent when the file has been begun."""
    soundfile.write(speech, np.tile(WORDS, 600), SAMPLE_RATE)
    words = [sys.executable, "-m", "facestream.cli", "animate", str(speech), "-o", str(speech.with_suffix(".mp4"))]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        while len(list(speech.parent.iterdir())) == 1 and process.poll() is None:
            time.sleep(0.05)
        process.terminate()
        _, said = process.communicate()
    assert process.returncode == 130
    assert "was not written" in said
    assert list(speech.parent.iterdir()) == [speech]
