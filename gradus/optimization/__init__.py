"""Optimisers as trajectories: any optimiser of any framework, driven by a gradient function from a start."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.optimization.clipping import clip_by_global_norm
    from gradus.optimization.minimize import least_squares, minimize
    from gradus.optimization.nist_strd import CertifiedFit, certified_fits
    from gradus.optimization.problems import quadratic, scripted
    from gradus.optimization.trajectory import trajectory

__all__ = [
    "CertifiedFit",
    "certified_fits",
    "clip_by_global_norm",
    "least_squares",
    "minimize",
    "quadratic",
    "scripted",
    "trajectory",
]

export(
    __name__,
    {
        "clipping": ["clip_by_global_norm"],
        "minimize": ["least_squares", "minimize"],
        "nist_strd": ["CertifiedFit", "certified_fits"],
        "problems": ["quadratic", "scripted"],
        "trajectory": ["trajectory"],
    },
)
