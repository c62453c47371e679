"""Shards → feature folders. Speakers are held out here, never clips."""

from __future__ import annotations

import os
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from facestream.audio.speech_windows import FEATURE_RATE
from facestream.corpora.capture import SOMEBODY, Captured, list_capture, read_capture
from facestream.corpora.shards import ShardReader
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE
from facestream.training.augment import Augment
from facestream.training.features import Ears, Sample, make_captured, make_samples, make_silence, write_features

HELD_OUT = 20  # every twentieth speaker is for tuning what training does not decide
POOL = "-unknown"  # ends the name under which a corpus keeps all its unnamed speakers
SILENCES = 120


def held_out(speaker: str) -> bool:
    """Whether a speaker is kept out of training; the same on every machine. A pool of many people, or somebody, never
    is."""
    return not speaker.endswith(POOL) and speaker != SOMEBODY and zlib.crc32(speaker.encode()) % HELD_OUT == 0


def prepare_features(
    shards: Mapping[str, Path],
    out: Path,
    capture: Path | None = None,
    leave_out: Collection[str] = (),
    versions: int = 3,
    seed: int = 0,
    ears: Ears | None = None,
) -> None:
    """Features of shard folders, by the name they get under `out`; held-out speakers go to NAME-held-out, clean only.

    shards: of speech, or folders of measured faces that know their speakers (corpora/footage); capture: a folder of
    captured faces, without the recordings named in `leave_out`.
    ears: a speech model that hears, too (`speech_ears`).

    A folder that is whole is left as it is, so an interrupted run goes on where it stopped.
    """
    console = Console(stderr=True)
    babble = np.zeros(SAMPLE_RATE, np.float32)
    for name, folder in shards.items():
        material = _Faces(list_capture(folder)) if any(folder.glob("*.npz")) else _Speech(ShardReader(folder))
        babble = _babble(material)
        for target, chosen, copies in ((name, False, versions), (f"{name}-held-out", True, 0)):
            rows = [row for row, test in enumerate(material.held_out) if test is chosen]
            if rows and not (out / target / "index.json").exists():
                samples = _samples(material, rows, copies, babble, seed, f"features {target}", console)
                frames = write_features(out / target, samples, ears)
                console.print(f"{target}: {len(rows)} utterances, {frames / 25 / 60:.0f} minutes with their versions")
    if capture is not None and not (out / "capture" / "index.json").exists():
        rng = np.random.default_rng(seed)
        clips = [clip for clip in read_capture(capture) if clip.name not in leave_out]
        made = (sample for clip in clips for sample in make_captured(clip, 2 * versions, Augment(), babble, rng))
        write_features(out / "capture", made, ears)
    if not (out / "silence" / "index.json").exists():
        rng = np.random.default_rng(seed)
        write_features(out / "silence", (make_silence(index, babble, rng) for index in range(SILENCES)), ears)


def speech_ears(model: str | os.PathLike[str], padded: bool = False) -> Ears:
    """A speech model on Teller's slices: what an exported one hears live. model, padded: as in `load_speech_model`."""
    import torch

    from facestream.audio.speech_models import load_speech_model, speech_features
    from facestream.audio.whisper import SLICE

    hearing = load_speech_model(model, padded)

    def hear(sound: Floats, rows: int) -> Floats:
        with torch.no_grad():
            return speech_features(hearing, sound, FEATURE_RATE, rows, SLICE).numpy()

    return hear


class _Speech:
    """Utterances of a shard; their faces are made by rule. held_out: of each, whether its speaker is."""

    def __init__(self, reader: ShardReader) -> None:
        self._reader = reader
        self.held_out = [held_out(speaker) for speaker in reader.speakers]

    def sound(self, row: int) -> Floats:
        return self._reader[row].samples

    def samples(self, row: int, versions: int, babble: Floats, rng: np.random.Generator) -> Iterator[Sample]:
        return make_samples(self._reader[row], versions, Augment(), babble, rng)


class _Faces:
    """Measured faces. held_out: of each, whether its speaker is, or its set says so."""

    def __init__(self, clips: Sequence[Captured]) -> None:
        self._clips = clips
        self.held_out = [clip.test or held_out(clip.speaker) for clip in clips]

    def sound(self, row: int) -> Floats:
        return self._clips[row].read().samples

    def samples(self, row: int, versions: int, babble: Floats, rng: np.random.Generator) -> Iterator[Sample]:
        clip = self._clips[row]
        return make_captured(clip.read(), versions, Augment(), babble, rng, clip.speaker)


def _samples(
    material: _Speech | _Faces, rows: list[int], versions: int, babble: Floats, seed: int, title: str, console: Console
) -> Iterator[Sample]:
    for row in track(rows, description=title, console=console):
        yield from material.samples(row, versions, babble, np.random.default_rng((seed, row)))


def _babble(material: _Speech | _Faces) -> Floats:
    """A minute of five people talking at once."""
    length = 60 * SAMPLE_RATE
    mixed = np.zeros(length, np.float32)
    voices = np.random.default_rng(1).permutation(len(material.held_out))
    for lane in range(min(5, len(voices))):
        voice = np.concatenate([material.sound(int(row)) for row in voices[lane::5][:40]])
        mixed += np.resize(voice, length)
    return mixed
