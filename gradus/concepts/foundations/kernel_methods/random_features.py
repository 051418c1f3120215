"""Random Fourier features: a kernel as the mean of products of cosines, sampled."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


class _Given(np.random.RandomState):
    """A generator whose draws are the given ones, so that scikit-learn works on our N and u."""

    def __init__(self, N, u):
        super().__init__(0)
        self.N, self.u = N, u

    def normal(self, loc=0.0, scale=1.0, size=None):
        return _sized(self.N, size)

    def uniform(self, low=0.0, high=1.0, size=None):
        return low + (high - low) * _sized(self.u, (size,))


def _sized(draws, size):
    if draws.shape != size:
        raise ValueError(f"the draws have shape {draws.shape}, expected {size}")
    return draws


def _sklearn(RBFSampler, X, N, u, gamma):
    return RBFSampler(gamma=gamma, n_components=N.shape[1], random_state=_Given(N, u)).fit_transform(X)


RANDOM_FEATURES = Concept(
    key="random-features",
    kind="algorithm",
    title="Random Fourier features",
    summary=r"The Gaussian kernel is the mean of $2\cos(\omega^{\mathsf T}x+b)\cos(\omega^{\mathsf T}z+b)$ over "
    "random frequencies and phases. D samples give D features whose plain inner product approximates the kernel, "
    r"at each pair of points with an error of order $1/\sqrt D$ in any dimension: the cost of a linear method on them "
    "grows like n, where that of a kernel method grows at least like n².",
    formulas=(
        r"\psi(x)=\sqrt{\tfrac2D}\,\cos\bigl(\sqrt{2\gamma}\,N^{\mathsf T}x+2\pi u\bigr),\qquad N_{ij}\sim N(0,1),\quad u_j\sim U(0,1)",
        r"\operatorname{E}\langle\psi(x),\psi(z)\rangle=e^{-\gamma\lVert x-z\rVert^2}=k,\qquad \operatorname{Var}\langle\psi(x),\psi(z)\rangle=\frac1D\left(1+\frac{k^4}2-k^2\right)",
        r"P\bigl(\lvert\langle\psi(x),\psi(z)\rangle-k\rvert\ge t\bigr)\le2e^{-Dt^2/8}",
    ),
    symbols=(
        Symbol("x", "X", "n d", "points, one a row"),
        Symbol("N", "N", "d D", "standard normal draws: frequencies before scaling"),
        Symbol("u", "u", "D", "uniform draws: phases in turns", "unit"),
        Symbol(r"\gamma", "gamma", "", "inverse square width of the Gaussian kernel", "positive"),
        Symbol("D", "", "", "number of features"),
        Symbol(r"\psi", "", "n D", "features"),
        Symbol("k", "", "", "value of the kernel at the pair"),
        Symbol("t", "", "", "size of the error"),
    ),
    needs=("kernel-methods", "expectation"),
    source="rahimi2007random",
    year=2007,
    people=("Ali Rahimi", "Benjamin Recht"),
    aliases="RFF, random kitchen sinks, kernel approximation, 随机特征, 核近似, 随机傅立叶特征",
    implementations=(
        Implementation(
            "sklearn.kernel_approximation:RBFSampler", "numpy", _sklearn, "draws N and u itself; here it is handed ours"
        ),
    ),
    readings="rahimi2007random; murphy2022probabilistic",
    hypotheses=(
        Hypothesis("the phases are uniform over a whole turn", "without-phase, part-of-a-turn"),
        Hypothesis(r"the frequencies are normal with variance $2\gamma$ in each direction", "half-the-variance"),
        Hypothesis("for variance and large errors: the D features are independent", "one-frequency"),
    ),
    conventions=(
        Convention(
            "which features",
            "D cosines with random phases",
            r"$\cos\omega^{\mathsf T}x$ and $\sin\omega^{\mathsf T}x$ of D/2 frequencies without a phase: their variance "
            "is $(1-k^2)^2/D$, none at all at $x=z$",
        ),
    ),
    unverified="That the error is uniformly small over a compact set (Claim 1 of the paper).",
    nonfinite="nan",
)


@RANDOM_FEATURES.definition
def random_features(X, N, u, gamma=1.0):
    if X.shape[1] != N.shape[0] or N.shape[1] != len(u):
        raise ValueError("N has a row for each dimension and a column for each phase")
    D = N.shape[1]
    return np.sqrt(2 / D) * np.cos(np.sqrt(2 * gamma) * X @ N + 2 * np.pi * u)


@RANDOM_FEATURES.example
def example():
    X, N, u = np.array([[0.0], [1.0]]), np.array([[-1.2, -0.3, 0.4, 1.0]]), np.array([0.05, 0.3, 0.6, 0.8])
    gamma = 0.5
    psi, k = random_features(X, N, u, gamma), np.exp(-gamma)
    c = np.sqrt(4 / 2) * psi  # the cosines themselves
    return (
        dict(X=X, N=N, u=u, gamma=gamma, psi=psi, omega=N[0], b=2 * np.pi * u, cx=c[0], cz=c[1])
        | dict(products=2 * c[0] * c[1], estimate=psi[0] @ psi[1], k=k, itself=psi[0] @ psi[0])
        | dict(spread=np.sqrt((1 + k**4 / 2 - k**2) / 4), own=np.sqrt(1 / 8))
        | dict(needed=np.ceil((1 + k**4 / 2 - k**2) / 0.01**2 / 1000) * 1000)
    )


@RANDOM_FEATURES.exercise
def how_many():
    variance = 1.0  # of one product where k is 0: 1 + k⁴/2 − k²
    return number(variance / 0.02**2, no_square=variance / 0.02, at_one_point=0.5 / 0.02**2)


@RANDOM_FEATURES.exercise
def no_phases():
    N = np.random.default_rng(0).standard_normal((1, 4000))
    psi = random_features(np.array([[0.0], [2.0], [2.5]]), N, np.zeros(4000), 0.5)
    at_zero, away = psi[0] @ psi[0], psi[1] @ psi[2]
    depends = abs(at_zero - 2) < 1e-9 and abs(away - np.exp(-0.125)) < 0.1
    return choice(sum_too=depends, unbiased=abs(at_zero - 1) < 0.1, scaled=abs(away - 2 * np.exp(-0.125)) < 0.1)


@RANDOM_FEATURES.exercise
def frequencies():
    gamma = 1 / (2 * 2.0**2)  # the kernel of length ℓ = 2
    return number(np.sqrt(2 * gamma), half_the_variance=np.sqrt(gamma), the_length=2.0, variance=2 * gamma)


@RANDOM_FEATURES.cases
def cases(rng):
    def draws(d, D):
        return dict(N=rng.standard_normal((d, D)), u=rng.uniform(size=D))

    yield "random", dict(X=rng.standard_normal((5, 3)), **draws(3, 8))
    yield "narrow", dict(X=rng.standard_normal((4, 2)), **draws(2, 5), gamma=20.0)
    yield "one point, one feature", dict(X=rng.standard_normal((1, 1)), **draws(1, 1))
    yield "origin", dict(X=np.zeros((2, 3)), **draws(3, 4))
    yield "square", dict(X=rng.standard_normal((3, 3)), **draws(3, 3))
    yield "many points", dict(X=rng.standard_normal((200, 2)), **draws(2, 150))


@RANDOM_FEATURES.invalid
def invalid(rng):
    yield "frequencies of another dimension", dict(X=np.ones((4, 3)), N=np.ones((2, 6)), u=np.ones(6) / 2)
    yield "fewer phases than features", dict(X=np.ones((4, 3)), N=np.ones((3, 6)), u=np.ones(5) / 2)


def products(features, rng, X, D, gamma=1.0):
    """The approximate Gram matrix from fresh draws."""
    psi = features(X, rng.standard_normal((X.shape[1], D)), rng.uniform(size=D), gamma=gamma)
    return psi @ psi.T


def gaussian(X, gamma=1.0):
    return np.exp(-gamma * ((X[:, None] - X) ** 2).sum(-1))


@RANDOM_FEATURES.claim
def mean_is_the_kernel(features, rng):
    """Unbiased: the mean of the inner products is the kernel, near and far, for a narrow and a wide one"""
    for gamma, gap in ((0.5, 0.3), (0.5, 1.5), (4.0, 0.5)):
        X = np.array([[0.2, -0.4], [0.2 + gap, -0.4]])
        N, u = rng.standard_normal((2, 20_000)), rng.uniform(size=20_000)
        psi = features(X, N, u, gamma=gamma) * np.sqrt(20_000)  # each column a draw with D = 1
        yield statistical(psi[0] * psi[1], np.exp(-gamma * gap**2))


@RANDOM_FEATURES.claim
def variance_of_the_product(features, rng):
    r"""The variance is $\frac1D(1+\frac{k^4}2-k^2)$: also at $x=z$ it is $\frac1{2D}$, not 0"""
    D, draws = 20, 1000
    for gap in (0.0, 0.4, 2.0):
        X = np.array([[0.3], [0.3 + gap]])
        k = np.exp(-(gap**2))
        psi = features(X, rng.standard_normal((1, D * draws)), rng.uniform(size=D * draws))
        mean = draws * (psi[0] * psi[1]).reshape(draws, D).sum(axis=1)  # D features to a draw
        yield statistical((mean - k) ** 2, (1 + k**4 / 2 - k**2) / D)


@RANDOM_FEATURES.claim
def error_falls_like_one_over_root_d(features, rng):
    """The root mean square error falls like $D^{-1/2}$, with a constant of at most 1 in 2 and in 50 dimensions"""
    sizes = [16, 64, 256, 1024]
    for d in (2, 50):
        X = rng.standard_normal((16, d)) / np.sqrt(d)
        K = gaussian(X)
        errors = [np.sqrt(np.mean([(products(features, rng, X, D) - K) ** 2 for _ in range(25)])) for D in sizes]
        constant = errors[-1] * np.sqrt(sizes[-1])
        yield rate(sizes, errors, -0.5)
        yield bound(
            constant,
            1.1,
            "≤",
            Text("the largest deviation, 1, and a tenth for sampling", "最大标准差 1，加上十分之一的抽样余量"),
        )


@RANDOM_FEATURES.claim
def large_errors_are_rare(features, rng):
    r"""Large errors are rarer than Hoeffding's bound: at a far pair, $k\approx0$, with D = 100 it lets 92 % of the errors
    reach ¼, and 1.2 % of 4000 draws do, as of a normal variable 2.5 deviations away"""
    X, D, draws, t = np.array([[0.0, 0.0], [3.0, 2.0]]), 100, 4000, 0.25  # k = e⁻¹³
    psi = features(X, rng.standard_normal((2, D * draws)), rng.uniform(size=D * draws))
    estimates = draws * (psi[0] * psi[1]).reshape(draws, D).sum(axis=1)  # D features to a draw
    large = (np.abs(estimates - gaussian(X)[0, 1]) >= t).astype(float)
    yield bound(large.mean(), 2 * np.exp(-D * t * t / 8), "≤", Text("2exp(−Dt²/8), t = ¼", "2exp(−Dt²/8)，t = ¼"))
    # twice the normal tail, less 0.7 % of it for the kurtosis −¾/D of a mean of D sums of two cosines
    yield statistical(large, 0.01233)


@RANDOM_FEATURES.claim
def quadrature_gives_the_kernel(features, rng):
    """With a grid of frequencies and phases in place of draws, Gauss–Hermite by eight phases, the kernel comes out to
    rounding"""
    node, weight = np.polynomial.hermite_e.hermegauss(60)
    phases = np.arange(8) / 8
    N, u = np.repeat(node, 8)[None, :], np.tile(phases, 60)
    x, gamma = rng.uniform(-1.2, 1.2, 7), 0.8
    psi = features(x[:, None], N, u, gamma=gamma) * np.sqrt(len(u))
    w = np.repeat(weight / weight.sum(), 8) / 8
    yield roundoff(psi * w @ psi.T, gaussian(x[:, None], gamma), terms=60, scale=2.0)
    yield identical(psi.shape, (7, 480))


@RANDOM_FEATURES.mutant(caught_by="mean-is-the-kernel, quadrature-gives-the-kernel, equals-definition")
def half_the_variance(X, N, u, gamma=1.0):
    """frequencies of variance γ instead of 2γ"""
    return random_features(X, N, u, gamma / 2)


@RANDOM_FEATURES.mutant(caught_by="mean-is-the-kernel, error-falls-like-one-over-root-d, quadrature-gives-the-kernel")
def without_phase(X, N, u, gamma=1.0):
    """no random phase: it sees $x+z$ too"""
    return random_features(X, N, 0 * u, gamma)


@RANDOM_FEATURES.mutant(caught_by="mean-is-the-kernel, quadrature-gives-the-kernel, equals-definition")
def part_of_a_turn(X, N, u, gamma=1.0):
    """phases in [0, 1] radians, not over the whole turn"""
    return random_features(X, N, u / (2 * np.pi), gamma)


@RANDOM_FEATURES.mutant(caught_by="variance-of-the-product, error-falls-like-one-over-root-d, mean-is-the-kernel")
def factor_left_out(X, N, u, gamma=1.0):
    r"""the factor $\sqrt2$ is left out"""
    return random_features(X, N, u, gamma) / np.sqrt(2)


@RANDOM_FEATURES.mutant(caught_by="large-errors-are-rare, error-falls-like-one-over-root-d, variance-of-the-product")
def one_frequency(X, N, u, gamma=1.0):
    """the same frequency and phase for every feature"""
    return random_features(X, np.repeat(N[:, :1], N.shape[1], axis=1), np.repeat(u[:1], len(u)), gamma)


@RANDOM_FEATURES.figure(
    features=Slider(4, 2000, 50, "features D", log=True, integer=True),
    gamma=Slider(0.1, 10.0, 1.0, "γ of the Gaussian kernel", log=True),
)
def figure(features, gamma):
    rng, D = np.random.default_rng(12), int(features)
    x = np.linspace(-3, 3, 201)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    worst = 0.0
    for i in range(3):
        psi = random_features(x[:, None], rng.standard_normal((1, D)), rng.uniform(size=D), gamma)
        left.plot(x, psi @ psi[100], lw=1, color=COLOURS[i], alpha=0.9)
        worst = max(worst, float(np.abs(psi @ psi[100] - np.exp(-gamma * x**2)).max()))
    left.plot(x, np.exp(-gamma * x**2), color="black", lw=1.5, ls="--")
    left.set(xlabel="x", ylabel=r"$\langle\psi(x),\psi(0)\rangle$ and $k(x,0)$", ylim=(-0.8, 1.5), title=f"D = {D}")
    sizes = np.unique(np.logspace(np.log10(4), np.log10(2000), 10).astype(int))
    X = rng.standard_normal((12, 3))
    K, errors = gaussian(X, gamma), []
    for size in sizes:
        errors.append(np.sqrt(np.mean([(products(random_features, rng, X, size, gamma) - K) ** 2 for _ in range(6)])))
    theory = np.sqrt(np.mean(1 + K**4 / 2 - K**2) / sizes)
    right.loglog(sizes, errors, "o", label="12 points, 6 draws")
    right.loglog(sizes, theory, color=COLOURS[6], ls="--", label="theory")
    right.axvline(D, color=COLOURS[6], lw=1, ls=":")
    right.set(xlabel="D", ylabel="root mean square error")
    right.legend(frameon=False, fontsize=10)
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    words = Text(
        f"D = {D}, γ = {gamma:.2g}: three draws miss the kernel (dashed) by at most {worst:.2f}. Fitted slope of the error {slope:.2f}, theory −0.50.",
        f"D = {D}，γ = {gamma:.2g}：三次抽取与核（虚线）相差至多 {worst:.2f}。误差的拟合斜率为 {slope:.2f}，理论值 −0.50。",
    )
    return Drawing(fig, words)
