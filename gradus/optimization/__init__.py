"""Optimisers as trajectories: any optimiser of any framework, driven by a gradient function from a start."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.optimization.clipping import clip_by_global_norm
    from gradus.optimization.minimize import minimize
    from gradus.optimization.problems import quadratic, scripted
    from gradus.optimization.trajectory import trajectory

__all__ = [
    "clip_by_global_norm",
    "minimize",
    "quadratic",
    "scripted",
    "trajectory",
]

export(
    __name__,
    {
        "clipping": ["clip_by_global_norm"],
        "minimize": ["minimize"],
        "problems": ["quadratic", "scripted"],
        "trajectory": ["trajectory"],
    },
)
