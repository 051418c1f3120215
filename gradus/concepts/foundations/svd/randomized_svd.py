"""Randomised SVD: the range of a large matrix from its products with a few random vectors."""

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, bound, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


class _Given(np.random.RandomState):
    """A generator whose normal draw is the given matrix, so that scikit-learn works on our Ω."""

    def __init__(self, Omega):
        super().__init__(0)
        self.Omega = Omega

    def normal(self, loc=0.0, scale=1.0, size=None):
        if size != self.Omega.shape:
            raise ValueError(f"Omega has shape {self.Omega.shape}, expected {size}")
        return self.Omega


def _sklearn(randomized_svd, A, Omega, k, q):
    p = Omega.shape[1] - k
    return randomized_svd(
        A, k, n_oversamples=p, n_iter=q, power_iteration_normalizer="QR", transpose=False, random_state=_Given(Omega)
    )


def one_sign(result):
    """Of the two choices ±(u, v) of each pair, the one whose u has its largest entry positive."""
    U, s, Vt = result
    top = U[abs(U).argmax(0), list(range(U.shape[1]))]
    sign = (top >= 0) * 2 - 1
    return U * sign, s, Vt * sign[:, None]


RANDOMIZED_SVD = Concept(
    key="randomized-svd",
    kind="algorithm",
    title="Randomised SVD",
    summary="Products of A with k + p random vectors span, nearly, its k leading left singular vectors; the SVD of "
    "the small matrix that is left gives the rest. How nearly depends on the decay of the spectrum: q power "
    r"iterations take $\sigma_i$ to $\sigma_i^{2q+1}$. With slow decay, q = 0 is far from the optimum in the "
    "spectral norm and close to it in Frobenius's.",
    formulas=(
        r"Y=(AA^{\mathsf T})^{q}A\,\Omega,\quad Y=QR;\qquad Q^{\mathsf T}A=\tilde U\Sigma V^{\mathsf T},\quad U=Q\tilde U,\qquad A\approx U_k\Sigma_kV_k^{\mathsf T}",
        r"q=0,\ k,p\ge2:\qquad \operatorname{E}\lVert A-QQ^{\mathsf T}A\rVert_F\le\left(1+\frac{k}{p-1}\right)^{1/2}\Bigl(\sum_{j>k}\sigma_j^2\Bigr)^{1/2}",
        r"q=0,\ k,p\ge2:\qquad \operatorname{E}\lVert A-QQ^{\mathsf T}A\rVert_2\le\left(1+\sqrt{\frac{k}{p-1}}\right)\sigma_{k+1}+\frac{e\sqrt{k+p}}{p}\Bigl(\sum_{j>k}\sigma_j^2\Bigr)^{1/2}",
    ),
    symbols=(
        Symbol("A", "A", "m n", "matrix"),
        Symbol(r"\Omega", "Omega", "n l", "standard normal matrix; its width is l = k + p"),
        Symbol("k", "k", "", "rank wanted", "natural"),
        Symbol("q", "q", "", "power iterations", "natural"),
        Symbol("p", "", "", "oversampling: the columns beyond k"),
        Symbol("Q", "", "m l", "orthonormal basis of the sampled range"),
        Symbol(r"U_k,\Sigma_k,V_k", "", "", r"the k leading singular vectors and values of $QQ^{\mathsf T}A$"),
    ),
    returns=(
        Result("U", "m k", "left singular vectors in the columns"),
        Result("s", "k", "singular values, the largest first"),
        Result("Vt", "k n", "right singular vectors in the rows"),
    ),
    needs=("svd", "expectation"),
    source="halko2011finding",
    year=2011,
    people=("Nathan Halko", "Per-Gunnar Martinsson", "Joel Tropp", "Vladimir Rokhlin"),
    aliases="rSVD, randomised low-rank approximation, Halko, 随机 SVD, 随机化奇异值分解, 随机化低秩近似",
    implementations=(
        Implementation(
            "sklearn.utils.extmath:randomized_svd", "numpy", _sklearn, "draws Ω itself; here it is handed ours"
        ),
    ),
    readings="halko2011finding §1.6, 4.5, 10.2; golub2013matrix §10.4",
    hypotheses=(
        Hypothesis(r"the columns of Ω are independent standard normal vectors", "one-vector"),
        Hypothesis("Q has orthonormal columns", "basis-not-orthonormal"),
    ),
    deviations="scikit-learn normalises by LU, or for q ≤ 2 not at all, unless told; q is 7 for k below a tenth of "
    "the size and else 4, p is 10. `torch.svd_lowrank` counts p within its q and calls the power iterations niter = "
    "2.",
    canonical=one_sign,
)


