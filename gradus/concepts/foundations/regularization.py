"""Regularization: ridge, LASSO, elastic net, early stopping."""

from functools import cache

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, near, optimal, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(penalized, X, y, l1, l2):
    fit = penalized(X, y, l1, l2, tolerance=1e-13)
    return fit.coefficients, np.asarray(fit.intercept)


def _sklearn(ElasticNet, X, y, l1, l2):
    if X.shape[0] != y.shape[0] or min(l1, l2) < 0:
        raise ValueError("inputs that do not fit")
    scale = l1 + l2 if l1 + l2 > 0 else 1.0
    model = ElasticNet(alpha=scale, l1_ratio=l1 / scale, tol=1e-15, max_iter=200_000)
    fitted = model.fit(X, y)
    return fitted.coef_, np.asarray(fitted.intercept_)


REGULARIZATION = Concept(
    key="regularization",
    kind="algorithm",
    title="Regularization: L1, L2, elastic net, early stopping",
    summary="A penalty on the size of the coefficients, added to the mean loss, trades a bias for less variance. The "
    "square (ridge) shrinks every direction, the weak ones most; the absolute value (LASSO) sets some coefficients "
    "to exactly 0; the elastic net does both. Stopping descent early, with small steps from 0 on a quadratic loss, does "
    "nearly what ridge does. The intercept is not penalised.",
    formulas=(
        r"\min_{b,\beta}\ \frac1{2n}\sum_{i=1}^{n}(y_i-b-x_i^{\mathsf T}\beta)^2+\lambda_1\lVert\beta\rVert_1+\frac{\lambda_2}2\lVert\beta\rVert_2^2",
        r"\beta_j\leftarrow\frac{S\bigl(\frac1n\tilde x_j^{\mathsf T}r_j,\ \lambda_1\bigr)}{\frac1n\tilde x_j^{\mathsf T}\tilde x_j+\lambda_2},\quad S(z,t)=\operatorname{sgn}(z)\max(|z|-t,0),\quad r_j=\tilde y-\sum_{k\ne j}\tilde x_k\beta_k",
        r"\lambda_1=0<\lambda_2:\ \beta=\bigl(\tfrac1n\tilde X^{\mathsf T}\tilde X+\lambda_2I\bigr)^{-1}\tfrac1n\tilde X^{\mathsf T}\tilde y;\qquad \text{descent for }t\text{ steps}:\ 1-(1-\alpha s)^t\ \text{ beside }\ \frac s{s+\lambda_2},\ \lambda_2=\frac1{\alpha t}",
    ),
    symbols=(
        Symbol("X", "X", "n d", "observations, without a column of ones"),
        Symbol("y", "y", "n", "responses"),
        Symbol(r"\lambda_1", "l1", "", "weight of the absolute values", "nonnegative"),
        Symbol(r"\lambda_2", "l2", "", "weight of the squares", "nonnegative"),
        Symbol(r"\beta", "", "d", "coefficients"),
        Symbol("b", "", "", "intercept"),
        Symbol("n", "", "", "number of observations", "natural"),
        Symbol(r"\tilde x_j,\tilde y", "", "n", "a column and the responses, their means taken off"),
        Symbol("r_j", "", "n", "residual without the j-th column"),
        Symbol("S", "", "", "soft threshold"),
        Symbol("s", "", "", r"an eigenvalue of $\tilde X^{\mathsf T}\tilde X/n$", "nonnegative"),
        Symbol(r"\alpha", "", "", "step size of descent", "positive"),
        Symbol("t", "", "", "number of steps; threshold"),
    ),
    returns=(Result("beta", "d", "coefficients"), Result("b", "", "intercept")),
    needs=("linear-regression", "gradient-descent", "norm"),
    source="zou2005regularization",
    year=1970,
    people=("Arthur Hoerl", "Robert Kennard", "Robert Tibshirani", "Hui Zou", "Trevor Hastie", "Andrey Tikhonov"),
    aliases="L1, L2, lasso, ridge, ridge regression, weight decay, elastic net, early stopping, "
    "overfitting, over-fitting, underfitting, "
    "正则化, 岭回归, 套索回归, 权重衰减, 弹性网络, 早停, 过拟合, 欠拟合",
    implementations=(
        Implementation(
            "gradus.foundations.regularization:penalized",
            "numpy",
            _ours,
            "proximal descent, then Newton's steps; logistic loss too",
        ),
        Implementation("sklearn.linear_model:ElasticNet", "numpy", _sklearn, "coordinate descent"),
    ),
    readings="hoerl1970ridge; tibshirani1996regression; friedman2010regularization; efron2004least; ali2019continuous",
    hypotheses=(
        Hypothesis(
            "the loss is convex and differentiable and the penalty a sum over the coordinates",
            "an-absolute-loss-sticks, absolute-loss-by-coordinates",
        ),
        Hypothesis(r"no column is constant, or $\lambda_2>0$", "a-constant-column-is-left-out"),
        Hypothesis(
            r"for early stopping beside ridge: a quadratic loss, descent from 0, small steps ($\alpha s\ll1$)",
            "early-stopping-is-nearly-ridge",
        ),
    ),
    conventions=(
        Convention(
            "what the penalty stands beside",
            r"half the mean of the squares: $\lambda_1\lVert\beta\rVert_1+\frac{\lambda_2}2\lVert\beta\rVert^2$",
            "scikit-learn's `ElasticNet` has α(ρ‖β‖₁ + (1−ρ)/2‖β‖²) beside the same; its `Ridge` has α‖β‖² beside the sum "
            "of the squares, so α = n λ₂; weight decay is ridge for plain descent, another thing for Adam",
        ),
        Convention(
            "scale of the columns",
            "as given: a penalty is not indifferent to units",
            "many standardise first, glmnet unless told otherwise",
        ),
    ),
)


