"""A step size by each way: what it is, beside dense matrices and closed forms; that the model is left as it was."""

import copy
import functools

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier
from torch import nn
from torch.nn import functional as F
from watched_models import DOUBLE, labels, normal, seeded

from gradus.errors import GradusError
from gradus.optimization import (
    cross_validated_step,
    largest_stable_step,
    quadratic,
    read_range_curve,
    search_step_size,
    trajectory,
)

X, Y = normal(600, 4), labels(600)


def network():
    return seeded(
        nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 3)
        ).double()
    )


@pytest.mark.parametrize("way", ["range", "curvature", "line"])
def test_the_model_is_left_as_it_was(way):
    model = network().eval()
    model[0].weight.grad = torch.ones_like(model[0].weight)
    before, generator = copy.deepcopy(model.state_dict()), torch.random.get_rng_state()
    search = search_step_size(model, F.cross_entropy, (X, labels(600)), way=way, batch_size=6, high=100.0)
    assert 0 < search.recommended < 100 and search.reason.en and search.reason.zh
    assert search.figure().axes[0].lines
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert torch.equal(torch.random.get_rng_state(), generator)
    assert not any(m.training for m in model.modules())
    assert (
        torch.equal(model[0].weight.grad, torch.ones_like(model[0].weight)) and model[4].weight.grad is None
    )
    again = search_step_size(model, F.cross_entropy, (X, labels(600)), way=way, batch_size=6, high=100.0)
    assert again.recommended == search.recommended


def test_curvature_is_the_hessians():
    """On least squares the Hessian is XᵀX/n, whatever the weights."""
    x, y = normal(30, 4), normal(30, 1, seed=1)
    model = seeded(nn.Linear(4, 1, bias=False).double())
    largest = np.linalg.eigvalsh((x.T @ x / 30).numpy())[-1]
    for name, edge in (("sgd", 2.0), ("momentum", 3.8), ("nesterov", 3.8 / 2.8)):
        search = search_step_size(
            model,
            lambda o, t: (o - t).square().mean() / 2,
            (x, y),
            way="curvature",
            optimizer=name,
            batch_size=30,
        )
        assert search.recommended == pytest.approx(edge / largest / 2)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov"])
def test_thresholds_are_where_it_diverges(name):
    edge = largest_stable_step(3.0, name)
    settings = {"sgd": {}, "momentum": dict(momentum=0.9), "nesterov": dict(momentum=0.9, nesterov=True)}[
        name
    ]
    for factor, grows in ((0.99, False), (1.01, True)):
        path = trajectory(
            functools.partial(torch.optim.SGD, lr=factor * edge, **settings),
            quadratic([3.0]),
            np.ones(1),
            4000,
        )
        assert (abs(path[-1].item()) > 1) == grows


def test_the_line_search_satisfies_armijo_and_twice_the_step_does_not():
    x, y = normal(30, 4), normal(30, 1, seed=1)
    model = seeded(nn.Linear(4, 1).double())
    loss = lambda o, t: (o - t).square().mean()
    search = search_step_size(model, loss, (x, y), way="line", batch_size=30)
    start = loss(model(x), y)
    gradients = torch.autograd.grad(start, model.parameters())
    size = sum(g.square().sum() for g in gradients).item()
    for step, satisfied in ((search.recommended, True), (2 * search.recommended, False)):
        moved = copy.deepcopy(model)
        with torch.no_grad():
            for p, g in zip(moved.parameters(), gradients, strict=True):
                p.sub_(step * g)
        assert (loss(moved(x), y).item() <= start.item() - step / 2 * size) == satisfied


def test_a_range_test_takes_an_epoch_at_most():
    seen = []
    data = (X, X.sum(1, keepdim=True))

    def loss(outputs, targets):
        seen.append(len(targets))
        return F.mse_loss(outputs, targets)

    search = search_step_size(seeded(nn.Linear(4, 1).double()), loss, data, batch_size=7)
    assert sum(seen) <= 600 and 0.01 < search.recommended < 1.0


def test_cross_validation_is_scikit_learns():
    estimator = MLPClassifier((8,), max_iter=30, random_state=0)
    x, y = X[:150].numpy(), (X[:150, 0] > 0).numpy().astype(int)
    with pytest.warns(Warning, match="converge"):
        search = cross_validated_step(estimator, x, y, [1e-5, 1e-2, 1e4], folds=3)
    assert search.recommended == 0.01 and search.losses.argmax() == 1
    assert search.figure().axes


REFUSED = [
    (lambda: search_step_size(nn.ReLU(), F.mse_loss, (X, X)), "parameters to train"),
    (lambda: search_step_size(network(), F.cross_entropy, (X, Y[:5])), "as many targets"),
    (lambda: search_step_size(network(), F.cross_entropy, (X, Y), low=1.0, high=0.5), "above low"),
    (
        lambda: search_step_size(network(), F.cross_entropy, (X, Y), batch_size=300),
        "batch_size: expected 60 at most",
    ),
    (
        lambda: search_step_size(network(), F.cross_entropy, (X, Y), way="curvature", optimizer="adam"),
        "range",
    ),
    (lambda: search_step_size(network(), F.cross_entropy, (X, Y), way="line", optimizer="momentum"), "range"),
    (lambda: search_step_size(network(), F.cross_entropy, (X * torch.nan, Y)), "finite one at the start"),
    (lambda: read_range_curve(np.arange(1, 21.0), np.arange(20.0)), "never falls"),
    (lambda: read_range_curve(np.ones(20), np.ones(20)), "that grow"),
    (lambda: largest_stable_step(0.0), "curvature"),
    (
        lambda: cross_validated_step(MLPClassifier(), X, Y, [1.0], parameter="step"),
        "a parameter of MLPClassifier",
    ),
]


@pytest.mark.parametrize(
    ("call", "words"), REFUSED, ids=[f"{words} {k}" for k, (_, words) in enumerate(REFUSED)]
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(GradusError, match=words):
        call()


def test_single_precision_has_a_step_too():
    search = search_step_size(network().float(), F.cross_entropy, (X.float(), Y), batch_size=6, high=100.0)
    assert X.dtype == DOUBLE and search.recommended > 0


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("way", ["range", "curvature", "line"])
def test_it_searches_under_any_mode(context, way):
    model, x = torch.nn.Linear(3, 1), torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    data, mse = (x, x.sum(1, keepdim=True)), torch.nn.functional.mse_loss
    with context():
        inside = search_step_size(model, mse, tuple(d.clone() for d in data), way=way, batch_size=4)
    assert inside.recommended == search_step_size(model, mse, data, way=way, batch_size=4).recommended


@pytest.mark.parametrize("factor", [0.0, float("nan")])
def test_a_line_search_wants_a_slope(factor):
    with pytest.raises(GradusError, match="loss: expected a finite gradient other than 0"):
        search_step_size(
            torch.nn.Linear(3, 1),
            lambda y, _: (factor * y).mean(),
            (torch.ones(9, 3), torch.ones(9)),
            way="line",
        )


def test_a_range_test_names_what_is_wrong_with_its_start():
    model, ones = torch.nn.Linear(3, 1), torch.ones(40, 3)
    with pytest.raises(GradusError, match="loss: expected a finite one at the start"):
        search_step_size(model, lambda y, _: y.mean() * float("nan"), (ones, ones), batch_size=1)
    with pytest.raises(GradusError, match="data: expected 10 samples or more"):
        search_step_size(model, lambda y, _: y.mean(), (ones[:5], ones[:5]), batch_size=1)
