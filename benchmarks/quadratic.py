"""Convex quadratic programs, 1,000 at once, beside OSQP and Clarabel in a loop and qpth in a batch.

    python -m benchmarks.quadratic [--quick] [--rounds 3] [--problems 1000]

Each has 50 variables and 50 constraints G x ≤ h: dense, random, strictly convex, with a point within. One thread; the sides
take turns, of each the processor time of a call counts, and over the rounds the median. Every solution's own violation of
the constraints and its distance to the most exact objective are printed beside its time. Peers that are not installed are left out
and said so.
"""

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.table import Row
from gradus.optimization import solve_qp

N = 50


def programs(count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """P, q, G, h of the same random programs for all sides."""
    g = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=g)

    R, q, G, x = normal(count, N, N), normal(count, N), normal(count, N, N), normal(count, N, 1)
    h = (G @ x)[..., 0] + torch.rand(count, N, dtype=torch.float64, generator=g)
    return R @ R.mT / N + 0.1 * torch.eye(N, dtype=torch.float64), q, G, h


def gradus(P: Tensor, q: Tensor, G: Tensor, h: Tensor) -> Tensor:
    return solve_qp(P, q, G=G, h=h).x


def with_osqp(P: Tensor, q: Tensor, G: Tensor, h: Tensor) -> Tensor:
    """A problem after the other, to the accuracy 1e-6."""
    import numpy as np
    from scipy import sparse

    osqp: Any = importlib.import_module("osqp")
    found = []
    for p, c, rows, most in zip(P.numpy(), q.numpy(), G.numpy(), h.numpy(), strict=True):
        solver = osqp.OSQP()
        upper = sparse.triu(p, format="csc")
        solver.setup(
            upper, c, sparse.csc_matrix(rows), np.full(N, -np.inf), most,
            verbose=False, eps_abs=1e-6, eps_rel=1e-6, max_iter=100_000,
        )  # fmt: skip
        found.append(solver.solve().x)
    return torch.as_tensor(np.array(found))


def with_clarabel(P: Tensor, q: Tensor, G: Tensor, h: Tensor) -> Tensor:
    """A problem after the other, by its defaults."""
    import numpy as np
    from scipy import sparse

    clarabel: Any = importlib.import_module("clarabel")
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    found = []
    for p, c, rows, most in zip(P.numpy(), q.numpy(), G.numpy(), h.numpy(), strict=True):
        cones = [clarabel.NonnegativeConeT(N)]
        data = sparse.triu(p, format="csc"), c, sparse.csc_matrix(rows), most
        found.append(clarabel.DefaultSolver(*data, cones, settings).solve().x)
    return torch.as_tensor(np.array(found))


def with_qpth(P: Tensor, q: Tensor, G: Tensor, h: Tensor) -> Tensor:
    """All at once, by its defaults, without its check of P."""
    QPFunction: Any = importlib.import_module("qpth.qp").QPFunction

    none = torch.empty(0, dtype=torch.float64)
    return QPFunction(verbose=-1, check_Q_spd=False)(P, q, G, h, none, none)


PEERS: dict[str, Callable[..., Tensor]] = {"osqp": with_osqp, "clarabel": with_clarabel, "qpth": with_qpth}


def installed(name: str) -> bool:
    """Qpth needs cvxpy to be imported."""
    return importlib.util.find_spec(name) is not None and (
        name != "qpth" or importlib.util.find_spec("cvxpy") is not None
    )


def quality(data: tuple[Tensor, ...], x: Tensor, best: Tensor) -> str:
    """The largest violation, and the largest distance to the objective, relative to 1 + its size."""
    value = objective(data, x)
    violation = ((data[2] @ x[..., None])[..., 0] - data[3]).clamp(min=0).max().item()
    return (
        f"violation {violation:.0e}, objective {((value - best).abs() / (1 + best.abs())).max().item():.0e}"
    )


def objective(data: tuple[Tensor, ...], x: Tensor) -> Tensor:
    P, q = data[:2]
    return (x * ((P @ x[..., None])[..., 0] / 2 + q)).sum(-1)


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="100 problems, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--problems", type=int, default=1000)
    options = parser.parse_args()
    count, rounds = (100, 1) if options.quick else (options.problems, options.rounds)
    torch.set_num_threads(1)
    peers = {name: solve for name, solve in PEERS.items() if installed(name)}
    for name in PEERS.keys() - peers.keys():
        print(f"{name} is not installed (`pip install {name}{' cvxpy' if name == 'qpth' else ''}`): left out")
    data = programs(count)
    exact = objective(data, solve_qp(data[0], data[1], G=data[2], h=data[3], tolerance=1e-11).x)
    seconds: dict[str, list[float]] = {name: [] for name in ("gradus", *peers)}
    found: dict[str, Any] = {}
    for _ in range(rounds):
        for name in seconds:
            begun = time.process_time()
            found[name] = (gradus if name == "gradus" else peers[name])(*data)
            seconds[name].append(time.process_time() - begun)
    middle = {name: 1e3 * statistics.median(times) for name, times in seconds.items()}
    for name, ms in middle.items():
        print(
            f"{count} quadratic programs, {name}: {ms:.0f} ms, {quality(data, found[name], exact)}",
            flush=True,
        )
    what = f"{count:,} quadratic programs, n = m = {N}"
    return [Row(what, middle["gradus"], name, middle[name], "ms") for name in peers]


if __name__ == "__main__":
    main()
