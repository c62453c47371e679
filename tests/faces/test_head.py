import numpy as np
import pytest

from facestream.errors import MotionError
from facestream.faces.head import Head, lip_gap
from facestream.faces.head.skin import EYE_RADIUS
from facestream.signals import ARKIT, FACE, TONGUE


@pytest.fixture(scope="module")
def head() -> Head:
    return Head.load()


def pose(head: Head, **weights: float) -> np.ndarray:
    return head.pose(np.array(list(weights.values()), np.float32), tuple(weights))


def width(head: Head, vertices: np.ndarray) -> float:
    sets = head.vertex_sets
    return float(np.linalg.norm(vertices[sets["mouth_corner_left"]] - vertices[sets["mouth_corner_right"]]))


def rim_gap(head: Head, vertices: np.ndarray) -> float:
    """The widest gap anywhere along the seam, in widths of the mouth at rest."""
    apart = vertices[head.vertex_sets["lips_upper"]] - vertices[head.vertex_sets["lips_lower"]]
    return float(np.linalg.norm(apart, axis=1).max()) / width(head, head.mesh.vertices)


def test_every_shape_moves_something(head: Head) -> None:
    for name in ARKIT + TONGUE:
        assert np.abs(head.shape(name)).max() > 0.008, name


def test_shapes_are_smooth_and_finite(head: Head) -> None:
    for name in ARKIT + TONGUE:
        moved = head.shape(name)
        assert np.isfinite(moved).all() and np.abs(moved).max() < 0.6, name


def test_triangles_are_of_the_mesh_and_every_index_is_used_once_at_most_as_a_corner(head: Head) -> None:
    triangles = head.mesh.triangles
    assert triangles.min() >= 0 and triangles.max() < len(head.mesh.vertices)
    assert (triangles[:, 0] != triangles[:, 1]).all() and (triangles[:, 1] != triangles[:, 2]).all()


def test_left_and_right_mirror_each_other(head: Head) -> None:
    left, right = pose(head, mouthSmileLeft=1.0), pose(head, mouthSmileRight=1.0)
    sets = head.vertex_sets
    flip = np.array((-1, 1, 1))
    assert np.allclose(left[sets["mouth_corner_left"]], right[sets["mouth_corner_right"]] * flip, atol=1e-5)
    assert left[sets["mouth_corner_left"], 0] > head.mesh.vertices[sets["mouth_corner_left"], 0] > 0


def test_lips_touch_at_rest(head: Head) -> None:
    assert rim_gap(head, pose(head)) < 1e-6


@pytest.mark.parametrize("jaw", np.linspace(0, 1, 11))
def test_mouth_close_seals_whatever_the_jaw_does(head: Head, jaw: float) -> None:
    assert rim_gap(head, pose(head, jawOpen=jaw, mouthClose=jaw)) < 0.01


