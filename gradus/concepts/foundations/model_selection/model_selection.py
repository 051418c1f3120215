"""Cross-validation, and the choice of a setting by it."""

import numpy as np

from gradus.concepts.foundations.model_selection.learners import (
    descent,
    estimator,
    many_least_squares,
    one_column,
    ridge,
)
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _sklearn(GridSearchCV, fit, X, y, fold, grid):
    from sklearn.model_selection import PredefinedSplit

    search = GridSearchCV(
        estimator(fit), {"setting": list(grid)}, cv=PredefinedSplit(fold), refit=False, error_score="raise"
    )
    search.fit(X, y)
    E = -np.array([search.cv_results_[f"split{k}_test_score"] for k in range(search.n_splits_)])
    return E, np.float64(search.best_params_["setting"])


MODEL_SELECTION = Concept(
    key="model-selection",
    kind="algorithm",
    title="Cross-validation and grid search",
    summary="Every row is predicted once, by a model that has not seen it; the setting with the least mean error is "
    "chosen. For each setting the estimate is unbiased for a model that learns from $n(1-1/K)$ rows, hence as a rule a "
    "little pessimistic for one that learns from all; the least of them is optimistic, and a step that has looked at "
    "the y of all rows beforehand spoils it.",
    formulas=(
        r"E_{kg}=\frac{1}{|I_k|}\sum_{i\in I_k}\big(y_i-f^{-k}_g(x_i)\big)^2,\qquad f^{-k}_g=\operatorname{fit}\big((x_i,y_i)_{i\notin I_k};\,s_g\big)",
        r"\hat s=s_{\hat g},\quad\hat g=\arg\min_g\frac1K\sum_{k}E_{kg}",
        r"E\big[E_{kg}\big]=\operatorname{Err}_g\!\big(n-\tfrac nK\big);\qquad s=0,\ x_i\sim N(0,\Sigma),\ m>p+1:\quad\operatorname{Err}(m)=\sigma^2\Big(1+\frac{p}{m-p-1}\Big)",
        r"K=n:\quad y_i-f^{-i}(x_i)=\frac{y_i-f(x_i)}{1-H_{ii}},\qquad H=X(X^{\mathsf T}X+\lambda I)^{-1}X^{\mathsf T}",
    ),
    symbols=(
        Symbol(
            r"\operatorname{fit}", "fit", "function", "learns: (X, y, setting) to a function that predicts", "function"
        ),
        Symbol("x", "X", "n d", "rows"),
        Symbol("y", "y", "n", "what is to be predicted"),
        Symbol("I_k", "fold", "n", "the fold 0 … K − 1 of each row", "index"),
        Symbol("s_g", "grid", "g", "the settings that are tried", "positive"),
        Symbol("E_{kg}", "", "K g", "mean squared error of setting g on fold k"),
        Symbol(r"\hat s", "", "", "the chosen setting; the first of equals"),
        Symbol("n,K", "", "", "numbers of rows and of folds, which are equal in size in the third formula", "natural"),
        Symbol("f", "", "", "what was learnt; a superscript says without which rows"),
        Symbol(
            "H", "", "n n", "hat matrix of ridge regression with the fixed penalty λ, to which the last formula belongs"
        ),
        Symbol(r"\sigma^2", "", "", "variance of the noise in y"),
        Symbol(
            r"\operatorname{Err}(m)",
            "",
            "",
            "expected error on new rows after learning from m; the formula is that of least squares on a linear truth",
        ),
        Symbol("p", "", "", "number of coefficients"),
    ),
    returns=(
        Result("E", "K g", "mean squared error of setting g on fold k"),
        Result("s", "", "the chosen setting; the first of equals"),
    ),
    needs=("linear-regression", "regularization"),
    source="stone1974cross",
    year=1974,
    people=("Mervyn Stone", "Seymour Geisser"),
    aliases="cross-validation, CV, k-fold, grid search, hyperparameter tuning, leave-one-out, train-test split, "
    "交叉验证, 网格搜索, 模型选择, 留一法, 超参数调优, 训练集与测试集, K 折交叉验证",
    implementations=(Implementation("sklearn.model_selection:GridSearchCV", "numpy", _sklearn),),
    readings="hastie2009elements §7.10; stone1974cross; golub1979generalized; bengio2004unbiased",
    hypotheses=(
        Hypothesis("the rows are independent and of one distribution", "copied-rows-leak"),
        Hypothesis("no step before the folds has looked at y, or at the rows held out", "screening-outside-leaks"),
    ),
    conventions=(
        Convention(
            "average",
            "over the folds, as in scikit-learn",
            "over the rows in other programs: the two differ where folds are of unlike size",
        ),
        Convention("score", "an error: the least is best", "scikit-learn turns the sign: the greatest is best"),
    ),
    unverified="No estimate of the variance of K-fold cross-validation is unbiased for every distribution (Bengio and Grandvalet "
    "2004).",
    differentiable=False,
)


