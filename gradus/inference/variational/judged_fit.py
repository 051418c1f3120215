"""The result of variational inference, judged by draws of its own: importance weights, means, the bound with its error."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gradus.inference.monte_carlo.points import Points
from gradus.inference.monte_carlo.target import Target
from gradus.inference.variational.pareto_smoothing import psis
from gradus.inference.variational.sample_average import Climb
from gradus.inference.variational.variational_fit import ELBOTrace, VariationalFit, noise_of
from gradus.text import Text

__all__ = ["fitted"]

ALIKE = 1e-4  # of log-weights that differ by less, the tail says nothing


def fitted(
    target: Target, points: Points, climb: Climb, samples: int, seed: int, settings: tuple[str, str, bool]
) -> VariationalFit:
    """The result, from where the climb ended: judged by draws of its own."""
    q, notes = climb.q, list(climb.notes)
    noise = noise_of(samples, q, seed + 2**62)
    free = q.at(noise)
    leaves, volume = points.placed(free)
    value = target(free)
    bad = int((~torch.isfinite(value)).sum())
    if bad:
        notes.append(
            Text(
                f"{bad} of {samples} draws from q have no density: the bound is −∞; say by constraints= what bounds the numbers",
                f"q 的 {samples} 个抽样中有 {bad} 个没有密度：下界为 −∞；请用 constraints= 说明各量的界",
            )
        )
    value = torch.nan_to_num(value, nan=-math.inf).double()
    logs = value - q.log_density(noise).double()
    # where q is the posterior all weights are alike, but for rounding, and their tail has no shape
    rounding = 64 * torch.finfo(q.mean.dtype).eps * float(value.abs().max().clamp(min=1))
    alike = not bad and float(logs.max() - logs.min()) < max(ALIKE, rounding)
    smoothed = psis(torch.full_like(logs, float(logs.mean())) if alike else logs)
    weights = smoothed.log_weights.exp()
    values = dict(zip(points.names, leaves, strict=True))
    fields: dict[str, dict[str, Tensor]] = {"mean": {}, "sd": {}, "weighted_mean": {}, "weighted_sd": {}}
    for name, x in values.items():
        fields["mean"][name], fields["sd"][name] = x.mean(0), x.std(0)
        w = weights.reshape((-1, *[1] * (x.ndim - 1)))
        middle = (w * x.double()).sum(0)
        spread = (w * (x.double() - middle) ** 2).sum(0).sqrt()
        fields["weighted_mean"][name], fields["weighted_sd"][name] = middle.to(x.dtype), spread.to(x.dtype)
    columns = [torch.tensor(c, dtype=torch.float64) for c in zip(*climb.rows, strict=True)]
    # with the entropy in closed form, ln p alone is averaged
    error = 0.0 if alike else float(logs.std()) / math.sqrt(samples)
    top = float(logs.max())
    return VariationalFit(
        values,
        points,
        location=q.mean,
        scale=q.scale,
        elbo=float(logs.mean()),
        elbo_error=error if not bad else math.inf,
        log_evidence=_evidence(logs, smoothed.log_weights, top),
        k=float(smoothed.k),
        log_weights=smoothed.log_weights,
        effective_size=float(smoothed.effective_size),
        log_density=(value if volume is None else value - volume.double()).to(q.mean.dtype),
        trace=ELBOTrace(columns[0].long(), columns[1].long(), *columns[2:]) if columns else None,
        converged=climb.converged,
        notes=tuple(notes),
        family=settings[0],
        method=settings[1],
        mode_found=settings[2],
        **fields,
    )


def _evidence(logs: Tensor, smoothed: Tensor, top: float) -> float:
    """Ln of the mean of the smoothed weights: those below the tail are as they were, which gives back the scale."""
    if top == -math.inf:
        return -math.inf
    low = int(torch.where(torch.isfinite(logs), logs, math.inf).argmin())
    return float(logs[low] - smoothed[low]) - math.log(len(logs))
