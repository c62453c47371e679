"""Mesh codecs: codes, gradients, what decides what."""

import dataclasses

import pytest

torch = pytest.importorskip("torch")

from facestream.motion.codecs.vq import MeshCodec, MeshCodecConfig

CAUSAL = MeshCodecConfig(
    vertices=4,
    slots=3,
    columns=4,
    codes=5,
    divergence=0.0,
    width=12,
    layers=1,
    heads=2,
    hidden=16,
    bridge=False,
    window=4,
    causal=True,
)
PUBLISHED = dataclasses.replace(CAUSAL, causal=False)


def make(config):
    torch.manual_seed(1)
    return MeshCodec(config).eval()


def test_every_slot_becomes_its_nearest_code():
    codec = make(PUBLISHED)
    latents = torch.randn(2, 7, 12)
    codes, quantised = codec.codes(latents), codec.quantise(latents)
    assert codes.shape == (2, 7, 3)
    slots = latents.reshape(2, 7, 3, 4)
    distances = (slots[..., None, :] - codec.codebook).norm(dim=-1)
    assert torch.equal(codes, distances.argmin(-1))
    torch.testing.assert_close(quantised.reshape(2, 7, 3, 4), codec.codebook[codes])
    torch.testing.assert_close(codec.quantise(quantised), quantised)


def test_gradients_go_straight_through_the_codes():
    latents = torch.randn(1, 3, 12, requires_grad=True)
    weight = torch.randn(1, 3, 12)
    (make(PUBLISHED).quantise(latents) * weight).sum().backward()
    torch.testing.assert_close(latents.grad, weight)


def test_without_codes_latents_stay_as_they_are():
    latents = torch.randn(1, 3, 12)
    assert torch.equal(make(dataclasses.replace(CAUSAL, codes=0)).quantise(latents), latents)


def test_as_published_all_of_a_clip_decides_every_frame_and_causal_only_its_past():
    offsets = torch.randn(1, 12, 12)
    later = offsets.clone()
    later[:, 8:] += 1.0
    with torch.no_grad():
        for config, same in ((PUBLISHED, False), (CAUSAL, True)):
            codec = make(config)
            first, other = codec.encode(offsets), codec.encode(later)
            assert torch.allclose(first[:, :8], other[:, :8], atol=1e-6) == same
            assert torch.allclose(codec.decode(first)[:, :8], codec.decode(other)[:, :8], atol=1e-6) == same
            assert not torch.allclose(first[:, 8], other[:, 8], atol=1e-6)


def test_a_latent_as_wide_as_the_trunk_or_a_bridge():
    with pytest.raises(ValueError, match="width 16 is not slots 3 x columns 4"):
        MeshCodec(dataclasses.replace(CAUSAL, width=16))
    codec = make(dataclasses.replace(CAUSAL, width=16, bridge=True))
    assert codec.decode(codec.encode(torch.zeros(1, 5, 12))).shape == (1, 5, 12)


@pytest.mark.parametrize(
    ("codes", "divergence", "terms"),
    [
        (5, 0.0, {"reconstruction", "codebook"}),
        (0, 0.1, {"reconstruction", "divergence"}),
        (0, 0.0, {"reconstruction"}),
    ],
)
def test_a_codec_learns_to_give_back_what_it_was_given(codes, divergence, terms):
    torch.manual_seed(0)
    codec = MeshCodec(dataclasses.replace(CAUSAL, codes=codes, divergence=divergence * 0.01))
    offsets = torch.randn(2, 1, 2).expand(-1, 16, -1) @ torch.randn(2, 12)
    optimiser = torch.optim.Adam(codec.parameters(), 1e-2)
    history = []
    for _ in range(60):
        loss = codec.loss(offsets)
        assert set(loss) == terms
        optimiser.zero_grad()
        sum(loss.values()).backward()
        optimiser.step()
        history.append(float(loss["reconstruction"].detach()))
    assert history[-1] < 0.4 * history[0]
