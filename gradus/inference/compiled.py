"""Exact inference: a network planned once, then run as a straight list of products and sums."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradus.arguments import number, refusal
from gradus.inference.beliefs import Beliefs, beliefs, joint
from gradus.inference.either_way import EitherWay
from gradus.inference.evidence import Evidence, checked_evidence
from gradus.inference.fits import refuse_tables
from gradus.inference.impossible import impossible
from gradus.inference.junction_tree import JunctionTree, tree_of
from gradus.inference.maximum import max_marginals, maximized
from gradus.inference.network import Network
from gradus.inference.passes import marginals
from gradus.inference.plan import planned
from gradus.inference.posterior import Explanation, Posterior

__all__ = ["CompiledNetwork"]

Array = np.ndarray[Any, np.dtype[np.float64]]
MEMORY = 2**31
LEAST = 16  # sets at a time, so that what each operation costs by itself is shared
CACHED = 2**17  # numbers in the tables of a chunk of a batch: about what a core's cache holds


class CompiledNetwork:
    r"""A network planned for exact inference: all posterior marginals by two passes over a tree of clusters.

    .. math:: \mu_{c\to p}(x_S)=\sum_{x_{c\setminus S}}\psi_c(x_c)\prod_{d\to c}\mu_{d\to c},\qquad
        P(x_c\mid e)\propto\psi_c(x_c)\prod_{d}\mu_{d\to c}

    The order of elimination, the axes and the shapes are fixed once. Evidence then comes in as vectors of likelihoods, and
    many sets of it as a batch axis. Messages are scaled; what leaves the range of doubles all the same is done in logarithms.

    Args:
        network: a `BayesianNetwork` or a `MarkovNetwork`.
        rule: of the order of elimination, or an order of your own, see `elimination_order`; None takes the rule with the least work.
        last: variables that go after all others: needed by `joint`, and by `maximize` and `max_marginals` of some alone.
        memory: bytes that the tables may take.
        tree: a tree of clusters of your own, in place of an order.

    Attributes:
        network: the network.
        order: the order of elimination, its width and its cells.
        clusters: the tree as it runs; `tree` shows it.

    Raises:
        GradusError: the tables would not fit into the memory: width and size are said.

    Cost: planning, seconds for a thousand variables; a run, a few operations a cell of the clusters.

    Source: Lauritzen and Spiegelhalter 1988; Jensen, Lauritzen and Olesen 1990 for the form with division.

    Example:
        >>> from gradus.inference import BayesianNetwork
        >>> net = BayesianNetwork(
        ...     {"rain": ["yes", "no"], "wet": ["yes", "no"]},
        ...     {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.1, 0.9]])},
        ... )
        >>> compiled = CompiledNetwork(net)
        >>> posterior = compiled.infer({"wet": "yes"})
        >>> round(float(posterior["rain"][0]), 4), round(math.exp(posterior.log_evidence), 4)
        (0.6923, 0.26)
        >>> compiled.infer([{"wet": "yes"}, {"wet": "no"}])["rain"][:, 0].round(4).tolist()
        [0.6923, 0.027]
    """

    def __init__(
        self,
        network: Network,
        rule: str | Sequence[str] | None = None,
        *,
        last: Iterable[str] = (),
        memory: float = MEMORY,
        tree: JunctionTree | None = None,
    ) -> None:
        if not isinstance(network, Network):
            raise refusal(
                "network", ("a Bayesian or Markov network", "贝叶斯网络或马尔可夫网络"), network, kind=True
            )
        self.memory, self.network = number("memory", memory, above=0), network
        self.order, self.clusters, self.last = planned(network, rule, last, tree)
        self._own = tree
        shapes = [math.prod(c.shape) for c in self.clusters]
        self._cells = sum(shapes)
        self._largest = max(shapes, default=0)
        self.places = {v: i for i, v in enumerate(self.order.variables)}
        refuse_tables(self._needed(1), self.memory, self.order.width)
        self._passes = EitherWay(network, self.clusters)

    def _within(self, memory: float) -> CompiledNetwork:
        """The same plan under another limit of memory.

        Raises:
            GradusError: the tables would not fit into it.
        """
        other = copy.copy(self)
        other.memory = number("memory", memory, above=0)
        refuse_tables(other._needed(1), other.memory, other.order.width)
        return other

    def _needed(self, sets: int) -> float:
        """Bytes: what came together in each cluster, its potentials, and what is being made of the largest."""
        return 8.0 * ((self._cells + 2 * self._largest) * sets + self._cells)

    def infer(self, evidence: Any = None, *, soft: Mapping[str, Any] | None = None) -> Posterior:
        """The posterior of every variable, and the logarithm of the probability of the evidence.

        Args:
            evidence: findings by name, such as {"rain": "yes"}, or a list of such sets; they may differ in the variables.
            soft: likelihoods by name, one number a state (virtual evidence); with several sets, of each or for all.

        Raises:
            GradusError: a name that is none, or evidence that is impossible: the findings that exclude one another are named.

        Example:
            >>> from gradus.inference import BayesianNetwork
            >>> coin = CompiledNetwork(BayesianNetwork({"coin": ["heads", "tails"]}, {"coin": [0.5, 0.5]}))
            >>> coin.infer(soft={"coin": [0.9, 0.3]})["coin"].tolist()
            [0.75, 0.25]
        """
        known = checked_evidence(self.network, evidence, soft)
        states, modes = self.network.states, ["sum"] * len(self.clusters)
        certain = {
            v: np.ones((known.batch, 1) if known.batch else 1)
            for v, names in states.items()
            if len(names) == 1
        }
        if known.batch is None:
            up, log = self._passes.up(known.vectors, False, modes)
            self._refuse_impossible(log, known, 0)
            found = marginals(self.clusters, self._passes.down(up))
            return Posterior(states, {v: found[v] if v in found else certain[v] for v in states}, float(log))
        logs = np.empty(known.batch)
        tables = {v: certain.get(v, np.empty((known.batch, len(names)))) for v, names in states.items()}
        for part, vectors in self._chunks(known):
            up, logs[part] = self._passes.up(vectors, True, modes)
            self._refuse_impossible(logs[part], known, part.start)
            for v, table in marginals(self.clusters, self._passes.down(up)).items():
                tables[v][part] = table.T
        return Posterior(states, tables, logs)

    def log_evidence(
        self, evidence: Any = None, *, soft: Mapping[str, Any] | None = None, tables: Any = None
    ) -> Any:
        r"""The logarithm of the sum over all states with the evidence put in: of a Bayesian network ln P(e), of a Markov network ln Z.

        .. math:: \frac{\partial\log P(e)}{\partial\theta_{x,u}}=\frac{P(x,u\mid e)}{\theta_{x,u}}

        Args:
            evidence: findings by name, or a list of such sets.
            soft: likelihoods by name.
            tables: tensors in place of the network's own tables, one a factor in their order and of their shapes: the result is
                then a tensor, differentiable in them.

        Returns:
            A number, or one a set of findings; −∞ where the evidence is impossible.

        Raises:
            GradusError: a name that is none, or tables that do not fit.

        Source: Darwiche 2003, for the derivative.

        Example:
            >>> from gradus.inference import BayesianNetwork
            >>> coin = CompiledNetwork(BayesianNetwork({"coin": ["heads", "tails"]}, {"coin": [0.5, 0.5]}))
            >>> round(coin.log_evidence({"coin": "heads"}), 4)
            -0.6931
        """
        known = checked_evidence(self.network, evidence, soft)
        modes = ["sum"] * len(self.clusters)
        if tables is not None:
            # PyTorch is loaded only for those who want derivatives
            from gradus.inference.tensor_tables import tensor_log_evidence

            return tensor_log_evidence(self, known, tables)
        logs = np.empty(known.batch or 1)
        for part, vectors in self._chunks(known):
            logs[part] = self._passes.up(vectors, known.batch is not None, modes)[1]
        return logs if known.batch is not None else float(logs[0])

    def joint(self, evidence: Any = None, *, soft: Mapping[str, Any] | None = None) -> Array:
        """The joint posterior of the variables that were named `last`, an axis a variable in the network's order.

        Raises:
            GradusError: a list of sets, a name that is none, or evidence that is impossible.

        Example:
            >>> from gradus.inference import BayesianNetwork
            >>> states = {"a": ["0", "1"], "b": ["0", "1"]}
            >>> net = BayesianNetwork(states, {"a": [0.5, 0.5], "b": (["a"], [[1.0, 0.0], [0.5, 0.5]])})
            >>> CompiledNetwork(net, last=["a", "b"]).joint().tolist()
            [[0.5, 0.0], [0.25, 0.25]]
        """
        known = self._one_set(evidence, soft)
        return joint(self, known)

    def maximize(self, evidence: Any = None, *, soft: Mapping[str, Any] | None = None) -> Explanation:
        r"""The states that are the most probable together, given the evidence.

        .. math:: \arg\max_x P(x\mid e);\qquad\text{of some variables }y\text{ only:}\quad\arg\max_y\sum_zP(y,z\mid e)

        Of all variables, or, if some were named `last`, of those, all others summed out (marginal MAP). The states that are
        most probable one by one need not be these. Of several that are equally probable one is returned, and `ties` names the
        variables in which they differ.

        Raises:
            GradusError: a name that is none, or evidence that is impossible.

        Source: Dawid 1992; Park and Darwiche 2004 for the order that marginal MAP needs.

        Example:
            >>> from gradus.inference import BayesianNetwork
            >>> states = {"a": ["0", "1"], "b": ["0", "1", "2"]}
            >>> net = BayesianNetwork(states, {"a": [0.4, 0.6], "b": (["a"], [[1.0, 0.0, 0.0], [0.3, 0.3, 0.4]])})
            >>> CompiledNetwork(net).maximize().assignment, CompiledNetwork(net, last="a").maximize().assignment
            ({'a': '0', 'b': '0'}, {'a': '1'})
        """
        return maximized(self, checked_evidence(self.network, evidence, soft))

    def max_marginals(
        self, evidence: Any = None, *, soft: Mapping[str, Any] | None = None
    ) -> dict[str, Array]:
        r"""By variable, how probable the best states of the others make each of its states.

        .. math:: m_i(x_i)=\max_{x':\,x'_i=x_i}\ln P(x',e)

        Of all variables, or of those that were named `last`, as in `maximize`. The largest entry of each is the probability of
        the most probable states; the next says how much is lost where the variable is in another state.

        Returns:
            Logarithms, one a state, with several sets of findings (sets, states); −∞ where no states are possible.

        Raises:
            GradusError: a name that is none, or evidence that is impossible.

        Source: Dawid 1992.

        Example:
            >>> from gradus.inference import BayesianNetwork
            >>> states = {"a": ["0", "1"], "b": ["0", "1", "2"]}
            >>> net = BayesianNetwork(states, {"a": [0.4, 0.6], "b": (["a"], [[1.0, 0.0, 0.0], [0.3, 0.3, 0.4]])})
            >>> {v: np.exp(m).round(2).tolist() for v, m in CompiledNetwork(net).max_marginals().items()}
            {'a': [0.4, 0.24], 'b': [0.4, 0.18, 0.24]}
        """
        return max_marginals(self, checked_evidence(self.network, evidence, soft))

    def beliefs(self, evidence: Any = None, *, soft: Mapping[str, Any] | None = None) -> Beliefs:
        """The joint posterior of each cluster of the tree and of each separator, given one set of findings.

        Raises:
            GradusError: a list of sets, a name that is none, or evidence that is impossible.

        Example:
            >>> from gradus.inference import BayesianNetwork
            >>> net = BayesianNetwork({"a": ["0", "1"], "b": ["0", "1"]}, {"a": [0.5, 0.5], "b": (["a"], [[1, 0], [0.5, 0.5]])})
            >>> CompiledNetwork(net).beliefs().clusters[0].table.sum().item()
            1.0
        """
        known = self._one_set(evidence, soft)
        up, log = self._passes.up(known.vectors, False, ["sum"] * len(self.clusters))
        self._refuse_impossible(log, known, 0)
        return beliefs(self.clusters, self._passes.down(up), float(log), self._own)

    @property
    def tree(self) -> JunctionTree:
        """Your own tree, or that of the order: variables of a single state stand in none, a large cluster may have parts beside it."""
        return self._own or tree_of(self.clusters)

    def _one_set(self, evidence: Any, soft: Any) -> Evidence:
        known = checked_evidence(self.network, evidence, soft)
        if known.batch is not None:
            raise refusal("evidence", ("one set of findings", "一组证据"), evidence, kind=True)
        return known

    def _chunks(self, known: Evidence) -> list[tuple[slice, dict[str, Array]]]:
        """The sets of findings by as many as the cache holds, as places and vectors."""
        if known.batch is None:
            return [(slice(0, 1), known.vectors)]
        step = int(
            max(1, min(max(CACHED / max(self._cells, 1), LEAST), self.memory / max(self._needed(1), 1)))
        )
        made = []
        for i in range(0, known.batch, step):
            part = slice(i, min(i + step, known.batch))
            made.append((part, {v: x[:, part] if x.shape[1] > 1 else x for v, x in known.vectors.items()}))
        return made

    def _refuse_impossible(self, log: Any, known: Evidence, start: int) -> None:
        if np.all(log > -np.inf):
            return
        place = start + int(np.argmin(log)) if known.batch is not None else None
        raise impossible(self, known, place)
