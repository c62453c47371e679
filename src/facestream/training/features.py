"""Utterances → what a talker learns from, computed once and kept on disk.

Shapes: T motion frames, M = 4 T spectral hops, B mel bands, C = len(FACE) channels, K utterances.

A feature folder holds flat arrays of half precision, one row a hop or a frame, and an index with a row an item.
Every utterance is there several times: clean in a neutral style, then in other styles, at other speeds, through rooms
and noise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from facestream.audio.frontend import BANDS, log_mel
from facestream.corpora.capture import SOMEBODY
from facestream.corpora.phones import PHONES, Phone
from facestream.corpora.shards import Utterance
from facestream.corpora.synthetic.articulation import articulate
from facestream.corpora.synthetic.performance import perform
from facestream.corpora.synthetic.prosody import measure_loudness
from facestream.corpora.synthetic.styles import NEUTRAL, STYLES
from facestream.signals import FACE, Floats
from facestream.timing import SAMPLE_RATE, Timing
from facestream.training.augment import Augment, change_speed

if TYPE_CHECKING:
    from facestream.corpora.capture import CaptureClip

Ears = Callable[[Floats, int], Floats]
"""Hears a sound [N]; gives that many rows of features, 50 a second."""

HEARD, HEARD_ROWS = "heard", 2  # a speech model's features, and how many of them a frame
UNKNOWN = 255  # phone label of what was not transcribed
# File by what a row of it holds: rows a frame, columns.
LAYOUT: dict[str, tuple[int, int]] = {
    "mel": (4, BANDS),
    "face": (1, len(FACE)),  # curves in the item's style, lips not yet sealed
    "lips": (1, len(FACE)),  # the same sounds in the neutral style
    "events": (1, 2),  # lips sealed, lip bitten; NaN where unknown
    "phones": (2, 1),
}


@dataclass(frozen=True)
class Item:
    """One row of the index. first, frames: where its frames lie; clean: without augmentation; measured: channels that a
    tracker measured (empty: all follow the rules)."""

    id: str
    speaker: str
    corpus: str
    clean: bool
    style: int
    first: int
    frames: int
    measured: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """Features of one item: arrays by LAYOUT's names, in full precision; sound: what they are of, [N], where a speech
    model may want to hear it."""

    item: Item
    arrays: dict[str, Floats]
    sound: Floats


def make_samples(
    utterance: Utterance, versions: int, augment: Augment, babble: Floats, rng: np.random.Generator
) -> Iterator[Sample]:
    """The clean version of an utterance, then `versions` augmented ones."""
    for version in range(versions + 1):
        clean = version == 0
        speed = 1.0 if clean else rng.uniform(*augment.speed)
        samples, phones = change_speed(_level(utterance.samples, rng), utterance.phones, speed)
        samples, phones = _pad(samples, phones, rng)
        style = 0 if clean else int(rng.integers(len(STYLES)))
        heard = samples if clean else augment(samples, babble, rng)
        frames = len(samples) // Timing().frame_samples
        performance = perform(samples, phones, STYLES[style], rng)
        loudness = measure_loudness(samples, frames)
        neutral = articulate(phones, frames, Timing().fps, loudness, NEUTRAL)
        yield Sample(
            Item(utterance.id, utterance.speaker, utterance.corpus, clean, style, 0, frames),
            {
                "mel": log_mel(heard)[: 4 * frames],
                "face": performance.unsealed[:frames],
                "lips": neutral.values,
                "events": np.stack((neutral.seal, neutral.labiodental), 1),
                "phones": _phone_labels(phones, frames),
            },
            heard,
        )


def make_captured(
    clip: CaptureClip,
    versions: int,
    augment: Augment,
    babble: Floats,
    rng: np.random.Generator,
    speaker: str = SOMEBODY,
) -> Iterator[Sample]:
    """A captured clip, clean and augmented (never at another speed): its mouth is measured, its phones are unknown."""
    face = clip.motion.select(FACE).values
    frames = min(len(face), len(clip.samples) // Timing().frame_samples)
    measured = tuple(name for name, known in zip(FACE, clip.captured, strict=True) if known)
    seal = np.where(clip.seal_known, clip.seal, np.nan)[:frames]
    for version in range(versions + 1):
        level = _level(clip.samples, rng)
        heard = level if version == 0 else augment(level, babble, rng)
        yield Sample(
            Item(clip.name, speaker, "capture", version == 0, 0, 0, frames, measured),
            {
                "mel": log_mel(heard)[: 4 * frames],
                "face": face[:frames],
                "lips": face[:frames],
                "events": np.stack((seal, np.full(frames, np.nan)), 1),
                "phones": np.full((2 * frames, 1), UNKNOWN, np.float32),
            },
            heard,
        )


def make_silence(index: int, babble: Floats, rng: np.random.Generator) -> Sample:
    """Eight seconds without speech: digital silence or noise. The face is at rest and lives."""
    samples = np.zeros(8 * SAMPLE_RATE, np.float32)
    quiet = Utterance(f"silence-{index}", "silence", "silence", "", "", samples, (Phone("SIL", 0.0, 8.0),), "", "")
    noise = (
        rng.standard_normal(len(samples)).cumsum() * 1e-3 if rng.random() < 0.3 else rng.standard_normal(len(samples))
    )
    level = 10 ** (rng.uniform(-85, -30) / 20) * (rng.random() > 0.15)
    swell = np.interp(np.arange(len(samples)), np.linspace(0, len(samples), 12), rng.uniform(0.2, 1.0, 12))
    noise = (noise - noise.mean()) / (noise.std() + 1e-9) * level * swell
    style = int(rng.integers(len(STYLES)))
    performance = perform(samples, quiet.phones, STYLES[style], rng)
    frames = len(samples) // Timing().frame_samples
    return Sample(
        Item(quiet.id, "silence", "silence", True, style, 0, frames),
        {
            "mel": log_mel(noise.astype(np.float32)),
            "face": performance.unsealed[:frames],
            "lips": np.zeros((frames, len(FACE)), np.float32),
            "events": np.zeros((frames, 2), np.float32),
            "phones": np.zeros((2 * frames, 1), np.float32),
        },
        noise.astype(np.float32),
    )


def write_features(folder: Path, samples: Iterable[Sample], ears: Ears | None = None) -> int:
    """Write all samples into a new feature folder; it is whole once index.json stands. Returns the frames written.

    ears: a speech model, whose features are kept as HEARD.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: (folder / f"{name}.bin").open("wb") for name in LAYOUT}
    if ears is not None:
        files[HEARD] = (folder / f"{HEARD}.bin").open("wb")
    items: list[Item] = []
    first = 0
    for sample in samples:
        for name, (rows, columns) in LAYOUT.items():
            array = sample.arrays[name]
            if array.shape != (rows * sample.item.frames, columns):
                raise ValueError(
                    f"{sample.item.id}: {name} has shape {array.shape}; expected {(rows * sample.item.frames, columns)}"
                )
            files[name].write(array.astype(np.float16).tobytes())
        if ears is not None:
            files[HEARD].write(ears(sample.sound, HEARD_ROWS * sample.item.frames).astype(np.float16).tobytes())
        items.append(Item(**{**asdict(sample.item), "first": first}))
        first += sample.item.frames
    for file in files.values():
        file.close()
    (folder / "index.json").write_text(json.dumps([asdict(item) for item in items]))
    return first


