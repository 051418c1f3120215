"""LU factorisation: Gaussian elimination written as a product."""

import numpy as np

from gradus.concepts.foundations.linear_solve.matrices import determinant, hilbert, tiny_pivot, wilkinson
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, roundoff
from gradus.page.exercises import choice, function, number
from gradus.page.figures import COLOURS, canvas

LU = Concept(
    key="lu",
    kind="algorithm",
    title="LU factorisation with partial pivoting",
    summary="Gaussian elimination written down as a product: the multipliers in a unit lower triangular L, what "
    "remains in an upper triangular U, the exchanges of rows in a permutation P. Taking the largest entry of the "
    "column as pivot keeps every multiplier within 1: without it one tiny pivot swallows the rest of the matrix.",
    formulas=(
        r"A=PLU,\qquad l_{ii}=1,\quad l_{ij}=0\;(j>i),\qquad u_{ij}=0\;(i>j)",
        r"l_{ij}=\frac{a^{(j)}_{ij}}{a^{(j)}_{jj}},\qquad a^{(j+1)}_{ik}=a^{(j)}_{ik}-l_{ij}a^{(j)}_{jk},\qquad "
        r"\lvert a^{(j)}_{jj}\rvert=\max_{i\ge j}\lvert a^{(j)}_{ij}\rvert\;\Rightarrow\;\lvert l_{ij}\rvert\le1",
        r"\det A=\det P\prod_i u_{ii},\qquad \frac{\max_{ij}\lvert u_{ij}\rvert}{\max_{ij}\lvert a_{ij}\rvert}\le2^{\,n-1}",
    ),
    symbols=(
        Symbol("A", "A", "n n", "square matrix"),
        Symbol("P", "", "n n", "permutation matrix"),
        Symbol("L", "", "n n", "unit lower triangular matrix of the multipliers"),
        Symbol("U", "", "n n", "upper triangular matrix that elimination leaves"),
        Symbol("a^{(j)}", "", "n n", "the matrix before column j is eliminated, its rows exchanged"),
        Symbol("n", "", "", "number of rows and columns"),
    ),
    returns=(
        Result("P", "n n", "permutation that exchanges the rows"),
        Result("L", "n n", "lower triangular, ones on its diagonal"),
        Result("U", "n n", "upper triangular"),
    ),
    needs=("matrix-product",),
    source="turing1948rounding",
    year=1948,
    people=("Carl Friedrich Gauss", "Alan Turing", "James Wilkinson"),
    aliases="LU decomposition, Gaussian elimination, pivoting, 高斯消元, 高斯消去法, 三角分解, 选主元",
    implementations=(Implementation("torch.linalg:lu", "torch"),),
    readings="golub2013matrix §3.2–3.4; higham2002accuracy ch. 9; strang2016introduction §2.6",
    hypotheses=(
        Hypothesis("For an error of the size of A's rounding: the growth is moderate", "error-within-the-factors"),
        Hypothesis("For multipliers within 1: the pivot is the largest entry of its column", "no-pivoting"),
    ),
    conventions=(
        Convention(
            "side of the permutation",
            "$A=PLU$, as in PyTorch and SciPy",
            "MATLAB and many books write $PA=LU$: one P is the transpose of the other",
        ),
    ),
    deviations="`lu_factor` packs L and U into one array.",
    unverified="That growth near $2^{n-1}$ practically never occurs outside constructed matrices.",
)


@LU.definition
def lu(A):
    n = len(A)
    rows = np.arange(n)
    p, L, U = rows, 0 * A, A
    for j in range(n):
        i = j + np.argmax(np.abs(U[j:, j]))  # the pivot
        exchanged = np.where(rows == j, i, np.where(rows == i, j, rows))
        p, L, U = p[exchanged], L[exchanged], U[exchanged]
        if U[j, j] == 0:
            continue  # the column is already eliminated
        m = np.where(rows > j, U[:, j] / U[j, j], 0)
        L = L + m[:, None] * (rows == j)
        U = U - m[:, None] * U[j]
    return np.eye(n)[p].T, L + np.eye(n), np.triu(U)


@LU.example
def example():
    A = np.array([[1.0, 2.0, 4.0], [2.0, 1.0, 3.0], [4.0, 2.0, 2.0]])
    P, L, U = lu(A)
    start = A[[2, 1, 0]]
    first = start - np.outer([0.0, 0.5, 0.25], start[0])
    growth = [float(np.abs(lu(wilkinson(n))[2]).max()) for n in (2, 3, 4)]
    return (
        dict(A=A, P=P, L=L, U=U, start=start, first=first, pivots=np.diag(U), PA=P.T @ A)
        | dict(det=np.prod(np.diag(U)), multipliers=L[[1, 2, 2], [0, 0, 1]], W=wilkinson(4))
        | dict(W_U=lu(wilkinson(4))[2], growth=np.array(growth))
    )


