"""Heads that predict the clean latent: the path, its sampler, the collapse to one map."""

import itertools

import pytest

torch = pytest.importorskip("torch")

from facestream.motion.heads.clean import HEADS, HeadConfig, NoisePath

PATHS = ("leading", "trailing", "straight")


@pytest.fixture(autouse=True)
def no_grad():
    with torch.no_grad():
        yield


def make(kind, path="leading", steps=50):
    torch.manual_seed(0)
    return HEADS[kind](HeadConfig(kind, 2, path, steps), width=6, latents=4).eval()


def test_fifty_steps_visit_the_times_of_the_released_sampler():
    path = NoisePath("leading", 50)
    assert [place.time for place in path.places] == [*range(981, 0, -20), 0]
    assert path.places[0].alpha == pytest.approx(0.0766, abs=1e-3)
    assert path.places[-1].sigma == pytest.approx(0.00085**0.5)
    assert NoisePath("trailing", 50).places[0].time == 999


@pytest.mark.parametrize("path", PATHS)
def test_a_perfect_denoiser_arrives(path):
    clean, noise = torch.randn(3, 4), torch.randn(3, 4)
    noise_path = NoisePath(path, 50)
    arrived = noise_path.descend(noise, lambda noisy, time: clean)
    last, first = noise_path.places[-1], noise_path.places[0]
    implied = (noise - first.alpha * clean) / first.sigma
    torch.testing.assert_close(arrived, last.alpha * clean + last.sigma * implied, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("path", "steps"), list(itertools.product(PATHS, (1, 4, 50))))
def test_any_number_of_affine_steps_is_one_map(path, steps):
    head = make("affine", path, steps)
    context, noise = torch.randn(2, 3, 6), torch.randn(2, 3, 4)
    torch.testing.assert_close(head.collapse()(context, noise), head.sample(context, noise), atol=1e-5, rtol=1e-4)


def test_the_collapse_is_exact_in_double_precision():
    head = make("affine").double()
    context, noise = torch.randn(5, 6).double(), torch.randn(5, 4).double()
    torch.testing.assert_close(head.collapse()(context, noise), head.sample(context, noise), atol=1e-12, rtol=1e-12)


def test_a_map_followed_by_a_layer():
    head, layer = make("affine"), torch.nn.Linear(4, 3)
    context, noise = torch.randn(2, 6), torch.randn(2, 4)
    whole = head.collapse()
    torch.testing.assert_close(whole.followed_by(layer)(context, noise), layer(whole(context, noise)))


def test_regression_asks_neither_noise_nor_time():
    head = make("regression")
    context = torch.randn(2, 6)
    torch.testing.assert_close(head.sample(context, torch.randn(2, 4)), head.sample(context, torch.zeros(2, 4)))


@pytest.mark.parametrize("path", PATHS)
def test_noise_is_mixed_as_the_path_says(path):
    torch.manual_seed(0)
    noisy, time = NoisePath(path, 4).draw(torch.full((64, 3, 256), 100.0))
    beta = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = (1 - beta).cumprod(0)[time.long().clamp(max=999)].float().sqrt()
    alpha, sigma = (1 - time / 1000, time / 1000) if path == "straight" else (kept, (1 - kept**2).sqrt())
    assert time.shape == ((64, 3, 1) if path == "straight" else (64, 1, 1))
    torch.testing.assert_close(noisy.mean(-1, keepdim=True) / 100, alpha.expand(64, 3, 1), atol=5e-3, rtol=0)
    torch.testing.assert_close(noisy.std(-1, keepdim=True), sigma.expand(64, 3, 1), atol=0.2, rtol=0)


@pytest.mark.parametrize("kind", ["affine", "mlp"])
def test_a_student_of_few_steps_can_learn_where_its_teacher_ends(kind):
    teacher, student = make(kind, "trailing", 10), make(kind, "trailing", 2)
    with torch.enable_grad():
        optimiser = torch.optim.Adam(student.parameters(), 1e-2)
        history = []
        for _ in range(40):
            generator = torch.Generator().manual_seed(1)
            context, noise = (torch.randn(16, n, generator=generator) for n in (6, 4))
            loss = student.distil(teacher, context, noise).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            history.append(float(loss.detach()))
    assert history[-1] < 0.2 * history[0]
