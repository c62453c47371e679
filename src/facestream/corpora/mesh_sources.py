"""Where the meshes of a data set come from, and the job that brings them into the one form (corpora/meshes.py).

Long work: progress is shown, an interruption loses at most one clip, and running again goes on where it stopped.

Shapes: N samples at 16 kHz, T frames, V vertices.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from facestream.audio.waveform import read_audio
from facestream.corpora.meshes import MeshClip, MeshCorpus, MeshSet, MeshWriter
from facestream.corpora.surface import read_surface
from facestream.corpora.unpickle import read_pickle
from facestream.errors import AudioError, CorpusError
from facestream.faces.topology import Indices
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

VERTICES, SOUND, TEMPLATES = "vertices_npy", "wav", "templates.pkl"
_APART = 0.5  # seconds by which sound and motion of a clip may differ in length without a word


@dataclass(frozen=True)
class MeshSource:
    """A data set as its files lie. set: as it should be; clips: those that are there; read: one of them, its vertices
    [T, V, 3] and sound [N]; missing: other things that are not there, a sentence each.
    """

    set: MeshSet
    clips: Collection[str]
    read: Callable[[str], tuple[Floats, Floats]]
    missing: tuple[str, ...] = ()


def prepare_meshes(source: MeshSource, out: Path, incomplete: bool = False) -> list[str]:
    """Write all clips of a source to the corpus folder `out`, and read them back; gives a summary, a line an item.

    Raises CorpusError if anything is missing, naming it, unless an incomplete set is welcome.
    """
    lacking = [*_named(name for name in source.set.clips if name not in source.clips), *source.missing]
    if lacking and not incomplete:
        raise CorpusError(
            f"'{source.set.name}' is not whole. Missing:\n  "
            + "\n  ".join(lacking)
            + "\nGet what is missing, or add --incomplete to go on without it; nothing was written."
        )
    mesh_set = _only(source.set, source.clips)
    if not mesh_set.clips:
        raise CorpusError(f"'{source.set.name}' has no sentence that belongs to a split; nothing was written")
    apart: list[str] = []
    with MeshWriter(out, mesh_set) as writer:
        for name in track(mesh_set.clips, description=mesh_set.name, console=Console(stderr=True)):
            if name not in writer:
                writer.append(_clip(source, name))
    corpus = MeshCorpus.open(out)
    corpus.verify()
    for name in corpus.set.clips:
        difference = corpus.samples(name) / SAMPLE_RATE - corpus.frames(name) / corpus.fps
        if abs(difference) > _APART:
            apart.append(f"{name}: the sound is {abs(difference):.1f} s {'longer' if difference > 0 else 'shorter'}")
    return [*_summary(corpus), *(f"missing: {line}" for line in lacking), *(f"look at {line}" for line in apart)]


def _clip(source: MeshSource, name: str) -> MeshClip:
    subject, _, sentence = name.rpartition("_")
    vertices, sound = source.read(name)
    return MeshClip(subject, sentence, sound, vertices, source.set.templates[subject], source.set.fps)


def _only(mesh_set: MeshSet, clips: Collection[str]) -> MeshSet:
    """The set with no other clips."""
    splits = {split: tuple(name for name in names if name in clips) for split, names in mesh_set.splits.items()}
    return MeshSet(
        mesh_set.name, mesh_set.fps, mesh_set.metres, mesh_set.topology, mesh_set.templates, mesh_set.identities, splits
    )


def _named(clips: Iterable[str]) -> Iterator[str]:
    """Names of clips in short: a line a subject, sentences in runs."""
    for subject, names in groupby(clips, key=lambda name: name.rpartition("_")[0]):
        sentences = [name.rpartition("_")[2] for name in names]
        runs = [[*run] for _, run in groupby(enumerate(sentences), key=lambda row: int(row[1][-2:]) - row[0])]
        yield f"{subject}: " + ", ".join(run[0][1] if len(run) == 1 else f"{run[0][1]} to {run[-1][1]}" for run in runs)


def _summary(corpus: MeshCorpus) -> Iterator[str]:
    for split, names in corpus.splits.items():
        minutes = sum(corpus.frames(name) for name in names) / corpus.fps / 60
        people = len({name.rpartition("_")[0] for name in names})
        yield f"{split}: {len(names)} sentences of {people} subjects, {minutes:.1f} min"
    yield f"{corpus.topology.vertices} vertices, {corpus.fps} frames a second; checksum {corpus.checksum}"


@dataclass(frozen=True)
class ConvertedFolder:
    """Sentences as the papers' scripts leave them: vertices_npy/NAME.npy [T, 3 V] beside wav/NAME.wav.

    vertices: V; every: which frames are kept, 2 for each second one.
    """

    folder: Path
    vertices: int
    every: int = 1

    @property
    def clips(self) -> frozenset[str]:
        """Names of the sentences that have both."""
        return frozenset(self._names(VERTICES, ".npy") & self._names(SOUND, ".wav"))

    @property
    def halves(self) -> tuple[str, ...]:
        """Sentences that have one of both only, in words."""
        moved, heard = self._names(VERTICES, ".npy"), self._names(SOUND, ".wav")
        silent = [f"{SOUND}/{name}.wav, though {VERTICES} has it" for name in sorted(moved - heard)]
        return (*silent, *(f"{VERTICES}/{name}.npy, though {SOUND} has it" for name in sorted(heard - moved)))

    def read(self, name: str) -> tuple[Floats, Floats]:
        """Vertices [T, V, 3] and sound [N] of a sentence."""
        vertices = open_array(self.folder / VERTICES / f"{name}.npy", self.vertices)[:: self.every]
        try:
            sound = read_audio(self.folder / SOUND / f"{name}.wav")
        except AudioError as error:
            raise CorpusError(f"the sound of '{name}' cannot be used: {error}") from error
        return np.asarray(vertices, np.float32), sound

    def _names(self, folder: str, ending: str) -> set[str]:
        return {path.stem for path in (self.folder / folder).glob("*" + ending)}


def open_array(path: Path, vertices: int) -> npt.NDArray[np.floating]:
    """Vertices [T, V, 3] of a .npy file, mapped. Raises CorpusError if it is torn or of another shape."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise CorpusError(f"'{path}' is torn or no array ({error}); copy or download it again") from error
    shapes = ((len(array), vertices, 3), (len(array), 3 * vertices)) if array.ndim else ()
    if array.shape not in shapes or not np.issubdtype(array.dtype, np.floating) or not len(array):
        raise CorpusError(
            f"'{path}' has shape {array.shape} of {array.dtype}; expected floats, [frames, {3 * vertices}] or "
            f"[frames, {vertices}, 3]"
        )
    frames: npt.NDArray[np.floating] = array.reshape(-1, vertices, 3)
    return frames


