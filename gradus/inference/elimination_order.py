"""In which order the variables are summed out: what decides how large the tables in between become."""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import networkx as nx

from gradus.arguments import choice, refusal
from gradus.inference.names import variable_names
from gradus.inference.network import Network
from gradus.text import Text

__all__ = ["RULES", "EliminationOrder", "along", "elimination_order", "ordered", "own_order"]

RULES = ("min-fill", "min-weight", "min-neighbours", "band")


class EliminationOrder(NamedTuple):
    """An order in which to sum the variables out, and what it costs.

    Attributes:
        variables: all of them, the first to go first.
        width: the most neighbours that a variable has when it goes: the largest cluster less one.
        cells: numbers in the tables that are summed, of each variable with its neighbours when it goes, all together; along a tree of
            one's own, those in the tables of its clusters.

    Example:
        >>> EliminationOrder(("a", "b"), 1, 6).width
        1
    """

    variables: tuple[str, ...]
    width: int
    cells: float


def elimination_order(
    network: Network, rule: str | Sequence[str] = "min-fill", *, last: Iterable[str] = ()
) -> EliminationOrder:
    r"""An order of elimination by a greedy rule on the graph in which the variables of each factor are joined.

    When a variable is summed out, its neighbours become joined. The next to go is the one that joins the fewest pairs
    ("min-fill"), whose cluster's table is the smallest ("min-weight"), or that has the fewest neighbours ("min-neighbours");
    ties go to the smaller table, then to the variable that was declared first. "band" goes along the order of Cuthill and McKee,
    which sweeps a grid or a chain from one end to the other. The best order of all is NP-hard to find.

    Args:
        network: whose variables.
        rule: the greedy rule; or all variables in an order of your own, whose width and cells are wanted.
        last: variables that go after all others: those that a joint posterior or a maximum is wanted of.

    Raises:
        GradusError: another rule, a name that is no variable's, or an order that leaves one out or does not end with `last`.

    Cost: O(n w²) comparisons of neighbours for a width w, roughly.

    Source: Kjærulff 1990; Koller and Friedman 2009, §9.4; Cuthill and McKee 1969.

    Example:
        >>> from gradus.inference import MarkovNetwork
        >>> pair = [[1.0, 2.0], [2.0, 1.0]]
        >>> chain = MarkovNetwork({v: ["0", "1"] for v in "abc"}, [(("a", "b"), pair), (("b", "c"), pair)])
        >>> elimination_order(chain)
        EliminationOrder(variables=('a', 'b', 'c'), width=1, cells=10)
        >>> elimination_order(chain, ["b", "a", "c"])
        EliminationOrder(variables=('b', 'a', 'c'), width=2, cells=14)
    """
    if not isinstance(network, Network):
        raise refusal(
            "network", ("a Bayesian or Markov network", "贝叶斯网络或马尔可夫网络"), network, kind=True
        )
    kept = set(variable_names("last", last, network.states))
    sizes = {v: len(s) for v, s in network.states.items()}
    if not isinstance(rule, str):
        return along(network.interaction_graph, sizes, own_order(rule, network, kept))
    return ordered(network.interaction_graph, sizes, choice("rule", rule, RULES), kept)


def own_order(given: object, network: Network, last: Collection[str] = ()) -> list[str]:
    """An order of the user's own.

    Raises:
        GradusError: it is no list of all variables, or does not end with those that go last.
    """
    if not isinstance(given, (list, tuple)):
        either = (
            f"one of {', '.join(RULES)}, or a list of all variables",
            f"{'、'.join(RULES)} 之一，或全部变量的列表",
        )
        raise refusal("rule", either, given, kind=True)
    order = variable_names("rule", list(given), network.states)
    if missing := [v for v in network.states if v not in set(order)]:
        names = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
        raise refusal(
            "rule", ("an order of all variables", "全部变量的次序"), Text(f"none of {names}", f"缺少 {names}")
        )
    tail = order[len(order) - len(last) :]
    if set(tail) != set(last):
        names = ", ".join(tail)
        raise refusal(
            "rule", ("an order that ends with `last`", "以 last 中的变量结尾的次序"), Text(names, names)
        )
    return order


