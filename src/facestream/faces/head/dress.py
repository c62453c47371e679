"""Clothes, and what only some people have: beards, long lashes, glasses, earrings."""

from __future__ import annotations

import numpy as np

from facestream.faces.head.beard import beard
from facestream.faces.head.eyes import eyelashes
from facestream.faces.head.forms import Array, profile, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.lids import Lids
from facestream.faces.head.paint import FRAME, GOLD, Palette
from facestream.faces.head.part import Part, mirrored, painted, tubes
from facestream.faces.head.skin import EYE, Skin
from facestream.faces.mesh import Mesh, grid_triangles

# Rings of the body from the neckline down: half width, half depth, height at the sides, height at the front.
_BODY = (
    (0.40, 0.40, -1.39, -1.54), (0.52, 0.46, -1.42, -1.60), (0.70, 0.50, -1.48, -1.68), (0.90, 0.52, -1.56, -1.80),
    (1.10, 0.51, -1.67, -1.95), (1.24, 0.48, -1.85, -2.12), (1.30, 0.46, -2.2, -2.4), (1.30, 0.46, -2.8, -2.8),
)  # fmt: skip
_COLUMNS, _RIBS = 72, 24


def clothes(identity: Identity) -> Part:
    """Shoulders in a shirt with a round neckline, a sweater with a rolled collar, or an open collar."""
    colors = Palette.of(identity)
    angle = np.linspace(-np.pi, np.pi, _COLUMNS, endpoint=False)
    at = np.concatenate([[7.0, 6.0], np.linspace(5.2, 0.0, 15)])  # close together where the head's shadow falls
    loops = [profile(at, list(enumerate(column))) for column in zip(*_BODY, strict=True)]
    body = np.concatenate([_loop(angle, *loop) for loop in np.stack(loops, -1)])
    triangles = grid_triangles(17, _COLUMNS, wrap=True)
    parts = [painted(body, triangles, colors.clothes, shade=0.9, sheen=0.05)]
    if identity.clothes == "sweater":
        parts += _rolled(colors)
    elif identity.clothes == "collar":
        parts += [_flap(colors), mirrored(_flap(colors)), _roll(angle, 0.040, 0.045, colors.clothes)]
    else:
        parts.append(_roll(angle, 0.028, 0.050, colors.trim))
    return Part(Mesh.joined(parts), turns=0.0)


def _loop(angle: Array, wide: float, deep: float, side: float, ahead: float) -> Array:
    """One ring round the body, [columns, 3]."""
    height = ahead + (side - ahead) * np.sin(angle) ** 2 + 0.10 * step(0.2, 1.0, -np.cos(angle))
    return np.stack([wide * np.sin(angle), height, deep * np.cos(angle) - 0.04], -1)


def _roll(angle: Array, thick: float, tall: float, color: Array) -> Mesh:
    """The hem round the neckline."""
    wide, deep, side, ahead = np.array(_BODY[0])
    turn = np.linspace(0, 2 * np.pi, 9)
    out, up = thick * np.cos(turn), tall * np.sin(turn)
    rings = [_loop(angle, wide + o, deep + o, side + u, ahead + u) for o, u in zip(out, up, strict=True)]
    return painted(np.concatenate(rings), grid_triangles(9, _COLUMNS, wrap=True), color, shade=0.9, sheen=0.05)


def _rolled(colors: Palette) -> list[Mesh]:
    """A high ribbed collar, folded over once."""
    section = np.array(
        ((0.10, -1.68), (0.062, -1.44), (0.056, -1.28), (0.015, -1.225), (-0.02, -1.26), (-0.03, -1.36), (-0.04, -1.6))
    )
    fine = (
        profile(np.linspace(0, 6, 16), list(enumerate(section[:, 0]))),
        profile(np.linspace(0, 6, 16), list(enumerate(section[:, 1]))),
    )
    angle = np.linspace(-np.pi, np.pi, _RIBS * 4, endpoint=False)
    rib = 0.009 * np.sin(angle * _RIBS)
    rings = [
        np.stack(
            [(0.375 + out + rib) * np.sin(angle), y - 0.05 * np.cos(angle), (0.375 + out + rib) * np.cos(angle) - 0.06],
            -1,
        )
        for out, y in zip(*fine, strict=True)
    ]
    color = np.tile((0.92 + 0.12 * np.sin(angle * _RIBS))[:, None] * colors.clothes, (len(rings), 1))
    return [painted(np.concatenate(rings), grid_triangles(len(rings), len(angle), wrap=True), color, sheen=0.05)]


