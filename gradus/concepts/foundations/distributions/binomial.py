"""The binomial distribution."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.exact_values import (
    decimal_log_gamma,
    fifty_digits,
    like,
    log_gamma,
    relative,
    x_log_y,
)
from gradus.concepts.foundations.distributions.quadrature import counts
from gradus.concepts.foundations.distributions.standard_claims import Distribution, from_scipy, standard_claims
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, identical, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, n, p):
    from torch.distributions import Binomial

    (p,) = like(x, p)
    return log_density(Binomial(n, p, validate_args=False), x)


BINOMIAL = Concept(
    key="binomial",
    kind="definition",
    title="Binomial distribution",
    summary="How many of n independent trials succeed, each with probability p. Standardised, it nears the "
    "normal distribution as n grows with p fixed between 0 and 1; with the mean np fixed it nears the Poisson distribution.",
    formulas=(
        r"p(x)=\binom nx p^{x}(1-p)^{n-x},\qquad x=0,\dots,n",
        r"\log p(x)=\log\Gamma(n+1)-\log\Gamma(x+1)-\log\Gamma(n-x+1)+x\log p+(n-x)\log(1-p)",
        r"E X=np,\qquad \operatorname{Var}X=np(1-p),\qquad I(p)=\frac{n}{p(1-p)}\quad(n\ge 1,\ 0<p<1)",
    ),
    symbols=(
        Symbol("x", "x", "...", "number of successes", "natural"),
        Symbol("n", "n", "", "number of trials", "natural"),
        Symbol("p", "p", "", "probability of success", "unit"),
        Symbol(r"\Gamma", "", "", r"gamma function: $\Gamma(n+1)=n!$"),
        Symbol("I", "", "", "Fisher information"),
    ),
    needs=("bernoulli",),
    source="bernoulli1713ars",
    year=1713,
    people=("Jacob Bernoulli", "Abraham de Moivre"),
    aliases="number of successes, binomial coefficients, 二项式分布, 二项式系数, 成功次数",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "on `torch.distributions.Binomial`, whose own `log_prob` loses digits as n grows",
        ),
    ),
    readings="johnson2005univariate ch. 3; loader2000fast; feller1968introduction ch. VI–VII; "
    "murphy2022probabilistic §2.4",
    hypotheses=(
        Hypothesis("the trials are independent", "one-trial-copied"),
        Hypothesis("p is the same in every trial", "unequal-trials-vary-less"),
    ),
    deviations="At n = 10⁶ the factorials as written subtract numbers of size 10⁷: `torch.distributions` is off by "
    "3·10⁻¹¹ of log p in float64 and by 2 % in float32 at x = n/2, p = ½, SciPy's `logpmf` by 10⁻¹⁰; Loader's form, which "
    "is used here, by less than 2ε.",
    longest_sum=16,
    nonfinite="nan",
)


@BINOMIAL.definition
def binomial(x, n, p):
    inside = (x >= 0) & (x <= n) & (x == np.floor(x))
    k = np.where(inside, x, 0)
    choices = log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1)
    log_p = np.where(inside, choices + x_log_y(k, p) + x_log_y(n - k, 1 - p), -np.inf)
    return np.where(np.isnan(x + p), np.nan, log_p)


@BINOMIAL.example
def example():
    x, n, p = np.arange(4.0), 3, np.array(0.2)
    mass, ways = np.exp(binomial(x, n, p)), np.array([math.comb(3, i) for i in range(4)])
    return (
        dict(x=x, n=n, p=p, q=1 - p, ways=ways, one=p**x * (1 - p) ** (n - x), mass=mass, mean=mass @ x)
        | dict(variance=mass @ x**2 - (mass @ x) ** 2, at_least_one=1 - mass[0], tripled=3 * p)
        | dict(six=np.exp(binomial(np.array(0.0), 6, p)))
    )


@BINOMIAL.exercise
def overbooked():
    p = np.exp(binomial(np.arange(13.0), 12, np.array(0.9)))
    return number(p[11:].sum(), ten_too=p[10:].sum(), eleven_only=p[11], all_come=p[12])


@BINOMIAL.exercise
def pepys():
    six, twelve = (1 - np.exp(binomial(np.arange(float(m)), 6 * m, np.array(1 / 6))).sum() for m in (1, 2))
    return choice(one_of_six=six > twelve + 1e-9, two_of_twelve=twelve > six + 1e-9, equal=abs(six - twelve) < 1e-9)


@BINOMIAL.exercise
def larger_country():
    n = 1000
    deviation = [np.sqrt(0.25 / n * (N - n) / (N - 1)) for N in (1e6, 1e8)]  # drawn without replacement
    ratio = deviation[1] / deviation[0]
    return choice(hundredfold=ratio > 50, tenfold=5 < ratio < 50, hardly=ratio < 1.01)


@BINOMIAL.cases
def cases(rng):
    yield "random", dict(x=rng.binomial(12, 0.3, (2, 5)) + 0.0, n=12, p=np.array(0.3))
    yield "all counts", dict(x=np.arange(6.0), n=5, p=np.array(0.6))
    yield "one trial", dict(x=np.array([0.0, 1.0]), n=1, p=np.array(0.25))
    yield "no trial", dict(x=np.array([0.0, 1.0]), n=0, p=np.array(0.25))
    yield "p = 0", dict(x=np.array([0.0, 1.0, 4.0]), n=4, p=np.array(0.0))
    yield "p = 1", dict(x=np.array([0.0, 3.0, 4.0]), n=4, p=np.array(1.0))
    yield "off the support", dict(x=np.array([-1.0, 2.5, 5.0]), n=4, p=np.array(0.5))
    yield "long", dict(x=rng.binomial(12, 0.3, 1500) + 0.0, n=12, p=np.array(0.3))


@BINOMIAL.invalid
def invalid(rng):
    yield "p > 1", dict(x=np.zeros(2), n=3, p=np.array(1.5))
    yield "a negative number of trials", dict(x=np.zeros(2), n=-3, p=np.array(0.5))
    yield "a fraction of a trial", dict(x=np.zeros(2), n=2.5, p=np.array(0.5))


def two(p, q):
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


def entropy(theta):
    """By exact binomial coefficients."""
    n, p = int(theta[0]), float(theta[1])
    mass = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    return -math.fsum(m * math.log(m) for m in mass)


standard_claims(
    BINOMIAL,
    Distribution(
        examples=((30, 0.3), (30, 0.5), (30, 0.9)),
        arguments=lambda theta: dict(n=int(theta[0]), p=np.array(theta[1])),
        grid=lambda theta: counts(0, theta[0]),
        draw=lambda rng, theta, m: rng.binomial(int(theta[0]), theta[1], m),
        mean=lambda theta: theta[0] * theta[1],
        covariance=lambda theta: theta[0] * theta[1] * (1 - theta[1]),
        entropy=entropy,
        divergence=lambda p, q: p[0] * two(p[1], q[1]),
        information=lambda theta: theta[0] / (theta[1] * (1 - theta[1])),
        scipy=from_scipy("binom"),
        reach=lambda theta: min(theta[1], 1 - theta[1]),
        free=(1,),
        formulas=dict(
            mean="np",
            variance="np(1-p)",
            entropy=r"-\sum_x p(x)\log p(x)",
            divergence=r"n\bigl(p\log\frac pq+(1-p)\log\frac{1-p}{1-q}\bigr)",
            information=r"n/(p(1-p))",
        ),
    ),
)


@BINOMIAL.claim
def five_heads_of_ten(binomial, rng):
    r"""Ten fair coins show five heads with probability $252/1024$; every other number x with $\binom{10}x/1024$"""
    k, half = np.arange(11.0), np.array(0.5)
    want = np.array([math.comb(10, int(i)) / 1024 for i in k])
    got = np.exp(binomial(k, 10, half))
    return all_of(roundoff(got, want, terms=16), roundoff(got[5], 252 / 1024, terms=16))


@BINOMIAL.claim
def sum_of_trials(binomial, rng):
    """It is the distribution of the number of successes of n Bernoulli trials: the convolution of n of them"""
    n, p = 12, 0.35
    mass = np.ones(1)
    for _ in range(n):
        mass = np.convolve(mass, [1 - p, p])
    return roundoff(np.exp(binomial(np.arange(n + 1.0), n, np.array(p))), mass, terms=4 * n)


def literal(x, n, p):
    return (
        decimal_log_gamma(n + 1)
        - decimal_log_gamma(x + 1)
        - decimal_log_gamma(n - x + 1)
        + x * p.ln()
        + (n - x) * (1 - p).ln()
    )


@BINOMIAL.claim(of_definition=False)
def a_million_trials(binomial, rng):
    r"""A million trials: equal to the formula in 50-digit arithmetic to $4\varepsilon$ of each value, in the middle and
    40σ away"""
    n, x = 10**6, np.array([500000.0, 520000.0, 480000.0, 500001.0])
    wants = np.array([fifty_digits(literal, k, n, 0.5) for k in x])
    rare = fifty_digits(literal, 3, n, 1e-6)
    yield relative(binomial(x, n, np.array(0.5)), wants, terms=1)
    yield relative(binomial(np.array([3.0]), n, np.array(1e-6)), [rare], terms=1)


@BINOMIAL.claim
def exact_at_zero_and_one(binomial, rng):
    """At p = 0 and p = 1 all the mass is on 0 or n: log-mass exactly 0 there, −∞ elsewhere"""
    x = np.array([0.0, 1.0, 7.0])
    yield identical(binomial(x, 7, np.array(0.0)), [0.0, -np.inf, -np.inf])
    yield identical(binomial(x, 7, np.array(1.0)), [-np.inf, -np.inf, 0.0])


@BINOMIAL.claim
def one_trial_copied(binomial, rng):
    """Without independence it fails: one toss counted n times has the mean np, but its variance is n times as large"""
    n, p, k = 12, 0.35, np.arange(13.0)
    mass = np.exp(binomial(k, n, np.array(p)))
    mean = float(mass @ k)
    copied = p * (n - mean) ** 2 + (1 - p) * mean**2
    return roundoff(copied / float(mass @ (k - mean) ** 2), n, terms=4 * n)


@BINOMIAL.claim
def unequal_trials_vary_less(binomial, rng):
    r"""Trials of different $p_i$ with the same mean number vary less: by $\sum(p_i-\bar p)^2$"""
    p = np.array([0.1, 0.2, 0.5, 0.6])
    mass, k, spread = np.ones(1), np.arange(5.0), []
    for q in p:
        mass = np.convolve(mass, [1 - q, q])
    for m in (np.exp(binomial(k, 4, np.array(p.mean()))), mass):
        spread.append(float(m @ k**2) - float(m @ k) ** 2)
    return roundoff(spread[0] - spread[1], ((p - p.mean()) ** 2).sum(), terms=16, scale=4.0)


@BINOMIAL.claim
def nears_the_normal(binomial, rng):
    r"""Standardised, it nears the normal distribution: for p = 0.3 the largest difference of $\sigma\,p(x)$ from the
    normal curve falls as $n^{-1/2}$"""
    p, missed, sizes = 0.3, [], (100, 400, 1600, 6400)
    for n in sizes:
        s = math.sqrt(n * p * (1 - p))
        k = np.arange(math.ceil(n * p - 4 * s), math.floor(n * p + 4 * s) + 1.0)
        bell = np.exp(-(((k - n * p) / s) ** 2) / 2) / math.sqrt(2 * math.pi)
        missed.append(np.abs(s * np.exp(binomial(k, n, np.array(p))) - bell).max())
    return rate(sizes, missed, -0.5)


@BINOMIAL.mutant(caught_by="total-mass-is-one, five-heads-of-ten, sum-of-trials, entropy, moments")
def one_order_only(x, n, p):
    """the binomial coefficient is missing"""
    return binomial(x, n, p) - (log_gamma(n + 1) - log_gamma(x + 1) - log_gamma(n - x + 1))


@BINOMIAL.mutant(caught_by="a-million-trials")
def as_it_is_written(x, n, p):
    """the formula as it is written: logarithms of factorials subtracted"""
    return binomial(x, n, p)


@BINOMIAL.mutant(
    caught_by="moments, distribution-function, divergence, fisher-information, total-mass-is-one, nears-the-normal, one-trial-copied, "
    "unequal-trials-vary-less"
)
def poisson_of_the_mean(x, n, p):
    """Poisson's distribution with the same mean"""
    return x_log_y(x, n * p) - n * p - log_gamma(x + 1)


