"""Metrics of meshes: as the released scripts compute them, as torchmetrics does, and what follows from their meaning.

Golden numbers come from StreamingTalker's own functions, revision 25b613a, run on the same arrays in double precision:
`compute_biwi_metrics` and `boundary_metrics` of scripts/biwi/eval_biwi_testb_longseq.py (with this mesh's lists), the
functions of utils/losses_utils.py, and `test_epoch_end` of the base trainer.
"""

from __future__ import annotations

import numpy as np
import pytest

from facestream.errors import CorpusError
from facestream.evaluation.mesh import (
    Drift,
    boundary_jumps,
    diversity,
    drift,
    lip_errors,
    score_mesh,
    upper_motion,
)
from facestream.faces.topology import Topology
from facestream.signals import Floats

V = 48
MESH = Topology(
    "waves",
    V,
    None,
    np.array([3, 5, 8, 13, 21, 34, 5], np.int32),  # a vertex twice, as published lists have it
    np.array([1, 2, 7, 11, 19, 23, 40, 41, 42, 47], np.int32),
    np.array([(3, 34), (8, 21), (5, 13), (30, 31), (0, 44)], np.int32),
)
REST = (0.1 * np.sin(1.7 * np.arange(V)[:, None] + 2.3 * np.arange(3))).astype(np.float32)


def wave(frames: int, seed: float) -> Floats:
    t, v, c = np.ogrid[:frames, :V, :3]
    moves = 0.004 * np.sin(0.31 * t * (1 + v % 5) + 0.7 * c + seed) * (1 + 0.2 * seed)
    return (0.1 * np.sin(1.7 * v + 2.3 * c) + moves).astype(np.float32)


# clip, which prediction → LVE, FDD, MOD of the released script
RELEASED = {
    (0, 0): (2.1279721082438305e-06, -5.623890946994243e-07, 0.0006057342146315122),
    (0, 1): (7.024607695623673e-06, -1.0902343109619028e-06, 0.00110243076219754),
    (1, 0): (2.1443000023032426e-06, -5.650107528483972e-07, 0.0005947048969922467),
    (1, 1): (7.088521042370177e-06, -1.4808946661823006e-06, 0.0010732213742260456),
    (2, 0): (2.2393704436605927e-06, -6.573016135540572e-07, 0.0006085284112562431),
    (2, 1): (7.390125450006272e-06, -1.562715161821625e-06, 0.0011094757094698786),
}
LENGTHS = (40, 25, 33)


def spoken(clip: int, take: int) -> tuple[Floats, Floats]:
    """A prediction, the second three frames too long, and its truth."""
    frames = LENGTHS[clip]
    return wave(frames + 3 * take, 0.1 * clip + 0.25 + 0.2 * take), wave(frames, 0.1 * clip)


@pytest.mark.parametrize("clip, take", RELEASED)
def test_figures_are_those_of_the_released_scripts(clip: int, take: int) -> None:
    predicted, true = spoken(clip, take)
    score = score_mesh(predicted, true, REST, MESH, 30)
    assert score.frames == LENGTHS[clip]
    np.testing.assert_allclose((score.lve, score.fdd, score.mod), RELEASED[clip, take], rtol=1e-6)


def test_the_upper_face_of_the_truth_moves_as_the_released_function_says() -> None:
    assert upper_motion(wave(40, 0.0), REST, MESH.upper) == pytest.approx(7.609324711665977e-06, rel=1e-6)


def test_formulas_written_out() -> None:
    """The same figures vertex by vertex and frame by frame, as the scripts loop."""
    predicted, true = (each.astype(np.float64) for each in spoken(2, 0))
    score = score_mesh(*spoken(2, 0), REST, MESH, 25)
    worst = [max(float(((g[v] - p[v]) ** 2).sum()) for v in MESH.lips) for p, g in zip(predicted, true, strict=True)]
    moved = [
        np.mean([np.std([((face[v] - REST[v]) ** 2).sum() for face in faces]) for v in MESH.upper])
        for faces in (true, predicted)
    ]
    opened = [
        abs(np.sqrt(((p[a] - p[b]) ** 2).sum()) - np.sqrt(((g[a] - g[b]) ** 2).sum()))
        for p, g in zip(predicted, true, strict=True)
        for a, b in MESH.lip_pairs
    ]
    off = [np.sqrt(((p[v] - g[v]) ** 2).sum()) for p, g in zip(predicted, true, strict=True) for v in range(V)]
    assert score.lve == pytest.approx(np.mean(worst), rel=1e-6)
    assert score.fdd == pytest.approx(moved[0] - moved[1], rel=1e-5)
    assert score.mod == pytest.approx(np.mean(opened), rel=1e-6)
    assert score.mve == pytest.approx(np.mean(off), rel=1e-6)


