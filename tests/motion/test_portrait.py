import numpy as np
import pytest

torch = pytest.importorskip("torch")

from facestream.motion import keypoints
from facestream.motion.keypoint_map import load_map
from facestream.motion.keypoints import Keypoints
from facestream.motion.portrait import (
    CHANNELS,
    Portrait,
    between,
    head_angles,
    head_rotation,
    numbers_of,
    orthonormal,
    still,
)
from facestream.signals import FACE, Motion

ANGLES = np.random.default_rng(0).normal(0, 0.3, (7, 3)).astype(np.float32)


def talking(frames: int) -> torch.Tensor:
    """Smooth curves [1, frames, C]."""
    rng = np.random.default_rng(1)
    values = np.zeros((1, frames, len(FACE)), np.float32)
    for name, top in (("jawOpen", 0.4), ("mouthPucker", 0.5), ("headYaw", 0.3), ("headRoll", 0.2)):
        values[0, :, FACE.index(name)] = top * (0.5 + 0.5 * np.sin(np.arange(frames) / 4 + rng.uniform(0, 6)))
    return torch.from_numpy(values)


def test_tensors_say_what_arrays_say() -> None:
    rows = keypoints.head_rotation(*ANGLES.T)
    np.testing.assert_allclose(head_rotation(torch.from_numpy(ANGLES)), rows, atol=1e-6)
    np.testing.assert_allclose(head_angles(torch.from_numpy(rows).flatten(-2)), ANGLES, atol=1e-5)
    share = 0.3
    one, two = rows[:1], rows[1:2]
    pair = Keypoints(np.zeros((2, 21, 3), np.float32), rows[:2], np.zeros((2, 3), np.float32))
    turned = between(*(torch.from_numpy(r).flatten(-2) for r in (one, two)), torch.tensor([[share]]))
    np.testing.assert_allclose(turned.reshape(3, 3), pair.at(np.array([share])).rotation[0], atol=1e-5)


def test_no_turn_is_no_turn() -> None:
    rows = torch.from_numpy(keypoints.head_rotation(*ANGLES.T)).flatten(-2)
    np.testing.assert_allclose(between(rows, rows, torch.full((7, 1), 0.5)), rows, atol=1e-5)


def test_what_is_nearly_a_rotation_becomes_one() -> None:
    rows = orthonormal(1.1 * torch.from_numpy(keypoints.head_rotation(*ANGLES.T)).flatten(-2) + 0.01).reshape(-1, 3, 3)
    np.testing.assert_allclose(rows @ rows.mT, np.broadcast_to(np.eye(3), (7, 3, 3)), atol=1e-5)


def test_curves_are_the_maps() -> None:
    face = talking(10)
    known = load_map()
    points = known.keypoints(Motion(face[0].numpy(), FACE))
    curves = Portrait().curves(torch.from_numpy(points.pack()))
    np.testing.assert_allclose(curves, known.curves(points).values, atol=1e-5)


def test_slices_have_no_seam() -> None:
    """Numbers at 20 a second, turned back into 25, follow the curves they came from, over borders too."""
    face = talking(40)
    kept = numbers_of(face, face[:, 0])
    assert kept.shape == (1, 32, len(CHANNELS))
    portrait, last, shown = Portrait(), numbers_of(face[:, :1].expand(-1, 5, -1), face[:, 0])[:, -1], []
    for slice_ in kept.split(4, 1):
        frames = portrait.frames(slice_, last)
        last = frames[:, -1]
        shown.append(frames)
    numbers = torch.cat(shown, 1)[0].numpy()
    true = load_map().keypoints(Motion(face[0].numpy(), FACE)).pack()
    assert np.abs(numbers - true)[5:].max() < 0.1 * np.ptp(true, 0).max()
    np.testing.assert_allclose(numbers[4::5], true[4::5], atol=1e-5)  # a slice's last frame is exact
    speed = np.abs(np.diff(numbers, axis=0)).max(1)
    borders = speed[4:-1:5]
    assert borders.max() < 1.5 * speed.max()
    assert speed.max() < 1.6 * np.abs(np.diff(true, axis=0)).max()


def test_rest_stays_rest() -> None:
    rest = still(torch.zeros(2, 1))
    frames = Portrait().frames(rest[:, None].expand(-1, 4, -1), rest)
    np.testing.assert_allclose(frames, rest[:, None].expand(-1, 5, -1), atol=1e-6)
