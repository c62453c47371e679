"""Where each sound wants the mouth.

Shapes: C = len(FACE) channels.
"""

from __future__ import annotations

from dataclasses import dataclass

from facestream.corpora.phones import SILENCE
from facestream.motion.spaces import vector
from facestream.signals import FACE, Floats


def _both(*names: str) -> tuple[str, ...]:
    return tuple(name + side for name in names for side in ("Left", "Right"))


@dataclass(frozen=True)
class Articulator:
    """One moving part. lead, lag: how fast its dominance falls off before and after a segment, 1/s.

    wake, rest: seconds it begins before the first sound and ends after the last. channels: the curves it moves.
    """

    lead: float
    lag: float
    wake: float
    rest: float
    channels: tuple[str, ...]


# Fitted to captured speech (recipes/fit_articulation.py on three recordings of FACEGOOD-Audio2Face, MIT): the rates lie
# in its flat optimum; there rounded lips start 70 to 90 ms before the sound, rolled ones 75 to 120 ms, the jaw 30 ms.
ARTICULATORS: dict[str, Articulator] = {
    "jaw": Articulator(34.0, 24.0, 0.07, 0.1, ("jawOpen", "jawForward")),
    "rounding": Articulator(16.0, 18.0, 0.15, 0.14, ("mouthFunnel", "mouthPucker")),
    "spread": Articulator(16.0, 16.0, 0.13, 0.14, _both("mouthStretch", "mouthDimple")),
    "lips": Articulator(22.0, 22.0, 0.13, 0.13, _both("mouthLowerDown", "mouthUpperUp")),
    "tongue": Articulator(24.0, 24.0, 0.1, 0.12, (
        "tongueOut", "tongueTipUp", "tongueUp", "tongueDown", "tongueIn", "tongueRollUp", "tongueWide", "tongueNarrow",
    )),
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """Where one sound wants the mouth, and how much it insists.

    strength: its dominance, in the order of ARTICULATORS. jaw: jawOpen beyond that of any speech. round: (mouthFunnel,
    mouthPucker). wide: (mouthStretch, mouthDimple). part: (mouthLowerDown, mouthUpperUp). others: channels by name.
    """

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


# How much a class of sounds insists, in the order of ARTICULATORS.
VOWEL = (1.0, 1.0, 1.0, 1.0, 0.6)
ALVEOLAR = (0.8, 0.15, 0.2, 0.5, 2.0)
SIBILANT = (2.0, 0.3, 0.5, 1.0, 1.6)
HUSHED = (1.6, 1.5, 1.5, 1.0, 1.2)
VELAR = (0.5, 0.12, 0.2, 0.3, 2.0)
LABIAL = (0.9, 0.3, 0.3, 0.8, 0.2)


_UP, _TIP, _LOW = (("tongueUp", 0.6),), (("tongueTipUp", 0.7),), (("tongueDown", 0.4),)
_FRONT, _BACK = (("tongueUp", 0.4), ("tongueWide", 0.3)), (("tongueUp", 0.3), ("tongueIn", 0.3), ("tongueNarrow", 0.2))
_HUSH = (("jawForward", 0.15), ("tongueUp", 0.4), ("tongueWide", 0.2))
# Amounts at full loudness. The order of jaw, rounding and parting follows the captured speaker, as heard by a phone
# recogniser; their size was set until mean, deviation, p95 and peak speed of the rules met the captured ones. Spread
# lips and the tongue, which were not captured, are phonetic judgement.
TARGETS: dict[str, Target] = {
    SILENCE: Target((1.0, 1.0, 1.0, 1.0, 1.0), 0.0),
    "AA": Target(VOWEL, 0.58, (0.0, 0.0), (0.04, 0.0), (0.0, 0.0), _LOW),
    "AE": Target(VOWEL, 0.48, (0.0, 0.0), (0.18, 0.05), (0.07, 0.04), _LOW),
    "AH": Target(VOWEL, 0.35, (0.0, 0.0), (0.06, 0.0), (0.02, 0.0)),
    "AO": Target(VOWEL, 0.39, (0.26, 0.24), (0.0, 0.0), (0.01, 0.0), _LOW),
    "EH": Target(VOWEL, 0.34, (0.0, 0.0), (0.15, 0.04), (0.08, 0.03)),
    "ER": Target(VOWEL, 0.2, (0.2, 0.2), (0.0, 0.0), (0.03, 0.0), _UP),
    "IH": Target(VOWEL, 0.2, (0.0, 0.0), (0.14, 0.04), (0.14, 0.05), _FRONT),
    "IY": Target(VOWEL, 0.13, (0.0, 0.0), (0.28, 0.1), (0.22, 0.08), _FRONT),
    "UH": Target(VOWEL, 0.18, (0.14, 0.4), (0.0, 0.0), (0.0, 0.0), _BACK),
    "UW": Target((1.0, 1.6, 1.4, 1.0, 0.6), 0.1, (0.26, 0.64), (0.0, 0.0), (0.0, 0.0), _BACK),
    "OW": Target((1.0, 1.3, 1.2, 1.0, 0.6), 0.3, (0.3, 0.4), (0.0, 0.0), (0.0, 0.0), _BACK),
    "T": Target(ALVEOLAR, 0.07, (0.03, 0.0), (0.08, 0.03), (0.06, 0.02), _TIP),
    "N": Target(ALVEOLAR, 0.08, (0.0, 0.0), (0.06, 0.0), (0.03, 0.0), _TIP),
    "L": Target((0.6, 0.2, 0.3, 0.5, 2.0), 0.12, (0.0, 0.0), (0.04, 0.0), (0.02, 0.0), (*_TIP, ("tongueNarrow", 0.3))),
    "S": Target(SIBILANT, 0.02, (0.08, 0.0), (0.16, 0.08), (0.24, 0.07), (("tongueTipUp", 0.35), ("jawForward", 0.05))),
    "SH": Target(HUSHED, 0.03, (0.42, 0.2), (0.0, 0.0), (0.26, 0.12), _HUSH),
    "TH": Target((0.9, 0.25, 0.3, 0.6, 2.0), 0.07, (0.0, 0.0), (0.06, 0.0), (0.08, 0.04), (("tongueOut", 0.22),)),
    "K": Target(VELAR, 0.11, (0.0, 0.0), (0.05, 0.0), (0.03, 0.0), (("tongueUp", 0.7),)),
    "HH": Target((0.15, 0.1, 0.1, 0.15, 0.1), 0.15),
    "R": Target((0.7, 1.0, 0.8, 0.5, 1.2), 0.1, (0.22, 0.26), (0.0, 0.0), (0.02, 0.0),
                (("tongueUp", 0.3), ("tongueRollUp", 0.3))),
    "W": Target((1.0, 2.2, 1.6, 1.0, 0.6), 0.04, (0.16, 0.74), (0.0, 0.0), (0.0, 0.0), _BACK),
    "Y": Target((1.0, 0.6, 1.2, 0.8, 1.5), 0.07, (0.0, 0.0), (0.2, 0.06), (0.14, 0.05), _FRONT),
    "F": Target((1.0, 0.4, 0.4, 1.5, 0.3), 0.03, (0.0, 0.0), (0.06, 0.0), (0.0, 0.1)),
    "P": Target(LABIAL, 0.05),
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
CHANNELS: dict[str, list[int]] = {
    part: [FACE.index(name) for name in moved.channels] for part, moved in ARTICULATORS.items()
}
ROWS: dict[str, Floats] = {name: target.row() for name, target in TARGETS.items()}
