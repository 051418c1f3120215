"""d-separation: which variables an active trail reaches, such a trail, and what blocks the others."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import networkx as nx

__all__ = ["Independence", "Separation", "all_independencies", "explained", "reached"]

MOST_TRAILS = 4  # that are shown to be blocked
State = tuple[str, bool]  # a variable, and whether it is met from one of its children


class Independence(NamedTuple):
    """X is independent of Y given Z.

    Attributes:
        x: the name of a variable.
        y: that of another.
        given: those that are known.

    Example:
        >>> print(Independence("rain", "mood", ("wet",)))
        rain ⟂ mood | wet
    """

    x: str
    y: str
    given: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.x} ⟂ {self.y}" + (f" | {', '.join(self.given)}" if self.given else "")


class Separation(NamedTuple):
    """Whether two sets of variables are d-separated, and why.

    Attributes:
        separated: whether every trail between them is blocked.
        trail: a shortest active trail, the names along it, where they are not.
        opened: by collider on the trail, what opens it: itself or a descendant that is known.
        blocked: where they are, the shortest trails (four at most), each with a variable that blocks it.
        more: whether there are others, blocked as well.
        given: what is known.
        arrows: by trail, as it is written: names with the arrows between them.

    Example:
        >>> from gradus.inference import DirectedAcyclicGraph
        >>> found = DirectedAcyclicGraph({"a": [], "b": ["a"], "c": ["b"]}).separation("a", "c", given="b")
        >>> found.separated, found.blocked
        (True, ((('a', 'b', 'c'), 'b'),))
    """

    separated: bool
    trail: tuple[str, ...]
    opened: dict[str, str]
    blocked: tuple[tuple[tuple[str, ...], str], ...]
    more: bool
    given: tuple[str, ...]
    arrows: dict[tuple[str, ...], str]

    def __bool__(self) -> bool:
        return self.separated

    def __str__(self) -> str:
        known = f" given {', '.join(self.given)}" if self.given else ""
        if not self.separated:
            why = "; ".join(
                f"{v} is known" if v == by else f"{v} is opened by {by}" for v, by in self.opened.items()
            )
            return f"not separated{known}: {self.arrows[self.trail]}" + (f" ({why})" if why else "")
        if not self.blocked:
            return f"separated{known}: no trail joins them"
        lines = []
        for trail, at in self.blocked:
            reason = "is known" if at in self.given else "is a collider that nothing known opens"
            lines.append(f"{self.arrows[trail]} is blocked at {at}, which {reason}")
        return f"separated{known}: " + "; ".join(lines) + ("; …" if self.more else "")


def reached(graph: Any, sources: Iterable[str], given: Iterable[str]) -> set[str]:
    """The variables that an active trail reaches from the sources, they themselves among them, known ones not."""
    known = set(given)
    return {v for v, _ in _search(graph, sources, known, _above(graph, known))} - known


def _above(graph: Any, known: set[str]) -> set[str]:
    """What is known, and its ancestors: the colliders that it opens."""
    return known.union(*(nx.ancestors(graph, v) for v in known))


def _next(graph: Any, at: State, known: set[str], above: set[str]) -> Iterator[State]:
    """Where the ball goes on to: from a child to all around, from a parent to the children, or back from an open collider."""
    v, from_child = at
    if v not in known:
        yield from ((child, False) for child in graph.successors(v))
        if from_child:
            yield from ((parent, True) for parent in graph.predecessors(v))
    if not from_child and v in above:
        yield from ((parent, True) for parent in graph.predecessors(v))


def _search(
    graph: Any, sources: Iterable[str], known: set[str], above: set[str]
) -> dict[State, State | None]:
    """In breadth, all that are met, each with what it was met from."""
    came: dict[State, State | None] = {(v, True): None for v in sources}
    waiting = deque(came)
    while waiting:
        at = waiting.popleft()
        for state in _next(graph, at, known, above):
            if state not in came:
                came[state] = at
                waiting.append(state)
    return came


def explained(graph: Any, x: Sequence[str], y: Sequence[str], given: Sequence[str]) -> Separation:
    """`DirectedAcyclicGraph.separation` of checked arguments."""
    known = set(given)
    above = _above(graph, known)
    came = _search(graph, x, known, above)
    ends = [state for state in came if state[0] in set(y)]  # in the order met: the first is nearest
    if not ends:
        skeleton = graph.to_undirected(as_view=True)
        pairs = ((a, b) for a in x for b in y if nx.has_path(skeleton, a, b))
        trails = heapq.merge(*(nx.shortest_simple_paths(skeleton, a, b) for a, b in pairs), key=len)
        shown = [tuple(t) for t in itertools.islice(trails, MOST_TRAILS + 1)]
        blocked = tuple((t, _blocker(graph, t, known, above)) for t in shown[:MOST_TRAILS])
        written = {t: _written(graph, t) for t, _ in blocked}
        return Separation(True, (), {}, blocked, len(shown) > MOST_TRAILS, tuple(given), written)
    walk: list[str] = []
    at: State | None = ends[0]
    while at is not None:
        walk.append(at[0])
        at = came[at]
    trail = tuple(walk[::-1])  # a round in a walk could be cut out, so that the shortest has none
    opened = {b: _opener(graph, b, given) for a, b, c in _triples(trail) if _collides(graph, a, b, c)}
    return Separation(False, trail, opened, (), False, tuple(given), {trail: _written(graph, trail)})


def _triples(trail: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    return zip(trail, trail[1:], trail[2:], strict=False)


def _collides(graph: Any, a: str, b: str, c: str) -> bool:
    return bool(graph.has_edge(a, b) and graph.has_edge(c, b))


def _blocker(graph: Any, trail: Sequence[str], known: set[str], above: set[str]) -> str:
    """The first variable that blocks a trail, "" where none does."""
    for a, b, c in _triples(trail):
        if b not in above if _collides(graph, a, b, c) else b in known:
            return b
    return ""


def _opener(graph: Any, collider: str, given: Sequence[str]) -> str:
    """What is known at or below a collider: itself, else the nearest."""
    depth = nx.single_source_shortest_path_length(graph, collider)
    return min((v for v in given if v in depth), key=depth.__getitem__)


def _written(graph: Any, trail: Sequence[str]) -> str:
    """A trail with its arrows, as a → c ← b."""
    words = [trail[0]]
    for a, b in itertools.pairwise(trail):
        words += ["→" if graph.has_edge(a, b) else "←", b]
    return " ".join(words)


def all_independencies(graph: Any, minimal: bool) -> list[Independence]:
    """All d-separated pairs with all sets between them, or the minimal sets: the smallest first for each pair."""
    names = list(graph.nodes)
    place = {v: i for i, v in enumerate(names)}
    apart: dict[tuple[str, str], list[tuple[str, ...]]] = {
        pair: [] for pair in itertools.combinations(names, 2)
    }
    for size in range(max(len(names) - 1, 0)):
        for given in itertools.combinations(names, size):
            known = set(given)
            for x in names:
                if x in known:
                    continue
                met = reached(graph, [x], given)
                for y in names[place[x] + 1 :]:
                    found = apart[x, y]
                    if (
                        y not in known
                        and y not in met
                        and not (minimal and any(known >= set(z) for z in found))
                    ):
                        found.append(given)
    return [Independence(x, y, given) for (x, y), sets in apart.items() for given in sets]
