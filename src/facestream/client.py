"""A client of a live server: send sound, get frames, interrupt.

    async with connect("ws://127.0.0.1:8000", sample_rate=24_000, source="speech") as live:
        await live.send(samples)
        async for frame in live:
            jaw = frame.values[live.channel("jawOpen")]

Shapes: N samples, C channels.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from facestream.errors import MotionError, ProtocolError, ServeError
from facestream.server import protocol
from facestream.server.protocol import Close, Ended, Error, Face, Frames, Hello, Interrupted, Pong, Statistics, Welcome

logger = logging.getLogger("facestream.client")

PATH = "/v1/live"
KEPT = 250  # frames that wait for whoever iterates, 10 s; of more the oldest are dropped and counted

Answer = TypeVar("Answer", Interrupted, Ended, Pong, Statistics)


class Live:
    """A session. welcome: what the server said first; turn: interruptions so far; dropped: frames that nobody took."""

    def __init__(self, socket: ClientConnection, hello: Hello, welcome: Welcome) -> None:
        self.welcome = welcome
        self.turn = self.dropped = 0
        self._socket, self._hello = socket, hello
        self._frames: deque[Face] = deque()
        self._news = asyncio.Event()
        self._waiting: dict[type, deque[asyncio.Future[Any]]] = {}
        self._end: ProtocolError | None = None
        self._reader = asyncio.create_task(self._read())

    def channel(self, name: str) -> int:
        """Where a channel's value lies in a frame. Raises MotionError if this talker has none of that name."""
        if name not in self.welcome.channels:
            raise MotionError(f"there is no channel '{name}'; the server has: {', '.join(self.welcome.channels)}")
        return self.welcome.channels.index(name)

    async def send(self, samples: npt.NDArray[Any]) -> None:
        """Send mono sound, [N]: floats in -1..1, or int16."""
        integers = np.issubdtype(samples.dtype, np.integer)
        if self._hello.format == "s16":
            pcm = samples if integers else np.clip(np.round(samples * 32768), -32768, 32767)
            await self._say(pcm.astype("<i2").tobytes())
        else:
            await self._say((samples / np.float32(32768) if integers else samples).astype("<f4").tobytes())

    async def interrupt(self, position: int | None = None) -> Interrupted:
        """Stop the face, now. position: samples of this turn that were really played, if you know."""
        return await self._ask(protocol.Interrupt(position=position), Interrupted)

    async def end(self) -> Ended:
        """Say that no more sound comes for now; returns when all of it was shown.

        An interruption meanwhile ends the wait with asyncio.CancelledError.
        """
        return await self._ask(protocol.End(), Ended)

    async def style(self, name: str) -> None:
        """From the next frame on in another style."""
        await self._say(protocol.write(protocol.Style(style=name)))

    async def listen(self, on: bool = True) -> None:
        """Whether the face attends to somebody who speaks to it."""
        await self._say(protocol.write(protocol.Listen(on=on)))

    async def ping(self) -> float:
        """Seconds to the server and back."""
        now = asyncio.get_running_loop().time()
        pong = await self._ask(protocol.Ping(time=now), Pong)
        return asyncio.get_running_loop().time() - pong.time

    async def statistics(self) -> Statistics:
        """The session in numbers, as the server counts."""
        return await self._ask(protocol.Ask(), Statistics)

    async def __aiter__(self) -> AsyncIterator[Face]:
        """Frames as they come, void ones left out. Raises ProtocolError when the server ends the session."""
        while True:
            while self._frames:
                face = self._frames.popleft()
                if face.turn == self.turn % 65536:
                    yield face
            if self._end is not None:
                if self._end.code == 1000:
                    return
                raise self._end
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        """Say goodbye."""
        await self._socket.close()
        await self._reader

    async def _say(self, message: bytes | str) -> None:
        try:
            await self._socket.send(message)
        except ConnectionClosed as closed:
            raise self._end or _reason(closed) from None
        except AttributeError:  # websockets 17 aborts a transport that asyncio has closed already
            raise self._end or _lost() from None

    async def _ask(self, message: protocol.FromClient, answer: type[Answer]) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(answer, deque()).append(future)
        await self._say(protocol.write(message))
        return await future

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                self._take(protocol.unpack(message) if isinstance(message, bytes) else protocol.from_server(message))
            self._over(ProtocolError(1000, "the session is over"))
        except ConnectionClosed as closed:
            self._over(_reason(closed))
        except ProtocolError as error:
            self._over(error)

    def _take(self, message: list[Face] | protocol.FromServer) -> None:
        match message:
            case list():
                self._frames.extend(message)
            case Frames(frames=frames):
                self._frames.extend(
                    Face(each.turn, each.index, each.heard, each.sample, np.array(each.values, np.float32))
                    for each in frames
                )
            case Error(code=0, message=sentence):
                logger.warning("the server says: %s", sentence)
            case Interrupted(turn=turn):
                self.turn = turn
                for future in self._waiting.pop(Ended, ()):
                    future.cancel()
                self._answer(message)
            case Ended() | Pong() | Statistics():
                self._answer(message)
        while len(self._frames) > KEPT:
            self._frames.popleft()
            self.dropped += 1
        self._news.set()

    def _answer(self, message: Interrupted | Ended | Pong | Statistics) -> None:
        if waiting := self._waiting.get(type(message)):
            future = waiting.popleft()
            if not future.done():
                future.set_result(message)

    def _over(self, end: ProtocolError) -> None:
        self._end = end
        for waiting in self._waiting.values():
            for future in waiting:
                if not future.done():
                    future.set_exception(end)
        self._news.set()


