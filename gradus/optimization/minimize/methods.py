"""The methods by their names."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from gradus.arguments import choice, refusal
from gradus.optimization.minimize.bfgs import BFGS
from gradus.optimization.minimize.gradient_descent import GradientDescent
from gradus.optimization.minimize.lbfgs import LBFGS
from gradus.optimization.minimize.newton import Newton
from gradus.optimization.minimize.newton_cg import NewtonCG
from gradus.optimization.minimize.state import Method
from gradus.optimization.minimize.trust_region import TrustRegion
from gradus.text import Text

METHODS: dict[str, type[Method[Any]]] = {
    m.name: m for m in (GradientDescent, BFGS, LBFGS, Newton, NewtonCG, TrustRegion)
}


def make_method(name: str, options: Mapping[str, Any]) -> Method[Any]:
    """The method of that name with its options.

    Raises:
        GradusError: there is none, or it has no such option.
    """
    kind = METHODS[choice("method", name, METHODS)]
    known = list(inspect.signature(kind).parameters)
    for option in options:
        if option not in known:
            several = ", ".join(["tolerance", "max_iterations", "max_evaluations", *known])
            raise refusal(
                option,
                (f"an option of {name}: {several}", f"{name} 的选项：{several}"),
                Text("an unknown one", "未知选项"),
                kind=True,
            )
    return kind(**options)
