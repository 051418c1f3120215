"""Quadratic and linear programs: against SciPy, by their own KKT conditions, by certificates, by finite differences."""

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from gradus.errors import GradusError
from gradus.optimization import QPResult, solve_qp

DOUBLE = torch.float64


def draws(seed: int = 0):
    g = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=DOUBLE, generator=g)

    def uniform(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, dtype=DOUBLE, generator=g)

    return normal, uniform


def feasible(
    B: int, n: int, m: int, p: int, rank: int | None = None, seed: int = 0
) -> dict[str, torch.Tensor]:
    """Programs with a solution: a point within the constraints, and multipliers that make a bounded dual."""
    normal, uniform = draws(seed)
    M = normal(B, n, n if rank is None else rank)
    G, A, x = normal(B, m, n), normal(B, p, n), normal(B, n, 1)
    q = -(G.mT @ uniform(B, m, 1))[..., 0] - (M @ normal(B, M.shape[2], 1))[..., 0]
    return dict(P=M @ M.mT, q=q, A=A, b=(A @ x)[..., 0], G=G, h=(G @ x)[..., 0] + uniform(B, m))


def kkt(r: QPResult, P, q, A=None, b=None, G=None, h=None) -> float:
    """The KKT conditions, written out once more in NumPy, without any scaling."""
    x, y, z = (v.numpy()[..., None] for v in (r.x, r.multipliers.y, r.multipliers.z))
    none = np.zeros_like(x[..., :0, :])
    P, q, A, b, G, h = (0 if v is None else v.numpy() for v in (P, q, A, b, G, h))
    dual = (
        (P @ x if np.ndim(P) else 0) + q[..., None] + np.swapaxes(A, -1, -2) @ y + np.swapaxes(G, -1, -2) @ z
    )
    slack = h[..., None] - G @ x
    parts = (dual, A @ x - b[..., None], np.minimum(slack, 0), np.minimum(z, 0), slack * z, none)
    return max(np.abs(v).max(initial=0) for v in parts)


@pytest.mark.parametrize("rank", [None, 3, 0])
def test_a_batch_meets_its_kkt_conditions(rank):
    data = feasible(40, 8, 14, 2, rank)
    if rank == 0:
        data["P"] = torch.zeros_like(data["P"])
    r = solve_qp(**data)
    assert r.solved and float(r.residual.max()) <= 1e-8
    assert kkt(r, **data) < 1e-6
    again = solve_qp(**{k: v[7] for k, v in data.items()})
    torch.testing.assert_close(again.x, r.x[7], rtol=0, atol=1e-6)


def test_a_linear_program_agrees_with_scipy():
    data = feasible(10, 6, 12, 1, 0, seed=3)
    r = solve_qp(None, **{k: v for k, v in data.items() if k != "P"})
    for i in range(10):
        q, A, b, G, h = (data[k][i].numpy() for k in "qAbGh")
        peer = linprog(q, A_ub=G, b_ub=h, A_eq=A, b_eq=b, bounds=(None, None))
        assert peer.status == 0
        np.testing.assert_allclose(r.objective[i], peer.fun, rtol=1e-7, atol=1e-7)


def test_bounds_are_rows_of_the_identity():
    normal, uniform = draws(1)
    M, q, lower = normal(5, 4, 4), normal(5, 4), -uniform(5, 4)
    upper = uniform(5, 4)
    upper[:, 1], lower[:, 2] = torch.inf, -torch.inf
    lower[:2, 3] = upper[:2, 3]  # two of the batch have a variable that is fixed
    by_bounds = solve_qp(M @ M.mT, q, lower=lower, upper=upper)
    by_rows = solve_qp(M @ M.mT, q, G=torch.eye(4, dtype=DOUBLE), g=lower, h=upper)
    assert by_bounds.solved and by_rows.solved
    torch.testing.assert_close(by_bounds.x, by_rows.x, rtol=0, atol=1e-7)
    torch.testing.assert_close(by_bounds.multipliers.w, by_rows.multipliers.z, rtol=0, atol=1e-5)
    torch.testing.assert_close(by_bounds.x[:2, 3], upper[:2, 3], rtol=0, atol=1e-8)


