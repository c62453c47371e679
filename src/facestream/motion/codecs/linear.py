"""A continuous latent codec for face curves: whitened principal components, frame by frame, so causal by nature.

Shapes: ... any leading axes, C face channels (signals.FACE), D latents = mouth latents first, then life latents.

StreamingTalker's own ablation finds a continuous latent as good as its codebook. The mouth and each part of the face's
life (head, gaze, lids, brows, mood) have components of their own: the mouth is decided by sound, the rest is sampled,
and a head that turns slowly must not share a component with eyes that jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from facestream.motion.spaces import LIFE, MOUTH, seal_lips
from facestream.signals import FACE, ROTATIONS, Floats

FAINT = 0.02  # a component that moves less than this is not blown up to unit variance


@dataclass(frozen=True)
class CodecConfig:
    """Latents a frame, and when a closure is certain.

    mouth: latents of the mouth; life: of each part of spaces.LIFE, in its order; certainty: the span of a closure's
    probability that becomes seal 0..1.
    """

    mouth: int
    life: tuple[int, ...]
    certainty: tuple[float, float]


class LinearCodec(nn.Module):
    """Whitened principal components; fitted once, then constant."""

    mean: Tensor
    basis: Tensor
    analysis: Tensor
    gain: Tensor
    top: Tensor
    bottom: Tensor

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        latents = config.mouth + sum(config.life)
        self.config = config
        self.register_buffer("mean", torch.zeros(len(FACE)))
        self.register_buffer("basis", torch.zeros(latents, len(FACE)))  # latents → curves
        self.register_buffer("analysis", torch.zeros(len(FACE), latents))  # curves → latents
        self.register_buffer("gain", torch.ones(len(FACE)))  # restores the amplitude that an expectation loses
        top = torch.tensor([torch.inf if name in ROTATIONS else 1.0 for name in FACE])
        self.register_buffer("top", top, persistent=False)
        self.register_buffer("bottom", torch.where(top.isinf(), -torch.inf, 0.0), persistent=False)

    def fit(self, values: Floats) -> None:
        """Principal components of each group from curves [N, C] (a sample of the corpus)."""
        mean = values.mean(0)
        offset = 0
        for group, count in zip((MOUTH, *LIFE.values()), (self.config.mouth, *self.config.life), strict=True):
            columns = np.array([FACE.index(name) for name in group])
            centred = values[:, columns] - mean[columns]
            variance, axes = np.linalg.eigh(centred.T @ centred / len(values))
            largest = np.argsort(variance)[::-1][:count]
            deviation = np.sqrt(np.maximum(variance[largest], FAINT**2))
            rows = slice(offset, offset + count)
            self.basis[rows, columns] = torch.from_numpy((axes[:, largest] * deviation).T.astype(np.float32))
            self.analysis[columns, rows] = torch.from_numpy((axes[:, largest] / deviation).astype(np.float32))
            offset += count
        self.mean.copy_(torch.from_numpy(mean))

    def encode(self, values: Tensor) -> Tensor:
        """values: [..., C] curves → [..., D] latents."""
        return (values - self.mean) @ self.analysis

    def decode(self, latents: Tensor, events: Tensor, amplitude: Tensor) -> Tensor:
        """Latents → curves [..., C]. latents: [..., D]; events: [..., 2] logits, the first of lips sealed;
        amplitude: [..., C], a factor for each curve.

        A closure that was heard is a closure that is seen: it overrules the latents.
        """
        values = ((latents @ self.basis + self.mean) * self.gain * amplitude).clamp(self.bottom, self.top)
        low, high = self.config.certainty
        return seal_lips(values, ((events[..., 0].sigmoid() - low) / (high - low)).clamp(0, 1))

    def lips(self, latents: Tensor) -> Tensor:
        """Curves [..., C] of the mouth's latents alone [..., mouth]; other curves at their mean."""
        return latents @ self.basis[: self.config.mouth] + self.mean
