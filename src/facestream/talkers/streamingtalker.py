"""StreamingTalker: sound → causal transformer over a short motion history → diffusion head → face.

Shapes: L lanes, M spectral hops, T frames (M = 4 T), B mel bands, D latents, S styles, C face channels.

        mel ──▶ encoder ──┬──────────────▶ predictor ──▶ head ──▶ codec ──▶ curves
                          │ lip events        ▲ ▲          ▲        ▲
                          └───────────────────┼─┼──────────┼────────┘
                              last latents ───┘ └─ style   └─ noise
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from facestream.audio.encoders import EncoderConfig, Heard, MelEncoder
from facestream.motion.codecs.linear import CodecConfig, LinearCodec
from facestream.motion.heads.diffusion import DiffusionConfig, DiffusionHead
from facestream.motion.predictor import Predictor, PredictorConfig
from facestream.streaming.clock import Clock
from facestream.streaming.memory import Latch, Memory
from facestream.streaming.tree import State, child, join


@dataclass(frozen=True)
class StreamingTalkerConfig:
    """Sizes of all parts."""

    encoder: EncoderConfig
    predictor: PredictorConfig
    head: DiffusionConfig
    codec: CodecConfig

    @property
    def latents(self) -> int:
        """Motion latents a frame."""
        return self.codec.mouth + self.codec.life


class StreamingTalker(nn.Module):
    """The live preset. `condition` is the training path, `forward` one live step; they share every layer."""

    def __init__(self, config: StreamingTalkerConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = MelEncoder(config.encoder)
        self.predictor = Predictor(config.predictor, config.encoder.width, config.latents)
        self.head = DiffusionHead(config.head, config.predictor.width, config.latents)
        self.codec = LinearCodec(config.codec)

    def memories(self) -> dict[str, Memory]:
        """The latents of the last frame."""
        return {"motion": Latch(self.config.latents)}

    def condition(
        self, mel: Tensor, past: Tensor, style: Tensor, state: State | None = None, clock: Clock | None = None
    ) -> tuple[Heard, Tensor, State]:
        """mel: [L, M, B]; past: [L, T, D]; style: [L, T, S] → what was heard, contexts [L, T, C], update."""
        heard, encoder = self.encoder(mel, child(state, "encoder"), clock)
        context, predictor = self.predictor(heard.features, past, style, child(state, "predictor"), clock)
        return heard, context, join(encoder=encoder, predictor=predictor)

    def forward(self, mel: Tensor, style: Tensor, noise: Tensor, state: State, clock: Clock) -> tuple[Tensor, State]:
        """One step: mel [L, 4, B], style [L, S], noise [L, D] → curves [L, C], update."""
        heard, context, update = self.condition(mel, state["motion"][:, None], style[:, None], state, clock)
        latents = self.head.sample(context[:, 0], noise * self.codec.sampled)
        return self.codec.decode(latents, heard.events[:, 0]), update | {"motion": latents}
