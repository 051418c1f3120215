"""Rademacher complexity: how well a class of functions follows random signs, and how far its losses are from their means."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

RADEMACHER = Concept(
    key="rademacher",
    kind="definition",
    title="Rademacher complexity",
    summary="How well can a class of functions follow labels that are tossed by a coin? Its Rademacher complexity is the mean of its best correlation with random signs; "
    "twice that bounds, up to chance and for losses of slope at most 1, how far the expected loss can lie above the mean loss on the samples, for all functions of the class at "
    "once. For linear functions with bounded weights the best correlation is a norm: what counts is the size of the weights and of the "
    "data; how many weights there are shows in that size alone, or in a logarithm.",
    formulas=(
        r"\hat R(F)=\mathbb E_\sigma\,\sup_{f\in F}\frac1n\sum_{i=1}^n\sigma_if(x_i),\qquad\sigma_i=\pm1\ \text{with probability}\ \tfrac12",
        r"F=\{w^{\mathsf T}x:\lVert w\rVert_p\le B\}:\qquad\hat R(F)=\frac Bn\,\mathbb E\,\bigl\lVert\textstyle\sum_i\sigma_ix_i\bigr\rVert_q,\qquad\frac1p+\frac1q=1",
        r"\hat R\le\frac Bn\begin{cases}\max_j\lVert X_j\rVert\sqrt{2\ln d}&F=\{BX_1,\dots,BX_d\}\\ \max_j\lVert X_j\rVert\sqrt{2\ln2d}&p=1\\ \lVert X\rVert_F&p=2\\ \sum_j\lVert X_j\rVert&p=\infty\end{cases}",
        r"\mathbb E\sup_{f\in F}\Bigl(\mathbb E f-\frac1n\sum_if(x_i)\Bigr)\le2\,\mathbb E\hat R(F),\qquad\hat R(\ell\circ F)\le\rho\,\hat R(F)",
        r"\text{with probability}\ \ge1-\delta:\quad\mathbb E\,\ell(f)\le\frac1n\sum_i\ell_i(f(x_i))+2\rho\hat R(F)+3c\sqrt{\frac{\ln(2/\delta)}{2n}}\quad\text{for all}\ f\in F",
        r"F_L=\{W_L\phi(W_{L-1}\cdots\phi(W_1x)):\lVert W_l\rVert_F\le M_l\}:\qquad\hat R(F_L)\le\prod_{l=1}^LM_l\,\bigl(1+\sqrt{2(L-1)\ln2}\bigr)\,\frac{\lVert X\rVert_F}n",
    ),
    symbols=(
        Symbol("X", "x", "n d", "features of the samples, one row $x_i$ a sample; its columns are $X_j$"),
        Symbol(
            "F",
            "weights",
            "",
            "class: weights in the ball of the norm `l1`, `l2`, `linf`, or just `one` of them $B$ and the others 0",
            "other",
        ),
        Symbol("B", "radius", "", "bound on the weights' norm", "nonnegative"),
        Symbol(
            r"\sigma",
            "signs",
            "m n",
            "independent signs; the vectors of them to take the mean over, all $2^n$ where none are given",
            "other",
        ),
        Symbol(
            r"\rho", "lipschitz", "", "how steep the loss is as a function of the prediction, at most", "nonnegative"
        ),
        Symbol("c", "largest", "", "length of the interval that holds the losses", "nonnegative"),
        Symbol(
            r"1-\delta", "confidence", "", "probability, over the draw of the samples, that the bound holds", "unit"
        ),
        Symbol(r"\ell_i", "", "", "loss as a function of the prediction, given the label of sample $i$"),
        Symbol("p,\\ q", "", "", "order of the weights' norm, and of its dual"),
        Symbol(
            r"W_l,\ M_l,\ L",
            "",
            "",
            "weights of a layer, the last of them one row; the bound on their norm; number of layers",
        ),
        Symbol(r"\phi", "", "", "ReLU, entry by entry"),
        Symbol("n,\\ d", "", "", "numbers of samples and of features", "natural"),
        Symbol("i,\\ j,\\ l", "", "", "a sample, a feature, a layer", "natural"),
    ),
    returns=(
        Result("complexity", "", r"$\hat R(F)$, or the mean over the signs that were given"),
        Result("error", "", "standard error of that mean; 0 where none were given, ∞ for a single one"),
        Result("bound", "", r"closed form that $\hat R(F)$ does not exceed"),
        Result("gap", "", r"$2\rho\hat R(F)+3c\sqrt{\ln(2/\delta)/2n}$"),
    ),
    needs=("inner-product", "norm", "expectation"),
    source="bartlett2002rademacher",
    year=2002,
    people=(
        "Hans Rademacher",
        "Vladimir Koltchinskii",
        "Peter Bartlett",
        "Shahar Mendelson",
        "Michel Talagrand",
        "Pascal Massart",
        "Noah Golowich",
    ),
    aliases="Rademacher average, generalization bound, generalisation error, uniform convergence, symmetrization, Massart's lemma, contraction lemma, "
    "拉德马赫复杂度, 泛化界, 泛化误差, 一致收敛, 对称化, Massart 引理",
    implementations=(
        Implementation(
            "gradus.theory:rademacher_complexity",
            "torch",
            note="of a trained network, with its margins and the price of norms that were not fixed beforehand: `gradus.theory.rademacher_bound`",
        ),
    ),
    readings="mohri2018foundations ch. 3, §5.4; shalev2014understanding ch. 26; koltchinskii2002empirical; golowich2018size; maurer2016vector; latala1994best",
    hypotheses=(
        Hypothesis(
            "gap: samples drawn independently, from the law that the expectation is of",
            "the-same-samples-again-are-no-news",
        ),
        Hypothesis("gap: the class was fixed before the samples were seen", "a-class-of-one-chosen-afterwards"),
        Hypothesis("gap: all losses lie in an interval of length $c$", "a-rare-large-loss"),
        Hypothesis(r"gap: each $\ell_i$ is $\rho$-Lipschitz on the real line", "complexity-is-of-the-loss-class"),
        Hypothesis(r"gap: $\hat R$ is the mean over all signs", "one-sign-vector-is-not-the-mean"),
    ),
    conventions=(
        Convention(
            "absolute value",
            "none: the best $f$ follows the signs, and a class of one function has complexity 0",
            r"$\sup_f\lvert\sum_i\sigma_if(x_i)\rvert$: Bartlett and Mendelson 2002",
        ),
        Convention(
            "factor",
            r"$\frac1n\sum_i$",
            r"$\frac2n\sum_i$: Bartlett and Mendelson 2002; the sum itself: texts on empirical processes",
        ),
        Convention("signs", r"$\pm1$", "normal numbers: the Gaussian complexity"),
    ),
    deviations=(
        "For more than 16 samples and no signs given, the implementation draws 1000 sign vectors (`draws`, `seed`), the definition takes all.",
        "Golowich, Rakhlin and Shamir print $L$ for $L-1$ in the last formula: only the $L-1$ activations cost a factor 2 each.",
    ),
    unverified="The last formula is measured for two layers in the plane only, where the supremum can be found exactly.",
    differentiable=False,
    carries_gradient=False,
)


@RADEMACHER.definition
def rademacher(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, largest=1.0, confidence=0.95):
    n, d = x.shape
    if weights not in ("one", "l1", "l2", "linf"):
        raise ValueError("weights: one, l1, l2 or linf")
    if min(radius, lipschitz, largest) < 0 or not 0 < confidence < 1:
        raise ValueError("a bound below 0, or a confidence that is no probability")
    every = signs is None
    if every:
        signs = np.array(list(itertools.product((-1.0, 1.0), repeat=n)))
    elif signs.shape[1] != n or (np.abs(signs) != 1).any():
        raise ValueError("signs: −1 or 1 for each sample")
    u = signs @ x / n
    best = dict(one=u.max(1), l1=np.abs(u).max(1), l2=np.sqrt((u * u).sum(1)), linf=np.abs(u).sum(1))[weights]
    complexity = radius * best.mean()
    if every:
        error = 0.0
    else:
        error = radius * best.std(ddof=1) / np.sqrt(len(best)) if len(best) > 1 else np.inf
    column = np.sqrt((x * x).sum(0))
    closed = dict(
        one=column.max() * np.sqrt(2 * np.log(d)),
        l1=column.max() * np.sqrt(2 * np.log(2 * d)),
        l2=np.sqrt((x * x).sum()),
        linf=column.sum(),
    )[weights]
    chance = 3 * largest * np.sqrt(np.log(2 / (1 - confidence)) / (2 * n))
    return complexity, error, radius * closed / n, 2 * lipschitz * complexity + chance


def sign_vectors(n):
    return np.array(list(itertools.product((-1.0, 1.0), repeat=n)))


@RADEMACHER.example
def example():
    x, B = np.array([[3.0, 0.0], [4.0, 0.0], [0.0, 12.0]]), 2.0
    sums = np.abs(np.array([[7, 12], [1, 12]]))
    n = len(x)
    found = {w: rademacher(x, w, B) for w in ("l1", "l2", "linf")}
    lengths = np.sqrt((sums**2).sum(1))
    return (
        dict(x=x, B=B, n=n, sums=sums, lengths=lengths, mean=lengths.mean(), total=np.sqrt((x * x).sum()))
        | {w: f[0] for w, f in found.items()}
        | {w + "_bound": f[2] for w, f in found.items()}
        | dict(
            chance=rademacher(x, radius=0.0)[3],
            gap=found["l2"][3],
            far=rademacher(np.zeros((300, 1)), signs=np.ones((2, 300)))[3],
        )
        | dict(ten_thousand=rademacher(np.zeros((10**4, 1)), signs=np.ones((2, 10**4)))[3])
    )


@RADEMACHER.exercise
def three_coins():
    """Three samples, x = 1 each, weights from −2 to 2."""
    found = rademacher(np.ones((3, 1)), "l2", 2.0)
    return number(found[0], bound=found[2], all_agree=2.0, without_radius=found[0] / 2)


@RADEMACHER.exercise
def all_labels():
    found = rademacher(sign_vectors(5).T, "one")
    return number(found[0], massart=found[2], zero_one=rademacher((sign_vectors(5).T + 1) / 2, "one")[0])


@RADEMACHER.exercise
def steep_loss():
    """l2, radius 1, samples of norm 1, n = 400, a ramp of slope 5."""
    x = np.eye(400)
    one = np.ones((2, 400))
    found = rademacher(x, "l2", 1.0, one, 5.0)[3]
    return number(
        found,
        predictor=rademacher(x, "l2", 1.0, one, 1.0)[3],
        factor_lost=found - 5 * rademacher(x, "l2", 1.0, one)[0],
        no_chance=found - rademacher(x, "l2", 0.0, one)[3],
    )


@RADEMACHER.exercise
def doubled():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((8, 3))
    first = rademacher(x)[0]
    return choice(
        flipped=np.isclose(rademacher(x * rng.choice([-1.0, 1.0], (8, 1)))[0], first),
        more_features=np.isclose(rademacher(np.hstack([x, x]))[0], first),
        twice=np.isclose(rademacher(np.vstack([x, x]))[0], first),
    )


@RADEMACHER.cases
def cases(rng):
    for weights in ("one", "l1", "l2", "linf"):
        yield f"all signs, {weights}", dict(x=rng.standard_normal((6, 4)), weights=weights, radius=1.5)
    yield "signs drawn", dict(x=rng.standard_normal((40, 7)), weights="l1", signs=rng.choice([-1.0, 1.0], (30, 40)))
    yield "more features than samples", dict(x=rng.standard_normal((5, 60)), weights="one", lipschitz=3.0, largest=2.0)
    yield "one sample, one feature", dict(x=np.array([[-2.0]]), weights="linf", confidence=0.5)
    yield "no data to follow", dict(x=np.zeros((4, 3)), weights="l1", radius=7.0)
    yield "no weights", dict(x=rng.standard_normal((5, 3)), radius=0.0, confidence=0.999)
    yield "far from 1", dict(x=1e6 * rng.standard_normal((7, 3)), radius=1e-4, largest=10.0)
    yield "one sign vector", dict(x=rng.standard_normal((5, 2)), weights="one", signs=rng.choice([-1.0, 1.0], (1, 5)))


@RADEMACHER.invalid
def invalid(rng):
    yield "a sign that is 0", dict(x=np.ones((2, 2)), signs=np.array([[1.0, 0.0]]))
    yield "a sign too few", dict(x=np.ones((3, 2)), signs=np.ones((2, 2)))
    yield "a class of no such name", dict(x=np.ones((2, 2)), weights="l3")
    yield "a confidence of 1", dict(x=np.ones((2, 2)), confidence=1.0)
    yield "radius below 0", dict(x=np.ones((2, 2)), radius=-1.0)


def numbers(found):
    """Complexity, error, bound and gap as numbers."""
    return [float(v) for v in found]


def mean_walk(n):
    """E|σ₁ + … + σ_n|."""
    return n * math.comb(n - 1, (n - 1) // 2) / 2 ** (n - 1)


@RADEMACHER.claim
def known_exactly(rademacher, rng):
    r"""Orthogonal samples: $\frac Bn\lVert X\rVert_F$ for `l2`, whatever the signs. One sample $x$, $n$ times: $\frac Bn\lVert x\rVert_q\,n\binom{n-1}{\lfloor(n-1)/2\rfloor}2^{1-n}$. All functions to
    −1 and 1, on samples that differ: 1; to 0 and 1: ½. A single function: 0"""
    size = rng.uniform(1, 3, 6)
    Q = np.linalg.qr(rng.standard_normal((6, 6)))[0] * size[:, None]
    drawn = rng.choice([-1.0, 1.0], (5, 6))
    for given in (None, drawn):
        found = numbers(rademacher(Q, "l2", 3.0, given))
        yield roundoff(found[0], 3 * np.sqrt((size**2).sum()) / 6, terms=36)
        yield near(found[1], 0.0, 1e-14, Text("rounding of 36 terms near 1", "1 附近 36 项的舍入"))
    row = rng.standard_normal(3)
    dual = dict(l1=np.abs(row).max(), l2=np.sqrt((row**2).sum()), linf=np.abs(row).sum())
    for n, (weights, q) in itertools.product((4, 7), dual.items()):
        found = numbers(rademacher(np.tile(row, (n, 1)), weights, 2.0))
        yield roundoff(found[0], 2 * q * mean_walk(n) / n, terms=2**n)
    every = sign_vectors(5).T
    yield roundoff(float(rademacher(every, "one")[0]), 1.0, terms=32)
    yield roundoff(float(rademacher((every + 1) / 2, "one")[0]), 0.5, terms=32)
    yield roundoff(float(rademacher(rng.standard_normal((6, 1)), "one")[0]), 0.0, terms=64, scale=1.0)


@RADEMACHER.claim
def closed_forms_bound_it(rademacher, rng):
    r"""No complexity exceeds its closed form. For `l2` and `linf` it is at least $1/\sqrt2$ of it, which two equal samples reach; 1 is reached by orthogonal samples for `l2`, for `linf` by samples without a common feature, where $(1,1)$ and $(1,-1)$, though orthogonal, stay at $1/\sqrt2$; for all $2^n$ sign functions Massart's bound is $\sqrt{2\ln2}$, 18 % above 1"""
    for scale, weights in itertools.product((0.2, 5.0), ("one", "l1", "l2", "linf")):
        x = scale * rng.standard_normal((7, 4)) * rng.uniform(0, 2, 4)
        found = numbers(rademacher(x, weights, 1.3))
        yield bound(found[0], found[2])
        if weights in ("l2", "linf"):
            yield bound(found[0], found[2] / np.sqrt(2), "≥")
    yield bound(float(rademacher(np.ones((3, 1)), "l1")[0]), float(rademacher(np.ones((3, 1)), "l1")[2]))
    for weights in ("l2", "linf"):
        found = numbers(rademacher(np.array([[1.5, 2.0], [1.5, 2.0], [0.0, 0.0]]), weights))
        yield roundoff(found[0] * np.sqrt(2), found[2], terms=8)
        found = numbers(rademacher(np.diag([1.0, 2.0, 5.0]), weights))
        yield roundoff(found[0], found[2], terms=8)
    for weights, part in (("l2", 1.0), ("linf", np.sqrt(0.5))):
        found = numbers(rademacher(np.array([[1.0, 1.0], [1.0, -1.0]]), weights))
        yield roundoff(found[0], part * found[2], terms=8)
    yield roundoff(float(rademacher(sign_vectors(5).T, "one")[2]), np.sqrt(2 * np.log(2)), terms=32)


