"""The Dirichlet distribution."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.exact_values import (
    decimal_log_gamma,
    digamma,
    fifty_digits,
    like,
    log_gamma,
    relative,
    trigamma,
    x_log_y,
)
from gradus.concepts.foundations.distributions.quadrature import Grid, logistic
from gradus.concepts.foundations.distributions.standard_claims import Distribution, standard_claims
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, alpha):
    from torch.distributions import Dirichlet

    return log_density(Dirichlet(*like(x, alpha), validate_args=False), x)


DIRICHLET = Concept(
    key="dirichlet",
    kind="definition",
    title="Dirichlet distribution",
    summary=r"A distribution on probability vectors, the conjugate prior of categorical draws. The sum $\alpha_0$ of "
    "the α says how sure it is, their shares where; below 1 they favour the edges: sparse vectors.",
    formulas=(
        r"p(x)=\frac{\Gamma(\alpha_0)}{\prod_i\Gamma(\alpha_i)}\prod_{i=1}^{k}x_i^{\alpha_i-1},\qquad \alpha_0=\sum_{i=1}^{k}\alpha_i,\qquad x_i\ge0,\ \sum_ix_i=1",
        r"E X_i=\frac{\alpha_i}{\alpha_0},\qquad \operatorname{Cov}(X_i,X_j)=\frac{\alpha_i(\alpha_0[i=j]-\alpha_j)}{\alpha_0^2(\alpha_0+1)}",
        r"E\log X_i=\psi(\alpha_i)-\psi(\alpha_0),\qquad I_{ij}=\psi'(\alpha_i)[i=j]-\psi'(\alpha_0)",
    ),
    symbols=(
        Symbol("x", "x", "... k", "probability vector where the log-density is taken", "simplex"),
        Symbol(r"\alpha", "alpha", "k", "concentrations", "positive"),
        Symbol("k", "", "", "number of outcomes"),
        Symbol("i,\\,j", "", "", "outcomes"),
        Symbol(r"\Gamma", "", "", "gamma function"),
        Symbol(r"\psi", "", "", r"digamma function, $(\log\Gamma)'$; $\psi'$ is its derivative"),
        Symbol("I", "", "k k", "Fisher information"),
    ),
    needs=("beta", "categorical"),
    source="dirichlet1839nouvelle",
    year=1839,
    people=("Peter Gustav Lejeune Dirichlet",),
    aliases="Dirichlet prior, distribution on the simplex, Dirichlet 分布, 狄氏分布, 单纯形上的分布",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "on `torch.distributions.Dirichlet`, whose own `log_prob` loses digits at large α",
        ),
    ),
    readings="kotz2000continuous ch. 49; bishop2006pattern §2.2.1; murphy2012machine §2.5.4",
    hypotheses=(
        Hypothesis(
            "for the posterior: the draws are independent, each with the same probabilities", "copies-are-no-evidence"
        ),
    ),
    conventions=(
        Convention(
            "volume that the density is taken by",
            "of the first k − 1 coordinates, as in PyTorch and SciPy",
            r"area of the simplex in space: the density is smaller by $\sqrt k$, the entropy greater by $\log\sqrt k$",
        ),
        Convention(
            "axis of the outcomes", "the last, as in PyTorch and NumPy", "the first, in `scipy.stats.dirichlet`"
        ),
    ),
    longest_sum=16,
)


@DIRICHLET.definition
def dirichlet(x, alpha):
    log_p = log_gamma(alpha.sum()) - log_gamma(alpha).sum() + x_log_y(alpha - 1, x).sum(axis=-1)
    return np.where((x < 0).any(axis=-1), -np.inf, log_p)


@DIRICHLET.example
def example():
    x, alpha, counts = np.array([0.5, 0.2, 0.3]), np.array([3.0, 1.0, 2.0]), np.array([1, 3, 0])
    after, total = alpha + counts, alpha.sum()
    B = np.prod([math.gamma(a) for a in alpha]) / math.gamma(total)
    cov = (np.diag(alpha) * total - np.outer(alpha, alpha)) / (total**2 * (total + 1))
    return (
        dict(x=x, alpha=alpha, total=total, factor=1 / B, p=np.exp(dirichlet(x, alpha)))
        | dict(log_p=dirichlet(x, alpha), mean=alpha / total, variance=np.diag(cov))
        | dict(deviation=np.sqrt(np.diag(cov)), covariance=cov[0, 1], counts=counts, after=after)
        | dict(after_mean=after / after.sum(), share=counts / counts.sum(), weight=total / after.sum())
        | dict(rest=counts.sum() / after.sum(), merged=np.array([alpha[0] + alpha[1], alpha[2]]))
        | dict(sparse=np.exp(dirichlet(x, alpha / 10)))
    )


@DIRICHLET.exercise
def unseen_letter():
    alpha, counts = np.ones(5), np.array([7, 2, 1, 0, 0])
    after = alpha + counts
    return number(after[3] / after.sum(), data_alone=0.0, prior_alone=1 / 5, total_forgotten=1 / counts.sum())


@DIRICHLET.exercise
def merged():
    alpha, total = np.array([3.0, 1.0, 2.0]), 6.0
    a, b = alpha[:2].sum(), alpha[2]
    apart = (alpha * (total - alpha) / (total**2 * (total + 1)))[:2].sum()
    return number(a * b / (total**2 * (total + 1)), covariance_forgotten=apart, mean=a / total)


@DIRICHLET.exercise
def small_alpha():
    draws = np.random.default_rng(0).dirichlet(np.full(3, 0.05), 2000)
    typical = np.median(draws.max(1))
    return choice(corner=typical > 0.9, centre=typical < 0.5, spread=0.5 <= typical <= 0.9)


@DIRICHLET.cases
def cases(rng):
    alpha = np.array([2.0, 0.7, 3.5])
    yield "random", dict(x=rng.dirichlet(alpha, 5), alpha=alpha)
    yield "two outcomes", dict(x=np.array([0.25, 0.75]), alpha=np.array([2.0, 5.0]))
    yield "uniform", dict(x=np.array([0.5, 0.125, 0.375]), alpha=np.ones(3))
    yield "on an edge", dict(x=np.array([0.5, 0.0, 0.5]), alpha=np.array([1.5, 2.0, 1.0]))
    yield "off the simplex", dict(x=np.array([1.5, -0.5]), alpha=np.array([1.5, 2.0]))
    yield "many points", dict(x=rng.dirichlet(alpha, 1500), alpha=alpha)
    yield "square", dict(x=rng.dirichlet(alpha, 3), alpha=alpha)


@DIRICHLET.invalid
def invalid(rng):
    yield "α = 0", dict(x=np.full(2, 0.5), alpha=np.array([1.0, 0.0]))
    yield "another number of outcomes", dict(x=np.full(3, 1 / 3), alpha=np.ones(2))


def triangle(theta):
    """The simplex of three outcomes: x₁ = s, x₂ = (1 − s)t, dx₁dx₂ = (1 − s) ds dt, both by the logistic map.

    In both the integrand is then analytic for |Im| < π: equal steps h leave an error of about 2πω⁸e^{−πω}/Γ(7), ω = 2π/h,
    which is 1e-14 at h = 0.4.
    """
    h = 0.4
    a, b, c = theta
    t1 = np.arange(-38 / a - 2, 38 / (b + c) + 3, h)
    t2 = np.arange(-38 / b - 2, 38 / c + 2, h)
    (s, ds), (t, dt) = logistic(t1), logistic(t2)
    rest = logistic(-t1)[0]  # 1 − s, to its last digits
    x = np.stack([np.repeat(s, t.size), np.outer(rest, t).ravel(), np.outer(rest, logistic(-t2)[0]).ravel()], axis=-1)
    return Grid(x[None], np.outer(ds * rest, dt).reshape(1, -1) * h**2, np.zeros(1))


def covariance(theta):
    total = theta.sum()
    return (np.diag(theta) * total - np.outer(theta, theta)) / (total**2 * (total + 1))


def log_b(alpha):
    return sum(map(math.lgamma, alpha)) - math.lgamma(sum(alpha))


def entropy(theta):
    total, k = theta.sum(), len(theta)
    return float(log_b(theta) + (total - k) * digamma(total) - ((theta - 1) * digamma(theta)).sum())


def divergence(p, q):
    return float(log_b(q) - log_b(p) + ((p - q) * (digamma(p) - digamma(p.sum()))).sum())


def information(theta):
    return np.diag(trigamma(theta)) - trigamma(theta.sum())


standard_claims(
    DIRICHLET,
    Distribution(
        examples=((2.0, 3.0, 4.0), (3.5, 2.5, 2.0)),
        arguments=lambda theta: dict(alpha=theta),
        grid=triangle,
        draw=lambda rng, theta, n: rng.dirichlet(theta, n),
        mean=lambda theta: theta / theta.sum(),
        covariance=covariance,
        entropy=entropy,
        divergence=divergence,
        information=information,
        reach=lambda theta: theta,
        formulas=dict(
            mean=r"\alpha/\alpha_0",
            variance=r"\frac{\operatorname{diag}(\alpha)\alpha_0-\alpha\alpha^{\mathsf T}}{\alpha_0^2(\alpha_0+1)}",
            entropy=r"\log B(\alpha)+(\alpha_0-k)\psi(\alpha_0)-\sum_i(\alpha_i-1)\psi(\alpha_i)",
            divergence=r"\log\frac{B(\alpha')}{B(\alpha)}+\sum_i(\alpha_i-\alpha_i')(\psi(\alpha_i)-\psi(\alpha_0)),\quad B(\alpha)=\frac{\prod_i\Gamma(\alpha_i)}{\Gamma(\alpha_0)}",
            information=r"\operatorname{diag}(\psi'(\alpha_i))-\psi'(\alpha_0)\,\mathbf 1\mathbf 1^{\mathsf T}",
        ),
    ),
)


@DIRICHLET.claim
def conjugate_to_draws(dirichlet, rng):
    r"""After counts n the prior $\operatorname{Dir}(\alpha)$ is $\operatorname{Dir}(\alpha+n)$: their ratio is the
    likelihood $\prod x_i^{n_i}$ over a constant, the probability of the draws, $B(\alpha+n)/B(\alpha)$, multiplied up
    by Pólya's urn"""
    alpha, n = np.array([0.7, 2.0, 1.5, 1.0]), np.array([3, 0, 5, 1])
    x = rng.dirichlet(np.full(4, 3.0), 10)
    urn, evidence = alpha.copy(), 0.0
    for i in np.repeat(np.arange(4), n):
        evidence += math.log(urn[i] / urn.sum())
        urn[i] += 1
    ratio = dirichlet(x, alpha + n) - dirichlet(x, alpha)
    want = (n * np.log(x)).sum(axis=-1) - evidence
    return roundoff(ratio, want, terms=16, scale=float(np.abs(want).max()) + 16)