def infeasible(kind: str) -> dict[str, torch.Tensor]:
    normal, uniform = draws(2)
    P, q = torch.eye(5, dtype=DOUBLE), normal(20, 5)
    if kind == "rows":  # zᵀG = 0 and zᵀh = −1
        G, z = normal(20, 9, 5), uniform(20, 9) + 0.1
        G[:, 0] = -(z[:, 1:, None] * G[:, 1:]).sum(1) / z[:, :1]
        h = (G @ normal(20, 5, 1))[..., 0] + uniform(20, 9)
        h -= ((z * h).sum(1) + 1)[:, None] * z / z.square().sum(1, keepdim=True)
        return dict(P=P, q=q, G=G, h=h)
    if kind == "equalities":
        A = normal(20, 3, 5)
        A[:, 0] = A[:, 1] + A[:, 2]
        return dict(P=P, q=q, A=A, b=normal(20, 3), lower=torch.full((5,), -9.0), upper=torch.full((5,), 9.0))
    return dict(P=P, q=q, lower=torch.zeros(5), upper=torch.tensor([1.0, 1, -0.001, 1, 1]))


@pytest.mark.parametrize("kind", ["rows", "equalities", "bounds"])
@pytest.mark.parametrize("linear", [False, True])
def test_infeasible_programs_have_farkas_vectors(kind, linear):
    data = infeasible(kind)
    if linear:
        data["P"] = None
    r = solve_qp(**data)
    assert set(r.reason) == {"infeasible"} and bool(r.x.isnan().all())
    proof = r.farkas
    force, bound = proof.upper - proof.lower, torch.zeros(20, dtype=DOUBLE)
    for matrix, multiplier in (("A", proof.b), ("G", proof.h - proof.g)):
        if matrix in data:
            force = force + (data[matrix].mT @ multiplier[..., None])[..., 0]
    for side, sign in (("b", 1), ("h", 1), ("upper", 1), ("lower", -1)):
        multiplier = getattr(proof, side)
        assert side == "b" or not (multiplier < 0).any()
        if side in data:
            bound = bound + sign * (data[side] * multiplier).sum(-1)
        else:
            assert not multiplier.any()  # what is not there proves nothing
    assert not proof.g.any()
    assert float(force.abs().max()) <= 1e-8
    torch.testing.assert_close(bound, torch.full_like(bound, -1.0), rtol=0, atol=1e-9)


@pytest.mark.parametrize("linear", [False, True])
def test_unbounded_programs_have_rays(linear):
    normal, uniform = draws(4)
    M = normal(20, 6, 4)
    d = torch.linalg.svd(M.mT)[2][:, -1]  # P d = 0
    G = normal(20, 8, 6)
    G = G * -torch.sign(G @ d[..., None])
    A = normal(20, 2, 6)
    A = A - (A @ d[..., None]) * d[:, None]
    q = normal(20, 6)
    q = q - ((q * d).sum(-1, keepdim=True) + 1) * d
    x = normal(20, 6, 1)
    P = None if linear else M @ M.mT
    r = solve_qp(P, q, A=A, b=(A @ x)[..., 0], G=G, h=(G @ x)[..., 0] + uniform(20, 8))
    assert set(r.reason) == {"unbounded"} and bool(r.x.isnan().all())
    ray = r.ray[..., None]
    torch.testing.assert_close((q * r.ray).sum(-1), torch.full((20,), -1.0, dtype=DOUBLE), rtol=0, atol=1e-12)
    assert float((A @ ray).abs().max()) <= 1e-8 and float((G @ ray).max()) <= 1e-8
    assert linear or float((P @ ray).abs().max()) <= 1e-8


def test_a_mixed_batch_says_each_reason():
    q = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]], dtype=DOUBLE)
    lower = torch.zeros(3, 2, dtype=DOUBLE)
    upper = torch.tensor([[torch.inf, 1.0], [torch.inf, 1.0], [-1.0, 1.0]], dtype=DOUBLE)
    r = solve_qp(None, q, lower=lower, upper=upper)
    assert r.reason.tolist() == ["solved", "unbounded", "infeasible"] and not r.solved
    assert r.x[0, 0].abs() < 1e-7 and bool(r.x[1:].isnan().all())
    assert not r.ray[0].any() and not r.farkas.upper[1].any() and bool(r.ray[1].any())


