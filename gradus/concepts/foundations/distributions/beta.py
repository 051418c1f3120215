"""The beta distribution."""

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
from gradus.concepts.foundations.distributions.quadrature import logistic, panels
from gradus.concepts.foundations.distributions.standard_claims import Distribution, from_scipy, standard_claims
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import function, number
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, a, b):
    from torch.distributions import Beta

    return log_density(Beta(*like(x, a, b), validate_args=False), x)


BETA = Concept(
    key="beta",
    kind="definition",
    title="Beta distribution",
    summary="A distribution on the probabilities: what is known of a coin after a − 1 heads and b − 1 tails from a "
    "uniform start. The conjugate prior of Bernoulli trials.",
    formulas=(
        r"p(x)=\frac{x^{a-1}(1-x)^{b-1}}{B(a,b)},\qquad B(a,b)=\frac{\Gamma(a)\Gamma(b)}{\Gamma(a+b)},\qquad 0<x<1",
        r"E X=\frac a{a+b},\qquad \operatorname{Var}X=\frac{ab}{(a+b)^2(a+b+1)},\qquad h=\log B-(a-1)\psi(a)-(b-1)\psi(b)+(a+b-2)\psi(a+b)",
        r"I(a,b)=\begin{pmatrix}\psi'(a)&0\\0&\psi'(b)\end{pmatrix}-\psi'(a+b)\begin{pmatrix}1&1\\1&1\end{pmatrix}",
    ),
    symbols=(
        Symbol("x", "x", "...", "where the log-density is taken", "unit"),
        Symbol("a", "a", "", "exponent of x, plus 1: a large a pulls towards 1", "positive"),
        Symbol("b", "b", "", "exponent of 1 − x, plus 1: a large b pulls towards 0", "positive"),
        Symbol("B", "", "", "beta function"),
        Symbol(r"\Gamma", "", "", "gamma function"),
        Symbol(r"\psi", "", "", r"digamma function, $(\log\Gamma)'$; $\psi'$ is its derivative"),
        Symbol("h", "", "", "entropy", unit="nat"),
        Symbol("I", "", "2 2", "Fisher information"),
    ),
    needs=("gamma", "bernoulli"),
    source="pearson1895contributions",
    year=1895,
    people=("Thomas Bayes", "Karl Pearson"),
    aliases="beta prior, conjugate prior, Beta 分布, 贝塔先验",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "on `torch.distributions.Beta`, whose own `log_prob` loses digits at large shapes",
        ),
    ),
    readings="johnson1995continuous ch. 25; bishop2006pattern §2.1.1; murphy2022probabilistic §2.7",
    hypotheses=(
        Hypothesis(
            "for the posterior: the trials are independent, each with the same probability of heads",
            "copies-are-no-evidence",
        ),
    ),
    deviations=(
        "At a = b = 10⁶, x = ½, `torch.distributions` is off by 6.7·10⁻¹⁰ of log p, SciPy by 1.2·10⁻¹⁰; Loader's "
        "form, used here, by less than 3ε.",
        "`torch.distributions.Beta` has no distribution function; SciPy's `beta.cdf` is the regularised incomplete "
        "beta function.",
    ),
    longest_sum=16,
)


@BETA.definition
def beta(x, a, b):
    outside = (x < 0) | (x > 1)
    y = np.where(outside, 0.5, x)
    log_p = x_log_y(a - 1, y) + x_log_y(b - 1, 1 - y) + log_gamma(a + b) - log_gamma(a) - log_gamma(b)
    return np.where(outside, -np.inf, log_p)


@BETA.example
def example():
    x, a, b = np.array([0.25, 0.5, 0.75]), np.array(3.0), np.array(2.0)
    log_p = beta(x, a, b)
    B = math.gamma(3) * math.gamma(2) / math.gamma(5)
    more = (5.0, 3.0)
    variance = lambda a, b: a * b / ((a + b) ** 2 * (a + b + 1))
    return (
        dict(x=x, a=a, b=b, B=B, factor=1 / B, log_p=log_p, p=np.exp(log_p), mean=a / (a + b))
        | dict(mode=(a - 1) / (a + b - 2), share=2 / 3, variance=variance(a, b))
        | dict(deviation=np.sqrt(variance(a, b)), more=np.array(more), more_mean=more[0] / sum(more))
        | dict(more_deviation=np.sqrt(variance(*more)), two=a / (a + b) * (a + 1) / (a + b + 1))
        | dict(square=(a / (a + b)) ** 2)
    )


