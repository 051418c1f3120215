"""Pooling over windows side by side."""

from __future__ import annotations

import torch
from torch import Tensor

from gradus.training.closed_form.layer import Layer


class Pooling(Layer):
    """y = max or mean over windows side by side. Of equal entries the first one in the window gets the gradient."""

    def __init__(self, *, like: Tensor, size: tuple[int, int], maximum: bool) -> None:
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
