"""Mutual information: how much one variable says about another."""

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

MUTUAL_INFORMATION = Concept(
    key="mutual-information",
    kind="definition",
    title="Mutual information",
    summary="By how much knowing one variable lowers, on average, the uncertainty about the other: the divergence of their "
    "joint distribution from the product of the marginals. It is 0 exactly when they are independent, and it sees "
    "every dependence, where correlation sees straight lines.",
    formulas=(
        r"I(X;Y)=\sum_{i=1}^{k}\sum_{j=1}^{m}p_{ij}\log_b\frac{p_{ij}}{p_{i\cdot}\,p_{\cdot j}}=H(X)-H(X\mid Y)=H(X)+H(Y)-H(X,Y)",
        r"I(X;X)=H(X),\qquad I(X;Y,Z)=I(X;Z)+I(X;Y\mid Z),\qquad X\to Y\to Z:\ I(X;Z)\le I(X;Y)",
        r"(X,Y)\sim\mathcal N(\mu,\Sigma),\ \lvert\rho\rvert<1:\qquad I(X;Y)=-\tfrac12\log_b(1-\rho^2)",
    ),
    symbols=(
        Symbol("p_{ij}", "p", "... k m", "joint probabilities of $X=i$ and $Y=j$", "simplex"),
        Symbol(
            "b",
            "base",
            "",
            "base of the logarithm, above 1, one for all terms: e gives nats, 2 bits",
            "positive",
            "nat or bit",
        ),
        Symbol(r"p_{i\cdot},\,p_{\cdot j}", "", "", "marginal distributions: sums over the other variable"),
        Symbol("H", "", "", "entropy, in the same unit", unit="nat or bit"),
        Symbol(r"\rho", "", "", "correlation coefficient of X and Y"),
        Symbol(r"\mu,\,\Sigma", "", "", "mean and covariance of the pair"),
        Symbol("Z", "", "", "a third variable; $X\\to Y\\to Z$: given Y it is independent of X"),
    ),
    needs=("entropy", "kl"),
    source="shannon1948mathematical",
    year=1948,
    people=("Claude Shannon", "Robert Fano"),
    aliases="MI, information gain, data processing inequality, 互信息量, 数据处理不等式, 信息增益",
    implementations=(Implementation("gradus.foundations.mutual_information:mutual_information", "torch"),),
    readings="shannon1948mathematical §12; cover2006elements §2.3–2.8; murphy2022probabilistic §6.3",
    deviations=(
        "`sklearn.metrics.mutual_info_score` takes labels or one table of counts and gives nats.",
        "Computed as H(X) + H(Y) − H(X, Y) it loses its digits where the variables are nearly independent.",
    ),
    hypotheses=(
        Hypothesis("$b>1$: below 1 it is never positive", "base-below-one"),
        Hypothesis("for the inequality: given Y, Z is independent of X (a Markov chain)", "beside-the-chain"),
        Hypothesis("for the last formula: X and Y are jointly normal", "correlation-for-dependence, sees-the-square"),
        Hypothesis("for the overstatement by frequencies: the variables are independent", "frequencies-may-understate"),
    ),
    nonfinite="nan",
)


@MUTUAL_INFORMATION.definition
def mutual_information(p, base=np.e):
    product = p.sum(axis=-1, keepdims=True) * p.sum(axis=-2, keepdims=True)
    ratio = np.where(p == 0, 1, p) / np.where(p == 0, 1, product)  # 0 log 0 = 0
    return (p * np.log(ratio)).sum(axis=(-2, -1)) / np.log(base)


def joints(rng, *shape):
    """Random joint distributions over the last two axes."""
    p = rng.dirichlet(np.full(shape[-2] * shape[-1], 0.7), size=shape[:-2])
    return p.reshape(shape)


