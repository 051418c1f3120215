"""The dense layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradus.training.closed_form.layer import Layer

# A product with no more weights than this gains nothing from a lower precision.
SMALL = 2**15


class Dense(Layer):
    """y = x Wᵀ + b; dW = gᵀ x, db = Σₙ gₙ, dx = g W."""

    def __init__(self, module: nn.Linear, *, like: Tensor, first: bool, precision: torch.dtype) -> None:
        self.parameters = tuple(module.parameters())
        self.dtype = module.weight.dtype if module.weight.numel() <= SMALL else precision
        like = like.to(self.dtype)
        self.weight, self.d_weight = _working(module.weight, self.dtype)
        self.y = like.new_empty(len(like), module.out_features)
        self.bias = self.d_bias = None
        if module.bias is not None:
            self.bias, self.d_bias = _working(module.bias, self.dtype)
        # What comes from a flattened image is stored as xᵀ, and so must its gradient be.
        self.transposed = not like.is_contiguous()
        self.dx = None if first else like.new_empty(like.shape[::-1] if self.transposed else like.shape)

    def forward(self, x: Tensor) -> Tensor:
        """The product with the weights."""
        self.x = x
        if self.weight is not self.parameters[0]:
            _copy_in(self.parameters, (self.weight, self.bias))
        if self.bias is None:
            return torch.mm(x, self.weight.t(), out=self.y)
        return torch.addmm(self.bias, x, self.weight.t(), out=self.y)

    def backward(self, g: Tensor) -> Tensor | None:
        """Three products."""
        torch.mm(g.t(), self.x, out=self.d_weight)
        if self.d_bias is not None:
            torch.sum(g, 0, out=self.d_bias)
        if self.weight is not self.parameters[0]:
            _copy_out(self.parameters, (self.d_weight, self.d_bias))
        if self.dx is None:
            return None
        if self.transposed:
            return torch.mm(self.weight.t(), g.t(), out=self.dx).t()
        return torch.mm(g, self.weight, out=self.dx)


def _working(parameter: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """A parameter and its gradient in the precision of the arithmetic: themselves, or copies."""
    assert parameter.grad is not None
    if parameter.dtype == dtype:
        return parameter, parameter.grad
    return torch.empty_like(parameter, dtype=dtype), torch.empty_like(parameter, dtype=dtype)


def _copy_in(parameters: tuple[nn.Parameter, ...], copies: tuple[Tensor | None, ...]) -> None:
    """Give the working copies the parameters' values."""
    for parameter, copy in zip(parameters, copies, strict=False):
        assert copy is not None
        copy.copy_(parameter)


def _copy_out(parameters: tuple[nn.Parameter, ...], copies: tuple[Tensor | None, ...]) -> None:
    """Give the parameters' `grad` what the working copies hold."""
    for parameter, copy in zip(parameters, copies, strict=False):
        assert copy is not None and parameter.grad is not None
        parameter.grad.copy_(copy)
