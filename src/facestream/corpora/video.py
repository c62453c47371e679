"""Filmed people who speak → measured faces with their sound, as corpora/capture.py reads them.

MediaPipe's Face Landmarker looks at every picture for itself; its 51 scores are ARKit's shapes by name, its matrix is
the head's turn. A face at rest does not score 0, so what a clip shows while its lips are nearest is taken for its
rest. The curves are brought to 25 frames a second on the clock of the sound, whatever the video's rate and however
uneven it is. Where no face is seen, or pictures are missing, the clip is cut. The tracker's model is a file of its own
(MODEL).

Shapes: H x W picture, K pictures with a face, T motion frames, C channels, N samples.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soundfile
from rich.console import Console
from rich.progress import track

from facestream.audio.waveform import read_audio
from facestream.corpora.capture import FPS, LIP_GAP
from facestream.corpora.store import RowWriter
from facestream.corpora.synthetic.eyes import EYE_PITCH, EYE_YAW
from facestream.errors import AudioError, CorpusError, MissingExtra
from facestream.signals import ARKIT, Floats, Motion
from facestream.timing import SAMPLE_RATE

Picture = npt.NDArray[np.uint8]

MODEL = (
    "the model file face_landmarker.task, Apache-2.0: https://ai.google.dev/edge/mediapipe/solutions/vision/"
    "face_landmarker, or at once https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/"
    "float16/1/face_landmarker.task"
)
SHAPES = tuple(name for name in ARKIT if name != "tongueOut")  # what MediaPipe scores
TURNS = ("headYaw", "headPitch", "headRoll")
GAP = 0.15  # seconds without a face, or without a picture, that end a clip
LEAST = 1.0  # seconds of face that are worth a clip
REST, FEWEST = 0.1, 8  # share and least number of the pictures, those of the narrowest mouths, that show a rest
MOST_AT_REST = 0.5  # of a shape's score: what is left of its range is stretched to 1, but no further than twice
WIDEST_AT_REST = 0.08  # who shows a wider gap of the lips never shuts the mouth
_INNER_LIPS, _CORNERS = (13, 14), (78, 308)  # landmarks of MediaPipe's mesh


@dataclass(frozen=True)
class Seen:
    """A face in a picture. scores: of SHAPES; turn: yaw, pitch, roll; gap: between the inner lips, in mouth widths;
    place: its left, top, right and bottom, in parts of the picture."""

    scores: Floats
    turn: tuple[float, float, float]
    gap: float
    place: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


See = Callable[[Picture], Seen | None]
"""Looks for a face in a picture [H, W, 3] RGB."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of a video with a face all the time. motion: [T, C]; samples: [N] the sound from its first frame on;
    moved: how far the face's middle ranges from side to side, or up and down, in parts of the picture."""

    motion: Motion
    samples: Floats
    moved: float = 0.0


@dataclass(frozen=True)
class Cut:
    """What of a video is looked at. start, end: in seconds of its sound; crop: what of each picture [H, W, 3]."""

    start: float = 0.0
    end: float = math.inf
    crop: Callable[[Picture], Picture] | None = None


WHOLE = Cut()


def prepare_videos(videos: Sequence[Path], tracker: Path, out: Path) -> list[str]:
    """Track all videos into the folder `out`, each stretch as NAME.npz beside NAME.flac; a summary, a line a video.

    Videos that are done already are passed over; one that cannot be used is told in the summary. Raises MissingExtra
    without mediapipe, CorpusError for a tracker that cannot be used, and if no video can.
    """
    lines, failed = [], []
    with face_tracker(tracker) as see, RowWriter(out, {}, ("bytes", "stretches")) as done:
        for video in videos:
            try:
                size = video.stat().st_size if video.is_file() else 0
                if video.stem in done:
                    if done.rows[video.stem]["bytes"] != size:
                        raise CorpusError(f"'{out}' holds another video named {video.stem}; rename '{video}'")
                    lines.append(f"{video.name}: done before")
                    continue
                stretches = list(track_video(video, see))
            except (CorpusError, AudioError) as error:
                failed.append(str(error))
                continue
            for number, stretch in enumerate(stretches, 1):
                name = video.stem if len(stretches) == 1 else f"{video.stem}-{number}"
                soundfile.write(out / f"{name}.flac", stretch.samples, SAMPLE_RATE)
                stretch.motion.save(out / f"{name}.npz")
            done.append({"id": video.stem, "bytes": size, "stretches": len(stretches)}, {})
            seconds = sum(stretch.motion.seconds for stretch in stretches)
            lines.append(f"{video.name}: {seconds:.1f} s of face in {len(stretches)} stretch(es)")
        if not len(done):
            raise CorpusError("; ".join(failed) or "no video was given")
    return lines + failed


