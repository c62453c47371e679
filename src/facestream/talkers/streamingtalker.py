"""StreamingTalker, live preset: sound → causal transformer over a short motion history → diffusion head → face.

Shapes: L lanes, M spectral hops, T frames (M = 4 T), B mel bands, S styles, C face channels;
D latents = `mouth` of the lips, jaw and tongue, then `life` of head, brows, lids, gaze and mood. The history that the
predictor sees has another `life` columns: how life moved last.

        mel ──▶ encoder ──┬──▶ lips, closures ──────────────┬──▶ codec ──▶ curves
                          └──▶ predictor ──▶ head ──▶ life ──┤
                                 ▲   ▲        ▲              │
                             style   │      noise            │
                                     └───── last motion ◀────┘

What the lips do is decided by the sound alone; what the rest of the face does is sampled to go with it. (Measured: lips
sampled through the history lost a third of their correlation with the sound. See LOG.md.) The head denoises how life
moves on from the last frame, in units of how far it usually moves: sampled positions would tremble.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facestream.audio.encoders import EncoderConfig, Heard, MelEncoder
from facestream.motion.codecs.linear import CodecConfig, LinearCodec
from facestream.motion.heads.diffusion import DiffusionConfig, DiffusionHead
from facestream.motion.predictor import Predictor, PredictorConfig
from facestream.signals import FACE
from facestream.streaming.clock import Clock
from facestream.streaming.memory import Latch, Memory
from facestream.streaming.tree import State, child, join

LEAK = 0.1  # share of a latent that is lost in a frame, at most: a fast one; slow ones lose as much as they move


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
        return self.codec.mouth + self.life

    @property
    def life(self) -> int:
        """Latents of the face's life, which are sampled."""
        return sum(self.codec.life)

    @property
    def history(self) -> int:
        """Columns of the motion history: the latents, and life's moves."""
        return self.latents + self.life


class StreamingTalker(nn.Module):
    """`condition` is the training path, `forward` one live step; they share every layer."""

    amplitude: Tensor
    stride: Tensor
    temperature: Tensor

    def __init__(self, config: StreamingTalkerConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = MelEncoder(config.encoder)
        self.predictor = Predictor(config.predictor, config.encoder.width, config.history)
        self.head = DiffusionHead(config.head, config.predictor.width, config.life)
        self.codec = LinearCodec(config.codec)
        self.register_buffer("amplitude", torch.ones(config.predictor.styles, len(FACE)))  # of each style's mouth
        self.register_buffer("stride", torch.ones(config.life))  # how far life's latents usually move in a frame
        self.register_buffer("temperature", torch.ones(config.life))  # of the noise: few steps make too few rare moves

    @property
    def kept(self) -> Tensor:
        """Share of life's latents that a frame keeps, [life]: whatever the head gets wrong dies away."""
        return 1.0 - self.stride.clamp(max=LEAK)

    def memories(self) -> dict[str, Memory]:
        """The last motion: mouth, life, and life's last move in strides."""
        return {"motion": Latch(self.config.history)}

    def condition(
        self, heard: Heard, past: Tensor, style: Tensor, state: State | None = None, clock: Clock | None = None
    ) -> tuple[Tensor, State]:
        """Contexts and the update. past: [L, T, history], motion of the frame before each; style: [L, T, S]."""
        context, predictor = self.predictor(heard.features, past, style, child(state, "predictor"), clock)
        return context, join(predictor=predictor)

    def forward(self, mel: Tensor, style: Tensor, noise: Tensor, state: State, clock: Clock) -> tuple[Tensor, State]:
        """One step: mel [L, 4, B], style [L, S], noise [L, life] → curves [L, C], update."""
        heard, encoder = self.encoder(mel, child(state, "encoder"), clock)
        past = state["motion"]
        context, update = self.condition(heard, past[:, None], style[:, None], state, clock)
        lips, before = heard.lips[:, 0], past[:, self.config.codec.mouth : self.config.latents]
        life = self.kept * before + self.stride * self.head.sample(context[:, 0], noise * self.temperature)
        face = self.codec.decode(torch.cat((lips, life), -1), heard.events[:, 0], style @ self.amplitude)
        return face, join(encoder=encoder) | update | {
            "motion": torch.cat((lips, life, (life - before) / self.stride), -1)
        }
