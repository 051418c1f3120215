"""Linear regression: least squares, its analysis, and the digits that an algorithm loses."""

import json
from importlib.resources import files

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import (
    Evidence,
    all_of,
    bound,
    identical,
    invariance,
    near,
    optimal,
    raises,
    roundoff,
    statistical,
)
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(fit, X, y, intercept):
    f = fit(X, y, intercept)
    return f.coefficients, f.standard_errors, f.residual_deviation, f.r_squared, f.f_statistic


LINEAR_REGRESSION = Concept(
    key="linear-regression",
    kind="model",
    title="Linear regression",
    summary="The coefficients that make the sum of squared residuals smallest, in closed form or by descent, and how "
    "far to trust them: standard errors, t, F, $R^2$ and intervals. The closed form must not be computed as it is "
    r"written: forming $A^{\mathsf T}A$ squares the condition number, and where the residual is small it loses twice the "
    "digits that QR loses.",
    formulas=(
        r"\hat\theta=\arg\min_\theta\lVert A\theta-y\rVert_2^2=(A^{\mathsf T}A)^{-1}A^{\mathsf T}y,\qquad A=(\mathbf 1\;\;X),\quad\operatorname{rank}A=p<n",
        r"s^2=\frac{\lVert y-A\hat\theta\rVert^2}{n-p},\qquad \operatorname{se}(\hat\theta_j)=s\sqrt{[(A^{\mathsf T}A)^{-1}]_{jj}},"
        r"\qquad t_j=\frac{\hat\theta_j}{\operatorname{se}(\hat\theta_j)}",
        r"R^2=1-\frac{\mathrm{RSS}}{\mathrm{TSS}},\qquad F=\frac{(\mathrm{TSS}-\mathrm{RSS})/(p-p_0)}{s^2},\qquad "
        r"\hat\theta_j\pm t_{1-\alpha/2,\,n-p}\operatorname{se}(\hat\theta_j)",
        r"\theta\leftarrow\theta-\frac{\alpha}{n}A^{\mathsf T}(A\theta-y),\qquad 0<\alpha<\frac{2}{L},\quad L=\frac{\lambda_{\max}(A^{\mathsf T}A)}{n}",
    ),
    symbols=(
        Symbol("X", "X", "n d", "predictors, one observation a row"),
        Symbol("y", "y", "n", "response"),
        Symbol(
            r"\mathbf 1", "intercept", "", "whether a constant is fitted; without one, TSS is taken about 0", "boolean"
        ),
        Symbol("A", "", "n p", "X with a column of ones before it; X itself without an intercept"),
        Symbol("n,p", "", "", "numbers of observations and of coefficients", "natural"),
        Symbol("p_0", "", "", "1 with an intercept, else 0", "natural"),
        Symbol(r"\hat\theta", "", "p", "coefficients, the intercept first"),
        Symbol(r"\operatorname{se}", "", "p", "standard errors of the coefficients"),
        Symbol("s", "", "", "residual standard deviation, with n − p degrees of freedom"),
        Symbol(r"\mathrm{RSS}", "", "", "residual sum of squares"),
        Symbol(r"\mathrm{TSS}", "", "", "total sum of squares, about the mean"),
        Symbol("R^2", "", "", "explained share of the variance"),
        Symbol("F", "", "", "tests that all slopes are 0 (without an intercept: all coefficients)"),
        Symbol(r"t_{1-\alpha/2,\,n-p}", "", "", "quantile of Student's distribution"),
        Symbol(r"\alpha", "", "", "learning rate of the descent; in the interval, the error level"),
        Symbol("L", "", "", "Lipschitz constant of the gradient"),
    ),
    returns=(
        Result("theta", "p", "coefficients, the intercept first"),
        Result("se", "p", "standard errors of the coefficients"),
        Result("s", "", "residual standard deviation, with n − p degrees of freedom"),
        Result("R2", "", "explained share of the variance"),
        Result("F", "", "tests that all slopes are 0"),
    ),
    needs=("norm", "matrix-product", "gradient", "mle"),
    source="legendre1805nouvelles",
    year=1805,
    people=("Adrien-Marie Legendre", "Carl Friedrich Gauss"),
    aliases="OLS, ordinary least squares, least squares, normal equations, regression analysis, "
    "最小二乘法, 普通最小二乘, 最小二乘, 正规方程, 回归分析",
    implementations=(
        Implementation(
            "gradus.foundations.linear_regression:linear_regression",
            "numpy",
            _ours,
            "QR with one step of refinement; also t, p-values, intervals, residuals",
        ),
    ),
    readings="hastie2009elements §3.2; higham2002accuracy ch. 20; nist2003strd; bishop2006pattern §3.1",
    hypotheses=(
        Hypothesis(
            "A has full column rank; for s, F and the intervals there are more observations than coefficients",
            "equal-columns-have-many-minimisers",
        ),
        Hypothesis(
            "for the intervals: the errors are independent, normal, of mean 0 and one variance",
            "coverage-is-lost-under-unequal-noise, noise-with-a-mean-needs-an-intercept",
        ),
        Hypothesis(r"for the descent: $\alpha<2/L$", "learning-rate-two-over-l"),
    ),
    conventions=(
        Convention(
            r"$R^2$ without an intercept",
            "about 0, as NIST and R take it",
            "scikit-learn's `score` takes it about the mean, and may be negative",
        ),
    ),
    deviations="NumPy's `lstsq` and scikit-learn's `LinearRegression` give the coefficients alone, by SVD, and of "
    "several minimisers the shortest; neither gives standard errors.",
)


