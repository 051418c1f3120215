"""`minimize_composite` against closed forms, scikit-learn and the equations of optimality; its ends and its derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear
from sklearn.linear_model import Lasso
from torch import Tensor

from gradus import GradusError
from gradus.optimization import Box, L1Norm, L2Norm, NuclearNorm, minimize_composite
from gradus.optimization.minimize import Reason

WAYS: list[dict[str, Any]] = [{}, {"restart": False}, {"accelerated": False}]


def regression(rows: int = 60, columns: int = 90, seed: int = 0) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((rows, columns))
    w = np.zeros(columns)
    w[:5] = 3.0
    return torch.tensor(A), torch.tensor(A @ w + 0.1 * rng.standard_normal(rows))


def squares(x: Tensor, A: Tensor, b: Tensor) -> Tensor:
    return (A @ x - b).square().sum() / (2 * len(b))


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_lasso_is_that_of_scikit_learn(way: dict[str, Any]) -> None:
    A, b = regression()
    start = torch.zeros(A.shape[1], dtype=A.dtype)
    result = minimize_composite(squares, L1Norm(0.1), start, args=(A, b), tolerance=1e-11, **way)
    theirs = Lasso(alpha=0.1, fit_intercept=False, tol=1e-15, max_iter=100_000).fit(A.numpy(), b.numpy())
    assert result.reason is Reason.CONVERGED
    np.testing.assert_allclose(result.x.numpy(), theirs.coef_, atol=2e-9)
    assert 5 <= int((result.x != 0).sum()) < A.shape[1] / 2


def test_a_box_is_that_of_scipy() -> None:
    A, b = regression(40, 20)
    result = minimize_composite(
        squares, Box(-0.5, 1.0), torch.ones(20).double(), args=(A, b), tolerance=1e-11
    )
    np.testing.assert_allclose(
        result.x, lsq_linear(A.numpy(), b.numpy(), (-0.5, 1.0), tol=1e-14).x, atol=1e-7
    )


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_denoising_is_the_operator_itself(way: dict[str, Any]) -> None:
    rng = torch.Generator().manual_seed(0)
    V = torch.randn(5, 4, generator=rng, dtype=torch.float64) * 2
    for penalty in (L1Norm(0.7), L2Norm(0.7), Box(-1, 0.5), NuclearNorm(0.7)):
        result = minimize_composite(lambda x: (x - V).square().sum() / 2, penalty, torch.zeros_like(V), **way)
        torch.testing.assert_close(result.x, penalty.prox(V, torch.tensor(1.0)), atol=1e-7, rtol=0)
        assert result.converged


@pytest.mark.parametrize("penalty", [L1Norm(0.7), L2Norm(0.7), Box(-1, 0.5), NuclearNorm(0.7)], ids=lambda p: type(p).__name__)  # fmt: skip
def test_an_operator_minimises_what_defines_it(penalty: Any) -> None:
    rng = torch.Generator().manual_seed(1)
    V = torch.randn(5, 4, generator=rng, dtype=torch.float64) * 2
    t = torch.tensor(0.8, dtype=torch.float64)
    U = penalty.prox(V, t)
    objective = lambda X: penalty.value(X) + (X - V).square().sum() / (2 * t)
    for scale in (1e-3, 0.1, 1.0):
        for _ in range(200):
            other = U + scale * torch.randn(5, 4, generator=rng, dtype=torch.float64)
            # strong convexity: objective(X) ≥ objective(U) + |X − U|²/2t
            assert objective(other) >= objective(U) + (other - U).square().sum() / (2 * t) - 1e-12


def test_many_problems_each_as_alone() -> None:
    A, b = regression(30, 12)
    scales = torch.tensor([1.0, 0.1, 3.0, 0.01], dtype=torch.float64)
    many = minimize_composite(
        squares, L1Norm(0.05), torch.zeros(4, 12).double(), args=(A.expand(4, 30, 12), scales[:, None] * b), batched=True
    )  # fmt: skip
    for k, scale in enumerate(scales):
        alone = minimize_composite(squares, L1Norm(0.05), torch.zeros(12).double(), args=(A, scale * b))
        torch.testing.assert_close(many.x[k], alone.x, atol=1e-10, rtol=1e-8)
        assert many.iterations[k] == alone.iterations and many.reason[k] is alone.reason is Reason.CONVERGED
    assert len(set(many.iterations.tolist())) > 1


def test_trees_and_weights_of_coordinates() -> None:
    A, b = regression(50, 4)
    weight = torch.tensor([0.0, 1.0, 1.0, 1.0], dtype=torch.float64)
    whole = minimize_composite(squares, L1Norm(weight), torch.zeros(4).double(), args=(A, b))
    apart = minimize_composite(
        lambda x: squares(torch.cat([x["free"], x["rest"]]), A, b), SplitNorm(), {"free": torch.zeros(1).double(), "rest": torch.zeros(3).double()}
    )  # fmt: skip
    torch.testing.assert_close(torch.cat([apart.x["free"], apart.x["rest"]]), whole.x, atol=1e-7, rtol=0)


class SplitNorm:
    """A penalty of the user's: none on tensors of one number."""

    def value(self, x: Tensor) -> Tensor:
        return x.abs().sum() * (len(x) > 1)

    def prox(self, v: Tensor, step: Tensor) -> Tensor:
        return L1Norm(1.0).prox(v, step) if len(v) > 1 else v


