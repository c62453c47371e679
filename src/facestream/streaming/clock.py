"""One clock for all lanes of a batch. Only the engine moves it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Clock:
    """step: [L] int64, the absolute step of the first row that comes next; 0 for a newcomer."""

    step: Tensor
