"""Norms of layers, Lipschitz bounds of any module from both sides."""

import copy
import math

import pytest
import torch
from differentiated_models import MODELS, example
from torch import nn
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.theory import lipschitz_bound, spectral_norm
from gradus.theory.lipschitz_rules import SLOPES

LAYERS = {
    "dense, of a sequence": (lambda: nn.Linear(5, 3), (2, 5)),
    "stride, padding, groups": (lambda: nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), (4, 6, 5)),
    "dilation": (lambda: nn.Conv1d(2, 3, 3, dilation=2), (2, 9)),
    "circular": (lambda: nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular"), (1, 4, 4)),
    "transposed": (lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, groups=2, output_padding=1), (4, 3, 3)),
    "three axes": (lambda: nn.Conv3d(1, 2, 2), (1, 3, 3, 2)),
    "batch normalisation": (lambda: nn.BatchNorm2d(3).eval(), (3, 2, 2)),
    "means": (lambda: nn.AvgPool2d(3, 2, padding=1), (1, 5, 5)),
    "a chain": (lambda: nn.Sequential(nn.Conv1d(1, 2, 2), nn.Upsample(scale_factor=2), nn.Flatten(), nn.Linear(12, 4)), (1, 4)),
}  # fmt: skip


def dense(layer, shape):
    layer = copy.deepcopy(layer).double()
    unit = torch.eye(math.prod(shape), dtype=torch.float64).reshape(-1, *shape)
    with torch.no_grad():
        return (layer(unit) - layer(torch.zeros_like(unit))).flatten(1).mT


@pytest.mark.parametrize("name", LAYERS)
def test_the_norm_is_that_of_the_matrix_formed_or_not(name, monkeypatch):
    torch.manual_seed(0)
    make, shape = LAYERS[name]
    layer = make()
    want = float(torch.linalg.matrix_norm(dense(layer, shape), 2))
    found = spectral_norm(layer, shape)
    assert found.value == pytest.approx(want, rel=1e-12) and want <= found.upper <= want * (1 + 1e-9)
    monkeypatch.setattr("gradus.theory.affine_map.DENSE", 0)
    found = spectral_norm(layer, shape, products=40)
    assert (
        found.value == pytest.approx(want, rel=1e-8)
        and found.products > 0
        and found.upper >= want * (1 - 1e-12)
    )
    few = spectral_norm(layer, shape, products=2)
    assert few.value <= want * (1 + 1e-12) and few.upper >= want


def test_what_is_no_affine_layer_is_refused():
    for layer, shape in (
        (nn.ReLU(), (3,)),
        (nn.Linear(3, 2), (4,)),
        (nn.Linear(3, 2), ()),
        (nn.BatchNorm1d(3), (3,)),
    ):
        with pytest.raises(GradusError):
            spectral_norm(layer, shape)


@pytest.mark.parametrize("name", SLOPES)
def test_slopes_are_the_largest_and_rounded_up(name):
    x = torch.linspace(-12, 12, 240_001, dtype=torch.float64, requires_grad=True)
    functions = {
        "log_sigmoid_forward": F.logsigmoid, "abs": torch.abs, "neg": torch.neg, "_softmax": lambda z: 0.5 * z,
    }  # fmt: skip
    f = functions.get(name) or getattr(F, name, None) or getattr(torch, name)
    (g,) = torch.autograd.grad(f(x).sum(), x)
    assert float(g.abs().max()) <= SLOPES[name] <= float(g.abs().max()) * (1 + 2e-4) + 1e-7
    if name == "gelu":
        (g,) = torch.autograd.grad(F.gelu(x, approximate="tanh").sum(), x)
        assert float(g.abs().max()) <= SLOPES[name]
    if name == "_softmax":
        p = torch.tensor([0.5, 0.5], dtype=torch.float64)
        assert float(torch.linalg.matrix_norm(torch.diag(p) - torch.outer(p, p), 2)) == pytest.approx(0.5)