def read_templates(path: Path, vertices: int, subjects: Iterable[str]) -> tuple[dict[str, Floats], tuple[str, ...]]:
    """Faces at rest [V, 3] of these subjects, in order, and in words who has none. Raises CorpusError if the file is
    none of templates."""
    found = read_pickle(path)
    if not isinstance(found, Mapping):
        raise CorpusError(f"'{path}' holds {type(found).__name__}; expected a dict of subjects and their faces at rest")
    templates = {}
    for subject in subjects:
        if subject in found:
            face = np.asarray(found[subject])
            if face.size != 3 * vertices or not np.issubdtype(face.dtype, np.floating) or not np.isfinite(face).all():
                raise CorpusError(
                    f"'{path}': the face of '{subject}' is {face.dtype} of shape {face.shape}; expected {vertices} "
                    "vertices, 3 finite numbers each"
                )
            templates[subject] = face.reshape(vertices, 3).astype(np.float32)
    return templates, tuple(f"the face at rest of {name} in {path.name}" for name in subjects if name not in templates)


def read_triangles(folder: Path, names: Iterable[str], vertices: int) -> Indices | None:
    """Triangles of the first of these surface files that is there; None if none is. Raises CorpusError if it is of
    another mesh."""
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        return None
    points, triangles = read_surface(path)
    if len(points) != vertices:
        raise CorpusError(f"'{path}' has {len(points)} vertices; expected {vertices}")
    return triangles


def require(folder: Path, names: Iterable[str], where: str) -> None:
    """Raise CorpusError naming all that the folder lacks. where: a sentence on how to get them."""
    if lacking := [name for name in names if not (folder / name).exists()]:
        raise CorpusError(f"'{folder}' lacks {', '.join(lacking)}. {where}")
