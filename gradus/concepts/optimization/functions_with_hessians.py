"""Functions with their gradients and Hessians, written out, for methods of second order; they take the arrays of every framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.frameworks import like, namespace
from gradus.page import generic

Function = Callable[[Any], Any]
OfModule = Callable[[Any, Any], Any]  # (module of the array, θ)
Smooth = dict[str, Function]  # "f", "gradient", "hessian"


def named(name: str, f: Function, gradient: Function, hessian: Function) -> Smooth:
    """The three under the names that the definitions call them by; each is shown by the function's name."""
    functions = {"f": generic(f), "gradient": generic(gradient), "hessian": generic(hessian)}
    for part, function in functions.items():
        function.__name__ = function.__qualname__ = f"{part} of {name}"
    return functions


def quadratic_form(A: Any, centre: Any) -> Smooth:
    """½ (θ − c)ᵀ A (θ − c), A symmetric."""
    A, centre = np.asarray(A, float), np.asarray(centre, float)

    def f(x: Any) -> Any:
        return (x - like(centre, x)) @ (like(A, x) @ (x - like(centre, x))) / 2

    def gradient(x: Any) -> Any:
        return like(A, x) @ (x - like(centre, x))

    return named(f"quadratic({A.tolist()}, {centre.tolist()})", f, gradient, lambda x: like(A, x))


def through(A: Any, b: Any, smooth: Smooth) -> Smooth:
    """x ↦ f(Ax + b)."""
    A, b = np.asarray(A, float), np.asarray(b, float)
    f, gradient, hessian = smooth["f"], smooth["gradient"], smooth["hessian"]

    def there(x: Any) -> Any:
        return like(A, x) @ x + like(b, x)

    return named(
        f"{f.__name__} after {A.tolist()}, {b.tolist()}",
        lambda x: f(there(x)),
        lambda x: like(A.T, x) @ gradient(there(x)),
        lambda x: like(A.T, x) @ hessian(there(x)) @ like(A, x),
    )


def separable(name: str, value: OfModule, slope: OfModule, curvature: OfModule) -> Smooth:
    """Σ φ(θ_i), from (module, θ) ↦ φ, φ′ and φ″."""
    return named(
        name,
        lambda x: value(namespace(x), x).sum(),
        lambda x: slope(namespace(x), x),
        lambda x: namespace(x).diag(curvature(namespace(x), x)),
    )


def _matrix(x: Any, rows: list[list[Any]]) -> Any:
    stack = namespace(x).stack
    return stack([stack([entry + 0 * x[0] for entry in row]) for row in rows])


#: eᶿ − θ in every coordinate: convex, least at 0, with a second derivative that changes.
EXPONENTIAL = separable("exp(x) − x", lambda xp, x: xp.exp(x) - x, lambda xp, x: xp.exp(x) - 1, lambda xp, x: xp.exp(x))

#: √(1 + θ²): convex, least at 0; undamped Newton steps take θ to −θ³.
HYPERBOLA = separable(
    "√(1 + x²)",
    lambda xp, x: xp.sqrt(1 + x * x),
    lambda xp, x: x / xp.sqrt(1 + x * x),
    lambda xp, x: (1 + x * x) ** -1.5,
)

#: θ⁴: least at 0, where its second derivative vanishes.
QUARTIC = separable("x⁴", lambda xp, x: x**4, lambda xp, x: 4 * x**3, lambda xp, x: 12 * x**2)

#: log cosh θ, least at 0, with bounded slopes.
LOG_COSH = separable(
    "log cosh x", lambda xp, x: xp.log(xp.cosh(x)), lambda xp, x: xp.tanh(x), lambda xp, x: 1 / xp.cosh(x) ** 2
)

#: A curved valley, least at (1, 1).
ROSENBROCK = named(
    "Rosenbrock's valley",
    lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2,
    lambda x: namespace(x).stack([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]),
    lambda x: _matrix(x, [[1200 * x[0] ** 2 - 400 * x[1] + 2, -400 * x[0]], [-400 * x[0], 200]]),
)

#: A saddle at the origin between two minima, (0, −1) and (0, 1).
SADDLE = named(
    "a saddle between two minima",
    lambda x: x[0] ** 2 / 2 + x[1] ** 4 / 4 - x[1] ** 2 / 2,
    lambda x: namespace(x).stack([x[0], x[1] ** 3 - x[1]]),
    lambda x: _matrix(x, [[1, 0], [0, 3 * x[1] ** 2 - 1]]),
)

#: A rolling ground whose Hessian has off-diagonal entries that change: exp(−|θ|²/2) + Σ θ_i⁴/4 + θ₁θ₂/2.
ROLLING = named(
    "rolling ground",
    lambda x: namespace(x).exp(-(x * x).sum() / 2) + (x**4).sum() / 4 + x[0] * x[1] / 2,
    lambda x: -x * namespace(x).exp(-(x * x).sum() / 2) + x**3 + namespace(x).stack([x[1], x[0]]) / 2,
    lambda x: (
        (x[:, None] * x[None, :] - like(np.eye(2), x)) * namespace(x).exp(-(x * x).sum() / 2)
        + namespace(x).diag(3 * x**2)
        + like(np.array([[0.0, 0.5], [0.5, 0.0]]), x)
    ),
)
