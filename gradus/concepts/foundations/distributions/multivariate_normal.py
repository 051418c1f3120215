"""The normal distribution of several dimensions."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.exact_values import like, relative
from gradus.concepts.foundations.distributions.quadrature import Grid
from gradus.concepts.foundations.distributions.standard_claims import Distribution, standard_claims
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import invariance, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, mu, Sigma):
    from gradus.foundations.distributions import multivariate_normal

    return log_density(multivariate_normal(*like(x, mu, Sigma)), x)


MULTIVARIATE_NORMAL = Concept(
    key="multivariate-normal",
    kind="definition",
    title="Multivariate normal distribution",
    summary="The normal distribution of a vector: every projection is normal. Its level sets are ellipsoids along "
    "the eigenvectors of the covariance; marginals and conditionals are normal again, which makes Gaussian processes "
    "and Kalman filters computable.",
    formulas=(
        r"p(x)=\frac{1}{\sqrt{(2\pi)^d\det\Sigma}}\exp\Bigl(-\tfrac12(x-\mu)^{\mathsf T}\Sigma^{-1}(x-\mu)\Bigr)",
        r"E X=\mu,\qquad \operatorname{Cov}X=\Sigma,\qquad h=\tfrac12\log\det(2\pi e\,\Sigma),\qquad I(\mu)=\Sigma^{-1}",
        r"X_a\mid X_b=x_b\ \sim\ \mathcal N\bigl(\mu_a+\Sigma_{ab}\Sigma_{bb}^{-1}(x_b-\mu_b),\ \Sigma_{aa}-\Sigma_{ab}\Sigma_{bb}^{-1}\Sigma_{ba}\bigr)",
    ),
    symbols=(
        Symbol("x", "x", "... d", "where the log-density is taken"),
        Symbol(r"\mu", "mu", "d", "mean"),
        Symbol(r"\Sigma", "Sigma", "d d", "covariance, symmetric positive definite", "other"),
        Symbol("d", "", "", "dimension"),
        Symbol("h", "", "", "entropy", unit="nat"),
        Symbol("I", "", "d d", "Fisher information of the mean"),
        Symbol("a,\\,b", "", "", "index sets of two parts that make up the vector"),
    ),
    needs=("normal", "cholesky"),
    source="pearson1896regression",
    year=1896,
    people=("Auguste Bravais", "Francis Galton", "Karl Pearson"),
    aliases="multivariate Gaussian, MVN, joint Gaussian, covariance matrix, Mahalanobis distance, "
    "多元高斯分布, 多维正态分布, 协方差矩阵, 马氏距离",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "on `torch.distributions.MultivariateNormal`, made of the Cholesky factor",
        ),
    ),
    readings="kotz2000continuous ch. 45; bishop2006pattern §2.3; murphy2012machine ch. 4; "
    "rasmussen2006gaussian App. A.2",
    hypotheses=(
        Hypothesis("Σ is positive definite: otherwise there is no density", "singular-maps-leave-no-density"),
        Hypothesis(
            "for $AX+b$ to have a density: the rows of A are independent (a square A is invertible)",
            "singular-maps-leave-no-density",
        ),
    ),
    conventions=(
        Convention(
            "second parameter",
            "the covariance Σ, as in NumPy and SciPy",
            "covariance, precision or Cholesky factor in PyTorch; the factor (`scale_tril`) is the cheapest and loses least "
            "when Σ is ill conditioned",
        ),
    ),
    deviations=(
        "`torch.distributions.MultivariateNormal.log_prob` raises an error about a reshape when the batch is empty "
        "(PyTorch 2.13).",
        "`scipy.stats.multivariate_normal` takes eigenvalues and, with `allow_singular=True`, drops those that are "
        "nearly 0; PyTorch refuses what is not positive definite.",
    ),
    nonfinite="nan",
)


@MULTIVARIATE_NORMAL.definition
def multivariate_normal(x, mu, Sigma):
    d = mu.shape[-1]
    r = x - mu
    square = (r * np.linalg.solve(Sigma, r[..., None])[..., 0]).sum(axis=-1)
    return -0.5 * (d * np.log(2 * np.pi) + np.linalg.slogdet(Sigma)[1] + square)


def random_covariance(rng, d):
    A = rng.standard_normal((d, d))
    return A @ A.T + 0.3 * np.eye(d)


@MULTIVARIATE_NORMAL.example
def example():
    x, mu, Sigma = np.array([2.0, 2.0]), np.array([0.0, 1.0]), np.array([[2.0, 1.0], [1.0, 1.0]])
    other = np.array([2.0, 0.0])
    r, K = x - mu, np.linalg.inv(Sigma)
    values = np.linalg.eigvalsh(Sigma)
    return (
        dict(x=x, mu=mu, Sigma=Sigma, r=r, det=np.linalg.det(Sigma), K=np.round(K, 12))
        | dict(Kr=np.round(K @ r, 12), square=np.round(r @ K @ r, 12))
        | dict(log_p=multivariate_normal(x, mu, Sigma), two_pi=np.log(2 * np.pi), other=other)
        | dict(other_r=other - mu, other_square=np.round((other - mu) @ K @ (other - mu), 12))
        | dict(other_log_p=multivariate_normal(other, mu, Sigma), gain=Sigma[0, 1] / Sigma[1, 1])
        | dict(conditional=mu[0] + Sigma[0, 1] / Sigma[1, 1] * r[1])
        | dict(left=Sigma[0, 0] - Sigma[0, 1] ** 2 / Sigma[1, 1], r2=Sigma[0, 1] / np.sqrt(2))
        | dict(axes=np.sqrt(values[::-1]))
        | dict(ratio=np.exp(multivariate_normal(x, mu, Sigma) - multivariate_normal(other, mu, Sigma)))
    )


@MULTIVARIATE_NORMAL.exercise
def weighted_difference():
    a, S = np.array([2.0, -1.0]), np.array([[2.0, 1.0], [1.0, 1.0]])
    return number(
        a @ S @ a, independent=a**2 @ np.diag(S), not_squared=2 * S[0, 0] - S[1, 1], sign=np.abs(a) @ S @ np.abs(a)
    )


@MULTIVARIATE_NORMAL.exercise
def random_sign():
    x = np.random.default_rng(0).standard_normal(100)
    total = np.concatenate([x + x, x - x])  # X + SX for the two signs: half of it is 0
    normal_sum = (total == 0).mean() < 0.01
    return choice(joint=normal_sum, independent=False, neither=not normal_sum)


@MULTIVARIATE_NORMAL.exercise
def chain():
    S = np.array([[1.0, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 1.0]])
    return number(S[0, 2] - S[0, 1] / S[1, 1] * S[1, 2], marginal=S[0, 2], neighbours=0.5)


@MULTIVARIATE_NORMAL.cases
def cases(rng):
    S = np.array([[2.0, 0.6], [0.6, 0.5]])
    yield ("random", dict(x=rng.standard_normal((5, 3)), mu=rng.standard_normal(3), Sigma=random_covariance(rng, 3)))
    yield "one point", dict(x=np.array([0.3, -0.7]), mu=np.zeros(2), Sigma=S)
    yield "one dimension", dict(x=np.array([[1.5], [-2.0]]), mu=np.array([0.5]), Sigma=np.array([[4.0]]))
    yield "units far apart", dict(x=np.array([1e-2, 2e2]), mu=np.zeros(2), Sigma=np.diag([1e-4, 1e4]))
    yield "square", dict(x=rng.standard_normal((3, 3)), mu=rng.standard_normal(3), Sigma=random_covariance(rng, 3))
    yield "many points", dict(x=rng.standard_normal((1500, 2)), mu=np.zeros(2), Sigma=S)


@MULTIVARIATE_NORMAL.invalid
def invalid(rng):
    yield ("Σ is not positive definite", dict(x=np.zeros(2), mu=np.zeros(2), Sigma=np.array([[1.0, 2.0], [2.0, 1.0]])))
    yield "Σ is not symmetric", dict(x=np.zeros(2), mu=np.zeros(2), Sigma=np.array([[1.0, 0.5], [0.0, 1.0]]))
    yield "another dimension", dict(x=np.zeros(3), mu=np.zeros(2), Sigma=np.eye(2))


def covariance(theta):
    _, _, a, b, c = theta
    return np.array([[a, b], [b, c]])


def plane(theta):
    """Gauss–Legendre over a rectangle of ±9 standard deviations of each coordinate."""
    u, w = np.polynomial.legendre.leggauss(90)
    sx, sy = 9 * np.sqrt(np.diag(covariance(theta)))
    x, y = np.meshgrid(theta[0] + sx * u, theta[1] + sy * u, indexing="ij")
    weight = np.outer(sx * w, sy * w)
    return Grid(np.stack([x, y], axis=-1).reshape(1, -1, 2), weight.reshape(1, -1), np.zeros(1))


def divergence(p, q):
    P, Q, shift = covariance(p), covariance(q), q[:2] - p[:2]
    ratio = np.linalg.solve(Q, P)
    square = shift @ np.linalg.solve(Q, shift)
    return float(0.5 * (np.trace(ratio) - 2 - np.log(np.linalg.det(ratio)) + square))


standard_claims(
    MULTIVARIATE_NORMAL,
    Distribution(
        examples=((0.0, 0.0, 1.0, 0.0, 1.0), (1.0, -2.0, 2.0, 0.6, 0.5), (0.5, 0.0, 0.3, -0.2, 1.5)),
        arguments=lambda theta: dict(mu=theta[:2], Sigma=covariance(theta)),
        grid=plane,
        draw=lambda rng, theta, n: rng.multivariate_normal(theta[:2], covariance(theta), n),
        mean=lambda theta: theta[:2],
        covariance=covariance,
        entropy=lambda theta: 0.5 * math.log(np.linalg.det(2 * math.pi * math.e * covariance(theta))),
        divergence=divergence,
        information=lambda theta: np.linalg.inv(covariance(theta)),
        free=(0, 1),
        formulas=dict(
            mean=r"\mu",
            variance=r"\Sigma",
            entropy=r"\tfrac12\log\det(2\pi e\,\Sigma)",
            divergence=r"\tfrac12\bigl(\operatorname{tr}(\Sigma_2^{-1}\Sigma_1)-d-\log\det(\Sigma_2^{-1}\Sigma_1)+(\mu_2-\mu_1)^{\mathsf T}\Sigma_2^{-1}(\mu_2-\mu_1)\bigr)",
            information=r"I(\mu)=\Sigma^{-1}",
        ),
    ),
)


@MULTIVARIATE_NORMAL.claim
def marginal_times_conditional(multivariate_normal, rng):
    r"""$p(x_a,x_b)=p(x_b)\,p(x_a\mid x_b)$ with the normal marginal and the normal conditional of the third formula"""
    mu, S, x = rng.standard_normal(5), random_covariance(rng, 5), rng.standard_normal(5)
    a, b = np.array([0, 3]), np.array([1, 2, 4])
    gain = np.linalg.solve(S[np.ix_(b, b)], S[np.ix_(b, a)]).T
    mean = mu[a] + gain @ (x[b] - mu[b])
    rest = S[np.ix_(a, a)] - gain @ S[np.ix_(b, a)]
    rest = (rest + rest.T) / 2
    parts = multivariate_normal(x[b], mu[b], S[np.ix_(b, b)]) + multivariate_normal(x[a], mean, rest)
    size = abs(float(parts)) * np.linalg.cond(S)
    whole, below = multivariate_normal(x, mu, S), 0.5 * (x - mu) @ np.linalg.solve(S, x - mu)
    yield roundoff(whole, parts, terms=5, scale=size)
    yield roundoff(multivariate_normal(mu, mu, S) - whole, below, terms=5, scale=size)


@MULTIVARIATE_NORMAL.claim
def diagonal_is_a_product(multivariate_normal, rng):
    """With a diagonal covariance it is a product of normal distributions"""
    s, mu, x = rng.uniform(0.3, 3, 4), rng.standard_normal(4), rng.standard_normal((6, 4))
    want = (-(((x - mu) / s) ** 2) / 2 - np.log(s) - 0.5 * math.log(2 * math.pi)).sum(axis=-1)
    return roundoff(multivariate_normal(x, mu, np.diag(s**2)), want, terms=4)


@MULTIVARIATE_NORMAL.claim
def moves_with_linear_maps(multivariate_normal, rng):
    r"""For invertible A, $AX+b$ is normal again, with covariance $A\Sigma A^{\mathsf T}$: the density at $Ax+b$ is that at x
    over $\lvert\det A\rvert$"""
    mu, S, x = rng.standard_normal(3), random_covariance(rng, 3), rng.standard_normal((4, 3))
    A, b = rng.standard_normal((3, 3)) + 2 * np.eye(3), rng.standard_normal(3)
    C = A @ S @ A.T
    moved = multivariate_normal(x @ A.T + b, A @ mu + b, (C + C.T) / 2)
    want = multivariate_normal(x, mu, S) - math.log(abs(np.linalg.det(A)))
    size = float(np.abs(want).max()) * (np.linalg.cond(C) + np.linalg.cond(S))
    return invariance(moved, want, terms=3, scale=size)


@MULTIVARIATE_NORMAL.claim
def singular_maps_leave_no_density(multivariate_normal, rng):
    r"""As A = diag(1, t) tends to a singular matrix, the density of $AX$ at the mean grows like $1/t$: in the limit there
    is none"""
    sizes = (1e-1, 1e-2, 1e-3, 1e-4)
    peaks = [float(np.exp(multivariate_normal(np.zeros(2), np.zeros(2), np.diag([1.0, t**2])))) for t in sizes]
    return rate(sizes, peaks, -1.0)


@MULTIVARIATE_NORMAL.claim
def six_hundred_dimensions(multivariate_normal, rng):
    r"""In 600 dimensions, where the determinant of $\Sigma=\sigma^2I$ underflows to 0 or overflows, the log-density keeps
    its digits, 40σ out"""
    d = 600
    for s in (1e-3, 1e3):
        want = -d * (math.log(s) + 0.5 * math.log(2 * math.pi)) - 800
        x = np.zeros(d)
        x[7] = 40 * s
        yield relative(multivariate_normal(x, np.zeros(d), s**2 * np.eye(d)), want, terms=d)


@MULTIVARIATE_NORMAL.mutant(
    caught_by="moments, entropy, divergence, fisher-information, sampler, marginal-times-conditional"
)
def precision_for_covariance(x, mu, Sigma):
    """the covariance taken for its inverse (the precision)"""
    return multivariate_normal(x, mu, np.linalg.inv(Sigma))


@MULTIVARIATE_NORMAL.mutant(
    caught_by="moments, divergence, marginal-times-conditional, moves-with-linear-maps, fisher-information"
)
def no_correlations(x, mu, Sigma):
    """correlations ignored"""
    return multivariate_normal(x, mu, np.diag(np.diag(Sigma)))


@MULTIVARIATE_NORMAL.mutant(
    caught_by="total-mass-is-one, entropy, diagonal-is-a-product, sampler, six-hundred-dimensions"
)
def one_two_pi(x, mu, Sigma):
    r"""$2\pi$ to the power ½ in place of $d/2$"""
    return multivariate_normal(x, mu, Sigma) + 0.5 * (len(mu) - 1) * np.log(2 * np.pi)


@MULTIVARIATE_NORMAL.mutant(
    caught_by="total-mass-is-one, entropy, moves-with-linear-maps, diagonal-is-a-product, singular-maps-leave-no-density"
)
def no_root(x, mu, Sigma):
    """the determinant without its root"""
    return multivariate_normal(x, mu, Sigma) - 0.5 * np.linalg.slogdet(Sigma)[1]


@MULTIVARIATE_NORMAL.mutant(caught_by="six-hundred-dimensions")
def log_of_determinant(x, mu, Sigma):
    """the logarithm of the determinant itself: it underflows"""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        log_det = np.log(np.linalg.det(Sigma))
    return multivariate_normal(x, mu, Sigma) + 0.5 * np.linalg.slogdet(Sigma)[1] - 0.5 * log_det


@MULTIVARIATE_NORMAL.figure(
    rho=Slider(-0.95, 0.95, 0.7, "correlation"),
    ratio=Slider(0.3, 3.0, 1.5, "ratio of the standard deviations", log=True),
    given=Slider(-2.0, 2.0, 1.0, "observed second coordinate"),
)
def figure(rho, ratio, given):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.6)
    S = np.array([[ratio**2, rho * ratio], [rho * ratio, 1.0]])
    u = np.linspace(-3.4, 3.4, 121)
    X, Y = np.meshgrid(ratio * u, u)
    p = np.exp(multivariate_normal(np.stack([X, Y], axis=-1), np.zeros(2), S))
    left.contour(X, Y, p / p.max(), levels=np.exp(-0.5 * np.array([3.0, 2.0, 1.0]) ** 2), colors=COLOURS[0])
    values, vectors = np.linalg.eigh(S)
    for value, v in zip(values, vectors.T, strict=True):
        left.annotate("", math.sqrt(value) * v, (0, 0), arrowprops=dict(arrowstyle="->", color=COLOURS[1]))
    left.axhline(given, color=COLOURS[2], lw=1)
    left.set(xlabel="x₁", ylabel="x₂", title="1, 2, 3 σ and the principal axes")
    left.set_aspect("equal")
    mean, spread = rho * ratio * given, ratio * math.sqrt(1 - rho**2)
    t = np.linspace(-3.5 * ratio, 3.5 * ratio, 301)
    bell = lambda m, s: np.exp(-((t - m) ** 2) / (2 * s**2)) / (s * math.sqrt(2 * math.pi))
    right.plot(t, bell(0, ratio), color=COLOURS[6], ls="--", label="marginal")
    right.plot(t, bell(mean, spread), color=COLOURS[2], label=f"given x₂ = {given:.1f}")
    right.set(xlabel="x₁", ylabel="density", title=f"x₁ given x₂: {mean:.2f} ± {spread:.2f}", ylim=(0, None))
    right.legend(frameon=False)
    angle = math.degrees(math.atan2(vectors[1, 1], vectors[0, 1])) % 180
    words = Text(
        f"Correlation {rho:.2f}: the long axis, of length {math.sqrt(values[1]):.2f}, stands at {angle:.0f}°, the short one has {math.sqrt(values[0]):.2f}. "
        f"Knowing x₂ = {given:.1f} moves the mean of x₁ from 0 to {mean:.2f} and shrinks its standard deviation from {ratio:.2f} to {spread:.2f}.",
        f"相关系数 {rho:.2f}：长轴长 {math.sqrt(values[1]):.2f}，方向 {angle:.0f}°，短轴长 {math.sqrt(values[0]):.2f}。"
        f"得知 x₂ = {given:.1f} 后，x₁ 的均值从 0 移到 {mean:.2f}，标准差由 {ratio:.2f} 缩小到 {spread:.2f}。",
    )
    return Drawing(fig, words)
