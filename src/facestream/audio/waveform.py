"""Any sound to mono float32 at 16 kHz: files through soundfile and PyAV, live packets through the same resampler.

Shapes: N samples, C channels. A file is read, mixed to one channel and resampled block by block, so a file of any
length passes through little memory, and gives to the bit what its samples give when they arrive as live packets.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from facestream.errors import AudioError
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

logger = logging.getLogger("facestream")

BLOCK = 1 << 14  # samples a channel that are read at once: what a damaged place costs at most
LOUDEST = 256.0  # full scale is 1; far above it the numbers are not samples of -1..1, and their power would overflow
CUT = 0.95  # less than this share of the announced length is worth a warning; some formats estimate it
UNKNOWN_SIZE = 0x7FFF_0000  # programs that write to a pipe announce about 2 or 4 GB: they did not know the length


def mono(samples: npt.NDArray[Any]) -> Floats:
    """PCM of any type to one channel of float32. samples: [N] or [N, C]; the channels' mean is taken.

    Floating-point samples run -1..1 and stay as they are; integers are scaled by their type's range.
    """
    floats = samples.astype(np.float32, copy=False)
    if np.issubdtype(samples.dtype, np.integer):
        kind = np.iinfo(samples.dtype)
        full_scale = (int(kind.max) - int(kind.min) + 1) // 2
        floats = (floats - (full_scale if kind.min == 0 else 0)) / np.float32(full_scale)
    if floats.ndim == 1:
        return floats
    if floats.ndim != 2:
        raise AudioError(f"sound has shape {samples.shape}; expected [samples] or [samples, channels]")
    return floats[:, 0] if floats.shape[1] == 1 else floats.mean(axis=1, dtype=np.float32)


def check_samples(samples: npt.ArrayLike, start: int = 0, rate: int = SAMPLE_RATE, source: str = "the sound") -> Floats:
    """The samples, if a face can be made from them. samples: [N] floats in -1..1; start: index of the first one.

    Raises AudioError for another shape or kind, for NaN or infinite samples, and for numbers far beyond full scale.
    """
    samples = np.asarray(samples)
    if samples.dtype.kind != "f":
        raise AudioError(f"{source} is of {samples.dtype}; expected floats in -1..1: divide 16-bit values by 32768")
    if samples.ndim != 1:
        raise AudioError(f"{source} has shape {samples.shape}; expected [N], the mean of the channels")
    loudest = float(np.abs(samples).max(initial=0.0))  # NaN if there is one
    if loudest <= LOUDEST:
        return samples
    finite = np.isfinite(samples)
    if not finite.all():
        first = start + int(np.argmin(finite))
        raise AudioError(
            f"{source} holds {np.count_nonzero(~finite)} samples that are NaN or infinite, the first at sample {first} "
            f"({first / rate:.3f} s); expected finite samples in -1..1: write the sound again without them"
        )
    raise AudioError(f"{source} holds a sample of size {loudest:.6g}; expected -1..1: divide 16-bit values by 32768")


class Resampler:
    """Mono samples of one rate to 16 kHz, packet by packet, the same to the bit however the packets are cut.

    soxr's high quality: linear phase, and for that it holds back up to 40 ms of sound at 44.1 and 48 kHz, about
    80 ms at 96 and 120 ms at 8 kHz (measured); at 16 kHz nothing is changed or held back.
    """

    def __init__(self, rate_in: float) -> None:
        if not 1000 <= rate_in <= 1_000_000:
            raise AudioError(f"the sample rate is {rate_in}; expected 1,000 to 1,000,000 samples a second")
        self._stream = soxr.ResampleStream(rate_in, SAMPLE_RATE, 1, dtype="float32", quality="HQ")

    def push(self, samples: Floats) -> Floats:
        """Samples in, [N], of any number; what is ready comes out, [M], and may be empty."""
        if not len(samples):
            return np.zeros(0, np.float32)
        return self._stream.resample_chunk(np.ascontiguousarray(samples, np.float32))  # type: ignore[no-any-return]

    def flush(self) -> Floats:
        """What was held back, [M]. The resampler is then as new."""
        rest: Floats = self._stream.resample_chunk(np.zeros(0, np.float32), last=True)
        self._stream.clear()
        return rest


def read_audio(path: str | os.PathLike[str]) -> Floats:
    """The whole sound of a file, [N] mono float32 at 16 kHz; at least one sample. Errors as in `audio_blocks`."""
    return np.concatenate(list(audio_blocks(path)))


def audio_blocks(path: str | os.PathLike[str]) -> Iterator[Floats]:
    """The sound of wav, flac, ogg, opus, mp3, m4a or a video, in blocks [N] of mono float32 at 16 kHz.

    A damaged or truncated file is used as far as it goes, with a warning in the log. Raises AudioError if the file is
    missing, empty, not sound, has no sound track or no samples, or holds samples that are not finite.
    """
    path = Path(path)
    _check_file(path)
    resampler, rate, heard = None, 0, 0
    for samples, block_rate in _decode(path):
        if resampler is not None and block_rate != rate:
            raise AudioError(
                f"'{path}' changes its sample rate from {rate} to {block_rate}; expected one: convert it first"
            )
        resampler, rate = resampler or Resampler(block_rate), block_rate
        check_samples(samples, heard, rate, f"'{path}'")
        heard += len(samples)
        yield resampler.push(samples)
    if resampler is None or not heard:
        raise AudioError(f"'{path}' holds no samples; expected a recording of speech")
    yield resampler.flush()


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise AudioError(f"'{path}' is a folder; expected a sound file")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioError(f"'{path}' is empty (0 bytes); expected a sound file")
    except FileNotFoundError:
        raise AudioError(f"there is no file '{path}'") from None
    except OSError as error:
        raise AudioError(f"'{path}' cannot be read: {error.strerror}") from None


def _decode(path: Path) -> Iterator[tuple[Floats, int]]:
    """Mono blocks [N] and their rate. libsndfile reads the open formats to the sample; FFmpeg reads the rest.

    MP3 is among the rest: soundfile seeks after every block that it reads, and in MP3 a seek is not exact (blocks of
    16,384 samples of a 48 kHz file were off by up to 0.45 from the whole; FFmpeg's by 2e-6).
    """
    if path.suffix.lower() == ".mp3":  # not even tried: libsndfile prints its own notes on a damaged one
        return _decode_with_av(path)
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, TypeError):  # TypeError: a name in .raw, whose format libsndfile will not guess
        return _decode_with_av(path)
    if file.format == "MP3":
        file.close()
        return _decode_with_av(path)
    return _decode_with_soundfile(file, path)


def _decode_with_soundfile(file: soundfile.SoundFile, path: Path) -> Iterator[tuple[Floats, int]]:
    with file:
        promised, heard = _promised_frames(file), 0
        try:
            while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
                heard += len(block)
                yield mono(block), file.samplerate
        except soundfile.LibsndfileError as error:
            logger.warning("'%s' is damaged (%s)", path, error.error_string.rstrip("."))
        if 0 < heard < promised:
            _warn_of_cut(path, promised / file.samplerate, heard / file.samplerate)


def _warn_of_cut(path: Path, promised: float, heard: float) -> None:
    logger.warning("'%s' is cut short: it announces %.2f s and holds %.2f s, which are used", path, promised, heard)


def _promised_frames(file: soundfile.SoundFile) -> int:
    """Samples a channel that the header announces: libsndfile corrects `frames` and notes the rest in its log."""
    note = re.search(r"^(?:data|SSND)\s*: (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    if note is None:
        return int(file.frames)
    announced, real = int(note[1]), int(note[2])
    return int(file.frames * announced / real) if 0 < real < announced < UNKNOWN_SIZE else int(file.frames)


def _decode_with_av(path: Path) -> Iterator[tuple[Floats, int]]:
    try:  # local files only: a playlist may not send the reader to the network
        container = av.open(str(path.resolve()), options={"protocol_whitelist": "file"}, metadata_errors="ignore")
    except (av.FFmpegError, ValueError) as error:
        raise AudioError(
            f"'{path}' is not sound ({_reason(error)}); expected wav, flac, ogg, mp3, m4a or a video"
        ) from None
    with container:
        if not container.streams.audio:
            raise AudioError(f"'{path}' has no sound track; expected a recording of speech")
        heard, damaged = 0.0, 0
        for packet in _packets(container, path):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                heard += frame.samples / frame.sample_rate
                yield mono(_samples(frame)), frame.sample_rate
        if damaged:
            logger.warning("'%s' is damaged: %d packets of sound cannot be decoded and are left out", path, damaged)
        track = container.streams.audio[0]
        promised = float((track.duration or 0) * (track.time_base or 0))
        if 0 < heard < promised * CUT:
            _warn_of_cut(path, promised, heard)


def _packets(container: av.container.InputContainer, path: Path) -> Iterator[av.Packet]:
    try:
        yield from container.demux(container.streams.audio[0])
    except av.FFmpegError as error:
        logger.warning("'%s' is damaged (%s); the sound before that is used", path, _reason(error))


def _samples(frame: av.AudioFrame) -> npt.NDArray[Any]:
    """A frame's PCM, [N, C]: FFmpeg keeps channels in planes, or side by side."""
    pcm: npt.NDArray[Any] = frame.to_ndarray()
    return pcm.T if frame.format.is_planar else pcm.reshape(-1, len(frame.layout.channels))


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
