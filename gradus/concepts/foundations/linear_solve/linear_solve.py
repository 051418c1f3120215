"""Linear systems, and how far a solution may be trusted."""

import numpy as np

from gradus.concepts.foundations.linear_solve.matrices import (
    determinant,
    exact_solution,
    hilbert,
    tiny_pivot,
    wilkinson,
)
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

LINEAR_SOLVE = Concept(
    key="linear-solve",
    kind="algorithm",
    title="Linear systems",
    summary=r"Solve $Ax=b$ by elimination with pivoting and substitution backwards. The computed $\hat x$ solves a "
    r"system very near the given one: in practice its backward error is a few rounding errors; the bound holds the growth "
    r"g of the entries as well. How near $\hat x$ is to $x$ is another matter: the condition number κ multiplies.",
    formulas=(
        r"Ax=b,\qquad PLU=A,\qquad Ly=P^{\mathsf T}b,\qquad Ux=y,\qquad x_i=\frac1{u_{ii}}\Bigl(y_i-\sum_{j>i}u_{ij}x_j\Bigr)",
        r"\eta(\hat x)=\frac{\lVert b-A\hat x\rVert}{\lVert A\rVert\lVert\hat x\rVert+\lVert b\rVert}\le c\,n^3g\,\varepsilon,\qquad g=\frac{\max_{ij}\lvert u_{ij}\rvert}{\max_{ij}\lvert a_{ij}\rvert}\le2^{\,n-1}",
        r"\kappa\,\eta<1:\quad\frac{\lVert\hat x-x\rVert}{\lVert x\rVert}\le\frac{2\kappa\,\eta}{1-\kappa\,\eta},\qquad \kappa=\lVert A\rVert\,\lVert A^{-1}\rVert",
    ),
    symbols=(
        Symbol("A", "A", "n n", "invertible square matrix"),
        Symbol("b", "b", "n", "right side"),
        Symbol("x", "", "n", "solution"),
        Symbol(r"\hat x", "", "n", "what was computed for it"),
        Symbol(r"\eta", "", "", "backward error: the least relative change of A and b that makes x̂ exact"),
        Symbol(r"\kappa", "", "", "condition number"),
        Symbol(r"\varepsilon", "", "", "spacing of the numbers at 1"),
        Symbol("g", "", "", "growth of the entries during elimination"),
        Symbol("c", "", "", "a small constant"),
        Symbol("n", "", "", "number of equations and unknowns"),
        Symbol("P,\\,L,\\,U", "", "n n", "factors of A"),
        Symbol("y", "", "n", "right side after elimination"),
    ),
    needs=("lu", "norm"),
    source="wilkinson1961error",
    year=1961,
    people=("Carl Friedrich Gauss", "Alan Turing", "John von Neumann", "Herman Goldstine", "James Wilkinson"),
    aliases="system of linear equations, Ax=b, linear equations, condition number, backward error, "
    "线性方程组, 解方程组, 条件数, 后向误差",
    implementations=(Implementation("torch.linalg:solve", "torch"),),
    readings="higham2002accuracy ch. 7, 9; golub2013matrix ch. 3; trefethen1997numerical lectures 20–22",
    hypotheses=(
        Hypothesis("A is invertible", "rejects-invalid-input"),
        Hypothesis("For a small backward error: the growth g is moderate", "growth-ruins-it"),
        Hypothesis("For the forward error: κη < 1", "no-digit-where-kappa-is-too-large"),
    ),
    deviations="`scipy.linalg.solve` looks at the matrix first (diagonal, triangular, positive definite) and warns "
    "when it is nearly singular; NumPy and PyTorch do neither.",
)


@LINEAR_SOLVE.definition
def linear_solve(A, b):
    n = len(A)
    rows = np.arange(n)
    for j in range(n):
        i = j + np.argmax(np.abs(A[j:, j]))
        exchanged = np.where(rows == j, i, np.where(rows == i, j, rows))
        A, b = A[exchanged], b[exchanged]
        if A[j, j] == 0:
            raise ValueError("the matrix is singular")
        m = np.where(rows > j, A[:, j] / A[j, j], 0)
        A, b = A - m[:, None] * A[j], b - m * b[j]
    x = []  # the last unknown first
    for i in range(n - 1, -1, -1):
        known = sum(A[i, n - 1 - k] * x[k] for k in range(n - 1 - i))
        x.append((b[i] - known) / A[i, i])
    return np.stack(x[::-1])


