"""What is behind the lips: the cavity, the teeth, the tongue.

The cavity is a bag whose first ring is the lips' seam. Its walls follow the lips near the seam and the jaw further in.
Shapes: L vertices round the seam, n vertices of a part.
"""

from __future__ import annotations

import numpy as np

from facestream.faces.head import paint
from facestream.faces.head.expressions import CORNER_DROP, JAW_ASIDE, JAW_FORWARD, TONGUE_JAW, jaw_drop
from facestream.faces.head.forms import Array, bump, step
from facestream.faces.head.part import Part, painted
from facestream.faces.head.skin import MOUTH_HALF, MOUTH_Y, Skin
from facestream.faces.mesh import Indices, grid_triangles

# Rings of the cavity: depth behind the seam, distance from its height, width, share that follows the jaw, not the lips.
_RINGS = (
    (0.0, 0.0, 1.0, 0.0), (0.030, 0.010, 1.0, 0.0), (0.055, 0.095, 1.0, 0.15), (0.12, 0.165, 0.98, 0.6),
    (0.38, 0.18, 0.92, 1.0), (0.62, 0.13, 0.6, 1.0), (0.70, 0.0, 0.0, 1.0),
)  # fmt: skip

_JAW_SLIDES = {
    "jawForward": np.array((0, 0, JAW_FORWARD)),
    "jawLeft": np.array((JAW_ASIDE, 0, 0)),
    "jawRight": np.array((-JAW_ASIDE, 0, 0)),
}


def seam_loop(skin: Skin) -> Indices:
    """Skin vertices round the mouth's opening, [L]: along the upper rim from right to left, the lower one back."""
    right, left = skin.corners
    upper, lower = skin.mouth_upper[skin.mouth_columns], skin.grid[skin.rows["seam"], skin.mouth_columns]
    return np.concatenate([[right], upper, [left], lower[::-1]]).astype(np.int32)


