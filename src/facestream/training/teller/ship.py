"""A training run of Teller → a bundle: a slice as one ONNX step, int8, weights, model card."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from facestream.audio.frontend import BANDS
from facestream.corpora.shards import ShardReader
from facestream.corpora.synthetic.styles import STYLES
from facestream.motion.portrait import NUMBERS, SHOWN
from facestream.runtime.replay import replay
from facestream.runtime.talker import Talker
from facestream.signals import FACE, Floats
from facestream.talkers.bundle import CARD, FORMAT, NETWORK, BundleConfig, write_config
from facestream.talkers.export import export_step, quantise
from facestream.training.prepare import held_out
from facestream.training.teller.recipe import TellerRecipe
from facestream.training.weights import WEIGHTS, save_weights

CALIBRATED, EVERY = 12, 5  # utterances that set the integers' scales, and which of their steps
MOTION = ("/talker/tokenizer/", "/talker/portrait/", "/talker/from_rest/")  # products of motion itself


def ship_teller(recipe: TellerRecipe, run: Path, shard: Path, out: Path, card: str, integers: bool = True) -> None:
    """Write the bundle of a training run, and the same in single precision beside its checkpoint.

    shard: aligned speech, whose held-out speakers set the integers' scales; card: text of the model card; integers:
    False for single precision.
    """
    console = Console(stderr=True)
    teller = recipe.load(run).requires_grad_(False)
    tokens = recipe.model.pairs * recipe.model.head.pair
    latents = -(-tokens // SHOWN)  # of each frame's noise: together as many as there are tokens, or a few more
    exact = run / "exact"
    for folder in (exact, out):
        folder.mkdir(parents=True, exist_ok=True)
    console.print("writing the network")
    hops = recipe.timing.frame_hops * SHOWN
    memories = export_step(teller, exact / NETWORK, (hops, BANDS), recipe.model.styles, (SHOWN, latents))
    config = BundleConfig(
        format=FORMAT,
        name=recipe.name,
        fps=recipe.timing.fps,
        delay=recipe.timing.delay,
        bands=BANDS,
        latents=latents,
        channels=(*FACE, *NUMBERS),
        styles=tuple(style.name for style in STYLES),
        memories=memories,
        licence=recipe.licence,
        made_from=recipe.made_from,
        block=SHOWN,
    )
    for folder in (exact, out):
        write_config(folder, config)
        (folder / CARD).write_text(card, encoding="utf-8")
    if integers:
        steps = _steps(Talker(exact), _sounds(shard))
        quantise(exact / NETWORK, out / NETWORK, track(steps, "choosing scales", console=console), MOTION)
    else:
        shutil.copy(exact / NETWORK, out / NETWORK)
    save_weights(out / WEIGHTS, teller.state_dict())


def _sounds(shard: Path) -> list[Floats]:
    reader = ShardReader(shard)
    rows = [row for row, speaker in enumerate(reader.speakers) if held_out(speaker)][:CALIBRATED]
    return [reader[row].samples for row in rows]


def _steps(talker: Talker, sounds: Sequence[Floats]) -> Iterator[Mapping[str, Any]]:
    for seed, sound in enumerate(sounds):
        yield from replay(talker, sound, talker.config.styles[seed % len(talker.config.styles)], seed, EVERY)
