"""The gamma distribution."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.exact_values import (
    decimal_log_gamma,
    digamma,
    fifty_digits,
    like,
    log_gamma,
    relative,
    trigamma,
    x_log_y,
)
from gradus.concepts.foundations.distributions.quadrature import exponential, panels
from gradus.concepts.foundations.distributions.standard_claims import Distribution, from_scipy, standard_claims
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, identical, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, alpha, beta):
    from torch.distributions import Gamma

    return log_density(Gamma(*like(x, alpha, beta), validate_args=False), x)


GAMMA = Concept(
    key="gamma",
    kind="definition",
    title="Gamma distribution",
    summary="For whole α how long until the α-th event at rate β; the distribution of sums of squares of standard normals "
    "(χ²) and the conjugate prior of rates. Shape α = 1 is the exponential distribution; standardised, it nears the normal as "
    "α grows.",
    formulas=(
        r"p(x)=\frac{\beta^{\alpha}}{\Gamma(\alpha)}x^{\alpha-1}e^{-\beta x},\qquad \log p(x)=\alpha\log\beta-\log\Gamma(\alpha)+(\alpha-1)\log x-\beta x\quad(x>0)",
        r"E X=\frac\alpha\beta,\qquad \operatorname{Var}X=\frac\alpha{\beta^2},\qquad h=\alpha-\log\beta+\log\Gamma(\alpha)+(1-\alpha)\psi(\alpha)",
        r"I(\alpha,\beta)=\begin{pmatrix}\psi'(\alpha)&-1/\beta\\-1/\beta&\alpha/\beta^2\end{pmatrix},\qquad \chi^2_k=\operatorname{Gamma}\bigl(\tfrac k2,\tfrac12\bigr)",
    ),
    symbols=(
        Symbol("x", "x", "...", "where the log-density is taken", "nonnegative"),
        Symbol(r"\alpha", "alpha", "", "shape", "positive"),
        Symbol(r"\beta", "beta", "", "rate (1/scale)", "positive"),
        Symbol(r"\Gamma", "", "", "gamma function"),
        Symbol(r"\psi", "", "", r"digamma function, $(\log\Gamma)'$; $\psi'$ is its derivative"),
        Symbol("h", "", "", "entropy", unit="nat"),
        Symbol("I", "", "2 2", "Fisher information"),
        Symbol(r"\chi^2_k", "", "", "distribution of a sum of k squared independent standard normals"),
    ),
    needs=("exponential",),
    source="pearson1895contributions",
    year=1895,
    people=("Karl Pearson",),
    aliases="Erlang distribution, chi-squared distribution, 伽玛分布, 埃尔朗分布, 卡方分布",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "on `torch.distributions.Gamma`, whose own `log_prob` loses digits at large shapes",
        ),
    ),
    readings="johnson1994continuous ch. 17; murphy2022probabilistic §2.7; bishop2006pattern §2.3.6",
    hypotheses=(Hypothesis("for χ²: the k standard normals are independent", "one-normal-copied"),),
    conventions=(
        Convention(
            "second parameter", "the rate β, as in PyTorch: mean α/β", "the scale 1/β, in NumPy and SciPy: mean α·scale"
        ),
    ),
    deviations=(
        "At α = β = 10⁶ and x = 1 both `torch.distributions` and SciPy are off by 1.1·10⁻¹⁰ of log p; Loader's form, "
        "used here, by less than ε.",
    ),
    longest_sum=16,
)


@GAMMA.definition
def gamma(x, alpha, beta):
    y = np.where(x < 0, 1, x)
    log_p = alpha * np.log(beta) - log_gamma(alpha) + x_log_y(alpha - 1, y) - beta * y
    return np.where((x < 0) | (x == np.inf), -np.inf, log_p)


@GAMMA.example
def example():
    x, alpha, beta = np.array([0.5, 1.0, 2.0]), np.array(3.0), np.array(2.0)
    log_p = gamma(x, alpha, beta)
    fewer = np.exp(-2) * np.array([1, 2, 2])  # Poisson masses of 0, 1, 2 events at the mean βx = 2
    counts, start = np.array([3, 0, 1]), np.array([3.0, 2.0])
    return (
        dict(x=x, alpha=alpha, beta=beta, Gamma=math.gamma(3), factor=2**3 / math.gamma(3), log_p=log_p)
        | dict(p=np.exp(log_p), mean=alpha / beta, variance=alpha / beta**2, mode=(alpha - 1) / beta)
        | dict(skewness=2 / np.sqrt(alpha), fewer=fewer, later=fewer.sum(), counts=counts)
        | dict(after=np.array([start[0] + counts.sum(), start[1] + 3]))
        | dict(after_mean=(start[0] + counts.sum()) / (start[1] + 3), data_mean=counts.mean())
    )


@GAMMA.exercise
def learnt_rate():
    alpha, beta, counts = 2.0, 1.0, np.array([3, 5, 1])
    a, b = alpha + counts.sum(), beta + len(counts)
    return number(a / b, data_alone=counts.mean(), prior_time_forgotten=a / len(counts), prior_alone=alpha / beta)


@GAMMA.exercise
def different_rates():
    mean, variance = 1 + 1 / 2, 1 + 1 / 4
    third, of_a_gamma = 2 * (1 + 1 / 8), 2 * variance**2 / mean  # third central moments; of exponentials they add up
    same = abs(third - of_a_gamma) < 1e-9
    return choice(gamma=same, no_gamma=not same, exponential=abs(variance - mean**2) < 1e-9)


@GAMMA.exercise
def sum_of_squares():
    sigma, k = 2.0, 5
    return number(sigma**2 * k, standard=k, sigma_once=sigma * k, variance=2 * k * sigma**4)


@GAMMA.cases
def cases(rng):
    yield "random", dict(x=rng.gamma(2.5, 0.5, (2, 4)), alpha=np.array(2.5), beta=np.array(2.0))
    yield "less than exponential", dict(x=np.array([1e-6, 0.3, 4.0]), alpha=np.array(0.4), beta=np.array(1.0))
    yield "a sum of squares", dict(x=np.array([0.5, 9.0]), alpha=np.array(1.5), beta=np.array(0.5))
    yield "at zero, α > 1", dict(x=np.array([0.0]), alpha=np.array(2.0), beta=np.array(1.0))
    yield "at zero, α = 1", dict(x=np.array([0.0]), alpha=np.array(1.0), beta=np.array(3.0))
    yield "at zero, α < 1", dict(x=np.array([0.0]), alpha=np.array(0.5), beta=np.array(1.0))
    yield "below zero", dict(x=np.array([-1.0]), alpha=np.array(2.0), beta=np.array(1.0))
    yield "long", dict(x=rng.gamma(2.5, 0.5, 1500), alpha=np.array(2.5), beta=np.array(2.0))


@GAMMA.invalid
def invalid(rng):
    yield "α = 0", dict(x=np.ones(2), alpha=np.array(0.0), beta=np.array(1.0))
    yield "β < 0", dict(x=np.ones(2), alpha=np.array(1.0), beta=np.array(-1.0))


def entropy(theta):
    a, b = theta
    return float(a - math.log(b) + math.lgamma(a) + (1 - a) * digamma(a))


def divergence(p, q):
    (a, b), (c, d) = p, q
    return float((a - c) * digamma(a) - math.lgamma(a) + math.lgamma(c) + c * math.log(b / d) + a * (d - b) / b)


def information(theta):
    a, b = theta
    return np.array([[trigamma(a), -1 / b], [-1 / b, a / b**2]])


standard_claims(
    GAMMA,
    Distribution(
        examples=((2.5, 2.0), (0.7, 1.0), (9.0, 0.5), (4.0, 3.0)),
        arguments=lambda theta: dict(alpha=np.array(theta[0]), beta=np.array(theta[1])),
        grid=lambda theta: panels(
            -40 / theta[0] - math.log(theta[1]),
            math.log(theta[0] + 12 * math.sqrt(theta[0]) + 40) - math.log(theta[1]),
            exponential,
        ),
        draw=lambda rng, theta, n: rng.gamma(theta[0], 1 / theta[1], n),
        mean=lambda theta: theta[0] / theta[1],
        covariance=lambda theta: theta[0] / theta[1] ** 2,
        entropy=entropy,
        divergence=divergence,
        information=information,
        scipy=from_scipy("gamma", lambda theta: (theta[0], 0, 1 / theta[1])),
        reach=lambda theta: theta,
        formulas=dict(
            mean=r"\alpha/\beta",
            variance=r"\alpha/\beta^2",
            entropy=r"\alpha-\log\beta+\log\Gamma(\alpha)+(1-\alpha)\psi(\alpha)",
            divergence=r"(\alpha_1-\alpha_2)\psi(\alpha_1)-\log\frac{\Gamma(\alpha_1)}{\Gamma(\alpha_2)}+\alpha_2\log\frac{\beta_1}{\beta_2}+\alpha_1\frac{\beta_2-\beta_1}{\beta_1}",
            information=r"\begin{pmatrix}\psi'(\alpha)&-1/\beta\\-1/\beta&\alpha/\beta^2\end{pmatrix}",
        ),
    ),
)


@GAMMA.claim
def waiting_for_k_events(gamma, rng):
    r"""Waiting for k events, $\operatorname{Gamma}(k,\beta)$: more than x exactly when fewer than k events have come
    by x, $\sum_{i<k}e^{-\beta x}(\beta x)^i/i!$"""
    k, beta = 4, 1.5
    for x in (0.5, 2.0, 6.0):
        grid = panels(math.log(x) - 12.0, math.log(x), exponential)
        within = float((grid.w * np.exp(gamma(grid.x, np.array(float(k)), np.array(beta)))).sum())
        fewer = math.fsum(math.exp(-beta * x) * (beta * x) ** i / math.factorial(i) for i in range(k))
        yield roundoff(within, 1 - fewer, terms=grid.w.size, scale=1.0)


@GAMMA.claim
def squares_of_normals(gamma, rng):
    r"""$\chi^2_k$ is $\operatorname{Gamma}(k/2,1/2)$, for k = 1 to 4: the normal density of k dimensions times the area of
    the sphere, by change of variables"""
    r = np.abs(rng.standard_normal(40)) + 1e-3
    for k, area in ((1, 2.0), (2, 2 * math.pi), (3, 4 * math.pi), (4, 2 * math.pi**2)):
        normal = -(r**2) / 2 - 0.5 * k * math.log(2 * math.pi)
        want = normal + math.log(area) + (k - 1) * np.log(r) - np.log(2 * r)  # dr²/dr = 2r
        yield roundoff(gamma(r**2, np.array(k / 2), np.array(0.5)), want, terms=8, scale=16.0)


@GAMMA.claim
def one_normal_copied(gamma, rng):
    r"""Without independence it fails: one normal squared and counted k times, $kZ^2$, has mean k as $\chi^2_k$ has, but k
    times its variance 2k"""
    k, grid = 4, panels(-84.0, 6.0, exponential)
    mass = grid.w * np.exp(gamma(grid.x, np.array(k / 2), np.array(0.5)))
    one = grid.w * np.exp(gamma(grid.x, np.array(0.5), np.array(0.5)))
    spread = [float((m * (c * grid.x - k) ** 2).sum()) for m, c in ((mass, 1), (one, k))]
    return roundoff(spread[1] / spread[0], k, terms=grid.w.size)


def literal(x, a, b):
    return a * b.ln() - decimal_log_gamma(a) + (a - 1) * x.ln() - b * x


@GAMMA.claim(of_definition=False)
def a_shape_of_a_million(gamma, rng):
    """A shape of a million: equal to the formula in 50-digit arithmetic, to the rounding of x/mean"""
    x, million = np.array([1.0, 1.04, 0.96, 1.0001]), 1e6
    got = gamma(x, np.array(million), np.array(million))
    wants = np.array([fifty_digits(literal, v, million, million) for v in x])
    # rounding of βx by half a unit moves log p by |α − βx|ε/2
    moved = 1 + million * np.abs(x - 1) / np.abs(wants)
    return all_of(*[relative(g, w, terms=4 * m) for g, w, m in zip(got, wants, moved, strict=True)])


@GAMMA.claim
def nears_the_normal(gamma, rng):
    r"""Standardised, it nears the normal distribution: its skewness is $2/\sqrt\alpha$, and the largest difference of
    the densities falls as $\alpha^{-1/2}$"""
    for a in (2.0, 9.0):
        grid = panels(-40 / a, math.log(a + 12 * math.sqrt(a) + 40), exponential)
        mass = grid.w * np.exp(gamma(grid.x, np.array(a), np.array(1.0)))
        yield roundoff(float((mass * ((grid.x - a) / math.sqrt(a)) ** 3).sum()), 2 / math.sqrt(a), terms=grid.w.size)
    z, shapes, missed = np.linspace(-5, 5, 1001), (64.0, 256.0, 1024.0, 4096.0), []
    bell = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    for a in shapes:
        p = np.exp(gamma((a + math.sqrt(a) * z), np.array(a), np.array(1.0))) * math.sqrt(a)
        missed.append(np.abs(p - bell).max())
    yield rate(shapes, missed, -0.5)


@GAMMA.claim
def at_the_edge(gamma, rng):
    """At 0 it is −∞ for α > 1, log β for α = 1, +∞ for α < 1; below 0 it is −∞"""
    zero, one, below = np.array([0.0]), np.array(1.0), np.array([-1e-300, -2.0])
    yield identical(gamma(zero, np.array(2.0), one), [-np.inf])
    yield identical(gamma(zero, np.array(0.5), one), [np.inf])
    yield roundoff(gamma(zero, one, np.array(3.0)), [math.log(3)])
    for a in (0.5, 1.0, 2.0):
        yield identical(gamma(below, np.array(a), one), [-np.inf] * 2)


@GAMMA.mutant(
    caught_by="moments, distribution-function, sampler, entropy, divergence, waiting-for-k-events, squares-of-normals"
)
def scale_for_rate(x, alpha, beta):
    """the scale taken for the rate"""
    return gamma(x, alpha, 1 / beta)


@GAMMA.mutant(caught_by="total-mass-is-one, fisher-information, entropy")
def no_rate_in_the_normaliser(x, alpha, beta):
    """β missing from the normaliser"""
    return gamma(x, alpha, beta) - alpha * np.log(beta)


@GAMMA.mutant(caught_by="total-mass-is-one, moments, at-the-edge, squares-of-normals, waiting-for-k-events")
def exponent_too_large(x, alpha, beta):
    """exponent α in place of α − 1"""
    return gamma(x, alpha, beta) + x_log_y(1.0, np.where(x >= 0, x, 1))


@GAMMA.mutant(caught_by="a-shape-of-a-million")
def as_it_is_written(x, alpha, beta):
    """the formula as it is written, at large shapes"""
    return gamma(x, alpha, beta)


@GAMMA.mutant(caught_by="fisher-information, nears-the-normal, at-the-edge, distribution-function, one-normal-copied")
def bell(x, alpha, beta):
    """the normal distribution of the same mean and variance"""
    return -((beta * x - alpha) ** 2) / (2 * alpha) + np.log(beta) - np.log(2 * np.pi * alpha) / 2


@GAMMA.figure(alpha=Slider(0.3, 20.0, 3.0, "shape", log=True), beta=Slider(0.3, 4.0, 1.0, "rate", log=True))
def figure(alpha, beta):
    fig, ax = canvas(width=6.4, height=3.4)
    mean, spread = alpha / beta, math.sqrt(alpha) / beta
    x = np.linspace(0, mean + 5 * spread + 1 / beta, 500)[1:]
    p = np.exp(gamma(x, np.array(alpha), np.array(beta)))
    ax.plot(x, p, label=f"gamma, α = {alpha:.2f}, β = {beta:.2f}")
    ax.fill_between(x, p, color=COLOURS[0], alpha=0.12)
    bell = np.exp(-((x - mean) ** 2) / (2 * spread**2)) / (spread * math.sqrt(2 * math.pi))
    ax.plot(x, bell, color=COLOURS[1], ls="--", label="normal of the same mean and variance")
    ax.axvline(mean, color=COLOURS[6], lw=0.8)
    mode = max(0.0, (alpha - 1) / beta)
    ax.set(xlabel="x", ylabel="p(x)", ylim=(0, 1.15 * min(p.max(), 4 * bell.max())))
    ax.set_title(f"mean {mean:.2f}, mode {mode:.2f}, skewness {2 / math.sqrt(alpha):.2f}")
    ax.legend(frameon=False)
    words = Text(
        f"Shape {alpha:.2f}, rate {beta:.2f}: mean {mean:.2f}, standard deviation {spread:.2f}, mode {mode:.2f}. The skewness "
        f"{2 / math.sqrt(alpha):.2f} is what separates it from the normal curve; it fades as the shape grows.",
        f"形状 {alpha:.2f}、速率 {beta:.2f}：均值 {mean:.2f}，标准差 {spread:.2f}，众数 {mode:.2f}。偏度 {2 / math.sqrt(alpha):.2f} 使它有别于正态曲线，随形状参数增大而消失。",
    )
    return Drawing(fig, words)
