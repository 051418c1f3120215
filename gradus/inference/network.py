"""Bayesian and Markov networks: named variables with named states, and tables as arrays."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import networkx as nx
import numpy as np

from gradus.arguments import array, refusal
from gradus.errors import GradusError
from gradus.inference.names import state_index, unknown, variable_name
from gradus.text import Text

__all__ = ["BayesianNetwork", "Factor", "MarkovNetwork", "Network", "Table"]

#: Rows of probabilities that miss 1 by no more are divided by their sum, and the network's `notes` say so.
ROUNDING = 1e-3
EXACT = 1e-12  # sums of doubles miss 1 by less, and stay as they are
SILENT = 1e-6  # what six printed decimals lose is not worth a note
MOST_AXES = 32  # that an array of NumPy 1 has
Array = np.ndarray[Any, np.dtype[np.float64]]


class Factor(NamedTuple):
    """A non-negative function of a few variables.

    Attributes:
        variables: their names.
        table: its values, one axis a variable in that order.

    Example:
        >>> Factor(("rain", "wet"), np.ones((2, 2))).table.shape
        (2, 2)
    """

    variables: tuple[str, ...]
    table: Array


class Table(NamedTuple):
    """P(child | parents).

    Attributes:
        parents: names, () for a root.
        probabilities: one axis a parent in that order, the child's last; sums to 1 over the last axis.

    Example:
        >>> Table(("rain",), np.array([[0.9, 0.1], [0.2, 0.8]])).parents
        ('rain',)
    """

    parents: tuple[str, ...]
    probabilities: Array


class Network:
    """What Bayesian and Markov networks share: variables with their states, and factors whose product is the joint up to Z.

    Attributes:
        states: the names of each variable's states, in the order of its axis.
        factors: the factors.
        name: of the network.
        notes: what was mended when it was made or read.
    """

    def __init__(self, states: Mapping[str, Sequence[str]], factors: Iterable[Factor], name: str = "") -> None:
        self.states: dict[str, tuple[str, ...]] = checked_states(states)
        self.factors: tuple[Factor, ...] = tuple(factors)
        self.name = name
        self.notes: tuple[Text, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        return tuple(self.states)

    def size(self, variable: str) -> int:
        """How many states a variable has."""
        return len(self.states[variable_name("variable", variable, self.states)])

    @functools.cached_property
    def interaction_graph(self) -> nx.Graph:
        """The undirected graph in which the variables of each factor are joined: of a Bayesian network, its moral graph."""
        graph = nx.Graph()
        graph.add_nodes_from(self.states)
        for factor in self.factors:
            scope = factor.variables
            graph.add_edges_from((a, b) for i, a in enumerate(scope) for b in scope[i + 1 :])
        return graph

    def index(self, evidence: Mapping[Any, Any]) -> dict[str, int]:
        """Findings as places of states.

        Raises:
            GradusError: a name that is none of a variable or of a state; the nearest one is said.

        Example:
            >>> net = MarkovNetwork({"a": ["no", "yes"]}, [("a", [1.0, 3.0])])
            >>> net.index({"a": "yes"})
            {'a': 1}
        """
        if not isinstance(evidence, Mapping):
            expected = ("findings by name, such as {'rain': 'yes'}", "以名称给出的证据，例如 {'rain': 'yes'}")
            raise refusal("evidence", expected, evidence, kind=True)
        found = {}
        for given, state in evidence.items():
            variable = variable_name("evidence", given, self.states)
            found[variable] = state_index("evidence", variable, state, self.states[variable])
        return found

    def given(self, evidence: Mapping[Any, Any]) -> MarkovNetwork:
        """The network of the variables that are left when some are known: each factor at their states.

        Its Z is that of this network with the evidence put in; a factor of known variables only becomes a number.

        Raises:
            GradusError: a name that is none.

        Example:
            >>> net = MarkovNetwork({"a": ["0", "1"], "b": ["0", "1"]}, [(("a", "b"), [[1.0, 2.0], [3.0, 4.0]])])
            >>> net.given({"b": "1"}).factors[0].table.tolist()
            [2.0, 4.0]
        """
        known = self.index(evidence)
        states = {v: s for v, s in self.states.items() if v not in known}
        factors = []
        for variables, table in self.factors:
            place = tuple(known.get(v, slice(None)) for v in variables)
            factors.append(Factor(tuple(v for v in variables if v not in known), np.asarray(table[place])))
        return MarkovNetwork(states, factors, self.name)

    def joint(self) -> Array:
        """The product of all factors as one array, an axis a variable: for networks of a few variables.

        Raises:
            GradusError: it would hold more than 10⁷ numbers.

        Example:
            >>> BayesianNetwork({"coin": ["heads", "tails"]}, {"coin": [0.5, 0.5]}).joint().tolist()
            [0.5, 0.5]
        """
        shape = tuple(len(s) for s in self.states.values())
        if math.prod(shape) > 10**7 or len(shape) > MOST_AXES:
            many = ("a network of at most 10⁷ joint states", "联合状态不超过 10⁷ 个的网络")
            raise refusal("joint", many, Text(f"{math.prod(shape):.1e}", f"{math.prod(shape):.1e}"))
        axis = {v: i for i, v in enumerate(self.states)}
        product = np.ones(shape)
        for variables, table in self.factors:
            order = sorted(range(len(variables)), key=lambda i: axis[variables[i]])
            spread = [1] * len(shape)
            for v in variables:
                spread[axis[v]] = len(self.states[v])
            product = product * table.transpose(order).reshape(spread)
        return product


class MarkovNetwork(Network):
    r"""A Markov network: the product of non-negative factors, up to its partition function Z.

    .. math:: P(x)=\frac1Z\prod_c\psi_c(x_c),\qquad Z=\sum_x\prod_c\psi_c(x_c)

    Args:
        states: the names of each variable's states.
        factors: pairs of the names of the variables (one name, or several) and the table, an axis a variable.
        name: of the network.

    Raises:
        GradusError: names that are none or come twice, a table of another shape, negative or not finite.

    Source: Koller and Friedman 2009, chapter 4.

    Example:
        >>> net = MarkovNetwork({"a": ["0", "1"], "b": ["0", "1"]}, [(("a", "b"), [[2.0, 1.0], [1.0, 2.0]])])
        >>> float(net.joint().sum())
        6.0
    """

    def __init__(
        self, states: Mapping[str, Sequence[str]], factors: Iterable[tuple[Any, Any]], name: str = ""
    ) -> None:
        states = checked_states(states)
        if isinstance(factors, (str, Mapping)) or not isinstance(factors, Iterable):
            expected = ("pairs of the variables' names and a table", "由变量名与表组成的对")
            raise refusal("factors", expected, factors, kind=True)
        super().__init__(states, [checked_factor(i, pair, states) for i, pair in enumerate(factors)], name)


class BayesianNetwork(Network):
    r"""A Bayesian network: a directed acyclic graph, and a table of P(child | parents) at each variable.

    .. math:: P(x)=\prod_iP(x_i\mid x_{\mathrm{pa}(i)})

    Args:
        states: the names of each variable's states.
        tables: by variable, its probabilities (a root), or a pair of its parents' names and the array of P(child | parents),
            an axis a parent in that order and the child's last.
        name: of the network.

    Raises:
        GradusError: a variable without a table, names that are none, a cycle (named), a table of another shape, negative, or
            one whose rows miss 1 by more than 10⁻³; rows that miss it by less are divided by their sum.

    Source: Pearl 1988; Koller and Friedman 2009, chapter 3.

    Example:
        >>> net = BayesianNetwork(
        ...     {"rain": ["yes", "no"], "wet": ["yes", "no"]},
        ...     {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.1, 0.9]])},
        ... )
        >>> net.tables["wet"].parents, round(float(net.joint().sum()), 12)
        (('rain',), 1.0)
    """

    def __init__(self, states: Mapping[str, Sequence[str]], tables: Mapping[str, Any], name: str = "") -> None:
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
        self._refuse_cycles()
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
            raise refusal(name, ("parents that are different", "互不相同的父变量"), Text(str(parents), str(parents)))
        table = checked_table(name, given, (*parents, variable), states)
        total = table.sum(-1, keepdims=True)
        off = np.abs(total - 1)
        worst = float(off.max())
        if not worst <= ROUNDING:
            row = tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape)[:-1])
            at = ", ".join(f"{p}={states[p][i]}" for p, i in zip(parents, row, strict=True))
            where = (f" at {at}", f"，在 {at} 处") if at else ("", "")
            came = Text(f"{float(total[(*row, 0)]):.6g}{where[0]}", f"{float(total[(*row, 0)]):.6g}{where[1]}")
            raise refusal(name, ("rows that sum to 1", "和为 1 的行"), came)
        if worst > SILENT:
            mended.append(f"{variable} ({worst:.1e})")
        return Table(parents, table / total if worst > EXACT else table)

    def _refuse_cycles(self) -> None:
        try:
            cycle = nx.find_cycle(self.graph)
        except nx.NetworkXNoCycle:
            return
        around = " → ".join([*(edge[0] for edge in cycle), cycle[0][0]])
        raise refusal("tables", ("parents without a cycle", "无环的父子关系"), Text(around, around))

    @functools.cached_property
    def graph(self) -> nx.DiGraph:
        """The directed graph, an edge from each parent to its child."""
        graph = nx.DiGraph()
        graph.add_nodes_from(self.states)
        graph.add_edges_from((parent, v) for v, table in self.tables.items() for parent in table.parents)
        return graph

    def d_separated(self, x: Any, y: Any, given: Any = ()) -> bool:
        """Whether the graph alone makes X and Y independent, given Z: every path between them is blocked.

        Args:
            x: the name of a variable, or several.
            y: others.
            given: those that are known.

        Raises:
            GradusError: a name that is none, or a variable in two of the three sets.

        Cost: O(variables + edges).

        Source: Geiger, Verma and Pearl 1990.

        Example:
            >>> states = {v: ["0", "1"] for v in "abc"}
            >>> net = BayesianNetwork(states, {"a": [0.5, 0.5], "b": [0.5, 0.5], "c": (["a", "b"], [[[0.9, 0.1]] * 2] * 2)})
            >>> net.d_separated("a", "b"), net.d_separated("a", "b", given="c")
            (True, False)
        """
        sets = [self._several(name, value) for name, value in (("x", x), ("y", y), ("given", given))]
        for (one, first), (other, second) in ((("x", sets[0]), ("y", sets[1])), (("x", sets[0]), ("given", sets[2])),
                                              (("y", sets[1]), ("given", sets[2]))):  # fmt: skip
            if both := first & second:
                names = ", ".join(sorted(both))
                raise refusal(other, (f"variables that are not in {one}", f"不在 {one} 中的变量"), Text(names, names))
        return bool(nx.is_d_separator(self.graph, *sets))

    def _several(self, name: str, given: Any) -> set[str]:
        names = (given,) if isinstance(given, (str, int)) else given
        if not isinstance(names, Iterable):
            raise refusal(name, ("the name of a variable, or several", "一个或几个变量的名称"), given, kind=True)
        return {variable_name(name, one, self.states) for one in names}

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
        for variable, place in self.index(intervention).items():
            made[variable] = np.eye(len(self.states[variable]))[place]
        return BayesianNetwork(self.states, made, self.name)


def checked_states(states: Any) -> dict[str, tuple[str, ...]]:
    """The names of the states of each variable.

    Raises:
        GradusError: names that are no text, come twice, or none at all.
    """
    expected = ("the names of the states by variable, such as {'rain': ['yes', 'no']}",
                "按变量给出的状态名，例如 {'rain': ['yes', 'no']}")  # fmt: skip
    if not isinstance(states, Mapping):
        raise refusal("states", expected, states, kind=True)
    made = {}
    for variable, names in states.items():
        if not isinstance(variable, str) or not variable:
            raise refusal("states", ("variables named by text", "以文字命名的变量"), variable, kind=True)
        if isinstance(names, str) or not isinstance(names, Sequence) or not all(isinstance(n, str) for n in names):
            raise refusal(f"states[{variable!r}]", ("a list of names", "名称的列表"), names, kind=True)
        if not names:
            raise refusal(f"states[{variable!r}]", ("at least one state", "至少一个状态"), Text("none", "无"))
        if len(set(names)) < len(names):
            twice = next(n for n in names if list(names).count(n) > 1)
            raise refusal(f"states[{variable!r}]", ("different names", "互不相同的名称"), Text(f"{twice!r} twice", f"两个 {twice!r}"))
        made[variable] = tuple(names)
    return made


def checked_factor(i: int, pair: Any, states: Mapping[str, Sequence[str]]) -> Factor:
    """A factor from its variables' names and its table.

    Raises:
        GradusError: it is no such pair, or does not fit the states.
    """
    name = f"factors[{i}]"
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise refusal(name, ("a pair of names and a table", "名称与表组成的对"), pair, kind=True)
    named, table = pair
    variables = (named,) if isinstance(named, str) else tuple(named) if isinstance(named, (tuple, list)) else None
    if variables is None:
        raise refusal(name, ("the names of variables", "变量的名称"), named, kind=True)
    for variable in variables:
        if variable not in states:
            raise unknown(name, ("the name of a variable", "变量的名称"), variable, states)
    if len(set(variables)) < len(variables):
        raise refusal(name, ("variables that are different", "互不相同的变量"), Text(str(variables), str(variables)))
    return Factor(variables, checked_table(name, table, variables, states))


def checked_table(name: str, given: Any, variables: Sequence[str], states: Mapping[str, Sequence[str]]) -> Array:
    """A copy of a table of numbers that are 0 or more, an axis a variable.

    Raises:
        GradusError: it has another shape, or holds something else, and where.
    """
    table = np.array(array(name, given), dtype=float)
    shape = tuple(len(states[v]) for v in variables)
    if table.shape != shape:
        axes = ", ".join(variables)
        expected = (f"the shape {shape} of {axes}", f"形状 {shape}（{axes}）") if axes else ("a number", "一个数")
        raise refusal(name, expected, Text(str(table.shape), str(table.shape)))
    nonnegative(name, table)
    return table


def nonnegative(name: str, table: Array) -> None:
    """Refuses a negative entry.

    Raises:
        GradusError: there is one, and where.
    """
    if table.size and table.min() < 0:
        place = [int(i) for i in np.argwhere(table < 0)[0]]
        came = Text(f"{table[tuple(place)]} at {name}{place}", f"{name}{place} 处的 {table[tuple(place)]}")
        raise refusal(name, ("no negative number", "非负数"), came)
