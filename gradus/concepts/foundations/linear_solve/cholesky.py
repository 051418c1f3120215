"""Cholesky factorisation of a positive definite matrix."""

import numpy as np

from gradus.concepts.foundations.linear_solve.matrices import hilbert, positive_definite, with_spectrum
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, roundoff, statistical
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas

CHOLESKY = Concept(
    key="cholesky",
    kind="algorithm",
    title="Cholesky factorisation",
    summary="A symmetric positive definite matrix is the product of one lower triangular matrix with its transpose, "
    r"$A=LL^{\mathsf T}$: half the work of LU, and stable without pivoting. It is the test for positive definiteness, "
    "the way to draw from a normal distribution with a given covariance, and gives log-determinants.",
    formulas=(
        r"A=LL^{\mathsf T},\qquad l_{jj}=\sqrt{a_{jj}-\sum_{k<j}l_{jk}^2},\qquad l_{ij}=\frac1{l_{jj}}\Bigl(a_{ij}-\sum_{k<j}l_{ik}l_{jk}\Bigr)\quad(i>j)",
        r"\log\det A=2\sum_i\log l_{ii},\qquad z\sim N(0,I)\;\Rightarrow\;Lz\sim N(0,A)",
    ),
    symbols=(
        Symbol("A", "A", "n n", "symmetric positive definite matrix; of another one, its symmetric part"),
        Symbol("L", "", "n n", "lower triangular with positive diagonal"),
        Symbol("z", "", "n", "standard normal vector"),
    ),
    needs=("lu", "inner-product"),
    source="benoit1924note",
    year=1924,
    people=("André-Louis Cholesky", "Commandant Benoit"),
    aliases="Cholesky decomposition, LLᵀ, 乔列斯基分解, 楚列斯基分解, 平方根法",
    implementations=(Implementation("torch.linalg:cholesky", "torch"),),
    readings="golub2013matrix §4.2; higham2002accuracy ch. 10; trefethen1997numerical lecture 23",
    hypotheses=(Hypothesis("A is positive definite", "rejects-invalid-input"),),
    conventions=(
        Convention(
            "which factor",
            r"the lower, $A=LL^{\mathsf T}$, as in NumPy and PyTorch",
            r"`scipy.linalg.cholesky` and MATLAB return the upper, $A=R^{\mathsf T}R$, unless told",
        ),
    ),
    deviations="NumPy, PyTorch and `scipy.linalg.cholesky(lower=True)` read the lower triangle alone and never "
    "notice an asymmetric matrix. PyTorch's gradient is that of the symmetric part, as here.",
)


@CHOLESKY.definition
def cholesky(A):
    n = len(A)
    S = (A + A.T) / 2
    columns = []
    for j in range(n):
        if not S[j, j] > 0:
            raise ValueError("the matrix is not positive definite")
        column = np.where(np.arange(n) >= j, S[:, j], 0) / np.sqrt(S[j, j])
        columns.append(column)
        S = S - column[:, None] * column
    return np.stack(columns, axis=1)


@CHOLESKY.example
def example():
    A = np.array([[4.0, 2.0, -2.0], [2.0, 10.0, 2.0], [-2.0, 2.0, 6.0]])
    L, z = cholesky(A), np.array([1.0, -1.0, 0.5])
    S = A - np.outer(L[:, 0], L[:, 0])
    T = S - np.outer(L[:, 1], L[:, 1])
    low, x = A - 5 * np.diag([0.0, 0.0, 1.0]), np.array([2.0, -1.0, 3.0])
    return (
        dict(A=A, L=L, first=L[:, 0], S=S, second=L[:, 1], T=T, third=L[2, 2], det=np.prod(np.diag(L)) ** 2)
        | dict(logdet=2 * np.log(np.diag(L)).sum(), z=z, draw=L @ z, least=A[2, 2] - T[2, 2], low=low[2, 2])
        | dict(low_rest=low[2, 2] - (L[2, :2] ** 2).sum(), x=x, betrayed=x @ low @ x)
    )


@CHOLESKY.exercise
def correlated_pair():
    L = cholesky(np.array([[1.0, 0.8], [0.8, 1.0]]))
    return number(L[1, 1], root_forgotten=L[1, 1] ** 2, not_squared=1 - 0.8, without_reduction=1.0)


@CHOLESKY.exercise
def rows_times_l():
    L = cholesky(np.array([[4.0, 2.0], [2.0, 10.0]]))
    return array(L.T @ L, as_intended=L @ L.T, factor_itself=L)


@CHOLESKY.exercise
def smallest_corner():
    def works(c):
        try:
            cholesky(np.array([[1.0, 2.0], [2.0, c]]))
        except ValueError:
            return False
        return True

    limits = [c for c in (3.0, 4.0, 5.0) if works(c)]
    return choice(three=min(limits) == 3, four=min(limits) == 4, five=min(limits) == 5)


@CHOLESKY.cases
def cases(rng):
    yield "random", dict(A=positive_definite(rng, 5))
    yield "identity", dict(A=np.eye(3))
    yield "a single number", dict(A=np.array([[9.0]]))
    yield "unlike scales", dict(A=positive_definite(rng, 3) * np.outer([1.0, 30.0, 0.02], [1.0, 30.0, 0.02]))
    yield "strong correlation", dict(A=np.array([[1.0, 0.95], [0.95, 1.0]]))


@CHOLESKY.invalid
def invalid(rng):
    yield "indefinite matrix", dict(A=np.array([[1.0, 2.0], [2.0, 1.0]]))
    yield "negative diagonal", dict(A=-np.eye(2))
    yield "matrix that is not square", dict(A=np.ones((3, 2)))


