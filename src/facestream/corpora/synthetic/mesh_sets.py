"""Small sets in the layouts of VOCASET and BIWI, made from our own head and installed voices.

With them all that reads, trains on or measures those sets can be tried without having them. Subjects and sentences have
the sets' names; every subject has a head, a manner of speaking and a voice of its own. Each fifth text is spoken by
everybody, the others by two subjects each. The mesh is a piece of our skin with as many vertices as the set's, in an
order in which the pairs that the field measures the mouth by are partners on the lips.

Shapes: H vertices of the head, V of the set's mesh, F triangles, T frames, C channels, N samples.
"""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from rich.console import Console
from rich.progress import track

from facestream.corpora import biwi, vocaset
from facestream.corpora.mesh_sources import SOUND, TEMPLATES, VERTICES
from facestream.corpora.phones import Phone
from facestream.corpora.store import to_pcm
from facestream.corpora.surface import write_ply
from facestream.corpora.synthetic.performance import perform
from facestream.corpora.synthetic.prepare import cast, open_engines
from facestream.corpora.synthetic.speech import Speech
from facestream.corpora.synthetic.styles import STYLES, Style
from facestream.corpora.synthetic.texts import sentence
from facestream.errors import CorpusError
from facestream.faces.head import PRESETS, Head, Identity
from facestream.faces.topology import Indices
from facestream.files import unfinished
from facestream.signals import ARKIT, FACE, Floats
from facestream.timing import SAMPLE_RATE

Speak = Callable[[int, str], Speech]
"""Lets subject number so-and-so say a text."""

NAMED = "arkit_shapes.npz"  # named shapes of the mesh, for `facestream export --shapes`
_UNIT = 0.1  # metres in a unit of our heads
_FINE = 100  # frames a second at which curves are made before they are brought to the set's rate
_ON_LIP = 0.045  # how far from the seam a pair's vertices lie, so that about 5 mm are between them, as on FLAME's face
_COLUMNS = (16, 10, 22, 6, 26)  # of the lips' 33, the middle first
_MOUTH, _BROWS = np.array((0.0, -0.58, 0.82)), np.array((0.0, 0.35, 0.85))
_WORDS = range(5, 11)  # words in a text
_VOCASET_RATE, _BIWI_RATE = 22_000, 44_100  # of the sound


@dataclass(frozen=True)
class Piece:
    """The part of our skin that plays a set's mesh.

    ends: [V, 2] vertices of the head; each vertex of the piece lies between two, or on one. triangles: [F, 3]; lips,
    upper: vertices of the regions.
    """

    ends: Indices
    triangles: Indices
    lips: Indices
    upper: Indices

    def cut(self, head: Floats) -> Floats:
        """The piece [V, 3] of a head's vertices [H, 3], in metres."""
        return np.float32(0.5 * _UNIT) * (head[self.ends[:, 0]] + head[self.ends[:, 1]])


@dataclass(frozen=True)
class Take:
    """A subject that says a sentence. curves: [T, C] of ARKIT at 100 frames a second; samples: [N] at 16 kHz."""

    subject: str
    sentence: str
    curves: Floats
    samples: Floats

    @property
    def name(self) -> str:
        """SUBJECT_SENTENCE."""
        return f"{self.subject}_{self.sentence}"

    def frames(self, fps: int) -> int:
        """How many frames it lasts."""
        return len(self.samples) * fps // SAMPLE_RATE

    def at(self, fps: int) -> Floats:
        """The curves at another rate."""
        instants, given = np.arange(self.frames(fps)) / fps, np.arange(len(self.curves)) / _FINE
        return np.stack([np.interp(instants, given, curve) for curve in self.curves.T], 1).astype(np.float32)

    def sound(self, rate: int) -> npt.NDArray[np.int16]:
        """Its sound as PCM of this rate."""
        return to_pcm(np.asarray(soxr.resample(self.samples, SAMPLE_RATE, rate), np.float32))


