"""Bayes' theorem."""

from fractions import Fraction
from math import comb

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _logs(log_softmax, prior, likelihood):
    """Through logarithms: products of many small likelihoods do not underflow."""
    with np.errstate(divide="ignore"):
        return np.exp(log_softmax(np.log(prior) + np.log(likelihood), axis=-1))


def _torch(softmax, prior, likelihood):
    return softmax(prior.log() + likelihood.log(), dim=-1)


BAYES = Concept(
    key="bayes",
    kind="theorem",
    title="Bayes' theorem",
    summary="How evidence changes what is believed: the probability of each hypothesis is multiplied by how well it "
    "predicted the evidence, and the products are scaled to 1. The positives of a test that errs rarely are still "
    "mostly wrong when what it looks for is rarer: the base rate counts as much as the test.",
    formulas=(
        r"P(h_i\mid e)=\frac{P(e\mid h_i)\,P(h_i)}{\sum_jP(e\mid h_j)\,P(h_j)}",
        r"\frac{P(h_1\mid e)}{P(h_2\mid e)}=\frac{P(e\mid h_1)}{P(e\mid h_2)}\cdot\frac{P(h_1)}{P(h_2)}",
        r"\theta\sim\operatorname{Beta}(a,b),\ s\sim\operatorname{Bin}(n,\theta):\ \theta\mid s\sim\operatorname{Beta}(a+s,\,b+n-s)",
    ),
    symbols=(
        Symbol("P(h)", "prior", "... k", "probabilities of the hypotheses before", "simplex"),
        Symbol("P(e\\mid h)", "likelihood", "... k", "probability, or density, of the evidence under each", "positive"),
        Symbol("P(h\\mid e)", "", "... k", "probabilities of the hypotheses after", "simplex"),
        Symbol("h_i,h_j", "", "", "hypotheses that exclude each other and leave nothing out"),
        Symbol("e", "", "", "the evidence"),
        Symbol("k", "", "", "number of hypotheses", "natural"),
        Symbol("s", "", "", "number of successes", "natural"),
        Symbol(r"\theta", "", "", "an unknown probability", "unit"),
        Symbol("a,b", "", "", "parameters of its prior", "positive"),
        Symbol("n", "", "", "number of trials", "natural"),
    ),
    needs=("probability",),
    source="bayes1763essay",
    year=1763,
    people=("Thomas Bayes", "Richard Price", "Pierre-Simon Laplace"),
    aliases="Bayes rule, Bayesian inference, posterior, prior, base rate, "
    "贝叶斯公式, 贝叶斯法则, 后验概率, 先验, 贝叶斯推断",
    implementations=(
        Implementation("scipy.special:log_softmax", "numpy", _logs, "of the logarithms"),
        Implementation("torch:softmax", "torch", _torch, "of the logarithms"),
    ),
    readings="gelman2013bayesian ch. 1–2; wasserman2004all §1.7, ch. 11; laplace1774memoire; "
    "murphy2022probabilistic §2.3",
    hypotheses=(
        Hypothesis("the hypotheses exclude each other and leave nothing out", "a-hypothesis-left-out"),
        Hypothesis(
            r"the evidence is possible: $P(e)>0$; for the odds it is possible under $h_2$: $P(e\mid h_2)\,P(h_2)>0$",
            "impossible-evidence",
        ),
        Hypothesis("for several pieces of evidence: independent under each hypothesis", "counted-twice"),
    ),
    deviations="The products are literal here and underflow for long evidence; the implementations add logarithms.",
    nonfinite="nan",
)


@BAYES.definition
def posterior(prior, likelihood):
    joint = prior * likelihood
    return joint / joint.sum(axis=-1, keepdims=True)


@BAYES.example
def example():
    prior = np.array([0.5, 0.3, 0.2])  # shares of three machines in the output
    likelihood = np.array([0.01, 0.02, 0.05])  # shares of faulty bolts in theirs
    joint = prior * likelihood
    after = posterior(prior, likelihood)
    return (
        dict(prior=prior, likelihood=likelihood, joint=joint, evidence=joint.sum(), post=after)
        | dict(again=posterior(after, likelihood), sound=posterior(prior, 1 - likelihood))
        | dict(ratio=likelihood[2] / likelihood[0], odds_before=prior[2] / prior[0])
        | dict(odds_after=after[2] / after[0])
    )


@BAYES.exercise
def rare_illness():
    prior, test = np.array([0.001, 0.999]), np.array([0.99, 0.01])
    return number(posterior(prior, test)[0], base_rate_ignored=test[0], not_scaled=(prior * test)[0])


