"""`facestream bench`: how long each part of the work takes on this machine, on the bundled sample.

Times are of the processor, all threads together, so that a busy machine changes them little; "x real time" is seconds
of sound a second of one core.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from facestream.audio.frontend import log_mel
from facestream.audio.waveform import read_audio
from facestream.cli import bench_live
from facestream.cli.animate import hear
from facestream.cli.console import out
from facestream.runtime.stream import Stream
from facestream.runtime.talker import load
from facestream.signals import Frame
from facestream.timing import SAMPLE_RATE

SAMPLE = files("facestream") / "assets" / "sample.flac"


@dataclass(frozen=True)
class Row:
    """A measured part. seconds: of processor time for the whole sound; frames: how many times it was done."""

    part: str
    seconds: float
    frames: int


def measure(folder: Path, size: int) -> tuple[list[Row], float]:
    """Every part once, after a first run that compiles and warms; and the seconds of sound it was done for."""
    from facestream.faces.head import Head
    from facestream.faces.rasterizer import Renderer
    from facestream.sinks.video import VideoSink

    with as_file(SAMPLE) as path:
        samples = read_audio(path)
        decoding = _cost(lambda: read_audio(path))
    talker = load()
    head = Head.load()
    pose, renderer = head.bind(talker.config.channels), Renderer(head.mesh, size)

    def move() -> list[Frame]:
        return list(hear(Stream(talker, talker.config.styles[0]), samples))

    frames = move()
    vertices = [pose(frame.values) for frame in frames]
    pictures = [renderer.draw(points) for points in vertices]

    def encode() -> None:
        sound = (samples, SAMPLE_RATE)
        with VideoSink(folder / "bench.mp4", (size, size), talker.timing.fps, audio=sound) as video:
            for picture in pictures:
                video.write(picture)

    parts: dict[str, Callable[[], object]] = {
        "log-mel": lambda: log_mel(samples),
        "sound to motion": move,
        "posing": lambda: [pose(frame.values) for frame in frames],
        f"drawing {size} x {size}": lambda: [renderer.draw(points) for points in vertices],
        "encoding": encode,
    }
    rows = [Row(part, _cost(work), len(frames)) for part, work in parts.items()]
    return [Row("decoding", decoding, len(frames)), *rows], len(samples) / SAMPLE_RATE


def _cost(work: Callable[[], object]) -> float:
    """Median processor seconds of five runs."""
    costs = []
    for _ in range(5):
        start = time.process_time()
        work()
        costs.append(time.process_time() - start)
    return float(np.median(costs))


app = typer.Typer(no_args_is_help=False)
app.command("live", epilog="Example: facestream bench live --sessions 20 --json live.json")(bench_live.command)


@app.callback(invoke_without_command=True, epilog="Example: facestream bench")
def command(
    context: typer.Context,
    size: Annotated[int, typer.Option(min=64, max=2160, help="Edge of the picture, pixels.")] = 512,
) -> None:
    """Measure each part of the work on this machine; or, as a verb of its own, the live server."""
    if context.invoked_subcommand:
        return
    with tempfile.TemporaryDirectory() as folder:
        rows, seconds = measure(Path(folder), size)
    table = Table("part", "ms a frame", "x real time", title=f"{seconds:.1f} s of speech, {os.cpu_count()} cores")
    for row in [*rows, Row("all", sum(row.seconds for row in rows), rows[0].frames)]:
        table.add_row(row.part, f"{1000 * row.seconds / row.frames:.2f}", f"{seconds / row.seconds:,.0f}")
    out.print(table)
