"""Whisper's encoder as ears: log-mel and network in one, from samples to features, for windows of any length.

Shapes: L lanes, N samples at 16 kHz, M hops of 10 ms, B mel bands, n features (50 a second), A width (base: 512).

Whisper (Radford et al. 2022) was trained on 30 s at a time, shorter sound followed by silence. A live talker hears two
seconds back: either its window is padded like that, and the features are the published network's to the letter, or the
encoder attends to the window alone, whose positions are those of its beginning: a fourteenth of the rows. Training and
serving must choose alike.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.audio_utils import mel_filter_bank

from facestream.audio.speech_windows import STRIDE, SpeechWindow
from facestream.timing import HOP, SAMPLE_RATE

WHISPER_BASE = "openai/whisper-base"  # 512 wide; Apache-2.0
SLICE = SpeechWindow(left=100, block=10, ahead=0, beyond=0)
"""Teller's window: 200 ms right-aligned after 2 s, nothing beyond."""
WINDOW = 400  # samples of a spectrum
FAINTEST, RANGE = 1e-10, 8.0  # of a band's power; and decades below the window's loudest that are told apart


class LogMel(nn.Module):
    """Whisper's spectrum: power in mel bands, decades, within RANGE of the loudest."""

    waves: Tensor
    bands: Tensor

    def __init__(self, bands: int) -> None:
        super().__init__()
        bins = WINDOW // 2 + 1
        angles = 2 * math.pi / WINDOW * np.outer(np.arange(bins), np.arange(WINDOW))
        hann = 0.5 - 0.5 * np.cos(2 * math.pi / WINDOW * np.arange(WINDOW))
        waves = np.concatenate((np.cos(angles), np.sin(angles))) * hann
        filters = mel_filter_bank(bins, bands, 0.0, SAMPLE_RATE / 2, SAMPLE_RATE, norm="slaney", mel_scale="slaney")
        self.register_buffer("waves", torch.from_numpy(waves.astype(np.float32))[:, None], persistent=False)
        self.register_buffer("bands", torch.from_numpy(filters.T.astype(np.float32)), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        """[L, N] → [L, B, M] with M = N // 160."""
        around = F.pad(sound[:, None], (WINDOW // 2, WINDOW // 2), mode="reflect")
        cosine, sine = F.conv1d(around, self.waves, stride=HOP)[..., :-1].chunk(2, 1)
        decades = (self.bands @ (cosine.square() + sine.square())).clamp(min=FAINTEST).log10()
        loudest = decades.amax((1, 2), keepdim=True)
        return (torch.maximum(decades, loudest - RANGE) + 4) / 4


class WhisperEars(nn.Module):
    """transformers' WhisperEncoder, hearing 320 n samples and giving n features.

    padded: whether each window is followed by silence up to the 30 s that the network was trained on.
    """

    def __init__(self, encoder: Any, padded: bool = False) -> None:
        super().__init__()
        config = encoder.config
        self.network: Any = encoder
        self.padded = padded
        self.width = int(config.d_model)
        self.longest = int(config.max_source_positions)
        self.mel = LogMel(int(config.num_mel_bins))

    def forward(self, sound: Tensor) -> Tensor:
        """sound: [L, N] → features [L, n, A] with n = N // 320, at most what the network has places for (1500)."""
        count = sound.shape[1] // STRIDE
        heard = sound[:, : count * STRIDE]
        if self.padded:
            heard = F.pad(heard, (0, self.longest * STRIDE - heard.shape[1]))
        x = F.gelu(self.network.conv1(self.mel(heard)))
        x = F.gelu(self.network.conv2(x)).transpose(1, 2)
        x = x + self.network.embed_positions.weight[: x.shape[1]]
        for layer in self.network.layers:
            x = layer(x, None)
        features: Tensor = self.network.layer_norm(x)[:, :count]
        return features

    def freeze_convolutions(self) -> None:
        """Leave the convolutions as they were pretrained."""
        self.network.conv1.requires_grad_(False)
        self.network.conv2.requires_grad_(False)
