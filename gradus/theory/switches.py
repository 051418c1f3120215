"""Where a piecewise linear module switches: the numbers whose sign decides which affine map applies, recorded as it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

# Operations that are piecewise linear, and whose switches are not recorded.
UNSEEN = {"SortBackward", "TopkBackward", "AdaptiveMaxPool2DBackward", "MaxPool3DWithIndicesBackward"}


class Switches(TorchFunctionMode):
    """Within it, what every kink compares is kept: tensors of shape (batch, …), whose signs are the activation pattern."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def __torch_function__(
        self, call: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(call, "__name__", "").strip("_")
        switches = SWITCHES.get(name)
        if switches is None:
            return call(*args, **kwargs)
        self.seen += [z for z in switches(*args, **kwargs) if isinstance(z, Tensor) and z.is_floating_point()]
        return call(*args, **kwargs)


def _above(x: Tensor, edge: Any) -> Tensor:
    """The difference; of a number as a number, for with forward derivatives torch makes of it a tensor, and takes a detour through Python."""
    if isinstance(x, Tensor) and not isinstance(edge, Tensor):
        difference: Tensor = torch.ops.aten.sub.Scalar(x, edge)
        return difference
    return x - edge


def _zero(x: Tensor, *rest: Any, **kwargs: Any) -> Iterator[Tensor]:
    yield x.clone()  # the operation may be in place


def _hardtanh(
    x: Tensor, min_val: float = -1.0, max_val: float = 1.0, *rest: Any, **kwargs: Any
) -> Iterator[Tensor]:
    yield from (_above(x, min_val), _above(x, max_val))


def _relu6(x: Tensor, *rest: Any, **kwargs: Any) -> Iterator[Tensor]:
    yield from (x.clone(), _above(x, 6))


def _threshold(x: Tensor, threshold: float, *rest: Any, **kwargs: Any) -> Iterator[Tensor]:
    yield _above(x, threshold)


def _clamp(x: Tensor, min: Any = None, max: Any = None, **kwargs: Any) -> Iterator[Tensor]:
    yield from (_above(x, edge) for edge in (min, max) if edge is not None)


def _pair(a: Any, b: Any, *rest: Any, **kwargs: Any) -> Iterator[Tensor]:
    yield _above(a, b)


def _largest(x: Tensor, dim: Any = None, *rest: Any, **kwargs: Any) -> Iterator[Tensor]:
    other = kwargs.get("other", dim)
    if isinstance(other, Tensor):
        yield x - other
    elif dim is not None:
        yield x - x.amax(dim, keepdim=True)


def _least(x: Tensor, dim: Any = None, *rest: Any, **kwargs: Any) -> Iterator[Tensor]:
    other = kwargs.get("other", dim)
    if isinstance(other, Tensor):
        yield x - other
    elif dim is not None:
        yield x - x.amin(dim, keepdim=True)


def _pool(axes: int) -> Callable[..., Iterator[Tensor]]:
    def switches(
        x: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        *rest: Any,
        **kwargs: Any,
    ) -> Iterator[Tensor]:
        size, steps = _each(kernel_size, axes), _each(stride or kernel_size, axes)
        edges = [side for p in reversed(_each(padding, axes)) for side in (p, p)]
        windows = torch.nn.functional.pad(x, edges, value=float("-inf"))
        for axis in range(axes):
            windows = windows.unfold(axis - axes - axis, size[axis], steps[axis])
        windows = windows.flatten(-axes)
        yield windows - windows.amax(-1, keepdim=True)

    return switches


def _each(value: Any, axes: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes


SWITCHES: dict[str, Callable[..., Iterator[Tensor]]] = {
    **dict.fromkeys(("relu", "leaky_relu", "prelu", "rrelu", "abs", "absolute"), _zero),
    **dict.fromkeys(("gt", "lt", "ge", "le", "maximum", "minimum", "fmax", "fmin"), _pair),
    **dict.fromkeys(("hardtanh",), _hardtanh),
    **dict.fromkeys(("clamp", "clip"), _clamp),
    "relu6": _relu6,
    "threshold": _threshold,
    "clamp_min": lambda x, min: _clamp(x, min),
    "clamp_max": lambda x, max: _clamp(x, None, max),
    "max": _largest,
    "amax": _largest,
    "min": _least,
    "amin": _least,
    "max_pool1d": _pool(1),
    "max_pool2d": _pool(2),
}
