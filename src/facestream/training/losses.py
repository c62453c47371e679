"""What StreamingTalker, live preset, is asked to get right.

Shapes: W windows, T frames, D latents, C channels, P phone classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from facestream.corpora.phones import BILABIAL, LABIODENTAL, PHONES
from facestream.signals import FACE
from facestream.talkers.streamingtalker import StreamingTalker
from facestream.training.batches import Batch
from facestream.training.features import UNKNOWN

# Curves that make or break a mouth count more.
IMPORTANT = {"jawOpen": 4.0, "mouthFunnel": 2.0, "mouthPucker": 2.0, "mouthRollLower": 2.0, "mouthRollUpper": 2.0}
# Sounds that must be seen count twice.
SEEN = {*BILABIAL, *LABIODENTAL, "W", "UW"}


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms; history: how the past that the predictor sees is spoilt against drift.

    phones: cross-entropy of the phone classes; events: closures and bites; lips: mouth read off the encoder, in curves;
    speed: its change from frame to frame; head: diffusion, in latents; curves: diffusion, in curves of the mouth.
    self_sampled: share of windows that see the model's own past; noise: largest noise on the past; forgotten: share of windows without past.
    """

    phones: float
    events: float
    lips: float
    speed: float
    head: float
    curves: float
    self_sampled: float
    noise: float
    forgotten: float


class TalkerLoss:
    """Loss of one batch. Knows how far each curve moves, so that all weigh alike."""

    def __init__(self, model: StreamingTalker, config: LossConfig) -> None:
        self.model, self.config = model, config
        deviation = model.codec.basis.square().sum(0).sqrt()  # [C]
        importance = torch.tensor([IMPORTANT.get(name, 1.0) for name in FACE])
        mouth = model.codec.basis[: model.config.codec.mouth].abs().sum(0) > 0
        weight = torch.where(mouth & (deviation > 0.003), importance / (deviation.square() + 1e-4), 0.0)
        self.weight = weight / (deviation > 0.003).float().mul(mouth).sum()
        self.classes = torch.tensor([2.0 if label in SEEN else 1.0 for label in PHONES])

    def __call__(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Total loss and its unweighted terms."""
        codec = self.model.codec
        target = codec.encode(batch.face)  # [W, T, D]
        past = self._spoil(F.pad(target, (0, 0, 1, 0))[:, :-1])
        heard, context, _ = self.model.condition(batch.mel, past, batch.style)
        if self.config.self_sampled:
            context = self._from_own_past(heard.features, context, past, batch.style)
        whole = batch.known.amin(-1) * batch.counts  # [W, T] 1 where every curve is given
        mouth = self.model.config.codec.mouth
        lips = heard.lips.float() @ codec.basis[:mouth] + codec.mean
        denoised = self.model.head.loss(context, target)
        terms = {
            "phones": self._phones(heard.phones.float(), batch),
            "events": self._events(heard.events.float(), batch),
            "lips": self._curves(lips, batch.lips, batch),
            "speed": self._curves(lips.diff(dim=1), batch.lips.diff(dim=1), batch) * 4.0,
            "head": _mean(denoised.float().mean(-1), whole),
            "curves": self._curves(self._clean(context) @ codec.basis + codec.mean, batch.face, batch),
        }
        total = sum((getattr(self.config, name) * term for name, term in terms.items()), torch.zeros(()))
        return total, {name: float(term.detach()) for name, term in terms.items()}

    def _clean(self, context: Tensor) -> Tensor:
        """The head's estimate from no noise at all at the highest level: what sound alone decides."""
        nothing = torch.zeros(*context.shape[:-1], self.model.config.latents)
        return self.model.head.denoise(nothing, torch.ones_like(nothing[..., :1]), context).float()

    def _spoil(self, past: Tensor) -> Tensor:
        windows = past.shape[0]
        noise = torch.rand(windows, 1, 1) * self.config.noise * torch.randn_like(past)
        kept = (torch.rand(windows, 1, 1) >= self.config.forgotten).float()
        return (past + noise) * kept

    def _from_own_past(self, features: Tensor, context: Tensor, past: Tensor, style: Tensor) -> Tensor:
        """Contexts as they are when some windows see what the model itself would have done, as it will when serving."""
        chosen = torch.rand(past.shape[0]) < self.config.self_sampled
        if not chosen.any():
            return context
        with torch.no_grad():
            noise = torch.randn(past.shape) * self.model.codec.sampled
            own = self.model.head.sample(context, noise)
            own = F.pad(own, (0, 0, 1, 0))[:, :-1]
        mixed = torch.where(chosen[:, None, None], own.to(past.dtype), past)
        return self.model.predictor(features, mixed, style)[0]  # type: ignore[no-any-return]

    def _phones(self, logits: Tensor, batch: Batch) -> Tensor:
        labels = torch.where(batch.counts[..., None] > 0, batch.phones, UNKNOWN).long()
        return F.cross_entropy(
            logits.flatten(0, 2), labels.flatten(), self.classes, ignore_index=UNKNOWN, label_smoothing=0.05
        )

    def _events(self, logits: Tensor, batch: Batch) -> Tensor:
        given = ~batch.events.isnan() & (batch.counts[..., None] > 0)
        loss = F.binary_cross_entropy_with_logits(
            logits, batch.events.nan_to_num(), reduction="none", pos_weight=torch.tensor([2.0, 3.0])
        )
        return _mean(loss, given.float())

    def _curves(self, values: Tensor, target: Tensor, batch: Batch) -> Tensor:
        frames = values.shape[1]
        given = batch.known[:, -frames:] * batch.counts[:, -frames:, None] * self.weight
        return ((values - target).square() * given).sum() / (batch.counts[:, -frames:].sum() + 1e-6)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / (weight.sum() + 1e-6)
