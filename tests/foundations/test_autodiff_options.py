"""Calls of NumPy's functions with their many options on the tape: values as NumPy's, derivatives as the differences."""

import math

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.foundations.autodiff import grad, value_and_grad, vjp

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::PendingDeprecationWarning")

X = np.array([[4.0, 9.0, 5.0], [1.0, 7.0, 2.0]])
INF = math.inf


def slopes(f, x, h=1e-6):
    """The gradient by central differences."""
    steps = np.eye(np.size(x)).reshape(-1, *np.shape(x)) * h
    return np.array([(f(x + e) - f(x - e)) / (2 * h) for e in steps]).reshape(np.shape(x))


# --- values and derivatives of calls with many options


def test_trapezoid_with_points_of_their_own_along_an_axis():
    y, x = np.arange(9.0).reshape(3, 3), np.arange(9.0).reshape(3, 3) ** 2
    f = lambda y: np.sum(np.trapezoid(y, x=x, axis=0))
    value, gradient = value_and_grad(f)(y)
    assert value == f(y) == 681.0
    assert np.allclose(gradient, slopes(f, y))
    g = lambda x: np.sum(np.trapezoid(y, x=x, axis=0))
    assert np.allclose(grad(g)(x), slopes(g, x), atol=1e-6)
    h = lambda y: np.sum(np.trapezoid(y, dx=0.5, axis=0) * np.trapezoid(y, x=[0.0, 1, 3], axis=1))
    assert np.allclose(grad(h)(y), slopes(h, y), atol=1e-6)


