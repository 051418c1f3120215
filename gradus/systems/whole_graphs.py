"""Graphs to be classified as wholes: pairs of classes that look alike to some networks, and images as graphs of their pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# adjacency matrix and kinds or features of one graph; inputs and labels of many
Arrays = tuple[np.ndarray, np.ndarray]
# nodes of a drawn graph; how many of each class and size; the least grey of a lit pixel
SIZES, EACH, INK = (8, 12, 16), 20, 0.5


def as_array(graphs: Sequence[Arrays]) -> np.ndarray:
    """Graphs, each an adjacency matrix (n, n) and features (n, c), padded to one size (B, N, N + c)."""
    most, c = max(len(A) for A, _ in graphs), graphs[0][1].shape[1]
    x = np.zeros((len(graphs), most, most + c), np.float32)
    for one, (A, H) in zip(x, graphs, strict=True):
        one[: len(A), : len(A)], one[: len(A), most:] = A, H
    return x


def drawn(rng: np.random.Generator) -> Arrays:
    """Graphs of three pairs of classes: the two of a pair have equally many nodes, with the same features."""
    graphs: list[Arrays] = []
    labels = []
    for n in SIZES * EACH:
        alike = (
            (regular(n, 3, rng), regular(n, 4, rng)),
            (kinds(n, 2, rng), kinds(n, 1, rng)),
            (ring(n), rings(n, rng)),
        )
        for label, (A, kind) in enumerate(one for pair in alike for one in pair):
            order = rng.permutation(n)
            graphs.append((A[np.ix_(order, order)], np.stack([np.ones(n), kind[order]], 1)))
            labels.append(label)
    return as_array(graphs), np.array(labels)


def regular(n: int, degree: int, rng: np.random.Generator) -> Arrays:
    """A random graph of n nodes of one degree, all of one kind: its adjacency matrix and the kinds."""
    import networkx as nx

    seed = int(rng.integers(2**31))
    return nx.to_numpy_array(nx.random_regular_graph(degree, n, seed=seed)), np.zeros(n)


def kinds(n: int, own: int, rng: np.random.Generator) -> Arrays:
    """Two kinds of n/2 nodes; every node has 3 neighbours, `own` of them, 1 or 2, of its own kind."""
    half, A = n // 2, np.zeros((n, n))
    once = np.eye(half)
    A[:half, :half] = A[half:, half:] = ring(half)[0] if own == 2 else once[np.arange(half) ^ 1]
    between = (once if own == 2 else once + np.roll(once, 1, 1))[rng.permutation(half)]
    A[:half, half:], A[half:, :half] = between, between.T
    return A, np.repeat([0.0, 1.0], half)


def ring(n: int) -> Arrays:
    """A ring of n nodes of one kind."""
    step = np.roll(np.eye(n), 1, 1)
    return step + step.T, np.zeros(n)


def rings(n: int, rng: np.random.Generator) -> Arrays:
    """Two rings that have n nodes together."""
    first, A = int(rng.integers(3, n - 2)), np.zeros((n, n))
    A[:first, :first], A[first:, first:] = ring(first)[0], ring(n - first)[0]
    return A, np.zeros(n)


def strokes(image: np.ndarray) -> Arrays:
    """The lit pixels of an image (h, w) as a graph: joined where they touch, corners included; grey, row and column are features."""
    places = np.argwhere(image >= INK)
    A = (np.abs(places[:, None] - places).max(-1) == 1).astype(float)
    return A, np.column_stack([np.ones(len(places)), image[image >= INK], places / (len(image) - 1)])
