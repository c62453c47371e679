"""Log-mel frames, causal, in numpy: the one front end of training and serving.

Shapes: N samples, K frames of 10 ms, 80 bands. Frame k covers samples [160 (k + 1) - 400, 160 (k + 1)) with zeros
before the start, so it is there as soon as 160 (k + 1) samples came. Every frame is computed by itself (no statistics
of the clip, no product whose rounding depends on how many frames there are): any packets give the same bits.

Value 0 is a band 60 dB below a sine of full scale and one unit is 20 dB; the floor of -2 lies at 100 dB below.
Bands: 80 triangles of height 1, spaced evenly on the mel scale of Slaney's Auditory Toolbox (1998; linear below 1 kHz,
logarithmic above), 20 to 7600 Hz. On that scale every band holds at least two of the transform's bins; on HTK's scale
the lowest of 80 bands would hold none.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facestream.signals import Floats
from facestream.timing import HOP, SAMPLE_RATE

BANDS = 80
WINDOW = 400
TAIL = WINDOW - HOP  # samples before a packet that its first frame looks back on
FFT = 512
LOWEST_HZ, HIGHEST_HZ = 20.0, 7600.0
FLOOR = np.float32(1e-10)  # -100 dB: just above the noise of 16-bit samples, so that digital silence is no outlier
AT_ONCE = 256  # frames: the working set stays in the processor's cache

HANN = np.hanning(WINDOW + 1)[:-1]
# Scaled so that a sine of full scale has power 1 in its bin.
TAPER: Floats = (HANN / (HANN.sum() / 2)).astype(np.float32)


def log_mel(samples: Floats, tail: Floats | None = None) -> Floats:
    """Log-mel frames [N // 160, 80] of mono 16 kHz samples [N]; a last, unfinished hop is left out.

    tail: the 240 samples before (default: zeros, the start of the sound).
    """
    before = np.zeros(TAIL, np.float32) if tail is None else tail
    sound = np.concatenate((before, samples), dtype=np.float32)
    frames = len(samples) // HOP
    out = np.empty((frames, BANDS), np.float32)
    for first in range(0, frames, AT_ONCE):
        last = min(first + AT_ONCE, frames)
        out[first:last] = log_mel_of(sound[None, first * HOP : last * HOP + TAIL])[0]
    return out


def log_mel_of(sounds: Floats) -> Floats:
    """Log-mel frames of many sounds at once, [L, K, 80] of [L, 240 + 160 K], each with the 240 samples before it."""
    windows = np.lib.stride_tricks.sliding_window_view(sounds, WINDOW, axis=1)[:, ::HOP]
    spectrum = np.fft.rfft(windows * TAPER, FFT)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
    # A band is a short run of weighted bins. Summed run by run, frame by frame: a matrix product would be rounded
    # differently for one frame and for many.
    bands = np.add.reduceat(power[..., BINS] * WEIGHTS, STARTS, axis=-1)
    return np.log10(np.maximum(bands, FLOOR)) * np.float32(0.5) + np.float32(3)


def _mel(hertz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Slaney's scale: 15 mels up to 1 kHz, then 27 mels for every factor of 6.4."""
    hertz = np.asarray(hertz, np.float64)
    return np.where(hertz < 1000, hertz * 3 / 200, 15 + 27 * np.log(np.maximum(hertz, 1000) / 1000) / np.log(6.4))


def _hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((np.maximum(mel, 15) - 15) / 27))


def _triangles() -> Floats:
    """Weights of the bins in each band, [80, 257]: up from the last band's centre, down to the next one's."""
    bins = np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)
    edges = _hertz(np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), BANDS + 2))
    low, centre, high = (edges[i : i + BANDS, None] for i in range(3))
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


TRIANGLES = _triangles()
_BAND_OF_WEIGHT, BINS = np.nonzero(TRIANGLES)
WEIGHTS: Floats = TRIANGLES[TRIANGLES > 0]
STARTS = np.searchsorted(_BAND_OF_WEIGHT, np.arange(BANDS))
