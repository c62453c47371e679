"""What a network is given while its talker hears a recording: to choose the scales of integers by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from facestream.runtime.stream import Stream
from facestream.runtime.talker import Talker
from facestream.signals import Floats


def replay(talker: Talker, samples: Floats, style: str, seed: int, every: int) -> Iterator[Mapping[str, Any]]:
    """The inputs of every so-and-so-many-th step over a recording [N], by the network's names."""
    overheard, size = _Overheard(talker), talker.timing.step_samples
    stream = Stream(cast(Talker, overheard), style, seed)
    for number, start in enumerate(range(0, len(samples), size)):
        stream.push(samples[start : start + size])
        if overheard.inputs and number % every == 0:
            yield overheard.inputs


class _Overheard:
    """A talker that keeps the inputs of its last step."""

    def __init__(self, talker: Talker) -> None:
        self._talker = talker
        self.inputs: Mapping[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._talker, name)

    def step(
        self,
        sound: Floats,
        style: Floats,
        noise: Floats,
        memories: Mapping[str, Floats],
        step: npt.NDArray[np.int64],
        lanes: npt.NDArray[np.intp],
    ) -> Floats:
        """As Talker.step."""
        kept = {name: memory.copy() for name, memory in memories.items()}
        self.inputs = {"sound": sound, "style": style, "noise": noise, "step": step, **kept}
        return self._talker.step(sound, style, noise, memories, step, lanes)
