"""`facestream prepare` and `facestream train`: what is missing is said in a sentence."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facestream.cli import app
from facestream.cli.console import needing
from facestream.errors import MissingExtra


def test_training_without_torch_says_what_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("facestream.training")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    result = CliRunner().invoke(app, ["train", str(tmp_path / "recipe.py")])
    assert result.exit_code == 2
    assert "pip install 'facestream[train]'" in result.stderr


def test_a_fault_of_our_own_is_not_called_a_missing_package() -> None:
    with pytest.raises(ModuleNotFoundError), needing("train", "Training"):
        import facestream.no_such_module  # noqa: F401
    with pytest.raises(MissingExtra), needing("train", "Training"):
        import no_such_package.part  # noqa: F401


def test_a_recipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    result = CliRunner().invoke(app, ["train", str(tmp_path / "recipe.py")])
    assert result.exit_code == 2
    assert "recipe.py" in result.stderr


@pytest.mark.parametrize("shard", ["real", "=folder", "real="])
def test_features_want_a_name_and_a_folder(shard: str) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    result = CliRunner().invoke(app, ["prepare", "features", shard])
    assert result.exit_code == 2
    assert "expected NAME=FOLDER" in result.stderr


def test_a_folder_without_speech_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
    result = CliRunner().invoke(app, ["prepare", "speech", str(tmp_path), "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_synthetic_speech_fills_a_shard_and_goes_on(tmp_path: Path) -> None:
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed")
    words = ["prepare", "synthetic", "--minutes", "0.1", "--speaker", "flite-kal16", "-o", str(tmp_path / "tts")]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0, first.output
    assert "1 speakers" in first.stdout
    again = CliRunner().invoke(app, words)
    assert again.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]


def test_a_voice_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["prepare", "synthetic", "--speaker", "nobody", "-o", str(tmp_path / "tts")])
    assert result.exit_code == 2
    assert "Traceback" not in result.output
