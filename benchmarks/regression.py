"""Linear and logistic regression beside scikit-learn's defaults, n = 100,000, d = 100.

    python -m benchmarks.regression [--rounds 5]

Each side is timed in turn within one process; the error is the largest one of a coefficient, in standard errors, against
a solution that is exact to roundoff.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.table import Row


def timed(sides: dict[str, Callable[[], Any]], rounds: int) -> dict[str, tuple[float, Any]]:
    """Median milliseconds of each side, taken in turn, and its last result."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    results = {}
    for _ in range(rounds + 1):
        for name, call in sides.items():
            begin = time.perf_counter()
            results[name] = call()
            times[name].append(1e3 * (time.perf_counter() - begin))
    return {name: (statistics.median(t[1:]), results[name]) for name, t in times.items()}


def show(title: str, rows: dict[str, tuple[float, float]], peer: str) -> None:
    print(f"\n{title}: {'ms':>23} {'ratio':>7} {'error / standard error':>24}")
    for name, (ms, error) in rows.items():
        print(f"  {name:34} {ms:8.0f} {rows[peer][0] / ms:6.2f}x {error:24.1e}")


def linear(rounds: int) -> list[Row]:
    import numpy as np
    from sklearn.linear_model import LinearRegression

    from gradus.foundations.linear_regression import linear_regression

    rng = np.random.default_rng(0)
    X = rng.standard_normal((100_000, 100))
    y = X @ rng.standard_normal(100) + 3 + rng.standard_normal(100_000)
    exact = linear_regression(X, y, refinements=3)
    results = timed(
        {
            "scikit-learn LinearRegression": lambda: LinearRegression().fit(X, y).coef_,
            "gradus, with the whole analysis": lambda: linear_regression(X, y).coefficients[1:],
        },
        rounds,
    )
    errors = {
        k: float(np.max(np.abs(c - exact.coefficients[1:]) / exact.standard_errors[1:]))
        for k, (_, c) in results.items()
    }
    rows = {k: (ms, errors[k]) for k, (ms, _) in results.items()}
    show("linear regression", rows, "scikit-learn LinearRegression")
    ours = rows["gradus, with the whole analysis"][0]
    theirs = rows["scikit-learn LinearRegression"][0]
    return [Row("linear regression, 100,000 × 100", ours, "scikit-learn", theirs, "ms")]


def logistic(rounds: int) -> list[Row]:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    from gradus.foundations.logistic_regression import logistic_regression

    rng = np.random.default_rng(0)
    X = rng.standard_normal((100_000, 100))
    p = 1 / (1 + np.exp(-(X @ rng.standard_normal(100) / 5 + 0.3)))
    y = (rng.random(100_000) < p).astype(float)
    exact = logistic_regression(X, y, penalty=1.0)

    def ours(tolerance: float) -> Callable[[], Any]:
        return lambda: logistic_regression(X, y, penalty=1.0, tolerance=tolerance).coefficients[1:]

    def theirs(**settings: Any) -> Callable[[], Any]:
        return lambda: LogisticRegression(C=1.0, **settings).fit(X, y).coef_[0]

    results = timed(
        {
            "scikit-learn lbfgs (default)": theirs(),
            "gradus, tolerance 1": ours(1.0),
            "scikit-learn lbfgs, tol 1e-8": theirs(tol=1e-8),
            "scikit-learn newton-cholesky": theirs(solver="newton-cholesky"),
            "gradus (default: to roundoff)": ours(1e-10),
        },
        rounds,
    )
    errors = {
        k: float(np.max(np.abs(c - exact.coefficients[1:]) / exact.standard_errors[1:]))
        for k, (_, c) in results.items()
    }
    rows = {k: (ms, errors[k]) for k, (ms, _) in results.items()}
    show("logistic regression", rows, "scikit-learn lbfgs (default)")
    pairs = {
        "gradus, tolerance 1": "scikit-learn lbfgs (default)",
        "gradus (default: to roundoff)": "scikit-learn lbfgs, tol 1e-8",
    }
    return [
        Row(
            f"logistic regression: {mine.removeprefix('gradus').strip(' ,')}",
            rows[mine][0],
            peer,
            rows[peer][0],
            "ms",
        )
        for mine, peer in pairs.items()
    ]


def main() -> list[Row]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="3 rounds")
    options, _ = parser.parse_known_args()
    rounds = 3 if options.quick else options.rounds
    return [*linear(rounds), *logistic(rounds)]


if __name__ == "__main__":
    main()
