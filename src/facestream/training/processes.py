"""The processes that train together: one, or as many as `torchrun` started, on CPUs or GPUs."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy


def join_processes(accelerator: str = "auto") -> Fabric:
    """This process' place among those that train together, as torchrun's environment says.

    accelerator: auto, cpu or cuda. Precision is left to the loop: Fabric's bfloat16 would round the targets, too.
    """
    world, here = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    fabric = Fabric(
        accelerator=accelerator,
        devices=here,
        num_nodes=world // here,
        # a stage may leave a part of the network out
        strategy=DDPStrategy(find_unused_parameters=True) if world > 1 else "auto",
        precision="32-true",
    )
    fabric.launch()
    return fabric


class Stopping:
    """Whether somebody asked for an end: the first Ctrl-C or SIGTERM lets a step finish, the second does not wait."""

    def __init__(self) -> None:
        self.asked = False

    def everywhere(self, fabric: Fabric) -> bool:
        """Whether any of the processes was asked; all get the same answer."""
        if fabric.world_size == 1:
            return self.asked
        asked: Any = fabric.all_reduce(torch.tensor(float(self.asked), device=fabric.device), reduce_op="sum")
        return bool(asked > 0)


@contextmanager
def listening_for_stops() -> Iterator[Stopping]:
    """Turn Ctrl-C and SIGTERM within into a wish; even a background job that its shell made deaf to Ctrl-C hears it."""
    stopping = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stopping  # only the main thread may listen to signals
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: FrameType | None) -> None:
        if stopping.asked:
            raise KeyboardInterrupt
        stopping.asked = True

    for number in before:
        signal.signal(number, ask)
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
