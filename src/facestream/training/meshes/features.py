"""Speech features of a mesh corpus, computed at first use and kept beside it.

Shapes: T motion frames, A width.

A folder `heard/EARS` in the corpus holds rows of half precision, one a frame; interrupted, it goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from facestream.corpora.meshes import MeshCorpus
from facestream.corpora.store import FlatFile, RowReader, RowWriter
from facestream.errors import CorpusError
from facestream.signals import Floats
from facestream.training.meshes.ears import Ears


class HeardCorpus:
    """A corpus with its features: `heard.features(name, first, frames)`."""

    def __init__(self, corpus: MeshCorpus, rows: RowReader) -> None:
        self.corpus, self._reader = corpus, rows
        self._rows = {row["id"]: row for row in rows.rows}

    def features(self, name: str, first: int = 0, frames: int | None = None) -> Floats:
        """Features of a clip's frames [first, first + frames), [T, A]."""
        if name not in self._rows:
            raise CorpusError(f"'{name}' was not heard; delete {self._reader.folder} and train again")
        rows = self._reader.numbers(self._rows[name], "features")
        return np.asarray(rows[first : None if frames is None else first + frames], np.float32)


def heard_corpus(corpus: MeshCorpus, folder: Path, ears: Ears, clips: Iterable[str]) -> HeardCorpus:
    """The corpus in `folder`, with what `ears` make of these clips; what is missing is computed."""
    place = folder / "heard" / ears.name
    files = {"features": FlatFile("features.f16", "<f2", ears.width, "first", "frames")}
    with RowWriter(place, files, ()) as writer:
        missing = [name for name in dict.fromkeys(clips) if name not in writer]
        if missing:
            hear = ears.open()
            for name in track(missing, description=f"hearing with {ears.name}", console=Console(stderr=True)):
                sound = corpus.clip(name).sound
                writer.append({"id": name}, {"features": hear(sound, corpus.fps, corpus.frames(name))})
    return HeardCorpus(corpus, RowReader(place, files, ()))
