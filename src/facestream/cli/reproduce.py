"""`facestream reproduce`: train and judge a paper's system, and print the paper's table beside ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from facestream.cli.console import needing, out, progress_bar, stoppable
from facestream.cli.train import run_folder_of
from facestream.errors import CorpusError, did_you_mean
from facestream.evaluation.published import ABLATIONS, TABLE, Row, scale_of

if TYPE_CHECKING:
    from facestream.training.meshes.recipe import MeshRecipe

RECIPES = Path("recipes")


@dataclass(frozen=True)
class Reproduction:
    """What stands for a paper's table. paper: the set's name in evaluation/published.py; splits: that are judged;
    source: where the data are to be had.
    """

    recipe: Path
    paper: str
    splits: tuple[str, ...]
    source: str


REPRODUCTIONS = {
    "streamingtalker-vocaset": Reproduction(
        RECIPES / "streamingtalker_vocaset.py",
        "vocaset",
        ("test",),
        "VOCASET is given out at https://voca.is.tue.mpg.de to whoever registers and accepts its licence; then run "
        "`facestream prepare vocaset FOLDER -o {data}`",
    ),
    "streamingtalker-biwi": Reproduction(
        RECIPES / "streamingtalker_biwi.py",
        "biwi",
        ("test_a", "test_b"),
        "BIWI is no longer given out; who has it runs `facestream prepare biwi FOLDER -o {data}`",
    ),
}
# Names of our variants in the paper's table of ablations.
ABLATED = {
    "no-diffusion": "regression",
    "no-codec": "raw motion",
    "plain-vae": "plain VAE",
    "all-history": "all history",
    "no-cross-attention": "no cross-attention",
    "no-self-attention": "no self-attention",
}


def command(
    name: Annotated[
        str | None,
        typer.Argument(help="One of --list, or a recipe file of your own for a mesh.", show_default=False),
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="What can be reproduced, and what is there for it.")] = False,
    data: Annotated[
        Path | None, typer.Option(help="The prepared corpus; default: as the recipe says.", show_default=False)
    ] = None,
    variants: Annotated[
        list[str] | None,
        typer.Option(
            "--variant",
            help="Also one of the recipe's VARIANTS (published, an ablation); may be repeated.",
            show_default=False,
        ),
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder of the training runs.")] = Path("runs"),
    limit: Annotated[int, typer.Option(min=0, help="Judge only so many clips of a split; 0: all.")] = 0,
) -> None:
    """Train both stages, judge, and print the paper's table beside ours. The same command goes on where it stopped."""
    if list_all or name is None:
        out.print(_listed(runs))
        return
    with needing("train", "Reproducing a paper"):
        import facestream.training.meshes.speaking  # noqa: F401
    found = find(name)
    with stoppable("The same command goes on."):
        rows = reproduce(found, data, (None, *(variants or ())), runs, limit)
    out.print(_table(found, rows, variants or ()))
    place = data or "the recipe's own corpus"
    out.print(f"Ours are of {place}; the others, as printed, of the data set itself.", highlight=False, soft_wrap=True)


def find(name: str) -> Reproduction:
    """A reproduction by name, or one of a recipe file. Raises CorpusError if there is neither."""
    if name in REPRODUCTIONS:
        return REPRODUCTIONS[name]
    if Path(name).suffix == ".py":
        return Reproduction(Path(name), "", (), "its corpus is not at {data}; give another folder by --data")
    known = tuple(REPRODUCTIONS)
    raise CorpusError(
        f"there is nothing to reproduce called '{name}'.{did_you_mean(name, known)} There is {', '.join(known)}; or "
        "give a recipe file"
    )


