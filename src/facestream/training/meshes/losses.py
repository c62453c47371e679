"""The two stages' losses, and what the two are measured by on clips that they do not learn from.

Shapes: L clips, T frames, V vertices, A width of the features, N subjects, D latents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facestream.corpora.meshes import MeshCorpus
from facestream.evaluation.mesh import lip_errors, vertex_errors
from facestream.signals import Floats
from facestream.talkers.faithful import FaithfulStreamingTalker, TeachingConfig
from facestream.training.meshes.features import HeardCorpus

MOST_CLIPS, MOST_FRAMES = 8, 120  # of a look at held-out clips


class CodecLoss(nn.Module):
    """First stage: the codec gives back what it is given."""

    def __init__(self, talker: FaithfulStreamingTalker) -> None:
        super().__init__()
        self.codec, self.unit = talker.codec, talker.config.unit

    def forward(self, offsets: Tensor, subject: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """offsets: [L, 1 + T, 3V], the first of them the frame before; subject: [L], of no use here."""
        return _summed(self.codec.loss(offsets[:, 1:] / self.unit))


class MotionLoss(nn.Module):
    """Second stage: the next latents from those before, the speech and the subject."""

    def __init__(self, talker: FaithfulStreamingTalker, teaching: TeachingConfig) -> None:
        super().__init__()
        self.talker, self.teaching = talker, teaching
        self.subjects = talker.config.predictor.subjects

    def forward(self, offsets: Tensor, subject: Tensor, features: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """offsets: [L, 1 + T, 3V], the first of them the frame before; subject: [L]; features: [L, T, A]."""
        who = F.one_hot(subject, self.subjects).to(features.dtype)
        return _summed(self.talker.loss(features, offsets[:, 1:], offsets[:, 0], who, self.teaching))


def _summed(terms: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    return torch.stack([*terms.values()]).sum(), {name: term.detach() for name, term in terms.items()}


class HeldOut:
    """Clips of another split, beside the mean face: what a talker that hears nothing would show."""

    def __init__(self, corpus: MeshCorpus, names: Sequence[str], mean: Floats, heard: HeardCorpus) -> None:
        self.corpus, self.heard = corpus, heard
        chosen = [names[k] for k in np.linspace(0, len(names) - 1, min(MOST_CLIPS, len(names))).astype(int)]
        frames = min(MOST_FRAMES, *(corpus.frames(name) for name in chosen))
        self.offsets = np.stack([corpus.clip(name).offsets[:frames] for name in chosen])  # [L, T, V, 3]
        self.features = torch.from_numpy(np.stack([heard.features(name, 0, frames) for name in chosen]))
        self.mean_face = self._figures(np.broadcast_to(mean, self.offsets.shape))

    def codec(self, talker: FaithfulStreamingTalker) -> dict[str, float]:
        """How near the codec comes to what it is given."""
        device = next(talker.parameters()).device
        given = torch.from_numpy(self.offsets.reshape(*self.offsets.shape[:2], -1)).to(device) / talker.config.unit
        shown = talker.codec.decode(talker.codec.quantise(talker.codec.encode(given))) * talker.config.unit
        return self._figures(shown.cpu().numpy().reshape(self.offsets.shape))

    def motion(self, talker: FaithfulStreamingTalker) -> dict[str, float]:
        """How near the talker comes by hearing alone, on its own history; clips take turns with the subjects."""
        device, lanes = next(talker.parameters()).device, len(self.offsets)
        subjects = talker.config.predictor.subjects
        who = F.one_hot(torch.arange(lanes) % subjects, subjects).float().to(device)
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(lanes, self.offsets.shape[1], talker.codec.latents, generator=generator).to(device)
        shown = talker.sample(self.features.to(device), who, noise)
        return self._figures(shown.cpu().numpy().reshape(self.offsets.shape))

    def _figures(self, shown: Floats) -> dict[str, float]:
        """LVE and MVE in the corpus' unit."""
        lips = self.corpus.topology.lips
        pairs = list(zip(shown, self.offsets, strict=True))
        return {
            "lve": float(np.mean([lip_errors(one, true, lips).mean() for one, true in pairs])),
            "mve": float(np.mean([vertex_errors(one, true).mean() for one, true in pairs])),
        }
