"""Why a minimisation ended."""

from __future__ import annotations

import enum

from gradus.text import Text


class Reason(enum.IntEnum):
    """Why a minimisation ended; a method writes it into its state, `NONE` while the problem still runs.

    Example:
        >>> Reason.CONVERGED.text.en
        'it has converged within the tolerance'
    """

    NONE = 0
    CONVERGED = 1
    AT_ROUNDING = 2
    MAX_ITERATIONS = 3
    MAX_EVALUATIONS = 4
    LINE_SEARCH_FAILED = 5
    NOT_DESCENT = 6
    UNBOUNDED_BELOW = 7
    NOT_FINITE = 8
    STOPPED = 9
    WRONG_GRADIENT = 10

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ")

    @property
    def text(self) -> Text:
        """The reason in a sentence."""
        return _TEXTS[self]


_TEXTS = {
    Reason.NONE: Text("still running", "仍在运行"),
    Reason.CONVERGED: Text("it has converged within the tolerance", "已在容差之内收敛"),
    Reason.AT_ROUNDING: Text(
        "no step lowers the value by more than its rounding error; the tolerance was not reached",
        "任何一步所降低的函数值都不超过其舍入误差；尚未达到容差",
    ),
    Reason.MAX_ITERATIONS: Text(
        "the number of iterations reached max_iterations", "迭代次数达到 max_iterations"
    ),
    Reason.MAX_EVALUATIONS: Text(
        "the number of evaluations reached max_evaluations", "函数求值次数达到 max_evaluations"
    ),
    Reason.LINE_SEARCH_FAILED: Text(
        "no step lowers the value as it should, though nothing contradicts the gradient: f has a kink there, rounds too coarsely, "
        "or is another function at each call",
        "没有一步能如期降低函数值，而梯度并无矛盾：f 在该处可能不光滑、舍入过大，或每次调用并非同一函数",
    ),
    Reason.NOT_DESCENT: Text("the direction is not one of descent", "搜索方向不是下降方向"),
    Reason.UNBOUNDED_BELOW: Text(
        "the value falls without end along a ray: f has no minimum", "函数值沿一条射线无限下降：f 没有最小值"
    ),
    Reason.NOT_FINITE: Text("the value or the gradient is not finite", "函数值或梯度不是有限值"),
    Reason.STOPPED: Text("the callback stopped it", "由回调函数停止"),
    Reason.WRONG_GRADIENT: Text(
        "no step lowers the value, and differences of f contradict the gradient: is it the gradient of f?",
        "没有一步能降低函数值，且 f 的差商与梯度矛盾：所给的梯度是 f 的梯度吗？",
    ),
}
