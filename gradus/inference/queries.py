"""One question to a network: the plan is made once for each network and kept with it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.inference.compiled import MEMORY, CompiledNetwork
from gradus.inference.evidence import checked_evidence
from gradus.inference.names import variable_names
from gradus.inference.network import PLAN, Network
from gradus.inference.network_tables import Factor
from gradus.inference.passes import logarithm
from gradus.inference.posterior import Explanation, Posterior
from gradus.text import Text

__all__ = ["infer", "max_marginals", "most_probable", "query"]


def infer(
    network: Network, evidence: Any = None, *, soft: Mapping[str, Any] | None = None, memory: float = MEMORY
) -> Posterior:
    """The posterior of every variable given evidence, and the logarithm of the evidence's probability.

    Args:
        network: a `BayesianNetwork` or a `MarkovNetwork`; its plan is kept for the next call.
        evidence: findings by name, or a list of such sets.
        soft: likelihoods by name.
        memory: bytes that the tables may take. Where the whole network does not fit, one with the evidence put in is planned.

    Raises:
        GradusError: a name that is none, evidence that is impossible (which findings exclude one another is said), or tables
            that do not fit.

    Source: Lauritzen and Spiegelhalter 1988.

    Example:
        >>> from gradus.inference import BayesianNetwork
        >>> states = {"rain": ["yes", "no"], "wet": ["yes", "no"]}
        >>> net = BayesianNetwork(states, {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.1, 0.9]])})
        >>> {state: round(p, 4) for state, p in infer(net, {"wet": "yes"}).of("rain").items()}
        {'yes': 0.6923, 'no': 0.3077}
    """
    try:
        compiled = _planned(network, memory)
    except GradusError:
        if not isinstance(network, Network) or not isinstance(evidence, Mapping) or not evidence:
            raise
        return _with_evidence_in(network, evidence, soft, memory)
    return compiled.infer(evidence, soft=soft)


def query(
    network: Network,
    variables: Iterable[str] | str,
    evidence: Mapping[Any, Any] | None = None,
    *,
    soft: Mapping[str, Any] | None = None,
    memory: float = MEMORY,
) -> Factor:
    """The joint posterior of some variables given evidence.

    Args:
        network: a `BayesianNetwork` or a `MarkovNetwork`.
        variables: their names.
        evidence: findings by name.
        soft: likelihoods by name.
        memory: bytes that the tables may take.

    Returns:
        The variables in the order asked for, and their joint posterior, an axis a variable.

    Raises:
        GradusError: as `infer`, or a variable that is asked for twice.

    Source: Zhang and Poole 1994.

    Example:
        >>> from gradus.inference import BayesianNetwork
        >>> states = {"rain": ["yes", "no"], "wet": ["yes", "no"]}
        >>> net = BayesianNetwork(states, {"rain": [0.5, 0.5], "wet": (["rain"], [[1.0, 0.0], [0.5, 0.5]])})
        >>> query(net, ["wet", "rain"]).table.tolist()
        [[0.5, 0.25], [0.0, 0.25]]
    """
    wanted = _names(network, variables)
    table = CompiledNetwork(network, last=wanted, memory=memory).joint(evidence, soft=soft)
    order = [v for v in network.states if v in wanted]
    return Factor(tuple(wanted), table.transpose([order.index(v) for v in wanted]))


def most_probable(
    network: Network,
    evidence: Any = None,
    *,
    variables: Iterable[str] | str | None = None,
    soft: Mapping[str, Any] | None = None,
    memory: float = MEMORY,
) -> Explanation:
    """The states that are the most probable together given evidence: of all variables, or of some, the rest summed out.

    Args:
        network: a `BayesianNetwork` or a `MarkovNetwork`.
        evidence: findings by name, or a list of such sets.
        variables: of which the states are wanted (marginal MAP); all if left out.
        soft: likelihoods by name.
        memory: bytes that the tables may take.

    Raises:
        GradusError: as `infer`.

    Source: Dawid 1992; Park and Darwiche 2004.

    Example:
        >>> from gradus.inference import BayesianNetwork
        >>> states = {"rain": ["yes", "no"], "wet": ["yes", "no"]}
        >>> net = BayesianNetwork(states, {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.1, 0.9]])})
        >>> most_probable(net, {"wet": "yes"}).assignment
        {'rain': 'yes', 'wet': 'yes'}
    """
    if variables is None:
        return _planned(network, memory).maximize(evidence, soft=soft)
    return CompiledNetwork(network, last=_names(network, variables), memory=memory).maximize(
        evidence, soft=soft
    )


def max_marginals(
    network: Network,
    evidence: Any = None,
    *,
    variables: Iterable[str] | str | None = None,
    soft: Mapping[str, Any] | None = None,
    memory: float = MEMORY,
) -> dict[str, Any]:
    r"""By variable, how probable the best states of the others make each of its states: what another state would cost.

    .. math:: m_i(x_i)=\max_{x':\,x'_i=x_i}\ln P(x',e)

    Args:
        network: a `BayesianNetwork` or a `MarkovNetwork`.
        evidence: findings by name, or a list of such sets.
        variables: over which the maximum goes, the rest summed out; all if left out.
        soft: likelihoods by name.
        memory: bytes that the tables may take.

    Returns:
        By variable the logarithms, one a state, in the order of its states; with several sets of findings (sets, states).

    Raises:
        GradusError: as `infer`.

    Source: Dawid 1992.

    Example:
        >>> from gradus.inference import BayesianNetwork
        >>> states = {"rain": ["yes", "no"], "wet": ["yes", "no"]}
        >>> net = BayesianNetwork(states, {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.1, 0.9]])})
        >>> np.exp(max_marginals(net, {"wet": "yes"})["rain"]).round(2).tolist()
        [0.18, 0.08]
    """
    if variables is None:
        return _planned(network, memory).max_marginals(evidence, soft=soft)
    compiled = CompiledNetwork(network, last=_names(network, variables), memory=memory)
    return compiled.max_marginals(evidence, soft=soft)


def _planned(network: Network, memory: float) -> CompiledNetwork:
    if not isinstance(network, Network):
        return CompiledNetwork(network)  # which refuses it
    plan = network.__dict__.get(PLAN)  # kept by the network itself, so that both go together
    if plan is None:
        plan = network.__dict__[PLAN] = CompiledNetwork(network, memory=memory)
    return plan if plan.memory == memory else plan._within(memory)


def _names(network: Network, variables: Iterable[str] | str) -> list[str]:
    if not isinstance(network, Network):
        raise refusal(
            "network", ("a Bayesian or Markov network", "贝叶斯网络或马尔可夫网络"), network, kind=True
        )
    return variable_names("variables", variables, network.states, least=1)


def _with_evidence_in(
    network: Network, evidence: Mapping[Any, Any], soft: Mapping[str, Any] | None, memory: float
) -> Posterior:
    """`infer` on the network of the variables that are left when those of the evidence are known."""
    known = network.index(evidence)
    likelihoods = checked_evidence(network, evidence, soft).vectors
    rest = {v: x for v, x in likelihoods.items() if v not in known}
    compiled = CompiledNetwork(network.given(evidence), memory=memory)
    log = sum(float(logarithm(likelihoods[v][i])) for v, i in known.items())  # soft evidence of what is known
    if log == -math.inf or compiled.log_evidence() == -math.inf:
        raise GradusError(
            Text(
                "evidence: these findings and likelihoods have probability 0 together in this network; drop one of them",
                "evidence：这些证据与似然在此网络中同时成立的概率为 0；请去掉其中一项",
            )
        )
    posterior = compiled.infer(soft=rest)
    certain = {v: np.eye(len(network.states[v]))[i] for v, i in known.items()}
    marginals = {v: certain[v] if v in certain else posterior[v] for v in network.states}
    return Posterior(network.states, marginals, posterior.log_evidence + log)
