"""Residual vector quantisation: a few frames of motion as tokens, coarse first.

Shapes: ... any leading axes, G groups, F frames a group, N numbers a frame, P positions a group, V levels, K codes a
level, D columns of a code.

Teller, section "motion tokenizer": F = 4 frames of 75 numbers become 32 tokens, squared error plus a commitment term,
codebooks by running means. How 32 divides is not published; 4 positions of 8 levels is the default here. Each level
quantises what the ones before it left over (SoundStream, Zeghidour et al. 2021), so any number of first levels is a
motion by itself. Codes start as k-means of the first batch, and one that nobody uses is put where somebody is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

ROUNDS = 8  # of k-means at the start
SPARE = 1e-5  # keeps the running mean of an unused code finite


@dataclass(frozen=True)
class QuantiserConfig:
    """levels, codes: how many; columns: of a code; memory: share of the running means kept a step; dead: uses a step,
    on average, below which a code is moved; dropped: share of training batches that stop at a random level."""

    levels: int = 8
    codes: int = 1024
    columns: int = 64
    memory: float = 0.98
    dead: float = 0.05
    dropped: float = 0.1


class ResidualQuantiser(nn.Module):
    """Vectors ↔ tokens. The codebooks learn by running means while training, never by gradient."""

    codes: Tensor
    uses: Tensor
    sums: Tensor
    begun: Tensor

    def __init__(self, config: QuantiserConfig) -> None:
        super().__init__()
        self.config = config
        shape = (config.levels, config.codes, config.columns)
        self.register_buffer("codes", torch.zeros(shape))
        self.register_buffer("uses", torch.ones(shape[:2]))  # running means: of uses a step ...
        self.register_buffer("sums", torch.zeros(shape))  # ... and of the sum of what was quantised to a code
        self.register_buffer("begun", torch.zeros((), dtype=torch.bool))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x: [..., D] → the same quantised, with the gradient passed straight through, and the commitment's squared
        error, [...]. While training, the codebooks learn from it."""
        if self.training:
            self._learn(x.detach().flatten(0, -2).float())
        levels = self.config.levels
        if self.training and float(torch.rand(())) < self.config.dropped:
            levels = int(torch.randint(1, levels + 1, ()))
        quantised = self.lookup(self.tokens(x.detach(), levels))
        return x + (quantised - x).detach(), (x - quantised).square().mean(-1)

    def tokens(self, x: Tensor, levels: int | None = None) -> Tensor:
        """x: [..., D] → the nearest code of each level to what is left over, [..., V]."""
        left, out = x, []
        for codes in self.codes[:levels]:
            nearest = _nearest(left, codes)
            left = left - codes[nearest]
            out.append(nearest)
        return torch.stack(out, -1)

    def lookup(self, tokens: Tensor) -> Tensor:
        """Tokens [..., V] of the first V levels → the sum of their codes, [..., D]."""
        return torch.stack([self.codes[level][tokens[..., level]] for level in range(tokens.shape[-1])]).sum(0)

    @torch.no_grad()
    def _learn(self, x: Tensor) -> None:
        """One step of the running means. x: [B, D]."""
        left = x
        for level in range(self.config.levels):
            if not self.begun:
                self._begin(level, left)
            codes = self.codes[level]
            nearest = _nearest(left, codes)
            kept = self.config.memory
            used = torch.bincount(nearest, minlength=len(codes)).to(x)
            total = torch.zeros_like(codes).index_add_(0, nearest, left)
            self.uses[level] = kept * self.uses[level] + (1 - kept) * used
            self.sums[level] = kept * self.sums[level] + (1 - kept) * total
            left_over = left - codes[nearest]
            self.codes[level] = self.sums[level] / (self.uses[level] + SPARE)[:, None]
            self._revive(level, left)
            left = left_over
        self.begun.fill_(True)

    def _begin(self, level: int, left: Tensor) -> None:
        codes = _some(left, self.config.codes)
        for _ in range(ROUNDS):
            nearest = _nearest(left, codes)
            used = torch.bincount(nearest, minlength=len(codes)).to(left)
            total = torch.zeros_like(codes).index_add_(0, nearest, left)
            codes = torch.where(used[:, None] > 0, total / used.clamp(min=1)[:, None], codes)
        uses = torch.bincount(_nearest(left, codes), minlength=len(codes)).to(left).clamp(min=self.config.dead)
        self.codes[level], self.uses[level], self.sums[level] = codes, uses, codes * uses[:, None]

    def _revive(self, level: int, left: Tensor) -> None:
        """Put codes that are hardly used where vectors of this batch are."""
        dead = self.uses[level] < self.config.dead
        if dead.any():
            fresh = _some(left, int(dead.sum()))
            alive = self.uses[level][~dead].mean() if not dead.all() else left.new_ones(())
            self.codes[level, dead] = fresh
            self.uses[level, dead] = alive
            self.sums[level, dead] = fresh * alive


