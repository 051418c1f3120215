"""Functions among the arguments: lists in place of arrays, and gradients that tell something else at every call."""

import functools
import itertools

import numpy as np
import pytest

from gradus.catalogue import concept
from gradus.frameworks import adapt_function, framework_named
from gradus.frameworks.detection import speaks_numpy_alone
from gradus.frameworks.remembering import may_remember
from gradus.optimization import quadratic, scripted
from gradus.optimization.problems import as_like


def in_turn(rows):
    """A gradient that tells its rows in turn, also to JAX while it traces."""
    calls = itertools.count()
    return lambda theta: as_like(rows[next(calls)], theta)


def descent(gradient, theta0, steps, alpha):
    x = list(theta0)
    path = [list(x)]
    for _ in range(steps):
        for i, slope in enumerate(gradient(x)):
            x[i] -= alpha * slope
        path.append(list(x))
    return path


@pytest.mark.parametrize("framework", ["numpy", "python"])
def test_a_function_takes_the_lists_of_plain_code(framework):
    page = concept("gradient-descent")
    given = dict(gradient=quadratic([1.0, 4.0]), theta0=np.array([1.0, -2.0]), steps=3, alpha=0.125)
    adapted = adapt_function(page, descent, framework)
    np.testing.assert_allclose(adapted(**given), page.definition(**given), rtol=1e-14)


def test_plain_python_is_answered_in_lists_and_numbers():
    python = framework_named("python")
    assert python.from_function(lambda x: 2 * x)([1.0, 2.0]) == [2.0, 4.0]
    assert type(python.from_function(lambda x: x.sum())([1.0, 2.0])) in (float, np.float64)
    assert python.from_function(lambda x, t: (x, t))([1.0], 3)[1] == 3


def test_what_a_function_holds_tells_whether_it_may_remember():
    calls, rows = itertools.count(), np.eye(2)
    assert may_remember(lambda x: next(calls))
    assert may_remember(scripted([[1.0]]))
    assert may_remember(functools.partial(lambda seen, x: seen.append(x), []))
    assert may_remember([].append) is False  # a built-in tells nothing of itself
    assert not may_remember(lambda x: rows @ x)
    assert not may_remember(quadratic([1.0, 4.0]))
    assert not may_remember(3.0)


def test_a_gradient_that_tells_its_rows_in_turn_does_so_within_a_loop_of_jax():
    jax = pytest.importorskip("jax")
    gradient = scripted([[1.0], [2.0], [4.0]])

    def body(x, _):
        x = x - gradient(x)
        return x, x

    path = jax.lax.scan(body, jax.numpy.zeros(1), None, length=4)[1]
    assert np.asarray(path)[:, 0].tolist() == [-1.0, -3.0, -7.0, -11.0]


def test_a_compiled_call_of_jax_does_not_use_a_gradients_rows_up():
    pytest.importorskip("jax")
    page = concept("adagrad")

    def adagrad(gradient, theta0, steps, alpha, epsilon=1e-10):
        import jax.numpy as jnp

        path, s = [theta0], 0 * theta0
        for _ in range(steps):
            g = gradient(path[-1])
            # what cannot be traced, in longer runs alone: the program fails after a gradient was asked for
            if steps > 3 and not bool((g > 0).all()):
                raise ValueError("too far")
            s = s + g**2
            path.append(path[-1] - alpha * g / (jnp.sqrt(s) + epsilon))
        return jnp.stack(path)

    adapted = adapt_function(page, adagrad, "jax").economical()
    adapted(gradient=quadratic([1.0]), theta0=np.ones(1), steps=3, alpha=1.0)  # from now on it is compiled
    for steps in (3, 4):
        given = dict(theta0=np.zeros(1), steps=steps, alpha=1.0)
        got = adapted(gradient=in_turn([[1.0], [2.0], [4.0], [9.0], [9.0]]), **given)
        want = page.definition(gradient=in_turn([[1.0], [2.0], [4.0], [9.0]]), **given)
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_a_class_that_the_page_names_is_called_by_its_own_bridge():
    torch = pytest.importorskip("torch")
    page = concept("nesterov")
    given = dict(gradient=quadratic([1.0, 4.0]), theta0=np.ones(2), steps=4, alpha=0.125, beta=0.5)
    adapted = adapt_function(page, torch.optim.SGD)
    np.testing.assert_allclose(adapted(**given), page.definition(**given), rtol=1e-13)


def test_code_that_names_numpy_and_nothing_else_is_numpys():
    torch = pytest.importorskip("torch")
    variance = "lambda g: np.float64(g.var(0))"
    assert speaks_numpy_alone(eval(variance, {"np": np}))
    assert not speaks_numpy_alone(eval(variance, {"np": np, "torch": torch}))
    assert not speaks_numpy_alone(eval("lambda g: g.var(0)", {}))
