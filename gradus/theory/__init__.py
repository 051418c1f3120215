"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.curvature import Curvature
    from gradus.theory.lanczos import Eigenpairs, RitzValues, lanczos, top_eigenpairs
    from gradus.theory.spectral_density import SpectralDensity, spectral_density
    from gradus.theory.trace_estimate import TraceEstimate, estimate_trace

__all__ = [
    "Curvature",
    "Eigenpairs",
    "RitzValues",
    "SpectralDensity",
    "TraceEstimate",
    "estimate_trace",
    "lanczos",
    "spectral_density",
    "top_eigenpairs",
]

export(
    __name__,
    {
        "curvature": ["Curvature"],
        "lanczos": ["Eigenpairs", "RitzValues", "lanczos", "top_eigenpairs"],
        "spectral_density": ["SpectralDensity", "spectral_density"],
        "trace_estimate": ["TraceEstimate", "estimate_trace"],
    },
)
