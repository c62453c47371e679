"""A talker of vertices, told as curves: so that another face can play what it says.

Shapes: L lanes, F frames a step, V vertices, K named shapes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facestream.errors import BundleError
from facestream.motion.solve import Blendshapes, Solver
from facestream.runtime.talker import Talker, load
from facestream.signals import Floats
from facestream.talkers.bundle import read_config


class CurveTalker(Talker):
    """Its channels are the named shapes of its mesh; their weights are those that come nearest to the vertices."""

    def __init__(self, folder: str | os.PathLike[str], threads: int = 1) -> None:
        super().__init__(folder, threads)
        rest = self.template
        if not rest.shapes:
            raise BundleError(
                f"the mesh of '{folder}' has no named shapes, so no other face can play it and there are no curves; "
                "export it with --shapes, or leave out --face and write a video or .npz"
            )
        self._solver = Solver(Blendshapes.named(rest.vertices, rest.shapes))
        self.config = replace(self.config, channels=self._solver.names, vertices=0)

    def step(
        self,
        sound: Floats,
        style: Floats,
        noise: Floats,
        memories: Mapping[str, Floats],
        step: npt.NDArray[np.int64],
        lanes: npt.NDArray[np.intp],
    ) -> Floats:
        """As Talker.step, but the faces are weights [L, F, K]."""
        faces = super().step(sound, style, noise, memories, step, lanes)
        if self.config.vertices:  # only while it is tried
            return faces
        rest = self._solver.shapes.neutral
        weights = self._solver(faces.reshape(-1, *rest.shape) + rest).weights
        return weights.reshape(*faces.shape[:-1], -1)


def load_curves(bundle: str | os.PathLike[str] | None = None, threads: int = 1) -> Talker:
    """As `load`, and a talker of curves, whatever the bundle moves. Raises BundleError if it cannot be told as such."""
    if bundle is not None and read_config(Path(bundle)).vertices:
        return CurveTalker(bundle, threads)
    return load(bundle, threads)
