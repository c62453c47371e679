"""The head's joints: neck, head, jaw, eyes.

Shapes: V vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facestream.faces.mesh import Floats


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
