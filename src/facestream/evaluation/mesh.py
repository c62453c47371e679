"""How a predicted mesh follows a recorded one, as the field measures it, by formulas only.

The names are the field's, and so are the formulas; what they are averaged over is said by `mesh_report.py`.
    LVE   squared distance of the lip vertex that is furthest off (A. Richard et al., MeshTalk, ICCV 2021; squared, and
          without a root, in the scripts of CodeTalker, CVPR 2023, and StreamingTalker)
    FDD   how much more the true upper face moves than the predicted one, signed (CodeTalker)
    MOD   difference of the lips' opening (StreamingTalker; ARTalk calls another figure so)
    MVE   distance of a vertex (FaceDiffuser, MIG 2023)
All are in the mesh's own unit, or in its square where said.

Shapes: T frames, V vertices, L lip vertices, U vertices of the upper face, P pairs of lip vertices, S samples of one
clip. Where two sequences differ in length, the longer one's end is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from facestream.errors import CorpusError
from facestream.faces.topology import Topology
from facestream.signals import Floats

Reals = npt.NDArray[np.float64]
Indices = npt.NDArray[np.integer[Any]]
_BLOCK = 64  # frames that are held in double precision at a time


@dataclass(frozen=True)
class MeshScore:
    """One prediction beside its clip, over `frames` frames. lve, fdd, upper: unit squared; mod, mve: unit; jitter: unit
    a second a second. fdd is `upper` (how the true upper face moves) less the same of the prediction.
    """

    frames: int
    lve: float
    fdd: float
    mod: float
    mve: float
    jitter: float
    true_upper: float
    true_jitter: float


def score_mesh(predicted: Floats, true: Floats, template: Floats, topology: Topology, fps: float) -> MeshScore:
    """All figures of a prediction [T, V, 3] beside the truth [T, V, 3]; template: the speaker's face at rest [V, 3].

    Raises CorpusError if the shapes do not fit, or if a number is not finite.
    """
    predicted, true = _together(predicted, true, topology)
    moves = upper_motion(true, template, topology.upper)
    return MeshScore(
        frames=len(true),
        lve=float(lip_errors(predicted, true, topology.lips).mean()),
        fdd=moves - upper_motion(predicted, template, topology.upper),
        mod=float(np.abs(lip_openings(predicted, topology) - lip_openings(true, topology)).mean()),
        mve=float(vertex_errors(predicted, true).mean()),
        jitter=jitter(predicted, fps),
        true_upper=moves,
        true_jitter=jitter(true, fps),
    )


def _together(predicted: Floats, true: Floats, topology: Topology) -> tuple[Floats, Floats]:
    """Both over the frames that both have."""
    for vertices in (predicted, true):
        if vertices.ndim != 3 or vertices.shape[1:] != (topology.vertices, 3) or not len(vertices):
            raise CorpusError(
                f"vertices have shape {vertices.shape}; expected [frames, {topology.vertices}, 3], "
                f"the mesh of '{topology.name}'"
            )
    frames = min(len(predicted), len(true))
    if not np.isfinite(predicted[:frames]).all():
        raise CorpusError("predicted vertices are not finite; the talker's weights or its input are broken")
    return predicted[:frames], true[:frames]


def lip_errors(predicted: Floats, true: Floats, lips: Indices) -> Reals:
    """Squared distance of the lip vertex that is furthest off, [T]. LVE is their mean."""
    return _by_blocks(lambda p, g: np.square(g[:, lips] - p[:, lips]).sum(axis=2).max(axis=1), predicted, true)


def vertex_errors(predicted: Floats, true: Floats) -> Reals:
    """Mean distance of all vertices, [T]. MVE is their mean."""
    return _by_blocks(lambda p, g: np.linalg.norm(g - p, axis=2).mean(axis=1), predicted, true)


def upper_motion(vertices: Floats, template: Floats, upper: Indices) -> float:
    """How the upper face moves: the deviation over time of each vertex' squared distance from rest, their mean."""
    rest = template[upper].astype(np.float64)
    squares = _by_blocks(lambda v: np.square(v[:, upper] - rest).sum(axis=2), vertices)
    return float(squares.std(axis=0).mean())


