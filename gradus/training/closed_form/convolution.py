"""The layers of a chain: each computes its output and, from the output's gradient, its own and its input's.

Buffers are made once for a batch size and written with `out=`. Images lie batch-last, (C, H, W, N): neighbours in memory
are then the same pixel of different samples, so that windows are whole rows to copy and every elementwise call runs over
long contiguous stretches, however few the channels; libraries' convolutions and poolings vectorise over channels, and
a first layer has one or three of them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = ["ACTIVATIONS", "Activation", "Convolution", "Dense", "Flattening", "Layer", "Pooling", "TooLarge"]


# A product with no more weights than this gains nothing from a lower precision.
SMALL = 2**15
# No convolution's columns may take more bytes: windows overlap, so they are many times the image.
LARGEST = 32 * 2**20


class TooLarge(Exception):
    """Internal: a buffer would be larger than `LARGEST`."""


class Layer:
    """One layer for one batch size; `backward` may overwrite what it is given.

    Attributes:
        parameters: what it learns.
        dtype: of what it takes, forward and backward.
    """

    parameters: tuple[nn.Parameter, ...] = ()
    dtype: torch.dtype

    def forward(self, x: Tensor) -> Tensor:
        """The output for the input x."""
        raise NotImplementedError

    def backward(self, g: Tensor) -> Tensor | None:
        """The gradient by the input, from that by the output; the parameters' own are written to their `grad`."""
        raise NotImplementedError


