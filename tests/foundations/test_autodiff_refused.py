"""What the tape must refuse by name, instead of taking it for a constant."""

import copy
import math
import statistics

import numpy as np
import pytest
from scipy import special

from gradus.errors import GradusError
from gradus.foundations.autodiff import grad, jacobian, jvp, traceable, vjp
from gradus.foundations.differentiation import derivative
from gradus.foundations.gradient_check import check_gradient
from gradus.foundations.reverse_chain import reverse_chain
from gradus.foundations.taylor import taylor_coefficients

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::PendingDeprecationWarning")


def slopes(f, x, h=1e-6):
    """The gradient by central differences."""
    steps = np.eye(np.size(x)).reshape(-1, *np.shape(x)) * h
    return np.array([(f(x + e) - f(x - e)) / (2 * h) for e in steps]).reshape(np.shape(x))


# --- what is refused

LOST = {
    "no return": (lambda x: None, r"got None; is a `return` missing\?"),
    "text": (lambda x: "loss", "array of numbers, got 'loss'"),
    "bytes": (lambda x: b"loss", "array of numbers"),
    "a function": (lambda x: np.sum, "array of numbers"),
    "a set": (lambda x: {1}, "array of numbers"),
    "a generator": (lambda x: (v for v in x), "array of numbers"),
    "a date": (lambda x: np.datetime64("2020-01-01"), "array of numbers"),
    "array of objects": (lambda x: np.array([1.0, None], dtype=object), "array of numbers"),
    "objects": (lambda x: x.astype(object).sum(), "an array of object"),
    "an index": (lambda x: [1.0, 2.0][x[0]], "an index"),
    "array index": (lambda x: np.ones(3)[x].sum(), "cannot become"),
    "a complex number": (lambda x: complex(x[0]).real, "a plain number"),
    "a number": (lambda x: float(x[0]), "a plain number"),
    "np.float64": (lambda x: np.float64(x[0]), "cannot become"),
    "np.int64": (lambda x: np.int64(x[0]), "cannot become"),
    "np.asarray": (lambda x: np.asarray(x).sum(), "cannot become"),
    "np.array": (lambda x: np.array(x, np.float32).sum(), "cannot become"),
    "a list of them": (lambda x: np.sin([x[0], 1.0]).sum(), "cannot become"),
    "np.vectorize": (lambda x: np.vectorize(lambda v: v * v)(x).sum(), "cannot become"),
    "np.frompyfunc": (lambda x: np.frompyfunc(lambda v: v * v, 1, 1)(x).sum(), "has no derivative rule"),
    "buffer": (lambda x: np.frombuffer(x.tobytes()).sum(), r"no tobytes\(\)"),
    "view": (lambda x: x.view(float).sum(), r"no view\(\)"),
    "flat": (lambda x: x.flat[0], r"no flat\(\)"),
    "in-place put": (lambda x: (x * 1).put(0, 2.0), r"no put\(\)"),
    "statistics": (lambda x: statistics.mean(list(x)), "without losing its derivative"),
    "printed and read": (lambda x: float(f"{x[0]:.3f}"), "text"),
    "math": (lambda x: math.erf(x[0]), "a plain number"),
    "math.hypot": (lambda x: math.hypot(x[0], x[1]), "a plain number"),
    "math.gcd": (lambda x: math.gcd(x[0], 2), "an index"),
    "random": (lambda x: np.random.default_rng(0).normal(x).sum(), "cannot become"),
    "scipy": (lambda x: special.expit(x).sum(), "the ufunc expit has no derivative rule"),
    "scipy, two": (lambda x: special.xlogy(1.0, x).sum(), "the ufunc xlogy has no derivative rule"),
    "add.at": (lambda x: np.add.at(np.zeros(3), [0, 1, 0], x), r"numpy\.add at"),
    "reduceat": (lambda x: np.add.reduceat(x, [0, 1]).sum(), r"numpy\.add reduceat"),
    "accumulate": (lambda x: np.maximum.accumulate(x).sum(), r"numpy\.maximum accumulate"),
    "copyto": (lambda x: np.copyto(np.zeros(3), x), r"numpy\.copyto"),
    "fill_diagonal": (lambda x: np.fill_diagonal(np.zeros((3, 3)), x), "cannot become"),
    "where=": (lambda x: np.exp(x, where=[True, False, True]).sum(), r"numpy\.exp where"),
    "dtype=": (lambda x: np.exp(x, dtype=np.float32).sum(), r"numpy\.exp dtype"),
    "nextafter": (lambda x: np.nextafter(x, 9.0).sum(), r"numpy\.nextafter has no derivative rule"),
    "eig": (lambda x: np.real(np.linalg.eigvals(np.outer(x, x))).sum(), r"numpy\.linalg\.eigvals has no derivative rule"),
}  # fmt: skip


