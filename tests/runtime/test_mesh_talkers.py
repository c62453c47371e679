"""Talkers that move a mesh, from a recipe to a bundle to a film: small, random, with both kinds of ears."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("transformers")
pytest.importorskip("lightning_fabric")

from typer.testing import CliRunner

from facestream.audio.speech_models import random_speech_model
from facestream.audio.speech_windows import SpeechWindow
from facestream.cli import app
from facestream.corpora.meshes import MeshCorpus
from facestream.errors import BundleError, MotionError
from facestream.faces.template import Template
from facestream.faces.topology import Topology
from facestream.runtime.curves import CurveTalker
from facestream.runtime.engine import Engine
from facestream.runtime.stream import Stream
from facestream.runtime.talker import Talker
from facestream.signals import Motion
from facestream.talkers.bundle import CARD, CONFIG, MESH, SPEECH
from facestream.talkers.faithful import FaithfulStreamingTalker
from facestream.training.meshes.ears import EncoderEars, SpeechModelEars
from facestream.training.meshes.recipe import MeshRecipe
from facestream.training.meshes.ship import ship_mesh
from facestream.training.recipe import load_recipe

from ..audio.test_speech_models import TINY
from ..training.toy_meshes import FPS, RECIPE, VERTICES, toy_corpus

WINDOW = SpeechWindow(left=20, block=10, ahead=4)
CARD_TEXT = "---\nlicense: apache-2.0\n---\n\n# toy\n"
SOUND = np.random.default_rng(0).standard_normal(12_001).astype(np.float32)


class Untrained(MeshRecipe):
    """A recipe whose runs need no training."""

    def load(self, folder):
        torch.manual_seed(1)
        return FaithfulStreamingTalker(self.talker).eval()


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """By the kind of ears: the recipe and its bundle; and the corpus."""
    folder = tmp_path_factory.mktemp("meshes")
    toy_corpus(folder / "toy")
    random_speech_model(TINY).network.save_pretrained(folder / "hubert")
    live = load_recipe(Path(__file__).parents[2] / "recipes" / "streamingtalker_live.py")
    kinds = {
        "speech": SpeechModelEars(str(folder / "hubert"), TINY["hidden_size"], WINDOW),
        "encoder": EncoderEars(live.model.encoder, live.timing.delay),
    }
    made = {}
    for kind, ears in kinds.items():
        fields = {field.name: getattr(RECIPE, field.name) for field in dataclasses.fields(RECIPE)}
        talker = dataclasses.replace(RECIPE.talker, features=ears.width)
        made[kind] = Untrained(**{**fields, "ears": ears, "talker": talker}), folder / kind
        ship_mesh(made[kind][0], folder, folder / "toy", folder / kind, CARD_TEXT)
    return made, MeshCorpus.open(folder / "toy")


@pytest.fixture(params=["speech", "encoder"])
def made(request, bundles):
    return bundles[0][request.param]


def values(frames):
    return np.stack([frame.values for frame in frames])


def test_a_bundle_says_the_same_as_the_network_that_it_was_made_from(made):
    recipe, folder = made
    talker = Talker(folder)
    stream = Stream(talker, "bob", seed=3)
    shown = values([*stream.push(SOUND), *stream.flush()])
    frames, block = len(shown), talker.timing.block
    assert frames == -(-len(SOUND) * FPS // 16_000)
    with torch.no_grad():
        features = torch.from_numpy(recipe.ears.open()(SOUND, FPS, frames))[None]
        noise = np.concatenate([talker.noise(3, first) for first in range(0, frames, block)])[:frames]
        offline = recipe.load(folder).sample(features, torch.eye(2)[1:], torch.from_numpy(noise)[None])[0]
    np.testing.assert_allclose(shown, offline.numpy(), atol=1e-4 * recipe.talker.unit)


def test_any_packets_give_the_same_frames_to_the_bit(made):
    size = 777
    whole, cut = Stream(Talker(made[1])), Stream(Talker(made[1]))
    frames = [frame for start in range(0, len(SOUND), size) for frame in cut.push(SOUND[start : start + size])]
    assert np.array_equal(values([*frames, *cut.flush()]), values([*whole.push(SOUND), *whole.flush()]))


def test_frames_come_after_the_declared_look_ahead_and_no_later(made):
    talker = Talker(made[1])
    stream, needed = Stream(talker), talker.timing.step_samples + talker.timing.ahead
    assert 1000 * needed / 16_000 == talker.timing.first_frame_ms
    assert stream.push(SOUND[: needed - 1]) == []
    frames = stream.push(SOUND[needed - 1 : needed])
    assert [frame.index for frame in frames] == list(range(talker.timing.block))
    assert [frame.sample for frame in frames[:4]] == [0, 533, 1066, 1600]
    other = Stream(talker)
    changed = np.concatenate((SOUND[:needed], -SOUND[needed:]))
    assert np.array_equal(values(other.push(changed))[: len(frames)], values(frames))


def test_after_an_interruption_the_old_speech_is_forgotten(made):
    talker = Talker(made[1])
    ends = []
    for sign in (1, -1):
        stream = Stream(talker)
        stream.push(SOUND[:8_000])
        stream.push(np.float32(sign) * SOUND[8_000:8_300])
        stream.interrupt()
        ends.append(values(stream.push(SOUND)))
    assert np.array_equal(*ends)


def test_memory_does_not_grow(made):
    stream = Stream(Talker(made[1]))
    stream.push(np.tile(SOUND, 2))
    before = stream.snapshot()
    stream.push(np.tile(SOUND, 2))
    after = stream.snapshot()
    assert {name: kept.nbytes for name, kept in after.memories.items()} == {
        name: kept.nbytes for name, kept in before.memories.items()
    }
    assert len(after.lane.tail) == len(before.lane.tail)


def test_integers_in_the_ears_change_little(bundles, tmp_path):
    recipe, folder = bundles[0]["speech"]
    ship_mesh(recipe, folder, folder.parent / "toy", tmp_path, CARD_TEXT, integers=True)
    exact, rough = (values(Stream(Talker(each)).push(SOUND)) for each in (folder, tmp_path))
    assert 0 < np.abs(exact - rough).mean() < 0.1 * exact.std()


def test_a_card_without_a_licence_is_refused(bundles, tmp_path):
    recipe, folder = bundles[0]["encoder"]
    with pytest.raises(BundleError, match="license"):
        ship_mesh(recipe, folder, folder.parent / "toy", tmp_path / "no", "# toy\n")
    assert not (tmp_path / "no").exists()
    assert (folder / CARD).read_text() == CARD_TEXT


def test_a_bundle_without_its_speech_model_is_refused(bundles, tmp_path):
    _, folder = bundles[0]["speech"]
    for path in folder.iterdir():
        if path.name != SPEECH:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(BundleError, match=r"speech\.onnx"):
        Talker(tmp_path)


def test_vertices_are_not_curves(made):
    stream = Stream(Talker(made[1]))
    with pytest.raises(MotionError, match="load_curves"):
        stream.motion(stream.push(SOUND))
    with pytest.raises(BundleError, match="--shapes"):
        CurveTalker(made[1])


@pytest.fixture
def shaped(bundles, tmp_path):
    """A bundle whose mesh can be drawn, and has shapes: its own first two kinds of motion."""
    _, folder = bundles[0]["encoder"]
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rest = Template.load(folder / MESH)
    triangles = np.random.default_rng(1).integers(0, VERTICES, (40, 3))
    topology = Topology("toy", VERTICES, triangles, rest.topology.lips, rest.topology.upper, rest.topology.lip_pairs)
    moves = np.random.default_rng(2).normal(0, 0.01, (2, VERTICES, 3)).astype(np.float32)
    Template(topology, rest.vertices, {"jawOpen": moves[0], "mouthPucker": moves[1]}).save(tmp_path / MESH)
    return tmp_path


def test_vertices_told_as_curves_by_name(shaped):
    stream = Stream(talker := CurveTalker(shaped))
    motion = stream.motion([*stream.push(SOUND), *stream.flush()])
    assert motion.channels == ("jawOpen", "mouthPucker")
    assert motion.fps == FPS
    rest = Template.load(shaped / MESH)
    offsets = values([*(raw := Stream(Talker(shaped))).push(SOUND), *raw.flush()])
    nearest = np.stack([moved.ravel() for moved in rest.shapes.values()], 1)
    free = np.linalg.lstsq(nearest, offsets.T, rcond=None)[0].T
    inside = ((free > 0) & (free < 1)).all(1)
    np.testing.assert_allclose(motion.values[inside], free[inside], atol=1e-3)
    assert talker.config.vertices == 0


@pytest.mark.parametrize("ending", [".mp4", ".npz", ".csv"])
@pytest.mark.parametrize("face", [[], ["--face", "default"]])
def test_a_recording_to_what_is_asked_for(shaped, tmp_path, ending, face):
    import soundfile

    speech, output = tmp_path / "speech.wav", tmp_path / f"talk{ending}"
    soundfile.write(speech, 0.1 * SOUND[:8_000], 16_000)
    told = ["animate", str(speech), "--talker", str(shaped), "-o", str(output), "--size", "64", *face]
    result = CliRunner().invoke(app, told)
    assert result.exit_code == 0, result.output
    assert "15 frames" in result.output
    if ending == ".npz" and not face:
        with np.load(output) as moved:
            assert moved["vertices"].shape == (15, VERTICES, 3)
            assert moved["fps"] == FPS
    elif ending != ".mp4":
        assert Motion.load(output).channels == ("jawOpen", "mouthPucker")


def test_the_engine_says_that_it_serves_other_talkers(made):
    with pytest.raises(BundleError, match="6 frames in a step"):
        Engine(Talker(made[1]))


def test_an_unknown_person_is_told_with_those_that_are_known(made):
    with pytest.raises(BundleError, match="ann, bob"):
        Stream(Talker(made[1]), "cem")


def test_what_the_config_says(bundles):
    facts = {kind: json.loads((folder / CONFIG).read_text()) for kind, (_, folder) in bundles[0].items()}
    assert facts["speech"]["reach"] == WINDOW.left_samples
    assert facts["speech"]["ahead"] == WINDOW.ahead_samples
    assert "reach" not in facts["encoder"]
    assert {fact["licence"] for fact in facts.values()} == {"apache-2.0"}
    assert {tuple(fact["styles"]) for fact in facts.values()} == {("ann", "bob")}
