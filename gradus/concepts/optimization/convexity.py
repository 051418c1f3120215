"""Convex sets and functions: the curvature of chords, and the conjugate."""

import numpy as np

from gradus.frameworks import namespace
from gradus.optimization.problems import as_like
from gradus.page import (
    Concept,
    Convention,
    Drawing,
    Hypothesis,
    Implementation,
    Proof,
    Result,
    Slider,
    Symbol,
    Text,
    generic,
)
from gradus.page.evidence import bound, identical, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(conjugate, f, X, Y):
    from gradus.optimization.convexity import chord_curvature

    mu, L = chord_curvature(f, X)
    upper = conjugate(X, f(X), Y)
    return mu, L, upper, conjugate(Y, upper, X)


CONVEXITY = Concept(
    key="convexity",
    kind="definition",
    title="Convex sets and functions, conjugates",
    summary="A set is convex if it holds the segment between any two of its points, a function if no chord runs below its "
    "graph. How far above it the chords run measures how convex it is; and what a function has of convexity is what "
    "its conjugate, the table of its supporting planes, remembers.",
    formulas=(
        r"f\bigl((1-s)x+sz\bigr)\le(1-s)f(x)+sf(z)\qquad(0\le s\le1)",
        r"c(x,z)=\frac{4\bigl(f(x)+f(z)-2f(\frac{x+z}2)\bigr)}{\lVert x-z\rVert^2},\qquad \mu=\min_{i<j}c(x_i,x_j),\qquad L=\max_{i<j}c(x_i,x_j)",
        r"f\in C^2:\qquad c\ge\mu\ \Leftrightarrow\ f(z)\ge f(x)+\nabla f(x)^{\mathsf T}(z-x)+\tfrac\mu2\lVert z-x\rVert^2\ "
        r"\Leftrightarrow\ \nabla^2f\succeq\mu I",
        r"f^*(y)=\max_i\,\bigl(y^{\mathsf T}x_i-f(x_i)\bigr),\qquad f^{**}(x)=\max_j\,\bigl(y_j^{\mathsf T}x-f^*(y_j)\bigr)",
        r"f(x)+f^*(y)\ge y^{\mathsf T}x,\qquad f^{**}\le f",
    ),
    symbols=(
        Symbol("f", "f", "function", "the function, from points (k, d) to the values there (k)", "function"),
        Symbol("x_i", "X", "n d", "points, two or more, no two the same"),
        Symbol("y_j", "Y", "m d", "slopes"),
        Symbol("x,\\ z,\\ s", "", "", "two points, and a share in [0, 1]"),
        Symbol("c", "", "", "curvature of a chord: of a quadratic, the second derivative along it"),
        Symbol(
            r"\mu,\ L",
            "",
            "",
            "its least and its greatest value; over all points, the constants of convexity and smoothness",
        ),
        Symbol("f^*", "", "m", "conjugate: how far a plane of slope y must be lowered to lie below f"),
        Symbol("f^{**}", "", "n", "biconjugate: the highest of those planes"),
        Symbol("I", "", "d d", "identity matrix"),
    ),
    returns=(
        Result("mu", "", "the least curvature of a chord"),
        Result("L", "", "the greatest"),
        Result("conjugate", "m", "at the slopes"),
        Result("biconjugate", "n", "at the points"),
    ),
    needs=("gradient", "hessian"),
    source="jensen1906fonctions",
    year=1906,
    people=("Johan Jensen", "Werner Fenchel"),
    aliases="convex function, convex set, concave function, strong convexity, strongly convex, smoothness, "
    "conjugate function, Legendre transform, Legendre-Fenchel transform, Fenchel conjugate, Fenchel-Young inequality, epigraph, "
    "凸函数, 凸集, 凸优化, 凹函数, 强凸, 光滑性, 共轭函数, 勒让德变换, Fenchel 共轭, 上图",
    implementations=(
        Implementation(
            "gradus.optimization:conjugate", "torch", _ours, "beside it `chord_curvature` for $\\mu$ and $L$"
        ),
    ),
    readings="boyd2004convex §2–3; nesterov2018lectures §2.1; rockafellar1970convex §12; fenchel1949conjugate",
    hypotheses=(
        Hypothesis(
            "$f^{**}=f$ at a point: a plane below $f$ touches it there, as one does where $f$ is convex",
            "two-wells-are-filled-in",
        ),
        Hypothesis(
            "that $\\mu\\ge0$ proves convexity: $\\mu$ over all pairs of points, not over a sample",
            "points-may-miss-a-bump",
        ),
        Hypothesis("the third line: $f$ has two continuous derivatives", "a-kink-has-no-bound"),
    ),
    conventions=(
        Convention(
            "the words",
            "convex: chords above the graph, as $x^2$",
            "some calculus books, Chinese ones among them, call the graph of $x^2$ concave",
        ),
        Convention(
            "smoothness",
            "$L$ bounds the curvature: the gradient is $L$-Lipschitz",
            "elsewhere smooth means only that all derivatives exist",
        ),
    ),
    deviations="The conjugate proper is the supremum over all points. Over a list of points it is at most that.",
    proof=Proof(
        r"(Of the third line; $\mu=0$, else take $f-\frac\mu2\lVert x\rVert^2$, whose $c$ is less by $\mu$.) If chords lie above the "
        r"graph, $f(x+s(z-x))-f(x)\le s\bigl(f(z)-f(x)\bigr)$; over $s\to0$, $\nabla f(x)^{\mathsf T}(z-x)\le f(z)-f(x)$. From this, "
        r"added to the same with $x$ and $z$ exchanged, $\bigl(\nabla f(z)-\nabla f(x)\bigr)^{\mathsf T}(z-x)\ge0$; with $z=x+su$ over "
        r"$s^2$, $u^{\mathsf T}\nabla^2f(x)u\ge0$. And then $g(s)=f(x+s(z-x))$ has $g''\ge0$, so $g'$ rises, and $g$ lies below its "
        r"chord. Midpoints are enough: halving again and again gives all $s$ that are sums of powers of ½, and $f$ is continuous."
    ),
    unverified=r"On all of $\mathbb R^d$, for $f$ that may be $+\infty$ but is nowhere $-\infty$: $f^{**}=f$ if and only if $f$ is "
    "convex and closed, its epigraph a closed set (Fenchel, Moreau).",
    differentiable=False,
)


