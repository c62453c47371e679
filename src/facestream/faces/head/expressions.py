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
from facestream.faces.head.skin import EYE, MOUTH_HALF, MOUTH_Y, front, half_width, seam

JAW_HINGE = (-0.46, -0.10)
JAW_ANGLE = 0.42
JAW_ADVANCE = 0.05
CORNER_DROP = 0.42  # how far the mouth's corners follow the jaw
UPPER_SHARE = 0.25  # how much of the gap the upper lip closes
JAW_FORWARD, JAW_ASIDE = 0.075, 0.085
TONGUE_JAW = 0.30  # how far the jaw opens for a tongue put out


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
    falling as a circle does to 0 at its corners; calm: 0 round the eyes' openings, where only lids move, 1 elsewhere;
    calmer: the same, for what moves far: it stops on a longer way.
    """

    x: Array
    y: Array
    z: Array
    side: Array
    u: Array
    t: Array
    ahead: Array
    inside: Array
    calm: Array
    calmer: Array

    @classmethod
    def at(cls, points: Array, side: Array) -> Face:
        """Places of points [N, 3] on the given side [N] of the seam."""
        x, y, z = points.T
        u = np.abs(x) / MOUTH_HALF
        inside = np.clip(1 - u**2, 0, 1) ** 0.62
        away = np.hypot((np.abs(x) - EYE[0]) / 0.27, (y - EYE[1]) / 0.19)  # 1 round an eye's opening
        ahead = step(-0.05, 0.30, z)
        return cls(x, y, z, side, u, y - seam(x), ahead, inside, step(1.0, 1.8, away), step(1.0, 2.7, away))

    @property
    def points(self) -> Array:
        """[N, 3]."""
        return np.stack([self.x, self.y, self.z], -1)

    def half(self, left: bool, soft: float = 0.10) -> Array:
        """1 on one half of the face, 0 on the other, smooth across the middle."""
        return step(-soft, soft, self.x if left else -self.x)

    def mouth(self, reach: float = 2.2, height: float = 0.17) -> Array:
        """1 on the lips, falling to 0 at `reach` mouth widths or lip heights."""
        return (1 - step(0.7, reach, np.hypot(self.u, self.t / height))) * self.ahead

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
    upper = CORNER_DROP * (1 - middle) * beside * (1 - step(0.0, 0.30, face.t))
    lower = (CORNER_DROP + (1 - CORNER_DROP) * middle) * beside
    below = step(0.02, 0.26, -face.t)
    return np.where(face.side > 0, upper, lower * (1 - below) + _chin(face) * below) * face.ahead


def _chin(face: Face) -> Array:
    """1 on the jaw's front, 0 at its angles; under the chin it fades: the jaw must not enter the throat."""
    throat = step(-0.90, -1.35, face.y) * (1 - step(0.12, 0.74, face.z))
    side = 1 - step(0.45, 1.0, np.abs(face.x) / half_width(np.maximum(face.y, -0.70)))
    return side * (1 - throat) * step(-1.70, -1.10, face.y)


def slide_share(face: Face) -> Array:
    """How far each place follows a jaw that slides, [N]: shut lips stay together, the chin goes all the way."""
    lips = 0.6 * (1 - step(0.9, 2.4, face.u)) * (1 - step(0.0, 0.34, face.t))
    below = step(0.0, 0.20, -face.t)
    return (lips * (1 - below) + _chin(face) * below) * face.ahead


def _jaw_open(face: Face) -> Array:
    moved = jaw_drop(face.points, jaw_share(face))
    # the corners are drawn inwards as the mouth opens
    moved[:, 0] -= 0.16 * face.x * face.mouth(1.9, 0.25) * step(0.0, 1.3, face.u)
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
        jaw_drop(line, CORNER_DROP * (1 - middle)),
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
    m = face.mouth(2.4, 0.24)
    flat = seam(np.zeros(1)) - seam(np.clip(face.x, -MOUTH_HALF, MOUTH_HALF))
    return _move(
        face, -narrow * face.x * m, (0.85 * flat - 0.012) * m, (forward + 0.08 * np.clip(face.u, 0, 1.3) ** 2) * m
    )


