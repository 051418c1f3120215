"""The spectrum of the Hessian: its largest eigenvalues, trace and density from products with vectors, by Lanczos."""

import functools
import itertools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

SPECTRUM = Concept(
    key="hessian-spectrum",
    kind="algorithm",
    title="Spectrum of the Hessian",
    summary="A large network's Hessian cannot be stored, but multiplied with a vector at the price of a few gradients. From $k$ such "
    "products Lanczos' method reads the ends of its spectrum, and how far each value is at most from an eigenvalue; means over random "
    "starts estimate its density and its trace.",
    formulas=(
        r"T=Q^{\mathsf T}HQ=S\operatorname{diag}(\theta_1,\dots,\theta_m)\,S^{\mathsf T},\qquad Q^{\mathsf T}Q=I,\qquad \operatorname{span}Q=\operatorname{span}\{v,Hv,\dots,H^{k-1}v\}",
        r"w_j=S_{1j}^2,\qquad \sum_{j=1}^mw_j\theta_j^i=\frac{v^{\mathsf T}H^iv}{v^{\mathsf T}v},\quad i=0,\dots,2m-1",
        r"r_j=\lVert Hy_j-\theta_jy_j\rVert=\beta_m\lvert S_{mj}\rvert,\quad y_j=Qs_j,\qquad \min_i\lvert\lambda_i-\theta_j\rvert\le r_j",
        r"0\le\lambda_1-\theta_m\le(\lambda_1-\lambda_n)\left(\frac{\tan\varphi}{C_{m-1}(1+2\gamma)}\right)^2,\qquad \gamma=\frac{\lambda_1-\lambda_2}{\lambda_2-\lambda_n},\quad \lambda_1>\lambda_2\ge\dots\ge\lambda_n,\ \lambda_2>\lambda_n",
        r"z_i=\pm1:\qquad \mathbb E\,z^{\mathsf T}Hz=\operatorname{tr}H,\qquad \operatorname{Var}z^{\mathsf T}Hz=2\sum_{i\ne j}H_{ij}^2",
        r"v\sim\mathcal N(0,I):\qquad \frac1n\sum_{i=1}^n\delta_{\lambda_i}=\mathbb E\sum_{i=1}^n\frac{(u_i^{\mathsf T}v)^2}{v^{\mathsf T}v}\,\delta_{\lambda_i}\approx\mathbb E\sum_{j=1}^mw_j\,\delta_{\theta_j}",
    ),
    symbols=(
        Symbol("H", "H", "n n", "symmetric matrix; in use only its products with vectors"),
        Symbol("v", "v", "n", "start, not zero; a random one for the spectrum"),
        Symbol("k", "steps", "", "number of products", "natural"),
        Symbol(r"\theta_j", "", "m", "Ritz values, ascending"),
        Symbol("m", "", "", r"their number: $k$, or less where the span stops growing"),
        Symbol("Q,\\ T", "", "n m", "orthonormal basis of the span, and the matrix on it, which is tridiagonal"),
        Symbol("S,\\ s_j", "", "m m", "eigenvectors of $T$, its columns"),
        Symbol("w_j", "", "m", "weights of the Gauss quadrature, with sum 1"),
        Symbol("r_j,\\ y_j", "", "m", "length of the residual, and the Ritz vector that it belongs to"),
        Symbol(r"\beta_m", "", "", "length of what $HQ$ leaves over outside of the span"),
        Symbol(r"\lambda_i,\ u_i", "", "n", "eigenvalues and orthonormal eigenvectors of $H$"),
        Symbol(r"\varphi", "", "", r"angle between $v$ and $u_1$, less than 90°"),
        Symbol(r"\gamma", "", "", "gap behind the largest eigenvalue, relative to the rest"),
        Symbol(r"C_{m-1}", "", "", "Chebyshev's polynomial of degree $m-1$"),
        Symbol("z", "", "n", "independent signs, each with probability ½"),
        Symbol(r"\delta_\lambda", "", "", r"a point of mass 1 at $\lambda$"),
    ),
    returns=(
        Result("theta", "m", "Ritz values, ascending"),
        Result("w", "m", "their weights, with sum 1"),
        Result("r", "m", "their residuals"),
    ),
    needs=("hessian", "eigen", "power-iteration"),
    source="lanczos1950iteration",
    year=1950,
    people=("Cornelius Lanczos", "Christopher Paige", "Michael F. Hutchinson", "Barak A. Pearlmutter"),
    aliases="Lanczos, Hutchinson trace estimator, loss curvature, Hessian eigenvalues, spectral density, "
    "stochastic Lanczos quadrature, Ritz values, Hutch++, "
    "海森谱, 黑塞谱, 兰索斯算法, Lanczos 方法, 迹估计, 谱密度, 损失曲率",
    implementations=(
        Implementation(
            "gradus.theory:lanczos",
            "torch",
            lambda lanczos, H, v, steps: lanczos(H, v, steps),
            "of a model's loss: `gradus.theory.Curvature` in the place of the matrix",
        ),
    ),
    readings="golub2013matrix ch. 10; pearlmutter1994fast; golub1969calculation; hutchinson1990stochastic; "
    "meyer2021hutch; ghorbani2019investigation; sagun2018empirical; paige1972computational",
    hypotheses=(
        Hypothesis("all of it: $H$ is symmetric", "symmetry-is-needed"),
        Hypothesis(
            "an eigenvalue is seen: the start has a part along its eigenvectors", "what-the-start-lacks-is-never-seen"
        ),
        Hypothesis("an eigenvalue is counted: it is simple", "repeated-values-show-once"),
        Hypothesis(
            "a simple eigenvalue shows once: exact arithmetic, or a basis that is held orthogonal",
            "no-reorthogonalisation",
        ),
        Hypothesis("the variance: signs; normal draws have another", "trace-by-signs"),
    ),
    conventions=(
        Convention(
            "which eigenvalues are on top",
            r"the largest with their sign: near a minimum $\lambda_1$ sets the largest stable step of plain gradient descent, $2/\lambda_1$",
            "the largest in size, by power iteration and by default in SciPy's `eigsh` (`which='LM'`): far from a minimum that may be a negative one",
        ),
        Convention(
            "which probes for the trace",
            r"signs, with variance $2\sum_{i\ne j}H_{ij}^2$",
            r"normal draws, with variance $2\lVert H\rVert_F^2$: more, by the diagonal's part",
        ),
        Convention("size of the loss", "the mean over the samples", "the sum: every eigenvalue $N$ times as large"),
    ),
    unverified=r"For networks with hidden layers the count of outliers, about classes − 1, is an observation (Sagun et al.; Ghorbani et al.), not a theorem.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=200,  # each step's rounding turns the basis of the next a little
)


