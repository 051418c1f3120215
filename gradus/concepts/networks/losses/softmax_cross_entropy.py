"""Softmax cross-entropy."""

import math

import numpy as np

from gradus.concepts.networks.losses.bce import bce
from gradus.concepts.networks.losses.samples import COUNT, LABELS
from gradus.concepts.networks.losses.slopes import convex_along, gradient_is
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

SOFTMAX_CROSS_ENTROPY = Concept(
    key="softmax-cross-entropy",
    kind="definition",
    title="Softmax cross-entropy",
    summary="The negative log-probability that the softmax of the scores gives to the true class. Taken together the "
    "two are stable at any score, convex, and have the gradient predicted minus true.",
    formulas=(
        r"L=-\frac1n\sum_{i=1}^{n}\log p_{i,y_i}=\frac1n\sum_{i=1}^{n}\Bigl[\log\sum_{j=1}^{k}e^{z_{ij}-m_i}-(z_{i,y_i}-m_i)\Bigr],\qquad p_i=\operatorname{softmax}(z_i),\quad m_i=\max_j z_{ij}",
        r"\frac{\partial L}{\partial z_{ij}}=\frac{p_{ij}-\delta_{j,y_i}}{n}",
    ),
    symbols=(
        Symbol("z", "z", "n k", "scores (logits), one sample a row"),
        LABELS,
        COUNT,
        Symbol("k", "", "", "number of classes"),
        Symbol("p", "", "n k", "predicted probabilities"),
        Symbol("m", "", "n", "largest score of each sample"),
        Symbol(r"\delta_{j,y}", "", "", "1 where j = y, else 0"),
        Symbol("L", "", "", "the loss"),
    ),
    needs=("softmax", "cross-entropy", "gradient"),
    source="bridle1990probabilistic",
    year=1990,
    people=("John S. Bridle",),
    aliases="CrossEntropyLoss, cross-entropy loss, softmax loss, categorical cross-entropy, "
    "交叉熵损失, softmax 损失, 多分类交叉熵, 交叉熵损失函数",
    implementations=(Implementation("torch.nn.functional:cross_entropy", "torch"),),
    readings="bishop2006pattern §4.3.4; goodfellow2016deep §6.2.2.3; cs231n Linear classification: Softmax classifier",
    hypotheses=(
        Hypothesis(
            "best scores exist, among those that all samples share: every class occurs", "a-class-that-never-occurs"
        ),
    ),
    conventions=(
        Convention(
            "scores or probabilities",
            "scores, as in PyTorch and ONNX (SoftmaxCrossEntropyLoss)",
            "probabilities in Keras, unless told `from_logits=True`; fed in as scores they pass through a second softmax, "
            r"and the loss can then not fall below $\log(1+(k-1)/e)$",
        ),
    ),
    nonfinite="nan",
)


@SOFTMAX_CROSS_ENTROPY.definition
def softmax_cross_entropy(z, y):
    if np.min(y) < 0:
        raise IndexError("y: classes 0, 1, …")  # −1 would be the last class
    m = 1.0 * z.max(-1, keepdims=True)
    log_p = z - m - np.log(np.exp(z - m).sum(-1, keepdims=True))  # (n, k)
    return -log_p[np.arange(len(y)), y].mean()


@SOFTMAX_CROSS_ENTROPY.example
def example():
    z, y = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0]]), np.array([0, 2])
    m = z.max(1)
    e = np.exp(z - m[:, None])
    p = e / e.sum(1, keepdims=True)
    each = np.array([softmax_cross_entropy(z[[i]], y[[i]]) for i in range(2)])
    return (
        dict(z=z, y=y, m=m, e=e, total=e.sum(1), log=np.log(e.sum(1)), p=p, each=each)
        | dict(loss=softmax_cross_entropy(z, y), gradient=(p - np.eye(3)[y]) / 2)
        | dict(uniform=softmax_cross_entropy(0 * z, y), shifted=softmax_cross_entropy(z + 1000.0, y))
    )


@SOFTMAX_CROSS_ENTROPY.exercise
def before_training():
    loss = softmax_cross_entropy(np.zeros((2, 1000)), np.array([3, 999]))
    return number(loss, in_bits=loss / math.log(2), base_ten=loss / math.log(10), share_wrong=0.999)


@SOFTMAX_CROSS_ENTROPY.exercise
def softmax_before_it():
    perfect = np.eye(10)[[4]]  # probabilities fed in as scores
    return number(softmax_cross_entropy(perfect, np.array([4])), zero=0.0, log_k=math.log(10))


@SOFTMAX_CROSS_ENTROPY.exercise
def five_added():
    z, y = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0]]), np.array([0, 2])
    before = softmax_cross_entropy(z, y)
    sample = abs(softmax_cross_entropy(z + [[5.0], [0.0]], y) - before) > 1e-9
    column = abs(softmax_cross_entropy(z + [5.0, 0.0, 0.0], y) - before) > 1e-9
    return choice(
        sample_changes=sample and not column,
        class_changes=column and not sample,
        both_change=column and sample,
        neither=not column and not sample,
    )


