"""Probability distributions: what the members of the family have in common."""

import math

import numpy as np

from gradus.concepts.foundations.distributions.exact_values import log_gamma
from gradus.concepts.foundations.distributions.quadrature import counts, exponential, logistic, panels
from gradus.concepts.foundations.distributions.standard_claims import H
from gradus.errors import GradusError
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(log_density, x, eta, family):
    import torch
    from torch import distributions as D

    made = {
        "normal": lambda: D.Normal(-eta[0] / (2 * eta[1]), (-2 * eta[1]) ** -0.5, validate_args=False),
        "bernoulli": lambda: D.Bernoulli(logits=eta[0], validate_args=False),
        "poisson": lambda: D.Poisson(eta[0].exp(), validate_args=False),
        "exponential": lambda: D.Exponential(-eta[0], validate_args=False),
        "gamma": lambda: D.Gamma(eta[0] + 1, -eta[1], validate_args=False),
        "beta": lambda: D.Beta(eta[0] + 1, eta[1] + 1, validate_args=False),
        "die": lambda: D.Categorical(
            logits=eta[0] * torch.arange(1, 7, dtype=eta.dtype, device=eta.device), validate_args=False
        ),
    }
    if family not in made:
        raise GradusError(
            Text(
                f"expected one of the families {', '.join(made)}, got {family!r}",
                f"分布族应为 {'、'.join(made)} 之一，得到 {family!r}",
            )
        )
    return log_density(made[family](), x - 1 if family == "die" else x)


