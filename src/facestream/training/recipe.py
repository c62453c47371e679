"""A training run as one value: the sizes, the stages, the schedule."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import torch

from facestream.errors import CorpusError, did_you_mean
from facestream.motion.spaces import MOUTH
from facestream.signals import FACE
from facestream.talkers.streamingtalker import StreamingTalker, StreamingTalkerConfig
from facestream.timing import Timing
from facestream.training.batches import BatchConfig, Batches
from facestream.training.features import Features
from facestream.training.fit import Fit, FitConfig
from facestream.training.losses import LossConfig, TalkerLoss
from facestream.training.weights import WEIGHTS, load_weights


@dataclass(frozen=True)
class Stage:
    """Part of a run, up to step `until`. clean: only unaugmented items."""

    until: int
    batch: BatchConfig
    loss: LossConfig
    clean: bool = False


@dataclass(frozen=True)
class Recipe:
    """A published training run. name, licence (SPDX), made_from (sources with their licences): for the bundle; data:
    where its feature folders are by default."""

    name: str
    licence: str
    made_from: tuple[str, ...]
    model: StreamingTalkerConfig
    timing: Timing
    fit: FitConfig
    stages: tuple[Stage, ...]
    data: Path = Path("data/features")

    def train(self, data: Path | None, folder: Path, start: Path | None = None) -> None:
        """See `run`. data: feature folders."""
        run(self, data or self.data, folder, start)


@runtime_checkable
class TrainingRun(Protocol):
    """What `facestream train` can run: a Recipe, or a MeshRecipe."""

    def train(self, data: Path | None, folder: Path, start: Path | None = None) -> None:
        """Train, or go on training, with everything in `folder`.

        data: the material (None: where the recipe has it by default); start: what a new run begins with.
        """


Run = TypeVar("Run")


def load_recipe(path: Path, variant: str | None = None, kind: type[Run] = Recipe) -> Run:  # type: ignore[assignment]
    """The RECIPE of a Python file, or one of its VARIANTS by name. Raises CorpusError if there is none of this kind."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise CorpusError(
            f"there is no recipe '{path}'; expected a Python file that defines RECIPE, such as those in recipes/"
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    variants = getattr(module, "VARIANTS", {})
    if variant is not None and variant not in variants:
        known = tuple(variants)
        raise CorpusError(
            f"{path} has no variant '{variant}'.{did_you_mean(variant, known)} It has: {', '.join(known) or 'none'}"
        )
    recipe = getattr(module, "RECIPE", None) if variant is None else variants[variant]
    if not isinstance(recipe, kind):
        raise CorpusError(f"{path} defines no RECIPE of this kind; expected `RECIPE = {kind.__name__}(...)`")
    return recipe


def run(recipe: Recipe, features: Path, folder: Path, start: Path | None = None) -> StreamingTalker:
    """Train, or go on training, with checkpoints in `folder`; returns the model with its last weights.

    start: a bundle whose weights a new run begins with, instead of random ones.
    """
    for stage in recipe.stages:
        for name in stage.batch.shares:
            if not (features / name / "index.json").exists():
                raise CorpusError(f"{features / name} holds no features; make them with `facestream prepare features`")
    torch.manual_seed(0)
    model = StreamingTalker(recipe.model)
    standardise(model, [Features(features / name) for name in recipe.stages[0].batch.shares])
    if start is not None:
        model.load_state_dict(load_weights(start / WEIGHTS))
    fit = Fit(model, recipe.fit, folder)
    for stage in recipe.stages:
        if fit.step >= stage.until:
            continue
        batches = Batches(features, stage.batch, recipe.timing.delay, recipe.model.predictor.styles, stage.clean)
        fit.run(TalkerLoss(model, stage.loss), batches.make, until=stage.until)
    return model


def standardise(model: StreamingTalker, sources: list[Features]) -> None:
    """Set what is fitted in closed form: the spectrum's mean and scale, the codec's components, life's stride,
    the amplitude of each style's mouth."""
    order = np.random.default_rng(0).permutation
    picked = [(source, source.items[i]) for source in sources for i in order(len(source.items))[:200]]
    read = [source.read(item, 0, item.frames) for source, item in picked]
    mel = torch.cat([torch.from_numpy(arrays["mel"]) for arrays in read])
    model.encoder.band_mean.copy_(mel.mean(0))
    model.encoder.band_scale.copy_(1.0 / mel.std(0))
    model.codec.fit(torch.cat([torch.from_numpy(arrays["face"]) for arrays in read]).numpy())
    life = [model.codec.encode(torch.from_numpy(arrays["face"]))[:, model.config.codec.mouth :] for arrays in read]
    model.stride.copy_(torch.cat([latents.diff(dim=0) for latents in life]).std(0).clamp(min=0.01))
    mouth = torch.tensor([name in MOUTH for name in FACE])
    for style in range(model.config.predictor.styles):
        pairs = [
            arrays for (_, item), arrays in zip(picked, read, strict=True) if item.style == style and not item.measured
        ]
        face, lips = (torch.cat([torch.from_numpy(arrays[name]) for arrays in pairs]) for name in ("face", "lips"))
        ratio = (face * lips).sum(0) / (lips.square().sum(0) + 1e-6)
        model.amplitude[style] = torch.where(mouth & (lips.square().mean(0) > 1e-5), ratio, 1.0)
