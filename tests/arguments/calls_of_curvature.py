"""Right calls of the instruments of curvature."""

from __future__ import annotations

import torch
from calls_of_optimization import seeded
from example_calls import Example, Fresh, new, of, tensors
from torch import nn

from gradus import theory


def matrix() -> torch.Tensor:
    A = tensors(0, 4, 4)
    return A + A.mT


def curvature() -> theory.Curvature:
    data = (tensors(0, 6, 3), tensors(1, 6, 1))
    return theory.Curvature(seeded(nn.Linear, 3, 1), nn.functional.mse_loss, data)


def density() -> theory.SpectralDensity:
    return theory.spectral_density(matrix(), probes=2, steps=3)


def calls_of_curvature() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    symmetric = Fresh(matrix)
    return {
        "gradus.theory.Curvature": of(
            theory.Curvature,
            model=Fresh(lambda: seeded(nn.Linear, 3, 1)),
            loss=nn.functional.mse_loss,
            data=Fresh(lambda: [tensors(0, 24, 3), 3 + tensors(1, 24, 1)]),
            kind="gauss-newton",
            mean=True,
        ),
        "gradus.theory.layer_jacobians": of(
            theory.layer_jacobians,
            model=Fresh(lambda: seeded(nn.Linear, 3, 2)),
            inputs=Fresh(lambda: tensors(0, 4, 3)),
            most=20,
            iterations=5,
            seed=0,
        ),
        "gradus.theory.layer_curvatures": of(
            theory.layer_curvatures,
            model=Fresh(lambda: seeded(nn.Linear, 3, 1)),
            loss=nn.functional.mse_loss,
            data=Fresh(lambda: [tensors(0, 24, 3), 3 + tensors(1, 24, 1)]),
            kind="gauss-newton",
            mean=True,
            layers=[""],
            tolerance=1e-3,
            max_products=20,
            probes=10,
            memory=2**20,
            seed=0,
        ),
        "gradus.theory.curvature_diagonal": of(
            theory.curvature_diagonal,
            model=Fresh(lambda: seeded(nn.Linear, 3, 1)),
            loss=nn.functional.mse_loss,
            data=Fresh(lambda: [tensors(0, 24, 3), 3 + tensors(1, 24, 1)]),
            kind="gauss-newton",
            mean=True,
            memory=2**20,
        ),
        "gradus.theory.lanczos": of(theory.lanczos, matrix=symmetric, start=new(tensors, 1, 4), steps=3),
        "gradus.theory.top_eigenpairs": of(
            theory.top_eigenpairs,
            matrix=symmetric,
            count=2,
            which="largest",
            tolerance=1e-3,
            max_products=20,
            seed=0,
            start=new(tensors, 1, 4),
        ),
        "gradus.theory.spectral_density": of(
            theory.spectral_density, matrix=symmetric, probes=2, steps=3, seed=0
        ),
        "gradus.theory.SpectralDensity.cumulative": of(
            lambda points: density().cumulative(points), points=new(tensors, 2, 5)
        ),
        "gradus.theory.SpectralDensity.curve": of(
            lambda points, width: density().curve(points, width), points=new(tensors, 2, 5), width=0.5
        ),
        "gradus.theory.estimate_trace": of(
            theory.estimate_trace, matrix=symmetric, products=12, method="hutch++", seed=0
        ),
    }