@BETA.exercise
def five_of_five():
    a, b = 1 + 5, 1 + 0
    return number(a / (a + b), data_alone=1.0, prior_alone=0.5, one_more_too_many=(a + 1) / (a + b + 1))


@BETA.exercise
def firm_prior():
    a, b = 20 + 60, 20 + 40
    return number(a / (a + b), data_alone=0.6, halfway=(0.5 + 0.6) / 2, prior_alone=0.5)


@BETA.exercise
def two_heads():
    def next_two(a, b, heads, tails):
        n = a + b + heads + tails
        return (a + heads) / n * (a + heads + 1) / (n + 1)

    return function(next_two, (1.0, 1.0, 0, 0), (1.0, 1.0, 2, 1), (2.5, 0.5, 4, 7))


@BETA.cases
def cases(rng):
    yield "random", dict(x=rng.beta(2, 3, (2, 4)), a=np.array(2.0), b=np.array(3.0))
    yield "heaped at both ends", dict(x=np.array([1e-3, 0.5, 0.99]), a=np.array(0.5), b=np.array(0.5))
    yield "uniform", dict(x=np.array([0.0, 0.2, 1.0]), a=np.array(1.0), b=np.array(1.0))
    yield "at the ends", dict(x=np.array([0.0, 1.0]), a=np.array(2.0), b=np.array(0.5))
    yield "outside", dict(x=np.array([-0.5, 1.5]), a=np.array(2.0), b=np.array(2.0))
    yield "long", dict(x=rng.beta(2, 3, 1500), a=np.array(2.0), b=np.array(3.0))


@BETA.invalid
def invalid(rng):
    yield "a = 0", dict(x=np.full(2, 0.5), a=np.array(0.0), b=np.array(1.0))
    yield "b < 0", dict(x=np.full(2, 0.5), a=np.array(1.0), b=np.array(-1.0))


def log_b(a, b):
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def entropy(theta):
    a, b = theta
    return float(log_b(a, b) - (a - 1) * digamma(a) - (b - 1) * digamma(b) + (a + b - 2) * digamma(a + b))


def divergence(p, q):
    (a, b), (c, d) = p, q
    means = (a - c) * digamma(a) + (b - d) * digamma(b) + (c + d - a - b) * digamma(a + b)
    return float(log_b(c, d) - log_b(a, b) + means)


def information(theta):
    return np.diag(trigamma(theta)) - trigamma(theta.sum())


standard_claims(
    BETA,
    Distribution(
        examples=((2.0, 3.0), (0.7, 2.5), (6.0, 2.0), (5.0, 8.0)),
        arguments=lambda theta: dict(a=np.array(theta[0]), b=np.array(theta[1])),
        grid=lambda theta: panels(-40 / theta[0] - 4, 40 / theta[1] + 4, logistic),
        draw=lambda rng, theta, n: rng.beta(*theta, n),
        mean=lambda theta: theta[0] / theta.sum(),
        covariance=lambda theta: theta.prod() / (theta.sum() ** 2 * (theta.sum() + 1)),
        entropy=entropy,
        divergence=divergence,
        information=information,
        scipy=from_scipy("beta"),
        reach=lambda theta: theta,
        formulas=dict(
            mean=r"\frac a{a+b}",
            variance=r"\frac{ab}{(a+b)^2(a+b+1)}",
            entropy=r"\log B-(a-1)\psi(a)-(b-1)\psi(b)+(a+b-2)\psi(a+b)",
            divergence=r"\log\frac{B(a_2,b_2)}{B(a_1,b_1)}+(a_1-a_2)\psi(a_1)+(b_1-b_2)\psi(b_1)+(a_2+b_2-a_1-b_1)\psi(a_1+b_1)",
            information=r"\operatorname{diag}(\psi'(a),\psi'(b))-\psi'(a+b)\,\mathbf 1\mathbf 1^{\mathsf T}",
        ),
    ),
)


