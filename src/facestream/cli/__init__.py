"""The verbs of the command line, one file each.

    facestream animate speech.wav -o talk.mp4

An error that facestream raises on purpose is printed as one sentence, and the exit code is 2; Ctrl-C and SIGTERM
clean up and give 130.
"""

from __future__ import annotations

import logging
import signal
from importlib.metadata import version
from typing import Annotated, Any

import typer
from rich.logging import RichHandler
from typer.core import TyperGroup

from facestream.cli import animate, bench, doctor, evaluate, export, faces, live, prepare, reproduce, serve, train
from facestream.cli.console import errors
from facestream.errors import FacestreamError


class Verbs(TyperGroup):
    """Runs a verb, and says in a sentence what kept it from its end."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb. A FacestreamError becomes exit code 2."""
        try:
            return super().invoke(ctx)
        except FacestreamError as error:
            errors.print(str(error), style="bold red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(2) from None


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("animate", epilog="Example: facestream animate speech.wav -o talk.mp4")(animate.command)
app.command("serve", epilog="Example: facestream serve, then open http://127.0.0.1:8000")(serve.command)
app.command("live", epilog="Example: facestream live --mic -o curves.csv")(live.command)
app.add_typer(faces.app, name="faces")
app.add_typer(prepare.app, name="prepare")
app.command("train", epilog="Example: facestream train recipes/streamingtalker_live.py")(train.command)
app.command("export", epilog="Example: facestream export recipes/streamingtalker_live.py -o my-talker")(export.command)
app.add_typer(evaluate.app, name="evaluate")
app.command("reproduce", epilog="Example: facestream reproduce streamingtalker-vocaset")(reproduce.command)
app.add_typer(bench.app, name="bench")
app.command("doctor", epilog="Example: facestream doctor")(doctor.command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"facestream {version('facestream')}")
        raise typer.Exit


@app.callback(epilog="To begin with: facestream animate speech.wav -o talk.mp4")
def facestream(
    wanted: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Speech in, a moving face out."""
    logging.basicConfig(
        format="%(message)s", handlers=[RichHandler(console=errors, show_time=False, show_path=False)], force=True
    )


def main() -> None:
    """Entry point of the command `facestream`."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what Ctrl-C cleans up, a polite end cleans up too
    app()
