"""A head's proportions, measured as anthropometry measures people: distances between landmarks of the face.

Norms are those of the 3D Facial Norms Database (Weinberg et al. 2016, Cleft Palate-Craniofacial Journal 53(6), 950
males and 1,500 females of European descent) at 25 years and at 7, as Cliniface tabulates them (github.com/frontiersi/
Cliniface, data/stats); height of the eye from Farkas (1981) and others, by the same tables. Landmarks have Farkas'
names: n root of the nose, prn its tip, sn its foot, al wings, en and ex corners of an eye, ch corners of the mouth,
ls and li borders of its red, sto between the lips, gn lower edge of the chin, zy cheekbones, go angles of the jaw.

Shapes: V vertices, K vertices of the face's middle line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facestream.faces.head.head import Head
from facestream.faces.mesh import Floats, Indices, vertex_normals

# Millimetres: mean and deviation of men and of women of 25 years, of boys and of girls of 7.
_NORMS: dict[str, tuple[tuple[float, float], ...]] = {
    "n-gn": ((126.64, 6.64), (118.03, 5.84), (105.34, 5.95), (102.49, 4.83)),
    "zy-zy": ((137.12, 6.27), (130.09, 5.30), (122.38, 5.90), (119.25, 5.41)),
    "go-go": ((103.69, 7.10), (96.96, 6.48), (89.07, 5.69), (86.24, 5.57)),
    "ex-ex": ((88.85, 4.05), (85.64, 3.82), (80.63, 3.61), (79.39, 3.45)),
    "en-en": ((32.74, 2.90), (31.46, 2.70), (30.24, 2.30), (30.21, 2.37)),
    "en-ex": ((28.71, 1.95), (27.83, 1.97), (25.79, 1.66), (25.27, 1.68)),
    "lids": ((10.96, 0.48), (10.96, 0.48), (10.96, 0.48), (10.96, 0.48)),
    "n-sn": ((56.65, 3.93), (54.47, 3.56), (47.00, 3.60), (46.39, 2.88)),
    "al-al": ((35.91, 2.62), (32.67, 2.34), (30.14, 2.03), (29.17, 1.95)),
    "sn-prn": ((20.95, 1.97), (20.01, 1.83), (16.36, 1.42), (16.09, 1.40)),
    "ch-ch": ((50.10, 3.84), (47.87, 3.54), (40.55, 3.66), (39.76, 3.15)),
    "sn-ls": ((16.33, 2.49), (14.00, 2.35), (13.54, 2.14), (12.73, 1.94)),
    "sn-sto": ((22.63, 2.54), (20.25, 2.44), (19.09, 2.12), (18.26, 1.99)),
    "ls-sto": ((7.59, 1.61), (7.39, 1.41), (7.07, 1.65), (7.03, 1.31)),
    "sto-li": ((8.72, 2.12), (8.58, 1.74), (7.80, 2.21), (7.24, 1.83)),
}
RATIOS = (
    ("n-gn", "zy-zy"), ("go-go", "zy-zy"), ("ex-ex", "zy-zy"), ("en-en", "ex-ex"), ("en-ex", "ex-ex"),
    ("lids", "ex-ex"), ("n-sn", "n-gn"), ("al-al", "n-sn"), ("al-al", "zy-zy"), ("sn-prn", "n-sn"), ("ch-ch", "zy-zy"),
    ("ch-ch", "ex-ex"), ("sn-ls", "n-gn"), ("sn-sto", "n-gn"), ("ls-sto", "ch-ch"), ("sto-li", "ch-ch"),
)  # fmt: skip


@dataclass(frozen=True)
class Norm:
    """Mean and deviation of a ratio among people."""

    mean: float
    deviation: float


def norm(above: str, below: str, child: bool = False) -> Norm:
    """A ratio's norm over both sexes. Its deviation takes the two lengths for independent, so it is rather wide."""
    (a, spread_a), (b, spread_b) = _both(above, child), _both(below, child)
    return Norm(a / b, a / b * float(np.hypot(spread_a / a, spread_b / b)))


def _both(name: str, child: bool) -> tuple[float, float]:
    """Mean and deviation of a length over men and women alike."""
    means, spreads = np.array(_NORMS[name][2:] if child else _NORMS[name][:2]).T
    return float(means.mean()), float(np.sqrt((spreads**2).mean() + means.var()))


