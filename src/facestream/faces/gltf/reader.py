"""Any glTF 2.0 file as JSON and arrays: .glb, .vrm (a .glb inside), or .gltf with its files beside it or inside.

Format: glTF 2.0 specification by Khronos, sections 3.6 (buffers, accessors, sparse accessors), 3.8 (images) and 4.4
(GLB).
Shapes: N elements of an accessor, C components of each, H x W texels.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import struct
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
from PIL import Image

from facestream.errors import FaceError
from facestream.faces.gltf.writer import BINARY_CHUNK, COMPONENTS, JSON_CHUNK, KINDS, MAGIC, VERSION, Json

Array = npt.NDArray[Any]
Texture = npt.NDArray[np.uint8]

MOST = 1 << 24  # elements of an accessor: beyond it a file is broken, or not for a face
_COMPRESSED = {
    "KHR_draco_mesh_compression": "Draco",
    "EXT_meshopt_compression": "meshopt",
    "KHR_meshopt_compression": "meshopt",
}


class Document:
    """A glTF file. root: its JSON. Every method raises FaceError for what is not as the format says."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises FaceError if it is missing, torn, not glTF 2.0, or compressed."""
        self.path = path
        try:
            content = path.read_bytes()
        except OSError as error:
            raise FaceError(f"'{path}' cannot be read: {error.strerror or error}") from error
        text, self._inside = self._chunks(content) if content.startswith(MAGIC) else (content, b"")
        try:
            self.root: Json = json.loads(text)
            version = self.root["asset"]["version"]
        except (ValueError, KeyError, TypeError) as error:
            raise FaceError(f"'{path}' is not glTF; expected a .glb, .gltf or .vrm file") from error
        if not str(version).startswith("2."):
            raise self.broken(f"it is glTF {version}; expected glTF 2.0: export it anew")
        for name, method in _COMPRESSED.items():
            if name in self.root.get("extensionsRequired", []):
                raise self.broken(
                    f"its meshes are compressed with {method}; expected plain ones: export without compression, or "
                    "unpack it with `npx @gltf-transform/cli copy in.glb out.glb`"
                )
        self._buffers: dict[int, bytes] = {}

    def broken(self, why: str) -> FaceError:
        """The error for a file that cannot be used."""
        return FaceError(f"'{self.path}' cannot be used: {why}")

    def _chunks(self, content: bytes) -> tuple[bytes, bytes]:
        """JSON and binary chunk of a GLB; the latter may be empty."""
        found = {JSON_CHUNK: b"", BINARY_CHUNK: b""}
        if len(content) < 12:
            raise self.broken("it ends within its header; fetch it again")
        _, version, length = struct.unpack_from("<4sII", content)
        if version != VERSION:
            raise self.broken(f"it is GLB {version}; expected GLB {VERSION}: export it anew")
        if length > len(content):
            raise self.broken(f"it has {len(content)} of its {length} bytes; fetch it again")
        at = 12
        while at + 8 <= length:
            size, kind = struct.unpack_from("<I4s", content, at)
            if at + 8 + size > length:
                raise self.broken("a chunk reaches beyond the file's end; fetch it again")
            if not found.get(kind, b"-"):
                found[kind] = content[at + 8 : at + 8 + size]
            at += 8 + size
        return found[JSON_CHUNK], found[BINARY_CHUNK]

    def list(self, kind: str) -> list[Json]:
        """The entries of one kind (nodes, meshes ...), none if it is missing."""
        entries: list[Json] = self.root.get(kind, [])
        return entries

    def accessor(self, index: int) -> Array:
        """The values of an accessor, [N, C]; integers that mean fractions as float32."""
        entry = self.root["accessors"][index]
        kind, width, count = np.dtype("<" + COMPONENTS[entry["componentType"]]), KINDS[entry["type"]], entry["count"]
        if not 0 <= count <= MOST:
            raise self.broken(f"accessor {index} has {count} elements; expected at most {MOST}")
        values = self._values(entry, kind, width, count) if "bufferView" in entry else np.zeros((count, width), kind)
        if sparse := entry.get("sparse"):
            of = np.dtype("<" + COMPONENTS[sparse["indices"]["componentType"]])
            places = self._values(sparse["indices"], of, 1, sparse["count"])
            if places.size and places.max() >= count:
                raise self.broken(f"accessor {index} puts a value beyond its end")
            values = values.copy()
            values[places[:, 0]] = self._values(sparse["values"], kind, width, sparse["count"])
        if entry.get("normalized"):
            return np.maximum(values.astype(np.float32) / np.iinfo(kind).max, -1)
        return values

    def _values(self, place: Json, kind: np.dtype[Any], width: int, count: int) -> Array:
        """`count` rows of `width` numbers at a place in a buffer view, [N, C]."""
        view = self.root["bufferViews"][place["bufferView"]]
        size = width * kind.itemsize
        stride = view.get("byteStride", size)
        start = view.get("byteOffset", 0) + place.get("byteOffset", 0)
        buffer = self._buffer(view["buffer"])
        if count and (start < 0 or stride < size or start + (count - 1) * stride + size > len(buffer)):
            raise self.broken("an accessor reaches beyond its buffer; the file is torn: fetch or export it again")
        return np.ndarray((count, width), kind, buffer, start, (stride, kind.itemsize))

    def _buffer(self, index: int) -> bytes:
        if index not in self._buffers:
            entry = self.root["buffers"][index]
            content = self._fetch(entry["uri"]) if "uri" in entry else self._inside
            if len(content) < entry["byteLength"]:
                raise self.broken(
                    f"buffer {index} has {len(content)} of its {entry['byteLength']} bytes; fetch it again"
                )
            self._buffers[index] = content
        return self._buffers[index]

    def _fetch(self, uri: str) -> bytes:
        """What a URI names: data within it, or a file beside this one."""
        if uri.startswith("data:"):
            try:
                return base64.b64decode(uri.partition(",")[2], validate=True)
            except binascii.Error as error:
                raise self.broken(f"data within it is not base64 ({error})") from error
        if "://" in uri:
            raise self.broken(f"it wants '{uri}' from the network; fetch it, and name it as a file beside the model")
        try:
            return (self.path.parent / unquote(uri)).read_bytes()
        except OSError as error:
            raise self.broken(f"it needs the file '{unquote(uri)}' beside it ({error.strerror or error})") from error

    def image(self, index: int) -> Texture:
        """An image as [H, W, 4] sRGB with alpha. Raises FaceError if it cannot be decoded."""
        entry = self.root["images"][index]
        if "uri" in entry:
            content = self._fetch(entry["uri"])
        else:
            view = self.root["bufferViews"][entry["bufferView"]]
            start = view.get("byteOffset", 0)
            content = self._buffer(view["buffer"])[start : start + view["byteLength"]]
        try:
            with Image.open(io.BytesIO(content)) as picture:
                return np.asarray(picture.convert("RGBA"))
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise self.broken(f"image {index} is no picture that can be decoded ({error})") from error
