"""Right calls of searches along a direction, and of optimisers that search."""

from __future__ import annotations

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
