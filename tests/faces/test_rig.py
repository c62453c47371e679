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
from facestream.faces.head import Head, Poser
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
def poser(head: Head, contacts: bool) -> Poser:
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
    """Random faces that a performance may pass through, [count, C]: two visemes, an emotion, lids, odd shapes."""
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
        for yaw in np.linspace(-1.1, 1.1, 5):
            for pitch in np.linspace(-0.8, 0.8, 3):
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


# ---- nothing through anything, in random poses and in talk


def still(values: np.ndarray) -> np.ndarray:
    """The same faces [T, C] on a head that does not turn, so that forward is z."""
    values = values.copy()
    values[:, [FACE.index(name) for name in FACE if name.startswith("head")]] = 0.0
    return values


def faces(kind: str) -> np.ndarray:
    return still(plausible_poses(500) if kind == "random" else talking())


@pytest.mark.parametrize("kind", ["random", "talk"])
def test_no_triangle_of_the_skin_is_flipped(head: Head, kind: str) -> None:
    """A triangle is flipped where it faces away from where it faced at rest."""
    skin = triangles_of(head, "skin")
    upright = normals(head.mesh.vertices, skin)
    bad = 0
    for values in faces(kind) if kind == "random" else sample(faces(kind), head):
        facing = (normals(poser(head, True)(values), skin) * upright).sum(axis=1)
        bad += int((facing < 0).sum())
    assert bad == 0


def normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def sample(values: np.ndarray, head: Head) -> np.ndarray:
    """All faces for the default head, every eighth for the others."""
    return values if head is Head.load("default") else values[::8]


@pytest.mark.parametrize("kind", ["random", "talk"])
@pytest.mark.parametrize("contacts", [True, False])
def test_teeth_and_tongue_stay_inside_the_lips(head: Head, kind: str, contacts: bool) -> None:
    front = mouth_skin(head)
    teeth, tongue = part(head, "teeth_upper", "teeth_lower"), part(head, "tongue")
    for values in sample(faces(kind), head)[::5]:
        vertices = poser(head, contacts)(values).astype(np.float64)
        inner = teeth if values[FACE.index("tongueOut")] > 0.02 else np.concatenate([teeth, tongue])
        assert surfaces_behind(vertices[inner], vertices[front], True).max() == 0


def mouth_skin(head: Head) -> np.ndarray:
    """Triangles of the skin round the mouth."""
    skin = triangles_of(head, "skin")
    middle = head.mesh.vertices[skin].mean(axis=1) - head.mesh.vertices[head.vertex_sets["lips_upper_mid"]].mean(axis=0)
    return skin[(np.abs(middle) < (0.8, 0.6, 0.8)).all(axis=1)]


def test_shut_lips_hide_teeth_and_tongue(head: Head) -> None:
    front, inner = mouth_skin(head), part(head, "teeth_upper", "teeth_lower", "tongue")
    poses = [{name: 1.0} for name in TONGUE]
    poses += [{}, {"jawOpen": 1.0, "mouthClose": 1.0}, {"mouthPucker": 1.0}, {"cheekPuff": 1.0}, {"jawForward": 1.0}]
    poses += [{"mouthRollLower": 1.0, "mouthRollUpper": 1.0}, {"jawLeft": 1.0}, {"mouthShrugLower": 1.0}]
    for weights in poses:
        for contacts in (True, False):
            vertices = pose(head, contacts, **weights).astype(np.float64)
            assert surfaces_behind(vertices[inner], vertices[front], True).max() == 0, weights
            seen = vertices * (1, 1, -1)
            covered = surfaces_behind(seen[inner], seen[front], False)
            assert covered.min() > 0, weights


@pytest.mark.parametrize("kind", ["random", "talk"])
def test_the_tongue_does_not_enter_the_teeth(head: Head, kind: str) -> None:
    teeth, tongue = triangles_of(head, "teeth_upper", "teeth_lower"), part(head, "tongue")
    for values in sample(faces(kind), head)[::5]:
        vertices = poser(head, True)(values).astype(np.float64)
        among = tongue[vertices[tongue, 2] < vertices[teeth, 2].max()]  # what has come out is past them
        crossed = surfaces_behind(vertices[among], vertices[teeth], False)
        if values[FACE.index("tongueOut")] > 0.02:  # it may have passed between them
            crossed %= 2
        assert crossed.max() == 0


