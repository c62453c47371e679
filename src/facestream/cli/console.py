"""What all verbs share at the terminal: where words go, the progress bar, and the answer to Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from facestream.errors import MissingExtra

out = Console()
errors = Console(stderr=True)


def progress_bar() -> Progress:
    """A bar on the error stream, so that what is printed can be piped; it leaves nothing behind when it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=errors, transient=True)


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
