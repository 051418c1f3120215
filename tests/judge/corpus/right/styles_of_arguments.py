"""Right functions that take their arguments in other ways: by keyword, in another order, as lists, under other names."""

import functools
import math
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np


# mse: both arguments by keyword only
def mse_keywords(*, y_hat, y):
    return np.square(y_hat - y).mean()


# cross-entropy: the names of the page in another order
def cross_entropy_other_order(q, p, base=math.e):
    terms = np.where(p == 0, 0, p * np.log(np.where(p == 0, 1, q)))
    return -terms.sum(-1) / math.log(base)


# linear-solve: the right side first, under the page's names
def solve_other_order(b, A):
    return np.linalg.solve(A, b)


# softmax: its argument by keyword only
def softmax_keyword(*, z):
    e = np.exp(z - np.max(z, -1, keepdims=True))
    return e / np.sum(e, -1, keepdims=True)


# kl: the page's names in another order, logarithms of each
def kl_other_order(q, p):
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = p * (np.log(p) - np.log(q))
    return np.where(p == 0, 0, terms).sum(-1)


# huber: the threshold is fixed beforehand
huber_partial = functools.partial(lambda delta, y_hat, y: np.where(np.abs(y_hat - y) < delta, (y_hat - y) ** 2 / 2, delta * np.abs(y_hat - y) - delta**2 / 2).mean(), 1.0)  # fmt: skip


@dataclass(frozen=True)
class Leaky:
    slope: float = 0.01

    def __call__(self, x, alpha=None):
        a = self.slope if alpha is None else alpha
        return np.where(x < 0, a * x, x)


# leaky-relu: an instance of a dataclass with its slope as a field
leaky_instance = Leaky()


@dataclass
class Optimizer:
    """A state that is made anew at each run."""

    decay: float = 0.9
    velocity: list = field(default_factory=list)

    def run(self, gradient, theta0, steps, alpha, beta=0.9):
        self.velocity, positions = [np.zeros_like(theta0)], [theta0]
        for _ in range(steps):
            self.velocity.append(beta * self.velocity[-1] + gradient(positions[-1]))
            positions.append(positions[-1] - alpha * self.velocity[-1])
        return np.array(positions)


# momentum: a bound method that resets its state
momentum_reset = Optimizer().run


class Counted:
    """It counts its calls, which changes nothing."""

    def __init__(self):
        self.calls = 0

    def __call__(self, *arguments):
        self.calls += 1
        p, q = arguments
        m = (p + q) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            return sum(np.where(r > 0, r * np.log(r / m), 0).sum(-1) for r in (p, q)) / 2


# js: an instance that takes any number of positional arguments and counts its calls
js_counted = Counted()


# inner-product: lists by comprehension, no matrix
def inner_lists(x, y):
    return sum(float(a) * float(b) for a, b in zip(x, y, strict=True))


# norm: by math.hypot, the Euclidean norm of one vector
def norm_hypot(x):
    return math.hypot(*x)


# matrix-product: rows by columns in lists, returned as a list of lists
def product_of_lists(A, B):
    return [
        [math.fsum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*B, strict=True)]
        for row in A
    ]


# entropy: a generator of terms, one distribution
def entropy_of_one(p, base=math.e):
    return -math.fsum(v * math.log(v, base) if base != math.e else v * math.log(v) for v in p if v != 0) + 0.0


# probability: Python's own sums over one space, without a condition
def probability_of_one(p, A):
    return math.fsum(weight for weight, inside in zip(p, A, strict=True) if inside)


# mae: statistics over a list of differences
def mae_lists(y_hat, y):
    return math.fsum(abs(a - b) for a, b in zip(np.ravel(y_hat), np.ravel(y), strict=True)) / np.size(y)


# hinge: defaults that are never used
def hinge_defaults(s=None, y=None, margin=1.0, reduction="mean"):
    terms = np.clip(margin - s * y, 0, None)
    return terms.mean() if reduction == "mean" else terms.sum()


# bayes: an option of its own that the page lacks
def bayes_option(prior, likelihood, *, axis=-1):
    joint = np.multiply(prior, likelihood)
    return joint / np.sum(joint, axis=axis, keepdims=True)


# expectation: returns a dictionary of its two results
def expectation_dictionary(x, p):
    mean = np.einsum("...n,...nd->...d", p, x)
    centred = x - mean[..., None, :]
    return {"mean": mean, "covariance": np.einsum("...n,...ni,...nj->...ij", p, centred, centred)}


class Interval(NamedTuple):
    low: float
    high: float


# confidence-interval: returns a named tuple; the t interval only
def interval_named(x, level=0.95):
    from scipy import stats

    x = np.asarray(x)
    half = stats.t.ppf((1 + level) / 2, x.shape[-1] - 1) * stats.sem(x, axis=-1)
    return Interval(x.mean(-1) - half, x.mean(-1) + half)


# uniform: keyword-only parameters after the point
def uniform_keywords(x, *, a, b):
    with np.errstate(divide="ignore"):
        logs = np.log(((x >= a) & (x < b)).astype(float)) - np.log(b - a)
    return np.where(np.isnan(x + a + b), np.nan, logs)


# normal: scale and place under names of its own
def normal_names(value, loc, scale):
    return -0.5 * ((value - loc) / scale) ** 2 - np.log(scale * np.sqrt(2 * np.pi))


# exponential: the parameter by a name of its own, with a default
def exponential_default(x, rate=1.0):
    return np.where(x >= 0, np.log(rate) - rate * x, -np.inf)


# gradient-descent: a namespace of settings inside, any keywords besides
def descent_keywords(gradient, theta0, steps, alpha, **settings):
    state = SimpleNamespace(theta=np.array(theta0, dtype=float), path=[np.array(theta0, dtype=float)])
    while len(state.path) <= steps:
        state.theta = state.theta - alpha * np.asarray(gradient(state.theta))
        state.path.append(state.theta)
    return np.vstack(state.path)


# adaline: *arguments only
def adaline_positional(*arguments):
    X, y, mu, w0 = arguments
    if X.ndim != 2:
        raise NotImplementedError("one sequence at a time")
    w, path, mu = np.array(w0, float), [np.array(w0, float)], np.broadcast_to(mu, len(X))
    for x, target, m in zip(X, y, mu, strict=True):
        w = w + m * (target - w @ x) * x
        path.append(w)
    return np.array(path)


# lln: itertools over one sequence of numbers
def running_mean_accumulate(x):
    from itertools import accumulate

    return [total / k for k, total in enumerate(accumulate(map(float, x)), 1)]


# computed-variance: the statistics module, one sample
def variance_statistics(x):
    import statistics

    return statistics.pvariance([float(v) for v in x])


# poisson: math.lgamma under numpy.vectorize
poisson_vectorized = np.vectorize(lambda x, lam: (x * math.log(lam) if x and lam else -math.inf if x else 0.0) - lam - math.lgamma(x + 1) if x >= 0 and x == math.floor(x) else -math.inf, otypes=[float])  # fmt: skip


# summation: math.fsum for every row, which is exact
def summation_fsum(x):
    return np.apply_along_axis(math.fsum, -1, x)
