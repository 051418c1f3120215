"""Right calls of searches along a direction, of optimisers that search, and of the logistic loss."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, of, tensors

from gradus import optimization


def calls_of_searches() -> dict[str, Example]:
    return {
        "gradus.optimization.line_search": of(
            optimization.line_search,
            f=lambda x: (x - 1).square().sum(),
            x=Fresh(lambda: tensors(0, 3)),
            direction=Fresh(lambda: 1 - tensors(0, 3)),
            args=(),
            decrease=1e-4,
            curvature=0.5,
            first=0.25,
        ),
        "gradus.optimization.LogisticLoss": of(
            lambda X, y, penalty: optimization.LogisticLoss(X, y, penalty)(torch.ones(3, dtype=X.dtype)),
            X=Fresh(lambda: tensors(0, 5, 3)),
            y=Fresh(lambda: torch.tensor([0.0, 1, 1, 0, 1], dtype=torch.float64)),
            penalty=0.1,
        ),
        "gradus.optimization.LogisticLoss.value_and_gradient": of(
            lambda w: _logistic_loss().value_and_gradient(w), w=Fresh(lambda: tensors(0, 3))
        ),
        "gradus.optimization.LogisticLoss.curvature": of(
            lambda w, direction: _logistic_loss().curvature(w, direction),
            w=Fresh(lambda: tensors(0, 3)),
            direction=Fresh(lambda: tensors(1, 3)),
        ),
        "gradus.optimization.LBFGS": of(
            optimization.LBFGS,
            parameters=Fresh(lambda: [tensors(0, 3)]),
            iterations=2,
            memory=3,
            tolerance=1e-6,
            decrease=1e-4,
            curvature=0.9,
        ),
        "gradus.optimization.NewtonCG": of(
            optimization.NewtonCG,
            parameters=Fresh(lambda: [tensors(0, 3)]),
            curvature="gauss-newton",
            iterations=2,
            radius=1.0,
            forcing=0.5,
            max_products=5,
            tolerance=1e-6,
        ),
    }


def _logistic_loss() -> optimization.LogisticLoss:
    labels = torch.tensor([0.0, 1, 1, 0, 1], dtype=torch.float64)
    return optimization.LogisticLoss(tensors(1, 5, 3), labels)
