"""Brows: a soft roll on the skin, and tufts of hair that stand up at its inner end and lie down towards the outer.

Shapes: n tufts of k steps.
"""

from __future__ import annotations

import numpy as np

from facestream.faces.head.expressions import Face, skin_shapes
from facestream.faces.head.forms import Array, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.paint import Palette
from facestream.faces.head.part import Part, painted, tubes
from facestream.faces.head.skin import front
from facestream.faces.mesh import Indices, Mesh, grid_triangles

_ROLL = (18, 8)  # rings, sides
_TUFTS, _STEPS, _SIDES = 52, 5, 4


def brow(left: bool, identity: Identity) -> Part:
    """One brow, which moves with the skin below it."""
    scale = 1 + 0.40 * identity.brow_thickness + 0.30 * (identity.strength - 0.4)
    colors = Palette.of(identity)
    sign = np.array((1.0 if left else -1.0, 1, 1))
    parts, below = [], []
    for points, triangles, tint in (_roll(scale), _tufts(scale)):
        below.append(points * sign)
        faces = triangles if left else triangles[:, ::-1]
        parts.append(painted(points * sign, faces, tint[:, None] * colors.brow, sheen=0.35))
    places = np.concatenate(below)
    return Part(Mesh.joined(parts), skin_shapes(Face.at(places, np.ones(len(places)))))


def _arc(along: Array) -> tuple[Array, Array]:
    """Place (x, y) on the brow's middle line, 0 at its inner end, 1 at its outer one."""
    x = 0.150 + 0.475 * along
    return x, 0.412 + 0.086 * np.sin(np.pi * np.clip(along * 0.86 + 0.02, 0, 1)) - 0.002 * along


def _thickness(along: Array) -> Array:
    blunt, pointed = np.clip(along / 0.16, 0, 1), np.clip((1 - along) / 0.30, 0.0, 1)
    return (0.052 - 0.026 * along) * (0.55 + 0.45 * np.sqrt(1 - (1 - blunt) ** 2)) * pointed**0.6


def _roll(scale: float) -> tuple[Array, Indices, Array]:
    rings, sides = _ROLL
    along = 0.04 + 0.94 * (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, rings)))
    (x, y), ends = _arc(along), np.sqrt(np.clip(1 - (2 * np.linspace(0, 1, rings) - 1) ** 6, 0, 1))
    thick = 0.86 * scale * _thickness(along) * ends
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    px, py = np.repeat(x, sides), (y[:, None] + thick[:, None] * np.cos(angle)).reshape(-1)
    pz = front(px, py) + (0.32 * thick[:, None] * np.sin(angle) + 0.004 * ends[:, None]).reshape(-1)
    points = np.stack([px, py, pz], -1)
    return points, grid_triangles(rings, sides, wrap=True), np.full(len(points), 0.85)


def _tufts(scale: float) -> tuple[Array, Indices, Array]:
    n = np.arange(_TUFTS)
    root = (n / (_TUFTS - 1)) ** 0.9 * 0.86
    layer = np.array((-0.62, 0.10, 0.62, -0.25))[n % 4]
    t = np.linspace(0, 1, _STEPS)
    lean = np.radians(46 - 54 * step(0.0, 0.55, root) - 26 * layer * step(0.1, 0.6, root) - 10 * root)
    length = (0.085 + 0.075 * step(0.1, 0.6, root) - 0.085 * step(0.55, 0.95, root)) * (0.8 + 0.2 * scale)
    x, y = _arc(root)
    y = y + layer * scale * _thickness(root) * 0.75
    px = x[:, None] + np.cos(lean)[:, None] * length[:, None] * t
    py = y[:, None] + np.sin(lean)[:, None] * length[:, None] * (t - 0.25 * t**2)
    # tufts end on the brow: its middle line bends, so they are drawn towards it
    _, middle = _arc(np.clip((px - 0.150) / 0.475, 0, 1))
    py += (middle - py) * 0.50 * t**1.5 * step(0.15, 0.5, root)[:, None]
    pz = front(px, py) + 0.016 + 0.006 * np.sin(np.pi * t) * (1 + layer[:, None])
    spine = np.stack([px, py, pz], -1)
    body = np.sin(np.pi * np.clip(0.12 + 0.88 * t, 0, 1)) ** 0.7 * (t < 1)
    width = 0.0115 * scale**0.5 * body * np.ones((_TUFTS, 1))
    out = np.broadcast_to(np.array((0.0, 0.0, 1.0)), spine.shape)
    points, triangles = tubes(spine, out, width, 0.55 * width + 1e-4, _SIDES)
    tint = np.repeat(0.95 + 0.18 * np.sin(n * 2.4), _STEPS * _SIDES)
    return points, triangles, tint
