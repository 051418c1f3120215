"""Least squares on the diabetes data: out-of-fold R² beside scikit-learn's, the analysis, and the residuals."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import FOLDS, all_rows, cross_validated_summary, out_of_fold
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.data import Dataset
    from gradus.foundations.linear_regression import LinearFit
    from gradus.report import Picture, SeedResult


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """The out-of-fold R², the table of coefficients, and the residuals."""
    from gradus.foundations.linear_regression import linear_regression
    from gradus.report import SeedResult

    X, y = all_rows(data)
    begun = time.perf_counter()
    ours = out_of_fold(lambda a, b: linear_regression(X[a], y[a]).predict(X[b]), len(y), request.seed)
    fit = linear_regression(X, y)
    seconds = time.perf_counter() - begun
    theirs = out_of_fold(lambda a, b: _sklearn(X[a], y[a]).predict(X[b]), len(y), request.seed)
    pictures = [
        _beside(X, y, ours, theirs, fit),
        _residuals(y, ours),
        _quantiles(fit),
        _coefficients(data.features, fit),
    ]
    return SeedResult(r_squared(y, ours), seconds, pictures=pictures, data=cross_validated_summary(data))


RECIPE = Recipe(
    train=train,
    data=("diabetes",),
    metric="cross-validated-r2",
    targets={"diabetes": 0.48},
    settings={"folds": FOLDS, "intercept": True},
    text=Text(
        "Least squares with an intercept, by QR and one refinement. Ten-fold cross-validation: each patient is predicted by a model that has not "
        "seen him, and R² is taken over all of them; the seed shuffles the folds. The coefficients are those of all patients.",
        "带截距的最小二乘，用 QR 求解并作一次迭代改进。10 折交叉验证：每位病人由未见过他的模型预测，R² 在全体病人上计算；种子决定如何分折。系数由全体病人得到。",
    ),
    fitting=Fitting("regression", images=False, tables=True),
)


def r_squared(y: np.ndarray, predicted: np.ndarray) -> float:
    """1 − Σ(y − ŷ)²/Σ(y − ȳ)²."""
    return float(1 - ((y - predicted) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def _sklearn(X: np.ndarray, y: np.ndarray) -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(X, y)


def _rmse(y: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.sqrt(((y - predicted) ** 2).mean()))


def _beside(X: np.ndarray, y: np.ndarray, ours: np.ndarray, theirs: np.ndarray, fit: LinearFit) -> Picture:
    from gradus.numbers import order_of_magnitude
    from gradus.report import table

    sk = _sklearn(X, y)
    coefficients = np.array([sk.intercept_, *sk.coef_])
    apart = order_of_magnitude(float(np.abs(fit.coefficients / coefficients - 1).max()))
    mean = np.full_like(y, y.mean())
    columns = [
        Text("Model", "模型"),
        Text("R², out of fold", "折外 R²"),
        Text("RMSE, out of fold", "折外 RMSE"),
        Text("R², all rows", "全体 R²"),
    ]
    within = y - fit.residuals
    rows = [
        (Text("Gradus", "Gradus"), r_squared(y, ours), _rmse(y, ours), r_squared(y, within)),
        (
            Text("scikit-learn", "scikit-learn"),
            r_squared(y, theirs),
            _rmse(y, theirs),
            float(sk.score(X, y)),
        ),
        (Text("the mean of all", "总均值"), r_squared(y, mean), _rmse(y, mean), 0.0),
    ]
    caption = Text(
        f"Beside scikit-learn on the same folds. The coefficients of all rows differ by at most {apart}, relatively.",
        f"与 scikit-learn 在相同分折上的比较；全体数据的系数相对差异至多 {apart}。",
    )
    return table(columns, rows, caption)


def _coefficients(names: tuple[str, ...], fit: LinearFit) -> Picture:
    from gradus.report import table

    columns = [
        Text("Coefficient", "系数"),
        Text("Estimate", "估计"),
        Text("Standard error", "标准误"),
        Text("t", "t"),
        Text("p-value", "p 值"),
    ]
    labels = [Text("intercept", "截距"), *(Text(n, n) for n in names)]
    rows = [
        (label, float(b), float(se), float(t), f"{p:.3f}" if p >= 0.001 else "< 0.001")
        for label, b, se, t, p in zip(
            labels, fit.coefficients, fit.standard_errors, fit.t_statistics, fit.p_values, strict=True
        )
    ]
    caption = Text(
        f"Coefficients on all rows, in the units of the source; {fit.degrees_of_freedom} degrees of freedom, residual deviation "
        f"{fit.residual_deviation:.4g}, F = {fit.f_statistic:.4g}.",
        f"全体数据的系数（原始单位）；自由度 {fit.degrees_of_freedom}，残差标准差 {fit.residual_deviation:.4g}，F = {fit.f_statistic:.4g}。",
    )
    return table(columns, rows, caption, place="model")


def _residuals(y: np.ndarray, predicted: np.ndarray) -> Picture:
    from gradus.report import Picture
    from gradus.report.scatter import scatter

    r = y - predicted
    low, high = (r[predicted <= np.median(predicted)].std(), r[predicted > np.median(predicted)].std())
    caption = Text(
        f"Residuals over predictions, out of fold. Their deviation grows from {low:.0f} in the lower half to {high:.0f} in the "
        "upper: the noise is not the same everywhere.",
        f"折外残差与预测值。残差标准差由下半部分的 {low:.0f} 增至上半部分的 {high:.0f}：噪声并非处处相同。",
    )
    if high < 1.1 * low:
        caption = Text("Residuals over predictions, out of fold.", "折外残差与预测值。")
    labels = Text("prediction", "预测值"), Text("residual", "残差")
    return Picture(scatter(predicted, r, *labels, level=0.0), caption, _described(r))


def _described(r: np.ndarray) -> Text:
    q = np.percentile(r, [0, 25, 50, 75, 100])
    quartiles = ", ".join(f"{v:.3g}" for v in q)
    return Text(
        f"Residuals: least, quartiles and largest {quartiles}", f"残差的最小值、四分位数与最大值：{quartiles}"
    )


def _quantiles(fit: LinearFit) -> Picture:
    from scipy import stats

    from gradus.report import Picture
    from gradus.report.scatter import scatter

    r = np.sort(fit.residuals) / fit.residual_deviation
    expected = stats.norm.ppf((np.arange(1, len(r) + 1) - 0.5) / len(r))
    correlation = float(np.corrcoef(r, expected)[0, 1])
    caption = Text(
        f"Residuals in order against the quantiles of a normal distribution; on the line if normal. Correlation {correlation:.4f}.",
        f"残差的顺序统计量与正态分位数；若服从正态则落在直线上。相关系数 {correlation:.4f}。",
    )
    labels = Text("normal quantile", "正态分位数"), Text("residual / deviation", "残差 / 标准差")
    return Picture(scatter(expected, r, *labels, diagonal=True), caption, caption)
