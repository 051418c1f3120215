"""What is promised of descent with noisy gradients, from the constants of the function and of the noise."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import number, refusal
from gradus.arguments.tensors import concrete, tensor
from gradus.text import Text


class SGDBounds(NamedTuple):
    """What the mean over all runs does not exceed; ∞ where the constants that were given promise nothing.

    Attributes:
        averaged: of f − f*, at the mean of the first t iterates weighted by their steps (…, T), t = 1 … T.
        last: of f − f*, at the t-th iterate itself, before its own step (…, T).
        loss: of f − f*, after t steps (…, T + 1), t = 0 … T.
        gradient: of the least of the mean ‖∇f‖² at the first t iterates (…, T).
        floor: what `loss` tends to with a constant step of this size (…, T).

    Example:
        >>> SGDBounds(averaged=[1.0], last=[1.0], loss=[2.0, 1.5], gradient=[0.5], floor=[0.1]).loss[-1]
        1.5
    """

    averaged: Any
    last: Any
    loss: Any
    gradient: Any
    floor: Any


def sgd_bounds(
    step_sizes: Float[Tensor, "... T"],
    distance: float = math.inf,
    second_moment: float = math.inf,
    gap: float = math.inf,
    smoothness: float = math.inf,
    variance: float = math.inf,
    growth: float = 0.0,
    pl: float = 0.0,
) -> SGDBounds:
    r"""What is promised of θ ← θ − α_t g_t, E g_t = ∇f(θ_t), for any steps: of the average, the last iterate, loss and gradient.

    .. math:: \mathbb Ef(\bar\theta_t)-f^\star\le\frac{R^2+G^2\sum_s\alpha_s^2}{2\sum_s\alpha_s},\qquad
        \mathbb Ef(\theta_{t-1})-f^\star\le\frac1{2\alpha_{t-1}}\Bigl(\frac{R^2}t+G^2\sum_{s<t}\frac{\alpha_s^2}{\max(t-1-s,1)}\Bigr)

    .. math:: \Delta_{t+1}\le(1-2\mu c_t)\Delta_t+\tfrac12L\alpha_t^2\sigma^2,\qquad
        \min_{s<t}\mathbb E\lVert\nabla f(\theta_s)\rVert^2\le\frac{\Delta_0+\frac12L\sigma^2\sum_s\alpha_s^2}{\sum_sc_s},\qquad
        c_t=\alpha_t\bigl(1-\tfrac12L(1+\rho)\alpha_t\bigr)

    The first two are for convex f with E‖g‖² ≤ G², subgradients too, the second for steps that never grow. The others are for
    L-Lipschitz gradients with E‖g − ∇f‖² ≤ σ² + ρ‖∇f‖², and for steps up to 2/(L(1+ρ)); beyond, nothing is promised from there on. Δ is the
    mean of f − f*; it falls where ½‖∇f‖² ≥ μ (f − f*), which is weaker than strong convexity.

    Args:
        step_sizes: α > 0 (…, T); rows are schedules of their own.
        distance: R, of the start from a minimiser.
        second_moment: G, the root of what the mean square of the gradients that are used does not exceed.
        gap: Δ₀ = f(θ₀) − f*.
        smoothness: L.
        variance: σ², of the whole gradient, the sum over its entries; of a batch, that of a sample over its size.
        growth: ρ; with σ² = 0 there is no floor (interpolation).
        pl: μ, at most L; 0 where no such inequality is known.

    Returns:
        The `SGDBounds`, in the precision of the steps.

    Raises:
        GradusError: steps that are not positive, a constant out of its range, or μ > L.

    Cost: O(T²) for `last`, O(T log T) for the others.

    Source: Nemirovski, Juditsky, Lan and Shapiro 2009 for the average; Orabona 2020, and Shamir and Zhang 2013, for the last iterate; Karimi,
        Nutini and Schmidt 2016 for `pl`; Ghadimi and Lan 2013 for the gradient.

    Example:
        >>> import torch
        >>> found = sgd_bounds(torch.full((4,), 0.5), 1.0, 1.0, 1.0, 1.0, variance=0.1, pl=1.0)
        >>> [round(float(x[-1]), 3) for x in found]
        [0.5, 0.958, 0.021, 0.7, 0.017]
    """
    tensor("step_sizes", step_sizes, "... T>=1", finite=True, meta=False)
    if concrete(step_sizes) and not bool((step_sizes > 0).all()):
        raise refusal("step_sizes", ("positive numbers", "正数"), step_sizes)
    R, G = _constant("distance", distance), _constant("second_moment", second_moment)
    gap, L = _constant("gap", gap), number("smoothness", smoothness, above=0, infinite=True)
    noise, rho, mu = _constant("variance", variance), _constant("growth", growth), number("pl", pl, least=0)
    if mu > L:
        raise refusal("pl", ("at most the smoothness", "不大于光滑常数"), Text(f"{mu:g} > {L:g}", f"{mu:g} > {L:g}"))  # fmt: skip
    a = step_sizes.to(torch.promote_types(step_sizes.dtype, torch.float32))
    squares = a.square()
    count = torch.arange(1, a.shape[-1] + 1, device=a.device, dtype=a.dtype)
    averaged = (R * R + _scaled(G * G, squares.cumsum(-1))) / (2 * a.cumsum(-1))
    last = (R * R / count + _scaled(G * G, _weighted_by_age(squares))) / (2 * a)
    last = torch.where(_never(torch.cat([a[..., :1] < 0, a[..., 1:] > a[..., :-1]], -1)), last, math.inf)
    steady = L * (1 + rho)
    allowed = _never(a > 2 / steady)
    c = a * (1 - 0.5 * steady * a) if steady < math.inf else torch.zeros_like(a)
    fed = _scaled(0.5 * L * noise, squares)
    loss = _affine(1 - 2 * mu * c, fed, gap)
    loss[..., 1:] = torch.where(allowed, loss[..., 1:], math.inf)
    way = c.clamp(min=0).cumsum(-1)
    gradient = torch.where(allowed & (way > 0), (gap + fed.cumsum(-1)) / way, math.inf)
    fall = 2 * mu * c
    floor = torch.where((a <= 2 / steady) & (fall > 0), fed / fall, math.inf)
    return SGDBounds(*(x.to(step_sizes.dtype) for x in (averaged, last, loss, gradient, floor)))


def _constant(name: str, value: float) -> float:
    return number(name, value, least=0, infinite=True)


def _scaled(factor: float, values: Tensor) -> Tensor:
    """Factor · values, for a factor that may be ∞."""
    return values * factor if factor < math.inf else torch.full_like(values, math.inf)


def _never(event: Tensor) -> Tensor:
    """Where the event has not happened so far."""
    return event.to(torch.int32).cumsum(-1) == 0


def _weighted_by_age(squares: Tensor) -> Tensor:
    """Σ_{s<t} α_s² / max(t−1−s, 1) for t = 1 … T."""
    T = squares.shape[-1]
    age = torch.arange(T, device=squares.device).clamp(min=1).to(squares)
    rows = torch.nn.functional.pad(squares.reshape(-1, 1, T), (T - 1, 0))
    kernel = (1 / age).flip(0).reshape(1, 1, T)
    return torch.nn.functional.conv1d(rows, kernel).reshape(squares.shape)


def _affine(factor: Tensor, added: Tensor, start: float) -> Tensor:
    """x_{t+1} = factor_t x_t + added_t from the start, by joining neighbours: log₂ T rounds in place of T steps."""
    if start == math.inf or not bool(added.isfinite().all()):
        rest = torch.full_like(added, math.inf)
        return torch.cat([torch.full_like(added[..., :1], start), rest], -1)
    reach = 1
    while reach < factor.shape[-1]:
        joined = added[..., reach:] + factor[..., reach:] * added[..., :-reach]
        product = factor[..., reach:] * factor[..., :-reach]
        added, factor = (torch.cat([x[..., :reach], y], -1) for x, y in ((added, joined), (factor, product)))
        reach *= 2
    return torch.cat([torch.full_like(added[..., :1], start), factor * start + added], -1)
