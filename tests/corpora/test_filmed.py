"""Filmed faces, with a tracker that reads what the picture says: instants and gaps are checked to the frame."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facestream.corpora import video
from facestream.corpora.capture import CLOSED_GAP, LIP_GAP, OPEN_GAP, read_capture
from facestream.corpora.video import SHAPES, Picture, Seen, prepare_videos, track_video
from facestream.errors import AudioError, CorpusError, MissingExtra
from facestream.faces.head import Head
from facestream.faces.rasterizer import Renderer
from facestream.signals import Motion
from facestream.sinks.video import VideoSink

SHARED = Path(__file__).parents[2].parent / "shared"


def see(picture: Picture) -> Seen | None:
    """A face whose jaw is open as far as the picture is bright; none in a dark one."""
    level = float(picture.mean()) / 255
    if level < 0.1:
        return None
    scores = np.zeros(len(SHAPES), np.float32)
    scores[SHAPES.index("jawOpen")] = level
    return Seen(scores, (0.1, 0.0, level), 0.0 if level < 0.4 else 0.2)


def film(path: Path, instants: Sequence[float], levels: Sequence[float], sound: float | None = None) -> Path:
    """A video with a picture of a brightness at each instant, and a click of sound track from 0 to `sound` seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=100)
        stream.width = stream.height = 32
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, 1000)
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.options = {"crf": "1", "preset": "ultrafast"}
        heard = container.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for instant, level in zip(instants, levels, strict=True):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), round(255 * level), np.uint8), format="rgb24")
            frame.pts, frame.time_base = round(1000 * instant), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if heard is not None and sound:
            samples = np.random.default_rng(0).normal(scale=0.1, size=(1, round(16_000 * sound))).astype(np.float32)
            speech = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            speech.sample_rate, speech.pts = 16_000, 0
            container.mux(heard.encode(speech))
            container.mux(heard.encode(None))
    return path


def ramp(instants: Sequence[float]) -> list[float]:
    return [0.2 + 0.15 * instant for instant in instants]