@RANDOMIZED_SVD.definition
def randomized_svd(A, Omega, k, q=0):
    Q = np.linalg.qr(A @ Omega)[0]
    for _ in range(q):  # orthonormalised at every product, or small directions drown in rounding
        Q = np.linalg.qr(A.T @ Q)[0]
        Q = np.linalg.qr(A @ Q)[0]
    U, s, Vt = np.linalg.svd(Q.T @ A, full_matrices=False)
    return one_sign(((Q @ U)[:, :k], s[:k], Vt[:k]))


@RANDOMIZED_SVD.example
def example():
    A, Omega, k = np.array([[4.0, 0.0], [5.0, 3.0], [2.0, 6.0]]), np.array([[1.0], [0.0]]), 1
    s = np.linalg.svd(A, compute_uv=False)
    u1, Y = np.array([1.0, 2.0, 2.0]) / 3, (A @ Omega)[:, 0]
    values, errors, sines, Qs = [], [], [], []
    for q in range(3):
        U, value, Vt = randomized_svd(A, Omega, k, q)
        values.append(value[0])
        Qs.append(U[:, 0])
        errors.append(np.linalg.norm(A - U * value @ Vt))
        sines.append(np.linalg.norm(U[:, 0] - (u1 @ U[:, 0]) * u1))
    return (
        dict(A=A, Omega=Omega, k=k, Y=Y, length2=Y @ Y, row=Y @ A, row2=(Y @ A) @ (Y @ A), s=s)
        | dict(values=np.array(values), errors=np.array(errors), sines=np.array(sines))
        | dict(ratio=s[1] ** 2 / s[0] ** 2, back=A.T @ Y, again=A @ (A.T @ Y), excess=errors[0] / s[1] - 1)
        | dict(excess2=errors[1] / s[1] - 1, tangents=np.array(sines) / np.sqrt(1 - np.array(sines) ** 2))
    )


@RANDOMIZED_SVD.exercise
def effective_ratio():
    ratio, q = 0.9, 2
    return number(ratio ** (2 * q + 1), one_power_each=ratio**q, without_the_first=ratio ** (2 * q))


@RANDOMIZED_SVD.exercise
def which_side():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((12, 9))
    s = np.linalg.svd(A, compute_uv=False)[:3]
    gaps = np.array([s - randomized_svd(A, rng.standard_normal((9, 5)), 3, q)[1] for q in (0, 1) for _ in range(20)])
    return choice(below=bool((gaps > -1e-12).all()), above=bool((gaps < 1e-12).all()), either=bool(gaps.min() < -1e-9))


@RANDOMIZED_SVD.exercise
def price_of_oversampling():
    k, p = 10, 6
    return number(np.sqrt(1 + k / (p - 1)), root_forgotten=1 + k / (p - 1), p_for_p_less_one=np.sqrt(1 + k / p))


@RANDOMIZED_SVD.cases
def cases(rng):
    A = rng.standard_normal((9, 7)) * 0.5 ** np.arange(7)
    yield "no power iteration", dict(A=A, Omega=rng.standard_normal((7, 4)), k=2)
    yield "two power iterations", dict(A=A, Omega=rng.standard_normal((7, 4)), k=2, q=2)
    yield "wide", dict(A=rng.standard_normal((4, 8)), Omega=rng.standard_normal((8, 3)), k=1, q=1)
    yield "no oversampling", dict(A=A, Omega=rng.standard_normal((7, 3)), k=3, q=1)
    square = rng.standard_normal((5, 5)) * 0.5 ** np.arange(5)
    yield "square", dict(A=square, Omega=rng.standard_normal((5, 5)), k=2, q=1)


@RANDOMIZED_SVD.invalid
def invalid(rng):
    yield "random matrix of another height", dict(A=np.ones((4, 3)), Omega=np.ones((4, 2)), k=1)


def ratios(randomized, rng, q, draws, n=100, k=10, p=10):
    """Error over the optimum in the spectral norm, for σ_i = i^{-1/2}; Ω is rotation invariant, so A may be
    diagonal."""
    s = np.arange(1, n + 1) ** -0.5
    found = []
    for _ in range(draws):
        U, values, Vt = randomized(np.diag(s), rng.standard_normal((n, k + p)), k, q=q)
        E = np.diag(s) - U * values @ Vt
        found.append(np.sqrt(np.linalg.eigvalsh(E @ E.T)[-1]) / s[k])
    return np.array(found)


