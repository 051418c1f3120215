"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.calibration import Calibration, calibration, fit_temperature, measure_calibration
    from gradus.theory.connected_modes import connect_modes
    from gradus.theory.curvature import Curvature
    from gradus.theory.effective_dimension import (
        EffectiveDimension,
        SubspaceFit,
        effective_dimension,
        subspace_fit,
    )
    from gradus.theory.lanczos import Eigenpairs, RitzValues, lanczos, top_eigenpairs
    from gradus.theory.landscape import PathLosses, loss_along, loss_slice
    from gradus.theory.landscape_directions import normalize_direction, random_direction
    from gradus.theory.mean_field import (
        MeanField,
        MeanFieldLimit,
        critical_weights,
        mean_field,
        mean_field_limit,
    )
    from gradus.theory.random_subspace import RandomSubspace
    from gradus.theory.signals import Signal, measure_signals
    from gradus.theory.spectral_density import SpectralDensity, spectral_density
    from gradus.theory.tangent_kernel import tangent_kernel
    from gradus.theory.trace_estimate import TraceEstimate, estimate_trace

__all__ = [
    "Calibration",
    "Curvature",
    "EffectiveDimension",
    "Eigenpairs",
    "MeanField",
    "MeanFieldLimit",
    "PathLosses",
    "RandomSubspace",
    "RitzValues",
    "Signal",
    "SpectralDensity",
    "SubspaceFit",
    "TraceEstimate",
    "calibration",
    "connect_modes",
    "critical_weights",
    "effective_dimension",
    "estimate_trace",
    "fit_temperature",
    "lanczos",
    "loss_along",
    "loss_slice",
    "mean_field",
    "mean_field_limit",
    "measure_calibration",
    "measure_signals",
    "normalize_direction",
    "random_direction",
    "spectral_density",
    "subspace_fit",
    "tangent_kernel",
    "top_eigenpairs",
]

export(
    __name__,
    {
        "calibration": ["Calibration", "calibration", "fit_temperature", "measure_calibration"],
        "connected_modes": ["connect_modes"],
        "curvature": ["Curvature"],
        "landscape": ["PathLosses", "loss_along", "loss_slice"],
        "landscape_directions": ["normalize_direction", "random_direction"],
        "effective_dimension": [
            "EffectiveDimension",
            "SubspaceFit",
            "effective_dimension",
            "subspace_fit",
        ],
        "lanczos": ["Eigenpairs", "RitzValues", "lanczos", "top_eigenpairs"],
        "mean_field": ["MeanField", "MeanFieldLimit", "critical_weights", "mean_field", "mean_field_limit"],
        "random_subspace": ["RandomSubspace"],
        "signals": ["Signal", "measure_signals"],
        "spectral_density": ["SpectralDensity", "spectral_density"],
        "tangent_kernel": ["tangent_kernel"],
        "trace_estimate": ["TraceEstimate", "estimate_trace"],
    },
)
