"""Effective dimension: how many directions of weight space count, and the intrinsic dimension found in random subspaces."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(effective_dimension, F, lam, A, delta):
    import torch

    from gradus.theory import subspace_fit

    found, fit = effective_dimension(F, lam), subspace_fit(F, A, delta)
    return torch.stack([found.count, found.participation]), fit.remaining, fit.curvatures


DIMENSION = Concept(
    key="effective-dimension",
    kind="definition",
    title="Effective and intrinsic dimension",
    summary="A network has a million weights, but the data may settle only some hundred directions among them. How many, the eigenvalues of "
    "the Fisher matrix say, against a scale. Training in a random subspace asks the same from without: how many "
    "random directions must be free before the loss comes down? In a quadratic model both answers fit together.",
    formulas=(
        r"N(\lambda)=\sum_{i=1}^d\frac{\lambda_i}{\lambda_i+\lambda}=\operatorname{tr}F(F+\lambda I)^{-1},\qquad p=\frac{\bigl(\sum_i\lambda_i\bigr)^2}{\sum_i\lambda_i^2}",
        r"r_k=\min_{z\in\mathbb R^k}\frac{(\delta+A_kz)^{\mathsf T}F(\delta+A_kz)}{\delta^{\mathsf T}F\delta},\qquad A_k=(a_1,\dots,a_k)",
        r"P^{\mathsf T}FP\,u_j=\mu_ju_j,\quad\mu_1\ge\dots\ge\mu_K,\quad P^{\mathsf T}P=I,\ \operatorname{span}P=\operatorname{span}A;\qquad \lambda_{d-K+j}\le\mu_j\le\lambda_j",
        r"a_j\sim\mathcal N(0,I):\qquad \mathbb E\,r_k\approx\frac{\lambda\,\delta^{\mathsf T}F(F+\lambda I)^{-1}\delta}{\delta^{\mathsf T}F\delta},\qquad N(\lambda)=k",
    ),
    symbols=(
        Symbol("F", "F", "d d", "positive semidefinite matrix, not 0: Fisher matrix, or Hessian at a minimum"),
        Symbol(
            r"\lambda",
            "lam",
            "",
            "the scale: precision of a prior, over the number of samples where $F$ is a mean over them",
            "positive",
        ),
        Symbol("A,\\ a_j", "A", "d K", r"directions that may be used, independent columns, $K\le d$"),
        Symbol(r"\delta", "delta", "d", r"from the minimum to where training starts; $F\delta\ne0$"),
        Symbol(r"\lambda_i", "", "", "eigenvalues of $F$, the largest first"),
        Symbol(r"N(\lambda)", "", "", "effective dimension: directions that the data settle rather than the prior"),
        Symbol("p", "", "", "participation ratio: as many equal eigenvalues have the same two sums"),
        Symbol("r_k", "", "K", "share of the quadratic loss that is left with the first $k$ directions"),
        Symbol(r"\mu_j", "", "K", "curvatures that descent in the subspace meets"),
        Symbol("P", "", "d K", "orthonormal basis of the directions' span"),
        Symbol("u_j", "", "K", "eigenvectors within the span, in coordinates of that basis"),
        Symbol("z", "", "k", "coordinates in the subspace: what is trained"),
    ),
    returns=(
        Result("dimensions", "2", r"$N(\lambda)$ and $p$"),
        Result("remaining", "K", r"$r_1,\dots,r_K$"),
        Result("curvatures", "K", r"$\mu_1,\dots,\mu_K$"),
    ),
    needs=("eigen", "regularization", "hessian"),
    source="li2018measuring",
    year=2018,
    people=("David J. C. MacKay", "Chunyuan Li", "Jason Yosinski", "Armen Aghajanyan"),
    aliases="intrinsic dimension, effective number of parameters, effective degrees of freedom, well-determined parameters, "
    "participation ratio, random subspace training, objective landscape dimension, 本征维度, 内在维度, 有效参数个数, "
    "有效自由度, 参与比, 随机子空间训练",
    implementations=(
        Implementation(
            "gradus.theory:effective_dimension",
            "torch",
            _torch,
            "of a matrix or a `Curvature`; $r_k$ by `subspace_fit`, training by `RandomSubspace`",
        ),
    ),
    readings="li2018measuring; mackay1992practical §4; derezinski2020precise; aghajanyan2021intrinsic",
    hypotheses=(
        Hypothesis(
            r"the mean of $r_k$ for equal eigenvalues: directions without a preferred axis",
            "directions-are-not-weights",
        ),
        Hypothesis(r"$\mu_j\le\lambda_j$: an orthonormal basis of the subspace", "curvatures-interlace"),
        Hypothesis(
            r"random directions act like a scale $\lambda$: in the mean, for many eigenvalues of that size, and $k$ below the rank of $F$",
            "random-directions-act-like-a-scale",
        ),
    ),
    conventions=(
        Convention(
            "which number is called effective dimension",
            r"$N(\lambda)$, with its $\lambda$ stated",
            r"the participation ratio; $\operatorname{tr}F/\lambda_1$ (stable rank of $F^{1/2}$); with $\kappa=\frac{\gamma n}{2\pi\ln n}$ and $F$ scaled to "
            r"the trace $d$ the number $\frac{\ln\det(I+\kappa F)}{\ln\kappa}$, its determinant's root a mean over the weights (Abbas et al.)",
        ),
        Convention(
            "intrinsic dimension",
            "the least $k$ at which a random subspace reaches 90 % of the performance of all weights (Li et al.)",
            "of data: the dimension of the surface near which they lie; another thing",
        ),
        Convention(
            "length of the directions",
            "1 and, for $\\mu_j$, at right angles, so that a step in $z$ is as long in the weights",
            "normal draws as they are: length about $\\sqrt d$",
        ),
    ),
    unverified="For networks no theorem says which $k$ is needed: Li et al. measured 750 for a dense net with 199,210 weights on MNIST, and 290 "
    "for LeNet. A slow test of the library trains that dense net in 750 directions; LeNet is not measured here.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=2000,  # the square of what is left cancels against the whole
)


@DIMENSION.definition
def effective_dimension(F, lam, A, delta):
    values, U = np.linalg.eigh(F)
    if values[0] < -0.05 * np.abs(values).max() or A.shape[1] > A.shape[0]:
        raise ValueError("F: positive semidefinite; A: no more columns than rows")
    values = np.maximum(values, 0)  # below 0 by rounding alone
    dimensions = np.array([(values / (values + lam)).sum(), values.sum() ** 2 / (values**2).sum()])

    root = np.sqrt(values)[:, None] * U.T  # F = rootᵀ root
    start = root @ delta

    def remaining(k):
        z = np.linalg.lstsq(root @ A[:, :k], -start, rcond=1e-9)[0]
        left = start + root @ A[:, :k] @ z
        return left @ left / (start @ start)

    P = np.linalg.qr(A)[0]
    curvatures = np.linalg.eigvalsh(P.T @ F @ P)[::-1]
    return dimensions, np.array([remaining(k + 1) for k in range(A.shape[1])]), curvatures


@DIMENSION.example
def example():
    F, lam = np.diag([4.0, 1.0, 0.0]), 1.0
    A, delta = np.array([[1.0, 1], [1, -1], [1, 0]]), np.array([1.0, 2, 5])
    dimensions, remaining, curvatures = effective_dimension(F, lam, A, delta)
    tiny = 0.01
    small = effective_dimension(F, tiny, A, delta)[0][0]
    return dict(
        F=F, lam=lam, A=A, delta=delta, N=dimensions[0], p=dimensions[1], r=np.round(remaining, 12), mu=curvatures
    ) | dict(tiny=tiny, small=small, start=delta @ F @ delta, left=0.8, z=-1.2, first=4 / 5, second=1 / 2)


@DIMENSION.exercise
def count_at_a_scale():
    F = np.diag([9.0, 1.0, 1.0, 0.0])
    N = effective_dimension(F, 1.0, np.eye(4), np.ones(4))[0]
    return number(N[0], above_the_scale=3, participation=N[1])


@DIMENSION.exercise
def equal_eigenvalues():
    return number(0.9 * 40, rank=40, of_all_weights=0.9 * 1000)


@DIMENSION.exercise
def other_lengths():
    rng = np.random.default_rng(0)
    F, A, delta = wishart(rng, 8), rng.standard_normal((8, 3)), rng.standard_normal(8)
    one, other = effective_dimension(F, 1.0, A, delta)[1], effective_dimension(F, 1.0, 30 * A, delta)[1]
    minimum = not np.allclose(one, other)
    steps = not np.allclose(A @ (A.T @ F @ delta), 30 * A @ (30 * A.T @ F @ delta))
    return choice(minimum=minimum and not steps, steps=steps and not minimum, both=minimum and steps)


def wishart(rng, d, n=None):
    """A random positive semidefinite matrix of rank min(d, n)."""
    X = rng.standard_normal((n or 2 * d, d))
    return X.T @ X / len(X)


def turned(rng, values):
    """A symmetric matrix with these eigenvalues and random eigenvectors."""
    V = np.linalg.qr(rng.standard_normal((len(values), len(values))))[0]
    return (V * values) @ V.T


@DIMENSION.cases
def cases(rng):
    yield "random", dict(F=wishart(rng, 7), lam=0.5, A=rng.standard_normal((7, 4)), delta=rng.standard_normal(7))
    yield (
        "all directions but one",
        dict(F=wishart(rng, 6), lam=2.0, A=rng.standard_normal((6, 5)), delta=rng.standard_normal(6)),
    )
    yield "one direction", dict(F=wishart(rng, 5), lam=0.1, A=rng.standard_normal((5, 1)), delta=rng.standard_normal(5))
    yield "two weights", dict(F=wishart(rng, 2), lam=1.0, A=np.array([[2.0], [1.0]]), delta=np.array([-1.0, 3.0]))
    yield (
        "two that count of five",
        dict(F=np.diag([8.0, 4.0, 0, 0, 0]), lam=1.0, A=rng.standard_normal((5, 3)), delta=rng.standard_normal(5)),
    )
    yield (
        "equal eigenvalues",
        dict(F=2.0 * np.eye(6), lam=2.0, A=rng.standard_normal((6, 3)), delta=rng.standard_normal(6)),
    )
    yield (
        "long directions, small matrix",
        dict(F=1e-3 * wishart(rng, 6), lam=1e-3, A=50 * rng.standard_normal((6, 3)), delta=10 * rng.standard_normal(6)),
    )


@DIMENSION.invalid
def invalid(rng):
    given = dict(F=wishart(rng, 4), lam=1.0, A=rng.standard_normal((4, 2)), delta=rng.standard_normal(4))
    yield "a negative eigenvalue", given | dict(F=np.diag([1.0, -1.0, 2.0, 3.0]))
    yield "more directions than weights", given | dict(A=rng.standard_normal((4, 5)))
    yield "directions of another length", given | dict(A=rng.standard_normal((3, 2)))


def of(dimension, F, lam=1.0, A=None, delta=None):
    """What the function gives, as arrays; along the first axis, from a start of ones, unless said."""
    d = len(F)
    A = np.eye(d)[:, :1] if A is None else A
    return [np.asarray(r) for r in dimension(F, lam, A, np.ones(d) if delta is None else delta)]


@DIMENSION.claim
def degrees_of_freedom_of_ridge(dimension, rng):
    r"""With $F=X^{\mathsf T}X$ it is the trace of the matrix by which ridge regression with penalty $\lambda$ turns $y$ into its fit: how much each fitted
    value follows its own $y_i$, in sum"""
    for n, d in ((12, 5), (4, 6)):
        X = rng.standard_normal((n, d))
        for lam in (0.1, 3.0):
            follow = 0.0
            for i in range(n):
                y = np.eye(n)[i]
                beta = np.linalg.lstsq(np.r_[X, np.sqrt(lam) * np.eye(d)], np.r_[y, np.zeros(d)], rcond=None)[0]
                follow += X[i] @ beta
            yield roundoff(of(dimension, X.T @ X, lam)[0][0], follow, terms=100)


@DIMENSION.claim
def between_rank_and_trace(dimension, rng):
    r"""$N$ falls from the rank of $F$, at $\lambda\to0$, and is $\frac{\operatorname{tr}F}\lambda$ at $\lambda\to\infty$, to the first order; an eigenvalue equal to $\lambda$ counts ½"""
    F = wishart(rng, 9, 4)
    counts = [of(dimension, F, lam)[0][0] for lam in (1e-6, 0.1, 1.0, 10.0, 1e6)]
    smallest = np.linalg.eigvalsh(F)[5]
    yield near(
        counts[0], 4.0, 4e-6 / smallest + 1e-7, Text("each of four eigenvalues lacks λ/λᵢ", "四个特征值各差 λ/λᵢ")
    )
    yield bound(np.diff(counts).max(), -1e-9, "≤", Text("it falls", "递减"))
    top = np.linalg.eigvalsh(F)[-1]
    yield near(counts[-1] * 1e6, np.trace(F), 2e-6 * top * np.trace(F), Text("next order: Σλᵢ²/λ", "下一阶：Σλᵢ²/λ"))
    yield roundoff(of(dimension, turned(rng, np.full(6, 0.7)), 0.7)[0][0], 3.0, terms=100)


@DIMENSION.claim
def participation_counts_equals(dimension, rng):
    r"""$s$ equal eigenvalues beside zeros make $p=s$; for $\lambda_i=i^{-2}$, $i\le60$, $p$ is $\frac{(\sum i^{-2})^2}{\sum i^{-4}}$, below $\frac{5}{2}$, which is its limit for more and more of them,
    while $N(10^{-3})$ is above 25: which number is meant must be said"""
    for s, d in ((1, 4), (3, 8), (5, 5)):
        yield roundoff(of(dimension, turned(rng, np.r_[np.full(s, 2.5), np.zeros(d - s)]))[0][1], float(s), terms=200)
    i = np.arange(1.0, 61)
    N, p = of(dimension, np.diag(i**-2.0), 1e-3)[0]
    yield roundoff(p, (i**-2.0).sum() ** 2 / (i**-4.0).sum(), terms=200)
    yield bound(p, 2.5, "≤")
    yield near(
        of(dimension, np.diag(np.arange(1.0, 201) ** -2.0))[0][1],
        2.5,
        0.016,
        Text("of 200; what lacks is about 3.04/200", "200 个；约差 3.04/200"),
    )
    yield roundoff(N, (1 / (1 + 1e-3 * i**2)).sum(), terms=200)
    yield bound(N, 25.0, "≥")


@DIMENSION.claim
def axes_and_units_do_not_matter(dimension, rng):
    r"""Other orthonormal axes of the weights change nothing; $cF$ with $c\lambda$ has the same $N$, $p$ and $r_k$, and $c$ times the curvatures"""
    d, c = 7, 30.0
    F, A, delta = wishart(rng, d), rng.standard_normal((d, 4)), rng.standard_normal(d)
    V = np.linalg.qr(rng.standard_normal((d, d)))[0]
    first = of(dimension, F, 0.4, A, delta)
    yield roundoff(
        first[0], [np.trace(np.linalg.solve(F + 0.4 * np.eye(d), F)), np.trace(F) ** 2 / (F * F).sum()], terms=400
    )
    yield roundoff(first[2].sum(), np.trace(np.linalg.solve(A.T @ A, A.T @ F @ A)), terms=4000)
    G = V @ F @ V.T
    for other, factor in (((G + G.T) / 2, 0.4, V @ A, V @ delta), 1.0), ((c * F, c * 0.4, A, delta), c):
        got = of(dimension, *other)
        for a, b, s in zip(got, first, (1.0, 1.0, factor), strict=True):
            yield invariance(a, s * b, terms=2000)


@DIMENSION.claim
def one_constraint_a_direction(dimension, rng):
    r"""$s$ equal eigenvalues beside zeros, directions from normal draws: for $k\le s$ the mean of $r_k$ is $1-\frac ks$, so that 90 % is reached at $0.9s$ in the mean, and all at
    $k=s$, however many weights there are"""
    s = 10
    for d in (10, 25):
        F = np.diag(np.r_[np.ones(s), np.zeros(d - s)])
        draws = rng.standard_normal((40, d, s))
        rows = np.array([of(dimension, F, 1.0, A, rng.standard_normal(d))[1] for A in draws])
        for k in (1, 5, 9):
            yield statistical(rows[:, k - 1], 1 - k / s)
        condition = np.array([np.linalg.cond(A[:s]) for A in draws]) ** 2
        why = Text(
            "rounding: 400 ε times the squared condition of the directions' part",
            "舍入：400 ε 乘以方向中有效部分条件数的平方",
        )
        yield bound((rows[:, -1] / condition).max(), 400 * 2.0**-52, "≤", why)


@DIMENSION.claim
def shares_add_up(dimension, rng):
    r"""For a regular $F$ and any independent directions: over the starts $\delta=F^{-1/2}e_i$, $i=1,\dots,d$, the shares $1-r_k$ that are taken away sum to $k$"""
    d = 5
    values = rng.uniform(0.5, 4, d)
    V = np.linalg.qr(rng.standard_normal((d, d)))[0]
    F, root, A = (V * values) @ V.T, (V * values**-0.5) @ V.T, rng.standard_normal((d, d))
    F = (F + F.T) / 2
    taken = sum(1 - of(dimension, F, 1.0, A, root[:, i])[1] for i in range(d))
    yield roundoff(taken, np.arange(1.0, d + 1), terms=20000)


@DIMENSION.claim
def random_directions_act_like_a_scale(dimension, rng):
    r"""With $\lambda_i=i^{-1}$, $i\le40$, and a start equally far along every eigenvector, the mean of $r_k$ over normal directions is within 2 % of
    that of the formula with $N(\lambda)=k$, at $k=5$ and 10; for few eigenvalues, $(100,1,1)$, one direction and a start along the first the mean is
    $1-\frac{100}{99}\bigl(1-\frac{\arctan\sqrt{99}}{\sqrt{99}}\bigr)$, more than 8 % above it"""
    d = 40
    lam_i = 1 / np.arange(1.0, d + 1)
    delta, rows = np.ones(d), []
    for _ in range(18):  # four spans from one rotation, each of the law of normal draws' span: together they vary less
        turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
        four = [of(dimension, np.diag(lam_i), 1.0, turn[:, j : j + 10], delta)[1] for j in (0, 10, 20, 30)]
        rows.append(np.mean(four, 0))
    means, chance = np.mean(rows, 0), 5 * np.std(rows, 0, ddof=1) / np.sqrt(len(rows))
    for k in (5, 10):
        share = scale_share(lam_i, delta, k)
        why = Text("2 %, and five standard errors", "2 %，加五倍标准误")
        yield near(means[k - 1], share, 0.02 * share + chance[k - 1], why)
    three, start = np.array([100.0, 1.0, 1.0]), np.array([1.0, 0, 0])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    u = (nodes + 1) / 2  # a direction's part along the first axis is even in [0, 1], in three dimensions
    left = [of(dimension, np.diag(three), 1.0, np.array([[c], [np.sqrt(1 - c * c)], [0.0]]), start)[1][0] for c in u]
    mean = weights @ np.array(left) / 2
    exact = 1 - 100 / 99 * (1 - np.arctan(np.sqrt(99)) / np.sqrt(99))
    yield near(mean, exact, 1e-3, Text("quadrature with 40 nodes", "40 点求积"))
    yield bound(mean / scale_share(three, start, 1), 1.08, "≥")


def scale_share(values, delta, k):
    """The formula's share, with λ such that N(λ) = k, by bisection."""
    low, high = 1e-12, 1e6
    for _ in range(200):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if (values / (values + middle)).sum() > k else (low, middle)
    weights = values * delta**2
    return (low / (values + low) * weights).sum() / weights.sum()


