"""Every verb explains itself, with an example to copy."""

from __future__ import annotations

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from facestream.cli import app

GROUPS = ("bench", "faces", "prepare", "evaluate")


def verbs() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, verb in get_command(app).commands.items():  # type: ignore[attr-defined]
        found += [(name, word) for word in verb.commands] if name in GROUPS else [(name,)]
    return found


@pytest.mark.parametrize("verb", verbs(), ids=" ".join)
def test_help_shows_an_example_of_the_verb_itself(verb: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*verb, "--help"])
    assert result.exit_code == 0
    assert f"Example: facestream {' '.join(verb)}" in " ".join(result.output.split())


def test_no_words_at_all_list_the_verbs() -> None:
    result = CliRunner().invoke(app, [])
    assert all(name in result.output for name, *_ in verbs())


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("facestream ")
