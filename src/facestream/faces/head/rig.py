"""The head's parts put together: one mesh, all shapes' displacements in one table, and what joints and contacts act on.

Shapes: V vertices, M moved vertices of all shapes one after another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from facestream.faces.head.brows import brow
from facestream.faces.head.contacts import Globe, Slit, globe, lid_slit, lips_slit
from facestream.faces.head.correctives import blink_correctives, correctives
from facestream.faces.head.dress import clothes, extras
from facestream.faces.head.ears import ears
from facestream.faces.head.expressions import JAW_HINGE, Face, jaw_drop, skin_shapes
from facestream.faces.head.eyes import eyeball, lash_line
from facestream.faces.head.hairstyles import hair
from facestream.faces.head.identity import Identity
from facestream.faces.head.joints import Joint, joints
from facestream.faces.head.lids import Lids, eye_center
from facestream.faces.head.mouth import cavity, teeth, tongue
from facestream.faces.head.paint import skin_mesh
from facestream.faces.head.part import Part, neck_share
from facestream.faces.head.regions import regions
from facestream.faces.head.skin import EYE_COLUMNS, HALF, Skin, sculpt_skin
from facestream.faces.head.warp import eye_scale, stretch, warp
from facestream.faces.mesh import Floats, Indices, Mesh
from facestream.signals import ARKIT, TONGUE

# Where the joints turn, on the sculpted head.
_PIVOTS = {
    "neck": np.array((0.0, -1.42, -0.20)),
    "head": np.array((0.0, -0.80, -0.14)),
    "jaw": np.array((0.0, *JAW_HINGE)),
    "leftEye": eye_center(True),
    "rightEye": eye_center(False),
}
_LEAST = 2e-5  # displacements below this (2 micrometres) are left out


@dataclass(frozen=True)
class Displacements:
    """All shapes, one after another. ranges: first and last + 1 row by name; vertices: [M]; moves: [M, 3] at weight
    1.
    """

    ranges: Mapping[str, tuple[int, int]]
    vertices: Indices
    moves: Floats


@dataclass(frozen=True)
class Rig:
    """Everything a pose needs.

    vertex_sets: vertices by name; joints: parents before their children.
    """

    mesh: Mesh
    vertex_sets: Mapping[str, Indices]
    displacements: Displacements
    joints: tuple[Joint, ...]
    lips: Slit
    lids: tuple[Slit, Slit]
    left_eye: Globe
    right_eye: Globe


def sculpt(identity: Identity) -> Rig:
    """Build the head: the sculpture first, then everything is carried over to the identity's forms."""
    skin = sculpt_skin(identity)
    lids = Lids(skin)
    parts = _parts(skin, lids, identity)
    ends = np.cumsum([len(part.mesh.vertices) for part in parts.values()])
    starts = {name: int(end) - len(part.mesh.vertices) for (name, part), end in zip(parts.items(), ends, strict=True)}
    sets = {name: starts[name] + np.arange(len(part.mesh.vertices), dtype=np.int32) for name, part in parts.items()}
    mesh = Mesh.joined([part.mesh for part in parts.values()])
    table = _displacements(parts, starts)
    return Rig(
        replace(mesh, vertices=warp(identity, mesh.vertices).astype(np.float32)),
        sets | _places(skin) | regions(skin),
        _carried(table, identity, mesh.vertices),
        _joints(parts, sets, table, mesh, identity),
        lips_slit(skin, starts["cavity"]),
        (lid_slit(lids, True, starts["lashes_left"]), lid_slit(lids, False, starts["lashes_right"])),
        _warped(identity, globe(lids, True, sets["eye_left"], starts["lashes_left"])),
        _warped(identity, globe(lids, False, sets["eye_right"], starts["lashes_right"])),
    )


def _warped(identity: Identity, eye: Globe) -> Globe:
    scale = np.float32(eye_scale(identity))
    return replace(eye, center=warp(identity, eye.center[None])[0].astype(np.float32), reach=scale * eye.reach)


def _carried(table: Displacements, identity: Identity, sculpted: Floats) -> Displacements:
    """The displacements on the identity's head, whose space is stretched; sculpted: [V, 3] before."""
    moved, place = np.unique(table.vertices, return_inverse=True)
    columns = stretch(identity, sculpted[moved]).astype(np.float32).transpose(2, 0, 1)
    moves = [np.take(columns[k], place, axis=0) * table.moves[:, k, None] for k in range(3)]
    return replace(table, moves=moves[0] + moves[1] + moves[2])


