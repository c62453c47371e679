"""`facestream prepare vocaset`, `biwi`, `mesh-sample` and `video`: the words they find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from facestream.cli import app
from facestream.corpora.meshes import MeshCorpus
from facestream.corpora.phones import Phone
from facestream.corpora.synthetic import mesh_sets
from facestream.corpora.synthetic.speech import Speech


def test_a_sample_is_made_and_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def vocaset_of_two(out: Path, sentences: int, seed: int) -> None:
        sound = (0.1 * np.sin(np.arange(6400) / 20)).astype(np.float32)
        said = Speech(sound, (Phone("AA", 0.0, 0.4),))
        mesh_set = ("FaceTalk_170728_03272_TA", "FaceTalk_170809_00138_TA")
        make(out, sentences, seed, mesh_set, lambda who, text: said)

    make = mesh_sets.make_vocaset
    monkeypatch.setattr(mesh_sets, "make_vocaset", vocaset_of_two)
    raw, prepared = str(tmp_path / "raw"), str(tmp_path / "set")
    made = CliRunner().invoke(app, ["prepare", "mesh-sample", "vocaset", "-o", raw, "--sentences", "1"])
    assert made.exit_code == 0 and f"facestream prepare vocaset {raw} --incomplete" in made.stdout, made.output
    refused = CliRunner().invoke(app, ["prepare", "vocaset", raw, "-o", prepared])
    assert refused.exit_code == 2 and "FaceTalk_170904_00128_TA: sentence01 to sentence40" in refused.stderr
    assert not Path(prepared).exists()
    done = CliRunner().invoke(app, ["prepare", "vocaset", raw, "-o", prepared, "--incomplete"])
    assert done.exit_code == 0 and "train: 1 sentences of 1 subjects" in done.stdout, done.output
    assert MeshCorpus.open(prepared).checksum in done.stdout
    again = CliRunner().invoke(app, ["prepare", "mesh-sample", "vocaset", "-o", raw])
    assert again.exit_code == 2 and "exists already" in again.stderr


@pytest.mark.parametrize(
    ("verb", "words"),
    [("vocaset", "https://voca.is.tue.mpg.de"), ("biwi", "https://data.vision.ee.ethz.ch/cvl/datasets/b3dac2.en.html")],
)
def test_an_empty_folder_is_answered_with_where_the_set_is_had(tmp_path: Path, verb: str, words: str) -> None:
    result = CliRunner().invoke(app, ["prepare", verb, str(tmp_path), "-o", str(tmp_path / "out")])
    assert result.exit_code == 2 and words in result.stderr and "templates.pkl" in result.stderr
    assert "Traceback" not in result.output and not (tmp_path / "out").exists()


def test_a_tracker_that_is_not_there_is_answered_with_where_it_is_had(tmp_path: Path) -> None:
    words = ["prepare", "video", "me.mp4", "--tracker", str(tmp_path / "none.task"), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2 and "https://ai.google.dev/edge/mediapipe/solutions/vision/" in result.stderr
    assert not (tmp_path / "out").exists()
