"""Belief propagation beside exact inference: equal on trees, and honest elsewhere."""

from __future__ import annotations

import copy
import itertools
import math

import numpy as np
import pytest
from random_networks import random_bayesian, random_markov

from gradus.errors import GradusError
from gradus.inference import (
    BayesianNetwork,
    CompiledNetwork,
    MarkovNetwork,
    belief_propagation,
    infer,
    most_probable,
)

TWO = ["0", "1"]
BOTH = pytest.mark.parametrize("schedule", ["sequential", "flooding"])


def random_tree(rng: np.random.Generator, n: int, zeros: float = 0.2) -> MarkovNetwork:
    """Tables over two to four variables that hang together without a cycle, some entries 0, and tables of one variable."""
    sizes = [int(k) for k in rng.choice([1, 2, 3, 4], n)]
    factors = [((f"v{i}",), rng.gamma(1.0, size=sizes[i])) for i in range(0, n, 2)]
    joined = 1
    while joined < n:
        fresh = list(range(joined, min(n, joined + int(rng.integers(1, 4)))))
        scope = [int(i) for i in rng.permutation([int(rng.integers(joined)), *fresh])]
        table = rng.gamma(1.0, size=[sizes[i] for i in scope])
        table[rng.random(table.shape) < zeros] = 0.0
        table[(0,) * len(scope)] = 1.0
        factors.append((tuple(f"v{i}" for i in scope), table))
        joined += len(fresh)
    states = {f"v{i}": [str(s) for s in range(size)] for i, size in enumerate(sizes)}
    return MarkovNetwork(states, [*factors, ((), 2.5)])


def grid(
    n: int, coupling: float, field: float, rng: np.random.Generator, mixed: bool = True
) -> MarkovNetwork:
    """Spins on a square, fields and couplings uniform up to the given sizes, or all couplings equal."""
    factors = []
    for i, j in itertools.product(range(n), repeat=2):
        h = rng.uniform(-field, field)
        factors.append((f"{i},{j}", np.exp([h, -h])))
        for a, b in ((i + 1, j), (i, j + 1)):
            if a < n and b < n:
                J = rng.uniform(-coupling, coupling) if mixed else coupling
                factors.append(((f"{i},{j}", f"{a},{b}"), np.exp([[J, -J], [-J, J]])))
    return MarkovNetwork({f"{i},{j}": TWO for i, j in itertools.product(range(n), repeat=2)}, factors)


def errors(found: object, exact: object) -> np.ndarray:
    return np.array([np.abs(found[v] - exact[v]).max() for v in exact])


@BOTH
@pytest.mark.parametrize("seed", range(3))
def test_on_trees_it_is_exact(seed: int, schedule: str) -> None:
    rng = np.random.default_rng(seed)
    network = random_tree(rng, 9)
    v = network.variables
    evidence = {v[3]: most_probable(network).assignment[v[3]]}
    for given, soft in (({}, None), (evidence, {v[5]: rng.random(network.size(v[5]))})):
        exact, found = (
            infer(network, given, soft=soft),
            belief_propagation(network, given, soft=soft, schedule=schedule),
        )
        assert found.exact
        assert found.log_evidence == pytest.approx(exact.log_evidence, abs=1e-12)
        assert errors(found, exact).max() < 1e-13
        for place, factor in enumerate(network.factors):
            joint = CompiledNetwork(network, last=factor.variables).joint(given, soft=soft)
            order = sorted(factor.variables, key=v.index)
            want = joint.transpose([order.index(u) for u in factor.variables])
            np.testing.assert_allclose(found.factor(place).table, want, atol=1e-13)
        best, own = (
            most_probable(network, given, soft=soft),
            belief_propagation(network, given, soft=soft, schedule=schedule, mode="max"),
        )
        assert own.log_probability == pytest.approx(best.log_probability, abs=1e-12)
        assert own.log_evidence == pytest.approx(best.log_probability, abs=1e-12)
        assert own.assignment == best.assignment


def test_ties_are_broken_together() -> None:
    same = [[1.0, 0.0], [0.0, 1.0]]
    chain = MarkovNetwork(
        dict.fromkeys("abcd", TWO), [(("a", "b"), same), (("c", "b"), same), (("c", "d"), same)]
    )
    found = belief_propagation(chain, mode="max")
    assert len(set(found.assignment.values())) == 1
    assert found.log_probability == 0.0