@CONVEXITY.definition
def convexity(f, X, Y):
    i, j = np.triu_indices(len(X), 1)
    c = 4 * (f(X[i]) + f(X[j]) - 2 * f((X[i] + X[j]) / 2)) / ((X[i] - X[j]) ** 2).sum(1)
    conjugate = (Y @ X.T - f(X)).max(1)
    biconjugate = (X @ Y.T - conjugate).max(1)
    return c.min(), c.max(), conjugate, biconjugate


def of_one(g):
    """A function of rows from a function of their only entry, told the framework's module."""
    return generic(lambda x: g(namespace(x), x[:, 0]))


@generic
def two_wells(x):
    return (x * x * x * x / 4 - x * x / 2).sum(-1)


@generic
def log_sum_exp(x):
    xp = namespace(x)
    return xp.log(xp.exp(x).sum(-1))


@generic
def half_square(x):
    return (x * x).sum(-1) / 2


@generic
def product_of_two(x):
    return x[:, 0] * x[:, 1]


def column(*values):
    return np.array(values, float)[:, None]


@CONVEXITY.example
def example():
    f, X, Y = two_wells, column(-2, -1, 0, 1, 2), column(-6, -1, 0, 1, 6)
    mu, L, conjugate, biconjugate = convexity(f, X, Y)
    values = f(X)
    return (
        dict(f=f, X=X, Y=Y, mu=mu, L=L, conjugate=conjugate, biconjugate=biconjugate, values=values)
        | dict(x=X[:, 0], y=Y[:, 0], at_one=X[:, 0] - values, gap=values - biconjugate)
        | dict(wells=4 * (2 * values[1] - 2 * values[2]) / 4, outer=4 * (2 * values[4] - 2 * values[2]) / 16)
    )


