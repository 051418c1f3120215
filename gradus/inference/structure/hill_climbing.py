"""The graph of a Bayesian network by the score: arrows are added, removed and turned as long as that raises it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gradus.arguments import choice, number, refusal, whole
from gradus.inference.directed_graph import DirectedAcyclicGraph
from gradus.inference.names import variable_name
from gradus.inference.structure.cases import complete_cases
from gradus.inference.structure.local_scores import LocalScores, Score
from gradus.inference.structure.moves import Moves
from gradus.text import Text

__all__ = ["StructureFit", "hill_climbing"]

SCORES: tuple[Score, ...] = ("bic", "bdeu", "aic", "log-likelihood")


class StructureFit(NamedTuple):
    """A graph that was found, and its score.

    Attributes:
        graph: over the variables of the cases.
        score: of the graph: the sum of those of its variables, in nats.
        scores: by variable, given its parents.
        history: the score at the start and after each change.
        changes: what was done, in words of ("add", "remove", "turn") and the two variables, those that were taken back included.

    Example:
        >>> fit = hill_climbing({"a": list("xxyy") * 9, "b": list("uuvv") * 9})
        >>> fit.changes
        (('add', 'a', 'b'),)
    """

    graph: DirectedAcyclicGraph
    score: float
    scores: dict[str, float]
    history: tuple[float, ...]
    changes: tuple[tuple[str, str, str], ...]

    def __repr__(self) -> str:
        arrows = self.graph.graph.number_of_edges()
        return f"StructureFit({len(self.scores)} variables, {arrows} arrow{'s' * (arrows != 1)}, score {self.score:.6g}, {len(self.changes)} changes)"


def hill_climbing(
    data: Any,
    *,
    score: Score = "bic",
    equivalent_size: float = 1.0,
    max_parents: int | None = None,
    required: Iterable[tuple[str, str]] = (),
    forbidden: Iterable[tuple[str, str]] = (),
    start: Any = None,
    tabu: int = 10,
    states: Mapping[str, Any] | None = None,
    missing: Iterable[Any] = (),
) -> StructureFit:
    r"""Looks for the directed acyclic graph of highest score, one arrow at a time.

    .. math:: \mathrm{BIC}(G)=\sum_{i}\Big(\sum_{j,k}N_{ijk}\ln\frac{N_{ijk}}{N_{ij}}-\frac{\ln n}{2}\,q_i(r_i-1)\Big)

    with N_{ijk} the cases in which variable i is in its k-th of r_i states and its parents in their j-th of q_i configurations. Each step makes
    the change (an arrow added, removed or turned, without a cycle) that raises the score most. At a top, up to `tabu` further steps are made
    that lower it least and undo none of the last `tabu` changes; if they lead higher the climb goes on, else the best graph is given.
    That is a local maximum: finding the highest score is NP-hard. Arrows of Markov-equivalent graphs cannot be told apart by these scores;
    `essential_graph(fit.graph)` says which are settled.

    Args:
        data: complete cases as for `fit_parameters`: columns of names of states, a data frame, a list of cases, or `network.sample(…)`.
        score: "bic", "bdeu", "aic" or "log-likelihood" (which no arrow lowers, so that it gives a complete graph).
        equivalent_size: of the prior of "bdeu", in cases.
        max_parents: of a variable; any number if left out.
        required: arrows (from, to) that stay.
        forbidden: arrows that are never added.
        start: a graph to start at; the required arrows alone if left out.
        tabu: steps downhill at a top; 0 for plain hill climbing.
        states: names of the states by variable, where not all occur.
        missing: values that stand for nothing known; they are refused.

    Returns:
        The `StructureFit`.

    Raises:
        GradusError: cases with a gap, names that are none, arrows that are required and forbidden or make a cycle, more parents than allowed.

    Cost: counts of the cases for each pair at the start, then for two variables a change, each with all others.

    Source: Schwarz 1978; Heckerman, Geiger and Chickering 1995; Chickering 1996 (NP-hardness).

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> rain = rng.random(500) < 0.3
        >>> wet = rain ^ (rng.random(500) < 0.1)
        >>> fit = hill_climbing({"rain": rain, "wet": wet, "coin": rng.random(500) < 0.5})
        >>> fit
        StructureFit(3 variables, 1 arrow, score -788.612, 1 changes)
    """
    cases = complete_cases(data, states, missing)
    choice("score", score, SCORES)
    size = number("equivalent_size", equivalent_size, above=0)
    most = len(cases.states) if max_parents is None else whole("max_parents", max_parents, least=1)
    scores = LocalScores(cases, score, size)
    fixed, closed = (
        _places(name, pairs, cases.names)
        for name, pairs in (("required", required), ("forbidden", forbidden))
    )
    if both := fixed & closed:
        a, b = (cases.names[v] for v in min(both))
        raise refusal(
            "forbidden",
            ("no required arrow", "不含 required 中的箭头"),
            Text(f"{a} → {b}, required", f"必需的 {a} → {b}"),
        )
    moves = Moves(scores, _started(start, fixed, cases.names, most), fixed, closed, most)
    best, best_score, kept, down = moves.parents(), moves.score, 0, 0
    history, changes = [moves.score], []
    recent: deque[tuple[str, int, int]] = deque(maxlen=max(1, whole("tabu", tabu, least=0)))
    while True:
        move = moves.best(set(recent) if tabu else set())
        if move is None or (move.gain <= moves.noise and down >= tabu):
            break
        moves.make(move)
        recent.append(move.undone)
        history.append(moves.score)
        changes.append((move.kind, cases.names[move.a], cases.names[move.b]))
        if moves.score > best_score + moves.noise:
            best, best_score, kept, down = moves.parents(), moves.score, len(changes), 0
        else:
            down += 1
    by_name = {v: scores.of(i, frozenset(best[i])) for i, v in enumerate(cases.names)}
    graph = DirectedAcyclicGraph({v: [cases.names[p] for p in best[i]] for i, v in enumerate(cases.names)})
    return StructureFit(
        graph, sum(by_name.values()), by_name, tuple(history[: kept + 1]), tuple(changes[:kept])
    )


def _places(name: str, pairs: Iterable[tuple[str, str]], names: list[str]) -> set[tuple[int, int]]:
    known = dict.fromkeys(names, ())
    found = set()
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise refusal(name, ("arrows (from, to)", "(起点, 终点) 形式的箭头"), pair, kind=True)
        a, b = (names.index(variable_name(name, v, known)) for v in pair)
        found.add((a, b))
    return found


def _started(start: Any, fixed: set[tuple[int, int]], names: list[str], most: int) -> list[list[int]]:
    parents: list[set[int]] = [set() for _ in names]
    if start is not None:
        graph = start if hasattr(start, "topological_order") else DirectedAcyclicGraph(start)
        for v in graph.graph.nodes:
            variable_name("start", v, dict.fromkeys(names, ()))
        for a, b in graph.graph.edges:
            parents[names.index(b)].add(names.index(a))
    for a, b in fixed:
        parents[b].add(a)
    DirectedAcyclicGraph(
        {v: [names[p] for p in sorted(parents[i])] for i, v in enumerate(names)}
    )  # refuses cycles
    for i, v in enumerate(names):
        if len(parents[i]) > most:
            raise refusal(
                "start",
                (f"at most {most} parents of a variable", f"每个变量至多 {most} 个父变量"),
                Text(f"{len(parents[i])} of {v}", f"{v} 有 {len(parents[i])} 个"),
            )
    return [sorted(p) for p in parents]
