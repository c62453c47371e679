"""A stack of causal transformer blocks.

Shapes: L lanes, T rows, C width.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from facestream.nn.attention import CausalAttention
from facestream.streaming.clock import Clock
from facestream.streaming.tree import State, child, join


class TransformerBlock(nn.Module):
    """Pre-norm block: attention over a bounded past, then a feed-forward layer."""

    def __init__(self, width: int, heads: int, window: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = CausalAttention(width, heads, window)
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


class Stack(nn.ModuleList):
    """Layers one after another, each `forward(x, state, clock) -> (y, update)`."""

    def forward(self, x: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """x: [L, T, C] → what the last layer gives."""
        updates = {}
        for index, layer in enumerate(self):
            x, updates[str(index)] = layer(x, child(state, str(index)), clock)
        return x, join(**updates)