@pytest.mark.parametrize("jaw", [0.03, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("pucker", [0.0, 0.7])
@pytest.mark.parametrize("funnel", [0.0, 0.2])
@pytest.mark.parametrize("pressed", [0.0, 1.0])
def test_a_closure_holds_under_rounding_and_rolling(
    head: Head, jaw: float, pucker: float, funnel: float, pressed: float
) -> None:
    rounded = {"mouthPucker": pucker, "mouthFunnel": funnel}
    for lower, upper in ((0.0, 0.0), (0.27, 0.30), (0.27, 0.0), (0.0, 0.30)):
        rolled = {"mouthRollLower": lower, "mouthRollUpper": upper}
        press = {"mouthPressLeft": 0.2 * pressed, "mouthPressRight": 0.2 * pressed}
        assert rim_gap(head, pose(head, jawOpen=jaw, mouthClose=jaw, **rounded, **rolled, **press)) < 0.01


def test_lips_open_as_before_where_nothing_shuts_them(head: Head) -> None:
    assert lip_gap(pose(head, mouthFunnel=0.2)) > 0.04
    assert lip_gap(pose(head, jawOpen=0.3, mouthClose=0.1, mouthFunnel=0.2)) > lip_gap(pose(head, jawOpen=0.2))


def test_shutting_lips_is_gradual(head: Head) -> None:
    gaps = [lip_gap(pose(head, jawOpen=0.3, mouthClose=close, mouthFunnel=0.2)) for close in np.linspace(0, 0.3, 31)]
    assert (np.diff(gaps) <= 0).all() and np.diff(gaps).min() > -0.05


@pytest.mark.parametrize("jaw", [0.0, 0.3, 0.8])
def test_closing_too_much_does_not_cross_the_lips(head: Head, jaw: float) -> None:
    vertices = pose(head, jawOpen=jaw, mouthClose=min(1.0, jaw + 0.2), mouthShrugLower=0.7)
    apart = vertices[head.vertex_sets["lips_upper"], 1] - vertices[head.vertex_sets["lips_lower"], 1]
    assert apart.min() > -1e-5


def test_jaw_opens_wide_and_steadily(head: Head) -> None:
    gaps = [lip_gap(pose(head, jawOpen=jaw)) for jaw in np.linspace(0, 1, 6)]
    assert (np.diff(gaps) > 0).all()
    assert gaps[-1] > 0.25


def test_closing_follows_its_law(head: Head) -> None:
    whole = lip_gap(pose(head, jawOpen=1.0))
    for jaw, close in ((0.6, 0.3), (0.8, 0.2), (0.4, 0.1)):
        gap = lip_gap(pose(head, jawOpen=jaw, mouthClose=close))
        assert gap == pytest.approx(whole * (jaw - close) * (1 - close), rel=0.1)


def test_rounding_narrows_and_protrudes(head: Head) -> None:
    rest = pose(head)
    for name in ("mouthPucker", "mouthFunnel"):
        rounded = pose(head, **{name: 1.0})
        assert width(head, rounded) < 0.75 * width(head, rest)
        middle = head.vertex_sets["lips_upper_mid"]
        assert rounded[middle, 2].mean() > rest[middle, 2].mean() + 0.05
    assert lip_gap(pose(head, mouthFunnel=1.0)) > 0.15


def test_stretch_widens(head: Head) -> None:
    assert width(head, pose(head, mouthStretchLeft=1.0, mouthStretchRight=1.0)) > 1.2 * width(head, pose(head))


def test_lower_lip_goes_under_the_upper_teeth(head: Head) -> None:
    f = pose(head, jawOpen=0.12, mouthRollLower=0.8, mouthUpperUpLeft=0.35, mouthUpperUpRight=0.35)
    only_open = pose(head, jawOpen=0.12, mouthUpperUpLeft=0.35, mouthUpperUpRight=0.35)
    lower = head.vertex_sets["lips_lower_mid"]
    assert f[lower, 2].mean() < only_open[lower, 2].mean() - 0.04
    edge = f[head.vertex_sets["teeth_upper"], 1].min()
    assert abs(f[lower, 1].mean() - edge) < 0.04


@pytest.mark.parametrize("side", ["left", "right"])
def test_blink_covers_the_eye(head: Head, side: str) -> None:
    sets = head.vertex_sets
    shut = pose(head, **{"eyeBlink" + side.capitalize(): 1.0})
    apart = shut[sets["lid_upper_" + side], 1] - shut[sets["lid_lower_" + side], 1]
    rest = head.mesh.vertices[sets["lid_upper_" + side], 1] - head.mesh.vertices[sets["lid_lower_" + side], 1]
    assert rest.max() > 0.2
    assert np.abs(apart).max() < 0.005


def test_a_blink_wins_over_a_wide_eye(head: Head) -> None:
    both, blink = pose(head, eyeBlinkLeft=1.0, eyeWideLeft=1.0), pose(head, eyeBlinkLeft=1.0)
    assert np.allclose(both, blink, atol=1e-6)
    assert not np.allclose(pose(head, eyeWideLeft=1.0), head.mesh.vertices, atol=0.01)


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.75, 1.0])
def test_lids_stay_outside_the_eyeball(head: Head, weight: float) -> None:
    shut = pose(head, eyeBlinkLeft=weight, eyeLookDownLeft=0.5)
    lids = shut[np.concatenate([head.vertex_sets["lid_upper_left"], head.vertex_sets["lid_lower_left"]])]
    center = head.mesh.vertices[head.vertex_sets["eye_left"]].mean(axis=0)
    center[2] = head.mesh.vertices[head.vertex_sets["eye_left"], 2].max() - EYE_RADIUS
    assert (np.linalg.norm(lids - center, axis=1) > EYE_RADIUS).all()


