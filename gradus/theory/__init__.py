"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.mean_field import (
        MeanField,
        MeanFieldLimit,
        critical_weights,
        mean_field,
        mean_field_limit,
    )
    from gradus.theory.signals import Signal, measure_signals

__all__ = [
    "MeanField",
    "MeanFieldLimit",
    "Signal",
    "critical_weights",
    "mean_field",
    "mean_field_limit",
    "measure_signals",
]

export(
    __name__,
    {
        "mean_field": ["MeanField", "MeanFieldLimit", "critical_weights", "mean_field", "mean_field_limit"],
        "signals": ["Signal", "measure_signals"],
    },
)
