"""Meshes judged over a split: which clips, spoken as whom, and averaged over what.

A speaker who was trained on speaks as himself; a new one as every identity in turn, and the figures are averaged
(DiffSpeaker, StreamingTalker). Two averages go by one name in the field, so both are here, named:
    clips    the plain mean over clips (StreamingTalker, DiffSpeaker; FDD in all papers)
    frames   all frames of all clips pooled (CodeTalker, FaceDiffuser)

Shapes: T frames, V vertices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facestream.corpora.meshes import MeshClip, MeshCorpus
from facestream.errors import CorpusError, did_you_mean
from facestream.evaluation.figures import plain
from facestream.evaluation.mesh import MeshScore, diversity, score_mesh
from facestream.evaluation.published import Printed, scale_of
from facestream.signals import Floats

Speak = Callable[[MeshClip, str], Floats]  # a clip's sound and template, who it is spoken as → vertices [T, V, 3]
Tick = Callable[[int, int], None]  # done, in all
Figures = dict[str, float]
POOLED = ("lve", "mod", "mve")  # figures that are means of frames
SQUARED = ("lve", "fdd", "abs_fdd", "true_upper")  # in the square of the mesh's unit


@dataclass(frozen=True)
class ClipReport:
    """One clip, spoken as each of `identities`. diversity: between them, NaN for one alone; still: the figures of the
    mean face, which does not move.
    """

    name: str
    identities: tuple[str, ...]
    scores: tuple[MeshScore, ...]
    diversity: float
    still: MeshScore

    def figures(self) -> Figures:
        """Means over the identities."""
        found = _mean_figures(self.scores)
        return found | {"diversity": self.diversity}


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
        files = [{"clip": clip.name, "as": clip.identities, **clip.figures()} for clip in self.clips]
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


def evaluate_mesh(
    corpus: MeshCorpus, split: str, speak: Speak, tick: Tick = lambda done, total: None, limit: int | None = None
) -> MeshReport:
    """Judge a talker on the clips of a split (the first `limit` of them). Raises CorpusError for an unknown or empty
    split, or for predictions that do not fit.
    """
    if split not in corpus.splits:
        raise CorpusError(
            f"'{corpus.name}' has no split '{split}'; it has {', '.join(corpus.splits)}."
            f"{did_you_mean(split, tuple(corpus.splits))}"
        )
    names = corpus.splits[split][:limit]
    if not names:
        raise CorpusError(f"the split '{split}' of '{corpus.name}' is empty; choose another")
    resting, reports = mean_offset(corpus), []
    for done, name in enumerate(names):
        tick(done, len(names))
        reports.append(judge_clip(corpus, corpus.clip(name), speak, resting))
    tick(len(names), len(names))
    return MeshReport(corpus.name, split, corpus.set.metres, tuple(reports))


def judge_clip(corpus: MeshCorpus, clip: MeshClip, speak: Speak, resting: Floats) -> ClipReport:
    """One clip as everybody it is to be spoken as. resting: the corpus' mean offset [V, 3]."""
    identities = spoken_as(corpus, clip.subject)
    spoken = [speak(clip, identity) for identity in identities]

    def score(vertices: Floats) -> MeshScore:
        return score_mesh(vertices, clip.vertices, clip.template, corpus.topology, clip.fps)

    still = np.broadcast_to(clip.template + resting, clip.vertices.shape)
    return ClipReport(clip.name, identities, tuple(score(each) for each in spoken), diversity(spoken), score(still))


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

    def speak(clip: MeshClip, identity: str) -> Floats:
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

    return speak


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
