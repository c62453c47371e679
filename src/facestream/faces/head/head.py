"""The head: weights in, vertices out.

A pose is the neutral mesh plus the weighted displacements of the shapes and correctives in use; then, in this order:
crossed lips and lids are pushed apart, lips that touch or are meant to be shut hold together, lids are kept outside the
eyeballs, eyeballs turn, neck and head turn. Shapes at weight 0 cost nothing. The mesh is sculpted when it is loaded;
only its shade is kept in a file.

Shapes: C channels, K correctives in use, V vertices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit

from facestream.errors import MotionError
from facestream.faces.head.correctives import Products
from facestream.faces.head.forms import turn
from facestream.faces.head.identity import Identity
from facestream.faces.head.joints import Joint, turn_head
from facestream.faces.head.rig import Rig, sculpt
from facestream.faces.head.shade import kept, measured
from facestream.faces.mesh import Floats, Indices, Mesh
from facestream.signals import ARKIT, FACE, TONGUE

_AXES = ("Yaw", "Pitch", "Roll")
_OPEN = {"jawOpen": 1.0, "mouthClose": -1.0}  # what parts the lips by the jaw
_SHUT = {"mouthClose": 1.0, "mouthPressLeft": 0.1, "mouthPressRight": 0.1}  # what means them to be shut


class Head:
    """Our character: ARKit's 52 shapes, the 16 of the tongue, and turning head and eyes (signals.FACE)."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    @classmethod
    @cache
    def load(cls, name: str = "default") -> Head:
        """A preset's head, made once a process: it is never changed. Raises FaceError for an unknown name."""
        head = cls.sculpt(Identity.named(name))
        shade = kept(name, head.mesh)
        return head if shade is None else head.shaded(shade)

    @classmethod
    def sculpt(cls, identity: Identity) -> Head:
        """The head of any identity, with roughly painted shade."""
        return cls(sculpt(identity))

    def shaded(self, shade: Floats | None = None) -> Head:
        """The same head with the share of ambient light that reaches each vertex, [V]; measured if not given."""
        shade = measured(self, 64) if shade is None else shade
        return Head(replace(self._rig, mesh=replace(self.mesh, shade=shade)))

    @property
    def mesh(self) -> Mesh:
        """The neutral face, painted."""
        return self._rig.mesh

    @property
    def vertex_sets(self) -> Mapping[str, Indices]:
        """Vertices by name: of whole parts (teeth_upper, eye_left), and of places to measure (lips_upper_mid, chin)."""
        return self._rig.vertex_sets

    @property
    def shapes(self) -> tuple[str, ...]:
        """Names of the shapes that channels move one by one."""
        return ARKIT + TONGUE

    @property
    def correctives(self) -> tuple[str, ...]:
        """Names of the corrective shapes, which say what moves them (see correctives.py)."""
        return tuple(name for name in self._rig.displacements.ranges if name not in self.shapes)

    @property
    def joints(self) -> tuple[Joint, ...]:
        """Neck, head, jaw, leftEye, rightEye, parents first."""
        return self._rig.joints

    def shape(self, name: str) -> Floats:
        """Displacement [V, 3] of one shape or corrective at weight 1, before contacts and joints have their say."""
        moved = np.zeros_like(self.mesh.vertices)
        table = self._rig.displacements
        start, end = table.ranges[name]
        moved[table.vertices[start:end]] = table.moves[start:end]
        return moved

    def bind(self, channels: Sequence[str], contacts: bool = True) -> Poser:
        """What poses the head by values of these channels, in this order; without contacts it does what any player of
        an exported head does. Raises MotionError for unknown channels.
        """
        return Poser(self._rig, tuple(channels), contacts)

    def pose(self, values: npt.ArrayLike, channels: Sequence[str]) -> Floats:
        """Vertices [V, 3] for values [C] of named channels; channels that are missing are 0."""
        return self.bind(channels)(np.asarray(values, np.float32))


