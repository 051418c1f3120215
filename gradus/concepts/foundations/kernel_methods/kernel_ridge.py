"""Kernel ridge regression: least squares with a penalty, in a feature space that is never entered."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, bound, optimal, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _sklearn(KernelRidge, X, y, Z, lam, gamma):
    return KernelRidge(alpha=lam, kernel="rbf", gamma=gamma).fit(X, y).predict(Z)


KERNEL_RIDGE = Concept(
    key="kernel-ridge",
    kind="theorem",
    title="Kernel ridge regression and the representer theorem",
    summary="Among all functions of the kernel's space the one with least squared error plus "
    r"$\lambda\lVert f\rVert^2$ is a combination of the n kernel functions at the data: an infinite-dimensional "
    "problem ends in one linear system. It is also the posterior mean of a centred Gaussian process with the covariance "
    "k, observed with independent noise of variance λ.",
    formulas=(
        r"\hat f=\arg\min_{f\in\mathcal H}\sum_{i=1}^{n}(y_i-f(x_i))^2+\lambda\lVert f\rVert_{\mathcal H}^2",
        r"\hat f(z)=\sum_{i=1}^{n}\alpha_ik(z,x_i),\qquad \alpha=(K+\lambda I)^{-1}y,\qquad k(x,z)=e^{-\gamma\lVert x-z\rVert^2}",
        r"y_i-\hat f_{-i}(x_i)=\frac{\alpha_i}{[(K+\lambda I)^{-1}]_{ii}}",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", "training points, one a row"),
        Symbol("y", "y", "n", "targets"),
        Symbol("z", "Z", "m d", "where the function is evaluated, one point a row"),
        Symbol(r"\lambda", "lam", "", "penalty on the squared norm; the variance of the noise", "positive"),
        Symbol(r"\gamma", "gamma", "", "inverse square width of the Gaussian kernel", "positive"),
        Symbol(r"\alpha", "", "n", "coefficients"),
        Symbol("K", "", "n n", "Gram matrix of the training points"),
        Symbol(r"\mathcal H", "", "", "space of functions that the kernel reproduces"),
        Symbol(r"\hat f_{-i}", "", "", "fit without the i-th pair"),
    ),
    needs=("kernel-methods", "linear-regression", "cholesky"),
    source="kimeldorf1971some",
    year=1971,
    people=("George Kimeldorf", "Grace Wahba", "Craig Saunders", "Alexander Gammerman", "Volodya Vovk"),
    aliases="KRR, kernel regression, representer theorem, 核岭回归, 核回归, 表示定理",
    implementations=(Implementation("sklearn.kernel_ridge:KernelRidge", "numpy", _sklearn),),
    readings="scholkopf2002learning §4.2; rasmussen2006gaussian ch. 2, §6.2; saunders1998ridge; "
    "bishop2006pattern §6.1, 6.4",
    hypotheses=(
        Hypothesis(r"$\lambda>0$", "without-a-penalty-there-are-many"),
        Hypothesis(
            "for the Gaussian process: mean 0, covariance k, independent noise of variance λ",
            "deviation-for-variance, centred",
        ),
    ),
    conventions=(
        Convention(
            "what the penalty stands beside",
            "the sum of the squared errors; scikit-learn's alpha is this λ",
            r"beside their mean the system is $K+n\lambda I$: the same λ then means n times the penalty",
        ),
        Convention("constant", "none is fitted", "Gaussian process libraries often subtract the mean of y first"),
    ),
)


@KERNEL_RIDGE.definition
def kernel_ridge(X, y, Z, lam=1.0, gamma=1.0):
    if len(X) != len(y) or lam < 0:
        raise ValueError("one target a point, and a penalty that is not negative")
    K = gaussian(X, X, gamma)
    alpha = np.linalg.solve(K + lam * np.eye(len(X)), y)
    return gaussian(Z, X, gamma) @ alpha


@KERNEL_RIDGE.example
def example():
    X, y, Z, lam, gamma = (
        np.array([[0.0], [1.0]]),
        np.array([4.0, 2.0]),
        np.array([[0.0], [1.0], [2.0], [3.0]]),
        0.5,
        np.log(2),
    )
    K = gaussian(X, X, gamma)
    M = np.linalg.inv(K + lam * np.eye(2))
    alpha, fit = M @ y, kernel_ridge(X, y, Z, lam, gamma)
    return (
        dict(X=X, y=y, Z=Z, lam=lam, gamma=gamma, K=K, A=K + lam * np.eye(2))
        | dict(det=np.linalg.det(K + lam * np.eye(2)), M=M, alpha=alpha, fit=fit, r=y - fit[:2])
        | dict(k=gaussian(Z, X, gamma), norm=alpha @ K @ alpha, out=alpha / np.diag(M))
        | dict(without=kernel_ridge(X[1:], y[1:], X[:1], lam, gamma)[0])
        | dict(loose=kernel_ridge(X, y, X, 1e-9, gamma), stiff=kernel_ridge(X, y, X, 50.0, gamma))
    )


@KERNEL_RIDGE.exercise
def one_point():
    f = kernel_ridge(np.array([[0.0]]), np.array([6.0]), np.array([[1.0], [0.0]]), 2.0, np.log(2))
    return number(f[0], no_penalty=6 / 2, at_the_data=f[1], weighted_mean=6.0)


@KERNEL_RIDGE.exercise
def far_away():
    X, y = np.array([[0.0], [1.0], [2.0]]), np.array([5.0, 6.0, 7.0])
    far = kernel_ridge(X, y, np.array([[30.0]]), 0.1, 1.0)[0]
    return choice(zero=abs(far) < 1e-9, mean=abs(far - 6) < 1, last=abs(far - 7) < 0.5, trend=far > 8)


@KERNEL_RIDGE.exercise
def left_out():
    alpha, diagonal, lam = 0.6, 0.8, 0.5
    return number(alpha / diagonal, training=lam * alpha, multiplied=alpha * diagonal)


def gaussian(X, Z, gamma):
    return np.exp(-gamma * ((X[:, None, :] - Z[None, :, :]) ** 2).sum(axis=-1))


@KERNEL_RIDGE.cases
def cases(rng):
    X, y = rng.standard_normal((8, 2)), rng.standard_normal(8)
    yield "random", dict(X=X, y=y, Z=rng.standard_normal((5, 2)), lam=0.3, gamma=0.8)
    yield "at the data", dict(X=X, y=y, Z=X, lam=0.1, gamma=2.0)
    yield "one point", dict(X=X[:1], y=y[:1], Z=X[1:3], lam=1.0)
    yield "heavy penalty", dict(X=X, y=y, Z=X, lam=1e4)
    yield "repeated points", dict(X=np.repeat(X, 2, axis=0), y=rng.standard_normal(16), Z=X, lam=0.5)
    yield "square", dict(X=X[:2], y=y[:2], Z=rng.standard_normal((2, 2)), lam=0.3)
    yield (
        "many points",
        dict(X=rng.standard_normal((150, 2)), y=rng.standard_normal(150), Z=rng.standard_normal((200, 2)), lam=2.0),
    )


@KERNEL_RIDGE.invalid
def invalid(rng):
    yield "fewer targets than points", dict(X=np.ones((4, 2)), y=np.ones(3), Z=np.ones((1, 2)))
    yield "negative penalty", dict(X=np.eye(2), y=np.ones(2), Z=np.eye(2), lam=-1.0)
    yield "points of another dimension", dict(X=np.eye(2), y=np.ones(2), Z=np.ones((1, 3)))


@KERNEL_RIDGE.claim
def further_functions_do_not_help(kernel_ridge, rng):
    """Representer theorem: with the kernel functions of 12 further points added, the dense least-squares problem has
    the same solution"""
    X, y, lam, gamma = rng.uniform(-2, 2, (10, 2)), rng.standard_normal(10), 0.4, 2.0
    S = np.vstack([X, rng.uniform(-2, 2, (12, 2))])
    K_S, K_XS = gaussian(S, S, gamma), gaussian(X, S, gamma)
    # ‖y − K_XS c‖² + λ cᵀK_S c as one least-squares problem in Lᵀc, with K_S = LLᵀ
    L = np.linalg.cholesky(K_S)
    B = np.linalg.solve(L, K_XS.T).T
    theta = np.linalg.lstsq(np.vstack([B, np.sqrt(lam) * np.eye(22)]), np.append(y, np.zeros(22)), rcond=None)[0]
    want = np.linalg.solve(L, gaussian(S, S, gamma)).T @ theta
    got = kernel_ridge(X, y, S, lam=lam, gamma=gamma)
    return roundoff(got, want, terms=22, scale=float(np.linalg.cond(L)))


@KERNEL_RIDGE.claim
def mean_of_the_gaussian_process(kernel_ridge, rng):
    """Is the mean of the Gaussian process given the data: conditioned through the inverse of the whole joint
    covariance"""
    X, Z, y = rng.standard_normal((9, 2)), rng.standard_normal((4, 2)), rng.standard_normal(9)
    both = np.vstack([Z, X])
    joint = gaussian(both, both, 1.3) + np.diag([0.0] * 4 + [0.25] * 9)
    precision = np.linalg.inv(joint)  # E[f|y] = −Λ_ff⁻¹ Λ_fy y, which never forms (K + λI)⁻¹
    want = -np.linalg.solve(precision[:4, :4], precision[:4, 4:] @ y)
    got = kernel_ridge(X, y, Z, lam=0.25, gamma=1.3)
    return roundoff(got, want, terms=13, scale=float(np.linalg.cond(joint)))


@KERNEL_RIDGE.claim
def ridge_on_explicit_features(kernel_ridge, rng):
    r"""Equals ridge regression on the explicit features $e^{-\gamma x^2}\sqrt{(2\gamma)^j/j!}\,x^j$, 60 of them"""
    x, z, y, gamma, lam = rng.uniform(-2, 2, 15), rng.uniform(-2, 2, 6), rng.standard_normal(15), 0.8, 0.05

    def features(t):
        columns = [np.exp(-gamma * t**2)]
        for j in range(1, 60):
            columns.append(columns[-1] * t * np.sqrt(2 * gamma / j))
        return np.stack(columns, axis=1)

    A = np.vstack([features(x), np.sqrt(lam) * np.eye(60)])
    theta = np.linalg.lstsq(A, np.append(y, np.zeros(60)), rcond=None)[0]
    got = kernel_ridge(x[:, None], y, z[:, None], lam=lam, gamma=gamma)
    return roundoff(got, features(z) @ theta, terms=60, scale=float(np.abs(y).sum() / lam))


@KERNEL_RIDGE.claim
def gradient_vanishes(kernel_ridge, rng):
    r"""No function does better: residuals are $\lambda\alpha$ and the objective's gradient vanishes"""
    X, y, lam = rng.standard_normal((12, 3)), rng.standard_normal(12), 0.7
    K = gaussian(X, X, 0.4)
    fitted = kernel_ridge(X, y, X, lam=lam, gamma=0.4)
    alpha = (y - fitted) / lam
    residual = float(np.abs(K @ alpha - fitted).max())
    why = Text("c·n·ε·‖K‖‖y‖/λ with c=8, n=12", "c·n·ε·‖K‖‖y‖/λ，c=8，n=12")
    size = float(np.linalg.norm(K, 2) * np.linalg.norm(y) / lam)
    return optimal(residual, 8 * 12 * EPSILON * size, why)


