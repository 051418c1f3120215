"""Diffusion beside closed forms: schedules, conversions, losses, samplers, and what they refuse."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.generative import (
    GaussianMixtureDenoiser,
    NoiseSchedule,
    add_noise,
    convert_prediction,
    ddim_invert,
    ddim_sample,
    ddpm_sample,
    denoising_step,
    diffusion_loss,
    diffusion_times,
)

PAPER = NoiseSchedule.linear()
SHORT = NoiseSchedule.linear(60, 0.002, 0.25)


def mixture(schedule: NoiseSchedule, prediction: str = "noise", dtype: torch.dtype = torch.float64) -> GaussianMixtureDenoiser:  # fmt: skip
    means = torch.tensor([[-1.5, 0.0], [1.0, 0.5]], dtype=dtype)
    w, s = torch.tensor([0.3, 0.7], dtype=dtype), torch.tensor([0.3, 0.5], dtype=dtype)
    return GaussianMixtureDenoiser(w, means, s, schedule, prediction=prediction)


class Dropping(nn.Module):
    """A model with a parameter, dropout and a mode."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.drop, self.frozen = (
            nn.Parameter(torch.tensor(0.5)),
            nn.Dropout(0.5),
            nn.Dropout(0.5).eval(),
        )

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return self.drop(self.scale * x)


def test_the_papers_schedule_to_the_last_digits():
    exact = math.fsum(math.log1p(-(1e-4 + i * (0.02 - 1e-4) / 999)) for i in range(1000))
    assert PAPER.alpha_bars[-1].item() == pytest.approx(math.exp(exact), rel=1e-13)
    assert PAPER.alpha_bars[0] == 1
    assert PAPER.noise_levels[1].item() == pytest.approx(1e-4, rel=1e-15)  # 1 − ᾱ₁ keeps its digits
    assert (PAPER.alpha_bars + PAPER.noise_levels - 1).abs().max() < 1e-15


def test_the_cosine_schedule_is_the_cosine_but_for_the_last_step():
    schedule = NoiseSchedule.cosine(50)
    u = (torch.arange(51, dtype=torch.float64) / 50 + 0.008) / 1.008
    want = torch.cos(u * math.pi / 2) ** 2 / math.cos(0.008 / 1.008 * math.pi / 2) ** 2
    assert torch.allclose(schedule.alpha_bars[:-1], want[:-1], rtol=1e-12)
    assert schedule.betas[-1] == 0.999


def test_zero_terminal_snr_keeps_the_first_and_ends_at_zero():
    found = PAPER.zero_terminal_snr()
    assert found.alpha_bars[-1] == 0
    assert found.alpha_bars[1].item() == pytest.approx(PAPER.alpha_bars[1].item(), rel=1e-12)
    root, old = found.alpha_bars[1:].sqrt(), PAPER.alpha_bars[1:].sqrt()
    line = (root[1:] - root[:-1]) / (old[1:] - old[:-1])
    assert torch.allclose(line, line[:1].expand_as(line), rtol=1e-6)  # shifted and stretched: one slope


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_precision_and_shape_are_those_of_the_data(dtype):
    x = torch.ones(3, 2, 4, dtype=dtype)
    t = torch.tensor([1, 30, 60])
    step = denoising_step(x, x, t, SHORT, x)
    assert {v.dtype for v in step} == {dtype}
    assert step.sample.shape == x.shape
    loss = diffusion_loss(lambda x, t: x, x, SHORT, seed=0, weighting="bound", reduction="none")
    assert (loss.shape, loss.dtype) == ((3,), dtype)
    assert ddim_sample(lambda x, t: x, (2, 3), SHORT, steps=2, seed=0, dtype=dtype).dtype == dtype