class Poser:
    """Values of fixed channels to vertices."""

    def __init__(self, rig: Rig, channels: tuple[str, ...], contacts: bool = True) -> None:
        unknown = [name for name in channels if name not in FACE]
        if unknown:
            raise MotionError(
                f"the head has no channel {', '.join(unknown)}; it has the shapes of ARKit, 16 of the tongue, "
                "and the rotations of signals.ROTATIONS"
            )
        if len(set(channels)) != len(channels):
            raise MotionError("a channel is named twice; name each once")
        self.channels = channels
        self._rig, self._contacts = rig, contacts
        shapes, table = ARKIT + TONGUE, rig.displacements.ranges
        self._products = Products([name for name in table if name not in shapes], channels)
        ranges = np.array(
            [table.get(name, (0, 0)) if name in shapes else (0, 0) for name in channels]
            + [table[name] for name in self._products.used],
            np.int64,
        )
        self._starts, self._ends = np.ascontiguousarray(ranges.reshape(-1, 2).T)
        self._angles = {
            joint: [self._column(joint + axis) for axis in _AXES] for joint in ("head", "leftEye", "rightEye")
        }
        self._open, self._shut = (
            np.array([amounts.get(name, 0.0) for name in channels], np.float32) for amounts in (_OPEN, _SHUT)
        )
        neck, head, *carried = rig.joints
        self._neck, self._head = neck, replace(head, share=sum((j.share for j in carried), head.share))

    def _column(self, name: str) -> int | None:
        return self.channels.index(name) if name in self.channels else None

    def __call__(self, values: Floats) -> Floats:
        """Vertices [V, 3] of values [C]. Raises MotionError if there are not C finite numbers."""
        count = len(self.channels)
        if values.shape != (count,) or not np.isfinite(values).all():
            raise MotionError(f"a pose has shape {values.shape}; expected {count} finite numbers, one a channel")
        rig, table = self._rig, self._rig.displacements
        values = np.asarray(values, np.float32)
        weights = np.concatenate([values, self._products(values)])
        out = rig.mesh.vertices.copy()
        add_shapes(weights, self._starts, self._ends, table.vertices, table.moves, out)
        if self._contacts:
            self._touch(values, out)
        for joint, globe in (("leftEye", rig.left_eye), ("rightEye", rig.right_eye)):
            if any(angles := self._turned(joint, values)):
                globe.turn(out, turn(*angles))
        if any(angles := self._turned("head", values)):
            turn_head(angles, self._neck, self._head, out)
        return out

    def _touch(self, values: Floats, out: Floats) -> None:
        """Keep skin out of skin and eyes, in place."""
        rig = self._rig
        for slit in (rig.lips, *rig.lids):
            slit.push_apart(out)
        # the lips are shut as far as something shuts them and the jaw does not open them again
        firmness = _clipped(float(values @ self._shut) / 0.03) * _clipped(1.25 - float(values @ self._open) / 0.04)
        rig.lips.hold_together(firmness, out)
        rig.left_eye.cover(out)
        rig.right_eye.cover(out)

    def _turned(self, joint: str, values: Floats) -> tuple[float, float, float]:
        """Yaw, pitch and roll of a joint."""
        yaw, pitch, roll = (0.0 if column is None else float(values[column]) for column in self._angles[joint])
        return yaw, pitch, roll


def _clipped(x: float) -> float:
    return min(max(x, 0.0), 1.0)


@njit(cache=True, nogil=True)
def add_shapes(weights, starts, ends, vertices, moves, out):  # type: ignore[no-untyped-def]
    """Add each used shape's displacements to out [V, 3]. starts, ends: [C] rows of vertices [M] and moves [M, 3]."""
    for c in range(weights.shape[0]):
        weight = weights[c]
        if weight != 0.0:
            for m in range(starts[c], ends[c]):
                v = vertices[m]
                out[v, 0] += weight * moves[m, 0]
                out[v, 1] += weight * moves[m, 1]
                out[v, 2] += weight * moves[m, 2]


def lip_gap(vertices: Floats) -> float:
    """Distance between the lips' middles in widths of the mouth at rest, 0 is closed. vertices: [V, 3] of a pose."""
    head = Head.load()
    sets, rest = head.vertex_sets, head.mesh.vertices
    upper, lower = (vertices[sets[name]].mean(axis=0) for name in ("lips_upper_mid", "lips_lower_mid"))
    left, right = (rest[sets[name]].mean(axis=0) for name in ("mouth_corner_left", "mouth_corner_right"))
    return float(np.linalg.norm(upper - lower) / np.linalg.norm(left - right))
