"""Brows, ears and shirt."""

from __future__ import annotations

import numpy as np

from facestream.faces.head import paint
from facestream.faces.head.expressions import Face, skin_shapes
from facestream.faces.head.forms import profile, step
from facestream.faces.head.part import Part, mirrored, painted
from facestream.faces.head.skin import front
from facestream.faces.mesh import Mesh, grid_triangles

_BROW_RINGS = 18


def brow(left: bool) -> Part:
    """One brow: a soft roll on the skin, thick at the inner end, that moves with the skin below it."""
    along = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, _BROW_RINGS))
    x = 0.145 + 0.475 * along
    y = 0.425 + 0.075 * np.sin(np.pi * np.clip(along * 0.90 + 0.06, 0, 1)) - 0.020 * along
    taper = (
        np.sqrt(np.clip(1 - (1 - np.clip(along / 0.13, 0, 1)) ** 2, 0.003, 1))
        * np.clip((1 - along) / 0.15, 0.003, 1) ** 0.4
    )
    thick = (0.056 - 0.034 * along) * np.minimum(taper, 1)
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    px, py = np.repeat(x, 8), (y[:, None] + thick[:, None] * np.cos(angle)).reshape(-1)
    pz = front(px, py) + (0.6 * thick[:, None] * np.sin(angle) + 0.008).reshape(-1)
    points = np.stack([px, py, pz], -1)
    middle = np.repeat(np.stack([x, y, front(x, y)], -1), 8, axis=0)
    sign = np.array((1.0 if left else -1.0, 1, 1))
    moves = {
        name: moved
        for name, moved in skin_shapes(Face.at(middle * sign, np.ones(len(middle)))).items()
        if np.abs(moved).max() > 1e-4
    }
    triangles = grid_triangles(_BROW_RINGS, 8, wrap=True)
    return Part(painted(points * sign, triangles if left else triangles[:, ::-1], paint.BROW), moves)


def ears() -> Part:
    """Both ears: a shell with a raised rim, leaning out from the side of the head."""
    around = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    # rings from the hollow outwards over the rim and round the back: size, height above the ear's plane
    rings = (
        (0.0, -0.035),
        (0.35, -0.030),
        (0.55, 0.005),
        (0.66, 0.020),
        (0.76, 0.006),
        (0.90, 0.030),
        (1.0, 0.018),
        (0.98, -0.03),
        (0.80, -0.06),
        (0.5, -0.10),
    )
    points, colors = [], []
    for size, height in rings:
        back, up = np.cos(around) * size, np.sin(around) * size
        shape = 1 - 0.20 * step(0.1, -1.0, up)  # the lobe is narrower
        local = np.stack([np.full(20, height), 0.225 * up, -0.145 * back * shape - 0.02 * up], -1)
        points.append(local)
        depth = step(0.01, -0.03, height) * (size < 0.7)
        colors.append(np.broadcast_to(paint.SKIN + (paint.BLUSH * 0.75 - paint.SKIN) * (0.25 + 0.6 * depth), (20, 3)))
    local = np.concatenate(points)
    lean = 0.55
    x = local[:, 0] * np.cos(lean) - local[:, 2] * np.sin(lean)
    z = local[:, 0] * np.sin(lean) + local[:, 2] * np.cos(lean)
    place = np.stack([x + 1.005, local[:, 1] - 0.06, z - 0.10], -1)
    mesh = painted(place, grid_triangles(len(rings), 20, wrap=True)[:, ::-1], np.concatenate(colors), 0.0, 0.92)
    return Part(Mesh.joined([mesh, mirrored(mesh)]))


# Rings of the shirt from the collar down: half width, half depth, height at the sides, height at the front.
_SHIRT = (
    (0.37, 0.36, -1.36, -1.47), (0.43, 0.41, -1.37, -1.50), (0.60, 0.46, -1.46, -1.60), (0.84, 0.50, -1.53, -1.75),
    (1.08, 0.50, -1.64, -1.92), (1.25, 0.46, -1.84, -2.10), (1.32, 0.44, -2.2, -2.4), (1.32, 0.44, -2.8, -2.8),
)  # fmt: skip


def shirt() -> Part:
    """Shoulders in a shirt with a round collar; they do not turn with the head."""
    angle = np.linspace(-np.pi, np.pi, 44, endpoint=False)
    side = np.sin(angle) ** 2
    at = np.linspace(0, len(_SHIRT) - 1, 13)[::-1]
    smooth = [profile(at, list(enumerate(column))) for column in zip(*_SHIRT, strict=True)]
    rings = [
        np.stack([a * np.sin(angle), front_y + (side_y - front_y) * side, d * np.cos(angle) - 0.03], -1)
        for a, d, side_y, front_y in zip(*smooth, strict=True)
    ]
    body = painted(np.concatenate(rings), grid_triangles(len(rings), 44, wrap=True), paint.SHIRT, sheen=0.05)
    a, d, side_y, front_y = _SHIRT[1]
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)[:, None]
    out, up = 0.035 * np.cos(turn), 0.055 * np.sin(turn)
    loop = np.stack(
        [
            (a - 0.02 + out) * np.sin(angle),
            front_y + (side_y - front_y) * side + up + 0.02,
            (d - 0.02 + out) * np.cos(angle) - 0.03,
        ],
        -1,
    )
    collar = painted(loop, grid_triangles(9, 44, wrap=True) % (8 * 44), paint.COLLAR)
    return Part(Mesh.joined([body, collar]), turns=0.0)
