"""Teller on filmed people: the recipe's sizes, and a tiny one from films to loss, on Whisper's rows."""

import dataclasses
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")
pytest.importorskip("transformers")

from facestream.audio.speech_models import random_whisper, speech_features
from facestream.audio.whisper import SLICE
from facestream.corpora.capture import CaptureClip
from facestream.errors import CorpusError
from facestream.runtime.stream import Stream
from facestream.runtime.talker import Talker
from facestream.signals import FACE, Motion
from facestream.talkers.teller import Teller
from facestream.training.augment import Augment
from facestream.training.batches import BatchConfig, Batches
from facestream.training.features import HEARD, Features, make_captured, write_features
from facestream.training.prepare import speech_ears
from facestream.training.recipe import TrainingRun, load_recipe
from facestream.training.teller.recipe import TellerLoss, TellerRecipe
from facestream.training.teller.ship import ship_teller
from facestream.training.teller.slices import SlicedBatches

from ..audio.test_whisper import TINY, WIDTH
from ..talkers.test_teller import some_teller

RECIPE = Path(__file__).parents[2] / "recipes" / "teller_footage.py"


@pytest.mark.parametrize(("variant", "millions"), [(None, (80, 100)), ("large", (280, 330)), ("hdtf", (80, 100))])
def test_the_recipes_build_in_their_sizes(variant: str | None, millions: tuple[int, int]) -> None:
    recipe = load_recipe(RECIPE, variant, TrainingRun)  # type: ignore[type-abstract]
    with torch.device("meta"):
        teller = Teller(recipe.model)
    size = sum(weight.numel() for block in (teller.blocks, teller.head) for weight in block.parameters()) / 1e6
    assert millions[0] < size < millions[1]
    assert recipe.model.rows == 10 and recipe.batch.frames % recipe.batch.stride == 0
    assert recipe.timing.look_ahead_ms == 0 and recipe.timing.first_frame_ms == 200
    assert recipe.batch.heard and recipe.held_out not in recipe.batch.shares


def test_the_variant_without_a_speech_model_hears_spectra() -> None:
    recipe = load_recipe(RECIPE, "mel", TrainingRun)  # type: ignore[type-abstract]
    assert not recipe.batch.heard and recipe.model.rows == 5 and recipe.timing.delay == 2


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features of three made clips of 3 s and odd lengths, heard by a tiny Whisper; and the folder of that."""
    folder = tmp_path_factory.mktemp("footage")
    from transformers import WhisperConfig, WhisperModel

    model = WhisperModel(WhisperConfig(**TINY))
    model.encoder.load_state_dict(random_whisper(TINY).network.state_dict())
    model.save_pretrained(folder / "whisper")
    rng, samples = np.random.default_rng(0), []
    for number in range(3):
        frames = 72 + number
        values = rng.uniform(0, 0.3, (frames, len(FACE))).astype(np.float32)
        sound = (0.1 * rng.standard_normal(640 * frames)).astype(np.float32)
        known, curves = np.ones(frames, bool), np.ones(len(FACE), bool)
        clip = CaptureClip(f"c{number}", sound, Motion(values, FACE), curves, 0 * values[:, 0], known)
        samples += make_captured(clip, 0, Augment(), sound, rng, f"hdtf-{number}")
    write_features(folder / "hdtf", samples, speech_ears(folder / "whisper"))
    write_features(folder / "unheard", samples)
    np.savez(folder / "sounds.npz", *[sample.sound for sample in samples])
    return folder


def test_features_are_what_is_heard_live(features: Path) -> None:
    source = Features(features / "hdtf")
    sounds = list(np.load(features / "sounds.npz").values())
    for item, sound in zip(source.items, sounds, strict=True):
        kept = source.read(item, 10, 20)[HEARD]
        with torch.no_grad():
            live = speech_features(random_whisper(TINY), sound, 50, window=SLICE)[20:60]
        assert kept.shape == (40, WIDTH)
        np.testing.assert_allclose(kept, live, atol=2e-3)


class Untrained(TellerRecipe):
    """A recipe whose runs need no training."""

    def load(self, folder: Path) -> Teller:
        torch.manual_seed(1)
        return Teller(self.model).eval()


def test_a_run_ships_with_its_ears(features: Path) -> None:
    pytest.importorskip("onnx")
    recipe = load_recipe(RECIPE, None, TellerRecipe)
    fields = {field.name: getattr(recipe, field.name) for field in dataclasses.fields(recipe)}
    fields["model"] = replace(some_teller(hearing=WIDTH, rows=10).config, styles=recipe.model.styles)
    fields["ears"] = str(features / "whisper")
    ship_teller(Untrained(**fields), features, features / "bundle", "# toy\n")
    talker = Talker(features / "bundle")
    assert (talker.ears.rows, talker.ears.columns, talker.ears.reach) == (10, WIDTH, 32_000)
    assert len(Stream(talker).push(np.zeros(3_200, np.float32))) == 5


def test_batches_hold_whole_slices_in_step_with_their_faces(features: Path) -> None:
    config = BatchConfig(2, 100, {"hdtf": 1.0}, colour=0.0, murmur=0.0, stride=5, heard=True)
    batches = Batches(features, config, 0, 2, clean=False)
    source = Features(features / "hdtf")
    slices = {  # a slice's sound → its face
        source.read(item, first, 5)[HEARD].tobytes(): source.read(item, first, 5)["face"]
        for item in source.items
        for first in range(0, item.frames - 4, 5)
    }
    for number in range(3):
        batch = batches.make(number)
        assert batch[HEARD].shape == (2, 200, WIDTH) and batch["counts"].all()
        for heard, face in zip(batch[HEARD], batch["face"], strict=True):
            for at in range(20):
                known = slices[heard[10 * at : 10 * at + 10].numpy().tobytes()]
                np.testing.assert_array_equal(known, face[5 * at : 5 * at + 5])
    with pytest.raises(CorpusError, match="no features of a speech model"):
        Batches(features, replace(config, shares={"unheard": 1.0}), 0, 2, clean=False)


def test_a_tiny_teller_learns_on_them(features: Path) -> None:
    config = BatchConfig(2, 50, {"hdtf": 1.0}, colour=0.0, murmur=0.0, stride=5, heard=True)
    batches = SlicedBatches(Batches(features, config, 0, 2, clean=False))
    teller = some_teller(hearing=WIDTH, rows=10).train()
    loss, optimiser = TellerLoss(teller), torch.optim.Adam(teller.head.parameters(), 1e-2)
    values = []
    for _ in range(12):
        value, _ = loss(**batches.make(1))
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        values.append(value.item())
    assert np.mean(values[-3:]) < np.mean(values[:3])
