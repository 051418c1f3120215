"""What a watch costs: a training loop with it beside the same loop without, in one run.

    python -m benchmarks.watching [--quick] [--every 1] [--threads 1]

An MLP 64-128-128-10 on scikit-learn's digits in batches of 128, by SGD with momentum and by Adam. Both loops run in turn, CPU seconds
of this thread; the ratio is the median over the turns.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from benchmarks.table import Row

STEPS = 300


def seconds(make: Callable[[Any], Any], data: Any, every: int | None) -> float:
    """CPU seconds of the loop; watched where `every` says how often."""
    import torch
    from torch import nn

    import gradus

    torch.manual_seed(0)
    sizes = [(64, 128), (128, 128), (128, 10)]
    model = nn.Sequential(*[m for a, b in sizes for m in (nn.Linear(a, b), nn.ReLU())][:-1])
    optimizer, (inputs, targets) = make(model.parameters()), data
    chosen = [torch.randint(len(inputs), (128,)) for _ in range(STEPS)]
    began = time.thread_time()
    with nullcontext() if every is None else gradus.watch(model, optimizer, report=None, every=every):
        for batch in chosen:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs[batch]), targets[batch]).backward()
            optimizer.step()
    return time.thread_time() - began


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="three turns")
    parser.add_argument("--every", type=int, default=1, help="steps between looks")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    import torch

    from gradus.data import load

    torch.set_num_threads(options.threads)
    digits = load("digits")
    data = (
        torch.from_numpy(digits.train_inputs).float().reshape(-1, 64),
        torch.from_numpy(digits.train_targets),
    )
    makers = {
        "SGD": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
        "Adam": lambda p: torch.optim.Adam(p, 1e-3),
    }
    for name, make in makers.items():
        seconds(make, data, options.every)
        pairs = [
            (seconds(make, data, None), seconds(make, data, options.every))
            for _ in range(3 if options.quick else 15)
        ]
        share = statistics.median(b / a for a, b in pairs) - 1
        best = min(b for _, b in pairs) / min(a for a, _ in pairs) - 1
        step = min(a for a, _ in pairs) / STEPS
        print(
            f"{name}: a step {1e6 * step:.0f} µs; watched {share:+.1%} in the median, {best:+.1%} best beside best"
        )
    return []


if __name__ == "__main__":
    main()
