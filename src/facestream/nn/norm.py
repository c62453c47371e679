"""Norm over time.

Shapes: L lanes, T rows, C columns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facestream.streaming.clock import Clock
from facestream.streaming.memory import Latch, Memory
from facestream.streaming.tree import State

EPSILON = 1e-5


class TimeNorm(nn.Module):
    """Instance norm (Ulyanov et al. 2016) without scale and shift: every column gets mean 0 and variance 1 over time.

    The mean of a whole sequence is not known in a stream: there it is the mean of what came, over about `horizon` rows
    once so many have come. So a stream is close to the whole sequence, and not equal.
    """

    def __init__(self, width: int, horizon: int) -> None:
        super().__init__()
        self.width, self.horizon = width, horizon

    def memories(self) -> dict[str, Memory]:
        """Mean, and mean square, of each column."""
        return {"mean": Latch(self.width), "square": Latch(self.width)}

    def forward(self, x: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """x: [L, T, C] → [L, T, C]."""
        if state is None or clock is None:
            variance, mean = torch.var_mean(x, 1, correction=0, keepdim=True)
            return (x - mean) / (variance + EPSILON).sqrt(), {}
        rows = int(x.shape[1])
        share = (rows / (clock.step + rows).clamp(max=max(rows, self.horizon)))[:, None]
        mean = torch.lerp(state["mean"], x.mean(1), share)
        square = torch.lerp(state["square"], x.square().mean(1), share)
        deviation = (square - mean.square()).clamp(min=0.0).add(EPSILON).sqrt()
        return (x - mean[:, None]) / deviation[:, None], {"mean": mean, "square": square}
