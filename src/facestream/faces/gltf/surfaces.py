"""What a model's surfaces look like: colours, gloss, and one texture for all of them.

Format: glTF 2.0 specification, section 3.9 (materials), and the extension KHR_texture_transform.
Shapes: n vertices and F triangles of one piece, H x W texels.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from facestream.errors import FaceError
from facestream.faces.gltf.reader import Document, Texture
from facestream.faces.gltf.writer import Json
from facestream.faces.mesh import Floats, Indices, Picture

logger = logging.getLogger("facestream")

WIDTH = 1024  # of the texture at most: wider pictures are made smaller
_MATTE = 0.5  # roughness from which nothing gleams
_THERE = 0.5  # alpha from which a texel is there, unless the material says otherwise
_WHITE = 8  # rows of white on top of the texture, for what has no picture
# Places in a triangle at which it is asked whether it is there: near the corners, the edges' middles, the middle.
_PROBES = np.array(
    ((0.9, 0.05, 0.05), (0.05, 0.9, 0.05), (0.05, 0.05, 0.9), (0.46, 0.46, 0.08), (0.08, 0.46, 0.46),
     (0.46, 0.08, 0.46), (1 / 3, 1 / 3, 1 / 3)),
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """The surface of one piece. colors: [n, 3] linear; gloss: 0..1; image: index of its picture, None without;
    uv: [n, 2] place in it, 1 its right and lower edge; least: alpha below which it is not there, None for solid;
    two_sided: it is seen from behind, too.
    """

    colors: Floats
    gloss: float
    image: int | None
    uv: Floats
    least: float | None
    two_sided: bool


def look(document: Document, primitive: Json, count: int) -> Look:
    """The surface of a primitive of `count` vertices."""
    index = primitive.get("material")
    material: Json = {} if index is None else document.root["materials"][index]
    shading: Json = material.get("pbrMetallicRoughness", {})
    attributes = primitive["attributes"]
    colors = np.ones((count, 3), np.float32) * np.array(shading.get("baseColorFactor", (1, 1, 1, 1))[:3], np.float32)
    if "COLOR_0" in attributes:
        colors = colors * document.accessor(attributes["COLOR_0"])[:, :3].astype(np.float32)
    mode = material.get("alphaMode", "OPAQUE")
    least = None if mode == "OPAQUE" else material.get("alphaCutoff", 0.5) if mode == "MASK" else _THERE
    base: Json = shading.get("baseColorTexture", {})
    image, uv = _image(document, base), np.zeros((count, 2), np.float32)
    if image is not None:
        uv = _places(document, base, attributes, uv)
    gloss = max(0.0, 1 - shading.get("roughnessFactor", 1.0) / _MATTE)
    if "metallicRoughnessTexture" in shading:
        gloss = 0.0  # told texel by texel, which the picture of a face does not need
    return Look(colors.clip(0, 1), gloss, image, uv, least, bool(material.get("doubleSided", False)))


def _image(document: Document, base: Json) -> int | None:
    """The image of a texture reference, None if it has none that can be read."""
    if "index" not in base:
        return None
    texture = document.root["textures"][base["index"]]
    if "source" not in texture:
        texture = texture.get("extensions", {}).get("EXT_texture_webp", {})
    if "source" not in texture:
        logger.warning(
            "'%s': texture %d is of a kind that is not read; its surface has one colour", document.path, base["index"]
        )
    found: int | None = texture.get("source")
    return found


def _places(document: Document, base: Json, attributes: Json, none: Floats) -> Floats:
    """Texture coordinates [n, 2], moved as the material says."""
    moved: Json = base.get("extensions", {}).get("KHR_texture_transform", {})
    name = f"TEXCOORD_{moved.get('texCoord', base.get('texCoord', 0))}"
    if name not in attributes:
        return none
    uv = document.accessor(attributes[name]).astype(np.float32)
    if moved:
        angle, scale = moved.get("rotation", 0.0), np.array(moved.get("scale", (1, 1)))
        turn = np.array(((np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))))
        uv = ((uv * scale) @ turn.T + moved.get("offset", (0, 0))).astype(np.float32)
    return uv


def unwrapped(triangles: Indices, uv: Floats) -> tuple[Indices, Indices, Floats]:
    """Texture coordinates that leave 0..1 (a repeated picture) brought back into it, triangle by triangle.

    Gives the vertex that each new vertex is a copy of [m], the triangles of new vertices, and their places [m, 2].
    """
    middle = uv[triangles].mean(axis=1, keepdims=True)
    tile = np.floor(middle + np.float32(1e-6)).astype(np.int64)  # [F, 1, 2]
    keys = np.concatenate([triangles[..., None], np.broadcast_to(tile, (*triangles.shape, 2))], axis=-1).reshape(-1, 3)
    corners, inverse = np.unique(keys, axis=0, return_inverse=True)
    origin = corners[:, 0].astype(np.int32)
    places = (uv[origin] - corners[:, 1:]).clip(0, 1).astype(np.float32)
    return origin, inverse.reshape(-1, 3).astype(np.int32), places


def there(picture: Texture, triangles: Indices, uv: Floats, least: float) -> npt.NDArray[np.float64]:
    """Which share of each triangle of a partly transparent surface is there, [F]: as many of its probes."""
    height, width = picture.shape[:2]
    probes = np.einsum("pc,fcd->fpd", _PROBES, uv[triangles])
    column, row = ((probes[..., k] * size).astype(int).clip(0, size - 1) for k, size in ((0, width), (1, height)))
    return np.asarray((picture[row, column, 3] >= 255 * least).mean(axis=1))


class Pictures:
    """The pictures that surfaces use, to be laid one below the other in one texture."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._read: dict[int, Texture | None] = {}

    def __getitem__(self, index: int) -> Texture | None:
        """An image [H, W, 4], at most WIDTH wide; None, with a warning, if it cannot be read."""
        if index not in self._read:
            try:
                pixels = self._document.image(index)
                height, width = pixels.shape[:2]
                if width > WIDTH:
                    small = Image.fromarray(pixels).resize((WIDTH, max(1, round(height * WIDTH / width))))
                    pixels = np.asarray(small)
                self._read[index] = pixels
            except FaceError as error:
                logger.warning("%s; its surface has one colour", error)
                self._read[index] = None
        return self._read[index]

    def texture(self) -> Picture | None:
        """All of them below a strip of white, [H, W, 3]; None if there are none."""
        read = self._used()
        if not read:
            return None
        width = max(picture.shape[1] for picture in read.values())
        strip = np.full((_WHITE, width, 3), 255, np.uint8)
        rows = [np.pad(p[..., :3], ((0, 0), (0, width - p.shape[1]), (0, 0)), mode="edge") for p in read.values()]
        return np.concatenate([strip, *rows])

    def place(self, index: int, uv: Floats) -> Floats:
        """Places [n, 2] in one picture to places in the texture of all."""
        read = self._used()
        height, width = _WHITE + sum(p.shape[0] for p in read.values()), max(p.shape[1] for p in read.values())
        top = _WHITE
        for other, picture in read.items():
            if other == index:
                size = np.array((picture.shape[1], picture.shape[0]))
                inside = (uv * size).clip(0.5, size - 0.5)  # a texel's middle, so that no neighbour shines in
                return np.asarray((inside + np.array((0, top))) / (width, height), np.float32)
            top += picture.shape[0]
        return np.zeros_like(uv)

    def _used(self) -> dict[int, Texture]:
        return {index: picture for index, picture in self._read.items() if picture is not None}
