"""Optimisers as trajectories: any optimiser of any framework, driven by a gradient function from a start."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.optimization.clipping import clip_by_global_norm
    from gradus.optimization.flat_update import FlatUpdate
    from gradus.optimization.minimize import minimize
    from gradus.optimization.minimize.composite import minimize_composite
    from gradus.optimization.problems import quadratic, scripted
    from gradus.optimization.proximal_operators import Box, L1Norm, L2Norm, NuclearNorm
    from gradus.optimization.trajectory import trajectory

__all__ = [
    "Box",
    "FlatUpdate",
    "L1Norm",
    "L2Norm",
    "NuclearNorm",
    "clip_by_global_norm",
    "minimize",
    "minimize_composite",
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
        "minimize.composite": ["minimize_composite"],
        "problems": ["quadratic", "scripted"],
        "proximal_operators": ["Box", "L1Norm", "L2Norm", "NuclearNorm"],
        "trajectory": ["trajectory"],
    },
)
