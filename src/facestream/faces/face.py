"""What a face is to everything that moves one, and how a user names it.

Shapes: V vertices, C channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from facestream.errors import FaceError
from facestream.faces.head import PRESETS, Head, Identity
from facestream.faces.mesh import Floats, Mesh
from facestream.faces.model import Model

MODELS = (".glb", ".gltf", ".vrm")


class Face(Protocol):
    """Our own head, a user's model, or anything else that poses vertices from channels."""

    @property
    def mesh(self) -> Mesh:
        """The face at rest."""

    @property
    def shapes(self) -> tuple[str, ...]:
        """Names of the shapes that it has."""

    def bind(self, channels: Sequence[str]) -> Callable[[Floats], Floats]:
        """What poses it: values [C] of these channels to vertices [V, 3]."""


def load_face(name: str) -> Face:
    """A face by the name of a preset, by "seed:" and a number, or by the path of a model.

    Raises FaceError if there is none of this name, or if the model cannot be used.
    """
    return Model.load(name) if Path(name).suffix.lower() in MODELS else load_head(name)


def load_head(name: str) -> Head:
    """A head of our own by the name of a preset, or by "seed:" and a number. Raises FaceError if there is none."""
    kind, colon, number = name.partition(":")
    if kind == "seed" and colon:
        if not number.isdecimal():
            raise FaceError(f"'{name}' does not name a face; expected seed: and a number, such as seed:42")
        return _anybody(int(number))
    if name in PRESETS:
        return Head.load(name)
    if Path(name).suffix.lower() in MODELS:
        raise FaceError(f"'{name}' is a model file already; expected {', '.join(PRESETS)}, or seed: and a number")
    raise FaceError(
        f"there is no face '{name}'; expected {', '.join(PRESETS)}, seed: and a number, or a model file "
        f"({', '.join(MODELS)})"
    )


@lru_cache(maxsize=8)
def _anybody(seed: int) -> Head:
    """The head of a seed, its shade measured here and now: two thirds of a second."""
    return Head.sculpt(Identity.from_seed(seed)).shaded()
