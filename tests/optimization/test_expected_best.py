"""The expected best of a budget of trials: against all choices, and at sizes where nobody lists them."""

import itertools
import math

import numpy as np
import pytest

from gradus import GradusError
from gradus.optimization import expected_best


@pytest.mark.parametrize("budget", range(1, 9))
def test_is_the_mean_over_all_choices(budget: int) -> None:
    x = np.random.default_rng(budget).standard_normal((3, 8))
    choices = [x[:, list(S)].min(1) for S in itertools.combinations(range(8), budget)]
    assert expected_best(x, budget) == pytest.approx(np.mean(choices, 0), rel=1e-13)


@pytest.mark.parametrize("budget", [1, 2, 17, 4_000, 9_999, 10_000])
def test_ten_thousand_trials(budget: int) -> None:
    # of the losses 1/(n+1), …, n/(n+1) the smallest of k is 1/(k+1) on average
    losses = np.arange(1, 10_001) / 10_001
    assert expected_best(losses, budget) == pytest.approx(1 / (budget + 1), rel=1e-9)


def test_successes_are_pass_at_k() -> None:
    for solved in range(201):
        losses = np.r_[np.zeros(solved), np.ones(200 - solved)]
        fails = math.comb(200 - solved, 10) / math.comb(200, 10)
        assert expected_best(losses, 10) == pytest.approx(fails, rel=1e-9)


def test_diverged_trials() -> None:
    losses = [0.5, math.inf, 0.25, math.inf]
    assert [float(expected_best(losses, k)) for k in (1, 2, 3)] == [math.inf, math.inf, pytest.approx(0.3125)]
    assert np.isnan(expected_best([0.5, math.nan], 1))


def test_more_than_there_are() -> None:
    with pytest.raises(
        GradusError, match=r"budget: expected at most 3, the number of trials in losses, got 4"
    ):
        expected_best([1.0, 2.0, 3.0], 4)
