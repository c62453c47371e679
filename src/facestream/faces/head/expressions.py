"""How the skin moves: one displacement field a face shape, and the jaw.

A field takes the neutral points and returns their displacement at weight 1. Fields are smooth functions of the place
on the face; only beside the mouth's seam they tell its upper from its lower side. The lids are different: they slide,
so their vertices are moved within the face's height field and put back onto it.

What the shapes mean follows the descriptions of ARFaceAnchor.BlendShapeLocation (developer.apple.com). The jaw's
opening and `mouthClose` are made together: the lips' seam meets at the same points from both sides, so equal weights
always seal it.

Shapes: N points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facestream.faces.head.forms import Array, bump, pitched, step
from facestream.faces.head.skin import MOUTH_HALF, MOUTH_Y, half_width, seam

JAW_HINGE = (-0.46, -0.10)
JAW_ANGLE = 0.42
JAW_ADVANCE = 0.05
CORNER_DROP = 0.42  # how far the mouth's corners follow the jaw
UPPER_SHARE = 0.25  # how much of the gap the upper lip closes


def jaw_drop(points: Array, share: Array | float = 1.0) -> Array:
    """Displacement of points [N, 3] by the open jaw: turned about its hinge and slid forward, by share [N] of the
    whole.
    """
    part = np.broadcast_to(np.asarray(share, np.float64), points.shape[:1])
    turned = pitched(points, JAW_HINGE, part * JAW_ANGLE)
    return np.asarray(turned - points + part[:, None] * np.array((0, 0, JAW_ADVANCE)))


@dataclass(frozen=True)
class Face:
    """Places on the face, all [N].

    x, y, z: the neutral points; side: of the mouth's seam, -1 below, 1 above; u: distance from the middle in half mouth
    widths; t: height above the seam; ahead: 1 on the face, 0 on the back of the head; inside: 1 in the mouth's middle,
    falling as a circle does to 0 at its corners.
    """

    x: Array
    y: Array
    z: Array
    side: Array
    u: Array
    t: Array
    ahead: Array
    inside: Array

    @classmethod
    def at(cls, points: Array, side: Array) -> Face:
        """Places of points [N, 3] on the given side [N] of the seam."""
        x, y, z = points.T
        u = np.abs(x) / MOUTH_HALF
        return cls(x, y, z, side, u, y - seam(x), step(-0.05, 0.30, z), np.sqrt(np.clip(1 - u**2, 0, 1)))

    @property
    def points(self) -> Array:
        """[N, 3]."""
        return np.stack([self.x, self.y, self.z], -1)

    def half(self, left: bool, soft: float = 0.10) -> Array:
        """1 on one half of the face, 0 on the other, smooth across the middle."""
        return step(-soft, soft, self.x if left else -self.x)

    def mouth(self, reach: float = 2.2, height: float = 0.17) -> Array:
        """1 on the lips, falling to 0 at `reach` mouth widths or lip heights."""
        return (1 - step(0.9, reach, np.hypot(self.u, self.t / height))) * self.ahead

    def lip(self, above: bool, reach: float) -> Array:
        """1 on one lip, falling to 0 at `reach` beyond it; 0 on the other lip and at the mouth's corners."""
        here = self.side > 0 if above else self.side < 0
        return np.where(here, self.inside * (1 - step(0.06, 0.06 + reach, np.abs(self.t))), 0.0) * self.ahead

    def corner(self, left: bool, reach: tuple[float, float] = (0.20, 0.20)) -> Array:
        """Hill on one corner of the mouth."""
        sign = 1.0 if left else -1.0
        return bump(sign * self.x, self.y, (MOUTH_HALF * 0.97, MOUTH_Y + 0.03), reach) * self.ahead

    def hill(self, left: bool, at: tuple[float, float], reach: tuple[float, float]) -> Array:
        """Hill on one side of the face."""
        return bump(self.x if left else -self.x, self.y, at, reach) * self.ahead


def _middle(face: Face) -> Array:
    """How far each place follows its own lip instead of the mouth's corners: as round as the opening on the seam, wider
    further away, so that no edge is left above and below the corners.
    """
    away = step(0.0, 0.16, np.abs(face.t))
    return face.inside * (1 - away) + (1 - step(0.15, 1.45, face.u)) * away


def jaw_share(face: Face) -> Array:
    """How far each place follows the jaw's opening, [N], 0..1."""
    middle, beside = _middle(face), 1 - step(1.0, 2.3, face.u)
    upper = CORNER_DROP * (1 - middle) ** 1.2 * beside * (1 - step(0.0, 0.40, face.t))
    lower = (CORNER_DROP + (1 - CORNER_DROP) * middle) * beside
    below = step(0.02, 0.26, -face.t)
    return np.where(face.side > 0, upper, lower * (1 - below) + _chin(face) * below) * face.ahead


