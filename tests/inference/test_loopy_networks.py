"""Belief propagation on large grids and on those of a competition."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
from test_belief_propagation import errors, grid

from gradus.inference import MarkovNetwork, belief_propagation, read_uai, read_uai_evidence


@pytest.mark.slow
def test_a_grid_of_ten_thousand_spins_settles() -> None:
    network = grid(100, 0.5, 0.5, np.random.default_rng(0))
    found = belief_propagation(network)
    assert found.converged
    assert found.iterations < 100
    assert found.clamping_error(2).largest < 0.01


def of_the_competition(
    archive: Path, name: str, folder: Path
) -> tuple[MarkovNetwork, dict[str, str], dict[str, np.ndarray]]:
    """A model of the task, its evidence, and the published marginals."""
    with tarfile.open(archive) as tar:
        for part in (f"{name}.uai", f"{name}.uai.evid", f"{name}.uai.MAR"):
            file = tar.extractfile(f"uai2014/MAR/{part}")
            assert file
            (folder / part).write_bytes(file.read())
    model = read_uai(folder / f"{name}.uai")
    numbers = iter((folder / f"{name}.uai.MAR").read_text().split()[2:])
    published = {
        v: np.array([float(next(numbers)) for _ in range(int(next(numbers)))]) for v in model.variables
    }
    return model, read_uai_evidence(folder / f"{name}.uai.evid")[0], published


@pytest.mark.parametrize(
    "name", [pytest.param(f"Grids_{k}", marks=[] if k == 15 else pytest.mark.slow) for k in range(11, 19)]
)
def test_on_the_grids_of_the_uai_competition_it_fails_and_says_so(
    real_data: Path, tmp_path: Path, name: str
) -> None:
    """Couplings of both signs, the largest from 2 to 15, where the messages do not settle.

    The mean distance from the published marginals, with damping ½ after 500 iterations, was .28, .21, .70, .17, .16, .33, .51 and
    .56 for grids 11 to 18.
    """
    archive = real_data / "uai2014" / "uai2014_MAR_PR.tar.gz"
    model, evidence, published = of_the_competition(archive, name, tmp_path)
    with pytest.warns(RuntimeWarning, match="belief propagation has not converged"):
        found = belief_propagation(model, evidence, damping=0.5, iterations=60)
    assert errors(found, published).mean() > 0.05
    assert "not converged" in repr(found)