@DIMENSION.claim
def curvatures_interlace(dimension, rng):
    r"""$\lambda_{d-K+j}\le\mu_j\le\lambda_j$ (Cauchy): a step that is stable for all weights is stable in every subspace, with directions of length 1 at right angles.
    Normal draws as they are would make it, for $F=I$ and $d=100$, $K=4$, 40 times as steep and more; along the eigenvectors of the largest eigenvalues
    $\mu_j=\lambda_j$"""
    F, A = wishart(rng, 9), rng.standard_normal((9, 4))
    lam, U = np.linalg.eigh(F)
    lam, U = lam[::-1], U[:, ::-1]
    mu = of(dimension, F, 1.0, A, rng.standard_normal(9))[2]
    why = Text("rounding", "舍入")
    yield bound((mu - lam[:4]).max(), 1e-12 * lam[0], "≤", why)
    yield bound((mu - lam[5:]).min(), -1e-12 * lam[0], "≥", why)
    yield roundoff(of(dimension, F, 1.0, U[:, :4] @ rng.standard_normal((4, 4)))[2], lam[:4], terms=400)
    A = rng.standard_normal((100, 4))
    yield roundoff(of(dimension, np.eye(100), 1.0, A)[2], np.ones(4), terms=400)
    yield bound(np.linalg.eigvalsh(A.T @ A)[-1], 40.0, "≥", Text("about d = 100", "约为 d = 100"))


