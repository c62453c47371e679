"""What a mesh talker hears with, as a recipe names it: a pretrained speech model, our own encoder, or log-mel itself.

Shapes: N samples at 16 kHz, T motion frames, A width of the features, M hops, B mel bands.

All are frozen here, so that features are computed once a clip and kept (features.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from facestream.audio.encoders import EncoderConfig, MelEncoder
from facestream.audio.frontend import BANDS, log_mel
from facestream.audio.speech_windows import SpeechWindow
from facestream.signals import Floats
from facestream.streaming.tree import Session
from facestream.timing import HOP, SAMPLE_RATE, Timing
from facestream.training.weights import WEIGHTS, load_weights

STRETCH = 250  # frames that an encoder hears at a time: the same for any number, and no slower for a long sound
Hear = Callable[[Floats, int, int], Floats]  # sound [N], frames a second, T → features [T, A]
BUNDLED = Path(__file__).parents[2] / "assets" / "talker"


class Ears(Protocol):
    """name: of the folder that keeps what they heard; width: A; open: load them."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    def open(self) -> Hear: ...  # noqa: D102


@dataclass(frozen=True)
class SpeechModelEars:
    """A pretrained speech model, by folder or by name on the Hugging Face hub; window None: the whole clip at once."""

    model: str
    width: int
    window: SpeechWindow | None

    @property
    def name(self) -> str:
        """The model's name and its window."""
        heard = "whole" if self.window is None else f"{self.window.left}-{self.window.block}-{self.window.ahead}"
        return f"{Path(self.model).name}-{heard}"

    def open(self) -> Hear:
        """Raises BundleError if there is no such model, MissingExtra without transformers."""
        from facestream.audio.speech_models import load_speech_model, speech_features

        model = load_speech_model(self.model)

        def hear(sound: Floats, fps: int, frames: int) -> Floats:
            with torch.no_grad():
                return speech_features(model, sound, fps, frames, self.window).numpy()

        return hear


@dataclass(frozen=True)
class EncoderEars:
    """The encoder of a live talker's bundle (default: the one that ships), with its look-ahead of `delay` frames."""

    encoder: EncoderConfig
    delay: int
    bundle: Path = BUNDLED

    @property
    def name(self) -> str:
        """The bundle's name."""
        return f"encoder-{self.bundle.name}"

    @property
    def width(self) -> int:
        """A."""
        return self.encoder.width

    def load(self) -> MelEncoder:
        """The encoder alone. Raises BundleError if the bundle has no weights."""
        encoder = MelEncoder(self.encoder).eval()
        weights = load_weights(self.bundle / WEIGHTS)
        encoder.load_state_dict({name.removeprefix("encoder."): w for name, w in weights.items() if "encoder." in name})
        return encoder

    def open(self) -> Hear:
        """Raises BundleError if the bundle has no weights."""
        encoder = self.load()

        def hear(sound: Floats, fps: int, frames: int) -> Floats:
            own = Timing()
            hops = own.frame_hops * (int(np.ceil(frames * own.fps / fps)) + self.delay + 1)
            mel = log_mel(np.pad(sound, (0, max(0, hops * HOP - len(sound)))))[:hops]
            session, stretch = Session(encoder), STRETCH * own.frame_hops
            with torch.no_grad():
                heard = [
                    session.feed(torch.from_numpy(mel[None, hop : hop + stretch]), rows=STRETCH)
                    for hop in range(0, hops, stretch)
                ]
            features = torch.cat([each.features for each in heard], 1)  # type: ignore[attr-defined]
            return at_frames(features[0, self.delay :].numpy(), own.fps, fps, frames)

        return hear


@dataclass(frozen=True)
class MelEars:
    """Log-mel, nothing learned: a frame's mean and those of the frames around it. ahead: frames of look-ahead."""

    before: int = 3
    ahead: int = 3

    @property
    def name(self) -> str:
        """Says what is heard."""
        return f"mel-{self.before}-{self.ahead}"

    @property
    def width(self) -> int:
        """A."""
        return BANDS * (self.before + 1 + self.ahead)

    def open(self) -> Hear:
        """Nothing to load."""

        def hear(sound: Floats, fps: int, frames: int) -> Floats:
            hops = -(-(frames + self.ahead + 1) * SAMPLE_RATE // (fps * HOP))
            mel = log_mel(np.pad(sound, (0, max(0, hops * HOP - len(sound)))))[:hops]
            heard = at_frames(mel, SAMPLE_RATE // HOP, fps, frames + self.ahead)
            padded = np.concatenate((np.repeat(heard[:1], self.before, 0), heard))
            width = self.before + 1 + self.ahead
            return np.concatenate([padded[k : k + frames] for k in range(width)], 1)

        return hear


def at_frames(features: Floats, rate: int, fps: int, frames: int) -> Floats:
    """Features of `rate` a second at the middle of each frame, linearly between their own middles. [n, A] → [T, A]."""
    place = np.clip((np.arange(frames) + 0.5) * rate / fps - 0.5, 0, len(features) - 1)
    low = np.floor(place).astype(np.intp)
    share = (place - low)[:, None].astype(np.float32)
    return np.asarray(
        features[low] * (1 - share) + features[np.minimum(low + 1, len(features) - 1)] * share, np.float32
    )
