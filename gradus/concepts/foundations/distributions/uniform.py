"""The uniform distribution."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.exact_values import like
from gradus.concepts.foundations.distributions.quadrature import panels
from gradus.concepts.foundations.distributions.standard_claims import Distribution, from_scipy, standard_claims
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, identical, invariance, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, a, b):
    from torch.distributions import Uniform

    return log_density(Uniform(*like(x, a, b), validate_args=False), x)


UNIFORM = Concept(
    key="uniform",
    kind="definition",
    title="Uniform distribution",
    summary="All of an interval alike. Every other distribution on the line comes from it through a quantile "
    "function. Its support moves with its parameters, so it has no Fisher information: the largest of n draws errs "
    r"like $1/n$, faster than $1/\sqrt n$.",
    formulas=(
        r"p(x)=\frac{[a\le x<b]}{b-a}",
        r"E X=\frac{a+b}2,\qquad \operatorname{Var}X=\frac{(b-a)^2}{12},\qquad h=\log(b-a)",
        r"F^{-1}(u)=\inf\{x:F(x)\ge u\}:\qquad F^{-1}(U)\sim F,\qquad X\sim F\ \Rightarrow\ F(X)\sim U(0,1)",
    ),
    symbols=(
        Symbol("x", "x", "...", "where the log-density is taken"),
        Symbol("a", "a", "", "lower end"),
        Symbol("b", "b", "", "upper end"),
        Symbol("h", "", "", "entropy", unit="nat"),
        Symbol("F", "", "", "a distribution function; for $F(X)$ a continuous one"),
        Symbol("U", "", "", "uniform on (0, 1)"),
    ),
    needs=("expectation", "entropy"),
    source="johnson1995continuous",
    year=1763,
    people=("Thomas Bayes", "Pierre-Simon Laplace"),
    aliases="rectangular distribution, 矩形分布, 一致分布",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "on `torch.distributions.Uniform`; −∞ off the support, where `log_prob` raises",
        ),
    ),
    readings="johnson1995continuous ch. 26; wasserman2004all §2.4",
    hypotheses=(Hypothesis("for $F(X)\\sim U(0,1)$: F is continuous", "steps-are-not-levelled"),),
    conventions=(
        Convention(
            "upper end, a point without mass",
            "outside the support, as in PyTorch",
            "inside it in SciPy, whose parameters are `loc` = a and `scale` = b − a",
        ),
    ),
)


@UNIFORM.definition
def uniform(x, a, b):
    log_p = np.where((x >= a) & (x < b), -np.log(b - a), -np.inf)
    return np.where(np.isnan(x + a + b), np.nan, log_p)


@UNIFORM.example
def example():
    x, a, b = np.array([5.0, 3.0, 2.2]), np.array(2.0), np.array(6.0)
    u = np.array([0.25, 0.5, 0.9])
    n, top = 3, x.max() - a
    return (
        dict(x=x, a=a, b=b, width=b - a, p=1 / (b - a), log_p=uniform(x, a, b), mean=(a + b) / 2)
        | dict(variance=(b - a) ** 2 / 12, sigma=np.sqrt((b - a) ** 2 / 12), u=u, stretched=a + (b - a) * u)
        | dict(bent=-np.log1p(-u), largest=x.max(), shorter=np.exp(uniform(x, a, np.array(5.5)).sum()))
        | dict(likelihood=np.exp(uniform(x, a, b).sum()), estimate=a + (n + 1) / n * top)
        | dict(by_mean=a + 2 * (x.mean() - a), data_mean=x.mean())
    )


@UNIFORM.exercise
def serial_numbers():
    numbers = np.array([12.0, 30.0, 42.0, 60.0])
    n, top = len(numbers), numbers.max()
    return number((n + 1) / n * top, largest=top, twice_the_mean=2 * numbers.mean())


@UNIFORM.exercise
def wedge():
    u = 0.49  # the density 2x on (0, 1) has F(x) = x²
    return number(np.sqrt(u), distribution_function=u**2, density=2 * u, unchanged=u)


@UNIFORM.exercise
def coin_p_values():
    heads = np.arange(4)
    mass = np.array([1, 3, 3, 1]) / 8
    p_value = np.array([mass[heads >= h].sum() for h in heads])  # one-sided
    level = mass[p_value <= 0.2].sum()
    return choice(uniform=abs(level - 0.2) < 1e-9, too_few=level < 0.2 - 1e-9, too_many=level > 0.2 + 1e-9)


@UNIFORM.cases
def cases(rng):
    yield "inside", dict(x=rng.uniform(2.1, 4.9, (2, 5)), a=np.array(2.0), b=np.array(5.0))
    yield "on both sides", dict(x=np.array([-1.0, 0.5, 1.5]), a=np.array(0.0), b=np.array(1.0))
    yield "at the ends", dict(x=np.array([-0.5, 0.5]), a=np.array(-0.5), b=np.array(0.5))
    yield "narrow", dict(x=np.array([1e-9]), a=np.array(0.0), b=np.array(1e-6))
    yield "long", dict(x=rng.uniform(1, 6, 1500), a=np.array(2.0), b=np.array(5.0))


@UNIFORM.invalid
def invalid(rng):
    yield "ends exchanged", dict(x=np.zeros(2), a=np.array(1.0), b=np.array(0.0))
    yield "an empty interval", dict(x=np.zeros(2), a=np.array(1.0), b=np.array(1.0))


standard_claims(
    UNIFORM,
    Distribution(
        examples=((0.0, 1.0), (-0.5, 1.5), (-3.0, 4.0)),
        arguments=lambda theta: dict(a=np.array(theta[0]), b=np.array(theta[1])),
        grid=lambda theta: panels(theta[0], theta[1]),
        draw=lambda rng, theta, n: rng.uniform(*theta, n),
        mean=lambda theta: theta.mean(),
        covariance=lambda theta: (theta[1] - theta[0]) ** 2 / 12,
        entropy=lambda theta: math.log(theta[1] - theta[0]),
        divergence=lambda p, q: math.log((q[1] - q[0]) / (p[1] - p[0])),
        information=None,
        scipy=from_scipy("uniform", lambda theta: (theta[0], theta[1] - theta[0])),
        formulas=dict(
            mean=r"\frac{a+b}2",
            variance=r"\frac{(b-a)^2}{12}",
            entropy=r"\log(b-a)",
            divergence=r"\log\frac{b_2-a_2}{b_1-a_1}\quad(a_2\le a_1<b_1\le b_2)",
        ),
    ),
)


@UNIFORM.claim
def nothing_outside(uniform, rng):
    """Outside the interval there is nothing: log-density −∞; so the divergence from a longer to a shorter interval is
    infinite"""
    x, zero, one = np.array([-1e-300, 1.0 + 1e-9, -40.0, 1e300]), np.array(0.0), np.array(1.0)
    yield identical(uniform(x, zero, one), np.full(4, -np.inf))
    yield identical(uniform(np.array([0.0, 0.5]), zero, one), [0.0, 0.0])


@UNIFORM.claim
def quantiles_make_every_distribution(uniform, rng):
    r"""Every distribution with a density is a uniform one, bent: the density of $F^{-1}(U)$ is $p(F)\,F'$ with the uniform
    density p, on any interval scaled to $(0,1)$; here the exponential distribution"""
    u = rng.random(50)
    x = -np.log1p(-u)  # quantiles of the exponential distribution
    F, log_slope = -np.expm1(-x), -x
    for a, b in ((0.0, 1.0), (-2.0, 6.0), (1.0, 4.0)):
        bent = uniform(a + (b - a) * F, np.array(a), np.array(b)) + math.log(b - a) + log_slope
        yield invariance(bent, -x, terms=2, scale=float(x.max()) + 2)


@UNIFORM.claim
def steps_are_not_levelled(uniform, rng):
    r"""Where F has steps $F(X)$ is not uniform: for a fair coin it is ½ or 1, of mean ¾ and mean square ⅝, while the
    uniform distribution has ½ and ⅓"""
    grid = panels(-1.0, 3.0)  # 64 panels: the ends of (0, 1) are ends of panels
    mass = grid.w * np.exp(uniform(grid.x, np.array(0.0), np.array(1.0)))
    uniform_moments = np.array([(mass * grid.x**power).sum() for power in (1, 2)])
    coin = np.array([(0.5**power + 1) / 2 for power in (1, 2)])
    return roundoff(coin - uniform_moments, np.array([3 / 4 - 1 / 2, 5 / 8 - 1 / 3]), terms=grid.w.size, scale=1.0)


@UNIFORM.claim
def no_fisher_information(uniform, rng):
    r"""Its score is no score: $E[\partial\log p/\partial b]=-1/(b-a)$, not 0, since the support moves; the largest
    of n independent draws misses b by $\frac{b-a}{n+1}$ on average"""
    a, b, x = 1.0, 3.0, np.linspace(1.01, 2.9, 50)
    h = 2.0**-12
    score = (uniform(x, np.array(a), np.array(b + h)) - uniform(x, np.array(a), np.array(b - h))) / (2 * h)
    largest, sizes, missed = [], (4, 16, 64, 256), []
    for n in sizes:
        draws = a + (b - a) * rng.random((4000, n)).max(axis=1)
        inside = np.exp(uniform(draws, np.array(a), np.array(b))) * (b - a)  # 1 where the distribution has mass
        largest.append(statistical(inside * (b - draws), (b - a) / (n + 1)))
        missed.append((inside * (b - draws)).mean())
    # h²/3(b − a)³ is the truncation of the difference; a mean of 4000 is known to 1/√4000
    score_is = roundoff(score, np.full(50, -1 / (b - a)), terms=8, scale=1 / h + h**2 / 3 / 2.0**-52)
    return all_of(score_is, *largest, rate([n + 1 for n in sizes], missed, -1.0))


@UNIFORM.mutant(
    caught_by="entropy, moments, distribution-function, quantiles-make-every-distribution, equals-definition"
)
def end_for_width(x, a, b):
    """b taken for the width"""
    return uniform(x, a, a + np.maximum(b, 0))


@UNIFORM.mutant(caught_by="nothing-outside, equals-definition")
def everywhere(x, a, b):
    """the support is forgotten"""
    return 0 * x - np.log(b - a)


@UNIFORM.mutant(
    caught_by="moments, distribution-function, sampler, entropy, quantiles-make-every-distribution, "
    "no-fisher-information, steps-are-not-levelled"
)
def triangle(x, a, b):
    """a triangle with its top in the middle"""
    m, w = (a + b) / 2, (b - a) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((x >= a) & (x < b), np.log(np.maximum(1 - np.abs(x - m) / w, 0) / w), -np.inf)


@UNIFORM.mutant(caught_by="total-mass-is-one, entropy, moments, no-fisher-information, divergence")
def no_normaliser(x, a, b):
    """the normaliser is missing"""
    return np.where((x >= a) & (x < b), 0.0, -np.inf)


@UNIFORM.figure(
    shape=Slider(0.3, 5.0, 1.5, "Weibull shape of the distribution that is made", log=True),
    n=Slider(5, 400, 60, "draws", log=True, integer=True),
)
def figure(shape, n):
    n = int(n)
    fig, ax = canvas(width=6.0, height=3.8)
    u = (np.random.default_rng(1).permutation(n) + 0.5) / n
    x = (-np.log(1 - u)) ** (1 / shape)
    t = np.linspace(0, 4, 400)
    F = 1 - np.exp(-(t**shape))
    ax.plot(t, F, color=COLOURS[0], label="F")
    for xi, ui in list(zip(x, u, strict=True))[:12]:
        ax.plot([0, xi, xi], [ui, ui, 0], color=COLOURS[6], lw=0.7)
    ax.plot(np.zeros(n), u, "o", ms=3, color=COLOURS[1], clip_on=False, label="U, uniform")
    ax.plot(np.minimum(x, 4), np.zeros(n), "o", ms=3, color=COLOURS[2], clip_on=False, label="F⁻¹(U)")
    ax.set(
        xlim=(0, 4),
        ylim=(0, 1),
        xlabel="x",
        ylabel="F(x)",
        title="every distribution is a uniform one, bent by its quantile function",
    )
    ax.legend(frameon=False, loc="lower right")
    half = math.log(2) ** (1 / shape)
    inside = float(np.mean(x < half))
    words = Text(
        f"{n} uniform numbers on the upright axis become draws of the Weibull distribution of shape {shape:.2f} through its quantile function; "
        f"{100 * inside:.0f}% of them fall below its median {half:.3f}.",
        f"纵轴上的 {n} 个均匀数经分位数函数变为形状为 {shape:.2f} 的 Weibull 分布的抽样；其中 {100 * inside:.0f}% 落在中位数 {half:.3f} 以下。",
    )
    return Drawing(fig, words)
