"""Hinge loss."""

import math

import numpy as np

from gradus.concepts.networks.losses.samples import COUNT
from gradus.concepts.networks.losses.slopes import gradient_is
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

HINGE = Concept(
    key="hinge",
    kind="definition",
    title="Hinge loss",
    summary="Charges for every score that is not on the right side by a margin of at least 1, and for nothing else: "
    "samples beyond the margin have no gradient. The loss of support vector machines.",
    formulas=(
        r"L=\frac1n\sum_{i=1}^{n}\max(0,\,1-y_is_i),\qquad y_i\in\{-1,1\}",
        r"\mathbf{1}\{y_is_i\le0\}\le\max(0,1-y_is_i),\qquad \frac{\partial L}{\partial s_i}=-\frac{y_i}{n}\,\mathbf{1}\{y_is_i<1\}",
    ),
    symbols=(
        Symbol("s", "s", "n", "scores"),
        Symbol("y", "y", "n", "labels, −1 or 1", "other"),
        COUNT,
        Symbol("L", "", "", "the loss"),
    ),
    needs=("gradient", "relu"),
    source="cortes1995support",
    year=1992,
    people=("Bernhard Boser", "Isabelle Guyon", "Vladimir Vapnik", "Corinna Cortes"),
    aliases="max-margin loss, SVM loss, 合页损失, 铰链损失, 折页损失, 最大间隔损失",
    implementations=(Implementation("gradus.networks.losses:hinge_loss", "torch"),),
    readings="cortes1995support; hastie2009elements §12.3.2; bishop2006pattern §7.1.2",
    hypotheses=(
        Hypothesis(r"the derivative: $y_is_i\ne1$", "margin-of-one"),
        Hypothesis("one best constant: the labels are not equally frequent", "best-constant-is-the-likelier-label"),
    ),
    conventions=(
        Convention(
            "the power of the shortfall",
            "1, as in the support vector machine of 1995 and scikit-learn's SVC",
            "2, the squared hinge, in scikit-learn's LinearSVC unless told otherwise",
        ),
        Convention(
            "the slope at the margin",
            "left open: every number between the two slopes is a subgradient",
            "0 where the maximum is PyTorch's `relu`, the full slope with `clamp(min=0)`, half of it with `torch.maximum`",
        ),
    ),
    nonfinite="all",
)


@HINGE.definition
def hinge(s, y):
    if (np.abs(y) != 1).any():
        raise ValueError("y: labels −1 and 1")
    return np.maximum(0, 1 - y * s).mean()


@HINGE.example
def example():
    s, y = np.array([0.5, -0.5, 2.0, -1.5]), np.array([1.0, -1.0, 1.0, 1.0])
    each = np.maximum(0, 1 - y * s)
    return (
        dict(s=s, y=y, margin=y * s, each=each, hinge=hinge(s, y), error_rate=(y * s <= 0).mean())
        | dict(gradient=-y / 4 * (y * s < 1), log_loss=np.log1p(np.exp(-y * s)))
        | dict(log_pull=-y / (1 + np.exp(y * s)), doubled=hinge(2 * s, y))
    )


@HINGE.exercise
def labels_zero_and_one():
    s, zero = np.array([-2.0, -0.5, 0.5, 2.0]), np.zeros(4)
    unchecked = np.maximum(0, 1 - zero * s)
    right = np.maximum(0, 1 + s)
    return choice(
        constant=bool((unchecked == 1).all()),
        same=np.array_equal(unchecked, right),
        wrong_sign=bool((unchecked < 0).any()),
    )


@HINGE.exercise
def samples_without_a_voice():
    margin = np.array([2.3, 1.0, 0.4, -0.2, 1.7, 1.2])
    silent = sum(
        hinge(np.array([m + 0.01]), np.ones(1)) == hinge(np.array([m - 0.01]), np.ones(1)) == 0 for m in margin
    )
    return number(silent, classified_rightly=(margin > 0).sum(), with_the_margin=(margin >= 1).sum(), tolerance=1e-6)


@HINGE.exercise
def sigmoid_of_the_score():
    grid = np.linspace(-3, 3, 601)
    y = np.append(np.ones(9), -1.0)
    best = grid[np.argmin([hinge(np.full(10, c), y) for c in grid])]
    return number(1 / (1 + np.exp(-best)), probability=0.9, certain=1.0)


@HINGE.cases
def hinge_cases(rng):
    yield "random", dict(s=2 * rng.standard_normal(8), y=rng.choice([-1.0, 1.0], 8))
    yield "one sample", dict(s=np.array([0.3]), y=np.array([1.0]))
    yield "all beyond the margin", dict(s=np.array([3.0, -2.0]), y=np.array([1.0, -1.0]))
    yield "on the margin", dict(s=np.array([1.0, -1.0]), y=np.array([1.0, -1.0]))
    yield (
        "some beyond the margin, some within",
        dict(s=np.array([3.0, 0.4, -2.0, 0.7]), y=np.array([1.0, 1.0, -1.0, -1.0])),
    )
    yield "long", dict(s=2 * rng.standard_normal(1500), y=rng.choice([-1.0, 1.0], 1500))


