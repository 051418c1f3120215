"""Binary cross-entropy with logits."""

import math

import numpy as np

from gradus.concepts.networks.losses.samples import COUNT
from gradus.concepts.networks.losses.slopes import STEP, convex_along, gradient_is, slope
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

BCE = Concept(
    key="bce",
    kind="definition",
    title="Binary cross-entropy with logits",
    summary="The mean negative log-likelihood of yes-or-no targets, computed from the log-odds z, so that no probability "
    "is ever rounded to 0 or 1 before its logarithm is taken. Its gradient is predicted minus true.",
    formulas=(
        r"L=-\frac1n\sum_{i=1}^{n}\bigl[y_i\log p_i+(1-y_i)\log(1-p_i)\bigr],\qquad p_i=\sigma(z_i)",
        r"L=\frac1n\sum_{i=1}^{n}\Bigl[\max(z_i,0)-y_iz_i+\log\bigl(1+e^{-|z_i|}\bigr)\Bigr],\qquad \frac{\partial L}{\partial z_i}=\frac{p_i-y_i}{n}",
    ),
    symbols=(
        Symbol("z", "z", "n", "log-odds (logits)"),
        Symbol("y", "y", "n", "targets: 0 or 1, or a probability between", "unit"),
        Symbol("p", "", "n", "predicted probabilities"),
        Symbol(r"\sigma", "", "", "the sigmoid"),
        COUNT,
        Symbol("L", "", "", "the loss"),
    ),
    needs=("sigmoid", "cross-entropy", "gradient"),
    source="bishop2006pattern",
    year=1958,
    people=("David Cox",),
    aliases="BCEWithLogitsLoss, binary cross entropy, logistic loss, sigmoid cross-entropy, "
    "二元交叉熵, 二分类交叉熵, 对数几率损失",
    implementations=(Implementation("torch.nn.functional:binary_cross_entropy_with_logits", "torch"),),
    readings="bishop2006pattern §4.3.2; goodfellow2016deep §6.2.2.2",
    hypotheses=(Hypothesis("a best constant exists: both targets occur", "one-class-has-no-best-logit"),),
    deviations=(
        "`torch.nn.BCELoss`, which takes probabilities, replaces logarithms below −100 by −100: at z = −1000, "
        "y = 1 it gives 100 where the loss is 1000.",
        "At z = ±∞ PyTorch's loss of logits is NaN, even where the limit is 0 (sure and right); "
        "only at z = +∞, y < 1 is it the limit, +∞.",
    ),
    nonfinite="nan",
)


@BCE.definition
def bce(z, y):
    return (np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))).mean()


@BCE.example
def example():
    z, y = np.array([2.0, -1.0, -3.0]), np.array([1.0, 0.0, 1.0])
    p = 1 / (1 + np.exp(-z))
    each = np.array([bce(z[[i]], y[[i]]) for i in range(3)])
    return (
        dict(z=z, y=y, p=p, happened=np.where(y == 1, p, 1 - p), each=each, bce=bce(z, y), pull=p - y)
        | dict(gradient=(p - y) / 3, squared_slope=2 * (p[2] - 1) * p[2] * (1 - p[2]))
        | dict(worse=bce(np.array([-6.0]), y[2:]))
        | dict(worse_slope=2 * (1 / (1 + np.exp(6.0)) - 1) / (1 + np.exp(6.0)) / (1 + np.exp(-6.0)))
        | dict(base=bce(np.full(3, np.log(2.0)), y))
    )


@BCE.exercise
def rare_events():
    y = np.append(np.ones(5), np.zeros(95))
    best = bce(np.full(100, math.log(0.05 / 0.95)), y)
    return number(best, half=bce(np.zeros(100), y), in_bits=best / math.log(2), event_only=-math.log(0.05))


@BCE.exercise
def weighted_positives():
    w, q = 19.0, 0.2
    z = np.linspace(-4, 6, 10_001)
    best = z[np.argmin(w * q * np.log1p(np.exp(-z)) + (1 - q) * np.log1p(np.exp(z)))]
    return number(1 / (1 + np.exp(-best)), unchanged=q, share=w / (1 + w))


