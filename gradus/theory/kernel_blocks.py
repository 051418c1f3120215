"""The Gram matrix of Jacobians, added up layer by layer in tiles, in the place where it is returned."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from gradus.theory.layer_factors import Factors

TILE = 512  # rows of a product at a time: two tiles and their product stay in the cache

Piece = Factors | Tensor  # a layer's factors, or the Jacobian (n, C, p) of parameters


def add_block(kernel: Tensor, one: list[Piece], other: list[Piece], trace: bool, upper: bool) -> None:
    """Adds the pieces' kernels.

    Args:
        kernel: a block of the result, (n, m) of a trace, else (n, C, m, C).
        one: pieces of its rows.
        other: pieces of its columns, of the same layers.
        trace: whether the diagonal over the outputs is summed.
        upper: whether the block lies on the diagonal, and its tiles below may be left out.
    """
    for left, right in zip(one, other, strict=True):
        if isinstance(left, Factors) and isinstance(right, Factors):
            if left.single:
                _add_product(kernel, left, right, trace, upper)
                continue
            J = left.jacobian()
            _add_gram(kernel, J, J if left is right else right.jacobian(), trace, upper)
        elif isinstance(left, Tensor) and isinstance(right, Tensor):
            _add_gram(kernel, left, right, trace, upper)


def _tiles(rows: int, columns: int, width: int, upper: bool) -> Iterator[tuple[slice, slice]]:
    size = max(TILE // width, 1)
    for i in range(0, rows, size):
        for j in range(i if upper else 0, columns, size):
            yield slice(i, min(i + size, rows)), slice(j, min(j + size, columns))


def _add_gram(kernel: Tensor, J: Tensor, other: Tensor, trace: bool, upper: bool) -> None:
    """Adds J Jᵀ, whose rows are samples, or pairs of a sample and an output."""
    for i, j in _tiles(len(J), len(other), 1 if trace else J.shape[1], upper):
        left, right = (v.flatten(1) if trace else v.flatten(0, 1) for v in (J[i], other[j]))
        if trace:
            kernel[i, j].addmm_(left, right.mT)
        else:
            kernel[i, :, j].add_((left @ right.mT).view(*J[i].shape[:2], *other[j].shape[:2]))


def _add_product(kernel: Tensor, one: Factors, other: Factors, trace: bool, upper: bool) -> None:
    r"""Adds (a·a') g gᵀ of a weight that a sample uses once."""
    a, b = one.a[:, 0, 0], other.a[:, 0, 0]
    g, h = one.g[:, :, 0, :, 0], other.g[:, :, 0, :, 0]
    C = g.shape[1]
    for i, j in _tiles(len(a), len(b), 1 if trace else C, upper):
        inputs = a[i] @ b[j].mT
        if trace:
            kernel[i, j].add_(
                C * inputs if one.identity else inputs.mul_(g[i].flatten(1) @ h[j].flatten(1).mT)
            )
        elif one.identity:
            kernel[i, :, j].diagonal(0, 1, 3).add_(inputs[..., None])
        else:
            product = (g[i].flatten(0, 1) @ h[j].flatten(0, 1).mT).view(len(a[i]), C, len(b[j]), C)
            kernel[i, :, j].addcmul_(product, inputs[:, None, :, None])


def mirror(kernel: Tensor) -> None:
    """Copies what lies above the diagonal of a square matrix below it, and makes the tiles on it symmetric."""
    n = len(kernel)
    for i in range(0, n, TILE):
        rows = slice(i, i + TILE)
        kernel[rows, rows] = torch.triu(kernel[rows, rows]) + torch.triu(kernel[rows, rows], 1).mT
        for j in range(i + TILE, n, TILE):
            kernel[j : j + TILE, rows] = kernel[rows, j : j + TILE].mT
