"""A captured face with its sound, brought to our channels, rate and scale.

Shapes: N samples at 16 kHz, T motion frames at 25 fps, C = len(FACE) channels.
Reads folders laid out like the recordings of FACEGOOD-Audio2Face (MIT): for each name a sound file and an .npz with
arkit [frames, n], arkit_names [n], weights [frames, m], names [m], fps.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facestream.audio.waveform import read_audio
from facestream.corpora.readers import SOUNDS
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
    tables = sorted(Path(folder).glob("*.npz"))
    if not tables:
        raise CorpusError(f"'{folder}' holds no captured face; expected .npz files, each with its sound beside it")
    return [_read_clip(table) for table in tables]


def _read_clip(table: Path) -> CaptureClip:
    sounds = [path for path in sorted(table.parent.glob(table.stem + ".*")) if path.suffix in SOUNDS]
    if not sounds:
        raise CorpusError(
            f"'{table.name}' has no sound beside it; expected {table.stem} with one of {', '.join(SOUNDS)}"
        )
    try:
        with np.load(table, allow_pickle=False) as file:
            columns = dict(zip(map(str, file["arkit_names"]), file["arkit"].T, strict=True))
            rig = dict(zip(map(str, file["names"]), file["weights"].T, strict=True))
            fps = float(file["fps"])
    except (KeyError, ValueError, OSError) as error:
        raise CorpusError(
            f"'{table}' is no captured face ({error}); expected arkit, arkit_names, weights, names, fps"
        ) from error
    curves = {name: _resample(columns[name], fps) * gain for name, gain in GAINS.items()}
    if ROUND_SHAPE in rig:
        for name, part in ROUND_PARTS.items():
            curves[name] = curves[name] + part * _resample(rig[ROUND_SHAPE], fps)
    motion = Motion(np.clip(np.stack(list(curves.values()), axis=1), 0.0, 1.0), tuple(curves), FPS).select(FACE)
    seal, known = _seal(motion)
    captured = motion.values.std(axis=0) > MOVES
    return CaptureClip(table.stem, read_audio(sounds[0]), motion, captured, seal, known)


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