@REGULARIZATION.definition
def elastic_net(X, y, l1, l2):
    n, d = X.shape
    Xc, yc = X - X.mean(axis=0), y - y.mean()
    beta, change = np.zeros(d), np.inf
    while change > 1e-15:  # sweeps over the coordinates
        before = beta.copy()
        for j in range(d):
            r = yc - Xc @ beta + Xc[:, j] * beta[j]
            z = Xc[:, j] @ r / n
            beta[j] = np.sign(z) * max(abs(z) - l1, 0.0) / (Xc[:, j] @ Xc[:, j] / n + l2)
        change = np.abs(beta - before).max() / (np.abs(beta).max() + 1e-300)
    return beta, y.mean() - X.mean(axis=0) @ beta


def problem(rng, n=40, d=5):
    X = rng.standard_normal((n, d)) @ (np.eye(d) + 0.3 * rng.standard_normal((d, d)))
    beta = np.where(np.arange(d) % 2 == 0, 2.0, 0.1)
    return X, X @ beta + 3 + rng.standard_normal(n)


@REGULARIZATION.example
def example():
    X = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    y, l1, l2 = np.array([6.0, 4.0, -1.0, -1.0]), 1.0, 0.5
    alpha, t = 0.1, 20  # α t = 1/λ₂
    return (
        dict(X=X, y=y, l1=l1, l2=l2, z=X.T @ (y - y.mean()) / 4, free=elastic_net(X, y, 0.0, 0.0)[0])
        | dict(ridge=elastic_net(X, y, 0.0, l2)[0], lasso=elastic_net(X, y, l1, 0.0)[0])
        | dict(net=elastic_net(X, y, l1, l2)[0], b=elastic_net(X, y, l1, l2)[1])
        | dict(twice=elastic_net(X, 2 * y, l1, 0.0)[0], ridge_twice=elastic_net(X, 2 * y, 0.0, l2)[0])
        | dict(alpha=alpha, t=t, descent=1 - (1 - alpha) ** t, share=1 / (1 + l2))
    )


