"""Mean field: independent factors in place of a posterior, by coordinate ascent."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _library(mean_field_gaussian, mu, precision, m, v, sweeps=10):
    found = mean_field_gaussian(mu, precision, (m, v), sweeps=sweeps, tolerance=0)
    return found.mean, found.variance, found.elbo


MEAN_FIELD = Concept(
    key="mean-field",
    kind="algorithm",
    title="Mean-field variational inference",
    summary="The posterior is replaced by a distribution in which the variables are independent, near it by $\\mathrm{KL}(q\\,\\|\\,p)$; one factor is updated after another, each exactly: the "
    "evidence lower bound never falls. For a normal distribution this ends at the nearest; the means come out right and each variance is that of the variable "
    "with all others held fixed: too small by the factor $1-\\rho^2$ for two of correlation $\\rho$.",
    formulas=(
        r"q(z)=\prod_iq_i(z_i),\qquad \ln q_i(z_i)\leftarrow\mathbb E_{q_j,\,j\ne i}\ln p(z,x)+\text{const}",
        r"p=\mathcal N(\mu,\Lambda^{-1}):\qquad m_i\leftarrow\mu_i-\frac1{\Lambda_{ii}}\sum_{j\ne i}\Lambda_{ij}(m_j-\mu_j),\qquad v_i\leftarrow\frac1{\Lambda_{ii}}",
        r"\mathcal L=-\mathrm{KL}(q\,\|\,p)=\tfrac12\Bigl(d+\ln\det\Lambda+\sum_{i=1}^d\ln v_i-\sum_{i=1}^d\Lambda_{ii}v_i-(m-\mu)^{\mathsf T}\Lambda(m-\mu)\Bigr)",
        r"m\to\mu,\qquad \frac1{\Lambda_{ii}}=\bigl(1-R_i^2\bigr)\,(\Lambda^{-1})_{ii},\qquad \mathcal L\to-\tfrac12\Bigl(\sum_{i=1}^d\ln\Lambda_{ii}-\ln\det\Lambda\Bigr)",
    ),
    symbols=(
        Symbol(r"\mu", "mu", "d", "mean of the distribution that is approximated"),
        Symbol(
            r"\Lambda", "precision", "d d", "its precision, the inverse of its covariance: symmetric, positive definite"
        ),
        Symbol("m", "m", "d", "means of the factors; to begin with"),
        Symbol("v", "v", "d", "variances of the factors; to begin with", "positive"),
        Symbol("T", "sweeps", "", "sweeps, each over all coordinates in order", "natural"),
        Symbol("z,\\ x", "", "", "the unknown variables; the data, if there are any"),
        Symbol("q_i", "", "", "factor of $z_i$"),
        Symbol(
            r"\mathcal L",
            "",
            "",
            "evidence lower bound; here of a distribution that sums to 1, so that it is at most 0",
            "real",
            "nat",
        ),
        Symbol("R_i^2", "", "", "share of the variance of $z_i$ that the other variables explain linearly", "unit"),
        Symbol(r"\rho", "", "", "correlation of two variables"),
        Symbol("d", "", "", "number of variables", "natural"),
        Symbol("i,\\ j", "", "", "variables", "natural"),
    ),
    returns=(
        Result("m", "d", "means after all sweeps"),
        Result("v", "d", "variances"),
        Result("elbo", "sweeps d", r"$\mathcal L$ after each step"),
    ),
    needs=("elbo", "multivariate-normal"),
    source="jordan1999introduction",
    year=1999,
    people=("Geoffrey Hinton", "Michael Jordan", "Tommi Jaakkola", "Lawrence Saul", "David J. C. MacKay", "David Blei"),
    aliases="variational inference, VI, variational Bayes, CAVI, coordinate ascent variational inference, mean field approximation, "
    "变分推断, 变分贝叶斯, 平均场, 坐标上升变分推断",
    implementations=(
        Implementation(
            "gradus.inference:mean_field_gaussian",
            "torch",
            _library,
            "a regression whose noise is unknown: `gradus.inference.mean_field_regression`; mixtures: `sklearn.mixture.BayesianGaussianMixture`",
        ),
    ),
    readings="bishop2006pattern §10.1; blei2017variational §2.4; turner2011two",
    hypotheses=(
        Hypothesis("one factor after another, each by the newest of the others", "all-at-once-may-fall"),
        Hypothesis(
            "variances too small: those of single variables of a normal distribution", "a-difference-may-be-too-wide"
        ),
        Hypothesis(
            r"something is lost: the variables are dependent in the coordinates chosen, $\Lambda$ not diagonal",
            "nothing-is-lost-along-the-axes",
        ),
    ),
    conventions=(
        Convention(
            "which divergence",
            r"$\mathrm{KL}(q\,\|\,p)$: variances $1/\Lambda_{ii}$",
            r"$\mathrm{KL}(p\,\|\,q)$: variances $(\Lambda^{-1})_{ii}$; expectation propagation takes it for one factor of $p$ after another, and need not reach them",
        ),
        Convention(
            "what is independent",
            "every variable",
            "blocks: weights together, apart from the noise (`mean_field_regression`, scikit-learn's mixtures)",
        ),
    ),
    deviations="The law here is known and normal, so that every number can be checked; the point of mean field is laws that are only known up to a constant.",
    unverified="That the means are right, too, is so for normal distributions; elsewhere they may be off.",
    carries_gradient=True,
)


@MEAN_FIELD.definition
def mean_field(mu, precision, m, v, sweeps=10):
    d = len(mu)
    m, v = np.array(m) + 0 * mu, np.array(v) + 0 * mu
    L = np.zeros((sweeps, d), dtype=m.dtype)
    for t in range(sweeps):
        for i in range(d):
            others = np.arange(d) != i
            m[i] = mu[i] - precision[i, others] @ (m - mu)[others] / precision[i, i]
            v[i] = 1 / precision[i, i]
            L[t, i] = elbo(mu, precision, m, v)
    return m, v, L


def elbo(mu, precision, m, v):
    """−KL(N(m, diag v) ‖ N(μ, Λ⁻¹))."""
    log_det = np.log(np.linalg.det(precision))
    return (len(mu) + log_det + np.log(v).sum() - np.diag(precision) @ v - (m - mu) @ precision @ (m - mu)) / 2


@MEAN_FIELD.example
def example():
    mu, precision = np.ones(2), np.array([[2.0, 1.0], [1.0, 2.0]])
    m, v, sweeps = np.zeros(2), np.ones(2), 2
    one, _, _ = mean_field(mu, precision, m, v, 1)
    two, var, L = mean_field(mu, precision, m, v, sweeps)
    return (
        dict(mu=mu, precision=precision, m=m, v=v, sweeps=sweeps)
        | dict(one=one, two=two, var=var, true=np.linalg.inv(precision)[0, 0], L=L.ravel())
        | dict(start=elbo(mu, precision, m, v), end=(np.log(3) - 2 * np.log(2)) / 2)
        | dict(rho=-0.5, both=2 * 0.5, sum=2 / 3, difference=2.0)
    )


@MEAN_FIELD.exercise
def variance_of_one():
    rho = 0.8
    return number(1 - rho**2, deviation=math.sqrt(1 - rho**2), the_law_itself=1.0, not_squared=1 - rho)


@MEAN_FIELD.exercise
def how_many_sweeps():
    rho = 0.9
    return number(
        math.ceil(math.log(1000) / -math.log(rho**2)),
        a_factor_of_rho=math.ceil(math.log(1000) / -math.log(rho)),
        variance_for_mean=math.ceil(math.log(1000) / -math.log(1 - rho**2)),
    )


@MEAN_FIELD.exercise
def difference_of_two():
    rho = 0.8
    q, p = 2 * (1 - rho**2), 2 - 2 * rho
    return choice(smaller=q < p - 1e-9, larger=q > p + 1e-9, equal=abs(q - p) < 1e-9)


def positive(rng, d):
    """A precision of d dependent variables, well conditioned."""
    A = rng.standard_normal((d, 3 * d))
    return A @ A.T / (3 * d)


@MEAN_FIELD.cases
def cases(rng):
    def case(d, sweeps):
        return dict(
            mu=rng.standard_normal(d),
            precision=positive(rng, d),
            m=rng.standard_normal(d),
            v=rng.uniform(0.5, 2, d),
            sweeps=sweeps,
        )

    yield "three variables", case(3, 5)
    yield "one sweep", case(4, 1)
    yield "as many sweeps as variables", case(5, 5)
    # its bound is 0: numbers of which every way to it makes 0 exactly
    yield (
        "a single variable",
        dict(mu=np.array([0.75]), precision=np.array([[1.0]]), m=np.array([-1.5]), v=np.array([0.5]), sweeps=2),
    )
    yield "two, strongly dependent", case(2, 6) | dict(precision=np.array([[1.0, 0.9], [0.9, 1.0]]))
    yield "independent", case(3, 2) | dict(precision=np.diag([0.5, 1.0, 4.0]))
    yield "units apart", case(2, 4) | dict(precision=np.array([[64.0, 4.0], [4.0, 1.0]]))
    yield "many variables", case(12, 3)


@MEAN_FIELD.invalid
def invalid(rng):
    two = dict(mu=np.zeros(2), m=np.zeros(2), v=np.ones(2))
    yield "a precision that is not positive definite", dict(precision=np.array([[1.0, 2.0], [2.0, 1.0]]), **two)
    yield "a precision that is not symmetric", dict(precision=np.array([[2.0, 1.0], [0.0, 2.0]]), **two)
    yield "a variance of 0", dict(mu=np.zeros(2), precision=np.eye(2), m=np.zeros(2), v=np.array([1.0, 0.0]))
    yield "other numbers of variables", dict(mu=np.zeros(2), precision=np.eye(3), m=np.zeros(2), v=np.ones(2))


def drawn(rng, d):
    """A law near one of equal correlation 0.7, so that all its variables are dependent, and a start."""
    return (
        rng.standard_normal(d),
        0.15 * positive(rng, d) + equal_correlation(d, 0.7),
        3 * rng.standard_normal(d),
        rng.uniform(0.3, 3, d),
    )


def equal_correlation(d, rho):
    """The precision of d variables of variance 1 and correlation ρ."""
    return np.linalg.inv((1 - rho) * np.eye(d) + rho * np.ones((d, d)))


@MEAN_FIELD.claim
def the_bound_never_falls(run, rng):
    """No step lowers the bound, from any start, and the last one is that of the means and variances found: eight laws of two to six dependent variables,
    twelve sweeps"""
    worst, scale, rise = np.inf, 1.0, np.inf
    for d in (2, 3, 4, 6, 2, 3, 4, 6):
        mu, P, m, v = drawn(rng, d)
        a, s, found = (np.asarray(x, float) for x in run(mu, P, m, v, 12))
        L = np.concatenate([[elbo(mu, P, m, v)], found.ravel()])
        with np.errstate(all="ignore"):
            yield roundoff(L[-1], elbo(mu, P, a, s), terms=64, scale=float(abs(L).max()))
        worst, scale, rise = min(worst, np.diff(L).min()), max(scale, abs(L).max()), min(rise, L[-1] - L[0])
    yield bound(
        float(worst), -64 * 2.0**-52 * float(scale), "≥", Text("rounding of the largest bound", "最大的界的舍入误差")
    )
    yield bound(float(rise), 0.05, "≥", Text("it rises altogether", "总的来说在上升"))


@MEAN_FIELD.claim
def it_ends_where_the_closed_form_says(run, rng):
    r"""It ends at $m=\mu$, $v_i=1/\Lambda_{ii}$ and $\mathcal L=-\frac12(\sum\ln\Lambda_{ii}-\ln\det\Lambda)$: 60 sweeps
    of four laws, of one to four variables, weakly dependent (the diagonal of Λ doubled)"""
    for d in (1, 2, 3, 4):
        mu, P, m, v = drawn(rng, d)
        P = P + np.diag(np.diag(P))
        end = run(mu, P, m, v, 60)
        diagonal = np.diag(P)
        yield roundoff(end[0], mu, terms=64, scale=float(abs(np.r_[mu, m, 1]).max()))
        yield roundoff(end[1], 1 / diagonal, terms=4)
        want = -(np.log(diagonal).sum() - np.linalg.slogdet(P)[1]) / 2
        yield roundoff(float(np.asarray(end[2])[-1, -1]), want, terms=64, scale=8.0)


@MEAN_FIELD.claim
def the_bound_is_minus_the_divergence(run, rng):
    """After each sweep the bound is minus the divergence of the factors from the distribution, computed from means and variances alone"""
    mu, P, m, v = drawn(rng, 3)
    C = np.linalg.inv(P)
    for sweeps in (1, 2, 5):
        a, s, L = (np.asarray(x, float) for x in run(mu, P, m, v, sweeps))
        kl = (np.trace(np.linalg.solve(C, np.diag(s))) + (a - mu) @ np.linalg.solve(C, a - mu) - 3) / 2
        kl += (np.linalg.slogdet(C)[1] - np.log(s).sum()) / 2
        yield roundoff(L[-1, -1], -kl, terms=64, scale=8.0)


@MEAN_FIELD.claim
def variances_are_too_small_by_a_known_factor(run, rng):
    r"""For two variables the variances are $1-\rho^2$ times those of the distribution: 0.19 at $\rho=0.9$; for five that are equally correlated,
    $(1-\rho)(1+4\rho)/(1+3\rho)$ times: 0.247 at 0.8"""
    for rho in (-0.6, 0.3, 0.9):
        P = equal_correlation(2, rho)
        yield roundoff(run(np.zeros(2), P, np.ones(2), np.ones(2), 1)[1], np.full(2, 1 - rho**2), terms=64, scale=1.0)
    five = run(np.zeros(5), equal_correlation(5, 0.8), np.ones(5), np.ones(5), 1)[1]
    yield roundoff(five, np.full(5, 0.2 * 4.2 / 3.4), terms=64, scale=1.0)


@MEAN_FIELD.claim
def variances_are_those_given_the_others(run, rng):
    r"""The variances are those of each variable with all others held fixed, $(1-R_i^2)$ of its own: less for each variable of a distribution in which all are dependent,
    by the linear regression on the others"""
    mu, P, m, v = drawn(rng, 5)
    C = np.linalg.inv(P)
    found = np.asarray(run(mu, P, m, v, 2)[1], float)
    explained = []
    for i in range(5):
        o = np.arange(5) != i
        explained.append(C[i, o] @ np.linalg.solve(C[np.ix_(o, o)], C[o, i]) / C[i, i])
    yield roundoff(found / np.diag(C), 1 - np.array(explained), terms=256, scale=1.0)
    yield bound(float((found / np.diag(C)).max()), 0.999, "≤", Text("the variables are dependent", "变量相互依赖"))


@MEAN_FIELD.claim
def errors_shrink_by_the_squared_correlation(run, rng):
    r"""For two variables a sweep multiplies the error of the last mean by $\rho^2$: at $\rho=0.9$ by 0.81"""
    for rho in (-0.5, 0.9):
        P = equal_correlation(2, rho)
        e = [float(run(np.zeros(2), P, np.array([0.0, 1.0]), np.ones(2), t)[0][1]) for t in (1, 2, 3)]
        yield roundoff(e, [rho**2, rho**4, rho**6], terms=64, scale=1.0)


@MEAN_FIELD.claim
def all_at_once_may_fall(run, rng):
    r"""One after another: with five variables of correlation −0.2 the bound rises and the means arrive; updated all at once, each by the old
    values of the others, a common error would be multiplied by −2 a step, and the bound would fall"""
    P = equal_correlation(5, -0.2)
    jacobi = np.eye(5) - P / np.diag(P)[:, None]
    yield roundoff(jacobi @ np.ones(5), np.full(5, -2.0), terms=256, scale=1.0)
    start = elbo(np.zeros(5), P, np.ones(5), 1 / np.diag(P))
    yield bound(elbo(np.zeros(5), P, jacobi @ np.ones(5), 1 / np.diag(P)) - start, -1.0, "≤", Text("it falls", "下降"))
    m, _, L = (np.asarray(x, float) for x in run(np.zeros(5), P, np.ones(5), 1 / np.diag(P), 40))
    yield bound(float(np.diff(np.r_[start, L.ravel()]).min()), -1e-12, "≥", Text("rounding", "舍入误差"))
    yield bound(float(L[-1, -1] - start), 1.0, "≥", Text("it rises", "上升"))
    end = -(np.log(np.diag(P)).sum() - np.linalg.slogdet(P)[1]) / 2
    yield bound(
        float(L[-1, -1]), float(end), "≤", Text("the highest bound of independent factors", "独立因子的最高下界")
    )
    yield bound(float(abs(m).max()), 1e-9, "≤", Text("after 40 sweeps at 0", "40 轮之后到达 0"))


@MEAN_FIELD.claim
def a_difference_may_be_too_wide(run, rng):
    r"""Not every variance is too small: of two variables of variance 1 and correlation 0.8 that of $z_1-z_2$ is 0.4 and comes out as 0.72, $1+\rho$ times; that
    of $z_1+z_2$ is 3.6 and comes out as 0.72, too. With the deviations 1 and 10 that of the difference is 85 and comes out as 36.36, too small"""
    rho = 0.8
    v = np.asarray(run(np.zeros(2), equal_correlation(2, rho), np.ones(2), np.ones(2), 1)[1], float)
    yield roundoff(v.sum() / (2 - 2 * rho), 1 + rho, terms=64)
    yield roundoff(v.sum() / (2 + 2 * rho), 1 - rho, terms=64, scale=1.0)
    units = np.array([1.0, 10.0])
    P = equal_correlation(2, rho) / np.outer(units, units)
    v = np.asarray(run(np.zeros(2), P, np.ones(2), np.ones(2), 1)[1], float)
    yield roundoff([np.array([1, -1]) @ np.linalg.inv(P) @ [1, -1], v.sum()], [85.0, 36.36], terms=256, scale=100.0)


@MEAN_FIELD.claim
def nothing_is_lost_along_the_axes(run, rng):
    """In the directions of its own axes the distribution is a product, and mean field is exact: the bound reaches 0 after one sweep"""
    mu, P, m, v = drawn(rng, 4)
    w, Q = np.linalg.eigh(P)
    a, s, L = run(Q.T @ mu, np.diag(w), m, v, 1)
    yield roundoff(a, Q.T @ mu, terms=16, scale=float(abs(np.r_[mu, m]).max()))
    yield roundoff(s, 1 / w, terms=4)
    yield roundoff(float(np.asarray(L)[-1, -1]), 0.0, terms=64, scale=4.0)
    before = np.asarray(run(mu, P, m, v, 100)[2], float)[-1, -1]
    yield bound(-before, 0.01, "≥", Text("in the old coordinates something is lost", "在原来的坐标下有损失"))


@MEAN_FIELD.claim
def no_independent_law_is_nearer(run, rng):
    """At the end no independent normal distribution has a higher bound: three weakly dependent variables, 200 nearby distributions, and the one with the distribution's own means and variances, which by
    KL(p‖q) is the nearest of all these"""
    mu, P, m, v = drawn(rng, 3)
    P = P + 0.5 * np.diag(np.diag(P))
    a, s, _ = (np.asarray(x, float) for x in run(mu, P, m, v, 60))
    best = elbo(mu, P, a, s)
    near = [(a + 0.1 * rng.standard_normal(3), s * rng.uniform(0.8, 1.25, 3)) for _ in range(200)]
    yield bound(best - max(elbo(mu, P, *q) for q in near), 1e-6, "≥", Text("strictly better", "严格更好"))
    C = np.linalg.inv(P)
    yield bound(best - elbo(mu, P, mu, np.diag(C)), 1e-3, "≥", Text("matching moments is not this", "矩匹配不是它"))
    reverse = [0.5 * (np.log(x) + (np.diag(C) + (b - mu) ** 2) / x).sum() for b, x in [(mu, np.diag(C)), (a, s), *near]]
    yield bound(
        min(reverse[1:]) - reverse[0], 1e-3, "≥", Text("but it is the nearest by KL(p‖q)", "但按 KL(p‖q) 它最近")
    )


@MEAN_FIELD.claim
def order_changes_the_way_alone(run, rng):
    """Another order of the coordinates changes the steps and not the end, reached after 60 sweeps for four weakly dependent variables; moving law and start together moves the means and changes no
    bound; other units of a coordinate scale its mean and variance"""
    mu, P, m, v = drawn(rng, 4)
    P = P + np.diag(np.diag(P))
    turn, shift, unit = np.array([2, 0, 3, 1]), rng.standard_normal(4), np.array([2.0, 0.5, 3.0, 1.0])
    a, s, L = (np.asarray(x, float) for x in run(mu, P, m, v, 3))
    far = [
        np.asarray(run(*x, 60)[0], float) for x in ((mu, P, m, v), (mu[turn], P[np.ix_(turn, turn)], m[turn], v[turn]))
    ]
    yield invariance(far[1], far[0][turn], terms=64, scale=8.0)
    other = np.asarray(run(mu[turn], P[np.ix_(turn, turn)], m[turn], v[turn], 3)[0], float)
    yield bound(float(abs(other - a[turn]).max()), 1e-6, "≥", Text("on the way they differ", "途中不同"))
    b, _, K = run(mu + shift, P, m + shift, v, 3)
    yield invariance(b, a + shift, terms=64, scale=8.0)
    yield invariance(K, L, terms=256, scale=float(abs(L).max()))
    c, w, M = run(unit * mu, P / np.outer(unit, unit), unit * m, unit**2 * v, 3)
    yield invariance(c, unit * a, terms=64, scale=16.0)
    yield invariance(w, unit**2 * s, terms=16)
    yield invariance(M, L, terms=256, scale=float(abs(L).max()))


def history(mu, precision, m, v, sweeps, step):
    """Sweeps whose step i gives new means and variances."""
    m, v = np.array(m, float), np.array(v, float)
    L = np.zeros((sweeps, len(mu)))
    for t in range(sweeps):
        for i in range(len(mu)):
            m[i], v[i] = step(m, v, i)
            L[t, i] = elbo(mu, precision, m, v)
    return m, v, L


@MEAN_FIELD.mutant(caught_by="the-bound-never-falls, all-at-once-may-fall, errors-shrink-by-the-squared-correlation")
def all_at_once(mu, precision, m, v, sweeps=10):
    """every factor by the old values of the others"""
    m, v = np.array(m, float), np.array(v, float)
    L = np.zeros((sweeps, len(mu)))
    for t in range(sweeps):
        old = m.copy()
        for i in range(len(mu)):
            m[i] = old[i] - precision[i] @ (old - mu) / precision[i, i]
            v[i] = 1 / precision[i, i]
            L[t, i] = elbo(mu, precision, m, v)
    return m, v, L


@MEAN_FIELD.mutant(
    caught_by="variances-are-too-small-by-a-known-factor, variances-are-those-given-the-others, no-independent-law-is-nearer"
)
def variances_of_the_law(mu, precision, m, v, sweeps=10):
    """the distribution's own variances: moments matched"""
    C = np.linalg.inv(precision)
    return history(
        mu, precision, m, v, sweeps, lambda m, v, i: (m[i] - precision[i] @ (m - mu) / precision[i, i], C[i, i])
    )


