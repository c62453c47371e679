"""The live page in Chromium, with a recording as its microphone, against `facestream serve`.

Needs node with the packages of package.json (npm ci), the page's library (make page), and chromium.
"""

from __future__ import annotations

import base64
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
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

needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


@needs_node
def test_the_pages_parts_do_what_they_say() -> None:
    """Protocol (the same bytes as tests/server), timeline, shapes: node's own tests."""
    done = subprocess.run(
        [str(NODE), "--test", *map(str, sorted(HERE.glob("*.test.mjs")))], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def microphone(sample: np.ndarray) -> np.ndarray:
    """The sound of the microphone, [N]."""
    silence = np.random.default_rng(0).normal(0, 1e-4, round((BEFORE + GAP) * SAMPLE_RATE)).astype(np.float32)
    first, gap = np.split(silence, [round(BEFORE * SAMPLE_RATE)])
    return np.concatenate([first, sample[: round(SPOKEN * SAMPLE_RATE)], gap])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server that runs by itself."""
    command = [sys.executable, "-m", "facestream.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines = iter(process.stdout.readline, "")  # type: ignore[union-attr]
        told = next((line for line in lines if "http://" in line), None)
        assert told is not None, "facestream serve said no address"
        yield told[told.index("http://") :].split(";")[0].split()[0]
        process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def visit(server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a visitor saw; see page.mjs."""
    if NODE is None or not (HERE.parent.parent / "node_modules" / "playwright-core").is_dir():
        pytest.skip("node's packages are not installed; run `npm ci` at the repository's root")
    if not (PAGE / "vendor" / "three.module.js").is_file():
        pytest.skip("the page's library is not there; run `make page`")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    folder = tmp_path_factory.mktemp("page")
    soundfile.write(folder / "microphone.wav", microphone(read_audio(SAMPLE)), SAMPLE_RATE)
    task = {"chromium": CHROMIUM, "url": server, "microphone": str(folder / "microphone.wav"), "folder": str(folder)}
    (folder / "task.json").write_text(json.dumps(task))
    done = subprocess.run(
        [NODE, str(HERE / "page.mjs"), str(folder / "task.json")], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    times = table(seen["pictures"], "at")
    if (rate := len(times) / np.ptp(times)) < LEAST_RATE:
        pytest.skip(f"this machine is too busy: it draws {rate:.1f} pictures a second; expected {LEAST_RATE}")
    for name, still in seen["stills"].items():
        (folder / f"{name}.png").write_bytes(base64.b64decode(still["picture"].partition(",")[2]))
    (folder / "seen.json").write_text(json.dumps(seen))
    return seen


def table(entries: list[dict[str, Any]], key: str) -> np.ndarray:
    return np.array([entry[key] for entry in entries], np.float64)


def onset(seen: dict[str, Any]) -> int:
    """Where speech begins in the microphone's sound, of what was sent."""
    pieces = seen["pieces"]
    first = int(np.flatnonzero(table(pieces, "level") > 0.005)[0])
    return int(pieces[first]["sent"]) - 320  # of 20 ms each


def expected_jaw(heard: np.ndarray) -> np.ndarray:
    """The jaw that the same sound has offline, at samples of it."""
    motion = facestream.animate(read_audio(SAMPLE))
    return np.interp(heard / SAMPLE_RATE, np.arange(len(motion)) / motion.fps, motion["jawOpen"])


def first_loud(samples: np.ndarray) -> int:
    """The sample at which a piece of 20 ms is loud first."""
    pieces = samples[: len(samples) // 320 * 320].reshape(-1, 320)
    return int(np.flatnonzero(np.sqrt((pieces**2).mean(axis=1)) > 0.005)[0]) * 320


def test_nothing_complains(visit: dict[str, Any]) -> None:
    assert visit["complaints"] == []


def test_the_mouth_moves_with_the_microphone(visit: dict[str, Any]) -> None:
    """What is shown for a sample of the voice is what that sample's sound asks for."""
    offset = onset(visit) - first_loud(read_audio(SAMPLE))
    pictures = [
        p for p in visit["pictures"] if p["source"] == "microphone" and 0 < p["heard"] - offset < SPOKEN * SAMPLE_RATE
    ]
    shown, wanted = table(pictures, "jaw"), expected_jaw(table(pictures, "heard") - offset)
    assert len(pictures) >= 12
    assert np.corrcoef(shown, wanted)[0, 1] > 0.8
    assert shown.max() > 0.25
    assert shown.min() < 0.06


def test_the_picture_shows_the_mouth_open_and_closed(visit: dict[str, Any]) -> None:
    pictures = visit["pictures"]
    gap, dark = table(pictures, "jaw") - table(pictures, "close"), table(pictures, "dark")
    assert dark[gap > 0.25].mean() > 3 * dark[gap < 0.03].mean()
    assert np.corrcoef(gap, dark)[0, 1] > 0.7


def test_what_is_shown_of_the_sample_is_what_is_heard(visit: dict[str, Any]) -> None:
    playing = [p for p in visit["pictures"] if p["source"] == "speech" and p["position"] > 0 and p["heard"] >= 0]
    assert len(playing) >= 8
    apart = (table(playing, "heard") - table(playing, "position")) / SAMPLE_RATE
    assert abs(np.median(apart)) < 0.04  # a frame lasts 40 ms
    shown, wanted = table(playing, "jaw"), expected_jaw(table(playing, "position"))
    assert np.abs(shown - wanted).mean() < 0.08


def test_speaking_over_it_interrupts(visit: dict[str, Any]) -> None:
    at, pieces = visit["spokenOver"]["at"], visit["pieces"]
    assert any(piece["level"] > 0.012 and at - 0.3 < piece["at"] <= at + 0.01 for piece in pieces)
    after = [p for p in visit["pictures"] if visit["spokenOver"]["at"] + 0.05 < p["at"] < visit["spokenOver"]["at"] + 1]
    assert all(p["source"] == "microphone" and p["position"] == -1 for p in after)


def test_the_button_interrupts_within_a_fifth_of_a_second(visit: dict[str, Any]) -> None:
    at = visit["stopped"]["at"]
    assert 1.5 < visit["stopped"]["heard"] < 5
    after = [p for p in visit["pictures"] if at + 0.2 < p["at"] < at + 0.8]  # later the window changes its size
    assert after
    assert all(p["position"] == -1 and p["jaw"] < 0.06 for p in after)
    assert table(after, "dark").max() < 0.5 * table(visit["pictures"], "dark").max()
    assert visit["told"].startswith("Stopped after")


def test_a_take_is_curves_an_animated_head_and_a_video(visit: dict[str, Any]) -> None:
    motion = Motion.load(visit["take"]["csv"])
    assert motion.fps == 25
    assert motion.seconds > 1.5
    assert motion["jawOpen"].max() > 0.2
    glb = Path(visit["take"]["glb"]).read_bytes()
    root = json.loads(glb[20 : 20 + int.from_bytes(glb[12:16], "little")])
    times = root["accessors"][root["animations"][0]["samplers"][0]["input"]]
    assert times["count"] == len(motion)
    with av.open(visit["take"]["video"]) as film:
        pictures = [picture.to_ndarray(format="rgb24") for picture in film.decode(video=0)]
        assert film.streams.audio
    assert len(pictures) >= 3
    middle = pictures[-1][200:500, 260:460].astype(int)
    assert (middle[..., 0] - middle[..., 2]).mean() > 20  # skin, not the cool backdrop


def test_a_phone_needs_no_sideways_scrolling(visit: dict[str, Any]) -> None:
    assert visit["wide"] <= 360