def test_lip_vertex_error_is_that_of_torchmetrics() -> None:
    multimodal = pytest.importorskip("torchmetrics.multimodal", reason="torchmetrics is not installed")
    torch = pytest.importorskip("torch", reason="torch is not installed")
    oracle = multimodal.LipVertexError(mouth_map=MESH.lips.tolist())
    errors = []
    for clip, take in RELEASED:
        predicted, true = spoken(clip, take)
        oracle.update(torch.from_numpy(predicted), torch.from_numpy(true))
        errors.append(lip_errors(predicted[: len(true)], true, MESH.lips))
    assert np.concatenate(errors).mean() == pytest.approx(float(oracle.compute()), rel=1e-6)  # all frames pooled


def test_a_perfect_prediction_has_no_error() -> None:
    score = score_mesh(wave(20, 0), wave(20, 0), REST, MESH, 30)
    assert (score.lve, score.fdd, score.mod, score.mve) == (0, 0, 0, 0)
    assert score.jitter == score.true_jitter > 0


def test_fdd_is_positive_for_a_face_that_moves_too_little() -> None:
    still = np.broadcast_to(REST, (40, V, 3))
    score = score_mesh(still, wave(40, 0), REST, MESH, 30)
    assert score.fdd == score.true_upper > 0
    assert score.jitter == 0


def test_jitter_is_an_acceleration() -> None:
    """Constant acceleration of 3 units a second a second, at any frame rate."""
    for fps in (25, 30):
        t = np.arange(90)[:, None, None] / fps
        falling = (REST + 1.5 * t**2 * np.array([0, 1, 0])).astype(np.float32)
        assert score_mesh(falling, falling, REST, MESH, fps).jitter == pytest.approx(3.0, rel=1e-2)


def test_long_sequences_give_what_short_ones_give() -> None:
    """Longer than a block of frames: the mean of parts is the whole."""
    predicted, true = wave(200, 0.3), wave(200, 0.0)
    parts = [score_mesh(predicted[a : a + 40], true[a : a + 40], REST, MESH, 30).lve for a in range(0, 200, 40)]
    assert score_mesh(predicted, true, REST, MESH, 30).lve == pytest.approx(np.mean(parts), rel=1e-9)


def test_diversity_is_the_mean_distance_between_samples() -> None:
    base = wave(20, 0)
    offset = np.array([0, 0.003, 0.004], np.float32)
    assert diversity([base, base + offset, base]) == pytest.approx(2 / 3 * 0.005, rel=1e-4)
    assert np.isnan(diversity([base]))


def test_jumps_at_borders_are_those_of_the_released_script() -> None:
    jumps = boundary_jumps(wave(40, 0.3), [15, 30, 40], MESH)  # 40 is the end, not a border
    assert jumps.mesh == pytest.approx(0.03573131375014782, rel=1e-6)
    assert jumps.lips == pytest.approx(0.01693189051002264, rel=1e-6)


def test_a_seam_stands_out_and_no_seam_does_not() -> None:
    seam = wave(40, 0)
    seam[20:] += 0.01
    jumps = boundary_jumps(seam, [20], MESH)
    assert jumps.mesh > 3 * jumps.usual and jumps.lips > 2 * jumps.usual_lips
    assert np.isnan(boundary_jumps(seam, [], MESH).mesh)


def test_drift_finds_a_face_that_creeps_and_one_that_dies() -> None:
    steady = wave(40 * 4, 0)
    creeping = steady + np.linspace(0, 0.04, len(steady), dtype=np.float32)[:, None, None] * np.float32([1, 0, 0])
    dying = REST + (steady - REST) * np.linspace(1, 0, len(steady), dtype=np.float32)[:, None, None]
    assert isinstance(drift(steady, 10, 4.0), Drift)
    assert np.allclose(drift(creeping, 10, 4.0).wander, [0, 0.01, 0.02, 0.03], atol=2e-3)
    assert max(drift(steady, 10, 4.0).wander) < 2e-3
    moved = drift(dying, 10, 4.0).motion
    assert moved[0] > 2 * moved[2] > 4 * moved[3]
    assert len(drift(steady[:130], 10, 4.0).wander) == 3  # the short rest belongs to the last


@pytest.mark.parametrize("shape", [(10, V - 1, 3), (10, 3 * V), (0, V, 3)])
def test_a_prediction_of_another_mesh_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(CorpusError, match=r"expected \[frames, 48, 3\]"):
        score_mesh(np.zeros(shape, np.float32), wave(10, 0), REST, MESH, 30)


def test_a_prediction_that_is_not_finite_is_refused() -> None:
    broken = wave(10, 0)
    broken[4, 3] = np.nan
    with pytest.raises(CorpusError, match="not finite"):
        score_mesh(broken, wave(10, 0), REST, MESH, 30)
