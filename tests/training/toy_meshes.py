"""A corpus of meshes that open with the loudness of a tone, and a recipe for it that trains in seconds."""

from pathlib import Path

import numpy as np

from facestream.corpora.meshes import MeshClip, MeshCorpus, MeshSet, MeshWriter
from facestream.faces.topology import Topology
from facestream.motion.codecs.vq import MeshCodecConfig
from facestream.motion.condition import ConditionConfig
from facestream.motion.heads.clean import HeadConfig
from facestream.talkers.faithful import FaithfulConfig, TeachingConfig
from facestream.training.fit import FitConfig
from facestream.training.meshes.batches import WindowConfig
from facestream.training.meshes.ears import MelEars
from facestream.training.meshes.recipe import CodecStage, MeshRecipe, MotionStage

FPS, VERTICES, LEARNED, NEW = 30, 24, ("ann", "bob"), "cem"
SPLITS = {
    "train": tuple(f"{who}_{number:02}" for who in LEARNED for number in range(8)),
    "val": tuple(f"{NEW}_{number:02}" for number in range(2)),
    "test": tuple(f"{NEW}_{number:02}" for number in range(2, 4)),
}


def toy_corpus(folder: Path) -> MeshCorpus:
    rng = np.random.default_rng(0)
    lips = np.arange(6)
    topology = Topology("toy", VERTICES, None, lips, np.arange(18, 24), np.array([[0, 3], [1, 4], [2, 5]]))
    templates = {who: rng.normal(0, 0.1, (VERTICES, 3)).astype(np.float32) for who in (*LEARNED, NEW)}
    opening = np.where(np.arange(VERTICES) < 12, 0.01, 0.0005)[:, None] * rng.normal(0, 1, (VERTICES, 3))
    with MeshWriter(folder, MeshSet("toy", FPS, 1.0, topology, templates, LEARNED, SPLITS)) as writer:
        for name in writer._set.clips:
            frames = int(rng.integers(30, 60))
            who, _, sentence = name.rpartition("_")
            loudness = np.interp(
                np.arange(frames),
                np.arange(0, frames + 5, 5),
                rng.uniform(0, 1, frames // 5 + 2)[: len(np.arange(0, frames + 5, 5))],
            )
            samples = np.arange(frames * 16_000 // FPS)
            tone = 0.5 * np.interp(samples, np.arange(frames) * 16_000 / FPS, loudness) * np.sin(samples * 0.4)
            vertices = templates[who] + loudness[:, None, None] * opening
            writer.append(
                MeshClip(who, sentence, tone.astype(np.float32), vertices.astype(np.float32), templates[who], FPS)
            )
    return MeshCorpus.open(folder)


FIT = FitConfig(steps=150, rate=4e-3, warm_up=10, mean_decay=0.9, save_every=40, check_every=50, half=False)
EARS = MelEars(before=1, ahead=1)
RECIPE = MeshRecipe(
    name="toy",
    data=Path("toy"),
    talker=FaithfulConfig(
        fps=FPS,
        features=EARS.width,
        codec=MeshCodecConfig(
            vertices=VERTICES,
            slots=2,
            columns=4,
            codes=0,
            divergence=1e-3,
            width=24,
            layers=1,
            heads=2,
            hidden=32,
            bridge=True,
            window=8,
            causal=True,
        ),
        predictor=ConditionConfig(
            width=24, heads=2, layers=1, hidden=32, activation="gelu", window=20, period=30, subjects=2, dropout=0.0
        ),
        head=HeadConfig(kind="mlp", blocks=1, path="straight", steps=2),
        unit=0.005,
    ),
    ears=EARS,
    codec=CodecStage(WindowConfig(clips=4, frames=24), FIT),
    motion=MotionStage(WindowConfig(clips=4, frames=24), FIT, TeachingConfig(noise=1.0)),
)
