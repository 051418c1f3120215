"""Matrix multiplication."""

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas
from gradus.page.not_applicable import NotApplicable

MATRIX_PRODUCT = Concept(
    key="matrix-product",
    kind="definition",
    title="Matrix multiplication",
    summary="Entry $(i,j)$ of the product is row i of A against column j of B. It is so defined because it composes "
    "linear maps: $(AB)x=A(Bx)$. Nearly all the arithmetic of a neural network is this.",
    formulas=(
        r"(AB)_{ij}=\sum_{k=1}^{K}A_{ik}B_{kj}",
        r"(AB)C=A(BC),\qquad (AB)^{\mathsf T}=B^{\mathsf T}A^{\mathsf T},\qquad AB\ne BA\ \text{in general}",
    ),
    symbols=(
        Symbol("A", "A", "... n K", "left factor"),
        Symbol("B", "B", "... K m", "right factor: as many rows as A has columns"),
        Symbol("C", "", "m l", "a third matrix"),
        Symbol("i", "", "", "row of A"),
        Symbol("j", "", "", "column of B"),
        Symbol("k", "", "", "the summed index"),
        Symbol("K", "", "", "its range: columns of A, rows of B"),
    ),
    needs=(),
    source="cayley1858memoir",
    year=1858,
    people=("Arthur Cayley",),
    aliases="matmul, GEMM, matrix multiply, 矩阵乘积, 矩阵相乘, 矩阵乘",
    implementations=(Implementation("torch:matmul", "torch"),),
    readings="strang2016introduction §2.4; golub2013matrix §1.1; higham2002accuracy §3.5",
    deviations=(
        "`*` multiplies entry by entry in NumPy and PyTorch; the matrix product is `@`.",
        "In float32 on recent GPUs PyTorch may round the factors to TF32 (10 bits) when `torch.backends.cuda.matmul` "
        "allows it.",
    ),
    hypotheses=(
        Hypothesis(
            r"For integers to be exact: $\lvert A\rvert\lvert B\rvert\le2^{53}$, entry by entry", "integers-are-exact"
        ),
    ),
    unverified="Libraries seldom use Strassen's algorithm, for its weaker error bound.",
    nonfinite="nan",
)


@MATRIX_PRODUCT.definition
def matrix_product(A, B):
    n, K, m = A.shape[-2], A.shape[-1], B.shape[-1]
    batch = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    C = np.zeros((*batch, n, m), np.result_type(A, B))
    for i in range(n):
        for j in range(m):
            for k in range(K):
                C[..., i, j] += A[..., i, k] * B[..., k, j]
    return C


@MATRIX_PRODUCT.example
def example():
    A, B = np.array([[1.0, 2.0, 0.0], [-1.0, 1.0, 3.0]]), np.array([[2.0, 1.0], [0.0, -1.0], [1.0, 2.0]])
    C, x = matrix_product(A, B), np.array([[1.0], [3.0]])
    outer = [matrix_product(A[:, k : k + 1], B[k : k + 1]) for k in range(3)]
    return (
        dict(A=A, B=B, C=C, row=A[0], column=B[:, 1], terms=A[0] * B[:, 1], outer=np.stack(outer))
        | dict(BA=matrix_product(B, A), x=x[:, 0], Bx=matrix_product(B, x)[:, 0])
        | dict(ABx=matrix_product(A, matrix_product(B, x))[:, 0], CBx=matrix_product(C, x)[:, 0])
        | dict(trace=np.trace(C), trace_BA=np.trace(matrix_product(B, A)))
    )


@MATRIX_PRODUCT.exercise
def which_bracket():
    a, b, c, d = 10, 1000, 10, 1000  # A is a × b, B is b × c, C is c × d
    left, right = a * b * c + a * c * d, b * c * d + a * b * d
    return number(min(left, right), the_other_bracket=right, all_indices_at_once=a * b * c * d)


@MATRIX_PRODUCT.exercise
def which_rule():
    rng = np.random.default_rng(0)
    A, B = (rng.integers(-5, 6, (2, 2)).astype(float) for _ in range(2))
    AB, N = matrix_product(A, B), np.array([[0.0, 1.0], [0.0, 0.0]])
    square = matrix_product(A + B, A + B)
    return choice(
        transposed=np.array_equal(AB.T, matrix_product(B.T, A.T)),
        binomial=np.array_equal(square, matrix_product(A, A) + 2 * AB + matrix_product(B, B)),
        no_divisors=bool(matrix_product(N, N).any()),
        order_kept=np.array_equal(AB.T, matrix_product(A.T, B.T)),
    )


@MATRIX_PRODUCT.exercise
def trace_of_a_product():
    A, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [2.0, 5.0]])
    return number(
        np.trace(matrix_product(A, B)), same_places=(A * B).sum(), product_of_traces=np.trace(A) * np.trace(B)
    )