@MEAN_FIELD.mutant(caught_by="equals-definition, the-bound-never-falls")
def sign_of_the_pull(mu, precision, m, v, sweeps=10):
    """the pull of the other variables added"""

    def step(m, v, i):
        o = np.arange(len(mu)) != i
        return mu[i] + precision[i, o] @ (m - mu)[o] / precision[i, i], 1 / precision[i, i]

    return history(mu, precision, m, v, sweeps, step)


@MEAN_FIELD.mutant(caught_by="it-ends-where-the-closed-form-says, order-changes-the-way-alone")
def mean_of_the_law_forgotten(mu, precision, m, v, sweeps=10):
    """the others' means in place of their distances from the distribution's"""

    def step(m, v, i):
        o = np.arange(len(mu)) != i
        return mu[i] - precision[i, o] @ m[o] / precision[i, i], 1 / precision[i, i]

    return history(mu, precision, m, v, sweeps, step)


@MEAN_FIELD.mutant(caught_by="it-ends-where-the-closed-form-says, variances-are-too-small-by-a-known-factor")
def deviations_for_variances(mu, precision, m, v, sweeps=10):
    """the deviation 1/√Λ sold as a variance"""
    return history(
        mu,
        precision,
        m,
        v,
        sweeps,
        lambda m, v, i: (m[i] - precision[i] @ (m - mu) / precision[i, i], precision[i, i] ** -0.5),
    )


