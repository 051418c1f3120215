"""Functions of a number, entry by entry, on which derivatives and integrals are tried; for the arrays of every framework."""

from gradus.frameworks import namespace
from gradus.page import generic


@generic
def exponential(x):
    return namespace(x).exp(x)


@generic
def sine(x):
    return namespace(x).sin(x)


@generic
def witch(x):
    """The witch of Agnesi 1/(1 + x²): smooth on the whole line, singular at ±i."""
    return 1.0 / (1.0 + x * x)
