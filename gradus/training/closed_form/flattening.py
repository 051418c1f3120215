"""From images to rows."""

from __future__ import annotations

from torch import Tensor

from gradus.training.closed_form.layer import Layer


class Flattening(Layer):
    """Images to rows: (C, H, W, N) is seen as (C·H·W, N)ᵀ, or (N, C, H, W) as (N, C·H·W), and nothing moves."""

    def __init__(self, *, like: Tensor, batch_last: bool) -> None:
        self.batch_last, self.dtype = batch_last, like.dtype

    def forward(self, x: Tensor) -> Tensor:
        """A view."""
        self.shape = x.shape
        return x.view(-1, x.shape[-1]).t() if self.batch_last else x.flatten(1)

    def backward(self, g: Tensor) -> Tensor:
        """A view."""
        return g.t().view(self.shape) if self.batch_last else g.view(self.shape)
