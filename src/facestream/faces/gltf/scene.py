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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from facestream.faces.gltf.writer import TRIANGLES, VERTICES, Json, Writer
from facestream.faces.head import Head
from facestream.faces.mesh import Floats, Indices, Mesh
from facestream.files import write_whole
from facestream.signals import ARKIT, Motion

METRES = 0.1  # a unit of our faces
LEAST_TURN = 1 / 127  # changes of a normal below this are left out

# Surfaces by how glossy they are at least, and their roughness.
_SURFACES = (("wet", 0.6, 0.12), ("moist", 0.12, 0.38), ("matte", -1.0, 0.68))
_AXES = ("Yaw", "Pitch", "Roll")


def save_glb(head: Head, path: str | os.PathLike[str], motion: Motion | None = None) -> None:
    """Write a head, and a motion as its animation if given, as .glb; whole or not at all.

    Raises SinkError if the file cannot be written.
    """
    write_whole(Path(path), encode_glb(head, motion))


def encode_glb(head: Head, motion: Motion | None = None) -> bytes:
    """The bytes of the file that `save_glb` writes."""
    scene = _Scene(head)
    for name, surface, triangles in _pieces(head):
        scene.add_piece(name, surface, triangles)
    if motion is not None:
        scene.animate(motion)
    return scene.writer.encode()


def _pieces(head: Head) -> Iterator[tuple[str, str, Indices]]:
    """Each part's triangles [F, 3], surface by surface: name, surface, triangles."""
    part_of = np.zeros(len(head.mesh.vertices), np.int32)
    parts = _parts(head)
    for number, vertices in enumerate(parts.values()):
        part_of[vertices] = number
    triangles = head.mesh.triangles
    part = part_of[triangles[:, 0]]
    gloss = head.mesh.gloss[triangles].mean(axis=1)
    surface = np.select([gloss > least for _, least, _ in _SURFACES], range(len(_SURFACES)))
    for number, name in enumerate(parts):
        found = [kind for kind in range(len(_SURFACES)) if np.any((part == number) & (surface == kind))]
        for kind in found:
            title = name if len(found) == 1 else f"{name}_{_SURFACES[kind][0]}"
            yield title, _SURFACES[kind][0], triangles[(part == number) & (surface == kind)]