def _chin(face: Face) -> Array:
    """1 on the jaw's front, 0 at its angles and below the throat."""
    return (1 - step(0.45, 0.98, np.abs(face.x) / half_width(face.y))) * step(-1.55, -1.08, face.y)


def slide_share(face: Face) -> Array:
    """How far each place follows a jaw that slides, [N]: shut lips stay together, the chin goes all the way."""
    lips = 0.6 * (1 - step(0.9, 2.4, face.u)) * (1 - step(0.0, 0.34, face.t))
    below = step(0.0, 0.20, -face.t)
    return (lips * (1 - below) + _chin(face) * below) * face.ahead


def _jaw_open(face: Face) -> Array:
    moved = jaw_drop(face.points, jaw_share(face))
    # the corners are drawn inwards as the mouth opens
    moved[:, 0] -= 0.16 * face.x * face.mouth(1.9, 0.25) * np.clip(face.u, 0, 1) ** 2
    # the larynx sinks a little
    moved[:, 1] -= 0.012 * _larynx(face)
    return moved


def _larynx(face: Face) -> Array:
    return bump(face.x, face.y, (0, -1.30), (0.13, 0.15)) * face.ahead


def _mouth_close(face: Face) -> Array:
    """What brings the lips together again under a jaw that is open all the way."""
    middle = _middle(face)
    line = np.stack([face.x, seam(face.x), face.z], -1)
    low, high = (
        jaw_drop(line, CORNER_DROP + (1 - CORNER_DROP) * middle),
        jaw_drop(line, CORNER_DROP * (1 - middle) ** 1.2),
    )
    meet = high + UPPER_SHARE * (low - high)
    beside = (1 - step(1.0, 2.3, face.u)) * face.ahead
    up = (meet - high) * (np.where(face.side > 0, 1 - step(0.0, 0.30, face.t), 0) * beside)[:, None]
    down = (meet - low) * (np.where(face.side < 0, 1 - step(0.06, 0.42, -face.t), 0) * beside)[:, None]
    return up + down


def _move(face: Face, x: Array | float = 0.0, y: Array | float = 0.0, z: Array | float = 0.0) -> Array:
    return np.stack([np.broadcast_to(np.asarray(part, np.float64), face.x.shape) for part in (x, y, z)], -1)


def _rounded(face: Face, narrow: float, forward: float) -> Array:
    """What rounding has in common: the corners come in and forward, the seam's smile is flattened."""
    m = face.mouth(2.4, 0.20)
    flat = seam(np.zeros(1)) - seam(np.clip(face.x, -MOUTH_HALF, MOUTH_HALF))
    return _move(
        face, -narrow * face.x * m, (0.85 * flat - 0.012) * m, (forward + 0.08 * np.clip(face.u, 0, 1.3) ** 2) * m
    )


def _pucker(face: Face) -> Array:
    lips = face.lip(True, 0.10) + face.lip(False, 0.10)
    return _rounded(face, 0.52, 0.140) + _move(face, 0.0, 0.50 * face.t * lips)


def _funnel(face: Face) -> Array:
    lift = 0.080 * face.lip(True, 0.16) - 0.085 * face.lip(False, 0.20)
    return _rounded(face, 0.40, 0.120) + _move(face, 0.0, lift)


def _roll(face: Face, above: bool) -> Array:
    """A lip turns in over its teeth: its border comes to the seam, its seam goes back."""
    lip = face.lip(above, 0.05)
    seamward = np.where(np.abs(face.t) < 0.12, -0.62 * face.t, 0) * lip
    near = 1 - step(0.0, 0.10, np.abs(face.t))
    return _move(face, 0.0, seamward + (-0.010 if above else 0.035) * lip * near, -0.075 * lip * near - 0.020 * lip)


def _press(face: Face, left: bool) -> Array:
    side = face.half(left)
    lips = (face.lip(True, 0.08) + face.lip(False, 0.08)) * side
    return _move(face, 0.0, -0.42 * face.t * lips, -0.022 * lips) + 0.25 * _dimple(face, left)


def _smile(face: Face, left: bool) -> Array:
    sign = 1.0 if left else -1.0
    wide, near = face.corner(left, (0.20, 0.22)), face.corner(left, (0.15, 0.13))
    cheek = face.hill(left, (0.47, -0.27), (0.20, 0.15))
    return _move(face, sign * 0.085 * wide, 0.105 * wide + 0.035 * cheek + 0.012 * near, -0.035 * near + 0.055 * cheek)


def _frown(face: Face, left: bool) -> Array:
    wide = face.corner(left, (0.19, 0.17))
    return _move(face, (0.02 if left else -0.02) * wide, -0.105 * wide, -0.01 * wide)


def _dimple(face: Face, left: bool) -> Array:
    near = face.corner(left, (0.13, 0.12))
    return _move(face, (0.055 if left else -0.055) * near, 0.010 * near, -0.045 * near)


