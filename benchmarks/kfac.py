"""K-FAC beside Adam on an autoencoder of scikit-learn's digits: steps and seconds to the loss at which Adam ends.

    python -m benchmarks.kfac [--quick] [--steps 600] [--threads 1]

The network is 64–128–64–16–64–128–64 with tanh; the loss the cross-entropy of the pixels of batches of 256; what is compared
is the loss on all 1797 images. Both sides are tuned with as many trials, on seed 0: Adam's step size and K-FAC's damping over
seven values each. Then each of three other seeds trains Adam for all its steps, and K-FAC until it is as low.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.table import Row

BATCH = 256
RATES = (1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 2e-2, 3e-2)
DAMPINGS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
SIZES = (64, 128, 64, 16, 64, 128, 64)


def network(seed: int) -> Any:
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for size, following in itertools.pairwise(SIZES):
        layers += [nn.Linear(size, following), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def pixel_loss(network: Any, images: Any) -> Any:
    from torch.nn import functional as F

    return F.binary_cross_entropy_with_logits(network(images), images, reduction="sum") / len(images)


def train(
    make: Callable[[Any], Any], images: Any, steps: int, seed: int, target: float | None = None
) -> tuple[int, float, float]:
    """Steps, seconds of the steps alone, and the loss on all images; with a target it ends where that is reached."""
    import torch

    net, order, seconds, loss = network(seed), torch.Generator().manual_seed(seed), 0.0, float("inf")
    optimizer = make(net)
    for step in range(1, steps + 1):
        batch = images[torch.randint(len(images), (BATCH,), generator=order)]
        begin = time.perf_counter()
        optimizer.zero_grad()
        pixel_loss(net, batch).backward()
        optimizer.step()
        seconds += time.perf_counter() - begin
        if step == steps or (target is not None and step % 5 == 0):
            with torch.no_grad():
                loss = float(pixel_loss(net, images))
            if target is not None and loss <= target:
                break
    return step, seconds, loss


def adam(rate: float) -> Callable[[Any], Any]:
    import torch

    return lambda net: torch.optim.Adam(net.parameters(), lr=rate, fused=True)


def kfac(damping: float) -> Callable[[Any], Any]:
    from gradus.optimization import KFAC

    return lambda net: KFAC(
        net, 1.0, damping=damping, likelihood="bernoulli", rescaling="quadratic", factor_every=5, inverse_every=20
    )  # fmt: skip


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer steps and one seed")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    import torch
    from sklearn.datasets import load_digits

    torch.set_num_threads(options.threads)
    images = torch.tensor(load_digits().data / 16, dtype=torch.float32)
    steps = 120 if options.quick else options.steps
    rate = min(RATES, key=lambda r: train(adam(r), images, steps, 0)[2])
    damping = min(DAMPINGS, key=lambda d: train(kfac(d), images, steps // 6, 0)[2])
    print(f"Adam's step size {rate:g}, K-FAC's damping {damping:g}")
    shares, times = [], []
    for seed in (1,) if options.quick else (1, 2, 3):
        _, theirs, target = train(adam(rate), images, steps, seed)
        reached, ours, loss = train(kfac(damping), images, steps, seed, target)
        print(
            f"seed {seed}: Adam {target:.3f} after {steps} steps in {theirs:.2f} s; K-FAC {loss:.3f} after {reached} in {ours:.2f} s"
        )
        shares.append((float(reached), float(steps)))
        times.append((ours, theirs))
    return [
        Row("digits autoencoder to Adam's loss", *mean_beside(shares, "Adam, tuned"), "steps"),
        Row("digits autoencoder to Adam's loss", *mean_beside(times, "Adam, tuned"), "s"),
    ]


def mean_beside(pairs: list[tuple[float, float]], peer: str) -> tuple[float, str, float]:
    return statistics.mean(o for o, _ in pairs), peer, statistics.mean(t for _, t in pairs)


if __name__ == "__main__":
    from benchmarks.table import table

    print(table(main()))