class Features:
    """Reads a feature folder, memory-mapped."""

    def __init__(self, folder: Path) -> None:
        self.items = [
            Item(**{**row, "measured": tuple(row["measured"])})
            for row in json.loads((folder / "index.json").read_text())
        ]
        self.arrays: dict[str, npt.NDArray[np.float16]] = {
            name: np.memmap(folder / f"{name}.bin", np.float16, "r").reshape(-1, rows, columns)
            for name, (rows, columns) in LAYOUT.items()
        }
        if (folder / f"{HEARD}.bin").exists():
            flat, frames = np.memmap(folder / f"{HEARD}.bin", np.float16, "r"), len(self.arrays["face"])
            self.arrays[HEARD] = flat.reshape(frames, HEARD_ROWS, -1)

    def read(self, item: Item, start: int, frames: int) -> dict[str, Floats]:
        """Frames [start, start + frames) of an item, rows flattened: mel [4 T, B], face [T, C] and so on."""
        rows = slice(item.first + start, item.first + start + frames)
        return {
            name: array[rows].reshape(-1, array.shape[-1]).astype(np.float32) for name, array in self.arrays.items()
        }


def _level(samples: Floats, rng: np.random.Generator) -> Floats:
    """The clip at a random natural level: -34 to -16 dB below full scale."""
    rms = float(np.sqrt(np.mean(np.square(samples)) + 1e-12))
    gain = min(10 ** (rng.uniform(-34.0, -16.0) / 20) / (rms + 1e-6), 0.99 / (float(np.abs(samples).max()) + 1e-6))
    return samples * np.float32(gain)


def _pad(samples: Floats, phones: tuple[Phone, ...], rng: np.random.Generator) -> tuple[Floats, tuple[Phone, ...]]:
    """Quiet before and after, on a faint noise floor, so that clips follow one another as turns of a talk do."""
    before, after = rng.uniform(0.2, 1.0, 2)
    samples = np.pad(samples, (int(before * SAMPLE_RATE), int(after * SAMPLE_RATE)))
    floor = 10 ** (rng.uniform(-95.0, -62.0) / 20)
    shift = int(before * SAMPLE_RATE) / SAMPLE_RATE
    moved = [Phone(label, start + shift, end + shift) for label, start, end in phones]
    end = moved[-1].end if moved else shift
    quiet = (Phone("SIL", 0.0, shift), *moved, Phone("SIL", end, len(samples) / SAMPLE_RATE))
    return samples + floor * rng.standard_normal(len(samples)).astype(np.float32), quiet


def _phone_labels(phones: tuple[Phone, ...], frames: int) -> Floats:
    """Class of the phone at each half of each frame, [2 T, 1]."""
    instants = np.arange(2 * frames) / (2 * Timing().fps)
    which = np.searchsorted([phone.start for phone in phones], instants, side="right") - 1
    labels = np.array([PHONES.index(phone.label) for phone in phones], np.float32)
    return labels[np.clip(which, 0, len(phones) - 1)][:, None]
