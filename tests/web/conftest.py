"""A server, and a visitor in Chromium with a recording as the microphone.

Visits need node with the packages of package.json (npm ci), the page's library (make page), and chromium.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import facestream
from facestream.audio.waveform import read_audio
from facestream.signals import Motion
from facestream.timing import SAMPLE_RATE

HERE = Path(__file__).parent
PAGE = Path(facestream.__file__).parent / "server" / "page"
SAMPLE = Path(facestream.__file__).parent / "assets" / "sample.flac"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
NODE = shutil.which("node")
LEAST_RATE = 3  # pictures a second: with fewer a mouth cannot be watched
# What the microphone hears, again and again: seconds of silence, of the sample, of silence.
BEFORE, SPOKEN, GAP = 1.0, 4.4, 6.0


def microphone(sample: np.ndarray) -> np.ndarray:
    """The sound of the microphone, [N]."""
    silence = np.random.default_rng(0).normal(0, 1e-4, round((BEFORE + GAP) * SAMPLE_RATE)).astype(np.float32)
    first, gap = np.split(silence, [round(BEFORE * SAMPLE_RATE)])
    return np.concatenate([first, sample[: round(SPOKEN * SAMPLE_RATE)], gap])


@pytest.fixture(scope="package")
def server() -> Iterator[str]:
    """The address of a server that runs by itself."""
    command = [sys.executable, "-m", "facestream.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines = iter(process.stdout.readline, "")  # type: ignore[union-attr]
        told = next((line for line in lines if "http://" in line), None)
        assert told is not None, "facestream serve said no address"
        yield told[told.index("http://") :].split(";")[0].split()[0]
        process.send_signal(signal.SIGTERM)


def visit_with(script: str, server: str, folder: Path) -> dict[str, Any]:
    """What a visitor saw who did as a script says; skips where a visit cannot be."""
    if NODE is None or not (HERE.parent.parent / "node_modules" / "playwright-core").is_dir():
        pytest.skip("node's packages are not installed; run `npm ci` at the repository's root")
    if not (PAGE / "vendor" / "three.module.js").is_file():
        pytest.skip("the page's library is not there; run `make page`")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    soundfile.write(folder / "microphone.wav", microphone(read_audio(SAMPLE)), SAMPLE_RATE)
    task = {"chromium": CHROMIUM, "url": server, "microphone": str(folder / "microphone.wav"), "folder": str(folder)}
    (folder / "task.json").write_text(json.dumps(task))
    done = subprocess.run(
        [NODE, str(HERE / script), str(folder / "task.json")], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    (folder / "seen.json").write_text(done.stdout)
    times = table(seen["pictures"], "at")
    if (rate := len(times) / np.ptp(times)) < LEAST_RATE:
        pytest.skip(f"this machine is too busy: it draws {rate:.1f} pictures a second; expected {LEAST_RATE}")
    return seen


def table(entries: list[dict[str, Any]], key: str) -> np.ndarray:
    """A number of each entry."""
    return np.array([entry[key] for entry in entries], np.float64)


@lru_cache(maxsize=1)
def offline() -> Motion:
    """How the sample moves a face."""
    return facestream.animate(read_audio(SAMPLE))


def expected_jaw(heard: np.ndarray) -> np.ndarray:
    """The jaw that the sample has offline, at samples of it."""
    motion = offline()
    return np.interp(heard / SAMPLE_RATE, np.arange(len(motion)) / motion.fps, motion["jawOpen"])
