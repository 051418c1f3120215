"""Orthonormal bases: Gram–Schmidt, QR, and the orthogonality that rounding takes away."""

import numpy as np

from gradus.frameworks import namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, identical, invariance, rate, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def positive_diagonal(result):
    """A pair (Q, R) with the signs that make R's diagonal positive; A = QR leaves them open."""
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        return result
    Q, R = (f if hasattr(f, "shape") else np.asarray(f) for f in result)
    if Q.shape[-1] != R.shape[-1]:
        return Q, R
    n = namespace(R)
    s = 1 - 2 * (n.diagonal(R, 0, -2, -1) < 0)  # (..., n)
    return Q * s[..., None, :], R * s[..., :, None]


BASIS = Concept(
    key="basis",
    kind="definition",
    title="Bases and orthonormal bases",
    summary="A basis gives every vector of a space exactly one set of coordinates. If it is orthonormal, and not "
    "merely orthogonal, a coordinate is just an inner product. Gram–Schmidt makes one of any independent vectors by "
    "taking from each what lies along those before it; written as matrices this is $A=QR$.",
    formulas=(
        r"v_j=a_j-\sum_{i<j}\langle q_i,a_j\rangle\,q_i,\qquad q_j=\frac{v_j}{\lVert v_j\rVert}",
        r"A=QR,\qquad Q^{\mathsf T}Q=I,\qquad r_{ij}=\langle q_i,a_j\rangle\;(i<j),\quad r_{jj}=\lVert v_j\rVert>0",
        r"x=\sum_{j=1}^{n}\langle q_j,x\rangle\,q_j,\qquad \lVert x\rVert^2=\sum_{j=1}^{n}\langle q_j,x\rangle^2",
    ),
    symbols=(
        Symbol("A", "A", "... m n", "independent vectors as columns $a_j$"),
        Symbol("Q", "", "... m n", "orthonormal basis $q_j$ of the columns' span"),
        Symbol("R", "", "... n n", "upper triangular: coordinates of the columns in it"),
        Symbol("v_j", "", "m", "what is left of $a_j$: its height over the span of those before"),
        Symbol("x", "", "m", "a vector of the span"),
        Symbol("n", "", "", "dimension of the span"),
    ),
    returns=(
        Result("Q", "... m n", "orthonormal columns"),
        Result("R", "... n n", "upper triangular: coefficients of the columns of A in the new basis"),
    ),
    needs=("vector-space", "inner-product"),
    source="schmidt1907theorie",
    year=1907,
    people=("Jørgen Pedersen Gram", "Erhard Schmidt", "Alston Householder"),
    aliases="orthonormal basis, orthogonalisation, linear independence, dimension, "
    "基, 标准正交基, 正交基, 线性无关, 维数",
    implementations=(
        Implementation("torch.linalg:qr", "torch", None, "Householder reflections: orthogonal to rounding for every A"),
        Implementation("gradus.foundations.gram_schmidt:gram_schmidt", "torch"),
    ),
    readings="axler2024linear ch. 2, ch. 6; strang2016introduction §4.4; golub2013matrix §5.2",
    hypotheses=(
        Hypothesis("The columns of A are linearly independent (so that $m\\ge n$)", "height-falls-to-zero"),
        Hypothesis(
            "For the coordinates as inner products: the basis is orthonormal, not merely orthogonal",
            "orthonormal-not-merely-orthogonal",
        ),
    ),
    conventions=(
        Convention(
            "signs of the diagonal of R",
            "positive: $r_{jj}>0$",
            "Householder's method leaves them open: LAPACK, NumPy and PyTorch often return negative $r_{jj}$. The page "
            "compares up to these signs.",
        ),
        Convention(
            "shape of Q",
            "m × n, a basis of the columns' span",
            '`scipy.linalg.qr` and `mode="complete"` return a square Q; the basis of the span is its first n columns.',
        ),
    ),
    canonical=positive_diagonal,
)


@BASIS.definition
def basis(A):
    n = A.shape[-1]
    q, R = [], []
    for j in range(n):
        a = A[..., :, j]
        r = [(q_i * a).sum(axis=-1) for q_i in q]
        v = a - sum(r_i[..., None] * q_i for r_i, q_i in zip(r, q, strict=True))
        r_jj = np.sqrt((v * v).sum(axis=-1))
        q.append(v / r_jj[..., None])
        R.append(np.stack([*r, r_jj] + [0 * r_jj] * (n - j - 1), axis=-1))
    return np.stack(q, axis=-1), np.stack(R, axis=-1)


