"""Black-box variational inference: a normal distribution of free numbers, fitted to any posterior through its draws."""

import math

import numpy as np

from gradus.frameworks import like, namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text, generic
from gradus.page.evidence import bound, identical, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _library(gaussian_elbo, log_density, gradient, mean, scale, noise, positive, sticking=False):
    """The library's for points by name; its gradient is by automatic differentiation."""
    import torch
    from torch.distributions import constraints

    from gradus.arguments import refusal

    if positive.shape != mean.shape:
        raise refusal("positive", ("one entry a number", "每个数一个值"), positive)
    names = [str(i) for i in range(len(mean))]
    at_one = {name: torch.ones((), dtype=mean.dtype, device=mean.device) for name in names}
    bounds = {name: constraints.positive for name, held in zip(names, positive.tolist(), strict=True) if held}
    found = gaussian_elbo(
        lambda p: log_density(torch.stack([p[name] for name in names], -1)),
        mean,
        scale,
        noise,
        start=at_one,
        constraints=bounds or None,
        sticking=bool(sticking),
        batched=True,
    )
    return found.log_weights, found.value, found.by_mean, found.by_scale


ADVI = Concept(
    key="advi",
    kind="algorithm",
    title="Black-box variational inference",
    summary="A posterior that is known up to a factor, as a program, is replaced by a normal distribution. What is bounded is first written in free numbers, such as the logarithm of a positive one; the "
    "[evidence lower bound](elbo) is estimated by draws, and climbed by its gradient through them. No formula of the model is needed but its log-density. "
    "The weights of draws say something of how far the result is from the posterior.",
    formulas=(
        r"u_i=m+L\varepsilon_i,\qquad x_i=T(u_i),\qquad f(u)=\ln p(T(u))+\ln\lvert\det T'(u)\rvert,\qquad \ln w_i=f(u_i)-\ln\mathcal N(u_i;m,LL^{\mathsf T})",
        r"\hat{\mathcal L}=\frac1n\sum_{i=1}^nf(u_i)+\frac d2\ln2\pi e+\sum_{j=1}^d\ln L_{jj},\qquad\mathbb E\,\hat{\mathcal L}=\mathcal L\le\ln\int p(x)\,dx",
        r"\nabla_m\hat{\mathcal L}=\frac1n\sum_ig_i,\qquad \nabla_L\hat{\mathcal L}=\operatorname{tril}\Bigl(\frac1n\sum_ig_i\varepsilon_i^{\mathsf T}\Bigr)+\operatorname{diag}\Bigl(\frac1{L_{jj}}\Bigr),\qquad g_i=\nabla f(u_i)",
        r"\text{sticking the landing:}\qquad g_i\gets\nabla f(u_i)+L^{-\mathsf T}\varepsilon_i,\qquad\text{without }\operatorname{diag}\Bigl(\frac1{L_{jj}}\Bigr)",
    ),
    symbols=(
        Symbol(
            r"\ln p",
            "log_density",
            "function",
            "log-density of the posterior, up to a constant; of points (n d)",
            "function",
        ),
        Symbol(r"\nabla\ln p", "gradient", "function", "its gradient (n d)", "function"),
        Symbol("m", "mean", "d", "mean of the free numbers"),
        Symbol(
            "L",
            "scale",
            "d d",
            "Cholesky factor of their covariance: lower triangular, its diagonal above 0; diagonal for mean field",
        ),
        Symbol(r"\varepsilon", "noise", "n d", "standard normal numbers, of which the draws are made"),
        Symbol(
            "T", "positive", "d", "which numbers are positive: $x_j=e^{u_j}$; the others are free, $x_j=u_j$", "boolean"
        ),
        Symbol("s", "sticking", "", "whether the gradient is that which sticks the landing", "boolean"),
        Symbol("u,\\ x", "", "n d", "draws of the free numbers; within the bounds"),
        Symbol("w", "", "n", "importance weights"),
        Symbol(r"f,\ g", "", "", "log-density of the free numbers, and its gradient at the draws"),
        Symbol(
            r"\mathcal L,\ \hat{\mathcal L}",
            "",
            "",
            "evidence lower bound, and its estimate by the draws",
            "real",
            "nat",
        ),
        Symbol("d,\\ n", "", "", "number of free numbers; of draws", "natural"),
        Symbol("i,\\ j", "", "", "a draw; a number", "natural"),
    ),
    returns=(
        Result("log_weights", "n", r"$\ln w_i$"),
        Result("bound", "", r"$\hat{\mathcal L}$, with the entropy in closed form"),
        Result("by_mean", "d", "its gradient by $m$"),
        Result("by_scale", "d d", "its gradient by $L$, lower triangular; mean field takes the diagonal alone"),
    ),
    needs=("mean-field", "reparameterization"),
    source="kucukelbir2017automatic",
    year=2014,
    people=(
        "Rajesh Ranganath",
        "Sean Gerrish",
        "David Blei",
        "Michalis Titsias",
        "Alp Kucukelbir",
        "Dustin Tran",
        "Andrew Gelman",
    ),
    aliases="ADVI, automatic differentiation variational inference, BBVI, sticking the landing, Pareto smoothed importance sampling, PSIS, "
    "黑箱变分推断, 黑盒变分推断",
    implementations=(
        Implementation(
            "gradus.inference:gaussian_elbo",
            "torch",
            _library,
            "the whole fit, with its check: `gradus.inference.advi(log_density, start, constraints=…)`; any bijection of `torch.distributions`",
        ),
    ),
    readings="ranganath2014black; kucukelbir2017automatic; roeder2017sticking; yao2018yes; vehtari2024pareto; giordano2024black; burroni2024sample",
    hypotheses=(
        Hypothesis(
            "the volume $\\ln\\lvert\\det T'\\rvert$ belongs to the log-density",
            "without-the-volume-it-climbs-elsewhere",
        ),
        Hypothesis(
            "a bound from below: in the mean over the noise; a single estimate may lie above",
            "few-fixed-draws-have-no-top",
        ),
        Hypothesis(
            "exact for posteriors normal in the free numbers: $L$ is a whole triangle",
            "independent-numbers-lose-their-variances",
        ),
        Hypothesis("sticking the landing is less noisy: near the posterior", "sticking-may-be-noisier"),
    ),
    conventions=(
        Convention(
            "the family",
            "the full rank; mean field by the diagonal alone",
            "mean field, unless asked for (Stan's `variational`, PyMC's `fit`)",
        ),
        Convention(
            "parameters of the scale",
            "$L$ itself, with the gradient of its lower triangle",
            r"$\ln L_{jj}$ on the diagonal (mean field: $\ln\sigma_j$): that entry of the gradient is multiplied by $L_{jj}$",
        ),
        Convention("sign", "a bound from below, climbed", "its negative, as a loss (NumPyro's `SVI`)"),
    ),
    deviations="The definition takes the gradient of the log-density as a function, and has one map, the exponential; the implementation differentiates the log-density itself.",
    unverified="That k̂ up to 0.7 goes with useful weights is an observation of Vehtari and others, with an argument about numbers of draws; here only the shape of one tail is derived.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=4096,
)


