"""Errors of the tape say what is wrong and what to do."""

import math

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.foundations.autodiff import Variable, checkpoint, grad, vjp

ERRORS = {
    "names the function": (lambda x: np.unwrap(x).sum(), r"numpy\.unwrap has no derivative rule here.*write the function with those of the \d{3} in"),
    "names the ufunc": (lambda x: np.nextafter(x, 2).sum(), r"numpy\.nextafter has no derivative rule here"),
    "names the method": (lambda x: np.multiply.reduceat(x, [0]), r"numpy\.multiply reduceat has no derivative rule"),
    "names the option": (lambda x: np.sum(x, dtype=int), r"numpy\.sum on a tape.*dtype.*keepdims"),
    "index out of range": (lambda x: x[3], r"take of shapes \(3,\): index 3 is out of bounds"),
    "singular": (lambda x: np.linalg.inv(np.outer(x, x)).sum(), r"inv of shapes \(3, 3\): Singular matrix"),
    "option of a ufunc": (lambda x: np.exp(x, where=x > 0).sum(), r"numpy\.exp where"),
    "result of many numbers": (lambda x: x * 2, r"one number, got shape \(3,\); sum it, or use vjp"),
    "result is complex": (lambda x: (1j * x).sum(), r"one real number, got a complex one"),
    "complex factorisation": (lambda x: np.linalg.svd(1j * np.outer(x, x), compute_uv=False).sum(), "real matrices; this one is complex"),
    "all of U": (lambda x: np.linalg.svd(np.outer(x, x[:2]))[0].sum(), "full_matrices=False"),
    "result is a tuple": (lambda x: (x.sum(), x), r"one array, got a tuple of 2; stack them"),
    "made an array": (lambda x: np.array([x[0], 1.0]).sum(), r"np\.stack"),
    "used math": (lambda x: math.sin(x[0]), r"NumPy's functions, not math's"),
    "assigned what does not fit": (lambda x: x.__setitem__(0, np.ones(2)), r"assign of shapes \(3,\) and \(2,\)"),
    "grown in place": (lambda x: x[0:1].__iadd__(x).sum(), r"shape \(3,\) does not fit into an array of \(1,\)"),
    "added into an array": (lambda x: np.zeros(3).__iadd__(x).sum(), r"a = a \+ b for a \+= b, or see traceable"),
    "checkpoint of a closure": (lambda x: checkpoint(lambda t: t * x[0])(2.0), "make it an argument of the function"),
}  # fmt: skip


@pytest.mark.parametrize("label", ERRORS)
def test_errors_say_what_to_do(label):
    f, words = ERRORS[label]
    with pytest.raises(GradusError, match=words):
        grad(f)(np.array([1.0, 2.0, 3.0]))


def test_assigning_to_a_part_of_a_plain_array_is_refused():
    def f(x):
        a = np.zeros(3)
        a[0] = x[0]
        return a.sum()

    with pytest.raises(GradusError, match="plain number"):
        grad(f)(np.ones(3))


def test_wrong_arguments():
    with pytest.raises(GradusError, match=r"argnums=2.*1 argument"):
        grad(lambda x: x, 2)(1.0)
    with pytest.raises(GradusError, match=r"adjoint has shape \(2,\), expected that of the result, \(3,\)"):
        vjp(lambda x: x * 2, np.ones(3))[1](np.ones(2))
    with pytest.raises(GradusError, match="real numbers, got complex128"):
        Variable(1j)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        Variable(1.0).nonsense  # noqa: B018


def test_an_error_of_the_function_itself_passes_through():
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: x / (1 // 0))(1.0)
    with pytest.raises(GradusError, match=r"matmul of shapes \(2, 3\) and \(4, 2\): "):
        grad(lambda x: (x @ np.ones((4, 2))).sum())(np.ones((2, 3)))