@LINEAR_REGRESSION.definition
def linear_regression(X, y, intercept=True):
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    n, p = A.shape
    G = np.linalg.inv(A.T @ A)
    theta = G @ A.T @ y
    rss = ((y - A @ theta) ** 2).sum()
    s = np.sqrt(rss / (n - p))
    se = s * np.sqrt(np.diag(G))
    tss = ((y - intercept * y.mean()) ** 2).sum()
    R2 = 1 - rss / tss
    F = (tss - rss) / (p - intercept) / s**2
    return theta, se, s, R2, F


@LINEAR_REGRESSION.example
def example():
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0, 6.0])
    theta, se, s, R2, F = linear_regression(x[:, None], y)
    dx, dy, fit = x - x.mean(), y - y.mean(), theta[0] + theta[1] * x
    t, quantile = theta[1] / se[1], 0.95 / np.sqrt(2 * 0.975 * 0.025)  # Student's, 2 degrees of freedom, at 0.975
    return (
        dict(X=x[:, None], y=y, x=x, xm=x.mean(), ym=y.mean(), dx=dx, dy=dy, Sxx=dx @ dx, Sxy=dx @ dy)
        | dict(theta=theta, fit=fit, r=y - fit, rss=((y - fit) ** 2).sum(), tss=dy @ dy, s2=s**2, s=s, se=se)
        | dict(t=t, F=F, R2=R2, quantile=quantile, low=theta[1] - quantile * se[1])
        | dict(high=theta[1] + quantile * se[1], lifted=linear_regression(x[:, None], y + [0, 0, 0, 1])[0][1])
    )


@LINEAR_REGRESSION.exercise
def through_the_origin():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([5.0, 6.0, 8.0])
    slope = linear_regression(x[:, None], y, intercept=False)[0][0]
    with_intercept = linear_regression(x[:, None], y)[0][1]
    return number(slope, with_intercept=with_intercept, ratio_of_means=y.mean() / x.mean())


@LINEAR_REGRESSION.exercise
def other_units():
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0, 6.0])
    before, after = (linear_regression(c * x[:, None], y) for c in (1, 100))
    same_R2 = np.isclose(before[3], after[3])
    same_t = np.isclose(before[0][1] / before[1][1], after[0][1] / after[1][1])
    return choice(only_slope=same_R2 and same_t, t_too=same_R2 and not same_t, all_change=not same_R2)


@LINEAR_REGRESSION.exercise
def digits_left():
    eps, condition = 1e-16, 1e5
    return number(-np.log10(eps * condition**2), by_qr=-np.log10(eps * condition))


