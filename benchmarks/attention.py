"""Online attention beside torch's own kernel: processor time, forward and with the way back, and the memory it takes.

    python -m benchmarks.attention [--quick] [--rounds 9]

One head of 8,192 queries and keys with 64 numbers each, one thread, both sides in turn in one run; the least time counts. Memory
is the growth of a process of its own beyond the inputs, beside that of softmax(QKᵀ)V written out.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.memory import grown
from benchmarks.table import Row

LENGTH, WIDTH = 8192, 64


def ways() -> dict[str, Callable[..., Any]]:
    """Ours, torch's own kernel, and the formula as it is written."""
    import torch

    from gradus.networks import online_attention

    def naive(Q: Any, K: Any, V: Any) -> Any:
        return torch.softmax(Q @ K.mT / WIDTH**0.5, -1) @ V

    return {
        "ours": online_attention,
        "kernel": torch.nn.functional.scaled_dot_product_attention,
        "naive": naive,
    }


def inputs() -> list[Any]:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    return [torch.randn(1, 1, LENGTH, WIDTH, requires_grad=True) for _ in range(3)]


def forward(way: Callable[..., Any], inputs: list[Any]) -> Any:
    import torch

    with torch.no_grad():
        return way(*inputs)


def both_ways(way: Callable[..., Any], inputs: list[Any]) -> Any:
    for v in inputs:
        v.grad = None
    way(*inputs).square().sum().backward()


def memory(way: str, direction: str) -> float:
    """MiB by which a process of its own grew."""
    command = [sys.executable, "-m", "benchmarks.attention", "--one", way, "--direction", direction]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def growth(way: str, direction: str) -> float:
    """In this process: a small call first, so that what the kernels load is not counted."""
    args, run = inputs(), {"forward": forward, "both": both_ways}[direction]
    run(ways()[way], [v[..., :64, :].detach().requires_grad_() for v in args])
    return grown(lambda: run(ways()[way], args))


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="three rounds")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--direction", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(growth(options.one, options.direction))
        return []
    args, rows = inputs(), []
    for direction, run in (("forward", forward), ("forward and backward", both_ways)):
        times: dict[str, list[float]] = {"ours": [], "kernel": []}
        for _ in range(3 if options.quick else options.rounds):
            for way, own in times.items():
                begin = time.process_time()
                run(ways()[way], args)
                own.append(1e3 * (time.process_time() - begin))
        what = f"online attention, n = {LENGTH:,}, {direction}"
        rows.append(Row(what, min(times["ours"]), "torch's kernel", min(times["kernel"]), "ms"))
        mine, theirs = (
            memory(way, direction.split()[-1].replace("backward", "both")) for way in ("ours", "naive")
        )
        rows.append(Row(f"{what}: memory", mine, "softmax(QKᵀ)V", theirs, "MiB"))
    return rows


if __name__ == "__main__":
    main()
