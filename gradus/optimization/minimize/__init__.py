"""Deterministic minimisation of smooth functions: one interface, one result, many problems in lockstep."""

from gradus.optimization.minimize.interface import minimize
from gradus.optimization.minimize.least_squares import least_squares
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.reason import Reason
from gradus.optimization.minimize.result import History, Iterate, Result

__all__ = ["History", "Iterate", "Objective", "Reason", "Result", "least_squares", "minimize"]
