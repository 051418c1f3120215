"""The 35 unconstrained problems of Moré, Garbow and Hillstrom: sums of squares with published minima."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, refusal, whole
from gradus.arguments import number as require_number
from gradus.arguments.tensors import tensor
from gradus.optimization.more_garbow_hillstrom.residuals import RESIDUALS
from gradus.optimization.more_garbow_hillstrom.starts import start_of

__all__ = ["MGHProblem", "mgh_problem", "mgh_problems"]

NAMES = (
    "Rosenbrock", "Freudenstein and Roth", "Powell badly scaled", "Brown badly scaled", "Beale", "Jennrich and Sampson",
    "Helical valley", "Bard", "Gaussian", "Meyer", "Gulf research and development", "Box three-dimensional",
    "Powell singular", "Wood", "Kowalik and Osborne", "Brown and Dennis", "Osborne 1", "Biggs EXP6", "Osborne 2", "Watson",
    "Extended Rosenbrock", "Extended Powell singular", "Penalty I", "Penalty II", "Variably dimensioned", "Trigonometric",
    "Brown almost-linear", "Discrete boundary value", "Discrete integral equation", "Broyden tridiagonal",
    "Broyden banded", "Linear, full rank", "Linear, rank 1", "Linear, rank 1 with zero columns and rows", "Chebyquad",
)  # fmt: skip

DIMENSIONS = (
    2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 6, 11, 9,
    10, 12, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 8,
)  # fmt: skip
FREE = {20, *range(21, 36)}  # whose dimension can be chosen

_ZERO = (0.0,)
# by number, or by number and dimension; the first is the lowest
_MINIMA: dict[int | tuple[int, int], tuple[float, ...]] = {
    2: (0.0, 48.9842536), 6: (124.362182,), 8: (8.21487731e-3, 17.4286933), 9: (1.12793277e-8,), 10: (87.9458552,),
    15: (3.07505604e-4, 1.02734e-3), 16: (85822.2016,), 17: (5.46489470e-5,), 18: (0.0, 5.65564993e-3),
    19: (4.01377363e-2,), (20, 6): (2.28767005e-3,), (20, 9): (1.39976014e-6,), (20, 12): (4.72238e-10,),
    (23, 4): (2.24997750e-5,), (23, 10): (7.08765147e-5,), (24, 4): (9.37629e-6,), (24, 10): (2.93660537e-4,),
    27: (0.0, 1.0), (35, 8): (3.51687373e-3,), (35, 10): (6.50395480e-3, 4.77271370e-3),
}  # fmt: skip


@dataclass(frozen=True)
class MGHProblem:
    r"""A function :math:`f(x)=\sum_ir_i(x)^2` with its start and its published minima; called, it gives f(x).

    Attributes:
        number: 1 to 35, as in the paper.
        name: as there.
        n, m: numbers of variables and of residuals.
        minima: the published values of f, the lowest first; a solver that ends at one has solved the problem.
        residuals: from x (n,) to r (m,); `torch.func.vmap` maps it.

    Example:
        >>> rosenbrock = mgh_problem(1)
        >>> rosenbrock.start().tolist(), round(rosenbrock(rosenbrock.start()).item(), 6)
        ([-1.2, 1.0], 24.2)
    """

    number: int
    name: str
    n: int
    m: int
    minima: tuple[float, ...]
    residuals: Callable[[Tensor], Tensor] = field(repr=False)

    def __call__(self, x: Float[Tensor, " n"]) -> Float[Tensor, ""]:
        """f(x)."""
        tensor("x", x, "n", Sizes(n=(self.n, "the problem")))
        return self.residuals(x).square().sum()

    def start(
        self, factor: float = 1.0, *, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu"
    ) -> Float[Tensor, " n"]:
        """The standard start times a factor: 1, 10 and 100 are customary; of 0, the factor itself in every entry.

        Example:
            >>> mgh_problem(1).start(10.0).tolist()
            [-12.0, 10.0]
        """
        factor = require_number("factor", factor)
        x = torch.tensor(start_of(self.number, self.n), dtype=dtype, device=device)
        return x * factor if bool(x.any()) or factor == 1 else torch.full_like(x, factor)

    def solved(self, value: float, tolerance: float = 1e-5, absolute: float = 1e-10) -> bool:
        """Whether a value of f is a published minimum, to a relative tolerance or, near 0, an absolute one.

        Example:
            >>> mgh_problem(2).solved(48.98426), mgh_problem(2).solved(49.0)
            (True, False)
        """
        value = require_number("value", value, infinite=True)
        tolerance = require_number("tolerance", tolerance, least=0)
        absolute = require_number("absolute", absolute, least=0)
        return any(abs(value - m) <= tolerance * m + absolute * (m == 0) for m in self.minima)


def mgh_problem(number: int, n: int | None = None) -> MGHProblem:
    """A problem by its number, of n variables where that is free.

    Args:
        number: 1 to 35.
        n: the number of variables; None for the customary one.

    Raises:
        GradusError: there is no such problem, or not with that many variables.

    Source: Moré, Garbow and Hillstrom 1981.

    Example:
        >>> problem = mgh_problem(21, 4)
        >>> problem.name, problem.start().tolist(), problem.minima
        ('Extended Rosenbrock', [-1.2, 1.0, -1.2, 1.0], (0.0,))
    """
    number = whole("number", number, least=1, most=35)
    usual = DIMENSIONS[number - 1]
    count = usual if n is None else whole("n", n, **_range(number, usual))
    divisor = {21: 2, 22: 4}.get(number, 1)
    if count % divisor:
        raise refusal("n", (f"a multiple of {divisor}", f"{divisor} 的倍数"), count)
    residuals = RESIDUALS[number - 1]

    m = len(residuals(torch.tensor(start_of(number, count), dtype=torch.float64)))
    return MGHProblem(number, NAMES[number - 1], count, m, _minima(number, count, m), residuals)


def _range(number: int, usual: int) -> dict[str, int]:
    """The dimensions that a problem can have."""
    if number not in FREE:
        return {"least": usual, "most": usual}
    least = 3 if number == 34 else 2
    return {"least": least, "most": 31} if number == 20 else {"least": least}


def _minima(number: int, n: int, m: int) -> tuple[float, ...]:
    if number >= 32 and number <= 34:
        return (_linear(number, n, m),)
    if number == 35 and n not in (8, 10) and (n > 9):
        return ()
    if number in (20, 23, 24) and (number, n) not in _MINIMA:
        return ()
    return _MINIMA.get((number, n)) or _MINIMA.get(number) or _ZERO


def _linear(number: int, n: int, m: int) -> float:
    """The minima of the linear problems: m − n, and of rank 1 with the mean of a line left over."""
    if number == 32:
        return float(m - n)
    return m * (m - 1) / (2 * (2 * m + 1)) if number == 33 else (m * m + 3 * m - 6) / (2 * (2 * m - 3))


def mgh_problems() -> tuple[MGHProblem, ...]:
    """All 35 in their customary dimensions.

    Example:
        >>> len(mgh_problems()), sum(p.n for p in mgh_problems())
        (35, 227)
    """
    return tuple(mgh_problem(number) for number in range(1, 36))
