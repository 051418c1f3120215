"""Probability, conditioning, independence."""

from itertools import combinations, product
from math import comb, lgamma

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, identical, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _numpy(average, p, A, B=None):
    A, weights = np.broadcast_arrays(np.asarray(A, float), p if B is None else p * B)
    return average(A, axis=-1, weights=weights)


def _torch(einsum, p, A, B=None):
    import torch

    if B is None:
        return einsum("...k,...k->...", p, torch.as_tensor(A).to(p.dtype))
    A, B = (torch.as_tensor(v).to(p.dtype) for v in (A, B))
    if not (p * B).sum(-1).all():
        raise ValueError("the condition has probability 0")
    return einsum("...k,...k,...k->...", p, A, B) / einsum("...k,...k->...", p, B)


PROBABILITY = Concept(
    key="probability",
    kind="definition",
    title="Probability, conditioning, independence",
    summary="A probability is a share of one unit of mass, spread over outcomes; that of an event is the mass in it. "
    "To condition on B is to forget what lies outside B and to rescale the rest to 1. Independent are events where "
    "the condition changes nothing: a statement about numbers, not about causes.",
    formulas=(
        r"P(A)=\sum_{\omega\in A}p_\omega,\qquad p_\omega\ge0,\quad\sum_\omega p_\omega=1",
        r"P(A\mid B)=\frac{P(A\cap B)}{P(B)},\qquad P(B)>0",
        r"P(A)=\sum_{i=1}^{m}P(A\mid B_i)\,P(B_i),\quad \Omega=B_1\sqcup\dots\sqcup B_m,\ P(B_i)>0;\qquad A\perp B\iff P(A\cap B)=P(A)\,P(B)",
    ),
    symbols=(
        Symbol("p", "p", "... k", "probabilities of the outcomes", "simplex"),
        Symbol("A", "A", "... k", "the event: which outcomes belong to it", "other"),
        Symbol("B", "B", "... k", "the condition, likewise; everything unless given", "other"),
        Symbol(r"\omega", "", "", "an outcome"),
        Symbol("k", "", "", "number of outcomes"),
        Symbol("B_i", "", "", "m parts that exclude each other and leave nothing out"),
        Symbol(r"\Omega", "", "", "the set of all outcomes"),
        Symbol("P", "", "", "probability of an event", "unit"),
    ),
    needs=(),
    source="kolmogorov1933grundbegriffe",
    year=1933,
    people=("Andrey Kolmogorov", "Jacob Bernoulli", "Pierre-Simon Laplace"),
    aliases="probability theory, conditional probability, independence, law of total probability, "
    "Kolmogorov axioms, "
    "概率, 条件概率, 独立性, 全概率公式, 概率论",
    implementations=(
        Implementation("numpy:average", "numpy", _numpy, "the mean of the indicator of A under the weights p on B"),
        Implementation("torch:einsum", "torch", _torch, "two weighted sums"),
    ),
    readings="wasserman2004all ch. 1; feller1968introduction ch. V; kolmogorov1933grundbegriffe §1–5; "
    "bernstein1946theory",
    hypotheses=(
        Hypothesis("for $P(A\\mid B)$: $P(B)>0$", "rejects-invalid-input"),
        Hypothesis(
            "for total probability: the parts exclude each other and leave nothing out", "overlapping-parts-count-twice"
        ),
        Hypothesis(
            "for the product of several events: they are mutually independent, not only in pairs",
            "pairwise-is-not-mutual",
        ),
    ),
    deviations="Here the outcomes are finitely many, and every set of them is an event. On the line not every set "
    "has a length, and sums become integrals.",
    unverified="Countable additivity, which is an axiom of its own for infinitely many outcomes.",
)


@PROBABILITY.definition
def probability(p, A, B=None):
    B = np.ones(p.shape[-1], bool) if B is None else B
    return (p * (A & B)).sum(axis=-1) / (p * B).sum(axis=-1)


