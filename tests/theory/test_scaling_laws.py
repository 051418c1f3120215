"""Fits of scaling laws: planted laws, intervals and their coverage, what is refused, and the best split of compute."""

import math

import numpy as np
import pytest
import scipy.optimize

from gradus.errors import GradusError
from gradus.theory import ScalingLaw, compute_optimal_split, fit_scaling_law

N = np.geomspace(1e5, 1e8, 9)
LAW = ScalingLaw(1.7, (300.0,), (0.4,))
TWO = ScalingLaw(1.8, (482.0, 2085.0), (0.348, 0.366))
GRID = np.array([[n, d] for n in np.geomspace(1e6, 1e9, 5) for d in np.geomspace(1e8, 1e11, 5)])


def noisy(law, sizes, scatter, seed, bad=0.0):
    rng = np.random.default_rng(seed)
    z = scatter * rng.standard_normal(len(sizes))
    return law.predict(sizes) * np.exp(np.where(rng.random(len(z)) < bad, 10 * z, z))


def test_a_planted_law_comes_back_with_intervals_around_it():
    exact = fit_scaling_law(N, LAW.predict(N))
    assert exact.irreducible == pytest.approx(1.7, rel=1e-9) and exact.exponents == pytest.approx(
        (0.4,), rel=1e-9
    )
    assert exact.scatter == 0 and exact.intervals["exponents[0]"] == pytest.approx((0.4, 0.4))
    law = fit_scaling_law(N, noisy(LAW, N, 0.005, 3))
    low, high = law.intervals["exponents[0]"]
    assert low < law.exponents[0] < high and low < 0.4 < high and high - low < 0.2
    wide = fit_scaling_law(N, noisy(LAW, N, 0.005, 3), confidence=0.999).intervals["exponents[0]"]
    assert wide[0] < low and wide[1] > high
    assert law.intervals["coefficients[0]"][0] < law.coefficients[0] < law.intervals["coefficients[0]"][1]


def test_an_interval_ends_where_the_best_fit_of_the_rest_is_as_bad_as_chance_allows():
    """Beside SciPy's least squares at the fixed exponent."""
    L = noisy(LAW, N, 0.005, 5)
    law = fit_scaling_law(N, L, delta=10.0)
    x = np.log(N / 1e6)

    def rest(alpha):
        def residual(t):
            return np.logaddexp(t[0], t[1] - alpha * x) - np.log(L)

        return 2 * scipy.optimize.least_squares(residual, [0.5, 0.5], xtol=1e-14, ftol=1e-14, gtol=1e-14).cost

    least = rest(law.exponents[0])
    allowed = least / 6 * 2.446911851**2
    for end in law.intervals["exponents[0]"]:
        assert rest(end) - least == pytest.approx(allowed, rel=0.02)


def test_a_floor_that_the_data_do_not_show_has_no_lower_end():
    law = fit_scaling_law(N, noisy(ScalingLaw(0.0, (300.0,), (0.2,)), N, 0.01, 1))
    assert law.intervals["irreducible"][0] < 1e-3 * law.predict(N).min()
    assert law.intervals["exponents[0]"][0] < 0.2 < law.intervals["exponents[0]"][1]


def test_extrapolation_widens_and_a_run_scatters_besides():
    law = fit_scaling_law(N, noisy(LAW, N, 0.005, 2))
    inside, outside = law.extrapolate([1e7]), law.extrapolate([1e11])
    assert outside.high - outside.low > 2 * (inside.high - inside.low)
    assert outside.low < LAW.predict([1e11]) < outside.high
    assert inside.run_low < inside.low < inside.loss < inside.high < inside.run_high
    assert inside.loss == pytest.approx(law.predict([1e7]))


def test_the_best_split_is_the_least_loss_of_the_budget_with_intervals():
    split = compute_optimal_split(TWO, 1e22)
    assert split.size_interval is None and 6 * split.size * split.tokens == pytest.approx(1e22)
    found = scipy.optimize.minimize_scalar(
        lambda t: float(TWO.predict([[math.exp(t), 1e22 / 6 / math.exp(t)]])[0]),
        bounds=(15, 30),
        method="bounded",
    )
    assert split.loss == pytest.approx(found.fun, rel=1e-9)
    fitted = compute_optimal_split(fit_scaling_law(GRID, noisy(TWO, GRID, 0.004, 4)), 1e22)
    assert fitted.size_interval[0] < split.size < fitted.size_interval[1]
    assert fitted.exponent_interval[0] < split.exponent < fitted.exponent_interval[1]
    assert fitted.exponent_interval[1] - fitted.exponent_interval[0] < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("bad", [0.0, 0.1])
def test_intervals_cover(bad):
    """Of 120 draws of nine runs the 95 % intervals contain the planted numbers in 102 or more: within five standard errors of 114."""
    hits = np.zeros(4)
    for seed in range(120):
        law = fit_scaling_law(N, noisy(LAW, N, 0.005, 1000 + seed, bad))
        far = law.extrapolate([1e10])
        truth = LAW.predict([1e10])[0]
        for i, (value, (low, high)) in enumerate(
            [
                (1.7, law.intervals["irreducible"]),
                (300.0, law.intervals["coefficients[0]"]),
                (0.4, law.intervals["exponents[0]"]),
                (truth, (far.low[0], far.high[0])),
            ]
        ):
            hits[i] += low <= value <= high
    assert (hits >= 0.85 * 120).all(), hits


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_scaling_law(N[:3], LAW.predict(N[:3])), "more than 3 runs"),
        (lambda: fit_scaling_law([1e5, 1e6] * 4, [3.0, 2.0] * 4), "three sizes"),
        (lambda: fit_scaling_law(N, noisy(ScalingLaw(2.0, (1e-9,), (0.4,)), N, 0.01, 0)), "could be any"),
        (lambda: fit_scaling_law(np.c_[N, 20 * N], LAW.predict(N)), "vary independently"),
        (lambda: fit_scaling_law(GRID, noisy(LAW, GRID[:, 0], 0.003, 0)), r"sizes\[:, 1\]"),
        (lambda: fit_scaling_law(N, -LAW.predict(N)), "losses"),
        (lambda: fit_scaling_law(-N, LAW.predict(N)), "sizes"),
        (lambda: LAW.extrapolate([1e9]), "fit_scaling_law"),
        (lambda: compute_optimal_split(LAW, 1e20), "two sizes"),
        (lambda: ScalingLaw(1.0, (2.0,), (-0.5,)), "exponents"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(GradusError, match=words):
        call()
