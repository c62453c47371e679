"""Teller, live preset: speech to tokens of portrait motion.

Feature folders expected under data/features (see `facestream prepare`): real, tts, silence and, to judge by,
real-held-out. Real portraits' motion, a .npz a clip as LivePortrait's motion extractor gives it, under
data/portrait_motion; without it the tokens know only what the map from ARKit's shapes can make.

The voice is heard by the encoder of the live StreamingTalker, which stays as it is. `--variant tokens` trains the
tokenizer alone; `--variant single` gives one token a step instead of a pair, `--variant chained` lets a pair's second
token depend on its first.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from facestream.corpora.synthetic.styles import STYLES
from facestream.motion.codecs.rvq import QuantiserConfig, TokenizerConfig
from facestream.motion.heads.tokens import TokenHeadConfig
from facestream.talkers.teller import TellerConfig
from facestream.timing import Timing
from facestream.training.batches import BatchConfig
from facestream.training.fit import FitConfig
from facestream.training.recipe import Recipe, load_recipe
from facestream.training.teller.movements import MovementConfig
from facestream.training.teller.recipe import TellerRecipe
from facestream.training.teller.tokens import TokenizerRecipe, Weighing

LIVE: Recipe = load_recipe(Path(__file__).with_name("streamingtalker_live.py"))
DATA = Path("data/features")
TOKENIZER = TokenizerConfig(width=256, quantiser=QuantiserConfig(columns=32))

TOKENS = TokenizerRecipe(
    name="teller-tokens",
    data=DATA,
    corpora=("real", "tts"),
    clips=Path("data/portrait_motion"),
    held_out=("d7", "talking", "open_lip"),
    model=TOKENIZER,
    movements=MovementConfig(),
    weighing=Weighing(lips=30.0, eyes=6.0, others=1.0, turn=1.0, place=0.3),
    speed=0.5,
    fit=FitConfig(steps=1500, rate=1e-3, warm_up=50, weight_decay=0.01, mean_decay=0.98, check_every=100, half=False),
)

RECIPE = TellerRecipe(
    name="teller-live",
    licence="Apache-2.0",
    made_from=(*LIVE.made_from, "motion of LivePortrait's keypoints in 5 clips, for the tokens (MIT)"),
    data=DATA,
    held_out="real-held-out",
    tokens=TOKENS,
    model=TellerConfig(
        hearing=LIVE.model.encoder,
        rows=5,
        tokenizer=TOKENIZER,
        head=TokenHeadConfig(levels=8, codes=1024),
        width=256,
        heads=4,
        layers=4,
        hidden=768,
        slices=16,
        styles=len(STYLES),
        dropout=0.1,
    ),
    timing=Timing(fps=25, delay=2, block=5),
    batch=BatchConfig(
        windows=8,
        frames=200,
        shares={"real": 0.65, "tts": 0.3, "silence": 0.05},
        weights=LIVE.stages[-1].batch.weights,
        colour=0.5,
    ),
    fit=FitConfig(steps=4000, rate=1e-3, warm_up=100, mean_decay=0.995, check_every=250),
)

VARIANTS = {
    "tokens": TOKENS,
    "single": replace(RECIPE, model=replace(RECIPE.model, head=replace(RECIPE.model.head, pair=1))),
    "chained": replace(RECIPE, model=replace(RECIPE.model, head=replace(RECIPE.model.head, chained=True))),
}