@MODEL_SELECTION.definition
def model_selection(fit, X, y, fold, grid):
    E = np.empty((fold.max() + 1, len(grid)))
    for k in range(len(E)):
        for g, s in enumerate(grid):
            predict = fit(X[fold != k], y[fold != k], s)
            E[k, g] = ((y[fold == k] - predict(X[fold == k])) ** 2).mean()
    return E, grid[E.mean(0).argmin()]


@MODEL_SELECTION.example
def example():
    X, y = np.array([[1.0], [2.0], [1.0], [3.0]]), np.array([1.0, 3.0, 2.0, 3.0])
    fold, grid = np.array([0, 0, 1, 1]), np.array([0.0, 1.0, 10.0])
    E, best = model_selection(ridge, X, y, fold, grid)
    one = np.ones((1, 1))
    slopes = np.array([[ridge(X[fold != k], y[fold != k], s)(one)[0] for s in grid] for k in (0, 1)])
    own = np.array([((y - ridge(X, y, s)(X)) ** 2).mean() for s in grid])
    x, H = X[:, 0], X[0, 0] ** 2 / ((X**2).sum() + best)
    f = ridge(X, y, best)(X)
    return (
        dict(fit=ridge, X=X, y=y, fold=fold, grid=grid, x=x, E=E, best=best, slopes=slopes, mean=E.mean(0))
        | dict(own=own, theta=f[0], H=H, residual=y[0] - f[0], left_out=(y[0] - f[0]) / (1 - H))
        | dict(without=ridge(X[1:], y[1:], best)(X)[0])
    )


@MODEL_SELECTION.exercise
def the_mean_left_out():
    y = np.array([1.0, 3.0, 8.0])
    errors = [y[i] - np.delete(y, i).mean() for i in range(3)]
    return number(np.mean(np.square(errors)), same_rows=y.var(), sample_variance=y.var(ddof=1))


@MODEL_SELECTION.exercise
def how_many_fits():
    folds, settings = 5, 3 * 4
    return number(folds * settings + 1, without_the_last=folds * settings, added=folds * (3 + 4) + 1, tolerance=1e-6)


