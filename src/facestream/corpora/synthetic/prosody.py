"""Loudness and pitch of an utterance, one value a motion frame.

Shapes: N samples at 16 kHz, T motion frames, W samples a pitch window, L lags.
Pitch is the highest peak of the windowed autocorrelation divided by that of its window (P. Boersma 1993, "Accurate
short-term analysis of the fundamental frequency", section 3), on sound at 8 kHz, all frames at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from facestream.signals import Floats
from facestream.timing import SAMPLE_RATE

Reals = npt.NDArray[np.floating[Any]]

LOUD_RANGE_DB = 40.0  # an utterance's loud syllables are 1, this far below is 0
LOUD_WINDOW = 800  # 50 ms
PITCH_RATE, PITCH_WINDOW, PITCH_FFT = SAMPLE_RATE // 2, 320, 1024  # 40 ms
LOWEST_HZ, HIGHEST_HZ = 70.0, 420.0
VOICED = 0.45  # least normalised autocorrelation of voiced sound


@dataclass(frozen=True)
class Prosody:
    """The voice at each motion frame.

    loudness: [T], 0..1 of the utterance's own range. pitch: [T], semitones from its median, 0 where unvoiced.
    voiced: [T].
    """

    loudness: Floats
    pitch: Floats
    voiced: npt.NDArray[np.bool_]


def prosody(samples: Floats, n_frames: int, fps: int = 25) -> Prosody:
    """Loudness and pitch at the instants t / fps. samples: [N] at 16 kHz."""
    loudness = measure_loudness(samples, n_frames, fps)
    pitch, voiced = track_pitch(samples, n_frames, fps)
    return Prosody(loudness, pitch, voiced & (loudness > 0.3))


def measure_loudness(samples: Floats, n_frames: int, fps: int = 25) -> Floats:
    """Level around each frame, [T], 0..1: 1 is the 95th percentile of the utterance, 0 is LOUD_RANGE_DB below it."""
    energy = np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64))))
    centre = np.arange(n_frames) * SAMPLE_RATE // fps
    start = np.clip(centre - LOUD_WINDOW // 2, 0, len(samples))
    end = np.clip(centre + LOUD_WINDOW // 2, 0, len(samples))
    power = np.maximum(energy[end] - energy[start], 0.0) / LOUD_WINDOW
    level = 10.0 * np.log10(power + 1e-10)
    top = max(float(np.percentile(level, 95)), -60.0)
    loudness: Floats = np.clip(1.0 + (level - top) / LOUD_RANGE_DB, 0.0, 1.0).astype(np.float32)
    return loudness


def track_pitch(samples: Floats, n_frames: int, fps: int = 25) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Pitch around each frame: [T] semitones from the median of voiced frames (0 where unvoiced), and [T] voiced."""
    half = samples[: len(samples) // 2 * 2].reshape(-1, 2).mean(axis=1)  # the mean of two is filter enough below 1 kHz
    padded = np.pad(half, (PITCH_WINDOW // 2, PITCH_WINDOW))
    centre = np.minimum(np.arange(n_frames) * PITCH_RATE // fps, len(half))
    window = np.hanning(PITCH_WINDOW).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, PITCH_WINDOW)[centre]
    frames = (frames - frames.mean(axis=1, keepdims=True)) * window
    lags = np.arange(int(PITCH_RATE / HIGHEST_HZ), int(PITCH_RATE / LOWEST_HZ) + 1)
    correlation = _autocorrelation(frames, lags) / _autocorrelation(window[None], lags)
    # A price for long lags keeps the octave below from winning.
    best = np.argmax(correlation - 0.06 * np.log2(lags / lags[0]), axis=1)
    strength = correlation[np.arange(n_frames), best]
    voiced = (strength > VOICED) & (best > 0) & (best < len(lags) - 1)
    semitones = 12.0 * np.log2(PITCH_RATE / _peak(correlation, lags, best))
    semitones = np.median(np.stack([np.roll(semitones, step) for step in (-1, 0, 1)]), axis=0)  # lone octave errors
    median = float(np.median(semitones[voiced])) if voiced.any() else 0.0
    relative = semitones - median
    voiced &= np.abs(relative) < 14.0
    return np.where(voiced, relative, 0.0).astype(np.float32), voiced


def _autocorrelation(frames: Reals, lags: npt.NDArray[np.int_]) -> Floats:
    """Autocorrelation of each row at these lags, divided by that at lag 0."""
    spectrum = np.fft.rfft(frames, PITCH_FFT, axis=1)
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, PITCH_FFT, axis=1)
    return np.asarray(correlation[:, lags] / (correlation[:, :1] + 1e-9), np.float32)


def _peak(correlation: Reals, lags: npt.NDArray[np.int_], best: npt.NDArray[np.intp]) -> Floats:
    """Lag of each row's peak, between the samples, by a parabola through its neighbours."""
    row, inner = np.arange(len(best)), np.clip(best, 1, len(lags) - 2)
    before, here, after = (correlation[row, inner + step] for step in (-1, 0, 1))
    bend = before - 2.0 * here + after
    shift = np.where(bend < -1e-6, 0.5 * (before - after) / np.minimum(bend, -1e-6), 0.0)
    return np.asarray(lags[inner] + np.clip(shift, -1.0, 1.0), np.float32)