@RADEMACHER.claim
def a_ball_is_as_rich_as_its_corners(rademacher, rng):
    r"""Convex mixtures of functions add nothing: the `l1` ball has the complexity of the $2d$ functions $\pm BX_j$, the `linf` ball that of its $2^d$ corners, and `one` stays as
    it is when mixtures of its columns join. No class is poorer for more functions, and
    `l1` is strictly poorer than `l2`, `l2` than `linf`, for at least two features and samples in general position; for one feature they are one class"""
    x = rng.standard_normal((6, 3))
    for weights, corners in (("l1", np.vstack([np.eye(3), -np.eye(3)])), ("linf", sign_vectors(3))):
        got = float(rademacher(x, weights, 1.7)[0])
        yield roundoff(got, float(rademacher(x @ corners.T, "one", 1.7)[0]), terms=64)
    mixed = x @ rng.dirichlet(np.ones(3), 4).T
    yield roundoff(float(rademacher(np.hstack([x, mixed]), "one")[0]), float(rademacher(x, "one")[0]), terms=64)
    for weights in ("one", "l1", "l2", "linf"):
        more = float(rademacher(np.hstack([x, rng.standard_normal((6, 2))]), weights)[0])
        yield bound(more, float(rademacher(x, weights)[0]), "≥")
    poorest, middle, richest = (float(rademacher(x, weights)[0]) for weights in ("l1", "l2", "linf"))
    why = Text("strictly larger, beyond rounding", "严格大于，超出舍入误差")
    yield bound(middle - poorest, 1e-9, "≥", why)
    yield bound(richest - middle, 1e-9, "≥", why)
    first, *others = (float(rademacher(x[:, :1], weights)[0]) for weights in ("l1", "l2", "linf"))
    yield roundoff(others, [first, first], terms=64)


