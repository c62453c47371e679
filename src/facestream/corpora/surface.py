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
        if any(len(face) < 3 for face in faces):
            raise ValueError("a face has fewer than three corners")
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
    points: np.ndarray = np.zeros((0, 3))
    faces: list[list[int]] = []
    for name, count, properties in elements:
        if any(kinds[0] == "list" for kinds in properties.values()):
            rows = [[reader.take(kinds) for kinds in properties.values()] for _ in range(count)]
            faces = [[int(number) for number in row[0]] for row in rows] if name == "face" else faces
        else:
            table = reader.table(count, list(properties.values()))
            points = table[:, [list(properties).index(axis) for axis in "xyz"]] if name == "vertex" else points
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
        self._words, self._place = body.split(), 0

    def take(self, kinds: list[str]) -> list[float]:
        """The numbers of one property."""
        count = int(self._next(1)[0]) if kinds[0] == "list" else 1
        return [float(word) for word in self._next(count)]

    def table(self, count: int, properties: list[list[str]]) -> np.ndarray:
        """Numbers [count, properties] of rows without lists."""
        return np.array(self._next(count * len(properties)), np.float64).reshape(count, len(properties))

    def _next(self, count: int) -> list[bytes]:
        words = self._words[self._place : self._place + count]
        self._place += count
        if len(words) < count:
            raise ValueError("it ends too early")
        return words


class _Binary:
    def __init__(self, body: bytes, order: str) -> None:
        self._body, self._order, self._place = body, order, 0

    def take(self, kinds: list[str]) -> list[float]:
        """The numbers of one property."""
        count = int(self._next(kinds[1], 1)[0]) if kinds[0] == "list" else 1
        return [float(number) for number in self._next(kinds[-1], count)]

    def table(self, count: int, properties: list[list[str]]) -> np.ndarray:
        """Numbers [count, properties] of rows without lists."""
        types = ",".join(self._order + _TYPES[kinds[-1]] for kinds in properties)
        rows = np.frombuffer(self._body, np.dtype(f"{types},"), count, self._place)
        self._place += rows.nbytes
        return np.stack([rows[name].astype(np.float64) for name in rows.dtype.names or ()], 1)

    def _next(self, kind: str, count: int) -> np.ndarray:
        found = np.frombuffer(self._body, self._order + _TYPES[kind], count, self._place)
        self._place += found.nbytes
        return found