@BCE.exercise
def better_and_worse():
    y = np.array([1.0, 1.0, 0.0, 0.0])  # as many ones as zeros
    before, after = np.array([0.1, -0.1, 0.1, -0.1]), np.array([1.0, 1.0, -1.0, 20.0])
    both = bce(after, y) > bce(before, y) and ((after > 0) == y).sum() > ((before > 0) == y).sum()
    return choice(impossible=not both, possible=both, unbalanced=not both)


@BCE.cases
def bce_cases(rng):
    yield "random", dict(z=2 * rng.standard_normal(8), y=(rng.random(8) < 0.4) * 1.0)
    yield "soft targets", dict(z=rng.standard_normal(5), y=rng.random(5))
    yield "one sample", dict(z=np.array([0.3]), y=np.array([1.0]))
    yield (
        "sure and right, sure and wrong",
        dict(z=np.array([1000.0, -1000.0, 1000.0, -1000.0]), y=np.array([1.0, 0.0, 0.0, 1.0])),
    )
    yield "long", dict(z=2 * rng.standard_normal(1500), y=(rng.random(1500) < 0.4) * 1.0)


@BCE.invalid
def bce_invalid(rng):
    yield "more targets than logits", dict(z=np.zeros(3), y=np.ones(4))
    yield "two rows against three", dict(z=np.zeros((2, 3)), y=np.ones((3, 2)))


@BCE.claim
def gradient_is_predicted_minus_true(bce, rng):
    r"""Its gradient is $(\sigma(z)-y)/n$"""
    z, y = 2 * rng.standard_normal(6) + 0.1, rng.random(6)
    return gradient_is(lambda t: bce(t, y), z, (1 / (1 + np.exp(-z)) - y) / 6)


@BCE.claim
def exact_at_a_thousand(bce, rng):
    """At logits of ±1000 the loss is 0 where right and 1000 where wrong"""
    cases = [(1000.0, 1.0, 0.0), (-1000.0, 0.0, 0.0), (1000.0, 0.0, 1000.0), (-1000.0, 1.0, 1000.0)]
    return all_of(*[roundoff(bce(np.array([z]), np.array([y])), want) for z, y, want in cases])


@BCE.claim
def sum_covers_both_terms(bce, rng):
    """Both terms are summed over all samples: the loss of two samples is the mean of their losses"""
    z, y = rng.standard_normal(5), np.array([0.0, 1.0, 0.0, 0.0, 1.0])
    p = 1 / (1 + np.exp(-z))
    single = [bce(z[[i]], y[[i]]) for i in range(5)]
    chosen = -np.log(np.where(y == 1, p, 1 - p))  # the probability of what happened
    return all_of(roundoff(bce(z, y), np.mean(single), terms=5), roundoff(single, chosen, terms=4))


@BCE.claim
def best_constant_is_the_share(bce, rng):
    r"""The best constant is the log-odds of the share of ones, $\sigma(z)=\bar y$, where the loss is the entropy; others
    cost more by the divergence"""
    y = np.array([1.0, 0, 0, 1, 0, 0, 0, 1, 0, 0])
    z = np.array([math.log(0.3 / 0.7)])
    flat = slope(lambda t: bce(np.full(10, t[0]), y), z, 0)
    entropy = -0.3 * math.log(0.3) - 0.7 * math.log(0.7)
    more = bce(np.zeros(10), y) - bce(np.full(10, z[0]), y)
    divergence = 0.3 * math.log(0.3 / 0.5) + 0.7 * math.log(0.7 / 0.5)
    yield roundoff(flat, 0.0, terms=4, scale=1 / STEP)
    yield roundoff(bce(np.full(10, z[0]), y), entropy, terms=10)
    yield roundoff(more, divergence, terms=10, scale=1.0)


@BCE.claim
def one_class_has_no_best_logit(bce, rng):
    r"""If all targets are 1 there is no best constant: the loss $\log(1+e^{-z})$ falls for ever"""
    z = np.array([0.0, 5.0, 10.0, 18.0])  # log(1 + eᶻ) − z is right, too, and is off by a rounding of z
    return roundoff([bce(np.full(3, t), np.ones(3)) for t in z], np.log1p(np.exp(-z)), scale=18.0, terms=4)


