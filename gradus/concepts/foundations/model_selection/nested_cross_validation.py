"""Nested cross-validation: judging the whole procedure, the choice of the setting included."""

import numpy as np

from gradus.concepts.foundations.model_selection.learners import estimator, one_column, ridge
from gradus.concepts.foundations.model_selection.model_selection import model_selection
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, identical, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _sklearn(GridSearchCV, fit, X, y, outer, inner, grid):
    from sklearn.model_selection import PredefinedSplit

    errors, chosen = [], []
    for k in range(outer.max() + 1):
        rest = outer != k
        folds = np.unique(inner[rest], return_inverse=True)[1]
        search = GridSearchCV(estimator(fit), {"setting": list(grid)}, cv=PredefinedSplit(folds), error_score="raise")
        search.fit(X[rest], y[rest])
        errors.append(-search.score(X[~rest], y[~rest]))
        chosen.append(search.best_params_["setting"])
    return np.array(errors), np.array(chosen)


NESTED_CROSS_VALIDATION = Concept(
    key="nested-cross-validation",
    kind="algorithm",
    title="Nested cross-validation",
    summary="The least of many cross-validated errors is too good to be true: it was chosen for being least. Nested, "
    "the choice is made anew within each training part, and the whole procedure is judged on rows that neither the "
    "models nor the choice have seen: unbiased for $n(1-1/K)$ rows, hence pessimistic for n where more rows help.",
    formulas=(
        r"\hat s_k=\arg\min_{s}\ \mathrm{CV}_{\text{inner}}\big(s;\,(x_i,y_i)_{i\notin I_k}\big),\qquad e_k=\frac{1}{|I_k|}\sum_{i\in I_k}\big(y_i-f^{-k}_{\hat s_k}(x_i)\big)^2",
        r"E\Big[\frac1K\sum_k e_k\Big]=\operatorname{Err}\!\big(n-\tfrac nK\big)\ \ge\ \operatorname{Err}(n)",
        r"E\Big[\min_g \mathrm{CV}(s_g)\Big]\ \le\ \min_g E\big[\mathrm{CV}(s_g)\big]",
    ),
    symbols=(
        Symbol(
            r"\operatorname{fit}", "fit", "function", "learns: (X, y, setting) to a function that predicts", "function"
        ),
        Symbol("x", "X", "n d", "rows"),
        Symbol("y", "y", "n", "what is to be predicted"),
        Symbol("I_k", "outer", "n", "outer fold of each row: judges", "index"),
        Symbol(r"\text{inner}", "inner", "n", "inner fold of each row: chooses", "index"),
        Symbol("s_g", "grid", "g", "the settings that are tried", "positive"),
        Symbol(r"\hat s_k", "", "K", "the setting chosen without fold k"),
        Symbol("e_k", "", "K", "error of the procedure on fold k"),
        Symbol(
            r"\operatorname{Err}",
            "",
            "",
            "expected error of the procedure on new rows after learning, and choosing, from so many independent ones; the "
            "inequality holds where more rows do not harm",
        ),
        Symbol("n,K", "", "", "numbers of rows and of outer folds, which are equal in size", "natural"),
    ),
    returns=(
        Result("error", "K", "error of the procedure on every outer fold"),
        Result("chosen", "K", "the setting chosen without that fold"),
    ),
    needs=("model-selection",),
    source="varma2006bias",
    year=1974,
    people=("Mervyn Stone", "Sudhir Varma", "Richard Simon"),
    aliases="nested CV, double cross-validation, selection bias, 嵌套 CV, 双重交叉验证, 选择偏差",
    implementations=(
        Implementation(
            "sklearn.model_selection:GridSearchCV",
            "numpy",
            _sklearn,
            "fitted within each outer fold, as `cross_val_score(GridSearchCV(…))` does",
        ),
    ),
    readings="varma2006bias; cawley2010overfitting; stone1974cross",
    hypotheses=(
        Hypothesis(
            "the choice for a fold sees nothing of it", "chosen-on-all-rows, judge-chooses, the-judge-does-not-choose"
        ),
        Hypothesis("for the inequality: more rows do not harm the procedure", "more-rows-may-harm"),
    ),
    deviations="The settings chosen in the outer folds may differ: nested cross-validation judges a procedure, and "
    "hands over no model. That comes from one more search on all rows.",
    differentiable=False,
)