def _parts(skin: Skin, lids: Lids, identity: Identity) -> dict[str, Part]:
    """The head's parts by name. The skin is the first, so that its vertices keep their numbers."""
    moves, lid_moves = skin_shapes(Face.at(skin.points, skin.side)), lids.shapes()
    moves |= {name: moved + moves.get(name, 0.0) for name, moved in lid_moves.items()}
    lashes = {side: lash_line(lids, side == "left", moves, identity) for side in ("left", "right")}
    moves |= correctives(moves, lid_moves)
    return {
        "skin": Part(skin_mesh(skin, identity), moves, neck_share(skin.points[:, 1])),
        "cavity": cavity(skin, moves),
        "teeth_upper": teeth(skin, True),
        "teeth_lower": teeth(skin, False),
        "tongue": tongue(skin),
        "eye_left": eyeball(True, identity),
        "eye_right": eyeball(False, identity),
        **{
            "lashes_" + side: replace(part, shapes=part.shapes | blink_correctives(part.shapes))
            for side, part in lashes.items()
        },
        "brow_left": brow(True, identity),
        "brow_right": brow(False, identity),
        "ears": ears(identity),
        "hair": hair(identity),
        "shirt": clothes(identity),
        **extras(skin, moves, identity),
    }


def _joints(
    parts: Mapping[str, Part], sets: Mapping[str, Indices], table: Displacements, mesh: Mesh, identity: Identity
) -> tuple[Joint, ...]:
    """The joints on the identity's head. What follows the jaw is read off the jaw's opening."""
    turns = [np.broadcast_to(np.float32(part.turns), len(part.mesh.vertices)) for part in parts.values()]
    start, end = table.ranges["jawOpen"]
    opened = np.zeros(mesh.vertices.shape)
    opened[table.vertices[start:end]] = table.moves[start:end]
    whole = jaw_drop(mesh.vertices.astype(np.float64))
    jaw = np.clip((opened * whole).sum(axis=1) / (whole**2).sum(axis=1), 0, 1).astype(np.float32)
    balls = {side + "Eye": np.zeros(len(jaw), np.float32) for side in ("left", "right")}
    for side in ("left", "right"):
        balls[side + "Eye"][sets["eye_" + side]] = 1.0
    pivots = warp(identity, np.stack(list(_PIVOTS.values()))).astype(np.float32)
    return joints(dict(zip(_PIVOTS, pivots, strict=True)), np.concatenate(turns), jaw, balls)


def _displacements(parts: Mapping[str, Part], starts: Mapping[str, int]) -> Displacements:
    """Gather all parts' displacements, shape after shape."""
    ranges, vertices, moves, count = {}, [], [], 0
    names = dict.fromkeys((*ARKIT, *TONGUE, *(name for part in parts.values() for name in part.shapes)))
    for shape in names:
        first = count
        for name, part in parts.items():
            moved = part.shapes.get(shape)
            if moved is not None:
                x, y, z = np.abs(moved).T > _LEAST
                used = np.flatnonzero(x | y | z)
                vertices.append(starts[name] + used)
                moves.append(moved[used])
                count += len(used)
        ranges[shape] = (first, count)
    return Displacements(ranges, np.concatenate(vertices).astype(np.int32), np.concatenate(moves).astype(np.float32))


def _places(skin: Skin) -> dict[str, Indices]:
    """Places on the skin by name, for measuring."""
    row, columns = skin.grid[skin.rows["seam"]], skin.mouth_columns
    right, left = skin.corners
    return {
        "lips_upper": skin.mouth_upper[columns],
        "lips_lower": row[columns],
        "lips_upper_mid": skin.mouth_upper[HALF - 1 : HALF + 2],
        "lips_lower_mid": row[HALF - 1 : HALF + 2],
        "mouth_corner_left": np.array([left], np.int32),
        "mouth_corner_right": np.array([right], np.int32),
        "chin": skin.grid[skin.rows["chin"], HALF : HALF + 1],
        **{
            f"lid_{place}_{name}": rim[skin.eye_columns(left_side)]
            for left_side, name in ((True, "left"), (False, "right"))
            for place, rim in (("upper", skin.lids_upper), ("lower", skin.grid[skin.rows["lids"]]))
        },
        **{
            f"eye_corner_{place}_{name}": skin.grid[skin.rows["lids"], [HALF + sign * column]]
            for sign, name in ((1, "left"), (-1, "right"))
            for place, column in zip(("inner", "outer"), EYE_COLUMNS, strict=True)
        },
    }