DISTRIBUTIONS = Concept(
    key="distributions",
    kind="theorem",
    title="Probability distributions",
    summary="A distribution is known by its log-density. All members of this family but the uniform have one form (the "
    "binomial for known n), the exponential family: the observations enter through a few sums T, and one convex function A holds all the "
    "rest. Its slope is the mean of T, its curvature the variance and the Fisher information, its gap from a tangent "
    "the divergence.",
    formulas=(
        r"\log p(x\mid\eta)=\eta\cdot T(x)-A(\eta)+\log h(x),\qquad A(\eta)=\log\int h(x)\,e^{\eta\cdot T(x)}\,dx\quad\Bigl(\log\sum_xh(x)\,e^{\eta\cdot T(x)}\Bigr)",
        r"\nabla A=E\,T,\qquad \nabla^2A=\operatorname{Cov}T=I(\eta),\qquad D(p_\eta\,\|\,p_\zeta)=A(\zeta)-A(\eta)-\nabla A(\eta)\cdot(\zeta-\eta)",
        r"\begin{array}{lllll}&T&\eta&A&h\\"
        r"\mathcal N(\mu,\sigma^2)&(x,x^2)&\bigl(\frac{\mu}{\sigma^2},-\frac1{2\sigma^2}\bigr)&-\frac{\eta_1^2}{4\eta_2}-\tfrac12\log(-2\eta_2)&1/\sqrt{2\pi}\\"
        r"\operatorname{Ber}(p)&x&\log\frac p{1-p}&\log(1+e^{\eta})&1\\"
        r"\operatorname{Poi}(\lambda)&x&\log\lambda&e^{\eta}&1/x!\\"
        r"\operatorname{Exp}(\lambda)&x&-\lambda&-\log(-\eta)&1\\"
        r"\operatorname{Gamma}(\alpha,\beta)&(\log x,x)&(\alpha-1,-\beta)&\log\Gamma(\eta_1+1)-(\eta_1+1)\log(-\eta_2)&1\\"
        r"\operatorname{Beta}(a,b)&(\log x,\log(1-x))&(a-1,b-1)&\log B(\eta_1+1,\eta_2+1)&1\\"
        r"x\in\{1,\dots,6\}&x&\eta&\log\tfrac16\sum_{x=1}^{6}e^{\eta x}&\tfrac16\end{array}",
    ),
    symbols=(
        Symbol("x", "x", "...", "outcomes", "other"),
        Symbol(r"\eta", "eta", "m", "natural parameters"),
        Symbol(
            "T",
            "family",
            "",
            "sufficient statistics, of the named family: normal, bernoulli, poisson, exponential, gamma, beta, die (the last row)",
            "other",
        ),
        Symbol("A", "", "", "log-partition function, convex"),
        Symbol("h", "", "", "base measure"),
        Symbol("I", "", "m m", "Fisher information"),
        Symbol("D", "", "", "divergence"),
        Symbol(r"\zeta", "", "m", "other natural parameters"),
        Symbol(r"B,\,\Gamma", "", "", "beta and gamma function"),
        Symbol("m", "", "", "number of statistics"),
        Symbol(r"\mu,\,\sigma,\,p,\,\lambda,\,a,\,b,\,\alpha,\,\beta", "", "", "the usual parameters of the members"),
    ),
    needs=("normal", "bernoulli", "poisson", "exponential", "gamma", "beta", "kl"),
    source="pitman1936sufficient",
    year=1936,
    people=("Ronald A. Fisher", "Georges Darmois", "Bernard Koopman", "Edwin Pitman"),
    aliases="exponential family, exponential families, densities, random variables, "
    "指数族, 指数型分布族, 分布族, 随机变量",
    implementations=(
        Implementation(
            "gradus.foundations.distributions:log_density",
            "torch",
            _torch,
            "of `torch.distributions` objects; beside it `entropy`, `kl_divergence`, `fisher_information`, "
            "`log_cdf`, `log_survival` and `as_scipy`",
        ),
    ),
    readings="bishop2006pattern §2.4; murphy2022probabilistic §3.4; murphy2012machine ch. 9",
    deviations=(
        "`torch.distributions.ExponentialFamily` holds natural parameters and A of some of these, for entropies by "
        "Bregman's formula.",
        "`scipy.stats.poisson(1e6).entropy()` is 2.77 with a warning (SciPy 1.17), the true value 8.33: its sum "
        "stops too early. `gradus.foundations.distributions.entropy` sums over ±12σ.",
    ),
    hypotheses=(
        Hypothesis("η lies in the interior of the parameters for which A is finite", "slope-needs-the-interior"),
        Hypothesis("for the greatest entropy: h is constant", "poisson-has-not-the-greatest"),
    ),
    unverified="Among families of smooth densities whose support does not move with the parameter, only exponential ones have "
    "sufficient statistics of bounded dimension for every n (Pitman, Koopman, Darmois). Where the support moves, others have: of "
    "draws uniform on $(0,\\theta)$ the largest is sufficient.",
    longest_sum=16,
    nonfinite="nan",
)


def statistics(x, family):
    """T(x), along a new last axis."""
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = {
            "normal": lambda: (x, x**2),
            "gamma": lambda: (np.log(x), x),
            "beta": lambda: (np.log(x), np.log(1 - x)),
        }
        return np.stack(parts.get(family, lambda: (x + 0.0,))(), axis=-1)


def log_partition(eta, family):
    """A(η)."""
    faces = np.arange(1, 7)
    return {
        "normal": lambda: -(eta[0] ** 2) / (4 * eta[1]) - 0.5 * np.log(-2 * eta[1]),
        "bernoulli": lambda: np.log(1 + np.exp(eta[0])),
        "poisson": lambda: np.exp(eta[0]),
        "exponential": lambda: -np.log(-eta[0]),
        "gamma": lambda: log_gamma(eta[0] + 1) - (eta[0] + 1) * np.log(-eta[1]),
        "beta": lambda: log_gamma(eta[0] + 1) + log_gamma(eta[1] + 1) - log_gamma(eta[0] + eta[1] + 2),
        "die": lambda: np.log(np.exp(eta[0] * faces).sum() / 6),
    }[family]()


def log_base(x, family):
    """The logarithm of h(x)."""
    known = {
        "normal": lambda: -0.5 * np.log(2 * np.pi),
        "poisson": lambda: -log_gamma(x + 1),
        "die": lambda: -np.log(6),
    }
    return known.get(family, lambda: 0.0)()


