"""Exact diagonals of Gauss–Newton matrices and Hessians against dense ones, layer by layer."""

import pytest
import torch
from differentiated_models import MODELS, example, naive_jacobian, normal
from torch import nn
from torch.func import functional_call, jacrev
from torch.nn.functional import cross_entropy, mse_loss

from gradus.errors import GradusError
from gradus.theory import Curvature, curvature_diagonal, estimate_trace


def waves(outputs, targets):
    """A mean over the samples whose second derivative by the outputs has both signs, and entries off the diagonal."""
    rows = outputs.reshape(len(outputs), -1)
    return ((2 * rows).sin().sum(1) * rows.sum(1) + targets).mean()


def dense(model, loss, x, targets):
    """The diagonal of the Gauss–Newton matrix, sample by sample, from whole Jacobians and Hessians by the outputs."""
    total = 0.0
    for J, z, t in zip(naive_jacobian(model, x), model(x).detach(), targets, strict=True):
        bend = jacrev(jacrev(lambda z, t=t: loss(z[None], t[None])))(z).reshape(len(J), len(J))
        total = total + torch.einsum("cp,cd,dp->p", J, bend, J) / len(x)
    return total


@pytest.mark.parametrize("name", MODELS)
def test_gauss_newton_of_every_layer(name):
    model, x, _ = example(name)
    targets = normal(5, seed=7)
    want = dense(model, waves, x, targets)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    got = curvature_diagonal(model, waves, (x, targets), kind="gauss-newton")
    torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-11 * float(want.abs().max()))
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def straight(*layers):
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(3))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = nn.Conv1d(2, 2, 3, padding=1), nn.Conv1d(2, 2, 1), nn.Linear(8, 3)

    def forward(self, x):
        h = torch.relu(self.one(x))
        return self.three((h + self.two(h).clamp(min=-0.3)).flatten(1) / 2)


PIECEWISE = {
    "dense": (lambda: straight(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 4), nn.LeakyReLU(0.2)), (4,)),
    "groups, norm, pooling": (lambda: straight(nn.Conv2d(2, 4, 2, groups=2), nn.BatchNorm2d(4), nn.ReLU6(), nn.MaxPool2d(2)), (2, 5, 5)),
    "transposed, averages": (lambda: straight(nn.ConvTranspose1d(2, 3, 2), nn.PReLU(), nn.AvgPool1d(2)), (2, 5)),
    "one-sided": (lambda: straight(nn.Linear(4, 4), nn.PReLU(4), nn.Hardtanh()), (4,)),
    "shortcut": (Residual, (2, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", PIECEWISE)
def test_hessian_of_piecewise_linear_networks(name):
    make, shape = PIECEWISE[name]
    torch.manual_seed(3)
    model, x, labels = make().double().eval(), normal(7, *shape, seed=1), torch.arange(7) % 3
    model(x)
    got = curvature_diagonal(model, cross_entropy, (x, labels))
    parameters, want = {k: p.detach() for k, p in model.named_parameters()}, []

    def value(p, key):
        return cross_entropy(functional_call(model, parameters | {key: p}, (x,)), labels)

    for key, p in parameters.items():
        H = jacrev(jacrev(value))(p, key)
        want.append(torch.diagonal(H.reshape(p.numel(), -1)))
    torch.testing.assert_close(got, torch.cat(want), rtol=1e-9, atol=1e-12)


def test_hooks_change_nothing():
    model, data = (
        nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 3)),
        (normal(5, 4).float(), torch.arange(5) % 3),
    )
    want = curvature_diagonal(model, cross_entropy, data)
    model[2].register_full_backward_hook(lambda *_: None)
    torch.testing.assert_close(curvature_diagonal(model, cross_entropy, data), want)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return self.layer(torch.relu(self.layer(x)))


@pytest.mark.parametrize(
    ("model", "operation"),
    [
        (nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 3)), "TanhBackward"),
        (nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3)), "NativeLayerNormBackward"),
        (Shared(), "AddmmBackward"),
    ],
)
def test_a_curved_network_is_refused_by_the_operation(model, operation):
    data = torch.ones(3, 4), torch.zeros(3, 3 if not isinstance(model, Shared) else 4)
    with pytest.raises(GradusError, match=operation):
        curvature_diagonal(model, mse_loss, data)
    assert len(curvature_diagonal(model, mse_loss, data, kind="gauss-newton")) == sum(p.numel() for p in model.parameters())  # fmt: skip


def test_a_tanh_after_the_last_parameter_is_in_the_outputs():
    """Only a later operation bends: the outputs are curved in the weights, though no weight comes after it."""
    with pytest.raises(GradusError, match="TanhBackward"):
        curvature_diagonal(
            nn.Sequential(nn.Linear(4, 3), nn.Tanh()), mse_loss, (torch.ones(3, 4), torch.zeros(3, 3))
        )


def test_splits_sums_and_memory_do_not_matter():
    model = PIECEWISE["groups, norm, pooling"][0]().double().eval()
    x, labels = normal(9, 2, 5, 5), torch.arange(9) % 3
    model(x)
    whole = curvature_diagonal(model, cross_entropy, (x, labels))
    parts = [(x[:2], labels[:2]), (x[2:], labels[2:])]
    torch.testing.assert_close(curvature_diagonal(model, cross_entropy, parts), whole)
    torch.testing.assert_close(curvature_diagonal(model, cross_entropy, (x, labels), memory=20_000), whole)
    summed = curvature_diagonal(model, lambda o, t: cross_entropy(o, t, reduction="sum"), parts, mean=False)
    torch.testing.assert_close(summed, 9 * whole)
    with pytest.raises(GradusError, match="memory"):
        curvature_diagonal(model, cross_entropy, (x, labels), memory=100)


def test_a_loss_that_weighs_samples_is_refused():
    model, weight = nn.Linear(4, 3), torch.tensor([1.0, 2.0, 5.0])
    data = torch.ones(6, 4), torch.arange(6) % 3
    with pytest.raises(GradusError, match="mean over the samples"):
        curvature_diagonal(model, lambda o, t: cross_entropy(o, t, weight=weight), data)


def test_the_sum_is_the_trace_that_probes_estimate():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).double()
    data = normal(20, 4), torch.arange(20) % 3
    found = estimate_trace(Curvature(model, cross_entropy, data), products=60)
    exact = float(curvature_diagonal(model, cross_entropy, data).sum())
    assert abs(found.value - exact) <= 5 * found.standard_error