@pytest.mark.parametrize("options", [
    {"mode": "maximum"}, {"mode": "minimum"}, {"mode": "mean"}, {"mode": "median"}, {"mode": "linear_ramp"},
    {"mode": "maximum", "stat_length": 2}, {"mode": "mean", "stat_length": ((1, 2), (3, 1))}, {"mode": "edge"}, {"mode": "wrap"},
    {"mode": "reflect"}, {"mode": "symmetric"}, {"mode": "linear_ramp", "end_values": ((1, 2), (3, -4))},
    {"mode": "constant", "constant_values": ((1, 2), (3, 4))}, {"mode": "constant"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("width", [1, ((1, 0), (0, 1)), (1, 1)], ids=str)
def test_padding_in_every_mode(options, width):
    f = lambda x: np.sum(np.pad(x, width, **options) ** 2 * np.cos(np.arange(1, 3)[0]))
    value, gradient = value_and_grad(f)(X)
    assert value == pytest.approx(f(X), rel=1e-14)
    assert np.allclose(gradient, slopes(f, X), rtol=1e-7, atol=1e-6)


def test_padding_by_the_maximum_of_one_axis():
    f = lambda x: np.sum(np.pad(x, 1, mode="maximum") ** 2)
    assert value_and_grad(f)(np.array([4.0, 9.0, 5.0]))[0] == 284.0
    assert np.array_equal(grad(f)(np.array([4.0, 9.0, 5.0])), [8, 54, 10])
    ends = lambda c: np.sum(np.pad(X + 0 * c, 1, constant_values=c) ** 2)
    assert grad(ends)(2.0) == 4.0 * (20 - 6)
    with pytest.raises(GradusError, match=r"mode='empty'"):
        grad(lambda x: np.pad(x, 1, mode="empty").sum())(X)
    with pytest.raises(GradusError, match=r"reflect_type='odd'"):
        grad(lambda x: np.pad(x, 1, mode="reflect", reflect_type="odd").sum())(X)


A = np.array([[2.0, 0.5], [0.7, 1.0]])


def test_condition_numbers():
    assert np.allclose(grad(np.linalg.cond)(A), [[0.3510, 2.3132], [2.1140, -3.3384]], atol=5e-5)
    for p in (None, 1, -1, 2, -2, INF, -INF, "fro"):
        f = lambda a, p=p: np.linalg.cond(a, p)
        assert np.allclose(grad(f)(A), slopes(f, A), rtol=1e-7, atol=1e-7), p


@pytest.mark.parametrize("ord", [None, 0, 1, -1, 2, -2, 3, 0.5, -1.5, INF, -INF])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_of_vectors(ord, axis, keepdims):
    x = X[0] if axis is None else X
    f = lambda x: np.sum(np.linalg.norm(x, ord, axis, keepdims) ** 2)
    value, gradient = value_and_grad(f)(x)
    assert value == pytest.approx(f(x))
    assert np.allclose(gradient, slopes(f, x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, -1, 2, -2, INF, -INF])
@pytest.mark.parametrize("axis", [(0, 1), (1, 0), (-1, -3), (0, 2)])
def test_norms_of_matrices(ord, axis):
    x = np.stack([X, X**1.5, X[::-1] - 3])
    f = lambda x: np.sum(np.cos(np.linalg.norm(x, ord, axis, True)))
    value, gradient = value_and_grad(f)(x)
    assert value == pytest.approx(f(x))
    assert np.allclose(gradient, slopes(f, x), rtol=1e-5, atol=1e-6)


def test_contractions_by_lists():
    f = lambda a: (
        np.einsum(a, [0, 1], X, [2, 1], [0, 2]).sum()
        + np.einsum(a, [0, 1]).sum()
        + np.einsum(a, [..., 3]).sum()
    )
    assert np.allclose(grad(f)(X), slopes(f, X), atol=1e-6)


def test_medians_and_quantiles():
    for f in (
        lambda x: np.sum(np.median(x, axis=(0, 1)) ** 2),
        lambda x: np.sum(np.median(x, axis=(-1, 0), keepdims=True) ** 2),
        lambda x: np.sum(np.median(x[None], axis=[1]) ** 2),
        lambda x: np.sum(np.quantile(x, [0.2, 0.9], axis=1, keepdims=True) ** 2),
        lambda x: np.median(x[0, 0]) ** 2,
    ):
        value, gradient = value_and_grad(f)(X)
        assert value == pytest.approx(f(X)) and np.allclose(gradient, slopes(f, X), atol=1e-6)
    x = np.array([[3.0, np.nan, 1.0], [3.0, 5.0, 1.0]])
    value = vjp(lambda x: np.median(x, axis=1), x)[0]
    assert np.isnan(value[0]) and value[1] == 3.0
    value, gradient = value_and_grad(lambda x: np.nansum(np.nanmedian(x, axis=1)))(x)
    assert value == 5.0 and np.array_equal(gradient, [[0.5, 0, 0.5], [1, 0, 0]])
    with pytest.raises(GradusError, match="method linear, lower"):
        grad(lambda x: np.quantile(x, 0.5, method="hazen"))(X)


def test_splitting():
    f = lambda x: sum((i + 1) * np.sum(p**2) for i, p in enumerate(np.split(x, [1, 2, 2], axis=-1)))
    assert np.allclose(grad(f)(X), slopes(f, X), atol=1e-6)
    with pytest.raises(GradusError, match="equal division"):
        grad(lambda x: np.split(x, 2, axis=1)[0].sum())(X)
    with pytest.raises(GradusError, match="does not exist at this matrix: Singular"):
        grad(lambda a: np.linalg.slogdet(a)[1])(np.ones((2, 2)))


# --- arguments by position and options, as NumPy takes them


def test_arguments_keep_their_places():
    cases = [
        lambda x: np.sum(x, 0, float).sum(),
        lambda x: np.sum(x, 0, None, None, True).sum(),
        lambda x: np.sum(x, 1, initial=2.0, where=X > 2).sum(),
        lambda x: np.std(x, 0, None, None, 1).sum(),
        lambda x: np.max(x, 1, None, True).sum(),
        lambda x: np.max(x, 1, initial=6.0, where=X < 8).sum(),
        lambda x: np.mean(x, 1, where=X > 1).sum(),
        lambda x: np.var(x, 1, where=X > 1, correction=1).sum(),
        lambda x: np.prod(x, (0, 1)) + np.prod(x, (-1,), keepdims=True).sum(),
        lambda x: np.nan_to_num(x, True, 3.0).sum(),
        lambda x: np.real(np.fft.fft(x, 2)).sum() + np.imag(np.fft.ifft(x, 5, 0, "ortho") * 1j).sum(),
        lambda x: np.diff(x, 1, -1, 0.0).sum() + np.diff(x, 0, 0, 1.0).sum(),
        lambda x: np.add.reduce(x, 0, None, None, True).sum() + np.multiply.accumulate(x, 1).sum(),
        lambda x: np.clip(x, 2.5, 6.0).sum() + np.clip(x, min=2.5, max=6).sum() + x.clip(max=3.0).sum(),
        lambda x: (
            x.sum(0).sum() + x.std(1, None, None, 1).sum() + x.round(1).sum() + x.item(1, 2) * x.item(3)
        ),
    ]
    for i, f in enumerate(cases):
        value, gradient = value_and_grad(f)(X)
        assert value == pytest.approx(f(X), rel=1e-13), i
        if i != 14:
            assert np.allclose(gradient, slopes(f, X), atol=1e-5), i
    taken = np.zeros(2, int)
    for writes in (
        lambda x: np.take(x, [0, 1], None, taken).sum(),
        lambda x: np.clip(x, 2, 6, np.zeros((2, 3))).sum(),
        lambda x: np.sum(x, out=np.zeros(())),
        lambda x: np.modf(x, np.zeros((2, 3)))[0].sum(),
        lambda x: x.sum(0, None, np.zeros(3)).sum(),
    ):
        with pytest.raises(GradusError, match="plain array"):
            grad(writes)(X)
    assert not taken.any()
    with pytest.raises(GradusError, match=r"numpy\.mean on a tape: got dtype=<class 'int'>"):
        grad(lambda x: np.mean(x, 0, int).sum())(X)