@ADVI.definition
def advi(log_density, gradient, mean, scale, noise, positive, sticking=False):
    if (np.triu(scale, 1) != 0).any() or not (np.diag(scale) > 0).all():
        raise ValueError("scale: lower triangular, its diagonal above 0")
    n, d = noise.shape
    u = mean + noise @ scale.T  # n d
    x = np.where(positive, np.exp(np.where(positive, u, 0)), u)
    f = log_density(x) + np.where(positive, u, 0).sum(-1)  # n
    g = gradient(x) * np.where(positive, x, 1) + positive  # n d
    log_det = np.log(np.diag(scale)).sum()
    log_q = -(noise**2).sum(-1) / 2 - d / 2 * math.log(2 * math.pi) - log_det
    estimate = f.mean() + d / 2 * (1 + math.log(2 * math.pi)) + log_det
    if sticking:
        g = g + np.linalg.solve(scale.T, noise.T).T
    by_scale = np.tril(g.T @ noise / n)
    if not sticking:
        by_scale = by_scale + np.diag(1 / np.diag(scale))
    return f - log_q, estimate, g.mean(0), by_scale


def named(name, log_density, gradient):
    """A target: both functions take the arrays of every framework."""
    found = dict(log_density=generic(log_density), gradient=generic(gradient))
    for part, function in found.items():
        function.__name__ = function.__qualname__ = f"{part} of {name}"
    return found


def normal(mean, precision):
    """The normal density without its factor: its integral is √(2π)ᵈ/√det Λ."""
    m, P = np.asarray(mean, float), np.asarray(precision, float)

    def away(x):
        return x - like(m, x)

    return named(
        f"normal({m.tolist()}, {P.tolist()})",
        lambda x: -(away(x) @ like(P, x) * away(x)).sum(-1) / 2,
        lambda x: -(away(x) @ like(P, x)),
    )


def gamma(a, b):
    """The gamma density without its factor, of one positive number: its integral is Γ(a)/bᵃ."""
    return named(
        f"gamma({a}, {b})", lambda x: ((a - 1) * namespace(x).log(x) - b * x).sum(-1), lambda x: (a - 1) / x - b
    )


def lognormal(m, s):
    """The lognormal density of one positive number, with its factor."""

    def away(x):
        return namespace(x).log(x) - m

    constant = math.log(s * math.sqrt(2 * math.pi))
    return named(
        f"lognormal({m}, {s})",
        lambda x: (-(away(x) ** 2) / (2 * s * s) - namespace(x).log(x)).sum(-1) - constant,
        lambda x: -(away(x) / (s * s) + 1) / x,
    )


def _bent(x):
    return -((x[..., 1] - x[..., 0] ** 2) ** 2) - x[..., 0] ** 2 / 2 - x[..., 2] + namespace(x).log(x[..., 2])


def _bent_gradient(x):
    bend = x[..., 1] - x[..., 0] ** 2
    parts = [4 * x[..., 0] * bend - x[..., 0], -2 * bend, 1 / x[..., 2] - 1]
    return namespace(x).stack(parts, -1)


BENT = named("bent, the third number positive", _bent, _bent_gradient)
DIGITS = Text("three digits are printed", "印出三位小数")
FREE = np.array([False])
HELD = np.array([True])


@ADVI.example
def example():
    target, mean, scale = gamma(3.0, 2.0), np.zeros(1), np.array([[0.5]])
    noise = np.array([[-1.0], [1.0]])
    given = dict(**target, mean=mean, scale=scale, noise=noise, positive=HELD)
    weights, L, by_m, by_L = advi(**given)
    _, _, stick_m, stick_L = advi(**given, sticking=True)
    u = noise[:, 0] * 0.5
    f = 3 * u - 2 * np.exp(u)
    m, s = math.log(1.5) - 1 / 6, math.sqrt(1 / 3)
    best = 3 * m - 3 + math.log(2 * math.pi * math.e / 3) / 2
    return (
        dict(**given, u=u, x=np.exp(u), f=f, fit=f.mean(), entropy=math.log(2 * math.pi * math.e) / 2 + math.log(0.5))
        | dict(L=L, g=3 - 2 * np.exp(u), by_m=by_m[0], by_L=by_L[0, 0], weights=weights)
        | dict(noisy=(3 - 2 * np.exp(u)) @ noise[:, 0] / 2, stick=3 - 2 * np.exp(u) + noise[:, 0] / 0.5)
        | dict(stick_m=stick_m[0], stick_L=stick_L[0, 0], m=m, s=s, best=best, evidence=math.log(2 / 8))
    )


@ADVI.exercise
def volume():
    """x ~ Γ(3, 2): the mode of u = ln x, and that of x."""
    return number(math.log(3 / 2), of_x=math.log(2 / 2), not_taken=3 / 2)