@LU.exercise
def without_exchange():
    A = np.array([[0.0, 1.0], [1.0, 0.0]])
    # l11 u11 = a11 with l11 = 1; then l21 u11 = a21
    impossible = A[0, 0] == 0 and A[1, 0] != 0
    return choice(exists=not impossible, none=impossible, singular=bool(np.linalg.det(A) == 0))


@LU.exercise
def determinant_from_the_factors():
    P, U = np.eye(3)[[1, 0, 2]], np.diag([4.0, -3.0, 2.0])
    value = np.linalg.det(P) * np.prod(np.diag(U))
    return number(value, exchange_forgotten=-value, added_up=np.trace(U))


@LU.exercise
def growth_of_ten():
    largest = np.abs(lu(wilkinson(10))[2]).max()
    return number(largest, one_doubling_more=2 * largest, no_doubling=10)


@LU.exercise
def solve_from_the_factors():
    def solve(P, L, U, b):
        y, x = np.zeros(len(b)), np.zeros(len(b))
        c = P.T @ b
        for i in range(len(b)):
            y[i] = c[i] - L[i, :i] @ y[:i]
        for i in reversed(range(len(b))):
            x[i] = (y[i] - U[i, i + 1 :] @ x[i + 1 :]) / U[i, i]
        return x

    systems = [np.array([[1.0, 2.0, 4.0], [2.0, 1.0, 3.0], [4.0, 2.0, 2.0]]), np.array([[0.0, 2.0], [3.0, 1.0]])]
    return function(solve, *((*lu(A), np.arange(1.0, len(A) + 1)) for A in systems))


@LU.cases
def cases(rng):
    yield "random", dict(A=rng.standard_normal((5, 5)))
    yield "zero in the first place", dict(A=np.array([[0.0, 2.0, 1.0], [1.0, 1.0, 3.0], [4.0, -1.0, 2.0]]))
    yield "tiny pivot", dict(A=tiny_pivot())
    yield "rows of unlike scale", dict(A=rng.standard_normal((4, 4)) * [[1e-6], [1.0], [1e3], [30.0]])
    yield "a single number", dict(A=np.array([[-3.0]]))
    yield "triangular already", dict(A=np.triu(rng.standard_normal((4, 4)) + 3 * np.eye(4)))


@LU.invalid
def invalid(rng):
    yield "a vector", dict(A=np.ones(3))


@LU.claim
def product_is_the_matrix(lu, rng):
    r"""Where growth is moderate $PLU=A$ within $c\,n^2\varepsilon\max\lvert a_{ij}\rvert$: random matrices, one with a
    tiny first pivot, Hilbert's"""
    small = rng.standard_normal((30, 30))
    small[0, 0] = 1e-15
    for A in (rng.standard_normal((40, 40)), small, tiny_pivot(), hilbert(10)):
        P, L, U = lu(A)
        # |L||U| is what rounding acts on: with multipliers within 1 and moderate growth at most about n·max|a|
        yield roundoff(P @ L @ U, A, terms=len(A), scale=len(A) * float(np.abs(A).max()))


@LU.claim
def error_within_the_factors(lu, rng):
    r"""In general $\lvert A-PLU\rvert\le\frac{nu}{1-nu}\,P\lvert L\rvert\lvert U\rvert$, $u=2^{-53}$. On Wilkinson's matrix with
    n = 60 and a random last column growth makes this more than $10^{10}$ times $n^2u\max\lvert a_{ij}\rvert$, and the error
    more than 0.01"""
    n, u = 60, 2.0**-53
    grown = wilkinson(n)
    grown[:, -1] = rng.uniform(0.5, 1, n)
    for A in (rng.standard_normal((n, n)), grown):
        P, L, U = lu(A)
        # the product is rounded once more: twice the bound
        ratio = np.abs(P @ L @ U - A) / np.maximum(P @ np.abs(L) @ np.abs(U), 1e-300)
        yield bound(ratio.max(), 2 * n * u / (1 - n * u), "≤", Text("2nu/(1−nu)", "2nu/(1−nu)"))
    size = (np.abs(L) @ np.abs(U)).max() / np.abs(grown).max()
    yield bound(size, 1e10 * n, "≥", Text("growth", "增长"))
    yield bound(np.abs(P @ L @ U - grown).max(), 0.01, "≥", Text("growth", "增长"))


@LU.claim
def factors_have_their_form(lu, rng):
    """P is a permutation, L unit lower triangular, U upper triangular: exactly"""
    for n in (1, 4, 17):
        P, L, U = lu(rng.standard_normal((n, n)))
        yield identical(np.sort(P, axis=0)[-1], np.ones(n))
        yield identical(P.T @ P, np.eye(n))
        yield identical(np.triu(L), np.eye(n))
        yield identical(np.tril(U, -1), np.zeros((n, n)))


@LU.claim
def multipliers_within_one(lu, rng):
    r"""No multiplier exceeds 1: $\lvert l_{ij}\rvert\le1$"""
    largest = max(np.abs(lu(rng.standard_normal((20, 20)))[1]).max() for _ in range(5))
    return bound(largest, 1.0, "≤")


