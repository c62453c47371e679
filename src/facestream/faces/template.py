"""A face that is only a mesh: at rest, and moved by offsets of its vertices, as talkers of meshes make them.

Shapes: V vertices, F triangles, T frames, K named shapes.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from facestream.errors import FaceError
from facestream.faces.camera import Camera
from facestream.faces.mesh import Floats, Mesh
from facestream.faces.occlusion import reached
from facestream.faces.topology import Topology
from facestream.files import write_whole

_SKIN, _LIPS, _DARK = (0.52, 0.34, 0.26), (0.42, 0.16, 0.14), (0.05, 0.015, 0.012)  # linear albedo
_GLOSS, _SHEEN, _THROUGH = 0.04, 0.25, 0.5
_FILLS = 0.78  # share of the picture's height, or width, that the face takes
_DIRECTIONS = 48  # from which the light that reaches a vertex is measured
_RIM, _WIDE, _HIGH, _DEEP = 24, 0.85, 0.85, 0.25  # the dark: corners, and its size and depth as shares of the face's
_SHAPE = "shape "
_REGIONS = ("triangles", "lips", "upper", "lip_pairs")


@dataclass(frozen=True)
class Template:
    """A face at rest. vertices: [V, 3] in the unit of its set; shapes: displacements [V, 3] by name, if there are any,
    by which its motion can be told as curves.
    """

    topology: Topology
    vertices: Floats
    shapes: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        expected = (self.topology.vertices, 3)
        for name, points in (("at rest", self.vertices), *self.shapes.items()):
            if points.shape != expected:
                raise FaceError(f"'{self.topology.name}', {name}: vertices have shape {points.shape}, not {expected}")

    def save(self, path: Path) -> None:
        """Write an .npz, whole or not at all."""
        topology = self.topology
        regions = {name: part for name in _REGIONS if (part := getattr(topology, name)) is not None}
        shapes = {_SHAPE + name: moved.astype(np.float32) for name, moved in self.shapes.items()}
        buffer = io.BytesIO()
        content: dict[str, Any] = {"name": np.array(topology.name), "vertices": self.vertices, **regions, **shapes}
        np.savez_compressed(buffer, allow_pickle=False, **content)
        write_whole(path, buffer.getvalue())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Template:
        """What `save` wrote. Raises FaceError if the file is not that."""
        try:
            with np.load(path, allow_pickle=False) as file:
                content = dict(file)
            vertices = content["vertices"]
            regions = {name: content.get(name) for name in _REGIONS}
            topology = Topology(name=str(content["name"]), vertices=len(vertices), **regions)  # type: ignore[arg-type]
            shapes = {name.removeprefix(_SHAPE): moved for name, moved in content.items() if name.startswith(_SHAPE)}
            return cls(topology, vertices, shapes)
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
            raise FaceError(f"'{path}' holds no mesh at rest ({error}); copy the bundle again") from error

    def pose(self, offsets: Floats) -> Floats:
        """Vertices of `mesh` of a frame's offsets, [3 V] or [V, 3]."""
        scale, place = self._fit
        return np.concatenate(((self.vertices + offsets.reshape(-1, 3)) * scale + place, self._dark), dtype=np.float32)

    @cached_property
    def mesh(self) -> Mesh:
        """What is drawn: the face, scaled to fill the picture, before something dark, which shows through open mouths.

        Raises FaceError if the topology has no triangles.
        """
        triangles, count = self.topology.triangles, len(self.vertices)
        if triangles is None:
            raise FaceError(
                f"nobody knows the triangles of '{self.topology.name}', so it cannot be drawn; prepare its corpus with "
                "the surface that comes with it (.ply or .obj)"
            )
        points = self.pose(np.zeros_like(self.vertices))
        colors = np.full((count, 3), _SKIN, np.float32)
        colors[self.topology.lips] = _LIPS
        face = Mesh.plain(points[:count], triangles, colors, _GLOSS)
        face = replace(
            face,
            shade=reached(face, face.vertices, _DIRECTIONS),
            sheen=np.full(count, _SHEEN, np.float32),
            translucency=np.full(count, _THROUGH, np.float32),
        )
        rim = np.arange(_RIM)
        fan = np.stack((np.full(_RIM, _RIM), rim, (rim + 1) % _RIM), 1)
        return Mesh.joined((face, Mesh.plain(points[count:], fan, _DARK)))

    @cached_property
    def _dark(self) -> Floats:
        """An upright ellipse behind the face, its rim and its middle: [25, 3], in the picture."""
        scale, place = self._fit
        low, high = self.vertices.min(0) * scale + place, self.vertices.max(0) * scale + place
        angle = np.arange(_RIM) * (2 * np.pi / _RIM)
        rim = np.stack((_WIDE * np.cos(angle), _HIGH * np.sin(angle), 2 * _DEEP - 1 + 0 * angle), 1)
        ellipse = np.concatenate((rim, [(0, 0, 2 * _DEEP - 1)])).astype(np.float32)
        return np.asarray((low + high) / 2 + (high - low) / 2 * ellipse, np.float32)

    @cached_property
    def _fit(self) -> tuple[float, Floats]:
        """Scale and offset [3] from the set's unit into the picture."""
        low, high = self.vertices.min(0), self.vertices.max(0)
        camera = Camera()
        seen = 1 / camera.focal(1) * float(np.linalg.norm(np.subtract(camera.position, camera.target)))
        scale = _FILLS * seen / float((high - low)[:2].max())
        return scale, np.asarray(camera.target - scale * (low + high) / 2, np.float32)
