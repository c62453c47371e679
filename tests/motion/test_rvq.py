import pytest
import torch

from facestream.motion.codecs.rvq import MotionTokenizer, QuantiserConfig, ResidualQuantiser, TokenizerConfig

SMALL = QuantiserConfig(levels=3, codes=16, columns=4, memory=0.9, dropped=0.0)


def clusters(seed: int = 0, count: int = 400) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randint(0, 2, (count, 4)) * 2.0 - 1 + 0.1 * torch.randn(count, 4)


def trained(config: QuantiserConfig = SMALL) -> ResidualQuantiser:
    quantiser = ResidualQuantiser(config).train()
    for step in range(30):
        quantiser(clusters(step))
    return quantiser.eval()


def test_each_level_leaves_less() -> None:
    quantiser, x = trained(), clusters(99)
    errors = [float((x - quantiser.lookup(quantiser.tokens(x, levels))).square().mean()) for levels in (1, 2, 3)]
    assert errors[0] < 0.2  # of a variance of 1: sixteen codes find most of the sixteen corners
    assert errors[0] > errors[1] > errors[2]


def test_tokens_of_fewer_levels_are_the_first_of_more() -> None:
    quantiser, x = trained(), clusters(7)
    assert torch.equal(quantiser.tokens(x)[..., :2], quantiser.tokens(x, 2))


def test_the_gradient_goes_straight_through() -> None:
    quantiser = trained()
    x = clusters(3, 8).requires_grad_()
    quantised, commitment = quantiser(x)
    assert torch.allclose(quantised, quantiser.lookup(quantiser.tokens(x.detach())), atol=1e-6)
    quantised.sum().backward()
    assert torch.equal(x.grad, torch.ones_like(x))
    assert commitment.requires_grad


def test_dead_codes_come_back() -> None:
    quantiser = ResidualQuantiser(SMALL).train()
    quantiser(clusters())
    quantiser.codes[0, :8] = 100.0  # nobody is there
    quantiser.sums[0, :8], quantiser.uses[0, :8] = 100.0, 1.0
    for step in range(120):
        quantiser(clusters(step))
    used = torch.bincount(quantiser.eval().tokens(clusters(1000, 4000))[:, 0], minlength=16)
    assert int((used > 0).sum()) == 16


def test_nothing_learns_while_judging() -> None:
    quantiser = trained()
    before = quantiser.codes.clone()
    quantiser(clusters(5) * 3)
    assert torch.equal(quantiser.codes, before)


@pytest.mark.parametrize("positions", [1, 2, 4])
def test_a_group_becomes_its_tokens(positions: int) -> None:
    config = TokenizerConfig(frames=4, numbers=5, positions=positions, width=8, quantiser=SMALL)
    tokenizer = MotionTokenizer(config).eval()
    motion = torch.randn(2, 12, 5)
    tokens = tokenizer.tokens(motion)
    assert tokens.shape == (2, 3, positions, 3) and config.tokens == positions * 3
    assert tokenizer.motion(tokens).shape == motion.shape


def test_a_group_knows_no_other() -> None:
    """Groups are coded alone, so a live one is what it is in the whole."""
    tokenizer = MotionTokenizer(TokenizerConfig(numbers=5, width=8, quantiser=SMALL)).train()
    motion = torch.randn(1, 64, 5)
    tokenizer.loss(motion, torch.ones(5))
    tokenizer.eval()
    assert torch.equal(tokenizer.tokens(motion)[:, 2:3], tokenizer.tokens(motion[:, 8:12]))
    whole = tokenizer.motion(tokenizer.tokens(motion))
    assert torch.allclose(whole[:, 8:12], tokenizer.motion(tokenizer.tokens(motion[:, 8:12])), atol=1e-6)


def test_it_learns_to_carry_motion() -> None:
    torch.manual_seed(0)
    basis = torch.randn(2, 6)
    tokenizer = MotionTokenizer(TokenizerConfig(numbers=6, width=16, quantiser=SMALL)).train()

    def some() -> torch.Tensor:
        return torch.cumsum(torch.randn(32, 16, 2), 1) @ basis

    tokenizer.fit(some(), torch.full((6,), 0.01), torch.ones(6))
    optimizer = torch.optim.Adam(tokenizer.parameters(), 3e-3)
    losses = []
    for _ in range(150):
        total, terms = tokenizer.loss(some(), torch.ones(6))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        losses.append(float(terms["motion"]))
    assert sum(losses[-10:]) / 10 < 0.15  # of the variance


def test_before_training_it_is_a_change_of_axes() -> None:
    """With as many columns as numbers, principal components in and out lose nothing, whatever the weights."""
    torch.manual_seed(0)
    config = TokenizerConfig(frames=4, numbers=5, positions=2, width=8, quantiser=QuantiserConfig(columns=10))
    tokenizer = MotionTokenizer(config).eval()
    motion = torch.cumsum(torch.randn(64, 16, 5), 1)
    tokenizer.fit(motion, torch.full((5,), 0.01), torch.tensor([1.0, 4.0, 1.0, 9.0, 1.0]))
    assert torch.allclose(tokenizer.decode(tokenizer.encode(motion)), motion, atol=1e-3)
