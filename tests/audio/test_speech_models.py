"""A speech model hears through windows: the same for whole recordings and live, and no further than they say."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from facestream.audio.speech_models import load_speech_model, random_speech_model, speech_features
from facestream.audio.speech_windows import STRIDE, SpeechWindow
from facestream.errors import BundleError

TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
}
WINDOW = SpeechWindow(left=20, block=10, ahead=4)
SOUND = np.random.default_rng(0).standard_normal(24_000).astype(np.float32)
pytestmark = pytest.mark.usefixtures("no_grad")


@pytest.fixture
def no_grad():
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def model():
    return random_speech_model(TINY)


@pytest.mark.parametrize("fps", [25, 30, 50])
def test_there_is_a_feature_for_every_frame(model, fps):
    for samples in (1, 3_199, 3_200, 24_000):
        frames = -(-samples * fps // 16_000)
        assert speech_features(model, SOUND[:samples], fps, window=WINDOW).shape == (frames, 16)
    assert speech_features(model, SOUND, fps, frames=99, window=WINDOW).shape == (99, 16)
    assert speech_features(model, SOUND, fps, frames=33).shape == (33, 16)


@pytest.mark.parametrize("changed", [8_000, 12_345])
def test_sound_beyond_the_look_ahead_changes_nothing(model, changed):
    other = SOUND.copy()
    other[changed:] = 0.3
    before, after = (speech_features(model, sound, 30, window=WINDOW) for sound in (SOUND, other))
    done = (changed - WINDOW.ahead_samples) // WINDOW.block_samples * WINDOW.frames(30)
    assert torch.equal(before[:done], after[:done])
    assert not torch.equal(before[done : done + 6], after[done : done + 6])


def test_sound_before_the_window_changes_nothing(model):
    other = SOUND.copy()
    other[:1_000] = 0.0
    first = -(-(1_000 + WINDOW.left_samples) // WINDOW.block_samples) * WINDOW.frames(25)
    before, after = (speech_features(model, sound, 25, window=WINDOW) for sound in (SOUND, other))
    assert torch.equal(before[first:], after[first:])
    assert not torch.equal(before[:first], after[:first])


def test_a_window_as_wide_as_the_sound_hears_what_the_whole_does(model):
    wide = SpeechWindow(left=1_000, block=40, ahead=0)
    sound = SOUND[: STRIDE * 40 + 80]
    whole = model(torch.from_numpy(sound)[None])[0]
    heard = speech_features(model, sound, 50, frames=40, window=wide)
    torch.testing.assert_close(heard, whole, atol=1e-5, rtol=1e-4)


def test_the_whole_clip_is_stretched_over_its_frames_first_on_first_and_last_on_last(model):
    features = model(torch.from_numpy(SOUND)[None])[0]
    frames = speech_features(model, SOUND, 30)
    assert len(frames) == len(features) * 30 // 50
    torch.testing.assert_close(frames[0], features[0])
    torch.testing.assert_close(frames[-1], features[-1])


def test_loudness_and_an_offset_change_nothing(model):
    quiet = speech_features(model, 0.01 * SOUND + 0.2, 30, frames=36, window=WINDOW)
    loud = speech_features(model, SOUND, 30, frames=36, window=WINDOW)
    torch.testing.assert_close(quiet, loud, atol=2e-3, rtol=1e-2)


def test_frames_lie_on_features_in_proportion():
    weights = WINDOW.interpolation(30)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(weights @ np.arange(10), np.arange(6) * 5 / 3, atol=1e-5)


def test_a_block_that_is_no_whole_number_of_frames_says_which_would_be():
    with pytest.raises(ValueError, match="multiple of 5 features"):
        SpeechWindow(block=6).frames(30)
    with pytest.raises(ValueError, match="block of 1 or more"):
        SpeechWindow(block=0)


def test_a_model_comes_back_from_its_folder(model, tmp_path):
    model.network.save_pretrained(tmp_path)
    torch.testing.assert_close(
        speech_features(load_speech_model(tmp_path), SOUND, 25), speech_features(model, SOUND, 25)
    )


def test_a_model_that_is_not_there_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(BundleError, match="hf download"):
        load_speech_model(tmp_path / "hubert")


@pytest.mark.parametrize(("changed", "words"), [({"conv_stride": (5, 2, 2, 2, 2, 2, 1)}, "expected 400 and 320")])
def test_a_model_of_another_clock_is_refused(changed, words):
    with pytest.raises(BundleError, match=words):
        random_speech_model({**TINY, **changed})
