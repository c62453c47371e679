"""The causal predictor: past motion, sound and style → a condition for the next motion.

Shapes: L lanes, T frames, C width, A audio width, D motion latents, S styles.

StreamingTalker, section "condition predictor": position i holds the motion of frame i - 1 and predicts frame i, over a
bounded history. The paper lets position i attend to audio frame i alone (a diagonal mask); attention over one key is
a linear map of it, so the sound is simply added.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from facestream.nn.attention import CausalAttention
from facestream.nn.transformer import Stack, TransformerBlock
from facestream.streaming.clock import Clock
from facestream.streaming.tree import State, child, join


@dataclass(frozen=True)
class PredictorConfig:
    """Sizes of the predictor. window: frames of motion history (60–120 in the paper); styles: how many are known."""

    width: int
    heads: int
    layers: int
    window: int
    hidden: int
    styles: int
    dropout: float


class Predictor(nn.Module):
    """Causal transformer over a short motion history."""

    def __init__(self, config: PredictorConfig, audio_width: int, latents: int) -> None:
        super().__init__()
        self.from_audio = nn.Linear(audio_width, config.width)
        self.from_motion = nn.Linear(latents, config.width)
        self.from_style = nn.Linear(config.styles, config.width, bias=False)
        self.blocks = Stack(
            TransformerBlock(CausalAttention(config.width, config.heads, config.window), config.hidden, config.dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)

    def forward(
        self, audio: Tensor, past: Tensor, style: Tensor, state: State | None = None, clock: Clock | None = None
    ) -> tuple[Tensor, State]:
        """audio: [L, T, A]; past: [L, T, D], latents of the frame before each; style: [L, T, S] weights → [L, T, C]."""
        x = self.from_audio(audio) + self.from_motion(past) + self.from_style(style)
        x, blocks = self.blocks(x, child(state, "blocks"), clock)
        return self.norm(x), join(blocks=blocks)
