"""Gram–Schmidt: shapes, refusals, gradients; and that a page judges any QR up to its signs."""

import numpy as np
import pytest
import torch

from gradus.catalogue import load
from gradus.errors import GradusError
from gradus.foundations.gram_schmidt import gram_schmidt
from gradus.frameworks import Adapted, adapt_function
from gradus.verify import claims_of, judge


@pytest.mark.parametrize("modified", [True, False])
@pytest.mark.parametrize("shape", [(5, 3), (4, 4), (2, 3, 6, 2), (3, 1), (3, 0), (0, 4, 2)])
def test_factors(shape, modified):
    A = torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    Q, R = gram_schmidt(A, modified)
    n = shape[-1]
    assert Q.shape == A.shape
    assert R.shape == (*shape[:-2], n, n)
    torch.testing.assert_close(Q @ R, A)
    torch.testing.assert_close(Q.mT @ Q, torch.eye(n, dtype=A.dtype).expand(R.shape))
    assert torch.equal(R, R.triu())


@pytest.mark.parametrize("modified", [True, False])
def test_gradient(modified):
    A = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: gram_schmidt(a, modified), A)


@pytest.mark.parametrize(
    ("A", "said"),
    [
        (torch.ones(3), "got (3,)"),
        (torch.ones(2, 3), "got (2, 3)"),
        (torch.ones(3, 2, dtype=torch.int64), "got int64"),
        (torch.tensor([[1.0], [float("nan")]]), "finite"),
        (torch.tensor([[1.0, 1.0], [0.0, 0.0]]), "column 1 depends"),
        (torch.zeros(3, 1), "column 0 depends"),
    ],
)
def test_refusals(A, said):
    with pytest.raises(GradusError) as error:
        gram_schmidt(A)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "qr", [np.linalg.qr, lambda A: tuple(-f for f in np.linalg.qr(A))], ids=["numpy", "signs turned"]
)
def test_any_signs_are_accepted(qr):
    concept = load().get("basis")
    adapted = adapt_function(concept, qr, "numpy")
    failed = [c.name for c in claims_of(concept) if judge(concept, c, adapted).verdict == "fails"]
    assert failed == []


def test_signs_do_not_excuse_a_wrong_factor():
    concept = load().get("basis")
    adapted = Adapted(lambda A: (np.abs(np.linalg.qr(A)[0]), np.linalg.qr(A)[1]), concept, "numpy")
    assert (
        judge(concept, next(c for c in claims_of(concept) if c.name == "equals-definition"), adapted).verdict
        == "fails"
    )
