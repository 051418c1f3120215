"""Computation graphs drawn: the value, the local derivatives and the adjoint at every node."""

from gradus.explanation.explain import Explanation, explain

__all__ = ["Explanation", "explain"]
