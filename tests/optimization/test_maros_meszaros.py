"""The convex quadratic programs of Maros and Mészáros against their published optima, where the data are at hand."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import loadmat

from gradus.optimization import solve_qp

FOLDER = "maros_meszaros"
#: Those with at most this many variables are solved by default.
SMALL = 150
#: Of the published optimum, relative to max(1, |it|); it is given to eight digits.
CLOSE = 1e-6


def programs(folder: Path) -> dict[str, float]:
    return json.loads((folder / "optima.json").read_text(encoding="utf-8"))["optimum"]


def solved(path: Path):
    """The result, and the constant of the objective; the last rows may be bounds."""
    m = loadmat(path)
    P, A = (m[k].toarray() if hasattr(m[k], "toarray") else m[k] for k in "PA")
    q, low, high = m["q"].ravel(), m["l"].ravel(), m["u"].ravel()
    low, high = np.where(low <= -1e19, -np.inf, low), np.where(high >= 1e19, np.inf, high)
    n, rows = len(q), len(low)
    sides = {}
    if rows >= n and np.array_equal(A[-n:], np.eye(n)):
        sides, rows = dict(lower=low[-n:], upper=high[-n:]), rows - n
    if rows:
        sides |= dict(G=A[:rows], g=low[:rows], h=high[:rows])
    tensors = {k: torch.as_tensor(np.ascontiguousarray(v), dtype=torch.float64) for k, v in sides.items()}
    result = solve_qp(
        torch.as_tensor(P, dtype=torch.float64), torch.as_tensor(q, dtype=torch.float64), **tensors
    )
    return result, float(m["r"].squeeze())


def check(folder: Path, names: list[str]) -> None:
    optima = programs(folder)
    for name in names:
        result, constant = solved(folder / f"{name}.mat")
        assert result.solved, (name, str(result.reason))
        assert float(result.residual) <= 1e-8, name
        assert abs(float(result.objective) + constant - optima[name]) <= CLOSE * max(1, abs(optima[name])), (
            name
        )


def sizes(folder: Path) -> dict[str, list[int]]:
    return json.loads((folder / "optima.json").read_text(encoding="utf-8"))["size"]


def test_the_small_programs(oracles):
    folder = oracles / FOLDER
    if not folder.exists():
        pytest.skip("the programs of Maros and Mészáros are not at hand")
    names = [name for name, (n, _) in sizes(folder).items() if n <= SMALL]
    assert len(names) >= 20
    check(folder, names)


@pytest.mark.slow
def test_the_large_programs(oracles):
    folder = oracles / FOLDER
    if not folder.exists():
        pytest.skip("the programs of Maros and Mészáros are not at hand")
    check(folder, [name for name, (n, _) in sizes(folder).items() if n > SMALL])
