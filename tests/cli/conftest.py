"""Nothing here needs weights."""

import pytest


@pytest.fixture(autouse=True)
def no_weights(loudness_talker: object) -> None:
    """Every verb gets the talker that follows loudness."""
