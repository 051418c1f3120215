"""Smoothness along the gradient: beside products by hand, in every mode, of a model that is left as it was."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.theory import Curvature, loss_smoothness

STEPS = [0.01, 0.1]


def net(*extra):
    torch.manual_seed(0)
    return copy.deepcopy(nn.Sequential(nn.Linear(5, 6), *extra, nn.Tanh(), nn.Linear(6, 3))).double()


def data(n=20):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 5, dtype=torch.float64, generator=generator), torch.arange(n) % 3


def by_hand(model, x, y, eta):
    """Loss and gradient after a step of SGD."""
    optimizer = torch.optim.SGD(model.parameters(), eta)
    first = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    first.backward()
    g = [p.grad.clone() for p in model.parameters()]
    optimizer.step()
    ahead = F.cross_entropy(model(x), y)
    h = torch.autograd.grad(ahead, list(model.parameters()))
    distance = math.sqrt(sum(float((a - b).square().sum()) for a, b in zip(h, g, strict=True)))
    length = math.sqrt(sum(float(a.square().sum()) for a in g))
    return float(first.detach()), float(ahead.detach()), distance, distance / (eta * length)


@pytest.mark.parametrize("extra", [(), (nn.BatchNorm1d(6),), (nn.LayerNorm(6),)])
def test_it_is_what_a_step_of_descent_meets(extra):
    x, y = data()
    found = loss_smoothness(net(*extra), F.cross_entropy, (x, y), STEPS)
    for k, eta in enumerate(STEPS):
        want = by_hand(net(*extra), x, y, eta)
        got = found.loss, found.losses[k], found.distances[k], found.betas[k]
        assert got == pytest.approx(want, rel=1e-9)


def test_small_steps_see_the_curvature_along_the_gradient():
    model, (x, y) = net(), data()
    found = loss_smoothness(model, F.cross_entropy, (x, y), [1e-5])
    g = torch.cat([p.flatten() for p in found.gradient])
    along = Curvature(model, F.cross_entropy, [(x, y)]) @ g
    assert found.betas[0] == pytest.approx(float(along.norm() / g.norm()), rel=1e-4)


def test_a_scale_before_batch_normalisation():
    x, y = data()
    model = nn.Sequential(
        nn.Linear(5, 6, bias=False), nn.BatchNorm1d(6, eps=1e-12), nn.ReLU(), nn.Linear(6, 3)
    ).double()
    for p in [*model[1].parameters(), *model[3].parameters()]:
        p.requires_grad_(False)
    one = loss_smoothness(model, F.cross_entropy, (x, y), [0.5])
    with torch.no_grad():
        model[0].weight.mul_(3.0)
    three = loss_smoothness(model, F.cross_entropy, (x, y), [4.5])
    assert three.betas[0] == pytest.approx(one.betas[0] / 9, rel=1e-6)
    assert float((model[0].weight.detach() * three.gradient[0]).sum(1).abs().max()) < 1e-9


def test_before_layer_normalisation_all_weights_together_are_orthogonal():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 6), nn.LayerNorm(6, eps=1e-12), nn.ReLU(), nn.Linear(6, 3)).double()
    weight, bias, *_ = loss_smoothness(model, F.cross_entropy, data(), [0.5]).gradient
    inner = (model[0].weight.detach() * weight).sum(1) + model[0].bias.detach() * bias
    assert float(inner.abs().max()) > 1e-3 and abs(float(inner.sum())) < 1e-9  # not row by row


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was_and_draws_stay(training):
    model = net(nn.BatchNorm1d(6), nn.Dropout(0.5)).train(training)
    model[0].weight.grad = torch.ones_like(model[0].weight)
    model[-1].bias.requires_grad_(False)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    grad, state = model[0].weight.grad, torch.random.get_rng_state()
    found = loss_smoothness(model, F.cross_entropy, data(), [1e-9, 0.1])
    assert abs(found.losses[0] - found.loss) < 1e-6  # the same dropout at every step
    assert torch.equal(torch.random.get_rng_state(), state) and model[0].weight.grad is grad
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert model.training == training and len(found.gradient) == 5


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_lower_precisions(dtype):
    x, y = data()
    want = loss_smoothness(net(), F.cross_entropy, (x, y), [1.0])
    found = loss_smoothness(net().to(dtype), F.cross_entropy, (x.to(dtype), y), [1.0])
    assert found.betas[0] == pytest.approx(want.betas[0], rel=20 * torch.finfo(dtype).eps)


def test_flat_and_diverging():
    model = nn.Linear(2, 1, bias=False)
    flat = loss_smoothness(model, lambda o, t: 0 * o.sum(), (torch.ones(3, 2), torch.zeros(3)), [1.0])
    assert flat.loss == 0 and math.isnan(flat.betas[0])
    far = loss_smoothness(
        model, lambda o, t: o.exp().sum().exp(), (torch.ones(3, 2), torch.zeros(3)), [-1e-30 + 1e30]
    )
    assert len(far.losses) == 1


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda m, d: loss_smoothness(m, F.cross_entropy, d, []), "steps"),
        (lambda m, d: loss_smoothness(m, F.cross_entropy, d, [0.1, 0.0]), r"steps\[1\]"),
        (lambda m, d: loss_smoothness(m, F.cross_entropy, d, 0.1), "steps"),
        (lambda m, d: loss_smoothness(m, F.cross_entropy, d[0], [0.1]), "data"),
        (lambda m, d: loss_smoothness(m, lambda o, t: o.sum() * math.nan, d, [0.1]), "loss"),
        (lambda m, d: loss_smoothness(None, F.cross_entropy, d, [0.1]), "model"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(call, name):
    with pytest.raises(GradusError, match=rf"^{name}"):
        call(net(), data())
