"""Shards → feature folders. Speakers are held out here, never clips."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from facestream.corpora.capture import read_capture
from facestream.corpora.shards import ShardReader
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE
from facestream.training.augment import Augment
from facestream.training.features import Sample, make_captured, make_samples, make_silence, write_features

HELD_OUT = 20  # every twentieth speaker is for tuning what training does not decide
POOL = "-unknown"  # ends the name under which a corpus keeps all its unnamed speakers
SILENCES = 120


def held_out(speaker: str) -> bool:
    """Whether a speaker is kept out of training; the same on every machine. A pool of many people never is."""
    return not speaker.endswith(POOL) and zlib.crc32(speaker.encode()) % HELD_OUT == 0


def prepare_features(
    shards: Mapping[str, Path],
    out: Path,
    capture: Path | None = None,
    leave_out: Collection[str] = (),
    versions: int = 3,
    seed: int = 0,
) -> None:
    """Features of shard folders, by the name they get under `out`; held-out speakers go to NAME-held-out, clean only.

    capture: a folder of captured faces, without the recordings named in `leave_out`.

    A folder that is whole is left as it is, so an interrupted run goes on where it stopped.
    """
    console = Console(stderr=True)
    babble = np.zeros(SAMPLE_RATE, np.float32)
    for name, folder in shards.items():
        reader = ShardReader(folder)
        babble = _babble(reader)
        for target, chosen, copies in ((name, False, versions), (f"{name}-held-out", True, 0)):
            rows = [row for row, speaker in enumerate(reader.speakers) if held_out(speaker) is chosen]
            if rows and not (out / target / "index.json").exists():
                samples = _samples(reader, rows, copies, babble, seed, f"features {target}", console)
                frames = write_features(out / target, samples)
                console.print(f"{target}: {len(rows)} utterances, {frames / 25 / 60:.0f} minutes with their versions")
    if capture is not None and not (out / "capture" / "index.json").exists():
        rng = np.random.default_rng(seed)
        clips = [clip for clip in read_capture(capture) if clip.name not in leave_out]
        made = (sample for clip in clips for sample in make_captured(clip, 2 * versions, Augment(), babble, rng))
        write_features(out / "capture", made)
    if not (out / "silence" / "index.json").exists():
        rng = np.random.default_rng(seed)
        write_features(out / "silence", (make_silence(index, babble, rng) for index in range(SILENCES)))


def _samples(
    reader: ShardReader, rows: list[int], versions: int, babble: Floats, seed: int, title: str, console: Console
) -> Iterator[Sample]:
    for row in track(rows, description=title, console=console):
        rng = np.random.default_rng((seed, row))
        yield from make_samples(reader[row], versions, Augment(), babble, rng)


def _babble(reader: ShardReader) -> Floats:
    """A minute of five people talking at once."""
    length = 60 * SAMPLE_RATE
    mixed = np.zeros(length, np.float32)
    voices = np.random.default_rng(1).permutation(len(reader))
    for lane in range(5):
        voice = np.concatenate([reader[int(row)].samples for row in voices[lane::5][:40]])
        mixed += np.resize(voice, length)
    return mixed