def make_vocaset(
    out: Path, sentences: int = 12, seed: int = 0, subjects: Sequence[str] = (), speak: Speak | None = None
) -> None:
    """Write the files that VOCASET is given out as, 60 frames a second, to a new folder.

    sentences: of each subject that is trained on, half as many of the others; subjects: who is in it, all if empty;
    speak: a voice instead of those installed. Raises CorpusError if the folder exists, or if there is no voice.
    """
    piece = _vocaset_piece()
    with _new(out) as folder:
        takes = list(_takes(vocaset.SUBJECTS, vocaset.SENTENCES, "sentence", sentences, seed, subjects, speak))
        total = sum(take.frames(vocaset.FILMED) for take in takes)
        frames = np.lib.format.open_memmap(folder / vocaset.VERTS, "w+", np.float32, (total, vocaset.V, 3))
        sounds: dict[str, dict[str, object]] = {}
        places: dict[str, dict[str, dict[int, int]]] = {}
        first = 0
        for take, head in _heads(takes, vocaset.SUBJECTS):
            pose, curves = head.bind(ARKIT), take.at(vocaset.FILMED)
            for number, values in enumerate(curves):
                frames[first + number] = piece.cut(pose(values))
            rows = range(first, first + len(curves))
            places.setdefault(take.subject, {})[take.sentence] = dict(enumerate(rows))
            sound = {"audio": take.sound(_VOCASET_RATE), "sample_rate": _VOCASET_RATE}
            sounds.setdefault(take.subject, {})[take.sentence] = sound
            first += len(curves)
        frames.flush()
        rest = {subject: piece.cut(head.mesh.vertices) for subject, head in _cast_heads(takes, vocaset.SUBJECTS)}
        _dump(folder / vocaset.PLACES, places)
        _dump(folder / vocaset.AUDIO, sounds)
        _dump(folder / TEMPLATES, {subject: face.astype(np.float64) for subject, face in rest.items()})
        forehead = piece.upper[rest[takes[0].subject][piece.upper, 1] > 0.3 * _UNIT]
        eyes = np.setdiff1d(piece.upper, forehead)
        _dump(folder / vocaset.MASKS, {"lips": piece.lips, "forehead": forehead, "eye_region": eyes})
        (folder / vocaset.SURFACES[0]).write_bytes(write_ply(piece.cut(_head(0).mesh.vertices), piece.triangles))
        np.savez_compressed(folder / NAMED, allow_pickle=False, **named_shapes(piece))


def make_biwi(
    out: Path, sentences: int = 8, seed: int = 0, subjects: Sequence[str] = (), speak: Speak | None = None
) -> None:
    """Write BIWI as the papers' scripts convert it, to a new folder; arguments and errors as of `make_vocaset`.

    sentences: for training of each subject that is trained on; to each eight of them comes one for each other split.
    """
    piece = _biwi_piece()
    with _new(out) as folder:
        takes = list(_takes(biwi.SUBJECTS, biwi.SENTENCES, "e", sentences, seed, subjects, speak))
        for name in (VERTICES, SOUND, "regions"):
            (folder / name).mkdir()
        for take, head in _heads(takes, biwi.SUBJECTS):
            pose = head.bind(ARKIT)
            frames = np.stack([_normalised(piece.cut(pose(values)), piece.triangles) for values in take.at(biwi.FPS)])
            np.save(folder / VERTICES / f"{take.name}.npy", frames.reshape(len(frames), -1))
            soundfile.write(folder / SOUND / f"{take.name}.wav", take.sound(_BIWI_RATE), _BIWI_RATE)
        heads = _cast_heads(takes, biwi.SUBJECTS)
        rest = {subject: _normalised(piece.cut(head.mesh.vertices), piece.triangles) for subject, head in heads}
        _dump(folder / TEMPLATES, rest)
        for name, region in ((biwi.LIPS, piece.lips), (biwi.UPPER, piece.upper)):
            (folder / name).write_text(", ".join(map(str, region)))
        (folder / biwi.SURFACES[0]).write_bytes(write_ply(next(iter(rest.values())), piece.triangles))
        unit = 1 / _size(piece.cut(_head(0).mesh.vertices), piece.triangles)
        np.savez_compressed(folder / NAMED, allow_pickle=False, **named_shapes(piece, unit))


def named_shapes(piece: Piece, unit: float = 1.0) -> dict[str, Floats]:
    """`neutral` and, by ARKit's names, the face [V, 3] that each shape makes: what tells a mesh's motion as curves.

    unit: units of the set in a metre.
    """
    head = _head(0)
    rest = head.mesh.vertices
    faces = {name: rest + head.shape(name) for name in ARKIT}
    return {name: np.float32(unit) * piece.cut(face) for name, face in {"neutral": rest, **faces}.items()}