@MEAN_FIELD.mutant(
    caught_by="the-bound-is-minus-the-divergence, it-ends-where-the-closed-form-says, nothing-is-lost-along-the-axes"
)
def entropy_forgotten(mu, precision, m, v, sweeps=10):
    """the mean of ln p alone in the bound"""
    m, v, L = mean_field(mu, precision, m, v, sweeps)
    return m, v, L - (np.log(v).sum() + len(mu)) / 2


@MEAN_FIELD.mutant(
    caught_by="the-bound-is-minus-the-divergence, the-bound-never-falls, it-ends-where-the-closed-form-says"
)
def divergence_for_the_bound(mu, precision, m, v, sweeps=10):
    """the divergence, which falls"""
    m, v, L = mean_field(mu, precision, m, v, sweeps)
    return m, v, -L


@MEAN_FIELD.mutant(caught_by="errors-shrink-by-the-squared-correlation, order-changes-the-way-alone, equals-definition")
def already_there(mu, precision, m, v, sweeps=10):
    """the end, whatever the number of sweeps"""
    m, v, L = mean_field(mu, precision, mu, v, sweeps)
    return m, v, L


@MEAN_FIELD.mutant(caught_by="equals-definition, errors-shrink-by-the-squared-correlation")
def last_coordinate_first(mu, precision, m, v, sweeps=10):
    """each sweep from the last coordinate to the first"""
    b = slice(None, None, -1)
    m, v, L = mean_field(mu[b], precision[b, b], np.array(m)[b], np.array(v)[b], sweeps)
    return m[b], v[b], L


