"""Optimisers as trajectories: any optimiser of any framework, driven by a gradient function from a start."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.optimization.clipping import clip_by_global_norm
    from gradus.optimization.convexity import chord_curvature, conjugate
    from gradus.optimization.nesterov import Nesterov
    from gradus.optimization.online import online_descent
    from gradus.optimization.problems import quadratic, scripted
    from gradus.optimization.trajectory import trajectory

__all__ = [
    "Nesterov",
    "chord_curvature",
    "clip_by_global_norm",
    "conjugate",
    "online_descent",
    "quadratic",
    "scripted",
    "trajectory",
]

export(
    __name__,
    {
        "clipping": ["clip_by_global_norm"],
        "convexity": ["chord_curvature", "conjugate"],
        "nesterov": ["Nesterov"],
        "online": ["online_descent"],
        "problems": ["quadratic", "scripted"],
        "trajectory": ["trajectory"],
    },
)
