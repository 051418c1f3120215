"""Arguments that are arrays of NumPy: arrays, numbers, and lists of them are taken; what is none is refused by name."""

from __future__ import annotations

import sys
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import Any

import numpy as np

from gradus.arguments.errors import ArgumentError, not_finite, refusal, shown
from gradus.arguments.shapes import Sizes, fit
from gradus.text import Text

__all__ = ["array", "duck", "real_array", "real_or_duck", "require_plain", "returned"]

Array = np.ndarray
_NUMBERS = ("real numbers", "实数")


def array(
    name: str,
    value: Any,
    spec: str | None = None,
    sizes: Sizes | None = None,
    *,
    finite: bool = False,
) -> Array:
    """An argument as an array of float64, whose axes are bound by name (see `gradus.arguments.shapes.fit`).

    Whole numbers, and booleans within an array, count as the numbers that they are; exact numbers (Fraction, Decimal) are rounded.

    Args:
        name: of the argument.
        value: an array, a number, or (nested) lists of numbers. A tensor on the CPU that needs no gradient is taken, too.
        spec: the names of its axes; None for any shape.
        sizes: of the axes of the arguments before.
        finite: whether NaN and ±∞ are refused.

    Raises:
        GradusError: text, None, complex numbers, a masked array, ragged lists, a tensor of which NumPy would lose
            something; another shape; a value that is not finite, and where.
    """
    numbers = real_array(name, value)
    numbers = numbers if numbers.dtype == np.float64 else _rounded(name, numbers)
    if spec is not None:
        fit(name, numbers.shape, spec, sizes)
    if finite:
        require_finite(name, numbers)
    return numbers


def require_finite(name: str, numbers: Array) -> None:
    """Refuses NaN and ±∞, and says where the first one is.

    Raises:
        GradusError: there is one.
    """
    # the sum of finite numbers may overflow, but one look at it is cheaper than at all of them
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(numbers.sum()) or np.isfinite(numbers).all():
            return
    place = [int(i) for i in np.argwhere(~np.isfinite(numbers))[0]]
    raise not_finite(name, numbers[tuple(place)], place)


def _rounded(name: str, numbers: Array) -> Array:
    try:
        return numbers.astype(float)
    except OverflowError:
        mend = ("the largest is 1.8e308", "最大为 1.8e308")
        raise refusal(
            name, ("numbers within float64", " float64 范围内的数"), Text("a larger one", "更大的数"), mend
        ) from None


def real_array(name: str, value: Any) -> Array:
    """An argument as an array of real numbers, in the precision that it came in; lists of Fraction or Decimal as objects.

    Raises:
        GradusError: as `array`, but for shape and range.
    """
    if type(value) is not np.ndarray:
        value = _converted(name, value)
    kind = value.dtype.kind
    if kind in "fiub":
        return value  # type: ignore[no-any-return]
    if kind == "O":
        strange = next((x for x in value.flat if not isinstance(x, (Real, Decimal, Fraction))), _NUMBERS)
        if strange is _NUMBERS:
            return value  # type: ignore[no-any-return]
        raise refusal(name, _NUMBERS, strange, kind=True)
    mend = ("", "")
    if kind == "c":
        mend = ("take its .real part if the imaginary one is 0", "若虚部为 0，请取 .real")
    raise refusal(name, _NUMBERS, Text(str(value.dtype), str(value.dtype)), mend, kind=True)


def require_plain(name: str, value: Any) -> Any:
    """The value as it is, tensors as arrays: for what another library checks.

    Raises:
        GradusError: a tensor of which NumPy would lose something, or a masked array.
    """
    torch = sys.modules.get("torch")
    if isinstance(value, np.ma.MaskedArray) or (torch is not None and isinstance(value, torch.Tensor)):
        return _converted(name, value)
    return value


def returned(name: str, value: Any) -> Array:
    """What a function of the user's returned, as an array of float64.

    Args:
        name: of the function.
        value: what it returned.

    Raises:
        GradusError: nothing, or no real numbers.
    """
    if value is None:
        mend = ("is a `return` missing?", "是否漏写了 return？")
        raise refusal(name, ("real numbers as values", "实数值"), None, mend, kind=True)
    return array(name, value)


def real_or_duck(name: str, value: Any) -> Any:
    """What is traced, as it is; anything else as `real_array`, exact numbers rounded.

    Raises:
        GradusError: as `real_array`.
    """
    if duck(value) or type(value) is float:
        return value
    numbers = real_array(name, value)
    if numbers.dtype.kind == "O":
        return _rounded(name, numbers)
    # a subclass of NumPy's array, such as one that counts its operations, stays one
    return value if isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray) else numbers


def duck(value: Any) -> bool:
    """Whether it stands in for an array: NumPy's functions call it, as while a derivative is computed."""
    return hasattr(type(value), "__array_ufunc__") and not isinstance(value, (Array, np.generic))


def _converted(name: str, value: Any) -> Array:
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _from_tensor(name, value, torch)
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.is_masked(value):
            mend = ("fill it with .filled(…), or leave such rows out", "请用 .filled(…) 填补，或删去这些行")
            raise refusal(
                name, ("an array without masked entries", "没有被屏蔽元素的数组"), value, mend, kind=True
            )
        return value.data
    if value is None or isinstance(value, (str, bytes, bool, np.bool_, dict, set, frozenset)):
        raise refusal(name, _NUMBERS, value, kind=True)
    try:
        return np.asarray(value)
    except ArgumentError:
        raise
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        words = str(error).partition("\n")[0]
        came = Text(f"{shown(value)} ({words})", f"{shown(value)}（{words}）")
        raise refusal(name, ("an array of numbers", "数值数组"), came) from None


def _from_tensor(name: str, value: Any, torch: Any) -> Array:
    lost: tuple[str, str] | None = None
    if value.requires_grad:
        lost = (
            f"an array, which holds no gradient: give {name}.detach()",
            f"数组（不带梯度）：请用 {name}.detach()",
        )
    elif value.layout is not torch.strided or value.is_quantized:
        lost = (f"a dense array: give {name}.to_dense()", f"稠密数组：请用 {name}.to_dense()")
    elif value.device.type != "cpu":
        lost = (f"an array in memory: give {name}.cpu()", f"内存中的数组：请用 {name}.cpu()")
    if lost is not None:
        raise refusal(
            name,
            lost,
            Text(f"a {value.dtype} tensor on {value.device}", f"{value.device} 上的 {value.dtype} 张量"),
            kind=True,
        )
    small = value.is_floating_point() and value.dtype not in (torch.float16, torch.float32, torch.float64)
    return np.asarray((value.double() if small else value).resolve_conj().resolve_neg().numpy())
