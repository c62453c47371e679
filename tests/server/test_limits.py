"""How full an engine is, and whether one more fits in."""

import pytest

from facestream.server.limits import Load


def ticking(load, share, sessions, seconds, begin=0.0):
    for tick in range(1, round(seconds * 100) + 1):
        load.note(share * 0.01, sessions, begin + tick * 0.01)


def test_a_load_is_the_share_of_the_last_seconds():
    load = Load(0.0)
    ticking(load, 0.6, 100, 8)
    assert load.share == pytest.approx(0.6, abs=0.01)
    assert load.expected(150) == pytest.approx(0.9, abs=0.02)
    ticking(load, 0.1, 100, 8, 8.0)
    assert load.share == pytest.approx(0.1, abs=0.01)


def test_ticks_that_were_left_out_count_as_long_as_they_were():
    load = Load(0.0)
    for tick in range(1, 100):
        load.note(0.05, 10, tick * 0.05)
    assert load.share == pytest.approx(1.0, abs=0.01)


def test_a_crowd_is_felt_before_its_ticks_are():
    load = Load(0.0)
    ticking(load, 0.4, 100, 8)
    for came in range(1, 101):  # within a second
        load.note(0.4 * (1 + came / 100) * 0.01, 100 + came, 8 + came * 0.01)
    assert load.share < 0.7
    assert load.expected(200) > 0.72


def test_the_first_ones_fit_in_whatever_they_cost():
    load = Load(0.0)
    ticking(load, 0.3, 1, 8)
    assert load.expected(2) == pytest.approx(0.3, abs=0.01)