@PROBABILITY.example
def example():
    p = np.array([0.24, 0.06, 0.14, 0.56])  # spam with the word, spam without, no spam with, no spam without
    B, A = np.array([True, True, False, False]), np.array([True, False, True, False])
    PA, PB = probability(p, A), probability(p, B)
    return (
        dict(p=p, A=A, B=B, PA=PA, PB=PB, PnotB=1 - PB, joint=probability(p, A & B))
        | dict(given=probability(p, A, B), other=probability(p, A, ~B))
        | dict(total=probability(p, A, B) * PB + probability(p, A, ~B) * (1 - PB), back=probability(p, B, A))
        | dict(apart=PA * PB)
    )


@PROBABILITY.exercise
def two_children():
    girls = np.array([2, 1, 1, 0])  # of the first and the second child, in the four orders
    p = np.full(4, 0.25)
    both = girls == 2
    return number(probability(p, both, girls >= 1), coin=1 / 2, no_condition=probability(p, both))


@PROBABILITY.exercise
def exclusive():
    p = np.array([0.2, 0.3, 0.5])
    A, B = np.array([True, False, False]), np.array([False, True, False])
    product = np.isclose(probability(p, A & B), probability(p, A) * probability(p, B))
    return choice(independent=product, dependent=not product, either=False)


@PROBABILITY.exercise
def four_throws():
    return number(1 - (5 / 6) ** 4, added=4 / 6, exactly_one=4 * 5**3 / 6**4, all_sixes=1 / 6**4)


@PROBABILITY.cases
def cases(rng):
    yield "random", dict(p=rng.dirichlet(np.ones(6)), A=rng.random(6) < 0.5)
    yield "conditional", dict(p=np.full(6, 1 / 6), A=np.arange(6) % 2 == 1, B=np.arange(6) >= 1)
    p, A, B = rng.dirichlet(np.ones(5), (2, 3)), rng.random((2, 3, 5)) < 0.5, rng.random((2, 3, 5)) < 0.5
    yield "batch", dict(p=p, A=A, B=B | (np.arange(5) == 0))
    yield "impossible", dict(p=np.array([0.5, 0.5]), A=np.zeros(2, bool))
    yield "square", dict(p=rng.dirichlet(np.ones(4), 4), A=rng.random((4, 4)) < 0.5)
    yield "many outcomes", dict(p=rng.dirichlet(np.ones(1500)), A=rng.random(1500) < 0.5)


@PROBABILITY.invalid
def invalid(rng):
    yield "other outcomes", dict(p=np.full(3, 1 / 3), A=np.ones(4, bool))
    yield ("a condition of probability 0", dict(p=np.array([1.0, 0.0]), A=np.ones(2, bool), B=np.array([False, True])))


def subsets(k):
    return np.array(list(product([False, True], repeat=k)))


@PROBABILITY.claim
def axioms(P, rng):
    """The axioms, by enumeration of all events of four outcomes: never negative, 1 for all, additive for each pair of
    disjoint events; and conditioning on any B of positive probability gives a probability again"""
    p, events = rng.dirichlet(np.ones(4)), subsets(4)
    apart = [(a, b) for a, b in combinations(range(16), 2) if not (events[a] & events[b]).any()]
    first, second = np.array(apart).T
    for B in events[1:]:
        values = np.asarray(P(p, events, np.broadcast_to(B, events.shape)), float)
        union = np.asarray(P(p, events[first] | events[second], np.broadcast_to(B, (len(apart), 4))), float)
        yield bound(values.min(), 0.0, "≥")
        yield roundoff(values[-1], 1.0, terms=4)
        yield roundoff(values[(events == B).all(-1)], [1.0], terms=4)
        yield roundoff(union, values[first] + values[second], terms=4, scale=1.0)


def tosses(n):
    """All sequences of n tosses, 1 for heads."""
    return (np.arange(2**n)[:, None] >> np.arange(n)) & 1


