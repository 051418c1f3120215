"""Right calls of variational inference."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, of, tensors
from torch.distributions import Normal, constraints

from gradus import inference


def calls_of_variation() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    fit = inference.advi(lambda x: -(x**2).sum() / 2, torch.zeros(2), samples=50)
    return {
        "gradus.inference.advi": of(
            inference.advi,
            log_density=Fresh(lambda: lambda x: -(x**2).sum() / 2),
            start=Fresh(lambda: torch.zeros(2)),
            family="mean-field",
            constraints=Fresh(lambda: constraints.real),
            method="sample-average",
            draws=16,
            most_draws=32,
            most_steps=20,
            tolerance=1e-2,
            samples=50,
            seed=0,
            batched=False,
        ),
        "gradus.inference.gaussian_elbo": of(
            inference.gaussian_elbo,
            log_density=Fresh(lambda: lambda x: -(x**2).sum() / 2),
            mean=tensors(0, 2),
            scale=torch.tensor([[1.0, 0.0], [0.5, 2.0]], dtype=torch.float64),
            noise=tensors(1, 4, 2),
            start=tensors(2, 2),
            constraints=Fresh(lambda: constraints.real),
            sticking=False,
            batched=False,
        ),
        "gradus.inference.psis": of(inference.psis, log_weights=tensors(0, 40)),
        "gradus.inference.VariationalFit.sample": of(fit.sample, draws=3, seed=0),
        "gradus.inference.VariationalFit.table": of(fit.table, lang="en", most=2),
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
