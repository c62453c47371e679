"""A call over WebRTC in Chromium, with a recording as its microphone: the server draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("aiortc", reason="WebRTC needs the extra 'webrtc'")

from facestream.timing import SAMPLE_RATE

from .conftest import BEFORE, GAP, SPOKEN, expected_jaw, table, visit_with

LAGS = np.arange(0, 0.8, 0.02)  # seconds that drawing, packing and unpacking a picture may take


@pytest.fixture(scope="module")
def call(server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a caller saw and was told; see call.mjs."""
    return visit_with("call.mjs", server, tmp_path_factory.mktemp("call"))


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def test_both_tracks_live_and_nothing_complains(call: dict[str, Any]) -> None:
    assert call["tracks"] == ["audio live", "video live"]
    assert call["complaints"] == []
    assert {picture["width"] for picture in call["pictures"]} == {256}


def test_motion_over_the_data_channel_is_that_of_the_microphones_sound(call: dict[str, Any]) -> None:
    frames = [frame for frame in call["frames"] if frame["heard"] >= 0]
    heard, jaw = table(frames, "heard"), table(frames, "jaw")
    around = BEFORE + SPOKEN + GAP  # seconds, after which the microphone hears the same again
    fits = []
    for began in np.arange(0, around, 0.02):  # where in that round the call began
        at = (heard / SAMPLE_RATE + began) % around - BEFORE
        fits.append(likeness(jaw, np.where((at > 0) & (at < SPOKEN), expected_jaw(at * SAMPLE_RATE), 0)))
    assert max(fits) > 0.8


def test_the_video_shows_the_mouth_open_and_closed_when_motion_says_so(call: dict[str, Any]) -> None:
    at, dark = table(call["pictures"], "at"), table(call["pictures"], "dark")
    came, jaw = table(call["frames"], "at"), table(call["frames"], "jaw")
    fits = [likeness(dark, np.interp(at - lag, came, jaw)) for lag in LAGS]
    assert max(fits) > 0.4  # pictures come unevenly where the machine is busy
    lag = LAGS[int(np.argmax(fits))]
    opened = np.interp(at - lag, came, jaw)
    assert dark[opened > 0.3].mean() > 3 * dark[opened < 0.03].mean()
