"""Forty modules that misbehave: each is explained or refused in words, in bounded time, and left as it was."""

import random
import time

import numpy as np
import pytest
import torch
from test_modules import assert_same, everything
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from gradus import GradusError, explain

X = torch.linspace(-1, 2, 8).reshape(2, 4)
LIMIT = 1.0


def module(forward, build=None):
    """A module with a linear layer, a buffer and this `forward`."""

    class Hostile(nn.Module):
        def __init__(self):
            super().__init__()
            self.lin = nn.Linear(4, 4)
            self.register_buffer("count", torch.zeros(()))
            if build:
                build(self)

        def forward(self, x):
            return forward(self, x)

    return Hostile()


class Angry(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Base(BaseException):
    pass


def throws(error):
    def forward(self, x):
        self.count.add_(1)
        self.lin.weight.data.mul_(2)
        raise error

    return forward


def endless(self, x):
    while True:
        self.count += 1


def endless_catching(self, x):
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            self.count += 0


def endless_graph(self, x):
    while True:
        x = x * 1.0001


def printing(self, x):
    print("noise", flush=True)
    return self.lin(x)


def mutating(self, x):
    x.mul_(0.5)
    return self.lin(x)


def editing(self, x):
    """Leaves nothing as it was."""
    y = self.lin(x)
    self.eval()
    self.lin.weight.requires_grad_(False)
    self.lin.register_forward_hook(lambda *a: None)
    self.register_buffer("new", torch.ones(2))
    self.extra = nn.Linear(2, 2)
    self.lin.bias = nn.Parameter(torch.zeros(4))
    torch.manual_seed(9)
    np.random.seed(9)
    random.seed(9)
    torch.set_default_dtype(torch.float64)
    return y


def stepping(self, x):
    loss = self.lin(x).pow(2).sum()
    loss.backward(retain_graph=True)
    with torch.no_grad():
        for p in self.lin.parameters():
            p -= 0.1 * p.grad
    return loss


def recursive(self, x):
    return self(x)


def deep(self, x):
    return x if x.shape[0] == 0 else self.lin(x[:1]) + self.forward(x[1:]).sum()


def choosing(self, x):
    return self.lin(x) if self.lin(x).sum() > 0 else self.lin(x).relu() * 2


def numpy_inside(self, x):
    return torch.from_numpy(np.tanh(self.lin(x).detach().numpy()))


def thread_inside(self, x):
    import threading

    out = []
    thread = threading.Thread(target=lambda: out.append(self.lin(x)))
    thread.start()
    thread.join()
    return out[0]


def with_hooks():
    m = module(lambda self, x: self.lin(x))
    m.lin.register_forward_hook(lambda m, i, o: o * 3)
    m.lin.weight.register_hook(lambda g: g * 2)
    return m


def with_backward_hook():
    m = module(lambda self, x: self.lin(x).relu())
    m.lin.register_full_backward_hook(lambda m, gi, go: (gi[0] * 5,))
    return m


def complex_module():
    m = module(lambda self, x: (self.w * self.lin(x)).sum(), lambda m: setattr(m, "w", nn.Parameter(torch.ones(4, dtype=torch.complex64) * 2j)))  # fmt: skip
    return m


def tied(m):
    m.other = nn.Linear(4, 4)
    m.other.weight = m.lin.weight


def quantised():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 4)).eval(), {nn.Linear})


def scripted():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.Tanh()))


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.add_module("层<1>", nn.Linear(4, 4))

    def forward(self, x):
        return self._modules["层<1>"](x)


