"""A directed acyclic graph in rows: every arrow leads downwards, few cross, and none runs through a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

SWEEPS = 12  # down and up, ordering the rows
GAP = 0.25  # width that a passing arrow takes, in boxes


@dataclass(frozen=True)
class Layered:
    """Where everything stands.

    Attributes:
        at: by variable its middle, in boxes from the left, and its row from the top.
        routes: by arrow the places that it passes, from its start to its end, one in each row.
        width: of all, in boxes.
        rows: how many there are.
    """

    at: dict[str, tuple[float, int]]
    routes: dict[tuple[str, str], list[tuple[float, int]]]
    width: float
    rows: int


def layered(parents: Mapping[str, Sequence[str]], most: int) -> Layered:
    """Rows by the order of the graph with at most so many boxes each; within a row by the mean place of the neighbours (Sugiyama)."""
    row = rows_of(parents, most)
    height = max(row.values()) + 1
    chains: dict[tuple[str, str], list[object]] = {}
    level: list[list[object]] = [[v for v in parents if row[v] == r] for r in range(height)]
    for child, above in parents.items():
        for parent in above:
            passed: list[object] = [(parent, child, r) for r in range(row[parent] + 1, row[child])]
            chains[parent, child] = [parent, *passed, child]
            for r, one in zip(range(row[parent] + 1, row[child]), passed, strict=True):
                level[r].append(one)
    up: dict[object, list[object]] = {v: [] for r in level for v in r}
    down: dict[object, list[object]] = {v: [] for r in level for v in r}
    for chain in chains.values():
        for a, b in pairwise(chain):
            down[a].append(b)
            up[b].append(a)
    level = _ordered(level, up, down)
    x, width = _placed(level, up, down, most)
    return Layered(
        {v: (x[v], row[v]) for v in parents},
        {arrow: [(x[v], row[arrow[0]] + i) for i, v in enumerate(c)] for arrow, c in chains.items()},
        width,
        height,
    )


def rows_of(parents: Mapping[str, Sequence[str]], most: int) -> dict[str, int]:
    """A row for each variable below those of its parents, at most so many in one, with short arrows."""
    children: dict[str, list[str]] = {v: [] for v in parents}
    for v, above in parents.items():
        for p in above:
            children[p].append(v)
    order: list[str] = []
    left = {v: len(above) for v, above in parents.items()}
    ready = [v for v in parents if not left[v]]
    while ready:
        order.append(v := ready.pop(0))
        for w in children[v]:
            left[w] -= 1
            if not left[w]:
                ready.append(w)
    row: dict[str, int] = {}
    count: dict[int, int] = {}
    for v in order:
        r = max((row[p] + 1 for p in parents[v]), default=0)
        while count.get(r, 0) >= most:
            r += 1
        row[v] = r
        count[r] = count.get(r, 0) + 1
    for turn in range(8):  # each one as far towards its neighbours as there is room
        for v in reversed(order) if turn % 2 == 0 else order:
            low = max((row[p] + 1 for p in parents[v]), default=0)
            high = min((row[c] - 1 for c in children[v]), default=max(row.values()))
            free = [r for r in range(low, high + 1) if r == row[v] or count.get(r, 0) < most]
            near = [row[w] for w in (*parents[v], *children[v])]
            best = min(free, key=lambda r: (sum(abs(r - n) for n in near), abs(r - row[v])))
            count[row[v]] -= 1
            row[v] = best
            count[best] = count.get(best, 0) + 1
    used = {r: i for i, r in enumerate(sorted(set(row.values())))}
    return {v: used[r] for v, r in row.items()}


def crossings(level: Sequence[Sequence[object]], down: Mapping[object, Sequence[object]]) -> int:
    """Pairs of arrows that cross."""
    total = 0
    for above, below in pairwise(level):
        place = {v: i for i, v in enumerate(below)}
        ends = np.array([(i, place[w]) for i, v in enumerate(above) for w in down[v]]).reshape(-1, 2)
        apart = ends[:, None] - ends[None]
        total += int((apart[..., 0] * apart[..., 1] < 0).sum()) // 2
    return total


def _ordered(
    level: list[list[object]], up: Mapping[object, list[object]], down: Mapping[object, list[object]]
) -> list[list[object]]:
    best, fewest = [list(r) for r in level], crossings(level, down)
    for sweep in range(2 * SWEEPS):
        downwards = sweep % 2 == 0
        near = up if downwards else down
        for r in range(1, len(level)) if downwards else range(len(level) - 2, -1, -1):
            beside = level[r - 1 if downwards else r + 1]
            place = {v: (i + 0.5) / len(beside) for i, v in enumerate(beside)}
            own = {v: (i + 0.5) / len(level[r]) for i, v in enumerate(level[r])}
            mean = {v: float(np.mean([place[w] for w in near[v]])) if near[v] else own[v] for v in level[r]}
            level[r] = sorted(level[r], key=mean.__getitem__)
        if (n := crossings(level, down)) < fewest:
            best, fewest = [list(r) for r in level], n
    return best


def _placed(
    level: Sequence[Sequence[object]],
    up: Mapping[object, list[object]],
    down: Mapping[object, list[object]],
    most: int,
) -> tuple[dict[object, float], float]:
    """Each near its neighbours, in order and with room between: least squares under these conditions, row by row."""
    wide = {v: 1.0 if isinstance(v, str) else GAP for r in level for v in r}
    width = max(float(most), *(sum(wide[v] for v in r) for r in level))
    offset = {}
    x: dict[object, float] = {}
    for r in level:
        ends = np.cumsum([wide[v] for v in r])
        for v, end in zip(r, ends, strict=True):
            offset[v] = float(end) - wide[v] / 2
            x[v] = offset[v] + (width - float(ends[-1])) / 2
    for step in range(40):
        for r in level if step % 2 == 0 else level[::-1]:
            wished = [np.mean([x[w] for w in (*up[v], *down[v])]) if up[v] or down[v] else x[v] for v in r]
            weight = [1.0 if isinstance(v, str) else 4.0 for v in r]  # passing arrows rather straight
            room = width - sum(wide[v] for v in r)
            shift = rising(np.array(wished) - [offset[v] for v in r], np.array(weight)).clip(0, room)
            x |= {v: offset[v] + float(s) for v, s in zip(r, shift, strict=True)}
    first = min(x[v] - wide[v] / 2 for v in x)
    last = max(x[v] + wide[v] / 2 for v in x)
    return {v: place - first for v, place in x.items()}, last - first


def rising(y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The values that never fall and are nearest to these, by weighted squares: neighbours that fall are pooled."""
    blocks: list[list[float]] = []
    for value, w in zip(y, weight, strict=True):
        blocks.append([float(value), float(w), 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            v, u, n = blocks.pop()
            last = blocks[-1]
            blocks[-1] = [(last[0] * last[1] + v * u) / (last[1] + u), last[1] + u, last[2] + n]
    return np.repeat([b[0] for b in blocks], [int(b[2]) for b in blocks])
