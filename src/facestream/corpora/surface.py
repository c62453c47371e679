"""Which vertices make triangles: out of a .ply or .obj file, as templates of faces come.

Shapes: V vertices, F triangles. Formats: PLY 1.0 (G. Turk, Stanford, 1994), Wavefront OBJ.
"""

from __future__ import annotations

import re
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np

from facestream.errors import CorpusError
from facestream.faces.topology import Indices
from facestream.signals import Floats

_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip


def read_surface(path: Path) -> tuple[Floats, Indices]:
    """Vertices [V, 3] and triangles [F, 3]; larger faces are cut into fans. Raises CorpusError for other files."""
    try:
        content = path.read_bytes()
        points, faces = _ply(content) if content.startswith(b"ply") else _obj(content.decode())
        triangles = np.array([(face[0], *pair) for face in faces for pair in pairwise(face[1:])])
        triangles = triangles.reshape(-1, 3).astype(np.int32)
        if not len(points) or (triangles.size and not (triangles.min() >= 0 and triangles.max() < len(points))):
            raise ValueError("its faces speak of vertices that it does not have")
        return np.asarray(points, np.float32), triangles
    except (OSError, ValueError, KeyError, IndexError, TypeError, struct.error) as error:
        raise CorpusError(f"'{path}' is no surface that can be read ({error}); expected .ply or .obj") from error


def write_ply(points: Floats, triangles: Indices) -> bytes:
    """A .ply of a surface, in text."""
    head = (
        f"ply\nformat ascii 1.0\nelement vertex {len(points)}\nproperty float x\nproperty float y\nproperty float z\n"
        f"element face {len(triangles)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    rows = [f"{x:.7g} {y:.7g} {z:.7g}" for x, y, z in points] + [f"3 {a} {b} {c}" for a, b, c in triangles]
    return (head + "\n".join(rows) + "\n").encode()


def _obj(text: str) -> tuple[np.ndarray, list[list[int]]]:
    points, faces = [], []
    for line in text.splitlines():
        kind, *fields = line.split() or [""]
        if kind == "v":
            points.append([float(number) for number in fields[:3]])
        elif kind == "f":
            numbers = [int(field.partition("/")[0]) for field in fields]
            faces.append([number - 1 if number > 0 else len(points) + number for number in numbers])
    return np.array(points).reshape(-1, 3), faces


def _ply(content: bytes) -> tuple[np.ndarray, list[list[int]]]:
    head, end, body = content.partition(b"end_header")
    if not end:
        raise ValueError("its header does not end")
    form, elements = _header(head.decode("ascii"))
    body = body[body.index(b"\n") + 1 :]
    reader = _Text(body) if form == "ascii" else _Binary(body, ">" if form == "binary_big_endian" else "<")
    found: dict[str, list[dict[str, list[float]]]] = {}
    for name, count, properties in elements:
        found[name] = [{key: reader.take(kinds) for key, kinds in properties.items()} for _ in range(count)]
    points = np.array([[row[axis][0] for axis in "xyz"] for row in found["vertex"]])
    faces = [[int(number) for number in next(iter(row.values()))] for row in found.get("face", [])]
    return points, faces


def _header(text: str) -> tuple[str, list[tuple[str, int, dict[str, list[str]]]]]:
    """The form and, of each element, its name, number and properties with their types."""
    form = re.search(r"^format (\S+)", text, re.MULTILINE)
    elements: list[tuple[str, int, dict[str, list[str]]]] = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["element"]:
            elements.append((words[1], int(words[2]), {}))
        elif words[:1] == ["property"]:
            elements[-1][2][words[-1]] = words[1:-1]
    if form is None:
        raise ValueError("it does not say its format")
    return form[1], elements


class _Text:
    def __init__(self, body: bytes) -> None:
        self._words = iter(body.split())

    def take(self, kinds: list[str]) -> list[float]:
        """The numbers of one property."""
        count = int(next(self._words, b"")) if kinds[0] == "list" else 1
        return [float(next(self._words, b"")) for _ in range(count)]


class _Binary:
    def __init__(self, body: bytes, order: str) -> None:
        self._body, self._order, self._place = body, order, 0

    def take(self, kinds: list[str]) -> list[float]:
        """The numbers of one property."""
        count = int(self._read(kinds[1], 1)[0]) if kinds[0] == "list" else 1
        return self._read(kinds[-1], count)

    def _read(self, kind: str, count: int) -> list[float]:
        dtype = np.dtype(self._order + _TYPES[kind])
        found = np.frombuffer(self._body, dtype, count, self._place)
        self._place += found.nbytes
        return [float(number) for number in found]
