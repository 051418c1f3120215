"""The parameters of a `torch.distributions` object: as they were given, checked, and with their logarithms."""

from __future__ import annotations

import functools
import inspect
import math
from typing import Any, cast

import torch
from torch import Tensor
from torch import distributions as D

from gradus.errors import GradusError
from gradus.foundations.distributions.saddle_point import corrected, within
from gradus.text import Text


def parameters(distribution: D.Distribution) -> dict[str, Tensor]:
    """The parameters by name; of two forms of one parameter (probs, logits) the one that was given."""
    given: dict[str, Any] = {}
    for name in distribution.arg_constraints:
        value = vars(distribution).get(name)
        if value is None and isinstance(inspect.getattr_static(distribution, name, None), property):
            value = getattr(distribution, name)  # Beta holds its two as a Dirichlet's
        if value is not None:
            given[name] = value
    if "probs" in given and "logits" in given:  # torch keeps the other form too once it has been asked for
        known: Any = distribution
        del given["logits" if known._param is given["probs"] else "probs"]
    return {k: v if isinstance(v, Tensor) else torch.as_tensor(v) for k, v in given.items()}


def working_dtype(distribution: D.Distribution) -> torch.dtype:
    """The widest dtype of the parameters; the default one where they are integers."""
    floating = [v.dtype for v in parameters(distribution).values() if v.is_floating_point()]
    return functools.reduce(torch.promote_types, floating) if floating else torch.get_default_dtype()


def check_parameters(distribution: D.Distribution) -> None:
    """Refuses parameters outside their domain, which a distribution made without validation may hold.

    Raises:
        GradusError: naming the parameter, the first bad value and what is allowed.
    """
    kind, owner = type(distribution).__name__, cast(Any, distribution)
    for name, value in parameters(distribution).items():
        constraint: Any = distribution.arg_constraints[name]
        if value.is_complex():
            raise GradusError(
                Text(
                    f"expected {name} of {kind} in real numbers, got {value.dtype}",
                    f"{kind} 的 {name} 应为实数，实为 {value.dtype}",
                )
            )
        if name == "low" and not bool((owner.low < owner.high).all()):
            raise GradusError(
                Text("expected low < high of Uniform; exchange them", "Uniform 应有 low < high；请交换二者")
            )
        good = constraint.check(value)
        if good.shape == value.shape and name != "logits":  # log-odds of ±∞ are the probabilities 0 and 1
            good = good & value.isfinite()
        if not bool(good.all()):
            shown = value[~good].flatten()[0] if good.shape == value.shape else value.flatten()[0]
            raise GradusError(
                Text(
                    f"expected {name} of {kind} in {constraint}, got {shown.item():.6g}",
                    f"{kind} 的 {name} 应满足 {constraint}，实为 {shown.item():.6g}",
                )
            )


def wide(*values: Tensor) -> list[Tensor]:
    """In the parameters' own precision, but in float32 at least; broadcast."""
    dtype = torch.float64 if any(v.dtype == torch.float64 for v in values) else torch.float32
    return list(torch.broadcast_tensors(*[v.to(dtype) for v in values]))


def log_odds(distribution: D.Bernoulli | D.Binomial) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """p, 1 − p and their logarithms, from probabilities or from log-odds, whichever was given."""
    if "probs" in parameters(distribution):
        (p,) = wide(distribution.probs)
        return p, 1 - p, torch.log(p), torch.log1p(-p)
    (z,) = wide(distribution.logits)
    log_p, log_q = torch.nn.functional.logsigmoid(z), torch.nn.functional.logsigmoid(-z)
    # sigmoid's own derivative p(1 − p) is 0 where p rounds to 1
    return corrected(log_p.exp(), torch.sigmoid(z)), corrected(log_q.exp(), torch.sigmoid(-z)), log_p, log_q


def log_shares(distribution: D.Categorical) -> Tensor:
    """The log-probabilities (..., k) in float32 at least; that of the largest from the sum of the others, which it exceeds."""
    if "probs" in parameters(distribution):
        (p,) = wide(distribution.probs)  # normalised by torch
        others = torch.zeros_like(p).scatter(-1, p.argmax(-1, keepdim=True), 1.0) == 0
        rest = torch.where(others, p, 0.0).sum(-1, keepdim=True)
        return torch.where(
            others | (rest > 0.5), torch.log(within(others | (rest > 0.5), p)), torch.log1p(-rest)
        )
    (z,) = wide(distribution.logits)
    top, place = z.max(-1, keepdim=True)
    others = torch.zeros_like(z).scatter(-1, place, 1.0) == 0
    excess = torch.log1p(torch.exp(within(others, z - top, -math.inf)).sum(-1, keepdim=True))
    return torch.where(others, z - top, 0.0) - excess


def concentrations(distribution: D.Beta | D.Dirichlet) -> Tensor:
    """Dirichlet's α (..., k), of a beta distribution its two."""
    if isinstance(distribution, D.Beta):
        return torch.stack(wide(distribution.concentration1, distribution.concentration0), -1)
    return wide(distribution.concentration)[0]


def log_width(low: Tensor, high: Tensor) -> Tensor:
    """Log(high − low), where the difference may overflow."""
    width = high - low
    fits = width.detach().isfinite()
    halves = within(~fits, high / 2 - low / 2)
    return torch.where(fits, torch.log(within(fits, width)), math.log(2) + torch.log(halves))
