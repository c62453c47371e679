"""Corrective shapes: what two shapes need together beyond their sum.

A corrective's name says what drives it: factors joined by "*", each a channel, "-" before it for its negative values.
Its weight is the product of the factors, each clipped to 0..1; a factor may stand more than once. That is all that a
player of an exported head has to know. "headYaw" alone is such a product, too: a muscle that stands out as the head
turns.

Lips: with weights j of jawOpen and c of mouthClose the gap is (j - c)(1 - c) of the open jaw's: shut when the two are
equal, as ARKit has it, and shut at c = 1 whatever the jaw does.

Shapes: N points, V vertices, C channels, K correctives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from facestream.faces.head.forms import Array
from facestream.faces.mesh import Floats, Indices

Moves = Mapping[str, Array]

_LEAST = 1e-3  # weights below this move nothing by as much as 0.05 mm: they are not worth their time

_LID_DRIVERS = (
    "eyeLookDown", "eyeLookUp", "eyeLookIn", "eyeLookOut", "eyeSquint", "eyeWide", "cheekSquint", "mouthSmile",
    "noseSneer", "browDown",
)  # fmt: skip
# Shares of one shape's displacement that a second one adds (or takes away) while both act: name, shape, share.
_MIXED: tuple[tuple[str, str, tuple[float, float, float]], ...] = (
    # lips cannot be drawn together twice
    ("mouthFunnel*mouthPucker", "mouthFunnel", (-0.75, -0.15, -0.45)),
    # a rounded mouth holds its corners against the cheeks' pull
    ("mouthSmile?*mouthFunnel", "mouthSmile?", (-0.70, -0.30, -0.20)),
    ("mouthSmile?*mouthPucker", "mouthSmile?", (-0.80, -0.35, -0.20)),
    ("mouthStretch?*mouthFunnel", "mouthStretch?", (-0.50, 0.0, -0.20)),
    ("mouthStretch?*mouthPucker", "mouthStretch?", (-0.65, 0.0, -0.20)),
    ("mouthSmile?*mouthStretch?", "mouthStretch?", (-0.45, 0.0, 0.0)),
    ("mouthDimple?*mouthStretch?", "mouthDimple?", (-0.60, 0.0, -0.60)),
    # an open mouth is rounded less
    ("jawOpen*mouthPucker", "mouthPucker", (-0.40, 0.0, -0.15)),
    ("jawOpen*mouthFunnel", "mouthFunnel", (-0.45, -0.30, 0.0)),
    # the upper lip is raised once, however many raise it
    ("mouthSmile?*mouthUpperUp?", "mouthUpperUp?", (0.0, -0.35, -0.80)),
    ("mouthSmile?*noseSneer?", "noseSneer?", (0.0, -0.30, -0.60)),
    ("noseSneer?*mouthUpperUp?", "mouthUpperUp?", (0.0, -0.40, -0.60)),
    ("mouthUpperUp?*mouthFunnel", "mouthUpperUp?", (0.0, -0.45, 0.0)),
    ("noseSneer?*mouthFunnel", "mouthUpperUp?", (0.0, -0.25, 0.0)),
    ("mouthUpperUp?*mouthPucker", "mouthUpperUp?", (0.0, -0.35, 0.0)),
    ("noseSneer?*mouthPucker", "noseSneer?", (0.0, -0.50, -0.60)),
    ("mouthShrugUpper*mouthUpperUp?", "mouthUpperUp?", (0.0, -0.45, -0.40)),
    ("mouthShrugUpper*noseSneer?", "noseSneer?", (0.0, -0.35, -0.40)),
    # a corner goes one way, and no further than the round mouth lets it
    ("mouthSmile?*mouthFrown?", "mouthFrown?", (-0.60, -0.50, -0.60)),
    ("mouth?*mouthFunnel", "mouth?", (-0.40, 0.0, -0.60)),
    ("jawOpen*mouth?", "mouth?", (-0.30, 0.0, -0.30)),
)


def factors(name: str) -> tuple[tuple[str, float], ...]:
    """What drives a corrective: its channels, each with the sign of the values that count."""
    return tuple((part.removeprefix("-"), -1.0 if part.startswith("-") else 1.0) for part in name.split("*"))


def correctives(moves: Moves, lid_moves: Moves) -> dict[str, Array]:
    """Displacements [N, 3] of the skin by corrective name. moves: of all shapes; lid_moves: the lids' part of them."""
    close = moves["mouthClose"]
    found = {"mouthClose*mouthClose": -close, "jawOpen*mouthClose": close, "jawOpen*tongueOut": -moves["tongueOut"]}
    for name, shape, share in _MIXED:
        for side in ("Left", "Right") if "?" in name else ("",):
            own = shape.replace("?", side)
            found[name.replace("?", side)] = np.array(share) * (moves[own] - lid_moves.get(own, 0.0))
    return found | blink_correctives(lid_moves)


def blink_correctives(lid_moves: Moves) -> dict[str, Array]:
    """A lid that is shut stays where it is, whatever else would move it: [N, 3] by corrective name."""
    names = [(name + side, side) for name in _LID_DRIVERS for side in ("Left", "Right")]
    return {f"eyeBlink{side}*{name}": -lid_moves[name] for name, side in names if name in lid_moves}


class Products:
    """Weights of correctives from values of channels. used: names of those whose factors are all among the channels."""

    def __init__(self, names: Iterable[str], channels: Sequence[str]) -> None:
        self.used = [name for name in names if all(channel in channels for channel, _ in factors(name))]
        longest = max((len(factors(name)) for name in self.used), default=1)
        one = 2 * len(channels)  # column of the constant 1
        self._columns: Indices = np.full((len(self.used), longest), one, np.int32)
        for row, name in enumerate(self.used):
            for place, (channel, sign) in enumerate(factors(name)):
                self._columns[row, place] = channels.index(channel) + (len(channels) if sign < 0 else 0)

    def __call__(self, values: Floats) -> Floats:
        """Values [C] to weights [K]."""
        clipped = np.concatenate([values, -values, np.ones(1, np.float32)]).clip(0, 1)
        weights = clipped[self._columns].prod(axis=1)
        weights[weights < _LEAST] = 0.0
        return np.asarray(weights)
