"""`fit` beside the usual tutorial loop, on MNIST: samples per second, test accuracy, peak memory.

    python -m benchmarks.training [--quick] [--threads 1] [--data FOLDER]

Where MNIST is absent it goes on with scikit-learn's digits, enlarged to the same 28×28, and says so.

Every measurement is a process of its own (so that neither side profits from the other's warm caches or heap), started
in turn. Speed is the median over the processes of the median epoch after the first; compiling is stated apart.
`fit` writes the gradients of these networks in closed form; `graph` records them as for any other module.
"""

import argparse
import gzip
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.table import Row

BATCH, RATE = 64, 1e-3
VARIANTS: dict[str, dict[str, Any] | None] = {
    "tutorial": None,
    "fit": {},
    "fit, bfloat16": {"precision": "bfloat16"},
    "fit, graph": {"closed_form": False},
    "fit, compiled": {"compile": True},
    "fit, compiled bf16": {"compile": True, "precision": "bfloat16"},
}
NETWORKS = ("mlp", "lenet")


def read_idx(path: Path, header: int) -> Any:
    import numpy as np

    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def mnist_folder() -> Path:
    """Where MNIST lies, if anywhere: among the test data, or where `gradus data get mnist` puts it."""
    from gradus.data import data_directory

    shared = Path(__file__).resolve().parents[2] / "shared" / "data"
    places = (
        Path(os.environ.get("GRADUS_TEST_DATA", shared)) / "mnist",
        data_directory() / "mnist",
    )
    return next((p for p in places if (p / "train-images-idx3-ubyte.gz").is_file()), places[-1])


def images(folder: Path, part: str, count: int) -> tuple[Any, Any]:
    """Images (count, 1, 28, 28) and labels of one part of MNIST; of the digits where there is no such folder."""
    return mnist(folder, part, count) if folder.is_dir() else digits(part, count)


def digits(part: str, count: int) -> tuple[Any, Any]:
    """scikit-learn's digits, each pixel three by three and a border of 2."""
    import numpy as np
    import torch

    from gradus.data import load

    loaded = load("digits")
    inputs, targets = (
        (loaded.train_inputs, loaded.train_targets)
        if part == "train"
        else (loaded.test_inputs, loaded.test_targets)
    )
    large = np.pad(np.kron(inputs[:count], np.ones((3, 3), "float32")), ((0, 0), (0, 0), (2, 2), (2, 2)))
    return torch.from_numpy(large), torch.from_numpy(targets[:count])


def mnist(folder: Path, part: str, count: int) -> tuple[Any, Any]:
    import torch

    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:count]
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte.gz", 8)[:count]
    return torch.from_numpy(images.astype("float32") / 255), torch.from_numpy(labels.astype("int64"))


def network(name: str) -> Any:
    from torch import nn

    if name == "mlp":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
        )
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def tutorial(net: Any, data: tuple[Any, Any], epochs: int) -> tuple[list[float], list[float]]:
    """The loop of the usual tutorial; returns the seconds of each epoch, and the processor time between them."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
    loader = DataLoader(TensorDataset(*data), batch_size=BATCH, shuffle=True)
    seconds, processor = [], [time.process_time()]
    for _ in range(epochs):
        begin, total = time.perf_counter(), 0.0
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(inputs), targets)
            loss.backward()
            optimizer.step()
            total += loss.item()
        seconds.append(time.perf_counter() - begin)
        processor.append(time.process_time())
    return seconds, processor


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Train one network in one way, in this process."""
    import torch

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    train, test = images(options.data, "train", options.samples), images(options.data, "t10k", 10_000)
    net, settings = network(options.network), VARIANTS[options.variant]
    before = resource.getrusage(resource.RUSAGE_SELF)
    if settings is None:
        seconds, processor = tutorial(net, train, options.epochs)
    else:
        from gradus.training import Callback, fit

        processor = [time.process_time()]

        class Clock(Callback):
            def on_epoch_end(self, run: Any, row: dict[str, Any]) -> None:
                processor.append(time.process_time())

        loss = torch.nn.functional.cross_entropy
        fitted = fit(
            net, loss, train, epochs=options.epochs, batch_size=BATCH, learning_rate=RATE, seed=options.seed,
            progress="silent", callbacks=[Clock()], **settings,
        )  # fmt: skip
        seconds = fitted.epoch_seconds
    after = resource.getrusage(resource.RUSAGE_SELF)
    with torch.no_grad():
        right = sum(
            int((net(x).argmax(1) == y).sum())
            for x, y in zip(test[0].split(500), test[1].split(500), strict=True)
        )
    usual = statistics.median(seconds[1:])
    used = statistics.median(after - before for before, after in itertools.pairwise(processor[1:]))
    return {
        "speed": options.samples / usual, "per_cpu": options.samples / used, "accuracy": right / len(test[1]), "first": seconds[0] - usual,
        "peak": after.ru_maxrss / 1024, "growth": (after.ru_maxrss - before.ru_maxrss) / 1024,
    }  # fmt: skip


