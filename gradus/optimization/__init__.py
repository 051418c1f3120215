"""Optimisers as trajectories: any optimiser of any framework, driven by a gradient function from a start."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.optimization.clipping import clip_by_global_norm
    from gradus.optimization.comparison import expected_best
    from gradus.optimization.convexity import chord_curvature, conjugate
    from gradus.optimization.cross_validated_step import cross_validated_step
    from gradus.optimization.directional_search import LineSearch, line_search
    from gradus.optimization.flat_update import FlatUpdate
    from gradus.optimization.interior_point import Farkas, Multipliers, QPResult, solve_qp
    from gradus.optimization.kfac import KFAC
    from gradus.optimization.kronecker_factors import kronecker_step
    from gradus.optimization.lbfgs_optimizer import LBFGS
    from gradus.optimization.logistic_loss import LogisticLoss
    from gradus.optimization.minimize import least_squares, minimize
    from gradus.optimization.minimize.bfgs import bfgs_update
    from gradus.optimization.minimize.composite import minimize_composite
    from gradus.optimization.minimize.lbfgs import lbfgs_product
    from gradus.optimization.more_garbow_hillstrom import MGHProblem, mgh_problem, mgh_problems
    from gradus.optimization.natural_gradient import NaturalGradient
    from gradus.optimization.nesterov import Nesterov
    from gradus.optimization.newton_cg_optimizer import NewtonCG
    from gradus.optimization.nist_strd import CertifiedFit, certified_fits
    from gradus.optimization.noise_scale import (
        NoiseScale,
        gradient_noise_scale,
        measure_noise_scale,
        step_at_batch_size,
    )
    from gradus.optimization.online import online_descent
    from gradus.optimization.problems import quadratic, scripted
    from gradus.optimization.proximal_operators import Box, L1Norm, L2Norm, NuclearNorm
    from gradus.optimization.range_curve import read_range_curve
    from gradus.optimization.stable_steps import largest_stable_step
    from gradus.optimization.step_size_search import StepSizeSearch, search_step_size
    from gradus.optimization.trajectory import trajectory

__all__ = [
    "KFAC",
    "LBFGS",
    "Box",
    "CertifiedFit",
    "Farkas",
    "FlatUpdate",
    "L1Norm",
    "L2Norm",
    "LineSearch",
    "LogisticLoss",
    "MGHProblem",
    "Multipliers",
    "NaturalGradient",
    "Nesterov",
    "NewtonCG",
    "NoiseScale",
    "NuclearNorm",
    "QPResult",
    "StepSizeSearch",
    "bfgs_update",
    "certified_fits",
    "chord_curvature",
    "clip_by_global_norm",
    "conjugate",
    "cross_validated_step",
    "expected_best",
    "gradient_noise_scale",
    "kronecker_step",
    "largest_stable_step",
    "lbfgs_product",
    "least_squares",
    "line_search",
    "measure_noise_scale",
    "mgh_problem",
    "mgh_problems",
    "minimize",
    "minimize_composite",
    "online_descent",
    "quadratic",
    "read_range_curve",
    "scripted",
    "search_step_size",
    "solve_qp",
    "step_at_batch_size",
    "trajectory",
]

export(
    __name__,
    {
        "clipping": ["clip_by_global_norm"],
        "comparison": ["expected_best"],
        "convexity": ["chord_curvature", "conjugate"],
        "cross_validated_step": ["cross_validated_step"],
        "directional_search": ["LineSearch", "line_search"],
        "flat_update": ["FlatUpdate"],
        "interior_point": ["Farkas", "Multipliers", "QPResult", "solve_qp"],
        "kfac": ["KFAC"],
        "kronecker_factors": ["kronecker_step"],
        "lbfgs_optimizer": ["LBFGS"],
        "logistic_loss": ["LogisticLoss"],
        "minimize": ["least_squares", "minimize"],
        "minimize.bfgs": ["bfgs_update"],
        "minimize.composite": ["minimize_composite"],
        "minimize.lbfgs": ["lbfgs_product"],
        "more_garbow_hillstrom": ["MGHProblem", "mgh_problem", "mgh_problems"],
        "natural_gradient": ["NaturalGradient"],
        "nesterov": ["Nesterov"],
        "newton_cg_optimizer": ["NewtonCG"],
        "nist_strd": ["CertifiedFit", "certified_fits"],
        "noise_scale": ["NoiseScale", "gradient_noise_scale", "measure_noise_scale", "step_at_batch_size"],
        "online": ["online_descent"],
        "problems": ["quadratic", "scripted"],
        "proximal_operators": ["Box", "L1Norm", "L2Norm", "NuclearNorm"],
        "range_curve": ["read_range_curve"],
        "stable_steps": ["largest_stable_step"],
        "step_size_search": ["StepSizeSearch", "search_step_size"],
        "trajectory": ["trajectory"],
    },
)
