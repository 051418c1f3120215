"""Small networks whose factors are arrays with an axis for each variable, of length 1 where a factor does not hold it."""

import numpy as np

RAIN, SPRINKLER, WET, SLIPPERY = range(4)

#: Eight variables in the plane, who is joined to whom, and three orders in which they may go.
PLACES = np.array([[0.0, 0.0], [1.0, 0.9], [1.0, 0.0], [1.0, -0.9], [2.0, 0.45], [2.0, -0.45], [3.0, 0.9], [3.0, -0.9]])
EDGES = ((0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (2, 5), (3, 5), (4, 6), (5, 7), (6, 7))
ORDERS = ((6, 7, 1, 3, 0, 4, 5, 2), (2, 4, 5, 0, 1, 3, 6, 7), (0, 1, 2, 3, 4, 5, 6, 7))


def spread(table, scope, n):
    """A table over some variables as an array with an axis for each of n."""
    table, scope = np.asarray(table, float), list(scope)
    shape = [1] * n
    for i, k in zip(scope, table.shape, strict=True):
        shape[i] = k
    return table.transpose(np.argsort(scope)).reshape(shape)


def garden():
    """Rain and a sprinkler wet the grass, and wet grass is slippery; state 1 is yes."""
    wet = np.array([[0.0, 0.8], [0.9, 1.0]])  # by rain and sprinkler
    return (
        spread([0.8, 0.2], [RAIN], 4),
        spread([0.5, 0.5], [SPRINKLER], 4),
        spread(np.stack([1 - wet, wet], -1), [RAIN, SPRINKLER, WET], 4),
        spread([[0.9, 0.1], [0.4, 0.6]], [WET, SLIPPERY], 4),
    )


def pairs(edges, n, rng, k=2):
    """A factor over each pair, with positive entries."""
    return tuple(spread(rng.uniform(0.1, 1, (k, k)), edge, n) for edge in edges)


def drawn(rng, sizes, parents=2):
    """A random Bayesian network: variable i has up to so many parents among those before it."""
    n, tables = len(sizes), []
    for i, k in enumerate(sizes):
        above = sorted(rng.choice(i, min(i, parents), replace=False)) if i else []
        tables.append(spread(rng.dirichlet(np.ones(k), [sizes[j] for j in above]), [*above, i], n))
    return tuple(tables)