def _stretch(face: Face, left: bool) -> Array:
    wide = face.corner(left, (0.26, 0.18))
    lips = (face.lip(True, 0.08) + face.lip(False, 0.08)) * face.half(left)
    return _move(
        face, (0.115 if left else -0.115) * wide, -0.025 * wide - 0.15 * face.t * lips, -0.020 * wide - 0.012 * lips
    )


def _shrug(face: Face, above: bool) -> Array:
    """The chin's muscle pushes the lower lip up and out; the upper lip rises against the nose."""
    lips = face.lip(True, 0.12) * (1.0 if above else 0.75) + face.lip(False, 0.22)
    chin = 0.0 if above else bump(face.x, face.y, (0, -0.86), (0.20, 0.12)) * face.ahead
    return _move(face, 0.0, 0.045 * lips + 0.040 * chin, 0.022 * lips + 0.012 * chin)


def _lower_down(face: Face, left: bool) -> Array:
    part = face.lip(False, 0.20) * face.half(left, 0.16)
    return _move(face, 0.0, -0.105 * part, -0.010 * part)


def _upper_up(face: Face, left: bool) -> Array:
    part = face.lip(True, 0.20) * face.half(left, 0.16)
    return _move(face, 0.0, 0.085 * part, 0.012 * part)


def _sideways(face: Face, left: bool) -> Array:
    m = face.mouth(2.6, 0.22)
    return _move(face, (0.10 if left else -0.10) * m, 0.0, -0.02 * m * np.clip(face.u, 0, 1.5))


def _cheek_puff(face: Face) -> Array:
    out = bump(np.abs(face.x), face.y, (0.52, -0.47), (0.22, 0.20)) * face.ahead
    lips = face.mouth(1.6, 0.2)
    return _move(face, np.sign(face.x) * 0.10 * out, 0.0, 0.085 * out + 0.015 * lips)


def _cheek_squint(face: Face, left: bool) -> Array:
    cheek = face.hill(left, (0.42, -0.22), (0.22, 0.12))
    return _move(face, 0.0, 0.050 * cheek, 0.030 * cheek)


def _sneer(face: Face, left: bool) -> Array:
    wing, side = face.hill(left, (0.09, -0.24), (0.10, 0.10)), face.hill(left, (0.15, -0.08), (0.10, 0.12))
    lip = face.lip(True, 0.20) * face.half(left, 0.12)
    return _move(face, 0.0, 0.055 * wing + 0.02 * side + 0.022 * lip, 0.010 * wing + 0.018 * side)


def _brow(
    face: Face, at: tuple[float, float], reach: tuple[float, float], up: float, left: bool, inwards: float = 0.0
) -> Array:
    hill = face.hill(left, at, reach)
    return _move(face, (-inwards if left else inwards) * hill, up * hill, -0.25 * abs(up) * hill)


def _inner_up(face: Face) -> Array:
    return _brow(face, (0.13, 0.45), (0.20, 0.20), 0.115, True) + _brow(face, (0.13, 0.45), (0.20, 0.20), 0.115, False)


def skin_shapes(face: Face) -> dict[str, Array]:
    """Displacements [N, 3] by shape name, of all shapes that move more than lids, eyes and tongue."""
    share = jaw_share(face)
    shapes = {
        "jawOpen": _jaw_open(face),
        "mouthClose": _mouth_close(face),
        "jawForward": _move(face, 0.0, 0.0, 0.075 * share),
        "jawLeft": _move(face, 0.085 * share),
        "jawRight": _move(face, -0.085 * share),
        "mouthFunnel": _funnel(face),
        "mouthPucker": _pucker(face),
        "mouthRollLower": _roll(face, False),
        "mouthRollUpper": _roll(face, True),
        "mouthShrugLower": _shrug(face, False),
        "mouthShrugUpper": _shrug(face, True),
        "cheekPuff": _cheek_puff(face),
        "browInnerUp": _inner_up(face),
    }
    for left, name in ((True, "Left"), (False, "Right")):
        shapes |= {
            "mouth" + name: _sideways(face, left),
            "mouthSmile" + name: _smile(face, left),
            "mouthFrown" + name: _frown(face, left),
            "mouthDimple" + name: _dimple(face, left),
            "mouthStretch" + name: _stretch(face, left),
            "mouthPress" + name: _press(face, left),
            "mouthLowerDown" + name: _lower_down(face, left),
            "mouthUpperUp" + name: _upper_up(face, left),
            "cheekSquint" + name: _cheek_squint(face, left),
            "noseSneer" + name: _sneer(face, left),
            "browDown" + name: _brow(face, (0.26, 0.42), (0.26, 0.15), -0.090, left, 0.025),
            "browOuterUp" + name: _brow(face, (0.52, 0.44), (0.30, 0.20), 0.095, left),
        }
    return shapes
