"""Calls of NumPy's functions with every kind of argument: NumPy's value and the differences' derivative, or refused by name."""

import inspect

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.foundations.autodiff import jvp, vjp

CALLS = {
    "x": lambda f, x, y, c, **k: f(x, **k),
    "-x": lambda f, x, y, c, **k: f(0.49 - x, **k),
    "large": lambda f, x, y, c, **k: f(3 * x + 1.7, **k),
    "x, y": lambda f, x, y, c, **k: f(x, y, **k),
    "x, c": lambda f, x, y, c, **k: f(x, c, **k),
    "c, x": lambda f, x, y, c, **k: f(c, x, **k),
    "x, y, c": lambda f, x, y, c, **k: f(x, y, 2 * c, **k),
    "mask, x, y": lambda f, x, y, c, **k: f(c > 0.5, x, y, **k),
    "x, mask": lambda f, x, y, c, **k: f(x, c > 0.5, **k),
    "[x, y]": lambda f, x, y, c, **k: f([x, y], **k),
    "[c, x]": lambda f, x, y, c, **k: f([c, x], **k),
    "rows": lambda f, x, y, c, **k: f(x[0], y[-1], **k),
    "row, y": lambda f, x, y, c, **k: f(x[0], y, **k),
    "x, row": lambda f, x, y, c, **k: f(x, y[0], **k),
    "list, x": lambda f, x, y, c, **k: f([0.2, 0.4, 0.6], x, **k),
    "list, list, x": lambda f, x, y, c, **k: f([0.2, 0.4, 0.6], [0.1, 0.5, 0.9], x, **k),
    "list, x, list": lambda f, x, y, c, **k: f([0.2, 0.4, 0.6], x, [0.1, 0.5, 0.9], **k),
    "[mask], [x]": lambda f, x, y, c, **k: f([c > 0.5], [x * y], **k),
    "x, 1": lambda f, x, y, c, **k: f(x, 1, **k),
    "x, 2": lambda f, x, y, c, **k: f(x, 2, **k),
    "x, 0": lambda f, x, y, c, **k: f(x, 0, **k),
    "x, -1": lambda f, x, y, c, **k: f(x, -1, **k),
    "x, 0, 1": lambda f, x, y, c, **k: f(x, 0, 1, **k),
    "x, 0, y": lambda f, x, y, c, **k: f(x, 0, y, **k),
    "x, [0, 1]": lambda f, x, y, c, **k: f(x, [0, 1], **k),
    "x, .3": lambda f, x, y, c, **k: f(x, 0.3, **k),
    ".3, x": lambda f, x, y, c, **k: f(0.3, x, **k),
    "x, .2, .6": lambda f, x, y, c, **k: f(x, 0.2, 0.6, **k),
    "positive definite": lambda f, x, y, c, **k: f(x @ x.T + 2 * np.eye(3) * (1 + y[0]), **k),
    "letters": lambda f, x, y, c, **k: f("ij,ij->i", x, y, **k),
    "lists of letters": lambda f, x, y, c, **k: f(x, [0, 1], y, [0, 1], **k),
    "x, shape": lambda f, x, y, c, **k: f(x, np.shape(x), **k),
}
OPTIONS = {
    "axis": [0, -1, (0, 1)], "keepdims": [True], "dtype": [int], "where": ["mask"], "initial": [0.4], "ddof": [1], "n": [2, 4],
    "k": [1], "order": ["F"], "mode": ["full", "same", "valid", "wrap", "maximum", "mean", "median", "linear_ramp", "r"],
    "offset": [1], "x": ["y"], "dx": [0.5], "prepend": [0.1], "bias": [True], "rowvar": [False], "correction": [1], "weights": ["y"],
    "ord": [1, -1, -2, 0, 3, np.inf, "fro", "nuc"], "method": ["lower", "hazen"], "axes": [(0, 1), 1], "norm": ["ortho", "forward"],
    "s": [(2, 2)], "UPLO": ["U"], "full_matrices": [False], "compute_uv": [False], "upper": [True], "right": [True], "left": [0.2],
    "ndmin": [2], "edge_order": [2], "to_end": [0.1], "include_initial": [True], "increasing": [True], "N": [2], "indexing": ["ij"],
    "sparse": [True], "num": [4], "endpoint": [False], "returned": [True], "rcond": [0.1], "rtol": [0.1], "nan": [0.1], "fill_value": [0.5],
    "min": [0.3], "max": [0.6], "a_min": [0.3], "a_max": [0.6], "shape": [(2, 2)], "window_shape": [2], "constant_values": [0.4],
    "end_values": [0.3], "stat_length": [2], "reflect_type": ["odd"], "axisa": [0], "deg": [True], "p": [1, -2, "fro"], "retstep": [True],
}  # fmt: skip
SHAPES = [(3, 3), (2, 3), (2, 2, 3), (6,), ()]


