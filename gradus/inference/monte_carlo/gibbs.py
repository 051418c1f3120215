"""Gibbs sampling of Bayesian and Markov networks: one variable after another, for many chains at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import networkx as nx
import numpy as np

from gradus.arguments import choice, refusal, whole
from gradus.errors import GradusError
from gradus.inference.bayesian_network import BayesianNetwork
from gradus.inference.monte_carlo.draws import Draws
from gradus.inference.monte_carlo.gibbs_plan import GibbsPlan
from gradus.inference.network import Network
from gradus.inference.posterior import Posterior
from gradus.inference.queries import most_probable
from gradus.text import Text

__all__ = ["NetworkDraws", "gibbs", "gibbs_matrix"]

TRIES = 20  # ancestral starts before the most probable one is taken
MOST_STATES = 4096  # of a matrix
SCANS = ("systematic", "random")
Scan = Literal["systematic", "random"]


class NetworkDraws(Draws):
    """Draws of a network's variables: places of states, (chains, draws) by name.

    Attributes:
        states: the names of the states by variable.

    Example:
        >>> from gradus.inference import MarkovNetwork
        >>> net = MarkovNetwork({"coin": ["heads", "tails"]}, [("coin", [1.0, 3.0])])
        >>> sorted(gibbs(net, draws=10).states["coin"])
        ['heads', 'tails']
    """

    states: Mapping[str, tuple[str, ...]]

    @property
    def posterior(self) -> Posterior:
        """The shares of the states among the draws; ln of the evidence's probability is not known (NaN)."""
        shares = {
            v: np.bincount(np.ravel(x), minlength=len(self.states[v])) / np.size(x) for v, x in self.items()
        }
        return Posterior(self.states, shares, math.nan)


def gibbs(
    network: Network,
    evidence: Mapping[Any, Any] | None = None,
    *,
    draws: int = 1000,
    warmup: int = 200,
    chains: int = 8,
    scan: Scan = "systematic",
    seed: int = 0,
) -> NetworkDraws:
    r"""Draws from a network given evidence: each variable in turn from its distribution given all others.

    .. math:: x_i'\sim P(x_i\mid x_{-i})\propto\prod_{c\ni i}\psi_c(x_c)

    Tables with zeros may part the states into regions between which no variable can change alone: then the draws are of the
    regions where the chains began, and `diagnosis` says what stood still.

    Args:
        network: a Bayesian or Markov network.
        evidence: states by the names of variables.
        draws: sweeps of each chain that are kept.
        warmup: sweeps before that.
        chains: how many.
        scan: "systematic", all variables in their order, or "random", as many, each chosen by chance.
        seed: of the random numbers.

    Returns:
        The `NetworkDraws`: by name the places of the states (chains, draws), and `posterior`.

    Raises:
        GradusError: names that are none, evidence that cannot be, no network.

    Cost: a sweep looks up one row of each table for each of its variables, for all chains at once.

    Source: Geman and Geman 1984; Gelfand and Smith 1990.

    Example:
        >>> from gradus.inference import BayesianNetwork
        >>> tables = {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.2, 0.8]])}
        >>> net = BayesianNetwork({"rain": ["yes", "no"], "wet": ["yes", "no"]}, tables)
        >>> found = gibbs(net, {"wet": "yes"}, draws=500, chains=20)
        >>> bool(abs(found.posterior["rain"][0] - 0.18 / 0.34) < 0.03)
        True
    """
    plan = _plan(network, evidence)
    draws, warmup = whole("draws", draws, least=1), whole("warmup", warmup, least=0)
    chains = whole("chains", chains, least=1)
    choice("scan", scan, SCANS)
    rng = np.random.default_rng(whole("seed", seed, least=0))
    states = _start(network, plan, chains, rng)
    kept = np.empty((chains, draws, len(plan.variables)), np.int64)
    rows = np.arange(chains)
    for sweep in range(-warmup, draws):
        u = rng.random((len(plan.free), chains))
        if scan == "systematic":
            for k, i in enumerate(plan.free):
                states[:, i] = plan.drawn(plan.conditional(states, i), u[k])
        elif plan.free:
            chosen = rng.choice(plan.free, (len(plan.free), chains))
            for k, choices in enumerate(chosen):
                for i in np.unique(choices):
                    mine = rows[choices == i]
                    states[mine, i] = plan.drawn(plan.conditional(states[mine], int(i)), u[k, mine])
        if sweep >= 0:
            kept[:, sweep] = states
    values = {v: kept[:, :, i].copy() for i, v in enumerate(plan.variables)}
    found = NetworkDraws(values, plan.log_joint(kept), np.ones(chains))
    found.states = dict(network.states)
    return found


