"""Eyeballs, and the lashes' dark line with the lids' thickness.

An eyeball is a globe of rings about its line of sight; rings at the pupil's and the iris' borders are double, so that
the colours meet sharply on a smooth surface.
"""

from __future__ import annotations

import numpy as np

from facestream.faces.head import paint
from facestream.faces.head.forms import Array, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.lids import Lids, eye_center
from facestream.faces.head.part import Part, painted
from facestream.faces.head.skin import EYE_RADIUS
from facestream.faces.mesh import grid_triangles

_SEGMENTS = 30
_PUPIL, _IRIS = 17.5, 35.0
# Rings: degrees from the line of sight, and the part of the eye whose colour the ring has.
_RINGS = (
    (0.05, "pupil"), (9.0, "pupil"), (_PUPIL, "pupil"), (_PUPIL, "iris"), (22.0, "iris"), (27.0, "iris"),
    (32.0, "iris"), (_IRIS, "limbus"), (_IRIS + 2, "sclera"), (45.0, "sclera"), (58.0, "sclera"), (74.0, "sclera"),
    (95.0, "sclera"),
)  # fmt: skip
LASH_RINGS = 3  # of the lash line: its outer border, its front, its inner border


def eyeball(left: bool, identity: Identity) -> Part:
    """One eyeball, looking straight ahead."""
    around = np.linspace(0, 2 * np.pi, _SEGMENTS, endpoint=False)
    points, colors = [], []
    for degrees, kind in _RINGS:
        out, ahead = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
        ring = np.stack([out * np.sin(around), out * np.cos(around), np.full(_SEGMENTS, ahead)], -1)
        points.append(EYE_RADIUS * ring)
        colors.append(_ring_color(kind, degrees, around))
    count = len(_RINGS) * _SEGMENTS
    weld = np.arange(count, dtype=np.int32)
    weld[3 * _SEGMENTS : 4 * _SEGMENTS] = np.arange(2 * _SEGMENTS, 3 * _SEGMENTS, dtype=np.int32)
    place = np.concatenate(points)
    # the upper lid shades the top of the globe, the sockets its sides
    shade = 1 - 0.62 * step(0.02, 0.17, place[:, 1])
    shade *= 1 - 0.40 * step(0.14, 0.25, np.hypot(place[:, 0], 0.6 * place[:, 1]))
    triangles = grid_triangles(len(_RINGS), _SEGMENTS, wrap=True)
    return Part(painted(place + eye_center(left), triangles, np.concatenate(colors), 1.0, shade, weld))


def _ring_color(kind: str, degrees: float, around: Array) -> Array:
    """Colours of one ring, [segments, 3]: the iris is lit from above, so its lower half glows."""
    if kind == "pupil":
        return np.broadcast_to(paint.PUPIL, (len(around), 3))
    if kind == "sclera":
        return np.broadcast_to(paint.SCLERA * (1 - 0.12 * step(50, 90, degrees)), (len(around), 3))
    glow = (0.5 - 0.5 * np.cos(around)) * (0.75 + 0.25 * np.sin(around * 8))
    inner = 1 - (degrees - _PUPIL) / (_IRIS - _PUPIL)
    color = paint.IRIS + (paint.IRIS_LIGHT - paint.IRIS) * np.clip(glow * (0.45 + 0.55 * inner), 0, 1)[:, None]
    return np.asarray(color * (0.28 if kind == "limbus" else 1.0))


def lash_line(lids: Lids, left: bool, lid_shapes: dict[str, Array], identity: Identity) -> Part:
    """A dark band on the lids' rims, thick above and thin below, that reaches inwards to the globe."""
    rim = lids.rim(left)
    edge = lids.skin.points[rim]
    above = np.arange(len(rim)) > len(rim) // 2
    across = (edge[:, 0] - edge[:, 0].mean()) / np.ptp(edge[:, 0]) * (2 if left else -2)  # -1 at the nose, 1 outside
    thick = np.where(above, 0.034 + 0.010 * across, -0.010) * (1 - 0.75 * across**4)
    rest = _band(edge, thick, left)
    shapes = {
        name: _band(edge + moved[rim], thick, left) - rest for name, moved in lid_shapes.items() if np.any(moved[rim])
    }
    triangles = grid_triangles(LASH_RINGS, len(rim), wrap=True)
    return Part(painted(rest, triangles, paint.LASH, 0.0, 0.9), shapes)


def _band(edge: Array, thick: Array, left: bool) -> Array:
    """Outer border, front and inner border of a band [E] thick along a lid's edge [E, 3]: [3 E, 3]."""
    center = eye_center(left)
    away = edge - center
    distance = np.linalg.norm(away, axis=1, keepdims=True)
    outwards = away / distance
    outer = away + thick[:, None] * np.array((0, 1, 0))
    outer *= np.maximum(1, distance / np.linalg.norm(outer, axis=1, keepdims=True))
    rings = outer + 0.013 * outwards, away + 0.016 * outwards, 0.985 * EYE_RADIUS * outwards
    return np.concatenate([center + ring for ring in rings])