@SPECTRUM.definition
def hessian_spectrum(H, v, steps):
    Q = [v / np.linalg.norm(v)]
    while True:
        w = H @ Q[-1]
        for q in Q + Q:  # twice, against rounding
            w = w - (q @ w) * q
        beta = np.linalg.norm(w)
        if len(Q) == len(v) or beta <= 1e-10 * np.abs(H).max():
            beta = 0.0  # the span is invariant
        if beta == 0 or len(Q) == steps:
            break
        Q.append(w / beta)
    theta, S = np.linalg.eigh(np.array(Q) @ H @ np.array(Q).T)
    return theta, S[0] ** 2, beta * np.abs(S[-1])


@SPECTRUM.example
def example():
    H, v = np.array([[2.0, 2.0, 0.0], [2.0, 5.0, 1.0], [0.0, 1.0, 4.0]]), np.array([1.0, 0.0, 0.0])
    theta, w, r = hessian_spectrum(H, v, 2)
    signs = np.array([[1.0, 1, 1], [1, 1, -1], [1, -1, 1], [1, -1, -1]])
    forms = np.array([z @ H @ z for z in signs])
    powers = np.arange(5)
    return (
        dict(H=H, v=v, steps=2, T=H[:2, :2], theta=np.round(theta, 12), w=w, r=r, lam=np.linalg.eigvalsh(H))
        | dict(mass=np.array([np.round((w * theta**i).sum(), 9) for i in powers]))
        | dict(true=np.array([v @ np.linalg.matrix_power(H, i) @ v for i in powers]), beta=H[1, 2])
        | dict(forms=forms, trace=np.trace(H), mean=forms.mean(), variance=forms.var())
    )


