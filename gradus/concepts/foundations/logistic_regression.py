"""Logistic regression."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, optimal, roundoff, statistical
from gradus.page.exercises import choice, function, number
from gradus.page.figures import COLOURS, canvas


def _ours(newton_ascent, X, y, theta, steps, penalty):
    return newton_ascent(X, y, theta, steps, penalty)


LOGISTIC_REGRESSION = Concept(
    key="logistic-regression",
    kind="model",
    title="Logistic regression",
    summary="The probability of a class as a sigmoid of a linear score, fitted by ascending the log-likelihood: it is "
    "concave, so every ascent that converges ends at the same value, and at the same coefficients where the columns "
    "are independent. Newton's steps need a start that is near, or damping. When a hyperplane separates the classes "
    "there is no maximum, and only a penalty keeps the coefficients finite.",
    formulas=(
        r"P(y=1\mid x)=\sigma(x^{\mathsf T}\theta)=\frac{1}{1+e^{-z}},\qquad z=x^{\mathsf T}\theta",
        r"\ell(\theta)=\sum_{i=1}^{n}\Big[y_i\log p_i+(1-y_i)\log(1-p_i)\Big]-\frac{\lambda}{2}\lVert\theta\rVert^2"
        r"=\sum_{i=1}^{n}\Big[y_iz_i-\log(1+e^{z_i})\Big]-\frac{\lambda}{2}\lVert\theta\rVert^2",
        r"\nabla\ell=X^{\mathsf T}(y-p)-\lambda\theta,\qquad -\nabla^2\ell=X^{\mathsf T}SX+\lambda I,\quad S=\operatorname{diag}\big(p(1-p)\big)",
        r"\theta\leftarrow\theta+(X^{\mathsf T}SX+\lambda I)^{-1}\nabla\ell\quad\text{(Newton)},\qquad \theta\leftarrow\theta+\alpha\nabla\ell\quad\text{(gradient ascent)}",
    ),
    symbols=(
        Symbol("X", "X", "n p", "observations, one a row, with a column of ones if an intercept is meant"),
        Symbol("y", "y", "n", "labels 0 or 1", "boolean"),
        Symbol(r"\theta", "theta", "p", "coefficients from which the ascent starts"),
        Symbol("k", "steps", "", r"number of Newton steps; 0 evaluates $\ell$ at θ", "natural"),
        Symbol(r"\lambda", "penalty", "", "penalty on the squared coefficients", "nonnegative"),
        Symbol("z", "", "n", "scores"),
        Symbol("p", "", "n", "probabilities of the label 1"),
        Symbol(r"\ell", "", "", "log-likelihood, less the penalty"),
        Symbol("S", "", "n n", "variances of the labels, on a diagonal"),
        Symbol(r"\alpha", "", "", "step size of gradient ascent"),
    ),
    returns=(
        Result("theta", "p", "coefficients after the last step"),
        Result("value", "", "log-likelihood there, less the penalty"),
    ),
    needs=("mle", "cross-entropy", "linear-regression"),
    source="cox1958regression",
    year=1958,
    people=("David Cox", "Joseph Berkson"),
    deviations="The implementation halves a step of Newton's that would lower ℓ.",
    aliases="logit model, LR, binary classification, log-odds, "
    "逻辑斯谛回归, 对数几率回归, 逻辑斯蒂回归, 罗吉斯回归, 二分类",
    implementations=(
        Implementation(
            "gradus.foundations.logistic_regression:newton_ascent",
            "numpy",
            _ours,
            "`logistic_regression` beside it fits, with standard errors and intervals, and refuses separated labels",
        ),
    ),
    readings="hastie2009elements §4.4; albert1984existence; bishop2006pattern §4.3; cs229",
    hypotheses=(
        Hypothesis(r"for one maximiser: X has full column rank, or $\lambda>0$", "equal-columns-have-many-maximisers"),
        Hypothesis(
            r"for a maximum: no hyperplane separates the classes, not even with some of the points on it, or $\lambda>0$",
            "separable-data-diverge-without-a-penalty",
        ),
        Hypothesis("for Newton's steps: the start is near enough", "newton-may-overshoot"),
    ),
    conventions=(
        Convention(
            "penalty",
            r"$\frac\lambda2\lVert\theta\rVert^2$ beside the sum, on all coefficients, and 0 unless given",
            r"scikit-learn penalises unless told otherwise, with $C=1/\lambda$ before the sum, and leaves the intercept out",
        ),
        Convention("sign and scale of the objective", r"$\ell$, to be ascended", r"the loss in texts is $-\ell/n$"),
    ),
)


@LOGISTIC_REGRESSION.definition
def logistic_regression(X, y, theta, steps=0, penalty=0.0):
    for _ in range(steps):
        p = np.exp(-np.logaddexp(0, -X @ theta))
        S = p * (1 - p)
        gradient = X.T @ (y - p) - penalty * theta
        theta = theta + np.linalg.solve((X.T * S) @ X + penalty * np.eye(len(theta)), gradient)
    z = X @ theta
    value = (y * z - np.logaddexp(0, z)).sum() - penalty / 2 * theta @ theta
    return theta, value


def data(rng, n=40, d=2, scale=1.0):
    """Labels drawn from the model, with a column of ones."""
    X = np.column_stack([np.ones(n), rng.standard_normal((n, d))])
    truth = scale * np.array([0.3, 1.0, -1.0, 0.5])[: d + 1]
    return X, (rng.random(n) < 1 / (1 + np.exp(-X @ truth))).astype(float), truth


@LOGISTIC_REGRESSION.example
def example():
    x = np.array([0.0, 0, 0, 0, 1, 1, 1])  # untreated, treated
    y = np.array([1.0, 0, 0, 0, 1, 1, 0])  # recovered
    X, zero = np.column_stack([np.ones(7), x]), np.zeros(2)
    share = np.array([y[x == 0].mean(), y[x == 1].mean()])
    odds = share / (1 - share)
    first, best = (logistic_regression(X, y, zero, k)[0] for k in (1, 20))
    return (
        dict(X=X, y=y, theta=zero, steps=1, share=share, odds=odds, logodds=np.log(odds))
        | dict(ratio=odds[1] / odds[0], best=best, first=first, gradient=X.T @ (y - 0.5))
        | dict(information=X.T @ X / 4, det=np.linalg.det(X.T @ X / 4))
        | dict(p=1 / (1 + np.exp(-(first[0] + first[1] * np.array([0, 1])))))
        | dict(ell=np.array([logistic_regression(X, y, zero, k)[1] for k in (0, 1, 20)]))
        | dict(all_well=np.array([logistic_regression(X, np.where(x == 1, 1.0, y), zero, k)[0][1] for k in (4, 8, 12)]))
    )


@LOGISTIC_REGRESSION.exercise
def odds_after_two_units():
    return number(np.exp(2 * 0.7), one_unit=np.exp(0.7), added=1 + 2 * 0.7, doubled=2 * np.exp(0.7))


@LOGISTIC_REGRESSION.exercise
def separated():
    X, y = np.array([[1.0, -2], [1, -1], [1, 1], [1, 2]]), np.array([0.0, 0, 1, 1])
    sizes, theta = [], np.zeros(2)
    for _ in range(2000):
        theta = theta + 0.1 * X.T @ (y - 1 / (1 + np.exp(-X @ theta)))
        sizes.append(np.linalg.norm(theta))
    settles, falls = sizes[1999] - sizes[999] < 0.01, min(np.diff(sizes)) < 0
    return choice(grows=not settles and not falls, settles=settles, oscillates=falls)


@LOGISTIC_REGRESSION.exercise
def stable_likelihood():
    def log_likelihood(y, z):
        y, z = np.asarray(y), np.asarray(z)
        return (y * z - np.logaddexp(0, z)).sum()

    return function(
        log_likelihood,
        (np.array([1.0, 0.0, 1.0]), np.array([2.0, -1.0, 0.5])),
        (np.array([1.0, 0.0]), np.array([1000.0, 1000.0])),
    )


@LOGISTIC_REGRESSION.cases
def cases(rng):
    X, y, _ = data(rng)
    yield "log-likelihood alone", dict(X=X, y=y, theta=rng.standard_normal(3))
    yield "one step", dict(X=X, y=y, theta=np.zeros(3), steps=1)
    yield "to the maximum", dict(X=X, y=y, theta=np.zeros(3), steps=12)
    yield "penalised", dict(X=X, y=y, theta=0.1 * rng.standard_normal(3), steps=12, penalty=2.0)
    yield ("separated, penalised", dict(X=X, y=(X[:, 1] > 0).astype(float), theta=np.zeros(3), steps=12, penalty=0.1))
    yield "large scores", dict(X=1000 * X, y=y, theta=np.ones(3))
    yield "square", dict(X=rng.standard_normal((3, 3)), y=np.array([1.0, 0.0, 1.0]), theta=rng.standard_normal(3))
    yield (
        "many rows",
        dict(X=rng.standard_normal((1500, 2)), y=(rng.random(1500) < 0.4) * 1.0, theta=rng.standard_normal(2)),
    )


@LOGISTIC_REGRESSION.invalid
def invalid(rng):
    yield "fewer labels than rows", dict(X=np.ones((5, 2)), y=np.ones(4), theta=np.zeros(2))
    yield "coefficients for other columns", dict(X=np.ones((5, 2)), y=np.ones(5), theta=np.zeros(3))


@LOGISTIC_REGRESSION.claim
def log_likelihood_is_concave(fit, rng):
    r"""The log-likelihood is concave: below no chord; the likelihood is not, $\sigma''(-2)=+0.080$"""
    X, y, _ = data(rng)
    gaps = []
    for _ in range(60):
        a, b = 3 * rng.standard_normal((2, 3))
        ends = fit(X, y, a)[1] + fit(X, y, b)[1]
        gaps.append(2 * float(fit(X, y, (a + b) / 2)[1]) - float(ends))
    one, h = np.ones((1, 1)), 2.0**-10
    L = [np.exp(fit(one, np.ones(1), np.array([t]))[1]) for t in (-2 - h, -2.0, -2 + h)]
    curvature = float(L[0] - 2 * L[1] + L[2]) / h**2
    s = 1 / (1 + np.exp(2.0))
    why = Text("h²/12·|σ⁗|, |σ⁗| < ¼, and c·ε/h²", "h²/12·|σ⁗|（|σ⁗| < ¼）加 c·ε/h²")
    yield bound(min(gaps), 0.0, "≥")
    yield near(curvature, s * (1 - s) * (1 - 2 * s), h**2 / 48 + 8 * 2.0**-52 / h**2, why)


@LOGISTIC_REGRESSION.claim
def likelihood_vanishes_from_1075_flips(fit, rng):
    r"""The likelihood of 1075 fair coin flips is exactly 0 in float64, so nothing can be ascended; the log-likelihood
    is $-1075\ln2$, and its ascent finds the frequency"""
    for m, zero in ((1074, False), (1075, True), (5000, True)):
        X, y = np.ones((m, 1)), (np.arange(m) < m // 3).astype(float)
        _, at_start = fit(X, y, np.zeros(1))
        theta, _ = fit(X, y, np.zeros(1), steps=10)
        yield identical(np.prod(np.full(m, 0.5)) == 0, zero)
        yield roundoff(at_start, -m * np.log(2), terms=m)
        yield roundoff(theta, [np.log(y.mean() / (1 - y.mean()))], terms=m)


@LOGISTIC_REGRESSION.claim
def gradient_is_label_less_probability(fit, rng):
    r"""Its gradient is $X^{\mathsf T}(y-p)-\lambda\theta$"""
    X, y, _ = data(rng)
    theta, h, penalty = rng.standard_normal(3), 2.0**-13, 0.7
    slope = [
        float(fit(X, y, theta + h * e, penalty=penalty)[1] - fit(X, y, theta - h * e, penalty=penalty)[1]) / (2 * h)
        for e in np.eye(3)
    ]
    p = 1 / (1 + np.exp(-X @ theta))
    want = X.T @ (y - p) - penalty * theta
    # |σ''| ≤ 0.0963 bounds the third derivative
    third = 0.0963 * np.abs(X**3).sum(axis=0).max()
    value = abs(float(fit(X, y, theta)[1]))
    tolerance = float(h**2 / 6 * third + 8 * 40 * 2.0**-52 * value / h)
    why = Text("h²/6·|ℓ'''| + c·n·ε·|ℓ|/h of central differences", "中心差分的 h²/6·|ℓ'''| + c·n·ε·|ℓ|/h")
    return near(float(np.abs(slope - want).max()), 0.0, tolerance, why, "roundoff")


@LOGISTIC_REGRESSION.claim
def gradient_vanishes_at_the_maximum(fit, rng):
    r"""At the maximum without a penalty $X^{\mathsf T}(y-p)=0$: with an intercept the mean probability is the share of
    the label 1"""
    X, y, _ = data(rng, n=60)
    theta, _ = fit(X, y, np.zeros(3), steps=15)
    p = 1 / (1 + np.exp(-X @ theta))
    tolerance = 4 * 60 * 2.0**-52 * float(np.abs(X).sum())
    why = Text("c·n·ε·Σ|x|, c=4, n=60", "c·n·ε·Σ|x|，c=4，n=60")
    yield optimal(float(np.abs(X.T @ (y - p)).max()), tolerance, why)
    yield roundoff(p.mean(), y.mean(), terms=60, scale=float(np.abs(X).max()))


@LOGISTIC_REGRESSION.claim
def equals_scikit_learn(fit, rng):
    r"""It agrees with scikit-learn at $C=1/\lambda$, within what scikit-learn's own gradient leaves open"""
    from sklearn.linear_model import LogisticRegression

    X, y, _ = data(rng, n=80, d=3)
    for penalty in (0.5, 5.0):
        peer = LogisticRegression(C=1 / penalty, fit_intercept=False, tol=1e-10, max_iter=500).fit(X, y).coef_[0]
        p = 1 / (1 + np.exp(-X @ peer))
        open_ = float(np.linalg.norm(X.T @ (y - p) - penalty * peer)) / penalty  # strong concavity: ‖θ−θ̂‖ ≤ ‖∇ℓ‖/λ
        theta, _ = fit(X, y, np.zeros(4), steps=15, penalty=penalty)
        rounding = 8 * 80 * 2.0**-52 * float(np.abs(X).sum()) / penalty
        yield bound(
            float(np.linalg.norm(theta - peer)),
            open_ + rounding,
            "≤",
            Text("‖∇ℓ‖/λ of scikit-learn's answer, and rounding", "scikit-learn 结果的 ‖∇ℓ‖/λ，以及舍入"),
        )
        yield bound(open_, 1e-5, "≤", Text("scikit-learn converged", "scikit-learn 已收敛"))


