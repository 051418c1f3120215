"""The Markov blanket, and the law of a variable given it."""

from __future__ import annotations

import numpy as np
import pytest
from random_networks import random_bayesian, random_markov

from gradus.errors import GradusError
from gradus.inference import BayesianNetwork, MarkovNetwork, Network

TWO = ["0", "1"]


@pytest.mark.parametrize("seed", range(6))
def test_the_law_given_the_blanket_is_that_of_the_joint(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network: Network = random_bayesian(rng, 7) if seed % 2 else random_markov(rng, 6, 9)
    joint = network.joint()
    at = [int(rng.integers(n)) for n in joint.shape]
    states = {v: network.states[v][i] for v, i in zip(network.variables, at, strict=True)}
    for k, v in enumerate(network.variables):
        line = joint[tuple(slice(None) if j == k else i for j, i in enumerate(at))]
        blanket = {u: states[u] for u in network.markov_blanket(v)}
        assert v not in blanket
        np.testing.assert_allclose(network.conditional(v, blanket), line / line.sum(), atol=1e-14)
        np.testing.assert_array_equal(network.conditional(v, states), network.conditional(v, blanket))


def test_of_a_bayesian_network_it_is_parents_children_and_their_other_parents() -> None:
    parents = {"a": [], "b": [], "c": ["a", "b"], "d": ["c"], "e": ["d", "a"], "f": []}
    tables = {v: (p, np.full([2] * (len(p) + 1), 0.5)) for v, p in parents.items()}
    network = BayesianNetwork(dict.fromkeys(parents, TWO), tables)
    assert {v: "".join(network.markov_blanket(v)) for v in parents} == {
        "a": "bcde", "b": "ac", "c": "abd", "d": "ace", "e": "ad", "f": "",
    }  # fmt: skip
    assert network.conditional("f", {}).tolist() == [0.5, 0.5]


def test_what_is_missing_or_impossible_is_said() -> None:
    pair = MarkovNetwork(
        dict.fromkeys("ab", TWO), [(("a", "b"), [[0.0, 1.0], [0.0, 1e-300]]), ("a", [1e-200, 1e-200])]
    )
    assert pair.conditional("a", {"b": "1"}) == pytest.approx([1.0, 1e-300])
    with pytest.raises(
        GradusError, match="given: expected the states of a's whole Markov blanket, got none of b"
    ):
        pair.conditional("a", {})
    with pytest.raises(GradusError, match="given: expected states with which a has one that is possible"):
        pair.conditional("a", {"b": "0"})
    with pytest.raises(GradusError, match="variable"):
        pair.markov_blanket("c")
