"""The categorical distribution."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.quadrature import counts
from gradus.concepts.foundations.distributions.standard_claims import Distribution, standard_claims
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, p):
    from torch.distributions import Categorical

    return log_density(Categorical(p, validate_args=False), x)


CATEGORICAL = Concept(
    key="categorical",
    kind="definition",
    title="Categorical distribution",
    summary="One draw among k labelled outcomes: a die, a class, the next word. Minus its log-mass is the "
    "cross-entropy loss; n draws, counted, are multinomial.",
    formulas=(
        r"p(x)=\prod_{i=0}^{k-1}p_i^{[x=i]}=p_x,\qquad p_i\ge0,\quad\sum_{i=0}^{k-1}p_i=1",
        r"E\,e_X=p,\qquad \operatorname{Cov}e_X=\operatorname{diag}(p)-pp^{\mathsf T},\qquad I(p_0,\dots,p_{k-2})=\operatorname{diag}\Bigl(\frac1{p_i}\Bigr)+\frac1{p_{k-1}}\mathbf 1\mathbf 1^{\mathsf T}",
    ),
    symbols=(
        Symbol("x", "x", "...", "outcomes, counted from 0", "index"),
        Symbol("p", "p", "... k", "probabilities", "simplex"),
        Symbol("k", "", "", "number of outcomes"),
        Symbol("i", "", "", "an outcome"),
        Symbol("e_X", "", "k", "one-hot vector of the outcome"),
        Symbol("I", "", "k-1 k-1", "Fisher information of the free probabilities"),
    ),
    needs=("bernoulli",),
    source="montmort1708essay",
    year=1708,
    people=("Pierre Rémond de Montmort",),
    aliases="multinoulli, discrete distribution, multinomial distribution, generalised Bernoulli, "
    "多项分布, 离散分布, 分类分布, 范畴分布",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "on `torch.distributions.Categorical`, whose own `log_prob` clamps probabilities",
        ),
    ),
    readings="murphy2022probabilistic §2.5; bishop2006pattern §2.2",
    hypotheses=(Hypothesis("all $p_i>0$, for the Fisher information", "impossible-outcomes-leave-no-score"),),
    deviations=(
        "`torch.distributions.Categorical` divides `probs` by their sum without a word and clamps them: an "
        "impossible outcome gets −36.04 in float64, −15.94 in float32.",
        "The k probabilities have k − 1 degrees of freedom: as a k × k matrix the Fisher information depends on how "
        "p is carried off the simplex.",
    ),
    nonfinite="nan",
)


@CATEGORICAL.definition
def categorical(x, p):
    with np.errstate(divide="ignore"):
        return np.where(np.arange(p.shape[-1]) == x[..., None], np.log(p), 0).sum(axis=-1)


@CATEGORICAL.example
def example():
    x, p = np.array([0, 2, 1]), np.array([0.5, 0.3, 0.2])
    C, sharp = np.diag(p) - np.outer(p, p), p**2 / (p**2).sum()
    flat = np.sqrt(p) / np.sqrt(p).sum()
    label = np.array([0.0, 0.0, 1.0])
    return (
        dict(x=x, p=p, log_p=categorical(x, p), total=categorical(x, p).sum())
        | dict(loss=-categorical(x, p).mean(), entropy=-(p * np.log(p)).sum(), C=C, label=label)
        | dict(slope=p - label, sharp=sharp, flat=flat, squares=p**2, sum_of_squares=(p**2).sum())
        | dict(likelihood=p.prod())
    )


@CATEGORICAL.exercise
def four_draws():
    p, counts = np.array([0.5, 0.3, 0.2]), np.array([2, 1, 1])
    one_order = np.exp((counts * categorical(np.arange(3), p)).sum())
    orders = math.factorial(4) / np.prod([math.factorial(c) for c in counts])
    return number(orders * one_order, one_order=one_order, all_orders=math.factorial(4) * one_order)


@CATEGORICAL.exercise
def softmax_twice():
    logits = np.array([1.0, 0.0, 0.0])  # probabilities of a perfect prediction, taken for logits
    return number(np.log(np.exp(logits).sum()) - 1, perfect=0.0, uniform=np.log(3))


@CATEGORICAL.exercise
def counts_compete():
    p, n = np.array([0.5, 0.3, 0.2]), 10
    covariance = (n * (np.diag(p) - np.outer(p, p)))[0, 1]
    return choice(negative=covariance < -1e-9, zero=abs(covariance) < 1e-9, positive=covariance > 1e-9)


@CATEGORICAL.cases
def cases(rng):
    yield "random", dict(x=rng.integers(0, 5, 7), p=rng.dirichlet(np.ones(5), 1))
    yield "one draw", dict(x=np.array(3), p=rng.dirichlet(np.ones(4)))
    yield "a distribution for each draw", dict(x=rng.integers(0, 3, 4), p=rng.dirichlet(np.ones(3), 4))
    yield "an impossible outcome", dict(x=np.array([0, 1, 2]), p=np.array([[0.25, 0.0, 0.75]]))
    yield "a certain outcome", dict(x=np.array([1]), p=np.array([[0.0, 1.0]]))
    yield "one outcome", dict(x=np.array([0, 0]), p=np.ones((1, 1)))
    yield "long", dict(x=rng.integers(0, 3, 1500), p=np.array([[0.2, 0.5, 0.3]]))
    yield "many outcomes", dict(x=np.array([7, 1400]), p=rng.dirichlet(np.ones(1500), 1))
    yield "square", dict(x=np.array([2, 0, 1]), p=rng.dirichlet(np.ones(3), 3))


@CATEGORICAL.invalid
def invalid(rng):
    yield "a negative probability", dict(x=np.array([0]), p=np.array([1.5, -0.5]))
    yield "no distribution for each draw", dict(x=np.array([0, 1, 0]), p=np.full((2, 2), 0.5))


def probabilities(theta):
    return np.append(theta, 1 - np.sum(theta))


def scipy(theta):
    from scipy import stats

    return stats.rv_discrete(values=(range(len(theta) + 1), probabilities(theta)))


def divergence(p, q):
    p, q = probabilities(p), probabilities(q)
    return float(p @ np.log(p / q))


def moment(theta, power):
    return float(probabilities(theta) @ np.arange(len(theta) + 1.0) ** power)


def entropy(theta):
    p = probabilities(theta)
    return float(-(p @ np.log(p)))


standard_claims(
    CATEGORICAL,
    Distribution(
        examples=((0.2, 0.5, 0.1), (0.25, 0.25, 0.25), (0.7, 0.05, 0.2)),
        arguments=lambda theta: dict(p=probabilities(theta)),
        grid=lambda theta: counts(0, len(theta)).as_integers(),
        draw=lambda rng, theta, n: rng.choice(len(theta) + 1, n, p=probabilities(theta)),
        mean=lambda theta: moment(theta, 1),
        covariance=lambda theta: moment(theta, 2) - moment(theta, 1) ** 2,
        entropy=entropy,
        divergence=divergence,
        information=lambda theta: np.diag(1 / theta) + 1 / (1 - theta.sum()),
        scipy=scipy,
        reach=lambda theta: np.minimum(theta, 1 - theta.sum()),
        formulas=dict(
            mean=r"\sum_i i\,p_i",
            variance=r"\sum_i i^2p_i-(\sum_i i\,p_i)^2",
            entropy=r"-\sum_i p_i\log p_i",
            divergence=r"\sum_i p_i\log(p_i/q_i)",
            information=r"\operatorname{diag}(1/p_i)+\mathbf 1\mathbf 1^{\mathsf T}/p_{k-1}",
        ),
    ),
)


@CATEGORICAL.claim
def exact_at_zero_and_one(categorical, rng):
    """An impossible outcome has log-mass −∞, a certain one 0, exactly; neither disturbs the others"""
    x = np.arange(3)
    yield identical(categorical(x, np.array([0.0, 1.0, 0.0])), [-np.inf, 0.0, -np.inf])
    yield roundoff(categorical(x, np.array([0.25, 0.75, 0.0])), np.log([0.25, 0.75, 1e-400]) + [0, 0, -np.inf])


@CATEGORICAL.claim
def two_outcomes_are_bernoulli(categorical, rng):
    """With two outcomes it is Bernoulli's distribution"""
    p, x = rng.random(), rng.integers(0, 2, 20)
    return roundoff(categorical(x, np.array([1 - p, p])), x * math.log(p) + (1 - x) * math.log(1 - p))


