"""The evidence lower bound of any log-density in PyTorch under any distribution of torch.distributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Distribution, kl_divergence

from gradus.arguments import choice, flag, function, number, refusal, whole
from gradus.inference.variational.discrete import (
    divergence as discrete_divergence,
)
from gradus.inference.variational.discrete import log_probability, minus_entropy, probabilities
from gradus.inference.variational.draws import checks_on, distribution, seeded, values
from gradus.text import Text

__all__ = ["ELBO", "elbo"]

ESTIMATORS = (None, "pathwise", "score", "exact")
MOST = 2**20  # values of a variable that are summed over without being asked for


class ELBO(NamedTuple):
    """An evidence lower bound in nats, one entry for each entry of the batch of q.

    Attributes:
        value: the bound, or its unbiased estimate; what is maximised: its derivative is an unbiased estimate of the bound's (through the draws: of a continuous log-density).
        standard_error: of the value; 0 where it is exact, ∞ where one draw does not tell.
        likelihood: the mean under q of the log-density given, times the scale.
        divergence: KL(q‖prior), or minus the entropy of q where no prior was given; value = likelihood − divergence.

    Example:
        >>> bound = ELBO(torch.tensor(-1.5), torch.tensor(0.0), torch.tensor(-1.0), torch.tensor(0.5))
        >>> bound
        ELBO(-1.5 ± 0, likelihood -1, divergence 0.5)
    """

    value: Tensor
    standard_error: Tensor
    likelihood: Tensor
    divergence: Tensor

    def __repr__(self) -> str:
        if self.value.numel() != 1:
            return f"ELBO(of shape {tuple(self.value.shape)}, sum {float(self.value.detach().sum()):.6g})"
        a, b, c, d = (float(x.detach()) for x in self)
        return f"ELBO({a:.6g} ± {b:.2g}, likelihood {c:.6g}, divergence {d:.6g})"


def elbo(
    log_density: Callable[[Tensor], Tensor],
    q: Distribution,
    prior: Distribution | None = None,
    *,
    scale: float = 1.0,
    samples: int = 64,
    estimator: str | None = None,
    analytic: bool = True,
    seed: int | None = None,
) -> ELBO:
    r"""The evidence lower bound of a model under q, with its standard error, and a derivative to climb by.

    .. math:: \mathcal L(q)=\mathbb E_q\log p(x,z)+H(q)=\mathbb E_q\log p(x\mid z)-\mathrm{KL}(q\Vert p(z))\le\log p(x)

    Without a prior `log_density` is log p(x, z); with one it is log p(x|z) alone. Of a minibatch of n out of N samples give
    the sum over the n, the prior, and scale = N/n: the likelihood is scaled, the divergence is not. This is for a z that all
    samples share; where each sample has its own, q has a batch of n, and it is the sum of the n values that is multiplied by N/n.

    Derivatives flow to the parameters of q, of the prior, and to whatever `log_density` uses. In the model's own parameters
    the bound is not the likelihood: where it is highest need not be where log p(x) is.

    Args:
        log_density: gets draws of the shape (draws, batch …, event …) of q, gives one number a draw, (draws, batch …).
        q: any distribution of `torch.distributions`; several variables are one event: `Independent(Normal(m, s), 1)`.
        prior: over the same variable.
        scale: of the likelihood, N/n; with a prior only.
        samples: draws from q.
        estimator: "pathwise" lets the derivative flow through the draws (`rsample`), which needs a log-density that is continuous and smooth
            but for single points, since the derivative of a jump is lost without a sign of it; "score" multiplies by ∇ log q, with the
            mean of the other draws as a baseline; "exact" sums over all values of a discrete q. None takes the first of
            exact, pathwise, score that q allows.
        analytic: whether closed forms of the divergence and of the entropy are taken where PyTorch has them. Without them the
            estimate has no variance at all where q is the posterior.
        seed: of the draws; None draws from PyTorch's own generator.

    Returns:
        The `ELBO`. It is −∞ where a density is found to be 0 at a draw of q or at a value that is summed over, or where a closed form
            has an infinite divergence.

    Raises:
        GradusError: a log-density that is no number a draw, NaN, or +∞; a scale without a prior; a prior of another event or
            batch, or one that refuses a draw of q as outside its support; an estimator that q does not allow.

    Cost: one call of `log_density` on all draws.

    Source: Jordan et al. 1999; pathwise: Kingma and Welling 2014; score: Ranganath et al. 2014; baseline: Kool et al. 2019.

    Example:
        >>> import torch
        >>> from torch.distributions import Categorical, Normal
        >>> prior, likelihood = torch.tensor([0.5, 0.5]), torch.tensor([0.75, 0.25]).log()
        >>> elbo(lambda z: likelihood[z], Categorical(torch.tensor([0.75, 0.25])), Categorical(prior)).value  # log(1/2)
        tensor(-0.6931)
        >>> posterior = Normal(1.0, 0.5**0.5)  # of a mean with prior N(0, 1), after one sample, 2, of variance 1
        >>> found = elbo(lambda m: Normal(m, 1.0).log_prob(torch.tensor(2.0)), posterior, Normal(0.0, 1.0), analytic=False)
        >>> round(found.value.item(), 4), round(found.standard_error.item(), 6)  # log N(2; 0, 2), and no variance
        (-2.2655, 0.0)
    """
    function("log_density", log_density, "lambda z: prior.log_prob(z) + likelihood(z)")
    distribution("q", q)
    factor = float(number("scale", scale, above=0))
    _check_prior(prior, q, factor)
    n, closed = whole("samples", samples, least=1), flag("analytic", analytic)
    kind = _estimator(choice("estimator", estimator, ESTIMATORS), q)
    if kind == "exact":
        return _enumerated(log_density, q, prior, factor)
    with seeded(seed):
        z = q.rsample((n,)) if kind == "pathwise" else q.sample((n,))
    likelihood = factor * values("log_density", log_density(z), (n, *q.batch_shape), len(q.event_shape))
    divergence = _closed_form(q, prior) if closed else None
    if divergence is None:
        own = log_probability(q, z)
        own = own.detach() if kind == "score" else own  # its mean derivative is 0
        divergence = own if prior is None else own - _log_prior(prior, z)
    return _estimated(
        likelihood, divergence.expand(n, *q.batch_shape), log_probability(q, z) if kind == "score" else None
    )


def _check_prior(prior: Any, q: Distribution, scale: float) -> None:
    if prior is None:
        if scale != 1:
            mend = (
                "give log p(x|z) and the prior apart: the likelihood alone is scaled",
                "请把 log p(x|z) 与先验分开给出：只有似然要缩放",
            )
            raise refusal("scale", ("1 where there is no prior", "没有先验时为 1"), scale, mend)
        return
    distribution("prior", prior)
    for axes, zh in (("event_shape", "事件"), ("batch_shape", "批")):
        mine, theirs = tuple(getattr(q, axes)), tuple(getattr(prior, axes))
        words = axes.partition("_")[0]
        fits = mine == theirs if words == "event" else _broadcasts(theirs, mine)
        if not fits:
            mend = ("Independent(…, 1) makes the last axis of a batch part of the event", "Independent(…, 1) 把批的最后一个轴并入事件")  # fmt: skip
            raise refusal("prior", (f"the {words} shape {mine} of q", f" q 的{zh}形状 {mine}"), Text(str(theirs), str(theirs)), mend)  # fmt: skip


def _broadcasts(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    return len(shape) <= len(into) and all(a in (1, b) for a, b in zip(shape[::-1], into[::-1], strict=False))


def _estimator(wanted: str | None, q: Distribution) -> str:
    able = {"pathwise": q.has_rsample, "score": True, "exact": _enumerable(q)}
    if wanted is not None:
        if not able[wanted]:
            can = ", ".join(k for k, v in able.items() if v)
            mend = (f"with {q.__class__.__name__} one can take {can}", f"{q.__class__.__name__} 可用 {can}")
            raise refusal("estimator", ("one that q allows", " q 所允许的估计量"), wanted, mend)
        return wanted
    return next(kind for kind in ("exact", "pathwise", "score") if able[kind])


def _enumerable(q: Distribution) -> bool:
    if not q.has_enumerate_support:
        return False
    try:
        return len(q.enumerate_support(expand=False)) <= MOST
    except NotImplementedError:  # several variables, or binomials of different sizes
        return False


def _closed_form(q: Distribution, prior: Distribution | None) -> Tensor | None:
    """KL(q‖prior), or minus the entropy; None where PyTorch has no formula."""
    try:
        exact = minus_entropy(q) if prior is None else discrete_divergence(q, prior)
        if exact is not None:
            return exact
        return -q.entropy() if prior is None else kl_divergence(q, prior)
    except NotImplementedError:
        return None
    except RuntimeError as error:  # categorical distributions over different numbers of values
        came = str(error).partition("\n")[0]
        raise refusal(
            "prior", ("a distribution over the same values as q", "与 q 取值相同的分布"), Text(came, came)
        ) from None


def _log_prior(prior: Distribution, z: Tensor) -> Tensor:
    try:
        with checks_on():
            return log_probability(prior, z)
    except ValueError:  # PyTorch's own check of values
        mend = (
            "transform q, or give a prior without validate_args",
            "请变换 q，或给出不带 validate_args 的先验",
        )
        raise refusal(
            "prior", ("a support that holds the draws of q", "支撑包含 q 的抽样"), prior, mend
        ) from None


def _enumerated(
    log_density: Callable[[Tensor], Tensor], q: Distribution, prior: Distribution | None, scale: float
) -> ELBO:
    z = q.enumerate_support()
    own = log_probability(q, z)
    likelihood = scale * values("log_density", log_density(z), tuple(own.shape), len(q.event_shape))
    held = probabilities(q)
    weights = own.exp() if held is None else held.movedim(-1, 0)
    there = weights > 0  # 0 log 0 = 0, and its derivative is not NaN
    fit = (weights * torch.where(there, likelihood, 0.0)).sum(0)
    divergence = _closed_form(q, prior)
    if divergence is None:
        apart = own if prior is None else own - _log_prior(prior, z)
        divergence = (weights * torch.where(there, apart, 0.0)).sum(0)
    divergence = divergence.expand(fit.shape)
    return ELBO(fit - divergence, torch.zeros_like(fit).detach(), fit, divergence)


def _estimated(likelihood: Tensor, divergence: Tensor, log_q: Tensor | None) -> ELBO:
    """From one row a draw; `log_q` where the derivative is by the score."""
    n = len(likelihood)
    each = likelihood - divergence
    value, fixed = each.mean(0), each.detach()
    if log_q is not None:
        others = (fixed.sum(0) - fixed) / (n - 1) if n > 1 else torch.zeros_like(fixed)
        advantage = torch.where(value.detach().isinf(), 0.0, fixed - others)
        reward = advantage * log_q
        value = value + (reward - reward.detach()).mean(0)
    error = fixed.std(0) / math.sqrt(n) if n > 1 else torch.full_like(fixed[0], torch.inf)
    error = torch.where(error.isnan(), torch.inf, error)
    return ELBO(value, error, likelihood.mean(0), divergence.mean(0))
