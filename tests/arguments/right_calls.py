"""A right call of every public function and method: what its bad inputs are made from.

Each file `calls_of_….py` beside this one has a function of its name that gives some; `without_a_call.txt` names the rest, with
the reason, a line each.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

from calls_elsewhere import calls_elsewhere
from calls_of_foundations import calls_of_distributions, calls_of_estimator
from example_calls import Example

from tools.public_surface import PACKAGES, methods, public

HERE = Path(__file__).parent
WITHOUT = dict(
    line.split(" | ") for line in (HERE / "without_a_call.txt").read_text(encoding="utf-8").splitlines()
)


def callables() -> list[str]:
    """The names of all public functions, classes and methods that take arguments."""
    names = []
    for package in PACKAGES:
        for name, value in public(package):
            if not callable(value):
                continue
            names.append(f"{package}.{name}")
            if inspect.isclass(value):
                names += [
                    f"{package}.{name}.{m}"
                    for m in methods(value)
                    if not isinstance(inspect.getattr_static(value, m), property)
                ]
    return names


_SHARED = dict(l1_ratio=0.5, fit_intercept=True, tol=1e-6, max_iter=200)
FILES = sorted(path.stem for path in HERE.glob("calls_of_*.py"))
EXAMPLES: dict[str, Example] = {
    **{name: call for file in FILES for name, call in getattr(import_module(file), file)().items()},
    **calls_of_distributions(),
    **calls_elsewhere(),
    **calls_of_estimator(
        "Adaline", step_size=0.01, decay=0.1, max_iter=20, tol=0.5, fit_intercept=True, random_state=0
    ),
    **calls_of_estimator("Hopfield", max_iter=5, threshold=0.0),
    **calls_of_estimator("ModernHopfield", beta=1.0, max_iter=5, tol=1e-6),
    **calls_of_estimator("LinearRegression", penalty="l2", alpha=0.1, **_SHARED),
    **calls_of_estimator("LogisticRegression", penalty="l2", C=1.0, **_SHARED),
    **calls_of_estimator("Perceptron", max_iter=50, fit_intercept=True, averaged=False),
}
