"""The condition predictor against PyTorch's own decoder layers, and what it may look at."""

import dataclasses

import pytest

torch = pytest.importorskip("torch")

from facestream.motion.condition import ConditionConfig, ConditionPredictor, sines
from facestream.nn.attention import stepped_slopes

CONFIG = ConditionConfig(
    width=8, heads=4, layers=2, hidden=12, activation="gelu", window=20, period=3, subjects=2, dropout=0.1
)
FRAMES = 11


@pytest.fixture(autouse=True)
def no_grad():
    with torch.no_grad():
        yield


def make(**changes):
    torch.manual_seed(0)
    return ConditionPredictor(dataclasses.replace(CONFIG, **changes), features=6).eval()


def given():
    generator = torch.Generator().manual_seed(3)
    return (
        torch.randn(1, FRAMES, 6, generator=generator),
        torch.randn(1, FRAMES, 8, generator=generator),
        torch.eye(2)[:1],
    )


def run(predictor, speech, past, subject):
    return predictor(predictor.hear(speech), past, subject)[0]


def test_it_is_the_post_norm_decoder_of_pytorch_with_alibi_and_a_diagonal_mask():
    predictor = make()
    speech, past, subject = given()
    layers = []
    for block in predictor.blocks:
        layer = torch.nn.TransformerDecoderLayer(8, 4, 12, 0.0, "gelu", batch_first=True).eval()
        ours = block.state_dict()
        theirs = layer.state_dict()
        theirs["multihead_attn.in_proj_weight"][16:] = ours["hearing.value.weight"]
        theirs["multihead_attn.in_proj_bias"][16:] = ours["hearing.value.bias"]
        names = {
            "self_attn.in_proj_weight": "attention.query_key_value.weight",
            "self_attn.in_proj_bias": "attention.query_key_value.bias",
        }
        modules = {
            "self_attn.out_proj": "attention.out",
            "multihead_attn.out_proj": "hearing.out",
            "linear1": "widen",
            "linear2": "narrow",
            "norm1": "attention_norm",
            "norm2": "hearing_norm",
            "norm3": "feed_norm",
        }
        names |= {f"{a}.{kind}": f"{b}.{kind}" for a, b in modules.items() for kind in ("weight", "bias")}
        for theirs_name, ours_name in names.items():
            theirs[theirs_name] = ours[ours_name]
        layer.load_state_dict(theirs)
        layers.append(layer)
    ages = torch.arange(FRAMES)[:, None] - torch.arange(FRAMES)
    slopes = torch.tensor([2.0**-2, 2.0**-4, 2.0**-6, 2.0**-8])
    causal = torch.where(ages < 0, -torch.inf, 0.0) - slopes[:, None, None] * (ages.clamp(min=0) // 3)
    x = past + predictor.from_subject.weight[:, 0] + sines(3, 8)[torch.arange(FRAMES) % 3]
    for layer in layers:
        x = layer(x, predictor.from_speech(speech), tgt_mask=causal, memory_mask=~torch.eye(FRAMES).bool())
    torch.testing.assert_close(run(predictor, speech, past, subject), x, atol=1e-5, rtol=1e-4)


def test_slopes_of_heads_that_are_no_power_of_two():
    slopes = -stepped_slopes(6, 1, 1)[:, 1]
    expected = [2.0**-2, 2.0**-4, 2.0**-6, 2.0**-8, 2.0**-1, 2.0**-3]
    torch.testing.assert_close(slopes, torch.tensor(expected))


def changed_by_speech(predictor, frame):
    speech, past, subject = given()
    other = speech.clone()
    other[:, frame] += 1.0
    change = (run(predictor, other, past, subject) - run(predictor, speech, past, subject)).abs().amax(-1)[0]
    return set(torch.nonzero(change > 1e-6).flatten().tolist())


def test_without_memory_a_frame_of_speech_touches_its_own_frame_alone():
    assert changed_by_speech(make(remembers=False), 4) == {4}


def test_with_memory_it_touches_what_comes_after_and_without_ears_nothing():
    assert changed_by_speech(make(), 4) == set(range(4, FRAMES))
    assert changed_by_speech(make(hears=False), 4) == set()


def test_the_window_bounds_the_history():
    predictor = make(window=3, layers=1)
    speech, past, subject = given()
    other = past.clone()
    other[:, 2] += 1.0
    change = (run(predictor, speech, other, subject) - run(predictor, speech, past, subject)).abs().amax(-1)[0]
    assert set(torch.nonzero(change > 1e-6).flatten().tolist()) == {2, 3, 4}


def test_subjects_mix():
    predictor = make(layers=0)
    speech, past, _ = given()
    one, two, both = (run(predictor, speech, past, torch.tensor([w])) for w in ([1.0, 0.0], [0.0, 1.0], [0.5, 0.5]))
    torch.testing.assert_close((one + two) / 2, both)
    assert not torch.allclose(one, two)
