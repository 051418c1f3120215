"""Questions to the graph alone: relatives, separations with their reasons, and all that a small graph implies."""

from __future__ import annotations

import itertools
from typing import Any

import networkx as nx
import numpy as np
import pytest
from random_networks import random_bayesian

from gradus.errors import GradusError
from gradus.inference import BayesianNetwork, DirectedAcyclicGraph, Independence

ASIA = {
    "asia": [], "smoke": [], "tub": ["asia"], "lung": ["smoke"], "bronc": ["smoke"], "either": ["tub", "lung"],
    "xray": ["either"], "dysp": ["bronc", "either"],
}  # fmt: skip


def random_graph(rng: np.random.Generator, n: int, density: float) -> DirectedAcyclicGraph:
    order = rng.permutation(n)
    parents: dict[str, list[str]] = {f"v{i}": [] for i in range(n)}
    for i, j in itertools.combinations(order, 2):
        if rng.random() < density:
            parents[f"v{j}"].append(f"v{i}")
    return DirectedAcyclicGraph(parents)


def active(graph: nx.DiGraph, trail: tuple[str, ...], given: set[str]) -> bool:
    """By the letter of the definition, along one trail."""
    if len(set(trail)) < len(trail) or not all(
        graph.has_edge(a, b) or graph.has_edge(b, a) for a, b in itertools.pairwise(trail)
    ):
        return False
    for a, b, c in zip(trail, trail[1:], trail[2:], strict=False):
        if graph.has_edge(a, b) and graph.has_edge(c, b):
            if not given & {b, *nx.descendants(graph, b)}:
                return False
        elif b in given:
            return False
    return True


def test_relatives_of_the_chest_clinic() -> None:
    dag = DirectedAcyclicGraph(ASIA)
    assert dag.parents("dysp") == ("bronc", "either")
    assert dag.children("smoke") == ("lung", "bronc")
    assert dag.ancestors(["xray", "either"]) == ("asia", "smoke", "tub", "lung")
    assert dag.descendants("tub") == ("either", "xray", "dysp")
    assert dag.markov_blanket("either") == ("tub", "lung", "bronc", "xray", "dysp")
    assert dag.markov_blanket("lung") == ("smoke", "tub", "either")
    assert dag.topological_order == ("asia", "smoke", "tub", "lung", "bronc", "either", "xray", "dysp")
    assert sorted(set(dag.moral_graph.edges) - set(dag.graph.to_undirected().edges)) == [
        ("bronc", "either"),
        ("tub", "lung"),
    ]


def test_separations_equal_networkx_and_each_comes_with_a_reason_that_is_true() -> None:
    rng = np.random.default_rng(0)
    trails = separated = 0
    for _ in range(120):
        n = int(rng.integers(4, 10))
        dag = random_graph(rng, n, rng.uniform(0.15, 0.6))
        names = [str(v) for v in rng.permutation(list(dag.graph))]
        i, j = rng.integers(1, 3, 2)
        x, y, z = (
            set(names[:i]),
            set(names[i : i + j]),
            set(names[i + j : i + j + int(rng.integers(0, n - i - j + 1))]),
        )
        want = nx.is_d_separator(dag.graph, x, y, z)
        assert dag.d_separated(sorted(x), sorted(y), given=sorted(z)) == want
        found = dag.separation(x, y, given=z)
        assert bool(found) == want
        met = set(dag.d_connected(x, given=z))
        assert met == {v for v in set(names) - x - z if not nx.is_d_separator(dag.graph, x, {v}, z)}
        if want:
            separated += 1
            assert found.trail == ()
            for trail, at in found.blocked:
                assert not active(dag.graph, trail, z)
                a, b, c = trail[trail.index(at) - 1 : trail.index(at) + 2]
                assert b == at
                collides = dag.graph.has_edge(a, b) and dag.graph.has_edge(c, b)
                assert (not z & {b, *dag.descendants(b)}) if collides else b in z
        else:
            trails += 1
            assert active(dag.graph, found.trail, z)
            assert found.trail[0] in x
            assert found.trail[-1] in y
            assert set(found.opened.values()) <= z
            assert all(by in {v, *dag.descendants(v)} for v, by in found.opened.items())
    assert min(trails, separated) > 20


def test_the_trail_shown_is_a_shortest_active_one() -> None:
    rng = np.random.default_rng(1)
    longer = 0
    for _ in range(60):
        dag = random_graph(rng, 6, 0.5)
        names = [str(v) for v in rng.permutation(list(dag.graph))]
        z = set(names[2 : 2 + int(rng.integers(3))])
        found = dag.separation(names[0], names[1], given=z)
        paths = nx.all_simple_paths(dag.graph.to_undirected(), names[0], names[1])
        lengths = [len(p) for p in paths if active(dag.graph, tuple(p), z)]
        assert (len(found.trail) if not found else None) == min(lengths, default=None)
        longer += len(found.trail) > 2
    assert longer > 5


