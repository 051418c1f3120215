"""The estimator of Kraskov, Stögbauer and Grassberger: mutual information from samples, by nearest neighbours."""

from itertools import permutations

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

KSG = Concept(
    key="ksg",
    kind="algorithm",
    title="KSG estimator of mutual information",
    summary="From n pairs of continuous variables, without densities and without bins: look how far the k-th "
    "neighbour is in both variables together, count who is nearer than that in each one alone. The same box serves all three "
    "entropies, so that their errors cancel: for independent variables without ties the mean estimate is exactly 0, for every n.",
    formulas=(
        r"\hat I=\psi(k)+\psi(n)-\frac1n\sum_{i=1}^{n}\bigl[\psi(a_i+1)+\psi(b_i+1)\bigr],\qquad \psi(m)=-\gamma+\sum_{j=1}^{m-1}\frac1j",
        r"\varepsilon_i=\min_{j\ne i}{}^{(k)}\max(\lVert x_j-x_i\rVert_\infty,\lVert y_j-y_i\rVert_\infty)",
        r"a_i=\bigl\lvert\{j\ne i:\lVert x_j-x_i\rVert_\infty<\varepsilon_i\}\bigr\rvert,\qquad b_i=\bigl\lvert\{j\ne i:\lVert y_j-y_i\rVert_\infty<\varepsilon_i\}\bigr\rvert",
    ),
    symbols=(
        Symbol("x_i", "x", "n d", "points of the one variable, one a row"),
        Symbol("y_i", "y", "n e", "the points of the other that go with them"),
        Symbol("k", "neighbours", "", "which neighbour: small has little bias, large little variance", "natural"),
        Symbol(r"\hat I", "", "", "estimate; it may be negative", unit="nat"),
        Symbol(
            r"\varepsilon_i",
            "",
            "",
            "distance of the k-th neighbour in both variables; $\\min^{(k)}$ is the k-th smallest",
        ),
        Symbol("a_i, b_i", "", "", "how many others are nearer than that in x, in y"),
        Symbol(r"\psi", "", "", "digamma function"),
        Symbol(r"\gamma", "", "", "Euler's constant, 0.577; it cancels"),
        Symbol("n", "", "", "number of pairs, more than k"),
    ),
    needs=("mutual-information", "norm"),
    source="kraskov2004estimating",
    year=2004,
    people=("Alexander Kraskov", "Harald Stögbauer", "Peter Grassberger", "L. F. Kozachenko", "N. N. Leonenko"),
    aliases="Kraskov estimator, nearest-neighbour mutual information, 互信息估计, 最近邻估计, KSG 估计",
    implementations=(Implementation("gradus.foundations.mutual_information:ksg", "numpy"),),
    readings="kraskov2004estimating §II; kozachenko1987sample; gao2018demystifying; zhao2020analysis",
    hypotheses=(
        Hypothesis("for the mean 0: X and Y are independent, and so are the pairs", "a-variable-with-itself"),
        Hypothesis("no two distances from one point are equal (continuous variables)", "ties-break-it"),
    ),
    deviations=(
        "`sklearn.feature_selection.mutual_info_regression` is the same for two single variables, after scaling both "
        "to variance 1 and adding noise of 1e-10; it returns 0 for negative estimates, so that the mean for "
        "independent variables is above 0.",
        "One distance for x and y together means that their units matter a little: bring both to similar spread.",
    ),
    differentiable=False,
    unverified="For dependent variables the bias is bounded only under smoothness of the densities: consistency (Gao, Oh and "
    "Viswanath 2018) and rates (Zhao and Lai 2020).",
)


@KSG.definition
def ksg(x, y, neighbours=3):
    n = len(x)
    if len(y) != n or not 1 <= neighbours < n:
        raise ValueError("expected as many x as y, and more of them than neighbours")
    harmonic = np.append(0.0, np.cumsum(1 / np.arange(1, n)))  # ψ(m) + γ = harmonic[m − 1]
    total = 0.0
    for i in range(n):
        others = np.arange(n) != i
        dx, dy = np.abs(x - x[i]).max(axis=1)[others], np.abs(y - y[i]).max(axis=1)[others]
        epsilon = np.sort(np.maximum(dx, dy))[neighbours - 1]
        a, b = (dx < epsilon).sum(), (dy < epsilon).sum()
        total = total + harmonic[a] + harmonic[b]
    return harmonic[neighbours - 1] + harmonic[n - 1] - total / n


