"""Losses, gradient penalty, training by turns and coverage of modes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gradus.errors import GradusError
from gradus.generative import (
    critic_loss,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    mode_coverage,
    train_gan,
)

ANGLES = torch.arange(8) * math.pi / 4
RING = 2 * torch.stack([ANGLES.cos(), ANGLES.sin()], 1)


def drawn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def mlp(inputs: int, width: int, outputs: int, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs)
        )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_losses_are_those_of_cross_entropy_in_every_precision(dtype: torch.dtype) -> None:
    real, fake = drawn(6, 1, dtype=dtype), drawn(5, 1, seed=1, dtype=dtype)
    bce = binary_cross_entropy_with_logits
    want = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    got = discriminator_loss(real, fake)
    assert got.dtype == dtype
    torch.testing.assert_close(got, want)
    torch.testing.assert_close(generator_loss(fake), bce(fake, torch.ones_like(fake)))
    torch.testing.assert_close(generator_loss(fake, kind="minimax"), -bce(fake, torch.zeros_like(fake)))
    torch.testing.assert_close(generator_loss(fake, kind="wasserstein"), -fake.mean())
    torch.testing.assert_close(critic_loss(real, fake), fake.mean() - real.mean())


def test_losses_have_right_derivatives_and_weights() -> None:
    real, fake = drawn(2, 4).requires_grad_(), drawn(2, 3, seed=1).requires_grad_()
    weights = torch.tensor([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda r, f: discriminator_loss(r, f, None, weights, dim=-1), (real, fake)
    )
    assert torch.autograd.gradgradcheck(generator_loss, (fake,))
    far = torch.tensor([-1000.0], requires_grad=True)
    torch.autograd.backward(generator_loss(far))
    assert far.grad is not None and far.grad.item() == -1
    assert generator_loss(fake, weights, dim=1)[1].item() == pytest.approx(-fake[1, 1].sigmoid().log().item())


def test_penalty_of_a_linear_critic_on_images() -> None:
    critic = nn.Sequential(nn.Flatten(), nn.Linear(12, 1)).double()
    x, y = drawn(5, 3, 2, 2), drawn(5, 3, 2, 2, seed=1)
    length = critic[1].weight.detach().norm().item()
    assert gradient_penalty(critic, x, y).item() == pytest.approx((length - 1) ** 2)
    assert gradient_penalty(critic, x, y, target=0).item() == pytest.approx(length**2)
    assert gradient_penalty(critic, x, y, target=length + 1, one_sided=True).item() == 0


def test_penalty_is_one_norm_a_sample_at_its_own_point_and_can_be_differentiated() -> None:
    x, y = drawn(4, 2), drawn(4, 2, seed=1)
    e = torch.tensor([0.0, 0.3, 0.6, 1.0], dtype=torch.float64)
    w = drawn(2, 2, seed=2).requires_grad_()

    def penalty(w: Tensor) -> Tensor:
        return gradient_penalty(lambda t: (t @ w).square().sum(1) / 2, x, y, coefficients=e)

    points = e[:, None] * x + (1 - e[:, None]) * y
    want = ((points @ w @ w.T).norm(dim=1) - 1).square().mean()
    torch.testing.assert_close(penalty(w), want)
    assert torch.autograd.gradcheck(penalty, (w,))
    with torch.no_grad():
        assert not penalty(w).requires_grad
    torch.testing.assert_close(gradient_penalty(lambda t: 0 * t.sum(1), x, y).item(), 1.0)
    flat = nn.Linear(2, 1).double()
    nn.init.zeros_(flat.weight)
    gradient_penalty(flat, x, y).backward()  # type: ignore[no-untyped-call]
    assert flat.weight.grad is not None and bool(flat.weight.grad.isfinite().all())


def test_penalty_draws_by_its_seed_and_leaves_the_rest_alone() -> None:
    critic = mlp(2, 8, 1)
    x, y = drawn(6, 2, dtype=torch.float32).requires_grad_(), drawn(6, 2, seed=1, dtype=torch.float32)
    state = torch.random.get_rng_state()
    a, b, c = (gradient_penalty(critic, x, y, seed=s).item() for s in (1, 1, 2))
    assert a == b != c
    assert torch.equal(state, torch.random.get_rng_state())
    assert x.grad is None and all(p.grad is None for p in critic.parameters())
    half = gradient_penalty(critic.half(), x.half(), y.half(), seed=1)
    assert half.dtype == torch.float32 and half.item() == pytest.approx(a, rel=0.02)


@pytest.mark.parametrize(
    ("critic", "word"),
    [
        (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)), "batch normalisation in 1"),
        (nn.Linear(2, 2), "one score a sample"),
        (lambda t: t.detach().sum(1), "cut from the graph"),
        (lambda t: (t - t).sqrt().sum(1), "that of sample 0 is not"),
        (lambda t: t.sum(), "one score a sample"),
    ],
)
def test_penalty_refuses_a_critic_that_is_none(critic: nn.Module, word: str) -> None:
    with pytest.raises(GradusError, match=word):
        gradient_penalty(critic, torch.randn(3, 2), torch.randn(3, 2))


def test_training_is_the_same_for_the_same_seed_and_leaves_modes_and_generator() -> None:
    found = []
    real = drawn(50, 2, dtype=torch.float32)
    for seed in (0, 0, 1):
        G, D = mlp(2, 4, 2), nn.Sequential(mlp(2, 4, 4, 1), nn.Dropout(0.5), nn.Linear(4, 1))
        nn.init.ones_(D[2].weight)
        nn.init.zeros_(D[2].bias)
        G.eval()
        state = torch.random.get_rng_state()
        run = train_gan(G, D, real, latent=2, steps=5, batch=8, seed=seed, discriminator_steps=2)
        assert torch.equal(state, torch.random.get_rng_state())
        assert not G.training and D.training
        assert all(p.grad is None and p.requires_grad for p in (*G.parameters(), *D.parameters()))
        found.append(run.generator_loss)
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])
    assert bool(found[0].isfinite().all())


def test_a_linear_game_does_what_the_formulas_say() -> None:
    """One turn by hand: the generator moves after the discriminator has moved."""
    G, D = nn.Linear(1, 1).double(), nn.Linear(1, 1, bias=False).double()
    for p in (*G.parameters(), *D.parameters()):
        nn.init.constant_(p, 0.5)
    run = train_gan(
        G,
        D,
        torch.ones(3, 1, dtype=torch.float64),
        latent=lambda n: torch.zeros(n, 1).double(),
        steps=1,
        batch=4,
        learning_rate=0.1,
    )
    before, after = 0.5, 0.6  # Adam's first step is the rate, towards the real samples at 1
    assert D.weight.item() == pytest.approx(after)
    want = math.log1p(math.exp(-before)) + math.log1p(math.exp(before / 2))
    assert run.discriminator_loss.item() == pytest.approx(want)
    assert run.generator_loss.item() == pytest.approx(math.log1p(math.exp(-after / 2)))
    assert run.belief.item() == pytest.approx(1 / (1 + math.exp(-after / 2)))
    assert G.bias.item() == pytest.approx(0.6)
    assert run.accuracy.item() == 0.5


def test_a_nan_stops_training_with_step_and_tensor_before_it_spoils_anything() -> None:
    class Bad(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.calls = nn.Linear(1, 1), 0

        def forward(self, z: Tensor) -> Tensor:
            self.calls += 1
            out: Tensor = self.inner(z)
            return out * torch.nan if self.calls > 4 else out

    bad = Bad()
    with pytest.raises(GradusError, match=r"step 2: .* in the generator's samples"):
        train_gan(bad, nn.Linear(1, 1), torch.ones(4, 1), latent=1, steps=9, batch=4)
    assert all(bool(p.isfinite().all()) for p in bad.parameters())
    sharp = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1))
    nn.init.zeros_(sharp[0].weight)
    sharp[0].register_forward_hook(lambda m, i, o: (o * 0).sqrt() * 0 + o)
    with pytest.raises(GradusError, match=r"step 0: .* the gradient of 0.weight of the discriminator"):
        train_gan(nn.Linear(1, 1), sharp, torch.ones(4, 1), latent=1, steps=2, batch=4)


def test_a_perfect_discriminator_and_one_point_are_said() -> None:
    G = nn.Linear(1, 1)
    nn.init.zeros_(G.weight)
    D = nn.Linear(1, 1)
    nn.init.constant_(D.weight, 100.0)
    nn.init.constant_(D.bias, -5000.0)
    run = train_gan(
        G, D, torch.full((9, 1), 100.0), latent=1, steps=60, batch=4, kind="minimax", learning_rate=1e-5
    )
    first, second = run.warnings
    assert (
        first.en.startswith("from turn 0: the discriminator is perfect")
        and "kind='non-saturating'" in first.en
    )
    assert first.zh.startswith("自第 0 轮起")
    assert second.en == "from turn 0: the generated samples are nearly all the same"
    assert run.generator_gradient.max() < 1e-6
    assert "perfect" in repr(run)


def test_coverage_counts_by_the_nearest_mode() -> None:
    samples = torch.cat([RING[:1].repeat(30, 1), RING[3:4].repeat(10, 1), torch.zeros(10, 2)])
    found = mode_coverage(samples, RING, radius=0.3, least=11)
    assert found.counts.tolist() == [30, 0, 0, 10, 0, 0, 0, 0]
    assert found.covered.tolist() == [True] + [False] * 7
    assert found.quality == 0.8
    want = math.log(8) + 0.75 * math.log(0.75) + 0.25 * math.log(0.25)
    assert found.divergence == pytest.approx(want)
    assert mode_coverage(RING, RING, radius=0.1).divergence == pytest.approx(0, abs=1e-15)
    assert mode_coverage(samples[-3:], RING, radius=0.1).divergence == math.inf


def ring(n: int) -> Tensor:
    """Eight normal distributions of deviation 0.05 on a circle of radius 2."""
    g = torch.Generator().manual_seed(0)
    which = torch.randint(8, (n,), generator=g)
    return RING[which] + 0.05 * torch.randn(n, 2, generator=g)


@pytest.mark.slow
def test_a_ring_of_eight_modes_is_found_and_a_lazy_discriminator_lets_it_collapse() -> None:
    found = {}
    for name, options in {
        "fair": dict(steps=3000, penalty=0.1),
        "lazy": dict(steps=1500, learning_rate=3e-3, discriminator_rate=3e-4),
    }.items():
        torch.manual_seed(0)
        G = mlp(2, 64, 2)
        train_gan(G, mlp(2, 64, 1, 1), ring(20000), latent=2, seed=0, **options)  # type: ignore[arg-type]
        with torch.no_grad():
            samples = G(drawn(2000, 2, seed=9, dtype=torch.float32))
        found[name] = mode_coverage(samples, RING, radius=0.15, least=20)
    assert int(found["fair"].covered.sum()) == 8, found
    assert found["fair"].quality > 0.4 and found["fair"].divergence < 0.3, found
    assert int(found["lazy"].covered.sum()) <= 2, found
