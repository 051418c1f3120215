"""The residuals of the problems of Moré, Garbow and Hillstrom, from x (n,) to r (m,), in their order.

They branch on no value and write into no tensor, so that `torch.func.vmap` and automatic differentiation see through them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["RESIDUALS"]


def _data(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def _count(first: int, last: int, x: Tensor) -> Tensor:
    """first, …, last as numbers of the kind of x."""
    return torch.arange(first, last + 1, dtype=x.dtype, device=x.device)


def rosenbrock(x: Tensor) -> Tensor:
    return torch.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def freudenstein_roth(x: Tensor) -> Tensor:
    a, b = x[0], x[1]
    return torch.stack([-13 + a + ((5 - b) * b - 2) * b, -29 + a + ((b + 1) * b - 14) * b])


def powell_badly_scaled(x: Tensor) -> Tensor:
    return torch.stack([1e4 * x[0] * x[1] - 1, (-x[0]).exp() + (-x[1]).exp() - 1.0001])


def brown_badly_scaled(x: Tensor) -> Tensor:
    return torch.stack([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


_BEALE = _data(1.5, 2.25, 2.625)


def beale(x: Tensor) -> Tensor:
    return _BEALE.to(x) - x[0] * (1 - torch.stack([x[1], x[1] ** 2, x[1] ** 3]))


def jennrich_sampson(x: Tensor) -> Tensor:
    i = _count(1, 10, x)
    return 2 + 2 * i - ((i * x[0]).exp() + (i * x[1]).exp())


def helical_valley(x: Tensor) -> Tensor:
    # the angle in turns, from −1/4 to 3/4: it jumps on the negative half of the second axis
    turn = torch.atan2(x[1], x[0]) / (2 * math.pi)
    turn = turn + ((x[0] < 0) & (x[1] < 0)).to(x.dtype)
    return torch.stack([10 * (x[2] - 10 * turn), 10 * (torch.hypot(x[0], x[1]) - 1), x[2]])


_BARD = _data(.14, .18, .22, .25, .29, .32, .35, .39, .37, .58, .73, .96, 1.34, 2.10, 4.39)  # fmt: skip


def bard(x: Tensor) -> Tensor:
    u = _count(1, 15, x)
    v = 16 - u
    return _BARD.to(x) - (x[0] + u / (v * x[1] + torch.minimum(u, v) * x[2]))


_GAUSSIAN = _data(
    .0009, .0044, .0175, .0540, .1295, .2420, .3521, .3989, .3521, .2420, .1295, .0540, .0175, .0044, .0009
)  # fmt: skip


def gaussian(x: Tensor) -> Tensor:
    t = (8 - _count(1, 15, x)) / 2
    return x[0] * (-x[1] * (t - x[2]) ** 2 / 2).exp() - _GAUSSIAN.to(x)


_MEYER = _data(
    34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872
)  # fmt: skip


def meyer(x: Tensor) -> Tensor:
    t = 45 + 5 * _count(1, 16, x)
    return x[0] * (x[1] / (t + x[2])).exp() - _MEYER.to(x)


def gulf(x: Tensor) -> Tensor:
    t = _count(1, 99, x) / 100
    y = 25 + (-50 * t.log()) ** (2 / 3)
    return (-((y - x[1]).abs() ** x[2]) / x[0]).exp() - t


def box_three_dimensional(x: Tensor) -> Tensor:
    t = _count(1, 10, x) / 10
    return (-t * x[0]).exp() - (-t * x[1]).exp() - x[2] * ((-t).exp() - (-10 * t).exp())


def powell_singular(x: Tensor) -> Tensor:
    a, b, c, d = x.reshape(-1, 4).unbind(1)
    four = (a + 10 * b, math.sqrt(5) * (c - d), (b - 2 * c) ** 2, math.sqrt(10) * (a - d) ** 2)
    return torch.stack(four, dim=1).flatten()


def wood(x: Tensor) -> Tensor:
    a, b, c, d = x[0], x[1], x[2], x[3]
    return torch.stack(
        [
            10 * (b - a**2), 1 - a, math.sqrt(90) * (d - c**2), 1 - c,
            math.sqrt(10) * (b + d - 2), (b - d) / math.sqrt(10),
        ]
    )  # fmt: skip


_KOWALIK = _data(.1957, .1947, .1735, .1600, .0844, .0627, .0456, .0342, .0323, .0235, .0246)  # fmt: skip
_KOWALIK_AT = _data(4, 2, 1, .5, .25, .167, .125, .1, .0833, .0714, .0625)  # fmt: skip


def kowalik_osborne(x: Tensor) -> Tensor:
    u = _KOWALIK_AT.to(x)
    return _KOWALIK.to(x) - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


def brown_dennis(x: Tensor) -> Tensor:
    t = _count(1, 20, x) / 5
    return (x[0] + t * x[1] - t.exp()) ** 2 + (x[2] + x[3] * t.sin() - t.cos()) ** 2


_OSBORNE_1 = _data(
    .844, .908, .932, .936, .925, .908, .881, .850, .818, .784, .751, .718, .685, .658, .628, .603, .580, .558, .538,
    .522, .506, .490, .478, .467, .457, .448, .438, .431, .424, .420, .414, .411, .406,
)  # fmt: skip


def osborne_1(x: Tensor) -> Tensor:
    t = 10 * _count(0, 32, x)
    return _OSBORNE_1.to(x) - (x[0] + x[1] * (-t * x[3]).exp() + x[2] * (-t * x[4]).exp())


def biggs_exp6(x: Tensor) -> Tensor:
    t = _count(1, 13, x) / 10
    y = (-t).exp() - 5 * (-10 * t).exp() + 3 * (-4 * t).exp()
    return x[2] * (-t * x[0]).exp() - x[3] * (-t * x[1]).exp() + x[5] * (-t * x[4]).exp() - y


_OSBORNE_2 = _data(
    1.366, 1.191, 1.112, 1.013, .991, .885, .831, .847, .786, .725, .746, .679, .608, .655, .616, .606, .602, .626, .651,
    .724, .649, .649, .694, .644, .624, .661, .612, .558, .533, .495, .500, .423, .395, .375, .372, .391, .396, .405,
    .428, .429, .523, .562, .607, .653, .672, .708, .633, .668, .645, .632, .591, .559, .597, .625, .739, .710, .729,
    .720, .636, .581, .428, .292, .162, .098, .054,
)  # fmt: skip


def osborne_2(x: Tensor) -> Tensor:
    t = _count(0, 64, x) / 10
    peaks = [x[k] * (-((t - x[k + 7]) ** 2) * x[k + 4]).exp() for k in (1, 2, 3)]
    return _OSBORNE_2.to(x) - (x[0] * (-t * x[4]).exp() + peaks[0] + peaks[1] + peaks[2])


def watson(x: Tensor) -> Tensor:
    n = len(x)
    t = _count(1, 29, x)[:, None] / 29
    powers = t ** _count(0, n - 1, x)
    slope = powers[:, :-1] @ (_count(1, n - 1, x) * x[1:])
    return torch.cat([slope - (powers @ x) ** 2 - 1, torch.stack([x[0], x[1] - x[0] ** 2 - 1])])


def extended_rosenbrock(x: Tensor) -> Tensor:
    a, b = x.reshape(-1, 2).unbind(1)
    return torch.stack([10 * (b - a**2), 1 - a], dim=1).flatten()


def penalty_1(x: Tensor) -> Tensor:
    return torch.cat([math.sqrt(1e-5) * (x - 1), (x @ x - 0.25).reshape(1)])


def penalty_2(x: Tensor) -> Tensor:
    n = len(x)
    root, e, i = math.sqrt(1e-5), (x / 10).exp(), _count(1, n, x)
    y = (i[1:] / 10).exp() + (i[:-1] / 10).exp()
    middle = root * (e[1:] + e[:-1] - y)
    return torch.cat(
        [
            (x[0] - 0.2).reshape(1),
            middle,
            root * (e[1:] - math.exp(-0.1)),
            ((n - i + 1) @ x**2 - 1).reshape(1),
        ]
    )


def variably_dimensioned(x: Tensor) -> Tensor:
    total = _count(1, len(x), x) @ (x - 1)
    return torch.cat([x - 1, torch.stack([total, total**2])])


def trigonometric(x: Tensor) -> Tensor:
    n, c = len(x), x.cos()
    return n - c.sum() + _count(1, n, x) * (1 - c) - x.sin()


def brown_almost_linear(x: Tensor) -> Tensor:
    return torch.cat([x[:-1] + x.sum() - (len(x) + 1), (x.prod() - 1).reshape(1)])


def _padded(x: Tensor) -> Tensor:
    """With a zero on both ends."""
    zero = x.new_zeros(1)
    return torch.cat([zero, x, zero])


def discrete_boundary_value(x: Tensor) -> Tensor:
    n = len(x)
    h, wide = 1 / (n + 1), _padded(x)
    return 2 * x - wide[:-2] - wide[2:] + h**2 * (x + _count(1, n, x) * h + 1) ** 3 / 2


def discrete_integral_equation(x: Tensor) -> Tensor:
    n = len(x)
    h = 1 / (n + 1)
    t = _count(1, n, x) * h
    kernel = torch.minimum(t[:, None], t) * (1 - torch.maximum(t[:, None], t))
    return x + h / 2 * (kernel @ (x + t + 1) ** 3)


def broyden_tridiagonal(x: Tensor) -> Tensor:
    wide = _padded(x)
    return (3 - 2 * x) * x - wide[:-2] - 2 * wide[2:] + 1


def broyden_banded(x: Tensor) -> Tensor:
    i = _count(1, len(x), x)
    apart = i[:, None] - i
    band = ((apart <= 5) & (apart >= -1) & (apart != 0)).to(x.dtype)
    return x * (2 + 5 * x**2) + 1 - band @ (x * (1 + x))


def linear_full_rank(x: Tensor) -> Tensor:
    n = len(x)
    mean = 2 / (2 * n) * x.sum()
    return torch.cat([x - mean - 1, (-mean - 1).expand(n)])


def linear_rank_1(x: Tensor) -> Tensor:
    n = len(x)
    return _count(1, 2 * n, x) * (_count(1, n, x) @ x) - 1


def linear_rank_1_with_zeros(x: Tensor) -> Tensor:
    n = len(x)
    inner = _count(1, 2 * n - 2, x) * (_count(2, n - 1, x) @ x[1:-1]) - 1
    return torch.cat([-x.new_ones(1), inner, -x.new_ones(1)])


def chebyquad(x: Tensor) -> Tensor:
    n = len(x)
    y = 2 * x - 1
    before, now, rows = torch.ones_like(y), y, [y.mean()]
    for i in range(2, n + 1):
        before, now = now, 2 * y * now - before
        rows.append(now.mean() + (1 / (i * i - 1) if i % 2 == 0 else 0.0))
    return torch.stack(rows)


RESIDUALS: tuple[Callable[[Tensor], Tensor], ...] = (
    rosenbrock, freudenstein_roth, powell_badly_scaled, brown_badly_scaled, beale, jennrich_sampson, helical_valley, bard,
    gaussian, meyer, gulf, box_three_dimensional, powell_singular, wood, kowalik_osborne, brown_dennis, osborne_1,
    biggs_exp6, osborne_2, watson, extended_rosenbrock, powell_singular, penalty_1, penalty_2, variably_dimensioned,
    trigonometric, brown_almost_linear, discrete_boundary_value, discrete_integral_equation, broyden_tridiagonal,
    broyden_banded, linear_full_rank, linear_rank_1, linear_rank_1_with_zeros, chebyquad,
)  # fmt: skip