@DISTRIBUTIONS.definition
def distributions(x, eta, family="normal"):
    T = statistics(x, family)
    return (T * eta).sum(axis=-1) - log_partition(eta, family) + log_base(x, family)


USUAL = {
    "normal": (0.7, 1.3),
    "bernoulli": (0.3,),
    "poisson": (3.5,),
    "exponential": (2.0,),
    "gamma": (2.5, 2.0),
    "beta": (2.0, 3.0),
    "die": (0.4,),
}  # an example of each, in the usual parameters


def natural(family, usual):
    """η of the usual parameters."""
    return np.array(
        {
            "normal": lambda m, s: (m / s**2, -0.5 / s**2),
            "bernoulli": lambda p: (math.log(p / (1 - p)),),
            "poisson": lambda lam: (math.log(lam),),
            "exponential": lambda lam: (-lam,),
            "gamma": lambda a, b: (a - 1, -b),
            "beta": lambda a, b: (a - 1, b - 1),
            "die": lambda tilt: (tilt,),
        }[family](*usual)
    )


def support(family):
    """Quadrature wide enough for the example and what lies near it."""
    return {
        "normal": lambda: panels(-16.0, 18.0),
        "bernoulli": lambda: counts(0, 1),
        "poisson": lambda: counts(0, 80),
        "exponential": lambda: panels(-45.0, 4.0, exponential),
        "gamma": lambda: panels(-22.0, 4.0, exponential),
        "beta": lambda: panels(-26.0, 20.0, logistic),
        "die": lambda: counts(1, 6),
    }[family]()


@DISTRIBUTIONS.example
def example():
    x, eta, family = np.array([1.0, 3.0, 6.0]), np.array([np.log(2.0)]), "die"
    faces = np.arange(1.0, 7.0)
    weights = 2.0**faces
    p = weights / weights.sum()
    mean = p @ faces
    A = log_partition(eta, family)
    step = np.log(2.2)
    return (
        dict(x=x, eta=eta, family=family, weight=weights, total=weights.sum(), p=p)
        | dict(log_p=distributions(x, eta, family), sixth=weights.sum() / 6, A=A, mean=mean)
        | dict(square=p @ faces**2, variance=p @ faces**2 - mean**2, fair=3.5, eta1=eta[0], step=step)
        | dict(A_step=log_partition(np.array([step]), family))
        | dict(slope=(log_partition(np.array([step]), family) - A) / (step - eta[0]), gap=-A + mean * eta[0])
        | dict(direct=p @ np.log(6 * p), entropy=-(p @ np.log(p)), fair_entropy=np.log(6))
    )


@DISTRIBUTIONS.exercise
def geometric_variance():
    q = 0.5  # p(x) = (1 − q) qˣ: η = log q, A(η) = −log(1 − e^η)
    return number(q / (1 - q) ** 2, mean=q / (1 - q), bernoulli=q * (1 - q))


@DISTRIBUTIONS.exercise
def which_is_none():
    from scipy import stats

    def rank(table):  # log p(x | θ) = η(θ)·T(x) − A(θ) + log h(x) has at most rank m + 2 as a table over θ and x
        return int(np.linalg.matrix_rank(table, tol=1e-6))

    theta, x = np.linspace(0.1, 0.9, 9)[:, None], np.arange(9.0)
    ranks = {
        "geometric": rank(stats.geom(theta).logpmf(x + 1)),
        "binomial": rank(stats.binom(8, theta).logpmf(x)),
        "cauchy": rank(stats.cauchy(8 * theta).logpdf(x)),
    }
    return choice(**{name: r > 3 for name, r in ranks.items()})


