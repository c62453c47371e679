"""A talker's live step together with the encoder that it hears through: log-mel in, faces out.

Shapes: L lanes, M hops, B mel bands, S styles, F frames of a block, D latents, C numbers of a face.
"""

from __future__ import annotations

from torch import Tensor, nn

from facestream.audio.encoder_blocks import EncoderBlocks
from facestream.streaming.clock import Clock
from facestream.streaming.tree import State, child, join


class HearingStep(nn.Module):
    """Features of the encoder's block are the step's sound."""

    def __init__(self, ears: EncoderBlocks, step: nn.Module) -> None:
        super().__init__()
        self.ears, self.step = ears, step

    def forward(self, mel: Tensor, style: Tensor, noise: Tensor, state: State, clock: Clock) -> tuple[Tensor, State]:
        """mel: [L, M, B]; style: [L, S]; noise: [L, F, D] → [L, F, C]."""
        features, ears = self.ears(mel, child(state, "ears") or {}, clock)
        faces, step = self.step(features, style, noise, child(state, "step") or {}, clock)
        return faces, join(ears=ears, step=step)