def gaussian(rng, n, rho):
    """Pairs of standard normal variables with correlation ρ."""
    x, noise = rng.standard_normal((2, n, 1))
    return x, rho * x + np.sqrt(1 - rho**2) * noise


@KSG.example
def example():
    x, y, neighbours = np.array([[0.0], [3.0], [7.0], [8.0]]), np.array([[3.0], [5.5], [7.5], [9.0]]), 1
    dx, dy = np.abs(x - x.T), np.abs(y - y.T)
    epsilon = np.sort(np.maximum(dx, dy), axis=1)[:, 1]
    a, b = ((d < epsilon[:, None]).sum(1) - 1 for d in (dx, dy))
    H = np.append(0.0, np.cumsum(1 / np.arange(1, 4)))  # ψ(m) + γ = H[m − 1]
    every = [ksg(x, y[list(order)], 1) for order in permutations(range(4))]
    return (
        dict(x=x, y=y, neighbours=neighbours, u=x[:, 0], v=y[:, 0], epsilon=epsilon, a=a, b=b, Ha=H[a])
        | dict(Hb=H[b], top=H[3], mean=(H[a] + H[b]).mean(), estimate=ksg(x, y, 1), itself=ksg(x, x, 1))
        | dict(least=min(every), centre=round(float(np.mean(every)), 12) + 0.0)
    )


@KSG.exercise
def with_itself():
    x = np.arange(5.0)[:, None] ** 2
    return number(ksg(x, x, 1), logarithm=np.log(5), one_too_many=(1 / np.arange(1, 6)).sum())


@KSG.exercise
def rounded_data():
    grid = np.arange(5.0)[:, None]
    mean = np.mean([ksg(grid, grid[list(order)], 1) for order in permutations(range(5))])
    return choice(nothing=abs(mean) < 0.05, too_large=mean > 0.05, too_small=mean < -0.05)


@KSG.exercise
def cut_off():
    x, y = np.array([[0.0], [3.0], [7.0], [8.0]]), np.array([[3.0], [5.5], [7.5], [9.0]])
    every = np.array([ksg(x, y[list(order)], 1) for order in permutations(range(4))])
    mean = np.maximum(every, 0).mean()
    return choice(zero=abs(mean) < 1e-9, above=mean > 1e-9, below=mean < -1e-9)


@KSG.cases
def cases(rng):
    x, y = gaussian(rng, 60, 0.8)
    yield "correlated", dict(x=x, y=y)
    yield "nearest neighbour", dict(x=x, y=y, neighbours=1)
    yield ("vectors", dict(x=np.hstack([x, rng.standard_normal((60, 1))]), y=np.hstack([y, x - y, y**2]), neighbours=5))
    # Nearly equal, so that the estimate is far from 0, where its terms would cancel and leave their rounding alone.
    yield "few pairs", dict(x=x[:9], y=x[:9] + 0.01 * y[:9], neighbours=2)


@KSG.invalid
def invalid(rng):
    yield "fewer y than x", dict(x=np.arange(6.0)[:, None], y=np.arange(5.0)[:, None])
    yield ("as many neighbours as points", dict(x=np.arange(4.0)[:, None], y=np.arange(4.0)[:, None], neighbours=4))
    yield "no neighbour", dict(x=np.arange(4.0)[:, None], y=np.arange(4.0)[:, None], neighbours=0)


def truth(rho):
    return -0.5 * np.log(1 - rho**2)


@KSG.claim(cost="slow")
def five_hundredths_of_a_nat(ksg, rng):
    r"""For normal pairs of variance 1 the mean of four estimates is within 0.05 nat of $-\frac12\ln(1-\rho^2)$ at n = 5000
    with k = 3, for ρ of 0, 0.6 and 0.9"""
    why = Text(
        "0.05 nat; the standard error of the mean of four is at most 0.01", "0.05 奈特；四次平均的标准误不超过 0.01"
    )
    for rho in (0.0, 0.6, 0.9):
        mean = np.mean([ksg(*gaussian(rng, 5000, rho), 3) for _ in range(4)])
        yield near(mean, truth(rho), 0.05, why)


