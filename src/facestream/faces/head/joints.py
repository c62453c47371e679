"""The head's joints: neck, head, jaw, eyes.

Shapes: V vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from facestream.faces.head.forms import turn
from facestream.faces.mesh import Floats

NECK_SHARE = 0.4  # share of the head's angles that the neck's own joint takes


@dataclass(frozen=True)
class Joint:
    """A joint. parent: its name, None for what the body carries; pivot: [3] in the neutral pose; share: [V] of each
    vertex's movement, 0..1. All joints' shares of a vertex and what the still body holds of it sum to 1.

    At rest joints are not rotated: their axes are the face's own (signals.py).
    """

    name: str
    parent: str | None
    pivot: Floats
    share: Floats


def joints(pivots: dict[str, Floats], turns: Floats, jaw: Floats, balls: dict[str, Floats]) -> tuple[Joint, ...]:
    """Joints from pivots by name, and [V] shares: of the head's turn, of the jaw's opening, of each eyeball.

    Where the neck gives way the head takes the square of what turns and the neck's own joint the rest.
    """
    head = turns**2
    eyes = sum(balls.values(), np.zeros_like(turns))
    jaw = head * jaw
    shares = {"neck": turns - head, "head": head - jaw - eyes, "jaw": jaw, **balls}
    parents = {"neck": None, "head": "neck"}
    return tuple(Joint(name, parents.get(name, "head"), pivots[name], share) for name, share in shares.items())


def turn_head(angles: tuple[float, float, float], neck: Joint, head: Joint, vertices: Floats) -> None:
    """Turn the head by yaw, pitch and roll, in place: the neck takes a part of the angles, the head's own joint the
    rest. head.share: with all that the head carries.
    """
    rotation, bend = turn(*angles), turn(*(NECK_SHARE * angle for angle in angles))
    carried = (head.pivot - neck.pivot) @ bend.T + neck.pivot
    still = np.eye(3, dtype=np.float32)
    ways = np.stack((bend - still, rotation - still))
    shifts = np.stack((neck.pivot - bend @ neck.pivot, carried - rotation @ head.pivot))
    _move(neck.share, head.share, ways.astype(np.float32), shifts.astype(np.float32), vertices)


@njit(cache=True, nogil=True)
def _move(neck, head, ways, shifts, vertices):  # type: ignore[no-untyped-def]
    """Add to each vertex its shares [V] of the neck's and the head's movement, in place. ways: [2, 3, 3] what turning
    adds; shifts: [2, 3] what it moves along.
    """
    for v in range(vertices.shape[0]):
        if neck[v] == 0.0 and head[v] == 0.0:
            continue
        x, y, z = vertices[v, 0], vertices[v, 1], vertices[v, 2]
        for axis in range(3):
            bent = ways[0, axis, 0] * x + ways[0, axis, 1] * y + ways[0, axis, 2] * z + shifts[0, axis]
            turned = ways[1, axis, 0] * x + ways[1, axis, 1] * y + ways[1, axis, 2] * z + shifts[1, axis]
            vertices[v, axis] += neck[v] * bent + head[v] * turned
