"""The exponential distribution."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.exact_values import like
from gradus.concepts.foundations.distributions.quadrature import exponential as of_logarithm
from gradus.concepts.foundations.distributions.quadrature import panels
from gradus.concepts.foundations.distributions.standard_claims import Distribution, from_scipy, standard_claims
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import identical, invariance, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, lam):
    from torch.distributions import Exponential

    return log_density(Exponential(*like(x, lam), validate_args=False), x)


EXPONENTIAL = Concept(
    key="exponential",
    kind="definition",
    title="Exponential distribution",
    summary="How long until the next event when events come at rate λ and nothing is remembered. Among densities on the "
    "positive numbers with a given mean it has the greatest entropy.",
    formulas=(
        r"p(x)=\lambda e^{-\lambda x},\qquad \log p(x)=\log\lambda-\lambda x,\qquad F(x)=1-e^{-\lambda x}\qquad(x\ge0)",
        r"E X=\frac1\lambda,\qquad \operatorname{Var}X=\frac1{\lambda^2},\qquad h=1-\log\lambda,\qquad I(\lambda)=\frac1{\lambda^2}",
        r"P(X>s+t\mid X>s)=P(X>t)\qquad(s,t\ge0)",
    ),
    symbols=(
        Symbol("x", "x", "...", "waiting times"),
        Symbol(r"\lambda", "lam", "", "rate: events per unit of time", "positive"),
        Symbol("h", "", "", "entropy", unit="nat"),
        Symbol("I", "", "", "Fisher information"),
        Symbol("F", "", "", "distribution function"),
        Symbol("s,\\,t", "", "", "times"),
    ),
    needs=("expectation", "entropy"),
    source="erlang1909theory",
    year=1909,
    people=("Agner Krarup Erlang",),
    aliases="memoryless, waiting time, 负指数分布, 无记忆性",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "on `torch.distributions.Exponential`; −∞ off the support, where `log_prob` raises, or is wrong without "
            "validation",
        ),
    ),
    readings="johnson1994continuous ch. 19; feller1968introduction ch. XVII",
    hypotheses=(Hypothesis("$s,t\\ge0$, for the lack of memory", "nothing-before-the-start"),),
    conventions=(Convention("parameter", "the rate λ, as in PyTorch", "the scale 1/λ, in NumPy and SciPy"),),
    deviations=(
        r"`torch.distributions.Exponential(…, validate_args=False)` gives −1 the log-density $\log\lambda+\lambda$.",
    ),
)


@EXPONENTIAL.definition
def exponential(x, lam):
    return np.where(x < 0, -np.inf, np.log(lam) - lam * x)


@EXPONENTIAL.example
def example():
    x, lam, s = np.array([0.25, 0.5, 1.5]), np.array(2.0), 1.0
    survival = np.exp(-lam * x)
    return (
        dict(x=x, lam=lam, log_p=exponential(x, lam), p=np.exp(exponential(x, lam)), survival=survival)
        | dict(mean=1 / lam, median=np.log(2) / lam, deviation=1 / lam, log_lam=np.log(lam))
        | dict(entropy=1 - np.log(lam), s=s, at_s=np.exp(-lam * s))
        | dict(further=np.exp(-lam * (s + x[1])) / np.exp(-lam * s), data_mean=x.mean())
        | dict(estimate=1 / x.mean(), first=1 / (lam + 3), share=lam / (lam + 3))
    )


@EXPONENTIAL.exercise
def bus():
    gap = 10.0
    return number(gap, half_the_gap=gap / 2, whole_gap=2 * gap)


@EXPONENTIAL.exercise
def three_lamps():
    life = 1000.0
    return number(life / 3, one_lamp=life, last=life * (1 + 1 / 2 + 1 / 3), added=3 * life)


@EXPONENTIAL.exercise
def used_part():
    def survives(t):
        return np.exp(-(t**2))  # a part whose rate of failure grows with its age

    new, used = survives(1.0), survives(2.0) / survives(1.0)
    return choice(used_is_worse=used < new - 1e-9, equal=abs(used - new) < 1e-9, used_is_better=used > new + 1e-9)


@EXPONENTIAL.cases
def cases(rng):
    yield "random", dict(x=rng.exponential(0.5, (2, 5)), lam=np.array(2.0))
    yield "at once", dict(x=np.array([0.0, 1.0]), lam=np.array(0.1))
    yield "far out", dict(x=np.array([1e3, 1e6]), lam=np.array(1.0))
    yield "before the start", dict(x=np.array([-1.0, -1e-12]), lam=np.array(3.0))
    yield "long", dict(x=rng.exponential(0.5, 1500), lam=np.array(2.0))


@EXPONENTIAL.invalid
def invalid(rng):
    yield "λ = 0", dict(x=np.ones(2), lam=np.array(0.0))
    yield "λ < 0", dict(x=np.ones(2), lam=np.array(-2.0))


standard_claims(
    EXPONENTIAL,
    Distribution(
        examples=((1.0,), (0.1,), (4.0,)),
        arguments=lambda theta: dict(lam=np.array(theta[0])),
        grid=lambda theta: panels(-45 - math.log(theta[0]), 4 - math.log(theta[0]), of_logarithm),
        draw=lambda rng, theta, n: rng.exponential(1 / theta[0], n),
        mean=lambda theta: 1 / theta[0],
        covariance=lambda theta: 1 / theta[0] ** 2,
        entropy=lambda theta: 1 - math.log(theta[0]),
        divergence=lambda p, q: math.log(p[0] / q[0]) + q[0] / p[0] - 1,
        information=lambda theta: 1 / theta[0] ** 2,
        scipy=from_scipy("expon", lambda theta: (0, 1 / theta[0])),
        formulas=dict(
            mean=r"1/\lambda",
            variance=r"1/\lambda^2",
            entropy=r"1-\log\lambda",
            divergence=r"\log\frac{\lambda_1}{\lambda_2}+\frac{\lambda_2}{\lambda_1}-1",
            information=r"1/\lambda^2",
        ),
    ),
)


@EXPONENTIAL.claim
def no_memory(exponential, rng):
    """It has no memory: $p(s+t)/P(X>s)=p(t)$, however long the wait has been"""
    lam, t = 1.5, rng.exponential(1.0, 20)
    for s in (0.5, 4.0, 100.0):
        later = exponential(s + t, np.array(lam)) + lam * s  # P(X > s) = exp(−λs)
        yield invariance(later, exponential(t, np.array(lam)), terms=4, scale=lam * (s + 6))


@EXPONENTIAL.claim
def nothing_before_the_start(exponential, rng):
    """Before the start there is nothing: log-density −∞. So time before the start is remembered: from s = −1 on, the
    density at t is that at t − 1, not that at t"""
    early = exponential(np.array([0.5, 2.0]) - 1.0, np.array(2.0))  # p(s + t)/P(X > s), where P(X > −1) = 1
    yield identical(early[0], -np.inf)
    yield roundoff(early[1] - exponential(np.array([2.0]), np.array(2.0))[0], 2.0, scale=8.0)
    yield identical(exponential(np.array([-1e-300, -1.0, -40.0]), np.array(2.0)), np.full(3, -np.inf))
    yield roundoff(exponential(np.array([0.0]), np.array(2.0)), [math.log(2)])


@EXPONENTIAL.claim
def gaps_of_random_points(exponential, rng):
    r"""The gaps between n independent points, uniform on $[0,n/\lambda]$, become exponential of rate λ as n grows: of
    4000 gaps at n = 200 000 the share beyond s is $p(s)/\lambda=e^{-\lambda s}$, for s = 0.1, 0.5 and 1"""
    lam, n = 2.0, 200_000
    points = np.sort(rng.random(n) * n / lam)
    gaps = np.diff(points)[::50][:4000]
    for s in (0.1, 0.5, 1.0):
        yield statistical(gaps > s, float(np.exp(exponential(np.array(s), np.array(lam)))) / lam)


@EXPONENTIAL.mutant(
    caught_by="moments, distribution-function, sampler, entropy, divergence, no-memory, gaps-of-random-points"
)
def scale_for_rate(x, lam):
    """the scale taken for the rate"""
    return exponential(x, 1 / lam)


@EXPONENTIAL.mutant(caught_by="total-mass-is-one, entropy, fisher-information, nothing-before-the-start")
def no_normaliser(x, lam):
    """the normaliser λ is missing"""
    return exponential(x, lam) - np.log(lam)


@EXPONENTIAL.mutant(caught_by="nothing-before-the-start, equals-definition")
def everywhere(x, lam):
    """the support is forgotten"""
    return np.log(lam) - lam * x


@EXPONENTIAL.mutant(caught_by="total-mass-is-one, nothing-before-the-start, distribution-function")
def both_sides(x, lam):
    """Laplace's distribution: half of the mass before the start"""
    return np.log(lam / 2) - lam * np.abs(x)