@DISTRIBUTIONS.exercise
def which_sample():
    eta = np.linspace(-1, 2, 7)[:, None]
    one, two = (
        np.array([distributions(np.array(s), e, "poisson").sum() for e in eta])
        for s in ([0.0, 5.0, 1.0], [2.0, 2.0, 2.0])
    )
    same = bool(np.ptp(one - two) < 1e-9)  # the ratio of the likelihoods is the same at every η
    return choice(same=same, even=not same, spread=False)


@DISTRIBUTIONS.cases
def cases(rng):
    for family, usual in USUAL.items():
        x = support(family).x
        yield (
            family,
            dict(
                x=rng.choice(x[(x > 0.05) & (x < 0.95) | (x == np.round(x))], 5),
                eta=natural(family, usual),
                family=family,
            ),
        )


@DISTRIBUTIONS.invalid
def invalid(rng):
    yield "a normal distribution of infinite mass, η₂ > 0", dict(x=np.zeros(2), eta=np.array([0.0, 1.0]))
    yield "an exponential rate of −1", dict(x=np.ones(2), eta=np.array([1.0]), family="exponential")
    yield "a gamma shape of 0", dict(x=np.ones(2), eta=np.array([-1.0, -1.0]), family="gamma")
    yield "an unknown family", dict(x=np.ones(2), eta=np.array([1.0]), family="nomral")


def scipy(family, usual):
    """The log-density of SciPy, or for the die that of its table."""
    from scipy import stats

    tilted = np.exp(usual[0] * np.arange(1, 7))
    return {
        "normal": lambda: stats.norm(*usual).logpdf,
        "bernoulli": lambda: stats.bernoulli(*usual).logpmf,
        "poisson": lambda: stats.poisson(*usual).logpmf,
        "exponential": lambda: stats.expon(scale=1 / usual[0]).logpdf,
        "gamma": lambda: stats.gamma(usual[0], scale=1 / usual[-1]).logpdf,
        "beta": lambda: stats.beta(*usual).logpdf,
        "die": lambda: lambda x: np.log(tilted / tilted.sum())[x.astype(int) - 1],
    }[family]()


def middle(family):
    """Some outcomes that are not rare."""
    grid = support(family)
    return grid.ends[(grid.ends > 0.02) & (grid.ends < 6.5)] if family != "beta" else grid.ends[28:45]


@DISTRIBUTIONS.claim
def one_form_for_all(distributions, rng):
    """With the natural parameters of the table it is each member's density, as SciPy has it"""
    for family, usual in USUAL.items():
        x = middle(family)
        got = distributions(x, natural(family, usual), family=family)
        yield roundoff(got, scipy(family, usual)(x), terms=16, scale=16.0)


def moments_of_statistics(density, eta, family):
    grid = support(family)
    mass = grid.w * np.exp(density(grid.x, eta, family=family))
    T = statistics(grid.x, family)
    mean = np.einsum("ab,abi->i", mass, T)
    return mean, np.einsum("ab,abi,abj->ij", mass, T - mean, T - mean), grid


@DISTRIBUTIONS.claim
def slope_is_the_mean(distributions, rng):
    r"""The score is $T(x)-E\,T$ at every x: the slope of A is the mean of T"""
    for family, usual in USUAL.items():
        eta, x = natural(family, usual), middle(family)
        mean, spread, _ = moments_of_statistics(distributions, eta, family)
        scale = np.sqrt(np.diag(spread))
        steps = H / np.maximum(scale, 1)
        for i, h in enumerate(steps):
            e = h * np.eye(len(eta))[i]
            near, far = (
                distributions(x, eta + c * e, family=family) - distributions(x, eta - c * e, family=family)
                for c in (1, 2)
            )
            score = (8 * near - far) / (12 * h)
            want = (statistics(x, family) - mean)[..., i]
            yield roundoff(score, want, terms=16, scale=(16 + np.abs(want).max()) / H * scale[i])


