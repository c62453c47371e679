"""Memories of numpy arrays: what a step writes, where, and for whom."""

from __future__ import annotations

import numpy as np
import pytest

from facestream.streaming.memory import KINDS, Latch, Memory, Ring, Tail, describe, empty, forget, parse, write

PLAN: dict[str, Memory] = {"a.past": Tail(3, 2), "a.keys": Ring(2, 5, 3), "b.last": Latch(4)}
LANES = 3


def update(rows: int, seed: int) -> dict[str, np.ndarray]:
    """What a step of `rows` rows returns for all lanes."""
    rng = np.random.default_rng(seed)
    shapes = {"a.past": (3, 2), "a.keys": (2, rows, 3), "b.last": (4,)}
    return {name: rng.standard_normal((LANES, *shape)).astype(np.float32) for name, shape in shapes.items()}


def test_newcomers_remember_nothing() -> None:
    state = empty(PLAN, LANES)
    assert {name: value.shape for name, value in state.items()} == {
        "a.past": (LANES, 3, 2), "a.keys": (LANES, 2, 5, 3), "b.last": (LANES, 4)
    }  # fmt: skip
    assert not any(value.any() for value in state.values())


@pytest.mark.parametrize("rows", [1, 2, 4, 5, 7, 13])
def test_a_ring_holds_the_last_rows_in_the_slots_of_their_steps(rows: int) -> None:
    """Against the plain sequence, through several turns of the ring, in steps of any size."""
    state, step, heard = empty(PLAN, LANES), np.zeros(LANES, np.int64), []
    for turn in range(6):
        new = update(rows, turn)
        write(PLAN, state, new, step, np.arange(LANES))
        heard.append(new["a.keys"])
        step += rows
    sequence = np.concatenate(heard, axis=2)
    for position in range(sequence.shape[2] - 5, sequence.shape[2]):
        np.testing.assert_array_equal(state["a.keys"][:, :, position % 5], sequence[:, :, position])


def test_lanes_keep_their_own_clocks() -> None:
    state, new = empty(PLAN, LANES), update(1, 0)
    write(PLAN, state, new, np.array([0, 4, 6]), np.arange(LANES))
    for lane, slot in enumerate((0, 4, 1)):
        np.testing.assert_array_equal(state["a.keys"][lane, :, slot], new["a.keys"][lane, :, 0])
        assert np.count_nonzero(state["a.keys"][lane].any((0, 2))) == 1


def test_tails_and_latches_are_replaced() -> None:
    state = empty(PLAN, LANES)
    for turn in range(2):
        new = update(1, turn)
        write(PLAN, state, new, np.full(LANES, turn), np.arange(LANES))
    np.testing.assert_array_equal(state["a.past"], new["a.past"])
    np.testing.assert_array_equal(state["b.last"], new["b.last"])


@pytest.mark.parametrize("listed", [[], [1], [0, 2], [2, 0]])
def test_only_the_listed_lanes_change(listed: list[int]) -> None:
    state, step = empty(PLAN, LANES), np.array([3, 9, 14])
    write(PLAN, state, update(2, 0), step, np.arange(LANES))
    before = {name: value.copy() for name, value in state.items()}
    new = update(2, 1)
    write(PLAN, state, new, step + 2, np.array(listed, np.intp))
    for name, value in state.items():
        for lane in range(LANES):
            assert np.array_equal(value[lane], before[name][lane]) != (lane in listed), (name, lane)
    for lane in listed:
        np.testing.assert_array_equal(state["b.last"][lane], new["b.last"][lane])


def test_forgetting_leaves_nothing_of_one_lane_and_all_of_the_others() -> None:
    state = {name: np.full_like(value, np.nan) for name, value in empty(PLAN, LANES).items()}
    forget(state, 1)
    for value in state.values():
        assert not value[1].any()
        assert np.isnan(value[[0, 2]]).all()


def test_forgetting_can_be_of_one_part() -> None:
    state = {name: np.ones_like(value) for name, value in empty(PLAN, LANES).items()}
    forget(state, 0, "a.")
    assert not state["a.past"][0].any()
    assert not state["a.keys"][0].any()
    assert state["b.last"].all()


def test_a_plan_survives_its_description() -> None:
    assert parse(describe(PLAN)) == PLAN
    assert {fields["kind"] for fields in describe(PLAN).values()} == set(KINDS)


@pytest.mark.parametrize(
    ("fields", "error"),
    [({"kind": "rung", "size": 1, "width": 1}, KeyError), ({"size": 1, "width": 1}, KeyError),
     ({"kind": "ring", "rows": 1, "width": 1}, TypeError), ({"kind": "latch"}, TypeError)],
)  # fmt: skip
def test_unknown_kinds_and_fields_are_refused(fields: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        parse({"a": fields})