@NESTED_CROSS_VALIDATION.definition
def nested_cross_validation(fit, X, y, outer, inner, grid):
    errors, chosen = [], []
    for k in range(outer.max() + 1):
        A, b = X[outer != k], y[outer != k]
        folds = [inner[outer != k] == j for j in np.unique(inner[outer != k])]
        cv = [np.mean([((b[j] - fit(A[~j], b[~j], s)(A[j])) ** 2).mean() for j in folds]) for s in grid]  # (settings,)
        s = grid[np.argmin(cv)]
        errors.append(((y[outer == k] - fit(A, b, s)(X[outer == k])) ** 2).mean())
        chosen.append(s)
    return np.array(errors), np.array(chosen)


@NESTED_CROSS_VALIDATION.example
def example():
    y, outer, inner, grid = (
        np.array([2.0, 1, 3, 0, 2, 1]),
        np.array([0, 0, 1, 1, 2, 2]),
        np.array([0, 1, 0, 1, 0, 1]),
        np.arange(3),
    )
    X = np.array([[3.0, 2, 4], [1, 2, -1], [1, 2, 3], [1, 1, 0], [2, 4, 3], [3, 2, 0]])  # one forecaster a column
    squares = (y[:, None] - X) ** 2
    errors, chosen = nested_cross_validation(one_column, X, y, outer, inner, grid)
    rest = np.array([squares[outer != k].mean(0) for k in range(3)])
    plain = squares.mean(0)
    return (
        dict(fit=one_column, X=X, y=y, outer=outer, inner=inner, grid=grid, squares=squares, rest=rest)
        | dict(errors=errors, names=["ABC"[j] for j in chosen], plain=plain, least=plain.min())
        | dict(honest=errors.mean())
    )


@NESTED_CROSS_VALIDATION.exercise
def fits_of_all_folds():
    outer, inner, settings = 5, 4, 6
    return number(
        outer * (inner * settings + 1),
        never_judged=outer * inner * settings,
        not_nested=outer * settings + 1,
        tolerance=1e-6,
    )


@NESTED_CROSS_VALIDATION.exercise
def the_better_of_two():
    outcomes = np.array([[a, b] for a in (0.8, 1.2) for b in (0.8, 1.2)])
    return number(outcomes.min(1).mean(), unbiased=outcomes.mean(), always_lucky=outcomes.min(), tolerance=1e-3)


@NESTED_CROSS_VALIDATION.exercise
def tried_five_times():
    estimates = np.random.default_rng(0).normal(0.2, 0.02, (4000, 5))  # each honest, each of a procedure with error 0.2
    reported = estimates.min(1).mean()
    return choice(honest=abs(reported - 0.2) < 0.005, too_small=reported < 0.195, too_large=reported > 0.205)


@NESTED_CROSS_VALIDATION.cases
def cases(rng):
    X, y = rng.standard_normal((12, 3)), rng.standard_normal(12)
    thirds, halves = np.arange(12) % 3, np.arange(12) // 3 % 2
    yield "ridge", dict(fit=ridge, X=X, y=y, outer=thirds, inner=halves, grid=np.array([0.1, 1.0, 10.0]))
    yield (
        "four inner folds",
        dict(fit=ridge, X=X, y=y, outer=thirds, inner=np.arange(12) % 4, grid=np.array([0.5, 5.0])),
    )
    yield "one setting", dict(fit=ridge, X=X, y=y, outer=halves, inner=thirds, grid=np.array([1.0]))
    yield (
        "folds of unlike size",
        dict(fit=ridge, X=X, y=y, outer=np.repeat([0, 1], [8, 4]), inner=thirds, grid=np.array([0.2, 2.0])),
    )


