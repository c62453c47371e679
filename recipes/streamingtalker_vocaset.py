"""StreamingTalker on VOCASET at the published sizes, for a GPU.

The corpus is expected under data/meshes/vocaset (`facestream prepare vocaset`); its vertices are in metres.
RECIPE trains with our changes, which training/meshes/published.py lists. VARIANTS: "published" without them, and the
paper's ablations.
"""

from __future__ import annotations

from pathlib import Path

from facestream.audio.speech_models import HUBERT_BASE
from facestream.talkers.faithful import TeachingConfig
from facestream.talkers.released import RELEASED
from facestream.training.meshes.ablations import ablations
from facestream.training.meshes.batches import WindowConfig
from facestream.training.meshes.ears import SpeechModelEars
from facestream.training.meshes.published import mended, published_fit
from facestream.training.meshes.recipe import CodecStage, MeshRecipe, MotionStage

CLIPS = 314  # of the eight people to learn from

PUBLISHED = MeshRecipe(
    name="streamingtalker-vocaset-published",
    data=Path("data/meshes/vocaset"),
    talker=RELEASED["vocaset"],
    ears=SpeechModelEars(HUBERT_BASE, width=768, window=None),
    codec=CodecStage(WindowConfig(clips=2, frames=0), published_fit(CLIPS // 2, 300, rate=1e-4, halve_every=20)),
    motion=MotionStage(
        WindowConfig(clips=1, frames=60), published_fit(CLIPS, 600, rate=1e-5), TeachingConfig(template_always=True)
    ),
)
RECIPE = mended(PUBLISHED, "streamingtalker-vocaset", unit=0.002)
VARIANTS = {"published": PUBLISHED, **ablations(RECIPE)}
