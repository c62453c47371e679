"""A stack of transformer blocks.

Shapes: L lanes, T rows, C width.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from facestream.nn.attention import DiagonalAttention, RingAttention
from facestream.streaming.clock import Clock
from facestream.streaming.tree import State, child, join


class TransformerBlock(nn.Module):
    """Pre-norm block: attention over a bounded past, then a feed-forward layer."""

    def __init__(self, attention: RingAttention, hidden: int, dropout: float) -> None:
        super().__init__()
        width = attention.width
        self.attention_norm = nn.LayerNorm(width)
        self.attention = attention
        self.feed_norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """x: [L, T, C] → [L, T, C]."""
        h, update = self.attention(self.attention_norm(x), child(state, "attention"), clock)
        x = x + self.dropout(h)
        x = x + self.dropout(self.narrow(F.gelu(self.widen(self.feed_norm(x)))))
        return x, join(attention=update)


class HearingBlock(nn.Module):
    """Post-norm decoder block (Vaswani et al. 2017): its own past, then what is heard, then a feed-forward layer.

    attention: None leaves the past out; hearing: None leaves the other sequence out.
    """

    def __init__(
        self,
        width: int,
        attention: RingAttention | None,
        hearing: DiagonalAttention | None,
        hidden: int,
        activation: nn.Module,
        dropout: float,
    ) -> None:
        super().__init__()
        self.attention, self.hearing, self.activation = attention, hearing, activation
        self.attention_norm = nn.LayerNorm(width) if attention is not None else None
        self.hearing_norm = nn.LayerNorm(width) if hearing is not None else None
        self.widen = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)
        self.feed_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def hear(self, heard: Tensor) -> Tensor:
        """What this block adds of the other sequence, [L, T, C] → [L, T, C]. It does not depend on the past."""
        return heard if self.hearing is None else self.dropout(self.hearing(heard))

    def forward(
        self, x: Tensor, heard: Tensor, state: State | None = None, clock: Clock | None = None
    ) -> tuple[Tensor, State]:
        """x: [L, T, C]; heard: [L, T, C], this block's `hear` → [L, T, C]."""
        update: State = {}
        if self.attention is not None and self.attention_norm is not None:
            h, past = self.attention(x, child(state, "attention"), clock)
            x, update = self.attention_norm(x + self.dropout(h)), join(attention=past)
        if self.hearing_norm is not None:
            x = self.hearing_norm(x + heard)
        out: Tensor = self.feed_norm(x + self.dropout(self.narrow(self.dropout(self.activation(self.widen(x))))))
        return out, update


class Stack(nn.ModuleList):
    """Layers one after another, each `forward(x, state, clock) -> (y, update)`."""

    def forward(self, x: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """x: [L, T, C] → what the last layer gives."""
        updates = {}
        for index, layer in enumerate(self):
            x, updates[str(index)] = layer(x, child(state, str(index)), clock)
        return x, join(**updates)
