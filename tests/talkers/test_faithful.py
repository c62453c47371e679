"""The faithful StreamingTalker: its live step is its offline sample; its ablations; how it is taught."""

import dataclasses

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

from facestream.motion.codecs.vq import MeshCodecConfig
from facestream.motion.condition import ConditionConfig
from facestream.motion.heads.clean import HeadConfig
from facestream.streaming.memory import forget
from facestream.streaming.tree import Session, plan
from facestream.talkers.faithful import FaithfulConfig, FaithfulStep, FaithfulStreamingTalker, TeachingConfig

CODEC = MeshCodecConfig(
    vertices=5,
    slots=2,
    columns=4,
    codes=6,
    divergence=0.0,
    width=12,
    layers=2,
    heads=2,
    hidden=16,
    bridge=True,
    window=6,
    causal=True,
)
PREDICTOR = ConditionConfig(
    width=12, heads=2, layers=2, hidden=16, activation="relu", window=7, period=3, subjects=3, dropout=0.2
)
AFFINE = HeadConfig(kind="affine", blocks=0, path="leading", steps=50)
CONFIG = FaithfulConfig(fps=30, features=6, codec=CODEC, predictor=PREDICTOR, head=AFFINE)
PUBLISHED = dataclasses.replace(CONFIG, codec=dataclasses.replace(CODEC, causal=False))
FRAMES = 24
VARIANTS = {
    "affine": CONFIG,
    "published codec": PUBLISHED,
    "mlp, straight": dataclasses.replace(CONFIG, head=HeadConfig("mlp", 2, "straight", 3)),
    "mlp, trailing": dataclasses.replace(CONFIG, head=HeadConfig("mlp", 2, "trailing", 2)),
    "regression": dataclasses.replace(CONFIG, head=HeadConfig("regression", 0, "leading", 1)),
    "raw motion": dataclasses.replace(CONFIG, codec=5),
    "plain VAE": dataclasses.replace(CONFIG, codec=dataclasses.replace(CODEC, codes=0, divergence=0.01)),
    "deaf": dataclasses.replace(CONFIG, predictor=dataclasses.replace(PREDICTOR, hears=False)),
    "forgetful": dataclasses.replace(CONFIG, predictor=dataclasses.replace(PREDICTOR, remembers=False)),
}


def make(config):
    torch.manual_seed(2)
    talker = FaithfulStreamingTalker(config).eval()
    with torch.no_grad():
        for weight in talker.parameters():
            weight.normal_(std=0.3)
    return talker


def inputs(talker, lanes=2, frames=FRAMES, seed=0):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(lanes, frames, talker.config.features, generator=generator)
    noise = torch.randn(lanes, frames, talker.codec.latents, generator=generator)
    return features, torch.eye(3)[torch.arange(lanes) % 3], noise


def stream(step, features, subject, noise, cuts):
    session, parts, start = Session(step, len(features)), [], 0
    for rows in [*cuts, *[1] * FRAMES]:
        here = slice(start, min(start + rows, features.shape[1]))
        if here.stop > here.start:
            parts.append(session.feed(features[:, here], subject, noise[:, here], rows=here.stop - here.start))
        start = here.stop
    return torch.cat(parts, 1)


streamable = pytest.mark.parametrize("config", [v for k, v in VARIANTS.items() if k != "published codec"])


@streamable
def test_the_live_step_gives_what_the_offline_sample_gives(config):
    talker = make(config)
    given_ = inputs(talker)
    live = stream(FaithfulStep(talker).eval(), *given_, cuts=[5, 1, 9])
    torch.testing.assert_close(live, talker.sample(*given_), atol=1e-5, rtol=1e-4)


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_any_packets_give_the_same(cuts):
    talker = make(CONFIG)
    step, given_ = FaithfulStep(talker).eval(), inputs(talker)
    torch.testing.assert_close(stream(step, *given_, cuts), stream(step, *given_, [FRAMES]), atol=1e-5, rtol=1e-4)


def test_the_step_is_the_training_path_on_the_same_history():
    talker = make(CONFIG)
    features, subject, noise = inputs(talker, frames=PREDICTOR.window)
    with torch.no_grad():
        latents = talker.latents(features, subject, noise)
        past = torch.cat((talker.rest().expand(2, 1, -1), latents[:, :-1]), 1)
        again = talker.head.sample(talker.conditions(features, past, subject), noise)
    torch.testing.assert_close(again, latents, atol=1e-5, rtol=1e-4)


def test_later_sound_and_noise_change_nothing_earlier():
    talker = make(CONFIG)
    features, subject, noise = inputs(talker)
    before = talker.sample(features, subject, noise)
    for changed in (0, 2):
        other = [x.clone() for x in (features, subject, noise)]
        other[changed][:, 11:] += 3.0
        after = talker.sample(*other)
        torch.testing.assert_close(after[:, :11], before[:, :11])
        assert not torch.allclose(after[:, 11], before[:, 11])


