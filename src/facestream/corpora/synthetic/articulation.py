"""Phones and loudness → curves of the mouth, by rule.

Shapes: n motion frames, K articulated segments, G articulators, C = len(FACE) channels.
Each segment pulls its articulators towards targets with a dominance that falls off exponentially around it (M. Cohen and
D. Massaro 1993, "Modeling coarticulation in synthetic visual speech"); the pulls blend by their weighted mean. Lips that
must touch, each other (P B M) or the teeth (F V), are events on top, so that no neighbour can talk them out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facestream.corpora.phones import SILENCE, Phone, fill_gaps
from facestream.corpora.synthetic.styles import Style
from facestream.motion.spaces import seal_lips, vector
from facestream.signals import FACE, Floats

# Channels of each articulator, how fast its dominance falls off before and after a segment (1/s).
ARTICULATORS: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "jaw": (22.0, 20.0, ("jawOpen", "jawForward")),
    "rounding": (12.0, 14.0, ("mouthFunnel", "mouthPucker")),
    "spread": (16.0, 16.0, ("mouthStretchLeft", "mouthStretchRight", "mouthDimpleLeft", "mouthDimpleRight")),
    "lips": (18.0, 18.0, ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
                          "mouthShrugLower", "mouthShrugUpper")),
    "tongue": (24.0, 24.0, ("tongueOut", "tongueTipUp", "tongueTipDown", "tongueUp", "tongueDown", "tongueIn",
                            "tongueRollUp", "tongueWide", "tongueNarrow")),
}  # fmt: skip
# Targets of a segment: jawOpen above the parted lips of any speech, then (funnel, pucker), (stretch, dimple), (lowerDown, upperUp).
# Strengths: dominance in the order of ARTICULATORS. Tongue targets by name.
VOWEL = (1.0, 1.0, 1.0, 1.0, 0.6)
ALVEOLAR = (0.8, 0.15, 0.2, 0.5, 2.0)
SIBILANT = (2.0, 0.3, 0.5, 1.0, 1.6)
HUSHED = (1.6, 1.5, 1.5, 1.0, 1.2)
VELAR = (0.5, 0.12, 0.2, 0.3, 2.0)
LABIAL = (0.9, 0.3, 0.3, 0.8, 0.2)


@dataclass(frozen=True)
class Target:
    """Where one sound wants the mouth, and how much it insists (dominance by articulator)."""

    strength: tuple[float, ...]
    jaw: float
    round: tuple[float, float] = (0.0, 0.0)
    wide: tuple[float, float] = (0.0, 0.0)
    part: tuple[float, float] = (0.0, 0.0)
    others: tuple[tuple[str, float], ...] = ()

    def row(self) -> Floats:
        """The target as one row in FACE's order, [C]."""
        (funnel, pucker), (stretch, dimple), (lower, upper) = self.round, self.wide, self.part
        pairs = {"mouthStretch": stretch, "mouthDimple": dimple, "mouthLowerDown": lower, "mouthUpperUp": upper}
        sides = {name + side: amount for name, amount in pairs.items() for side in ("Left", "Right")}
        return vector({"jawOpen": self.jaw, "mouthFunnel": funnel, "mouthPucker": pucker, **sides, **dict(self.others)})


