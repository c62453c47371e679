"""One clock: frames, hops and delays that fit each other exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest

from facestream.timing import HOP, SAMPLE_RATE, Timing


@pytest.mark.parametrize(
    ("samples", "frames"),
    [(0, 0), (1, 1), (639, 1), (640, 1), (641, 2), (1280, 2), (1281, 3), (16_000, 25), (16_001, 26)],
)
def test_frames_cover_the_samples_and_no_more(samples: int, frames: int) -> None:
    assert Timing(fps=25).frame_count(samples) == frames


@pytest.mark.parametrize("fps", [1, 2, 4, 5, 10, 20, 25, 50, 100])
def test_a_frame_is_whole_hops_at_every_rate_that_is_allowed(fps: int) -> None:
    timing = Timing(fps=fps)
    assert timing.frame_samples * fps == SAMPLE_RATE
    assert timing.frame_hops * HOP == timing.frame_samples


@pytest.mark.parametrize("fps", [0, -25, 3, 24, 30, 60, 200])
def test_another_rate_is_refused(fps: int) -> None:
    with pytest.raises(ValueError, match="divisor of 100"):
        Timing(fps=fps)


def test_a_delay_before_the_sound_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Timing(delay=-1)


@pytest.mark.parametrize(("fps", "delay", "look_ahead", "first"), [(25, 2, 80, 120), (25, 0, 0, 40), (50, 3, 60, 80)])
def test_the_first_frame_waits_for_its_own_sound_and_the_look_ahead(
    fps: int, delay: int, look_ahead: float, first: float
) -> None:
    timing = Timing(fps, delay)
    assert timing.look_ahead_ms == look_ahead
    assert timing.first_frame_ms == first


def test_an_hour_of_frames_does_not_drift() -> None:
    timing = Timing(fps=25)
    last = timing.frame_count(3600 * SAMPLE_RATE)
    assert timing.frame_time(last) == Fraction(3600)
    assert timing.frame_time(1) == Fraction(timing.frame_samples, SAMPLE_RATE)