@PROBABILITY.claim
def five_heads_of_ten(P, rng):
    """Five heads in ten tosses of a fair coin: 252 of the 1024 sequences, 0.246; and every number of heads as the binomial
    coefficients say"""
    heads = tosses(10).sum(1)
    p = np.full(1024, 1 / 1024)
    distribution = np.array([float(P(p, heads == h)) for h in range(11)])
    yield roundoff(distribution[5], 252 / 1024, terms=10)
    yield roundoff(distribution, np.array([comb(10, h) for h in range(11)]) / 1024, terms=10)


@PROBABILITY.claim
def half_is_fifty_percent(P, rng):
    """Heads of a fair coin have probability 0.5, which is 50 %: of 1000 tosses 500 are expected, not the 5 of
    “0.5 %”"""
    heads = float(P(np.array([0.5, 0.5]), np.array([True, False])))
    ten = tosses(10)
    every = sum(float(P(np.full(1024, 1 / 1024), ten[:, i] == 1)) for i in range(10))
    return all_of(identical(heads, 0.5), roundoff(1000 * heads, 500.0), roundoff(every, 5.0, terms=10))


@PROBABILITY.claim
def total_probability(P, rng):
    r"""Total probability over a partition, and the product rule $P(A\cap B)=P(A\mid B)P(B)$, on random distributions"""
    for _ in range(20):
        p, part, A = rng.dirichlet(np.ones(12)), rng.permutation(np.arange(12) % 3), rng.random(12) < 0.5
        total = sum(float(P(p, A, part == i)) * float(P(p, part == i)) for i in range(3))
        B = part == 0
        yield roundoff(total, float(P(p, A)), terms=12, scale=1.0)
        yield roundoff(sum(float(P(p, part == i)) for i in range(3)), 1.0, terms=12)
        yield roundoff(float(P(p, A, B)) * float(P(p, B)), float(P(p, A & B)), terms=12, scale=1.0)


@PROBABILITY.claim
def overlapping_parts_count_twice(P, rng):
    """Parts that overlap count what they share twice: of a die, {1, …, 4} and {3, …, 6} give P(at least 3) = 1 for ⅔"""
    face = np.arange(1, 7)
    p, high, parts = np.full(6, 1 / 6), face >= 3, (face <= 4, face >= 3)
    total = sum(float(P(p, high, part)) * float(P(p, part)) for part in parts)
    return all_of(roundoff(total, 1.0, terms=12), roundoff(float(P(p, high)), 2 / 3, terms=6))


@PROBABILITY.claim
def condition_has_a_direction(P, rng):
    """A condition has a direction: with two dice P(sum 8 | first 3) = 1/6, P(first 3 | sum 8) = 1/5"""
    first, second = (v.ravel() for v in np.meshgrid(np.arange(1, 7), np.arange(1, 7)))
    p, eight, three = np.full(36, 1 / 36), first + second == 8, first == 3
    yield roundoff(float(P(p, eight, three)), 1 / 6, terms=36)
    yield roundoff(float(P(p, three, eight)), 1 / 5, terms=36)


@PROBABILITY.claim
def pairwise_is_not_mutual(P, rng):
    """Pairwise independence is not independence: two fair bits and their XOR are independent in pairs, but all three
    are 1 with probability 0, not 1/8"""
    bits = tosses(2)
    three = [bits[:, 0] == 1, bits[:, 1] == 1, bits[:, 0] != bits[:, 1]]
    p = np.full(4, 0.25)
    for A, B in combinations(three, 2):
        yield identical(float(P(p, A, B)), float(P(p, A)))
        yield identical(float(P(p, A & B)), 0.25)
    everything = float(P(p, three[0] & three[1] & three[2]))
    product_of_all = float(np.prod([float(P(p, A)) for A in three]))
    yield identical(everything, 0.0)
    yield identical(product_of_all, 0.125)


