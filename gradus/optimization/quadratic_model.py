r"""The step that minimises a quadratic model of the loss along two directions, with the exact Fisher matrix of a batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from gradus.optimization.fisher_columns import output_curvature
from gradus.optimization.stateless_call import StatelessCall

Directions = dict[nn.Parameter, Tensor]


def best_combination(
    model: nn.Module,
    arguments: tuple[tuple[Any, ...], dict[str, Any]],
    gradients: Directions,
    direction: Directions,
    last: Directions,
    ridge: float,
    likelihood: str,
    loss_scale: float,
) -> tuple[float, float]:
    r"""The α and μ that minimise ∇·δ + ½ δᵀ(F + λI)δ over δ = α d + μ δ₀.

    Args:
        model: with its parameters at the point of the model.
        arguments: of the model, for the batch.
        gradients: ∇, by parameter.
        direction: d.
        last: δ₀; empty for none, and then μ = 0.
        ridge: λ.
        likelihood: see `KFAC`.
        loss_scale: see `KFAC`.

    Cost: a forward pass and three backward passes; waits for the device.

    Source: Martens and Grosse 2015, §7.
    """
    vectors = [direction, last] if last else [direction]
    outputs, pushed = _push(model, arguments, vectors)
    rows = max(outputs.shape[:-1].numel(), 1)
    size = len(vectors)
    matrix = torch.empty(size, size, dtype=torch.float64)
    slope = torch.empty(size, dtype=torch.float64)
    for i in range(size):
        slope[i] = _dot(gradients, vectors[i])
        for j in range(i + 1):
            curvature = output_curvature(outputs, pushed[i], pushed[j], likelihood) * loss_scale / rows
            matrix[i, j] = matrix[j, i] = float(curvature) + ridge * _dot(vectors[i], vectors[j])
    # least squares: the two directions may be parallel
    solution = torch.linalg.lstsq(matrix, -slope[:, None], driver="gelsd").solution.flatten().tolist()
    return solution[0], (solution[1] if size == 2 else 0.0)


def _push(
    model: nn.Module, arguments: tuple[tuple[Any, ...], dict[str, Any]], vectors: list[Directions]
) -> tuple[Tensor, list[Tensor]]:
    """The outputs, and their derivatives along directions of the parameters.

    The derivative with respect to u of Jᵀu, which is linear in it, along a direction v is Jv.
    """
    parameters = list(vectors[0])
    # a pass must not move running statistics; only one of PyTorch's attentions has a second derivative
    buffers = {name: b.clone() for name, b in model.named_buffers()}
    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        outputs = StatelessCall(model)(buffers, *arguments[0], **arguments[1])
        u = torch.zeros_like(outputs, requires_grad=True)
        pulled = torch.autograd.grad(outputs, parameters, u, create_graph=True, allow_unused=True)
    reached = [(p, g) for p, g in zip(parameters, pulled, strict=True) if g is not None and g.requires_grad]
    gradients = [g for _, g in reached]
    pushed = [
        torch.autograd.grad(gradients, u, [v[p] for p, _ in reached], retain_graph=True)[0] for v in vectors
    ]
    return outputs.detach(), pushed


def _dot(one: Directions, other: Directions) -> float:
    return float(torch.stack([(one[p] * v).sum() for p, v in other.items() if p in one]).sum())
