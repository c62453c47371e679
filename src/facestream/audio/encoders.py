"""Sound → features: a causal encoder on log-mel, with a declared look-ahead.

Shapes: L lanes, M spectral hops (10 ms), T motion frames (40 ms; M = 4 T), B mel bands, C width, P phone classes.

The look-ahead is not in here: the encoder is purely causal, and its output at step n is read as frame n - delay
(timing.py). Convolutions hear how a sound moves, attention over the last second hears who is speaking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facestream.nn.attention import CausalAttention
from facestream.nn.conv import CausalConv, ConvBlock
from facestream.nn.transformer import Stack, TransformerBlock
from facestream.streaming.clock import Clock
from facestream.streaming.tree import State, child, join


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the log-mel encoder.

    bands: mel bands; stem: channels at 100 Hz; middle: channels at 50 Hz; dilations: one residual block each at 50 Hz;
    width, heads, layers, window, hidden: the transformer at the motion rate, window in frames; phones: phone classes
    told apart at 50 Hz; lips: latents of the mouth; dropout: share of activations dropped in training.
    """

    bands: int
    stem: int
    middle: int
    dilations: tuple[int, ...]
    width: int
    heads: int
    layers: int
    window: int
    hidden: int
    phones: int
    lips: int
    dropout: float


class Heard(NamedTuple):
    """What the encoder makes of the sound.

    features: [L, T, C]; phones: [L, T, 2, P] logits of the frame's two halves; events: [L, T, 2] logits of lips sealed
    (p, b, m) and lip against teeth (f, v); lips: [L, T, lips] latents of the mouth.
    """

    features: Tensor
    phones: Tensor
    events: Tensor
    lips: Tensor


class MelEncoder(nn.Module):
    """Causal convolutions at 100 and 50 Hz, then a causal transformer at the motion rate."""

    band_mean: Tensor
    band_scale: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.phone_classes = config.phones
        self.register_buffer("band_mean", torch.zeros(config.bands))
        self.register_buffer("band_scale", torch.ones(config.bands))
        self.stem = CausalConv(config.bands, config.stem, taps=5)
        self.halve = CausalConv(config.stem, config.middle, taps=4, stride=2)
        self.convs = Stack(ConvBlock(config.middle, 3, dilation) for dilation in config.dilations)
        self.to_frames = CausalConv(config.middle, config.width, taps=4, stride=2)
        self.blocks = Stack(
            TransformerBlock(CausalAttention(config.width, config.heads, config.window), config.hidden, config.dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.phones = nn.Linear(config.width, 2 * config.phones)
        self.events = nn.Linear(config.width, 2)
        self.lips = nn.Linear(config.width, config.lips)

    def forward(self, mel: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Heard, State]:
        """mel: [L, M, B] → what was heard, T = M / 4 frames of it."""
        x = (mel - self.band_mean) * self.band_scale
        x, stem = self.stem(x, child(state, "stem"), clock)
        x, halve = self.halve(F.gelu(x), child(state, "halve"), clock)
        x, convs = self.convs(x, child(state, "convs"), clock)
        x, to_frames = self.to_frames(F.gelu(x), child(state, "to_frames"), clock)
        x, blocks = self.blocks(x, child(state, "blocks"), clock)
        x = self.norm(x)
        heard = Heard(x, self.phones(x).unflatten(-1, (2, self.phone_classes)), self.events(x), self.lips(x))
        return heard, join(stem=stem, halve=halve, convs=convs, to_frames=to_frames, blocks=blocks)
