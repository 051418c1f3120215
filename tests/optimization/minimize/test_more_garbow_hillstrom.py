"""The 35 problems: their data against published values, and the methods against the published minima."""

from functools import cache

import pytest
import torch

from gradus.errors import GradusError
from gradus.optimization import mgh_problem, mgh_problems, minimize
from gradus.optimization.minimize.reason import Reason

F64 = torch.float64

# minimisers that are published with their digits
MINIMISERS = {
    1: [1, 1],
    2: [5, 4],
    3: [1.098159e-5, 9.106146],
    4: [1e6, 2e-6],
    5: [3, 0.5],
    7: [1, 0, 0],
    11: [50, 25, 1.5],
    12: [1, 10, 1],
    13: [0, 0, 0, 0],
    14: [1, 1, 1, 1],
    18: [1, 10, 1, 5, 4, 3],
    21: [1] * 10,
    22: [0] * 12,
    25: [1] * 10,
    26: [0] * 10,
    27: [1] * 10,
}


@pytest.mark.parametrize("number", MINIMISERS)
def test_the_published_minimisers_have_the_value_zero(number):
    problem = mgh_problem(number)
    x = torch.tensor([float(v) for v in MINIMISERS[number]], dtype=F64)
    residuals = problem.residuals(x)
    assert residuals.shape == (problem.m,)
    # the third is badly scaled: its published digits leave a residual of 1e4 · 1e-11 · 9
    assert problem(x).item() < (1e-8 if number == 3 else 1e-25)
    assert problem(problem.start()).item() > 1e-4


@pytest.mark.parametrize("problem", mgh_problems(), ids=lambda p: p.name)
def test_maps_and_differentiates(problem):
    points = problem.start() + 0.01 * torch.randn(
        3, problem.n, dtype=F64, generator=torch.Generator().manual_seed(0)
    )
    together = torch.func.vmap(problem)(points)
    torch.testing.assert_close(together, torch.stack([problem(x) for x in points]), rtol=1e-12, atol=1e-14)
    x = points[0].clone().requires_grad_()
    (g,) = torch.autograd.grad(problem(x), x)
    J = torch.func.jacrev(problem.residuals)(points[0].detach())
    torch.testing.assert_close(
        g, 2 * J.T @ problem.residuals(points[0]).detach(), rtol=1e-9, atol=1e-9 * g.abs().max().item()
    )


def test_the_single_precision_start_gives_single_precision():
    for problem in mgh_problems():
        assert problem(problem.start(dtype=torch.float32)).dtype == torch.float32


@cache
def results(method):
    return [(p, minimize(p, p.start(), method, max_evaluations=3000)) for p in mgh_problems()]


@pytest.mark.parametrize("method", ["bfgs", "lbfgs"])
def test_reaches_the_published_minima(method):
    solved = [p.number for p, r in results(method) if p.solved(r.value)]
    # 26 and 31 end at minima that are not published
    assert sorted(set(range(1, 36)) - set(solved)) == [26, 31]
    for problem, result in results(method):
        assert result.reason in (Reason.CONVERGED, Reason.AT_ROUNDING), (problem.name, result)
        assert abs(problem(result.x).item() - result.value) <= 1e-12 * abs(result.value)
    at_rounding = {p.number for p, r in results(method) if r.reason is Reason.AT_ROUNDING}
    assert at_rounding <= {10, 17, 20}  # whose gradients are large numbers times rounding


@pytest.mark.slow
def test_starts_far_away_end_well():
    solved = 0
    for problem in mgh_problems():
        for factor in (10.0, 100.0):
            result = minimize(problem, problem.start(factor), "bfgs", max_evaluations=1000)
            assert result.value <= problem(problem.start(factor)).item() or not result.history.value[
                0
            ] < float("inf")
            solved += problem.solved(result.value)
    assert solved >= 45  # of 70, within 1,000 evaluations


def test_a_batch_of_starts():
    problem = mgh_problem(7)
    starts = problem.start() + torch.randn(50, 3, dtype=F64, generator=torch.Generator().manual_seed(1))
    result = minimize(problem, starts, "bfgs", batched=True)
    assert sum(map(problem.solved, result.value.tolist())) >= 48


def test_a_wrong_number_or_dimension_is_told():
    for call, words in (
        (lambda: mgh_problem(0), "number"),
        (lambda: mgh_problem(1, 3), "n: expected"),
        (lambda: mgh_problem(21, 5), "multiple of 2"),
        (lambda: mgh_problem(20, 32), "n: expected"),
    ):
        with pytest.raises(GradusError, match=words):
            call()
    assert mgh_problem(34, 3).minima == pytest.approx(((36 + 18 - 6) / (2 * 9),))