@ADVI.exercise
def tail():
    """The mean field of two normal variables of correlation 0.6, and the share of the variance that it keeps."""
    return number(1 - 0.6**2, the_shape=0.6, not_squared=1 - 0.6, whole=1.0)


@ADVI.exercise
def draws_for_the_triangle():
    """Of twenty free numbers and twenty fixed draws."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((20, 20))
    rank = np.linalg.matrix_rank(noise - noise.mean(0))
    return choice(exact=False, too_few=rank < 20, mean_field=rank == 20)


@ADVI.exercise
def landing():
    """Posterior N(0, 4), q standard normal: variances of the derivative by m of one draw."""
    return choice(whole=(1 / 4) ** 2 < (1 - 1 / 4) ** 2, sticking=(1 - 1 / 4) ** 2 < (1 / 4) ** 2, same=False)


def triangle(rng, d, least=0.6):
    """A random Cholesky factor."""
    return np.tril(0.4 * rng.standard_normal((d, d)), -1) + np.diag(rng.uniform(least, 1.5, d))


def balanced(rng, n, d):
    """Noise with mean 0 and second moment I, both exactly: mirrored."""
    z = rng.standard_normal((n // 2, d))
    z = np.linalg.solve(np.linalg.cholesky(z.T @ z / len(z)), z.T).T
    return np.concatenate([z, -z])


@ADVI.cases
def cases(rng):
    def at(d, n, held=()):
        positive = np.array([j in held for j in range(d)])
        return dict(
            mean=0.5 * rng.standard_normal(d),
            scale=triangle(rng, d),
            noise=rng.standard_normal((n, d)),
            positive=positive,
        )

    P = np.array([[1.5, 0.5], [0.5, 1.0]])
    yield "a normal posterior", dict(**normal([1.0, -1.0], P), **at(2, 5))
    yield "a bent posterior with a positive number", dict(**BENT, **at(3, 7, (2,)))
    yield "one positive number", dict(**gamma(2.5, 1.5), **at(1, 6, (0,)))
    yield "a single draw", dict(**normal([0.0], [[2.0]]), **at(1, 1))
    yield "sticking the landing", dict(**BENT, **at(3, 4, (2,)), sticking=True)
    yield "as many draws as numbers", dict(**BENT, **at(3, 3, (2,)))
    yield "many draws", dict(**normal([0.5, 0.0], P), **at(2, 400))
    narrow = dict(scale=np.array([[0.03125, 0.0], [0.0, 16.0]]))
    yield "narrow and wide", dict(**normal([0.0, 0.0], np.diag([1024.0, 0.00390625])), **(at(2, 8) | narrow))


@ADVI.invalid
def invalid(rng):
    two = dict(
        **normal([0.0, 0.0], np.eye(2)), mean=np.zeros(2), noise=np.ones((3, 2)), positive=np.array([False, False])
    )
    yield "a scale that is not lower triangular", two | dict(scale=np.array([[1.0, 0.5], [0.0, 1.0]]))
    yield "a deviation of 0", two | dict(scale=np.diag([1.0, 0.0]))
    yield "a negative deviation", two | dict(scale=np.diag([1.0, -1.0]))
    yield "noise of another width", two | dict(scale=np.eye(2), noise=np.ones((3, 3)))


def run(function, target, mean, scale, noise, positive=None, **options):
    """Everything as float64 arrays."""
    mean = np.asarray(mean, float)
    positive = np.zeros(len(mean), bool) if positive is None else positive
    found = function(**target, mean=mean, scale=np.asarray(scale, float), noise=noise, positive=positive, **options)
    return [np.asarray(v, float) for v in found]


@ADVI.claim
def the_gradient_is_that_of_the_estimate(function, rng):
    r"""For noise that is held fixed the gradient is that of the estimate, by mean and by each entry of the triangle: a bent posterior of three numbers, one of them positive, by central differences"""
    m, L, e, h = 0.3 * rng.standard_normal(3), triangle(rng, 3), rng.standard_normal((6, 3)), 1e-4
    held = np.array([False, False, True])
    _, _, by_m, by_L = run(function, BENT, m, L, e, held)

    def slope(dm, dL):
        ends = [float(run(function, BENT, m + s * h * dm, L + s * h * dL, e, held)[1]) for s in (1, -1)]
        return (ends[0] - ends[1]) / (2 * h)

    why = Text("the third derivative times h²/6, h = 10⁻⁴", "三阶导数乘以 h²/6，h = 10⁻⁴")
    size = 1 + float(abs(e).max()) ** 6
    off = [slope(row, 0 * L) - by_m[j] for j, row in enumerate(np.eye(3))]
    for j in range(3):
        for k in range(j + 1):
            dL = np.zeros((3, 3))
            dL[j, k] = 1
            off.append(slope(0 * m, dL) - by_L[j, k])
    yield near(float(np.abs(off).max()), 0.0, 1e-6 * size, why)
    yield bound(float(abs(by_L[np.tril_indices(3)]).max()), 1e-2, "≥", Text("they are not all 0", "并不全为 0"))
    yield identical(np.triu(by_L, 1), np.zeros((3, 3)))


@ADVI.claim
def a_normal_posterior_is_met(function, rng):
    r"""At $m=\mu$, $LL^{\mathsf T}=\Lambda^{-1}$ a normal posterior has the gradient 0 for each noise with mean 0 and second moment $I$; there all weights are alike, and the bound is the log-evidence $\frac d2\ln2\pi-\frac12\ln\det\Lambda$ itself, that of the density without its factor. Elsewhere it is lower, by the divergence of two normal distributions"""
    mu, root, e = rng.standard_normal(3), triangle(rng, 3), balanced(rng, 24, 3)
    P = np.linalg.inv(root @ root.T)
    target, evidence = normal(mu, P), 1.5 * math.log(2 * math.pi) + np.log(np.diag(root)).sum()
    w, L, by_m, by_L = run(function, target, mu, root, e)
    yield roundoff(by_m, np.zeros(3), terms=200, scale=float(abs(P).max() * abs(e).max() * 4))
    yield roundoff(by_L, np.zeros((3, 3)), terms=200, scale=float(abs(P).max() * abs(e).max() ** 2 * 4))
    yield roundoff(w, np.full(24, evidence), terms=200, scale=float(40 + abs(P).max()))
    yield roundoff(L, evidence, terms=200, scale=float(40 + abs(P).max()))
    m, S = mu + rng.standard_normal(3), triangle(rng, 3)
    kl = (
        (np.trace(P @ S @ S.T) + (m - mu) @ P @ (m - mu) - 3) / 2
        + np.log(np.diag(root)).sum()
        - np.log(np.diag(S)).sum()
    )
    yield roundoff(run(function, target, m, S, e)[1], evidence - kl, terms=400, scale=float(40 + kl * 10))
    yield bound(float(kl), 0.05, "≥", Text("it is another one", "那是另一个分布"))


@ADVI.claim
def the_climb_arrives(function, rng):
    r"""Sixty steps of $0.4$ along the gradient, from $m=0$, $L=I$, for sixteen balanced draws, end at the mean and at the Cholesky factor of the covariance of a normal posterior of two numbers, to $10^{-4}$"""
    mu, P, e = np.array([1.0, -0.5]), np.array([[1.2, 0.4], [0.4, 1.0]]), balanced(rng, 16, 2)
    m, L = np.zeros(2), np.eye(2)
    for _ in range(60):
        _, _, by_m, by_L = run(function, normal(mu, P), m, L, e)
        m, L = m + 0.4 * by_m, L + 0.4 * by_L
        if not np.isfinite(L).all() or not (np.diag(L) > 0).all():
            break
    root = np.linalg.cholesky(np.linalg.inv(P))
    yield near(
        float(abs(m - mu).max()),
        0.0,
        1e-4,
        Text("the slowest part shrinks by 0.73 a step", "最慢的分量每步缩小到 0.73 倍"),
    )
    yield near(float(abs(L - root).max()), 0.0, 1e-4, Text("likewise", "同上"))


@ADVI.claim
def independent_numbers_lose_their_variances(function, rng):
    r"""With a diagonal $L$, $L_{jj}^2=1/\Lambda_{jj}$ and $m=\mu$ end the climb: the derivatives by $m$ and by the diagonal are 0, though not those below it; the means are right, the variances those of each number with all others held fixed, and $\frac12(\sum\ln\Lambda_{jj}-\ln\det\Lambda)$ is missing from the bound"""
    mu, A, e = rng.standard_normal(3), triangle(rng, 3), balanced(rng, 24, 3)
    P = A @ A.T + 0.3
    _, L, by_m, by_L = run(function, normal(mu, P), mu, np.diag(np.diag(P) ** -0.5), e)
    size = float(abs(P).max() * abs(e).max() ** 2 * 4)
    yield roundoff(by_m, np.zeros(3), terms=200, scale=size)
    yield roundoff(np.diag(by_L), np.zeros(3), terms=200, scale=size)
    yield bound(
        float(abs(np.tril(by_L, -1)).max()), 0.01, "≥", Text("the triangle would go on", "三角部分还会继续变动")
    )
    missing = (np.log(np.diag(P)).sum() - np.linalg.slogdet(P)[1]) / 2
    evidence = 1.5 * math.log(2 * math.pi) - np.linalg.slogdet(P)[1] / 2
    yield roundoff(L, evidence - missing, terms=200, scale=40.0)


@ADVI.claim
def below_the_evidence_of_a_gamma_posterior(function, rng):
    r"""A gamma posterior $x^{a-1}e^{-bx}$ in $u=\ln x$: in the mean over the noise the estimate is $am-be^{m+\sigma^2/2}+\frac12\ln2\pi e\sigma^2$, highest at $\sigma^2=\frac1a$, $m=\ln\frac ab-\frac1{2a}$, where $\mathbb Ex=\frac ab$ as it should be, and the gradient is 0 in the mean. For $a=3$, $b=2$ the bound is below $\ln\frac{\Gamma(a)}{b^a}=-1.386$ there, by 0.028"""
    a, b = 3.0, 2.0
    m, s = math.log(a / b) - 1 / (2 * a), math.sqrt(1 / a)
    evidence = math.lgamma(a) - a * math.log(b)
    for mean, sd in ((m, s), (0.0, 0.5)):
        found = [run(function, gamma(a, b), [mean], [[sd]], rng.standard_normal((60, 1)), HELD) for _ in range(30)]
        want = a * mean - b * math.exp(mean + sd**2 / 2) + math.log(2 * math.pi * math.e * sd**2) / 2
        yield statistical([float(v[1]) for v in found], want)
        yield statistical([float(v[2][0]) for v in found], a - b * math.exp(mean + sd**2 / 2))
        yield statistical([float(v[3][0, 0]) for v in found], 1 / sd - b * sd * math.exp(mean + sd**2 / 2))
    best = a * m - a + math.log(2 * math.pi * math.e / a) / 2
    yield near(evidence - best, 0.028, 5e-4, DIGITS)
    high = np.concatenate(
        [run(function, gamma(a, b), [m], [[s]], rng.standard_normal((60, 1)), HELD)[0] for _ in range(30)]
    )
    yield statistical(high, best)


@ADVI.claim
def without_the_volume_it_climbs_elsewhere(function, rng):
    r"""A lognormal posterior with $\ln x\sim\mathcal N(\mu,s^2)$ is met exactly at $m=\mu$, $L=s$: the weights are all 1. Without $\ln\lvert\det T'\rvert$ the climb would end at $m=\mu-s^2$; there the estimate still rises, by 1 a unit of $m$"""
    mu, s, e = 0.4, 0.8, balanced(rng, 12, 1)
    w, L, by_m, by_L = run(function, lognormal(mu, s), [mu], [[s]], e, HELD)
    size = float(20 * (1 + abs(e).max() ** 2))
    yield roundoff(w, np.zeros(12), terms=200, scale=size)
    yield roundoff([float(L), float(by_m[0]), float(by_L[0, 0])], np.zeros(3), terms=200, scale=size)
    yield roundoff(run(function, lognormal(mu, s), [mu - s**2], [[s]], e, HELD)[2], np.ones(1), terms=200, scale=size)