def test_conversions_lead_back():
    x, v = torch.randn(2, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    t = torch.tensor([1, 2, 30, 59, 60])
    for a in ("noise", "data", "velocity"):
        for b in ("noise", "data", "velocity"):
            there = convert_prediction(v, x, t, SHORT, source=a, target=b)
            assert torch.allclose(convert_prediction(there, x, t, SHORT, source=b, target=a), v, atol=1e-9)


def test_the_mixtures_guess_is_the_slope_of_its_log_density():
    model, t = mixture(SHORT), 17
    x = torch.tensor([[0.3, -0.2], [-1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    a, level = SHORT.alpha_bars[t], SHORT.noise_levels[t]
    v = a * model.deviations**2 + level
    away = (x[:, None] - a.sqrt() * model.means).square().sum(-1)
    log_p = torch.logsumexp(model.weights.log() - v.log() - away / (2 * v), 1).sum()  # d = 2: v^{−d/2}
    (slope,) = torch.autograd.grad(log_p, x)
    assert torch.allclose(model(x.detach(), t), -level.sqrt() * slope, atol=1e-12)
    for other in ("data", "velocity"):
        want = convert_prediction(model(x.detach(), t), x.detach(), t, SHORT, source="noise", target=other)
        assert torch.allclose(mixture(SHORT, other)(x.detach(), t), want, atol=1e-10)


def test_the_bound_is_near_the_negative_log_likelihood_with_one_variance_and_not_with_the_other():
    d = torch.float64
    one = GaussianMixtureDenoiser(
        torch.ones(1, dtype=d), torch.zeros(1, 1, dtype=d), torch.full((1,), 0.5, dtype=d), PAPER
    )
    x = one.sample(400, seed=0)
    exact = -torch.distributions.Normal(0.0, 0.5).log_prob(x).mean()
    times = [*range(1, 41), *range(44, 1001, 8)]  # the first singly, later ones in place of eight
    for variance, least, most in (("beta", -0.05, 0.1), ("posterior", 0.3, 0.5)):
        total = PAPER.prior_divergence(x).mean()
        for t in times:
            each = diffusion_loss(one, x, PAPER, weighting="bound", variance=variance, t=t, seed=t)
            total = total + each * (1 if t <= 40 else 8)
        assert exact + least < total < exact + most


def test_both_samplers_bring_the_mixture_back_and_predictions_agree():
    n = 1500
    truth = mixture(SHORT).sample(20000, seed=1)
    start = torch.randn(n, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    found = {}
    for kind in ("noise", "data", "velocity"):
        model = mixture(SHORT, kind)
        found[kind] = ddim_sample(model, (n, 2), SHORT, steps=60, prediction=kind, start=start)
        assert torch.allclose(found[kind], found["noise"], atol=1e-8)
    found["ancestral"] = ddpm_sample(mixture(SHORT), (n, 2), SHORT, variance="beta", start=start, seed=3)
    for x in (found["noise"], found["ancestral"]):
        assert (x.mean(0) - truth.mean(0)).abs().max() < 0.12  # 3.5 standard errors and the steps'
        assert (x.std(0) - truth.std(0)).abs().max() < 0.12
        assert abs((x[:, 0] < -0.5).double().mean() - (truth[:, 0] < -0.5).double().mean()) < 0.05


def test_ddim_with_new_noise_at_every_time_is_ancestral():
    start = torch.randn(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z = torch.randn(60, 5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    kind = {"start": start, "noises": z, "trajectory": True}
    a = ddim_sample(mixture(SHORT), (5, 2), SHORT, steps=60, eta=1.0, **kind)
    b = ddpm_sample(mixture(SHORT), (5, 2), SHORT, **kind)
    assert a.shape == (61, 5, 2)
    assert torch.allclose(a, b, atol=1e-10)


def test_there_and_back():
    x = mixture(SHORT).sample(20, seed=0)
    gaps = []
    for steps in (10, 20, 40):
        z = ddim_invert(mixture(SHORT), x, SHORT, steps=steps)
        gaps.append(
            (ddim_sample(mixture(SHORT), (20, 2), SHORT, steps=steps, start=z) - x).abs().max().item()
        )
    assert gaps[0] > 1.4 * gaps[1] > 1.9 * gaps[2] > 0
    z = ddim_invert(mixture(SHORT), x, SHORT, steps=20, iterations=30)
    assert (ddim_sample(mixture(SHORT), (20, 2), SHORT, steps=20, start=z) - x).abs().max() < 1e-6


@pytest.mark.parametrize("spacing", ["trailing", "leading", "linspace", "quadratic"])
def test_times_fall_and_end_above_zero(spacing):
    for steps in (1, 7, 13, 20, 30):
        taken = diffusion_times(PAPER, steps, spacing)
        assert len(taken) == steps
        assert all(a > b for a, b in zip(taken, (*taken[1:], 0), strict=True))
        if spacing != "leading":
            assert taken[0] == 1000
    assert diffusion_times(SHORT, 60, spacing if spacing != "quadratic" else "linspace") == tuple(
        range(60, 0, -1)
    )


def test_each_step_leads_to_the_next_time_of_the_list():
    """Asked with a guess of 0 the step from t to s is x √(ᾱ_s/ᾱ_t): the times can be read off the path."""
    taken = [57, 31, 30, 4]
    path = ddim_sample(lambda x, t: 0 * x, (1, 1), SHORT, timesteps=taken, start=torch.ones(1, 1, dtype=torch.float64), trajectory=True)  # fmt: skip
    a = SHORT.alpha_bars[[*taken, 0]]
    assert torch.allclose(path.flatten(), (a / a[0]).sqrt(), rtol=1e-12)


def test_the_model_is_left_as_it_was_and_asked_in_evaluation_mode():
    model = Dropping()
    before = model.scale.item()
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    a, b = (ddpm_sample(model, (3, 4), SHORT, seed=1) for _ in range(2))
    assert torch.equal(a, b)
    assert torch.equal(
        ddim_sample(model, (3, 4), SHORT, eta=1.0, seed=1), ddim_sample(model, (3, 4), SHORT, eta=1.0, seed=1)
    )
    assert [m.training for m in model.modules()] == [True, True, False]
    assert model.scale.item() == before
    assert model.scale.grad is None
    assert not a.requires_grad
    assert torch.equal(torch.random.get_rng_state(), state)
    same = ddpm_sample(model, (3, 4), SHORT, generator=torch.Generator().manual_seed(1))
    assert torch.equal(same, a)
    loss = diffusion_loss(model, a, SHORT, seed=0)
    loss.backward()
    assert model.scale.grad is not None


def test_not_a_number_is_named_with_its_step():
    def model(x, t):
        return torch.where(t[:, None] == 40, torch.nan, 0.0) * x

    with pytest.raises(GradusError, match=r"nan in x after step 21 of 60, at t = 40"):
        ddpm_sample(model, (2, 2), SHORT, seed=0)
    with pytest.raises(GradusError, match=r"nan in x after step 2 of 3, at t = 40"):
        ddim_sample(model, (2, 2), SHORT, steps=3, seed=0)


def test_clipping_holds_the_data_and_the_noise_leads_to_them():
    x = ddim_sample(lambda x, t: 3 * x, (50, 1), SHORT, steps=5, clip=(-1, 1), seed=0)
    assert x.abs().max() <= 1
    step = denoising_step(
        torch.full((1,), 9.0), torch.ones(1), 5, SHORT, torch.zeros(1), prediction="data", clip=(-1.0, 1.0)
    )
    assert step.data == 1


def test_gradients_flow_through_the_loss_and_the_step():
    x = torch.ones(2, 1, dtype=torch.float64, requires_grad=True)
    fixed = {"t": torch.tensor([3, 60]), "noise": torch.ones(2, 1, dtype=torch.float64)}
    for weighting in ("simple", "bound"):
        assert torch.autograd.gradcheck(lambda x, w=weighting: diffusion_loss(lambda y, t: y.sin(), x, SHORT, weighting=w, **fixed), x)  # fmt: skip


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: NoiseSchedule(torch.tensor([0.1, 1.0, 0.1])), r"1 at betas\[1\]"),
        (lambda: NoiseSchedule(torch.tensor([])), "one step"),
        (lambda: add_noise(torch.ones(2, 1), 0, SHORT, torch.ones(2, 1)), "t: "),
        (lambda: add_noise(torch.ones(2, 1), torch.tensor([1, 61]), SHORT, torch.ones(2, 1)), "counts from 0"),
        (lambda: add_noise(torch.ones(2, 1), torch.tensor([1, 2, 3]), SHORT, torch.ones(2, 1)), "one a sample"),
        (lambda: add_noise(torch.ones(2, 1), 3, SHORT, torch.ones(2)), "noise: "),
        (lambda: ddpm_sample(lambda x, t: x, (2, 1), PAPER.zero_terminal_snr()), "velocity"),
        (lambda: ddim_sample(lambda x, t: x[:1], (2, 1), SHORT), "model: "),
        (lambda: ddim_sample(lambda x, t: x, (2, 1), SHORT, timesteps=[3, 3]), "times that fall"),
        (lambda: ddim_sample(lambda x, t: x, (2, 1), SHORT, eta=1.5), "eta"),
        (lambda: ddim_sample(lambda x, t: x, (2, 1), SHORT, seed=1, generator=torch.Generator()), "seed"),
        (lambda: diffusion_times(SHORT, 40, "quadratic"), "different times"),
        (lambda: ddim_invert(lambda x, t: x, torch.ones(1, 1), PAPER.zero_terminal_snr(), prediction="data"), "is left"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(call, words):
    with pytest.raises(GradusError, match=words):
        call()
