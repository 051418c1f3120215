"""A step size, or any other positive setting, by cross-validation over a grid through scikit-learn's interface."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.arguments import Sizes, array, refusal, text, whole
from gradus.errors import GradusError
from gradus.optimization.step_size_search import StepSizeSearch
from gradus.text import Text


def cross_validated_step(
    estimator: Any, X: Any, y: Any, step_sizes: Any, parameter: str = "learning_rate_init", folds: int = 5
) -> StepSizeSearch:
    r"""The step size of the best mean score over the folds: argmax_α (1/k) Σ_i score_i(α), by scikit-learn's `GridSearchCV`.

    The score of the step size chosen is the largest of many, and promises too much: measure the final model on other data.

    Args:
        estimator: any of scikit-learn's interface whose step size is a parameter.
        X: inputs (n, d).
        y: targets (n,), numbers; class labels too.
        step_sizes: the grid, positive numbers that grow.
        parameter: the name of the step size.
        folds: k ≥ 2; with class labels each fold has the classes' shares.

    Returns:
        The step size, why, and the mean score of each (−∞ where all fits failed).

    Raises:
        GradusError: no such parameter, a grid that is none, or an estimator that no step size can fit.

    Cost: k fits for each step size.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.linear_model import SGDClassifier
        >>> sgd = SGDClassifier(learning_rate="constant", max_iter=5, tol=None, random_state=0)
        >>> X, y = load_iris(return_X_y=True)
        >>> search = cross_validated_step(sgd, X, y, [1e-5, 1e-2, 1e2], parameter="eta0")
        >>> search.recommended
        0.01
    """
    from sklearn.model_selection import GridSearchCV

    parameter, folds = text("parameter", parameter), whole("folds", folds, least=2)
    sizes = Sizes()
    inputs, targets = array("X", X, "n d", sizes, finite=True), array("y", y, "n", sizes, finite=True)
    grid = array("step_sizes", step_sizes, "T>=1", finite=True)
    if grid[0] <= 0 or (np.diff(grid) <= 0).any():
        raise refusal("step_sizes", ("positive numbers that grow", "递增的正数"), step_sizes)
    if not hasattr(estimator, "get_params") or isinstance(estimator, type):
        raise refusal("estimator", ("an estimator of scikit-learn's interface", "符合 scikit-learn 接口的估计器"), estimator, kind=True)  # fmt: skip
    if parameter not in estimator.get_params():
        raise refusal("parameter", (f"a parameter of {type(estimator).__name__}", f"{type(estimator).__name__} 的参数"), parameter)  # fmt: skip
    search = GridSearchCV(estimator, {parameter: grid.tolist()}, cv=folds, refit=False, error_score=-np.inf)
    try:
        search.fit(inputs, targets)
    except (ValueError, TypeError) as error:
        raise GradusError(
            Text(
                f"{type(estimator).__name__} cannot be fitted: {error}",
                f"{type(estimator).__name__} 无法拟合：{error}",
            )
        ) from error
    scores = np.asarray(search.cv_results_["mean_test_score"], float)
    best = int(np.nanargmax(np.where(np.isnan(scores), -np.inf, scores)))
    edge = len(grid) > 1 and best in (0, len(grid) - 1)
    more, more_zh = ("; it is at the end of the grid: widen it", "；它位于网格的端点：请扩大网格") if edge else ("", "")  # fmt: skip
    reason = Text(
        f"the best mean score over {folds} folds, {scores[best]:.3g}, of {len(grid)} step sizes{more}",
        f"在 {len(grid)} 个步长中，{folds} 折的平均得分最高，为 {scores[best]:.3g}{more_zh}",
    )
    return StepSizeSearch(float(grid[best]), reason, "cross-validation", grid, scores)
