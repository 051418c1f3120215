"""The options of a line search, checked."""

from __future__ import annotations

from gradus.arguments import number, refusal
from gradus.optimization.minimize.line_search import WolfeConditions


def conditions(decrease: float, curvature: float) -> WolfeConditions:
    """The conditions with c₁ and c₂, 0 < c₁ < c₂ < 1.

    Raises:
        GradusError: they are none such.
    """
    c1 = number("decrease", decrease, above=0, below=1)
    c2 = number("curvature", curvature, above=0, below=1)
    if c1 >= c2:
        raise refusal("curvature", (f"more than decrease = {c1}", f"大于 decrease = {c1}"), c2)
    return WolfeConditions(decrease=c1, curvature=c2)