@ADVI.claim
def the_weights_average_to_the_evidence(function, rng):
    r"""The mean weight is an unbiased estimate of the evidence $\int p(x)\,dx$, whatever $q$ is: a normal posterior of evidence $\sqrt{2\pi}$ by $\mathcal N(0.3,1.5^2)$, and a gamma posterior $x^2e^{-x}$ of evidence 2 by $\ln x\sim\mathcal N(0.9,0.8^2)$; while the mean of $\ln w$, the bound, is below $\ln\int p(x)\,dx$, by 0.265 and by 0.185"""
    for target, m, s, held, evidence, printed in (
        (normal([0.0], [[1.0]]), 0.3, 1.5, FREE, math.sqrt(2 * math.pi), 0.265),
        (gamma(3.0, 1.0), 0.9, 0.8, HELD, 2.0, 0.185),
    ):
        entropy = math.log(2 * math.pi * math.e * s**2) / 2
        mean = 3 * m - math.exp(m + s**2 / 2) if held is HELD else -(m**2 + s**2) / 2
        w = run(function, target, [m], [[s]], rng.standard_normal((3000, 1)), held)[0]
        yield statistical(np.exp(w), evidence)
        yield statistical(w, mean + entropy)
        yield near(math.log(evidence) - mean - entropy, printed, 5e-4, DIGITS)


