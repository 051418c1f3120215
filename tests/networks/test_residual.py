"""The residual module: its shortcut, its scale, its start as the identity, the mistakes that it names."""

import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.networks.residual import Residual, residual_block, zero_last_


def branch(n=4, m=4):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(n, 6), nn.ReLU(), nn.Linear(6, m)).double()


X = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(3, 4)


def test_adds_the_branch():
    f = branch()
    torch.testing.assert_close(Residual(f)(X), X + f(X), rtol=0, atol=0)
    torch.testing.assert_close(Residual(f, scale=0.5)(X), X + 0.5 * f(X), rtol=0, atol=0)


def test_module_and_function_agree():
    f = branch()
    y = residual_block(X, f[0].weight, f[0].bias, f[2].weight, f[2].bias, alpha=0.3)
    torch.testing.assert_close(Residual(f, scale=0.3)(X), y)


def test_parameters_of_branch_and_shortcut_are_trained():
    block = Residual(branch(4, 2), nn.Linear(4, 2, bias=False).double())
    assert block(X).shape == (3, 2)
    names = {name.split(".")[0] for name, _ in block.named_parameters()}
    assert names == {"branch", "shortcut"}


def test_a_zeroed_last_layer_makes_the_identity_that_still_learns():
    block = Residual(zero_last_(branch()))
    assert torch.equal(block(X), X)
    block(X).square().sum().backward()
    assert block.branch[2].weight.grad.abs().max() > 0


def test_the_normalisation_behind_the_last_layer_is_zeroed():
    f = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU())
    zero_last_(f)
    assert (f[1].weight == 0).all() and (f[1].bias == 0).all() and (f[0].weight != 0).any()


def test_a_function_may_be_the_branch():
    assert torch.equal(Residual(torch.zeros_like)(X), X)


def test_mistakes_are_named():
    with pytest.raises(
        GradusError,
        match=r"branch: expected the shape \(3, 4\), got Tensor of shape \(3, 2\); give a shortcut",
    ):
        Residual(branch(4, 2))(X)
    with pytest.raises(GradusError, match="branch: expected one with weights, got ReLU"):
        zero_last_(nn.ReLU())
    with pytest.raises(GradusError, match="a change of width needs a shortcut"):
        residual_block(X, torch.ones(5, 4), torch.ones(5), torch.ones(3, 5), torch.ones(3))


def test_a_factor_of_the_branch_is_shown():
    assert "scale=0.5" in repr(Residual(nn.ReLU(), scale=0.5))
    assert "scale" not in repr(Residual(nn.ReLU()))
