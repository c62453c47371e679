"""Codecs between the motion of a mesh and latents: the published VQ-VAE, and our causal variants, by configuration.

Shapes: L lanes, T frames, V vertices, D latents = slots · columns, C width, K codes.
Motion is offsets of vertices from the neutral face, flattened: [L, T, 3V], xyz by xyz.

        offsets ─▶ vertices in ─▶ trunk ─▶ latents ─▶ nearest codes ─▶ trunk ─▶ vertices out ─▶ offsets

As published (CodeTalker, Xing et al. 2023; StreamingTalker): a trunk is a convolution over 5 frames that sees 2 ahead,
instance norm over time, and transformer layers with full attention. So all of a clip decides every frame.
Causal: the convolution and attention see the past alone, layer norm stands for instance norm, and attention learns a
bias by age. A frame decodes as soon as it is there, and to the same vertices as in the whole clip.

Two traits of the published network which its weights were trained with, and which are kept with it:
 * its positions index the batch instead of time: in a batch of one, every frame gets the position of row 0;
 * its attention divides scores by the root of the whole width, not of a head's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facestream.nn.attention import CausalAttention, FullAttention
from facestream.nn.conv import CausalConv, CentredConv
from facestream.nn.norm import TimeNorm
from facestream.nn.transformer import Stack, TransformerBlock
from facestream.streaming.clock import Clock
from facestream.streaming.tree import State, child, join

TAPS = 5
SLOPE = 0.2  # of leaky ReLU below zero
COMMITMENT = 0.25  # weight of pulling latents to their codes, against pulling codes to latents
HORIZON = 300  # frames over which a streamed instance norm takes its mean


@dataclass(frozen=True)
class MeshCodecConfig:
    """Sizes of a mesh codec.

    slots, columns: a frame is so many codes of so many columns; codes: how many there are to choose from, 0 for a
    continuous latent; divergence: weight of the plain VAE's Kullback-Leibler term, 0 for no noise on the latents;
    bridge: a linear map between trunk and latents, needed where their widths differ; window: frames of the past that
    attention sees, always if causal, else in a stream; causal: see the top of this file.
    """

    vertices: int
    slots: int
    columns: int
    codes: int
    divergence: float
    width: int
    layers: int
    heads: int
    hidden: int
    bridge: bool
    window: int
    causal: bool

    @property
    def latents(self) -> int:
        """Latents a frame."""
        return self.slots * self.columns


class Codec(Protocol):
    """What a talker asks of a codec of meshes."""

    @property
    def latents(self) -> int:
        """Latents a frame."""
        ...

    @property
    def late(self) -> int:
        """Frames by which a streamed decoder is late."""
        ...

    def encode(self, offsets: Tensor) -> Tensor:
        """[L, T, 3V] → [L, T, D], not yet quantised."""
        ...

    def quantise(self, latents: Tensor) -> Tensor:
        """[L, T, D] → [L, T, D]: what is decoded, and what a predictor learns."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """A whole sequence: [L, T, D] → [L, T, 3V]."""
        ...

    def loss(self, offsets: Tensor) -> dict[str, Tensor]:
        """Terms of the first stage's loss by name, weighted: their sum is what is minimised."""
        ...


class MeshCodec(nn.Module):
    """The published VQ-VAE and our causal variants."""

    def __init__(self, config: MeshCodecConfig) -> None:
        super().__init__()
        if not config.bridge and config.width != config.latents:
            raise ValueError(
                f"width {config.width} is not slots {config.slots} x columns {config.columns}; expected the same, "
                "or a bridge between them"
            )
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.codebook = nn.Parameter(torch.empty(config.codes, config.columns)) if config.codes else None
        if self.codebook is not None:
            nn.init.uniform_(self.codebook, -1 / config.codes, 1 / config.codes)

    @property
    def latents(self) -> int:
        """Latents a frame."""
        return self.config.latents

    @property
    def late(self) -> int:
        """Frames by which a streamed decoder is late."""
        return 0 if self.config.causal else TAPS // 2

    def encode(self, offsets: Tensor) -> Tensor:
        """[L, T, 3V] → [L, T, D], not yet quantised."""
        latents: Tensor = self.encoder(offsets)[0]
        return latents

    def codes(self, latents: Tensor) -> Tensor:
        """Index of the nearest code of each slot: [L, T, D] → [L, T, slots]. Only with a codebook."""
        assert self.codebook is not None
        slots = latents.reshape(*latents.shape[:-1], self.config.slots, self.config.columns)
        square = slots.square().sum(-1, keepdim=True) + self.codebook.square().sum(-1)
        index: Tensor = (square - 2 * slots @ self.codebook.T).argmin(-1)
        return index

    def quantise(self, latents: Tensor) -> Tensor:
        """Nearest codes, [L, T, D] → [L, T, D]; gradients go straight through. Without a codebook the same latents."""
        return latents if self.codebook is None else latents + (self._nearest(latents) - latents).detach()

    def decode(self, latents: Tensor) -> Tensor:
        """A whole sequence: [L, T, D] → [L, T, 3V]."""
        offsets: Tensor = self.decoder(latents)[0]
        return offsets

    def loss(self, offsets: Tensor) -> dict[str, Tensor]:
        """Terms of the first stage's loss by name, weighted: L1 of the offsets; codebook, or divergence, of latents."""
        latents, spread = self.encoder(offsets)
        if self.codebook is not None:
            nearest = self._nearest(latents)
            pull = F.mse_loss(nearest, latents.detach()) + COMMITMENT * F.mse_loss(latents, nearest.detach())
            terms = {"codebook": pull}
        elif spread is not None:
            variance = spread.exp()
            divergence = 0.5 * (latents.square() + variance - spread - 1).mean()
            latents, terms = (
                latents + variance.sqrt() * torch.randn_like(latents),
                {"divergence": self.config.divergence * divergence},
            )
        else:
            terms = {}
        return {"reconstruction": F.l1_loss(self.decode(self.quantise(latents)), offsets), **terms}

    def _nearest(self, latents: Tensor) -> Tensor:
        assert self.codebook is not None
        return self.codebook[self.codes(latents)].flatten(-2)


