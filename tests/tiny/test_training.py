"""Everything from a shard to a talking bundle, in small: it learns, goes on after an interruption, ships, and runs."""

import dataclasses
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
FileLock = pytest.importorskip("filelock").FileLock
for package in ("scipy", "safetensors", "onnx"):
    pytest.importorskip(package)

from facestream import animate, load
from facestream.corpora.phones import PHONES, Phone
from facestream.corpora.shards import ShardWriter, Utterance
from facestream.errors import CorpusError
from facestream.signals import FACE
from facestream.training.checkpoints import CHECKPOINT, LOCK, averaged_weights, blended_weights
from facestream.training.prepare import held_out, prepare_features
from facestream.training.recipe import load_recipe, run
from facestream.training.ship import ship
from facestream.training.weights import WEIGHTS, load_weights

RECIPE = Path(__file__).parents[2] / "recipes" / "streamingtalker_live.py"
SOUNDS = ("AA", "M", "IY", "S", "UW", "P", "OW", "F")


def speak(rng: np.random.Generator) -> tuple[np.ndarray, tuple[Phone, ...]]:
    """Two seconds of a toy language whose every phone is a tone of its own."""
    labels = rng.choice(SOUNDS, 16)
    phones = tuple(Phone(str(label), i / 8, (i + 1) / 8) for i, label in enumerate(labels))
    time = np.arange(2_000) / 16_000
    loud = {"M": 0.1, "P": 0.02, "F": 0.05, "S": 0.05}
    tones = [
        loud.get(label, 0.3) * np.sin(2 * np.pi * 250 * (PHONES.index(label) + 1) ** 0.8 * time) for label in labels
    ]
    return np.concatenate(tones).astype(np.float32), phones


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    rng = np.random.default_rng(0)
    with ShardWriter(folder / "shard") as writer:
        for number in range(24):
            samples, phones = speak(rng)
            speaker = f"speaker-{number}"
            writer.append(Utterance(f"u{number}", speaker, "toy", "en", "CC0-1.0", samples, phones, "", ""))
        assert any(held_out(f"speaker-{number}") for number in range(24))
    prepare_features({"real": folder / "shard", "tts": folder / "shard"}, folder / "features", versions=1)
    return folder


@pytest.fixture(scope="module")
def recipe():
    """The published recipe in small."""
    full = load_recipe(RECIPE)
    model = dataclasses.replace(
        full.model,
        encoder=dataclasses.replace(
            full.model.encoder, stem=16, middle=24, dilations=(1,), width=32, layers=1, hidden=48
        ),
        predictor=dataclasses.replace(full.model.predictor, width=32, layers=1, window=16, hidden=48),
        head=dataclasses.replace(full.model.head, width=32, steps=2),
    )
    shares = {"real": 0.5, "tts": 0.4, "silence": 0.1}
    first, second = (
        dataclasses.replace(
            stage, until=until, batch=dataclasses.replace(stage.batch, windows=4, frames=80, shares=shares)
        )
        for stage, until in zip(full.stages[:2], (10, 60), strict=True)
    )
    fit = dataclasses.replace(full.fit, steps=60, warm_up=5, rate=4e-3, save_every=10, half=False, mean_decay=0.9)
    return dataclasses.replace(full, model=model, fit=fit, stages=(first, second))


@pytest.fixture(scope="module")
def trained(folder, recipe):
    torch.set_num_threads(1)
    run(recipe, folder / "features", folder / "run")
    return folder / "run"


def history(run_folder):
    return [json.loads(line) for line in (run_folder / "history.jsonl").read_text().splitlines()]


def test_it_learns(trained):
    rows = history(trained)
    assert [row["step"] for row in rows] == [10, 20, 30, 40, 50, 60]
    assert rows[-1]["lips"] < 0.9 * rows[0]["lips"]
    assert rows[-1]["phones"] < rows[0]["phones"]


def test_an_interrupted_run_goes_on_to_the_same_weights(trained, folder, recipe):
    short = dataclasses.replace(recipe, stages=(recipe.stages[0], dataclasses.replace(recipe.stages[1], until=30)))
    run(short, folder / "features", folder / "again")
    run(recipe, folder / "features", folder / "again")
    whole, pieces = averaged_weights(trained), averaged_weights(folder / "again")
    for name, weight in whole.items():
        assert torch.equal(pieces[name], weight), name


def test_a_run_ships_as_a_bundle_that_talks(trained, folder, recipe):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ship(recipe, {trained: 1.0}, [folder / "shard"], folder / "bundle", "# Toy\n")
    samples, _ = speak(np.random.default_rng(5))
    motion = animate(samples, load(folder / "bundle"))
    exact = animate(samples, load(trained))
    assert motion.channels == FACE and len(motion) == 50
    assert motion["jawOpen"].std() > 0.02
    assert np.abs(motion.values - exact.values).mean() < 0.01, "integers stay close to the exact network"
    weights = load_weights(folder / "bundle" / WEIGHTS)
    assert weights.keys() == averaged_weights(trained).keys()
    short = dataclasses.replace(recipe, stages=(dataclasses.replace(recipe.stages[1], until=10),))
    run(short, folder / "features", folder / "further", start=folder / "bundle")
    assert history(folder / "further")[0]["lips"] < history(trained)[0]["lips"], "it goes on from what was learned"


def test_runs_are_blended_by_their_shares(trained, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    doubled = {name: 2 * weight for name, weight in averaged_weights(trained).items()}
    torch.save({"mean": doubled}, other / CHECKPOINT)
    blend = blended_weights({trained: 1.0, other: 3.0})
    for name, weight in averaged_weights(trained).items():
        torch.testing.assert_close(blend[name], 1.75 * weight)
    with pytest.raises(CorpusError, match="shares"):
        blended_weights({trained: 0.0})


def test_a_run_without_features_says_how_to_make_them(recipe, tmp_path):
    with pytest.raises(CorpusError, match="facestream prepare features"):
        run(recipe, tmp_path, tmp_path / "run")
    assert not (tmp_path / "run" / CHECKPOINT).exists()


def test_two_trainings_in_one_folder_are_refused(trained, folder, recipe):
    longer = dataclasses.replace(
        recipe,
        fit=dataclasses.replace(recipe.fit, steps=70),
        stages=(recipe.stages[0], dataclasses.replace(recipe.stages[1], until=70)),
    )
    with FileLock(trained / LOCK), pytest.raises(CorpusError, match="another process"):
        run(longer, folder / "features", trained)
