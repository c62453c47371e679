"""Lips against phones: does a face shut, bite, open and round with its speech?

Forced alignment says which sound was spoken when, the articulation rules say what a neutral mouth does then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facestream.audio.waveform import read_audio
from facestream.corpora.alignment import Aligner, Quality
from facestream.corpora.readers import open_recordings
from facestream.errors import AudioError, CorpusError
from facestream.evaluation.curves import Following, Reals
from facestream.evaluation.events import rates
from facestream.evaluation.figures import make_folder, plain
from facestream.evaluation.loudness import loudness_mouth
from facestream.evaluation.score import LIPS, LipsScore, reference_lips, score_lips
from facestream.evaluation.strip_plot import strip_plot
from facestream.runtime.stream import animate
from facestream.runtime.talker import Talker

MOVES = 0.01  # deviation of a reference channel that is worth a row
# A low score alone may be an accent or a poor microphone, and those are to be judged too.
PLAUSIBLE = Quality(lowest_score=float("-inf"))

Summary = dict[str, float]
Tick = Callable[[int, int], None]  # recordings done, recordings in all


def summarise(scores: Sequence[LipsScore]) -> Summary:
    """The figures over all utterances; NaN where one has no meaning.

    Events are pooled, correlations averaged with frames as weights, amplitudes are those of pooled deviations, the lag
    (ms, positive: the face is late) is the peak of the averaged cross-correlation of jawOpen.
    """
    closure, bite = (rates([getattr(score, kind) for score in scores]) for kind in ("closures", "bites"))
    jaw = Following.pooled([score.following["jawOpen"] for score in scores])
    silence = np.concatenate([score.silence for score in scores])
    weights = [max(score.following["jawOpen"].frames, 1) for score in scores]
    return {
        "closure_f1": closure.f1,
        "closure_recall": closure.recall,
        "closure_precision": closure.precision,
        "closure_recall_inside": closure.inside,
        "fv_recall": bite.recall,
        "fv_precision": bite.precision,
        "jaw_r": jaw.now,
        "lag_ms": jaw.lag_ms,
        "amplitude_ratio": jaw.ratio,
        "silence_jaw_p95": float(np.percentile(silence, 95)) if len(silence) else float("nan"),
        "jitter": float(np.average([score.jitter for score in scores], weights=weights)),
        "reference_jitter": float(np.average([score.reference_jitter for score in scores], weights=weights)),
    }


def moving_channels(scores: Sequence[LipsScore]) -> dict[str, Following]:
    """Every channel that moves in the references, pooled over all utterances."""
    pooled = {name: Following.pooled([score.following[name] for score in scores]) for name in LIPS}
    return {name: following for name, following in pooled.items() if following.wanted >= MOVES}


@dataclass(frozen=True)
class LipsReport:
    """A face on many utterances, and the loudness baseline on the same. skipped: a sentence a recording left out."""

    scores: tuple[LipsScore, ...]
    baseline: tuple[LipsScore, ...]
    skipped: tuple[str, ...]

    def summary(self) -> Summary:
        """The face's figures."""
        return summarise(self.scores)

    def baseline_summary(self) -> Summary:
        """The baseline's figures."""
        return summarise(self.baseline)

    def channels(self) -> dict[str, Following]:
        """Every channel that moves in the references, pooled over all utterances."""
        return moving_channels(self.scores)

    def intervals(self, resamples: int = 1000) -> dict[str, tuple[float, float]]:
        """95 % intervals of the face's figures by bootstrap over utterances; the same ones for the same scores."""
        rng = np.random.default_rng(0)
        draws = rng.integers(len(self.scores), size=(resamples, len(self.scores)))
        drawn = [summarise([self.scores[index] for index in draw]) for draw in draws]
        table = {name: np.array([figures[name] for figures in drawn]) for name in drawn[0]}
        return {name: _interval(values[~np.isnan(values)]) for name, values in table.items()}

    def to_json(self) -> dict[str, Any]:
        """Everything, in numbers and words: summary, baseline, intervals, files; None where a figure has no meaning."""
        rows = zip(self.scores, self.baseline, strict=True)
        return plain(
            {
                "summary": self.summary() | _details(self.scores) | {"skipped": self.skipped},
                "baseline": self.baseline_summary() | _details(self.baseline),
                "intervals": self.intervals(),
                "files": [_row(score, baseline) for score, baseline in rows],
            }
        )


def _interval(values: Reals) -> tuple[float, float]:
    if not len(values):
        return (float("nan"), float("nan"))
    low, high = np.percentile(values, (2.5, 97.5))
    return (float(low), float(high))


def _details(scores: Sequence[LipsScore]) -> dict[str, Any]:
    moving = moving_channels(scores)
    return {
        "amplitude_ratios": {name: following.ratio for name, following in moving.items()},
        "channel_r": {name: following.now for name, following in moving.items()},
        "channel_lag_ms": {name: following.lag_ms for name, following in moving.items()},
        "files": len(scores),
        "closures": sum(len(score.closures.sounds) for score in scores),
        "bites": sum(len(score.bites.sounds) for score in scores),
    }


def _row(score: LipsScore, baseline: LipsScore) -> dict[str, Any]:
    return {
        "file": score.name,
        **summarise([score]),
        "closures": len(score.closures.sounds),
        "missed_closures": [[phone.label, phone.start] for phone in score.closures.missed],
        "false_closures": score.closures.false,
        "bites": len(score.bites.sounds),
        "missed_bites": [[phone.label, phone.start] for phone in score.bites.missed],
        "false_bites": score.bites.false,
        "amplitude_ratios": {name: following.ratio for name, following in score.following.items()},
        "baseline": summarise([baseline]),
    }


def evaluate_lips(
    folder: Path, talker: Talker, plots: Path | None = None, tick: Tick = lambda done, total: None
) -> LipsReport:
    """Judge a talker, in its neutral style, on every transcribed recording of a folder.

    Recordings that cannot be read or aligned, or whose alignment is not PLAUSIBLE, are named in the report. plots: a
    folder for a strip plot of each of the others. Raises CorpusError if the folder's layout is not known or nothing in
    it can be judged, MissingExtra without pocketsphinx (or, for plots, matplotlib).
    """
    recordings, aligner = list(open_recordings(folder)), Aligner()
    if plots is not None:
        make_folder(plots)
    scores, baseline, skipped = [], [], []
    for done, recording in enumerate(recordings):
        tick(done, len(recordings))
        try:
            samples = read_audio(recording.path)
            alignment = aligner.measure(samples, recording.text, recording.language)
        except (AudioError, CorpusError) as error:
            skipped.append(f"{recording.id}: {error}")
            continue
        if objection := PLAUSIBLE.objection(alignment):
            skipped.append(f"{recording.id}: its alignment is not plausible ({objection})")
            continue
        phones = alignment.phones
        motion = animate(samples, talker, "neutral")
        reference = reference_lips(samples, phones, len(motion), round(motion.fps))
        scores.append(score_lips(recording.id, motion, reference, phones))
        baseline.append(score_lips(recording.id, loudness_mouth(samples, reference), reference, phones))
        if plots is not None:
            strip_plot(plots / f"{recording.id}.png", samples, phones, motion, reference)
    tick(len(recordings), len(recordings))
    if not scores:
        raise CorpusError(f"nothing in {folder} could be judged: {'; '.join(skipped[:3]) or 'it has no recordings'}")
    return LipsReport(tuple(scores), tuple(baseline), tuple(skipped))
