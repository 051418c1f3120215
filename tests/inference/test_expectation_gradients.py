"""Both derivatives of an expectation beside closed forms, and what PyTorch's gamma does."""

from __future__ import annotations

import pytest
import torch
from scipy.special import gammaincinv
from torch.distributions import Bernoulli, Gamma, MultivariateNormal, Normal

from gradus.errors import GradusError
from gradus.inference import pathwise_gradient, score_gradient

M, S = torch.tensor(1.3, dtype=torch.float64), torch.tensor(0.7, dtype=torch.float64)


def square(x: torch.Tensor) -> torch.Tensor:
    return x**2


def test_both_are_right_and_as_variable_as_the_closed_forms_say() -> None:
    m, s = float(M), float(S)
    path = pathwise_gradient(square, Normal, (M, S), samples=8000, groups=400, seed=0)
    plain = score_gradient(square, Normal, (M, S), samples=8000, groups=400, seed=0, baseline=None)
    best = score_gradient(square, Normal, (M, S), samples=8000, groups=400, seed=0, baseline=m**2 + s**2)
    for found in (path, plain, best, score_gradient(square, Normal, (M, S), samples=8000, seed=0)):
        for g, e, want in zip(found.gradients, found.standard_errors, (2 * m, 2 * s), strict=True):
            assert abs(g - want) < 5 * e
    wants = (4 * s**2, m**4 / s**2 + 14 * m**2 + 15 * s**2, 8 * m**2 + 10 * s**2)
    for found, want in zip((path, plain, best), wants, strict=True):
        assert float(found.variances[0]) == pytest.approx(
            want, rel=0.4
        )  # 5 deviations of a variance of 400 groups
    assert M.grad is None
    assert not M.requires_grad


def test_batches_events_and_discrete_laws() -> None:
    mean, L = torch.zeros(3), torch.eye(3)
    found = pathwise_gradient(
        lambda z: z.sum(-1), lambda m, l: MultivariateNormal(m, scale_tril=l), (mean, L), samples=200, seed=0
    )
    assert torch.allclose(found.gradients[0], torch.ones(3))
    assert found.gradients[1].shape == (3, 3)
    found = pathwise_gradient(square, Normal, (torch.ones(4), torch.ones(4)), samples=4000, seed=0)
    assert ((found.gradients[0] - 2).abs() < 5 * found.standard_errors[0]).all()
    coin = score_gradient(
        lambda z: 3 * z, lambda a: Bernoulli(logits=a), (torch.tensor(0.3),), samples=4000, seed=1
    )
    p = torch.sigmoid(torch.tensor(0.3))
    assert abs(coin.gradients[0] - 3 * p * (1 - p)) < 5 * coin.standard_errors[0]
    step = score_gradient(lambda x: (x > 0).double(), Normal, (M, S), samples=8000, seed=0)
    density = Normal(M, S).log_prob(torch.zeros(()).double()).exp()
    assert abs(step.gradients[0] - density) < 5 * step.standard_errors[0]


def test_gamma_is_differentiated_to_three_digits() -> None:
    """PyTorch's derivative of gamma draws by the shape is an approximation, in double precision, too."""
    worst = 0.0
    for a in (0.05, 0.3, 1.5, 7.0, 40.0):
        for u in (0.1, 0.5, 0.9, 0.99):
            h = 1e-5 * a
            want = (gammaincinv(a + h, u) - gammaincinv(a - h, u)) / (2 * h)
            z, shape = (torch.tensor(x, dtype=torch.float64) for x in (gammaincinv(a, u), a))
            worst = max(worst, abs(float(torch._standard_gamma_grad(shape, z)) / want - 1))
    assert 1e-5 < worst < 1e-3  # below 1e-5: it has become exact, and the page says too much
    a = torch.tensor(2.5, dtype=torch.float64)
    found = pathwise_gradient(square, lambda a: Gamma(a, torch.ones_like(a)), (a,), samples=4000, seed=0)
    assert abs(found.gradients[0] - 6) < 5 * found.standard_errors[0] + 6e-3


def test_what_is_refused() -> None:
    with pytest.raises(GradusError, match="use score_gradient"):
        pathwise_gradient(square, Bernoulli, (torch.tensor(0.5),))
    with pytest.raises(GradusError, match="a step is 0 where it has one"):
        pathwise_gradient(lambda x: (x > 0).double(), Normal, (M, S))
    with pytest.raises(GradusError, match="two or more a group"):
        score_gradient(square, Normal, (M, S), samples=10)
    with pytest.raises(GradusError, match="function: expected one number a draw"):
        score_gradient(lambda x: x.sum(), Normal, (M, S))
    with pytest.raises(GradusError, match="law: expected a distribution"):
        score_gradient(square, lambda m, s: m, (M, S))
    one, two = (score_gradient(square, Normal, (M, S), samples=100, seed=3).gradients[0] for _ in range(2))
    assert torch.equal(one, two)
    assert repr(pathwise_gradient(lambda x: 2 * x, Normal, (M, S), samples=100, seed=3)).startswith(
        "GradientEstimate(2 ± "
    )
