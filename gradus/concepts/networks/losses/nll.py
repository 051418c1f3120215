"""Negative log-likelihood loss."""

import math

import numpy as np

from gradus.concepts.networks.losses.samples import COUNT, LABELS
from gradus.concepts.networks.losses.slopes import gradient_is
from gradus.concepts.networks.losses.softmax_cross_entropy import softmax_cross_entropy
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

NLL = Concept(
    key="nll",
    kind="definition",
    title="Negative log-likelihood loss",
    summary="Minus the mean log-probability given to what happened. It takes log-probabilities: in floating point the "
    "product of the probabilities of 1100 fair flips is 0, the sum of their logarithms is not.",
    formulas=(
        r"L=-\frac1n\sum_{i=1}^{n}\ell_{i,y_i}=-\frac1n\log\prod_{i=1}^{n}p_{i,y_i},\qquad \ell_{ij}=\log p_{ij}",
        r"\frac{\partial L}{\partial\ell_{ij}}=-\frac{\delta_{j,y_i}}{n}",
    ),
    symbols=(
        Symbol(r"\ell", "log_p", "n k", "log-probabilities, one sample a row"),
        LABELS,
        COUNT,
        Symbol("p", "", "n k", "probabilities"),
        Symbol(r"\delta_{j,y}", "", "", "1 where j = y, else 0"),
        Symbol("L", "", "", "the loss"),
    ),
    needs=("mle", "softmax-cross-entropy"),
    source="goodfellow2016deep",
    year=1922,
    people=("Ronald A. Fisher",),
    aliases="NLLLoss, negative log likelihood, 负对数似然, NLL 损失, 负对数似然函数",
    implementations=(Implementation("torch.nn.functional:nll_loss", "torch"),),
    readings="goodfellow2016deep §5.5; murphy2022probabilistic §4.2",
    hypotheses=(Hypothesis("the product is the likelihood: the samples are independent", "copies-are-no-samples"),),
    deviations="`NLLLoss` computes no logarithm, in spite of its name: it expects them.",
    nonfinite="nan",
)


@NLL.definition
def nll(log_p, y):
    if np.min(y) < 0:
        raise IndexError("y: classes 0, 1, …")  # −1 would be the last class
    return -log_p[np.arange(len(y)), y].mean()


@NLL.example
def example():
    p, y = np.array([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]]), np.array([0, 2])
    log_p = np.log(p)
    chosen = p[[0, 1], y]
    return (
        dict(log_p=log_p, y=y, p=p, chosen=chosen, logs=np.log(chosen), likelihood=chosen.prod())
        | dict(nll=nll(log_p, y), perplexity=np.exp(nll(log_p, y)), gradient=-np.eye(3)[y] / 2)
        | dict(logit_gradient=(p - np.eye(3)[y]) / 2)
        | dict(rounded=nll(np.log([[0.99, 0.01], [0.01, 0.99]]), np.array([0, 0])), long=1100 * np.log10(0.5))
        | dict(smallest=np.log10(5e-324))
    )


@NLL.exercise
def perplexity_of_four_words():
    p = np.array([1 / 2, 1 / 4, 1 / 8, 1 / 8])
    loss = nll(np.log(np.stack([p, 1 - p], 1)), np.zeros(4, int))
    return number(np.exp(loss), mean_of_inverses=(1 / p).mean(), product=(1 / p).prod(), loss_itself=loss)


@NLL.exercise
def two_batches():
    return number((10 * 2.0 + 30 * 3.0) / 40, mean_of_means=(2.0 + 3.0) / 2)


@NLL.exercise
def probabilities_for_logarithms():
    p, y = np.array([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]]), np.array([0, 2])
    loss = nll(p, y)
    return choice(error=not np.isfinite(loss), between=-1 <= loss <= 0, positive=loss > 0)


def log_softmax(z):
    """Log-probabilities from scores, for the cases and claims."""
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


@NLL.cases
def nll_cases(rng):
    yield "random", dict(log_p=log_softmax(rng.standard_normal((6, 4))), y=rng.integers(0, 4, 6))
    yield "one sample", dict(log_p=np.log([[0.2, 0.8]]), y=np.array([1]))
    yield "one class", dict(log_p=np.zeros((3, 1)), y=np.zeros(3, int))
    yield (
        "a nearly impossible class elsewhere",
        dict(log_p=np.array([[0.0, -1000.0], [math.log(0.5), math.log(0.5)]]), y=np.array([0, 1])),
    )
    yield "as many samples as classes", dict(log_p=log_softmax(rng.standard_normal((4, 4))), y=np.array([2, 0, 1, 1]))
    yield "many samples", dict(log_p=log_softmax(rng.standard_normal((1500, 3))), y=rng.integers(0, 3, 1500))
    yield "many classes", dict(log_p=log_softmax(rng.standard_normal((2, 1500))), y=np.array([7, 1400]))


