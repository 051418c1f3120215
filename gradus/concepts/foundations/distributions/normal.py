"""The normal distribution."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.exact_values import like, relative
from gradus.concepts.foundations.distributions.quadrature import panels
from gradus.concepts.foundations.distributions.standard_claims import Distribution, from_scipy, standard_claims
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import invariance, rate
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(Normal, x, mu, sigma):
    return Normal(*like(x, mu, sigma)).log_prob(x)


NORMAL = Concept(
    key="normal",
    kind="definition",
    title="Normal distribution",
    summary="Nearly the distribution of a sum of many independent parts none of which dominates; of all densities with a given "
    "mean and variance the one of greatest entropy. Its log-density is a parabola: maximum likelihood for its mean is "
    "least squares.",
    formulas=(
        r"p(x)=\frac{1}{\sigma\sqrt{2\pi}}\exp\Bigl(-\frac{(x-\mu)^2}{2\sigma^2}\Bigr),\qquad \log p(x)=-\frac{(x-\mu)^2}{2\sigma^2}-\log\sigma-\tfrac12\log 2\pi",
        r"E X=\mu,\qquad \operatorname{Var}X=\sigma^2,\qquad h=\tfrac12\log(2\pi e\,\sigma^2),\qquad I(\mu,\sigma)=\operatorname{diag}\bigl(1/\sigma^2,\,2/\sigma^2\bigr)",
    ),
    symbols=(
        Symbol("x", "x", "...", "where the log-density is taken"),
        Symbol(r"\mu", "mu", "", "mean"),
        Symbol(r"\sigma", "sigma", "", "standard deviation (not the variance)", "positive"),
        Symbol("p", "", "", "density"),
        Symbol("h", "", "", "entropy", unit="nat"),
        Symbol("I", "", "2 2", "Fisher information"),
    ),
    needs=("expectation", "entropy"),
    source="gauss1809theoria",
    year=1809,
    people=("Abraham de Moivre", "Pierre-Simon Laplace", "Carl Friedrich Gauss"),
    aliases="Gaussian, Gaussian distribution, bell curve, 高斯分布, 常态分布, 钟形曲线",
    implementations=(Implementation("torch.distributions:Normal", "torch", _torch),),
    readings="johnson1994continuous ch. 13; bishop2006pattern §2.3; murphy2022probabilistic §2.6",
    hypotheses=(Hypothesis("for $aX+b$: $a\\ne0$", "no-spread-no-density"),),
    conventions=(
        Convention(
            "second parameter",
            "the standard deviation σ, as in PyTorch, NumPy and SciPy (`scale`)",
            r"the variance, in most books' $N(\mu,\sigma^2)$; the precision $1/\sigma^2$, in BUGS. Beside $\sigma^2$ the Fisher "
            r"information is $1/(2\sigma^4)$, not $2/\sigma^2$",
        ),
    ),
    deviations="`torch.distributions.Normal.cdf` is 0 below −8.4σ and exactly 1 above 8.3σ in float64, below −5.6σ and above "
    "5.4σ in float32, PyTorch's default; far out use `scipy.stats.norm.logcdf` or `torch.special.log_ndtr`.",
    nonfinite="all",
)


@NORMAL.definition
def normal(x, mu, sigma):
    return -((x - mu) ** 2) / (2 * sigma**2) - np.log(sigma) - 0.5 * np.log(2 * np.pi)


@NORMAL.example
def example():
    x, mu, sigma = np.array([1.0, 3.0, 7.0]), np.array(3.0), np.array(2.0)
    log_p = normal(x, mu, sigma)
    wide, narrow = (normal(x, mu, np.array(s)).sum() for s in (np.sqrt(20 / 3), 1.0))
    share = [math.erf(k / math.sqrt(2)) for k in (1, 2, 3)]
    return (
        dict(x=x, mu=mu, sigma=sigma, z=(x - mu) / sigma, log_p=log_p, p=np.exp(log_p))
        | dict(constant=np.log(2) + 0.5 * np.log(2 * np.pi), half=np.log(2), two_pi=0.5 * np.log(2 * np.pi))
        | dict(entropy=0.5 * np.log(2 * np.pi * np.e * 4), total=log_p.sum(), mean=x.mean())
        | dict(centred=normal(x, x.mean(), sigma).sum(), wide=wide, narrow=narrow, best_sigma=np.sqrt(20 / 3))
        | dict(share=np.array(share), outside=1 - share[1], drop=np.exp(-0.5 * 4))
    )


@NORMAL.exercise
def learnt_sigma():
    r = np.array([1.0, -1.0, 3.0, -3.0])
    return number(
        np.sqrt((r**2).mean()), variance=(r**2).mean(), absolute=np.abs(r).mean(), n_minus_one=np.sqrt((r**2).sum() / 3)
    )


@NORMAL.exercise
def two_rods():
    return number(np.hypot(3, 4), added=3 + 4, variance=3**2 + 4**2, difference=np.sqrt(4**2 - 3**2))


@NORMAL.exercise
def negative_loss():
    top = np.exp(normal(np.array(0.0), np.array(0.0), np.array(0.1)))
    return choice(density=top > 1, bug=top <= 1, overfitted=False)


@NORMAL.cases
def cases(rng):
    mu, sigma = np.array(0.7), np.array(1.3)
    yield "random", dict(x=rng.standard_normal((3, 5)), mu=mu, sigma=sigma)
    yield "one number", dict(x=np.array([0.2]), mu=mu, sigma=np.array(0.1))
    yield "tails of forty sigma", dict(x=np.array([-40.0, 40.0]), mu=np.array(0.0), sigma=np.array(1.0))
    yield "very narrow", dict(x=np.array([-1e-6, 0.0, 2e-6]), mu=np.array(0.0), sigma=np.array(1e-6))
    yield "long", dict(x=rng.standard_normal(1500), mu=mu, sigma=sigma)


@NORMAL.invalid
def invalid(rng):
    yield "σ = 0", dict(x=np.zeros(2), mu=np.array(0.0), sigma=np.array(0.0))
    yield "σ < 0", dict(x=np.zeros(2), mu=np.array(0.0), sigma=np.array(-1.0))


standard_claims(
    NORMAL,
    Distribution(
        examples=((0.0, 1.0), (3.0, 0.25), (-1.5, 2.0)),
        arguments=lambda theta: dict(mu=np.array(theta[0]), sigma=np.array(theta[1])),
        grid=lambda theta: panels(theta[0] - 10 * theta[1], theta[0] + 10 * theta[1]),
        draw=lambda rng, theta, n: rng.normal(*theta, n),
        mean=lambda theta: theta[0],
        covariance=lambda theta: theta[1] ** 2,
        entropy=lambda theta: 0.5 * math.log(2 * math.pi * math.e * theta[1] ** 2),
        divergence=lambda p, q: math.log(q[1] / p[1]) + (p[1] ** 2 + (p[0] - q[0]) ** 2) / (2 * q[1] ** 2) - 0.5,
        information=lambda theta: np.diag([1, 2]) / theta[1] ** 2,
        scipy=from_scipy("norm"),
        formulas=dict(
            mean=r"\mu",
            variance=r"\sigma^2",
            entropy=r"\tfrac12\log(2\pi e\,\sigma^2)",
            divergence=r"\log\frac{\sigma_2}{\sigma_1}+\frac{\sigma_1^2+(\mu_1-\mu_2)^2}{2\sigma_2^2}-\frac12",
            information=r"\operatorname{diag}(1/\sigma^2,2/\sigma^2)",
        ),
    ),
)


@NORMAL.claim
def forty_sigma(normal, rng):
    r"""At 40σ it is $-800-\tfrac12\log2\pi$ to the last digits, where the density itself, $10^{-348}$, is 0 in
    float64"""
    zero, one = np.array(0.0), np.array(1.0)
    z = np.array([-40.0, 38.0, 40.0, 1e6])
    want = -(z**2) / 2 - 0.5 * math.log(2 * math.pi)
    yield relative(normal(z, zero, one), want)
    yield relative(normal(1e-3 * z, zero, np.array(1e-3)), want + math.log(1e3), terms=8)


@NORMAL.claim
def moves_with_the_units(normal, rng):
    r"""For $a\ne0$, $aX+b$ is normal again: the density of $N(a\mu+b,a^2\sigma^2)$ at $ax+b$ is that at x over
    $\lvert a\rvert$"""
    x, mu, sigma, b = rng.standard_normal(20), np.array(0.5), np.array(1.5), 2.0
    for a in (4.0, -4.0):
        moved = normal(a * x + b, np.array(a * mu + b), np.array(abs(a) * sigma))
        yield invariance(moved + math.log(abs(a)), normal(x, mu, sigma), terms=4, scale=8.0)


@NORMAL.claim
def no_spread_no_density(normal, rng):
    r"""At $a=0$ there is no density: as a falls to 0 the density of $aX+b$ at its mean grows like $1/\lvert a\rvert$"""
    sizes = (1.0, 1e-2, 1e-4, 1e-8)
    return rate(sizes, [float(np.exp(normal(np.array(2.0), np.array(2.0), np.array(a)))) for a in sizes], -1.0)


@NORMAL.mutant(caught_by="moments, distribution-function, divergence, entropy, fisher-information, sampler")
def sigma_for_its_square(x, mu, sigma):
    """σ taken for σ²"""
    return normal(x, mu, sigma**0.5)


@NORMAL.mutant(caught_by="total-mass-is-one, entropy, distribution-function, sampler, moments, forty-sigma")
def no_normaliser(x, mu, sigma):
    """the normaliser is missing"""
    return -((x - mu) ** 2) / (2 * sigma**2)


@NORMAL.mutant(
    caught_by="total-mass-is-one, fisher-information, moves-with-the-units, divergence, no-spread-no-density"
)
def no_log_sigma(x, mu, sigma):
    """log σ is missing: it is no constant once σ is learnt"""
    return normal(x, mu, sigma) + np.log(sigma)


@NORMAL.mutant(caught_by="total-mass-is-one, moments, forty-sigma, fisher-information, equals-definition")
def no_half(x, mu, sigma):
    """the factor ½ is missing from the exponent"""
    return normal(x, mu, sigma) - ((x - mu) / sigma) ** 2 / 2


@NORMAL.mutant(caught_by="forty-sigma, equals-definition")
def log_of_the_density(x, mu, sigma):
    """the logarithm of the density: it underflows"""
    with np.errstate(divide="ignore", under="ignore"):
        return np.log(np.exp(-(((x - mu) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi)))


@NORMAL.figure(
    mu=Slider(-2.0, 2.0, 0.5, "mean"),
    sigma=Slider(0.3, 3.0, 1.0, "standard deviation"),
    z=Slider(0.5, 4.0, 2.0, "how many σ from the mean"),
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
    words = Text(
        f"With μ = {mu:.2f} and σ = {sigma:.2f}, {100 * share:.4f}% of the mass lies within {z:.1f}σ of the mean; the density "
        f"there is {math.exp(-z * z / 2):.2g} of its peak {1 / (sigma * math.sqrt(2 * math.pi)):.3f}. The entropy is {h:.3f} nats.",
        f"μ = {mu:.2f}、σ = {sigma:.2f} 时，{100 * share:.4f}% 的概率落在均值 {z:.1f}σ 之内；该处密度为峰值 "
        f"{1 / (sigma * math.sqrt(2 * math.pi)):.3f} 的 {math.exp(-z * z / 2):.2g}。熵为 {h:.3f} 奈特。",
    )
    return Drawing(fig, words)
