"""VOCASET (Cudeiro et al., CVPR 2019): 12 people, 40 sentences each, FLAME's mesh at 60 frames a second.

Read as its authors give it out (data_verts.npy, raw_audio_fixed.pkl, templates.pkl, subj_seq_to_idx.pkl), or as the
papers' scripts convert it (vertices_npy, wav, templates.pkl). Every second frame is kept, and the subjects are split,
as FaceFormer and all after it do (datasets/vocaset/dataset.py of StreamingTalker, revision 25b613a).

Shapes: N samples, T frames, V = 5023 vertices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from facestream.audio.waveform import mono
from facestream.corpora.mesh_sources import (
    SOUND,
    TEMPLATES,
    VERTICES,
    ConvertedFolder,
    MeshSource,
    open_array,
    read_templates,
    read_triangles,
    require,
)
from facestream.corpora.meshes import MeshSet
from facestream.corpora.unpickle import read_pickle
from facestream.errors import CorpusError
from facestream.faces.topology import Indices, Topology
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

V = 5023
FILMED, EVERY = 60, 2
SUBJECTS: dict[str, tuple[str, ...]] = {
    "train": (
        "FaceTalk_170728_03272_TA", "FaceTalk_170904_00128_TA", "FaceTalk_170725_00137_TA", "FaceTalk_170915_00223_TA",
        "FaceTalk_170811_03274_TA", "FaceTalk_170913_03279_TA", "FaceTalk_170904_03276_TA", "FaceTalk_170912_03278_TA",
    ),
    "val": ("FaceTalk_170811_03275_TA", "FaceTalk_170908_03277_TA"),
    "test": ("FaceTalk_170809_00138_TA", "FaceTalk_170731_00024_TA"),
}  # fmt: skip
SENTENCES = {"train": range(1, 41), "val": range(21, 41), "test": range(21, 41)}
LIP_PAIRS = ((2865, 2907), (2866, 2938), (3546, 3504), (1751, 1849), (1750, 1804))
"""Upper and lower lip, as StreamingTalker measures the opening of the mouth."""

VERTS, AUDIO, PLACES, MASKS = "data_verts.npy", "raw_audio_fixed.pkl", "subj_seq_to_idx.pkl", "FLAME_masks.pkl"
SURFACES = ("FLAME_sample.ply", "templates/FLAME_sample.ply", "head_template.obj", "templates/head_template.obj")
WHERE = (
    "VOCASET is given out at https://voca.is.tue.mpg.de ('Training Data', 8 GB) to whoever registers and accepts its "
    "licence, which is for research that is not commercial."
)
_WHERE_MASKS = (
    f"{MASKS}, which names the vertices of lips and upper face: given out as 'FLAME Vertex Masks' at "
    "https://flame.is.tue.mpg.de after registration; put it into the folder"
)


def open_vocaset(folder: Path) -> MeshSource:
    """VOCASET as it lies in a folder, in either form. Raises CorpusError naming the files that are missing."""
    if (folder / VERTS).exists() or not (folder / VERTICES).is_dir():
        require(folder, (VERTS, AUDIO, TEMPLATES, PLACES), f"{WHERE} Converted files serve too: {VERTICES}, {SOUND}.")
        given: _Distribution | ConvertedFolder = _Distribution.open(folder)
    else:
        require(folder, (VERTICES, SOUND, TEMPLATES), WHERE)
        given = ConvertedFolder(folder, V, EVERY)
    everybody = [subject for subjects in SUBJECTS.values() for subject in subjects]
    templates, faceless = read_templates(folder / TEMPLATES, V, everybody)
    lips, upper, blind = _regions(folder / MASKS)
    triangles = read_triangles(folder, SURFACES, V)
    topology = Topology("flame", V, triangles, lips, upper, np.array(LIP_PAIRS, np.int32))
    mesh_set = MeshSet("vocaset", FILMED // EVERY, 1.0, topology, templates, SUBJECTS["train"], splits())
    clips = frozenset(name for name in given.clips if name.rpartition("_")[0] in templates)
    return MeshSource(mesh_set, clips, given.read, (*faceless, *blind, *given.halves))


def splits() -> dict[str, tuple[str, ...]]:
    """Names of all clips that belong to a split."""
    return {
        split: tuple(f"{subject}_sentence{number:02d}" for subject in subjects for number in SENTENCES[split])
        for split, subjects in SUBJECTS.items()
    }


def _regions(path: Path) -> tuple[Indices, Indices, tuple[str, ...]]:
    """Lips, as listed, and upper face, forehead and region of the eyes with each vertex once, as in the published
    metrics (StreamingTalker, utils/losses_utils.py); and in words what is missing."""
    none = np.zeros(0, np.int32)
    if not path.is_file():
        return none, none, (_WHERE_MASKS,)
    masks = read_pickle(path)
    try:
        lips, forehead, eyes = (np.asarray(masks[name]) for name in ("lips", "forehead", "eye_region"))
        upper = np.union1d(forehead, eyes)
        if not all(np.issubdtype(part.dtype, np.integer) for part in (lips, upper)):
            raise ValueError("its masks are not lists of vertices")
        return lips.astype(np.int32).reshape(-1), upper.astype(np.int32), ()
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(
            f"'{path}' is no file of FLAME's masks ({error}); expected lips, forehead, eye_region"
        ) from None


@dataclass(frozen=True)
class _Distribution:
    """The original files. frames: [T, V, 3] of all sentences, mapped; places: rows of each clip's frames."""

    frames: Any
    sounds: Mapping[str, Mapping[str, Any]]
    places: Mapping[str, Any]
    halves: tuple[str, ...]

    @classmethod
    def open(cls, folder: Path) -> _Distribution:
        frames = open_array(folder / VERTS, V)
        sounds, where = read_pickle(folder / AUDIO), read_pickle(folder / PLACES)
        places = {f"{s}_{q}": _rows(rows, f"{s}_{q}", len(frames)) for s, q, rows in _sentences(where, PLACES)}
        heard = {f"{s}_{q}": sound for s, q, sound in _sentences(sounds, AUDIO)}
        wanted = {name for names in splits().values() for name in names}
        silent = (
            f"the sound of {name}, though {VERTS} has it" for name in sorted(wanted & places.keys() - heard.keys())
        )
        still = (
            f"the motion of {name}, though {AUDIO} has it" for name in sorted(wanted & heard.keys() - places.keys())
        )
        return cls(frames, heard, places, (*silent, *still))

    @property
    def clips(self) -> frozenset[str]:
        return frozenset(self.places.keys() & self.sounds.keys())

    def read(self, name: str) -> tuple[Floats, Floats]:
        """Vertices [T, V, 3] and sound [N] of a sentence."""
        return np.asarray(self.frames[self.places[name][::EVERY]], np.float32), _sound(self.sounds[name], name)


