"""Sums in twice the precision, beside exact rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

from gradus.foundations.compensated import dot, residual, two_product, two_sum


def exact(values):
    return sum(Fraction(v) for v in values)


def test_transformations_lose_nothing():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(200) * 10.0 ** rng.integers(-20, 20, 200), rng.standard_normal(200)
    for transformed, true in ((two_sum(a, b), lambda x, y: x + y), (two_product(a, b), lambda x, y: x * y)):
        for s, e, x, y in zip(*transformed, a, b, strict=True):
            assert Fraction(s) + Fraction(e) == true(Fraction(x), Fraction(y))


@pytest.mark.parametrize("n", [1, 2, 3, 100, 257])
def test_residual_and_dot_are_rounded_once(n):
    rng = np.random.default_rng(n)
    A, x = rng.standard_normal((n, 3)), rng.standard_normal(3)
    y = A @ x  # what remains is the rounding of the plain product
    want = [
        float(exact([y[i]]) - sum(Fraction(A[i, j]) * Fraction(x[j]) for j in range(3))) for i in range(n)
    ]
    assert residual(y, A, x) == pytest.approx(want, rel=1e-12, abs=1e-30)
    r = rng.standard_normal(n)
    r -= A @ np.linalg.lstsq(A, r)[0]
    want = [float(sum(Fraction(A[i, j]) * Fraction(r[i]) for i in range(n))) for j in range(3)]
    assert dot(A, r) == pytest.approx(want, rel=1e-8, abs=1e-29)