@BETA.claim
def conjugate_to_trials(beta, rng):
    r"""After h heads and t tails a prior $\operatorname{Beta}(a,b)$ is $\operatorname{Beta}(a+h,b+t)$: prior times
    likelihood, over its integral by quadrature"""
    for a, b, h, t in ((1.0, 1.0, 3, 7), (2.5, 1.5, 10, 0), (0.8, 2.0, 4, 4)):
        grid = panels(-45 / a, 45 / b, logistic)
        product = beta(grid.x, np.array(a), np.array(b)) + h * np.log(grid.x) + t * np.log1p(-grid.x)
        evidence = float((grid.w * np.exp(product)).sum())
        x = rng.random(20)
        posterior = beta(x, np.array(a), np.array(b)) + h * np.log(x) + t * np.log1p(-x) - math.log(evidence)
        yield roundoff(beta(x, np.array(a + h), np.array(b + t)), posterior, terms=grid.w.size, scale=1.0)


@BETA.claim
def copies_are_no_evidence(beta, rng):
    r"""Trials that are copies of each other are no new evidence: counted again, 7 heads and 3 tails from a uniform
    prior give $\operatorname{Beta}(15,7)$ for $\operatorname{Beta}(8,4)$, and 0.55 of the variance where nothing was learnt"""
    grid, spread = panels(-45.0, 45.0, logistic), []
    for a, b in ((8.0, 4.0), (15.0, 7.0)):
        mass = grid.w * np.exp(beta(grid.x, np.array(a), np.array(b)))
        spread.append(float((mass * (grid.x - (mass * grid.x).sum()) ** 2).sum()))
    want = (15 * 7 / (22**2 * 23)) / (8 * 4 / (12**2 * 13))
    return roundoff(spread[1] / spread[0], want, terms=grid.w.size)


@BETA.claim
def order_statistics(beta, rng):
    r"""The k-th smallest of n independent uniform numbers is $\operatorname{Beta}(k,n+1-k)$:
    $n\binom{n-1}{k-1}x^{k-1}(1-x)^{n-k}$, with exact coefficients"""
    n, x = 9, rng.uniform(0.05, 0.95, 20)
    for k in (1, 4, 9):
        want = n * math.comb(n - 1, k - 1) * x ** (k - 1) * (1 - x) ** (n - k)
        got = np.exp(beta(x, np.array(float(k)), np.array(float(n + 1 - k))))
        yield roundoff(got, want, terms=32)


@BETA.claim
def mirrored(beta, rng):
    """Heads and tails exchanged: $p_{a,b}(x)=p_{b,a}(1-x)$"""
    x = rng.integers(1, 1024, 30) / 1024.0  # so that 1 − x is exact
    a, b = np.array(1.7), np.array(4.2)
    yield invariance(beta(1 - x, b, a), beta(x, a, b), terms=16)
    yield bound(
        np.abs(beta(1 - x, a, b) - beta(x, a, b)).max(), 0.1, "≥", Text("the shapes differ", "两个形状参数不同")
    )


def literal(x, a, b):
    constant = decimal_log_gamma(a + b) - decimal_log_gamma(a) - decimal_log_gamma(b)
    return constant + (a - 1) * x.ln() + (b - 1) * (1 - x).ln()


@BETA.claim(of_definition=False)
def shapes_of_a_million(beta, rng):
    """Shapes of a million: equal to the formula in 50-digit arithmetic, to the rounding of x/mean, in the middle and
    40σ away"""
    x, million = np.array([0.5, 0.5142, 0.4858, 0.50001]), 1e6
    got = beta(x, np.array(million), np.array(million))
    wants = np.array([fifty_digits(literal, v, million, million) for v in x])
    # rounding of (a + b)x by half a unit moves log p by |a − (a + b)x|ε/2
    moved = 1 + 2 * million * np.abs(2 * x - 1) / np.abs(wants)
    return all_of(*[relative(g, w, terms=4 * m) for g, w, m in zip(got, wants, moved, strict=True)])