@BAYES.exercise
def ignorant_host():
    thirds = np.full(3, 1 / 3)  # the car behind door 1 (chosen), 2, 3; the evidence: door 3 opened, a goat behind it
    p = posterior(thirds, np.array([0.5, 0.5, 0.0]))
    return choice(switch=p[1] > p[0] + 1e-9, stay=p[0] > p[1] + 1e-9, equal=abs(p[0] - p[1]) < 1e-9)


@BAYES.exercise
def copied_report():
    prior, report = np.array([0.2, 0.8]), np.array([0.6, 0.2])
    once = posterior(prior, report)
    return number(
        once[0], counted_twice=posterior(once, report)[0], base_rate_ignored=posterior(np.full(2, 0.5), report)[0]
    )


@BAYES.cases
def cases(rng):
    yield "random", dict(prior=rng.dirichlet(np.ones(5)), likelihood=rng.uniform(0.01, 1, 5))
    yield "batch", dict(prior=rng.dirichlet(np.ones(3), (2, 4)), likelihood=rng.uniform(0.01, 1, (2, 4, 3)))
    yield "screening", dict(prior=np.array([0.01, 0.99]), likelihood=np.array([0.9, 0.09]))
    yield "unlikely either way", dict(prior=np.array([0.5, 0.5]), likelihood=np.array([1e-200, 3e-200]))
    yield "one hypothesis", dict(prior=np.ones(1), likelihood=np.array([0.2]))
    yield (
        "as many rows as hypotheses",
        dict(prior=rng.dirichlet(np.ones(4), 4), likelihood=rng.uniform(0.01, 1, (4, 4))),
    )
    yield "many hypotheses", dict(prior=rng.dirichlet(np.ones(1500)), likelihood=rng.uniform(0.01, 1, 1500))


@BAYES.invalid
def invalid(rng):
    yield "other numbers of hypotheses", dict(prior=np.full(3, 1 / 3), likelihood=np.full(4, 0.5))


def exact(prior, likelihood):
    joint = [Fraction(a) * Fraction(b) for a, b in zip(prior, likelihood, strict=True)]
    return [float(j / sum(joint)) for j in joint]


@BAYES.claim
def screening(post, rng):
    """Screening, in exact fractions: of what 1 % have, a test that finds 90 % and alarms wrongly in 9 % makes a
    positive 10/109 = 9.2 % likely, not 90 %; at a base rate of one half it is 10/11"""
    test = np.array([0.9, 0.09])
    rare, even = post(np.array([0.01, 0.99]), test), post(np.array([0.5, 0.5]), test)
    want = [exact([Fraction(b), 1 - Fraction(b)], [Fraction(9, 10), Fraction(9, 100)])[0] for b in ("1/100", "1/2")]
    twice = post(np.asarray(rare), test)  # a second, independent test
    yield identical(np.array(want), np.array([float(Fraction(10, 109)), float(Fraction(10, 11))]))
    yield roundoff(np.array([rare[0], even[0]], float), np.array(want), terms=4)
    yield roundoff(float(twice[0]), float(Fraction(100, 199)), terms=8)


@BAYES.claim
def sequential_is_batch(post, rng):
    """For evidence that is independent under each hypothesis sequential updating equals one update by all of it, in every
    order"""
    prior, evidence = rng.dirichlet(np.ones(6)), rng.uniform(0.05, 1, (8, 6))
    at_once = np.asarray(post(prior, evidence.prod(0)), float)
    yield roundoff(at_once.sum(), 1.0, terms=6)
    yield bound(np.abs(at_once - prior).max(), 1e-2, "≥", Text("the evidence tells", "证据确有作用"))
    for order in (np.arange(8), np.arange(8)[::-1], rng.permutation(8)):
        belief = prior
        for i in order:
            belief = np.asarray(post(belief, evidence[i]), float)
        yield roundoff(belief, at_once, terms=64, scale=1.0)


@BAYES.claim
def odds_multiply(post, rng):
    """In odds it multiplies: posterior odds = likelihood ratio × prior odds; a factor common to all likelihoods
    changes nothing"""
    prior, likelihood = rng.dirichlet(np.full(4, 3.0), 50), rng.uniform(0.05, 1, (50, 4))
    p = np.asarray(post(prior, likelihood), float)
    ratio = p[:, 0] / p[:, 1]
    want = likelihood[:, 0] / likelihood[:, 1] * prior[:, 0] / prior[:, 1]
    scaled = np.asarray(post(prior, 1e-3 * likelihood), float)
    yield roundoff(ratio / want, np.ones(50), terms=16)
    yield roundoff(scaled, p, terms=16, scale=1.0)
    yield roundoff(p.sum(1), np.ones(50), terms=4)


