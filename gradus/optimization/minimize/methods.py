"""The methods by their names."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, TypeVar

from gradus.arguments import choice, refusal
from gradus.arguments.values import meant_name
from gradus.optimization.minimize.bfgs import BFGS
from gradus.optimization.minimize.gradient_descent import GradientDescent
from gradus.optimization.minimize.lbfgs import LBFGS
from gradus.optimization.minimize.newton import Newton
from gradus.optimization.minimize.newton_cg import NewtonCG
from gradus.optimization.minimize.state import Method
from gradus.optimization.minimize.trust_region import TrustRegion
from gradus.text import Text

M = TypeVar("M", bound=Method[Any])

METHODS: dict[str, type[Method[Any]]] = {
    m.name: m for m in (GradientDescent, BFGS, LBFGS, Newton, NewtonCG, TrustRegion)
}


def make_method(methods: Mapping[str, type[M]], name: str, options: Mapping[str, Any], **settings: Any) -> M:
    """The method of that name.

    Args:
        methods: by their names.
        name: of the one wanted.
        options: of its own.
        settings: what it takes besides, which is no option.

    Raises:
        GradusError: there is none, or it has no such option.
    """
    name = meant_name(name, methods) or choice("method", name, methods)  # "BFGS" as other packages spell it
    kind = methods[name]
    known = [p for p in inspect.signature(kind).parameters if p not in settings]
    for option in options:
        if option not in known:
            several = ", ".join(["tolerance", "max_iterations", "max_evaluations", *known])
            raise refusal(
                option,
                (f"an option of {name}: {several}", f"{name} 的选项：{several}"),
                Text("an unknown one", "未知选项"),
                kind=True,
            )
    return kind(**options, **settings)
