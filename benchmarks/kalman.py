"""Kalman smoothing of 1,000 series at once, beside simdkalman (one model for all) and statsmodels (a model each).

    python -m benchmarks.kalman [--quick] [--rounds 5] [--series 1000]

Four states (places and speeds in the plane), two numbers observed, 200 steps, float64; means and covariances of the states given the
whole series. One thread; the sides take turns, of each the processor time of a call counts, its own models made in it, and over the rounds
the median. statsmodels gets a new object for each series (one that is bound anew can answer with the former series), smooths means and
covariances only, does not stop at a steady state, and is timed on every tenth series. The largest difference of the answers is printed.
"""

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.table import Row
from gradus.inference import KalmanFilter

Array = np.ndarray[Any, np.dtype[Any]]
STEPS, PART = 200, 10
F = np.eye(4) + np.eye(4, k=2)
H = np.eye(2, 4)
Q = 0.05 * np.eye(4)
R = np.array([[0.5, 0.1], [0.1, 0.4]])
m, P = np.zeros(4), 10 * np.eye(4)


def models(series: int) -> list[Array]:
    """Matrices of each series, all a little different: (series, 1, rows, columns), the start without times."""
    scale = np.random.default_rng(1).uniform(0.5, 2, (series, 1, 1, 1))
    still = np.broadcast_to
    return [
        still(F, (series, 1, 4, 4)),
        still(H, (series, 1, 2, 4)),
        scale * Q,
        scale * R,
        still(m, (series, 4)),
        scale[:, 0] * P,
    ]


def with_simdkalman(y: Array) -> tuple[Array, Array]:
    module: Any = importlib.import_module("simdkalman")
    found = module.KalmanFilter(F, Q, H, R).compute(
        y, 0, initial_value=m, initial_covariance=P, smoothed=True, filtered=False, observations=False
    )
    return found.smoothed.states.mean, found.smoothed.states.cov


def with_statsmodels(y: Array, matrices: list[Array]) -> tuple[Array, Array]:
    module: Any = importlib.import_module("statsmodels.tsa.statespace.kalman_smoother")
    means, covariances = [], []
    for one, (f, h, q, r, start, spread) in zip(y, zip(*matrices, strict=True), strict=True):
        smoother = module.KalmanSmoother(
            2, 4, smoother_output=module.SMOOTHER_STATE | module.SMOOTHER_STATE_COV, tolerance=0
        )
        for name, matrix in zip(
            ("transition", "design", "state_cov", "obs_cov", "selection"),
            (f[0], h[0], q[0], r[0], np.eye(4)),
            strict=True,
        ):
            smoother[name] = matrix
        smoother.initialize_known(start.copy(), spread.copy())
        smoother.bind(one.copy())
        found = smoother.smooth()
        means.append(found.smoothed_state.T)
        covariances.append(np.moveaxis(found.smoothed_state_cov, -1, 0))
    return np.array(means), np.array(covariances)


def smoothed(y: Array, matrices: list[Array]) -> tuple[Array, Array]:
    found = KalmanFilter(*matrices).smooth(y)
    return found.means, found.covariances


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--series", type=int, default=1000)
    options = parser.parse_args()
    series = options.series
    each = models(series)
    y = KalmanFilter(F, H, Q, R, m, P).sample(STEPS, series=series, seed=0).observations
    sides: dict[str, tuple[int, Callable[[], Any]]] = {
        "one model": (1, lambda: smoothed(y, [F, H, Q, R, m, P])),
        "a model each": (1, lambda: smoothed(y, each)),
    }
    for name, call in (
        ("simdkalman", (1, lambda: with_simdkalman(y))),
        ("statsmodels", (PART, lambda: with_statsmodels(y[::PART], [M[::PART] for M in each]))),
    ):
        if importlib.util.find_spec(name) is not None:
            sides[name] = call
        else:
            print(f"{name} is not installed (`pip install {name}`): left out")
    times: dict[str, list[float]] = {name: [] for name in sides}
    answers: dict[str, Any] = {}
    for k in range((1 if options.quick else options.rounds) + 1):  # the first round warms up
        for name, (part, call) in sides.items():
            begun = time.process_time()
            answers[name] = call()
            if k:
                times[name].append(1e3 * part * (time.process_time() - begun))
    middle = {name: statistics.median(t) for name, t in times.items()}
    rows = []
    for ours, theirs, every in (("one model", "simdkalman", 1), ("a model each", "statsmodels", PART)):
        print(f"{ours}: {middle[ours]:.1f} ms")
        if theirs in sides:
            worst = max(
                float(np.abs(a[::every] - b).max())
                for a, b in zip(answers[ours], answers[theirs], strict=True)
            )
            print(f"{theirs}: {middle[theirs]:.0f} ms, largest difference {worst:.0e}")
            rows.append(
                Row(f"Kalman smoother, {series} series, {ours}", middle[ours], theirs, middle[theirs], "ms")
            )
    return rows


if __name__ == "__main__":
    from benchmarks.table import table

    print(table(main()))