@LOGISTIC_REGRESSION.claim
def gradient_ascent_reaches_the_same(fit, rng):
    r"""With a penalty gradient ascent from 0 with $\alpha=1/L$, $L=\lambda+\lVert X\rVert^2/4$, arrives at the same place: after
    k steps it is within $(1-\lambda/L)^k\lVert\hat\theta\rVert$ of it"""
    X, y, _ = data(rng)
    penalty, theta = 5.0, np.zeros(3)
    L = penalty + np.linalg.norm(X, 2) ** 2 / 4
    best, _ = fit(X, y, np.zeros(3), steps=15, penalty=penalty)
    size, why = float(np.linalg.norm(best)), Text("(1−λ/L)ᵏ·‖θ̂‖, and rounding", "(1−λ/L)ᵏ·‖θ̂‖，以及舍入")
    for k in range(1, 151):
        theta = theta + (X.T @ (y - 1 / (1 + np.exp(-X @ theta))) - penalty * theta) / L
        if k in (3, 150):
            limit = (1 - penalty / L) ** k * size + 8 * 40 * 2.0**-52 * size * L / penalty
            yield bound(float(np.linalg.norm(theta - best)), float(limit), "≤", why)


@LOGISTIC_REGRESSION.claim
def separable_data_diverge_without_a_penalty(fit, rng):
    """When a hyperplane separates the classes the coefficients keep growing with the steps and ℓ tends to 0; a penalty
    stops them. With some of the points on the hyperplane they grow as well, though ℓ stays below 0"""
    X = np.column_stack([np.ones(40), rng.standard_normal((40, 2))])
    X[:, 1] += 0.3 * np.sign(X[:, 1])
    y = (X[:, 1] > 0).astype(float)
    sizes, values, kept = [], [], []
    for steps in (4, 8, 16):
        theta, value = fit(X, y, np.zeros(3), steps=steps)
        sizes.append(float(np.linalg.norm(theta)))
        values.append(float(value))
        kept.append(float(np.linalg.norm(fit(X, y, np.zeros(3), steps=2 * steps, penalty=0.1)[0])))
    growth = min(sizes[1] / sizes[0], sizes[2] / sizes[1])
    yield bound(growth, 1.3, "≥", Text("doubling the steps adds far more than rounding", "步数加倍，增量远超舍入"))
    yield bound(values[-1], -1e-4, "≥", Text("ℓ tends to 0", "ℓ 趋于 0"))
    yield roundoff(kept[2], kept[1], terms=40, scale=10 * kept[1])
    # untreated: one of four recovers, and all are on the hyperplane x₂ = 0; treated: all three recover
    treated, well = np.repeat([0.0, 1.0], [4, 3]), np.array([1.0, 0, 0, 0, 1, 1, 1])
    ends = [fit(np.column_stack([np.ones(7), treated]), well, np.zeros(2), steps=steps) for steps in (4, 8, 12)]
    step = Text("about 1 for each of four steps", "四步，每步约 1")
    yield bound(min(np.diff([float(theta[1]) for theta, _ in ends])), 3.9, "≥", step)
    supremum = -np.log(4) - 3 * np.log(4 / 3)
    yield bound(max(float(value) for _, value in ends), supremum, "≤", Text("the supremum", "上确界"))


