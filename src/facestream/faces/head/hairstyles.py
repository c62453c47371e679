"""Hair styles by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from facestream.faces.head.forms import Array, profile, step
from facestream.faces.head.hair import above_skull, cap, curls, curtain, grey, locks, strands
from facestream.faces.head.identity import Identity
from facestream.faces.head.paint import Palette
from facestream.faces.head.part import Part, painted
from facestream.faces.mesh import Mesh, grid_triangles


def _hairline(*half: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """A symmetric hairline from the knots of its left half."""
    return tuple((-angle, y) for angle, y in half[::-1] if angle > 0) + half


_SHORT = _hairline(
    (0, 0.91), (20, 0.90), (44, 0.76), (62, 0.50), (74, 0.16), (84, 0.10), (95, 0.24), (106, 0.20), (116, -0.16),
    (132, -0.46), (155, -0.56), (180, -0.58),
)  # fmt: skip
_HIGH = _hairline(
    (0, 0.93), (20, 0.92), (44, 0.80), (60, 0.56), (72, 0.26), (84, 0.20), (95, 0.24), (106, 0.20), (118, -0.10),
    (134, -0.36), (155, -0.46), (180, -0.48),
)  # fmt: skip
# Locks combed from a parting on the right to the left.
_SWEEP = (
    (-33, 0.94, 4, 0.83, 0.04, 0.09, 0.050), (-34, 0.97, 14, 0.86, 0.07, 0.10, 0.060),
    (-35, 0.95, -52, 0.70, 0.02, 0.09, 0.045),
    (-32, 0.99, 20, 0.72, 0.10, 0.11, 0.070), (-31, 1.03, 44, 0.64, 0.12, 0.14, 0.085),
    (-30, 1.10, 64, 0.56, 0.13, 0.15, 0.080), (-32, 1.17, 82, 0.46, 0.10, 0.16, 0.070),
    (-34, 1.22, 104, 0.44, 0.06, 0.17, 0.060), (-29, 1.05, 34, 0.80, 0.17, 0.10, 0.115),
    (-29, 1.13, 58, 0.66, 0.15, 0.10, 0.110), (-33, 1.20, 76, 0.58, 0.11, 0.10, 0.100),
    (-37, 1.00, -56, 0.60, 0.05, 0.11, 0.055), (-39, 1.08, -70, 0.44, 0.05, 0.13, 0.055),
    (-41, 1.17, -92, 0.44, 0.04, 0.16, 0.055), (-40, 1.23, -114, 0.40, 0.03, 0.16, 0.055),
    (-40, 1.27, 134, 0.40, 0.03, 0.18, 0.05), (-70, 1.26, -140, 0.36, 0.02, 0.18, 0.05),
)  # fmt: skip


def hair(identity: Identity) -> Part:
    """All hair on the head; it turns with it and has no shapes of its own."""
    colors = Palette.of(identity)
    mesh = Mesh.joined(_STYLES[identity.hair](identity))
    return Part(replace(mesh, colors=(mesh.colors * colors.hair).astype(np.float32)))


def _combed(volume: float, depth: float) -> Callable[[Array, Array], Array]:
    """Height of combed hair: `volume` at the crown, grooves of `depth`."""

    def height(angle: Array, t: Array) -> Array:
        body = (0.35 + 0.65 * step(0.2, 0.9, t)) * volume * step(-0.02, 0.25, t)
        return body + 0.025 + depth * (_groove(angle, t) - 0.6) * (1 - step(0.75, 1.0, t)) * step(0.0, 0.1, t)

    return height


def _groove(angle: Array, t: Array) -> Array:
    return np.asarray(np.abs(np.sin(angle * 12 + 1.5 * t + 0.8 * np.sin(angle * 2))) ** 0.7)


def _grooved(angle: Array, t: Array) -> Array:
    return 0.74 + 0.40 * _groove(angle, t) + 0.06 * np.sin(angle * 41)


def _swept(identity: Identity) -> list[Mesh]:
    return [cap(_SHORT, _combed(0.16, 0.030), _grooved), locks(_SWEEP)]


def _buzz(identity: Identity) -> list[Mesh]:
    rng = np.random.default_rng(5)

    def height(angle: Array, t: Array) -> Array:
        return 0.012 + 0.030 * step(0.0, 0.30, t) * np.ones_like(angle) + 0.004 * rng.standard_normal(angle.shape)

    def tint(angle: Array, t: Array) -> Array:
        return 0.95 + 0.20 * rng.standard_normal(angle.shape)

    return [cap(_HIGH, height, tint, 30, 110)]


def _bald(identity: Identity) -> list[Mesh]:
    """A ring of short hair from ear to ear, open at the top."""
    columns, rows = 60, 9
    angle = np.radians(np.linspace(88, 272, columns))[None]
    side = np.abs(np.degrees(angle) - 180)
    low = profile(180 - side, ((88, 0.15), (96, 0.25), (106, 0.20), (118, -0.10), (134, -0.38), (180, -0.48)))
    high = profile(180 - side, ((88, 0.30), (100, 0.50), (130, 0.52), (180, 0.46)))
    t = np.linspace(0, 1, rows)[:, None]
    edge = np.sin(np.pi * t) ** 0.5 * np.sin(np.pi * np.linspace(0.0, 1, columns)) ** 0.3
    points, _ = above_skull(angle + 0 * t, low + (high - low) * t, -0.03 + 0.075 * edge)
    rng = np.random.default_rng(3)
    tint = 0.95 + 0.15 * rng.standard_normal(rows * columns)
    return [painted(points, grid_triangles(rows, columns), grey(tint), sheen=0.6)]


def _bob(identity: Identity) -> list[Mesh]:
    def end(c: Array) -> Array:
        return -0.74 + 0.10 * step(0.2, 1.0, c)

    sides = [_scalp(), *(curtain(2.0, 58.0, end, 0.15, 0.22, left) for left in (True, False))]
    at = np.linspace(-1, 1, 15)
    fringe = np.stack(
        [22 * at, 1.13 - 0.04 * at**2, 60 * at, 0.53 + 0.010 * np.cos(9 * at) - 0.05 * at**2, 0.07 + 0 * at,
         0.115 + 0 * at, 0.095 + 0.010 * np.cos(20 * at)], -1,
    )  # fmt: skip
    return [*sides, locks(fringe, 0.06, 0.5)]


def _long(identity: Identity) -> list[Mesh]:
    def end(c: Array) -> Array:
        return -1.62 - 0.10 * np.sin(np.pi * c)

    return [_scalp(), *(curtain(-14.0, 60.0, end, 0.12, -0.10, left, 0.035) for left in (True, False))]


def _scalp() -> Mesh:
    """What is seen between the locks of longer hair."""
    return cap(_HIGH, lambda angle, t: 0.02 + 0 * t, lambda angle, t: 0.55 + 0 * t, 9, 48)


def _afro(identity: Identity) -> list[Mesh]:
    return [curls(_SHORT, 0.31, 330, 0.085, 34, 112)]


def _curls(identity: Identity) -> list[Mesh]:
    return [curls(_SHORT, 0.06, 110, 0.120, 32, 108)]


def _bun(identity: Identity) -> list[Mesh]:
    """Locks wound along the hairline like a braid, a bun on top."""
    at = np.linspace(-1, 1, 15)
    low = profile(np.abs(74 * at), _HIGH[len(_HIGH) // 2 :])
    braid = np.stack(
        [74 * at, low - 0.015, 74 * at + 46 * np.sign(at) * np.abs(at) ** 0.7, 1.16 - 0.30 * np.abs(at), 0.05 + 0 * at,
         0.135 * (1 - 0.22 * np.abs(at)), 0.012 + 0.015 * np.cos(19 * at)], -1,
    )  # fmt: skip
    return [cap(_HIGH, _combed(0.14, 0.030), _grooved), locks(braid, 0.7), _ball((0.0, 1.39, -0.24), 0.31)]


def _ponytail(identity: Identity) -> list[Mesh]:
    t = np.linspace(0, 1, 18)
    way = np.concatenate([[0.0], np.arange(8) * np.pi / 4])[:, None]
    out = np.where(np.arange(9) == 0, 0.0, 1.0)[:, None] * np.sin(np.pi * np.clip(0.10 + 0.74 * t, 0, 1)) ** 0.8
    y = profile(t, ((0.0, 1.10), (0.10, 1.30), (0.24, 1.38), (0.45, 1.05), (0.75, 0.30), (1.0, -0.50)))
    z = -profile(t, ((0.0, 0.60), (0.10, 0.72), (0.24, 0.98), (0.45, 1.30), (0.75, 1.34), (1.0, 1.10)))
    x = 0.125 * out * np.sin(way) + 0.05 * np.sin(2.5 * t + 2 * way) * t
    spine = np.stack([x, y - 0.10 * np.modf(3.7 * way)[0] * t, z + 0.105 * out * np.cos(way)], -1)
    width = 0.105 * np.sin(np.pi * np.clip(0.14 + 0.86 * t, 0, 1)) ** 0.6 + 0 * way
    tail = strands(spine, np.stack([np.sin(way) + 0 * t, 0 * way * t, np.cos(way) + 0 * t], -1), width, 0.8)
    knot = _ball((0.0, 1.22, -0.68), 0.125)
    return [cap(_HIGH, _drawn_back, _grooved), _wisp(True), _wisp(False), tail, knot]


def _drawn_back(angle: Array, t: Array) -> Array:
    """Height of hair that rises at once from the hairline and lies flatter towards the knot."""
    roll = (
        0.155
        * np.sqrt(step(0.0, 0.20, t))
        * (1 - 0.45 * step(0.25, 0.9, t))
        * (1 - 0.55 * step(1.0, 2.2, np.abs(angle)))
    )
    return np.asarray(0.02 + roll + 0.034 * (_groove(angle, t) - 0.6) * step(0.0, 0.12, t) * (1 - step(0.8, 1.0, t)))


def _wisp(left: bool) -> Mesh:
    """Loose strands before an ear."""
    t, n = np.linspace(0, 1, 14)[None], np.arange(2)[:, None]
    angle = np.radians(64 + 8 * t + 4 * n + 4 * np.sin(5.0 * t + n)) * (1 if left else -1)
    spine, out = above_skull(angle, 0.62 - (0.90 - 0.20 * n) * t, 0.05 * (1 - t) + 0.06 * np.sin(np.pi * t) + 0.02 * t)
    width = 0.030 * np.sin(np.pi * np.clip(0.25 + 0.75 * t, 0, 1)) ** 0.7 + 0 * n
    return strands(spine, out, width, 0.7, 6, 3)


def _ball(center: tuple[float, float, float], radius: float) -> Mesh:
    """A ball of wound hair."""
    rings, sides = 17, 36
    polar, spin = np.linspace(0.02, np.pi - 0.02, rings)[:, None], np.linspace(0, 2 * np.pi, sides, endpoint=False)
    groove = np.abs(np.sin(spin * 4 + polar * 2.6)) ** 0.7
    r = radius * (1 + 0.07 * (groove - 0.5) * np.sin(polar))
    way = np.stack([np.sin(polar) * np.sin(spin), -np.cos(polar) * 0.82 + 0 * spin, np.sin(polar) * np.cos(spin)], -1)
    points = np.array(center) + r[..., None] * way
    return painted(points, grid_triangles(rings, sides, wrap=True), grey(0.74 + 0.42 * groove), sheen=0.9)


_STYLES: dict[str, Callable[[Identity], list[Mesh]]] = {
    "swept": _swept, "buzz": _buzz, "bob": _bob, "long": _long, "afro": _afro, "bun": _bun, "ponytail": _ponytail,
    "curls": _curls, "bald": _bald,
}  # fmt: skip
