"""Graph networks beside torch-geometric: milliseconds of one training epoch, and what memory it takes.

    python -m benchmarks.graphs [--quick] [--rounds 3]

Two graphs: one of Cora's size (2,708 nodes, 5,278 edges, 1,433 features of which 49,216 are not 0; random, so that no data are
needed), and one of 100,000 nodes and 500,000 edges, each counted in both directions. Every measurement is a process of its
own with one thread, started in turn; of each the least processor time of an epoch counts, and over the rounds the median.
Where torch-geometric is not installed, the peer's column is left out and said so.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from benchmarks.memory import grown
from benchmarks.table import Row

SIZES = {"cora": (2708, 5278, 1433, 49216, 7), "large": (100_000, 500_000, 128, 12_800_000, 40)}
HIDDEN = {"cora": 16, "large": 64}
RUNS = [
    ("gcn", "cora", "edge index"), ("gcn", "large", "edge index"), ("gcn", "large", "CSR"), ("gat", "cora", "edge index")
]  # fmt: skip


def data(size: str) -> tuple[Any, ...]:
    """Edges (2, m), rows, columns and values of the features, and classes: at random, the same for both sides."""
    import torch

    n, m, columns, stored, classes = SIZES[size]
    g = torch.Generator().manual_seed(0)
    edges = torch.randint(0, n, (2, m), generator=g)
    if stored == n * columns:
        place = torch.arange(stored)
    else:
        place = torch.randperm(n * columns, generator=g)[:stored].sort().values
    values = torch.rand(stored, generator=g)
    return edges, place // columns, place % columns, values, torch.randint(0, classes, (n,), generator=g)


def ours(layer: str, size: str) -> Any:
    """The logits of all nodes as a function without arguments, and the network."""
    import torch

    from gradus.networks import GAT, GCN, Graph, SparseMatrix

    n, _, columns, stored, classes = SIZES[size]
    edges, rows, where, values, _ = data(size)
    graph = Graph.of_edges(edges, n)
    sparse = stored < n * columns
    X = SparseMatrix.of_entries(rows, where, values, (n, columns)) if sparse else values.view(n, columns)
    with torch.random.fork_rng(devices=[]):
        net = GCN(columns, HIDDEN[size], classes) if layer == "gcn" else GAT(columns, 8, classes)
    return net, lambda: net(graph, X)


def theirs(layer: str, size: str, form: str) -> Any:
    """The same network of torch-geometric, as its documentation builds it."""
    import torch
    from torch.nn import functional as F
    from torch_geometric.nn import GATConv, GCNConv

    n, _, columns, _, classes = SIZES[size]
    edges, rows, where, values, _ = data(size)
    both = torch.cat([edges, edges.flip(0)], 1).unique(dim=1)
    X = torch.zeros(n, columns).index_put_((rows, where), values)
    if form == "CSR":
        ones = torch.ones(both.shape[1])
        both = torch.sparse_coo_tensor(both.flip(0), ones, (n, n)).coalesce().to_sparse_csr()

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            if layer == "gcn":
                self.first, self.second = GCNConv(columns, HIDDEN[size]), GCNConv(HIDDEN[size], classes)
            else:
                self.first = GATConv(columns, 8, heads=8, dropout=0.6)
                self.second = GATConv(64, classes, concat=False, dropout=0.6)
            self.p, self.activation = (0.5, F.relu) if layer == "gcn" else (0.6, F.elu)

        def forward(self, X: Any) -> Any:
            X = self.first(F.dropout(X, self.p, self.training), both)
            return self.second(F.dropout(self.activation(X), self.p, self.training), both)

    net = Net()
    return net, lambda: net(X)


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Train one network, in this process."""
    import torch

    torch.set_num_threads(1)
    layer, size, form = options.one.split("|")
    net, logits = ours(layer, size) if options.side == "gradus" else theirs(layer, size, form)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01, fused=options.side == "gradus")
    labels, seen = data(size)[-1], torch.arange(140)
    seconds = []

    def train() -> None:
        for _ in range(options.epochs):
            begun = time.process_time()
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(logits()[seen], labels[seen]).backward()
            optimizer.step()
            seconds.append(time.process_time() - begun)

    more = grown(train)
    return {"ms": 1e3 * min(seconds), "MiB": more}


def spawn(run: tuple[str, str, str], side: str, epochs: int) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.graphs",
        "--one",
        "|".join(run),
        "--side",
        side,
        "--epochs",
        str(epochs),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{run}, {side}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the small graph alone, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--epochs", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options)))
        return []
    peer = importlib.util.find_spec("torch_geometric") is not None
    if not peer:
        print("torch-geometric is not installed (`pip install torch_geometric`): Gradus alone")
    rows = []
    for run in RUNS:
        layer, size, form = run
        if options.quick and size == "large":
            continue
        epochs = 30 if size == "cora" else 4
        results: dict[str, list[dict[str, float]]] = {"gradus": [], **({"peer": []} if peer else {})}
        for _ in range(1 if options.quick else options.rounds):
            for side, measured in results.items():
                measured.append(spawn(run, side, epochs))
        middle = {s: {k: statistics.median(m[k] for m in ms) for k in ms[0]} for s, ms in results.items()}
        said = "; ".join(f"{s} {v['ms']:.2f} ms, {v['MiB']:.0f} MiB more" for s, v in middle.items())
        print(f"{layer} epoch, {size}, {form}: {said}", flush=True)
        if peer:
            what, whom = f"{layer} epoch, {SIZES[size][0]:,} nodes", f"torch-geometric, {form}"
            mine, other = middle["gradus"], middle["peer"]
            rows.append(Row(what, mine["ms"], whom, other["ms"], "ms"))
            rows.append(Row(f"{what}: memory", mine["MiB"], whom, other["MiB"], "MiB"))
    return rows


if __name__ == "__main__":
    main()