def _pucker(face: Face) -> Array:
    lips = face.lip(True, 0.10) + face.lip(False, 0.10)
    return _rounded(face, 0.52, 0.140) + _move(face, 0.0, 0.50 * _near(face, 0.14) * face.t * lips)


def _funnel(face: Face) -> Array:
    """Lips stand off like a trumpet: apart, and their rims turned out."""
    beside = np.clip(face.u, 0, 1) ** 2  # open near the corners too, as an O is
    above, below = face.lip(True, 0.16) * (1 + 0.2 * beside), face.lip(False, 0.20) * (1 + 0.5 * beside)
    flare = 0.030 * (above + below) * _near(face, 0.09)
    return _rounded(face, 0.40, 0.115) + _move(face, 0.0, 0.085 * above - 0.085 * below, flare)


def _near(face: Face, reach: float) -> Array:
    """1 on the seam, 0 from `reach` above or below it."""
    return 1 - step(0.0, reach, np.abs(face.t))


def _roll(face: Face, above: bool) -> Array:
    """A lip turns in over its teeth: its border comes to the seam, its seam goes back, the skin beyond is drawn in."""
    lip = face.lip(above, 0.16)
    seamward = -0.62 * face.t * (1 - step(0.07, 0.20, np.abs(face.t)))
    seam_up = (-0.010 if above else 0.030) * _near(face, 0.10)
    return _move(face, 0.0, (seamward + seam_up) * lip, -(0.065 * _near(face, 0.10) + 0.018) * lip)


def _press(face: Face, left: bool) -> Array:
    """Lips are pressed flat, the corner dug in, the skin around it swells."""
    side = face.half(left)
    lips = (face.lip(True, 0.10) + face.lip(False, 0.10)) * side
    swell = 0.020 * face.corner(left, (0.16, 0.18)) * step(0.05, 0.16, np.abs(face.t))
    flat = _move(face, 0.0, -0.48 * face.t * (1 - step(0.08, 0.20, np.abs(face.t))) * lips, swell - 0.024 * lips)
    return flat + 0.35 * _dimple(face, left)


def _fold(face: Face, left: bool) -> Array:
    """The crease from the nose's wing round the corner of the mouth, deep along it and full outside: depth, [N]."""
    x = face.x if left else -face.x
    across = x - (0.17 + 0.92 * np.clip(-0.25 - face.y, 0, 1) - 0.55 * np.clip(-0.46 - face.y, 0, 1))
    along = step(-0.16, -0.42, face.y) * step(-0.84, -0.50, face.y) * face.ahead
    return (np.exp(-((across / 0.075) ** 2)) - 0.6 * np.exp(-(((across - 0.15) / 0.120) ** 2))) * along


# How far a shape raises the cheek below the eye, and how far it fills it.
_CHEEK = {
    "mouthSmile": (0.034, 0.048),
    "cheekSquint": (0.045, 0.034),
    "mouthUpperUp": (0.018, 0.018),
    "noseSneer": (0.026, 0.024),
}


def _cheek(face: Face, left: bool, lift: float, swell: float) -> Array:
    """The cheek becomes an apple: it slides up within the face's surface, so that nothing is folded below the eye, and
    swells.
    """
    apple = face.hill(left, (0.43, -0.33), (0.24, 0.21)) * face.calmer
    rise = front(face.x, face.y + lift * apple) - front(face.x, face.y)
    side = 1 - step(0.55, 0.80, np.abs(face.x))  # where the surface turns away, heights do not tell it
    return _move(face, (0.012 if left else -0.012) * apple, lift * apple, rise * side * (apple > 1e-3) + swell * apple)


def _smile(face: Face, left: bool) -> Array:
    """The corner is drawn up and back round the teeth, the cheek is full beside the fold."""
    sign = 1.0 if left else -1.0
    wide, near = face.corner(left, (0.28, 0.27)), face.corner(left, (0.18, 0.17))
    lips = (face.lip(True, 0.08) + face.lip(False, 0.08)) * face.half(left)
    lifted = (0.004 - 0.14 * face.t * _near(face, 0.16)) * lips
    return _move(
        face,
        sign * 0.090 * wide,
        0.096 * wide + 0.016 * near + lifted,
        -0.027 * near - 0.018 * wide,
    )


