"""The update of 200 tensors in one call, as `fit` does it, beside PyTorch's loop over them, foreach and fused.

    python -m benchmarks.optimizers [--quick] [--threads 1]

All variants take turns in one process on equal parameters; stated are medians over the rounds of processor time a
call, which other processes disturb less than the clock. `checked` is the step that looks for itself whether gradients and
parameters are where they belong; in `fit` that is part of the backward pass. The last rows are whole steps of a
network of 100 layers: zero, forward, backward, update.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks.table import Row
from gradus.optimization import FlatUpdate

TENSORS = 200
SIZES = (256, 4096)
OPTIMIZERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "Adam": (torch.optim.Adam, {}),
    "AdamW": (torch.optim.AdamW, {}),
    "SGD+momentum": (torch.optim.SGD, {"momentum": 0.9}),
}
WAYS: dict[str, dict[str, bool]] = {
    "for-loop": {"foreach": False, "fused": False},
    "foreach": {"foreach": True},
    "fused": {"fused": True},
}


def turns(calls: dict[str, Callable[[], Any]], rounds: int, repeats: int) -> dict[str, float]:
    """Milliseconds of processor time a call: medians over rounds in which all take turns."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for name in list(calls) * rounds:
        calls[name]()
        begin = time.process_time()
        for _ in range(repeats):
            calls[name]()
        spent[name].append((time.process_time() - begin) / repeats * 1e3)
    return {name: statistics.median(values) for name, values in spent.items()}


def parameters(size: int) -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    made = [nn.Parameter(torch.randn(16, size // 16, generator=generator)) for _ in range(TENSORS)]
    for p in made:
        p.grad = torch.randn(p.shape, generator=generator)
    return made


def updates(name: str, size: int) -> dict[str, Callable[[], Any]]:
    """The update alone, with the gradients as they are."""
    kind, settings = OPTIMIZERS[name]
    calls: dict[str, Callable[[], Any]] = {
        way: kind(parameters(size), lr=1e-3, **settings, **chosen).step for way, chosen in WAYS.items()
    }
    flat = FlatUpdate(kind(parameters(size), lr=1e-3, fused=True, **settings))
    flat.collect()
    return calls | {"gradus": flat.apply, "checked": flat.step}


def whole_steps(name: str) -> dict[str, Callable[[], Any]]:
    """Whole steps of a network of many small layers."""
    kind, settings = OPTIMIZERS[name]
    inputs = torch.randn(32, 16, generator=torch.Generator().manual_seed(1))

    def step(flat: bool) -> Callable[[], Any]:
        torch.manual_seed(0)
        net = nn.Sequential(*(nn.Linear(16, 16) for _ in range(TENSORS // 2)))
        optimizer = kind(net.parameters(), lr=1e-3, fused=True, **settings)
        stepper: Any = FlatUpdate(optimizer) if flat else optimizer

        def call() -> None:
            stepper.zero_grad()
            net(inputs).square().mean().backward()
            stepper.step()

        return call

    return {"fused": step(False), "gradus": step(True)}


def main() -> list[Row]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rounds, rows = 5 if options.quick else 15, []
    print(f"torch {torch.__version__}, {options.threads} thread(s), {rounds} rounds, ms of processor time")
    for size in SIZES:
        for name in OPTIMIZERS:
            ms = turns(updates(name, size), rounds, 20)
            print(f"{TENSORS} x {size:<5} {name:13}", *(f"{way} {value:.3f}" for way, value in ms.items()))
            what = f"{name} update, {TENSORS} x {size}"
            rows += [Row(what, ms["gradus"], f"torch {way}", ms[way], "ms") for way in WAYS]
            rows.append(Row(f"{what}, checked", ms["checked"], "torch fused", ms["fused"], "ms"))
    for name in OPTIMIZERS:
        ms = turns(whole_steps(name), rounds, 5)
        rows.append(Row(f"{name}, whole step, {TENSORS // 2} layers", ms["gradus"], "torch fused", ms["fused"], "ms"))  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
