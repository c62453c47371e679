"""Hair: a cap over the skull, and a fringe of locks swept to one side.

Shapes: n vertices of a part.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from facestream.faces.head.forms import Array, profile, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.paint import Palette
from facestream.faces.head.part import Part, painted
from facestream.faces.head.skin import head_place
from facestream.faces.mesh import Indices, Mesh, grid_triangles

# Lower edge of the cap: angle round the head (degrees, 0 is the face's middle) and height.
_HAIRLINE = (
    (-180.0, -0.62), (-132.0, -0.58), (-116.0, -0.20), (-106.0, 0.24), (-96.0, 0.28), (-86.0, 0.12), (-77.0, 0.14),
    (-66.0, 0.50), (-48.0, 0.76), (-20.0, 0.92), (10.0, 0.90), (38.0, 0.74), (60.0, 0.52), (77.0, 0.14), (86.0, 0.12),
    (96.0, 0.28), (106.0, 0.24), (116.0, -0.20), (132.0, -0.58), (180.0, -0.62),
)  # fmt: skip

# Locks of the fringe: from angle and height at the parting to angle and height at the tip; rise between; half width.
_LOCKS = (
    (-30, 1.02, 46, 0.66, 0.10, 0.13), (-26, 1.10, 64, 0.52, 0.12, 0.15), (-30, 1.17, 80, 0.46, 0.10, 0.16),
    (-34, 1.22, 104, 0.44, 0.06, 0.17), (-33, 0.98, 22, 0.74, 0.07, 0.10),
    (-38, 1.04, -60, 0.56, 0.05, 0.11), (-40, 1.12, -76, 0.42, 0.05, 0.14), (-42, 1.20, -98, 0.44, 0.03, 0.16),
)  # fmt: skip


def hair(identity: Identity) -> Part:
    """All hair; it turns with the head and has no shapes of its own."""
    mesh = Mesh.joined([_cap(), *(_lock(*lock) for lock in _LOCKS)])
    return Part(replace(mesh, colors=mesh.colors * Palette.of(identity).hair.astype(np.float32)))


def _above_skull(angle: Array, y: Array, height: npt.ArrayLike) -> tuple[Array, Array]:
    """Points [..., 3] at `height` above the skull at angle (radians) and y, and the directions outwards there."""
    skull = head_place(np.sin(angle), np.cos(angle), y)
    out = skull - np.array((0, 0.20, -0.06))
    out /= np.linalg.norm(out, axis=-1, keepdims=True)
    return skull + out * np.asarray(height)[..., None], out


def _cap() -> Mesh:
    """Short hair from the hairline to the crown, softly grooved; its edge is tucked under the skin."""
    columns, rows = 66, 13
    angle = np.linspace(-np.pi, np.pi, columns, endpoint=False)[None]
    t = np.concatenate([[0.0, 0.0], np.linspace(0.06, 1, rows - 2)])[:, None]
    groove = np.abs(np.sin(angle * 8 + 1.5 * t + 0.8 * np.sin(angle * 2))) ** 0.7
    low = profile(np.degrees(angle), _HAIRLINE)
    y = low + (1.295 - low) * np.sin(t * np.pi / 2)
    volume = 0.05 + 0.11 * step(0.25, 0.9, t)
    height = volume * step(-0.02, 0.28, t) + 0.025 + (groove - 0.6) * 0.045 * (1 - step(0.75, 1.0, t))
    height[0] = -0.05
    points, _ = _above_skull(angle + 0 * y, y, height)
    pole, _ = _above_skull(np.zeros(1), np.full(1, 1.3), height[-1:, 0])
    color = np.repeat((0.72 + 0.50 * groove).reshape(-1, 1), 3, axis=1)
    return painted(
        np.concatenate([points.reshape(-1, 3), pole]),
        np.concatenate([grid_triangles(rows, columns, wrap=True), _fan(rows, columns)]),
        np.concatenate([color, color[-columns:].mean(axis=0, keepdims=True)]),
        sheen=0.9,
    )


def _fan(rows: int, columns: int) -> Indices:
    """Triangles from a wrapped grid's last row to the one vertex after it: what closes the crown."""
    last = (rows - 1) * columns + np.arange(columns)
    return np.stack([last, np.roll(last, -1), np.full(columns, rows * columns)], -1).astype(np.int32)


def _lock(angle_0: float, y_0: float, angle_1: float, y_1: float, rise: float, half: float) -> Mesh:
    """One lock: a flattened tube along the skull, thick after the parting, running out into a tip."""
    rings, sides = 12, 8
    t = np.linspace(0, 1, rings)
    sweep = t**0.85
    angle = np.radians(angle_0 + (angle_1 - angle_0) * sweep)
    y = y_0 + (y_1 - y_0) * t**1.35 + rise * np.sin(np.pi * t)
    body = np.sqrt(np.clip(1 - (1 - np.clip(t / 0.25, 0, 1)) ** 2, 0, 1)) * np.clip((1 - t) / 0.55, 0, 1) ** 0.6
    spine, out = _above_skull(angle, y, 0.055 + 0.085 * np.sin(np.pi * t**0.8))
    along = np.gradient(spine, axis=0)
    across = np.cross(out, along)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None, None]
    width, thick = (half * body)[:, None], (0.42 * half * body + 0.002)[:, None]
    tube = spine + np.sin(turn) * width * across + np.cos(turn) * thick * out
    points = tube.transpose(1, 0, 2)
    triangles = grid_triangles(rings, sides, wrap=True)
    tint = 0.80 + 0.45 * np.maximum(np.cos(turn[:, 0]), 0)
    return painted(points, triangles[:, ::-1], np.tile(np.repeat(tint, 3, axis=1), (rings, 1)), sheen=0.9)
