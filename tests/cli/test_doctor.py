"""`facestream doctor` names what is missing, what for, and what brings it."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from facestream.cli import app, doctor
from facestream.errors import BundleError


def test_a_missing_synthesiser_is_no_illness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0
    assert "apt install flite" in " ".join(result.output.split())


def test_a_missing_package_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Callable[[str], str] = doctor.version

    def version(name: str) -> str:
        if name == "pocketsphinx":
            raise doctor.PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(doctor, "version", version)
    monkeypatch.setattr(doctor, "out", Console(width=200, file=(page := StringIO())))
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0
    (row,) = [line for line in page.getvalue().splitlines() if "pocketsphinx" in line]
    assert "missing" in row
    assert "pip install 'facestream[align]'" in row


def test_a_clone_without_the_pages_library_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").touch()
    monkeypatch.setattr(doctor, "files", lambda package: tmp_path)
    found = {finding.thing: finding for finding in doctor.examine()}
    assert found["page"].state == "there"
    assert found["three.js"].state is None
    assert found["three.js"].cure == "make page"


def test_every_package_of_an_extra_is_looked_for() -> None:
    """But for those that come with another one, and those of whoever works on facestream itself."""
    extras = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    asked = {re.split(r"[>=\[]", package)[0] for extra, names in extras.items() if extra != "dev" for package in names}
    assert asked - {finding.thing for finding in doctor.examine()} <= {"filelock"}


def test_without_a_talker_nothing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> None:
        raise BundleError("there is no bundle")

    monkeypatch.setattr(doctor, "load", load)
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "missing" in result.output