@pytest.mark.parametrize("kind", ["random", "talk"])
@pytest.mark.parametrize("contacts", [True, False])
def test_no_eyeball_comes_through_the_lids(head: Head, kind: str, contacts: bool) -> None:
    skin, rest = triangles_of(head, "skin"), head.mesh.vertices
    near = {}
    for side in ("left", "right"):
        center = next(joint.pivot for joint in head.joints if joint.name == side + "Eye")
        radius = np.linalg.norm(rest[head.vertex_sets["eye_" + side]] - center, axis=1).max()
        near[side] = center, radius, skin[np.linalg.norm(rest[skin].mean(axis=1) - center, axis=1) < 1.5 * radius]
    for values in sample(faces(kind), head)[::5]:
        vertices = poser(head, contacts)(values)
        for center, radius, lids in near.values():
            corners = vertices[lids]
            places = np.concatenate([corners.reshape(-1, 3), corners.mean(axis=1)])
            assert np.linalg.norm(places - center, axis=1).min() > radius * (1.0 if contacts else 0.97)


@njit(cache=True)
def surfaces_behind(points, triangles, forward_only):  # type: ignore[no-untyped-def]
    """How many triangles [F, 3, 3] lie behind each point [n, 3] along -z; forward_only: of those that face +z."""
    order = np.argsort(points[:, 0])
    xs = points[order, 0]
    count = np.zeros(len(points), np.int64)
    for f in range(len(triangles)):
        a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(area) < 1e-12 or (forward_only and area < 0):
            continue
        low, high = min(a[1], b[1], c[1]), max(a[1], b[1], c[1])
        first, last = np.searchsorted(xs, min(a[0], b[0], c[0])), np.searchsorted(xs, max(a[0], b[0], c[0]))
        for n in order[first:last]:
            x, y, z = points[n]
            if low <= y <= high:
                u = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) / area
                v = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) / area
                w = 1 - u - v
                if u >= 0 and v >= 0 and w >= 0 and z > u * a[2] + v * b[2] + w * c[2]:
                    count[n] += 1
    return count


# ---- names


def test_visemes_and_emotions_name_channels() -> None:
    assert len(VISEMES) == 15 and len(EMOTIONS) == 6
    for weights in (*VISEMES.values(), *EMOTIONS.values()):
        assert set(weights) <= set(FACE) and all(0 < weight <= 1 for weight in weights.values())


def test_correctives_are_products_of_channels(head: Head) -> None:
    values = {"jawOpen": 0.5, "mouthClose": 0.25, "headYaw": -0.4, "eyeBlinkLeft": 2.0, "eyeLookDownLeft": 0.5}
    assert {"jawOpen*mouthClose", "eyeBlinkLeft*eyeLookDownLeft", "-headYaw"} <= set(head.correctives)
    expected = head.mesh.vertices + sum(values[name] * head.shape(name) for name in values if name in head.shapes)
    for name in head.correctives:
        weight = np.prod([min(max(sign * values.get(channel, 0.0), 0.0), 1.0) for channel, sign in factors(name)])
        assert all(channel in FACE for channel, _ in factors(name))
        expected = expected + weight * head.shape(name)
    values["headYaw"] = 0.0
    straight = poser(head, False)(row(values))
    turned = expected - 0.4 * head.shape("-headYaw")
    assert np.allclose(straight, turned, atol=1e-5)


def test_joints_share_the_head(head: Head) -> None:
    names = [joint.name for joint in head.joints]
    assert names == ["neck", "head", "jaw", "leftEye", "rightEye"]
    assert all(joint.parent is None or joint.parent in names[:index] for index, joint in enumerate(head.joints))
    total = sum(joint.share for joint in head.joints)
    assert all((joint.share >= 0).all() for joint in head.joints) and total.max() < 1 + 1e-6
    by_name = {joint.name: joint.share for joint in head.joints}
    assert (by_name["leftEye"][head.vertex_sets["eye_left"]] == 1).all()
    assert by_name["jaw"][head.vertex_sets["teeth_lower"]].min() > 0.95
    assert by_name["jaw"][head.vertex_sets["teeth_upper"]].max() < 0.05


def test_a_far_turned_head_keeps_its_form(head: Head) -> None:
    rest, turned = head.mesh.vertices, pose(head, headYaw=0.5, headPitch=0.2, headRoll=-0.2)
    rigid = np.concatenate([head.vertex_sets["teeth_upper"], head.vertex_sets["lips_upper"]])
    moved = (rest[rigid] - rest[rigid].mean(axis=0)) @ turn(0.5, 0.2, -0.2).T
    assert np.allclose(turned[rigid] - turned[rigid].mean(axis=0), moved, atol=1e-4)
