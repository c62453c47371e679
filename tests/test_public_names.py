"""What `facestream` offers, pinned: a name that goes away breaks somebody's program."""

from __future__ import annotations

import facestream

NAMES = {"Frame", "Motion", "Stream", "Talker", "animate", "load"}


def test_the_public_names_are_these() -> None:
    assert set(facestream.__all__) == NAMES


def test_every_public_name_is_there_and_explains_itself() -> None:
    for name in NAMES:
        assert getattr(facestream, name).__doc__
