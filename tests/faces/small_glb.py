"""Small models for tests: one triangle an eye and one a mouth, with whatever quirks a test asks for."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from facestream.faces.gltf.writer import VERTICES, Writer

# Two eyes, a mouth, a crown.
POINTS = np.array(
    [(x + dx, y + dy, z) for x, y, z in ((0.3, 0.1, 0.5), (-0.3, 0.1, 0.5), (0.0, -0.5, 0.6), (0.0, 1.5, 0.0))
     for dx, dy in ((0, 0), (0.1, 0), (0, 0.1))], np.float32,
)  # fmt: skip
TRIANGLES = np.arange(12, dtype=np.uint16).reshape(4, 3)


def move(corner: int, way: tuple[float, float, float]) -> np.ndarray:
    """Displacement [12, 3] of the triangle `corner`."""
    out = np.zeros_like(POINTS)
    out[3 * corner : 3 * corner + 3] = way
    return out


MOVES = {
    "eyeBlinkLeft": move(0, (0, -0.1, 0)),
    "eyeBlinkRight": move(1, (0, -0.1, 0)),
    "jawOpen": move(2, (0, -0.3, -0.1)),
}


def document() -> Writer:
    return Writer({"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}]})


def face_mesh(writer: Writer, moves: dict[str, np.ndarray], points: np.ndarray = POINTS, **extra: Any) -> int:
    """A mesh of one primitive that carries these targets. extra: of the primitive."""
    primitive = {
        "attributes": {"POSITION": writer.accessor(points, VERTICES, bounds=True)} | extra.pop("attributes", {}),
        "indices": writer.accessor(TRIANGLES.reshape(-1)),
        "targets": [{"POSITION": writer.accessor(moved, VERTICES, bounds=True)} for moved in moves.values()],
        **extra,
    }
    return writer.add("meshes", {"primitives": [primitive], "extras": {"targetNames": list(moves)}})


def plain(moves: dict[str, np.ndarray] = MOVES, **extra: Any) -> Writer:
    """One mesh on one node."""
    writer = document()
    writer.add("nodes", {"mesh": face_mesh(writer, moves, **extra)})
    return writer


def picture(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, format=kind)
    return encoded.getvalue()