def grid(log_prior, log_likelihood):
    """A prior density and a likelihood on a fine grid, as distributions of its cells."""
    prior = np.exp(log_prior - log_prior.max())
    return prior / prior.sum(), np.exp(log_likelihood - log_likelihood.max())


def moments(theta, p):
    mean = (p * theta).sum()
    return np.array([mean, (p * (theta - mean) ** 2).sum()])


@BAYES.claim
def conjugate_posteriors(post, rng):
    """Conjugate posteriors equal numerical integration: Beta–binomial, gamma–Poisson and, of known variance,
    normal–normal, mean and variance on a grid of 20 000 hypotheses"""

    def compare(theta, log_prior, log_likelihood, mean, variance):
        got = moments(theta, np.asarray(post(*grid(log_prior, log_likelihood)), float))
        # the densities vanish with many derivatives at both ends: the midpoint rule is right to rounding
        return roundoff(got / [mean, variance], np.ones(2), terms=20_000)

    t = (np.arange(20_000) + 0.5) / 20_000
    a, b, n, k = 2.5, 4.0, 20, 7
    A, B = a + k, b + n - k
    log_likelihood = k * np.log(t) + (n - k) * np.log1p(-t)
    yield compare(
        t, (a - 1) * np.log(t) + (b - 1) * np.log1p(-t), log_likelihood, A / (A + B), A * B / (A + B) ** 2 / (A + B + 1)
    )
    shape, rate, counts = 3.0, 0.5, np.array([4, 7, 2, 5])
    r = t * 40
    log_likelihood = counts.sum() * np.log(r) - 4 * r
    A, B = shape + counts.sum(), rate + 4
    yield compare(r, (shape - 1) * np.log(r) - rate * r, log_likelihood, A / B, A / B**2)
    m, s, sigma, x = 1.0, 2.0, 1.5, rng.normal(3, 1.5, 9)
    u = (t - 0.5) * 60
    precision = 1 / s**2 + 9 / sigma**2
    log_likelihood = -((x[:, None] - u) ** 2).sum(0) / (2 * sigma**2)
    yield compare(
        u, -((u - m) ** 2) / (2 * s**2), log_likelihood, (m / s**2 + x.sum() / sigma**2) / precision, 1 / precision
    )


@BAYES.claim
def rule_of_succession(post, rng):
    """Laplace's rule: after s successes in n independent trials and a uniform prior the next succeeds with probability
    $(s+1)/(n+2)$, by enumeration over urns of 1000 mixtures"""
    theta = (np.arange(1000) + 0.5) / 1000
    midpoint = Text(
        "midpoint rule: h²/24 times the change of slope of both integrals, below h²",
        "中点法：h²/24 乘以两个积分的斜率之差，小于 h²",
    )
    for n, k in ((0, 0), (1, 1), (5, 4), (10, 0)):
        p = np.asarray(post(np.full(1000, 1e-3), comb(n, k) * theta**k * (1 - theta) ** (n - k)), float)
        yield near(float((p * theta).sum()), (k + 1) / (n + 2), 1e-6, midpoint)


@BAYES.claim
def certainty_does_not_move(post, rng):
    """A hypothesis of probability 0 stays at 0, one of probability 1 stays at 1, and evidence that one hypothesis
    alone allows decides at once"""
    with np.errstate(divide="ignore", invalid="ignore"):
        fixed = np.asarray(post(np.array([0.0, 1.0, 0.0]), np.array([0.9, 0.1, 0.5])), float)
        decided = np.asarray(post(np.array([0.2, 0.3, 0.5]), np.array([0.0, 1e-6, 0.0])), float)
    return all_of(identical(fixed, np.array([0.0, 1.0, 0.0])), identical(decided, np.array([0.0, 1.0, 0.0])))


@BAYES.claim
def a_hypothesis_left_out(post, rng):
    """With a hypothesis left out the odds among the others stay, their probabilities do not: of three with likelihoods 0.1,
    0.2 and 0.7 the first has ⅒, without the third ⅓"""
    three = np.asarray(post(np.full(3, 1 / 3), np.array([0.1, 0.2, 0.7])), float)
    two = np.asarray(post(np.full(2, 1 / 2), np.array([0.1, 0.2])), float)
    yield roundoff(three[0], 0.1, terms=8)
    yield roundoff(two[0], 1 / 3, terms=8)
    yield roundoff(two[0] / two[1], three[0] / three[1], terms=8)


@BAYES.claim
def impossible_evidence(post, rng):
    """Evidence that every hypothesis excludes has no posterior: 0/0, NaN"""
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.asarray(post(np.array([0.4, 0.6]), np.zeros(2)), float)
    return identical(np.isnan(p), np.array([True, True]))


