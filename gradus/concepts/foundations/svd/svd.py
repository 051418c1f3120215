"""The singular value decomposition: every matrix is an orthogonal map, a stretching of axes, an orthogonal map."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, bound, near, roundoff
from gradus.page.exercises import number
from gradus.page.figures import COLOURS, canvas


def _torch(svd, A):
    return svd(A, full_matrices=False)


def one_sign(result):
    """Of the two choices ±(u, v) of each pair, the one whose u has its largest entry positive."""
    U, s, Vt = result
    columns = list(range(U.shape[1]))
    top = U[abs(U).argmax(0), columns]
    sign = (top >= 0) * 2 - 1
    return U * sign, s, Vt * sign[:, None]


SVD = Concept(
    key="svd",
    kind="theorem",
    title="Singular value decomposition",
    summary=r"Every matrix maps some orthonormal basis to orthogonal vectors: $Av_i=\sigma_iu_i$. The singular values "
    r"$\sigma_i$ give norm, rank, condition number and the pseudo-inverse; keeping the k largest gives a nearest "
    "matrix of rank at most k, in the Frobenius norm the only one unless the next is as large.",
    formulas=(
        r"A=U\Sigma V^{\mathsf T}=\sum_{i=1}^{r}\sigma_iu_iv_i^{\mathsf T},\qquad U^{\mathsf T}U=V^{\mathsf T}V=I,\qquad \sigma_1\ge\dots\ge\sigma_r\ge0,\quad r=\min(m,n)",
        r"\lVert A\rVert_2=\sigma_1,\qquad \lVert A\rVert_F=\sqrt{\textstyle\sum_i\sigma_i^2},\qquad A^{+}=\sum_{\sigma_i>0}\frac{v_iu_i^{\mathsf T}}{\sigma_i}",
        r"A_k=\sum_{i\le k}\sigma_iu_iv_i^{\mathsf T},\ k<r:\qquad \min_{\operatorname{rank}B\le k}\lVert A-B\rVert_2=\lVert A-A_k\rVert_2=\sigma_{k+1}",
        r"\min_{\operatorname{rank}B\le k}\lVert A-B\rVert_F=\lVert A-A_k\rVert_F=\sqrt{\textstyle\sum_{i>k}\sigma_i^2}",
        r"\lvert\sigma_i(A+E)-\sigma_i(A)\rvert\le\lVert E\rVert_2",
    ),
    symbols=(
        Symbol("A", "A", "m n", "matrix"),
        Symbol("U", "", "m r", "left singular vectors, one a column"),
        Symbol(r"\Sigma", "", "r r", "diagonal matrix of the singular values"),
        Symbol(r"\sigma_i", "", "r", "singular values, the largest first"),
        Symbol("V", "", "n r", "right singular vectors, one a column; its transpose is returned"),
        Symbol("A_k", "", "m n", "sum of the first k terms"),
        Symbol("A^{+}", "", "n m", "pseudo-inverse (Moore–Penrose)"),
        Symbol("E", "", "m n", "any perturbation"),
        Symbol("B", "", "m n", "any matrix of rank at most k"),
    ),
    returns=(
        Result("U", "m r", "left singular vectors in the columns"),
        Result("s", "r", "singular values, the largest first"),
        Result("Vt", "r n", "right singular vectors in the rows"),
    ),
    needs=("matrix-product", "norm", "inner-product"),
    source="eckart1936approximation",
    year=1873,
    people=("Eugenio Beltrami", "Camille Jordan", "Carl Eckart", "Gale Young", "Gene Golub"),
    aliases="singular values, low-rank approximation, Eckart-Young, pseudoinverse, "
    "奇异值, 低秩近似, 伪逆, 埃卡特-杨定理",
    implementations=(Implementation("torch.linalg:svd", "torch", _torch),),
    readings="trefethen1997numerical lectures 4–5, 31; golub2013matrix §2.4, 8.6; stewart1993early; "
    "hestenes1958inversion",
    hypotheses=(
        Hypothesis(
            r"For the only nearest matrix, in the Frobenius norm: $\sigma_k>\sigma_{k+1}$; in the spectral norm there are others unless $A_k=A$",
            "nearest-need-not-be-one",
        ),
    ),
    conventions=(
        Convention(
            "signs",
            "the largest entry of $u_i$ is positive",
            "left open by LAPACK, NumPy and PyTorch; for equal singular values any rotation within their space is as good",
        ),
        Convention(
            "what is returned",
            r"U, the singular values and $V^{\mathsf T}$, in the economic size $r=\min(m,n)$",
            r"NumPy, SciPy and PyTorch return $V^{\mathsf T}$, MATLAB V; all return the full square U and V unless told otherwise",
        ),
    ),
    deviations=r"The gradient of U and V divides by $\sigma_i^2-\sigma_j^2$: it does not exist where singular values are "
    "equal.",
    canonical=one_sign,
)


@SVD.definition
def svd(A):
    if A.shape[0] < A.shape[1]:
        V, s, Ut = svd(A.T)
        return one_sign((Ut.T, s, V.T))
    n = A.shape[1]
    W, V = np.array(A), np.eye(n)  # W = AV; turned until its columns are orthogonal
    for _ in range(40):
        still = True
        for p in range(n - 1):
            for q in range(p + 1, n):
                a, b, c = W[:, p] @ W[:, p], W[:, q] @ W[:, q], W[:, p] @ W[:, q]
                if abs(c) <= 1e-16 * np.sqrt(a * b):
                    continue
                z = (b - a) / (2 * c)  # cot 2φ of the angle that makes columns p and q orthogonal
                t = (1 if z >= 0 else -1) / (abs(z) + np.sqrt(1 + z * z))
                R = np.array([[1, t], [-t, 1]]) / np.sqrt(1 + t * t)
                W[:, [p, q]], V[:, [p, q]] = W[:, [p, q]] @ R, V[:, [p, q]] @ R
                still = False
        if still:
            break
    s = np.sqrt((W * W).sum(axis=0))
    order = np.argsort(-s)
    Q, R = np.linalg.qr(W[:, order])  # W/σ, and an orthonormal rest where σ = 0
    U = Q * np.where(np.diag(R) < 0, -1, 1)
    return one_sign((U, s[order], V[:, order].T))


def with_singular_values(rng, m, n, s):
    U = np.linalg.qr(rng.standard_normal((m, len(s))))[0]
    V = np.linalg.qr(rng.standard_normal((n, len(s))))[0]
    return U * s @ V.T


@SVD.example
def example():
    A = np.array([[4.0, 0.0], [5.0, 3.0], [2.0, 6.0]])
    U, s, Vt = svd(A)
    A1 = s[0] * np.outer(U[:, 0], Vt[0])
    x = np.array([1.0, 0.0])
    b = np.array([4.0, 5.0, 2.0])
    return (
        dict(A=A, gram=A.T @ A, lam=s**2, s=s, U=U.T, V=Vt, Av1=A @ [1.0, 1.0], Av2=A @ [1.0, -1.0], A1=A1)
        | dict(rest=A - A1, lost=np.linalg.norm(A - A1), frobenius=np.linalg.norm(A), squares=(A**2).sum())
        | dict(share=s[0] ** 2 / (s**2).sum(), kappa=s[0] / s[1], column=np.linalg.norm(A @ x))
        | dict(pinv=(Vt.T / s) @ U.T, pinv_b=((Vt.T / s) @ U.T @ b).round(12), b=b)
    )


@SVD.exercise
def error_of_rank_one():
    s = svd(np.diag([5.0, 3.0, 1.0]))[1]
    return number(
        np.sqrt((s[1:] ** 2).sum() / (s**2).sum()),
        sums_not_squares=s[1:].sum() / s.sum(),
        root_forgotten=(s[1:] ** 2).sum() / (s**2).sum(),
        spectral_norm=s[1] / s[0],
    )


@SVD.exercise
def all_eigenvalues_zero():
    A = np.array([[0.0, 3.0], [0.0, 0.0]])
    return number(svd(A)[1][0], eigenvalue=np.abs(np.linalg.eigvals(A)).max(), not_rooted=svd(A)[1][0] ** 2)


@SVD.exercise
def worth_storing():
    m, n = 1000, 400
    ranks = np.arange(1, n + 1)
    return number(ranks[ranks * (m + n + 1) < m * n].max(), 0.001, full_rank=n, one_factor_forgotten=m * n // (m + 1))


@SVD.cases
def cases(rng):
    yield "tall", dict(A=rng.standard_normal((6, 3)))
    yield "wide", dict(A=rng.standard_normal((3, 5)))
    yield "square", dict(A=rng.standard_normal((4, 4)))
    yield "a number", dict(A=np.array([[-2.0]]))
    yield "one column", dict(A=rng.standard_normal((4, 1)))
    yield "columns of unlike size", dict(A=rng.standard_normal((5, 3)) * [1e-3, 1.0, 50.0])


@SVD.invalid
def invalid(rng):
    yield "a vector", dict(A=np.ones(3))


@SVD.claim
def factors_are_orthonormal(svd, rng):
    r"""$U^{\mathsf T}U=V^{\mathsf T}V=I$, also for a matrix of rank 2, of rank 0, and with equal singular values"""
    low = rng.standard_normal((9, 2)) @ rng.standard_normal((2, 6))
    for A in (rng.standard_normal((12, 7)), rng.standard_normal((5, 9)), low, np.zeros((4, 3)), np.eye(5)):
        U, _, Vt = svd(A)
        r = min(A.shape)
        for M in (U.T @ U, Vt @ Vt.T):
            yield roundoff(M, np.eye(r), terms=12)


@SVD.claim
def product_is_the_matrix(svd, rng):
    r"""$A=U\Sigma V^{\mathsf T}$ with $\sigma_1\ge\dots\ge\sigma_r\ge0$"""
    low = rng.standard_normal((9, 2)) @ rng.standard_normal((2, 6))
    large = rng.standard_normal((30, 20))
    for A in (rng.standard_normal((12, 7)), rng.standard_normal((5, 9)), low, 1e6 * np.eye(4), large):
        U, s, Vt = svd(A)
        yield roundoff(U * s @ Vt, A, terms=len(A), scale=float(np.linalg.norm(A)))
        why = Text("descending, none below 0", "从大到小，均非负")
        yield bound(np.append(s, 0.0).min() + min(0.0, (-np.diff(s)).min()), 0.0, "≥", why)


@SVD.claim
def squares_are_eigenvalues(svd, rng):
    r"""$\sigma_i^2$ are the eigenvalues of $A^{\mathsf T}A$; a matrix made with known singular values gives them
    back"""
    A, want = rng.standard_normal((9, 5)), np.array([7.0, 3.0, 3.0, 0.5, 0.01])
    s = svd(A)[1]
    yield roundoff(s**2, np.linalg.eigvalsh(A.T @ A)[::-1], terms=9, scale=float(s[0] ** 2))
    yield roundoff(svd(with_singular_values(rng, 8, 6, want))[1], np.append(want, 0.0), terms=8)


@SVD.claim
def small_singular_values_survive(svd, rng):
    r"""Small singular values survive beside large ones: $10^{-10}$ beside 1 is found to four digits, which
    $A^{\mathsf T}A$ cannot hold"""
    want = np.array([1.0, 1e-3, 1e-10])
    return roundoff(svd(with_singular_values(rng, 10, 3, want))[1], want, terms=10)


@SVD.claim
def no_perturbation_does_better(svd, rng):
    r"""Eckart–Young: $\lVert A-A_k\rVert_2=\sigma_{k+1}$, $\lVert A-A_k\rVert_F$ is the tail, and no matrix of rank k
    near $A_k$ does better, down the gradient or in random directions"""
    spectrum = 1 / np.arange(1.0, 9.0)
    A = with_singular_values(rng, 10, 8, spectrum)
    U, s, Vt = svd(A)
    for k in (1, 3, 6):
        left, right = U[:, :k] * s[:k], Vt[:k]
        tail = float(np.sqrt((spectrum[k:] ** 2).sum()))
        error = A - left @ right
        yield roundoff(np.linalg.norm(error, 2), spectrum[k], terms=10, scale=1.0)
        yield roundoff(np.linalg.norm(error), tail, terms=10, scale=1.0)
        ways = [(error @ right.T, left.T @ error)]  # the negative gradient in both factors: 0 at an optimum
        ways += [(rng.standard_normal((10, k)), rng.standard_normal((k, 8))) for _ in range(15)]
        for size in (0.3, 1e-3):
            near_by = [A - (left + size * X) @ (right + size * Y) for X, Y in ways]
            why = Text("the optimum, less rounding", "最优值，减去舍入")
            yield bound(min(np.linalg.norm(E) for E in near_by), tail - 40 * EPSILON, "≥", why)
            yield bound(min(np.linalg.norm(E, 2) for E in near_by), spectrum[k] - 40 * EPSILON, "≥", why)


@SVD.claim
def alternating_least_squares_ends_there(svd, rng):
    """Alternating least squares, which knows nothing of singular values, ends at the same tail from
    almost every start; from a right factor orthogonal to $v_1$, it does not"""
    A, k = with_singular_values(rng, 9, 7, 2.0 ** -np.arange(7.0)), 2
    s = svd(A)[1]
    tail = float(np.sqrt((s[k:] ** 2).sum()))
    for _ in range(3):
        Y = rng.standard_normal((k, 7))
        for _ in range(60):  # the error falls by (σ₃/σ₂)⁴ = 1/16 a round
            X = np.linalg.lstsq(Y.T, A.T, rcond=None)[0].T
            Y = np.linalg.lstsq(X, A, rcond=None)[0]
        yield roundoff(np.linalg.norm(A - X @ Y), tail, terms=9, scale=1.0)
    D, Y = np.diag([3.0, 2.0, 1.0]), np.array([[0.0, 0.0, 1.0]])
    for _ in range(60):
        X = np.linalg.lstsq(Y.T, D.T, rcond=None)[0].T
        Y = np.linalg.lstsq(X, D, rcond=None)[0]
    yield roundoff(np.linalg.norm(D - X @ Y), np.sqrt(13), terms=9)  # √5 would be least


@SVD.claim
def nearest_need_not_be_one(svd, rng):
    r"""Where $\sigma_k=\sigma_{k+1}$ the nearest is not the only one: every $2vv^{\mathsf T}$, v of length 1, is as near to
    $2I_3$ as $A_1$, at the Frobenius distance $2\sqrt2$. In the spectral norm it is not even else, unless
    $\sigma_{k+1}=0$: to diag(2, 1) all diag(t, 0), t from 1 to 3, have the distance 1"""
    A = 2 * np.eye(3)
    U, s, Vt = svd(A)
    yield roundoff(np.linalg.norm(A - np.outer(U[:, 0] * s[0], Vt[0])), np.sqrt(8), terms=3)
    for v in rng.standard_normal((5, 3)):
        yield roundoff(np.linalg.norm(A - 2 * np.outer(v, v) / (v @ v)), np.sqrt(8), terms=3)
    D = np.diag([2.0, 1.0])
    U, s, Vt = svd(D)
    first = np.outer(U[:, 0] * s[0], Vt[0])
    for t in (0.5, 1.0, 1.5):  # multiples of A₁ = diag(2, 0)
        yield roundoff(np.linalg.norm(D - t * first, 2), 1.0, terms=2)


@SVD.claim
def perturbation_bound(svd, rng):
    r"""Weyl: a perturbation E moves no singular value by more than $\lVert E\rVert_2$, and $E=u_iv_i^{\mathsf T}$
    moves the i-th by exactly 1, unless it passes the one above: here 7 below 9"""
    A = with_singular_values(rng, 8, 6, np.array([9.0, 7.0, 5.0, 3.0, 1.5, 0.1]))
    U, s, Vt = svd(A)
    moved = []
    for size in (1e-6, 1e-2, 1.0) * 4:
        E = size * rng.standard_normal((8, 6))
        moved.append(np.abs(svd(A + E)[1] - s).max() / np.linalg.norm(E, 2))
    sharp = svd(A + np.outer(U[:, 1], Vt[1]))[1][1] - s[1]
    yield bound(
        max(moved), 1 + 1e-8, "≤", Text("1, and rounding beside E of size 1e-6", "1，以及相对于大小为 1e-6 的 E 的舍入")
    )
    yield roundoff(sharp, 1.0, terms=8, scale=9.0)


@SVD.claim
def pseudo_inverse(svd, rng):
    r"""$A^+=\sum_{\sigma_i>0}v_iu_i^{\mathsf T}/\sigma_i$ satisfies Penrose's four equations and gives the least-squares solution of
    least norm, also at deficient rank, as here"""
    A, b = with_singular_values(rng, 7, 5, np.array([3.0, 2.0, 0.5])), rng.standard_normal(7)
    U, s, Vt = svd(A)
    kept = s > 1e-12 * s[0]
    P = (Vt[kept].T / s[kept]) @ U[:, kept].T
    x = P @ b
    kernel = Vt[~kept]  # orthonormal, so that x + kernel·t is longer than x
    for M, N in ((A @ P @ A, A), (P @ A @ P, P), (A @ P, (A @ P).T), (P @ A, (P @ A).T)):
        yield roundoff(M, N, terms=7, scale=6.0)
    yield roundoff(A.T @ (b - A @ x), np.zeros(5), terms=7, scale=20.0)
    yield roundoff(kernel @ x, np.zeros(2), terms=7, scale=6.0)
    yield near(kept.sum(), 3, 0, Text("rank", "秩"), "identical")


@SVD.mutant(caught_by="equals-definition, product-is-the-matrix, no-perturbation-does-better")
def v_not_transposed(A):
    """V instead of its transpose"""
    U, s, Vt = svd(A)
    return U, s, Vt.T if Vt.shape[0] == Vt.shape[1] else np.roll(Vt, 1, axis=1)


@SVD.mutant(
    caught_by="squares-are-eigenvalues, perturbation-bound, alternating-least-squares-ends-there, "
    "nearest-need-not-be-one"
)
def squared_values(A):
    r"""the eigenvalues of $A^{\mathsf T}A$ are not rooted"""
    U, s, Vt = svd(A)
    return U, s**2, Vt


@SVD.mutant(caught_by="small-singular-values-survive, factors-are-orthonormal")
def through_the_gram_matrix(A):
    r"""computed from the eigenvectors of $A^{\mathsf T}A$"""
    values, V = np.linalg.eigh(A.T @ A)
    r = min(A.shape)
    s, V = np.sqrt(np.maximum(values[::-1][:r], 0)), V[:, ::-1][:, :r]
    with np.errstate(all="ignore"):
        return one_sign((np.nan_to_num(A @ V / s), s, V.T))


@SVD.mutant(caught_by="equals-definition, product-is-the-matrix, no-perturbation-does-better")
def ascending(A):
    """smallest singular value first"""
    U, s, Vt = svd(A)
    return U[:, ::-1], s[::-1], Vt[::-1]


@SVD.mutant(caught_by="factors-are-orthonormal, pseudo-inverse")
def columns_not_normalised(A):
    """the columns of AV are not normalised"""
    U, s, Vt = svd(A)
    return U * s, np.ones_like(s), Vt


def picture(n=72):
    """Rings around a corner, a disc and a bar: something with a full rank and a quick decay."""
    y, x = np.mgrid[0 : 1 : n * 1j, 0 : 1 : n * 1j]
    rings = 0.5 + 0.5 * np.cos(26 * np.hypot(x - 0.1, y - 0.15))
    disc = (np.hypot(x - 0.68, y - 0.62) < 0.2).astype(float)
    bar = (np.abs(x + 0.35 * y - 0.55) < 0.03).astype(float)
    return 0.45 * rings + 0.8 * disc - 0.5 * bar


@SVD.figure(
    shear=Slider(-2.0, 2.0, 0.9, "upper right entry of the 2×2 matrix"),
    k=Slider(1, 72, 6, "rank kept of the picture", log=True, integer=True),
)
def figure(shear, k):
    A, k = np.array([[1.2, shear], [0.3, 0.8]]), int(k)
    U, s, Vt = np.linalg.svd(A)
    t = np.linspace(0, 2 * np.pi, 240)
    circle = np.stack([np.cos(t), np.sin(t)])
    fig, ((before, after), (original, shown)) = canvas(columns=2, rows=2, width=6.4, height=6.0)
    for ax, curve, ends, name in (
        (before, circle, Vt, "$v_1,v_2$"),
        (after, A @ circle, s[:, None] * U.T, r"$Av_i=\sigma_iu_i$"),
    ):
        ax.plot(*curve, color=COLOURS[6], lw=1.2)
        for end, colour in zip(ends, (COLOURS[0], COLOURS[1]), strict=True):
            ax.annotate("", end, (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
        ax.set(aspect="equal", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), title=name)
    P = picture()
    u, values, vt = np.linalg.svd(P)
    original.imshow(P, cmap="gray")
    original.set(xticks=[], yticks=[], title="the picture")
    shown.imshow(u[:, :k] * values[:k] @ vt[:k], cmap="gray", vmin=P.min(), vmax=P.max())
    tail = float(np.sqrt((values[k:] ** 2).sum() / (values**2).sum()))
    shown.set(xticks=[], yticks=[], title=f"rank {k} of {len(P)}, error {100 * tail:.2g} %")
    stored = k * (2 * len(P) + 1) / P.size
    words = Text(
        f"The circle becomes an ellipse with half axes {s[0]:.3f} and {s[1]:.3f}; their product is |det| = {abs(np.linalg.det(A)):.3f}. "
        f"Rank {k} of the {len(P)}×{len(P)} picture leaves a relative Frobenius error of {100 * tail:.2g} % and needs {100 * stored:.0f} % of the numbers.",
        f"圆变为半轴 {s[0]:.3f} 与 {s[1]:.3f} 的椭圆，两者之积为 |det| = {abs(np.linalg.det(A)):.3f}。"
        f"{len(P)}×{len(P)} 图像取秩 {k}，Frobenius 相对误差 {100 * tail:.2g}%，只需 {100 * stored:.0f}% 的数。",
    )
    return Drawing(fig, words)
