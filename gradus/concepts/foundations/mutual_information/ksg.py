"""The estimator of Kraskov, Stögbauer and Grassberger: mutual information from samples, by nearest neighbours."""

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, near, roundoff, statistical
from gradus.page.figures import COLOURS, canvas

KSG = Concept(
    key="ksg",
    kind="algorithm",
    title=Text("KSG estimator of mutual information", "互信息的 KSG 估计"),
    summary=Text(
        "From n pairs of continuous variables, without densities and without bins: look how far the k-th neighbour is in both variables together, count who is as near in each one alone. "
        "The same box serves all three entropies, so that their errors cancel: for independent variables the mean estimate is 0 at any n.",
        "由 n 对连续变量的样本估计互信息，不估密度，也不分箱：看第 k 个近邻在联合空间中有多远，再数各个变量上有多少点同样近。"
        "三个熵共用同一个邻域，误差相互抵消：对独立变量，任何 n 下估计的均值都是 0。",
    ),
    formulas=(
        r"\hat I=\psi(k)+\psi(n)-\frac1n\sum_{i=1}^{n}\bigl[\psi(a_i+1)+\psi(b_i+1)\bigr],\qquad \psi(m)=-\gamma+\sum_{j=1}^{m-1}\frac1j",
        r"\varepsilon_i=\text{the $k$-th smallest of}\ \max(\lVert x_j-x_i\rVert_\infty,\lVert y_j-y_i\rVert_\infty),\ j\ne i",
        r"a_i=\bigl\lvert\{j\ne i:\lVert x_j-x_i\rVert_\infty<\varepsilon_i\}\bigr\rvert,\qquad b_i=\bigl\lvert\{j\ne i:\lVert y_j-y_i\rVert_\infty<\varepsilon_i\}\bigr\rvert",
    ),
    symbols=(
        Symbol("x_i", "x", "n d", Text("points of the one variable, one a row", "一个变量的样本点，每行一个")),
        Symbol("y_i", "y", "n e", Text("the points of the other that go with them", "另一个变量的对应样本点")),
        Symbol("k", "neighbours", "", Text("which neighbour: small has little bias, large little variance", "取第几个近邻：小则偏差小，大则方差小"), "natural"),
        Symbol(r"\hat I", "", "", Text("estimate; it may be negative", "估计值，可为负"), unit="nat"),
        Symbol(r"\varepsilon_i", "", "", Text("distance of the k-th neighbour in both variables", "联合空间中第 k 个近邻的距离")),
        Symbol("a_i, b_i", "", "", Text("how many others are nearer than that in x, in y", "在 x、y 上比它更近的点数")),
        Symbol(r"\psi", "", "", Text("digamma function", "双伽玛函数")),
        Symbol(r"\gamma", "", "", Text("Euler's constant, 0.577; it cancels", "欧拉常数 0.577，会相消")),
    ),
    needs=("mutual-information", "norm"),
    source="kraskov2004estimating",
    year=2004,
    people=("Alexander Kraskov", "Harald Stögbauer", "Peter Grassberger", "L. F. Kozachenko", "N. N. Leonenko"),
    implementations=(Implementation("gradus.foundations.mutual_information:ksg", "numpy"),),
    readings=(Reading("kraskov2004estimating", "§II"), Reading("kozachenko1987sample")),
    deviations=(
        Text("`sklearn.feature_selection.mutual_info_regression` is the same for two single variables, after scaling both to variance 1 and adding noise of 1e-10; "
             "it returns 0 for negative estimates, so that the mean for independent variables is above 0.",
             "`sklearn.feature_selection.mutual_info_regression` 对两个标量变量给出同样的估计，但先缩放到方差 1 并加 1e-10 的噪声；它把负的估计改成 0，于是独立变量的均值大于 0。"),
        Text("One distance for x and y together means that their units matter a little: bring both to similar spread.",
             "x 与 y 共用一个距离，因此量纲略有影响：应使两者的离散程度相近。"),
    ),
    differentiable=False,
    unverified=(
        Text("No bound on the bias is known in general; that it vanishes for independent variables is an observation, not a theorem.",
             "一般情形下偏差没有已知的界；独立时偏差为零是观察结果，并非定理。"),
    ),
)  # fmt: skip