@BINOMIAL.mutant(caught_by="exact-at-zero-and-one, equals-definition")
def clamped(x, n, p):
    """probabilities are clamped to [ε, 1−ε]"""
    return binomial(x, n, np.clip(p, 2.0**-52, 1 - 2.0**-52))


@BINOMIAL.mutant(caught_by="moments, sampler, distribution-function, exact-at-zero-and-one")
def exchanged(x, n, p):
    """success and failure exchanged"""
    return binomial(x, n, 1 - p)


@BINOMIAL.figure(
    n=Slider(1, 100, 20, "number of trials", integer=True), p=Slider(0.0, 1.0, 0.3, "probability of success")
)
def figure(n, p):
    n = int(n)
    fig, ax = canvas(width=6.4, height=3.4)
    k = np.arange(n + 1.0)
    mass = np.exp(binomial(k, n, np.array(p)))
    ax.bar(k, mass, color=COLOURS[0], alpha=0.5, label="binomial")
    spread = math.sqrt(n * p * (1 - p))
    poisson = np.exp(x_log_y(k, n * p) - n * p - log_gamma(k + 1))
    ax.plot(k, poisson, "o", ms=3, color=COLOURS[2], label="Poisson")
    apart, parts = 0.5 * float(np.abs(mass - poisson).sum() + max(0.0, 1 - poisson.sum())), ["", ""]
    if spread > 0:
        t = np.linspace(0, n, 400)
        ax.plot(
            t,
            np.exp(-((t - n * p) ** 2) / (2 * spread**2)) / (spread * math.sqrt(2 * math.pi)),
            color=COLOURS[1],
            label="normal",
        )
        bell = np.exp(-((k - n * p) ** 2) / (2 * spread**2)) / (spread * math.sqrt(2 * math.pi))
        worst = float(np.abs(bell - mass).max())
        parts = [f" The normal curve misses a bar by at most {worst:.2g}.", f"正态曲线与各柱的最大误差为 {worst:.2g}。"]
    ax.set(xlabel="x", ylabel="p(x)", ylim=(0, 1.15 * mass.max()), title=f"mean {n * p:.1f}, σ = {spread:.2f}")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(frameon=False)
    words = Text(
        f"n = {n} trials with p = {p:.2f}: mean {n * p:.2f}, standard deviation {spread:.2f}. The Poisson distribution of that mean is "
        f"{apart:.3f} away in total variation." + parts[0],
        f"n = {n} 次试验、p = {p:.2f}：均值 {n * p:.2f}，标准差 {spread:.2f}。同均值泊松分布与它的全变差为 {apart:.3f}。"
        + parts[1],
    )
    return Drawing(fig, words)
