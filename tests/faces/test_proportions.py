"""Proportions as anthropometry measures them: like people's, but for what is stylised on purpose."""

import numpy as np
import pytest

from facestream.faces.head import PRESETS, Head, Identity
from facestream.faces.head.proportions import RATIOS, landmarks, lengths, norm, ratios

# What is not as people have it, as shares of the norm: a round face on a big head, big and open eyes that take room
# between them, a small nose that stands out.
STYLISED = {
    ("n-gn", "zy-zy"): (0.62, 0.90),
    ("en-en", "ex-ex"): (0.60, 0.92),
    ("en-ex", "ex-ex"): (1.00, 1.22),
    ("lids", "ex-ex"): (1.30, 1.65),
    ("al-al", "zy-zy"): (0.52, 0.85),
    ("al-al", "n-sn"): (0.60, 1.15),
    ("sn-prn", "n-sn"): (0.85, 1.45),
}
LEFT, RIGHT = np.array((1, 1, 1)), np.array((-1, 1, 1))


@pytest.mark.parametrize("name", PRESETS)
def test_a_head_is_as_people_are_or_as_it_is_stylised(name: str) -> None:
    child = PRESETS[name].age < 17
    for (above, below), value in ratios(lengths(Head.load(name))).items():
        usual = norm(above, below, child)
        if (above, below) in STYLISED:
            least, most = STYLISED[above, below]
            assert least < value / usual.mean < most, (above, below)
        else:
            assert abs(value - usual.mean) < 3.0 * usual.deviation, (above, below)


def test_the_default_is_near_the_middle_of_people() -> None:
    found = ratios(lengths(Head.load()))
    usual = {pair: norm(*pair) for pair in RATIOS if pair not in STYLISED}
    away = [abs(found[pair] - of.mean) / of.deviation for pair, of in usual.items()]
    assert set(found) == set(RATIOS) and len(away) >= 9
    assert max(away) < 1.5 and np.mean(away) < 0.6


def test_landmarks_lie_in_order_and_alike_on_both_sides() -> None:
    marks = landmarks(Head.load())
    height = [marks[name][1] for name in ("gn", "li", "sto", "ls", "sn", "prn", "n")]
    assert height == sorted(height)
    for name in ("en", "ex", "ch", "al", "zy", "go"):
        assert np.allclose(marks[name + "_left"] * LEFT, marks[name + "_right"] * RIGHT, atol=0.01), name
    aside = [marks[name + "_left"][0] for name in ("al", "en", "ch", "ex", "go", "zy")]
    assert aside == sorted(aside) and aside[0] > 0


@pytest.mark.parametrize(
    ("form", "pair"),
    [("mouth_width", "ch-ch"), ("nose_width", "al-al"), ("jaw_width", "go-go"), ("eye_size", "en-ex")],
)
def test_a_form_changes_what_it_is_named_for(form: str, pair: str) -> None:
    low, high = (lengths(Head.sculpt(Identity().but(**{form: value})))[pair] for value in (-1.0, 1.0))
    assert high > 1.1 * low


def test_norms_are_ratios_of_means() -> None:
    usual = norm("ch-ch", "zy-zy")
    assert usual.mean == pytest.approx((50.10 + 47.87) / (137.12 + 130.09))
    assert 0.05 * usual.mean < usual.deviation < 0.15 * usual.mean
    assert norm("n-sn", "n-gn", child=True).mean != norm("n-sn", "n-gn").mean
