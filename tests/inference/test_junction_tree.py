"""Trees of clusters, orders of one's own, and the most probable states beside the enumeration of the joint."""

from __future__ import annotations

import math

import numpy as np
import pytest
from random_networks import random_bayesian, random_markov

from gradus.errors import GradusError
from gradus.inference import (
    BayesianNetwork,
    CompiledNetwork,
    JunctionTree,
    MarkovNetwork,
    Network,
    elimination_order,
    junction_tree,
    max_marginals,
    most_probable,
)

NETWORKS = [("bayesian", s) for s in range(6)] + [("markov", s) for s in range(6)]
RING = MarkovNetwork(
    {v: ["0", "1"] for v in "abcd"},
    [((u, v), [[3.0, 1.0], [1.0, 2.0]]) for u, v in ("ab", "bc", "cd", "da")],
)


def made(kind: str, seed: int) -> tuple[Network, np.random.Generator]:
    rng = np.random.default_rng([seed, 7])
    n = int(rng.integers(2, 8))
    return (random_bayesian(rng, n) if kind == "bayesian" else random_markov(rng, n, 2 * n)), rng


def finding(network: Network, rng: np.random.Generator) -> dict[str, str]:
    v = str(rng.choice(network.variables))
    return {v: str(rng.choice(network.states[v]))}


def conditioned(network: Network, evidence: dict[str, str]) -> np.ndarray:
    joint = network.joint()
    for v, state in evidence.items():
        axis = network.variables.index(v)
        shape = [-1 if k == axis else 1 for k in range(joint.ndim)]
        joint = joint * (np.arange(network.size(v)) == network.states[v].index(state)).reshape(shape)
    return joint


def summed(network: Network, joint: np.ndarray, variables: tuple[str, ...]) -> np.ndarray:
    """The joint summed over all other variables, an axis a variable in the order given."""
    kept = [v for v in network.variables if v in variables]
    table = joint.sum(tuple(i for i, v in enumerate(network.variables) if v not in variables))
    return table.transpose([kept.index(v) for v in variables])


@pytest.mark.parametrize(("kind", "seed"), NETWORKS)
def test_beliefs_are_the_posteriors_of_the_clusters(kind: str, seed: int) -> None:
    network, rng = made(kind, seed)
    evidence = finding(network, rng)
    joint = conditioned(network, evidence)
    own = junction_tree(network, str(rng.choice(["min-fill", "min-weight", "band"])))
    own.check(network)
    shuffled = [int(k) for k in rng.permutation(len(own.clusters))]
    turned = JunctionTree(
        [own.clusters[k] for k in shuffled], [(shuffled.index(d), shuffled.index(c)) for c, d in own.edges]
    )
    order = [str(v) for v in rng.permutation(network.variables)]
    for compiled in (
        CompiledNetwork(network),
        CompiledNetwork(network, tree=own),
        CompiledNetwork(network, tree=turned),
        CompiledNetwork(network, order),
    ):
        found = compiled.beliefs(evidence)
        assert found.log_evidence == pytest.approx(math.log(joint.sum()), abs=1e-12)
        wide = {v for v in network.variables if network.size(v) > 1}
        assert [set(f.variables) for f in found.clusters] == [set(c) & wide for c in compiled.tree.clusters]
        for factor in (*found.clusters, *found.separators):
            want = summed(network, joint, factor.variables) / joint.sum()
            np.testing.assert_allclose(factor.table, want, atol=1e-13)
        for (c, d), separator in zip(compiled.tree.edges, found.separators, strict=True):
            assert set(separator.variables) == set(compiled.tree.clusters[c]) & set(compiled.tree.clusters[d])
        posterior = compiled.infer([evidence, {}])
        for v in network.variables:
            np.testing.assert_allclose(
                posterior[v][0], summed(network, joint, (v,)) / joint.sum(), atol=1e-13
            )


@pytest.mark.parametrize(("kind", "seed"), NETWORKS)
def test_max_marginals_are_those_of_the_joint(kind: str, seed: int) -> None:
    network, rng = made(kind, seed)
    evidence = finding(network, rng)
    some = [str(v) for v in rng.choice(network.variables, min(2, len(network.variables)), replace=False)]
    sets = [evidence, {}]
    for variables in (None, some):
        batch = max_marginals(network, sets, variables=variables)
        wanted = tuple(v for v in network.variables if variables is None or v in variables)
        for k, one in enumerate(sets):
            table = summed(network, conditioned(network, one), wanted)
            single = max_marginals(network, one, variables=variables)
            assert set(single) == set(wanted)
            for i, v in enumerate(wanted):
                with np.errstate(divide="ignore"):
                    want = np.log(table.max(tuple(j for j in range(len(wanted)) if j != i)))
                np.testing.assert_allclose(single[v], want, atol=1e-12)
                np.testing.assert_allclose(batch[v][k], want, atol=1e-12)
            assert most_probable(network, one, variables=variables).ties == ()


def test_ties_are_named_with_the_variables_in_which_they_differ() -> None:
    states = {"a": ["0", "1"], "b": ["0", "1"], "c": ["0", "1", "2"]}
    tables = {"a": [0.5, 0.5], "b": ("a", [[0.9, 0.1], [0.1, 0.9]]), "c": [0.3, 0.5, 0.2]}
    network = BayesianNetwork(states, tables)
    assert most_probable(network).ties == ("a", "b")
    assert most_probable(network, {"a": "0"}).ties == ()
    assert most_probable(network, variables=["b"]).ties == ("b",)
    assert most_probable(network, [{}, {"b": "1"}]).ties == [("a", "b"), ()]
    assert most_probable(network, soft={"a": [1.0, 1.0 + 1e-9]}).ties == ()


