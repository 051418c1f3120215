"""A layered drawing of an acyclic graph: ranks by longest path, few crossings, straight long edges.

Source: Sugiyama, Tagawa and Toda 1981, Methods for visual understanding of hierarchical system structures.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial


@dataclass
class Layout:
    """Where nodes and edges lie.

    Attributes:
        x: centre of each node.
        rank: row of each node.
        routes: for each edge (from, to), the x at every row between its ends.
        width: of the drawing.
    """

    x: list[float]
    rank: list[int]
    routes: dict[tuple[int, int], list[float]]
    width: float


def layered(inputs: Sequence[Sequence[int]], widths: Sequence[float], gap: float = 24.0) -> Layout:
    """Places nodes whose inputs come before them.

    Args:
        inputs: for each node the numbers of those that it is computed from, all smaller than its own.
        widths: of the nodes.
        gap: between neighbours of a row.
    """
    count = len(inputs)
    rank = _ranks(inputs)
    edges = sorted({(j, i) for i, node in enumerate(inputs) for j in node})
    # an edge over several rows passes through an invisible point in each of them
    points, size = list(rank), list(widths)
    chains: dict[tuple[int, int], list[int]] = {}
    links: list[tuple[int, int]] = []
    leaves = {i for i, node in enumerate(inputs) if not node}  # and the ways that lead from there
    for a, b in edges:
        chain = []
        for row in range(rank[a] + 1, rank[b]):
            points.append(row)
            size.append(8.0)
            chain.append(len(points) - 1)
        chains[a, b] = chain
        leaves |= set(chain) if a in leaves else set()
        stops = [a, *chain, b]
        links += itertools.pairwise(stops)
    rows: list[list[int]] = [[] for _ in range(max(points) + 1)]
    for i, row in enumerate(points):
        rows[row].append(i)
    up: list[list[int]] = [[] for _ in points]
    down: list[list[int]] = [[] for _ in points]
    for a, b in links:
        down[a].append(b)
        up[b].append(a)
    _order(rows, up, down)
    # what is computed stands below what it was computed from; leaves go beside it
    above = [[j for j in js if j not in leaves] or js for js in up]
    x = _positions(rows, above, down, size, gap, [0.01 if i in leaves else 1.0 for i in range(len(points))])
    left = min(x[i] - size[i] / 2 for i in range(len(x)))
    x = [v - left for v in x]
    width = max(x[i] + size[i] / 2 for i in range(len(x)))
    return Layout(x[:count], rank, {e: [x[i] for i in chain] for e, chain in chains.items()}, width)


def _ranks(inputs: Sequence[Sequence[int]]) -> list[int]:
    rank = [0] * len(inputs)
    for i, node in enumerate(inputs):
        rank[i] = max((rank[j] + 1 for j in node), default=0)
    # a leaf stands right above its first use
    used: dict[int, int] = {}
    for i, node in enumerate(inputs):
        for j in node:
            used[j] = min(used.get(j, rank[i]), rank[i])
    return [used[i] - 1 if not node and i in used else rank[i] for i, node in enumerate(inputs)]


def _order(rows: list[list[int]], up: list[list[int]], down: list[list[int]]) -> None:
    """Sorts each row by the mean place of its neighbours, downwards and upwards in turn."""
    for sweep in range(12):
        downwards = sweep % 2 == 0
        order = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
        for r in order:
            other = {i: k for k, i in enumerate(rows[r - 1 if downwards else r + 1])}
            near = up if downwards else down
            old = {i: k for k, i in enumerate(rows[r])}
            scale = len(other) / max(len(old), 1)
            rows[r] = sorted(rows[r], key=partial(_wished, near=near, other=other, old=old, scale=scale))


def _wished(i: int, near: list[list[int]], other: dict[int, int], old: dict[int, int], scale: float) -> float:
    places = [other[j] for j in near[i] if j in other]
    return sum(places) / len(places) if places else old[i] * scale


def _positions(
    rows: list[list[int]],
    up: list[list[int]],
    down: list[list[int]],
    size: list[float],
    gap: float,
    weight: list[float],
) -> list[float]:
    x = [0.0] * len(size)
    for row in rows:
        at = 0.0
        for i in row:
            x[i] = at + size[i] / 2
            at += size[i] + gap
    for sweep in range(24):
        first, second = (up, down) if sweep % 2 == 0 else (down, up)
        for row in rows if sweep % 2 == 0 else reversed(rows):
            near = [first[i] or second[i] for i in row]
            wish = [sum(x[j] for j in js) / len(js) if js else x[i] for i, js in zip(row, near, strict=True)]
            moved = apart(wish, [size[i] for i in row], gap, [weight[i] for i in row])
            for i, v in zip(row, moved, strict=True):
                x[i] = v
    return x


def apart(
    wish: Sequence[float], size: Sequence[float], gap: float, weight: Sequence[float] | None = None
) -> list[float]:
    """The places nearest to those wished for, in their order and `gap` apart.

    Nearest by weighted least squares, found by pooling neighbours that would overlap.
    """
    offset, offsets = 0.0, []
    for k, s in enumerate(size):
        offset += s / 2 + (size[k - 1] / 2 + gap if k else 0.0)
        offsets.append(offset)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, count
    for w, o, heavy in zip(wish, offsets, weight or [1.0] * len(size), strict=True):
        blocks.append((w - o, heavy, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, p, m), (b, q, n) = blocks[-2:]
            blocks[-2:] = [((a * p + b * q) / (p + q), p + q, m + n)]
    means = [mean for mean, _, n in blocks for _ in range(n)]
    return [m + o for m, o in zip(means, offsets, strict=True)]