@MUTUAL_INFORMATION.example
def example():
    p, base = np.array([[0.25, 0.125, 0.125], [0.0, 0.125, 0.375]]), 2.0
    row, column = p.sum(1), p.sum(0)
    product = np.outer(row, column)
    bits = lambda q: float(-(q * np.log2(np.where(q > 0, q, 1))).sum())
    given = p / column  # P(X | Y), a column each
    left = np.array([bits(g) for g in given.T])
    return (
        dict(p=p, base=base, product=product, ratio=p / product)
        | dict(part=p * np.log2(np.where(p > 0, p / product, 1)), I=mutual_information(p, base), HX=bits(row))
        | dict(HY=bits(column), HXY=bits(p), left=left, HX_Y=column @ left)
        | dict(blind=mutual_information(np.stack([p[:, 0], p[:, 1] + p[:, 2]], 1), base))
    )


@MUTUAL_INFORMATION.exercise
def one_in_five_flipped():
    p = np.array([[0.8, 0.2], [0.2, 0.8]]) / 2
    bits = mutual_information(p, 2.0)
    return number(bits, share_right=0.8, what_is_lost=1 - bits, nats=mutual_information(p))


@MUTUAL_INFORMATION.exercise
def absolute_value():
    p = np.array([[0, 1], [1, 0], [0, 1]]) / 3  # X = −1, 0, 1; Y = |X|
    return number(mutual_information(p, 2.0), correlation=0.0, all_of_x=np.log2(3))


@MUTUAL_INFORMATION.exercise
def two_coins_compared():
    x, y = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    z = x ^ y

    def table(a, b):
        return np.array([[np.mean((a == i) & (b == j)) for j in (0, 1)] for i in (0, 1)])

    alone = mutual_information(table(x, z), 2.0)
    given = np.mean([mutual_information(table(x[y == v], z[y == v]), 2.0) for v in (0, 1)])
    alone, given = round(float(alone), 9), round(float(given), 9)
    return choice(
        only_together=(alone, given) == (0, 1), nothing=(alone, given) == (0, 0), less_when_known=given < alone
    )


@MUTUAL_INFORMATION.cases
def cases(rng):
    yield "random", dict(p=joints(rng, 3, 5))
    yield "batch, in bits", dict(p=joints(rng, 2, 4, 3), base=2.0)
    yield "independent", dict(p=np.outer(rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(3))))
    yield "X = Y, a fair coin", dict(p=np.eye(2) / 2, base=2.0)
    yield "one outcome", dict(p=np.ones((1, 1)))
    yield "impossible pairs", dict(p=np.array([[0.25, 0.0, 0.25], [0.0, 0.5, 0.0]]), base=10.0)
    yield "square", dict(p=joints(rng, 4, 4))
    yield "many outcomes", dict(p=joints(rng, 1200, 2))


@MUTUAL_INFORMATION.invalid
def invalid(rng):
    yield "a negative probability", dict(p=np.array([[-0.5, 1.0], [0.5, 0.0]]))
    yield "a sum that is not 1", dict(p=np.full((2, 2), 0.3))
    yield "one axis", dict(p=np.array([0.5, 0.5]))
    yield "base 1", dict(p=np.full((2, 2), 0.25), base=1.0)


def entropy(p, base=np.e):
    """SciPy's entropy of a distribution of any shape."""
    from scipy import stats

    return float(stats.entropy(np.ravel(p), base=base))


@MUTUAL_INFORMATION.claim
def itself_gives_the_entropy(mutual_information, rng):
    """$I(X;X)=H(X)$ when one logarithm serves both: a fair coin has 1 bit, or 0.693 nat, in either"""
    coin, p = np.eye(2) / 2, rng.dirichlet(np.ones(6))
    evidence = [roundoff(mutual_information(coin, base=b), np.log(2) / np.log(b)) for b in (2.0, np.e, 10.0)]
    for b in (2.0, np.e):
        evidence.append(roundoff(mutual_information(np.diag(p), base=b), entropy(p, b), terms=6))
    return all_of(*evidence)


@MUTUAL_INFORMATION.claim
def entropies_less_the_joint_one(mutual_information, rng):
    """$I=H(X)+H(Y)-H(X,Y)$, with SciPy's entropies, in nats and in bits"""
    for b in (np.e, 2.0):
        p = joints(rng, 4, 6)
        want = entropy(p.sum(1), b) + entropy(p.sum(0), b) - entropy(p, b)
        yield roundoff(mutual_information(p, base=b), want, terms=24, scale=np.log(24))


