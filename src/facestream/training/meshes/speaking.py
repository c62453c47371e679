"""A trained run speaks the clips of a corpus, so that it can be judged.

Shapes: L lanes, one an identity, T frames, A width of the features, N subjects, D latents, V vertices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from zlib import crc32

import torch
from torch import Tensor

from facestream.corpora.meshes import MeshClip, MeshCorpus
from facestream.errors import CorpusError
from facestream.evaluation.mesh_speakers import Speak
from facestream.signals import Floats
from facestream.streaming.tree import Session
from facestream.talkers.faithful import FaithfulStep, FaithfulStreamingTalker
from facestream.training.meshes.ears import Hear
from facestream.training.meshes.recipe import MeshRecipe

Way = Literal["whole", "released", "live"]
Talk = Callable[[Tensor, Tensor, Tensor], Tensor]  # features [L, T, A], subject [L, N], noise [L, T, D] → [L, T, 3 V]


@dataclass(frozen=True)
class Speaking:
    """How a trained talker speaks.

    way: "whole", each frame sampled once on its own history and all decoded at the end; "released", as the authors'
    code tests; "live", step by step as it is served. steps: denoising passes other than the recipe's, 0 for those;
    hop: frames of a live step; seed: of the noise.
    """

    way: Way = "whole"
    steps: int = 0
    hop: int = 6
    seed: int = 0


def with_steps(recipe: MeshRecipe, steps: int) -> MeshRecipe:
    """The recipe with so many denoising passes; the weights are the same. Few of DDPM's begin from pure noise."""
    if not steps or recipe.talker.head.kind == "regression":
        return recipe
    head = recipe.talker.head
    path = "trailing" if head.path == "leading" and steps < head.steps else head.path
    return replace(recipe, talker=replace(recipe.talker, head=replace(head, steps=steps, path=path)))


def speaker(talker: FaithfulStreamingTalker, hear: Hear, corpus: MeshCorpus, speaking: Speaking) -> Speak:
    """What speaks the clips of the corpus. talker: as MeshRecipe.load gives it, with the steps that it is to make."""
    numbers = {subject: number for number, subject in enumerate(corpus.identities)}
    subjects, latents = talker.config.predictor.subjects, talker.codec.latents
    if len(numbers) != subjects:
        raise CorpusError(
            f"the talker learned from {subjects} people, '{corpus.name}' has {len(numbers)} to learn from; "
            "judge it on the corpus that it was trained on"
        )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    talk = _talk(talker.to(device), speaking)

    def speak(clip: MeshClip, identities: Sequence[str]) -> list[Floats]:
        features = torch.from_numpy(hear(clip.sound, clip.fps, len(clip.vertices)))
        who = torch.eye(subjects)[[numbers[identity] for identity in identities]]
        seeded = torch.Generator().manual_seed(speaking.seed + crc32(clip.name.encode()))
        noise = torch.stack([torch.randn(len(features), latents, generator=seeded) for _ in who])
        with torch.inference_mode():
            offsets = talk(features.expand(len(who), -1, -1).to(device), who.to(device), noise.to(device))
        return [clip.template + each.reshape(-1, *clip.template.shape) for each in offsets.cpu().numpy()]

    return speak


def _talk(talker: FaithfulStreamingTalker, speaking: Speaking) -> Talk:
    if speaking.way == "whole":
        return talker.sample
    if speaking.way == "live":
        step = FaithfulStep(talker).eval()
        return lambda features, subject, noise: live(step, features, subject, noise, speaking.hop)

    def released(features: Tensor, subject: Tensor, noise: Tensor) -> Tensor:
        seeded = torch.Generator().manual_seed(speaking.seed)

        def draw(frames: int) -> Tensor:
            return torch.randn(len(noise), frames, noise.shape[-1], generator=seeded).to(noise)

        return talker.sample_as_released(features, subject, draw)

    return released


def live(step: FaithfulStep, features: Tensor, subject: Tensor, noise: Tensor, hop: int) -> Tensor:
    """Offsets [L, T, 3 V] of a live talker that is given `hop` frames at a time; what it is late is left out in front
    and waited for behind.
    """
    session, frames, shown = Session(step, len(features)), features.shape[1], []
    waited = -(-(frames + step.late) // hop) * hop - frames
    padded = [torch.cat((each, each[:, -1:].expand(-1, waited, -1)), 1) for each in (features, noise)]
    for row in range(0, frames + waited, hop):
        heard, drawn = (each[:, row : row + hop] for each in padded)
        shown.append(session.feed(heard, subject, drawn, rows=hop))
    return torch.cat(shown, 1)[:, step.late : step.late + frames]
