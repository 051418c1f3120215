"""The convolution, as one matrix product per pass."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradus.training.closed_form.layer import Layer, TooLarge

# No convolution's columns may take more bytes: windows overlap, so they are many times the image.
LARGEST = 32 * 2**20


class Convolution(Layer):
    r"""y[o,i,j] = b[o] + Σ_{c,k,l} w[o,c,k,l] x[c,i+k,j+l], as one matrix product per pass.

    The windows are copied to columns, one for each output pixel and sample, with a row of ones under them for the bias.
    With a block of s×t, a window serves s×t neighbouring outputs, which become rows of their own: the weights are then
    st shifted copies in zeros. That is more arithmetic, but fewer columns and a far better shape of the product where
    channels are few, and a pooling that follows finds its terms in separate blocks.
    """

    def __init__(
        self,
        module: nn.Conv2d,
        *,
        like: Tensor,
        first: bool,
        block: tuple[int, int],
        precision: torch.dtype,
    ) -> None:
        self.module, self.first, self.block = module, first, block
        self.parameters, self.dtype = tuple(module.parameters()), precision
        like = like.to(precision)
        assert not isinstance(module.padding, str)
        (p, q), (k, m) = module.padding, module.kernel_size
        c, h, w, n = like.shape
        high, wide = h + 2 * p - k + 1, w + 2 * q - m + 1
        self.padded = like.new_zeros(c, h + 2 * p, w + 2 * q, n)
        self.inside = self.padded[:, p : p + h, q : q + w]
        o, (s, t) = module.out_channels, block
        self.rows = c * (k + s - 1) * (m + t - 1)
        pixels = (high // s, wide // t)
        columns = pixels[0] * pixels[1] * n
        if self.rows * columns * like.element_size() > LARGEST:
            raise TooLarge
        window = (c, k + s - 1, m + t - 1, *pixels, n)
        bias = module.bias is not None
        self.columns = like.new_ones(self.rows + bias, columns)
        a, b, d, _ = self.padded.stride()
        self.windows = self.padded.as_strided(window, (a, b, d, b * s, d * t, 1))
        self.places = self.columns[: self.rows].view(window)
        self.weight = like.new_zeros(s * t * o, self.rows + bias)
        self.d_weight = torch.empty_like(self.weight)
        self.y = like.new_empty(s * t * o, columns)
        self.shape = (s * t, o, *pixels, n) if s * t > 1 else (o, *pixels, n)
        # where the shifted copies of the weights stand
        self.copies = [self._copies(self.weight), self._copies(self.d_weight)]
        if not first:
            self.d_columns = like.new_empty(self.rows, columns)
            # many terms are added up: in the parameters' precision
            self.d_padded = torch.zeros_like(self.padded, dtype=module.weight.dtype)
            self.d_inside = self.d_padded[:, p : p + h, q : q + w]
            shares = self.d_columns.view(window)
            self.folds = [
                (self.d_padded[:, i : i + high : s, j : j + wide : t], shares[:, i, j])
                for i in range(k + s - 1)
                for j in range(m + t - 1)
            ]

    def _copies(self, matrix: Tensor) -> list[Tensor]:
        (k, m), (s, t), c = self.module.kernel_size, self.block, self.module.in_channels
        windows = matrix[:, : self.rows].unflatten(1, (c, k + s - 1, m + t - 1)).unflatten(0, (s, t, -1))
        return [windows[i, j, :, :, i : i + k, j : j + m] for i in range(s) for j in range(t)]

    def forward(self, x: Tensor) -> Tensor:
        """Windows to columns, then one product."""
        self.inside.copy_(x)
        self.places.copy_(self.windows)
        for copy in self.copies[0]:
            copy.copy_(self.module.weight)
        if self.module.bias is not None:
            self.weight[:, self.rows].view(-1, len(self.module.bias)).copy_(self.module.bias)
        return torch.mm(self.weight, self.columns, out=self.y).view(self.shape)

    def backward(self, g: Tensor) -> Tensor | None:
        """The weights' gradient by one product, the columns' by another, which are then added up."""
        g = g.reshape(self.y.shape)
        torch.mm(g, self.columns.t(), out=self.d_weight)
        grad, copies = self.module.weight.grad, self.copies[1]
        assert grad is not None
        grad.copy_(copies[0])
        for copy in copies[1:]:
            grad.add_(copy)
        if self.module.bias is not None:
            shares = self.d_weight[:, self.rows].view(-1, len(self.module.bias))
            torch.sum(shares, 0, out=self.module.bias.grad)
        if self.first:
            return None
        torch.mm(self.weight[:, : self.rows].t(), g, out=self.d_columns)
        self.d_padded.zero_()
        for place, share in self.folds:
            place.add_(share)
        return self.d_inside
