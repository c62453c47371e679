"""Codec tokens as ears: slices hear what the whole is heard as, nothing later, and what is lost adds nothing."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from facestream.audio.codec_tokens import ABSENT, ENCODEC, MIMI, CodecConfig, CodecEars
from facestream.errors import AudioError
from facestream.streaming.clock import Clock
from facestream.streaming.memory import write
from facestream.streaming.tree import blank, plan

from ..talkers.test_teller import some_teller


def small(config: CodecConfig) -> CodecConfig:
    return dataclasses.replace(config, books=3, codes=20, width=16)


@pytest.fixture(params=[MIMI, ENCODEC, CodecConfig(3, 20, "50", 10, 16, taps=1)], ids=["12.5", "75", "50"])
def ears(request: pytest.FixtureRequest) -> CodecEars:
    torch.manual_seed(0)
    return CodecEars(small(request.param)).eval()


def spoken(ears: CodecEars, seconds: float) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 20, (round(seconds * float(ears.config.rate)), 3))


@torch.no_grad()
def test_slices_are_the_whole(ears: CodecEars) -> None:
    tokens, config = spoken(ears, 2.0), ears.config
    whole = ears(torch.from_numpy(tokens)[None])
    assert whole.shape == (1, 10 * config.rows, 16)
    parts = [ears.slice(torch.from_numpy(config.cut(tokens, n))[None], config.span(n)[2]) for n in range(10)]
    np.testing.assert_allclose(torch.cat(parts, 1), whole, atol=1e-5)


@torch.no_grad()
def test_a_slice_is_given_what_it_touches_and_no_more(ears: CodecEars) -> None:
    config = ears.config
    for number in range(9):
        first, last, skipped = config.span(number)
        assert (last - 1) * config.frame_rows < (number + 1) * config.rows <= last * config.frame_rows
        assert first * config.frame_rows + skipped == number * config.rows
        assert len(config.cut(spoken(ears, 2.0), number)) == last - first
    tokens = spoken(ears, 2.0)
    later = tokens.copy()
    later[config.span(4)[1] :] = 1
    a, b = ears(torch.from_numpy(tokens)[None]), ears(torch.from_numpy(later)[None])
    assert torch.equal(a[:, : 5 * config.rows], b[:, : 5 * config.rows]) and not torch.equal(a, b)


@torch.no_grad()
def test_absent_tokens_add_nothing(ears: CodecEars) -> None:
    tokens = torch.from_numpy(spoken(ears, 1.0))[None]
    lost = tokens.clone()
    lost[..., 1] = ABSENT
    torch.nn.init.zeros_(ears.books[1].weight)
    assert torch.equal(ears(lost), ears(tokens))


def test_other_books_and_rates_are_refused(ears: CodecEars) -> None:
    with pytest.raises(AudioError, match="4 codebooks came; expected 3"):
        ears(torch.zeros(1, 2, 4, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"50 rows a second .* 75 codec frames"):
        CodecConfig(8, 1024, "75", 10, 512)


def test_a_teller_speaks_and_learns_from_tokens() -> None:
    """Features of tokens go where a speech model's go: live slice by slice, and gradients reach the books."""
    torch.manual_seed(0)
    ears, teller = CodecEars(small(MIMI)), some_teller(hearing=16, rows=10)
    tokens, memory = spoken(ears, 0.8), plan(teller)
    state, config = blank(memory, 1, torch.zeros(1)), ears.config
    for number in range(4):
        step = torch.tensor([5 * number])
        with torch.no_grad():
            heard = ears.slice(torch.from_numpy(config.cut(tokens, number))[None], config.span(number)[2])
            faces, update = teller(heard, torch.eye(2)[:1], torch.randn(1, 5, 4), state, Clock(step))
        write(memory, state, update, step, torch.arange(1), rows=5)
        assert faces.shape[1] == 5 and torch.isfinite(faces).all()
    heard = ears(torch.from_numpy(tokens)[None])
    loss, _ = teller.loss(heard, torch.eye(2)[:1], torch.zeros(1, 16, 75), torch.ones(1, 4))
    loss.backward()
    assert ears.books[0].weight.grad.abs().sum() > 0