@MATRIX_PRODUCT.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "random", dict(A=normal(3, 4), B=normal(4, 5))
    yield "square", dict(A=normal(4, 4), B=normal(4, 4))
    yield "row by column", dict(A=normal(1, 6), B=normal(6, 1))
    yield "column by row", dict(A=normal(3, 1), B=normal(1, 4))
    yield "batch", dict(A=normal(2, 2, 3), B=normal(2, 3, 2))
    yield "cancelling", dict(A=np.array([[3e7, 1.0, -5e7, 2e7]]), B=np.array([[1e8], [1.0], [1e8], [1e8]]))
    yield "long sums", dict(A=normal(1, 1500), B=normal(1500, 1))


@MATRIX_PRODUCT.invalid
def invalid(rng):
    yield "inner dimensions differ", dict(A=np.ones((2, 3)), B=np.ones((4, 2)))
    yield "batches differ", dict(A=np.ones((2, 2, 3)), B=np.ones((3, 3, 2)))


@MATRIX_PRODUCT.claim
def error_within_the_bound(product, rng):
    r"""The rounding error of every entry obeys
    $\lvert\hat C-AB\rvert\le\frac{K u}{1-K u}\lvert A\rvert\lvert B\rvert$, $u=2^{-53}$, against exact integers"""
    K = 60
    P, Q = rng.integers(-(2**52), 2**52, (4, K)), rng.integers(-(2**52), 2**52, (K, 3))
    exact = P.astype(object) @ Q.astype(object)  # Python integers of any size
    size = np.abs(P).astype(object) @ np.abs(Q).astype(object)
    got = product(P.astype(float), Q.astype(float))
    error = max(abs(int(g) - e) / s for g, e, s in zip(got.ravel(), exact.ravel(), size.ravel(), strict=True))
    u = 2.0**-53
    return bound(error, K * u / (1 - K * u), "≤", Text("the bound of any order of summation", "任意求和次序都满足的界"))


@MATRIX_PRODUCT.claim
def integers_are_exact(product, rng):
    r"""Products of matrices of integers are exact, whatever the order of summation, while
    $\lvert A\rvert\lvert B\rvert\le2^{53}$; $2^{53}\cdot1+1\cdot1$ is not"""
    A, B = rng.integers(-99, 99, (6, 7)), rng.integers(-99, 99, (7, 5))
    want = [[sum(int(A[i, k]) * int(B[k, j]) for k in range(7)) for j in range(5)] for i in range(6)]
    yield identical(product(A.astype(float), B.astype(float)), np.array(want, float))
    yield identical(product(np.array([[2.0**53, 1.0]]), np.ones((2, 1))), np.array([[2.0**53]]))


@MATRIX_PRODUCT.claim
def associative(product, rng):
    """$(AB)C=A(BC)$"""
    A, B, C = rng.standard_normal((4, 6)), rng.standard_normal((6, 3)), rng.standard_normal((3, 5))
    scale = float((np.abs(A) @ np.abs(B) @ np.abs(C)).max())
    return roundoff(product(product(A, B), C), product(A, product(B, C)), terms=9, scale=scale)


@MATRIX_PRODUCT.claim
def transpose_reverses(product, rng):
    r"""$(AB)^{\mathsf T}=B^{\mathsf T}A^{\mathsf T}$, in this order"""
    A, B = rng.standard_normal((3, 6)), rng.standard_normal((6, 4))
    return roundoff(product(A, B).T, product(B.T, A.T), terms=6, scale=float((np.abs(A) @ np.abs(B)).max()))


@MATRIX_PRODUCT.claim
def composes_maps(product, rng):
    """It composes maps: rotating by α after β is rotating by α + β; and a rotation by α and a reflection do not commute unless sin α = 0"""

    def turn(a):
        return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])

    a, b = rng.uniform(0.2, 1.2, 2)
    mirror = np.diag([1.0, -1.0])
    apart = np.abs(product(turn(a), mirror) - product(mirror, turn(a))).max()
    return all_of(roundoff(product(turn(a), turn(b)), turn(a + b), terms=4), roundoff(apart, 2 * np.sin(a), terms=4))


@MATRIX_PRODUCT.claim
def n_cubed_multiplications(product, rng):
    """By the definition two n × n matrices take n³ multiplications: counted, slope 3 (by numbers that count; for PyTorch
    this is only what its own counter says of the shapes)"""
    sizes = (3, 6, 12, 24)
    counts = [_multiplications(product, n) for n in sizes]
    return all_of(identical(counts, [n**3 for n in sizes]), rate(sizes, counts, 3.0, 1e-9))


class Counted:
    """A number that counts the multiplications in which it takes part."""

    done = 0

    def __mul__(self, other):
        Counted.done += 1
        return self

    def __add__(self, other):
        return self

    __radd__, __rmul__ = __add__, __mul__


def _multiplications(product, n):
    """Counted by numbers that count, where the arrays can hold them; else by the framework's own counter."""
    if not product.framework.holds_objects:
        return product.framework.multiplications(lambda: product(np.ones((n, n)), np.ones((n, n))))
    Counted.done = 0
    ones = np.full((n, n), Counted(), dtype=object)
    try:
        product.raw(dict(A=ones, B=ones))
    except (TypeError, ValueError, AttributeError) as error:  # into an array of floats no such number can be written
        why = Text("it computes with floating-point numbers only, which do not count", "它只接受浮点数，无法计数")
        raise NotApplicable(why) from error
    return Counted.done


