"""A talker that is ready to run: a bundle, loaded into ONNX Runtime.

Shapes: L lanes, S styles, D latents, C numbers of a face, H rows of sound a step, B columns.
A talker that hears through a speech model makes F frames a step: its noise is [L, F, D], its face [L, F, C].
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from facestream.errors import BundleError, did_you_mean
from facestream.runtime.ears import ears_of
from facestream.signals import Floats
from facestream.streaming.memory import empty, forget, write
from facestream.talkers.bundle import NETWORK, NEW, BundleConfig, read_config

Memories = dict[str, Floats]

MOTION = "motion"  # the memory that holds the last motion


class Talker:
    """One step of a network, for any number of lanes. Holds no user's state: that is passed in and written back."""

    def __init__(self, folder: str | os.PathLike[str], threads: int = 1) -> None:
        self.config: BundleConfig = read_config(Path(folder))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = Path(folder) / NETWORK
        if not path.is_file():
            raise BundleError(f"'{folder}' is not a whole bundle: it has no {NETWORK}; copy it again")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises several kinds, none of them public
            raise BundleError(
                f"'{path}' is not a network that ONNX Runtime can load ({error}); copy the bundle again"
            ) from error
        self._source = np.random.Generator(
            np.random.Philox(0)
        )  # set anew for each draw: five times faster than a new one
        self._source_state: dict[str, Any] = dict(self._source.bit_generator.state)
        self._source_lock = Lock()
        self._outputs = ["face", *(NEW + name for name in self.config.memories)]
        self._try_a_step(folder, threads)

    def _try_a_step(self, folder: str | os.PathLike[str], threads: int) -> None:
        """Raise BundleError unless the network is the one that the config describes: the first frame is no time to."""
        one = np.zeros(1, np.int64)
        try:
            self.timing = self.config.timing
            self.ears = ears_of(Path(folder), self.config, threads)
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

    def newcomers(self, lanes: int) -> Memories:
        """Memories of lanes that have heard nothing yet."""
        return empty(self.config.memories, lanes)

    def forget_sound(self, memories: Memories, lane: int) -> None:
        """Zero one lane's memories, in place, but for its last motion: the head lives on from where it is."""
        forget({name: kept for name, kept in memories.items() if name != MOTION}, lane)

    def style(self, name: str) -> Floats:
        """Weights of a named style, [S]."""
        if name not in self.config.styles:
            known = self.config.styles
            raise BundleError(
                f"this talker has no style '{name}'; it has: {', '.join(known)}.{did_you_mean(name, known)}"
            )
        weights = np.zeros(len(self.config.styles), np.float32)
        weights[self.config.styles.index(name)] = 1.0
        return weights

    def noise(self, seed: int, step: int) -> Floats:
        """The noise of one lane at one step, [D] or [F, D]: of nothing else, so it does not matter who else is there."""
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
        inputs = {"sound": sound, "style": style, "noise": noise, "step": step, **memories}
        face, *new = self._session.run(self._outputs, inputs)
        update = dict(zip(self.config.memories, new, strict=True))
        write(self.config.memories, memories, update, step, lanes, self.config.block)
        return face  # type: ignore[no-any-return]


def load(bundle: str | os.PathLike[str] | None = None, threads: int = 1) -> Talker:
    """Load a talker: the one that ships with facestream, or a bundle folder. threads: that share the work of a step."""
    if bundle is not None:
        return Talker(bundle, threads)
    with resources.as_file(resources.files("facestream") / "assets" / "talker") as folder:
        return Talker(folder, threads)
