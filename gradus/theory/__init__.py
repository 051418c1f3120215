"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.calibration import Calibration, calibration, fit_temperature, measure_calibration
    from gradus.theory.critical_sharpness import CriticalSharpness, critical_sharpness
    from gradus.theory.curvature import Curvature
    from gradus.theory.lanczos import Eigenpairs, RitzValues, lanczos, top_eigenpairs
    from gradus.theory.mean_field import (
        MeanField,
        MeanFieldLimit,
        critical_weights,
        mean_field,
        mean_field_limit,
    )
    from gradus.theory.sharpness import StableStep, largest_stable_step
    from gradus.theory.sharpness_tracker import SharpnessTracker
    from gradus.theory.signals import Signal, measure_signals
    from gradus.theory.spectral_density import SpectralDensity, spectral_density
    from gradus.theory.tangent_kernel import tangent_kernel
    from gradus.theory.trace_estimate import TraceEstimate, estimate_trace

__all__ = [
    "Calibration",
    "CriticalSharpness",
    "Curvature",
    "Eigenpairs",
    "MeanField",
    "MeanFieldLimit",
    "RitzValues",
    "SharpnessTracker",
    "Signal",
    "SpectralDensity",
    "StableStep",
    "TraceEstimate",
    "calibration",
    "critical_sharpness",
    "critical_weights",
    "estimate_trace",
    "fit_temperature",
    "lanczos",
    "largest_stable_step",
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
        "critical_sharpness": ["CriticalSharpness", "critical_sharpness"],
        "curvature": ["Curvature"],
        "lanczos": ["Eigenpairs", "RitzValues", "lanczos", "top_eigenpairs"],
        "mean_field": ["MeanField", "MeanFieldLimit", "critical_weights", "mean_field", "mean_field_limit"],
        "sharpness": ["StableStep", "largest_stable_step"],
        "sharpness_tracker": ["SharpnessTracker"],
        "signals": ["Signal", "measure_signals"],
        "spectral_density": ["SpectralDensity", "spectral_density"],
        "tangent_kernel": ["tangent_kernel"],
        "trace_estimate": ["TraceEstimate", "estimate_trace"],
    },
)
