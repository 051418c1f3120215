"""How calls, local derivatives and values read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradus.numbers import rounded

_SIGNS = {
    "add": "+", "subtract": "−", "sub": "−", "multiply": "·", "mul": "·", "divide": "/", "true_divide": "/", "div": "/",
    "matmul": "@", "mm": "@", "power": "^", "pow": "^", "rsub": "−",
}  # fmt: skip
# by each input, in the names of the result v and of the inputs a, b
_LOCAL = {
    "add": ("1", "1"), "subtract": ("1", "−1"), "multiply": ("{b}", "{a}"), "divide": ("1/{b}", "−{v}/{b}"),
    "power": ("{b}·{v}/{a}", "{v}·ln {a}"), "matmul": ("(·) {b}ᵀ", "{a}ᵀ (·)"), "negative": ("−1",), "positive": ("1",),
    "exp": ("{v}",), "expm1": ("1+{v}",), "log": ("1/{a}",), "log1p": ("1/(1+{a})",), "sqrt": ("1/(2{v})",),
    "square": ("2{a}",), "reciprocal": ("−{v}²",), "sin": ("cos {a}",), "cos": ("−sin {a}",), "tan": ("1+{v}²",),
    "tanh": ("1−{v}²",), "sigmoid": ("{v}(1−{v})",), "relu": ("[{a}>0]",), "absolute": ("sign {a}",), "sum": ("1",),
    "mean": ("1/n",), "maximum": ("[{a}>{b}]", "[{b}>{a}]"), "minimum": ("[{a}<{b}]", "[{b}<{a}]"), "logaddexp": ("e^({a}−{v})", "e^({b}−{v})"),
    "softmax": ("diag({v})−{v}{v}ᵀ",), "linear": ("(·) {b}", "(·)ᵀ {a}", "1"), "arctan": ("1/(1+{a}²)",), "sinh": ("cosh {a}",), "cosh": ("sinh {a}",),
}  # fmt: skip
_SAME = {
    "sub": "subtract", "rsub": "subtract", "mul": "multiply", "div": "divide", "true_divide": "divide", "pow": "power",
    "mm": "matmul", "bmm": "matmul", "neg": "negative", "abs": "absolute", "relu_": "relu",
}  # fmt: skip
_MOVES = {
    "reshape",
    "view",
    "transpose",
    "t",
    "T",
    "permute",
    "flatten",
    "squeeze",
    "unsqueeze",
    "take",
    "getitem",
}


def plain(name: str) -> str:
    """A function's name without the underscores of Python's own."""
    return name.strip("_").removeprefix("r") if name in ("__rmul__", "__radd__") else name.strip("_")


def expression(function: str, inputs: Sequence[str], options: dict[str, Any]) -> str:
    """A call as it would be written."""
    name = plain(function)
    if name in _SIGNS and len(inputs) == 2:
        return f"{_bracketed(inputs[0])} {_SIGNS[name]} {_bracketed(inputs[1])}"
    if name in ("negative", "neg"):
        return f"−{inputs[0]}"
    if name in ("take", "getitem"):
        return f"{inputs[0]}[{_index(options.get('index', inputs[1] if len(inputs) > 1 else '…'))}]"
    simple = (int, float, str, np.number)
    shown = [
        f"{k}={v}" for k, v in options.items() if isinstance(v, simple) and v is not False and k != "index"
    ]
    return f"{name}({', '.join([*inputs, *shown])})"


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("−") else text


def _index(index: Any) -> str:
    if isinstance(index, tuple):
        return ", ".join(map(_index, index))
    if isinstance(index, slice):
        ends = ["" if e is None else str(e) for e in (index.start, index.stop)]
        return ":".join(ends) + (f":{index.step}" if index.step else "")
    if index is Ellipsis:
        return "…"
    return str(index) if np.ndim(index) == 0 else "index"


def local_derivatives(function: str, result: str, inputs: Sequence[str]) -> list[str]:
    """The local derivative by each input, in words; a mapping of entries is "entries", an unknown one "∂"."""
    name = plain(function)
    name = _SAME.get(name, name)
    if name in _MOVES:
        return ["entries"] * len(inputs)
    words = _LOCAL.get(name, ())
    names = {"v": result, **dict(zip("ab", inputs, strict=False))}
    names = {"a": "a", "b": "b", **names}
    return [words[i].format(**names) if i < len(words) else "∂" for i in range(len(inputs))]


def number(value: Any) -> str:
    """A constant: the number, or the shape of an array."""
    if np.ndim(value) == 0 and isinstance(value, (complex, np.complexfloating)):
        imaginary = rounded(float(value.imag))
        return rounded(float(value.real)) + (imaginary if imaginary[0] in "−+" else f"+{imaginary}") + "i"
    if np.ndim(value) == 0 and isinstance(value, (int, float, np.number)):
        return rounded(float(value))
    if np.ndim(value) == 0:
        return str(value)
    return f"[{'×'.join(map(str, np.shape(value)))}]"


def in_full(value: np.ndarray) -> bool:
    """Whether a matrix is shown entry by entry: up to 4×4."""
    return value.ndim == 2 and value.size > 0 and all(n <= 4 for n in value.shape)


def amount(value: np.ndarray | None) -> str:
    """A value in few characters: all entries of matrices up to 4×4 and of vectors up to 6, else its shape and norm."""
    if value is None:
        return "–"
    if in_full(value):
        return f"({', '.join(map(_row, value))})"
    if value.size <= (6 if value.ndim == 1 else 4):
        return _row(value.ravel()) if value.ndim else number(value[()])
    norm = number(float(np.linalg.norm(value.ravel())))
    return f"{'×'.join(map(str, value.shape))}, ‖·‖ = {norm}"


def amount_lines(value: np.ndarray | None) -> list[str]:
    """The same for a box: a matrix row by row."""
    if value is None or not in_full(value) or len(value) == 1:
        return [amount(value)]
    return list(map(_row, value))


def _row(entries: np.ndarray) -> str:
    return f"({', '.join(map(number, entries))})"


def known(words: str) -> bool:
    """Whether a local derivative has a formula here."""
    return words not in ("", "∂", "entries")


def adjoint_name(name: str) -> str:
    """v̄3 for v3, x̄ for x; ∂/∂(name) for longer names."""
    if len(name) == 1 or (name[0] == "v" and name[1:].isdecimal()):
        return f"{name[0]}\u0304{name[1:]}"
    return f"∂/∂{name}"
