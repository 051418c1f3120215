"""The chain rule written out: over the whole graph, or along one path."""

from __future__ import annotations

import difflib
import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from gradus.errors import GradusError
from gradus.explanation.graph import Node
from gradus.explanation.words import adjoint_name, amount, known, number
from gradus.text import Text


def multiplied_out(nodes: Sequence[Node], lang: str = "en") -> str:
    """Every node with its value; then, from the result backwards, every adjoint as the sum of its shares."""
    zh = lang == "zh"
    lines = ["前向" if zh else "forward"]
    for node in nodes:
        steps = "" if node.count == 1 else f"  ({node.count} 步)" if zh else f"  ({node.count} steps)"
        equals = "" if node.leaf else f"{node.label} = "
        lines.append(f"  {node.name} = {equals}{amount(node.value)}{steps}")
    last = nodes[-1].name
    lines.append(
        f"反向（v̄ = ∂{last}/∂v；· 为逐元素相乘，广播之处求和）"
        if zh
        else f"backward (v̄ = ∂{last}/∂v; · entry by entry, summed where broadcast)"
    )
    shares: list[list[str]] = [[] for _ in nodes]
    for i in range(len(nodes) - 1, -1, -1):
        node = nodes[i]
        if node.adjoint is None:
            continue
        equals = f"{' + '.join(shares[i])} = " if shares[i] else ""
        lines.append(f"  {adjoint_name(node.name)} = {equals}{amount(node.adjoint)}")
        for j, words in zip(node.inputs, node.locals, strict=True):
            shares[j].append(_share(adjoint_name(node.name), words, f"∂{node.name}/∂{nodes[j].name}"))
    return "\n".join(lines)


def _share(adjoint: str, words: str, unknown: str) -> str:
    """An adjoint times a local derivative."""
    if words == "1":
        return adjoint
    if words == "−1":
        return f"(−{adjoint})"
    if "(·)" in words:
        return words.replace("(·)", adjoint)
    local = words if known(words) else unknown
    return f"{adjoint}·{local if local.isidentifier() else f'({local})'}"


def along(nodes: Sequence[Node], name: str, through: Sequence[str] = (), lang: str = "en") -> str:
    """The chain rule along one path from a node to the result: the shortest, through the nodes that are named.

    Where all values are single numbers the local derivatives are multiplied; else an adjoint is carried along the
    path, from the result to the node.

    Raises:
        GradusError: there is no such node, or no such path.
    """
    zh = lang == "zh"
    stops = [*(_numbered(nodes, n) for n in (name, *through)), len(nodes) - 1]
    path = [stops[0]]
    for a, b in pairwise(stops):
        path += _shortest(nodes, a, b)[1:]
    lines = [("路径 " if zh else "path ") + " → ".join(nodes[i].name for i in path)]
    carried = np.ones(nodes[-1].value.shape)
    product: float | None = 1.0
    for a, b in reversed(list(pairwise(path))):
        k = nodes[b].inputs.index(a)
        slope = nodes[b].slope(k, nodes[a].value.size)
        carried = nodes[b].pulls[k](carried)
        words = nodes[b].locals[k] if known(nodes[b].locals[k]) else ""
        product = None if slope is None or product is None else product * slope
        shown = [words, number(slope) if slope is not None else ""]
        text = " = ".join(dict.fromkeys(t for t in shown if t)) or ("线性映射" if zh else "a linear map")
        end = "" if slope is not None else ("，至此 " if zh else ", so far ") + amount(carried)
        lines.append(f"  ∂{nodes[b].name}/∂{nodes[a].name} = {text}{end}")
    lines.append(
        ("  乘积 = " if zh else "  product = ") + (amount(carried) if product is None else number(product))
    )
    count = _paths(nodes, stops[0])
    total = f"{adjoint_name(name)} = {amount(nodes[stops[0]].adjoint)}"
    if count == 1:
        lines.append(f"  唯一的路径：{total}" if zh else f"  the only path: {total}")
    else:
        lines.append(
            f"  {_big(count)} 条路径之和：{total}" if zh else f"  the sum over {_big(count)} paths: {total}"
        )
    return "\n".join(lines)


def _numbered(nodes: Sequence[Node], name: str) -> int:
    for i, node in enumerate(nodes):
        if node.name == name:
            return i
    names = [n.name for n in nodes]
    near = difflib.get_close_matches(name, names, 3) or names[:8]
    raise GradusError(
        Text(
            f"no node {name!r} in the graph, or the result does not depend on it; expected one such as {', '.join(near)}",
            f"图中没有节点 {name!r}，或结果与它无关；应为 {'、'.join(near)} 等节点之一",
        )
    )


def _shortest(nodes: Sequence[Node], start: int, stop: int) -> list[int]:
    before: dict[int, int] = {stop: -1}
    waiting = deque([stop])
    while waiting and start not in before:
        b = waiting.popleft()
        for a in nodes[b].inputs:
            if a not in before:
                before[a] = b
                waiting.append(a)
    if start not in before:
        raise GradusError(
            Text(
                f"no path leads from {nodes[start].name} to {nodes[stop].name}; name the nodes in the order of the computation",
                f"没有从 {nodes[start].name} 到 {nodes[stop].name} 的路径；请按计算的次序写出节点",
            )
        )
    path = [start]
    while path[-1] != stop:
        path.append(before[path[-1]])
    return path


def _paths(nodes: Sequence[Node], start: int) -> int:
    """How many paths lead from a node to the result."""
    ways = [0] * len(nodes)
    ways[-1] = 1
    for i in range(len(nodes) - 1, start, -1):
        for j in nodes[i].inputs:
            ways[j] += ways[i]
    return ways[start]


def _big(count: int) -> str:
    return str(count) if count < 10**6 else f"≈10^{int(math.log10(count))}"
