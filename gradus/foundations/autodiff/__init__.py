"""Reverse-mode automatic differentiation of functions written in NumPy; README.md says how the files hang together."""

from gradus.foundations.autodiff.tape import grad, mapped, pulled_back, value_and_grad, vjp
from gradus.foundations.autodiff.variable import Step, Variable

__all__ = ["Step", "Variable", "grad", "mapped", "pulled_back", "value_and_grad", "vjp"]
