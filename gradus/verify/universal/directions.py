"""The derivative of a definition along a random direction, from its values: what the gradient claims compare with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradus.page import Arguments, Concept
from gradus.page.evidence import EPSILON
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.universal.sensitivity import DELTA, REFUSALS, C, parts, perturbed, symbol_of

CONTINUOUS = ("real", "positive", "nonnegative", "unit", "simplex")


def differentiated(concept: Concept) -> tuple[str, ...]:
    """The arguments that may be differentiated by."""
    return tuple(
        s.argument for s in concept.symbols if s.argument and s.domain in CONTINUOUS and s.shape != "function"
    )


@dataclass(frozen=True)
class Probe:
    """A random direction u of the arguments, random weights w of the results, and how ⟨w, f⟩ reacts to rounding.

    Attributes:
        wanted: names of the arguments that are differentiated by.
        results: of the definition.
        w, u: one array for each result, and for each wanted argument.
        kappa: by how much rounding of the arguments moves ⟨w, f⟩, relative to ε.
    """

    wanted: tuple[str, ...]
    results: list[np.ndarray]
    w: list[np.ndarray]
    u: dict[str, np.ndarray]
    kappa: float

    def along(self, gradient: dict[str, np.ndarray]) -> tuple[float, float]:
        """The gradient's component along u, and the size of what is added up in it."""
        # where the direction is 0 (the edge of the simplex) the derivative may be infinite, and does not matter
        terms = [np.where(self.u[k] == 0, 0, gradient[k] * self.u[k]) for k in self.wanted]
        return float(sum(t.sum() for t in terms)), float(sum(np.abs(t).sum() for t in terms))


def shaken_arguments(
    concept: Concept, arguments: Arguments, wanted: tuple[str, ...], rng: np.random.Generator
) -> Arguments:
    """The arguments with relative perturbations of the wanted ones that stay in [0, 1] where they must."""
    shaken = {k: perturbed(arguments[k], DELTA, rng) for k in wanted}
    inside = {k: np.clip(v, 0, 1) if symbol_of(concept, k).domain == "unit" else v for k, v in shaken.items()}
    return {**arguments, **inside}


def probe(concept: Concept, arguments: Arguments, rng: np.random.Generator) -> Probe:
    """A probe at the given arguments.

    Raises:
        NotApplicable: there is nothing to differentiate, or the results are not finite numbers.
    """
    wanted = tuple(k for k in differentiated(concept) if isinstance(arguments.get(k), np.ndarray) and arguments[k].dtype.kind == "f" and arguments[k].size)  # fmt: skip
    with np.errstate(all="ignore"):
        results = parts(concept.definition(**arguments))
    if not wanted or not all(r.dtype.kind == "f" and np.isfinite(r).all() for r in results):
        raise NotApplicable(Text("nothing to differentiate", "没有可求导的参数"))
    w = [rng.standard_normal(r.shape) for r in results]
    u = {k: _direction(arguments[k], symbol_of(concept, k).domain, rng) for k in wanted}
    with np.errstate(all="ignore"):
        # rounding of the arguments themselves moves ⟨w, f⟩ by this, relative to ε, whatever its own size
        kappa = max(
            abs(
                sum(
                    (wi * (r - q)).sum()
                    for wi, r, q in zip(w, parts(concept.definition(**shaken)), results, strict=True)
                )
            )
            for shaken in (shaken_arguments(concept, arguments, wanted, rng) for _ in range(2))
        )
    kappa = float(kappa) / DELTA
    return Probe(wanted, results, w, u, kappa if math.isfinite(kappa) else 0.0)


def slope(
    f: Callable[..., Any], probe: Probe, arguments: Arguments, terms: int, holomorphic: bool = True
) -> tuple[float, float, Text]:
    """d/dt ⟨w, f(x+tu)⟩ at 0, by how much it may be wrong, and why; f takes the definition's arguments.

    A complex step is taken only where f is `holomorphic`, as definitions are; one that conjugates, as least squares do
    of complex numbers, has another derivative along it.

    Raises:
        NotApplicable: f is not finite around the arguments, or has a kink there.
    """

    def along(t: Any) -> Any:
        with np.errstate(all="ignore"):
            moved = {**arguments, **{k: arguments[k] + t * probe.u[k] for k in probe.wanted}}
            return sum((wi * r).sum() for wi, r in zip(probe.w, parts(f(**moved)), strict=True))

    return _derivative(along, terms, probe.kappa, holomorphic)


def _direction(x: np.ndarray, domain: str, rng: np.random.Generator) -> np.ndarray:
    """A random direction of the size of x, in which x stays what it is, for only there need the two agree.

    On the simplex it keeps the sum; a symmetric matrix stays symmetric (routines read one triangle alone).
    """
    if domain == "simplex":
        z = rng.standard_normal(x.shape)
        return x * (z - (x * z).sum(-1, keepdims=True))
    u = rng.standard_normal(x.shape) * np.maximum(np.abs(x), 1e-3)
    square = x.ndim >= 2 and x.shape[-1] == x.shape[-2] > 1
    if square and np.array_equal(x, np.swapaxes(x, -1, -2)):
        return (u + np.swapaxes(u, -1, -2)) / 2
    return u


def _derivative(
    along: Callable[[Any], Any], n: int, kappa: float, holomorphic: bool
) -> tuple[float, float, Text]:
    """Derivative at 0 by complex step where the definition allows it, else by central differences with their own error estimate."""

    def central(h: float) -> float:
        return float((8 * (along(h / 2) - along(-h / 2)) - (along(h) - along(-h))) / (6 * h))

    def bend(h: float) -> float:
        return float(along(h) - 2 * along(0.0) + along(-h)) / h

    size = abs(float(along(0.0))) + kappa
    tries = [(h, central(h), central(h / 4)) for h in (2.0**-9, 2.0**-13, 2.0**-17, 2.0**-21)]
    wide, narrow = bend(1e-6), bend(1e-7)
    if not all(map(math.isfinite, (wide, narrow, *[v for _, *pair in tries for v in pair]))):
        raise NotApplicable(
            Text("the definition is not finite around the case", "定义在该用例附近不是有限值")
        )
    # right slope minus left: proportional to the step where the function is smooth, a jump that stays at a kink
    jump = abs(10 * narrow - wide) / 9
    if jump > 64 * n * EPSILON * (size + 1e-9) / 1e-7:
        raise NotApplicable(Text("the definition has a kink at the case", "定义在该用例处不可导"))
    # the step whose truncation, estimated from two of them, and rounding together are least
    tolerance, fine = min((16 * abs(a - b) + 256 * n * EPSILON * (size + abs(b)) / h, b) for h, a, b in tries)
    try:
        step = complex(along(1e-30j)).imag / 1e-30 if holomorphic else math.nan
    except (*REFUSALS, AttributeError):
        step = math.nan
    if math.isfinite(step) and abs(step - fine) <= tolerance:
        exact = C * n * EPSILON * (abs(step) + size)
        return step, exact, Text("c·n·ε beside the complex step", "与复步长导数相比的 c·n·ε")
    why = Text("error estimate of the central differences of the definition", "定义的中心差分的误差估计")
    return fine, tolerance + jump, why  # a jump too small to tell from rounding
