"""The tape where mathematics is delicate: at 0 and ±∞, at ties, with NaN."""

import math

import numpy as np
import pytest
import torch

from gradus.foundations.autodiff import checkpoint, grad, jacobian, jvp, value_and_grad

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::PendingDeprecationWarning")

INF = math.inf


def slopes(f, x, h=1e-6):
    """The gradient by central differences."""
    steps = np.eye(np.size(x)).reshape(-1, *np.shape(x)) * h
    return np.array([(f(x + e) - f(x - e)) / (2 * h) for e in steps]).reshape(np.shape(x))


# --- at 0


def test_lengths_and_deviations_at_zero_have_the_slope_zero_as_in_torch():
    points = np.array([[0.0, 1.0], [2.0, -1.0], [0.5, 3.0]])
    f = lambda p: np.sum(np.linalg.norm(p[:, None] - p[None], axis=-1))
    t = torch.tensor(points, requires_grad=True)
    torch.linalg.vector_norm(t[:, None] - t[None], dim=-1).sum().backward()
    assert np.allclose(grad(f)(points), t.grad.numpy(), rtol=1e-14)
    for ord in (None, 1, 1.5, 2, 3, 0.5, INF, -INF):
        f = lambda x, o=ord: np.linalg.norm(x, o)
        assert np.array_equal(grad(f)(np.zeros(3)), np.zeros(3)), ord
        t = torch.tensor([0.0, 2.0, -3.0], dtype=torch.float64, requires_grad=True)
        torch.linalg.vector_norm(t, 2 if ord is None else ord).backward()
        assert np.allclose(grad(f)(t.detach().numpy()), t.grad.numpy(), rtol=1e-13), ord
    assert np.array_equal(grad(np.std)(np.full(3, 2.0)), np.zeros(3))
    assert grad(np.std)(2.0) == 0.0
    assert np.array_equal(grad(lambda x: np.linalg.norm(x))(np.zeros((2, 2))), np.zeros((2, 2)))


def test_zero_times_infinity_is_its_limit_or_nan_and_never_a_wrong_zero():
    assert grad(lambda x: np.cbrt(x) ** 3)(0.0) == pytest.approx(1.0, rel=1e-12)
    assert grad(lambda x: np.cbrt(x - 1.0) ** 3)(1.0) == pytest.approx(1.0, rel=1e-9)
    assert np.allclose(
        grad(lambda x: np.sum(np.cbrt(x) ** 3 * [1, 2, 3]))(np.array([0.0, 1.0, 0.0])), [1, 2, 3]
    )
    assert jvp(lambda x: np.cbrt(x) ** 3, 0.0, 1.0)[1] == pytest.approx(1.0, rel=1e-12)
    assert np.allclose(
        grad(lambda x: np.sum(1 / (1 + np.exp(-x))))(np.array([-1000.0, 1000.0, 0.0])), [0, 0, 0.25]
    )
    overflow = grad(lambda x: np.log(np.sum(np.exp(x))))(np.array([1000.0, 0.0]))
    assert np.isnan(overflow[0]) or overflow[0] == 1.0
    assert np.isnan(grad(lambda x: np.sqrt(np.sum(x**2)))(np.zeros(2))).all()  # a kink has no limit
    assert np.isnan(
        grad(lambda x: np.cbrt(x[0] ** 3 + x[1] ** 3))(np.zeros(2))
    ).all()  # one for each direction
    assert np.isnan(grad(lambda x: x * np.sqrt(x))(0.0))