@RADEMACHER.claim
def what_does_not_count(rademacher, rng):
    r"""Labels −1 and 1 before the rows change nothing for a ball, nor does the order of the samples; its complexity is at least $B\max_j\lVert X_j\rVert/\sqrt2n$. One function added to all changes nothing for `one`. Twice the
    radius is twice the complexity: a bound without a norm is none"""
    x = rng.standard_normal((7, 3))
    flip, shift = rng.choice([-1.0, 1.0], (7, 1)), rng.standard_normal((7, 1))
    for weights in ("l1", "l2", "linf"):
        first = numbers(rademacher(x, weights))
        for other in (flip * x, x[rng.permutation(7)]):
            yield invariance(numbers(rademacher(other, weights)), first, terms=128)
        yield bound(first[0], np.sqrt((x * x).sum(0).max()) / np.sqrt(2) / 7, "≥")
        twice = numbers(rademacher(x, weights, 2.0))
        yield roundoff([twice[0], twice[2]], [2 * first[0], 2 * first[2]], terms=128)
    yield invariance(float(rademacher(x + shift, "one")[0]), float(rademacher(x, "one")[0]), terms=128, scale=4.0)


@RADEMACHER.claim
def drawn_signs_miss_by_their_error(rademacher, rng):
    r"""Over drawn sign vectors the mean is $\hat R$ up to chance, and its error is what such means scatter by: 60 means of 50 vectors each; a tenth of that error is left for a
    hundred times the vectors"""
    x = rng.standard_normal((9, 4))
    for weights in ("one", "l1", "l2", "linf"):
        exact = float(rademacher(x, weights)[0])
        found = np.array(
            [numbers(rademacher(x, weights, 1.0, rng.choice([-1.0, 1.0], (50, 9))))[:2] for _ in range(60)]
        )
        yield statistical(found[:, 0], exact)
        ratio = found[:, 0].std(ddof=1) / max(np.sqrt((found[:, 1] ** 2).mean()), 1e-300)
        why = Text("5 standard errors of a deviation from 60 means", "由 60 个均值估计标准差时的 5 倍标准误")
        yield near(ratio, 1.0, 5 / np.sqrt(2 * 59), why, kind="statistical")
    many = float(rademacher(x, "l2", 1.0, rng.choice([-1.0, 1.0], (5000, 9)))[1])
    few = float(rademacher(x, "l2", 1.0, rng.choice([-1.0, 1.0], (50, 9)))[1])
    why = Text("errors themselves estimated, from 50 vectors", "误差本身由 50 个向量估计")
    yield near(many / max(few, 1e-300), 0.1, 0.05, why, kind="statistical")