class Of(nn.Module):
    """A model that is one function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


W = torch.diag(torch.tensor([2.0, 1.0, 0.5, 0.25]))


def written_in_parts(x):
    out = torch.zeros_like(x)
    out[:, :2] = 3 * x[:, :2]
    out[:, 2:].copy_(4 * x[:, 2:])
    return out


def written_over(x):
    h = 5 * x
    h[:] = x
    return h


def changed_behind_a_view(x):
    h = x.clone()
    h[:, 0:1].mul_(10)
    return h


KNOWN = {
    "itself": (lambda x: x, 1.0),
    "a sum of branches": (lambda x: x + x @ W, 3.0),
    "a difference": (lambda x: x - 2 * x, 3.0),
    "side by side": (lambda x: torch.cat([x, 2 * x], 1), math.sqrt(5)),
    "broadcast": (lambda x: (x[:, :, None] + torch.zeros(4, 9)).flatten(1), 3.0),
    "expanded": (lambda x: x[:, :, None].expand(-1, -1, 4).reshape(len(x), -1), 2.0),
    "repeated": (lambda x: x.repeat(1, 9), 3.0),
    "overlapping windows": (lambda x: x.unfold(1, 2, 1).flatten(1), math.sqrt(2)),
    "the same column often": (lambda x: x[:, [0, 0, 0, 0]], 2.0),
    "sums": (lambda x: x.sum(1, keepdim=True), 2.0),
    "means": (lambda x: x.mean(1, keepdim=True), 0.5),
    "the largest": (lambda x: x.amax(1, keepdim=True), 1.0),
    "larger of two": (lambda x: torch.maximum(x, 2 * x), math.sqrt(5)),
    "a quotient": (lambda x: x / torch.tensor([1.0, 2.0, 4.0, 0.5]), 2.0),
    "from one": (lambda x: 1 - 2 * x, 2.0),
    "in place": (lambda x: (2 * x).mul_(3).relu_(), 6.0),
    "written in parts": (written_in_parts, 5.0),
    "written over": (written_over, 1.0),
    "changed behind a view": (changed_behind_a_view, math.sqrt(101)),
    "chosen by a fixed mask": (lambda x: torch.where(torch.tensor([True, False, True, False]), x, 2 * x), math.sqrt(5)),
    "held between": (lambda x: x.sum(1, keepdim=True).clamp(-torch.ones(9), torch.ones(9)), 6.0),
    "windows": (lambda x: F.max_pool1d(x[:, None], 3, 1).flatten(1), math.sqrt(3)),
    "logarithm of softmax": (lambda x: F.log_softmax(x, 1), 2.0),
    "a constant": (lambda x: torch.ones(len(x), 2), 0.0),
    "length": (lambda x: x.norm(dim=1, keepdim=True), 1.0),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_operations_are_followed(name):
    function, want = KNOWN[name]
    x = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    found = lipschitz_bound(Of(function), x, steps=3)
    assert found.upper == pytest.approx(want, rel=1e-5)
    assert found.lower <= found.upper * (1 + 1e-5)


def outside(x):
    """Numbers that leave PyTorch and come back."""
    return torch.from_numpy(3 * x.detach().numpy().copy())


def test_what_cannot_be_followed_is_found_out():
    with pytest.raises(GradusError, match="steeper than the bound"):
        lipschitz_bound(Of(outside), torch.ones(2, 4), steps=1)
    with pytest.raises(GradusError, match="that sample alone"):
        lipschitz_bound(Of(lambda x: x - x.mean(0)), torch.eye(4), steps=1)


def branching(x):
    return x if x.sum() > 0 else -x


REFUSED = {
    "pow": lambda x: x**2,
    "mul": lambda x: x * x.sigmoid(),
    "bmm": lambda x: (x[:, :, None] @ x[:, None]).flatten(1),
    "reciprocal": lambda x: 1 / x,
    "exp": lambda x: x.exp(),
    "sum in Of": branching,
    "round": lambda x: x.round(),
    "gt": lambda x: torch.where(x > 0, x, 2 * x),
    "native_dropout|bernoulli|mul": lambda x: F.dropout(x, 0.5, training=True),
    "native_batch_norm": lambda x: F.batch_norm(x.reshape(-1, 2, 2), None, None, training=True).flatten(1),
    "hardshrink": F.hardshrink,
    "threshold": lambda x: F.threshold(x, 1.0, 0.0),
    "scaled_dot_product": lambda x: F.scaled_dot_product_attention(x[:, None, None], x[:, None, None], x[:, None, None]).flatten(1),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_constant_is_refused_by_name(name):
    x = torch.ones(2, 4)
    pattern = {"sum in Of": "_local_scalar_dense|gt", "scaled_dot_product": "attention|bmm|matmul"}.get(
        name, name
    )
    with pytest.raises(GradusError, match=f"Lipschitz constant is known, got .*({pattern})"):
        lipschitz_bound(Of(REFUSED[name]), x, steps=1)


@pytest.mark.parametrize("name", [k for k, (_, shape) in MODELS.items() if shape])
def test_bounds_enclose_and_leave_the_model(name):
    model, x, _ = example(name, 3)
    model.requires_grad_(False)
    before, out, state = copy.deepcopy(model.state_dict()), model(x), torch.random.get_rng_state()
    try:
        found = lipschitz_bound(model, x, steps=2)
        J = torch.autograd.functional.jacobian(model, x[:1]).reshape(out[0].numel(), -1)
        assert float(torch.linalg.matrix_norm(J, 2)) <= found.upper
        assert 0 < found.lower <= found.upper
    except GradusError as refusal:
        assert name in ("attention", "attention, sequence first", "encoder", "LSTM", "GRU", "experts"), (
            refusal
        )
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.state_dict().values(), strict=True))
    assert torch.equal(out, model(x)) and torch.equal(state, torch.random.get_rng_state())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_a_secant_finds_the_constant_of_a_linear_map():
    torch.manual_seed(0)
    model = nn.Linear(6, 4)
    found = lipschitz_bound(model, torch.randn(3, 6))
    assert found.upper / (1 + 1e-4) <= found.lower <= found.upper
    a, b = found.pair
    slope = (model(a) - model(b)).detach().norm() / (a - b).norm()
    assert float(slope) == pytest.approx(found.lower, rel=1e-3)


def test_layer_normalisation_reaches_its_constant():
    model = nn.LayerNorm(4, eps=0.01, elementwise_affine=False).double()
    found = lipschitz_bound(model, torch.zeros(1, 4, dtype=torch.float64), steps=1)
    J = torch.autograd.functional.jacobian(model, torch.zeros(4, dtype=torch.float64))
    assert found.upper == pytest.approx(10.0) == float(torch.linalg.matrix_norm(J, 2))
