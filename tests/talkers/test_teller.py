import numpy as np
import pytest

torch = pytest.importorskip("torch")

from facestream.audio.encoders import EncoderConfig
from facestream.motion.codecs.rvq import QuantiserConfig, TokenizerConfig
from facestream.motion.heads.tokens import TokenHead, TokenHeadConfig, balanced
from facestream.motion.portrait import CHANNELS
from facestream.signals import FACE
from facestream.streaming.clock import Clock
from facestream.streaming.memory import write
from facestream.streaming.tree import blank, plan
from facestream.talkers.teller import Teller, TellerConfig, even

ENCODER = EncoderConfig(
    bands=6, stem=8, middle=8, dilations=(1,), width=8, heads=2, layers=1, window=5, hidden=16, phones=4, lips=3,
    dropout=0.0,
)  # fmt: skip


def some_teller(
    pair: int = 2, chained: bool = False, slices: int = 3, hearing: EncoderConfig | int = ENCODER, rows: int = 5
) -> Teller:
    torch.manual_seed(0)
    config = TellerConfig(
        hearing=hearing,
        rows=rows,
        tokenizer=TokenizerConfig(width=16, quantiser=QuantiserConfig(levels=4, codes=32, columns=6)),
        head=TokenHeadConfig(levels=4, codes=32, pair=pair, chained=chained, likeliest=5),
        width=16,
        heads=2,
        layers=2,
        hidden=32,
        slices=slices,
        styles=2,
        dropout=0.0,
    )
    teller = Teller(config)
    for name, weight in teller.named_parameters():
        if name.startswith("blocks"):
            torch.nn.init.normal_(weight, std=0.4)
    torch.nn.init.normal_(teller.tokenizer.quantiser.codes, std=0.3)
    teller.head.settle(teller.tokenizer.quantiser.codes)
    return teller.eval()


