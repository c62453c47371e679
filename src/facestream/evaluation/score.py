"""One face on one utterance: what its mouth did, against what the phones need and what the rules do.

A face is judged by its ARKit curves alone, so any system's motion can be. Shapes: N samples at 16 kHz, T motion frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facestream.corpora.phones import BILABIAL, LABIODENTAL, SILENCE, Phone
from facestream.corpora.synthetic.articulation import articulate
from facestream.corpora.synthetic.prosody import measure_loudness
from facestream.corpora.synthetic.styles import NEUTRAL
from facestream.errors import MotionError
from facestream.evaluation.curves import Following, Frames, follow, jitter
from facestream.evaluation.events import Events, bitten_lip, closed_lips, find_events, near_any, pauses
from facestream.motion.spaces import MOUTH
from facestream.signals import ARKIT, FACE, Floats, Motion

LIPS: tuple[str, ...] = tuple(name for name in ARKIT if name in MOUTH)
MARGIN = 0.2  # seconds around speech that are judged with it
SILENT = 0.2  # seconds of silence in which the jaw is looked at,
SETTLING = 0.12  # less these beside speech, in which it comes and goes


@dataclass(frozen=True)
class LipsScore:
    """One face on one utterance.

    closures, bites: P B M and F V. following: a row for each of LIPS. silence: jawOpen where nobody speaks.
    jitter, reference_jitter: of the channels of LIPS.
    """

    name: str
    closures: Events
    bites: Events
    following: dict[str, Following]
    silence: Floats
    jitter: float
    reference_jitter: float


def reference_lips(samples: Floats, phones: Sequence[Phone], n_frames: int, fps: int = 25) -> Motion:
    """What the rules do with these phones, lips sealed, in the neutral style. samples: [N]; phones: seconds."""
    mouth = articulate(phones, n_frames, fps, measure_loudness(samples, n_frames, fps), NEUTRAL)
    return Motion(mouth.sealed(), FACE, float(fps))


def score_lips(name: str, motion: Motion, reference: Motion, phones: Sequence[Phone]) -> LipsScore:
    """Judge a face by its ARKit curves. reference: `reference_lips` of the same frames; phones: gap-free, seconds.

    Raises MotionError if the motion lacks a channel of LIPS, or has another length or rate than the reference.
    """
    missing = [channel for channel in LIPS if channel not in motion.channels]
    if missing:
        raise MotionError(
            f"motion lacks {', '.join(missing)}; expected ARKit's channels of jaw and mouth, by name: "
            "give those that this face cannot move as curves of zeros"
        )
    if len(motion) != len(reference) or motion.fps != reference.fps:
        raise MotionError(
            f"motion has {len(motion)} frames at {motion.fps:g} a second, its reference {len(reference)} at "
            f"{reference.fps:g}; expected the same: resample the motion"
        )
    speech = spoken_frames(phones, len(motion), motion.fps)
    return LipsScore(
        name,
        closures=find_events(closed_lips(motion), phones, BILABIAL, motion.fps, rest=True),
        bites=find_events(bitten_lip(motion), phones, LABIODENTAL, motion.fps, rest=False),
        following={channel: follow(motion[channel], reference[channel], motion.fps, speech) for channel in LIPS},
        silence=motion["jawOpen"][silent_frames(phones, len(motion), motion.fps)],
        jitter=jitter(motion.select(LIPS).values),
        reference_jitter=jitter(reference.select(LIPS).values),
    )


def spoken_frames(phones: Sequence[Phone], n_frames: int, fps: float) -> Frames:
    """Indices of frames that lie within MARGIN of speech."""
    spoken = [phone for phone in phones if phone.label != SILENCE]
    return np.flatnonzero(near_any(np.arange(n_frames) / fps, spoken, MARGIN))


def silent_frames(phones: Sequence[Phone], n_frames: int, fps: float) -> Frames:
    """Indices of frames in silences of SILENT or more, SETTLING away from speech."""
    times = np.arange(n_frames) / fps
    silent = np.zeros(n_frames, bool)
    for pause in pauses(phones, SILENT):
        start = pause.start + SETTLING if pause.start > 0.0 else 0.0
        silent |= (times >= start) & (times <= (pause.end - SETTLING if pause is not phones[-1] else pause.end))
    return np.flatnonzero(silent)
