"""What hair is made of: caps over the skull, locks along it, curtains that fall from a parting, curls.

Angles run round the head: degrees, 0 is the face's middle, 90 the character's left ear. Colours are shares of the
hair's own. Shapes: R rows, C columns of a surface.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from facestream.faces.head.forms import Array, profile, step
from facestream.faces.head.part import painted, tubes
from facestream.faces.head.skin import on_skin
from facestream.faces.mesh import Indices, Mesh, grid_triangles

Hairline = Sequence[tuple[float, float]]
SHEEN = 0.9


def above_skull(angle: Array, y: Array, height: npt.ArrayLike) -> tuple[Array, Array]:
    """Points [..., 3] at `height` above the skull at angle (radians) and y, and the directions outwards there."""
    skull = on_skin(np.sin(angle), np.cos(angle), y)
    out = skull - np.array((0, 0.20, -0.06))
    out /= np.linalg.norm(out, axis=-1, keepdims=True)
    return skull + out * np.asarray(height)[..., None], out


def grey(tint: Array) -> Array:
    """Shares of the hair's colour [n] as colours [n, 3]."""
    return np.repeat(np.asarray(tint, np.float64).reshape(-1, 1), 3, axis=1)


def cap(
    hairline: Hairline,
    height: Callable[[Array, Array], Array],
    tint: Callable[[Array, Array], Array],
    rows: int = 16,
    columns: int = 88,
) -> Mesh:
    """Hair from the hairline (height by angle) to the crown; height and tint by angle (radians) and t, 0 at the edge,
    1 at the crown. The edge is tucked under the skin.
    """
    angle = np.linspace(-np.pi, np.pi, columns, endpoint=False)[None]
    t = np.concatenate([[0.0, 0.0], np.linspace(0.05, 1, rows - 2)])[:, None]
    low = profile(np.degrees(angle), hairline)
    y = low + (1.295 - low) * np.sin(t * np.pi / 2)
    angle = angle + 0 * y
    up = height(angle, t + 0 * y)
    up[0] = -0.06
    points, _ = above_skull(angle, y, up)
    pole, _ = above_skull(np.zeros(1), np.full(1, 1.3), up[-1:].mean(axis=1))
    color = tint(angle, t + 0 * y).reshape(-1)
    return painted(
        np.concatenate([points.reshape(-1, 3), pole]),
        np.concatenate([grid_triangles(rows, columns, wrap=True), _fan(rows, columns)]),
        grey(np.append(color, color[-columns:].mean())),
        sheen=SHEEN,
    )


def _fan(rows: int, columns: int) -> Indices:
    """Triangles from a wrapped grid's last row to the one vertex after it: what closes the crown."""
    last = (rows - 1) * columns + np.arange(columns)
    return np.stack([last, np.roll(last, -1), np.full(columns, rows * columns)], -1).astype(np.int32)


def locks(table: npt.ArrayLike, tip: float = 0.55, root: float = 0.25) -> Mesh:
    """Locks swept along the skull, thick after the parting, running out into a tip.

    table: [n, 7] a lock each: angle and height at the parting, angle and height at the tip, rise between, half width,
    lift over the skull. root, tip: shares of its
    length over which a lock grows and narrows.
    """
    rings, sides = 13, 8
    angle_0, y_0, angle_1, y_1, rise, half, lift = np.asarray(table, np.float64).T[..., None]
    t = np.linspace(0, 1, rings)[None]
    angle = np.radians(angle_0 + (angle_1 - angle_0) * t**0.85)
    y = np.minimum(y_0 + (y_1 - y_0) * t**1.35 + rise * np.sin(np.pi * t), 1.29)
    body = np.sqrt(np.clip(1 - (1 - np.clip(t / root, 0, 1)) ** 2, 0, 1)) * np.clip((1 - t) / tip, 0, 1) ** 0.6
    spine, out = above_skull(angle, y, lift + 0.085 * np.sin(np.pi * t**0.8))
    width = half * body
    points, triangles = tubes(spine, out, width, 0.42 * width + 0.002, sides)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    tint = np.broadcast_to(0.80 + 0.40 * np.maximum(np.cos(turn), 0), (*width.shape, sides))
    shift = 0.92 + 0.16 * np.modf(np.arange(len(width)) * 0.618)[0]
    return painted(points, triangles, grey(tint * shift[:, None, None]), sheen=SHEEN)


def strands(spine: Array, out: Array, width: Array, flat: float = 0.6, sides: int = 10, grooves: int = 5) -> Mesh:
    """Free bundles of hair along spines [n, k, 3], out [n, k, 3] their flat side's direction, width [n, k]."""
    points, triangles = tubes(spine, out, width, flat * width + 0.001, sides)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    tint = np.broadcast_to(0.92 + 0.16 * np.cos(turn * grooves), (*width.shape, sides))
    return painted(points, triangles, grey(tint), sheen=SHEEN)


