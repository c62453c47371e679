"""How well one curve follows another: correlation, lag, amplitude, jitter.

Shapes: T frames, F of them judged, K = 2 LAGS + 1 lags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.floating[Any]]
Frames = npt.NDArray[np.intp]

LAGS = 6  # frames, either way, in which a lag is looked for: 240 ms
STILL = 1e-4  # deviation below which a curve does not move


@dataclass(frozen=True)
class Following:
    """How a predicted curve follows a reference.

    frames: how many were judged, at fps a second. r: [K] Pearson's correlation of the reference with the prediction
    taken -LAGS..LAGS frames later: 0 if the prediction stands still, NaN if the reference does. moved, wanted:
    deviation of the prediction and of the reference.
    """

    frames: int
    fps: float
    r: Reals
    moved: float
    wanted: float

    @property
    def now(self) -> float:
        """Correlation as the two stand."""
        return float(self.r[LAGS])

    @property
    def best(self) -> float:
        """Correlation at the best whole lag."""
        return float(self.r.max())

    @property
    def lag_ms(self) -> float:
        """Milliseconds by which the prediction is late: the peak of r, by a parabola; NaN where nothing moves."""
        peak = int(np.argmax(self.r))
        if not np.ptp(self.r) > 0.0:
            return float("nan")
        if not 0 < peak < len(self.r) - 1:
            return 1000.0 / self.fps * (peak - LAGS)
        before, here, after = self.r[peak - 1 : peak + 2]
        return float(1000.0 / self.fps * (peak - LAGS + 0.5 * (before - after) / (before - 2.0 * here + after)))

    @property
    def ratio(self) -> float:
        """Amplitude: deviation of the prediction over the reference's; NaN where the reference stands still."""
        return self.moved / self.wanted if self.wanted > STILL else float("nan")

    @classmethod
    def pooled(cls, parts: Sequence[Self]) -> Self:
        """Many as one: r is their mean weighted by frames (where the reference moves), deviations add as variances."""
        frames = np.array([part.frames for part in parts])
        moved, wanted = (
            _pooled_deviation(frames, [getattr(part, name) for part in parts]) for name in ("moved", "wanted")
        )
        defined = [part for part in parts if not np.isnan(part.r).any()]
        r = np.full(2 * LAGS + 1, np.nan)
        if defined:
            r = np.average([part.r for part in defined], axis=0, weights=[part.frames for part in defined])
        return cls(int(frames.sum()), parts[0].fps, r, moved, wanted)


def _pooled_deviation(frames: Reals, deviations: Sequence[float]) -> float:
    return float(np.sqrt(np.sum(frames * np.square(deviations)) / max(frames.sum(), 1)))


def follow(predicted: Reals, reference: Reals, fps: float, frames: Frames | None = None) -> Following:
    """Compare two curves [T] on these frames [F] of the reference, all of them by default."""
    frames = np.arange(len(reference)) if frames is None else frames
    r = np.array([_r_at(predicted, reference, frames, lag) for lag in range(-LAGS, LAGS + 1)])
    moved, wanted = (float(curve[frames].std()) if len(frames) else 0.0 for curve in (predicted, reference))
    return Following(len(frames), fps, r, moved, wanted)


def _r_at(predicted: Reals, reference: Reals, frames: Frames, lag: int) -> float:
    kept = frames[(frames + lag >= 0) & (frames + lag < len(predicted))]
    if len(kept) < 2 or reference[kept].std() < STILL:
        return float("nan")
    if predicted[kept + lag].std() < STILL:
        return 0.0
    return float(np.corrcoef(predicted[kept + lag], reference[kept])[0, 1])


def jitter(curves: Reals) -> float:
    """Mean size of the second difference of curves [T, C], in their units a frame a frame."""
    return float(np.abs(np.diff(curves, 2, axis=0)).mean()) if len(curves) > 2 else 0.0