_UP, _TIP, _LOW = (("tongueUp", 0.6),), (("tongueTipUp", 0.7),), (("tongueDown", 0.4),)
_FRONT, _BACK = (("tongueUp", 0.4), ("tongueWide", 0.3)), (("tongueUp", 0.3), ("tongueIn", 0.3), ("tongueNarrow", 0.2))
_HUSH = (("jawForward", 0.15), ("tongueUp", 0.4), ("tongueWide", 0.2))
TARGETS: dict[str, Target] = {
    "SIL": Target((1.0, 1.0, 1.0, 1.0, 1.0), 0.0),
    "AA": Target(VOWEL, 0.48, (0.0, 0.0), (0.05, 0.0), (0.16, 0.06), _LOW),
    "AE": Target(VOWEL, 0.42, (0.0, 0.0), (0.2, 0.05), (0.24, 0.14), _LOW),
    "AH": Target(VOWEL, 0.28, (0.0, 0.0), (0.08, 0.0), (0.14, 0.05)),
    "AO": Target(VOWEL, 0.38, (0.24, 0.12), (0.0, 0.0), (0.12, 0.04), _LOW),
    "EH": Target(VOWEL, 0.3, (0.0, 0.0), (0.15, 0.04), (0.2, 0.1)),
    "ER": Target(VOWEL, 0.17, (0.18, 0.16), (0.0, 0.0), (0.14, 0.05), _UP),
    "IH": Target(VOWEL, 0.17, (0.0, 0.0), (0.14, 0.04), (0.16, 0.06), _FRONT),
    "IY": Target(VOWEL, 0.12, (0.0, 0.0), (0.3, 0.1), (0.2, 0.1), _FRONT),
    "UH": Target(VOWEL, 0.16, (0.14, 0.28), (0.0, 0.0), (0.08, 0.02), _BACK),
    "UW": Target((1.0, 1.6, 1.4, 1.0, 0.6), 0.09, (0.22, 0.55), (0.0, 0.0), (0.05, 0.0), _BACK),
    "OW": Target((1.0, 1.3, 1.2, 1.0, 0.6), 0.28, (0.28, 0.28), (0.0, 0.0), (0.1, 0.02), _BACK),
    "T": Target(ALVEOLAR, 0.07, (0.0, 0.0), (0.08, 0.03), (0.12, 0.04), _TIP),
    "N": Target(ALVEOLAR, 0.08, (0.0, 0.0), (0.06, 0.0), (0.12, 0.04), _TIP),
    "L": Target((0.6, 0.2, 0.3, 0.5, 2.0), 0.12, (0.0, 0.0), (0.04, 0.0), (0.14, 0.05), (*_TIP, ("tongueNarrow", 0.3))),
    "S": Target(SIBILANT, 0.02, (0.0, 0.0), (0.16, 0.08), (0.22, 0.08), (("tongueTipUp", 0.35), ("jawForward", 0.05))),
    "SH": Target(HUSHED, 0.03, (0.42, 0.2), (0.0, 0.0), (0.2, 0.1), _HUSH),
    "TH": Target((0.9, 0.25, 0.3, 0.6, 2.0), 0.07, (0.0, 0.0), (0.06, 0.0), (0.14, 0.06), (("tongueOut", 0.22),)),
    "K": Target(VELAR, 0.1, (0.0, 0.0), (0.05, 0.0), (0.12, 0.05), (("tongueUp", 0.7),)),
    "HH": Target((0.15, 0.1, 0.1, 0.15, 0.1), 0.15),
    "R": Target((0.7, 1.0, 0.8, 0.5, 1.2), 0.09, (0.2, 0.24), (0.0, 0.0), (0.12, 0.04), (("tongueUp", 0.3), ("tongueRollUp", 0.3))),
    "W": Target((1.0, 2.2, 1.6, 1.0, 0.6), 0.04, (0.15, 0.68), (0.0, 0.0), (0.02, 0.0), _BACK),
    "Y": Target((1.0, 0.6, 1.2, 0.8, 1.5), 0.07, (0.0, 0.0), (0.22, 0.06), (0.14, 0.06), _FRONT),
    "F": Target((1.0, 0.4, 0.4, 1.5, 0.3), 0.03, (0.0, 0.0), (0.06, 0.0), (0.0, 0.12)),
    "P": Target(LABIAL, 0.06),
}  # fmt: skip
# Sounds that look alike share a target; a diphthong is two, one after the other.
LOOKS: dict[str, tuple[str, ...]] = {label: (label,) for label in TARGETS} | {
    "D": ("T",), "Z": ("S",), "ZH": ("SH",), "CH": ("SH",), "JH": ("SH",), "DH": ("TH",), "G": ("K",), "NG": ("K",),
    "V": ("F",), "B": ("P",), "M": ("P",),
    "AW": ("AA", "UW"), "AY": ("AA", "IY"), "EY": ("EH", "IY"), "OY": ("AO", "IY"), "OW": ("OW", "UW"),
}  # fmt: skip
# Share of the sound during which the lips touch: P's breath and B's burst belong to the sound but the lips have parted.
CLOSED: dict[str, float] = {"P": 0.65, "B": 0.8, "M": 0.95}
BITTEN: dict[str, float] = {"F": 0.9, "V": 0.9}
HOLD = 0.05  # seconds, at most, that neighbours begin to reach into a sound
RAMP = (0.05, 0.06)  # seconds to close, to part
ANTICIPATION, RELEASE = 0.14, 0.18  # seconds the mouth moves before the first sound, after the last
SPEECH_JAW = 0.065  # jawOpen of speech at its least
LOUDNESS_GAIN = (0.35, 0.9)  # jaw = target x (a + b loudness)
# Lower lip against the upper teeth: what a bite takes away, in shares, and what it adds.
_UNBITTEN = vector({"jawOpen": 0.5, "mouthFunnel": 0.3, "mouthPucker": 0.3, "mouthLowerDownLeft": 1.0, "mouthLowerDownRight": 1.0})
_BITTEN = vector({"jawOpen": 0.5 * SPEECH_JAW, "mouthRollLower": 0.55, "mouthUpperUpLeft": 0.1, "mouthUpperUpRight": 0.1})


@dataclass(frozen=True)
class Articulation:
    """The mouth of an utterance. values: [n, C] with the lips not yet sealed (all but the mouth's channels 0); seal: [n], 1 on
    closed lips; labiodental: [n], 1 where the lower lip meets the teeth; presence: [n], 1 in speech, 0 at rest.
    """

    values: Floats
    seal: Floats
    labiodental: Floats
    presence: Floats

    def sealed(self) -> Floats:
        """The finished curves, [n, C]."""
        return seal_lips(self.values, self.seal)


