import numpy as np
import pytest

from facestream.corpora.phones import Phone

pytest.importorskip("torch")
from facestream.training.augment import Augment, change_speed


def tone(seconds=1.0):
    return (0.1 * np.sin(2 * np.pi * 200 * np.arange(int(16_000 * seconds)) / 16_000)).astype(np.float32)


@pytest.mark.parametrize("speed", [0.8, 1.25])
def test_speed_moves_phones_along(speed):
    click = np.zeros(16_000, np.float32)
    click[8_000] = 1.0
    played, phones = change_speed(click, (Phone("P", 0.5, 0.6),), speed)
    assert abs(int(np.argmax(np.abs(played))) / 16_000 - phones[0].start) < 0.001
    assert len(played) == pytest.approx(16_000 / speed, abs=2)


def test_every_way_to_the_microphone_keeps_length_and_time():
    pytest.importorskip("scipy")
    samples = np.concatenate((np.zeros(8_000, np.float32), tone(0.5)))
    for seed in range(30):
        heard = Augment(snr=(25.0, 36.0))(samples, tone(), np.random.default_rng(seed))
        assert heard.shape == samples.shape and np.isfinite(heard).all()
        energy = np.convolve(heard**2, np.ones(160), "same")
        onset = int(np.argmax(energy > 0.25 * energy.max()))
        assert abs(onset - 8_000) < 600, "sound stays where its phones are"
