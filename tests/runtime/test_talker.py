"""A step whose lanes are shared by threads is the step of one."""

import numpy as np
import pytest

from facestream.runtime.talker import PART, Talker


@pytest.mark.parametrize("count", [1, 2 * PART, 3 * PART + 5])
def test_lanes_shared_by_threads_are_the_lanes_of_one(tiny_bundle, count):
    rng = np.random.default_rng(count)
    alone, shared = Talker(tiny_bundle[0]), Talker(tiny_bundle[0], threads=3)
    inputs = (
        rng.standard_normal((count, alone.ears.rows, alone.ears.columns), np.float32),
        np.tile(alone.style("other"), (count, 1)),
        np.stack([alone.noise(7, lane) for lane in range(count)]),
    )
    clock = rng.integers(0, 90, count)
    moved = np.flatnonzero(rng.random(count) < 0.7)
    memories = {
        name: rng.standard_normal(kept.shape, np.float32) * 0.1 for name, kept in alone.newcomers(count).items()
    }
    found = []
    for talker in (alone, shared):
        kept = {name: memory.copy() for name, memory in memories.items()}
        found.append((talker.step(*inputs, kept, clock, moved), kept))
    (faces, written), (others, remembered) = found
    np.testing.assert_allclose(others, faces, atol=1e-5)
    for name, memory in written.items():
        np.testing.assert_allclose(remembered[name], memory, atol=1e-5, err_msg=name)
        still = np.setdiff1d(np.arange(count), moved)
        np.testing.assert_array_equal(remembered[name][still], memories[name][still])