@MUTUAL_INFORMATION.claim
def equals_scikit_learn(mutual_information, rng):
    """Equals scikit-learn's value of a table of counts"""
    from sklearn.metrics import mutual_info_score

    counts = rng.integers(0, 12, (5, 4))
    want = mutual_info_score(None, None, contingency=counts)
    return roundoff(mutual_information(counts / counts.sum()), want, terms=20, scale=np.log(20))


@MUTUAL_INFORMATION.claim
def chain_rule(mutual_information, rng):
    r"""Chain rule: $I(X;Y,Z)=I(X;Z)+I(X;Y\mid Z)$"""
    for b in (np.e, 2.0):
        p = rng.dirichlet(np.full(60, 0.5)).reshape(3, 4, 5)
        z = p.sum((0, 1))
        given = z @ mutual_information(np.moveaxis(p / z, -1, 0), base=b)
        whole = mutual_information(p.reshape(3, 20), base=b)
        yield roundoff(whole, mutual_information(p.sum(1), base=b) + given, terms=60, scale=np.log(60))
        yield bound(given, 1e-2, "≥", Text("the variables are dependent", "各变量不独立"))


@MUTUAL_INFORMATION.claim
def processing_adds_nothing(mutual_information, rng):
    """Data-processing inequality: whatever is done to Y, with noise or without, adds nothing about X; renaming its
    outcomes loses nothing"""
    p = joints(rng, 200, 4, 5)
    channel = rng.dirichlet(np.full(3, 0.4), size=(200, 5))  # of Z given Y
    before, after = mutual_information(p), mutual_information(p @ channel)
    merged = mutual_information(np.stack([p[..., :2].sum(-1), p[..., 2:].sum(-1)], -1))
    rounding = Text("0, and rounding", "0，以及舍入")
    slack = 64 * EPSILON * np.log(20)
    yield bound((after - before).max(), slack, "≤", rounding)
    yield bound((merged - before).max(), slack, "≤", rounding)
    yield roundoff(mutual_information(p[..., rng.permutation(5)]), before, terms=20)
    yield bound(np.median(after / before), 0.9, "≤", Text("most channels do lose", "多数信道确有损失"))


@MUTUAL_INFORMATION.claim
def beside_the_chain(mutual_information, rng):
    """Where Z knows X past Y the inequality fails: with Y independent of X and Z = X, $I(X;Z)=1$ bit and $I(X;Y)=0$"""
    before, after = (mutual_information(p, base=2.0) for p in (np.full((2, 2), 0.25), np.eye(2) / 2))
    return all_of(roundoff(before, 0.0, scale=1.0), roundoff(after, 1.0, terms=4))


@MUTUAL_INFORMATION.claim
def finer_cells_without_end(mutual_information, rng):
    r"""A continuous variable has infinite information about itself: cut into n equally likely cells $\log_2n$ bits, here to
    n = 512"""
    sizes = (2, 16, 512)
    return roundoff([float(mutual_information(np.eye(n) / n, base=2.0)) for n in sizes], np.log2(sizes), terms=512)


@MUTUAL_INFORMATION.claim
def zero_only_for_independence(mutual_information, rng):
    """0 exactly for independent variables, at least 0 for all, at most the smaller entropy; and $I(X;Y)=I(Y;X)$"""
    p = joints(rng, 200, 3, 6)
    independent = p.sum(-1, keepdims=True) * p.sum(-2, keepdims=True)
    own, other = mutual_information(p), mutual_information(np.swapaxes(p, -1, -2))
    rows = mutual_information(p.sum(-1)[:, :, None] * np.eye(3))  # H(X), as I(X;X)
    columns = mutual_information(p.sum(-2)[:, :, None] * np.eye(6))
    # Pinsker: D ≥ ½‖p − q‖₁², so what is not independent is above 0.
    pinsker = 0.5 * np.abs(p - independent).sum((-2, -1)) ** 2
    yield roundoff(mutual_information(independent), np.zeros(200), terms=18, scale=1.0)
    yield bound((own - pinsker).min(), -64 * EPSILON, "≥", Text("Pinsker's inequality", "Pinsker 不等式"))
    yield bound((own - np.minimum(rows, columns)).max(), 64 * EPSILON, "≤", Text("H(X) and H(Y)", "H(X) 与 H(Y)"))
    yield roundoff(other, own, terms=18)


