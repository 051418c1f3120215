"""Functions that work entry by entry, of complex numbers too, written with those that have rules."""

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


def _imag(val: Any) -> Any:
    return call(np.imag, val) if np.iscomplexobj(val) else 0.0 * val


def _angle(z: Any, deg: bool = False) -> Any:
    size = (
        np.arctan2(np.imag(z), np.real(z)) if np.iscomplexobj(z) else np.where(np.less(z, 0), np.pi, 0.0 * z)
    )
    return size * (180 / np.pi) if deg else size


def _real_if_close(a: Any, tol: float = 100) -> Any:
    return a if np.iscomplexobj(np.real_if_close(plain_value(a), tol)) else np.real(a)


def _sinc(x: Any) -> Any:
    z = np.pi * x
    near = np.less(np.absolute(z), 1e-2)
    square = np.where(near, z * z, 0.0)
    series = 1 - square / 6 * (1 - square / 20 * (1 - square / 42))
    safe = np.where(near, 1.0, z)
    return np.where(near, series, np.sin(safe) / safe)


def _nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    replacements = np.nan_to_num(plain_value(x), nan=nan, posinf=posinf, neginf=neginf)
    return np.where(np.isfinite(x), x, replacements)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """Each entry between its bounds; one that lies on a bound has the derivative 1, as in torch.clamp."""
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    for bound, beyond in ((low, np.less), (high, np.greater)):
        if bound is not None:
            mask = beyond(a, bound)
            a = np.where(
                mask if type(bound) is float and bound == bound else mask | np.isnan(bound), bound, a
            )
    return a


def _ignoring_nan(first: Callable[..., Any]) -> Callable[..., Any]:
    """Fmax and fmin: of a number and NaN they take the number; of two equal ones the first, as in torch."""
    return lambda a, b: np.where(first(a, b) | np.isnan(b), a, b)


def _heaviside(x1: Any, x2: Any) -> Any:
    """A step, whose value at 0 is the second argument: there alone it has a derivative."""
    return np.where(np.equal(x1, 0), x2, np.heaviside(plain_value(x1), 0.0))


def _logaddexp2(a: Any, b: Any) -> Any:
    return np.logaddexp(a * np.log(2), b * np.log(2)) / np.log(2)


ELEMENTWISE: dict[Any, Callable[..., Any]] = {
    np.clip: _clip,
    np.float_power: np.power,
    np.fabs: np.absolute,
    np.fmax: _ignoring_nan(np.greater_equal),
    np.fmin: _ignoring_nan(np.less_equal),
    np.degrees: lambda x: x * (180 / np.pi),
    np.rad2deg: lambda x: x * (180 / np.pi),
    np.radians: lambda x: x * (np.pi / 180),
    np.deg2rad: lambda x: x * (np.pi / 180),
    np.logaddexp2: _logaddexp2,
    np.absolute: _absolute,
    np.hypot: _hypot,
    np.heaviside: _heaviside,
    np.copysign: lambda a, b: np.absolute(a) * np.copysign(1.0, plain_value(b)),
    np.divmod: lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)),
    np.modf: lambda x: (np.where(np.isinf(x), 0.0, x - np.trunc(x)), np.trunc(x)),
    np.ldexp: lambda x, n: x * np.exp2(np.asarray(plain_value(n), float)),
    np.real: _real,
    np.imag: _imag,
    np.conjugate: lambda x: call(np.conjugate, x) if np.iscomplexobj(x) else np.positive(x),
    np.angle: _angle,
    np.real_if_close: _real_if_close,
    np.sinc: _sinc,
    np.nan_to_num: _nan_to_num,
}  # fmt: skip
