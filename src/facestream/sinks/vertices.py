"""A mesh that moves, as an array.

Shapes: T frames, V vertices, F triangles.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facestream.files import write_whole
from facestream.signals import Floats


def save_vertices(
    path: Path, offsets: Floats, template: Floats, fps: int, triangles: npt.NDArray[np.int32] | None = None
) -> None:
    """Write an .npz, whole or not at all: `vertices` [T, V, 3], `template` [V, 3], `fps`, and `triangles` [F, 3].

    offsets: [T, 3 V] from the template. Raises SinkError if it cannot be written.
    """
    surface = {} if triangles is None else {"triangles": triangles}
    buffer = io.BytesIO()
    vertices = template + offsets.reshape(len(offsets), *template.shape)
    np.savez(buffer, allow_pickle=False, vertices=vertices, template=template, fps=np.float64(fps), **surface)
    write_whole(path, buffer.getvalue())
