"""Random Bayesian and Markov networks, small enough to enumerate."""

from __future__ import annotations

import numpy as np

from gradus.inference import BayesianNetwork, MarkovNetwork


def random_bayesian(
    rng: np.random.Generator, n: int, most_parents: int = 3, zeros: float = 0.0
) -> BayesianNetwork:
    """A random DAG with tables from the uniform Dirichlet; a share of the entries can be 0."""
    sizes = rng.choice([1, 2, 2, 3, 4], n)
    states = {f"v{i}": [f"s{k}" for k in range(size)] for i, size in enumerate(sizes)}
    tables = {}
    for i, size in enumerate(sizes):
        parents = rng.choice(i, min(i, int(rng.integers(most_parents + 1))), replace=False)
        table = rng.dirichlet(np.ones(size), tuple(int(sizes[p]) for p in parents))
        if zeros:
            table = table * (rng.random(table.shape) >= zeros)
            table[..., 0] += table.sum(-1) == 0
            table /= table.sum(-1, keepdims=True)
        tables[f"v{i}"] = ([f"v{p}" for p in parents], table)
    return BayesianNetwork(states, tables)


def random_markov(rng: np.random.Generator, n: int, factors: int) -> MarkovNetwork:
    """Random factors over up to three variables each, some over none; parts may be unconnected."""
    sizes = rng.choice([1, 2, 3], n)
    states = {f"v{i}": [str(k) for k in range(size)] for i, size in enumerate(sizes)}
    made = []
    for _ in range(factors):
        scope = rng.choice(n, int(rng.integers(4)), replace=False)
        made.append((tuple(f"v{i}" for i in scope), rng.gamma(1.0, size=tuple(int(sizes[i]) for i in scope))))
    return MarkovNetwork(states, made)
