"""Gradient transformations as Optax defines them, `init` and `update`: driven along a trajectory, and as implementations.

Optax itself is never needed: on the optimisers' pages any factory `factory(learning_rate, …)` of such transformations is
judged, in whichever framework it is written.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.frameworks.adapted import Adapted
from gradus.frameworks.detection import detect
from gradus.frameworks.registry import framework_of
from gradus.frameworks.signatures import accepted_keywords, is_default
from gradus.page import Concept
from gradus.page.not_applicable import no_argument
from gradus.text import Text

CONTRACT = ("gradient", "theta0", "steps", "alpha")
#: The pages' arguments under the names that Optax gives them; of several the first that the factory accepts.
NAMES = {"beta": ("momentum",), "beta1": ("b1",), "beta2": ("b2", "decay"), "epsilon": ("eps",)}
COMPILED_FROM = 100  # steps: below, compiling an update takes longer than it saves


def is_transformation(value: Any) -> bool:
    """Whether `value` is a gradient transformation as Optax defines them: it has `init` and `update`."""
    return callable(getattr(value, "init", None)) and callable(getattr(value, "update", None))


def optax_trajectory(transformation: Any, gradient: Callable[[Any], Any], theta0: Any, steps: int) -> Any:
    r"""The points that an Optax gradient transformation visits: :math:`\theta_{k+1}=\theta_k+u_k`.

    Optax itself is not needed: anything with `init(params)` and `update(gradients, state, params)` will do,
    on the arrays of any framework.

    Args:
        transformation: such as `optax.adam(0.1)`.
        gradient: from a point θ to the gradient there, of the same shape; called once a step.
        theta0: the start, usually (dim,).
        steps: T.

    Returns:
        The trajectory (T + 1, *shape), an array of the start's framework.

    Raises:
        GradusError: the transformation lacks `init` or `update`, the number of steps is negative, or a
            gradient has another shape than θ.

    Cost: T gradients and updates; with JAX the update is compiled when T ≥ 100.
    """
    if not is_transformation(transformation):
        raise GradusError(
            Text(
                "expected a gradient transformation with init(params) and update(gradients, state, params), "
                f"got {type(transformation).__name__}; for a torch.optim optimiser use gradus.optimization.trajectory",
                f"应为带有 init(params) 与 update(gradients, state, params) 的梯度变换，得到 {type(transformation).__name__}；torch.optim 的优化器请用 gradus.optimization.trajectory",
            )
        )
    count, framework = checked_steps(steps), framework_of(theta0)
    update = transformation.update if count < COMPILED_FROM else framework.compiled(transformation.update)
    theta, state, points = theta0, transformation.init(theta0), [theta0]
    for _ in range(count):
        g = gradient(theta)
        if np.shape(g) != np.shape(theta):
            raise gradient_shape_error(np.shape(g), np.shape(theta))
        change, state = update(g, state, theta)
        theta = theta + change
        points.append(theta)
    return framework.namespace().stack(points)


def checked_steps(steps: Any) -> int:
    """The number of steps.

    Raises:
        GradusError: it is no whole number, or negative.
    """
    if isinstance(steps, bool) or not hasattr(steps, "__index__") or int(steps) < 0:
        raise GradusError(
            Text(
                f"expected a number of steps, 0 or more, got {steps!r}",
                f"步数应为 ≥ 0 的整数，得到 {steps!r}",
            )
        )
    return int(steps)


def gradient_shape_error(got: tuple[int, ...], want: tuple[int, ...]) -> GradusError:
    """The error of a gradient that has not the point's shape."""
    return GradusError(
        Text(
            f"expected a gradient of the point's shape {want}, got {got}; return one partial derivative each",
            f"梯度的形状应与点相同，即 {want}，得到 {got}；请为每个分量返回一个偏导数",
        )
    )


def adapt_factory(
    concept: Concept, function: Callable[..., Any], framework: str | None, name: str
) -> Adapted | None:
    """A factory of gradient transformations, called with the page's arguments; None if it is no such factory.

    Raises:
        GradusError: it is one, but the page's optimiser does not take gradient, start, steps and step size.
    """
    if concept.arguments[:1] != CONTRACT[:1]:
        return None
    transformation = _made_by(function)
    if transformation is None:
        return None
    if concept.arguments[: len(CONTRACT)] != CONTRACT:
        what, arguments = name or function.__name__, ", ".join(concept.arguments)
        raise GradusError(
            Text(
                f"{what} makes a gradient transformation, which {concept.key} cannot drive; "
                f"give a function ({arguments}) -> trajectory",
                f"{what} 生成梯度变换，{concept.key} 无法使用；请给出函数 ({arguments}) -> 轨迹",
            )
        )
    written_in = framework or detect(function, type(transformation))
    return Adapted(function, concept, written_in, _bridge(concept, function), name=name)


def _made_by(function: Callable[..., Any]) -> Any:
    """What the function makes of a learning rate, when that is a gradient transformation."""
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
        result = function(0.1)
    except Exception:
        return None
    return result if is_transformation(result) else None


def _bridge(concept: Concept, function: Callable[..., Any]) -> Callable[..., Any]:
    """From the page's arguments to the factory's; see `Implementation.call`."""
    defaults = {n: p.default for n, p in inspect.signature(concept.definition).parameters.items()}
    accepted = accepted_keywords(function)

    def call(
        factory: Callable[..., Any], gradient: Any, theta0: Any, steps: Any, alpha: Any, **options: Any
    ) -> Any:
        settings = {}
        for name, value in options.items():
            names = NAMES.get(name, (name,))
            theirs = next((n for n in names if accepted is not None and n in accepted), names[0])
            if accepted is None or theirs in accepted:
                settings[theirs] = value
            elif not is_default(value, defaults[name]):
                raise no_argument(factory.__name__, theirs)
        return optax_trajectory(factory(alpha, **settings), gradient, theta0, steps)

    return call
