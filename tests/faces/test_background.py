"""Backgrounds of any kind become a picture of the size that is drawn."""

import numpy as np
import pytest

from facestream.faces.background import backdrop, soft_gradient


def halves(height: int, width: int) -> np.ndarray:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2, 0] = 200
    picture[:, width // 2 :, 2] = 200
    return picture


def test_a_colour_fills_the_picture() -> None:
    assert (backdrop((12, 200, 99), 8) == np.array((12, 200, 99))).all()


def test_transparent_is_nothing_and_the_default_is_soft() -> None:
    assert backdrop("transparent", 8) is None
    gradient = soft_gradient(64)
    assert np.array_equal(backdrop("gradient", 64), gradient)
    assert np.abs(np.diff(gradient.astype(int), axis=0)).max() <= 4


@pytest.mark.parametrize("shape", [(32, 32), (100, 40), (40, 100), (7, 9), (1, 2), (500, 500)])
def test_a_photograph_of_any_size_is_fitted(shape: tuple[int, int]) -> None:
    picture = backdrop(halves(*shape), 32)
    assert picture is not None and picture.shape == (32, 32, 3)
    if min(shape) > 8:
        assert (picture[:, :12, 0] > 190).all() and (picture[:, 20:, 2] > 190).all()


def test_of_a_wide_photograph_the_middle_is_used() -> None:
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    assert (backdrop(wide, 10) == 255).all()


@pytest.mark.parametrize("background", [(0, 0), (0, 0, 256), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), "sky"])
def test_anything_else_is_refused(background: object) -> None:
    with pytest.raises(ValueError, match="background"):
        backdrop(background, 8)  # type: ignore[arg-type]
