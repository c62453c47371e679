"""Ears: shells with a rolled rim, the inner ridge, the hollow and the lobe.

An ear is a disc of rings, flattened to an ear's outline; its relief is sculpted over (u, v): u back, v up, both -1..1.
"""

from __future__ import annotations

import numpy as np

from facestream.faces.head.forms import Array, bump, profile, step
from facestream.faces.head.identity import COVERING, Identity
from facestream.faces.head.paint import Palette
from facestream.faces.head.part import Part, mirrored, painted
from facestream.faces.mesh import Mesh, grid_triangles

_SIDES = 32
_LEAN, _TUCKED = 0.50, 0.05  # radians by which the back edge stands out; under hair
# Rings: size, and how far it lies behind the shell's rim.
_RINGS = (
    (0.0, 0.0), (0.18, 0.0), (0.34, 0.0), (0.48, 0.0), (0.60, 0.0), (0.70, 0.0), (0.79, 0.0), (0.87, 0.0), (0.94, 0.0),
    (0.99, 0.012), (1.0, 0.035), (0.96, 0.06), (0.80, 0.10), (0.62, 0.16), (0.45, 0.26),
)  # fmt: skip


def ears(identity: Identity) -> Part:
    """Both ears."""
    around = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)
    size, behind = (column[:, None] for column in np.array(_RINGS).T)
    u, v = np.cos(around) * size, np.sin(around) * size
    relief = _relief(u, v, size)
    height = np.where(
        behind > 0, _relief(np.cos(around) + 0 * u, np.sin(around) + 0 * u, np.ones_like(u)) - behind, relief
    )
    # wide above, narrow at the lobe
    wide = profile(v, ((-1.0, 1.45), (-0.85, 1.02), (-0.55, 0.84), (0.1, 1.0), (0.5, 1.10), (1.0, 1.05)))
    z, y = -0.158 * u * wide + 0.035 * v, 0.245 * v
    lean = _TUCKED if identity.hair in COVERING else _LEAN
    cosine, sine = np.cos(lean), np.sin(lean)
    # the front edge dips into the head
    x = height - 0.05 * step(0.35, 1.0, -u) * step(-0.9, -0.2, v)
    place = np.stack([cosine * x - sine * z + 0.985, y - 0.075, sine * x + cosine * z - 0.125], -1)
    colors = Palette.of(identity)
    deep = step(0.030, -0.03, height) * (behind == 0)
    rim = step(0.75, 0.95, size) * 0.5
    color = colors.skin + (colors.blush * 0.95 - colors.skin) * np.clip(0.15 + 0.5 * deep + 0.6 * rim, 0, 1)[..., None]
    shade = 0.95 - 0.45 * deep
    triangles = grid_triangles(len(_RINGS), _SIDES, wrap=True)[:, ::-1]
    weld = np.arange(place[..., 0].size, dtype=np.int32)
    weld[:_SIDES] = 0  # the middle is one point
    left = painted(place, triangles, color.reshape(-1, 3), 0.0, shade.reshape(-1), weld, sheen=0.2, translucency=0.6)
    return Part(Mesh.joined([left, mirrored(left)]))


def _relief(u: Array, v: Array, size: Array) -> Array:
    """Height over the ear's plane."""
    lobe = step(-0.45, -0.75, v)
    helix = 0.055 * np.exp(-(((size - 0.93) / 0.085) ** 2)) * step(-1.0, -0.35, u + 0.5 * v) * (1 - 0.8 * lobe)
    inner = np.hypot((u + 0.12) / 0.62, (v + 0.02) / 0.66)
    antihelix = 0.042 * np.exp(-(((inner - 1.0) / 0.20) ** 2)) * step(-0.35, 0.25, u) * step(-0.75, -0.4, v)
    hollow = -0.095 * bump(u, v, (-0.20, -0.12), (0.30, 0.38))
    tragus = 0.050 * bump(u, v, (-0.62, -0.16), (0.15, 0.20))
    soft = 0.035 * bump(u, v, (-0.10, -0.80), (0.35, 0.25))
    return np.asarray(0.020 + helix + antihelix + hollow + tragus + soft)
