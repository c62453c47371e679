"""A user's face: any glTF or VRM file whose morph targets carry ARKit's names.

Names may be written in any case, with _L and _R, or as VRM expressions; those that are missing stay still. The model is
scaled and moved so that its face is where our own head's is in the picture. Head and eyes turn where it has bones.

Shapes: V vertices, C channels.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facestream.errors import MotionError
from facestream.faces.gltf.cutting import above, cut
from facestream.faces.gltf.names import target_names
from facestream.faces.gltf.pieces import Piece, Scene
from facestream.faces.gltf.reader import Document
from facestream.faces.gltf.surfaces import Pictures
from facestream.faces.head import Head
from facestream.faces.head.correctives import Products
from facestream.faces.head.forms import turn
from facestream.faces.head.head import add_shapes
from facestream.faces.head.joints import Joint, turn_head
from facestream.faces.head.rig import Displacements
from facestream.faces.mesh import Floats, Indices, Mesh
from facestream.signals import ARKIT, FACE, TONGUE

logger = logging.getLogger("facestream")

_AXES = ("Yaw", "Pitch", "Roll")
_SHEEN = 0.1
_NAMED = 12  # as many of a file's names are told when none of them is ours
_LOWEST = -3.0  # in units of our faces: the picture ends at -2


class Model:
    """A face from a file. mesh: at rest; joints: of neck, head, leftEye and rightEye those that it has, by name; a
    joint's share includes what hangs on it.
    """

    def __init__(self, mesh: Mesh, displacements: Displacements, joints: Mapping[str, Joint]) -> None:
        self.mesh, self.joints = mesh, joints
        self._displacements = displacements

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Read .glb, .gltf or .vrm. What it lacks is told as a warning.

        Raises FaceError if the file is missing, torn, not glTF 2.0, compressed, or has none of ARKit's shapes.
        """
        document = Document(Path(path))
        try:
            scene = Scene(document)
            model = _assembled(document, list(scene.pieces()), scene)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise document.broken(
                f"it is not laid out as glTF 2.0 says ({type(error).__name__}: {error}); export it anew"
            ) from error
        _tell_missing(document, model)
        return model

    @property
    def shapes(self) -> tuple[str, ...]:
        """Names of the shapes that channels move one by one."""
        return tuple(name for name in ARKIT + TONGUE if name in self._displacements.ranges)

    @property
    def correctives(self) -> tuple[str, ...]:
        """Names of the corrective shapes, which say what moves them (head/correctives.py)."""
        return tuple(name for name in self._displacements.ranges if name not in ARKIT + TONGUE)

    def shape(self, name: str) -> Floats:
        """Displacement [V, 3] of one shape or corrective at weight 1."""
        moved = np.zeros_like(self.mesh.vertices)
        start, end = self._displacements.ranges[name]
        moved[self._displacements.vertices[start:end]] = self._displacements.moves[start:end]
        return moved

    def bind(self, channels: Sequence[str]) -> Callable[[Floats], Floats]:
        """What poses the model by values [C] of these channels: vertices [V, 3]. Channels for which it has no shape or
        joint do nothing. Raises MotionError for channels that no face has.
        """
        if unknown := [name for name in channels if name not in FACE]:
            raise MotionError(f"no face has a channel {', '.join(unknown)}; expected names of signals.FACE")
        table = self._displacements
        products = Products(self.correctives, channels)
        ranges = [table.ranges[name] if name in self.shapes else (0, 0) for name in channels]
        ranges += [table.ranges[name] for name in products.used]
        starts, ends = np.ascontiguousarray(np.array(ranges, np.int64).reshape(-1, 2).T)
        angles = {joint: [_column(channels, joint + axis) for axis in _AXES] for joint in self.joints}

        def pose(values: Floats) -> Floats:
            if values.shape != (len(channels),) or not np.isfinite(values).all():
                raise MotionError(f"a pose has shape {values.shape}; expected {len(channels)} finite numbers")
            values = np.asarray(values, np.float32)
            out = self.mesh.vertices.copy()
            add_shapes(np.concatenate([values, products(values)]), starts, ends, table.vertices, table.moves, out)
            for joint, columns in angles.items():
                yaw, pitch, roll = (0.0 if column is None else float(values[column]) for column in columns)
                if joint == "head" and (yaw or pitch or roll):
                    turn_head((yaw, pitch, roll), self._neck(), self.joints["head"], out)
                elif yaw or pitch or roll:
                    eye = self.joints[joint]
                    turned = (out - eye.pivot) @ (turn(yaw, pitch, roll) - np.eye(3, dtype=np.float32)).T
                    out += eye.share[:, None] * turned
            return out

        return pose

    def _neck(self) -> Joint:
        """The neck's joint, its share without what the head carries; one that moves nothing for a model without."""
        head = self.joints["head"]
        neck = self.joints.get("neck", head)
        return replace(neck, share=np.maximum(neck.share - head.share, 0))


