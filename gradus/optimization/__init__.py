"""Optimisers as trajectories: any optimiser of any framework, driven by a gradient function from a start."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.optimization.clipping import clip_by_global_norm
    from gradus.optimization.logistic_loss import LogisticLoss
    from gradus.optimization.minimize import least_squares, minimize
    from gradus.optimization.minimize.bfgs import bfgs_update
    from gradus.optimization.minimize.lbfgs import lbfgs_product
    from gradus.optimization.more_garbow_hillstrom import MGHProblem, mgh_problem, mgh_problems
    from gradus.optimization.nist_strd import CertifiedFit, certified_fits
    from gradus.optimization.problems import quadratic, scripted
    from gradus.optimization.trajectory import trajectory

__all__ = [
    "CertifiedFit",
    "LogisticLoss",
    "MGHProblem",
    "bfgs_update",
    "certified_fits",
    "clip_by_global_norm",
    "lbfgs_product",
    "least_squares",
    "mgh_problem",
    "mgh_problems",
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
        "logistic_loss": ["LogisticLoss"],
        "minimize.bfgs": ["bfgs_update"],
        "minimize.lbfgs": ["lbfgs_product"],
        "more_garbow_hillstrom": ["MGHProblem", "mgh_problem", "mgh_problems"],
        "problems": ["quadratic", "scripted"],
        "trajectory": ["trajectory"],
    },
)
