"""Right calls of scores."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, of, tensors

from gradus import generative


def calls_of_scores() -> dict[str, Example]:
    """Of every public function, by its full name."""
    name = "gradus.generative."
    x, noise = (Fresh(lambda seed=seed: tensors(seed, 3, 2)) for seed in range(2))

    def score(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return -x / (1 + sigma[:, None] ** 2)

    return {
        name + "score_matching_loss": of(
            generative.score_matching_loss,
            score=score,
            x=x,
            scale=Fresh(lambda: torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)),
            kind="denoising",
            noise=noise,
            reduction="none",
        ),
        name + "langevin_sample": of(
            generative.langevin_sample,
            score=score,
            start=x,
            scale=0.5,
            step=0.1,
            steps=2,
            noises=Fresh(lambda: tensors(3, 2, 3, 2)),
            trajectory=False,
        ),
        name + "score_sample": of(
            generative.score_sample,
            score=score,
            start=x,
            scales=[2.0, 1.0, 0.0],
            method="reverse-sde",
            inner=2,
            ratio=0.1,
            noises=Fresh(lambda: tensors(4, 2, 3, 2)),
        ),
    }