@DIMENSION.claim
def only_the_span_counts(dimension, rng):
    r"""Directions of other lengths, and each with multiples of earlier ones added, span the same: $r_k$ and $\mu_j$ stay"""
    F, A, delta = wishart(rng, 8), rng.standard_normal((8, 4)), rng.standard_normal(8)
    mix = np.triu(rng.standard_normal((4, 4)), 1) + np.diag([30.0, 0.1, -2.0, 1.0])
    first, other = of(dimension, F, 1.0, A, delta), of(dimension, F, 1.0, A @ mix, delta)
    yield invariance(other[1], first[1], terms=20000, scale=1.0)
    yield invariance(other[2], first[2], terms=20000)
    d, z = delta, np.linalg.solve(A.T @ F @ A, -A.T @ F @ delta)
    best = d + A @ z
    yield roundoff(first[1][-1], best @ F @ best / (d @ F @ d), terms=2000, scale=1.0)


@DIMENSION.claim
def more_directions_never_hurt(dimension, rng):
    r"""$0\le r_K\le\dots\le r_1\le1$, and where $Fa_1\ne0$, $1-r_1=\frac{(a_1^{\mathsf T}F\delta)^2}{a_1^{\mathsf T}Fa_1\;\delta^{\mathsf T}F\delta}$; with $d$ independent directions nothing is left, and neither with $\delta$ among
    them"""
    F, A, delta = wishart(rng, 6), rng.standard_normal((6, 6)), rng.standard_normal(6)
    r = of(dimension, F, 1.0, A, delta)[1]
    yield bound(np.diff(r).max(), 1e-11, "≤", Text("rounding", "舍入"))
    a = A[:, 0]
    yield roundoff(1 - r[0], (a @ F @ delta) ** 2 / (a @ F @ a) / (delta @ F @ delta), terms=400, scale=1.0)
    yield roundoff(r[-1], 0.0, terms=40000, scale=1.0)
    r = of(dimension, F, 1.0, np.c_[A[:, 0], delta, A[:, 1]], delta)[1]
    yield roundoff(r[1:], np.zeros(2), terms=40000, scale=1.0)


