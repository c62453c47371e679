"""StreamingTalker, live preset: the talker that ships with facestream.

Feature folders expected under data/features (see `facestream prepare`): real (transcribed recordings), tts
(synthesised speech), capture (a measured face) and silence. Three stages: clean speech first, then lips alone on
everything as it reaches a microphone (half the cost of a step), at last the face's life on top.
"""

from __future__ import annotations

from dataclasses import replace

from facestream.audio.encoders import EncoderConfig
from facestream.audio.frontend import BANDS
from facestream.corpora.phones import PHONES
from facestream.corpora.synthetic.styles import STYLES
from facestream.motion.codecs.linear import CodecConfig
from facestream.motion.heads.diffusion import DiffusionConfig
from facestream.motion.predictor import PredictorConfig
from facestream.talkers.streamingtalker import StreamingTalkerConfig
from facestream.timing import Timing
from facestream.training.batches import BatchConfig
from facestream.training.fit import FitConfig
from facestream.training.losses import LossConfig
from facestream.training.recipe import Recipe, Stage

MOUTH, LIFE = 15, (3, 4, 2, 2, 2)  # head, gaze, lids, brows, mood

MODEL = StreamingTalkerConfig(
    encoder=EncoderConfig(
        bands=BANDS,
        stem=96,
        middle=192,
        dilations=(1, 2, 4, 1),
        width=256,
        heads=4,
        layers=4,
        window=32,
        hidden=512,
        phones=len(PHONES),
        lips=MOUTH,
        dropout=0.1,
    ),
    predictor=PredictorConfig(width=192, heads=4, layers=2, window=64, hidden=384, styles=len(STYLES), dropout=0.1),
    head=DiffusionConfig(width=192, blocks=2, steps=4),
    codec=CodecConfig(mouth=MOUTH, life=LIFE, certainty=(0.3, 0.6)),
)

# By the number of their speakers, the many learners of English (children, few prompts) would be two thirds of the real
# speech, and eSpeak's formant voices half of the synthetic; the pool of unnamed people counts as one speaker.
WEIGHTS = {"so762-": 0.12, "pvs2i-": 3.0, "espeak-": 0.2}
CLEAN = BatchConfig(
    windows=16, frames=200, shares={"real": 0.95, "silence": 0.05}, weights=WEIGHTS, colour=0.3, murmur=0.0
)
PEOPLE = BatchConfig(
    windows=16, frames=200, shares={"real": 0.6, "tts": 0.27, "capture": 0.08, "silence": 0.05}, weights=WEIGHTS
)
WARM_UP = LossConfig(phones=1.0, events=1.0, lips=0.7, speed=0.2, head=0.2, astray=4.0, noise=0.15, forgotten=0.2)
LIPS = LossConfig(phones=0.6, events=1.6, lips=0.8, speed=0.3, head=0.0, astray=4.0, noise=0.15, forgotten=0.1)

RECIPE = Recipe(
    name="streamingtalker-live",
    licence="Apache-2.0",
    made_from=(
        "LibriSpeech, LibriTTS, VCTK (CC BY 4.0)",
        "LJSpeech, Mycroft (public domain)",
        "Common Voice (CC0)",
        "speechocean762 (free for commercial and non-commercial use)",
        "pvwakeword, pvs2i (Apache-2.0)",
        "AISHELL-3 (Apache-2.0)",
        "synthetic speech of flite, Festival and eSpeak NG voices (BSD-style, LGPL and GPL engines)",
        "FACEGOOD-Audio2Face recordings 1114_2_01 to 03: measured mouth (MIT)",
    ),
    model=MODEL,
    timing=Timing(fps=25, delay=2),
    fit=FitConfig(steps=13000, rate=1.5e-3, warm_up=200),
    stages=(
        Stage(until=600, batch=CLEAN, loss=WARM_UP, clean=True),
        Stage(until=10000, batch=PEOPLE, loss=LIPS),
        Stage(until=13000, batch=PEOPLE, loss=replace(LIPS, head=0.3)),
    ),
)