@LOGISTIC_REGRESSION.claim
def equal_columns_have_many_maximisers(fit, rng):
    r"""With two equal columns there are many maximisers: from (1, 0) gradient ascent ends at (½, −½), from (0, ½) at
    (−¼, ¼), at the same ℓ = −4 ln 2"""
    X, y = np.ones((4, 2)), np.array([0.0, 1.0, 1.0, 0.0])
    for start, end in (([1.0, 0.0], [0.5, -0.5]), ([0.0, 0.5], [-0.25, 0.25])):
        theta = np.array(start)
        for _ in range(100):
            theta = theta + 0.25 * X.T @ (y - 1 / (1 + np.exp(-X @ theta)))
        yield roundoff(theta, end, terms=400, scale=1.0)
        yield roundoff(fit(X, y, theta)[1], -4 * np.log(2), terms=4)


@LOGISTIC_REGRESSION.claim
def newton_may_overshoot(fit, rng):
    r"""Concavity is not enough for Newton's steps: for one observation of each label at x = 1 the maximum is at 0 with
    ℓ = −2 ln 2. From θ = 2 it is reached; from θ = 3 undamped steps lead to −7.02, 551.2, and ℓ = −551"""
    X, y = np.ones((2, 1)), np.array([0.0, 1.0])
    near, best = fit(X, y, np.array([2.0]), steps=6)
    yield roundoff([float(near[0]), float(best)], [0.0, -2 * np.log(2)], terms=8, scale=2.0)
    theta = 3.0
    for _ in range(2):
        p = 1 / (1 + np.exp(-theta))
        theta = theta + (1 - 2 * p) / (2 * p * (1 - p))
    yield bound(theta, 551.0, "≥", Text("the maximum is at 0", "最大值在 0 处"))
    yield roundoff(fit(X, y, np.array([theta]))[1], -theta, terms=2)


