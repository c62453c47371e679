"""The live page in Chromium, with a recording as its microphone, against `facestream serve`."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from facestream.audio.waveform import read_audio
from facestream.signals import Motion
from facestream.timing import SAMPLE_RATE

from .conftest import HERE, NODE, SAMPLE, SPOKEN, expected_jaw, table, visit_with

needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


@needs_node
def test_the_pages_parts_do_what_they_say() -> None:
    """Protocol (the same bytes as tests/server), timeline, shapes: node's own tests."""
    done = subprocess.run(
        [str(NODE), "--test", *map(str, sorted(HERE.glob("*.test.mjs")))], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def visit(server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a visitor saw; see page.mjs."""
    folder = tmp_path_factory.mktemp("page")
    seen = visit_with("page.mjs", server, folder)
    for name, still in seen["stills"].items():
        (folder / f"{name}.png").write_bytes(base64.b64decode(still["picture"].partition(",")[2]))
    return seen


def onset(seen: dict[str, Any]) -> int:
    """Where speech begins in the microphone's sound, of what was sent."""
    pieces = seen["pieces"]
    first = int(np.flatnonzero(table(pieces, "level") > 0.005)[0])
    return int(pieces[first]["sent"]) - 320  # of 20 ms each


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
