"""All states of a few spins: built up a spin at a time, so that no state is looked at alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from gradus.inference.ising.rules import Rule, turning

__all__ = ["MOST", "IsingMoments", "all_states", "moments_of", "sweep_distribution"]

Array = np.ndarray[Any, np.dtype[np.float64]]
MOST = 20  # spins


class IsingMoments(NamedTuple):
    """What an Ising model has on the mean, exactly.

    Attributes:
        log_partition: ln Z.
        energy: mean energy of the whole model.
        energy_variance: its variance; β² times it is the heat capacity.
        magnetisation: mean of each spin (n).
        correlations: mean of the product of each two (n n); 1 on the diagonal.
        second: mean of M², where M is the sum of all spins.
        fourth: mean of M⁴.
        binder: Binder's cumulant 1 − ⟨M⁴⟩/3⟨M²⟩².

    Example:
        >>> from gradus.inference import IsingModel
        >>> IsingModel([[0.0, 1.0], [1.0, 0.0]]).exact(0.0)
        IsingMoments(2 spins, ln Z = 1.38629, energy 0, Binder 0.333333)
    """

    log_partition: float
    energy: float
    energy_variance: float
    magnetisation: Array
    correlations: Array
    second: float
    fourth: float
    binder: float

    def __repr__(self) -> str:
        found = f"ln Z = {self.log_partition:.6g}, energy {self.energy:.6g}, Binder {self.binder:.6g}"
        return f"IsingMoments({len(self.magnetisation)} spins, {found})"


def all_states(n: int) -> Array:
    """All states (2ⁿ n): the last spin moves fastest, −1 before +1."""
    return np.asarray(2.0 * ((np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1) - 1)


def energies(couplings: Array, fields: Array) -> Array:
    """The energies of all states, from those of the last spins: a spin more puts its two states before them."""
    n = len(fields)
    found, locals_ = np.zeros(1), [np.full(1, h) for h in fields]
    for i in range(n - 1, -1, -1):
        mine = locals_[i]
        found = np.concatenate([found + mine, found - mine])
        for j in range(i):
            locals_[j] = np.concatenate([locals_[j] - couplings[i, j], locals_[j] + couplings[i, j]])
    return found


def moments_of(couplings: Array, fields: Array, beta: float) -> IsingMoments:
    """Everything exactly, from all states."""
    E, s = energies(couplings, fields), all_states(len(fields))
    lowest = E.min()
    weight = np.exp(-beta * (E - lowest))
    Z = weight.sum()
    p = weight / Z
    M = s.sum(1)
    energy, second, fourth = float(p @ E) + 0.0, float(p @ M**2), float(p @ M**4)
    return IsingMoments(
        log_partition=float(np.log(Z) - beta * lowest),
        energy=energy,
        energy_variance=float(p @ (E - energy) ** 2),
        magnetisation=p @ s,
        correlations=(s * p[:, None]).T @ s,
        second=second,
        fourth=fourth,
        binder=1 - fourth / (3 * second**2),
    )


def sweep_distribution(
    couplings: Array, fields: Array, beta: float, start: Array, colours: Any, rule: Rule
) -> Array:  # fmt: skip
    """The distribution after one sweep from a state: each spin branches once, those of a colour by what all were before."""
    n = len(fields)
    states, weights = start[None], np.ones(1)
    for colour in np.unique(colours):
        members = np.flatnonzero(colours == colour)
        local = torch.from_numpy(states @ couplings[:, members] + fields[members])
        turned = turning(torch.from_numpy(states[:, members]), local, beta, rule).numpy()
        for k, i in enumerate(members):
            other = states.copy()
            other[:, i] *= -1
            weights = np.concatenate([weights * (1 - turned[:, k]), weights * turned[:, k]])
            states, turned = np.concatenate([states, other]), np.concatenate([turned, turned])
    out = np.zeros(2**n)
    out[((states > 0) @ (2 ** np.arange(n - 1, -1, -1))).astype(int)] = weights
    return out