@LOGISTIC_REGRESSION.claim
def no_overflow_at_a_thousand(fit, rng):
    r"""No overflow at $\lvert z\rvert=1000$: ℓ is 0 for the right label and −1000 for the wrong one"""
    one = np.ones((1, 1))
    for z, label, want in ((1000.0, 1.0, 0.0), (1000.0, 0.0, -1000.0), (-1000.0, 1.0, -1000.0), (-1000.0, 0.0, 0.0)):
        yield identical(float(fit(one, np.array([label]), np.array([z]))[1]), want)


@LOGISTIC_REGRESSION.claim
def one_bracket_for_both_terms(fit, rng):
    """One bracket for both terms: ℓ of all observations is the sum of those of each"""
    X, y, _ = data(rng, n=12)
    theta = rng.standard_normal(3)
    parts = [float(fit(X[i : i + 1], y[i : i + 1], theta)[1]) for i in range(12)]
    p = 1 / (1 + np.exp(-X @ theta))
    direct = (y * np.log(p) + (1 - y) * np.log(1 - p)).sum()
    return all_of(roundoff(fit(X, y, theta)[1], sum(parts), terms=12), roundoff(sum(parts), direct, terms=12))


@LOGISTIC_REGRESSION.claim
def recovers_the_truth(fit, rng):
    """From 4000 rows it recovers the coefficients that drew the labels, within five of their standard errors"""
    X, y, truth = data(rng, n=4000)
    theta, _ = fit(X, y, np.zeros(3), steps=12)
    p = 1 / (1 + np.exp(-X @ theta))
    errors = np.sqrt(np.diag(np.linalg.inv((X.T * (p * (1 - p))) @ X)))
    return all_of(*[statistical(t, w, e) for t, w, e in zip(theta, truth, errors, strict=True)])


