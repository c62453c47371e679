"""Teller as published, on filmed people: Whisper's rows in, tokens of portrait motion out; 85 or 300 million weights.

Lists and videos are the user's; each set by its own word, then all of them at once:

    facestream prepare avspeech FOLDER --tracker face_landmarker.task        (and vfhq, hdtf, ravdess)
    facestream prepare features avspeech=data/footage/avspeech vfhq=data/footage/vfhq -o data/footage_features \
        --speech-model whisper-base --versions 0

As in the paper training is on AVSpeech and VFHQ; HDTF, where its features lie beside theirs, is for judging.
`--variant hdtf` is for who has HDTF alone: its own held-out speakers judge.
`--variant large` has 300 million weights (the paper: a decoder of 4 billion). `--variant mel` hears through the encoder
of the live StreamingTalker instead of Whisper, 80 ms later. `--variant tokens` trains the tokenizer alone.

Never run on the sets themselves: sizes and rates are those of comparable published trainings. The paper goes on with 32
hours of chosen clips; which ones is not published.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from facestream.audio.whisper import SLICE, WHISPER_BASE
from facestream.corpora.synthetic.styles import STYLES
from facestream.motion.codecs.rvq import QuantiserConfig, TokenizerConfig
from facestream.motion.heads.tokens import TokenHeadConfig
from facestream.motion.portrait import SHOWN
from facestream.talkers.teller import TellerConfig
from facestream.timing import Timing
from facestream.training.batches import BatchConfig
from facestream.training.fit import FitConfig
from facestream.training.recipe import Recipe, load_recipe
from facestream.training.teller.movements import MovementConfig
from facestream.training.teller.recipe import TellerRecipe
from facestream.training.teller.tokens import TokenizerRecipe, Weighing

LIVE: Recipe = load_recipe(Path(__file__).with_name("streamingtalker_live.py"))
DATA = Path("data/footage_features")
WHISPER_WIDTH = 512  # of whisper-base
TOKENIZER = TokenizerConfig(width=1024, quantiser=QuantiserConfig(columns=64))

TOKENS = TokenizerRecipe(
    name="teller-footage-tokens",
    data=DATA,
    corpora=("avspeech", "vfhq"),
    clips=Path("data/portrait_motion"),
    held_out=(),
    model=TOKENIZER,
    movements=MovementConfig(windows=256, frames=64, real=0.0, noisy=0.2, items=100_000),
    weighing=Weighing(lips=30.0, eyes=6.0, others=1.0, turn=1.0, place=0.3),
    speed=0.5,
    fit=FitConfig(
        steps=200_000, rate=2e-4, warm_up=500, betas=(0.9, 0.99), save_every=2000, check_every=2000, half=False
    ),
)

RECIPE = TellerRecipe(
    name="teller-footage",
    licence="other",  # as the sets' videos and terms say
    made_from=(
        "AVSpeech (videos of YouTube, by the set's terms)",
        "VFHQ (videos of YouTube, by the set's terms)",
        "features of openai/whisper-base (Apache-2.0)",
    ),
    data=DATA,
    held_out="hdtf",
    tokens=TOKENS,
    model=TellerConfig(
        hearing=WHISPER_WIDTH,
        rows=SLICE.block,
        tokenizer=TOKENIZER,
        head=TokenHeadConfig(levels=8, codes=1024),
        width=768,
        heads=12,
        layers=12,
        hidden=3072,
        slices=50,
        styles=len(STYLES),
        dropout=0.1,
    ),
    timing=Timing(fps=25, delay=0, block=SHOWN, ahead=SLICE.ahead_samples),
    batch=BatchConfig(
        windows=32, frames=500, shares={"avspeech": 0.95, "vfhq": 0.05}, colour=0.0, murmur=0.0, stride=SHOWN,
        heard=True,
    ),
    fit=FitConfig(
        steps=200_000, rate=3e-4, warm_up=2000, weight_decay=0.1, betas=(0.9, 0.95), mean_decay=0.9995, save_every=1000,
        keep_every=20_000, check_every=2000,
    ),
    ears=WHISPER_BASE,
)  # fmt: skip

HDTF = replace(
    RECIPE,
    name="teller-hdtf",
    made_from=("HDTF (videos of YouTube, by the set's terms)", RECIPE.made_from[-1]),
    held_out="hdtf-held-out",
    tokens=replace(TOKENS, corpora=("hdtf",), fit=replace(TOKENS.fit, steps=50_000)),
    batch=replace(RECIPE.batch, shares={"hdtf": 1.0}),
    fit=replace(RECIPE.fit, steps=40_000),
)

VARIANTS = {
    "tokens": TOKENS,
    "large": replace(
        RECIPE,
        name="teller-footage-large",
        model=replace(RECIPE.model, width=1024, heads=16, layers=24, hidden=4096),
        fit=replace(RECIPE.fit, rate=2e-4),
    ),
    "hdtf": HDTF,
    "mel": replace(
        RECIPE,
        name="teller-footage-mel",
        made_from=(*RECIPE.made_from[:2], *LIVE.made_from),
        model=replace(RECIPE.model, hearing=LIVE.model.encoder, rows=SHOWN),
        timing=Timing(fps=25, delay=2, block=SHOWN),
        batch=replace(RECIPE.batch, heard=False, colour=0.5, murmur=0.3),
        ears=None,
    ),
}
