"""`facestream export`: a training run becomes a bundle that `animate` and every other verb can load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facestream.cli.console import needing, out, stoppable
from facestream.cli.train import run_folder_of
from facestream.errors import CorpusError


def command(
    recipe: Annotated[Path, typer.Argument(help="The recipe of the run; its model card is the .md beside it.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the bundle.")],
    run: Annotated[
        list[str] | None,
        typer.Option(
            help="Folder of the checkpoints; default: as in `facestream train`. Weights of several runs are blended, "
            "as in `--run runs/one=0.4 --run runs/two=0.6`.",
            show_default=False,
        ),
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help="One of the recipe's VARIANTS, by name.", show_default=False)
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Of a mesh: its prepared corpus; default: as the recipe says.", show_default=False),
    ] = None,
    shapes: Annotated[
        Path | None,
        typer.Option(
            help="Of a mesh: an .npz with its `neutral` face [V, 3] and, by ARKit's names, the faces of its shapes. "
            "With them it can move any other face.",
            show_default=False,
        ),
    ] = None,
    integers: Annotated[
        bool, typer.Option(help="Of a mesh: its speech model and large matrices in 8-bit integers.")
    ] = False,
    speech: Annotated[
        list[Path] | None,
        typer.Option(
            help="Shard of aligned speech, whose held-out speakers set amplitude and certainty; further ones set "
            "certainty too. May be repeated. Default: data/shards/real.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a run as a bundle: ONNX, weights, model card.

    A run that makes curves has its amplitudes set on held-out speakers, and is written in 8-bit integers.
    """
    with needing("train", "Exporting"):
        from facestream.training.meshes.recipe import MeshRecipe
        from facestream.training.meshes.ship import ship_mesh
        from facestream.training.recipe import Recipe, TrainingRun, load_recipe
        from facestream.training.ship import ship
        from facestream.training.teller.recipe import TellerRecipe
        from facestream.training.teller.ship import ship_teller
    card = recipe.with_suffix(".md")
    if not card.is_file():
        raise CorpusError(
            f"there is no model card '{card}'; say there what the talker was made from and how well it does"
        )
    with stoppable("Nothing was exported."):
        runs = dict(_shared(each) for each in run) if run else {run_folder_of(recipe, variant): 1.0}
        told, words = load_recipe(recipe, variant, TrainingRun), card.read_text(encoding="utf-8")  # type: ignore[type-abstract]
        if isinstance(told, Recipe):
            ship(told, runs, speech or [Path("data/shards/real")], output, words)
        elif isinstance(told, MeshRecipe):
            ship_mesh(told, next(iter(runs)), data or told.data, output, words, shapes, integers=integers)
        elif isinstance(told, TellerRecipe):
            ship_teller(told, next(iter(runs)), output, words)
        else:
            raise CorpusError(f"{recipe} trains no talker by itself, so there is nothing to export; choose a --variant")
    out.print(f"The bundle is in {output}", markup=False, highlight=False, soft_wrap=True)


def _shared(run: str) -> tuple[Path, float]:
    """FOLDER or FOLDER=SHARE."""
    folder, given, share = run.rpartition("=")
    try:
        return (Path(folder), float(share)) if given else (Path(run), 1.0)
    except ValueError:
        raise CorpusError(f"the share of '{run}' is '{share}'; expected a number, such as {folder}=0.5") from None
