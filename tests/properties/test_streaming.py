"""Stream = offline, causality, lanes that do not touch, memory that does not grow: for everything that has state."""

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

from facestream.streaming.memory import forget
from facestream.streaming.tree import Session, plan

from .stateful import CASES, Case, talker

ROWS = 23
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
pytestmark = pytest.mark.usefixtures("no_grad")


def whole(case: Case, inputs):
    output, _ = case.module()(*inputs)
    return output


@cases
@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_any_packets_give_what_the_whole_sequence_gives(case, cuts):
    inputs = case.inputs(lanes=2, rows=ROWS)
    session = Session(case.module(), lanes=2)
    parts, start = [], 0
    for rows in [*cuts, *[1] * ROWS]:
        end = min(start + rows, ROWS)
        if end > start:
            parts.append(session.feed(*case.cut(inputs, start, end), rows=end - start))
        start = end
    torch.testing.assert_close(torch.cat(parts, 1), whole(case, inputs), atol=1e-5, rtol=1e-4)


@cases
def test_later_input_changes_nothing_earlier(case):
    inputs = case.inputs(lanes=1, rows=ROWS)
    output = whole(case, inputs)
    for row in (0, 7, ROWS - 1):
        changed = [x.clone() for x in inputs]
        for x, rate in zip(changed, case.rates, strict=True):
            x[:, row * rate :] += 10.0
        other = whole(case, changed)
        torch.testing.assert_close(other[:, :row], output[:, :row])
        assert not torch.allclose(other[:, row], output[:, row])


@cases
def test_a_lane_in_a_busy_batch_is_the_lane_alone(case):
    inputs = case.inputs(lanes=4, rows=ROWS)
    alone = whole(case, inputs)
    session = Session(case.module(), lanes=4)
    generator = torch.Generator().manual_seed(1)
    places = torch.zeros(4, dtype=torch.int64)
    for _ in range(60):
        moving = torch.where((torch.rand(4, generator=generator) < 0.6) & (places < ROWS))[0]
        if not len(moving):
            continue
        now = [
            torch.stack([x[lane, (p := min(int(places[lane]), ROWS - 1)) * rate : (p + 1) * rate] for lane in range(4)])
            for x, rate in zip(inputs, case.rates, strict=True)
        ]
        output = session.feed(*now, rows=1, lanes=moving)
        for lane in moving.tolist():
            torch.testing.assert_close(output[lane, 0], alone[lane, places[lane]], atol=1e-5, rtol=1e-4)
        places[moving] += 1
    assert int(places.min()) > 10


@cases
def test_a_newcomer_after_a_user_with_nan_is_clean(case):
    inputs = case.inputs(lanes=2, rows=ROWS)
    session = Session(case.module(), lanes=2)
    for row in range(9):
        poisoned = [x.clone() for x in case.cut(inputs, row, row + 1)]
        for x in poisoned:
            x[0] = torch.nan
        session.feed(*poisoned, rows=1)
    forget(session.state, 0)
    session.step[0] = 0
    fresh = whole(case, case.inputs(lanes=2, rows=ROWS))
    for row in range(6):
        output = session.feed(*case.cut(inputs, row, row + 1), rows=1)
        torch.testing.assert_close(output[0, 0], fresh[0, row], atol=1e-5, rtol=1e-4)
        assert output[1].isfinite().all()


@cases
def test_memory_does_not_grow(case):
    session = Session(case.module())
    sizes = {name: value.shape for name, value in session.state.items()}
    inputs = case.inputs(lanes=1, rows=1)
    for _ in range(200):
        session.feed(*inputs, rows=1)
    assert (
        {name: value.shape for name, value in session.state.items()}
        == sizes
        == {name: (1, *memory.shape) for name, memory in plan(session.module).items()}
    )


def test_the_live_path_is_the_training_path():
    model, lanes, frames = talker(), 3, 30
    generator = torch.Generator().manual_seed(2)
    mel = torch.randn(lanes, 4 * frames, 6, generator=generator)
    noise = torch.randn(lanes, frames, 2, generator=generator)
    style = torch.eye(2)[torch.tensor([0, 1, 0])]
    session = Session(model, lanes)
    faces, latents = [], []
    for frame in range(frames):
        faces.append(session.feed(mel[:, 4 * frame : 4 * frame + 4], style, noise[:, frame], rows=1))
        latents.append(session.state["motion"].clone())
    past = torch.nn.functional.pad(torch.stack(latents, 1), (0, 0, 1, 0))[:, :-1]
    heard, _ = model.encoder(mel)
    context, _ = model.condition(heard, past, style[:, None].expand(-1, frames, -1))
    before = past[..., 3:5]
    life = model.kept * before + model.stride * model.head.sample(context, noise)
    trained = torch.cat((heard.lips, life), -1)
    history = torch.cat((trained, (life - before) / model.stride), -1)
    torch.testing.assert_close(history, torch.stack(latents, 1), atol=1e-4, rtol=1e-4)
    amplitude = (style @ model.amplitude)[:, None]
    torch.testing.assert_close(
        model.codec.decode(trained, heard.events, amplitude), torch.stack(faces, 1), atol=1e-5, rtol=1e-4
    )


def test_noise_moves_the_life_and_never_the_mouth():
    model = talker()
    mel = torch.randn(1, 40, 6, generator=torch.Generator().manual_seed(4)).expand(2, -1, -1)
    noise = torch.randn(2, 10, 2, generator=torch.Generator().manual_seed(5))
    session = Session(model, 2)
    for frame in range(10):
        session.feed(mel[:, 4 * frame : 4 * frame + 4], torch.eye(2)[[0, 0]], noise[:, frame], rows=1)
    lips, life, _ = session.state["motion"].split((3, 2, 2), -1)
    torch.testing.assert_close(lips[0], lips[1], atol=0, rtol=0)
    assert not torch.allclose(life[0], life[1])