@LOGISTIC_REGRESSION.claim
def pca_is_no_remedy(fit, rng):
    """PCA ignores the labels: of two features with deviations 10 and 0.1, the label being the sign of the second, one
    component classifies like a coin, both features at 99 % and more"""
    X = rng.standard_normal((2000, 2)) * [10, 0.1]
    y = (X[:, 1] > 0).astype(float)
    axis = np.linalg.svd(X[:1000] - X[:1000].mean(0), full_matrices=False)[2][0]
    right = []
    for Z in ((X @ axis)[:, None], X):
        A = np.column_stack([np.ones(2000), Z])
        theta, _ = fit(A[:1000], y[:1000], np.zeros(A.shape[1]), steps=12, penalty=1e-4)
        right.append((A[1000:] @ theta > 0) == (y[1000:] > 0))
    # the first axis is not quite e₁, which lets through a little of the second feature
    tilt = abs(axis[1] / axis[0]) * 0.1 / 10
    limit = 0.5 + np.arctan(tilt) / np.pi + 5 * np.sqrt(0.25 / 1000)
    yield bound(
        right[0].mean(),
        float(limit),
        "≤",
        Text("½, the tilt of the axis, and 5 standard errors", "½、主轴的倾斜，以及 5 倍标准误"),
    )
    yield bound(right[1].mean(), 0.99, "≥", Text("nearly separable by the second feature", "由第二个特征几乎可分"))


