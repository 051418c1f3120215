"""Sampling of a Bayesian network given evidence: by likelihood weighting, and by rejection."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradus.arguments import array, refusal, whole
from gradus.errors import GradusError
from gradus.inference.bayesian_network import BayesianNetwork
from gradus.inference.compiled import CompiledNetwork
from gradus.inference.evidence import Evidence, checked_evidence
from gradus.inference.impossible import impossible
from gradus.inference.monte_carlo.ancestral import accepted, weighted
from gradus.inference.monte_carlo.network_sample import NetworkSample
from gradus.text import Text

__all__ = ["likelihood_weighting", "rejection_sampling"]


def likelihood_weighting(
    network: BayesianNetwork,
    evidence: Mapping[Any, Any] | None = None,
    *,
    soft: Mapping[str, Any] | None = None,
    draws: int = 10_000,
    seed: int = 0,
    uniforms: Any = None,
) -> NetworkSample:
    r"""Draws given evidence: parents before children, what is known stays as it is and its probability becomes weight.

    .. math:: x_i\sim\frac{P(x_i\mid x_{\mathrm{pa}(i)})\,\lambda_i(x_i)}{w_i},\qquad
        w_i=\sum_{x_i}P(x_i\mid x_{\mathrm{pa}(i)})\,\lambda_i(x_i),\qquad w=\prod_iw_i

    with λ the likelihood of the states: 1 without evidence, of a finding 1 at its state and 0 elsewhere. The mean weight is an unbiased
    estimate of P(e), the weighted mean of f one of E[f | e] whose bias falls like 1/n. Evidence is felt by its descendants alone: where
    it lies deep in the network, and is improbable, few draws have nearly all the weight, and `effective_size` says so.

    Args:
        network: a Bayesian network.
        evidence: states by the names of variables.
        soft: likelihoods by name, one number a state.
        draws: how many.
        seed: of the random numbers.
        uniforms: numbers in [0, 1) in place of random ones (draws, variables), such as a sequence of Sobol's from `scipy.stats.qmc`;
            `draws` and `seed` are not used then, and the standard errors, which suppose independent draws, are too large or too small.

    Returns:
        The `NetworkSample`: `posterior` and its `standard_errors`, `probability` and `estimate` for other questions, `effective_size`.

    Raises:
        GradusError: names that are none, evidence that is impossible (which findings exclude one another is said), evidence so improbable
            that no draw had any weight.

    Cost: O(draws) a variable, whatever the width of the network.

    Source: Fung and Chang 1990; Shachter and Peot 1990.

    Example:
        >>> tables = {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.2, 0.8]])}
        >>> net = BayesianNetwork({"rain": ["yes", "no"], "wet": ["yes", "no"]}, tables)
        >>> found = likelihood_weighting(net, {"wet": "yes"})
        >>> bool(abs(found.posterior["rain"][0] - 0.18 / 0.34) < 5 * found.standard_errors["rain"][0])
        True
    """
    known, count, rng = _begun(network, evidence, soft, draws, seed)
    if uniforms is None:
        codes, logs = weighted(network, count, lambda _: rng.random(count), known.vectors)
    else:
        u = _own(network, uniforms)
        count = len(u)
        codes, logs = weighted(network, count, lambda i: u[:, i], known.vectors)
    top = float(logs.max())
    if top == -math.inf:
        raise _nothing(network, known, (evidence, soft), count, "weight")
    scaled = np.exp(logs - top)
    mean = float(scaled.mean())
    error = float(scaled.std(ddof=1) / (mean * math.sqrt(count))) if count > 1 else math.nan
    values = dict(zip(network.variables, codes, strict=True))
    return NetworkSample(network.states, values, logs, top + math.log(mean), error, count)


def rejection_sampling(
    network: BayesianNetwork,
    evidence: Mapping[Any, Any] | None = None,
    *,
    soft: Mapping[str, Any] | None = None,
    draws: int = 10_000,
    seed: int = 0,
) -> NetworkSample:
    r"""Draws without evidence, of which those that agree with it are kept: their distribution is exactly the posterior.

    .. math:: P(\text{kept}\mid x)=\prod_i\frac{\lambda_i(x_i)}{\max_s\lambda_i(s)}

    Args:
        network: a Bayesian network.
        evidence: states by the names of variables.
        soft: likelihoods by name, one number a state.
        draws: how many are made; of them about the share P(e) is kept.
        seed: of the random numbers.

    Returns:
        The `NetworkSample` of the draws that were kept; `acceptance` is their share, an unbiased estimate of P(e) for hard evidence.

    Raises:
        GradusError: as `likelihood_weighting`, or where no draw was kept.

    Cost: O(draws) a variable.

    Source: Henrion 1988.

    Example:
        >>> tables = {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.2, 0.8]])}
        >>> net = BayesianNetwork({"rain": ["yes", "no"], "wet": ["yes", "no"]}, tables)
        >>> found = rejection_sampling(net, {"wet": "yes"})
        >>> abs(found.acceptance - 0.34) < 0.03, set(found["wet"].tolist())
        (True, {0})
    """
    known, count, rng = _begun(network, evidence, soft, draws, seed)
    codes = accepted(network, count, rng, known.vectors)
    kept = codes.shape[1]
    if not kept:
        raise _nothing(network, known, (evidence, soft), count, "rejected")
    values = dict(zip(network.variables, codes.copy(), strict=True))
    largest = sum(math.log(vector.max()) for vector in known.vectors.values())
    log, error = math.log(kept / count) + largest, math.sqrt((1 - kept / count) / kept)
    return NetworkSample(network.states, values, np.zeros(kept), log, error, count)


def _begun(
    network: Any, evidence: Any, soft: Any, draws: Any, seed: Any
) -> tuple[Evidence, int, np.random.Generator]:
    if not isinstance(network, BayesianNetwork):
        raise refusal("network", ("a Bayesian network", "贝叶斯网络"), network, kind=True)
    known = checked_evidence(network, evidence, soft)
    if known.batch is not None:
        raise refusal("evidence", ("one set of findings", "一组证据"), evidence, kind=True)
    count = whole("draws", draws, least=1)
    return known, count, np.random.default_rng(whole("seed", seed, least=0))


def _own(network: BayesianNetwork, uniforms: Any) -> Any:
    u, n = array("uniforms", uniforms, finite=True), len(network.variables)
    if u.ndim != 2 or u.shape[1] != n or not len(u):
        rows = (f"rows of {n} numbers, one a variable", f"每行 {n} 个数，每个变量一个")
        raise refusal("uniforms", rows, Text(f"the shape {u.shape}", f"形状 {u.shape}"))
    if not (u.min() >= 0 and u.max() < 1):
        inside = ("numbers from 0 on and below 1", "不小于 0 且小于 1 的数")
        raise refusal(
            "uniforms", inside, Text(f"{u.min():.6g} to {u.max():.6g}", f"{u.min():.6g} 到 {u.max():.6g}")
        )
    return u


def _nothing(
    network: BayesianNetwork, known: Evidence, given: tuple[Any, Any], count: int, how: str
) -> GradusError:
    """No draw is left: the evidence is impossible, which is then named, or too improbable for so many."""
    try:
        compiled = CompiledNetwork(network)
    except GradusError:  # too wide for an exact answer
        log = math.nan
    else:
        log = float(compiled.log_evidence(given[0], soft=given[1]))
        if log == -math.inf:
            return impossible(compiled, known, None)
    exact = ("", "") if math.isnan(log) else (f", ln P(evidence) is {log:.4g}", f"，ln P(证据) 为 {log:.4g}")
    en = "has any weight" if how == "weight" else "was kept"
    zh = "没有一个有权重" if how == "weight" else "没有一个被接受"
    return GradusError(
        Text(
            f"evidence: of {count} draws none {en}{exact[0]}; make more draws, or take gradus.inference.infer or gibbs",
            f"evidence：{count} 个样本中{zh}{exact[1]}；请增加样本数，或改用 gradus.inference.infer 或 gibbs",
        )
    )
