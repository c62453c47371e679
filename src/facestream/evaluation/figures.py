"""Figures on paper: as JSON, and as tables for the terminal."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Column, Table
from rich.text import Text

from facestream.errors import SinkError
from facestream.files import write_whole

if TYPE_CHECKING:
    from facestream.evaluation.capture import CaptureReport
    from facestream.evaluation.lips import LipsReport


def plain(figures: dict[str, Any], significant: bool = False) -> dict[str, Any]:
    """Nested figures as JSON knows them: four decimals, or seven significant digits; None for NaN, lists for tuples."""
    return {name: _plain(value, significant) for name, value in figures.items()}


def _plain(value: Any, significant: bool) -> Any:
    if isinstance(value, dict):
        return plain(value, significant)
    if isinstance(value, (list, tuple)):
        return [_plain(each, significant) for each in value]
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.7g}") if significant else round(value, 4)
    return value


def save_json(figures: dict[str, Any], path: Path) -> None:
    """Write figures as JSON. Raises SinkError if the file cannot be written."""
    write_whole(path, json.dumps(figures, indent=1, ensure_ascii=False).encode() + b"\n")


def make_folder(path: Path) -> None:
    """Make a folder for results, if there is none. Raises SinkError if that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"the folder '{path}' cannot be made: {error.strerror}; choose another") from None


def lips_tables(report: LipsReport) -> Group:
    """The summary with its intervals and the baseline, each channel's row, and what was skipped."""
    summary, baseline, intervals = report.summary(), report.baseline_summary(), report.intervals()
    sounds = sum(len(score.closures.sounds) for score in report.scores)
    title = f"{len(report.scores)} recordings, {sounds} P B M"
    figures = Table("", *numbers("talker", "95 %", "loudness"), title=title, title_justify="left")
    for name, value in summary.items():
        decimals = 1 if name.endswith("_ms") else 3
        talker, low, high, loudness = (figure(each, decimals) for each in (value, *intervals[name], baseline[name]))
        figures.add_row(name, talker, f"{low} … {high}", loudness)
    rows = Table("channel", *numbers("r", "lag ms", "amplitude ratio"))
    for name, following in report.channels().items():
        rows.add_row(name, figure(following.now), figure(following.lag_ms, 1), figure(following.ratio))
    return Group(figures, rows, *(Text(f"skipped {reason}") for reason in report.skipped))


def capture_tables(report: CaptureReport) -> Group:
    """A table a recording and one of all: each channel against the measurement, the baseline beside it."""
    names = [*report.recordings, "all recordings"]
    tables = []
    for name, rows in zip(names, [*report.recordings.values(), report.pooled()], strict=True):
        columns = ("r", "best r", "lag ms", "amplitude ratio", "loudness r", "best", "lag ms")
        table = Table("channel", *numbers(*columns), title=name, title_justify="left")
        for channel, (face, loudness) in rows.items():
            ours = (figure(face.now), figure(face.best), figure(face.lag_ms, 1), figure(face.ratio))
            table.add_row(channel, *ours, figure(loudness.now), figure(loudness.best), figure(loudness.lag_ms, 1))
        tables.append(table)
    return Group(*tables)


def numbers(*headers: str) -> list[Column]:
    """Columns that end at one line."""
    return [Column(header, justify="right") for header in headers]


def figure(value: float, decimals: int = 3) -> str:
    """A figure as printed; a dash for NaN."""
    return "–" if math.isnan(value) else f"{value:.{decimals}f}"