@KSG.claim
def independent_variables_have_none(ksg, rng):
    """Independent continuous variables have 0 on average, already from 30 pairs: nothing is cut off, the digammas correct what
    logarithms would leave"""
    # 250 draws: cutting at 0 moves the mean by ten standard errors
    draws = [ksg(rng.standard_normal((30, 1)), rng.uniform(0, 3, (30, 1)), 3) for _ in range(250)]
    yield statistical(draws, 0.0)
    yield bound(np.std(draws), 0.05, "≥", Text("each by itself is not 0", "各个估计本身不为 0"))


@KSG.claim
def every_pairing_once(ksg, rng):
    """For independent variables without ties the mean is exactly 0, for every n and k: over all 120 pairings of five x with five y, for k
    = 1 to 4, and with a plane for x"""
    for d in (1, 2):
        x, y = rng.standard_normal((5, d)), rng.standard_normal((5, 1))
        for k in range(1, 5):
            estimates = [float(ksg(x, y[list(order)], k)) for order in permutations(range(5))]
            yield roundoff(np.mean(estimates), 0.0, terms=16, scale=1.0)
        yield bound(
            float(ksg(y, y, 1)), 2.0, "≥", Text("of y with itself ψ(5) − ψ(1) = 2.08", "y 与自身为 ψ(5) − ψ(1) = 2.08")
        )


@KSG.claim
def ties_break_it(ksg, rng):
    """With ties it is not: five equally spaced x and five equally spaced y have, over all 120 pairings, the mean 1.037 nats
    for k = 1 and 0.117 for k = 4"""
    grid = np.arange(5.0)[:, None]
    last = Text("half a unit of the last printed digit", "所印末位的半个单位")
    for k, want in ((1, 1.037), (4, 0.117)):
        mean = np.mean([float(ksg(grid, grid[list(order)], k)) for order in permutations(range(5))])
        yield near(mean, want, 5e-4, last)


@KSG.claim
def a_variable_with_itself(ksg, rng):
    r"""Of a continuous variable with itself it gives exactly $\psi(n)-\psi(k)$, which grows like log n: the truth is infinite"""
    for n, k in ((50, 1), (50, 3), (300, 5)):
        x = rng.standard_normal((n, 1))
        yield roundoff(ksg(x, x, k), np.sum(1 / np.arange(k, n)), terms=n)


@KSG.claim
def equals_scikit_learn(ksg, rng):
    """Equals scikit-learn's for two single variables of variance 1 where the estimate is positive (here correlation 0.9)"""
    from sklearn.feature_selection import mutual_info_regression

    for k in (1, 4):
        x, y = (v / v.std() for v in gaussian(rng, 300, 0.9))
        want = mutual_info_regression(x, y[:, 0], n_neighbors=k, random_state=0)[0]
        yield roundoff(ksg(x, y, k), want, terms=300)


