"""Eigenvalues and eigenvectors of symmetric matrices."""

import numpy as np

from gradus.concepts.foundations.eigen.symmetric_matrices import rotated, symmetric
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def same_signs(result):
    """A pair (λ, V) with each eigenvector turned so that its sum weighted by √1, √2, … is not negative."""
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        return result
    values, V = (f if hasattr(f, "shape") else np.asarray(f) for f in result)
    side = sum((i + 1) ** 0.5 * V[..., i, :] for i in range(V.shape[-2]))  # (..., n)
    return values, V * (1 - 2 * (side < 0))[..., None, :]


EIGEN = Concept(
    key="eigen",
    kind="definition",
    title="Eigenvalues and eigenvectors",
    summary=r"A vector $v\ne0$ that a matrix only stretches, and the factor by which it does. A symmetric matrix has "
    "n orthonormal ones (the spectral theorem): in that basis it is diagonal. The definition finds them as "
    "Jacobi did, turning one pair of axes at a time until nothing is left off the diagonal.",
    formulas=(
        r"Av=\lambda v,\qquad v\ne0\qquad\Longleftrightarrow\qquad \det(A-\lambda I)=0",
        r"A=A^{\mathsf T}\;\Rightarrow\;A=V\Lambda V^{\mathsf T}=\sum_{i=1}^{n}\lambda_i v_iv_i^{\mathsf T},\qquad V^{\mathsf T}V=I",
        r"\sum_{i=1}^{n}\lambda_i=\operatorname{tr}A,\qquad \prod_{i=1}^{n}\lambda_i=\det A,\qquad \sum_{i=1}^{n}\lambda_i^2=\lVert A\rVert_F^2",
        r"\lambda_1\le\frac{x^{\mathsf T}Ax}{x^{\mathsf T}x}\le\lambda_n,\qquad \lambda_{i-1}<\lambda_i<\lambda_{i+1}:\ \frac{\partial\lambda_i}{\partial A}=v_iv_i^{\mathsf T}",
    ),
    symbols=(
        Symbol("A", "A", "... n n", "symmetric matrix"),
        Symbol(r"\lambda_i", "", "... n", "eigenvalues, the smallest first; Λ is their diagonal matrix"),
        Symbol("v_i", "", "... n", "eigenvectors of length 1, the columns of V"),
        Symbol("x", "", "n", "any vector other than zero"),
        Symbol("n", "", "", "size of the matrix"),
    ),
    returns=(
        Result("lam", "... n", "eigenvalues, the smallest first"),
        Result("V", "... n n", "eigenvectors in the columns, of length 1"),
    ),
    needs=("linear-map", "determinant", "basis"),
    source="jacobi1846leichtes",
    year=1846,
    people=("Augustin-Louis Cauchy", "Carl Gustav Jacob Jacobi", "David Hilbert", "John Francis", "Vera Kublanovskaya"),
    aliases="eigenvalue, eigenvector, eigendecomposition, spectral theorem, diagonalisation, QR algorithm, "
    "特征值, 特征向量, 特征分解, 谱定理, 对角化, 本征值",
    implementations=(Implementation("torch.linalg:eigh", "torch"),),
    readings="axler2024linear ch. 5, ch. 7; strang2016introduction ch. 6; golub2013matrix ch. 8; francis1961qr",
    hypotheses=(
        Hypothesis("For the spectral theorem: A is symmetric", "symmetry-is-needed"),
        Hypothesis(r"For the derivative: $\lambda_i$ is simple", "no-derivative-where-repeated"),
        Hypothesis("An eigenvector is not 0", "eigenvectors-are-not-zero"),
    ),
    conventions=(
        Convention(
            "sign and basis of the eigenvectors",
            r"the sum of the entries weighted by $\sqrt1,\sqrt2,\dots$ is not negative",
            "left open by LAPACK, NumPy and PyTorch; where eigenvalues repeat, any orthonormal basis of their space is as "
            "good. The page compares up to the sign.",
        ),
        Convention(
            "order of the eigenvalues",
            "ascending, as from `eigh`",
            "by size, the largest first, in many texts; `eig` of NumPy and PyTorch orders nothing",
        ),
    ),
    deviations=(
        "`eigh` reads one triangle of A alone, by default the lower, and does not notice that A is not symmetric.",
        "`eig` of NumPy and PyTorch, for matrices that are not symmetric, returns complex numbers, NumPy's "
        "only where needed. Such matrices may have no real eigenvalue (a rotation) or too few eigenvectors (a Jordan "
        "block): the page of the power iteration computes both.",
    ),
    canonical=same_signs,
)