def articulate(phones: Sequence[Phone], n_frames: int, fps: float, loudness: Floats | None, style: Style) -> Articulation:
    """Move the mouth through these phones; frame t is the instant t / fps.

    phones: in order of time, seconds; what they leave uncovered is silence. loudness: [n], 0..1 (None: all sounds equally loud).
    """
    times = np.arange(n_frames) / fps
    spoken = [phone for phone in phones if phone.label != SILENCE and phone.start * fps < n_frames]
    presence = _presence(spoken, times)
    values = _blend(phones, times) * _amplitude(style)
    jaw = FACE.index("jawOpen")
    if loudness is not None:
        values[:, jaw] *= LOUDNESS_GAIN[0] + LOUDNESS_GAIN[1] * loudness
    values[:, jaw] += SPEECH_JAW
    bite = _events(spoken, BITTEN, times, fps)[:, None]
    values = values * (1.0 - bite * _UNBITTEN) + bite * _BITTEN
    values *= presence[:, None]
    seal = _events(spoken, CLOSED, times, fps)
    return Articulation(np.clip(values, 0.0, 1.0).astype(np.float32), seal.astype(np.float32), bite[:, 0].astype(np.float32), presence.astype(np.float32))


def _amplitude(style: Style) -> Floats:
    lips = {name: style.lips for group in ("rounding", "spread", "lips") for name in ARTICULATORS[group][2]}
    tongue = {name: 1.0 for name in ARTICULATORS["tongue"][2]}
    return vector({"jawOpen": style.jaw, "jawForward": 1.0, **lips, **tongue})


def _segments(phones: Sequence[Phone], seconds: float) -> tuple[list[str], Floats, Floats]:
    """Targets of the phones with their spans: K names, starts [K], ends [K]; diphthongs are halved, gaps are silence."""
    names: list[str] = []
    starts: list[float] = []
    ends: list[float] = []
    for label, start, end in fill_gaps(phones, max(seconds, phones[-1].end if phones else 0.0) + HOLD):
        looks = LOOKS[label]
        step = (end - start) / len(looks)
        for index, look in enumerate(looks):
            names.append(look)
            starts.append(start + index * step)
            ends.append(start + (index + 1) * step)
    return names, np.array(starts), np.array(ends)


def _blend(phones: Sequence[Phone], times: Floats) -> Floats:
    """Targets blended by dominance, [n, C]."""
    names, starts, ends = _segments(phones, float(times[-1]))
    targets = np.stack([TARGETS[name].row() for name in names])
    strengths = np.array([TARGETS[name].strength for name in names])
    margin = np.minimum(0.25 * (ends - starts), HOLD)
    before = np.maximum(starts + margin - times[:, None], 0.0)
    after = np.maximum(times[:, None] - ends + margin, 0.0)
    out = np.zeros((len(times), len(FACE)))
    for index, (lead, lag, channels) in enumerate(ARTICULATORS.values()):
        dominance = strengths[:, index] * np.exp(-lead * before - lag * after)
        columns = [FACE.index(name) for name in channels]
        out[:, columns] = (dominance @ targets[:, columns]) / dominance.sum(axis=1, keepdims=True)
    return out


def _presence(spoken: Sequence[Phone], times: Floats) -> Floats:
    """1 in speech, 0 at rest, [n], with the mouth's anticipation and release."""
    if not spoken:
        return np.zeros(len(times))
    starts, ends = np.array([(phone.start, phone.end) for phone in spoken]).T
    return _bumps(times, starts, ends, np.full(len(spoken), ANTICIPATION), np.full(len(spoken), RELEASE))


def _events(spoken: Sequence[Phone], kinds: dict[str, float], times: Floats, fps: float) -> Floats:
    """1 while the sounds of these kinds touch, 0 elsewhere, [n]. Each reaches 1 on a frame, however short it is."""
    rows = [index for index, phone in enumerate(spoken) if phone.label in kinds]
    if not rows:
        return np.zeros(len(times))
    starts = np.array([spoken[row].start for row in rows])
    ends = np.array([spoken[row].start + kinds[spoken[row].label] * (spoken[row].end - spoken[row].start) for row in rows])
    nearest = np.clip(np.round((starts + ends) / 2 * fps), 0, len(times) - 1) / fps
    # Beside silence the lips come from and go to rest: they part no earlier than the mouth wakes.
    first = np.array([row == 0 or spoken[row].start - spoken[row - 1].end > ANTICIPATION for row in rows])
    last = np.array([row == len(spoken) - 1 or spoken[row + 1].start - spoken[row].end > RELEASE for row in rows])
    rise, fall = np.where(first, ANTICIPATION, RAMP[0]), np.where(last, RELEASE, RAMP[1])
    return _bumps(times, np.minimum(starts, nearest), np.maximum(ends, nearest), rise, fall)


def _bumps(times: Floats, starts: Floats, ends: Floats, rise: Floats, fall: Floats) -> Floats:
    """The highest of smooth bumps that are 1 from start to end, [n]."""
    up = np.clip((times[:, None] - starts + rise) / rise, 0.0, 1.0)
    down = np.clip((ends + fall - times[:, None]) / fall, 0.0, 1.0)
    ramp = np.minimum(up, down)
    return np.asarray((ramp * ramp * (3.0 - 2.0 * ramp)).max(axis=1), np.float64)
