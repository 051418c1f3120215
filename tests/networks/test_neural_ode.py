"""The flow of a neural field: its order, its gradients, any leading axes, the mistakes that it names."""

import math

import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.networks.neural_ode import NeuralODE, neural_ode


def field(n=3):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(n, 5), nn.Tanh(), nn.Linear(5, n)).double()


X = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(2, 3)


def test_one_step_is_a_residual_block():
    f = field()
    torch.testing.assert_close(neural_ode(f, X, steps=1), X + f(X), rtol=0, atol=0)


def test_fourth_order_meets_the_exponential():
    one = torch.ones(1, dtype=torch.float64)
    errors = [abs(neural_ode(torch.neg, one, steps=L, order=4).item() - math.exp(-1)) for L in (4, 8)]
    assert 14 < errors[0] / errors[1] < 20


@pytest.mark.parametrize("order", [1, 4])
def test_gradients_of_states_and_parameters(order):
    f = field()
    x, weight = X.clone().requires_grad_(), f[0].weight.detach().clone().requires_grad_()

    def run(x, weight):
        own = lambda z: torch.func.functional_call(f, {"0.weight": weight}, (z,))
        return neural_ode(own, x, 0.7, 3, order)

    assert torch.autograd.gradcheck(run, (x, weight))


def test_module_trains_its_field_and_agrees_with_the_function():
    layer = NeuralODE(field(), time=0.5, steps=4)
    y = layer(X)
    torch.testing.assert_close(y, neural_ode(layer.field, X, 0.5, 4, 4))
    y.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in layer.parameters())
    assert "time=0.5, steps=4, order=4" in repr(layer)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3), (0, 3)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_any_leading_axes_and_precision(shape, dtype):
    y = neural_ode(torch.sin, torch.ones(shape, dtype=dtype), steps=2, order=4)
    assert y.shape == shape and y.dtype == dtype


def test_rows_do_not_depend_on_their_neighbours():
    f = field()
    padded = torch.cat([X, 1e3 * torch.ones(2, 3, dtype=torch.float64)])
    torch.testing.assert_close(neural_ode(f, padded, order=4)[:2], neural_ode(f, X, order=4))


def test_a_compiled_module_has_no_graph_break():
    layer = NeuralODE(field(), steps=3)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(X), layer(X))


def test_mistakes_are_named():
    with pytest.raises(GradusError, match=r"field: expected velocities of the shape of the states, \(2, 3\)"):
        neural_ode(nn.Linear(3, 2).double(), X)
    with pytest.raises(GradusError, match="order: expected 1 or 4, got 3"):
        neural_ode(torch.neg, X, order=3)
    with pytest.raises(GradusError, match="steps"):
        neural_ode(torch.neg, X, steps=0)
