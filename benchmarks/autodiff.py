"""Our tape beside HIPS autograd: the gradient of a multilayer perceptron's and of LeNet's loss, by the same NumPy code.

    python -m benchmarks.autodiff [--rounds 15]

Both sides run in one process, in turn, on the same float64 arrays; a round times each of them a few times. The ratio is
that of the medians over the rounds, ours to theirs: below 1 ours is faster. The gradients must agree to 1e-12.
PyTorch, which runs no NumPy, stands beside as a yardstick, and the loss alone says what the backward pass adds.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.table import Row

Parameters = dict[str, Any]


def loss(xp: Any, z: Any, t: np.ndarray) -> Any:
    """Mean cross-entropy of logits."""
    z = z - xp.max(z, axis=1, keepdims=True)
    return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - z[np.arange(len(t)), t])


def mlp(xp: Any, p: Parameters, x: np.ndarray) -> Any:
    h = xp.tanh(x @ p["W1"] + p["b1"])
    return h @ p["W2"] + p["b2"]


def conv(xp: Any, x: Any, K: Any, b: Any) -> Any:
    """Cross-correlation as one matrix product with the stacked shifted copies of x."""
    o, c, k, _ = K.shape
    n, _, h, w = x.shape
    H, W = h - k + 1, w - k + 1
    shifted = [x[:, :, i : i + H, j : j + W] for i in range(k) for j in range(k)]
    patches = xp.reshape(xp.stack(shifted, axis=2), (n, c * k * k, H * W))
    y = xp.reshape(K, (o, c * k * k)) @ patches
    return xp.reshape(y, (n, o, H, W)) + xp.reshape(b, (o, 1, 1))


def pool(xp: Any, x: Any) -> Any:
    n, c, h, w = x.shape
    return xp.max(xp.reshape(x, (n, c, h // 2, 2, w // 2, 2)), axis=(3, 5))


def lenet(xp: Any, p: Parameters, x: np.ndarray) -> Any:
    h = pool(xp, xp.maximum(conv(xp, x, p["K1"], p["b1"]), 0.0))
    h = pool(xp, xp.maximum(conv(xp, h, p["K3"], p["b3"]), 0.0))
    h = xp.reshape(h, (len(x), -1))
    h = xp.maximum(h @ p["W5"] + p["b5"], 0.0)
    h = xp.maximum(h @ p["W6"] + p["b6"], 0.0)
    return h @ p["W7"] + p["b7"]


SHAPES = {
    mlp: {"W1": (784, 300), "b1": (300,), "W2": (300, 10), "b2": (10,)},
    lenet: {
        "K1": (6, 1, 5, 5), "b1": (6,), "K3": (16, 6, 5, 5), "b3": (16,), "W5": (256, 120), "b5": (120,),
        "W6": (120, 84), "b6": (84,), "W7": (84, 10), "b7": (10,),
    },
}  # fmt: skip


def problem(network: Any, batch: int) -> tuple[Parameters, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    p = {k: rng.standard_normal(s) / np.sqrt(max(np.prod(s[1:]), 10)) for k, s in SHAPES[network].items()}
    x = rng.random((batch, 784) if network is mlp else (batch, 1, 28, 28))
    return p, x, rng.integers(10, size=batch)


def ours(network: Any, p: Parameters, x: np.ndarray, t: np.ndarray) -> Callable[[], Parameters]:
    from gradus.foundations.autodiff import grad

    gradient = grad(lambda p: loss(np, network(np, p, x), t))
    return lambda: gradient(p)


def hips(network: Any, p: Parameters, x: np.ndarray, t: np.ndarray) -> Callable[[], Parameters]:
    import autograd
    import autograd.numpy as anp

    gradient = autograd.grad(lambda p: loss(anp, network(anp, p, x), t))
    return lambda: gradient(p)


def pytorch(network: Any, p: Parameters, x: np.ndarray, t: np.ndarray) -> Callable[[], Parameters]:
    import torch
    from torch.nn import functional as F

    q = {k: torch.tensor(v, requires_grad=True) for k, v in p.items()}
    images, labels = torch.tensor(x), torch.tensor(t)

    def logits() -> Any:
        if network is mlp:
            return torch.tanh(images @ q["W1"] + q["b1"]) @ q["W2"] + q["b2"]
        h = F.max_pool2d(F.relu(F.conv2d(images, q["K1"], q["b1"])), 2)
        h = F.max_pool2d(F.relu(F.conv2d(h, q["K3"], q["b3"])), 2).flatten(1)
        return F.relu(F.relu(h @ q["W5"] + q["b5"]) @ q["W6"] + q["b6"]) @ q["W7"] + q["b7"]

    def gradient() -> Parameters:
        gradients = torch.autograd.grad(F.cross_entropy(logits(), labels), list(q.values()))
        return {k: g.numpy() for k, g in zip(q, gradients, strict=True)}

    return gradient


def milliseconds(call: Callable[[], Any], repeats: int) -> float:
    begin = time.perf_counter()
    for _ in range(repeats):
        call()
    return 1e3 * (time.perf_counter() - begin) / repeats


def compare(network: Any, batch: int, rounds: int, repeats: int) -> Row:
    """Print the table of one network; returns ours beside HIPS autograd."""
    p, x, t = problem(network, batch)
    sides: dict[str, Callable[[], Any]] = {
        "gradus": ours(network, p, x, t),
        "HIPS autograd": hips(network, p, x, t),
        "PyTorch": pytorch(network, p, x, t),
        "the loss alone, NumPy": lambda: loss(np, network(np, p, x), t),
    }
    mine, theirs = sides["gradus"](), sides["HIPS autograd"]()
    size = max(np.abs(g).max() for g in theirs.values())
    worst = max(np.abs(mine[k] - theirs[k]).max() for k in p) / size
    assert worst < 1e-12, f"the gradients differ by {worst:.1e}"
    times: dict[str, list[float]] = {name: [] for name in sides}
    for r in range(rounds + 1):
        for name in list(sides) if r % 2 else list(sides)[::-1]:
            times[name].append(milliseconds(sides[name], repeats))
    median = {name: statistics.median(v[1:]) for name, v in times.items()}
    ours_ms, theirs_ms = median["gradus"], median["HIPS autograd"]
    print(f"\ngradient of {network.__name__}, batch {batch} (agree to {worst:.0e}): {'ms':>6}")
    for name, ms in median.items():
        print(f"  {name:28} {ms:20.2f}")
    print(f"  ratio to HIPS autograd {ours_ms / theirs_ms:26.2f}  (required: at most 1.0)")
    return Row(f"gradient of {network.__name__}, batch {batch}", ours_ms, "HIPS autograd", theirs_ms, "ms")


def main() -> list[Row]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="5 rounds")
    options, _ = parser.parse_known_args()
    try:
        import autograd  # noqa: F401
    except ImportError:
        print("the tape beside HIPS autograd: skipped, it is not installed (pip install autograd)")
        return []
    rounds = 5 if options.quick else options.rounds
    return [
        compare(mlp, 100, rounds, 10),
        compare(lenet, 32, rounds, 2),
        compare(lenet, 100, rounds, 1),
    ]


if __name__ == "__main__":
    main()