@LOGISTIC_REGRESSION.mutant(
    caught_by="equals-definition, log-likelihood-is-concave, likelihood-vanishes-from-1075-flips, "
    "gradient-vanishes-at-the-maximum"
)
def ascends_the_likelihood(X, y, theta, steps=0, penalty=0.0):
    """ascends the likelihood itself"""

    def probability(theta):
        p = 1 / (1 + np.exp(-X @ theta))
        return p, np.prod(np.where(y == 1, p, 1 - p))

    for _ in range(steps):
        p, L = probability(theta)
        theta = theta + L * X.T @ (y - p)
    return theta, probability(theta)[1]


@LOGISTIC_REGRESSION.mutant(
    caught_by="equals-definition, one-bracket-for-both-terms, gradient-is-label-less-probability"
)
def sum_over_the_first_term(X, y, theta, steps=0, penalty=0.0):
    """the sum covers the first term only"""
    theta, _ = logistic_regression(X, y, theta, steps, penalty)
    z = X @ theta
    return theta, (-y * np.logaddexp(0, -z)).sum() - (1 - y[-1]) * np.logaddexp(0, z[-1]) - penalty / 2 * theta @ theta


@LOGISTIC_REGRESSION.mutant(caught_by="no-overflow-at-a-thousand")
def log_of_the_sigmoid(X, y, theta, steps=0, penalty=0.0):
    """log of the sigmoid, as it is written"""
    theta, _ = logistic_regression(X, y, theta, steps, penalty)
    p = 1 / (1 + np.exp(-X @ theta))
    return theta, (y * np.log(p) + (1 - y) * np.log(1 - p)).sum() - penalty / 2 * theta @ theta


