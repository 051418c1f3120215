"""Structures from cases beside pyAgrum and pgmpy: how much of the true skeleton each finds, and in how long.

    python -m benchmarks.structure [--quick] [--rounds 3] [--network alarm.bif.gz --cases 10000 …]

Without a file, a random network of 30 variables. All get the same cases: ours as columns of names, the others as data frames, read before
the clock runs. Each method has its defaults but for the score (BIC) and the level of tests (0.01). One thread; the sides take turns, the
processor time of a call counts, and over the rounds the median. The row compares the best skeleton (F1) of ours with the best of theirs.
"""

import argparse
import importlib
import importlib.util
import logging
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

from benchmarks.inference import random_network
from benchmarks.table import Row
from gradus.inference import BayesianNetwork, hill_climbing, pc, read_bif

SEEDS = range(3)
LEVEL = 0.01
Arrows = list[tuple[str, str]]


def methods(columns: dict[str, Any]) -> dict[str, Callable[[], Arrows]]:
    """By name of the side a call that gives the pairs that it joins."""

    def tested() -> Arrows:
        graph = pc(columns, level=LEVEL).graph
        return [*graph.arrows, *graph.lines]

    sides: dict[str, Callable[[], Arrows]] = {
        "gradus hill_climbing": lambda: list(hill_climbing(columns).graph.graph.edges),
        "gradus pc": tested,
    }
    if importlib.util.find_spec("pyagrum") is not None:
        sides |= _pyagrum(columns)
    if importlib.util.find_spec("pgmpy") is not None:
        sides |= _pgmpy(columns)
    return sides


def _pyagrum(columns: dict[str, Any]) -> dict[str, Callable[[], Arrows]]:
    gum: Any = importlib.import_module("pyagrum")
    frame: Any = importlib.import_module("pandas").DataFrame(columns)

    def with_method(choose: Callable[[Any], Any]) -> Callable[[], Arrows]:
        learner = gum.BNLearner(frame)
        learner.useScoreBIC()
        choose(learner)
        return lambda: [(learner.nameFromId(a), learner.nameFromId(b)) for a, b in learner.learnDAG().arcs()]

    return {
        "pyagrum greedy": with_method(lambda learner: learner.useGreedyHillClimbing()),
        "pyagrum tabu": with_method(lambda learner: learner.useLocalSearchWithTabuList(100, 2)),
        "pyagrum MIIC": with_method(lambda learner: learner.useMIIC()),
    }


def _pgmpy(columns: dict[str, Any]) -> dict[str, Callable[[], Arrows]]:
    logging.disable(logging.CRITICAL)
    estimators: Any = importlib.import_module("pgmpy.estimators")
    frame: Any = importlib.import_module("pandas").DataFrame(columns)
    climb, test = estimators.HillClimbSearch(frame), estimators.PC(frame)
    quiet = {"show_progress": False}
    return {
        "pgmpy hill climbing": lambda: list(climb.estimate(scoring_method="bic-d", **quiet).edges()),
        "pgmpy PC": lambda: list(test.estimate(ci_test="g_sq", significance_level=LEVEL, **quiet).edges()),
    }


def compared(network: BayesianNetwork, cases: int, rounds: int) -> list[Row]:
    f1: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for seed in SEEDS:
        drawn = network.sample(cases, seed=seed)
        sides = methods({v: drawn.names(v) for v in drawn})
        for turn in range(rounds):
            for name, call in sides.items():
                begun = time.process_time()
                arrows = call()
                seconds.setdefault(name, []).append(time.process_time() - begun)
                if turn == 0:
                    f1.setdefault(name, []).append(_f1({frozenset(pair) for pair in arrows}, network))
    for name in f1:
        spread = ", ".join(f"{value:.3f}" for value in f1[name])
        print(
            f"{network.name}, {cases} cases: {name}: F1 {spread}; {statistics.median(seconds[name]):.3f} s",
            flush=True,
        )
    score = {name: statistics.mean(values) for name, values in f1.items()}
    ours = max((n for n in score if n.startswith("gradus")), key=score.__getitem__)
    others = [n for n in score if not n.startswith("gradus")]
    if not others:
        print("neither pyagrum nor pgmpy is installed: nothing to compare with")
        return []
    best = max(others, key=score.__getitem__)
    what = f"structure, {network.name}: F1 {score[ours]:.3f} ({ours.split()[1]}), {score[best]:.3f}"
    return [Row(what, statistics.median(seconds[ours]), best, statistics.median(seconds[best]), "s")]


def _f1(joined: set[frozenset[str]], network: BayesianNetwork) -> float:
    true = {frozenset(pair) for pair in network.graph.edges}
    return 2 * len(joined & true) / (len(joined) + len(true))


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--network", action="append", default=[], help="a BIF file; may be given several times"
    )
    parser.add_argument("--cases", type=int, default=10_000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    networks = [read_bif(path) for path in options.network] or [random_network(12 if options.quick else 30)]
    cases, rounds = (1000, 1) if options.quick else (options.cases, options.rounds)
    return [row for network in networks for row in compared(network, cases, rounds)]


if __name__ == "__main__":
    main()