def test_ties_on_both_sides_of_what_is_known_are_broken_together() -> None:
    """The tie between x and y is not to be decided twice from k, which is known: x and y must differ."""
    any_pair, differ = [[1.0, 1.0], [1.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]
    ring = MarkovNetwork(
        dict.fromkeys("kxy", TWO), [(("k", "x"), any_pair), (("k", "y"), any_pair), (("x", "y"), differ)]
    )
    for known in ({"k": TWO[0]}, {"k": TWO[1]}):
        found = belief_propagation(ring, known, mode="max")
        assert found.exact
        assert found.assignment["k"] == known["k"]
        assert found.assignment["x"] != found.assignment["y"]
        assert found.log_probability == found.log_evidence == 0.0


@pytest.mark.parametrize("seed", range(8))
def test_with_cycles_beliefs_are_consistent_and_zeros_stay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_bayesian(rng, 9, zeros=0.4) if seed % 2 else random_markov(rng, 8, 14)
    found, exact = belief_propagation(network, damping=0.2), infer(network)
    assert found.converged
    for place, factor in enumerate(network.factors):
        table = found.factor(place).table
        for axis, v in enumerate(factor.variables):
            away = tuple(k for k in range(table.ndim) if k != axis)
            np.testing.assert_allclose(table.sum(away), found[v], atol=1e-8)
    for v in network.variables:
        assert not exact[v][found[v] == 0].any()  # what messages exclude is excluded
        assert found[v].sum() == pytest.approx(1)


@BOTH
@pytest.mark.parametrize("seed", range(3))
def test_bethes_energy_is_that_of_the_beliefs(seed: int, schedule: str) -> None:
    rng = np.random.default_rng(seed)
    network = grid(4, 1.0, 0.5, rng)
    found = belief_propagation(network, tolerance=1e-12, schedule=schedule)
    energy, degree = 0.0, dict.fromkeys(network.variables, 0)
    for place, (scope, table) in enumerate(network.factors):
        b = found.factor(place).table
        energy += (b * np.log(b / table)).sum()
        for v in scope:
            degree[v] += 1
    for v, d in degree.items():
        energy += (1 - d) * (found[v] * np.log(found[v])).sum()
    assert found.log_evidence == pytest.approx(-energy, abs=1e-10)


def test_a_table_within_another_is_multiplied_into_it() -> None:
    rng = np.random.default_rng(0)
    parts = [("ab", 2), ("ba", 2), ("abc", 3), ("ca", 2), ("c", 1)]
    network = MarkovNetwork(
        dict.fromkeys("abc", TWO), [(tuple(scope), rng.random((2,) * n)) for scope, n in parts]
    )
    found, exact = belief_propagation(network), infer(network)
    assert found.exact
    assert errors(found, exact).max() < 1e-14
    both = CompiledNetwork(network, last=["a", "b"]).joint()
    np.testing.assert_allclose(found.factor(1).table, both.T, atol=1e-14)


def test_what_is_known_cuts_cycles() -> None:
    network = grid(3, 2.0, 0.5, np.random.default_rng(1))
    known = {"0,1": "0", "1,0": "1", "1,2": "0", "2,1": "1"}
    found, exact = belief_propagation(network, known), infer(network, known)
    assert found.exact
    assert not belief_propagation(network, {"0,0": "0"}, damping=0.5).exact
    assert errors(found, exact).max() < 1e-14


def test_nothing_underflows() -> None:
    rows = np.array([[0.999, 0.001], [0.001, 0.999]])
    n = 1000
    tables = {"c": [0.5, 0.5]} | {f"x{i}": (["c"], rows) for i in range(n)}
    network = BayesianNetwork(dict.fromkeys(tables, TWO), tables)
    found = belief_propagation(network, {f"x{i}": str(int(i % 2 or i == 0)) for i in range(n)})
    assert found["c"] == pytest.approx([1e-6 / (0.999**2 + 1e-6), 0.999**2 / (0.999**2 + 1e-6)], rel=1e-8)
    for scale in (1e-200, 1e200):
        three = MarkovNetwork(
            dict.fromkeys("ab", TWO),
            [("a", [scale, 2 * scale])] * 2 + [(("a", "b"), np.full((2, 2), scale))] * 2,
        )
        found = belief_propagation(three)
        assert found["a"] == pytest.approx([0.2, 0.8])
        assert found.log_evidence == pytest.approx(4 * math.log(scale) + math.log(10))


def frustrated() -> MarkovNetwork:
    """Four spins, all of which would differ from each other."""
    unlike = np.exp([[-1.0, 1.0], [1.0, -1.0]])
    pairs = [((a, b), unlike) for a, b in itertools.combinations("abcd", 2)]
    return MarkovNetwork(dict.fromkeys("abcd", TWO), [*((v, np.exp([0.2, -0.2])) for v in "abcd"), *pairs])


def test_messages_that_oscillate_are_reported_and_damping_cures_them() -> None:
    network = frustrated()
    with pytest.warns(
        RuntimeWarning, match="has not converged: after 100 iterations messages still change by"
    ):
        found = belief_propagation(network, schedule="flooding", iterations=100)
    assert not found.converged
    assert not found.exact
    assert found.change > 0.1
    assert "未收敛" in found.account.zh
    assert "not converged" in repr(found)
    with pytest.warns(RuntimeWarning, match="not converged"):
        heavy = belief_propagation(network, schedule="flooding", damping=0.999, iterations=5)
    assert heavy.change > 0.01  # before damping: a heavily damped step is short without having arrived
    for how in ({"schedule": "flooding", "damping": 0.5}, {"schedule": "sequential"}):
        settled = belief_propagation(network, **how)
        assert settled.converged
        assert settled["a"] == pytest.approx(settled["d"], abs=1e-8)


def test_impossible_evidence_is_refused() -> None:
    chain = {f"x{i}": ([f"x{i - 1}"], np.eye(2)) for i in range(1, 6)}
    network = BayesianNetwork({f"x{i}": TWO for i in range(6)}, {"x0": [0.5, 0.5], **chain})
    with pytest.raises(
        GradusError, match=r"evidence: no state of \w+ is left: these findings have probability 0"
    ):
        belief_propagation(network, {"x0": "0", "x5": "1"})
    with pytest.raises(GradusError, match="network: expected factors whose product is not 0 everywhere"):
        belief_propagation(MarkovNetwork({"a": TWO}, [("a", [0.0, 1.0]), ("a", [1.0, 0.0])]))
    with pytest.raises(GradusError, match="evidence: expected one set of findings"):
        belief_propagation(network, [{}, {}])


@pytest.mark.parametrize(
    ("n", "coupling", "mixed"),
    [(4, 0.25, False)]
    + [
        pytest.param(7, coupling, mixed, marks=pytest.mark.slow)
        for coupling, mixed in ((0.25, True), (0.5, True), (1.0, True), (0.25, False), (0.5, False))
    ],
)
def test_clamping_estimates_the_error(n: int, coupling: float, mixed: bool) -> None:
    network = grid(n, coupling, 0.3, np.random.default_rng(2), mixed)
    found, exact = belief_propagation(network, damping=0.2), infer(network)
    estimate = found.clamping_error(n * n // 2)
    assert estimate.converged
    assert len(estimate.distances) == n * n // 2
    truth = errors(found, exact).mean()
    assert truth / 4 < np.mean(list(estimate.distances.values())) < truth * 1.5
    better = np.mean([np.abs(p - exact[v]).max() for v, p in estimate.marginals.items()])
    assert better < 0.75 * truth


def test_clamping_finds_nothing_on_trees_and_refuses_maxima() -> None:
    tree = random_tree(np.random.default_rng(0), 9)
    assert belief_propagation(tree).clamping_error(9).largest < 1e-12
    with pytest.raises(GradusError, match="mode: expected the beliefs of sums"):
        belief_propagation(tree, mode="max").clamping_error()


def test_exact_inference_that_does_not_fit_offers_it() -> None:
    network = grid(7, 1.0, 0.5, np.random.default_rng(0))
    with pytest.raises(
        GradusError,
        match=r"loopy belief propagation.*gradus\.inference\.belief_propagation\(network, evidence\)",
    ):
        infer(network, memory=1e3)
    kept = copy.deepcopy(network)
    belief_propagation(network, damping=0.2)
    assert "_factor_graph" in vars(network)
    assert "_factor_graph" not in vars(copy.copy(network))
    assert all(np.array_equal(a.table, b.table) for a, b in zip(network.factors, kept.factors, strict=True))


def test_networks_without_anything_to_send() -> None:
    assert belief_propagation(MarkovNetwork({}, [((), 3.0)])).log_evidence == pytest.approx(math.log(3))
    alone = belief_propagation(MarkovNetwork({"a": ["x"], "b": TWO}, []), {"b": "1"})
    assert (alone["a"].tolist(), alone["b"].tolist()) == ([1.0], [0.0, 1.0])
    assert alone.exact
    assert belief_propagation(MarkovNetwork({"b": TWO}, []), mode="max").assignment == {"b": "0"}