def _flap(colors: Palette) -> Mesh:
    """The left half of a shirt's collar: a band that stands behind the neck and folds into a point in front."""
    rows, columns = 9, 30
    t, c = np.linspace(0, 1, rows)[:, None], np.linspace(0, 1, columns)[None]
    angle = np.pi * (1 - c * 0.93)
    wide = 0.40 + 0.03 * t + 0.10 * t * step(0.4, 1.0, c)
    top = -1.24 - 0.17 * c**2.5
    fall = 0.16 + 0.13 * step(0.55, 0.95, c)
    y = top + 0.03 * np.sin(np.pi * t) - fall * t**1.3
    x = wide * np.sin(angle) + 0.13 * t * step(0.7, 1.0, c)
    z = (wide - 0.005) * np.cos(angle) - 0.045 + 0.045 * t * step(0.6, 1.0, c)
    outer = np.stack([x + 0 * y, y, z + 0 * y], -1).reshape(-1, 3)
    inner = outer - np.stack([0.02 * np.sin(angle) + 0 * y, 0.01 + 0 * y, 0.02 * np.cos(angle) + 0 * y], -1).reshape(
        -1, 3
    )
    faces = grid_triangles(rows, columns)
    triangles = np.concatenate([faces, faces[:, ::-1] + rows * columns])
    light = np.minimum(1.0, colors.clothes * 1.15 + 0.01)
    return painted(np.concatenate([outer, inner]), triangles, light, shade=0.95, sheen=0.05)


def extras(skin: Skin, moves: dict[str, Array], identity: Identity) -> dict[str, Part]:
    """What only some people have, by name."""
    found = {}
    if identity.lashes >= 0.5:
        for left, name in ((True, "eyelashes_left"), (False, "eyelashes_right")):
            found[name] = eyelashes(Lids(skin), left, moves, identity)
    if identity.beard != "none":
        found["beard"] = beard(skin, moves, identity)
    if identity.glasses != "none":
        found["glasses"] = _glasses(identity.glasses == "round")
    if identity.earrings != "none":
        found["earrings"] = _earrings(identity.earrings == "hoops")
    return found


def _wire(spine: Array, thick: float, color: Array, gloss: float) -> Mesh:
    """A round wire along [k, 3]."""
    way = np.gradient(spine, axis=0)
    out = np.cross(way, np.array((0.31, 0.17, 0.94)))
    out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-9
    width = np.full((1, len(spine)), thick)
    points, triangles = tubes(spine[None], out[None], width, width, 8)
    return painted(points, triangles, color, gloss, sheen=0.4)


def _glasses(round_: bool) -> Part:
    """Frames before the eyes, a bridge over the nose, arms to the ears."""
    turn = np.linspace(0, 2 * np.pi * 40 / 39, 41) + 0.3  # a ring's ends overlap, so that no slit is seen
    power = 1.0 if round_ else 0.55
    wide, tall = (0.275, 0.265) if round_ else (0.305, 0.225)
    x = EYE[0] + 0.01 + wide * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
    y = EYE[1] - 0.02 + tall * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
    z = 0.955 - 0.13 * np.clip((x - 0.2) / 0.45, 0, 1) ** 2
    rim = _wire(np.stack([x, y, z], -1), 0.022, FRAME, 0.6)
    s = np.linspace(0, 1, 14)
    hinge = np.array((EYE[0] + 0.01 + wide, 0.10, 0.83))
    arm_x = hinge[0] + (1.015 - hinge[0]) * np.sin(s * np.pi / 2) ** 0.8
    arm = np.stack([arm_x, hinge[1] + 0.03 * s - 0.12 * step(0.85, 1.0, s), hinge[2] - 1.0 * s], -1)
    side = Mesh.joined([rim, _wire(arm, 0.018, FRAME, 0.6)])
    over = np.linspace(-1, 1, 13)
    edge = EYE[0] + 0.01 - wide
    arch = np.stack([edge * over, 0.075 + 0.045 * (1 - over**2), 0.955 + 0.035 * (1 - over**2)], -1)
    return Part(Mesh.joined([side, mirrored(side), _wire(arch, 0.020, FRAME, 0.6)]))


def _earrings(hoops: bool) -> Part:
    """Gold in both lobes."""
    turn = np.linspace(0, 2 * np.pi, 33)
    if hoops:
        ring = turn * 32 / 31  # its ends overlap
        ring = np.stack([1.055 + 0.03 * np.cos(ring), -0.395 + 0.125 * np.cos(ring), -0.10 + 0.125 * np.sin(ring)], -1)
        one = _wire(ring, 0.016, GOLD, 1.0)
    else:
        polar, spin = np.linspace(0.05, np.pi - 0.05, 8)[:, None], turn[:-1:2][None]
        ball = np.stack([np.sin(polar) * np.sin(spin), -np.cos(polar) + 0 * spin, np.sin(polar) * np.cos(spin)], -1)
        place = np.array((1.045, -0.285, -0.085)) + 0.036 * ball.reshape(-1, 3)
        one = painted(place, grid_triangles(8, 16, wrap=True), GOLD, 1.0)
    return Part(Mesh.joined([one, mirrored(one)]))
