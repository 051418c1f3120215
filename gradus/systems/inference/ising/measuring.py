"""What is measured: draws over the temperatures, the crossing of two sizes, and crossings without a draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

SETTINGS: dict[str, Any] = {
    "lattice_sizes": [16, 32],
    "draws": 1200,
    "replicas": 32,
    "warmup": 100,
    "temperatures": [1.6, 1.8, 2.0, 2.1, 2.2, 2.25, 2.27, 2.3, 2.4, 2.6, 2.9, 3.2],
    "draws_each": 120,
    "exact_widths": [4, 6, 8],
}
Told = Callable[[], None]


def critical_temperature() -> float:
    """2/ln(1 + √2)."""
    from gradus.inference.ising.plane import CRITICAL_TEMPERATURE

    return CRITICAL_TEMPERATURE


def over_temperatures(
    temperatures: Sequence[float], seed: int, told: Told = lambda: None
) -> tuple[list[dict[str, float]], dict[float, np.ndarray]]:
    """What the largest size has at each temperature, with its errors, beside the torus and the plane; and lattices of each."""
    from gradus.inference import IsingModel, ising_sample, kaufman_torus, onsager_plane

    size = max(SETTINGS["lattice_sizes"])
    model, rows, lattices = IsingModel.lattice(size), [], {}
    for i, T in enumerate(temperatures):
        draws = ising_sample(
            model,
            1 / T,
            draws=SETTINGS["draws_each"],
            warmup=SETTINGS["warmup"],
            replicas=max(SETTINGS["replicas"] // 4, 2),
            seed=1000 * seed + i,
        )
        found, plane = draws.estimates(), onsager_plane(1 / T)
        row = {"T": T, "torus": kaufman_torus(size, size, 1 / T).energy / size**2}
        row |= {"plane": plane.energy, "yang": plane.magnetisation}
        for name in ("energy", "magnetisation", "heat_capacity", "susceptibility"):
            estimate = getattr(found, name)
            row |= {name: estimate.value, f"{name}_error": estimate.error}
        rows.append(row)
        lattices[T] = draws.spins[:4].numpy().reshape(-1, size, size)
        told()
    return rows, lattices


def critical(seed: int, told: Told = lambda: None) -> dict[str, Any]:
    """The crossing of two sizes with its error, and both curves of the cumulant around it."""
    from gradus.inference import IsingModel, binder_crossing, ising_sample

    beta, drawn = 1 / critical_temperature(), []
    for i, size in enumerate(SETTINGS["lattice_sizes"]):
        drawn.append(
            ising_sample(
                IsingModel.lattice(size),
                beta,
                draws=SETTINGS["draws"],
                warmup=SETTINGS["warmup"],
                replicas=SETTINGS["replicas"],
                seed=1000 * seed + 500 + i,
            )
        )
        told()
    found = binder_crossing(*drawn)
    around = np.linspace(0.985, 1.015, 25) * critical_temperature()
    return {
        "temperature": found.temperature.value,
        "error": found.temperature.error,
        "binder": found.binder.value,
        "around": around.tolist(),
        "curves": [[draws.binder(1 / T) for T in around] for draws in drawn],
    }


def exact_crossings(widths: Sequence[int]) -> list[dict[str, Any]]:
    """Where the cumulants of small tori cross, row by row without a draw."""
    from scipy.optimize import brentq

    from gradus.inference import ising_strip

    found = []
    for small, large in pairwise(widths):

        def apart(T: float, pair: tuple[int, int] = (small, large)) -> float:
            return ising_strip(pair[1], pair[1], 1 / T).binder - ising_strip(pair[0], pair[0], 1 / T).binder

        found.append({"pair": [small, large], "temperature": float(brentq(apart, 1.9, 2.4, xtol=1e-4))})
    return found
