"""The Poisson distribution."""

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
from gradus.page.evidence import bound, identical, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

LAST = 120  # beyond it the examples below have less than 1e-40


def _torch(log_density, x, lam):
    from torch.distributions import Poisson

    return log_density(Poisson(*like(x, lam), validate_args=False), x)


POISSON = Concept(
    key="poisson",
    kind="definition",
    title="Poisson distribution",
    summary="How many rare independent events happen when λ are expected: photons, calls, mutations. Mean and "
    "variance are the same number.",
    formulas=(
        r"p(x)=\frac{\lambda^{x}e^{-\lambda}}{x!},\qquad \log p(x)=x\log\lambda-\lambda-\log\Gamma(x+1),\qquad x=0,1,2,\dots",
        r"E X=\operatorname{Var}X=\lambda,\qquad I(\lambda)=1/\lambda\ (\lambda>0),\qquad \operatorname{Bin}(n,\lambda/n)\xrightarrow{n\to\infty}\operatorname{Poi}(\lambda)",
        r"\log p(x)=-\tfrac12\log(2\pi x)-\delta(x)-x\,D_0(\lambda/x),\qquad D_0(r)=r-1-\log r,\qquad \delta(x)\sim\tfrac1{12x}-\tfrac1{360x^3}+\dots\qquad(x\ge1,\ \lambda>0)",
    ),
    symbols=(
        Symbol("x", "x", "...", "counts", "natural"),
        Symbol(r"\lambda", "lam", "", "expected count", "nonnegative"),
        Symbol(r"\Gamma", "", "", r"gamma function: $\Gamma(x+1)=x!$"),
        Symbol("I", "", "", "Fisher information"),
        Symbol(r"\delta", "", "", "error of Stirling's formula; its series is asymptotic and diverges"),
        Symbol("D_0", "", "", "deviance of a ratio; 0 at 1"),
    ),
    needs=("binomial",),
    source="poisson1837recherches",
    year=1837,
    people=("Abraham de Moivre", "Siméon Denis Poisson"),
    aliases="rare events, counts, Poisson process, 泊松, 泊松过程, 稀有事件, 计数分布",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "on `torch.distributions.Poisson`, in Loader's form (the third formula)",
        ),
    ),
    readings="johnson2005univariate ch. 4; loader2000fast; feller1968introduction ch. VI",
    hypotheses=(
        Hypothesis("for the limit: the mean $np$ stays λ, so that p falls as n grows", "fixed-chances-are-not-rare"),
        Hypothesis("for sums: the two counts are independent", "one-count-twice"),
    ),
    deviations=(
        "At x = λ = 10⁶ `torch.distributions` is off by 9·10⁻¹¹ of log p in float64 and by 11 % in float32 (for "
        "float64 rates with integer counts by 5 %: `lgamma` of integers is taken in float32), SciPy's `logpmf` by "
        "9·10⁻¹¹.",
        r"`torch.nn.functional.poisson_nll_loss` leaves out $\log x!$ unless `full=True`, which then adds Stirling's "
        "approximation.",
    ),
    longest_sum=16,
    nonfinite="nan",
)


@POISSON.definition
def poisson(x, lam):
    inside = (x >= 0) & (x == np.floor(x)) & (x < np.inf)
    k = np.where(inside, x, 0)
    log_p = np.where(inside, x_log_y(k, lam) - lam - log_gamma(k + 1), -np.inf)
    return np.where(np.isnan(x + lam), np.nan, log_p)


@POISSON.example
def example():
    x, lam = np.arange(4.0), np.array(1.5)
    mass = np.exp(poisson(x, lam))
    trials = {
        n: np.array([math.comb(n, i) * (1.5 / n) ** i * (1 - 1.5 / n) ** (n - i) for i in range(4)]) for n in (6, 60)
    }
    k = np.arange(60.0)
    whole = np.exp(poisson(k, lam))
    return (
        dict(x=x, lam=lam, mass=mass, six=trials[6], sixty=trials[60], more=1 - mass.sum())
        | dict(ratio=lam / x[1:], mean=whole @ k, variance=whole @ k**2 - (whole @ k) ** 2)
        | dict(twice=np.exp(poisson(np.array(0.0), 2 * lam)), binomial_variance=1.5 * (1 - 1.5 / 6))
    )


@POISSON.exercise
def raisins():
    return number(-np.log(0.01), one_hundred=100, linear=0.99, bits=-np.log2(0.01))


@POISSON.exercise
def detected():
    emitted, share, k = 10.0, 0.3, np.arange(120.0)
    mass = np.exp(poisson(k, np.array(emitted)))  # of the emitted; each is detected with probability `share`
    mean = share * (mass @ k)
    second = mass @ (share * (1 - share) * k + (share * k) ** 2)  # E[detected² | emitted]
    return number(
        second - mean**2, ten_were_emitted=emitted * share * (1 - share), scaled=share**2 * emitted, emitted=emitted
    )