@SPECTRUM.exercise
def variance_of_a_probe():
    H = np.array([[1.0, 3.0], [3.0, 1.0]])
    off = (H**2).sum() - (np.diag(H) ** 2).sum()
    return number(2 * off, normal_draws=2 * (H**2).sum(), without_the_two=off)


@SPECTRUM.exercise
def five_equal_values():
    H, v = planted(np.random.default_rng(0), 60, 3)
    lam = np.linalg.eigvalsh(H)
    copies = (np.abs(without_reorthogonalisation(H, v, 50)[0] - lam[-1]) < 1e-6 * lam[-1]).sum()
    once = copies > 1 and (np.abs(lam - lam[-1]) < 1e-6 * lam[-1]).sum() == 1
    return choice(five=not once, ghosts=once, none=False)


@SPECTRUM.exercise
def probes_for_a_per_cent():
    return number(100 * (5 / 1) ** 2, in_proportion=100 * 5, by_the_fourth_power=100 * 5**4)


def symmetric(rng, n):
    A = rng.standard_normal((n, n)) / np.sqrt(n)
    return (A + A.T) / 2


def turned(rng, values):
    """A symmetric matrix with these eigenvalues and random eigenvectors."""
    V = np.linalg.qr(rng.standard_normal((len(values), len(values))))[0]
    H = (V * values) @ V.T
    return (H + H.T) / 2


def planted(rng, n, outliers):
    """A bulk of n − outliers eigenvalues in [0, 1], and outliers 10, 20, … above it; with a start."""
    values = np.r_[np.linspace(0, 1, n - outliers), 10.0 * np.arange(1, outliers + 1)]
    return turned(rng, values), rng.standard_normal(n)


@SPECTRUM.cases
def cases(rng):
    yield "a few products", dict(H=symmetric(rng, 9), v=rng.standard_normal(9), steps=4)
    yield "outliers above a bulk", dict(H=planted(rng, 30, 2)[0], v=rng.standard_normal(30), steps=5)
    yield "all of it", dict(H=turned(rng, np.array([-3.0, -1, 0.5, 2, 6])), v=rng.standard_normal(5), steps=5)
    yield "one product", dict(H=symmetric(rng, 6), v=rng.standard_normal(6), steps=1)
    yield "more products than rows", dict(H=turned(rng, np.array([1.0, 2.0, 4.0])), v=np.ones(3), steps=8)
    yield "one number", dict(H=np.array([[-2.5]]), v=np.array([0.3]), steps=3)
    yield (
        "a start within an invariant plane",
        dict(H=np.diag([1.0, 3.0, 8.0, 9.0]), v=np.array([1.0, 1, 0, 0]), steps=4),
    )
    yield "a flat loss", dict(H=np.zeros((3, 3)), v=np.array([1.0, 2.0, -1.0]), steps=3)
    yield "small and large numbers", dict(H=1e-6 * symmetric(rng, 8), v=1e5 * rng.standard_normal(8), steps=3)


@SPECTRUM.invalid
def invalid(rng):
    yield "a matrix that is not symmetric", dict(H=np.array([[1.0, 2.0], [0.0, 1.0]]), v=np.ones(2), steps=2)
    yield "a start of zeros", dict(H=np.eye(2), v=np.zeros(2), steps=1)
    yield "a start of another length", dict(H=np.eye(3), v=np.ones(2), steps=1)
    yield "no product", dict(H=np.eye(2), v=np.ones(2), steps=0)


@SPECTRUM.claim
def all_products_give_the_spectrum(spectrum, rng):
    r"""After $n$ products, from a start with a part along each eigenvector and simple eigenvalues, the values are the
    eigenvalues, as from `numpy.linalg.eigh`, the weights $\frac{(u_i^{\mathsf T}v)^2}{v^{\mathsf T}v}$, and the residuals 0"""
    for n in (2, 7, 12):
        values = np.sort(rng.permutation(np.linspace(-2, 3, n))) + 0.1 * rng.uniform(-1, 1, n) / n
        H, v = turned(rng, values), rng.choice([-3.0, 3.0], n) * rng.uniform(0.8, 1.2, n)
        v = np.linalg.eigh(H)[1] @ v  # nowhere near zero along an eigenvector
        lam, U = np.linalg.eigh(H)
        theta, w, r = spectrum(H, v, n)
        yield roundoff(theta, lam, terms=4 * n * n, scale=3.0)
        yield roundoff(w, (U.T @ v) ** 2 / (v @ v), terms=64 * n * n, scale=1.0)
        yield roundoff(r, np.zeros(n), terms=n, scale=3.0)


