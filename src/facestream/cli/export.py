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
    speech: Annotated[
        list[Path] | None,
        typer.Option(
            help="Shard of aligned speech, whose held-out speakers set amplitude and certainty; further ones set "
            "certainty too. May be repeated. Default: data/shards/real.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Set a run's amplitudes on held-out speakers, and write it as ONNX in 8-bit integers."""
    with needing("train", "Exporting"):
        from facestream.training.recipe import load_recipe
        from facestream.training.ship import ship
    card = recipe.with_suffix(".md")
    if not card.is_file():
        raise CorpusError(
            f"there is no model card '{card}'; say there what the talker was made from and how well it does"
        )
    with stoppable("Nothing was exported."):
        shards = speech or [Path("data/shards/real")]
        runs = dict(_shared(each) for each in run) if run else {run_folder_of(recipe): 1.0}
        ship(load_recipe(recipe), runs, shards, output, card.read_text(encoding="utf-8"))
    out.print(f"The bundle is in {output}", markup=False, highlight=False, soft_wrap=True)


def _shared(run: str) -> tuple[Path, float]:
    """FOLDER or FOLDER=SHARE."""
    folder, given, share = run.rpartition("=")
    try:
        return (Path(folder), float(share)) if given else (Path(run), 1.0)
    except ValueError:
        raise CorpusError(f"the share of '{run}' is '{share}'; expected a number, such as {folder}=0.5") from None
