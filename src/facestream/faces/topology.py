"""What the places in a list of vertices mean: lips, upper face, pairs that part when a mouth opens.

Shapes: V vertices, F triangles, P pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facestream.errors import FaceError

Indices = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Topology:
    """A mesh that many faces share.

    vertices: their number V; triangles: [F, 3], None if unknown; lips, upper: vertices of the lips and of the upper
    face, as metrics count them (a vertex that a published list names twice is there twice); lip_pairs: [P, 2] a vertex
    of the upper lip and its partner on the lower one. Raises FaceError if an index lies outside of the mesh.
    """

    name: str
    vertices: int
    triangles: Indices | None
    lips: Indices
    upper: Indices
    lip_pairs: Indices

    def __post_init__(self) -> None:
        for part, shape in (("triangles", (-1, 3)), ("lips", (-1,)), ("upper", (-1,)), ("lip_pairs", (-1, 2))):
            given = getattr(self, part)
            if given is None:
                continue
            places = np.ascontiguousarray(given, np.int32).reshape(shape)
            outside = places[(places < 0) | (places >= self.vertices)]
            if outside.size:
                raise FaceError(
                    f"{part} of '{self.name}' speak of vertex {outside[0]}; "
                    f"the mesh has vertices 0 to {self.vertices - 1}"
                )
            places.setflags(write=False)
            object.__setattr__(self, part, places)
