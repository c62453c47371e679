"""The training loop of every network here: seeded, resumable to the step, in bfloat16 where asked, in one process or
many, with a running mean of the weights.

A step is a function of its number: its batch and its noise are drawn from it. So a run that goes on after an
interruption takes the same steps that it would have taken.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn

from facestream.errors import CorpusError
from facestream.training.checkpoints import CHECKPOINT, MILESTONE, alone_in, read_checkpoint, write_whole
from facestream.training.journal import Journal
from facestream.training.processes import Stopping, join_processes, listening_for_stops

Fields = Mapping[str, Tensor]
Make = Callable[[int], Fields]  # number → a batch: the same for the same number
Check = Callable[[], Mapping[str, float]]  # figures of the network as it is now


@dataclass(frozen=True)
class FitConfig:
    """steps: in all; rate: highest learning rate, reached after `warm_up` steps.

    fall: what the rate does then: "cosine" to a fiftieth at the end, "halving" every `halve_every` steps, or "never";
    mean_decay: of the exponential mean of the weights; save_every, keep_every: steps between checkpoints, and between
    milestones that stay (0: none); check_every: steps between looks at held-out material; half: bfloat16.
    """

    steps: int
    rate: float
    warm_up: int
    weight_decay: float = 0.03
    clip: float = 1.0
    betas: tuple[float, float] = (0.9, 0.98)
    mean_decay: float = 0.998
    fall: Literal["cosine", "halving", "never"] = "cosine"
    halve_every: int = 0
    save_every: int = 100
    keep_every: int = 0
    check_every: int = 500
    half: bool = True

    def rate_at(self, step: int) -> float:
        """Learning rate of a step."""
        warm = min(1.0, (step + 1) / self.warm_up) if self.warm_up else 1.0
        match self.fall:
            case "cosine":
                fallen = 0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, step / self.steps)))
            case "halving":
                fallen = 0.5 ** (step // self.halve_every)
            case "never":
                fallen = 1.0
        return self.rate * warm * fallen


class Fit:
    """Trains those weights of `model` that ask for a gradient, and keeps everything in `folder`.

    Call `run` again after an interruption and it goes on. fabric: the processes that train together.
    """

    def __init__(self, model: nn.Module, config: FitConfig, folder: Path, fabric: Fabric | None = None) -> None:
        self.fabric = fabric or join_processes()
        self.model, self.config, self.folder = model.to(self.fabric.device), config, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        matrices = [weight for weight in self.weights if weight.ndim > 1]
        others = [weight for weight in self.weights if weight.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}],
            lr=config.rate,
            betas=config.betas,
        )
        self.mean = {name: weight.detach().clone() for name, weight in model.state_dict().items()}
        self.step = 0
        if (folder / CHECKPOINT).exists():
            self._load()

    def run(self, loss: nn.Module, make: Make, until: int | None = None, check: Check | None = None) -> None:
        """Train up to `until` (default: the end).

        loss: called with a batch's fields by name, gives the total and its terms, and holds `model`; make: number →
        batch; check: figures on held-out material. Raises CorpusError if another process trains in this folder, and
        KeyboardInterrupt, once everything is saved, if somebody asked for an end.
        """
        end = min(self.config.steps, until if until is not None else self.config.steps)
        if self.step >= end:
            return
        with alone_in(self.folder) if self.fabric.is_global_zero else nullcontext():
            self._run(loss, make, end, check)

    def _run(self, loss: nn.Module, make: Make, end: int, check: Check | None) -> None:
        together: Any = self.fabric.setup_module(loss)
        optimizer: Any = self.fabric.setup_optimizers(self.optimizer)
        batches = _Ahead(make, self.fabric)
        journal = Journal(self.folder, self.step) if self.fabric.is_global_zero else None
        with _progress(self.fabric.is_global_zero) as progress, listening_for_stops() as stopping:
            task = progress.add_task("training", total=end, completed=self.step)
            try:
                while self.step < end:
                    figures = self._one(together, optimizer, batches)
                    if journal is not None:
                        journal.add(self.step, figures)
                    progress.update(task, completed=self.step, description=f"loss {float(figures['total']):.3g}")
                    self._look(journal, check, last=self.step == end)
                    self._keep(stopping)
            finally:
                batches.close()
                if journal is not None:
                    journal.close()
        self.save()

    def _one(self, together: Any, optimizer: Any, batches: _Ahead) -> dict[str, Tensor]:
        began = time.perf_counter()
        batch = batches.take(self.step)
        torch.manual_seed(self.step * self.fabric.world_size + self.fabric.global_rank)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.rate_at(self.step)
        with torch.autocast(self.fabric.device.type, torch.bfloat16, enabled=self.config.half):
            total, terms = together(**batch)
        if not total.isfinite():
            raise CorpusError(
                f"the loss is {float(total.detach())} at step {self.step}; its batch holds unsound features"
            )
        optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(total)
        nn.utils.clip_grad_norm_(self.weights, self.config.clip)
        optimizer.step()
        self.step += 1
        self._average()
        taken = {"rate": self.config.rate_at(self.step), "seconds": time.perf_counter() - began}
        return {**terms, "total": total.detach(), **{name: torch.tensor(value) for name, value in taken.items()}}

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.config.mean_decay, self.step / (self.step + 10.0))
        for name, weight in self.model.state_dict().items():
            if weight.is_floating_point():
                self.mean[name].lerp_(weight, 1.0 - decay)
            else:
                self.mean[name].copy_(weight)

    def _look(self, journal: Journal | None, check: Check | None, last: bool) -> None:
        """Figures of the mean weights on held-out material, now and then."""
        if journal is None or check is None or not (last or self.step % self.config.check_every == 0):
            return
        now = {name: weight.clone() for name, weight in self.model.state_dict().items()}
        learning = [module for module in self.model.modules() if module.training]
        self.model.load_state_dict(self.mean)
        self.model.eval()
        with torch.no_grad():
            journal.write(self.step, {f"held-out/{name}": value for name, value in check().items()})
        for module in learning:
            module.training = True
        self.model.load_state_dict(now)

    def _keep(self, stopping: Stopping) -> None:
        if self.config.keep_every and self.step % self.config.keep_every == 0 and self.fabric.is_global_zero:
            write_whole(self.folder / MILESTONE.format(step=self.step), {"mean": self.mean, "step": self.step})
        stop = stopping.everywhere(self.fabric)
        if stop or self.step % self.config.save_every == 0:
            self.save()
        if stop:
            raise KeyboardInterrupt

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        if self.fabric.is_global_zero:
            state = {"model": self.model.state_dict(), "mean": self.mean, "optimizer": self.optimizer.state_dict()}
            write_whole(self.folder / CHECKPOINT, {**state, "step": self.step})

    def _load(self) -> None:
        state = read_checkpoint(self.folder, self.fabric.device)
        try:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
            raise CorpusError(
                f"the run in {self.folder} is of another network ({reason}); go on with its own recipe, "
                "or choose another folder"
            ) from error
        self.mean, self.step = state["mean"], state["step"]


class _Ahead:
    """Makes the next batch while the last one is learned from. Every process has batches of its own."""

    def __init__(self, make: Make, fabric: Fabric) -> None:
        self.make, self.fabric = make, fabric
        self._worker = ThreadPoolExecutor(1)
        self._next: tuple[int, Future[Fields]] | None = None

    def take(self, step: int) -> Fields:
        if self._next is None or self._next[0] != step:
            self._next = (step, self._submit(step))
        ready = self._next[1].result()
        self._next = (step + 1, self._submit(step + 1))
        return self.fabric.to_device(dict(ready))  # type: ignore[no-any-return]

    def _submit(self, step: int) -> Future[Fields]:
        return self._worker.submit(self.make, step * self.fabric.world_size + self.fabric.global_rank)

    def close(self) -> None:
        self._worker.shutdown(cancel_futures=True)


def _progress(shown: bool) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), disable=not shown)
