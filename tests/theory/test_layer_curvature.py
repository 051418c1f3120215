"""The curvature's blocks by layers against dense matrices, for layers of every kind; exact traces where they can be had."""

import pytest
import torch
from test_curvature import CASES, dense, made
from torch import nn
from torch.nn.functional import cross_entropy

from gradus.errors import GradusError
from gradus.theory import layer_curvatures

SLOW = {c[0] for c in CASES} - {"relu", "conv1d", "tied embedding", "weight norm"}


def sizes(model):
    taken, found = set(), {}
    for name, module in model.named_modules():
        own = [p for p in module.parameters(recurse=False) if id(p) not in taken]
        taken |= {id(p) for p in own}
        name = name.partition(".parametrizations")[0]
        if own:
            found[name] = found.get(name, 0) + sum(p.numel() for p in own)
    return found


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c[0], marks=pytest.mark.slow if c[0] in SLOW else ()) for c in CASES]
)
@pytest.mark.parametrize("kind", ["hessian", pytest.param("gauss-newton", marks=pytest.mark.slow)])
def test_blocks_are_those_of_the_dense_matrix(case, kind):
    model, x, y = made(case[1], case[2])
    H = dense(model, x, y, kind)
    before = [p.detach().clone() for p in model.parameters()]
    rows = layer_curvatures(model, cross_entropy, (x, y), kind=kind, tolerance=1e-10, probes=200)
    assert {r.name: r.size for r in rows} == sizes(model)
    assert all(torch.equal(a, b) and b.grad is None for a, b in zip(before, model.parameters(), strict=True))
    ids = [id(p) for p in model.parameters()]
    starts = torch.tensor([0, *[p.numel() for p in model.parameters()]]).cumsum(0).tolist()
    tolerance = 1e-7 * float(H.abs().max()) * len(H)  # of the differences in the dense Hessian
    for row in rows:
        held = dict.fromkeys(
            id(p)
            for name, module in model.named_modules()
            if name.partition(".parametrizations")[0] == row.name
            for p in module.parameters(recurse=False)
        )
        index = torch.cat([torch.arange(starts[k := ids.index(i)], starts[k + 1]) for i in held])
        block = H[index][:, index]
        assert row.eigenvalue == pytest.approx(float(torch.linalg.eigvalsh(block)[-1]), abs=tolerance)
        assert row.trace == pytest.approx(float(block.diagonal().sum()), abs=tolerance)
        assert row.standard_error == 0


def net(act):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 12), act(), nn.Linear(12, 3)).double()
    x = torch.randn(20, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return model, x, torch.arange(20) % 3


def test_a_trace_is_exact_where_it_can_be_and_else_within_its_error():
    model, x, y = net(nn.ReLU)
    exact = layer_curvatures(model, cross_entropy, (x, y), probes=6)
    assert [r.standard_error for r in exact] == [0.0, 0.0]
    model, x, y = net(nn.Tanh)
    block = dense(model, x, y, "hessian").diagonal()[: 6 * 12 + 12].sum()
    first = layer_curvatures(model, cross_entropy, [(x[:8], y[:8]), (x[8:], y[8:])], layers=["0"], probes=30)[
        0
    ]
    assert first.standard_error > 0 and abs(first.trace - float(block)) < 5 * first.standard_error


def test_layers_are_named_and_frozen_ones_have_no_block():
    model, x, y = net(nn.ReLU)
    model[0].requires_grad_(False)
    assert [r.name for r in layer_curvatures(model, cross_entropy, (x, y))] == ["2"]
    with pytest.raises(GradusError, match="'2'"):
        layer_curvatures(model, cross_entropy, (x, y), layers=["0"])
