"""`facestream train`: run a recipe, or go on with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facestream.cli.console import needing, out, stoppable

DATA = Path("data/features")


def command(
    recipe: Annotated[Path, typer.Argument(help="A Python file that defines RECIPE, such as those in recipes/.")],
    features: Annotated[Path, typer.Option(help="What `facestream prepare features` made.")] = DATA,
    run_folder: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of the checkpoints; default: runs/ and the recipe's name."),
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--from", help="A bundle whose weights a new run begins with.", show_default=False)
    ] = None,
) -> None:
    """Train a talker by a recipe. The same command goes on where an earlier one stopped."""
    with needing("train", "Training"):
        from facestream.training.recipe import load_recipe, run
    folder = run_folder or run_folder_of(recipe)
    with stoppable(f"The last checkpoint is in {folder}; the same command goes on from it."):
        run(load_recipe(recipe), features, folder, start)
    out.print(f"The run is in {folder}", markup=False, highlight=False, soft_wrap=True)


def run_folder_of(recipe: Path) -> Path:
    """Where a recipe's checkpoints go by default."""
    return Path("runs") / recipe.stem
