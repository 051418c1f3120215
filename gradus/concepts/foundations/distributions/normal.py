"""The normal law."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.common import Law, like, panels, relative, standard_claims
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, invariance
from gradus.page.figures import COLOURS, canvas


def _torch(Normal, x, mu, sigma):
    return Normal(*like(x, mu, sigma)).log_prob(x)


NORMAL = Concept(
    key="normal",
    kind="definition",
    title=Text("Normal distribution", "正态分布"),
    summary=Text(
        "The law of what is the sum of many small independent parts; of all laws with a given mean and variance the one of "
        "greatest entropy. Its log-density is a parabola: maximum likelihood under it is least squares.",
        "许多微小独立成分之和的分布；在均值与方差给定的所有分布中熵最大。其对数密度是抛物线：在它之下的最大似然就是最小二乘。",
    ),
    formulas=(
        r"p(x)=\frac{1}{\sigma\sqrt{2\pi}}\exp\Bigl(-\frac{(x-\mu)^2}{2\sigma^2}\Bigr),\qquad \log p(x)=-\frac{(x-\mu)^2}{2\sigma^2}-\log\sigma-\tfrac12\log 2\pi",
        r"E X=\mu,\qquad \operatorname{Var}X=\sigma^2,\qquad h=\tfrac12\log(2\pi e\,\sigma^2),\qquad I(\mu,\sigma)=\operatorname{diag}\bigl(1/\sigma^2,\,2/\sigma^2\bigr)",
    ),
    symbols=(
        Symbol("x", "x", "...", Text("where the log-density is taken", "求对数密度之处")),
        Symbol(r"\mu", "mu", "", Text("mean", "均值")),
        Symbol(r"\sigma", "sigma", "", Text("standard deviation (not the variance)", "标准差（不是方差）"), "positive"),
        Symbol("p", "", "", Text("density", "概率密度")),
        Symbol("h", "", "", Text("entropy", "熵"), unit="nat"),
        Symbol("I", "", "2 2", Text("Fisher information", "Fisher 信息")),
    ),
    needs=("expectation", "entropy"),
    source="gauss1809theoria",
    year=1809,
    people=("Abraham de Moivre", "Pierre-Simon Laplace", "Carl Friedrich Gauss"),
    implementations=(Implementation("torch.distributions:Normal", "torch", _torch),),
    readings=(
        Reading("johnson1994continuous", "ch. 13"),
        Reading("bishop2006pattern", "§2.3"),
        Reading("murphy2022probabilistic", "§2.6"),
    ),
    deviations=(
        Text("PyTorch, NumPy and SciPy (`scale`) take the standard deviation, most books write $N(\\mu,\\sigma^2)$ with the variance, BUGS the precision.",
             "PyTorch、NumPy 与 SciPy（`scale`）以标准差为参数；多数书籍写作 $N(\\mu,\\sigma^2)$，用方差；BUGS 用精度。"),
        Text("`torch.distributions.Normal.cdf` is 0 below −8.3σ and exactly 1 above; far out use `scipy.stats.norm.logcdf` or `torch.special.log_ndtr`.",
             "`torch.distributions.Normal.cdf` 在 −8.3σ 以下为 0；远尾处应使用 `scipy.stats.norm.logcdf` 或 `torch.special.log_ndtr`。"),
    ),
)  # fmt: skip


@NORMAL.definition
def normal(x, mu, sigma):
    return -((x - mu) ** 2) / (2 * sigma**2) - np.log(sigma) - 0.5 * np.log(2 * np.pi)


@NORMAL.cases
def cases(rng):
    mu, sigma = np.array(0.7), np.array(1.3)
    yield "random", dict(x=rng.standard_normal((3, 5)), mu=mu, sigma=sigma)
    yield "one number", dict(x=np.array([0.2]), mu=mu, sigma=np.array(0.1))
    yield "tails of forty sigma", dict(x=np.array([-40.0, 40.0]), mu=np.array(0.0), sigma=np.array(1.0))
    yield "very narrow", dict(x=np.array([-1e-6, 0.0, 2e-6]), mu=np.array(0.0), sigma=np.array(1e-6))


@NORMAL.invalid
def invalid(rng):
    yield "σ = 0", dict(x=np.zeros(2), mu=np.array(0.0), sigma=np.array(0.0))
    yield "σ < 0", dict(x=np.zeros(2), mu=np.array(0.0), sigma=np.array(-1.0))


def scipy(theta):
    from scipy import stats

    return stats.norm(*theta)


standard_claims(
    NORMAL,
    Law(
        examples=((0.0, 1.0), (3.0, 0.25), (-1.5, 2.0)),
        arguments=lambda theta: dict(mu=np.array(theta[0]), sigma=np.array(theta[1])),
        grid=lambda theta: panels(theta[0] - 10 * theta[1], theta[0] + 10 * theta[1]),
        draw=lambda rng, theta, n: rng.normal(*theta, n),
        mean=lambda theta: theta[0],
        covariance=lambda theta: theta[1] ** 2,
        entropy=lambda theta: 0.5 * math.log(2 * math.pi * math.e * theta[1] ** 2),
        divergence=lambda p, q: (
            math.log(q[1] / p[1]) + (p[1] ** 2 + (p[0] - q[0]) ** 2) / (2 * q[1] ** 2) - 0.5
        ),
        information=lambda theta: np.diag([1, 2]) / theta[1] ** 2,
        scipy=scipy,
        formulas=dict(
            mean=r"\mu",
            variance=r"\sigma^2",
            entropy=r"\tfrac12\log(2\pi e\,\sigma^2)",
            divergence=r"\log\frac{\sigma_2}{\sigma_1}+\frac{\sigma_1^2+(\mu_1-\mu_2)^2}{2\sigma_2^2}-\frac12",
            information=r"\operatorname{diag}(1/\sigma^2,2/\sigma^2)",
        ),
    ),
)


@NORMAL.claim(
    Text(
        r"At 40σ it is $-800-\tfrac12\log2\pi$ to the last digits, where the density itself, $10^{-348}$, is 0 in float64",
        r"在 40σ 处等于 $-800-\tfrac12\log2\pi$，直至末位；而密度本身约 $10^{-348}$，在 float64 中为 0",
    )
)
def forty_sigma(normal, rng):
    zero, one = np.array(0.0), np.array(1.0)
    z = np.array([-40.0, 38.0, 40.0, 1e6])
    want = -(z**2) / 2 - 0.5 * math.log(2 * math.pi)
    return all_of(
        relative(normal(z, zero, one), want),
        relative(normal(1e-3 * z, zero, 1e-3 * one), want + math.log(1e3), terms=8),
    )


@NORMAL.claim(
    Text(
        r"$aX+b$ is normal again: the density of $N(a\mu+b,a^2\sigma^2)$ at $ax+b$ is that at x over a",
        r"$aX+b$ 仍为正态：$N(a\mu+b,a^2\sigma^2)$ 在 $ax+b$ 处的密度是原密度除以 a",
    )
)
def moves_with_the_units(normal, rng):
    x, mu, sigma, a, b = rng.standard_normal(20), np.array(0.5), np.array(1.5), 4.0, 2.0
    moved = normal(a * x + b, a * mu + b, a * sigma)
    return invariance(moved + math.log(a), normal(x, mu, sigma), terms=4, scale=8.0)


@NORMAL.mutant(
    Text("σ taken for σ²", "把 σ 当作 σ²"),
    caught_by=["moments", "distribution-function", "divergence", "entropy", "fisher-information", "sampler"],
)
def sigma_for_its_square(x, mu, sigma):
    return normal(x, mu, sigma**0.5)


@NORMAL.mutant(
    Text("the normaliser is missing", "漏掉归一化常数"),
    caught_by=["total-mass-is-one", "entropy", "distribution-function", "sampler", "moments", "forty-sigma"],
)
def no_normaliser(x, mu, sigma):
    return -((x - mu) ** 2) / (2 * sigma**2)


@NORMAL.mutant(
    Text("log σ is missing: it is no constant once σ is learnt", "漏掉 log σ：一旦要学习 σ，它就不是常数"),
    caught_by=["total-mass-is-one", "fisher-information", "moves-with-the-units", "divergence"],
)
def no_log_sigma(x, mu, sigma):
    return normal(x, mu, sigma) + np.log(sigma)


@NORMAL.mutant(
    Text("the factor ½ is missing from the exponent", "指数中漏掉 ½"),
    caught_by=["total-mass-is-one", "moments", "forty-sigma", "fisher-information", "equals-definition"],
)
def no_half(x, mu, sigma):
    return normal(x, mu, sigma) - ((x - mu) / sigma) ** 2 / 2


@NORMAL.mutant(
    Text("the logarithm of the density: it underflows", "先算密度再取对数：下溢"),
    caught_by=["forty-sigma", "equals-definition"],
)
def log_of_the_density(x, mu, sigma):
    with np.errstate(divide="ignore", under="ignore"):
        return np.log(np.exp(-(((x - mu) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi)))


@NORMAL.figure(
    mu=Slider(-2.0, 2.0, 0.5, Text("mean", "均值")),
    sigma=Slider(0.3, 3.0, 1.0, Text("standard deviation", "标准差")),
    z=Slider(0.5, 4.0, 2.0, Text("how many σ from the mean", "离均值几个 σ")),
)
def figure(mu, sigma, z):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.2)
    x = np.linspace(-6, 6, 401)
    log_p = normal(x, mu, sigma)
    left.plot(x, np.exp(log_p))
    inside = np.abs(x - mu) <= z * sigma
    left.fill_between(x, np.exp(log_p), where=inside, color=COLOURS[0], alpha=0.2)
    share = math.erf(z / math.sqrt(2))
    left.set(xlabel="x", ylabel="p(x)", title=f"{100 * share:.3f}% within {z:.1f}σ", ylim=(0, None))
    right.plot(x, log_p)
    right.plot(x, normal(x, 0, 1), color=COLOURS[6], ls="--", label="μ = 0, σ = 1")
    right.set(xlabel="x", ylabel="log p(x)", title="its logarithm: a parabola", ylim=(-20, 1))
    right.legend(frameon=False)
    h = 0.5 * math.log(2 * math.pi * math.e * sigma**2)
    return Drawing(
        fig,
        Text(
            f"With μ = {mu:.2f} and σ = {sigma:.2f}, {100 * share:.4f}% of the mass lies within {z:.1f}σ of the mean; the density "
            f"there is {math.exp(-z * z / 2):.2g} of its peak {1 / (sigma * math.sqrt(2 * math.pi)):.3f}. The entropy is {h:.3f} nats.",
            f"μ = {mu:.2f}、σ = {sigma:.2f} 时，{100 * share:.4f}% 的质量落在均值 {z:.1f}σ 之内；该处密度为峰值 "
            f"{1 / (sigma * math.sqrt(2 * math.pi)):.3f} 的 {math.exp(-z * z / 2):.2g}。熵为 {h:.3f} 奈特。",
        ),
    )