@LU.claim
def growth_is_at_most_two_to_n_less_one(lu, rng):
    r"""Growth reaches $2^{n-1}$ on Wilkinson's matrix, and nowhere more: as $\lvert l_{ij}\rvert\le1$, a step at most doubles
    the largest entry"""
    n = 24
    yield identical(np.abs(lu(wilkinson(n))[2]).max(), 2.0 ** (n - 1))
    for size in (3, 6):
        B = rng.uniform(-1, 1, (40, size, size))
        worst = max(np.abs(lu(b)[2]).max() / np.abs(b).max() for b in B)
        yield bound(worst, 2.0 ** (size - 1), "≤")


@LU.claim
def determinant_over_permutations(lu, rng):
    r"""$\det P\prod u_{ii}$ is the determinant: the sum over all permutations, in integers"""
    A = rng.integers(-9, 10, (5, 5))
    for M in (A, A[[1, 0, 2, 3, 4]]):  # of the two permutations one is odd
        P, _, U = lu(M.astype(float))
        got = np.linalg.det(P) * np.prod(np.diag(U))
        yield roundoff(got, float(determinant(M)), terms=25, scale=float(np.prod(np.abs(A).sum(axis=1))))


@LU.mutant(
    caught_by="product-is-the-matrix, multipliers-within-one, equals-definition, growth-is-at-most-two-to-n-less-one"
)
def no_pivoting(A):
    """no pivoting"""
    n = len(A)
    L, U = np.eye(n), np.array(A, float)
    with np.errstate(all="ignore"):
        for j in range(n):
            L[j + 1 :, j] = U[j + 1 :, j] / U[j, j]
            U[j + 1 :] -= np.outer(L[j + 1 :, j], U[j])
    return np.eye(n), L, np.triu(U)


@LU.mutant(caught_by="product-is-the-matrix, equals-definition, error-within-the-factors")
def other_convention(A):
    """P of the other convention, $PA=LU$"""
    P, L, U = lu(A)
    return P.T, L, U


@LU.mutant(caught_by="product-is-the-matrix, determinant-over-permutations")
def permutation_forgotten(A):
    """the permutation is forgotten"""
    return np.eye(len(A)), *lu(A)[1:]


@LU.mutant(caught_by="factors-have-their-form, determinant-over-permutations")
def crout(A):
    """the unit diagonal stands in U (Crout) while L keeps the pivots"""
    P, L, U = lu(A)
    d = np.diag(U)
    return P, L * d, U / np.where(d == 0, 1, d)[:, None]


@LU.figure(
    steps=Slider(0, 12, 5, "columns eliminated", integer=True),
    pivot=Slider(1e-8, 1.0, 1e-3, "size of the first pivot if none is chosen", log=True),
)
def figure(steps, pivot):
    n, steps = 12, int(steps)
    A = np.random.default_rng(4).uniform(-1, 1, (n, n))
    A[0, 0] = pivot
    grown = []
    fig, axes = canvas(columns=3, width=8.4, height=3.0)
    for ax, choose, name in zip(axes[:2], (False, True), ("no pivoting", "partial pivoting"), strict=True):
        U, path = A.copy(), [1.0]
        for j in range(n - 1):
            if choose:
                i = j + int(np.argmax(np.abs(U[j:, j])))
                U[[j, i]] = U[[i, j]]
            U[j + 1 :] -= np.outer(U[j + 1 :, j] / U[j, j], U[j])
            U[j + 1 :, j] = 0.0
            path.append(float(np.abs(U).max() / np.abs(A).max()))
            if j + 1 == steps:
                shown = U.copy()
        shown = A if steps == 0 else (U if steps >= n - 1 else shown)
        with np.errstate(divide="ignore"):
            picture = ax.imshow(np.log10(np.abs(shown)), cmap="Blues", vmin=-2, vmax=max(1, np.log10(1 / pivot)))
        ax.set(title=name, xticks=[], yticks=[])
        axes[2].plot(path, marker="o", ms=3, color=COLOURS[int(choose)], label=name)
        grown.append(path[min(steps, n - 1)])
    fig.colorbar(picture, ax=axes[1], label=r"$\log_{10}|a_{ij}|$", shrink=0.8)
    axes[2].axvline(steps, color=COLOURS[6], lw=1, ls=":")
    axes[2].set(yscale="log", xticks=[0, 4, 8, 12], xlabel="columns eliminated", ylabel=r"$\max|u_{ij}|/\max|a_{ij}|$")
    axes[2].legend(frameon=False, fontsize=9.5)
    words = Text(
        f"After {steps} of {n} columns the largest entry has grown {grown[0]:.3g}-fold without pivoting (first pivot {pivot:.2g}) and {grown[1]:.3g}-fold with it.",
        f"消去 {n} 列中的 {steps} 列后，不选主元（首个主元 {pivot:.2g}）时最大元素增长为 {grown[0]:.3g} 倍，选主元时为 {grown[1]:.3g} 倍。",
    )
    return Drawing(fig, words)