@KSG.definition
def ksg(x, y, neighbours=3):
    n = len(x)
    if len(y) != n or not 1 <= neighbours < n:
        raise ValueError("expected as many x as y, and more of them than neighbours")
    harmonic = np.append(0.0, np.cumsum(1 / np.arange(1, n)))  # ψ(m) + γ = harmonic[m − 1]
    total = 0.0
    for i in range(n):
        dx, dy = np.abs(x - x[i]).max(axis=1), np.abs(y - y[i]).max(axis=1)
        epsilon = np.partition(np.maximum(dx, dy), neighbours)[neighbours]  # the 0-th is the point itself
        a, b = (dx < epsilon).sum() - 1, (dy < epsilon).sum() - 1
        total = total + harmonic[a] + harmonic[b]
    return harmonic[neighbours - 1] + harmonic[n - 1] - total / n


def gaussian(rng, n, rho):
    """Pairs of standard normal variables with correlation ρ."""
    x, noise = rng.standard_normal((2, n, 1))
    return x, rho * x + np.sqrt(1 - rho**2) * noise


@KSG.cases
def cases(rng):
    x, y = gaussian(rng, 60, 0.8)
    yield "correlated", dict(x=x, y=y)
    yield "nearest neighbour", dict(x=x, y=y, neighbours=1)
    yield "vectors", dict(x=np.hstack([x, rng.standard_normal((60, 1))]), y=np.hstack([y, x - y, y**2]), neighbours=5)  # fmt: skip
    # Nearly equal, so that the estimate is far from 0, where its terms would cancel and leave their rounding alone.
    yield "few pairs", dict(x=x[:9], y=x[:9] + 0.01 * y[:9], neighbours=2)


@KSG.invalid
def invalid(rng):
    yield "fewer y than x", dict(x=np.arange(6.0)[:, None], y=np.arange(5.0)[:, None])
    yield (
        "as many neighbours as points",
        dict(x=np.arange(4.0)[:, None], y=np.arange(4.0)[:, None], neighbours=4),
    )
    yield "no neighbour", dict(x=np.arange(4.0)[:, None], y=np.arange(4.0)[:, None], neighbours=0)


def truth(rho):
    return -0.5 * np.log(1 - rho**2)


@KSG.claim(
    Text(
        r"Within 0.05 nat of $-\frac12\log(1-\rho^2)$ at n = 5000, for ρ of 0, 0.6 and 0.9",
        r"n = 5000 时与 $-\frac12\log(1-\rho^2)$ 相差不超过 0.05 奈特，ρ 为 0、0.6、0.9",
    ),
    cost="slow",
)
def five_hundredths_of_a_nat(ksg, rng):
    why = Text(
        "0.05 nat; the standard error of the mean of four is at most 0.01",
        "0.05 奈特；四次平均的标准误不超过 0.01",
    )
    found = []
    for rho in (0.0, 0.6, 0.9):
        mean = np.mean([ksg(*gaussian(rng, 5000, rho), 3) for _ in range(4)])
        found.append(near(mean, truth(rho), 0.05, why))
    return all_of(*found)


@KSG.claim(
    Text(
        "Independent variables have 0 on average, already from 30 pairs: nothing is cut off, the digammas correct what logarithms would leave",
        "独立变量的估计均值为 0，仅 30 对样本就已如此：不截断；双伽玛函数修正了用对数会留下的偏差",
    )
)
def independent_variables_have_none(ksg, rng):
    # 250 draws: cutting at 0 moves the mean by ten standard errors
    draws = [ksg(rng.standard_normal((30, 1)), rng.uniform(0, 3, (30, 1)), 3) for _ in range(250)]
    return statistical(draws, 0.0)


@KSG.claim(
    Text(
        "Of a variable with itself it gives exactly $\\psi(n)-\\psi(k)$, which grows like log n: the truth is infinite",
        "变量与自身的估计恰为 $\\psi(n)-\\psi(k)$，按 log n 增长：真值是无穷大",
    )
)
def a_variable_with_itself(ksg, rng):
    found = []
    for n, k in ((50, 1), (50, 3), (300, 5)):
        x = rng.standard_normal((n, 1))
        found.append(roundoff(ksg(x, x, k), np.sum(1 / np.arange(k, n)), terms=n))
    return all_of(*found)


