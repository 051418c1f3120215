"""Optimisers as trajectories: any optimiser of any framework, driven by a gradient function from a start."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.optimization.clipping import clip_by_global_norm
    from gradus.optimization.kfac import KFAC
    from gradus.optimization.kronecker_factors import kronecker_step
    from gradus.optimization.problems import quadratic, scripted
    from gradus.optimization.trajectory import trajectory

__all__ = [
    "KFAC",
    "clip_by_global_norm",
    "kronecker_step",
    "quadratic",
    "scripted",
    "trajectory",
]

export(
    __name__,
    {
        "clipping": ["clip_by_global_norm"],
        "kfac": ["KFAC"],
        "kronecker_factors": ["kronecker_step"],
        "problems": ["quadratic", "scripted"],
        "trajectory": ["trajectory"],
    },
)