@DISTRIBUTIONS.claim
def curvature_is_the_covariance(distributions, rng):
    """The curvature of A is the covariance of T, the same at every x: the Fisher information of η"""
    for family, usual in USUAL.items():
        eta, x = natural(family, usual), middle(family)
        _, spread, _ = moments_of_statistics(distributions, eta, family)
        scale = np.sqrt(np.diag(spread))
        h = 4 * H / np.maximum(scale, 1)
        middle_value = distributions(x, eta, family=family)
        for i in range(len(eta)):
            e = h[i] * np.eye(len(eta))[i]
            one, two = (
                distributions(x, eta + c * e, family=family) + distributions(x, eta - c * e, family=family)
                for c in (1, 2)
            )
            bend = -(16 * one - two - 30 * middle_value) / (12 * h[i] ** 2)
            size = (16 + np.abs(middle_value).max()) / h[i] ** 2
            yield roundoff(bend, np.full_like(x, spread[i, i]), terms=8, scale=size)
        if len(eta) == 2:  # the mixed derivative, from the corners at h and 2h
            a, b = h[:, None] * np.eye(2)
            one, two = (
                sum(
                    s * t * distributions(x, eta + c * (s * a + t * b), family=family) for s in (1, -1) for t in (1, -1)
                )
                for c in (1, 2)
            )
            bend = -(16 * one - two) / (48 * h[0] * h[1])
            size = (16 + np.abs(middle_value).max()) / (h[0] * h[1])
            yield roundoff(bend, np.full_like(x, spread[0, 1]), terms=8, scale=size)


@DISTRIBUTIONS.claim
def slope_needs_the_interior(distributions, rng):
    r"""On the edge of the parameters the slope is lost: for $h=x^{-2}$ on $x\ge1$ and $T=-x$, A(0) = 0 is finite, but
    $A(\eta)/\eta$ falls below every bound as $\eta\to0$; inside, for the exponential distribution, such a quotient settles"""
    from scipy.special import expn

    steps = 10.0 ** -np.arange(2, 8)
    edge = np.log([expn(2, s) for s in steps]) / steps  # A(η) = log ∫ x⁻²e^{−ηx} dx
    one = distributions(np.array([0.0]), np.array([-1.0]), family="exponential")
    inside = [
        float((one - distributions(np.array([0.0]), np.array([-1.0 + s]), family="exponential"))[0]) / s for s in steps
    ]
    yield bound(
        np.diff(edge).max(),
        -2.1,
        "≤",
        Text("log 10 for each tenth: the slope is log η", "每缩小十倍下降 log 10：斜率为 log η"),
    )
    yield near(inside[-1], 1.0, 1e-6, Text("half the last step, and rounding", "最后一步的一半与舍入"))


@DISTRIBUTIONS.claim
def poisson_has_not_the_greatest(distributions, rng):
    r"""Poisson's h = 1/x! is not constant, and its entropy is not the greatest: among counts of mean 3.5 the geometric
    distribution has $(1+\lambda)\log(1+\lambda)-\lambda\log\lambda=2.384$ nats, Poisson's 2.015"""
    lam, k = 3.5, np.arange(81.0)
    log_p = distributions(k, np.array([math.log(lam)]), family="poisson")
    poisson = float(-(np.exp(log_p) * log_p).sum())
    geometric = (1 + lam) * math.log(1 + lam) - lam * math.log(lam)
    mass = (lam / (1 + lam)) ** k / (1 + lam)
    yield bound(float(np.exp(log_p) @ k), 3.4, "≥", Text("the mean 3.5", "均值 3.5"))
    yield near(float(-(mass * np.log(mass)).sum()), geometric, 1e-6, Text("the tail beyond 80", "80 以外的尾部"))
    yield bound(geometric - poisson, 0.368, "≥", Text("2.384 − 2.015 nats", "2.384 − 2.015 奈特"))
    yield bound(geometric - poisson, 0.369, "≤", Text("2.384 − 2.015 nats", "2.384 − 2.015 奈特"))


