"""What a mesh talker's training is fed: windows of clips, what ears make of their sound, ablations."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

from facestream.errors import CorpusError
from facestream.talkers.faithful import FaithfulStreamingTalker, TeachingConfig
from facestream.training.meshes.ablations import ablations
from facestream.training.meshes.batches import WindowConfig, Windows
from facestream.training.meshes.ears import EncoderEars, MelEars, SpeechModelEars, at_frames
from facestream.training.meshes.features import heard_corpus
from facestream.training.meshes.published import mended, published_fit
from facestream.training.recipe import TrainingRun, load_recipe
from tests.training.toy_meshes import EARS, FPS, RECIPE, toy_corpus

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return toy_corpus(tmp_path_factory.mktemp("meshes") / "toy")


def windows(corpus, clips=3, frames=20, **config):
    return Windows(corpus, corpus.splits["train"], WindowConfig(clips, frames, **config))


def test_a_batch_is_the_same_for_the_same_number(corpus):
    one, again, other = (windows(corpus).make(number) for number in (7, 7, 8))
    assert torch.equal(one["offsets"], again["offsets"]) and not torch.equal(one["offsets"], other["offsets"])
    assert one["offsets"].shape == (3, 21, 72) and one["subject"].shape == (3,)


def find(corpus, window):
    """Clip and first frame of a window [1 + T, 3V]."""
    for name in corpus.splits["train"]:
        offsets = corpus.clip(name).offsets.reshape(corpus.frames(name), -1)
        for first in range(len(offsets) - len(window) + 2):
            if np.allclose(offsets[first : first + len(window) - 1], window[1:], atol=1e-7):
                return name, first, offsets
    raise AssertionError("a window of no clip")


@pytest.mark.parametrize("true_past", [True, False])
def test_before_a_window_is_the_true_frame_and_rest_only_at_the_beginning(corpus, true_past):
    source = windows(corpus, true_past=true_past)
    seen = set()
    for number in range(12):
        for window in source.make(number)["offsets"].numpy():
            name, first, offsets = find(corpus, window)
            expected = offsets[first - 1] if first and true_past else 0 * offsets[0]
            np.testing.assert_allclose(window[0], expected, atol=1e-7)
            seen.add((name, first > 0))
    assert {middle for _, middle in seen} == {True, False}


def test_an_epoch_shows_every_clip_once(corpus):
    source = windows(corpus, clips=4, frames=0)
    names = [find(corpus, window)[0] for number in range(4, 8) for window in source.make(number)["offsets"].numpy()]
    assert sorted(names) == sorted(corpus.splits["train"])


def test_clips_of_a_batch_are_about_equally_long(corpus):
    source = windows(corpus, clips=4, frames=0)
    spread = [np.ptp(source.lengths[batch]) for epoch in range(20) for batch in source._epoch(epoch, 4)]
    assert np.mean(spread) < 0.6 * np.mean([np.ptp(source.lengths[k::4]) for k in range(4)])
    assert len({tuple(sorted(batch)) for epoch in range(20) for batch in source._epoch(epoch, 4)}) > 20


def test_features_go_with_their_frames(corpus, tmp_path):
    heard = heard_corpus(corpus, tmp_path, EARS, corpus.splits["train"])
    source = Windows(corpus, corpus.splits["train"], WindowConfig(2, 20), heard)
    batch = source.make(3)
    for window, features in zip(batch["offsets"].numpy(), batch["features"].numpy(), strict=True):
        name, first, _ = find(corpus, window)
        np.testing.assert_array_equal(features, heard.features(name)[first : first + 20])


def test_a_corpus_is_heard_once(corpus, tmp_path, monkeypatch):
    names = corpus.splits["train"]
    heard_corpus(corpus, tmp_path, EARS, names[:3])
    calls = []
    opened = MelEars.open
    monkeypatch.setattr(MelEars, "open", lambda ears: lambda *a: calls.append(a) or opened(ears)(*a))
    heard = heard_corpus(corpus, tmp_path, EARS, names)
    assert len(calls) == len(names) - 3
    heard_corpus(corpus, tmp_path, EARS, names)
    assert len(calls) == len(names) - 3
    assert heard.features(names[0]).shape == (corpus.frames(names[0]), EARS.width)
    with pytest.raises(CorpusError, match="was not heard"):
        heard.features(corpus.splits["test"][0])


def test_features_lie_at_the_middle_of_their_frames():
    ramp = ((np.arange(100) + 0.5) / 100)[:, None].astype(np.float32)  # its value is the time of its middle
    np.testing.assert_allclose(at_frames(ramp, 100, FPS, 25)[:, 0], (np.arange(25) + 0.5) / FPS, atol=1e-6)


@pytest.mark.parametrize("kind", ["mel", "encoder"])
def test_ears_hear_no_further_than_they_say(kind):
    if kind == "mel":
        ears, ahead = MelEars(before=2, ahead=3), 3 / FPS + 0.05
    else:
        live = load_recipe(RECIPES / "streamingtalker_live.py")
        ears, ahead = EncoderEars(live.model.encoder, live.timing.delay), (live.timing.delay + 1) / 25 + 0.02
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 0.1, 32_000).astype(np.float32)
    later = sound.copy()
    later[16_000:] = 0.0
    hear = ears.open()
    one, other = hear(sound, FPS, 60), hear(later, FPS, 60)
    assert one.shape == (60, ears.width)
    same = int((1.0 - ahead) * FPS)
    np.testing.assert_allclose(one[:same], other[:same], atol=1e-4)
    assert np.abs(one[30:] - other[30:]).max() > 0.1


def test_every_ablation_is_one_thing_away():
    variants = ablations(RECIPE)
    assert {"no-diffusion", "no-codec", "plain-vae", "all-history", "no-cross-attention", "no-self-attention"} < set(
        variants
    )
    for name, variant in variants.items():
        changed = [
            field.name
            for field in dataclasses.fields(variant.talker)
            if getattr(variant.talker, field.name) != getattr(RECIPE.talker, field.name)
        ]
        assert len(changed) == 1 or name == "plain-vae", name
        assert variant.name == f"toy-{name}"
        talker = FaithfulStreamingTalker(variant.talker)
        shown = talker.sample(torch.zeros(1, 3, EARS.width), torch.eye(2)[:1], torch.zeros(1, 3, talker.codec.latents))
        assert shown.shape == (1, 3, 72)


@pytest.mark.parametrize("file", ["vocaset", "biwi", "mesh_small"])
def test_published_recipes_load_and_so_do_their_variants(file):
    pytest.importorskip("transformers")
    path = RECIPES / f"streamingtalker_{file}.py"
    recipe = load_recipe(path, None, TrainingRun)
    faster = load_recipe(path, "no-diffusion", TrainingRun)
    assert faster.talker.head.kind == "regression" and faster.codec == recipe.codec
    with pytest.raises(CorpusError, match="Did you mean 'no-diffusion'"):
        load_recipe(path, "no-difusion", TrainingRun)


def test_what_we_changed_in_the_published_training():
    fit = published_fit(10, 30, rate=1e-3, halve_every=10)
    published = dataclasses.replace(
        RECIPE,
        ears=SpeechModelEars("hubert", EARS.width, window=None),
        motion=dataclasses.replace(RECIPE.motion, fit=fit, teaching=TeachingConfig(template_always=True)),
    )
    assert [published.motion.fit.rate_at(step) for step in (0, 99, 100, 200)] == [1e-3, 1e-3, 5e-4, 2.5e-4]
    ours = mended(published, "ours", unit=0.1)
    assert ours.motion.fit.fall == "cosine" and ours.talker.unit == 0.1 and ours.motion.fit.steps == 300
    assert not ours.motion.teaching.template_always and ours.motion.teaching.noise > 0
    assert ours.ears.window is not None and ours.ears.name != published.ears.name, "they are kept apart"


def test_another_corpus_is_refused(corpus, tmp_path):
    wrong = dataclasses.replace(RECIPE, talker=dataclasses.replace(RECIPE.talker, fps=25))
    with pytest.raises(CorpusError, match=r"30 frames a second \(expected 25\)"):
        wrong.check(corpus)
    RECIPE.check(corpus)
