"""Inner products: length, angle and orthogonality from one bilinear form."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(vecdot, x, y, G):
    return vecdot(x, y if G is None else y @ G.mT)  # (...)


INNER_PRODUCT = Concept(
    key="inner-product",
    kind="definition",
    title="Inner products and orthogonality",
    summary="A number for two vectors, symmetric, linear in each, and positive for a vector other than 0 with itself. It makes "
    r"lengths and, between vectors other than 0, angles: $\lVert x\rVert=\sqrt{\langle x,x\rangle}$, "
    r"$\cos\varphi=\langle x,y\rangle/\lVert x\rVert\lVert y\rVert$. Every symmetric positive definite matrix G gives one, and "
    "with it another notion of orthogonal.",
    formulas=(
        r"\langle x,y\rangle_G=x^{\mathsf T}Gy=\sum_{i=1}^{n}\sum_{j=1}^{n}x_iG_{ij}y_j,\qquad G=I:\;\langle x,y\rangle=\sum_{i=1}^{n}x_iy_i",
        r"\langle x,y\rangle=\langle y,x\rangle,\qquad \langle ax+bz,y\rangle=a\langle x,y\rangle+b\langle z,y\rangle,\qquad "
        r"\langle x,x\rangle>0\ \text{for}\ x\ne0",
        r"\lvert\langle x,y\rangle\rvert\le\lVert x\rVert\,\lVert y\rVert,\qquad "
        r"\langle x,y\rangle=\tfrac14\left(\lVert x+y\rVert^2-\lVert x-y\rVert^2\right)",
        r"\lVert x+y\rVert^2+\lVert x-y\rVert^2=2\lVert x\rVert^2+2\lVert y\rVert^2,\qquad "
        r"\operatorname{proj}_y x=\frac{\langle x,y\rangle}{\langle y,y\rangle}\,y\quad(y\ne0)",
    ),
    symbols=(
        Symbol("x", "x", "... n", "vector"),
        Symbol("y", "y", "... n", "another vector"),
        Symbol(
            "G",
            "G",
            "n n",
            "symmetric positive definite matrix of the inner product (Gram matrix of the basis); the identity unless "
            "given",
        ),
        Symbol("z", "", "n", "a third vector"),
        Symbol("a", "", "", "a number"),
        Symbol("b", "", "", "another number"),
        Symbol("n", "", "", "dimension"),
    ),
    needs=("vector-space", "norm"),
    source="cauchy1821cours",
    year=1821,
    people=("Augustin-Louis Cauchy", "Hermann Schwarz", "Pascual Jordan", "John von Neumann"),
    aliases="dot product, scalar product, orthogonality, Cauchy-Schwarz, cosine similarity, "
    "内积, 点积, 数量积, 正交, 柯西-施瓦茨不等式, 余弦相似度",
    implementations=(Implementation("torch.linalg:vecdot", "torch", _torch),),
    readings="axler2024linear ch. 6; deisenroth2020mathematics §3.2–3.4; jordan1935inner",
    hypotheses=(
        Hypothesis("G is symmetric", "half-the-matrix"),
        Hypothesis("G is positive definite", "positive-definiteness, minkowski"),
        Hypothesis("For the parallelogram law: the norm comes from an inner product", "parallelogram-law-for-p-2-only"),
    ),
    conventions=(
        Convention(
            "complex vectors",
            "real vectors alone",
            "one side is conjugated: the first in physics, `numpy.vdot` and `torch.linalg.vecdot`, the second in most "
            "mathematics books; `numpy.dot` and `torch.dot` conjugate neither, and are no inner product there",
        ),
    ),
    nonfinite="nan",
)


@INNER_PRODUCT.definition
def inner_product(x, y, G=None):
    G = np.eye(x.shape[-1]) if G is None else G
    return (x[..., :, None] * G * y[..., None, :]).sum((-2, -1))  # over i and j


def positive_definite(rng, n):
    B = rng.standard_normal((n, n))
    return B @ B.T + 0.5 * np.eye(n)


@INNER_PRODUCT.example
def example():
    x, y, G = np.array([3.0, -1.0]), np.array([2.0, 2.0]), np.array([[2.0, -1.0], [-1.0, 1.0]])
    xy, xx, yy = inner_product(x, y), inner_product(x, x), inner_product(y, y)
    xy_G, xx_G, yy_G = inner_product(x, y, G), inner_product(x, x, G), inner_product(y, y, G)
    foot = xy / yy * y
    cosine, cosine_G = xy / np.sqrt(xx * yy), xy_G / np.sqrt(xx_G * yy_G)
    return (
        dict(x=x, y=y, G=G, xy=xy, xx=xx, yy=yy, cosine=cosine, angle=np.degrees(np.arccos(cosine)))
        | dict(share=xy / yy, foot=foot, rest=x - foot, square=inner_product(x - foot, x - foot))
        | dict(foot_square=inner_product(foot, foot), check=inner_product(x - foot, y), Gy=G @ y, xy_G=xy_G)
        | dict(xx_G=xx_G, yy_G=yy_G, cosine_G=cosine_G, angle_G=np.degrees(np.arccos(cosine_G)))
        | dict(plus=inner_product(x + y, x + y), minus=inner_product(x - y, x - y))
    )


@INNER_PRODUCT.exercise
def from_three_lengths():
    xx, yy, plus = 9.0, 16.0, 36.0  # squared lengths of x, y and x + y
    value = (plus - xx - yy) / 2
    return number(
        value, half_forgotten=2 * value, product_of_lengths=np.sqrt(xx * yy), lengths_not_squared=(6 - 3 - 4) / 2
    )


@INNER_PRODUCT.exercise
def upright_under_g():
    G, e = np.array([[1.0, 0.6], [0.6, 1.0]]), np.eye(2)
    t = -inner_product(e[0], e[0], G) / inner_product(e[0], e[1], G)
    return number(t, sign_lost=-t, upside_down=1 / t)


@INNER_PRODUCT.exercise
def nearest_document():
    q, D = np.array([1.0, 1.0]), np.array([[5.0, 0.0], [2.0, 1.9], [0.6, 0.5]])
    product = inner_product(q, D)
    cosine = product / np.sqrt(inner_product(D, D))
    distance = inner_product(D - q, D - q)
    winners = len({int(product.argmax()), int(cosine.argmax()), int(distance.argmin())})
    return choice(all_one=winners == 1, two_agree=winners == 2, three=winners == 3)


@INNER_PRODUCT.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "random", dict(x=normal(5), y=normal(5))
    yield "own matrix", dict(x=normal(4), y=normal(4), G=positive_definite(rng, 4))
    yield "batch", dict(x=normal(3, 4), y=normal(3, 4), G=positive_definite(rng, 4))
    yield "orthogonal", dict(x=np.array([1.0, 2.0, -1.0]), y=np.array([3.0, -1.0, 1.0]))
    yield "with itself", dict(x=np.array([3.0, 4.0]), y=np.array([3.0, 4.0]))
    yield "zero", dict(x=np.zeros(3), y=normal(3))
    yield "one entry", dict(x=normal(1), y=normal(1))
    yield "long", dict(x=normal(1200), y=normal(1200))
    yield "square", dict(x=normal(4, 4), y=normal(4, 4), G=positive_definite(rng, 4))


@INNER_PRODUCT.invalid
def invalid(rng):
    yield "vectors of two lengths", dict(x=np.ones(3), y=np.ones(4))
    yield "matrix of another size", dict(x=np.ones(3), y=np.ones(3), G=np.eye(4))


@INNER_PRODUCT.claim
def symmetric(inner, rng):
    r"""Symmetric: $\langle x,y\rangle=\langle y,x\rangle$"""
    x, y = rng.standard_normal((2, 6))
    G = positive_definite(rng, 6)
    size = float(np.abs(x) @ np.abs(G) @ np.abs(y))
    yield roundoff(inner(x, y, G=G), inner(y, x, G=G), terms=6, scale=size)
    yield roundoff(inner(x, y), inner(y, x), terms=6, scale=float(np.abs(x) @ np.abs(y)))


@INNER_PRODUCT.claim
def bilinear(inner, rng):
    r"""Linear in each argument: $\langle ax+bz,y\rangle=a\langle x,y\rangle+b\langle z,y\rangle$"""
    x, y, z = rng.standard_normal((3, 20, 6))
    a, b = 1.7, -2.3
    for G in (np.eye(6), positive_definite(rng, 6)):
        size = float(((a * np.abs(x) - b * np.abs(z)) @ np.abs(G) * np.abs(y)).sum(-1).max())
        want = a * inner(x, y, G=G) + b * inner(z, y, G=G)
        yield roundoff(inner(a * x + b * z, y, G=G), want, terms=8, scale=size)
        yield roundoff(inner(y, a * x + b * z, G=G), want, terms=8, scale=size)


@INNER_PRODUCT.claim
def positive_definiteness(inner, rng):
    r"""Positive for every $x\ne0$, even for one tiny entry; with $G=\operatorname{diag}(1,-1)$ it is not, and $(1,1)$
    has length 0: no inner product"""
    X, G = rng.standard_normal((200, 4)), positive_definite(rng, 4)
    tiny = np.zeros(4)
    tiny[-1] = 1e-9
    lowest = np.linalg.eigvalsh(G)[0]
    ratio = inner(X, X, G=G) / (X * X).sum(-1)
    minkowski = inner(np.ones(2), np.ones(2), G=np.diag([1.0, -1.0]))
    why = Text("the smallest eigenvalue of G, less 64 ε", "G 的最小特征值，减去 64 ε")
    yield bound(ratio.min(), lowest - 64 * 2.0**-52 * np.abs(G).sum(), "≥", why)
    yield roundoff(inner(tiny, tiny), 1e-18)
    yield identical(inner(np.zeros(4), np.zeros(4), G=G), 0.0)
    yield roundoff(minkowski, 0.0, scale=1.0)


@INNER_PRODUCT.claim
def cauchy_schwarz(inner, rng):
    r"""Cauchy–Schwarz: $\lvert\langle x,y\rangle\rvert\le\lVert x\rVert\lVert y\rVert$, with equality exactly for
    parallel vectors: $1-\cos^2\varphi$ is the squared distance of y from the line of x over $\lVert y\rVert^2$"""
    for G in (np.eye(4), positive_definite(rng, 4), np.diag([1e-6, 1.0, 1.0, 1e6])):
        x, y = rng.standard_normal((2, 300, 4))
        y[0] = -2.5 * x[0]
        t = inner(x[1], y[1], G=G) / inner(x[1], x[1], G=G)
        y[1] = y[1] - t * x[1]  # no longer along x at all: far below the bound
        cosine = np.abs(inner(x, y, G=G)) / np.sqrt(inner(x, x, G=G) * inner(y, y, G=G))
        why = Text("1, and rounding", "1，以及舍入")
        yield bound(cosine.max(), 1 + 64 * 2.0**-52, "≤", why)
        yield roundoff(cosine[0], 1.0, terms=16)
        yield bound(cosine[1], 0.5, "≤", Text("orthogonal vectors", "正交的向量"))
        rest = y - (inner(x, y, G=G) / inner(x, x, G=G))[:, None] * x
        yield roundoff(1 - cosine**2, inner(rest, rest, G=G) / inner(y, y, G=G), terms=64, scale=1.0)


@INNER_PRODUCT.claim
def polarisation(inner, rng):
    r"""Polarisation: the lengths determine the inner product, $\tfrac14(\lVert x+y\rVert^2-\lVert x-y\rVert^2)$"""
    x, y = rng.standard_normal((2, 20, 5))
    G = positive_definite(rng, 5)
    squares = inner(x + y, x + y, G=G) - inner(x - y, x - y, G=G)
    size = float(((np.abs(x) + np.abs(y)) @ np.abs(G) * (np.abs(x) + np.abs(y))).sum(-1).max())
    return roundoff(squares / 4, inner(x, y, G=G), terms=8, scale=size)


@INNER_PRODUCT.claim
def parallelogram_law_for_p_2_only(inner, rng):
    r"""Parallelogram law: it holds for the length of an inner product, and of the p-norms for $p=2$ alone: at
    $e_1,e_2$ the two sides differ by $2\cdot2^{2/p}-4$"""

    def defect(square, x, y):
        return square(x + y) + square(x - y) - 2 * square(x) - 2 * square(y)

    e = np.eye(2)
    own = defect(lambda x: inner(x, x), *rng.standard_normal((2, 30, 5)))
    # the order p of the norm that gives e₁ + e₂ this length, 2^(1/p)
    order = 2 * np.log(2) / np.log(inner(e[0] + e[1], e[0] + e[1]))
    evidence = [roundoff(own, np.zeros(30), terms=6, scale=60.0), roundoff(order, 2.0)]
    for p in (1.0, 1.5, 3.0, np.inf):
        got = defect(lambda x, p=p: np.linalg.norm(x, p) ** 2, *e)
        evidence.append(roundoff(got, 2 * 2 ** (2 / p) - 4, terms=4, scale=4.0))
        evidence.append(bound(abs(got), 0.5, "≥", Text("far from 0 for p ≠ 2", "p ≠ 2 时远离 0")))
    return all_of(*evidence)


@INNER_PRODUCT.claim
def projection_is_nearest(inner, rng):
    """The projection on a line leaves a remainder orthogonal to it, and is the nearest point (Pythagoras)"""
    for G in (np.eye(5), positive_definite(rng, 5)):
        x, u = rng.standard_normal((2, 5))
        t = inner(x, u, G=G) / inner(u, u, G=G)
        rest = x - t * u
        size = float((np.abs(x) + abs(t) * np.abs(u)) @ np.abs(G) @ np.abs(u))
        yield roundoff(inner(rest, u, G=G), 0.0, terms=8, scale=size)
        away = np.array([0.3, -1.0, 2.0])[:, None]
        farther = inner(rest - away * u, rest - away * u, G=G)
        want = inner(rest, rest, G=G) + away[:, 0] ** 2 * inner(u, u, G=G)
        yield roundoff(farther, want, terms=8, scale=16 * size)


@INNER_PRODUCT.claim
def unit_vectors_give_the_matrix(inner, rng):
    r"""$\langle e_i,e_j\rangle_G=G_{ij}$: coordinate vectors need not be orthogonal, and vectors orthogonal for one inner
    product need not be for another"""
    G, e = positive_definite(rng, 4), np.eye(4)
    table = np.array([[inner(e[i], e[j], G=G) for j in range(4)] for i in range(4)])
    plain = np.array([[inner(e[i], e[j]) for j in range(4)] for i in range(4)])
    return all_of(roundoff(table, G), identical(plain, e))


@INNER_PRODUCT.claim
def legendre_polynomials(inner, rng):
    r"""Polynomials under $\int_{-1}^{1}pq\,dt$: the Legendre polynomials are orthogonal,
    $\langle P_m,P_n\rangle=\frac{2}{2n+1}\delta_{mn}$"""
    n = 6
    power = np.add.outer(np.arange(n), np.arange(n))
    G = np.where(power % 2 == 0, 2.0 / (power + 1), 0.0)  # ∫ tⁱ⁺ʲ over [−1, 1]
    P = np.array([np.pad(np.polynomial.legendre.leg2poly(np.eye(n)[k]), (0, n - k - 1)) for k in range(n)])
    table = inner(P[:, None, :], P[None, :, :], G=G)
    scale = float((np.abs(P) @ G @ np.abs(P).T).max())
    return roundoff(table, np.diag(2 / (2 * np.arange(n) + 1)), terms=n, scale=scale)


@INNER_PRODUCT.claim
def gram_determinant_is_squared_volume(inner, rng):
    """The Gram matrix of k vectors is positive semidefinite, singular exactly when they are dependent, and its
    determinant is their squared volume"""
    V = rng.standard_normal((3, 5))
    gram = inner(V[:, None, :], V[None, :, :])
    sides = np.abs(np.diag(np.linalg.qr(V.T)[1]))  # height over the span of those before
    dependent = np.vstack([V, V[0] - 2 * V[2]])
    flat = np.linalg.eigvalsh(inner(dependent[:, None, :], dependent[None, :, :]))
    why = Text("c·n·ε·λ_max, c=8, n=5", "c·n·ε·λ_max，c=8，n=5")
    yield roundoff(np.linalg.det(gram), (sides**2).prod(), terms=15, scale=float(np.diag(gram).prod()))
    yield near(flat[0], 0.0, 8 * 5 * 2.0**-52 * flat[-1], why, "roundoff")
    yield bound(flat[1], 1e-3, "≥", Text("rank 3", "秩为 3"))


@INNER_PRODUCT.claim
def random_directions_are_nearly_orthogonal(inner, rng):
    r"""In high dimension random directions are nearly orthogonal: $E\cos^2\varphi=1/n$"""
    for n in (2, 10, 40):
        x, y = rng.standard_normal((2, 3000, n))
        yield statistical(inner(x, y) ** 2 / (inner(x, x) * inner(y, y)), 1 / n)


@INNER_PRODUCT.mutant(
    caught_by="equals-definition, unit-vectors-give-the-matrix, legendre-polynomials, positive-definiteness"
)
def matrix_left_out(x, y, G=None):
    """the matrix is left out"""
    return inner_product(x, y)


@INNER_PRODUCT.mutant(caught_by="equals-definition, parallelogram-law-for-p-2-only, gram-determinant-is-squared-volume")
def mean_of_products(x, y, G=None):
    """the mean of the products, not their sum"""
    return inner_product(x, y, G) / x.shape[-1]


@INNER_PRODUCT.mutant(caught_by="bilinear, polarisation")
def absolute_value(x, y, G=None):
    """the absolute value"""
    return np.abs(inner_product(x, y, G))


@INNER_PRODUCT.mutant(caught_by="positive-definiteness, cauchy-schwarz")
def minkowski(x, y, G=None):
    """the last product is subtracted, as in Minkowski's space"""
    return inner_product(x, y, G) - 2 * x[..., -1] * y[..., -1] * (1 if G is None else G[-1, -1])