def _column(channels: Sequence[str], name: str) -> int | None:
    return channels.index(name) if name in channels else None


def _assembled(document: Document, pieces: list[Piece], scene: Scene) -> Model:
    """All pieces as one model, where our own head is in the picture."""
    pictures = Pictures(document)
    seen = [piece for piece in (cut(piece, pictures) for piece in pieces) if len(piece.triangles)]
    names = dict.fromkeys(name for piece in seen for name, moved in piece.moves.items() if moved.any())
    if not any(name in ARKIT for name in names):
        raise document.broken(_what_was_found(document))
    scale, offset = _fit(seen, list(names))
    if not (scale > 0 and np.isfinite((scale, *offset)).all()):
        raise document.broken("its face has no height above it, or no size; expected a head that stands upright")
    lowest = (_LOWEST - offset[1]) / scale
    shown = [piece for piece in (above(piece, lowest) for piece in seen) if len(piece.triangles)]
    counts = [len(piece.points) for piece in shown]
    starts = np.cumsum([0, *counts])
    points = np.concatenate([piece.points for piece in shown])
    table = _displacements(shown, starts, list(names))
    table = replace(table, moves=np.float32(scale) * table.moves)
    triangles = [piece.triangles + start for start, piece in zip(starts, shown, strict=False)]
    mesh = Mesh(
        vertices=(scale * points + offset).astype(np.float32),
        triangles=np.concatenate(triangles).astype(np.int32),
        colors=np.concatenate([piece.look.colors for piece in shown]),
        gloss=np.repeat([piece.look.gloss for piece in shown], counts).astype(np.float32),
        sheen=np.full(len(points), _SHEEN, np.float32),
        shade=np.ones(len(points), np.float32),
        weld=_weld(shown, starts),
        uv=np.concatenate([_in_texture(piece, pictures) for piece in shown]),
        texture=pictures.texture(),
    )
    return Model(mesh, table, {joint.name: joint for joint in _joints(shown, table, scene, scale, offset)})


def _joints(
    pieces: Sequence[Piece], table: Displacements, scene: Scene, scale: float, offset: Floats
) -> Iterator[Joint]:
    """The joints that turn, eyes first: not eyes whose balls are turned by the shapes of looking."""
    looking = [slice(*rows) for name, rows in table.ranges.items() if name.startswith("eyeLook")]
    looked = np.concatenate([table.vertices[rows] for rows in looking]) if looking else np.zeros(0, np.int32)
    for name in ("leftEye", "rightEye", "neck", "head"):
        if name in scene.joints:
            share = np.concatenate([piece.shares[name] for piece in pieces])
            if not (name.endswith("Eye") and (share[looked] > 0.5).any()):
                yield Joint(name, None, (scale * scene.pivot(name) + offset).astype(np.float32), share)