@SOFTMAX_CROSS_ENTROPY.cases
def softmax_cross_entropy_cases(rng):
    yield "random", dict(z=rng.standard_normal((6, 4)), y=rng.integers(0, 4, 6))
    yield "one sample", dict(z=rng.standard_normal((1, 3)), y=np.array([2]))
    yield "one class", dict(z=rng.standard_normal((3, 1)), y=np.zeros(3, int))
    yield "ties", dict(z=np.zeros((2, 5)), y=np.array([0, 4]))
    yield ("sure and wrong", dict(z=np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 0.0]]), y=np.array([1, 1])))
    yield "as many samples as classes", dict(z=rng.standard_normal((4, 4)), y=np.array([2, 0, 1, 1]))
    yield "many samples", dict(z=rng.standard_normal((1500, 3)), y=rng.integers(0, 3, 1500))
    yield "many classes", dict(z=rng.standard_normal((2, 1500)), y=np.array([7, 1400]))


@SOFTMAX_CROSS_ENTROPY.invalid
def softmax_cross_entropy_invalid(rng):
    yield "more labels than samples", dict(z=np.zeros((3, 4)), y=np.zeros(5, int))
    yield "a class that does not exist", dict(z=np.zeros((2, 3)), y=np.array([0, 3]))


@SOFTMAX_CROSS_ENTROPY.claim
def gradient_is_p_minus_y(loss, rng):
    r"""Its gradient is $(p-e_y)/n$, $e_y$ being the one-hot vector of the true class"""
    z, y = rng.standard_normal((3, 4)), np.array([1, 3, 0])
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    return gradient_is(lambda t: loss(t, y), z, (p - np.eye(4)[y]) / 3)


@SOFTMAX_CROSS_ENTROPY.claim
def stable_at_a_thousand(loss, rng):
    """At scores of ±1000 it is 0 where right and 2000 where wrong"""
    z = np.array([[1000.0, -1000.0]])
    return all_of(roundoff(loss(z, np.array([0])), 0.0, scale=1.0), roundoff(loss(z, np.array([1])), 2000.0))


@SOFTMAX_CROSS_ENTROPY.claim
def shift_of_the_scores(loss, rng):
    """A constant added to all scores of a sample changes nothing"""
    z, y = rng.standard_normal((5, 4)), rng.integers(0, 4, 5)
    yield invariance(loss(z + 64 * np.arange(5)[:, None], y), loss(z, y), terms=5, scale=256.0)
    yield roundoff(loss(np.full((5, 4), 64.0), y), math.log(4), terms=5, scale=64.0)


@SOFTMAX_CROSS_ENTROPY.claim
def uniform_costs_log_k(loss, rng):
    """Equal scores of k classes cost log k"""
    for k in (1, 2, 10, 100):
        yield roundoff(loss(np.full((3, k), 2.5), np.zeros(3, int)), math.log(k), terms=k)


@SOFTMAX_CROSS_ENTROPY.claim
def two_classes(loss, rng):
    """Two classes give the binary cross-entropy of the difference of scores"""
    z, y = 2 * rng.standard_normal((9, 2)), rng.integers(0, 2, 9)
    return roundoff(loss(z, y), bce(z[:, 1] - z[:, 0], y * 1.0), terms=9)


@SOFTMAX_CROSS_ENTROPY.claim
def proper_scoring(loss, rng):
    """Strictly proper: where all samples share their scores, the best are the log-frequencies of the classes, up to a
    constant; the loss there is their entropy, and elsewhere more by the divergence of the two laws"""
    y = np.repeat([0, 1, 2], [5, 3, 2])
    q = np.array([0.5, 0.3, 0.2])
    f = lambda t: loss(np.broadcast_to(t, (10, 3)), y)
    flat = gradient_is(f, np.log(q), np.zeros(3))
    entropy = roundoff(f(np.log(q)), -(q * np.log(q)).sum(), terms=10)
    p = q * np.exp([0.1, 0, -0.1])
    p /= p.sum()
    worse = roundoff(f(np.log(p) + 1) - f(np.log(q)), (q * np.log(q / p)).sum(), terms=10, scale=1.0)
    return all_of(flat, entropy, worse)


@SOFTMAX_CROSS_ENTROPY.claim
def a_class_that_never_occurs(loss, rng):
    """A class that never occurs leaves no best score: the loss falls for ever as its score sinks"""
    z, y = np.zeros((4, 3)), np.array([0, 1, 0, 1])
    found = [loss(z - [0, 0, t], y) for t in (0.0, 5.0, 10.0, 30.0)]
    return roundoff(found, np.log(2 + np.exp([0.0, -5.0, -10.0, -30.0])), terms=4)


@SOFTMAX_CROSS_ENTROPY.claim
def an_excluded_class(loss, rng):
    """A class that is not the true one and has the score −∞ is as if it were absent: the loss is that of the others"""
    z, y = rng.standard_normal((4, 5)), np.array([0, 2, 1, 0])
    others = z[:, [0, 1, 2, 4]]
    return roundoff(loss(np.where(np.arange(5) == 3, -np.inf, z), y), loss(others, y), terms=5, scale=8.0)