class _Scene:
    """The document: joints first, then a mesh and a node a piece."""

    def __init__(self, head: Head) -> None:
        self.writer = Writer(
            {
                "asset": {"version": "2.0", "generator": "facestream"},
                "extensionsUsed": ["KHR_mesh_quantization"],
                "extensionsRequired": ["KHR_mesh_quantization"],
                "scene": 0,
                "scenes": [{"name": "face", "nodes": []}],
            }
        )
        mesh = self._mesh = head.mesh
        low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
        self._center, self._step = (low + high) / 2, float((high - low).max()) / 65534
        self._normals = vertex_normals(mesh, mesh.vertices)
        self._targets = {name: self._target(head, name) for name in _morphs(head)}
        self._joints = _joints(head)
        self._nodes: dict[str, int] = {}
        self._add_skin()
        self._weights = _weights(self._joints)
        self._materials: dict[tuple[str, bool], int] = {}
        self._morphed: list[tuple[int, tuple[str, ...]]] = []

    def _target(self, head: Head, name: str) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int8]]:
        """One shape's displacements of positions and of normals, both [V, 3], as integers."""
        moved = head.shape(name)
        turned = vertex_normals(self._mesh, self._mesh.vertices + moved) - self._normals
        turned[np.abs(turned).max(axis=1) < LEAST_TURN] = 0
        return np.round(moved / self._step).astype(np.int16), np.round(np.clip(turned, -1, 1) * 127).astype(np.int8)

    def _add_skin(self) -> None:
        """A node a joint, and the skin that binds vertices to them. Joints come after their parents."""
        inverse = []
        for name, joint in self._joints.items():
            parent = self._joints.get(joint.parent)
            place = joint.pivot - (parent.pivot if parent else 0)
            entry: Json = {"name": name, "translation": place.tolist()}
            if parent is None:
                entry |= {"scale": [METRES] * 3, "translation": (METRES * place).tolist()}
            self._nodes[name] = self.writer.add("nodes", entry)
            if parent is None:
                self.writer.root["scenes"][0]["nodes"].append(self._nodes[name])
            else:
                above = self.writer.root["nodes"][self._nodes[joint.parent]]
                above.setdefault("children", []).append(self._nodes[name])
            # from the integers of the positions into the joint's own space
            bind = np.eye(4, dtype=np.float32)
            bind[:3, :3] *= self._step
            bind[:3, 3] = self._center - joint.pivot
            inverse.append(bind.T.reshape(16))  # column by column
        matrices = self.writer.accessor(np.array(inverse, np.float32))
        joints = list(self._nodes.values())
        self.writer.add("skins", {"joints": joints, "inverseBindMatrices": matrices, "skeleton": joints[0]})

    def add_piece(self, name: str, surface: str, triangles: Indices) -> None:
        """A mesh of some of the face's triangles [F, 3]."""
        mesh, writer = self._mesh, self.writer
        used, corners = np.unique(triangles, return_inverse=True)
        textured = mesh.texture is not None and bool(mesh.uv[used].any())
        points = np.round((mesh.vertices[used] - self._center) / self._step).astype(np.int16)
        # what little light arrives in folds, as the key light has it (rasterizer.py)
        color = mesh.colors[used] * (0.35 + 0.65 * mesh.shade[used, None])
        joints, weights = self._weights[0][used], self._weights[1][used]
        attributes = {
            "POSITION": writer.accessor(points, VERTICES, bounds=True),
            "NORMAL": writer.accessor(_signed(self._normals[used]), VERTICES, normalized=True),
            "COLOR_0": writer.accessor(_unsigned(color), VERTICES, normalized=True),
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
            roughness = next(rough for kind, _, rough in _SURFACES if kind == surface)
            shading: Json = {"metallicFactor": 0.0, "roughnessFactor": roughness}
            if textured:
                shading["baseColorTexture"] = {"index": self._add_texture()}
            entry = {"name": surface + ("_textured" if textured else ""), "pbrMetallicRoughness": shading}
            self._materials[surface, textured] = self.writer.add("materials", entry)
        return self._materials[surface, textured]

    def _add_texture(self) -> int:
        """The face's texture, once."""
        if "textures" not in self.writer.root:
            encoded = io.BytesIO()
            Image.fromarray(self._mesh.texture).save(encoded, format="JPEG", quality=92, subsampling=0)
            view = self.writer.view(encoded.getvalue())
            image = self.writer.add("images", {"bufferView": view, "mimeType": "image/jpeg", "name": "skin"})
            sampler = self.writer.add("samplers", {"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071})
            self.writer.add("textures", {"source": image, "sampler": sampler})
        return 0

    def animate(self, motion: Motion) -> None:
        """A channel of weights a mesh that morphs, and a rotation a joint that the motion turns."""
        times = self.writer.accessor((np.arange(len(motion)) / motion.fps).astype(np.float32), bounds=True)
        animation: Json = {"name": "motion", "channels": [], "samplers": []}

        def add(node: int, path: str, values: Floats) -> None:
            animation["channels"].append({"sampler": len(animation["samplers"]), "target": {"node": node, "path": path}})
            animation["samplers"].append({"input": times, "output": self.writer.accessor(values)})

        for node, names in self._morphed:
            columns = [weights_of(name, motion) for name in names]
            add(node, "weights", np.stack(columns, axis=1).reshape(-1))
        for joint, node in self._nodes.items():
            angles = motion.select([joint + axis for axis in _AXES]).values
            if angles.any():
                add(node, "rotation", np.array([quaternion(*row) for row in angles], np.float32))
        self.writer.add("animations", animation)


def weights_of(name: str, motion: Motion) -> Floats:
    """The weight of a target in every frame, [T]: the product of the curves that its name names."""
    factors = motion.select(name.split("*")).values
    return factors[:, 0] if factors.shape[1] == 1 else np.clip(factors, 0, 1).prod(axis=1)


def quaternion(yaw: float, pitch: float, roll: float) -> tuple[float, float, float, float]:
    """x, y, z, w of the rotation R = Ry(yaw) Rx(pitch) Rz(roll), angles in radians.

    The product of the three quaternions (cos a/2, axis sin a/2), multiplied out by Hamilton's rules.
    """
    (cy, cx, cz), (sy, sx, sz) = np.cos(np.array((yaw, pitch, roll)) / 2), np.sin(np.array((yaw, pitch, roll)) / 2)
    return (
        float(cy * sx * cz + sy * cx * sz),
        float(sy * cx * cz - cy * sx * sz),
        float(cy * cx * sz - sy * sx * cz),
        float(cy * cx * cz + sy * sx * sz),
    )


def vertex_normals(mesh: Mesh, vertices: Floats) -> Floats:
    """Area-weighted normals of unit length, [V, 3]; a welded vertex has its weld's."""
    a, b, c = (vertices[mesh.triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    corners = mesh.weld[mesh.triangles].T.reshape(-1)
    sums = [np.bincount(corners, np.tile(faces[:, k], 3), len(vertices)) for k in range(3)]
    normals = np.stack(sums, -1)[mesh.weld]
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 0, normals / np.maximum(length, 1e-20), (0, 0, 1)).astype(np.float32)


def _signed(values: Floats) -> npt.NDArray[np.int16]:
    return np.round(np.clip(values, -1, 1) * 32767).astype(np.int16)


def _unsigned(values: Floats) -> npt.NDArray[np.uint16]:
    return np.round(np.clip(values, 0, 1) * 65535).astype(np.uint16)


def _weights(joints: dict[str, Joint]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
    """Each vertex' joints and weights, both [V, 4].

    A joint's share of a vertex includes those of the joints that hang on it; its weight does not.
    """
    own = {name: joint.share.astype(np.float64) for name, joint in joints.items()}
    for name, joint in joints.items():
        if joint.parent in own:
            own[joint.parent] = own[joint.parent] - joint.share
    table = np.maximum(np.stack(list(own.values()), axis=1), 0)
    order = np.argsort(-table, axis=1, kind="stable")[:, :4]
    weights = np.take_along_axis(table, order, axis=1)
    weights /= weights.sum(axis=1, keepdims=True)
    quantized = np.round(weights * 65535).astype(np.int64)
    quantized[:, 0] += 65535 - quantized.sum(axis=1)  # they must sum to one exactly
    pad = ((0, 0), (0, 4 - order.shape[1]))
    order = np.where(quantized > 0, order, 0)
    return np.pad(order, pad).astype(np.uint8), np.pad(quantized, pad).astype(np.uint16)


# --- until the head tells these itself ---


@dataclass(frozen=True)
class Joint:
    parent: str
    pivot: Floats
    share: Floats


def _joints(head: Head) -> dict[str, Joint]:
    rig = head._rig
    count = len(head.mesh.vertices)
    found = {
        "body": Joint("", np.zeros(3, np.float32), np.ones(count, np.float32)),
        "head": Joint("body", rig.neck, rig.turns),
    }
    for name, globe in (("leftEye", rig.left_eye), ("rightEye", rig.right_eye)):
        share = np.zeros(count, np.float32)
        share[globe.ball] = 1
        found[name] = Joint("head", globe.center, share)
    return found


def _morphs(head: Head) -> tuple[str, ...]:
    return head.shapes


def _parts(head: Head) -> dict[str, Indices]:
    parts, covered = {}, 0
    for name, vertices in head.vertex_sets.items():
        if len(vertices) and vertices[0] == covered and len(vertices) == vertices[-1] - vertices[0] + 1:
            parts[name], covered = vertices, int(vertices[-1]) + 1
    return parts
