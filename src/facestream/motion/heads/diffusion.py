"""The diffusion head: denoises the motion latents of one frame, given the predictor's condition.

Shapes: ... any leading axes, C context width, D latents, W width.

The path from noise to motion is straight (rectified flow, Liu et al. 2022; Lipman et al. 2022):
x_s = (1 - s)·x_0 + s·noise, s from 1 to 0. The network predicts the clean x_0 (as StreamingTalker does); K Euler steps
along the path are x_{s'} = x_0 + (s' / s)·(x_s - x_0), so that one step gives the mean and more give samples.
The denoiser is the residual MLP with adaptive norm of MAR (Li et al. 2024, "diffusion loss").
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class DiffusionConfig:
    """Sizes of the head. steps: denoising passes when sampling (1–8)."""

    width: int
    blocks: int
    steps: int


class ModulatedBlock(nn.Module):
    """Residual MLP block whose norm is shifted, scaled and gated by the condition."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(width, 3 * width)
        self.widen = nn.Linear(width, width)
        self.narrow = nn.Linear(width, width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x, condition: [..., W] → [..., W]."""
        shift, scale, gate = self.modulation(condition).chunk(3, -1)
        out: Tensor = x + gate * self.narrow(F.silu(self.widen(self.norm(x) * (1 + scale) + shift)))
        return out


class DiffusionHead(nn.Module):
    """Few-step denoiser of a frame's latents."""

    frequencies: Tensor

    def __init__(self, config: DiffusionConfig, context: int, latents: int) -> None:
        super().__init__()
        self.steps, self.latents = config.steps, latents
        self.from_noisy = nn.Linear(latents, config.width)
        self.from_context = nn.Linear(context, config.width)
        self.from_level = nn.Linear(32, config.width)
        self.register_buffer("frequencies", torch.exp(torch.linspace(0, math.log(200.0), 16)), persistent=False)
        self.blocks = nn.ModuleList(ModulatedBlock(config.width) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, latents)

    def denoise(self, noisy: Tensor, level: Tensor, context: Tensor) -> Tensor:
        """Clean estimate [..., D] of noisy latents [..., D] at a noise level [..., 1] (0 clean, 1 pure noise; one level
        for all may be given as [1, ..., 1]), under a context [..., C].
        """
        angle = level * self.frequencies
        condition = F.silu(self.from_context(context) + self.from_level(torch.cat((angle.sin(), angle.cos()), -1)))
        x = self.from_noisy(noisy) + condition
        for block in self.blocks:
            x = block(x, condition)
        out: Tensor = self.out(self.norm(x))
        return out

    def loss(self, context: Tensor, target: Tensor) -> Tensor:
        """Squared error of the clean estimate at a random noise level, [..., D]; the caller weighs and averages."""
        level = torch.rand(
            *target.shape[:-1], 1, device=target.device
        ).sqrt()  # more often noisy: few steps start there
        noisy = (1 - level) * target + level * torch.randn_like(target)
        return (self.denoise(noisy, level, context) - target).square()

    def sample(self, context: Tensor, noise: Tensor) -> Tensor:
        """Latents [..., D] under a context [..., C], from noise [..., D]."""
        x = noise
        for k in range(self.steps, 0, -1):
            level = x.new_full((1,) * x.ndim, k / self.steps)
            clean = self.denoise(x, level, context)
            x = clean + (k - 1) / k * (x - clean)
        return x