@contextmanager
def _new(out: Path) -> Iterator[Path]:
    """A folder to write into that gets its name when all is done."""
    if out.exists():
        raise CorpusError(f"'{out}' exists already; give a new folder, or delete it first")
    part = unfinished(out)
    part.mkdir(parents=True)
    try:
        yield part
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _dump(path: Path, content: object) -> None:
    """A pickle that Python 2 could read too, as those of the sets."""
    path.write_bytes(pickle.dumps(content, protocol=2))


# ---- who says what


def _takes(
    people: Mapping[str, Sequence[str]],
    numbers: Mapping[str, Sequence[int]],
    prefix: str,
    count: int,
    seed: int,
    chosen: Sequence[str],
    speak: Speak | None,
) -> Iterator[Take]:
    """All sentences of all subjects, subject by subject. people, numbers: of each split, as in the set's module."""
    everybody = list(dict.fromkeys(subject for subjects in people.values() for subject in subjects))
    if unknown := [subject for subject in chosen if subject not in everybody]:
        raise CorpusError(f"there is no subject {', '.join(unknown)}; expected {', '.join(everybody)}")
    with _voices(speak) as say:
        work = [
            (who, number)
            for who, subject in enumerate(everybody)
            if not chosen or subject in chosen
            for split, subjects in people.items()
            if subject in subjects
            for number in _first(numbers[split], ceil(count * len(numbers[split]) / len(numbers["train"])))
        ]
        for who, number in track(work, description="speaking", console=Console(stderr=True)):
            rng = np.random.default_rng((seed, who, number))
            text = _text(seed, who, number, len(people["train"]))
            said = say(who, text)
            samples = np.pad(said.samples, 1600)  # a tenth of a second of rest at both ends
            phones = [Phone(label, start + 0.1, end + 0.1) for label, start, end in said.phones]
            played = perform(samples, phones, _style(who), rng, _FINE)
            columns = [FACE.index(name) for name in ARKIT]
            yield Take(everybody[who], f"{prefix}{number:02d}", played.values[:, columns], samples)


def _first(numbers: Sequence[int], count: int) -> list[int]:
    """Numbers of the sentences of a small set: some of the first twenty, some of the second."""
    return sorted(sorted(numbers, key=lambda number: ((number - 1) % 20, number))[:count])


def _text(seed: int, who: int, number: int, trained: int) -> str:
    """What a subject says as sentence `number`: each fifth the same for all, else what its neighbour says too."""
    group = 0 if number % 5 == 1 else 1 + who // 2 + (100 if who >= trained else 0)
    rng = np.random.default_rng((seed, number, group))
    while len((text := sentence("en", rng)).split()) not in _WORDS:
        pass
    return text


def _style(who: int) -> Style:
    return STYLES[who % len(STYLES)]


@contextmanager
def _voices(speak: Speak | None) -> Iterator[Speak]:
    """The voice given, or those installed for English, each subject's with a pace and pitch of its own."""
    if speak is not None:
        yield speak
        return
    engines = open_engines()
    try:
        voices = sorted(
            (voice for voice in cast(engines, ()) if voice.language == "en"), key=lambda voice: not voice.recorded
        )[:8]

        def say(who: int, text: str) -> Speech:
            voice, manner = voices[who % len(voices)], np.random.default_rng(who)
            return engines[voice.engine].speak(voice, text, manner.uniform(0.85, 1.15), manner.uniform(0.85, 1.2))

        yield say
    finally:
        for engine in engines.values():
            engine.close()


@cache
def _head(who: int) -> Head:
    presets = list(PRESETS.values())
    return Head.sculpt(presets[who] if who < len(presets) else Identity.from_seed(who))


def _number(subject: str, people: Mapping[str, Sequence[str]]) -> int:
    return list(dict.fromkeys(name for names in people.values() for name in names)).index(subject)


def _heads(takes: Sequence[Take], people: Mapping[str, Sequence[str]]) -> Iterator[tuple[Take, Head]]:
    """Every take with the head that plays it."""
    for take in track(takes, description="moving", console=Console(stderr=True)):
        yield take, _head(_number(take.subject, people))


def _cast_heads(takes: Sequence[Take], people: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Head]]:
    """Every subject with its head."""
    for subject in dict.fromkeys(take.subject for take in takes):
        yield subject, _head(_number(subject, people))


