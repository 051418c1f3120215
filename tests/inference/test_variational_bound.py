"""The evidence lower bound of the library beside closed forms: values, derivatives, errors."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import (
    Bernoulli,
    Beta,
    Categorical,
    Distribution,
    Gamma,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    OneHotCategorical,
    Poisson,
    kl_divergence,
)

from gradus.errors import GradusError
from gradus.inference import elbo

X = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)
ONE = torch.ones((), dtype=torch.float64)
PRIOR = Normal(0 * ONE, ONE)
EVIDENCE = MultivariateNormal(torch.zeros(3).to(X), torch.eye(3).to(X) + 1).log_prob(X).item()
POSTERIOR = Normal(7 / 4 * ONE, 0.5 * ONE)


def likelihood(m: Tensor) -> Tensor:
    return Normal(m[..., None], 1.0).log_prob(X).sum(-1)


def at(q: Distribution, **given: object) -> tuple[float, float]:
    found = elbo(likelihood, q, PRIOR, seed=3, **given)  # type: ignore[arg-type]
    return found.value.item(), found.standard_error.item()


def test_at_the_posterior_without_variance_and_elsewhere_lower_by_the_divergence() -> None:
    value, error = at(POSTERIOR, analytic=False)
    assert value == pytest.approx(EVIDENCE, abs=1e-13)
    assert error < 1e-13
    q = Normal(1.0 * ONE, 0.8 * ONE)
    want = EVIDENCE - kl_divergence(q, POSTERIOR).item()
    for given in ({}, {"analytic": False}, {"estimator": "score"}):
        value, error = at(q, samples=4000, **given)
        assert 0 < error < 0.1
        assert abs(value - want) < 5 * error
    joint = elbo(lambda m: likelihood(m) + PRIOR.log_prob(m), q, samples=4000, seed=3)
    assert joint.value.item() == pytest.approx(want, abs=5 * joint.standard_error.item())
    assert joint.divergence.item() == pytest.approx(-q.entropy().item())


@pytest.mark.parametrize("estimator", ["pathwise", "score"])
@pytest.mark.parametrize("analytic", [True, False])
def test_derivatives(estimator: str, analytic: bool) -> None:
    m, s = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.0, 0.8))
    draws = []
    for k in range(40):
        found = elbo(
            likelihood, Normal(m, s), PRIOR, samples=50, estimator=estimator, analytic=analytic, seed=k
        )
        draws.append(torch.stack(torch.autograd.grad(found.value, (m, s))))
    g = torch.stack(draws)
    want = torch.tensor([7 - 4 * 1.0, 1 / 0.8 - 4 * 0.8], dtype=torch.float64)
    z = (g.mean(0) - want) / (g.std(0) / math.sqrt(40))
    assert z.abs().max() < 5, z
    assert (g.std(0) < 4).all(), g.std(0)


def test_discrete_variables_are_summed_over() -> None:
    p = torch.tensor([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]], dtype=torch.float64, requires_grad=True)
    fit = torch.tensor([-1.0, -2.0, -torch.inf], dtype=torch.float64)
    found = elbo(lambda z: fit[z], Categorical(p[1]), Categorical(torch.full((3,), 1 / 3).to(p)))
    want = -0.6 - 0.8 - (0.6 * math.log(1.8) + 0.4 * math.log(1.2))
    assert found.value.item() == pytest.approx(want, abs=1e-14)
    assert found.standard_error.item() == 0
    assert torch.autograd.grad(found.value, p)[0].isfinite().all()
    both = elbo(lambda z: fit[z], Categorical(p), Categorical(torch.full((3,), 1 / 3).to(p)))
    assert both.value.tolist() == [-math.inf, pytest.approx(want)]
    coins = Independent(Bernoulli(torch.tensor([0.3, 0.9])), 1)  # PyTorch does not enumerate these: by score
    drawn = elbo(lambda z: z.sum(-1), coins, samples=4000, seed=0)
    assert drawn.value.item() == pytest.approx(
        1.2 + coins.entropy().item(), abs=5 * drawn.standard_error.item()
    )


def test_scale_is_of_the_likelihood_alone() -> None:
    q = Normal(1.0 * ONE, 0.8 * ONE)
    whole = at(q, samples=2000, estimator="pathwise")[0]
    parts = [
        elbo(lambda m, x=x: Normal(m, 1.0).log_prob(x), q, PRIOR, scale=3, samples=2000, seed=3).value.item()
        for x in X
    ]  # the same draws
    assert sum(parts) / 3 == pytest.approx(whole, abs=1e-12)
    with pytest.raises(GradusError, match="scale: expected 1 where there is no prior"):
        elbo(likelihood, q, scale=3)


def test_any_distribution() -> None:
    rate = Gamma(3 * ONE, 2 * ONE)  # Poisson counts: conjugate, the posterior is Gamma(3 + 9, 2 + 4)
    counts = torch.tensor([2.0, 1, 4, 2], dtype=torch.float64)

    def of_rate(r: Tensor) -> Tensor:
        return Poisson(r[..., None]).log_prob(counts).sum(-1)

    evidence = 3 * math.log(2) - 12 * math.log(6) + math.lgamma(12) - math.lgamma(3)
    evidence -= sum(math.lgamma(x + 1) for x in counts)
    found = elbo(of_rate, Gamma(12 * ONE, 6 * ONE), rate, analytic=False, seed=0)
    assert found.value.item() == pytest.approx(evidence, abs=1e-12)
    q = Beta(2 * ONE, 3 * ONE)
    assert elbo(lambda z: 0 * z, q, q, seed=0).value.item() == pytest.approx(0, abs=1e-14)
    two = MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.tensor([-1.0, 1.0]), torch.ones(2)))
    found = elbo(two.log_prob, two, seed=0, samples=16)  # no rsample, no entropy: by score
    assert found.value.item() == pytest.approx(0, abs=1e-6)
    batch = Normal(torch.zeros(5), torch.ones(5))
    assert elbo(lambda z: -z.square(), batch, Normal(0.0, 1.0), seed=0).value.shape == (5,)


def test_what_is_refused_and_what_stays() -> None:
    batch = Normal(torch.zeros(5), torch.ones(5))
    with pytest.raises(
        GradusError, match=r"log_density: expected one number a draw, of the shape \(64, 5\).*Independent"
    ):
        elbo(lambda z: -z.square().sum(-1), batch)
    with pytest.raises(GradusError, match="NaN"):
        elbo(lambda z: z.log(), batch)
    with pytest.raises(GradusError, match="prior: expected the event shape"):
        elbo(lambda z: z, batch, MultivariateNormal(torch.zeros(5), torch.eye(5)))
    with pytest.raises(GradusError, match="one can take pathwise, score"):
        elbo(lambda z: -z.square(), batch, estimator="exact")
    for checks in (True, False):  # the first use of `torch.compile` turns PyTorch's own off
        before = Distribution._validate_args
        Distribution.set_default_validate_args(checks)
        with pytest.raises(GradusError, match="prior: expected a support"):
            elbo(lambda z: z, batch, Gamma(1.0, 1.0), analytic=False, seed=0)
        Distribution.set_default_validate_args(before)
    state = torch.get_rng_state()
    one, two = (elbo(lambda z: -z.square(), batch, seed=5).value for _ in range(2))
    assert torch.equal(one, two)
    assert torch.equal(state, torch.get_rng_state())
    assert elbo(lambda z: -z.square(), batch, samples=1, seed=0).standard_error.isinf().all()
    assert "of shape (5,)" in repr(elbo(lambda z: -z.square(), batch, seed=0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("several", [False, True])
def test_small_probabilities_are_not_held_above(dtype: torch.dtype, several: bool) -> None:
    """PyTorch's own divergence takes ln ε for ln p wherever p < ε."""
    half, tiny = torch.tensor([0.5, 0.5], dtype=dtype), torch.tensor([1.0, 1e-30], dtype=dtype)
    for q, small in (
        (Categorical(half), Categorical(tiny)),
        (Categorical(half), Categorical(logits=tiny.log())),
        (OneHotCategorical(half), OneHotCategorical(tiny)),
        (Bernoulli(half[0]), Bernoulli(tiny[1])),
        (Bernoulli(half[0]), Bernoulli(logits=tiny[1].log())),
        (Bernoulli(half[0]), Bernoulli(logits=-tiny[1].log())),
    ):
        a, b = ((Independent(law.expand((2,)), 1) if several else law) for law in (q, small))
        flat = lambda z, law=a: torch.zeros(z.shape[: z.ndim - len(law.event_shape)], dtype=dtype)
        want = (1 + several) * (0.5 * math.log(1e-30) + math.log(2))
        found = elbo(flat, a, b)
        assert found.value.item() == pytest.approx(want, rel=1e-6)
        rough = elbo(flat, a, b, analytic=False, estimator="score", samples=4000, seed=0)
        assert abs(rough.value.item() - want) < 5 * rough.standard_error.item()


@pytest.mark.parametrize("estimator", [None, "score"])
@pytest.mark.parametrize("analytic", [True, False])
def test_mass_where_the_prior_has_none(estimator: str | None, analytic: bool) -> None:
    half, sure = torch.tensor([0.5, 0.5], requires_grad=True), torch.tensor([1.0, 0.0])
    for q, prior in (
        (Categorical(half), Categorical(sure)),
        (Bernoulli(half[0]), Bernoulli(sure[1])),
        (Bernoulli(half[0]), Bernoulli(sure[0])),
    ):
        flat = lambda z: torch.zeros(z.shape)
        assert elbo(flat, q, prior, estimator=estimator, analytic=analytic, seed=0).value == -math.inf
        back = elbo(flat, prior, q, estimator=estimator, analytic=analytic, seed=0).value
        assert back.item() == pytest.approx(-math.log(2))
        (slope,) = torch.autograd.grad(back, half)
        assert bool(slope.isfinite().all())