@MODEL_SELECTION.exercise
def two_pictures_a_patient():
    rng = np.random.default_rng(0)
    X, y = np.repeat(rng.standard_normal((20, 2)), 2, axis=0), np.repeat(rng.standard_normal(20), 2)  # y is noise
    apart, _ = model_selection(nearest, X, y, np.arange(40) % 2, np.array([1.0]))
    together, _ = model_selection(nearest, X, y, np.arange(40) // 2 % 2, np.array([1.0]))
    ratio = apart.mean() / together.mean()
    return choice(too_good=ratio < 0.9, right=0.9 <= ratio <= 1.1, too_bad=ratio > 1.1)


@MODEL_SELECTION.cases
def cases(rng):
    X, y = rng.standard_normal((12, 3)), rng.standard_normal(12)
    yield ("ridge, three folds", dict(fit=ridge, X=X, y=y, fold=np.arange(12) % 3, grid=np.array([0.1, 1.0, 10.0])))
    yield "leave one out", dict(fit=ridge, X=X, y=y, fold=np.arange(12), grid=np.array([0.5, 5.0]))
    yield (
        "folds of unlike size",
        dict(fit=ridge, X=X, y=y, fold=np.repeat([0, 1, 2], [6, 4, 2]), grid=np.array([1.0, 4.0])),
    )
    yield "one setting", dict(fit=ridge, X=X, y=y, fold=np.arange(12) % 2, grid=np.array([1.0]))
    yield "step sizes", dict(fit=descent, X=X, y=y, fold=np.arange(12) % 4, grid=np.array([0.05, 0.2, 0.5]))
    yield (
        "square",
        dict(
            fit=ridge,
            X=rng.standard_normal((3, 3)),
            y=rng.standard_normal(3),
            fold=np.arange(3),
            grid=np.array([1.0, 3.0]),
        ),
    )


@MODEL_SELECTION.invalid
def invalid(rng):
    X, y, grid = rng.standard_normal((6, 2)), rng.standard_normal(6), np.array([1.0])
    yield "fewer responses than rows", dict(fit=ridge, X=X, y=y[:5], fold=np.arange(6) % 2, grid=grid)
    yield "more folds named than rows", dict(fit=ridge, X=X, y=y, fold=np.arange(8) % 2, grid=grid)


@MODEL_SELECTION.claim
def held_out_rows_are_never_seen(select, rng):
    """No model sees the rows that it is judged by, and every row is judged once a setting"""
    n, learnt, judged = 20, [], []

    @generic
    def spy(X, y, setting):
        seen = set(np.asarray(X)[:, 0].astype(int).tolist())
        learnt.append(seen)

        def predict(Z):
            rows = np.asarray(Z)[:, 0].astype(int).tolist()
            judged.append((len(seen & set(rows)), rows))
            return 0 * Z[:, 0]

        return predict

    X = np.column_stack([np.arange(n), rng.standard_normal(n)]).astype(float)
    select(spy, X, rng.standard_normal(n), rng.permutation(n) % 5, np.array([1.0, 2.0]))
    counts = np.bincount([r for _, rows in judged for r in rows], minlength=n)
    yield identical(sum(common for common, _ in judged), 0)
    yield identical(counts, np.full(n, 2))
    yield identical({len(s) for s in learnt} == {16}, True)


@MODEL_SELECTION.claim
def leave_one_out_of_ridge(select, rng):
    r"""Leave-one-out of ridge needs one fit only: $E_i=\big(\frac{y_i-f(x_i)}{1-H_{ii}}\big)^2$"""
    n, grid = 15, np.array([0.01, 1.0, 30.0])
    X, y = rng.standard_normal((n, 4)), rng.standard_normal(n)
    E, _ = select(ridge, X, y, np.arange(n), grid)
    want = []
    for s in grid:
        H = X @ np.linalg.solve(X.T @ X + s * np.eye(4), X.T)
        want.append(((y - H @ y) / (1 - np.diag(H))) ** 2)
    return roundoff(E, np.stack(want, 1), terms=8 * n)


@MODEL_SELECTION.claim
def unbiased_for_the_smaller_training_set(select, rng):
    r"""Unbiased for $m=n(1-1/K)$ rows, pessimistic for n: least squares on normal rows and a linear truth, with p = 3 and
    n = 15 in three folds, gives $\sigma^2\cdot\frac{3}{2}$ for $m=10$, not the $\sigma^2\cdot\frac{14}{11}$ of all 15;
    the error on the rows it learned from is on average $\sigma^2(1-\frac pm)$"""
    n, p, K, together = 15, 3, 3, 100
    means, shown = [], []
    for _ in range(40):
        X, noise = rng.standard_normal((n, together, p)), rng.standard_normal((n, together))
        y = X.sum(-1) + noise
        means.append(select(many_least_squares, X, y, np.arange(n) % K, np.array([0.0]))[0].mean())
        fitted = many_least_squares(X[:10], y[:10], 0.0)(X[:10])
        shown.append(((y[:10] - fitted) ** 2).mean())
    estimate, err = np.array(means), lambda m: 1 + p / (m - p - 1)
    five = 5 * estimate.std(ddof=1) / np.sqrt(40)
    yield statistical(estimate, err(10))
    yield bound(
        estimate.mean(),
        err(15) + five,
        "≥",
        Text("the error after 15 rows, and five standard errors", "用 15 行学习后的误差加五倍标准误"),
    )
    yield statistical(shown, 1 - p / 10)


@generic
def nearest(X, y, setting):
    """Learns by heart: predicts the y of the nearest row."""
    return lambda Z: y[((Z[:, None] - X) ** 2).sum(-1).argmin(1)]


@MODEL_SELECTION.claim
def copied_rows_leak(select, rng):
    """Rows that are not independent leak: every row twice, the copies in different folds, and a learner by heart has
    the error 0 on pure noise; with both copies in one fold its error is above 0.8 of the least that there is"""
    X, y = np.repeat(rng.standard_normal((30, 2)), 2, axis=0), np.repeat(rng.standard_normal(30), 2)
    apart, _ = select(nearest, X, y, np.arange(60) % 2, np.array([1.0]))
    together, _ = select(nearest, X, y, np.arange(60) // 2 % 2, np.array([1.0]))
    yield identical(apart, np.zeros((2, 1)))
    yield bound(together.mean(), 0.8 * y.var(), "≥", Text("the variance of the noise", "噪声的方差"))


def screened(keep):
    """Least squares on the columns that correlate best with y: on those of the rows it is given."""

    @generic
    def fit(X, y, setting):
        chosen = np.argsort(-np.abs(X.T @ (y - y.mean())))[:keep]
        theta = np.linalg.lstsq(X[:, chosen], y, rcond=None)[0]
        return lambda Z: Z[:, chosen] @ theta

    return fit


@MODEL_SELECTION.claim
def screening_outside_leaks(select, rng):
    """Choosing columns by their correlation with y before the folds are cut leaks: among 400 columns that have nothing
    to do with y, five chosen on all 40 rows seem to predict it (error below 0.8 of its variance); chosen within each
    fold they do worse than the mean (above 1)"""
    inside, outside, fold = [], [], np.arange(40) % 5
    for _ in range(16):
        X, y = rng.standard_normal((40, 400)), rng.standard_normal(40)
        inside.append(select(screened(5), X, y, fold, np.array([1.0]))[0].mean() / y.var())
        best = np.argsort(-np.abs(X.T @ (y - y.mean())))[:5]
        outside.append(select(screened(5), X[:, best], y, fold, np.array([1.0]))[0].mean() / y.var())
    yield bound(np.mean(inside), 1.0, "≥", Text("no column predicts y", "没有一列能预测 y"))
    yield bound(np.mean(outside), 0.8, "≤", Text("promised by columns that know y", "由已见过 y 的列所许诺"))


@MODEL_SELECTION.claim
def grid_search_of_the_step_size(select, rng):
    r"""Grid search of the step size, $\lambda_j,u_j$ being the eigenvalues and unit eigenvectors of $X^{\mathsf T}X/m$ and L the
    largest of all folds: after ten steps of descent from 0 on $\lVert X\theta-y\rVert^2/2m$ the errors are those of
    $\theta_{10}=\sum_j\frac{1-(1-\alpha\lambda_j)^{10}}{\lambda_j}u_ju_j^{\mathsf T}X^{\mathsf
    T}y/m$; of seven steps from $0.01/L$ to $4/L$ those of $3/L$ and $4/L$ do worse than no step at all, and
    the chosen one lies below $2/L$, above which descent diverges"""
    n, fold = 40, np.arange(40) % 4
    X = rng.standard_normal((n, 3)) * [1.0, 0.6, 0.3]
    y = X @ [1.0, -2.0, 1.0] + 0.1 * rng.standard_normal(n)
    L = max(np.linalg.eigvalsh(X[fold != k].T @ X[fold != k] / 30)[-1] for k in range(4))
    grid = np.array([0.01, 0.1, 0.5, 1.0, 1.6, 3.0, 4.0]) / L
    E, best = select(descent, X, y, fold, grid)
    want = np.empty_like(E)
    for k in range(4):
        A, b = X[fold != k], y[fold != k]
        lam, U = np.linalg.eigh(A.T @ A / 30)
        for g, alpha in enumerate(grid):
            theta = U @ ((1 - (1 - alpha * lam) ** 10) / lam * (U.T @ (A.T @ b / 30)))
            want[k, g] = ((y[fold == k] - X[fold == k] @ theta) ** 2).mean()
    zero = float((y**2).mean())
    why = Text("worse than no step at all", "比一步不走还差")
    yield roundoff(np.log(E), np.log(want), terms=300, scale=10.0)
    yield bound(E[:, 5:].mean(0).min(), zero, "≥", why)
    yield bound(best * L, 2.0, "≤", Text("2/L", "2/L"))


@MODEL_SELECTION.claim
def the_least_mean_error_is_chosen(select, rng):
    """The chosen setting has the least mean error over the folds, the first of equals"""
    X, y = rng.standard_normal((30, 6)), rng.standard_normal(30)
    E, best = select(one_column, X, y, np.arange(30) % 3, np.arange(6))
    _, tie = select(one_column, np.repeat(X[:, :1], 6, axis=1), y, np.arange(30) % 3, np.arange(6))
    want = ((y[:, None] - X) ** 2).reshape(10, 3, 6).mean(0)
    # errors 0 and 9 in the two folds, against 1 and 1
    _, steady = select(one_column, np.array([[0.0, 1.0], [3.0, 1.0]]), np.zeros(2), np.arange(2), np.arange(2))
    yield roundoff(E, want, terms=10)
    yield identical([float(best), float(tie), float(steady)], [float(want.mean(0).argmin()), 0.0, 1.0])


@MODEL_SELECTION.claim
def folds_have_no_order(select, rng):
    """Renumbering the folds reorders the rows of E; the order of the rows within them does not matter"""
    X, y, fold = rng.standard_normal((20, 3)), rng.standard_normal(20), np.arange(20) % 4
    grid, names, q = np.array([0.1, 1.0]), np.array([2, 0, 3, 1]), rng.permutation(20)
    E, best = select(ridge, X, y, fold, grid)
    other, same = select(ridge, X[q], y[q], names[fold[q]], grid)
    return all_of(invariance(other[names], E, terms=40), identical(same, best))


@MODEL_SELECTION.mutant(
    caught_by="equals-definition, held-out-rows-are-never-seen, leave-one-out-of-ridge, screening-outside-leaks, "
    "unbiased-for-the-smaller-training-set, copied-rows-leak"
)
def learns_from_all(fit, X, y, fold, grid):
    """test rows leak: every model learns from all rows"""
    E = np.empty((fold.max() + 1, len(grid)))
    for g, s in enumerate(grid):
        predict = fit(X, y, s)
        E[:, g] = [((y[fold == k] - predict(X[fold == k])) ** 2).mean() for k in range(len(E))]
    return E, grid[E.mean(0).argmin()]


@MODEL_SELECTION.mutant(
    caught_by="held-out-rows-are-never-seen, unbiased-for-the-smaller-training-set, grid-search-of-the-step-size"
)
def training_error(fit, X, y, fold, grid):
    """judged by the rows it has learned from"""
    E = np.empty((fold.max() + 1, len(grid)))
    for k in range(len(E)):
        for g, s in enumerate(grid):
            A, b = X[fold != k], y[fold != k]
            E[k, g] = ((b - fit(A, b, s)(A)) ** 2).mean()
    return E, grid[E.mean(0).argmin()]


@MODEL_SELECTION.mutant(caught_by="equals-definition, held-out-rows-are-never-seen, leave-one-out-of-ridge")
def folds_exchanged(fit, X, y, fold, grid):
    """learns from one fold, is judged by the others"""
    E = np.empty((fold.max() + 1, len(grid)))
    for k in range(len(E)):
        for g, s in enumerate(grid):
            predict = fit(X[fold == k], y[fold == k], s)
            E[k, g] = ((y[fold != k] - predict(X[fold != k])) ** 2).mean()
    return E, grid[E.mean(0).argmin()]


@MODEL_SELECTION.mutant(caught_by="the-least-mean-error-is-chosen")
def luckiest_fold(fit, X, y, fold, grid):
    """the setting of the luckiest fold is chosen"""
    E, _ = model_selection(fit, X, y, fold, grid)
    return E, grid[E.min(0).argmin()]


@MODEL_SELECTION.mutant(caught_by="grid-search-of-the-step-size, the-least-mean-error-is-chosen")
def greatest_error(fit, X, y, fold, grid):
    """the greatest error is chosen: a score taken for an error"""
    E, _ = model_selection(fit, X, y, fold, grid)
    return E, grid[E.mean(0).argmax()]


@MODEL_SELECTION.mutant(caught_by="folds-have-no-order, equals-definition")
def folds_by_position(fit, X, y, fold, grid):
    """folds are cut anew from the order of the rows"""
    return model_selection(fit, X, y, np.arange(len(y)) * (fold.max() + 1) // len(y), grid)


@MODEL_SELECTION.figure(
    n=Slider(20, 120, 40, "rows n", log=True, integer=True), K=Slider(2, 20, 5, "folds K", integer=True)
)
def figure(n, K):
    n, K, p = int(n), int(K), 12
    rng = np.random.default_rng(11)
    theta = rng.standard_normal(p) * 0.35
    X = rng.standard_normal((n, p))
    y = X @ theta + rng.standard_normal(n)
    grid = np.logspace(-2, 3, 26)
    E, best = model_selection(ridge, X, y, np.arange(n) % K, grid)
    learnt, true = [], []
    for s in grid:
        predict = ridge(X, y, s)
        learnt.append(((y - predict(X)) ** 2).mean())
        true.append(1 + ((predict(np.eye(p)) - theta) ** 2).sum())
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    left.plot(grid, E.mean(0), color=COLOURS[0], label=f"{K}-fold")
    left.plot(grid, true, color=COLOURS[2], label="new rows")
    left.plot(grid, learnt, color=COLOURS[1], label="rows learned from")
    left.plot(best, E.mean(0).min(), "o", color=COLOURS[0])
    left.set(
        xscale="log", xlabel=r"penalty $\lambda$", ylabel="mean squared error", title=f"ridge, {n} rows, {p} columns"
    )
    left.legend(frameon=False, fontsize=9.5)
    m = n * (1 - 1 / K)
    sizes = np.linspace(min(p + 2.2, m), 130, 200)
    err = lambda k: 1 + p / (k - p - 1) if k > p + 1 else np.inf
    right.plot(sizes, [err(k) for k in sizes], color=COLOURS[2])
    for size, colour, name in ((m, COLOURS[0], f"{K}-fold: {m:.0f} rows"), (n, COLOURS[1], f"all {n} rows")):
        right.plot(size, min(err(size), 6.0), "o", color=colour, label=f"{name}, {err(size):.2f}")
    right.set(xlabel="rows that are learned from", ylim=(0.9, 6), title=r"least squares: $\sigma^2(1+\frac{p}{m-p-1})$")
    right.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"{K}-fold cross-validation on {n} rows chooses λ = {best:.3g} and promises an error of {E.mean(0).min():.2f}; on new rows it is {true[int(np.argmin(E.mean(0)))]:.2f}, on those learned from {learnt[int(np.argmin(E.mean(0)))]:.2f}. "
        f"Unpenalised, learning from {m:.0f} rows in place of {n} costs {err(m):.2f} against {err(n):.2f}.",
        f"{n} 行上的 {K} 折交叉验证选出 λ = {best:.3g}，预计误差 {E.mean(0).min():.2f}；新数据上为 {true[int(np.argmin(E.mean(0)))]:.2f}，学习过的行上为 {learnt[int(np.argmin(E.mean(0)))]:.2f}。"
        f"无惩罚时，用 {m:.0f} 行而非 {n} 行学习，误差为 {err(m):.2f} 而非 {err(n):.2f}。",
    )
    return Drawing(fig, words)