@pytest.mark.parametrize("f", [
    lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)),
    lambda x: np.sqrt(x[1]) + x[0],
    lambda x: np.sum(np.sqrt(np.maximum(x, 0.25))),
    lambda x: np.sum(np.stack([np.sqrt(x), x])[1:]),
    lambda x: np.sum(np.concatenate([np.log(x), x])[3:]),
    lambda x: np.sum(np.reshape(np.sqrt(x), (3, 1))[1:]),
    lambda x: np.max(np.sqrt(x)),
    lambda x: np.sum(np.sqrt(x) @ np.array([0.0, 1.0, 1.0])),
    lambda x: np.einsum("i,i->", np.sqrt(x), np.array([0.0, 1.0, 1.0])),
    lambda x: np.average(np.sqrt(x), weights=[0.0, 1.0, 2.0]),
    lambda x: np.sum(np.sqrt(x) ** np.array([0.0, 1.0, 2.0])),
    lambda x: np.where(x > 0, checkpoint(lambda t: t * t)(x), 0 * x).sum(),
], ids=range(12))  # fmt: skip
def test_what_has_no_part_in_the_result_has_the_slope_zero(f):
    x = np.array([0.0, 1.0, 4.0])
    g = grad(f)(x)
    assert g[0] in (0.0, 1.0) and np.isfinite(g).all()
    beside = x + np.array([0.01, 0, 0])
    assert np.allclose(g[1:], slopes(f, beside)[1:], atol=1e-6)
    columns = [jvp(f, x, u)[1] for u in np.eye(3)]
    assert np.allclose(columns, g)
    assert np.allclose(jacobian(f, x, "forward"), jacobian(f, x, "reverse"))


def test_a_row_of_the_jacobian_is_not_touched_by_another():
    f = lambda x: np.concatenate([np.sqrt(x), x])
    by_rows, by_columns = (jacobian(f, np.array([0.0, 1.0]), m) for m in ("reverse", "forward"))
    want = [[INF, 0], [0, 0.5], [1, 0], [0, 1]]
    assert np.array_equal(by_rows, want) and np.array_equal(by_columns, want)


# --- at ±∞ and where numbers are large or small


def test_logaddexp_divides_its_slope_in_two():
    f = lambda z: np.logaddexp(z[0], z[1])
    for z, want in [
        ((INF, 0), (1, 0)), ((0, INF), (0, 1)), ((-INF, 0), (0, 1)), ((0, -INF), (1, 0)), ((INF, -INF), (1, 0)),
        ((INF, INF), (0.5, 0.5)), ((-INF, -INF), (0.5, 0.5)), ((1e16, 1e16), (0.5, 0.5)), ((1e10, 1e10 - 1), (0.731058578630, 0.268941421370)),
        ((0, -800), (1, 0)), ((3.0, 3.0), (0.5, 0.5)),
    ]:  # fmt: skip
        assert np.allclose(grad(f)(np.array(z, float)), want, rtol=1e-11), z
    assert np.isnan(grad(f)(np.array([np.nan, 0.0]))).any()
    assert grad(grad(lambda x: np.logaddexp(x, 3.0)))(3.0) == pytest.approx(0.25, rel=1e-14)
    assert grad(lambda x: np.logaddexp2(x, 1e16))(1e16) == pytest.approx(0.5)


def test_the_angle_of_tiny_and_huge_sides():
    f = lambda z: np.arctan2(z[0], z[1])
    for size in (1e-200, 1.0, 1e200):
        assert np.allclose(grad(f)(np.array([size, size])) * size, [0.5, -0.5], rtol=1e-14)
    assert np.array_equal(grad(f)(np.zeros(2)), [0, 0])
    assert value_and_grad(np.angle)(-2.0)[0] == math.pi
    n = lambda z: np.remainder(z[0], z[1])
    assert np.array_equal(grad(n)(np.array([1.0, 0.1])), [1.0, -9.0])  # 1 = 9·0.1 + 0.0999…
    assert np.array_equal(grad(lambda z: np.fmod(z[0], z[1]))(np.array([-7.0, 3.0])), [1.0, 2.0])


