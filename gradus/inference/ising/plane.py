"""The square lattice without a field in closed form: of the infinite plane (Onsager, Yang) and of any torus (Kaufman)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ellipe, ellipkm1

from gradus.arguments import number, whole

__all__ = ["CRITICAL_TEMPERATURE", "PlaneIsing", "TorusIsing", "kaufman_torus", "onsager_plane"]

Array = np.ndarray[Any, np.dtype[np.float64]]
FROZEN = 100  # K beyond which e^{-8K} is lost beside 1 many times over
HOT = 1e-5  # K below which a torus is taken from its first terms
SMALL = 1e-3  # K below which the energy is taken from its first terms
CRITICAL_TEMPERATURE = 2 / math.log1p(math.sqrt(2))  # in units of J


class PlaneIsing(NamedTuple):
    """The Ising model on the infinite square lattice, per spin.

    Attributes:
        log_partition: ln Z per spin.
        energy: mean energy per spin.
        heat_capacity: its derivative by the temperature; infinite at the critical one.
        magnetisation: the spontaneous one: of a field that is taken away; 0 above the critical temperature.

    Example:
        >>> round(onsager_plane(0.5).magnetisation, 6)
        0.911319
    """

    log_partition: float
    energy: float
    heat_capacity: float
    magnetisation: float


class TorusIsing(NamedTuple):
    """The Ising model on a torus of the square lattice, the whole of it.

    Attributes:
        log_partition: ln Z.
        energy: mean energy.

    Example:
        >>> round(kaufman_torus(4, 4, 0.4).energy, 6)
        -22.065864
    """

    log_partition: float
    energy: float


def onsager_plane(beta: float, coupling: float = 1.0) -> PlaneIsing:
    r"""The Ising model on the infinite square lattice without a field, in closed form.

    .. math:: \frac{\ln Z}N=\ln(2\cosh2K)+\frac1\pi\int_0^{\pi/2}\ln\tfrac{1+\sqrt{1-\kappa^2\sin^2\varphi}}2\,d\varphi,\quad
        \kappa=\frac{2\sinh2K}{\cosh^22K},\quad m=(1-\sinh^{-4}2K)^{1/8},\quad K=\beta J

    Args:
        beta: β, the inverse of the temperature, 0 or more.
        coupling: J, above 0.

    Raises:
        GradusError: β below 0, or J not above 0.

    Cost: microseconds.

    Source: Onsager 1944; Yang 1952 for the magnetisation.

    Example:
        >>> round(onsager_plane(0.4).energy, 6)
        -1.106079
    """
    beta, J = number("beta", beta, least=0), number("coupling", coupling, above=0)
    K = beta * J
    if K > FROZEN:
        return PlaneIsing(2 * K, -2 * J, 0.0, 1.0)
    sinh, cosh = math.sinh(2 * K), math.cosh(2 * K)
    log = math.log(2 * cosh) + _mean_log((2 * sinh / cosh**2) ** 2)
    if K < SMALL:  # the closed form is a difference there; these are its first terms
        return PlaneIsing(log, -J * (2 * K + 10 / 3 * K**3), K**2 * (2 + 10 * K**2), 0.0)
    apart = abs(sinh**2 - 1) / cosh**2  # √(1 − κ²)
    magnetisation = (1 - sinh**-4) ** 0.125 if sinh > 1 else 0.0
    coth, side = cosh / sinh, (sinh**2 - 1) / cosh**2
    if not apart:
        return PlaneIsing(log, -J * coth, math.inf, magnetisation)
    first, second = float(ellipkm1(apart**2)), float(ellipe(1 - apart**2))
    energy = -J * coth * (1 + 2 / math.pi * side * first)
    rest = 2 * first - 2 * second - (1 - side) * (math.pi / 2 + side * first)
    return PlaneIsing(log, energy, 2 / math.pi * (K * coth) ** 2 * rest, magnetisation)


def kaufman_torus(rows: int, columns: int, beta: float, coupling: float = 1.0) -> TorusIsing:
    r"""The Ising model on a torus of the square lattice without a field, in closed form: four products, one for each pair of signs.

    .. math:: Z=\tfrac12(2\sinh2K)^{mn/2}\Bigl[\prod_r2\cosh\tfrac m2\gamma_{2r+1}+\prod_r2\sinh\tfrac m2\gamma_{2r+1}
        +\prod_r2\cosh\tfrac m2\gamma_{2r}+\prod_r2\sinh\tfrac m2\gamma_{2r}\Bigr],\quad
        \cosh\gamma_l=\frac{\cosh^22K}{\sinh2K}-\cos\frac{\pi l}n,\quad \gamma_0=2K+\ln\tanh K,

    r from 0 to n − 1; γ₀ is negative above the critical temperature.

    Args:
        rows: m, at least 2.
        columns: n, at least 2.
        beta: β, the inverse of the temperature, 0 or more.
        coupling: J, above 0.

    Raises:
        GradusError: sizes below 2, β below 0, or J not above 0.

    Cost: O(n). The energy is off by about 10⁻¹⁶/K a spin, at most 10⁻¹¹.

    Source: Kaufman 1949.

    Example:
        >>> round(kaufman_torus(2, 3, 0.3).log_partition, 6)
        5.094469
    """
    m, n = whole("rows", rows, least=2), whole("columns", columns, least=2)
    J = number("coupling", coupling, above=0)
    K = number("beta", beta, least=0) * J
    if K > FROZEN:
        return TorusIsing(2 * m * n * K + math.log(2), -2.0 * m * n * J)
    if K < HOT:  # pairs, twice as strong around a side of 2, and loops around a side of 3
        pairs, loops = (sum(side == s for side in (m, n)) for s in (2, 3))
        log = math.log(2) + K**2 * (1 + pairs / 2) + K**3 * loops / 3
        return TorusIsing(m * n * log, -J * m * n * (K * (2 + pairs) + K**2 * loops))
    sinh, cosh = math.sinh(2 * K), math.cosh(2 * K)
    products = []
    for odd in (1, 0):
        first = 2 * K + math.log(math.tanh(K)), 2 + 2 / sinh  # γ₀, negative above the critical temperature
        turn = np.pi * (2 * np.arange(1 - odd, n) + odd) / n
        gamma = np.arccosh(cosh / sinh * cosh - np.cos(turn))
        by_K = 2 * cosh * (1 - sinh**-2) / np.sinh(gamma)
        if not odd:
            gamma, by_K = np.append(first[0], gamma), np.append(first[1], by_K)
        products += _products(m * gamma / 2, m * by_K / 2)
    most = max(log for log, _, _ in products)
    scale = [math.exp(log - most) for log, _, _ in products]
    total = sum(s * value for s, (_, value, _) in zip(scale, products, strict=True))
    slope = sum(s * by_K for s, (_, _, by_K) in zip(scale, products, strict=True))
    log_sinh = 2 * K + math.log(-math.expm1(-4 * K))  # ln 2 sinh 2K
    log = m * n / 2 * log_sinh - math.log(2) + most + math.log(total)
    return TorusIsing(float(log), float(-J * (m * n * cosh / sinh + slope / total)))


def _products(x: Array, dx: Array) -> list[tuple[float, float, float]]:
    """The products of 2 cosh x and of 2 sinh x: a logarithm, and by what it is to be multiplied for the value and its slope.

    The first factor alone may be 0 or negative: it stays outside the logarithm.
    """
    first, rest, by = float(x[0]), x[1:], dx[1:]
    even, odd = 1 + math.exp(-2 * abs(first)), -math.copysign(1, first) * math.expm1(-2 * abs(first))
    tanh = np.tanh(rest)
    log = abs(first) + float(np.logaddexp(rest, -rest).sum())
    by_cosh, by_sinh = float((tanh * by).sum()), float((by / tanh).sum())
    return [
        (log, even, odd * dx[0] + even * by_cosh),
        (log + float(np.log(tanh).sum()), odd, even * dx[0] + odd * by_sinh),
    ]


def _mean_log(square: float) -> float:
    """(1/π)∫₀^{π/2} ln ½(1+√(1−κ² sin² φ)) dφ."""
    from scipy.integrate import quad

    def integrand(phi: float) -> float:
        return math.log((1 + math.sqrt(max(1 - square * math.sin(phi) ** 2, 0.0))) / 2)

    return float(quad(integrand, 0, math.pi / 2, epsabs=1e-13, epsrel=1e-13, limit=200)[0]) / math.pi
