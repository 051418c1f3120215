"""Automatic differentiation of functions written in NumPy; README.md says how the files hang together."""

from gradus.foundations.autodiff.checkpoint import checkpoint
from gradus.foundations.autodiff.dual import Dual, jvp
from gradus.foundations.autodiff.jacobian import jacobian
from gradus.foundations.autodiff.sweep import pulled_back
from gradus.foundations.autodiff.tape import grad, value_and_grad, vjp
from gradus.foundations.autodiff.traceable import traceable
from gradus.foundations.autodiff.tree import mapped
from gradus.foundations.autodiff.variable import Step, Variable

__all__ = [
    "Dual",
    "Step",
    "Variable",
    "checkpoint",
    "grad",
    "jacobian",
    "jvp",
    "mapped",
    "pulled_back",
    "traceable",
    "value_and_grad",
    "vjp",
]
