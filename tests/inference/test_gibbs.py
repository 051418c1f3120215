"""Gibbs sampling of networks: the exact posterior, stationarity without a draw, and where it stalls."""

from __future__ import annotations

import numpy as np
import pytest
from random_networks import random_bayesian

from gradus.errors import GradusError
from gradus.inference import BayesianNetwork, MarkovNetwork, gibbs, gibbs_matrix, infer

TWO = ["0", "1"]


@pytest.mark.parametrize("scan", ["systematic", "random"])
def test_posteriors_are_the_exact_ones(scan: str) -> None:
    network = random_bayesian(np.random.default_rng(3), 7)
    first = network.variables[0]
    evidence = {first: network.states[first][0]}
    draws = gibbs(network, evidence, draws=20, warmup=15, chains=600, scan=scan, seed=2)  # type: ignore[arg-type]
    exact, found = infer(network, evidence), draws.posterior
    for v in network.variables:
        error = 5 * np.sqrt(0.25 * 2 / 12000)  # two draws for an independent one, generously
        np.testing.assert_allclose(found[v], exact[v], atol=error)
    assert (draws[first] == 0).all() and draws.log_density.shape == (600, 20)


@pytest.mark.parametrize("scan", ["systematic", "random"])
def test_the_posterior_is_stationary_exactly(scan: str) -> None:
    network = random_bayesian(np.random.default_rng(5), 5)
    last = network.variables[-1]
    evidence = {last: network.states[last][-1]}
    joint = network.given(evidence).joint().ravel()
    matrix = gibbs_matrix(network, evidence, scan=scan)  # type: ignore[arg-type]
    np.testing.assert_allclose(joint @ matrix, joint, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-12)


def test_draws_move_as_the_matrix_says() -> None:
    network = MarkovNetwork(
        {"a": TWO, "b": ["x", "y", "z"]}, [(("a", "b"), [[1.0, 2.0, 0.5], [3.0, 0.2, 1.0]])]
    )
    draws = gibbs(network, draws=400, warmup=0, chains=50, seed=1)
    place = 3 * draws["a"] + draws["b"]
    counts = np.zeros((6, 6))
    np.add.at(counts, (place[:, :-1].ravel(), place[:, 1:].ravel()), 1)
    matrix = gibbs_matrix(network)
    deviation = np.sqrt(matrix * (1 - matrix) / counts.sum(1, keepdims=True))
    assert (np.abs(counts / counts.sum(1, keepdims=True) - matrix) <= 5 * deviation + 1e-12).all()


def test_deterministic_tables_stall_and_it_is_said() -> None:
    states = {"a": TWO, "copy": TWO, "c": TWO}
    copied = BayesianNetwork(states, {"a": [0.5, 0.5], "copy": (["a"], np.eye(2)), "c": [0.3, 0.7]})
    draws = gibbs(copied, draws=100, warmup=0, chains=4)
    assert draws.diagnosis.verdicts["a"].en.startswith("did not move")
    assert "did not move" not in draws.diagnosis.verdicts["c"].en
    rare = BayesianNetwork({"a": TWO, "b": TWO}, {"a": [1 - 1e-9, 1e-9], "b": (["a"], np.eye(2))})
    assert (gibbs(rare, {"b": "1"}, draws=5, chains=3)["a"] == 1).all()  # begun at the most probable state
    with pytest.raises(GradusError):
        gibbs(BayesianNetwork({"a": TWO, "b": TWO}, {"a": [1, 0], "b": (["a"], np.eye(2))}), {"b": "1"})


def test_what_is_no_network_is_refused() -> None:
    network = MarkovNetwork({f"v{i}": TWO for i in range(13)}, [])
    with pytest.raises(GradusError, match="4096 joint states"):
        gibbs_matrix(network)
    with pytest.raises(GradusError, match="did you mean 'v12'"):
        gibbs(network, {"v_12": "0"})
    with pytest.raises(GradusError, match="network"):
        gibbs({"a": 1})  # type: ignore[arg-type]
    with pytest.raises(GradusError, match="scan"):
        gibbs(network, scan="both")  # type: ignore[arg-type]
    assert gibbs(network, dict.fromkeys(network.variables, "1"), draws=2, chains=2)["v3"].tolist() == [
        [1, 1],
        [1, 1],
    ]
