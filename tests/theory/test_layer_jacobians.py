"""Singular values of layers' Jacobians against dense ones by autograd, for layers of every kind; what is too large is estimated."""

import pytest
import torch
from test_curvature import CASES, made
from torch import nn

from gradus.errors import GradusError
from gradus.theory import layer_jacobians

QUICK = {"relu", "batch norm", "attention", "LSTM", "transposed"}


def heard(model, name, x, call=0):
    """What entered and left a module's call, and the function from the input to that."""
    layer = dict(model.named_modules())[name]
    kept = []
    handle = layer.register_forward_hook(lambda m, args, out: kept.append((args[0], out)))
    try:
        model(x)
    finally:
        handle.remove()
    entering, out = kept[call]
    return layer, entering, out[0] if isinstance(out, tuple) else out


def dense(model, name, x, k):
    """The Jacobian of the module's output of sample k by the network's input, and by its own."""
    x = x[k : k + 1]
    by_input = torch.autograd.functional.jacobian(lambda z: heard(model, name, z)[2].reshape(-1), x)
    layer, entering, _ = heard(model, name, x)
    if isinstance(layer, nn.MultiheadAttention):
        own = torch.autograd.functional.jacobian(
            lambda z: layer(z, z, z, need_weights=False)[0].reshape(-1), entering
        )
    else:
        own = torch.autograd.functional.jacobian(
            lambda z: (o[0] if isinstance(o := layer(z), tuple) else o).reshape(-1), entering
        )
    return (J.reshape(J.shape[0], -1) for J in (by_input, own))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c[0], marks=() if c[0] in QUICK else pytest.mark.slow)
        for c in CASES
        if c[2] is not None
    ],
)
def test_values_are_those_of_the_dense_jacobians(case):
    model, x, _ = made(case[1], case[2])
    x = x[:2]
    rows = layer_jacobians(model, x)
    assert len(rows) >= 2
    for row in rows:
        both = [torch.linalg.svdvals(torch.stack(parts)) for parts in zip(*(dense(model, row.name, x, k) for k in range(2)), strict=True)]  # fmt: skip
        for found, values in zip((row.stack, row.own), both, strict=True):
            if found is None:
                assert row.reason.en
                continue
            assert found.exact
            assert found.largest == pytest.approx(float(values.max()), rel=1e-9)
            assert found.smallest == pytest.approx(float(values.min()), abs=1e-9 * float(values.max()))
            assert found.mean_square == pytest.approx(float(values.square().mean()), rel=1e-9)


def test_larger_ones_are_estimated():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(40, 60), nn.ReLU(inplace=True), nn.Linear(60, 40)).double()
    x = torch.randn(3, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    before = [p.detach().clone() for p in model.parameters()]
    exact, rough = layer_jacobians(model, x), layer_jacobians(model, x, most=20, iterations=60)
    for one, other in zip(exact, rough, strict=True):
        assert not other.stack.exact and other.stack.smallest is None
        assert one.stack.largest * 0.9 < other.stack.largest <= one.stack.largest * (1 + 1e-9)
        # the variance of zᵀJJᵀz is at most 2 Σσ⁴ ≤ 2 σ_max² Σσ², over 60 draws of 3 samples; five deviations
        deviation = (2 * one.stack.largest**2 * one.stack.mean_square / 40 / 180) ** 0.5
        assert abs(other.stack.mean_square - one.stack.mean_square) < 5 * deviation
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_symbols_have_no_jacobian_but_layers_have():
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2)).double()
    rows = layer_jacobians(model, torch.tensor([[0, 1], [2, 4]]))
    assert rows[0].own is None and rows[1].stack is None and rows[1].own.exact and rows[1].reason.zh


def test_what_draws_or_mixes_is_refused():
    with pytest.raises(GradusError, match="Dropout"):
        layer_jacobians(nn.Sequential(nn.Linear(2, 2), nn.Dropout()), torch.ones(2, 2))
    with pytest.raises(GradusError, match="inputs"):
        layer_jacobians(nn.Linear(2, 2), torch.ones(0, 2))
