"""Does the mouth say what is heard? A filter without a network.

Papers filter by SyncNet's confidence and offset, whose weights are not ours to bring. Here the lips' distance is held
against the loudness of the sound: people open the mouth for what is loud. It tells a shifted sound track, and most
voices that are another's, from a person who speaks; it is coarser than SyncNet: its figures are not Sync-C and Sync-D.

Shapes: T frames, N samples at 16 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facestream.corpora.synthetic.prosody import measure_loudness
from facestream.signals import Floats

FARTHEST = 0.6  # seconds by which sound and picture are shifted against each other to compare
SOFT = 3  # frames over which loudness is averaged: the mouth is no faster
SILENCE = 1e-3  # root of the mean square, below which there is no speech
STILL = 0.01  # deviation of the lips' distance, in mouth widths, below which a mouth does not speak


@dataclass(frozen=True)
class Sync:
    """agreement: correlation of lips and loudness where it is greatest; lag: seconds by which the sound is late there
    (early: below 0)."""

    agreement: float
    lag: float


def measure_sync(gap: Floats, samples: Floats, fps: float) -> Sync:
    """gap: the lips' distance, [T]; samples: the sound, [N], from the first frame on. Silence and still lips agree with
    nothing."""
    loudness = measure_loudness(samples, len(gap), round(fps))
    loudness = np.convolve(loudness, np.full(SOFT, 1 / SOFT, np.float32), "same")
    if np.sqrt(np.mean(np.square(samples))) < SILENCE or gap.std() < STILL:
        return Sync(0.0, 0.0)
    farthest = min(round(FARTHEST * fps), len(gap) // 2)
    shifts = range(-farthest, farthest + 1)
    agreements = [_agreement(gap, loudness, shift) for shift in shifts]
    best = int(np.argmax(agreements))
    return Sync(float(agreements[best]), shifts[best] / fps)


def _agreement(gap: Floats, loudness: Floats, late: int) -> float:
    """Correlation where loudness is `late` frames later."""
    a = gap[max(0, -late) : len(gap) - max(0, late)]
    b = loudness[max(0, late) : len(loudness) - max(0, -late)]
    deviation = a.std() * b.std()
    return float(np.mean((a - a.mean()) * (b - b.mean())) / deviation) if deviation > 1e-9 else 0.0