@EIGEN.definition
def eigen(A):
    n = A.shape[-1]
    A = (A + np.swapaxes(A, -1, -2)) / 2
    V = np.eye(n) + 0 * A
    for _ in range(20):  # sweeps; about six suffice
        for p in range(n):
            for q in range(p + 1, n):
                gap = A[..., q, q] - A[..., p, p]
                sign = np.where(gap < 0, -1.0, 1.0)
                t = (
                    np.arctan2(2 * sign * A[..., p, q], np.abs(gap)) / 2
                )  # the smaller of the angles that make a_pq zero
                J = np.eye(n) + 0 * A
                J[..., p, p] = J[..., q, q] = np.cos(t)
                J[..., p, q], J[..., q, p] = np.sin(t), -np.sin(t)
                A = np.swapaxes(J, -1, -2) @ A @ J
                V = V @ J
        if np.abs(np.triu(A, 1)).max(initial=0.0) <= 1e-32 * np.abs(A).max(initial=0.0):
            break
    values = np.diagonal(A, 0, -2, -1)
    order = np.argsort(values, axis=-1)
    V = np.take_along_axis(V, order[..., None, :], axis=-1)
    side = (np.sqrt(np.arange(1, n + 1))[:, None] * V).sum(axis=-2, keepdims=True)
    return np.take_along_axis(values, order, axis=-1), V * np.where(side < 0, -1.0, 1.0)


@EIGEN.example
def example():
    A = np.array([[5.0, 2.0], [2.0, 2.0]])
    lam, V = eigen(A)
    raised, h = A.copy(), 0.1
    raised[0, 0] += h
    x, parts = np.array([1.0, 1.0]), [value * np.outer(v, v) for value, v in zip(lam, V.T, strict=True)]
    return (
        dict(A=A, trace=np.trace(A), det=np.linalg.det(A).round(9), lam=lam, v=V.T)
        | dict(w1=np.array([-1.0, 2.0]), w2=np.array([2.0, 1.0]), Aw1=A @ [-1.0, 2.0], Aw2=A @ [2.0, 1.0])
        | dict(parts=np.stack(parts), x=x, Ax=A @ x, quotient=x @ A @ x / (x @ x), squares=(A**2).sum())
        | dict(lam_squares=lam**2, raised=raised, h=h, cube=np.linalg.matrix_power(A, 3), cubes=lam**3)
        | dict(slope=V[0, 1] ** 2, guess=lam[1] + h * V[0, 1] ** 2, exact=eigen(raised)[0][1])
        | dict(turn=np.array([[0.0, -1.0], [1.0, 0.0]]))
    )


@EIGEN.exercise
def largest_step():
    lam, _ = eigen(np.array([[5.0, 2.0], [2.0, 2.0]]))
    return number(2 / lam[-1], smallest_eigenvalue=2 / lam[0], halved=1 / lam[-1], by_the_trace=2 / lam.sum())


@EIGEN.exercise
def shear():
    A = np.array([[2.0, 1.0], [0.0, 2.0]])
    lines = 2 - np.linalg.matrix_rank(A - 2 * np.eye(2))
    return choice(two=lines == 2, one=lines == 1, no_line=lines == 0)


@EIGEN.exercise
def identity_and_a_direction():
    u = np.array([1.0, 2.0, 2.0])
    largest = eigen(np.eye(3) + 2 * np.outer(u, u))[0][-1]
    return number(largest, identity_forgotten=2 * u @ u, length_not_squared=1 + 2 * np.sqrt(u @ u))


@EIGEN.cases
def cases(rng):
    yield "random", dict(A=symmetric(rng, 4))
    yield "batch", dict(A=np.stack([symmetric(rng, 3), symmetric(rng, 3)]))
    yield "two by two", dict(A=np.array([[2.0, 1.0], [1.0, 3.0]]))
    yield "one by one", dict(A=np.array([[-2.5]]))
    yield "diagonal", dict(A=np.diag([3.0, -1.0, 2.0]))
    yield "singular", dict(A=rotated(rng, np.array([0.0, 1.0, 2.0]))[0])


