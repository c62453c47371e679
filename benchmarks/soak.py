"""Twenty clients who come, go, stall, flood, send garbage and drop in mid-packet, for as long as you like.

    python benchmarks/soak.py --minutes 60 --json soak.json

A server in a process of its own; here, the clients. What must hold: its memory stays flat; every face is the one that
its sound gets alone, whoever else is there; face and sound stay together; every frame is received, or counted as
dropped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np
from rich.console import Console
from websockets.asyncio.client import connect as dial
from websockets.exceptions import WebSocketException

import facestream
from facestream.audio.waveform import read_audio
from facestream.cli.bench_live import a_server
from facestream.client import Live, connect
from facestream.errors import FacestreamError, ProtocolError
from facestream.runtime.stream import Stream
from facestream.runtime.talker import Talker
from facestream.server.crowd import figures, gather
from facestream.server.protocol import IDLE, Face
from facestream.signals import Floats

FRAME = 640
HELLO = '{"type": "hello", "source": "speech"}'
ALIKE = 4e-3  # half floats, and sums in another order in another batch
console = Console()


@dataclass
class World:
    """What all clients share, and what they find. end: seconds of the monotonic clock."""

    url: str
    talker: Talker
    sound: Floats
    end: float
    frames: int = 0
    compared: int = 0
    dropped: int = 0
    worst: float = 0.0
    faults: list[str] = field(default_factory=list)
    deeds: Counter[str] = field(default_factory=Counter)

    @property
    def goes_on(self) -> bool:
        return time.monotonic() < self.end

    def some(self, rng: random.Random, least: float, most: float) -> Floats:
        """Some seconds of speech."""
        length = round(rng.uniform(least, most) * 16_000)
        at = rng.randrange(max(1, len(self.sound) - length))
        return np.resize(self.sound[at:], length)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, min(seconds, self.end - time.monotonic())))


class Witness:
    """Looks at everything that a session is shown."""

    def __init__(self, world: World, live: Live, name: str) -> None:
        self.world, self.live, self.name = world, live, name
        self.faces: list[Face] = []
        self.task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        with suppress(ProtocolError):  # the end of the session, which the role itself sees, too
            await self._look()

    async def _look(self) -> None:
        last = -1
        async for face in self.live:
            if face.index < last + 1 or not np.isfinite(face.values).all():
                self.world.faults.append(f"{self.name}: frame {face.index} after {last}")
            last = face.index
            self.faces.append(face)

    async def close(self) -> None:
        """Count what came against what the server says that it sent, and say goodbye."""
        statistics = await self.live.statistics()
        await asyncio.sleep(0.01)  # what came before the statistics is there, and maybe a little more
        came = len(self.faces)
        holes = (self.faces[-1].index - self.faces[0].index + 1 - came) if came else 0
        if came + self.live.dropped < statistics.frames or holes != statistics.dropped + self.live.dropped:
            self.world.faults.append(
                f"{self.name}: {came} frames came, {holes} are missing; the server counts {statistics}"
            )
        self.world.frames += came
        self.world.dropped += statistics.dropped
        self.task.cancel()

    def compare(self, sound: Floats, seed: int) -> None:
        """The faces of speech that was said without a break, against a stream of the same sound alone."""
        first = next((face.index for face in self.faces if face.heard != IDLE), None)
        if first is None or self.faces[0].index != 0:
            return
        stream = Stream(self.world.talker, seed=seed)
        alone = [*stream.push(np.concatenate([np.zeros(first * FRAME, np.float32), sound])), *stream.flush()]
        for face in self.faces:
            if face.heard != IDLE and face.index < len(alone):
                error = float(np.abs(face.values - alone[face.index].values).max())
                self.world.worst = max(self.world.worst, error)
                self.world.compared += 1
                if error > ALIKE:
                    self.world.faults.append(
                        f"{self.name}: frame {face.index} differs by {error:.4f} from itself alone"
                    )
                    return


async def speaker(world: World, rng: random.Random) -> None:
    """Says something at once, hears it out, and looks whether it was its own face."""
    seed, sound = rng.randrange(1 << 30), world.some(rng, 2, 8)
    async with connect(world.url, source="speech", seed=seed) as live:
        witness = Witness(world, live, "speaker")
        await world.wait(rng.uniform(0, 1))
        await live.send(sound)
        await asyncio.wait_for(live.end(), len(sound) / 16_000 + 20)
        await witness.close()
    await asyncio.to_thread(witness.compare, sound, seed)  # the others go on meanwhile


async def talk(world: World, live: Live, sound: Floats, stalls: float, rng: random.Random) -> None:
    """Speak into a microphone; stalls: how often a network hiccups, and what was said comes late, in a lump."""
    begin, late = time.monotonic(), 0.0
    for at in range(0, len(sound), 320):
        if rng.random() < stalls:
            late = rng.uniform(0.1, 2.0)
            await world.wait(late)
        await live.send(sound[at : at + 320])
        await asyncio.sleep(max(0.0, begin + (at + 320) / 16_000 - time.monotonic()))
        if not world.goes_on:
            return


async def caller(world: World, rng: random.Random) -> None:
    """Comes, talks for a while, and goes: with a goodbye, or without."""
    rate = rng.choice((8_000, 16_000, 24_000, 44_100, 48_000))
    async with connect(world.url, sample_rate=rate, format=rng.choice(("s16", "f32")), style="neutral") as live:
        witness = Witness(world, live, "caller")
        await talk(world, live, world.some(rng, 2, 15), 0.0, rng)
        await witness.close()


async def staller(world: World, rng: random.Random) -> None:
    """Has a bad network."""
    async with connect(world.url) as live:
        witness = Witness(world, live, "staller")
        await talk(world, live, world.some(rng, 5, 20), 0.01, rng)
        await witness.close()


async def interrupter(world: World, rng: random.Random) -> None:
    """Interrupts a face again and again; it must be silent from the next frame on."""
    async with connect(world.url, source="speech") as live:
        witness = Witness(world, live, "interrupter")
        witness.task.cancel()
        faces = aiter(live)
        for turn in range(1, rng.randrange(2, 6)):
            await live.send(world.some(rng, 3, 10))
            for _ in range(rng.randrange(5, 60)):
                await anext(faces)
            interrupted = await live.interrupt()
            after = [await anext(faces) for _ in range(6)]
            if interrupted.turn != turn or after[0].index != interrupted.frame:
                world.faults.append(f"interrupter: {interrupted}, then frame {after[0].index}")
            if any(face.heard != IDLE for face in after):
                world.faults.append("interrupter: void sound was shown")
            world.deeds["interruptions"] += 1


async def flooder(world: World, rng: random.Random) -> None:
    """Sends far more than a server may take."""
    async with connect(world.url, source=rng.choice(("speech", "microphone"))) as live:
        while True:
            await live.send(np.resize(world.sound, 16_000 * 30))


async def babbler(world: World, rng: random.Random) -> None:
    """Sends what nobody understands."""
    async with dial(world.url + "/v1/live", compression=None) as wire:
        if rng.random() < 0.7:
            await wire.send(HELLO)
        for _ in range(rng.randrange(1, 20)):
            noise = rng.randbytes(rng.randrange(1, 3000))
            await wire.send(rng.choice((noise, noise.decode("latin-1"), '{"type": "dance"}', "{}")))
        await world.wait(rng.uniform(0, 2))


async def dropper(world: World, rng: random.Random) -> None:
    """Is gone in the middle of a packet, or of the handshake, or sends what is no WebSocket at all."""
    host = urlsplit(world.url)
    _reader, writer = await asyncio.open_connection(host.hostname, host.port)
    handshake = (
        b"GET /v1/live HTTP/1.1\r\nHost: soak\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    hello = bytes([0x81, 0x80 | len(HELLO), 0, 0, 0, 0]) + HELLO.encode()
    half_a_packet = bytes([0x82, 0x80 | 126, 2, 128, 0, 0, 0, 0]) + bytes(200)
    whole = handshake + hello + half_a_packet
    writer.write(rng.choice((whole, whole, handshake + rng.randbytes(500), whole[: rng.randrange(len(whole))])))
    await writer.drain()
    await world.wait(rng.uniform(0, 1))
    raw = writer.get_extra_info("socket")
    if rng.random() < 0.5:  # a reset instead of an end
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.close()


async def deaf(world: World, rng: random.Random) -> None:
    """Asks for much and reads nothing for a long while."""
    async with dial(world.url + "/v1/live", compression=None, max_queue=1) as wire:
        await wire.send('{"type": "hello", "motion": "json"}')
        await world.wait(rng.uniform(5, 40))


Role = Callable[[World, random.Random], Awaitable[None]]
CAST: tuple[Role, ...] = (
    *(speaker,) * 5, *(caller,) * 4, *(staller,) * 3, *(interrupter,) * 2, *(flooder,) * 2, babbler, dropper, deaf
)  # fmt: skip
EXPECTED = (flooder, babbler)  # to be thrown out


async def play(world: World, role: Role, seed: int) -> None:
    """One role, again and again until the end."""
    rng = random.Random(seed)
    while world.goes_on:
        try:
            await role(world, rng)
            world.deeds[role.__name__] += 1
        except (FacestreamError, WebSocketException, OSError) as error:
            world.deeds[f"{role.__name__}, refused"] += 1
            if role not in EXPECTED and world.goes_on:
                world.faults.append(f"{role.__name__}: {type(error).__name__}: {error}")
        except TimeoutError:
            world.faults.append(f"{role.__name__}: no answer")
        await world.wait(rng.uniform(0, 0.5))


def metrics(url: str) -> dict[str, float]:
    with urlopen(url.replace("ws", "http", 1) + "/metrics") as answer:
        found = re.findall(r"^([a-z_]+)(?:_total)? ([-0-9.e+]+)$", answer.read().decode(), re.MULTILINE)
    return {name: float(value) for name, value in found}


async def watch_memory(world: World, every: float, seen: list[float]) -> None:
    while world.goes_on:
        await world.wait(every)
        seen.append((await asyncio.to_thread(metrics, world.url))["process_resident_memory_bytes"] / 2**20)


async def run(url: str, talker: Talker, sound: Floats, seconds: float) -> tuple[World, dict[str, object]]:
    """All roles for some seconds, beside one caller who talks from beginning to end; what came of it."""
    world = World(url, talker, sound, time.monotonic() + seconds)
    host = urlsplit(url)
    assert host.hostname is not None
    assert host.port is not None
    (steady,) = await gather(host.hostname, host.port, 1, sound)
    memory: list[float] = []
    begin = time.monotonic() + 1
    roles = [play(world, role, seed) for seed, role in enumerate(CAST)]
    await asyncio.gather(watch_memory(world, min(10.0, seconds / 10), memory), *roles)
    end = time.monotonic()
    steady.stop()
    call = figures([steady.heard], begin, end, talker.timing.fps)
    quarter = max(1, len(memory) // 4)
    after = await asyncio.to_thread(metrics, url)
    result = {
        "seconds": round(seconds, 1),
        "faults": len(world.faults),
        "frames_witnessed": world.frames,
        "frames_compared": world.compared,
        "worst_difference": round(world.worst, 5),
        "frames_dropped_and_counted": world.dropped,
        "memory_mb": [
            round(float(np.mean(memory[part])), 1) for part in (slice(quarter, 2 * quarter), slice(-quarter, None))
        ],
        "skew_ms": round(1000 * call.drift, 2),
        "steady_latency_ms": [round(1000 * float(value), 1) for value in np.percentile(call.latency, (50, 95, 99))],
        "steady_frames": call.frames,
        "steady_missing": call.missing,
        "sessions_left": after.get("facestream_sessions", float("nan")),
        "deeds": dict(sorted(world.deeds.items())),
    }
    return world, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    with as_file(files("facestream") / "assets" / "sample.flac") as path:
        sound = read_audio(path)
    with a_server("--seats", "64") as port:
        world, result = asyncio.run(run(f"ws://127.0.0.1:{port}", facestream.load(), sound, 60 * wanted.minutes))
    console.print_json(json.dumps(result))
    for fault in world.faults[:20]:
        console.print(fault, style="red", markup=False)
    if wanted.json:
        wanted.json.write_text(json.dumps(result, indent=1) + "\n")
    raise SystemExit(bool(world.faults))


if __name__ == "__main__":
    main()
