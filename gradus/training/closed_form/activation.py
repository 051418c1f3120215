"""Activations entry by entry."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gradus.training.closed_form.layer import Layer


class Activation(Layer):
    """y = f(x) entry by entry, in place, with a derivative that y tells: dx = f'(x) g."""

    def __init__(
        self,
        *,
        like: Tensor,
        function: Callable[[Tensor], Tensor],
        slope: Callable[[Tensor, Tensor], Tensor],
    ) -> None:
        self.function, self.slope, self.dtype = function, slope, like.dtype

    def forward(self, x: Tensor) -> Tensor:
        """In place."""
        self.y = self.function(x)
        return self.y

    def backward(self, g: Tensor) -> Tensor:
        """In place."""
        return self.slope(g, self.y)


def _relu_slope(g: Tensor, y: Tensor) -> Tensor:
    return torch.ops.aten.threshold_backward.grad_input(g, y, 0, grad_input=g)


def _tanh_slope(g: Tensor, y: Tensor) -> Tensor:
    return torch.ops.aten.tanh_backward.grad_input(g, y, grad_input=g)


def _sigmoid_slope(g: Tensor, y: Tensor) -> Tensor:
    return torch.ops.aten.sigmoid_backward.grad_input(g, y, grad_input=g)


# The functions in place, and their derivatives times g, in place of g.
ACTIVATIONS = {
    nn.ReLU: (torch.relu_, _relu_slope),
    nn.Tanh: (torch.tanh_, _tanh_slope),
    nn.Sigmoid: (torch.sigmoid_, _sigmoid_slope),
}
