"""Log-mel: any packets give the same bits, nothing looks ahead, and the numbers mean what the docstring says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facestream.audio.frontend import BANDS, TAIL, TRIANGLES, log_mel, log_mel_of
from facestream.signals import Floats
from facestream.timing import HOP, SAMPLE_RATE

NOISE = (np.random.default_rng(0).standard_normal(3 * SAMPLE_RATE) * 0.1).astype(np.float32)


def sine(hertz: float, seconds: float = 0.5, size: float = 1.0) -> Floats:
    return (size * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=40))
def test_any_packets_of_hops_give_the_same_bits_as_the_whole(sizes: list[int]) -> None:
    sound = np.concatenate((np.zeros(TAIL, np.float32), NOISE[: HOP * sum(sizes)]))
    ends = np.cumsum([TAIL, *(HOP * size for size in sizes)])
    frames = [log_mel(sound[start:end], sound[start - TAIL : start]) for start, end in pairwise(ends)]
    assert np.array_equal(np.concatenate(frames), log_mel(sound[TAIL:]))


def test_many_sounds_at_once_give_the_same_bits_as_each_alone() -> None:
    sounds = NOISE[: 20 * (TAIL + 4 * HOP)].reshape(20, -1)
    together = log_mel_of(sounds)
    assert together.shape == (20, 4, BANDS)
    for sound, frames in zip(sounds, together, strict=True):
        assert np.array_equal(log_mel(sound[TAIL:], sound[:TAIL]), frames)


def test_the_tail_is_all_that_a_packet_needs_of_the_past() -> None:
    cut = 100 * HOP
    assert np.array_equal(log_mel(NOISE[cut:], NOISE[cut - TAIL : cut]), log_mel(NOISE)[100:])


@pytest.mark.parametrize("frame", [0, 3, 57])
def test_a_frame_hears_its_window_and_nothing_else(frame: int) -> None:
    end = HOP * (frame + 1)
    outside = NOISE.copy()
    outside[end:] = np.nan
    outside[: max(0, end - 400)] = np.nan
    assert np.array_equal(log_mel(outside)[frame], log_mel(NOISE)[frame])
    changed = NOISE.copy()
    changed[end - HOP] += 0.5
    assert not np.array_equal(log_mel(changed)[frame], log_mel(NOISE)[frame])


def test_level_adds_a_constant() -> None:
    difference = log_mel(NOISE) - log_mel(NOISE * np.float32(0.1))
    assert difference == pytest.approx(1.0, abs=1e-4)  # 20 dB are one unit


@pytest.mark.parametrize("hertz", [100.0, 440.0, 1000.0, 3000.0, 7000.0])
def test_a_sine_peaks_in_the_band_that_holds_it(hertz: float) -> None:
    middle = log_mel(sine(hertz))[20]
    band = int(middle.argmax())
    bins = np.flatnonzero(TRIANGLES[band]) * SAMPLE_RATE / 512
    assert bins[0] - 32 <= hertz <= bins[-1] + 32


def test_full_scale_is_sixty_decibels_above_zero() -> None:
    on_a_bin = 1000.0  # bin 32, near the centre of a band
    assert log_mel(sine(on_a_bin))[20].max() == pytest.approx(3.0, abs=0.1)


def test_silence_is_the_floor_and_stays_finite() -> None:
    assert log_mel(np.zeros(1600, np.float32)) == pytest.approx(-2.0, abs=1e-5)


def test_golden_numbers_of_a_chirp() -> None:
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    frames = log_mel((0.3 * np.sin(2 * np.pi * (200 * t + 1500 * t**2))).astype(np.float32))
    assert frames.shape == (100, BANDS)
    assert frames.dtype == np.float32
    assert frames[[10, 50, 90]].argmax(axis=1).tolist() == [12, 40, 54]
    assert frames.mean() == pytest.approx(-1.46365, abs=1e-3)


def test_every_band_has_bins_of_its_own() -> None:
    assert ((TRIANGLES > 0).sum(axis=1) >= 2).all()
    assert len(np.unique(TRIANGLES, axis=0)) == BANDS
