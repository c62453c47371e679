"""The training loop: seeded, resumable to the step, in bfloat16 where asked, with a running mean of the weights."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn

from facestream.errors import CorpusError


@dataclass(frozen=True)
class FitConfig:
    """steps: in all; rate: highest learning rate, reached after `warm_up` steps and lowered to a fiftieth along a
    cosine; mean_decay: of the exponential mean of the weights; save_every: steps between checkpoints."""

    steps: int
    rate: float
    warm_up: int
    weight_decay: float = 0.03
    clip: float = 1.0
    mean_decay: float = 0.998
    save_every: int = 100
    half: bool = True


Loss = Callable[[int], tuple[Tensor, dict[str, float]]]  # step → total, its terms

CHECKPOINT = "checkpoint.pt"
HISTORY = "history.jsonl"
LOCK = "training.lock"


class Fit:
    """Trains `model` and keeps everything in `folder`. Call `run` again after an interruption and it goes on."""

    def __init__(self, model: nn.Module, config: FitConfig, folder: Path) -> None:
        self.model, self.config, self.folder = model, config, folder
        folder.mkdir(parents=True, exist_ok=True)
        matrices = [weight for weight in model.parameters() if weight.ndim > 1]
        others = [weight for weight in model.parameters() if weight.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}],
            lr=config.rate,
            betas=(0.9, 0.98),
        )
        self.mean = {name: weight.detach().clone() for name, weight in model.state_dict().items()}
        self.step = 0
        if (folder / CHECKPOINT).exists():
            self._load()

    def run(self, loss: Loss, until: int | None = None) -> None:
        """Train up to `until` (default: the end). loss: step → (total, terms).

        Raises CorpusError if another process trains in the same folder: the two would overwrite each other.
        """
        try:
            with FileLock(self.folder / LOCK, timeout=0):
                self._run(loss, until)
        except Timeout:
            raise CorpusError(
                f"another process is training in {self.folder}; stop it or choose another folder"
            ) from None

    def _run(self, loss: Loss, until: int | None) -> None:
        end = min(self.config.steps, until if until is not None else self.config.steps)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("training", total=end, completed=self.step)
            try:
                while self.step < end:
                    terms = self._one(loss)
                    progress.update(task, completed=self.step, description=f"loss {terms['total']:.3f}")
            finally:
                self.save()

    def _one(self, loss: Loss) -> dict[str, float]:
        began = time.perf_counter()
        torch.manual_seed(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.half):
            total, terms = loss(self.step)
        if not total.isfinite():
            raise CorpusError(
                f"the loss is {float(total)} at step {self.step}; look for unsound features in the batch of this step"
            )
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.step += 1
        decay = min(self.config.mean_decay, self.step / (self.step + 10.0))
        with torch.no_grad():
            for name, weight in self.model.state_dict().items():
                self.mean[name].lerp_(weight, 1.0 - decay) if weight.is_floating_point() else self.mean[name].copy_(
                    weight
                )
        terms |= {
            "total": float(total.detach()),
            "step": self.step,
            "rate": self._rate(),
            "seconds": time.perf_counter() - began,
        }
        if self.step % 10 == 0:
            with (self.folder / HISTORY).open("a") as history:
                history.write(json.dumps({name: round(value, 5) for name, value in terms.items()}) + "\n")
        if self.step % self.config.save_every == 0:
            self.save()
        return terms

    def _rate(self) -> float:
        warm = min(1.0, (self.step + 1) / self.config.warm_up)
        along = min(1.0, self.step / self.config.steps)
        return self.config.rate * warm * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * along)))

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "mean": self.mean,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }
        unfinished = self.folder / (CHECKPOINT + ".part")
        torch.save(state, unfinished)
        unfinished.replace(self.folder / CHECKPOINT)

    def _load(self) -> None:
        state = torch.load(self.folder / CHECKPOINT, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.mean, self.step = state["mean"], state["step"]


def averaged_weights(folder: Path) -> dict[str, Tensor]:
    """The mean weights of a training folder."""
    if not (folder / CHECKPOINT).exists():
        raise CorpusError(f"{folder} holds no {CHECKPOINT}; train first")
    return torch.load(folder / CHECKPOINT, weights_only=True)["mean"]  # type: ignore[no-any-return]


def blended_weights(runs: Mapping[Path, float]) -> dict[str, Tensor]:
    """The mean of several runs' mean weights, each with its share; for runs that began with the same weights.

    Between two such runs lie weights that do better on new speakers than either (Wortsman et al., "Robust fine-tuning
    of zero-shot models", CVPR 2022).
    """
    whole = sum(runs.values())
    if not whole > 0:
        raise CorpusError(f"the runs' shares add up to {whole:g}; expected something above 0")
    weights = [(share / whole, averaged_weights(folder)) for folder, share in runs.items()]
    return {name: sum((share * one[name] for share, one in weights), torch.zeros(())) for name in weights[0][1]}
