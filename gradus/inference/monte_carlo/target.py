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
        """The log densities (chains) of vectors (chains, dimension), with the volume of bounds; NaN where the user's function gives it.

        Raises:
            GradusError: it returns no tensor of one number a chain, or +∞.
        """
        return self._value(flat)[0].detach()

    def slope(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """The log densities (chains), and their gradients (chains, dimension) by PyTorch's automatic differentiation.

        Raises:
            GradusError: as the call; or it cannot be differentiated.
        """
        with torch.inference_mode(False), torch.enable_grad():
            x = flat.detach().clone().requires_grad_()
            value, own = self._value(x)
            found = torch.autograd.grad(value.sum(), x, allow_unused=True)[0] if own.requires_grad else None
        if found is None:
            differentiable = ("a tensor that can be differentiated by the point", "对点可微的张量")
            mend = (
                "compute it from the point by PyTorch's operations, without detach, item or no_grad",
                "请用 PyTorch 的运算由该点计算，不要用 detach、item 或 no_grad",
            )
            raise refusal("log_density(point)", differentiable, Text("no gradient", "没有梯度"), mend)
        return value.detach(), found

    def gradient(self, flat: Tensor, given: Callable[..., Any] | None) -> tuple[Tensor | None, Tensor]:
        """The gradients by a function of the user's, without the densities; where there is none, as `slope`.

        Raises:
            GradusError: the function returns other tensors than those of the start.
        """
        if given is None:
            return self.slope(flat)
        leaves, volume = self._points.placed(flat)
        copies = [leaf.clone() for leaf in leaves]
        value = (
            given(self._points.built(copies))
            if self._batched
            else torch.func.vmap(lambda *one: given(self._points.built(list(one))))(*copies)
        )
        if volume is None:
            return None, self._points.flat(value, "gradient(point)", (len(flat),))
        parts = self._points.joined(value, "gradient(point)", (len(flat),))
        with torch.inference_mode(False), torch.enable_grad():
            x = flat.detach().clone().requires_grad_()
            leaves, volume = self._points.placed(x)
            assert volume is not None
            ends = [leaf for leaf in leaves if leaf.requires_grad]
            weights = [p.to(leaf.dtype) for p, leaf in zip(parts, leaves, strict=True)]
            outputs = [*ends, volume] if volume.requires_grad else ends
            found = torch.autograd.grad(outputs, x, [*weights, torch.ones_like(volume)][: len(outputs)])[0]
        return None, found

    def _value(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """With the volume of bounds, and without it, as the user's function gave it."""
        chains = len(flat)
        leaves, volume = self._points.placed(flat)
        leaves = [leaf.clone() for leaf in leaves]  # which the user's function may change
        value = self._function(self._points.built(leaves)) if self._batched else self._each(leaves)
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
        value = value.to(self._points.dtype)
        if bool(torch.isposinf(value).any()):
            finite = ("a log density below ∞", "小于 ∞ 的对数密度")
            raise refusal("log_density(point)", finite, Text("∞", "∞"))
        return value if volume is None else value + volume, value

    def _each(self, leaves: list[Tensor]) -> Any:
        """Of one point each: at once, or in turn where the function cannot be vectorised."""
        built = self._points.built
        if not self._looped:
            try:
                return torch.func.vmap(lambda *one: _tensor(self._function(built(list(one)))))(*leaves)
            except GradusError:
                raise
            except (
                Exception
            ):  # of branches on values, .item(), in-place changes: what is at fault shows below
                self._looped = True
        values = [self._function(built([leaf[i] for leaf in leaves])) for i in range(len(leaves[0]))]
        strange = [v for v in values if not isinstance(v, Tensor)]
        return strange[0] if strange else torch.stack(values)


def _tensor(value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError("no tensor")
    return value
