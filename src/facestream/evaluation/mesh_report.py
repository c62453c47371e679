"""Meshes judged over a split: which clips, spoken as whom, and averaged over what.

A speaker who was trained on speaks as himself; a new one as every identity in turn, and the figures are averaged
(DiffSpeaker, StreamingTalker). Two averages go by one name in the field, so both are here, named:
    clips    the plain mean over clips (StreamingTalker, DiffSpeaker; FDD in all papers)
    frames   all frames of all clips pooled (CodeTalker, FaceDiffuser)

Shapes: T frames, V vertices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from facestream.corpora.meshes import MeshClip, MeshCorpus
from facestream.errors import CorpusError, did_you_mean
from facestream.evaluation.figures import plain
from facestream.evaluation.mesh import (
    Drift,
    Jumps,
    MeshScore,
    boundary_jumps,
    diversity,
    drift,
    score_mesh,
    vertex_errors,
)
from facestream.evaluation.published import Printed, scale_of
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

# A clip's sound and template, all who it is to be spoken as → vertices [T, V, 3] of each.
Speak = Callable[[MeshClip, Sequence[str]], Sequence[Floats]]
Tick = Callable[[int, int], None]  # done, in all
Figures = dict[str, float]
POOLED = ("lve", "mod", "mve")  # figures that are means of frames
SQUARED = ("lve", "fdd", "abs_fdd", "true_upper")  # in the square of the mesh's unit


@dataclass(frozen=True)
class ClipReport:
    """One clip, spoken as each of `identities`. diversity: between them, NaN for one alone; still: the figures of the
    mean face, which does not move; drift: of the first of them, by the minute; jumps: where chunks meet, if it was
    spoken in chunks; apart: mean distance of a vertex between the first of them and the same spoken live.
    """

    name: str
    identities: tuple[str, ...]
    scores: tuple[MeshScore, ...]
    diversity: float
    still: MeshScore
    drift: Drift
    jumps: Jumps | None = None
    apart: float = float("nan")

    def figures(self) -> Figures:
        """Means over the identities."""
        found = _mean_figures(self.scores)
        return found | {"diversity": self.diversity, "apart": self.apart}


@dataclass(frozen=True)
class MeshReport:
    """A talker on a split. metres: metres in one unit of the vertices."""

    corpus: str
    split: str
    metres: float
    clips: tuple[ClipReport, ...]

    @property
    def printed(self) -> Printed:
        """The papers' scale for this corpus."""
        return scale_of(self.corpus, self.metres)

    def by_clips(self) -> Figures:
        """Plain means over clips, in the mesh's unit."""
        return _mean([clip.figures() for clip in self.clips])

    def by_frames(self) -> Figures:
        """Means over all frames, in the mesh's unit, of the figures that are means of frames."""
        frames = [clip.scores[0].frames for clip in self.clips]
        rows = [clip.figures() for clip in self.clips]
        return {name: float(np.average([row[name] for row in rows], weights=frames)) for name in POOLED}

    def still(self) -> Figures:
        """Plain means over clips of the mean face's figures."""
        return _mean([_mean_figures([clip.still]) for clip in self.clips])

    def intervals(self) -> Figures:
        """Half of each mean's 95 % interval over clips, 1.96 deviations over the root of their number."""
        rows = [clip.figures() for clip in self.clips]
        return {
            name: float(1.96 * np.std([row[name] for row in rows], ddof=1) / np.sqrt(len(rows)))
            if len(rows) > 1
            else float("nan")
            for name in rows[0]
        }

    def in_si(self, figures: Figures) -> Figures:
        """Figures in metres (squared where they are squares), by this corpus' unit."""
        return {name: value * self.metres ** (2 if name in SQUARED else 1) for name, value in figures.items()}

    def as_printed(self, figures: Figures) -> Figures:
        """LVE, FDD and MOD as digits of the papers' tables."""
        scale = self.printed
        units = {"lve": scale.lve, "fdd": scale.fdd, "abs_fdd": scale.fdd, "mod": scale.mod}
        return {name: figures[name] / unit for name, unit in units.items() if name in figures}

    def to_json(self) -> dict[str, Any]:
        """Everything in numbers, in the mesh's unit, in SI and as printed; None where a figure has no meaning."""
        clips, frames, still = self.by_clips(), self.by_frames(), self.still()
        files = [
            {"clip": clip.name, "as": clip.identities, **clip.figures(), "drift": asdict(clip.drift)}
            | ({"jumps": asdict(clip.jumps)} if clip.jumps else {})
            for clip in self.clips
        ]
        found = {
            "corpus": self.corpus,
            "split": self.split,
            "metres_a_unit": self.metres,
            "printed_scale": {"lve": self.printed.lve, "fdd": self.printed.fdd, "mod": self.printed.mod},
            "clips": {"unit": clips, "si": self.in_si(clips), "printed": self.as_printed(clips)},
            "frames": {"unit": frames, "si": self.in_si(frames), "printed": self.as_printed(frames)},
            "interval": self.intervals(),
            "mean_face": {"unit": still, "si": self.in_si(still), "printed": self.as_printed(still)},
            "files": files,
        }
        return plain(found, significant=True)


