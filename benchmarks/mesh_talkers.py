"""Talkers of a mesh side by side: trained on the same corpus, judged on the same clips, timed in the same process.

    facestream train recipes/streamingtalker_mesh_small.py                        and --variant faithful, regression
    python benchmarks/mesh_talkers.py recipes/streamingtalker_mesh_small.py       the table, for 5, 60 and 600 s
    python benchmarks/mesh_talkers.py recipes/… --bundle "ours, served"=FOLDER    and exported talkers, by their stream
    python benchmarks/mesh_talkers.py recipes/… --steps 1 2 4 8 16 50             quality and cost by denoising passes

A sequence is sentences of one new speaker, one after another (600 s are the same sentences again), spoken as the first
of those who were learned. Cost is processor time of one thread a second of sound, ears included; the first frame is
there after the sound that must be heard before it, and then the computing. "As their code tests" needs the whole sound
and ends after 2000 frames, as the released masks do. By passes: the test clips, as everybody who was learned.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor

from facestream.cli.train import run_folder_of
from facestream.corpora.meshes import MeshClip, MeshCorpus
from facestream.evaluation.mesh import drift, score_mesh
from facestream.evaluation.mesh_clips import MeshProtocol, clips_of, mean_offset
from facestream.evaluation.mesh_report import evaluate_mesh
from facestream.runtime.stream import Stream
from facestream.runtime.talker import load
from facestream.signals import Floats
from facestream.streaming.tree import Session
from facestream.talkers.faithful import FaithfulStep, FaithfulStreamingTalker
from facestream.timing import SAMPLE_RATE, Timing
from facestream.training.meshes.ears import Ears, EncoderEars, MelEars, SpeechModelEars
from facestream.training.meshes.recipe import MeshRecipe
from facestream.training.meshes.speaking import Speaking, speaker, with_steps
from facestream.training.recipe import load_recipe

RELEASED_END = 2000  # frames that the released masks reach
REPEATS = 5
PACKET = SAMPLE_RATE // 50
console = Console()


@dataclass(frozen=True)
class Contender:
    """A variant of the recipe (None: itself) and how it speaks."""

    name: str
    variant: str | None
    speaking: Speaking


CONTENDERS = (
    Contender("ours, live", None, Speaking("live", hop=1)),
    Contender("faithful, streamed", "faithful", Speaking("live", hop=6)),
    Contender("faithful, as their code tests", "faithful", Speaking("released")),
    Contender("regression, as FaceFormer", "regression", Speaking("live", hop=1)),
)


@dataclass(frozen=True)
class Result:
    """One contender at one length. Errors in metres (LVE, FDD squared); cost, ears: seconds a second of sound; waits,
    computes: seconds until the first frame; motion: of the last minute beside the first, wander: metres between their
    mean faces, NaN below two minutes.
    """

    name: str
    seconds: int
    lve: float
    fdd: float
    mod: float
    cost: float
    ears: float
    waits: float
    computes: float
    motion: float
    wander: float


def look_ahead(ears: Ears, fps: int) -> float:
    """Seconds of sound beyond a frame that these ears need; all of it (infinity) where they hear the whole at once."""
    match ears:
        case EncoderEars(delay=delay):
            return delay / Timing().fps
        case MelEars(ahead=ahead):
            return ahead / fps
        case SpeechModelEars(window=None):
            return math.inf
        case SpeechModelEars(window=window):
            return window.ahead_samples / SAMPLE_RATE
    raise ValueError(f"unknown ears {ears}")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def first_live(talker: FaithfulStreamingTalker, features: Tensor, subject: Tensor, hop: int) -> tuple[int, float]:
    """Frames that a live talker hears until it shows its first, and the seconds of its steps until then."""
    step = FaithfulStep(talker).eval()
    steps = -(-(step.late + 1) // hop)
    heard = features[:, :1].expand(-1, hop, -1)
    noise = torch.zeros(1, hop, talker.codec.latents)

    def run() -> None:
        session = Session(step)
        for _ in range(steps):
            session.feed(heard, subject, noise, rows=hop)

    with torch.inference_mode():
        run()
        return steps * hop, statistics.median(timed(run)[0] for _ in range(REPEATS))


def judge(contender: Contender, recipe: MeshRecipe, corpus: MeshCorpus, run: Path, clip: MeshClip) -> Result:
    """Speak and time one sequence."""
    seconds, frames, fps = len(clip.vertices) // clip.fps, len(clip.vertices), clip.fps
    talker, hear = recipe.load(run), recipe.ears.open()
    hear(clip.sound[: fps * 640], fps, fps)  # warm
    ears, heard = timed(lambda: hear(clip.sound, fps, frames))
    speak = speaker(talker, lambda *_: heard, corpus, contender.speaking)
    if contender.speaking.way == "live":
        features, who = torch.from_numpy(heard)[None], torch.eye(len(corpus.identities))[:1]
        needed, computes = first_live(talker, features, who, contender.speaking.hop)
        waits = needed / fps + look_ahead(recipe.ears, fps)
        computes += timed(
            lambda: hear(clip.sound[: int(SAMPLE_RATE * waits) if waits < seconds else None], fps, needed)
        )[0]
    talking, (spoken,) = timed(lambda: speak(clip, corpus.identities[:1]))
    if contender.speaking.way != "live":
        waits, computes = seconds, ears + talking
    return figures_of(contender.name, corpus, clip, spoken, ears + talking, ears, waits, computes)


def serve(name: str, folder: Path, corpus: MeshCorpus, clip: MeshClip) -> Result:
    """An exported talker that is sent packets of 20 ms."""
    talker, frames, first = load(folder), [], (0.0, 0.0)
    sound = np.pad(clip.sound, (0, max(0, len(clip.vertices) * SAMPLE_RATE // clip.fps - len(clip.sound))))
    stream, spent = Stream(talker, corpus.identities[0]), 0.0
    for start in range(0, len(sound), PACKET):
        cost, shown = timed(lambda start=start: stream.push(sound[start : start + PACKET]))
        spent += cost
        if shown and not frames:
            first = ((start + PACKET) / SAMPLE_RATE, spent)
        frames += shown
    cost, rest = timed(stream.flush)
    offsets = np.stack([frame.values for frame in (*frames, *rest)]).reshape(-1, *clip.template.shape)
    ears, waits, computes = math.nan, *first
    return figures_of(name, corpus, clip, clip.template + offsets, spent + cost, ears, waits, computes)


def figures_of(
    name: str,
    corpus: MeshCorpus,
    clip: MeshClip,
    spoken: Floats,
    spent: float,
    ears: float,
    waits: float,
    computes: float,
) -> Result:
    """spent, ears: processor seconds of all of it."""
    seconds, metres = len(clip.vertices) // clip.fps, corpus.set.metres
    score, minutes = (
        score_mesh(spoken, clip.vertices, clip.template, corpus.topology, clip.fps),
        drift(spoken, clip.fps),
    )
    lasting = (math.nan, math.nan)
    if len(minutes.motion) > 1 and minutes.motion[0] > 0:
        lasting = (minutes.motion[-1] / minutes.motion[0], minutes.wander[-1] * metres)
    return Result(
        name,
        seconds,
        score.lve * metres**2,
        score.fdd * metres**2,
        score.mod * metres,
        spent / seconds,
        ears / seconds,
        min(waits, seconds),
        computes,
        *lasting,
    )


def still(corpus: MeshCorpus, clip: MeshClip, offset: Floats) -> Result:
    """The mean face, for comparison."""
    face = np.broadcast_to(clip.template + offset, clip.vertices.shape)
    return figures_of("the mean face", corpus, clip, face, math.nan, math.nan, math.nan, math.nan)


def table_of(results: Sequence[Result]) -> Table:
    title = "LVE 1e-6 m², FDD 1e-7 m², MOD mm; s/s: processor seconds a second of sound (of which ears)"
    columns = (
        "s",
        "LVE",
        "FDD",
        "MOD",
        "s/s",
        "ears",
        "first frame: sound",
        "computing",
        "motion, last minute",
        "wander mm",
    )
    table = Table("", *columns, title=title, title_justify="left")
    for each in sorted(results, key=lambda result: result.seconds):
        table.add_row(
            each.name,
            str(each.seconds),
            shown(each.lve, 1e6),
            shown(each.fdd, 1e7),
            shown(each.mod, 1e3),
            shown(each.cost, 1, 4),
            shown(each.ears, 1, 4),
            shown(each.waits, 1),
            shown(each.computes, 1e3, 1),
            shown(each.motion, 1, 2),
            shown(each.wander, 1e3),
        )
    return table


def shown(value: float, scale: float, decimals: int = 3) -> str:
    return "–" if math.isnan(value) else f"{value * scale:.{decimals}f}"


def run_of(arguments: argparse.Namespace, variant: str | None) -> Path:
    given = dict(each.split("=", 1) for each in arguments.run)
    return Path(given.get(variant or "ours", run_folder_of(arguments.recipe, variant)))


def compare(arguments: argparse.Namespace, corpus: MeshCorpus) -> list[Result]:
    results, offset = [], mean_offset(corpus)
    for seconds in arguments.seconds:
        read, *_ = clips_of(corpus, MeshProtocol(arguments.split, long=seconds * corpus.fps))
        clip = read()
        results.append(still(corpus, clip, offset))
        for contender in CONTENDERS:
            run = run_of(arguments, contender.variant)
            if contender.speaking.way == "released" and len(clip.vertices) > RELEASED_END:
                continue
            if not run.exists():
                console.print(f"[red]{contender.name}: no run in {run}")
                continue
            recipe = load_recipe(arguments.recipe, contender.variant, MeshRecipe)
            results.append(judge(contender, recipe, corpus, run, clip))
            console.print(f"{results[-1].name}, {seconds} s: {results[-1].cost:.4f} s/s", style="dim")
        for given in arguments.bundle:
            name, _, folder = given.partition("=")
            results.append(serve(name, Path(folder), corpus, clip))
            console.print(f"{name}, {seconds} s: {results[-1].cost:.4f} s/s", style="dim")
    return results


def by_steps(arguments: argparse.Namespace, corpus: MeshCorpus) -> list[dict[str, Any]]:
    """Figures of the recipe and its variants by the number of denoising passes."""
    rows = []
    for variant in dict.fromkeys(contender.variant for contender in CONTENDERS):
        run = run_of(arguments, variant)
        recipe = load_recipe(arguments.recipe, variant, MeshRecipe)
        if recipe.talker.head.kind == "regression" or not run.exists():
            continue
        for steps in track(arguments.steps, description=f"{variant or 'ours'}", console=Console(stderr=True)):
            few = with_steps(recipe, steps)
            talker = few.load(run)
            speak = speaker(talker, few.ears.open(), corpus, Speaking())
            report = evaluate_mesh(corpus, MeshProtocol(arguments.split, limit=arguments.limit), speak)
            figures = report.in_si(report.by_clips())
            rows.append(
                {"talker": variant or "ours", "head": few.talker.head.kind, "path": few.talker.head.path}
                | {"steps": steps, "ms a frame": 1e3 * sampling_cost(talker)}
                | {
                    name: figures[name]
                    for name in ("lve", "fdd", "abs_fdd", "mod", "mve", "jitter", "true_jitter", "diversity")
                }
            )
    return rows


def sampling_cost(talker: FaithfulStreamingTalker) -> float:
    """Seconds that the head takes for one frame, one lane."""
    sampler = talker.head.sampler()
    context, noise = torch.zeros(1, talker.config.predictor.width), torch.zeros(1, talker.codec.latents)
    with torch.inference_mode():
        for _ in range(20):
            sampler(context, noise)
        rounds = [timed(lambda: [sampler(context, noise) for _ in range(50)])[0] / 50 for _ in range(REPEATS)]
    return statistics.median(rounds)


def steps_table(rows: Sequence[dict[str, Any]]) -> Table:
    title = "by denoising passes: LVE 1e-6 m², FDD 1e-7 m², MOD, MVE, diversity mm, jitter m/s²"
    table = Table(
        "talker",
        "head",
        "passes",
        "ms a frame",
        "LVE",
        "FDD",
        "|FDD|",
        "MOD",
        "MVE",
        "jitter",
        "diversity",
        title=title,
        title_justify="left",
    )
    for row in rows:
        shown = [
            row["lve"] * 1e6,
            row["fdd"] * 1e7,
            row["abs_fdd"] * 1e7,
            row["mod"] * 1e3,
            row["mve"] * 1e3,
            row["jitter"],
        ]
        diverse = f"{row['diversity'] * 1e3:.3f}"
        head = f"{row['head']}, {row['path']}"
        table.add_row(
            row["talker"], head, str(row["steps"]), f"{row['ms a frame']:.3f}", *(f"{x:.3f}" for x in shown), diverse
        )
    if rows:
        table.caption = f"jitter of the truth: {rows[0]['true_jitter']:.3f} m/s²"
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--corpus", type=Path, help="default: as the recipe says")
    parser.add_argument(
        "--run", nargs="*", default=[], help="VARIANT=FOLDER (ours=FOLDER: the recipe itself), if elsewhere"
    )
    parser.add_argument("--bundle", nargs="*", default=[], help="NAME=FOLDER of exported talkers")
    parser.add_argument("--split", default="test")
    parser.add_argument("--seconds", type=int, nargs="+", default=[5, 60, 600])
    parser.add_argument("--steps", type=int, nargs="*", help="passes to compare, instead of lengths")
    parser.add_argument("--limit", type=int, default=8, help="clips, by passes")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    corpus = MeshCorpus.open(arguments.corpus or load_recipe(arguments.recipe, None, MeshRecipe).data)
    if arguments.steps:
        rows = by_steps(arguments, corpus)
        console.print(steps_table(rows))
    else:
        results = compare(arguments, corpus)
        rows = [asdict(result) for result in results]
        console.print(table_of(results))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
