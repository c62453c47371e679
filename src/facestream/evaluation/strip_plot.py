"""A picture of an utterance: spectrogram, phones, and the face's curves over the reference's.

Shapes: N samples at 16 kHz, T motion frames.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facestream.audio.frontend import log_mel
from facestream.corpora.phones import BILABIAL, LABIODENTAL, SILENCE, Phone
from facestream.errors import MissingExtra
from facestream.evaluation.events import BITTEN, CLOSED
from facestream.files import write_whole
from facestream.motion.spaces import lip_gap
from facestream.signals import Floats, Motion
from facestream.timing import HOP, SAMPLE_RATE

CURVES = ("jawOpen", "lip gap", "mouthPucker", "mouthFunnel", "mouthStretchLeft", "mouthRollLower")
BORDERS = {"lip gap": CLOSED, "mouthRollLower": BITTEN}
SHADES = {**dict.fromkeys(BILABIAL, "tab:red"), **dict.fromkeys(LABIODENTAL, "tab:green"), SILENCE: "tab:gray"}


def strip_plot(path: Path, samples: Floats, phones: Sequence[Phone], motion: Motion, reference: Motion) -> None:
    """Write a PNG: the reference black, the face blue; P B M shaded red, F V green, silence grey.

    samples: [N]; motion, reference: [T, C] of one rate. Raises MissingExtra without matplotlib, SinkError if
    the picture cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("matplotlib", "plot", "Strip plots") from None
    seconds = len(samples) / SAMPLE_RATE
    figure = Figure(figsize=(max(8.0, 2.4 * seconds), 11.0), layout="constrained")
    FigureCanvasAgg(figure)
    sound, *axes = figure.subplots(1 + len(CURVES), 1, sharex=True, height_ratios=[1.6] + [1.0] * len(CURVES))
    _draw_sound(sound, samples, phones)
    for axis, name in zip(axes, CURVES, strict=True):
        _draw_curve(axis, name, motion, reference, phones)
    axes[0].legend(loc="upper right", fontsize=7)
    axes[-1].set_xlim(0.0, seconds)
    axes[-1].set_xlabel("seconds")
    picture = io.BytesIO()
    figure.savefig(picture, dpi=80)
    write_whole(path, picture.getvalue())


def _draw_sound(axis: Any, samples: Floats, phones: Sequence[Phone]) -> None:
    bands = log_mel(samples)
    axis.imshow(bands.T, origin="lower", aspect="auto", cmap="magma", extent=(0, len(bands) * HOP / SAMPLE_RATE, 0, 80))
    for label, start, end in phones:
        axis.axvline(start, color="white", lw=0.4)
        if label != SILENCE:
            axis.text((start + end) / 2, 81, label, ha="center", fontsize=7, color=SHADES.get(label, "black"))
    axis.set_yticks([])


def _draw_curve(axis: Any, name: str, motion: Motion, reference: Motion, phones: Sequence[Phone]) -> None:
    for label, start, end in phones:
        if label in SHADES:
            axis.axvspan(start, end, color=SHADES[label], alpha=0.15, lw=0)
    if name in BORDERS:
        axis.axhline(BORDERS[name], color="tab:orange", lw=0.7)
    for face, colour, label in ((reference, "black", "reference"), (motion, "tab:blue", "face")):
        curve = lip_gap(face) if name == "lip gap" else face[name]
        axis.plot(np.arange(len(curve)) / face.fps, curve, color=colour, label=label, lw=1.1, marker=".", ms=2)
    axis.set_ylabel(name, fontsize=8)
    axis.set_ylim(-0.02, 0.3 if name == "lip gap" else None)