@BAYES.claim
def calibrated(post, rng):
    """The posterior is right on average if hypotheses come as the prior says and evidence as the likelihoods say: over 40 000
    such draws, of the hypotheses given 70–90 % as many are true as the mean of their posteriors says, and so in each of the
    four ranges from 10 % to 90 %"""
    prior = np.array([0.2, 0.5, 0.3])
    table = np.array([[0.6, 0.2, 0.1, 0.1], [0.1, 0.6, 0.2, 0.1], [0.1, 0.1, 0.2, 0.6]])  # hypothesis × evidence
    h = rng.choice(3, 40_000, p=prior)
    e = (rng.random(40_000)[:, None] > np.cumsum(table, 1)[h]).sum(1)
    p = np.asarray(post(np.broadcast_to(prior, (40_000, 3)), table[:, e].T), float)
    evidence, filled = [], set()
    for i in range(3):
        for low in (0.1, 0.3, 0.5, 0.7):
            among = (p[:, i] >= low) & (p[:, i] < low + 0.2)
            if among.sum() > 500:
                evidence.append(statistical((h[among] == i) - p[among, i], 0.0))
                filled.add(low)
    return all_of(identical(len(filled), 4), *evidence)


@BAYES.mutant(
    caught_by="screening, equals-definition, sequential-is-batch, odds-multiply, conjugate-posteriors, "
    "certainty-does-not-move, calibrated"
)
def base_rate_ignored(prior, likelihood):
    """the base rate ignored"""
    return posterior(np.ones_like(prior), likelihood)


@BAYES.mutant(
    caught_by="screening, odds-multiply, rule-of-succession, equals-definition, conjugate-posteriors, impossible-evidence, "
    "a-hypothesis-left-out"
)
def joint_probability(prior, likelihood):
    """not scaled to 1: the joint probability"""
    return prior * likelihood


@BAYES.mutant(caught_by="screening, equals-definition, odds-multiply, calibrated")
def likelihood_alone(prior, likelihood):
    """the likelihood taken for the posterior"""
    return likelihood + 0 * prior


@BAYES.mutant(caught_by="sequential-is-batch, odds-multiply, certainty-does-not-move, conjugate-posteriors")
def averaged(prior, likelihood):
    """the mean of prior and likelihood for their product"""
    return (prior + likelihood / likelihood.sum(axis=-1, keepdims=True)) / 2


@BAYES.mutant(caught_by="screening, odds-multiply, rule-of-succession, conjugate-posteriors, calibrated")
def counted_twice(prior, likelihood):
    """the evidence counted twice, as if a copy were independent of it"""
    return posterior(prior, likelihood**2)


@BAYES.figure(
    base=Slider(0.0005, 0.5, 0.01, "base rate", log=True),
    found=Slider(0.5, 1.0, 0.9, "share that the test finds"),
    false=Slider(0.001, 0.5, 0.09, "share of false alarms", log=True),
)
def figure(base, found, false):
    p = float(posterior(np.array([base, 1 - base]), np.array([found, false]))[0])
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.3)
    people = np.array([base * found, base * (1 - found), (1 - base) * false, (1 - base) * (1 - false)]) * 1000
    names = ["ill, positive", "ill, negative", "well, positive", "well, negative"]
    left.barh(names, people, color=[COLOURS[1], COLOURS[4], COLOURS[0], "#BBBBBB"])
    for i, v in enumerate(people):
        left.text(v + 8, i, f"{v:.3g}", va="center", fontsize=9.5)
    left.set(xlim=(0, 1120), title="of 1000", xlabel="")
    left.invert_yaxis()
    b = np.logspace(-3.3, -0.3, 200)
    right.semilogx(b, posterior(np.stack([b, 1 - b], -1), np.broadcast_to([found, false], (200, 2)))[:, 0])
    right.semilogx(b, b, "--", color="#7F7F7F", lw=0.8)
    right.plot([base], [p], "o", color=COLOURS[1])
    right.set(xlabel="base rate", title="probability after a positive test", ylim=(0, 1.02))
    words = Text(
        f"Of 1000, {people[0]:.3g} are ill and positive, {people[2]:.3g} well and positive: a positive test means ill with probability {p:.3f}, before it {base:.3g}.",
        f"每 1000 人中，患病且阳性 {people[0]:.3g} 人，健康而阳性 {people[2]:.3g} 人：阳性意味着患病的概率为 {p:.3f}，检验前为 {base:.3g}。",
    )
    return Drawing(fig, words)
