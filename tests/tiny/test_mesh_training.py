"""A mesh talker from a corpus to speech, in small: both stages learn, go on after an interruption, and speak."""

import dataclasses
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

from facestream.corpora.meshes import MeshCorpus
from facestream.evaluation.mesh import lip_errors
from facestream.evaluation.mesh_clips import mean_offset
from facestream.motion.codecs.vq import MeshCodecConfig
from facestream.training.checkpoints import averaged_weights
from facestream.training.fit import Fit
from facestream.training.meshes import recipe
from facestream.training.meshes.recipe import CODEC, TALKER
from tests.training.toy_meshes import RECIPE, toy_corpus


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tiny-mesh")
    toy_corpus(folder / "toy")
    RECIPE.train(folder / "toy", folder / "run")
    return folder


def last_look(folder):
    rows = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return [row["held-out/lve"] for row in rows if "held-out/lve" in row][-1]


def test_both_stages_beat_the_mean_face(folder):
    corpus = MeshCorpus.open(folder / "toy")
    mean, lips = mean_offset(corpus), corpus.topology.lips
    clips = [corpus.clip(name) for name in corpus.splits["val"]]
    still = np.mean([lip_errors(0 * clip.offsets + mean, clip.offsets, lips).mean() for clip in clips])
    assert last_look(folder / "run" / CODEC) < 0.2 * still
    assert last_look(folder / "run" / TALKER) < 0.5 * still
    talker, hear = RECIPE.load(folder / "run"), RECIPE.ears.open()
    clip = clips[0]
    features = torch.from_numpy(hear(clip.sound, clip.fps, len(clip.vertices)))[None]
    noise = torch.randn(1, len(clip.vertices), talker.codec.latents, generator=torch.Generator().manual_seed(1))
    spoken = talker.sample(features, torch.eye(2)[:1], noise).numpy().reshape(clip.vertices.shape)
    moves = [(offsets - offsets.mean(0)).ravel() for offsets in (spoken, clip.offsets)]
    heard = np.corrcoef(*moves)[0, 1]
    assert heard > 0.8, "it opens with the sound"


class Interrupted(Exception):
    pass


def test_an_interrupted_run_goes_on_to_the_same_weights(folder, monkeypatch):
    ends = iter((40, 150, 70))

    class StopsEarly(Fit):
        def run(self, loss, make, until=None, check=None):
            super().run(loss, make, end := next(ends), check)
            if end != self.config.steps:
                raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(recipe, "Fit", StopsEarly)
        for _ in range(2):
            with pytest.raises(Interrupted):
                RECIPE.train(folder / "toy", folder / "again")
    RECIPE.train(folder / "toy", folder / "again")
    for stage in (CODEC, TALKER):
        one, other = averaged_weights(folder / "run" / stage), averaged_weights(folder / "again" / stage)
        assert all(torch.equal(one[name], other[name]) for name in one), stage


def test_a_run_may_take_the_codec_of_another(folder):
    short = dataclasses.replace(RECIPE.motion, fit=dataclasses.replace(RECIPE.motion.fit, steps=3))
    dataclasses.replace(RECIPE, motion=short).train(folder / "toy", folder / "with", folder / "run")
    assert not (folder / "with" / CODEC).exists()
    codec, talker = averaged_weights(folder / "run" / CODEC), averaged_weights(folder / "with" / TALKER)
    assert all(torch.equal(talker[f"codec.{name}"], weight) for name, weight in codec.items()), "and leaves it as it is"


@pytest.mark.parametrize("kind", ["faithful", "regression", "tuned"])
def test_every_kind_trains(folder, kind):
    stages = [
        dataclasses.replace(stage, fit=dataclasses.replace(stage.fit, steps=5))
        for stage in (RECIPE.codec, RECIPE.motion)
    ]
    codec, talker = RECIPE.talker.codec, RECIPE.talker
    assert isinstance(codec, MeshCodecConfig)
    if kind == "faithful":
        codec = dataclasses.replace(codec, codes=16, divergence=0.0, causal=False)
        head = dataclasses.replace(talker.head, kind="affine", path="leading", steps=50)
        talker = dataclasses.replace(talker, codec=codec, head=head)
    if kind == "regression":
        stages[0] = None
        head = dataclasses.replace(talker.head, kind="regression")
        talker = dataclasses.replace(talker, codec=codec.vertices, head=head)
    if kind == "tuned":
        stages[1] = dataclasses.replace(stages[1], tune_decoder=True)
    recipe = dataclasses.replace(RECIPE, talker=talker, codec=stages[0], motion=stages[1])
    recipe.train(folder / "toy", folder / kind)
    trained = recipe.load(folder / kind)
    assert all(weight.isfinite().all() for weight in trained.state_dict().values())
    if kind == "tuned":
        before, after = averaged_weights(folder / kind / CODEC), trained.codec.state_dict()
        changed = {name.partition(".")[0] for name in after if not torch.equal(before[name], after[name])}
        assert changed == {"decoder"}
