"""Parameters of networks from cases: counts, priors, EM beside a literal one, and what is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from random_networks import random_bayesian

from gradus.errors import GradusError
from gradus.inference import (
    BayesianNetwork,
    DirectedAcyclicGraph,
    fit_parameters,
    infer,
    likelihood_weighting,
    read_network,
)

TWO = ["0", "1"]
ALARM = Path(__file__).parents[3] / "shared/data/bnlearn_bif/alarm.bif.gz"


def holes(network: BayesianNetwork, cases: int, share: float, seed: int) -> dict[str, list[str | None]]:
    drawn, rng = network.sample(cases, seed=seed), np.random.default_rng(seed)
    return {v: [None if rng.random() < share else str(s) for s in drawn.names(v)] for v in drawn}


def literal_step(network: BayesianNetwork, cases: dict[str, list[str | None]], alpha: float):  # type: ignore[no-untyped-def]
    """One step of EM by the joint distribution, and the logarithm of the likelihood before it."""
    joint, names = network.joint(), list(network.variables)
    total, log = np.zeros_like(joint), 0.0
    for row in zip(*(cases[v] for v in names), strict=True):
        place = tuple(
            slice(None) if s is None else network.states[v].index(s) for v, s in zip(names, row, strict=True)
        )
        inside = np.zeros_like(joint)
        inside[place] = joint[place]
        log += np.log(inside.sum())
        total += inside / inside.sum()
    tables = {}
    for v, table in network.tables.items():
        axes = [names.index(u) for u in (*table.parents, v)]
        count = total.sum(tuple(a for a in range(len(names)) if a not in axes))
        count = count.transpose(np.argsort(np.argsort(axes))) + alpha
        rest = count.sum(-1, keepdims=True)
        tables[v] = np.where(rest > 0, count / np.where(rest > 0, rest, 1), 1 / count.shape[-1])
    return tables, log


def test_without_gaps_the_tables_are_shares() -> None:
    network = random_bayesian(np.random.default_rng(1), 6)
    draws = network.sample(500, seed=2)
    fit = fit_parameters(network, draws)
    for v, table in fit.network.tables.items():
        family = [draws[u] for u in (*table.parents, v)]
        counts = np.zeros(table.probabilities.shape)
        np.add.at(counts, tuple(family), 1)
        np.testing.assert_array_equal(fit.counts[v], counts)
        rows = counts.sum(-1, keepdims=True)
        np.testing.assert_allclose(table.probabilities * rows, counts, atol=1e-12)
    assert fit.settled and len(fit.history) == 1 and fit.history[0] == fit.log_likelihood
    logs = [infer(fit.network, {v: draws.names(v)[i] for v in draws}).log_evidence for i in range(0, 500, 25)]
    assert np.isfinite(logs).all()
    bdeu = fit_parameters(network, draws, equivalent_size=10.0)
    v = network.variables[-1]
    want = fit.counts[v] + 10 / fit.counts[v].size
    np.testing.assert_allclose(
        bdeu.network.tables[v].probabilities, want / want.sum(-1, keepdims=True), rtol=1e-12
    )


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_each_step_is_the_literal_one(alpha: float) -> None:
    network = random_bayesian(np.random.default_rng(4), 5)
    cases = holes(network, 60, 0.3, 5)
    start = fit_parameters(network, holes(network, 40, 0.0, 6), pseudo_counts=1).network
    tables, log = literal_step(start, cases, alpha)
    once = fit_parameters(network, cases, start=start, steps=1, pseudo_counts=alpha, tolerance=0)
    for v, table in tables.items():
        np.testing.assert_allclose(once.network.tables[v].probabilities, table, rtol=1e-10)
    prior = alpha * sum(np.log(t.probabilities).sum() for t in start.tables.values())
    assert once.history[0] == pytest.approx(log + prior, rel=1e-12)
    assert once.log_likelihood == pytest.approx(literal_step(once.network, cases, alpha)[1], rel=1e-12)
    far = fit_parameters(network, cases, start=start, pseudo_counts=alpha)
    assert far.settled and (np.diff(far.history) > -1e-9).all() and far.history[-1] > once.history[-1]
    again, _ = literal_step(far.network, cases, alpha)
    for v, table in again.items():
        np.testing.assert_allclose(far.network.tables[v].probabilities, table, atol=2e-3)


def test_a_hidden_variable_and_certain_tables() -> None:
    states = {"class": TWO, "a": TWO, "b": TWO, "c": TWO}
    tables = {"class": [0.4, 0.6], "a": (["class"], [[0.9, 0.1], [0.2, 0.8]]), "b": (["class"], [[0.8, 0.2], [0.1, 0.9]]), "c": (["class"], [[0.95, 0.05], [0.3, 0.7]])}  # fmt: skip
    true = BayesianNetwork(states, tables)
    draws = true.sample(4000, seed=1)
    data = {v: draws.names(v) for v in "abc"}
    fit = fit_parameters(
        {"a": ["class"], "b": ["class"], "c": ["class"], "class": []}, data, states={"class": TWO}, seed=3
    )
    p = fit.network.tables["class"].probabilities
    assert min(abs(p[0] - 0.4), abs(p[1] - 0.4)) < 0.06
    copied = BayesianNetwork({"a": TWO, "copy": TWO}, {"a": [0.5, 0.5], "copy": (["a"], np.eye(2))})
    found = fit_parameters(copied, {"a": ["0", None, "1", "1"], "copy": ["0", "1", None, "1"]})
    np.testing.assert_allclose(found.network.tables["copy"].probabilities, np.eye(2), atol=1e-6)
    with pytest.raises(GradusError, match="probability 0 for a=0, copy=1"):
        fit_parameters(copied, {"a": ["0", None], "copy": ["1", "1"]}, start=copied)
    with pytest.raises(GradusError, match="probability 0 for a=0, copy=1"):
        fit_parameters(copied, {"a": ["0"], "copy": ["1"]}, start=copied)


def test_forms_of_data_are_one() -> None:
    records = [{"a": 1, "b": "x"}, {"a": 0, "b": "y"}, {"a": 1}, {"a": 1, "b": "?"}]
    columns = {"a": np.array([1, 0, 1, 1]), "b": ["x", "y", float("nan"), None]}
    first = fit_parameters({"a": [], "b": "a"}, records, missing="?")
    second = fit_parameters(DirectedAcyclicGraph({"a": [], "b": ["a"]}), columns)
    for v in "ab":
        np.testing.assert_allclose(
            first.network.tables[v].probabilities, second.network.tables[v].probabilities
        )
        assert first.network.states[v] == second.network.states[v] == (("0", "1") if v == "a" else ("x", "y"))
    frame = pytest.importorskip("pandas").DataFrame(columns)
    np.testing.assert_allclose(
        fit_parameters({"a": [], "b": "a"}, frame).network.tables["b"].probabilities,
        first.network.tables["b"].probabilities,
    )


def test_rows_without_a_case_are_said() -> None:
    data = {"a": ["0", "0"], "b": ["1", "0"]}
    network = BayesianNetwork({"a": TWO, "b": TWO}, {"a": [0.5, 0.5], "b": (["a"], [[0.5, 0.5]] * 2)})
    fit = fit_parameters(network, data)
    assert "none for b given a=1" in fit.network.notes[-1].en
    assert fit.network.tables["b"].probabilities[1].tolist() == [0.5, 0.5]
    assert not fit_parameters(network, data, pseudo_counts=1).network.notes
    with pytest.raises(GradusError, match="none for b given a=1; give pseudo_counts=1"):
        fit_parameters(network, data, unseen="refuse")


def test_what_does_not_go_together_is_refused() -> None:
    graph = {"a": [], "b": ["a"]}
    good = {"a": ["0", "1"], "b": ["0", "1"]}
    states = {"a": TWO, "b": TWO}
    for data, more, message in (
        ({"a": ["0"], "b": ["0", "1"]}, {}, "columns of one length"),
        ({"a": ["0", "2"], "b": ["0", "1"]}, {"states": states}, r"data\['a'\]\[1\]"),
        ({**good, "bb": ["0", "1"]}, {}, "did you mean 'b'"),
        ({"a": ["0", "1"]}, {}, "states= for a variable without a column"),
        ({"a": ["0", "1"], "b": [None, None]}, {}, "none of b"),
        (good, {"pseudo_counts": 1.0, "equivalent_size": 2.0}, "not both"),
        (good, {"start": BayesianNetwork(states, {"a": [0.5, 0.5], "b": [0.5, 0.5]})}, "states and parents"),
        (7, {}, "columns by name"),
    ):
        with pytest.raises(GradusError, match=message):
            fit_parameters(graph, data, **more)


@pytest.mark.slow
@pytest.mark.skipif(not ALARM.exists(), reason="bnlearn's networks are not there")
def test_alarm_is_recovered_at_the_rate_of_the_root() -> None:
    network = read_network(ALARM)
    sizes, errors = (1000, 4000, 16_000, 64_000), []
    for n in sizes:
        fit = fit_parameters(network, network.sample(n, seed=n), pseudo_counts=0.5)
        square = 0.0
        for v, table in network.tables.items():
            rows = infer(network).marginals[v] if not table.parents else None
            weight = 1.0 if rows is not None else fit.counts[v].sum(-1, keepdims=True) / n
            square += float((weight * (fit.network.tables[v].probabilities - table.probabilities) ** 2).sum())
        errors.append(np.sqrt(square))
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert abs(slope + 0.5) < 0.05
    cases = holes(network, 1000, 0.1, 3)
    fit = fit_parameters(network, cases, pseudo_counts=0.5)
    assert fit.settled and (np.diff(fit.history) > -1e-6).all()


def test_draws_with_weights_are_no_cases() -> None:
    network = BayesianNetwork({"a": TWO, "b": TWO}, {"a": [0.5, 0.5], "b": (["a"], [[0.9, 0.1], [0.3, 0.7]])})
    with pytest.raises(GradusError, match="equal weight"):
        fit_parameters(network, likelihood_weighting(network, {"b": "1"}, draws=20))
    assert list(itertools.islice(fit_parameters(network, network.sample(9)).counts, 2)) == ["a", "b"]
