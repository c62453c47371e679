"""Faces that speak as meshes: the form in which VOCASET, BIWI and their like are kept for training and measuring.

Shapes: N samples at 16 kHz, T frames, V vertices.

A corpus is a folder of
    corpus.json    its name, frames a second, who is trained on in which order, which clips belong to which split
    shapes.npz     the topology and everybody's face at rest
    audio.i16, vertices.f32, index.jsonl    the clips, as corpora/store.py keeps them
"""

from __future__ import annotations

import io
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np

from facestream.corpora.store import AUDIO, FlatFile, RowReader, RowWriter, from_pcm, to_pcm
from facestream.errors import CorpusError, did_you_mean
from facestream.faces.topology import Topology
from facestream.files import write_whole
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

FORMAT = 1
CORPUS, SHAPES = "corpus.json", "shapes.npz"
_TEMPLATE = "template "


@dataclass(frozen=True)
class MeshClip:
    """One sentence. sound: [N] float32 at 16 kHz, -1..1; vertices: [T, V, 3] float32, frame t at t / fps seconds,
    read-only; template: [V, 3], the speaker's face at rest.
    """

    subject: str
    sentence: str
    sound: Floats
    vertices: Floats
    template: Floats
    fps: int

    @property
    def name(self) -> str:
        """SUBJECT_SENTENCE, as the data sets call their files."""
        return f"{self.subject}_{self.sentence}"

    @property
    def offsets(self) -> Floats:
        """What a network sees: how far each vertex is from rest, [T, V, 3]."""
        return self.vertices - self.template


@dataclass(frozen=True)
class MeshSet:
    """All of a corpus but its clips.

    metres: metres in one unit of the vertices; templates: face at rest [V, 3] of each subject; identities: the subjects
    that are trained on, in the order of their numbers; splits: names of the clips of each split, in order.
    """

    name: str
    fps: int
    metres: float
    topology: Topology
    templates: Mapping[str, Floats]
    identities: tuple[str, ...]
    splits: Mapping[str, tuple[str, ...]]

    @property
    def clips(self) -> tuple[str, ...]:
        """Names of all clips, each once."""
        return tuple(dict.fromkeys(name for names in self.splits.values() for name in names))

    @property
    def subjects(self) -> tuple[str, ...]:
        """Everybody who has a face at rest: first the identities, in their order, then the others."""
        everybody = dict.fromkeys((*self.identities, *self.templates))
        return tuple(subject for subject in everybody if subject in self.templates)

    def files(self) -> dict[str, FlatFile]:
        """Where the numbers of clips lie."""
        vertices = FlatFile("vertices.f32", "<f4", 3 * self.topology.vertices, "first", "frames")
        return {"audio": AUDIO, "vertices": vertices}


class MeshWriter:
    """Writes a corpus, new or begun earlier; `name in writer` tells which clips are already there.

    Raises CorpusError if the folder holds another corpus, which stays as it is.
    """

    def __init__(self, folder: Path, mesh_set: MeshSet) -> None:
        self._set = mesh_set
        description, shapes = _describe(mesh_set)
        if (folder / CORPUS).exists():
            if json.loads(description) != _read_description(folder) or not _same(shapes, folder):
                raise CorpusError(
                    f"'{folder}' holds another corpus, or the same from other files; it stays as it is: give another "
                    "folder, or delete it first"
                )
        else:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / SHAPES, _packed(shapes))
            write_whole(folder / CORPUS, description)
        self._rows = RowWriter(folder, mesh_set.files(), ())

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, clip: MeshClip) -> None:
        """Add one clip; its name must be new and of the set. Raises CorpusError if its arrays do not fit the set."""
        mesh = self._set.topology
        if clip.name not in self._set.clips or clip.fps != self._set.fps:
            raise CorpusError(f"'{clip.name}' at {clip.fps} frames a second is no clip of '{self._set.name}'")
        if clip.vertices.ndim != 3 or clip.vertices.shape[1:] != (mesh.vertices, 3) or not len(clip.vertices):
            raise CorpusError(
                f"'{clip.name}' has vertices of shape {clip.vertices.shape}; expected [frames, {mesh.vertices}, 3]"
            )
        if not (np.isfinite(clip.vertices).all() and np.isfinite(clip.sound).all()):
            raise CorpusError(f"'{clip.name}' has vertices or sound that are not finite; leave the clip out")
        self._rows.append({"id": clip.name}, {"audio": to_pcm(clip.sound), "vertices": clip.vertices})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()


