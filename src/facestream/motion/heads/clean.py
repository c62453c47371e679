"""Heads of the faithful StreamingTalker: all predict the clean latents of a frame, under a condition.

Shapes: ... any leading axes, L lanes, T frames, C width of the condition, D latents, S steps.

Noise is mixed in as x = α·clean + σ·noise, along one of two paths: that of DDPM (Ho et al. 2020) with 1000 steps and
scaled-linear β from 0.00085 to 0.012, or the straight one (rectified flow; Liu et al. 2022), α = 1 - t, σ = t. On both,
a step from one time to a cleaner one keeps the noise that the clean estimate implies (DDIM with η = 0; Song et al.
2021): x' = α'·clean + σ'·(x - α·clean) / σ.

The head as released is called a one-layer MLP and has no non-linearity: clean = A x + B c + τ(t). Any number of such
steps is one affine map, M noise + N c + k, and `AffineHead.collapse` finds it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facestream.motion.heads.diffusion import ModulatedBlock

TIMES = 1000  # times of the DDPM path
FREQUENCIES = 128  # of the sinusoids by which a time is told

Sampler = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class HeadConfig:
    """What a head is.

    kind: "affine" as released, "mlp" as the paper writes it (residual blocks with adaptive norm), "regression" without
    diffusion; blocks: of the mlp; path: "leading" is DDPM sampled at the times as released (1, 21, … 981 of 50 steps),
    "trailing" the same from pure noise on (… 979, 999), as few steps need it (Lin et al. 2024), "straight" the straight
    path; steps: denoising passes when sampling.
    """

    kind: Literal["affine", "mlp", "regression"]
    blocks: int
    path: Literal["leading", "trailing", "straight"]
    steps: int


class Mix(NamedTuple):
    """A place on the path: its time (0–1000, as the network is told), α and σ."""

    time: float
    alpha: float
    sigma: float


class NoisePath:
    """How noise is mixed in, and the places that sampling visits."""

    def __init__(self, path: Literal["leading", "trailing", "straight"], steps: int) -> None:
        self.straight = path == "straight"
        beta = torch.linspace(0.00085**0.5, 0.012**0.5, TIMES, dtype=torch.float64) ** 2
        self.kept = (1 - beta).cumprod(0)  # α² by time
        if self.straight:
            self.places = [self._place(TIMES * step / steps) for step in range(steps, -1, -1)]
        else:
            stride, first = TIMES // steps, 1 if path == "leading" else TIMES // steps - 1
            times = [first + stride * step for step in range(steps)]
            self.places = [self._place(min(time, TIMES - 1)) for time in reversed(times)]
            self.places.append(self._place(0) if path == "leading" else Mix(0.0, 1.0, 0.0))

    def _place(self, time: float) -> Mix:
        if self.straight:
            return Mix(time, 1 - time / TIMES, time / TIMES)
        kept = float(self.kept[int(time)])
        return Mix(time, math.sqrt(kept), math.sqrt(1 - kept))

    def draw(self, clean: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy latents [L, T, D] of clean ones, and their times: [L, 1, 1], one for all frames, on DDPM's path (as
        released), [L, T, 1] on the straight one."""
        noise, device = torch.randn_like(clean), clean.device
        if self.straight:
            level = torch.rand(*clean.shape[:-1], 1, device=device)
            return (1 - level) * clean + level * noise, TIMES * level
        time = torch.randint(0, TIMES, (len(clean), *(1,) * (clean.ndim - 1)), device=device)
        kept = self.kept.to(device, clean.dtype)[time]
        return kept.sqrt() * clean + (1 - kept).sqrt() * noise, time.to(clean.dtype)

    def descend(self, noise: Tensor, denoise: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """Clean latents from noise. denoise: (noisy [..., D], time [1, ..., 1]) → clean estimate [..., D]."""
        x = noise
        for here, there in zip(self.places, self.places[1:], strict=False):
            clean = denoise(x, x.new_full((1,) * x.ndim, here.time))
            x = there.alpha * clean + there.sigma / here.sigma * (x - here.alpha * clean)
        return x


class Affine(nn.Module):
    """All steps of an affine head as one map: condition [..., C], noise [..., D] → latents [..., D].

    from_noise: [D, D]; from_context: [D, C]; constant: [D].
    """

    from_noise: Tensor
    from_context: Tensor
    constant: Tensor

    def __init__(self, from_noise: Tensor, from_context: Tensor, constant: Tensor) -> None:
        super().__init__()
        self.register_buffer("from_noise", from_noise)
        self.register_buffer("from_context", from_context)
        self.register_buffer("constant", constant)

    def forward(self, context: Tensor, noise: Tensor) -> Tensor:
        """Latents [..., D]."""
        return self.of_noise(noise) + self.of_context(context)

    def of_noise(self, noise: Tensor) -> Tensor:
        """What the noise does, and the constant, [..., D]."""
        return F.linear(noise, self.from_noise, self.constant)

    def of_context(self, context: Tensor) -> Tensor:
        """What the condition does, [..., D]."""
        return F.linear(context, self.from_context)

    @torch.no_grad()
    def followed_by(self, layer: nn.Linear) -> Affine:
        """This map and a linear layer behind it, as one map."""
        weight = layer.weight.double()
        maps = [(weight @ part.double()).to(part) for part in (self.from_noise, self.from_context, self.constant)]
        return Affine(maps[0], maps[1], maps[2] + layer.bias.detach())


class CleanHead(nn.Module):
    """A head on a path. How it reads a latent is also how the predictor reads the history."""

    def __init__(self, config: HeadConfig, width: int, latents: int) -> None:
        super().__init__()
        self.latents = latents
        self.path = NoisePath(config.path, config.steps)
        self.from_latents = nn.Linear(latents, width)
        self.to_latents = nn.Linear(width, latents)
        for linear in (self.from_latents, self.to_latents):
            nn.init.xavier_normal_(linear.weight)

    def denoise(self, noisy: Tensor, time: Tensor, context: Tensor) -> Tensor:
        """Clean estimate [..., D] of noisy latents [..., D] at a time [..., 1] of 0–1000, under a context [..., C]."""
        raise NotImplementedError

    def estimate(self, context: Tensor, target: Tensor) -> Tensor:
        """What training compares with the target [L, T, D]: the clean estimate at a random time, [L, T, D]."""
        return self.denoise(*self.path.draw(target), context)

    def loss(self, context: Tensor, target: Tensor) -> Tensor:
        """Squared error of the estimate, [L, T, D]; the caller weighs and averages."""
        return (self.estimate(context, target) - target).square()

    def sample(self, context: Tensor, noise: Tensor) -> Tensor:
        """Latents [..., D] under a context [..., C], from noise [..., D]."""
        return self.path.descend(noise, lambda noisy, time: self.denoise(noisy, time, context))

    def sampler(self) -> Sampler:
        """`sample` as it is cheapest while the weights stand still."""
        return self.sample

    def distil(self, teacher: CleanHead, context: Tensor, noise: Tensor) -> Tensor:
        """Squared distance, [..., D], from where more steps of a teacher end that starts from the same noise
        (knowledge distillation; Luhman and Luhman 2021)."""
        with torch.no_grad():
            goal = teacher.sample(context, noise)
        return (self.sample(context, noise) - goal).square()


class AffineHead(CleanHead):
    """The head as released: one linear layer over the latents and the condition, side by side."""

    def __init__(self, config: HeadConfig, width: int, latents: int) -> None:
        super().__init__(config, width, latents)
        self.time = TimeEmbedding(width)
        self.mix = nn.Linear(2 * width, width)

    def denoise(self, noisy: Tensor, time: Tensor, context: Tensor) -> Tensor:
        """Clean estimate, see CleanHead."""
        told = (context + self.time(time)).expand(*noisy.shape[:-1], -1)
        clean: Tensor = self.to_latents(self.mix(torch.cat((self.from_latents(noisy), told), -1)))
        return clean

    def sampler(self) -> Sampler:
        """All steps as one map."""
        return self.collapse()

    @torch.no_grad()
    def collapse(self) -> Affine:
        """All steps as one map, computed in float64: with x = M noise + N c + k at a place, the next place's is again
        affine, since clean = A x + B c + (bias + time)."""
        width, exact = self.mix.out_features, torch.float64
        out, mix, read = (layer.weight.to(exact) for layer in (self.to_latents, self.mix, self.from_latents))
        gain, hear = out @ mix[:, :width] @ read, out @ mix[:, width:]  # A, B
        constant = (self.mix.bias + self.mix.weight[:, :width] @ self.from_latents.bias).to(exact)
        constant = out @ constant + self.to_latents.bias.to(exact)
        rows = torch.cat((torch.eye(self.latents).to(gain), torch.zeros_like(hear), constant[:, None] * 0), 1)
        for here, there in zip(self.path.places, self.path.places[1:], strict=False):
            time = self.time(self.mix.weight.new_full((1,), here.time)).to(exact)
            clean = gain @ rows
            clean[:, self.latents : -1] += hear
            clean[:, -1] += constant + hear @ time
            kept = there.sigma / here.sigma
            rows = (there.alpha - kept * here.alpha) * clean + kept * rows
        single, noise = rows.to(self.mix.weight.dtype), self.latents
        return Affine(single[:, :noise].contiguous(), single[:, noise:-1].contiguous(), single[:, -1].contiguous())


class MlpHead(CleanHead):
    """The head as written: residual blocks whose norms are steered by condition and time (MAR, Li et al. 2024)."""

    def __init__(self, config: HeadConfig, width: int, latents: int) -> None:
        super().__init__(config, width, latents)
        self.time = TimeEmbedding(width)
        self.blocks = nn.ModuleList(ModulatedBlock(width) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(width)

    def denoise(self, noisy: Tensor, time: Tensor, context: Tensor) -> Tensor:
        """Clean estimate, see CleanHead."""
        condition = F.silu(context + self.time(time))
        x = self.from_latents(noisy) + condition
        for block in self.blocks:
            x = block(x, condition)
        clean: Tensor = self.to_latents(self.norm(x))
        return clean


class RegressionHead(CleanHead):
    """No diffusion (the paper's ablation): a small network reads the latents off the condition."""

    def __init__(self, config: HeadConfig, width: int, latents: int) -> None:
        super().__init__(config, width, latents)
        self.mix = nn.Linear(width, width)

    def denoise(self, noisy: Tensor, time: Tensor, context: Tensor) -> Tensor:
        """The same, whatever the noise and the time."""
        clean: Tensor = self.to_latents(F.silu(self.mix(context)))
        return clean

    def sample(self, context: Tensor, noise: Tensor) -> Tensor:
        """The same, whatever the noise."""
        return self.denoise(noise, noise[..., :1], context)


class TimeEmbedding(nn.Module):
    """A time → [..., C]: sinusoids, then two layers (as in diffusion transformers; Peebles and Xie 2023)."""

    frequencies: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        frequencies = torch.exp(torch.arange(FREQUENCIES) * (-math.log(10_000.0) / FREQUENCIES))
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.widen = nn.Linear(2 * FREQUENCIES, width)
        self.narrow = nn.Linear(width, width)

    def forward(self, time: Tensor) -> Tensor:
        """time: [..., 1] of 0–1000 → [..., C]."""
        angle = time * self.frequencies
        told: Tensor = self.narrow(F.silu(self.widen(torch.cat((angle.cos(), angle.sin()), -1))))
        return told


HEADS: dict[str, type[CleanHead]] = {"affine": AffineHead, "mlp": MlpHead, "regression": RegressionHead}
