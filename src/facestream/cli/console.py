"""What all verbs share at the terminal: where words go, the progress bar, and the answer to Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from facestream.errors import MissingExtra, SinkError

out = Console()
errors = Console(stderr=True)


def progress_bar() -> Progress:
    """A bar on the error stream, so that what is printed can be piped; it leaves nothing behind when it is done."""
    # where nobody watches there is no bar, not even the empty line that would be left of it
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)


def check_place(output: Path) -> None:
    """Raise SinkError now if a file of this name could not be written at the end of the work."""
    folder = output.absolute().parent
    if output.is_dir():
        raise SinkError(f"'{output}' is a folder; expected a file name")
    if not folder.is_dir():
        raise SinkError(f"there is no folder '{output.parent}' to write '{output.name}' into; make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SinkError(f"nothing may be written into the folder '{output.parent}'; choose another output")


@contextmanager
def stoppable(kept: str) -> Iterator[None]:
    """Let Ctrl-C end the work within. kept: a sentence on what is left of it."""
    try:
        yield
    except KeyboardInterrupt:
        errors.print(f"Stopped. {kept}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(130) from None


@contextmanager
def needing(extra: str, purpose: str) -> Iterator[None]:
    """Imports within may need an optional package: raise MissingExtra with its name if it is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "facestream"):
            raise
        raise MissingExtra(package, extra, purpose) from None
