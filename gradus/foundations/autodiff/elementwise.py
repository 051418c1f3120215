"""Functions that work entry by entry, of complex numbers too, and arrays like another, written with those that have rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.foundations.autodiff.call import call, plain_value

__all__ = ["ELEMENTWISE"]


def _absolute(a: Any) -> Any:
    return np.hypot(np.real(a), np.imag(a)) if np.iscomplexobj(a) else call(np.absolute, a)


def _hypot(a: Any, b: Any) -> Any:
    size = np.maximum(np.absolute(a), np.absolute(b))
    safe = np.where(np.equal(size, 0), 1.0, plain_value(size))
    squares = (a / safe) ** 2 + (b / safe) ** 2
    return safe * np.where(np.equal(size, 0), 0.0, np.sqrt(np.where(np.equal(size, 0), 1.0, squares)))


def _real(val: Any) -> Any:
    return call(np.real, val) if np.iscomplexobj(val) else np.positive(val)


def _ones_like(a: Any, dtype: Any = None, shape: Any = None) -> Any:
    return a.constant(
        np.ones(np.shape(a) if shape is None else shape, dtype or np.result_type(plain_value(a)))
    )


def _imag(val: Any) -> Any:
    return call(np.imag, val) if np.iscomplexobj(val) else 0.0 * val


def _sinc(x: Any) -> Any:
    z = np.pi * x
    near = np.less(np.absolute(z), 1e-2)
    square = np.where(near, z * z, 0.0)
    series = 1 - square / 6 * (1 - square / 20 * (1 - square / 42))
    safe = np.where(near, 1.0, z)
    return np.where(near, series, np.sin(safe) / safe)


def _nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    replacements = np.nan_to_num(plain_value(x), nan=nan, posinf=posinf, neginf=neginf)
    return np.where(np.isfinite(x), x, replacements)


def _zeros_like(a: Any, dtype: Any = None, shape: Any = None) -> Any:
    return a.constant(np.zeros_like(plain_value(a), dtype=dtype, shape=shape))


def _clip(a: Any, a_min: Any = None, a_max: Any = None) -> Any:
    return np.minimum(a if a_min is None else np.maximum(a, a_min), np.inf if a_max is None else a_max)


ELEMENTWISE: dict[Any, Callable[..., Any]] = {
    np.clip: _clip,
    np.float_power: np.power,
    np.fabs: np.absolute,
    np.fmax: np.maximum,
    np.fmin: np.minimum,
    np.degrees: lambda x: x * (180 / np.pi),
    np.radians: lambda x: x * (np.pi / 180),
    np.deg2rad: lambda x: x * (np.pi / 180),
    np.logaddexp2: lambda a, b: np.logaddexp(a * np.log(2), b * np.log(2)) / np.log(2),
    np.absolute: _absolute,
    np.hypot: _hypot,
    np.real: _real,
    np.imag: _imag,
    np.conjugate: lambda x: call(np.conjugate, x) if np.iscomplexobj(x) else np.positive(x),
    np.angle: lambda z: np.arctan2(np.imag(z), np.real(z)),
    np.real_if_close: lambda a: a,
    np.sinc: _sinc,
    np.nan_to_num: _nan_to_num,
    np.zeros_like: _zeros_like,
    np.ones_like: _ones_like,
    np.empty_like: _zeros_like,
    np.full_like: lambda a, fill_value, dtype=None, shape=None: np.zeros_like(a, dtype=dtype, shape=shape) + fill_value,
}  # fmt: skip