@ADVI.claim
def the_tail_of_the_weights(function, rng):
    r"""Two normal variables of correlation $\rho$ by independent ones ($L_{jj}^2=1-\rho^2$): along the worst direction $\varepsilon=t(1,\pm1)/\sqrt2$ the weight grows like $e^{\lvert\rho\rvert t^2/2}$, and $\lvert\varepsilon\rvert>t$ there has a probability like $e^{-t^2/2}$ but for powers of $t$: a tail of the shape $k=\lvert\rho\rvert$. Across it the weight falls. So with $\rho=0.69$, $k<0.7$, the variances are a half of the right ones, 0.524"""
    t = np.linspace(0, 6, 7)
    for rho in (-0.4, 0.69, 0.9):
        P = np.array([[1, -rho], [-rho, 1]]) / (1 - rho**2)
        for sign, shape in ((1, abs(rho)), (-1, -abs(rho))):
            e = t[:, None] * np.array([1, sign * np.sign(rho)]) / math.sqrt(2)
            w = run(function, normal([0.0, 0.0], P), np.zeros(2), math.sqrt(1 - rho**2) * np.eye(2), e)[0]
            yield roundoff(w - w[0], shape * t**2 / 2, terms=100, scale=40 / (1 - rho**2))
    yield near(1 - 0.69**2, 0.524, 5e-4, DIGITS)


@ADVI.claim
def the_landing_sticks(function, rng):
    r"""Where $q$ is the posterior, sticking the landing makes the gradient of every single draw 0, while the other is $-\Lambda L\varepsilon$ by $m$ for one draw: 0 in the mean only. For balanced noise both are the same, on any posterior"""
    mu, root = rng.standard_normal(2), triangle(rng, 2)
    P = np.linalg.inv(root @ root.T)
    size = float(abs(P).max() * 40)
    for _ in range(3):
        e = rng.standard_normal((1, 2))
        _, _, by_m, by_L = run(function, normal(mu, P), mu, root, e, sticking=True)
        yield roundoff(by_m, np.zeros(2), terms=100, scale=size)
        yield roundoff(by_L, np.zeros((2, 2)), terms=100, scale=size)
        yield roundoff(run(function, normal(mu, P), mu, root, e)[2], -(P @ root @ e[0]), terms=100, scale=size)
    m, S, e = 0.3 * rng.standard_normal(3), triangle(rng, 3), balanced(rng, 24, 3)
    held = np.array([False, False, True])
    whole, stuck = (run(function, BENT, m, S, e, held, sticking=s) for s in (False, True))
    size = float(abs(e).max() ** 4 * 40)
    yield roundoff(stuck[2], whole[2], terms=200, scale=size)
    yield roundoff(stuck[3], whole[3], terms=200, scale=size)
    yield bound(float(abs(whole[3]).max()), 0.01, "≥", Text("both are far from 0", "两者都远离 0"))


@ADVI.claim
def sticking_may_be_noisier(function, rng):
    r"""Of a posterior $\mathcal N(0,s^2)$ and $q=\mathcal N(0,1)$ one draw gives by $m$ $-\varepsilon/s^2$, or, sticking, $\varepsilon(1-\frac1{s^2})$: variances $s^{-4}$ and $(1-s^{-2})^2$. For $s=1.1$ sticking has the lower one, 0.030 for 0.683; for $s=3$ the higher one, 0.790 for 0.012"""
    for s, printed in ((1.1, (0.683, 0.030)), (3.0, (0.012, 0.790))):
        target = normal([0.0], [[s**-2]])
        for e in (-1.7, 0.6, 2.2):
            draw = np.array([[e]])
            yield roundoff(run(function, target, [0.0], [[1.0]], draw)[2], [-e / s**2], terms=40, scale=4.0)
            got = run(function, target, [0.0], [[1.0]], draw, sticking=True)[2]
            yield roundoff(got, [e * (1 - s**-2)], terms=40, scale=4.0)
        for variance, digits in zip((s**-4, (1 - s**-2) ** 2), printed, strict=True):
            yield near(variance, digits, 5e-4, DIGITS)


