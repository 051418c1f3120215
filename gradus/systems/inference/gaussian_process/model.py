"""The process of a trend, a season and a rest: learnt by its evidence, and what it says of later times."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.errors import GradusError
from gradus.progress import make_reporter
from gradus.systems.contract import SeedRequest

if TYPE_CHECKING:
    import torch

Told = tuple[
    np.ndarray, np.ndarray, np.ndarray
]  # means, deviations of the function, deviations of observations
SETTINGS: dict[str, Any] = {"held_out": 0.2, "period": 1.0, "starts": 2, "iterations": 60, "longest": 600}
#: The middle of the starts of the parameters, whose logarithms are learnt; lengths and decays in periods, deviations in those of the series.
START = {
    "length of the trend": 50.0, "deviation of the trend": 2.0, "decay of the season": 50.0, "smoothness of the season": 1.0,
    "deviation of the season": 0.2, "length of the rest": 1.0, "deviation of the rest": 0.05, "variance of the noise": 1e-3,
}  # fmt: skip
HALF = 1.959964  # deviations on either side that hold 95 % of a normal distribution


def process(parameters: torch.Tensor) -> Any:
    """The Gaussian process of a smooth trend, a season that may change, a rough rest, and noise; of the logarithms of `START`'s parameters."""
    from gradus.inference import GaussianProcess, matern_kernel, periodic_kernel, squared_exponential_kernel

    trend, a, decay, smooth, b, rest, c, noise = parameters.exp()
    p = SETTINGS["period"]

    def kernel(x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        season = periodic_kernel(x, z, period=p, length=smooth, deviation=b)
        return (
            squared_exponential_kernel(x, z, length=p * trend, deviation=a)
            + season * squared_exponential_kernel(x, z, length=p * decay)
            + matern_kernel(x, z, nu=1.5, length=p * rest, deviation=c)
        )

    return GaussianProcess(kernel, noise)


def learnt(t: np.ndarray, z: np.ndarray, request: SeedRequest) -> tuple[dict[str, float], float]:
    """The parameters with the largest evidence, from several starts; and ln p."""
    import torch
    from scipy.optimize import minimize

    X, y = torch.from_numpy(t)[:, None], torch.from_numpy(z)

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = torch.tensor(theta, requires_grad=True)
        try:
            value = -process(parameters).log_evidence(X, y)
        except GradusError:  # no covariance in this precision: as bad as can be
            return 1e10, np.zeros_like(theta)
        (slope,) = torch.autograd.grad(value, parameters)
        return float(value.detach()), slope.numpy()

    rng, first = np.random.default_rng(request.seed), np.log(np.array(list(START.values())))
    best: Any = None
    reporter = make_reporter(request.progress, SETTINGS["starts"], 0)
    try:
        for start in range(SETTINGS["starts"]):
            theta = first + 0.3 * rng.standard_normal(len(first))
            bounds = [(value - 7, value + 7) for value in first]
            found = minimize(
                loss,
                theta,
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"maxiter": SETTINGS["iterations"]},
            )
            if best is None or found.fun < best.fun:
                best = found
            reporter.step(start + 1, start + 1, float(best.fun))
    finally:
        reporter.close()
    return dict(zip(START, np.exp(best.x).tolist(), strict=True)), -float(best.fun)


def process_of(fitted: Mapping[str, float]) -> Any:
    """The process with these parameters."""
    import torch

    return process(torch.tensor([math.log(v) for v in fitted.values()], dtype=torch.float64))


def told(fitted: Mapping[str, float], t: np.ndarray, z: np.ndarray, ahead: np.ndarray) -> Told:
    """What the values until now say of later times."""
    import torch

    X, y, Z = torch.from_numpy(t)[:, None], torch.from_numpy(z), torch.from_numpy(ahead)[:, None]
    found = process_of(fitted).posterior(X, y, Z, joint=False)
    wide = (found.variance + fitted["variance of the noise"]).sqrt()
    return found.mean.numpy(), found.deviation.numpy(), wide.numpy()


def misses_left_out(fitted: Mapping[str, float], t: np.ndarray, z: np.ndarray) -> float:
    """The mean square of what each value of the first part misses the others' prediction by, in its stated deviations."""
    import torch

    left = process_of(fitted).leave_one_out(torch.from_numpy(t)[:, None], torch.from_numpy(z))
    return float(((torch.from_numpy(z) - left.mean).square() / left.variance).mean())


def regression(t: np.ndarray, z: np.ndarray, ahead: np.ndarray) -> Told:
    """Least squares on a parabola and two harmonics of the period, with the deviation of its residuals."""
    middle, width = t.mean(), np.ptp(t) or 1.0

    def columns(s: np.ndarray) -> np.ndarray:
        u, phase = (s - middle) / width, 2 * np.pi * s / SETTINGS["period"]
        waves = [f(k * phase) for k in (1, 2) for f in (np.sin, np.cos)]
        return np.stack([np.ones_like(u), u, u * u, *waves], axis=1)

    A = columns(t)
    theta = np.linalg.lstsq(A, z, rcond=None)[0]
    spread = math.sqrt(((z - A @ theta) ** 2).sum() / max(1, len(t) - A.shape[1]))
    return columns(ahead) @ theta, np.zeros(len(ahead)), np.full(len(ahead), spread)


def forecasts(told: Callable[[int, int], Told], t: np.ndarray, n: int) -> Told:
    """Forecasts of each period after the n-th value, from all before it."""
    parts, a = [], n
    while a < len(t):
        b = max(a + 1, int(np.searchsorted(t, t[a] + SETTINGS["period"] - 1e-6)))
        parts.append(told(a, b))
        a = b
    means, inner, wide = (np.concatenate(part) for part in zip(*parts, strict=True))
    return means, inner, wide


def judge(z: np.ndarray, way: Told) -> dict[str, float]:
    """The error, the share of values within both bands, and the mean ln density of what came."""
    m, f, s = way
    miss = np.abs(z - m)
    return {
        "error": float(np.sqrt((miss**2).mean())),
        "held": float((miss <= HALF * s).mean()),
        "inner": float((miss <= HALF * f).mean()),
        "width": float(2 * HALF * s.mean()),
        "density": float((-((miss / s) ** 2) / 2 - np.log(s * math.sqrt(2 * math.pi))).mean()),
    }
