"""Optimisers as trajectories, driven by a gradient function from a start; linear and quadratic programs."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.optimization.clipping import clip_by_global_norm
    from gradus.optimization.interior_point import Farkas, Multipliers, QPResult, solve_qp
    from gradus.optimization.problems import quadratic, scripted
    from gradus.optimization.trajectory import trajectory

__all__ = [
    "Farkas",
    "Multipliers",
    "QPResult",
    "clip_by_global_norm",
    "quadratic",
    "scripted",
    "solve_qp",
    "trajectory",
]

export(
    __name__,
    {
        "clipping": ["clip_by_global_norm"],
        "interior_point": ["Farkas", "Multipliers", "QPResult", "solve_qp"],
        "problems": ["quadratic", "scripted"],
        "trajectory": ["trajectory"],
    },
)
