"""Operations are counted as they are done, through every kind of call."""

import numpy as np
import pytest

from gradus.foundations.autodiff import grad
from gradus.page.operations import Counted


def count(f, *shape):
    x = Counted.of(np.ones(shape))
    f(x)
    return x.operations[0]


@pytest.mark.parametrize(
    ("f", "shape", "wanted"),
    [
        (lambda x: x + 1, (3,), 3),
        (lambda x: 2 * np.sin(x) * x, (5,), 15),
        (lambda x: x.sum(), (2, 3), 6),
        (lambda x: np.sum(x, axis=0) * 2, (2, 3), 9),
        (lambda x: x @ np.ones((3, 4)), (2, 3), 2 * 2 * 3 * 4),
        (lambda x: x @ x, (3,), 6),
        (lambda x: x.reshape(6).T[::2], (2, 3), 0),
        (lambda x: x[0] * x[:, None], (3,), 3),
        (lambda x: (x > 0) * 1.0, (3,), 3),
    ],
)
def test_counts(f, shape, wanted):
    assert count(f, *shape) == wanted


def test_values_are_those_of_plain_arrays_and_the_original_is_left_alone():
    x = np.linspace(0, 1, 5)
    z = Counted.of(x)
    assert np.array_equal(np.asarray(np.exp(z) / z.max()), np.exp(x) / x.max())
    z += 1
    assert np.array_equal(x, np.linspace(0, 1, 5))
    assert Counted.of(x).operations == [0]


def test_a_gradient_is_counted_through_the_tape():
    # forwards n products and a sum of n; backwards two products and a sum of both, each of n
    assert count(lambda x: grad(lambda x: (x * x).sum())(x), 7) == 5 * 7
