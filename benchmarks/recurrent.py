"""Our peephole LSTM and both GRUs beside torch.nn.LSTM and torch.nn.GRU, forward and backward, one thread.

    python -m benchmarks.recurrent [--quick] [--rounds 15]

Both sides have equal sizes and take the same inputs, in turn in one run; a figure is the median over the rounds.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.table import Row

#: Batch, steps, inputs, units.
SIZES = ((16, 50, 32, 32), (20, 100, 8, 64), (32, 100, 64, 128), (64, 100, 256, 256))


def milliseconds(call: Callable[[], Any]) -> float:
    """Processor time of one call: with one thread its own time, whatever else the machine does."""
    begin = time.process_time()
    call()
    return 1e3 * (time.process_time() - begin)


def trained(layer: Any, x: Any) -> Callable[[], Any]:
    """Forward and backward of a layer, inputs differentiated, too."""

    def step() -> None:
        layer.zero_grad(set_to_none=True)
        x.grad = None
        layer(x)[0].square().sum().backward()

    return step


def pairs(d: int, n: int) -> list[tuple[str, Any, str, Any]]:
    """Our layers, each beside PyTorch's."""
    from torch import nn

    from gradus.networks import GRU, PeepholeLSTM

    return [
        (
            "peephole LSTM",
            PeepholeLSTM(d, n, batch_first=True),
            "torch.nn.LSTM",
            nn.LSTM(d, n, batch_first=True),
        ),
        ("GRU, reset after", GRU(d, n, batch_first=True), "torch.nn.GRU", nn.GRU(d, n, batch_first=True)),
        (
            "GRU, reset before",
            GRU(d, n, batch_first=True, reset_after=False),
            "torch.nn.GRU",
            nn.GRU(d, n, batch_first=True),
        ),
    ]


def main() -> list[Row]:
    """Times all sizes."""
    import torch

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="three rounds")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = []
    for B, T, d, n in SIZES:
        x = torch.randn(B, T, d, requires_grad=True)
        for what, ours, peer, theirs in pairs(d, n):
            calls = [trained(ours, x), trained(theirs, x)]
            times: list[list[float]] = [[], []]
            for call in calls:
                call()
            for _ in range(3 if options.quick else options.rounds):
                for call, own in zip(calls, times, strict=True):
                    own.append(milliseconds(call))
            mine, other = (statistics.median(own) for own in times)
            rows.append(Row(f"{what}, {B}×{T}, {d}→{n}", mine, peer, other, "ms"))
            print(f"{rows[-1].what}: {mine:.1f} ms, {peer} {other:.1f} ms", flush=True)
    return rows


if __name__ == "__main__":
    main()
