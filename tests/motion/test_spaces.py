import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facestream.motion.spaces import LIFE, MOUTH, SEALED_JAW, lip_gap, seal_lips, vector
from facestream.signals import FACE, Motion

ALIVE = tuple(name for part in LIFE.values() for name in part)

JAW, CLOSE = FACE.index("jawOpen"), FACE.index("mouthClose")
SEEDS = st.integers(0, 2**32 - 1)


def faces(seed: int, frames: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, (frames, len(FACE))).astype(np.float32)


def test_every_channel_belongs_to_the_mouth_or_to_life() -> None:
    assert sorted(MOUTH + ALIVE) == sorted(FACE)
    assert {"jawOpen", "mouthClose", "mouthPucker", "tongueOut", "tongueTipUp"} <= set(MOUTH)
    assert {"headYaw", "eyeBlinkLeft", "browInnerUp", "mouthSmileLeft", "leftEyePitch"} <= set(ALIVE)


def test_vector_is_in_the_order_of_face() -> None:
    row = vector({"mouthFunnel": 0.5, "headRoll": 2.0})
    assert row[FACE.index("mouthFunnel")] == 0.5
    assert row[FACE.index("headRoll")] == 2.0
    assert np.count_nonzero(row) == 2


@settings(deadline=None)
@given(SEEDS)
def test_no_seal_leaves_all_but_mouth_close(seed: int) -> None:
    values = faces(seed)
    sealed = seal_lips(values, np.zeros(len(values), np.float32))
    assert np.array_equal(np.delete(sealed, CLOSE, 1), np.delete(values, CLOSE, 1))
    assert not sealed[:, CLOSE].any()


@settings(deadline=None)
@given(SEEDS)
def test_full_seal_shuts_the_lips_exactly(seed: int) -> None:
    values = faces(seed)
    sealed = seal_lips(values, np.ones(len(values), np.float32))
    assert np.array_equal(sealed[:, CLOSE], sealed[:, JAW])
    assert np.allclose(sealed[:, JAW], SEALED_JAW * values[:, JAW])
    speechlike = np.minimum(sealed, vector(dict.fromkeys(FACE, 1.0) | {"mouthFunnel": 0.1}))
    assert lip_gap(Motion(speechlike, FACE)).max() <= 0.0101


@settings(deadline=None)
@given(SEEDS)
def test_sealing_is_gradual_and_touches_only_the_mouth(seed: int) -> None:
    values = faces(seed, 1)
    levels = np.linspace(0, 1, 21, dtype=np.float32)
    sealed = seal_lips(np.repeat(values, 21, 0), levels)
    gaps = lip_gap(Motion(sealed, FACE))
    assert np.all(np.diff(gaps) <= 1e-6)
    life = [FACE.index(name) for name in ALIVE]
    assert np.array_equal(sealed[:, life], np.repeat(values, 21, 0)[:, life])
    assert np.allclose(sealed[:, CLOSE], levels * sealed[:, JAW])


def test_any_leading_axes() -> None:
    values = faces(1, 12)
    seal = np.linspace(0, 1, 12, dtype=np.float32)
    folded = seal_lips(values.reshape(3, 4, -1), seal.reshape(3, 4))
    assert np.allclose(folded.reshape(12, -1), seal_lips(values, seal))


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
@settings(deadline=None)
@given(SEEDS)
def test_tensors_are_sealed_like_arrays(seed: int) -> None:
    import torch

    values, seal = faces(seed), np.random.default_rng(seed).uniform(0, 1, 20).astype(np.float32)
    tensor = torch.from_numpy(values).requires_grad_()
    sealed = seal_lips(tensor, torch.from_numpy(seal))
    sealed.sum().backward()
    assert tensor.grad is not None
    assert np.allclose(sealed.detach().numpy(), seal_lips(values, seal), atol=1e-6)


def test_gap_counts_jaw_and_lips() -> None:
    rows = [{}, {"jawOpen": 0.3}, {"jawOpen": 0.3, "mouthClose": 0.3}, {"mouthLowerDownLeft": 0.5}, {"mouthClose": 0.5}]
    gaps = lip_gap(Motion(np.stack([vector(row) for row in rows]), FACE))
    assert gaps[0] == 0
    assert gaps[1] == pytest.approx(0.3)
    assert gaps[2] == 0
    assert gaps[3] > 0.05
    assert gaps[4] == 0  # lips pressed together are not further than closed


def test_gap_takes_motion_of_any_channels() -> None:
    assert lip_gap(Motion(np.full((2, 1), 0.2, np.float32), ("jawOpen",))) == pytest.approx([0.2, 0.2])
