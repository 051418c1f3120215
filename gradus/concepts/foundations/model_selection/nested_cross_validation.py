"""Nested cross-validation: judging the whole procedure, the choice of the setting included."""

import numpy as np

from gradus.concepts.foundations.model_selection.common import estimator, one_column, ridge
from gradus.concepts.foundations.model_selection.family import model_selection
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff, statistical
from gradus.page.figures import COLOURS, canvas


def _sklearn(GridSearchCV, fit, X, y, outer, inner, grid):
    from sklearn.model_selection import PredefinedSplit

    errors, chosen = [], []
    for k in range(outer.max() + 1):
        rest = outer != k
        folds = np.unique(inner[rest], return_inverse=True)[1]
        search = GridSearchCV(estimator(fit), {"setting": list(grid)}, cv=PredefinedSplit(folds), error_score="raise")  # fmt: skip
        search.fit(X[rest], y[rest])
        errors.append(-search.score(X[~rest], y[~rest]))
        chosen.append(search.best_params_["setting"])
    return np.array(errors), np.array(chosen)


NESTED_CROSS_VALIDATION = Concept(
    key="nested-cross-validation",
    kind="algorithm",
    title=Text("Nested cross-validation", "嵌套交叉验证"),
    summary=Text(
        "The least of many cross-validated errors is too good to be true: it was chosen for being least. Nested, the choice is made anew within each training part, and the whole procedure is judged "
        "on rows that neither the models nor the choice have seen: unbiased for $n(1-1/K)$ rows, hence pessimistic for n.",
        "许多交叉验证误差中的最小者好得不真实：它正因最小才被选中。嵌套时，选择在每个训练部分内重新进行，整个过程由模型与选择都未见过的行来评判：对 $n(1-1/K)$ 行无偏，因而对 n 行悲观。",
    ),
    formulas=(
        r"\hat s_k=\arg\min_{s}\ \mathrm{CV}_{\text{inner}}\big(s;\,(x_i,y_i)_{i\notin I_k}\big),\qquad e_k=\frac{1}{|I_k|}\sum_{i\in I_k}\big(y_i-f^{-k}_{\hat s_k}(x_i)\big)^2",
        r"E\Big[\frac1K\sum_k e_k\Big]=\operatorname{Err}_{\text{procedure}}\!\big(n-\tfrac nK\big)\ \ge\ \operatorname{Err}_{\text{procedure}}(n)\quad\text{(where more rows do not harm)}",
        r"E\Big[\min_g \mathrm{CV}(s_g)\Big]\ \le\ \min_g E\big[\mathrm{CV}(s_g)\big]",
    ),
    symbols=(
        Symbol(r"\operatorname{fit}", "fit", "function", Text("learns: (X, y, setting) to a function that predicts", "学习：由 (X, y, 设置) 得到预测函数"), "function"),
        Symbol("x", "X", "n d", Text("rows", "各行的自变量")),
        Symbol("y", "y", "n", Text("what is to be predicted", "待预测的量")),
        Symbol("I_k", "outer", "n", Text("outer fold of each row: judges", "每行的外层折：用于评判"), "index"),
        Symbol(r"\text{inner}", "inner", "n", Text("inner fold of each row: chooses", "每行的内层折：用于选择"), "index"),
        Symbol("s_g", "grid", "g", Text("the settings that are tried", "所尝试的设置"), "positive"),
        Symbol(r"\hat s_k", "", "K", Text("the setting chosen without fold k", "不看第 k 折时选出的设置")),
        Symbol("e_k", "", "K", Text("error of the procedure on fold k", "该过程在第 k 折上的误差")),
        Symbol(r"\operatorname{Err}", "", "", Text("expected error on new rows after learning, and choosing, from so many", "用这么多行学习并选择之后，在新数据上的期望误差")),
    ),
    needs=("model-selection",),
    source="varma2006bias",
    year=1974,
    people=("Mervyn Stone", "Sudhir Varma", "Richard Simon"),
    implementations=(
        Implementation("sklearn.model_selection:GridSearchCV", "numpy", _sklearn, Text("fitted within each outer fold, as `cross_val_score(GridSearchCV(…))` does", "在每个外层折内拟合，即 `cross_val_score(GridSearchCV(…))`")),
    ),
    readings=(Reading("varma2006bias"), Reading("cawley2010overfitting"), Reading("stone1974cross")),
    deviations=(
        Text("The settings chosen in the outer folds may differ: nested cross-validation judges a procedure, and hands over no model. That comes from one more search on all rows.",
             "各外层折选出的设置可以不同：嵌套交叉验证评判的是过程，并不交出模型；模型来自在全部数据上再搜索一次。"),
    ),
    differentiable=False,
)  # fmt: skip


