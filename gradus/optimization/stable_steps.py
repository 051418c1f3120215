"""From the largest curvature to the largest stable step, by each optimiser's own threshold, in closed form or bisected."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import array, choice, function, number, refusal, whole
from gradus.optimization.problems import quadratic
from gradus.page import generic
from gradus.text import Text

BETA = 0.9  # of momentum, Nesterov and Adam's first average
FAR = 1e30  # times the start: a run that comes there has diverged
#: α λ at which each begins to diverge on a quadratic function; Adam and RMSprop with the second average frozen, as in Cohen et al. 2022.
THRESHOLDS = {
    "sgd": 2.0,
    "momentum": 2 * (1 + BETA),
    "nesterov": 2 * (1 + BETA) / (1 + 2 * BETA),
    "adam": 2 * (1 + BETA) / (1 - BETA),
    "rmsprop": 2.0,
}


def largest_stable_step(curvature: float, optimizer: str = "sgd") -> float:
    r"""The step size from which an optimiser diverges on a quadratic function of this largest curvature λ.

    .. math:: \frac2\lambda,\qquad\frac{2(1+\beta)}\lambda,\qquad\frac{2(1+\beta)}{(1+2\beta)\lambda},\qquad
        \frac{2(1+\beta_1)}{(1-\beta_1)\lambda_P}

    for descent, momentum, Nesterov, and Adam with a frozen second average, where λ_P belongs to the preconditioned
    Hessian; β = β₁ = 0.9. RMSprop has the first with λ_P.

    Args:
        curvature: λ > 0; for "adam" and "rmsprop" λ_P.
        optimizer: "sgd", "momentum", "nesterov", "adam" or "rmsprop".

    Raises:
        GradusError: λ is not positive, or there is no such optimiser.

    Source: Cohen et al. 2021, appendix B; Cohen et al. 2022.

    Example:
        >>> [round(largest_stable_step(2.0, name), 3) for name in ("sgd", "momentum", "nesterov", "adam")]
        [1.0, 1.9, 0.679, 19.0]
    """
    step = THRESHOLDS[choice("optimizer", optimizer, THRESHOLDS)] / number("curvature", curvature, above=0)
    if not 0 < step < float("inf"):
        raise refusal("curvature", ("a curvature whose inverse is a number", "其倒数可表示的曲率"), curvature)
    return step


def divergence_threshold(
    path: Callable[[Any, np.ndarray, int, float], Any],
    curvature: Any = 1.0,
    *,
    low: float = 1e-3,
    high: float = 1e3,
    steps: int = 400,
    tolerance: float = 1e-7,
) -> float:
    r"""The step size from which an optimiser diverges on a quadratic function, bisected by running it.

    It runs on :math:`\tfrac12\sum_i\lambda_i\theta_i^2` from (1, …, 1) and diverges if its longest steps near the end
    are longer than those in the middle.

    Args:
        path: the optimiser, from a gradient function, a start (n,), a number of steps T and a step size to its points
            (T + 1, n): the definition of an optimiser on its page, or `trajectory`.
        curvature: λ > 0, one or a vector (n,).
        low: a step size with which it converges.
        high: one with which it diverges.
        steps: T; what else there is beside the mode that diverges first must have died out after half of them.
        tolerance: relative width of the last bracket, at least 1e-12.

    Returns:
        The middle of the last bracket.

    Raises:
        GradusError: λ is not positive, the bracket is none, or the optimiser diverges at its lower end or not at its upper one.

    Cost: log₂(log(high/low)/tolerance) + 2 runs.

    Example:
        >>> def descent(gradient, theta, steps, alpha):
        ...     return np.stack([theta] + [theta := theta - alpha * gradient(theta) for _ in range(steps)])
        >>> round(divergence_threshold(descent, [0.5, 4.0]), 6)
        0.5
    """
    function("path", path, "lambda gradient, theta0, steps, alpha: points")
    lam = array("curvature", curvature, finite=True)
    lam = array("curvature", lam.reshape(1) if lam.ndim == 0 else lam, "n>=1")
    if not (lam > 0).all():
        raise refusal("curvature", ("positive numbers", "正数"), float(lam.min()))
    count = whole("steps", steps, least=10, most=100_000)
    low, high = number("low", low, above=0), number("high", high, above=0)
    width = number("tolerance", tolerance, least=1e-12)

    def diverges(alpha: float) -> bool:
        with np.errstate(all="ignore"):
            points = np.asarray(path(_slope(lam), np.ones(lam.shape), count, alpha))
        if points.shape != (count + 1, *lam.shape):
            expected = f"(T + 1, n) = {(count + 1, *lam.shape)}"
            raise refusal("path", (f"points of the shape {expected}", f"形状为 {expected} 的点列"), Text(f"{points.shape}", f"{points.shape}"))  # fmt: skip
        return _grows(points, count // 10)

    if not low < high or diverges(low):
        raise refusal(
            "low", ("a step size below `high` with which it converges", "小于 high 且使其收敛的步长"), low
        )
    if not diverges(high):
        raise refusal("high", ("a step size with which it diverges", "使其发散的步长"), high)
    while high > low * (1 + width):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if diverges(middle) else (middle, high)
    return math.sqrt(low * high)


def _slope(curvature: np.ndarray) -> Callable[[Any], Any]:
    """The gradient λ_iθ_i for arrays of any framework; for NumPy's, of which there are thousands, without detours."""
    anywhere = quadratic(curvature)
    return generic(lambda theta: curvature * theta if isinstance(theta, np.ndarray) else anywhere(theta))


