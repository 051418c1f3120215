"""Exact inference beside the enumeration of the joint."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from random_networks import random_bayesian, random_markov

from gradus.errors import GradusError
from gradus.inference import BayesianNetwork, CompiledNetwork, MarkovNetwork, Network, cluster_tree, infer

DOC = Path(__file__).resolve().parent.parent.parent / "docs" / "inference.md"
NETWORKS = [("bayesian", s) for s in range(8)] + [("markov", s) for s in range(8)]


def made(kind: str, seed: int) -> tuple[Network, np.random.Generator]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    return (random_bayesian(rng, n) if kind == "bayesian" else random_markov(rng, n, 2 * n)), rng


def findings(network: Network, rng: np.random.Generator, most: int = 3) -> dict[str, str]:
    chosen = rng.choice(
        len(network.variables), min(int(rng.integers(most + 1)), len(network.variables)), replace=False
    )
    return {network.variables[i]: str(rng.choice(network.states[network.variables[i]])) for i in chosen}


def conditioned(
    network: Network, evidence: dict[str, str], soft: dict[str, np.ndarray] | None = None
) -> np.ndarray:
    """The joint with the evidence put in, by enumeration, not normalised."""
    joint = network.joint().copy()
    for i, v in enumerate(network.variables):
        shape = [-1 if j == i else 1 for j in range(joint.ndim)]
        if v in evidence:
            joint = joint * (np.arange(network.size(v)) == network.states[v].index(evidence[v])).reshape(
                shape
            )
        if soft and v in soft:
            joint = joint * soft[v].reshape(shape)
    return joint


def others(network: Network, *kept: str) -> tuple[int, ...]:
    return tuple(i for i, v in enumerate(network.variables) if v not in kept)


@pytest.mark.parametrize(("kind", "seed"), NETWORKS)
def test_marginals_and_evidence_are_those_of_the_joint(kind: str, seed: int) -> None:
    network, rng = made(kind, seed)
    compiled = CompiledNetwork(network)
    sets = [findings(network, rng) for _ in range(5)]
    soft = {network.variables[0]: rng.random(network.size(network.variables[0]))}
    batch = compiled.infer(sets, soft=soft)
    for k, evidence in enumerate(sets):
        joint = conditioned(network, evidence, soft)
        one = compiled.infer(evidence, soft=soft)
        assert one.log_evidence == pytest.approx(math.log(joint.sum()), abs=1e-12)
        assert batch.log_evidence[k] == pytest.approx(one.log_evidence, abs=1e-12)
        for v in network.variables:
            want = joint.sum(others(network, v)) / joint.sum()
            np.testing.assert_allclose(one[v], want, atol=1e-13)
            np.testing.assert_allclose(batch[v][k], want, atol=1e-13)


@pytest.mark.parametrize(("kind", "seed"), NETWORKS)
def test_the_most_probable_states_are_those_of_the_joint(kind: str, seed: int) -> None:
    network, rng = made(kind, seed)
    sets = [findings(network, rng) for _ in range(4)]
    some = [str(v) for v in rng.choice(network.variables, min(2, len(network.variables)), replace=False)]
    compiled, marginal = CompiledNetwork(network), CompiledNetwork(network, last=some)
    batch = compiled.maximize(sets)
    for k, evidence in enumerate(sets):
        joint = conditioned(network, evidence)
        one = compiled.maximize(evidence)
        place = np.unravel_index(joint.argmax(), joint.shape)
        assert one.assignment == {
            v: network.states[v][i] for v, i in zip(network.variables, place, strict=True)
        }
        assert one.log_probability == pytest.approx(math.log(joint.max()), abs=1e-12)
        assert batch.assignment[k] == one.assignment
        table = joint.sum(others(network, *some))
        found = marginal.maximize(evidence)
        wanted = [v for v in network.variables if v in some]
        place = np.unravel_index(table.argmax(), table.shape)
        assert found.assignment == {v: network.states[v][i] for v, i in zip(wanted, place, strict=True)}
        assert found.log_probability == pytest.approx(math.log(table.max()), abs=1e-12)
        np.testing.assert_allclose(marginal.joint(evidence), table / table.sum(), atol=1e-13)


@pytest.mark.parametrize("seed", range(4))
def test_the_derivative_of_the_evidence_is_the_expected_count(seed: int) -> None:
    network, rng = made("bayesian", seed + 2)
    compiled, sets = CompiledNetwork(network), [findings(network, rng) for _ in range(3)]
    tables = [torch.tensor(f.table, requires_grad=True) for f in network.factors]
    log = compiled.log_evidence(sets, tables=tables)
    np.testing.assert_allclose(log.detach(), compiled.log_evidence(sets), atol=1e-12)
    log.sum().backward()
    for (variables, table), t in zip(network.factors, tables, strict=True):
        counts = np.zeros(table.shape)
        for evidence in sets:
            joint = conditioned(network, evidence)
            order = sorted(variables, key=network.variables.index)
            part = joint.sum(others(network, *variables)) / joint.sum()
            counts += part.transpose([order.index(v) for v in variables])
        np.testing.assert_allclose(t.grad * t.detach(), counts, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_nodes_between_change_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    hubs = ["a", "b", "c", "d"]
    leaves = [f"x{i}" for i in range(8)]
    factors = [(tuple(hubs), rng.random((2, 2, 2, 2)))]
    factors += [((leaf, *rng.choice(hubs, 2, replace=False)), rng.random((2, 2, 2))) for leaf in leaves]
    network = MarkovNetwork({v: ["0", "1"] for v in (*hubs, *leaves)}, factors)
    some = ["a", "x1"]
    plain = [CompiledNetwork(network), CompiledNetwork(network, last=some)]
    monkeypatch.setattr(cluster_tree, "WORTH", 1)
    monkeypatch.setattr(cluster_tree, "SMALLER", 0)
    gathered = [CompiledNetwork(network), CompiledNetwork(network, last=some)]
    assert any(not c.residual for compiled in gathered for c in compiled.clusters)
    for one, other in zip(plain, gathered, strict=True):
        a, b = one.infer(), other.infer()
        assert a.log_evidence == pytest.approx(b.log_evidence, abs=1e-12)
        for v in network.variables:
            np.testing.assert_allclose(a[v], b[v], atol=1e-13)
        assert one.maximize().assignment == other.maximize().assignment
    np.testing.assert_allclose(plain[1].joint(), gathered[1].joint(), atol=1e-13)


def test_a_long_chain_neither_underflows_nor_stalls() -> None:
    n, flip = 1000, [[0.999, 0.001], [0.001, 0.999]]
    states = {f"x{i}": ["0", "1"] for i in range(n)}
    tables = {"x0": [0.5, 0.5], **{f"x{i}": ([f"x{i - 1}"], flip) for i in range(1, n)}}
    posterior = CompiledNetwork(BayesianNetwork(states, tables)).infer(
        {f"x{i}": str(i % 2) for i in range(n)}
    )
    assert posterior.log_evidence == pytest.approx(math.log(0.5) + (n - 1) * math.log(0.001), rel=1e-12)


def test_impossible_evidence_names_findings_that_exclude_one_another() -> None:
    states = {v: ["no", "yes"] for v in ("tub", "lung", "either", "smoke")}
    both = [[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]]
    network = BayesianNetwork(
        states,
        {
            "smoke": [0.5, 0.5],
            "tub": [0.9, 0.1],
            "lung": (["smoke"], [[0.9, 0.1], [0.8, 0.2]]),
            "either": (["tub", "lung"], both),
        },
    )
    compiled = CompiledNetwork(network)
    with pytest.raises(GradusError, match=r"evidence: lung=yes, either=no exclude one another") as caught:
        compiled.infer({"smoke": "yes", "lung": "yes", "either": "no"})
    assert "互相矛盾" in caught.value.text.zh
    with pytest.raises(GradusError, match=r"evidence: set 1: tub=yes, either=no exclude one another"):
        compiled.infer([{}, {"tub": "yes", "either": "no", "smoke": "no"}])
    with pytest.raises(GradusError, match="likelihoods of tub leave no state"):
        compiled.infer({"either": "no"}, soft={"tub": [0.0, 1.0]})
    with pytest.raises(GradusError, match="evidence: smoke=no has probability 0"):
        CompiledNetwork(network.do({"smoke": "yes"})).maximize({"smoke": "no"})
    with pytest.raises(GradusError, match="Z = 0"):
        CompiledNetwork(MarkovNetwork({"a": ["0", "1"]}, [("a", [0.0, 0.0])])).infer()


def test_findings_that_are_named_have_none_to_spare_though_fewer_may_do() -> None:
    def no(n: int) -> np.ndarray:
        table = np.ones([2] * n)
        table[(1,) * n] = 0
        return table

    names = "xyabc"
    network = MarkovNetwork({v: ["0", "1"] for v in names}, [(("x", "y"), no(2)), (("a", "b", "c"), no(3))])
    with pytest.raises(GradusError, match="evidence: a=1, b=1, c=1 exclude one another"):
        infer(network, dict.fromkeys(names, "1"))
    for rest in ("xab", "xbc", "yac"):
        assert infer(network, dict.fromkeys(rest, "1")).log_evidence > -math.inf


def test_what_does_not_fit_into_the_memory_is_said_before_anything_is_made() -> None:
    n = 12
    names = [[f"{i},{j}" for j in range(n)] for i in range(n)]
    pair = [[2.0, 1.0], [1.0, 2.0]]
    edges = [(names[i][j], names[i + 1][j]) for i in range(n - 1) for j in range(n)]
    edges += [(names[i][j], names[i][j + 1]) for i in range(n) for j in range(n - 1)]
    grid = MarkovNetwork({v: ["0", "1"] for row in names for v in row}, [(e, pair) for e in edges])
    with pytest.raises(GradusError, match=r"memory: exact inference needs .* of tables \(width 1\d\)"):
        CompiledNetwork(grid, memory=1e5)
    assert CompiledNetwork(grid).order.width == 12  # the treewidth


def test_d_separation_is_an_independence_of_the_joint_and_else_there_is_a_dependence() -> None:
    for seed in range(3):
        network = random_bayesian(np.random.default_rng(seed + 20), 5, most_parents=2)
        wide = [v for v in network.variables if network.size(v) > 1]
        joint = network.joint()
        for x, y in itertools.combinations(wide, 2):
            for given in ([], *[[z] for z in wide if z not in (x, y)]):
                table = joint.sum(others(network, x, y, *given), keepdims=True)
                both = [network.variables.index(v) for v in (x, y)]
                product = table.sum(both[0], keepdims=True) * table.sum(both[1], keepdims=True)
                independent = np.allclose(table * table.sum(tuple(both), keepdims=True), product, atol=1e-12)
                assert network.d_separated(x, y, given) == independent


def test_an_intervention_is_no_observation() -> None:
    states = {v: ["no", "yes"] for v in ("season", "sprinkler", "rain")}
    network = BayesianNetwork(
        states,
        {
            "season": [0.5, 0.5],
            "sprinkler": (["season"], [[0.8, 0.2], [0.1, 0.9]]),
            "rain": (["season"], [[0.3, 0.7], [0.9, 0.1]]),
        },
    )
    seen = CompiledNetwork(network).infer({"sprinkler": "yes"})["rain"]
    done = CompiledNetwork(network.do({"sprinkler": "yes"})).infer()["rain"]
    np.testing.assert_allclose(seen, [(0.2 * 0.3 + 0.9 * 0.9) / 1.1, (0.2 * 0.7 + 0.9 * 0.1) / 1.1])
    np.testing.assert_allclose(done, [0.6, 0.4])


def test_the_examples_of_the_note_run(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in re.findall(
        r"^```python\n(.*?)^```", DOC.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        exec(block, names)
        printed = capsys.readouterr().out
        for expected in re.findall(r"# → (.*)", block):
            assert expected in printed, printed
