"""Pareto-smoothed weights: as ArviZ has them, and the shapes of known tails."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gradus.errors import GradusError
from gradus.inference import psis

# ArviZ 0.23.4, `psislw` of the log-weights below: k̂, the largest, the fifth largest and the first of the smoothed logarithms
FROZEN = {
    "normal": (0.5410507993883044, -4.215122105152005, -4.619214621031111, -8.244476964367719),
    "wide": (1.3808210667356002, -0.5998786023372813, -3.6366651161713377, -8.753437779075647),
    "square": (0.7968317783359814, -3.1121047167433495, -4.189013597002133, -6.865348878604586),
    "bounded": (-0.8194033423159551, -4.267242906859887, -4.267242906859887, -4.995994475667757),
    "Cauchy": (6.166861038153687, -0.0011982653937039345, -13.55117457829089, -26.496161891255078),
    "with zeros": (0.5089768881852499, -3.070279966542859, -3.711317248635663, -6.015814615605558),
    "few": (0.22966221875827217, -2.229400843920795, -2.808371051068313, -4.037280929116273),
}


def weights() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2026)
    return {
        "normal": rng.standard_normal(1000),
        "wide": 3 * rng.standard_normal(400),
        "square": 0.4 * rng.standard_normal(500) ** 2,
        "bounded": -0.5 * rng.standard_normal(100) ** 2,
        "Cauchy": rng.standard_cauchy(200),
        "with zeros": np.where(rng.random(300) < 0.3, -np.inf, rng.standard_normal(300)),
        "few": rng.standard_normal(30),
    }


@pytest.mark.parametrize("name", list(FROZEN))
def test_equals_arviz(name: str) -> None:
    found = psis(torch.from_numpy(weights()[name]))
    ordered = found.log_weights.sort().values
    got = (float(found.k), float(ordered[-1]), float(ordered[-5]), float(found.log_weights[0]))
    np.testing.assert_allclose(got, FROZEN[name], rtol=1e-9)
    assert abs(float(found.log_weights.logsumexp(0))) < 1e-12
    assert abs(float(found.effective_size) - 1 / float((2 * found.log_weights).exp().sum())) < 1e-9


def test_rows_are_smoothed_each_by_itself_in_their_precision() -> None:
    x = torch.from_numpy(np.stack([weights()["normal"], 2 * weights()["normal"]]))[:, None].float()
    both = psis(x)
    assert both.k.shape == (2, 1) and both.log_weights.shape == x.shape and both.k.dtype == torch.float32
    assert torch.equal(both.log_weights[1, 0], psis(x[1, 0]).log_weights)
    assert torch.allclose(psis(x + 100).k, both.k, atol=1e-4)  # factors do not matter
    assert "(2, 1) × 1000 draws" in repr(both) and "worth" in repr(psis(x[0, 0]))


@pytest.mark.parametrize("k", [0.3, 0.7, 1.2])
def test_the_shape_of_a_pareto_tail(k: float) -> None:
    u = (torch.arange(20000, dtype=torch.float64) + 0.5) / 20000
    assert abs(float(psis(-k * u.log()).k) - k) < 0.05


def test_weights_that_tell_nothing() -> None:
    assert float(psis(torch.zeros(100)).k) == -math.inf
    assert float(psis(torch.tensor([0.0, -1.0, -2.0])).k) == math.inf
    one = torch.full((100,), -math.inf).index_fill(0, torch.tensor([4]), 2.0)
    assert float(psis(one).k) == math.inf and float(psis(one).effective_size) == 1
    for bad, said in ((math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "above 0")):
        with pytest.raises(GradusError, match=said):
            psis(torch.full((10,), bad))
    with pytest.raises(GradusError, match="log_weights"):
        psis(torch.zeros(0))
