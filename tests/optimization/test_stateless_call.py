"""Models with a layer under two names, called with other weights: they keep their own, and can be changed afterwards."""

import shutil

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from gradus.optimization import KFAC
from gradus.optimization.stateless_call import StatelessCall
from gradus.theory import (
    Curvature,
    connect_modes,
    critical_sharpness,
    curvature_diagonal,
    loss_along,
    loss_slice,
    tangent_kernel,
)
from gradus.training import fit


class TwoNames(nn.Module):
    """A layer, and one with buffers, each of which has two names; and a weight that stands in two layers."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = self.a
        self.norm = nn.BatchNorm1d(2)
        self.other_norm = self.norm
        self.last = nn.Linear(2, 2)
        self.last.bias = self.a.bias

    def forward(self, x, *, factor=1.0):
        return factor * self.last(self.other_norm(self.b(self.a(x).tanh())))


class Scaled(nn.Module):
    """A product with a weight that no rule of the library knows."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 2.0]))

    def forward(self, x):
        return x * self.weight


def seeded(model):
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(3)
        for p in model.parameters():
            p.copy_(torch.randn(p.shape))
    return model.eval()


def tied():
    return seeded(TwoNames())


def tied_scales():
    model = nn.Sequential(nn.Linear(2, 2), Scaled(), nn.Tanh())
    model.append(model[1])
    return seeded(model)


def tied_norms():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Tanh())
    model.append(model[1])
    return seeded(model)


def data(n=6):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, 2, generator=generator), torch.randn(n, 2, generator=generator)


def points(model):
    return [{k: v + shift for k, v in model.state_dict().items()} for shift in (0, 1)]


def kfac(model):
    x, y = data()
    optimizer = KFAC(model, lr=0.0, damping=1.0, likelihood="gaussian", rescaling="quadratic", fisher="exact")
    mse_loss(model.train()(x), y).backward()
    model.eval()
    optimizer.step()
    optimizer.remove_hooks()
    model.zero_grad()


TIMES = torch.linspace(0, 1, 3)
CALLS = {
    "Curvature": (tied, lambda m: Curvature(m, mse_loss, data()) @ torch.ones(14)),
    "curvature_diagonal": (
        tied_scales,
        lambda m: curvature_diagonal(m, mse_loss, data(), kind="gauss-newton"),
    ),
    "tangent_kernel": (tied_scales, lambda m: tangent_kernel(m, data()[0])),
    "loss_slice": (tied, lambda m: loss_slice(m, mse_loss, data(), dict(m.named_parameters()), TIMES)),
    "loss_along": (tied, lambda m: loss_along(m, mse_loss, data(), points(m), TIMES)),
    "connect_modes": (tied, lambda m: connect_modes(m, mse_loss, data(), *points(m), steps=2)),
    "critical_sharpness": (tied, lambda m: critical_sharpness(m, mse_loss, data())),
    "KFAC, quadratic": (tied_norms, kfac),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_model_with_a_layer_under_two_names_stays_its_own(name):
    build, call = CALLS[name]
    model = build()
    held = [*model.named_parameters(), *model.named_buffers()]
    call(model)
    now = [*model.named_parameters(), *model.named_buffers()]
    assert [(k, id(v)) for k, v in now] == [(k, id(v)) for k, v in held]
    with torch.no_grad():
        for _, p in held:  # as an optimizer would that was given them before
            p.zero_()
    assert not model(data()[0]).any()


@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="no C++ compiler")
@pytest.mark.slow
def test_a_compiled_run_trains_a_layer_under_two_names():
    nets = [tied(), tied()]
    for net, compile in zip(nets, (False, True), strict=True):
        held = [id(p) for p in net.parameters()]
        fit(
            net,
            mse_loss,
            data(8),
            epochs=2,
            batch_size=4,
            optimizer="adam",
            learning_rate=0.01,
            progress="silent",
            compile=compile,
        )
        assert [id(p) for p in net.parameters()] == held
    for eager, compiled in zip(*(net.state_dict().values() for net in nets), strict=True):
        torch.testing.assert_close(compiled, eager, rtol=1e-4, atol=1e-5)


def test_what_is_given_stands_at_every_place_and_by_any_name():
    model = tied()
    x, call = data()[0], StatelessCall(model)
    parameters = {k: torch.randn_like(p) for k, p in model.named_parameters()}
    buffers = {k: b + 1 for k, b in model.named_buffers()}
    other = tied()
    with torch.no_grad():
        for k, v in [*other.named_parameters(), *other.named_buffers()]:
            v.copy_((parameters | buffers)[k])
    assert torch.equal(call(parameters | buffers, x), other(x))
    assert torch.equal(call(parameters | buffers, x, factor=2.0), 2 * other(x))
    renamed = {
        k.replace("a.", "b.").replace("norm", "other_norm"): v for k, v in (parameters | buffers).items()
    }
    assert torch.equal(call(renamed, x), other(x))
    assert torch.equal(call({}, x), model(x)) and torch.equal(model(x), tied()(x))
