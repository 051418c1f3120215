"""Products of probabilities that no double holds: the answers are those of logarithms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from random_networks import random_bayesian, random_markov

from gradus.errors import GradusError
from gradus.inference import BayesianNetwork, CompiledNetwork, MarkovNetwork, infer, most_probable, query

TWO = ["0", "1"]


def children(rows: list[tuple[float, float]]) -> tuple[BayesianNetwork, dict[str, str]]:
    """A class with many children, of each of which P(1 | class) is given, and the evidence that all are 1."""
    names = [f"x{i}" for i in range(len(rows))]
    tables = {x: (["c"], [[1 - a, a], [1 - b, b]]) for x, (a, b) in zip(names, rows, strict=True)}
    return BayesianNetwork(dict.fromkeys(("c", *names), TWO), {"c": [0.25, 0.75], **tables}), dict.fromkeys(
        names, "1"
    )


@pytest.mark.parametrize(
    "rows",
    [[(1e-3, 1.01e-3)] * 200, [(1e-150, 3e-150)] * 3, [(1e-310, 3e-310)], [(1e-200, 1.0)] * 2 + [(1.0, 1e-210)] * 2],
)  # fmt: skip
def test_a_class_of_many_or_rare_children(rows: list[tuple[float, float]]) -> None:
    network, evidence = children(rows)
    logs = [math.log(p) + math.fsum(math.log(row[k]) for row in rows) for k, p in enumerate((0.25, 0.75))]
    posterior = 1 / (1 + math.exp(logs[1] - logs[0]))
    total = np.logaddexp(*logs)
    found = infer(network, evidence)
    assert found.log_evidence == pytest.approx(total, rel=1e-13)
    assert found["c"] == pytest.approx([posterior, 1 - posterior], rel=1e-9)
    batch = infer(network, [evidence, {}])
    np.testing.assert_allclose(batch["c"], [found["c"], [0.25, 0.75]], rtol=1e-9)
    assert batch.log_evidence == pytest.approx([total, 0.0], rel=1e-13, abs=1e-13)
    assert query(network, "c", evidence).table == pytest.approx(found["c"], rel=1e-9)
    best = most_probable(network, evidence)
    assert best.assignment["c"] == str(int(np.argmax(logs)))
    assert best.log_probability == pytest.approx(max(logs), rel=1e-13)


def test_factors_and_likelihoods_whose_products_leave_the_range() -> None:
    for table in ([1e-200, 2e-200], [1e200, 2e200]):
        found = infer(MarkovNetwork({"a": TWO}, [("a", table)] * 3))
        assert found["a"] == pytest.approx([1 / 9, 8 / 9])
        assert found.log_evidence == pytest.approx(3 * math.log(table[0]) + math.log(9))
    spread = [np.where(np.arange(3) == k, 1.0, 1e-200) for k in range(3)]
    three = MarkovNetwork({"a": ["0", "1", "2"]}, [("a", table) for table in spread])
    assert infer(three)["a"] == pytest.approx([1 / 3] * 3)
    coins = BayesianNetwork(dict.fromkeys("abc", TWO), {v: [0.5, 0.5] for v in "abc"})
    for likelihood in ([1e308, 1.5e308], [1e-310, 1.5e-310]):
        found = infer(coins, soft=dict.fromkeys("abc", likelihood))
        assert found["b"] == pytest.approx([0.4, 0.6])
        joint = query(coins, ["a", "b", "c"], soft=dict.fromkeys("abc", likelihood)).table
        assert joint == pytest.approx(
            np.multiply.outer(np.multiply.outer([0.4, 0.6], [0.4, 0.6]), [0.4, 0.6])
        )
    network, evidence = children([(0.0, 1e-200), (1e-200, 1e-200), (1.0, 0.0)])
    with pytest.raises(GradusError, match="x0=1, x2=1 exclude one another"):
        infer(network, evidence)


@pytest.mark.parametrize(("kind", "seed"), [(k, s) for k in ("bayesian", "markov") for s in range(4)])
def test_both_ways_answer_alike(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_bayesian(rng, 8, zeros=0.3) if kind == "bayesian" else random_markov(rng, 7, 12)
    some = list(network.variables[1:3])
    for last in ([], some):
        plain, logs = CompiledNetwork(network, last=last), CompiledNetwork(network, last=last)
        logs._passes.delicate = True
        soft = {network.variables[0]: rng.random(network.size(network.variables[0]))}
        for evidence in (None, [{}, {some[0]: plain.maximize().assignment[some[0]]}]):
            a, b = (c.infer(evidence, soft=soft) for c in (plain, logs))
            np.testing.assert_allclose(a.log_evidence, b.log_evidence, atol=1e-12)
            for v in network.variables:
                np.testing.assert_allclose(a[v], b[v], atol=1e-12)
            assert (
                plain.maximize(evidence, soft=soft).assignment
                == logs.maximize(evidence, soft=soft).assignment
            )
        np.testing.assert_allclose(plain.joint(soft=soft), logs.joint(soft=soft), atol=1e-12)