@CONVEXITY.exercise
def conjugate_of_a_square():
    Y, X = column(3), column(*np.linspace(-3, 3, 25))
    answer = convexity(of_one(lambda xp, x: 2 * x**2), X, Y)[2][0]
    return number(answer, not_inverted=2 * 9, without_the_half=9 / 4)


@CONVEXITY.exercise
def which_is_convex():
    X = column(*np.linspace(-2, 2, 17))

    def convex(g):
        return convexity(of_one(g), X, X)[0] > -1e-12

    return choice(
        larger=convex(lambda xp, x: np.maximum(np.exp(x), x**2)),
        smaller=convex(lambda xp, x: np.minimum(np.exp(x), x**2)),
        product=convex(lambda xp, x: np.exp(x) * x**2),
        difference=convex(lambda xp, x: np.exp(x) - x**2),
    )


@CONVEXITY.exercise
def steepest_curvature():
    X = column(-1e-3, 1e-3)
    L = convexity(of_one(lambda xp, x: np.logaddexp(0, x)), X, X)[1]
    return number(2 / L, one_over_l=1 / L, slope_for_curvature=2.0)


@CONVEXITY.cases
def cases(rng):
    # whole coordinates: the differences that make a curvature are exact in every precision
    lattice = np.array([[0, 0], [1, 0], [3, 1], [-2, 1], [0, -2], [2, 3], [-1, -1], [1, 2]], float)
    yield "a square", dict(f=half_square, X=lattice, Y=rng.standard_normal((5, 2)))
    yield "two wells", dict(f=two_wells, X=column(*range(-2, 3)), Y=column(*np.linspace(-3, 3, 13)))
    yield "a saddle", dict(f=product_of_two, X=lattice, Y=rng.standard_normal((6, 2)))
    yield "badly scaled", dict(f=half_square, X=column(0.0, 1024.0, 1.0), Y=column(*rng.standard_normal(4)))
    yield "two points, one slope", dict(f=half_square, X=column(0.0, 3.0), Y=column(1.0))
    yield "more slopes than points", dict(f=two_wells, X=lattice[:3], Y=rng.standard_normal((40, 2)))


@CONVEXITY.invalid
def invalid(rng):
    yield "slopes of another dimension", dict(f=half_square, X=np.eye(3), Y=np.ones((2, 2)))
    yield "a function of two values a point", dict(f=generic(lambda x: x), X=np.eye(2) + 1, Y=np.ones((2, 2)))


GRID = np.linspace(-2, 2, 33)
# name: f, f′, f″ of the framework's module and x, and whether f is convex on [−2, 2]
LISTED = {
    "x²": (lambda xp, x: x * x, lambda x: 2 * x, lambda x: 2 + 0 * x, True),
    "exp": (lambda xp, x: xp.exp(x), np.exp, np.exp, True),
    "x⁴": (lambda xp, x: x * x * x * x, lambda x: 4 * x**3, lambda x: 12 * x**2, True),
    "√(1 + x²)": (
        lambda xp, x: xp.sqrt(1 + x * x),
        lambda x: x / np.sqrt(1 + x**2),
        lambda x: (1 + x**2) ** -1.5,
        True,
    ),
    "sin": (lambda xp, x: xp.sin(x), np.cos, lambda x: -np.sin(x), False),
    "x³": (lambda xp, x: x * x * x, lambda x: 3 * x**2, lambda x: 6 * x, False),
    "−exp(−x²), whose level sets are convex": (
        lambda xp, x: -xp.exp(-x * x),
        lambda x: 2 * x * np.exp(-(x**2)),
        lambda x: (2 - 4 * x**2) * np.exp(-(x**2)),
        False,
    ),
    "log(1 + x²)": (
        lambda xp, x: xp.log(1 + x * x),
        lambda x: 2 * x / (1 + x**2),
        lambda x: 2 * (1 - x**2) / (1 + x**2) ** 2,
        False,
    ),
    "x⁴/4 − x²/2": (lambda xp, x: x * x * x * x / 4 - x * x / 2, lambda x: x**3 - x, lambda x: 3 * x**2 - 1, False),
}
ROUNDING = Text(
    "values up to 8, chords of an eighth: rounding is below 1e-11", "函数值不超过 8，弦长 1/8：舍入误差小于 1e-11"
)


