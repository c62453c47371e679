"""`facestream live`: the machine's microphone, or sound from a pipe, to frames as they become final, or to the page.

Shapes: N samples, C channels.
"""

from __future__ import annotations

import json
import os
import queue
import stat
import sys
import wave
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import numpy as np
import typer

from facestream.audio.waveform import mono
from facestream.cli.console import check_place, errors
from facestream.errors import AudioError, MissingExtra, SinkError
from facestream.runtime.stream import Stream
from facestream.runtime.talker import load
from facestream.signals import Floats, Frame
from facestream.timing import SAMPLE_RATE

PACKET = 0.02  # seconds
FORMATS: dict[str, np.dtype[Any]] = {"s16": np.dtype("<i2"), "f32": np.dtype("<f4")}

Show = Callable[[Frame], None]


def microphone(rate: int) -> Iterator[Floats]:
    """Packets of the machine's microphone, for ever. Raises MissingExtra, AudioError if there is none."""
    try:
        import sounddevice
    except ImportError:
        raise MissingExtra("sounddevice", "mic", "hearing the microphone") from None
    except OSError as error:
        raise AudioError(f"the microphone cannot be heard ({error}); on Debian: apt install libportaudio2") from None
    heard: queue.Queue[Floats] = queue.Queue()

    def hear(samples: Any, *_: Any) -> None:
        heard.put(samples[:, 0].copy())

    try:
        with sounddevice.InputStream(rate, round(rate * PACKET), channels=1, dtype="float32", callback=hear):
            while True:
                yield heard.get()
    except sounddevice.PortAudioError as error:
        raise AudioError(f"the microphone cannot be heard ({error}); is one plugged in, and may you use it?") from None


def piped(source: BinaryIO, rate: int, kind: str) -> tuple[int, Iterator[Floats]]:
    """Rate and packets of what comes through a pipe: a wav, or raw PCM as it was said to be."""
    pipe = _Pipe(source)
    if pipe.peek(4) != b"RIFF":
        return rate, _raw(pipe, round(rate * PACKET) * FORMATS[kind].itemsize, kind)
    try:
        file = wave.open(pipe)  # type: ignore[call-overload]  # noqa: SIM115  # it only reads
    except (wave.Error, EOFError) as error:
        raise AudioError(f"the wav is not one that is read live ({error}); send 16-bit PCM, or raw samples") from None
    if file.getsampwidth() != 2:
        raise AudioError(f"the wav has {8 * file.getsampwidth()} bits a sample; send 16-bit PCM, or raw samples")
    return file.getframerate(), _wav(file)


def _is_file(pipe: BinaryIO) -> bool:
    """Whether sound comes from a file, which can wait."""
    return stat.S_ISREG(os.fstat(pipe.fileno()).st_mode)


class _Pipe:
    """Whole pieces of what comes, past Python's own buffer: who waits there holds a lock, and Ctrl-C would not end."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self._kept = getattr(source, "raw", source), b""

    def read(self, size: int) -> bytes:
        """So many bytes; fewer at the end."""
        while len(self._kept) < size and (more := self._source.read(size - len(self._kept))):
            self._kept += more
        piece, self._kept = self._kept[:size], self._kept[size:]
        return piece

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay."""
        piece = self.read(size)
        self._kept = piece + self._kept
        return piece


def _raw(pipe: _Pipe, size: int, kind: str) -> Iterator[Floats]:
    width = FORMATS[kind].itemsize
    while packet := pipe.read(size):
        yield mono(np.frombuffer(packet[: len(packet) // width * width], FORMATS[kind]))


def _wav(file: wave.Wave_read) -> Iterator[Floats]:
    while packet := file.readframes(round(file.getframerate() * PACKET)):
        yield mono(np.frombuffer(packet, "<i2").reshape(-1, file.getnchannels()))


def follow(packets: Iterator[Floats], rate: int, stream: Stream, show: Show) -> None:
    """Show the frames of a sound as they become final."""
    from facestream.audio.live import LiveResampler  # the compiler behind it is slow to load; other verbs need none

    resampler = None if rate == SAMPLE_RATE else LiveResampler(rate)
    for packet in packets:
        for frame in stream.push(packet if resampler is None else resampler.push(packet)):
            show(frame)
    if resampler is not None:
        for frame in stream.push(resampler.flush()):
            show(frame)
    for frame in stream.flush():
        show(frame)


class Lines:
    """Frames as JSON lines: the names of the channels first, then one line a frame."""

    def __init__(self, channels: tuple[str, ...]) -> None:
        self._channels = channels

    def show(self, frame: Frame) -> None:
        """Print a frame."""
        if not frame.index:
            self._say({"channels": self._channels})
        values = [round(float(value), 4) for value in frame.values]
        self._say({"frame": frame.index, "time": frame.sample / SAMPLE_RATE, "values": values})

    def _say(self, line: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def command(
    mic: Annotated[bool, typer.Option("--mic", help="Hear the machine's microphone, not standard input.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Curves (.csv, .npz) instead of lines.")] = None,
    page: Annotated[bool, typer.Option("--page", help="Show the face in a browser, at the address it says.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0 for any that is free.")] = 8000,
    rate: Annotated[
        int, typer.Option(min=8_000, max=48_000, help="Samples a second, of raw PCM or the microphone.")
    ] = 16_000,
    kind: Annotated[str, typer.Option("--format", help="Of raw PCM: s16 or f32, mono.")] = "s16",
    style: Annotated[str, typer.Option(help="How it speaks.")] = "neutral",
    seed: Annotated[int, typer.Option(help="Of what the head does by itself.")] = 0,
    bundle: Annotated[Path | None, typer.Option(help="Folder of another talker.")] = None,
) -> None:
    """Follow a voice while it speaks: a JSON line a frame, a file of curves at its end, or the page. Ctrl-C ends."""
    if kind not in FORMATS:
        raise AudioError(f"the format is '{kind}'; expected s16 or f32")
    if output is not None:
        check_place(output)
        if output.suffix.lower() not in (".csv", ".npz"):
            raise SinkError(f"'{output.name}' is no file of curves; expected .csv or .npz (`animate` makes videos)")
    if page and output is not None:
        raise SinkError("the page and a file of curves do not go together; leave --output out, or --page")
    talker = load(bundle)
    talker.style(style)  # an unknown one is told before anybody is heard
    heard, packets = (rate, microphone(rate)) if mic else piped(sys.stdin.buffer, rate, kind)
    if page:
        from facestream.cli import live_page  # a server: slow to load

        waits = not mic and _is_file(sys.stdin.buffer)
        paced = packets if mic else live_page.at_the_pace_of_speech(packets, heard)
        with suppress(KeyboardInterrupt):
            live_page.show(paced, heard, talker, style, seed, port, waits)
        return
    stream = Stream(talker, style, seed)
    frames: list[Frame] = []
    show = frames.append if output else Lines(stream.talker.config.channels).show
    try:
        follow(packets, heard, stream, show)
    except KeyboardInterrupt:
        errors.print("Stopped.")
    except BrokenPipeError:  # whoever read the lines has gone
        sys.stderr.close()
        return
    if output is not None:
        stream.motion(frames).save(output)