# ---- the mesh


def _vocaset_piece() -> Piece:
    return _piece(vocaset.V, vocaset.LIP_PAIRS, lips=254, upper=827)


def _biwi_piece() -> Piece:
    return _piece(biwi.V, biwi.LIP_PAIRS, lips=4996, upper=7784)


@cache
def _piece(count: int, pairs: tuple[tuple[int, int], ...], lips: int, upper: int) -> Piece:
    """The `count` places of our skin that are next to the face's middle, with as many vertices in the regions as the
    set has. Where the skin has too few vertices, the middles of its edges serve too."""
    head = _head(0)
    skin: npt.NDArray[np.integer] = head.vertex_sets["skin"]
    faces: npt.NDArray[np.integer] = head.mesh.triangles[(head.mesh.triangles < len(skin)).all(axis=1)]
    ends: npt.NDArray[np.integer] = np.stack([skin, skin], 1)
    if count > len(skin):
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        ends = np.concatenate([ends, np.unique(edges, axis=0)])
        faces = _split(faces, ends)
    places = head.mesh.vertices[ends].mean(axis=1)
    nearest = np.argsort(np.linalg.norm(places - (0.0, -0.15, 0.5), axis=1), kind="stable")[:count]
    order = _ordered(np.sort(nearest), pairs, _partners(head))
    new = np.full(len(ends), -1)
    new[order] = np.arange(count)
    triangles = new[faces]
    places, rims = places[order], np.concatenate([head.vertex_sets[name] for name in ("lips_upper", "lips_lower")])
    from_seam = np.linalg.norm(places[:, None] - head.mesh.vertices[rims], axis=2).min(axis=1)
    from_seam[np.ravel(pairs)] = 0.0  # the pairs are lips in any case
    mouth = np.sort(np.argsort(from_seam, kind="stable")[:lips])
    from_brows = np.linalg.norm(places - _BROWS, axis=1)
    from_brows[mouth] = np.inf
    return Piece(
        ends[order].astype(np.int32),
        triangles[(triangles >= 0).all(axis=1)].astype(np.int32),
        mouth.astype(np.int32),
        np.sort(np.argsort(from_brows, kind="stable")[:upper]).astype(np.int32),
    )


def _split(faces: npt.NDArray[np.integer], ends: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """Each triangle as four, by the middles of its edges."""
    number = {(int(a), int(b)): place for place, (a, b) in enumerate(ends)}
    middle = [[number[min(a, b), max(a, b)] for a, b in ((f[0], f[1]), (f[1], f[2]), (f[2], f[0]))] for f in faces]
    (a, b, c), (d, e, f) = faces.T, np.array(middle).T
    return np.concatenate([np.stack(corners, 1) for corners in ((a, d, f), (d, b, e), (f, e, c), (d, e, f))])


def _partners(head: Head) -> list[tuple[int, int]]:
    """Vertices of the upper lip and below them of the lower lip, a little off the seam."""
    places, sets = head.mesh.vertices, head.vertex_sets

    def near(rim: int, lip: str) -> int:
        off = places[sets[lip]] - places[rim]
        aside, away = np.abs(off[:, 0]), np.linalg.norm(off, axis=1)
        return int(sets[lip][np.argmin(3 * aside + np.abs(away - _ON_LIP))])

    columns = [(sets["lips_upper"][column], sets["lips_lower"][column]) for column in _COLUMNS]
    return [(near(upper, "lip_upper"), near(lower, "lip_lower")) for upper, lower in columns]


def _ordered(
    chosen: npt.NDArray[np.integer], pairs: Sequence[tuple[int, int]], partners: Sequence[tuple[int, int]]
) -> npt.NDArray[np.integer]:
    """The chosen places in an order in which those of `pairs` are partners."""
    order = np.full(len(chosen), -1)
    for place, vertex in zip(np.ravel(pairs), np.ravel(partners), strict=True):
        order[place] = vertex
    order[order < 0] = np.setdiff1d(chosen, order)
    return order


def _normalised(points: Floats, triangles: Indices) -> Floats:
    """A frame as BIWI's are: without its mean, in units of the root of its surface."""
    return np.asarray((points - points.mean(axis=0)) / _size(points, triangles), np.float32)


def _size(points: Floats, triangles: Indices) -> float:
    """The root of a surface."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    return float(np.sqrt(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum()))
