"""An affine map of which only calls are known: its linear part, the adjoint of that, and its largest singular value."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.text import Text
from gradus.theory.lanczos import top_eigenpairs

DENSE, ENTRIES = 512, 2**21  # smaller side and entries of a matrix that is formed
RISK = 1e-9  # with which the upper bound may fail where the matrix is not formed


class AffineMap:
    """x ↦ f(x) on inputs of one shape; f takes and returns batches.

    Attributes:
        inputs, outputs: how many numbers go in and come out.
        shape, dtype, device: of the Gram matrix of the smaller side, as which the map can be multiplied.
    """

    def __init__(
        self, f: Callable[[Tensor], Tensor], shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
    ) -> None:
        self._f, self._in = f, shape
        with torch.enable_grad():
            self._x = torch.zeros(1, *shape, dtype=dtype, device=device, requires_grad=True)
            self._y = f(self._x)
        self._zero = self._y.detach()
        self.inputs, self.outputs = self._x.numel(), self._y.numel()
        small = min(self.inputs, self.outputs)
        self.shape, self.dtype, self.device = (small, small), dtype, device

    def forward(self, v: Tensor) -> Tensor:
        """A v, of rows (b, inputs)."""
        with torch.no_grad():
            return (self._f(v.reshape(len(v), *self._in)) - self._zero).reshape(len(v), -1)

    def adjoint(self, u: Tensor) -> Tensor:
        """Aᵀ u, of rows (b, outputs)."""
        if not self._y.requires_grad:  # a map that does not look at its input
            return u.new_zeros(len(u), self.inputs)
        x, y = self._x, self._y
        if len(u) > 1:
            with torch.enable_grad():
                x = torch.zeros(len(u), *self._in, dtype=self.dtype, device=self.device, requires_grad=True)
                y = self._f(x)
        (g,) = torch.autograd.grad(y, x, u.reshape(y.shape), retain_graph=len(u) == 1)
        return g.reshape(len(u), -1)

    def __matmul__(self, vector: Tensor) -> Tensor:
        """The Gram matrix of the smaller side, times a vector."""
        row = vector[None]
        if self.inputs <= self.outputs:
            return self.adjoint(self.forward(row))[0]
        return self.forward(self.adjoint(row))[0]

    def require_linear(self, name: str) -> None:
        """Refuses a map that is not affine.

        Raises:
            GradusError: f(x + y) − f(0) is not the sum of the parts, or 2x does not give twice as much.
        """
        generator = torch.Generator().manual_seed(0)
        x, y = (
            torch.randn(1, self.inputs, dtype=torch.float64, generator=generator).to(self._x) for _ in "xy"
        )
        a, b, both, twice = (self.forward(v) for v in (x, y, x + y, -2 * x))
        apart = torch.maximum((both - a - b).abs().max(), (twice + 2 * a).abs().max())
        size = torch.maximum(a.abs().max(), b.abs().max())
        if not bool(apart <= 1e4 * torch.finfo(self.dtype).eps * torch.maximum(size, self._zero.abs().max())):
            came = Text(
                f"one that misses additivity by {float(apart):.2g}",
                f"与可加性相差 {float(apart):.2g} 的层",
            )
            raise refusal(name, ("an affine layer", "仿射层"), came)

    @property
    def small(self) -> bool:
        """Whether the matrix is formed rather than products are made."""
        return self.shape[0] <= DENSE and self.inputs * self.outputs <= ENTRIES

    def matrix(self) -> Tensor:
        """(outputs, inputs), formed from the smaller side."""
        eye = torch.eye(self.shape[0], dtype=self.dtype, device=self.device)
        return self.forward(eye).mT if self.inputs <= self.outputs else self.adjoint(eye)

    def norm(self, products: int, seed: int) -> tuple[float, float, int]:
        """The largest singular value from below, an upper bound of it, and how many products were made.

        Raises:
            GradusError: products that are not finite.
        """
        small = self.shape[0]
        if self.small:
            matrix = self.matrix()
            if not bool(matrix.isfinite().all()):
                raise refusal("layer", ("finite weights", "有限的权重"), Text("NaN or ∞", "NaN 或 ∞"))
            sigma = float(torch.linalg.svdvals(matrix).max())
            rounding = 16 * math.sqrt(self.inputs * self.outputs) * torch.finfo(self.dtype).eps
            return sigma, sigma * (1 + rounding), 0
        k = min(products, small)
        found = top_eigenpairs(self, 1, tolerance=0.0, max_products=k, seed=seed)
        theta = max(float(found.values[0]), 0.0)
        rounding = 1 + 64 * k * torch.finfo(self.dtype).eps
        if found.products >= small:
            return math.sqrt(theta), math.sqrt(theta) * rounding, found.products
        missing = (math.log(1.648 * math.sqrt(small) / RISK) / (2 * found.products - 1)) ** 2
        upper = math.sqrt(theta / (1 - missing)) * rounding if missing < 1 else math.inf
        return math.sqrt(theta), upper, found.products
