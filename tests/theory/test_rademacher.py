"""Complexities and the bound of a network: in every form of a model, left as it was, with what it assumes checked."""

import copy
import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.theory import rademacher_bound, rademacher_complexity, vc_bound


def data(n=60, shape=(6,), k=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, *shape, generator=generator), torch.randint(0, k, (n,), generator=generator)


@pytest.mark.parametrize("weights", ["one", "l1", "l2", "linf"])
def test_blocks_change_nothing_and_drawn_signs_follow_the_seed(weights, monkeypatch):
    x = torch.randn(9, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    whole = rademacher_complexity(x, weights)
    many = rademacher_complexity(x.repeat(3, 1), weights, draws=64, seed=5)
    monkeypatch.setattr("gradus.theory.rademacher.BLOCK", 40)
    torch.testing.assert_close(rademacher_complexity(x, weights), whole)
    again = rademacher_complexity(x.repeat(3, 1), weights, draws=64, seed=5)
    torch.testing.assert_close(again.bound, many.bound)
    assert float(many.error) > 0 == float(whole.error)
    exact = rademacher_complexity(x, weights, signs=torch.tensor(list(itertools.product((-1, 1), repeat=9))))
    torch.testing.assert_close(exact.complexity, whole.complexity)


def test_no_gradient_and_no_generator_is_touched():
    x = torch.ones(20, 2, requires_grad=True)
    state = torch.random.get_rng_state()
    assert not rademacher_complexity(x).complexity.requires_grad
    assert torch.equal(state, torch.random.get_rng_state())


class Lenet(nn.Module):
    """Functions for modules, an activation in place, views, a name that is not the order of calls."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(4 * 4 * 4, 3)
        self.first = nn.Conv2d(1, 4, 3, stride=2, padding=1)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        h = F.relu_(self.first(x.unsqueeze(1)))
        return self.last(self.drop(torch.flatten(h, 1)))


CHAINS = {
    "linear": (lambda: nn.Linear(6, 3), (6,)),
    "no offset": (lambda: nn.Sequential(nn.Linear(6, 8, bias=False), nn.ReLU(), nn.Linear(8, 3, bias=False)), (6,)),
    "deep": (lambda: nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.LeakyReLU(0.1), nn.Linear(8, 3)), (6,)),
    "convolution": (Lenet, (8, 8)),
    "sequence": (lambda: nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Flatten(), nn.Linear(10, 3)), (2, 4)),
    "normalised": (lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(6, 8)), nn.ReLU(), nn.Linear(8, 3)), (6,)),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_chains_are_bounded_and_left_as_they_were(name):
    torch.manual_seed(0)
    make, shape = CHAINS[name]
    model = make().eval()
    x, y = data(shape=shape)
    before, out, state = copy.deepcopy(model.state_dict()), model(x), torch.random.get_rng_state()
    found = rademacher_bound(model, [(x[:40], y[:40]), (x[40:], y[40:])])
    assert found.value == pytest.approx(sum(found.terms[k] for k in ("margin loss", "complexity", "chance")))
    assert found.vacuous == (found.value >= 1) and found.risk == found.terms["margin loss"]
    assert found.risk >= found.terms["training error"] == float((out.argmax(1) != y).double().mean())
    assert found.samples == 60 and found.confidence == pytest.approx(0.95)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.state_dict().values(), strict=True))
    assert torch.equal(out, model(x)) and torch.equal(state, torch.random.get_rng_state())
    assert not model._forward_hooks and not model._forward_pre_hooks


class Scaled(nn.Linear):
    """A linear layer that does more than its weight says."""

    def forward(self, x):
        return 2 * super().forward(x)


class Skip(nn.Module):
    """A way around, written in place so that the tensor stays the same."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x):
        h = F.relu(self.a(x))
        h += x
        return self.b(h)


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)),
        nn.Sequential(nn.Linear(6, 8), nn.ReLU6(), nn.Linear(8, 3)),
        nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(-1.5), nn.Linear(8, 3)),
        nn.Sequential(nn.Linear(6, 8), nn.PReLU(8), nn.Linear(8, 3)),
        nn.Sequential(nn.Linear(6, 8), nn.PReLU(), nn.Linear(8, 3)),
        nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)).eval(),
        nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 3)).train(),
        nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(1)),
        Scaled(6, 3),
        Skip(),
        nn.Identity(),
    ],
    ids=lambda model: type(model[1] if isinstance(model, nn.Sequential) else model).__name__,
)
def test_what_the_theorem_does_not_cover_is_refused(model):
    with pytest.raises(GradusError, match="model: expected a chain"):
        rademacher_bound(model, [data()])