@dataclass(frozen=True)
class MeshProtocol:
    """How a split is judged.

    limit: its first clips only, or subjects if long; long: clips of a subject are put together until they have so many
    frames (StreamingTalker's second table: 2000); chunk: sound is cut into so many frames, each spoken from rest, as
    its script does (1000). 0 for none of it.
    """

    split: str = "test"
    limit: int = 0
    long: int = 0
    chunk: int = 0


def evaluate_mesh(
    corpus: MeshCorpus,
    protocol: MeshProtocol,
    speak: Speak,
    online: Speak | None = None,
    tick: Tick = lambda done, total: None,
) -> MeshReport:
    """Judge a talker. online: another way to speak, told how far it is from the first one.

    Raises CorpusError for an unknown or empty split, or for predictions that do not fit.
    """
    clips = clips_of(corpus, protocol)
    resting, reports = mean_offset(corpus), []
    for done, clip in enumerate(clips):
        tick(done, len(clips))
        reports.append(_judge(corpus, clip(), protocol.chunk, speak, online, resting))
    tick(len(clips), len(clips))
    return MeshReport(corpus.name, protocol.split, corpus.set.metres, tuple(reports))


def clips_of(corpus: MeshCorpus, protocol: MeshProtocol) -> Sequence[Callable[[], MeshClip]]:
    """What reads each clip that is to be judged."""
    names = corpus.splits.get(protocol.split)
    if names is None:
        raise CorpusError(
            f"'{corpus.name}' has no split '{protocol.split}'; it has {', '.join(corpus.splits)}."
            f"{did_you_mean(protocol.split, tuple(corpus.splits))}"
        )
    if not names:
        raise CorpusError(f"the split '{protocol.split}' of '{corpus.name}' is empty; choose another")
    clips = [partial(corpus.clip, name) for name in names]
    if protocol.long:
        subjects = dict.fromkeys(name.rpartition("_")[0] for name in names)
        clips = [partial(long_clip, corpus, _of(subject, names), protocol.long) for subject in subjects]
    return clips[: protocol.limit or None]


def _of(subject: str, names: Sequence[str]) -> list[str]:
    return [name for name in names if name.rpartition("_")[0] == subject]


