"""The rig alone and in combination: sealed lips, covering lids, nothing through anything, on several people.

Shapes: V vertices, F triangles, n points.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from facestream.audio.waveform import read_audio
from facestream.faces.head import Head
from facestream.faces.head.correctives import factors
from facestream.faces.head.forms import turn
from facestream.faces.head.poses import EMOTIONS, VISEMES
from facestream.faces.head.skin import EYE_RADIUS
from facestream.runtime.stream import animate
from facestream.signals import ARKIT, FACE, TONGUE

PEOPLE = ("default", "kofi", "lars", "theo", "yuki")
SAMPLE = Path(__file__).parents[2] / "src" / "facestream" / "assets" / "sample.flac"
SPEECH = Path(__file__).parents[3] / "shared" / "data" / "speech" / "heldout"
GAZES = ("LookUp", "LookDown", "LookIn", "LookOut", "Squint", "Wide")
SIDES = ("Left", "Right")


@pytest.fixture(scope="module", params=PEOPLE)
def head(request: pytest.FixtureRequest) -> Head:
    return Head.load(request.param)


def row(weights: dict[str, float]) -> np.ndarray:
    return np.array([weights.get(name, 0.0) for name in FACE], np.float32)


@cache
def poser(head: Head, contacts: bool):
    return head.bind(FACE, contacts=contacts)


def pose(head: Head, contacts: bool = True, **weights: float) -> np.ndarray:
    return poser(head, contacts)(row(weights))


def part(head: Head, *names: str) -> np.ndarray:
    return np.concatenate([head.vertex_sets[name] for name in names])


def triangles_of(head: Head, *names: str) -> np.ndarray:
    """Triangles [F, 3] whose corners are all of these parts."""
    inside = np.zeros(len(head.mesh.vertices), bool)
    inside[part(head, *names)] = True
    return head.mesh.triangles[inside[head.mesh.triangles].all(axis=1)]


@cache
def plausible_poses(count: int) -> np.ndarray:
    """Random faces that a performance may pass through, [count, C]: two visemes, an emotion, a gaze, lids, odd shapes."""
    rng = np.random.default_rng(7)
    return np.stack([_plausible(rng) for _ in range(count)])


def _plausible(rng: np.random.Generator) -> np.ndarray:
    share = rng.uniform()
    values = share * row(VISEMES[rng.choice(list(VISEMES))]) + (1 - share) * row(VISEMES[rng.choice(list(VISEMES))])
    values += rng.uniform(0, 1) * row(EMOTIONS[rng.choice(list(EMOTIONS))])
    for name in rng.choice(ARKIT + TONGUE, 3, replace=False):
        values[FACE.index(name)] = max(values[FACE.index(name)], rng.uniform(0, 1) ** 2)
    for side in SIDES:  # one gaze at a time
        for pair in (("eyeLookUp", "eyeLookDown"), ("eyeLookIn", "eyeLookOut")):
            values[FACE.index(rng.choice(pair) + side)] = 0.0
    blink = rng.uniform(0, 1) * (rng.uniform() < 0.4)
    values[[FACE.index("eyeBlinkLeft"), FACE.index("eyeBlinkRight")]] += np.float32(blink)
    values = np.clip(values, 0, 1)
    values[FACE.index("mouthClose")] = min(values[FACE.index("mouthClose")], values[FACE.index("jawOpen")])
    turned = [name for name in FACE if name.startswith(("head", "leftEye", "rightEye"))]
    values[[FACE.index(name) for name in turned]] = rng.uniform(-0.3, 0.3, len(turned))
    return values


@cache
def talking() -> np.ndarray:
    """A minute of real talking, [T, C]: the bundled sample in all styles, then real people where they are at hand."""
    sounds = [read_audio(SAMPLE)]
    if SPEECH.is_dir():
        sounds += [read_audio(file) for file in sorted(SPEECH.rglob("*.opus"))[::40][:8]]
    faces = [animate(sound, seed=seed).select(FACE).values for seed, sound in enumerate(sounds)]
    return np.concatenate([*faces, *(animate(sounds[0], seed=9 + k).select(FACE).values for k in range(7))])[:1500]


# ---- lips


@pytest.mark.parametrize("contacts", [True, False])
def test_mouth_close_seals_at_any_jaw(head: Head, contacts: bool) -> None:
    sets, rest = head.vertex_sets, head.mesh.vertices
    width = np.linalg.norm(rest[sets["mouth_corner_left"]] - rest[sets["mouth_corner_right"]])
    for jaw in np.linspace(0, 1, 11):
        for close in (1.0, jaw):  # shut all the way, and shut as ARKit has it
            vertices = pose(head, contacts, jawOpen=jaw, mouthClose=close)
            apart = vertices[sets["lips_upper"]] - vertices[sets["lips_lower"]]
            assert np.linalg.norm(apart, axis=1).max() / width < 0.01, (jaw, close)


@pytest.mark.parametrize("contacts", [True, False])
def test_lips_that_are_shut_too_far_hardly_cross(head: Head, contacts: bool) -> None:
    sets, rest = head.vertex_sets, head.mesh.vertices
    width = np.linalg.norm(rest[sets["mouth_corner_left"]] - rest[sets["mouth_corner_right"]])
    for jaw, close in ((0.0, 0.1), (0.1, 0.2), (0.3, 0.4), (0.2, 0.9)):
        vertices = pose(head, contacts, jawOpen=jaw, mouthClose=close)
        apart = vertices[sets["lips_upper"], 1] - vertices[sets["lips_lower"], 1]
        assert apart.min() / width > (-1e-4 if contacts else -0.08), (jaw, close)


# ---- lids


def gazes() -> Iterator[dict[str, float]]:
    yield {}
    for name in GAZES:
        yield {f"eye{name}{side}": 1.0 for side in SIDES}
    yield {f"eye{name}{side}": 1.0 for side in SIDES for name in ("LookDown", "LookOut", "Squint")}
    yield {f"eye{name}{side}": 1.0 for side in SIDES for name in ("LookUp", "LookIn", "Wide")}
    yield {f"{name}{side}": 1.0 for side in SIDES for name in ("mouthSmile", "cheekSquint", "noseSneer", "browDown")}


@pytest.mark.parametrize("contacts", [True, False])
def test_lids_meet_at_every_gaze(head: Head, contacts: bool) -> None:
    sets, rest = head.vertex_sets, head.mesh.vertices
    for gaze in gazes():
        vertices = pose(head, contacts, eyeBlinkLeft=1.0, eyeBlinkRight=1.0, **gaze)
        for side in ("left", "right"):
            upper, lower = sets["lid_upper_" + side], sets["lid_lower_" + side]
            opening = np.linalg.norm(rest[upper] - rest[lower], axis=1).max()
            assert np.linalg.norm(vertices[upper] - vertices[lower], axis=1).max() < 0.002 * opening, gaze


@pytest.mark.parametrize("contacts", [True, False])
def test_a_full_blink_covers_the_eye_from_everywhere_in_front(head: Head, contacts: bool) -> None:
    covers, center = triangles_of(head, "skin", "lashes_left", "lashes_right"), globe_center(head)
    covers = covers[np.linalg.norm(head.mesh.vertices[covers].mean(axis=1) - center, axis=1) < 1.8]
    for gaze in ({}, {"eyeLookDownLeft": 1.0, "leftEyePitch": 0.4}, {"eyeLookOutLeft": 1.0, "leftEyeYaw": 0.5}):
        vertices = pose(head, contacts, eyeBlinkLeft=1.0, eyeBlinkRight=1.0, **gaze).astype(np.float64) - center
        for yaw in np.linspace(-1.1, 1.1, 7):
            for pitch in np.linspace(-0.8, 0.8, 5):
                seen = vertices @ turn(yaw, pitch, 0.0).astype(np.float64)
                ball = seen[head.vertex_sets["eye_left"]]
                assert uncovered(ball[ball[:, 2] > 0.2 * EYE_RADIUS], seen[covers]) == 0, (gaze, yaw, pitch)


def globe_center(head: Head) -> np.ndarray:
    return next(joint.pivot for joint in head.joints if joint.name == "leftEye")


@njit(cache=True)
def uncovered(points, triangles):  # type: ignore[no-untyped-def]
    """How many points [n, 3] see the outside along z past triangles [F, 3, 3]."""
    count = 0
    for n in range(len(points)):
        x, y, z = points[n]
        hit = False
        for f in range(len(triangles)):
            ax, bx, cx = triangles[f, 0, 0] - x, triangles[f, 1, 0] - x, triangles[f, 2, 0] - x
            if min(ax, bx, cx) > 0 or max(ax, bx, cx) < 0:
                continue
            ay, by, cy = triangles[f, 0, 1] - y, triangles[f, 1, 1] - y, triangles[f, 2, 1] - y
            if min(ay, by, cy) > 0 or max(ay, by, cy) < 0:
                continue
            u, v, w = bx * cy - by * cx, cx * ay - cy * ax, ax * by - ay * bx
            area = u + v + w
            if area == 0 or min(u / area, v / area, w / area) < -1e-4:
                continue
            if (u * triangles[f, 0, 2] + v * triangles[f, 1, 2] + w * triangles[f, 2, 2]) / area > z:
                hit = True
                break
        count += not hit
    return count
