"""A motion as glTF plays it: weights of targets, and rotations of joints.

Shapes: T frames.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facestream.faces.head.correctives import factors
from facestream.faces.head.joints import NECK_SHARE
from facestream.faces.mesh import Floats
from facestream.signals import ARKIT, TONGUE, Motion

_AXES = ("Yaw", "Pitch", "Roll")


def weights_of(name: str, motion: Motion) -> Floats:
    """The weight of a target in every frame, [T]: the curve that it is named after, or its factors' product."""
    if name in ARKIT + TONGUE:
        return motion.select([name]).values[:, 0]
    curves = [sign * motion.select([channel]).values[:, 0] for channel, sign in factors(name)]
    return np.asarray(np.clip(curves, 0, 1).prod(axis=0), np.float32)


def rotations_of(motion: Motion) -> dict[str, Floats]:
    """Quaternions x, y, z, w of each joint that turns, [T, 4]. The neck takes its part of the head's turn."""
    found = {}
    for joint in ("head", "leftEye", "rightEye"):
        angles = motion.select([joint + axis for axis in _AXES]).values.astype(np.float64)
        if not angles.any():
            continue
        found[joint] = quaternions(angles)
        if joint == "head":
            found["neck"] = quaternions(NECK_SHARE * angles)
            found["head"] = _product(found["neck"] * (-1, -1, -1, 1), found["head"])
    return {joint: turned.astype(np.float32) for joint, turned in found.items()}


def quaternions(angles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Yaw, pitch, roll [T, 3] in radians to quaternions [T, 4] of R = Ry(yaw) Rx(pitch) Rz(roll)."""
    half, still = angles.T / 2, np.zeros(len(angles))
    (sy, sx, sz), (cy, cx, cz) = np.sin(half), np.cos(half)
    yaw, pitch, roll = (
        np.stack(row, -1) for row in ((still, sy, still, cy), (sx, still, still, cx), (still, still, sz, cz))
    )
    return _product(_product(yaw, pitch), roll)


def _product(p: npt.NDArray[np.float64], q: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Hamilton's product of quaternions x, y, z, w, [T, 4]: q turns first."""
    (px, py, pz, pw), (qx, qy, qz, qw) = p.T, q.T
    rows = (
        pw * qx + px * qw + py * qz - pz * qy,
        pw * qy - px * qz + py * qw + pz * qx,
        pw * qz + px * qy - py * qx + pz * qw,
        pw * qw - px * qx - py * qy - pz * qz,
    )
    return np.stack(rows, -1)