def test_ties_are_found_in_logarithms_too() -> None:
    n = 400
    tables = {
        f"x{i}": ([f"x{i - 1}"] if i else [], [[1e-3, 1 - 1e-3]] * 2 if i else [0.5, 0.5]) for i in range(n)
    }
    network = BayesianNetwork({v: ["0", "1"] for v in tables}, tables)
    found = most_probable(network, {f"x{i}": "0" for i in range(1, n)})
    assert found.ties == ("x0",)
    assert found.log_probability == pytest.approx(math.log(0.5) + (n - 1) * math.log(1e-3), rel=1e-12)


def test_an_order_of_ones_own_costs_what_it_costs() -> None:
    leaves = [f"x{i}" for i in range(9)]
    star = MarkovNetwork(
        {v: ["0", "1"] for v in ["hub", *leaves]}, [(("hub", v), [[1.0, 2.0], [2.0, 1.0]]) for v in leaves]
    )
    assert elimination_order(star, [*leaves, "hub"])[1:] == (1, 4 * 9 + 2)
    assert elimination_order(star, ("hub", *leaves))[1:] == (9, 2**10 + 2**10 - 2)
    assert elimination_order(star, ["hub", *leaves], last=leaves).width == 9
    late, early = (CompiledNetwork(star, [*leaves, "hub"]), CompiledNetwork(star, ["hub", *leaves]))
    assert (late.order.width, early.order.width) == (1, 9)
    assert late.log_evidence() == pytest.approx(early.log_evidence(), abs=1e-13)
    with pytest.raises(GradusError, match="rule: expected an order of all variables, got none of hub"):
        elimination_order(star, leaves)
    with pytest.raises(GradusError, match="rule: expected an order that ends with `last`"):
        CompiledNetwork(star, [*leaves, "hub"], last=["x0"])
    with pytest.raises(GradusError, match="rule: expected one of min-fill"):
        elimination_order(star, 3)  # type: ignore[arg-type]


def test_a_tree_that_is_none_is_refused_and_says_why() -> None:
    with pytest.raises(GradusError, match="got a in clusters 0 and 2, but not on the way between") as caught:
        JunctionTree([["a", "b"], ["b", "c"], ["c", "a"]], [(0, 1), (1, 2)])
    assert "不在两者之间的路上" in caught.value.text.zh
    with pytest.raises(GradusError, match="edges: expected a tree of clusters, got 0 – 1 – 2 – 0"):
        JunctionTree([["a"], ["a"], ["a"]], [(0, 1), (1, 2), (2, 0)])
    with pytest.raises(GradusError, match="again"):
        JunctionTree([["a"], ["a"]], [(0, 1), (1, 0)])
    with pytest.raises(
        GradusError, match=r"edges\[0\]: expected two different numbers from 0 to 1, got 0, 5"
    ):
        JunctionTree([["a"], ["a"]], [(0, 5)])
    tree = JunctionTree([["a", "b"], ["b", "c"], ["c", "d"]], [(0, 1), (1, 2)])
    with pytest.raises(GradusError, match="holds all variables of each factor, such as d, a, got none"):
        CompiledNetwork(RING, tree=tree)
    with pytest.raises(GradusError, match="rule: expected nothing beside a tree"):
        CompiledNetwork(RING, "min-fill", tree=junction_tree(RING))
    with pytest.raises(GradusError, match="tree: expected the name of a variable"):
        JunctionTree([["a", "e"]], []).check(RING)


def test_a_tree_may_have_clusters_that_lie_in_others_and_edges_with_nothing_between() -> None:
    network = MarkovNetwork(
        {v: ["0", "1", "2"] for v in "abc"} | {"one": ["only"]},
        [(("a", "b"), np.arange(1.0, 10).reshape(3, 3)), ("c", [1.0, 2.0, 3.0]), ("one", [2.0])],
    )
    tree = JunctionTree([["b"], ["one"], ["a", "b"], ["c"], ["c"]], [(0, 2), (2, 3), (3, 4)])
    assert (tree.width, tree.separators) == (1, (("b",), (), ("c",)))
    assert str(tree).splitlines()[-3:] == ["0 — 2  b", "2 — 3", "3 — 4  c"]
    compiled = CompiledNetwork(network, tree=tree)
    posterior = compiled.infer([{"a": "1"}, {}])
    joint = network.joint()[..., 0]
    np.testing.assert_allclose(posterior["b"][0], joint[1].sum(1) / joint[1].sum(), atol=1e-14)
    assert compiled.log_evidence() == pytest.approx(math.log(joint.sum()), abs=1e-13)
    assert compiled.maximize().assignment == {"a": "2", "b": "2", "c": "2", "one": "only"}
    found = compiled.beliefs()
    assert compiled.tree is tree
    assert [f.variables for f in found.clusters] == [("b",), (), ("b", "a"), ("c",), ("c",)]
    assert [f.variables for f in found.separators] == [("b",), (), ("c",)]
    np.testing.assert_allclose(found.clusters[2].table, joint.sum(2).T / joint.sum(), atol=1e-14)
    np.testing.assert_allclose(found.separators[0].table, joint.sum((0, 2)) / joint.sum(), atol=1e-14)


def test_a_tree_reads_well_and_equals_its_like() -> None:
    tree = junction_tree(RING)
    assert repr(tree) == "JunctionTree(2 clusters, 1 edges, width 2)"
    assert tree == JunctionTree(tree.clusters, tree.edges)
    assert len({tree, JunctionTree(tree.clusters, tree.edges)}) == 1
    assert tree.graph.edges[0, 1]["variables"] == ("d", "b")
    assert junction_tree(MarkovNetwork({"one": ["only"]}, [])).clusters == ()
