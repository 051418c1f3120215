"""Hamiltonian dynamics as the samplers use it: momenta of unit mass, and a metric that says how far they move which coordinate."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, function, number, refusal, whole
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.inference.monte_carlo.metropolis import log_acceptance
from gradus.text import Text

__all__ = ["HamiltonianStep", "hamiltonian_step", "kinetic", "leapfrog", "pulled", "pushed"]


def pushed(factor: Tensor | None, r: Tensor) -> Tensor:
    """F r, for each row: the velocity of a momentum; with F Fᵀ = M⁻¹."""
    if factor is None:
        return r
    return r * factor if factor.ndim == 1 else r @ factor.mT


def pulled(factor: Tensor | None, g: Tensor) -> Tensor:
    """Fᵀ g, for each row: what a gradient does to a momentum."""
    if factor is None:
        return g
    return g * factor if factor.ndim == 1 else g @ factor


def kinetic(r: Tensor) -> Tensor:
    """Half the square of each momentum."""
    return (r * r).sum(-1) / 2


def leapfrog(
    slope: Callable[[Tensor], tuple[Tensor | None, Tensor]],
    place: tuple[Tensor, Tensor, Tensor],
    factor: Tensor | None,
    step: float | Tensor,
    steps: int = 1,
) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor | None]:
    """Steps of the leapfrog: half a kick, a drift, half a kick; of neighbours two halves are one.

    Args:
        slope: from positions to log density (or None) and gradient.
        place: positions, momenta of unit mass, gradients.
        factor: F with F Fᵀ = M⁻¹.
        step: ε, a number, or one a row (rows, 1).
        steps: how many.

    Returns:
        The place, and the log density there if `slope` gave it.
    """
    x, r, g = place
    value = None
    r = r + step / 2 * pulled(factor, g)
    for i in range(steps):
        x = x + step * pushed(factor, r)
        value, g = slope(x)
        r = r + (step if i + 1 < steps else step / 2) * pulled(factor, g)
    return (x, r, g), value


class HamiltonianStep(NamedTuple):
    """One step of Hamiltonian Monte Carlo.

    Attributes:
        position: where the chain is afterwards: what was proposed, or where it was (… d).
        proposed: the end of the trajectory (… d).
        momentum: there, turned round (… d).
        energy_error: H at the end minus H at the start (…).
        probability: with which the end is taken (…).

    Example:
        >>> HamiltonianStep(*[torch.zeros(1)] * 5).probability.item()
        0.0
    """

    position: Tensor
    proposed: Tensor
    momentum: Tensor
    energy_error: Tensor
    probability: Tensor


def hamiltonian_step(
    log_density: Callable[[Tensor], Tensor],
    gradient: Callable[[Tensor], Tensor],
    position: Float[Tensor, "... d"],
    noise: Float[Tensor, "... d"],
    uniform: Float[Tensor, " ..."],
    covariance: Float[Tensor, "d d"],
    *,
    step: float,
    steps: int,
) -> HamiltonianStep:
    r"""One step of Hamiltonian Monte Carlo from given random numbers; it uses the leapfrog and the rule of `sample`.

    .. math:: p=L^{-\mathsf T}\xi,\quad LL^{\mathsf T}=M^{-1},\qquad H(q,p)=-\ln\pi(q)+\tfrac12p^{\mathsf T}M^{-1}p,\qquad
        p\gets p+\tfrac\varepsilon2\nabla\ln\pi(q),\quad q\gets q+\varepsilon M^{-1}p,\quad p\gets p+\tfrac\varepsilon2\nabla\ln\pi(q)

    The end is taken if u < e^{−ΔH}; what has no density (−∞, NaN) never is, and has ΔH = ∞. Where a trajectory leaves the finite
    numbers, the start stands for its end.

    Args:
        log_density: of points (… d), up to a constant (…).
        gradient: its gradient (… d).
        position: q (… d).
        noise: ξ, standard normal (… d).
        uniform: u, uniform on [0, 1) (…).
        covariance: M⁻¹ (d d), positive definite: near the covariance of the target is a good choice.
        step: ε.
        steps: of the leapfrog.

    Raises:
        GradusError: other shapes, a position without density, numbers that are not finite, u outside of [0, 1), ε ≤ 0, no steps,
            or a covariance that is not symmetric and positive definite.

    Cost: steps + 1 gradients.

    Source: Duane, Kennedy, Pendleton and Roweth 1987; Neal 2011.

    Example:
        >>> one = torch.ones(1, dtype=torch.float64)
        >>> found = hamiltonian_step(
        ...     lambda x: -(x**2).sum(-1) / 2, lambda x: -x, one, 0 * one, 0 * one[0], one[None], step=1.0, steps=1
        ... )
        >>> found.proposed.tolist(), found.momentum.tolist(), round(float(found.energy_error), 6)
        ([0.5], [0.75], -0.09375)
    """
    function("log_density", log_density)
    function("gradient", gradient)
    sizes = Sizes()
    tensor("position", position, "*lead d", sizes, finite=True)
    tensor("noise", noise, "*lead d", sizes, finite=True)
    tensor("uniform", uniform, "*lead", sizes, finite=True)
    tensor("covariance", covariance, "d d", sizes, finite=True)
    same_kind(position=position, noise=noise, uniform=uniform, covariance=covariance)
    number("step", step, above=0)
    whole("steps", steps, least=1)
    if concrete(position, noise, uniform, covariance):
        if bool(((uniform < 0) | (uniform >= 1)).any()):
            worst = f"{float(uniform.flatten()[(uniform - 0.5).abs().argmax()]):.4g}"
            raise refusal("uniform", ("numbers in [0, 1)", "[0, 1) 中的数"), Text(worst, worst))
        scale = covariance.diagonal().abs().max()
        if bool((covariance - covariance.mT).abs().max() > 1e-4 * scale):
            raise refusal(
                "covariance", ("a symmetric matrix", "对称矩阵"), Text("one that is not", "不对称的矩阵")
            )
    factor, failed = torch.linalg.cholesky_ex(covariance)
    if bool(failed):
        positive = ("a positive definite matrix", "正定矩阵")
        raise refusal("covariance", positive, Text("one that is not", "并非正定"))
    first = _densities(log_density, position)
    if concrete(first) and not bool(torch.isfinite(first).all()):
        finite = ("a finite number", "有限数")
        raise refusal("log_density(position)", finite, Text("one that is not", "非有限数"))
    place, _ = leapfrog(
        lambda x: (None, _gradients(gradient, x)),
        (position, noise, _gradients(gradient, position)),
        factor,
        step,
        steps,
    )
    proposed, r, _ = place
    last = _densities(log_density, proposed)
    log = log_acceptance(first - kinetic(noise), last - kinetic(r))
    taken = uniform < log.exp()
    ended = torch.isfinite(proposed).all(-1, keepdim=True) & torch.isfinite(r).all(-1, keepdim=True)
    proposed, r = torch.where(ended, proposed, position), torch.where(ended, r, noise)
    momentum = -torch.linalg.solve_triangular(factor.mT, r[..., None], upper=True)[..., 0]
    error = first - last + kinetic(r) - kinetic(noise)
    error = torch.where(torch.isnan(error) | ~ended[..., 0], torch.inf, error)
    return HamiltonianStep(
        torch.where(taken[..., None], proposed, position), proposed, momentum, error, log.exp()
    )


def _densities(log_density: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    value = log_density(x)
    if not isinstance(value, Tensor) or value.shape != x.shape[:-1]:
        shape = (f"a tensor of shape {tuple(x.shape[:-1])}", f"形状为 {tuple(x.shape[:-1])} 的张量")
        raise refusal("log_density(points)", shape, value)
    return value


def _gradients(gradient: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    value = gradient(x)
    if not isinstance(value, Tensor) or value.shape != x.shape:
        shape = (f"a tensor of shape {tuple(x.shape)}", f"形状为 {tuple(x.shape)} 的张量")
        raise refusal("gradient(points)", shape, value)
    return value