@NESTED_CROSS_VALIDATION.definition
def nested_cross_validation(fit, X, y, outer, inner, grid):
    errors, chosen = [], []
    for k in range(outer.max() + 1):
        A, b = X[outer != k], y[outer != k]
        folds = [inner[outer != k] == j for j in np.unique(inner[outer != k])]
        cv = [
            np.mean([((b[j] - fit(A[~j], b[~j], s)(A[j])) ** 2).mean() for j in folds]) for s in grid
        ]  # (settings,)
        s = grid[np.argmin(cv)]
        errors.append(((y[outer == k] - fit(A, b, s)(X[outer == k])) ** 2).mean())
        chosen.append(s)
    return np.array(errors), np.array(chosen)


@NESTED_CROSS_VALIDATION.cases
def cases(rng):
    X, y = rng.standard_normal((12, 3)), rng.standard_normal(12)
    thirds, halves = np.arange(12) % 3, np.arange(12) // 3 % 2
    yield "ridge", dict(fit=ridge, X=X, y=y, outer=thirds, inner=halves, grid=np.array([0.1, 1.0, 10.0]))
    yield "four inner folds", dict(fit=ridge, X=X, y=y, outer=thirds, inner=np.arange(12) % 4, grid=np.array([0.5, 5.0]))  # fmt: skip
    yield "one setting", dict(fit=ridge, X=X, y=y, outer=halves, inner=thirds, grid=np.array([1.0]))
    yield "folds of unlike size", dict(fit=ridge, X=X, y=y, outer=np.repeat([0, 1], [8, 4]), inner=thirds, grid=np.array([0.2, 2.0]))  # fmt: skip


@NESTED_CROSS_VALIDATION.invalid
def invalid(rng):
    X, y, folds = rng.standard_normal((6, 2)), rng.standard_normal(6), np.arange(6) % 2
    yield "fewer responses than rows", dict(fit=ridge, X=X, y=y[:5], outer=folds, inner=folds, grid=np.array([1.0]))  # fmt: skip
    yield "more folds named than rows", dict(fit=ridge, X=X, y=y, outer=np.arange(8) % 2, inner=folds, grid=np.array([1.0]))  # fmt: skip