@BCE.claim
def convex_in_the_logits(bce, rng):
    """Convex in the logits"""
    y = rng.random(4)
    found = [convex_along(lambda t: bce(t, y), *(5 * rng.standard_normal((2, 4)))) for _ in range(5)]
    # from sure and wrong to sure and right: whatever is bounded bends down here, and what is constant does not bend up
    one, end = np.ones(1), np.full(1, 30.0)
    up = roundoff((bce(-end, one) + bce(end, one)) / 2 - bce(0 * end, one), 15 - math.log(2), c=8.0, scale=30.0 * 15)
    return all_of(convex_along(lambda t: bce(t, one), -end, end), up, *found)


@BCE.claim
def classes_exchanged(bce, rng):
    """Exchanging the classes changes nothing: $L(z,y)=L(-z,1-y)$"""
    z, y = 3 * rng.standard_normal(9), rng.random(9)
    return invariance(bce(-z, 1 - y), bce(z, y), terms=9, scale=float(np.abs(z).max()))


@BCE.mutant(caught_by="exact-at-a-thousand, equals-definition")
def clipped_probability(z, y):
    """log of a clipped probability"""
    p = np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()


@BCE.mutant(caught_by="sum-covers-both-terms, gradient-is-predicted-minus-true")
def first_term_only(z, y):
    """the sum covers the first term only; the second stands for the last sample"""
    p = 1 / (1 + np.exp(-z))
    return -((y * np.log(p)).sum() + (1 - y[-1]) * np.log(1 - p[-1])) / z.size


@BCE.mutant(caught_by="best-constant-is-the-share, classes-exchanged, sum-covers-both-terms")
def positives_only(z, y):
    """term of the negatives left out"""
    return (y * np.log1p(np.exp(-z))).mean()


@BCE.mutant(caught_by="convex-in-the-logits, exact-at-a-thousand, one-class-has-no-best-logit")
def squared_error(z, y):
    """squared error of the probability"""
    return ((1 / (1 + np.exp(-z)) - y) ** 2).mean()


BCE.erratum(
    "E37",
    common=r"$-\frac1m\Bigl[\sum_{i=1}^{m}y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\Bigr]$ (a common slip)",
    why="As bracketed the sum ends at the plus sign, and the second term has a free index i: taken literally, the "
    "negatives of all samples but one are lost.",
    right=r"$-\frac1m\sum_{i=1}^{m}\bigl[y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\bigr]$",
    claims="sum-covers-both-terms",
)


@BCE.figure(share=Slider(0.02, 0.98, 0.3, "share of ones"), z0=Slider(-6, 6, 1.5, "logit z"))
def bce_figure(share, z0):
    z = np.linspace(-6, 6, 241)
    risk = share * np.log1p(np.exp(-z)) + (1 - share) * np.log1p(np.exp(z))
    fig, ax = canvas(width=6.4, height=3.4)
    ax.plot(z, np.log1p(np.exp(-z)), color="#7F7F7F", ls="--", lw=0.9, label="target 1")
    ax.plot(z, np.log1p(np.exp(z)), color="#7F7F7F", ls=":", lw=1.2, label="target 0")
    ax.plot(z, risk, label="expected loss")
    best, entropy = (math.log(share / (1 - share)), -share * math.log(share) - (1 - share) * math.log(1 - share))
    value = float(share * np.log1p(np.exp(-z0)) + (1 - share) * np.log1p(np.exp(z0)))
    p = 1 / (1 + math.exp(-z0))
    ax.plot(best, entropy, "o", color="#009E73")
    ax.plot([z0, z0], [entropy, value], color="#D55E00")
    ax.plot(z0, value, "o", color="#D55E00")
    ax.axhline(entropy, color="#009E73", lw=0.8)
    ax.set(xlabel="z", ylabel="loss (nats)", ylim=(0, 6))
    ax.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"With {share:.0%} ones, predicting σ(z) = {p:.3f} costs {value:.3f} nats on average: the entropy {entropy:.3f}, which nothing can beat, "
        f"plus the divergence {value - entropy:.3f}. Best at z = {best:.2f}.",
        f"正例占 {share:.0%} 时，预测 σ(z) = {p:.3f} 的平均损失为 {value:.3f} 奈特：其中熵 {entropy:.3f} 无法再减，其余 {value - entropy:.3f} 是散度。最优在 z = {best:.2f}。",
    )
    return Drawing(fig, words)
