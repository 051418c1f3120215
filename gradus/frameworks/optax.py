"""Optax-style factories, `factory(learning_rate, …)` → `init`, `update`, on the optimisers' pages."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from gradus.errors import GradusError
from gradus.frameworks.adapters import Adapted, _accepted, _modules, _same
from gradus.page import Concept
from gradus.page.evidence import no_argument

CONTRACT = ("gradient", "theta0", "steps", "alpha")
#: The pages' arguments under the names that Optax gives them.
NAMES = {"beta": "momentum", "beta1": "b1", "beta2": "b2", "epsilon": "eps"}


def adapt_factory(
    concept: Concept, function: Callable[..., Any], framework: str | None, name: str
) -> Adapted | None:
    """A factory of gradient transformations, called with the page's arguments; None if it is no such factory.

    Raises:
        GradusError: it is one, but the page's optimiser does not take gradient, start, steps and step size.
    """
    if concept.arguments[:1] != CONTRACT[:1]:
        return None
    made = _transformation(function)
    if made is None:
        return None
    if concept.arguments[: len(CONTRACT)] != CONTRACT:
        raise GradusError(
            f"{name or function.__name__} makes a gradient transformation, which {concept.key} cannot drive; "
            f"give a function ({', '.join(concept.arguments)}) -> trajectory"
        )
    written = _modules(function, depth=3) | {type(made).__module__.partition(".")[0]}
    chosen = framework or ("jax" if written & {"jax", "optax"} else "numpy")
    return Adapted(function, concept, chosen, _call(concept, function), name=name)


def _transformation(function: Callable[..., Any]) -> Any:
    """What the function makes of a learning rate, when that is a gradient transformation."""
    from gradus.optimization.trajectory import is_transformation

    if isinstance(function, type):
        return None
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    required = [
        p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if len(required) > 1 or not parameters:  # a function with the page's own contract requires four
        return None
    try:
        made = function(0.1)
    except Exception:
        return None
    return made if is_transformation(made) else None


def _call(concept: Concept, function: Callable[..., Any]) -> Callable[..., Any]:
    """The bridge from the page's arguments to the factory's; see `Implementation.call`."""
    defaults = {n: p.default for n, p in inspect.signature(concept.definition).parameters.items()}
    accepted = _accepted(function)

    def call(
        factory: Callable[..., Any], gradient: Any, theta0: Any, steps: Any, alpha: Any, **options: Any
    ) -> Any:
        from gradus.optimization.trajectory import optax_trajectory

        given = {}
        for name, value in options.items():
            theirs = NAMES.get(name, name)
            if accepted is None or theirs in accepted:
                given[theirs] = value
            elif not _same(value, defaults[name]):
                raise no_argument(factory.__name__, theirs)
        return optax_trajectory(factory(alpha, **given), gradient, theta0, steps)

    return call
