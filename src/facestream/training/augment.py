"""Rooms, noises and telephones: what happens to a voice on its way to the microphone.

Shapes: N samples at 16 kHz. Only loudness and colour change here; what moves sounds in time is `change_speed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from facestream.corpora.phones import Phone
from facestream.errors import MissingExtra
from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE


@dataclass(frozen=True)
class Augment:
    """How often, and how far. Probabilities are 0..1, ranges are drawn from evenly; snr in dB, reverb (RT60) in s."""

    speed: tuple[float, float] = (0.86, 1.16)
    reverb_probability: float = 0.4
    reverb: tuple[float, float] = (0.1, 0.6)
    noise_probability: float = 0.7
    snr: tuple[float, float] = (6.0, 36.0)
    telephone_probability: float = 0.12
    clip_probability: float = 0.06

    def __call__(self, samples: Floats, babble: Floats, rng: np.random.Generator) -> Floats:
        """One random way to the microphone. babble: other people's speech."""
        if rng.random() < self.reverb_probability:
            samples = _reverberate(samples, rng.uniform(*self.reverb), rng)
        if rng.random() < self.noise_probability:
            noise = _noise(len(samples), babble, rng)
            samples = samples + noise * _rms(samples) / (_rms(noise) + 1e-9) * 10 ** (-rng.uniform(*self.snr) / 20)
        if rng.random() < self.telephone_probability:
            rate = rng.choice([8000, 11025])
            narrow = soxr.resample(samples, SAMPLE_RATE, rate)
            samples = _fit(soxr.resample(narrow, rate, SAMPLE_RATE), len(samples))
        if rng.random() < self.clip_probability:
            top = np.quantile(np.abs(samples), rng.uniform(0.97, 0.999)) + 1e-6
            samples = np.clip(samples, -top, top)
        return np.asarray(samples, np.float32)


def change_speed(samples: Floats, phones: Sequence[Phone], speed: float) -> tuple[Floats, tuple[Phone, ...]]:
    """Play faster (speed > 1) or slower; pitch and formants move along, as with a smaller or larger speaker."""
    played = soxr.resample(samples, SAMPLE_RATE * speed, SAMPLE_RATE).astype(np.float32)
    return played, tuple(Phone(label, start / speed, end / speed) for label, start, end in phones)


def _reverberate(samples: Floats, rt60: float, rng: np.random.Generator) -> Floats:
    """A room as exponentially dying noise behind the direct sound, which stays where it is in time."""
    try:
        from scipy.signal import fftconvolve
    except ImportError as error:
        raise MissingExtra("scipy", "train", "Reverberation") from error
    length = int(rt60 * SAMPLE_RATE)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail[: int(rng.uniform(0.001, 0.008) * SAMPLE_RATE)] = 0.0
    tail *= 10 ** (rng.uniform(-14.0, 1.0) / 20) / (np.sqrt(np.sum(tail**2)) + 1e-9)
    tail[0] = 1.0
    return np.asarray(fftconvolve(samples, tail.astype(np.float32))[: len(samples)], np.float32)


def _noise(length: int, babble: Floats, rng: np.random.Generator) -> Floats:
    kind = rng.choice(["white", "pink", "brown", "hum", "babble"], p=[0.2, 0.25, 0.2, 0.1, 0.25])
    if kind == "babble":
        return np.resize(np.roll(babble, int(rng.integers(len(babble)))), length)
    if kind == "hum":
        time = np.arange(length) / SAMPLE_RATE
        base = rng.choice([50.0, 60.0]) * rng.uniform(0.99, 1.01)
        return np.sum([rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * time) for k in range(1, 12)], 0)  # type: ignore[no-any-return]
    spectrum = np.fft.rfft(rng.standard_normal(length))
    falloff = {"white": 0.0, "pink": 0.5, "brown": 1.0}[str(kind)]
    return np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 20) ** falloff, length).astype(np.float32)


def _rms(samples: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(samples)) + 1e-12))


def _fit(samples: Floats, length: int) -> Floats:
    return np.pad(samples, (0, max(0, length - len(samples))))[:length]