@KERNEL_RIDGE.claim
def leave_one_out(kernel_ridge, rng):
    r"""Leave-one-out errors come without refitting: $\alpha_i/[(K+\lambda I)^{-1}]_{ii}$ equals each of the n refits"""
    X, y, lam = rng.standard_normal((10, 2)), rng.standard_normal(10), 0.3
    G = np.linalg.inv(gaussian(X, X, 0.9) + lam * np.eye(10))
    refitted = []
    for i in range(10):
        rest = np.arange(10) != i
        refitted.append(y[i] - kernel_ridge(X[rest], y[rest], X[i : i + 1], lam=lam, gamma=0.9)[0])
    return roundoff(refitted, G @ y / np.diag(G), terms=10, scale=float(np.abs(y).sum() / lam))


@KERNEL_RIDGE.claim
def limits_of_the_penalty(kernel_ridge, rng):
    r"""A vanishing penalty interpolates at distinct points; a heavy one leaves $K y/\lambda$; the norm falls as the
    penalty grows"""
    X, y = 2 * rng.standard_normal((8, 2)), rng.standard_normal(8)
    K = gaussian(X, X, 1.0)
    lowest, size = float(np.linalg.eigvalsh(K)[0]), float(np.linalg.norm(y))
    tiny, heavy = 1e-9, 1e6
    gap = np.abs(kernel_ridge(X, y, X, lam=tiny) - y).max()
    faint = np.abs(kernel_ridge(X, y, X, lam=heavy) * heavy - K @ y).max()
    norms = []
    for lam in (0.01, 0.1, 1.0, 10.0):
        alpha = (y - kernel_ridge(X, y, X, lam=lam)) / lam
        norms.append(float(alpha @ K @ alpha))
    yield bound(
        gap,
        tiny / lowest * size + 64 * EPSILON * size / lowest,
        "≤",
        Text("λ‖y‖/λ_min(K), and rounding", "λ‖y‖/λ_min(K)，以及舍入"),
    )
    yield bound(faint, 64 * size / heavy, "≤", Text("‖K‖²‖y‖/λ", "‖K‖²‖y‖/λ"))
    yield bound(np.diff(norms).max(), 0.0, "≤", Text("falls", "递减"))


