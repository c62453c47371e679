"""A model's pieces as they stand in its scene: vertices in the world, displacements of ARKit's shapes, joints' shares.

Format: glTF 2.0 specification by Khronos, sections 3.5 (scenes, nodes) and 3.7 (meshes, morph targets, skins).
Shapes: n vertices and F triangles of one piece, J joints of a skin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from facestream.faces.gltf.names import Recipe, recipes
from facestream.faces.gltf.reader import Array, Document
from facestream.faces.gltf.surfaces import Look, look
from facestream.faces.gltf.writer import Json
from facestream.faces.mesh import Floats, Indices

_TRIANGLES, _STRIP, _FAN = 4, 5, 6  # a primitive's modes
# What bones of the head are called, without case, separators and prefixes such as "mixamorig:".
_BONES = {
    "neck": ("neck",),
    "head": ("head",),
    "leftEye": ("lefteye", "eyeleft", "leye", "eyel", "faceeyel"),
    "rightEye": ("righteye", "eyeright", "reye", "eyer", "faceeyer"),
}


@dataclass(frozen=True)
class Piece:
    """One primitive. points: [n, 3] in the world at rest; normals: [n, 3] or None; triangles: [F, 3]; moves:
    displacement [n, 3] at weight 1 by our names; shares: [n] of each joint's turn, by joint.
    """

    points: Floats
    normals: Floats | None
    triangles: Indices
    moves: Mapping[str, Floats]
    shares: Mapping[str, Floats]
    look: Look


class Scene:
    """The nodes of a document: where they stand, and which of them are joints of the face."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._nodes = document.list("nodes")
        self._worlds: dict[int, Array] = {}
        self._below: dict[int, set[int]] = {}
        facing = np.diag((-1.0, 1.0, -1.0, 1.0)) if "VRM" in document.root.get("extensions", {}) else np.eye(4)
        for root in self._roots():  # VRM 0.x looks along -z
            self._place(root, facing, ())
        self.joints = {name: node for name, node in self._bones().items() if node in self._worlds}

    def pivot(self, joint: str) -> Floats:
        """Where a joint of the face turns, [3]."""
        return self._worlds[self.joints[joint]][:3, 3].astype(np.float32)

    def pieces(self) -> Iterator[Piece]:
        """All triangles of the scene."""
        known = recipes(self.document)
        for node in self._worlds:
            mesh = self._nodes[node].get("mesh")
            if mesh is not None:
                for primitive in self.document.root["meshes"][mesh]["primitives"]:
                    if primitive.get("mode", _TRIANGLES) in (_TRIANGLES, _STRIP, _FAN):
                        yield self._piece(node, primitive, known.get(mesh, {}))

    def _roots(self) -> list[int]:
        scenes = self.document.list("scenes")
        if scenes:
            found: list[int] = scenes[self.document.root.get("scene", 0)].get("nodes", [])
            return found
        children = {child for node in self._nodes for child in node.get("children", [])}
        return [node for node in range(len(self._nodes)) if node not in children]

    def _place(self, node: int, above: Array, ancestors: tuple[int, ...]) -> None:
        """Find where a node and all below it stand."""
        if node in self._worlds:
            raise self.document.broken(f"node {node} hangs on two nodes, or on itself; export it anew")
        self._worlds[node] = above @ _matrix(self._nodes[node])
        for ancestor in (*ancestors, node):
            self._below.setdefault(ancestor, set()).add(node)
        for child in self._nodes[node].get("children", []):
            self._place(child, self._worlds[node], (*ancestors, node))

    def _bones(self) -> dict[str, int]:
        """Nodes of neck, head and eyes: as VRM tells them, or by what they are called."""
        extensions = self.document.root.get("extensions", {})
        bones = extensions.get("VRMC_vrm", {}).get("humanoid", {}).get("humanBones", {})
        told = {name: bone["node"] for name, bone in bones.items()}
        told |= {
            bone["bone"]: bone["node"] for bone in extensions.get("VRM", {}).get("humanoid", {}).get("humanBones", [])
        }
        skinned = {node for skin in self.document.list("skins") for node in skin["joints"]}
        for joint, called in _BONES.items():
            for node in sorted(self._worlds, key=lambda node: node not in skinned):
                if (
                    joint not in told
                    and _bare(self._nodes[node].get("name", "")) in called
                    and "mesh" not in self._nodes[node]
                ):
                    told[joint] = node
        return {joint: told[joint] for joint in _BONES if joint in told}

    def _piece(self, node: int, primitive: Json, recipe: Recipe) -> Piece:
        document, attributes = self.document, primitive["attributes"]
        points = document.accessor(attributes["POSITION"]).astype(np.float64)
        count = len(points)
        place, shares = self._carried(node, attributes, count)
        targets = primitive.get("targets", [])
        moves = {}
        for name, parts in recipe.items():
            move = np.zeros((count, 3))
            for target, weight in parts:
                if "POSITION" in targets[target]:
                    move += weight * document.accessor(targets[target]["POSITION"])
            if not np.isfinite(move).all():
                raise document.broken(f"its shape {name} is not made of finite numbers; export it anew")
            move = np.einsum("nij,nj->ni", place[:, :, :3], move).astype(np.float32)
            if move.any():
                moves[name] = move
        normals = None
        if "NORMAL" in attributes:
            normals = np.einsum("nij,nj->ni", place[:, :, :3], document.accessor(attributes["NORMAL"]))
            normals = (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)).astype(np.float32)
        points = np.einsum("nij,nj->ni", place[:, :, :3], points) + place[:, :, 3]
        if not np.isfinite(points).all():
            raise document.broken("it has vertices that are not finite numbers; export it anew")
        triangles = self._triangles(primitive, count)
        if count and np.linalg.det(place[0, :, :3]) < 0:
            triangles = triangles[:, ::-1]
        return Piece(points.astype(np.float32), normals, triangles, moves, shares, look(document, primitive, count))

    def _carried(self, node: int, attributes: Json, count: int) -> tuple[Array, dict[str, Floats]]:
        """What brings each vertex into the world, [n, 3, 4], and the joints' shares of it, [n] each."""
        skin = self._nodes[node].get("skin")
        if skin is None or "JOINTS_0" not in attributes:
            place = np.broadcast_to(self._worlds[node][:3], (count, 3, 4))
            one = {name: float(node in self._below[joint]) for name, joint in self.joints.items()}
            return place, {name: np.full(count, share, np.float32) for name, share in one.items()}
        entry = self.document.root["skins"][skin]
        joints = entry["joints"]
        inverse = np.broadcast_to(np.eye(4), (len(joints), 4, 4))
        if "inverseBindMatrices" in entry:
            inverse = self.document.accessor(entry["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        bound = np.stack([self._world(joint) @ matrix for joint, matrix in zip(joints, inverse, strict=False)])
        weights = np.zeros((count, len(joints)))
        for number in range(8):
            if f"JOINTS_{number}" in attributes:
                index = self.document.accessor(attributes[f"JOINTS_{number}"]).astype(np.int64)
                weight = self.document.accessor(attributes[f"WEIGHTS_{number}"])
                for column in range(index.shape[1]):
                    weights[np.arange(count), index[:, column]] += weight[:, column]
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
        below = {name: np.array([joint in self._below[root] for joint in joints]) for name, root in self.joints.items()}
        shares = {name: weights[:, of].sum(axis=1).astype(np.float32) for name, of in below.items()}
        return np.einsum("nj,jab->nab", weights, bound[:, :3]), shares

    def _world(self, node: int) -> Array:
        if node not in self._worlds:
            raise self.document.broken(f"joint {node} of a skin is not in the scene; export it anew")
        return self._worlds[node]

    def _triangles(self, primitive: Json, count: int) -> Indices:
        """Corners of a primitive's triangles, [F, 3]."""
        corners: Indices = np.arange(count, dtype=np.int32)
        if "indices" in primitive:
            corners = self.document.accessor(primitive["indices"])[:, 0].astype(np.int32)
        if len(corners) and not 0 <= corners.min() <= corners.max() < count:
            raise self.document.broken("a triangle has a corner that is not there; export it anew")
        mode = primitive.get("mode", _TRIANGLES)
        if mode == _TRIANGLES:
            return corners[: len(corners) // 3 * 3].reshape(-1, 3)
        first, second, third = corners[:-2], corners[1:-1], corners[2:]
        if mode == _FAN:
            return np.stack([np.broadcast_to(corners[0], second.shape), second, third], axis=1)
        odd = np.arange(len(first)) % 2 == 1
        return np.stack([first, np.where(odd, third, second), np.where(odd, second, third)], axis=1)


def _bare(name: str) -> str:
    """A bone's name without case, separators and prefix."""
    return re.sub(r"[^a-z0-9]", "", re.split(r"[:|]", name.lower())[-1])


def _matrix(node: Json) -> Array:
    """A node's place in its parent, [4, 4]."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    out = np.eye(4)
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    out[:3, :3] = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    out[:3, :3] *= np.array(node.get("scale", (1.0, 1.0, 1.0)))
    out[:3, 3] = node.get("translation", (0.0, 0.0, 0.0))
    return out
