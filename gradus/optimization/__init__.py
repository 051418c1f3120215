"""Optimisers as trajectories: any optimiser of any framework, driven by a gradient function from a start."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.optimization.clipping import clip_by_global_norm
    from gradus.optimization.flat_update import FlatUpdate
    from gradus.optimization.minimize import minimize
    from gradus.optimization.problems import quadratic, scripted
    from gradus.optimization.trajectory import trajectory

__all__ = [
    "FlatUpdate",
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
        "flat_update": ["FlatUpdate"],
        "minimize": ["minimize"],
        "problems": ["quadratic", "scripted"],
        "trajectory": ["trajectory"],
    },
)