@NESTED_CROSS_VALIDATION.invalid
def invalid(rng):
    X, y, folds = rng.standard_normal((6, 2)), rng.standard_normal(6), np.arange(6) % 2
    yield ("fewer responses than rows", dict(fit=ridge, X=X, y=y[:5], outer=folds, inner=folds, grid=np.array([1.0])))
    yield (
        "more folds named than rows",
        dict(fit=ridge, X=X, y=y, outer=np.arange(8) % 2, inner=folds, grid=np.array([1.0])),
    )


@NESTED_CROSS_VALIDATION.claim
def one_setting_is_plain_cross_validation(nested, rng):
    """With one setting there is nothing to choose: it is plain cross-validation (scikit-learn's `cross_val_score`)"""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import PredefinedSplit, cross_val_score

    X, y, outer = rng.standard_normal((20, 3)), rng.standard_normal(20), np.arange(20) % 4
    errors, chosen = nested(ridge, X, y, outer, np.arange(20) // 4 % 2, np.array([2.5]))
    model = Ridge(2.5, fit_intercept=False, solver="cholesky")
    want = -cross_val_score(model, X, y, cv=PredefinedSplit(outer), scoring="neg_mean_squared_error")
    return all_of(roundoff(errors, want, terms=60), identical(chosen, np.full(4, 2.5)))


@NESTED_CROSS_VALIDATION.claim
def the_judge_does_not_choose(nested, rng):
    """What a fold holds does not enter the choice that it judges: y turned round there, and made a thousand times as
    large, changes the error and leaves the setting"""
    X, outer = rng.standard_normal((24, 3)), np.arange(24) % 3
    inner, grid, y = np.arange(24) // 3 % 2, np.array([0.01, 10_000.0]), X.sum(1)
    errors, chosen = nested(ridge, X, y, outer, inner, grid)
    why = Text("the triangle inequality: the root of the old error", "三角不等式：原误差的平方根")
    for k in range(3):
        e, s = nested(ridge, X, np.where(outer == k, -1000 * y, y), outer, inner, grid)
        yield identical(float(s[k]), float(chosen[k]))
        size = 1001 * np.sqrt((y[outer == k] ** 2).mean())  # −1000y − f = −1001y + (y − f)
        yield near(np.sqrt(e[k]), size, np.sqrt(errors[k]) + 64 * EPSILON * size, why)


@NESTED_CROSS_VALIDATION.claim
def the_choice_pays(nested, rng):
    """Chosen by the inner folds alone: of two columns one fits the inner folds, the other the judging fold; the first
    is chosen, and pays for it: its error is 4, not 0"""
    outer, inner = np.repeat([0, 1, 2], 4), np.arange(12) % 2
    y = rng.standard_normal(12)
    for k in range(3):
        judged = outer == k
        X = np.column_stack([np.where(judged, y + 2, y), np.where(judged, y, y + 2)])
        e, s = nested(one_column, X, y, outer, inner, np.arange(2))
        yield identical(float(s[k]), 0.0)
        yield roundoff(e[k], 4.0, terms=4, scale=4 + float(np.abs(y).max()) ** 2)


@NESTED_CROSS_VALIDATION.claim(cost="slow")
def the_least_of_many_is_too_good(nested, rng):
    """Eight settings that all have the error 2, exactly (a column of noise to predict noise): nested cross-validation
    says 2 on the mean of 120 data sets of 12 rows, the least of the eight cross-validated errors less than 1.4"""
    outer, inner, grid = np.arange(12) % 3, np.arange(12) // 3 % 2, np.arange(8)
    honest, least = [], []
    for _ in range(120):
        X, y = rng.standard_normal((12, 8)), rng.standard_normal(12)
        honest.append(nested(one_column, X, y, outer, inner, grid)[0].mean())
        least.append(model_selection(one_column, X, y, outer, grid)[0].mean(0).min())
    yield statistical(honest, 2.0)
    yield bound(np.mean(least), 1.4, "≤", Text("less than any of their expectations, 2", "低于其中任何一个的期望 2"))


def procedure(X, y, folds, grid):
    """Ridge with the penalty chosen by cross-validation: the fitted coefficients."""
    _, s = model_selection(ridge, X, y, folds, grid)
    return ridge(X, y, s)(np.eye(X.shape[1]))


@NESTED_CROSS_VALIDATION.claim(cost="slow")
def pessimistic_for_all_rows(nested, rng):
    r"""Unbiased for the procedure on $n(1-1/K)$ rows, pessimistic for n: ridge with a chosen penalty, 16 rows in 4
    folds, 10 columns. The true errors, from 12 and from 16 rows, are $\lVert\hat\theta-\theta\rVert^2+\sigma^2$"""
    n, p, outer = 16, 10, np.arange(16) % 4
    inner, grid, theta = np.arange(16) // 4 % 2, np.array([0.3, 3.0]), np.full(10, 0.7)
    gaps, gain = [], []
    for _ in range(200):
        X = rng.standard_normal((n, p))
        y = X @ theta + rng.standard_normal(n)
        estimate = nested(ridge, X, y, outer, inner, grid)[0].mean()
        # the true error of the very models that were judged: the estimate is unbiased for it given the training rows
        true = np.mean(
            [
                1 + ((procedure(X[outer != k], y[outer != k], inner[outer != k], grid) - theta) ** 2).sum()
                for k in range(4)
            ]
        )
        gaps.append(estimate - true)
        gain.append(true - 1 - ((procedure(X, y, inner, grid) - theta) ** 2).sum())
    gain = np.array(gain)
    five = Text("five standard errors above 0: 16 rows teach more than 12", "比 0 高五个标准误：16 行比 12 行学得更多")
    return all_of(statistical(gaps, 0.0), bound(gain.mean(), 5 * gain.std(ddof=1) / np.sqrt(len(gain)), "≥", five))


@NESTED_CROSS_VALIDATION.claim
def more_rows_may_harm(nested, rng):
    r"""More rows may harm: almost unpenalised least squares in 8 columns errs more from 8 rows than from 4, so that
    nested cross-validation in two folds is optimistic: its median over 60 data sets is below half of the true error's"""
    outer, inner, theta = np.arange(8) % 2, np.arange(8) // 2 % 2, np.full(8, 0.3)
    estimate, true = [], []
    for _ in range(60):
        X = rng.standard_normal((8, 8))
        y = X @ theta + rng.standard_normal(8)
        estimate.append(np.mean(nested(ridge, X, y, outer, inner, np.array([1e-8]))[0]))
        true.append(1 + ((ridge(X, y, 1e-8)(np.eye(8)) - theta) ** 2).sum())
    half = Text("half of the true error's median", "真实误差中位数的一半")
    yield bound(np.median(estimate), np.median(true) / 2, "≤", half)
    yield bound(np.median(estimate), 1.0, "≥", Text("the variance of the noise", "噪声的方差"))


@NESTED_CROSS_VALIDATION.claim
def folds_have_no_order(nested, rng):
    """Renumbering the outer folds reorders the answers, renumbering the inner ones changes nothing"""
    X, y, outer, inner = (
        rng.standard_normal((24, 4)),
        rng.standard_normal(24),
        np.arange(24) % 3,
        np.arange(24) // 3 % 4,
    )
    grid, names = np.array([0.1, 3.0, 100.0]), np.array([2, 0, 1])
    errors, chosen = nested(ridge, X, y, outer, inner, grid)
    e, s = nested(ridge, X, y, names[outer], 3 - inner, grid)
    # by itself every inner fold would choose its own column; together they choose the last, whatever their numbers
    off = np.column_stack([3.0 * (inner[:, None] != np.arange(4)), np.ones(24)])
    alike = [nested(one_column, y[:, None] + off, y, outer, i, np.arange(5))[1] for i in (inner, 3 - inner)]
    yield invariance(e[names], errors, terms=60)
    yield identical(s[names], chosen)
    for c in alike:
        yield identical(c, np.full(3, 4))


@NESTED_CROSS_VALIDATION.mutant(caught_by="the-judge-does-not-choose, the-least-of-many-is-too-good")
def chosen_on_all_rows(fit, X, y, outer, inner, grid):
    """the setting is chosen once, on all rows"""
    E, s = model_selection(fit, X, y, outer, grid)
    return E[:, list(grid).index(s)], np.full(len(E), s)


@NESTED_CROSS_VALIDATION.mutant(caught_by="the-choice-pays, the-least-of-many-is-too-good")
def judge_chooses(fit, X, y, outer, inner, grid):
    """each outer fold chooses the setting that suits it"""
    E, _ = model_selection(fit, X, y, outer, grid)
    return E.min(1), np.asarray(grid)[E.argmin(1)]


@NESTED_CROSS_VALIDATION.mutant(
    caught_by="one-setting-is-plain-cross-validation, pessimistic-for-all-rows, equals-definition, more-rows-may-harm"
)
def refitted_on_all_rows(fit, X, y, outer, inner, grid):
    """the chosen setting is fitted again on all rows, and then judged"""
    _, chosen = nested_cross_validation(fit, X, y, outer, inner, grid)
    errors = [((y - fit(X, y, s)(X)) ** 2)[outer == k].mean() for k, s in enumerate(chosen)]
    return np.array(errors), chosen


@NESTED_CROSS_VALIDATION.mutant(caught_by="folds-have-no-order, equals-definition")
def one_inner_fold(fit, X, y, outer, inner, grid):
    """only the inner fold numbered 0 chooses"""
    errors, chosen = [], []
    for k in range(outer.max() + 1):
        A, b, j = X[outer != k], y[outer != k], inner[outer != k] == 0
        s = min(grid, key=lambda s, A=A, b=b, j=j: ((b[j] - fit(A[~j], b[~j], s)(A[j])) ** 2).mean())
        errors.append(((y[outer == k] - fit(A, b, s)(X[outer == k])) ** 2).mean())
        chosen.append(s)
    return np.array(errors), np.array(chosen)


@NESTED_CROSS_VALIDATION.figure(
    settings=Slider(1, 60, 12, "settings that are tried, none better than another", log=True, integer=True),
    n=Slider(12, 96, 24, "rows n", log=True, integer=True),
)
def figure(settings, n):
    settings, n = int(settings), int(n) // 12 * 12
    rng = np.random.default_rng(9)
    outer, inner = np.arange(n) % 3, np.arange(n) // 3 % 2
    plain, nested = [], []
    for _ in range(400):
        errors = rng.standard_normal((n, 1)) - rng.standard_normal((n, settings))  # y − x_g, variance 2
        squares = errors**2
        plain.append(squares.mean(0).min())
        kept = []
        for k in range(3):
            # columns learn nothing: the inner error of a setting is its mean over the inner folds
            inside = [squares[(outer != k) & (inner == j)].mean(0) for j in (0, 1)]
            kept.append(squares[outer == k, np.mean(inside, 0).argmin()].mean())
        nested.append(np.mean(kept))
    fig, ax = canvas(width=6.2, height=3.4)
    bins = np.linspace(0, 4.5, 46)
    for values, colour, name in ((plain, COLOURS[1], "least cross-validated error"), (nested, COLOURS[0], "nested")):
        ax.hist(values, bins=bins, color=colour, alpha=0.5, density=True, label=f"{name}: mean {np.mean(values):.2f}")
    ax.axvline(2, color="k", ls="--", label="true error of every setting")
    ax.set(xlabel="estimated error", title=f"{settings} settings, {n} rows, 400 data sets")
    ax.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"{settings} settings whose true error is 2: the least cross-validated error is {np.mean(plain):.2f} on the mean of 400 data sets of {n} rows, nested cross-validation gives {np.mean(nested):.2f}.",
        f"{settings} 个真实误差均为 2 的设置：在 400 个 {n} 行的数据集上平均，最小的交叉验证误差为 {np.mean(plain):.2f}，嵌套交叉验证给出 {np.mean(nested):.2f}。",
    )
    return Drawing(fig, words)