@EIGEN.invalid
def invalid(rng):
    yield "more columns than rows", dict(A=np.ones((2, 3)))
    yield "one axis", dict(A=np.ones(3))


def size(A):
    return float(np.linalg.norm(A, 2))


@EIGEN.claim
def residual(solve, rng):
    r"""$Av=\lambda v$ for every pair: the residual is rounding, also where eigenvalues repeat or are far apart"""
    spectra = (np.array([1.0, 1.0, 1.0, 5.0]), np.array([-1e6, 1e-6, 1.0, 1e6]), np.array([-1.0, 1.0, -1.0, 1.0]))
    for A in [symmetric(rng, 8), *[rotated(rng, s)[0] for s in spectra], symmetric(rng, 20)]:
        values, V = solve(A)
        yield roundoff(A @ V, V * values, terms=len(A), scale=size(A))


@EIGEN.claim
def eigenvectors_are_not_zero(solve, rng):
    r"""An eigenvector is not 0: every column has length 1. The zero vector fits every λ, here $\lambda=7$, which is no
    eigenvalue: $\det(A-7I)\ne0$"""
    A = rotated(rng, np.array([-1.0, 0.5, 2.0, 3.0]))[0]
    _, V = solve(A)
    zero = np.zeros(4)
    fits = identical(A @ zero, 7 * zero)  # and yet 7 is none of the eigenvalues:
    apart = abs(np.linalg.det(A - 7 * np.eye(4)))
    yield fits
    yield roundoff(apart, 8 * 6.5 * 5 * 4, terms=4, scale=8.0**4)
    yield roundoff(np.linalg.norm(V, axis=0), np.ones(4), terms=4)
    yield identical(np.linalg.matrix_rank(V), 4)


@EIGEN.claim
def orthonormal_even_when_repeated(solve, rng):
    r"""Spectral theorem: the eigenvectors of a symmetric matrix are orthonormal, $V^{\mathsf T}V=I$, even where
    eigenvalues repeat"""
    for A in (symmetric(rng, 7), rotated(rng, np.array([2.0, 2.0, 2.0, -1.0, -1.0]))[0], np.eye(4), np.zeros((3, 3))):
        _, V = solve(A)
        yield roundoff(V.T @ V, np.eye(len(A)), terms=2 * len(A))


@EIGEN.claim
def spectral_decomposition(solve, rng):
    r"""$A=\sum\lambda_iv_iv_i^{\mathsf T}$, and powers follow: the 30th Fibonacci number 832040 from
    $\begin{pmatrix}1&1\\1&0\end{pmatrix}$, whose eigenvalue is the golden ratio"""
    A = symmetric(rng, 6)
    values, V = solve(A)
    sums = sum(values[i] * np.outer(V[:, i], V[:, i]) for i in range(6))
    golden, W = solve(np.array([[1.0, 1.0], [1.0, 0.0]]))
    power = (W * golden**30) @ W.T
    yield roundoff(sums, A, terms=12, scale=size(A))
    yield roundoff(golden[1], (1 + np.sqrt(5)) / 2, terms=2)
    yield roundoff(power[0, 1], 832040.0, terms=60)


@EIGEN.claim
def trace_and_determinant(solve, rng):
    r"""$\sum\lambda_i=\operatorname{tr}A$, $\prod\lambda_i=\det A$, $\sum\lambda_i^2=\lVert A\rVert_F^2$"""
    A = symmetric(rng, 6)
    values, _ = solve(A)
    yield roundoff(values.sum(), np.trace(A), terms=12, scale=size(A))
    yield roundoff(values.prod(), np.linalg.det(A), terms=12, scale=size(A) ** 6)
    yield roundoff(values @ values, (A**2).sum(), terms=12)


