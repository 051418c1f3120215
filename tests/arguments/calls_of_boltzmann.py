"""Right calls of Boltzmann machines."""

from __future__ import annotations

import torch
from example_calls import Example, of, tensors

from gradus.inference import RestrictedBoltzmann


def calls_of_boltzmann() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    rbm = RestrictedBoltzmann(tensors(0, 3, 2), tensors(1, 3), tensors(2, 2))
    v = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], dtype=torch.float64)
    name = "gradus.inference.RestrictedBoltzmann"
    return {
        name: of(
            RestrictedBoltzmann,
            weights=tensors(0, 3, 2),
            visible_bias=tensors(1, 3),
            hidden_bias=tensors(2, 2),
        ),
        f"{name}.free_energy": of(rbm.free_energy, v=v),
        f"{name}.hidden_probabilities": of(rbm.hidden_probabilities, v=v),
        f"{name}.visible_probabilities": of(rbm.visible_probabilities, h=v[:, :2].clone()),
        f"{name}.log_partition": of(rbm.log_partition),
        f"{name}.log_probability": of(rbm.log_probability, v=v),
        f"{name}.exact_gradient": of(rbm.exact_gradient, data=v),
        f"{name}.contrastive_divergence": of(
            rbm.contrastive_divergence, data=v, steps=2, chains=v.clone(), seed=0
        ),
        f"{name}.expected_contrastive_divergence": of(rbm.expected_contrastive_divergence, data=v, steps=2),
        f"{name}.transition_matrix": of(rbm.transition_matrix),
        f"{name}.sample": of(rbm.sample, draws=2, steps=3, start=v.clone(), seed=0),
        f"{name}.annealed_log_partition": of(
            rbm.annealed_log_partition, chains=4, temperatures=5, base=tensors(3, 3), seed=0
        ),
    }
