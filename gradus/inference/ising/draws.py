"""Draws of an Ising model: energies and magnetisations, what they estimate, at the drawn temperature and beside it, and how well."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq
from torch import Tensor

from gradus.arguments import number, refusal
from gradus.inference.monte_carlo.diagnose import Diagnosis, diagnose
from gradus.inference.monte_carlo.effective_size import effective_size, split
from gradus.text import Text

__all__ = ["BinderCrossing", "IsingDraws", "IsingEstimates", "binder_crossing"]

Array = np.ndarray[Any, np.dtype[np.float64]]
LEAST_SHARE = 0.05  # of the draws that must count after they are weighed anew


class Estimate(NamedTuple):
    """An estimate with its standard error, which counts how long the chains remember.

    Attributes:
        value: the estimate.
        error: its Monte Carlo standard error.

    Example:
        >>> Estimate(1.0, 0.1)
        Estimate(1 ± 0.1)
    """

    value: float
    error: float

    def __repr__(self) -> str:
        return f"Estimate({self.value:.6g} ± {self.error:.2g})"


class IsingEstimates(NamedTuple):
    """What draws of an Ising model estimate at a temperature; per spin, but for Binder's cumulant.

    Attributes:
        beta: β.
        energy: mean energy.
        heat_capacity: β² times the variance of the energy of the whole, over the number of spins.
        magnetisation: mean of |M|.
        susceptibility: β times the variance of |M|, over the number of spins.
        binder: 1 − ⟨M⁴⟩/3⟨M²⟩².
        share: of the draws that count: 1 at the drawn temperature, less beside it.

    Example:
        >>> from gradus.inference import IsingModel, ising_sample
        >>> found = ising_sample(IsingModel.lattice(4), 0.3, draws=20, replicas=8).estimates()
        >>> found.share
        1.0
    """

    beta: float
    energy: Estimate
    heat_capacity: Estimate
    magnetisation: Estimate
    susceptibility: Estimate
    binder: Estimate
    share: float


class BinderCrossing(NamedTuple):
    """Where the cumulants of two sizes cross: an estimate of the critical temperature.

    Attributes:
        beta: β there, with its error.
        temperature: its inverse, with its error.
        binder: the cumulant there, with its error.

    Example:
        >>> from gradus.inference import IsingModel, ising_sample
        >>> small, large = (ising_sample(IsingModel.lattice(L), 0.44, draws=100, warmup=20, replicas=32) for L in (4, 8))
        >>> binder_crossing(small, large).temperature.error < 0.1
        True
    """

    beta: Estimate
    temperature: Estimate
    binder: Estimate


class IsingDraws:
    """Draws of an Ising model by `ising_sample`.

    Attributes:
        beta: β at which they were drawn.
        energy: of the whole model (replicas, draws).
        magnetisation: M, the sum of the spins (replicas, draws).
        spins: the last state of each replica (replicas n), −1 and +1.
        method: by which they were drawn.

    Example:
        >>> from gradus.inference import IsingModel, ising_sample
        >>> ising_sample(IsingModel.lattice(4), 0.3, draws=20, replicas=8)
        IsingDraws(16 spins, β = 0.3, 8 replicas of 20 draws by swendsen-wang)
    """

    def __init__(self, beta: float, energy: Array, magnetisation: Array, spins: Tensor, method: str) -> None:
        self.beta, self.energy, self.magnetisation = beta, energy, magnetisation
        self.spins, self.method = spins, method

    def __repr__(self) -> str:
        replicas, draws = self.energy.shape
        said = f"{replicas} replicas of {draws} draws by {self.method}"
        return f"IsingDraws({self.spins.shape[1]} spins, β = {self.beta:g}, {said})"

    @property
    def diagnosis(self) -> Diagnosis:
        """How far energy and |M| can be trusted."""
        return diagnose({"energy": self.energy, "magnetisation": np.abs(self.magnetisation)})

    def estimates(self, beta: float | None = None) -> IsingEstimates:
        r"""What the draws say at their temperature, or, weighed anew, at one beside it.

        .. math:: \langle f\rangle_{\beta'}=\frac{\sum_tf_te^{-(\beta'-\beta)E_t}}{\sum_te^{-(\beta'-\beta)E_t}}

        The errors are of the linearised estimate: the standard deviation of its influence, over the root of the effective
        number of draws.

        Args:
            beta: β′; that of the draws unless given.

        Raises:
            GradusError: β′ is so far away that fewer than a twentieth of the draws count.

        Source: Ferrenberg and Swendsen 1988.

        Example:
            >>> from gradus.inference import IsingModel, ising_sample
            >>> model = IsingModel.lattice(4)
            >>> draws = ising_sample(model, 0.3, draws=200, warmup=20, replicas=16)
            >>> found, exact = draws.estimates(0.32).energy, model.exact(0.32).energy / 16
            >>> abs(found.value - exact) < 5 * found.error
            True
        """
        at = self.beta if beta is None else number("beta", beta, least=0)
        n, E, M = self.spins.shape[1], self.energy, np.abs(self.magnetisation)
        w, share = self._weights(at, LEAST_SHARE)
        w = w / w.mean()

        def mean(f: Array) -> tuple[float, Array]:
            value = float((w * f).mean())
            return value, w * (f - value)

        (e, de), (e2, de2) = mean(E), mean((E - E.mean()) ** 2)
        (m, dm), (m2, dm2), (m4, dm4) = mean(M), mean(M**2), mean(M**4)
        shifted = e - E.mean()
        heat = at**2 / n * (e2 - shifted**2), at**2 / n * (de2 - 2 * shifted * de)
        spread = at / n * (m2 - m**2), at / n * (dm2 - 2 * m * dm)
        binder = 1 - m4 / (3 * m2**2), -dm4 / (3 * m2**2) + 2 * m4 / (3 * m2**3) * dm2
        quantities = ((e / n, de / n), heat, (m / n, dm / n), spread, binder)
        found = [Estimate(v, _error(d)) for v, d in quantities]
        return IsingEstimates(at, found[0], found[1], found[2], found[3], found[4], share)

    def binder(self, beta: float) -> float:
        """Binder's cumulant alone, weighed anew, without its error.

        Args:
            beta: β, near that of the draws: how many of them count is not looked at.

        Raises:
            GradusError: β is below 0, or beyond all weights.

        Example:
            >>> from gradus.inference import IsingModel, ising_sample
            >>> draws = ising_sample(IsingModel.lattice(4), 0.3, draws=20, replicas=8)
            >>> abs(draws.binder(0.3) - draws.estimates().binder.value) < 1e-12
            True
        """
        w, _ = self._weights(number("beta", beta, least=0), 0.0)
        squares = self.magnetisation**2
        return float(1 - (w * squares**2).sum() * w.sum() / (3 * (w * squares).sum() ** 2))

    def _weights(self, beta: float, least: float) -> tuple[Array, float]:
        """The weights of the draws at another β, and the share of the draws that they make count."""
        with np.errstate(over="ignore", invalid="ignore"):
            log = -(beta - self.beta) * (self.energy - self.energy.mean())
            w = np.exp(log - log.max())
            share = float(w.sum() ** 2 / (w**2).sum() / w.size)
        if not share >= least:
            near = (f"β near {self.beta:g}, that of the draws", f"接近抽样所用 β = {self.beta:g} 的 β")
            raise refusal("beta", near, Text(f"{beta:g}", f"{beta:g}"))
        return w, share


def binder_crossing(small: IsingDraws, large: IsingDraws) -> BinderCrossing:
    r"""Where the Binder cumulants of two sizes cross, by weighing the draws of both anew.

    .. math:: U_L(\beta^*)=U_{L'}(\beta^*)

    At a continuous transition the crossings tend to the critical temperature as the sizes grow. The error is that of the draws alone, not
    that of the finite sizes.

    Args:
        small: draws of one size near the transition.
        large: of a larger one.

    Raises:
        GradusError: both have the same size, or the curves do not cross where both sets of draws count.

    Source: Binder 1981.

    Example:
        >>> from gradus.inference import IsingModel, ising_sample
        >>> small, large = (ising_sample(IsingModel.lattice(L), 0.44, draws=100, warmup=20, replicas=32) for L in (4, 8))
        >>> found = binder_crossing(small, large)
        >>> abs(found.temperature.value - 2.235753) < 5 * found.temperature.error  # where those two sizes cross
        True
    """
    for name, value in (("small", small), ("large", large)):
        if not isinstance(value, IsingDraws):
            raise refusal(name, ("draws of ising_sample", "ising_sample 的抽样"), value, kind=True)
    if small.spins.shape[1] == large.spins.shape[1]:
        same = f"{small.spins.shape[1]}"
        raise refusal("large", ("another size than small", "与 small 不同的大小"), Text(same, same))

    def apart(beta: float) -> float:
        return large.binder(beta) - small.binder(beta)

    low, high = _between(small, large)
    grid = np.linspace(low, high, 33)
    values = [apart(b) for b in grid]
    crossings = [i for i in range(32) if values[i] < 0 <= values[i + 1]]
    if not crossings:
        where = f"{low:.4g} – {high:.4g}"
        cross = ("draws whose cumulants cross", "累积量相交的抽样")
        mend = ("draw nearer to the transition", "请在更接近相变处抽样")
        raise refusal("large", cross, Text(f"none in β = {where}", f"在 β = {where} 内不相交"), mend)
    middle = (small.beta + large.beta) / 2
    i = min(crossings, key=lambda i: abs(grid[i] - middle))
    beta = float(brentq(apart, grid[i], grid[i + 1]))
    step = (high - low) / 64
    slope = (apart(min(beta + step, high)) - apart(max(beta - step, low))) / (
        min(beta + step, high) - max(beta - step, low)
    )
    ours, theirs = small.estimates(beta).binder, large.estimates(beta).binder
    error = math.hypot(ours.error, theirs.error) / abs(slope)
    by_small = (small.binder(beta + step / 4) - small.binder(beta - step / 4)) * 2 / step
    by_large = by_small + slope
    of_binder = math.hypot(by_large * ours.error, by_small * theirs.error) / abs(slope)
    return BinderCrossing(
        Estimate(beta, error), Estimate(1 / beta, error / beta**2), Estimate(ours.value, of_binder)
    )


def _between(small: IsingDraws, large: IsingDraws) -> tuple[float, float]:
    """The range of β in which the draws of both count: about three deviations of the energy's weight, and checked."""
    low, high = 0.0, math.inf
    for draws in (small, large):
        reach = 1.2 / max(float(draws.energy.std()), 1e-12)
        low, high = max(low, draws.beta - reach), min(high, draws.beta + reach)
    if not low < high:
        far = ("draws at temperatures that are near each other", "温度相近的抽样")
        raise refusal(
            "large", far, Text(f"β = {small.beta:g}, {large.beta:g}", f"β = {small.beta:g}、{large.beta:g}")
        )
    return low, high


def _error(influence: Array) -> float:
    """The standard error of the mean of an influence, which has the mean 0; 0 where it is 0."""
    halves = split(influence[:, :, None])
    size = float(effective_size(halves)[0])
    return 0.0 if math.isnan(size) else float(influence.std() / math.sqrt(size))
