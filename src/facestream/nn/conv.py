"""Causal convolution.

Shapes: L lanes, T rows in, T / stride rows out, I / O channels, K taps.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facestream.streaming.clock import Clock
from facestream.streaming.memory import Memory, Tail
from facestream.streaming.tree import State, child, join


class CausalConv(nn.Module):
    """Convolution over time that sees no future, written as one matrix product over its taps.

    A product is what small batches, bf16 and int8 are fast at. Output row r sees input rows up to stride (r + 1) - 1.
    The number of rows fed must be a multiple of the stride.
    """

    def __init__(self, inputs: int, outputs: int, taps: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.inputs, self.taps, self.stride, self.dilation = inputs, taps, stride, dilation
        self.past = (taps - 1) * dilation + 1 - stride
        if self.past < 0:
            raise ValueError(f"{taps} taps with stride {stride} leave inputs unseen; expected taps >= stride")
        self.mix = nn.Linear(taps * inputs, outputs)

    def memories(self) -> dict[str, Memory]:
        """The input rows that the next output still sees."""
        return {"past": Tail(self.past, self.inputs)} if self.past else {}

    def forward(self, x: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """x: [L, T, I] → [L, T / stride, O]."""
        seen, update = self._seen(x, state, clock) if self.past else (x, {})
        reach = int(x.shape[1]) - self.stride + 1  # int: a constant of an exported step, not an input of it
        taps = [seen[:, k * self.dilation : k * self.dilation + reach : self.stride] for k in range(self.taps)]
        return self.mix(torch.cat(taps, -1)), update

    def _seen(self, x: Tensor, state: State | None, clock: Clock | None) -> tuple[Tensor, State]:
        """The new rows with all before them that an output still sees; silence before the first."""
        seen = F.pad(x, (0, 0, self.past, 0)) if state is None else torch.cat((state["past"], x), 1)
        return seen, {"past": seen[:, int(x.shape[1]) :]}


class CentredConv(CausalConv):
    """Convolution that sees `late` rows to each side; beyond the ends of a sequence its edge row goes on for ever.

    In a stream it cannot see what has not come: its output is `late` rows late, and the first `late` of them stand for
    the edge row before the beginning.
    """

    def __init__(self, inputs: int, outputs: int, taps: int) -> None:
        super().__init__(inputs, outputs, taps)
        self.late = taps // 2

    def _seen(self, x: Tensor, state: State | None, clock: Clock | None) -> tuple[Tensor, State]:
        first, rows = x[:, :1].expand(-1, self.past, -1), int(x.shape[1])
        if state is None or clock is None:
            seen = torch.cat((first[:, : self.late], x, x[:, -1:].expand(-1, self.late, -1)), 1)
        else:
            seen = torch.cat((torch.where(clock.step[:, None, None] == 0, first, state["past"]), x), 1)
        return seen, {"past": seen[:, rows:]}


class ConvBlock(nn.Module):
    """Residual block: norm, causal convolution, GELU, pointwise mix."""

    def __init__(self, width: int, taps: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = CausalConv(width, width, taps, dilation=dilation)
        self.mix = nn.Linear(width, width)

    def forward(self, x: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """x: [L, T, C] → [L, T, C]."""
        h, update = self.conv(self.norm(x), child(state, "conv"), clock)
        return x + self.mix(F.gelu(h)), join(conv=update)
