"""Power iteration: shapes, refusals, gradients."""

import numpy as np
import pytest
import torch

from gradus.catalogue import load
from gradus.errors import GradusError
from gradus.foundations.power_iteration import power_iteration
from gradus.frameworks import adapt_function
from gradus.verify import claims_of, judge


def test_path():
    A = torch.diag(torch.tensor([2.0, 1.0], dtype=torch.float64))
    values, vectors = power_iteration(A, torch.tensor([3.0, 3.0], dtype=torch.float64), 40)
    assert values.shape == (41,)
    assert vectors.shape == (41, 2)
    torch.testing.assert_close(vectors[0], torch.full((2,), 0.5**0.5, dtype=A.dtype))
    torch.testing.assert_close(vectors[-1], torch.tensor([1.0, 0.0], dtype=A.dtype))
    torch.testing.assert_close(values[-1], torch.tensor(2.0, dtype=A.dtype))


def test_one_start_for_a_batch():
    generator = torch.Generator().manual_seed(0)
    A = torch.randn(5, 3, 3, generator=generator, dtype=torch.float64)
    values, vectors = power_iteration(A, torch.ones(3, dtype=torch.float64), 4)
    assert values.shape == (5, 5)
    assert vectors.shape == (5, 5, 3)
    alone, _ = power_iteration(A[2], torch.ones(3, dtype=torch.float64), 4)
    torch.testing.assert_close(values[2], alone)


def test_gradient():
    generator = torch.Generator().manual_seed(1)
    A = torch.randn(3, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    x = torch.randn(3, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda A, x: power_iteration(A, x, 3), (A, x))


@pytest.mark.parametrize(
    ("A", "x", "steps", "said"),
    [
        (torch.ones(3, 2), torch.ones(2), 1, "A: expected the shape (…, n, n) with n ≥ 1, got (3, 2)"),
        (torch.eye(3), torch.ones(4), 1, "x0: expected the shape (…, n), got (4,); n is 3 in A"),
        (torch.eye(3), torch.tensor(1.0), 1, "x0: expected the shape (…, n), got ()"),
        (torch.eye(2), torch.ones(2), -1, "got -1"),
        (torch.eye(2), torch.zeros(2), 1, "the start has length 0"),
        (
            torch.tensor([[0.0, 1.0], [0.0, 0.0]]),
            torch.tensor([1.0, 1.0]),
            2,
            "the product of step 2 has length 0",
        ),
        (torch.full((2, 2), 1e38), torch.full((2,), 1e38), 3, "length inf"),
    ],
)
def test_refusals(A, x, steps, said):
    with pytest.raises(GradusError) as error:
        power_iteration(A, x, steps)
    assert said in str(error.value)


@pytest.mark.parametrize("turned", [1.0, -1.0])
def test_the_page_judges_any_eigensolver_up_to_signs(turned):
    concept = load().get("eigen")

    def solve(A):
        values, vectors = np.linalg.eigh(A)
        return values, turned * vectors

    adapted = adapt_function(concept, solve, "numpy")
    assert [c.name for c in claims_of(concept) if judge(concept, c, adapted).verdict == "fails"] == []
