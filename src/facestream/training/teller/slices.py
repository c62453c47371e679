"""Batches of speech with a portrait's motion.

Shapes: W windows, T motion frames, M = 4 T hops, B bands, S = T / 5 slices of 200 ms, N = 75 numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from facestream.motion.portrait import SHOWN, numbers_of
from facestream.motion.spaces import seal_lips
from facestream.training.batches import Batches
from facestream.training.features import HEARD


class SlicedBatches:
    """The live talker's batches, with the face as a portrait's numbers."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def make(self, number: int) -> Mapping[str, Tensor]:
        """mel [W, M, B], or a speech model's features [W, 2 T, A]; style [W, T, styles]; numbers [W, 4 S, N];
        counts [W, S]: the same for the same number."""
        batch = self.batches.make(number)
        face = seal_lips(batch["face"], batch["events"][..., 0].nan_to_num())
        counts = batch["counts"].reshape(len(face), -1, SHOWN).amin(-1)
        return {
            "mel": batch.get(HEARD, batch["mel"]),
            "style": batch["style"],
            "numbers": numbers_of(face, face[:, 0]),
            "counts": counts,
        }
