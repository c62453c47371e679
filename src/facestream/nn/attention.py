"""Attention over a bounded past.

Shapes: L lanes, T new rows, P ring slots, H heads, D columns a head, C = H·D.

Old rows (in the ring) and new rows are scored apart and joined in one softmax, so that the ring is only ever read.
Position enters as a bias by age, which is the same number whether the past comes from a ring or from the sequence
itself. R rows that came earlier in the same step, and are not in the ring yet, are handed over beside it (`RECENT`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from facestream.streaming.clock import Clock
from facestream.streaming.memory import Memory, Ring
from facestream.streaming.tree import RECENT, State

UNSEEN = 1 << 20  # age of a slot that was never written
SINK = -1 << 20  # "age" of a row that everybody sees, however long ago it was
HIDDEN = -1e4  # score of what may not be seen: far below any other, and finite in half precision


class RingAttention(nn.Module):
    """Multi-head self-attention with a ring of `window` past keys and values.

    scale: factor of the scores, 1 / sqrt(D) by default; biased: whether queries, keys and values have a bias;
    dropout: share of attention weights dropped in training; sink: the first row of a sequence, and of every step,
    stands before all others, sees itself alone, and is seen by all for ever. It is fed anew at each step instead of
    kept: its key and value are the first in the update, and do not belong in the ring.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        window: int,
        scale: float | None = None,
        biased: bool = True,
        dropout: float = 0.0,
        sink: bool = False,
    ) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} does not divide into {heads} heads")
        self.width, self.heads, self.window, self.sink = width, heads, window, int(sink)
        self.scale = (width // heads) ** -0.5 if scale is None else scale
        self.query_key_value = nn.Linear(width, 3 * width, bias=biased)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def memories(self) -> dict[str, Memory]:
        """Keys and values of the last `window` rows."""
        ring = Ring(self.heads, self.window, self.width // self.heads)
        return {"keys": ring, "values": ring} if self.window else {}

    def forward(self, x: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """x: [L, T, C] → [L, T, C]."""
        query, new_key, new_value = (self._split(part) for part in self.query_key_value(x).chunk(3, -1))  # [L, H, T, D]
        key, value = new_key, new_value
        if state is not None and RECENT + "keys" in state:
            key, value = (torch.cat((state[RECENT + n], row), 2) for n, row in (("keys", key), ("values", value)))
        seen, fed = int(key.shape[2]), int(x.shape[1])  # int: constants of an exported step, not inputs of it
        places = torch.arange(seen, device=x.device) - self.sink  # of the keys, from the step's own first row on
        rows, ages = places[seen - fed :], places[seen - fed :, None] - places
        if self.sink:
            ages = torch.where(places < 0, SINK, ages)
        scores = self._scores(query, key, ages)  # [L, H, T, R + T]
        if state is None or clock is None or not self.window:
            mixed = self.dropout(scores.softmax(-1)) @ value
        else:
            slots = torch.arange(self.window, device=x.device)
            since = torch.remainder(
                clock.step[:, None] - 1 - slots, self.window
            )  # [L, P] rows written after the slot's
            unwritten = since >= clock.step[:, None]
            ages = torch.where(unwritten, UNSEEN, since + 1)[:, None] + rows[:, None]  # [L, T, P]
            if self.sink:
                ages = torch.where(rows[:, None] < 0, UNSEEN, ages)
            old = self._scores(query, state["keys"], ages)  # [L, H, T, P]
            weights = self.dropout(torch.cat((old, scores), -1).softmax(-1))
            mixed = weights[..., : self.window] @ state["values"] + weights[..., self.window :] @ value
        update = {"keys": new_key, "values": new_value} if self.window else {}
        return self.out(mixed.transpose(1, 2).reshape(-1, len(rows), self.width)), update

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(-1, int(x.shape[1]), self.heads, self.width // self.heads).transpose(1, 2)  # [L, H, T, D]

    def _scores(self, query: Tensor, key: Tensor, ages: Tensor) -> Tensor:
        """Scores [L, H, T, S] of queries [L, H, T, D] and keys [L, H, S, D].

        ages: [T, S] or [L, T, S], rows from key to query, UNSEEN or more where nothing was written, SINK of a sink.
        """
        scores: Tensor = query @ key.transpose(-1, -2) * self.scale + self._bias(ages)
        return scores

    def _bias(self, ages: Tensor) -> Tensor:
        """What is added to scores for their ages, [(L,) H or 1, T, S]; HIDDEN where a row may not look."""
        raise NotImplementedError


class CausalAttention(RingAttention):
    """A row sees itself and the `window` rows before it.

    bias_by_age: [H, window + 1], constant; learned where it is not given.
    """

    bias_by_age: Tensor

    def __init__(
        self,
        width: int,
        heads: int,
        window: int,
        bias_by_age: Tensor | None = None,
        scale: float | None = None,
        biased: bool = True,
        dropout: float = 0.0,
        sink: bool = False,
    ) -> None:
        super().__init__(width, heads, window, scale, biased, dropout, sink)
        if sink:
            self.bias_of_sink = nn.Parameter(torch.zeros(heads))
        if bias_by_age is None:
            self.bias_by_age = nn.Parameter(torch.zeros(heads, window + 1))
        else:
            self.register_buffer("bias_by_age", bias_by_age, persistent=False)

    def _bias(self, ages: Tensor) -> Tensor:
        hidden = self.bias_by_age.new_full((1, self.heads), HIDDEN)
        table = torch.cat((self.bias_by_age.T, hidden, *([self.bias_of_sink[None]] if self.sink else [])))
        index = torch.where((ages < 0) | (ages > self.window), self.window + 1, ages)
        if self.sink:
            index = torch.where(ages == SINK, self.window + 2, index)
        return table[index].movedim(ages.ndim, ages.ndim - 2)  # [(L,) H, T, S]


class FullAttention(RingAttention):
    """Every row sees every row of a whole sequence. In a stream, the rows of one step see each other and the ring."""

    def _bias(self, ages: Tensor) -> Tensor:
        shown = torch.zeros((), device=ages.device)
        return torch.where(ages >= UNSEEN, HIDDEN, shown).unsqueeze(-3)


class DiagonalAttention(nn.Module):
    """Attention in which row i of a sequence may look at row i of another one, and nowhere else.

    Over one key the softmax is 1, whatever the query: what remains is values and output, two linear maps. In training,
    dropout still takes whole heads of a row, as it does where the weights are computed.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """x: [L, T, C], the other sequence → [L, T, C]."""
        weights = self.dropout(x.new_ones(*x.shape[:-1], self.heads, 1))
        out: Tensor = self.out((self.value(x).reshape(*x.shape[:-1], self.heads, -1) * weights).flatten(-2))
        return out


def stepped_slopes(heads: int, window: int, period: int) -> Tensor:
    """ALiBi in steps (FaceFormer, Fan et al. 2022, section 3.2): a table of biases by age, [H, window + 1].

    A key costs its head's slope for every whole period of rows that it is old. Slopes as in Press et al. 2022: powers
    of 2^(-8 / H) where H is a power of two, else those of the next lower power and every second one of the next higher.
    """
    whole = 2 ** math.floor(math.log2(heads))
    slopes = [2 ** (-8 * (head + 1) / whole) for head in range(whole)]
    slopes += [2 ** (-8 * (head + 1) / (2 * whole)) for head in range(0, 2 * whole, 2)][: heads - whole]
    ages = torch.arange(window + 1)
    return -torch.tensor(slopes)[:, None] * torch.div(ages, period, rounding_mode="floor")