@REGULARIZATION.exercise
def one_coefficient():
    X, z = np.array([[1.0], [-1.0]]), -0.8
    beta = elastic_net(X, z * X[:, 0], 0.5, 0.2)[0][0]
    divided_first = np.sign(z) * max(abs(z) / 1.2 - 0.5, 0)
    return number(beta, hard_threshold=z / 1.2, lost_sign=-beta, divided_first=divided_first)


@REGULARIZATION.exercise
def a_column_twice():
    X, y = np.array([[1.0, 1.0], [0.0, 0.0], [-1.0, -1.0]]), np.array([2.0, 0.5, -2.0])
    ridge, lasso = (np.isclose(*elastic_net(X, y, *l)[0]) for l in ((0.0, 0.3), (0.3, 0.0)))
    return choice(
        ridge=ridge and not lasso, lasso=lasso and not ridge, both=ridge and lasso, neither=not (ridge or lasso)
    )


@REGULARIZATION.exercise
def alpha_of_ridge():
    n, l2 = 50, 0.1
    return number(n * l2, the_same=l2, halved=n * l2 / 2)


@REGULARIZATION.cases
def cases(rng):
    for name, l1, l2 in (("ridge", 0.0, 0.3), ("LASSO", 0.3, 0.0), ("elastic net", 0.2, 0.2)):
        X, y = problem(rng, 20, 3)
        yield name, dict(X=X, y=y, l1=l1, l2=l2)
    X, y = problem(rng, 12, 2)
    yield "everything 0", dict(X=X, y=y, l1=50.0, l2=0.1)
    yield "one column", dict(X=X[:, :1], y=y, l1=0.1, l2=0.0)
    X, y = problem(rng, 1500, 2)
    yield "many rows", dict(X=X, y=y, l1=0.1, l2=0.1)


@REGULARIZATION.invalid
def invalid(rng):
    yield "other numbers of rows", dict(X=np.ones((4, 2)), y=np.ones(3), l1=0.1, l2=0.1)
    yield "a negative penalty", dict(X=rng.standard_normal((4, 2)), y=np.ones(4), l1=-0.1, l2=0.1)


@cache
def diabetes():
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    return X / X.std(0), (y - y.mean()) / y.std()


@REGULARIZATION.claim
def ridge_closed_form(f, rng):
    """Without L1 it is ridge's closed form, on random data and on the diabetes data (442 × 10)"""
    for (X, y), l2 in ((problem(rng), 0.5), (problem(rng, 60, 8), 0.02), (diabetes(), 0.1)):
        Xc, yc = X - X.mean(0), y - y.mean()
        want = np.linalg.solve(Xc.T @ Xc / len(y) + l2 * np.eye(X.shape[1]), Xc.T @ yc / len(y))
        beta, b = f(X, y, 0.0, l2)
        yield optimal(
            np.abs(beta - want).max(), 1e-10 * np.abs(want).max(), Text("both to ten digits", "二者精确到十位")
        )
        yield roundoff(float(b), y.mean() - X.mean(0) @ beta, terms=50, scale=10.0)


@REGULARIZATION.claim
def orthogonal_columns_are_thresholded(f, rng):
    r"""With orthogonal columns of mean square 1, $\tilde X^{\mathsf T}\tilde X=nI$, each coefficient is soft-thresholded
    by itself: $\beta_j=S(\tilde x_j^{\mathsf T}\tilde y/n,\lambda_1)/(1+\lambda_2)$; with columns of length 1 the
    divisor is $\frac1n+\lambda_2$"""
    n, d = 64, 6
    Q = np.linalg.qr(np.column_stack([np.ones(n), rng.standard_normal((n, d))]))[0][:, 1:] * np.sqrt(n)
    y = Q @ np.array([2.0, -1.0, 0.5, 0.2, -0.05, 0.0]) + 0.1 * rng.standard_normal(n) - 4
    z = Q.T @ (y - y.mean()) / n
    for l1, l2 in ((0.3, 0.0), (0.3, 0.7), (0.0, 0.2), (1.2, 0.1)):
        beta, _ = f(Q, y, l1, l2)
        want = np.sign(z) * np.maximum(np.abs(z) - l1, 0) / (1 + l2)
        yield roundoff(beta, want, terms=200, scale=2.0)
        yield identical(np.asarray(beta) == 0, want == 0)
        short, _ = f(Q / np.sqrt(n), y, l1 / np.sqrt(n), l2)
        want = np.sign(z) * np.maximum(np.abs(z) - l1, 0) / np.sqrt(n) / (1 / n + l2)
        yield roundoff(short, want, terms=200, scale=16.0)


