"""Logistic regression with ten classes on the digits, beside scikit-learn's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import FOLDS, all_rows, cross_validated_summary, out_of_fold
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.data import Dataset
    from gradus.report import Picture, SeedResult

C = 1.0


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """The out-of-fold accuracy, the coefficients, and scikit-learn's beside them."""
    from gradus.foundations.estimators import LogisticRegression
    from gradus.report import SeedResult, filters
    from gradus.report.classifier import predictions

    inputs, y = all_rows(data)
    X = inputs.reshape(len(inputs), -1).astype(float)
    pixels = inputs.ndim == 4

    def predict(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        A, B = scaled(X[a], X[b], pixels)
        return LogisticRegression(C=C).fit(A, y[a]).predict_log_proba(B)

    begun = time.perf_counter()
    log_p = out_of_fold(predict, len(y), request.seed)
    seconds = time.perf_counter() - begun
    everything, _ = scaled(X, X, pixels)
    model = LogisticRegression(C=C).fit(everything, y)
    pictures = [*predictions(log_p, y, data.classes, inputs), _beside(everything, y, model)]
    if pixels:
        weights = model.coef_.reshape(-1, *inputs.shape[1:])
        called = Text("Coefficients", "系数")
        pictures.append(filters(weights, "β", what=called, names=data.classes))
    else:
        pictures.append(_coefficients(data, model))
    accuracy = float((log_p.argmax(1) == y).mean())
    return SeedResult(accuracy, seconds, pictures=pictures, data=cross_validated_summary(data))


RECIPE = Recipe(
    train=train,
    data=("digits", "iris", "wine", "breast-cancer"),
    metric="cross-validated-accuracy",
    targets={"digits": 0.96, "iris": 0.95, "wine": 0.97, "breast-cancer": 0.97},
    settings={"folds": FOLDS, "inverse_strength": C, "penalty": "L2"},
    text=Text(
        "Softmax regression with an L2 penalty; every column is first scaled to mean 0 and deviation 1 by the rows that are "
        "learned from (pixels only shifted and divided by their common deviation). Every row is predicted once, by a model "
        "that has not seen it; the seed shuffles the folds.",
        "带 L2 惩罚的 softmax 回归；各列先按用于学习的行标准化（像素只作统一的平移与缩放）。每行由未见过它的模型预测一次；种子决定如何分折。",
    ),
    fitting=Fitting(tables=True),
)


def scaled(A: np.ndarray, B: np.ndarray, together: bool) -> tuple[np.ndarray, np.ndarray]:
    """Both shifted by the columns' means in A and divided by their deviations there, or by the common one."""
    mean = A.mean(0)
    deviation = (A - mean).std() if together else A.std(0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    return (A - mean) / deviation, (B - mean) / deviation


def _beside(X: np.ndarray, y: np.ndarray, model: Any) -> Picture:
    from sklearn.linear_model import LogisticRegression

    from gradus.numbers import order_of_magnitude
    from gradus.report import table

    theirs = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(X, y)
    rows = []
    for name, fitted in (("Gradus", model), ("scikit-learn", theirs)):
        p = fitted.predict_proba(X)
        loss = -np.log(p[np.arange(len(y)), y]).sum() * C + 0.5 * (np.asarray(fitted.coef_) ** 2).sum()
        rows.append((name, float(loss), int(np.max(fitted.n_iter_))))
    apart = order_of_magnitude(float(np.abs(_centred(model.coef_) - _centred(theirs.coef_)).max()))
    columns = [Text("Model", "模型"), Text("Objective, all rows", "目标函数（全体）"), Text("Steps", "步数")]
    caption = Text(
        f"Beside scikit-learn on all rows: the same objective; the coefficients differ by at most {apart}.",
        f"与 scikit-learn 在全体数据上比较：目标函数相同，系数相差至多 {apart}。",
    )
    return table(columns, rows, caption, digits=10)


def _centred(coefficients: np.ndarray) -> np.ndarray:
    """What softmax sees of them: the same vector added to every class changes nothing."""
    return coefficients - coefficients.mean(0) if len(coefficients) > 1 else coefficients


def _coefficients(data: Dataset, model: Any) -> Picture:
    from gradus.report import table

    names = data.classes if len(model.coef_) > 1 else data.classes[1:]
    columns = [Text("Column", "列"), *(Text(c, c) for c in names)]
    rows = [(feature, *(float(v) for v in model.coef_[:, j])) for j, feature in enumerate(data.features)]
    rows.append(("1", *(float(v) for v in model.intercept_)))
    caption = Text(
        "Coefficients on all rows, for columns of deviation 1; the last row is the intercept.",
        "全体数据的系数（各列标准差为 1）；末行为截距。",
    )
    return table(columns, rows, caption, place="inside")
