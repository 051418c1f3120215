"""Expectation, variance, covariance."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, optimal, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(einsum, x, p):
    mean = einsum("...k,...kd->...d", p, x)
    c = x - mean[..., None, :]
    return mean, einsum("...k,...ki,...kj->...ij", p, c, c)


EXPECTATION = Concept(
    key="expectation",
    kind="definition",
    title="Expectation, variance, covariance",
    summary="The mean of a random quantity, weighted by probability: the price at which a game is fair. The variance "
    "is the mean squared deviation from it, the covariance how two quantities deviate together. Expectation is "
    "linear, even for dependent quantities; that is its strength.",
    formulas=(
        r"E[X]=\sum_{i=1}^{k}p_i\,x_i,\qquad \operatorname{Cov}(X)=\sum_{i=1}^{k}p_i\,(x_i-E[X])(x_i-E[X])^{\mathsf T}",
        r"E[aX+bY]=a\,E[X]+b\,E[Y],\qquad \operatorname{Var}(X+Y)=\operatorname{Var}X+\operatorname{Var}Y+2\operatorname{Cov}(X,Y)",
        r"\varphi(E[X])\le E[\varphi(X)]\qquad\bigl(\varphi(ta+(1-t)b)\le t\varphi(a)+(1-t)\varphi(b),\ 0\le t\le1\bigr)",
    ),
    symbols=(
        Symbol("x", "x", "... k d", "values of the d quantities at each outcome"),
        Symbol("p", "p", "... k", "probabilities of the outcomes", "simplex"),
        Symbol("E[X]", "", "... d", "expectation"),
        Symbol(r"\operatorname{Cov}", "", "... d d", "covariance matrix, the variances on its diagonal"),
        Symbol("k", "", "", "number of outcomes"),
        Symbol("a,b,t", "", "", "numbers"),
        Symbol(r"\varphi", "", "", "a convex function, on an interval that holds the values"),
    ),
    returns=(
        Result("mean", "... d", "expectation of every quantity"),
        Result("covariance", "... d d", "covariance matrix, the variances on its diagonal"),
    ),
    needs=(),
    source="huygens1657ratiociniis",
    year=1657,
    people=("Christiaan Huygens", "Blaise Pascal", "Pierre de Fermat"),
    aliases="mean, expected value, variance, covariance, Jensen's inequality, 期望, 数学期望, 均值, 方差, 协方差",
    implementations=(Implementation("torch:einsum", "torch", _torch, "weighted sums; for samples, torch.cov"),),
    readings="wasserman2004all ch. 3; jensen1906fonctions; murphy2022probabilistic §2.2.5",
    hypotheses=(
        Hypothesis("finitely many outcomes, or a sum that converges absolutely", "petersburg"),
        Hypothesis("for Jensen's inequality: φ is convex", "jensen"),
        Hypothesis(
            "for means to multiply, and variances to add up: uncorrelated quantities", "covariance-of-sums-and-products"
        ),
    ),
    conventions=(
        Convention(
            "divisor of the variance",
            "none: the probabilities are known",
            "n − 1 in `torch.var`, `torch.cov` and `numpy.cov`, n in `numpy.var`: estimates from a sample",
        ),
    ),
    nonfinite="nan",
)


@EXPECTATION.definition
def expectation(x, p):
    mean = (p[..., None] * x).sum(axis=-2)
    c = x - mean[..., None, :]
    covariance = (p[..., None, None] * c[..., :, None] * c[..., None, :]).sum(axis=-3)
    return mean, covariance


@EXPECTATION.example
def example():
    p = np.array([0.5, 0.25, 0.25])
    x = np.array([[0.0, 1.0], [2.0, 1.0], [6.0, 3.0]])  # two quantities
    mean, C = expectation(x, p)
    c = x - mean
    product = p @ x.prod(1)
    return (
        dict(x=x, p=p, X=x[:, 0], Y=x[:, 1], EX=mean[0], EY=mean[1], dX=c[:, 0], dY=c[:, 1])
        | dict(dXX=c[:, 0] ** 2, dXY=c.prod(1), VX=C[0, 0], VY=C[1, 1], cov=C[0, 1])
        | dict(r=C[0, 1] / np.sqrt(C[0, 0] * C[1, 1]), product=product, apart=mean.prod())
        | dict(sum_variance=C.sum(), sum_apart=np.trace(C), square=p @ x[:, 0] ** 2)
        | dict(square_of_mean=mean[0] ** 2, sigma=np.sqrt(C[0, 0]))
    )


@EXPECTATION.exercise
def hats():
    guests = 10
    own = np.full((guests, 1), 1 / guests)  # of each guest; expectations add up, dependent or not
    return number(own.sum(), at_least_one=1 - np.exp(-1), one_guest=1 / guests, tolerance=0.01)


@EXPECTATION.exercise
def growth():
    factor, half = np.array([[1.5], [0.6]]), np.full(2, 0.5)
    log_growth = expectation(np.log(factor), half)[0][0]
    return choice(grows=log_growth > 1e-9, shrinks=log_growth < -1e-9, stays=abs(log_growth) < 1e-9)


@EXPECTATION.exercise
def square():
    X, p = np.array([-1.0, 0.0, 1.0]), np.full(3, 1 / 3)
    _, C = expectation(np.stack([X, X**2], 1), p)
    uncorrelated = bool(abs(C[0, 1]) < 1e-12)
    independent = bool(np.isclose(p[1], p[X == 0].sum() * p[X**2 == 0].sum()))  # P(X = 0, X² = 0)
    return choice(
        independent=uncorrelated and independent,
        uncorrelated=uncorrelated and not independent,
        correlated=not uncorrelated,
    )


@EXPECTATION.cases
def cases(rng):
    yield "random", dict(x=rng.standard_normal((6, 3)), p=rng.dirichlet(np.ones(6)))
    yield "batch", dict(x=rng.standard_normal((2, 4, 2)), p=rng.dirichlet(np.ones(4), size=2))
    yield "certain", dict(x=np.array([[3.0, -1.0]]), p=np.ones(1))
    yield "impossible outcomes", dict(x=np.array([[1.0], [1e6], [2.0]]), p=np.array([0.5, 0.0, 0.5]))
    yield "far from 0", dict(x=1e6 + rng.standard_normal((5, 2)), p=np.full(5, 0.2))
    yield "as many outcomes as coordinates", dict(x=rng.standard_normal((3, 3)), p=rng.dirichlet(np.ones(3)))
    yield "many outcomes", dict(x=rng.standard_normal((1500, 2)), p=rng.dirichlet(np.ones(1500)))


@EXPECTATION.invalid
def invalid(rng):
    yield "fewer probabilities than values", dict(x=np.ones((4, 2)), p=np.full(3, 1 / 3))
    yield "batches differ", dict(x=np.ones((2, 4, 1)), p=np.full((3, 4), 0.25))


DIE = np.full(6, 1 / 6)


def game(win, lose=200.0):
    """Win on 1 and 2, lose otherwise."""
    return np.array([win, win, -lose, -lose, -lose, -lose])[:, None]


@EXPECTATION.claim
def dice_game(E, rng):
    """A die: win 300 on 1 or 2, lose 200 else: the mean is −100/3 a game, not −100, which a win of 100 would give"""
    mean, variance = E(game(300.0), DIE)
    other, _ = E(game(100.0), DIE)
    yield roundoff(mean, [-100 / 3], terms=6, scale=300.0)
    yield roundoff(other, [-100.0], terms=6, scale=200.0)
    yield roundoff(variance, [[500**2 * 2 / 9]], terms=6, scale=300.0**2)


def joint(rng, k=8, d=2):
    """A distribution of d dependent quantities."""
    x = rng.standard_normal((k, d))
    x[:, 1:] += x[:, :1] ** 2
    return x, rng.dirichlet(np.ones(k))


@EXPECTATION.claim
def linear(E, rng):
    """It is linear, also for dependent quantities"""
    x, p = joint(rng)
    (ex, ey), _ = E(x, p)
    mean, _ = E((3 * x[:, :1] - 2 * x[:, 1:] + 5), p)
    return roundoff(mean[0], 3 * ex - 2 * ey + 5, terms=8, scale=10 * np.abs(x).max())


@EXPECTATION.claim
def variance_from_two_moments(E, rng):
    r"""$\operatorname{Var}X=E[X^2]-E[X]^2$, and $\operatorname{Var}(aX+b)=a^2\operatorname{Var}X$"""
    x, p = joint(rng, d=1)
    (m,), ((v,),) = E(x, p)
    (square,), _ = E(x**2, p)
    _, ((stretched,),) = E(-3 * x + 7, p)
    size = float((x**2).max())
    yield roundoff(v, square - m**2, terms=8, scale=size)
    yield roundoff(stretched, 9 * v, terms=8, scale=9 * size + 49)
    yield bound(v, 1e-2, "≥", Text("it varies", "确有波动"))


@EXPECTATION.claim
def covariance_of_sums_and_products(E, rng):
    r"""Variances add up with twice the covariance, and the mean of a product needs it too:
    $E[XY]=E[X]E[Y]+\operatorname{Cov}(X,Y)$, here not 0"""
    x, p = joint(rng)
    m, C = E(x, p)
    _, ((total,),) = E(x.sum(axis=1, keepdims=True), p)
    (product,), _ = E(x.prod(axis=1, keepdims=True), p)
    size = float((x**2).max())
    yield roundoff(total, C[0, 0] + C[1, 1] + 2 * C[0, 1], terms=8, scale=4 * size)
    yield roundoff(product, m[0] * m[1] + C[0, 1], terms=8, scale=size)
    yield bound(abs(float(C[0, 1])), 1e-3, "≥", Text("dependent quantities", "不独立的量"))


@EXPECTATION.claim
def covariance_is_positive(E, rng):
    """A covariance matrix is symmetric and positive semidefinite: no combination has negative variance"""
    for k in (3, 6, 20):
        x, p, a = rng.standard_normal((k, 4)), rng.dirichlet(np.ones(k)), rng.standard_normal(4)
        _, C = E(x, p)
        _, ((combined,),) = E(x @ a[:, None], p)
        yield roundoff(a @ C @ a, combined, terms=4 * k, scale=float(np.abs(x).max() ** 2 * 16))
        yield bound(combined, 1e-3, "≥", Text("a combination that varies", "确有波动的组合"))
        why = Text("0, and rounding of the eigenvalues", "0，以及特征值的舍入")
        yield roundoff(C, C.T, terms=k, scale=float(np.trace(C)))
        yield bound(np.linalg.eigvalsh(C)[0], -16 * 2.0**-52 * np.trace(C), "≥", why)


@EXPECTATION.claim
def jensen(E, rng):
    r"""Jensen: $\varphi(E[X])\le E[\varphi(X)]$ for convex φ, the other way for concave; either way for others, such as the
    sine; equality for a constant X"""
    for convex in (np.exp, np.square, np.abs, lambda t: -np.log(t + 10)):
        x, p = rng.standard_normal((100, 5, 1)), rng.dirichlet(np.ones(5), 100)
        gap = E(convex(x), p)[0] - convex(E(x, p)[0])
        yield bound(gap.min(), -32 * 2.0**-52, "≥", Text("0, and rounding", "0，以及舍入"))
        yield roundoff(E(convex(np.full((5, 1), 0.7)), p[0])[0], convex(np.array([0.7])), terms=5, scale=3.0)
    for concave in (lambda t: -(t**2), lambda t: np.log(t + 10)):
        gap = E(concave(x), p)[0] - concave(E(x, p)[0])
        yield bound(gap.max(), 32 * 2.0**-52, "≤", Text("0, and rounding", "0，以及舍入"))
    neither = E(np.sin(x), p)[0] - np.sin(E(x, p)[0])
    yield bound(neither.min(), -0.1, "≤", Text("clearly negative", "明显为负"))
    yield bound(neither.max(), 0.1, "≥", Text("clearly positive", "明显为正"))


@EXPECTATION.claim
def best_constant(E, rng):
    """The mean is the constant from which the mean squared deviation is least, and that least is the variance"""
    x, p = joint(rng, d=1)
    (m,), ((v,),) = E(x, p)
    tolerance = 4 * 8 * 2.0**-52 * float(np.abs(x).max())
    yield roundoff(v, float(p @ (x[:, 0] - m) ** 2), terms=8)
    why = Text("c·n·ε·s of the derivative, c=4, n=8", "导数的 c·n·ε·s，c=4，n=8")
    yield optimal(float(p @ (x[:, 0] - m)), tolerance, why)


@EXPECTATION.claim
def tower(E, rng):
    """The mean of the conditional means is the mean, and the expectation of an indicator is a probability"""
    x, p = joint(rng, k=12, d=1)
    groups, weights = x.reshape(3, 4, 1), p.reshape(3, 4)
    share = weights.sum(-1)
    inner, _ = E(groups, weights / share[:, None])
    outer, _ = E(inner, share)
    indicator, _ = E((x > 0).astype(float), p)
    yield roundoff(outer, E(x, p)[0], terms=12, scale=np.abs(x).max())
    yield roundoff(indicator[0], p[x[:, 0] > 0].sum(), terms=12, scale=1.0)


@EXPECTATION.claim
def petersburg(E, rng):
    r"""Without convergence there is no expectation: the game that pays $2^i$ with probability $2^{-i}$, broken off after k
    rounds, is worth k, more than any number as k grows"""
    for k in (4, 16, 40):
        i = np.arange(1, k + 1)
        p, x = np.append(0.5**i, 0.5**k), np.append(2.0**i, 0.0)
        mean, _ = E(x[:, None], p)
        yield roundoff(mean, [float(k)], terms=k)


@EXPECTATION.claim
def averages_tend_to_it(E, rng):
    r"""Playing on independently, the average gain tends to the expectation, and the variance of an average of n games is
    $\operatorname{Var}/n$, here n = 25"""
    (m,), ((v,),) = E(game(100.0), DIE)
    draws = rng.choice(game(100.0)[:, 0], (2000, 25))
    average = draws.mean(axis=1)
    return all_of(statistical(draws, m), statistical((average - m) ** 2, v / 25))


@EXPECTATION.mutant(caught_by="equals-definition, best-constant, tower, petersburg")
def unweighted(x, p):
    """all outcomes count alike"""
    return expectation(x, np.full_like(p, 1 / p.shape[-1]))


@EXPECTATION.mutant(
    caught_by="equals-definition, dice-game, variance-from-two-moments, covariance-of-sums-and-products, "
    "averages-tend-to-it, best-constant"
)
def uncentred(x, p):
    """the second moment sold as variance"""
    return expectation(x, p)[0], np.einsum("...k,...ki,...kj->...ij", p, x, x)


@EXPECTATION.mutant(caught_by="dice-game, tower, averages-tend-to-it")
def median(x, p):
    """the median for the mean"""
    order = np.argsort(x, axis=-2)
    sorted_x = np.take_along_axis(x, order, -2)
    mass = np.take_along_axis(np.broadcast_to(p[..., None], x.shape), order, -2).cumsum(-2)
    middle = np.take_along_axis(sorted_x, (mass >= 0.5).argmax(-2)[..., None, :], -2)[..., 0, :]
    return middle, expectation(x, p)[1]


@EXPECTATION.mutant(caught_by="covariance-is-positive, covariance-of-sums-and-products")
def one_sided(x, p):
    """the covariance keeps only one sign of deviation"""
    mean, _ = expectation(x, p)
    c = x - mean[..., None, :]
    return mean, np.einsum("...k,...ki,...kj->...ij", p, c, np.maximum(c, 0))


@EXPECTATION.mutant(caught_by="jensen, linear, equals-definition, dice-game")
def k_minus_one(x, p):
    """k − 1 for k: weights that do not sum to 1"""
    return expectation(x, p * p.shape[-1] / (p.shape[-1] - 1))


EXPECTATION.erratum(
    "E50",
    common="Win 300 on 1 or 2, lose 200 otherwise: “with probability ⅓ you win 100”",
    why="With 300 the mean is −100/3, with 100 it is −100: the printed result belongs to 300.",
    right=r"$\frac13\cdot300-\frac23\cdot200=-\frac{100}{3}$",
    claims="dice-game",
)


@EXPECTATION.figure(
    win=Slider(0, 800, 300, "gain on a win"), faces=Slider(0, 6, 2, "winning faces of the die", integer=True)
)
def figure(win, faces):
    faces = int(faces)
    values = np.where(np.arange(6) < faces, win, -200.0)
    (mean,), ((variance,),) = expectation(values[:, None], DIE)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    left.bar(np.arange(1, 7), values, color=[COLOURS[0] if v >= 0 else COLOURS[1] for v in values], alpha=0.7)
    left.axhline(0, color="black", lw=0.8)
    left.axhline(mean, color=COLOURS[2], ls="--")
    left.set(xlabel="face", ylabel="gain", title=f"E = {mean:.1f}, σ = {np.sqrt(variance):.0f}")
    n, count = 2000, np.arange(1, 2001)
    games = values[np.random.default_rng(1).integers(0, 6, (6, n))]
    right.plot(count, (games.cumsum(axis=1) / count).T, lw=0.9, alpha=0.8)
    band = 2 * np.sqrt(variance / count)
    right.fill_between(count, mean - band, mean + band, color=COLOURS[6], alpha=0.2, lw=0)
    right.axhline(mean, color=COLOURS[2], ls="--")
    right.set(xscale="log", xlabel="games played", ylabel="average gain", title="averages, and E ± 2 σ/√n")
    last = ", ".join(f"{average:.1f}" for average in games.mean(axis=1))
    words = Text(
        f"{faces} faces win {win:.0f}, the others lose 200: expectation {mean:.2f} a game, standard deviation {np.sqrt(variance):.1f}. After {n} games six players have averaged {last}.",
        f"{faces} 个面赢 {win:.0f}，其余输 200：每局期望 {mean:.2f}，标准差 {np.sqrt(variance):.1f}。玩 {n} 局后，六位玩家的平均收益为 {last.replace(', ', '、')}。",
    )
    return Drawing(fig, words)
