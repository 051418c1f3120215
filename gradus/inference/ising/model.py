"""The Ising model of any graph: couplings between spins, fields, and what they weigh."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from gradus.arguments import array, choice, flag, number, refusal, whole
from gradus.inference.ising.enumeration import MOST, IsingMoments, moments_of, sweep_distribution
from gradus.inference.ising.rules import SINGLE_SPIN, Rule
from gradus.inference.network import MarkovNetwork
from gradus.text import Text

__all__ = ["IsingModel"]

Array = np.ndarray[Any, np.dtype[np.float64]]
STATES = ("-1", "+1")


class IsingModel:
    r"""An Ising model: spins of −1 and +1, coupled in pairs, each in a field.

    .. math:: E(s)=-\sum_{i<j}J_{ij}s_is_j-\sum_ih_is_i,\qquad P(s)=\frac1Ze^{-\beta E(s)}

    Args:
        couplings: J, a symmetric matrix with zeros on the diagonal (n n), or a graph of networkx whose edges may carry a
            `coupling` (1 where they do not); edges between the same two nodes add up.
        fields: h, a number for all or one a spin (n).

    Attributes:
        couplings: J (n n).
        fields: h (n).
        names: of the spins: the graph's nodes, or their numbers.

    Raises:
        GradusError: a matrix that is not symmetric, a spin coupled with itself, numbers that are not finite, no spins.

    Source: Ising 1925.

    Example:
        >>> IsingModel([[0.0, 1.0], [1.0, 0.0]]).energy([1, -1]).item()
        1.0
    """

    def __init__(self, couplings: Any, fields: Any = 0.0) -> None:
        self.names: tuple[Hashable, ...]
        if isinstance(couplings, nx.Graph):
            self.names, self.couplings = tuple(couplings.nodes), _of_graph(couplings)
        else:
            self.couplings = array("couplings", couplings, "n n", finite=True).copy()
            self.names = tuple(range(len(self.couplings)))
            _require_symmetric(self.couplings)
        n = len(self.couplings)
        if n == 0:
            raise refusal("couplings", ("at least one spin", "至少一个自旋"), Text("none", "无"))
        fields = array("fields", fields, finite=True)
        if fields.shape not in ((), (n,)):
            shape = Text(f"shape {fields.shape}", f"形状 {fields.shape}")
            raise refusal("fields", (f"a number, or {n} of them", f"一个数，或 {n} 个数"), shape)
        self.fields = np.broadcast_to(fields, (n,)).copy()

    @classmethod
    def lattice(
        cls, rows: int, columns: int | None = None, *, coupling: float = 1.0, field: float = 0.0, periodic: bool = True
    ) -> IsingModel:  # fmt: skip
        """A square lattice, row after row; on a torus of two rows the two bonds between neighbours add up.

        Args:
            rows: how many.
            columns: how many; as many as rows unless given.
            coupling: of neighbours.
            field: of each spin.
            periodic: whether it closes to a torus.

        Raises:
            GradusError: a size below 1, on a torus below 2; what is neither True nor False.

        Example:
            >>> IsingModel.lattice(4).energy(np.ones(16)).item()
            -32.0
        """
        periodic, coupling = flag("periodic", periodic), number("coupling", coupling)
        if not math.isfinite(4 * coupling):  # on a torus of two rows bonds add up
            raise refusal("coupling", ("a number whose fourfold is finite", "四倍仍为有限值的数"), coupling)
        least = 2 if periodic else 1
        rows = whole("rows", rows, least=least)
        columns = rows if columns is None else whole("columns", columns, least=least)
        place = np.arange(rows * columns).reshape(rows, columns)
        couplings = np.zeros((place.size, place.size))
        for axis in (0, 1):
            ahead = np.roll(place, -1, axis)
            keep = slice(None) if periodic else slice(-1)
            here, there = (p.swapaxes(0, axis)[keep].ravel() for p in (place, ahead))
            np.add.at(couplings, (here, there), coupling)
        return cls(couplings + couplings.T, number("field", field))

    @property
    def size(self) -> int:
        """The number of spins."""
        return len(self.fields)

    def __repr__(self) -> str:
        bonds = int(np.count_nonzero(self.couplings)) // 2
        return f"IsingModel({self.size} spins, {bonds} couplings)"

    def energy(self, spins: Any) -> Array:
        """The energy of states (… n), each spin −1 or +1.

        Raises:
            GradusError: another number of spins, or other values.

        Example:
            >>> IsingModel.lattice(2, periodic=False).energy([[1, 1, 1, 1], [1, 1, 1, -1]]).tolist()
            [-4.0, 0.0]
        """
        s = self._spins("spins", spins)
        return np.asarray(0.0 - 0.5 * ((s @ self.couplings) * s).sum(-1) - s @ self.fields)

    def network(self, beta: float) -> MarkovNetwork:
        """The same distribution as a Markov network: with the states "-1" and "+1", a factor a coupling and a field.

        `infer(model.network(beta))` is exact on graphs of small width, `belief_propagation` approximates on others. Its Z
        is that of this model.

        Args:
            beta: β, the inverse of the temperature, 0 or more.

        Raises:
            GradusError: β is negative, or so large that a weight leaves the range of doubles.

        Example:
            >>> from gradus.inference import infer
            >>> round(float(infer(IsingModel.lattice(3, 5, field=0.1).network(0.3))["7"][1]), 4)
            0.5789
        """
        beta = number("beta", beta, least=0)
        signs = np.array([-1.0, 1.0])
        weights = beta * np.concatenate([self.couplings.ravel(), self.fields])
        if np.abs(weights).max() > 700:
            most = f"{np.abs(weights).max():.3g}"
            small = ("β with |βJ| and |βh| of at most 700", "使 |βJ| 与 |βh| 不超过 700 的 β")
            raise refusal("beta", small, Text(most, most))
        names = [str(name) for name in self.names]
        factors: list[tuple[Any, Array]] = [
            (name, np.exp(beta * h * signs)) for name, h in zip(names, self.fields, strict=True) if h
        ]
        for i, j in zip(*np.nonzero(np.triu(self.couplings)), strict=True):
            factors.append(
                ((names[i], names[j]), np.exp(beta * self.couplings[i, j] * np.outer(signs, signs)))
            )
        return MarkovNetwork(dict.fromkeys(names, STATES), factors, "ising")

    def exact(self, beta: float) -> IsingMoments:
        r"""Everything exactly, from all states: for up to 20 spins.

        .. math:: \ln Z,\quad \langle E\rangle=-\frac{\partial\ln Z}{\partial\beta},\quad \langle s_i\rangle,\quad
            \langle s_is_j\rangle,\quad U=1-\frac{\langle M^4\rangle}{3\langle M^2\rangle^2},\quad M=\sum_is_i

        Args:
            beta: β, the inverse of the temperature, 0 or more.

        Raises:
            GradusError: β is negative, or there are more than 20 spins: `ising_strip` goes row by row, `network` to exact
                inference on graphs of small width.

        Cost: O(2ⁿn²).

        Example:
            >>> round(IsingModel.lattice(3).exact(0.4).binder, 6)
            0.595375
        """
        beta = number("beta", beta, least=0)
        self._require_few(MOST)
        return moments_of(self.couplings, self.fields, beta)

    def colours(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """A colour for each spin, so that spins which are coupled have different ones: those of one may be drawn at once.

        Example:
            >>> IsingModel.lattice(4).colours().tolist()
            [0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0]
        """
        graph = nx.Graph()
        graph.add_nodes_from(range(self.size))
        graph.add_edges_from(zip(*np.nonzero(np.triu(self.couplings)), strict=True))
        found = nx.greedy_color(graph, strategy="connected_sequential_bfs")
        return np.array([found[i] for i in range(self.size)])

    def sweep_distribution(
        self, spins: Any, beta: float, *, rule: Rule = "heat-bath", colours: Any = None
    ) -> Array:  # fmt: skip
        r"""The distribution of the state after one sweep of the sampler, by the very rule by which `ising_sample` turns spins.

        The spins of one colour are drawn at once from what they were, colour after colour.

        Args:
            spins: the state before it (n).
            beta: β.
            rule: "heat-bath" or "metropolis".
            colours: a whole number for each spin (n), from 0 on in their order; those of `colours()` unless given. Coupled
                spins of one colour do not see each other, and make another chain.

        Returns:
            The probabilities of all 2ⁿ states; the last spin moves fastest, −1 before +1.

        Raises:
            GradusError: more than 20 spins, or other arguments that do not fit.

        Cost: O(2ⁿn).

        Example:
            >>> IsingModel([[0.0, 1.0], [1.0, 0.0]]).sweep_distribution([1, 1], 0.0).tolist()
            [0.25, 0.25, 0.25, 0.25]
        """
        beta = number("beta", beta, least=0)
        self._require_few(MOST)
        start = self._spins("spins", spins)
        if start.shape != (self.size,):
            shape = Text(f"shape {start.shape}", f"形状 {start.shape}")
            raise refusal("spins", ("one state", "一个状态"), shape)
        choice("rule", rule, SINGLE_SPIN)
        chosen = self.colours() if colours is None else array("colours", colours, "n", finite=True)
        if chosen.shape != (self.size,) or (chosen != np.floor(chosen)).any() or (chosen < 0).any():
            each = (f"{self.size} whole numbers from 0 on", f"{self.size} 个从 0 起的整数")
            raise refusal("colours", each, Text(str(chosen.tolist()), str(chosen.tolist())))
        return sweep_distribution(self.couplings, self.fields, beta, start, chosen.astype(int), rule)

    def _spins(self, name: str, given: Any) -> Array:
        s = array(name, given)
        if s.ndim < 1 or s.shape[-1] != self.size:
            shape = Text(f"shape {s.shape}", f"形状 {s.shape}")
            raise refusal(
                name, (f"{self.size} spins on the last axis", f"最后一个轴上 {self.size} 个自旋"), shape
            )
        if not (np.abs(s) == 1).all():
            other = f"{s[np.abs(s) != 1].flat[0]:g}"
            raise refusal(name, ("spins of −1 and +1", "取值 −1 与 +1 的自旋"), Text(other, other))
        return s

    def _require_few(self, most: int) -> None:
        if self.size > most:
            mend = (
                "ising_strip goes row by row, infer(model.network(beta)) by clusters",
                "ising_strip 逐行计算，infer(model.network(beta)) 按团计算",
            )
            came = Text(f"{self.size}", f"{self.size}")
            raise refusal("model", (f"at most {most} spins", f"至多 {most} 个自旋"), came, mend)


def _of_graph(graph: nx.Graph) -> Array:
    place = {node: i for i, node in enumerate(graph.nodes)}
    couplings = np.zeros((len(place), len(place)))
    for a, b, data in graph.edges(data=True):
        if a == b:
            raise _itself(a)
        given = data.get("coupling", 1.0) if isinstance(data, Mapping) else 1.0
        value = number(f"coupling of {a!r} and {b!r}", given)
        couplings[place[a], place[b]] += value
        couplings[place[b], place[a]] += value
    return couplings


def _require_symmetric(couplings: Array) -> None:
    if np.diagonal(couplings).any():
        raise _itself(int(np.flatnonzero(np.diagonal(couplings))[0]))
    if (couplings != couplings.T).any():
        i, j = (int(k) for k in np.argwhere(couplings != couplings.T)[0])
        came = f"J[{i}, {j}] = {couplings[i, j]:g}, J[{j}, {i}] = {couplings[j, i]:g}"
        mend = ("of one triangle give J + J.T", "若只有一个三角，请给出 J + J.T")
        raise refusal("couplings", ("a symmetric matrix", "对称矩阵"), Text(came, came), mend)


def _itself(spin: Any) -> Exception:
    other = ("couplings of different spins", "不同自旋之间的耦合")
    return refusal("couplings", other, Text(f"spin {spin!r} with itself", f"自旋 {spin!r} 与其自身"))
