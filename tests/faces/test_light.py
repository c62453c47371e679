"""The curve from light to the display, and lamps."""

import numpy as np
import pytest

from facestream.faces.light import ENCODED, Light, toned


@pytest.mark.parametrize("color", [(1.0, 0.8, 0.7), (0.25, 0.11, 0.06), (0.5, 0.5, 0.5)])
def test_brighter_light_is_never_darker_and_never_burnt(color: tuple[float, float, float]) -> None:
    shown = np.array([toned(*(np.array(color) * light)) for light in np.linspace(0, 8, 400)])
    assert (np.diff(shown, axis=0) > -1e-6).all()
    assert shown.max() < 1


def test_colours_below_the_bend_stay_as_they_are() -> None:
    assert toned(0.7, 0.3, 0.1) == (0.7, 0.3, 0.1)
    red, green, blue = toned(1.6, 0.8, 0.4)  # brighter ones keep the order of their parts, paler
    assert red > green > blue and blue / red > 0.4 / 1.6


def test_the_display_curve_is_srgb() -> None:
    for linear, shown in ((0.0, 0), (0.214, 127.5), (1.0, 255)):
        assert abs(ENCODED[round(np.sqrt(linear) * (len(ENCODED) - 1))] - shown) < 0.6


def test_lamps_are_directions() -> None:
    rows = Light(key=(0, 0, 5)).table()
    assert rows[0].tolist() == [0, 0, 1]
    assert np.allclose(np.linalg.norm(rows[[0, 2, 4]], axis=1), 1)
