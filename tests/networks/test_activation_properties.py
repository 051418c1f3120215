"""The measured properties of activations, on modules and on what users get wrong."""

import pytest
import torch

from gradus.errors import GradusError
from gradus.networks.activation_properties import activation_properties

GRID = torch.linspace(-8, 8, 4097, dtype=torch.float64)


def test_a_module_is_measured():
    found = activation_properties(torch.nn.GELU(), GRID)
    assert found.least_slope.item() < -0.128
    assert found.lipschitz == pytest.approx(1.12890, abs=1e-4)
    assert found.lower.item() == pytest.approx(-0.169971, abs=1e-6)


def test_lipschitz_takes_the_steeper_side():
    assert activation_properties(lambda x: -3 * x, GRID).lipschitz == pytest.approx(3)


def test_dtype_is_kept():
    assert all(v.dtype == torch.float32 for v in activation_properties(torch.relu, GRID.float()))


@pytest.mark.parametrize(
    ("function", "x", "words"),
    [
        (torch.relu, GRID.flip(0), "increasing grid"),
        (torch.relu, GRID[:2], "n ≥ 3"),
        (torch.relu, GRID.reshape(17, -1), r"shape \(n,\)"),
        (torch.relu, [1.0, 2.0, 3.0], "got list"),
        (torch.sum, GRID, "keeps the shape"),
        (torch.log, GRID, "not finite at x = -8"),
    ],
)
def test_mistakes_are_named(function, x, words):
    with pytest.raises(GradusError, match=words):
        activation_properties(function, x)