def gap_of(rademacher, x, *given):
    """What the complexity adds to the gap: 2ρR̂."""
    n = len(x)
    return float(rademacher(x, *given)[3]) - float(rademacher(np.zeros((n, 1)), "one", 0.0, np.ones((2, n)))[3])


@RADEMACHER.claim
def symmetrisation_and_its_factor(rademacher, rng):
    r"""The mean of $\sup_f(\mathbb Ef-\frac1n\sum_if(x_i))$ is at most $2\,\mathbb E\hat R$, and reaches it: for all functions to 0 and 1 and a law without atoms both are 1, since one of the
    functions is 0 on the samples and 1 elsewhere. For thresholds on the line and 8 samples it stays below"""
    n = 6
    yield roundoff(gap_of(rademacher, (sign_vectors(n).T + 1) / 2, "one"), 1.0 - 0.0, terms=64)
    yield roundoff(gap_of(rademacher, sign_vectors(n).T, "one"), 1.0 - -1.0, terms=64)
    steps = 1.0 * (np.arange(8)[:, None] < np.arange(9))  # 1[x ≤ t] on the sorted samples, for all t
    u = np.sort(rng.random((400, 8)), 1)
    found = (u - np.arange(8) / 8).max(1)  # the supremum of t − F_n(t), just below a sample
    most = found.mean() + 5 * found.std() / 20
    yield bound(
        most,
        gap_of(rademacher, steps, "one"),
        "≤",
        Text("400 samples, 5 standard errors added", "400 份样本，已加 5 倍标准误"),
    )