def binomial_distribution(n):
    """The distribution of the number of heads in n tosses, and the numbers, within 12 standard deviations."""
    reach = int(6 * np.sqrt(n)) + 2
    h = np.arange(max(0, n // 2 - reach), min(n, n // 2 + reach) + 1)
    logs = np.array([lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) for k in h]) - n * np.log(2)
    p = np.exp(logs)
    return p / p.sum(), h


def rounding(n):
    """Relative error of a probability that `binomial_distribution` takes from logarithms of the size of log n!."""
    return 8 * EPSILON * lgamma(n + 1)


def tie(P, n):
    """n/2 · P(H = n/2)."""
    p, h = binomial_distribution(n)
    return n / 2 * float(P(p, h == n // 2))


def mean_distance(P, n):
    """E|H − n/2| as the sum over d of P(|H − n/2| > d)."""
    p, h = binomial_distribution(n)
    d = np.arange(np.abs(h - n // 2).max())
    return float(np.sum(np.asarray(P(p, np.abs(h - n // 2) > d[:, None]), float)))


@PROBABILITY.claim
def count_drifts(P, rng):
    r"""The number of heads of a fair coin drifts away from $n/2$: $E|H-n/2|$ grows like $\sqrt{n/2\pi}$, slope ½: 3.98 at $n=100$,
    39.9 at $10^4$, 399 at $10^6$; for even n it is $\frac n2P(H=\frac n2)$ (de Moivre)"""
    sizes = [100, 400, 1600, 6400, 10_000]
    distances = [mean_distance(P, n) for n in sizes]
    closed = 100 * comb(99, 50) / 2**100  # n·C(n−1, n/2)/2ⁿ
    smaller = Text("less by a relative 1/4n, Stirling; rounding", "相对小 1/4n（斯特林公式）；舍入")
    logs = Text("rounding of log n!", "log n! 的舍入")
    found = []
    for n in (100, 10_000, 10**6):
        found.append(near(tie(P, n) / np.sqrt(n / (2 * np.pi)), 1.0, 1 / (4 * n) + rounding(n), smaller))
    for n, distance in zip(sizes, distances, strict=True):
        found.append(near(tie(P, n) / distance, 1.0, 2 * rounding(n), logs))
    return all_of(rate(sizes, distances, 0.5, 0.005), roundoff(distances[0], closed, terms=200), *found)


def below(n, limit):
    """How many of the 2ⁿ sequences have fewer than `limit` heads, in whole numbers."""
    total, ways = 0, 1
    for h in range(limit):
        total, ways = total + ways, ways * (n - h) // (h + 1)
    return total


@PROBABILITY.claim
def fraction_converges(P, rng):
    r"""The fraction of heads of a fair coin converges: $P(|H/n-\tfrac12|>0.02)$ falls from 0.62 at $n=100$ to $6.1\cdot10^{-5}$ at
    $10^4$"""
    exact = Text("whole numbers; rounding of log n!", "整数计算；log n! 的舍入")
    for n, at_most in ((100, 0.62), (1000, 0.2), (10_000, 6.1e-5)):
        p, h = binomial_distribution(n)
        tail = float(P(p, np.abs(h - n // 2) > n // 50))
        yield near(tail / (2 * below(n, n // 2 - n // 50) / 2**n), 1.0, 2 * rounding(n), exact)
        yield bound(tail, at_most, "≤", Text("the exact value, rounded up", "精确值向上取整"))


@PROBABILITY.mutant(
    caught_by="axioms, total-probability, overlapping-parts-count-twice, condition-has-a-direction, equals-definition"
)
def always_independent(p, A, B=None):
    """every pair of events taken to be independent: the condition changes nothing"""
    return probability(p, A)


@PROBABILITY.mutant(caught_by="condition-has-a-direction, equals-definition, axioms")
def inverted(p, A, B=None):
    """the condition inverted: P(B | A)"""
    with np.errstate(invalid="ignore"):
        return probability(p, A) if B is None else probability(p, B, A) + 0 * probability(p, A)


@PROBABILITY.mutant(caught_by="axioms, total-probability, condition-has-a-direction, pairwise-is-not-mutual")
def not_rescaled(p, A, B=None):
    """not rescaled: P(A ∩ B) for P(A | B)"""
    return probability(p, A if B is None else A & B)


@PROBABILITY.mutant(caught_by="equals-definition, count-drifts, fraction-converges")
def counted(p, A, B=None):
    """outcomes counted, as if all were equally likely"""
    A, B = np.broadcast_arrays(A, np.ones(p.shape[-1], bool) if B is None else B)
    return (A & B).sum(axis=-1) / np.maximum(B.sum(axis=-1), 1) + 0 * p.sum()


@PROBABILITY.mutant(caught_by="axioms, five-heads-of-ten, half-is-fifty-percent, equals-definition")
def odds(p, A, B=None):
    """the odds for the probability"""
    with np.errstate(divide="ignore", invalid="ignore"):
        return probability(p, A, B) / (1 - probability(p, A, B))


PROBABILITY.erratum(
    "E48",
    common="A coin shows heads with a probability of 0.5 %",
    why="0.5 and 0.5 % differ by a factor of 100: of 1000 tosses 500 are expected to show heads, not 5.",
    right="with probability 0.5, that is 50 %",
    claims="half-is-fifty-percent",
)
PROBABILITY.erratum(
    "E49",
    common="In n tosses of a fair coin with n large the number of heads will be very close to n/2",
    why=r"The number drifts away: the mean distance is nearly $\sqrt{n/2\pi}$, that is 3.98, 39.9 and 399 at "
    "$n=10^2,10^4,10^6$. The fraction is off by 0.04, 0.004, 0.0004.",
    right="the fraction H/n comes close to ½",
    claims="count-drifts, fraction-converges",
)


@PROBABILITY.figure(
    b=Slider(0.05, 0.95, 0.3, "P(B)"),
    a_in=Slider(0.0, 1.0, 0.8, "P(A | B)"),
    a_out=Slider(0.01, 1.0, 0.25, "P(A | not B)"),
)
def figure(b, a_in, a_out):
    p = np.array([b * a_in, b * (1 - a_in), (1 - b) * a_out, (1 - b) * (1 - a_out)])
    A, B = np.array([True, False, True, False]), np.array([True, True, False, False])
    total = float(probability(p, A))
    back = float(probability(p, B, A)) if total > 0 else float("nan")
    fig, (left, right) = canvas(columns=2, width=7.2, height=3.3)
    for x, width, share, colour in ((0.0, b, a_in, COLOURS[0]), (b, 1 - b, a_out, COLOURS[1])):
        left.bar(x, share, width, align="edge", color=colour, alpha=0.75, edgecolor="white")
        left.bar(x, 1 - share, width, bottom=share, align="edge", color=colour, alpha=0.2, edgecolor="white")
    left.axhline(total, color="#000000", lw=1, ls="--")
    left.set(xlim=(0, 1), ylim=(0, 1), xlabel="B | not B", ylabel="A (dark)", title=f"P(A) = {total:.3f}")
    within = p[[0, 2]] / max(total, 1e-12)
    right.bar([0, 1], [b, 1 - b], 0.38, color="#7F7F7F", alpha=0.45, label="before")
    right.bar([0.4, 1.4], within, 0.38, color=[COLOURS[0], COLOURS[1]], label="given A")
    right.set(xticks=[0.2, 1.2], xticklabels=["B", "not B"], ylim=(0, 1.05), title=f"P(B | A) = {back:.3f}")
    right.legend(frameon=False, fontsize=9.5)
    joint, apart = float(p[0]), b * total
    verdict = ("independent", "独立") if abs(joint - apart) < 1e-3 else ("dependent", "不独立")
    words = Text(
        f"P(A) = {b:.2f}·{a_in:.2f} + {1 - b:.2f}·{a_out:.2f} = {total:.3f}. P(A ∩ B) = {joint:.3f} beside P(A)P(B) = {apart:.3f}: {verdict[0]}. Given A the probability of B goes from {b:.2f} to {back:.3f}.",
        f"P(A) = {b:.2f}·{a_in:.2f} + {1 - b:.2f}·{a_out:.2f} = {total:.3f}。P(A ∩ B) = {joint:.3f}，而 P(A)P(B) = {apart:.3f}：{verdict[1]}。已知 A 时，B 的概率由 {b:.2f} 变为 {back:.3f}。",
    )
    return Drawing(fig, words)
