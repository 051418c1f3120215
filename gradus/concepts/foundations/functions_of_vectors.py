"""Functions of a vector on which derivatives are tried; they take the arrays of every framework."""

from gradus.page import generic, namespace


@generic
def rosenbrock(x):
    """A curved valley, flat along its floor and steep across it; least at (1, …, 1)."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@generic
def hills(x):
    """A hill at the origin on rolling ground: neither convex nor a polynomial."""
    xp = namespace(x)
    return xp.exp(-(x * x).sum() / 2) + xp.sin(x).sum()


@generic
def log_sum_exp(x):
    """The smooth maximum; convex, and its gradient is the softmax."""
    return namespace(x).log(namespace(x).exp(x).sum())