@LINEAR_SOLVE.example
def example():
    A, b = np.array([[2.0, 1.0, 1.0], [4.0, -6.0, 0.0], [-2.0, 7.0, 2.0]]), np.array([5.0, -2.0, 9.0])
    W = np.column_stack([A, b])[[1, 0, 2]]
    first = W - np.outer([0.0, 0.5, -0.5], W[0])
    last = first - np.outer([0.0, 0.0, 1.0], first[1])
    x, near = linear_solve(A, b), np.array([[1.0, 1.0], [1.0, 1.01]])
    c, d = np.array([2.0, 2.01]), np.array([2.0, 2.02])
    wrong = np.array([0.0, 2.0])
    return (
        dict(A=A, b=b, W=W, first=first, last=last, x=x, near=near, c=c, d=d)
        | dict(x_c=np.round(linear_solve(near, c), 9), x_d=np.round(linear_solve(near, d), 9))
        | dict(kappa=np.linalg.cond(near, np.inf), rest=c - near @ wrong, eta=backward_error(near, c, wrong))
        | dict(moved=d[1] - c[1])
    )


@LINEAR_SOLVE.exercise
def measured_right_side():
    A = np.array([[1.0, 1.0], [1.0, 1.01]])
    moved = linear_solve(A, np.array([0.0, 0.001]))
    return number(np.abs(moved).max(), as_large_as_the_error=0.001, in_the_last_place=0.001 * 1.01)


@LINEAR_SOLVE.exercise
def size_of_the_error():
    A, b, x = np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([1.0, 2.0]), np.array([0.0, 1.0])
    residual = np.abs(b - A @ x).max()
    return number(
        residual / (np.abs(A).sum(1).max() * np.abs(x).max() + np.abs(b).max()),
        residual_alone=residual,
        beside_b_alone=residual / np.abs(b).max(),
    )


@LINEAR_SOLVE.exercise
def many_right_sides():
    n, sides = 1000, 1000
    each = sides * 2 * n**3 / 3
    once = 2 * n**3 / 3 + sides * 2 * n**2
    inverse = 2 * n**3 + sides * 2 * n**2
    least = min(each, once, inverse)
    return choice(one_by_one=each == least, factors_kept=once == least, inverse=inverse == least)


@LINEAR_SOLVE.cases
def cases(rng):
    yield "random", dict(A=rng.standard_normal((5, 5)), b=rng.standard_normal(5))
    yield "tiny pivot", dict(A=tiny_pivot(), b=np.array([1.0, 2.0]))
    yield "zero pivot", dict(A=np.array([[0.0, 2.0], [3.0, 1.0]]), b=np.array([2.0, 4.0]))
    yield "one equation", dict(A=np.array([[4.0]]), b=np.array([2.0]))
    yield "ill conditioned", dict(A=hilbert(5), b=np.ones(5))
    yield "no right side", dict(A=rng.standard_normal((3, 3)), b=np.zeros(3))


@LINEAR_SOLVE.invalid
def invalid(rng):
    yield "matrix that is not square", dict(A=np.ones((3, 2)), b=np.ones(3))
    yield "right side of another length", dict(A=np.eye(3), b=np.ones(4))
    yield "singular matrix", dict(A=np.array([[1.0, 2.0], [2.0, 4.0]]), b=np.ones(2))


def backward_error(A, b, x):
    size = np.abs(A).sum(axis=1).max() * np.abs(x).max() + np.abs(b).max()
    return float(np.abs(b - A @ x).max() / size)


@LINEAR_SOLVE.claim
def backward_stable(solve, rng):
    r"""Where growth is moderate the backward error is at most $4n\varepsilon$: on random, ill-conditioned, badly scaled
    matrices and on tiny pivots"""
    small = rng.standard_normal((20, 20))
    small[0, 0] = 1e-14
    graded = rng.standard_normal((20, 20)) * 10.0 ** -np.arange(20)[:, None]
    for A in (rng.standard_normal((40, 40)), hilbert(10), small, graded, np.vander(np.linspace(0.1, 1, 12))):
        limit = 4 * len(A) * EPSILON
        why = Text(f"4nε with n={len(A)}", f"4nε，n={len(A)}")
        # with the row sums the solution is all ones, however ill conditioned A is
        for b in (A.sum(axis=1), rng.standard_normal(len(A))):
            yield bound(backward_error(A, b, solve(A, b)), limit, "≤", why)


