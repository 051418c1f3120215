"""Right calls of flow matching."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, of, tensors, vector

from gradus import generative


def calls_of_flow_matching() -> dict[str, Example]:
    """Of every public function, by its full name."""
    name = "gradus.generative."
    x, noise = (Fresh(lambda seed=seed: tensors(seed, 3, 2)) for seed in range(2))

    def velocity(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return 0.5 * x + t[:, None]

    return {
        name + "flow_matching_loss": of(
            generative.flow_matching_loss,
            velocity=velocity,
            x=x,
            t=vector(0.1, 0.5, 1.0),
            noise=noise,
            reduction="none",
        ),
        name + "flow_matching_sample": of(
            generative.flow_matching_sample,
            velocity=velocity,
            shape=(3, 2),
            steps=2,
            method="heun",
            start=x,
            trajectory=True,
        ),
        name + "optimal_coupling": of(generative.optimal_coupling, noise=noise, x=x),
    }