@INNER_PRODUCT.mutant(caught_by="bilinear, equals-definition, projection-is-nearest, polarisation")
def cosine(x, y, G=None):
    """the cosine instead of the inner product"""
    with np.errstate(invalid="ignore"):
        return inner_product(x, y, G) / np.sqrt(inner_product(x, x, G) * inner_product(y, y, G))


@INNER_PRODUCT.mutant(caught_by="bilinear, parallelogram-law-for-p-2-only, projection-is-nearest")
def polarised_sum_norm(x, y, G=None):
    """polarisation of the sum norm: not additive"""
    L = np.eye(x.shape[-1]) if G is None else np.linalg.cholesky(G)
    return (np.abs((x + y) @ L).sum(-1) ** 2 - np.abs((x - y) @ L).sum(-1) ** 2) / 4


@INNER_PRODUCT.mutant(caught_by="symmetric, unit-vectors-give-the-matrix")
def half_the_matrix(x, y, G=None):
    r"""the Cholesky factor L instead of $G=LL^{\mathsf T}$"""
    return inner_product(x, y, None if G is None else np.linalg.cholesky(G))


@INNER_PRODUCT.mutant(caught_by="random-directions-are-nearly-orthogonal, unit-vectors-give-the-matrix")
def weighted_entries(x, y, G=None):
    """entries weighted by their number"""
    return inner_product(x * (1 + np.arange(x.shape[-1])), y, G)