@CHOLESKY.claim
def square_is_the_matrix(cholesky, rng):
    r"""$LL^{\mathsf T}=A$ within $c\,n\,\varepsilon\max a_{ii}$ and without pivoting, even at $\kappa=1.6\cdot10^{13}$
    (Hilbert, n = 10)"""
    for A in (positive_definite(rng, 25), hilbert(10), with_spectrum(rng, np.logspace(0, -9, 12))):
        L = cholesky(A)
        yield roundoff(L @ L.T, A, terms=len(A) + 1, scale=float(np.diag(A).max()))


@CHOLESKY.claim
def triangular_with_positive_diagonal(cholesky, rng):
    """L is lower triangular with a positive diagonal, which makes it the only one"""
    L = cholesky(positive_definite(rng, 9))
    yield identical(np.triu(L, 1), np.zeros((9, 9)))
    yield bound(np.diag(L).min(), 0.05, "≥", Text("far above 0", "远大于 0"))


@CHOLESKY.claim
def leading_blocks(cholesky, rng):
    """The factor of a leading block is the leading block of the factor"""
    A = positive_definite(rng, 8)
    L = cholesky(A)
    kappa = float(np.linalg.cond(A))
    evidence = [roundoff(cholesky(A[:k, :k]), L[:k, :k], terms=8, scale=kappa) for k in (1, 3, 6)]
    return all_of(*evidence)


@CHOLESKY.claim
def log_determinant(cholesky, rng):
    r"""$2\sum\log l_{ii}=\sum\log\lambda_i$, the eigenvalues"""
    values = np.logspace(-3, 3, 9) * rng.uniform(0.5, 2, 9)
    L = cholesky(with_spectrum(rng, values))
    kappa = values.max() / values.min()
    return roundoff(2 * np.log(np.abs(np.diag(L))).sum(), np.log(values).sum(), terms=9, scale=float(kappa))


@CHOLESKY.claim
def draws_have_the_covariance(cholesky, rng):
    """$Lz$ has covariance A: 20 000 draws"""
    A = np.array([[4.0, 1.2, -0.4], [1.2, 1.0, 0.3], [-0.4, 0.3, 0.5]])
    draws = rng.standard_normal((20_000, 3)) @ cholesky(A).T
    return all_of(*[statistical(draws[:, i] * draws[:, j], A[i, j]) for i in range(3) for j in range(i + 1)])


@CHOLESKY.mutant(caught_by="equals-definition, triangular-with-positive-diagonal, draws-have-the-covariance")
def upper_factor(A):
    """the upper factor is returned"""
    return cholesky(A).T


@CHOLESKY.mutant(caught_by="triangular-with-positive-diagonal, leading-blocks, log-determinant")
def symmetric_root(A):
    """the symmetric square root $A^{1/2}$"""
    values, V = np.linalg.eigh(A)
    return V * np.sqrt(np.maximum(values, 0)) @ V.T


@CHOLESKY.mutant(caught_by="square-is-the-matrix, log-determinant, draws-have-the-covariance")
def without_root(A):
    r"""the diagonal is not rooted (the L of $LDL^{\mathsf T}$)"""
    L = cholesky(A)
    return L / np.diag(L)


@CHOLESKY.mutant(caught_by="square-is-the-matrix, log-determinant, equals-definition")
def diagonal_not_reduced(A):
    """earlier columns are not subtracted from the diagonal"""
    L = cholesky(A)
    return L - np.diag(np.diag(L)) + np.diag(np.sqrt(np.diag(A)))


@CHOLESKY.figure(
    correlation=Slider(-0.98, 0.98, 0.8, "correlation"),
    deviation=Slider(0.3, 2.0, 1.4, "standard deviation of the first variable"),
)
def figure(correlation, deviation):
    A = np.array([[deviation**2, correlation * deviation], [correlation * deviation, 1.0]])
    L, root = cholesky(A), symmetric_root(A)
    z = np.random.default_rng(3).standard_normal((300, 2))
    t = np.linspace(0, 2 * np.pi, 200)
    circle = np.stack([np.cos(t), np.sin(t)])
    fig, axes = canvas(columns=3, width=8.6, height=3.2)
    shown = ((np.eye(2), "z, standard normal"), (L, r"$Lz$"), (root, r"$A^{1/2}z$"))
    for ax, (M, name) in zip(axes, shown, strict=True):
        ax.scatter(*(M @ z.T), s=6, color=COLOURS[0], alpha=0.35, linewidths=0)
        ax.plot(*(2 * M @ circle), color=COLOURS[6], lw=1)
        for column, colour in zip(M.T, (COLOURS[1], COLOURS[2]), strict=True):
            ax.annotate("", 2 * column, (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
        ax.set(aspect="equal", xlim=(-4.6, 4.6), ylim=(-4.6, 4.6), title=name)
    sample = np.corrcoef(L @ z.T)[0, 1]
    same = bool(np.allclose(L, root))
    axes_en, axes_zh = ("here as well", "在此也相同") if same else ("are not", "却不同")
    words = Text(
        f"L = ({L[0, 0]:.3f}, 0; {L[1, 0]:.3f}, {L[1, 1]:.3f}), row by row. The ellipses of Lz and of the symmetric root times z are the same, the images of the axes {axes_en}: "
        f"L leaves the second axis vertical. The 300 draws have correlation {sample:.2f}, {correlation:.2f} was asked for.",
        f"按行 L = ({L[0, 0]:.3f}, 0; {L[1, 0]:.3f}, {L[1, 1]:.3f})。Lz 与对称平方根乘 z 所得的椭圆相同，坐标轴的像{axes_zh}：L 使第二条轴保持竖直。300 个样本的相关系数为 {sample:.2f}，设定值为 {correlation:.2f}。",
    )
    return Drawing(fig, words)