@MUTUAL_INFORMATION.claim
def normal_variables(mutual_information, rng):
    r"""Normal variables: $-\frac12\ln(1-\rho^2)$ nats, from sums over a grid, for ρ from 0 to 0.9"""
    step, t = 0.25, np.arange(-8.5, 8.6, 0.25)
    for rho in (0.0, -0.3, 0.6, 0.9):
        x, y = t[:, None], t[None, :]
        p = np.exp(-(x**2 - 2 * rho * x * y + y**2) / (2 * (1 - rho**2)))
        # Poisson summation: a sum over a grid misses a normal integral by 2 exp(−2π²s²/h²), s the least deviation
        aliasing = 8 * np.exp(-2 * np.pi**2 * (1 - abs(rho)) / step**2)
        tails = 8 * 8.5**2 * np.exp(-(8.5**2) / 2)
        why = Text("aliasing of the grid, tails beyond 8.5, rounding", "网格混叠、8.5 以外的尾部与舍入")
        tolerance = aliasing + tails + 64 * EPSILON
        yield near(mutual_information(p / p.sum()), -0.5 * np.log(1 - rho**2), tolerance, why, "roundoff")


def correlation(p, x, y):
    """Correlation of two variables with the joint distribution p and the values x, y."""
    mean = lambda f: float((p * f).sum())
    x, y = x[:, None] - mean(x[:, None]), y[None, :] - mean(y[None, :])
    return mean(x * y) / np.sqrt(mean(x**2) * mean(y**2))


@MUTUAL_INFORMATION.claim
def sees_the_square(mutual_information, rng):
    r"""$Y=X^2$ with X uniform on $-m,\dots,m$: correlation 0, and yet $I=H(Y)$: 1.522 bits for m = 2, all that Y has"""
    for m in (1, 2, 10):
        x = np.arange(-m, m + 1)
        y = np.arange(m + 1) ** 2
        p = (x[:, None] ** 2 == y) / len(x)
        n = 2 * m + 1
        want = np.log2(n) - 2 * m / n  # one outcome of mass 1/n, m of mass 2/n
        yield roundoff(correlation(p, x, y), 0.0, scale=1.0)
        yield roundoff(mutual_information(p, base=2.0), want, terms=n)


@MUTUAL_INFORMATION.claim
def noisy_channels(mutual_information, rng):
    r"""A fair bit that is flipped with probability ε keeps $1-h(\varepsilon)$ bits, one that is erased $1-\varepsilon$"""
    for e in (0.0, 0.11, 0.5, rng.uniform(0.1, 0.9)):
        flipped = np.array([[1 - e, e], [e, 1 - e]]) / 2
        erased = np.array([[1 - e, 0.0, e], [0.0, 1 - e, e]]) / 2
        yield roundoff(mutual_information(flipped, base=2.0), 1 - entropy([e, 1 - e], 2.0), terms=4, scale=1.0)
        yield roundoff(mutual_information(erased, base=2.0), 1 - e, terms=6, scale=1.0)


@MUTUAL_INFORMATION.claim
def frequencies_overstate(mutual_information, rng):
    """For independent variables frequencies in place of probabilities overstate it, on average by $(k-1)(m-1)/2n$ nats to
    first order (n = 5000)"""
    n, p = 5000, np.outer([0.2, 0.3, 0.5], [0.25, 0.25, 0.2, 0.3])
    counts = rng.multinomial(n, p.ravel(), size=2000).reshape(-1, 3, 4)
    return statistical(2 * n * mutual_information(counts / n), 2 * 3)


