"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.binary_divergence import binary_kl_inverse
    from gradus.theory.calibration import Calibration, calibration, fit_temperature, measure_calibration
    from gradus.theory.certificate import Certificate, certify
    from gradus.theory.connected_modes import connect_modes
    from gradus.theory.critical_sharpness import CriticalSharpness, critical_sharpness
    from gradus.theory.curvature import Curvature
    from gradus.theory.curvature_diagonal import curvature_diagonal
    from gradus.theory.effective_dimension import (
        EffectiveDimension,
        SubspaceFit,
        effective_dimension,
        subspace_fit,
    )
    from gradus.theory.flow_comparison import FlowComparison, compare_with_flow
    from gradus.theory.generalisation_bound import GeneralisationBound
    from gradus.theory.gradient_flow import gradient_flow, linear_mode
    from gradus.theory.infinite_kernels import InfiniteKernels, infinite_kernels
    from gradus.theory.information_plane import InformationPlane, information_plane
    from gradus.theory.kernel_comparison import KernelDrift, kernel_alignment, kernel_drift
    from gradus.theory.kernel_training import PredictedTraining, predicted_training
    from gradus.theory.lanczos import Eigenpairs, RitzValues, lanczos, top_eigenpairs
    from gradus.theory.landscape import PathLosses, loss_along, loss_slice
    from gradus.theory.landscape_directions import normalize_direction, random_direction
    from gradus.theory.layer_information import LayerInformation, measure_information
    from gradus.theory.lipschitz_bound import LipschitzBound, LipschitzStep, lipschitz_bound
    from gradus.theory.mean_field import (
        MeanField,
        MeanFieldLimit,
        critical_weights,
        mean_field,
        mean_field_limit,
    )
    from gradus.theory.occam_bound import occam_bound
    from gradus.theory.pac_bayes import PacBayesBound, pac_bayes_bound
    from gradus.theory.rademacher import RademacherComplexity, rademacher_complexity
    from gradus.theory.rademacher_bound import rademacher_bound
    from gradus.theory.random_subspace import RandomSubspace
    from gradus.theory.sharpness import StableStep, largest_stable_step
    from gradus.theory.sharpness_tracker import SharpnessTracker
    from gradus.theory.signals import Signal, measure_signals
    from gradus.theory.spectral_complexity import SpectralComplexity, spectral_complexity
    from gradus.theory.spectral_density import SpectralDensity, spectral_density
    from gradus.theory.spectral_margin_bound import spectral_margin_bound
    from gradus.theory.spectral_norm import SpectralNorm, spectral_norm
    from gradus.theory.tangent_kernel import tangent_kernel
    from gradus.theory.trace_estimate import TraceEstimate, estimate_trace
    from gradus.theory.vc_bound import vc_bound
    from gradus.theory.vc_dimension import VCDimension, vc_dimension

__all__ = [
    "Calibration",
    "Certificate",
    "CriticalSharpness",
    "Curvature",
    "EffectiveDimension",
    "Eigenpairs",
    "FlowComparison",
    "GeneralisationBound",
    "InfiniteKernels",
    "InformationPlane",
    "KernelDrift",
    "LayerInformation",
    "LipschitzBound",
    "LipschitzStep",
    "MeanField",
    "MeanFieldLimit",
    "PacBayesBound",
    "PathLosses",
    "PredictedTraining",
    "RademacherComplexity",
    "RandomSubspace",
    "RitzValues",
    "SharpnessTracker",
    "Signal",
    "SpectralComplexity",
    "SpectralDensity",
    "SpectralNorm",
    "StableStep",
    "SubspaceFit",
    "TraceEstimate",
    "VCDimension",
    "binary_kl_inverse",
    "calibration",
    "certify",
    "compare_with_flow",
    "connect_modes",
    "critical_sharpness",
    "critical_weights",
    "curvature_diagonal",
    "effective_dimension",
    "estimate_trace",
    "fit_temperature",
    "gradient_flow",
    "infinite_kernels",
    "information_plane",
    "kernel_alignment",
    "kernel_drift",
    "lanczos",
    "largest_stable_step",
    "linear_mode",
    "lipschitz_bound",
    "loss_along",
    "loss_slice",
    "mean_field",
    "mean_field_limit",
    "measure_calibration",
    "measure_information",
    "measure_signals",
    "normalize_direction",
    "occam_bound",
    "pac_bayes_bound",
    "predicted_training",
    "rademacher_bound",
    "rademacher_complexity",
    "random_direction",
    "spectral_complexity",
    "spectral_density",
    "spectral_margin_bound",
    "spectral_norm",
    "subspace_fit",
    "tangent_kernel",
    "top_eigenpairs",
    "vc_bound",
    "vc_dimension",
]

export(
    __name__,
    {
        "binary_divergence": ["binary_kl_inverse"],
        "calibration": ["Calibration", "calibration", "fit_temperature", "measure_calibration"],
        "certificate": ["Certificate", "certify"],
        "connected_modes": ["connect_modes"],
        "critical_sharpness": ["CriticalSharpness", "critical_sharpness"],
        "curvature": ["Curvature"],
        "curvature_diagonal": ["curvature_diagonal"],
        "effective_dimension": ["EffectiveDimension", "SubspaceFit", "effective_dimension", "subspace_fit"],
        "flow_comparison": ["FlowComparison", "compare_with_flow"],
        "generalisation_bound": ["GeneralisationBound"],
        "gradient_flow": ["gradient_flow", "linear_mode"],
        "infinite_kernels": ["InfiniteKernels", "infinite_kernels"],
        "information_plane": ["InformationPlane", "information_plane"],
        "kernel_comparison": ["KernelDrift", "kernel_alignment", "kernel_drift"],
        "kernel_training": ["PredictedTraining", "predicted_training"],
        "lanczos": ["Eigenpairs", "RitzValues", "lanczos", "top_eigenpairs"],
        "landscape": ["PathLosses", "loss_along", "loss_slice"],
        "landscape_directions": ["normalize_direction", "random_direction"],
        "layer_information": ["LayerInformation", "measure_information"],
        "lipschitz_bound": ["LipschitzBound", "LipschitzStep", "lipschitz_bound"],
        "mean_field": ["MeanField", "MeanFieldLimit", "critical_weights", "mean_field", "mean_field_limit"],
        "occam_bound": ["occam_bound"],
        "pac_bayes": ["PacBayesBound", "pac_bayes_bound"],
        "rademacher": ["RademacherComplexity", "rademacher_complexity"],
        "rademacher_bound": ["rademacher_bound"],
        "random_subspace": ["RandomSubspace"],
        "sharpness": ["StableStep", "largest_stable_step"],
        "sharpness_tracker": ["SharpnessTracker"],
        "signals": ["Signal", "measure_signals"],
        "spectral_complexity": ["SpectralComplexity", "spectral_complexity"],
        "spectral_density": ["SpectralDensity", "spectral_density"],
        "spectral_margin_bound": ["spectral_margin_bound"],
        "spectral_norm": ["SpectralNorm", "spectral_norm"],
        "tangent_kernel": ["tangent_kernel"],
        "trace_estimate": ["TraceEstimate", "estimate_trace"],
        "vc_bound": ["vc_bound"],
        "vc_dimension": ["VCDimension", "vc_dimension"],
    },
)