def test_nan_is_passed_on():
    assert np.isnan(grad(lambda z: np.sum(z * z))(np.array([np.nan, 1.0]))[0])
    for choose in (np.maximum, np.minimum):
        value, gradient = value_and_grad(lambda z, c=choose: c(z[0], z[1]))(np.array([np.nan, 1.0]))
        assert np.isnan(value) and gradient.tolist() == [1.0, 1.0]  # as in torch
    for choose in (np.fmax, np.fmin):
        value, gradient = value_and_grad(lambda z, c=choose: c(z[0], z[1]))(np.array([np.nan, 1.0]))
        assert value == 1.0 and gradient.tolist() == [0.0, 1.0]
    assert np.isnan(grad(np.max)(np.array([np.nan, 1.0]))).all()
    value, gradient = value_and_grad(lambda x: np.nansum(x) + np.nanmax(x) + np.nanmean(x))(
        np.array([np.nan, 1.0, 3.0])
    )
    assert value == 9.0 and gradient.tolist() == [0.0, 1.5, 2.5]
    assert np.array_equal(grad(lambda x: np.sum(np.nan_to_num(x)))(np.array([np.nan, 2.0])), [0, 1])


# --- ties, as torch has them


@pytest.mark.parametrize(("ours", "theirs"), [
    (lambda x: np.max(x), lambda x: x.amax()),
    (lambda x: np.min(x, axis=1).sum(), lambda x: x.amin(1).sum()),
    (lambda x: np.sum(np.maximum(x, 2.0)), lambda x: torch.maximum(x, torch.full_like(x, 2.0)).sum()),
    (lambda x: np.sum(np.minimum(x, x[::-1]) ** 2), lambda x: (torch.minimum(x, x.flip(0)) ** 2).sum()),
    (lambda x: np.sum(np.clip(x, 1.0, 2.0)), lambda x: x.clamp(1.0, 2.0).sum()),
    (lambda x: np.sum(np.clip(x, x[::-1], 4.0)), lambda x: x.clamp(x.flip(0), torch.tensor(4.0).double()).sum()),
    (lambda x: np.sum(np.fmax(x, 2.0)), lambda x: torch.fmax(x, torch.full_like(x, 2.0)).sum()),
    (lambda x: np.sum(np.fmin(2.0, x)), lambda x: torch.fmin(torch.full_like(x, 2.0), x).sum()),
    (lambda x: np.sum(np.sort(x, axis=1) * [1, 2, 3]), lambda x: (x.sort(dim=1, stable=True)[0] * torch.tensor([1, 2, 3])).sum()),
    (lambda x: np.linalg.norm(x, INF, axis=1).sum(), lambda x: torch.linalg.vector_norm(x, INF, 1).sum()),
    (lambda x: np.sum(np.prod(x - 2, axis=1)), lambda x: (x - 2).prod(1).sum()),
    (lambda x: np.sum(np.cumprod(x - 2, axis=1)), lambda x: (x - 2).cumprod(1).sum()),
    (lambda x: np.sum(np.absolute(x - 2)), lambda x: (x - 2).abs().sum()),
], ids=range(13))  # fmt: skip
def test_ties_equal_torch(ours, theirs):
    x = np.array([[2.0, 2.0, 1.0], [2.0, 3.0, 3.0]])
    t = torch.tensor(x, requires_grad=True)
    theirs(t).backward()
    assert np.allclose(grad(ours)(x), t.grad.numpy(), rtol=1e-14, atol=1e-15)


def test_a_zero_derivative_is_that_of_a_step():
    assert np.array_equal(grad(lambda z: np.sum(np.heaviside([0.0, 1.0], z)))(np.ones(2)), [1, 0])
    steps = [
        lambda x: int(3 * x), lambda x: round(3 * x), lambda x: round(3 * x, 1), lambda x: math.floor(x), lambda x: math.ceil(x),
        lambda x: math.trunc(x), lambda x: np.round(x), lambda x: x.astype(int) * 1.0, lambda x: np.spacing(x), lambda x: x // 0.3,
        lambda x: np.sign(x), lambda x: np.linalg.norm(x[None], 0),
    ]  # fmt: skip
    for i, f in enumerate(steps):
        assert grad(f)(0.7) == 0.0, i
