"""Vertices to weights: what was put in comes out, on our head and on any mesh; the minimum is the minimum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facestream.errors import MotionError
from facestream.faces.head import Head
from facestream.faces.head.forms import turn
from facestream.motion.solve import Blendshapes, SolveConfig, Solver
from facestream.signals import ARKIT, Floats, Motion

FRAMES = 60
OPPOSITE = ("jawRight", "eyeLookOutLeft", "eyeLookOutRight", "mouthRight", "eyeWideLeft", "eyeWideRight")


@pytest.fixture(scope="module")
def head() -> Blendshapes:
    return Blendshapes.of(Head.load())


@pytest.fixture(scope="module")
def mesh() -> Blendshapes:
    """Thirty smooth bumps on a mesh of FLAME's size, in metres."""
    rng = np.random.default_rng(0)
    neutral = rng.normal(0, 0.1, (5023, 3)).astype(np.float32)
    places, moves = rng.normal(0, 0.1, (30, 3)), rng.normal(0, 0.005, (30, 3))
    reach = np.linalg.norm(neutral - places[:, None], axis=2)
    moved = np.where(reach < 0.08, 1 - reach / 0.08, 0)[:, :, None] * moves[:, None]
    return Blendshapes(neutral, tuple(f"bump{k}" for k in range(30)), moved.astype(np.float32))


def curves(count: int, moving: int, seed: int = 0, frames: int = FRAMES) -> Floats:
    """Weights [T, K] of which some move, and rest at 0 half of the time."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((frames, count), np.float32)
    for k in rng.choice(count, moving, replace=False):
        wave = np.sin(np.arange(frames) * rng.uniform(0.05, 0.4) + rng.uniform(0, 6))
        weights[:, k] = np.clip(rng.uniform(0.3, 1.2) * wave, 0, 1)
    return weights


def face_curves(moving: int, seed: int = 0) -> Floats:
    """Weights of a face: no jaw goes left and right at once."""
    weights = curves(len(ARKIT), moving, seed)
    weights[:, [ARKIT.index(name) for name in OPPOSITE]] = 0
    return weights


@pytest.mark.parametrize("moving", [4, 20, 52])
def test_what_moved_our_head_comes_back(head: Blendshapes, moving: int) -> None:
    weights = face_curves(moving, moving)
    solved = Solver(head)(head.pose(weights))
    assert head.names == ARKIT
    np.testing.assert_allclose(solved.weights, weights, atol=2e-4)
    np.testing.assert_allclose(head.pose(solved.weights), head.pose(weights), atol=1e-5)


def test_any_mesh_will_do(mesh: Blendshapes) -> None:
    weights = curves(30, 25)
    np.testing.assert_allclose(Solver(mesh)(mesh.pose(weights)).weights, weights, atol=2e-4)


def test_the_weights_are_the_minimum_within_the_bounds(mesh: Blendshapes) -> None:
    """Where a weight is free, nothing is gained by moving it; at a bound, only by leaving the box."""
    rng = np.random.default_rng(1)
    vertices = mesh.pose(rng.uniform(-1, 2, (20, 30)).astype(np.float32))
    vertices += rng.normal(0, 1e-4, vertices.shape).astype(np.float32)
    weights = Solver(mesh)(vertices).weights.astype(np.float64)
    flat = mesh.moves.reshape(30, -1).astype(np.float64)
    sizes = (flat**2).sum(axis=1)
    left = (mesh.neutral - vertices).reshape(20, -1) + weights @ flat
    slope = left @ flat.T / sizes
    assert weights.min() == 0.0 and weights.max() == 1.0
    assert np.abs(slope[(weights > 0) & (weights < 1)]).max() < 1e-4
    assert slope[weights == 0].min() > -1e-4 and slope[weights == 1].max() < 1e-4


def test_another_solver_finds_the_same(mesh: Blendshapes) -> None:
    """scipy's bounded-variable least squares as an oracle, with half of the shapes missing."""
    optimize = pytest.importorskip("scipy.optimize", reason="scipy is not installed")
    known = Blendshapes(mesh.neutral, mesh.names[:15], mesh.moves[:15])
    vertices = mesh.pose(curves(30, 30, frames=5))
    found = Solver(known)(vertices).weights
    for row, face in zip(found, vertices, strict=True):
        flat, offset = known.moves.reshape(15, -1).T, (face - mesh.neutral).ravel()
        best = optimize.lsq_linear(flat.astype(np.float64), offset.astype(np.float64), (0, 1), tol=1e-12)
        np.testing.assert_allclose(row, best.x, atol=1e-4)


