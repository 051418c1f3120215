"""Right calls of the Ising model: exactly, row by row, in closed form, and by draws."""

from __future__ import annotations

import numpy as np
from example_calls import Example, Fresh, of

from gradus import inference


def calls_of_ising() -> dict[str, Example]:
    couplings = np.array([[0.0, 1.0], [1.0, 0.0]])
    model = inference.IsingModel(couplings, 0.1)
    small, large = (
        inference.ising_sample(inference.IsingModel.lattice(size), 0.44, draws=100, warmup=20, replicas=32)
        for size in (3, 6)
    )
    name = "gradus.inference."
    return {
        name + "IsingModel": of(inference.IsingModel, couplings=couplings, fields=Fresh(lambda: np.zeros(2))),
        name + "IsingModel.lattice": of(
            inference.IsingModel.lattice, rows=3, columns=2, coupling=1.0, field=0.0, periodic=True
        ),
        name + "IsingModel.energy": of(model.energy, spins=Fresh(lambda: np.ones((3, 2)))),
        name + "IsingModel.network": of(model.network, beta=0.5),
        name + "IsingModel.exact": of(model.exact, beta=0.5),
        name + "IsingModel.sweep_distribution": of(
            model.sweep_distribution,
            spins=Fresh(lambda: np.ones(2)),
            beta=0.5,
            rule="metropolis",
            colours=Fresh(lambda: np.array([0, 1])),
        ),
        name + "ising_strip": of(
            inference.ising_strip,
            width=3,
            length=4,
            beta=0.5,
            couplings=(1.0, 0.5),
            field=0.1,
            periodic=(True, False),
        ),
        name + "onsager_plane": of(inference.onsager_plane, beta=0.5, coupling=1.0),
        name + "kaufman_torus": of(inference.kaufman_torus, rows=3, columns=4, beta=0.5, coupling=1.0),
        name + "ising_sample": of(
            inference.ising_sample,
            model=model,
            beta=0.5,
            method="heat-bath",
            draws=8,
            warmup=1,
            replicas=2,
            seed=0,
        ),
        name + "IsingDraws.estimates": of(small.estimates, beta=0.44),
        name + "IsingDraws.binder": of(small.binder, beta=0.44),
        name + "binder_crossing": of(inference.binder_crossing, small=small, large=large),
    }