@BETA.claim
def at_the_ends(beta, rng):
    """At 0 the shape a decides, at 1 the shape b: −∞ for a shape above 1, finite at 1, +∞ below; outside −∞"""
    ends, out = np.array([0.0, 1.0]), np.array([-0.1, 1.1])
    two, one, half = np.array(2.0), np.array(1.0), np.array(0.5)
    yield identical(beta(ends, two, two), [-np.inf, -np.inf])
    yield identical(beta(ends, half, two), [np.inf, -np.inf])
    yield roundoff(beta(ends, one, one), [0.0, 0.0], scale=1.0)
    yield identical(beta(out, half, half), [-np.inf, -np.inf])


@BETA.mutant(
    caught_by="total-mass-is-one, moments, order-statistics, at-the-ends, distribution-function, copies-are-no-evidence"
)
def exponents_too_large(x, a, b):
    """exponents a and b in place of a − 1 and b − 1"""
    y = np.clip(x, 0, 1)
    return beta(x, a, b) + x_log_y(1.0, y) + x_log_y(1.0, 1 - y)


@BETA.mutant(caught_by="total-mass-is-one, entropy, divergence, fisher-information, conjugate-to-trials, sampler")
def no_normaliser(x, a, b):
    """the beta function is missing"""
    return beta(x, a, b) - (log_gamma(a + b) - log_gamma(a) - log_gamma(b))


@BETA.mutant(caught_by="moments, distribution-function, sampler, conjugate-to-trials, order-statistics")
def exchanged(x, a, b):
    """the two shapes exchanged"""
    return beta(x, b, a)


@BETA.mutant(caught_by="shapes-of-a-million")
def as_it_is_written(x, a, b):
    """the formula as it is written, at large shapes"""
    return beta(x, a, b)


@BETA.mutant(caught_by="mirrored, total-mass-is-one, at-the-ends, conjugate-to-trials")
def power_distribution(x, a, b):
    """only x counts: (1 − x) has exponent 0"""
    return beta(x, a, 0 * b + 1)


@BETA.figure(
    heads=Slider(0, 60, 7, "heads seen", integer=True),
    tails=Slider(0, 60, 3, "tails seen", integer=True),
    prior=Slider(0.5, 20.0, 1.0, "both shapes of the prior", log=True),
)
def figure(heads, tails, prior):
    fig, ax = canvas(width=6.4, height=3.4)
    x = np.linspace(0, 1, 501)[1:-1]
    a, b = prior + heads, prior + tails
    before = np.exp(beta(x, np.array(prior), np.array(prior)))
    after = np.exp(beta(x, np.array(a), np.array(b)))
    ax.plot(x, before, color=COLOURS[6], ls="--", label=f"prior Beta({prior:.1f}, {prior:.1f})")
    ax.plot(x, after, label=f"after {int(heads)} heads, {int(tails)} tails")
    ax.fill_between(x, after, color=COLOURS[0], alpha=0.15)
    mean, spread = a / (a + b), math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    ax.axvline(mean, color=COLOURS[1], lw=0.9)
    top = 1.25 * max(1.0, np.percentile(after, 99.5))
    ax.set(xlabel="probability of heads", ylabel="density", title=f"mean {mean:.3f} ± {spread:.3f}", ylim=(0, top))
    ax.legend(frameon=False, loc="upper left")
    share = f"{heads / (heads + tails):.3f}" if heads + tails else "–"
    words = Text(
        f"From a prior Beta({prior:.1f}, {prior:.1f}), {int(heads)} heads and {int(tails)} tails lead to Beta({a:.1f}, {b:.1f}): mean "
        f"{mean:.3f}, standard deviation {spread:.3f}. The share of heads is {share}; the prior draws the mean towards ½.",
        f"从先验 Beta({prior:.1f}, {prior:.1f}) 出发，{int(heads)} 次正面、{int(tails)} 次反面得到 Beta({a:.1f}, {b:.1f})：均值 {mean:.3f}，标准差 {spread:.3f}。正面的频率为 {share}；先验把均值拉向 ½。",
    )
    return Drawing(fig, words)
