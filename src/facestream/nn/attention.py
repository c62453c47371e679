"""Causal attention over a bounded past.

Shapes: L lanes, T new rows, P ring slots, H heads, D columns a head, C = H·D.

A row sees itself and the `window` rows before it. Old rows (in the ring) and new rows are scored apart and joined
in one softmax, so that the ring is only ever read. Position enters as a learned bias by age, which is the same number
whether the past comes from a ring or from the sequence itself.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facestream.streaming.clock import Clock
from facestream.streaming.memory import Memory, Ring
from facestream.streaming.tree import State

UNSEEN = 1 << 20  # age of a slot that was never written
HIDDEN = -1e4  # score of what may not be seen: far below any other, and finite in half precision


class CausalAttention(nn.Module):
    """Multi-head self-attention with a ring of `window` past keys and values."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} does not divide into {heads} heads")
        self.width, self.heads, self.window = width, heads, window
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.bias_by_age = nn.Parameter(torch.zeros(heads, window + 1))

    def memories(self) -> dict[str, Memory]:
        """Keys and values of the last `window` rows."""
        ring = Ring(self.heads, self.window, self.width // self.heads)
        return {"keys": ring, "values": ring}

    def forward(self, x: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """x: [L, T, C] → [L, T, C]."""
        query, key, value = (self._split(part) for part in self.query_key_value(x).chunk(3, -1))  # [L, H, T, D]
        rows = torch.arange(int(x.shape[1]), device=x.device)  # int: a constant of an exported step, not an input of it
        scores = self._scores(query, key, rows[:, None] - rows)  # [L, H, T, T]
        if state is None or clock is None:
            mixed = scores.softmax(-1) @ value
        else:
            slots = torch.arange(self.window, device=x.device)
            since = torch.remainder(
                clock.step[:, None] - 1 - slots, self.window
            )  # [L, P] rows written after the slot's
            unwritten = since >= clock.step[:, None]
            ages = torch.where(unwritten, UNSEEN, since + 1)[:, None] + rows[:, None]  # [L, T, P]
            old = self._scores(query, state["keys"], ages)  # [L, H, T, P]
            weights = torch.cat((old, scores), -1).softmax(-1)
            mixed = weights[..., : self.window] @ state["values"] + weights[..., self.window :] @ value
        return self.out(mixed.transpose(1, 2).reshape(-1, len(rows), self.width)), {"keys": key, "values": value}

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(-1, int(x.shape[1]), self.heads, self.width // self.heads).transpose(1, 2)  # [L, H, T, D]

    def _scores(self, query: Tensor, key: Tensor, ages: Tensor) -> Tensor:
        """Scores [L, H, T, S] of queries [L, H, T, D] and keys [L, H, S, D].

        ages: [T, S] or [L, T, S], rows from key to query; what is negative or beyond the window is hidden.
        """
        hidden = self.bias_by_age.new_full((1, self.heads), HIDDEN)
        table = torch.cat((self.bias_by_age.T, hidden))  # [window + 2, H]
        index = torch.where((ages < 0) | (ages > self.window), self.window + 1, ages)
        bias = table[index].movedim(ages.ndim, ages.ndim - 2)  # [(L,) H, T, S]
        scores: Tensor = query @ key.transpose(-1, -2) * (self.width // self.heads) ** -0.5 + bias
        return scores