@LINEAR_REGRESSION.cases
def cases(rng):
    def data(n, d, noise=1.0, shift=1.0):
        X = rng.standard_normal((n, d))
        return X, shift + X @ rng.standard_normal(d) + noise * rng.standard_normal(n)

    for label, n, d in (("random", 20, 3), ("one more row than coefficients", 5, 3), ("one slope", 12, 1)):
        X, y = data(n, d)
        yield label, dict(X=X, y=y)
    X, y = data(15, 2, shift=0.0)
    yield "through the origin", dict(X=X, y=y, intercept=False)
    X, y = data(30, 2, noise=0.01)
    yield "columns of unlike scale", dict(X=X * [0.1, 10.0], y=y)
    X, y = data(30, 2)
    yield "correlated columns", dict(X=X + 2 * X[:, :1], y=y)
    X, y = data(1500, 2)
    yield "many rows", dict(X=X, y=y)


@LINEAR_REGRESSION.invalid
def invalid(rng):
    yield "fewer responses than rows", dict(X=np.ones((5, 2)), y=np.ones(4))
    yield ("more rows than responses by broadcasting", dict(X=rng.standard_normal((5, 2)), y=np.ones((3, 5, 1))))
    yield "three axes", dict(X=rng.standard_normal((5, 2, 2)), y=np.ones(5))


def nist():
    """The 11 reference sets as (name, X, y, intercept, values to be reached)."""
    record = json.loads((files("gradus") / "assets" / "nist_strd_linear.json").read_text(encoding="utf-8"))
    for name, s in record["sets"].items():
        x = np.array(s["predictors"])
        X = x ** np.arange(1, s["degree"] + 1) if s["degree"] > 1 else x
        want = {
            k: np.array(s[k], float)
            for k in ("coefficients", "standard_errors", "residual_deviation", "r_squared", "f_statistic")
            if s[k]
        }
        yield name, X, np.array(s["response"]), s["intercept"], want


def digits(got, want):
    """Digits that agree, the fewest over the entries: −log₁₀ of the relative error, at most 15.9."""
    relative = np.abs(np.subtract(got, want)) / np.abs(want)
    return float(np.min(-np.log10(np.maximum(relative, 10**-15.9))))


RESULTS = ("coefficients", "standard_errors", "residual_deviation", "r_squared", "f_statistic")


def _tests(theta, se, n):
    """The t statistics and both ends of the 95 % intervals that follow from coefficients and standard errors."""
    from scipy import stats

    theta, se = np.asarray(theta), np.asarray(se)
    half = stats.t.ppf(0.975, n - theta.size) * se
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit has standard errors of 0
        return {"t_statistics": theta / se, "intervals": np.concatenate([theta - half, theta + half])}


# What a backward-stable method must keep: about 16 − log₁₀ of the condition number of the set.
DIGITS = {"longley": 9, "wampler1": 9, "wampler2": 9, "wampler3": 9, "wampler4": 7, "wampler5": 5, "filip": 7}


def _reached(fit, parts):
    """One evidence over all sets and the named parts, with the table of digits as its note."""
    table, evidence = [], []
    for name, X, y, intercept, want in nist():
        got = dict(zip(RESULTS, fit(X, y, intercept), strict=True))
        for values in (got, want):
            values |= _tests(values["coefficients"], values["standard_errors"], len(y))
        perfect = (
            want["residual_deviation"] == 0
        )  # nothing is left over: only the coefficients can be compared digit by digit
        d = min(digits(got[k], want[k]) for k in parts if not perfect or k in ("coefficients", "r_squared"))
        why = Text(f"digits that a stable method keeps on {name}", f"稳定算法在 {name} 上应保留的位数")
        evidence.append(bound(d, DIGITS.get(name, 12), "≥", why))
        table.append(f"{name} {d:.1f}")
    worst = all_of(*evidence)
    said = ", ".join(table)
    return Evidence(
        worst.kind,
        worst.measured,
        worst.relation,
        worst.expected,
        worst.tolerance,
        worst.because,
        Text(f"digits: {said}", f"位数：{said}"),
    )


@LINEAR_REGRESSION.claim(of_definition=False)
def digits_of_the_coefficients(fit, rng):
    """The coefficients of the 11 NIST reference sets agree to 12 digits; Longley and Wampler 1–3 to 9, Filip and
    Wampler 4 to 7, Wampler 5 to 5"""
    return _reached(fit, ["coefficients"])


