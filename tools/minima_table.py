"""Writes what each method of `minimize` reaches on Moré, Garbow and Hillstrom's problems, and at what cost, into the file of a page's table."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from gradus.optimization import MGHProblem, mgh_problems, minimize

FILE = Path(__file__).resolve().parent.parent / "gradus" / "assets" / "mgh_results.json"
METHODS = ("gradient-descent", "bfgs", "lbfgs", "newton-cg", "newton", "trust-region")
MOST = 2500  # evaluations of f with its gradient


def reached(problem: MGHProblem, method: str) -> tuple[float, list[int] | None]:
    """The value at which a method ends, and what it cost to get there, if it is a published minimum.

    The cost: evaluations of f with its gradient, Hessians, and products with a Hessian until f is within 1e-5 of the
    minimum at which the method ends, relative, or within 1e-10 of 0.
    """

    def run(**most: int) -> Any:
        return minimize(problem, problem.start(), method, max_evaluations=MOST, **most)

    result = run()
    if not problem.solved(result.value):
        return result.value, None
    minimum = min(problem.minima, key=lambda m: abs(m - result.value))
    near = result.history.value <= minimum + (1e-5 * minimum or 1e-10)
    first = run(max_iterations=int(result.history.iteration[np.argmax(near)]))
    return result.value, [first.evaluations, first.hessian_evaluations, first.hessian_products]


def table(problems: tuple[MGHProblem, ...]) -> dict[str, list[list[Any]]]:
    """By method, of each problem the value reached to eight digits and the cost, null where it is no published minimum."""
    rows: dict[str, list[list[Any]]] = {method: [] for method in METHODS}
    for method in METHODS:
        for problem in problems:
            value, cost = reached(problem, method)
            rows[method].append([float(f"{value:.8g}"), cost])
    return rows


def main() -> None:
    """Writes the file anew."""
    problems = mgh_problems()
    rows: dict[str, list[list[Any]]] = {
        "problems": [[p.number, p.name, p.n, [float(f"{m:.9g}") for m in p.minima]] for p in problems]
    }
    rows |= table(problems)
    lines = ",\n".join(
        f'"{name}": [\n ' + ",\n ".join(json.dumps(row, ensure_ascii=False) for row in found) + "\n]"
        for name, found in rows.items()
    )
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
