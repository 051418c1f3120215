"""Ancestral sampling, likelihood weighting and rejection: exact answers within standard errors, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from random_networks import random_bayesian

from gradus.errors import GradusError
from gradus.inference import (
    BayesianNetwork,
    MarkovNetwork,
    infer,
    likelihood_weighting,
    query,
    rejection_sampling,
)

TWO = ["0", "1"]


def agrees(found, exact, errors, floor: float) -> None:  # type: ignore[no-untyped-def]
    for v in exact:
        assert (np.abs(found[v] - exact[v]) <= 5 * errors[v] + floor).all(), v


def chain() -> BayesianNetwork:
    return BayesianNetwork(
        {"a": TWO, "b": TWO, "c": TWO},
        {"c": (["b"], [[0.9, 0.1], [0.3, 0.7]]), "b": (["a"], [[0.8, 0.2], [0.1, 0.9]]), "a": [0.25, 0.75]},
    )


def test_draws_are_of_the_joint_whatever_the_order_in_which_variables_are_declared() -> None:
    network = chain()
    backwards = BayesianNetwork(dict.fromkeys("cba", TWO), network.tables)
    n = 40_000
    for net in (network, backwards):
        draws = net.sample(n, seed=3)
        counts = np.zeros((2, 2, 2))
        np.add.at(counts, (draws["a"], draws["b"], draws["c"]), 1)
        p = network.joint()
        assert (np.abs(counts / n - p) <= 5 * np.sqrt(p * (1 - p) / n)).all()
        assert draws.effective_size == pytest.approx(n) and draws.acceptance == 1


def test_wide_rows_and_impossible_states() -> None:
    rng = np.random.default_rng(0)
    states = {"a": [str(i) for i in range(6)], "b": [str(i) for i in range(37)]}
    table = rng.dirichlet(np.ones(37), 6) * (rng.random((6, 37)) < 0.5)
    table[:, -1] = 0
    table /= table.sum(-1, keepdims=True)
    network = BayesianNetwork(states, {"a": [0.0, 0.3, 0.0, 0.2, 0.5, 0.0], "b": (["a"], table)})
    n = 60_000
    draws, p = network.sample(n, seed=1), network.joint()
    counts = np.zeros((6, 37))
    np.add.at(counts, (draws["a"], draws["b"]), 1)
    assert (counts[p == 0] == 0).all()
    assert (np.abs(counts / n - p) <= 5 * np.sqrt(p * (1 - p) / n) + 2 / n).all()


@pytest.mark.parametrize("how", [likelihood_weighting, rejection_sampling])
def test_posteriors_are_the_exact_ones(how) -> None:  # type: ignore[no-untyped-def]
    network = random_bayesian(np.random.default_rng(8), 9, zeros=0.15)
    wide = [v for v in network.variables if network.size(v) > 2 and network.parents(v)]
    hard = {wide[-1]: network.states[wide[-1]][0]}
    soft = {wide[0]: np.arange(1.0, network.size(wide[0]) + 1)}
    exact = infer(network, hard, soft=soft)
    found = how(network, hard, soft=soft, draws=40_000, seed=2)
    assert found.effective_size < 0.95 * 40_000
    agrees(found.posterior, exact, found.standard_errors, 2e-4)
    assert abs(found.log_evidence - exact.log_evidence) < 5 * found.log_evidence_error
    assert (found[wide[-1]] == 0).all()
    first, second = network.variables[1], network.variables[4]
    table = query(network, [first, second], hard, soft=soft).table
    event = {first: network.states[first][0], second: network.states[second][-1]}
    got = found.probability(event)
    assert abs(got.value - table[0, -1]) < 5 * got.standard_error + 2e-4
    share = found.estimate(lambda x: np.stack([x[first] == 0, x[second] * 2.0], 1))
    want = [table[0].sum(), (table.sum(0) * np.arange(table.shape[1])).sum() * 2]
    assert (np.abs(share.value - want) < 5 * share.standard_error + 2e-4).all()
    names = found.names(wide[-1])
    assert set(names.tolist()) == {hard[wide[-1]]}


def test_standard_errors_are_the_scatter_of_many_runs() -> None:
    network, evidence = chain(), {"c": "1"}
    runs = [likelihood_weighting(network, evidence, draws=400, seed=s) for s in range(150)]
    shares = np.array([r.posterior["a"][0] for r in runs])
    said = np.mean([r.standard_errors["a"][0] for r in runs])
    assert said == pytest.approx(shares.std(ddof=1), rel=5 / math.sqrt(2 * 150))
    means = np.exp([r.log_evidence for r in runs])
    exact = math.exp(infer(network, evidence).log_evidence)
    assert abs(means.mean() - exact) < 5 * means.std(ddof=1) / math.sqrt(150)


def test_uniform_numbers_of_ones_own() -> None:
    network = chain()
    grid = (np.arange(20) + 0.5) / 20
    u = np.stack(np.meshgrid(grid, grid, grid), -1).reshape(-1, 3)
    found, exact = likelihood_weighting(network, {"c": "1"}, uniforms=u), infer(network, {"c": "1"})
    for v in network.variables:  # of tables in twentieths, exactly
        np.testing.assert_allclose(found.posterior[v], exact[v], rtol=1e-12)
    for wrong, what in ((u[:, :2], "rows of 3 numbers"), (np.ones((4, 3)), "below 1")):
        with pytest.raises(GradusError, match=what):
            likelihood_weighting(network, uniforms=wrong)


def test_soft_evidence_that_is_certain_is_a_finding() -> None:
    network = chain()
    hard = likelihood_weighting(network, {"b": "1"}, draws=50, seed=4)
    soft = likelihood_weighting(network, soft={"b": [0.0, 1.0]}, draws=50, seed=4)
    for v in network.variables:
        assert (hard[v] == soft[v]).all()
    np.testing.assert_array_equal(hard.log_weights, soft.log_weights)


def test_impossible_evidence_is_named_and_the_improbable_told_from_it() -> None:
    copied = BayesianNetwork(
        {"a": TWO, "copy": TWO, "c": TWO}, {"a": [0.5, 0.5], "copy": (["a"], np.eye(2)), "c": [0.5, 0.5]}
    )
    for how in (likelihood_weighting, rejection_sampling):
        with pytest.raises(GradusError, match="a=0, copy=1 exclude one another"):
            how(copied, {"a": "0", "copy": "1", "c": "0"}, draws=100)
        with pytest.raises(GradusError, match="likelihoods of c leave no state"):
            how(copied, soft={"c": [0.0, 0.0]}, draws=100)
    rare = BayesianNetwork({"a": TWO, "b": TWO}, {"a": [1 - 1e-9, 1e-9], "b": (["a"], np.eye(2))})
    with pytest.raises(GradusError, match=r"of 100 draws none has any weight, ln P\(evidence\) is -20.72"):
        likelihood_weighting(rare, {"b": "1"}, draws=100)
    with pytest.raises(GradusError, match="of 100 draws none was kept"):
        rejection_sampling(rare, {"b": "1"}, draws=100)
    with pytest.raises(GradusError, match="Bayesian network"):
        likelihood_weighting(MarkovNetwork({"a": TWO}, [("a", [1.0, 2.0])]))  # type: ignore[arg-type]
    with pytest.raises(GradusError, match="one set"):
        likelihood_weighting(rare, [{"a": "0"}])  # type: ignore[arg-type]


def test_what_the_draws_are_worth_is_said() -> None:
    sharp = BayesianNetwork(
        {"a": TWO, "b": TWO}, {"a": [0.999, 0.001], "b": (["a"], [[1 - 1e-6, 1e-6], [0.1, 0.9]])}
    )
    found = likelihood_weighting(sharp, {"b": "1"}, draws=2000, seed=0)
    weights = np.exp(found.log_weights)
    assert found.effective_size == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert found.effective_size < 20
    assert "a single draw has" in found.account.en and "不可信" in found.account.zh
    kept = rejection_sampling(chain(), {"c": "1"}, draws=1000)
    assert "of 1000 accepted" in kept.account.en and kept.draws == len(kept["a"])
    assert kept.effective_size == pytest.approx(kept.draws)
    assert math.isnan(likelihood_weighting(sharp, draws=1).probability({"a": "0"}).standard_error)
    with pytest.raises(GradusError, match="rows, one a draw"):
        kept.estimate(lambda x: 1.0)
