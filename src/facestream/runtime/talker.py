"""A talker that is ready to run: a bundle, loaded into ONNX Runtime.

Shapes: L lanes, S styles, D latents, C numbers of a face, H rows of sound a step, B columns.
A talker that hears through a speech model makes F frames a step: its noise is [L, F, D], its face [L, F, C].
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from facestream.errors import BundleError, did_you_mean
from facestream.runtime.ears import ears_of
from facestream.runtime.network import open_network
from facestream.signals import Floats
from facestream.streaming.memory import empty, forget, write
from facestream.talkers.bundle import MESH, NETWORK, NEW, BundleConfig, read_config

if TYPE_CHECKING:
    from facestream.faces.template import Template

Memories = dict[str, Floats]

MOTION = "motion"  # the memory that holds the last motion
PART = 16  # lanes at least that are worth a thread of their own
# Scales inside a product keep ONNX Runtime from its kernel for single rows: attention takes twice as long.
HINDERING = ["MatMulScaleFusion"]


class Talker:
    """One step of a network, for any number of lanes. Holds no user's state: that is passed in and written back.

    threads: that share the lanes of a step. (Sharing each product instead costs more than it saves.)
    """

    def __init__(self, folder: str | os.PathLike[str], threads: int = 1) -> None:
        self.folder = Path(folder)
        self.config: BundleConfig = read_config(self.folder)
        self._threads, self._helpers = threads, ThreadPoolExecutor(max(1, threads - 1), "facestream network")
        self._session = open_network(Path(folder) / NETWORK, disabled=HINDERING)
        self._source = np.random.Generator(
            np.random.Philox(0)
        )  # set anew for each draw: five times faster than a new one
        self._source_state: dict[str, Any] = dict(self._source.bit_generator.state)
        self._source_lock = Lock()
        self._outputs = ["face", *(NEW + name for name in self.config.memories)]
        self._try_a_step(folder)

    def _try_a_step(self, folder: str | os.PathLike[str]) -> None:
        """Raise BundleError unless the network is the one that the config describes: the first frame is no time to."""
        one = np.zeros(1, np.int64)
        try:
            self.timing = self.config.timing
            self.ears = ears_of(Path(folder), self.config, self._threads)
            sound = np.zeros((1, self.ears.rows, self.ears.columns), np.float32)
            style = np.zeros((1, len(self.config.styles)), np.float32)
            face = self.step(sound, style, self.noise(0, 0)[None], self.newcomers(1), one, one)
            if self.config.bands != self.ears.columns or face.shape != (1, *self.config.face):
                raise ValueError(f"{self.config.bands} bands in and a face of {face.shape[-1]} numbers out")
        except BundleError:
            raise
        except Exception as error:  # onnxruntime's are not public; numpy and the clock have their own
            raise BundleError(
                f"the config.json of '{folder}' does not fit its {NETWORK} or this facestream "
                f"({str(error).splitlines()[0]}); copy the bundle again, or make it again with `facestream export`"
            ) from error

    @property
    def template(self) -> Template:
        """The mesh at rest whose vertices it moves. Raises FaceError if there is none."""
        from facestream.faces.template import Template

        return Template.load(self.folder / MESH)

    def newcomers(self, lanes: int) -> Memories:
        """Memories of lanes that have heard nothing yet."""
        return empty(self.config.memories, lanes)

    def forget_sound(self, memories: Memories, lane: int) -> None:
        """Zero one lane's memories, in place, but for its last motion: the head lives on from where it is."""
        forget({name: kept for name, kept in memories.items() if name != MOTION}, lane)

    def style(self, name: str | None = None) -> Floats:
        """Weights of a named style, or of the first, [S]. For a talker of meshes, styles are the people it learned."""
        name = self.config.styles[0] if name is None else name
        if name not in self.config.styles:
            known = self.config.styles
            raise BundleError(
                f"this talker has no style '{name}'; it has: {', '.join(known)}.{did_you_mean(name, known)}"
            )
        weights = np.zeros(len(self.config.styles), np.float32)
        weights[self.config.styles.index(name)] = 1.0
        return weights

    def noise(self, seed: int, step: int) -> Floats:
        """The noise of one lane at one step, [D] or [F, D]: of nothing else, whoever else is there."""
        with self._source_lock:
            self._source_state["state"]["key"] = (step, seed % 2**64)
            self._source.bit_generator.state = self._source_state
            return self._source.standard_normal(self.config.noise, np.float32)

    def step(
        self,
        sound: Floats,
        style: Floats,
        noise: Floats,
        memories: Mapping[str, Floats],
        step: npt.NDArray[np.int64],
        lanes: npt.NDArray[np.intp],
    ) -> Floats:
        """Run all lanes one frame on, remember for those listed in `lanes`, and return the faces [L, C].

        sound: [L, H, B]; style: [L, S]; noise: [L, D]; step: [L] the lanes' clocks, which the caller moves.
        """
        parts = max(1, min(self._threads, len(step) // PART))
        bounds = [len(step) * part // parts for part in range(parts + 1)]
        rows = [slice(first, last) for first, last in pairwise(bounds)]
        inputs = {"sound": sound, "style": style, "noise": noise, "step": step, **memories}
        others = [self._helpers.submit(self._run, inputs, part) for part in rows[1:]]
        runs = [self._run(inputs, rows[0]), *(other.result() for other in others)]
        for part, (_, new) in zip(rows, runs, strict=True):
            kept = {name: memory[part] for name, memory in memories.items()}
            moved = lanes[(lanes >= part.start) & (lanes < part.stop)] - part.start
            write(self.config.memories, kept, new, step[part], moved, self.config.block)
        return np.concatenate([faces for faces, _ in runs])

    def _run(self, inputs: Mapping[str, Any], part: slice) -> tuple[Floats, Memories]:
        """Faces of some lanes, and what is new for their memories."""
        faces, *new = self._session.run(self._outputs, {name: value[part] for name, value in inputs.items()})
        return faces, dict(zip(self.config.memories, new, strict=True))


def load(bundle: str | os.PathLike[str] | None = None, threads: int = 1) -> Talker:
    """Load a talker: the one that ships with facestream, or a bundle folder. threads: that share a step's lanes."""
    if bundle is not None:
        return Talker(bundle, threads)
    with resources.as_file(resources.files("facestream") / "assets" / "talker") as folder:
        return Talker(folder, threads)
