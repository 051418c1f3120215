"""The tables of a Bayesian network from cases: by maximum likelihood, with a Dirichlet prior, and by EM where values are missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import networkx as nx
import numpy as np

from gradus.arguments import array, choice, number, refusal, whole
from gradus.errors import GradusError
from gradus.inference.bayesian_network import BayesianNetwork
from gradus.inference.compiled import MEMORY
from gradus.inference.directed_graph import DirectedAcyclicGraph
from gradus.inference.monte_carlo.network_sample import NetworkSample
from gradus.inference.names import variable_name
from gradus.inference.network_tables import Table, checked_states, nonnegative
from gradus.inference.parameters.families import ExpectedCounts, Families, counted
from gradus.inference.parameters.observed import columns_of, observed, states_of
from gradus.inference.passes import logarithm
from gradus.text import Text

__all__ = ["ParameterFit", "fit_parameters"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Unseen = Literal["uniform", "refuse"]
LISTED = 3  # rows without a case that a note names


class ParameterFit(NamedTuple):
    """A network with its tables, and how they were found.

    Attributes:
        network: the network; its `notes` say which rows no case tells of.
        log_likelihood: ln of the probability that it gives to the cases, missing values summed out.
        history: what EM climbs, before each step and after the last: the log-likelihood, plus, with pseudo-counts α, Σ α ln θ.
        counts: by variable how often each state came with each state of its parents, expected where values are missing.
        settled: whether the last step gained less than the tolerance; always so where nothing is missing and no start is given.

    Example:
        >>> fit_parameters({"coin": []}, {"coin": ["heads", "tails", "heads"]}).counts["coin"].tolist()
        [2.0, 1.0]
    """

    network: BayesianNetwork
    log_likelihood: float
    history: Array
    counts: dict[str, Array]
    settled: bool

    def __repr__(self) -> str:
        how = "settled" if self.settled else "not settled"
        steps = f"{len(self.history) - 1} steps, {how}" if len(self.history) > 1 else "closed form"
        return f"ParameterFit({len(self.counts)} variables, ln likelihood {self.log_likelihood:.6g}, {steps})"


def fit_parameters(
    structure: Any,
    data: Any,
    *,
    states: Mapping[str, Any] | None = None,
    pseudo_counts: Any = 0.0,
    equivalent_size: float | None = None,
    unseen: Unseen = "uniform",
    missing: Iterable[Any] = (),
    start: BayesianNetwork | None = None,
    steps: int = 1000,
    tolerance: float = 1e-8,
    seed: int = 0,
    memory: float = MEMORY,
) -> ParameterFit:
    r"""Fits the tables of a network to cases; the structure stays.

    .. math:: \theta_{ijk}=\frac{N_{ijk}+\alpha_{ijk}}{\sum_l(N_{ijl}+\alpha_{ijl})},\qquad
        N_{ijk}=\sum_{\text{cases}}P(x_i=k,x_{\mathrm{pa}(i)}=j\mid\text{case},\theta)

    where nothing is missing N is counted and this is the maximum of the likelihood (α = 0) or the posterior mean under the Dirichlet prior α.
    Where values are missing the two are repeated (EM), which never lowers the history; from tables without zeros it leads,
    as a rule, to a stationary point, which need not be the highest. What is missing is supposed to be missing at random: given what was seen,
    whether a value is missing does not depend on it.

    Args:
        structure: a `BayesianNetwork` (its states hold, its tables do not count), a `DirectedAcyclicGraph`, or the parents by variable.
        data: columns of names of states by variable, a data frame, a list of cases by name, or `network.sample(…)`. None and NaN are missing;
            a variable without a column is hidden.
        states: names of the states by variable, where the structure has none; those that occur if left out.
        pseudo_counts: α of every entry, or by variable a number or a table of them; 1 is Laplace's rule.
        equivalent_size: in its place, so many cases shared out evenly among the entries of each table (BDeu).
        unseen: rows of a table of which no case tells, with α = 0: "uniform", which the notes of the network say, or "refuse".
        missing: values that stand for nothing known, such as "?".
        start: a network whose tables EM starts at; else those of the cases that know each family, a case more for each entry, and at random for a
            family that no case knows.
        steps: of EM, at most.
        tolerance: EM ends with a step that gains less for each case; 0 makes all steps.
        seed: of the random start.
        memory: bytes that exact inference may take.

    Returns:
        The `ParameterFit`.

    Raises:
        GradusError: data that do not go with the structure, a state that is none (variable and case are said), rows without a case if these
            are refused, a start that excludes a case, tables that do not fit into memory.

    Cost: O(cases) a variable; with missing values, each step one exact inference of all distinct cases as one batch.

    Source: Spiegelhalter and Lauritzen 1990; Lauritzen 1995; Dempster, Laird and Rubin 1977.

    Example:
        >>> cases = {"rain": ["yes", "yes", "no", "no"], "wet": ["yes", "no", "no", None]}
        >>> fit = fit_parameters({"rain": [], "wet": ["rain"]}, cases)
        >>> fit.network.tables["wet"].probabilities.round(3).tolist()
        [[1.0, 0.0], [0.5, 0.5]]
    """
    absent = _values("missing", missing)
    families, codes = _put_together(structure, data, states, absent)
    alpha = _prior(families, pseudo_counts, equivalent_size)
    choice("unseen", unseen, ("uniform", "refuse"))
    steps, tolerance = whole("steps", steps, least=0), number("tolerance", tolerance, least=0)
    rng = np.random.default_rng(whole("seed", seed, least=0))
    tables = _started(families, codes, rng) if start is None else _own_start(families, start)
    expected = ExpectedCounts(families, codes, _network(families, tables), number("memory", memory, above=0))
    history: list[float] = []
    settled = not expected.missing and start is None
    if settled:
        tables = _maximized(expected.counts, alpha)
    while True:
        counts, log = expected(tables)
        if log == -math.inf:
            raise _excluded(families, expected)
        history.append(log + _log_prior(tables, alpha))
        if len(history) > 1 and tolerance and history[-1] - history[-2] < tolerance * len(codes):
            settled = True
        if settled or len(history) > steps:
            break
        tables = _maximized(counts, alpha)
    network = _network(families, tables)
    empty = _unseen(families, counts, alpha)
    if empty and unseen == "refuse":
        expected_rows = ("cases of every row of the tables", "各表的每一行都有案例")
        mend = ("give pseudo_counts=1 or unseen='uniform'", "请给出 pseudo_counts=1 或 unseen='uniform'")
        raise refusal("data", expected_rows, _named(empty), mend)
    if empty:
        said = _named(empty)
        network.notes = (
            *network.notes,
            Text(f"rows of which no case tells are uniform: {said.en}", f"没有案例的行取均匀分布：{said.zh}"),
        )
    return ParameterFit(network, log, np.array(history), counts, settled)


def _values(name: str, given: Any) -> frozenset[Any]:
    """One value that is text, or several."""
    several = given if isinstance(given, (list, tuple, set, frozenset)) else [given]
    plain = all(value is None or isinstance(value, (str, int, float, np.generic)) for value in several)
    if not plain or (several is not given and not isinstance(given, str)):
        raise refusal(name, ("a text, or a list of values, such as ['?', -1]", "一段文字或取值的列表，例如 ['?', -1]"), given, kind=True)  # fmt: skip
    return frozenset(several)


def _put_together(structure: Any, data: Any, states: Any, missing: frozenset[Any]) -> tuple[Families, Any]:
    columns = columns_of(data)
    if isinstance(structure, BayesianNetwork):
        if states is not None:
            alone = (
                "no states beside a BayesianNetwork, which has its own",
                "BayesianNetwork 已有状态，不另给",
            )
            raise refusal("states", alone, states, kind=True)
        families = Families(structure.states, {v: t.parents for v, t in structure.tables.items()})
        if isinstance(data, NetworkSample) and data.states == families.states and not missing:
            return families, np.stack([data[v] for v in families.states], 1)
        return families, observed(columns, families.states, missing)
    if not isinstance(structure, (DirectedAcyclicGraph, Mapping, nx.DiGraph)):
        kinds = ("a BayesianNetwork, a DirectedAcyclicGraph, or the parents by variable", "BayesianNetwork、DirectedAcyclicGraph，或按变量给出的父变量")  # fmt: skip
        raise refusal("structure", kinds, structure, kind=True)
    graph = structure if isinstance(structure, DirectedAcyclicGraph) else DirectedAcyclicGraph(structure)
    given = {} if states is None else checked_states(states)
    named = {v: columns[v] for v in columns if v not in given}
    found = {v: tuple(names) for v, names in states_of(named, missing).items()} | given
    order = graph.topological_order
    if hidden := [v for v in order if v not in found]:
        several = ", ".join(hidden)
        needed = ("states= for a variable without a column", "为没有数据列的变量给出 states=")
        raise refusal("states", needed, Text(f"none of {several}", f"缺少 {several}"))
    families = Families({v: found[v] for v in order}, {v: graph.parents(v) for v in order})
    return families, observed(columns, families.states, missing)


def _prior(families: Families, pseudo_counts: Any, equivalent_size: float | None) -> dict[str, Array]:
    if isinstance(pseudo_counts, Mapping):
        for given in pseudo_counts:
            variable_name("pseudo_counts", given, families.states)
        found = {}
        for v, shape in families.shapes.items():
            name = f"pseudo_counts[{v!r}]"
            each = array(name, pseudo_counts.get(v, 0.0), finite=True)
            if each.shape not in ((), shape):
                fits = (f"a number, or a table of the shape {shape}", f"一个数，或形状为 {shape} 的表")
                raise refusal(name, fits, Text(str(each.shape), str(each.shape)))
            nonnegative(name, each)
            found[v] = np.broadcast_to(each, shape)
    else:
        one = number("pseudo_counts", pseudo_counts, least=0)
        found = {v: np.full(shape, one) for v, shape in families.shapes.items()}
    if equivalent_size is None:
        return found
    size = number("equivalent_size", equivalent_size, above=0)
    if any(each.any() for each in found.values()):
        alone = ("pseudo_counts or equivalent_size, not both", "pseudo_counts 与 equivalent_size 只给一个")
        raise refusal("equivalent_size", alone, equivalent_size)
    return {v: np.full(shape, size / math.prod(shape)) for v, shape in families.shapes.items()}


def _maximized(counts: Mapping[str, Array], alpha: Mapping[str, Array]) -> dict[str, Array]:
    tables = {}
    for v, count in counts.items():
        mass = count + alpha[v]
        total = mass.sum(-1, keepdims=True)
        tables[v] = np.where(total > 0, mass / np.where(total > 0, total, 1.0), 1 / mass.shape[-1])
    return tables


def _log_prior(tables: Mapping[str, Array], alpha: Mapping[str, Array]) -> float:
    total = 0.0
    for v, table in tables.items():
        some = alpha[v] > 0
        total += float(alpha[v][some] @ logarithm(table[some]))
    return total


def _started(families: Families, codes: Any, rng: np.random.Generator) -> dict[str, Array]:
    tables = {}
    for v, count in counted(families, codes, np.ones(len(codes))).items():
        if count.any():
            mass = count + 1
            tables[v] = mass / mass.sum(-1, keepdims=True)
        else:
            shape = families.shapes[v]
            tables[v] = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    return tables


def _own_start(families: Families, start: Any) -> dict[str, Array]:
    if not isinstance(start, BayesianNetwork):
        raise refusal("start", ("a Bayesian network", "贝叶斯网络"), start, kind=True)
    tables = {}
    for v, parents in families.parents.items():
        if start.states.get(v) != families.states[v] or start.tables[v].parents != parents:
            same = (
                f"a network with the states and parents of the structure, for {v} as well",
                f"状态与父变量都与结构相同的网络，变量 {v} 也如此",
            )
            raise refusal("start", same, Text(f"another {v}", f"{v} 不同"))
        tables[v] = np.array(start.tables[v].probabilities)
    return tables


def _network(families: Families, tables: Mapping[str, Array]) -> BayesianNetwork:
    return BayesianNetwork(families.states, {v: Table(families.parents[v], t) for v, t in tables.items()})


def _unseen(
    families: Families, counts: Mapping[str, Array], alpha: Mapping[str, Array]
) -> list[tuple[str, str]]:
    """The rows without a case, and without pseudo-counts: variable and the parents' states."""
    found = []
    for v, count in counts.items():
        for row in np.argwhere((count + alpha[v]).sum(-1) == 0):
            at = ", ".join(
                f"{p}={families.states[p][i]}" for p, i in zip(families.parents[v], row, strict=True)
            )
            found.append((v, at))
    return found


def _named(rows: list[tuple[str, str]]) -> Text:
    some = "; ".join(f"{v} given {at}" if at else v for v, at in rows[:LISTED])
    zh = "；".join(f"{v}（{at}）" if at else v for v, at in rows[:LISTED])
    more, more_zh = (
        (f" and {len(rows) - LISTED} more", f" 等 {len(rows)} 行") if len(rows) > LISTED else ("", "")
    )
    return Text(f"none for {some}{more}", f"{zh}{more_zh} 没有案例")


def _excluded(families: Families, expected: ExpectedCounts) -> GradusError:
    row = expected.excluded
    known = ", ".join(
        f"{v}={names[p]}"
        for (v, names), p in zip(families.states.items(), row if row is not None else [], strict=False)
        if p >= 0
    )
    return GradusError(
        Text(
            f"start: expected tables that allow every case, got probability 0 for {known}; EM never raises an entry from 0",
            f"start：各案例在起始表下都应可能，实得 {known} 的概率为 0；EM 不会使为 0 的项变大",
        )
    )
