"""What the pages say about the frameworks' habits is so in the version installed."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gradus.concepts.networks.activations.gelu import gelu


def test_softplus_cuts_off_at_twenty():
    x = torch.tensor([20.0001], dtype=torch.float64)
    assert F.softplus(x).item() == x.item()
    assert F.softplus(x, threshold=40).item() - x.item() == pytest.approx(math.exp(-20.0001), rel=1e-5)


def test_bce_of_probabilities_stops_at_a_hundred():
    z = torch.tensor([-1000.0], dtype=torch.float64)
    assert F.binary_cross_entropy(torch.sigmoid(z), torch.ones(1).double()).item() == 100.0
    assert F.binary_cross_entropy_with_logits(z, torch.ones(1).double()).item() == 1000.0


def test_smooth_l1_is_huber_over_delta():
    e, zero = torch.linspace(-3, 3, 31, dtype=torch.float64), torch.zeros(31, dtype=torch.float64)
    for delta in (0.5, 1.0, 2.0):
        torch.testing.assert_close(
            F.smooth_l1_loss(e, zero, beta=delta), F.huber_loss(e, zero, delta=delta) / delta
        )


def test_probabilities_fed_in_as_scores_have_a_floor():
    k = 5
    z = torch.zeros(1, k, dtype=torch.float64)
    z[0, 2] = 1.0  # a perfect prediction, as probabilities
    assert F.cross_entropy(z, torch.tensor([2])).item() == pytest.approx(math.log(1 + (k - 1) / math.e))


def test_mse_broadcasts_with_a_warning_only():
    with pytest.warns(UserWarning, match="broadcast"):
        assert F.mse_loss(torch.zeros(3, 1), torch.tensor([0.0, 1.0, 2.0])).item() == pytest.approx(5 / 3)


def test_gelu_defaults():
    jax = pytest.importorskip("jax")
    x = np.array([2.7], np.float32)
    exact = float(gelu(x.astype(float))[0])
    assert F.gelu(torch.from_numpy(x)).item() == pytest.approx(exact, abs=1e-6)
    assert abs(float(jax.nn.gelu(x)[0]) - exact) > 3e-4


def test_gelu_approximations_err_as_stated():
    x = np.linspace(-6, 6, 12001)
    exact = gelu(x)
    assert np.abs(x / (1 + np.exp(-1.702 * x)) - exact).max() == pytest.approx(0.0203, abs=5e-4)


def test_slope_of_relu_at_zero():
    x = torch.zeros(1, requires_grad=True)
    F.relu(x).backward()
    assert x.grad.item() == 0.0


def test_dropout_drops_the_share_p_and_stays_active_as_a_function():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        y = F.dropout(torch.ones(40_000, dtype=torch.float64), 0.2)  # training unless told otherwise
    assert set(y.tolist()) == {0.0, 1.25}
    assert abs((y == 0).double().mean().item() - 0.2) < 5 * math.sqrt(0.2 * 0.8 / 40_000)


def test_norms_take_the_epsilon_that_the_pages_name():
    from torch import nn

    assert nn.BatchNorm1d(2).momentum == 0.1
    assert nn.BatchNorm1d(2).eps == nn.LayerNorm(2).eps == nn.GroupNorm(1, 2).eps == 1e-5
    assert nn.InstanceNorm1d(2).weight is None and nn.BatchNorm1d(2).weight is not None
    row = torch.tensor([[1e-3, -1e-3]])
    assert nn.RMSNorm(2).eps is None
    square = 1e-6 / (1e-6 + torch.finfo(torch.float32).eps)
    assert nn.RMSNorm(2)(row).square().mean().item() == pytest.approx(square, rel=1e-5)
    half = F.rms_norm(row.bfloat16(), (2,)).float()  # computed in float32, and so is its ε
    assert half.square().mean().item() == pytest.approx(square, rel=0.02)


def test_norms_refuse_what_has_no_variance():
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        F.batch_norm(torch.ones(1, 3), None, None, training=True)
    with pytest.raises(ValueError, match="more than 1 spatial element"):
        F.instance_norm(torch.ones(2, 3, 1))
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        F.group_norm(torch.ones(1, 3, 1), 3)
    assert (F.group_norm(torch.ones(2, 3, 1), 3) == 0).all()
    with pytest.raises(IndexError):
        F.instance_norm(torch.ones(0, 3, 4), weight=torch.ones(3))
