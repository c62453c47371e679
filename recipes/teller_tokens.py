"""Teller's tokenizer: 200 ms of portrait motion as 32 tokens.

Feature folders expected under data/features (see `facestream prepare`): real and tts. Real portraits' motion, a .npz a
clip as LivePortrait's motion extractor gives it, under data/portrait_motion; without it the tokenizer knows only what
the map from ARKit's shapes can make.
"""

from __future__ import annotations

from pathlib import Path

from facestream.motion.codecs.rvq import QuantiserConfig, TokenizerConfig
from facestream.training.fit import FitConfig
from facestream.training.teller.movements import MovementConfig
from facestream.training.teller.recipe import TokenizerRecipe, Weighing

RECIPE = TokenizerRecipe(
    name="teller-tokens",
    data=Path("data/features"),
    corpora=("real", "tts"),
    clips=Path("data/portrait_motion"),
    held_out=("d7", "talking", "open_lip"),
    model=TokenizerConfig(width=256, quantiser=QuantiserConfig(columns=32)),
    movements=MovementConfig(),
    weighing=Weighing(lips=150.0, eyes=8.0, others=1.0, head=3.0),
    speed=0.5,
    fit=FitConfig(steps=1500, rate=1e-3, warm_up=50, weight_decay=0.01, mean_decay=0.98, check_every=100, half=False),
)
