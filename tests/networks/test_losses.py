"""The losses of our own: what users get wrong is named, and risks agree with closed forms."""

import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import hinge_loss as sklearn_hinge

from gradus.errors import GradusError
from gradus.networks.losses import constant_risk, hinge_loss


def test_hinge_equals_scikit_learn():
    generator = torch.Generator().manual_seed(0)
    s = torch.randn(50, generator=generator, dtype=torch.float64)
    y = torch.where(torch.rand(50, generator=generator) < 0.4, -1.0, 1.0).double()
    assert hinge_loss(s, y).item() == pytest.approx(sklearn_hinge(y.numpy(), s.numpy()), rel=1e-14)


@pytest.mark.parametrize(
    ("s", "y", "words"),
    [
        (torch.zeros(3), torch.ones(4), r"y: expected the shape \(n,\), got \(4,\); n is 3 in s"),
        (torch.zeros(0), torch.ones(0), "n ≥ 1"),
        (torch.zeros(2), torch.tensor([0.0, 1.0]), "got 0; labels 0 and 1 become so"),
    ],
)
def test_hinge_names_mistakes(s, y, words):
    with pytest.raises(GradusError, match=words):
        hinge_loss(s, y)


def absolute(c, y):
    return (c - y).abs()


def test_risk_is_least_at_the_median():
    y = torch.tensor([0.0, 1.0, 7.0], dtype=torch.float64)
    p = torch.tensor([0.3, 0.4, 0.3], dtype=torch.float64)
    found = constant_risk(absolute, y, p, torch.linspace(0, 8, 801, dtype=torch.float64))
    assert found.best.item() == pytest.approx(1.0)
    assert found.curvature.item() > -1e-14


@pytest.mark.parametrize(
    ("loss", "y", "p", "c", "words"),
    [
        (absolute, torch.zeros(2), torch.ones(3) / 3, torch.zeros(5), "m is 2 in y"),
        (absolute, torch.zeros(2), torch.ones(2), torch.zeros(5), "sum of 2"),
        (absolute, torch.zeros(2), torch.ones(2) / 2, torch.zeros(2), "k ≥ 3"),
        (
            lambda c, y: F.l1_loss(c + 0 * y, y + 0 * c),
            torch.zeros(2),
            torch.ones(2) / 2,
            torch.zeros(3),
            "reduction='none'",
        ),
    ],
)
def test_risk_names_mistakes(loss, y, p, c, words):
    with pytest.raises(GradusError, match=words):
        constant_risk(loss, y, p, c)