@LINEAR_REGRESSION.claim(of_definition=False)
def digits_of_the_analysis(fit, rng):
    """Standard errors, residual deviation, $R^2$ and F agree with the certified values to as many digits, and so do t
    and the 95 % intervals"""
    return _reached(fit, [*RESULTS[1:], "t_statistics", "intervals"])


@LINEAR_REGRESSION.claim(of_definition=False)
def normal_equations_lose_digits(fit, rng):
    """The normal equations lose digits: on every set of condition above $10^5$ but Wampler 5 it keeps at least one
    digit more than they do"""
    found, table = [], []
    for name, X, y, intercept, want in nist():
        A = _ones(X, intercept)
        if np.linalg.cond(A) < 1e5 or name == "wampler5":  # there the residual costs plain QR as much
            continue
        kept = digits(fit(X, y, intercept)[0], want["coefficients"])
        left = digits(np.linalg.solve(A.T @ A, A.T @ y), want["coefficients"])
        why = Text(
            f"{name}: {kept:.1f} digits, {left:.1f} by the normal equations",
            f"{name}：{kept:.1f} 位，正规方程 {left:.1f} 位",
        )
        found.append(bound(kept - left, 1.0, "≥", why))
        table.append(name)
    return all_of(identical(len(table), 7), *found)


@LINEAR_REGRESSION.claim
def certified_values_of_norris(fit, rng):
    """Norris (ozone monitors): slope 1.00211681802045, standard error 0.000429796848199937, s = 0.884796396144373"""
    _, X, y, _, _ = next(s for s in nist() if s[0] == "norris")
    theta, se, s, R2, F = fit(X, y)
    got = np.array([*theta, *se, s, R2, F])
    certified = np.array(
        [
            -0.262323073774029,
            1.00211681802045,
            0.232818234301152,
            0.429796848199937e-3,
            0.884796396144373,
            0.999993745883712,
            5436385.54079785,
        ]
    )
    condition = np.linalg.cond(np.column_stack([np.ones(36), X]))
    return roundoff(got / certified, np.ones(7), terms=36, scale=condition)


@LINEAR_REGRESSION.claim
def residuals_are_orthogonal(fit, rng):
    r"""The residuals are orthogonal to every column: $A^{\mathsf T}(y-A\hat\theta)=0$"""
    X, y = rng.standard_normal((40, 4)), rng.standard_normal(40)
    A = np.column_stack([np.ones(40), X])
    residual = float(np.abs(A.T @ (y - A @ fit(X, y)[0])).max())
    scale = float(np.linalg.norm(A) * np.linalg.norm(y))
    return optimal(residual, 4 * 40 * 2.0**-52 * scale, Text("c·n·ε·‖A‖‖y‖ with c=4, n=40", "c·n·ε·‖A‖‖y‖，c=4，n=40"))


def descend(A, y, alpha, steps):
    """Gradient descent on ‖Aθ−y‖²/2n from θ = 0."""
    theta = np.zeros(A.shape[1])
    for _ in range(steps):
        theta = theta - alpha * A.T @ (A @ theta - y) / len(y)
    return theta


def lipschitz(A):
    return np.linalg.eigvalsh(A.T @ A / len(A))[-1]


@LINEAR_REGRESSION.claim
def descent_reaches_the_closed_form(fit, rng):
    r"""Descent from 0 with $\alpha=1/L$ is after k steps within $(1-\mu/L)^k\lVert\hat\theta\rVert$ of the closed form;
    μ is the least eigenvalue of $A^{\mathsf T}A/n$"""
    X = rng.standard_normal((60, 3))
    y = 2 + X @ [1.0, -2.0, 3.0] + rng.standard_normal(60)
    A = np.column_stack([np.ones(60), X])
    mu, *_, L = np.linalg.eigvalsh(A.T @ A / 60)
    theta = fit(X, y)[0]
    for steps in (5, 20, 400):
        left = (1 - mu / L) ** steps * np.linalg.norm(theta)
        rounding = 8 * 60 * 2.0**-52 * np.linalg.norm(theta) * L / mu
        error = float(np.linalg.norm(descend(A, y, 1 / L, steps) - theta))
        yield bound(
            error, left + rounding, "≤", Text("contraction by 1−μ/L, plus c·n·ε·κ", "每步收缩 1−μ/L，加上 c·n·ε·κ")
        )