@LINEAR_SOLVE.claim(required=False)
def growth_ruins_it(solve, rng):
    """On Wilkinson's matrix with n = 60, whose condition number is 27, growth $2^{59}$ makes the backward error more
    than a million times $4nε$"""
    A = wilkinson(60)
    yield bound(np.linalg.cond(A), 30.0, "≤", Text("well conditioned", "良态"))
    eta = max(backward_error(A, b, solve(A, b)) for b in rng.standard_normal((3, 60)))
    yield bound(eta, 1e6 * 4 * 60 * EPSILON, "≥", Text("10⁶ · 4nε", "10⁶ · 4nε"))


@LINEAR_SOLVE.claim
def no_digit_where_kappa_is_too_large(solve, rng):
    """Where κη is above 1 no digit need be right: the Hilbert matrix with n = 14, b its row sums; an error above 1 %, at
    a backward error of a few rounding errors"""
    A = hilbert(14)
    b = A.sum(axis=1)
    x = solve(A, b)
    error = np.abs(x - exact_solution(A, b)).max() / np.abs(exact_solution(A, b)).max()
    yield bound(error, 0.01, "≥", Text("κ ≈ 10¹⁸", "κ ≈ 10¹⁸"))
    yield bound(backward_error(A, b, x), 4 * 14 * EPSILON, "≤", Text("4nε", "4nε"))


@LINEAR_SOLVE.claim
def tiny_pivot_gives_one_and_one(solve, rng):
    r"""$\begin{pmatrix}10^{-20}&1\\1&1\end{pmatrix}x=\begin{pmatrix}1\\2\end{pmatrix}$ gives $(1,1)$; without pivoting $(0,1)$"""
    b = np.array([1.0, 2.0])
    yield roundoff(solve(tiny_pivot(), b), np.ones(2), terms=2)
    yield identical(without_pivots(tiny_pivot(), b), [0.0, 1.0])


@LINEAR_SOLVE.claim
def forward_error_within_condition(solve, rng):
    r"""The forward error is within $\frac{2\kappa\eta}{1-\kappa\eta}$ with $\eta=n\varepsilon$: Hilbert matrices of size 3,
    5, 8 against rational arithmetic"""
    for n in (3, 5, 8):
        A = hilbert(n)
        kappa = np.abs(A).sum(1).max() * max(np.abs(np.linalg.inv(A)).sum(1))
        eta = n * EPSILON
        why = Text(f"2κη/(1−κη), κ={kappa:.2g}, η=nε", f"2κη/(1−κη)，κ={kappa:.2g}，η=nε")
        for b in (A.sum(axis=1), rng.standard_normal(n)):
            x = exact_solution(A, b)
            error = float(np.abs(solve(A, b) - x).max() / np.abs(x).max())
            yield bound(error, 2 * kappa * eta / (1 - kappa * eta), "≤", why)


@LINEAR_SOLVE.claim
def cramers_rule(solve, rng):
    """Equals Cramer's rule in integers: each unknown a ratio of two determinants"""
    A, b = rng.integers(-9, 10, (4, 4)), rng.integers(-9, 10, 4)

    replaced = [np.column_stack([A[:, :j], b, A[:, j + 1 :]]) for j in range(4)]
    want = np.array([determinant(M) / determinant(A) for M in replaced])
    scale = float(np.linalg.cond(A) * np.abs(want).max())
    return roundoff(solve(A.astype(float), b.astype(float)), want, terms=4, scale=scale)


@LINEAR_SOLVE.claim
def order_of_equations(solve, rng):
    """The order of the equations does not matter, that of the unknowns only permutes the solution"""
    A, b, p = rng.standard_normal((8, 8)), rng.standard_normal(8), rng.permutation(8)
    x = solve(A, b)
    scale = float(np.linalg.cond(A) * np.abs(x).max())
    yield invariance(solve(A[p], b[p]), x, terms=8, scale=scale)
    yield invariance(solve(A[:, p], b), x[p], terms=8, scale=scale)


def without_pivots(A, b):
    n = len(A)
    W = np.column_stack([A, b])
    with np.errstate(all="ignore"):
        for j in range(n):
            W[j + 1 :] -= np.outer(W[j + 1 :, j] / W[j, j], W[j])
        x = np.zeros(n)
        for i in range(n - 1, -1, -1):
            x[i] = (W[i, n] - W[i, i + 1 : n] @ x[i + 1 :]) / W[i, i]
    return x