@DIMENSION.claim
def directions_are_not_weights(dimension, rng):
    r"""The intrinsic dimension does not count weights: with $F=ww^{\mathsf T}$ and $w$ along the first weight, every direction with a part along it leaves nothing;
    the other $d-1$ weights together leave all of the loss"""
    d = 8
    F = np.diag(np.r_[3.0, np.zeros(d - 1)])
    axes = np.eye(d)[:, 1:]
    yield roundoff(of(dimension, F, 1.0, axes, np.ones(d))[1], np.ones(d - 1), terms=20)
    direction = np.r_[0.3, rng.standard_normal(d - 1)][:, None]
    yield roundoff(of(dimension, F, 1.0, direction, np.ones(d))[1], np.zeros(1), terms=400, scale=1.0)


def changed(F, lam, A, delta, **given):
    """The definition's results, some of them replaced."""
    names = ("dimensions", "remaining", "curvatures")
    return tuple(given.get(n, v) for n, v in zip(names, effective_dimension(F, lam, A, delta), strict=True))


def eigenvalues(F):
    return np.maximum(np.linalg.eigvalsh(F), 0)


def with_count(F, lam, A, delta, N):
    return changed(F, lam, A, delta, dimensions=np.array([N, effective_dimension(F, lam, A, delta)[0][1]]))


