"""Shattering beside a plain search, and the bound of a network beside its count by hand."""

import itertools
import math

import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.theory import vc_bound, vc_dimension


def plain(table):
    """The largest shattered set by trying all, the first of its size."""
    n = table.shape[1]
    for d in range(n, -1, -1):
        for points in itertools.combinations(range(n), d):
            if len({tuple(row) for row in table[:, list(points)].tolist()}) == 2**d:
                return d, [i in points for i in range(n)]
    raise AssertionError


@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float64])
def test_the_search_is_the_plain_one(density, dtype):
    generator = torch.Generator().manual_seed(3)
    for m in (1, 5, 40):
        table = (torch.rand(m, 8, generator=generator) < density).to(dtype)
        found = vc_dimension(table)
        assert (found.dimension, found.shattered.tolist()) == plain(table)
        assert found.patterns == len(table.unique(dim=0)) <= found.sauer


def test_many_points_and_many_samples():
    points = torch.eye(62, dtype=torch.bool)
    found = vc_dimension(torch.cat([points, ~points[:1] & False]), samples=2**53)
    assert (found.dimension, found.patterns, found.sauer) == (1, 63, 63)
    assert 0 < found.gap < 1e-6
    with pytest.raises(GradusError, match="at most 62 points"):
        vc_dimension(torch.eye(63))


def data(n=50, shape=(4,), k=3):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, *shape, generator=generator), torch.randint(0, k, (n,), generator=generator)


def term(polynomials, variables, degree):
    return min(
        polynomials * math.log(2),
        math.log(2) + variables * math.log(2 * math.e * polynomials * degree / variables),
    )


def test_the_count_of_a_network_by_hand():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 6), nn.PReLU(), nn.Linear(6, 3))
    x, y = data(4000)
    found = vc_bound(model, [(x[:1000], y[:1000]), (x[1000:], y[1000:])])
    N = 8000
    counted = term(5 * N, 25, 1) + term(6 * N, 61, 2) + term(3 * N, 61 + 1 + 21, 4)
    assert found.terms["log patterns"] == pytest.approx(min(counted, N * math.log(2)))
    assert found.terms["parameters"] == sum(p.numel() for p in model.parameters())
    assert found.terms["chance"] == pytest.approx(math.sqrt(8 / 4000 * (counted + math.log(80))))
    with torch.no_grad():
        assert found.risk == pytest.approx(float((model(x).argmax(1) != y).double().mean()))
    assert found.value == pytest.approx(found.risk + found.terms["chance"]) and found.vacuous


def test_shared_weights_count_once_and_few_samples_count_all_labellings():
    layer = nn.Linear(4, 4)
    tied = nn.Sequential(layer, nn.ReLU(), layer, nn.ReLU(), nn.Linear(4, 1))
    x, y = data(10, k=2)
    found = vc_bound(tied, [(x, y)])
    assert found.terms["parameters"] == 25
    assert found.terms["log patterns"] == pytest.approx(20 * math.log(2))


def test_many_samples_give_a_bound_that_says_something_and_holds():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(20000, 2, generator=generator)
    y = (x[:, 0] + 0.1 * torch.randn(20000, generator=generator) > 0).long()
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 0.0]]))
        model.bias.zero_()
    found = vc_bound(model, [(x, y)])
    assert not found.vacuous and found.risk < found.value < 0.25


@pytest.mark.parametrize("model", [nn.Sequential(nn.Linear(4, 3), nn.Tanh()), nn.Identity()])
def test_what_the_count_does_not_cover_is_refused(model):
    with pytest.raises(GradusError, match="model: expected a chain"):
        vc_bound(model, [data()])
