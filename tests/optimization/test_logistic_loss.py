"""The one-pass loss of logistic regression against its plain form, automatic differentiation and scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from gradus.errors import GradusError
from gradus.optimization import LogisticLoss, minimize

F64 = torch.float64


def data(n, d, dtype=F64):
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(n, d, generator=generator, dtype=F64)
    y = (torch.rand(n, generator=generator, dtype=F64) < (X[:, 0] - 0.3).sigmoid()).to(F64)
    return X.to(dtype), y.to(dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_value_and_gradient_are_those_of_automatic_differentiation(dtype):
    X, y = data(3000, 300, dtype)  # several blocks
    loss = LogisticLoss(X, y, penalty=0.5)
    w = (torch.linspace(-1, 1, 300, dtype=F64) / 3).to(dtype).requires_grad_()
    value = loss(w)
    (gradient,) = torch.autograd.grad(value, w)
    got = loss.value_and_gradient(w)
    tolerance = {torch.float64: 1e-13, torch.float32: 1e-5, torch.bfloat16: 2e-2}[dtype]
    torch.testing.assert_close(got[0], value.detach(), rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(got[1], gradient, rtol=tolerance, atol=tolerance)
    assert not got[0].requires_grad and got[1].dtype == dtype


def test_large_margins_do_not_overflow():
    loss = LogisticLoss(torch.tensor([[1.0], [-1.0]], dtype=F64), torch.tensor([1.0, 1.0], dtype=F64))
    value, gradient = loss.value_and_gradient(torch.tensor([1e4], dtype=F64))
    assert value.item() == 5000.0 and gradient.item() == 0.5


def test_the_minimum_is_that_of_scikit_learn():
    X, y = data(500, 5)
    n, penalty = len(X), 0.02
    reference = LogisticRegression(C=1 / (n * penalty), fit_intercept=False, tol=1e-12, max_iter=1000)
    reference.fit(X.numpy(), y.numpy())
    result = minimize(LogisticLoss(X, y, penalty), torch.zeros(5, dtype=F64), tolerance=1e-10)
    assert result.converged
    np.testing.assert_allclose(result.x.numpy(), reference.coef_[0], rtol=1e-6, atol=1e-9)


def test_what_does_not_fit_is_told():
    X, y = data(6, 2)
    for call, words in (
        (lambda: LogisticLoss(X, y[:3]), "y"),
        (lambda: LogisticLoss(X, y + 2), "labels between 0 and 1"),
        (lambda: LogisticLoss(X, y, penalty=-1.0), "penalty"),
        (lambda: LogisticLoss(X, y).value_and_gradient(torch.zeros(3, dtype=F64)), "w"),
        (lambda: LogisticLoss(X, y)(torch.zeros(2)), "float64"),
    ):
        with pytest.raises(GradusError, match=words):
            call()


@pytest.mark.parametrize("margin", [-30.0, -20.5, 0.0, 19.5, 20.5, 30.0])
def test_far_margins_keep_their_digits(margin):
    """PyTorch's own softplus drops the tail beyond 20."""
    loss = LogisticLoss(torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64))
    w = torch.tensor([margin], dtype=torch.float64)
    exact = np.logaddexp(0.0, margin)
    assert loss(w).item() == pytest.approx(exact, rel=1e-15, abs=1e-300)
    assert loss.value_and_gradient(w)[0].item() == pytest.approx(exact, rel=1e-15, abs=1e-300)