def test_differentiable_in_all_data():
    normal, uniform = draws(3)
    M, A, G, x = normal(2, 3, 3), normal(2, 1, 3), normal(2, 4, 3), normal(2, 3, 1)
    Gx = (G @ x)[..., 0]
    data = [
        M @ M.mT + torch.eye(3), normal(2, 3), A, (A @ x)[..., 0], G, Gx + 0.3 * uniform(2, 4), Gx - 0.3 * uniform(2, 4),
        x[..., 0] - 0.4 * uniform(2, 3), x[..., 0] + 0.4 * uniform(2, 3),
    ]  # fmt: skip

    def solution(P, q, A, b, G, h, g, lower, upper):
        r = solve_qp((P + P.mT) / 2, q, A=A, b=b, G=G, h=h, g=g, lower=lower, upper=upper, tolerance=1e-11)
        assert r.solved
        active = torch.cat([r.multipliers.z, r.multipliers.w], -1).abs()
        assert bool(((active > 1e-3) | (active < 1e-6)).all()) and bool((active > 1e-3).any(-1).all())
        return r.x, r.multipliers.y, r.multipliers.z, r.multipliers.w, r.objective

    torch.autograd.gradcheck(solution, [t.requires_grad_() for t in data], atol=1e-5, rtol=1e-4)


def test_single_precision_comes_back_in_it():
    data = {k: v.float() for k, v in feasible(3, 4, 6, 1).items()}
    r = solve_qp(**data)
    assert r.x.dtype == torch.float32 and r.solved and r.objective.shape == (3,)


def test_a_triangle_of_the_matrix_is_refused_and_so_is_a_saddle():
    q = torch.ones(2, dtype=DOUBLE)
    with pytest.raises(
        GradusError, match=r"P: expected a symmetric matrix, got P\[0, 1\] = 0 and P\[1, 0\] = 1"
    ):
        solve_qp(torch.tensor([[2.0, 0.0], [1.0, 2.0]], dtype=DOUBLE), q)
    with pytest.raises(GradusError, match="negative eigenvalue"):
        solve_qp(torch.diag(torch.tensor([1.0, -1.0], dtype=DOUBLE)), q, lower=-q, upper=q)
    with pytest.raises(GradusError, match="b: expected a tensor beside A"):
        solve_qp(None, q, A=torch.ones(1, 2, dtype=DOUBLE))
    with pytest.raises(GradusError, match="upper"):
        solve_qp(None, q, upper=torch.tensor([1.0, torch.nan], dtype=DOUBLE))


def test_the_limit_of_iterations_is_a_reason():
    r = solve_qp(**feasible(3, 8, 14, 2), max_iterations=2)
    assert set(r.reason) == {"iterations"} and bool(r.x.isfinite().all()) and float(r.residual.min()) > 1e-8


