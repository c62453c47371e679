"""Brows, ears and shirt."""

from __future__ import annotations

import numpy as np

from facestream.faces.head import paint
from facestream.faces.head.expressions import Face, skin_shapes
from facestream.faces.head.forms import Array, profile, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.part import Part, mirrored, painted
from facestream.faces.head.skin import Skin, front
from facestream.faces.mesh import Mesh, grid_triangles

_BROW = (18, 8)  # rings, sides


def brow(left: bool, identity: Identity) -> Part:
    """One brow: a soft roll on the skin, thick at the inner end, that moves with the skin below it."""
    rings, sides = _BROW
    along = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, rings))
    x = 0.145 + 0.475 * along
    y = 0.425 + 0.075 * np.sin(np.pi * np.clip(along * 0.90 + 0.06, 0, 1)) - 0.020 * along
    blunt, pointed = np.clip(along / 0.13, 0, 1), np.clip((1 - along) / 0.15, 0.003, 1)
    thick = (0.056 - 0.034 * along) * np.sqrt(np.clip(1 - (1 - blunt) ** 2, 0.003, 1)) * pointed**0.4
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    px, py = np.repeat(x, sides), (y[:, None] + thick[:, None] * np.cos(angle)).reshape(-1)
    pz = front(px, py) + (0.6 * thick[:, None] * np.sin(angle) + 0.008).reshape(-1)
    sign = np.array((1.0 if left else -1.0, 1, 1))
    points, below = (
        np.stack([px, py, pz], -1) * sign,
        np.repeat(np.stack([x, y, front(x, y)], -1), sides, axis=0) * sign,
    )
    triangles = grid_triangles(rings, sides, wrap=True)
    moves = skin_shapes(Face.at(below, np.ones(len(below))))
    return Part(painted(points, triangles if left else triangles[:, ::-1], paint.BROW), moves)


# Rings of an ear from its hollow outwards, over the rim and round the back: size, height above the ear's plane.
_EAR = (
    (0.0, -0.035), (0.35, -0.030), (0.55, 0.005), (0.66, 0.020), (0.76, 0.006), (0.90, 0.030), (1.0, 0.018),
    (0.98, -0.03), (0.80, -0.06), (0.5, -0.10),
)  # fmt: skip
_EAR_LEAN = 0.55  # radians: the back edge stands out


def ears(identity: Identity) -> Part:
    """Both ears: shells with a raised rim."""
    sides = 20
    around = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    size, height = (column[:, None] for column in np.array(_EAR).T)
    back, up = np.cos(around) * size, np.sin(around) * size
    lobe = 1 - 0.20 * step(0.1, -1.0, up)  # narrower towards the bottom
    x, y, z = height + 0 * up, 0.225 * up, -0.145 * back * lobe - 0.02 * up
    lean_x, lean_z = np.cos(_EAR_LEAN), np.sin(_EAR_LEAN)
    place = np.stack([lean_x * x - lean_z * z + 1.005, y - 0.06, lean_z * x + lean_x * z - 0.10], -1)
    red = 0.25 + 0.6 * step(0.01, -0.03, height) * (size < 0.7)
    color = paint.SKIN + (0.75 * paint.BLUSH - paint.SKIN) * (red + 0 * up)[..., None]
    triangles = grid_triangles(len(_EAR), sides, wrap=True)[:, ::-1]
    left = painted(place, triangles, color.reshape(-1, 3), 0.0, 0.92)
    return Part(Mesh.joined([left, mirrored(left)]))


# Rings of the shirt from the collar down: half width, half depth, height at the sides, height at the front.
_SHIRT = (
    (0.37, 0.36, -1.36, -1.47), (0.43, 0.41, -1.37, -1.50), (0.60, 0.46, -1.46, -1.60), (0.84, 0.50, -1.53, -1.75),
    (1.08, 0.50, -1.64, -1.92), (1.25, 0.46, -1.84, -2.10), (1.32, 0.44, -2.2, -2.4), (1.32, 0.44, -2.8, -2.8),
)  # fmt: skip


def shirt(identity: Identity) -> Part:
    """Shoulders in a shirt with a round collar; they do not turn with the head."""
    rings, columns = 13, 44
    angle = np.linspace(-np.pi, np.pi, columns, endpoint=False)
    at = np.linspace(len(_SHIRT) - 1, 0, rings)
    loops = np.stack([profile(at, list(enumerate(column))) for column in zip(*_SHIRT, strict=True)], -1)
    body = np.concatenate([_loop(angle, *loop) for loop in loops])
    wide, deep, side, ahead = np.array(_SHIRT[1]) + np.array((-0.02, -0.02, 0.02, 0.02))
    turn = np.linspace(0, 2 * np.pi, 9)
    out, up = 0.035 * np.cos(turn), 0.055 * np.sin(turn)
    collar = [_loop(angle, wide + o, deep + o, side + u, ahead + u) for o, u in zip(out, up, strict=True)]
    return Part(
        Mesh.joined(
            [
                painted(body, grid_triangles(rings, columns, wrap=True), paint.SHIRT, sheen=0.05),
                painted(np.concatenate(collar), grid_triangles(9, columns, wrap=True), paint.COLLAR),
            ]
        ),
        turns=0.0,
    )


def _loop(angle: Array, wide: float, deep: float, side: float, ahead: float) -> Array:
    """One ring round the body, [columns, 3]."""
    height = ahead + (side - ahead) * np.sin(angle) ** 2
    return np.stack([wide * np.sin(angle), height, deep * np.cos(angle) - 0.03], -1)


def extras(skin: Skin, moves: dict[str, Array], identity: Identity) -> dict[str, Part]:
    """What only some people have, by name."""
    return {}
