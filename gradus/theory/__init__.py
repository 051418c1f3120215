"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.binary_divergence import binary_kl_inverse
    from gradus.theory.bump_network import bump_cells, bump_error, bump_network
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
    from gradus.theory.greedy_network import GreedyNetwork, greedy_network
    from gradus.theory.infinite_kernels import InfiniteKernels, infinite_kernels
    from gradus.theory.kernel_comparison import KernelDrift, kernel_alignment, kernel_drift
    from gradus.theory.kernel_training import PredictedTraining, predicted_training
    from gradus.theory.lanczos import Eigenpairs, RitzValues, lanczos, top_eigenpairs
    from gradus.theory.landscape import PathLosses, loss_along, loss_slice
    from gradus.theory.landscape_directions import normalize_direction, random_direction
    from gradus.theory.linear_pieces import LinearPieces, linear_pieces, sawtooth_network
    from gradus.theory.mean_field import (
        MeanField,
        MeanFieldLimit,
        critical_weights,
        mean_field,
        mean_field_limit,
    )
    from gradus.theory.pac_bayes import PacBayesBound, pac_bayes_bound
    from gradus.theory.rademacher import RademacherComplexity, rademacher_complexity
    from gradus.theory.rademacher_bound import rademacher_bound
    from gradus.theory.random_subspace import RandomSubspace
    from gradus.theory.sharpness import StableStep, largest_stable_step
    from gradus.theory.sharpness_tracker import SharpnessTracker
    from gradus.theory.signals import Signal, measure_signals
    from gradus.theory.spectral_density import SpectralDensity, spectral_density
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
    "GreedyNetwork",
    "InfiniteKernels",
    "KernelDrift",
    "LinearPieces",
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
    "SpectralDensity",
    "StableStep",
    "SubspaceFit",
    "TraceEstimate",
    "VCDimension",
    "binary_kl_inverse",
    "bump_cells",
    "bump_error",
    "bump_network",
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
    "greedy_network",
    "infinite_kernels",
    "kernel_alignment",
    "kernel_drift",
    "lanczos",
    "largest_stable_step",
    "linear_mode",
    "linear_pieces",
    "loss_along",
    "loss_slice",
    "mean_field",
    "mean_field_limit",
    "measure_calibration",
    "measure_signals",
    "normalize_direction",
    "pac_bayes_bound",
    "predicted_training",
    "rademacher_bound",
    "rademacher_complexity",
    "random_direction",
    "sawtooth_network",
    "spectral_density",
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
        "bump_network": ["bump_cells", "bump_error", "bump_network"],
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
        "greedy_network": ["GreedyNetwork", "greedy_network"],
        "infinite_kernels": ["InfiniteKernels", "infinite_kernels"],
        "kernel_comparison": ["KernelDrift", "kernel_alignment", "kernel_drift"],
        "kernel_training": ["PredictedTraining", "predicted_training"],
        "lanczos": ["Eigenpairs", "RitzValues", "lanczos", "top_eigenpairs"],
        "landscape": ["PathLosses", "loss_along", "loss_slice"],
        "landscape_directions": ["normalize_direction", "random_direction"],
        "linear_pieces": ["LinearPieces", "linear_pieces", "sawtooth_network"],
        "mean_field": ["MeanField", "MeanFieldLimit", "critical_weights", "mean_field", "mean_field_limit"],
        "pac_bayes": ["PacBayesBound", "pac_bayes_bound"],
        "rademacher": ["RademacherComplexity", "rademacher_complexity"],
        "rademacher_bound": ["rademacher_bound"],
        "random_subspace": ["RandomSubspace"],
        "sharpness": ["StableStep", "largest_stable_step"],
        "sharpness_tracker": ["SharpnessTracker"],
        "signals": ["Signal", "measure_signals"],
        "spectral_density": ["SpectralDensity", "spectral_density"],
        "tangent_kernel": ["tangent_kernel"],
        "trace_estimate": ["TraceEstimate", "estimate_trace"],
        "vc_bound": ["vc_bound"],
        "vc_dimension": ["VCDimension", "vc_dimension"],
    },
)
