"""Whisper as ears: the published features to the letter, on bounded windows alike in training and serving."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("onnx")

from facestream.audio.speech_models import WindowedSpeech, load_speech_model, random_whisper, speech_features
from facestream.audio.whisper import SLICE, LogMel, WhisperEars
from facestream.errors import BundleError
from facestream.runtime.stream import Stream
from facestream.runtime.talker import Talker
from facestream.signals import FACE
from facestream.streaming.clock import Clock
from facestream.streaming.memory import write
from facestream.streaming.tree import blank, plan
from facestream.talkers.bundle import FORMAT, NETWORK, SPEECH, BundleConfig, write_config
from facestream.talkers.export import export_ears, export_step

from ..talkers.test_teller import CHANNELS, some_teller

WIDTH = 16
TINY = {
    "d_model": WIDTH, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_layers": 1,
    "decoder_attention_heads": 2, "decoder_ffn_dim": 32, "vocab_size": 60, "num_mel_bins": 80, "pad_token_id": 0,
    "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1, "suppress_tokens": None,
    "begin_suppress_tokens": None,
}  # fmt: skip
SOUND = (0.1 * np.random.default_rng(0).standard_normal(16_000)).astype(np.float32)


@pytest.fixture(scope="module")
def whisper() -> WhisperEars:
    return random_whisper(TINY)


def published(samples: np.ndarray) -> torch.Tensor:
    """Log-mel as transformers' own extractor makes it, 30 s of it."""
    extractor = transformers.WhisperFeatureExtractor(feature_size=80)
    return torch.from_numpy(extractor(samples, sampling_rate=16_000, return_tensors="np").input_features)


def test_the_spectrum_is_whispers() -> None:
    padded = np.pad(SOUND, (0, 480_000 - len(SOUND)))
    mine = LogMel(80)(torch.from_numpy(padded)[None])
    np.testing.assert_allclose(mine, published(SOUND), atol=2e-4)


@torch.no_grad()
def test_padded_windows_give_the_published_features(whisper: WhisperEars) -> None:
    ears = random_whisper(TINY, padded=True)
    features = ears(torch.from_numpy(SOUND)[None])
    expected = whisper.network(published(SOUND)).last_hidden_state[:, :50]
    assert features.shape == (1, 50, WIDTH)
    np.testing.assert_allclose(features, expected, atol=2e-3)


@torch.no_grad()
def test_a_slice_is_ten_rows_of_what_was_heard_by_its_end(whisper: WhisperEars) -> None:
    """2 s back and nothing beyond: sound outside that window changes nothing, sound inside does."""
    sound = (0.1 * np.random.default_rng(1).standard_normal(16_000 * 4)).astype(np.float32)
    whole = speech_features(whisper, sound, 50, window=SLICE)
    assert whole.shape == (200, WIDTH)
    number = 14  # the slice from 2.8 to 3.0 s
    rows = slice(10 * number, 10 * number + 10)
    for changed, same in ((slice(0, 12_800), True), (slice(48_000, None), True), (slice(12_800, 14_000), False)):
        other = sound.copy()
        other[changed] = 0
        again = speech_features(whisper, other, 50, window=SLICE)[rows]
        assert torch.equal(again, whole[rows]) is same, changed
    alone = whisper(torch.from_numpy(sound[12_800:48_000])[None])[0, -10:]
    np.testing.assert_allclose(alone, whole[rows], atol=1e-5)


def test_official_weights_load_from_a_folder(whisper: WhisperEars, tmp_path) -> None:
    model = transformers.WhisperModel(transformers.WhisperConfig(**TINY))
    model.encoder.load_state_dict(whisper.network.state_dict())
    model.save_pretrained(tmp_path / "whisper")
    loaded = load_speech_model(tmp_path / "whisper", padded=True)
    assert isinstance(loaded, WhisperEars) and loaded.padded and loaded.width == WIDTH
    with torch.no_grad():
        sound = torch.from_numpy(SOUND)[None]
        assert torch.equal(load_speech_model(tmp_path / "whisper")(sound), whisper(sound))
    with pytest.raises(BundleError, match="hf download"):
        load_speech_model(tmp_path / "none")


@pytest.mark.parametrize("padded", [False, True])
def test_a_bundle_hears_what_training_heard(padded: bool, tmp_path) -> None:
    """Teller on Whisper's rows, exported with its ears, is the network on the features of the whole recording."""
    whisper = random_whisper(TINY, padded=padded)
    teller = some_teller(hearing=WIDTH, rows=10)
    block = WindowedSpeech(whisper, SLICE, 50)
    memories = export_step(teller, tmp_path / NETWORK, (10, WIDTH), 2, (5, 4))
    export_ears(block, tmp_path / SPEECH, SLICE.left_samples + SLICE.block_samples)
    config = BundleConfig(
        FORMAT, "toy", 25, 0, WIDTH, 4, (*FACE, *CHANNELS), ("a", "b"), memories, "Apache-2.0", (), 5,
        SLICE.ahead_samples, SLICE.left_samples,
    )  # fmt: skip
    write_config(tmp_path, config)
    talker = Talker(tmp_path)
    assert (talker.ears.rows, talker.ears.columns) == (10, WIDTH)
    sound = (0.1 * np.random.default_rng(2).standard_normal(3_200 * 13)).astype(np.float32)
    stream = Stream(talker, "a", seed=1)
    shown = [frame for start in range(0, len(sound), 1_111) for frame in stream.push(sound[start : start + 1_111])]
    assert len(shown) == 65
    with torch.no_grad():
        heard = speech_features(whisper, sound, 50, window=SLICE)
        memory, state = plan(teller), blank(plan(teller), 1, torch.zeros(1))
        for number in range(13):
            step = torch.tensor([5 * number])
            noise = torch.from_numpy(talker.noise(1, 5 * number))[None]
            rows = heard[None, 10 * number : 10 * number + 10]
            faces, update = teller(rows, torch.eye(2)[:1], noise, state, Clock(step))
            write(memory, state, update, step, torch.arange(1), rows=5)
            mine = np.stack([frame.values for frame in shown[5 * number : 5 * number + 5]])
            np.testing.assert_allclose(mine, faces[0], atol=2e-3)
