"""Rows of several lengths in one batch: what stands after a row's end is neither read nor answered."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gradus.arguments import Sizes, refusal
from gradus.arguments.tensors import concrete, tensor
from gradus.text import Text

__all__ = ["Rows", "of_one_layer"]


class Rows(NamedTuple):
    """A batch of sequences with one leading axis, and how it came.

    Attributes:
        x: inputs (B, T, d); 0 after the end of a row.
        lead: the leading axes that they had.
        lengths: of the rows (B), or None.
    """

    x: Tensor
    lead: tuple[int, ...]
    lengths: Tensor | None

    @classmethod
    def of(cls, x: Tensor, lengths: Tensor | None) -> Rows:
        """The rows of x (..., T, d), whose lengths broadcast against its leading axes.

        Raises:
            GradusError: lengths that are no whole numbers from 0 to T, or do not fit the leading axes.
        """
        lead, T = tuple(x.shape[:-2]), x.shape[-2]
        flat = x.reshape(math.prod(lead), *x.shape[-2:])
        if lengths is None:
            return cls(flat, lead, None)
        _require_lengths(lengths, lead, T)
        own = lengths.to(x.device).expand(lead).reshape(-1)
        # a padded NaN must not reach the gradient as 0 · NaN
        return cls(flat.masked_fill(_after(own, T)[..., None], 0.0), lead, own)

    def state(self, name: str, given: Tensor | None, n: int) -> Tensor:
        """A first state as (B, n); zeros where none is given.

        Raises:
            GradusError: it is no tensor (..., n) that fits the leading axes of x.
        """
        rows = self.x.shape[0]
        if given is None:
            return self.x.new_zeros(rows, n)
        tensor(name, given, "... n", Sizes(n=(n, "U")))
        _require_broadcast(name, tuple(given.shape[:-1]), self.lead)
        return given.to(self.x.dtype).expand(*self.lead, n).reshape(rows, n)

    def outputs(self, h: Tensor) -> Tensor:
        """Outputs (T, B, n) as (..., T, n), 0 after the end of a row."""
        if self.lengths is not None:
            h = h.masked_fill(_after(self.lengths, h.shape[0]).mT[..., None], 0.0)
        return h.transpose(0, 1).reshape(*self.lead, h.shape[0], h.shape[2])

    def last(self, states: Tensor, first: Tensor) -> Tensor:
        """Of states (T, B, n) the one at the end of each row, as (..., n); the first where a row has no step."""
        if self.lengths is None:
            return states[-1].reshape(*self.lead, states.shape[2])
        every = torch.cat([first[None], states])
        index = self.lengths.long()[None, :, None].expand(1, -1, states.shape[2])
        return every.gather(0, index)[0].reshape(*self.lead, states.shape[2])


def _after(lengths: Tensor, T: int) -> Tensor:
    """Which steps of each row lie after its end, (B, T)."""
    return torch.arange(T, device=lengths.device) >= lengths[:, None]


def of_one_layer(name: str, state: Tensor) -> Tensor:
    """A state as modules take it, with an axis of length 1 for their one layer in front; without it.

    Raises:
        GradusError: it is no such tensor.
    """
    tensor(name, state)
    if state.ndim < 2 or state.shape[0] != 1:
        shape = str(tuple(state.shape))
        raise refusal(
            name, ("the shape (1, …, n), 1 for the layer", "形状 (1, …, n)，1 为层数"), Text(shape, shape)
        )
    return state[0]


def _require_broadcast(name: str, shape: tuple[int, ...], lead: tuple[int, ...]) -> None:
    padded = (1,) * (len(lead) - len(shape)) + shape
    if len(shape) > len(lead) or any(a not in (1, b) for a, b in zip(padded, lead, strict=True)):
        en, zh = f"the leading axes of x, {lead}", f"x 前面的各轴 {lead}"
        raise refusal(name, (en, zh), Text(str(shape), str(shape)))


def _require_lengths(lengths: Tensor, lead: tuple[int, ...], T: int) -> None:
    tensor("lengths", lengths, dtype="integer", meta=False)
    _require_broadcast("lengths", tuple(lengths.shape), lead)
    if concrete(lengths) and lengths.numel() and not 0 <= int(lengths.min()) <= int(lengths.max()) <= T:
        span = f"{int(lengths.min())} … {int(lengths.max())}"
        noun = (f"numbers from 0 to {T}, the steps of x", f"0 到 {T}（x 的步数）的数")
        raise refusal("lengths", noun, Text(span, span))