def ramp(z, y, rho):
    """The loss of prediction z for label y: 1 for y z ≤ 0, falling with slope ρ to 0."""
    return np.clip(1 - rho * y * z, 0, 1)


@RADEMACHER.claim
def complexity_is_of_the_loss_class(rademacher, rng):
    r"""Losses of slope $\rho$ have at most $\rho\hat R(F)$, by all signs. Without $\rho$ the bound is broken: 100 orthogonal samples with labels by coin, weights of norm 1 and a ramp of slope 10 from 1 to
    0: the loss is 0 on the samples, 1 on new ones orthogonal to them, where $2\hat R(F)+3\sqrt{\ln(2/\delta)/2n}=0.61$ for $\delta=0.05$"""
    x, y = rng.standard_normal((8, 6)), rng.choice([-1.0, 1.0], (8, 1))
    for rho in (0.3, 4.0):
        yield bound(float(rademacher(ramp(x, y, rho), "one")[0]), rho * float(rademacher(x, "one")[0]))
    n, rho = 100, 10.0
    x, y = np.eye(2 * n), rng.choice([-1.0, 1.0], 2 * n)
    w = np.where(np.arange(2 * n) < n, y, 0) / np.sqrt(n)
    losses = ramp(x @ w, y, rho)
    drawn = np.ones((2, n))
    right = float(rademacher(x[:n], "l2", 1.0, drawn, rho)[3])
    slope_lost = float(rademacher(x[:n], "l2", 1.0, drawn, 1.0)[3])
    yield bound(losses[n:].mean() - losses[:n].mean(), right)
    yield bound(losses[n:].mean() - losses[:n].mean(), slope_lost, "≥", Text("the slope was left out", "漏掉了斜率"))
    yield roundoff(slope_lost, 0.2 + 3 * np.sqrt(np.log(40) / 200), terms=100)


def deviation(rng, n, repeat, values=(0.0, 1.0), probability=0.5, rounds=400):
    """Ef less its mean over n samples, each counted `repeat` times, of a function with two values."""
    ones = rng.binomial(n, probability, rounds) / n
    low, high = values
    return (high - low) * (probability - ones), np.zeros((n * repeat, 1)), np.ones((2, n * repeat))


@RADEMACHER.claim
def it_holds_with_its_confidence(rademacher, rng):
    r"""With $\delta=0.05$ at most 5 % of samples of 60 go beyond the gap: of one function with values 0 and 10 (400 samples), and of five functions to $[0,1]$ at once (40); at $\delta=0.5$ at most half do, where the gap of one function is $\sqrt{\ln4/\ln40}$ times as large. The bound is far from tight there: the
    95 % quantile of the five lies below half of it"""
    allowed = (0.05, 0.5)
    gone, x, signs = deviation(rng, 60, 1, (0.0, 10.0))
    gaps = [float(rademacher(x, "one", 1.0, signs, 1.0, 10.0, 1 - delta)[3]) for delta in allowed]
    for delta, gap in zip(allowed, gaps, strict=True):
        yield bound((gone > gap).mean(), delta)
    yield roundoff(gaps[0] * np.sqrt(np.log(4)), gaps[1] * np.sqrt(np.log(40)), terms=8)
    signs = rng.choice([-1.0, 1.0], (200, 60))
    values = rng.random((2000, 5)) ** np.arange(1, 6)
    took = rng.integers(0, 2000, (400, 60))
    most = (values.mean(0) - values[took].mean(1)).max(1)
    gaps = np.array([float(rademacher(values[t], "one", 1.0, signs)[3]) for t in took[:40]])
    yield bound((most[:40] > gaps).mean(), 0.05)
    yield bound(np.quantile(most, 0.95), gaps.mean() / 2)


@RADEMACHER.claim
def the_same_samples_again_are_no_news(rademacher, rng):
    r"""Samples must be independent: three tosses of a coin, each counted a hundred times, get a gap that is a tenth of theirs, that for 300 samples, and are beyond it in an eighth of all draws, for $\delta=0.05$"""
    gone, x, signs = deviation(rng, 3, 100)
    gap = float(rademacher(x, "one", 1.0, signs)[3])
    yield statistical(gone > gap, 1 / 8)
    yield bound(gap, 0.5, "≤", Text("the largest deviation of a coin", "硬币的最大偏差"))
    yield roundoff(10 * gap, float(rademacher(x[:3], "one", 1.0, signs[:, :3])[3]), terms=8)


