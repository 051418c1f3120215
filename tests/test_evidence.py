"""Each kind of evidence holds where it should and fails where it should."""

import math

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.page.evidence import (
    EPSILON,
    all_of,
    bound,
    identical,
    invariance,
    metric,
    near,
    optimal,
    raises,
    rate,
    roundoff,
    statistical,
)
from gradus.text import Text  # fmt: skip

WHY = Text("because", "因为")


def test_identical_counts_differences():
    assert identical([1.0, math.nan, math.inf], [1.0, math.nan, math.inf]).holds
    evidence = identical([1, 2, 3], [1, 5, 4])
    assert not evidence.holds
    assert evidence.measured == 2
    assert "[1]" in evidence.note.en
    assert not identical(np.ones(2), np.ones(3)).holds


def test_roundoff_is_c_n_eps_s():
    want = np.array([1.0, 1000.0])
    assert roundoff(want * (1 + EPSILON), want).holds
    assert not roundoff(want * (1 + 100 * EPSILON), want).holds
    assert roundoff(want * (1 + 100 * EPSILON), want, terms=100).holds
    evidence = roundoff([1.0, 2.0], [1.0, 2.5])
    assert "[1]" in evidence.note.en
    assert "c=4" in evidence.because.en
    assert not roundoff(np.ones(2), np.ones((2, 1))).holds
    assert not roundoff([math.nan], [1.0]).holds
    assert not roundoff([math.inf], [1.0]).holds
    assert roundoff([math.inf], [math.inf]).holds
    assert roundoff([], []).holds
    assert invariance([1.0], [1.0]).kind == "invariance"


def test_rate_fits_a_slope():
    h = np.array([1e-1, 1e-2, 1e-3, 1e-4])
    assert rate(h, 3 * h**2, 2.0).holds
    assert not rate(h, 3 * h**1.9, 2.0).holds
    assert not rate(h, 0 * h, 2.0).holds
    with pytest.raises(GradusError, match="4 sizes"):
        rate(h[:3], h[:3], 1.0)


def test_bound_records_its_margin():
    assert bound(1.0, 2.0).holds
    assert not bound(2.1, 2.0).holds
    assert bound(2.0, 1.0, "≥").holds
    assert not bound(math.nan, 2.0).holds
    assert "slack" in bound(1e-9, 1.0).note.en
    assert "slack" not in bound(0.9, 1.0).note.en


def test_statistical_judges_at_five_standard_errors():
    draws = np.random.default_rng(0).standard_normal(10_000)
    evidence = statistical(draws, 0.0)
    assert evidence.holds
    assert not statistical(draws + 0.1, 0.0).holds
    assert "would be detected" in evidence.note.en
    assert evidence.tolerance == pytest.approx(5 * draws.std(ddof=1) / 100)
    with pytest.raises(GradusError):
        statistical([1.0], 0.0)


def test_the_other_kinds():
    assert optimal(1e-9, 1e-8, WHY).holds
    assert not optimal(1e-7, 1e-8, WHY).holds
    assert metric(0.99, 0.98).holds
    assert not metric(0.97, 0.98).holds
    assert near(1.0, 1.1, 0.2, WHY).holds
    assert raises(lambda: 1 / 0, ZeroDivisionError).holds
    assert not raises(lambda: 1, ZeroDivisionError).holds


def test_all_of_shows_the_first_failure_or_the_nearest_miss():
    good, bad, close = bound(0.1, 1.0), bound(3.0, 1.0), bound(0.99, 1.0)
    assert all_of(good, bad) is bad
    assert all_of(good, close) is close
    with pytest.raises(GradusError):
        all_of()


def test_raises_shows_what_came_back_whatever_its_form():
    assert "1" in raises(lambda: (np.ones(2), np.ones((3, 3))), ValueError).note.en


def test_a_bound_at_or_below_zero_has_no_share():
    assert bound(-1e-16, -1e-14, "≥").note.en == "9.9e-15 from the bound"
    assert bound(3.0, 4.0).note.en == "reaches 0.75 of the bound"
