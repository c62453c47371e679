"""A captured face with its sound, brought to our channels, rate and scale.

Shapes: N samples at 16 kHz, T motion frames at 25 fps, C = len(FACE) channels.
Reads folders with a sound file and an .npz for each name. The .npz is motion as `Motion.save` writes it, in our scale
(corpora/video.py makes such folders), or laid out like the recordings of FACEGOOD-Audio2Face (MIT): arkit [frames, n],
arkit_names [n], weights [frames, m], names [m], fps.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from facestream.audio.waveform import read_audio
from facestream.corpora.readers import SOUNDS
from facestream.corpora.store import INDEX
from facestream.errors import CorpusError
from facestream.signals import FACE, Floats, Motion

FPS = 25.0
# Rig weight → ours. There the lower lip meets the teeth at a roll of 0.26, with us at 0.4 (a choice); other shapes are
# taken as they are, jaw included: its 95th percentile in speech is 0.42 to 0.47.
GAINS: dict[str, float] = {
    "jawOpen": 1.0,
    "mouthFunnel": 1.0,
    "mouthPucker": 1.0,
    "mouthRollLower": 1.5,
    "mouthRollUpper": 1.5,
    "mouthPressLeft": 1.0,
    "mouthPressRight": 1.0,
    "mouthLowerDownLeft": 1.0,
    "mouthLowerDownRight": 1.0,
    "mouthUpperUpLeft": 1.0,
    "mouthUpperUpRight": 1.0,
}
# The rig also rounds the lips by one shape of its own, in some recordings instead of the pucker.
ROUND_SHAPE = "mouth_oh_c"
ROUND_PARTS: dict[str, float] = {"mouthFunnel": 0.3, "mouthPucker": 0.45}
MOVES = 0.003  # deviation below which a channel of a recording was not captured
SEALING_ROLL = 0.15  # both lips rolled in this far, in the rig's scale, are closed
OPEN_JAW = 0.08  # a jaw this far open, with lips not rolled in, is no closure
LIP_GAP = "lipGap"
"""The channel in which motion may say how far the inner lips are apart, in widths of the mouth."""
CLOSED_GAP, OPEN_GAP = 0.025, 0.06  # lips are shut below, open above
SOMEBODY = "captured"  # speaker of what says nothing of its speaker
LONGEST_CLOSURE = 0.4  # seconds; lips that are shut for longer are at rest


@dataclass(frozen=True)
class Captured:
    """A recording that was not read yet. table: its .npz; speaker: who it is, where that is known; test: whether the
    set that it came from keeps it for testing."""

    table: Path
    speaker: str = SOMEBODY
    test: bool = False

    @property
    def name(self) -> str:
        """The table's name without ending."""
        return self.table.stem

    def read(self) -> CaptureClip:
        """The recording. Raises CorpusError if it lacks its sound, or is not as expected."""
        return _read_clip(self.table)


@dataclass(frozen=True)
class CaptureClip:
    """One recording.

    samples: [N]. motion: finished curves of FACE, [T, C], 0 where not captured; captured: [C], which are.
    seal: [T], closed lips, to be relied on where seal_known, [T]: a closure shows, or the mouth is plainly open.
    """

    name: str
    samples: Floats
    motion: Motion
    captured: npt.NDArray[np.bool_]
    seal: Floats
    seal_known: npt.NDArray[np.bool_]


def read_capture(folder: str | os.PathLike[str]) -> list[CaptureClip]:
    """All recordings of a folder, by name. Raises CorpusError if there are none or one lacks its sound."""
    return [one.read() for one in list_capture(folder)]


def list_capture(folder: str | os.PathLike[str]) -> list[Captured]:
    """All recordings of a folder, by name, with what its index says of them (corpora/footage/job.py). Raises
    CorpusError if there are none."""
    tables = sorted(Path(folder).glob("*.npz"))
    if not tables:
        raise CorpusError(f"'{folder}' holds no captured face; expected .npz files, each with its sound beside it")
    index = Path(folder) / INDEX
    rows = [json.loads(line) for line in index.read_text(encoding="utf-8").splitlines()] if index.is_file() else []
    told = {clip: (row["speaker"], row["split"] == "test") for row in rows for clip in row.get("clips", ())}
    return [Captured(table, *told.get(table.stem, ())) for table in tables]


def _read_clip(table: Path) -> CaptureClip:
    sounds = [path for ending in sorted(SOUNDS) if (path := table.with_suffix(ending)).is_file()]
    if not sounds:
        raise CorpusError(
            f"'{table.name}' has no sound beside it; expected {table.stem} with one of {', '.join(SOUNDS)}"
        )
    try:
        with np.load(table, allow_pickle=False) as file:
            given = _ours(file) if "channels" in file else _facegood(file)
    except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise CorpusError(
            f"'{table}' is no captured face ({error}); expected values, channels, fps, or arkit, arkit_names, weights, "
            "names, fps"
        ) from error
    motion = given.select(FACE)
    seal, known = _closures(given[LIP_GAP]) if LIP_GAP in given.channels else _seal(motion)
    captured = motion.values.std(axis=0) > MOVES
    return CaptureClip(table.stem, read_audio(sounds[0]), motion, captured, seal, known)


def _ours(file: Mapping[str, npt.NDArray[Any]]) -> Motion:
    """Motion in our scale."""
    curves = [_resample(curve, float(file["fps"])) for curve in file["values"].T]
    return Motion(np.stack(curves, axis=1), tuple(map(str, file["channels"])), FPS)


def _facegood(file: Mapping[str, npt.NDArray[Any]]) -> Motion:
    """Motion of that rig."""
    columns = dict(zip(map(str, file["arkit_names"]), file["arkit"].T, strict=True))
    rig = dict(zip(map(str, file["names"]), file["weights"].T, strict=True))
    fps = float(file["fps"])
    curves = {name: _resample(columns[name], fps) * gain for name, gain in GAINS.items()}
    if ROUND_SHAPE in rig:
        for name, part in ROUND_PARTS.items():
            curves[name] = curves[name] + part * _resample(rig[ROUND_SHAPE], fps)
    return Motion(np.clip(np.stack(list(curves.values()), axis=1), 0.0, 1.0), tuple(curves), FPS)


def _resample(curve: Floats, fps: float) -> Floats:
    """A curve at FPS, its first frame where it was; linear between frames."""
    instants = np.arange(int((len(curve) - 1) / fps * FPS) + 1) / FPS
    return np.interp(instants, np.arange(len(curve)) / fps, curve).astype(np.float32)


def _seal(motion: Motion) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Closures, [T], as recordings show them: both lips rolled in over a shut jaw; and where to rely on it, [T]."""
    rolled = np.minimum(motion["mouthRollLower"], motion["mouthRollUpper"]) / (SEALING_ROLL * GAINS["mouthRollLower"])
    shut = np.clip(1.0 - motion["jawOpen"] / OPEN_JAW, 0.0, 1.0)
    seal = np.clip(rolled, 0.0, 1.0) * shut
    return seal.astype(np.float32), (seal > 0.5) | (motion["jawOpen"] > OPEN_JAW)


def _closures(gap: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Closures, [T], by the lips' distance; known where the lips are open, or shut for no longer than a sound takes."""
    shut = gap < CLOSED_GAP
    edges = np.flatnonzero(np.diff(shut, prepend=False, append=False))
    known = gap > OPEN_GAP
    for start, end in edges.reshape(-1, 2):
        known[start:end] = end - start <= LONGEST_CLOSURE * FPS
    return shut.astype(np.float32), known
