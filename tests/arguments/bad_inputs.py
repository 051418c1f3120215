"""The 24 classes of bad input, made from a right argument: what comes in its place, and what may come of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import distributions as D
from torch import nn

__all__ = ["Bad", "bad_inputs", "kind_of"]

#: What may come of it: a refusal only; a refusal or a result without NaN; a refusal or the result of what it stands for;
#: a refusal or any result.
REFUSED, CLEAN, SAME, ANY = "refused", "clean", "same", "any"


class Bad(NamedTuple):
    """One bad input.

    Attributes:
        of: the class that it belongs to.
        name: what it is, within its class.
        value: what comes.
        due: what may come of it.
        plain: for "same", the input whose result it must have.
    """

    of: str
    name: str
    value: Any
    due: str = REFUSED
    plain: Any = None


def kind_of(value: Any) -> str:
    """What a right argument is."""
    for kind, types in {
        "tensor": torch.Tensor,
        "array": np.ndarray,
        "flag": bool,
        "whole": int,
        "number": float,
        "distribution": D.Distribution,
        "module": nn.Module,
        "text": str,
        "list": list,
    }.items():
        if isinstance(value, types):
            return kind
    return "function" if callable(value) else "object"


def bad_inputs(value: Any) -> Iterator[Bad]:
    """What may come in the place of a right argument."""
    kind = kind_of(value)
    yield from {
        "tensor": _for_arrays,
        "array": _for_arrays,
        "flag": _for_flags,
        "whole": _for_whole,
        "number": _for_numbers,
        "text": _for_texts,
        "function": _for_functions,
    }.get(kind, _for_objects)(value)
    if kind != "list":
        yield Bad("list", "empty list", [], ANY if kind == "array" else REFUSED)
    if kind != "text":
        yield from (Bad("str", text, text) for text in ("text", "", "nan"))
    if kind not in ("text", "object"):
        yield Bad("wrong type", "None", None, ANY if kind in ("number", "whole") else REFUSED)
    yield Bad("wrong type", "object", object())
    yield Bad("wrong type", "bytes", b"1.0")
    if kind != "object":
        yield Bad("wrong type", "dict", {"a": 1.0})


def _for_arrays(value: Any) -> Iterator[Bad]:
    tensor = isinstance(value, torch.Tensor)
    library: Any = torch if tensor else np
    floating = value.is_floating_point() if tensor else value.dtype.kind == "f"
    if floating:
        for number, of in ((math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf")):
            yield Bad(of, "first", _with_first(value, number), ANY)
            yield Bad(of, "last", _with_first(value, number, -1), ANY)
            yield Bad(of, "all", library.full_like(value, number), ANY)
        for number in (
            0.0,
            1.0,
            -1.0,
            1e300 if value.dtype.itemsize == 8 else 1e30,
            5e-324 if value.dtype.itemsize == 8 else 1e-45,
        ):
            yield Bad("extremes", f"all {number:g}", library.full_like(value, number), CLEAN)
            yield Bad("extremes", f"first {number:g}", _with_first(value, number), CLEAN)
    yield from _of_other_shapes(value, library)
    yield from _of_other_types(value, library, tensor, floating)
    yield from _in_other_memory(value, library, tensor)


def _with_first(value: Any, number: float, place: int = 0) -> Any:
    copy = value.clone() if isinstance(value, torch.Tensor) else value.copy()
    copy.reshape(-1)[place] = number
    return copy


def _of_other_shapes(value: Any, library: Any) -> Iterator[Bad]:
    for axis in range(value.ndim):
        index = [slice(None)] * value.ndim
        for size, of in ((0, "empty"), (1, "one sample" if axis == 0 else "one feature")):
            index[axis] = slice(0, size)
            yield Bad(of, f"axis {axis}", value[tuple(index)], CLEAN)
        index[axis] = slice(0, value.shape[axis] - 1)
        yield Bad("mismatched batch", f"axis {axis} shorter", value[tuple(index)], CLEAN)
        longer = (torch.cat if isinstance(value, torch.Tensor) else np.concatenate)([value, value], axis)
        yield Bad("mismatched batch", f"axis {axis} twice as long", longer, CLEAN)
        yield Bad("missing axis", f"without axis {axis}", value.sum(axis), CLEAN)
    yield Bad("0-d", "an entry", value.reshape(-1)[0], CLEAN)
    yield Bad("extra axis", "before", value[None], CLEAN)
    yield Bad("extra axis", "behind", value[..., None], CLEAN)
    yield Bad("extra axis", "two, doubled", library.stack([value, value])[None], CLEAN)


def _of_other_types(value: Any, library: Any, tensor: bool, floating: bool) -> Iterator[Bad]:
    dtypes = (
        "int8",
        "int64",
        "uint8",
        "bool",
        "complex64",
        "complex128",
        "float16",
        "float32",
        *(("bfloat16", "float8_e5m2") if tensor else ("longdouble",)),
    )
    for dtype in dtypes:
        of = "int" if "int" in dtype else "complex" if "complex" in dtype else dtype
        due = REFUSED if of in ("complex", "float8_e5m2") else CLEAN
        with np.errstate(all="ignore"):
            made = (
                value.to(getattr(torch, dtype))
                if tensor
                else value.astype(getattr(np, dtype if dtype != "bool" else "bool_"))
            )
        yield Bad(of, dtype, made, due)
    if tensor:
        yield Bad("numpy instead of tensor", "array", value.numpy().copy())
        yield Bad("list", "nested", value.tolist())
        yield Bad("list", "tuple", tuple(value.tolist()))
        return
    yield Bad("tensor instead of numpy", "on the CPU", torch.as_tensor(value.copy()), SAME, value)
    yield Bad("bfloat16", "tensor", torch.ones(value.shape, dtype=torch.bfloat16), CLEAN)
    yield Bad("list", "nested", value.tolist(), SAME, value)
    yield Bad("list", "ragged", [[1.0, 2.0], [1.0]])
    yield Bad(
        "list",
        "of text",
        [str(v) for v in value.ravel()] if floating else ["a", "b"],
        ANY if not floating else REFUSED,
    )
    yield Bad("list", "with None", [*value.ravel().tolist(), None])
    yield Bad("list", "of Decimal", np.vectorize(Decimal, otypes=[object])(value), CLEAN)
    yield Bad("str", "array of text", np.full(value.shape, "a"))
    yield Bad(
        "masked", "one entry", np.ma.masked_array(value, mask=np.arange(value.size).reshape(value.shape) == 0)
    )
    yield Bad("masked", "none", np.ma.masked_array(value), SAME, value)
    yield Bad("wrong type", "dates", np.zeros(value.shape, "M8[s]"))


def _in_other_memory(value: Any, library: Any, tensor: bool) -> Iterator[Bad]:
    twice = library.stack([value, value], -1)[..., 0]
    yield Bad("non-contiguous", "every other", twice, SAME, value)
    first = value.reshape(-1)[:1].reshape((1,) * value.ndim)
    broad = first.expand(value.shape) if tensor else np.broadcast_to(first, value.shape)
    yield Bad("expanded", "one entry", broad, CLEAN)
    if not tensor:
        frozen = value.copy()
        frozen.flags.writeable = False
        yield Bad("non-contiguous", "read only", frozen, SAME, value)
        yield Bad("non-contiguous", "other byte order", value.astype(value.dtype.newbyteorder()), SAME, value)
        if value.dtype.kind == "f":
            yield Bad("requires_grad leaf", "tensor", torch.as_tensor(value.copy()).requires_grad_())
        yield Bad("meta", "tensor", torch.as_tensor(value.copy()).to("meta"))
        yield Bad("sparse", "tensor", torch.as_tensor(value.copy()).to_sparse())
        if value.ndim == 2:
            from scipy.sparse import csr_array

            yield Bad("sparse", "of SciPy", csr_array(value))
        return
    if value.dtype != torch.bool:
        yield Bad("non-contiguous", "negated lazily", torch._neg_view(-value), SAME, value)
    if value.is_floating_point():
        yield Bad("requires_grad leaf", "leaf", value.clone().requires_grad_(), SAME, value)
    yield Bad("meta", "tensor", value.to("meta"), ANY)
    yield Bad("sparse", "COO", value.to_sparse())
    if value.ndim == 2:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch calls the layout a beta
            compressed = value.to_sparse_csr()
        yield Bad("sparse", "CSR", compressed)


def _for_numbers(value: float) -> Iterator[Bad]:
    of = "hyper-parameter"
    for name, number in {
        "NaN": math.nan,
        "+∞": math.inf,
        "−∞": -math.inf,
        "0": 0.0,
        "−1": -1.0,
        "tiny": 5e-324,
        "huge": 1e308,
        "NumPy's NaN": np.float64("nan"),
    }.items():
        yield Bad(of, name, number, CLEAN)
    yield Bad(of, "whole", 1, CLEAN)
    yield Bad(of, "NumPy's", np.float32(value), CLEAN)
    yield from (
        Bad(of, repr(v), v)
        for v in (
            True,
            False,
            np.True_,
            1j,
            [1.0],
            (1.0,),
            {1.0},
            float,
            np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]),
        )
    )
    yield Bad(of, "tensors of two", torch.ones(2))


def _for_whole(value: int) -> Iterator[Bad]:
    of = "hyper-parameter"
    for number in (0, -1, -(10**30), np.int64(value), np.array(value)):
        yield Bad(of, repr(number), number, CLEAN)
    wrong = (
        True,
        False,
        np.True_,
        math.nan,
        math.inf,
        value + 0.5,
        1j,
        [1],
        (1,),
        range(3),
        int,
        np.ones(7, int),
        torch.ones(2),
    )
    yield from (Bad(of, repr(v), v) for v in wrong)


def _for_flags(value: bool) -> Iterator[Bad]:
    yield Bad("hyper-parameter", "NumPy's", np.bool_(value), CLEAN)
    yield from (
        Bad("hyper-parameter", repr(v), v)
        for v in (0, 1, 2.0, math.nan, "yes", "False", (True,), np.array([True, False]))
    )


def _for_texts(value: str) -> Iterator[Bad]:
    path = "/" in value
    for text in ("", value.upper() + "!", f"{value} ", "nonsense"):
        yield Bad("hyper-parameter", repr(text), text, ANY if path or "!" not in text else REFUSED)
    yield Bad("hyper-parameter", "NUL", value + "\0")
    yield from (
        Bad("hyper-parameter", repr(v), v)
        for v in (0, 1, True, math.nan, ["forward"], b"even", 1.5, np.ones(2))
    )
    yield Bad("hyper-parameter", "path", Path("none"), ANY if path else REFUSED)


def _for_functions(value: Any) -> Iterator[Bad]:
    of = "wrong function"
    yield from (Bad("wrong type", repr(v), v) for v in (0, 1.0, True, np.ones(2), torch.ones(2), [abs]))
    answers = {"nothing": None, "text": "text", "a dict": {"a": 1}, "an object": object()}
    for name, answer in answers.items():
        yield Bad(of, f"returns {name}", lambda *_, answer=answer: answer)


def _for_objects(value: Any) -> Iterator[Bad]:
    for wrong in (0, 1.5, True, math.nan, np.ones(2), torch.ones(2), [1.0], type(value), abs):
        yield Bad("wrong type", repr(wrong), wrong)