@SOFTMAX_CROSS_ENTROPY.claim
def convex_in_the_scores(loss, rng):
    """Convex in the scores"""
    y, end = np.array([0, 2, 1]), 30 * np.eye(3)[[0, 2, 1]]
    found = [convex_along(lambda t: loss(t, y), *(5 * rng.standard_normal((2, 3, 3)))) for _ in range(5)]
    # from sure and wrong to sure and right: whatever is bounded bends down here, and what is constant does not bend up
    up = (loss(-end, y) + loss(end, y)) / 2 - loss(0 * end, y)
    bent = roundoff(
        up, (math.log(2 + math.exp(-30)) + 30 + math.log1p(2 * math.exp(-30))) / 2 - math.log(3), scale=30.0
    )
    return all_of(convex_along(lambda t: loss(t, y), -end, end), bent, *found)


@SOFTMAX_CROSS_ENTROPY.mutant(caught_by="stable-at-a-thousand, equals-definition, convex-in-the-scores")
def log_of_clipped(z, y):
    """log of a clipped probability"""
    e = np.exp(z - z.max(-1, keepdims=True))
    p = np.clip(e / e.sum(-1, keepdims=True), 1e-7, 1)
    return -np.log(p[np.arange(len(y)), y]).mean()


@SOFTMAX_CROSS_ENTROPY.mutant(caught_by="stable-at-a-thousand")
def overflowing(z, y):
    """no maximum subtracted"""
    return (np.log(np.exp(z).sum(-1)) - z[np.arange(len(y)), y]).mean()


@SOFTMAX_CROSS_ENTROPY.mutant(caught_by="gradient-is-p-minus-y, proper-scoring, two-classes, stable-at-a-thousand")
def softmax_twice(z, y):
    """softmax taken twice: probabilities fed in as scores"""
    e = np.exp(z - z.max(-1, keepdims=True))
    return softmax_cross_entropy(e / e.sum(-1, keepdims=True), y)


@SOFTMAX_CROSS_ENTROPY.mutant(caught_by="an-excluded-class")
def one_hot_product(z, y):
    """one-hot rows times the logarithms: 0·∞ at a class of score −∞"""
    shifted = z - z.max(-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return -(np.eye(z.shape[-1])[y] * log_p).sum(-1).mean()


@SOFTMAX_CROSS_ENTROPY.mutant(caught_by="uniform-costs-log-k, two-classes, a-class-that-never-occurs")
def in_bits(z, y):
    """bits for nats"""
    return softmax_cross_entropy(z, y) / np.log(2)


@SOFTMAX_CROSS_ENTROPY.mutant(caught_by="shift-of-the-scores, gradient-is-p-minus-y")
def shared_normaliser(z, y):
    """normaliser shared by the whole batch"""
    return np.log(np.exp(z).sum(-1).mean()) - z[np.arange(len(y)), y].mean()


@SOFTMAX_CROSS_ENTROPY.figure(
    true=Slider(-6, 6, 0.0, "score of the true class"),
    classes=Slider(2, 100, 4, "number of classes, the others at score 0", integer=True, log=True),
)
def softmax_cross_entropy_figure(true, classes):
    k, z = int(classes), np.linspace(-6, 6, 241)

    def curve(s):
        return np.log(np.exp(s) + k - 1) - s

    p = np.exp(z) / (np.exp(z) + k - 1)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(z, curve(z))
    left.plot(true, curve(true), "o", color="#D55E00")
    left.axhline(math.log(k), color="#7F7F7F", lw=0.8, ls="--")
    left.text(6, math.log(k), f"log {k}", ha="right", va="bottom", fontsize=9.5)
    left.set(title="loss", xlabel="score of the true class", ylim=(0, None))
    right.plot(z, p - 1, label=r"true class: $p-1$")
    right.plot(z, (1 - p) / (k - 1), label=r"each other: $p_j$")
    now = math.exp(true) / (math.exp(true) + k - 1)
    right.plot([true, true], [now - 1, (1 - now) / (k - 1)], "o", color="#D55E00")
    right.axhline(0, color="#7F7F7F", lw=0.6)
    right.set(title="gradient", xlabel="score of the true class", ylim=(-1.05, 1.05))
    right.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"{k} classes, true score {true:.2g}: probability {now:.3g}, loss {curve(true):.3f}. Descent raises the true score at rate {1 - now:.3f} and "
        f"lowers each other at {(1 - now) / (k - 1):.3g}; the rates sum to 0.",
        f"{k} 个类别，真实类别得分 {true:.2g}：概率 {now:.3g}，损失 {curve(true):.3f}。下降时真实类别的得分以 {1 - now:.3f} 的速率上升，其余各以 {(1 - now) / (k - 1):.3g} 下降，总和为 0。",
    )
    return Drawing(fig, words)