def with_participation(F, lam, A, delta, p):
    return changed(F, lam, A, delta, dimensions=np.array([effective_dimension(F, lam, A, delta)[0][0], p]))


@DIMENSION.mutant(caught_by="degrees-of-freedom-of-ridge, between-rank-and-trace, participation-counts-equals")
def above_the_scale(F, lam, A, delta):
    """the eigenvalues above λ counted, each as one"""
    return with_count(F, lam, A, delta, float((eigenvalues(F) > lam).sum()))


@DIMENSION.mutant(caught_by="degrees-of-freedom-of-ridge, between-rank-and-trace")
def squares_of_the_shares(F, lam, A, delta):
    """the shares squared: the variance of the fit, not its degrees of freedom"""
    v = eigenvalues(F)
    return with_count(F, lam, A, delta, ((v / (v + lam)) ** 2).sum())


@DIMENSION.mutant(caught_by="degrees-of-freedom-of-ridge, axes-and-units-do-not-matter")
def scale_squared(F, lam, A, delta):
    """λ² beside the eigenvalues: they taken for singular values"""
    v = eigenvalues(F)
    return with_count(F, lam, A, delta, (v / (v + lam**2)).sum())


@DIMENSION.mutant(caught_by="participation-counts-equals, equals-definition")
def stable_rank(F, lam, A, delta):
    """the trace over the largest eigenvalue"""
    v = eigenvalues(F)
    return with_participation(F, lam, A, delta, v.sum() / v[-1])


