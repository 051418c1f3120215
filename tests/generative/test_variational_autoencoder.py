"""Variational autoencoders beside what is known of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.generative import VAE, ImportanceBound, VAEBound, bits_per_dimension, gaussian_kl


def made(seed: int = 0, latents: int = 2, pixels: int = 6, **given: object) -> VAE:
    torch.manual_seed(seed)
    encoder = nn.Sequential(nn.Linear(pixels, 8), nn.Tanh(), nn.Linear(8, 2 * latents))
    decoder = nn.Sequential(nn.Linear(latents, 8), nn.Tanh(), nn.Linear(8, pixels))
    return VAE(encoder, decoder, latents, **given).double()  # type: ignore[arg-type]


def pixels(n: int = 5, seed: int = 1) -> torch.Tensor:
    return torch.as_tensor(np.random.default_rng(seed).integers(0, 2, (n, 6)).astype(float))


def test_chunks_change_nothing_but_rounding() -> None:
    vae, x = made(), pixels()
    whole = vae.importance_bound(x, samples=50, seed=3)
    for chunk in (1, 7, 50, 99):
        part = vae.importance_bound(x, samples=50, chunk=chunk, seed=3)
        torch.testing.assert_close(part.value, whole.value, rtol=1e-13, atol=1e-13)
        torch.testing.assert_close(part.effective_size, whole.effective_size, rtol=1e-11, atol=0)
    assert bool((whole.effective_size >= 1 - 1e-9).all() and (whole.effective_size <= 50 + 1e-9).all())


def test_the_gradient_is_that_of_differences() -> None:
    vae, x = made(likelihood="gaussian", learn_scale=True), pixels()
    noise = torch.as_tensor(np.random.default_rng(0).normal(size=(3, 5, 2)))
    for bound in (
        lambda: vae.elbo(x, noise=noise).value.sum(),
        lambda: vae.importance_bound(x, noise=noise).value.sum(),
    ):
        vae.zero_grad()
        bound().backward()
        for p in vae.parameters():
            with torch.no_grad():
                direction = torch.ones_like(p) / p.numel()
                p.add_(1e-5 * direction)
                above = bound().item()
                p.sub_(2e-5 * direction)
                below = bound().item()
                p.add_(1e-5 * direction)
            assert p.grad is not None
            assert math.isclose(
                (above - below) / 2e-5, (p.grad * direction).sum().item(), rel_tol=1e-6, abs_tol=1e-7
            )


def test_training_beats_a_model_without_latents() -> None:
    rng = np.random.default_rng(0)
    ones = rng.integers(0, 2, (400, 1))
    data = torch.as_tensor(np.where(rng.random((400, 6)) < 0.05, 1 - ones, ones).astype(float))
    vae = made()
    optimizer = torch.optim.Adam(vae.parameters(), 0.03)
    torch.manual_seed(0)
    for _ in range(80):
        optimizer.zero_grad()
        (-vae(data).mean()).backward()
        optimizer.step()
    with torch.no_grad():
        bound = vae.elbo(data, samples=20, seed=0)
        tighter = vae.importance_bound(data, samples=100, seed=0)
    p = data.mean(0)
    independent = float((data * p.log() + (1 - data) * (1 - p).log()).sum(1).mean())
    best = -math.log(2) + 6 * (
        0.05 * math.log(0.05) + 0.95 * math.log(0.95)
    )  # about the entropy of the source
    assert independent + 1 < float(bound.value.mean()) < float(tighter.value.mean()) < best + 0.3
    assert 1 <= int(vae.active_units(data).active.sum()) <= 2
    made_up = vae.sample(300, observe=True, seed=0)
    assert set(made_up.unique().tolist()) == {0.0, 1.0}
    assert float(made_up.std(1).mean()) < 0.35  # of one kind: mostly all on or all off
    assert float((vae.reconstruct(data).round() == data).double().mean()) > 0.9


def test_any_shape_of_sample_precision_and_pair_of_outputs() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mean, self.spread = nn.Linear(12, 3), nn.Linear(12, 3)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.mean(x.flatten(1)), self.spread(x.flatten(1))

    decoder = nn.Sequential(nn.Linear(3, 12), nn.Unflatten(1, (3, 2, 2)))
    vae = VAE(Pair(), decoder, 3, likelihood="gaussian", scale=0.5)
    x = torch.randn(4, 3, 2, 2)
    assert vae.elbo(x, samples=2).value.shape == (4,)
    assert vae.sample(2).shape == (2, 3, 2, 2)
    half = vae.bfloat16()
    assert half.elbo(x.bfloat16()).value.dtype == torch.bfloat16
    assert vae.elbo(x[:0].bfloat16()).value.shape == (0,)


def test_the_generator_and_the_mode_stay_as_they_were() -> None:
    vae, x = made().train(), pixels()
    state = torch.random.get_rng_state()
    first = vae.elbo(x, seed=5).value
    vae.sample(3, seed=1), vae.active_units(x), vae.reconstruct(x), vae.importance_bound(x, 4, seed=2)
    assert torch.equal(torch.random.get_rng_state(), state) and vae.training
    assert torch.equal(vae.elbo(x, seed=5).value, first)


def test_weights_of_the_divergence_and_of_nothing() -> None:
    vae, x = made(), pixels()
    one, four = vae.elbo(x, seed=0), vae.elbo(x, beta=4.0, seed=0)
    torch.testing.assert_close(one.value - four.value, 3 * one.divergence)
    assert "4 · divergence" in repr(four) and "· divergence" not in repr(one)


def test_closed_form_beside_torch() -> None:
    rng = np.random.default_rng(0)
    m, s, m0, s0 = (torch.as_tensor(rng.normal(size=(4, 3))) for _ in range(4))
    q, p = (torch.distributions.Normal(a, (b / 2).exp()) for a, b in ((m, s), (m0, s0)))
    want = torch.distributions.kl_divergence(q, p).sum(-1)
    torch.testing.assert_close(gaussian_kl(m, s, m0, s0), want, rtol=1e-12, atol=1e-12)


def test_bits_of_a_density_follow_the_scale() -> None:
    """Noisy levels divided by 256: the density is 256^D times as large, and the bits are the same."""
    density = torch.tensor([-7.0, -9.0], dtype=torch.float64)
    scaled = density + 12 * math.log(256)
    torch.testing.assert_close(bits_per_dimension(scaled, 12, levels=256), bits_per_dimension(density, 12))


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda: made().elbo(3 * pixels()), "numbers from 0 to 1"),
        (lambda: made().elbo(pixels().float()), "torch.float64"),
        (lambda: made().elbo(pixels() * torch.nan), "finite"),
        (lambda: VAE(nn.Linear(6, 3), nn.Linear(2, 6), 2).elbo(pixels().float()), "encoder"),
        (lambda: VAE(nn.Linear(6, 4), nn.Linear(2, 5), 2).elbo(pixels().float()), "decoder"),
        (lambda: made().elbo(pixels(), noise=torch.zeros(1, 5, 3).double()), "noise"),
        (lambda: made(scale=2.0), "bernoulli"),
        (lambda: made().active_units(pixels(1)), "two samples"),
        (lambda: gaussian_kl(torch.zeros(3), torch.full((3,), 800.0)), "divergence"),
    ],
)
def test_what_cannot_be_is_refused(what: object, words: str) -> None:
    with pytest.raises(GradusError, match=words):
        what()  # type: ignore[operator]


def test_results_say_what_they_are() -> None:
    vae, x = made(), pixels()
    assert isinstance(vae.elbo(x), VAEBound) and isinstance(vae.importance_bound(x, 3), ImportanceBound)
    assert repr(vae).startswith("VAE(2 latents, bernoulli")