@KERNEL_RIDGE.claim
def without_a_penalty_there_are_many(kernel_ridge, rng):
    r"""With λ = 0 there are many minimisers: $k(\cdot,z)$ less its own interpolant vanishes at all data, is not 0 at z,
    and may be added to any of them"""
    X = np.array([[-2.0, 0.0], [-1.0, 1.0], [0.0, -1.0], [1.0, 0.5], [2.0, 0.0]])
    z = np.array([[0.3, 0.8]])
    values = gaussian(X, z, 1.0)[:, 0]
    got = kernel_ridge(X, values, np.vstack([X, z]), lam=1e-13)
    rounding = Text("rounding and a penalty of 1e−13, over λ_min(K) > 0.5", "舍入与 1e−13 的惩罚，除以 λ_min(K) > 0.5")
    yield optimal(float(np.abs(values - got[:5]).max()), 1e-12, rounding)
    yield bound(1 - float(got[5]), 0.2, "≥", Text("k(z, z) = 1", "k(z, z) = 1"))


@KERNEL_RIDGE.mutant(
    caught_by="equals-definition, mean-of-the-gaussian-process, further-functions-do-not-help, "
    "ridge-on-explicit-features, gradient-vanishes, limits-of-the-penalty"
)
def penalty_times_n(X, y, Z, lam=1.0, gamma=1.0):
    """λ and λ·n mixed up"""
    return kernel_ridge(X, y, Z, lam * len(X), gamma)


