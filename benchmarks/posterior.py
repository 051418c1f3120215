"""Draws from a logistic regression's posterior beside BlackJAX: least effective draws a second of processor time, after the warm-up.

    python -m benchmarks.posterior [--quick] [--rounds 3] [--peer PYTHON]

1,000 rows, 25 columns, coefficients N(0, 1) a priori, float32, one thread. Ours: HMC of 64 chains with a gradient of its own (two matrix products), in the metric of the curvature
at the mode, 100 + 200 steps. The peer: NUTS of 4 chains, 500 steps of window adaptation, 1,000 draws, compiled beforehand. The sides take turns; the effective sizes are those of
`gradus.inference.diagnose` for both. `--peer` names the Python that has BlackJAX.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.table import Row
from gradus.inference import HMC, diagnose, sample

ROWS, COLUMNS, CHAINS, DRAWS = 1000, 25, 64, 200
THEIRS = """
import json, sys, time
import blackjax, jax, jax.numpy as jnp, numpy as np
data = np.load(sys.argv[1]); X, y = jnp.asarray(data["X"]), jnp.asarray(data["y"])
def log_density(b):
    z = X @ b
    return (y * z).sum() - jnp.logaddexp(0, z).sum() - (b**2).sum() / 2
adapt = blackjax.window_adaptation(blackjax.nuts, log_density)
warm = jax.jit(jax.vmap(lambda k: adapt.run(k, jnp.zeros(X.shape[1]), 500)[0]))
def one(s, p, k):
    step = blackjax.nuts(log_density, **p).step
    def body(s, k):
        s, _ = step(k, s)
        return s, s.position
    return jax.lax.scan(body, s, jax.random.split(k, 1000))[1]
go = jax.jit(jax.vmap(one))
first, second = jax.random.split(jax.random.key(int(sys.argv[3])))
state, found = warm(jax.random.split(first, 4))
keys = jax.random.split(second, 4)
go(state, found, keys).block_until_ready()
begun = time.process_time()
x = go(state, found, keys).block_until_ready()
seconds = time.process_time() - begun
np.save(sys.argv[2], np.asarray(x, float))
print(json.dumps({"seconds": seconds}))
"""


def ours(X: torch.Tensor, y: torch.Tensor, seed: int) -> tuple[float, np.ndarray]:
    """Effective draws a second, and the means."""
    columns, of_y = X.T.contiguous(), y @ X

    def log_density(b: torch.Tensor) -> torch.Tensor:
        taken = torch.sigmoid(-(b @ columns)).log_().sum(-1)
        return b @ of_y + taken - (b**2).sum(-1) / 2

    def gradient(b: torch.Tensor) -> torch.Tensor:
        return of_y - torch.sigmoid_(b @ columns) @ X - b

    method = HMC(metric="laplace", gradient=gradient, acceptance=0.75, length=2.0, jitter=0.5)
    warm = sample(
        log_density,
        torch.zeros(COLUMNS),
        method=method,
        draws=1,
        warmup=100,
        chains=CHAINS,
        batched=True,
        seed=seed,
    )
    begun = time.process_time()
    draws = sample(log_density, warm, draws=DRAWS, batched=True)
    seconds = time.process_time() - begun
    found = draws.diagnosis
    return float(found.ess_bulk["x"].min()) / seconds, found.mean["x"]


def theirs(python: str, X: np.ndarray, y: np.ndarray, seed: int) -> tuple[float, np.ndarray]:
    """The same of BlackJAX, in its own process."""
    with tempfile.TemporaryDirectory() as folder:
        data, draws = Path(folder) / "data.npz", Path(folder) / "draws.npy"
        np.savez(data, X=X, y=y)
        command = [python, "-c", THEIRS, str(data), str(draws), str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = diagnose(np.load(draws))
        return float(found.ess_bulk.min()) / json.loads(done.stdout)["seconds"], found.mean


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", default=sys.executable, help="a Python that has BlackJAX")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((ROWS, COLUMNS)).astype(np.float32)
    X[:, 0] = 1
    b = rng.standard_normal(COLUMNS) / 2
    y = (rng.random(ROWS) < 1 / (1 + np.exp(-X @ b))).astype(np.float32)
    has = subprocess.run([options.peer, "-c", "import blackjax"], capture_output=True, check=False)
    rates: dict[str, list[float]] = {"gradus": [], "blackjax": []}
    for seed in range(1 if options.quick else options.rounds):
        rate, means = ours(torch.from_numpy(X), torch.from_numpy(y), seed)
        rates["gradus"].append(rate)
        if has.returncode == 0:
            rate, other = theirs(options.peer, X, y, seed)
            rates["blackjax"].append(rate)
            print(f"largest difference of the means {np.abs(means - other).max():.1e}")
    middle = {name: statistics.median(r) for name, r in rates.items() if r}
    for name, rate in middle.items():
        print(f"{name}: {rate:,.0f} effective draws a second")
    if "blackjax" not in middle:
        print("blackjax is not installed (`pip install blackjax`): left out")
        return []
    what = "logistic posterior, 64 chains of HMC"
    return [Row(what, middle["gradus"], "blackjax, 4 of NUTS", middle["blackjax"], "draws/s")]


if __name__ == "__main__":
    main()
