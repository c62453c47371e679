"""A training run → a bundle: amplitude and certainty set on held-out speakers, ONNX, int8, model card.

Shapes: T frames, H hops a frame, B mel bands, C channels, D latents.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from facestream.audio.encoders import Heard
from facestream.audio.frontend import BANDS, log_mel
from facestream.corpora.phones import BILABIAL
from facestream.corpora.shards import ShardReader, Utterance
from facestream.corpora.synthetic.styles import STYLES
from facestream.evaluation.events import closed_lips, find_events, rates
from facestream.evaluation.score import reference_lips, spoken_frames
from facestream.motion.spaces import MOUTH
from facestream.runtime.replay import replay
from facestream.runtime.talker import Talker
from facestream.signals import FACE, Floats, Motion
from facestream.streaming.tree import Session
from facestream.talkers.bundle import CARD, FORMAT, NETWORK, BundleConfig, write_config
from facestream.talkers.export import export_step, quantise
from facestream.talkers.streamingtalker import StreamingTalker
from facestream.training.checkpoints import blended_weights
from facestream.training.prepare import held_out
from facestream.training.recipe import Recipe
from facestream.training.weights import WEIGHTS, save_weights

MOST_HELD = 300
EVERY = 9  # steps of which one sets the integers' scales
LISTENERS, MOST_HOPS, TEMPERATURE_ROUNDS, HOTTEST = 8, 2400, 4, 1.6
LOWEST_GAIN, HIGHEST_GAIN = 0.9, 2.5
CERTAINTIES = tuple(
    (middle - 0.12, middle + 0.12) for middle in (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85)
)


@dataclass(frozen=True)
class _Held:
    """A held-out utterance: what was heard of it, and what it should look like."""

    utterance: Utterance
    heard: Heard
    reference: Motion


def ship(recipe: Recipe, runs: Mapping[Path, float], shards: Sequence[Path], out: Path, card: str) -> None:
    """Write the bundle of a training run, and beside its checkpoint the same network in single precision.

    runs: folders of checkpoints with their shares; of several the weights are blended, and the last is where the
    network in single precision goes.
    shards: aligned speech. Held-out speakers of the first one set the codec's gain, life's temperature and the int8
    scales, those of all (each shard counts alike) the codec's certainty. card: text of the model card.
    """
    console = Console(stderr=True)
    model = StreamingTalker(recipe.model)
    model.load_state_dict(blended_weights(runs))
    model.eval()
    run = list(runs)[-1]
    every = [_hear_held_out(model, recipe, ShardReader(shard), console) for shard in shards]
    held = every[0]
    set_gain(model, held)
    set_temperature(model, held, recipe.timing.frame_hops)
    console.print(f"noise temperature of life's parts: {[round(float(value), 2) for value in model.temperature]}")
    certainty, f1 = best_certainty(model, every)
    console.print(f"certainty {certainty}: closure F1 {f1:.3f} on held-out speakers, mean over {len(every)} shards")
    model.codec.config = dataclasses.replace(model.codec.config, certainty=certainty)
    out.mkdir(parents=True, exist_ok=True)
    exact = run / NETWORK
    sound, styles = (recipe.timing.frame_hops, BANDS), recipe.model.predictor.styles
    memories = export_step(model, exact, sound, styles, (recipe.model.life,))
    config = BundleConfig(
        format=FORMAT,
        name=recipe.name,
        fps=recipe.timing.fps,
        delay=recipe.timing.delay,
        bands=BANDS,
        latents=recipe.model.life,
        channels=FACE,
        styles=tuple(style.name for style in STYLES),
        memories=memories,
        licence=recipe.licence,
        made_from=recipe.made_from,
    )
    write_config(run, config)
    write_config(out, config)
    quantise(exact, out / NETWORK, _steps(Talker(run), [each.utterance for each in held[::4]]))
    save_weights(out / WEIGHTS, model.state_dict())
    (out / CARD).write_text(card, encoding="utf-8")


def _hear_held_out(model: StreamingTalker, recipe: Recipe, reader: ShardReader, console: Console) -> list[_Held]:
    """Held-out speakers of a shard, MOST_HELD utterances at most."""
    rows = [row for row, speaker in enumerate(reader.speakers) if held_out(speaker)][:MOST_HELD]
    return [_hear(model, recipe, reader[row]) for row in track(rows, "held-out speakers", console=console)]


def _hear(model: StreamingTalker, recipe: Recipe, utterance: Utterance) -> _Held:
    """The encoder over a whole utterance, its delay taken off."""
    frames, delay = recipe.timing.frame_count(len(utterance.samples)), recipe.timing.delay
    samples = np.pad(utterance.samples, (0, (frames + delay) * recipe.timing.frame_samples - len(utterance.samples)))
    with torch.no_grad():
        heard, _ = model.encoder(torch.from_numpy(log_mel(samples))[None])
    now = Heard(*(part[0, delay:] for part in heard))
    return _Held(utterance, now, reference_lips(utterance.samples, utterance.phones, frames))


def _mouth(model: StreamingTalker, heard: Heard) -> Floats:
    """Curves of the neutral mouth, [T, C]."""
    life = torch.zeros(len(heard.lips), model.config.life)
    with torch.no_grad():
        curves: Floats = model.codec.decode(torch.cat((heard.lips, life), -1), heard.events, model.amplitude[0]).numpy()
    return curves


def set_gain(model: StreamingTalker, held: Sequence[_Held]) -> None:
    """Scale each curve of the mouth so that it moves as far as its reference in speech: an expectation moves less.

    Repeated, because what is clamped and sealed does not scale.
    """
    speech = [spoken_frames(each.utterance.phones, len(each.reference), each.reference.fps) for each in held]
    wanted = np.concatenate([each.reference.values[frames] for each, frames in zip(held, speech, strict=True)]).std(0)
    moves = np.array([name in MOUTH for name in FACE]) & (wanted > 0.01)
    for _ in range(3):
        moved = np.concatenate(
            [_mouth(model, each.heard)[frames] for each, frames in zip(held, speech, strict=True)]
        ).std(0)
        ratio = torch.from_numpy(np.where(moves, wanted / np.maximum(moved, 1e-3), 1.0).astype(np.float32))
        model.codec.gain.mul_(ratio).clamp_(LOWEST_GAIN, HIGHEST_GAIN)


def set_temperature(model: StreamingTalker, held: Sequence[_Held], hops: int) -> None:
    """Scale the noise of each part of life until its moves are as wide as the corpus', one stride: few denoising steps
    make too few of the rare moves, such as blinks. Measured on neutral faces that listen to held-out speech."""
    mel = torch.from_numpy(log_mel(np.concatenate([each.utterance.samples for each in held])))
    mel = mel[: len(mel) // LISTENERS * LISTENERS].reshape(LISTENERS, -1, mel.shape[1])[:, :MOST_HOPS]
    sizes = model.config.codec.life
    parts = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    for _ in range(TEMPERATURE_ROUNDS):
        width = _moves(model, mel, hops).square().mean((0, 1))  # [life]
        for part in range(len(sizes)):
            model.temperature[parts == part] *= width[parts == part].mean().rsqrt().clamp(0.8, 1.25)
        model.temperature.clamp_(1.0, HOTTEST)


def _moves(model: StreamingTalker, mel: torch.Tensor, hops: int) -> torch.Tensor:
    """Moves of life in strides, [L, T, life], of neutral faces that hear this [L, M, B]."""
    lanes = len(mel)
    session = Session(model, lanes)
    style = torch.eye(model.config.predictor.styles)[:1].expand(lanes, -1)
    generator = torch.Generator().manual_seed(0)
    moves = []
    with torch.no_grad():
        for first in range(0, mel.shape[1] - hops + 1, hops):
            noise = torch.randn(lanes, model.config.life, generator=generator)
            session.feed(mel[:, first : first + hops], style, noise, rows=1)
            moves.append(session.state["motion"][:, model.config.latents :].clone())
    return torch.stack(moves, 1)


def best_certainty(model: StreamingTalker, shards: Sequence[Sequence[_Held]]) -> tuple[tuple[float, float], float]:
    """The span of a closure's probability that finds the closures best, and its F1, as a mean over shards."""
    found: dict[tuple[float, float], float] = {}
    before = model.codec.config
    for certainty in CERTAINTIES:
        model.codec.config = dataclasses.replace(before, certainty=certainty)
        found[certainty] = float(np.mean([_closure_f1(model, held) for held in shards]))
    model.codec.config = before
    best = max(found, key=lambda certainty: found[certainty])
    return best, found[best]


def _closure_f1(model: StreamingTalker, held: Sequence[_Held]) -> float:
    shut = [closed_lips(Motion(_mouth(model, each.heard), FACE, each.reference.fps)) for each in held]
    return rates(
        [
            find_events(mask, each.utterance.phones, BILABIAL, each.reference.fps, rest=True)
            for mask, each in zip(shut, held, strict=True)
        ]
    ).f1


def _steps(talker: Talker, utterances: Sequence[Utterance]) -> Iterator[Mapping[str, Any]]:
    """Inputs of some steps of the exact network, lived through utterance by utterance, in all styles."""
    styles = talker.config.styles
    for seed, utterance in enumerate(utterances):
        yield from replay(talker, utterance.samples, styles[seed % len(styles)], seed, EVERY)