@MATRIX_PRODUCT.claim
def seven_products_for_eight(product, rng):
    r"""Strassen: seven products of half the size are enough, so that $7^k\approx n^{2.81}$ multiplications do for $n=2^k$"""
    A, B = rng.integers(-9, 10, (2, 6, 6)).astype(float)
    (a, b), (c, d) = ([H[:, :3], H[:, 3:]] for H in (A[:3], A[3:]))
    (e, f), (g, h) = ([H[:, :3], H[:, 3:]] for H in (B[:3], B[3:]))
    factors = ((a + d, e + h), (c + d, e), (a, f - h), (d, g - e), (a + b, h), (c - a, e + f), (b - d, g + h))
    m1, m2, m3, m4, m5, m6, m7 = (product(x, y) for x, y in factors)
    C = np.block([[m1 + m4 - m5 + m7, m3 + m5], [m2 + m4, m1 - m2 + m3 + m6]])
    return identical(C, product(A, B))


@MATRIX_PRODUCT.claim(required=False)
def sum_of_nothing_is_zero(product, rng):
    """With nothing to sum, K = 0, every entry is 0"""
    return identical(product(np.zeros((2, 0)), np.zeros((0, 3))), np.zeros((2, 3)))


@MATRIX_PRODUCT.mutant(caught_by="equals-definition, integers-are-exact, composes-maps")
def index_swapped(A, B):
    r"""an index swapped: $\sum_k A_{ik}B_{jk}$ where it fits"""
    B = np.swapaxes(B, -1, -2) if A.shape[-1] == B.shape[-1] else np.broadcast_to(B[..., :1, :], B.shape)
    return A @ B


@MATRIX_PRODUCT.mutant(
    caught_by="equals-definition, error-within-the-bound, integers-are-exact, n-cubed-multiplications, "
    "seven-products-for-eight"
)
def last_term_dropped(A, B):
    """the last term of the sum is dropped"""
    return A[..., :-1] @ B[..., :-1, :]


@MATRIX_PRODUCT.mutant(caught_by="associative, transpose-reverses")
def weighted_rows(A, B):
    """rows are weighted by their number: not associative"""
    return (1 + np.arange(A.shape[-2]))[:, None] * (A @ B)


@MATRIX_PRODUCT.mutant(caught_by="error-within-the-bound, equals-definition")
def single_precision(A, B):
    """computed in float32"""
    return (A.astype(np.float32) @ B.astype(np.float32)).astype(float)


@MATRIX_PRODUCT.mutant(caught_by="n-cubed-multiplications")
def twice_the_work(A, B):
    """multiplied by the identity once more: twice the work"""
    C = A @ B
    return C @ np.eye(C.shape[-1])


@MATRIX_PRODUCT.mutant(caught_by="sum-of-nothing-is-zero")
def empty_sum_is_one(A, B):
    """the sum of nothing is 1, as for a product"""
    return matrix_product(A, B) + (A.shape[-1] == 0)


@MATRIX_PRODUCT.figure(
    angle=Slider(-180, 180, 40, "B rotates by (degrees)"),
    stretch=Slider(0.2, 3.0, 2.0, "A stretches the first axis by"),
)
def figure(angle, stretch):
    a = np.radians(angle)
    B = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    A = np.diag([stretch, 1.0])
    shape = np.array([[0, 0], [1, 0], [1, 0.35], [0.35, 0.35], [0.35, 1], [0, 1], [0, 0]]).T * 2  # an L, (2, 7)
    fig, axes = canvas(columns=3, width=8.0, height=3.0)
    products = (np.eye(2), matrix_product(A, B), matrix_product(B, A))
    for ax, M, name in zip(
        axes, products, ("x", "(AB)x: turn, then stretch", "(BA)x: stretch, then turn"), strict=True
    ):
        ax.axhline(0, color="#ccc", lw=0.8)
        ax.axvline(0, color="#ccc", lw=0.8)
        ax.fill(*matrix_product(M, shape), alpha=0.5)
        ax.set(aspect="equal", xlim=(-4.5, 4.5), ylim=(-4.5, 4.5), title=name)
    gap = np.abs(products[1] - products[2]).max()
    ab, ba = ("({:.2f}, {:.2f}; {:.2f}, {:.2f})".format(*M.ravel()) for M in products[1:])
    words = Text(
        f"A figure turned by {angle:.0f}° and stretched by {stretch:.2f}, in both orders. AB = {ab}, BA = {ba} (row; row): largest difference {gap:.2f}.",
        f"一个图形旋转 {angle:.0f}° 并拉伸 {stretch:.2f} 倍，两种次序。AB = {ab}，BA = {ba}（按行，分号换行）：最大相差 {gap:.2f}。",
    )
    return Drawing(fig, words)
