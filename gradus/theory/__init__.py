"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:

__all__ = [
    "Curvature",
    "Eigenpairs",
    "RitzValues",
    "SpectralDensity",
    "TraceEstimate",
    "estimate_trace",
    "lanczos",
    "spectral_density",
    "tangent_kernel",
    "top_eigenpairs",
]

export(
    __name__,
    {
        "curvature": ["Curvature"],
        "lanczos": ["Eigenpairs", "RitzValues", "lanczos", "top_eigenpairs"],
        "spectral_density": ["SpectralDensity", "spectral_density"],
        "tangent_kernel": ["tangent_kernel"],
        "trace_estimate": ["TraceEstimate", "estimate_trace"],
    },
)
