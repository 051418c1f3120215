"""Right calls of variational inference."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, of, tensors
from torch.distributions import Normal

from gradus import inference


def calls_of_variation() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    return {
        "gradus.inference.elbo": of(
            inference.elbo,
            log_density=lambda z: -z.square() / 2,
            q=Fresh(lambda: Normal(torch.zeros(()), torch.ones(()))),
            prior=Fresh(lambda: Normal(torch.zeros(()), torch.ones(()))),
            seed=0,
        ),
        "gradus.inference.mean_field_gaussian": of(
            inference.mean_field_gaussian,
            mean=tensors(0, 2),
            precision=torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64),
            start=Fresh(lambda: (tensors(1, 2), torch.ones(2, dtype=torch.float64))),
            order=[1, 0],
        ),
        "gradus.inference.mean_field_regression": of(
            inference.mean_field_regression, X=tensors(0, 6, 2), y=tensors(1, 6), weight_precision=0.5
        ),
        **{
            f"gradus.inference.{name}": of(
                getattr(inference, name),
                function=torch.square,
                law=Normal,
                parameters=(torch.tensor(1.0), torch.tensor(0.5)),
                samples=8,
                groups=2,
                seed=0,
            )
            for name in ("pathwise_gradient", "score_gradient")
        },
    }
