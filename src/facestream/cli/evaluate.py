"""`facestream evaluate`: is the face right? Against the phones of its speech, a measured face, or a recorded mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from facestream.cli.console import check_place, needing, out, progress_bar, stoppable
from facestream.errors import CorpusError
from facestream.runtime.talker import load

if TYPE_CHECKING:
    from facestream.corpora.meshes import MeshCorpus
    from facestream.evaluation.mesh_speakers import Speak

Bundle = Annotated[Path | None, typer.Option(help="Folder of another talker than the bundled one.", show_default=False)]
Json = Annotated[Path | None, typer.Option("--json", help="Write all figures to this file.", show_default=False)]

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Measure how right a face is.")


@app.command(epilog="Example: facestream evaluate lips recordings --json lips.json --plots plots")
def lips(
    folder: Annotated[
        Path, typer.Argument(help="Recordings, each with a .txt of its words; or a corpus, as in `prepare speech`.")
    ],
    json: Json = None,
    plots: Annotated[
        Path | None, typer.Option(help="Folder for a picture of each recording.", show_default=False)
    ] = None,
    bundle: Bundle = None,
) -> None:
    """Judge the lips by what was said: closures on p b m, bites on f v, jaw, lag, amplitude, stillness."""
    from facestream.evaluation.figures import lips_tables
    from facestream.evaluation.lips import evaluate_lips

    with _judging(json) as tick:
        report = evaluate_lips(folder, load(bundle), plots, tick)
    _tell(lips_tables(report), report.to_json(), json)


@app.command(epilog="Example: facestream evaluate capture face_capture --json capture.json")
def capture(
    folder: Annotated[Path, typer.Argument(help="Measured curves (.npz), each with its sound beside it.")],
    json: Json = None,
    bundle: Bundle = None,
) -> None:
    """Judge the mouth by a measured one: each channel's correlation and lag, loudness beside it."""
    from facestream.evaluation.capture import evaluate_capture
    from facestream.evaluation.figures import capture_tables

    with _judging(json) as tick:
        report = evaluate_capture(folder, load(bundle), tick)
    _tell(capture_tables(report), report.to_json(), json)


class Way(StrEnum):
    """How a trained run speaks."""

    whole = "whole"
    released = "released"
    live = "live"


@app.command(epilog="Example: facestream evaluate mesh data/meshes/vocaset --recipe recipes/streamingtalker_vocaset.py")
def mesh(
    corpus: Annotated[Path, typer.Argument(help="A corpus, as `prepare vocaset` and `prepare biwi` make it.")],
    recipe: Annotated[
        Path | None, typer.Option(help="Judge a training run of this recipe.", show_default=False)
    ] = None,
    variant: Annotated[str | None, typer.Option(help="One of the recipe's VARIANTS.", show_default=False)] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run; default: as `train` names it.", show_default=False)
    ] = None,
    talker: Annotated[
        Path | None, typer.Option(help="Judge an exported talker, live as it is served.", show_default=False)
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            help="Judge any system by a folder of CLIP.npy, or CLIP_condition_SUBJECT.npy; frames x vertices x 3.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="Split of the corpus.")] = "test",
    way: Annotated[
        Way,
        typer.Option(help="Of a run: each frame once and all decoded; as the authors' code tests; or as it is served."),
    ] = Way.whole,
    online: Annotated[bool, typer.Option("--online", help="Of a run: tell how far live is from whole, too.")] = False,
    steps: Annotated[int, typer.Option(min=0, help="Of a run: denoising passes; 0: those of the recipe.")] = 0,
    long: Annotated[
        int, typer.Option(min=0, help="Put sentences of a speaker together to so many frames (papers: 2000).")
    ] = 0,
    chunk: Annotated[
        int, typer.Option(min=0, help="Speak so many frames at a time, each from rest (authors' script: 1000).")
    ] = 0,
    limit: Annotated[int, typer.Option(min=0, help="Only so many clips; 0: all.")] = 0,
    seed: Annotated[int, typer.Option(help="Of a run: another seed, other noise.")] = 0,
    json: Json = None,
) -> None:
    """Judge a mesh that speaks by a recorded one: LVE, FDD, MOD, MVE, in SI units and as papers print them.

    A speaker whom the talker has not learned speaks as each of those whom it has, and the figures are averaged.
    """
    from facestream.corpora.meshes import MeshCorpus
    from facestream.evaluation.mesh_clips import MeshProtocol
    from facestream.evaluation.mesh_report import evaluate_mesh
    from facestream.evaluation.mesh_speakers import read_predictions, speak_live
    from facestream.evaluation.mesh_tables import mesh_tables

    if sum(given is not None for given in (recipe, talker, predictions)) != 1:
        raise CorpusError("nothing to judge, or too much; give one of --recipe, --talker and --predictions")
    opened = MeshCorpus.open(corpus)
    also = None
    with _judging(json) as tick:
        if predictions is not None:
            speak = read_predictions(predictions)
        elif talker is not None:
            speak = speak_live(load(talker), seed)
        else:
            assert recipe is not None
            speak = speak_run(opened, recipe, variant, run, way, steps, seed)
            also = speak_run(opened, recipe, variant, run, Way.live, steps, seed) if online else None
        protocol = MeshProtocol(split, limit, long, chunk)
        report = evaluate_mesh(opened, protocol, speak, also, tick)
    _tell(mesh_tables(report), report.to_json(), json)


def speak_run(
    corpus: MeshCorpus,
    recipe: Path,
    variant: str | None = None,
    run: Path | None = None,
    way: Way = Way.whole,
    steps: int = 0,
    seed: int = 0,
) -> Speak:
    """A training run of a recipe, ready to speak the corpus' clips. Raises CorpusError if there is none."""
    from facestream.cli.train import run_folder_of

    with needing("train", "Judging a training run"):
        from facestream.training.meshes.recipe import MeshRecipe
        from facestream.training.meshes.speaking import Speaking, speaker, with_steps
        from facestream.training.recipe import load_recipe
    found = with_steps(load_recipe(recipe, variant, MeshRecipe), steps)
    found.check(corpus)
    trained = found.load(run or run_folder_of(recipe, variant))
    return speaker(trained, found.ears.open(), corpus, Speaking(way.value, seed=seed))


@contextmanager
def _judging(result: Path | None) -> Iterator[Callable[[int, int], None]]:
    if result is not None:
        check_place(result)
    with stoppable("Nothing was written."), progress_bar() as bar:
        task = bar.add_task("Judging", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(tables: RenderableType, figures: dict[str, Any], path: Path | None) -> None:
    from facestream.evaluation.figures import save_json

    out.print(tables)
    if path is not None:
        save_json(figures, path)
