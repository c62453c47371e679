"""A mesh corpus → batches of windows of one length.

Shapes: L clips of a batch, T frames, V vertices, A width of the features.

Clips of a batch are about equally long, and all are cut to the same number of frames: nothing is padded, so nothing has
to be masked out of a norm over time or an attention. Row 0 of a window is the frame before it: the true one, or the
face at rest where the window starts with the clip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from facestream.corpora.meshes import MeshCorpus
from facestream.signals import Floats
from facestream.training.meshes.features import HeardCorpus


@dataclass(frozen=True)
class WindowConfig:
    """clips: in a batch; frames: of a window at most (0: whole clips); true_past: whether the frame before a window is
    the true one (the published second stage always gives it the face at rest)."""

    clips: int
    frames: int
    true_past: bool = True


class Windows:
    """An endless, seeded source of batches. Without `heard` they hold no features."""

    def __init__(
        self, corpus: MeshCorpus, names: Sequence[str], config: WindowConfig, heard: HeardCorpus | None = None
    ) -> None:
        self.corpus, self.config, self.heard = corpus, config, heard
        self.lengths = np.array([corpus.frames(name) for name in names])
        self.names = list(names)
        self.identity = {subject: number for number, subject in enumerate(corpus.identities)}

    def make(self, number: int) -> Mapping[str, Tensor]:
        """offsets [L, 1 + T, 3 V] from the face at rest, subject [L], and features [L, T, A] of all rows but the first.

        The same for the same number. An epoch shows each clip once.
        """
        size = min(self.config.clips, len(self.names))
        batches = len(self.names) // size
        epoch, place = divmod(number, batches)
        rng = np.random.default_rng((number, 104_729))
        chosen = self._epoch(epoch, size)[place]
        frames = int(min(self.lengths[chosen].min(), self.config.frames or self.lengths.max()))
        rows = [self._window(int(clip), frames, rng) for clip in chosen]
        return {name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in rows[0]}

    def _epoch(self, epoch: int, size: int) -> list[np.ndarray]:
        """Clips in batches of about equal length, in random order; a few of the clips sit out if they do not come out
        even."""
        rng = np.random.default_rng((epoch, 15_485_863))
        shown = rng.permutation(len(self.names))[: len(self.names) // size * size]
        nearly = self.lengths[shown] * rng.uniform(0.9, 1.1, len(shown))  # other neighbours in every epoch
        batches = shown[np.argsort(nearly)].reshape(-1, size)
        return list(batches[rng.permutation(len(batches))])

    def _window(self, clip: int, frames: int, rng: np.random.Generator) -> dict[str, Floats]:
        name = self.names[clip]
        first = int(rng.integers(self.lengths[clip] - frames + 1))
        read = self.corpus.clip(name)
        offsets = read.vertices[first : first + frames] - read.template
        past = read.vertices[first - 1] - read.template if first and self.config.true_past else 0 * read.template
        row = {
            "offsets": np.concatenate((past[None], offsets)).reshape(frames + 1, -1),
            "subject": np.asarray(self.identity.get(read.subject, 0)),
        }
        if self.heard is not None:
            row["features"] = self.heard.features(name, first, frames)
        return row