@RANDOMIZED_SVD.claim
def without_power_iteration(randomized, rng):
    r"""$\sigma_i=i^{-1/2}$, n = 100, k = 10, p = 10, spectral norm: without power iteration the error is on average 1.513
    times the optimum (reference: the mean of 4000 draws)"""
    return statistical(ratios(randomized, rng, 0, 40), 1.5127)


@RANDOMIZED_SVD.claim
def power_iterations_close_the_gap(randomized, rng):
    """… with one power iteration 1.024 times, with two 1.0016 times"""
    # skewed, so that the standard error of few draws is often too small
    yield statistical(ratios(randomized, rng, 1, 60), 1.02387)
    yield statistical(ratios(randomized, rng, 2, 60), 1.001646)


@RANDOMIZED_SVD.claim
def expected_errors_within_bounds(randomized, rng):
    """q = 0: the mean errors keep the bounds of Halko, Martinsson and Tropp in both norms, and none is below the
    optimum of rank k + p"""
    for k, p, decay in ((10, 5, 0.5), (5, 10, 1.0), (10, 10, 0.0)):
        n = 60
        s = np.arange(1, n + 1.0) ** -decay
        A, tail = np.diag(s), np.sqrt((s[k:] ** 2).sum())
        errors = []
        for _ in range(12):
            U, values, Vt = randomized(A, rng.standard_normal((n, k + p)), k + p)  # all columns: QQᵀA
            E = A - U * values @ Vt
            errors.append((np.linalg.norm(E, 2), np.linalg.norm(E)))
        spectral, frobenius = np.mean(errors, axis=0)
        root = np.sqrt(k / (p - 1))
        why = Text(f"theorem 10.5 and 10.6 with k={k}, p={p}", f"定理 10.5 与 10.6，k={k}，p={p}")
        limit = (1 + root) * s[k] + np.e * np.sqrt(k + p) / p * tail
        yield bound(spectral, limit, "≤", why)
        yield bound(frobenius, np.sqrt(1 + k / (p - 1)) * tail, "≤", why)
        least = Text("the optimum of rank k+p, and rounding", "秩 k+p 的最优值，以及舍入")
        for smallest, best in zip(np.min(errors, axis=0), (s[k + p], np.sqrt((s[k + p :] ** 2).sum())), strict=True):
            yield bound(smallest, best * (1 - 64 * EPSILON), "≥", least)


@RANDOMIZED_SVD.claim
def exact_for_rank_k(randomized, rng):
    """A matrix of rank k is recovered to rounding, with orthonormal factors, for almost every draw (here with five columns
    beyond k; with none the rounding may be multiplied)"""
    for k, q in ((1, 0), (4, 0), (4, 2)):
        A = rng.standard_normal((30, k)) @ rng.standard_normal((k, 20))
        U, s, Vt = randomized(A, rng.standard_normal((20, k + 5)), k, q=q)
        yield roundoff(U * s @ Vt, A, terms=30, scale=float(np.linalg.norm(A, 2)))
        yield roundoff(U.T @ U, np.eye(k), terms=30)
        yield roundoff(s, np.linalg.svd(A)[1][:k], terms=30, scale=float(np.linalg.norm(A, 2)))


@RANDOMIZED_SVD.claim
def small_directions_survive(randomized, rng):
    r"""With four power iterations singular values down to $10^{-9}\sigma_1$ are still found, of the spectrum $10^{-i}$ with three
    columns beyond k: the products are orthonormalised on the way"""
    s = 10.0 ** -np.arange(15.0)
    turns = [np.linalg.qr(rng.standard_normal((15, 15)))[0] for _ in range(2)]
    values = randomized(turns[0] * s @ turns[1], rng.standard_normal((15, 13)), 10, q=4)[1]
    return roundoff(values, s[:10], terms=15, scale=1.0)


@RANDOMIZED_SVD.claim
def never_above_the_truth(randomized, rng):
    r"""No estimate exceeds the true singular value: $\hat\sigma_i\le\sigma_i$"""
    A = rng.standard_normal((25, 20))
    s = np.linalg.svd(A)[1]
    for q in (0, 1, 3):
        values = randomized(A, rng.standard_normal((20, 8)), 5, q=q)[1]
        why = Text("interlacing; and rounding", "交错定理，以及舍入")
        yield bound(float((values / s[:5]).max()), 1 + 64 * EPSILON, "≤", why)


