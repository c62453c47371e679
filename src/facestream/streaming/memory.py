"""The three kinds of memory, and the one place that writes them. Needs no torch: arrays of numpy and torch alike.

Shapes: L lanes (users), H heads, R rows (time steps), C columns. Axis 0 is always the lane.

A step *reads* memories and *returns* an update; `write` puts the update into its slots. So the forward pass stays
pure, exports as it stands, and a long history is never copied to append one row to it.

    Tail   the last rows of an input, oldest first (a causal convolution's past)       update: [L, rows, C], replaces
    Ring   rows by absolute step, row p in slot p % size (keys and values)           update: [L, H, R, C], new rows only
    Latch  one value (the last motion)                                                 update: [L, C], replaces
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = Any  # numpy.ndarray or torch.Tensor: the code below runs on both


@dataclass(frozen=True)
class Tail:
    """The last `rows` rows of an input that is `width` wide."""

    rows: int
    width: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one lane's memory."""
        return (self.rows, self.width)


@dataclass(frozen=True)
class Ring:
    """The last `size` rows of every head, each in the slot of its absolute step. A head's rows lie together, as
    attention reads them: turning them round at every step cost a quarter of the step."""

    heads: int
    size: int
    width: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one lane's memory."""
        return (self.heads, self.size, self.width)


@dataclass(frozen=True)
class Latch:
    """The last value."""

    width: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one lane's memory."""
        return (self.width,)


Memory = Tail | Ring | Latch
Plan = Mapping[str, Memory]  # memory by its dotted name in the network
KINDS: dict[str, type[Memory]] = {"tail": Tail, "ring": Ring, "latch": Latch}


def empty(plan: Plan, lanes: int) -> dict[str, npt.NDArray[np.float32]]:
    """Memories of `lanes` newcomers: zeros."""
    return {name: np.zeros((lanes, *memory.shape), np.float32) for name, memory in plan.items()}


def write(
    plan: Plan,
    state: Mapping[str, Array],
    update: Mapping[str, Array],
    step: Array,
    lanes: Array,
    rows: int | None = None,
) -> None:
    """Write a step's update into the memories of some lanes, in place.

    step: [L] absolute step of the update's first row; lanes: [A] indices, ascending, of the lanes that took the step.
    The update has all L lanes; rows of lanes that are not listed are left out. rows: by how many the clock moves at
    each step, for networks with rings at several rates; a ring's own rate is what it gets at each step.
    """
    every = len(lanes) == len(step)
    for name, memory in plan.items():
        kept, new = state[name], update[name] if every else update[name][lanes]
        if isinstance(memory, Ring):
            at = step[lanes] if rows is None else step[lanes] * new.shape[2] // rows
            for row in range(max(0, new.shape[2] - memory.size), new.shape[2]):
                kept[lanes, :, (at + row) % memory.size] = new[:, :, row]
        elif every:
            kept[:] = new
        else:
            kept[lanes] = new


def forget(state: Mapping[str, Array], lane: int, prefix: str = "") -> None:
    """Zero one lane's memories, in place: nothing of the last user survives, not even a NaN."""
    for name, kept in state.items():
        if name.startswith(prefix):
            kept[lane] = 0.0


def describe(plan: Plan) -> dict[str, dict[str, Any]]:
    """A plan as plain data, for a bundle's config.json."""
    kinds = {kind: name for name, kind in KINDS.items()}
    return {name: {"kind": kinds[type(memory)], **vars(memory)} for name, memory in plan.items()}


def parse(description: Mapping[str, Mapping[str, Any]]) -> dict[str, Memory]:
    """The inverse of `describe`. Raises KeyError or TypeError on unknown kinds and fields."""
    return {
        name: KINDS[fields["kind"]](**{key: value for key, value in fields.items() if key != "kind"})
        for name, fields in description.items()
    }
