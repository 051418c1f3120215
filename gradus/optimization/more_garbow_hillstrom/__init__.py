"""The 35 unconstrained problems of Moré, Garbow and Hillstrom."""

from gradus.optimization.more_garbow_hillstrom.problem import MGHProblem, mgh_problem, mgh_problems

__all__ = ["MGHProblem", "mgh_problem", "mgh_problems"]