class MeshCorpus:
    """A prepared corpus: `MeshCorpus.open(folder)`, `corpus.splits["train"]`, `corpus.clip(name)`."""

    def __init__(self, mesh_set: MeshSet, rows: RowReader) -> None:
        self.set = mesh_set
        self._reader = rows
        self._rows = {row["id"]: row for row in rows.rows}

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> MeshCorpus:
        """Raises CorpusError if the folder is no corpus, is torn, or is not finished."""
        folder = Path(folder)
        mesh_set = _read_set(folder)
        corpus = cls(mesh_set, RowReader(folder, mesh_set.files(), ()))
        if missing := [name for name in mesh_set.clips if name not in corpus._rows]:
            raise CorpusError(
                f"'{folder}' is not finished: {len(missing)} of {len(mesh_set.clips)} clips are missing; "
                "run the prepare command again, it goes on"
            )
        return corpus

    @property
    def name(self) -> str:
        """Name of the set."""
        return self.set.name

    @property
    def fps(self) -> int:
        """Frames a second."""
        return self.set.fps

    @property
    def topology(self) -> Topology:
        """The mesh that all share."""
        return self.set.topology

    @property
    def subjects(self) -> tuple[str, ...]:
        """Everybody: first the identities, in their order, then the others."""
        return self.set.subjects

    @property
    def identities(self) -> tuple[str, ...]:
        """The subjects that are trained on; their place here is the number a network knows them by."""
        return self.set.identities

    @property
    def splits(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the clips of each split, in order."""
        return self.set.splits

    @property
    def templates(self) -> Mapping[str, Floats]:
        """Everybody's face at rest, [V, 3]."""
        return self.set.templates

    def frames(self, name: str) -> int:
        """T of a clip, without reading it."""
        return int(self._row(name)["frames"])

    def samples(self, name: str) -> int:
        """N of a clip, without reading it."""
        return int(self._row(name)["length"])

    @property
    def seconds(self) -> float:
        """Sound of all clips."""
        return sum(self.samples(name) for name in self._rows) / SAMPLE_RATE

    def clip(self, name: str) -> MeshClip:
        """A clip by its name, SUBJECT_SENTENCE; vertices are mapped, not yet read. Raises CorpusError for others."""
        row = self._row(name)
        subject, _, sentence = name.rpartition("_")
        vertices = self._reader.numbers(row, "vertices").reshape(row["frames"], self.topology.vertices, 3)
        sound = from_pcm(self._reader.numbers(row, "audio"))
        return MeshClip(subject, sentence, sound, vertices, self.templates[subject], self.fps)

    @property
    def checksum(self) -> str:
        """Eight digits that are the same for the same clips, in whatever order they were written."""
        sums = sorted(f"{name} {row['crc']}" for name, row in self._rows.items())
        return f"{zlib.crc32(chr(10).join(sums).encode()):08x}"

    def verify(self) -> None:
        """Read all clips and compare them with the sums of when they were written. CorpusError if one differs."""
        self._reader.verify()

    def _row(self, name: str) -> dict[str, Any]:
        if name not in self._rows:
            raise CorpusError(f"'{self.name}' has no clip '{name}'.{did_you_mean(name, tuple(self._rows))}")
        return self._rows[name]


def _describe(mesh_set: MeshSet) -> tuple[bytes, dict[str, Any]]:
    """What corpus.json and shapes.npz hold."""
    mesh = mesh_set.topology
    description = {
        "format": FORMAT,
        "name": mesh_set.name,
        "fps": mesh_set.fps,
        "metres": mesh_set.metres,
        "topology": {"name": mesh.name, "vertices": mesh.vertices},
        "identities": mesh_set.identities,
        "splits": dict(mesh_set.splits),
    }
    shapes = {"lips": mesh.lips, "upper": mesh.upper, "lip_pairs": mesh.lip_pairs}
    if mesh.triangles is not None:
        shapes["triangles"] = mesh.triangles
    templates = {_TEMPLATE + subject: np.asarray(face, np.float32) for subject, face in mesh_set.templates.items()}
    return (json.dumps(description, indent=1) + "\n").encode(), shapes | templates


def _packed(shapes: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **shapes)
    return buffer.getvalue()


def _same(shapes: Mapping[str, Any], folder: Path) -> bool:
    held = _read_shapes(folder)
    return held.keys() == shapes.keys() and all(np.array_equal(held[name], shapes[name]) for name in shapes)


def _read_description(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / CORPUS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CorpusError(
            f"'{folder}' is no prepared corpus: {CORPUS} is missing; make one by `facestream prepare vocaset` or `biwi`"
        ) from None
    except ValueError as error:
        raise CorpusError(f"'{folder / CORPUS}' is torn ({error}); delete the folder and prepare it again") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise CorpusError(f"'{folder / CORPUS}' is not of format {FORMAT}; prepare the corpus again")
    return found


def _read_shapes(folder: Path) -> dict[str, Any]:
    try:
        with np.load(folder / SHAPES, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise CorpusError(
            f"'{folder / SHAPES}' cannot be read ({error}); delete the folder, prepare it again"
        ) from None


def _read_set(folder: Path) -> MeshSet:
    facts, shapes = _read_description(folder), _read_shapes(folder)
    templates = {name.removeprefix(_TEMPLATE): shapes.pop(name) for name in list(shapes) if name.startswith(_TEMPLATE)}
    try:
        topology = Topology(**facts["topology"], triangles=shapes.pop("triangles", None), **shapes)
        splits = {split: tuple(names) for split, names in facts["splits"].items()}
        identities = tuple(facts["identities"])
        return MeshSet(facts["name"], facts["fps"], facts["metres"], topology, templates, identities, splits)
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(f"'{folder}' lacks {error} in {CORPUS} or {SHAPES}; prepare the corpus again") from None