@EXPONENTIAL.figure(lam=Slider(0.2, 3.0, 1.0, "rate", log=True), s=Slider(0.0, 4.0, 1.0, "time already waited"))
def figure(lam, s):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.2)
    t = np.linspace(0, 6, 301)
    p = np.exp(exponential(t, np.array(lam)))
    left.plot(t, p, label="p(x)")
    later = t >= s
    left.fill_between(t[later], p[later], color=COLOURS[1], alpha=0.3, label=f"P(X > s) = {math.exp(-lam * s):.3f}")
    left.set(xlabel="x", ylabel="density", title=f"mean {1 / lam:.2f}, median {math.log(2) / lam:.2f}", ylim=(0, None))
    left.legend(frameon=False)
    right.plot(t, p, lw=4, alpha=0.3, label="from the start")
    right.plot(
        t,
        np.exp(exponential(t + s, np.array(lam)) + lam * s),
        color=COLOURS[1],
        ls="--",
        label=f"after waiting {s:.1f}",
    )
    right.set(xlabel="further wait", ylabel="density", title="no memory", ylim=(0, None))
    right.legend(frameon=False)
    words = Text(
        f"At rate {lam:.2f} the mean wait is {1 / lam:.2f}. With probability {math.exp(-lam * s):.3f} nothing has come by {s:.1f}; "
        f"then the further wait has the same distribution, and the mean {1 / lam:.2f} again.",
        f"速率 {lam:.2f} 时平均等待 {1 / lam:.2f}。到 {s:.1f} 时仍无事件的概率为 {math.exp(-lam * s):.3f}；此后的等待仍服从同一分布，均值仍为 {1 / lam:.2f}。",
    )
    return Drawing(fig, words)
