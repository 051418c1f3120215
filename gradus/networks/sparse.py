"""Sparse matrices times dense ones: rows and columns compressed both ways, so that the way back is as fast as the way there."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, flag, number, refusal, whole
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.errors import GradusError
from gradus.networks.sparse_products import product_of
from gradus.text import Text


@dataclass(frozen=True, eq=False)
class SparseMatrix:
    r"""A sparse n×m matrix by rows, with its transpose beside it: :math:`S_{ij}` for the entries that are stored.

    Attributes:
        values: the stored entries, row by row (nnz,).
        indptr, indices: where each row begins in them (n+1,), and the column of each entry (nnz,).
        indptr_t, indices_t: the same of the transpose.
        order_t: for each entry of the transpose its place among the values (nnz,).
        rows: the row of each entry (nnz,).
        values_t: the values in the order of the transpose, where they are at hand (nnz,).

    Example:
        >>> import torch
        >>> S = SparseMatrix.of_dense(torch.tensor([[0.0, 2.0], [1.0, 0.0]]))
        >>> S.product(torch.tensor([[1.0], [3.0]])).tolist()
        [[6.0], [1.0]]
    """

    values: Tensor
    indptr: Tensor
    indices: Tensor
    indptr_t: Tensor
    indices_t: Tensor
    order_t: Tensor
    rows: Tensor
    values_t: Tensor | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return self.indptr.shape[0] - 1, self.indptr_t.shape[0] - 1

    @classmethod
    def of_entries(
        cls, rows: Tensor, columns: Tensor, values: Tensor, shape: tuple[int, int]
    ) -> SparseMatrix:
        """From a list of entries; those at the same place are added up.

        Args:
            rows: whole numbers from 0 (nnz,).
            columns: whole numbers from 0 (nnz,).
            values: of the entries (nnz,).
            shape: n and m.

        Raises:
            GradusError: an index out of range, a value that is not finite, lists of several lengths.

        Cost: O(nnz log nnz).

        Example:
            >>> import torch
            >>> i = torch.tensor([0, 0, 1])
            >>> SparseMatrix.of_entries(i, i, torch.ones(3), (2, 2)).values.tolist()
            [2.0, 1.0]
        """
        sizes = Sizes()
        tensor("rows", rows, "nnz", sizes, dtype="integer", meta=False)
        tensor("columns", columns, "nnz", sizes, dtype="integer", meta=False)
        tensor("values", values, "nnz", sizes, finite=True, meta=False)
        if not isinstance(shape, tuple) or len(shape) != 2:
            raise refusal("shape", ("two whole numbers (n, m)", "两个整数 (n, m)"), shape, kind=True)
        n, m = (whole(f"shape[{k}]", size, least=0) for k, size in enumerate(shape))
        in_range("rows", rows, n)
        in_range("columns", columns, m)
        code, place = torch.unique(rows.long() * max(m, 1) + columns.long(), return_inverse=True)
        summed = values.new_zeros(len(code)).index_add(0, place, values)
        return _compressed(code // max(m, 1), code % max(m, 1), summed, n, m)

    @classmethod
    def of_dense(cls, matrix: Float[Tensor, "n m"]) -> SparseMatrix:
        """Of the entries of a dense matrix that are not 0.

        Raises:
            GradusError: no matrix, or an entry that is not finite.

        Example:
            >>> import torch
            >>> SparseMatrix.of_dense(torch.eye(3)).shape
            (3, 3)
        """
        tensor("matrix", matrix, "n m", finite=True, meta=False)
        rows, columns = matrix.nonzero(as_tuple=True)
        return _compressed(rows, columns, matrix[rows, columns], *matrix.shape)

    def dense(self) -> Float[Tensor, "n m"]:
        """The whole matrix, zeros included.

        Example:
            >>> import torch
            >>> SparseMatrix.of_dense(torch.eye(2)).dense().tolist()
            [[1.0, 0.0], [0.0, 1.0]]
        """
        return self.values.new_zeros(self.shape).index_put((self.rows, self.indices), self.values)

    def product(
        self, dense: Float[Tensor, "m d"], values: Float[Tensor, " nnz"] | None = None
    ) -> Float[Tensor, "n d"]:
        r"""The product :math:`SX`; differentiable by X and by the values, as often as one likes.

        Args:
            dense: X (m, d).
            values: other values in the same places.

        Raises:
            GradusError: sizes, precisions or devices that do not fit.

        Cost: O(nnz·d); the way back the same, by the transpose.

        Example:
            >>> import torch
            >>> SparseMatrix.of_dense(2 * torch.eye(2)).product(torch.ones(2, 1)).tolist()
            [[2.0], [2.0]]
        """
        matrix = self if values is None or values is self.values else replace(self, values_t=None)
        values = self.values if values is None else values
        sizes = Sizes()
        tensor("dense", dense, "m d", sizes)
        if dense.shape[0] != self.shape[1]:
            raise refusal(
                "dense",
                (
                    f"{self.shape[1]} rows, as many as the matrix has columns",
                    f" {self.shape[1]} 行，与矩阵列数相同",
                ),
                dense,
            )
        if values is not self.values:
            tensor("values", values, "nnz", sizes)
            if values.shape != self.values.shape:
                raise refusal("values", (f"{len(self.values)} numbers", f" {len(self.values)} 个数"), values)
        same_kind(dense=dense, values=values)
        return product_of(values, dense, matrix)

    def with_values(self, values: Float[Tensor, " nnz"]) -> SparseMatrix:
        """Other values in the same places.

        Raises:
            GradusError: not as many.

        Example:
            >>> import torch
            >>> SparseMatrix.of_dense(torch.eye(2)).with_values(torch.tensor([3.0, 4.0])).dense().tolist()
            [[3.0, 0.0], [0.0, 4.0]]
        """
        tensor("values", values, "nnz")
        if values.shape != self.values.shape:
            raise refusal("values", (f"{len(self.values)} numbers", f" {len(self.values)} 个数"), values)
        return replace(self, values=values, values_t=values.detach().index_select(0, self.order_t))

    def dropout(self, p: float, training: bool = True) -> SparseMatrix:
        """Each stored entry is 0 with probability p and else divided by 1−p: dropout of the whole matrix, for its zeros stay 0.

        Raises:
            GradusError: p outside of 0…1.

        Cost: O(nnz), not O(n·m).

        Example:
            >>> import torch
            >>> SparseMatrix.of_dense(torch.eye(2)).dropout(1.0).dense().tolist()
            [[0.0, 0.0], [0.0, 0.0]]
        """
        p, training = number("p", p, least=0, most=1), flag("training", training)
        if not training or p == 0:
            return self
        return replace(self, values=uniform_dropout(self.values, p), values_t=None)

    def to(self, *target: Any) -> SparseMatrix:
        """On another device or in another precision: the whole numbers change the device alone.

        Example:
            >>> import torch
            >>> SparseMatrix.of_dense(torch.eye(2)).to(torch.float64).values.dtype
            torch.float64
        """
        values = self.values.to(*target)
        places = ("indptr", "indices", "indptr_t", "indices_t", "order_t", "rows")
        moved = replace(self, **{k: getattr(self, k).to(values.device) for k in places})
        return moved.with_values(values)


def uniform_dropout(x: Tensor, p: float, training: bool = True) -> Tensor:
    """Dropout by comparing uniform numbers with p, which on a processor takes a quarter of the time of PyTorch's own."""
    if not training or p == 0:
        return x
    uniform = torch.rand(x.shape, dtype=torch.float32, device=x.device)
    factors = uniform.ge_(p).to(x.dtype).mul_(0.0 if p == 1 else 1 / (1 - p))
    if x.requires_grad or not concrete(x):
        return x * factors
    return factors.mul_(x)  # features of a large graph are most of its memory


