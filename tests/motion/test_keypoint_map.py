from pathlib import Path

import numpy as np
import pytest

from facestream.errors import MotionError
from facestream.motion.keypoint_map import SHAPES, KeypointMap, likeliest, load_map
from facestream.signals import FACE, Motion


def face(**curves: float) -> Motion:
    values = np.zeros((1, len(FACE)), np.float32)
    for name, value in curves.items():
        values[0, FACE.index(name)] = value
    return Motion(values, FACE)


def test_rest_is_rest() -> None:
    points = load_map().keypoints(face())
    assert not points.expression.any()
    np.testing.assert_allclose(points.rotation, np.eye(3)[None], atol=1e-7)


def test_what_is_known_of_the_points() -> None:
    """LivePortrait's mouth opens by point 19 going down, lids close by 11 (right) and 15 (left) going down."""
    known = load_map()
    jaw, left, right = (
        known.keypoints(face(**{name: 1.0})).expression[0, :, 1]
        for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight")
    )
    assert jaw.argmax() == 19 and jaw[19] > 0.05
    assert left.argmax() == 15 and left[11] < left[15] / 2
    assert right.argmax() == 11 and right[15] < right[11] / 2
    shut = known.keypoints(face(jawOpen=0.3, mouthClose=0.3)).expression[0, 19, 1]
    assert abs(shut) < 0.3 * known.keypoints(face(jawOpen=0.3)).expression[0, 19, 1]


def test_forth_and_back() -> None:
    known = load_map()
    rng = np.random.default_rng(0)
    values = np.zeros((200, len(FACE)), np.float32)
    for name, top in (("jawOpen", 0.4), ("mouthPucker", 0.4), ("eyeBlinkLeft", 1.0), ("headYaw", 0.3)):
        values[:, FACE.index(name)] = rng.uniform(0, top, 200)
    values[:, FACE.index("eyeBlinkRight")] = values[:, FACE.index("eyeBlinkLeft")]
    motion = Motion(values, FACE)
    again = known.curves(known.keypoints(motion))
    for name, least in (("jawOpen", 0.95), ("mouthPucker", 0.8), ("eyeBlinkLeft", 0.99), ("headYaw", 0.9999)):
        assert np.corrcoef(motion[name], again[name])[0, 1] > least, name
    assert again.values[:, [FACE.index(name) for name in SHAPES]].min() >= 0


def test_channels_go_by_name() -> None:
    known = load_map()
    mixed = Motion(np.array([[0.2, 0.7]], np.float32), ("headPitch", "jawOpen"))
    straight = face(jawOpen=0.7, headPitch=0.2)
    np.testing.assert_array_equal(known.keypoints(mixed).pack(), known.keypoints(straight).pack())


def test_the_way_back_is_the_gaussian_one() -> None:
    """With as many points as shapes and no noise it is the inverse."""
    rng = np.random.default_rng(1)
    shapes = rng.normal(size=(5, 63)).astype(np.float32)
    curves = rng.uniform(size=(400, 5)).astype(np.float32)
    mean, back = likeliest(shapes, curves, 1e-3)
    np.testing.assert_allclose(mean + (curves @ shapes - mean @ shapes) @ back, curves, atol=1e-3)


def test_a_map_that_lacks_a_shape_is_refused(tmp_path: Path) -> None:
    known = load_map()
    np.savez(tmp_path / "map.npz", names=np.array(SHAPES[1:]), shapes=known.shapes, mean=known.mean, back=known.back)
    with pytest.raises(MotionError, match=f"lacks {SHAPES[0]}"):
        KeypointMap.read(tmp_path / "map.npz")
    known.save(tmp_path / "same.npz")
    np.testing.assert_array_equal(KeypointMap.read(tmp_path / "same.npz").back, known.back)