@LINEAR_SOLVE.mutant(caught_by="tiny-pivot-gives-one-and-one, backward-stable, equals-definition")
def solve_without_pivoting(A, b):
    """no pivoting"""
    return without_pivots(A, b)


@LINEAR_SOLVE.mutant(caught_by="backward-stable, no-digit-where-kappa-is-too-large")
def inverse_times_b(A, b):
    """the inverse is formed and multiplied"""
    return np.linalg.inv(A) @ b


@LINEAR_SOLVE.mutant(caught_by="forward-error-within-condition, backward-stable, growth-ruins-it")
def normal_equations(A, b):
    r"""the normal equations $A^{\mathsf T}Ax=A^{\mathsf T}b$: κ is squared"""
    return np.linalg.lstsq(A.T @ A, A.T @ b, rcond=0)[0]


@LINEAR_SOLVE.mutant(caught_by="equals-definition, cramers-rule, order-of-equations")
def transposed_system(A, b):
    """the transposed system is solved"""
    return np.linalg.solve(A.T, b)


LINEAR_SOLVE.erratum(
    "E152",
    common="Elimination with partial pivoting is backward stable: its backward error is a few rounding errors (a common slip)",
    why="On Wilkinson's matrix with n = 60, which is well conditioned, the entries grow $2^{59}$-fold, and the backward error "
    "is a million times $4nε$ and more.",
    right=r"At most $c\,n^3g\,\varepsilon$ with the growth g, which is moderate in practice",
    claims="growth-ruins-it",
)


@LINEAR_SOLVE.figure(
    pivot=Slider(1e-20, 0.5, 1e-10, "pivot δ", log=True), n=Slider(2, 14, 8, "size of the Hilbert matrix", integer=True)
)
def figure(pivot, n):
    n, b = int(n), np.array([1.0, 2.0])
    deltas = np.logspace(-20, 0, 81)

    def error(solve, delta):
        x = np.array([1.0, 1 - 2 * delta]) / (1 - delta) if delta < 1 else np.array([np.nan, np.nan])
        return max(np.abs(solve(tiny_pivot(delta), b) - x).max(), EPSILON / 8)

    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    for solve, name in ((without_pivots, "no pivoting"), (linear_solve, "partial pivoting")):
        left.loglog(deltas[:-1], [error(solve, d) for d in deltas[:-1]], label=name)
    left.axvline(pivot, color=COLOURS[6], lw=1, ls=":")
    left.set(xlabel=r"pivot $\delta$ in $(\delta,1;\,1,1)\,x=(1,2)$", ylabel=r"error of $\hat x$")
    left.legend(frameon=False, fontsize=10)
    sizes = np.arange(2, 15)
    kappa = [np.linalg.cond(hilbert(k)) for k in sizes]
    pairs = []
    for k in sizes:
        A = hilbert(k)
        c = A.sum(axis=1)
        x = linear_solve(A, c)
        pairs.append((np.abs(x - 1).max(), backward_error(A, c, x)))
    forward, backward = np.maximum(np.array(pairs).T, EPSILON / 8)
    right.semilogy(sizes, forward, "o-", ms=4, color=COLOURS[1], label="forward error")
    right.semilogy(sizes, backward, "o-", ms=4, color=COLOURS[0], label="backward error")
    right.semilogy(sizes, np.array(kappa) * EPSILON, ls="--", color=COLOURS[6], label=r"$\kappa\,\varepsilon$")
    right.axvline(n, color=COLOURS[6], lw=1, ls=":")
    right.set(xlabel="n (Hilbert matrix)", xticks=sizes[::2])
    right.legend(frameon=False, fontsize=10)
    i, lost = n - 2, [error(s, pivot) for s in (without_pivots, linear_solve)]
    words = Text(
        f"With pivot {pivot:.2g} the solution is wrong by {lost[0]:.2g} without pivoting, by {lost[1]:.2g} with it. For the Hilbert matrix of size {n}, "
        f"κ = {kappa[i]:.2g}: backward error {backward[i]:.2g}, forward error {forward[i]:.2g}.",
        f"主元为 {pivot:.2g} 时，不选主元的误差为 {lost[0]:.2g}，选主元为 {lost[1]:.2g}。{n} 阶 Hilbert 矩阵的 κ = {kappa[i]:.2g}："
        f"向后误差 {backward[i]:.2g}，前向误差 {forward[i]:.2g}。",
    )
    return Drawing(fig, words)