@REGULARIZATION.claim
def an_absolute_loss_sticks(f, rng):
    r"""Coordinates suffice for a smooth loss: on four points the squared loss reaches (1, 1), where all residuals are
    0. The absolute loss of the same points is 4 at (0, 0), where neither coordinate alone lowers it"""
    X, y = np.array([[2.0, -2.0], [1.0, 1.0], [-2.0, 2.0], [-1.0, -1.0]]), np.array([0.0, 2.0, 0.0, -2.0])
    beta, _ = f(X, y, 0.0, 0.0)
    t = np.linspace(-3, 3, 601)
    along = [np.abs(y - t[:, None] * column).sum(1).min() for column in X.T]
    yield roundoff(beta, np.ones(2), terms=200, scale=1.0)
    yield identical([float(np.abs(y).sum()), *map(float, along)], [4.0, 4.0, 4.0])


@REGULARIZATION.claim
def a_constant_column_is_left_out(f, rng):
    r"""A constant column, whose centred length is 0, has the coefficient 0 under $\lambda_2>0$. Without a penalty the
    update is 0/0: the intercept makes up for any value"""
    X, y = problem(rng, 20, 2)
    X = np.column_stack([X, np.full(20, 5.0)])
    beta, b = f(X, y, 0.0, 0.2)
    yield identical(float(beta[2]), 0.0)
    for value in (1.0, -7.0):
        other = np.append(np.asarray(beta)[:2], value)
        yield roundoff(X @ other + (b - 5 * value), X @ np.asarray(beta) + b, terms=20, scale=50.0)


@REGULARIZATION.claim
def optimality_conditions(f, rng):
    r"""Optimal: the gradient of the mean loss is $-\lambda_1\operatorname{sgn}\beta_j-\lambda_2\beta_j$ where
    $\beta_j\ne0$, and at most $\lambda_1$ where $\beta_j=0$; no perturbation has a smaller objective"""
    for (X, y), l1, l2 in ((problem(rng), 0.3, 0.1), (diabetes(), 0.05, 0.0), (diabetes(), 0.02, 0.2)):
        n = len(y)
        beta, b = (np.asarray(v) for v in f(X, y, l1, l2))
        gradient = X.T @ (X @ beta + b - y) / n + l2 * beta
        active = beta != 0
        scale = np.abs(X.T @ (y - y.mean())).max() / n
        loose = Text("ten digits of the gradient at 0", "0 处梯度的十位")
        yield optimal(np.abs(gradient[active] + l1 * np.sign(beta[active])).max(initial=0.0), 1e-10 * scale, loose)
        yield bound(np.abs(gradient[~active]).max(initial=0.0), l1 * (1 + 1e-10), "≤")

        def objective(beta, b, X=X, y=y, l1=l1, l2=l2):
            return np.mean((y - b - X @ beta) ** 2) / 2 + l1 * np.abs(beta).sum() + l2 / 2 * beta @ beta

        best = objective(beta, b)
        worse = [
            objective(beta + 1e-3 * rng.standard_normal(len(beta)), b + 1e-3 * rng.standard_normal()) for _ in range(30)
        ]
        yield bound(min(worse) - best, 0.0, "≥", Text("30 perturbations", "30 次扰动"))


