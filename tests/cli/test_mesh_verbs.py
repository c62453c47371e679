"""`facestream reproduce` and `facestream evaluate mesh`, from a corpus to the table, on a mesh of 48 vertices."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.test_mesh import MESH, REST, wave
from typer.testing import CliRunner, Result

from facestream.corpora.meshes import MeshClip, MeshCorpus, MeshSet, MeshWriter

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("lightning_fabric", reason="lightning-fabric is not installed")

from facestream.cli import app

RECIPE = """
from dataclasses import replace
from pathlib import Path
from facestream.motion.codecs.vq import MeshCodecConfig
from facestream.motion.condition import ConditionConfig
from facestream.motion.heads.clean import HeadConfig
from facestream.talkers.faithful import FaithfulConfig, TeachingConfig
from facestream.training.fit import FitConfig
from facestream.training.meshes.batches import WindowConfig
from facestream.training.meshes.ears import MelEars
from facestream.training.meshes.recipe import CodecStage, MeshRecipe, MotionStage

CODEC = MeshCodecConfig(vertices=48, slots=2, columns=4, codes=8, divergence=0.0, width=16, layers=1, heads=2,
    hidden=16, bridge=True, window=20, causal=True)
PREDICTOR = ConditionConfig(width=16, heads=2, layers=1, hidden=16, activation="relu", window=20, period=30,
    subjects=2, dropout=0.0)
