"""Numbers for distributions at their extremes: with a gradient, beside a value of many digits."""

import math

import pytest
import torch

mp = pytest.importorskip("mpmath")
INF, NAN = math.inf, math.nan


def real(value, gradient=False):
    return torch.tensor(value, dtype=torch.float64, requires_grad=gradient)


def close(got, want, relative=1e-13):
    want = float(want)
    assert got == want or abs(got - want) <= relative * abs(want), (got, want)


def chance(z):
    """P(1) of the log-odds z, with as many digits as it needs."""
    return 1 / (1 + mp.exp(-mp.mpf(z)))
