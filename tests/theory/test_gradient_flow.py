"""Gradient flow, the closed form of a mode, and descent beside the flow of a model."""

import copy
import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import nn
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.theory import compare_with_flow, gradient_flow, linear_mode

DOUBLE = torch.float64


def mode(s):
    def gradient(theta):
        a, b = theta
        return torch.stack([b * (a * b - s), a * (a * b - s)])

    return gradient


@pytest.mark.parametrize(
    ("s", "a", "b"),
    [(2.0, 0.1, 0.1), (2.0, -0.1, 0.3), (-1.5, 0.4, 0.2), (0.0, 0.5, 0.5), (0.0, 0.5, 0.2), (1.0, 0.3, -0.3), (1.0, 0.0, 0.5), (1.0, 2.0, 0.5), (1.0, 0.0, 0.0)],
)  # fmt: skip
def test_a_mode_in_closed_form_is_what_flow_and_scipy_give(s, a, b):
    t = torch.linspace(0, 8, 5, dtype=DOUBLE)
    u = linear_mode(s, a, b, t)
    followed = gradient_flow(mode(s), torch.tensor([a, b], dtype=DOUBLE), t).prod(1)
    assert torch.allclose(u, followed, rtol=0, atol=1e-8)
    pull = solve_ivp(
        lambda _, x: [x[1] * (s - x[0] * x[1]), x[0] * (s - x[0] * x[1])],
        (0, 8), [a, b], method="DOP853", rtol=1e-11, atol=1e-13, t_eval=t.numpy(),
    )  # fmt: skip
    assert np.abs(pull.y.prod(0) - u.numpy()).max() < 1e-8


def test_a_mode_from_a_tiny_start_keeps_its_digits():
    u, s = 1e-24, 3.0
    half = math.log(s / u - 1) / (2 * s)
    start = math.sqrt(u)
    assert linear_mode(s, start, start, torch.tensor([half], dtype=DOUBLE)).item() == pytest.approx(
        s / 2, rel=1e-12
    )
    assert linear_mode(s, start, start, torch.tensor([0.0])).item() == pytest.approx(u, rel=1e-12)


def test_the_flow_keeps_the_dtype_and_shape_and_does_not_touch_the_start():
    start = torch.full((2, 3), 4.0, requires_grad=True)
    path = gradient_flow(lambda x: x, start, torch.tensor([0.0, math.log(2.0), math.log(2.0)]))
    assert path.shape == (3, 2, 3) and path.dtype == torch.float32 and not path.requires_grad
    assert torch.allclose(path[1:], torch.full((2, 2, 3), 2.0)) and bool((start == 4).all())


def test_a_stiff_flow_and_one_at_rest():
    scale = torch.tensor([1e3, 1.0], dtype=DOUBLE)
    end = gradient_flow(
        lambda x: scale * x, torch.ones(2, dtype=DOUBLE), torch.tensor([0.1]), tolerance=1e-8
    )[0]
    assert end.tolist() == pytest.approx([0.0, math.exp(-0.1)], abs=1e-7)
    assert gradient_flow(lambda x: x, torch.zeros(2), torch.tensor([100.0])).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: gradient_flow(lambda x: -x * x, torch.ones(1), torch.tensor([2.0])), "beyond t = 1 of 2"),
        (lambda: gradient_flow(lambda x: 1e4 * x, torch.ones(1), torch.tensor([1.0]), most_gradients=50), "50, which reach t"),
        (lambda: gradient_flow(lambda x: x, torch.ones(1), torch.tensor([1.0, 0.5])), "do not fall"),
        (lambda: gradient_flow(lambda x: x, torch.ones(1), torch.tensor([])), "do not fall"),
        (lambda: gradient_flow(lambda x: x.sum(), torch.ones(1), torch.tensor([1.0])), "tensors of the point's shape"),
        (lambda: gradient_flow(lambda x: x / 0, torch.ones(1), torch.tensor([1.0])), "beyond t = 0 of 1"),
        (lambda: linear_mode(1.0, 1.0, 1.0, torch.tensor([-1.0])), "from 0 on"),
        (lambda: compare_with_flow(nn.Linear(1, 1), F.mse_loss, [], 0.1), "at least one batch"),
    ],
)  # fmt: skip
def test_what_is_refused(call, says):
    with pytest.raises(GradusError, match=says):
        call()


def net(*activations):
    torch.manual_seed(0)
    layers = [layer for activation in activations for layer in (nn.Linear(6, 6), activation)]
    return nn.Sequential(*layers, nn.Linear(6, 2)).double()


def data():
    g = torch.Generator().manual_seed(1)
    return torch.randn(20, 6, dtype=DOUBLE, generator=g), torch.randn(20, 2, dtype=DOUBLE, generator=g)


def test_the_distance_of_a_model_from_its_flow_halves_with_the_step():
    model = net(nn.Tanh(), nn.Dropout(0.2))
    found = [compare_with_flow(model, F.mse_loss, data(), 0.4 / n, 2 * n) for n in (4, 8)]
    assert found[0].distance[-1] / found[1].distance[-1] == pytest.approx(2, abs=0.2)
    assert found[0].flow_loss[-1] == pytest.approx(found[1].flow_loss[-1].item(), abs=1e-4)
    assert bool((found[0].flow_loss.diff() < 0).all()) and found[0].distance[0] == 0


def test_descent_is_descent_and_batches_are_put_together():
    model, (x, y) = net(nn.Tanh()), data()
    found = compare_with_flow(model, F.mse_loss, (x, y), 0.1, 3)
    batches = [(x[:13], y[:13]), (x[13:], y[13:])]
    assert torch.allclose(found.distance, compare_with_flow(model, F.mse_loss, batches, 0.1, 3).distance)
    trained = copy.deepcopy(model)
    losses = []
    for _ in range(4):
        losses.append(F.mse_loss(trained(x), y))
        gradients = torch.autograd.grad(losses[-1], list(trained.parameters()))
        with torch.no_grad():
            for p, g in zip(trained.parameters(), gradients, strict=True):
                p -= 0.1 * g
    assert torch.allclose(found.descent_loss, torch.stack(losses).detach())
    assert found.times.tolist() == pytest.approx([0, 0.1, 0.2, 0.3])


def test_the_model_is_left_as_it_was():
    model = net(nn.BatchNorm1d(6), nn.Dropout(0.5))
    model[0].weight.requires_grad_(False)
    model[2].weight.grad = torch.ones_like(model[2].weight)
    before, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    found = compare_with_flow(model, F.mse_loss, data(), 0.05, 2)
    again = compare_with_flow(model, F.mse_loss, data(), 0.05, 2)
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert torch.equal(random, torch.get_rng_state()) and bool((model[2].weight.grad == 1).all())
    assert all(torch.equal(a, b) for a, b in zip(found, again, strict=True))
    assert model.training and model[0].weight.grad is None