def _frown(face: Face, left: bool) -> Array:
    """The corner is drawn down, the chin beside it gathers."""
    wide, near = face.corner(left, (0.20, 0.18)), face.corner(left, (0.10, 0.09))
    below = face.hill(left, (0.30, -0.78), (0.13, 0.12))
    sign = 1.0 if left else -1.0
    return _move(face, sign * 0.022 * wide, -0.112 * wide - 0.020 * below, 0.026 * below - 0.020 * near)


def _dimple(face: Face, left: bool) -> Array:
    """The corner is pressed back into the cheek, which swells round it."""
    near, around = face.corner(left, (0.15, 0.15)), face.corner(left, (0.27, 0.27))
    return _move(face, (0.055 if left else -0.055) * near, 0.010 * near, 0.026 * around - 0.066 * near)


def _stretch(face: Face, left: bool) -> Array:
    """The corner is drawn straight back, the lips flatten, the skin down to the jaw follows."""
    wide = face.corner(left, (0.26, 0.20))
    lips = (face.lip(True, 0.08) + face.lip(False, 0.08)) * face.half(left)
    below = face.hill(left, (0.46, -0.80), (0.20, 0.18))
    sign = 1.0 if left else -1.0
    flat = -0.15 * face.t * _near(face, 0.16) * lips
    return _move(
        face, sign * (0.115 * wide + 0.03 * below), -0.025 * wide - 0.03 * below + flat, -0.025 * wide - 0.012 * lips
    )


def _shrug(face: Face, above: bool) -> Array:
    """The chin's muscle pushes the lower lip up and out and puckers the chin; the upper lip rises against the nose."""
    lips = face.lip(True, 0.14) * (1.0 if above else 0.80) + face.lip(False, 0.22)
    if above:
        return _move(face, 0.0, 0.048 * lips, 0.030 * lips)
    chin = bump(face.x, face.y, (0, -0.85), (0.22, 0.13)) * face.ahead
    corners = face.corner(True, (0.14, 0.14)) + face.corner(False, (0.14, 0.14))
    return _move(face, 0.0, 0.052 * lips + 0.055 * chin - 0.022 * corners, 0.034 * lips + 0.022 * chin)


def _lower_down(face: Face, left: bool) -> Array:
    part = face.lip(False, 0.24) * face.half(left, 0.16)
    return _move(face, (0.02 if left else -0.02) * part, -0.105 * part, 0.008 * part * (1 - 2 * _near(face, 0.08)))


def _upper_up(face: Face, left: bool) -> Array:
    """The upper lip is raised, with the nose's wing and the fold beside it."""
    part, wing = face.lip(True, 0.22) * face.half(left, 0.16), face.hill(left, (0.10, -0.25), (0.09, 0.09))
    return _move(face, 0.0, 0.085 * part + 0.014 * wing, 0.012 * part - 0.012 * _fold(face, left))


def _sideways(face: Face, left: bool) -> Array:
    m = face.mouth(3.0, 0.30)
    return _move(face, (0.11 if left else -0.11) * m, 0.0, -0.03 * m * np.clip(face.u, 0, 1.5) ** 2)


def _cheek_puff(face: Face) -> Array:
    """Air fills the cheeks and the space before the teeth; the lips hold it."""
    out = bump(np.abs(face.x), face.y, (0.50, -0.50), (0.27, 0.24)) * face.ahead
    lips = face.mouth(2.0, 0.26)
    return _move(
        face,
        np.sign(face.x) * 0.105 * out * step(0.0, 0.25, np.abs(face.x)),
        0.0,
        0.080 * out + 0.026 * lips,
    )


def _sneer(face: Face, left: bool) -> Array:
    """Nose and upper lip are drawn up beside the nose, whose root wrinkles."""
    sign = 1.0 if left else -1.0
    wing, side = face.hill(left, (0.10, -0.24), (0.10, 0.10)), face.hill(left, (0.15, -0.08), (0.10, 0.12))
    lip, inner = face.lip(True, 0.20) * face.half(left, 0.12), face.hill(left, (0.15, 0.38), (0.14, 0.13))
    wrinkles = side * np.cos(2 * np.pi * (face.y + 0.04) / 0.11)
    return _move(
        face,
        sign * 0.014 * wing,
        0.046 * wing + 0.022 * side + 0.045 * lip - 0.022 * inner,
        0.012 * wing + 0.016 * side + 0.007 * wrinkles - 0.016 * _fold(face, left),
    )