@DISTRIBUTIONS.claim
def divergence_is_a_gap(distributions, rng):
    r"""The divergence is the gap of A above its tangent, $A(\zeta)-A(\eta)-\nabla A(\eta)\cdot(\zeta-\eta)$; by
    quadrature"""
    for family, usual in USUAL.items():
        eta = natural(family, usual)
        zeta = eta * 0.8
        mean, _, grid = moments_of_statistics(distributions, eta, family)
        log_p, log_q = (distributions(grid.x, e, family=family) for e in (eta, zeta))
        gain = (grid.w * np.exp(log_p) * (log_p - log_q)).sum()
        gap = log_partition(zeta, family) - log_partition(eta, family) - mean @ (zeta - eta)
        yield roundoff(gain, gap, terms=grid.w.size, scale=4.0)


@DISTRIBUTIONS.claim
def sums_are_sufficient(distributions, rng):
    """The sums of T are sufficient: two samples of one size with the same sums have likelihoods in a ratio that no
    parameter changes"""
    samples = {
        "normal": (np.array([1.0, 1.0, 4.0]), np.array([0.0, 3.0, 3.0])),  # sums 6 and 18
        "poisson": (np.array([0.0, 5.0, 1.0]), np.array([2.0, 2.0, 2.0])),
        "exponential": (np.array([0.5, 3.5]), np.array([2.0, 2.0])),
        "gamma": (np.array([1.0, 6.0, 6.0]), np.array([2.0, 2.0, 9.0])),  # sums 13, products 36
        "die": (np.array([1.0, 6.0, 2.0]), np.array([3.0, 3.0, 3.0])),
    }
    for family, (one, two) in samples.items():
        ratios = []
        for factor in (0.5, 1.0, 2.0):
            eta = natural(family, USUAL[family]) * factor
            ratios.append(distributions(one, eta, family=family).sum() - distributions(two, eta, family=family).sum())
        yield roundoff(np.array(ratios), np.full(3, ratios[1]), terms=16, scale=64.0)
        moved = [
            distributions(one, natural(family, USUAL[family]) * factor, family=family).sum()
            - distributions(
                np.where(one < 5, one + 1, one), natural(family, USUAL[family]) * factor, family=family
            ).sum()
            for factor in (0.5, 2.0)
        ]
        yield bound(abs(moved[1] - moved[0]), 0.1, "≥", Text("of other sums it does change", "和不同时则会变化"))


@DISTRIBUTIONS.claim
def greatest_entropy(distributions, rng):
    """Where h is constant, of all distributions with the same means of T it has the greatest entropy: any small change
    that keeps them lowers it"""
    for family, usual in USUAL.items():
        if family in ("bernoulli", "poisson"):
            continue  # a coin leaves nothing to change; Poisson's base measure 1/x! takes part in its entropy
        eta, grid = natural(family, usual), support(family)
        p = (grid.w * np.exp(distributions(grid.x, eta, family=family))).ravel()
        yield roundoff(p.sum(), 1.0, terms=p.size)
        T = np.column_stack([np.ones(p.size), statistics(grid.x, family).reshape(p.size, -1)])
        bump = np.cos(np.linspace(0, 40, p.size)) + 0.3 * rng.standard_normal(p.size)
        weights = np.sqrt(p)[:, None]
        bump -= T @ np.linalg.lstsq(weights * T, weights[:, 0] * bump, rcond=None)[0]
        bump /= np.abs(bump).max()
        w = grid.w.ravel()

        def h(q, w=w):
            q = np.maximum(q, 1e-300)
            return float(-(q * np.log(q / w)).sum())

        for step in (0.3, -0.3, 0.05):
            lost = h(p) - h(p * (1 + step * bump))
            share = 0.5 * step**2 * float((p * bump**2).sum())
            why = Text("half of the loss of second order", "二阶损失的一半")
            yield bound(lost, 0.5 * share, "≥", why)


@DISTRIBUTIONS.mutant(
    caught_by="one-form-for-all, slope-is-the-mean, curvature-is-the-covariance, divergence-is-a-gap, "
    "slope-needs-the-interior"
)
def no_log_partition(x, eta, family="normal"):
    """A is left out: no distribution, and its slope is lost"""
    return distributions(x, eta, family) + log_partition(eta, family)