@SPECTRUM.claim
def quadrature_is_exact_to_degree_2m_minus_1(spectrum, rng):
    r"""The weights sum to 1, and $\sum_jw_j\theta_j^i$ equals $\frac{v^{\mathsf T}H^iv}{v^{\mathsf T}v}$ up to $i=2m-1$; at $i=2m$
    it is less by $\beta_1^2\cdots\beta_m^2$, with $\beta_i$ the $\beta_m$ of $i$ products: not 0 unless the span has stopped growing"""
    H, v = symmetric(rng, 20), 3 * rng.standard_normal(20)
    H = H / np.abs(np.linalg.eigvalsh(H)).max()
    moments = [v @ np.linalg.matrix_power(H, i) @ v / (v @ v) for i in range(13)]
    for m in (1, 2, 4, 6):
        theta, w, _ = spectrum(H, v, m)
        sums = [(w * theta**i).sum() for i in range(2 * m + 1)]
        yield roundoff(sums[: 2 * m], moments[: 2 * m], terms=40 * m, scale=1.0)
        yield roundoff(moments[2 * m] - sums[2 * m], last_coefficient(H, v, m), terms=40 * m, scale=1.0)


def last_coefficient(H, v, m):
    """β₁² ⋯ β_m², by which the quadrature misses at degree 2m: the squared last diagonal entry of a QR factor."""
    K = np.stack([np.linalg.matrix_power(H, i) @ v for i in range(m + 1)], 1) / np.linalg.norm(v)
    return np.linalg.qr(K)[1][m, m] ** 2


@SPECTRUM.claim
def residuals_bound_the_error(spectrum, rng):
    r"""Within $r_j$ of $\theta_j$ lies an eigenvalue, and $\sum_jr_j^2=\beta_m^2$, with $\beta_m$ from a QR factorisation of the
    Krylov matrix"""
    H, v = turned(rng, np.r_[np.linspace(-1, 1, 37), 2.0, 3.0, 5.0]), rng.standard_normal(40)
    lam = np.linalg.eigvalsh(H)
    for m in (1, 3, 8, 20):
        theta, _, r = spectrum(H, v, m)
        off = np.abs(theta[:, None] - lam).min(1)
        why = Text("r, and 1e-13 of rounding", "r，加 1e-13 的舍入")
        yield bound((off - r).max(), 1e-13, "≤", why)
        if m <= 3:
            beta = np.sqrt(last_coefficient(H, v, m) / last_coefficient(H, v, m - 1))
            yield roundoff((r**2).sum(), beta**2, terms=4000)


@SPECTRUM.claim
def no_value_twice(spectrum, rng):
    """After many more products than the outliers need, each simple one stands among the values once, to nine digits"""
    H, v = planted(rng, 60, 3)
    lam = np.linalg.eigvalsh(H)
    theta = np.asarray(spectrum(H, v, 50)[0])
    copies = [(np.abs(theta - x) < 1e-9 * lam[-1]).sum() for x in lam[-3:]]
    yield identical(np.array(copies), np.ones(3, int))
    yield bound(np.diff(theta[-4:]).min(), 5.0, "≥", Text("the outliers are 10 apart", "离群值相距 10"))