def _covered(fit, rng, X, noise, repeats):
    """For each repeated sample, whose noise has deviation `noise`: does the 95 % interval hold the true first
    slope, 2?"""
    from scipy import stats

    n, d = X.shape
    quantile = stats.t.ppf(0.975, n - d - 1)
    hits = []
    for e in rng.standard_normal((repeats, n)) * noise:
        theta, se, *_ = fit(X, 1 + 2 * X.sum(axis=1) + e)
        hits.append(abs(theta[1] - 2) <= quantile * se[1])
    return np.array(hits, float)


@LINEAR_REGRESSION.claim
def intervals_cover(fit, rng):
    """Under independent normal noise of one variance the 95 % interval covers the true slope in 95 % of samples"""
    hits = _covered(fit, rng, rng.standard_normal((7, 4)), 1.0, 400)
    return statistical(hits, 0.95, np.sqrt(0.95 * 0.05 / 400))


@LINEAR_REGRESSION.claim(cost="slow")
def intervals_cover_within_one_per_cent(fit, rng):
    """… within one per cent, over 12 000 samples"""
    hits = _covered(fit, rng, rng.standard_normal((7, 4)), 1.0, 12_000)
    return statistical(hits, 0.95, np.sqrt(0.95 * 0.05 / 12_000))


@LINEAR_REGRESSION.claim
def coverage_is_lost_under_unequal_noise(fit, rng):
    """Under noise that grows with x coverage may be lost: with the deviation 0.02 + x at thirty x that crowd near 0 the 95 %
    interval covers the slope in less than 80 % of samples"""
    x = np.linspace(0, 1, 30) ** 3
    share = _covered(fit, rng, x[:, None], 0.02 + x, 300).mean()
    return bound(share, 0.8, "≤", Text("about 70 %, from 300 samples", "约 70%，由 300 个样本得"))


@LINEAR_REGRESSION.claim
def one_slope_f_is_t_squared(fit, rng):
    """With one slope $F=t^2$, with an intercept or without; with an intercept $R^2$ is the squared correlation"""
    x = rng.standard_normal(25)
    y = x + rng.standard_normal(25)
    theta, se, _, R2, F = fit(x[:, None], y)
    yield roundoff(F, (theta[1] / se[1]) ** 2, terms=25)
    yield roundoff(R2, np.corrcoef(x, y)[0, 1] ** 2, terms=25, scale=1.0)
    (slope,), (error,), *_, through_zero = fit(x[:, None], y, intercept=False)
    yield roundoff(through_zero, (slope / error) ** 2, terms=25)


@LINEAR_REGRESSION.claim
def equal_columns_have_many_minimisers(fit, rng):
    """With a column twice there are many minimisers: a slope may be divided between the two in any way, and the
    residuals stay orthogonal to all columns. With as many coefficients as observations nothing is left over to judge
    by, whatever the noise"""
    x, y = rng.standard_normal((30, 1)), rng.standard_normal(30)
    (b, w), *_ = fit(x, y)
    twice = np.column_stack([np.ones(30), x, x])
    for share in (0.0, 0.5, -3.0):
        gradient = twice.T @ (y - twice @ [b, w * (1 - share), w * share])
        yield roundoff(gradient, np.zeros(3), terms=90, scale=float(np.linalg.norm(twice) * np.linalg.norm(y)))
    A = np.column_stack([np.ones(4), rng.standard_normal((4, 3))])
    rest = y[:4] - A @ np.linalg.solve(A, y[:4])
    yield roundoff(rest, np.zeros(4), terms=4, scale=float(np.linalg.cond(A) * np.abs(y[:4]).max()))


@LINEAR_REGRESSION.claim
def units_do_not_matter(fit, rng):
    """Units do not matter: measuring a column in other units rescales its coefficient and leaves t, $R^2$ and F"""
    X = rng.standard_normal((30, 2))
    y = X @ [1.0, 2.0] + rng.standard_normal(30)
    c = np.array([1000.0, 0.01])
    theta, se, *rest = fit(X, y)
    other, other_se, *other_rest = fit(X * c, y)
    # the ratio of the scales, 1e5, multiplies the condition number
    same = [*(other[1:] * c), *(other / other_se), *other_rest]
    return invariance(same, [*theta[1:], *(theta / se), *rest], terms=30, scale=1e5 * float(np.abs(theta).max()))


