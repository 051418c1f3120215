"""Effective dimension of matrices and of models beside dense ones; training in random subspaces."""

import copy

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from gradus.data import load
from gradus.errors import GradusError
from gradus.theory import Curvature, RandomSubspace, effective_dimension, subspace_fit


def model_and_matrix():
    torch.manual_seed(0)
    x, y = torch.randn(12, 3).double(), torch.arange(12) % 2
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 2)).double()
    curvature = Curvature(model, cross_entropy, (x, y), kind="gauss-newton")
    F = curvature @ torch.eye(curvature.shape[0], dtype=torch.float64)
    return curvature, (F + F.mT) / 2


def test_of_a_model_is_that_of_its_dense_matrix():
    curvature, F = model_and_matrix()
    values = torch.linalg.eigvalsh(F)
    exact = effective_dimension(F, 0.03)
    assert float(exact.count) == pytest.approx(float((values / (values + 0.03)).sum()), rel=1e-9)
    estimate = effective_dimension(curvature, 0.03, probes=20)
    assert float(estimate.count) == pytest.approx(float(exact.count), rel=0.25)
    assert float(estimate.participation) == pytest.approx(float(exact.participation), rel=0.3)
    A, delta = torch.randn(F.shape[0], 6).double(), torch.randn(F.shape[0]).double()
    for a, b in zip(subspace_fit(curvature, A, delta), subspace_fit(F, A, delta), strict=True):
        assert torch.allclose(a, b, rtol=1e-8)


def net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


@pytest.mark.parametrize("projection", ["sparse", "orthonormal"])
def test_a_step_in_the_coordinates_is_as_long_in_the_weights(projection):
    model = net()
    start = copy.deepcopy(model.state_dict())
    inside = RandomSubspace(model, 7, projection=projection, seed=3)
    before = {name: w.detach().clone() for name, w in inside.weights().items()}
    assert all(torch.equal(before[name], p) for name, p in model.named_parameters())
    columns = []
    for j in range(7):
        with torch.no_grad():
            inside.coordinates.zero_()[j] = 2.0
        columns.append(
            torch.cat([(w - before[n]).flatten() for n, w in inside.weights().items()]).detach() / 2
        )
    P = torch.stack(columns, 1)
    assert torch.allclose(P.norm(dim=0), torch.ones(7), atol=1e-5)
    if projection == "orthonormal":
        assert torch.allclose(P.mT @ P, torch.eye(7), atol=1e-5)
    inside(torch.randn(9, 6)).sum().backward()
    assert inside.coordinates.grad.any() and [p for p in inside.parameters() if p.requires_grad] == [
        inside.coordinates
    ]
    assert all(torch.equal(v, start[k]) for k, v in model.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_the_gradient_is_the_projected_one_and_the_seed_decides():
    model = net().eval()
    x, y = torch.randn(9, 6), torch.arange(9) % 3
    one, same, other = (RandomSubspace(model, 5, seed=s) for s in (0, 0, 1))
    grads = []
    for inside in (one, same, other):
        (g,) = torch.autograd.grad(cross_entropy(inside(x), y), inside.coordinates)
        grads.append(g)
    assert torch.equal(grads[0], grads[1]) and not torch.equal(grads[0], grads[2])
    full = torch.cat(
        [g.flatten() for g in torch.autograd.grad(cross_entropy(model(x), y), list(model.parameters()))]
    )
    flat = torch.cat([w.flatten() for w in one.weights().values()])
    (pulled,) = torch.autograd.grad(flat, one.coordinates, full)
    assert torch.allclose(pulled, grads[0], atol=1e-6)


def accuracy_after(model, x, y, X, Y, steps, lr, batch=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr)
    for _ in range(steps):
        pick = torch.randint(len(x), (batch,), generator=generator)
        optimizer.zero_grad()
        cross_entropy(model(x[pick]), y[pick]).backward()
        optimizer.step()
    with torch.no_grad():
        return float((model(X).argmax(1) == Y).float().mean())


def test_digits_are_learnt_in_a_small_random_subspace_and_not_in_a_tiny_one():
    images, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    few, many = (
        accuracy_after(RandomSubspace(model, k), x[:1200], y[:1200], x[1200:], y[1200:], 90, 0.1)
        for k in (5, 200)
    )
    whole = accuracy_after(model, x[:1200], y[:1200], x[1200:], y[1200:], 90, 0.01)
    assert many >= 0.9 * whole > 0.8 and few < 0.6


@pytest.mark.slow
def test_the_dense_net_of_li_et_al_on_mnist(real_data):
    """784-200-200-10, of 199,210 weights: 750 random directions reach 90 % of the accuracy of all weights, 100 do not."""
    data = load("mnist", data_dir=real_data)
    x, X = (torch.tensor(v).flatten(1) for v in (data.train_inputs, data.test_inputs))
    y, Y = torch.tensor(data.train_targets), torch.tensor(data.test_targets)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, 10))
    assert sum(p.numel() for p in model.parameters()) == 199_210
    many, few = (accuracy_after(RandomSubspace(model, k), x, y, X, Y, 1000, 0.1) for k in (750, 100))
    whole = accuracy_after(model, x, y, X, Y, 1000, 0.001)
    assert whole > 0.96 and many >= 0.9 * whole > few


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: effective_dimension(torch.diag(torch.tensor([1.0, -1.0])), 1.0), "positive semidefinite"),
        (lambda: effective_dimension(torch.eye(2), 0.0), "damping"),
        (lambda: subspace_fit(torch.eye(3), torch.eye(3)[:, :2], torch.zeros(3)), "not 0"),
        (lambda: subspace_fit(torch.eye(3), torch.ones(3, 2), torch.ones(3)), "independent"),
        (lambda: subspace_fit(torch.eye(3), torch.eye(4)[:, :2], torch.ones(4)), "columns"),
        (lambda: RandomSubspace(nn.Linear(2, 1), 4), "dimension"),
        (lambda: RandomSubspace(nn.LazyLinear(1), 1), "call it once"),
        (lambda: RandomSubspace(nn.Linear(2, 1).requires_grad_(False), 1), "parameters to train"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(GradusError, match=words):
        call()


def test_half_precision_and_other_arguments_of_the_model():
    class Scaled(nn.Linear):
        def forward(self, x, *, by):
            return by * super().forward(x)

    inside = RandomSubspace(Scaled(3, 2).bfloat16(), 4)
    out = inside(torch.ones(5, 3).bfloat16(), by=2)
    assert out.dtype == torch.bfloat16 and inside.coordinates.dtype == torch.float32
    mse_loss(out, torch.zeros_like(out)).backward()
    assert inside.coordinates.grad.isfinite().all()