def by_hand(model, x, y, gamma, delta=0.05):
    """The formula of the docstring, term by term, for a chain of dense layers with ReLUs."""
    layers = [m for m in model if isinstance(m, nn.Linear)]
    n, k, L = len(x), layers[-1].out_features, len(layers)
    rows = torch.cat([layers[-1].weight, layers[-1].bias[:, None]], 1).norm(dim=1).max()
    product = float(rows) * k / gamma
    for layer in layers[:-1]:
        augmented = torch.zeros(layer.out_features + 1, layer.in_features + 1)
        augmented[:-1, :-1], augmented[:-1, -1], augmented[-1, -1] = layer.weight, layer.bias, 1.0
        product *= float(augmented.norm())
    j = math.ceil(8 * math.log2(product))
    size = float((x.square().sum() + n).sqrt())
    out = model(x)
    margins = torch.stack([o[c] - torch.cat([o[:c], o[c + 1 :]]).max() for o, c in zip(out, y, strict=True)])
    loss = float((1 - margins / gamma).clamp(0, 1).mean())
    share = 2 / 3 * delta / ((abs(j) + 1) * (abs(j) + 2))
    return loss + 4 * 2 ** (j / 8) * (1 + math.sqrt(2 * (L - 1) * math.log(2))) * size / n + 3 * math.sqrt(math.log(2 / share) / (2 * n))  # fmt: skip


@pytest.mark.parametrize("gamma", [0.01, 0.3, 20.0])
def test_the_formula_term_by_term(gamma):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 3))
    x, y = data()
    with torch.no_grad():
        assert rademacher_bound(model, [(x, y)], margin=gamma).value == pytest.approx(by_hand(model, x, y, gamma), rel=1e-5)  # fmt: skip


def test_the_best_margin_is_no_worse_than_others():
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    best = rademacher_bound(model, [data()])
    for factor in (0.1, 0.7, 1.0):
        assert (
            best.value <= rademacher_bound(model, [data()], margin=factor * best.terms["margin"]).value + 1e-9
        )


def test_a_convolution_is_bounded_by_its_matrix():
    torch.manual_seed(3)
    conv = nn.Conv2d(1, 2, 3, bias=False)
    matrix = conv(torch.eye(25).reshape(25, 1, 5, 5)).flatten(1).T.detach()
    model = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(18, 3, bias=False))
    x, y = data(shape=(1, 5, 5))
    norms = rademacher_bound(model, [(x, y)]).terms["norms"]
    assert norms == pytest.approx(
        float(matrix.norm() * model[3].weight.detach().norm(dim=1).max() * 3), rel=1e-5
    )


def planted(n, seed):
    """Two classes apart by a margin on the unit circle, and the direction that parts them."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 2, (n,), generator=generator)
    angle = (torch.rand(n, generator=generator) - 0.5) * 1.6 + math.pi * labels
    return torch.stack([-angle.cos(), -angle.sin()], 1), labels


def test_wide_margins_give_a_bound_that_says_something_and_holds():
    model = nn.Linear(2, 1, bias=False)
    x, y = planted(4000, 0)
    for _ in range(60):
        z = model(x)[:, 0]
        loss = F.softplus(-z * (2 * y - 1)).mean() + 0.02 * model.weight.square().sum()
        (g,) = torch.autograd.grad(loss, model.weight)
        with torch.no_grad():
            model.weight -= g
    found = rademacher_bound(model, [(x, y)])
    fresh, labels = planted(4000, 1)
    error = float(((model(fresh)[:, 0] > 0).long() != labels).double().mean())
    assert error <= found.value < 0.5 and not found.vacuous


def test_data_that_do_not_fit_are_refused():
    x, y = data()
    model = nn.Linear(6, 3)
    for bad in ([], [(x, y + 1)], [(x, y[:-1])], [(x, y.float())], x):
        with pytest.raises(GradusError):
            rademacher_bound(model, bad)
    with pytest.raises(GradusError):
        rademacher_complexity(torch.ones(2, 2), signs=torch.tensor([[1.0, 0.5]]))


def test_one_pair_is_taken_as_one_batch():
    model = torch.nn.Linear(2, 1, bias=False)
    x = torch.tensor([[0.6, 0.8], [-0.8, -0.6]]).repeat(50, 1)
    pair = (x, torch.tensor([1, 0]).repeat(50))
    for bound in (rademacher_bound, vc_bound):
        assert bound(model, pair) == bound(model, [pair])