@NLL.invalid
def nll_invalid(rng):
    yield "more labels than samples", dict(log_p=np.zeros((3, 4)), y=np.zeros(5, int))
    yield "a class that does not exist", dict(log_p=np.zeros((2, 3)), y=np.array([0, 3]))


@NLL.claim
def gradient_of_nll(nll, rng):
    """Its gradient is $-1/n$ at the true class and 0 elsewhere"""
    log_p, y = log_softmax(rng.standard_normal((4, 3))), np.array([2, 0, 1, 1])
    return gradient_is(lambda t: nll(t, y), log_p, -np.eye(3)[y] / 4)


@NLL.claim
def composed_with_log_softmax(nll, rng):
    """Of the log-softmax it is the softmax cross-entropy"""
    z, y = 3 * rng.standard_normal((7, 5)), rng.integers(0, 5, 7)
    return roundoff(nll(log_softmax(z), y), softmax_cross_entropy(z, y), terms=7)


@NLL.claim
def exponential_is_the_likelihood(nll, rng):
    """$e^{-nL}$ is the likelihood, the product of the probabilities of what happened"""
    p, y = np.array([[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]]), np.array([0, 1, 1])
    return roundoff(math.exp(-3 * nll(np.log(p), y)), 0.5 * 0.8 * 0.1, terms=6)


@NLL.claim
def copies_are_no_samples(nll, rng):
    """One fair flip, written down twice, has the probability ½; the product of its two rows is ¼"""
    one, twice = (math.exp(-n * nll(np.log(np.full((n, 2), 0.5)), np.zeros(n, int))) for n in (1, 2))
    return roundoff([one, twice], [0.5, 0.25], terms=4)


@NLL.claim
def no_underflow(nll, rng):
    """1100 fair flips: the likelihood is exactly 0 in float64, the loss is log 2"""
    p, y = np.full((1100, 2), 0.5), rng.integers(0, 2, 1100)
    return all_of(identical(p[:, 0].prod(), 0.0), roundoff(nll(np.log(p), y), math.log(2), terms=1100))


@NLL.mutant(caught_by="composed-with-log-softmax, gradient-of-nll, no-underflow")
def second_logarithm(log_p, y):
    """a second logarithm: takes probabilities"""
    return -np.log(np.abs(log_p[np.arange(len(y)), y])).mean()


@NLL.mutant(caught_by="gradient-of-nll, exponential-is-the-likelihood, copies-are-no-samples")
def nll_summed(log_p, y):
    """summed, not averaged"""
    return -log_p[np.arange(len(y)), y].sum()


@NLL.mutant(caught_by="no-underflow")
def log_of_the_product(log_p, y):
    """log of the product of the probabilities"""
    return -np.log(np.exp(log_p[np.arange(len(y)), y]).prod()) / len(y)


@NLL.mutant(caught_by="exponential-is-the-likelihood, equals-definition")
def sign_lost(log_p, y):
    """sign lost"""
    return log_p[np.arange(len(y)), y].mean()


@NLL.figure(
    p=Slider(0.02, 0.98, 0.7, "model's probability of heads"),
    n=Slider(10, 2000, 100, "number of flips", integer=True, log=True),
)
def nll_figure(p, n):
    n = int(n)
    heads = round(0.6 * n)
    q = np.linspace(0.01, 0.99, 197)
    loss = -(heads * np.log(q) + (n - heads) * np.log(1 - q)) / n
    likelihood = np.exp(n * (loss.min() - loss))
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.plot(q, likelihood)
    left.set_ylim(0, 1.1)
    left.axvline(p, color="#D55E00", lw=0.9)
    left.set(title="likelihood / its maximum", xlabel="probability of heads")
    right.plot(q, loss)
    value = -(heads * math.log(p) + (n - heads) * math.log(1 - p)) / n
    right.plot(p, value, "o", color="#D55E00")
    right.plot(heads / n, float(np.interp(heads / n, q, loss)), "o", color="#009E73")
    right.set(title="negative log-likelihood / n", xlabel="probability of heads", ylim=(0, 3))
    exponent = math.floor(-n * value / math.log(10))
    mantissa = 10 ** (-n * value / math.log(10) - exponent)
    lost = (" — exactly 0 in float64", "——在 float64 中恰为 0") if math.exp(-n * value) == 0 else ("", "")
    words = Text(
        f"{heads} heads in {n} flips, model {p:.2f}: the likelihood is {mantissa:.1f}e{exponent}{lost[0]}, the loss {value:.4f}. Both are best at {heads / n:.2f}.",
        f"{n} 次抛掷出现 {heads} 次正面，模型取 {p:.2f}：似然为 {mantissa:.1f}e{exponent}{lost[1]}，损失为 {value:.4f}。二者都在 {heads / n:.2f} 处最优。",
    )
    return Drawing(fig, words)
