"""Many light clients in one process, to measure a server with: each speaks in packets of 20 ms, in real time.

Raw asyncio protocols and frames that are masked beforehand: a client costs a small part of what it costs the server.

Latency of a frame: when its message arrives, less the instant at which the sound that it belongs to was spoken. Sound
leaves a microphone in packets, so the first sample of a packet is spoken a packet's length before it is sent; the
look-ahead and the frame's own 40 ms of sound are inside.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt

from facestream.errors import ServeError
from facestream.server.protocol import Hello, write
from facestream.server.socket import PATH
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

PACKET = SAMPLE_RATE // 50
_MASK = bytes(4)
_HEARD = struct.Struct("<i")
_HEARD_AT = 4 + 8  # in a packet of motion


def masked_packets(sound: Floats) -> list[bytes]:
    """Sound [N] at 16 kHz as WebSocket frames of 20 ms."""
    pcm = (np.clip(sound, -1, 1) * 32767).astype("<i2")
    whole = len(pcm) // PACKET * PACKET
    return [_frame(0x2, pcm[at : at + PACKET].tobytes()) for at in range(0, whole, PACKET)]


def _frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame; a mask of zeros is a mask."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack(">H", size)
    return bytes([0x80 | opcode]) + length + _MASK + payload


@dataclass
class Heard:
    """What a client was shown. arrived: seconds; latency: seconds, of frames that belong to sound."""

    arrived: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    frames: int = 0
    closed: str = ""


class Client(asyncio.Protocol):
    """One of the crowd. phase: seconds until its first packet."""

    def __init__(self, packets: list[bytes], begin: int, phase: float, hello: Hello) -> None:
        self.heard = Heard()
        self._packets, self._at, self._phase, self._hello = packets, begin, phase, hello
        self._buffer = b""
        self._upgraded = self._stopped = False
        self._first = 0.0
        self._sent = 0
        self._sent_at: list[float] = []
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who we are."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(
            f"GET {PATH} HTTP/1.1\r\nHost: crowd\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Messages of the server, in whole frames or not."""
        now = time.monotonic()
        data = self._buffer + data if self._buffer else data
        if not self._upgraded:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = data
                return
            self._upgraded, data = True, data[end + 4 :]
            self._transport.write(_frame(0x1, write(self._hello).encode()))
        at = 0
        while len(data) - at >= 4:
            size, head = data[at + 1], 2
            if size == 126:
                size, head = (data[at + 2] << 8) | data[at + 3], 4
            if len(data) - at < head + size:
                break
            self._take(data[at] & 15, data, at + head, size, now)
            at += head + size
        self._buffer = data[at:]

    def _take(self, opcode: int, data: bytes, at: int, size: int, now: float) -> None:
        if opcode == 2:
            self.heard.frames += 1
            (heard,) = _HEARD.unpack_from(data, at + _HEARD_AT)
            if heard >= 0:
                packet, within = divmod(heard, PACKET)
                self.heard.arrived.append(now)
                self.heard.latency.append(now - self._sent_at[packet] + (PACKET - within) / SAMPLE_RATE)
        elif opcode == 1:
            message = json.loads(data[at : at + size])
            if message["type"] == "welcome":
                self._first = self._loop.time() + self._phase
                self._loop.call_at(self._first, self._say)
        elif opcode == 8:
            self.heard.closed = data[at + 2 : at + size].decode()
        elif opcode == 9:
            self._transport.write(_frame(0xA, data[at : at + size]))

    def _say(self) -> None:
        if self._stopped:
            return
        self._transport.write(self._packets[(self._at + self._sent) % len(self._packets)])
        self._sent_at.append(time.monotonic())
        self._sent += 1
        self._loop.call_at(self._first + self._sent * PACKET / SAMPLE_RATE, self._say)

    def connection_lost(self, error: Exception | None) -> None:
        """The server is gone."""
        self._stopped = True

    def stop(self) -> None:
        """Say no more."""
        self._stopped = True
        self._transport.abort()


@dataclass(frozen=True)
class Figures:
    """What a crowd measured between two instants. latency: seconds, all frames; drift: seconds that the median latency
    of a session has moved from the first fifth to the last, the worst; frames, missing: that came, and did not."""

    latency: npt.NDArray[np.float64]
    drift: float
    frames: int
    missing: int
    closed: list[str]


def figures(heard: list[Heard], begin: float, end: float, fps: int) -> Figures:
    """Look at what came between two instants."""
    latencies, drifts, missing = [], [0.0], 0
    for each in heard:
        arrived, latency = np.array(each.arrived), np.array(each.latency)
        inside = latency[(arrived >= begin) & (arrived < end)]
        latencies.append(inside)
        fifth = len(inside) // 5
        if fifth:
            drifts.append(abs(float(np.median(inside[-fifth:]) - np.median(inside[:fifth]))))
        missing += max(0, round((end - begin) * fps) - len(inside) - 1)
    all_latencies = np.concatenate(latencies) if latencies else np.zeros(0)
    return Figures(
        all_latencies, max(drifts), len(all_latencies), missing, [each.closed for each in heard if each.closed]
    )


async def gather(host: str, port: int, sessions: int, sound: Floats, token: str = "") -> list[Client]:
    """Connect so many clients, at random phases and places of the sound. Raises ServeError if nobody answers."""
    packets, rng, loop = masked_packets(sound), np.random.default_rng(sessions), asyncio.get_running_loop()
    clients = []
    for seed in range(sessions):
        hello, phase = Hello(seed=seed, token=token), float(rng.uniform(0, 0.04))

        def client(begin: int = int(rng.integers(len(packets))), phase: float = phase, hello: Hello = hello) -> Client:
            return Client(packets, begin, phase, hello)

        try:
            _, one = await loop.create_connection(client, host, port)
        except OSError as error:
            raise ServeError(f"no server answers at {host}:{port} ({error.strerror}); start one") from error
        clients.append(one)
        await asyncio.sleep(0.01)
    return clients
