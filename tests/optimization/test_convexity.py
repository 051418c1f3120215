"""The conjugate and the curvature of chords beside closed forms, in every precision, block by block."""

import pytest
import torch

from gradus.errors import GradusError
from gradus.optimization import chord_curvature, conjugate, convexity


def normal(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_quadratic_has_the_conjugate_of_the_inverse_matrix():
    H = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    y = normal(0, 20, 2)
    x = torch.cat([torch.linalg.solve(H, y.T).T, normal(1, 50, 2)])
    got = conjugate(x, ((x @ H) * x).sum(1) / 2, y)
    assert torch.allclose(got, (torch.linalg.solve(H, y.T).T * y).sum(1) / 2, rtol=1e-13, atol=1e-13)


def test_blocks_change_nothing(monkeypatch):
    x, f, y = normal(0, 30, 3), normal(1, 30), normal(2, 47, 3)
    whole = conjugate(x, f, y)
    monkeypatch.setattr(convexity, "BLOCK", 100)
    assert torch.allclose(conjugate(x, f, y), whole, rtol=1e-14, atol=1e-14)


def test_its_gradient_is_the_point_of_the_maximum():
    x, f, y = normal(0, 9, 2), normal(1, 9), normal(2, 4, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda f, y: conjugate(x, f, y), (f.requires_grad_(), y))
    (gradient,) = torch.autograd.grad(conjugate(x, f, y).sum(), y)
    assert torch.equal(gradient, x[(y @ x.T - f).argmax(1)])


def test_infinite_values_are_outside_the_domain_and_no_slopes_give_none():
    x = torch.tensor([[0.0], [1.0], [2.0]])
    f = torch.tensor([0.0, 1.0, torch.inf])
    assert conjugate(x, f, torch.tensor([[5.0]])).tolist() == [4.0]
    assert conjugate(x, f, torch.empty(0, 1)).shape == (0,)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dtype_stays(dtype):
    x = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=dtype)
    least, greatest = chord_curvature(lambda p: (p * p).sum(1), x)
    assert (least.item(), greatest.item()) == (2.0, 2.0)
    assert least.dtype == dtype and conjugate(x, (x * x).sum(1), x).dtype == dtype


def test_curvature_of_a_quadratic_lies_between_its_eigenvalues():
    H = torch.diag(torch.tensor([1.0, 4.0], dtype=torch.float64))
    least, greatest = chord_curvature(lambda p: ((p @ H) * p).sum(1) / 2, normal(3, 40, 2))
    assert 1 - 1e-9 <= least.item() < 1.01 and 3.99 < greatest.item() <= 4 + 1e-9


@pytest.mark.parametrize("function", [lambda p: p, lambda p: 1.0, lambda p: p.sum()])
def test_a_function_of_another_form_is_refused(function):
    with pytest.raises(GradusError, match="function"):
        chord_curvature(function, normal(0, 3, 2))


def test_equal_points_are_refused():
    with pytest.raises(GradusError, match="no two"):
        chord_curvature(lambda p: p.sum(1), torch.ones(2, 2))