@POISSON.exercise
def clumped():
    mean, variance = 4.0, 16.0
    return choice(
        clumped=variance > 1.5 * mean, poisson=abs(variance - mean) < 0.5 * mean, regular=variance < 0.5 * mean
    )


@POISSON.cases
def cases(rng):
    yield "random", dict(x=rng.poisson(3.5, (2, 5)) + 0.0, lam=np.array(3.5))
    yield "few expected", dict(x=np.arange(4.0), lam=np.array(1e-3))
    yield "none expected", dict(x=np.array([0.0, 1.0]), lam=np.array(0.0))
    yield "far more than expected", dict(x=np.array([60.0]), lam=np.array(2.0))
    yield "no counts", dict(x=np.array([-1.0, 0.5]), lam=np.array(2.0))
    yield "long", dict(x=rng.poisson(3.5, 1500) + 0.0, lam=np.array(3.5))


@POISSON.invalid
def invalid(rng):
    yield "λ < 0", dict(x=np.zeros(2), lam=np.array(-1.0))
    yield "λ is NaN", dict(x=np.zeros(2), lam=np.array(np.nan))


def entropy(theta):
    """By the terms themselves, exact factorials."""
    lam = float(theta[0])
    mass = [math.exp(-lam) * (lam**k / math.factorial(k)) for k in range(LAST)]
    return -math.fsum(m * math.log(m) for m in mass if m > 0)


standard_claims(
    POISSON,
    Distribution(
        examples=((3.5,), (0.2,), (15.0,)),
        arguments=lambda theta: dict(lam=np.array(theta[0])),
        grid=lambda theta: counts(0, LAST),
        draw=lambda rng, theta, n: rng.poisson(theta[0], n),
        mean=lambda theta: theta[0],
        covariance=lambda theta: theta[0],
        entropy=entropy,
        divergence=lambda p, q: p[0] * math.log(p[0] / q[0]) + q[0] - p[0],
        information=lambda theta: 1 / theta[0],
        scipy=from_scipy("poisson"),
        reach=lambda theta: theta,
        formulas=dict(
            mean=r"\lambda",
            variance=r"\lambda",
            entropy=r"-\sum_x p(x)\log p(x)",
            divergence=r"\lambda_1\log\frac{\lambda_1}{\lambda_2}+\lambda_2-\lambda_1",
            information=r"1/\lambda",
        ),
    ),
)


def literal(x, lam):
    return x * lam.ln() - lam - decimal_log_gamma(x + 1)


@POISSON.claim(of_definition=False)
def counts_of_a_million(poisson, rng):
    r"""Counts of a million: equal to the formula in 50-digit arithmetic to $4\varepsilon$ of each value, at the mean and
    40σ away"""
    x = np.array([1000000.0, 1000001.0, 1040000.0, 960000.0])
    wants = [fifty_digits(literal, k, 1e6) for k in x]
    return relative(poisson(x, np.array(1e6)), wants, terms=1)


@POISSON.claim
def form_without_cancellation(poisson, rng):
    r"""Written with Stirling's series it is the third formula, in which nothing large is subtracted; δ to three terms,
    for $x\ge20$"""
    x, lam = np.array([20.0, 35.0, 60.0, 90.0]), 40.0
    delta = 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5)  # the next term is 1/1680x⁷ < 5e-13
    want = -0.5 * np.log(2 * np.pi * x) - delta - x * (lam / x - 1 - np.log(lam / x))
    left = 1 / (1680 * 20.0**7) / 2.0**-52
    return roundoff(poisson(x, np.array(lam)), want, terms=4, scale=200.0 + left)


@POISSON.claim
def law_of_rare_events(poisson, rng):
    r"""The law of rare events: $\operatorname{Bin}(n,\lambda/n)$ nears it, in total variation as $1/n$ (λ = 2)"""
    lam, k, found = 2.0, np.arange(40.0), []
    mass, sizes = np.exp(poisson(k, np.array(lam))), (64, 256, 1024, 4096)
    for n in sizes:
        p = lam / n
        trials = [math.comb(n, int(i)) * p**i * (1 - p) ** (n - i) for i in k]
        found.append(0.5 * np.abs(mass - trials).sum())
    return rate(sizes, found, -1.0)


@POISSON.claim
def sums_are_poisson(poisson, rng):
    r"""Sums of independent counts are Poisson again:
    $\operatorname{Poi}(\lambda_1)*\operatorname{Poi}(\lambda_2)=\operatorname{Poi}(\lambda_1+\lambda_2)$"""
    k = np.arange(30.0)
    one, two, both = (np.exp(poisson(k, np.array(lam))) for lam in (1.3, 2.2, 3.5))
    return roundoff(np.convolve(one, two)[:30], both, terms=60)


