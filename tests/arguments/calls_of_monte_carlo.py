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


def rain() -> inference.BayesianNetwork:
    tables = {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.2, 0.8]])}
    return inference.BayesianNetwork({"rain": ["yes", "no"], "wet": ["yes", "no"]}, tables)


def calls_of_networks_samples() -> dict[str, Example]:
    drawn = rain().sample(5)
    given = {
        "network": Fresh(rain),
        "evidence": Fresh(lambda: {"wet": "yes"}),
        "soft": Fresh(lambda: {"rain": [0.5, 1.0]}),
        "draws": 20,
        "seed": 0,
    }
    name = "gradus.inference."
    return {
        name + "BayesianNetwork.sample": of(rain().sample, draws=3, seed=0),
        name + "likelihood_weighting": of(
            inference.likelihood_weighting, **given, uniforms=Fresh(lambda: np.full((3, 2), 0.5))
        ),
        name + "rejection_sampling": of(inference.rejection_sampling, **given),
        name + "NetworkSample.probability": of(drawn.probability, event=Fresh(lambda: {"rain": "yes"})),
        name + "NetworkSample.estimate": of(drawn.estimate, of=Fresh(lambda: lambda x: x["rain"])),
        name + "fit_parameters": of(
            inference.fit_parameters,
            structure=Fresh(lambda: {"rain": [], "wet": ["rain"]}),
            data=Fresh(lambda: {"rain": ["yes", "no", None], "wet": ["yes", "no", "yes"]}),
            states=Fresh(lambda: {"rain": ["yes", "no"], "wet": ["yes", "no"]}),
            pseudo_counts=0.0,
            equivalent_size=4.0,
            unseen="uniform",
            missing=Fresh(lambda: ["?"]),
            start=Fresh(rain),
            steps=3,
            tolerance=1e-6,
            seed=0,
            memory=1e6,
        ),
        name + "NetworkSample.names": of(drawn.names, variable="rain"),
    }


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
        **calls_of_networks_samples(),
        name + "Diagnosis.table": of(found.table, lang="en", most=3),
    }