@EIGEN.claim
def second_differences(solve, rng):
    r"""Closed form: the second differences (2 on the diagonal, −1 beside it) have $\lambda_k=2-2\cos\frac{k\pi}{n+1}$
    and sine waves for eigenvectors"""
    n = 9
    k = np.arange(1, n + 1)
    values, V = solve(2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1))
    waves = np.sqrt(2 / (n + 1)) * np.sin(np.outer(k, k) * np.pi / (n + 1))
    exact = 2 - 2 * np.cos(k * np.pi / (n + 1))
    gap = float(np.diff(exact).min())
    yield roundoff(values, exact, terms=n, scale=4.0)
    yield roundoff(np.abs((waves * V).sum(axis=0)), np.ones(n), terms=n, scale=4 / gap)


@EIGEN.claim
def qr_algorithm(solve, rng):
    r"""The QR algorithm, $A_{k+1}=R_kQ_k$ with $A_k=Q_kR_k$, of a matrix in general position with eigenvalues of different
    sizes: they end on the diagonal, the largest first, and the entry below the j-th fades like the k-th power of the next
    size over its own. $\begin{pmatrix}0&1\\1&0\end{pmatrix}$, with ±1, never moves"""
    A = rotated(rng, np.array([1.0, 2.2, 4.0, 8.8]))[0]
    values, _ = solve(A)
    below, M = [], A
    for _ in range(60):
        Q, R = np.linalg.qr(M)
        M = R @ Q
        below.append(np.abs(np.diag(M, -1)))
    steps = np.arange(12, 26)
    speeds = np.log(values[:-1] / values[1:])[::-1] / np.log(0.5)
    yield roundoff(np.diag(M)[::-1], values, terms=60, scale=8.0)
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    Q, R = np.linalg.qr(swap)
    yield roundoff(R @ Q, swap, terms=2, scale=1.0)
    yield roundoff(solve(swap)[0], np.array([-1.0, 1.0]), terms=2)
    for j, speed in enumerate(speeds):
        yield rate(0.5**steps, np.array(below)[steps, j], float(speed), 0.02)


@EIGEN.claim
def rayleigh_quotient(solve, rng):
    r"""The Rayleigh quotient lies between the smallest and the largest; over vectors orthogonal to $v_1$ it is at
    least $\lambda_2$"""
    A, X = symmetric(rng, 4), rng.standard_normal((400, 4))
    values, V = solve(A)

    def quotient(X):
        return ((X @ A) * X).sum(-1) / (X * X).sum(-1)

    rest = X - np.outer(X @ V[:, 0], V[:, 0])
    why = Text("extreme eigenvalue, and 64 ε‖A‖", "极端特征值，以及 64 ε‖A‖")
    slack = 64 * 2.0**-52 * size(A)
    yield bound(quotient(X).min(), values[0] - slack, "≥", why)
    yield bound(quotient(X).max(), values[-1] + slack, "≤", why)
    yield bound(quotient(rest).min(), values[1] - slack, "≥", why)
    yield roundoff(quotient(V.T), values, terms=8, scale=size(A))


@EIGEN.claim
def weyl(solve, rng):
    r"""Weyl: a symmetric perturbation E moves no eigenvalue by more than $\lVert E\rVert_2$, and $E=\epsilon I$ moves
    all by exactly that"""
    A, found = 3 * symmetric(rng, 5), []
    values, _ = solve(A)
    for t in (1e-6, 1e-2, 1.0):
        E = t * symmetric(rng, 5)
        moved = np.abs(solve(A + E)[0] - values).max()
        slack = 64 * 2.0**-52 * size(A)
        found.append(bound(moved, size(E) + slack, "≤", Text("‖E‖, and 64 ε‖A‖", "‖E‖，以及 64 ε‖A‖")))
    shift = solve(A + 0.7 * np.eye(5))[0]
    return all_of(roundoff(shift, values + 0.7, terms=10, scale=size(A)), *found)


@EIGEN.claim
def symmetry_is_needed(solve, rng):
    r"""Not without symmetry: a quarter turn has no real eigenvector, $\lVert Rx-\lambda x\rVert\ge1$ for every λ and unit x;
    the shear $\begin{pmatrix}1&1\\0&1\end{pmatrix}$ has one line of them, and of two orthonormal vectors one is off by at
    least ½"""
    turn, shear = np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 1.0]])
    for A, least, in_any in ((turn, 1.0, min), (shear, 0.5, max)):
        values, V = solve(A)
        off = np.linalg.norm(A @ V - V * values, axis=0)
        yield bound(in_any(off), least, "≥", Text("for every λ", "对任意 λ"))


