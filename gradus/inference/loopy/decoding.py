"""The states that max-marginals point to, chosen so that they fit together factor by factor."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.inference.loopy.messages import Messages

__all__ = ["best_assignment", "log_of_assignment"]

Array = np.ndarray[Any, np.dtype[np.float64]]


def best_assignment(messages: Messages) -> dict[str, int]:
    """By variable the place of its state: factor by factor along the graph, each given what was chosen before.

    Where the graph of what is not known has no cycle that is a most probable assignment, ties or not; state by state ties could be
    broken apart.
    """
    graph = messages.graph
    tables: dict[int, Array] = {}
    for group in graph.groups:
        products = messages.products(group)[..., 0, :]
        tables |= {a: products[..., k] for k, a in enumerate(group.factors)}
    around: dict[str, list[int]] = {v: [] for v in graph.place}
    for a, scope in enumerate(graph.scopes):
        for v in scope:
            around[v].append(a)
    # what has one state only is known: through it the graph does not hang together, and no walk may pass
    chosen: dict[str, int] = {}
    for v, (n, row) in graph.place.items():
        possible = np.flatnonzero(np.isfinite(messages.beliefs(n)[:, 0, row]))
        if len(possible) == 1:
            chosen[v] = int(possible[0])
    done = [False] * len(graph.scopes)
    for start in graph.place:
        if start in chosen:
            continue
        n, row = graph.place[start]
        chosen[start] = int(messages.beliefs(n)[:, 0, row].argmax())
        waiting = [start]
        while waiting:
            for a in around[waiting.pop()]:
                if done[a]:
                    continue
                done[a] = True
                scope = graph.scopes[a]
                table = tables[a][tuple(chosen.get(v, slice(None)) for v in scope)]
                places = np.unravel_index(int(np.argmax(table)), np.shape(table))
                fresh = [v for v in scope if v not in chosen]
                chosen.update(zip(fresh, map(int, places), strict=True))
                waiting += fresh
    return chosen


def log_of_assignment(messages: Messages, chosen: dict[str, int]) -> float:
    """The logarithm of the product of all tables and likelihoods at these states."""
    graph = messages.graph
    states = {n: np.array([chosen[v] for v in members]) for n, members in graph.members.items()}
    total = graph.constant
    for n, places in states.items():
        total += float(messages.unary[n][places, 0, np.arange(len(places))].sum())
    for group in graph.groups:
        at = tuple(states[n][rows] for n, rows in zip(group.sizes, group.rows, strict=True))
        total += float(group.logs[(*at, 0, np.arange(len(group.factors)))].sum())
    return total