def test_no_axis_of_a_batch_and_several():
    normal, _ = draws()
    P, q = torch.eye(3, dtype=DOUBLE), normal(2, 4, 3)
    r = solve_qp(P, q, lower=torch.zeros(3))
    assert r.x.shape == (2, 4, 3) and r.reason.shape == (2, 4) and r.iterations.shape == (2, 4)
    torch.testing.assert_close(r.x, (-q).clamp(min=0), rtol=0, atol=1e-7)


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("factor", [1e3, 1e7, 1e10, 1e12])
def test_large_numbers_alone_are_no_certificate(linear, factor):
    # the same programs in other units of the cost, and of x: each has a solution, whatever the size of its numbers
    normal, _ = draws(5)
    M, A, x = normal(10, 5, 5), normal(10, 2, 5), normal(10, 5, 1).abs() + 1
    P = None if linear else M @ M.mT + torch.eye(5, dtype=DOUBLE)
    box = dict(lower=torch.zeros(5, dtype=DOUBLE), upper=torch.full((5,), 9.0, dtype=DOUBLE))
    q, b = normal(10, 5), (A @ x)[..., 0]
    known = solve_qp(P, q, A=A, b=b, **box)
    assert known.solved
    costly = solve_qp(None if P is None else P * factor, q * factor, A=A, b=b, **box)
    steep = solve_qp(P, q * factor, A=A, b=b, **box)
    far = solve_qp(
        P, q * (1 if linear else factor), A=A, b=b * factor, **{k: v * factor for k, v in box.items()}
    )
    for r in (costly, steep, far):
        assert not {"infeasible", "unbounded"} & set(r.reason.tolist())
        assert not bool(r.x.isnan().any())
    for r, unit in ((costly, 1), (far, factor)):
        at = torch.from_numpy(
            r.reason == "solved"
        )  # with 1e10 units of x a linear program may stall, and says so
        torch.testing.assert_close(r.x[at] / unit, known.x[at], rtol=0, atol=1e-4)


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("far", [1e20, 1e30, 1e308])
def test_bounds_of_1e20_are_none(linear, far):
    q = torch.tensor([3.0, 1.0], dtype=DOUBLE)
    row, wide = torch.ones(1, 2, dtype=DOUBLE), torch.full((2,), far, dtype=DOUBLE)
    P = None if linear else torch.eye(2, dtype=DOUBLE)
    shared = dict(A=row, b=torch.ones(1, dtype=DOUBLE), G=row, lower=torch.zeros(2, dtype=DOUBLE))
    there = solve_qp(P, q, upper=wide, g=-wide[:1], h=wide[:1], **shared)
    without = solve_qp(P, q, g=torch.full((1,), -torch.inf), **shared)
    assert there.solved
    torch.testing.assert_close(there.x, without.x)


@pytest.mark.parametrize("far", [1e8, 1e12, 1e16, 1e19])
@pytest.mark.parametrize("quadratic", [False, True])
def test_bounds_that_lie_far_away_change_nothing(far, quadratic):
    """Above variables, below them, below rows: as without them, and so is the derivative."""
    generator = torch.Generator().manual_seed(0)
    G, inner, y = (
        torch.randn(*shape, dtype=torch.float64, generator=generator) for shape in ((8, 6), (6,), (8,))
    )
    h, q = (G @ inner.abs() + 0.5).requires_grad_(), -(G.T @ y.abs())
    P = torch.eye(6, dtype=torch.float64) if quadratic else None
    zero, wide = torch.zeros(6, dtype=torch.float64), torch.full((6,), far, dtype=torch.float64)
    free = solve_qp(P, q, G=G, h=h, lower=zero)
    assert free.solved
    (slope,) = torch.autograd.grad(free.objective, h)
    for bounds in (
        dict(lower=zero, upper=wide),
        dict(lower=zero, g=torch.full((8,), -far, dtype=torch.float64)),
    ):
        result = solve_qp(P, q, G=G, h=h, **bounds)
        assert result.solved and result.residual <= 1e-8
        torch.testing.assert_close(result.x, free.x)
        torch.testing.assert_close(torch.autograd.grad(result.objective, h)[0], slope)
        assert (result.multipliers.w <= 1e-6).all()


def test_far_bounds_hold_where_they_are_reached():
    """In one batch: one that needs its far bound, one that does not, one without a point, one that never ends."""
    one = torch.ones(4, 1, dtype=torch.float64)
    q = torch.tensor([[-1.0], [1.0], [1.0], [-1.0]], dtype=torch.float64)
    upper = torch.tensor([[1e9], [1e9], [1e9], [torch.inf]], dtype=torch.float64)
    A, b = one[:, None], torch.tensor([[0.0], [0.0], [-1.0], [0.0]], dtype=torch.float64)
    result = solve_qp(None, q, lower=0 * one, upper=upper)
    assert result.reason.tolist() == ["solved", "solved", "solved", "unbounded"]
    assert result.x[0].item() == pytest.approx(1e9) and abs(result.x[1].item()) < 1e-6
    assert result.multipliers.w[0].item() == pytest.approx(1.0)
    blocked = solve_qp(None, q[2], A=A[2], b=b[2], lower=0 * one[2], upper=upper[2])
    assert blocked.reason == "infeasible" and blocked.farkas.upper.item() == 0.0
    assert blocked.farkas.lower.item() == pytest.approx(1.0)
