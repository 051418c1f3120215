"""Observed series as they came, and laid out for the passes: time first, series last; what is missing is declared."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradus.arguments import Sizes, array, choice, fit, real_array, refusal
from gradus.arguments.errors import not_finite
from gradus.inference.chains.kalman_matrices import argument
from gradus.text import Text

__all__ = ["Series", "added_by_controls", "observed_series", "series_last"]

Array = np.ndarray[Any, np.dtype[Any]]


class Series(NamedTuple):
    """Observations (…, time, numbers), 0 where missing, and where that is, or None if nowhere."""

    values: Array
    missing: Array | None


def observed_series(y: Any, missing: Any, numbers: int) -> Series:
    """The observations and what is missing of them.

    Args:
        y: (…, time, numbers), in float32 if it came so, else in float64.
        missing: None, "nan", or true where an observation is missing: of the shape of y, or (…, time) for all of a time.
        numbers: that are observed at a time.

    Raises:
        GradusError: NaN without a word that it means missing; ±∞; another shape.
    """
    values, sizes = real_array("y", y), Sizes({"observed": (numbers, "observation")})
    if values.dtype != np.float32:
        values = array("y", values)
    fit("y", values.shape, "... time>=1 observed", sizes)
    if missing is None or isinstance(missing, str):
        if missing is not None:
            choice("missing", missing, ("nan",))
        gone = np.isnan(values)
        if missing is None and gone.any():
            place = [int(i) for i in np.argwhere(gone)[0]]
            raise refusal(
                "y",
                ("observations", "观测值"),
                Text(f"nan at y{place}", f"y{place} 处的 nan"),
                ("if it means that none was made, say missing='nan'", "若表示没有观测，请写 missing='nan'"),
            )
    else:
        gone = np.asarray(missing)
        if gone.dtype != bool:
            raise refusal(
                "missing",
                ("None, 'nan', or an array of True and False", " None、'nan'，或由 True 与 False 组成的数组"),
                missing,
                kind=True,
            )
        if gone.ndim == values.ndim - 1 and gone.shape == values.shape[:-1]:
            gone = gone[..., None]
        if (
            gone.ndim != values.ndim
            or gone.shape[:-1] != values.shape[:-1]
            or gone.shape[-1] not in (1, numbers)
        ):
            raise refusal(
                "missing",
                (
                    f"the shape {values.shape} of y, or {values.shape[:-1]}",
                    f"y 的形状 {values.shape}，或 {values.shape[:-1]}",
                ),
                Text(str(gone.shape), str(gone.shape)),
            )
        gone = np.broadcast_to(gone, values.shape)
    there = np.isfinite(values) | gone
    if not there.all():
        place = [int(i) for i in np.argwhere(~there)[0]]
        raise not_finite("y", values[tuple(place)], place)
    if not gone.any():
        return Series(values, None)
    return Series(np.where(gone, 0, values), gone)


def series_last(a: Array, series: tuple[int, ...]) -> Array:
    """(…, time, numbers) as (time, numbers, series)."""
    full = np.broadcast_to(a, (*series, *a.shape[-2:])).reshape(-1, *a.shape[-2:])
    return np.ascontiguousarray(np.moveaxis(full, 0, -1))


def added_by_controls(
    B: Array | None, controls: Any, series: tuple[int, ...], steps: int, dtype: Any
) -> Array | None:
    """What the controls add to the state, (time, states, series); B (…, time, states, controls) says how they act.

    Raises:
        GradusError: controls without B, or B without them; another shape.
    """
    if (B is None) != (controls is None):
        what = ("controls, as the model has `control`", "控制量（模型带有 control）")
        none = ("None, as the model has no `control`", " None（模型没有 control）")
        raise refusal("controls", none if B is None else what, controls, kind=True)
    if B is None:
        return None
    sizes = Sizes({"controls": (B.shape[-1], "control"), "time": (steps, "y")})
    u = argument("controls", controls, "time controls", sizes)
    try:
        return series_last((B.astype(dtype) @ u.astype(dtype)[..., None])[..., 0], series)
    except ValueError:
        raise refusal(
            "controls",
            (f"axes of the series that broadcast against {series}", f"可与 {series} 广播的序列轴"),
            Text(str(u.shape), str(u.shape)),
        ) from None
