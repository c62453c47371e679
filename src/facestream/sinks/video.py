"""A video file with sound: H.264 picture, AAC sound, ready for browsers.

Encoding runs in a thread of its own behind a short queue, so that drawing and encoding overlap. The file appears under
its name only when it is whole. Picture and sound are of one length: sound that is longer than the frames is cut, sound
that is shorter is followed by silence, to the sample.

Shapes: H x W picture, N sound samples.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from facestream.errors import SinkError
from facestream.files import unfinished

Picture = npt.NDArray[np.uint8]
Sound = tuple[npt.NDArray[np.float32], int]

# Ending -> container, and its options; `faststart` puts the index first, so that a browser plays while it loads.
_CONTAINERS: dict[str, tuple[str, dict[str, str]]] = {
    ".mp4": ("mp4", {"movflags": "+faststart"}),
    ".mov": ("mov", {"movflags": "+faststart"}),
    ".mkv": ("matroska", {}),
}
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_QUEUE = 16


class VideoSink:
    """A video being written. Use as a context manager; leaving it on an exception leaves no file behind.

    with VideoSink("talk.mp4", size=(512, 512), fps=25, audio=(samples, 16000)) as video:
        video.write(frame)
    """

    def __init__(
        self, path: str | os.PathLike[str], size: tuple[int, int], fps: float | Fraction, audio: Sound | None = None
    ) -> None:
        """size: (width, height), even; fps: frames a second; audio: (samples float32 [N] or [N, 2] in -1..1, samples a
        second).

        Raises SinkError if the file cannot be of this name, place, size, or sound.
        """
        self.path = Path(path)
        self.size, self.fps = size, Fraction(fps).limit_denominator(1001)
        self.frames = 0
        _check_place(self.path)
        if min(size) < 2 or size[0] % 2 or size[1] % 2:
            raise SinkError(f"the picture is {size[0]} x {size[1]}; H.264 video needs an even width and height")
        if self.fps <= 0:
            raise SinkError(f"the video has {fps} frames a second; expected more than 0")
        self._sound: npt.NDArray[np.float32] | None = None
        self._rate = 0
        if audio is not None:
            self._sound, self._rate = _checked_sound(audio)
        self._unfinished = unfinished(self.path)
        self._queue: queue.Queue[Picture | None] = queue.Queue(_QUEUE)
        self._failure: BaseException | None = None
        self._abandoned = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> VideoSink:
        self._thread = threading.Thread(target=self._run, name="video encoder", daemon=True)
        self._thread.start()
        return self

    def write(self, frame: Picture) -> None:
        """Add one frame, [H, W, 3] uint8; it is copied. Raises SinkError if the shape differs or if encoding has
        failed.
        """
        width, height = self.size
        if self._thread is None:
            raise SinkError(f"'{self.path}' is not open; write inside `with VideoSink(...) as video:`")
        if frame.shape != (height, width, 3) or frame.dtype != np.uint8:
            raise SinkError(
                f"the frame is {frame.dtype} of shape {frame.shape}; expected uint8 of shape ({height}, {width}, 3)"
            )
        self._raise_failure()
        self._queue.put(frame.copy())
        self.frames += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._thread is not None
        self._abandoned = kind is not None
        self._queue.put(None)
        self._thread.join()
        self._thread = None
        try:
            if kind is None:
                self._raise_failure()
                if not self.frames:
                    raise SinkError(f"'{self.path}' would be a video without frames; write at least one")
                self._unfinished.replace(self.path)
        finally:
            self._unfinished.unlink(missing_ok=True)

    def _raise_failure(self) -> None:
        failure = self._failure
        if isinstance(failure, OSError | av.FFmpegError):
            raise SinkError(
                f"'{self.path}' cannot be written: {_reason(failure)}; nothing was left behind"
            ) from failure
        if failure is not None:
            raise failure

    def _run(self) -> None:
        """The encoder's thread. After a failure it empties the queue, so that the writer never waits for it."""
        frames = self._queued()
        try:
            self._encode(frames)
        except Exception as error:
            self._failure = error
            for _ in frames:
                pass

    def _queued(self) -> Iterator[Picture]:
        """The frames as they come, until the writer has ended."""
        while (frame := self._queue.get()) is not None:
            yield frame

    def _encode(self, frames: Iterator[Picture]) -> None:
        kind, options = _CONTAINERS[self.path.suffix.lower()]
        with av.open(str(self._unfinished), "w", format=kind, options=options) as container:
            video = _video_stream(container, self.size, self.fps)
            sound = _sound_stream(container, self._rate, self._sound.shape[1]) if self._sound is not None else None
            # sound goes in beside its frames, so that the file can be played from any place without seeking
            for count, frame in enumerate(frames):
                picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
                picture.pts, picture.time_base = count, 1 / self.fps
                container.mux(video.encode(picture))
                if sound is not None:
                    _mux_sound(container, sound, self._span(count, count + 1), self._sample(count), self._rate)
            if self._abandoned:
                return
            container.mux(video.encode(None))
            if sound is not None:
                container.mux(sound.encode(None))

    def _sample(self, frame: int) -> int:
        """First sample of a frame."""
        return int(frame / self.fps * self._rate)

    def _span(self, first: int, last: int) -> npt.NDArray[np.float32]:
        """Sound of frames first..last, [n, channels], silence where there is none."""
        assert self._sound is not None
        start, end = self._sample(first), self._sample(last)
        piece = self._sound[start:end]
        return np.pad(piece, ((0, end - start - len(piece)), (0, 0)))