def ordered(graph: nx.Graph, sizes: Mapping[str, int], rule: str, kept: set[str]) -> EliminationOrder:
    """`elimination_order` of checked arguments."""
    if rule == "band":
        return along(graph, sizes, _band(graph, sizes, kept))
    near = {v: set(graph[v]) - {v} for v in graph}
    rank = {v: i for i, v in enumerate(sizes)}
    weight = {v: math.log(n) if n > 1 else 0.0 for v, n in sizes.items()}
    fill = {v: _fill(v, near) for v in near} if rule == "min-fill" else {}

    def cost(v: str) -> tuple[float, ...]:
        table = weight[v] + math.fsum(weight[u] for u in near[v])
        first = {
            "min-fill": lambda: fill[v],
            "min-weight": lambda: table,
            "min-neighbours": lambda: len(near[v]),
        }[rule]()
        return (v in kept, first, round(table, 9), rank[v])

    current = {v: cost(v) for v in near}
    heap = [(key, v) for v, key in current.items()]
    heapq.heapify(heap)
    order: list[str] = []
    width, cells = 0, 0.0
    while heap:
        key, v = heapq.heappop(heap)
        if current.get(v) != key:
            continue  # of an earlier state of the graph
        del current[v]
        around = near.pop(v)
        order.append(v)
        width = max(width, len(around))
        cells += math.prod(sizes[u] for u in (v, *around))
        changed = _joined(around, near, v, fill if rule == "min-fill" else None)
        for u in changed:
            fresh = cost(u)
            if fresh != current[u]:
                current[u] = fresh
                heapq.heappush(heap, (fresh, u))
    return EliminationOrder(tuple(order), width, cells if cells > 2**53 else int(cells))


def _band(graph: nx.Graph, sizes: Mapping[str, int], kept: set[str]) -> list[str]:
    if not sizes:
        return []
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    names = list(sizes)
    matrix = nx.to_scipy_sparse_array(graph, nodelist=names, format="csr")
    # SciPy's code reads 32-bit indices only
    matrix.indices, matrix.indptr = matrix.indices.astype("int32"), matrix.indptr.astype("int32")
    order = [names[i] for i in reverse_cuthill_mckee(matrix, symmetric_mode=True)]
    return [v for v in order if v not in kept] + [v for v in order if v in kept]


def along(graph: nx.Graph, sizes: Mapping[str, int], order: list[str]) -> EliminationOrder:
    """What an order costs."""
    near = {v: set(graph[v]) - {v} for v in graph}
    width, cells = 0, 0.0
    for v in order:
        around = near.pop(v)
        width, cells = max(width, len(around)), cells + math.prod(sizes[u] for u in (v, *around))
        for u in around:
            near[u] |= around
            near[u] -= {u, v}
    return EliminationOrder(tuple(order), width, cells if cells > 2**53 else int(cells))


def _fill(v: str, near: Mapping[str, set[str]]) -> int:
    """How many pairs of neighbours are not joined yet."""
    around = near[v]
    return (len(around) * (len(around) - 1) - sum(len(near[u] & around) for u in around)) // 2


def _joined(around: set[str], near: dict[str, set[str]], gone: str, fill: dict[str, int] | None) -> set[str]:
    """Takes a variable out and joins its neighbours; those of whom something changed."""
    for u in around:
        near[u].discard(gone)
    changed = set(around)
    members = sorted(around)
    for i, a in enumerate(members):
        for b in members[i + 1 :]:
            if b not in near[a]:
                near[a].add(b)
                near[b].add(a)
                if fill is not None:
                    changed |= near[a] & near[b]
    if fill is not None:
        for u in changed:
            fill[u] = _fill(u, near)
    return changed