@pytest.mark.parametrize("columns", [8, 210])
def test_the_solution_is_differentiable(columns: int) -> None:
    A, b = regression(2 * columns, columns)
    weight = torch.tensor(0.2, dtype=torch.float64)

    def solution(weight: Tensor, b: Tensor) -> Tensor:
        start = torch.zeros(columns).double()
        return minimize_composite(squares, L1Norm(weight), start, args=(A, b), tolerance=1e-13).x

    weight.requires_grad_()
    b.requires_grad_()
    x = solution(weight, b)
    active = x.detach() != 0
    assert 0 < int(active.sum()) < columns
    upstream = torch.linspace(-1, 1, columns).double()
    by_weight, by_b = torch.autograd.grad(x, (weight, b), upstream)
    # on the active set x = (AᵀA)⁻¹(Aᵀb − n w sign x)
    S = A[:, active]
    u = torch.linalg.solve(S.T @ S, upstream[active])
    assert float(by_weight) == pytest.approx(-len(b) * float(u @ x.detach()[active].sign()), rel=1e-6)
    torch.testing.assert_close(by_b, S @ u, rtol=1e-6, atol=1e-9)


ENDS: list[tuple[Any, Any, Any, dict[str, Any], Reason]] = [
    (lambda x: -x.square().sum(), L1Norm(0.1), torch.ones(2).double(), {}, Reason.UNBOUNDED_BELOW),
    (lambda x: x.log().sum(), L1Norm(0.1), -torch.ones(2).double(), {}, Reason.NOT_FINITE),
    (lambda x: x.square().sum(), L1Norm(0.1), torch.ones(2).double(), {"step_size": 1e3}, Reason.UNBOUNDED_BELOW),
    (lambda x: x.square().sum(), L1Norm(0.1), torch.ones(2).double(), {"max_iterations": 0}, Reason.MAX_ITERATIONS),
    (lambda x: x.pow(4).sum(), L1Norm(0.0), torch.ones(2).double(), {"max_iterations": 3}, Reason.MAX_ITERATIONS),
    (lambda x: x.pow(4).sum(), L1Norm(0.0), torch.ones(2).double(), {"max_evaluations": 3}, Reason.MAX_EVALUATIONS),
    (lambda x: x.square().sum(), L1Norm(0.1), torch.ones(2).double(), {"callback": lambda i: True}, Reason.STOPPED),
    (lambda x: x.square().sum(), Box(2.0, 3.0), torch.zeros(2).double(), {}, Reason.CONVERGED),
]  # fmt: skip


@pytest.mark.parametrize(("f", "penalty", "start", "settings", "reason"), ENDS)
def test_every_end_has_its_name(f: Any, penalty: Any, start: Tensor, settings: dict[str, Any], reason: Reason) -> None:  # fmt: skip
    result = minimize_composite(f, penalty, start, **settings)
    assert result.reason is reason, result
    best = result.history.value.min()
    assert result.value == best or not np.isfinite(best)


def test_a_wrong_gradient_is_told() -> None:
    f = lambda x: (x.square().sum(), -2 * x)
    result = minimize_composite(f, L1Norm(0.0), torch.ones(2).double(), gradient=True)
    assert result.reason in (Reason.AT_ROUNDING, Reason.WRONG_GRADIENT) and result.iterations < 20


def test_the_bounds_of_both_hold_without_restart() -> None:
    A, b = regression(30, 60)
    L = float(torch.linalg.matrix_norm(A, 2) ** 2 / len(b))
    start = torch.zeros(60).double()
    best = minimize_composite(squares, L1Norm(0.1), start, args=(A, b), tolerance=1e-13)
    for accelerated, eta, settings in ((True, 1, {"step_size": 1 / L}), (True, 2, {}), (False, 1, {"step_size": 1 / L}), (False, 2, {})):  # fmt: skip
        result = minimize_composite(squares, L1Norm(0.1), start, args=(A, b), accelerated=accelerated, restart=False, max_iterations=200, **settings)  # fmt: skip
        k = result.history.iteration[1:]
        radius = float((best.x - start).square().sum())
        most = 2 * eta * L * radius / (k + 1) ** 2 if accelerated else eta * L * radius / (2 * k)
        assert (result.history.value[1:] - best.value <= most * (1 + 1e-12)).all()


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "much"])
def test_weights_are_numbers(value: Any) -> None:
    for kind in (L1Norm, L2Norm, NuclearNorm):
        with pytest.raises(GradusError, match="weight"):
            kind(value)


def test_bounds_are_in_order() -> None:
    with pytest.raises(GradusError, match="lower <= upper"):
        Box(1.0, torch.tensor([0.0, 2.0]))
    with pytest.raises(GradusError, match="value and prox"):
        minimize_composite(squares, lambda x: x, torch.zeros(2))
