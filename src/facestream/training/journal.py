"""Figures of a training run: means over a few steps, as a line of JSON and as TensorBoard scalars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from facestream.errors import MissingExtra

HISTORY = "history.jsonl"
SCALARS = "tensorboard"  # a folder for `tensorboard --logdir runs`


class Journal:
    """Writes the mean of `every` steps' figures into a run's folder."""

    def __init__(self, folder: Path, step: int, every: int = 10) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingExtra("tensorboard", "train", "Training") from error
        self.folder, self.every = folder, every
        # steps that were taken after the last checkpoint and lost are taken again
        self.scalars: Any = SummaryWriter(folder / SCALARS, purge_step=step + 1)
        self._sums: dict[str, Tensor] = {}
        self._steps = 0

    def add(self, step: int, figures: Mapping[str, Tensor]) -> None:
        """Figures of the step that was just taken, one number each."""
        for name, value in figures.items():
            self._sums[name] = self._sums.get(name, torch.zeros((), device=value.device)) + value
        self._steps += 1
        if step % self.every == 0:
            self.write(step, {name: float(total) / self._steps for name, total in self._sums.items()})
            self._sums, self._steps = {}, 0

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        """One row of figures."""
        row = {"step": step} | {name: float(f"{value:.6g}") for name, value in figures.items()}
        with (self.folder / HISTORY).open("a", encoding="utf-8") as history:
            history.write(json.dumps(row) + "\n")
        for name, value in figures.items():
            self.scalars.add_scalar(name, value, step)

    def close(self) -> None:
        """Bring everything to disk."""
        self.scalars.close()
