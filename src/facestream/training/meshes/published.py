"""How the paper's authors train, and what we changed in it.

* The learning rate falls along a cosine: halved every 20 epochs, as published, it is spent before the codec is learned.
* A window that begins in mid-clip remembers the true frame before it, not the face at rest.
* The history is spoilt a little, so that the network learns to come back from its own errors.
* Motion is in a small unit inside, because metres make for gradients of thousandths.
* Speech is heard through the bounded windows through which it is heard live, not the whole clip at once.

Speech features are computed once here; the authors go on training the speech model's transformer in the second stage.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from facestream.audio.speech_windows import SpeechWindow
from facestream.talkers.faithful import TeachingConfig
from facestream.training.fit import FitConfig
from facestream.training.meshes.ears import SpeechModelEars
from facestream.training.meshes.recipe import MeshRecipe


def published_fit(epoch: int, epochs: int, rate: float, halve_every: int = 0) -> FitConfig:
    """AdamW as PyTorch has it by default, no warm-up, no clipping. epoch: its steps; halve_every: epochs (0: never)."""
    return FitConfig(
        steps=epochs * epoch,
        rate=rate,
        warm_up=0,
        weight_decay=0.01,
        clip=float("inf"),
        betas=(0.9, 0.999),
        mean_decay=0.0,
        fall="halving" if halve_every else "never",
        halve_every=halve_every * epoch,
        save_every=500,
        keep_every=20 * epoch,
        check_every=5 * epoch,
        half=False,
    )


def mended(recipe: MeshRecipe, name: str, unit: float) -> MeshRecipe:
    """A published recipe with our changes. unit: of motion inside, in units of the vertices."""
    assert recipe.codec is not None and isinstance(recipe.ears, SpeechModelEars)
    ours: dict[str, Any] = {
        "fall": "cosine",
        "rate": 1e-4,
        "warm_up": 500,
        "clip": 1.0,
        "mean_decay": 0.999,
        "half": True,
    }
    motion = replace(recipe.motion, fit=replace(recipe.motion.fit, **ours), teaching=TeachingConfig(noise=0.3))
    codec = replace(recipe.codec, fit=replace(recipe.codec.fit, **ours))
    talker, ears = replace(recipe.talker, unit=unit), replace(recipe.ears, window=SpeechWindow())
    return replace(recipe, name=name, talker=talker, ears=ears, codec=codec, motion=motion)
