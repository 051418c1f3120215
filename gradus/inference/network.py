"""What all networks share, and Markov networks: named variables with named states, and factors as arrays."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np

from gradus.arguments import refusal
from gradus.inference.names import state_index, variable_name
from gradus.inference.network_tables import Factor, checked_factor, checked_states
from gradus.text import Text

__all__ = ["MarkovNetwork", "Network"]

PLAN = "_plan"  # under which a network keeps the plan of its last question
FACTOR_GRAPH = "_factor_graph"  # and its factor graph
MOST_AXES = 64 if int(np.__version__.split(".")[0]) > 1 else 32  # that an array can have
Array = np.ndarray[Any, np.dtype[np.float64]]


class Network:
    """What Bayesian and Markov networks share: variables with their states, and factors whose product is the joint up to Z.

    Attributes:
        states: the names of each variable's states, in the order of its axis.
        factors: the factors.
        name: of the network.
        notes: what was mended when it was made or read.

    Example:
        >>> isinstance(MarkovNetwork({"coin": ["heads", "tails"]}, []), Network)
        True
    """

    def __init__(
        self, states: Mapping[str, Sequence[str]], factors: Iterable[Factor], name: str = ""
    ) -> None:
        if not isinstance(name, str):
            raise refusal("name", ("a text", "文字"), name, kind=True)
        self.states: dict[str, tuple[str, ...]] = checked_states(states)
        self.factors: tuple[Factor, ...] = tuple(factors)
        self.name = name
        self.notes: tuple[Text, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: all but the plan and the factor graph, which are of this very network."""
        return {name: value for name, value in self.__dict__.items() if name not in (PLAN, FACTOR_GRAPH)}

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

    def index(self, evidence: Mapping[Any, Any], name: str = "evidence") -> dict[str, int]:
        """Findings as places of states.

        Args:
            evidence: states by the names of variables.
            name: of the argument that they came as.

        Raises:
            GradusError: a name that is none of a variable or of a state; the nearest one is said.

        Example:
            >>> net = MarkovNetwork({"a": ["no", "yes"]}, [("a", [1.0, 3.0])])
            >>> net.index({"a": "yes"})
            {'a': 1}
        """
        if not isinstance(evidence, Mapping):
            expected = ("findings by name, such as {'rain': 'yes'}", "以名称给出的证据，例如 {'rain': 'yes'}")
            raise refusal(name, expected, evidence, kind=True)
        found: dict[str, int] = {}
        for given, state in evidence.items():
            variable = variable_name(name, given, self.states)
            place = state_index(name, variable, state, self.states[variable])
            if found.setdefault(variable, place) != place:  # as "7" and as 7
                raise refusal(
                    name, (f"one state of {variable}", f"变量 {variable} 的一个状态"), Text("two", "两个")
                )
        return found

    def markov_blanket(self, variable: Any) -> tuple[str, ...]:
        """The variables that share a factor with one: given them, it is independent of all others.

        Of a Bayesian network these are its parents, its children, and their other parents.

        Raises:
            GradusError: there is none of that name.

        Example:
            >>> pair = [[1.0, 2.0], [2.0, 1.0]]
            >>> net = MarkovNetwork({v: ["0", "1"] for v in "abc"}, [(("a", "b"), pair), (("b", "c"), pair)])
            >>> net.markov_blanket("a")
            ('b',)
        """
        near = self.interaction_graph[variable_name("variable", variable, self.states)]
        return tuple(v for v in self.states if v in near)

    def conditional(self, variable: Any, given: Mapping[Any, Any]) -> Array:
        r"""The probabilities of a variable's states given its Markov blanket, from the factors that hold it alone.

        .. math:: P(x_i\mid x_{\text{rest}})=\frac{\prod_{c\ni i}\psi_c(x_c)}{\sum_{x_i}\prod_{c\ni i}\psi_c(x_c)}

        Args:
            variable: its name.
            given: the states of its Markov blanket at least, by name; of the variable itself and of others they do not matter.

        Raises:
            GradusError: a name that is none, one of the blanket that is missing, or states that exclude all of the variable's.

        Cost: a few operations a factor that holds it.

        Source: Koller and Friedman 2009, §4.3.

        Example:
            >>> pair = [[1.0, 3.0], [3.0, 1.0]]
            >>> net = MarkovNetwork({v: ["0", "1"] for v in "abc"}, [(("a", "b"), pair), (("b", "c"), pair)])
            >>> net.conditional("a", {"b": "0"}).tolist()
            [0.25, 0.75]
        """
        variable = variable_name("variable", variable, self.states)
        known = self.index(given, "given")
        known.pop(variable, None)
        if missing := [v for v in self.markov_blanket(variable) if v not in known]:
            several = ", ".join(missing)
            whole = (
                f"the states of {variable}'s whole Markov blanket",
                f"变量 {variable} 的整个马尔可夫毯的状态",
            )
            raise refusal("given", whole, Text(f"none of {several}", f"缺少 {several}"))
        logs = np.zeros(len(self.states[variable]))
        with np.errstate(divide="ignore"):
            for variables, table in self.factors:
                if variable in variables:
                    logs = logs + np.log(table[tuple(known.get(v, slice(None)) for v in variables)])
        if np.isneginf(logs).all():
            possible = (
                f"states with which {variable} has one that is possible",
                f"使 {variable} 有可能状态的取值",
            )
            raise refusal("given", possible, Text("some that exclude all of them", "排除其全部状态的取值"))
        weights = np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum())

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
            >>> MarkovNetwork({"coin": ["heads", "tails"]}, [("coin", [1.0, 3.0])]).joint().tolist()
            [1.0, 3.0]
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