@CONVEXITY.claim
def three_tests_agree(convexity, rng):
    r"""On nine functions, four of them convex, Jensen's inequality ($\mu\ge0$), the first-order and the second-order test agree:
    where one fails, all do, each by a hundredth or more"""
    least, first, second = [], [], []
    for f, slope, bend, _ in LISTED.values():
        least.append(convexity(of_one(f), GRID[:, None], GRID[:, None])[0])
        x, z = GRID[:, None], GRID
        with np.errstate(invalid="ignore"):
            over = 2 * (f(np, z) - f(np, x) - slope(x) * (z - x)) / (z - x) ** 2
        first.append(np.nanmin(over))
        second.append(bend(GRID).min())
    convex = np.array([row[-1] for row in LISTED.values()])
    for kind in (least, first, second):
        yield identical(np.array(kind) > -1e-9, convex)
        yield bound(
            np.array(kind)[~convex].max(), -0.01, "≤", Text("the mildest of those not convex", "非凸者中最轻的")
        )
        yield bound(np.array(kind)[convex].min(), -1e-9, "≥", ROUNDING)


@CONVEXITY.claim
def log_sum_exp_is_convex(convexity, rng):
    r"""$\log\sum_ie^{x_i}$ is convex, its curvature at most ½: 0 along $(1,\dots,1)$, and near ½ between two equal large
    entries"""
    X = 2 * rng.standard_normal((20, 4))
    mu, L, _, _ = convexity(log_sum_exp, np.concatenate([X, X + 1.0]), X)
    # a chord along (1, …, 1) has curvature 0 exactly; the shortest is 2 long
    zero = Text(
        "values up to 10, chords of 2 or more: rounding is below 1e-12",
        "函数值不超过 10，弦长不小于 2：舍入误差小于 1e-12",
    )
    yield bound(mu, -1e-9, "≥", Text("no chord below the graph, but for rounding", "除舍入外，弦都不在图像之下"))
    yield bound(mu, 1e-12, "≤", zero)
    yield bound(L, 0.5, "≤")
    near_half = np.array([[10.0, 10.0, 0, 0], [10.01, 9.99, 0, 0]])
    yield near(
        convexity(log_sum_exp, near_half, X)[1],
        0.5,
        1e-3,
        Text("e⁻¹⁰ of the other entries, and h²", "其余分量的 e⁻¹⁰ 与 h²"),
    )


def symmetric(eigenvalues, rng):
    Q, _ = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))
    return (Q * np.asarray(eigenvalues, float)) @ Q.T, Q


def form(H):
    """½ xᵀHx of rows."""
    return generic(lambda x: ((x @ as_like(H, x)) * x).sum(-1) / 2)


@CONVEXITY.claim
def constants_of_a_quadratic(convexity, rng):
    r"""Of $\tfrac12x^{\mathsf T}Hx$ every $c$ lies between the least and the greatest eigenvalue of $H$, and along the eigenvectors
    it is the eigenvalue: $\mu$ and $L$ of gradient descent"""
    for eigenvalues in ([0.5, 1.0, 4.0], [-1.0, 0.0, 2.0]):
        H, Q = symmetric(eigenvalues, rng)
        X = np.concatenate([np.zeros((1, 3)), Q.T, rng.standard_normal((12, 3))])
        mu, L, _, _ = convexity(form(H), X, X)
        # rounding of values of ½·4·9 at chords of a tenth at least, as a rule far longer
        yield roundoff([mu, L], [eigenvalues[0], eigenvalues[2]], terms=2000)