WORKS = {
    "prints": lambda: module(printing),
    "mutates its input": lambda: module(mutating),
    "edits itself": lambda: module(editing),
    "dict": lambda: module(lambda s, x: {"n": 3, "y": s.lin(x)}),
    "tuple": lambda: module(lambda s, x: (None, s.lin(x), s.lin(x) * 2)),
    "NaN": lambda: module(lambda s, x: s.lin(x) * float("nan")),
    "infinite": lambda: module(lambda s, x: (s.lin(x) * 1e38) ** 3),
    "no parameters": nn.ReLU,
    "shared": lambda: module(lambda s, x: s.lin(s.lin(s.lin(x)))),
    "tied": lambda: module(lambda s, x: s.other(s.lin(x)), tied),
    "frozen": lambda: module(lambda s, x: s.lin(x)).requires_grad_(False),
    "complex": complex_module,
    "half": lambda: nn.Linear(4, 2).half(),
    "parametrized": lambda: parametrizations.weight_norm(nn.Linear(4, 4)),
    "symmetric": lambda: _registered(),
    "compiled": lambda: torch.compile(nn.Sequential(nn.Linear(4, 4), nn.Tanh())),
    "scripted": scripted,
    "data-dependent": lambda: module(choosing),
    "forward hooks": lambda: _forward_hooked(),
    "random": lambda: module(lambda s, x: s.lin(x) * torch.rand(4) * random.random() * np.random.rand()),
    "dropout in training": lambda: nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).train(),
    "dropout in evaluation": lambda: nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).eval(),
    "recursion that ends": lambda: module(deep),
    "names beyond ASCII": Named,
    "5,000 sub-modules": lambda: nn.Sequential(*(nn.Identity() for _ in range(4999)), nn.Linear(4, 2)),
    "thread inside": lambda: module(thread_inside),
}
REFUSED = {
    "raises": (lambda: module(throws(ValueError("broken\nin two lines"))), "raised ValueError: broken in two lines"),
    "raises without words": (lambda: module(throws(Angry())), "raised Angry"),
    "raises a BaseException": (lambda: module(throws(Base("base"))), "raised Base: base"),
    "exits": (lambda: module(throws(SystemExit(0))), "raised SystemExit"),
    "stops an iteration": (lambda: module(throws(StopIteration())), "raised StopIteration"),
    "loops": (lambda: module(endless), "still running after 1 s"),
    "loops and catches": (lambda: module(endless_catching), "still running after 1 s"),
    "grows": (lambda: module(endless_graph), "still running after 1 s"),
    "recurses": (lambda: module(recursive), "raised RecursionError"),
    "None": (lambda: module(lambda s, x: None), "returned None; is a return missing"),
    "text": (lambda: module(lambda s, x: "done"), "does not depend"),
    "detaches": (lambda: module(lambda s, x: s.lin(x).detach()), "does not depend"),
    "NumPy inside": (lambda: module(numpy_inside), "does not depend"),
    "whole numbers": (lambda: module(lambda s, x: s.lin(x).argmax()), "does not depend"),
    "steps within": (lambda: module(stepping), "autograd cannot differentiate"),
    "hook on a gradient": (with_hooks, "a hook changes the gradient"),
    "backward hook": (with_backward_hook, "a hook changes the gradient"),
    "meta": (lambda: nn.Linear(4, 2, device="meta"), "no values"),
    "10⁹ parameters on meta": (lambda: nn.Linear(31623, 31623, device="meta"), "no values"),
    "lazy": (lambda: nn.LazyLinear(3), "run it once"),
    "lazy within": (lambda: module(lambda s, x: s.lazy(x), lambda m: setattr(m, "lazy", nn.LazyLinear(3))), "run it once"),
    "quantised": (quantised, "autograd has no derivative"),
    "wrong shape": (lambda: nn.Linear(3, 2), "raised RuntimeError: mat1 and mat2"),
}  # fmt: skip


def _registered():
    class Symmetric(nn.Module):
        def forward(self, w):
            return w.triu() + w.triu(1).T

    m = nn.Linear(4, 4)
    parametrize.register_parametrization(m, "weight", Symmetric())
    return m


def _forward_hooked():
    m = nn.Linear(4, 4)
    m.register_forward_pre_hook(lambda m, i: (i[0] * 2,))
    m.register_forward_hook(lambda m, i, o: o.tanh())
    return m


def state_of(m):
    try:
        return everything(m)
    except (RuntimeError, ValueError, NotImplementedError, AttributeError):  # lazy, meta, quantised
        return None


def count_of_hostiles():
    return len(WORKS) + len(REFUSED)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WORKS)
def test_explained(name):
    torch.manual_seed(0)
    m = WORKS[name]()
    x = X.half() if name == "half" else X.clone()
    bits, before = x.clone(), state_of(m)
    explanation = explain(m, x, time_limit=30)
    assert before is not None
    assert_same(before, state_of(m))
    assert torch.equal(x, bits) and not x.requires_grad
    assert all(n.adjoint is not None for n in explanation.nodes)
    assert explanation.svg and explanation.text


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_words(name):
    build, words = REFUSED[name]
    m = build()
    before, start = state_of(m), time.monotonic()
    with pytest.raises(GradusError) as caught:
        explain(m, X.clone(), time_limit=LIMIT)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert time.monotonic() - start < 10
    if before is not None:
        assert_same(before, state_of(m))


def test_there_are_more_than_forty():
    assert count_of_hostiles() >= 40
