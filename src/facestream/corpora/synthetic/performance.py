"""Sound and its phones → a whole performing face: what a talker learns from.

Shapes: N samples at 16 kHz, T motion frames, C = len(FACE) channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facestream.corpora.phones import Phone
from facestream.corpora.synthetic.articulation import articulate
from facestream.corpora.synthetic.life import live
from facestream.corpora.synthetic.prosody import prosody
from facestream.corpora.synthetic.styles import STYLES, Style
from facestream.motion.spaces import seal_lips
from facestream.signals import FACE, Floats, Motion
from facestream.timing import Timing


@dataclass(frozen=True)
class Performance:
    """A face that speaks an utterance.

    values: [T, C] finished curves, lips sealed. unsealed: [T, C] the same before the lips are sealed, so that
    values = seal_lips(unsealed, seal): what a decoder that ends in `seal_lips` has to say.
    seal: [T] 1 on P B M. labiodental: [T] 1 on F V. style: index into STYLES.
    """

    values: Floats
    unsealed: Floats
    seal: Floats
    labiodental: Floats
    style: int

    def motion(self, fps: float = 25.0) -> Motion:
        """The finished curves as Motion."""
        return Motion(self.values, FACE, fps)


def perform(
    samples: Floats, phones: Sequence[Phone], style: Style, rng: np.random.Generator, fps: int = 25
) -> Performance:
    """Let a face speak this utterance. samples: [N] mono at 16 kHz; phones: in order, seconds on the samples' clock.

    Frame t is the instant t / fps; there are as many frames as cover the samples. The mouth is the same for any rng.
    """
    n_frames = Timing(fps).frame_count(len(samples))
    voice = prosody(samples, n_frames, fps)
    mouth = articulate(phones, n_frames, fps, voice.loudness, style)
    unsealed = mouth.values + live(n_frames, fps, voice, phones, style, rng)
    return Performance(seal_lips(unsealed, mouth.seal), unsealed, mouth.seal, mouth.labiodental, STYLES.index(style))
