"""A head as one .glb that any viewer, engine or page can load and move.

Every part is a mesh of its own, or several where its surface changes from matte to moist, and carries only the morph
targets that move it, so that still parts cost nothing. Targets are named in `mesh.extras.targetNames`: the shapes, then
their correctives, whose names say their weight ("jawOpen*mouthClose" has the product of the two). Head and eyes turn by
joints. Positions are 16-bit integers (KHR_mesh_quantization), targets sparse; the face is life-size, in metres.

Format: glTF 2.0 specification by Khronos, sections 3.7 (meshes, morph targets, skins), 3.9 (materials) and 3.11
(animations).
Shapes: V vertices of the face, n vertices and F triangles of one piece, T frames, K targets, J joints.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from facestream.errors import MotionError
from facestream.faces.gltf.animation import rotations_of, weights_of
from facestream.faces.gltf.writer import TRIANGLES, VERTICES, Json, Writer
from facestream.faces.head import Head
from facestream.faces.head.joints import Joint
from facestream.faces.mesh import Floats, Indices, Mesh, vertex_normals
from facestream.files import write_whole
from facestream.signals import ARKIT, FACE, Motion

METRES = 0.1  # a unit of our faces
# What is left out of a target: moves below 15 micrometres, and changes of normals below a degree.
LEAST_MOVE, LEAST_TURN = 1.5e-4, 2 / 127

# Surfaces: how glossy they are at least, their roughness, and how much they mirror. No lamp is mirrored in a mouth, but
# most players cast no shadow there.
_SURFACES = {"wet": (0.4, 0.12, 1.0), "moist": (0.1, 0.38, 1.0), "matte": (-1.0, 0.68, 1.0), "inside": (9.0, 0.5, 0.2)}
_INSIDE = ("cavity", "teeth_upper", "teeth_lower", "tongue")


def save_glb(head: Head, path: str | os.PathLike[str], motion: Motion | None = None) -> None:
    """Write a head, and a motion as its animation if given, as .glb; whole or not at all.

    Raises MotionError if the motion moves no face, SinkError if the file cannot be written.
    """
    write_whole(Path(path), encode_glb(head, motion))


def encode_glb(head: Head, motion: Motion | None = None) -> bytes:
    """The bytes of the file that `save_glb` writes."""
    if motion is not None and not (len(motion) and set(motion.channels) & set(FACE)):
        raise MotionError(
            f"a motion of {len(motion)} frames with the channels {', '.join(motion.channels) or 'none'} moves no face; "
            "expected frames, and channels such as jawOpen, mouthSmileLeft, headYaw"
        )
    scene = _Scene(head)
    for name, surface, triangles in pieces(head):
        scene.add_piece(name, surface, triangles)
    if motion is not None:
        scene.animate(motion)
    return scene.writer.encode()


def pieces(head: Head) -> Iterator[tuple[str, str, Indices]]:
    """Each part's triangles [F, 3], surface by surface: name, surface, triangles."""
    triangles, kinds = head.mesh.triangles, list(_SURFACES)
    gloss = head.mesh.gloss[triangles].mean(axis=1)
    by_gloss = np.select([gloss > least for least, _, _ in _SURFACES.values()], kinds, default="matte")
    for name, vertices in _parts(head).items():
        mine = (triangles[:, 0] >= vertices[0]) & (triangles[:, 0] <= vertices[-1])
        surface = np.where(name in _INSIDE, "inside", by_gloss)
        found = [kind for kind in kinds if np.any(mine & (surface == kind))]
        for kind in found:
            yield name if len(found) == 1 else f"{name}_{kind}", kind, triangles[mine & (surface == kind)]


