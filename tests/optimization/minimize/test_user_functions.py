"""Functions of the user's that are not what the methods need: wrong gradients, kinks, noise, branches in a batch."""

import pytest
import torch

from gradus.errors import GradusError
from gradus.optimization import least_squares, minimize
from gradus.optimization.minimize.reason import Reason

F64 = torch.float64
METHODS = ("gradient-descent", "bfgs", "lbfgs")


def tensor(*numbers):
    return torch.tensor(numbers, dtype=F64)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_a_wrong_gradient_is_named_as_that(method, dtype):
    start = tensor(1.0, 2.0).to(dtype)
    result = minimize(lambda x: x.square().sum(), start, method, gradient=lambda x: -2 * x)
    assert result.reason is Reason.WRONG_GRADIENT and "gradient of f?" in result.message.en
    assert result.value == 5.0 and result.x.tolist() == [1.0, 2.0]


def random_values(x):
    noise = 1e-3 * torch.rand(
        (), dtype=F64, generator=torch.Generator().manual_seed(hash(float(x[0].detach())))
    )
    return x.square().sum() + noise


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 5 * (x[0] - x[1]).abs() + (x - 2).square().sum(),
        random_values,
        lambda x: ((x + 1e9).square() - 2e9 * x - 1e18).sum() + 0.3 * (x - 1).abs().sum(),
    ],
    ids=["kink", "noise", "cancellation"],
)
def test_a_right_gradient_is_not_blamed(f):
    """By searches that a kink, noise or rounding within f lets fail."""
    starts = (tensor(0.2, 0.3), tensor(3.0, 1.0), tensor(0.2, 1.0))
    reasons = {minimize(f, start, "bfgs", max_iterations=20).reason for start in starts}
    assert Reason.WRONG_GRADIENT not in reasons
    assert reasons & {Reason.LINE_SEARCH_FAILED, Reason.AT_ROUNDING}, reasons


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.sum() if x[0] > 0 else x.square().sum(),
        lambda x: x[0].item() * x.sum(),
        lambda x: x[x > 0].square().sum(),
    ],
)
def test_a_function_that_branches_on_a_number_is_refused_in_a_batch_and_minimised_alone(f):
    with pytest.raises(GradusError, match=r"f: expected one way .* torch\.where, or .* batched=False"):
        minimize(f, torch.ones(3, 2), batched=True)
    with pytest.raises(GradusError, match="residual: expected one way"):
        least_squares(lambda x: f(x) * x, torch.ones(3, 2), batched=True)
    assert minimize(f, torch.ones(2), max_iterations=1).iterations <= 1
