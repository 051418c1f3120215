"""Products of a batch's Hessian, Gauss–Newton and empirical Fisher matrix with vectors, from a graph that is built once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

Vector = Sequence[Tensor]
Product = Callable[[Vector], Vector]


def hessian_product(value: Tensor, parameters: Sequence[nn.Parameter]) -> Product:
    """V ↦ H v, the derivative of ∇·v."""
    gradients = torch.autograd.grad(value, parameters, create_graph=True, allow_unused=True)
    live = [k for k, g in enumerate(gradients) if g is not None and g.requires_grad]

    def product(vector: Vector) -> Vector:
        if not live:
            return [torch.zeros_like(p) for p in parameters]
        outputs = [g for k in live if (g := gradients[k]) is not None]
        return torch.autograd.grad(
            outputs, parameters, [vector[k] for k in live], retain_graph=True, materialize_grads=True
        )

    return product


def output_product(
    outputs: Tensor, middle: Callable[[Tensor], Tensor], parameters: Sequence[nn.Parameter]
) -> Product:
    """V ↦ Jᵀ M J v, with J the Jacobian of the outputs and `middle` the product with M."""
    u = torch.zeros_like(outputs, requires_grad=True)
    # Jᵀu is linear in u; its derivative with respect to u along v is Jv
    pulled = torch.autograd.grad(outputs, parameters, u, create_graph=True, allow_unused=True)
    live = [k for k, g in enumerate(pulled) if g is not None and g.requires_grad]

    def product(vector: Vector) -> Vector:
        if not live:
            return [torch.zeros_like(p) for p in parameters]
        rows = [g for k in live if (g := pulled[k]) is not None]
        (pushed,) = torch.autograd.grad(rows, u, [vector[k] for k in live], retain_graph=True)
        return torch.autograd.grad(
            outputs, parameters, middle(pushed), retain_graph=True, materialize_grads=True
        )

    return product


def loss_hessian(slope: Tensor, outputs: Tensor) -> Callable[[Tensor], Tensor]:
    """U ↦ M u with M the Hessian of the loss by the outputs, of which `slope` is the gradient."""

    def middle(u: Tensor) -> Tensor:
        if not slope.requires_grad:
            return torch.zeros_like(u)
        return torch.autograd.grad(slope, outputs, u, retain_graph=True, materialize_grads=True)[0]

    return middle


def slopes_outer(slope: Tensor, factor: float) -> Callable[[Tensor], Tensor]:
    """U ↦ M u with M the outer products of the samples' own slopes, one block a sample, times a factor."""
    rows = slope.detach()

    def middle(u: Tensor) -> Tensor:
        along = (rows * u).reshape(len(u), -1).sum(1)
        return factor * rows * along.reshape(-1, *[1] * (u.dim() - 1))

    return middle