def _working(parameter: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """A parameter and its gradient in the precision of the arithmetic: themselves, or copies."""
    assert parameter.grad is not None
    if parameter.dtype == dtype:
        return parameter, parameter.grad
    return torch.empty_like(parameter, dtype=dtype), torch.empty_like(parameter, dtype=dtype)


def _take(parameters: tuple[nn.Parameter, ...], copies: tuple[Tensor | None, ...]) -> None:
    for parameter, copy in zip(parameters, copies, strict=False):
        assert copy is not None
        copy.copy_(parameter)


def _give(parameters: tuple[nn.Parameter, ...], copies: tuple[Tensor | None, ...]) -> None:
    for parameter, copy in zip(parameters, copies, strict=False):
        assert copy is not None and parameter.grad is not None
        parameter.grad.copy_(copy)


class Dense(Layer):
    """y = x Wᵀ + b; dW = gᵀ x, db = Σₙ gₙ, dx = g W."""

    def __init__(self, module: nn.Linear, like: Tensor, first: bool, precision: torch.dtype) -> None:
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
            _take(self.parameters, (self.weight, self.bias))
        if self.bias is None:
            return torch.mm(x, self.weight.t(), out=self.y)
        return torch.addmm(self.bias, x, self.weight.t(), out=self.y)

    def backward(self, g: Tensor) -> Tensor | None:
        """Three products."""
        torch.mm(g.t(), self.x, out=self.d_weight)
        if self.d_bias is not None:
            torch.sum(g, 0, out=self.d_bias)
        if self.weight is not self.parameters[0]:
            _give(self.parameters, (self.d_weight, self.d_bias))
        if self.dx is None:
            return None
        if self.transposed:
            return torch.mm(self.weight.t(), g.t(), out=self.dx).t()
        return torch.mm(g, self.weight, out=self.dx)


class Convolution(Layer):
    r"""y[o,i,j] = b[o] + Σ_{c,k,l} w[o,c,k,l] x[c,i+k,j+l], as one matrix product per pass.

    The windows are copied to columns, one for each output pixel and sample, with a row of ones under them for the bias.
    With a block of s×t, a window serves s×t neighbouring outputs, which become rows of their own: the weights are then
    st shifted copies in zeros. That is more arithmetic, but fewer columns and a far better shape of the product where
    channels are few, and a pooling that follows finds its terms in separate blocks.
    """

    def __init__(
        self, module: nn.Conv2d, like: Tensor, first: bool, block: tuple[int, int], precision: torch.dtype
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


class Pooling(Layer):
    """y = max or mean over windows side by side. Of equal entries the first one in the window gets the gradient."""

    def __init__(self, like: Tensor, size: tuple[int, int], maximum: bool) -> None:
        self.size, self.maximum, self.dtype = size, maximum, like.dtype
        self.dx = torch.zeros_like(like)  # what no window covers keeps its 0
        self.shares = self._entries(self.dx)
        self.y = torch.empty_like(self.shares[0], memory_format=torch.contiguous_format)
        if maximum:
            self._grow()

    def _entries(self, x: Tensor) -> list[Tensor]:
        """The first entry of every window, the second, …; a convolution in blocks has set rows, or all, apart."""
        k, m = self.size
        if x.dim() == 5 and len(x) == k * m:
            return list(x)
        if x.dim() == 5:
            return [row[:, :, j::m] for row in x for j in range(m)]
        _, h, w, _ = x.shape
        return [x[:, i : h // k * k : k, j : w // m * m : m] for i in range(k) for j in range(m)]

    def _grow(self) -> None:
        # A binary tree over the entries, in their order; a fork holds its greater branch, and whether that is the right one.
        self.forks: list[tuple[int, int, Tensor, Tensor]] = []
        level, number = list(range(len(self.shares))), len(self.shares)
        while len(level) > 1:
            above = []
            for left, right in zip(level[::2], level[1::2], strict=False):
                self.forks.append((left, right, torch.empty_like(self.y), torch.empty_like(self.y)))
                above.append(number)
                number += 1
            level = above + level[len(level) // 2 * 2 :]

    def forward(self, x: Tensor) -> Tensor:
        """All windows at once, entry by entry."""
        nodes = self._entries(x)
        if not self.maximum:
            self.y.copy_(nodes[0])
            for entry in nodes[1:]:
                self.y.add_(entry)
            return self.y.mul_(1 / len(nodes))
        for left, right, greater, chosen in self.forks:
            torch.gt(nodes[right], nodes[left], out=chosen)
            nodes.append(torch.maximum(nodes[left], nodes[right], out=greater))
        return nodes[-1] if self.forks else self.y.copy_(nodes[0])

    def backward(self, g: Tensor) -> Tensor:
        """To the greatest entry of each window, or to all alike."""
        if not self.maximum:
            for share in self.shares:
                torch.mul(g, 1 / len(self.shares), out=share)
            return self.dx
        nodes = [*self.shares, *(greater for _, _, greater, _ in self.forks)]
        nodes[-1] = g if self.forks else nodes[0].copy_(g)
        for above, (left, right, _, chosen) in zip(reversed(nodes), reversed(self.forks), strict=False):
            torch.mul(above, chosen, out=nodes[right])
            torch.sub(above, nodes[right], out=nodes[left])
        return self.dx


class Activation(Layer):
    """y = f(x) entry by entry, in place, with a derivative that y tells: dx = f'(x) g."""

    def __init__(
        self,
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


class Flattening(Layer):
    """Images to rows: (C, H, W, N) is seen as (C·H·W, N)ᵀ, or (N, C, H, W) as (N, C·H·W), and nothing moves."""

    def __init__(self, like: Tensor, batch_last: bool) -> None:
        self.batch_last, self.dtype = batch_last, like.dtype

    def forward(self, x: Tensor) -> Tensor:
        """A view."""
        self.shape = x.shape
        return x.view(-1, x.shape[-1]).t() if self.batch_last else x.flatten(1)

    def backward(self, g: Tensor) -> Tensor:
        """A view."""
        return g.t().view(self.shape) if self.batch_last else g.view(self.shape)


def _relu_slope(g: Tensor, y: Tensor) -> Tensor:
    return torch.ops.aten.threshold_backward.grad_input(g, y, 0, grad_input=g)


def _tanh_slope(g: Tensor, y: Tensor) -> Tensor:
    return torch.ops.aten.tanh_backward.grad_input(g, y, grad_input=g)


def _sigmoid_slope(g: Tensor, y: Tensor) -> Tensor:
    return torch.ops.aten.sigmoid_backward.grad_input(g, y, grad_input=g)


ACTIVATIONS = {
    nn.ReLU: (torch.relu_, _relu_slope),
    nn.Tanh: (torch.tanh_, _tanh_slope),
    nn.Sigmoid: (torch.sigmoid_, _sigmoid_slope),
}
