"""BIWI, the corpus B3D(AC)2 of affective communication (Fanelli et al., IEEE Transactions on Multimedia 2010).

14 people, 40 sentences each, 25 frames a second. Read as CodeTalker's scripts convert it: every frame without its mean
and divided by the root of its surface, so that a unit is about 0.185 m. Split as FaceFormer and all after it do; Test-A
are the people who were trained on, Test-B the others.

Shapes: V = 23370 vertices.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facestream.corpora.mesh_sources import (
    SOUND,
    TEMPLATES,
    VERTICES,
    ConvertedFolder,
    MeshSource,
    read_templates,
    read_triangles,
    require,
)
from facestream.corpora.meshes import MeshSet
from facestream.errors import CorpusError
from facestream.faces.topology import Indices, Topology

V = 23370
FPS = 25
METRES = 0.185
"""In a unit; 0.174 to 0.201, a subject's own (FaceFormer, issue 45)."""

_SEEN = ("F2", "F3", "F4", "M3", "M4", "M5")
_UNSEEN = ("F1", "F5", "F6", "F7", "F8", "M1", "M2", "M6")
SUBJECTS = {"train": _SEEN, "val": _SEEN, "test_a": _SEEN, "test_b": _UNSEEN}
SENTENCES = {"train": range(1, 33), "val": range(33, 37), "test_a": range(37, 41), "test_b": range(37, 41)}
LIP_PAIRS = ((366, 21538), (12773, 10665), (21688, 22962), (10235, 21152), (10117, 14028))
"""Upper and lower lip, as StreamingTalker measures the opening of the mouth."""

LIPS, UPPER = "regions/lve.txt", "regions/fdd.txt"
SURFACES = ("BIWI.ply", "templates/BIWI.ply")
WHERE = (
    "BIWI was given out at https://data.vision.ee.ethz.ch/cvl/datasets/b3dac2.en.html to who signed its agreement, and "
    "no longer is; who has it converts it by the scripts of CodeTalker."
)
_WHERE_REGIONS = "which names vertices that metrics look at: it comes with CodeTalker (MIT), folder BIWI/regions"


def open_biwi(folder: Path) -> MeshSource:
    """BIWI as it lies converted in a folder. Raises CorpusError naming the files that are missing."""
    require(folder, (VERTICES, SOUND, TEMPLATES), WHERE)
    given = ConvertedFolder(folder, V)
    templates, faceless = read_templates(folder / TEMPLATES, V, (*_SEEN, *_UNSEEN))
    lips, upper = _region(folder / LIPS), _region(folder / UPPER)
    blind = [f"{name}, {_WHERE_REGIONS}" for name, part in ((LIPS, lips), (UPPER, upper)) if not len(part)]
    topology = Topology("biwi", V, read_triangles(folder, SURFACES, V), lips, upper, np.array(LIP_PAIRS, np.int32))
    mesh_set = MeshSet("biwi", FPS, METRES, topology, templates, _SEEN, splits())
    clips = frozenset(name for name in given.clips if name.rpartition("_")[0] in templates)
    return MeshSource(mesh_set, clips, given.read, (*faceless, *blind, *given.halves))


def splits() -> dict[str, tuple[str, ...]]:
    """Names of all clips that belong to a split."""
    return {
        split: tuple(f"{subject}_e{number:02d}" for subject in subjects for number in SENTENCES[split])
        for split, subjects in SUBJECTS.items()
    }


def _region(path: Path) -> Indices:
    """Vertices of a region: numbers between commas. Empty if there is no file."""
    if not path.is_file():
        return np.zeros(0, np.int32)
    try:
        return np.array([int(number) for number in path.read_text().replace(",", " ").split()], np.int32)
    except (ValueError, OverflowError) as error:
        raise CorpusError(f"'{path}' is no list of vertices ({error}); expected numbers between commas") from None
