"""`facestream live --page`: a page sees what this machine's sound says."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from tests.server.conftest import JAW, Echo, tone
from typer.testing import CliRunner

from facestream.cli import app, live_page
from facestream.client import connect
from facestream.errors import AudioError, ServeError
from facestream.server.protocol import IDLE, Face
from facestream.signals import Floats

RATE = 24_000


class Time:
    """A clock that only sleeping moves, and packets that are waited for."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_file_is_spoken_in_time_and_a_pipe_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Time()
    monkeypatch.setattr(live_page, "time", clock)

    def packets() -> Iterator[Floats]:
        for n in range(100):
            clock.now += 0.0001 if n < 50 else 0.019  # ready, then a device that is 5 % fast
            yield np.zeros(480, np.float32)

    came = [clock.now for _ in live_page.at_the_pace_of_speech(packets(), RATE)]
    assert came[49] == pytest.approx(49 * 0.02)
    assert came[99] - came[49] == pytest.approx(50 * 0.019)  # nothing heaps up


def spoken(packets: Iterator[Floats], monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Thread, str, str]:
    """A sound that is shown; server and session."""
    said: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(live_page, "errors", SimpleNamespace(print=lambda text, **_: said.put(text)))
    thread = threading.Thread(target=live_page.show, args=(packets, RATE, Echo(), "neutral", 0, 0, True))
    thread.start()
    page = said.get(timeout=10).split()[4].rstrip(";")
    server, _, name = page.partition("/?watch=")
    return thread, server.replace("http", "ws"), name


def test_a_page_sees_the_sound_from_its_beginning_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    thread, server, name = spoken(iter(np.split(tone(0.8, RATE), 40)), monkeypatch)

    async def watch() -> list[Face]:
        seen = []
        async with connect(server, watch=name) as page:
            async for face in page:
                seen.append(face)
                if face.heard >= 0.76 * RATE:
                    break
        return seen

    seen = asyncio.run(asyncio.wait_for(watch(), 20))
    thread.join(10)
    assert not thread.is_alive()
    told = [face for face in seen if face.heard != IDLE]
    assert told[0].heard == 0
    assert max(float(face.values[JAW]) for face in told) > 0.5


def test_what_is_wrong_with_the_sound_ends_it() -> None:
    def broken() -> Iterator[Floats]:
        yield tone(0.02, RATE)
        raise AudioError("the microphone is gone")

    with pytest.raises(AudioError, match="is gone"):
        live_page.show(broken(), RATE, Echo(), "neutral", 0, 0)


def test_a_taken_port_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def listen(address: object) -> None:
        raise ServeError("it is taken")

    monkeypatch.setattr(live_page, "listen", listen)
    with pytest.raises(ServeError, match="taken"):
        live_page.show(iter(()), RATE, Echo(), "neutral", 0, 0)


def test_the_page_writes_no_curves() -> None:
    result = CliRunner().invoke(app, ["live", "--page", "-o", "x.csv"], input=b"")
    assert result.exit_code == 2
    assert "do not go together" in " ".join(result.output.split())