def test_words_of_a_reason() -> None:
    dag = DirectedAcyclicGraph({**ASIA, "else": []})
    assert str(dag.separation("asia", "smoke")) == (
        "separated: asia → tub → either ← lung ← smoke is blocked at either, which is a collider that nothing known opens; "
        "asia → tub → either → dysp ← bronc ← smoke is blocked at dysp, which is a collider that nothing known opens"
    )
    assert str(dag.separation("asia", "smoke", given="xray")) == (
        "not separated given xray: asia → tub → either ← lung ← smoke (either is opened by xray)"
    )
    assert str(dag.separation("asia", "else")) == "separated: no trail joins them"
    many = DirectedAcyclicGraph(
        {"a": [], **{f"m{i}": ["a"] for i in range(6)}, "b": [f"m{i}" for i in range(6)]}
    )
    found = many.separation("a", "b", given=[f"m{i}" for i in range(6)])
    assert len(found.blocked) == 4
    assert found.more
    assert str(found).endswith("; …")


def with_tables(rng: np.random.Generator, dag: DirectedAcyclicGraph) -> BayesianNetwork:
    """Tables from the uniform Dirichlet, of two or three states a variable."""
    sizes = {v: int(rng.integers(2, 4)) for v in dag.graph}
    tables = {
        v: (dag.parents(v), rng.dirichlet(np.ones(n), tuple(sizes[p] for p in dag.parents(v))))
        for v, n in sizes.items()
    }
    return BayesianNetwork({v: [str(k) for k in range(n)] for v, n in sizes.items()}, tables)


def test_all_independencies_of_a_network_are_those_of_its_joint() -> None:
    rng = np.random.default_rng(2)
    for _ in range(4):
        network = with_tables(rng, random_graph(rng, 5, 0.5))
        listed, found = set(network.independencies(minimal=False)), set()
        joint, axis = network.joint(), {v: i for i, v in enumerate(network.variables)}
        for x, y in itertools.combinations(network.variables, 2):
            others = [v for v in network.variables if v not in (x, y)]
            for z in itertools.chain.from_iterable(itertools.combinations(others, k) for k in range(4)):
                p = joint.sum(tuple(axis[v] for v in others if v not in z), keepdims=True)
                of_x, of_y = p.sum(axis[y], keepdims=True), p.sum(axis[x], keepdims=True)
                apart = p * of_x.sum(axis[x], keepdims=True) - of_x * of_y
                if np.abs(apart).max() < 1e-15:  # rounding of products of sums below 1
                    found.add(Independence(x, y, z))
        assert listed == found


def test_minimal_sets_are_minimal_and_none_is_missing() -> None:
    dag = DirectedAcyclicGraph(ASIA)
    every, least = set(dag.independencies(minimal=False)), dag.independencies()
    assert len(least) == len(set(least)) < len(every)
    for one in every:
        smaller = {z for k in range(len(one.given)) for z in itertools.combinations(one.given, k)}
        assert (one in least) == all(Independence(one.x, one.y, z) not in every for z in smaller)
    assert [str(i) for i in least[:2]] == ["asia ⟂ smoke", "asia ⟂ lung"]


def test_a_network_and_its_graph_answer_alike() -> None:
    network = random_bayesian(np.random.default_rng(3), 7)
    dag = DirectedAcyclicGraph(network.graph)
    assert dag.independencies() == network.independencies()
    assert dag.topological_order == network.topological_order
    assert nx.utils.graphs_equal(network.moral_graph, network.interaction_graph)
    assert repr(DirectedAcyclicGraph({"a": [], "b": "a"})) == "DirectedAcyclicGraph(2 variables, 1 arrows)"


def test_a_graph_of_thousands_of_variables() -> None:
    n = 3000
    dag = DirectedAcyclicGraph({f"v{i}": [f"v{i - 1}"] if i else [] for i in range(n)})
    assert len(dag.separation("v0", f"v{n - 1}").trail) == n
    assert dag.separation("v0", f"v{n - 1}", given="v7").blocked[0][1] == "v7"
    assert dag.topological_order == tuple(dag.graph)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda d: d.d_separated("asia", "asia"), "y: expected variables that are not in x, got asia"),
        (lambda d: d.separation("asia", "tub", given=["tub"]), "given: expected variables that are not in y, got tub"),
        (lambda d: d.d_connected("asia", given="asia"), "given: expected variables that are not in x"),
        (lambda d: d.d_separated([], "tub"), "x: expected at least one variable"),
        (lambda d: d.ancestors("smokes"), "did you mean 'smoke'"),
        (lambda d: DirectedAcyclicGraph({"a": ["b"], "b": ["a"]}), "parents without a cycle, got a → b → a"),
        (lambda d: DirectedAcyclicGraph({"a": ["a"]}), "parents without a cycle"),
        (lambda d: DirectedAcyclicGraph({"a": ["c"]}), r"parents\['a'\]: expected the name of a variable"),
        (lambda d: DirectedAcyclicGraph(nx.DiGraph([(1, 2)])), "variables named by text"),
        (lambda d: DirectedAcyclicGraph([("a", "b")]), "the names of the parents by variable"),
        (lambda d: DirectedAcyclicGraph({f"v{i}": [] for i in range(13)}).independencies(), "at most 12 variables"),
        (lambda d: d.independencies(minimal=3), "minimal"),
    ],
)  # fmt: skip
def test_what_is_refused(call: Any, words: str) -> None:
    with pytest.raises(GradusError, match=words):
        call(DirectedAcyclicGraph(ASIA))