@LINEAR_REGRESSION.claim
def noise_with_a_mean_needs_an_intercept(fit, rng):
    r"""Uniform noise u on $[0,1]$ has mean ½: without an intercept the slope 3 comes out, for x uniform on $[0,1]$ too, as
    $3+\frac{E[xu]}{E[x^2]}=3.75$; with one it is 3, and the intercept ½. The broadcast matrix, averaged over its
    columns, gives 3 by accident"""
    n = 20_000
    X, u = rng.random((n, 1)), rng.random(n)
    y = 3 * X.sum(axis=1) + u
    slope, slope_se, *_ = fit(X, y, intercept=False)
    (b, w), (b_se, w_se), *_ = fit(X, y)
    # row i of the matrix 3x_j + u_i has the mean 3x̄ + u_i: the slope tends to (3/4 + 1/4)/(1/3). Its error is
    # three times the mean of 3.5x − 3x² + x(u − ½), of variance 17/240 + 1/36.
    averaged, *_ = fit(X, 3 * X.mean() + u, intercept=False)
    accident = statistical(averaged, 3.0, 3 * np.sqrt((17 / 240 + 1 / 36) / n))
    return all_of(statistical(slope, 3.75, slope_se[0]), statistical(w, 3.0, w_se), statistical(b, 0.5, b_se), accident)


@LINEAR_REGRESSION.claim
def a_broadcast_response_is_refused(fit, rng):
    """A vector (100,) plus a column (100, 1) is a matrix (100, 100); descent on it in place (`theta -= …`) stops with an
    error of shapes, while `theta = theta - …` goes on with a hundred slopes; no fit may make one vector of coefficients
    of it"""
    X = rng.random((100, 1))
    y = 3 * X.sum(axis=1) + rng.random((100, 1))
    theta = np.zeros((1, 1))

    def step():
        nonlocal theta
        theta -= 0.1 * X.T @ (X @ theta - y)  # (1, 100) into (1, 1)

    try:
        shape = np.shape(fit(X, y)[0])
    except (ValueError, TypeError, RuntimeError, IndexError):
        shape = None
    hundred = theta - 0.1 * X.T @ (X @ theta - y)
    yield identical(y.shape, (100, 100))
    yield raises(step, ValueError)
    yield identical(hundred.shape, (1, 100))
    yield identical(shape == (2,), False)


@LINEAR_REGRESSION.claim
def xor_is_out_of_reach(fit, rng):
    """One layer cannot do XOR: the best fit is the constant ½, and explains nothing ($R^2=0$); a linear layer before
    it changes nothing"""
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([0.0, 1.0, 1.0, 0.0])
    theta, _, _, R2, _ = fit(X, y)
    layer = np.array([[1.0, 2.0], [-1.0, 1.0]])
    stacked = fit(X @ layer, y)[3]
    tolerance = 16 * 4 * 2.0**-52 * float(np.linalg.cond(layer)) ** 2
    why = Text("c·n·ε·κ², c=16, n=4", "c·n·ε·κ²，c=16，n=4")
    return all_of(
        roundoff(theta, [0.5, 0.0, 0.0], terms=4), near(R2, 0.0, tolerance, why), near(stacked, 0.0, tolerance, why)
    )


@LINEAR_REGRESSION.mutant(caught_by="digits-of-the-coefficients, digits-of-the-analysis, normal-equations-lose-digits")
def normal_equations(X, y, intercept=True):
    """the normal equations, as the closed form is written"""
    return linear_regression(X, y, intercept)


def _analysed(A, y, theta, intercept):
    """The analysis of a given θ, for mutants that go wrong before it."""
    rss, s2 = ((y - A @ theta) ** 2).sum(), ((y - A @ theta) ** 2).sum() / (len(A) - A.shape[1])
    tss = ((y - intercept * y.mean()) ** 2).sum()
    se = np.sqrt(s2 * np.diag(np.linalg.inv(A.T @ A)))
    return theta, se, np.sqrt(s2), 1 - rss / tss, (tss - rss) / (A.shape[1] - intercept) / s2


def _ones(X, intercept):
    return np.column_stack([np.ones(len(X)), X]) if intercept else X


