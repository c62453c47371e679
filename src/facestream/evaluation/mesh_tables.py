"""Figures of meshes on paper: in SI, beside the mean face, and as papers print them."""

from __future__ import annotations

import math

from rich.console import Group
from rich.table import Table
from rich.text import Text

from facestream.evaluation.figures import figure, numbers
from facestream.evaluation.mesh_report import MeshReport

ROWS = {
    "lve": ("LVE", "m²"),
    "fdd": ("FDD", "m²"),
    "abs_fdd": ("|FDD|", "m²"),
    "mod": ("MOD", "m"),
    "mve": ("MVE", "m"),
    "jitter": ("jitter", "m/s²"),
    "true_jitter": ("jitter of the truth", "m/s²"),
    "diversity": ("diversity", "m"),
    "apart": ("live beside whole", "m"),
}


def mesh_tables(report: MeshReport) -> Group:
    """All figures in SI by both averages, beside the mean face; then as papers print them; then what is long."""
    return Group(_in_si(report), _as_printed(report), *_long_notes(report))


def _in_si(report: MeshReport) -> Table:
    clips, frames, still = (report.in_si(each) for each in (report.by_clips(), report.by_frames(), report.still()))
    interval, spoken = report.in_si(report.intervals()), len(report.clips[0].identities)
    manner = f"each as {spoken} people, averaged" if spoken > 1 else "each as itself"
    title = f"{report.corpus}, {report.split}: {len(report.clips)} clips, {manner}"
    columns = numbers("mean of clips", "95 % ±", "all frames", "mean face")
    table = Table("", *columns, "unit", title=title, title_justify="left")
    for name, (label, unit) in ROWS.items():
        if not math.isnan(clips[name]):
            row = (figures.get(name, math.nan) for figures in (clips, interval, frames, still))
            table.add_row(label, *map(_small, row), unit)
    return table


def _as_printed(report: MeshReport) -> Table:
    scale, ours, still = report.printed, report.as_printed(report.by_clips()), report.as_printed(report.still())
    table = Table("as printed", *numbers("1 is", "mean of clips", "mean face"))
    for name, one in (("lve", scale.lve), ("fdd", scale.fdd), ("abs_fdd", scale.fdd), ("mod", scale.mod)):
        table.add_row(ROWS[name][0], f"{one:.0e}", figure(ours[name], 4), figure(still[name], 4))
    return table


def _long_notes(report: MeshReport) -> list[Text]:
    """What chunks and minutes do, where there are any."""
    notes, clips = [], report.clips
    jumps = [clip.jumps for clip in clips if clip.jumps and not math.isnan(clip.jumps.mesh)]
    if jumps:
        ratio = sum(jump.mesh for jump in jumps) / max(sum(jump.usual for jump in jumps), 1e-30)
        notes.append(Text(f"Where chunks meet, the mesh steps {ratio:.2f} times as far as elsewhere."))
    last = min(len(clip.drift.wander) for clip in clips) - 1
    if last > 0:
        away = report.metres * sum(clip.drift.wander[last] for clip in clips) / len(clips)
        moved = sum(clip.drift.motion[last] / max(clip.drift.motion[0], 1e-30) for clip in clips) / len(clips)
        where = f"In minute {last + 1} the mean face is {1e3 * away:.3g} mm from minute 1's"
        notes.append(Text(f"{where}; it moves {moved:.2f} times as much."))
    return notes


def _small(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4g}"
