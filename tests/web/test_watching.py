"""An agent speaks from Python; a page watches its session, and stops it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from facestream.audio.waveform import read_audio
from facestream.client import connect
from facestream.timing import SAMPLE_RATE

from .conftest import SAMPLE, expected_jaw, table, visit_with


def test_a_page_shows_another_session_and_stops_it(server: str, tmp_path: Path) -> None:
    sample = read_audio(SAMPLE)

    async def agent() -> tuple[dict, int]:  # type: ignore[type-arg]
        async with connect(server.replace("http", "ws"), source="speech") as live:
            page = f"{server}/?watch={live.welcome.session}"
            visit = asyncio.create_task(asyncio.to_thread(visit_with, "watch.mjs", page, tmp_path))
            while not visit.done() and not live.turn:  # again and again, until somebody has seen enough
                await live.send(sample)
                await asyncio.wait((visit,), timeout=len(sample) / SAMPLE_RATE)
            return await visit, live.turn

    seen, turns = asyncio.run(agent())
    assert seen["complaints"] == []
    assert seen["told"] == "Watching a live session."
    assert seen["offered"][:2] == ["Stop", "Record"]
    assert turns == 1
    spoken = [p for p in seen["pictures"] if p["heard"] >= 0 and p["turn"] == 0 and p["at"] < seen["stopped"]]
    shown, wanted = table(spoken, "jaw"), expected_jaw(table(spoken, "heard") % len(sample))
    assert np.corrcoef(shown, wanted)[0, 1] > 0.8
    rest = [p for p in seen["pictures"] if p["at"] > seen["stopped"] + 0.2]
    assert rest
    assert table(rest, "jaw").max() < 0.06