@BASIS.example
def example():
    A = np.array([[1.0, 4.0], [2.0, 2.0], [2.0, 5.0]])
    Q, R = basis(A)
    x, y = A[:, 0] + A[:, 1], np.array([3.0, 0.0, 0.0])
    foot = Q @ (Q.T @ y)
    B, z = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([4.0, 2.0])
    return (
        dict(A=A, a=A.T, R=R, q=3 * Q.T, length=R[0, 0], r12=R[0, 1], v=A[:, 1] - R[0, 1] * Q[:, 0])
        | dict(height=R[1, 1], x=x, c=Q.T @ x, squares=(Q.T @ x) ** 2, xx=x @ x, y=y, foot=foot)
        | dict(rest=y - foot, near=float(np.linalg.norm(y - foot)), z=z, products=B.T @ z)
        | dict(wrong=B @ (B.T @ z), area=R[0, 0] * R[1, 1])
    )


@BASIS.exercise
def oblique_coordinates():
    B, x = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([4.0, 2.0])
    return array(np.linalg.solve(B, x), inner_products=B.T @ x, in_the_unit_basis=basis(B)[0].T @ x)


@BASIS.exercise
def four_vectors():
    rng = np.random.default_rng(0)
    some = [rng.standard_normal((3, 4)), np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 2.0, 4.0])]
    ranks = {int(np.linalg.matrix_rank(A)) for A in some}
    return choice(dependent=max(ranks) < 4, spanning=min(ranks) == 3, three_are_a_basis=min(ranks) >= 3)


@BASIS.exercise
def height():
    A = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    _, R = basis(A)
    return number(R[1, 1], whole_length=np.linalg.norm(A[:, 1]), along=R[0, 1], squared=R[1, 1] ** 2)


@BASIS.cases
def cases(rng):
    yield "random", dict(A=rng.standard_normal((6, 3)))
    yield "square", dict(A=rng.standard_normal((4, 4)) + 3 * np.eye(4))
    yield "batch", dict(A=rng.standard_normal((2, 5, 3)))
    yield "one vector", dict(A=rng.standard_normal((4, 1)))
    yield "orthogonal, not orthonormal", dict(A=np.array([[1.0, 1.0], [1.0, -1.0]]))
    yield "scales apart", dict(A=rng.standard_normal((6, 3)) * [1e-6, 1.0, 1e6])
    yield "rather dependent", dict(A=rng.standard_normal((6, 3)) + 2 * rng.standard_normal((6, 1)))


@BASIS.invalid
def invalid(rng):
    yield "one axis", dict(A=np.ones(3))


@BASIS.claim
def orthonormal(basis, rng):
    r"""Orthonormal: $Q^{\mathsf T}Q=I$"""
    Q, _ = basis(rng.standard_normal((20, 6)))
    return roundoff(Q.T @ Q, np.eye(6), terms=20)


@BASIS.claim
def reproduces_the_columns(basis, rng):
    """$QR=A$ with R upper triangular and its diagonal positive"""
    A = rng.standard_normal((8, 5))
    Q, R = basis(A)
    yield roundoff(Q @ R, A, terms=8, scale=float(np.linalg.norm(A, axis=0).max()))
    yield identical(np.tril(R, -1), np.zeros((5, 5)))
    yield bound(np.diag(R).min(), 1e-3, "≥", Text("positive heights", "高为正"))


@BASIS.claim
def spans_are_nested(basis, rng):
    """The first j vectors of the basis span what the first j columns span, for every j"""
    A = rng.standard_normal((7, 4))
    Q, _ = basis(A)
    condition = np.linalg.cond(A)
    for j in range(1, 5):
        inside = A[:, :j] @ np.linalg.lstsq(A[:, :j], Q[:, :j], rcond=None)[0]
        yield roundoff(inside, Q[:, :j], terms=7, scale=condition)


@BASIS.claim
def orthonormal_not_merely_orthogonal(basis, rng):
    r"""Orthonormal, not merely orthogonal: coordinates are inner products, $x=\sum\langle q_j,x\rangle q_j$ and
    $\lVert x\rVert^2=\sum\langle q_j,x\rangle^2$. In the orthogonal basis $(1,1),(1,-1)$ the same sum gives $2x$"""
    B, x = np.array([[1.0, 1.0], [1.0, -1.0]]), rng.integers(-9, 9, 2).astype(float)
    orthogonal = identical((B.T @ B)[0, 1], 0.0)
    doubled = identical(B @ (B.T @ x), 2 * x)  # orthogonal, and yet the expansion fails
    evidence = [orthogonal, doubled]
    for A, y in ((B, x), (rng.standard_normal((5, 5)), rng.standard_normal(5))):
        Q, _ = basis(A)
        c, scale = Q.T @ y, np.linalg.cond(A) * float(np.linalg.norm(y))
        evidence += [
            roundoff(np.linalg.norm(Q, axis=0), np.ones(len(y)), terms=5),
            roundoff(Q @ c, y, terms=5, scale=scale),
            roundoff(c @ c, y @ y, terms=5, scale=scale**2),
        ]
    return all_of(*evidence)


