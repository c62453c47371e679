"""The training loop: the same steps after any interruption, and in any number of processes."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

from facestream.errors import CorpusError
from facestream.training.checkpoints import CHECKPOINT, LOCK, MILESTONE, averaged_weights
from facestream.training.fit import Fit, FitConfig
from tests.training.toy import CONFIG, Toy, ToyLoss, batch, two_batches


def trained(folder: Path, config: FitConfig = CONFIG, stops: tuple[int, ...] = (), make=batch, **loss) -> Toy:
    for until in (*stops, None):
        torch.manual_seed(hash(until) % 1000)  # whatever was drawn before may not matter
        toy = Toy()
        Fit(toy, config, folder).run(ToyLoss(toy, **loss), make, until)
    return toy


def same(one, other) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("half", [False, True])
def test_a_run_in_pieces_is_the_run_in_one(tmp_path, half):
    config = dataclasses.replace(CONFIG, half=half)
    whole = trained(tmp_path / "whole", config)
    pieces = trained(tmp_path / "pieces", config, stops=(3, 20, 21))
    assert same(whole.state_dict(), pieces.state_dict())
    assert same(averaged_weights(tmp_path / "whole"), averaged_weights(tmp_path / "pieces"))


def test_a_run_that_was_killed_goes_on_from_its_last_checkpoint(tmp_path):
    whole = trained(tmp_path / "whole")

    def dies(number: int):
        if number == 17:
            raise OSError("the power is gone")
        return batch(number)

    with pytest.raises(OSError, match="power"):
        trained(tmp_path / "killed", make=dies)
    assert torch.load(tmp_path / "killed" / CHECKPOINT, weights_only=True)["step"] == 14
    assert same(whole.state_dict(), trained(tmp_path / "killed").state_dict())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_after_a_whole_step(tmp_path, number):
    before = signal.getsignal(number)

    def interrupted(step: int):
        if step == 12:  # made ahead of time, while step 11 is learned from or just before
            os.kill(os.getpid(), number)
        return batch(step)

    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "run", make=interrupted)
    assert 10 <= torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)["step"] <= 13
    assert signal.getsignal(number) == before
    assert same(trained(tmp_path / "whole").state_dict(), trained(tmp_path / "run").state_dict())


def test_milestones_stay(tmp_path):
    trained(tmp_path, dataclasses.replace(CONFIG, keep_every=15))
    kept = sorted(path.name for path in tmp_path.glob("weights-*"))
    assert kept == [MILESTONE.format(step=15), MILESTONE.format(step=30)]
    state = torch.load(tmp_path / kept[0], weights_only=True)
    assert state["step"] == 15 and state["mean"].keys() == averaged_weights(tmp_path).keys()


def test_figures_are_written_down_twice(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    toy = Toy()
    seen = []

    def check():
        seen.append({name: weight.clone() for name, weight in toy.state_dict().items()})
        assert not toy.dropout.training
        return {"error": 0.5}

    Fit(toy, CONFIG, tmp_path).run(ToyLoss(toy), batch, check=check)
    assert toy.dropout.training and len(seen) == 2
    assert same(seen[-1], averaged_weights(tmp_path)), "the mean weights are looked at"
    assert not same(seen[-1], toy.state_dict())
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    squares = {row["step"]: row["squares"] for row in rows if "squares" in row}
    assert list(squares) == [10, 20, 30, 40] and squares[40] < squares[10]
    assert [row["step"] for row in rows if "held-out/error" in row] == [20, 40]
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    scalars = {event.step: event.value for event in events.Scalars("squares")}
    assert scalars == pytest.approx(squares, rel=1e-5)


def test_frozen_weights_stay(tmp_path):
    toy = Toy()
    toy.line.bias.requires_grad_(False)
    before = toy.line.bias.clone()
    Fit(toy, CONFIG, tmp_path).run(ToyLoss(toy), batch)
    assert torch.equal(toy.line.bias, before)


@pytest.mark.parametrize(
    ("fall", "middle", "end"), [("cosine", 0.51, 0.02), ("halving", 0.5, 0.25), ("never", 1.0, 1.0)]
)
def test_the_rate_warms_up_and_falls(fall, middle, end):
    config = FitConfig(steps=100, rate=2.0, warm_up=4, fall=fall, halve_every=50)
    assert config.rate_at(0) == pytest.approx(0.5, rel=0.01)
    assert config.rate_at(50) == pytest.approx(2 * middle) and config.rate_at(100) == pytest.approx(2 * end)


def test_another_network_is_refused_and_the_run_stays(tmp_path):
    trained(tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()
    with pytest.raises(CorpusError, match="another network"):
        Fit(torch.nn.Linear(3, 3), CONFIG, tmp_path)
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_a_torn_checkpoint_is_refused(tmp_path):
    trained(tmp_path)
    (tmp_path / CHECKPOINT).write_bytes((tmp_path / CHECKPOINT).read_bytes()[:500])
    with pytest.raises(CorpusError, match="cannot be read"):
        Fit(Toy(), CONFIG, tmp_path)


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path):
    def poisoned(number: int):
        return batch(number) if number < 9 else {"x": torch.full((8, 4), torch.nan), "y": torch.zeros(8, 2)}

    with pytest.raises(CorpusError, match="step 9"):
        trained(tmp_path, make=poisoned)
    assert all(weight.isfinite().all() for weight in averaged_weights(tmp_path).values())


def test_two_processes_train_as_one_with_both_batches(tmp_path):
    together = tmp_path / "together"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    script = ["-m", "tests.training.toy", str(together)]
    done = subprocess.run([*command, *script], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (torch.load(together / f"rank-{rank}.pt", weights_only=True) for rank in (0, 1))
    assert same(first, second)
    alone = trained(tmp_path / "alone", make=two_batches, noisy=False).state_dict()
    for name in alone:
        torch.testing.assert_close(first[name], alone[name], atol=1e-5, rtol=1e-4)
    assert (together / CHECKPOINT).exists() and not (together / LOCK).stat().st_size
