"""An identity's forms as a smooth deformation of space, so that every part and every shape follows the same face.

It has two layers. Local relief (nose, lips, brow ridge, ears) moves places without changing how they move. Broad forms
(widths, lengths, age, build) stretch space, and displacements with it: a displacement d at p becomes J(p) d, where J is
the Jacobian of the broad layer at p. This is linear in d, so what seals on the sculpted head seals on every other one.
Near the eyes the broad layer is a similarity, so that eyeballs stay spheres inside their lids.

Shapes: N points.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facestream.faces.head.forms import Array, both, bump, profile, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.skin import EYE, MOUTH_HALF, MOUTH_Y, seam

_SMALL = 1e-3  # step of the Jacobian's differences
_EYE_ZONE = (0.345, 0.60)  # distances from an eye's centre between which the similarity ends


# How much a longer face lowers what lies so far below the eyes.
_LENGTH = ((-9.0, 0.0), (0.0, 0.0), (0.30, 0.16), (0.90, 0.76), (1.20, 0.95), (9.0, 0.95))


def warp(identity: Identity, points: npt.ArrayLike) -> Array:
    """Where the identity has the points [N, 3] of the sculpted head."""
    return _broad(identity, _relieved(identity, np.asarray(points, np.float64)))


def stretch(identity: Identity, points: npt.ArrayLike) -> Array:
    """How displacements at points [N, 3] of the sculpted head change with the identity: matrices [N, 3, 3].

    That a head is narrower below does not make narrower what the jaw carries down: away from the eyes, upright movement
    has no share aside.
    """
    place = _relieved(identity, np.asarray(points, np.float64))
    steps = _SMALL * np.eye(3)
    here = _broad(identity, place)
    matrices = np.stack([_broad(identity, place + way) - here for way in steps], -1) / _SMALL
    left, right = _eye_weights(place)
    matrices[:, 0::2, 1] *= (left + right)[:, None]
    return matrices


def eye_scale(identity: Identity) -> float:
    """Size of the eyes as a share of the sculpted ones."""
    return 1 + 0.11 * identity.eye_size + 0.06 * childhood(identity) - 0.05 * max(0.0, identity.strength - 0.4)


def childhood(identity: Identity) -> float:
    """1 in a small child, 0 from 17 years on."""
    return float(1 - step(4, 17, identity.age))


def old_age(identity: Identity) -> float:
    """0 up to 40 years, 1 from 80 on."""
    return float(step(40, 80, identity.age))


def _eye_weights(points: Array) -> tuple[Array, Array]:
    """1 near the left and the right eye, where the other's is 0; 0 far from it; [N] each."""
    left, right = (
        np.asarray(1 - step(*_EYE_ZONE, np.linalg.norm(points - EYE * (sign, 1, 1), axis=-1))) for sign in (1, -1)
    )
    odds_left, odds_right = left / (1 - left + 1e-9), right / (1 - right + 1e-9)
    either = (left + right - left * right) / (odds_left + odds_right + 1e-12)
    return either * odds_left, either * odds_right


def _relieved(who: Identity, points: Array) -> Array:
    """Points with the local relief, none of it near the eyes."""
    left, right = _eye_weights(points)
    return points + (1 - left - right)[:, None] * _relief(who, points)


