"""Kernels: inner products in a feature space that need not be written down."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, bound, identical, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

KERNELS = ("gaussian", "laplacian", "polynomial", "linear")


def _sklearn(pairwise_kernels, X, Z, kernel, gamma, degree, c):
    name = {"gaussian": "rbf"}.get(kernel, kernel)
    options = dict(
        rbf=dict(gamma=gamma), laplacian=dict(gamma=gamma), polynomial=dict(gamma=gamma, degree=degree, coef0=c)
    )
    return pairwise_kernels(X, Z, metric=name, **options.get(name, {}))


KERNEL_METHODS = Concept(
    key="kernel-methods",
    kind="theorem",
    title="Positive semidefinite kernels",
    summary=r"A symmetric function is an inner product of features, $k(x,z)=\langle\varphi(x),\varphi(z)\rangle$, "
    "exactly when every Gram matrix it makes is positive semidefinite. What is computed from inner products alone "
    "can then be computed in that feature space, of a thousand or of infinitely many dimensions, at the price of k.",
    formulas=(
        r"K_{ij}=k(x_i,z_j),\qquad k(x,z)=k(z,x):\quad k=\langle\varphi,\varphi\rangle\iff\sum_{i,j}c_ic_jk(x_i,x_j)\ge0\quad\forall\,n,\;x_1,\dots,x_n,\;c\in\mathbb R^n",
        r"e^{-\gamma\lVert x-z\rVert_2^2},\qquad e^{-\gamma\lVert x-z\rVert_1},\qquad (\gamma\langle x,z\rangle+c)^{p},\qquad \langle x,z\rangle\qquad(\gamma>0,\;c\ge0,\;p\in\mathbb N)",
        r"\lVert\varphi(x)-\varphi(z)\rVert^2=k(x,x)-2k(x,z)+k(z,z),\qquad k(x,z)^2\le k(x,x)\,k(z,z)",
        r"e^{-\gamma\lVert x-z\rVert^2}=\operatorname{E}\cos\langle\omega,x-z\rangle,\qquad \omega\sim N(0,2\gamma I)",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", "points, one a row"),
        Symbol("z_j", "Z", "m d", "other points, or the same"),
        Symbol("k", "kernel", "", "which kernel: gaussian, laplacian, polynomial or linear", "other"),
        Symbol(
            r"\gamma",
            "gamma",
            "",
            "inverse square width (gaussian), inverse width (laplacian), factor (polynomial)",
            "positive",
        ),
        Symbol("p", "degree", "", "degree of the polynomial kernel", "natural"),
        Symbol("c", "c", "", "constant of the polynomial kernel, ≥ 0", "nonnegative"),
        Symbol("K", "", "n m", "Gram matrix"),
        Symbol(r"\varphi", "", "", "features"),
        Symbol(r"\omega", "", "d", "random frequency"),
    ),
    needs=("inner-product", "norm"),
    source="aronszajn1950theory",
    year=1950,
    people=("James Mercer", "Eliakim Hastings Moore", "Nachman Aronszajn", "Salomon Bochner", "Isaac Schoenberg"),
    aliases="kernel trick, kernels, Mercer kernel, Gram matrix, RBF kernel, reproducing kernel, "
    "核技巧, 核方法, 核函数, 半正定核, 高斯核, 格拉姆矩阵",
    implementations=(Implementation("sklearn.metrics.pairwise:pairwise_kernels", "numpy", _sklearn),),
    readings="scholkopf2002learning ch. 2; mercer1909functions; rasmussen2006gaussian ch. 4; bishop2006pattern §6.1–6.2",
    hypotheses=(
        Hypothesis("k is symmetric (and real)", "symmetry-is-needed"),
        Hypothesis(
            r"for the polynomial kernel $c\ge0$; for the powers $e^{-\gamma\lvert x-z\rvert^r}$ $0<r\le2$",
            "indefinite-similarities, fourth-power",
        ),
    ),
    conventions=(
        Convention(
            "the width",
            r"γ: $e^{-\gamma\lVert x-z\rVert^2}$, 1 unless given",
            r"Gaussian processes write $e^{-\lVert x-z\rVert^2/2\ell^2}$, so $\gamma=1/2\ell^2$; scikit-learn's γ "
            "defaults to 1/d",
        ),
        Convention(
            "the polynomial kernel's defaults", "p = 2, c = 1", "p = 3, c = 1 in scikit-learn, c = 0 in its `SVC`"
        ),
    ),
    deviations=r"Squared distances are found from $\lVert x\rVert^2-2\langle x,z\rangle+\lVert z\rVert^2$ by libraries, "
    "which cancels for points far from the origin.",
    nonfinite="nan",
)


@KERNEL_METHODS.definition
def kernel_matrix(X, Z, kernel="gaussian", gamma=1.0, degree=2, c=1.0):
    if X.shape[1] != Z.shape[1]:
        raise ValueError("X and Z have points of different dimension")

    def k(x, z):
        if kernel == "gaussian":
            return np.exp(-gamma * ((x - z) ** 2).sum())
        if kernel == "laplacian":
            return np.exp(-gamma * np.abs(x - z).sum())
        if kernel == "polynomial":
            return (gamma * (x * z).sum() + c) ** degree
        if kernel == "linear":
            return (x * z).sum()
        raise ValueError(f"no kernel is called {kernel}")

    return np.stack([np.stack([k(x, z) for z in Z]) for x in X])


@KERNEL_METHODS.example
def example():
    X = np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]])
    K = kernel_matrix(X, X, "polynomial")
    r = np.sqrt(2)
    features = np.stack([[a * a, b * b, r * a * b, r * a, r * b, 1] for a, b in X])
    bad = np.array([[(a * b - 1) ** 2 for b in (0.0, 1.0)] for a in (0.0, 1.0)])
    c = np.array([1.0, -1.0])
    return (
        dict(X=X, Z=X, kernel="polynomial", gamma=1.0, degree=2, c=1.0, K=K, inner=X @ X.T)
        | dict(features=features, products=features[0] * features[1], eigenvalues=np.linalg.eigvalsh(K))
        | dict(distance=K[0, 0] - 2 * K[0, 1] + K[1, 1], plain=((X[0] - X[1]) ** 2).sum(), bad=bad)
        | dict(form=c @ bad @ c)
    )


@KERNEL_METHODS.exercise
def distance_of_features():
    X = np.array([[0.0, 0.0], [1.0, 1.0]])
    K = kernel_matrix(X, X, "gaussian", gamma=np.log(2))
    square = K[0, 0] - 2 * K[0, 1] + K[1, 1]
    return number(np.sqrt(square), no_root=square, in_the_plane=np.sqrt(2), one_minus=1 - K[0, 1])


@KERNEL_METHODS.exercise
def difference_of_kernels():
    X = np.random.default_rng(0).standard_normal((8, 2))
    G, L = kernel_matrix(X, X, "gaussian"), kernel_matrix(X, X, "linear")
    worst = {
        n: np.linalg.eigvalsh(K).min() < -1e-9
        for n, K in dict(sum=G + L, product=G * L, scaled=3 * G, difference=G - L).items()
    }
    return choice(**worst)


@KERNEL_METHODS.exercise
def how_many_features():
    d = 100
    monomials = sum(1 for i in range(d + 1) for j in range(i, d + 1))  # of 1, x_1, …, x_d two, in any order
    return number(monomials, tolerance=1e-3, squares_only=d * (d + 1) / 2, ordered=(d + 1) ** 2)


@KERNEL_METHODS.cases
def cases(rng):
    X, Z = rng.standard_normal((5, 3)), rng.standard_normal((4, 3))
    for kernel in KERNELS:
        yield kernel, dict(X=X, Z=Z, kernel=kernel, gamma=0.7)
    yield "cubic, homogeneous", dict(X=X, Z=Z, kernel="polynomial", gamma=0.5, degree=3, c=0.0)
    yield "narrow", dict(X=X / 5, Z=X / 5, gamma=60.0)
    yield "one point", dict(X=X[:1], Z=X[:1])
    yield "square", dict(X=rng.standard_normal((3, 3)), Z=rng.standard_normal((3, 3)))
    yield "many points", dict(X=rng.standard_normal((520, 2)), Z=rng.standard_normal((1, 2)))


@KERNEL_METHODS.invalid
def invalid(rng):
    yield "points of two dimensions", dict(X=np.ones((3, 2)), Z=np.ones((3, 4)))
    yield "unknown kernel", dict(X=np.ones((3, 2)), Z=np.ones((3, 2)), kernel="gausian")


def lowest(K):
    """The smallest eigenvalue relative to the largest."""
    values = np.linalg.eigvalsh((K + K.T) / 2)
    return float(values[0] / values[-1])


def semidefinite(K):
    why = Text(f"0, less c·n·ε with c=4, n={len(K)}", f"0，减去 c·n·ε，c=4，n={len(K)}")
    return bound(lowest(K), -4 * len(K) * EPSILON, "≥", why)


@KERNEL_METHODS.claim
def gram_matrices_are_semidefinite(kernel_matrix, rng):
    """Every Gram matrix is symmetric and positive semidefinite: scattered, clustered, repeated and collinear points"""
    t = np.linspace(-2, 2, 24)[:, None]
    sets = [rng.standard_normal((24, 3)), 0.01 * rng.standard_normal((24, 2)), t * [1.0, 2.0]]
    sets.append(np.repeat(rng.standard_normal((8, 2)), 3, axis=0))
    for X in sets:
        for kernel in KERNELS:
            K = kernel_matrix(X, X, kernel=kernel, gamma=0.8, degree=3)
            yield semidefinite(K)
            yield roundoff(K, K.T, terms=3)


@KERNEL_METHODS.claim
def indefinite_similarities(kernel_matrix, rng):
    r"""Not every similarity is one: $e^{-\lvert x-z\rvert^4}$, $\tanh(\langle x,z\rangle-1)$ and $(xz-1)^2$ have negative
    eigenvalues, which the Gaussian kernel on the same points has not"""
    t = np.linspace(-2, 2, 21)[:, None]
    why = Text("plainly negative", "明显为负")
    yield bound(lowest(np.exp(-((t - t.T) ** 4))), -0.05, "≤", why)
    yield bound(lowest(np.tanh(t * t.T - 1)), -0.05, "≤", why)
    yield bound(lowest((t * t.T - 1) ** 2), -0.05, "≤", why)
    yield semidefinite(kernel_matrix(t, t))
    yield roundoff(kernel_matrix(t, t), np.exp(-((t - t.T) ** 2)), terms=2, scale=4.0)


@KERNEL_METHODS.claim
def quadratic_features(kernel_matrix, rng):
    r"""The quadratic kernel is the inner product of all monomials up to degree 2:
    $\gamma x_i^2,\sqrt2\gamma x_ix_j,\sqrt{2c\gamma}x_i,c$"""
    X, c = rng.standard_normal((9, 4)), 0.6
    i, j = np.triu_indices(4, 1)
    for gamma in (1.0, 0.3):
        Y = np.sqrt(gamma) * X
        features = np.column_stack([Y**2, np.sqrt(2) * Y[:, i] * Y[:, j], np.sqrt(2 * c) * Y, np.full(9, c)])
        got = kernel_matrix(X, X, kernel="polynomial", gamma=gamma, degree=2, c=c)
        yield roundoff(got, features @ features.T, terms=15)


@KERNEL_METHODS.claim
def symmetry_is_needed(kernel_matrix, rng):
    r"""Without symmetry the condition is not enough: $xz+(x-z)$ has the same sums $\sum c_ic_jk(x_i,x_j)=(\sum c_ix_i)^2
    \ge0$ as the linear kernel, and is no inner product: $k(1,0)=1$, $k(0,1)=-1$"""
    x, c = np.array([[1.0], [0.0], [-2.0]]), rng.standard_normal((20, 3))
    K = np.asarray(kernel_matrix(x, x, kernel="linear"))
    turned = K + (x - x.T)
    yield roundoff(((c @ turned) * c).sum(1), (c @ x)[:, 0] ** 2, terms=9, scale=20.0)
    yield identical([turned[0, 1], turned[1, 0]], [1.0, -1.0])


@KERNEL_METHODS.claim
def gaussian_features(kernel_matrix, rng):
    r"""On the line the Gaussian kernel is the inner product of $e^{-\gamma x^2}\sqrt{(2\gamma)^j/j!}\,x^j$,
    $j=0,1,2,\dots$: infinitely many features"""
    x, gamma = rng.uniform(-2, 2, 12), 0.9
    return roundoff(
        kernel_matrix(x[:, None], x[:, None], gamma=gamma),
        taylor_features(x, gamma) @ taylor_features(x, gamma).T,
        terms=60,
    )


def taylor_features(x, gamma, count=60):
    columns = [np.exp(-gamma * x**2)]
    for j in range(1, count):
        columns.append(columns[-1] * x * np.sqrt(2 * gamma / j))
    return np.stack(columns, axis=1)


@KERNEL_METHODS.claim
def mean_over_frequencies(kernel_matrix, rng):
    r"""Bochner, on the line: the Gaussian kernel is the mean of $\cos\omega(x-z)$ over $\omega\sim N(0,2\gamma)$, by
    Gauss–Hermite quadrature; the Laplacian's over Cauchy's distribution, by a Fourier integral"""
    from scipy.integrate import quad

    node, weight = np.polynomial.hermite_e.hermegauss(80)
    x, gamma = rng.uniform(-1.5, 1.5, 8), 0.7
    delta = x[:, None] - x
    want = (np.cos(np.sqrt(2 * gamma) * node * delta[..., None]) * weight).sum(-1) / weight.sum()
    got = kernel_matrix(x[:, None], x[:, None], gamma=gamma)
    lap = kernel_matrix(np.zeros((1, 1)), np.array([[0.4], [1.3]]), kernel="laplacian", gamma=1.0)[0]
    cauchy = [quad(lambda w: 1 / (np.pi * (1 + w * w)), 0, np.inf, weight="cos", wvar=d) for d in (0.4, 1.3)]
    why = Text("the integrator's own estimate", "积分程序自身的误差估计")
    yield roundoff(got, want, terms=80, scale=1.0)
    for k, (value, error, *_) in zip(lap, cauchy, strict=True):
        yield near(k, 2 * value, 2 * error, why)


@KERNEL_METHODS.claim
def sums_and_products(kernel_matrix, rng):
    """Sums and products of kernels are kernels (Schur): their Gram matrices stay positive semidefinite"""
    X = rng.standard_normal((20, 2))
    grams = [kernel_matrix(X, X, kernel=kernel, gamma=0.5) for kernel in KERNELS]
    for A in grams:
        for B in grams:
            yield semidefinite(A + B)
            yield semidefinite(A * B)


@KERNEL_METHODS.claim
def depends_on_the_difference(kernel_matrix, rng):
    """Gaussian and Laplacian kernels depend on $x-z$ alone, are 1 at 0, at most 1, and fall as the 2-norm or the 1-norm
    of $x-z$ grows, respectively"""
    X, shift = rng.standard_normal((10, 3)), np.array([3.0, -2.0, 1.0])
    line = np.linspace(0, 3, 13)[:, None] * [1.0, 0.0, 0.0]
    for kernel in ("gaussian", "laplacian"):
        K = kernel_matrix(X, X, kernel=kernel)
        order = np.argsort(np.linalg.norm(X - X[0], 2 if kernel == "gaussian" else 1, axis=1))
        along = kernel_matrix(line[:1], line, kernel=kernel)[0]
        yield invariance(kernel_matrix(X + shift, X + shift, kernel=kernel), K, terms=3, scale=60.0)
        yield roundoff(np.diag(K), np.ones(10), terms=3, scale=20.0)
        yield bound(K.max(), 1 + 64 * EPSILON, "≤", Text("1, and rounding", "1，以及舍入"))
        for values in (along, K[0, order]):
            yield bound(np.diff(values).max(), 0.0, "≤", Text("falls", "递减"))


@KERNEL_METHODS.mutant(
    caught_by="gram-matrices-are-semidefinite, sums-and-products, indefinite-similarities, equals-definition"
)
def fourth_power(X, Z, kernel="gaussian", gamma=1.0, degree=2, c=1.0):
    """the fourth power of the distance: no kernel"""
    if kernel != "gaussian":
        return kernel_matrix(X, Z, kernel, gamma, degree, c)
    return np.exp(-gamma * ((X[:, None] - Z) ** 2).sum(-1) ** 2)


@KERNEL_METHODS.mutant(caught_by="gaussian-features, mean-over-frequencies, equals-definition")
def width_for_gamma(X, Z, kernel="gaussian", gamma=1.0, degree=2, c=1.0):
    r"""γ taken for the width: $e^{-\lVert x-z\rVert^2/\gamma}$"""
    return kernel_matrix(X, Z, kernel, 1 / gamma, degree, c)


@KERNEL_METHODS.mutant(caught_by="quadratic-features, equals-definition")
def constant_outside(X, Z, kernel="gaussian", gamma=1.0, degree=2, c=1.0):
    """the constant stands outside the power"""
    if kernel != "polynomial":
        return kernel_matrix(X, Z, kernel, gamma, degree, c)
    return kernel_matrix(X, Z, kernel, gamma, degree, 0.0) + c


@KERNEL_METHODS.mutant(caught_by="depends-on-the-difference, equals-definition, symmetry-is-needed")
def cosine_similarity(X, Z, kernel="gaussian", gamma=1.0, degree=2, c=1.0):
    """points are scaled to length 1 first"""
    X, Z = (M / (np.linalg.norm(M, axis=1, keepdims=True) + 1e-300) for M in (X, Z))
    return kernel_matrix(X, Z, kernel, gamma, degree, c)


@KERNEL_METHODS.figure(
    gamma=Slider(0.05, 50.0, 2.0, "γ of the Gaussian kernel", log=True),
    power=Slider(0.5, 4.0, 2.0, "power r of the distance in exp(−γ|x−z|^r)"),
)
def figure(gamma, power):
    t = np.linspace(-2, 2, 60)
    D = np.abs(t[:, None] - t)
    K = np.exp(-gamma * D**power)
    values = np.linalg.eigvalsh(K)[::-1]
    fig, (left, middle, right) = canvas(columns=3, width=8.8, height=3.1)
    for x0, colour in ((-1.0, COLOURS[0]), (0.5, COLOURS[1])):
        left.plot(t, np.exp(-gamma * np.abs(t - x0) ** power), color=colour)
    left.set(xlabel="z", ylabel="k(x, z)", ylim=(0, 1.05), title=r"$e^{-\gamma|x-z|^r}$")
    middle.imshow(K, cmap="Blues", vmin=0, vmax=1, extent=(-2, 2, 2, -2))
    middle.set(xlabel="$x_j$", ylabel="$x_i$", title="K")
    i = np.arange(1, 61)
    noise = 60 * EPSILON * values[0]
    below = values < -noise
    right.semilogy(i[~below], np.maximum(values[~below], noise), ".", label=r"$\lambda_i\geq 0$")
    if below.any():
        right.semilogy(i[below], -values[below], ".", color=COLOURS[1], label=r"$-\lambda_i>0$")
    right.legend(frameon=False, fontsize=10)
    right.set(xlabel="i", title="eigenvalues of K", ylim=(noise / 3, 3 * values[0]))
    rank = int((values > 1e-10 * values[0]).sum())
    words = Text(
        f"γ = {gamma:.3g}, r = {power:.2f}, 60 points: {rank} eigenvalues exceed 1e-10 of the largest, {int(below.sum())} are negative "
        f"({'no kernel' if below.any() else 'positive semidefinite'}; for r > 2 it is never a kernel).",
        f"γ = {gamma:.3g}，r = {power:.2f}，60 个点：{rank} 个特征值大于最大者的 1e-10，{int(below.sum())} 个为负"
        f"（{'不是核' if below.any() else '半正定'}；r > 2 时绝不是核）。",
    )
    return Drawing(fig, words)