@MUTUAL_INFORMATION.claim
def frequencies_may_understate(mutual_information, rng):
    r"""For dependent variables they may understate it: for X = Y, a fair coin, the mean is 0, ½, 0.832 and 0.963 bit for n =
    1, 2, 5 and 20, the truth 1 bit; to first order $(k_{XY}-k_X-k_Y+1)/2n$ nats with the numbers of possible cells, here
    $-1/2n$"""
    from math import comb

    means = {}
    for n in (1, 2, 5, 20, 200):
        tables = np.array([np.diag([h / n, 1 - h / n]) for h in range(n + 1)])
        weights = np.array([comb(n, h) / 2**n for h in range(n + 1)])
        means[n] = float(weights @ mutual_information(tables, base=2.0))
    yield roundoff([means[1], means[2]], [0.0, 0.5], terms=4, scale=1.0)
    five = (10 * entropy([0.2, 0.8], 2.0) + 20 * entropy([0.4, 0.6], 2.0)) / 2**5
    yield roundoff(means[5], five, terms=8, scale=1.0)
    last = Text("half a unit of the last printed digit", "所印末位的半个单位")
    yield near(means[5], 0.832, 5e-4, last)
    yield near(means[20], 0.963, 5e-4, last)
    second = Text("of the next order, 1/n²", "下一阶 1/n²")
    yield near((means[200] - 1) * np.log(2) * 2 * 200, -1.0, 1 / 200, second)


@MUTUAL_INFORMATION.mutant(
    caught_by="itself-gives-the-entropy, entropies-less-the-joint-one, chain-rule, zero-only-for-independence, "
    "equals-scikit-learn"
)
def bits_mixed_with_nats(p, base=np.e):
    r"""bits mixed with nats: marginal entropies in $\log_2$, the joint one in ln"""
    log = lambda q: np.log(np.where(q == 0, 1, q))
    row, column = p.sum(-1), p.sum(-2)
    marginals = -(row * log(row)).sum(-1) - (column * log(column)).sum(-1)
    return marginals / np.log(2) + (p * log(p)).sum((-2, -1))


@MUTUAL_INFORMATION.mutant(caught_by="itself-gives-the-entropy, zero-only-for-independence, equals-definition")
def base_below_one(p, base=np.e):
    """the base of the logarithm is below 1"""
    return mutual_information(p, 1 / base)


@MUTUAL_INFORMATION.mutant(
    caught_by="itself-gives-the-entropy, sees-the-square, noisy-channels, entropies-less-the-joint-one, beside-the-chain, "
    "finer-cells-without-end, frequencies-may-understate"
)
def nats_sold_as_bits(p, base=np.e):
    """nats sold as bits"""
    return mutual_information(p)


@MUTUAL_INFORMATION.mutant(
    caught_by="sees-the-square, processing-adds-nothing, zero-only-for-independence, equals-scikit-learn"
)
def correlation_for_dependence(p, base=np.e):
    r"""the correlation, taken for the dependence: $-\frac12\log(1-\rho^2)$ of the outcomes' numbers"""
    k, m = p.shape[-2:]
    i, j = np.arange(k)[:, None], np.arange(m)
    mean = lambda f: (p * f).sum((-2, -1))
    covariance = mean(i * j) - mean(i) * mean(j)
    variances = (mean(i**2) - mean(i) ** 2) * (mean(j**2) - mean(j) ** 2)
    with np.errstate(all="ignore"):
        return -0.5 * np.log(1 - covariance**2 / variances) / np.log(base)


@MUTUAL_INFORMATION.mutant(
    caught_by="normal-variables, chain-rule, itself-gives-the-entropy, equals-scikit-learn, noisy-channels"
)
def product_from_joint(p, base=np.e):
    """the divergence is taken the other way round, of the product from the joint distribution"""
    q = p.sum(-1, keepdims=True) * p.sum(-2, keepdims=True)
    with np.errstate(all="ignore"):
        return np.where(q > 0, q * np.log(q / p), 0).sum((-2, -1)) / np.log(base)


@MUTUAL_INFORMATION.mutant(
    caught_by="itself-gives-the-entropy, zero-only-for-independence, processing-adds-nothing, frequencies-overstate"
)
def conditional_entropy(p, base=np.e):
    r"""the conditional entropy $H(X\mid Y)$"""
    row = p.sum(-1)
    h = -(row * np.log(np.where(row == 0, 1, row))).sum(-1) / np.log(base)
    return h - mutual_information(p, base)