def _sentences(table: Any, file: str) -> Iterable[tuple[str, str, Any]]:
    """Subject, sentence and what a pickle has for it."""
    if not isinstance(table, Mapping) or not all(isinstance(rows, Mapping) for rows in table.values()):
        raise CorpusError(f"'{file}' is not laid out as VOCASET's; expected {{subject: {{sentence: ...}}}}")
    return ((str(subject), str(name), row) for subject, rows in table.items() for name, row in rows.items())


def _rows(frames: Any, name: str, count: int) -> np.ndarray:
    """Rows of a sentence's frames, by the frames' numbers: the dicts of old pickles have no order."""
    try:
        if not isinstance(frames, Mapping):
            raise TypeError(f"it has {type(frames).__name__}")
        rows = np.array([int(frames[number]) for number in sorted(frames, key=int)], np.int64)
    except (TypeError, ValueError) as error:
        raise CorpusError(f"'{PLACES}': '{name}' has no rows ({error}); expected {{frame: row}}") from None
    if not rows.size or rows.min() < 0 or rows.max() >= count:
        raise CorpusError(f"'{PLACES}' has rows of '{name}' that {VERTS} with its {count} frames does not have")
    return rows


def _sound(entry: Any, name: str) -> Floats:
    """A sentence's sound [N] at 16 kHz."""
    try:
        rate, samples = int(entry["sample_rate"]), np.asarray(entry["audio"])
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(f"'{AUDIO}': '{name}' lacks {error}; expected audio and sample_rate") from None
    if not samples.size or rate <= 0 or samples.dtype.kind not in "iuf":
        raise CorpusError(f"'{AUDIO}': '{name}' has no sound: {samples.dtype} of shape {samples.shape} at {rate} Hz")
    if samples.dtype.kind == "f" and np.abs(samples).max() > 1.5:  # PCM's numbers, kept as floats
        samples = samples / 32768.0
    return np.asarray(soxr.resample(mono(samples), rate, SAMPLE_RATE), np.float32)