@CATEGORICAL.claim
def renaming(categorical, rng):
    """Renaming the outcomes renames the probabilities, nothing else"""
    order = np.array([2, 0, 3, 5, 1, 4])  # no mere shift
    p, x = rng.dirichlet(np.ones(6)), np.arange(6)
    yield invariance(categorical(x, p[order]), categorical(order, p), terms=6)
    yield bound(np.ptp(categorical(x, p)), 1e-3, "≥", Text("the outcomes differ", "各结果的概率不同"))


@CATEGORICAL.claim
def gumbel_maximum(categorical, rng):
    r"""The largest of $\log p_i+g_i$ with independent standard Gumbel $g_i$ is drawn with probability $p_i$ (5000
    draws)"""
    p = np.array([0.5, 0.3, 0.15, 0.05])
    scores = categorical(np.arange(4), p) + rng.gumbel(size=(5000, 4))
    chosen = scores.argmax(axis=1)
    return all_of(*[statistical(chosen == i, p[i]) for i in range(4)])


@CATEGORICAL.claim
def impossible_outcomes_leave_no_score(categorical, rng):
    r"""At $p_0=0$ the score has no mean 0: raising $p_0$ at the cost of $p_1=1$ has the one-sided slope $-1$ on the only
    possible outcome"""
    h = 2.0**-20
    slope = (categorical(np.array(1), np.array([h, 1 - h])) - categorical(np.array(1), np.array([0.0, 1.0]))) / h
    return roundoff(slope, np.array(-1.0), terms=4, scale=1 + h / 2.0**-52)  # log(1 − h)/h = −1 − h/2 − …


