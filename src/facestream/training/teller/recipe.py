"""Training Teller, as one value: the tokenizer, then speech to its tokens.

runs/NAME/tokens    the tokenizer (tokens.py)
runs/NAME/talker    the transformer
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from facestream.audio.encoders import EncoderConfig
from facestream.talkers.teller import Teller, TellerConfig
from facestream.timing import Timing
from facestream.training.batches import BatchConfig, Batches
from facestream.training.checkpoints import averaged_weights
from facestream.training.fit import Fit, FitConfig
from facestream.training.meshes.ears import EncoderEars
from facestream.training.teller.slices import SlicedBatches
from facestream.training.teller.tokens import TokenizerRecipe

TALKER = "talker"
LOOKED_AT = 1 << 29  # numbers of the batches that are held out
LOOKS = 4


@dataclass(frozen=True)
class TellerRecipe:
    """A published training run. name, licence (SPDX), made_from: for the bundle; data: where its feature folders are by
    default; held_out: the folder of those whose speakers take no part; batch: of the others; ears: the speech
    model whose features they hold (a folder, or a name on the hub), None where the talker hears spectra."""

    name: str
    licence: str
    made_from: tuple[str, ...]
    data: Path
    held_out: str
    tokens: TokenizerRecipe
    model: TellerConfig
    timing: Timing
    batch: BatchConfig
    fit: FitConfig
    ears: str | None = None

    def train(self, data: Path | None, folder: Path, start: Path | None = None) -> None:
        """Train, or go on training, with everything in `folder`.

        data: feature folders; start: a run whose tokenizer is taken instead of training one.
        """
        data = data or self.data
        if start is None:
            self.tokens.train(data, folder)
        torch.manual_seed(0)
        teller = Teller(self.model)
        teller.settle(self.tokens.load(start or folder))
        if teller.encoder is not None and isinstance(self.model.hearing, EncoderConfig):
            heard = EncoderEars(self.model.hearing, self.timing.delay).load()
            teller.encoder.load_state_dict(heard.state_dict())
            teller.encoder.requires_grad_(False)
        spoken = SlicedBatches(Batches(data, self.batch, self.timing.delay, self.model.styles, clean=False))
        fit = Fit(teller, self.fit, folder / TALKER)
        fit.run(TellerLoss(teller), spoken.make, check=lambda: self.judge(teller, data))

    def judge(self, teller: Teller, data: Path) -> dict[str, float]:
        """Cross-entropies of speakers held out, by level. (0: no such folder.)"""
        if not (data / self.held_out / "index.json").exists():
            return {}
        config = replace(self.batch, shares={self.held_out: 1.0}, weights={}, colour=0.0, murmur=0.0)
        batches = SlicedBatches(Batches(data, config, self.timing.delay, self.model.styles, clean=True))
        loss = TellerLoss(teller)
        found = [loss(**batches.make(LOOKED_AT + look))[1] for look in range(LOOKS)]
        return {name: float(torch.stack([terms[name] for terms in found]).mean()) for name in found[0]}

    def load(self, folder: Path) -> Teller:
        """The talker of a run, with its mean weights, ready to speak."""
        teller = Teller(self.model)
        teller.load_state_dict(averaged_weights(folder / TALKER))
        return teller.eval()


class TellerLoss(nn.Module):
    """What the loop calls with a batch. The tokenizer only ever judges here, and so does the encoder."""

    def __init__(self, model: Teller) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, mel: Tensor, style: Tensor, numbers: Tensor, counts: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """See Teller.loss; style: [W, T, styles], of which a window's first counts."""
        self.model.tokenizer.eval()
        if self.model.encoder is not None:
            self.model.encoder.eval()
        return self.model.loss(mel, style[:, 0], numbers, counts)