def square_with_noise(noise):
    r"""I(X; X² + σN) for X uniform on (−1, 1), by quadrature: $h(Y)-\frac12\log(2\pi e\sigma^2)$."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    u, y = (nodes + 1) / 2, np.linspace(-8 * noise, 1 + 8 * noise, 1001)
    p = np.exp(-0.5 * ((y[:, None] - u**2) / noise) ** 2) @ (weights / 2) / (noise * np.sqrt(2 * np.pi))
    h = -np.sum(p * np.log(p)) * (y[1] - y[0])
    return float(h - 0.5 * np.log(2 * np.pi * np.e * noise**2))


@KSG.claim
def finds_the_square(ksg, rng):
    """It finds $Y=X^2+$ noise, where the correlation is 0 up to chance: 1.03 nats for normal noise of deviation 0.1 and X
    uniform on (−1, 1)"""
    n, repeats = 300, 16
    want = square_with_noise(0.1)
    estimates, correlations = [], []
    for _ in range(repeats):
        x = rng.uniform(-1, 1, (n, 1))
        y = x**2 + 0.1 * rng.standard_normal((n, 1))
        estimates.append(float(ksg(x, y, 3)))
        correlations.append(np.corrcoef(x.T, y.T)[0, 1])
    error = float(np.std(estimates, ddof=1) / np.sqrt(repeats))
    why = Text("0.05 nat of bias, and 5 standard errors", "0.05 奈特的偏差，外加 5 倍标准误")
    yield near(np.mean(estimates), want, 0.05 + 5 * error, why)
    yield statistical(correlations, 0.0)
    yield bound(want, 1.0, "≥", Text("the value by quadrature", "数值积分的结果"))


@KSG.claim
def indifferent_to_order_and_unit(ksg, rng):
    """The order of the pairs, the order of the two variables, shifts and one common unit do not matter"""
    x, y = (np.round(v * 2**20) / 2**20 for v in gaussian(rng, 120, 0.7))  # shifts stay exact
    own, order = ksg(x, y, 3), rng.permutation(120)
    yield invariance(ksg(x[order], y[order], 3), own, terms=120)
    yield invariance(ksg(y, x, 3), own, terms=120)
    yield invariance(ksg(8 * x + 64, 8 * y - 32, 3), own, terms=120)
    yield bound(abs(float(ksg(x, y[order], 3)) - float(own)), 0.05, "≥", Text("y alone reordered", "只重排 y"))


@KSG.claim
def vectors_are_points(ksg, rng):
    r"""A vector is taken as one point: a standard normal X in three dimensions and $Y=(X_1,X_2)+$ standard normal noise share
    $\ln2$ nat, of which 1000 pairs show all but 0.05; a coordinate that is there twice adds nothing"""
    estimates = []
    for _ in range(8):
        x = rng.standard_normal((1000, 3))
        estimates.append(float(ksg(x, x[:, :2] + rng.standard_normal((1000, 2)), 3)))
    error = float(np.std(estimates, ddof=1) / np.sqrt(8))
    why = Text("0.05 nat of bias, and 5 standard errors", "0.05 奈特的偏差，外加 5 倍标准误")
    x, y = gaussian(rng, 60, 0.7)
    twice = ksg(np.hstack([x, x]), np.hstack([y, y]), 2)
    yield identical(np.asarray(twice), np.asarray(ksg(x, y, 2)))
    yield near(np.mean(estimates), np.log(2), 0.05 + 5 * error, why)


def counted(x, y, neighbours, ours=lambda distance, epsilon: distance < epsilon):
    """The counts a and b of every point (the point itself left out), with another rule for who counts."""
    dx, dy = (np.abs(v[:, None] - v).max(-1) for v in (x, y))
    epsilon = np.partition(np.maximum(dx, dy), neighbours, axis=1)[:, neighbours, None]
    return ours(dx, epsilon).sum(1) - 1, ours(dy, epsilon).sum(1) - 1


def digamma(m):
    from scipy import special

    return special.digamma(m)


@KSG.mutant(
    caught_by="equals-definition, independent-variables-have-none, every-pairing-once, ties-break-it, a-variable-with-itself, "
    "equals-scikit-learn, five-hundredths-of-a-nat"
)
def logarithms(x, y, neighbours=3):
    """logarithms in place of the digammas"""
    a, b = counted(x, y, neighbours)
    return np.log(neighbours) + np.log(len(x)) - np.mean(np.log(a + 1) + np.log(b + 1))


@KSG.mutant(caught_by="equals-definition, independent-variables-have-none, a-variable-with-itself, equals-scikit-learn")
def not_strictly_nearer(x, y, neighbours=3):
    """points at the distance itself are counted too"""
    a, b = counted(x, y, neighbours, lambda d, e: d <= e)
    return digamma(neighbours) + digamma(len(x)) - np.mean(digamma(a + 1) + digamma(b + 1))


@KSG.mutant(caught_by="independent-variables-have-none")
def cut_at_zero(x, y, neighbours=3):
    """negative estimates become 0"""
    return np.maximum(ksg(x, y, neighbours), 0.0)


@KSG.mutant(caught_by="equals-definition, finds-the-square, equals-scikit-learn, independent-variables-have-none")
def gaussian_formula(x, y, neighbours=3):
    """the Gaussian formula of the correlation"""
    rho = np.corrcoef(x[:, 0], y[:, 0])[0, 1]
    with np.errstate(all="ignore"):
        return -0.5 * np.log(1 - rho**2)


@KSG.mutant(caught_by="equals-definition, vectors-are-points")
def first_coordinate(x, y, neighbours=3):
    """only the first coordinate of a vector is looked at"""
    return ksg(x[:, :1], y[:, :1], neighbours)


@KSG.mutant(caught_by="equals-definition, indifferent-to-order-and-unit, independent-variables-have-none")
def neighbours_in_x(x, y, neighbours=3):
    """x alone decides who is a neighbour"""
    dx, dy = (np.abs(v[:, None] - v).max(-1) for v in (x, y))
    epsilon = np.partition(dx, neighbours, axis=1)[:, neighbours, None]
    a, b = (dx < epsilon).sum(1), (dy < epsilon).sum(1)
    return digamma(neighbours) + digamma(len(x)) - np.mean(digamma(a) + digamma(np.maximum(b, 1)))


@KSG.figure(
    rho=Slider(-0.99, 0.99, 0.8, "correlation"),
    k=Slider(1, 30, 4, "neighbours", integer=True),
    n=Slider(30, 300, 80, "pairs", integer=True),
)
def figure(rho, k, n):
    from matplotlib.patches import Rectangle

    k, n = int(min(k, n - 1)), int(n)
    x, y = gaussian(np.random.default_rng(3), n, rho)
    i = int(np.argmin(np.abs(x) + np.abs(y - 0.3)))
    dx, dy = np.abs(x - x[i])[:, 0], np.abs(y - y[i])[:, 0]
    epsilon = np.partition(np.maximum(dx, dy), k)[k]
    a, b = int((dx < epsilon).sum()) - 1, int((dy < epsilon).sum()) - 1
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    left.axvspan(float(x[i, 0] - epsilon), float(x[i, 0] + epsilon), color=COLOURS[0], alpha=0.15, lw=0)
    left.axhspan(float(y[i, 0] - epsilon), float(y[i, 0] + epsilon), color=COLOURS[1], alpha=0.15, lw=0)
    corner = (float(x[i, 0] - epsilon), float(y[i, 0] - epsilon))
    left.add_patch(Rectangle(corner, 2 * epsilon, 2 * epsilon, fill=False, lw=1.2))
    left.scatter(x, y, s=9, color="0.35", linewidths=0)
    left.plot(x[i], y[i], "o", color=COLOURS[2])
    left.set(xlabel="x", ylabel="y", title=f"k = {k}: a = {a} in x, b = {b} in y", xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
    sizes = [max(m, k + 1) for m in (10, 20, 40, 80, 160, 300)]
    runs = [gaussian(np.random.default_rng([7, r]), 300, rho) for r in range(8)]
    for name, rule, colour in (("digamma", ksg, COLOURS[0]), ("logarithm", logarithms, COLOURS[1])):
        found = np.array([[rule(u[:m], v[:m], k) for m in sizes] for u, v in runs])
        right.plot(sizes, found.mean(0), "o-", ms=3, color=colour, label=f"{name}, mean of 8")
    right.axhline(truth(rho), color="0.4", ls="--", lw=1, label="truth")
    right.set(xscale="log", xlabel="n", ylabel="nats")
    right.minorticks_off()
    right.set_xticks(sorted(set(sizes)), [str(m) for m in sorted(set(sizes))])
    right.legend(frameon=False, fontsize=9.5)
    value = float(ksg(x, y, k))
    words = Text(
        f"{n} normal pairs with correlation {rho:.2f}; {k} neighbours: the estimate is {value:.3f} nats, the truth {truth(rho):.3f}. "
        f"The marked point has {a} others in its strip of x and {b} in that of y. With logarithms for digammas the mean is in general off.",
        f"{n} 对正态样本，相关系数 {rho:.2f}；取 {k} 个近邻：估计为 {value:.3f} 奈特，真值 {truth(rho):.3f}。"
        f"标出的点在 x 的带中有 {a} 个点，在 y 的带中有 {b} 个。把双伽马换成对数，均值一般就有偏差。",
    )
    return Drawing(fig, words)