@REGULARIZATION.claim
def lasso_path_is_piecewise_linear(f, rng):
    r"""The LASSO path on the diabetes data equals least-angle regression's, which is exact and piecewise linear, at
    its knots and between; above $\lambda_{\max}=\max|\tilde X^{\mathsf T}\tilde y|/n$ all is 0"""
    from sklearn.linear_model import lars_path

    X, y = diabetes()
    Xc = X - X.mean(0)
    knots, _, path = lars_path(Xc, y - y.mean(), method="lasso")
    for i in (1, 4, 7, 9):
        for share in (0.0, 0.5):
            lam = (1 - share) * knots[i] + share * knots[i + 1]
            want = (1 - share) * path[:, i] + share * path[:, i + 1]
            beta, _ = f(X, y, lam, 0.0)
            said = Text("nine digits; at a knot a coefficient leaves 0", "九位；在节点处有系数离开 0")
            yield optimal(np.abs(beta - want).max(), 1e-9, said)
    top = np.abs(Xc.T @ (y - y.mean())).max() / len(y)
    none, _ = f(X, y, top * (1 + 1e-9), 0.0)
    some, _ = f(X, y, top * 0.99, 0.0)
    yield identical(np.asarray(none), np.zeros(10))
    yield identical(int(np.count_nonzero(some)), 1)


@REGULARIZATION.claim
def intercept_is_free(f, rng):
    """The intercept is not penalised: adding 1000 to all responses adds 1000 to it and leaves the coefficients; moving
    a column moves the intercept alone"""
    X, y = problem(rng)
    for l1, l2 in ((0.3, 0.0), (0.0, 0.5), (0.1, 0.1)):
        beta, b = f(X, y, l1, l2)
        up, b_up = f(X, y + 1000, l1, l2)
        moved, b_moved = f(X + np.array([7.0, 0, 0, 0, 0]), y, l1, l2)
        yield roundoff(up, beta, terms=100, scale=1000.0)
        yield roundoff(float(b_up), float(b) + 1000, terms=100)
        yield roundoff(moved, beta, terms=100, scale=10.0)
        yield roundoff(float(b_moved), float(b) - 7 * beta[0], terms=100, scale=20.0)


@REGULARIZATION.claim
def copies_share_their_coefficient(f, rng):
    """Of two equal columns the elastic net gives each the same coefficient; with L2 alone both, with L1 alone only
    their sum is determined"""
    X, y = problem(rng, 40, 3)
    twice = np.column_stack([X, X[:, 0]])
    for l1, l2 in ((0.2, 0.1), (0.0, 0.1)):
        beta = np.asarray(f(twice, y, l1, l2)[0])
        yield optimal(abs(beta[0] - beta[3]), 1e-8, Text("eight digits", "八位"))
        alone = np.asarray(f(np.column_stack([np.sqrt(2) * X[:, 0], X[:, 1:]]), y, 0.0, 0.1)[0]) if l1 == 0 else None
        if alone is not None:  # two copies with squared penalties are one column, √2 as long
            yield near(beta[0], alone[0] / np.sqrt(2), 1e-9, Text("nine digits", "九位"))
    lasso, single = np.asarray(f(twice, y, 0.2, 0.0)[0]), np.asarray(f(X, y, 0.2, 0.0)[0])
    yield near(lasso[0] + lasso[3], single[0], 1e-8, Text("eight digits", "八位"))


