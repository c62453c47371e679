"""The one shard format: many utterances in one sound file and one index.

A shard is a folder of two files:
    audio.i16     the samples of all utterances one after another, mono 16 kHz, little-endian int16
    index.jsonl   one row an utterance: its fields, where its samples lie (offset, length), and its phones as
                  [[label, start, end], ...] in seconds

A row is written after its samples, so an interrupted writer leaves at most a torn row or samples without a row;
opening the writer again repairs both and goes on. Shapes: N samples.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from facestream.corpora.phones import Phone
from facestream.errors import CorpusError
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

AUDIO, INDEX = "audio.i16", "index.jsonl"
_FULL_SCALE = 32767.0


@dataclass(frozen=True)
class Utterance:
    """One stretch of speech. samples: [N] float32 at 16 kHz, -1..1; phones: gap-free, empty if unknown."""

    id: str
    speaker: str
    corpus: str
    language: str
    licence: str
    samples: Floats
    phones: tuple[Phone, ...]
    text: str
    source: str

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.samples.size / SAMPLE_RATE


_DESCRIPTION = tuple(field.name for field in dataclasses.fields(Utterance) if field.name not in ("samples", "phones"))


class ShardWriter:
    """Appends utterances to a shard folder, new or begun earlier. `id in writer` tells what is already there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        rows = _repair(folder)
        self._ids = {row["id"] for row in rows}
        self._samples = sum(row["length"] for row in rows)
        self._audio = (folder / AUDIO).open("ab")
        self._index = (folder / INDEX).open("a", encoding="utf-8")

    def __contains__(self, utterance_id: object) -> bool:
        return utterance_id in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def seconds(self) -> float:
        """Sound written so far."""
        return float(self._samples / SAMPLE_RATE)

    def append(self, utterance: Utterance) -> None:
        """Add one utterance; its id must be new."""
        if utterance.id in self._ids:
            raise CorpusError(f"{self.folder}: the utterance '{utterance.id}' is already there; ids must be unique")
        pcm = np.round(np.clip(utterance.samples, -1.0, 1.0) * _FULL_SCALE).astype("<i2")
        row = {name: getattr(utterance, name) for name in _DESCRIPTION}
        row |= {"offset": self._samples, "length": len(pcm)}
        row["phones"] = [[label, round(start, 5), round(end, 5)] for label, start, end in utterance.phones]
        self._audio.write(pcm.tobytes())
        self._audio.flush()
        self._index.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._index.flush()
        self._ids.add(utterance.id)
        self._samples += len(pcm)

    def close(self) -> None:
        """Close both files."""
        self._audio.close()
        self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ShardReader:
    """Reads a shard folder: `len(reader)`, `reader[i]`, iteration; sound is memory-mapped and read when asked for."""

    def __init__(self, folder: Path) -> None:
        for name in (AUDIO, INDEX):
            if not (folder / name).is_file():
                raise CorpusError(
                    f"{folder} is not a shard: {name} is missing; expected a folder with {AUDIO} and {INDEX}"
                )
        self.folder = folder
        rows, sound = _whole_rows(folder)
        if sound < (folder / INDEX).stat().st_size:
            raise CorpusError(
                f"{folder / INDEX}: row {len(rows) + 1} is torn; run the prepare command again to repair it"
            )
        samples = (folder / AUDIO).stat().st_size // 2
        needed = max((row["offset"] + row["length"] for row in rows), default=0)
        if samples < needed:
            raise CorpusError(
                f"{folder / AUDIO} holds {samples} samples, the index speaks of {needed}; prepare it again"
            )
        self._rows = rows
        self._audio = np.memmap(folder / AUDIO, dtype="<i2", mode="r") if samples else np.zeros(0, "<i2")

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the utterances, in order."""
        return tuple(row["id"] for row in self._rows)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Speaker of each utterance, in order."""
        return tuple(row["speaker"] for row in self._rows)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Samples of each utterance, in order."""
        return tuple(row["length"] for row in self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Utterance:
        row = self._rows[index]
        pcm = self._audio[row["offset"] : row["offset"] + row["length"]]
        return Utterance(
            samples=pcm.astype(np.float32) / np.float32(_FULL_SCALE),
            phones=tuple(Phone(*phone) for phone in row["phones"]),
            **{name: row[name] for name in _DESCRIPTION},
        )

    def __iter__(self) -> Iterator[Utterance]:
        return (self[index] for index in range(len(self)))


def _whole_rows(folder: Path) -> tuple[list[dict[str, Any]], int]:
    """The rows of an index up to the first torn one, and the bytes they take."""
    rows: list[dict[str, Any]] = []
    taken = 0
    with (folder / INDEX).open("rb") as index:
        for line in index:
            try:
                row = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                row = None
            if not isinstance(row, dict) or not {"id", "offset", "length", "phones", *_DESCRIPTION} <= row.keys():
                break
            rows.append(row)
            taken += len(line)
    return rows, taken


def _repair(folder: Path) -> list[dict[str, Any]]:
    """Cut what an interruption left behind the last whole utterance; returns the whole rows."""
    (folder / AUDIO).touch()
    (folder / INDEX).touch()
    rows, taken = _whole_rows(folder)
    samples = (folder / AUDIO).stat().st_size // 2
    while rows and rows[-1]["offset"] + rows[-1]["length"] > samples:
        taken -= len((json.dumps(rows.pop(), ensure_ascii=False) + "\n").encode())
    with (folder / INDEX).open("r+b") as index:
        index.truncate(taken)
    with (folder / AUDIO).open("r+b") as audio:
        audio.truncate(2 * sum(row["length"] for row in rows))
    return rows