@SPECTRUM.claim
def faster_than_powers(spectrum, rng):
    r"""The largest value rises to $\lambda_1$ within the bound with Chebyshev's polynomial (Kaniel, Paige, Saad). For $\gamma=0.05$ the
    bound falls by the factor $e^{2\operatorname{arcosh}(1+2\gamma)}\approx2.4$ a product; with $\lambda_1=1.1$, $\lambda_2=1$ and $\lambda_n=-1$, of that
    $\gamma$, the error of power iteration falls in the end by $(\lambda_1/\lambda_2)^2=1.21$"""
    lam = np.r_[np.linspace(-1, 1, 59), 1.1]
    for _ in range(2):
        H, v = turned(rng, lam), rng.standard_normal(60)
        u = np.linalg.eigh(H)[1][:, -1]
        cosine = abs(u @ v) / np.linalg.norm(v)
        tangent = np.sqrt(1 - cosine**2) / cosine
        for m in (6, 12, 24):
            chebyshev = np.cosh((m - 1) * np.arccosh(1 + 2 * 0.05))
            error = 1.1 - np.max(spectrum(H, v, m)[0])
            yield bound(error, 2.1 * (tangent / chebyshev) ** 2 + 1e-14, "≤")
            yield bound(error, -1e-13, "≥", Text("a Ritz value never exceeds λ₁", "Ritz 值不超过 λ₁"))
    even = [1.1 - (c**2 @ lam) / (c @ c) for c in (lam**100, lam**101)]  # of equal parts along every eigenvector
    yield bound(abs(even[0] / even[1] - 1.21), 0.01, "≤", Text("after 100 powers", "100 次幂之后"))


def all_signs(n):
    """Every vector of signs up to a common one, which changes no quadratic form."""
    return np.array([[1.0, *s] for s in itertools.product([1.0, -1.0], repeat=n - 1)])


def forms(spectrum, H, starts):
    """zᵀHz for each row: one product, whose value is the quotient of Rayleigh."""
    one = [spectrum(H, z, 1) for z in starts]
    return np.array([(z @ z) * float(np.sum(w * theta)) for z, (theta, w, _) in zip(starts, one, strict=True)])


@SPECTRUM.claim
def trace_by_signs(spectrum, rng):
    r"""Over all $2^n$ vectors of signs $v^{\mathsf T}v\sum_jw_j\theta_j$ has the mean $\operatorname{tr}H$ and the variance
    $2\sum_{i\ne j}H_{ij}^2$ exactly; over normal draws $2\lVert H\rVert_F^2$"""
    H = symmetric(rng, 6) + np.diag(rng.uniform(1, 3, 6))
    values = forms(spectrum, H, all_signs(6))
    off = (H**2).sum() - (np.diag(H) ** 2).sum()
    yield roundoff(values.mean(), np.trace(H), terms=36, scale=20.0)
    yield roundoff(values.var(), 2 * off, terms=300, scale=60.0)
    normal = forms(spectrum, H, rng.standard_normal((400, 6)))
    yield statistical((normal - np.trace(H)) ** 2, 2 * (H**2).sum())


@SPECTRUM.claim
def without_the_large_values_the_probes_agree(spectrum, rng):
    r"""Hutch++: with $Q$ an orthonormal basis of the range of $HG$ and $P=I-QQ^{\mathsf T}$, $\operatorname{tr}Q^{\mathsf T}HQ$ and the mean
    of $z^{\mathsf T}PHPz$ over all signs make $\operatorname{tr}H$. With the eigenvalues $1,\frac14,\dots,4^{-6}$ and four columns of
    random signs in $G$ its variance is, in the median of five draws of $G$, less than a hundredth of that of $z^{\mathsf T}Hz$"""
    H = turned(rng, 4.0 ** -np.arange(7))
    plain, variances = forms(spectrum, H, all_signs(7)), []
    for _ in range(5):
        Q = np.linalg.qr(H @ rng.choice([-1.0, 1.0], (7, 4)))[0]
        P = np.eye(7) - Q @ Q.T
        rest = P @ H @ P
        deflated = forms(spectrum, (rest + rest.T) / 2, all_signs(7))
        yield roundoff(np.trace(Q.T @ H @ Q) + deflated.mean(), np.trace(H), terms=200, scale=2.0)
        variances.append(deflated.var())
    yield bound(np.median(variances), plain.var() / 100, "≤")


@SPECTRUM.claim
def weights_count_eigenvalues(spectrum, rng):
    """After $n$ products the weight of the values below a point has, over normal starts, the share of the eigenvalues below it for its mean"""
    H = turned(rng, np.array([-1.0, 0.2, 0.4, 3.0, 4.0]))
    runs = [spectrum(H, v, 5)[:2] for v in rng.standard_normal((160, 5))]
    for point, share in ((0.0, 0.2), (1.0, 0.6), (3.5, 0.8)):
        yield statistical([float(np.sum(w * (theta < point))) for theta, w in runs], share)


