"""Regression by Gaussian processes."""

from decimal import Decimal, localcontext

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.differences import five_point_slope
from gradus.page.evidence import bound, identical, near, raises, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _sklearn(GaussianProcessRegressor, X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    from scipy.linalg import cho_solve
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct

    smooth, linear = ConstantKernel(a**2) * RBF(ell), ConstantKernel(b**2) * DotProduct(0.0)
    kernel = smooth + linear if a and b else linear if b else smooth
    if noise < 0:
        raise ValueError("a variance is not negative")
    # alpha must be above 0
    fitted = GaussianProcessRegressor(kernel, alpha=noise or 1e-300, optimizer=None).fit(X, y)
    m, V = fitted.predict(Z, return_cov=True)
    inverse = np.diag(cho_solve((fitted.L_, True), np.eye(len(y))))
    L = fitted.log_marginal_likelihood_value_
    return m, V, L, y - fitted.alpha_.ravel() / inverse, 1 / inverse


def _library(GaussianProcess, X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    from gradus.inference import linear_kernel, squared_exponential_kernel

    def kernel(x, z):
        smooth = squared_exponential_kernel(x, z, length=ell, deviation=a) if a else 0.0
        return smooth + (linear_kernel(x, z, deviation=b) if b else 0.0)

    gp = GaussianProcess(kernel, noise)
    found, left = gp.posterior(X, y, Z), gp.leave_one_out(X, y)
    return found.mean, found.covariance, gp.log_evidence(X, y), left.mean, left.variance


GAUSSIAN_PROCESS = Concept(
    key="gaussian-process",
    kind="algorithm",
    title="Gaussian process",
    summary="A prior of functions, of which any finite number of values are jointly normal; the kernel is their covariance. Conditioned on noisy values "
    "it says of each other point what to expect and how far off that may be, and of itself how probable the data were: the evidence, by which kernels are compared. "
    "All of it is one Cholesky factorisation.",
    formulas=(
        r"f\sim\mathcal{GP}(0,k),\qquad y_i=f(x_i)+\varepsilon_i,\quad\varepsilon_i\sim N(0,\sigma^2),\qquad "
        r"k(x,z)=a^2e^{-\lVert x-z\rVert^2/2\ell^2}+b^2x^{\mathsf T}z",
        r"C=K+\sigma^2I,\qquad m=K_*^{\mathsf T}C^{-1}y,\qquad V=K_{**}-K_*^{\mathsf T}C^{-1}K_*",
        r"L=\ln N(y;0,C)=-\tfrac12y^{\mathsf T}C^{-1}y-\tfrac12\ln\det C-\tfrac n2\ln2\pi",
        r"y_i\mid y_{-i}\sim N(\mu_i,v_i),\qquad \mu_i=y_i-\frac{[C^{-1}y]_i}{[C^{-1}]_{ii}},\qquad v_i=\frac1{[C^{-1}]_{ii}}",
        r"\frac{\partial L}{\partial\theta}=\tfrac12\alpha^{\mathsf T}\frac{\partial C}{\partial\theta}\alpha-\tfrac12\operatorname{tr}"
        r"\Bigl(C^{-1}\frac{\partial C}{\partial\theta}\Bigr),\qquad\alpha=C^{-1}y",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", "points of the data, one a row"),
        Symbol("y", "y", "n", "what was observed there"),
        Symbol("z", "Z", "m d", "other points, one a row"),
        Symbol(r"\sigma^2", "noise", "", "variance of the noise", "nonnegative"),
        Symbol("a", "a", "", "deviation of the smooth part at a point", "nonnegative"),
        Symbol(r"\ell", "ell", "", "length over which the smooth part changes", "positive"),
        Symbol("b", "b", "", "deviation of the slopes of the linear part", "nonnegative"),
        Symbol(
            r"K,\ K_*,\ K_{**}", "", "", "covariances of the points with each other, with the others, of the others"
        ),
        Symbol("C", "", "n n", "covariance of the observations"),
        Symbol(r"\alpha", "", "n", "weights of the kernel functions in the mean"),
        Symbol(r"\theta", "", "", r"any of $a,\ell,b,\sigma^2$"),
        Symbol(r"f,\ \varepsilon_i", "", "", "the function; the errors of the observations"),
        Symbol(r"n,\ i,\ y_{-i}", "", "", "number of observations; one of them; all others"),
    ),
    returns=(
        Result("m", "m", "mean of the function at Z"),
        Result("V", "m m", "its covariance there, without noise"),
        Result("L", "", "evidence: ln of the density of y"),
        Result("mu_loo", "n", "mean of each observation given the others"),
        Result("v_loo", "n", "its variance, noise included"),
    ),
    needs=("multivariate-normal", "bayes", "kernel-ridge", "cholesky"),
    source="ohagan1978curve",
    year=1978,
    people=(
        "Andrey Kolmogorov",
        "Norbert Wiener",
        "Danie Krige",
        "Georges Matheron",
        "Anthony O'Hagan",
        "Carl Edward Rasmussen",
        "Christopher Williams",
    ),
    aliases="GP, Gaussian process regression, GPR, kriging, log marginal likelihood, 高斯过程回归, 克里金, 对数边缘似然",
    implementations=(
        Implementation(
            "sklearn.gaussian_process:GaussianProcessRegressor",
            "numpy",
            _sklearn,
            note="an estimator with the fit of the kernel's parameters; leave-one-out is computed here from its factor",
        ),
        Implementation(
            "gradus.inference:GaussianProcess",
            "torch",
            _library,
            note="kernels of your own in PyTorch, differentiable, batches of series, leave-one-out, no jitter",
        ),
    ),
    readings="rasmussen2006gaussian ch. 2, 5; ohagan1978curve; sundararajan2001predictive; bishop2006pattern §6.4",
    hypotheses=(
        Hypothesis(
            "the kernel and the variance of the noise are those of the data", "a-wrong-length-states-wrong-bands"
        ),
        Hypothesis("the mean before any data is 0", "far-from-the-data-the-prior-is-left"),
        Hypothesis("the noise is independent of the function and from point to point", "noise-that-errs-together"),
        Hypothesis("all is normal, or else only linear estimates are compared", "best-of-the-linear-ones"),
        Hypothesis(
            "$C$ is positive definite, by more than rounding hides",
            "close-points-without-noise-are-refused, jitter-in-silence",
        ),
    ),
    conventions=(
        Convention(
            "what is predicted",
            "the function: $V$",
            r"the next observation, $V+\sigma^2I$: `GaussianProcess.posterior(of='y')`; in scikit-learn the noise of a `WhiteKernel` "
            "is in the prediction at new points, that of `alpha` is not",
        ),
        Convention(
            "the noise",
            r"a variance $\sigma^2$",
            "a deviation; scikit-learn's `alpha` is the variance, and $10^{-10}$ unless given",
        ),
        Convention(
            "mean of the data",
            "none is taken off",
            "`normalize_y=True` of scikit-learn takes the mean off and divides by the deviation of y: the kernel's amplitude and `alpha` are then in that unit; "
            "predictions are scaled back to that of y",
        ),
    ),
    deviations=(
        "The definition refits n times for leave-one-out; both implementations compute it from one factorisation.",
        "gradus.inference refuses wherever a pivot of the factorisation is below nε of its diagonal; the definition and scikit-learn where it comes out ≤ 0, "
        "which for a point that stands twice without noise is a matter of rounding.",
    ),
    longest_sum=200,
)


def gram(x, z, a, ell, b):
    smooth = np.exp(-((x[:, None, :] - z[None, :, :]) ** 2).sum(axis=-1) / (2 * ell**2))
    return a**2 * smooth + b**2 * x @ z.T


@GAUSSIAN_PROCESS.definition
def gaussian_process(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    n = len(X)
    if len(y) != n or noise < 0:
        raise ValueError("one observation a point, and a variance that is not negative")
    C = gram(X, X, a, ell, b) + noise * np.eye(n)
    np.linalg.cholesky(C)  # refuses what is not positive definite

    def given(k, Z):
        """Conditions the joint normal distribution of y and f(Z) on the observations k."""
        across = gram(X[k], Z, a, ell, b)
        gain = np.linalg.solve(C[np.ix_(k, k)], across).T
        return gain @ y[k], gram(Z, Z, a, ell, b) - gain @ across

    m, V = given(np.arange(n), Z)
    L = -(y @ np.linalg.solve(C, y) + np.linalg.slogdet(C)[1] + n * np.log(2 * np.pi)) / 2
    left = [given(np.delete(np.arange(n), i), X[i : i + 1]) for i in range(n)]
    mu = np.array([mean[0] for mean, _ in left])
    v = np.array([variance[0, 0] + noise for _, variance in left])
    return m, V, L, mu, v


HALF = 1 / np.sqrt(2 * np.log(2))  # the length at which points 1 apart have covariance 1/2


@GAUSSIAN_PROCESS.example
def example():
    given = dict(X=np.array([[0.0], [1.0]]), y=np.array([2.0, 0.0]), Z=np.array([[1.0]]), noise=0.5, ell=HALF)
    m, V, L, mu, v = gaussian_process(**given)
    C = gram(given["X"], given["X"], 1.0, HALF, 0.0) + 0.5 * np.eye(2)
    M = np.linalg.inv(C)
    return (
        given
        | dict(C=C, det=np.linalg.det(C), M=M, alpha=M @ given["y"], k=np.array([0.5, 1.0]), m=m[0], V=V[0, 0], L=L)
        | dict(
            square=given["y"] @ M @ given["y"],
            mu=mu,
            v=v,
            gain=M @ np.array([0.5, 1.0]),
            next=V[0, 0] + 0.5,
            logdet=np.log(2.0),
        )
    )


@GAUSSIAN_PROCESS.exercise
def one_datum():
    """One observation, 6, with noise of variance ½, of a function of deviation 1: mean where the covariance is ½."""
    m, *_ = gaussian_process(np.array([[0.0]]), np.array([6.0]), np.array([[1.0]]), 0.5, ell=HALF)
    return number(m[0], no_noise=3.0, at_the_datum=4.0)


@GAUSSIAN_PROCESS.exercise
def band_of_many():
    """The same point observed four times with noise of variance 1, a = 1: variance of the fifth observation."""
    X = np.zeros((4, 1))
    V = gaussian_process(X, np.zeros(4), X[:1], 1.0)[1][0, 0]
    return number(V + 1, of_the_function=0.2, without_prior=1.25)


@GAUSSIAN_PROCESS.exercise
def wild_data():
    """All observations are multiplied by ten, and nothing else changes: what becomes of V?"""
    X, Z = np.arange(4.0)[:, None], np.array([[1.5]])
    quiet, wild = (gaussian_process(X, s * np.ones(4), Z, 0.1)[1][0, 0] for s in (1.0, 10.0))
    return choice(ten_times=abs(wild / quiet - 10) < 1, hundred_times=abs(wild / quiet - 100) < 1, same=wild == quiet)


@GAUSSIAN_PROCESS.cases
def cases(rng):
    X, y, Z = rng.normal(size=(9, 2)), rng.normal(size=9), rng.normal(size=(4, 2))
    yield "random", dict(X=X, y=y, Z=Z, noise=0.3, a=1.2, ell=0.8, b=0.5)
    yield "smooth alone", dict(X=X, y=y, Z=Z, noise=0.2)
    yield "linear alone", dict(X=X, y=y, Z=Z, noise=0.5, a=0.0, b=0.7)
    yield "one point", dict(X=X[:1], y=y[:1], Z=Z[:2], noise=0.5)
    yield "no noise", dict(X=3.0 * np.arange(5.0)[:, None], y=y[:5], Z=Z[:, :1], noise=0.0)
    yield "a point that stands twice", dict(X=np.repeat(X[:3], 2, axis=0), y=y[:6], Z=X[:2], noise=0.4)
    yield "long", dict(X=rng.normal(size=(18, 3)), y=rng.normal(size=18), Z=rng.normal(size=(7, 3)), noise=1.0)


@GAUSSIAN_PROCESS.invalid
def invalid(rng):
    ok = dict(X=rng.normal(size=(4, 2)), y=np.ones(4), Z=np.ones((1, 2)), noise=0.1)
    yield "fewer observations than points", ok | dict(y=np.ones(3))
    yield "a negative variance", ok | dict(noise=-0.1)
    yield "two equal points without noise", ok | dict(X=np.ones((2, 2)), y=np.array([1.0, 2.0]), noise=0.0)


def floats(found):
    return [np.asarray(part, float) for part in found]


def data(rng, n=9, m=4, d=2):
    X, y, Z = rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=(m, d))
    return (
        X,
        y,
        Z,
        dict(noise=rng.uniform(0.2, 0.5), a=rng.uniform(0.7, 1.5), ell=rng.uniform(0.6, 1.5), b=rng.uniform(0.3, 1)),
    )


def covariance(X, noise, a=1.0, ell=1.0, b=0.0):
    return gram(X, X, a, ell, b) + noise * np.eye(len(X))


def weights(gaussian_process, X, Z, **given):
    """The matrix of the mean, which is linear in y."""
    return np.stack([floats(gaussian_process(X, e, Z, **given))[0] for e in np.eye(len(X))], axis=1)


@GAUSSIAN_PROCESS.claim
def conditions_the_joint_distribution(gaussian_process, rng):
    r"""Is the joint normal distribution of f(Z) and y given y, by the rule of the precisions: with $\Lambda$ the inverse of the whole joint covariance, $V=\Lambda_{ff}^{-1}$ and $m=-V\Lambda_{fy}y$"""
    X, y, Z, given = data(rng)
    both, n = np.vstack([Z, X]), len(Z)
    joint = gram(both, both, given["a"], given["ell"], given["b"])
    joint[n:, n:] += given["noise"] * np.eye(len(X))
    precision = np.linalg.inv(joint)
    V = np.linalg.inv(precision[:n, :n])
    m = -V @ precision[:n, n:] @ y
    found = floats(gaussian_process(X, y, Z, **given))
    size = float(np.linalg.cond(joint)) * np.abs(joint).max()
    yield roundoff(found[0], m, terms=13, scale=size)
    yield roundoff(found[1], V, terms=13, scale=size)


@GAUSSIAN_PROCESS.claim
def evidence_is_a_normal_density(gaussian_process, rng):
    r"""$L$ is the log-density of a normal vector with mean 0 and covariance $C$, as SciPy computes it; and by the chain rule the sum of $\ln N(y_i;m_i,V_i+\sigma^2)$, each observation predicted from those before"""
    from scipy.stats import multivariate_normal

    X, y, _, given = data(rng)
    C = covariance(X, **given)
    L = floats(gaussian_process(X, y, X, **given))[2]
    size = float(np.linalg.cond(C)) * 40
    yield roundoff(L, multivariate_normal(np.zeros(len(y)), C).logpdf(y), terms=9, scale=size)
    # the first has nothing before it
    total, spread = 0.0, C[0, 0]
    mean = 0.0
    for i in range(len(y)):
        if i:
            m, V, *_ = floats(gaussian_process(X[:i], y[:i], X[i : i + 1], **given))
            mean, spread = m[0], V[0, 0] + given["noise"]
        total -= ((y[i] - mean) ** 2 / spread + np.log(2 * np.pi * spread)) / 2
    yield roundoff(L, total, terms=9, scale=size)


@GAUSSIAN_PROCESS.claim
def variance_does_not_look_at_y(gaussian_process, rng):
    r"""$V$ and $v_i$ do not depend on y, to the last bit, however wild it is, and the means are linear in y; $V$ does depend on where the data are: without the linear part it is less than $a^2$ at a point of the data, by at least $\frac{a^4}{a^2+\sigma^2}$, and $a^2$ far away"""
    X, y, Z, given = data(rng)
    other = 1e6 * rng.normal(size=len(y))
    one, two, both = (floats(gaussian_process(X, t, Z, **given)) for t in (y, other, 2 * y - 3e-6 * other))
    yield identical(one[1], two[1])
    yield identical(one[4], two[4])
    size = float(np.linalg.cond(covariance(X, **given))) * 20
    for k in (0, 3):
        yield roundoff(both[k], 2 * one[k] - 3e-6 * two[k], terms=20, scale=size)
    a, noise = given["a"], given["noise"]
    V = floats(gaussian_process(X, y, np.vstack([X[:1], X[:1] + 1e3]), noise, a, given["ell"]))[1]
    yield bound(a**2 - V[0, 0], a**4 / (a**2 + noise), "≥")
    yield roundoff(V[1, 1], a**2, terms=9)


@GAUSSIAN_PROCESS.claim
def interpolates_without_noise(gaussian_process, rng):
    r"""At its own data $y-m=\sigma^2\alpha$ and $V=\sigma^2I-\sigma^4C^{-1}$, so that no variance there is above $\sigma^2$; as the noise goes to 0 at points that stay, $K$ not singular, the misfit falls like $\sigma^2$, and without noise the mean goes through the data, $V=0$"""
    X, y, _, given = data(rng)
    noise, C = given["noise"], covariance(X, **given)
    m, V, *_ = floats(gaussian_process(X, y, X, **given))
    size = float(np.linalg.cond(C)) * 20
    yield roundoff(y - m, noise * np.linalg.solve(C, y), terms=9, scale=size)
    yield roundoff(V, noise * np.eye(9) - noise**2 * np.linalg.inv(C), terms=9, scale=size)
    yield bound(V.diagonal().max(), noise)
    X, y = 2.0 * np.arange(6.0)[:, None], y[:6]  # far enough apart that C stays good
    noises = [1e-6, 1e-5, 1e-4, 1e-3]
    misfits = [np.abs(y - floats(gaussian_process(X, y, X, s))[0]).max() for s in noises]
    yield rate(noises, misfits, 1.0)
    m, V, *_ = floats(gaussian_process(X, y, X, 0.0))
    yield roundoff(m, y, terms=6, scale=10.0)
    yield roundoff(V, np.zeros((6, 6)), terms=6, scale=10.0)


@GAUSSIAN_PROCESS.claim
def a_datum_never_widens(gaussian_process, rng):
    r"""One more observation, at $x$, takes $cc^{\mathsf T}/(V_x+\sigma^2)$ from the covariance, $c$ being that of f(Z) and f(x) before and $V_x$ that of f(x): no variance rises, whatever is observed, and where $c\ne0$ it falls"""
    X, y, Z, given = data(rng)
    before = floats(gaussian_process(X[:-1], y[:-1], np.vstack([Z, X[-1:]]), **given))[1]
    after = floats(gaussian_process(X, y, Z, **given))[1]
    c = before[:-1, -1]
    fall = before[:-1, :-1] - after
    size = float(np.linalg.cond(covariance(X, **given))) * np.abs(before).max()
    yield roundoff(fall, np.outer(c, c) / (before[-1, -1] + given["noise"]), terms=9, scale=size)
    yield bound(fall.trace(), (c @ c) / (2 * before[-1, -1] + 2 * given["noise"]), "≥")
    yield bound(np.abs(c).max(), 1e-6, "≥", Text("c is not 0", "c 不为 0"))


@GAUSSIAN_PROCESS.claim
def linear_kernel_is_bayesian_ridge(gaussian_process, rng):
    r"""With the linear kernel alone, $a=0$, it is linear regression with the prior $w\sim N(0,b^2I)$: $m=Z\bar w$, $V=ZSZ^{\mathsf T}$, $S=(X^{\mathsf T}X/\sigma^2+I/b^2)^{-1}$, $\bar w=SX^{\mathsf T}y/\sigma^2$, the ridge estimate with the penalty $\sigma^2/b^2$; and it goes through the origin"""
    X, y, Z, given = data(rng)
    noise, b = given["noise"], given["b"]
    S = np.linalg.inv(X.T @ X / noise + np.eye(2) / b**2)
    w = S @ X.T @ y / noise
    m, V, *_ = floats(gaussian_process(X, y, np.vstack([Z, np.zeros((1, 2))]), noise, 0.0, 1.0, b))
    size = float(np.linalg.cond(covariance(X, noise, 0.0, 1.0, b))) * 20
    yield roundoff(m, np.append(Z @ w, 0.0), terms=9, scale=size)
    yield roundoff(V[:-1, :-1], Z @ S @ Z.T, terms=9, scale=size)


@GAUSSIAN_PROCESS.claim
def leave_one_out_in_closed_form(gaussian_process, rng):
    r"""Leaving one out needs no refit: $\mu_i=y_i-[C^{-1}y]_i/[C^{-1}]_{ii}$ and $v_i=1/[C^{-1}]_{ii}$, noise included; with noise the misses are the residuals of the fit times $v_i/\sigma^2$, which is never below 1"""
    X, y, _, given = data(rng)
    inverse = np.linalg.inv(covariance(X, **given))
    m, _, _, mu, v = floats(gaussian_process(X, y, X, **given))
    size = 20 / np.linalg.eigvalsh(inverse).min() * np.linalg.eigvalsh(inverse).max()
    yield roundoff(mu, y - inverse @ y / inverse.diagonal(), terms=9, scale=size)
    yield roundoff(v, 1 / inverse.diagonal(), terms=9, scale=size)
    yield roundoff(y - mu, (y - m) * v / given["noise"], terms=9, scale=size / given["noise"])
    yield bound(v.min() / given["noise"], 1.0, "≥")


@GAUSSIAN_PROCESS.claim
def gradient_of_the_evidence(gaussian_process, rng):
    r"""The printed derivative of $L$ by $\ln a$, $\ln\ell$, $\ln b$ and $\ln\sigma^2$ is that of differences"""
    X, y, Z, given = data(rng, n=7)
    names = ("a", "ell", "b", "noise")
    C = covariance(X, **given)
    alpha, inverse = np.linalg.solve(C, y), np.linalg.inv(C)
    squares = ((X[:, None] - X[None]) ** 2).sum(-1)
    smooth = given["a"] ** 2 * np.exp(-squares / (2 * given["ell"] ** 2))
    by = (2 * smooth, smooth * squares / given["ell"] ** 2, 2 * given["b"] ** 2 * X @ X.T, given["noise"] * np.eye(7))
    for name, D in zip(names, by, strict=True):

        def evidence(t, name=name):
            return float(floats(gaussian_process(X, y, Z[:1], **given | {name: given[name] * np.exp(t)}))[2])

        want = (alpha @ D @ alpha - (inverse * D).sum()) / 2
        why = Text(
            "h⁴ of a smooth function and ε/h of its size, h = 1e-3", "光滑函数的 h⁴ 误差与其大小的 ε/h，h = 1e-3"
        )
        yield near(five_point_slope(evidence, 0.0, 1e-3), want, 1e-8, why)


@GAUSSIAN_PROCESS.claim
def bands_hold_what_they_say(gaussian_process, rng):
    r"""Of functions drawn from the prior the errors of the mean have the covariance $V$, and those of a new observation $V+\sigma^2I$. So twelve observations of one point, $a=\sigma=1$, leave $V=\frac1{13}$: the band $m\pm1.96\sqrt V$ holds the function in 95 % of the cases, and the next observation in 40 %"""
    X, _, Z, given = data(rng)
    A = weights(gaussian_process, X, Z, **given)
    V = floats(gaussian_process(X, np.zeros(9), Z, **given))[1]
    a, ell, b = given["a"], given["ell"], given["b"]
    across, C = gram(X, Z, a, ell, b), covariance(X, **given)
    errors = gram(Z, Z, a, ell, b) - A @ across - across.T @ A.T + A @ C @ A.T
    yield roundoff(V, errors, terms=40, scale=float(np.linalg.cond(C)) * 20)
    same = np.zeros((12, 1))
    w = weights(gaussian_process, same, same[:1], noise=1.0)[0]
    V = floats(gaussian_process(same, np.zeros(12), same[:1], 1.0))[1][0, 0]
    yield roundoff(V, 1 / 13, terms=50)
    f = rng.normal(size=20000)
    m = (f[:, None] + rng.normal(size=(20000, 12))) @ w
    half = 1.959964 * np.sqrt(V)
    yield statistical(np.abs(f - m) <= half, 0.95)
    yield statistical(np.abs(f + rng.normal(size=20000) - m) <= half, 0.399607)


@GAUSSIAN_PROCESS.claim
def a_wrong_length_states_wrong_bands(gaussian_process, rng):
    r"""The band is right only for the kernel that the data have: of functions with $\ell=\frac12$, seen at eight points 1 apart with noise of variance 0.01, the mean for $\ell=3$ errs half way between two of them with more than ten times the variance that it states, and the mean for $\ell=\frac12$ with the variance that it states"""
    X, Z = np.arange(8.0)[:, None], np.array([[3.5]])
    C, across = covariance(X, 0.01, ell=0.5), gram(X, Z, 1.0, 0.5, 0.0)
    for ell in (3.0, 0.5):
        A = weights(gaussian_process, X, Z, noise=0.01, ell=ell)
        V = floats(gaussian_process(X, np.ones(8), Z, 0.01, 1.0, ell))[1][0, 0]
        error = (1 - 2 * A @ across + A @ C @ A.T)[0, 0]
        if ell == 3.0:
            yield bound(error / V, 10.0, "≥", Text("ten times", "十倍"))
            yield bound(V, 1e-4, "≥", Text("it states a variance", "所述的方差不为零"))
        else:
            yield roundoff(V, error, terms=40, scale=4.0)


@GAUSSIAN_PROCESS.claim
def noise_that_errs_together(gaussian_process, rng):
    r"""An error that all observations share is not noise: of one point seen twelve times, $a=\sigma=1$, $V=\frac1{13}$ is stated; if the errors are independent that is so, and if they are all the same it is $\frac{1+12^2}{13^2}=0.858$"""
    X = np.zeros((12, 1))
    A = weights(gaussian_process, X, X[:1], noise=1.0)[0]
    V = floats(gaussian_process(X, rng.normal(size=12), X[:1], 1.0))[1][0, 0]
    yield roundoff((1 - A.sum()) ** 2 + A @ A, V, terms=50, scale=1.0)
    yield roundoff(V, 1 / 13, terms=50)
    yield roundoff((1 - A.sum()) ** 2 + A.sum() ** 2, 145 / 169, terms=50, scale=1.0)


@GAUSSIAN_PROCESS.claim
def best_of_the_linear_ones(gaussian_process, rng):
    r"""Where not all is normal the mean is still the best linear estimate (its errors are uncorrelated with y), but not the best: a slope ±2, either with the same chance, seen at $x=1$ with noise ±1, also by an even chance (the kernel $a=0$, $b=2$, $\sigma=1$) has the sign of what is seen, and is known; the mean is $\frac45y$ and errs with $V=\frac45$ at 1"""
    X, _, Z, given = data(rng)
    A, C = weights(gaussian_process, X, Z, **given), covariance(X, **given)
    across = gram(X, Z, given["a"], given["ell"], given["b"])
    yield roundoff(A @ C, across.T, terms=9, scale=float(np.linalg.cond(C)) * 20)
    one = np.ones((1, 1))
    slopes, y = np.array([2.0, 2.0, -2.0, -2.0]), np.array([3.0, 1.0, -1.0, -3.0])
    found = [floats(gaussian_process(one, y[i : i + 1], one, 1.0, 0.0, 1.0, 2.0)) for i in range(4)]
    m = np.array([part[0][0] for part in found])
    yield roundoff(m, 0.8 * y, terms=4)
    yield roundoff([found[0][1][0, 0], ((m - slopes) ** 2).mean()], [0.8, 0.8], terms=8, scale=4.0)
    yield identical(2 * np.sign(m), slopes)


@GAUSSIAN_PROCESS.claim
def far_from_the_data_the_prior_is_left(gaussian_process, rng):
    r"""Without the linear part, a hundred lengths from the data only the prior is left: mean 0, variance $a^2$, whatever was observed. Between points that are several lengths apart the mean is drawn towards 0 as well: of 50, seen at 0 and at 4 with $\ell=a=1$ and noise of variance 0.01, 13.4 is left half way. So take a mean off first, or put one into the kernel"""
    X, y, _, given = data(rng)
    a, ell = given["a"], given["ell"]
    m, V, *_ = floats(gaussian_process(X, y + 50, X[:3] + 100 * ell + 10, given["noise"], a, ell))
    yield roundoff(m, np.zeros(3), scale=1e-300)
    yield roundoff(V, gram(X[:3], X[:3], a, ell, 0.0), terms=9, scale=a**2 / ell**2 * 1e3)
    two = np.array([[0.0], [4.0]])
    between = floats(gaussian_process(two, np.array([50.0, 50.0]), np.array([[2.0]]), 0.01))[0][0]
    yield roundoff(between, 100 * np.exp(-2) / (1.01 + np.exp(-8)), terms=9)
    yield near(between, 13.4, 0.05, Text("rounded to one place", "四舍五入到一位小数"))


@GAUSSIAN_PROCESS.claim
def standardised_data_make_another_prior(gaussian_process, rng):
    r"""Standardising y first, to mean 0 and deviation 1, and scaling back is another prior: mean $\bar y$, amplitude $sa$, noise $s^2\sigma^2$, $s$ being the deviation of y; that is what scikit-learn's `normalize_y=True` does, and then the band does depend on y: twice as wide for $2y$"""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel

    X, y, Z, given = data(rng)
    noise, ell = given["noise"], given["ell"]
    s, mean = y.std(), y.mean()
    a = given["a"]
    inside = floats(gaussian_process(X, (y - mean) / s, Z, noise, a, ell))
    outside = floats(gaussian_process(X, y - mean, Z, s**2 * noise, s * a, ell))
    size = float(np.linalg.cond(covariance(X, noise, a, ell))) * 20
    yield roundoff(outside[0], s * inside[0], terms=20, scale=size)
    yield roundoff(outside[1], s**2 * inside[1], terms=20, scale=size)
    for scale in (1.0, 2.0):
        peer = GaussianProcessRegressor(
            ConstantKernel(a**2) * RBF(ell), alpha=noise, optimizer=None, normalize_y=True
        ).fit(X, scale * y)
        m, V = peer.predict(Z, return_cov=True)
        yield roundoff(mean * scale + scale * outside[0], m, terms=20, scale=size)
        yield roundoff(scale**2 * outside[1], V, terms=20, scale=size)


def given_the_others(n, one):
    """The variance of one of n points of [0, 1] given all others, ℓ = ½, by elimination in 110 digits."""
    order = [i for i in range(n) if i != one] + [one]
    with localcontext() as digits:
        digits.prec = 110
        by = [(Decimal(-2 * k * k) / (n - 1) ** 2).exp() for k in range(n)]
        K = [[by[abs(i - j)] for j in order] for i in order]
        for p in range(n - 1):
            for i in range(p + 1, n):
                ratio = K[i][p] / K[p][p]
                for j in range(p + 1, n):
                    K[i][j] -= ratio * K[p][j]
        return float(K[-1][-1])


@GAUSSIAN_PROCESS.claim
def close_points_without_noise_are_refused(gaussian_process, rng):
    r"""Smooth functions at close points determine each other: of thirty points in [0, 1] with $\ell=\frac12$ the least eigenvalue of $K$ is below $10^{-50}$, and the largest, near 23, is itself known to no better than $10^{-15}$ in double precision; without noise it is refused, not mended in silence, and so are two equal points; noise of variance $10^{-6}$ is enough, for without the linear part $\operatorname{cond}C\le1+n a^2/\sigma^2$"""
    X = np.linspace(0, 1, 30)[:, None]
    y = np.sin(5 * X[:, 0])
    left = Text("the variance of one point given the others", "已知其余点时一点的方差")
    yield bound(given_the_others(30, 15), 1e-50, because=left)  # 1/[K⁻¹]ᵢᵢ, which no least eigenvalue exceeds
    yield near(np.linalg.eigvalsh(covariance(X, 0.0, ell=0.5))[-1], 23.0, 0.5, Text("rounded", "取整"))
    yield raises(lambda: gaussian_process(X, y, X[:2], 0.0, 1.0, 0.5), ValueError)
    yield raises(lambda: gaussian_process(np.ones((2, 1)), np.array([1.0, 2.0]), X[:2], 0.0), ValueError)
    m = floats(gaussian_process(X, y, X, 1e-6, 1.0, 0.5))[0]
    small = Text(
        "σ times the norm of the function in the kernel's space, below 30", "σ 乘以函数在核空间中的范数（小于 30）"
    )
    yield near(np.abs(m - y).max(), 0.0, 0.03, small)
    yield bound(np.linalg.cond(covariance(X, 1e-6, ell=0.5)), 1 + 30 / 1e-6)


@GAUSSIAN_PROCESS.claim
def jitter_is_noise(gaussian_process, rng):
    r"""What is added to the diagonal for the factorisation's sake is noise, and changes the evidence: for y = ±1 in turns on twenty points of [0, 1], which no smooth function makes, $\ell=0.3$, $-L$ with $\sigma^2=10^{-8}$ is more than fifty times that with $10^{-6}$"""
    X = np.linspace(0, 1, 20)[:, None]
    y = (-1.0) ** np.arange(20)
    small, large = (float(floats(gaussian_process(X, y, X[:1], s, 1.0, 0.3))[2]) for s in (1e-8, 1e-6))
    yield bound(-large, 1e5, "≥", Text("most of y is noise: about n/2σ² = 10⁷", "y 几乎全是噪声：约 n/2σ² = 10⁷"))
    yield bound(small / large, 50.0, "≥", Text("fifty times", "五十倍"))
    yield bound(small / large, 100.0, because=Text("the ratio of the noises", "噪声之比"))


def variant(X, y, Z, noise, a=1.0, ell=1.0, b=0.0, **wrong):
    """The formulas from one inverse, and what may go wrong, by name."""
    half, squared, constant = wrong.get("half", 2), wrong.get("squared", 2), wrong.get("constant", 0.0)

    def k(x, z):
        distance = ((x[:, None] - z[None]) ** 2).sum(-1)
        return a**2 * np.exp(-distance / (half * ell**squared)) + b**2 * (x @ z.T) + constant

    n = len(X)
    if len(y) != n or noise < 0:
        raise ValueError("shapes")
    C = k(X, X) + (noise + wrong.get("jitter", 0.0) if wrong.get("noisy", True) else 1e-12) * np.eye(n)
    if wrong.get("refuse", True):
        np.linalg.cholesky(C)
        M = np.linalg.inv(C)
    else:
        M = np.linalg.pinv(C)
    across = k(X, Z)
    m, V = across.T @ M @ y, k(Z, Z) - wrong.get("sign", 1) * across.T @ M @ across
    L = -(y @ M @ y) / 2 - wrong.get("logs", 0.5) * np.linalg.slogdet(C)[1] - n * np.log(wrong.get("pi", 2 * np.pi)) / 2
    mu, v = y - M @ y / M.diagonal(), 1 / M.diagonal()
    if not wrong.get("left", True):
        mu, v = k(X, X) @ M @ y, (k(X, X) - k(X, X) @ M @ k(X, X)).diagonal() + noise
    return m, V + wrong.get("more", 0.0) * noise * np.eye(len(Z)), L, mu, v


@GAUSSIAN_PROCESS.mutant(
    caught_by="bands-hold-what-they-say, interpolates-without-noise, conditions-the-joint-distribution, equals-definition, a-wrong-length-states-wrong-bands"
)
def noise_in_the_function(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """the variance of the next observation given out as that of the function"""
    return variant(X, y, Z, noise, a, ell, b, more=1.0)


@GAUSSIAN_PROCESS.mutant(
    caught_by="noise-that-errs-together, best-of-the-linear-ones, linear-kernel-is-bayesian-ridge, jitter-is-noise, gradient-of-the-evidence"
)
def deviation_for_variance(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """the deviation of the noise on the diagonal in place of its variance"""
    return variant(X, y, Z, np.sqrt(noise) * 3.0, a, ell, b) if noise >= 0 else variant(X, y, Z, noise)


@GAUSSIAN_PROCESS.mutant(caught_by="conditions-the-joint-distribution, gradient-of-the-evidence, equals-definition")
def length_not_squared(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """the length in place of its square"""
    return variant(X, y, Z, noise, a, ell, b, squared=1)


@GAUSSIAN_PROCESS.mutant(
    caught_by="conditions-the-joint-distribution, far-from-the-data-the-prior-is-left, equals-definition"
)
def no_half_in_the_exponent(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """the exponent without its half"""
    return variant(X, y, Z, noise, a, ell, b, half=1)


@GAUSSIAN_PROCESS.mutant(caught_by="evidence-is-a-normal-density, gradient-of-the-evidence, equals-definition")
def evidence_without_determinant(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """the evidence without the determinant"""
    return variant(X, y, Z, noise, a, ell, b, logs=0.0)


@GAUSSIAN_PROCESS.mutant(caught_by="evidence-is-a-normal-density, equals-definition")
def evidence_without_two_pi(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """the evidence without its constant"""
    return variant(X, y, Z, noise, a, ell, b, pi=1.0)


@GAUSSIAN_PROCESS.mutant(caught_by="leave-one-out-in-closed-form, equals-definition")
def nothing_left_out(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """the fit itself in place of leave-one-out"""
    return variant(X, y, Z, noise, a, ell, b, left=False)


@GAUSSIAN_PROCESS.mutant(caught_by="jitter-is-noise, close-points-without-noise-are-refused")
def jitter_in_silence(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """a millionth added to the diagonal without a word"""
    return variant(X, y, Z, noise, a, ell, b, jitter=1e-6)


@GAUSSIAN_PROCESS.mutant(caught_by="close-points-without-noise-are-refused")
def pseudoinverse(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """a pseudoinverse where there is no inverse"""
    return variant(X, y, Z, noise, a, ell, b, refuse=False)


@GAUSSIAN_PROCESS.mutant(
    caught_by="a-datum-never-widens, variance-does-not-look-at-y, interpolates-without-noise, equals-definition"
)
def data_add_variance(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """what the data say added to the variance"""
    return variant(X, y, Z, noise, a, ell, b, sign=-1)


@GAUSSIAN_PROCESS.mutant(
    caught_by="variance-does-not-look-at-y, a-wrong-length-states-wrong-bands, standardised-data-make-another-prior"
)
def variance_of_the_residuals(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """the variance scaled by the mean square of y, as if standardised"""
    found = variant(X, y, Z, noise, a, ell, b)
    return found[0], found[1] * (0.1 + np.mean(y**2)), *found[2:]


@GAUSSIAN_PROCESS.mutant(
    caught_by="linear-kernel-is-bayesian-ridge, far-from-the-data-the-prior-is-left, equals-definition"
)
def a_constant_besides(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """a constant in the kernel that nobody asked for"""
    return variant(X, y, Z, noise, a, ell, b, constant=1.0)


@GAUSSIAN_PROCESS.mutant(
    caught_by="noise-that-errs-together, interpolates-without-noise, equals-definition, leave-one-out-in-closed-form"
)
def noise_left_out(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    """the observations taken for the function itself"""
    return variant(X, y, Z, noise, a, ell, b, noisy=False)


GAUSSIAN_PROCESS.erratum(
    "E350",
    common="Where the band of a Gaussian process is narrow, the prediction is good (a common slip)",
    why="The band is computed from the kernel and from where the data lie, and never looks at what was observed: multiplied by a million, the observations leave it the same to the last bit. With a length that is too large it is several times too narrow.",
    right="The band is right if the kernel and the noise are those of the data; look at the misses of leave-one-out over their stated deviations",
    claims="variance-does-not-look-at-y, a-wrong-length-states-wrong-bands",
)
GAUSSIAN_PROCESS.erratum(
    "E351",
    common="Jitter is a numerical device that changes nothing (a common slip)",
    why="It is noise of that variance in the model. It is harmless beside noise that is much larger; where none was stated the evidence, and so the kernel that is chosen by it, depends on the jitter.",
    right="State the noise; where the covariance is still not positive definite, some point is determined by the others, and which one is worth knowing",
    claims="jitter-is-noise, close-points-without-noise-are-refused",
)
GAUSSIAN_PROCESS.erratum(
    "E352",
    common="The 95 % band of the mean holds 95 % of new observations (a common slip)",
    why="$V$ is the variance of the function. Of twelve observations of one point, as noisy as the function is variable, it leaves $\\frac1{13}$, and the band holds 40 % of the next observations.",
    right=r"The variance of observations is $V+\sigma^2$",
    claims="bands-hold-what-they-say",
)


@GAUSSIAN_PROCESS.figure(
    ell=Slider(0.15, 4.0, 0.9, "length ℓ", log=True),
    deviation=Slider(0.03, 1.0, 0.2, "deviation of the noise σ", log=True),
)
def figure(ell, deviation):
    rng = np.random.default_rng(4)
    x = np.array([0.2, 0.7, 1.1, 1.9, 2.6, 2.9, 5.0, 5.6, 6.1, 7.4])
    y = np.sin(1.4 * x) + 0.5 * np.cos(0.6 * x) + 0.2 * rng.normal(size=10)
    z = np.linspace(-0.6, 9.0, 120)
    m, V, L, mu, v = gaussian_process(x[:, None], y, z[:, None], deviation**2, 1.0, ell)
    f = np.sqrt(np.maximum(V.diagonal(), 0))
    wide = np.sqrt(f**2 + deviation**2)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    left.fill_between(z, m - 2 * wide, m + 2 * wide, color=COLOURS[1], alpha=0.18, lw=0, label="next observation, ±2")
    left.fill_between(z, m - 2 * f, m + 2 * f, color=COLOURS[2], alpha=0.3, lw=0, label="function, ±2")
    left.plot(z, m, color=COLOURS[2], label="mean")
    left.plot(x, y, "o", ms=4, color=COLOURS[0], label="data")
    left.set(xlabel="x", ylabel="y", ylim=(-3.2, 4.6))
    left.legend(fontsize=9, frameon=False, loc="upper left", ncols=2, columnspacing=2.5)
    lengths = np.geomspace(0.15, 4, 18)
    scores = []
    for t in lengths:
        *_, e, mean, spread = gaussian_process(x[:, None], y, z[:1, None], deviation**2, 1.0, t)
        scores.append((e, -(((y - mean) ** 2 / spread + np.log(2 * np.pi * spread)) / 2).sum()))
    evidence, loo = np.array(scores).T
    right.plot(lengths, evidence, color=COLOURS[0], label="evidence")
    right.plot(lengths, loo, color=COLOURS[1], ls="--", label="leave-one-out")
    right.axvline(ell, color="0.45", lw=1, ls=":", label="this length")
    top = max(evidence.max(), loo.max())
    right.set(xscale="log", xlabel="length ℓ", ylabel="ln p", ylim=(top - 30, top + 2))
    right.set_xticks([0.2, 0.5, 1, 2, 4], ["0.2", "0.5", "1", "2", "4"])
    right.minorticks_off()
    right.legend(fontsize=9, frameon=False, loc="best")
    best = lengths[evidence.argmax()]
    miss = float(np.mean((y - mu) ** 2 / v))
    words = Text(
        f"ℓ = {ell:.3g}, σ = {deviation:.3g}: evidence {L:.3g}; of the lengths shown it is largest at {best:.3g}. The squared misses of leave-one-out are on average {miss:.3g} times their stated variances. "
        f"In the gap of the data the function's deviation is up to {f[(z > 2.9) & (z < 5.0)].max():.2g}, beyond the last of them up to {f[z > 7.4].max():.2g}.",
        f"ℓ = {ell:.3g}，σ = {deviation:.3g}：证据为 {L:.3g}；所画的长度中，证据在 {best:.3g} 处最大。留一法误差的平方平均为所述方差的 {miss:.3g} 倍。"
        f"数据的空隙中函数的标准差最大为 {f[(z > 2.9) & (z < 5.0)].max():.2g}，数据之后最大为 {f[z > 7.4].max():.2g}。",
    )
    return Drawing(fig, words)
