"""A table cut into words, networks learned from it, and what each is worth on cases that are held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.errors import GradusError
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.inference import BayesianNetwork

SETTINGS: dict[str, Any] = {"states": 3, "equivalent_size": 5, "tabu": 10, "held_out": 0.2}
WORDS = {1: ("any",), 2: ("low", "high"), 3: ("low", "medium", "high")}
MOST = 80  # variables
NAMES = {
    "independent": Text("independent variables", "各变量独立"),
    "naive": Text("naive Bayes", "朴素贝叶斯"),
    "tree": Text("Chow–Liu tree", "Chow–Liu 树"),
    "learned": Text("learned network", "学得的网络"),
}


@dataclass(frozen=True)
class Cases:
    """Columns of words.

    Attributes:
        states: by variable, the class last.
        codes: (cases, variables) places of the states.
    """

    states: Mapping[str, tuple[str, ...]]
    codes: np.ndarray

    @property
    def target(self) -> str:
        """The name of the class."""
        return list(self.states)[-1]

    def columns(self, rows: np.ndarray) -> dict[str, list[str]]:
        """The words of some rows, by variable."""
        return {
            v: [names[c] for c in self.codes[rows, i]] for i, (v, names) in enumerate(self.states.items())
        }

    def listed(self, rows: np.ndarray, without: Sequence[str] = ()) -> list[dict[str, str]]:
        """The words of some rows, row by row, some variables left out."""
        kept = {v: words for v, words in self.columns(rows).items() if v not in without}
        return [dict(zip(kept, row, strict=True)) for row in zip(*kept.values(), strict=True)]


def cases_of(X: np.ndarray, y: np.ndarray, learn: np.ndarray, data: Dataset) -> Cases:
    """Each column in parts of about as many rows, the cuts by the rows to learn from alone; columns of few values keep these.

    Raises:
        GradusError: more columns than can be drawn.
    """
    if X.shape[1] >= MOST:
        raise GradusError(
            Text(
                f"{data.name}: expected at most {MOST - 1} columns beside the class, got {X.shape[1]}",
                f"{data.name}：除类别外至多 {MOST - 1} 列，得到 {X.shape[1]} 列",
            )
        )
    names = [f.replace("_", " ") for f in data.features]
    if len(set(names)) < len(names):
        names = list(data.features)
    states: dict[str, tuple[str, ...]] = {}
    codes = []
    for name, column in zip(names, X.T, strict=True):
        cuts = cuts_of(column[learn], SETTINGS["states"])
        states[name] = WORDS[len(cuts) + 1]
        codes.append(np.searchsorted(cuts, column))
    target = "class"
    while target in states:
        target += "_"
    states[target] = tuple(data.classes)
    return Cases(states, np.stack([*codes, y], 1))


def cuts_of(column: np.ndarray, parts: int) -> np.ndarray:
    """Where a column is cut: a value equal to a cut lies below it."""
    values = np.unique(column)
    if len(values) <= parts:
        return (values[:-1] + values[1:]) / 2
    cuts = np.unique(np.quantile(column, np.arange(1, parts) / parts))
    cuts = cuts[cuts < values[-1]]
    return cuts if len(cuts) else values[-2:-1]


def networks(cases: Cases, learn: np.ndarray) -> dict[str, BayesianNetwork]:
    """Four graphs, their tables fitted in the same way."""
    from gradus.inference import chow_liu, fit_parameters, hill_climbing

    columns, states = cases.columns(learn), dict(cases.states)
    graphs: dict[str, Any] = {
        "independent": {v: [] for v in states},
        "naive": {v: [] if v == cases.target else [cases.target] for v in states},
        "tree": chow_liu(columns, states=states, root=cases.target).graph,
        "learned": hill_climbing(columns, states=states, tabu=SETTINGS["tabu"]).graph,
    }
    return {
        k: fit_parameters(g, columns, states=states, equivalent_size=SETTINGS["equivalent_size"]).network
        for k, g in graphs.items()
    }


def judged(network: BayesianNetwork, cases: Cases, held: np.ndarray) -> dict[str, Any]:
    """The held-out cases under a network: ln of each one's probability; and its class told from the rest."""
    from gradus.inference import infer

    true = cases.codes[held, -1]
    told = infer(network, cases.listed(held, [cases.target]))[cases.target]
    given = told[np.arange(len(held)), true]
    return {
        "each": np.asarray(infer(network, cases.listed(held)).log_evidence),
        "right": float((told.argmax(1) == true).mean()),
        "surprise": float(-np.log(given).mean()),
        "numbers": sum(int(np.prod(t.probabilities.shape[:-1])) * (t.probabilities.shape[-1] - 1) for t in network.tables.values()),
    }  # fmt: skip