@BASIS.claim
def diagonal_holds_the_heights(basis, rng):
    r"""$r_{jj}$ is the distance of $a_j$ from the span of the columns before it, and their product for a
    square A the volume $\lvert\det A\rvert$"""
    A = rng.standard_normal((5, 5))
    _, R = basis(A)
    found, size = [], float(np.linalg.norm(A) * np.linalg.cond(A))
    for j in range(1, 5):
        nearest = A[:, :j] @ np.linalg.lstsq(A[:, :j], A[:, j], rcond=None)[0]
        found.append(roundoff(R[j, j], np.linalg.norm(A[:, j] - nearest), terms=5, scale=size))
    lengths = float(np.linalg.norm(A, axis=0).prod() * np.linalg.cond(A))
    return all_of(
        roundoff(np.diag(R).prod(), abs(np.linalg.det(A)), terms=10, scale=lengths),
        roundoff(R[0, 0], np.linalg.norm(A[:, 0]), terms=5),
        *found,
    )


@BASIS.claim
def height_falls_to_zero(basis, rng):
    r"""As the columns become dependent the last height falls to 0: $a_1=e_1$, $a_2=e_1+te_2$ has $r_{22}=t$. At $t=0$
    there is no $q_2$: the formula is 0/0"""
    for t in 2.0 ** -np.arange(0, 50, 7):
        Q, R = basis(np.array([[1.0, 1.0], [0.0, t], [0.0, 0.0]]))
        yield roundoff(R[1, 1], t, terms=3)
        yield roundoff(Q[:, 1], np.array([0.0, 1.0, 0.0]), terms=3)


@BASIS.claim
def projector_depends_on_the_span_alone(basis, rng):
    r"""The projector on the span depends on the span alone: any other basis of it gives the same $QQ^{\mathsf T}$"""
    A, S = rng.standard_normal((7, 3)), rng.standard_normal((3, 3)) + 2 * np.eye(3)
    Q, _ = basis(A)
    P, _ = basis(A @ S)
    return invariance(P @ P.T, Q @ Q.T, terms=7, scale=float(np.linalg.cond(A) * np.linalg.cond(S)))


@BASIS.claim
def monomials_become_legendre_polynomials(basis, rng):
    r"""From the monomials $1,t,t^2,\dots$ under $\int_{-1}^{1}$ it makes the normalised Legendre polynomials $\sqrt{n+\frac12}\,P_n$"""
    n = 6
    t, w = np.polynomial.legendre.leggauss(n + 2)  # exact for products of two of them
    A = np.sqrt(w)[:, None] * t[:, None] ** np.arange(n)
    Q, _ = basis(A)
    P = np.polynomial.legendre.legvander(t, n - 1) * np.sqrt((2 * np.arange(n) + 1) / 2)
    return roundoff(Q, np.sqrt(w)[:, None] * P, terms=n + 2, scale=float(np.linalg.cond(A)))


def spectrum(rng, m, n, condition):
    """A random m × n matrix whose singular values fall geometrically from 1 to 1/condition."""
    U = np.linalg.qr(rng.standard_normal((m, n)))[0]
    V = np.linalg.qr(rng.standard_normal((n, n)))[0]
    return U * np.geomspace(1, 1 / condition, n) @ V.T


def loss(Q):
    """How far Q is from orthonormal: the largest singular value of QᵀQ − I."""
    return float(np.linalg.norm(Q.T @ Q - np.eye(Q.shape[1]), 2))


@BASIS.claim(of_definition=False, required=False)
def orthogonal_whatever_the_condition(basis, rng):
    r"""Householder reflections keep $Q^{\mathsf T}Q=I$ to rounding whatever the condition number, here up to
    $10^{14}$"""
    worst = max(loss(basis(spectrum(rng, 30, 10, c))[0]) for c in (1e2, 1e6, 1e10, 1e14))
    return roundoff(worst, 0.0, terms=30, scale=1.0)


@BASIS.mutant(caught_by="orthogonal-whatever-the-condition")
def as_the_formula_stands(A):
    """Gram–Schmidt as the formula stands"""
    return basis(A)


@BASIS.mutant(
    caught_by="orthonormal, orthonormal-not-merely-orthogonal, equals-definition, diagonal-holds-the-heights, "
    "height-falls-to-zero"
)
def merely_orthogonal(A):
    """orthogonal, but not brought to length 1"""
    Q, R = basis(A)
    d = np.diagonal(R, 0, -2, -1)
    return Q * d[..., None, :], R / d[..., :, None]