def _grows(points: np.ndarray, window: int) -> bool:
    """Whether the points (T + 1, n) explode, or their last steps are longer than those before the middle."""
    if not np.abs(points).max() < FAR:
        return True
    moves, half = np.abs(np.diff(points, axis=0)), len(points) // 2
    return bool(moves[-window:].max() > moves[half - window : half].max())


def largest_curvature(loss: Tensor, parameters: Sequence[Tensor], products: int = 40) -> float:
    """The largest eigenvalue of the Hessian, by Lanczos.

    Raises:
        GradusError: the loss is not finite, does not depend on the parameters, or curves nowhere upwards.
    """
    gradients = torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True)
    used = [(p, g) for p, g in zip(parameters, gradients, strict=True) if g is not None]
    flat = torch.cat([g.reshape(-1) for _, g in used]) if used else loss.new_zeros(0)
    if not flat.numel() or not bool(flat.isfinite().all()):
        raise refusal("loss", ("one with finite gradients", "梯度有限的损失"), Text("one without", "没有"))

    def product(v: Tensor) -> Tensor:
        if not flat.requires_grad:
            return torch.zeros_like(v)
        parts = torch.autograd.grad(flat, [p for p, _ in used], v, retain_graph=True, allow_unused=True)
        pairs = zip(parts, used, strict=True)
        return torch.cat([(torch.zeros_like(p) if h is None else h).reshape(-1) for h, (p, _) in pairs])

    value = _lanczos(product, flat.detach(), products)
    if not value > 0:
        raise refusal("loss", ("a loss that curves upwards somewhere", "在某个方向上向上弯曲的损失"), Text(f"the largest curvature {value:g}", f"最大曲率 {value:g}"))  # fmt: skip
    return value


def _lanczos(product: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> float:
    generator = torch.Generator().manual_seed(0)
    v = torch.randn(start.shape, dtype=torch.float64, generator=generator).to(start)
    basis, diagonal, beside = [v / v.norm()], [], []
    for _ in range(min(steps, start.numel())):
        w = product(basis[-1])
        diagonal.append(float(w @ basis[-1]))
        for _ in range(2):  # against the loss of orthogonality
            w = w - sum((w @ b) * b for b in basis)
        size = float(w.norm())
        if size <= 1e-10 * max(1e-30, abs(diagonal[0])):
            break
        beside.append(size)
        basis.append(w / size)
    n = len(diagonal)
    T = torch.diag(torch.tensor(diagonal, dtype=torch.float64))
    for k in range(n - 1):
        T[k, k + 1] = T[k + 1, k] = beside[k]
    return float(torch.linalg.eigvalsh(T)[-1])
