"""The clock of a speech model's features, and the windows of sound that it hears: one for training and serving.

HuBERT and wav2vec 2.0 normalise over all the sound they are given and attend to all of it, before and after: a feature
means nothing without the sound around it. So the window is part of the definition: features come in blocks, and each
block is what the network says of one bounded window, whose place depends on the block's number alone.

          left                block    ahead
    ├──────────────────────┼─────────┼──────┤      features, 20 ms each, from the start of the sound on
    └──────────────────────────────────────────┘   samples; the last feature hears 80 beyond its own 320

A window never begins before the sound does, so the first ones are shorter. After its end a sound goes on as silence.

Shapes: N samples at 16 kHz, n features (50 a second), F motion frames of a block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

STRIDE = 320  # samples from one feature to the next
FIELD = 400  # samples that the convolutions hear for one feature
FEATURE_RATE = SAMPLE_RATE // STRIDE


@dataclass(frozen=True)
class SpeechWindow:
    """What is heard for a block of features, in features of 20 ms: before it, itself, and after it. beyond: samples
    that the last feature hears beyond its own 320, 80 in wav2vec 2.0's convolutions."""

    left: int = 100
    block: int = 10
    ahead: int = 5
    beyond: int = FIELD - STRIDE

    def __post_init__(self) -> None:
        if self.left < 0 or self.block < 1 or self.ahead < 0:
            raise ValueError(
                f"the window is {self.left} + {self.block} + {self.ahead} features; expected a block of 1 or more, and "
                "0 or more on either side"
            )

    @property
    def block_samples(self) -> int:
        """Samples from one block to the next."""
        return STRIDE * self.block

    @property
    def left_samples(self) -> int:
        """Samples heard before a block, at most."""
        return STRIDE * self.left

    @property
    def ahead_samples(self) -> int:
        """Samples heard beyond a block: the declared look-ahead."""
        return STRIDE * self.ahead + self.beyond

    def frames(self, fps: int) -> int:
        """Motion frames of a block. Raises ValueError unless they are whole."""
        frames = Fraction(self.block * fps, FEATURE_RATE)
        if frames.denominator != 1 or frames < 1:
            raise ValueError(
                f"a block of {self.block} features is {float(frames):.4g} frames at {fps} a second; expected a whole "
                f"number: choose a multiple of {Fraction(FEATURE_RATE, fps).numerator} features"
            )
        return int(frames)

    def span(self, block: int) -> tuple[int, int]:
        """The samples of a block's window: the first and the one after the last."""
        start = self.block_samples * block
        return max(0, start - self.left_samples), start + self.block_samples + self.ahead_samples

    def cut(self, samples: Floats, blocks: int) -> Iterator[Floats]:
        """The windows of a whole sound [N]'s first blocks; beyond its end there is silence."""
        missing = self.span(blocks - 1)[1] - len(samples)
        heard = np.pad(samples, (0, max(0, missing)))
        for first, last in map(self.span, range(blocks)):
            yield heard[first:last]

    def interpolation(self, fps: int) -> Floats:
        """Weights [F, block] that take a block's features to its motion frames.

        Frame t lies at feature 50 t / fps, between two features in proportion: the limit, for a long clip, of the
        published stretch of all features over all frames. Never reaches beyond the block.
        """
        frames = self.frames(fps)
        place = np.arange(frames) * FEATURE_RATE / fps
        weights: Floats = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(self.block))).astype(np.float32)
        return weights
