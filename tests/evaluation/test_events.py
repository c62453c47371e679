from __future__ import annotations

import numpy as np
import pytest

from facestream.corpora.phones import BILABIAL, Phone
from facestream.evaluation.events import Events, find_events, rates

SPEECH = (
    Phone("SIL", 0.0, 1.0),
    Phone("AA", 1.0, 2.0),
    Phone("P", 2.0, 2.08),
    Phone("AA", 2.08, 4.0),
    Phone("SIL", 4.0, 5.0),
)


def done(*spans: tuple[float, float]) -> np.ndarray:
    """125 frames, true from start to end (seconds)."""
    times = np.arange(125) / 25
    return np.any([(times >= start - 1e-9) & (times <= end + 1e-9) for start, end in spans], axis=0)


def test_two_frames_early_or_late_is_found_and_three_is_not() -> None:
    for span, found in (((1.92, 1.92), True), ((1.88, 1.88), False), ((2.16, 2.16), True), ((2.20, 2.20), False)):
        events = find_events(done(span), SPEECH, BILABIAL, 25.0, rest=True)
        assert (not events.missed, not events.false) == (found, found), span


def test_a_run_of_any_ordinary_length_is_one_false_event() -> None:
    assert find_events(done((3.0, 3.16)), SPEECH, BILABIAL, 25.0, rest=True).false == pytest.approx((3.0,))


def test_rest_may_be_shut_but_not_bitten() -> None:
    silence = done((0.0, 0.96), (4.08, 5.0))
    assert find_events(silence, SPEECH, BILABIAL, 25.0, rest=True).false == ()
    assert len(find_events(silence, SPEECH, BILABIAL, 25.0, rest=False).false) == 10


def test_a_closure_may_outlast_its_sound_a_little() -> None:
    assert find_events(done((2.0, 2.28)), SPEECH, BILABIAL, 25.0, rest=True).false == ()
    assert len(find_events(done((2.0, 2.6)), SPEECH, BILABIAL, 25.0, rest=True).false) == 3


def test_short_silences_are_speech_and_the_ends_of_a_recording_are_not() -> None:
    phones = (Phone("AA", 0.0, 2.0), Phone("SIL", 2.0, 2.08), Phone("AA", 2.08, 4.0))
    assert len(find_events(done((2.0, 2.08)), phones, BILABIAL, 25.0, rest=True).false) == 1
    assert find_events(done((0.0, 0.04), (3.96, 5.0)), phones, BILABIAL, 25.0, rest=True).false == ()


def test_sounds_beside_a_pause_are_told_apart() -> None:
    phones = (
        Phone("SIL", 0.0, 1.0),
        Phone("M", 1.0, 1.1),
        Phone("AA", 1.1, 2.0),
        Phone("M", 2.0, 2.1),
        Phone("AA", 2.1, 4.0),
    )
    events = find_events(done((0.0, 0.96)), phones, BILABIAL, 25.0, rest=True)
    assert events.missed == events.inside == (phones[3],)
    assert rates([events]).recall == 0.5
    assert rates([events]).inside == 0.0


def test_rates_pool_counts_not_shares() -> None:
    many = Events((SPEECH[2],) * 9, (), (), (1.0,))
    one = Events((SPEECH[2],), (SPEECH[2],), (), ())
    pooled = rates([many, one])
    assert pooled.recall == pooled.precision == pooled.f1 == pytest.approx(0.9)


def test_shares_of_nothing_are_undefined() -> None:
    nothing = rates([Events((), (), (), ())])
    assert np.isnan([nothing.recall, nothing.precision, nothing.f1, nothing.inside]).all()