@INNER_PRODUCT.figure(
    correlation=Slider(-0.95, 0.95, 0.6, "off-diagonal entry of G"),
    angle=Slider(0, 180, 20, "direction of x (degrees)"),
    n=Slider(2, 400, 30, "dimension of the random directions", log=True, integer=True),
)
def figure(correlation, angle, n):
    G = np.array([[1.0, correlation], [correlation, 1.0]])
    t = np.linspace(0, 2 * np.pi, 361)
    circle = np.stack([np.cos(t), np.sin(t)], axis=-1)
    ball = circle / np.sqrt(inner_product(circle, circle, G))[:, None]
    x = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    x = x / np.sqrt(inner_product(x, x, G))
    normal = np.array([-(G @ x)[1], (G @ x)[0]])  # ⟨x, normal⟩_G = 0
    normal = normal / np.sqrt(inner_product(normal, normal, G))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.7)
    left.plot(*ball.T, color=COLOURS[6], lw=1)
    for end, name, colour in ((x, "x", COLOURS[0]), (normal, "y", COLOURS[1])):
        left.annotate("", end, (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
        left.annotate(name, end * 1.12, ha="center", va="center", color=colour)
    reach = 1.25 * np.abs(ball).max()
    left.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
    left.set_title(r"$\langle x,y\rangle_G=0$, both of length 1", fontsize=11)
    rng, n = np.random.default_rng(5), int(n)
    u, v = rng.standard_normal((2, 4000, n))
    cosines = inner_product_rows(u, v) / np.sqrt(inner_product_rows(u, u) * inner_product_rows(v, v))
    right.hist(cosines, bins=np.linspace(-1, 1, 61), density=True, color=COLOURS[0], alpha=0.6)
    right.set(xlabel=r"$\cos\varphi$", ylabel="density", title=f"random directions, n = {n}", xlim=(-1, 1))
    right.set_xticks([-1, -0.5, 0, 0.5, 1])
    seen = np.degrees(np.arccos(np.clip(x @ normal / np.sqrt(x @ x * (normal @ normal)), -1, 1)))
    words = Text(
        f"With off-diagonal entry {correlation:.2f} the vectors orthogonal under G look {seen:.0f}° apart on paper. Of 4000 pairs of random directions in "
        f"dimension {n}, the mean of cos² is {(cosines**2).mean():.4f} (theory {1 / n:.4f}); {100 * (np.abs(cosines) > 0.5).mean():.1f} % are within 60° of parallel.",
        f"非对角元为 {correlation:.2f} 时，在 G 下正交的两个向量在纸面上的夹角为 {seen:.0f}°。{n} 维空间中 4000 对随机方向的 cos² 平均为 {(cosines**2).mean():.4f}"
        f"（理论值 {1 / n:.4f}）；{100 * (np.abs(cosines) > 0.5).mean():.1f}% 与平行方向相差不到 60°。",
    )
    return Drawing(fig, words)


def inner_product_rows(u, v):
    """The plain inner product of the rows, for the many samples of the figure."""
    return np.einsum("ij,ij->i", u, v)
