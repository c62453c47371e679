"""Clothes, glasses and earrings."""

from __future__ import annotations

import numpy as np

from facestream.faces.head.forms import Array, profile
from facestream.faces.head.identity import Identity
from facestream.faces.head.paint import Palette
from facestream.faces.head.part import Part, painted
from facestream.faces.head.skin import Skin
from facestream.faces.mesh import Mesh, grid_triangles

# Rings of the shirt from the collar down: half width, half depth, height at the sides, height at the front.
_SHIRT = (
    (0.37, 0.36, -1.36, -1.47), (0.43, 0.41, -1.37, -1.50), (0.60, 0.46, -1.46, -1.60), (0.84, 0.50, -1.53, -1.75),
    (1.08, 0.50, -1.64, -1.92), (1.25, 0.46, -1.84, -2.10), (1.32, 0.44, -2.2, -2.4), (1.32, 0.44, -2.8, -2.8),
)  # fmt: skip


def shirt(identity: Identity) -> Part:
    """Shoulders in a shirt with a round collar; they do not turn with the head."""
    colors = Palette.of(identity)
    rings, columns = 13, 60
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
                painted(body, grid_triangles(rings, columns, wrap=True), colors.clothes, sheen=0.05),
                painted(np.concatenate(collar), grid_triangles(9, columns, wrap=True), colors.trim),
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