@DIRICHLET.claim
def copies_are_no_evidence(dirichlet, rng):
    r"""Draws that are copies of each other are no new evidence: counted again, the counts (1, 1, 0) turn
    $\operatorname{Dir}(2,2,1)$ into $\operatorname{Dir}(3,3,1)$, and 0.77 of the variance of the first share is left where
    nothing was learnt"""
    spread = []
    for alpha in (np.array([2.0, 2.0, 1.0]), np.array([3.0, 3.0, 1.0])):
        grid = triangle(alpha)
        mass, share = grid.w * np.exp(dirichlet(grid.x, alpha)), grid.x[..., 0]
        spread.append(float((mass * (share - (mass * share).sum()) ** 2).sum()))
    want = (3 * 4 / (7**2 * 8)) / (2 * 3 / (5**2 * 6))
    return roundoff(spread[1] / spread[0], want, terms=grid.w.size)


@DIRICHLET.claim
def two_outcomes_are_beta(dirichlet, rng):
    """With two outcomes it is the beta distribution"""
    from scipy import stats

    x = rng.uniform(0.05, 0.95, 20)
    got = dirichlet(np.stack([x, 1 - x], axis=-1), np.array([1.7, 4.2]))
    return roundoff(got, stats.beta(1.7, 4.2).logpdf(x), terms=16, scale=8.0)


