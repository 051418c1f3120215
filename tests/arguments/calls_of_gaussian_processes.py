"""Right calls of Gaussian processes."""

from __future__ import annotations

from example_calls import Example, of, tensors

from gradus import inference
from gradus.inference import GaussianProcess, GaussianProcessPosterior, squared_exponential_kernel


def _process() -> GaussianProcess:
    return GaussianProcess(squared_exponential_kernel, 0.1)


def _posterior() -> GaussianProcessPosterior:
    return _process().posterior(tensors(0, 6, 2), tensors(1, 6), tensors(2, 3, 2))


def calls_of_gaussian_processes() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    data = {"X": tensors(0, 6, 2), "y": tensors(1, 6)}
    pair = {"x": tensors(0, 4, 2), "z": tensors(1, 3, 2)}
    name = "gradus.inference.GaussianProcess"
    return {
        name: of(GaussianProcess, kernel=squared_exponential_kernel, noise=0.1),
        f"{name}.log_evidence": of(_process().log_evidence, **data),
        f"{name}.posterior": of(_process().posterior, **data, Z=tensors(2, 3, 2), of="y", joint=True),
        f"{name}.leave_one_out": of(_process().leave_one_out, **data),
        "gradus.inference.GaussianProcessPosterior.observed": of(_posterior().observed, noise=0.5),
        "gradus.inference.GaussianProcessPosterior.sample": of(_posterior().sample, draws=2, seed=0),
        "gradus.inference.squared_exponential_kernel": of(
            inference.squared_exponential_kernel, **pair, length=0.5, deviation=2.0
        ),
        "gradus.inference.matern_kernel": of(
            inference.matern_kernel, **pair, nu=2.5, length=0.5, deviation=2.0
        ),
        "gradus.inference.periodic_kernel": of(
            inference.periodic_kernel, **pair, period=2.0, length=0.5, deviation=2.0
        ),
        "gradus.inference.linear_kernel": of(inference.linear_kernel, **pair, deviation=2.0, constant=1.0),
    }
