"""Talkers of meshes small enough for two CPU cores, on a generated corpus in VOCASET's layout.

The corpus is expected under data/meshes/vocaset_small. RECIPE is ours live: a causal codec with continuous latents, and
a head that samples in one pass (more make it no better, see LOG.md). VARIANTS: "faithful", the published network in
small (VQ-VAE that sees the whole clip, affine head, 50 passes); "regression", in FaceFormer's manner (Fan et al. 2022):
vertices straight from the sound and all vertices before, no codec, no sampling; and the ablations of ours.

All hear through the live talker's encoder, frozen.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from facestream.motion.codecs.vq import MeshCodecConfig
from facestream.motion.condition import ConditionConfig
from facestream.motion.heads.clean import HeadConfig
from facestream.talkers.faithful import FaithfulConfig, TeachingConfig
from facestream.training.fit import FitConfig
from facestream.training.meshes.ablations import LONGEST, ablations
from facestream.training.meshes.batches import WindowConfig
from facestream.training.meshes.ears import EncoderEars
from facestream.training.meshes.recipe import CodecStage, MeshRecipe, MotionStage
from facestream.training.recipe import load_recipe

LIVE = load_recipe(Path(__file__).with_name("streamingtalker_live.py"))
VERTICES, PEOPLE = 5023, 8

CODEC = MeshCodecConfig(
    vertices=VERTICES,
    slots=8,
    columns=8,
    codes=0,
    divergence=1e-3,
    width=96,
    layers=2,
    heads=4,
    hidden=192,
    bridge=True,
    window=30,
    causal=True,
)
PREDICTOR = ConditionConfig(
    width=128, heads=4, layers=2, hidden=256, activation="gelu", window=60, period=30, subjects=PEOPLE, dropout=0.1
)
FIT = FitConfig(steps=1000, rate=1.5e-3, warm_up=100, mean_decay=0.99, save_every=200, check_every=200)
WINDOWS = WindowConfig(clips=2, frames=60)

RECIPE = MeshRecipe(
    name="streamingtalker-mesh-small",
    data=Path("data/meshes/vocaset_small"),
    talker=FaithfulConfig(
        fps=30,
        features=LIVE.model.encoder.width,
        codec=CODEC,
        predictor=PREDICTOR,
        head=HeadConfig(kind="mlp", blocks=2, path="straight", steps=1),
        unit=0.002,
    ),
    ears=EncoderEars(LIVE.model.encoder, LIVE.timing.delay),
    codec=CodecStage(WINDOWS, replace(FIT, steps=800)),
    motion=MotionStage(WINDOWS, FIT, TeachingConfig(noise=2.0)),
)

FAITHFUL = replace(
    RECIPE,
    name="streamingtalker-mesh-small-faithful",
    talker=replace(
        RECIPE.talker,
        codec=replace(CODEC, codes=256, divergence=0.0, causal=False),
        predictor=replace(PREDICTOR, activation="relu"),
        head=HeadConfig(kind="affine", blocks=0, path="leading", steps=50),
    ),
)
REGRESSION = replace(
    RECIPE,
    name="streamingtalker-mesh-small-regression",
    talker=replace(
        RECIPE.talker,
        codec=VERTICES,
        predictor=replace(PREDICTOR, activation="relu", window=LONGEST),
        head=HeadConfig(kind="regression", blocks=0, path="straight", steps=1),
    ),
    codec=None,
    motion=replace(RECIPE.motion, teaching=TeachingConfig(noise=2.0, sampled=0.5)),
)
VARIANTS = {"faithful": FAITHFUL, "regression": REGRESSION, **ablations(RECIPE)}
