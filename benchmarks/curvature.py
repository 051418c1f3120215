"""Curvature and tangent kernels beside what others compute them with, on scikit-learn's digits.

    python -m benchmarks.curvature [--quick] [--rounds 3]

Two networks, full batch of 1,797 images: a dense one 64–128–128–10, and a small convolutional one. The processor time of each
side in turn, one thread, the median of the rounds; before it is timed each has run once, and the results must agree. Peers:
BackPACK, curvlinops with SciPy's eigsh, and PyHessian where they are installed (`pip install --no-deps backpack-for-pytorch
unfoldNd einops einconv curvlinops-for-pytorch pyhessian`); SciPy's eigsh on PyTorch's own products, a hundred random probes of
the trace, and PyTorch's documented recipe for tangent kernels always.
"""

import argparse
import copy
import importlib
import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.table import Row

PROBES, TOP, KERNEL = 100, 5, 300


def networks() -> dict[str, tuple[Any, Any, Any]]:
    """By name: network, inputs, labels."""
    import torch
    from sklearn.datasets import load_digits
    from torch import nn

    torch.set_num_threads(1)
    images, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)
    torch.manual_seed(0)
    dense = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    conv = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 10),
    )  # fmt: skip
    for net, inputs in ((dense, x), (conv, x.reshape(-1, 1, 8, 8))):
        optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
        for _ in range(60):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(inputs), y).backward()
            optimizer.step()
        optimizer.zero_grad()
    return {"dense": (dense, x, y), "convolutional": (conv, x.reshape(-1, 1, 8, 8), y)}


def plain_products(net: Any, x: Any, y: Any) -> tuple[Callable[[Any], Any], int]:
    """Hessian–vector products by PyTorch alone, their graph built once."""
    import torch

    parameters = list(net.parameters())
    value = torch.nn.functional.cross_entropy(net(x), y)
    flat = torch.cat([g.reshape(-1) for g in torch.autograd.grad(value, parameters, create_graph=True)])

    def product(v: Any) -> Any:
        return torch.cat([g.reshape(-1) for g in torch.autograd.grad(flat, parameters, v, retain_graph=True)])

    return product, len(flat)


def probes(net: Any, x: Any, y: Any) -> float:
    """The trace, estimated by a hundred random signs."""
    import torch

    product, n = plain_products(net, x, y)
    draws = torch.randint(0, 2, (PROBES, n), generator=torch.Generator().manual_seed(0)).float() * 2 - 1
    return float(sum(v @ product(v) for v in draws) / PROBES)


def backpack(net: Any, x: Any, y: Any) -> float:
    """The trace from BackPACK's exact diagonal."""
    package, extensions = importlib.import_module("backpack"), importlib.import_module("backpack.extensions")
    import torch

    net, loss = package.extend(copy.deepcopy(net)), package.extend(torch.nn.CrossEntropyLoss())
    net.zero_grad()
    with package.backpack(extensions.DiagGGNExact()):
        loss(net(x), y).backward()
    return float(sum(p.diag_ggn_exact.sum() for p in net.parameters()))


def exact(net: Any, x: Any, y: Any) -> float:
    from torch.nn.functional import cross_entropy

    from gradus.theory import curvature_diagonal

    return float(curvature_diagonal(net, cross_entropy, (x, y)).sum())


def top(net: Any, x: Any, y: Any) -> float:
    from torch.nn.functional import cross_entropy

    from gradus.theory import Curvature, top_eigenpairs

    return float(top_eigenpairs(Curvature(net, cross_entropy, (x, y)), TOP, tolerance=1e-3).values[-1])


def eigsh(net: Any, x: Any, y: Any, peer: bool = False) -> float:
    """The fifth eigenvalue by SciPy's Lanczos on PyTorch's products, or on those of curvlinops."""
    import torch
    from scipy.sparse.linalg import LinearOperator
    from scipy.sparse.linalg import eigsh as solver

    if peer:
        operator = importlib.import_module("curvlinops").HessianLinearOperator(
            net, torch.nn.CrossEntropyLoss(), list(net.parameters()), [(x, y)], check_deterministic=False
        )
        matrix = operator.to_scipy()
    else:
        product, n = plain_products(net, x, y)
        matrix = LinearOperator((n, n), lambda v: product(torch.from_numpy(np.float32(v).reshape(-1))).numpy(), dtype=np.float32)  # fmt: skip
    return float(np.sort(solver(matrix, TOP, which="LA", tol=1e-3)[0])[0])


def kernel(net: Any, x: Any, y: Any) -> float:
    from gradus.theory import tangent_kernel

    return float(tangent_kernel(net, x[:KERNEL]).norm())


def recipe(net: Any, x: Any, y: Any) -> float:
    """As PyTorch's tutorial has it: Jacobians of all parameters, contracted."""
    import torch
    from torch.func import functional_call, jacrev, vmap

    parameters = {k: p.detach() for k, p in net.named_parameters()}
    J = vmap(jacrev(lambda p, s: functional_call(net, p, (s[None],))[0]), (None, 0))(parameters, x[:KERNEL])
    rows = [j.flatten(2) for j in J.values()]
    return float(sum(torch.einsum("icp,jdp->ijcd", j, j) for j in rows).norm())


COMPARISONS: list[tuple[str, str, Callable[..., float], Callable[..., float], str | None, float]] = [
    ("trace of the Hessian, exact", "100 probes, PyTorch", exact, probes, None, 0.2),
    ("trace of the Hessian, exact", "BackPACK", exact, backpack, "backpack", 1e-3),
    ("five largest eigenvalues", "SciPy's eigsh, PyTorch", top, eigsh, None, 1e-2),
    ("five largest eigenvalues", "curvlinops, eigsh", top, lambda *a: eigsh(*a, peer=True), "curvlinops", 1e-2),
    (f"tangent kernel of {KERNEL} images", "PyTorch's recipe", kernel, recipe, None, 1e-3),
]  # fmt: skip


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the dense network alone, one round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = []
    for name, given in networks().items():
        if options.quick and name != "dense":
            continue
        for what, peer, mine, theirs, package, tolerance in COMPARISONS:
            if package and importlib.util.find_spec(package) is None:
                print(f"{peer} is not installed: left out")
                continue
            a, b = mine(*given), theirs(*given)
            if abs(a - b) > tolerance * abs(b):
                raise SystemExit(f"{what}, {name}: {a:g} here, {b:g} by {peer}")
            seconds: list[list[float]] = [[], []]
            for _ in range(1 if options.quick else options.rounds):
                for k, side in enumerate((mine, theirs)):
                    begun = time.process_time()
                    side(*given)
                    seconds[k].append(time.process_time() - begun)
            ours, other = (1e3 * statistics.median(s) for s in seconds)
            print(f"{what}, {name}: gradus {ours:.1f} ms, {peer} {other:.1f} ms", flush=True)
            rows.append(Row(f"{what}, {name}", ours, peer, other, "ms"))
    return rows


if __name__ == "__main__":
    main()
