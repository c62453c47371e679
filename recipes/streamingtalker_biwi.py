"""StreamingTalker on BIWI at the published sizes, for a GPU.

The corpus is expected under data/meshes/biwi (`facestream prepare biwi`); its vertices are in units of about 185 mm.
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

CLIPS = 192  # 32 of each of the six people to learn from

PUBLISHED = MeshRecipe(
    name="streamingtalker-biwi-published",
    data=Path("data/meshes/biwi"),
    talker=RELEASED["biwi"],
    ears=SpeechModelEars(HUBERT_BASE, width=768, window=None),
    codec=CodecStage(WindowConfig(clips=1, frames=0), published_fit(CLIPS, 400, rate=1e-4, halve_every=40)),
    motion=MotionStage(
        WindowConfig(clips=1, frames=120),
        published_fit(CLIPS, 600, rate=1e-4),
        TeachingConfig(template_always=True),
        tune_decoder=True,
    ),
)
RECIPE = mended(PUBLISHED, "streamingtalker-biwi", unit=0.01)
VARIANTS = {"published": PUBLISHED, **ablations(RECIPE)}
