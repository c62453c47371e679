"""What happens to a mesh talker without one of its parts: the published ablations, as recipes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from facestream.motion.codecs.vq import MeshCodecConfig
from facestream.talkers.faithful import FaithfulConfig
from facestream.training.meshes.recipe import MeshRecipe

LONGEST = 2000  # frames of history where all of it is meant
HISTORIES = (15, 30, 60, 120)  # frames
DIVERGENCE = 1e-3  # weight of the plain VAE's term; the paper gives none


def ablations(recipe: MeshRecipe) -> dict[str, MeshRecipe]:
    """Each one thing away from the recipe, by name."""
    talker, codec = recipe.talker, recipe.talker.codec
    assert isinstance(codec, MeshCodecConfig)

    def named(name: str, config: FaithfulConfig, **changes: Any) -> MeshRecipe:
        return replace(recipe, name=f"{recipe.name}-{name}", talker=config, **changes)

    def predictor(**changes: Any) -> FaithfulConfig:
        return replace(talker, predictor=replace(talker.predictor, **changes))

    def windows(frames: int) -> Any:
        return replace(recipe.motion, windows=replace(recipe.motion.windows, frames=frames))

    made = {
        "no-diffusion": replace(talker, head=replace(talker.head, kind="regression")),
        "plain-vae": replace(talker, codec=replace(codec, codes=0, divergence=DIVERGENCE)),
        "no-cross-attention": predictor(hears=False),
        "no-self-attention": predictor(remembers=False),
    }
    variants = {name: named(name, config) for name, config in made.items()}
    variants["no-codec"] = named("no-codec", replace(talker, codec=codec.vertices), codec=None)
    variants["all-history"] = named("all-history", predictor(window=LONGEST), motion=windows(0))
    for frames in HISTORIES:
        name = f"history-{frames}"
        variants[name] = named(name, predictor(window=frames), motion=windows(frames))
    return variants