def ratios(lengths: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Every ratio of RATIOS that can be made of these lengths."""
    return {(a, b): lengths[a] / lengths[b] for a, b in RATIOS if a in lengths and b in lengths}


def lengths(head: Head) -> dict[str, float]:
    """The lengths that have norms, by name, in the head's units (about 10 cm)."""
    marks = landmarks(head)
    ends = {name: ("ps", "pi") if name == "lids" else tuple(name.split("-")) for name in _NORMS}
    found = {}
    for name, (a, b) in ends.items():
        sides = (a + "_left", b + ("_right" if a == b else "_left"))
        found[name] = float(
            np.linalg.norm(np.subtract(*(marks[one] for one in (sides if sides[0] in marks else (a, b)))))
        )
    return found


def landmarks(head: Head) -> dict[str, Floats]:
    """Places [3] by Farkas' names; ps and pi: middles of the left eye's lids."""
    points, sets = head.mesh.vertices, head.vertex_sets
    marks = {
        "sto": points[sets["lips_upper_mid"]].mean(axis=0),
        "gn": points[sets["chin"][0]],
        "ps": _middle(points[sets["lid_upper_left"]]),
        "pi": _middle(points[sets["lid_lower_left"]]),
    }
    for side in ("left", "right"):
        marks |= {
            "en_" + side: points[sets["eye_corner_inner_" + side][0]],
            "ex_" + side: points[sets["eye_corner_outer_" + side][0]],
            "ch_" + side: points[sets["mouth_corner_" + side][0]],
            "al_" + side: _wing(head, side),
        }
    line = _middle_line(head)
    red = {name: np.intersect1d(line, sets[name]) for name in ("lip_upper", "lip_lower")}
    marks["ls"] = max(points[red["lip_upper"]], key=lambda p: p[1])
    marks["li"] = min(points[red["lip_lower"]], key=lambda p: p[1])
    middle = points[line]
    marks["prn"] = max(middle, key=lambda p: p[2])
    marks["n"] = min(middle[np.abs(middle[:, 1] - marks["ps"][1]) < 0.16], key=lambda p: p[2])
    marks["sn"] = _hollow(middle, marks["ls"], marks["prn"])
    jaw = points[sets["jaw"]]
    jaw = jaw[np.abs(jaw[:, 1] - marks["li"][1]) < 0.04]
    for sign, side in ((1, "left"), (-1, "right")):
        marks["zy_" + side] = max(points[sets["cheek_" + side]], key=lambda p: sign * p[0])
        marks["go_" + side] = max(jaw, key=lambda p: sign * p[0])
    return marks


def _middle(rim: Floats) -> Floats:
    """The middle one of a lid's points, [3]."""
    return np.asarray(rim[len(rim) // 2])


def _middle_line(head: Head) -> Indices:
    """Vertices [K] of the skin on the face's middle line, upwards."""
    points = head.mesh.vertices[head.vertex_sets["skin"]]
    line = np.flatnonzero((np.abs(points[:, 0]) < 0.008) & (points[:, 2] > 0.3))
    return line[np.argsort(points[line, 1], kind="stable")].astype(np.int32)


def _hollow(line: Floats, low: Floats, high: Floats) -> Floats:
    """The point of the middle line that lies farthest behind the straight way from low to high."""
    between = line[(line[:, 1] > low[1]) & (line[:, 1] < high[1])]
    up, ahead = (high - low)[1:]
    behind = ahead * (between[:, 1] - low[1]) - up * (between[:, 2] - low[2])
    return np.asarray(between[np.argmax(behind)])


def _wing(head: Head, side: str) -> Floats:
    """The side of a nose's wing: where the nose's skin faces most aside."""
    mesh, normals = head.mesh, np.empty_like(head.mesh.vertices)
    vertex_normals(mesh.vertices, mesh.triangles, mesh.weld, normals)
    nose = head.vertex_sets["nose"]
    tip = max(mesh.vertices[nose], key=lambda p: p[2])
    low = nose[mesh.vertices[nose, 1] < tip[1]]
    sign = 1 if side == "left" else -1
    return np.asarray(mesh.vertices[low[np.argmax(sign * normals[low, 0])]])
