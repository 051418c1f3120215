"""Minimisation beside SciPy's L-BFGS-B and torch.optim.LBFGS: evaluations over the MGH problems, time of a regression.

    python -m benchmarks.minimize [--rounds 5]

Evaluations are those of f with its gradient until no entry of the gradient is larger than 1e-8, at the same published
minimum; the mean is geometric, over the problems where both got there. Every side starts at the standard start.
"""

import argparse
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.regression import timed
from benchmarks.table import Row
from gradus.optimization import LogisticLoss, MGHProblem, mgh_problems, minimize

MOST = 2500
TOLERANCE = 1e-8
# minima that the paper does not list, to which most methods go
UNLISTED = {26: 2.795061e-5, 31: 3.057278}


class Watched:
    """f, and the first of its evaluations whose gradient is within the tolerance."""

    def __init__(self, problem: MGHProblem) -> None:
        self.problem, self.count, self.reached, self.value = problem, 0, None, math.inf

    def __call__(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        leaf = x.detach().requires_grad_()
        value = self.problem(leaf)
        (gradient,) = torch.autograd.grad(value, leaf)
        self.count += 1
        if self.reached is None and gradient.abs().max() <= TOLERANCE:
            self.reached, self.value = self.count, value.item()
        return value.detach(), gradient

    def minimum(self) -> float | None:
        """The minimum where it was reached, if it is a known one."""
        known = [
            *self.problem.minima,
            *([UNLISTED[self.problem.number]] if self.problem.number in UNLISTED else []),
        ]
        near = [m for m in known if abs(self.value - m) <= 1e-5 * m + 1e-10]
        return near[0] if near else None


def ours(method: str, **options: Any) -> Callable[[Watched], None]:
    def run(f: Watched) -> None:
        minimize(
            f, f.problem.start(), method, gradient=True, max_evaluations=MOST, tolerance=TOLERANCE, **options
        )

    return run


def scipy(f: Watched) -> None:
    from scipy.optimize import minimize as scipy_minimize

    def both(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = f(torch.from_numpy(x))
        return value.item(), gradient.numpy()

    options = {"gtol": TOLERANCE, "ftol": 0.0, "maxfun": MOST, "maxiter": MOST}
    scipy_minimize(both, f.problem.start().numpy(), jac=True, method="L-BFGS-B", options=options)


def torch_optim(memory: int) -> Callable[[Watched], None]:
    def run(f: Watched) -> None:
        x = f.problem.start().requires_grad_()
        optimizer = torch.optim.LBFGS(
            [x], max_iter=MOST, max_eval=MOST, history_size=memory, line_search_fn="strong_wolfe",
            tolerance_grad=TOLERANCE, tolerance_change=0.0,
        )  # fmt: skip

        def closure() -> torch.Tensor:
            value, x.grad = f(x)
            return value

        optimizer.step(closure)

    return run


def evaluations() -> list[Row]:
    sides = {
        "gradus bfgs": ours("bfgs"),
        "gradus lbfgs": ours("lbfgs"),
        "SciPy L-BFGS-B": scipy,
        "torch.optim.LBFGS, 20 pairs": torch_optim(20),
        "torch.optim.LBFGS, 100 pairs": torch_optim(100),
    }
    watched: dict[str, list[Watched]] = {}
    for name, run in sides.items():
        watched[name] = [Watched(problem) for problem in mgh_problems()]
        for f in watched[name]:
            run(f)
    print(f"\n{'':40}" + "".join(f"{name[:14]:>16}" for name in sides))
    for k, problem in enumerate(mgh_problems()):
        counts = [w[k].reached if w[k].minimum() is not None else None for w in watched.values()]
        print(f"{problem.number:3} {problem.name:36}" + "".join(f"{c or '-':>16}" for c in counts))
    rows = []
    for mine in ("gradus bfgs", "gradus lbfgs"):
        for peer in list(sides)[2:]:
            both = [
                (a.reached, b.reached)
                for a, b in zip(watched[mine], watched[peer], strict=True)
                if a.minimum() is not None and a.minimum() == b.minimum()
            ]
            ratio = float(np.exp(np.mean([math.log(a / b) for a, b in both])))
            theirs = float(np.exp(np.mean([math.log(b) for _, b in both])))
            what = f"{mine.split()[1]}, {len(both)} MGH problems: evaluations"
            rows.append(Row(what, ratio * theirs, peer, theirs, ""))
    return rows


def logistic(rounds: int) -> list[Row]:
    from scipy.optimize import minimize as scipy_minimize
    from scipy.special import expit

    rng = np.random.default_rng(0)
    X = rng.standard_normal((20_000, 500))
    y = (rng.random(20_000) < expit(X @ rng.standard_normal(500) / math.sqrt(500))).astype(float)
    loss, start = (
        LogisticLoss(torch.from_numpy(X), torch.from_numpy(y)),
        torch.zeros(500, dtype=torch.float64),
    )

    def two_passes(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = X @ w
        return (np.logaddexp(0, z) - y * z).mean(), X.T @ (expit(z) - y) / len(y)

    def theirs() -> float:
        options = {"gtol": 1e-6, "ftol": 0.0}
        result = scipy_minimize(two_passes, np.zeros(500), jac=True, method="L-BFGS-B", options=options)
        return float(np.abs(result.jac).max())

    sides = {"ours": lambda: minimize(loss, start, tolerance=1e-6).gradient_norm, "theirs": theirs}
    results = timed(sides, rounds)
    assert max(norm for _, norm in results.values()) <= 1e-6
    return [
        Row(
            "logistic regression, 20,000 × 500, to 1e-6",
            results["ours"][0],
            "SciPy",
            results["theirs"][0],
            "ms",
        )
    ]


def rosenbrock(rounds: int) -> list[Row]:
    """The time of one evaluation with all that the method adds."""
    x0 = torch.tensor([-1.2, 1.0] * 50, dtype=torch.float64)

    def f(x: torch.Tensor) -> torch.Tensor:
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    def theirs() -> int:
        x, count = x0.clone().requires_grad_(), [0]
        optimizer = torch.optim.LBFGS(
            [x], max_iter=MOST, max_eval=MOST, history_size=20, line_search_fn="strong_wolfe",
            tolerance_grad=TOLERANCE, tolerance_change=0.0,
        )  # fmt: skip

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            value = f(x)
            value.backward()
            count[0] += 1
            return value

        optimizer.step(closure)
        return count[0]

    results = timed({"ours": lambda: minimize(f, x0).evaluations, "theirs": theirs}, rounds)
    each = {name: 1e3 * ms / count for name, (ms, count) in results.items()}
    return [
        Row("Rosenbrock, n = 100: one evaluation", each["ours"], "torch.optim.LBFGS", each["theirs"], "µs")
    ]


def main() -> list[Row]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="2 rounds")
    options, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    rounds = 2 if options.quick else options.rounds
    return [*evaluations(), *logistic(rounds), *rosenbrock(rounds)]


if __name__ == "__main__":
    main()