def curls(hairline: Hairline, height: float, count: int, size: float, rows: int, columns: int) -> Mesh:
    """A cap of `count` round clumps of about `size`."""
    n = np.arange(count) + 0.5
    polar, spin = np.arccos(1 - 1.55 * n / count), np.pi * (1 + 5**0.5) * n
    wobble = 0.35 / np.sqrt(count)
    polar, spin = polar + wobble * np.sin(7 * n), spin + wobble * np.cos(11 * n)
    seeds = np.stack([np.sin(polar) * np.sin(spin), np.cos(polar), np.sin(polar) * np.cos(spin)], -1)

    def clump(angle: Array, t: Array) -> Array:
        """1 on the middle of a clump, 0 between clumps."""
        low = profile(np.degrees(angle), hairline)
        y = low + (1.295 - low) * np.sin(t * np.pi / 2)
        place, _ = above_skull(angle, y, 0 * y)
        way = place - np.array((0, 0.25, -0.05))
        way /= np.linalg.norm(way, axis=-1, keepdims=True)
        near = (way.reshape(-1, 3) @ seeds.T).max(axis=1).reshape(y.shape)
        return np.asarray(np.clip(1 - np.arccos(np.clip(near, -1, 1)) / (1.9 / np.sqrt(count)), 0, 1))

    def up(angle: Array, t: Array) -> Array:
        rise = height * step(-0.02, 0.22, t) * (1.05 - 0.35 * t)  # wide rather than high
        return rise + size * np.sqrt(clump(angle, t)) * step(0.0, 0.06, t) + 0.015

    def tint(angle: Array, t: Array) -> Array:
        return np.asarray(0.55 + 0.65 * clump(angle, t) ** 0.7)

    return cap(hairline, up, tint, rows, columns)


def curtain(
    part: float, edge: float, end: Callable[[Array], Array], volume: float, curl: float, left: bool, wave: float = 0.0
) -> Mesh:
    """One half of hair that flows from a parting over the head and falls free below the ears.

    part: angle of the parting; edge: angle of its front edge at the temple; end: height of the tips by column, 0 the
    front edge, 1 the middle of the back; curl: how far the tips turn in (out if negative).
    """
    rows, columns = 30, 30
    c, t = np.linspace(0, 1, columns)[None], np.linspace(0, 1, rows)[:, None]
    sign = 1.0 if left else -1.0
    over = np.clip(t / 0.55, 0, 1)  # along the skull
    root_y = profile(
        c, ((0.0, 0.90), (0.12, 1.07), (0.27, 1.27), (0.33, 1.298), (0.67, 1.298), (0.73, 1.27), (1.0, 0.95))
    )
    root_angle = sign * part + (180.0 - sign * part) * step(0.30, 0.70, c)
    goal = edge + (180.0 - edge) * c**0.9
    angle = np.radians(sign * (root_angle + (goal - root_angle) * np.sin(over * np.pi / 2) ** 0.9))
    y = root_y + (0.06 - root_y) * over**1.25
    groove = np.abs(np.sin(c * 21 + 0.9 * np.sin(5 * c) + 0.7 * t)) ** 0.8
    up = 0.02 + volume * step(0.0, 0.22, over) ** 0.7 + 0.028 * (groove - 0.5) * step(0.02, 0.2, t)
    up = up + 0.06 * step(0.45, 1.0, over) * np.exp(-(((np.degrees(sign * angle) - 95) / 30) ** 2))  # over the ears
    points, _ = above_skull(angle, y, up)
    fall = np.clip((t - 0.55) / 0.45, 0, 1)
    low = end(c) + 0.05 * (groove - 0.5)
    points[..., 1] += (low - 0.06) * fall
    aside = np.stack([np.sin(angle), np.cos(angle)], -1)
    drift = -0.10 * fall - curl * step(0.5, 1.0, fall) ** 2 + wave * np.sin(fall * 7 + 2 * c) * fall
    points[..., 0] += aside[..., 0] * drift
    points[..., 2] += aside[..., 1] * drift
    outer, size = points.reshape(-1, 3), rows * columns
    axis = np.array((0.0, 0.0, -0.10))
    inwards = (axis - outer) * (1, 0, 1)
    inwards /= np.linalg.norm(inwards, axis=1, keepdims=True) + 1e-9
    inner = outer + inwards * (0.055 * np.repeat(np.sqrt(np.clip(step(0.45, 0.7, t) + 0 * c, 0, 1)), 1)).reshape(-1, 1)
    triangles = grid_triangles(rows, columns)
    faces = triangles[:, ::-1] if left else triangles
    tint = (0.72 + 0.42 * groove * np.ones_like(t)).reshape(-1)
    rim = _rim(rows, columns, size)
    sheets = np.concatenate([faces, faces[:, ::-1] + size, rim, rim[:, ::-1]])
    return painted(np.concatenate([outer, inner]), sheets, grey(np.concatenate([tint, 0.6 * tint])), sheen=SHEEN)


def _rim(rows: int, columns: int, size: int) -> Indices:
    """Triangles between two sheets of a grid along its front edge and its tips."""
    front, tips = np.arange(rows) * columns, (rows - 1) * columns + np.arange(columns)
    line = np.concatenate([front, tips[1:]]).astype(np.int32)
    a, b = line[:-1], line[1:]
    return np.concatenate([np.stack([a, b, b + size], -1), np.stack([a, b + size, a + size], -1)])
