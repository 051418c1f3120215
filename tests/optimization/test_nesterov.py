"""Nesterov's descent beside PyTorch's with a constant momentum, and beside the recursion of his paper without one."""

import math

import pytest
import torch

from gradus.errors import GradusError
from gradus.optimization import Nesterov, quadratic, trajectory


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_constant_momentum_is_that_of_pytorch(momentum):
    gradient, start = quadratic([1.0, 4.0, 0.1]), torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    theirs = trajectory(
        lambda p: torch.optim.SGD(p, lr=0.2, momentum=momentum, nesterov=momentum > 0), gradient, start, 60
    )
    ours = trajectory(lambda p: Nesterov(p, lr=0.2, momentum=momentum), gradient, start, 60)
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-13)


def test_the_sequence_is_that_of_the_paper():
    gradient, start = quadratic([1.0, 4.0]), torch.tensor([1.0, -2.0], dtype=torch.float64)
    y = old = start
    a, points = 1.0, [start]
    for _ in range(50):
        new, later = y - 0.25 * gradient(y), (1 + math.sqrt(1 + 4 * a * a)) / 2
        y, old, a = new + (a - 1) / later * (new - old), new, later
        points.append(y)
    ours = trajectory(lambda p: Nesterov(p, lr=0.25), gradient, start, 50)
    assert torch.allclose(ours, torch.stack(points), rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dtype_stays(dtype):
    theta = torch.ones(3, dtype=dtype, requires_grad=True)
    optimizer = Nesterov([theta], lr=0.5)
    for _ in range(3):
        theta.grad = theta.detach().clone()
        optimizer.step()
    assert theta.dtype == dtype and optimizer.iterates()[0].dtype == dtype


def test_it_goes_on_where_it_was():
    def run(theta, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            (theta**4).sum().backward()
            optimizer.step()

    whole, parts = (torch.tensor([1.0, -0.5], requires_grad=True) for _ in range(2))
    run(whole, Nesterov([whole], lr=0.05), 12)
    first = Nesterov([parts], lr=0.05)
    run(parts, first, 5)
    second = Nesterov([parts], lr=0.05)
    second.load_state_dict(first.state_dict())
    run(parts, second, 7)
    assert torch.equal(whole, parts)


def test_a_parameter_without_gradient_stands_still_and_the_closure_is_called_once():
    moved, still = (torch.ones(2, requires_grad=True) for _ in range(2))
    optimizer, calls = Nesterov([moved, still], lr=0.5), []

    def closure():
        calls.append(1)
        optimizer.zero_grad()
        loss = moved.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2.0
    assert calls == [1] and still.tolist() == [1, 1] and moved.tolist() == [0, 0]
    assert [p.tolist() for p in optimizer.iterates()] == [[0, 0], [1, 1]]


@pytest.mark.parametrize("options", [dict(lr=0.0), dict(lr=0.1, momentum=1.0), dict(lr=0.1, momentum=-0.1)])
def test_settings_out_of_range_are_refused(options):
    with pytest.raises(GradusError):
        Nesterov([torch.ones(2)], **options)


@pytest.mark.parametrize("setting", [{"lr": -1.0}, {"lr": 0}, {"momentum": 1.0}, {"momentum": -0.1}])
def test_the_settings_of_a_group_are_looked_at(setting):
    (name,) = setting
    with pytest.raises(GradusError, match=f"{name}: expected"):
        Nesterov([{"params": [torch.ones(1)], **setting}], lr=1.0)


def test_no_parameters_are_named_as_that():
    model = torch.nn.Linear(1, 1)
    parameters = model.parameters()
    Nesterov(parameters, lr=1.0)
    for none in (parameters, [], torch.nn.ReLU().parameters()):
        with pytest.raises(GradusError, match=r"parameters: expected at least one tensor, got none; .*anew"):
            Nesterov(none, lr=1.0)