def pairs_of_conjugates(rng):
    """f, slopes, the points at which f has them, and the conjugate there."""
    y = rng.uniform(0.1, 0.9, 7)
    yield lambda xp, x: xp.exp(x), 4 * y, np.log(4 * y), 4 * y * np.log(4 * y) - 4 * y
    yield lambda xp, x: 1.5 * x * x, y, y / 3, y**2 / 6
    yield lambda xp, x: xp.abs(x * x * x) / 3, y, np.sqrt(y), 2 / 3 * y**1.5
    yield lambda xp, x: xp.log(1 + xp.exp(x)), y, np.log(y / (1 - y)), y * np.log(y) + (1 - y) * np.log(1 - y)
    yield lambda xp, x: xp.sqrt(1 + x * x), y, y / np.sqrt(1 - y**2), -np.sqrt(1 - y**2)
    yield lambda xp, x: -xp.log(x), -y, 1 / y, -1 - np.log(y)
    yield lambda xp, x: xp.abs(x), 1.9 * y - 0.95, 1e-9 * np.arange(7), 0 * y


@CONVEXITY.claim
def conjugates_in_closed_form(convexity, rng):
    r"""$e^x\leftrightarrow y\log y-y$, $\frac{\lvert x\rvert^3}3\leftrightarrow\frac23\lvert y\rvert^{3/2}$,
    $\log(1+e^x)\leftrightarrow y\log y+(1-y)\log(1-y)$, $\sqrt{1+x^2}\leftrightarrow-\sqrt{1-y^2}$,
    $-\log x\leftrightarrow-1-\log(-y)$, $\tfrac12x^{\mathsf T}Hx\leftrightarrow\tfrac12y^{\mathsf T}H^{-1}y$ ($H\succ0$),
    $\log\sum e^{x_i}\leftrightarrow\sum y_i\log y_i$: the values at slopes whose points are among the points"""
    for f, y, x, want in pairs_of_conjugates(rng):
        got = convexity(of_one(f), np.append(x, x + 0.37)[:, None], y[:, None])[2]
        yield roundoff(got, want, terms=16, scale=4.0)
    H, _ = symmetric([0.5, 1.0, 4.0], rng)
    Y = rng.standard_normal((6, 3))
    X = np.linalg.solve(H, Y.T).T
    yield roundoff(convexity(form(H), np.append(X, 2 * X + 1, 0), Y)[2], (X * Y).sum(1) / 2, terms=64, scale=20.0)
    P = rng.dirichlet(2 * np.ones(4), 6)
    points = np.append(np.log(P), rng.standard_normal((9, 4)), 0)
    yield roundoff(convexity(log_sum_exp, points, P)[2], (P * np.log(P)).sum(1), terms=32, scale=8.0)


@CONVEXITY.claim
def fenchel_and_young(convexity, rng):
    r"""$f(x)+f^*(y)\ge y^{\mathsf T}x$ for every point and slope, with equality at one point for each slope; and
    $f^{**}\le f$, whether $f$ is convex or not"""
    X, Y = rng.standard_normal((15, 2)), rng.standard_normal((9, 2))
    for f in (log_sum_exp, two_wells, product_of_two):
        _, _, conjugate, biconjugate = convexity(f, X, Y)
        gap = f(X)[:, None] + conjugate - X @ Y.T
        yield roundoff(gap.min(0), np.zeros(9), terms=16, scale=10.0)
        yield bound((f(X) - biconjugate).min(), -1e-13, "≥", Text("f − f**, rounding", "f − f**，舍入误差"))


@CONVEXITY.claim
def a_convex_function_is_its_biconjugate(convexity, rng):
    r"""$f^{**}=f$ at every point for convex $f$, where its slopes at the points are among the slopes"""
    for f, slope, _, convex in LISTED.values():
        if convex:
            values = f(np, GRID)
            yield roundoff(convexity(of_one(f), GRID[:, None], slope(GRID)[:, None])[3], values, terms=16, scale=64.0)


@CONVEXITY.claim
def two_wells_are_filled_in(convexity, rng):
    r"""Of a function that is not convex, $f^{**}$ is the greatest convex one below it: $(x^2-1)^2$ becomes 0 between its two
    minima and is itself outside"""
    outside = GRID[np.abs(GRID) >= 1]
    Y = np.append(4 * outside * (outside**2 - 1), 0.0)
    X, Y = GRID[:, None], np.unique(np.abs(Y))
    slopes = np.concatenate([-Y, Y])[:, None]
    got = convexity(generic(lambda x: ((x * x - 1) * (x * x - 1)).sum(-1)), X, slopes)[3]
    yield roundoff(got, np.where(np.abs(GRID) >= 1, (GRID**2 - 1) ** 2, 0.0), terms=16, scale=64.0)