def points(shape):
    rng = np.random.default_rng(1)
    n = int(np.prod(shape))
    x = rng.permutation(np.linspace(0.15, 0.85, n)).reshape(shape) if n > 1 else np.array(0.37)
    y = rng.permutation(np.linspace(0.11, 0.93, n)).reshape(shape) if n > 1 else np.array(0.61)
    x, y = (np.asarray(a.T.copy()).T for a in (x, y))  # laid out in another order than C
    c = rng.permutation(np.linspace(0.13, 0.91, n)).reshape(shape) if n > 1 else np.array(0.42)
    return x**1.1, y**1.1, c  # no two sums of entries are equal, where extremes would have a kink


def weighed(result):
    """One number that every part of a result has a share in; None where it holds anything but numbers."""
    total, parts = 0.0, [result]
    while parts:
        part = parts.pop()
        if isinstance(part, (list, tuple)):
            parts.extend(part)
            continue
        if getattr(getattr(part, "dtype", None), "kind", "O") not in "fciub" and not isinstance(
            part, (int, float)
        ):
            return None
        w = np.cos(np.arange(np.size(part)) + 0.4 + len(parts)).reshape(np.shape(part))
        total = total + np.sum(w * np.real(part))
        if np.iscomplexobj(part):
            total = total + np.sum((w + 0.2) * np.imag(part))
    return total


def slope(run, x, y, u, v):
    """The derivative along (u, v) by differences with two steps; None where NumPy refuses or there is a kink."""
    try:
        value = run(x.copy(), y.copy())
        if value is None or not np.isfinite(value):
            return None
        wide, narrow = (
            (run(x + h * u, y + h * v) - run(x - h * u, y - h * v)) / (2 * h) for h in (1e-6, 3e-7)
        )
    except Exception:  # whatever NumPy raises, the call is none of NumPy's
        return None
    return (value, wide) if abs(wide - narrow) <= 1e-5 * (1 + abs(wide)) else None


def options_of(f):
    if isinstance(f, np.ufunc):
        return ("where", "dtype")
    try:
        return tuple(name for name in inspect.signature(f).parameters if name in OPTIONS)
    except (TypeError, ValueError):
        return ()


def check(f, call, name, option, shape):
    """Whether the tape's answer was compared; an answer that is wrong, or an error that is none of ours, raises."""
    x, y, c = points(shape)

    def run(x, y):
        own = {"mask": c > 0.3, "y": y}.get(option, option) if isinstance(option, str) else option
        return weighed(CALLS[call](f, x, y, c.copy(), **({} if name is None else {name: own})))

    u, v = (
        np.cos(np.arange(x.size) * 2.1 + 1).reshape(shape),
        np.sin(np.arange(x.size) * 1.3 + 1).reshape(shape),
    )
    expected = slope(run, x, y, u, v)
    if expected is None:
        return False
    try:
        value, pull = vjp(run, x.copy(), y.copy())
        by_rows = pull(1.0)
    except GradusError:
        return False
    what = f"{f.__name__}({call}) of shape {shape} with {name}={option!r}"
    assert value == pytest.approx(expected[0], rel=1e-9, abs=1e-9), what
    got = np.sum(by_rows[0] * u) + np.sum(by_rows[1] * v)
    assert got == pytest.approx(expected[1], rel=5e-6, abs=5e-6), what
    if name is None and shape == (3, 3):
        try:
            forwards = jvp(lambda z: run(z[0], z[1]), np.stack([x, y]), np.stack([u, v]))[1]
        except GradusError as error:
            assert "cannot be changed in part" in str(error)  # forward mode writes nothing in place
        else:
            assert forwards == pytest.approx(got, rel=1e-9, abs=1e-9), what
    return True