def test_noise_moves_weights_as_little_as_least_squares_allows(mesh: Blendshapes) -> None:
    """The deviation of a free weight under noise is sigma times the root of the inverse normal matrix' diagonal."""
    weights = np.full((200, 30), 0.5, np.float32)
    noise = np.random.default_rng(2).normal(0, 2e-4, (200, *mesh.neutral.shape)).astype(np.float32)
    found = Solver(mesh)(mesh.pose(weights) + noise).weights
    flat = mesh.moves.reshape(30, -1).astype(np.float64)
    expected = 2e-4 * np.sqrt(np.diag(np.linalg.inv(flat @ flat.T)))
    np.testing.assert_allclose((found - 0.5).std(axis=0), expected, rtol=0.2)
    assert np.abs((found - 0.5).mean(axis=0) / expected).max() < 0.3  # and about the truth


def test_of_faces_that_look_the_same_the_smaller_weights_win(mesh: Blendshapes) -> None:
    """A shape that is there twice is shared, one that is the other's opposite stays at rest."""
    one = mesh.moves[0]
    twice = Blendshapes(mesh.neutral, ("a", "again", "opposite"), np.stack([one, one, -one]))
    vertices = twice.pose(np.array([[0.6, 0.0, 0.0], [0.0, 0.0, 0.3]], np.float32))
    np.testing.assert_allclose(Solver(twice)(vertices).weights, [[0.3, 0.3, 0.0], [0.0, 0.0, 0.3]], atol=1e-3)


def test_a_shape_that_moves_nothing_stays_at_rest(mesh: Blendshapes) -> None:
    moves = mesh.moves.copy()
    moves[7] = 0
    weights = curves(30, 30)
    found = Solver(Blendshapes(mesh.neutral, mesh.names, moves))(mesh.pose(weights)).weights
    assert found[:, 7].max() < 1e-6
    assert found.max() > 0.5


@pytest.mark.parametrize("temporal", [0.0, 0.3])
def test_frame_by_frame_is_the_same_as_all_at_once(mesh: Blendshapes, temporal: float) -> None:
    solver = Solver(mesh, SolveConfig(temporal=temporal))
    noise = np.random.default_rng(3).normal(0, 1e-3, (FRAMES, *mesh.neutral.shape))
    vertices = (mesh.pose(curves(30, 20)) + noise).astype(np.float32)
    whole, last = solver(vertices).weights, None
    for t in range(FRAMES):
        last = solver(vertices[t : t + 1], last).weights[0]
        assert np.array_equal(last, whole[t])


def test_the_temporal_term_steadies(mesh: Blendshapes) -> None:
    noise = np.random.default_rng(4).normal(0, 2e-3, (FRAMES, *mesh.neutral.shape))
    vertices = (mesh.pose(np.full((FRAMES, 30), 0.5, np.float32)) + noise).astype(np.float32)
    loose, steady = (
        np.diff(Solver(mesh, SolveConfig(temporal=factor))(vertices).weights[10:], axis=0).std()
        for factor in (0.0, 2.0)
    )
    assert steady < 0.5 * loose


def test_the_symmetry_term_draws_sides_together_and_leaves_the_jaw(head: Blendshapes) -> None:
    weights = np.zeros((1, len(ARKIT)), np.float32)
    for name in ("mouthSmileLeft", "jawLeft"):
        weights[0, ARKIT.index(name)] = 0.5
    for factor, most in ((0.0, 1e-3), (100.0, 0.55)):
        found = dict(zip(ARKIT, Solver(head, SolveConfig(symmetry=factor))(head.pose(weights)).weights[0], strict=True))
        apart = found["mouthSmileLeft"] - found["mouthSmileRight"]
        assert abs(apart - 0.5) < most
        assert found["jawLeft"] > 0.3 and found["jawRight"] < 0.2
    assert apart < 0.02


