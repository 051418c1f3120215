"""Structures from cases: the best tree beside all trees, scores beside sums over the cases, equivalence, tests, and what is refused."""

import itertools
import math
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import chi2

from gradus.errors import GradusError
from gradus.inference import (
    BayesianNetwork,
    DirectedAcyclicGraph,
    PartiallyDirectedGraph,
    chow_liu,
    compare_structures,
    essential_graph,
    fit_parameters,
    hill_climbing,
    pc,
    read_network,
)
from gradus.inference.structure.cases import complete_cases
from gradus.inference.structure.independence_test import g_test
from gradus.inference.structure.local_scores import LocalScores

NETWORKS = Path(__file__).resolve().parents[3] / "shared" / "data" / "bnlearn_bif"


def some_cases(seed=0, cases=200, sizes=(2, 3, 2, 4)):
    """Columns that depend on each other."""
    rng = np.random.default_rng(seed)
    common = rng.random(cases)
    return {
        f"v{i}": np.minimum((size * (0.6 * common + 0.4 * rng.random(cases))).astype(int), size - 1)
        for i, size in enumerate(sizes)
    }


def random_graph(rng, n):
    names = [f"v{i}" for i in range(n)]
    order = rng.permutation(n)
    return {names[order[j]]: [names[order[i]] for i in range(j) if rng.random() < 0.4] for j in range(n)}


def counted(data, child, parents):
    """Counts by configuration of the parents, in a dictionary."""
    found = {}
    for case in range(len(data[child])):
        row = found.setdefault(tuple(data[p][case] for p in parents), {})
        row[data[child][case]] = row.get(data[child][case], 0) + 1
    return found


@pytest.mark.parametrize("score", ["bic", "bdeu", "aic", "log-likelihood"])
def test_the_score_of_a_variable_is_the_sum_over_its_configurations(score):
    data = some_cases()
    cases = complete_cases(data, None)
    scores = LocalScores(cases, score, 2.5)
    names = cases.names
    for child, parents in [(0, ()), (1, (0,)), (2, (0, 1, 3)), (3, (2,))]:
        found = counted(data, names[child], [names[p] for p in parents])
        r, q = len(cases.states[names[child]]), math.prod(len(cases.states[names[p]]) for p in parents)
        if score == "bdeu":
            want = sum(
                gammaln(2.5 / q) - gammaln(2.5 / q + sum(row.values()))
                + sum(gammaln(2.5 / (q * r) + n) - gammaln(2.5 / (q * r)) for n in row.values())
                for row in found.values()
            )  # fmt: skip
        else:
            fit = sum(n * math.log(n / sum(row.values())) for row in found.values() for n in row.values())
            want = fit - {"bic": 0.5 * math.log(200), "aic": 1.0, "log-likelihood": 0.0}[score] * q * (r - 1)
        assert scores.of(child, frozenset(parents)) == pytest.approx(want, rel=1e-12)
        if parents:
            among = LocalScores(cases, score, 2.5).with_each(
                child, frozenset(parents[1:]), np.array(parents[:1])
            )
            assert among[0] == pytest.approx(want, rel=1e-12)