def reproduce(
    found: Reproduction, data: Path | None, variants: Sequence[str | None], runs: Path, limit: int = 0
) -> dict[str, dict[str, Any]]:
    """Train what is not trained and judge what is not judged: the figures (MeshReport.to_json) by what they are of.

    variants: names among the recipe's, None for the recipe itself. Raises CorpusError when the recipe or its corpus is
    missing, saying where it is to be had.
    """
    from facestream.corpora.meshes import MeshCorpus
    from facestream.training.meshes.recipe import MeshRecipe
    from facestream.training.recipe import load_recipe

    rows: dict[str, dict[str, Any]] = {}
    main: MeshRecipe | None = None
    for variant in variants:
        recipe = load_recipe(found.recipe, variant, MeshRecipe)
        folder = data or recipe.data
        if not folder.exists():
            raise CorpusError(
                f"'{recipe.name}' learns from a corpus that is not there: {found.source.format(data=folder)}"
            )
        corpus, run = MeshCorpus.open(folder), runs / run_folder_of(found.recipe, variant).name
        main = main or recipe
        shared = variant is not None and _same_codec(recipe, main) and None in variants
        recipe.train(folder, run, runs / run_folder_of(found.recipe).name if shared else None)
        for split in found.splits or tuple(name for name in corpus.splits if name.startswith("test")):
            for way in ("whole", "released") if recipe.talker.head.kind == "affine" else ("whole",):
                rows[f"{variant or 'ours'}, {split}, {WAYS[way]}"] = _judged(corpus, recipe, run, split, way, limit)
    return rows


WAYS = {"whole": "each frame sampled once", "released": "sampled as their code tests"}


def _same_codec(one: MeshRecipe, other: MeshRecipe) -> bool:
    return (one.talker.codec, one.talker.unit, one.codec) == (other.talker.codec, other.talker.unit, other.codec)


def _judged(corpus: Any, recipe: MeshRecipe, run: Path, split: str, way: Any, limit: int) -> dict[str, Any]:
    """Figures of a run, from the file beside it if they are of the weights that it has now."""
    from facestream.evaluation.figures import save_json
    from facestream.evaluation.mesh_clips import MeshProtocol
    from facestream.evaluation.mesh_report import evaluate_mesh
    from facestream.training.checkpoints import CHECKPOINT
    from facestream.training.meshes.recipe import TALKER
    from facestream.training.meshes.speaking import Speaking, speaker

    place = run / f"judged-{split}-{way}{f'-{limit}' if limit else ''}.json"
    weights = (run / TALKER / CHECKPOINT).stat().st_mtime_ns
    if place.exists() and (kept := json.loads(place.read_text())).get("weights") == weights:
        return dict(kept)
    speak = speaker(recipe.load(run), recipe.ears.open(), corpus, Speaking(way))
    with progress_bar() as bar:
        task = bar.add_task(f"Judging {recipe.name} on {split}", total=None)
        report = evaluate_mesh(
            corpus,
            MeshProtocol(split, limit),
            speak,
            tick=lambda done, total: bar.update(task, completed=done, total=total),
        )
    figures = {"weights": weights, **report.to_json()}
    save_json(figures, place)
    return figures


def _table(found: Reproduction, rows: dict[str, dict[str, Any]], variants: Sequence[str]) -> Table:
    """The paper's rows, then ours and what a face that does not move would get, in the paper's digits."""
    corpus, metres = next((figures["corpus"], figures["metres_a_unit"]) for figures in rows.values())
    paper = found.paper or corpus
    scale = scale_of(paper, metres)
    title = f"LVE in {scale.lve:.0e}, FDD in {scale.fdd:.0e}, MOD in {scale.mod:.0e} of the set's units"
    table = Table("", *("LVE", "FDD", "MOD"), title=title, title_justify="left")
    for name, row in TABLE.get(paper, {}).items():
        table.add_row(name, *_digits(row))
    for variant in variants:
        if variant in ABLATED and paper in ABLATIONS:
            table.add_row(f"StreamingTalker, {ABLATED[variant]}", *_digits(ABLATIONS[paper][ABLATED[variant]]))
    table.add_section()
    for name, figures in rows.items():
        printed = figures["clips"]["printed"]
        table.add_row(name, *_digits((printed["lve"], printed["fdd"], printed["mod"])))
    still = next(iter(rows.values()))["mean_face"]["printed"]
    table.add_row("the mean face, which does not move", *_digits((still["lve"], still["fdd"], still["mod"])))
    return table


def _digits(row: Row) -> tuple[str, ...]:
    return tuple("–" if value is None else f"{value:.4f}" for value in row)


def _listed(runs: Path) -> Table:
    table = Table("name", "recipe", "its run", title="What can be reproduced", title_justify="left")
    for name, each in REPRODUCTIONS.items():
        run = runs / run_folder_of(each.recipe).name
        there = str(each.recipe) if each.recipe.exists() else f"{each.recipe} is not here: run this in a clone"
        table.add_row(name, there, f"{run}, begun" if run.exists() else "not begun")
    return table
