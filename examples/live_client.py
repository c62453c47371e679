"""A voice agent's side of a live session: speech faster than it is spoken, frames at its pace, an interruption.

facestream serve
python examples/live_client.py speech.wav ws://127.0.0.1:8000
"""

from __future__ import annotations

import asyncio
import sys

from facestream.audio.waveform import read_audio
from facestream.client import Live, connect
from facestream.server.protocol import IDLE

RATE = 16_000


async def show(live: Live) -> None:
    """Print the jaw, and which sample of our sound each face belongs to: play that sample when you show it."""
    jaw = live.channel("jawOpen")
    async for face in live:
        heard = "-" if face.heard == IDLE else f"{face.heard / RATE:.2f} s"
        print(f"turn {face.turn}  {heard:>7}  {'#' * int(60 * face.values[jaw])}")


async def main(speech: str, server: str) -> None:
    """Say a sentence, be interrupted in it, and say its beginning again."""
    samples = read_audio(speech)
    async with connect(server, sample_rate=RATE, source="speech", style="warm") as live:
        showing = asyncio.create_task(show(live))
        await live.send(samples)
        await asyncio.sleep(1.0)
        stopped = await live.interrupt()
        print(f"interrupted at {stopped.position / RATE:.2f} s")
        await live.send(samples[:RATE])
        ended = await live.end()
        print(f"said {ended.position / RATE:.2f} s; {(await live.statistics()).frames} frames")
        showing.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
