"""Eyeballs, and the lashes' dark line with the lids' thickness.

An eyeball is a globe of rings about its line of sight; rings at the pupil's and the iris' borders are double, so that
the colours meet sharply on a smooth surface.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from facestream.faces.head import paint
from facestream.faces.head.forms import Array, step
from facestream.faces.head.identity import Identity
from facestream.faces.head.lids import Lids, eye_center
from facestream.faces.head.paint import Palette
from facestream.faces.head.part import Part, painted, tubes
from facestream.faces.head.skin import EYE_RADIUS
from facestream.faces.mesh import Mesh, grid_triangles

_SEGMENTS = 40
_PUPIL, _IRIS = 17.0, 36.0
# Rings: degrees from the line of sight, and the part of the eye whose colour the ring has.
_RINGS = (
    (0.05, "pupil"), (6.0, "pupil"), (_PUPIL, "pupil"), (_PUPIL, "iris"), (21.0, "iris"), (25.0, "iris"),
    (29.0, "iris"), (33.0, "limbus"), (_IRIS, "limbus"), (_IRIS + 2.5, "sclera"), (45.0, "sclera"), (58.0, "sclera"),
    (74.0, "sclera"), (95.0, "sclera"),
)  # fmt: skip
# Spots of light on the cornea: across, up, radius, brightness.
_GLINTS = ((-0.060, 0.062, 0.030, 1.0), (0.062, -0.062, 0.013, 0.75))
_LASH_STEPS, _LASH_SIDES = 5, 5
LASH_RINGS = 3  # of the lash line: its outer border, its front, its inner border


def eyeball(left: bool, identity: Identity) -> Part:
    """One eyeball, looking straight ahead."""
    around, palette = np.linspace(0, 2 * np.pi, _SEGMENTS, endpoint=False), Palette.of(identity)
    points, colors = [], []
    for degrees, kind in _RINGS:
        out, ahead = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
        ring = np.stack([out * np.sin(around), out * np.cos(around), np.full(_SEGMENTS, ahead)], -1)
        points.append(EYE_RADIUS * ring)
        colors.append(_ring_color(kind, degrees, around, palette))
    count = len(_RINGS) * _SEGMENTS
    weld = np.arange(count, dtype=np.int32)
    weld[:_SEGMENTS] = 0  # the pole is one point
    weld[3 * _SEGMENTS : 4 * _SEGMENTS] = np.arange(2 * _SEGMENTS, 3 * _SEGMENTS, dtype=np.int32)
    place = np.concatenate(points)
    # the upper lid shades the top of the globe, the sockets its sides
    shade = 1 - 0.60 * step(-0.02, 0.14, place[:, 1])
    shade *= 1 - 0.45 * step(0.13, 0.25, np.hypot(place[:, 0], 0.6 * place[:, 1]))
    triangles = grid_triangles(len(_RINGS), _SEGMENTS, wrap=True)
    globe = painted(place, triangles, np.concatenate(colors), 0.5, shade, weld)
    mesh = Mesh.joined([globe, *(_glint(*at) for at in _GLINTS)])
    return Part(replace(mesh, vertices=mesh.vertices + eye_center(left).astype(np.float32)))


def _glint(across: float, up: float, radius: float, light: float) -> Mesh:
    """A spot of light on the cornea, just above the globe: it keeps the eyes alive in any light."""
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = np.stack([across + radius * np.cos(turn), up + radius * np.sin(turn)], -1)
    flat = np.concatenate([ring, [(across, up)]])
    deep = np.sqrt(EYE_RADIUS**2 - (flat**2).sum(axis=1, keepdims=True))
    points = 1.006 * np.concatenate([flat, deep], axis=1)
    fan = np.stack([np.arange(16), np.roll(np.arange(16), -1), np.full(16, 16)], -1)
    return painted(points, fan.astype(np.int32), light, sheen=0.0)


def _ring_color(kind: str, degrees: float, around: Array, colors: Palette) -> Array:
    """Colours of one ring, [segments, 3]: the iris is lit from above, so its lower half glows; fibres run across it."""
    if kind == "pupil":
        return np.broadcast_to(paint.PUPIL, (len(around), 3))
    if kind == "sclera":
        white = paint.SCLERA * (1 - 0.10 * step(50, 90, degrees))
        veins = np.array((0, 0.10, 0.10)) * step(50, 75, degrees)  # redder towards the corners
        return np.broadcast_to(white - veins, (len(around), 3))
    fibres = 0.80 + 0.20 * np.sin(around * 13 + 0.3 * degrees) * np.sin(around * 5)
    glow = (0.10 + 0.90 * step(-0.5, 1.0, -np.cos(around))) * fibres
    inner = 1 - (degrees - _PUPIL) / (_IRIS - _PUPIL)
    light = np.clip(glow * (0.55 + 0.75 * inner * (1.25 - inner)), 0, 1)
    color = colors.iris + (colors.iris_light - colors.iris) * light[:, None]
    return np.asarray(color * (0.35 + 0.65 * step(_IRIS + 0.5, 29.0, degrees)))


def lash_line(lids: Lids, left: bool, lid_shapes: dict[str, Array], identity: Identity) -> Part:
    """A dark band on the lids' rims, thick above and thin below, that reaches inwards to the globe."""
    rim = lids.rim(left)
    edge = lids.skin.points[rim]
    above = np.arange(len(rim)) > len(rim) // 2
    across = (edge[:, 0] - edge[:, 0].mean()) / np.ptp(edge[:, 0]) * (2 if left else -2)  # -1 at the nose, 1 outside
    dark = 0.026 + 0.016 * identity.lashes + (0.010 + 0.014 * identity.lashes) * across
    thick = np.where(above, dark * (1 - 0.80 * across**6), -0.006 * (1 - across**4))
    rest = _band(edge, thick, left)
    shapes = {
        name: _band(edge + moved[rim], thick, left) - rest for name, moved in lid_shapes.items() if np.any(moved[rim])
    }
    triangles = grid_triangles(LASH_RINGS, len(rim), wrap=True)
    return Part(painted(rest, triangles, _band_colors(above, across, Palette.of(identity)), 0.0, 0.9), shapes)