@RADEMACHER.claim
def a_class_of_one_chosen_afterwards(rademacher, rng):
    r"""The class must be fixed first: the function that is 0 on the samples and 1 elsewhere, taken alone, has complexity 0 and a gap of 0.24 for 300 samples and $\delta=0.05$; its true gap is 1 under a
    law without atoms. In the class from which it was chosen $2\hat R=1$"""
    x, signs = np.zeros((300, 1)), rng.choice([-1.0, 1.0], (2, 300))
    found = numbers(rademacher(x, "one", 1.0, signs))
    yield identical(found[0], 0.0)
    yield bound(1.0, 4 * found[3], "≥", Text("chosen after the samples were seen", "看到样本之后才选定"))
    yield roundoff(gap_of(rademacher, (sign_vectors(5).T + 1) / 2, "one"), 1.0, terms=32)


@RADEMACHER.claim
def a_rare_large_loss(rademacher, rng):
    r"""Losses must lie within $c$: one of 100 with probability 0.01, else 0, has mean 1 and is not seen at all in 36.6 % of samples of 100: with $c=1$ the gap is too small in as many, for $\delta=0.05$"""
    seen = rng.binomial(100, 0.01, 1000)
    gone = 1 - seen  # 100·0.01 less the mean over the samples
    x, signs = np.zeros((100, 1)), np.ones((2, 100))
    small, right = (float(rademacher(x, "one", 1.0, signs, 1.0, c)[3]) for c in (1.0, 100.0))
    yield statistical(gone > small, 0.99**100)
    yield identical((gone > right).sum(), 0)
    yield roundoff(right, 100 * small, terms=4)


@RADEMACHER.claim
def one_sign_vector_is_not_the_mean(rademacher, rng):
    r"""For the constant function 1 and the signs −1 alone the correlation is −1, its error unknown (∞), and the gap for 100 samples and $\delta=0.05$ below 0"""
    found = numbers(rademacher(np.ones((100, 1)), "one", 1.0, -np.ones((1, 100))))
    yield roundoff(found[0], -1.0, terms=100)
    yield identical(found[1], np.inf)
    yield bound(found[3], 0.0, "≤", Text("no gap at all", "根本没有差距"))


def two_layers(x, signs):
    """The mean of sup |Σσ_i relu(u·x_i)| over unit vectors u of the plane."""
    angles = np.arctan2(x[:, 1], x[:, 0])
    edges = np.sort(np.concatenate([angles + np.pi / 2, angles - np.pi / 2]) % (2 * np.pi))
    middles = (edges + np.append(edges[1:], edges[0] + 2 * np.pi)) / 2
    best = np.zeros(len(signs))
    for angle in edges:
        best = np.maximum(best, np.abs(signs @ np.maximum(x @ [np.cos(angle), np.sin(angle)], 0)))
    for angle in middles:
        on = x @ [np.cos(angle), np.sin(angle)] > 0
        s = (signs * on) @ x
        for u in (s, -s):  # the best direction, where it lies between the edges
            inside = ((u @ x.T > 0) == on).all(1)
            best = np.where(inside, np.maximum(best, np.sqrt((s * s).sum(1))), best)
    return best.mean()


@RADEMACHER.claim
def a_layer_of_relus(rademacher, rng):
    r"""Two layers without offsets in the plane, by all signs and the exact best direction: between half and twice the linear $\hat R$ of radius $M_1M_2$, and below $(1+\sqrt{2\ln2})$ times
    its closed form"""
    for _ in range(3):
        x = rng.standard_normal((7, 2))
        deep = 6 * two_layers(x, sign_vectors(7)) / 7
        linear = numbers(rademacher(x, "l2", 6.0))
        yield bound(deep, 2 * linear[0])
        yield bound(deep, linear[0] / 2, "≥")
        yield bound(deep, (1 + np.sqrt(2 * np.log(2))) * linear[2])


def changed(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, largest=1.0, confidence=0.95, **other):
    """The definition's results, some of them replaced, the gap anew."""
    R, error, closed, gap = rademacher(x, weights, radius, signs, lipschitz, largest, confidence)
    new = other.get("complexity", R)
    return new, other.get("error", error), other.get("bound", closed), other.get("gap", gap + 2 * lipschitz * (new - R))


def sums(x, signs):
    return (sign_vectors(len(x)) if signs is None else signs) @ x / len(x)


DUAL = dict(
    one=lambda u: u.max(1),
    l1=lambda u: np.abs(u).max(1),
    l2=lambda u: np.sqrt((u * u).sum(1)),
    linf=lambda u: np.abs(u).sum(1),
)


@RADEMACHER.mutant(caught_by="symmetrisation-and-its-factor, equals-definition, a-class-of-one-chosen-afterwards")
def factor_lost(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, **given):
    """the complexity once in the gap, not twice"""
    R, _, _, gap = rademacher(x, weights, radius, signs, lipschitz, **given)
    return changed(x, weights, radius, signs, lipschitz, **given, gap=gap - lipschitz * R)


@RADEMACHER.mutant(caught_by="complexity-is-of-the-loss-class, equals-definition")
def predictors_for_losses(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, **given):
    """the complexity of the predictors where that of the losses is due: the slope left out"""
    return rademacher(x, weights, radius, signs, 1.0, **given)


@RADEMACHER.mutant(caught_by="known-exactly, symmetrisation-and-its-factor")
def two_over_n(x, weights="l2", radius=1.0, signs=None, **given):
    """the older convention, 2/n for 1/n"""
    return changed(x, weights, radius, signs, **given, complexity=2 * rademacher(x, weights, radius, signs)[0])