def require_features(name: str, features: Tensor | SparseMatrix, columns: int) -> None:
    """Refuses what are no features of nodes with so many columns.

    Raises:
        GradusError: it is neither a tensor nor a sparse matrix, or has other columns.
    """
    if not isinstance(features, SparseMatrix):
        tensor(name, features, "... n c")
    if features.shape[-1] != columns:
        raise refusal(name, (f"{columns} columns", f" {columns} 列"), features)


def in_range(name: str, indices: Tensor, count: int) -> None:
    """Refuses indices that are not in 0…count−1, where values can be looked at.

    Raises:
        GradusError: one is not; its place and its value are named.
    """
    if not indices.numel() or not concrete(indices):
        return
    low, high = (int(v) for v in indices.aminmax())
    if low >= 0 and high < count:
        return
    bad = low if low < 0 else high
    place = (indices == bad).nonzero()[0].tolist()
    raise GradusError(
        Text(
            f"{name}: expected indices from 0 to {count - 1}, got {bad} at {place}",
            f"{name}：下标应在 0 到 {count - 1} 之间，{place} 处为 {bad}",
        )
    )


def _compressed(rows: Tensor, columns: Tensor, values: Tensor, n: int, m: int) -> SparseMatrix:
    """Of entries in the order of rows and columns, no two at the same place."""
    _warned_of_beta()
    order = torch.argsort(columns * max(n, 1) + rows)
    short = torch.int32 if max(n, m, len(rows)) < 2**31 else torch.int64  # half the traffic
    return SparseMatrix(
        values=values,
        indptr=_starts(rows, n).to(short),
        indices=columns.to(short),
        indptr_t=_starts(columns, m).to(short),
        indices_t=rows[order].to(short),
        order_t=order,
        rows=rows,
        values_t=values.detach().index_select(0, order),
    )


@cache
def _warned_of_beta() -> None:
    """PyTorch warns of compressed rows once in a process: let it be here, unheard, and not at a user's first product."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.sparse_csr_tensor(
            torch.zeros(1, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), torch.zeros(0), (0, 0)
        )


def _starts(sorted_or_not: Tensor, count: int) -> Tensor:
    starts = sorted_or_not.new_zeros(count + 1)
    starts[1:] = torch.bincount(sorted_or_not, minlength=count).cumsum(0)
    return starts