@LINEAR_REGRESSION.mutant(
    caught_by="equals-definition, residuals-are-orthogonal, descent-reaches-the-closed-form, "
    "a-broadcast-response-is-refused"
)
def broadcast_response(X, y, intercept=True):
    """broadcasting: a column less a row is a matrix, whose rows are averaged"""
    A = _ones(X, intercept)
    theta = np.zeros(A.shape[1])
    for _ in range(200):
        residual = (A @ theta)[:, None] - np.atleast_2d(y)[:1]  # (n, n) instead of (n,)
        theta = theta - A.T @ residual.mean(1) / len(A) / lipschitz(A)
    return _analysed(A, np.atleast_2d(y)[0], theta, intercept)


@LINEAR_REGRESSION.mutant(
    caught_by="equals-definition, descent-reaches-the-closed-form, residuals-are-orthogonal, "
    "equal-columns-have-many-minimisers"
)
def learning_rate_two_over_l(X, y, intercept=True):
    """descent with the learning rate $2/L$: it never settles"""
    A = _ones(X, intercept)
    return _analysed(A, y, descend(A, y, 2 / lipschitz(A), 401), intercept)


@LINEAR_REGRESSION.mutant(
    caught_by="digits-of-the-analysis, certified-values-of-norris, intervals-cover, intervals-cover-within-one-per-cent"
)
def n_for_n_minus_p(X, y, intercept=True):
    """the residual variance divided by n instead of n − p"""
    theta, se, s, R2, F = linear_regression(X, y, intercept)
    n, p = len(y), len(theta)
    return theta, se * np.sqrt((n - p) / n), s * np.sqrt((n - p) / n), R2, F


@LINEAR_REGRESSION.mutant(caught_by="noise-with-a-mean-needs-an-intercept, certified-values-of-norris")
def no_intercept(X, y, intercept=True):
    """the intercept is forgotten"""
    theta, se, s, R2, F = linear_regression(X, y, False)
    return (np.append(0.0, theta), np.append(1.0, se), s, R2, F) if intercept else (theta, se, s, R2, F)


@LINEAR_REGRESSION.mutant(caught_by="one-slope-f-is-t-squared, certified-values-of-norris")
def f_counts_the_intercept(X, y, intercept=True):
    """F divided by p, not by the number of slopes"""
    theta, se, s, R2, F = linear_regression(X, y, intercept)
    return theta, se, s, R2, F * (len(theta) - intercept) / len(theta)


@LINEAR_REGRESSION.mutant(caught_by="units-do-not-matter, residuals-are-orthogonal, equals-definition")
def ridge(X, y, intercept=True):
    """a ridge penalty is slipped in"""
    A = _ones(X, intercept)
    return _analysed(A, y, np.linalg.solve(A.T @ A + 0.1 * np.eye(A.shape[1]), A.T @ y), intercept)


@LINEAR_REGRESSION.mutant(caught_by="coverage-is-lost-under-unequal-noise, equals-definition")
def sandwich_errors(X, y, intercept=True):
    """standard errors of another theory: the sandwich, which allows unequal noise"""
    theta, _, s, R2, F = linear_regression(X, y, intercept)
    A = _ones(X, intercept)
    G = np.linalg.inv(A.T @ A)
    r = (y - A @ theta) / (1 - np.einsum("ij,jk,ik->i", A, G, A))
    return theta, np.sqrt(np.diag(G @ (A.T * r**2) @ A @ G)), s, R2, F


@LINEAR_REGRESSION.mutant(caught_by="xor-is-out-of-reach")
def hidden_product(X, y, intercept=True):
    """a product of the predictors is slipped in"""
    product = (X - 0.5).prod(axis=1, keepdims=True)
    theta, se, s, R2, F = linear_regression(product, y, intercept)
    return np.append(theta, np.zeros(X.shape[1] - 1)), np.append(se, np.ones(X.shape[1] - 1)), s, R2, F