class Live:
    """A Teller run slice by slice, in as many lanes as asked."""

    def __init__(self, teller: Teller, lanes: int) -> None:
        self.teller, self.plan = teller, plan(teller)
        self.state = blank(self.plan, lanes, torch.zeros(1))
        self.step = torch.zeros(lanes, dtype=torch.int64)

    @torch.no_grad()
    def feed(self, sound: torch.Tensor, style: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        faces, update = self.teller(sound, style, noise, self.state, Clock(self.step))
        write(self.plan, self.state, update, self.step, torch.arange(len(self.step)), rows=5)
        self.step += 5
        return faces, update["pair"]


def material(lanes: int, slices: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    sound = torch.randn(lanes, slices, 20, 6, generator=generator)
    style = torch.rand(lanes, 2, generator=generator)
    return sound, style, torch.randn(lanes, slices, 5, 4, generator=generator)


@pytest.mark.parametrize(("pair", "chained"), [(2, False), (2, True), (1, False)])
def test_live_is_what_was_trained(pair: int, chained: bool) -> None:
    """Contexts of whole windows, given the tokens that the live path drew, draw the same tokens: over the ring's edge,
    over slices' borders, with the sink."""
    teller = some_teller(pair, chained)
    config = teller.config
    sound, style, noise = material(2, 7)
    live, drawn = Live(teller, 2), []
    seen: list[torch.Tensor] = []
    teller.tokenizer.motion, kept = lambda tokens: seen.append(tokens) or kept(tokens), teller.tokenizer.motion  # type: ignore[method-assign]
    for number in range(7):
        drawn.append(live.feed(sound[:, number], style, noise[:, number])[0])
    steps = torch.cat(seen, 1).reshape(2, 7, config.pairs, pair)
    with torch.no_grad():
        context = teller.contexts(teller.hear(sound.flatten(1, 2))[0], style, steps)
    for number in range(7):
        chance = even(noise[:, number].flatten(1)[:, : config.pairs * pair]).reshape(2, config.pairs, pair)
        for step in range(config.pairs):
            again = teller.head.sample(context[:, number, step], step % config.head.kinds, chance[:, step])
            assert torch.equal(again, steps[:, number, step]), (number, step)


def test_a_lane_is_alone() -> None:
    teller = some_teller()
    sound, style, noise = material(3, 5)
    together, alone = Live(teller, 3), Live(teller, 1)
    for number in range(5):
        faces, _ = together.feed(sound[:, number], style, noise[:, number])
        mine, _ = alone.feed(sound[1:2, number], style[1:2], noise[1:2, number])
        np.testing.assert_allclose(faces[1:2], mine, atol=1e-4)


def test_later_sound_changes_nothing() -> None:
    teller = some_teller()
    sound, style, noise = material(1, 4)
    other = sound.clone()
    other[:, 2:] = torch.randn(1, 2, 20, 6)
    one, two = Live(teller, 1), Live(teller, 1)
    for number in range(2):
        assert torch.equal(
            one.feed(sound[:, number], style, noise[:, number])[0],
            two.feed(other[:, number], style, noise[:, number])[0],
        )


def test_frames_are_curves_and_numbers_without_a_seam() -> None:
    teller = some_teller()
    sound, style, noise = material(1, 6)
    live = Live(teller, 1)
    faces = torch.cat([live.feed(sound[:, number], style, noise[:, number])[0] for number in range(6)], 1)[0]
    assert faces.shape == (30, len(FACE) + len(CHANNELS))
    numbers = faces[:, len(FACE) :].numpy()
    # four frames of tokens and five that are shown: on lines between them, so no frame leaps where a slice begins
    speed = np.abs(np.diff(numbers[:, :63], axis=0)).max(1)
    assert speed[4::5].max() <= speed.max() * 1.0001
    rows = numbers[:, 63:72].reshape(-1, 3, 3)
    np.testing.assert_allclose(rows @ rows.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (30, 3, 3)), atol=1e-5)


def test_memory_does_not_grow() -> None:
    teller = some_teller(slices=2)
    live = Live(teller, 1)
    shapes = {name: value.shape for name, value in live.state.items()}
    sound, style, noise = material(1, 9)
    for number in range(9):
        live.feed(sound[:, number], style, noise[:, number])
    assert {name: value.shape for name, value in live.state.items()} == shapes
    assert shapes["blocks.0.attention.keys"][2] == 2 * teller.config.slice_rows


def test_features_may_come_from_elsewhere() -> None:
    teller = some_teller(hearing=12)
    faces, _ = Live(teller, 1).feed(torch.randn(1, 5, 12), torch.rand(1, 2), torch.randn(1, 5, 4))
    assert faces.shape == (1, 5, len(FACE) + len(CHANNELS))


def test_the_loss_learns() -> None:
    teller = some_teller().train()
    sound, style, _ = material(4, 6)
    numbers = torch.randn(4, 24, len(CHANNELS)) * 0.1
    teller.tokenizer.requires_grad_(False).eval()
    optimizer = torch.optim.Adam([w for w in teller.parameters() if w.requires_grad], 1e-2)
    found = []
    for _ in range(40):
        total, terms = teller.loss(sound.flatten(1, 2), style, numbers, torch.ones(4, 6))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        found.append(float(total.detach()))
    assert set(terms) == {f"level{level}" for level in range(4)}
    assert found[-1] < 0.7 * found[0]


def test_the_pairs_loss_is_the_published_one() -> None:
    assert float(balanced(torch.tensor([2.0, 3.0]))) == 6.0
    assert float(balanced(torch.tensor([2.0]))) == 2.0


def test_draws_are_among_the_likeliest_and_in_proportion() -> None:
    torch.manual_seed(0)
    head = TokenHead(TokenHeadConfig(levels=2, codes=32, likeliest=3), 4, 8)
    head.settle(torch.randn(2, 32, 4))
    context = torch.randn(1, 8).expand(4000, -1)
    drawn = head.sample(context, 0, torch.rand(4000, 2))
    scores = head.scores(context[:1], 0, 1)[0]
    best, codes = scores.topk(3)
    share = torch.stack([(drawn[:, 1] == code).float().mean() for code in codes])
    np.testing.assert_allclose(share.detach(), best.softmax(-1).detach(), atol=0.03)
    assert float(share.sum()) == pytest.approx(1.0)
