"""The solution of `minimize` as a function of its arguments: against closed forms, and refused where there is no derivative."""

import pytest
import torch

from gradus.errors import GradusError
from gradus.optimization import minimize

F64 = torch.float64


def tensor(*numbers):
    return torch.tensor(numbers, dtype=F64)


def test_the_solution_is_differentiable_in_the_arguments():
    A = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=F64, requires_grad=True)
    b = tensor(1.0, -1.0).requires_grad_()

    def f(x, A, b):
        return x @ A @ x / 2 - b @ x

    def solution(A, b):
        return minimize(f, torch.zeros(2, dtype=F64), "bfgs", args=(A, b), tolerance=1e-12).x

    def exact(A, b):
        return torch.linalg.solve((A + A.T) / 2, b)

    weights = tensor(0.3, -2.0)
    got = torch.autograd.grad(solution(A, b) @ weights, (A, b))
    want = torch.autograd.grad(exact(A, b) @ weights, (A, b))
    for g, w in zip(got, want, strict=True):
        torch.testing.assert_close(g, w, rtol=1e-9, atol=1e-9)
    assert torch.autograd.gradcheck(solution, (A, b), atol=1e-6)


def test_batched_solutions_are_differentiable():
    a = torch.linspace(0.5, 3, 6, dtype=F64).requires_grad_()
    # cosh-like, strictly convex: the minimiser solves exp(x) = a
    x = minimize(
        lambda x, a: x.exp().sum() - a * x.sum(),
        torch.zeros(6, 1, dtype=F64),
        args=(a,),
        batched=True,
        tolerance=1e-12,
    ).x
    torch.testing.assert_close(x[:, 0], a.log())
    (gradient,) = torch.autograd.grad(x.sum(), a)
    torch.testing.assert_close(gradient, 1 / a, rtol=1e-8, atol=0)


def test_large_problems_are_differentiated_by_conjugate_gradients():
    n = 250
    d = torch.linspace(1, 9, n, dtype=F64)
    c = torch.ones(n, dtype=F64).requires_grad_()
    x = minimize(
        lambda x, c: (d * x.square()).sum() / 2 - c @ x, torch.zeros(n, dtype=F64), args=(c,), tolerance=1e-10
    ).x
    (gradient,) = torch.autograd.grad(x.sum(), c)
    torch.testing.assert_close(gradient, 1 / d, rtol=1e-8, atol=0)


def test_a_singular_hessian_has_no_derivative():
    a = torch.tensor(1.0, requires_grad=True)
    result = minimize(lambda x, a: (x * 0 * a).sum() + 1, torch.zeros(2), args=(a,))
    with pytest.raises(GradusError, match="Hessian of f is singular"):
        result.x.sum().backward()


def test_a_point_that_is_no_minimum_has_no_derivative():
    a = torch.tensor([1.0, 2.0], dtype=F64, requires_grad=True)

    def f(x, a):
        return (torch.cosh(x - a) * torch.tensor([1.0, 10.0], dtype=F64)).sum()

    early = minimize(f, torch.zeros(2, dtype=F64), args=(a,), max_iterations=1)
    with pytest.raises(GradusError, match="no minimum: the number of iterations reached max_iterations"):
        early.x.sum().backward()
    starts = torch.stack([a.detach(), torch.zeros(2, dtype=F64)])
    some = minimize(f, starts, args=(torch.stack([a, a]),), batched=True, max_iterations=1)
    with pytest.raises(GradusError, match="x of problem 1 has no derivative"):
        some.x.sum().backward(retain_graph=True)
    (slope,) = torch.autograd.grad(some.x[0].sum(), a)  # the one that ended at its minimum
    torch.testing.assert_close(slope, torch.ones(2, dtype=F64))