def _displacements(pieces: Sequence[Piece], starts: npt.NDArray[np.int64], names: Sequence[str]) -> Displacements:
    """All pieces' displacements, shape after shape."""
    ranges, vertices, moves, total = {}, [], [], 0
    for name in names:
        first = total
        for start, piece in zip(starts, pieces, strict=False):
            if name in piece.moves:
                used = np.flatnonzero(piece.moves[name].any(axis=1))
                vertices.append(start + used)
                moves.append(piece.moves[name][used])
                total += len(used)
        ranges[name] = (first, total)
    return Displacements(ranges, np.concatenate(vertices).astype(np.int32), np.concatenate(moves).astype(np.float32))


def _in_texture(piece: Piece, pictures: Pictures) -> Floats:
    if piece.look.image is None:
        return np.zeros_like(piece.look.uv)
    return pictures.place(piece.look.image, piece.look.uv)


def _weld(pieces: Sequence[Piece], starts: npt.NDArray[np.int64]) -> Indices:
    """For each vertex the first one at the same place with the same normal, [V]: a border of textures is no edge."""
    weld = np.arange(starts[-1], dtype=np.int32)
    size = max(float(np.ptp(piece.points, axis=0).max()) for piece in pieces)
    told = [
        (start + np.arange(len(piece.points)), piece.points / (1e-5 * size), piece.normals * 50)
        for start, piece in zip(starts, pieces, strict=False)
        if piece.normals is not None
    ]
    if told:
        index, place, normal = (np.concatenate(column) for column in zip(*told, strict=True))
        rows = np.round(np.hstack([place, normal])).astype(np.int64)
        _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        weld[index] = index[first[group.reshape(-1)]]
    return weld


def _fit(pieces: Sequence[Piece], names: Sequence[str]) -> tuple[float, Floats]:
    """Scale and offset [3] that lay a model over our head: its face's middle on ours, its crown as high as ours.

    The face's middle is where the shapes that both have move most.
    """
    ours = Head.load()
    both = [name for name in ARKIT if name in names]
    here = _middle([[(piece.points, piece.moves[name]) for piece in pieces if name in piece.moves] for name in both])
    wanted = _middle([[(ours.mesh.vertices, ours.shape(name))] for name in both])
    reach = max(piece.points[:, 1].max() for piece in pieces) - here[1]
    height = ours.mesh.vertices[:, 1].max() - wanted[1]
    scale = float(height / reach) if reach > 0 else 0.0
    return scale, (wanted - scale * here).astype(np.float32)


def _middle(shapes: Sequence[Sequence[tuple[Floats, Floats]]]) -> Floats:
    """Mean of the middles of shapes, each given as points [n, 3] and displacements [n, 3] of every piece."""
    middles = []
    for shape in shapes:
        amounts = [np.linalg.norm(moved.astype(np.float64), axis=1) for _, moved in shape]
        total = sum((amount @ points for amount, (points, _) in zip(amounts, shape, strict=True)), np.zeros(3))
        middles.append(total / sum(amount.sum() for amount in amounts))
    return np.asarray(np.mean(middles, axis=0), np.float32)


def _what_was_found(document: Document) -> str:
    every = [name for mesh in range(len(document.list("meshes"))) for name in target_names(document, mesh) if name]
    names = list(dict.fromkeys(every))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    found = f"its morph targets are {', '.join(names[:_NAMED])}{more}" if names else "it has no named morph targets"
    return f"none of ARKit's 52 shapes is in it: {found}; expected names such as jawOpen, mouthSmileLeft, eyeBlink_L"


def _tell_missing(document: Document, model: Model) -> None:
    """Warn, by name, of what will stay still."""
    if missing := [name for name in ARKIT if name not in model.shapes]:
        said = "'%s' lacks %d of ARKit's 52 shapes, which stay still: %s"
        logger.warning(said, document.path, len(missing), ", ".join(missing))
    if "head" not in model.joints:
        logger.warning("'%s' has no bone of the head, so the head does not turn", document.path)