def _lost() -> ProtocolError:
    return ProtocolError(1006, "the connection was lost; connect again")


def _reason(closed: ConnectionClosed) -> ProtocolError:
    frame = closed.rcvd
    if frame is None:
        return _lost()
    return ProtocolError(frame.code, frame.reason or "the session is over")


@asynccontextmanager
async def connect(
    server: str = "ws://127.0.0.1:8000",
    *,
    sample_rate: int = 16_000,
    format: Literal["s16", "f32"] = "s16",
    source: Literal["microphone", "speech"] = "microphone",
    style: str = "neutral",
    seed: int = 0,
    listening: bool = False,
    motion: Literal["binary", "json"] = "binary",
    token: str = "",
    watch: str = "",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Live]:
    """Begin a session with a server (ws://host:port or wss://host:port), or watch one that is there, by its name.

    Raises ServeError if nobody answers, ProtocolError with the close code and the server's sentence if it refuses.
    """
    hello = Hello(
        sample_rate=sample_rate,
        format=format,
        source=source,
        style=style,
        seed=seed,
        motion=motion,
        listening=listening,
        token=token,
        watch=watch,
    )
    url = server if urlsplit(server).path.strip("/") else server.rstrip("/") + PATH
    try:
        socket = await dial(url, compression=None, max_size=1 << 20, ssl=tls)
    except (OSError, InvalidHandshake, ValueError) as error:
        raise ServeError(f"no live server answers at {server} ({error}); start one with `facestream serve`") from error
    try:
        live = Live(socket, hello, await _greet(socket, hello))
    except BaseException:
        await socket.close()
        raise
    try:
        yield live
    finally:
        await live.close()


async def _greet(socket: ClientConnection, hello: Hello) -> Welcome:
    try:
        await socket.send(protocol.write(hello))
        answer = protocol.from_server(await socket.recv(decode=True))
        if isinstance(answer, Error):
            raise ProtocolError(answer.code, answer.message)
    except ConnectionClosed as closed:
        raise _reason(closed) from None
    if not isinstance(answer, Welcome):
        raise ProtocolError(Close.BAD_MESSAGE, f"the server said '{answer.type}' where welcome belongs")
    return answer