@POISSON.claim
def fixed_chances_are_not_rare(poisson, rng):
    r"""With p fixed it does not: $\operatorname{Bin}(n,\tfrac12)$ stays more than 0.15 away from $\operatorname{Poi}(n/2)$
    in total variation, for n = 16, 64 and 256"""
    for n in (16, 64, 256):
        k = np.arange(n + 1.0)
        mass = np.exp(poisson(k, np.array(n / 2)))
        trials = np.array([math.comb(n, int(i)) / 2**n for i in k])
        away = 0.5 * float(np.abs(mass - trials).sum() + 1 - mass.sum())
        yield bound(away, 0.15, "≥", Text("the variances differ by a factor of 2", "方差相差一倍"))
        yield bound(
            away, 0.2, "≤", Text("0.166 for normal distributions of that ratio", "方差比相同的两个正态分布为 0.166")
        )


@POISSON.claim
def one_count_twice(poisson, rng):
    r"""Without independence they are not: one count added to itself has the mean 2λ, but the variance 4λ"""
    k, lam = np.arange(60.0), 3.5
    mass, double = (np.exp(poisson(k, np.array(c * lam))) for c in (1, 2))
    spread = [float((m * (c * k - 2 * lam) ** 2).sum()) for m, c in ((double, 1), (mass, 2))]
    return roundoff(np.array(spread), np.array([2 * lam, 4 * lam]), terms=60)


@POISSON.claim
def none_expected(poisson, rng):
    """With none expected the count is 0: log-mass exactly 0 there, −∞ elsewhere"""
    return identical(poisson(np.array([0.0, 1.0, 5.0]), np.array(0.0)), [0.0, -np.inf, -np.inf])


@POISSON.mutant(
    caught_by="total-mass-is-one, moments, entropy, sampler, sums-are-poisson, law-of-rare-events, "
    "form-without-cancellation, one-count-twice, fixed-chances-are-not-rare"
)
def no_factorial(x, lam):
    """log x! is missing: no constant once counts are compared"""
    return x_log_y(x, lam) - lam


@POISSON.mutant(caught_by="counts-of-a-million")
def as_it_is_written(x, lam):
    """the formula as it is written, x log λ − λ − log x!"""
    return poisson(x, lam)


@POISSON.mutant(caught_by="counts-of-a-million, total-mass-is-one, distribution-function, equals-definition")
def rough_factorial(x, lam):
    """Stirling's first approximation for the factorial, as losses use it"""
    k = np.maximum(x, 1)
    return np.where(x == 0, -lam, x_log_y(x, lam) - lam - (k * np.log(k) - k + np.log(2 * np.pi * k) / 2))


@POISSON.mutant(caught_by="distribution-function, fisher-information, divergence, law-of-rare-events")
def bell(x, lam):
    """the normal distribution of the same mean and variance"""
    return -((x - lam) ** 2) / (2 * lam) - np.log(2 * np.pi * lam) / 2


@POISSON.mutant(caught_by="none-expected, equals-definition")
def nan_at_zero(x, lam):
    """0 · log 0 = NaN"""
    with np.errstate(all="ignore"):
        return x * np.log(lam) - lam - log_gamma(x + 1)


@POISSON.figure(
    lam=Slider(0.1, 40.0, 4.0, "expected count", log=True),
    n=Slider(5, 200, 20, "trials of the binomial beside it", integer=True),
)
def figure(lam, n):
    fig, ax = canvas(width=6.4, height=3.4)
    n, k = int(n), np.arange(0.0, math.ceil(lam + 5 * math.sqrt(lam) + 4))
    mass = np.exp(poisson(k, np.array(lam)))
    ax.bar(k, mass, color=COLOURS[0], alpha=0.5, label="Poisson")
    p = min(1.0, lam / n)
    trials = np.array([math.comb(n, int(i)) * p**i * (1 - p) ** (n - i) if i <= n else 0.0 for i in k])
    ax.plot(k, trials, "o", ms=4, color=COLOURS[1], label=f"binomial, n = {n}, p = {p:.3f}")
    apart = 0.5 * float(np.abs(mass - trials).sum())
    ax.set(xlabel="x", ylabel="p(x)", title=f"λ = {lam:.2f}; total variation {apart:.3f}")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(frameon=False)
    words = Text(
        f"With λ = {lam:.2f} expected, none comes with probability {math.exp(-lam):.3g}; the standard deviation is "
        f"{math.sqrt(lam):.2f}. The binomial distribution of n = {n} trials with p = {p:.3f} is {apart:.3f} away in total variation.",
        f"期望 λ = {lam:.2f} 次时，一次也不发生的概率为 {math.exp(-lam):.3g}，标准差为 {math.sqrt(lam):.2f}。"
        f"n = {n}、p = {p:.3f} 的二项分布与它的全变差为 {apart:.3f}。",
    )
    return Drawing(fig, words)