@EIGEN.claim
def no_derivative_where_repeated(solve, rng):
    r"""Where eigenvalues repeat there is no derivative: from $I$ in the direction
    $E=\begin{pmatrix}0&1\\1&0\end{pmatrix}$ the smaller has slope −1 forwards and 1 backwards, though
    $e_i^{\mathsf T}Ee_i=0$"""
    E = np.array([[0.0, 1.0], [1.0, 0.0]])
    for h in (2.0**-4, 2.0**-16):
        forwards = (solve(np.eye(2) + h * E)[0] - 1) / h
        backwards = (1 - solve(np.eye(2) - h * E)[0]) / h
        yield roundoff(forwards, np.array([-1.0, 1.0]), terms=4, scale=1 / h)
        yield roundoff(backwards, np.array([1.0, -1.0]), terms=4, scale=1 / h)


@EIGEN.claim
def derivative_of_an_eigenvalue(solve, rng):
    r"""The derivative of a simple eigenvalue in the direction E is $v_i^{\mathsf T}Ev_i$"""
    A, _ = rotated(rng, np.array([-2.0, -1.0, 0.5, 2.0]))
    E, h = symmetric(rng, 4), 1e-4
    _, V = solve(A)
    slope = (solve(A + h * E)[0] - solve(A - h * E)[0]) / (2 * h)
    want = np.einsum("ij,ik,kj->j", V, E, V)
    # third-order perturbation: |λ'''| ≤ 6·4‖E‖³/gap², gap 1; and the rounding of the two values
    tolerance = 4 * h**2 * size(E) ** 3 + 16 * 4 * 2.0**-52 * size(A) / h
    why = Text("h²·4‖E‖³ + c·n·ε‖A‖/h, h = 1e-4", "h²·4‖E‖³ + c·n·ε‖A‖/h，h = 1e-4")
    return near(float(np.abs(slope - want).max()), 0.0, tolerance, why)


@EIGEN.mutant(
    caught_by="eigenvectors-are-not-zero, orthonormal-even-when-repeated, equals-definition, symmetry-is-needed"
)
def zero_vectors(A):
    r"""zero vectors, which satisfy $Av=\lambda v$ for any λ"""
    return 7 + np.arange(A.shape[-1]) + 0 * A[..., 0], 0 * A


@EIGEN.mutant(caught_by="eigenvectors-are-not-zero, spectral-decomposition, orthonormal-even-when-repeated")
def twice_as_long(A):
    """eigenvectors of length 2"""
    values, V = eigen(A)
    return values, 2 * V


@EIGEN.mutant(caught_by="residual, trace-and-determinant, equals-definition, rayleigh-quotient")
def singular_values(A):
    """singular values for eigenvalues: signs are lost"""
    values, V = eigen(A)
    order = np.argsort(np.abs(values), axis=-1)
    V = np.take_along_axis(V, order[..., None, :], axis=-1)
    return np.take_along_axis(np.abs(values), order, axis=-1), V


@EIGEN.mutant(
    caught_by="weyl, qr-algorithm, second-differences, derivative-of-an-eigenvalue, trace-and-determinant, "
    "no-derivative-where-repeated"
)
def squared_eigenvalues(A):
    r"""the eigenvalues of $A^{\mathsf T}A$, whose root is forgotten"""
    return eigen(A @ A)


@EIGEN.mutant(caught_by="residual, second-differences, spectral-decomposition")
def one_sweep(A):
    """a single sweep"""
    n = A.shape[-1]
    V = np.eye(n) + 0 * A
    for p in range(n):
        for q in range(p + 1, n):
            gap = A[..., q, q] - A[..., p, p]
            t = np.arctan2(2 * np.where(gap < 0, -1.0, 1.0) * A[..., p, q], np.abs(gap)) / 2
            J = np.eye(n) + 0 * A
            J[..., p, p] = J[..., q, q] = np.cos(t)
            J[..., p, q], J[..., q, p] = np.sin(t), -np.sin(t)
            A, V = np.swapaxes(J, -1, -2) @ A @ J, V @ J
    order = np.argsort(np.diagonal(A, 0, -2, -1), axis=-1)
    values = np.take_along_axis(np.diagonal(A, 0, -2, -1), order, axis=-1)
    return values, np.take_along_axis(V, order[..., None, :], axis=-1)