@RADEMACHER.mutant(caught_by="known-exactly, what-does-not-count, one-sign-vector-is-not-the-mean")
def with_absolute_values(x, weights="l2", radius=1.0, signs=None, **given):
    """the largest correlation in size: a single function can follow signs, too"""
    R = radius * np.abs(sums(x, signs)).max(1).mean() if weights == "one" else rademacher(x, weights, radius, signs)[0]
    return changed(x, weights, radius, signs, **given, complexity=R)


@RADEMACHER.mutant(caught_by="known-exactly, a-ball-is-as-rich-as-its-corners, closed-forms-bound-it")
def its_own_norm(x, weights="l2", radius=1.0, signs=None, **given):
    """the norm of the weights for its dual: 1 and ∞ swapped"""
    other = dict(l1="linf", linf="l1").get(weights, weights)
    return changed(x, weights, radius, signs, **given, complexity=rademacher(x, other, radius, signs)[0])


@RADEMACHER.mutant(
    caught_by="known-exactly, symmetrisation-and-its-factor, drawn-signs-miss-by-their-error, a-layer-of-relus"
)
def one_function_for_all_signs(x, weights="l2", radius=1.0, signs=None, **given):
    """the largest mean for the mean of the largest: one function must do for all signs"""
    R = radius * DUAL[weights](sums(x, signs).mean(0, keepdims=True))[0]
    return changed(x, weights, radius, signs, **given, complexity=R)


@RADEMACHER.mutant(caught_by="known-exactly, what-does-not-count, one-sign-vector-is-not-the-mean")
def zeros_for_minus_ones(x, weights="l2", radius=1.0, signs=None, **given):
    """coins of 0 and 1 for signs: half the samples are left out and the others followed"""
    coins = ((sign_vectors(len(x)) if signs is None else signs) + 1) / 2
    return changed(x, weights, radius, signs, **given, complexity=radius * DUAL[weights](coins @ x / len(x)).mean())


@RADEMACHER.mutant(caught_by="what-does-not-count, closed-forms-bound-it, known-exactly")
def counts_weights_only(x, weights="l2", radius=1.0, signs=None, **given):
    """W ln W / √n, with neither a norm nor the data in it: 0 for one weight"""
    n, d = x.shape
    return changed(
        x, weights, radius, signs, **given, complexity=d * np.log(d) / np.sqrt(n), bound=d * np.log(d) / np.sqrt(n)
    )


@RADEMACHER.mutant(caught_by="closed-forms-bound-it")
def massart_without_two(x, weights="l2", radius=1.0, signs=None, **given):
    """√(ln d) for √(2 ln d)"""
    closed = rademacher(x, weights, radius, signs)[2]
    return changed(
        x, weights, radius, signs, **given, bound=closed / np.sqrt(2) if weights in ("one", "l1") else closed
    )


@RADEMACHER.mutant(caught_by="closed-forms-bound-it, equals-definition")
def half_of_the_corners(x, weights="l2", radius=1.0, signs=None, **given):
    """ln d for ln 2d: the corners −BX_j forgotten, and 0 for one feature"""
    closed = rademacher(x, "one" if weights == "l1" else weights, radius, signs)[2]
    return changed(x, weights, radius, signs, **given, bound=closed)


@RADEMACHER.mutant(caught_by="closed-forms-bound-it, equals-definition")
def longest_sample(x, weights="l2", radius=1.0, signs=None, **given):
    """√n times the longest sample for the Frobenius norm: a bound, too, but one that samples of several lengths never reach"""
    closed = rademacher(x, weights, radius, signs)[2]
    if weights == "l2":
        closed = radius * np.sqrt((x * x).sum(1).max() / len(x))
    return changed(x, weights, radius, signs, **given, bound=closed)


@RADEMACHER.mutant(caught_by="drawn-signs-miss-by-their-error")
def scatter_of_one(x, weights="l2", radius=1.0, signs=None, **given):
    """the deviation of single sign vectors for that of their mean"""
    error = rademacher(x, weights, radius, signs)[1]
    return changed(x, weights, radius, signs, **given, error=error if signs is None else error * np.sqrt(len(signs)))


@RADEMACHER.mutant(caught_by="one-sign-vector-is-not-the-mean, equals-definition")
def error_of_one_is_none(x, weights="l2", radius=1.0, signs=None, **given):
    """an error of 0 for a single sign vector, since nothing scatters"""
    error = rademacher(x, weights, radius, signs)[1]
    return changed(x, weights, radius, signs, **given, error=0.0 if np.isinf(error) else error)


@RADEMACHER.mutant(caught_by="a-rare-large-loss, it-holds-with-its-confidence, equals-definition")
def any_loss_within_one(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, largest=1.0, confidence=0.95):
    """losses taken to lie between 0 and 1, whatever they are"""
    return rademacher(x, weights, radius, signs, lipschitz, 1.0, confidence)


@RADEMACHER.mutant(
    caught_by="it-holds-with-its-confidence, the-same-samples-again-are-no-news, a-rare-large-loss, equals-definition"
)
def no_chance(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, **given):
    """the complexity alone, as if the bound held without a probability"""
    R = rademacher(x, weights, radius, signs)[0]
    return changed(x, weights, radius, signs, lipschitz, **given, gap=2 * lipschitz * R)