def track_video(path: Path, see: See, cut: Cut = WHOLE, quiet: bool = False) -> Iterator[Stretch]:
    """The stretches of a video in which a face is seen and pictures keep coming, each at least a second long.

    cut: what of it is looked at; quiet: without a bar of progress.

    Raises CorpusError if it is no video, shows no face for a second, or shows none while there is sound; AudioError if
    its sound cannot be used.
    """
    sound = read_audio(path)
    instants, faces = _look(path, see, cut, quiet)
    if not faces:
        raise CorpusError(f"'{path}' shows no face in {len(instants)} pictures; expected one person, seen from ahead")
    times = np.array([instant for instant, face in zip(instants, faces, strict=True) if face is not None])
    seen = [face for face in faces if face is not None]
    curves = _curves(seen) if seen else np.zeros((0, 0), np.float32)
    edges = [0, *(np.flatnonzero(np.diff(times) > GAP) + 1), len(times)]
    parts = [(times[a:b], curves[a:b], _moved(seen[a:b])) for a, b in pairwise(edges)]
    found = [stretch for part in parts if (stretch := _stretch(*part, sound)) is not None]
    if not found:
        raise CorpusError(
            f"'{path}' shows a face in {len(seen)} of {len(faces)} pictures, nowhere for {LEAST:g} s of sound on end; "
            "expected one person, seen from ahead, speaking"
        )
    yield from found


def _look(path: Path, see: See, cut: Cut, quiet: bool) -> tuple[list[float], list[Seen | None]]:
    """Instants of the cut's pictures, in seconds after the sound's start, and the face in each."""
    try:
        with av.open(str(path.resolve()), options={"protocol_whitelist": "file"}, metadata_errors="ignore") as video:
            if not video.streams.video:
                raise CorpusError(f"'{path}' has no pictures; expected a video")
            heard = video.streams.audio[0]
            start = float((heard.start_time or 0) * (heard.time_base or 0))
            if cut.start > 0:
                video.seek(round((cut.start + start) * av.time_base))  # to the last key picture before
            pictures = track(
                video.decode(video=0), path.name, total=video.streams.video[0].frames or None,
                console=Console(stderr=True), disable=quiet,
            )  # fmt: skip
            found = []
            for frame in pictures:
                instant = -math.inf if frame.time is None else frame.time - start
                if instant >= cut.end:
                    break
                if instant >= cut.start:
                    picture = _upright(frame)
                    found.append((instant, see(picture if cut.crop is None else cut.crop(picture))))
    except (av.FFmpegError, ValueError) as error:
        raise CorpusError(f"'{path}' cannot be read as a video ({error}); expected mp4, mov, mkv or webm") from error
    found.sort(key=lambda row: row[0])
    return [instant for instant, _ in found], [face for _, face in found]


def _upright(frame: av.VideoFrame) -> Picture:
    """The picture as it is to be shown: phones film sideways and say so."""
    picture = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90)))


CHANNELS = (*SHAPES, *TURNS, "leftEyeYaw", "leftEyePitch", "rightEyeYaw", "rightEyePitch", LIP_GAP)


