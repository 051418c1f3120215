"""The normal distribution of highest bound beside the published means of posteriordb, in their standard deviations."""

from __future__ import annotations

import math

import posteriors
import pytest
import torch
from test_posteriors import FOLDER

from gradus.inference import advi

#: Which are far from normal in these coordinates, and how many deviations a mean may be off.
MISSED = {
    "eight_schools-eight_schools_noncentered": 0.25,
    "eight_schools-eight_schools_centered": 0.25,
    "gp_pois_regr-gp_pois_regr": 0.25,
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.exists(), reason=f"posteriordb is not at {FOLDER}"),
]


def worst(name: str) -> float:
    """The largest distance of a mean from the published one, in published standard deviations."""
    data, model, other = posteriors.POSTERIORS[name]
    made, want = model(posteriors.read(FOLDER, data)), posteriors.published(FOLDER, other or name)
    fit = advi(made.log_density, made.start, constraints=made.constraints, batched=True, samples=20_000)
    found = made.quantities({k: v[:, None] for k, v in fit.items()})
    assert set(want) <= set(found)
    return max(
        abs(float(found[k].mean()) - mean) / math.sqrt(square - mean**2)
        for k, (mean, _, square, _) in want.items()
    )


@pytest.mark.parametrize("name", posteriors.POSTERIORS)
def test_means_are_within_a_tenth_of_a_deviation_where_the_posterior_is_near_normal(name: str) -> None:
    torch.set_num_threads(1)
    off = worst(name)
    assert off < MISSED.get(name, 0.1)
    assert name not in MISSED or off > 0.1
