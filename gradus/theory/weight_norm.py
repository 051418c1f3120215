"""Weight normalisation whose second derivatives are right: PyTorch's fused kernel gets its own wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


class _Written(TorchFunctionMode):
    """w = g v/‖v‖ as it is written, in the place of `torch._weight_norm`."""

    def __torch_function__(
        self, call: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if call is torch._weight_norm:
            return _weight_norm(*args, **(kwargs or {}))
        return call(*args, **(kwargs or {}))


def _weight_norm(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    return v * (g / torch.norm_except_dim(v, 2, dim))


def weight_normed(model: nn.Module) -> bool:
    """Whether a layer has weight normalisation, as a parametrization or as a hook."""
    for module in model.modules():
        hooks = module._forward_pre_hooks.values()
        if any(type(x).__name__ in ("_WeightNorm", "WeightNorm") for x in (module, *hooks)):
            return True
    return False


@contextmanager
def differentiable_twice(model: nn.Module) -> Iterator[None]:
    """In which the Hessian of a model with weight normalisation is symmetric, as by `torch._weight_norm` (2.13) it is not."""
    if not weight_normed(model):
        yield
        return
    with _Written():
        yield