def _check_place(path: Path) -> None:
    if path.suffix.lower() not in _CONTAINERS:
        raise SinkError(f"'{path.name}' has no ending of a video; expected one of {', '.join(_CONTAINERS)}")
    if not path.parent.is_dir():
        raise SinkError(f"the folder '{path.parent}' does not exist; make it first")
    if path.is_dir():
        raise SinkError(f"'{path}' is a folder; give the name of a file")


def _checked_sound(audio: Sound) -> Sound:
    """Samples [N, channels], finite, at a rate that AAC has."""
    samples, rate = audio
    samples = np.asarray(samples, np.float32)
    samples = samples[:, None] if samples.ndim == 1 else samples
    if samples.ndim != 2 or samples.shape[1] not in (1, 2):
        raise SinkError(f"the sound has shape {np.shape(audio[0])}; expected [N] or [N, 2]")
    if rate not in _AAC_RATES:
        raise SinkError(
            f"the sound has {rate} samples a second; AAC takes {', '.join(map(str, _AAC_RATES))}: resample it first"
        )
    if not np.isfinite(samples).all():
        raise SinkError("the sound has samples that are not finite; expected numbers in -1..1")
    return np.clip(samples, -1, 1), int(rate)


def _video_stream(container: Any, size: tuple[int, int], fps: Fraction) -> Any:
    stream = container.add_stream("libx264", rate=fps)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.time_base = stream.codec_context.time_base = 1 / fps
    # one core encodes while the other draws; key frames every two seconds for seeking
    stream.options = {"preset": "ultrafast", "crf": "22", "threads": "1", "g": str(max(1, round(2 * fps)))}
    return stream


def _sound_stream(container: Any, rate: int, channels: int) -> Any:
    stream = container.add_stream("aac", rate=rate, layout="mono" if channels == 1 else "stereo")
    stream.bit_rate = 96_000 * channels if rate >= 32_000 else 64_000 * channels
    return stream


def _mux_sound(container: Any, stream: Any, samples: npt.NDArray[np.float32], start: int, rate: int) -> None:
    if not len(samples):
        return
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples.T), format="fltp", layout=stream.codec_context.layout.name
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
    container.mux(stream.encode(frame))


def _reason(error: BaseException) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