def long_clip(corpus: MeshCorpus, names: Sequence[str], frames: int) -> MeshClip:
    """Clips of one subject, one after another, from the first again if they are too few, as one of so many frames; the
    sound of each is cut or filled to fit its frames.
    """
    parts, total = [], 0
    for name in cycle(names):
        parts.append(clip := corpus.clip(name))
        total += len(clip.vertices)
        if total >= frames:
            break
    sounds = []
    for part in parts:
        samples = len(part.vertices) * SAMPLE_RATE // part.fps
        sounds.append(np.pad(part.sound[:samples], (0, max(0, samples - len(part.sound)))))
    vertices = np.concatenate([part.vertices for part in parts])[:frames]
    sound = np.concatenate(sounds)[: frames * SAMPLE_RATE // clip.fps]
    return replace(clip, sentence=f"{frames} frames", sound=sound, vertices=vertices)


def in_chunks(speak: Speak, frames: int) -> Speak:
    """The same, each `frames` frames of sound from rest."""

    def chunked(clip: MeshClip, identities: Sequence[str]) -> list[Floats]:
        starts = range(0, len(clip.vertices), frames)
        samples = [start * SAMPLE_RATE // clip.fps for start in starts]
        sounds = [clip.sound[a:b] for a, b in zip(samples, [*samples[1:], len(clip.sound)], strict=True)]
        cuts = [
            replace(clip, sound=sound, vertices=clip.vertices[start : start + frames])
            for start, sound in zip(starts, sounds, strict=True)
        ]
        spoken = [speak(cut, identities) for cut in cuts]
        return [np.concatenate(parts) for parts in zip(*spoken, strict=True)]

    return chunked


def _judge(
    corpus: MeshCorpus, clip: MeshClip, chunk: int, speak: Speak, online: Speak | None, resting: Floats
) -> ClipReport:
    """One clip as everybody it is to be spoken as. resting: the corpus' mean offset [V, 3]."""
    identities, mesh = spoken_as(corpus, clip.subject), corpus.topology
    spoken = (in_chunks(speak, chunk) if chunk else speak)(clip, identities)
    scores = [score_mesh(each, clip.vertices, clip.template, mesh, clip.fps) for each in spoken]
    still = np.broadcast_to(clip.template + resting, clip.vertices.shape)
    apart = float("nan")
    if online is not None:
        (live,) = online(clip, identities[:1])
        frames = min(len(live), len(spoken[0]))
        apart = float(vertex_errors(live[:frames], spoken[0][:frames]).mean())
    return ClipReport(
        clip.name,
        identities,
        tuple(scores),
        diversity(spoken),
        score_mesh(still, clip.vertices, clip.template, mesh, clip.fps),
        drift(spoken[0], clip.fps),
        boundary_jumps(spoken[0], range(chunk, len(spoken[0]), chunk), mesh) if chunk else None,
        apart,
    )


def spoken_as(corpus: MeshCorpus, subject: str) -> tuple[str, ...]:
    """Himself, if the subject was trained on; else everybody who was."""
    return (subject,) if subject in corpus.identities else corpus.identities


def mean_offset(corpus: MeshCorpus) -> Floats:
    """Mean offset from rest over all frames that are trained on, [V, 3]: the best face that does not move."""
    total, frames = np.zeros((corpus.topology.vertices, 3)), 0
    for name in corpus.splits.get("train", ()):
        clip = corpus.clip(name)
        total += clip.vertices.sum(axis=0, dtype=np.float64) - len(clip.vertices) * clip.template
        frames += len(clip.vertices)
    return (total / max(frames, 1)).astype(np.float32)


def read_predictions(folder: Path) -> Speak:
    """Predictions of any system: CLIP.npy, or CLIP_condition_IDENTITY.npy (as FaceFormer and CodeTalker write them),
    [T, V, 3] or [T, 3 V]. Raises CorpusError when one is missing or is no array.
    """
    if not folder.is_dir():
        raise CorpusError(f"there is no folder '{folder}' of predictions; expected CLIP.npy for each clip of the split")

    def read(clip: MeshClip, identity: str) -> Floats:
        places = [folder / f"{clip.name}_condition_{identity}.npy", folder / f"{clip.name}.npy"]
        path = next((place for place in places if place.exists()), None)
        if path is None:
            raise CorpusError(f"'{folder}' has neither {places[1].name} nor {places[0].name}; predict this clip, too")
        try:
            vertices = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise CorpusError(f"'{path}' is no array ({error}); expected numbers [frames, vertices, 3]") from None
        if vertices.ndim == 2 and vertices.shape[1] % 3 == 0:
            vertices = vertices.reshape(len(vertices), -1, 3)
        return np.asarray(vertices, np.float32)

    return lambda clip, identities: [read(clip, identity) for identity in identities]


def _mean_figures(scores: Sequence[MeshScore]) -> Figures:
    """Means over scores of one clip; |FDD| is averaged after its sign is gone."""
    rows = [
        {
            "lve": score.lve,
            "fdd": score.fdd,
            "abs_fdd": abs(score.fdd),
            "mod": score.mod,
            "mve": score.mve,
            "jitter": score.jitter,
            "true_jitter": score.true_jitter,
            "true_upper": score.true_upper,
        }
        for score in scores
    ]
    return _mean(rows)


def _mean(rows: Sequence[Figures]) -> Figures:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
