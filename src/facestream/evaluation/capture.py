"""A face against a measured one: how each captured channel of the mouth is followed.

Shapes: N samples at 16 kHz, T motion frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facestream.corpora.capture import CaptureClip, read_capture
from facestream.corpora.synthetic.prosody import measure_loudness
from facestream.evaluation.curves import Following, follow
from facestream.evaluation.figures import plain
from facestream.evaluation.lips import Tick
from facestream.evaluation.score import LIPS
from facestream.runtime.stream import animate
from facestream.runtime.talker import Talker
from facestream.signals import Floats, Motion

# What several channels do together: some rigs round by the funnel, others by the pucker.
COMBINED: dict[str, tuple[tuple[str, ...], Callable[[list[Floats]], Floats]]] = {
    "rounding": (("mouthFunnel", "mouthPucker"), lambda curves: np.maximum(*curves)),
    "lip roll": (("mouthRollLower", "mouthRollUpper"), lambda curves: np.mean(curves, axis=0)),
}
Rows = dict[str, tuple[Following, Following]]  # channel → (the talker, the loudness baseline)


@dataclass(frozen=True)
class CaptureReport:
    """A face beside measured ones. recordings: name → channel → how the talker and how loudness follow it."""

    recordings: dict[str, Rows]

    def pooled(self) -> Rows:
        """All recordings as one, each channel where it was captured."""
        names = dict.fromkeys(name for rows in self.recordings.values() for name in rows)
        found = {name: [rows[name] for rows in self.recordings.values() if name in rows] for name in names}
        return {
            name: (Following.pooled([face for face, _ in pairs]), Following.pooled([loud for _, loud in pairs]))
            for name, pairs in found.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Everything in numbers: summary (pooled) and files; None where a figure has no meaning."""
        files = [{"file": name, "channels": _table(rows)} for name, rows in self.recordings.items()]
        return plain({"summary": _table(self.pooled()), "files": files})


def _table(rows: Rows) -> dict[str, Any]:
    return {name: _cells(face) | {"loudness": _cells(loudness)} for name, (face, loudness) in rows.items()}


def _cells(following: Following) -> dict[str, float]:
    return {
        "r": following.now,
        "best_r": following.best,
        "lag_ms": following.lag_ms,
        "amplitude_ratio": following.ratio,
        "frames": following.frames,
    }


def evaluate_capture(folder: Path, talker: Talker, tick: Tick = lambda done, total: None) -> CaptureReport:
    """Judge a talker, in its neutral style, on every captured recording of a folder. Errors as in `read_capture`."""
    clips, recordings = read_capture(folder), {}
    for done, clip in enumerate(clips):
        tick(done, len(clips))
        recordings[clip.name] = score_capture(animate(clip.samples, talker, "neutral"), clip)
    tick(len(clips), len(clips))
    return CaptureReport(recordings)


def score_capture(motion: Motion, clip: CaptureClip) -> Rows:
    """Each captured channel of the mouth, and COMBINED ones, over the frames that both have.

    motion: at the clip's rate, with the channels of LIPS.
    """
    frames = min(len(motion), len(clip.motion))
    captured = {name for name, known in zip(clip.motion.channels, clip.captured, strict=True) if known}
    loudness = measure_loudness(clip.samples, frames, round(clip.motion.fps))
    rows: Rows = {}
    for name in (*LIPS, *COMBINED):
        parts, _ = COMBINED.get(name, ((name,), None))
        if captured.issuperset(parts):
            measured, predicted = (_curve(face, name)[:frames] for face in (clip.motion, motion))
            rows[name] = (follow(predicted, measured, motion.fps), follow(loudness, measured, motion.fps))
    return rows


def _curve(face: Motion, name: str) -> Floats:
    if name not in COMBINED:
        return face[name]
    parts, combine = COMBINED[name]
    return combine([face[part] for part in parts])