@functools.cache
def digits(steps):
    """The Hessian of softmax regression on the digits by its definition, after some steps of descent from zero."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    X, Y = np.c_[images / 16, np.ones(len(images))], np.eye(10)[labels]
    W = np.zeros((65, 10))
    for _ in range(steps + 1):
        Z = X @ W
        P = np.exp(Z - Z.max(1, keepdims=True))
        P = P / P.sum(1, keepdims=True)
        before, W = P, W - 0.5 * X.T @ (P - Y) / len(X)
    H = np.zeros((10, 65, 10, 65))
    for a, b in itertools.combinations_with_replacement(range(10), 2):
        H[a, :, b] = (X * (before[:, a] * ((a == b) - before[:, b]))[:, None]).T @ X / len(X)
        H[b, :, a] = H[a, :, b].T
    H = H.reshape(650, 650)
    return (H + H.T) / 2


@SPECTRUM.claim(cost="slow")
def outliers_are_classes_minus_one(spectrum, rng):
    r"""Softmax regression with a bias on the 1,797 digits, their pixels in $[0,1]$ and not centred, has 9 outliers, as many as classes
    − 1: in $\frac1N\sum_i(\operatorname{diag}p_i-p_ip_i^{\mathsf T})\otimes x_ix_i^{\mathsf T}$ the first factor has rank 9, and the
    second is on average longest by far along the mean image. After 20 steps of descent from zero with $\alpha=\frac12$ the ninth
    eigenvalue is more than 10 times the tenth, after 100 more than 5 times; no other two neighbours among the largest 21 are as
    far apart in ratio"""
    for steps, ratio in ((20, 10.0), (100, 5.0)):
        H = digits(steps)
        lam = np.linalg.eigvalsh(H)[::-1]
        theta, _, r = spectrum(H, rng.standard_normal(650), 60)
        theta, r = np.asarray(theta)[::-1], np.asarray(r)[::-1]
        yield identical(np.array([np.argmax(x[:20] / x[1:21]) + 1 for x in (theta, lam)]), np.array([9, 9]))
        yield bound(theta[8] / theta[9], ratio, "≥", Text("measured on these data", "在该数据上测得"))
        yield roundoff(theta[:9], lam[:9], terms=4000)
        yield bound(r[:9].max(), 1e-8, "≤", Text("converged", "已收敛"))


@SPECTRUM.claim
def repeated_values_show_once(spectrum, rng):
    """A value of multiplicity 3 shows once, with the weight of the start's part in its whole space"""
    H = np.diag([2.0, 2.0, 2.0, 1.0, 1.0])
    v = rng.uniform(0.5, 1.5, 5)
    theta, w, _ = spectrum(H, v, 5)
    yield roundoff(theta, np.array([1.0, 2.0]), terms=20)
    yield roundoff(w, np.array([(v[3:] ** 2).sum(), (v[:3] ** 2).sum()]) / (v @ v), terms=40)


@SPECTRUM.claim
def what_the_start_lacks_is_never_seen(spectrum, rng):
    """In exact arithmetic, from a start without a part along the eigenvector of 100, no product shows the 100. Here that eigenvector is an
    axis, and rounding brings in no part along it; along another direction it does"""
    H = np.zeros((7, 7))
    H[0, 0], H[1:, 1:] = 100.0, symmetric(rng, 6)
    theta = spectrum(H, np.r_[0.0, rng.standard_normal(6)], 7)[0]
    yield roundoff(np.max(theta), np.linalg.eigvalsh(H)[-2], terms=200, scale=1.0)


@SPECTRUM.claim
def symmetry_is_needed(spectrum, rng):
    r"""A matrix that is not symmetric has another spectrum than its symmetric part: of
    $\bigl(\begin{smallmatrix}0&c\\0&0\end{smallmatrix}\bigr)$ the eigenvalues are 0, of its symmetric part $\pm\frac c2$"""
    A = np.array([[0.0, 10.0], [0.0, 0.0]])
    theta, w, _ = spectrum((A + A.T) / 2, np.array([1.0, 0.0]), 2)
    yield roundoff(np.linalg.eigvals(A), np.zeros(2), scale=1.0)
    yield roundoff(theta, np.array([-5.0, 5.0]), terms=8)
    yield roundoff(w, np.array([0.5, 0.5]), terms=8)