@RANDOMIZED_SVD.mutant(caught_by="power-iterations-close-the-gap, equals-definition")
def power_left_out(A, Omega, k, q=0):
    """q = 0 sold as q = 2"""
    return randomized_svd(A, Omega, k, 0)


@RANDOMIZED_SVD.mutant(caught_by="without-power-iteration")
def one_more(A, Omega, k, q=0):
    """one power iteration more than stated"""
    return randomized_svd(A, Omega, k, q + 1)


@RANDOMIZED_SVD.mutant(caught_by="small-directions-survive")
def powers_as_they_are(A, Omega, k, q=0):
    """powers without orthonormalisation"""
    Y = A @ Omega
    for _ in range(q):
        Y = A @ (A.T @ Y)
    U, s, Vt = np.linalg.svd(np.linalg.qr(Y)[0].T @ A, full_matrices=False)
    return one_sign(((np.linalg.qr(Y)[0] @ U)[:, :k], s[:k], Vt[:k]))


@RANDOMIZED_SVD.mutant(
    caught_by="exact-for-rank-k, never-above-the-truth, equals-definition, expected-errors-within-bounds"
)
def basis_not_orthonormal(A, Omega, k, q=0):
    """a basis that is not orthonormal"""
    Y = A @ Omega
    Y = Y / np.sqrt((Y * Y).sum(axis=0))
    U, s, Vt = np.linalg.svd(Y.T @ A, full_matrices=False)
    return one_sign(((Y @ U)[:, :k], s[:k], Vt[:k]))


@RANDOMIZED_SVD.mutant(caught_by="exact-for-rank-k")
def one_vector(A, Omega, k, q=0):
    """a single random vector for all columns"""
    return randomized_svd(A, np.repeat(Omega[:, :1], Omega.shape[1], axis=1), k, q)


@RANDOMIZED_SVD.figure(
    decay=Slider(0.1, 2.0, 0.5, "decay: σ_i = i^(−decay)"),
    oversampling=Slider(1, 60, 10, "oversampling p", log=True, integer=True),
)
def figure(decay, oversampling):
    n, k, p = 150, 12, int(oversampling)
    rng = np.random.default_rng(1)
    s = np.arange(1, n + 1.0) ** -decay
    A, tail = np.diag(s), np.sqrt((s[k:] ** 2).sum())
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    left.plot(np.arange(1, k + 1), s[:k], "o", color=COLOURS[6], ms=5, label="exact")
    powers, spectral, frobenius = range(4), [], []
    for q in powers:
        errors = []
        for _ in range(4):
            U, values, Vt = randomized_svd(A, rng.standard_normal((n, k + p)), k, q)
            E = A - U * values @ Vt
            errors.append((np.linalg.norm(E, 2) / s[k], np.linalg.norm(E) / tail))
        spectral.append(np.mean(errors, axis=0)[0])
        frobenius.append(np.mean(errors, axis=0)[1])
        if q in (0, 1):
            left.plot(np.arange(1, k + 1), values, "x-", ms=5, lw=1, color=COLOURS[1 - q], label=f"q = {q}")
    left.set(yscale="log", xlabel="i", ylabel=r"$\sigma_i$", title=f"n = {n}, k = {k}, p = {p}")
    left.legend(frameon=False, fontsize=10)
    right.plot(powers, spectral, "o-", label="spectral norm")
    right.plot(powers, frobenius, "o-", label="Frobenius norm")
    right.axhline(1, color=COLOURS[6], lw=1, ls="--")
    right.set(xlabel="power iterations q", ylabel="error / optimum", xticks=list(powers))
    right.legend(frameon=False, fontsize=10)
    words = Text(
        f"σᵢ falls like i to the power −{decay:.2f}; k = {k}, p = {p}, means of 4 draws. q = 0: {spectral[0]:.3f} times the optimum in the spectral norm, {frobenius[0]:.3f} in Frobenius's; "
        f"q = 2: {spectral[2]:.4f} and {frobenius[2]:.4f}.",
        f"σᵢ 按 i 的 −{decay:.2f} 次幂下降；k = {k}，p = {p}，4 次抽取的平均。q = 0：谱范数下为最优值的 {spectral[0]:.3f} 倍，Frobenius 范数下为 {frobenius[0]:.3f} 倍；"
        f"q = 2：{spectral[2]:.4f} 倍与 {frobenius[2]:.4f} 倍。",
    )
    return Drawing(fig, words)
