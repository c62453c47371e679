"""Sound arrives in packets of 20 ms, as from a microphone or a voice agent; frames leave as soon as they are final.

python examples/live_packets.py speech.wav
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import facestream
from facestream.audio.waveform import read_audio
from facestream.signals import Floats

PACKET = 320  # samples


def packets(samples: Floats) -> Iterator[Floats]:
    """The sound in the pieces in which it would arrive."""
    for start in range(0, len(samples), PACKET):
        yield samples[start : start + PACKET]


def main(speech: str) -> None:
    """Print the jaw of every frame, and how much later than its instant the frame could be shown."""
    stream = facestream.Stream(facestream.load(), style="warm", seed=1)
    jaw = stream.talker.config.channels.index("jawOpen")
    heard = 0
    for packet in packets(read_audio(speech)):
        heard += len(packet)
        for frame in stream.push(packet):
            late = 1000 * (heard - frame.sample) / 16_000
            print(
                f"{frame.sample / 16_000:6.2f} s  {'#' * int(60 * frame.values[jaw]):60s} {late:.0f} ms of sound after"
            )
    rest = stream.flush()
    print(f"{len(rest)} frames after the sound had ended")


if __name__ == "__main__":
    main(sys.argv[1])