def lip_openings(vertices: Floats, topology: Topology) -> Reals:
    """Distance between the lips at each pair, [T, P]."""
    upper, lower = topology.lip_pairs.T
    return _by_blocks(lambda v: np.linalg.norm(v[:, upper] - v[:, lower], axis=2), vertices)


def jitter(vertices: Floats, fps: float) -> float:
    """Mean acceleration of all vertices, unit a second a second; 0 for less than three frames."""
    if len(vertices) < 3:
        return 0.0
    moves = [vertices[t : len(vertices) - 2 + t] for t in range(3)]
    bent = _by_blocks(lambda a, b, c: np.linalg.norm(a - 2.0 * b + c, axis=2).mean(axis=1), *moves)
    return float(bent.mean()) * fps**2


def diversity(samples: Sequence[Floats]) -> float:
    """Mean distance of vertices between every two samples [T, V, 3] of one clip (FaceDiffuser); NaN for one sample."""
    pairs = list(combinations(samples, 2))
    if not pairs:
        return float("nan")
    return float(np.mean([vertex_errors(*_shorter(one, other)).mean() for one, other in pairs]))


def _shorter(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    frames = min(len(one), len(other))
    return one[:frames], other[:frames]


@dataclass(frozen=True)
class Jumps:
    """Steps of the whole mesh from one frame to the next, as lengths of vectors of 3 V numbers (`lips`: of the vertices
    of the pairs only), at the borders of chunks; usual: of all other steps, for comparison.
    """

    mesh: float
    lips: float
    usual: float
    usual_lips: float


def boundary_jumps(vertices: Floats, borders: Sequence[int], topology: Topology) -> Jumps:
    """Mean steps onto the frames `borders`, which begin a chunk, as StreamingTalker's script for long sequences has it.
    NaN where there is no border.
    """
    pairs = topology.lip_pairs.T.ravel()
    steps = _by_blocks(lambda a, b: np.linalg.norm((b - a).reshape(len(a), -1), axis=1), vertices[:-1], vertices[1:])
    lips = np.linalg.norm(np.diff(vertices[:, pairs].astype(np.float64), axis=0).reshape(len(steps), -1), axis=1)
    here = np.zeros(len(steps), bool)
    here[[border - 1 for border in borders if 0 < border < len(vertices)]] = True
    return Jumps(*(_mean(values[chosen]) for chosen in (here, ~here) for values in (steps, lips)))


@dataclass(frozen=True)
class Drift:
    """What becomes of a face over a long time, a number a span. wander: how far the span's mean face is from the first
    one's, root of the mean square over vertices, unit; motion: how much the vertices move in it, the same.
    """

    wander: tuple[float, ...]
    motion: tuple[float, ...]


def drift(vertices: Floats, fps: float, seconds: float = 60.0) -> Drift:
    """Of spans of this length; a rest that is shorter than half of one belongs to the last."""
    span = max(round(seconds * fps), 1)
    starts = [*range(0, max(len(vertices) - span // 2, 1), span)]
    spans = [vertices[start:end] for start, end in zip(starts, [*starts[1:], len(vertices)], strict=True)]
    means = [span.mean(axis=0, dtype=np.float64) for span in spans]
    moved = [
        np.sqrt(_by_blocks(lambda v, mean=mean: np.square(v - mean).sum(axis=2).mean(axis=1), span).mean())
        for span, mean in zip(spans, means, strict=True)
    ]
    wandered = [float(np.sqrt(np.square(mean - means[0]).sum(axis=1).mean())) for mean in means]
    return Drift(tuple(wandered), tuple(float(each) for each in moved))


def _mean(values: Reals) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _by_blocks(figure: Any, *sequences: Floats) -> Reals:
    """A figure of frames, from frames in double precision; long sequences are never held in it as a whole."""

    def blocks() -> Iterator[Reals]:
        for start in range(0, len(sequences[0]), _BLOCK):
            yield figure(*(sequence[start : start + _BLOCK].astype(np.float64) for sequence in sequences))

    return np.concatenate(list(blocks()))