@DIRICHLET.claim
def normalised_gammas(dirichlet, rng):
    r"""Independent gamma variables over their sum: normalised $\operatorname{Gamma}(\alpha_i,1)$ draws have mean
    $-\log p$ equal to the entropy (4000 draws)"""
    alpha = np.array([0.8, 2.0, 4.0])
    g = rng.gamma(alpha, 1.0, (4000, 3))
    return statistical(-dirichlet(g / g.sum(axis=1, keepdims=True), alpha), entropy(alpha))


@DIRICHLET.claim
def renaming(dirichlet, rng):
    """Renaming the outcomes in x and α changes nothing"""
    alpha, order = rng.uniform(0.5, 4, 5), np.array([3, 0, 4, 1, 2])
    x = rng.dirichlet(alpha, 6)
    own = dirichlet(x, alpha)
    yield invariance(dirichlet(x[:, order], alpha[order]), own, terms=16, scale=16.0)
    yield bound(np.abs(dirichlet(x[:, order], alpha) - own).max(), 0.1, "≥", Text("x alone renumbered", "只重排 x"))


def literal(x1, x2, x3, a):
    logs = (a - 1) * (x1.ln() + x2.ln() + x3.ln())
    return decimal_log_gamma(3 * a) - 3 * decimal_log_gamma(a) + logs


@DIRICHLET.claim(of_definition=False)
def concentrations_of_a_million(dirichlet, rng):
    """Concentrations of a million: equal to the formula in 50-digit arithmetic, to the rounding of x over its mean"""
    x, a = np.array([0.25, 0.375, 0.375]), 1e6
    y = np.array([0.333251953125, 0.333251953125, 0.33349609375])  # exact in binary, sum exactly 1
    for point in (x, y):
        want = fifty_digits(literal, *point, a)
        # rounding of α₀xᵢ by half a unit moves log p by Σ|αᵢ − α₀xᵢ|ε/2
        moved = 1 + float(np.abs(a - 3 * a * point).sum()) / abs(want)
        yield relative(dirichlet(point, np.full(3, a)), want, terms=4 * moved)


