"""Right calls of what draws by Monte Carlo, and of what tells how good the draws are."""

from __future__ import annotations

import numpy as np
import torch
from example_calls import Example, Fresh, of
from torch.distributions import constraints

from gradus import inference


def draws() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((2, 8))


def density(x: torch.Tensor) -> torch.Tensor:
    return -(x**2).sum()


def coin() -> inference.MarkovNetwork:
    return inference.MarkovNetwork({"coin": ["heads", "tails"]}, [("coin", [1.0, 3.0])])


def calls_of_monte_carlo() -> dict[str, Example]:
    found = inference.diagnose(draws())
    name = "gradus.inference."
    return {
        name + "diagnose": of(
            inference.diagnose,
            draws=Fresh(draws),
            diverging=Fresh(lambda: np.zeros((2, 8), bool)),
            energy=Fresh(draws),
            probabilities=Fresh(lambda: [0.1, 0.9]),
        ),
        name + "sample": of(
            inference.sample,
            log_density=Fresh(lambda: density),
            start=Fresh(lambda: torch.zeros(2)),
            method="metropolis",
            draws=4,
            warmup=2,
            chains=2,
            thin=1,
            seed=0,
            batched=False,
            constraints=Fresh(lambda: constraints.real),
        ),
        name + "HMC": of(inference.HMC, step=0.5, acceptance=0.7, metric="dense", length=1.5, most_steps=100),
        name + "NUTS": of(inference.NUTS, step=0.5, acceptance=0.7, metric="dense", most_doublings=5),
        name + "hamiltonian_step": of(
            inference.hamiltonian_step,
            log_density=Fresh(lambda: lambda x: -(x**2).sum(-1)),
            gradient=Fresh(lambda: lambda x: -x),
            position=Fresh(lambda: torch.ones(3, 2)),
            noise=Fresh(lambda: torch.ones(3, 2)),
            uniform=Fresh(lambda: torch.full((3,), 0.5)),
            covariance=Fresh(lambda: torch.eye(2)),
            step=0.5,
            steps=2,
        ),
        name + "Metropolis": of(inference.Metropolis, step=0.5, metric="dense", acceptance=0.3),
        name + "gibbs": of(
            inference.gibbs,
            network=Fresh(coin),
            evidence=Fresh(dict),
            draws=3,
            warmup=1,
            chains=2,
            scan="systematic",
            seed=0,
        ),
        name + "gibbs_matrix": of(
            inference.gibbs_matrix, network=Fresh(coin), evidence=Fresh(dict), scan="systematic"
        ),
        name + "metropolis_matrix": of(
            inference.metropolis_matrix,
            target=Fresh(lambda: torch.tensor([1.0, 3.0])),
            proposal=Fresh(lambda: torch.full((2, 2), 0.5)),
        ),
        name + "Diagnosis.table": of(found.table, lang="en", most=3),
    }