def gibbs_matrix(
    network: Network, evidence: Mapping[Any, Any] | None = None, scan: Scan = "systematic"
) -> np.ndarray:
    r"""The transition matrix of Gibbs sampling on all joint states; it uses the very laws by which `gibbs` draws.

    .. math:: P=K_1K_2\cdots K_n\ \text{(systematic)},\qquad P=\frac1n\sum_iK_i\ \text{(random: one variable)},

    where K_i draws the variable i from its distribution given all others.

    Args:
        network: a Bayesian or Markov network of few states.
        evidence: states by the names of variables; the others make the joint states.
        scan: "systematic" for a sweep, "random" for one variable chosen by chance.

    Returns:
        The matrix (states, states); of the joint states the last variable moves fastest.

    Raises:
        GradusError: more than 4096 joint states, or as `gibbs`.

    Cost: O(N³) for N joint states.

    Source: Liu, Wong and Kong 1994.

    Example:
        >>> from gradus.inference import MarkovNetwork
        >>> net = MarkovNetwork({"a": ["0", "1"]}, [("a", [1.0, 3.0])])
        >>> gibbs_matrix(net).tolist()
        [[0.25, 0.75], [0.25, 0.75]]
    """
    plan = _plan(network, evidence)
    choice("scan", scan, SCANS)
    shape = [plan.sizes[i] for i in plan.free]
    count = math.prod(shape)
    if count > MOST_STATES:
        few = (f"at most {MOST_STATES} joint states", f"至多 {MOST_STATES} 个联合状态")
        raise refusal("network", few, Text(f"{count}", f"{count}"))
    states = np.empty((count, len(plan.variables)), np.int64)
    for i, place in plan.known.items():
        states[:, i] = place
    states[:, plan.free] = np.stack(np.unravel_index(np.arange(count), shape), -1) if shape else 0
    if (plan.log_joint(states) == -np.inf).all():
        raise refusal(
            "network", ("a joint state that is possible", "至少一个可能的联合状态"), Text("none", "无")
        )
    number = np.arange(count)
    kernels = []
    for axis, i in enumerate(plan.free):
        stride = math.prod(shape[axis + 1 :])
        base = number - states[:, i] * stride
        kernel = np.zeros((count, count))
        kernel[number[:, None], base[:, None] + stride * np.arange(plan.sizes[i])] = plan.conditional(
            states, i
        )
        kernels.append(kernel)
    if not kernels:
        return np.ones((1, 1))
    if scan == "random":
        return np.asarray(sum(kernels) / len(kernels))
    product = kernels[0]
    for kernel in kernels[1:]:
        product = product @ kernel
    return np.asarray(product)


def _plan(network: Network, evidence: Mapping[Any, Any] | None) -> GibbsPlan:
    if not isinstance(network, Network):
        raise refusal(
            "network", ("a Bayesian or Markov network", "贝叶斯网络或马尔可夫网络"), network, kind=True
        )
    return GibbsPlan(network, network.index({} if evidence is None else evidence))


def _start(network: Network, plan: GibbsPlan, chains: int, rng: np.random.Generator) -> Any:
    """States that are possible: drawn from parents to children, or at random; the most probable one where none was found."""
    states = np.empty((chains, len(plan.variables)), np.int64)
    left = np.arange(chains)
    for _ in range(TRIES):
        states[left] = _tried(network, plan, len(left), rng)
        left = left[plan.log_joint(states[left]) == -np.inf]
        if not len(left):
            return states
    known = {plan.variables[i]: network.states[plan.variables[i]][place] for i, place in plan.known.items()}
    try:
        best = most_probable(network, known).assignment
    except MemoryError as error:  # pragma: no cover
        raise GradusError(Text(str(error), str(error))) from error
    states[left] = [network.index({v: best.get(v, known.get(v))})[v] for v in plan.variables]
    return states


def _tried(network: Network, plan: GibbsPlan, count: int, rng: np.random.Generator) -> Any:
    states = np.empty((count, len(plan.variables)), np.int64)
    column = {v: i for i, v in enumerate(plan.variables)}
    order = (
        list(nx.topological_sort(network.graph)) if isinstance(network, BayesianNetwork) else plan.variables
    )
    for v in order:
        i = column[v]
        if i in plan.known:
            states[:, i] = plan.known[i]
        elif isinstance(network, BayesianNetwork):
            table = network.tables[v]
            law = np.asarray(table.probabilities)[tuple(states[:, column[p]] for p in table.parents)]
            states[:, i] = plan.drawn(np.broadcast_to(law, (count, plan.sizes[i])), rng.random(count))
        else:
            states[:, i] = rng.integers(0, plan.sizes[i], count)
    return states