@DIMENSION.mutant(caught_by="participation-counts-equals, axes-and-units-do-not-matter")
def trace_not_squared(F, lam, A, delta):
    """the trace over the sum of the squares"""
    v = eigenvalues(F)
    return with_participation(F, lam, A, delta, v.sum() / (v**2).sum())


@DIMENSION.mutant(caught_by="curvatures-interlace, only-the-span-counts, equals-definition")
def subspace_not_normalised(F, lam, A, delta):
    """the directions as drawn: every curvature larger by the square of their length"""
    return changed(F, lam, A, delta, curvatures=np.linalg.eigvalsh(A.T @ F @ A)[::-1])


@DIMENSION.mutant(caught_by="only-the-span-counts, curvatures-interlace")
def of_length_one_but_not_orthogonal(F, lam, A, delta):
    """directions of length 1 that are not at right angles"""
    P = A / np.linalg.norm(A, axis=0)
    return changed(F, lam, A, delta, curvatures=np.linalg.eigvalsh(P.T @ F @ P)[::-1])


@DIMENSION.mutant(
    caught_by="shares-add-up, only-the-span-counts, random-directions-act-like-a-scale, directions-are-not-weights"
)
def nearest_point(F, lam, A, delta):
    """the point nearest to the minimum in the weights, not the one with the least loss"""
    left = []
    for k in range(A.shape[1]):
        P = np.linalg.qr(A[:, : k + 1])[0]
        rest = delta - P @ (P.T @ delta)
        left.append(rest @ F @ rest / (delta @ F @ delta))
    return changed(F, lam, A, delta, remaining=np.array(left))


