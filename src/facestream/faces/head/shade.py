"""How much ambient light reaches each vertex of a head, measured once a preset and kept: a byte a vertex.

    python -m facestream.faces.head        measure all presets anew, after a change of the sculpture

Shapes: V vertices.
"""

from __future__ import annotations

import io
import zlib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facestream.faces.mesh import Floats, Mesh
from facestream.faces.occlusion import lightest
from facestream.files import write_whole

if TYPE_CHECKING:
    from facestream.faces.head.head import Head

_BARED = {name + side: 0.8 for name in ("mouthUpperUp", "mouthLowerDown", "mouthStretch") for side in ("Left", "Right")}
_POSES: tuple[dict[str, float], ...] = (
    {},
    {"jawOpen": 0.7, **_BARED},
    {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
)
_FOLDER = Path(str(files("facestream"))) / "assets" / "faces"
_PLACES = 64  # vertices are compared by the means of this many runs of them
_NEAR = 1e-4  # the same place: a hundredth of a millimetre


def measured(head: Head, directions: int) -> Floats:
    """Share of the ambient light that reaches each vertex, [V], seen from so many directions: at rest, with the mouth
    open or with the eyes shut, whichever lets in most.
    """
    poses = [head.pose(np.array(list(pose.values())), tuple(pose)) for pose in _POSES]
    return lightest(head.mesh, poses, directions)


def kept(name: str, mesh: Mesh) -> Floats | None:
    """What was measured for a preset, [V]; None if nothing was, or if the sculpture has changed since."""
    file = _FOLDER / f"{name}.npz"
    if not file.exists():
        return None
    with np.load(file) as stored:
        places, faces = _fingerprint(mesh)
        if stored["faces"] != faces or np.abs(stored["places"] - places).max() > _NEAR:
            return None
        return np.asarray(stored["shade"] / np.float32(255), np.float32)


def keep(name: str, mesh: Mesh, shade: Floats) -> None:
    """Keep what was measured, [V], for a preset. Raises SinkError if it cannot be written."""
    places, faces = _fingerprint(mesh)
    whole = io.BytesIO()
    np.savez_compressed(whole, shade=np.round(255 * shade).astype(np.uint8), places=places, faces=faces)
    _FOLDER.mkdir(exist_ok=True)
    write_whole(_FOLDER / f"{name}.npz", whole.getvalue())


def _fingerprint(mesh: Mesh) -> tuple[Floats, np.uint32]:
    """Where the vertices are, [places, 3] up to the rounding of another processor, and a checksum of the triangles."""
    starts = np.arange(_PLACES) * len(mesh.vertices) // _PLACES
    counts = np.diff(starts, append=len(mesh.vertices))[:, None]
    places = np.add.reduceat(mesh.vertices.astype(np.float64), starts) / counts
    return places.astype(np.float32), np.uint32(zlib.crc32(mesh.triangles.tobytes()))
