"""Released checkpoints: the numbers of the released code, and clear refusals."""

import json
import os

import pytest

torch = pytest.importorskip("torch")

from facestream.errors import CheckpointError
from facestream.talkers.released import RELEASED, load_released, load_released_codec

from .released_layout import FRAMES, GOLDEN, checkpoint, inputs, small, window_noise

pytestmark = pytest.mark.usefixtures("no_grad")
layouts = pytest.mark.parametrize("layout", RELEASED)


@pytest.fixture
def no_grad():
    with torch.no_grad():
        yield


def saved(path, content):
    torch.save(content, path)
    return path


@layouts
def test_the_network_gives_what_the_released_code_gives(layout, tmp_path):
    config, golden = small(layout), json.loads(GOLDEN.read_text())[layout]
    talker = load_released(saved(tmp_path / "talker.ckpt", checkpoint(config)), config).talker
    given = inputs(config)
    subject = torch.eye(config.predictor.subjects)[1:2]

    def stretched(frames):  # as the authors bring features to the motion's rate
        speech = given["speech"].transpose(1, 2)
        return torch.nn.functional.interpolate(speech, frames, mode="linear", align_corners=True).transpose(1, 2)

    conditions = talker.conditions(stretched(FRAMES), given["past"], subject)
    features = stretched(given["speech"].shape[1] * config.fps // 50)
    ours = {
        "encoded": talker.codec.encode(given["offsets"]),
        "decoded": talker.codec.decode(given["past"]),
        "features": features,
        "conditions": conditions,
        "denoised": talker.head.sample(conditions, given["noise"]),
        "predicted": talker.sample_as_released(features, subject, window_noise(config)),
    }
    for name, mine in ours.items():
        torch.testing.assert_close(mine.flatten(), torch.tensor(golden[name]), atol=1e-4, rtol=1e-4, msg=name)
    collapsed = talker.head.collapse()(conditions, given["noise"])
    torch.testing.assert_close(collapsed, ours["denoised"], atol=1e-5, rtol=1e-4)


@layouts
def test_the_speech_encoder_comes_along_by_its_own_names(layout, tmp_path):
    config = small(layout)
    released = load_released(saved(tmp_path / "talker.ckpt", checkpoint(config)), config)
    assert list(released.speech) == ["encoder.layers.0.final_layer_norm.weight"]


def test_the_first_stage_alone(tmp_path):
    config = small("biwi")
    state = checkpoint(config)["state_dict"]
    first = {name: x for name, x in state.items() if name.startswith("autoencoder.")}
    codec = load_released_codec(saved(tmp_path / "codec.ckpt", {"state_dict": first}), config.codec)
    whole = load_released(saved(tmp_path / "talker.ckpt", checkpoint(config)), config).talker.codec
    offsets = inputs(config)["offsets"]
    torch.testing.assert_close(codec.decode(codec.encode(offsets)), whole.decode(whole.encode(offsets)))


class Code:
    def __reduce__(self):
        return os.mkdir, ("was_run",)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda c: c["state_dict"].pop("diff_ar_network.denoiser.0.bias"), "lacks diff_ar_network.denoiser.0.bias"),
        (lambda c: c["state_dict"].update(surprise=torch.zeros(1)), "unknown tensor surprise"),
        (
            lambda c: c["state_dict"].update({"diff_ar_network.denoiser.0.bias": torch.zeros(5)}),
            r"denoiser.0.bias gives \[5\], expected \[16\]",
        ),
        (lambda c: c.pop("state_dict"), "no state_dict"),
        (lambda c: c.update(callbacks=Code()), "may run code"),
    ],
)
def test_what_does_not_fit_is_refused(spoil, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = checkpoint(small("vocaset"))
    spoil(content)
    with pytest.raises(CheckpointError, match=says):
        load_released(saved(tmp_path / "talker.ckpt", content), small("vocaset"))
    assert not (tmp_path / "was_run").exists()


def test_a_checkpoint_of_another_data_set_is_refused(tmp_path):
    path = saved(tmp_path / "talker.ckpt", checkpoint(small("biwi")))
    with pytest.raises(CheckpointError, match="Is it of this stage and this data set"):
        load_released(path, small("vocaset"))


def test_torn_files_and_missing_ones_are_refused(tmp_path):
    path = saved(tmp_path / "talker.ckpt", checkpoint(small("vocaset")))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="torn"):
        load_released(path, small("vocaset"))
    path.write_bytes(b"")
    with pytest.raises(CheckpointError, match="torn"):
        load_released(path, small("vocaset"))
    with pytest.raises(CheckpointError, match="is not there"):
        load_released(tmp_path / "none.ckpt", small("vocaset"))
