"""All posterior marginals of a Bayesian network, one set of evidence at a time and 500 in a batch, beside pyAgrum.

    python -m benchmarks.inference [--quick] [--rounds 5] [--network alarm.bif.gz …]

Without a file, a random network of 30 variables. pyAgrum gets the tables as arrays, keeps its engine from call to call, and answers with
arrays; both of its exact engines run, the faster counts. One thread; the sides take turns, of each the processor time of a call
counts, and over the rounds the median. The largest difference of their answers is printed.
"""

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.table import Row
from gradus.inference import BayesianNetwork, CompiledNetwork, read_bif

SETS = 500
ENGINES = ("ShaferShenoyInference", "LazyPropagation")
Answers = list[dict[str, np.ndarray[Any, Any]]]


def random_network(n: int = 30) -> BayesianNetwork:
    """Two to four states, up to three parents among the ten before."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(2, 5, n)
    states = {f"v{i}": [str(k) for k in range(size)] for i, size in enumerate(sizes)}
    tables = {}
    for i, size in enumerate(sizes):
        near = np.arange(max(0, i - 10), i)
        parents = rng.choice(near, min(len(near), int(rng.integers(4))), replace=False)
        tables[f"v{i}"] = (
            [f"v{p}" for p in parents], rng.dirichlet(np.ones(size), tuple(int(sizes[p]) for p in parents)),
        )  # fmt: skip
    return BayesianNetwork(states, tables, "random, 30 variables")


def findings(network: BayesianNetwork) -> list[dict[str, str]]:
    """Sets of one finding that is possible."""
    rng, marginals = np.random.default_rng(1), CompiledNetwork(network).infer()
    found = []
    for v in rng.choice(network.variables, SETS):
        state = rng.choice(len(network.states[v]), p=marginals[v] / marginals[v].sum())
        found.append({str(v): network.states[v][state]})
    return found


def with_pyagrum(network: BayesianNetwork, engine: str) -> Callable[[list[dict[str, str]]], Answers]:
    """A function from sets of findings to all posteriors, its engine made once."""
    gum: Any = importlib.import_module("pyagrum")
    model, number = gum.BayesNet(), dict[str, int]()
    for v, names in network.states.items():
        number[v] = model.add(
            gum.LabelizedVariable(f"v{len(number)}", "", [f"s{i}" for i in range(len(names))])
        )
    for v, table in network.tables.items():
        for parent in table.parents:
            model.addArc(number[parent], number[v])
    by_name = {f"v{i}": v for v, i in number.items()}
    for v, table in network.tables.items():
        theirs = model.cpt(number[v])
        axes = [*table.parents, v]
        order = [axes.index(by_name[name]) for name in reversed(theirs.names)]
        theirs.fillWith(table.probabilities.transpose(order).ravel().tolist())
    inference = getattr(gum, engine)(model)

    def ask(sets: list[dict[str, str]]) -> Answers:
        answers = []
        for one in sets:
            inference.setEvidence({number[v]: network.states[v].index(s) for v, s in one.items()})
            inference.makeInference()
            answers.append({v: inference.posterior(i).toarray() for v, i in number.items()})
        return answers

    return ask


def compared(network: BayesianNetwork, rounds: int) -> list[Row]:
    compiled, sets = CompiledNetwork(network), findings(network)
    sides: dict[str, Callable[[], Any]] = {
        "one": lambda: [compiled.infer(e) for e in sets[:100]],
        "batch": lambda: compiled.infer(sets),
    }
    if importlib.util.find_spec("pyagrum") is not None:
        for engine in ENGINES:
            ask = with_pyagrum(network, engine)
            sides[engine] = lambda ask=ask: ask(sets[:100])  # type: ignore[misc]
    else:
        print("pyagrum is not installed (`pip install pyagrum`): left out")
    each: dict[str, list[float]] = {name: [] for name in sides}
    answers: dict[str, Any] = {}
    for _ in range(rounds):
        for name, call in sides.items():
            begun = time.process_time()
            answers[name] = call()
            each[name].append(1e3 * (time.process_time() - begun) / (SETS if name == "batch" else 100))
    middle = {name: statistics.median(times) for name, times in each.items()}
    for name, ms in middle.items():
        print(f"{network.name}: {name}: {ms:.4f} ms a set", flush=True)
    worst = max(
        float(np.abs(answers["batch"][v][k] - answer[v]).max())
        for name in sides if name != "batch"
        for k, answer in enumerate(answers[name]) for v in network.variables
    )  # fmt: skip
    print(f"{network.name}: largest difference {worst:.0e}")
    theirs = min((middle[e], e) for e in ENGINES if e in middle) if ENGINES[0] in middle else None
    if theirs is None:
        return []
    return [
        Row(f"{network.name}: all marginals, one set", middle["one"], f"pyAgrum {theirs[1]}", theirs[0], "ms"),
        Row(f"{network.name}: the same, 500 in a batch", middle["batch"], f"pyAgrum {theirs[1]}", theirs[0], "ms"),
    ]  # fmt: skip


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--network", nargs="+", default=[], help="BIF files")
    options = parser.parse_args()
    networks = [read_bif(file) for file in options.network] or [random_network()]
    for network, file in zip(networks, options.network, strict=False):
        network.name = file.rpartition("/")[2].partition(".")[0]
    return [row for network in networks for row in compared(network, 1 if options.quick else options.rounds)]


if __name__ == "__main__":
    main()
