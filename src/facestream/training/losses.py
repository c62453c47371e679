"""What StreamingTalker, live preset, is asked to get right.

Shapes: W windows, T frames, C channels, P phone classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facestream.audio.encoders import Heard
from facestream.corpora.phones import BILABIAL, LABIODENTAL, PHONES
from facestream.signals import FACE
from facestream.talkers.streamingtalker import StreamingTalker
from facestream.training.batches import Batch
from facestream.training.features import UNKNOWN

# Curves that make or break a mouth count more.
IMPORTANT = {"jawOpen": 4.0, "mouthFunnel": 2.0, "mouthPucker": 2.0, "mouthRollLower": 2.0, "mouthRollUpper": 2.0}
ASTRAY_RATE, GLIDE = 0.03, 0.92  # how often a frame is set astray, and what is left of it a frame later
SUDDEN = 9.0  # strides in a frame beyond which a move is cut, such as a glance across the room
# Sounds that must be seen count twice.
SEEN = {*BILABIAL, *LABIODENTAL, "W", "UW"}


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms, and how the past that the predictor sees is spoilt against drift.

    phones: cross-entropy of the phone classes; events: closures and bites; lips: the mouth's curves; speed: their
    change from frame to frame; head: diffusion of life's latents (0: left out).
    astray: how far life's past is set off, in strides; noise: its tremble, in strides at most; forgotten: share of
    windows without past.
    """

    phones: float
    events: float
    lips: float
    speed: float
    head: float
    astray: float
    noise: float
    forgotten: float


class TalkerLoss(nn.Module):
    """Loss of one batch. Knows how far each curve moves, so that all weigh alike."""

    weight: Tensor
    classes: Tensor
    rarity: Tensor

    def __init__(self, model: StreamingTalker, config: LossConfig) -> None:
        super().__init__()
        self.model, self.config = model, config
        deviation = model.codec.basis.square().sum(0).sqrt()  # [C]
        importance = deviation.new_tensor([IMPORTANT.get(name, 1.0) for name in FACE])
        mouth = model.codec.basis[: model.config.codec.mouth].abs().sum(0) > 0
        weight = torch.where(mouth & (deviation > 0.003), importance / (deviation.square() + 1e-4), 0.0)
        self.register_buffer("weight", weight / (deviation > 0.003).float().mul(mouth).sum())
        self.register_buffer("classes", torch.tensor([2.0 if label in SEEN else 1.0 for label in PHONES]))
        self.register_buffer("rarity", torch.tensor([2.0, 3.0]))  # of closures and of bites

    def forward(self, **fields: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Total loss of a Batch, by its fields, and the unweighted terms."""
        batch = Batch(**fields)
        codec = self.model.codec
        heard, _ = self.model.encoder(batch.mel)
        lips = codec.lips(heard.lips.float())
        terms = {
            "phones": self._phones(heard.phones.float(), batch),
            "events": self._events(heard.events.float(), batch),
            "lips": self._curves(lips, batch.lips, batch),
            "speed": self._curves(lips.diff(dim=1), batch.lips.diff(dim=1), batch) * 4.0,
            "head": self._life(heard, batch) if self.config.head else lips.new_zeros(()),
        }
        total = sum((getattr(self.config, name) * term for name, term in terms.items()), lips.new_zeros(()))
        return total, {name: term.detach() for name, term in terms.items()}

    def _life(self, heard: Heard, batch: Batch) -> Tensor:
        """Diffusion of life's moves, where every curve is given, frame after frame."""
        life = self.model.codec.encode(batch.face)[..., self.model.config.codec.mouth :]  # [W, T, life]
        context, move, goes_on = self._moves(heard, life, batch)
        whole = batch.known.amin(-1) * batch.counts * goes_on  # [W, T]
        return _mean(self.model.head.loss(context, move).float().mean(-1), whole)

    def _moves(self, heard: Heard, life: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Contexts, the moves asked for [W, T, life] and where they count [W, T], over a past such as serving has.

        The lips' past is the model's own. Life's past is now and then set astray and glides back to the truth, so that
        errors of serving do the same and never add up; besides it trembles a little, or is forgotten.
        """
        stride = self.model.stride
        pushes = (torch.rand(life.shape[:2], device=life.device)[..., None] < ASTRAY_RATE).float()  # [W, T, 1]
        own = life + _gliding(pushes * self.config.astray * stride * torch.randn_like(life))
        goes_on = (1 - batch.begins) * (1 - pushes[..., 0])
        seen = own + torch.rand(len(life), 1, 1, device=life.device) * self.config.noise * stride * torch.randn_like(
            life
        )
        moved = F.pad(seen.diff(dim=1), (0, 0, 1, 0)) / stride * goes_on[..., None]
        motion = torch.cat((heard.lips.detach().float(), seen, moved.clamp(-SUDDEN, SUDDEN)), -1)
        kept = (torch.rand(len(life), 1, 1, device=life.device) >= self.config.forgotten).float()
        context, _ = self.model.condition(heard, F.pad(motion, (0, 0, 1, 0))[:, :-1] * kept, batch.style)
        before = self.model.kept * F.pad(seen, (0, 0, 1, 0))[:, :-1]
        return context, ((own - before) / stride).clamp(-SUDDEN, SUDDEN), goes_on

    def _phones(self, logits: Tensor, batch: Batch) -> Tensor:
        labels = torch.where(batch.counts[..., None] > 0, batch.phones, UNKNOWN).long()
        return F.cross_entropy(
            logits.flatten(0, 2), labels.flatten(), self.classes, ignore_index=UNKNOWN, label_smoothing=0.05
        )

    def _events(self, logits: Tensor, batch: Batch) -> Tensor:
        given = ~batch.events.isnan() & (batch.counts[..., None] > 0)
        loss = F.binary_cross_entropy_with_logits(
            logits, batch.events.nan_to_num(), reduction="none", pos_weight=self.rarity
        )
        return _mean(loss, given.float())

    def _curves(self, values: Tensor, target: Tensor, batch: Batch) -> Tensor:
        frames = values.shape[1]
        given = batch.known[:, -frames:] * batch.counts[:, -frames:, None] * self.weight
        return ((values - target).square() * given).sum() / (batch.counts[:, -frames:].sum() + 1e-6)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / (weight.sum() + 1e-6)


def _gliding(pushes: Tensor) -> Tensor:
    """Pushes [W, T, D] that die away: each leaves GLIDE of itself to the next frame."""
    frames = torch.arange(pushes.shape[1], device=pushes.device)
    age = frames[:, None] - frames
    return torch.where(age >= 0, GLIDE ** age.clamp(min=0), 0.0) @ pushes
