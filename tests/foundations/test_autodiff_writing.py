"""Writing into arrays on the tape is as in NumPy, views included."""

import numpy as np
import pytest
from finite_differences import differences

from gradus.foundations.autodiff import grad, vjp


def doubled_in_place(x):
    y = x.copy()
    y[0] = x[1] * x[2]
    y[1:] += y[0]
    return y * x


def written_through_a_view(x):
    y = np.reshape(np.concatenate([x, x]), (2, 3)) * 1.0
    row = y[1]
    row *= x
    row[0] = 3 * x[2]
    y.T[2, 0] = row[0] * x[1]
    return y


def a_view_follows_its_array(x):
    y = x * 1.0
    tail = y[1:]
    y[2] = x[0] ** 2
    return tail * y[0]


def written_twice(x):
    y = np.zeros_like(x)
    y[:] = x
    y[[0, 0, 1]] = np.stack([x[2], x[1] ** 2, x[0]])
    return y


def masked(x):
    y = x * 2
    y[y > 1] = x[0]
    y[np.array([True, False, False])] *= x[1]
    return y


def numbers_are_never_changed(x):
    total = x[0]
    first = total
    total += x[1]
    return np.stack([first, total])


@pytest.mark.parametrize(
    "f",
    [
        doubled_in_place, written_through_a_view, a_view_follows_its_array, written_twice, masked,
        numbers_are_never_changed,
    ],
)  # fmt: skip
def test_writing_into_arrays_is_as_in_numpy(f):
    x, u = np.array([0.7, -1.3, 0.4]), np.array([0.3, 0.5, -0.8])
    y, pull = vjp(f, x)
    assert np.array_equal(y, f(x.copy()))
    w = np.random.default_rng(0).standard_normal(y.shape)
    along = lambda x: (w * f(x.copy())).sum()
    assert pull(w)[0] @ u == pytest.approx(differences(along, x, u), rel=1e-9)
    slope = lambda x: (vjp(f, x)[1](w)[0] * u).sum()
    assert grad(slope)(x) @ u == pytest.approx(differences(slope, x, u), rel=1e-8, abs=1e-9)