def _curves(seen: Sequence[Seen]) -> Floats:
    """CHANNELS of all faces, [K, C]."""
    scores = np.stack([face.scores for face in seen])
    turns, gap = np.array([face.turn for face in seen]), np.array([face.gap for face in seen])
    resting = np.argsort(gap, kind="stable")[: max(FEWEST, int(REST * len(seen)))]
    rest = np.median(scores[resting], axis=0)
    shapes = np.clip((scores - rest) / (1 - np.minimum(rest, MOST_AT_REST)), 0.0, 1.0)
    look = dict(zip(SHAPES, shapes.T, strict=True))
    eyes = (
        EYE_YAW * (look["eyeLookOutLeft"] - look["eyeLookInLeft"]),
        EYE_PITCH * (look["eyeLookDownLeft"] - look["eyeLookUpLeft"]),
        EYE_YAW * (look["eyeLookInRight"] - look["eyeLookOutRight"]),
        EYE_PITCH * (look["eyeLookDownRight"] - look["eyeLookUpRight"]),
    )
    gap = gap - min(float(np.percentile(gap, 5)), WIDEST_AT_REST)
    turns = turns - np.median(turns, axis=0)  # the camera is where people look
    return np.column_stack([shapes, turns, *eyes, gap]).astype(np.float32)


def _moved(seen: Sequence[Seen]) -> float:
    """See Stretch."""
    middles = np.array([(face.place[0] + face.place[2], face.place[1] + face.place[3]) for face in seen]) / 2
    return float(np.ptp(middles, axis=0).max()) if len(seen) else 0.0


def _stretch(times: Floats, curves: Floats, moved: float, sound: Floats) -> Stretch | None:
    """A stretch at FPS with its sound, if it is long enough."""
    ends = min(times[-1], len(sound) / SAMPLE_RATE) if len(times) else 0.0
    first = int(np.ceil(max(times[0], 0.0) * FPS)) if len(times) else 0
    frames = int(ends * FPS) - first + 1
    if frames < LEAST * FPS:
        return None
    instants = (first + np.arange(frames)) / FPS
    values = np.stack([np.interp(instants, times, curve) for curve in curves.T], 1).astype(np.float32)
    step = int(SAMPLE_RATE / FPS)
    return Stretch(Motion(values, CHANNELS, FPS), sound[first * step : (first + frames) * step], moved)


@contextmanager
def face_tracker(model: Path) -> Iterator[See]:
    """MediaPipe's Face Landmarker. Raises MissingExtra if it is not installed, CorpusError for another model file."""
    if not model.is_file():
        raise CorpusError(f"there is no tracker '{model}'; expected {MODEL}")
    os.environ.setdefault("GLOG_minloglevel", "2")  # its notes on threads and delegates are not for people
    try:
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision
    except ImportError as error:
        raise MissingExtra("mediapipe", "track", "tracking a filmed face") from error
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    try:
        landmarker = vision.FaceLandmarker.create_from_options(options)
    except (RuntimeError, ValueError) as error:
        raise CorpusError(f"'{model}' is no tracker that can be used ({error}); expected {MODEL}") from error

    def see(picture: Picture) -> Seen | None:
        found = landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture))
        if not found.face_blendshapes:
            return None
        scores = {shape.category_name: shape.score for shape in found.face_blendshapes[0]}
        return Seen(
            np.array([scores.get(name, 0.0) for name in SHAPES], np.float32),
            _turn(np.asarray(found.facial_transformation_matrixes[0])),
            _gap(found.face_landmarks[0], picture.shape[1] / picture.shape[0]),
            _place(found.face_landmarks[0]),
        )

    with landmarker:
        yield see


def _turn(matrix: npt.NDArray[Any]) -> tuple[float, float, float]:
    """Yaw, pitch, roll of signals.ROTATIONS out of a matrix [4, 4] whose axes are the same: x right in the picture."""
    turn = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    pitch = -np.arcsin(np.clip(turn[1, 2], -1.0, 1.0))
    return float(np.arctan2(turn[0, 2], turn[2, 2])), float(pitch), float(np.arctan2(turn[1, 0], turn[1, 1]))


def _gap(landmarks: Iterable[Any], wide: float) -> float:
    """Distance of the inner lips in widths of the mouth. wide: width of the picture over its height."""
    places = np.array([(mark.x * wide, mark.y, mark.z * wide) for mark in landmarks])
    lips, corners = (float(np.linalg.norm(places[a] - places[b])) for a, b in (_INNER_LIPS, _CORNERS))
    return lips / max(corners, 1e-6)


def _place(landmarks: Iterable[Any]) -> tuple[float, float, float, float]:
    """See Seen."""
    across, down = zip(*((mark.x, mark.y) for mark in landmarks), strict=True)
    return min(across), min(down), max(across), max(down)
