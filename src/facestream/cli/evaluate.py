"""`facestream evaluate`: is the face right? Against the phones of its speech, or against a measured face."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from facestream.cli.console import check_place, out, progress_bar, stoppable
from facestream.runtime.talker import load

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
