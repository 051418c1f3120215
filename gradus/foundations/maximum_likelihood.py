"""Maximum likelihood of any differentiable log-density, with standard errors, many samples at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, shown, whole
from gradus.arguments import function as require_function
from gradus.arguments.tensors import tensor
from gradus.errors import GradusError
from gradus.text import Text

LogDensity = Callable[[Tensor, Tensor], Tensor]


class LikelihoodFit(NamedTuple):
    """A maximum of the likelihood.

    Attributes:
        parameters: θ̂ (..., k); differentiable with respect to the observations.
        standard_errors: from the observed information, √[(−∇²ℓ)⁻¹]_jj (..., k).
        log_likelihood: ℓ(θ̂) (...).

    Example:
        >>> import torch
        >>> x = torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64)
        >>> normal = lambda x, t: -((x - t[..., 0]) ** 2) / 2
        >>> fit = maximum_likelihood(normal, x, torch.zeros(1, dtype=torch.float64))
        >>> round(fit.parameters.item(), 6), round(fit.standard_errors.item(), 6)
        (3.0, 0.57735)
    """

    parameters: Float[Tensor, "*batch k"]
    standard_errors: Float[Tensor, "*batch k"]
    log_likelihood: Float[Tensor, "*batch"]


def maximum_likelihood(
    log_density: LogDensity, x: Float[Tensor, "*batch n"], start: Float[Tensor, "*batch k"], steps: int = 200
) -> LikelihoodFit:
    r"""The parameters under which independent observations are most likely.

    :math:`\hat\theta=\arg\max_\theta\sum_i\log f(x_i\mid\theta)` by Newton's method, where a step along which ℓ is not
    concave uses :math:`|\lambda|` for the eigenvalue λ of −∇²ℓ and is halved until ℓ rises. All batch members are
    fitted together, in float64. The last step stays in the graph, so gradients with respect to x are those of the
    implicit function theorem, :math:`\partial\hat\theta/\partial x=-(\nabla^2\ell)^{-1}\partial_x\nabla\ell`.

    Args:
        log_density: (x, θ) to log f(x | θ), elementwise; it is given x (..., n) and θ (..., 1, k), so that
            `theta[..., 0]` meets x. It must be finite for every θ: use logarithms of positive parameters.
        x: observations along the last axis (..., n).
        start: where the ascent starts (..., k).
        steps: how many Newton steps are allowed.

    Raises:
        GradusError: there are no observations, one is not finite, ℓ is not finite at the start, or no maximum is
            reached (the likelihood may grow for ever).

    Cost: k + 1 backward passes over the observations for each step.

    Source: Fisher 1922; Nocedal and Wright 2006, §3.4 (modified Newton).

    Example:
        >>> import torch
        >>> x = torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64)
        >>> exponential = lambda x, t: t[..., 0] - x * t[..., 0].exp()  # θ = log λ
        >>> fit = maximum_likelihood(exponential, x, torch.zeros(1, dtype=torch.float64))
        >>> round(fit.parameters.exp().item(), 6)
        0.333333
    """
    require_function("log_density", log_density, "lambda x, theta: -(x - theta[..., 0]) ** 2 / 2")
    sizes = Sizes()
    tensor("x", x, "*batch n>=1", sizes, finite=True, meta=False)
    tensor("start", start, "*batch k>=1", sizes, finite=True, meta=False)
    steps = whole("steps", steps, least=1)
    data = x.double()
    theta = _ascend(log_density, data.detach(), start.detach().double(), steps)
    with torch.enable_grad():
        theta.requires_grad_()
        value, gradient, information = _derivatives(log_density, data, theta)
        inverse = torch.linalg.inv(information.detach())
        final = theta.detach() + (inverse @ gradient[..., None])[..., 0]  # the step that carries ∂θ̂/∂x
    errors = inverse.diagonal(dim1=-2, dim2=-1).clamp_min(0).sqrt()
    if not (torch.is_grad_enabled() and x.requires_grad):
        final, value = final.detach(), value.detach()
    return LikelihoodFit(final.to(x.dtype), errors.to(x.dtype), value.to(x.dtype))


def _derivatives(log_density: LogDensity, x: Tensor, theta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """ℓ (...), ∇ℓ (..., k) and −∇²ℓ (..., k, k); members of the batch do not see each other."""
    value = _summed(log_density, x, theta)
    if not value.requires_grad:
        raise GradusError(
            Text(
                "log_density: the log-density does not depend on θ: there is nothing to estimate",
                "log_density：对数密度与 θ 无关：没有可估计的参数",
            )
        )
    (gradient,) = torch.autograd.grad(value.sum(), theta, create_graph=True)
    rows = [_row(gradient[..., j], theta) for j in range(theta.shape[-1])]
    return value, gradient, -torch.stack(rows, dim=-2)


def _summed(log_density: LogDensity, x: Tensor, theta: Tensor) -> Tensor:
    logs = log_density(x, theta[..., None, :])
    if not isinstance(logs, Tensor) or logs.shape != x.shape:
        raise GradusError(
            Text(
                f"log_density: expected one number for each observation, {tuple(x.shape)}, got {shown(logs)}",
                f"log_density：每个观测值应对应一个数，形状 {tuple(x.shape)}，得到 {shown(logs)}",
            )
        )
    return logs.sum(-1)


def _row(component: Tensor, theta: Tensor) -> Tensor:
    """One row of the second derivative; 0 where ℓ is linear."""
    row = None
    if component.requires_grad:
        (row,) = torch.autograd.grad(component.sum(), theta, retain_graph=True, allow_unused=True)
    return torch.zeros_like(theta) if row is None else row


def _ascend(log_density: LogDensity, x: Tensor, theta: Tensor, steps: int) -> Tensor:
    for _ in range(steps):
        with torch.enable_grad():
            theta = theta.detach().requires_grad_()
            value, gradient, information = (t.detach() for t in _derivatives(log_density, x, theta))
        if not bool(torch.isfinite(value).all() & torch.isfinite(gradient).all()):
            raise GradusError(
                Text(
                    "log_density, start: the log-likelihood is not finite where the ascent stands; start elsewhere, or use log-parameters",
                    "log_density、start：上升途中对数似然不是有限值；请换一个起点，或使用对数参数",
                )
            )
        theta = theta.detach()
        size, axes = torch.linalg.eigh(information)
        floor = 1e-12 * size.abs().amax(-1, keepdim=True) + 1e-150
        along = (axes.mT @ gradient[..., None])[..., 0] / torch.maximum(size.abs(), floor)
        step = (axes @ along[..., None])[..., 0]
        gain = (step * gradient).sum(-1)  # twice the rise that the quadratic model promises
        if bool((gain <= 1e-16 * (1 + value.abs())).all()):
            _check_maximum(size, step, theta)
            return theta + step
        theta = _halved(log_density, x, theta, step, value, gain)
    raise GradusError(
        Text(
            f"steps: no maximum after {steps}: the likelihood may grow for ever (too few or constant observations?)",
            f"steps：{steps} 步后仍未达到极大值：似然可能无限增大（观测值过少或全相同？）",
        )
    )


def _check_maximum(size: Tensor, step: Tensor, theta: Tensor) -> None:
    flat = size[..., 0] <= 1e-10 * size[..., -1].abs()
    if bool(flat.any()) or bool((step.abs() > 1e-3 * (1 + theta.abs())).any()):
        raise GradusError(
            Text(
                "log_density: the likelihood has no strict maximum: it is flat, or grows for ever, in some direction of θ",
                "log_density：似然没有严格极大值：在 θ 的某个方向上平坦，或无限增大",
            )
        )


def _halved(
    log_density: LogDensity, x: Tensor, theta: Tensor, step: Tensor, value: Tensor, gain: Tensor
) -> Tensor:
    """θ + t·step with t = 1, ½, ¼ … until ℓ rises by a part of what was promised, each member its own t."""
    t = torch.ones_like(gain)
    for _ in range(60):
        new = log_density(x, (theta + t[..., None] * step)[..., None, :]).sum(-1)
        short = ~(new >= value + 1e-4 * t * gain - 1e-14 * value.abs())
        if not bool(short.any()):
            break
        t = torch.where(short, t / 2, t)
    return theta + t[..., None] * step
