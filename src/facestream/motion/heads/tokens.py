"""The token head: two tokens at once from one context, and the choice among the likeliest.

Shapes: ... any leading axes, C width, K codes, V levels, i = V / 2 kinds of pairs.

Teller, section "AR transformer": each position gives a pair of tokens by two heads, so that 32 tokens take 16 steps;
its loss is CE + CE + (CE - CE)², whose square keeps one head from learning at the other's cost; tokens are drawn among
the 15 likeliest. A pair is two levels of one vector, coarse first. The heads are independent, as published, unless
`chained`: then the second sees the first one's token.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class TokenHeadConfig:
    """levels, codes: of the tokenizer; pair: tokens a step, 2 as published or 1; chained: whether a pair's second token
    depends on its first; likeliest: among how many is drawn; temperature: of the draw."""

    levels: int
    codes: int
    pair: int = 2
    chained: bool = False
    likeliest: int = 15
    temperature: float = 1.0

    @property
    def kinds(self) -> int:
        """Steps that a vector takes."""
        return self.levels // self.pair


class TokenHead(nn.Module):
    """Tokens in and out, by what they stand for: a token is fed as its code, and scored by how well its code agrees
    with what the context asks for. So tokens of like motion are alike from the start, and tables of tokens by width,
    most of the weights of a small network, are not needed.
    """

    codes: Tensor

    def __init__(self, config: TokenHeadConfig, columns: int, width: int) -> None:
        super().__init__()
        if config.levels % config.pair:
            raise ValueError(f"{config.levels} levels do not come in steps of {config.pair}")
        self.config = config
        self.register_buffer("codes", torch.zeros(config.levels, config.codes, columns))
        self.given = nn.Parameter(torch.randn(config.levels, columns, width) * columns**-0.5)
        self.asked = nn.Parameter(torch.randn(config.levels, width, columns) * (width * columns) ** -0.5)
        self.bias = nn.Parameter(torch.zeros(config.levels, config.codes))
        self.chain = nn.Linear(width, width) if config.chained else None

    def settle(self, codes: Tensor) -> None:
        """Take over a tokenizer's codes [V, K, D], each level's brought to a root mean square of 1."""
        self.codes.copy_(codes / codes.square().mean((1, 2), keepdim=True).sqrt().clamp(min=1e-8))

    def embed(self, tokens: Tensor, kind: int) -> Tensor:
        """Tokens of one step [..., pair] of a kind → their sum, [..., C]."""
        first = kind * self.config.pair
        return torch.stack([self._row(tokens[..., i], first + i) for i in range(self.config.pair)]).sum(0)

    def _row(self, tokens: Tensor, level: int) -> Tensor:
        return self.codes[level][tokens] @ self.given[level]

    def scores(self, context: Tensor, kind: int, index: int, before: Tensor | None = None) -> Tensor:
        """Logits [..., K] of a step's token `index`. context: [..., C]; before: the step's first token [...], where
        chained."""
        level = kind * self.config.pair + index
        if self.chain is not None and before is not None:
            context = context + self.chain(self._row(before, level - 1))
        return context @ self.asked[level] @ self.codes[level].T + self.bias[level]

    def loss(self, context: Tensor, tokens: Tensor, kind: int) -> Tensor:
        """Cross-entropies of a step's tokens, [..., pair]. context: [..., C]; tokens: [..., pair]."""
        found = []
        for index in range(self.config.pair):
            before = tokens[..., 0] if index else None
            scores = self.scores(context, kind, index, before)
            found.append(F.cross_entropy(scores.flatten(0, -2), tokens[..., index].flatten(), reduction="none"))
        return torch.stack(found, -1).reshape(tokens.shape)

    def sample(self, context: Tensor, kind: int, chance: Tensor) -> Tensor:
        """Tokens [..., pair]. context: [..., C]; chance: [..., pair], even in 0..1."""
        chosen: list[Tensor] = []
        for index in range(self.config.pair):
            scores = self.scores(context, kind, index, chosen[0] if index else None)
            best, codes = scores.topk(self.config.likeliest, -1)
            sums = (best / self.config.temperature).softmax(-1).cumsum(-1)
            place = (sums < chance[..., index : index + 1]).sum(-1, keepdim=True).clamp(max=self.config.likeliest - 1)
            chosen.append(codes.gather(-1, place)[..., 0])
        return torch.stack(chosen, -1)


def balanced(losses: Tensor) -> Tensor:
    """CE + CE + (CE - CE)² of a pair's mean losses [pair]; one token's is its CE."""
    return losses.sum() + (losses[0] - losses[-1]).square()