@KSG.claim(
    Text(
        "Equals scikit-learn's for two single variables of variance 1",
        "对方差为 1 的两个标量变量，与 scikit-learn 一致",
    )
)
def equals_scikit_learn(ksg, rng):
    from sklearn.feature_selection import mutual_info_regression

    found = []
    for k in (1, 4):
        x, y = (v / v.std() for v in gaussian(rng, 300, 0.9))
        want = mutual_info_regression(x, y[:, 0], n_neighbors=k, random_state=0)[0]
        found.append(roundoff(ksg(x, y, k), want, terms=300))
    return all_of(*found)


def square_with_noise(noise):
    r"""I(X; X² + σN) for X uniform on (−1, 1), by quadrature: $h(Y)-\frac12\log(2\pi e\sigma^2)$."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    u, y = (nodes + 1) / 2, np.linspace(-8 * noise, 1 + 8 * noise, 1001)
    p = np.exp(-0.5 * ((y[:, None] - u**2) / noise) ** 2) @ (weights / 2) / (noise * np.sqrt(2 * np.pi))
    h = -np.sum(p * np.log(p)) * (y[1] - y[0])
    return float(h - 0.5 * np.log(2 * np.pi * np.e * noise**2))


@KSG.claim(
    Text(
        r"It finds $Y=X^2+$ noise, where the correlation is 0 up to chance: 1.03 nats for noise 0.1 and X uniform on (−1, 1)",
        r"它能发现 $Y=X^2+$ 噪声，而相关系数仅有随机波动：噪声 0.1、X 在 (−1, 1) 上均匀时为 1.03 奈特",
    )
)
def finds_the_square(ksg, rng):
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
    return all_of(
        near(np.mean(estimates), want, 0.05 + 5 * error, why),
        statistical(correlations, 0.0),
        bound(want, 1.0, "≥", Text("the value by quadrature", "数值积分的结果")),
    )


@KSG.claim(
    Text(
        "The order of the pairs, the order of the two variables, shifts and one common unit do not matter",
        "样本的次序、两变量的次序、平移以及共同的单位都无影响",
    )
)
def indifferent_to_order_and_unit(ksg, rng):
    x, y = (np.round(v * 2**20) / 2**20 for v in gaussian(rng, 120, 0.7))  # shifts stay exact
    own, order = ksg(x, y, 3), rng.permutation(120)
    return all_of(
        invariance(ksg(x[order], y[order], 3), own, terms=120),
        invariance(ksg(y, x, 3), own, terms=120),
        invariance(ksg(8 * x + 64, 8 * y - 32, 3), own, terms=120),
    )


@KSG.claim(
    Text(
        r"A vector is taken as one point: a normal X in three dimensions and $Y=(X_1,X_2)+$ noise of the same size share $\log2$; a coordinate that is there twice adds nothing",
        r"向量被当作一个点：三维正态 X 与 $Y=(X_1,X_2)+$ 等强噪声的互信息为 $\log2$；重复的坐标不增加任何信息",
    )
)
def vectors_are_points(ksg, rng):
    estimates = []
    for _ in range(8):
        x = rng.standard_normal((300, 3))
        estimates.append(float(ksg(x, x[:, :2] + rng.standard_normal((300, 2)), 3)))
    error = float(np.std(estimates, ddof=1) / np.sqrt(8))
    why = Text("0.05 nat of bias, and 5 standard errors", "0.05 奈特的偏差，外加 5 倍标准误")
    x, y = gaussian(rng, 60, 0.7)
    twice = ksg(np.hstack([x, x]), np.hstack([y, y]), 2)
    return all_of(
        identical(np.asarray(twice), np.asarray(ksg(x, y, 2))),
        near(np.mean(estimates), np.log(2), 0.05 + 5 * error, why),
    )


def counted(x, y, neighbours, ours=lambda distance, epsilon: distance < epsilon):
    """The counts a and b of every point (the point itself left out), with another rule for who counts."""
    dx, dy = (np.abs(v[:, None] - v).max(-1) for v in (x, y))
    epsilon = np.partition(np.maximum(dx, dy), neighbours, axis=1)[:, neighbours, None]
    return ours(dx, epsilon).sum(1) - 1, ours(dy, epsilon).sum(1) - 1


def digamma(m):
    from scipy import special

    return special.digamma(m)


@KSG.mutant(
    Text("logarithms in place of the digammas", "用对数代替双伽玛函数"),
    caught_by=["equals-definition", "independent-variables-have-none", "a-variable-with-itself", "equals-scikit-learn", "five-hundredths-of-a-nat"],
)  # fmt: skip
def logarithms(x, y, neighbours=3):
    a, b = counted(x, y, neighbours)
    return np.log(neighbours) + np.log(len(x)) - np.mean(np.log(a + 1) + np.log(b + 1))


@KSG.mutant(
    Text("points at the distance itself are counted too", "恰在该距离上的点也计入"),
    caught_by=["equals-definition", "independent-variables-have-none", "a-variable-with-itself", "equals-scikit-learn"],
)  # fmt: skip
def not_strictly_nearer(x, y, neighbours=3):
    a, b = counted(x, y, neighbours, lambda d, e: d <= e)
    return digamma(neighbours) + digamma(len(x)) - np.mean(digamma(a + 1) + digamma(b + 1))


@KSG.mutant(
    Text("negative estimates become 0", "负的估计改成 0"),
    caught_by=["independent-variables-have-none"],
)
def cut_at_zero(x, y, neighbours=3):
    return np.maximum(ksg(x, y, neighbours), 0.0)


@KSG.mutant(
    Text("the Gaussian formula of the correlation", "由相关系数套用高斯公式"),
    caught_by=[
        "equals-definition",
        "finds-the-square",
        "equals-scikit-learn",
        "independent-variables-have-none",
    ],
)
def gaussian_formula(x, y, neighbours=3):
    rho = np.corrcoef(x[:, 0], y[:, 0])[0, 1]
    with np.errstate(all="ignore"):
        return -0.5 * np.log(1 - rho**2)


@KSG.mutant(
    Text("only the first coordinate of a vector is looked at", "只看向量的第一个坐标"),
    caught_by=["equals-definition", "vectors-are-points"],
)
def first_coordinate(x, y, neighbours=3):
    return ksg(x[:, :1], y[:, :1], neighbours)


@KSG.mutant(
    Text("x alone decides who is a neighbour", "只按 x 确定近邻"),
    caught_by=["equals-definition", "indifferent-to-order-and-unit", "independent-variables-have-none"],
)
def neighbours_in_x(x, y, neighbours=3):
    dx, dy = (np.abs(v[:, None] - v).max(-1) for v in (x, y))
    epsilon = np.partition(dx, neighbours, axis=1)[:, neighbours, None]
    a, b = (dx < epsilon).sum(1), (dy < epsilon).sum(1)
    return digamma(neighbours) + digamma(len(x)) - np.mean(digamma(a) + digamma(np.maximum(b, 1)))


@KSG.figure(
    rho=Slider(-0.99, 0.99, 0.8, Text("correlation", "相关系数")),
    k=Slider(1, 30, 4, Text("neighbours", "近邻数"), integer=True),
    n=Slider(30, 300, 80, Text("pairs", "样本对数"), integer=True),
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
    left.set(xlabel="x", ylabel="y", title=f"k = {k}: a = {a} in x, b = {b} in y", xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))  # fmt: skip
    sizes = [max(m, k + 1) for m in (10, 20, 40, 80, 160, 300)]
    runs = [gaussian(np.random.default_rng([7, r]), 300, rho) for r in range(8)]
    for name, rule, colour in (("digamma", ksg, COLOURS[0]), ("logarithm", logarithms, COLOURS[1])):
        found = np.array([[rule(u[:m], v[:m], k) for m in sizes] for u, v in runs])
        right.plot(sizes, found.mean(0), "o-", ms=3, color=colour, label=f"{name}, mean of 8")
    right.axhline(truth(rho), color="0.4", ls="--", lw=1, label="truth")
    right.set(xscale="log", xlabel="n", ylabel="nats")
    right.minorticks_off()
    right.set_xticks(sorted(set(sizes)), [str(m) for m in sorted(set(sizes))])
    right.legend(frameon=False, fontsize=8)
    value = float(ksg(x, y, k))
    return Drawing(
        fig,
        Text(
            f"{n} normal pairs with correlation {rho:.2f}; {k} neighbours: the estimate is {value:.3f} nats, the truth {truth(rho):.3f}. "
            f"The marked point has {a} others in its strip of x and {b} in that of y. With logarithms for digammas the mean is off.",
            f"{n} 对正态样本，相关系数 {rho:.2f}；取 {k} 个近邻：估计为 {value:.3f} 奈特，真值 {truth(rho):.3f}。"
            f"标出的点在 x 的带中有 {a} 个点，在 y 的带中有 {b} 个。把双伽玛换成对数，均值就有偏差。",
        ),
    )
