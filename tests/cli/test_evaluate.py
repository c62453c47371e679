"""`facestream evaluate`: the bundled sample, judged with its transcript."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facestream.cli import app


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("sample.flac", "sample.txt"):
        shutil.copy(str(files("facestream") / "assets" / name), folder / name)
    return folder


def test_lips_are_judged_with_a_row_a_file(recordings: Path, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
    result = CliRunner().invoke(app, ["evaluate", "lips", str(recordings), "--json", str(tmp_path / "lips.json")])
    assert result.exit_code == 0, result.output
    assert "closure_f1" in result.stdout
    figures = json.loads((tmp_path / "lips.json").read_text())
    assert {"closure_f1", "closure_recall", "closure_precision", "fv_recall", "fv_precision", "jaw_r", "lag_ms",
            "amplitude_ratio", "silence_jaw_p95"} <= set(figures["summary"])  # fmt: skip
    (row,) = figures["files"]
    assert row["closures"] >= 10  # the sample is full of p, b and m
    assert figures["summary"]["closure_recall"] < 0.5  # loudness alone does not shut the mouth
    assert figures["summary"]["jaw_r"] > 0.3  # but it opens it


@pytest.mark.parametrize("verb", ["lips", "capture"])
def test_a_folder_with_nothing_to_judge_is_one_sentence(tmp_path: Path, verb: str) -> None:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
    result = CliRunner().invoke(app, ["evaluate", verb, str(tmp_path), "--json", str(tmp_path / "out.json")])
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("verb", ["lips", "capture"])
def test_figures_that_could_not_be_written_are_refused_before_the_work(tmp_path: Path, verb: str) -> None:
    result = CliRunner().invoke(app, ["evaluate", verb, str(tmp_path), "--json", str(tmp_path / "nowhere" / "a.json")])
    assert result.exit_code == 2
    assert "there is no folder" in result.stderr