@LOGISTIC_REGRESSION.mutant(caught_by="newton-may-overshoot, equals-definition")
def halved_steps(X, y, theta, steps=0, penalty=0.0):
    """Newton's steps are halved"""
    for _ in range(steps):
        moved, _ = logistic_regression(X, y, theta, 1, penalty)
        theta = (theta + moved) / 2
    return theta, logistic_regression(X, y, theta, 0, penalty)[1]


@LOGISTIC_REGRESSION.mutant(
    caught_by="equals-scikit-learn, gradient-ascent-reaches-the-same, gradient-vanishes-at-the-maximum, "
    "log-likelihood-is-concave, equal-columns-have-many-maximisers"
)
def squared_error(X, y, theta, steps=0, penalty=0.0):
    """squared error of the probabilities"""
    for _ in range(steps):
        p = np.exp(-np.logaddexp(0, -X @ theta))
        S = p * (1 - p)
        gradient = X.T @ (S * (y - p)) - penalty * theta
        theta = theta + np.linalg.solve((X.T * S**2) @ X + (penalty + 1e-6) * np.eye(len(theta)), gradient)
    p = np.exp(-np.logaddexp(0, -X @ theta))
    return theta, -0.5 * ((y - p) ** 2).sum() - penalty / 2 * theta @ theta


@LOGISTIC_REGRESSION.mutant(
    caught_by="separable-data-diverge-without-a-penalty, gradient-vanishes-at-the-maximum, equals-scikit-learn"
)
def hidden_penalty(X, y, theta, steps=0, penalty=0.0):
    """a penalty is slipped in"""
    return logistic_regression(X, y, theta, steps, penalty + 0.05)


@LOGISTIC_REGRESSION.mutant(caught_by="recovers-the-truth, pca-is-no-remedy, gradient-is-label-less-probability")
def labels_confused(X, y, theta, steps=0, penalty=0.0):
    """the labels are confused"""
    return logistic_regression(X, 1 - y, theta, steps, penalty)


