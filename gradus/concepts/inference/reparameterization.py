"""Derivatives of expectations: through the draws, or by the score."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

LAWS = ("normal", "gamma", "relaxed coin")


def _library(pathwise_gradient, noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """One draw a group, each from the noise given."""
    import torch
    from torch.distributions import Bernoulli, Distribution, Gamma, Normal

    from gradus.arguments import choice as one_of
    from gradus.inference import score_gradient

    one_of("law", law, LAWS)
    n = max(len(noise), 2)  # a single draw is taken twice

    def f(x):
        return sum(a * x**k for k, a in enumerate(c)) + jump * (x > 0).to(x) + 0 * x

    def drawing(through, density):
        given = itertools.cycle(noise)

        class Given(Distribution):
            has_rsample = True

            def rsample(self, shape=()):
                return through(*self.theta, next(given)).reshape(shape)

            def sample(self, shape=()):
                z = self.rsample(shape).detach()
                return (z > 0.5).to(z) if law == "relaxed coin" else z

            def log_prob(self, z):
                return density(*self.theta).log_prob(z)

        def make(a, b):
            law_of = Given(validate_args=False)
            law_of.theta = (a, b)
            return law_of

        return make

    def gamma(a, b, z):
        return (z + (a - a.detach()) * torch._standard_gamma_grad(a.detach(), z)) / b

    through, density = {
        "normal": (lambda a, b, z: a + b * z, Normal),
        "gamma": (gamma, Gamma),
        "relaxed coin": (lambda a, b, z: torch.sigmoid((a + z) / b), lambda a, b: Bernoulli(logits=a)),
    }[law]
    given = dict(parameters=(theta[0], theta[1]), samples=n, groups=n)
    path = pathwise_gradient(f, drawing(through, density), **given)
    score = score_gradient(f, drawing(through, density), baseline=float(baseline), **given)
    return tuple(torch.stack(found.groups, -1)[: len(noise)] for found in (path, score))


REPARAMETERIZATION = Concept(
    key="reparameterization",
    kind="algorithm",
    title="Reparameterization trick",
    summary="How to climb an expectation by the parameters of the distribution that it is taken under. Either the draw is written as a function of the parameters and of a "
    "noise that does not know them, and the derivative flows through it; or each value is weighted by the score, the "
    "derivative of the log-density. Both are unbiased; the first needs a continuous function and is mostly far less noisy.",
    formulas=(
        r"z=g(\varepsilon;\theta):\qquad \nabla_\theta\,\mathbb E_{q_\theta}f(z)=\mathbb E_\varepsilon\bigl[f'(z)\,\nabla_\theta g(\varepsilon;\theta)\bigr]",
        r"\nabla_\theta\,\mathbb E_{q_\theta}f(z)=\mathbb E_{q_\theta}\bigl[(f(z)-b)\,\nabla_\theta\ln q_\theta(z)\bigr]",
        r"z=\mu+\sigma\varepsilon:\quad \nabla g=(1,\ \varepsilon),\quad \nabla\ln q=\Bigl(\frac{\varepsilon}{\sigma},\ \frac{\varepsilon^2-1}{\sigma}\Bigr);\qquad "
        r"\frac{\partial z}{\partial\theta}=-\frac{\partial_\theta F_\theta(z)}{q_\theta(z)}\ \text{for a distribution function } F_\theta",
        r"f(z)=z^2:\qquad \operatorname{Var}_{\text{path}}=4\sigma^2,\qquad \operatorname{Var}_{\text{score}}=\frac{\mu^4}{\sigma^2}+14\mu^2+15\sigma^2,\qquad "
        r"\operatorname{Var}_{b=\mathbb Ef}=8\mu^2+10\sigma^2\qquad(\text{by }\mu)",
    ),
    symbols=(
        Symbol(
            r"\varepsilon",
            "noise",
            "n",
            "one for each draw: standard normal; for gamma of law Γ(α, 1), and moving with α by the third formula; logistic for the coin",
        ),
        Symbol(r"\theta", "theta", "2", "μ, σ; shape α and rate β; logit and temperature τ"),
        Symbol("f", "c", "k", r"coefficients of the function: $f(z)=\sum_jc_jz^j$, and a jump at 0"),
        Symbol("q", "law", "", "normal, gamma, or relaxed coin", "other"),
        Symbol("h", "jump", "", "what f rises by at 0"),
        Symbol("b", "baseline", "", "is subtracted from f before it meets the score"),
        Symbol("z", "", "", "a draw"),
        Symbol(r"q_\theta,\ F_\theta", "", "", "density and distribution function of its distribution"),
        Symbol("g", "", "", "makes the draw of the noise"),
        Symbol(r"\mu,\ \sigma", "", "", "mean and deviation of a normal distribution"),
        Symbol("n,\\ k,\\ j", "", "", "number of draws, of coefficients; a power", "natural"),
    ),
    returns=(
        Result("pathwise", "n 2", "the estimate through each draw"),
        Result("score", "n 2", "the estimate by the score of each draw; for the coin of the draw rounded to 0 or 1"),
    ),
    needs=("expectation", "normal", "elbo"),
    source="kingma2014auto",
    year=2014,
    people=(
        "Ronald Williams",
        "Peter Glynn",
        "Diederik P. Kingma",
        "Max Welling",
        "Danilo Rezende",
        "Shakir Mohamed",
        "Michael Figurnov",
    ),
    aliases="pathwise gradient, score-function gradient, REINFORCE estimator, likelihood-ratio gradient, Gumbel softmax, implicit reparameterization, "
    "重参数化, 得分函数梯度, 路径梯度",
    implementations=(
        Implementation(
            "gradus.inference:pathwise_gradient",
            "torch",
            _library,
            "and `score_gradient`: any distribution and function, with standard errors; the draws are PyTorch's `rsample`",
        ),
    ),
    readings="mohamed2020monte; figurnov2018implicit; jang2017categorical; maddison2017concrete; williams1992simple; kool2019buy",
    hypotheses=(
        Hypothesis(
            "through the draws: f is continuous, smooth but for single points, and its derivative at the draws has a mean",
            "a-jump-is-not-seen",
        ),
        Hypothesis("by the score: the support does not move with θ", "a-moving-support-escapes-the-score"),
        Hypothesis("by the score: the baseline does not depend on the draw", "own-draw-in-the-baseline"),
        Hypothesis("unbiased: z itself is drawn, not a softened z", "a-softened-coin-is-biased"),
        Hypothesis(
            "less noisy through the draws: f is smooth beside the width of the distribution",
            "a-ripple-turns-the-tables",
        ),
    ),
    conventions=(
        Convention(
            "the second parameter of the normal distribution",
            "the deviation σ",
            r"$\ln\sigma$ or $\ln\sigma^2$, as networks put it out: the derivative is multiplied by σ, or by σ/2",
        ),
        Convention(
            "name",
            "score",
            "REINFORCE, likelihood ratio; in statistics the score is the derivative of the log-likelihood",
        ),
    ),
    deviations=(
        "PyTorch's derivative of a gamma draw by the shape is an approximation: off by up to 8·10⁻⁴ of itself (shapes 0.02 to 200, levels 0.001 to 0.999), in double precision, too. Chi-squared and Student's t "
        "draws are made from it.",
    ),
    unverified="That softened draws help in training in spite of their bias: often seen, nowhere proved.",
    differentiable=False,
    carries_gradient=False,
)


def digamma(x):
    """By its asymptotic series, from x + 20 downwards."""
    y = x + 20
    series = np.log(y) - 1 / (2 * y) - 1 / (12 * y**2) + 1 / (120 * y**4) - 1 / (252 * y**6) + 1 / (240 * y**8)
    return series - sum(1 / (x + j) for j in range(20))


def gamma_by_shape(z, a):
    """∂z/∂α = −∂_αF/q, from the series F = zᵅe⁻ᶻ Σ zᵏ/Γ(α + k + 1)."""
    term, psi, total = z / a, digamma(a) + 1 / a, 0.0
    for k in range(int(60 + 3 * np.max(z))):
        total = total + term * (psi - np.log(z))
        term, psi = term * z / (a + k + 1), psi + 1 / (a + k + 1)
    return total


@REPARAMETERIZATION.definition
def gradients(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    a, b = theta
    if law == "normal":
        z = a + b * noise
        path, score = [1 + 0 * z, noise], [noise / b, (noise**2 - 1) / b]
    elif law == "gamma":
        z = noise / b
        path, score = [gamma_by_shape(noise, a) / b, -z / b], [np.log(noise) - digamma(a), a / b - z]
    elif law == "relaxed coin":
        z = 1 / (1 + np.exp(-(a + noise) / b))
        path = [z * (1 - z) / b, -z * (1 - z) * (a + noise) / b**2]
        score = [(z > 0.5) - 1 / (1 + np.exp(-a)), 0 * z]
    else:
        raise ValueError("law: normal, gamma or relaxed coin")
    drawn = (z > 0.5) * 1.0 if law == "relaxed coin" else z
    value = sum(x * drawn**j for j, x in enumerate(c)) + jump * (drawn > 0)
    slope = sum(j * x * z ** (j - 1) for j, x in enumerate(c) if j) + 0 * z
    return slope[:, None] * np.stack(path, 1), (value - baseline)[:, None] * np.stack(score, 1)


@REPARAMETERIZATION.example
def example():
    noise, theta, c = np.array([-1.0, 0.0, 2.0]), np.array([1.0, 0.5]), np.array([0.0, 0.0, 1.0])
    path, score = gradients(noise, theta, c)
    _, less = gradients(noise, theta, c, baseline=1.25)
    m, s = theta
    return (
        dict(
            noise=noise,
            theta=theta,
            c=c,
            z=m + s * noise,
            f=(m + s * noise) ** 2,
            path=path[:, 0],
            score=score[:, 0],
            less=less[:, 0],
        )
        | dict(want=2 * m, mean=m**2 + s**2, var_path=4 * s**2, var_score=m**4 / s**2 + 14 * m**2 + 15 * s**2)
        | dict(var_less=8 * m**2 + 10 * s**2, ratio=(m**4 / s**2 + 14 * m**2 + 15 * s**2) / (4 * s**2))
    )


@REPARAMETERIZATION.exercise
def how_many_more():
    m, s = 2.0, 1.0
    path, score = 4 * s**2, m**4 / s**2 + 14 * m**2 + 15 * s**2
    return number(score / path, with_the_baseline=(8 * m**2 + 10 * s**2) / path, deviations=math.sqrt(score / path))


@REPARAMETERIZATION.exercise
def logarithm_of_sigma():
    mu, s = 1.0, 0.5
    return number(2 * s * s, by_sigma=2 * s, by_mu=2 * mu)


@REPARAMETERIZATION.exercise
def share_above_zero():
    x, w = nodes()
    path, score = gradients(x, np.array([0.5, 1.0]), np.array([0.0]), jump=1.0)
    moves = math.exp(-(0.5**2) / 2) / math.sqrt(2 * math.pi)
    return choice(
        through=abs(w @ path[:, 0] - moves) < 0.2,
        score=abs(w @ score[:, 0] - moves) < 0.2 and moves > 0.3,
        neither=False,
    )


@REPARAMETERIZATION.cases
def cases(rng):
    yield "normal", dict(noise=rng.standard_normal(7), theta=np.array([0.4, 1.3]), c=rng.standard_normal(4))
    yield "one draw", dict(noise=np.array([0.7]), theta=np.array([-1.0, 0.5]), c=np.array([0.0, 1.0, 2.0]))
    yield (
        "with a jump",
        dict(noise=rng.standard_normal(6), theta=np.array([0.3, 1.0]), c=np.array([0.5, -1.0, 1.0]), jump=2.0),
    )
    yield (
        "with a baseline",
        dict(noise=rng.standard_normal(5), theta=np.array([0.3, 0.2]), c=np.array([1.0, 1.0]), baseline=1.5),
    )
    yield (
        "a coin",
        dict(noise=rng.logistic(size=6), theta=np.array([0.6, 0.5]), c=np.array([0.2, 1.0, 3.0]), law="relaxed coin"),
    )
    yield (
        "a hard coin",
        dict(noise=rng.logistic(size=6), theta=np.array([-0.4, 0.1]), c=np.array([0.0, 2.0]), law="relaxed coin"),
    )


@REPARAMETERIZATION.invalid
def invalid(rng):
    yield "a distribution that is not there", dict(noise=np.zeros(2), theta=np.ones(2), c=np.ones(2), law="cauchy")


def nodes(count=24):
    """Points and weights that take means under the standard normal distribution, exactly for polynomials up to degree 47."""
    x, w = np.polynomial.hermite_e.hermegauss(count)
    return x, w / w.sum()


def means(found, w):
    return [w @ np.asarray(part, float) for part in found]


def of_normal(c, m, s):
    """d/dμ and d/dσ of E f for a polynomial of degree 4 at most: by the moments of the normal distribution."""
    by_m = [0, 1, 2 * m, 3 * m**2 + 3 * s**2, 4 * m**3 + 12 * m * s**2]
    by_s = [0, 0, 2 * s, 6 * m * s, 12 * m**2 * s + 12 * s**3]
    return np.array([np.dot(c, by_m[: len(c)]), np.dot(c, by_s[: len(c)])])


@REPARAMETERIZATION.claim
def both_are_unbiased(run, rng):
    """The mean of either is the derivative of the expectation, by mean and deviation: random polynomials of degree 4, by exact quadrature"""
    x, w = nodes()
    for _ in range(2):
        c, theta = rng.standard_normal(5), np.array([rng.normal(), rng.uniform(0.5, 1.5)])
        want = of_normal(c, *theta)
        size = float((w[:, None] * abs(np.asarray(run(x, theta, c)[1], float))).sum())
        for got in means(run(x, theta, c), w):
            yield roundoff(got, want, terms=96, scale=max(size, 1.0))


@REPARAMETERIZATION.claim
def draws_average_to_the_derivative(run, rng):
    """So do 300 draws: of f(z) = z² + z at μ = 1, σ = 0.5, by both parameters, with the baseline E f = 2.25"""
    path, score = run(rng.standard_normal(300), np.array([1.0, 0.5]), np.array([0.0, 1.0, 1.0]), baseline=2.25)
    for found in (path, score):
        for i, want in enumerate((3.0, 1.0)):
            yield statistical(np.asarray(found, float)[:, i], want)


@REPARAMETERIZATION.claim
def variances_of_a_square(run, rng):
    r"""For $f(z)=z^2$ the variances by μ are $4\sigma^2$ through the draws, $\mu^4/\sigma^2+14\mu^2+15\sigma^2$ by the score, and $8\mu^2+10\sigma^2$ with the
    baseline $\mu^2+\sigma^2$: 4, 87 and 42 at μ = 2, σ = 1"""
    x, w = nodes()
    for m, s in ((2.0, 1.0), (0.7, 0.4)):
        theta, square = np.array([m, s]), np.array([0.0, 0.0, 1.0])
        path, score = run(x, theta, square)
        _, less = run(x, theta, square, baseline=m**2 + s**2)
        wants = 4 * s**2, m**4 / s**2 + 14 * m**2 + 15 * s**2, 8 * m**2 + 10 * s**2
        for found, want in zip((path, score, less), wants, strict=True):
            g = np.asarray(found, float)[:, 0]
            yield roundoff(w @ g**2 - (w @ g) ** 2, want, terms=96, scale=float(w @ g**2))


@REPARAMETERIZATION.claim
def a_constant_baseline_changes_the_variance_alone(run, rng):
    r"""Any constant baseline leaves the mean; of all the variance by one parameter is least at $\mathbb E[f\,s^2]/\mathbb E[s^2]$, s its score:
    here by μ, for $f=3+z+z^2/2$ at μ = 1, σ = 0.8"""
    x, w = nodes()
    theta, c = np.array([1.0, 0.8]), np.array([3.0, 1.0, 0.5])
    f = 3 + (1 + 0.8 * x) + 0.5 * (1 + 0.8 * x) ** 2
    best = float(w @ (f * x**2))

    def score(b):
        return np.asarray(run(x, theta, c, baseline=b)[1], float)[:, 0]

    for b in (-4.0, best, 20.0):
        yield roundoff(float(w @ score(b)), float(of_normal(c, *theta)[0]), terms=96, scale=float(w @ abs(score(b))))
    least, *others = (float(w @ score(b) ** 2) for b in (best, 0.0, best - 0.5, best + 0.5, float(w @ f)))
    yield bound(min(others) - least, 0.1, "≥", Text("the least of five", "五者中最小"))


@REPARAMETERIZATION.claim
def own_draw_in_the_baseline(run, rng):
    r"""The baseline must not know the draw: with the mean of all n values, the own one among them, the mean falls short by the share $\frac1n$: a half
    for two draws, by quadrature over both"""
    x, w = nodes(8)
    theta, c = np.array([1.0, 0.5]), np.array([0.0, 0.0, 1.0])
    f = (1 + 0.5 * x) ** 2
    total = 0.0
    for i in range(8):
        pair = (f[i] + f) / 2  # with each second draw
        found = [float(np.asarray(run(x[i : i + 1], theta, c, baseline=float(b))[1], float)[0, 0]) for b in pair]
        total += w[i] * (w @ found)
    yield roundoff(total, 1.0, terms=96, scale=8.0)
    yield roundoff(float(means(run(x, theta, c), w)[1][0]), 2.0, terms=96, scale=8.0)


def split(at, count=40):
    """Points and weights on both sides of a place, for means under the standard normal distribution."""
    x, w = np.polynomial.legendre.leggauss(count)
    parts = [(low + (high - low) * (x + 1) / 2, w * (high - low) / 2) for low, high in ((-9.5, at), (at, 9.5))]
    points = np.concatenate([p for p, _ in parts])
    return points, np.concatenate([v for _, v in parts]) * np.exp(-(points**2) / 2) / math.sqrt(2 * math.pi)


@REPARAMETERIZATION.claim
def a_jump_is_not_seen(run, rng):
    r"""f must be continuous to differentiate through the draws: a jump by h at 0 adds $h\,q(0)$ to the derivative by μ, which the score has and the
    other lacks entirely"""
    m, s, h = 0.6, 1.2, 3.0
    x, w = split(-m / s)
    path, score = means(run(x, np.array([m, s]), np.array([0.0, 1.0, 1.0]), jump=h), w)
    added = h * math.exp(-((m / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi))
    smooth = of_normal(np.array([0.0, 1.0, 1.0]), m, s)
    error = near(float(score[0]), smooth[0] + added, 1e-9, Text("quadrature on 80 points", "80 个点的求积"))
    yield error
    yield near(float(path[0]), smooth[0], 1e-9, Text("quadrature on 80 points", "80 个点的求积"))


@REPARAMETERIZATION.claim
def a_moving_support_escapes_the_score(run, rng):
    r"""By the score the support must not move with θ: for $z=\sigma\varepsilon$ with ε uniform on (0, 1) the mean of $z^2$ is $\sigma^2/3$; through the draws one has its derivative
    $2\sigma/3$, while the score, $-1/\sigma$ wherever there is a density, gives $-\sigma/3$"""
    x, w = np.polynomial.legendre.leggauss(8)
    u, w, s = (x + 1) / 2, w / 2, 1.2
    path, _ = run(u, np.array([0.0, s]), np.array([0.0, 0.0, 1.0]))
    yield roundoff(float(w @ np.asarray(path, float)[:, 1]), 2 * s / 3, terms=32)
    yield roundoff(float(w @ ((s * u) ** 2 * (-1 / s))), -s / 3, terms=32)


@REPARAMETERIZATION.claim
def narrow_laws_are_hard_for_the_score(run, rng):
    r"""As σ → 0 the variance by μ tends to 0 through the draws like $\sigma^2$, and by the score without a baseline it grows like $\sigma^{-2}$: $f=z^2$ at μ = 1, σ from
    0.01 to 0.08; with the baseline $\mathbb E f$ it tends to $8\mu^2$"""
    x, w = nodes()
    sigma = [0.01, 0.02, 0.04, 0.08]
    found = [run(x, np.array([1.0, s]), np.array([0.0, 0.0, 1.0])) for s in sigma]
    spread = [
        [w @ np.asarray(g, float)[:, 0] ** 2 - (w @ np.asarray(g, float)[:, 0]) ** 2 for g in pair] for pair in found
    ]
    yield rate(sigma, [p for p, _ in spread], 2.0)
    yield rate(sigma, [s for _, s in spread], -2.0, tolerance=0.1)
    less = np.asarray(run(x, np.array([1.0, 0.01]), np.array([0.0, 0.0, 1.0]), baseline=1.0001)[1], float)[:, 0]
    yield near(float(w @ less**2 - (w @ less) ** 2), 8.0, 0.002, Text("up to 10σ²", "相差 10σ²"))


@REPARAMETERIZATION.claim
def a_ripple_turns_the_tables(run, rng):
    r"""Through the draws is not always less noisy: for $f=10z^2-z^4-15$ under the standard normal distribution the variance by μ is 160 through the draws and 120 by
    the score, without any baseline"""
    x, w = nodes()
    theta, c = np.array([0.0, 1.0]), np.array([-15.0, 0.0, 10.0, 0.0, -1.0])
    path, score = (w @ np.asarray(g, float)[:, 0] ** 2 for g in run(x, theta, c))
    yield roundoff([path, score], [160.0, 120.0], terms=96, scale=3000.0)


@REPARAMETERIZATION.claim
def gamma_by_its_quantiles(run, rng):
    """For a gamma distribution the derivative of a draw by the shape is that of the quantile function, at five levels for three shapes; to a thousandth, since PyTorch
    approximates it"""
    from scipy.special import gammaincinv

    u = np.array([0.05, 0.3, 0.5, 0.8, 0.97])
    for a in (0.6, 2.0, 9.0):
        z, h = gammaincinv(a, u), 1e-5 * a
        want = (gammaincinv(a + h, u) - gammaincinv(a - h, u)) / (2 * h) / 1.5
        found = np.asarray(run(z, np.array([a, 1.5]), np.array([0.0, 1.0]), law="gamma")[0], float)
        yield near(
            float(abs(found[:, 0] / want - 1).max()), 0.0, 1e-3, Text("PyTorch's approximation", "PyTorch 的近似")
        )
        yield roundoff(found[:, 1], -z / 1.5**2, terms=4)


@REPARAMETERIZATION.claim
def gamma_means_agree(run, rng):
    r"""Under a gamma distribution both have the mean $(2\alpha+1)/\beta^2$ by the shape and $-2\alpha(\alpha+1)/\beta^3$ by the rate for $f=z^2$, by quadrature"""
    a, b = 2.5, 1.3
    t = np.linspace(-9, 3.7, 120)
    z = np.exp(t)
    w = np.exp(a * t - z - math.lgamma(a)) * (t[1] - t[0])
    want = [(2 * a + 1) / b**2, -2 * a * (a + 1) / b**3]
    path, score = means(run(z, np.array([a, b]), np.array([0.0, 0.0, 1.0]), law="gamma"), w)
    yield near(float(path[0]), want[0], 1e-3 * want[0], Text("PyTorch's approximation", "PyTorch 的近似"))
    yield near(float(path[1]), want[1], 1e-7, Text("quadrature on 120 points", "120 个点的求积"))
    for i in (0, 1):
        yield near(float(score[i]), want[i], 1e-7, Text("quadrature on 120 points", "120 个点的求积"))


def soft_nodes(logit, tau, count=90):
    """Logistic noises at which the softened coin moves, and their weights."""
    t = np.linspace(-22, 22, count)
    x = tau * t - logit
    e = np.exp(-abs(x))
    return x, e / (1 + e) ** 2 * tau * (t[1] - t[0])


@REPARAMETERIZATION.claim
def a_softened_coin_is_biased(run, rng):
    r"""A coin softened with the temperature τ (Gumbel–softmax with two outcomes) has another derivative by the logit than the coin: for $f=z^2$ and p = 0.65 the right
    one is $p(1-p)=0.23$; at τ = 1 it is 21 % too small, at τ = 0.2 3 % too large, in between right by chance, and as τ → 0 the bias vanishes like the share $(2p-1)\tau$; the score has none"""
    logit = math.log(0.65 / 0.35)
    right = 0.65 * 0.35
    bias = []
    for tau in (1.0, 0.2, 0.01):
        x, w = soft_nodes(logit, tau)
        path, _ = means(run(x, np.array([logit, tau]), np.array([0.0, 0.0, 1.0]), law="relaxed coin"), w)
        bias.append(float(path[0]) / right - 1)
    yield near(bias[0], -0.21, 0.005, Text("rounded", "四舍五入"))
    yield near(bias[1], 0.03, 0.005, Text("rounded", "四舍五入"))
    yield near(bias[2] / 0.01, 0.3, 0.01, Text("up to order τ", "相差 τ 阶"))
    edge = split_logistic(-logit)
    _, score = means(run(edge[0], np.array([logit, 0.5]), np.array([0.0, 0.0, 1.0]), law="relaxed coin"), edge[1])
    yield near(float(score[0]), right, 1e-8, Text("quadrature on 40 points", "40 个点的求积"))


def split_logistic(at, count=20):
    """On both sides of a place, equal shares of the logistic law's mass by Gauss's rule."""
    x, w = np.polynomial.legendre.leggauss(count)
    p = 1 / (1 + math.exp(-at))
    u = np.concatenate([p * (x + 1) / 2, p + (1 - p) * (x + 1) / 2])
    return np.log(u / (1 - u)), np.concatenate([w * p / 2, w * (1 - p) / 2])


@REPARAMETERIZATION.claim
def softness_is_paid_in_noise(run, rng):
    r"""The softened coin's bias is paid for in noise: for $f=z^2$ and the logit 0.6 the variance by the logit grows about ninetyfold from τ = 1 to 0.05, like
    $1/\tau$ in the end"""
    spread = []
    for tau in (1.0, 0.05, 0.025):
        x, w = soft_nodes(0.6, tau)
        g = np.asarray(run(x, np.array([0.6, tau]), np.array([0.0, 0.0, 1.0]), law="relaxed coin")[0], float)[:, 0]
        spread.append(float(w @ g**2 - (w @ g) ** 2))
    yield near(spread[1] / spread[0], 90.0, 5.0, Text("to the nearest ten", "准到十位"))
    yield near(spread[2] / spread[1], 2.0, 0.1, Text("up to the square of the mean", "相差均值的平方"))


@REPARAMETERIZATION.claim
def units_of_the_draws_and_of_f(run, rng):
    """Ten times f has ten times both; a constant added to f changes nothing through the draws; other units of z scale both inversely; draws are judged one by
    one"""
    x, theta = rng.standard_normal(6), np.array([0.5, 1.5])
    c = rng.standard_normal(4)
    path, score = (np.asarray(g, float) for g in run(x, theta, c))
    yield bound(float(min(abs(path).max(), abs(score).max())), 1e-2, "≥", Text("there is something", "结果不为 0"))
    for a, b in zip(run(x[2:3], theta, c), (path, score), strict=True):
        yield invariance(a, b[2:3], terms=16, scale=float(abs(b).max()))
    for a, b in zip(run(x, theta, 10 * c), (path, score), strict=True):
        yield invariance(a, 10 * b, terms=16, scale=10 * float(abs(b).max()))
    moved = np.asarray(run(x, theta, c + np.eye(4)[0])[0], float)
    yield invariance(moved, path, terms=16)
    other = run(x, 2 * theta, c / 2.0 ** np.arange(4))
    for a, b in zip(other, (path, score), strict=True):
        yield invariance(a, b / 2, terms=32, scale=float(abs(b).max()))
    for a, b in zip(run(x[::-1].copy(), theta, c), (path, score), strict=True):
        yield invariance(a, b[::-1], terms=16, scale=float(abs(b).max()))


def both(noise, theta, c, law, jump, baseline, path=None, score=None):
    """The definition's two, one of them replaced by a function of draws, parameters, f and its slope."""
    p, s = gradients(noise, theta, c, law, jump, baseline)
    if law != "normal":
        return p, s
    z = theta[0] + theta[1] * noise
    f = sum(x * z**j for j, x in enumerate(c)) + jump * (z > 0)
    slope = sum(j * x * z ** (j - 1) for j, x in enumerate(c) if j) + 0 * z
    p = p if path is None else np.stack(path(noise, theta, slope), 1)
    return p, s if score is None else np.stack(score(noise, theta, f, baseline), 1)