def test_a_turned_head_is_turned_back(head: Blendshapes) -> None:
    weights = face_curves(12)[:6]
    motion = np.array([[0.3, -0.1, 0.05], [0, 0, 0], [-0.4, 0.2, 0.1], [0, 0.1, 0], [0.1, 0, 0], [0, 0, 0.2]])
    turns = np.stack([turn(*angles) for angles in motion])
    vertices = head.pose(weights) @ np.swapaxes(turns, 1, 2) + np.array([0.2, -0.1, 0.05])
    steady = np.flatnonzero(~head.moves.any(axis=(0, 2)))
    solver = Solver(head, steady=steady)
    found = solver.motion(vertices.astype(np.float32), 25)
    np.testing.assert_allclose(found.select(ARKIT).values, weights, atol=2e-3)
    np.testing.assert_allclose(found.values[:, len(ARKIT) :], motion, atol=1e-4)
    solved = solver(vertices.astype(np.float32))
    again = head.pose(solved.weights) @ np.swapaxes(solved.turn, 1, 2) + solved.shift[:, None]
    np.testing.assert_allclose(again, vertices, atol=1e-4)


def test_our_head_as_it_is_drawn_is_nearly_that_of_its_shapes(head: Blendshapes) -> None:
    """Contacts and correctives are not shapes; in moderate faces they matter little."""
    weights = 0.4 * face_curves(8, 3)[::10]
    pose = Head.load().bind(ARKIT)
    vertices = np.stack([pose(row) for row in weights])
    found = head.pose(Solver(head)(vertices).weights)
    assert np.sqrt(((found - vertices) ** 2).sum(axis=2).mean()) < 0.002  # 0.2 mm


def test_curves_move_a_mesh_by_name(mesh: Blendshapes) -> None:
    motion = Motion(np.array([[0.5, 1.0]], np.float32), ("bump3", "jawOpen"))
    np.testing.assert_allclose(mesh.pose_motion(motion)[0], mesh.neutral + 0.5 * mesh.moves[3], atol=1e-7)


def test_a_file_of_faces_is_read(mesh: Blendshapes, tmp_path: Path) -> None:
    np.savez(tmp_path / "flame.npz", neutral=mesh.neutral, jawOpen=mesh.neutral + mesh.moves[0])
    read = Blendshapes.load(tmp_path / "flame.npz")
    assert read.names == ("jawOpen",)
    np.testing.assert_allclose(read.moves[0], mesh.moves[0], atol=1e-7)


def test_what_does_not_fit_is_refused(mesh: Blendshapes, tmp_path: Path) -> None:
    solver = Solver(mesh)
    with pytest.raises(MotionError, match=r"expected \[frames, 5023, 3\]"):
        solver(np.zeros((2, 5000, 3), np.float32))
    with pytest.raises(MotionError, match="not finite"):
        solver(np.full((1, 5023, 3), np.nan, np.float32))
    with pytest.raises(MotionError, match="no shape moves"):
        Solver(Blendshapes(mesh.neutral, ("still",), np.zeros((1, 5023, 3), np.float32)))
    with pytest.raises(MotionError, match="expected"):
        Blendshapes(mesh.neutral, ("a", "b"), mesh.moves[:1])
    with pytest.raises(MotionError, match="out of range"):
        SolveConfig(ridge=0.0)
    with pytest.raises(MotionError, match="three or more"):
        Solver(mesh, steady=np.array([1, 2]))
    with pytest.raises(MotionError, match="there is no file"):
        Blendshapes.load(tmp_path / "none.npz")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(MotionError, match="holds no shapes"):
        Blendshapes.load(tmp_path / "torn.npz")
