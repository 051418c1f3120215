"""A log density as the samplers call it: of vectors, for all chains at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.inference.monte_carlo.points import Points
from gradus.text import Text

__all__ = ["Target"]


class Target:
    """The log density of all chains at once, under `torch.func.vmap` where it is of one point."""

    def __init__(self, log_density: Callable[..., Any], points: Points, batched: bool) -> None:
        self._function, self._points, self._batched = log_density, points, batched
        self._looped = False

    def __call__(self, flat: Tensor) -> Tensor:
        """The log densities (chains) of vectors (chains, dimension); NaN where the user's function gives it.

        Raises:
            GradusError: it returns no tensor of one number a chain, or +∞.
        """
        chains, flat = len(flat), flat.clone()  # whose tensors the user's function may change
        if self._batched:
            value = self._function(self._points.tree(flat))
        else:
            value = self._each(flat)
        if not isinstance(value, Tensor) or value.is_complex() or value.dtype == torch.bool:
            one = ("a real tensor", "实数张量")
            raise refusal(
                "log_density(point)", one, value, ("is a return missing?", "是否漏写了 return？"), kind=True
            )
        if value.shape != (chains,):
            wanted: tuple[int, ...] = ()
            if self._batched:
                wanted, came = (chains,), tuple(value.shape)
                mend = ("sum over all axes but the first", "请对第一个轴以外的轴求和")
            else:
                came = tuple(value.shape[1:])
                mend = (
                    "sum it, or say batched=True if it is for all chains",
                    "请求和；若它一次处理所有链，请设 batched=True",
                )
            shape = Text(f"{came}", f"{came}")
            raise refusal("log_density(point)", (f"the shape {wanted}", f"形状 {wanted}"), shape, mend)
        value = value.detach().to(self._points.dtype)
        if bool(torch.isposinf(value).any()):
            finite = ("a log density below ∞", "小于 ∞ 的对数密度")
            raise refusal("log_density(point)", finite, Text("∞", "∞"))
        return value

    def _each(self, flat: Tensor) -> Any:
        """Of one point each: at once, or in turn where the function cannot be vectorised."""
        tree = self._points.tree
        if not self._looped:
            try:
                return torch.func.vmap(lambda x: _tensor(self._function(tree(x))))(flat)
            except GradusError:
                raise
            except (
                Exception
            ):  # of branches on values, .item(), in-place changes: what is at fault shows below
                self._looped = True
        values = [self._function(tree(x)) for x in flat]
        strange = [v for v in values if not isinstance(v, Tensor)]
        return strange[0] if strange else torch.stack(values)


def _tensor(value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError("no tensor")
    return value
