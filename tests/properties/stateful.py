"""Everything that has state, small, for the properties that all of it must have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facestream.audio.encoders import EncoderConfig, MelEncoder
from facestream.motion.codecs.linear import CodecConfig
from facestream.motion.codecs.vq import Decoder, MeshCodecConfig
from facestream.motion.condition import ConditionConfig, ConditionPredictor
from facestream.motion.heads.diffusion import DiffusionConfig
from facestream.motion.predictor import Predictor, PredictorConfig
from facestream.nn.attention import CausalAttention, stepped_slopes
from facestream.nn.conv import CausalConv, ConvBlock
from facestream.nn.transformer import Stack, TransformerBlock
from facestream.streaming.tree import child, join
from facestream.talkers.streamingtalker import StreamingTalker, StreamingTalkerConfig

ENCODER = EncoderConfig(
    bands=6,
    stem=8,
    middle=8,
    dilations=(1, 2),
    width=8,
    heads=2,
    layers=2,
    window=5,
    hidden=16,
    phones=4,
    lips=3,
    dropout=0.1,
)
PREDICTOR = PredictorConfig(width=8, heads=2, layers=2, window=7, hidden=16, styles=2, dropout=0.1)
TALKER = StreamingTalkerConfig(
    encoder=ENCODER,
    predictor=PREDICTOR,
    head=DiffusionConfig(width=16, blocks=2, steps=3),
    codec=CodecConfig(mouth=3, life=(1, 1, 0, 0, 0), certainty=(0.3, 0.6)),
)


@dataclass(frozen=True)
class Case:
    """make: a module whose forward is (inputs..., state, clock) -> (output, update); widths: columns of each input;
    rates: input rows to an output row; rows on the clock are output rows."""

    name: str
    make: Callable[[], nn.Module]
    widths: tuple[int, ...]
    rates: tuple[int, ...] = (1,)

    def module(self) -> nn.Module:
        torch.manual_seed(3)
        module = self.make().eval()
        for weight in module.parameters():
            torch.nn.init.normal_(weight, std=0.4)
        return module

    def inputs(self, lanes: int, rows: int, seed: int = 0) -> list[Tensor]:
        generator = torch.Generator().manual_seed(seed)
        return [
            torch.randn(lanes, rows * rate, width, generator=generator)
            for width, rate in zip(self.widths, self.rates, strict=True)
        ]

    def cut(self, inputs: list[Tensor], start: int, end: int) -> list[Tensor]:
        return [x[:, start * rate : end * rate] for x, rate in zip(inputs, self.rates, strict=True)]


class _Features(nn.Module):
    """The encoder's outputs side by side, so that they compare like any other layer's."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = MelEncoder(ENCODER)

    def forward(self, mel: Tensor, state=None, clock=None):  # type: ignore[no-untyped-def]
        heard, update = self.encoder(mel, child(state, "encoder"), clock)
        return torch.cat((heard.features, heard.phones.flatten(2), heard.events, heard.lips), -1), join(encoder=update)


class _Condition(nn.Module):
    """The condition predictor under one subject."""

    def __init__(self, remembers: bool = True) -> None:
        super().__init__()
        config = ConditionConfig(8, 2, 2, 16, "gelu", 7, 3, subjects=2, dropout=0.1, remembers=remembers)
        self.predictor = ConditionPredictor(config, features=6)

    def forward(self, speech: Tensor, past: Tensor, state=None, clock=None):  # type: ignore[no-untyped-def]
        subject = torch.eye(2)[:1].expand(len(past), -1)
        heard = self.predictor.hear(speech)
        context, update = self.predictor(heard, past, subject, child(state, "predictor"), clock)
        return context, join(predictor=update)


MESH = MeshCodecConfig(
    vertices=3,
    slots=2,
    columns=4,
    codes=0,
    divergence=0.0,
    width=12,
    layers=2,
    heads=2,
    hidden=16,
    bridge=True,
    window=6,
    causal=True,
)

CASES = [
    Case("conv", lambda: CausalConv(3, 4, taps=5), (3,)),
    Case("conv dilated", lambda: CausalConv(3, 4, taps=3, dilation=4), (3,)),
    Case("conv strided", lambda: CausalConv(3, 4, taps=4, stride=2), (3,), (2,)),
    Case("conv without past", lambda: CausalConv(3, 4, taps=2, stride=2), (3,), (2,)),
    Case("conv block", lambda: ConvBlock(4, 3, 2), (4,)),
    Case("attention", lambda: CausalAttention(8, 2, window=5), (8,)),
    Case("attention in steps", lambda: CausalAttention(8, 2, 5, stepped_slopes(2, 5, 2), biased=False), (8,)),
    Case("transformer", lambda: Stack(TransformerBlock(CausalAttention(8, 2, 5), 16, 0.1) for _ in range(2)), (8,)),
    Case("encoder", _Features, (6,), (4,)),
    Case("predictor", lambda: Predictor(PREDICTOR, audio_width=8, latents=5), (8, 5, 2), (1, 1, 1)),
    Case("condition predictor", _Condition, (6, 8), (1, 1)),
    Case("condition predictor without memory", lambda: _Condition(remembers=False), (6, 8), (1, 1)),
    Case("causal mesh decoder", lambda: Decoder(MESH), (8,)),
]


def talker() -> StreamingTalker:
    """A small StreamingTalker whose parts all move."""
    torch.manual_seed(5)
    model = StreamingTalker(TALKER).eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    torch.nn.init.normal_(model.codec.basis, std=0.1)
    model.stride.fill_(0.05)
    return model