@pytest.mark.parametrize("label", LOST)
def test_nothing_is_silently_constant(label):
    f, words = LOST[label]
    for differentiated in (grad(f), lambda x: jvp(f, x, np.ones(3)), lambda x: taylor_coefficients(f, x, 1)):
        with pytest.raises(GradusError, match=words):
            differentiated(np.array([1.5, 0.2, 0.7]))


def test_what_stands_beside_the_tape_refuses_it_too():
    with pytest.raises(GradusError, match="is a `return` missing"):
        derivative(lambda x: None, 1.0)
    with pytest.raises(GradusError, match="analytic"):
        derivative(np.abs, 0.7, method="complex")
    with pytest.raises(GradusError, match="gradient: expected real numbers as values, got None"):
        check_gradient(lambda x: x * x, lambda x: None, 1.0)
    with pytest.raises(GradusError, match="gradient: expected real numbers, got complex128"):
        check_gradient(lambda x: x * x, lambda x: 2 * x + 1j, 1.0)
    with pytest.raises(GradusError, match="real values, got complex"):
        taylor_coefficients(lambda x: x * 1j, 1.0, 2)
    with pytest.raises(GradusError, match=r"pullback: expected an adjoint.*None"):
        reverse_chain(lambda x: x * x, lambda x, bar: None, 1.1, 1.0, n=3, checkpoints=2)
    with pytest.raises(GradusError, match="x: expected real numbers, got complex128"):
        jacobian(lambda x: x, np.ones(2) * 1j)
    with pytest.raises(GradusError, match="adjoint: expected an array of numbers"):
        vjp(lambda x: x * x, 1.0)[1](None)
    for x in (np.ma.array([1.0, 2.0], mask=[0, 1]), np.matrix([[1.0, 2.0]]), None, "x"):
        with pytest.raises(GradusError, match=r"the tape differentiates|^x: expected"):
            grad(lambda x: np.sum(x * x))(x)


def test_traceable_functions_keep_to_numpy():
    def several(x):
        return (
            np.array(x, float, ndmin=2).sum(axis=1)[0]
            + math.hypot(x[0], x[1], x[2])
            + math.dist(x, [0.0, 0, 1])
        )

    x = np.array([1.5, 0.2, 0.7])
    assert np.allclose(grad(traceable(several))(x), slopes(several, x), atol=1e-6)
    with pytest.raises(GradusError, match=r"numpy\.vectorize on a tape.*signature"):
        grad(traceable(lambda x: np.vectorize(lambda v: v.sum(), signature="(n)->()")(x)))(x)
    with pytest.raises(GradusError, match=r"otypes"):
        grad(traceable(lambda x: np.vectorize(lambda v: v * v, otypes=[int])(x).sum()))(x)
    assert np.allclose(grad(lambda x: np.sum(copy.deepcopy(x) ** 2))(x), 2 * x)
    assert np.allclose(grad(lambda x: sum(v**2 for v in x.tolist()))(x), 2 * x)
