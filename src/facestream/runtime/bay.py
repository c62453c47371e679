"""Lanes side by side: the network memories of many users in one block, stepped together.

The block's first rows are taken, without holes: a lane that leaves is replaced by the last one. So a step reads the
block as it lies, and only a lane that moves is ever copied.

Shapes: L lanes in use, H hops a frame, B mel bands, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facestream.runtime.lane import Lane
from facestream.runtime.talker import Memories, Talker
from facestream.signals import Floats


class Bay:
    """Up to `seats` lanes of one talker."""

    def __init__(self, talker: Talker, seats: int) -> None:
        self.talker = talker
        self.lanes: list[Lane] = []
        self._memories = talker.newcomers(seats)

    def join(self, lane: Lane, memories: Memories) -> None:
        """Take a lane with its memories (of one lane) in."""
        row = len(self.lanes)
        for name, kept in self._memories.items():
            kept[row] = memories[name][0]
        self.lanes.append(lane)

    def leave(self, lane: Lane) -> Memories:
        """Let a lane go; its memories, to join another bay with. Nothing of it stays here."""
        row, last = self._row(lane), len(self.lanes) - 1
        memories = {name: kept[row : row + 1].copy() for name, kept in self._memories.items()}
        for kept in self._memories.values():
            kept[row] = kept[last]
            kept[last] = 0.0
        self.lanes[row] = self.lanes[last]
        self.lanes.pop()
        return memories

    def forget_sound(self, lane: Lane) -> None:
        """A lane was interrupted: the network forgets what it heard."""
        self.talker.forget_sound(self._memories, self._row(lane))

    def step(self, ready: Sequence[Lane]) -> Floats:
        """Run these lanes (each has sound for it) one frame on; their faces, [len(ready), C].

        The others of the bay are computed along and forgotten: they stay as they are.
        """
        chosen = {id(lane) for lane in ready}
        rows = np.array([row for row, lane in enumerate(self.lanes) if id(lane) in chosen], np.intp)
        ears, count = self.talker.ears, len(self.lanes)
        clock = np.array([lane.step for lane in self.lanes], np.int64)
        heard = ears.hear(np.stack([self.lanes[row].next_sound() for row in rows]), clock[rows])
        sound = np.zeros((count, ears.rows, ears.columns), np.float32)
        sound[rows] = heard
        noise = np.zeros((count, self.talker.config.latents), np.float32)
        noise[rows] = [self.talker.noise(self.lanes[row].seed, self.lanes[row].ticks) for row in rows]
        style = np.stack([lane.style for lane in self.lanes])
        memories = {name: kept[:count] for name, kept in self._memories.items()}
        faces = self.talker.step(sound, style, noise, memories, clock, rows)
        order = {id(self.lanes[row]): row for row in rows}
        return faces[[order[id(lane)] for lane in ready]]

    def _row(self, lane: Lane) -> int:
        return next(row for row, each in enumerate(self.lanes) if each is lane)
