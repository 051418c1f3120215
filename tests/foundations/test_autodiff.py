"""The tape: each rule against finite differences, its structure, what a pullback and a checkpoint cost."""

import numpy as np
import pytest
import torch
from autodiff_calls import CALLS, SAFE
from finite_differences import agree, differences

from gradus.foundations.autodiff import Variable, checkpoint, grad, value_and_grad, vjp
from gradus.foundations.autodiff.composed import COMPOSED, METHODS
from gradus.foundations.autodiff.rules import RULES


@pytest.mark.parametrize(
    "function",
    [f for f in {**RULES, **COMPOSED} if isinstance(f, np.ufunc) or f in COMPOSED],
    ids=lambda f: f.__name__,
)
def test_each_rule_equals_finite_differences(function):
    rng = np.random.default_rng(7)
    a, b = rng.standard_normal((2, 2, 3))
    if function in SAFE:
        a, b = abs(a) + 0.5, abs(b) + 0.5
    if function in CALLS:
        f = CALLS[function]
    elif isinstance(function, np.ufunc) and function.nin == 1:
        f = lambda a, b: function(a)
    else:
        f = lambda a, b: function(a, b[:1])  # with broadcasting
    u, v = rng.standard_normal((2, 2, 3))
    y, pull = vjp(f, a, b)
    w = rng.standard_normal(np.shape(y))
    by_rule = sum((g * t).sum() for g, t in zip(pull(w), (u, v), strict=True))
    along = lambda z: (w * f(z[0], z[1])).sum()
    by_differences = differences(along, np.stack([a, b]), np.stack([u, v]))
    assert by_rule == pytest.approx(by_differences, rel=1e-8, abs=1e-9)
    # and the rule's own derivative
    slope = lambda z: sum((g * t).sum() for g, t in zip(vjp(f, z[0], z[1])[1](w), (u, v), strict=True))
    second = (grad(slope)(np.stack([a, b])) * np.stack([v, u])).sum()
    assert second == pytest.approx(differences(slope, np.stack([a, b]), np.stack([v, u])), rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_methods_equal_functions(name):
    x = np.arange(6.0).reshape(2, 3)
    extra = {
        "clip": (0.5, 2.5),
        "dot": (np.ones(3),),
        "swapaxes": (0, 1),
        "take": ([1, 1],),
        "repeat": (2,),
        "argpartition": (1,),
        "searchsorted": (2.0,),
    }.get(name, ())
    if name == "searchsorted":
        x = x[0]
    result = lambda v: np.stack(getattr(v, name)(*extra)) if name == "nonzero" else getattr(v, name)(*extra)
    value, _ = vjp(lambda v: result(v) * 1.0, x)
    assert np.array_equal(value, result(x))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((4, 2, 3), (3, 2)),
        ((2, 3), (4, 3, 2)),
        ((3,), (4, 3, 2)),
        ((4, 2, 3), (3,)),
        ((4, 1, 2, 3), (5, 3, 1)),
    ],
)
def test_matrix_products_of_all_shapes(left, right):
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal(left), rng.standard_normal(right)
    y, pull = vjp(np.matmul, a, b)
    w = rng.standard_normal(y.shape)
    ta, tb = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)
    want = torch.autograd.grad(torch.matmul(ta, tb), (ta, tb), torch.tensor(w))
    assert np.array_equal(y, a @ b)
    agree(pull(w), [g.numpy() for g in want])


# --- structure


def test_a_reused_node_adds_its_adjoints():
    def f(x):
        y = x * x
        return y * y + y + x

    assert grad(f)(3.0) == 4 * 27 + 6 + 1


def test_ties_are_shared():
    assert np.array_equal(grad(lambda x: x.max())(np.array([1.0, 2.0, 2.0])), [0, 0.5, 0.5])
    assert grad(lambda x: np.maximum(x, 0.0))(0.0) == 0.5
    assert grad(abs)(0.0) == 0.0


def test_powers_at_zero():
    assert [grad(lambda x, n=n: x**n)(0.0) for n in (0, 1, 2, 3)] == [0, 1, 0, 0]
    assert [grad(grad(lambda x, n=n: x**n))(0.0) for n in (0, 1, 2, 3)] == [0, 0, 2, 0]


def test_no_confusion_between_nested_derivatives():
    # d/dx x·(d/dy (x·y²) at y = 2) = d/dx 4x² = 8x
    assert grad(lambda x: x * grad(lambda y: x * y * y)(2.0))(3.0) == 24.0
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(5.0) == 1.0
    assert grad(grad(grad(lambda x: x**4)))(2.0) == 48.0
    assert not isinstance(grad(lambda x: x * grad(lambda y: y * y)(2.0))(3.0), Variable)


def test_two_pullbacks_make_a_jacobian_vector_product():
    A, x, u = np.random.default_rng(0).standard_normal((3, 2, 2))
    A = np.vstack([A, A[:1] + 1])
    y, pull = vjp(lambda x: np.tanh(A @ x), x[0])
    pushed = grad(lambda w: (pull(w)[0] * u[0]).sum())(np.zeros(3))
    assert np.allclose(pushed, (1 - y**2) * (A @ u[0]), rtol=1e-14)


@pytest.mark.parametrize(
    "subscripts", ["ij,jk->ik", "ij,jk->", "ij,jk->k", "ij,jk", "ij,jk->ijk", " ij , jk -> ki "]
)
def test_contractions(subscripts):
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((3, 4))
    y, pull = vjp(lambda a, b: np.einsum(subscripts, a, b), a, b)
    w = np.asarray(rng.standard_normal(np.shape(y)))
    ta, tb = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)
    want = torch.autograd.grad(torch.einsum(subscripts, ta, tb), (ta, tb), torch.tensor(w))
    agree(pull(w), [g.numpy() for g in want])


