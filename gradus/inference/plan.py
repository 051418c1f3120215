"""How a network will be run: the order of elimination and the clusters, by a rule, by an order or by a tree of the user's own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from gradus.arguments import choice, refusal
from gradus.inference.cluster_tree import Cluster, Node, cluster_tree, laid_out
from gradus.inference.elimination_order import RULES, EliminationOrder, along, ordered, own_order
from gradus.inference.junction_tree import JunctionTree
from gradus.inference.names import variable_names
from gradus.inference.network import Network

__all__ = ["planned"]


def planned(
    network: Network, rule: Any, last: Iterable[str], tree: Any
) -> tuple[EliminationOrder, list[Cluster], frozenset[str]]:
    """The order, the clusters, and the variables that go last. Variables of a single state stand in none.

    Raises:
        GradusError: a rule, an order, names or a tree that are none, or do not go together.
    """
    kept = frozenset(variable_names("last", last, network.states))
    sizes = {v: len(s) for v, s in network.states.items() if len(s) > 1}
    if tree is not None:
        if not isinstance(tree, JunctionTree):
            raise refusal("tree", ("a JunctionTree", "JunctionTree"), tree, kind=True)
        for name, given in (("rule", rule), ("last", kept or None)):
            if given is not None:
                alone = ("nothing beside a tree, which is an order itself", "给出树时不另给（树已含次序）")
                raise refusal(name, alone, given, kind=True)
        tree.check(network)
        return (*_along_tree(tree, sizes), kept)
    graph = network.interaction_graph.subgraph(sizes)
    if rule is None or isinstance(rule, str):
        rules = RULES if rule is None else (choice("rule", rule, RULES),)
        order = min((ordered(graph, sizes, r, set(kept)) for r in rules), key=lambda o: o.cells)
    else:
        own = own_order(rule, network, kept)
        order = along(graph, sizes, [v for v in own if v in sizes])
    return order, cluster_tree(graph, sizes, order.variables, kept & sizes.keys()), kept


def _along_tree(tree: JunctionTree, sizes: dict[str, int]) -> tuple[EliminationOrder, list[Cluster]]:
    """From the leaves of each tree to its first cluster, a variable goes in the last cluster that holds it."""
    graph = tree.graph
    nodes: list[Node] = []
    held = [{v for v in variables if v in sizes} for variables in tree.clusters]
    parents: dict[int, int] = {}
    queue: list[int] = []
    for root in range(len(held)):
        if root in parents:
            continue
        parents[root] = -1
        queue.append(root)
        waiting = [root]
        while waiting:
            c = waiting.pop()
            for d in graph[c]:
                if d not in parents:
                    parents[d] = c
                    queue.append(d)
                    waiting.append(d)
    for c, variables in enumerate(held):
        above = held[parents[c]] if parents[c] >= 0 else set()
        nodes.append(Node(variables, variables - above, parents[c]))
    order = [v for c in reversed(queue) for v in sorted(nodes[c].residual)]
    cells = sum(float(math.prod(sizes[v] for v in variables)) for variables in held)
    width = max((len(variables) for variables in held), default=0) - 1
    found = EliminationOrder(tuple(order), max(width, 0), cells if cells > 2**53 else int(cells))
    return found, laid_out(nodes, sizes, {v: i for i, v in enumerate(order)})
