"""The live talker's encoder for talkers of another frame rate: features of a block of frames at every step.

Shapes: L lanes, M hops, B mel bands, E encoder rows of a block (40 ms each), F frames of a block, A width.

A frame's features lie between those of two encoder rows, each read `delay` rows late. The last of them need rows beyond
the block; these are computed along with it, and forgotten: the next step computes them again, with a memory.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from facestream.audio.encoders import MelEncoder
from facestream.streaming.clock import Clock
from facestream.streaming.tree import State, advance, child, join, plan
from facestream.timing import HOP, Timing


class EncoderBlocks(nn.Module):
    """A causal encoder's features at the middle of each frame, as a frozen encoder gives them in training.

    timing: of the encoder, whose delay is its look-ahead; fps, block: frames a second and frames of a step.
    """

    weights: Tensor

    def __init__(self, encoder: MelEncoder, timing: Timing, fps: int, block: int) -> None:
        super().__init__()
        if block * timing.fps % fps:
            raise ValueError(f"{block} frames at {fps} a second are no whole number of rows at {timing.fps} a second")
        self.encoder, self.delay = encoder, timing.delay
        self.rows, self.block, self._hops = block * timing.fps // fps, block, timing.frame_hops
        place = (np.arange(block) + 0.5) * timing.fps / fps - 0.5 + timing.delay  # in rows, from the block's first
        self._first = math.floor(place[0])
        needed = np.arange(self._first, math.ceil(place[-1]) + 1)
        if self._first < 0:
            raise ValueError(f"the encoder's look-ahead is {timing.delay} rows; expected 1 or more")
        weights = np.maximum(0, 1 - np.abs(place[:, None] - needed)).astype(np.float32)
        self.register_buffer("weights", torch.from_numpy(weights), persistent=False)
        self.beyond = max(0, int(needed[-1]) + 1 - self.rows)

    @property
    def hops(self) -> int:
        """M of a step: those of the block, and those heard beyond it."""
        return (self.rows + self.beyond) * self._hops

    @property
    def ahead(self) -> int:
        """Samples heard beyond a block."""
        return self.beyond * self._hops * HOP

    def forward(self, mel: Tensor, state: State, clock: Clock) -> tuple[Tensor, State]:
        """mel: [L, M, B] → features [L, F, A]; the clock counts frames."""
        own, memory = self.rows * self._hops, child(state, "encoder")
        now = Clock(clock.step * self.rows // self.block)
        heard, update = self.encoder(mel[:, :own], memory, now)
        parts = [heard.features]
        if self.beyond:
            after = advance(plan(self.encoder), memory or {}, update, now.step)
            later, _ = self.encoder(mel[:, own:], after, Clock(now.step + self.rows))
            parts.append(later.features)
        rows = torch.cat(parts, 1)[:, self._first :]
        early = self.delay - self._first  # rows that lie before the sound in its first step
        if early:
            begun = clock.step[:, None, None] > 0
            rows = torch.cat((torch.where(begun, rows[:, :early], rows[:, early : early + 1]), rows[:, early:]), 1)
        return self.weights @ rows[:, : self.weights.shape[1]], join(encoder=update)
