"""The condition predictor of the faithful StreamingTalker: past motion, speech and subject → a condition a frame.

Shapes: L lanes, T frames, C width, A width of the speech features, N subjects, K layers.

Position i holds the motion of frame i - 1 and the speech of frame i. Post-norm decoder layers over a short history:
self-attention with ALiBi in steps of a period, and attention from each position to its own frame of speech alone
(StreamingTalker, Yang et al. 2026; periodic positions and ALiBi after FaceFormer, Fan et al. 2022).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from facestream.nn.attention import CausalAttention, DiagonalAttention, stepped_slopes
from facestream.nn.transformer import HearingBlock
from facestream.streaming.clock import Clock
from facestream.streaming.tree import State, child, join

POSITION_DROPOUT = 0.1  # of the sum of motion, subject and position, whatever the layers' own dropout is


@dataclass(frozen=True)
class ConditionConfig:
    """Sizes of the condition predictor.

    window: frames of history that a position sees, its own included (as long as the longest clip: the paper's ablation
    "all history"); period: frames after which positions repeat; subjects: how many are known; remembers, hears: whether
    layers look at the past, and at the speech (the paper's ablations of self- and cross-attention).
    """

    width: int
    heads: int
    layers: int
    hidden: int
    activation: Literal["relu", "gelu"]
    window: int
    period: int
    subjects: int
    dropout: float
    remembers: bool = True
    hears: bool = True


class ConditionPredictor(nn.Module):
    """Causal transformer over a short history of motion, listening to the speech frame by frame."""

    positions: Tensor

    def __init__(self, config: ConditionConfig, features: int) -> None:
        super().__init__()
        self.from_speech = nn.Linear(features, config.width)
        self.from_subject = nn.Linear(config.subjects, config.width, bias=False)
        nn.init.normal_(self.from_subject.weight)
        self.register_buffer("positions", sines(config.period, config.width), persistent=False)
        self.dropout = nn.Dropout(POSITION_DROPOUT)
        self.blocks = nn.ModuleList(_block(config) for _ in range(config.layers))

    def hear(self, speech: Tensor) -> list[Tensor]:
        """speech: [L, T, A] → what each layer hears, K times [L, T, C]. No frame's depends on any other frame."""
        heard = self.from_speech(speech)
        return [block.hear(heard) for block in self.blocks]  # type: ignore[operator]

    def forward(
        self,
        heard: list[Tensor],
        past: Tensor,
        subject: Tensor,
        state: State | None = None,
        clock: Clock | None = None,
    ) -> tuple[Tensor, State]:
        """Conditions [L, T, C]. heard: of `hear`; past: [L, T, C], embedded latents of the frame before each;
        subject: [L, N] weights, one of them 1 for somebody known.
        """
        period, rows = len(self.positions), torch.arange(int(past.shape[1]), device=past.device)
        step = rows if clock is None else clock.step[:, None] + rows
        x = past + self.from_subject(subject)[:, None] + self.positions[torch.remainder(step, period)]
        x, updates = self.dropout(x), {}
        for index, block in enumerate(self.blocks):
            x, updates[str(index)] = block(x, heard[index], child(state, f"blocks.{index}"), clock)
        return x, join(blocks=join(**updates))


def _block(config: ConditionConfig) -> HearingBlock:
    bias = stepped_slopes(config.heads, config.window - 1, config.period)
    return HearingBlock(
        config.width,
        CausalAttention(config.width, config.heads, config.window - 1, bias, dropout=config.dropout)
        if config.remembers
        else None,
        DiagonalAttention(config.width, config.heads, config.dropout) if config.hears else None,
        config.hidden,
        nn.ReLU() if config.activation == "relu" else nn.GELU(),
        config.dropout,
    )


def sines(rows: int, width: int) -> Tensor:
    """Sinusoidal positions (Vaswani et al. 2017), [rows, width]: sine and cosine take turns."""
    frequencies = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(rows)[:, None] * frequencies
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)
