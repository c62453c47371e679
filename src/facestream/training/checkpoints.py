"""What a training run leaves in its folder: checkpoints that are whole or not there, and earlier weights, kept.

checkpoint.pt          weights, their running mean, optimiser, step: where the run goes on
weights-0012000.pt     the running mean at a milestone; nothing ever deletes one
history.jsonl          figures on the way; tensorboard/ holds the same
training.lock          one process trains in a folder at a time
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from torch import Tensor

from facestream.errors import CorpusError

CHECKPOINT = "checkpoint.pt"
MILESTONE = "weights-{step:07d}.pt"
LOCK = "training.lock"


def write_whole(path: Path, state: Mapping[str, Any]) -> None:
    """Write a state to a file, whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    torch.save(dict(state), unfinished)
    unfinished.replace(path)


def read_checkpoint(folder: Path, device: torch.device | None = None) -> dict[str, Any]:
    """The state that a run goes on from. Raises CorpusError if there is none, or if it is torn."""
    path = folder / CHECKPOINT
    if not path.exists():
        raise CorpusError(f"{folder} holds no {CHECKPOINT}; train first")
    try:
        return torch.load(path, map_location=device, weights_only=True)  # type: ignore[no-any-return]
    except Exception as error:  # torch reports a torn or foreign file in half a dozen ways
        reason = str(error).partition("\n")[0]
        raise CorpusError(
            f"{path} cannot be read ({reason}); put an intact copy there or choose another folder"
        ) from error


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a run's folder. Raises CorpusError if another process trains there: the two would overwrite each other."""
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CorpusError(f"another process is training in {folder}; stop it or choose another folder") from None
    try:
        yield
    finally:
        lock.release()


def averaged_weights(folder: Path) -> dict[str, Tensor]:
    """The mean weights of a training folder."""
    return read_checkpoint(folder, torch.device("cpu"))["mean"]  # type: ignore[no-any-return]


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
