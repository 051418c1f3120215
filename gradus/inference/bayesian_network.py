"""Bayesian networks: a directed acyclic graph, and a table of conditional probabilities at each variable."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from gradus.arguments import refusal, whole
from gradus.inference.directed_graph import GraphQuestions, refuse_cycles
from gradus.inference.names import variable_name
from gradus.inference.network import Network
from gradus.inference.network_tables import Factor, Table, checked_states, checked_table, held
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.inference.monte_carlo.network_sample import NetworkSample

__all__ = ["ROUNDING", "BayesianNetwork"]

#: Rows of probabilities that miss 1 by no more are divided by their sum; the network's `notes` say so if it was not `SILENT`.
ROUNDING = 1e-3
EXACT = 1e-12  # sums of doubles miss 1 by less, and stay as they are
SILENT = 1e-6  # what six printed decimals lose is not worth a note


class BayesianNetwork(GraphQuestions, Network):
    r"""A Bayesian network: a directed acyclic graph, and a table of P(child | parents) at each variable.

    .. math:: P(x)=\prod_iP(x_i\mid x_{\mathrm{pa}(i)})

    Args:
        states: the names of each variable's states.
        tables: by variable, its probabilities (a root), or a pair of its parents' names and the array of P(child | parents),
            an axis a parent in that order and the child's last.
        name: of the network.

    Raises:
        GradusError: a variable without a table, names that are none, a cycle (named), a table of another shape, negative, or
            one whose rows miss 1 by more than 10⁻³; rows that miss it by less are divided by their sum (from 10⁻⁶ on the `notes`
            say so).

    Source: Pearl 1988; Koller and Friedman 2009, chapter 3.

    Example:
        >>> net = BayesianNetwork(
        ...     {"rain": ["yes", "no"], "wet": ["yes", "no"]},
        ...     {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.1, 0.9]])},
        ... )
        >>> net.tables["wet"].parents, round(float(net.joint().sum()), 12)
        (('rain',), 1.0)
    """

    def __init__(
        self, states: Mapping[str, Sequence[str]], tables: Mapping[str, Any], name: str = ""
    ) -> None:
        states = checked_states(states)
        if not isinstance(tables, Mapping):
            expected = ("a table by variable", "按变量给出的表")
            raise refusal("tables", expected, tables, kind=True)
        for given in tables:
            variable_name("tables", given, states)
        made: dict[str, Table] = {}
        mended: list[str] = []
        for variable in states:
            if variable not in tables:
                missing = Text(f"none of {variable}", f"缺少 {variable} 的表")
                raise refusal("tables", ("a table of every variable", "每个变量的表"), missing)
            made[variable] = self._checked(variable, tables[variable], states, mended)
        self.tables = made
        factors = [Factor((*table.parents, v), table.probabilities) for v, table in made.items()]
        super().__init__(states, factors, name)
        refuse_cycles("tables", self.graph)
        if mended:
            several = ", ".join(mended[:5]) + (", …" if len(mended) > 5 else "")
            self.notes = (
                Text(
                    f"rows that missed 1 by rounding were divided by their sums: {several}",
                    f"因舍入而和不为 1 的行已除以其和：{several}",
                ),
            )

    @staticmethod
    def _checked(variable: str, given: Any, states: Mapping[str, Sequence[str]], mended: list[str]) -> Table:
        name = f"tables[{variable!r}]"
        parents: tuple[str, ...] = ()
        if isinstance(given, Table) or (
            isinstance(given, (tuple, list)) and len(given) == 2 and isinstance(given[0], (str, tuple, list))
            and (isinstance(given[0], str) or all(isinstance(p, str) for p in given[0]))
        ):  # fmt: skip
            named, given = given
            parents = (named,) if isinstance(named, str) else tuple(named)
        for parent in parents:
            variable_name(name, parent, states)
        if len({*parents, variable}) <= len(parents):
            raise refusal(
                name, ("parents that are different", "互不相同的父变量"), Text(str(parents), str(parents))
            )
        table = checked_table(name, given, (*parents, variable), states)
        total = table.sum(-1, keepdims=True)
        off = np.abs(total - 1)
        worst = float(off.max())
        if not worst <= ROUNDING:
            row = tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape)[:-1])
            at = ", ".join(f"{p}={states[p][i]}" for p, i in zip(parents, row, strict=True))
            where = (f" at {at}", f"，在 {at} 处") if at else ("", "")
            came = Text(
                f"{float(total[(*row, 0)]):.6g}{where[0]}", f"{float(total[(*row, 0)]):.6g}{where[1]}"
            )
            raise refusal(name, ("rows that sum to 1", "和为 1 的行"), came)
        if worst > SILENT:
            mended.append(f"{variable} ({worst:.1e})")
        return Table(parents, held(table / total) if worst > EXACT else table)

    @functools.cached_property
    def graph(self) -> nx.DiGraph:
        """The directed graph, an edge from each parent to its child."""
        graph = nx.DiGraph()
        graph.add_nodes_from(self.states)
        graph.add_edges_from((parent, v) for v, table in self.tables.items() for parent in table.parents)
        return graph

    def do(self, intervention: Mapping[Any, Any]) -> BayesianNetwork:
        """The network after an intervention: the variables set lose their parents and have their state for certain.

        Raises:
            GradusError: a name that is none of a variable or state.

        Source: Pearl 2009, chapter 3.

        Example:
            >>> states = {"season": ["dry", "wet"], "rain": ["no", "yes"]}
            >>> net = BayesianNetwork(states, {"season": [0.5, 0.5], "rain": (["season"], [[0.9, 0.1], [0.3, 0.7]])})
            >>> net.do({"rain": "yes"}).tables["rain"]
            Table(parents=(), probabilities=array([0., 1.]))
        """
        made: dict[str, Any] = dict(self.tables)
        for variable, place in self.index(intervention, "intervention").items():
            made[variable] = np.eye(len(self.states[variable]))[place]
        return BayesianNetwork(self.states, made, self.name)

    def sample(self, draws: int, *, seed: int = 0) -> NetworkSample:
        r"""Independent draws from the joint: each variable given its parents, which were drawn before it.

        .. math:: x_i\sim P(x_i\mid x_{\mathrm{pa}(i)})\quad\text{in an order in which parents come first}

        Args:
            draws: how many.
            seed: of the random numbers.

        Raises:
            GradusError: a number that is none.

        Cost: O(draws) a variable; given evidence draw by `likelihood_weighting`, `rejection_sampling` or `gibbs`.

        Source: Henrion 1988.

        Example:
            >>> tables = {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.2, 0.8]])}
            >>> net = BayesianNetwork({"rain": ["yes", "no"], "wet": ["yes", "no"]}, tables)
            >>> net.sample(1000, seed=1).posterior["wet"].round(1).tolist()
            [0.3, 0.7]
        """
        from gradus.inference.monte_carlo.ancestral import weighted
        from gradus.inference.monte_carlo.network_sample import NetworkSample

        count = whole("draws", draws, least=1)
        rng = np.random.default_rng(whole("seed", seed, least=0))
        codes, logs = weighted(self, count, lambda _: rng.random(count), {})
        return NetworkSample(
            self.states, dict(zip(self.variables, codes, strict=True)), logs, 0.0, 0.0, count
        )
