"""Shards of speech: many utterances in one sound file and one index, as corpora/store.py keeps them.

    audio.i16     the samples of all utterances one after another, mono 16 kHz, little-endian int16
    index.jsonl   one row an utterance: its fields, where its samples lie (offset, length), and its phones as
                  [[label, start, end], ...] in seconds

Shapes: N samples.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from facestream.corpora.phones import Phone
from facestream.corpora.store import AUDIO, RowReader, RowWriter, from_pcm, to_pcm
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

_FILES = {"audio": AUDIO}


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


_DESCRIPTION = tuple(
    field.name for field in dataclasses.fields(Utterance) if field.name not in ("id", "samples", "phones")
)
_FIELDS = (*_DESCRIPTION, "phones")


class ShardWriter:
    """Appends utterances to a shard folder, new or begun earlier. `id in writer` tells what is already there."""

    def __init__(self, folder: Path) -> None:
        self._rows = RowWriter(folder, _FILES, _FIELDS)

    def __contains__(self, utterance_id: object) -> bool:
        return utterance_id in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def seconds(self) -> float:
        """Sound written so far."""
        return self._rows.steps["audio"] / SAMPLE_RATE

    def append(self, utterance: Utterance) -> None:
        """Add one utterance; its id must be new."""
        row = {"id": utterance.id} | {name: getattr(utterance, name) for name in _DESCRIPTION}
        row["phones"] = [[label, round(start, 5), round(end, 5)] for label, start, end in utterance.phones]
        self._rows.append(row, {"audio": to_pcm(utterance.samples)})

    def close(self) -> None:
        """Close both files."""
        self._rows.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ShardReader:
    """Reads a shard folder: `len(reader)`, `reader[i]`, iteration; sound is memory-mapped and read when asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reader = RowReader(folder, _FILES, _FIELDS)
        self._rows = self._reader.rows

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
        return Utterance(
            id=row["id"],
            samples=from_pcm(self._reader.numbers(row, "audio")),
            phones=tuple(Phone(*phone) for phone in row["phones"]),
            **{name: row[name] for name in _DESCRIPTION},
        )

    def __iter__(self) -> Iterator[Utterance]:
        return (self[index] for index in range(len(self)))

    def verify(self) -> None:
        """Compare all sound with the sums of when it was written. Raises CorpusError if an utterance differs."""
        self._reader.verify()