@CONVEXITY.claim
def the_third_is_the_first(convexity, rng):
    r"""Conjugating once more gives nothing new: $f^{***}=f^*$, since $f^*$ is convex whatever $f$ is"""
    X, Y = rng.standard_normal((15, 2)), rng.standard_normal((9, 2))
    first = convexity(product_of_two, X, Y)[2]

    @generic
    def twice(x):
        return namespace(x).amax(x @ as_like(Y.T, x) - as_like(first, x), -1)

    third = convexity(twice, X, Y)
    yield roundoff(third[2], first, terms=16, scale=10.0)
    yield bound(
        third[0], -1e-9, "≥", Text("a maximum of planes is convex, but for rounding", "平面的最大值是凸函数，舍入除外")
    )


@CONVEXITY.claim
def shifts_and_tilts(convexity, rng):
    r"""$f(x-a)+b^{\mathsf T}x$ has the conjugate $f^*(y-b)+a^{\mathsf T}(y-b)$, and the same $\mu$ and $L$: planes have no
    curvature"""
    X, Y, a, b = rng.standard_normal((10, 2)), rng.standard_normal((5, 2)), np.array([1.0, -2.0]), np.array([0.5, 3.0])

    @generic
    def moved(x):
        return two_wells(x - as_like(a, x)) + (x * as_like(b, x)).sum(-1)

    one, other = convexity(two_wells, X, Y - b), convexity(moved, X + a, Y)
    yield roundoff(other[2], one[2] + (Y - b) @ a, terms=32, scale=64.0)
    yield roundoff(other[:2], one[:2], terms=1000, scale=max(abs(one[0]), abs(one[1]), 1.0))


@CONVEXITY.claim
def sums_and_maxima_stay_convex(convexity, rng):
    r"""Sums, maxima and affine substitutions of convex functions are convex; minima, products, differences and compositions
    need not be"""
    grid = np.linspace(-2, 2, 33)[:, None]
    keep = [
        lambda xp, x: xp.exp(x) + x * x,
        lambda xp, x: xp.maximum(xp.exp(x), x * x),
        lambda xp, x: xp.exp(1 - 3 * x / 2),
    ]
    lose = [
        lambda xp, x: xp.minimum(xp.exp(x), x * x),
        lambda xp, x: xp.exp(x) * x * x,
        lambda xp, x: xp.exp(x) - x * x,
        lambda xp, x: (x * x - 1) * (x * x - 1),
    ]
    least = [convexity(of_one(g), grid, grid)[0] for g in keep + lose]
    yield bound(min(least[:3]), -1e-9, "≥", ROUNDING)
    yield bound(max(least[3:]), -0.1, "≤", Text("each has a chord below its graph", "每一个都有位于图像之下的弦"))


@CONVEXITY.claim
def convex_in_each_is_not_convex(convexity, rng):
    r"""$x_1x_2$ is convex, even linear, in each variable alone and not convex: $\mu=-1$, $L=1$, along the diagonals"""
    X = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    return roundoff(convexity(product_of_two, X, X)[:2], [-1.0, 1.0], terms=8)


@CONVEXITY.claim
def a_set_has_its_hulls_support(convexity, rng):
    r"""The conjugate of a set ($f=0$ on it) is its support function $\max_{x}y^{\mathsf T}x$; it does not tell the set from its
    convex hull: mixtures of the points add nothing"""
    X, Y = rng.standard_normal((8, 2)), rng.standard_normal((11, 2))
    zero = generic(lambda x: 0 * x[:, 0])
    mixtures = rng.dirichlet(np.ones(8), 20) @ X
    _, _, support, _ = convexity(zero, X, Y)
    yield roundoff(support, (Y @ X.T).max(1), terms=8, scale=10.0)
    yield roundoff(convexity(zero, np.append(X, mixtures, 0), Y)[2], support, terms=16, scale=10.0)


