"""Belief propagation on factor graphs with cycles or without."""

from gradus.inference.loopy.posterior import ClampingError, LoopyPosterior
from gradus.inference.loopy.propagation import belief_propagation

__all__ = ["ClampingError", "LoopyPosterior", "belief_propagation"]
