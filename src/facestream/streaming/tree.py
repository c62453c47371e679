"""State of a whole network: a flat dictionary with dotted names, handed down the module tree part by part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from facestream.streaming.clock import Clock
from facestream.streaming.memory import Memory, Ring, empty, write

State = dict[str, Tensor]
RECENT = "recent_"  # before a ring's name: rows of earlier parts of the same step, oldest first


@runtime_checkable
class Stateful(Protocol):
    """A layer that remembers: says what, by name."""

    def memories(self) -> dict[str, Memory]:
        """Its own memories, without those of its children."""
        ...


def plan(module: nn.Module) -> dict[str, Memory]:
    """All memories in a module tree, by dotted name."""
    return {
        f"{path}.{name}" if path else name: memory
        for path, layer in module.named_modules()
        if isinstance(layer, Stateful)
        for name, memory in layer.memories().items()
    }


def child(state: State | None, name: str) -> State | None:
    """The part of the state that belongs to the child `name`; None stays None (whole sequence)."""
    if state is None:
        return None
    return {key[len(name) + 1 :]: value for key, value in state.items() if key.startswith(name + ".")}


def join(**updates: State) -> State:
    """Updates of children, put together under their names."""
    return {f"{name}.{key}": value for name, update in updates.items() for key, value in update.items()}


def blank(memories: Mapping[str, Memory], lanes: int, like: Tensor) -> State:
    """Memories of newcomers: zeros, of the kind and on the device of `like`."""
    return {name: like.new_zeros(lanes, *memory.shape) for name, memory in memories.items()}


def advance(memories: Mapping[str, Memory], state: State, update: State, step: Tensor) -> State:
    """The state after a step, as new tensors: for several steps within one forward. step: [L], of its first row."""
    after: State = {}
    for name, memory in memories.items():
        new = update[name]
        if isinstance(memory, Ring):
            slots, kept = torch.arange(memory.size, device=step.device), state[name]
            for row in range(int(new.shape[2])):
                here = slots == torch.remainder(step[:, None] + row, memory.size)  # [L, P]
                kept = torch.where(here[:, None, :, None], new[:, :, row : row + 1], kept)
            new = kept
        after[name] = new
    return after


def recall(memories: Mapping[str, Memory], state: State, update: State) -> State:
    """The state for the next part of a step: the memories as they are, and beside each ring the rows of the step's
    earlier parts. It costs no copy of the ring, as `advance` does; the clock stays where the step began."""
    after = dict(state)
    for name, memory in memories.items():
        if isinstance(memory, Ring):
            path, _, last = name.rpartition(".")
            recent = f"{path}.{RECENT}{last}" if path else RECENT + last
            after[recent] = torch.cat((state[recent], update[name]), 2) if recent in state else update[name]
    return after


class Session:
    """Torch runtime of one module: keeps state and clock, feeds rows, writes updates. For training checks and tests."""

    def __init__(self, module: nn.Module, lanes: int = 1) -> None:
        self.module = module
        self.plan = plan(module)
        self.state = {name: torch.from_numpy(value) for name, value in empty(self.plan, lanes).items()}
        self.step = torch.zeros(lanes, dtype=torch.int64)

    def feed(self, *inputs: Tensor, rows: int, lanes: Tensor | None = None) -> Tensor:
        """Run the module on the next rows of some lanes (all by default) and remember. Inputs have all lanes."""
        moved = torch.arange(len(self.step)) if lanes is None else lanes
        output, update = self.module(*inputs, self.state, Clock(self.step))
        write(self.plan, self.state, update, self.step, moved)
        self.step[moved] += rows
        return output  # type: ignore[no-any-return]