def check_ramp(motion: Motion, instants_seen: Sequence[float], first: float = 0.0) -> None:
    """The jaw opens with time, as `ramp` says, but for what is taken for its rest."""
    instants = first + np.arange(len(motion)) / 25
    rest = np.median(ramp(instants_seen)[: max(8, len(instants_seen) // 10)])
    np.testing.assert_allclose(motion["jawOpen"], np.clip((ramp(instants) - rest) / (1 - rest), 0, 1), atol=0.015)
    assert np.abs(motion["headRoll"] - motion["headRoll"].mean() - 0.15 * (instants - instants.mean())).max() < 0.015


@pytest.mark.parametrize(
    "instants",
    [
        np.arange(50) / 25,
        np.arange(60) / 30,
        np.arange(120) / 60,
        np.sort(np.random.default_rng(3).choice(np.arange(0, 2.0, 0.01), 80, replace=False)),  # as phones film
    ],
    ids=["25", "30", "60", "uneven"],
)
def test_curves_keep_their_instants_at_any_rate(tmp_path: Path, instants: np.ndarray) -> None:
    (stretch,) = track_video(film(tmp_path / "a.mp4", instants, ramp(instants), 2.5), see)
    assert 48 <= len(stretch.motion) <= 50
    assert len(stretch.samples) == 640 * len(stretch.motion)
    assert stretch.motion.fps == 25
    check_ramp(stretch.motion, instants)


def test_missing_pictures_cut_the_clip_and_each_part_keeps_its_sound(tmp_path: Path) -> None:
    instants = np.concatenate([np.arange(40) / 25, 2.4 + np.arange(45) / 25])
    path = film(tmp_path / "a.mp4", instants, ramp(instants), 5.0)
    first, second = track_video(path, see)
    assert (len(first.motion), len(second.motion)) == (40, 45)
    whole = video.read_audio(path)
    np.testing.assert_array_equal(second.samples, whole[round(2.4 * 16_000) :][: 45 * 640])
    check_ramp(second.motion, instants, 2.4)


def test_two_missing_pictures_are_bridged(tmp_path: Path) -> None:
    instants = np.delete(np.arange(60) / 25, [20, 21])
    (stretch,) = track_video(film(tmp_path / "a.mp4", instants, ramp(instants), 3.0), see)
    assert len(stretch.motion) == 60
    check_ramp(stretch.motion, instants)


def test_where_no_face_is_seen_there_is_no_motion(tmp_path: Path) -> None:
    instants = np.arange(100) / 25
    levels = np.where((instants > 1.5) & (instants < 2.5), 0.0, ramp(instants))
    first, second = track_video(film(tmp_path / "a.mp4", instants, levels, 4.0), see)
    assert len(first.motion) in (37, 38) and len(second.motion) in (37, 38)


def test_a_clip_without_a_face_without_sound_or_without_pictures_is_told(tmp_path: Path) -> None:
    instants = np.arange(50) / 25
    with pytest.raises(CorpusError, match=r"a face in 0 of 50 pictures"):
        list(track_video(film(tmp_path / "dark.mp4", instants, np.zeros(50), 2.0), see))
    with pytest.raises(CorpusError, match=r"a face in 10 of 50 pictures, nowhere for 1 s"):
        list(track_video(film(tmp_path / "short.mp4", instants, np.where(instants < 0.39, 0.5, 0.0), 2.0), see))
    with pytest.raises(AudioError, match="has no sound track"):
        list(track_video(film(tmp_path / "mute.mp4", instants, ramp(instants)), see))
    with pytest.raises(AudioError, match="there is no file"):
        list(track_video(tmp_path / "none.mp4", see))
    (tmp_path / "text.mp4").write_text("hello")
    with pytest.raises(AudioError, match="is not sound"):
        list(track_video(tmp_path / "text.mp4", see))


def test_sound_that_ends_early_ends_the_motion(tmp_path: Path) -> None:
    instants = np.arange(75) / 25
    (stretch,) = track_video(film(tmp_path / "a.mp4", instants, ramp(instants), 1.6), see)
    assert 39 <= len(stretch.motion) <= 42 and len(stretch.samples) <= 640 * len(stretch.motion)


def test_a_folder_of_tracked_clips_is_read_as_a_captured_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def tracker(model: Path) -> Iterator[video.See]:
        yield see

    monkeypatch.setattr(video, "face_tracker", tracker)
    instants = np.arange(60) / 25
    good = film(tmp_path / "good.mp4", instants, np.where((instants > 1) & (instants < 1.3), 0.3, 0.8), 2.4)
    mute = film(tmp_path / "mute.mp4", instants, ramp(instants))
    lines = prepare_videos([good, mute], tmp_path / "model", tmp_path / "out")
    assert lines[0] == "good.mp4: 2.4 s of face in 1 stretch(es)" and "no sound track" in lines[1]
    (clip,) = read_capture(tmp_path / "out")
    assert clip.name == "good" and len(clip.motion) == 60 and abs(len(clip.samples) - 60 * 640) < 700
    assert clip.motion["jawOpen"][40] > 0.5
    at = [round(instant * 25) for instant in (0.5, 1.16, 2.0)]
    assert clip.seal[at].tolist() == [0, 1, 0] and clip.seal_known[at].all()  # a closure as short as a sound
    assert prepare_videos([good], tmp_path / "model", tmp_path / "out") == ["good.mp4: done before"]
    before = (tmp_path / "out" / "good.npz").read_bytes()
    (tmp_path / "b").mkdir()
    other = film(tmp_path / "b" / "good.mp4", instants, ramp(instants), 2.0)
    assert "another video named good" in prepare_videos([other], tmp_path / "model", tmp_path / "out")[0]
    assert (tmp_path / "out" / "good.npz").read_bytes() == before
    with pytest.raises(CorpusError, match="no sound track"):
        prepare_videos([mute], tmp_path / "model", tmp_path / "empty")


def test_lips_shut_for_long_are_at_rest_not_a_closure(tmp_path: Path) -> None:
    gap = np.full(60, OPEN_GAP + 0.1, np.float32)
    gap[10:15], gap[30:55], gap[58] = 0.0, 0.0, (CLOSED_GAP + OPEN_GAP) / 2
    Motion(np.stack([gap, gap], 1), ("jawOpen", LIP_GAP)).save(tmp_path / "a.npz")
    video.soundfile.write(tmp_path / "a.wav", np.zeros(60 * 640) + 0.01, 16_000)
    (clip,) = read_capture(tmp_path)
    assert clip.seal_known[:30].all() and not clip.seal_known[30:55].any() and not clip.seal_known[58]
    assert clip.seal[10:15].all() and not clip.seal[:10].any()


def test_turns_are_those_of_our_heads() -> None:
    for yaw, pitch, roll in ((0.3, 0.0, 0.0), (0.0, 0.2, 0.0), (0.1, -0.2, 0.3)):
        (cy, cp, cr), (sy, sp, sr) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
        about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        matrix = np.eye(4)
        matrix[:3, :3] = 1.1 * about_y @ about_x @ about_z  # with the size that the tracker gives a face
        assert video._turn(matrix) == pytest.approx((yaw, pitch, roll))


def test_a_tracker_that_is_missing_or_is_none_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(CorpusError, match=r"no tracker .*https://ai.google.dev/edge/mediapipe"),
        video.face_tracker(tmp_path / "none.task"),
    ):
        pass


def test_without_mediapipe_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mediapipe", None)
    (tmp_path / "x.task").write_bytes(b"")
    with pytest.raises(MissingExtra, match=r"facestream\[track\]"), video.face_tracker(tmp_path / "x.task"):
        pass


def test_our_own_head_is_tracked(tmp_path: Path) -> None:
    """A drawn head opens its mouth, blinks, and turns: the tracker says so, each at its time and to its side."""
    pytest.importorskip("mediapipe")
    model = next(iter((SHARED / "assets").glob("*.task")), None)
    if model is None:
        pytest.skip("no tracker at ../shared/assets")
    channels = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "headYaw", "headRoll", "headPitch")
    t = np.arange(26)
    jaw, blink = np.clip(1 - np.abs(t - 6) / 4, 0, 1) * 0.7, (np.abs(t - 14) < 2).astype(np.float32)
    turn = np.clip((t - 16) / 8, 0, 1)
    truth = np.stack([jaw, blink, blink, 0.3 * turn, -0.2 * turn, 0.15 * turn], 1).astype(np.float32)
    head = Head.load("default")
    pose, renderer = head.bind(channels), Renderer(head.mesh, 320)
    with VideoSink(tmp_path / "own.mp4", (320, 320), 25, (np.full(26 * 640, 0.01, np.float32), 16_000)) as sink:
        for values in truth:
            sink.write(renderer.draw(pose(values)))
    prepare_videos([tmp_path / "own.mp4"], model, tmp_path / "out")
    (clip,) = read_capture(tmp_path / "out")
    found = clip.motion
    assert len(found) == 26
    for name, wanted in zip(channels, truth.T, strict=True):
        # the tracker takes a falling jaw for a bit of a nod
        assert np.corrcoef(found[name], wanted)[0, 1] > (0.6 if name == "headPitch" else 0.8), name
    for name in ("headYaw", "headRoll", "headPitch"):
        reach = found[name][-1] - found[name][:16].mean()
        assert 0.4 < reach / truth[-1, channels.index(name)] < 1.3  # our face is flatter than the tracker's
    assert clip.seal_known[6] and not clip.seal[6]


def test_what_is_tracked_is_what_training_learns_from(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    from facestream.training.augment import Augment
    from facestream.training.features import Features, make_captured, write_features

    instants = np.arange(60) / 25
    (stretch,) = track_video(film(tmp_path / "a.mp4", instants, ramp(instants), 2.4), see)
    video.soundfile.write(tmp_path / "a.flac", stretch.samples, 16_000)
    stretch.motion.save(tmp_path / "a.npz")
    (clip,) = read_capture(tmp_path)
    babble, rng = np.zeros(16_000, np.float32), np.random.default_rng(0)
    write_features(tmp_path / "features", make_captured(clip, 1, Augment(), babble, rng))
    clean, heard_otherwise = Features(tmp_path / "features").items
    assert clean.measured == heard_otherwise.measured == ("jawOpen", "headRoll")  # what moved, and nothing else
    face = Features(tmp_path / "features").read(clean, 0, clean.frames)["face"]
    np.testing.assert_allclose(face, clip.motion.values[: clean.frames], atol=1e-3)
