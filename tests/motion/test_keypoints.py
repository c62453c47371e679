import numpy as np
import pytest

from facestream.errors import MotionError
from facestream.motion.keypoints import (
    NUMBERS,
    TURN,
    Keypoints,
    degrees,
    exp_rotation,
    head_angles,
    head_rotation,
    log_rotation,
    nearest_rotation,
    rotation,
)


def some_motion(frames: int = 12, fps: float = 20.0, seed: int = 0) -> Keypoints:
    rng = np.random.default_rng(seed)
    angles = np.cumsum(rng.normal(0, 0.05, (3, frames)), 1).astype(np.float32)
    return Keypoints(
        rng.normal(0, 0.01, (frames, 21, 3)).astype(np.float32),
        rotation(*angles),
        rng.normal(0, 0.05, (frames, 3)).astype(np.float32),
        fps,
    )


def test_place_follows_the_published_formula() -> None:
    motion = some_motion()
    canonical = np.random.default_rng(1).normal(0, 0.2, (21, 3)).astype(np.float32)
    placed = motion.place(canonical, 1.5)
    t, k = 3, 17
    expected = 1.5 * (canonical[k] @ motion.rotation[t] + motion.expression[t, k])
    expected[:2] += motion.translation[t, :2]
    np.testing.assert_allclose(placed[t, k], expected, atol=1e-6)


def test_rows_carry_everything() -> None:
    motion = some_motion()
    back = Keypoints.unpack(motion.pack(), motion.fps)
    assert motion.pack().shape == (12, NUMBERS)
    for name in ("expression", "rotation", "translation"):
        np.testing.assert_allclose(getattr(back, name), getattr(motion, name), atol=1e-6)


def test_a_damaged_rotation_becomes_the_nearest_one() -> None:
    turned = some_motion().rotation
    repaired = nearest_rotation(1.3 * turned + np.float32(0.01))
    np.testing.assert_allclose(
        repaired @ repaired.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (12, 3, 3)), atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.det(repaired), 1.0, atol=1e-5)
    assert np.abs(repaired - turned).max() < 0.03


def test_relative_driving() -> None:
    """R_d R_d0ᵀ R_s, expression and translation by difference: a motion upon its own first frame is itself."""
    motion, source = some_motion(), some_motion(1, seed=5)
    first = motion[:1]
    same = motion.since(first).upon(first)
    np.testing.assert_allclose(same.pack(), motion.pack(), atol=1e-5)
    driven = motion.since(first).upon(source)
    np.testing.assert_allclose(driven.pack()[0], source.pack()[0], atol=1e-5)
    np.testing.assert_allclose(
        driven.rotation[4], motion.rotation[4] @ motion.rotation[0].T @ source.rotation[0], atol=1e-5
    )


def test_degrees_from_bins() -> None:
    bins = np.full((3, 66), -30.0, np.float32)
    bins[0, 0] = bins[1, 65] = bins[2, 32] = bins[2, 33] = 0.0
    np.testing.assert_allclose(degrees(bins), (-97.5, 97.5, 0.0), atol=1e-3)


def test_a_head_turns_as_it_does_in_its_own_axes() -> None:
    angles = np.array([[0.3, -0.2, 0.1], [-0.5, 0.4, -0.3], [0.0, 0.0, 0.0]], np.float32)
    turned = head_rotation(*angles.T)
    np.testing.assert_allclose(head_angles(turned), angles, atol=1e-5)
    point = np.array([0.0, 0.0, 1.0], np.float32)  # the nose, out of the face
    left = (point @ TURN) @ head_rotation(*np.array([[0.4], [0.0], [0.0]], np.float32))[0]
    assert left[0] > 0.3  # yaw is positive towards the character's left, the right of the picture


def test_slerp_between_frames() -> None:
    turn = np.array([[0.0, 0.0, 0.0], [0.0, 0.8, 0.0]], np.float32)
    motion = Keypoints(np.zeros((2, 21, 3), np.float32), exp_rotation(turn), np.zeros((2, 3), np.float32), 20.0)
    quarter = motion.at(np.array([0.25]))
    np.testing.assert_allclose(log_rotation(quarter.rotation), [[0.0, 0.2, 0.0]], atol=1e-5)


def test_resampling_keeps_time_and_ends() -> None:
    motion = some_motion(21, 20.0)
    fast = motion.resampled(25.0)
    assert (len(fast), fast.fps) == (26, 25.0)
    np.testing.assert_allclose(fast.pack()[0], motion.pack()[0], atol=1e-6)
    np.testing.assert_allclose(fast.pack()[5], motion.pack()[4], atol=1e-5)
    np.testing.assert_allclose(fast.pack()[-1], motion.pack()[-1], atol=1e-5)


def test_wrong_shapes_say_what_came() -> None:
    with pytest.raises(MotionError, match=r"rotation has shape \[2, 3\]; expected \[2, 3, 3\]"):
        Keypoints(np.zeros((2, 21, 3), np.float32), np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32))
    with pytest.raises(MotionError, match=r"expected \[frames, 75\]"):
        Keypoints.unpack(np.zeros((2, 70), np.float32))
    with pytest.raises(MotionError, match="outside the motion"):
        some_motion().at(np.array([11.5]))