def test_configurations_beyond_the_cases_are_counted_by_those_that_occur():
    """Six parents with 4⁶ configurations and 150 cases: the penalty counts all, the sums only those that occur."""
    data = some_cases(1, 150, (2, 4, 4, 4, 4, 4, 4))
    scores = LocalScores(complete_cases(data, None), "bic", 1.0)
    found = counted(data, "v0", [f"v{i}" for i in range(1, 7)])
    fit = sum(n * math.log(n / sum(row.values())) for row in found.values() for n in row.values())
    assert scores.of(0, frozenset(range(1, 7))) == pytest.approx(fit - 0.5 * math.log(150) * 4**6, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_no_tree_is_likelier_than_chow_lius(seed):
    data = some_cases(seed, 60, (2, 3, 2, 2, 3))
    cases = complete_cases(data, None)
    scores = LocalScores(cases, "log-likelihood", 1.0)
    likelihoods = []
    for code in itertools.product(range(5), repeat=3):  # every tree of five, by its Prüfer sequence
        tree = nx.bfs_tree(nx.from_prufer_sequence(list(code)), 0)
        likelihoods.append(sum(scores.of(v, frozenset(tree.predecessors(v))) for v in tree))
    found = chow_liu(data)
    assert len(likelihoods) == 125
    assert (
        found.score == pytest.approx(max(likelihoods), rel=1e-12) and found.score > np.median(likelihoods) + 1
    )
    assert chow_liu(data, root="v3").score == pytest.approx(found.score, rel=1e-12)
    assert chow_liu(data, root="v3").graph.parents("v3") == ()


@pytest.mark.parametrize("score", ["bic", "bdeu", "aic"])
def test_equivalent_graphs_have_one_score(score):
    data = some_cases(2)
    scores = LocalScores(complete_cases(data, None), score, 3.0)

    def total(parents):
        return sum(scores.of(v, frozenset(of)) for v, of in enumerate(parents))

    chain, fork, back = [(), (0,), (1,), ()], [(1,), (), (1,), ()], [(1,), (2,), (), ()]
    collision = [(), (0, 2), (), ()]
    assert total(chain) == pytest.approx(total(fork), abs=1e-9) == pytest.approx(total(back), abs=1e-9)
    assert abs(total(collision) - total(chain)) > 0.1


def test_hill_climbing_finds_the_best_of_all_graphs_of_three():
    data = some_cases(3, 120, (2, 2, 3))
    scores = LocalScores(complete_cases(data, None), "bic", 1.0)
    pairs = list(itertools.combinations(range(3), 2))
    best = -np.inf
    for ways in itertools.product((None, 0, 1), repeat=3):
        graph = nx.DiGraph()
        graph.add_nodes_from(range(3))
        graph.add_edges_from(
            p if w == 0 else p[::-1] for p, w in zip(pairs, ways, strict=True) if w is not None
        )
        if nx.is_directed_acyclic_graph(graph):
            best = max(best, sum(scores.of(v, frozenset(graph.predecessors(v))) for v in graph))
    fit = hill_climbing(data)
    assert fit.score == pytest.approx(best, rel=1e-12)
    assert fit.history[-1] == pytest.approx(fit.score, rel=1e-9) and len(fit.history) == len(fit.changes) + 1


def test_without_a_penalty_every_pair_is_joined():
    noise = {v: np.random.default_rng(i).integers(0, 2, 300) for i, v in enumerate("abcd")}
    assert hill_climbing(noise, score="log-likelihood").graph.graph.number_of_edges() == 6
    assert hill_climbing(noise).graph.graph.number_of_edges() == 0


def test_what_is_required_stays_and_what_is_forbidden_is_never_added():
    data = some_cases(4)
    fit = hill_climbing(data, required=[("v3", "v0")], forbidden=[("v0", "v1"), ("v1", "v0")], max_parents=1)
    arrows = set(fit.graph.graph.edges)
    assert ("v3", "v0") in arrows and not arrows & {("v0", "v1"), ("v1", "v0")}
    assert all(len(fit.graph.parents(v)) <= 1 for v in data)


@pytest.mark.parametrize("seed", range(12))
def test_d_separation_as_the_test_gives_the_essential_graph(seed):
    graph = DirectedAcyclicGraph(random_graph(np.random.default_rng(seed), 6))
    found = pc(graph)
    assert found.graph == essential_graph(graph) and found.conflicts == ()
    again = found.graph.directed()
    assert essential_graph(again) == found.graph  # and it says the same
    assert {(a, b) for a, b in found.separators} == {
        p for p in itertools.combinations(graph.graph.nodes, 2) if frozenset(p) not in found.graph.skeleton
    }


def test_an_essential_graph_holds_the_arrows_of_all_equivalent_graphs():
    """Beside all 543 graphs of four variables."""
    names = "abcd"
    pairs = list(itertools.combinations(names, 2))
    classes = {}
    for ways in itertools.product((None, 0, 1), repeat=6):
        arrows = [p if w == 0 else p[::-1] for p, w in zip(pairs, ways, strict=True) if w is not None]
        graph = nx.DiGraph(arrows)
        graph.add_nodes_from(names)
        if not nx.is_directed_acyclic_graph(graph):
            continue
        joined = frozenset(frozenset(a) for a in arrows)
        collisions = frozenset(
            (frozenset(p), c) for c in names for p in itertools.combinations(sorted(graph.predecessors(c)), 2)
            if frozenset(p) not in joined
        )  # fmt: skip
        classes.setdefault((joined, collisions), []).append(set(arrows))
    assert sum(map(len, classes.values())) == 543 and len(classes) == 185
    for of in list(classes.values())[::7]:
        settled = set.intersection(*of)
        parents = {v: [a for a, b in of[0] if b == v] for v in names}
        found = essential_graph(parents)
        assert set(found.arrows) == settled
        assert len(found.lines) == len(of[0]) - len(settled)


def test_exclusive_or_hides_from_tests_of_pairs_and_from_steps_uphill():
    """Unfaithful: of three variables any two are independent; a step downhill finds what none uphill does."""
    x, y = (np.tile([0, 0, 1, 1], 50), np.tile([0, 1, 0, 1], 50))
    data = {"x": x, "y": y, "z": x ^ y}
    assert pc(data).graph.skeleton == frozenset()
    stuck, free = hill_climbing(data, tabu=0), hill_climbing(data)
    assert stuck.changes == () and stuck.score == pytest.approx(
        3 * (200 * math.log(0.5) - 0.5 * math.log(200))
    )
    assert free.score > stuck.score + 100 and free.graph.graph.number_of_edges() == 2


def test_the_test_counts_what_a_stratum_can_tell():
    data = {"x": list("aabbcc") * 5, "y": list("uvuvuu") * 5, "z": list("ssssss") * 4 + list("tttttt")}
    cases = complete_cases(data, None)
    found = g_test(cases, 0, 1, [2])
    statistic, degrees = 0.0, 0
    for s in "st":
        table = np.array(
            [
                [
                    sum(1 for i in range(30) if (data["x"][i], data["y"][i], data["z"][i]) == (a, b, s))
                    for b in "uv"
                ]
                for a in "abc"
            ]
        )
        outer = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
        statistic += 2 * sum(
            n * math.log(n / e) for n, e in zip(table.ravel(), outer.ravel(), strict=True) if n
        )
        degrees += (np.count_nonzero(table.sum(1)) - 1) * (np.count_nonzero(table.sum(0)) - 1)
    assert found.statistic == pytest.approx(statistic, rel=1e-12) and found.degrees == degrees
    assert found.p == pytest.approx(chi2.sf(statistic, degrees), rel=1e-12)


def test_the_order_of_the_variables_does_not_change_what_is_joined():
    data = some_cases(5, 300, (2, 2, 3, 2, 2))
    turned = {v: data[v] for v in reversed(data)}
    assert pc(data, level=0.05).graph.skeleton == pc(turned, level=0.05).graph.skeleton


def test_a_learned_graph_takes_parameters():
    data = some_cases(6)
    network = fit_parameters(hill_climbing(data).graph, data).network
    assert isinstance(network, BayesianNetwork)


def test_comparisons():
    same = compare_structures({"a": ["b"], "b": []}, {"a": [], "b": ["a"]})
    assert same == (1.0, 1.0, 1.0, 0)
    turned = compare_structures({"a": [], "b": [], "c": ["a", "b"]}, {"a": ["c"], "b": ["c"], "c": []})
    assert turned.f1 == 1 and turned.hamming == 2
    with pytest.raises(GradusError, match="c"):
        compare_structures({"a": [], "b": []}, {"a": [], "b": [], "c": []})


def test_a_graph_that_cannot_be_directed_is_said():
    square = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")]
    with pytest.raises(GradusError, match="cycle"):
        PartiallyDirectedGraph(list("abcd"), [], [(a, b) for a, b in square]).directed()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda d: hill_climbing({**d, "v0": [None, *d["v0"][1:]]}), "v0 in case 0"),
        (lambda d: hill_climbing({"v0": d["v0"]}), "two variables"),
        (lambda d: hill_climbing(d, score="bick"), "bic"),
        (lambda d: hill_climbing(d, required=[("v0", "v7")]), "v7"),
        (lambda d: hill_climbing(d, required=[("v0", "v1"), ("v1", "v0")]), "cycle"),
        (lambda d: hill_climbing(d, required=[("v0", "v1")], forbidden=[("v0", "v1")]), "required"),
        (lambda d: hill_climbing(d, required=["v0"]), "from, to"),
        (lambda d: hill_climbing(d, start={"v0": [], "v9": []}), "v9"),
        (lambda d: hill_climbing(d, required=[("v1", "v0"), ("v2", "v0")], max_parents=1), "at most 1"),
        (lambda d: chow_liu(d, root="v8"), "v8"),
        (lambda d: pc(d, level=0), "level"),
        (lambda d: pc("abc"), "data"),
    ],
)  # fmt: skip
def test_mistakes_are_named(call, said):
    with pytest.raises(GradusError, match=said):
        call(some_cases())


@pytest.mark.slow
@pytest.mark.skipif(not NETWORKS.is_dir(), reason="the networks of bnlearn are not here")
@pytest.mark.parametrize(
    ("name", "cases", "least"), [("asia", 5000, 0.93), ("sachs", 5000, 1.0), ("alarm", 10000, 0.96)]
)
def test_networks_are_found_again(name, cases, least):
    network = read_network(NETWORKS / f"{name}.bif.gz")
    data = network.sample(cases, seed=0)
    found = max(
        (compare_structures(g, network) for g in (hill_climbing(data).graph, pc(data).graph)),
        key=lambda c: c.f1,
    )
    assert found.f1 >= least
