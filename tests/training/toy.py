"""A network that is trained in milliseconds; run as a program by torchrun, one of several processes that train it."""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from facestream.training.fit import Fit, FitConfig

CONFIG = FitConfig(steps=40, rate=0.02, warm_up=5, mean_decay=0.9, save_every=7, check_every=20, half=False)


class Toy(nn.Module):
    """A line through noisy points."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.line = nn.Linear(4, 2)
        self.dropout = nn.Dropout(0.0)


class ToyLoss(nn.Module):
    """noisy: draws random numbers, as heads do."""

    def __init__(self, toy: Toy, noisy: bool = True) -> None:
        super().__init__()
        self.toy, self.noisy = toy, noisy

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        noise = 0.1 * torch.randn_like(y) if self.noisy else 0.0
        loss = F.mse_loss(self.toy.line(x), y + noise)
        return loss, {"squares": loss.detach()}


def batch(number: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(number)
    x = torch.randn(8, 4, generator=generator)
    return {"x": x, "y": x[:, :2] - 2 * x[:, 2:]}


def two_batches(number: int) -> dict[str, torch.Tensor]:
    pair = batch(2 * number), batch(2 * number + 1)
    return {name: torch.cat([each[name] for each in pair]) for name in pair[0]}


if __name__ == "__main__":
    torch.set_num_threads(1)
    toy = Toy()
    fit = Fit(toy, CONFIG, Path(sys.argv[1]))
    fit.run(ToyLoss(toy, noisy=False), batch, until=30)
    fit.run(ToyLoss(toy, noisy=False), batch)
    torch.save(toy.state_dict(), Path(sys.argv[1]) / f"rank-{fit.fabric.global_rank}.pt")
