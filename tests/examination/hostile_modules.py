"""Modules that misbehave: those that `explain` is tried on, and some that only an examination meets."""

import sys
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "explanation"))

from test_hostile_modules import REFUSED, WORKS, module, state_of
from test_modules import assert_same


def self_containing():
    m = module(lambda s, x: s.lin(x))
    m.me = m
    return m


def counting(self, x):
    self.count += 1
    self.calls = getattr(self, "calls", 0) + 1
    return self.lin(x)


def thrown_interrupt(self, x):
    raise MemoryError("no memory left")


MORE = {
    "contains itself": self_containing,
    "counts its calls": lambda: module(counting),
    "runs out of memory": lambda: module(thrown_interrupt),
    "wrong number of rows": lambda: module(lambda s, x: s.lin(x)[:1]),
    "integer outputs": lambda: module(lambda s, x: (s.lin(x) * 10).long()),
    "half parameters": lambda: nn.Sequential(nn.Linear(4, 4), nn.Tanh()).bfloat16(),
    "weight norm of old": lambda: torch.nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)),
    "gradients are left": lambda: _with_gradients(),
}


def _with_gradients():
    m = nn.Linear(4, 4)
    m(torch.ones(2, 4)).sum().backward()
    return m


HOSTILE = {**WORKS, **{name: build for name, (build, _) in REFUSED.items()}, **MORE}
__all__ = ["HOSTILE", "assert_same", "state_of"]