@MEAN_FIELD.mutant(caught_by="variances-are-too-small-by-a-known-factor, a-difference-may-be-too-wide")
def covariance_for_precision(mu, precision, m, v, sweeps=10):
    """the covariance taken where the precision is due"""
    return mean_field(mu, np.linalg.inv(precision), m, v, sweeps)


MEAN_FIELD.erratum(
    "E318",
    common="Mean field underestimates the uncertainty, of whatever is computed from the variables (a common slip)",
    why="For a normal distribution it underestimates the variance of each single variable. That of a difference of two positively correlated ones of equal variance comes out "
    r"$1+\rho$ times as large as it is, since their errors no longer cancel.",
    right=r"$1/\Lambda_{ii}\le(\Lambda^{-1})_{ii}$ for single variables; of a sum $a^{\mathsf T}z$ it may be too small or too large",
    claims="a-difference-may-be-too-wide, variances-are-those-given-the-others",
)
MEAN_FIELD.erratum(
    "E319",
    common="All factors can be updated at once, from the values before (parallel code of users)",
    why="The bound rises because each factor is best for the others as they are now. All at once they answer values that exist no longer: with five "
    "variables of correlation −0.2 a common error doubles with each step.",
    right="One after another; at once only factors that do not depend on each other given the rest",
    claims="all-at-once-may-fall, the-bound-never-falls",
)