def _brow_down(face: Face, left: bool) -> Array:
    """The brow comes down and in over the eye; a furrow beside the nose's root, a fold of skin above the lid."""
    brow = face.hill(left, (0.24, 0.43), (0.27, 0.17))
    furrow = face.hill(left, (0.075, 0.40), (0.045, 0.13))
    sign = 1.0 if left else -1.0
    return _move(face, -sign * 0.034 * brow, -0.105 * brow, 0.020 * brow - 0.014 * furrow)


def _outer_up(face: Face, left: bool) -> Array:
    brow = face.hill(left, (0.52, 0.45), (0.30, 0.24))
    return _move(face, 0.0, 0.125 * brow, -0.018 * brow + 0.006 * _forehead(face) * brow)


def _inner_up(face: Face) -> Array:
    brow = face.hill(True, (0.13, 0.46), (0.21, 0.24)) + face.hill(False, (0.13, 0.46), (0.21, 0.24))
    return _move(face, 0.0, 0.128 * brow, -0.024 * brow + 0.008 * _forehead(face) * brow)


def _forehead(face: Face) -> Array:
    """Wrinkles across the forehead, -1..1."""
    return np.cos(2 * np.pi * (face.y - 0.70) / 0.13) * step(0.50, 0.62, face.y)


def _neck_turn(face: Face, left: bool) -> Array:
    """The muscle from behind the ear to the breastbone stands out on the side that the face turns away from; for a
    turn by 1 radian.
    """
    x = -face.x if left else face.x
    across = x - (0.10 + 0.36 * (face.y + 1.62) / 0.72)
    ridge = np.exp(-((across / 0.055) ** 2)) * step(-1.66, -1.50, face.y) * (1 - step(-1.08, -0.98, face.y))
    out = ridge * step(-0.25, -0.05, face.z)
    return _move(face, (-0.03 if left else 0.03) * out, 0.0, 0.055 * out)


def skin_shapes(face: Face) -> dict[str, Array]:
    """Displacements [N, 3] by shape name, of all shapes that move more than lids, eyes and tongue."""
    slide, opened, larynx = slide_share(face), _jaw_open(face), _larynx(face)
    shapes = {
        "jawOpen": opened,
        "mouthClose": _mouth_close(face),
        "jawForward": _move(face, 0.0, 0.0, JAW_FORWARD * slide),
        "jawLeft": _move(face, JAW_ASIDE * slide),
        "jawRight": _move(face, -JAW_ASIDE * slide),
        "mouthFunnel": _funnel(face),
        "mouthPucker": _pucker(face),
        "mouthRollLower": _roll(face, False),
        "mouthRollUpper": _roll(face, True),
        "mouthShrugLower": _shrug(face, False),
        "mouthShrugUpper": _shrug(face, True),
        "cheekPuff": _cheek_puff(face),
        "browInnerUp": _inner_up(face),
        "tongueOut": TONGUE_JAW * opened,
        # the larynx rises as the tongue does in swallowing, and stands out under a lifted chin
        "tongueUp": _move(face, 0.0, 0.030 * larynx),
        "tongueIn": _move(face, 0.0, 0.015 * larynx, -0.006 * larynx),
        "-headPitch": _move(face, 0.0, 0.0, 0.060 * larynx),
        "headYaw": _neck_turn(face, True),
        "-headYaw": _neck_turn(face, False),
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
            "noseSneer" + name: _sneer(face, left),
            "browDown" + name: _brow_down(face, left),
            "browOuterUp" + name: _outer_up(face, left),
        }
    shapes = {name: moved * face.calm[:, None] for name, moved in shapes.items()}
    for left, name in ((True, "Left"), (False, "Right")):
        for shape, (lift, swell) in _CHEEK.items():
            shapes[shape + name] = shapes.get(shape + name, 0.0) + _cheek(face, left, lift, swell)
    return shapes
