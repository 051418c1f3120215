"""Optimisers as trajectories: any optimiser of any framework, driven by a gradient function from a start."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.optimization.clipping import clip_by_global_norm
    from gradus.optimization.cross_validated_step import cross_validated_step
    from gradus.optimization.kfac import KFAC
    from gradus.optimization.kronecker_factors import kronecker_step
    from gradus.optimization.noise_scale import (
        NoiseScale,
        gradient_noise_scale,
        measure_noise_scale,
        step_at_batch_size,
    )
    from gradus.optimization.problems import quadratic, scripted
    from gradus.optimization.range_curve import read_range_curve
    from gradus.optimization.stable_steps import largest_stable_step
    from gradus.optimization.step_size_search import StepSizeSearch, search_step_size
    from gradus.optimization.trajectory import trajectory

__all__ = [
    "KFAC",
    "NoiseScale",
    "StepSizeSearch",
    "clip_by_global_norm",
    "cross_validated_step",
    "gradient_noise_scale",
    "kronecker_step",
    "largest_stable_step",
    "measure_noise_scale",
    "quadratic",
    "read_range_curve",
    "scripted",
    "search_step_size",
    "step_at_batch_size",
    "trajectory",
]

export(
    __name__,
    {
        "clipping": ["clip_by_global_norm"],
        "cross_validated_step": ["cross_validated_step"],
        "kfac": ["KFAC"],
        "kronecker_factors": ["kronecker_step"],
        "noise_scale": [
            "NoiseScale",
            "gradient_noise_scale",
            "measure_noise_scale",
            "step_at_batch_size",
        ],
        "problems": ["quadratic", "scripted"],
        "range_curve": ["read_range_curve"],
        "stable_steps": ["largest_stable_step"],
        "step_size_search": ["StepSizeSearch", "search_step_size"],
        "trajectory": ["trajectory"],
    },
)
