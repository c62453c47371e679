"""The baseline: a mouth that knows nothing but how loud the voice is.

Shapes: N samples at 16 kHz, T motion frames.
"""

from __future__ import annotations

import numpy as np

from facestream.corpora.synthetic.prosody import measure_loudness
from facestream.signals import Floats, Motion

LOW = 0.5  # loudness below which the lips are shut; on training speech every value of 0.4 to 0.8 gives an F1 of 0.31


def loudness_mouth(samples: Floats, reference: Motion) -> Motion:
    """A jaw that follows loudness with the reference's mean and deviation, lips shut where it is low.

    samples: [N]; the result has the reference's frames and channels. Knowing the reference's amplitude flatters it.
    """
    loudness = measure_loudness(samples, len(reference), round(reference.fps))
    wanted = reference["jawOpen"]
    scale = wanted.std() / max(float(loudness.std()), 1e-6)
    jaw = np.clip(wanted.mean() + scale * (loudness - loudness.mean()), 0.0, 1.0)
    values = np.zeros_like(reference.values)
    values[:, reference.channels.index("jawOpen")] = jaw
    values[:, reference.channels.index("mouthClose")] = np.where(loudness < LOW, jaw, 0.0)
    return Motion(values, reference.channels, reference.fps)
