"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.binary_divergence import binary_kl_inverse
    from gradus.theory.calibration import Calibration, calibration, fit_temperature, measure_calibration
    from gradus.theory.certificate import Certificate, certify
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
    from gradus.theory.pac_bayes import PacBayesBound, pac_bayes_bound
    from gradus.theory.signals import Signal, measure_signals
    from gradus.theory.spectral_density import SpectralDensity, spectral_density
    from gradus.theory.tangent_kernel import tangent_kernel
    from gradus.theory.trace_estimate import TraceEstimate, estimate_trace

__all__ = [
    "Calibration",
    "Certificate",
    "Curvature",
    "Eigenpairs",
    "GeneralisationBound",
    "MeanField",
    "MeanFieldLimit",
    "PacBayesBound",
    "RitzValues",
    "Signal",
    "SpectralDensity",
    "TraceEstimate",
    "binary_kl_inverse",
    "calibration",
    "certify",
    "critical_weights",
    "estimate_trace",
    "fit_temperature",
    "lanczos",
    "mean_field",
    "mean_field_limit",
    "measure_calibration",
    "measure_signals",
    "pac_bayes_bound",
    "spectral_density",
    "tangent_kernel",
    "top_eigenpairs",
]

export(
    __name__,
    {
        "binary_divergence": ["binary_kl_inverse"],
        "calibration": ["Calibration", "calibration", "fit_temperature", "measure_calibration"],
        "certificate": ["Certificate", "certify"],
        "curvature": ["Curvature"],
        "generalisation_bound": ["GeneralisationBound"],
        "lanczos": ["Eigenpairs", "RitzValues", "lanczos", "top_eigenpairs"],
        "mean_field": ["MeanField", "MeanFieldLimit", "critical_weights", "mean_field", "mean_field_limit"],
        "pac_bayes": ["PacBayesBound", "pac_bayes_bound"],
        "signals": ["Signal", "measure_signals"],
        "spectral_density": ["SpectralDensity", "spectral_density"],
        "tangent_kernel": ["tangent_kernel"],
        "trace_estimate": ["TraceEstimate", "estimate_trace"],
    },
)