@MEAN_FIELD.figure(rho=Slider(-0.95, 0.95, 0.85, "correlation ρ"), sweeps=Slider(1, 12, 3, "sweeps", integer=True))
def figure(rho, sweeps):
    C = np.array([[1.0, rho], [rho, 1.0]])
    P, mu, start, v0 = np.linalg.inv(C), np.zeros(2), np.array([-1.6, 2.2]), np.full(2, 1.5)
    T = int(sweeps)
    path, m, v = [start], start.copy(), v0.copy()
    for _ in range(T):
        for i in range(2):
            m[i] = -P[i, 1 - i] * m[1 - i] / P[i, i]
            v[i] = 1 / P[i, i]
            path.append(m.copy())
    path = np.array(path)
    _, _, L = mean_field(mu, P, start, v0, 12)
    L = np.concatenate([[elbo(mu, P, start, v0)], L.ravel()])
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    for k in (1, 2):
        x, y = k * np.linalg.cholesky(C) @ circle
        left.fill(x, y, color=COLOURS[5], alpha=0.35, lw=0, label="law" if k == 1 else None)
        x, y = m[:, None] + k * np.sqrt(v)[:, None] * circle
        left.plot(x, y, color=COLOURS[1], lw=1.6, label="mean field" if k == 1 else None)
    left.plot(path[:, 0], path[:, 1], "-o", color=COLOURS[0], ms=3.5, lw=1, label="means, step by step")
    left.set(xlabel="$z_1$", ylabel="$z_2$", xlim=(-3.2, 3.2), ylim=(-2.6, 4.6))
    left.legend(fontsize=9, loc="upper center", frameon=False, ncols=2)
    low = min(L[1], -1) * 1.08
    right.plot(np.arange(1, 25), L[1:], color="0.6", lw=1)
    right.plot(np.arange(1, 2 * T + 1), L[1 : 2 * T + 1], "-o", color=COLOURS[0], ms=3.5, label=r"$\mathcal{L}$")
    end = -np.log(P[0, 0]) + np.linalg.slogdet(P)[1] / 2
    right.axhline(end, color=COLOURS[1], lw=1, ls="--", label="end")
    right.axhline(0, color="0.4", lw=1, ls=":", label="no divergence")
    right.set(xlabel="step", ylabel="nats", xlim=(0.5, 24), ylim=(low, -0.06 * low))
    right.legend(fontsize=9.5, loc="lower right", frameon=False)
    words = Text(
        f"Correlation {rho:.2f}: both variances are 1, mean field has {v[0]:.3f}. After {T} sweeps the means are {m[0]:.3f} and {m[1]:.3f} for 0, the bound {L[2 * T]:.3f} nats; it ends at {end:.3f}.",
        f"相关系数 {rho:.2f}：两个方差都是 1，平均场得到 {v[0]:.3f}。{T} 轮之后均值为 {m[0]:.3f} 与 {m[1]:.3f}，应为 0；下界为 {L[2 * T]:.3f} 奈特，最终为 {end:.3f}。",
    )
    return Drawing(fig, words)
