"""Gaussian mixtures by EM beside scikit-learn: 100,000 rows, 16 columns, 16 components, full covariances, 10 steps from one start.

    python -m benchmarks.mixture [--quick] [--rounds 3] [--rows 100000]

One thread, float64, no penalty; the sides take turns, of each the processor time of `fit` counts, and over the rounds the median. Memory
is the most that Python's allocators held above the start, NumPy's arrays among it, in a run of its own. The largest difference of the means is printed.
"""

import argparse
import statistics
import time
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture as Peer

from benchmarks.table import Row
from gradus.inference import GaussianMixture

COLUMNS, COMPONENTS, STEPS = 16, 16, 10


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round of a tenth of the rows")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    n, rounds = (options.rows // 10, 1) if options.quick else (options.rows, options.rounds)
    rng = np.random.default_rng(0)
    X = (
        rng.normal(size=(n, COLUMNS))
        + 3 * rng.normal(size=(COMPONENTS, COLUMNS))[rng.integers(COMPONENTS, size=n)]
    )
    eye = np.tile(np.eye(COLUMNS), (COMPONENTS, 1, 1))
    common: dict[str, Any] = dict(
        n_components=COMPONENTS, tol=0.0, reg_covar=0.0, max_iter=STEPS,
        weights_init=np.full(COMPONENTS, 1 / COMPONENTS), means_init=X[:COMPONENTS],
    )  # fmt: skip
    sides: dict[str, Callable[[], Any]] = {
        "gradus": lambda: GaussianMixture(covariances_init=eye, **common).fit(X),
        "scikit-learn": lambda: Peer(precisions_init=eye, **common).fit(X),
    }
    warnings.simplefilter("ignore")  # ten steps are not enough for either, and they say so
    times: dict[str, list[float]] = {name: [] for name in sides}
    memory: dict[str, float] = {}
    means: dict[str, Any] = {}
    for name, call in sides.items():
        tracemalloc.start()
        means[name] = call().means_
        memory[name] = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
    for _ in range(rounds):
        for name, call in sides.items():
            begun = time.process_time()
            call()
            times[name].append(1e3 * (time.process_time() - begun))
    middle = {name: statistics.median(t) for name, t in times.items()}
    for name in sides:
        print(f"{name}: {middle[name]:.0f} ms, {memory[name]:.1f} MiB")
    print(f"largest difference of the means {np.abs(means['gradus'] - means['scikit-learn']).max():.0e}")
    what = f"Gaussian mixture, {n:,} rows, {STEPS} steps of EM"
    return [
        Row(what, middle["gradus"], "scikit-learn", middle["scikit-learn"], "ms"),
        Row(f"{what}: memory", memory["gradus"], "scikit-learn", memory["scikit-learn"], "MiB"),
    ]


if __name__ == "__main__":
    main()