class _Scene:
    """The document: joints first, then a mesh and a node a piece."""

    def __init__(self, head: Head) -> None:
        self.writer = Writer(
            {
                "asset": {"version": "2.0", "generator": "facestream"},
                "extensionsUsed": ["KHR_mesh_quantization", "KHR_materials_specular"],
                "extensionsRequired": ["KHR_mesh_quantization"],
                "scene": 0,
                "scenes": [{"name": "face", "nodes": []}],
            }
        )
        mesh = self._mesh = head.mesh
        low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
        self._center, self._step = (low + high) / 2, float((high - low).max()) / 65534
        self._normals = _normals(mesh, mesh.vertices)
        self._targets = {name: self._target(head, name) for name in (*head.shapes, *head.correctives)}
        self._nodes: dict[str, int] = {}
        self._add_skin(head.joints)
        self._influences = _influences(head.joints)
        self._materials: dict[tuple[str, bool], int] = {}
        self._morphed: list[tuple[int, tuple[str, ...]]] = []

    def _target(self, head: Head, name: str) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int8]]:
        """One shape's displacements of positions and of normals, both [V, 3], as integers."""
        moved = head.shape(name)
        moved[np.abs(moved).max(axis=1) < LEAST_MOVE] = 0
        turned = _normals(self._mesh, self._mesh.vertices + moved) - self._normals
        turned[np.abs(turned).max(axis=1) < LEAST_TURN] = 0
        return np.round(moved / self._step).astype(np.int16), np.round(np.clip(turned, -1, 1) * 127).astype(np.int8)

    def _add_skin(self, joints: Sequence[Joint]) -> None:
        """A node a joint under one for the still body, and the skin that binds vertices to them."""
        body = Joint("body", None, np.zeros(3, np.float32), np.zeros(0, np.float32))
        pivots = {joint.name: joint.pivot for joint in (body, *joints)}
        inverse = []
        for joint in (body, *joints):
            above = None if joint is body else joint.parent or "body"
            place = joint.pivot - (pivots[above] if above else 0)
            self._nodes[joint.name] = self.writer.add("nodes", {"name": joint.name, "translation": place.tolist()})
            if above:
                parent = self.writer.root["nodes"][self._nodes[above]]
                parent.setdefault("children", []).append(self._nodes[joint.name])
            # from the integers of the positions into the joint's own space
            bind = np.eye(4, dtype=np.float32)
            bind[:3, :3] *= self._step
            bind[:3, 3] = self._center - joint.pivot
            inverse.append(bind.T.reshape(16))  # column by column
        self.writer.root["nodes"][self._nodes["body"]]["scale"] = [METRES] * 3
        self.writer.root["scenes"][0]["nodes"].append(self._nodes["body"])
        matrices = self.writer.accessor(np.array(inverse, np.float32))
        self.writer.add("skins", {"joints": list(self._nodes.values()), "inverseBindMatrices": matrices, "skeleton": 0})

    def add_piece(self, name: str, surface: str, triangles: Indices) -> None:
        """A mesh of some of the face's triangles [F, 3]."""
        mesh, writer = self._mesh, self.writer
        used, corners = np.unique(triangles, return_inverse=True)
        textured = mesh.texture is not None and bool(mesh.uv[used].any())
        points = np.round((mesh.vertices[used] - self._center) / self._step).astype(np.int16)
        # what little light arrives in folds, as the key light has it (rasterizer.py)
        color = mesh.colors[used] * (0.35 + 0.65 * mesh.shade[used, None])
        joints, weights = (table[used] for table in self._influences)
        attributes = {
            "POSITION": writer.accessor(points, VERTICES, bounds=True),
            "NORMAL": writer.accessor(_signed(self._normals[used]), VERTICES, normalized=True),
            "COLOR_0": writer.accessor(_unsigned(color), VERTICES, normalized=True),
            "_LOOK": writer.accessor(_look(mesh, used), VERTICES, normalized=True),
            "JOINTS_0": writer.accessor(joints, VERTICES),
            "WEIGHTS_0": writer.accessor(weights, VERTICES, normalized=True),
        }
        if textured:
            attributes["TEXCOORD_0"] = writer.accessor(mesh.uv[used].astype(np.float32), VERTICES)
        indices = corners.reshape(-1).astype(np.uint16 if len(used) <= 0xFFFF else np.uint32)
        primitive: Json = {
            "attributes": attributes,
            "indices": writer.accessor(indices, TRIANGLES),
            "material": self._material(surface, textured),
        }
        # whoever looks for ARKit's names finds all of them on the skin, also those that move only lids or tongue
        names = tuple(
            target for target, (moved, _) in self._targets.items()
            if moved[used].any() or (name.startswith("skin") and target in ARKIT)
        )  # fmt: skip
        entry: Json = {"name": name, "primitives": [primitive]}
        if names:
            primitive["targets"] = [self._add_target(target, used) for target in names]
            entry |= {"weights": [0.0] * len(names), "extras": {"targetNames": list(names)}}
        node = writer.add("nodes", {"name": name, "mesh": writer.add("meshes", entry), "skin": 0})
        writer.root["scenes"][0]["nodes"].append(node)
        if names:
            self._morphed.append((node, names))

    def _add_target(self, name: str, used: Indices) -> Json:
        moved, turned = self._targets[name]
        return {
            "POSITION": self.writer.sparse(moved[used], bounds=True),
            "NORMAL": self.writer.sparse(turned[used], normalized=True),
        }

    def _material(self, surface: str, textured: bool) -> int:
        """The material of a surface, with the face's texture or without."""
        if (surface, textured) not in self._materials:
            _, roughness, mirrors = _SURFACES[surface]
            shading: Json = {"metallicFactor": 0.0, "roughnessFactor": roughness}
            if textured:
                shading["baseColorTexture"] = {"index": self._add_texture()}
            entry: Json = {"name": surface + ("_textured" if textured else ""), "pbrMetallicRoughness": shading}
            if mirrors < 1:
                entry["extensions"] = {"KHR_materials_specular": {"specularFactor": mirrors}}
            self._materials[surface, textured] = self.writer.add("materials", entry)
        return self._materials[surface, textured]

    def _add_texture(self) -> int:
        """The face's texture, once."""
        if self._mesh.texture is not None and "textures" not in self.writer.root:
            encoded = io.BytesIO()
            Image.fromarray(self._mesh.texture).save(encoded, format="JPEG", quality=92, subsampling=0)
            view = self.writer.view(encoded.getvalue())
            image = self.writer.add("images", {"bufferView": view, "mimeType": "image/jpeg", "name": "skin"})
            sampler = self.writer.add(
                "samplers", {"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}
            )
            self.writer.add("textures", {"source": image, "sampler": sampler})
        return 0

    def animate(self, motion: Motion) -> None:
        """A channel of weights a mesh that morphs, and a rotation a joint that the motion turns."""
        times = self.writer.accessor((np.arange(len(motion)) / motion.fps).astype(np.float32), bounds=True)
        animation: Json = {"name": "motion", "channels": [], "samplers": []}

        def add(node: int, path: str, values: Floats) -> None:
            animation["channels"].append(
                {"sampler": len(animation["samplers"]), "target": {"node": node, "path": path}}
            )
            animation["samplers"].append({"input": times, "output": self.writer.accessor(values)})

        for node, names in self._morphed:
            columns = [weights_of(name, motion) for name in names]
            add(node, "weights", np.stack(columns, axis=1).reshape(-1))
        for joint, rotations in rotations_of(motion).items():
            add(self._nodes[joint], "rotation", rotations)
        self.writer.add("animations", animation)


def _normals(mesh: Mesh, vertices: Floats) -> Floats:
    """Normals of unit length, [V, 3]."""
    normals = np.empty_like(vertices)
    vertex_normals(vertices, mesh.triangles, mesh.weld, normals)
    normals = normals[mesh.weld]
    normals[np.abs(normals).max(axis=1) < 0.5] = (0, 0, 1)  # of triangles without area
    return normals


def _signed(values: Floats) -> npt.NDArray[np.int16]:
    return np.round(np.clip(values, -1, 1) * 32767).astype(np.int16)


def _unsigned(values: Floats) -> npt.NDArray[np.uint16]:
    return np.round(np.clip(values, 0, 1) * 65535).astype(np.uint16)


def _look(mesh: Mesh, used: Indices) -> npt.NDArray[np.uint8]:
    """What glTF's materials have no name for, but a page that lights as we do wants: gloss, sheen, translucency and
    shade, [n, 4].
    """
    table = np.stack([mesh.gloss, mesh.sheen, mesh.translucency, mesh.shade], axis=1)[used]
    return np.round(table.clip(0, 1) * 255).astype(np.uint8)


def _influences(joints: Sequence[Joint]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
    """Each vertex' four strongest joints and their weights, both [V, 4]; joint 0 is the still body."""
    shares = np.stack([joint.share for joint in joints], axis=1).astype(np.float64)
    table = np.concatenate([1 - shares.sum(axis=1, keepdims=True), shares], axis=1).clip(0, 1)
    order = np.argsort(-table, axis=1, kind="stable")[:, :4]
    weights = np.take_along_axis(table, order, axis=1)
    weights = np.round(weights / weights.sum(axis=1, keepdims=True) * 65535).astype(np.int64)
    weights[:, 0] += 65535 - weights.sum(axis=1)  # they sum to one exactly
    return np.where(weights > 0, order, 0).astype(np.uint8), weights.astype(np.uint16)


def _parts(head: Head) -> dict[str, Indices]:
    """Vertices by part: the vertex sets that follow one another through the mesh; the others are places on them."""
    parts, covered = {}, 0
    for name, vertices in head.vertex_sets.items():
        if len(vertices) and vertices[0] == covered and vertices[-1] == covered + len(vertices) - 1:
            parts[name], covered = vertices, covered + len(vertices)
    return parts
