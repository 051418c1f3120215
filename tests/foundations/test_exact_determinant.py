"""Exact determinants: beside fractions, certified inverses, and where floating point gets the sign wrong."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.foundations.exact_determinant import exact_determinant


def leibniz(rows):
    """By permutations, in exact fractions."""
    n, total = len(rows), Fraction(0)
    for s in permutations(range(n)):
        inversions = sum(s[i] > s[j] for i in range(n) for j in range(i + 1, n))
        product = Fraction((-1) ** inversions)
        for i in range(n):
            product *= Fraction(rows[i][s[i]])
        total += product
    return total


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_integers_and_floats(n, seed):
    rng = np.random.default_rng(seed)
    whole = rng.integers(-3, 4, (n, n))
    assert exact_determinant(whole) == leibniz(whole.tolist())
    A = rng.standard_normal((n, n)) * 10.0 ** rng.integers(-9, 9, (n, n))
    assert exact_determinant(A) == float(leibniz(A.tolist()))


def test_integers_of_any_size():
    A = np.array([[10**40, 1], [1, 10**40]], dtype=object)
    assert exact_determinant(A) == 10**80 - 1


def test_hilbert_matrix():
    """1/det of the 10 × 10 Hilbert matrix's integer multiple, by Cauchy's product."""
    n = 10
    H = np.array([[5354228880 * 43 // (i + j + 1) for j in range(n)] for i in range(n)], dtype=object)
    scale = 5354228880 * 43  # a multiple of 1 … 19
    assert all(scale % k == 0 for k in range(1, 2 * n))
    inverse = 46206893947914691316295628839036278726983680000000000
    assert exact_determinant(H) * inverse == scale**n


def test_sign_of_nearly_collinear_points():
    """On a fine grid around a line, floating point calls points collinear that are not; the exact sign never does."""
    ulp, collinear = 2.0**-53, 0
    for i in range(20):
        for j in range(20):
            x, y = 0.5 + i * ulp, 0.5 + j * ulp
            M = np.array([[x, y, 1.0], [12.0, 12.0, 1.0], [24.0, 24.0, 1.0]])
            assert np.sign(exact_determinant(M)) == np.sign(j - i)
            collinear += i != j and (12.0 - x) * (24.0 - y) == (12.0 - y) * (24.0 - x)
    assert collinear > 100


def test_batches():
    A = np.random.default_rng(0).standard_normal((2, 3, 4, 4))
    got = exact_determinant(A)
    assert got.shape == (2, 3)
    np.testing.assert_allclose(got, np.linalg.det(A), rtol=1e-12)
    assert exact_determinant(np.zeros((0, 3, 3))).shape == (0,)
    assert exact_determinant(np.zeros((2, 0, 0))).tolist() == [1, 1]


def test_range():
    assert exact_determinant(np.diag([1e300, 1e300])) == np.inf
    assert exact_determinant(np.diag([-1e300, 1e300])) == -np.inf
    assert exact_determinant(np.diag([1e-200, 1e-200])) == 0.0
    assert exact_determinant(np.diag([1e-200, 1e200])) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize(
    ("A", "said"),
    [
        (np.ones((2, 3)), "got (2, 3); n is both 2 and 3"),
        (np.ones(3), "got (3,)"),
        (np.array([[np.nan]]), "finite"),
        (np.array([[1j]]), "complex"),
        (np.array([["a"]], dtype=object), "got 'a'"),
    ],
)
def test_refusals(A, said):
    with pytest.raises(GradusError) as error:
        exact_determinant(A)
    assert said in str(error.value)


def test_input_is_left_alone():
    A = np.array([[0, 1], [1, 0]], dtype=object)
    exact_determinant(A)
    assert A.tolist() == [[0, 1], [1, 0]]
