"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:

__all__ = [
    "Calibration",
    "Curvature",
    "Eigenpairs",
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
        "lanczos": ["Eigenpairs", "RitzValues", "lanczos", "top_eigenpairs"],
        "mean_field": ["MeanField", "MeanFieldLimit", "critical_weights", "mean_field", "mean_field_limit"],
        "signals": ["Signal", "measure_signals"],
        "spectral_density": ["SpectralDensity", "spectral_density"],
        "tangent_kernel": ["tangent_kernel"],
        "trace_estimate": ["TraceEstimate", "estimate_trace"],
    },
)
