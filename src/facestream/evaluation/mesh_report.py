"""Meshes judged over a split: which clips, spoken as whom, and averaged over what.

A speaker who was trained on speaks as himself; a new one as every identity in turn, and the figures are averaged
(DiffSpeaker, StreamingTalker). Two averages go by one name in the field, so both are here, named:
    clips    the plain mean over clips (StreamingTalker, DiffSpeaker; FDD in all papers)
    frames   all frames of all clips pooled (CodeTalker, FaceDiffuser)

Shapes: T frames, V vertices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from facestream.corpora.meshes import MeshClip, MeshCorpus
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
from facestream.evaluation.mesh_clips import MeshProtocol, clips_of, mean_offset, spoken_as
from facestream.evaluation.mesh_speakers import Speak, in_chunks
from facestream.evaluation.published import Printed, scale_of
from facestream.signals import Floats

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