LINEAR_REGRESSION.erratum(
    "E59",
    common="`y = 3 * X.sum(axis=1) + np.random.rand(100, 1)`, fitted by descent without a column of ones and with "
    "the gradient summed",
    why="$(100,)+(100,1)=(100,100)$: an update in place (`theta -= …`) then stops with a ValueError, and one that is not goes "
    "on with a hundred slopes. With the shapes mended the slope comes out, for x uniform on $[0,1]$, as 3.75, not 3, because "
    "the noise has mean ½ and nothing takes it up. Averaged silently over its columns "
    "the matrix gives 3 by accident: no response then stands beside its own observation.",
    right=r"$y$ of shape $(n,)$, $A=(\mathbf 1\;X)$, mean gradient $\frac{1}{n}A^{\mathsf T}(A\theta-y)$: slope 3, "
    "intercept ½",
    claims="noise-with-a-mean-needs-an-intercept, a-broadcast-response-is-refused",
)
LINEAR_REGRESSION.erratum(
    "E101",
    common="Linear and logistic regression are deep-learning algorithms",
    why="There is no hidden layer: on XOR the best linear fit is a constant and explains nothing, and linear layers "
    "stacked stay linear.",
    right="classical learners; depth begins with a hidden layer and a nonlinearity",
    claims="xor-is-out-of-reach",
)


@LINEAR_REGRESSION.figure(
    n=Slider(5, 100, 20, "observations n", integer=True),
    noise=Slider(0.05, 2.0, 0.5, "standard deviation of the noise"),
    growth=Slider(0.0, 3.0, 0.0, "growth of the noise with x"),
)
def figure(n, noise, growth):
    from scipy import stats

    from gradus.foundations.linear_regression import linear_regression as by_qr

    rng = np.random.default_rng(3)
    n = int(n)
    x = np.linspace(0, 1, n)
    y = 1 + 2 * x + noise * (1 + growth * (2 * x - 1) * (x > 0.5)) * rng.standard_normal(100)[:n]
    theta, se, s, R2, _ = linear_regression(x[:, None], y)
    grid = np.linspace(0, 1, 60)
    half = stats.t.ppf(0.975, n - 2) * s * np.sqrt(1 / n + (grid - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    fig, (left, right) = canvas(columns=2, width=8.4, height=3.7)
    left.fill_between(
        grid, theta[0] + theta[1] * grid - half, theta[0] + theta[1] * grid + half, color=COLOURS[0], alpha=0.2, lw=0
    )
    left.plot(grid, theta[0] + theta[1] * grid, label="fit, 95 % band")
    left.plot(grid, 1 + 2 * grid, "--", color=COLOURS[6], label="truth")
    left.plot(x, y, ".", color=COLOURS[1])
    left.set(xlabel="x", ylabel="y", title=f"slope {theta[1]:.2f} ± {se[1]:.2f}")
    left.legend(frameon=False)
    names, stable, squared = [], [], []
    for name, X, response, intercept, want in nist():
        names.append(name)
        stable.append(digits(by_qr(X, response, intercept).coefficients, want["coefficients"]))
        with np.errstate(invalid="ignore"):  # on Filip the inverse is not even positive
            literal = linear_regression(X, response, intercept)[0]
        squared.append(max(0.0, digits(literal, want["coefficients"])))
    place = np.arange(len(names))
    right.barh(place - 0.2, stable, 0.38, color=COLOURS[0], label="QR, refined")
    right.barh(place + 0.2, squared, 0.38, color=COLOURS[1], label="normal equations")
    right.set(
        yticks=place,
        yticklabels=names,
        xlim=(0, 16),
        xlabel="correct digits of the coefficients",
        title="NIST reference sets",
    )
    right.invert_yaxis()
    right.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, fontsize=9.5)
    table = "; ".join(f"{a} {q:.1f}/{m:.1f}" for a, q, m in zip(names, stable, squared, strict=True))
    words = Text(
        f"{n} observations: slope {theta[1]:.3f} ± {se[1]:.3f} (truth 2), intercept {theta[0]:.3f} ± {se[0]:.3f} (truth 1), R² = {R2:.3f}. "
        f"Correct digits on the NIST sets, QR with refinement / normal equations: {table}.",
        f"{n} 个观测：斜率 {theta[1]:.3f} ± {se[1]:.3f}（真值 2），截距 {theta[0]:.3f} ± {se[0]:.3f}（真值 1），R² = {R2:.3f}。"
        f"NIST 数据集上系数的正确位数（带迭代改进的 QR / 正规方程）：{table}。",
    )
    return Drawing(fig, words)