@DIRICHLET.mutant(
    caught_by="total-mass-is-one, moments, two-outcomes-are-beta, normalised-gammas, entropy, sampler, copies-are-no-evidence"
)
def exponents_too_large(x, alpha):
    """exponents α in place of α − 1"""
    return dirichlet(x, alpha) + x_log_y(1.0, np.maximum(x, 0)).sum(axis=-1)


@DIRICHLET.mutant(caught_by="total-mass-is-one, entropy, divergence, fisher-information, conjugate-to-draws, sampler")
def no_normaliser(x, alpha):
    """the normaliser is missing"""
    return x_log_y(alpha - 1, x).sum(axis=-1)


@DIRICHLET.mutant(caught_by="moments, divergence, conjugate-to-draws, two-outcomes-are-beta")
def symmetric(x, alpha):
    """one concentration for all: their mean"""
    return dirichlet(x, 0 * alpha + alpha.mean())


@DIRICHLET.mutant(caught_by="moments, equals-definition, sampler, conjugate-to-draws")
def shifted(x, alpha):
    """the concentrations belong to the next outcome"""
    return dirichlet(x, np.roll(alpha, 1))


@DIRICHLET.mutant(caught_by="renaming, conjugate-to-draws")
def by_position(x, alpha):
    """the concentrations are weighted by their position"""
    return dirichlet(x, alpha * np.arange(1, len(alpha) + 1))


@DIRICHLET.mutant(caught_by="concentrations-of-a-million")
def as_it_is_written(x, alpha):
    """the formula as it is written, at large α"""
    return dirichlet(x, alpha)


@DIRICHLET.figure(
    alpha1=Slider(0.3, 12.0, 2.0, "first concentration", log=True),
    alpha2=Slider(0.3, 12.0, 2.0, "second", log=True),
    alpha3=Slider(0.3, 12.0, 5.0, "third", log=True),
)
def figure(alpha1, alpha2, alpha3):
    fig, ax = canvas(width=5.6, height=4.4)
    alpha = np.array([alpha1, alpha2, alpha3])
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, math.sqrt(3) / 2]])
    n = 90
    i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    keep = i + j < n
    x = (np.stack([i[keep], j[keep], n - 1 - i[keep] - j[keep]], axis=-1) + 1 / 3) / n
    log_p = dirichlet(x, alpha)
    points = x @ corners
    level = np.exp(np.clip(log_p - log_p.max(), -6, 0))
    ax.tripcolor(points[:, 0], points[:, 1], level, cmap="Blues", shading="gouraud", rasterized=True)
    draws = np.random.default_rng(0).dirichlet(alpha, 120) @ corners
    ax.plot(draws[:, 0], draws[:, 1], ".", ms=3, color=COLOURS[1])
    mean = alpha / alpha.sum()
    ax.plot(*(mean @ corners), "+", ms=12, mew=2, color="black")
    ax.plot(*corners[[0, 1, 2, 0]].T, color=COLOURS[6], lw=1)
    for c, name, shift in zip(corners, ("x₁ = 1", "x₂ = 1", "x₃ = 1"), (-0.05, -0.05, 0.03), strict=True):
        ax.text(c[0], c[1] + shift, name, ha="center", va="center")
    ax.set_axis_off()
    ax.set_aspect("equal")
    ax.set_title(f"α = ({alpha1:.1f}, {alpha2:.1f}, {alpha3:.1f}); 120 draws, + the mean")
    spread = np.sqrt(np.diag(covariance(alpha)))
    words = Text(
        f"With α = ({alpha1:.2f}, {alpha2:.2f}, {alpha3:.2f}) the mean is ({mean[0]:.3f}, {mean[1]:.3f}, {mean[2]:.3f}), the standard "
        f"deviations ({spread[0]:.3f}, {spread[1]:.3f}, {spread[2]:.3f}). "
        + (
            "A concentration below 1 heaps mass on an edge."
            if alpha.min() < 1
            else "No concentration is below 1: the mass lies inside."
        ),
        f"α = ({alpha1:.2f}, {alpha2:.2f}, {alpha3:.2f}) 时均值为 ({mean[0]:.3f}, {mean[1]:.3f}, {mean[2]:.3f})，标准差为 ({spread[0]:.3f}, {spread[1]:.3f}, {spread[2]:.3f})。"
        + ("有集中参数小于 1，概率集中在边上。" if alpha.min() < 1 else "没有集中参数小于 1，概率位于内部。"),
    )
    return Drawing(fig, words)
