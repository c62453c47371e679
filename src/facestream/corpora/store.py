"""How shards lie on disk: flat files of numbers, and one index with a row a clip.

    NAME          numbers of all clips one after another, little-endian; a step is a sample or a frame
    index.jsonl   one row a clip: its fields, where its steps lie in each file, and the CRC-32 of its bytes there

A row is written after its numbers, so an interrupted writer leaves at most a torn row or numbers without a row; opening
the writer again repairs both and goes on.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from facestream.errors import CorpusError
from facestream.signals import Floats

INDEX = "index.jsonl"
_FULL_SCALE = 32767.0

Row = dict[str, Any]


@dataclass(frozen=True)
class FlatFile:
    """A file of numbers. columns: numbers a step; offset, length: what a row calls its first step and its steps."""

    name: str
    dtype: str
    columns: int = 1
    offset: str = "offset"
    length: str = "length"

    @property
    def step(self) -> int:
        """Bytes a step."""
        return np.dtype(self.dtype).itemsize * self.columns


AUDIO = FlatFile("audio.i16", "<i2")
"""The sound of all clips: mono, 16 kHz."""


def to_pcm(samples: Floats) -> npt.NDArray[np.int16]:
    """Samples of -1..1 as they lie in AUDIO; what is louder is clipped."""
    return np.round(np.clip(samples, -1.0, 1.0) * _FULL_SCALE).astype("<i2")


def from_pcm(pcm: npt.NDArray[np.int16]) -> Floats:
    """What `to_pcm` was given, to half a step."""
    return pcm.astype(np.float32) / np.float32(_FULL_SCALE)


class RowWriter:
    """Appends clips to a folder, new or begun earlier. `id in writer` tells what is already there.

    files: by the names under which `append` gets their numbers; fields: what a row must hold beside its id. rows: those
    written so far, by their ids; steps: written so far to each file.
    """

    def __init__(self, folder: Path, files: Mapping[str, FlatFile], fields: Collection[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._layout = folder, files
        rows = _repair(folder, files, fields)
        self.rows = {row["id"]: row for row in rows}
        self.steps = {name: _end(rows, file) for name, file in files.items()}
        self._files = {name: (folder / file.name).open("ab") for name, file in files.items()}
        self._index = (folder / INDEX).open("a", encoding="utf-8")

    def __contains__(self, clip: object) -> bool:
        return clip in self.rows

    def __len__(self) -> int:
        return len(self.rows)

    def append(self, row: Row, numbers: Mapping[str, npt.NDArray[Any]]) -> None:
        """Add one clip: its fields, among them an id that is new, and its numbers [steps, columns] for each file."""
        if row["id"] in self.rows:
            raise CorpusError(f"{self.folder}: '{row['id']}' is already there; ids must be unique")
        row = dict(row)
        sums = []
        for name, file in self._layout.items():
            content = np.ascontiguousarray(numbers[name], file.dtype).tobytes()
            row |= {file.offset: self.steps[name], file.length: len(content) // file.step}
            sums.append(zlib.crc32(content))
            self._files[name].write(content)
            self._files[name].flush()
        self._index.write(json.dumps(row | {"crc": sums}, ensure_ascii=False) + "\n")
        self._index.flush()
        self.rows[row["id"]] = row
        for name, file in self._layout.items():
            self.steps[name] += row[file.length]

    def close(self) -> None:
        """Close all files."""
        for file in (*self._files.values(), self._index):
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RowReader:
    """Reads such a folder; numbers are memory-mapped and read when asked for. rows: of the index, in order.

    Raises CorpusError if a file is missing, torn, or shorter than the index says.
    """

    def __init__(self, folder: Path, files: Mapping[str, FlatFile], fields: Collection[str]) -> None:
        names = (*(file.name for file in files.values()), INDEX)
        for name in names:
            if not (folder / name).is_file():
                raise CorpusError(
                    f"{folder} is not a shard: {name} is missing; expected a folder with {' and '.join(names)}"
                )
        self.folder, self._layout = folder, files
        self.rows, sound = _whole_rows(folder, files, fields)
        if sound < (folder / INDEX).stat().st_size:
            raise CorpusError(
                f"{folder / INDEX}: row {len(self.rows) + 1} is torn; run the prepare command again to repair it"
            )
        for file in files.values():
            held, needed = (folder / file.name).stat().st_size // file.step, _end(self.rows, file)
            if held < needed:
                raise CorpusError(
                    f"{folder / file.name} holds {held} samples, the index speaks of {needed}; prepare it again"
                )
        self._maps = {name: _mapped(folder, file) for name, file in files.items()}

    def numbers(self, row: Row, name: str) -> npt.NDArray[Any]:
        """What a row has in one file, [steps] or [steps, columns]; read-only."""
        file = self._layout[name]
        found = self._maps[name][row[file.offset] : row[file.offset] + row[file.length]]
        return found[:, 0] if file.columns == 1 else found

    def verify(self) -> None:
        """Read everything and compare it with the sums in the index. Raises CorpusError naming the first that differs;
        rows that older versions wrote without sums pass."""
        for row in self.rows:
            for (name, file), expected in zip(self._layout.items(), row.get("crc", ()), strict=False):
                if zlib.crc32(np.ascontiguousarray(self.numbers(row, name)).tobytes()) != expected:
                    raise CorpusError(
                        f"{self.folder / file.name}: '{row['id']}' is not what was written; delete the folder and "
                        "prepare it again"
                    )


def _mapped(folder: Path, file: FlatFile) -> npt.NDArray[Any]:
    steps = (folder / file.name).stat().st_size // file.step
    if not steps:
        return np.zeros((0, file.columns), file.dtype)
    return np.memmap(folder / file.name, file.dtype, "r", shape=(steps, file.columns))


def _end(rows: Sequence[Row], file: FlatFile) -> int:
    """The first step after all rows."""
    return max((int(row[file.offset] + row[file.length]) for row in rows), default=0)


def _whole_rows(folder: Path, files: Mapping[str, FlatFile], fields: Collection[str]) -> tuple[list[Row], int]:
    """The rows of an index up to the first torn one, and the bytes they take."""
    needed = {"id", *fields, *(key for file in files.values() for key in (file.offset, file.length))}
    rows: list[Row] = []
    taken = 0
    with (folder / INDEX).open("rb") as index:
        for line in index:
            try:
                row = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                row = None
            if not isinstance(row, dict) or not needed <= row.keys():
                break
            rows.append(row)
            taken += len(line)
    return rows, taken


def _repair(folder: Path, files: Mapping[str, FlatFile], fields: Collection[str]) -> list[Row]:
    """Cut what an interruption left behind the last whole clip; returns the whole rows."""
    for name in (*(file.name for file in files.values()), INDEX):
        (folder / name).touch()
    rows, _ = _whole_rows(folder, files, fields)
    held = {file: (folder / file.name).stat().st_size // file.step for file in files.values()}
    while rows and any(_end(rows[-1:], file) > steps for file, steps in held.items()):
        rows.pop()
    with (folder / INDEX).open("r+b") as index:
        index.truncate(sum(len(line) for line, _ in zip(index.readlines(), rows, strict=False)))
    for file in files.values():
        with (folder / file.name).open("r+b") as numbers:
            numbers.truncate(_end(rows, file) * file.step)
    return rows
