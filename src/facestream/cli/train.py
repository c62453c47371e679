"""`facestream train`: run a recipe, or go on with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facestream.cli.console import needing, out, stoppable


def command(
    recipe: Annotated[Path, typer.Argument(help="A Python file that defines RECIPE, such as those in recipes/.")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="What it learns from, as `facestream prepare features`, `vocaset` or `biwi` made it; default: as the "
            "recipe says.",
            show_default=False,
        ),
    ] = None,
    variant: Annotated[
        str | None,
        typer.Option(help="One of the recipe's VARIANTS, such as an ablation, by name.", show_default=False),
    ] = None,
    run_folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder of the run; default: runs/ and the recipe's name, with its variant's.",
            show_default=False,
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="What a new run begins with: a bundle with weights; for a mesh, a run whose codec is taken instead of "
            "training one.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a talker by a recipe. The same command goes on where it stopped.

    Ctrl-C ends a run after a whole step. The run's folder keeps the checkpoint
    that it goes on from, milestones, and figures: history.jsonl, and scalars
    for `tensorboard --logdir runs`.

    A GPU is used if there is one; several, or several machines, by torchrun:

    torchrun --nproc-per-node 4 -m facestream.cli train RECIPE

    torchrun --nnodes 2 --nproc-per-node 8 --rdzv-endpoint HOST:29500
    -m facestream.cli train RECIPE
    """
    with needing("train", "Training"):
        from facestream.training.recipe import TrainingRun, load_recipe
    folder = run_folder or run_folder_of(recipe, variant)
    with stoppable(f"The last checkpoint is in {folder}; the same command goes on from it."):
        load_recipe(recipe, variant, TrainingRun).train(data, folder, start)  # type: ignore[type-abstract]
    out.print(f"The run is in {folder}", markup=False, highlight=False, soft_wrap=True)


def run_folder_of(recipe: Path, variant: str | None = None) -> Path:
    """Where a recipe's checkpoints go by default."""
    return Path("runs") / "-".join(filter(None, (recipe.stem, variant)))