@NESTED_CROSS_VALIDATION.claim(
    Text("With one setting there is nothing to choose: it is plain cross-validation (scikit-learn's `cross_val_score`)", "只有一个设置时无可选择：就是普通的交叉验证（scikit-learn 的 `cross_val_score`）")
)  # fmt: skip
def one_setting_is_plain_cross_validation(nested, rng):
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import PredefinedSplit, cross_val_score

    X, y, outer = rng.standard_normal((20, 3)), rng.standard_normal(20), np.arange(20) % 4
    errors, chosen = nested(ridge, X, y, outer, np.arange(20) // 4 % 2, np.array([2.5]))
    model = Ridge(2.5, fit_intercept=False, solver="cholesky")
    want = -cross_val_score(model, X, y, cv=PredefinedSplit(outer), scoring="neg_mean_squared_error")
    return all_of(roundoff(errors, want, terms=60), identical(chosen, np.full(4, 2.5)))


@NESTED_CROSS_VALIDATION.claim(
    Text("What a fold holds does not enter the choice that it judges: y turned round there, and made a thousand times as large, changes the error and leaves the setting",
         "某一折的内容不进入由它来评判的选择：把其中的 y 反号并放大一千倍，只改变误差，不改变选出的设置")
)  # fmt: skip
def the_judge_does_not_choose(nested, rng):
    X, outer, found = rng.standard_normal((24, 3)), np.arange(24) % 3, []
    inner, grid, y = np.arange(24) // 3 % 2, np.array([0.01, 10_000.0]), X.sum(1)
    errors, chosen = nested(ridge, X, y, outer, inner, grid)
    for k in range(3):
        e, s = nested(ridge, X, np.where(outer == k, -1000 * y, y), outer, inner, grid)
        found += [identical(float(s[k]), float(chosen[k])), bound(e[k], 100 * errors[k], "≥")]
    return all_of(*found)


@NESTED_CROSS_VALIDATION.claim(
    Text("Chosen by the inner folds alone: of two columns one fits the inner folds, the other the judging fold; the first is chosen, and pays for it: its error is 4, not 0",
         "只由内层折选择：两列之中，一列与内层折吻合，另一列与评判折吻合；选中前者并为此付出代价：误差为 4 而不是 0")
)  # fmt: skip
def the_choice_pays(nested, rng):
    outer, inner = np.repeat([0, 1, 2], 4), np.arange(12) % 2
    y = rng.standard_normal(12)
    found = []
    for k in range(3):
        judged = outer == k
        X = np.column_stack([np.where(judged, y + 2, y), np.where(judged, y, y + 2)])
        e, s = nested(one_column, X, y, outer, inner, np.arange(2))
        found += [
            identical(float(s[k]), 0.0),
            roundoff(e[k], 4.0, terms=4, scale=4 + float(np.abs(y).max()) ** 2),
        ]
    return all_of(*found)  # fmt: skip


@NESTED_CROSS_VALIDATION.claim(
    Text("Eight settings that all have the error 2, exactly (a column of noise to predict noise): nested cross-validation says 2 on the mean of 120 data sets, the least of the eight cross-validated errors less than 1.4",
         "八个误差都恰为 2 的设置（用一列噪声预测噪声）：在 120 个数据集上平均，嵌套交叉验证给出 2，而八个交叉验证误差的最小者不到 1.4"),
    cost="slow",
)  # fmt: skip
def the_least_of_many_is_too_good(nested, rng):
    outer, inner, grid = np.arange(12) % 3, np.arange(12) // 3 % 2, np.arange(8)
    honest, least = [], []
    for _ in range(120):
        X, y = rng.standard_normal((12, 8)), rng.standard_normal(12)
        honest.append(nested(one_column, X, y, outer, inner, grid)[0].mean())
        least.append(model_selection(one_column, X, y, outer, grid)[0].mean(0).min())
    return all_of(
        statistical(honest, 2.0),
        bound(np.mean(least), 1.4, "≤", Text("less than any of their expectations, 2", "低于其中任何一个的期望 2")),
    )  # fmt: skip


def procedure(X, y, folds, grid):
    """Ridge with the penalty chosen by cross-validation: the fitted coefficients."""
    _, s = model_selection(ridge, X, y, folds, grid)
    return ridge(X, y, s)(np.eye(X.shape[1]))


@NESTED_CROSS_VALIDATION.claim(
    Text("Unbiased for the procedure on $n(1-1/K)$ rows, pessimistic for n: ridge with a chosen penalty, 16 rows in 4 folds, 10 columns. The true errors, from 12 and from 16 rows, are $\\lVert\\hat\\theta-\\theta\\rVert^2+\\sigma^2$",
         "对 $n(1-1/K)$ 行的过程无偏，对 n 行悲观：选择惩罚的岭回归，16 行、4 折、10 列。由 12 行与 16 行学习的真实误差为 $\\lVert\\hat\\theta-\\theta\\rVert^2+\\sigma^2$"),
    cost="slow",
)  # fmt: skip
def pessimistic_for_all_rows(nested, rng):
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
    five = Text(
        "five standard errors above 0: 16 rows teach more than 12", "比 0 高五个标准误：16 行比 12 行学得更多"
    )
    return all_of(
        statistical(gaps, 0.0), bound(gain.mean(), 5 * gain.std(ddof=1) / np.sqrt(len(gain)), "≥", five)
    )


@NESTED_CROSS_VALIDATION.claim(
    Text("Renumbering the outer folds reorders the answers, renumbering the inner ones changes nothing", "重新编号外层折只改变结果的次序，重新编号内层折没有影响")
)  # fmt: skip
def folds_have_no_order(nested, rng):
    X, y, outer, inner = rng.standard_normal((24, 4)), rng.standard_normal(24), np.arange(24) % 3, np.arange(24) // 3 % 4  # fmt: skip
    grid, names = np.array([0.1, 3.0, 100.0]), np.array([2, 0, 1])
    errors, chosen = nested(ridge, X, y, outer, inner, grid)
    e, s = nested(ridge, X, y, names[outer], 3 - inner, grid)
    # by itself every inner fold would choose its own column; together they choose the last, whatever their numbers
    off = np.column_stack([3.0 * (inner[:, None] != np.arange(4)), np.ones(24)])
    alike = [nested(one_column, y[:, None] + off, y, outer, i, np.arange(5))[1] for i in (inner, 3 - inner)]
    return all_of(
        invariance(e[names], errors, terms=60),
        identical(s[names], chosen),
        *[identical(c, np.full(3, 4)) for c in alike],
    )


@NESTED_CROSS_VALIDATION.mutant(
    Text("the setting is chosen once, on all rows", "设置在全部数据上只选一次"),
    caught_by=["the-judge-does-not-choose", "the-least-of-many-is-too-good"],
)
def chosen_on_all_rows(fit, X, y, outer, inner, grid):
    E, s = model_selection(fit, X, y, outer, grid)
    return E[:, list(grid).index(s)], np.full(len(E), s)


@NESTED_CROSS_VALIDATION.mutant(
    Text("each outer fold chooses the setting that suits it", "每个外层折选择最适合自己的设置"),
    caught_by=["the-choice-pays", "the-least-of-many-is-too-good"],
)
def judge_chooses(fit, X, y, outer, inner, grid):
    E, _ = model_selection(fit, X, y, outer, grid)
    return E.min(1), np.asarray(grid)[E.argmin(1)]


@NESTED_CROSS_VALIDATION.mutant(
    Text("the chosen setting is fitted again on all rows, and then judged", "选出设置后在全部数据上重新拟合，再行评判"),
    caught_by=["one-setting-is-plain-cross-validation", "pessimistic-for-all-rows", "equals-definition"],
)  # fmt: skip
def refitted_on_all_rows(fit, X, y, outer, inner, grid):
    _, chosen = nested_cross_validation(fit, X, y, outer, inner, grid)
    errors = [((y - fit(X, y, s)(X)) ** 2)[outer == k].mean() for k, s in enumerate(chosen)]
    return np.array(errors), chosen


@NESTED_CROSS_VALIDATION.mutant(
    Text("only the inner fold numbered 0 chooses", "只用编号为 0 的内层折选择"),
    caught_by=["folds-have-no-order", "equals-definition"],
)
def one_inner_fold(fit, X, y, outer, inner, grid):
    errors, chosen = [], []
    for k in range(outer.max() + 1):
        A, b, j = X[outer != k], y[outer != k], inner[outer != k] == 0
        s = min(grid, key=lambda s, A=A, b=b, j=j: ((b[j] - fit(A[~j], b[~j], s)(A[j])) ** 2).mean())
        errors.append(((y[outer == k] - fit(A, b, s)(X[outer == k])) ** 2).mean())
        chosen.append(s)
    return np.array(errors), np.array(chosen)


@NESTED_CROSS_VALIDATION.figure(
    settings=Slider(1, 60, 12, Text("settings that are tried, none better than another", "所尝试的设置数，彼此无优劣"), log=True, integer=True),
    n=Slider(12, 96, 24, Text("rows n", "行数 n"), log=True, integer=True),
)  # fmt: skip
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
    for values, colour, name in ((plain, COLOURS[1], "least cross-validated error"), (nested, COLOURS[0], "nested")):  # fmt: skip
        ax.hist(values, bins=bins, color=colour, alpha=0.5, density=True, label=f"{name}: mean {np.mean(values):.2f}")  # fmt: skip
    ax.axvline(2, color="k", ls="--", label="true error of every setting")
    ax.set(xlabel="estimated error", title=f"{settings} settings, {n} rows, 400 data sets")
    ax.legend(frameon=False, fontsize=8)
    return Drawing(
        fig,
        Text(
            f"{settings} settings whose true error is 2: the least cross-validated error is {np.mean(plain):.2f} on the mean of 400 data sets of {n} rows, nested cross-validation gives {np.mean(nested):.2f}.",
            f"{settings} 个真实误差均为 2 的设置：在 400 个 {n} 行的数据集上平均，最小的交叉验证误差为 {np.mean(plain):.2f}，嵌套交叉验证给出 {np.mean(nested):.2f}。",
        ),
    )
