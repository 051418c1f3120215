"""From the largest curvature to the largest stable step, by each optimiser's own threshold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gradus.arguments import choice, number, refusal
from gradus.text import Text

BETA = 0.9  # of momentum, Nesterov and Adam's first average
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