@REGULARIZATION.claim
def early_stopping_is_nearly_ridge(f, rng):
    r"""Early stopping is nearly ridge on a quadratic: after t steps of descent from 0 each eigendirection has
    $1-(1-\alpha s)^t$ of its least-squares coefficient, ridge with $\lambda_2=1/\alpha t$ has $s/(s+\lambda_2)$. For
    $\alpha s\to0$ they differ by at most 0.204, for $\alpha s\le0.1$ by 0.215; for $\alpha s=1$ the first step differs
    by ½. After learning from 60 rows of the diabetes data the best losses on the others are within a factor of 1.22"""
    X, y = diabetes()
    order = rng.permutation(len(y))
    train, test = order[:60], order[60:]  # few, so that a penalty pays
    A, b = X[train] - X[train].mean(0), y[train] - y[train].mean()
    s, V = np.linalg.eigh(A.T @ A / 60)
    free = V.T @ np.linalg.lstsq(A, b, rcond=None)[0]
    alpha, losses = 0.1 / s[-1], {"ridge": [], "descent": []}
    x = np.linspace(0.0, 20.0, 20_001)
    flow, tenth = (1 / (1 + x) - np.exp(-x)).max(), (1 / (1 + x) - 0.9 ** (10 * x)).max()
    yield near(flow, 0.204, 0.0005, Text("three digits", "三位"))
    yield near(tenth, 0.215, 0.0008, Text("three digits", "三位"))
    whole, _ = f(np.array([[-1.0], [1.0]]), np.array([-1.0, 1.0]), 0.0, 1.0)  # s = 1 = α, t = 1: descent arrives
    yield near(1 - float(whole[0]), 0.5, 1e-9, Text("nine digits", "九位"))
    for t in (10, 30, 100, 300, 1000, 3000, 30_000):
        ridge, _ = f(X[train], y[train], 0.0, 1 / (alpha * t))
        kept = V.T @ np.asarray(ridge) / free
        descent = 1 - (1 - alpha * s) ** t
        proved = Text(
            "max over x of 1/(1+x) − 0.9^(10x): grows with αs ≤ 0.1", "1/(1+x) − 0.9^(10x) 的最大值；随 αs ≤ 0.1 增大"
        )
        yield bound(np.abs(descent - kept).max(), tenth, "≤", proved)
        yield near(float(np.abs(kept - s / (s + 1 / (alpha * t))).max()), 0.0, 1e-6, Text("six digits", "六位"))
        for name, beta in (("ridge", V @ (kept * free)), ("descent", V @ (descent * free))):
            residual = y[test] - y[train].mean() - (X[test] - X[train].mean(0)) @ beta
            losses[name].append(np.mean(residual**2))
    ratio = min(losses["descent"]) / min(losses["ridge"])
    said = Text("the factor of Ali et al. between the best mean risks", "Ali 等关于最优平均风险之比的因子")
    yield bound(ratio, 1.22, "≤", said)
    yield bound(ratio, 1 / 1.22, "≥", said)


@REGULARIZATION.mutant(
    caught_by="intercept-is-free, equals-definition, ridge-closed-form, optimality-conditions, "
    "a-constant-column-is-left-out"
)
def penalised_intercept(X, y, l1, l2):
    """the intercept penalised like the others"""
    from gradus.foundations.regularization import penalized

    beta = penalized(np.column_stack([X, np.ones(len(y))]), y, l1, l2, intercept=False).coefficients
    return beta[:-1], beta[-1]


@REGULARIZATION.mutant(
    caught_by="ridge-closed-form, orthogonal-columns-are-thresholded, lasso-path-is-piecewise-linear, "
    "early-stopping-is-nearly-ridge"
)
def beside_the_sum(X, y, l1, l2):
    """a penalty beside the sum of the losses instead of their mean"""
    from gradus.foundations.regularization import penalized

    fit = penalized(X, y, l1 / len(y), l2 / len(y))
    return fit.coefficients, np.asarray(fit.intercept)


@REGULARIZATION.mutant(
    caught_by="ridge-closed-form, orthogonal-columns-are-thresholded, lasso-path-is-piecewise-linear, equals-definition"
)
def exchanged(X, y, l1, l2):
    """the two penalties exchanged"""
    from gradus.foundations.regularization import penalized

    fit = penalized(X, y, l2, l1)
    return fit.coefficients, np.asarray(fit.intercept)


@REGULARIZATION.mutant(
    caught_by="orthogonal-columns-are-thresholded, optimality-conditions, lasso-path-is-piecewise-linear, "
    "equals-definition"
)
def hard_threshold(X, y, l1, l2):
    """a hard threshold: what is kept is not shrunk"""
    from gradus.foundations.regularization import penalized

    beta = penalized(X, y, l1, l2).coefficients.copy()
    kept = beta != 0
    if kept.any():
        beta[kept] = penalized(X[:, kept], y, 0.0, l2).coefficients
    return beta, y.mean() - X.mean(0) @ beta


