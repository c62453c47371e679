from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facestream.evaluation.curves import LAGS, Following, follow, jitter


def wander(seed: int, frames: int = 200) -> np.ndarray:
    """A smooth curve."""
    noise = np.random.default_rng(seed).normal(size=frames + 20)
    return np.convolve(noise, np.hanning(12), "same")[10:-10]


@given(seed=st.integers(0, 99), late=st.integers(-4, 4), gain=st.floats(0.1, 5), offset=st.floats(-3, 3))
@settings(max_examples=40, deadline=None)
def test_a_shifted_scaled_curve_is_recognised(seed: int, late: int, gain: float, offset: float) -> None:
    curve = wander(seed)
    inner = np.arange(LAGS, len(curve) - LAGS)
    following = follow(np.roll(curve, late) * gain + offset, curve, 25.0, inner)
    assert following.best == pytest.approx(1.0)
    assert following.lag_ms == pytest.approx(40.0 * late, abs=5.0)
    assert following.ratio == pytest.approx(gain, rel=0.1)


def test_lag_between_frames_is_found() -> None:
    fine = np.interp(np.arange(0, 199, 0.25), np.arange(200), wander(3))
    following = follow(fine[4 - 2 : -4 - 2 : 4], fine[4:-4:4], 25.0)
    assert following.lag_ms == pytest.approx(20.0, abs=4.0)


def test_a_still_prediction_follows_nothing() -> None:
    following = follow(np.full(100, 0.4), wander(0, 100), 25.0)
    assert following.now == 0.0
    assert following.ratio == pytest.approx(0.0, abs=1e-6)
    assert np.isnan(following.lag_ms)


def test_a_still_reference_has_no_figures() -> None:
    following = follow(wander(0, 100), np.zeros(100), 25.0)
    assert np.isnan([following.now, following.best, following.lag_ms, following.ratio]).all()


def test_pooling_weighs_by_frames_and_leaves_out_what_has_no_reference() -> None:
    good, bad = follow(wander(0, 300), wander(0, 300), 25.0), follow(-wander(1, 100), wander(1, 100), 25.0)
    none = follow(wander(0, 300), np.zeros(300), 25.0)
    assert Following.pooled([good, bad]).now == pytest.approx(0.5)
    assert Following.pooled([good, bad, none]).now == pytest.approx(0.5)
    assert Following.pooled([good, bad]).ratio == pytest.approx(1.0)


def test_jitter_of_a_line_is_zero_and_of_a_zigzag_is_not() -> None:
    line = np.linspace(0, 1, 10)[:, None]
    assert jitter(line) == pytest.approx(0.0, abs=1e-9)
    assert jitter(np.tile([[0.0], [1.0]], (5, 1))) == pytest.approx(2.0)
    assert jitter(line[:2]) == 0.0
