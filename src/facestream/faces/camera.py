"""Camera: where the picture is taken from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from facestream.faces.mesh import Floats


@dataclass(frozen=True)
class Camera:
    """Looks from `position` at `target`, the y axis upwards; view: degrees from the picture's lower to its upper edge.

    The same three numbers make three.js' camera: `new PerspectiveCamera(view, 1, near, far)`, `position.set(...)`,
    `lookAt(...)` (x to the right, y up, z towards who looks; lengths as in the mesh). Unless told, it leaves a head
    room to nod, turn and tilt by 0.3 radians in the picture; of hair as wide as an afro up to a twentieth leaves it at
    the side when two of these come together.
    """

    position: tuple[float, float, float] = (0.0, -0.11, 9.45)
    target: tuple[float, float, float] = (0.0, -0.11, 0.0)
    view: float = 21.8

    def around(self, yaw: float, pitch: float = 0.0) -> Camera:
        """The same camera gone round its target: to the picture's right by yaw and up by pitch, radians."""
        x, y, z = np.subtract(self.position, self.target)
        flat = math.hypot(x, z)
        turn, lift, far = math.atan2(x, z) + yaw, math.atan2(y, flat) + pitch, math.hypot(flat, y)
        step = (math.sin(turn) * math.cos(lift), math.sin(lift), math.cos(turn) * math.cos(lift))
        x, y, z = np.asarray(self.target) + far * np.array(step)
        return replace(self, position=(float(x), float(y), float(z)))

    def axes(self) -> Floats:
        """Unit vectors in the picture to the right, up, and towards who looks, [3, 3]."""
        back = np.subtract(self.position, self.target)
        right = np.cross((0.0, 1.0, 0.0), back)
        if np.linalg.norm(right) < 1e-6 * np.linalg.norm(back) or not np.any(back):
            raise ValueError(f"a camera at {self.position} cannot look at {self.target}: place it beside, not above it")
        up = np.cross(back, right)
        rows = np.stack([right, up, back])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def focal(self, size: int) -> float:
        """Pixels that a length of 1 takes at a distance of 1, in a picture `size` rows high."""
        return size / 2 / math.tan(math.radians(self.view / 2))
