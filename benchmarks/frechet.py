"""The Fréchet distance of 10,000 × 512 features beside SciPy's square root of the product of covariances.

    python -m benchmarks.frechet [--quick] [--rounds 5] [--samples 10000] [--dimensions 512]

The peer is what FID is usually computed by: `numpy.cov` of both sets, `scipy.linalg.sqrtm` of the product, the real part of its trace.
One thread; the sides take turns, of each the processor time of a call counts, and over the rounds the median. Once from features, where
both sides spend most of it on the covariances, and once from moments that are given. The difference of both values is printed.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import scipy.linalg
import torch

from benchmarks.table import Row
from gradus.generative import frechet_distance

Moments = tuple[np.ndarray, np.ndarray]


def features(samples: int, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Two correlated sets, the second wider and elsewhere."""
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((dimensions, dimensions)) / np.sqrt(dimensions)
    a = np.maximum(rng.standard_normal((samples, dimensions)) @ mix, -0.5)
    b = 1.1 * np.maximum(rng.standard_normal((samples, dimensions)) @ mix, -0.5) + 0.2
    return a, b


def moments(x: np.ndarray) -> Moments:
    return x.mean(0), np.cov(x, rowvar=False)


def by_square_root(a: Moments, b: Moments) -> float:
    """As pytorch-fid writes it."""
    root = np.trace(np.real(scipy.linalg.sqrtm(a[1] @ b[1])))
    return float(((a[0] - b[0]) ** 2).sum() + np.trace(a[1]) + np.trace(b[1]) - 2 * root)


def compare(what: str, ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> Row:
    seconds: tuple[list[float], list[float]] = ([], [])
    values = [0.0, 0.0]
    for _ in range(rounds):
        for side, call in enumerate((ours, theirs)):
            begun = time.process_time()
            values[side] = call()
            seconds[side].append(time.process_time() - begun)
    middle = [1e3 * statistics.median(s) for s in seconds]
    row = Row(what, middle[0], "SciPy", middle[1], "ms")
    apart = abs(values[0] / values[1] - 1)
    print(f"{what}: {row.ours:.0f} ms, SciPy {row.theirs:.0f} ms, apart by {apart:.1e}", flush=True)
    return row


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="2,000 × 128, one round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--dimensions", type=int, default=512)
    options = parser.parse_args()
    n, d, rounds = (2000, 128, 1) if options.quick else (options.samples, options.dimensions, options.rounds)
    torch.set_num_threads(1)
    a, b = features(n, d)
    x, y = torch.from_numpy(a), torch.from_numpy(b)
    p, q = moments(a), moments(b)
    given = [tuple(map(torch.from_numpy, m)) for m in (p, q)]
    return [
        compare(
            f"Fréchet distance of {n:,} × {d} features",
            lambda: frechet_distance(x, y).value,
            lambda: by_square_root(moments(a), moments(b)),
            rounds,
        ),
        compare(
            f"Fréchet distance of {d} × {d} covariances",
            lambda: frechet_distance(given[0], given[1]).value,  # type: ignore[arg-type]
            lambda: by_square_root(p, q),
            rounds,
        ),
    ]


if __name__ == "__main__":
    main()
