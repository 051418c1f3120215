"""The general ascent of a likelihood: beside closed forms, SciPy, and where there is no maximum."""

import math

import pytest
import torch
from scipy import stats

from gradus.errors import GradusError
from gradus.foundations.maximum_likelihood import maximum_likelihood


def normal(x, t):
    return -0.5 * (math.log(2 * math.pi) + t[..., 1] + (x - t[..., 0]) ** 2 * (-t[..., 1]).exp())


def bernoulli(x, t):
    return x * t[..., 0] - torch.nn.functional.softplus(t[..., 0])


def draws(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_standard_errors_are_those_of_the_information():
    x = 5 + 3 * draws(4, 50)
    fit = maximum_likelihood(normal, x, torch.zeros(4, 2))
    v = x.var(-1, correction=0)
    assert torch.allclose(fit.standard_errors[:, 0], (v / 50).sqrt(), rtol=1e-10)
    assert torch.allclose(
        fit.standard_errors[:, 1], torch.full((4,), math.sqrt(2 / 50), dtype=torch.float64), rtol=1e-10
    )
    want = stats.norm(x[0].mean(), v[0].sqrt()).logpdf(x[0]).sum()
    assert fit.log_likelihood[0].item() == pytest.approx(want, rel=1e-13)


def test_a_distribution_without_closed_form_agrees_with_scipy():
    x = torch.from_numpy(stats.gamma(2.5, scale=0.7).rvs(200, random_state=1))

    def gamma(x, t):
        shape, rate = t[..., 0].exp(), t[..., 1].exp()
        return shape * t[..., 1] - torch.lgamma(shape) + (shape - 1) * x.log() - rate * x

    shape, rate = maximum_likelihood(gamma, x, torch.zeros(2)).parameters.exp().tolist()
    want = stats.gamma.fit(x.numpy(), floc=0)
    assert (shape, 1 / rate) == pytest.approx((want[0], want[2]), rel=1e-6)


@pytest.mark.parametrize("start", [-30.0, -3.0, 0.0, 8.0, 30.0])
def test_a_far_start_arrives(start):
    x = draws(40) + 2
    fit = maximum_likelihood(normal, x, torch.tensor([start, start / 3]))
    assert fit.parameters[0].item() == pytest.approx(x.mean().item(), rel=1e-9)


def test_gradient_of_the_estimate_is_the_implicit_one():
    x = draws(7).requires_grad_()
    fit = maximum_likelihood(normal, x, torch.zeros(2))
    (mean_gradient,) = torch.autograd.grad(fit.parameters[0], x, retain_graph=True)
    assert torch.allclose(mean_gradient, torch.full((7,), 1 / 7, dtype=torch.float64))
    (v_gradient,) = torch.autograd.grad(fit.parameters[1], x)
    xd = x.detach()
    assert torch.allclose(v_gradient, 2 * (xd - xd.mean()) / 7 / xd.var(correction=0))


def test_grad_mode_and_dtype_are_respected():
    x = draws(6).float()
    with torch.no_grad():
        fit = maximum_likelihood(normal, x, torch.zeros(2))
        assert not torch.is_grad_enabled()
    assert fit.parameters.dtype == torch.float32
    assert not fit.parameters.requires_grad


@pytest.mark.parametrize(("x", "density", "start", "said"), [
    (torch.zeros(0), normal, torch.zeros(2), r"n ≥ 1.*\(0,\)"),
    (torch.tensor([1.0, math.nan]), normal, torch.zeros(2), "x: expected finite numbers, got nan"),
    (torch.ones(3, 4), normal, torch.zeros(2), r"start: .*got \(2,\); .* \(3,\) in x"),
    (torch.ones(5), normal, torch.zeros(2), "maximum"),
    (torch.ones(5), bernoulli, torch.zeros(1), "maximum"),
    (torch.ones(5), lambda x, t: t[..., 0] * x, torch.zeros(1), "maximum"),
    (torch.ones(5), lambda x, t: -x, torch.zeros(1), "does not depend on θ"),
    (torch.ones(5), lambda x, t: (t[..., 0] * x).log(), torch.zeros(1), "not finite where the ascent stands"),
])  # fmt: skip
def test_refuses(x, density, start, said):
    with pytest.raises(GradusError, match=said):
        maximum_likelihood(density, x, start)
