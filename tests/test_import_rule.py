"""Imports go down the layers only: the contract in pyproject.toml, checked where pytest runs without `make check`."""

from __future__ import annotations

from pathlib import Path

import pytest

importlinter = pytest.importorskip("importlinter.cli", reason="import-linter is not installed")


def test_imports_only_go_down(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)
    broken = importlinter.lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert not broken, capsys.readouterr().out
