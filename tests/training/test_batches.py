"""What a batch is drawn from, and what may happen to its spectra."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="batches are torch's")

from facestream.training.batches import QUIET, _murmur, _Pool
from facestream.training.features import Item
from facestream.training.prepare import held_out


def items(*speakers: str) -> list[Item]:
    return [Item(f"{speaker}-{n}", speaker, "toy", True, 0, 100 * n, 100) for n, speaker in enumerate(speakers)]


def drawn(pool: _Pool, times: int = 4000) -> dict[str, float]:
    rng = np.random.default_rng(0)
    names = [pool.draw(rng).speaker for _ in range(times)]
    return {name: names.count(name) / times for name in set(names)}


def test_a_speaker_with_more_speech_is_drawn_more_often_but_not_in_proportion() -> None:
    shares = drawn(_Pool(items("a", "b", *["c"] * 32), {}))
    assert shares["c"] / shares["a"] == pytest.approx(32**0.6, rel=0.2)


def test_weights_go_by_the_beginning_of_a_name() -> None:
    shares = drawn(_Pool(items("child-1", "child-2", "adult-1"), {"child-": 0.25}))
    assert shares["adult-1"] == pytest.approx(4 * shares["child-1"], rel=0.25)


def test_speakers_are_held_out_whole_and_pools_of_unnamed_people_never() -> None:
    names = [f"corpus-{n}" for n in range(2000)]
    assert sum(map(held_out, names)) == pytest.approx(100, abs=30)
    assert not any(held_out(f"corpus{n}-unknown") for n in range(2000))


def test_steady_noise_is_added_to_some_windows_and_never_hides_what_is_louder() -> None:
    rng = np.random.default_rng(0)
    mel = torch.from_numpy(rng.uniform(QUIET, 0.5, (64, 40, 80)).astype(np.float32))
    noisy = _murmur(mel, 0.5, rng)
    changed = (noisy != mel).flatten(1).any(1).float().mean()
    assert 0.3 < changed < 0.7
    assert (noisy >= mel - 1e-5).all(), "power adds up"
    assert torch.equal(_murmur(mel, 0.0, rng), mel)