@HINGE.invalid
def hinge_invalid(rng):
    yield "more labels than scores", dict(s=np.zeros(3), y=np.ones(4))


@HINGE.claim
def margin_of_one(hinge, rng):
    """It is 0 beyond the margin and rises by 1 for each unit short of it: at the margin itself two slopes meet"""
    s = np.array([4.0, 1.0, 0.5, 0.0, -2.0])
    losses = [hinge(np.array([y * t]), np.array([y])) for y in (1.0, -1.0) for t in s]
    return identical(losses, [0.0, 0.0, 0.5, 1.0, 3.0] * 2)


@HINGE.claim
def gradient_of_hinge(hinge, rng):
    """Its gradient is $-y/n$ inside the margin and 0 beyond"""
    s, y = np.array([-2.0, 0.25, 0.75, 3.0, -0.5]), np.array([1.0, -1.0, 1.0, 1.0, -1.0])
    return gradient_is(lambda t: hinge(t, y), s, np.where(y * s < 1, -y, 0.0) / 5)


@HINGE.claim
def above_the_error_rate(hinge, rng):
    """It is never below the share of misclassified samples, a score of 0 counted among them"""
    s, y = rng.standard_normal((40, 10)), rng.choice([-1.0, 1.0], (40, 10))
    slack = [float(hinge(a, b)) - float((a * b <= 0).mean()) for a, b in zip(s, y, strict=True)]
    return bound(min(slack), 0.0, "≥")


@HINGE.claim
def best_constant_is_the_likelier_label(hinge, rng):
    """The best constant is the likelier label ±1, not its probability; with equal shares, all from −1 to 1 are best"""

    def one(ones):
        y = np.repeat([1.0, -1.0], [ones, 10 - ones])
        grid = np.arange(-2, 2.01, 0.125)
        best = grid[int(np.argmin([hinge(np.full(10, c), y) for c in grid]))]
        return identical(best, np.sign(ones - 5.0))

    even = [hinge(np.full(2, c), np.array([1.0, -1.0])) for c in (-1.5, -1.0, 0.25, 1.0, 1.5)]
    return all_of(*[one(k) for k in (2, 4, 6, 9)], identical(even, [1.25, 1.0, 1.0, 1.0, 1.25]))


@HINGE.mutant(caught_by="margin-of-one, above-the-error-rate, gradient-of-hinge, best-constant-is-the-likelier-label")
def perceptron_loss(s, y):
    """margin 0, the perceptron's loss"""
    return np.maximum(0, -y * s).mean()


@HINGE.mutant(caught_by="margin-of-one, gradient-of-hinge, best-constant-is-the-likelier-label, equals-definition")
def squared_hinge(s, y):
    """squared hinge"""
    return (np.maximum(0, 1 - y * s) ** 2).mean()


@HINGE.mutant(caught_by="margin-of-one, best-constant-is-the-likelier-label")
def not_cut_off(s, y):
    """not cut off at 0"""
    return (1 - y * s).mean()


@HINGE.figure(share=Slider(0.02, 0.98, 0.7, "probability of the label 1"), s0=Slider(-3, 3, 0.4, "score s"))
def hinge_figure(share, s0):
    s = np.linspace(-3, 3, 240)  # without 0, where either label counts as wrong: a needle in the curve
    curves = {
        "hinge": lambda m: np.maximum(0, 1 - m),
        "log loss (bits)": lambda m: np.log2(1 + np.exp(-m)),
        "0–1": lambda m: (m <= 0) * 1.0,
    }
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    best = {}
    for name, f in curves.items():
        left.plot(s, f(s), label=name)
        risk = share * f(s) + (1 - share) * f(-s)
        right.plot(s, risk)
        best[name] = float(s[int(risk.argmin())])
        right.plot(best[name], risk.min(), "o", ms=4, color="black")
    value = float(share * max(0.0, 1 - s0) + (1 - share) * max(0.0, 1 + s0))
    left.axvline(s0, color="#7F7F7F", lw=0.8)
    right.axvline(s0, color="#7F7F7F", lw=0.8)
    left.set(title="loss when y = 1", xlabel="s", ylim=(0, 4))
    left.legend(frameon=False, fontsize=9.5)
    right.set(title="expected loss", xlabel="s", ylim=(0, 3))
    label = "1" if share > 0.5 else "−1"
    where = ("from −1 to 1", "−1 到 1 之间") if share == 0.5 else (f"at {label}", f"{label} 处")
    words = Text(
        f"With probability {share:.2f} of the label 1, the hinge loss is least {where[0]}; log loss at the log-odds "
        f"{math.log(share / (1 - share)):.2f}. The score {s0:.2f} has expected hinge loss {value:.3f}.",
        f"标签 1 的概率为 {share:.2f} 时，合页损失在 {where[1]}最小，对数损失在对数几率 {math.log(share / (1 - share)):.2f} 处最小。得分 {s0:.2f} 的期望合页损失为 {value:.3f}。",
    )
    return Drawing(fig, words)