def spawn(options: argparse.Namespace, network: str, variant: str, seed: int) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.training",
        "--one",
        "--network",
        network,
        "--variant",
        variant,
    ]
    names = ("threads", "samples", "epochs", *(["data"] if options.data.is_dir() else []))
    for name in names:
        command += [f"--{name}", str(getattr(options, name))]
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
    done = subprocess.run(
        [*command, "--seed", str(seed)], capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        raise SystemExit(f"{network}, {variant}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(options: argparse.Namespace, network: str) -> list[Row]:
    """Print the table of one network; returns each variant of `fit` beside the tutorial's loop."""
    measured: dict[str, list[dict[str, float]]] = {variant: [] for variant in options.variants}
    for seed in range(options.rounds):
        for variant in options.variants:
            measured[variant].append(spawn(options, network, variant, seed))
    middle = {v: {k: statistics.median(r[k] for r in rows) for k in rows[0]} for v, rows in measured.items()}
    print(
        f"\n{network}: {'samples/s':>24} {'ratio':>7} {'per CPU s':>10} {'ratio':>7} {'accuracy by seed':>28} {'peak MB':>8} {'growth MB':>9} {'first epoch':>12}"
    )
    for variant, row in middle.items():
        accuracies = " ".join(f"{r['accuracy']:.4f}" for r in measured[variant])
        print(
            f"  {variant:18} {row['speed']:12.0f} {row['speed'] / middle['tutorial']['speed']:6.2f}x "
            f"{row['per_cpu']:10.0f} {row['per_cpu'] / middle['tutorial']['per_cpu']:6.2f}x {accuracies:>28} "
            f"{row['peak']:8.0f} {row['growth']:9.0f} {row['first']:+10.1f} s",
            flush=True,
        )
    if "tutorial" not in middle:
        return []
    return [
        Row(
            f"training {network}: {v}",
            row["speed"],
            "tutorial loop",
            middle["tutorial"]["speed"],
            "samples/s",
        )
        for v, row in middle.items()
        if v != "tutorial"
    ]


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="12,800 samples, 3 epochs, 3 seeds")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path, help="folder with MNIST's four idx files")
    parser.add_argument("--samples", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--rounds", type=int, default=3, help="seeds, each in a process of its own")
    for name in ("--one",):
        parser.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    for name in ("--network", "--variant"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.data and not options.data.is_dir():
        parser.error(f"there is no folder {options.data}; leave --data out to use what is there")
    options.data = options.data or mnist_folder()
    available = 60_000 if options.data.is_dir() else 1437
    options.samples = min(options.samples or (12_800 if options.quick else 60_000), available)
    options.epochs = options.epochs or (3 if options.quick else 4)
    return options


def main() -> list[Row]:
    options = parsed()
    if options.one:
        print(json.dumps(measure(options)))
        return []
    import torch

    if not options.data.is_dir():
        print(
            "MNIST is absent (`gradus data get mnist` fetches it): on scikit-learn's digits, enlarged to 28×28, instead"
        )
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores{load}, {options.threads} thread(s), torch {torch.__version__}, batch {BATCH}, Adam {RATE}, {options.samples} samples, {options.epochs} epochs, {options.rounds} seeds")  # fmt: skip
    return [row for network in NETWORKS for row in compare(options, network)]


if __name__ == "__main__":
    main()
