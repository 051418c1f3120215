"""The Bernoulli distribution."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.exact_values import like, x_log_y
from gradus.concepts.foundations.distributions.quadrature import counts
from gradus.concepts.foundations.distributions.standard_claims import Distribution, from_scipy, standard_claims
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, p):
    from torch.distributions import Bernoulli

    return log_density(Bernoulli(*like(x, p), validate_args=False), x)


BERNOULLI = Concept(
    key="bernoulli",
    kind="definition",
    title="Bernoulli distribution",
    summary="One trial that succeeds with probability p: a coin, a label of two classes. Minus its log-mass is the "
    "binary cross-entropy.",
    formulas=(
        r"p(x)=p^{x}(1-p)^{1-x},\quad x\in\{0,1\},\qquad \log p(x)=x\log p+(1-x)\log(1-p),\qquad 0\log 0=0",
        r"E X=p,\qquad \operatorname{Var}X=p(1-p),\qquad I(p)=\frac{1}{p(1-p)}\quad(0<p<1)",
    ),
    symbols=(
        Symbol("x", "x", "...", "outcomes: 1 success, 0 failure", "natural"),
        Symbol("p", "p", "", "probability of success", "unit"),
        Symbol("I", "", "", "Fisher information"),
    ),
    needs=("probability", "expectation", "entropy"),
    source="bernoulli1713ars",
    year=1713,
    people=("Jacob Bernoulli",),
    aliases="coin flip, Bernoulli trial, 两点分布, 0-1 分布, 伯努利试验, 抛硬币",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "on `torch.distributions.Bernoulli`, whose own `log_prob` clamps p",
        ),
    ),
    readings="johnson2005univariate ch. 3; murphy2022probabilistic §2.4; bishop2006pattern §2.1",
    hypotheses=(Hypothesis("$0<p<1$, for the Fisher information and for a score of mean 0", "no-score-at-the-ends"),),
    deviations=(
        "`torch.distributions.Bernoulli(probs).log_prob` clamps p to [ε, 1−ε]: an impossible outcome gets −36.04 in "
        "float64, −15.94 in float32, not −∞. SciPy gives −∞.",
        "Given as log-odds (`logits=`), p keeps its digits near 1, where 1 − p does not.",
    ),
    nonfinite="nan",
)


@BERNOULLI.definition
def bernoulli(x, p):
    inside = (x == 0) | (x == 1)
    log_p = np.where(inside, x_log_y(x, p) + x_log_y(1 - x, 1 - p), -np.inf)
    return np.where(np.isnan(x + p), np.nan, log_p)


@BERNOULLI.example
def example():
    x, p = np.array([1.0, 0.0, 1.0]), np.array(0.8)
    share = x.mean()
    return (
        dict(x=x, p=p, q=1 - p, log_p=bernoulli(x, p), total=bernoulli(x, p).sum())
        | dict(loss=-bernoulli(x, p).mean(), likelihood=np.exp(bernoulli(x, p).sum()), share=share)
        | dict(best=-bernoulli(x, share).mean(), variance=p * (1 - p), information=1 / (p * (1 - p)))
        | dict(score=x / p - (1 - x) / (1 - p), logit=np.log(p / (1 - p)), slope=p - share, near=0.99)
        | dict(ratio=p * (1 - p) / (0.99 * 0.01))
    )


@BERNOULLI.exercise
def square():
    p, x = np.array(0.3), np.array([0.0, 1.0])
    mass = np.exp(bernoulli(x, p))
    success = mass[x**2 == 1].sum()  # P(X² = 1)
    return choice(same=np.isclose(success, p), squared=np.isclose(success, p**2), not_bernoulli=False)


@BERNOULLI.exercise
def confident_miss():
    p = np.array(0.999)
    return number(-bernoulli(np.array(0.0), p), bits=-np.log2(1 - p), squared=p**2, right=-bernoulli(np.array(1.0), p))


@BERNOULLI.exercise
def how_many_clicks():
    p, relative = 0.01, 0.1
    n = p * (1 - p) / (relative * p) ** 2
    return number(n, absolute=p * (1 - p) / relative**2, not_squared=(1 - p) / p / relative, tolerance=0.02)


@BERNOULLI.cases
def cases(rng):
    yield "random", dict(x=(rng.random((3, 4)) < 0.3) + 0.0, p=np.array(0.3))
    yield "certain success", dict(x=np.array([0.0, 1.0]), p=np.array(1.0))
    yield "certain failure", dict(x=np.array([0.0, 1.0]), p=np.array(0.0))
    yield "nearly impossible", dict(x=np.array([1.0, 0.0]), p=np.array(2.0**-60))
    yield "no outcome of a trial", dict(x=np.array([2.0, -1.0, 0.5]), p=np.array(0.5))
    yield "long", dict(x=(rng.random(1500) < 0.3) + 0.0, p=np.array(0.3))


@BERNOULLI.invalid
def invalid(rng):
    yield "p > 1", dict(x=np.zeros(2), p=np.array(1.5))
    yield "p < 0", dict(x=np.zeros(2), p=np.array(-0.5))
    yield "p is NaN", dict(x=np.zeros(2), p=np.array(np.nan))


def two(p, q):
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


standard_claims(
    BERNOULLI,
    Distribution(
        examples=((0.3,), (0.5,), (0.98,)),
        arguments=lambda theta: dict(p=np.array(theta[0])),
        grid=lambda theta: counts(0, 1),
        draw=lambda rng, theta, n: rng.binomial(1, theta[0], n),
        mean=lambda theta: theta[0],
        covariance=lambda theta: theta[0] * (1 - theta[0]),
        entropy=lambda theta: -theta[0] * math.log(theta[0]) - (1 - theta[0]) * math.log(1 - theta[0]),
        divergence=lambda p, q: two(p[0], q[0]),
        information=lambda theta: 1 / (theta[0] * (1 - theta[0])),
        scipy=from_scipy("bernoulli"),
        reach=lambda theta: np.minimum(theta, 1 - theta),
        formulas=dict(
            mean="p",
            variance="p(1-p)",
            entropy=r"-p\log p-(1-p)\log(1-p)",
            divergence=r"p\log\frac pq+(1-p)\log\frac{1-p}{1-q}",
            information=r"1/(p(1-p))",
        ),
    ),
)


@BERNOULLI.claim
def exact_at_zero_and_one(bernoulli, rng):
    """At p = 0 and p = 1 the certain outcome has log-mass 0, the impossible one −∞, exactly"""
    x = np.array([0.0, 1.0])
    yield identical(bernoulli(x, np.array(0.0)), [0.0, -np.inf])
    yield identical(bernoulli(x, np.array(1.0)), [-np.inf, 0.0])


@BERNOULLI.claim
def tiny_probability(bernoulli, rng):
    r"""The log-mass of a tiny p keeps its digits: $\log 10^{-300}$ for a success, $-10^{-300}$ (or 0) for a failure"""
    got = bernoulli(np.array([1.0, 0.0]), np.array(1e-300))
    return all_of(roundoff(got[0], -300 * math.log(10)), roundoff(got[1], 0.0, scale=1.0))


@BERNOULLI.claim
def no_score_at_the_ends(bernoulli, rng):
    r"""At $p=0$ there is no score of mean 0: the only possible outcome, 0, has the one-sided slope $-1$; and
    $1/(p(1-p))$ grows without bound"""
    h = 2.0**-20
    slope = (bernoulli(np.array([0.0]), np.array(h)) - bernoulli(np.array([0.0]), np.array(0.0))) / h
    return roundoff(slope, np.array([-1.0]), terms=4, scale=1 + h / 2.0**-52)  # log(1 − h)/h = −1 − h/2 − …


@BERNOULLI.mutant(caught_by="exact-at-zero-and-one, tiny-probability, equals-definition")
def clamped(x, p):
    """probabilities are clamped to [ε, 1−ε]"""
    return bernoulli(x, np.clip(p, 2.0**-52, 1 - 2.0**-52))


@BERNOULLI.mutant(caught_by="exact-at-zero-and-one, equals-definition")
def nan_at_zero(x, p):
    """0 · log 0 = NaN"""
    with np.errstate(all="ignore"):
        return x * np.log(p) + (1 - x) * np.log(1 - p)


@BERNOULLI.mutant(
    caught_by="moments, distribution-function, sampler, exact-at-zero-and-one, tiny-probability, no-score-at-the-ends"
)
def exchanged(x, p):
    """success and failure exchanged"""
    return bernoulli(1 - x, p)


@BERNOULLI.mutant(caught_by="total-mass-is-one, entropy, divergence, fisher-information, distribution-function")
def successes_only(x, p):
    """the failures are left out"""
    return x_log_y(x, p)


@BERNOULLI.mutant(caught_by="equals-definition")
def mass_off_the_support(x, p):
    """outcomes other than 0 and 1 get a mass"""
    return x_log_y(x, p) + x_log_y(1 - x, 1 - p)


@BERNOULLI.figure(p=Slider(0.0, 1.0, 0.3, "probability of success"), q=Slider(0.01, 0.99, 0.6, "believed probability"))
def figure(p, q):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.2)
    mass = np.exp(bernoulli(np.array([0.0, 1.0]), np.array(p)))
    left.bar([0, 1], mass, color=[COLOURS[6], COLOURS[0]], width=0.5)
    left.set(xticks=[0, 1], xlabel="x", ylabel="p(x)", title=f"mean {p:.2f}, variance {p * (1 - p):.3f}", ylim=(0, 1))
    grid = np.linspace(0.005, 0.995, 199)
    cost = -(p * np.log(grid) + (1 - p) * np.log(1 - grid))
    right.plot(grid, cost, label="cross-entropy H(p, q)")
    h = float(-(x_log_y(p, p) + x_log_y(1 - p, 1 - p)))
    at = -(p * math.log(q) + (1 - p) * math.log(1 - q))
    right.axhline(h, color=COLOURS[2], ls="--", label="entropy H(p)")
    right.plot([q, q], [h, at], color=COLOURS[1], label="divergence")
    right.set(xlabel="q", ylabel="nats", ylim=(0, 3), title=f"believing q = {q:.2f} costs {at - h:.3f} more")
    right.legend(frameon=False, loc="upper center")
    words = Text(
        f"A trial with p = {p:.2f} has variance {p * (1 - p):.3f} and entropy {h:.3f} nats. Who believes q = {q:.2f} pays "
        f"{at:.3f} nats on average, {at - h:.3f} more: the divergence; nothing is wasted only at q = p.",
        f"p = {p:.2f} 的试验方差为 {p * (1 - p):.3f}，熵为 {h:.3f} 奈特。相信 q = {q:.2f} 平均付出 {at:.3f} 奈特，"
        f"多出的 {at - h:.3f} 即散度；只有 q = p 时没有浪费。",
    )
    return Drawing(fig, words)
