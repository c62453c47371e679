"""`facestream bench live`: a server in a process of its own, and a crowd that talks to it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import IO, Annotated, Any
from urllib.request import urlopen

import numpy as np
import typer
import uvicorn
from rich.table import Table

from facestream.audio.waveform import read_audio
from facestream.cli.console import check_place, out, progress_bar
from facestream.cli.serve import CORES
from facestream.errors import ServeError
from facestream.files import write_whole

SETTLE = 3.0  # seconds after the last one came, before it counts


@contextmanager
def a_server(*options: str) -> Iterator[int]:
    """A server in a process of its own; gives its port. Raises ServeError if it does not start."""
    command = [sys.executable, "-m", "facestream.cli", "serve", "--port", "0", *options]
    with tempfile.TemporaryFile("w+") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            yield _port(process, log)
        finally:
            process.terminate()


def _port(process: subprocess.Popen[bytes], log: IO[str]) -> int:
    """Where a server listens, once it says so."""
    while True:
        log.seek(0)
        said = log.read()
        if found := re.search(r"Listening on \S+:(\d+);", said):
            return int(found[1])
        if process.poll() is not None:
            raise ServeError(f"the server did not start: {said}")
        time.sleep(0.05)


def read_metrics(port: int) -> dict[str, float]:
    """The server's numbers by name."""
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


async def measure(port: int, sessions: int, seconds: float, tick: Any = lambda done: None) -> dict[str, Any]:
    """Talk to a server for some time; what came of it."""
    from facestream.server.crowd import figures, gather

    with as_file(files("facestream") / "assets" / "sample.flac") as path:
        sound = read_audio(path)
    clients = await gather("127.0.0.1", port, sessions, sound)
    await asyncio.sleep(SETTLE)
    before, begin, own = await asyncio.to_thread(read_metrics, port), time.monotonic(), time.process_time()
    while (done := time.monotonic() - begin) < seconds:
        tick(done)
        await asyncio.sleep(min(0.5, seconds - done))
    after, end, own = await asyncio.to_thread(read_metrics, port), time.monotonic(), time.process_time() - own
    for client in clients:
        client.stop()
    found = figures([client.heard for client in clients], begin, end, 25)
    spent = {name: after[name] - before[name] for name in after if name in before}
    percent = np.percentile(found.latency, (50, 95, 99, 100)) * 1000 if found.frames else np.full(4, np.nan)
    cpu = spent["process_cpu_seconds_total"]
    return {
        "sessions": sessions,
        "seconds": round(end - begin, 2),
        "latency_ms": dict(zip(("p50", "p95", "p99", "max"), np.round(percent, 2).tolist(), strict=True)),
        "late_ticks": spent["facestream_late_ticks_total"] / spent["facestream_ticks_total"],
        "tick_ms": 1000 * spent["facestream_tick_seconds_sum"] / spent["facestream_tick_seconds_count"],
        "skew_ms": round(1000 * found.drift, 2),
        "cpu_cores": round(cpu / (end - begin), 4),
        "cpu_seconds_a_session_second": round(cpu / (end - begin) / sessions, 6),
        "memory_mb": round(after["process_resident_memory_bytes"] / 2**20, 1),
        "frames": found.frames,
        "missing_frames": found.missing,
        "late_frames": int(spent["facestream_late_frames_total"]),
        "dropped_frames": int(spent["facestream_dropped_frames_total"]),
        "closed": found.closed,
        "clients_cpu_cores": round(own / (end - begin), 4),
    }


def command(
    sessions: Annotated[int, typer.Option(min=1, max=4096, help="Who talk at once.")] = 1,
    seconds: Annotated[float, typer.Option(min=1, help="How long it is measured.")] = 10.0,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Cores that share a step in the server.")] = CORES,
    output: Annotated[Path | None, typer.Option("--json", help="File for the figures.")] = None,
) -> None:
    """Latency from sound in to face out, on loopback, look-ahead included; late ticks, drift, cost."""
    if output is not None:
        check_place(output)
    options = ("--seats", str(sessions + 1), "--threads", str(threads), "--load", "inf")  # too many are measured, too
    with a_server(*options) as port, progress_bar() as bar:
        task = bar.add_task("talking", total=seconds)
        with asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:  # as cheap as the server's
            result = runner.run(measure(port, sessions, seconds, lambda done: bar.update(task, completed=done)))
    table = Table("what", "", title=f"{sessions} sessions, {result['seconds']} s")
    for name, value in result.items():
        shown = value if not isinstance(value, dict) else ", ".join(f"{key} {each}" for key, each in value.items())
        table.add_row(name.replace("_", " "), f"{shown:.4g}" if isinstance(shown, float) else str(shown))
    out.print(table)
    if output is not None:
        write_whole(output, (json.dumps(result, indent=1) + "\n").encode())
