"""Training by a fixed kernel against descent itself; wide nets against it; alignment, drift, refusals."""

import math

import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.theory import kernel_alignment, kernel_drift, predicted_training, tangent_kernel

DOUBLE = torch.float64


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def problem(n=6, m=3, p=4, C=None):
    J, Z = normal(n, p) / 2, normal(m, p, seed=1) / 2
    tail = () if C is None else (C,)
    return J, Z, normal(n, *tail, seed=2), normal(n, *tail, seed=3), normal(m, *tail, seed=4)


@pytest.mark.parametrize("C", [None, 2])
@pytest.mark.parametrize("loss", ["half_sum", "mse"])
def test_it_is_descent_on_a_linear_model(C, loss):
    J, Z, y, f, g = problem(C=C)
    theta = torch.zeros(4, *y.shape[1:], dtype=DOUBLE, requires_grad=True)
    steps, alpha = [0, 1, 7, 40], 0.3
    got = predicted_training(J @ J.mT, y, f, steps=steps, step_size=alpha, loss=loss, test_kernel=Z @ J.mT, test_outputs=g)  # fmt: skip
    for t in range(41):
        error = f + J @ theta - y
        value = error.square().mean() if loss == "mse" else error.square().sum() / 2
        if t in steps:
            i = steps.index(t)
            assert torch.allclose(got.outputs[i], f + J @ theta, rtol=1e-11, atol=1e-12)
            assert torch.allclose(got.predictions[i], g + Z @ theta, rtol=1e-11, atol=1e-12)
            assert torch.allclose(got.losses[i], value, rtol=1e-11)
        theta = (theta - alpha * torch.autograd.grad(value, theta)[0]).detach().requires_grad_()
    assert got.eigenvalues.tolist() == sorted(got.eigenvalues.tolist(), reverse=True)
    assert torch.equal(got.factors[:, -2:], torch.ones(4, 2, dtype=DOUBLE)), "two modes of rank 4 stay"


def test_flow_is_descent_with_small_steps_and_both_end_at_regression():
    J, Z, y, f, g = problem(n=3)
    K, k = J @ J.mT, Z @ J.mT
    given = dict(test_kernel=k, test_outputs=g)
    flow = predicted_training(K, y, f, steps=[0.5, 2.0, math.inf], **given)
    small = predicted_training(K, y, f, steps=[50_000, 200_000], step_size=1e-5, **given)
    assert torch.allclose(flow.predictions[:2], small.predictions, atol=1e-4)
    end = predicted_training(K, y, f, step_size=0.1, **given)
    want = g + k @ torch.linalg.solve(K, y - f)
    for got in (flow.predictions[-1], end.predictions[-1]):
        assert torch.allclose(got, want, rtol=1e-9)
    assert torch.allclose(end.outputs[-1], y)


def test_slow_modes_keep_their_digits():
    K = torch.diag(torch.tensor([1.0, 1e-9], dtype=DOUBLE))
    got = predicted_training(K, torch.ones(2, dtype=DOUBLE), steps=[1000], step_size=1.0, test_kernel=K)
    assert got.predictions[0, 1].item() == pytest.approx(1e-6, rel=1e-6)


def test_several_outputs_of_a_full_kernel():
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).double()
    x, z = normal(4, 3), normal(2, 3, seed=1)
    K, k, y = tangent_kernel(model, x), tangent_kernel(model, z, x), normal(4, 2, seed=2)
    f, g = model(x).detach(), model(z).detach()
    got = predicted_training(K, y, f, steps=[3], step_size=0.02, test_kernel=k, test_outputs=g)
    flat = predicted_training(K.transpose(1, 2).reshape(8, 8), y.ravel(), f.ravel(), steps=[3], step_size=0.02, test_kernel=k.transpose(1, 2).reshape(4, 8), test_outputs=g.ravel())  # fmt: skip
    assert got.outputs.shape == (1, 4, 2) and got.predictions.shape == (1, 2, 2)
    assert torch.allclose(got.outputs.ravel(), flat.outputs.ravel())
    assert torch.allclose(got.predictions.ravel(), flat.predictions.ravel())
    first = predicted_training(K, y, f, steps=[1], step_size=1e-4, test_kernel=k, test_outputs=g, loss="mse")
    nn.MSELoss()(model(x), y).backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 1e-4 * p.grad
    moved = model(z).detach() - g
    assert torch.allclose(first.predictions[0] - g, moved, rtol=1e-2, atol=1e-3 * float(moved.abs().max()))


def test_drift_and_alignment():
    K = normal(5, 5)
    K = K @ K.mT
    drift = kernel_drift(K, 2 * K)
    assert drift.relative == pytest.approx(1) and drift.turned == pytest.approx(0, abs=1e-12)
    assert drift.growth == pytest.approx(2)
    assert kernel_drift(torch.eye(2), torch.tensor([[0.0, 1.0], [1.0, 0.0]])).turned == pytest.approx(1)
    y = torch.nn.functional.one_hot(torch.tensor([0, 0, 1, 2, 2]), 3).double()
    assert kernel_alignment(y @ y.mT, y) == pytest.approx(1)
    assert kernel_alignment(y @ y.mT + 7, y, centred=True) == pytest.approx(1)
    assert kernel_alignment(y @ y.mT + 7, y) < 0.9
    assert kernel_alignment(torch.eye(5), torch.ones(5)) == pytest.approx(5**-0.5)


@pytest.mark.parametrize(
    "given, said",
    [
        (dict(kernel=torch.ones(2, 3)), "kernel"),
        (dict(kernel=torch.tensor([[1.0, 2.0], [0.0, 1.0]])), "symmetric"),
        (dict(kernel=torch.tensor([[1.0, 2.0], [2.0, 1.0]])), "negative"),
        (dict(targets=torch.ones(3)), "targets"),
        (dict(outputs=torch.ones(2, 1)), "outputs"),
        (dict(steps=[]), "steps"),
        (dict(steps=[1.5], step_size=0.1), "steps"),
        (dict(steps=[-1]), "steps"),
        (dict(step_size=0.0), "step_size"),
        (dict(step_size=3.0), "2/λ"),
        (dict(step_size=3.0, steps=[5000]), "2/λ"),
        (dict(loss="mae"), "loss"),
        (dict(test_outputs=torch.ones(1)), "test_kernel"),
        (dict(test_kernel=torch.ones(1, 3)), "test_kernel"),
        (dict(test_kernel=torch.ones(1, 2), test_outputs=torch.ones(2)), "test_outputs"),
    ],
)
def test_refusals(given, said):
    with pytest.raises(GradusError, match=said):
        predicted_training(**(dict(kernel=torch.eye(2), targets=torch.ones(2)) | given))
    for wrong in (
        lambda: kernel_drift(torch.zeros(2, 2), torch.ones(2, 2)),
        lambda: kernel_drift(torch.ones(2, 2), torch.ones(3, 3)),
        lambda: kernel_alignment(torch.ones(2, 2), torch.ones(2), centred=True),
    ):
        with pytest.raises(GradusError):
            wrong()
