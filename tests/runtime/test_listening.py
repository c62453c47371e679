"""A face that listens."""

import numpy as np

from facestream.runtime.listening import GLIDE, Listening
from facestream.signals import FACE

FPS = 25


def shown(seconds, on=True, seed=0, values=None):
    face = Listening(FACE, FPS, seed)
    face.attend(on)
    values = np.zeros(len(FACE), np.float32) if values is None else values
    return np.array([face.show(values) for _ in range(round(seconds * FPS))])


def curve(frames, name):
    return frames[:, FACE.index(name)]


def test_who_does_not_listen_is_left_alone():
    own = np.random.default_rng(0).uniform(-1, 1, len(FACE)).astype(np.float32)
    np.testing.assert_array_equal(shown(5, on=False, values=own), np.tile(own, (5 * FPS, 1)))


def test_it_nods_and_raises_its_brows_now_and_then():
    for seed in range(5):
        frames = shown(30, seed=seed)
        nods = curve(frames, "headPitch") > 0.08
        begun = np.flatnonzero(np.diff(nods.astype(int)) == 1)
        assert 4 <= len(begun) <= 30
        assert 0.05 < nods.mean() < 0.5
        assert np.ptp(curve(frames, "browInnerUp")) > 0.3


def test_it_looks_at_you():
    own = np.zeros(len(FACE), np.float32)
    own[[FACE.index("leftEyeYaw"), FACE.index("headYaw"), FACE.index("eyeLookOutLeft")]] = 0.5
    last = shown(2, values=own)[-1]
    assert abs(last[FACE.index("leftEyeYaw")]) < 0.1
    assert abs(last[FACE.index("headYaw")]) < 0.2
    assert last[FACE.index("eyeLookOutLeft")] < 0.1


def test_lips_and_lids_stay_what_they_are():
    touched = np.abs(shown(20)).max(0) > 0
    names = {name for name, moved in zip(FACE, touched, strict=True) if moved}
    assert not {name for name in names if name.startswith(("jaw", "tongue", "eyeBlink"))}
    assert {name for name in names if name.startswith("mouth")} == {"mouthSmileLeft", "mouthSmileRight"}


def test_the_same_seed_gives_the_same_and_another_another():
    np.testing.assert_array_equal(shown(10, seed=3), shown(10, seed=3))
    assert np.abs(shown(10, seed=3) - shown(10, seed=4)).max() > 0.05


def test_it_glides_in_and_out():
    face = Listening(FACE, FPS, 0)
    zero = np.zeros(len(FACE), np.float32)
    frames = []
    for on, seconds in ((True, 6), (False, 2)):
        face.attend(on)
        frames += [face.show(zero) for _ in range(round(seconds * FPS))]
    assert np.abs(np.diff(frames, axis=0)).max() < 0.12
    assert not frames[-1].any()
    assert not face.shows
    assert GLIDE < 2