def test_a_lane_is_itself_in_any_company_and_a_newcomer_is_clean():
    talker = make(CONFIG)
    features, subject, noise = inputs(talker, lanes=3)
    alone = talker.sample(features[1:2], subject[1:2], noise[1:2])
    session = Session(FaithfulStep(talker).eval(), 3)
    session.feed(features[:, :4] * torch.nan, subject, noise[:, :4], rows=4)
    forget(session.state, 1)
    session.step[1] = 0
    shown = torch.cat(
        [session.feed(features[:, t : t + 3], subject, noise[:, t : t + 3], rows=3) for t in range(0, FRAMES, 3)], 1
    )
    torch.testing.assert_close(shown[1:2], alone, atol=1e-5, rtol=1e-4)
    assert shown[0].isnan().any()


@pytest.mark.parametrize("config", [CONFIG, PUBLISHED])
def test_memory_does_not_grow_and_the_face_stays_finite(config):
    talker = make(config)
    step = FaithfulStep(talker).eval()
    session, shapes = Session(step), {name: (1, *memory.shape) for name, memory in plan(step).items()}
    features, subject, noise = inputs(talker, lanes=1, frames=4)
    for _ in range(150):
        shown = session.feed(features, subject, noise, rows=4)
    assert shown.isfinite().all()
    assert {name: tuple(value.shape) for name, value in session.state.items()} == shapes


def test_a_still_face_streams_as_it_is_through_the_published_decoder():
    decoder = make(PUBLISHED).codec.decoder
    still = torch.randn(1, 1, CODEC.latents).expand(-1, 12, -1)
    session = Session(decoder)
    with torch.no_grad():
        shown = torch.cat([session.feed(still[:, t : t + 4], rows=4) for t in range(0, 12, 4)], 1)
        torch.testing.assert_close(shown, decoder(still)[0], atol=1e-4, rtol=1e-3)


def test_as_released_equals_frame_by_frame_where_there_is_one_frame_of_history():
    talker = make(CONFIG)
    features, subject, noise = inputs(talker, frames=5)
    forgetful = make(VARIANTS["forgetful"])
    rows = iter(noise.split(1, 1))
    released = forgetful.sample_as_released(features, subject, lambda _: next(rows), window=1)
    shown = forgetful.codec.decode(_latents_of_one(forgetful, features, subject, noise))
    torch.testing.assert_close(released, shown, atol=1e-5, rtol=1e-4)
    assert talker.sample_as_released(features, subject, lambda n: torch.zeros(2, n, 8)).shape == (2, 5, 15)


def _latents_of_one(talker, features, subject, noise):
    """Frame by frame with a window of one: a position is always the first."""
    last, out = talker.rest().expand(len(features), 1, -1), []
    with torch.no_grad():
        for frame in range(features.shape[1]):
            here = slice(frame, frame + 1)
            last = talker.head.sample(talker.conditions(features[:, here], last, subject), noise[:, here])
            out.append(last)
    return torch.cat(out, 1)


@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS.keys())
def test_both_stages_learn(config):
    talker = make(config).train()
    features, subject, _ = inputs(talker)
    offsets, before = torch.randn(2, FRAMES, 15), torch.zeros(2, 15)
    first = talker.codec.loss(offsets)
    second = talker.loss(features, offsets, before, subject, TeachingConfig(noise=0.2, sampled=0.5))
    sum((first | second).values()).backward()
    learns = {name for name, weight in talker.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert {"head.to_latents.weight", "predictor.blocks.0.widen.weight"} <= learns
    if isinstance(config.codec, MeshCodecConfig):
        assert {"codec.encoder.vertices_in.weight", "codec.decoder.vertices_out.weight"} <= learns
        assert ("codec.codebook" in learns) == bool(config.codec.codes)


def test_a_frozen_codec_keeps_its_weights_and_still_hands_gradients_on():
    talker = make(CONFIG).train()
    talker.freeze_codec(but_decoder=False)
    features, subject, _ = inputs(talker)
    teaching = TeachingConfig(latent=0.0)
    terms = talker.loss(features, torch.randn(2, FRAMES, 15), torch.zeros(2, 15), subject, teaching)
    sum(terms.values()).backward()
    assert all(weight.grad is None for weight in talker.codec.parameters())
    assert talker.head.to_latents.weight.grad.any()
    talker.freeze_codec(but_decoder=True)
    assert {weight.requires_grad for weight in talker.codec.decoder.parameters()} == {True}
    assert {weight.requires_grad for weight in talker.codec.encoder.parameters()} == {False}


def test_template_always_forgets_the_frame_before_the_window():
    talker = make(VARIANTS["regression"])
    features, subject, _ = inputs(talker)
    offsets, before = torch.randn(2, FRAMES, 15), torch.randn(2, 15)

    def taught(start, **how):
        with torch.no_grad():
            return talker.loss(features, offsets, start, subject, TeachingConfig(**how))["latent"]

    torch.testing.assert_close(taught(before, template_always=True), taught(torch.zeros_like(before)), atol=0, rtol=0)
    assert taught(before) != taught(torch.zeros_like(before))


def test_the_unit_scales_what_comes_out():
    given_ = inputs(make(CONFIG))
    large = make(dataclasses.replace(CONFIG, unit=2.0))
    torch.testing.assert_close(large.sample(*given_), 2 * make(CONFIG).sample(*given_))