@KERNEL_RIDGE.mutant(caught_by="leave-one-out, mean-of-the-gaussian-process, limits-of-the-penalty")
def centred(X, y, Z, lam=1.0, gamma=1.0):
    """the targets are centred, a mean added"""
    return y.mean() + kernel_ridge(X, y - y.mean(), Z, lam, gamma)


@KERNEL_RIDGE.mutant(caught_by="mean-of-the-gaussian-process, equals-definition, gradient-vanishes")
def deviation_for_variance(X, y, Z, lam=1.0, gamma=1.0):
    """the standard deviation of the noise for its variance"""
    return kernel_ridge(X, y, Z, np.sqrt(lam), gamma)


@KERNEL_RIDGE.mutant(
    caught_by="equals-definition, further-functions-do-not-help, gradient-vanishes, leave-one-out, "
    "without-a-penalty-there-are-many"
)
def weighted_mean(X, y, Z, lam=1.0, gamma=1.0):
    """the kernel's weighted mean of the targets (Nadaraya–Watson)"""
    W = gaussian(Z, X, gamma)
    return W @ y / (W.sum(axis=1) + 1e-300)


@KERNEL_RIDGE.figure(
    lam=Slider(1e-4, 10.0, 0.05, "penalty λ", log=True),
    gamma=Slider(0.05, 50.0, 1.5, "γ of the Gaussian kernel", log=True),
)
def figure(lam, gamma):
    rng = np.random.default_rng(9)
    x = np.sort(np.concatenate([rng.uniform(-3, -0.3, 12), rng.uniform(1.0, 3, 10)]))
    truth = lambda t: np.sin(2 * t) + 0.3 * t
    y, X = truth(x) + 0.22 * rng.standard_normal(len(x)), x[:, None]
    grid = np.linspace(-3.6, 3.6, 300)
    f = kernel_ridge(X, y, grid[:, None], lam, gamma)
    G = np.linalg.inv(gaussian(X, X, gamma) + lam * np.eye(len(x)))
    k = gaussian(grid[:, None], X, gamma)
    deviation = np.sqrt(np.maximum(1 - np.einsum("ij,jk,ik->i", k, G, k), 0))
    fig, (left, right) = canvas(columns=2, width=8.2, height=3.4)
    left.fill_between(grid, f - 2 * deviation, f + 2 * deviation, color=COLOURS[5], alpha=0.25, lw=0)
    left.plot(grid, truth(grid), color=COLOURS[6], lw=1, ls="--")
    left.plot(grid, f, color=COLOURS[0])
    left.plot(x, y, "o", ms=4, color=COLOURS[1])
    left.set(xlabel="x", ylabel=r"$\hat f(x)\pm2$ sd", ylim=(-3.2, 3.2))
    lams = np.logspace(-4, 1, 41)
    training, loo = [], []
    values, V = np.linalg.eigh(gaussian(X, X, gamma))
    for one in lams:
        inverse = V / (values + one) @ V.T
        training.append(np.sqrt(np.mean((one * inverse @ y) ** 2)))
        loo.append(np.sqrt(np.mean((inverse @ y / np.diag(inverse)) ** 2)))
    right.loglog(lams, training, label="training")
    right.loglog(lams, loo, label="leave-one-out")
    right.axvline(lam, color=COLOURS[6], lw=1, ls=":")
    right.set(xlabel=r"$\lambda$", ylabel="root mean square error")
    right.legend(frameon=False, fontsize=10)
    own = float(np.sqrt(np.mean((G @ y / np.diag(G)) ** 2)))
    best = lams[int(np.argmin(loo))]
    gap, beyond = (deviation[at].max() for at in ((grid > -0.3) & (grid < 1), (grid < x[0]) | (grid > x[-1])))
    words = Text(
        f"λ = {lam:.3g}, γ = {gamma:.3g}: training error {np.sqrt(np.mean((lam * G @ y) ** 2)):.3f}, leave-one-out error {own:.3f}; the latter is least, "
        f"{min(loo):.3f}, at λ = {best:.2g}. The deviation of the Gaussian process reaches {gap:.2f} in the gap between the data, {beyond:.2f} beyond them.",
        f"λ = {lam:.3g}，γ = {gamma:.3g}：训练误差 {np.sqrt(np.mean((lam * G @ y) ** 2)):.3f}，留一误差 {own:.3f}；后者在 λ = {best:.2g} 处最小，为 {min(loo):.3f}。"
        f"高斯过程的标准差在数据的空隙处达 {gap:.2f}，在数据之外达 {beyond:.2f}。",
    )
    return Drawing(fig, words)