@DIMENSION.mutant(caught_by="one-constraint-a-direction, shares-add-up, more-directions-never-hurt")
def root_of_the_share(F, lam, A, delta):
    """the root of the share"""
    return changed(F, lam, A, delta, remaining=np.sqrt(effective_dimension(F, lam, A, delta)[1]))


@DIMENSION.mutant(caught_by="one-constraint-a-direction, shares-add-up, more-directions-never-hurt")
def one_after_the_other(F, lam, A, delta):
    """one direction after the other, each once, without going back to the earlier ones"""
    at, left = delta.copy(), []
    for a in A.T:
        size = a @ F @ a
        at = at - a * (a @ F @ at / size) if size > 0 else at
        left.append(at @ F @ at / (delta @ F @ delta))
    return changed(F, lam, A, delta, remaining=np.array(left))


@DIMENSION.mutant(caught_by="one-constraint-a-direction, shares-add-up")
def all_directions_at_once(F, lam, A, delta):
    """all directions free at every k"""
    r = effective_dimension(F, lam, A, delta)[1]
    return changed(F, lam, A, delta, remaining=np.full_like(r, r[-1]))


@DIMENSION.mutant(caught_by="directions-are-not-weights, random-directions-act-like-a-scale, equals-definition")
def weights_for_directions(F, lam, A, delta):
    """the first k weights trained in place of k directions"""
    return changed(F, lam, A, delta, remaining=effective_dimension(F, lam, np.eye(len(F))[:, : A.shape[1]], delta)[1])


