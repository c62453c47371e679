"""Live resampling: the same however it is cut, in time, clean, and hardly late."""

import numpy as np
import pytest

from facestream.audio.live import REACH, LiveResampler
from facestream.audio.waveform import Resampler

RATES = (8_000, 11_025, 16_001, 22_050, 24_000, 32_000, 44_100, 48_000)


def resampled(sound, rate, sizes=(1 << 30,)):
    resampler, parts, at = LiveResampler(rate), [], 0
    while at < len(sound):
        size = sizes[len(parts) % len(sizes)]
        parts.append(resampler.push(sound[at : at + size]))
        at += size
    return np.concatenate([*parts, resampler.flush()])


def tone(hertz, rate, seconds=1.0):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
def test_the_same_to_the_bit_however_it_is_cut(rate):
    sound = np.random.default_rng(rate).standard_normal(rate // 2).astype(np.float32)
    whole = resampled(sound, rate)
    assert len(whole) == -(-len(sound) * 16_000 // rate)
    for sizes in ((1, 7, 160), (rate // 50,), (5000, 3)):
        np.testing.assert_array_equal(resampled(sound, rate, sizes), whole)


@pytest.mark.parametrize("rate", RATES)
def test_it_holds_three_milliseconds_back(rate):
    resampler, out, packet = LiveResampler(rate), 0, rate // 100
    for count in range(1, 50):
        out += len(resampler.push(np.zeros(packet, np.float32)))
        assert count * packet / rate - out / 16_000 <= REACH + 2 / rate + 1 / 16_000


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hertz", [100, 1000, 3400, 7000])
def test_a_tone_stays_what_and_when_it_is(rate, hertz):
    if hertz > 0.44 * rate:
        pytest.skip("the rate does not carry this tone")
    out = resampled(tone(hertz, rate), rate)
    np.testing.assert_allclose(out[200:-200], tone(hertz, 16_000)[200:-200], atol=2.5e-3)


@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
def test_what_would_fold_is_gone(rate):
    for hertz in (8200, 9500, 11_000):
        out = resampled(tone(hertz, rate), rate)[200:-200]
        assert 20 * np.log10(np.abs(out).max()) < -65


def test_speech_is_what_the_slow_one_makes_of_it():
    rng = np.random.default_rng(0)
    speech = np.cumsum(rng.standard_normal(48_000)).astype(np.float32)
    speech -= np.convolve(speech, np.ones(400) / 400, "same").astype(np.float32)  # most of it below 4 kHz
    slow = Resampler(48_000)
    reference = np.concatenate([slow.push(speech), slow.flush()])
    live = resampled(speech, 48_000)
    error = live[200:-200] - reference[200 : len(live) - 200]
    assert np.sqrt(np.mean(error**2)) < 0.01 * np.sqrt(np.mean(reference**2))
