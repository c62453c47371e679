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
        return {"keys": Ring(self.window, self.width), "values": Ring(self.window, self.width)}

    def forward(self, x: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """x: [L, T, C] → [L, T, C]."""
        query, key, value = self.query_key_value(x).chunk(3, -1)
        rows = torch.arange(x.shape[1], device=x.device)
        scores = self._scores(query, key, rows[:, None] - rows[None, :])  # [L, H, T, T]
        if state is None or clock is None:
            mixed = scores.softmax(-1) @ self._split(value)
        else:
            slots = torch.arange(self.window, device=x.device)
            last_age = torch.remainder(
                clock.step[:, None] - 1 - slots, self.window
            )  # [L, P] rows since the slot's, less one
            unwritten = last_age >= clock.step[:, None]
            ages = last_age[:, None, :] + 1 + rows[:, None]  # [L, T, P]
            ages = torch.where(unwritten[:, None, :], -1, ages)
            old = self._scores(query, state["keys"], ages)  # [L, H, T, P]
            weights = torch.cat((old, scores), -1).softmax(-1)
            mixed = weights[..., : self.window] @ self._split(state["values"]) + weights[
                ..., self.window :
            ] @ self._split(value)
        return self.out(mixed.transpose(1, 2).flatten(2)), {"keys": key, "values": value}

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, self.width // self.heads)).transpose(1, 2)  # [L, H, T, D]

    def _scores(self, query: Tensor, key: Tensor, ages: Tensor) -> Tensor:
        """ages: [T, S] or [L, T, S] rows from key to query; negative or beyond the window is hidden."""
        seen = (ages >= 0) & (ages <= self.window)
        bias = self.bias_by_age[:, ages.clamp(0, self.window)]  # [H, (L,) T, S]
        if ages.ndim == 3:
            bias = bias.transpose(0, 1)
            seen = seen[:, None]
        scale = (self.width // self.heads) ** -0.5
        return torch.where(seen, self._split(query) @ self._split(key).transpose(-1, -2) * scale + bias, HIDDEN)
