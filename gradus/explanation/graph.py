"""A computation graph with its values and adjoints, and how a large one is grouped."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LEGIBLE = 100  # nodes that one drawing shows


@dataclass
class Node:
    """One intermediate value.

    Attributes:
        name: how others refer to it: an argument's or a parameter's name, or v1, v2, …
        label: how it is computed, in the names of what it is computed from.
        inputs: numbers of the nodes that it is computed from, each as often as it is used.
        locals: the local derivative by each of them, in words.
        value: the value.
        pulls: for each of them g ↦ g·∂(value)/∂(input), through this step alone.
        adjoint: ∂(result)/∂(value); None where the result does not depend on it.
        path: where in the program: functions or modules, from the outermost inwards.
        leaf: whether it is an argument or a parameter.
        count: how many steps it stands for.
    """

    name: str
    label: str
    inputs: list[int]
    locals: list[str]
    value: np.ndarray
    pulls: list[Callable[[np.ndarray], np.ndarray]] = field(default_factory=list)
    adjoint: np.ndarray | None = None
    path: tuple[str, ...] = ()
    leaf: bool = False
    count: int = 1

    def uses(self) -> list[tuple[int, str, Callable[[np.ndarray], np.ndarray]]]:
        """For each input its number, the local derivative in words and as a map."""
        return list(zip(self.inputs, self.locals, self.pulls, strict=True))

    def slope(self, k: int, size: int) -> float | None:
        """The local derivative by the k-th input as a number, where both are single numbers."""
        if not self.pulls or self.value.size != 1 or size != 1:
            return None
        share = self.pulls[k](np.ones(self.value.shape))
        if np.iscomplexobj(self.value) or np.iscomplexobj(share):
            return None  # g ↦ g·conj(∂v/∂a) in general: no factor
        return float(share.item())


def argument_names(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the first arguments of a function; x0, x1, … where it has none."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [*named, *(f"x{i}" for i in range(len(named), count))][:count]


def reached(nodes: Sequence[Node], result: int) -> list[Node]:
    """The nodes that the result is computed from, in order, renumbered; the result comes last."""
    wanted = {result}
    for i in range(result, -1, -1):
        if i in wanted:
            wanted.update(nodes[i].inputs)
    numbers = sorted(wanted)
    renumbered = {old: new for new, old in enumerate(numbers)}
    for i in numbers:
        nodes[i].inputs = [renumbered[j] for j in nodes[i].inputs]
    return [nodes[i] for i in numbers]


def differentiate(nodes: Sequence[Node]) -> None:
    """Adjoints of all nodes that the last one depends on: that of an input is the sum of the shares of its uses."""
    nodes[-1].adjoint = np.ones(nodes[-1].value.shape)
    for node in reversed(nodes):
        if node.adjoint is not None:
            for j, _, pull in node.uses():
                old, share = nodes[j].adjoint, pull(node.adjoint)
                nodes[j].adjoint = share if old is None else old + share


def grouped(nodes: Sequence[Node], limit: int = LEGIBLE) -> list[Node]:
    """At most `limit` nodes: steps of one function or module that follow each other become one node.

    Steps are joined as finely as the limit allows; a parameter is taken into the group that uses it.
    """
    if len(nodes) <= limit:
        return list(nodes)
    depths = range(max(len(n.path) for n in nodes), -1, -1)
    for depth in depths:
        runs = _runs(nodes, depth)
        if len(runs) <= limit:
            break
    while len(runs) > limit:  # a long loop: equal stretches of it
        size = -(-len(runs) // (limit * 3 // 4))
        runs = [list(itertools.chain(*runs[i : i + size])) for i in range(0, len(runs), size)]
    return _contracted(nodes, runs)


def _runs(nodes: Sequence[Node], depth: int) -> list[list[int]]:
    """Numbers of steps that follow each other under one path of that depth; the result stays by itself."""
    steps = [i for i, n in enumerate(nodes) if not n.leaf and i < len(nodes) - 1]
    runs = [list(g) for _, g in itertools.groupby(steps, key=lambda i: nodes[i].path[:depth])]
    place = {i: r for r, run in enumerate(runs) for i in run}
    users: dict[int, set[int]] = {}
    for i, n in enumerate(nodes):
        for j in n.inputs:
            users.setdefault(j, set()).add(place.get(i, -1))
    alone = []
    for i, n in enumerate(nodes):
        if n.leaf and n.path and len(users[i]) == 1 and -1 not in users[i]:
            runs[users[i].pop()].append(i)  # a parameter of one group alone
        elif n.leaf:
            alone.append([i])
    return [*alone, *runs, [len(nodes) - 1]]


def _contracted(nodes: Sequence[Node], runs: Sequence[list[int]]) -> list[Node]:
    place = {i: r for r, run in enumerate(runs) for i in run}
    result = []
    for run in runs:
        steps = [i for i in run if not nodes[i].leaf]
        last = nodes[max(steps or run)]
        outside = [
            (j, words, pull) for i in run for j, words, pull in nodes[i].uses() if place[j] != place[i]
        ]
        inputs = list(dict.fromkeys(place[j] for j, _, _ in outside))
        if len(steps) > 1:
            label, words = _shared(nodes, steps), [""] * len(inputs)
            node = Node(
                last.name, label, inputs, words, last.value, [], last.adjoint, last.path, count=len(steps)
            )
        else:
            words, pulls = [u[1] for u in outside], [u[2] for u in outside]
            inputs = [place[j] for j, _, _ in outside]
            node = Node(
                last.name, last.label, inputs, words, last.value, pulls, last.adjoint, last.path, last.leaf
            )
        result.append(node)
    return result


def _shared(nodes: Sequence[Node], steps: Sequence[int]) -> str:
    paths = [nodes[i].path for i in steps]
    common = [
        parts[0] for parts in itertools.takewhile(lambda p: len(set(p)) == 1, zip(*paths, strict=False))
    ]
    return common[-1] if common else f"{nodes[steps[0]].name} … {nodes[steps[-1]].name}"
