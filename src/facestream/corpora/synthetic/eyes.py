"""Eyes of a speaking face: glances and blinks, drawn one by one.

Shapes: n motion frames, C = len(FACE) channels.
Ranges follow people in conversation: blinks every 2 to 6 s, closing in about 90 ms and opening in about 200; glances
of a few to 15 degrees.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facestream.corpora.phones import Phone
from facestream.corpora.synthetic.prosody import Reals
from facestream.corpora.synthetic.styles import Style
from facestream.motion.spaces import vector

# An eye at full eyeLook weight is turned by this much, radians; the rotation channels are this map of the weights.
EYE_YAW, EYE_PITCH = float(np.radians(30.0)), float(np.radians(25.0))
BLINK_CLOSE, BLINK_HOLD, BLINK_OPEN = 0.09, 0.04, 0.2  # seconds


def glance(times: Reals, style: Style, rng: np.random.Generator) -> tuple[Reals, list[float]]:
    """Where eyes look, (yaw, pitch) in radians from whom they talk to, [n, 2]; and the instants of large glances."""
    gaze = rng.normal(size=(1, 2)) * np.radians(0.6) * np.ones((len(times), 1))
    glances: list[float] = []
    clock, away = float(rng.exponential(1.0)), False
    while clock < times[-1]:
        away = not away and rng.random() < style.gaze / 60.0
        spread = np.radians([9.0, 5.0]) if away else np.radians([1.3, 0.9])
        aim = np.clip(rng.normal(size=2) * spread, -0.3, 0.3)
        if away:
            glances.append(clock)
        reach = np.clip((times - clock) / 0.06, 0.0, 1.0)[:, None]
        gaze = gaze * (1.0 - reach) + aim * reach
        clock += float(rng.uniform(0.4, 1.1) if away else rng.uniform(0.35, 1.6))
    return np.asarray(gaze), glances


def turn_eyes(turn: Reals) -> Reals:
    """Both eyes turned by (yaw, pitch), [n, 2] radians → eyeLook weights and eye rotations that agree, [n, C]."""
    yaw, pitch = np.clip(turn[:, :1] / EYE_YAW, -1.0, 1.0), np.clip(turn[:, 1:] / EYE_PITCH, -1.0, 1.0)
    left, right = np.maximum(yaw, 0.0), np.maximum(-yaw, 0.0)
    down, up = np.maximum(pitch, 0.0), np.maximum(-pitch, 0.0)
    return np.asarray(
        left * vector({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0})
        + right * vector({"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0})
        + down * vector({"eyeLookDownLeft": 1.0, "eyeLookDownRight": 1.0})
        + up * vector({"eyeLookUpLeft": 1.0, "eyeLookUpRight": 1.0})
        + yaw * vector({"leftEyeYaw": EYE_YAW, "rightEyeYaw": EYE_YAW})
        + pitch * vector({"leftEyePitch": EYE_PITCH, "rightEyePitch": EYE_PITCH})
    )


def blink(
    times: Reals, style: Style, glances: Sequence[float], pauses: Sequence[Phone], rng: np.random.Generator
) -> Reals:
    """Lids, [n]: 1 is shut. Log-normal intervals, drawn to pauses and large glances; every blink is shut on a frame."""
    out = np.zeros(len(times))
    mean, spread = 60.0 / style.blinks, 0.55
    invitations = sorted([*glances, *(pause.start + 0.05 for pause in pauses)])
    clock = float(rng.uniform(0.3, mean))
    step = float(times[1]) if len(times) > 1 else 0.04
    while clock < times[-1]:
        near = [instant for instant in invitations if abs(instant - clock) < 0.7]
        if near and rng.random() < 0.7:
            clock = max(near[0], 0.0)
        shut = round(clock / step) * step
        depth = np.minimum(1.0 - (shut - times) / BLINK_CLOSE, 1.0 - (times - shut - BLINK_HOLD) / BLINK_OPEN)
        lids = np.clip(depth, 0.0, 1.0)
        out = np.maximum(out, lids * lids * (3.0 - 2.0 * lids))
        clock = shut + max(0.6, float(rng.lognormal(np.log(mean) - spread**2 / 2, spread)))
    return out
