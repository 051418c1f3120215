"""Variational inference of any log density in PyTorch: a normal distribution of free numbers, fitted and judged."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import flag, function, number, refusal, whole
from gradus.arguments.values import choice
from gradus.inference.monte_carlo.constrained import ConstrainedPoints
from gradus.inference.monte_carlo.laplace import laplace
from gradus.inference.monte_carlo.points import Points
from gradus.inference.monte_carlo.target import Target
from gradus.inference.variational.gaussian_family import FAMILIES, Gaussian
from gradus.inference.variational.judged_fit import fitted
from gradus.inference.variational.sample_average import balanced, by_fixed_draws, by_fresh_draws
from gradus.inference.variational.variational_fit import VariationalFit
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text

__all__ = ["advi"]

METHODS = ("sample-average", "stochastic", "sticking-the-landing")
FIXED, FRESH = 128, 16  # draws, unless given: of the first round, or of a step
MOST_CURVATURE = 200  # dimensions up to which the mode and its curvature are looked for
HALVINGS = 40  # of the first guess's width


def advi(
    log_density: Callable[[Any], Tensor],
    start: Any,
    *,
    family: str = "full-rank",
    constraints: Any = None,
    method: str = "sample-average",
    draws: int | None = None,
    most_draws: int = 16384,
    most_steps: int = 10_000,
    tolerance: float = 1e-3,
    samples: int = 4000,
    seed: int = 0,
    batched: bool = False,
) -> VariationalFit:
    r"""The normal distribution of free numbers nearest to a posterior known up to a factor, by its evidence lower bound; and whether it is near.

    .. math:: \mathcal L(m,L)=\mathbb E_\varepsilon\bigl[\ln p(T(u))+\ln\lvert\det T'(u)\rvert\bigr]+\tfrac d2\ln2\pi e+\sum_i\ln L_{ii},\qquad u=m+L\varepsilon

    T takes free numbers within the bounds: e^u for a positive one. The gradient goes through the draws. By default ε is a fixed, balanced sample, for which
    the bound is an ordinary function that L-BFGS climbs to the top; then twice as many other draws are taken, until that moves q by no more
    than the tolerance: KL(new‖old)/d. A posterior normal in the free numbers is met by the full rank, up to the climb's own tolerance. Other methods take fresh draws at each step.

    Args:
        log_density: ln of the density, up to a constant, at a point of the start's structure: a tensor of one number; −∞ where
            there is none. It runs under `torch.func.vmap`, or point by point where that fails, and is differentiated.
        start: a tensor, or tensors in dicts, lists and tuples: where the search for the mode begins, and, without a mode, q.
        family: "full-rank", or "mean-field": independent free numbers; of a dependent normal posterior their variances are too small.
        constraints: what bounds the tensors, by the names of the draws, as of `sample`: such as `torch.distributions.constraints.positive`.
        method: "sample-average"; "stochastic": Adam with fresh draws; "sticking-the-landing": the same, by a gradient without the
            score term, without noise where q is the posterior. Fresh draws are for log densities that are themselves random.
        draws: of the first round (128, or 8 a dimension for the full rank, if that is more), or of a step by fresh ones (16).
        most_draws: of a round.
        most_steps: in all.
        tolerance: in nats a dimension; √(2·tolerance) is about how many standard deviations a mean still moves. Of fixed draws only; of fresh
            ones windows of 100 steps are compared, and steps halved where the bound rose by no more than its standard error: six times, then it ends.
        samples: draws from q that the result holds, and is judged by.
        seed: of all draws: the same seed gives the same result.
        batched: whether the log density takes all draws at once, with a first axis more, and returns one number of each.

    Returns:
        The `VariationalFit`: `fit["name"]` are draws within the bounds, `fit.k` is Pareto's k̂ with a verdict in words, `fit.mean` and
        `fit.weighted_mean` the means without and with importance weights; `print(fit)` is their table.

    Raises:
        GradusError: a start that is not finite, beyond its bounds or without density; a log density that returns another shape, or +∞; no
            gradient; no width at which draws about the start have finite densities.

    Cost: one gradient of the log density a draw and step, all draws of a step at once; the full rank keeps d² numbers.

    Source: Kucukelbir et al. 2017; fixed draws: Giordano, Ingram and Broderick 2024, Burroni, Domke and Sheldon 2024; k̂: Yao et al. 2018.

    Example:
        >>> from torch.distributions import constraints
        >>> y = torch.tensor([1.2, 0.4, 2.1, 1.5], dtype=torch.float64)
        >>> def log_density(p):
        ...     return -(((y - p["mu"]) / p["sigma"]) ** 2).sum() / 2 - 5 * p["sigma"].log() - p["mu"] ** 2 / 2
        >>> start = {"mu": torch.tensor(0.0, dtype=torch.float64), "sigma": torch.tensor(1.0, dtype=torch.float64)}
        >>> fit = advi(log_density, start, constraints={"sigma": constraints.positive})
        >>> fit.converged, bool((fit["sigma"] > 0).all())
        (True, True)
    """
    function("log_density", log_density, "lambda x: -(x**2).sum() / 2")
    family, method = choice("family", family, FAMILIES), choice("method", method, METHODS)
    batched, tolerance = flag("batched", batched), number("tolerance", tolerance, above=0)
    most_draws, most_steps = (
        whole("most_draws", most_draws, least=2),
        whole("most_steps", most_steps, least=1),
    )
    samples, seed = whole("samples", samples, least=25), whole("seed", seed, least=0, most=2**62)
    owner = getattr(log_density, "__self__", log_density)
    left = unchanged(owner) if isinstance(owner, nn.Module) else contextlib.nullcontext()
    with left, torch.inference_mode(False), torch.no_grad():
        points = Points(start, 0) if constraints is None else ConstrainedPoints(start, 0, constraints)
        _precise(points)
        target = Target(log_density, points, batched)
        place = points.flat(start, "start", ()).clone()
        _require(target, place)
        count = _count(draws, method, family, points.dimension, most_draws)
        guess, found_mode = _guess(target, place, family, count, seed)
        if method == "sample-average":
            climb = by_fixed_draws(target, guess, (count, most_draws, most_steps), tolerance, seed)
        else:
            generator = torch.Generator(place.device).manual_seed(seed)
            sticking = method == "sticking-the-landing"
            climb = by_fresh_draws(target, guess, (count, most_steps), sticking, generator)
        return fitted(target, points, climb, samples, seed, (family, method, found_mode))


def _count(draws: Any, method: str, family: str, d: int, most: int) -> int:
    """How many draws to begin with: for fixed ones an even number, and enough for the full rank to have a highest bound."""
    if method != "sample-average":
        return FRESH if draws is None else whole("draws", draws, least=1)
    enough = 2 ** math.ceil(math.log2(8 * d)) if family == "full-rank" else 2
    if draws is None:
        return max(FIXED, enough)
    count = whole("draws", draws, least=2)
    if family == "full-rank" and count < 2 * d:
        more = (f"at least 2d = {2 * d} fixed draws", f"至少 2d = {2 * d} 个固定的抽样")
        mend = (
            "with so few the full rank has no highest bound: some direction meets no draw",
            "抽样这样少时满秩的下界没有最大值：有的方向不经过任何抽样",
        )
        raise refusal("draws", more, draws, mend)
    return min(count + count % 2, max(most, 2))


def _precise(points: Points) -> None:
    if points.dtype not in (torch.float32, torch.float64):
        wanted = ("single or double precision", "单精度或双精度")
        raise refusal("start", wanted, Text(str(points.dtype), str(points.dtype)), kind=True)


def _require(target: Target, place: Tensor) -> None:
    """The start has a density, and a slope.

    Raises:
        GradusError: it has none.
    """
    value, slope = target.slope(place[None])
    for name, found in (("log_density(start)", value), ("its gradient at the start", slope)):
        if not bool(torch.isfinite(found).all()):
            bad = str(float(found[~torch.isfinite(found)][0]))
            mend = ("begin where the density is positive and smooth", "请从密度为正且光滑处开始")
            if name != "log_density(start)":
                name = "gradient of log_density(start)"
            raise refusal(name, ("finite numbers", "有限数"), Text(bad, bad), mend)


def _guess(target: Target, place: Tensor, family: str, count: int, seed: int) -> tuple[Gaussian, bool]:
    """The normal distribution at the mode; without one, or with many dimensions, about the start, of the width with the best bound."""
    if len(place) <= MOST_CURVATURE:
        found = laplace(target, lambda x: target.slope(x)[1], place)
        if found is not None:
            scale = found.factor
            if family == "mean-field":
                precision = torch.cholesky_inverse(scale)  # (F Fᵀ)⁻¹
                scale = precision.diagonal().rsqrt()
            q = Gaussian(found.mode, scale)
            noise = balanced(max(count, 2), len(place), place, seed)
            if bool(torch.isfinite(target(q.at(noise))).all()):
                return q, True
    noise = balanced(max(count, 2), len(place), place, seed)
    unit = torch.ones_like(place)
    best, bound = None, -math.inf
    for k in range(HALVINGS):
        q = Gaussian(place, 0.5**k * (unit if family == "mean-field" else unit.diag()))
        now = float(target(q.at(noise)).mean() + q.entropy)
        if now > bound:
            best, bound = q, now
        elif best is not None and math.isfinite(now):
            break
    if best is None:
        finite = ("finite values at draws about the start", "在起点附近的抽样处为有限值")
        mend = (
            "a normal distribution reaches everywhere: say what bounds the numbers by constraints=",
            "正态分布遍及全空间：请用 constraints= 说明各量的界",
        )
        raise refusal(
            "log_density",
            finite,
            Text("NaN or −∞ at every width tried", "所试的各种宽度下都有 NaN 或 −∞"),
            mend,
        )
    return best, False