def test_iteration_and_repeated_indices():
    assert np.array_equal(grad(lambda x: sum(v * k for k, v in enumerate(x)))(np.ones(3)), [0, 1, 2])
    assert np.array_equal(grad(lambda x: x[np.array([0, 0, 2])].sum())(np.ones(3)), [2, 0, 1])
    assert np.array_equal(grad(lambda x: x[x > 0].sum())(np.array([1.0, -1.0])), [1, 0])


def test_trees_and_several_arguments():
    parameters = {"W": np.ones((2, 3)), "b": [np.zeros(2), 1.0]}
    f = lambda p, x: ((p["W"] @ x + p["b"][0]) * p["b"][1]).sum()
    x = np.array([1.0, 2.0, 3.0])
    value, (by_p, by_x) = value_and_grad(f, (0, 1))(parameters, x)
    assert value == 12
    assert np.array_equal(by_p["W"], [[1, 2, 3], [1, 2, 3]])
    assert np.array_equal(by_p["b"][0], [1, 1])
    assert by_p["b"][1] == 12
    assert np.array_equal(by_x, [2, 2, 2])


def test_unused_inputs_and_constant_functions_have_zero_gradient():
    assert np.array_equal(grad(lambda x, y: (y * 2).sum(), 0)(np.ones(3), np.ones(2)), np.zeros(3))
    assert np.array_equal(grad(lambda x: 3.0)(np.ones(2)), np.zeros(2))
    assert np.array_equal(grad(lambda x: (np.sign(x) + (x > 0)).sum())(np.ones(2)), np.zeros(2))


def test_in_place_operators():
    def f(x):
        y = x
        y += x * x
        y *= 2.0
        return y.sum()

    x = np.array([1.0, 2.0])
    assert np.array_equal(grad(f)(x), [6, 10])
    assert np.array_equal(x, [1, 2])


def test_a_long_chain_needs_no_recursion():
    def f(x):
        for _ in range(20_000):
            x = x * 1.0001
        return x

    assert grad(f)(1.0) == pytest.approx(1.0001**20_000)


def test_results_do_not_share_memory_with_the_input():
    x = np.ones(3)
    gradient = grad(lambda v: v.sum())(x)
    value, pull = vjp(lambda v: v * 1.0, x)
    w = np.ones(3)
    gradient += 1  # the caller's own
    assert not np.shares_memory(gradient, x)
    assert not np.shares_memory(value, x)
    assert not np.shares_memory(pull(w)[0], w)
    assert np.array_equal(x, np.ones(3))


def test_integers_are_taken_as_numbers():
    assert grad(lambda x: x * x)(3) == 6.0
    assert grad(lambda x: (x**2).sum())(np.array([1, 2])).dtype == np.float64


# --- rematerialisation


def test_checkpoint_gives_the_same_derivatives_and_keeps_less():
    import tracemalloc

    W = np.random.default_rng(0).standard_normal((40, 40)) / 6

    def piece(p, x):
        for _ in range(16):
            x = np.tanh(p["W"] @ x)
        return x

    def loss(p, wrap):
        x = np.ones((40, 100))
        for _ in range(16):
            x = wrap(piece)(p, x)
        return (x**2).sum()

    def peak(wrap):
        tracemalloc.start()
        gradient = grad(lambda p: loss(p, wrap))({"W": W})["W"]
        return gradient, tracemalloc.get_traced_memory()[1], tracemalloc.stop()

    plain, kept, _ = peak(lambda f: f)
    again, less, _ = peak(checkpoint)
    assert np.allclose(plain, again, rtol=1e-11)
    assert less < kept / 5
    h = lambda f: grad(lambda x: (grad(lambda y: (f(y) ** 2).sum())(x) ** 2).sum())(np.array([0.3, -0.2]))
    assert np.allclose(h(np.tanh), h(checkpoint(np.tanh)), rtol=1e-14)


def test_checkpoint_runs_forwards_and_alone():
    from gradus.foundations.autodiff import jvp

    f = checkpoint(lambda x, power: np.sin(x) ** power)
    x = np.array([0.3, 0.5])
    assert np.array_equal(f(x, 2), np.sin(x) ** 2)
    assert np.allclose(jvp(lambda x: f(x, 2), x, np.ones(2))[1], np.sin(2 * x))
    assert np.allclose(grad(lambda x: f(x, 2).sum())(x), np.sin(2 * x))


def test_a_pullback_can_be_called_again():
    def f(x):
        y = np.stack([x[0] * x[1], x[2] + x[0], x[1:].sum()])
        return y * x[::-1] + y

    x, w = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, -1.0])
    kept = w.copy()
    _, pull = vjp(f, x)
    first = pull(w)[0]
    before = first.copy()
    assert np.array_equal(pull(w)[0], first)
    assert np.array_equal(first, before)
    assert np.array_equal(w, kept)
    along = lambda x: (w * f(x)).sum()
    u = np.array([0.3, 0.1, -0.7])
    assert first @ u == pytest.approx(differences(along, x, u), rel=1e-9)


def test_a_loop_over_parts_costs_no_more_than_the_parts():
    import time

    def seconds(n):
        x = np.ones((n, 50))
        f = lambda x: sum((x[i] * x[i]).sum() for i in range(n))
        best = np.inf
        for _ in range(3):
            begin = time.perf_counter()
            grad(f)(x)
            best = min(best, time.perf_counter() - begin)
        return best

    assert seconds(1600) < 4 * 4 * seconds(
        200
    )  # eight times the parts; 64 times, if each cost an array of zeros