def _relief(who: Identity, points: Array) -> Array:
    """Displacement [N, 3] by nose, lips, mouth, chin, cheekbones, brow ridge and ears."""
    x, y, z = points.T
    child, old, strong = childhood(who), old_age(who), who.strength - 0.4
    ahead = step(0.30, 0.60, z)
    moved = np.zeros_like(points)

    nose = bump(x, y, (0, -0.20), (0.20, 0.17)) * step(0.62, 0.86, z)
    length = 0.42 * who.nose_length + 0.20 * old + 0.12 * strong - 0.28 * child
    moved[:, 2] += nose * 0.16 * length
    moved[:, 1] -= nose * (0.085 * length - 0.065 * who.nose_tip)
    moved[:, 0] += nose * x * (0.52 * who.nose_width + 0.12 * strong - 0.10 * child)
    bridge = bump(x, y, (0, -0.02), (0.085, 0.12)) * ahead
    moved[:, 2] += bridge * (0.070 * who.nose_bridge + 0.03 * strong - 0.02 * child)

    t, u = y - seam(x), np.abs(x) / MOUTH_HALF
    lips = np.exp(-((t / 0.11) ** 2)) * (1 - step(0.85, 1.35, u)) * ahead
    fullness = 0.44 * who.lips - 0.20 * old - 0.05 * strong
    moved[:, 1] += lips * t * fullness
    moved[:, 2] += lips * 0.055 * fullness
    mouth = bump(x, y, (0, MOUTH_Y), (0.42, 0.26)) * step(0.15, 0.5, z)
    moved[:, 0] += mouth * x * (0.17 * who.mouth_width + 0.06 * strong - 0.08 * child)

    chin = bump(x, y, (0, -0.92), (0.30, 0.17)) * ahead
    moved[:, 2] += chin * (0.09 * who.chin + 0.08 * strong - 0.02 * child)
    bones = both(x, y, (0.58, -0.20), (0.20, 0.15)) * step(0.1, 0.4, z)
    moved += (bones * (0.065 * who.cheekbones - 0.02 * old))[:, None] * np.stack(
        [np.sign(x), 0 * x + 0.4, 0 * x + 0.5], -1
    )
    hollow = both(x, y, (0.55, -0.52), (0.20, 0.17)) * step(0.1, 0.4, z)
    moved[:, 2] -= hollow * (0.050 * who.cheekbones - 0.08 * max(0.0, who.build) + 0.03 * old - 0.05 * child)
    ridge = both(x, y, (0.30, 0.40), (0.30, 0.10)) * ahead
    moved[:, 2] += ridge * (0.075 * strong - 0.02 * child)
    moved[:, 1] += both(x, y, (0.36, 0.46), (0.40, 0.14)) * ahead * (0.050 * who.brow_height - 0.03 * strong)

    ear = both(x, y, (1.04, -0.06), (0.14, 0.34)) * step(-0.45, -0.30, z) * (1 - step(0.05, 0.2, z))
    size = 0.22 * who.ear_size + 0.15 * old - 0.03 * child
    moved[:, 1] += ear * (y + 0.06) * size
    moved[:, 2] += ear * (z + 0.10) * size
    moved[:, 0] += ear * np.sign(x) * 0.05 * size
    return moved


def _broad(who: Identity, points: Array) -> Array:
    """Points [N, 3] after the broad forms; a similarity near each eye."""
    moved = _stretched(who, points)
    scale, tilt = eye_scale(who), 0.13 * who.eye_tilt
    for sign, near in zip((1.0, -1.0), _eye_weights(points), strict=True):
        center = EYE * (sign, 1, 1)
        middle = _stretched(who, center[None])[0] + np.array((sign * 0.035 * who.eye_spacing, 0, 0))
        cosine, sine = np.cos(sign * tilt), np.sin(sign * tilt)
        turn = scale * np.array(((cosine, -sine, 0), (sine, cosine, 0), (0, 0, 1)))
        moved += near[:, None] * (middle + (points - center) @ turn.T - moved)
    return moved


def _stretched(who: Identity, points: Array) -> Array:
    """Points [N, 3] after widths, lengths, age and build."""
    x, y, z = points.T
    child, old, strong = childhood(who), old_age(who), who.strength - 0.4
    head = step(-1.35, -0.95, y)  # 1 on the head, 0 on neck and body
    jaw = np.exp(-(((y + 0.82) / 0.34) ** 2))
    cheeks = np.exp(-(((y + 0.42) / 0.34) ** 2))
    crown = step(0.1, 1.1, y)
    neck = step(-1.75, -1.45, y) * (1 - step(-1.15, -0.90, y))
    body = 1 - step(-1.62, -1.36, y)
    stout, slender = max(0.0, who.build), min(0.0, who.build)
    wide = 1 + head * (0.12 * who.face_width + 0.05 * stout + 0.02 * child)
    wide += jaw * (0.16 * who.jaw_width + 0.20 * strong + 0.15 * stout + 0.05 * slender - 0.03 * child + 0.03 * old)
    wide += cheeks * (0.07 * stout + 0.06 * slender + 0.03 * child)
    thick = neck * (0.30 * strong + 0.24 * stout + 0.12 * slender - 0.12 * child)
    broad = body * (0.28 * strong + 0.16 * stout + 0.06 * slender - 0.26 * child)
    deep = 1 + head * 0.03 * who.face_width + thick + 0.5 * broad
    long = 0.13 * who.face_length + 0.10 * strong + 0.02 * old - 0.13 * child
    # the face's length grows from the eyes downwards; what is below the chin follows it
    down = -long * profile(-y, _LENGTH)
    up = crown * (0.03 * child - 0.02 * strong) * (y - 0.1)
    up = up + 0.10 * child * (1 - step(-1.75, -1.10, y))  # a child's neck is short
    double = 0.10 * stout * bump(x, y, (0, -1.10), (0.40, 0.12)) * step(0.1, 0.5, z)
    return np.stack([x * (wide + thick + broad), y + down + up - 0.4 * double, z * deep + double * 0.7], -1)
