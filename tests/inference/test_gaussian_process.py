"""Gaussian processes beside scikit-learn, refits, finite differences and closed forms."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, ExpSineSquared, Matern
from torch import Tensor

from gradus.errors import GradusError
from gradus.inference import (
    GaussianProcess,
    linear_kernel,
    matern_kernel,
    periodic_kernel,
    squared_exponential_kernel,
)


def points(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def together(x: Tensor, z: Tensor) -> Tensor:
    return squared_exponential_kernel(x, z, length=1.3, deviation=0.8) + linear_kernel(x, z, deviation=0.5)


X, Y, Z = points(0, 12, 2), points(1, 12), points(2, 5, 2)


@pytest.mark.parametrize(
    ("ours", "theirs", "d"),
    [
        (squared_exponential_kernel, RBF(1.0), 2),
        (lambda x, z: squared_exponential_kernel(x, z, length=torch.tensor([0.5, 2.0])), RBF([0.5, 2.0]), 2),
        *[
            (lambda x, z, nu=nu: matern_kernel(x, z, nu=nu, length=0.7), Matern(0.7, nu=nu), 2)
            for nu in (0.5, 1.5, 2.5)
        ],
        (
            lambda x, z: periodic_kernel(x, z, period=0.9, length=1.4),
            ExpSineSquared(1.4, 0.9),
            1,
        ),
        (together, ConstantKernel(0.64) * RBF(1.3) + ConstantKernel(0.25) * DotProduct(0.0), 2),
    ],
)  # fmt: skip
def test_equals_scikit_learn(ours: Any, theirs: Any, d: int) -> None:
    x, z = X[:, :d], Z[:, :d]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = GaussianProcessRegressor(theirs, alpha=0.2, optimizer=None).fit(x.numpy(), Y.numpy())
        mean, covariance = peer.predict(z.numpy(), return_cov=True)
    gp = GaussianProcess(ours, noise=0.2)
    found = gp.posterior(x, Y, z)
    np.testing.assert_allclose(found.mean, mean, atol=1e-8)
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-8)
    np.testing.assert_allclose(gp.log_evidence(x, Y), peer.log_marginal_likelihood_value_, atol=1e-8)
    narrow = gp.posterior(x, Y, z, joint=False)
    assert narrow.covariance is None
    torch.testing.assert_close(narrow.variance, found.variance)


def test_evidence_is_a_normal_density_and_its_gradient_that_of_differences() -> None:
    length, noise = torch.tensor(1.3, dtype=torch.float64), torch.tensor(0.2, dtype=torch.float64)

    def evidence(length: Tensor, noise: Tensor, x: Tensor, y: Tensor) -> Tensor:
        def kernel(a: Tensor, b: Tensor) -> Tensor:
            return squared_exponential_kernel(a, b, length=length) + matern_kernel(a, b, length=2.0)

        return GaussianProcess(kernel, noise).log_evidence(x, y)

    K = squared_exponential_kernel(X, X, length=1.3) + matern_kernel(X, X, length=2.0)
    want = multivariate_normal(np.zeros(12), K.numpy() + 0.2 * np.eye(12)).logpdf(Y.numpy())
    assert abs(float(evidence(length, noise, X, Y)) - want) < 1e-10
    inputs = [t.clone().requires_grad_() for t in (length, noise, X, Y)]
    assert torch.autograd.gradcheck(evidence, inputs)


def test_leave_one_out_is_refitting_also_with_a_noise_of_each_point_and_a_mean() -> None:
    noise = torch.linspace(0.1, 0.6, 12, dtype=torch.float64)

    def mean(x: Tensor) -> Tensor:
        return 2 + x[..., 0]

    left = GaussianProcess(together, noise, mean=mean).leave_one_out(X, Y)
    for i in range(12):
        kept = torch.arange(12) != i
        refit = GaussianProcess(together, noise[kept], mean=mean).posterior(X[kept], Y[kept], X[i : i + 1])
        refit = refit.observed(float(noise[i]))
        torch.testing.assert_close(left.mean[i], refit.mean[0])
        torch.testing.assert_close(left.variance[i], refit.variance[0])
        normal = torch.distributions.Normal(refit.mean[0], refit.deviation[0])
        torch.testing.assert_close(left.log_density[i], normal.log_prob(Y[i]))


def test_batches() -> None:
    gp = GaussianProcess(together, 0.3)
    ys = points(3, 4, 3, 12)  # many series at the same points
    found, left = gp.posterior(X, ys, Z), gp.leave_one_out(X, ys)
    assert found.mean.shape == (4, 3, 5) and found.variance.shape == (5,) and left.mean.shape == (4, 3, 12)
    assert gp.log_evidence(X, ys).shape == (4, 3)
    xs, zs = points(4, 3, 12, 2), points(5, 3, 5, 2)  # other points for each
    several = gp.posterior(xs, ys, zs)
    assert several.mean.shape == (4, 3, 5) and several.variance.shape == (3, 5)
    for i in range(3):
        one = gp.posterior(xs[i], ys[1, i], zs[i])
        torch.testing.assert_close(several.mean[1, i], one.mean)
        torch.testing.assert_close(several.covariance[i], one.covariance)  # type: ignore[index]
        alone = gp.leave_one_out(xs[i], ys[1, i])
        torch.testing.assert_close(gp.leave_one_out(xs, ys).mean[1, i], alone.mean)
        torch.testing.assert_close(gp.leave_one_out(xs, ys).variance[i], alone.variance)
        torch.testing.assert_close(gp.log_evidence(xs, ys)[1, i], gp.log_evidence(xs[i], ys[1, i]))


def test_the_prior_and_draws() -> None:
    gp = GaussianProcess(together, 0.0)
    prior = gp.posterior(X[:0], Y[:0], Z)
    torch.testing.assert_close(prior.covariance, together(Z, Z))
    assert float(prior.mean.abs().max()) == 0
    found = gp.posterior(X, Y, torch.cat([X[:2], Z]))  # singular: the first two are known
    draws = found.sample(4000, seed=1)
    torch.testing.assert_close(draws[:, :2], Y[:2].expand(4000, 2), atol=1e-5, rtol=0)
    z = (draws[:, 2:].mean(0) - found.mean[2:]) / found.deviation[2:] * 4000**0.5
    assert float(z.abs().max()) < 5
    V = found.covariance
    assert V is not None
    size = torch.outer(found.variance[2:], found.variance[2:]).sqrt()
    error = (torch.cov(draws[:, 2:].T) - V[2:, 2:]) / size * (4000 / 2) ** 0.5
    assert float(error.abs().max()) < 5
    assert torch.equal(draws[:3], gp.posterior(X, Y, torch.cat([X[:2], Z])).sample(4000, seed=1)[:3])


def test_observed_values_have_the_noise_of_observations() -> None:
    gp = GaussianProcess(squared_exponential_kernel, 0.2)
    f, y = gp.posterior(X, Y, Z), gp.posterior(X, Y, Z, of="y")
    torch.testing.assert_close(y.variance, f.variance + 0.2)
    torch.testing.assert_close(y.covariance, f.observed(0.2).covariance)
    assert "of observations" in repr(y) and "of the function" in repr(f)


def test_precisions() -> None:
    gp = GaussianProcess(squared_exponential_kernel, 0.2)
    exact = gp.posterior(X, Y, Z).mean
    for kind, error in ((torch.float32, 1e-5), (torch.bfloat16, 0.3)):
        found = gp.posterior(X.to(kind), Y.to(kind), Z.to(kind))
        assert found.mean.dtype == kind and gp.log_evidence(X.to(kind), Y.to(kind)).dtype == kind
        torch.testing.assert_close(found.mean.double(), exact, atol=error, rtol=0)
    assert gp.posterior(X.float(), Y.float(), Z.float()).sample(2, seed=0).dtype == torch.float32


def test_what_is_refused() -> None:
    twice = torch.cat([X, X[3:4]])
    with pytest.raises(GradusError, match=r"point 12 that .* nearest is point 3, correlation 1"):
        GaussianProcess(squared_exponential_kernel).log_evidence(twice, torch.cat([Y, Y[:1]]))
    close = torch.linspace(0, 1, 30, dtype=torch.float64)[:, None]
    with pytest.raises(GradusError, match="state a noise well above"):
        GaussianProcess(squared_exponential_kernel).posterior(close, points(6, 30), close)
    GaussianProcess(squared_exponential_kernel, 1e-12).posterior(close, points(6, 30), close)
    batch = torch.stack([X, torch.cat([X[:-1], X[:1]])])
    with pytest.raises(GradusError, match="member 1 of the batch"):
        GaussianProcess(squared_exponential_kernel).leave_one_out(batch, Y)
    with pytest.raises(GradusError, match="a symmetric function"):
        GaussianProcess(lambda x, z: x @ z.mT + x.sum(-1, keepdim=True), 1.0).log_evidence(X, Y)
    with pytest.raises(GradusError, match="a tensor of shape"):
        GaussianProcess(lambda x, z: x, 1.0).log_evidence(X, Y)
    with pytest.raises(GradusError, match="finite covariances"):
        GaussianProcess(lambda x, z: squared_exponential_kernel(x, z) / 0, 1.0).log_evidence(X, Y)
    with pytest.raises(GradusError, match=r"'f' where each point"):
        GaussianProcess(together, torch.ones(12)).posterior(X, Y, Z, of="y")
    with pytest.raises(GradusError, match="noise"):
        GaussianProcess(together, -1.0)
    with pytest.raises(GradusError, match="12, one a point"):
        GaussianProcess(together, torch.ones(5)).log_evidence(X, Y)
    with pytest.raises(GradusError, match="joint=True"):
        GaussianProcess(together, 1.0).posterior(X, Y, Z, joint=False).sample()
    with pytest.raises(GradusError, match=r"0\.5, 1\.5 or 2\.5"):
        matern_kernel(X, Z, nu=2.0)
    with pytest.raises(GradusError, match="one a coordinate"):
        squared_exponential_kernel(X, Z, length=torch.ones(3))
    with pytest.raises(GradusError, match="mean"):
        GaussianProcess(together, 1.0, mean=lambda x: x).log_evidence(X[:, :1].expand(12, 5), Y)


def test_kernels_are_covariances_and_know_their_periods() -> None:
    for kernel in (squared_exponential_kernel, matern_kernel, periodic_kernel, together):
        K = kernel(X, X)
        assert torch.linalg.eigvalsh(K).min() > -1e-14
    torch.testing.assert_close(
        periodic_kernel(X, Z + 1000.0, period=2.0), periodic_kernel(X, Z, period=2.0), atol=1e-10, rtol=0
    )
    x = X.clone().requires_grad_()
    for nu in (0.5, 1.5, 2.5):
        matern_kernel(x, x, nu=nu).sum().backward()
        assert x.grad is not None and bool(x.grad.isfinite().all())