@DISTRIBUTIONS.mutant(caught_by="one-form-for-all, equals-definition, poisson-has-not-the-greatest")
def no_base_measure(x, eta, family="normal"):
    """the base measure is left out"""
    return distributions(x, eta, family) - log_base(x, family)


@DISTRIBUTIONS.mutant(caught_by="one-form-for-all, sums-are-sufficient, slope-is-the-mean")
def curved(x, eta, family="normal"):
    """a term that is not linear in T"""
    T = statistics(x, family)
    return distributions(x, eta, family) + 0.1 * (T**2 * eta).sum(axis=-1)


@DISTRIBUTIONS.mutant(caught_by="one-form-for-all, equals-definition, slope-is-the-mean")
def first_statistic_only(x, eta, family="normal"):
    """of two statistics only the first counts"""
    return distributions(x, eta, family) - (statistics(x, family)[..., 1:] * eta[1:]).sum(axis=-1)


@DISTRIBUTIONS.mutant(caught_by="greatest-entropy, one-form-for-all, curvature-is-the-covariance")
def wider_tails(x, eta, family="normal"):
    """a distribution of wider tails with the same centre"""
    return 0.5 * distributions(x, eta, family) - 0.2 * np.cos(3 * x)


def tilted(eta):
    """The probabilities of the faces of a die tilted by η."""
    p = np.exp(distributions(np.arange(1.0, 7.0), np.array([eta]), "die"))
    return p, float(p @ np.arange(1, 7))


@DISTRIBUTIONS.figure(
    eta=Slider(-1.5, 1.5, 0.4, "tilt η of a fair die"), zeta=Slider(-1.5, 1.5, -0.6, "another tilt ζ")
)
def figure(eta, zeta):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    t = np.linspace(-1.6, 1.6, 161)
    A = np.array([float(log_partition(np.array([v]), "die")) for v in t])
    here, there = (float(log_partition(np.array([v]), "die")) for v in (eta, zeta))
    p, mean = tilted(eta)
    q, other = tilted(zeta)
    tangent = here + mean * (zeta - eta)
    left.plot(t, A)
    left.plot(t, here + mean * (t - eta), color=COLOURS[2], lw=1)
    left.plot([zeta, zeta], [tangent, there], color=COLOURS[1], lw=3)
    left.plot([eta], [here], "o", color=COLOURS[0])
    left.set(
        xlabel="η",
        ylabel="A(η)",
        ylim=(A.min() - 3, A.max() + 0.5),
        title=f"slope {mean:.2f}, gap {there - tangent:.3f}",
    )
    faces = np.arange(1, 7)
    right.bar(faces - 0.2, p, 0.4, color=COLOURS[0], label=f"η = {eta:.2f}, mean {mean:.2f}")
    right.bar(faces + 0.2, q, 0.4, color=COLOURS[1], label=f"ζ = {zeta:.2f}, mean {other:.2f}")
    right.set(xlabel="face", ylabel="probability", ylim=(0, 1.35 * max(p.max(), q.max())))
    right.legend(frameon=False)
    variance = float(p @ faces**2) - mean**2
    words = Text(
        f"A fair die tilted by η = {eta:.2f} has the mean {mean:.3f}, the slope of A there, and the variance {variance:.3f}, its curvature. "
        f"At ζ = {zeta:.2f} A lies {there - tangent:.3f} above the tangent: the divergence of the two distributions in nats.",
        f"公平骰子按 η = {eta:.2f} 倾斜后，均值为 {mean:.3f}，即 A 在该处的斜率；方差为 {variance:.3f}，即曲率。"
        f"在 ζ = {zeta:.2f} 处 A 比切线高 {there - tangent:.3f}：这就是两个分布的散度（奈特）。",
    )
    return Drawing(fig, words)