LOGISTIC_REGRESSION.erratum(
    "E9",
    common=r"Ascend the likelihood $L(\theta)=\prod_i p_i^{y_i}(1-p_i)^{1-y_i}$",
    why="It is exactly 0 in float64 from 1075 fair coin flips on, and its gradient with it; and it is not concave, "
    r"$\sigma''(-2)=+0.080$.",
    right="ascend the log-likelihood, which is concave and never underflows",
    claims="likelihood-vanishes-from-1075-flips, log-likelihood-is-concave",
)
LOGISTIC_REGRESSION.erratum(
    "E141",
    common="The log-likelihood is concave, so Newton's method (IRLS) converges from every start (a common slip)",
    why="Undamped steps overshoot where the curvature is small: from θ = 3 they go to −7.02 and 551, though the maximum "
    "is at 0. And a concave function may have many maximisers, or none.",
    right="the maximal value is unique; the maximiser exists and is unique when X has full column rank and the classes overlap; "
    "Newton needs damping or a near start",
    claims="newton-may-overshoot, equal-columns-have-many-maximisers, separable-data-diverge-without-a-penalty",
)
LOGISTIC_REGRESSION.erratum(
    "E37",
    common=r"$-\frac1m\left[\sum_{i=1}^m y_i\log\hat y_i\right]$ with $+(1-y_i)\log(1-\hat y_i)$ left outside the sum",
    why="So bracketed the sum covers the first term only, and i has no meaning in the second: the loss of the whole "
    "is not the sum of the losses.",
    right=r"$-\frac1m\sum_{i=1}^m\left[y_i\log\hat y_i+(1-y_i)\log(1-\hat y_i)\right]$",
    claims="one-bracket-for-both-terms",
)
LOGISTIC_REGRESSION.erratum(
    "E60",
    common="Reduce the dimension (with PCA, for instance) as a general remedy before fitting",
    why="PCA looks at the variance of the features, not at the labels: what it drops may be all that matters. Here "
    "one component guesses, two features are right 99 times in 100.",
    right="a penalty, or components chosen with the labels in view; validate either",
    claims="pca-is-no-remedy",
)


@LOGISTIC_REGRESSION.figure(
    gap=Slider(0.0, 4.0, 3.2, "distance between the classes"), penalty=Slider(1e-4, 10.0, 0.01, "penalty λ", log=True)
)
def figure(gap, penalty):
    rng = np.random.default_rng(5)
    n = 40
    y = np.repeat([0.0, 1.0], n // 2)
    x = np.clip(rng.standard_normal(n), -1.9, 1.9) * 0.8 + gap * (y - 0.5)
    X = np.column_stack([np.ones(n), x])
    theta, value = logistic_regression(X, y, np.zeros(2), 25, penalty)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    grid = np.linspace(-4, 4, 300)
    left.plot(grid, 1 / (1 + np.exp(-theta[0] - theta[1] * grid)))
    left.scatter(
        x,
        y + 0.04 * rng.standard_normal(n) * (0.5 - y),
        s=14,
        color=[COLOURS[1] if label else COLOURS[2] for label in y],
        alpha=0.8,
    )
    left.set(xlabel="x", ylabel="P(y = 1)", title=f"slope {theta[1]:.2f}")
    steps = np.arange(13)
    free = [np.linalg.norm(logistic_regression(X, y, np.zeros(2), k)[0]) for k in steps]
    kept = [np.linalg.norm(logistic_regression(X, y, np.zeros(2), k, penalty)[0]) for k in steps]
    right.plot(steps, free, "o-", color=COLOURS[1], ms=4, label="no penalty")
    right.plot(steps, kept, "s-", ms=4, label=f"λ = {penalty:.2g}")
    right.set(xlabel="Newton step", ylabel=r"$\|\theta\|$", title="do the coefficients settle?")
    right.legend(frameon=False)
    apart = x[y == 0].max() < x[y == 1].min()
    words = Text(
        f"{n} observations, classes {gap:.1f} apart: {'separated by a threshold' if apart else 'they overlap'}. With λ = {penalty:.2g} the slope is "
        f"{theta[1]:.2f} and ℓ = {value:.2f}; without a penalty ‖θ‖ is {free[6]:.2f} after 6 and {free[12]:.2f} after 12 steps.",
        f"{n} 个观测，两类相距 {gap:.1f}：{'可用一个阈值分开' if apart else '相互重叠'}。λ = {penalty:.2g} 时斜率为 {theta[1]:.2f}，ℓ = {value:.2f}；"
        f"不加惩罚时 ‖θ‖ 在 6 步后为 {free[6]:.2f}，12 步后为 {free[12]:.2f}。",
    )
    return Drawing(fig, words)