@MUTUAL_INFORMATION.mutant(caught_by="chain-rule, normal-variables, entropies-less-the-joint-one, equals-scikit-learn")
def normalised(p, base=np.e):
    """divided by the smaller entropy, as normalised scores are"""
    h = lambda q: -(q * np.log(np.where(q == 0, 1, q))).sum(-1)
    with np.errstate(all="ignore"):
        return mutual_information(p) / np.minimum(h(p.sum(-1)), h(p.sum(-2)))


MUTUAL_INFORMATION.erratum(
    "E53",
    common=r"$H(X)=-\sum p\log_2p$ for the entropy, and $I(X;Y)=\sum p\log\frac{p(x,y)}{p(x)p(y)}$ with the natural "
    "logarithm beside it",
    why=r"Two units in one text: for the two sides $X=Y$ of a fair coin H = 1 and I = 0.693, so $I(X;X)\ne H(X)$, and "
    r"$I=H(X)-H(X\mid Y)$ fails.",
    right="one base in all formulas: 1 bit and 1 bit, or 0.693 nat and 0.693 nat",
    claims="itself-gives-the-entropy, entropies-less-the-joint-one",
)
MUTUAL_INFORMATION.erratum(
    "E54",
    common="Mutual information measures the correlation of two random variables",
    why="Correlation is one kind of dependence, the linear kind. For $Y=X^2$ and X uniform on −2…2 the correlation "
    r"is exactly 0, while $I=\log_25-\frac45=1.522$ bits, the whole entropy of Y.",
    right="it measures their dependence, of whatever form; it is 0 only for independent variables",
    claims="sees-the-square, zero-only-for-independence",
)


def bent(bend, noise):
    r"""The grid, x and y, and on it the joint distribution of $Y=(1-t)X+t(X^2-1)/\sqrt2$ + noise, X normal."""
    x, y = np.linspace(-3, 3, 61), np.linspace(-3.6, 5.4, 91)
    centre = (1 - bend) * x + bend * (x**2 - 1) / np.sqrt(2)
    p = np.exp(-(x[:, None] ** 2) / 2 - ((y - centre[:, None]) / noise) ** 2 / 2)
    return x, y, p / p.sum()


@MUTUAL_INFORMATION.figure(
    bend=Slider(0.0, 1.0, 0.8, "from a line (0) to a parabola (1)"),
    noise=Slider(0.15, 2.0, 0.4, "deviation of the noise", log=True),
)
def figure(bend, noise):
    x, y, p = bent(bend, noise)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    left.pcolormesh(x, y, p.T, cmap="Blues", shading="nearest", rasterized=True)
    left.set(xlabel="X", ylabel="Y", title="joint distribution")
    bends = np.linspace(0, 1, 21)
    distributions = [bent(b, noise) for b in bends]
    truth = [float(mutual_information(distribution, 2.0)) for _, _, distribution in distributions]
    linear = [-0.5 * np.log2(1 - correlation(distribution, xs, ys) ** 2) for xs, ys, distribution in distributions]
    right.plot(bends, truth, label="I(X;Y)")
    right.plot(bends, linear, "--", label=r"$-\frac{1}{2}\log_2(1-\rho^2)$")
    rho, i = round(correlation(p, x, y), 9) + 0.0, float(mutual_information(p, 2.0))  # no −0.00
    right.plot(bend, i, "o", color=COLOURS[0])
    right.plot(bend, -0.5 * np.log2(1 - rho**2), "o", color=COLOURS[1])
    right.set(xlabel="bend", ylabel="bits", title=f"ρ = {rho:.2f}, I = {i:.2f} bits", ylim=(0, None))
    right.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"A line bent into a parabola, with noise of deviation {noise:.2f}: at a bend of {bend:.2f} the correlation is {rho:.2f}, from which a normal distribution "
        f"would have {0.5 * np.log2(1 / (1 - rho**2)):.2f} bits; the mutual information is {i:.2f} bits.",
        f"直线弯成抛物线，噪声标准差 {noise:.2f}：弯曲为 {bend:.2f} 时相关系数为 {rho:.2f}，若按正态分布推算只有 "
        f"{0.5 * np.log2(1 / (1 - rho**2)):.2f} 比特；互信息为 {i:.2f} 比特。",
    )
    return Drawing(fig, words)