FIT = FitConfig(steps=6, rate=1e-3, warm_up=2)
RECIPE = MeshRecipe(
    "tiny", Path("nowhere"),
    FaithfulConfig(30, MelEars().width, CODEC, PREDICTOR, HeadConfig("affine", 0, "leading", 50), unit=0.002),
    MelEars(), CodecStage(WindowConfig(2, 16), FIT), MotionStage(WindowConfig(2, 16), FIT, TeachingConfig()),
)
VARIANTS = {
    "no-diffusion": replace(RECIPE, talker=replace(RECIPE.talker, head=HeadConfig("regression", 0, "straight", 1))),
}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus in `set` and a recipe in tiny.py."""
    folder = tmp_path_factory.mktemp("meshes")
    known = [f"{subject}_sentence0{k}" for subject in ("one", "two") for k in range(2)]
    splits = {"train": tuple(known), "val": ("new_sentence00",), "test": ("new_sentence01", "new_sentence02")}
    mesh_set = MeshSet("vocaset", 30, 1.0, MESH, dict.fromkeys(("one", "two", "new"), REST), ("one", "two"), splits)
    rng = np.random.default_rng(0)
    with MeshWriter(folder / "set", mesh_set) as writer:
        for number, name in enumerate(mesh_set.clips):
            frames = 24 + number
            sound = rng.normal(0, 0.1, frames * 16000 // 30).astype(np.float32)
            writer.append(MeshClip(*name.split("_"), sound, wave(frames, 0.1 * number), REST, 30))
    (folder / "tiny.py").write_text(RECIPE)
    return folder


@pytest.fixture
def verb(place: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", "160")
    return lambda *words: CliRunner().invoke(app, list(words))


def test_a_paper_is_reproduced_from_the_corpus_to_its_table(verb: Callable[..., Result], place: Path) -> None:
    words = ("reproduce", "tiny.py", "--data", "set", "--variant", "no-diffusion")
    first = verb(*words)
    assert first.exit_code == 0, first.output
    assert re.search(r"StreamingTalker +│ 2\.7206 +│ – +│ 3\.4987", first.stdout)
    assert re.search(r"StreamingTalker, regression +│ 3\.5070", first.stdout)
    ours = re.findall(
        r"(ours|no-diffusion), test, (each frame sampled once|sampled as their code tests) +│ (\d+\.\d+)", first.stdout
    )
    assert [row[:2] for row in ours] == [
        ("ours", "each frame sampled once"),
        ("ours", "sampled as their code tests"),
        ("no-diffusion", "each frame sampled once"),
    ]
    weights = {path: path.stat().st_mtime_ns for path in place.rglob("checkpoint.pt")}
    judged = {path: path.stat().st_mtime_ns for path in place.rglob("judged-*.json")}
    assert len(weights) == 3 and len(judged) == 3  # the variant learned on the same codec
    again = verb(*words)
    assert again.stdout == first.stdout
    assert {path: path.stat().st_mtime_ns for path in [*weights, *judged]} == weights | judged  # nothing was done twice


def test_a_run_is_judged_in_every_way(verb: Callable[..., Result], place: Path) -> None:
    assert verb("train", "tiny.py", "--data", "set").exit_code == 0
    found = {}
    for way in ("whole", "live", "released"):
        result = verb("evaluate", "mesh", "set", "--recipe", "tiny.py", "--way", way, "--json", f"{way}.json")
        assert result.exit_code == 0, result.output
        assert "LVE" in result.stdout and "m²" in result.stdout and "1e-05" in result.stdout
        found[way] = json.loads((place / f"{way}.json").read_text())["clips"]["unit"]
    assert found["live"]["lve"] == pytest.approx(found["whole"]["lve"], rel=1e-4)  # a causal codec
    assert 1e-6 < found["released"]["lve"] < 1e-3 and 1e-6 < found["whole"]["lve"] < 1e-3  # metres squared
    assert found["released"]["lve"] != pytest.approx(found["whole"]["lve"], rel=1e-4)


def test_live_is_told_beside_whole_and_chunks_by_their_seams(verb: Callable[..., Result], place: Path) -> None:
    assert verb("train", "tiny.py", "--data", "set").exit_code == 0
    words = ("evaluate", "mesh", "set", "--recipe", "tiny.py")
    result = verb(*words, "--online", "--steps", "4", "--json", "online.json")
    assert result.exit_code == 0, result.output
    assert json.loads((place / "online.json").read_text())["clips"]["unit"]["apart"] < 1e-5
    result = verb(*words, "--long", "80", "--chunk", "30", "--limit", "1")
    assert "Where chunks meet" in result.stdout


def test_predictions_of_others_are_judged_by_the_same_verb(verb: Callable[..., Result], place: Path) -> None:
    corpus = MeshCorpus.open(place / "set")
    (place / "theirs").mkdir()
    for name in corpus.splits["test"]:
        np.save(place / "theirs" / f"{name}.npy", corpus.clip(name).vertices.reshape(-1, 3 * MESH.vertices))
    result = verb("evaluate", "mesh", "set", "--predictions", "theirs", "--json", "theirs.json")
    assert result.exit_code == 0, result.output
    assert json.loads((place / "theirs.json").read_text())["clips"]["unit"]["lve"] == 0


@pytest.mark.parametrize(
    "words, said",
    [
        (("reproduce", "streamingtalker-vocset"), "Did you mean 'streamingtalker-vocaset'"),
        (("reproduce", "tiny.py"), "give another folder by --data"),
        (("evaluate", "mesh", "set"), "give one of --recipe, --talker and --predictions"),
        (("evaluate", "mesh", "nowhere", "--recipe", "tiny.py"), "no prepared corpus"),
        (("evaluate", "mesh", "set", "--recipe", "tiny.py", "--run", "untrained"), "train first"),
        (("evaluate", "mesh", "set", "--recipe", "tiny.py", "--split", "tset"), "Did you mean 'test'"),
        (("evaluate", "mesh", "set", "--predictions", "elsewhere"), "no folder 'elsewhere'"),
    ],
)
def test_what_is_missing_is_one_sentence(verb: Callable[..., Result], words: tuple[str, ...], said: str) -> None:
    if "tset" in words:
        assert verb("train", "tiny.py", "--data", "set").exit_code == 0
    result = verb(*words)
    assert result.exit_code == 2
    assert said in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_the_list_says_what_is_there(verb: Callable[..., Result]) -> None:
    result = verb("reproduce", "--list")
    assert result.exit_code == 0
    assert "streamingtalker-vocaset" in result.stdout and "streamingtalker-biwi" in result.stdout