@RADEMACHER.mutant(
    caught_by="a-class-of-one-chosen-afterwards, the-same-samples-again-are-no-news, one-sign-vector-is-not-the-mean"
)
def chance_does_not_shrink(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, largest=1.0, confidence=0.95):
    """the part of chance without n"""
    R = rademacher(x, weights, radius, signs)[0]
    chance = 3 * largest * np.sqrt(np.log(2 / (1 - confidence)) / 2)
    return changed(x, weights, radius, signs, lipschitz, largest, confidence, gap=2 * lipschitz * R + chance)


RADEMACHER.erratum(
    "E79",
    common=r"$R(f)\le\hat R(f)+2\mathcal R_n(\mathcal F)$, with the complexity of the predictors $\mathcal F$ (lecture notes)",
    why="It is the losses that are to be followed, and a steep loss makes of small predictions large losses: with weights of norm 1, 100 orthogonal samples and a ramp of slope 10 the loss is 0 on the "
    "samples and 1 on new ones. Nor does it hold for certain: without the part of chance it is broken by one function that tosses a coin, in nearly half of all draws.",
    right=r"with probability $1-\delta$: $\mathbb E\,\ell(f)\le\frac1n\sum_i\ell_i(f(x_i))+2\rho\hat R(F)+3c\sqrt{\ln(2/\delta)/2n}$, for losses of slope $\rho$ in an interval of length $c$",
    claims="complexity-is-of-the-loss-class, it-holds-with-its-confidence",
)
RADEMACHER.erratum(
    "E80",
    common=r"The complexity of a network with $W$ weights is $O(W\log W/\sqrt n)$ (lecture notes)",
    why=r"There is no norm in it. For $W=1$ it is 0, but the functions $wx$ with $\lvert w\rvert\le B$ on samples $x=1$ have the complexity $\frac Bn\mathbb E\lvert\sum_i\sigma_i\rvert$, as large as $B$ makes it.",
    right=r"$\prod_lM_l\,(1+\sqrt{2(L-1)\ln2})\,\lVert X\rVert_F/n$ for ReLU layers of Frobenius norms at most $M_l$ and a single output; of ReLU networks whose outputs are signs, counting weights and layers suffices",
    claims="known-exactly, what-does-not-count",
)
RADEMACHER.erratum(
    "E210",
    common="The class that training explores is the trained net alone, or the nets with exactly its norms: put these into the bound (a common slip)",
    why="A class that was chosen after the samples were seen may be as small as one function, with complexity 0, whose true gap is 1.",
    right="Fix the class first, or pay for a list of classes of growing norm with a share of δ each, and take the first that holds the net",
    claims="a-class-of-one-chosen-afterwards",
)


@RADEMACHER.figure(
    features=Slider(1, 200, 20, "number of features d", log=True, integer=True),
    shape=Slider(0.0, 2.0, 0.0, "how fast the features shrink"),
    samples=Slider(10, 1000, 100, "samples n", log=True, integer=True),
)
def figure(features, shape, samples):
    rng = np.random.default_rng(4)
    d, n = int(features), int(samples)
    sizes = np.array([10, 20, 40, 80, 160, 320, 640, 1000])
    scale = np.arange(1.0, d + 1) ** -shape
    scale /= np.sqrt((scale**2).sum())  # samples of mean square 1
    x = scale * rng.standard_normal((1000, d))
    signs = rng.choice([-1.0, 1.0], (150, 1000))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    names = dict(l1=r"$p=1$", l2=r"$p=2$", linf=r"$p=\infty$")
    values, best = {}, {}
    for place, (weights, name) in enumerate(names.items()):
        colour = COLOURS[(0, 1, 2)[place]]
        found = [rademacher(x[:m], weights, 1.0, signs[:, :m]) for m in sizes]
        right.loglog(sizes, [f[0] for f in found], color=colour, label=name)
        right.loglog(sizes, [f[2] for f in found], color=colour, lw=1, ls="--")
        values[weights] = rademacher(x[:n], weights, 1.0, signs[:, :n])
        right.plot([n], [values[weights][0]], "o", color=colour)
        best[weights] = DUAL[weights](signs[:, :n] @ x[:n] / n)
    widest = max(b.max() for b in best.values())
    for weights, name in names.items():
        colour = COLOURS[tuple(names).index(weights)]
        left.hist(best[weights], bins=np.linspace(0, widest, 50), color=colour, alpha=0.55, label=name)
        left.axvline(best[weights].mean(), color=colour, lw=1.4)
    left.locator_params(axis="y", nbins=4, integer=True)
    left.set(xlabel="largest correlation with random signs", ylabel="sign vectors", xlim=(0, None))
    left.legend(fontsize=9.5, frameon=False)
    right.plot([], [], color="0.4", lw=1, ls="--", label="closed form")
    right.set(xlabel="samples n", ylabel="complexity")
    right.legend(fontsize=9.5, frameon=False, loc="lower left")
    a, b, c = (float(values[w][0]) for w in names)
    words = Text(
        f"Linear functions of {d} feature{'s' * (d > 1)} with weights of norm 1 at most on {n} samples of mean square length 1: the best of them correlates with random signs by {a:.3g} on average where the sum of the weights' "
        f"sizes is at most 1, {b:.3g} where their Euclidean norm is, {c:.3g} where each of them is. All fall like one over the root of n.",
        f"{d} 个特征的线性函数，权重范数不超过 1，{n} 个样本，平均平方长度为 1：与随机符号的最大相关，在权重绝对值之和不超过 1 时平均为 {a:.3g}，欧几里得范数不超过 1 时为 {b:.3g}，"
        f"每个权重不超过 1 时为 {c:.3g}。三者都按样本数平方根的倒数下降。",
    )
    return Drawing(fig, words)