@CATEGORICAL.mutant(caught_by="exact-at-zero-and-one, equals-definition")
def clamped(x, p):
    """probabilities are clamped to [ε, 1−ε]"""
    return categorical(x, np.clip(p, 2.0**-52, 1 - 2.0**-52))


@CATEGORICAL.mutant(
    caught_by="moments, entropy, divergence, fisher-information, sampler, gumbel-maximum, two-outcomes-are-bernoulli, "
    "impossible-outcomes-leave-no-score"
)
def probabilities_as_logits(x, p):
    """the softmax of the probabilities: taken for logits"""
    e = np.exp(p)
    return categorical(x, e / e.sum(axis=-1, keepdims=True))


@CATEGORICAL.mutant(caught_by="renaming, moments, distribution-function, gumbel-maximum, equals-definition")
def counted_from_one(x, p):
    """outcomes counted from 1"""
    return categorical((x - 1) % p.shape[-1], p)


@CATEGORICAL.mutant(caught_by="total-mass-is-one, entropy, distribution-function, equals-definition")
def divided_by_the_largest(x, p):
    """divided by the largest probability, not by the sum"""
    return categorical(x, p / p.max(axis=-1, keepdims=True))


@CATEGORICAL.figure(
    scores=Slider(0.0, 3.0, 1.0, "spread of the log-probabilities"),
    temperature=Slider(0.1, 5.0, 1.0, "temperature", log=True),
    n=Slider(10, 2000, 100, "draws", log=True, integer=True),
)
def figure(scores, temperature, n):
    n = int(n)
    fig, ax = canvas(width=6.4, height=3.3)
    z = scores * np.array([0.3, -0.8, 1.4, 0.0, -1.5, 0.9]) / temperature
    p = np.exp(z - z.max())
    p /= p.sum()
    share = np.bincount(np.random.default_rng(0).choice(6, n, p=p), minlength=6) / n
    ax.bar(np.arange(6), p, color=COLOURS[0], alpha=0.5, label="probability")
    error = np.sqrt(p * (1 - p) / n)
    ax.errorbar(
        np.arange(6),
        share,
        2 * error,
        fmt="o",
        ms=4,
        color=COLOURS[1],
        label=f"share of {n} draws, ± 2 standard errors",
    )
    h = entropy(p[:-1])
    ax.set(
        xlabel="x",
        ylabel="p(x)",
        title=f"entropy {h:.3f} of at most {math.log(6):.3f} nats",
        ylim=(0, 1.5 * max(p.max(), share.max())),
    )
    ax.legend(frameon=False)
    words = Text(
        f"Six outcomes with entropy {h:.3f} nats (uniform: {math.log(6):.3f}); the likeliest has probability {p.max():.3f}. In {n} draws "
        f"the shares miss the probabilities by at most {np.abs(share - p).max():.3f}.",
        f"六个结果，熵为 {h:.3f} 奈特（均匀时 {math.log(6):.3f}）；最可能者概率为 {p.max():.3f}。{n} 次抽取中频率与概率最多相差 {np.abs(share - p).max():.3f}。",
    )
    return Drawing(fig, words)