@CONVEXITY.claim
def steep_against_flat(convexity, rng):
    r"""For convex $f$: $L$-smooth where $f^*$ is $\frac1L$-strongly convex; $\log(1+e^x)$ has $c\le\frac14$, its conjugate
    $y\log y+(1-y)\log(1-y)$ has $c\ge4$, and short chords in the middle come as near
    as one likes"""
    softplus = of_one(lambda xp, x: xp.log(1 + xp.exp(x)))
    entropy = of_one(lambda xp, y: y * xp.log(y) + (1 - y) * xp.log(1 - y))
    x, y = (
        np.append(np.linspace(-3, 3, 25), [-0.01, 0.01])[:, None],
        np.append(np.linspace(0.02, 0.98, 25), [0.49, 0.51])[:, None],
    )
    L, mu = convexity(softplus, x, y)[1], convexity(entropy, y, x)[0]
    middle = Text("fourth derivatives times h²/12", "四阶导数乘以 h²/12")
    yield bound(L, 0.25 + 1e-11, "≤", Text("¼, and rounding over the shortest chord", "¼，以及最短弦上的舍入误差"))
    yield bound(mu, 4 - 1e-9, "≥", Text("4, and rounding over the shortest chord", "4，以及最短弦上的舍入误差"))
    yield near(L, 0.25, 1e-5, middle)
    yield near(mu, 4.0, 2e-3, middle)


@CONVEXITY.claim
def points_may_miss_a_bump(convexity, rng):
    r"""A negative $\mu$ proves that $f$ is not convex; $\mu\ge0$ on a sample proves nothing: $\sin^28\pi x$, whose second derivative is
    $128\pi^2\cos16\pi x$, looks like the zero function from the quarters"""
    wave = of_one(lambda xp, x: xp.sin(8 * np.pi * x) ** 2)
    X = np.arange(5)[:, None] / 4
    yield roundoff(convexity(wave, X, X)[:2], [0.0, 0.0], terms=8, scale=1.0)
    yield bound(convexity(wave, X / 3, X)[0], -1.0, "≤", Text("other points see it", "换一组点就能看出"))


@CONVEXITY.claim
def a_kink_has_no_bound(convexity, rng):
    r"""$\lvert x\rvert$ is convex, and of no smoothness: between $\pm h$ the curvature is $2/h$, without bound as
    $h\to0$"""
    h = np.array([1.0, 0.1, 0.01, 0.001])
    absolute = of_one(lambda xp, x: xp.abs(x))
    got = [convexity(absolute, column(-k, k), column(0.0))[1] for k in h]
    return roundoff(np.array(got) * h, 2 * np.ones(4), terms=8)


@CONVEXITY.mutant(
    caught_by="equals-definition, log-sum-exp-is-convex, three-tests-agree, constants-of-a-quadratic, sums-and-maxima-stay-convex, "
    "steep-against-flat, a-kink-has-no-bound"
)
def log_sum_exp_called_concave(f, X, Y):
    """the inequality the wrong way round: what is convex is called concave"""
    mu, L, conjugate, biconjugate = convexity(f, X, Y)
    return -L, -mu, conjugate, biconjugate


@CONVEXITY.mutant(
    caught_by="equals-definition, constants-of-a-quadratic, convex-in-each-is-not-convex, steep-against-flat, a-kink-has-no-bound"
)
def mean_for_sum(f, X, Y):
    """the mean of the ends minus the middle: half of the curvature"""
    mu, L, conjugate, biconjugate = convexity(f, X, Y)
    return mu / 2, L / 2, conjugate, biconjugate


@CONVEXITY.mutant(caught_by="equals-definition, convex-in-each-is-not-convex")
def neighbours_alone(f, X, Y):
    """chords between neighbours in the list alone"""
    _, _, conjugate, biconjugate = convexity(f, X, Y)
    c = [convexity(f, X[k : k + 2], Y)[0] for k in range(len(X) - 1)]
    return min(c), max(c), conjugate, biconjugate