def seam_depth(skin: Skin) -> float:
    """z of the seam's middle."""
    return float(skin.points[skin.mouth_upper[len(skin.mouth_upper) // 2], 2])


def cavity(skin: Skin, skin_shapes: dict[str, Array]) -> Part:
    """The bag behind the lips."""
    skin_shapes = {name: moved for name, moved in skin_shapes.items() if not name.startswith(("eye", "brow"))}
    loop = seam_loop(skin)
    rim, side = skin.points[loop], skin.side[loop]
    inside = np.sqrt(np.clip(1 - (rim[:, 0] / MOUTH_HALF) ** 2, 0, 1))
    jaw = np.where(side < 0, CORNER_DROP + (1 - CORNER_DROP) * inside, CORNER_DROP * (1 - inside))
    rings, colors, thin = [], [], []
    moves: dict[str, list[Array]] = {name: [] for name in skin_shapes}
    for depth, away, width, share in _RINGS:
        x, y, z = rim.T
        deep = seam_depth(skin) - depth if depth > 0.2 else z - depth
        ring = np.stack([width * x, y + side * away * np.maximum(inside, 0.25), 0 * z + deep], -1)
        if width == 0:
            ring[:] = ring.mean(axis=0)
        rings.append(ring)
        # towards the mouth's corners the cheeks are near, and let light through
        cheek = ((1 - inside) * (1 - step(0.12, 0.62, depth)))[:, None]
        wet = 0.8 * paint.WET + (paint.CAVITY - 0.8 * paint.WET) * step(0.0, 0.06, depth) * (1 - 0.7 * cheek)
        colors.append(wet * (1 - 0.75 * step(0.1, 0.62, depth)))
        thin.append(cheek[:, 0])
        dropped = jaw_drop(ring, jaw)
        own = {"jawOpen": dropped, "tongueOut": TONGUE_JAW * dropped}
        own |= {name: 0.6 * slide * np.ones_like(ring) for name, slide in _JAW_SLIDES.items()}
        for name, moved in skin_shapes.items():
            moves[name].append((1 - share) * moved[loop] + share * own.get(name, 0.0))
    triangles = grid_triangles(len(rings), len(loop), wrap=True)[:, ::-1]
    shapes = {name: np.concatenate(moved) for name, moved in moves.items()}
    wall = painted(
        np.concatenate(rings), triangles, np.concatenate(colors), shade=0.75, translucency=np.concatenate(thin)
    )
    return Part(wall, shapes)


# Rows of a row of teeth: height from the gum (0) to the edge (1), and distance inwards.
_TOOTH_ROWS = (
    (0.0, 0.0), (0.16, -0.006), (0.22, 0.0), (0.70, 0.0), (0.95, 0.004), (1.0, 0.016), (1.0, 0.034),
    (0.6, 0.05), (0.0, 0.06),
)  # fmt: skip
_ARCH = (1.36, 1.5)  # half width and depth of the arch in radii of its front


def teeth(skin: Skin, above: bool) -> Part:
    """One row of teeth with its gum: an arch whose edge is scalloped tooth by tooth."""
    angle = np.linspace(-1.4, 1.4, 47)
    gap = 1 - np.abs(np.sin(angle * 7.4)) ** 0.35  # 1 between two teeth, 0 on their middles
    radius, root, edge, behind = (0.262, 0.170, -0.030, 0.085) if above else (0.240, -0.17, -0.060, 0.105)
    front = seam_depth(skin) - behind
    points, colors, enamel = [], [], np.repeat([float(height > 0.2) for height, _ in _TOOTH_ROWS], len(angle))
    for height, inwards in _TOOTH_ROWS:
        crown = height > 0.2
        y = MOUTH_Y + root + (edge - root) * (height - 0.05 * gap * (height > 0.9))
        sunk = inwards + 0.010 * gap * crown
        x, z = (_ARCH[0] * radius - sunk) * np.sin(angle), front + _ARCH[1] * radius * (np.cos(angle) - 1)
        points.append(np.stack([x, y, z - sunk * np.cos(angle)], -1))
        colors.append(paint.TOOTH * (1 - 0.20 * gap[:, None]) if crown else np.broadcast_to(paint.GUM, (len(angle), 3)))
    place = np.concatenate(points)
    triangles = grid_triangles(len(_TOOTH_ROWS), len(angle))
    # the cheeks shade the back of the arch
    shade = np.tile(0.85 * (1 - 0.75 * step(0.35, 1.30, np.abs(angle))), len(_TOOTH_ROWS))
    triangles = triangles[:, ::-1] if above else triangles
    mesh = painted(place, triangles, np.concatenate(colors), 0.25, shade, translucency=enamel)
    return Part(mesh, _teeth_shapes(place, above))


def _teeth_shapes(place: Array, above: bool) -> dict[str, Array]:
    """The lower teeth go with the jaw. Behind rounded lips all teeth give way, so that an "oo" stays dark."""
    hide = np.array((0, 0.055 if above else -0.05, -0.10))
    shapes = {"mouthFunnel": hide, "mouthPucker": 0.7 * hide}
    if not above:
        dropped = jaw_drop(place)
        shapes |= {"jawOpen": dropped, "tongueOut": TONGUE_JAW * dropped, "jawOpen*tongueOut": -TONGUE_JAW * dropped}
        shapes |= _JAW_SLIDES
    return {name: np.broadcast_to(moved, place.shape) for name, moved in shapes.items()}


def tongue(skin: Skin) -> Part:
    """A tongue with its root at the back; its tip lies behind the gap between the teeth, through which it comes out."""
    along = np.linspace(0, 1, 15)[:, None]
    around = np.linspace(0, 2 * np.pi, 18, endpoint=False)[None]
    back = seam_depth(skin) - 0.60
    taper = np.sqrt(np.clip(1 - np.clip((along - 0.62) / 0.38, 0, 1) ** 2, 0, 1))
    across = np.sin(around) * np.ones_like(along)
    width, thick = 0.150 * taper, (0.055 - 0.040 * step(0.35, 1.0, along)) * np.sqrt(taper)
    crown = 0.036 * (1 - across**2) * taper
    groove = -0.026 * np.exp(-((across / 0.22) ** 2)) * (np.cos(around) > 0) * taper
    x, y = (
        width * across,
        MOUTH_Y - 0.112 + 0.065 * along**1.5 + thick * np.cos(around) + crown + groove,
    )
    z = back + 0.385 * along + 0.0 * around
    place = np.stack([x, y, z], -1).reshape(-1, 3)
    s, c = (along + 0 * around).reshape(-1), across.reshape(-1)
    triangles = grid_triangles(15, 18, wrap=True)[:, ::-1]
    color = paint.TONGUE * (0.35 + 0.65 * step(0.1, 0.8, s))[:, None]
    return Part(painted(place, triangles, color, 0.30, 0.85), _tongue_shapes(place, s, c))


def _tongue_shapes(place: Array, s: Array, c: Array) -> dict[str, Array]:
    """s: 0 at the root, 1 at the tip; c: -1 at the right edge, 1 at the left."""
    zero, tip, body, most = (
        np.zeros_like(s),
        step(0.45, 1.0, s),
        bump(s, 0 * s, (0.55, 0), (0.30, 1)),
        step(0.05, 0.8, s),
    )

    def move(x: Array, y: Array, z: Array) -> Array:
        return np.stack([x, y, z], -1)

    x, share = place[:, 0], step(0.0, 0.3, s) * 0.3 + 0.7
    # behind rounded lips it draws back further than the teeth, so that it is not taken for a tongue put out
    hide, dropped = move(zero, -0.090 * most, -0.250 * most), jaw_drop(place, share)
    aside, ahead, up = (
        move(0.05 * most, zero, zero),
        move(-0.10 * x * most, zero, 0.085 * most),
        move(zero, 0.07 * tip, zero),
    )
    settled = move(zero, 0.045 * most, zero)  # into the lower arch, as the jaw opens
    lowered = move(zero, 0.050 * body, zero)
    tip_aside, raised = move(0.05 * tip, zero, zero), move(zero, 0.100 * body + 0.04 * tip, zero)
    return {
        "jawOpen": dropped - settled,
        **{name: most[:, None] * slide for name, slide in _JAW_SLIDES.items()},
        "mouthFunnel": hide,
        "mouthPucker": 0.8 * hide,
        "tongueOut": move(0.1 * x * tip, 0.05 * most - 0.08 * step(0.80, 1.0, s), 0.56 * most) + TONGUE_JAW * dropped,
        "jawOpen*tongueOut": 2 * settled - TONGUE_JAW * dropped,
        "tongueOut*tongueOut*tongueOut": move(zero, -0.17 * step(0.66, 1.0, s), zero),  # once out, it hangs
        "tongueOut*tongueUp": -raised,
        "tongueOut*tongueDown": 0.9 * lowered,
        # between shut teeth it has little room
        "tongueTipUp": up,
        "jawOpen*tongueTipUp": 1.3 * up,
        "tongueTipDown": move(zero, -0.050 * tip, zero),
        "tongueTipLeft": 0.7 * tip_aside,
        "jawOpen*tongueTipLeft": 0.7 * tip_aside,
        "tongueTipRight": -0.7 * tip_aside,
        "jawOpen*tongueTipRight": -0.7 * tip_aside,
        "tongueRollUp": move(zero, 0.110 * tip**2 + 0.03 * c**2 * tip, -0.085 * tip**2),
        "tongueRollDown": move(zero, -0.060 * tip**2, -0.085 * tip**2),
        "tongueRollLeft": move(-0.02 * c * most, -0.032 * c * most, zero),
        "tongueRollRight": move(-0.02 * c * most, 0.032 * c * most, zero),
        "tongueUp": raised,
        "tongueDown": -lowered,
        "tongueLeft": 0.7 * aside,
        "jawOpen*tongueLeft": aside,
        "tongueRight": -0.7 * aside,
        "jawOpen*tongueRight": -aside,
        "tongueIn": move(zero, 0.02 * body, -0.130 * most),
        "tongueStretch": 0.3 * ahead,
        "jawOpen*tongueStretch": ahead,
        "tongueWide": move(0.20 * x * most, -0.01 * body, zero),
        "tongueNarrow": move(-0.28 * x * most, 0.01 * body, zero),
    }