@ADVI.claim
def few_fixed_draws_have_no_top(function, rng):
    r"""As many fixed draws as numbers, or fewer, and the full rank: some direction $v$ has $v^{\mathsf T}\varepsilon_i=c$ for all $i$, and for noise drawn at random $v_d>0$, up to its sign. Adding $tv^{\mathsf T}$ to the last row of $L$ and $-tc$ to the last mean moves no draw, and raises the estimate by $\ln(1+tv_d/L_{dd})$, without end: three draws of a normal posterior in three dimensions, where the estimate goes above its log-evidence"""
    target, e = normal(np.zeros(3), np.eye(3)), rng.standard_normal((3, 3))
    kernel = np.linalg.svd(np.concatenate([e, -np.ones((3, 1))], 1))[2][-1]
    kernel = kernel * np.sign(kernel[2])
    v, c = kernel[:3], kernel[3]
    m, L = np.zeros(3), np.eye(3)
    start = float(run(function, target, m, L, e)[1])
    for t in (1.0, 30.0, 1e12):
        along, back = np.zeros((3, 3)), np.zeros(3)
        along[2], back[2] = t * v, t * c
        found = float(run(function, target, m - back, L + along, e)[1])
        if t < 1e6:
            lost = 64 * 2.0**-52 * t**2 * float(1 + abs(e).max() ** 2)
            yield near(
                found - start, math.log1p(t * v[2]), 1e-12 + lost, Text("rounding of the draws", "抽样的舍入误差")
            )
        else:
            yield bound(found, 1.5 * math.log(2 * math.pi), "≥", Text("above the evidence", "高于证据"))


@ADVI.claim
def draws_count_alike(function, rng):
    """The estimate and its gradient are the means of those by the halves of the draws, and a factor of the density is added as its logarithm and changes no gradient"""
    m, L, e = 0.3 * rng.standard_normal(3), triangle(rng, 3), rng.standard_normal((8, 3))
    held = np.array([False, False, True])
    whole, *halves = (run(function, BENT, m, L, part, held) for part in (e, e[:4], e[4:]))
    size = float(40 * (1 + abs(e).max() ** 4))
    yield roundoff(whole[0], np.concatenate([halves[0][0], halves[1][0]]), terms=40, scale=size)
    for k in (1, 2, 3):
        yield roundoff(whole[k], (halves[0][k] + halves[1][k]) / 2, terms=100, scale=size * 4)
    scaled = named("bent, times e²", lambda x: _bent(x) + 2, _bent_gradient)
    more = run(function, scaled, m, L, e, held)
    yield roundoff(more[1] - whole[1], 2.0, terms=100, scale=size)
    yield roundoff(more[0] - whole[0], np.full(8, 2.0), terms=100, scale=size)
    yield roundoff(more[2], whole[2], terms=40, scale=size)


@ADVI.claim
def other_coordinates_cost_the_full_rank_nothing(function, rng):
    r"""In coordinates $v=Au$, with $A$ lower triangular, the mean $Am$ and the scale $AL$ give the same draws, the gradient $A^{-\mathsf T}\nabla_m$, and a bound that is larger by $\ln\det A$: as much as the log-evidence"""
    A, m, L, e = triangle(rng, 2), rng.standard_normal(2), triangle(rng, 2), rng.standard_normal((6, 2))
    B = np.linalg.inv(A)
    P, mu = np.array([[1.3, 0.4], [0.4, 0.8]]), np.array([0.5, -1.0])
    one = run(function, normal(mu, P), m, L, e)
    other = run(function, normal(A @ mu, B.T @ P @ B), A @ m, A @ L, e)
    rise = np.log(np.diag(A)).sum()
    size = float(40 * abs(B).max() ** 2 * (1 + abs(e).max() ** 2 + abs(m).max() ** 2))
    yield roundoff(other[0] - one[0], np.full(6, rise), terms=200, scale=size)
    yield roundoff(other[1] - one[1], rise, terms=200, scale=size)
    yield roundoff(other[2], B.T @ one[2], terms=200, scale=size)
    yield bound(float(abs(one[2]).min()), 1e-6, "≥", Text("not 0", "不为 0"))


def faulty(log_density, gradient, mean, scale, noise, positive, sticking=False, *, kind):
    """The definition with one fault."""
    n, d = noise.shape
    if kind == "transposed":
        u = mean + noise @ scale
    elif kind == "variances":
        u = mean + noise @ (scale @ scale).T
    else:
        u = mean + noise @ scale.T
    x = np.where(positive, np.exp(np.where(positive, u, 0)), u)
    volume = np.where(positive, u, 0).sum(-1)
    if kind in ("volume dropped", "volume of the value alone"):
        volume = 0 * volume
    if kind == "volume subtracted":
        volume = -volume
    f = log_density(x) + volume
    inner = 1 if kind == "chain rule forgotten" else np.where(positive, x, 1)
    g = (
        gradient(x) * inner
        + {"volume dropped": 0, "volume of the gradient": 0, "volume subtracted": -1}.get(kind, 1) * positive
    )
    log_det = np.log(np.diag(scale)).sum()
    per = 1 if kind == "entropy of one number" else d
    log_q = (
        -(noise**2).sum(-1) / 2 - d / 2 * math.log(2 * math.pi) - (0 if kind == "weights without volume" else log_det)
    )
    entropy = per / 2 * (1 + math.log(2 * math.pi)) + log_det
    if kind == "entropy dropped":
        entropy = 0.0
    if kind == "entropy without half":
        entropy = d / 2 * math.log(2 * math.pi) + log_det
    w = log_q - f if kind == "weights upside down" else f - log_q
    stick = (sticking and kind != "never sticking") or kind == "always sticking"
    if stick:
        score = np.linalg.solve(scale.T, noise.T).T
        g = g - score if kind == "score's sign" else g + score
    flat = g if kind == "noise forgotten" else None
    G = flat.mean(0)[:, None] * np.ones((1, d)) if flat is not None else g.T @ noise / n
    by_scale = G if kind == "whole matrix" else np.tril(G)
    if (not stick or kind == "entropy kept when sticking") and kind not in (
        "entropy dropped",
        "entropy of the value alone",
    ):
        by_scale = by_scale + np.diag(1 / np.diag(scale))
    if kind == "diagonal alone":
        by_scale = np.diag(np.diag(by_scale))
    total = f.sum() if kind == "sum over draws" else f.mean()
    return w, total + entropy, g.sum(0) if kind == "sum over draws" else g.mean(0), by_scale