@SPECTRUM.claim
def scaled_and_shifted(spectrum, rng):
    r"""$aH+bI$ has the values $a\theta+b$ with the same weights, for $a<0$ in the other order; the length of $v$ does not matter"""
    H, v = symmetric(rng, 10), rng.standard_normal(10)
    theta, w, r = (np.asarray(x) for x in spectrum(H, v, 4))
    for a, b in ((2.0, 5.0), (-1.5, 0.5)):
        turn = slice(None) if a > 0 else slice(None, None, -1)
        moved = spectrum(a * H + b * np.eye(10), 7 * v, 4)
        yield roundoff(moved[0], a * theta[turn] + b, terms=400, scale=abs(b) + 3)
        yield roundoff(moved[1], w[turn], terms=2000, scale=1.0)
        yield roundoff(moved[2], abs(a) * r[turn], terms=2000, scale=abs(b) + 3)


def three_terms(H, v, steps):
    """Lanczos' recursion as it stands in books: orthogonal in exact arithmetic only. Diagonal and off-diagonal of T."""
    q, before, beta = v / np.linalg.norm(v), np.zeros(len(v)), 0.0
    alphas, betas = [], []
    for _ in range(min(steps, len(v))):
        w = H @ q - beta * before
        alphas.append(q @ w)
        w = w - alphas[-1] * q
        beta = np.linalg.norm(w)
        betas.append(beta)
        if beta <= 1e-10 * np.abs(H).max():
            betas[-1] = 0.0
            break
        before, q = q, w / beta
    return np.array(alphas), np.array(betas)


def without_reorthogonalisation(H, v, steps):
    alphas, betas = three_terms(H, v, steps)
    if len(alphas) == len(v):
        betas[-1] = 0.0
    theta, S = np.linalg.eigh(np.diag(alphas) + np.diag(betas[:-1], 1) + np.diag(betas[:-1], -1))
    return theta, S[0] ** 2, betas[-1] * np.abs(S[-1])


@SPECTRUM.mutant(caught_by="no-value-twice")
def no_reorthogonalisation(H, v, steps):
    """reorthogonalisation off: copies of the large values"""
    return without_reorthogonalisation(H, v, steps)


@SPECTRUM.mutant(
    caught_by="equals-definition, quadrature-is-exact-to-degree-2m-minus-1, weights-count-eigenvalues, repeated-values-show-once"
)
def equal_weights(H, v, steps):
    """every value counts the same"""
    theta, w, r = hessian_spectrum(H, v, steps)
    return theta, np.ones_like(w) / len(w), r


@SPECTRUM.mutant(
    caught_by="quadrature-is-exact-to-degree-2m-minus-1, all-products-give-the-spectrum, weights-count-eigenvalues"
)
def weights_not_squared(H, v, steps):
    """the first entries of the eigenvectors, not their squares"""
    theta, w, r = hessian_spectrum(H, v, steps)
    return theta, np.sqrt(w), r


@SPECTRUM.mutant(caught_by="residuals-bound-the-error, equals-definition")
def says_converged(H, v, steps):
    """every value is called converged: its residual is not looked at"""
    theta, w, r = hessian_spectrum(H, v, steps)
    return theta, w, 1e-6 * r


@SPECTRUM.mutant(caught_by="residuals-bound-the-error, equals-definition")
def one_residual_for_all(H, v, steps):
    """β for every value, without the last entry of its eigenvector"""
    theta, w, r = hessian_spectrum(H, v, steps)
    return theta, w, np.full_like(r, np.sqrt((r**2).sum()))


@SPECTRUM.mutant(
    caught_by="faster-than-powers, all-products-give-the-spectrum, outliers-are-classes-minus-one, no-value-twice, repeated-values-show-once"
)
def powers_of_one_vector(H, v, steps):
    """power iteration: the quotients of v, Hv, H²v, …"""
    q, theta, r = v / np.linalg.norm(v), [], []
    for _ in range(min(steps, len(v))):
        w = H @ q
        theta.append(q @ w)
        r.append(np.linalg.norm(w - theta[-1] * q))
        q = w / np.linalg.norm(w) if w.any() else q
    order = np.argsort(theta)
    return np.array(theta)[order], np.ones(len(theta)) / len(theta), np.array(r)[order]


