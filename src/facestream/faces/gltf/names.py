"""Which of a model's morph targets are ARKit's shapes, whatever their maker calls them.

Names are told in `mesh.extras.targetNames` (a convention of glTF tools), in a primitive's extras, by the targets'
accessors, or by VRM's expressions (VRM 0.x: extensions.VRM.blendShapeMaster; VRM 1.0: VRMC_vrm.expressions; both
specified at github.com/vrm-c/vrm-specification), which come first: they are what the maker meant.
"""

from __future__ import annotations

import re

from facestream.faces.gltf.reader import Document
from facestream.faces.gltf.writer import Json
from facestream.signals import FACE

# Each of our names with the targets of one mesh that make it, and their weights.
Recipe = dict[str, list[tuple[int, float]]]


def _known() -> dict[str, str]:
    """Our names by what is left of theirs in lower case, with sides in full and as one letter."""
    short = {re.sub("Left$", "L", re.sub("Right$", "R", name)): name for name in FACE}
    return {written.lower(): name for written, name in (short | {name: name for name in FACE}).items()}


_KNOWN = _known()


def shape_named(name: str) -> str | None:
    """Our name of a shape or corrective that somebody else wrote, None if it is neither.

    Case and separators do not count, nor does what a tool put in front: "Face.EyeBlink_L" is eyeBlinkLeft. A corrective
    ("a*b", "-headYaw": head/correctives.py) is named after channels that we have.
    """
    found = [_channel(factor) for factor in name.split("*")]
    return None if None in found else "*".join(factor for factor in found if factor)


def _channel(name: str) -> str | None:
    if name.startswith("-"):
        found = _channel(name[1:])
        return found and "-" + found
    words = [word for word in re.split(r"[^0-9A-Za-z]+", name.lower()) if word]
    return next((_KNOWN[tail] for i in range(len(words)) if (tail := "".join(words[i:])) in _KNOWN), None)


def recipes(document: Document) -> dict[int, Recipe]:
    """By mesh: our names, and what makes them."""
    found: dict[int, Recipe] = {}
    for mesh in range(len(document.list("meshes"))):
        for target, name in enumerate(target_names(document, mesh)):
            if (ours := shape_named(name)) is not None:
                found.setdefault(mesh, {}).setdefault(ours, [(target, 1.0)])  # of two with one name the first counts
    meant: dict[int, Recipe] = {}
    for name, mesh, target, weight in _expressions(document):
        if (ours := shape_named(name)) is not None:
            meant.setdefault(mesh, {}).setdefault(ours, []).append((target, weight))
    for mesh, recipe in meant.items():
        found.setdefault(mesh, {}).update(recipe)
    return found


def target_names(document: Document, mesh: int) -> list[str]:
    """Names of a mesh' morph targets, none if nothing tells them."""
    entry = document.root["meshes"][mesh]
    first: Json = entry["primitives"][0]
    for extras in (entry.get("extras"), first.get("extras")):
        if isinstance(extras, dict) and "targetNames" in extras:
            return [str(name) for name in extras["targetNames"]]
    places = [target.get("POSITION") for target in first.get("targets", [])]
    accessors = document.list("accessors")
    return ["" if place is None else str(accessors[place].get("name", "")) for place in places]


def _expressions(document: Document) -> list[tuple[str, int, int, float]]:
    """VRM's expressions: name, mesh, target, weight."""
    extensions = document.root.get("extensions", {})
    found = []
    for group in extensions.get("VRM", {}).get("blendShapeMaster", {}).get("blendShapeGroups", []):
        for bind in group.get("binds") or []:
            found.append((group.get("name", ""), bind["mesh"], bind["index"], bind.get("weight", 100) / 100))
    kinds = extensions.get("VRMC_vrm", {}).get("expressions", {})
    for name, expression in ((kinds.get("preset") or {}) | (kinds.get("custom") or {})).items():
        for bind in expression.get("morphTargetBinds") or []:
            mesh = document.root["nodes"][bind["node"]]["mesh"]
            found.append((name, mesh, bind["index"], bind.get("weight", 1.0)))
    return found
