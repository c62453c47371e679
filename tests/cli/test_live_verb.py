"""`facestream live`: sound from a pipe."""

from __future__ import annotations

import io
import json
import sys
import wave
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.conftest import LoudnessTalker
from typer.testing import CliRunner

from facestream.cli import app, live
from facestream.signals import FACE, Motion


def speech(seconds: float, rate: int) -> bytes:
    samples = np.sin(2 * np.pi * 300 * np.arange(round(seconds * rate)) / rate) * 9000
    return samples.astype("<i2").tobytes()


def wav(seconds: float, rate: int) -> bytes:
    with wave.open(buffer := io.BytesIO(), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(speech(seconds, rate))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("sound", "options"),
    [
        (speech(1.0, 16_000), []),
        (speech(1.0, 48_000), ["--rate", "48000"]),
        (wav(1.0, 44_100), []),
        (speech(1.0, 16_000) + b"\0", []),
    ],
    ids=["raw", "raw at 48 kHz", "wav", "half a sample at the end"],
)
def test_a_line_for_each_frame(loudness_talker: LoudnessTalker, sound: bytes, options: list[str]) -> None:
    result = CliRunner().invoke(app, ["live", *options], input=sound)
    assert result.exit_code == 0, result.output
    head, *lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert head["channels"] == list(FACE)
    assert [line["frame"] for line in lines] == list(range(25))
    assert lines[10]["time"] == pytest.approx(0.4)
    assert lines[10]["values"][FACE.index("jawOpen")] > 0.1


def test_a_file_of_curves(loudness_talker: LoudnessTalker, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["live", "-o", str(tmp_path / "x.csv")], input=speech(0.4, 16_000))
    assert result.exit_code == 0, result.output
    assert len(Motion.load(tmp_path / "x.csv")) == 10


@pytest.mark.parametrize(
    ("options", "sound", "words"),
    [
        (["--format", "u8"], b"", "expected s16 or f32"),
        (["-o", "x.mp4"], b"", "animate"),
        ([], b"RIFF\0\0\0\0WAVEjunk", "send 16-bit PCM"),
    ],
)
def test_what_cannot_be_done_is_said(
    loudness_talker: LoudnessTalker, options: list[str], sound: bytes, words: str
) -> None:
    result = CliRunner().invoke(app, ["live", *options], input=sound)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_a_microphone(loudness_talker: LoudnessTalker, monkeypatch: pytest.MonkeyPatch) -> None:
    class Microphone:
        def __init__(self, rate: int, size: int, channels: int, dtype: str, callback: object) -> None:
            self.size, self.callback = size, callback

        def __enter__(self) -> None:
            for _ in range(10):
                self.callback(np.zeros((self.size, 1), np.float32), None, None, None)  # type: ignore[operator]

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setitem(sys.modules, "sounddevice", SimpleNamespace(InputStream=Microphone, PortAudioError=OSError))
    packets = live.microphone(16_000)
    assert [len(next(packets)) for _ in range(10)] == [320] * 10