@CONVEXITY.mutant(caught_by="equals-definition, points-may-miss-a-bump")
def thirds(f, X, Y):
    """a third of the way in place of the middle"""
    _, _, conjugate, biconjugate = convexity(f, X, Y)
    i, j = np.triu_indices(len(X), 1)
    chord = 2 / 3 * f(X[i]) + 1 / 3 * f(X[j]) - f(2 / 3 * X[i] + 1 / 3 * X[j])
    c = 9 * chord / ((X[i] - X[j]) ** 2).sum(1)
    return c.min(), c.max(), conjugate, biconjugate


@CONVEXITY.mutant(
    caught_by="equals-definition, conjugates-in-closed-form, fenchel-and-young, a-convex-function-is-its-biconjugate, "
    "two-wells-are-filled-in, the-third-is-the-first, shifts-and-tilts"
)
def plus_f(f, X, Y):
    """f is added, not subtracted"""
    mu, L, _, _ = convexity(f, X, Y)
    conjugate = (Y @ X.T + f(X)).max(1)
    return mu, L, conjugate, (X @ Y.T - conjugate).max(1)


@CONVEXITY.mutant(caught_by="equals-definition, a-set-has-its-hulls-support, conjugates-in-closed-form")
def least_for_greatest(f, X, Y):
    """the least over the points: the concave conjugate"""
    mu, L, _, _ = convexity(f, X, Y)
    conjugate = (Y @ X.T - f(X)).min(1)
    return mu, L, conjugate, (X @ Y.T - conjugate).min(1)


@CONVEXITY.mutant(caught_by="equals-definition, two-wells-are-filled-in")
def always_itself(f, X, Y):
    """f for its biconjugate, whether it is convex or not"""
    mu, L, conjugate, _ = convexity(f, X, Y)
    return mu, L, conjugate, f(X)


@CONVEXITY.figure(slope=Slider(-1.0, 1.0, 0.3, "slope y"), dent=Slider(-0.5, 1.5, 1.0, "dent a: f = x⁴/4 − a x²/2"))
def figure(slope, dent):
    x, y = np.linspace(-1.8, 1.8, 721), np.linspace(-1.6, 1.6, 641)
    f = of_one(lambda xp, t: t**4 / 4 - dent * t**2 / 2)
    values, slopes = f(x[:, None]), np.append(y, slope)
    conjugate = (slopes[:, None] * x - values).max(1)
    steep = np.linspace(-8, 8, 1601)
    envelope = (x[:, None] * steep - (steep[:, None] * x - values).max(1)).max(1)
    offset, touch = conjugate[-1], x[(slope * x - values).argmax()]
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    left.plot(x, envelope, color=COLOURS[2], lw=4, alpha=0.55, label=r"$f^{**}$")
    left.plot(x, values, color=COLOURS[0], lw=1.7, label="$f$")
    left.plot(x, slope * x - offset, color=COLOURS[1], lw=1.3, label="slope $y$")
    left.plot(touch, slope * touch - offset, "o", color=COLOURS[1], ms=6, mec="white")
    left.plot([0, 0], [0, -offset], color=COLOURS[3], lw=2.2, label="$f^*(y)$")
    left.set(xlabel="x", ylim=(-0.9, 1.1), xlim=(-1.8, 1.8))
    left.legend(fontsize=9, loc="upper center", ncols=2)
    right.plot(y, conjugate[:-1], color=COLOURS[3], lw=1.8)
    right.plot(slope, offset, "o", color=COLOURS[1], ms=6, mec="white")
    right.set(xlabel="y", ylabel="$f^*(y)$", xlim=(-1.6, 1.6))
    deepest, least = (values - envelope).max(), -dent
    words = Text(
        f"a = {dent:.2f}: the second derivative is least at 0, {least:.2f}. The line of slope {slope:.2f} touches f from below at x = {touch:.2f}; it meets the axis at "
        f"{-offset:.3f}, so f*(y) = {offset:.3f}. The biconjugate lies below f by {deepest:.3f} at most.",
        f"a = {dent:.2f}：二阶导数在 0 处最小，为 {least:.2f}。斜率为 {slope:.2f} 的直线从下方与 f 在 x = {touch:.2f} 处相切；它与纵轴交于 "
        f"{-offset:.3f}，所以 f*(y) = {offset:.3f}。双共轭至多比 f 低 {deepest:.3f}。",
    )
    return Drawing(fig, words)