@SPECTRUM.mutant(
    caught_by="scaled-and-shifted, all-products-give-the-spectrum, symmetry-is-needed, quadrature-is-exact-to-degree-2m-minus-1"
)
def sizes_alone(H, v, steps):
    """sizes of the eigenvalues: negative curvature is lost"""
    theta, w, r = hessian_spectrum(H, v, steps)
    order = np.argsort(np.abs(theta))
    return np.abs(theta)[order], w[order], r[order]


@SPECTRUM.mutant(
    caught_by="trace-by-signs, without-the-large-values-the-probes-agree, scaled-and-shifted, equals-definition"
)
def start_not_normalised(H, v, steps):
    """the weights have the length of the start in them"""
    theta, w, r = hessian_spectrum(H, v, steps)
    return theta, w * (v @ v), r


@SPECTRUM.mutant(caught_by="what-the-start-lacks-is-never-seen, equals-definition, trace-by-signs")
def start_of_its_own(H, v, steps):
    """takes another start than it is handed"""
    return hessian_spectrum(H, np.cos(np.arange(len(v)) + 1.0) + 0 * v, steps)


def ghosts(theta, outliers):
    """The values above the bulk that are one too many: all but the one nearest to each outlier."""
    above = theta[theta > 1.2]
    nearest = {int(np.argmin(np.abs(above - x))) for x in outliers} if len(above) else set()
    return np.delete(above, sorted(nearest))


@SPECTRUM.figure(outlier=Slider(2.5, 12, 6.0, "largest eigenvalue λ₁"), products=Slider(2, 44, 40, "products k"))
def figure(outlier, products):
    k, rng = round(products), np.random.default_rng(1)
    outliers = np.linspace(1, outlier, 4)[1:]
    lam = np.r_[np.linspace(0, 1, 57), outliers]
    H, v = turned(rng, lam), rng.standard_normal(60)
    fig, axes = canvas(columns=2, width=7.6, height=3.4)
    extra = []
    for ax, method in zip(axes, (hessian_spectrum, without_reorthogonalisation), strict=True):
        runs = [method(H, v, m)[0] for m in range(1, k + 1)]
        ax.hlines(lam, 0, 45, color="0.86", lw=0.6)
        columns = np.repeat(np.arange(1, k + 1), [len(r) for r in runs])
        ax.plot(columns, np.concatenate(runs), ".", color=COLOURS[0], ms=2.6)
        copies = [(m, x) for m, r in enumerate(runs, 1) for x in ghosts(r, outliers)]
        if copies:
            ax.plot(*np.array(copies).T, "o", mfc="none", color=COLOURS[1], ms=5.5, mew=0.9)
        extra.append(len(ghosts(runs[-1], outliers)))
        ax.set(xlabel="k", xlim=(0, 45), ylim=(-0.08 * outlier, 1.1 * outlier))
    axes[0].set(ylabel=r"$\theta_j$")
    axes[0].set_title("basis held orthogonal", fontsize=9.5)
    axes[1].set_title("not held: copies circled", fontsize=9.5)
    error = max(outlier - hessian_spectrum(H, v, k)[0][-1], 1e-15 * outlier)
    words = Text(
        f"Each column shows the Ritz values after k products; the grey lines are the 60 eigenvalues, three of them above 1. After {k} products "
        f"the largest is within {error:.1e} of λ₁ = {outlier:.1f}. Above the bulk stand {extra[0]} values too many with the basis held orthogonal, {extra[1]} without.",
        f"每一列是 k 次乘积之后的 Ritz 值；灰线是 60 个特征值，其中三个大于 1。{k} 次乘积后，最大的 Ritz 值与 λ₁ = {outlier:.1f} 相差不超过 {error:.1e}。"
        f"在主体之上，保持基正交时多出 {extra[0]} 个值，不保持时多出 {extra[1]} 个。",
    )
    return Drawing(fig, words)
