"""What a face does besides speaking: head, brows, lids, gaze, mood.

Shapes: n motion frames, C = len(FACE) channels.
Accents are found in the voice, everything slow is smoothed noise: head turns of a few degrees, a posture for every
phrase, nods and raised brows on accented syllables, a mood that drifts. The eyes are in eyes.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facestream.corpora.phones import SILENCE, VOWELS, Phone
from facestream.corpora.synthetic.eyes import blink, glance, turn_eyes
from facestream.corpora.synthetic.prosody import Prosody, Reals
from facestream.corpora.synthetic.styles import Style
from facestream.motion.spaces import vector
from facestream.signals import FACE, Floats

NOD = float(np.radians(4.0))  # nose down on a strong accent
PAUSE = 0.25  # seconds of silence that invite a blink and a new posture


def live(
    n_frames: int, fps: float, prosody: Prosody, phones: Sequence[Phone], style: Style, rng: np.random.Generator
) -> Floats:
    """Everything but the mouth, [n, C] (the mouth's channels are 0), for this prosody. Same rng, same face."""
    if not n_frames:
        return np.zeros((0, len(FACE)), np.float32)
    times = np.arange(n_frames) / fps
    accents = _accents(prosody, phones, fps)
    pauses = [phone for phone in phones if phone.label == SILENCE and phone.end - phone.start > PAUSE]
    out = np.zeros((n_frames, len(FACE)))
    head = _head(times, prosody, accents, pauses, style, rng)
    for column, name in enumerate(("headYaw", "headPitch", "headRoll")):
        out[:, FACE.index(name)] = head[:, column]
    gaze, glances = glance(times, style, rng)
    out += turn_eyes(gaze - 0.8 * head[:, :2])  # eyes stay on whom they talk to while the head moves
    out += blink(times, style, glances, pauses, rng)[:, None] * vector({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})
    out += _brows(times, accents, style, rng)
    out += _mood(times, fps, style, rng)
    rotations = len(FACE) - 9
    out[:, :rotations] = np.clip(out[:, :rotations], 0.0, 1.0)
    face: Floats = out.astype(np.float32)
    return face


def _accents(prosody: Prosody, phones: Sequence[Phone], fps: float) -> Reals:
    """Syllables that stand out, [A, 2] of (seconds, strength 0..1): vowels louder and higher than those around."""
    vowels = [phone for phone in phones if phone.label in VOWELS]
    centres = np.array([(phone.start + phone.end) / 2 for phone in vowels])
    frames = np.round(centres * fps).astype(int)
    centres, frames = centres[frames < len(prosody.loudness)], frames[frames < len(prosody.loudness)]
    if not len(frames):
        return np.zeros((0, 2))
    lengths = np.array([phone.end - phone.start for phone in vowels])[: len(frames)]
    weight = _standard(prosody.loudness[frames]) + _standard(prosody.pitch[frames]) + 0.7 * _standard(lengths)
    around = np.pad(weight, 1, constant_values=-np.inf)
    peak = (weight >= around[:-2]) & (weight > around[2:]) & (weight > 0.5)
    return np.stack([centres[peak], np.clip(weight[peak] / 3.5, 0.0, 1.0)], axis=1)


def _standard(values: Reals) -> Reals:
    return np.asarray((values - values.mean()) / (values.std() + 1e-3))


def _head(
    times: Reals, prosody: Prosody, accents: Reals, pauses: Sequence[Phone], style: Style, rng: np.random.Generator
) -> Reals:
    """Yaw, pitch, roll in radians, [n, 3]: sway, a posture for every phrase, nods on accents, a lift with the voice."""
    n, step = len(times), float(times[1]) if len(times) > 1 else 0.04
    slow = np.stack([_noise(n, seconds / step, rng) for seconds in (1.1, 0.9, 1.3)], axis=1)
    sway = slow * np.radians([1.7, 1.3, 1.2])
    tremor = np.stack([_noise(n, 0.25 / step, rng) for _ in range(3)], axis=1) * np.radians([0.25, 0.3, 0.2])
    turns = [0.0, *((pause.start + pause.end) / 2 for pause in pauses)]
    postures = rng.normal(size=(len(turns), 3)) * np.radians([3.4, 1.9, 2.4])
    posture = postures[np.searchsorted(turns, times, side="right") - 1]
    posture = np.stack([_smooth(posture[:, axis], 0.28 / step) for axis in range(3)], axis=1)
    speech = _smooth(prosody.loudness, 0.2 / step)
    lift = -np.radians(0.35) * _smooth(prosody.pitch, 0.15 / step) - np.radians(1.2) * (speech - speech.mean())
    head = sway + tremor + posture
    head[:, 1] += lift
    if len(accents):
        # A nod: down onto the accent in 0.15 s, back in 0.3 s, with a smaller lift before it.
        since = times[:, None] - accents[:, 0]
        strength = accents[:, 1] * (rng.random(len(accents)) < 0.55) * rng.uniform(0.4, 1.3, len(accents)) * NOD
        nod = np.exp(-((since / np.where(since < 0, 0.11, 0.2)) ** 2)) - 0.35 * np.exp(-(((since + 0.3) / 0.14) ** 2))
        tilt = np.exp(-((since / 0.3) ** 2)) @ (strength * rng.normal(0.0, 0.3, len(accents)))
        head[:, 1] += nod @ strength
        head[:, 2] += tilt
        head[:, 0] += np.exp(-((since / 0.25) ** 2)) @ (strength * rng.normal(0.0, 0.35, len(accents)))
    breath = np.radians(0.25) * np.sin(2 * np.pi * (times / rng.uniform(3.2, 4.6) + rng.random()))
    head[:, 1] += breath
    return np.asarray(head * style.head)


def _brows(times: Reals, accents: Reals, style: Style, rng: np.random.Generator) -> Reals:
    """Raised brows on some accents, [n, C]."""
    chosen = accents[rng.random(len(accents)) < style.accents]
    since = times[:, None] - chosen[:, 0] + 0.05
    bumps = np.exp(-((since / np.where(since < 0, 0.12, 0.3)) ** 2))
    raised = np.minimum(bumps @ (chosen[:, 1] * rng.uniform(0.25, 0.75, len(chosen))), 0.8)[:, None]
    return np.asarray(
        raised
        * vector(
            {
                "browInnerUp": 0.8,
                "browOuterUpLeft": 0.65,
                "browOuterUpRight": 0.65,
                "eyeWideLeft": 0.15,
                "eyeWideRight": 0.15,
            }
        )
    )


def _mood(times: Reals, fps: float, style: Style, rng: np.random.Generator) -> Reals:
    """Smile and brows at rest, drifting slowly, [n, C]."""
    drift = 0.25 * _noise(len(times), 2.5 * fps, rng)
    smile = style.smile + (abs(style.smile) + 0.04) * drift
    brows = style.brows + 0.04 * _noise(len(times), 2.0 * fps, rng)
    skew = 0.06 * rng.normal()
    up, down = np.maximum(smile, 0.0)[:, None], np.maximum(-smile, 0.0)[:, None]
    return np.asarray(
        up
        * vector(
            {
                "mouthSmileLeft": 1.0 + skew,
                "mouthSmileRight": 1.0 - skew,
                "cheekSquintLeft": 0.4,
                "cheekSquintRight": 0.4,
            }
        )
        + up * vector({"eyeSquintLeft": 0.25, "eyeSquintRight": 0.25})
        + down * vector({"mouthFrownLeft": 1.0, "mouthFrownRight": 1.0})
        + np.maximum(brows, 0.0)[:, None]
        * vector({"browInnerUp": 1.0, "browOuterUpLeft": 0.5, "browOuterUpRight": 0.5})
        + np.maximum(-brows, 0.0)[:, None] * vector({"browDownLeft": 1.0, "browDownRight": 1.0})
    )


def _smooth(values: Reals, frames: float) -> Reals:
    """Low-pass by a Gaussian of this many frames (standard deviation), the ends held, [n]."""
    reach = min(int(np.ceil(3.0 * frames)), 400)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(frames, 1e-3)) ** 2)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), mode="valid")


def _noise(n: int, frames: float, rng: np.random.Generator) -> Reals:
    """Smooth noise of unit deviation whose features last about this many frames, [n]."""
    reach = min(int(np.ceil(3.0 * frames)), 400)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(frames, 1e-3)) ** 2)
    return np.convolve(rng.normal(size=n + 2 * reach), kernel / np.sqrt((kernel**2).sum()), mode="valid")