@REPARAMETERIZATION.mutant(
    caught_by="both-are-unbiased, draws-average-to-the-derivative, a-moving-support-escapes-the-score"
)
def noise_forgotten(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the derivative by σ without the noise"""
    return both(noise, theta, c, law, jump, baseline, path=lambda e, t, slope: [slope, slope])


@REPARAMETERIZATION.mutant(
    caught_by="both-are-unbiased, a-constant-baseline-changes-the-variance-alone, variances-of-a-square"
)
def score_of_the_square_alone(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the normaliser forgotten in the score, and σ for σ²: ε and ε²/σ"""
    return both(noise, theta, c, law, jump, baseline, score=lambda e, t, f, b: [(f - b) * e, (f - b) * e**2 / t[1]])


@REPARAMETERIZATION.mutant(caught_by="a-constant-baseline-changes-the-variance-alone, variances-of-a-square")
def baseline_after_the_score(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the baseline subtracted from the product"""
    p, s = gradients(noise, theta, c, law, jump)
    return p, s - baseline


@REPARAMETERIZATION.mutant(
    caught_by="a-constant-baseline-changes-the-variance-alone, draws-average-to-the-derivative, own-draw-in-the-baseline"
)
def own_value_as_a_baseline(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the mean of the baseline and of each draw's own value for a baseline"""
    p, s = gradients(noise, theta, c, law, jump, baseline)
    return p, s / 2 if baseline else s


@REPARAMETERIZATION.mutant(caught_by="a-jump-is-not-seen, equals-definition")
def jump_left_out(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the jump is left out of f altogether"""
    return gradients(noise, theta, c, law, 0.0, baseline)


@REPARAMETERIZATION.mutant(caught_by="variances-of-a-square, narrow-laws-are-hard-for-the-score, a-jump-is-not-seen")
def score_through_the_draws(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the estimate through the draws given for both"""
    p, _ = gradients(noise, theta, c, law, jump, baseline)
    return p, p


@REPARAMETERIZATION.mutant(
    caught_by="variances-of-a-square, narrow-laws-are-hard-for-the-score, units-of-the-draws-and-of-f, a-ripple-turns-the-tables"
)
def through_the_score(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the estimate by the score given for both"""
    _, s = gradients(noise, theta, c, law, jump, baseline)
    return s, s


@REPARAMETERIZATION.mutant(caught_by="gamma-by-its-quantiles, gamma-means-agree")
def gamma_as_a_scaled_draw(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """a gamma draw taken as z/α·α: the derivative by the shape is z/α"""
    p, s = gradients(noise, theta, c, law, jump, baseline)
    if law == "gamma":
        p = np.stack([-p[:, 1] * theta[1] / theta[0], p[:, 1]], 1)
    return p, s


@REPARAMETERIZATION.mutant(caught_by="gamma-means-agree")
def gamma_score_of_the_scale(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the rate taken as a scale in the score"""
    p, s = gradients(noise, theta, c, law, jump, baseline)
    return p, s * np.array([1.0, -1.0]) if law == "gamma" else s


@REPARAMETERIZATION.mutant(caught_by="a-softened-coin-is-biased, softness-is-paid-in-noise, equals-definition")
def straight_through(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the softened coin's derivative replaced by that of its probability at the rounded draw"""
    p, s = gradients(noise, theta, c, law, jump, baseline)
    if law == "relaxed coin":
        chance = 1 / (1 + np.exp(-theta[0]))
        rounded = (theta[0] + noise > 0) * 1.0
        slope = sum(j * x * rounded ** (j - 1) for j, x in enumerate(c) if j)
        p = np.stack([slope * chance * (1 - chance), 0 * noise], 1)
    return p, s


@REPARAMETERIZATION.mutant(caught_by="a-softened-coin-is-biased, equals-definition")
def score_of_the_soft_draw(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the score of the coin weighted by f of the softened draw"""
    p, s = gradients(noise, theta, c, law, jump, baseline)
    if law == "relaxed coin":
        z = 1 / (1 + np.exp(-(theta[0] + noise) / theta[1]))
        f = sum(x * z**j for j, x in enumerate(c))
        s = np.stack([(f - baseline) * (z - 1 / (1 + np.exp(-theta[0]))), 0 * z], 1)
    return p, s


@REPARAMETERIZATION.mutant(caught_by="units-of-the-draws-and-of-f, equals-definition, draws-average-to-the-derivative")
def mean_for_each(noise, theta, c, law="normal", jump=0.0, baseline=0.0):
    """the mean over all draws given for each of them"""
    return tuple(np.broadcast_to(g.mean(0), g.shape) for g in gradients(noise, theta, c, law, jump, baseline))


REPARAMETERIZATION.erratum(
    "E320",
    common="The gradient through the draws is unbiased for any f that PyTorch can differentiate almost everywhere (a common slip)",
    why="Of a step the derivative is 0 wherever there is one; what the expectation owes to draws that cross the jump is lost, without an error. A comparison, a rounding, "
    "an argmax in f is such a step; a kink, as in ReLU, is none.",
    right=r"f must be continuous, and smooth but for single points, with a derivative that has a mean; else the score, or the term $h\,q(z_0)\,\partial z/\partial\theta$ of each jump by $h$ at $z_0$ added by hand, with $\partial z/\partial\theta$ of the draw that falls on $z_0$",
    claims="a-jump-is-not-seen",
)
REPARAMETERIZATION.erratum(
    "E321",
    common="Gumbel–softmax gives unbiased gradients of a discrete choice (a common slip)",
    why="It gives unbiased gradients of another objective, with softened draws. The bias vanishes as τ → 0, where the variance grows without bound, and else at most by chance, at a temperature that nobody knows beforehand.",
    right="Take the score with a baseline where the gradient must be unbiased; else lower the temperature slowly, and judge by hard draws",
    claims="a-softened-coin-is-biased, softness-is-paid-in-noise",
)


def square_variances(d, m, s):
    """Of ∂/∂μ₁ E‖z‖² in d dimensions: through the draws, by the score, with the best constant's neighbour E f as a baseline."""
    rest, spread = (d - 1) * (m**2 + s**2), (d - 1) * (4 * m**2 * s**2 + 2 * s**4)
    own = m**4 + 18 * m**2 * s**2 + 15 * s**4
    score = (own + 2 * (m**2 + 3 * s**2) * rest + spread + rest**2) / s**2 - 4 * m**2
    return 4 * s**2 + 0 * d, score, 8 * m**2 + 10 * s**2 + spread / s**2


@REPARAMETERIZATION.figure(m=Slider(0.0, 3.0, 1.0, "mean μ"), s=Slider(0.1, 3.0, 0.7, "deviation σ", log=True))
def figure(m, s):
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    rng = np.random.default_rng(3)
    path, score = gradients(rng.standard_normal(4000), np.array([m, s]), np.array([0.0, 0.0, 1.0]))
    far = max(4 * s + abs(2 * m) + 4 * s, 1.2 * np.quantile(abs(score[:, 0]), 0.97))
    bins = np.linspace(-far, far, 61)
    left.hist(score[:, 0], bins, color=COLOURS[1], alpha=0.6, label="by the score")
    left.hist(path[:, 0], bins, color=COLOURS[0], alpha=0.6, label="through the draws")
    left.axvline(2 * m, color="0.3", lw=1, ls="--", label="derivative")
    left.set_yscale("log")
    left.set(xlabel="estimate by one draw", ylabel="draws of 4000", ylim=(0.7, 4e4))
    left.legend(fontsize=9, loc="upper left", frameon=False)
    d = np.arange(1, 101.0)
    for values, colour, name in zip(
        square_variances(d, m, s),
        (COLOURS[0], COLOURS[1], COLOURS[2]),
        ("through the draws", "by the score", "score, baseline"),
        strict=True,
    ):
        right.loglog(d, values, color=colour, label=name)
    right.set(xlabel="dimension", ylabel="variance", xlim=(1, 100))
    right.legend(fontsize=9, loc="upper left", frameon=False)
    outside = int((abs(score[:, 0]) > far).sum())
    one, hundred = square_variances(np.array([1.0]), m, s), square_variances(np.array([100.0]), m, s)
    words = Text(
        f"The derivative of the mean of |z|² by a coordinate of μ, μ = {m:.2f} and σ = {s:.2f} in each. In one dimension the variances are {one[0][0]:.3g} through the draws, {one[1][0]:.3g} by the score, "
        f"{one[2][0]:.3g} with the baseline; in a hundred {hundred[0][0]:.3g}, {hundred[1][0]:.3g} and {hundred[2][0]:.3g}. Of the 4000 estimates by the score {outside} lie outside the picture.",
        f"|z|² 的均值对 μ 的一个坐标的导数，各坐标 μ = {m:.2f}、σ = {s:.2f}。一维时方差为：穿过抽样 {one[0][0]:.3g}，用得分函数 {one[1][0]:.3g}，加基线 {one[2][0]:.3g}；"
        f"一百维时为 {hundred[0][0]:.3g}、{hundred[1][0]:.3g} 与 {hundred[2][0]:.3g}。用得分的 4000 个估计中有 {outside} 个落在图外。",
    )
    return Drawing(fig, words)