class Encoder(nn.Module):
    """Offsets → latents, and the logarithm of their variance in a plain VAE."""

    def __init__(self, config: MeshCodecConfig) -> None:
        super().__init__()
        self.vertices_in = nn.Linear(3 * config.vertices, config.width)
        self.trunk = Trunk(config)
        self.bridge = nn.Linear(config.width, config.latents) if config.bridge else nn.Identity()
        self.spread = nn.Linear(config.width, config.latents) if config.divergence and not config.codes else None

    def forward(self, offsets: Tensor) -> tuple[Tensor, Tensor | None]:
        """[L, T, 3V] → [L, T, D], and [L, T, D] or None."""
        x, _ = self.trunk(F.leaky_relu(self.vertices_in(offsets), SLOPE))
        return self.bridge(x), None if self.spread is None else self.spread(x)


class Decoder(nn.Module):
    """Latents → offsets, whole or as a stream."""

    def __init__(self, config: MeshCodecConfig) -> None:
        super().__init__()
        self.bridge = nn.Linear(config.latents, config.width) if config.bridge else nn.Identity()
        self.trunk = Trunk(config)
        self.vertices_out = nn.Linear(config.width, 3 * config.vertices)

    def forward(self, latents: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """[L, T, D] → [L, T, 3V]; as a stream, MeshCodec.late frames late."""
        x, update = self.trunk(self.bridge(latents), child(state, "trunk"), clock)
        return self.vertices_out(x), join(trunk=update)


class Trunk(nn.Module):
    """Convolution, norm, a linear map, transformer layers."""

    position: Tensor

    def __init__(self, config: MeshCodecConfig) -> None:
        super().__init__()
        width = config.width
        conv, norm = (CausalConv, nn.LayerNorm(width)) if config.causal else (CentredConv, TimeNorm(width, HORIZON))
        self.conv, self.norm = conv(width, width, TAPS), norm
        self.mix = nn.Linear(width, width)
        position = torch.zeros(width)
        if not config.causal:
            position[1::2] = 1.0  # row 0 of the published positions: sine 0, cosine 1
        self.register_buffer("position", position, persistent=False)
        self.blocks = Stack(TransformerBlock(_attention(config), config.hidden, 0.0) for _ in range(config.layers))

    def forward(self, x: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        """x: [L, T, C] → [L, T, C]."""
        x, conv = self.conv(x, child(state, "conv"), clock)
        x, norm = F.leaky_relu(x, SLOPE), State()
        if isinstance(self.norm, TimeNorm):
            x, norm = self.norm(x, child(state, "norm"), clock)
        else:
            x = self.norm(x)
        x, blocks = self.blocks(self.mix(x) + self.position, child(state, "blocks"), clock)
        return x, join(conv=conv, norm=norm, blocks=blocks)


def _attention(config: MeshCodecConfig) -> CausalAttention | FullAttention:
    if config.causal:
        return CausalAttention(config.width, config.heads, config.window)
    return FullAttention(config.width, config.heads, config.window, scale=config.width**-0.5, biased=False)


class RawMotion(nn.Module):
    """No codec at all: a frame's offsets are its latents (the paper's ablation "raw motion")."""

    def __init__(self, vertices: int) -> None:
        super().__init__()
        self.latents, self.late = 3 * vertices, 0
        self.decoder = _AsItIs()

    def encode(self, offsets: Tensor) -> Tensor:
        """The same."""
        return offsets

    def quantise(self, latents: Tensor) -> Tensor:
        """The same."""
        return latents

    def decode(self, latents: Tensor) -> Tensor:
        """The same."""
        return latents

    def loss(self, offsets: Tensor) -> dict[str, Tensor]:
        """There is nothing to learn."""
        return {}


class _AsItIs(nn.Module):
    def forward(self, latents: Tensor, state: State | None = None, clock: Clock | None = None) -> tuple[Tensor, State]:
        return latents, {}
