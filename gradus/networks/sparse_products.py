"""Products with compressed rows, as an operator that compilers need not look into, and their way back by the transpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from gradus.networks.sparse import SparseMatrix

_WIDE = (torch.float32, torch.float64)  # what the kernels multiply in; shorter numbers are widened


def _compressed_product(values: Tensor, indptr: Tensor, indices: Tensor, dense: Tensor) -> Tensor:
    wide = values.dtype if values.dtype in _WIDE else torch.float32
    if not len(values) or not dense.numel():
        return dense.new_zeros(len(indptr) - 1, dense.shape[1])
    size = (len(indptr) - 1, dense.shape[0])
    sparse = torch.sparse_csr_tensor(indptr, indices, values.to(wide), size, check_invariants=False)
    return (sparse @ dense.to(wide)).to(dense.dtype)


def _product_without_values(values: Tensor, indptr: Tensor, indices: Tensor, dense: Tensor) -> Tensor:
    return dense.new_empty(indptr.shape[0] - 1, dense.shape[1])


# An operator of its own, so that compilers need not look into it; registered by hand, since `custom_op` costs more than
# the product itself on a graph of some thousand nodes.
_LIBRARY = torch.library.Library("gradus", "FRAGMENT")
_LIBRARY.define("compressed_product(Tensor values, Tensor indptr, Tensor indices, Tensor dense) -> Tensor")
_LIBRARY.impl("compressed_product", _compressed_product, "CompositeExplicitAutograd")
torch.library.register_fake("gradus::compressed_product", _product_without_values, lib=_LIBRARY)
compressed_product: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor] = (
    torch.ops.gradus.compressed_product.default
)


def product_of(values: Tensor, dense: Tensor, matrix: SparseMatrix) -> Tensor:
    """S X for the matrix S with these values in the places of `matrix`; differentiable by both, as often as one likes."""
    result: Tensor = _Product.apply(values, dense, matrix, False)
    return result


class _Product(torch.autograd.Function):
    """S X, or Sᵀ X by the order of the transpose: back through the other of the two to X, and at the stored entries to S."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, dense: Tensor, matrix: SparseMatrix, transposed: bool) -> Tensor:
        ctx.save_for_backward(values, dense if ctx.needs_input_grad[0] else None)  # it may be large
        ctx.matrix, ctx.transposed = matrix, transposed
        if not transposed:
            return compressed_product(values, matrix.indptr, matrix.indices, dense)
        values_t = values.index_select(0, matrix.order_t) if matrix.values_t is None else matrix.values_t
        return compressed_product(values_t, matrix.indptr_t, matrix.indices_t, dense)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        values, dense = ctx.saved_tensors
        matrix, by_values, by_dense = ctx.matrix, None, None
        if ctx.needs_input_grad[0]:
            left, right = (dense, gradient) if ctx.transposed else (gradient, dense)
            by_values = entry_products(left, right, matrix.rows, matrix.indices)
        if ctx.needs_input_grad[1]:
            by_dense = _Product.apply(values, gradient, matrix, not ctx.transposed)
        return by_values, by_dense, None, None


def entry_products(left: Tensor, right: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """⟨left_i, right_j⟩ for the stored entries (i, j) alone: the gradient of a product by its values."""
    return (left.index_select(0, rows) * right.index_select(0, columns)).sum(-1)