@dataclass(frozen=True)
class TokenizerConfig:
    """frames: F of a group; numbers: N of a frame; positions: P of a group; width: of the feed-forward layers."""

    frames: int = 4
    numbers: int = 75
    positions: int = 4
    width: int = 512
    quantiser: QuantiserConfig = QuantiserConfig()

    @property
    def tokens(self) -> int:
        """Tokens of a group."""
        return self.positions * self.quantiser.levels


class MotionTokenizer(nn.Module):
    """Groups of frames ↔ tokens, by feed-forward layers around a residual quantiser."""

    mean: Tensor
    scale: Tensor

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        self.config = config
        rows, columns = config.frames * config.numbers, config.positions * config.quantiser.columns
        self.register_buffer("mean", torch.zeros(config.numbers))
        self.register_buffer("scale", torch.ones(config.numbers))
        self.encoder = _FeedForward(rows, config.width, columns)
        self.quantiser = ResidualQuantiser(config.quantiser)
        self.decoder = _FeedForward(columns, config.width, rows)

    @torch.no_grad()
    def fit(self, motion: Tensor, faint: Tensor, weight: Tensor) -> None:
        """Begin with what is known in closed form: mean, scale, and principal components as the lines in and out.

        motion: [L, G·F, N]; faint: [N], a number's deviation counts as this at least, so that one that hardly moves is
        not blown up; weight: [N], how much a number's squared error counts. The components are dealt out to positions
        in turn, so that each has large and small ones and one set of codebooks fits all.
        """
        config = self.config
        self.mean.copy_(motion.mean((0, 1)))
        self.scale.copy_(motion.std((0, 1)).maximum(faint))
        root = weight.sqrt().repeat(config.frames)
        groups = self._groups(motion).flatten(0, -2) * root
        _, axes = torch.linalg.eigh(groups.T.double() @ groups.double())
        columns = config.positions * config.quantiser.columns
        largest = F.pad(axes.flip(1)[:, :columns], (0, max(0, columns - len(axes)))).float()
        dealt = largest.reshape(-1, config.quantiser.columns, config.positions).transpose(1, 2).flatten(1)
        for layers, line in ((self.encoder, (dealt * root[:, None]).T), (self.decoder, dealt / root[:, None])):
            layers.line.weight.copy_(line)
            for weights in (layers.line.bias, layers.last.weight, layers.last.bias):
                weights.zero_()

    def encode(self, motion: Tensor) -> Tensor:
        """motion: [..., G·F, N] → vectors [..., G, P, D]."""
        config = self.config
        out: Tensor = self.encoder(self._groups(motion)).unflatten(-1, (config.positions, config.quantiser.columns))
        return out

    def _groups(self, motion: Tensor) -> Tensor:
        config = self.config
        return ((motion - self.mean) / self.scale).reshape(*motion.shape[:-2], -1, config.frames * config.numbers)

    def decode(self, vectors: Tensor) -> Tensor:
        """vectors: [..., G, P, D] → motion [..., G·F, N]."""
        frames = self.decoder(vectors.flatten(-2)).unflatten(-1, (self.config.frames, self.config.numbers))
        out: Tensor = frames.flatten(-3, -2) * self.scale + self.mean
        return out

    def tokens(self, motion: Tensor, levels: int | None = None) -> Tensor:
        """motion: [..., G·F, N] → tokens [..., G, P, V]."""
        return self.quantiser.tokens(self.encode(motion), levels)

    def motion(self, tokens: Tensor) -> Tensor:
        """tokens: [..., G, P, V] → motion [..., G·F, N]. Fewer levels give a coarser one."""
        return self.decode(self.quantiser.lookup(tokens))

    def loss(self, motion: Tensor, weight: Tensor, speed: float = 0.5) -> tuple[Tensor, dict[str, Tensor]]:
        """Squared error of numbers (weighted [N], in deviations) and of their speed, across groups too; commitment.

        motion: [L, G·F, N]. Returns the total and its terms.
        """
        quantised, commitment = self.quantiser(self.encode(motion))
        off = (self.decode(quantised) - motion) / self.scale
        terms = {
            "motion": (off.square() * weight).mean(),
            "speed": (off.diff(dim=-2).square() * weight).mean(),
            "commitment": commitment.mean(),
        }
        total = terms["motion"] + speed * terms["speed"] + terms["commitment"]
        return total, {name: term.detach() for name, term in terms.items()}


class _FeedForward(nn.Module):
    """A line, and what two hidden layers add to it."""

    def __init__(self, inputs: int, width: int, outputs: int) -> None:
        super().__init__()
        self.line = nn.Linear(inputs, outputs)
        self.first, self.second, self.last = (
            nn.Linear(inputs, width),
            nn.Linear(width, width),
            nn.Linear(width, outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.line(x) + self.last(F.gelu(self.second(F.gelu(self.first(x)))))
        return out


def _nearest(x: Tensor, codes: Tensor) -> Tensor:
    """Index of the nearest code [...] to each of x [..., D]."""
    return (codes.square().sum(-1) - 2 * (x @ codes.T)).argmin(-1)


def _some(x: Tensor, count: int) -> Tensor:
    """`count` rows of x [B, D] by chance, each but once where there are enough."""
    order = torch.randperm(len(x), device=x.device)
    return x[order.repeat(-(-count // len(x)))[:count]]