def _band_colors(above: npt.NDArray[np.bool_], across: Array, colors: Palette) -> Array:
    """Lashes above, the lid's moist edge below, red at the inner corner: [3 E, 3]."""
    edge = colors.skin * (0.95, 0.66, 0.64)
    dark = np.where(above, step(-1.02, -0.80, across), 0.85 * step(0.45, 1.0, across))[:, None]
    line = edge + (colors.lash - edge) * dark
    corner = (1 - step(-1.0, -0.78, across))[:, None]
    inner = line + (paint.WET - line) * corner
    return np.concatenate([line, line, inner])


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


def eyelashes(lids: Lids, left: bool, lid_shapes: dict[str, Array], identity: Identity) -> Part:
    """Single lashes on the upper lid, longer towards the outer corner; they go with the lid and turn down with it."""
    skin, columns = lids.skin, lids.skin.eye_columns(left)
    rim = skin.lids_upper[columns if left else columns[::-1]][9::2]  # from the middle to the outer corner
    edge = skin.points[rim]
    outwards = edge - eye_center(left)
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    s, t = np.linspace(0, 1, len(rim))[:, None], np.linspace(0, 1, _LASH_STEPS)
    aside = (1.0 if left else -1.0) * (0.15 + 0.75 * s)
    way = 0.6 * outwards + np.concatenate([aside, 0.55 - 0.15 * s, 0 * s], axis=1)
    length = (0.038 + 0.042 * np.sin(np.pi * (0.15 + 0.70 * s))) * (0.5 + 0.5 * identity.lashes)
    away = length[:, :, None] * (t[:, None] * way[:, None] + (t**2)[:, None] * np.array((0, 0.45, 0)))
    spine = (edge + 0.020 * outwards)[:, None] + away
    width = 0.0105 * (1 - t) ** 0.7 + 0 * s
    points, triangles = tubes(spine, np.repeat(outwards[:, None], len(t), axis=1), width, width, _LASH_SIDES)
    each = _LASH_STEPS * _LASH_SIDES
    bent = np.repeat(away.reshape(-1, 3), _LASH_SIDES, axis=0)[:, 1]
    shapes = {name: np.repeat(moved[rim], each, axis=0) for name, moved in lid_shapes.items() if np.any(moved[rim])}
    side = "Left" if left else "Right"
    for name, share in (("eyeBlink", 1.7), ("eyeLookDown", 0.4)):
        shapes[name + side][:, 1] -= share * bent
    return Part(painted(points, triangles, Palette.of(identity).lash, 0.0, 0.9), shapes)