@EIGEN.mutant(caught_by="residual, spectral-decomposition, rayleigh-quotient")
def vectors_in_rows(A):
    """eigenvectors in the rows"""
    values, V = eigen(A)
    return values, np.swapaxes(V, -1, -2)


@EIGEN.mutant(caught_by="orthonormal-even-when-repeated")
def oblique_where_repeated(A):
    """oblique vectors where eigenvalues repeat"""
    values, V = eigen(A)
    near = np.diff(values, axis=-1, prepend=-np.inf) < 1e-9
    tilted = V + np.where(near[..., None, :], np.roll(V, 1, axis=-1) / 2, 0.0)
    return values, tilted / np.linalg.norm(tilted, axis=-2, keepdims=True)


EIGEN.erratum(
    "E42",
    common=r"λ is an eigenvalue of A if there is a vector x with $Ax=\lambda x$ (a common slip)",
    why="$x=0$ satisfies it for every λ: then every number would be an eigenvalue of every matrix.",
    right=r"there is an $x\ne0$ with $Ax=\lambda x$; equivalently $\det(A-\lambda I)=0$",
    claims="eigenvectors-are-not-zero",
)


@EIGEN.figure(
    first=Slider(-2, 2, 2.0, "eigenvalue λ₁"),
    second=Slider(-2, 2, 0.6, "eigenvalue λ₂"),
    axis=Slider(0, 90, 25, "direction of the first eigenvector (degrees)"),
    direction=Slider(0, 180, 70, "direction of x (degrees)"),
)
def figure(first, second, axis, direction):
    a, t = np.radians(axis), np.linspace(0, np.pi, 721)
    V = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    A = V * [first, second] @ V.T
    values, W = eigen(A)
    x = np.array([np.cos(np.radians(direction)), np.sin(np.radians(direction))])
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.7)
    circle = np.stack([np.cos(2 * t), np.sin(2 * t)])
    left.plot(*circle, color=COLOURS[6], lw=0.8)
    left.plot(*(A @ circle), color=COLOURS[0])
    for j in range(2):
        left.plot(*(np.array([[-2.3], [2.3]]) * W[:, j]).T, "--", color=COLOURS[2], lw=1)
    for end, name, colour in ((x, "x", COLOURS[6]), (A @ x, "Ax", COLOURS[1])):
        left.annotate("", end, (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
        left.annotate(name, end, textcoords="offset points", xytext=(5, 4), color=colour)
    left.set(aspect="equal", xlim=(-2.3, 2.3), ylim=(-2.3, 2.3), title="x and Ax; eigenvectors dashed")
    U = np.stack([np.cos(t), np.sin(t)])
    quotients = (U * (A @ U)).sum(axis=0)
    off = np.linalg.norm(A @ U - quotients * U, axis=0)
    right.plot(np.degrees(t), quotients, label=r"$x^T A x$")
    right.plot(np.degrees(t), off, color=COLOURS[1], label=r"$\|Ax-(x^T A x)\,x\|$")
    for value in values:
        right.axhline(value, color=COLOURS[2], ls="--", lw=1)
    right.axvline(direction, color=COLOURS[6], lw=0.8)
    right.set(xlabel="direction of x (degrees)", xticks=[0, 45, 90, 135, 180], ylim=(-2.4, 2.9))
    right.legend(frameon=False, fontsize=9.5, ncols=2, loc="upper center")
    mu = float(x @ A @ x)
    rest = float(np.linalg.norm(A @ x - mu * x))
    words = Text(
        f"Eigenvalues {values[0]:.2f} and {values[1]:.2f}, trace {np.trace(A):.2f}, determinant {values.prod():.2f}. At {direction:.0f}° the Rayleigh quotient is "
        f"{mu:.2f} and Ax is {rest:.2f} off the line of x; it is 0 for an eigenvector.",
        f"特征值 {values[0]:.2f} 与 {values[1]:.2f}，迹 {np.trace(A):.2f}，行列式 {values.prod():.2f}。方向 {direction:.0f}° 处瑞利商为 {mu:.2f}，"
        f"Ax 偏离 x 所在直线 {rest:.2f}；特征向量处为 0。",
    )
    return Drawing(fig, words)
