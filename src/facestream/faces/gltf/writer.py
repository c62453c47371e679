"""Arrays into the one buffer of a GLB: views, accessors, and the file around them.

Format: glTF 2.0 specification by Khronos, sections 3.6 (buffers, accessors, sparse accessors) and 4.4 (GLB).
Shapes: N elements of an accessor, C components of each.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from facestream.faces.mesh import Indices

Json = dict[str, Any]

MAGIC, VERSION = b"glTF", 2
JSON_CHUNK, BINARY_CHUNK = b"JSON", b"BIN\0"
COMPONENTS = {5120: "i1", 5121: "u1", 5122: "i2", 5123: "u2", 5125: "u4", 5126: "f4"}
KINDS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
VERTICES, TRIANGLES = 34962, 34963  # what a buffer view is for

_CODES = {kind: code for code, kind in COMPONENTS.items()}
_NAMES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class Writer:
    """A glTF document that grows. `root`: its JSON, with lists that are referred to by index."""

    def __init__(self, root: Json) -> None:
        self.root = root
        self._binary = bytearray()

    def add(self, kind: str, entry: Json) -> int:
        """Append to one of the document's lists; gives the index."""
        entries = self.root.setdefault(kind, [])
        entries.append(entry)
        return len(entries) - 1

    def view(self, content: bytes, **described: int) -> int:
        """A buffer view of these bytes."""
        self._binary += b"\0" * (-len(self._binary) % 4)
        place = {"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(content)}
        self._binary += content
        return self.add("bufferViews", place | described)

    def accessor(
        self, values: npt.NDArray[Any], target: int | None = None, normalized: bool = False, bounds: bool = False
    ) -> int:
        """An accessor of values [N, C] or [N]. target: VERTICES or TRIANGLES; normalized: integers that mean 0..1 or
        -1..1; bounds: tell the least and the greatest, as positions and times must.
        """
        rows = values.reshape(len(values), -1)
        described = {} if target is None else {"target": target}
        if target == VERTICES:  # elements of vertices begin at multiples of four bytes
            size = rows.shape[1] * rows.itemsize
            rows_bytes = np.zeros((len(rows), size + -size % 4), np.uint8)
            rows_bytes[:, :size] = np.ascontiguousarray(rows).view(np.uint8)
            described["byteStride"] = rows_bytes.shape[1]
            content = rows_bytes.tobytes()
        else:
            content = np.ascontiguousarray(rows).tobytes()
        view = self.view(content, **described)
        return self.add("accessors", {"bufferView": view} | _described(rows, normalized, bounds))

    def sparse(self, values: npt.NDArray[Any], normalized: bool = False, bounds: bool = False) -> int:
        """An accessor of values [N, C] that stores only rows with anything but zeros."""
        entry = _described(values, normalized, bounds)
        used: Indices = np.flatnonzero(values.any(axis=1)).astype(np.int32)
        if len(used):
            index = used.astype(np.uint16 if len(values) <= 0xFFFF else np.uint32)
            entry["sparse"] = {
                "count": len(used),
                "indices": {"bufferView": self.view(index.tobytes()), "componentType": _CODES[index.dtype.str[1:]]},
                "values": {"bufferView": self.view(np.ascontiguousarray(values[used]).tobytes())},
            }
        return self.add("accessors", entry)

    def encode(self) -> bytes:
        """The document as GLB: a header, its JSON, its buffer."""
        root = self.root | {"buffers": [{"byteLength": len(self._binary)}]}
        text = json.dumps(root, separators=(",", ":")).encode()
        chunks = _chunk(JSON_CHUNK, text, b" ") + _chunk(BINARY_CHUNK, bytes(self._binary), b"\0")
        return MAGIC + struct.pack("<II", VERSION, 12 + len(chunks)) + chunks


def _described(rows: npt.NDArray[Any], normalized: bool, bounds: bool) -> Json:
    entry: Json = {"componentType": _CODES[rows.dtype.str[1:]], "count": len(rows), "type": _NAMES[rows.shape[1]]}
    if normalized:
        entry["normalized"] = True
    if bounds:
        entry |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
    return entry


def _chunk(kind: bytes, content: bytes, padding: bytes) -> bytes:
    content += padding * (-len(content) % 4)
    return struct.pack("<I", len(content)) + kind + content
