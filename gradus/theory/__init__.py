"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.binary_divergence import binary_kl_inverse
    from gradus.theory.bump_network import bump_cells, bump_error, bump_network
    from gradus.theory.calibration import Calibration, calibration, fit_temperature, measure_calibration
    from gradus.theory.certificate import Certificate, certify
    from gradus.theory.class_averages import ClassAverages, class_averages
    from gradus.theory.connected_modes import connect_modes
    from gradus.theory.critical_sharpness import CriticalSharpness, critical_sharpness
    from gradus.theory.curvature import Curvature
    from gradus.theory.curvature_diagonal import curvature_diagonal
    from gradus.theory.descent_risk import RidgeRisk, minimum_norm_risk, ridge_risk
    from gradus.theory.dropout_predictions import DropoutPredictions, dropout_predictions
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
    from gradus.theory.implicit_bias import ImplicitBias, implicit_bias
    from gradus.theory.infinite_kernels import InfiniteKernels, infinite_kernels
    from gradus.theory.information_plane import InformationPlane, information_plane
    from gradus.theory.kernel_comparison import KernelDrift, kernel_alignment, kernel_drift
    from gradus.theory.kernel_training import PredictedTraining, predicted_training
    from gradus.theory.lanczos import Eigenpairs, RitzValues, lanczos, top_eigenpairs
    from gradus.theory.landscape import PathLosses, loss_along, loss_slice
    from gradus.theory.landscape_directions import normalize_direction, random_direction
    from gradus.theory.layer_curvature import LayerCurvature, layer_curvatures
    from gradus.theory.layer_information import LayerInformation, measure_information
    from gradus.theory.layer_jacobians import LayerJacobian, Singular, layer_jacobians
    from gradus.theory.linear_pieces import LinearPieces, linear_pieces, sawtooth_network
    from gradus.theory.lipschitz_bound import LipschitzBound, LipschitzStep, lipschitz_bound
    from gradus.theory.loss_smoothness import LossSmoothness, loss_smoothness
    from gradus.theory.mean_field import (
        MeanField,
        MeanFieldLimit,
        critical_weights,
        mean_field,
        mean_field_limit,
    )
    from gradus.theory.noise_floor import NoiseFloor, noise_floor
    from gradus.theory.normalized_margin import NormalizedMargin, normalized_margin
    from gradus.theory.occam_bound import occam_bound
    from gradus.theory.optimal_split import OptimalSplit, compute_optimal_split
    from gradus.theory.pac_bayes import PacBayesBound, pac_bayes_bound
    from gradus.theory.rademacher import RademacherComplexity, rademacher_complexity
    from gradus.theory.rademacher_bound import rademacher_bound
    from gradus.theory.random_features import (
        DescentCurve,
        RandomFeatures,
        descent_curve,
        kernel_spectrum,
        minimum_norm_fit,
    )
    from gradus.theory.random_subspace import RandomSubspace
    from gradus.theory.scaling_law import Extrapolation, ScalingLaw, fit_scaling_law
    from gradus.theory.sgd_bounds import SGDBounds, sgd_bounds
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
    "ClassAverages",
    "CriticalSharpness",
    "Curvature",
    "DescentCurve",
    "DropoutPredictions",
    "EffectiveDimension",
    "Eigenpairs",
    "Extrapolation",
    "FlowComparison",
    "GeneralisationBound",
    "GreedyNetwork",
    "ImplicitBias",
    "InfiniteKernels",
    "InformationPlane",
    "KernelDrift",
    "LayerCurvature",
    "LayerInformation",
    "LayerJacobian",
    "LinearPieces",
    "LipschitzBound",
    "LipschitzStep",
    "LossSmoothness",
    "MeanField",
    "MeanFieldLimit",
    "NoiseFloor",
    "NormalizedMargin",
    "OptimalSplit",
    "PacBayesBound",
    "PathLosses",
    "PredictedTraining",
    "RademacherComplexity",
    "RandomFeatures",
    "RandomSubspace",
    "RidgeRisk",
    "RitzValues",
    "SGDBounds",
    "ScalingLaw",
    "SharpnessTracker",
    "Signal",
    "Singular",
    "SpectralComplexity",
    "SpectralDensity",
    "SpectralNorm",
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
    "class_averages",
    "compare_with_flow",
    "compute_optimal_split",
    "connect_modes",
    "critical_sharpness",
    "critical_weights",
    "curvature_diagonal",
    "descent_curve",
    "dropout_predictions",
    "effective_dimension",
    "estimate_trace",
    "fit_scaling_law",
    "fit_temperature",
    "gradient_flow",
    "greedy_network",
    "implicit_bias",
    "infinite_kernels",
    "information_plane",
    "kernel_alignment",
    "kernel_drift",
    "kernel_spectrum",
    "lanczos",
    "largest_stable_step",
    "layer_curvatures",
    "layer_jacobians",
    "linear_mode",
    "linear_pieces",
    "lipschitz_bound",
    "loss_along",
    "loss_slice",
    "loss_smoothness",
    "mean_field",
    "mean_field_limit",
    "measure_calibration",
    "measure_information",
    "measure_signals",
    "minimum_norm_fit",
    "minimum_norm_risk",
    "noise_floor",
    "normalize_direction",
    "normalized_margin",
    "occam_bound",
    "pac_bayes_bound",
    "predicted_training",
    "rademacher_bound",
    "rademacher_complexity",
    "random_direction",
    "ridge_risk",
    "sawtooth_network",
    "sgd_bounds",
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
        "bump_network": ["bump_cells", "bump_error", "bump_network"],
        "calibration": ["Calibration", "calibration", "fit_temperature", "measure_calibration"],
        "certificate": ["Certificate", "certify"],
        "class_averages": ["ClassAverages", "class_averages"],
        "connected_modes": ["connect_modes"],
        "critical_sharpness": ["CriticalSharpness", "critical_sharpness"],
        "curvature": ["Curvature"],
        "curvature_diagonal": ["curvature_diagonal"],
        "descent_risk": ["RidgeRisk", "minimum_norm_risk", "ridge_risk"],
        "dropout_predictions": ["DropoutPredictions", "dropout_predictions"],
        "effective_dimension": ["EffectiveDimension", "SubspaceFit", "effective_dimension", "subspace_fit"],
        "flow_comparison": ["FlowComparison", "compare_with_flow"],
        "generalisation_bound": ["GeneralisationBound"],
        "gradient_flow": ["gradient_flow", "linear_mode"],
        "greedy_network": ["GreedyNetwork", "greedy_network"],
        "implicit_bias": ["ImplicitBias", "implicit_bias"],
        "infinite_kernels": ["InfiniteKernels", "infinite_kernels"],
        "information_plane": ["InformationPlane", "information_plane"],
        "kernel_comparison": ["KernelDrift", "kernel_alignment", "kernel_drift"],
        "kernel_training": ["PredictedTraining", "predicted_training"],
        "lanczos": ["Eigenpairs", "RitzValues", "lanczos", "top_eigenpairs"],
        "landscape": ["PathLosses", "loss_along", "loss_slice"],
        "landscape_directions": ["normalize_direction", "random_direction"],
        "layer_curvature": ["LayerCurvature", "layer_curvatures"],
        "layer_information": ["LayerInformation", "measure_information"],
        "layer_jacobians": ["LayerJacobian", "Singular", "layer_jacobians"],
        "linear_pieces": ["LinearPieces", "linear_pieces", "sawtooth_network"],
        "lipschitz_bound": ["LipschitzBound", "LipschitzStep", "lipschitz_bound"],
        "loss_smoothness": ["LossSmoothness", "loss_smoothness"],
        "mean_field": ["MeanField", "MeanFieldLimit", "critical_weights", "mean_field", "mean_field_limit"],
        "noise_floor": ["NoiseFloor", "noise_floor"],
        "normalized_margin": ["NormalizedMargin", "normalized_margin"],
        "occam_bound": ["occam_bound"],
        "optimal_split": ["OptimalSplit", "compute_optimal_split"],
        "pac_bayes": ["PacBayesBound", "pac_bayes_bound"],
        "rademacher": ["RademacherComplexity", "rademacher_complexity"],
        "rademacher_bound": ["rademacher_bound"],
        "random_features": [
            "DescentCurve",
            "RandomFeatures",
            "descent_curve",
            "kernel_spectrum",
            "minimum_norm_fit",
        ],
        "random_subspace": ["RandomSubspace"],
        "scaling_law": ["Extrapolation", "ScalingLaw", "fit_scaling_law"],
        "sgd_bounds": ["SGDBounds", "sgd_bounds"],
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
