"""Pretrained speech networks (HuBERT, wav2vec 2.0, Whisper) as a talker's ears, in bounded windows. Extra [train].

Shapes: L lanes, N samples at 16 kHz, n features (50 a second), F motion frames of a block, T motion frames, A width.

`speech_features` is what training and evaluation call, for a whole recording; a live talker runs the same
`WindowedSpeech`, exported, on the same windows (speech_windows.py) one by one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facestream.audio.speech_windows import FEATURE_RATE, FIELD, STRIDE, SpeechWindow
from facestream.errors import BundleError, MissingExtra
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

try:
    from transformers import AutoConfig, AutoModel, HubertConfig, PretrainedConfig, WhisperConfig

    from facestream.audio.whisper import WHISPER_BASE, WhisperEars
except ImportError as error:
    raise MissingExtra("transformers", "train", "Hearing through a pretrained speech model") from error

HUBERT_BASE = "facebook/hubert-base-ls960"  # the published talker's; Apache-2.0
QUIET = 1e-7  # variance added before division, as in transformers' Wav2Vec2FeatureExtractor
WHISPER = "whisper"
FAMILIES = ("hubert", "wav2vec2", "wavlm", "unispeech-sat", "data2vec-audio")  # with wav2vec 2.0's convolutions


class SpeechModel(nn.Module):
    """A speech network that hears 320 n + 80 samples and gives n features.

    Every sound is brought to mean 0 and variance 1 by itself, whole, as the networks were trained.
    """

    def __init__(self, network: nn.Module, width: int) -> None:
        super().__init__()
        self.network = network
        self.width = width

    def forward(self, sound: Tensor) -> Tensor:
        """sound: [L, N] → features [L, n, A] with n = (N - 80) // 320."""
        centred = sound - sound.mean(-1, keepdim=True)
        level = (centred.square().mean(-1, keepdim=True) + QUIET).sqrt()
        features: Tensor = self.network(centred / level).last_hidden_state
        return features

    def freeze_convolutions(self) -> None:
        """Leave the convolutions as they were pretrained, as the published second stage does."""
        self.network.feature_extractor.requires_grad_(False)


Hearing = SpeechModel | WhisperEars


class WindowedSpeech(nn.Module):
    """A speech model on windows of sound: what a live talker hears, and what is exported."""

    interpolation: Tensor

    def __init__(self, model: Hearing, window: SpeechWindow, fps: int) -> None:
        super().__init__()
        self.model, self.window = model, window
        self.register_buffer("interpolation", torch.from_numpy(window.interpolation(fps)), persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        """Windows of one length [L, N] → the block's features at the motion rate, [L, F, A]."""
        block, ahead = self.window.block, self.window.ahead
        features = self.model(sound)
        last = features.shape[1] - ahead
        heard: Tensor = self.interpolation @ features[:, last - block : last]
        return heard


def speech_features(
    model: Hearing, samples: Floats, fps: int, frames: int | None = None, window: SpeechWindow | None = None
) -> Tensor:
    """Features of a recording at the motion rate, [T, A]; differentiable in the model's weights.

    samples: [N] mono at 16 kHz; frames: T, that of the motion that belongs to the sound; window: what each block hears,
    or None for the published way: the whole recording at once, its features stretched over the frames (linear, first
    on first and last on last). T is, where it is not given, what covers the sound; the published way's is
    floor(n fps / 50).
    """
    if window is None:
        return _whole(model, samples, fps, frames)
    frames = -(-len(samples) * fps // SAMPLE_RATE) if frames is None else frames
    hear = WindowedSpeech(model, window, fps).to(_device(model))
    blocks = -(-frames // window.frames(fps))
    heard = [hear(_tensor(sound, model)) for sound in window.cut(samples, blocks)]
    return torch.cat(heard, 1)[0, :frames]


def _whole(model: Hearing, samples: Floats, fps: int, frames: int | None) -> Tensor:
    features = model(_tensor(np.pad(samples, (0, max(0, FIELD - len(samples)))), model))
    size = features.shape[1] * fps // FEATURE_RATE if frames is None else frames
    stretched = F.interpolate(features.transpose(1, 2), size=max(1, size), mode="linear", align_corners=True)
    return stretched[0].T


def _device(model: Hearing) -> torch.device:
    return next(model.parameters()).device


def _tensor(samples: Floats, model: Hearing) -> Tensor:
    """One lane, [1, N], where the model is."""
    return torch.from_numpy(np.ascontiguousarray(samples, np.float32))[None].to(_device(model))


def load_speech_model(name: str | os.PathLike[str] = HUBERT_BASE, padded: bool = False) -> Hearing:
    """A pretrained model from a folder in transformers' layout, or by its name on the Hugging Face hub.

    padded: of Whisper, see WhisperEars. Raises BundleError if there is none, if the hub cannot be reached, or if it is
    neither Whisper nor of wav2vec 2.0's family.
    """
    try:
        config = AutoConfig.from_pretrained(name)
        _check(str(name), config)
        network = AutoModel.from_pretrained(name, config=config, dtype=torch.float32)
        if config.model_type == WHISPER:
            return WhisperEars(network.encoder, padded).eval()
        return SpeechModel(network, config.hidden_size).eval()
    except (OSError, ValueError) as error:
        where = "the folder is torn" if Path(name).is_dir() else "no such folder, and the hub did not give it"
        raise BundleError(
            f"the speech model '{name}' cannot be loaded ({where}: {str(error).splitlines()[0]}); on a machine with a "
            f"network run `hf download {HUBERT_BASE} --local-dir FOLDER` (or {WHISPER_BASE}), copy the folder, and "
            "give its path"
        ) from error


def random_speech_model(sizes: Mapping[str, Any] | None = None, seed: int = 0) -> SpeechModel:
    """A HuBERT with random weights, for tests and measurements. sizes: fields of transformers' HubertConfig, whose
    defaults are the base geometry (94 million weights, 768 wide)."""
    config = HubertConfig(**(sizes or {}))
    _check("the random speech model", config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = AutoModel.from_config(config)
    return SpeechModel(network, config.hidden_size).eval()


def random_whisper(sizes: Mapping[str, Any] | None = None, seed: int = 0, padded: bool = False) -> WhisperEars:
    """A Whisper with random weights, for tests and measurements. sizes: fields of transformers' WhisperConfig."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = AutoModel.from_config(WhisperConfig(**(sizes or {})))
    return WhisperEars(network.encoder, padded).eval()


def _check(name: str, config: PretrainedConfig) -> None:
    """Raise BundleError unless the network's features come 50 a second from 400 samples each."""
    kind = config.model_type
    if kind == WHISPER:
        return
    if kind not in FAMILIES:
        raise BundleError(f"'{name}' is a model of kind '{kind}'; expected one of {', '.join((WHISPER, *FAMILIES))}")
    stride, field = 1, 1
    for taps, step in zip(config.conv_kernel, config.conv_stride, strict=True):
        field, stride = field + (taps - 1) * stride, stride * step
    if (stride, field) != (STRIDE, FIELD):
        raise BundleError(
            f"'{name}' hears {field} samples a feature, every {stride}; expected {FIELD} and {STRIDE}, as in HuBERT"
        )
