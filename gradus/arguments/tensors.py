"""Arguments that are tensors of PyTorch: their type, precision, layout and shape, without a look at values where none are.

A list or an array in a tensor's place is refused, with what makes a tensor of it: a copy in silence would sit on the wrong
device, in NumPy's float64, and without its gradient.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from gradus.arguments.errors import not_finite, refusal
from gradus.arguments.shapes import Sizes, fit
from gradus.arguments.values import number
from gradus.text import Text

__all__ = ["concrete", "factor", "same_device", "same_kind", "tensor"]

Dtype = Literal["floating", "real", "integer", "any"]
FLOATING = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.float64})
INTEGER = frozenset({torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64})
_TAKEN: dict[str, frozenset[torch.dtype]] = {
    "floating": FLOATING,
    "real": FLOATING | INTEGER,
    "integer": INTEGER,
    "any": FLOATING | INTEGER | {torch.bool, torch.complex64, torch.complex128},
}
_NOUN: dict[str, tuple[str, str]] = {
    "floating": ("floating-point numbers", "浮点数"),
    "real": ("real numbers", "实数"),
    "integer": ("whole numbers", "整数"),
    "any": ("numbers", "数"),
}


def tensor(
    name: str,
    value: Any,
    spec: str | None = None,
    sizes: Sizes | None = None,
    *,
    dtype: Dtype = "floating",
    finite: bool = False,
    meta: bool = True,
) -> Tensor:
    """An argument that is a dense tensor of numbers, whose axes are bound by name (see `gradus.arguments.shapes.fit`).

    Args:
        name: of the argument.
        value: what came; it is returned as it is.
        spec: the names of its axes; None for any shape.
        sizes: of the axes of the arguments before.
        dtype: "floating", "real" (whole numbers, too; no booleans), "integer", or "any" (complex
            numbers and booleans, too).
        finite: whether NaN and ±∞ are refused, where values can be looked at.
        meta: whether a tensor without values (of the meta device) will do.

    Raises:
        GradusError: another type, layout, precision or shape; a value that is not finite.
    """
    if not isinstance(value, Tensor):
        raise _no_tensor(name, value)
    if value.layout is not torch.strided or value.is_quantized or value.is_nested:
        raise _not_dense(name, value)
    if value.dtype not in _TAKEN[dtype]:
        raise _wrong_dtype(name, value, dtype)
    if not meta and value.is_meta:
        raise refusal(
            name,
            ("a tensor with values", "含有数值的张量"),
            Text("one of the meta device", "meta 设备上的张量"),
            kind=True,
        )
    if spec is not None:
        fit(name, value.shape, spec, sizes)
    if finite and concrete(value):
        _require_finite(name, value)
    return value


def module(name: str, value: Any) -> None:
    """Refuses what is no module; of a model's parameters it says that the model itself is wanted.

    Raises:
        GradusError: it is none.
    """
    if isinstance(value, nn.Module):
        return
    listed = isinstance(value, (Iterator, list, tuple))
    mend = (
        ("give the model itself, not its parameters()", "请给出模型本身，而不是它的 parameters()")
        if listed
        else ("", "")
    )
    raise refusal(name, ("a module", "模块"), value, mend, kind=True)


def concrete(*values: Tensor) -> bool:
    """Whether a branch may be taken on the values: not while a graph is recorded or compiled, nor inside `torch.func`."""
    return (
        not torch.compiler.is_compiling()
        and not torch._C._are_functorch_transforms_active()
        and not any(v.is_meta or type(v) not in (Tensor, torch.nn.Parameter) for v in values)
        and not torch.jit.is_tracing()
    )


def factor(name: str, value: Any, most: float | None = None) -> Any:
    """A factor: a finite number, in size `most` at most, or a tensor of one, which may be learnt.

    Raises:
        GradusError: it is none.
    """
    if isinstance(value, Tensor):
        return tensor(name, value, "", dtype="real", finite=True)
    return number(name, value, least=None if most is None else -most, most=most)


def same_kind(**values: Tensor | None) -> None:
    """Refuses tensors of several precisions, or on several devices; None is passed over.

    Raises:
        GradusError: they differ; both arguments are named.
    """
    _require_alike(values, precision=True)


def same_device(**values: Tensor | None) -> None:
    """Refuses tensors on several devices; None is passed over.

    Raises:
        GradusError: they differ; both arguments are named.
    """
    _require_alike(values, precision=False)


def _require_alike(values: dict[str, Tensor | None], precision: bool) -> None:
    """Compares each tensor with the first."""
    tensors = [(name, value) for name, value in values.items() if value is not None]
    for name, value in tensors[1:]:
        first, model = tensors[0]
        if precision and value.dtype != model.dtype and not torch.is_autocast_enabled(model.device.type):
            raise _unlike(name, first, value.dtype, model.dtype)
        if value.device != model.device:
            raise _unlike(name, first, value.device, model.device)


def _unlike(name: str, first: str, mine: Any, theirs: Any) -> Exception:
    en, zh = f"{theirs} as {first}", f"与 {first} 相同的 {theirs}"
    return refusal(
        name, (en, zh), Text(str(mine), str(mine)), (f"give {name}.to({first})", f"请用 {name}.to({first})")
    )


def _require_finite(name: str, value: Tensor) -> None:
    if not value.is_floating_point() or math.isfinite(value.detach().sum().item()):
        return  # one look at the sum is cheaper than at all; the sum of finite numbers may overflow
    good = value.detach().isfinite()
    if bool(good.all()):
        return
    place = (~good).nonzero()[0].tolist()
    raise not_finite(name, value.detach()[tuple(place)].item(), place)


def _not_dense(name: str, value: Tensor) -> Exception:
    """That it is sparse, quantised or nested, and what makes a dense tensor of it."""
    kind, zh, mend = str(value.layout).removeprefix("torch."), "", "to_dense()"
    if value.is_quantized:
        kind, zh, mend = "quantised", "量化", "dequantize()"
    elif value.is_nested:
        kind, zh, mend = "nested", "嵌套", "to_padded_tensor(0.0)"
    return refusal(
        name,
        ("a dense tensor", "稠密张量"),
        Text(f"a {kind} one", f"{zh}张量" if zh else f"{kind} 张量"),
        (f"give {name}.{mend}", f"请用 {name}.{mend}"),
        kind=True,
    )


def _no_tensor(name: str, value: Any) -> Exception:
    mend = ("", "")
    if isinstance(value, (list, tuple, int, float, np.ndarray, np.generic)):
        mend = (f"make one with torch.as_tensor({name})", f"可用 torch.as_tensor({name}) 转换")
    return refusal(name, ("a tensor", "张量"), value, mend, kind=True)


def _wrong_dtype(name: str, value: Tensor, dtype: Dtype) -> Exception:
    came = str(value.dtype).removeprefix("torch.")
    whole = dtype != "integer" and not value.is_complex()
    mend = (f"convert with {name}.float()", f"可用 {name}.float() 转换") if whole else ("", "")
    noun = (f"a tensor of {_NOUN[dtype][0]}", f"{_NOUN[dtype][1]}张量")
    return refusal(name, noun, Text(came, came), mend, kind=True)