def fault(kind, caught_by):
    """A mutant of `faulty`."""

    def made(function):
        def mutant(log_density, gradient, mean, scale, noise, positive, sticking=False):
            return faulty(log_density, gradient, mean, scale, noise, positive, sticking, kind=kind)

        mutant.__name__ = mutant.__qualname__ = function.__name__
        mutant.__doc__ = function.__doc__
        return ADVI.mutant(caught_by=caught_by)(mutant)

    return made


@fault(
    "entropy dropped",
    "a-normal-posterior-is-met, the-climb-arrives, independent-numbers-lose-their-variances, below-the-evidence-of-a-gamma-posterior, few-fixed-draws-have-no-top",
)
def entropy_dropped():
    """the entropy dropped, of the bound and of its gradient: the climb ends at the mode, without a width"""


@fault("entropy of the value alone", "the-gradient-is-that-of-the-estimate, the-climb-arrives, the-landing-sticks")
def entropy_without_a_gradient():
    """the entropy in the bound, and not in its gradient"""


@fault("entropy without half", "a-normal-posterior-is-met, below-the-evidence-of-a-gamma-posterior")
def entropy_without_its_half():
    """the entropy without the half a nat of each number"""


@fault("entropy of one number", "a-normal-posterior-is-met, independent-numbers-lose-their-variances")
def entropy_of_one_number():
    """the constant of the entropy once, whatever the dimension"""


@fault(
    "volume dropped",
    "without-the-volume-it-climbs-elsewhere, below-the-evidence-of-a-gamma-posterior, the-weights-average-to-the-evidence",
)
def volume_dropped():
    """the density of x taken at eᵘ, without the volume"""


@fault("volume of the value alone", "the-gradient-is-that-of-the-estimate, without-the-volume-it-climbs-elsewhere")
def volume_of_the_gradient_alone():
    """the volume in the gradient, and not in the bound"""


@fault("volume of the gradient", "the-gradient-is-that-of-the-estimate, below-the-evidence-of-a-gamma-posterior")
def volume_without_a_gradient():
    """the volume in the bound, and not in its gradient"""


@fault("volume subtracted", "without-the-volume-it-climbs-elsewhere, the-weights-average-to-the-evidence")
def volume_subtracted():
    """the volume of the map back: its sign"""


@fault("chain rule forgotten", "the-gradient-is-that-of-the-estimate, below-the-evidence-of-a-gamma-posterior")
def chain_rule_forgotten():
    """the gradient by x taken for that by u"""


@fault(
    "transposed",
    "the-gradient-is-that-of-the-estimate, a-normal-posterior-is-met, other-coordinates-cost-the-full-rank-nothing",
)
def transposed():
    """draws of covariance LᵀL"""


@fault("variances", "a-normal-posterior-is-met, the-gradient-is-that-of-the-estimate, the-tail-of-the-weights")
def variances_for_deviations():
    """L taken for its own square root"""


@fault("noise forgotten", "the-gradient-is-that-of-the-estimate, the-climb-arrives")
def noise_forgotten():
    """the derivative by L without the noise"""


@fault("whole matrix", "the-gradient-is-that-of-the-estimate, a-normal-posterior-is-met")
def whole_matrix():
    """the derivative by L above its diagonal, too"""


@fault(
    "diagonal alone",
    "the-gradient-is-that-of-the-estimate, independent-numbers-lose-their-variances, the-climb-arrives",
)
def diagonal_alone():
    """the derivative by the diagonal of L alone: mean field for the full rank"""


@fault(
    "weights without volume",
    "a-normal-posterior-is-met, the-weights-average-to-the-evidence, other-coordinates-cost-the-full-rank-nothing",
)
def weights_of_the_noise():
    """ln q of the noise, not of the draw: ln det L is missing"""


@fault(
    "weights upside down",
    "the-tail-of-the-weights, the-weights-average-to-the-evidence, a-normal-posterior-is-met, draws-count-alike",
)
def weights_upside_down():
    """q over p"""


@fault("never sticking", "the-landing-sticks, sticking-may-be-noisier")
def never_sticking():
    """sticking asked for, and the whole gradient given"""


@fault("always sticking", "the-landing-sticks, sticking-may-be-noisier, the-gradient-is-that-of-the-estimate")
def always_sticking():
    """the landing sticks without being asked for"""


@fault("score's sign", "the-landing-sticks, sticking-may-be-noisier")
def scores_sign():
    """the score added with the other sign"""


@fault("entropy kept when sticking", "the-landing-sticks")
def entropy_counted_twice():
    """sticking the landing with the closed gradient of the entropy on top"""


@fault("sum over draws", "draws-count-alike, below-the-evidence-of-a-gamma-posterior")
def sum_over_draws():
    """the sum over the draws for their mean"""