def test_teeth_stay_behind_the_lips_in_speech(head: Head) -> None:
    """In a closed or nearly closed mouth no tooth is in front of the lips' middles."""
    for weights in (
        {},
        {"mouthPressLeft": 1.0, "mouthPressRight": 1.0},
        {"jawOpen": 0.4, "mouthClose": 0.4},
        {"mouthPucker": 1.0},
    ):
        vertices = pose(head, **weights)
        teeth = vertices[np.concatenate([head.vertex_sets["teeth_upper"], head.vertex_sets["teeth_lower"]]), 2].max()
        assert vertices[head.vertex_sets["lips_upper_mid"], 2].min() > teeth, weights


@pytest.mark.parametrize("rounded", [(0.0, 0.0), (0.77, 0.3), (1.0, 0.0), (0.0, 1.0)])
@pytest.mark.parametrize("jaw", [0.1, 0.19, 0.5])
def test_the_tongue_stays_behind_the_lower_teeth_unless_it_is_put_out(
    head: Head, rounded: tuple[float, float], jaw: float
) -> None:
    def ahead(**tongue: float) -> float:
        vertices = pose(head, jawOpen=jaw, mouthPucker=rounded[0], mouthFunnel=rounded[1], **tongue)
        z = [vertices[head.vertex_sets[name], 2].max() for name in ("tongue", "teeth_lower")]
        return float(z[0] - z[1])

    for tongue in ({}, {"tongueUp": 0.5, "tongueIn": 0.4, "tongueNarrow": 0.4}, {"tongueUp": 1.0}):
        assert ahead(**tongue) < -0.01, tongue
    assert ahead(tongueOut=1.0) > 0.1


def test_head_turns_about_the_neck_and_the_shoulders_stay(head: Head) -> None:
    turned = pose(head, headYaw=0.4)
    chin = head.vertex_sets["chin"]
    assert turned[chin, 0].item() > 0.1  # towards the character's left
    assert pose(head, headPitch=0.3)[chin, 1].item() < head.mesh.vertices[chin, 1].item()  # nose down
    low = head.mesh.vertices[:, 1] < -1.7
    assert low.any() and np.array_equal(turned[low], head.mesh.vertices[low])


def test_a_turned_head_keeps_its_expression(head: Head) -> None:
    assert lip_gap(pose(head, jawOpen=0.5, headYaw=0.4, headRoll=0.2)) == pytest.approx(
        lip_gap(pose(head, jawOpen=0.5)), rel=1e-4
    )


def test_eyes_turn_in_place(head: Head) -> None:
    turned, rest = pose(head, leftEyeYaw=0.3), head.mesh.vertices
    ball = head.vertex_sets["eye_left"]
    pupil = ball[np.argmax(rest[ball, 2])]
    assert turned[pupil, 0] > rest[pupil, 0] + 0.05
    others = np.setdiff1d(np.arange(len(rest)), ball)
    assert np.allclose(turned[others], rest[others], atol=1e-6)


def test_looking_shapes_alone_do_not_turn_the_eyes(head: Head) -> None:
    ball = head.vertex_sets["eye_left"]
    assert np.array_equal(pose(head, eyeLookDownLeft=1.0)[ball], head.mesh.vertices[ball])


def test_channels_are_matched_by_name(head: Head) -> None:
    one = head.pose(np.array((0.3, 0.7), np.float32), ("jawOpen", "headYaw"))
    other = head.pose(np.array((0.7, 0.0, 0.3), np.float32), ("headYaw", "browInnerUp", "jawOpen"))
    assert np.allclose(one, other, atol=1e-6)


def test_unknown_channels_are_named(head: Head) -> None:
    with pytest.raises(MotionError, match=r"jawopen.*wiggle"):
        head.bind(("jawOpen", "jawopen", "wiggle"))


def test_wrong_values_are_refused(head: Head) -> None:
    poser = head.bind(("jawOpen", "headYaw"))
    for wrong in (np.zeros(3, np.float32), np.array((np.nan, 0), np.float32)):
        with pytest.raises(MotionError, match="2 finite numbers"):
            poser(wrong)


def test_any_weights_give_finite_vertices_and_leave_the_neutral_alone(head: Head) -> None:
    neutral = head.mesh.vertices.copy()
    poser, rng = head.bind(FACE), np.random.default_rng(0)
    for _ in range(20):
        assert np.isfinite(poser(rng.uniform(0, 1, len(FACE)).astype(np.float32))).all()
    assert np.array_equal(head.mesh.vertices, neutral)