DIMENSION.erratum(
    "E254",
    common="The effective dimension of a network is a property of it: one number (a common slip)",
    why=r"For eigenvalues $i^{-2}$ the participation ratio is below 2.5, and $N(10^{-3})$ above 25; $N$ runs from the rank of the matrix down to 0 with $\lambda$.",
    right="Say which definition, which matrix at which weights, and which scale",
    claims="participation-counts-equals, between-rank-and-trace",
)
DIMENSION.erratum(
    "E255",
    common="An intrinsic dimension of 750 says that 750 weights would be enough (a common slip)",
    why="It counts random directions, each of which moves all weights. If the loss depends on the first weight alone, one direction with any part along it does everything, and all "
    "other weights together nothing.",
    right="It counts how many random directions meet the set of good weights: about as many as that set has constraints",
    claims="directions-are-not-weights, one-constraint-a-direction",
)


@DIMENSION.figure(
    decay=Slider(0.0, 3.0, 1.0, "eigenvalues fall like i to the power −s"),
    scale=Slider(1e-4, 1.0, 0.05, "scale λ", log=True),
)
def figure(decay, scale):
    rng = np.random.default_rng(3)
    d, K = 60, 58
    values = np.arange(1.0, d + 1) ** -decay
    delta = np.ones(d)
    root = np.diag(values)
    rows = np.array([effective_dimension(root, scale, rng.standard_normal((d, K)), delta)[1] for _ in range(6)])
    k = np.arange(1, K + 1)
    predicted = np.array([scale_share(values, delta, j) for j in k])
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    left.plot(k, rows.T, color=COLOURS[5], lw=0.8, alpha=0.7)
    left.plot(k, rows.mean(0), color=COLOURS[0], lw=2, label="random directions")
    left.plot(k, predicted, "--", color=COLOURS[1], lw=1.8, label="scale with N(λ) = k")
    left.axhline(0.1, color="0.5", lw=0.9, ls=":")
    left.set(xlabel="k", ylabel="$r_k$", ylim=(-0.02, 1.02), xlim=(0, d))
    left.legend(fontsize=9.5, frameon=False)
    grid = np.geomspace(1e-4, 1, 60)
    counts = (values / (values + grid[:, None])).sum(1)
    N, p = effective_dimension(root, scale, np.eye(d)[:, :1], delta)[0]
    right.semilogx(grid, counts, color=COLOURS[2], lw=2, label="N(λ)")
    right.axhline(p, color=COLOURS[3], lw=1.5, ls="-.", label="p")
    right.plot([scale], [N], "o", color=COLOURS[6], label="N at λ")
    right.set(xlabel="λ", ylim=(0, 1.35 * d), xlim=(1e-4, 1), xticks=[1e-4, 1e-3, 1e-2, 1e-1, 1])
    right.minorticks_off()
    right.legend(fontsize=9.5, frameon=False, loc="upper right")
    reached = int(np.argmax(rows.mean(0) <= 0.1)) + 1 if rows.mean(0)[-1] <= 0.1 else K
    words = Text(
        f"60 weights whose eigenvalues fall like i to the power −{decay:.2f}, a start equally far along each. Six draws of random directions and their mean: a tenth of the loss or less is left (dotted) "
        f"from k = {reached}. Dashed: the scale that N assigns to each k. At λ = {scale:.3g}, N = {N:.1f}; the participation ratio (dash-dotted) is {p:.1f}.",
        f"60 个权重，特征值按 i 的 −{decay:.2f} 次幂下降，起点沿各特征方向同样远。六次随机抽取的方向及其平均：从 k = {reached} 起剩下的损失不超过十分之一（点线）。"
        f"虚线：N 对每个 k 给出的尺度。λ = {scale:.3g} 时 N = {N:.1f}；参与比（点划线）为 {p:.1f}。",
    )
    return Drawing(fig, words)