ADVI.erratum(
    "E360",
    common="Sticking the landing lowers the variance of the gradient (a common slip)",
    why="It does near the posterior, and removes it where q is the posterior. Where q is much narrower, the score that it adds is larger than what it cancels: of N(0, 9) and q = N(0, 1) the variance of one "
    "draw by m is 0.790, against 0.012 of the whole gradient.",
    right="Without noise where q is the posterior; elsewhere either may be less noisy",
    claims="sticking-may-be-noisier, the-landing-sticks",
)
ADVI.erratum(
    "E361",
    common="For a positive parameter put $e^u$ in its place in the log-density, and fit u (a common slip)",
    why="That is the log-density of another posterior: a density is one per volume, and $e^u$ stretches it. A lognormal posterior would be fitted with the mean of ln x too low by its variance.",
    right=r"Add $\ln\lvert\det T'(u)\rvert$, for the exponential $\sum u_j$; only a point estimate of x does without",
    claims="without-the-volume-it-climbs-elsewhere",
)
ADVI.erratum(
    "E362",
    common="With its noise held fixed, variational inference is an ordinary optimisation problem, whatever the number of draws (a common slip)",
    why="With no more draws than numbers some direction has the same component in all of them, and a full-rank q grows in it without end: the estimate passes the log-evidence, which no expected one does.",
    right="Take several times as many draws as numbers for the full rank, and look at the bound by other draws; mean field does with few, two at least",
    claims="few-fixed-draws-have-no-top",
)
ADVI.erratum(
    "E363",
    common="Pareto's k̂ is below 0.7, so the approximation may be used as it is (a common slip)",
    why="It speaks of the importance weights, and of their tail. Two normal variables of correlation 0.69 have k = 0.69 under independent ones, whose variances are 0.524 of the right ones.",
    right="Below 0.7 the weights are usable: use them, and compare what changes",
    claims="the-tail-of-the-weights",
)


def climbed(target, e, full, m, L, steps=80):
    """The top of the estimate for fixed noise, by steps in the metric of q itself."""
    zeros = np.zeros(len(m), bool)
    for t in range(steps):
        _, _, by_m, by_L = advi(**target, mean=m, scale=L, noise=e, positive=zeros)
        by_L = by_L if full else np.diag(np.diag(by_L))
        step = 0.3 if t < steps // 2 else 0.15
        inner = np.tril(L.T @ by_L)
        inner = inner - np.diag(np.diag(inner)) / 2
        size = max(1.0, float(abs(inner).max()), float(abs(L.T @ by_m).max()))
        m, L = m + step / size * L @ (L.T @ by_m), L + step / size * L @ inner
    return m, L


@ADVI.figure(rho=Slider(-0.95, 0.95, 0.8, "correlation ρ"), bend=Slider(0.0, 1.0, 0.0, "bend: 0 normal"))
def figure(rho, bend):
    P = np.array([[1, -rho], [-rho, 1]]) / (1 - rho**2)

    def back(x):
        return np.stack([x[..., 0], x[..., 1] - bend * (x[..., 0] ** 2 - 1)], -1)

    def log_density(x):
        y = back(x)
        return -(y @ P * y).sum(-1) / 2

    def gradient(x):
        y = -(back(x) @ P)
        return np.stack([y[..., 0] - 2 * bend * x[..., 0] * y[..., 1], y[..., 1]], -1)

    target = dict(log_density=log_density, gradient=gradient)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.7)
    rng = np.random.default_rng(1)
    e = balanced(rng, 64, 2)
    far = 3.6 + 1.5 * bend
    X, Y = np.meshgrid(np.linspace(-4, 4, 121), np.linspace(-far, far + 3 * bend, 121), indexing="ij")
    height = log_density(np.stack([X, Y], -1))
    left.contourf(X, Y, height, levels=[-4.6, -2.3, -1.0, -0.3, 0.01], colors=["0.9", "0.8", "0.68", "0.55"])
    turn = np.linspace(0, 2 * np.pi, 181)
    circle = 2.0 * np.stack([np.cos(turn), np.sin(turn)], -1)
    draws = balanced(rng, 8000, 2)
    zeros, tops, evidence = np.zeros(2, bool), [], math.log(2 * math.pi) + math.log(1 - rho**2) / 2
    for full, colour, name in ((False, COLOURS[1], "mean field"), (True, COLOURS[0], "full rank")):
        m, L = climbed(target, e, full, np.zeros(2), 0.6 * np.eye(2))
        left.plot(*(m + circle @ L.T).T, color=colour, lw=1.8, label=name)
        w, height, *_ = advi(**target, mean=m, scale=L, noise=draws, positive=zeros)
        tops.append((float(height), float(np.sqrt((L**2).sum(1))[0])))
        ordered = np.sort(np.exp(np.clip(w - evidence, -50, 50)))[::-1]
        right.loglog(ordered, (np.arange(len(ordered)) + 1) / len(ordered), color=colour, lw=1.6, label=name)
    left.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-4, 4))
    left.legend(fontsize=9.5, loc="upper left", frameon=False)
    reach = np.array([1.0, max(10.0, right.get_xlim()[1])])
    right.plot(reach, 0.2 * reach ** (-1 / 0.7), ":", color="0.35", lw=1.2, label="$k=0.7$")
    right.set(
        xlabel="weight over the evidence", ylabel="share of draws above it", xlim=(0.1, reach[1]), ylim=(1e-4, 1.5)
    )
    right.legend(fontsize=9.5, loc="upper right", frameon=False)
    words = Text(
        f"A posterior of correlation {rho:.2f} and bend {bend:.2f} (shaded), and two deviations of what was fitted to it. The log-evidence is {evidence:.3f}; the bounds are {tops[0][0]:.3f} for mean field, "
        f"whose deviation of the first number is {tops[0][1]:.2f}, and {tops[1][0]:.3f} for the full rank, with {tops[1][1]:.2f}; right is 1. Beside: how many draws have a weight above a number, with the slope of k = 0.7.",
        f"相关系数为 {rho:.2f}、弯曲为 {bend:.2f} 的后验（阴影），以及拟合结果的两倍标准差。对数证据为 {evidence:.3f}；下界：平均场 {tops[0][0]:.3f}，第一个数的标准差为 {tops[0][1]:.2f}；"
        f"满秩 {tops[1][0]:.3f}，标准差为 {tops[1][1]:.2f}；正确值为 1。另一幅图：权重超过某数的抽样所占的比例，并画出 k = 0.7 的斜率。",
    )
    return Drawing(fig, words)
