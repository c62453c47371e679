"""`facestream live --page`: a server in this process, one session that speaks, and pages that watch it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress

from facestream.cli.console import errors
from facestream.client import connect
from facestream.errors import FacestreamError
from facestream.runtime.talker import Talker
from facestream.server.house import House
from facestream.server.limits import Limits
from facestream.server.serve import Address, listen, make_server
from facestream.signals import Floats

SEATS = 8
ALWAYS = 1e9  # seconds: a machine's own session ends when its sound does
WAITED = 0.002  # seconds that nothing takes which lies ready
WAITING = 100  # packets that may wait to be sent

Sound = Floats | FacestreamError | None  # a packet; what kept the rest from coming; its end


def at_the_pace_of_speech(packets: Iterator[Floats], rate: int) -> Iterator[Floats]:
    """Packets as fast as they are spoken where they lie ready (a file), as they come where one has to wait for them."""
    due = time.monotonic()
    while True:
        asked = time.monotonic()
        packet = next(packets, None)
        if packet is None:
            return
        now = time.monotonic()
        if now - asked > WAITED:
            due = now
        time.sleep(max(0.0, due - now))
        due += len(packet) / rate
        yield packet


def show(
    packets: Iterator[Floats], rate: int, talker: Talker, style: str, seed: int, port: int, waits: bool = False
) -> None:
    """Show the face of a sound on the page, until the sound ends. waits: the first sound, until somebody watches.

    Raises ServeError if the port is taken, AudioError where the sound does.
    """
    house = House(talker, SEATS, Limits(session_seconds=ALWAYS, idle_seconds=ALWAYS))
    with _served(house, port) as place:
        asyncio.run(_speak(packets, rate, house, place, style, seed, waits))


@contextmanager
def _served(house: House, port: int) -> Iterator[str]:
    """A server in a thread, where Ctrl-C is not its affair; gives host and port."""
    address = Address(port=port)
    listener, server = listen(address), make_server(house, address)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        yield f"{address.host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


async def _speak(
    packets: Iterator[Floats], rate: int, house: House, place: str, style: str, seed: int, waits: bool
) -> None:
    async with connect(f"ws://{place}", sample_rate=rate, style=style, seed=seed) as live:
        page = f"http://{place}/?watch={live.welcome.session}"
        errors.print(f"The face is at {page}; Ctrl-C ends.", markup=False, highlight=False, soft_wrap=True)
        while waits and not house.audience:
            await asyncio.sleep(0.1)
        heard: asyncio.Queue[Sound] = asyncio.Queue(WAITING)
        threading.Thread(target=_read, args=(packets, heard, asyncio.get_running_loop()), daemon=True).start()
        while (packet := await heard.get()) is not None:
            if isinstance(packet, FacestreamError):
                raise packet
            await live.send(packet)
        await live.end()


def _read(packets: Iterator[Floats], heard: asyncio.Queue[Sound], loop: asyncio.AbstractEventLoop) -> None:
    """Pass on what comes. It may wait for ever for the next packet: hence a thread that nobody waits for."""

    def put(sound: Sound) -> None:
        asyncio.run_coroutine_threadsafe(heard.put(sound), loop).result()

    with suppress(CancelledError, RuntimeError):  # nobody waits for it any more
        try:
            for packet in packets:
                put(packet)
            put(None)
        except FacestreamError as error:
            put(error)
