"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.calibration import Calibration, calibration, fit_temperature, measure_calibration
    from gradus.theory.curvature import Curvature
    from gradus.theory.generalisation_bound import GeneralisationBound
    from gradus.theory.lanczos import Eigenpairs, RitzValues, lanczos, top_eigenpairs
    from gradus.theory.mean_field import (
        MeanField,
        MeanFieldLimit,
        critical_weights,
        mean_field,
        mean_field_limit,
    )
    from gradus.theory.signals import Signal, measure_signals
    from gradus.theory.spectral_density import SpectralDensity, spectral_density
    from gradus.theory.tangent_kernel import tangent_kernel
    from gradus.theory.trace_estimate import TraceEstimate, estimate_trace

__all__ = [
    "Calibration",
    "Curvature",
    "Eigenpairs",
    "GeneralisationBound",
    "MeanField",
    "MeanFieldLimit",
    "RitzValues",
    "Signal",
    "SpectralDensity",
    "TraceEstimate",
    "calibration",
    "critical_weights",
    "estimate_trace",
    "fit_temperature",
    "lanczos",
    "mean_field",
    "mean_field_limit",
    "measure_calibration",
    "measure_signals",
    "spectral_density",
    "tangent_kernel",
    "top_eigenpairs",
]

export(
    __name__,
    {
        "calibration": ["Calibration", "calibration", "fit_temperature", "measure_calibration"],
        "curvature": ["Curvature"],
        "generalisation_bound": ["GeneralisationBound"],
        "lanczos": ["Eigenpairs", "RitzValues", "lanczos", "top_eigenpairs"],
        "mean_field": ["MeanField", "MeanFieldLimit", "critical_weights", "mean_field", "mean_field_limit"],
        "signals": ["Signal", "measure_signals"],
        "spectral_density": ["SpectralDensity", "spectral_density"],
        "tangent_kernel": ["tangent_kernel"],
        "trace_estimate": ["TraceEstimate", "estimate_trace"],
    },
)