@BASIS.mutant(caught_by="orthonormal, monomials-become-legendre-polynomials, projector-depends-on-the-span-alone")
def against_the_given_columns(A):
    """components along the given columns are taken away, not along the new vectors"""
    unit = A / np.linalg.norm(A, axis=-2, keepdims=True)
    strict = np.triu(np.swapaxes(unit, -1, -2) @ A, 1)
    V = A - unit @ strict
    length = np.linalg.norm(V, axis=-2, keepdims=True)
    return V / length, strict + length * np.eye(A.shape[-1])


@BASIS.mutant(caught_by="spans-are-nested, reproduces-the-columns, equals-definition")
def from_the_last_column(A):
    """the columns are taken in reverse order"""
    Q, R = basis(A[..., ::-1])
    return Q[..., ::-1], R[..., ::-1, ::-1]


@BASIS.mutant(caught_by="reproduces-the-columns, equals-definition")
def transposed_factor(A):
    """R is transposed"""
    Q, R = basis(A)
    return Q, np.swapaxes(R, -1, -2)


BASIS.erratum(
    "E43",
    common="A set of unit vectors that are pairwise perpendicular is called orthogonal (a common slip)",
    why="Orthogonal says nothing of the lengths. In the orthogonal basis $(1,1),(1,-1)$ the sum "
    r"$\sum\langle b_j,x\rangle b_j$ is $2x$, not $x$: $B^{\mathsf T}B=2I$.",
    right=r"orthonormal: $\langle q_i,q_j\rangle=0$ for $i\ne j$ and $\langle q_i,q_i\rangle=1$, that is "
    r"$Q^{\mathsf T}Q=I$",
    claims="orthonormal-not-merely-orthogonal",
)