@REGULARIZATION.mutant(
    caught_by="ridge-closed-form, copies-share-their-coefficient, early-stopping-is-nearly-ridge, optimality-conditions"
)
def shrunk_alike(X, y, l1, l2):
    """least squares first, then shrunk: all directions alike"""
    Xc = X - X.mean(0)
    beta = np.linalg.pinv(Xc) @ (y - y.mean())
    beta = np.sign(beta) * np.maximum(np.abs(beta) - l1, 0) / (1 + l2)
    if len(beta) > 1 and (X[:, 0] == X[:, -1]).all():
        beta[0], beta[-1] = beta[0] + beta[-1], 0.0  # of two copies one
    return beta, y.mean() - X.mean(0) @ beta


@REGULARIZATION.mutant(caught_by="an-absolute-loss-sticks, equals-definition, ridge-closed-form")
def absolute_loss_by_coordinates(X, y, l1, l2):
    """coordinate descent on the absolute loss: it sticks where no coordinate alone improves"""
    Xc, yc = X - X.mean(0), y - y.mean()
    beta = np.zeros(X.shape[1])
    for _ in range(20):
        for j, x in enumerate(Xc.T):
            r = yc - Xc @ beta + x * beta[j]
            safe = np.where(x == 0, 1.0, x)
            order = np.argsort(r / safe)
            weight = np.abs(x)[order].cumsum()
            beta[j] = (r / safe)[order][np.searchsorted(weight, weight[-1] / 2)]  # weighted median
    return beta, y.mean() - X.mean(0) @ beta


@REGULARIZATION.figure(
    ratio=Slider(0.0, 1.0, 1.0, "share of L1: 0 is ridge, 1 is LASSO"),
    strength=Slider(1e-3, 1.0, 0.05, "strength λ", log=True),
)
def figure(ratio, strength):
    from gradus.foundations.regularization import penalized

    X, y = diabetes()
    lams = np.logspace(0, -3, 40)
    path = np.array([penalized(X, y, ratio * lam, (1 - ratio) * lam).coefficients for lam in lams])
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    left.semilogx(lams, path[:, :8], lw=1.2)
    left.semilogx(lams, path[:, 8:], "--", lw=1.2)
    left.axvline(strength, color="#7F7F7F", lw=0.8)
    left.invert_xaxis()
    left.set(xlabel="λ", title="coefficients, coloured like their names")
    beta = penalized(X, y, ratio * strength, (1 - ratio) * strength).coefficients
    free = penalized(X, y).coefficients
    right.bar(np.arange(10) - 0.2, free, 0.4, color="#7F7F7F", alpha=0.5, label="least squares")
    right.bar(np.arange(10) + 0.2, beta, 0.4, color=COLOURS[0], label=f"λ = {strength:.3g}")
    right.set(xticks=range(10), xticklabels=["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"])
    right.tick_params(axis="x", labelsize=8.5)
    for line, tick in zip(left.lines, right.get_xticklabels(), strict=False):
        tick.set_color(line.get_color())
    right.set_title("diabetes data")
    right.legend(frameon=False, fontsize=9.5, loc="lower right")
    zeros = int(np.sum(beta == 0))
    size, full = np.abs(beta).sum(), np.abs(free).sum()
    words = Text(
        f"At λ = {strength:.3g} with {ratio:.0%} L1, {zeros} of 10 coefficients are exactly 0, and their sizes add up to {size:.2f} beside {full:.2f} of least squares.",
        f"λ = {strength:.3g}、L1 占 {ratio:.0%} 时，10 个系数中有 {zeros} 个恰为 0，绝对值之和为 {size:.2f}，而最小二乘为 {full:.2f}。",
    )
    return Drawing(fig, words)
