"""Whether the likelihood of a logistic model has one maximum: dependent columns, separated labels, and the words for them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from gradus.errors import GradusError
from gradus.foundations.design_matrix import augmented, dependent_columns
from gradus.foundations.logistic_likelihood import Likelihood
from gradus.text import Text

__all__ = ["refuse_dependent", "refuse_separated", "separated"]

Array = np.ndarray


def refuse_dependent(problem: Likelihood) -> None:
    """Names the columns without a penalty that are dependent.

    Raises:
        GradusError: there are some.
    """
    free = np.flatnonzero(problem.penalty == 0)
    names = dependent_columns(augmented(problem.X, problem.intercept)[:, free])
    if len(names) == 1:
        j = int(free[names[0]]) - problem.intercept
        raise GradusError(
            Text(
                f"X: column {j} is constant, which the intercept is already; drop it, or give a penalty > 0"
                if problem.intercept
                else f"X: column {j} is all zeros; drop it, or give a penalty > 0",
                f"X：第 {j} 列为常数，与截距重复；请去掉它，或给出大于 0 的惩罚"
                if problem.intercept
                else f"X：第 {j} 列全为零；请去掉它，或给出大于 0 的惩罚",
            )
        )
    if names:
        shown = [free[j] - problem.intercept for j in names]
        en = ", ".join("the intercept" if j < 0 else f"column {j}" for j in shown)
        zh = "、".join("截距" if j < 0 else f"第 {j} 列" for j in shown)
        raise GradusError(
            Text(
                f"X: expected linearly independent columns, but {en} are dependent; drop one of them or give a penalty",
                f"X：各列应线性无关，但{zh}线性相关；请去掉其中一列，或给出惩罚",
            )
        )


def refuse_separated(problem: Likelihood) -> None:
    """Says so where a hyperplane separates the labels and nothing is penalised.

    Raises:
        GradusError: one does.
    """
    A = augmented(problem.X, problem.intercept)
    if separated(A[:, problem.penalty == 0], problem.y):
        raise GradusError(
            Text(
                "y: a hyperplane separates the labels, so the likelihood grows for ever with ‖θ‖; give a penalty > 0",
                "y：有超平面将标签分开，因此似然随 ‖θ‖ 不断增大；请取 penalty > 0",
            )
        )


def separated(X: Float[Array, "n p"], y: Float[Array, " n"]) -> bool:
    r"""Whether a direction raises the likelihood for ever: :math:`(2y_i-1)\,x_i^Tw\ge0` for all i, not all 0.

    Cost: one linear programme in p unknowns with n constraints.

    Source: Albert and Anderson 1984.
    """
    from scipy.optimize import linprog

    if X.shape[1] == 0:
        return False
    axes, size, _ = np.linalg.svd(X / np.maximum(np.abs(X).max(axis=0), 1e-300), full_matrices=False)
    kept = (
        size > size[0] * max(X.shape) * np.finfo(float).eps
    )  # nearly parallel columns are told apart before the programme
    signed = (2 * y - 1)[:, None] * axes[:, kept] * np.sqrt(len(y))
    best = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1), method="highs")
    return bool(best.status == 0 and -best.fun > 1e-9 * len(y))