@BASIS.figure(
    angle=Slider(1, 179, 50, "angle between $a_1$ and $a_2$ (degrees)"), length=Slider(0.3, 2.5, 1.8, "length of $a_2$")
)
def figure(angle, length):
    t = np.radians(angle)
    A = np.array([[2.1, length * np.cos(t)], [0.0, length * np.sin(t)]])
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    A = turn @ A
    Q, R = basis(A)
    fig, ax = canvas(width=5.4, height=4.2)
    foot = R[0, 1] * Q[:, 0]
    circle = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(circle), np.sin(circle), color=COLOURS[6], lw=0.7)
    ax.plot(*np.array([foot, A[:, 1]]).T, ":", color=COLOURS[1], lw=1.5)
    ax.plot(*np.array([[0, 0], foot]).T, color=COLOURS[6], lw=4, alpha=0.4)
    arrows = (
        (A[:, 0], "$a_1$", COLOURS[0], 1.5),
        (A[:, 1], "$a_2$", COLOURS[1], 1.5),
        (Q[:, 0], "$q_1$", COLOURS[2], 3),
        (Q[:, 1], "$q_2$", COLOURS[3], 3),
    )
    for end, name, colour, width in arrows:
        ax.annotate("", end, (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": width})
        place = (-8, 10) if width == 3 else (6, 4)
        ax.annotate(name, end, textcoords="offset points", xytext=place, color=colour)
    ax.annotate("$r_{12}q_1$", foot / 2, textcoords="offset points", xytext=(4, -16), color=COLOURS[6])
    ax.annotate("$r_{22}$", (foot + A[:, 1]) / 2, textcoords="offset points", xytext=(5, 0), color=COLOURS[1])
    ax.set(aspect="equal", xlim=(-2.8, 2.8), ylim=(-1.6, 2.8))
    words = Text(
        f"Of a₂ the part along q₁, r₁₂ = {R[0, 1]:.2f}, is taken away; what is left has length r₂₂ = {R[1, 1]:.2f} and gives q₂. "
        f"The parallelogram has area r₁₁r₂₂ = {R[0, 0] * R[1, 1]:.2f}; condition number {np.linalg.cond(A):.1f}.",
        f"从 a₂ 中减去沿 q₁ 的部分 r₁₂ = {R[0, 1]:.2f}，剩余的长度为 r₂₂ = {R[1, 1]:.2f}，由此得到 q₂。"
        f"平行四边形的面积 r₁₁r₂₂ = {R[0, 0] * R[1, 1]:.2f}；条件数 {np.linalg.cond(A):.1f}。",
    )
    return Drawing(fig, words)


GRAM_SCHMIDT = Concept(
    key="gram-schmidt",
    kind="algorithm",
    title="Classical and modified Gram–Schmidt",
    summary="Two ways to subtract the same components. The classical way takes all of them from the given vector, "
    r"the modified way each from what is left: equal on paper, but rounding costs the modified at most about "
    r"$\kappa\varepsilon$ of orthogonality, the classical about $\kappa^2\varepsilon$ on ordinary matrices and on some "
    "everything. Orthogonalising each column a second time before the next one is taken mends both.",
    formulas=(
        r"\mathrm{CGS}:\quad r_{ij}=\langle q_i,a_j\rangle,\qquad v_j=a_j-\sum_{i<j}r_{ij}q_i",
        r"\mathrm{MGS}:\quad v^{(1)}=a_j,\qquad r_{ij}=\langle q_i,v^{(i)}\rangle,\qquad v^{(i+1)}=v^{(i)}-r_{ij}q_i",
        r"\mathrm{MGS}:\quad c\,\kappa\,\varepsilon<1\;\Rightarrow\;\lVert Q^{\mathsf T}Q-I\rVert_2\le c\,\kappa\,\varepsilon",
        r"\mathrm{CGS},\;r_{jj}^2=\lVert a_j\rVert^2-\sum_{i<j}r_{ij}^2:\quad c\,\kappa^2\varepsilon<1\;\Rightarrow\;"
        r"\lVert Q^{\mathsf T}Q-I\rVert_2\le c\,\kappa^2\varepsilon",
    ),
    symbols=(
        Symbol("A", "A", "... m n", "independent vectors as columns $a_j$"),
        Symbol(
            "v^{(i)}",
            "modified",
            "",
            "whether components are taken of the remainder (modified) or of $a_j$ (classical)",
            "boolean",
        ),
        Symbol(r"\mathrm{CGS},\mathrm{MGS}", "", "", "the classical and the modified way"),
        Symbol("q_j", "", "m", "orthonormal vectors"),
        Symbol("r_{ij}", "", "", "components, the entries of R"),
        Symbol(r"\kappa", "", "", "condition number of A: its largest over its smallest singular value"),
        Symbol(r"\varepsilon", "", "", "spacing of the arithmetic at 1"),
        Symbol("c", "", "", "a constant that depends on m and n alone"),
    ),
    returns=(
        Result("Q", "... m n", "columns, orthonormal but for rounding"),
        Result("R", "... n n", "upper triangular coefficients"),
    ),
    needs=("basis",),
    source="bjorck1967solving",
    year=1967,
    people=("Åke Björck", "James Wilkinson"),
    aliases="Gram-Schmidt process, QR decomposition, QR, QR 分解, 格拉姆-施密特正交化, 施密特正交化, 正交化",
    implementations=(Implementation("gradus.foundations.gram_schmidt:gram_schmidt", "torch"),),
    readings="bjorck1967solving; giraud2005rounding; smoktunowicz2006note; golub2013matrix §5.2; "
    "higham2002accuracy ch. 19",
    hypotheses=(
        Hypothesis(
            r"For the bound of the classical way: $r_{jj}$ is the Pythagorean root; the definition has $r_{jj}=\lVert "
            r"v_j\rVert$, for which there is no such bound",
            "no-bound-with-the-length-of-the-rest",
        ),
        Hypothesis(r"For the bound of the classical way: $c\,\kappa^2\varepsilon<1$", "twice-is-enough"),
    ),
    deviations="`numpy.linalg.qr` and `torch.linalg.qr` use Householder reflections, whose loss of orthogonality does "
    "not depend on the condition number.",
    canonical=positive_diagonal,
)


@GRAM_SCHMIDT.definition
def gram_schmidt(A, modified=True):
    n = A.shape[-1]
    q, R = [], []
    for j in range(n):
        a = v = A[..., :, j]
        r = []
        for q_i in q:
            r.append((q_i * (v if modified else a)).sum(axis=-1))
            v = v - r[-1][..., None] * q_i
        r_jj = np.sqrt((v * v).sum(axis=-1))
        q.append(v / r_jj[..., None])
        R.append(np.stack([*r, r_jj] + [0 * r_jj] * (n - j - 1), axis=-1))
    return np.stack(q, axis=-1), np.stack(R, axis=-1)


@GRAM_SCHMIDT.example
def laeuchlis_columns():
    e = 1e-8
    A = np.vstack([np.ones(3), e * np.eye(3)])
    (C, S), (M, R) = gram_schmidt(A, modified=False), gram_schmidt(A, modified=True)
    kappa = np.sqrt(3) / e
    return (
        dict(A=A, e=e, classical_r23=S[1, 2], classical_q3=C[:, 2], classical_dot=C[:, 1] @ C[:, 2])
        | dict(classical_angle=np.degrees(np.arccos(C[:, 1] @ C[:, 2])), modified_r23=R[1, 2])
        | dict(modified_q3=M[:, 2], modified_dot=M[:, 1] @ M[:, 2], first_dot=M[:, 0] @ M[:, 1], kappa=kappa)
        | dict(kappa_eps=kappa * EPSILON, kappa2_eps=kappa**2 * EPSILON)
    )


@GRAM_SCHMIDT.exercise
def what_the_residual_tells():
    A = np.vstack([np.ones(3), 1e-8 * np.eye(3)])
    Q, R = gram_schmidt(A, modified=False)
    small, orthonormal = np.abs(A - Q @ R).max() < 1e-15, loss(Q) < 1e-12
    return choice(orthonormal=small and orthonormal, nothing=small and not orthonormal, too_small=not small)


@GRAM_SCHMIDT.exercise
def single_precision():
    kappa, eps = 1000.0, 2.0**-23
    return number(kappa * eps, 0.05, classical=kappa**2 * eps, double_precision=kappa * EPSILON)


@GRAM_SCHMIDT.exercise
def second_pass():
    q2, q3 = np.array([0.0, -1.0, 1.0, 0.0]) / np.sqrt(2), np.array([0.0, -1.0, 0.0, 1.0]) / np.sqrt(2)
    rest = q3 - (q2 @ q3) * q2
    return array(rest / np.linalg.norm(rest), unchanged=q3, not_normalised=rest)


@GRAM_SCHMIDT.cases
def both_cases(rng):
    for modified in (True, False):
        name = "modified" if modified else "classical"
        yield f"{name}, random", dict(A=spectrum(rng, 6, 4, 4.0), modified=modified)
        yield (
            f"{name}, batch",
            dict(A=np.stack([spectrum(rng, 5, 3, 4.0), spectrum(rng, 5, 3, 2.0)]), modified=modified),
        )
    yield "one vector", dict(A=rng.standard_normal((4, 1)))
    yield "scales apart", dict(A=rng.standard_normal((6, 3)) * [1e-6, 1.0, 1e6])
    for modified in (True, False):
        yield f"square, {modified}", dict(A=spectrum(rng, 4, 4, 4.0), modified=modified)


@GRAM_SCHMIDT.invalid
def dependent(rng):
    yield "one axis", dict(A=np.ones(3))


def _losses(orthogonalise, rng, conditions, modified, repeats=3):
    """Geometric mean of the loss over a few random matrices at each condition number."""
    found = []
    for c in conditions:
        losses = [loss(orthogonalise(spectrum(rng, 40, 15, c), modified=modified)[0]) for _ in range(repeats)]
        found.append(float(np.exp(np.log(np.maximum(losses, 1e-300)).mean())))
    return found


@GRAM_SCHMIDT.claim
def classical_loses_kappa_squared(orthogonalise, rng):
    r"""Classical, on random matrices with geometric spectra: the loss of orthogonality grows like $\kappa^2$ up to
    $\kappa=10^7$"""
    conditions = 10.0 ** np.arange(2, 8)
    # single losses scatter by a factor of about 2.5; of 3 at each of 6 sizes over 5 decades, 5σ of the slope is 0.25
    return rate(conditions, _losses(orthogonalise, rng, conditions, False), 2.0, 0.25)


@GRAM_SCHMIDT.claim
def modified_loses_kappa(orthogonalise, rng):
    r"""Modified, on the same: it grows like $\kappa$, up to $\kappa=10^{12}$"""
    conditions = 10.0 ** np.arange(2, 13, 2)
    return rate(conditions, _losses(orthogonalise, rng, conditions, True), 1.0, 0.15)


def glued(rng, m=60, blocks=10, width=5):
    """Well-conditioned as a whole, its blocks of columns badly: κ is about 10³ (Smoktunowicz, Barlow, Langou)."""
    A = spectrum(rng, m, blocks * width, 30)
    turns = [np.linalg.qr(rng.standard_normal((width, width)))[0] for _ in range(blocks)]
    scale = np.geomspace(1, 0.01, width)
    return np.concatenate([A[:, b * width : (b + 1) * width] * scale @ W.T for b, W in enumerate(turns)], axis=1)


def pythagorean(A):
    """The Q of the classical way with r_jj = √(‖a_j‖² − Σ r_ij²)."""
    Q = np.zeros((len(A), 0))
    for a in A.T:
        r = Q.T @ a
        p, s = np.linalg.norm(a), np.linalg.norm(r)
        Q = np.column_stack([Q, (a - Q @ r) / np.sqrt((p - s) * (p + s))])
    return Q


@GRAM_SCHMIDT.claim
def no_bound_with_the_length_of_the_rest(orthogonalise, rng):
    r"""Classical with $r_{jj}=\lVert v_j\rVert$: on glued matrices, 60 × 50 and of condition number about $10^3$, the
    loss exceeds $\kappa^2\varepsilon$ more than tenfold; with the Pythagorean root it stays below
    $\kappa^2\varepsilon$, modified below $\kappa\varepsilon$"""
    for _ in range(3):
        A = glued(rng)
        kappa = float(np.linalg.cond(A))
        square, why = kappa**2 * EPSILON, Text(f"κ²ε, κ = {kappa:.3g}", f"κ²ε，κ = {kappa:.3g}")
        yield bound(loss(orthogonalise(A, modified=False)[0]), 10 * square, "≥", why)
        yield bound(loss(pythagorean(A)), square, "≤", why)
        yield bound(loss(orthogonalise(A, modified=True)[0]), kappa * EPSILON, "≤", Text("κε", "κε"))


@GRAM_SCHMIDT.claim
def residual_is_small_for_both(orthogonalise, rng):
    """Both reproduce $A=QR$ to rounding whatever the condition number: a small residual says nothing of
    orthogonality"""
    for c in (1e2, 1e7, 1e12):
        A = spectrum(rng, 20, 8, c)
        for modified in (True, False):
            Q, R = orthogonalise(A, modified=modified)
            yield roundoff(Q @ R, A, terms=8, scale=1.0)


@GRAM_SCHMIDT.claim
def laeuchli(orthogonalise, rng):
    r"""On Läuchli's columns $(1,e,0,0),(1,0,e,0),(1,0,0,e)$ with $e^2<\varepsilon/2$ (here $e=10^{-8}$) the
    classical $\langle q_2,q_3\rangle$ is ½, to rounding; the modified is 0"""
    e = 1e-8
    A = np.vstack([np.ones(3), e * np.eye(3)])
    classical, _ = orthogonalise(A, modified=False)
    modified, _ = orthogonalise(A, modified=True)
    yield roundoff(classical[:, 1] @ classical[:, 2], 0.5, terms=4)
    yield roundoff(modified[:, 1] @ modified[:, 2], 0.0, terms=4, scale=1.0)
    yield roundoff(modified[:, 0] @ modified[:, 1], -e / np.sqrt(2), terms=4)


@GRAM_SCHMIDT.claim
def same_on_paper(orthogonalise, rng):
    """Without rounding the two are one: on well-conditioned columns they agree"""
    A = spectrum(rng, 12, 6, 3.0)
    pairs = zip(orthogonalise(A, modified=True), orthogonalise(A, modified=False), strict=True)
    return all_of(*[roundoff(a, b, terms=12, scale=9.0) for a, b in pairs])


@GRAM_SCHMIDT.claim
def twice_is_enough(orthogonalise, rng):
    r"""Twice is enough while $\kappa^2\varepsilon\ll1$ (geometric spectrum, $\kappa=10^6$): applied to its own result,
    either is orthogonal to rounding. At $\kappa=10^{13}$ the classical is not, unless each column is orthogonalised
    twice before the next is taken"""
    for modified in (True, False):
        Q, _ = orthogonalise(orthogonalise(spectrum(rng, 20, 8, 1e6), modified=modified)[0], modified=modified)
        yield roundoff(loss(Q), 0.0, terms=20, scale=1.0)
    A, Q = spectrum(rng, 20, 8, 1e13), np.zeros((20, 0))
    whole, _ = orthogonalise(orthogonalise(A, modified=False)[0], modified=False)
    yield bound(loss(whole), 1e-12, "≥", Text("more than rounding", "大于舍入误差"))
    for a in A.T:
        for _ in range(2):
            a = a - Q @ (Q.T @ a)
            a = a / np.linalg.norm(a)
        Q = np.column_stack([Q, a])
    yield roundoff(loss(Q), 0.0, terms=20, scale=1.0)


@GRAM_SCHMIDT.mutant(caught_by="modified-loses-kappa, laeuchli")
def classical_sold_as_modified(A, modified=True):
    """the classical sold as the modified"""
    return gram_schmidt(A, False)


@GRAM_SCHMIDT.mutant(caught_by="classical-loses-kappa-squared, laeuchli, no-bound-with-the-length-of-the-rest")
def modified_sold_as_classical(A, modified=True):
    """the modified sold as the classical"""
    return gram_schmidt(A, True)


@GRAM_SCHMIDT.mutant(caught_by="residual-is-small-for-both")
def factor_computed_afterwards(A, modified=True):
    r"""R computed afterwards as $Q^{\mathsf T}A$"""
    Q, _ = gram_schmidt(A, modified)
    return Q, np.triu(np.swapaxes(Q, -1, -2) @ A)


@GRAM_SCHMIDT.mutant(caught_by="same-on-paper, equals-definition, twice-is-enough")
def last_component_left(A, modified=True):
    """the modified never takes away the last component"""
    Q, R = gram_schmidt(A, modified)
    if modified and A.shape[-1] > 1:
        n = A.shape[-1]
        v = A[..., :, n - 1] - np.einsum("...mi,...i->...m", Q[..., : n - 2], R[..., : n - 2, n - 1])
        last = v / np.linalg.norm(v, axis=-1, keepdims=True)
        Q = np.concatenate([Q[..., : n - 1], last[..., None]], axis=-1)
    return Q, R


GRAM_SCHMIDT.erratum(
    "E151",
    common=r"Classical Gram–Schmidt loses orthogonality in proportion to $\kappa^2\varepsilon$ (a common slip)",
    why=r"The bound is proved for $r_{jj}$ as a Pythagorean root. With $r_{jj}=\lVert v_j\rVert$, as it is mostly written, glued "
    r"matrices with $\kappa^2\varepsilon$ near $10^{-10}$ lose more than ten times as much, most of them over a thousand times.",
    right=r"At most about $\kappa^2\varepsilon$ if $r_{jj}^2=\lVert a_j\rVert^2-\sum_{i<j}r_{ij}^2$; else there is no such bound",
    claims="no-bound-with-the-length-of-the-rest",
)


@GRAM_SCHMIDT.figure(
    exponent=Slider(1, 14, 5, "condition number, power of ten"), n=Slider(4, 24, 12, "number of vectors", integer=True)
)
def losses(exponent, n):
    rng, n = np.random.default_rng(1), int(n)
    conditions = 10.0 ** np.arange(0, 15)
    fig, (left, right) = canvas(columns=2, width=8.2, height=3.7)
    A = spectrum(rng, 2 * n, n, 10.0**exponent)
    ways = (("classical", False), ("modified", True))
    for (name, modified), colour in zip(ways, (COLOURS[1], COLOURS[0]), strict=True):
        values = [loss(gram_schmidt(spectrum(rng, 2 * n, n, c), modified)[0]) for c in conditions]
        left.loglog(conditions, values, "o-", ms=3.5, color=colour, label=name)
    reflected = [loss(np.linalg.qr(spectrum(rng, 2 * n, n, c))[0]) for c in conditions]
    left.loglog(conditions, reflected, "o-", ms=3.5, color=COLOURS[2], label="Householder")
    left.loglog(conditions, np.minimum(conditions**2 * 2.0**-52, 1), ":", color=COLOURS[6], lw=1)
    left.loglog(conditions, conditions * 2.0**-52, ":", color=COLOURS[6], lw=1)
    left.axvline(10.0**exponent, color=COLOURS[6], lw=0.8)
    left.set(xlabel=r"condition number $\kappa$", ylabel=r"$\|Q^T Q - I\|$", ylim=(1e-16, 30))
    left.legend(frameon=False, fontsize=9.5)
    Qs = {name: gram_schmidt(A, modified)[0] for name, modified in ways}
    shown = np.concatenate([np.abs(Q.T @ Q - np.eye(n)) for Q in Qs.values()], axis=1)
    image = right.imshow(np.log10(np.maximum(shown, 1e-17)), vmin=-17, vmax=0, cmap="magma", aspect="equal")
    right.axvline(n - 0.5, color="white", lw=2)
    right.set(xticks=[n / 2 - 0.5, 1.5 * n - 0.5], xticklabels=["classical", "modified"], yticks=[])
    right.set_title(r"$\log_{10}|Q^T Q - I|$, entry by entry", fontsize=10)
    fig.colorbar(image, ax=right, shrink=0.7)
    lost = {name: loss(Q) for name, Q in Qs.items()}
    words = Text(
        f"{n} vectors of condition number {10**exponent:.2g}: the classical way is {lost['classical']:.1e} from orthonormal, the modified {lost['modified']:.1e}. "
        f"Dotted lines: κ²ε = {min(1.0, 10 ** (2 * exponent) * 2.0**-52):.1e} (at most 1) and κε = {10**exponent * 2.0**-52:.1e}.",
        f"{n} 个向量，条件数 {10**exponent:.2g}：经典方法偏离标准正交 {lost['classical']:.1e}，修正方法 {lost['modified']:.1e}。"
        f"虚线：κ²ε = {min(1.0, 10 ** (2 * exponent) * 2.0**-52):.1e}（至多为 1）与 κε = {10**exponent * 2.0**-52:.1e}。",
    )
    return Drawing(fig, words)
